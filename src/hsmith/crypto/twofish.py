"""Twofish in CBC, with and without padding (section "Twofish"): the mode is the library's too."""

from typing import Any, Final

from oxifish import Mode, Padding, TwofishKey

from hsmith.crypto.blocks import BlockCipher, Cbc, CbcPad, algorithm_of
from hsmith.crypto.key import Key
from hsmith.crypto.streams import bad_parameter

TWOFISH_CIPHER: Final = BlockCipher(16, TwofishKey)


class _Library:
    """The cipher of one key and IV, in the shape of the first library's."""

    def __init__(self, key: TwofishKey, iv: bytes) -> None:
        self._key = key
        self._iv = iv

    def encryptor(self) -> Any:
        return self._key.encryptor(Mode.CBC, iv=self._iv, padding=Padding.NONE)

    def decryptor(self) -> Any:
        return self._key.decryptor(Mode.CBC, iv=self._iv, padding=Padding.NONE)


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
