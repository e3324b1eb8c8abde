"""RC2 (RFC 2268), for data that exists."""

from collections.abc import Callable
from typing import Any, Final

from hsmith.crypto.blocks import BlockCipher, Cbc, CbcPad, Ecb
from hsmith.crypto.engine import Buffer, Engine, Signer, Verifier
from hsmith.crypto.feedback import CryptOnly
from hsmith.crypto.key import Key
from hsmith.crypto.later import Later
from hsmith.crypto.mac import CbcMacContext, MacSigner, MacVerifier
from hsmith.crypto.streams import bad_parameter

ARC2: Final[Any] = Later("Crypto.Cipher.ARC2")
_BLOCK: Final = 8
_EFFECTIVE_MAXIMUM: Final = 1024  # bits


class _Context:
    """A transformation of whole blocks that takes data in any parts, as the first library's ciphers do."""

    __slots__ = ("_rest", "_transform")

    def __init__(self, transform: Callable[[Buffer], bytes]) -> None:
        self._transform = transform
        self._rest = b""

    def update(self, data: Buffer) -> bytes:
        data = self._rest + bytes(data)
        whole = len(data) // _BLOCK * _BLOCK
        self._rest = data[whole:]
        return self._transform(data[:whole])

    def finalize(self) -> bytes:
        return b""


class _Library:
    """The cipher of one key in one mode, in the shape of the first library's."""

    def __init__(self, key: Key, effective_bits: int, *mode: Any) -> None:
        # Fewer bits than the key has leave a part of it out, and one byte more after the other, that part is found by
        # trying (RFC 2268, section 2: the key is expanded from the reduced one).
        least = 8 * len(key.native)
        if not least <= effective_bits <= _EFFECTIVE_MAXIMUM:
            raise bad_parameter(f"ulEffectiveBits must be {least}, as many as the key has, to {_EFFECTIVE_MAXIMUM}")
        self._cipher = ARC2.new(key.native, *mode, effective_keylen=effective_bits)

    def encryptor(self) -> _Context:
        return _Context(self._cipher.encrypt)

    def decryptor(self) -> _Context:
        return _Context(self._cipher.decrypt)


#: The block alone is of use here: the library's cipher is made with the parameter.
_CIPHER: Final = BlockCipher(_BLOCK, bytes)


class _Ecb(Ecb):
    def _library(self, key: Key, params: int) -> Any:
        return _Library(key, params, ARC2.MODE_ECB)


class _Cbc(Cbc):
    def _library(self, key: Key, params: Any) -> Any:
        return _Library(key, params.effective_bits, ARC2.MODE_CBC, params.iv)


class _CbcPad(_Cbc, CbcPad):
    pass


class Rc2(CryptOnly):
    """CKM_RC2_ECB, CKM_RC2_CBC, CKM_RC2_CBC_PAD."""

    library = "pycryptodome"


class Rc2Mac(Engine):
    """CKM_RC2_MAC, half a block; CKM_RC2_MAC_GENERAL."""

    library = "pycryptodome"

    def _context(self, key: Key, params: Any) -> tuple[CbcMacContext, int]:
        bits, size = (params, _BLOCK // 2) if isinstance(params, int) else (params.effective_bits, params.mac_length)
        if not 1 <= size <= _BLOCK:
            raise bad_parameter(f"the length of the MAC must be 1 to {_BLOCK} bytes")
        library = _Library(key, bits, ARC2.MODE_CBC, bytes(_BLOCK))
        return CbcMacContext(library.encryptor(), _BLOCK), size

    def sign(self, key: Key, params: Any) -> Signer:
        return MacSigner(*self._context(key, params))

    def verify(self, key: Key, params: Any) -> Verifier:
        return MacVerifier(*self._context(key, params))


ECB: Final = Rc2(_Ecb(_CIPHER))
CBC: Final = Rc2(_Cbc(_CIPHER))
CBC_PAD: Final = Rc2(_CbcPad(_CIPHER))
