"""Twofish in CBC, with and without padding (section "Twofish"): the mode is the library's too."""

from typing import Any, Final

from hsmith.crypto.blocks import BlockCipher, Cbc, CbcPad, algorithm_of
from hsmith.crypto.key import Key
from hsmith.crypto.later import Later
from hsmith.crypto.streams import bad_parameter

OXIFISH: Final[Any] = Later("oxifish")
TWOFISH_CIPHER: Final = BlockCipher(16, lambda value: OXIFISH.TwofishKey(value))


class _Library:
    """The cipher of one key and IV, in the shape of the first library's."""

    def __init__(self, key: Any, iv: bytes) -> None:
        self._key = key
        self._iv = iv

    def encryptor(self) -> Any:
        return self._key.encryptor(OXIFISH.Mode.CBC, iv=self._iv, padding=OXIFISH.Padding.NONE)

    def decryptor(self) -> Any:
        return self._key.decryptor(OXIFISH.Mode.CBC, iv=self._iv, padding=OXIFISH.Padding.NONE)


class _Twofish(Cbc):
    library = "oxifish"

    def __init__(self) -> None:
        super().__init__(TWOFISH_CIPHER)

    def _library(self, key: Key, params: bytes) -> Any:
        if len(params) != TWOFISH_CIPHER.block:
            raise bad_parameter(f"the IV has {len(params)} bytes where {TWOFISH_CIPHER.block} are due")
        return _Library(algorithm_of(TWOFISH_CIPHER, key), bytes(params))


class TwofishCbc(_Twofish):
    """CKM_TWOFISH_CBC."""


class TwofishCbcPad(_Twofish, CbcPad):
    """CKM_TWOFISH_CBC_PAD."""
