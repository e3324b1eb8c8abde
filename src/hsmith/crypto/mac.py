"""HMAC, CMAC, CBC-MAC, XCBC-MAC, GMAC and Poly1305, whole and cut (sections "HMAC mechanisms", "AES", "AES CMAC")."""

from abc import abstractmethod
from collections.abc import Callable
from hmac import compare_digest
from typing import Any, Final

from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.cmac import CMAC
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.poly1305 import Poly1305

from hsmith.crypto.aead import IV_MAXIMUM
from hsmith.crypto.blocks import AES_CIPHER, BlockCipher, algorithm_of
from hsmith.crypto.engine import Buffer, Engine, Signer, Verifier
from hsmith.crypto.hashes import Hash
from hsmith.crypto.key import Key
from hsmith.crypto.later import Later
from hsmith.crypto.streams import bad_parameter, wrong, wrong_length

OTHER_AES: Final[Any] = Later("Crypto.Cipher.AES")


class MacSigner(Signer):
    __slots__ = ("_context", "size")

    def __init__(self, context: Any, size: int) -> None:
        self._context = context
        self.size = size

    def update(self, data: Buffer) -> None:
        self._context.update(data)

    def finish(self) -> bytes:
        return bytes(self._context.finalize()[: self.size])


class MacVerifier(Verifier):
    __slots__ = ("_context", "_size")

    def __init__(self, context: Any, size: int) -> None:
        self._context = context
        self._size = size

    def update(self, data: Buffer) -> None:
        self._context.update(data)

    def finish(self, signature: Buffer) -> None:
        if len(signature) != self._size:
            raise wrong_length(len(signature), self._size)
        if not compare_digest(self._context.finalize()[: self._size], bytes(signature)):
            raise wrong()


class Mac(Engine):
    """``usual``: the length of the result, where it is not the whole; ``general``: it is the parameter."""

    def __init__(self, full: int, *, general: bool, usual: int | None = None) -> None:
        self._full = full
        self._general = general
        self._usual = usual or full

    @abstractmethod
    def _context(self, key: Key) -> Any: ...

    def _size(self, params: int | None) -> int:
        if not self._general:
            return self._usual
        if params is None or not 1 <= params <= self._full:
            raise bad_parameter(f"the length of the MAC must be 1 to {self._full} bytes")
        return params

    def sign(self, key: Key, params: Any) -> Signer:
        return MacSigner(self._context(key), self._size(params))

    def verify(self, key: Key, params: Any) -> Verifier:
        return MacVerifier(self._context(key), self._size(params))


class Hmac(Mac):
    """CKM_<hash>_HMAC and CKM_<hash>_HMAC_GENERAL."""

    def __init__(self, row: Hash, *, general: bool = False) -> None:
        super().__init__(row.size, general=general)
        self._algorithm = row.algorithm

    def _context(self, key: Key) -> Any:
        return HMAC(key.native, self._algorithm)


class Cmac(Mac):
    """CKM_AES_CMAC, CKM_DES3_CMAC and their _GENERAL forms."""

    def __init__(self, cipher: BlockCipher, *, general: bool = False) -> None:
        super().__init__(cipher.block, general=general)
        self._cipher = cipher

    def _context(self, key: Key) -> Any:
        return CMAC(algorithm_of(self._cipher, key))


class CbcMacContext:
    """The last block of the data in CBC, padded with zeros (FIPS 113)."""

    __slots__ = ("_block", "_context", "_last", "_pending")

    def __init__(self, context: Any, block: int) -> None:
        self._context = context
        self._block = block
        self._last = b""
        self._pending = 0

    def update(self, data: Buffer) -> None:
        self._pending = (self._pending + len(data)) % self._block
        self._last = self._context.update(data)[-self._block :] or self._last

    def finalize(self) -> bytes:
        if self._pending or not self._last:
            self.update(bytes(self._block - self._pending))
        return self._last


class CbcMac(Mac):
    """CKM_AES_MAC, CKM_DES3_MAC, CKM_CAMELLIA_MAC, CKM_SEED_MAC (half a block), and their _GENERAL forms."""

    def __init__(self, cipher: BlockCipher, *, general: bool = False) -> None:
        super().__init__(cipher.block, general=general, usual=cipher.block // 2)
        self._cipher = cipher

    def _context(self, key: Key) -> Any:
        library = Cipher(algorithm_of(self._cipher, key), modes.CBC(bytes(self._cipher.block)))
        return CbcMacContext(library.encryptor(), self._cipher.block)


class _XcbcContext:
    """RFC 3566: CBC under K1, the last block combined with K2, or padded and combined with K3."""

    __slots__ = ("_context", "_held", "_padded", "_whole")

    def __init__(self, encrypt: Callable[[bytes], bytes]) -> None:
        first, self._whole, self._padded = (encrypt(bytes([n]) * 16) for n in (1, 2, 3))
        self._context = Cipher(AES_CIPHER.algorithm(first), modes.CBC(bytes(16))).encryptor()
        self._held = b""

    def update(self, data: Buffer) -> None:
        """The last block, whole or not, is held until the end."""
        held = self._held + bytes(data)
        ready = max(0, len(held) - 1) // 16 * 16
        self._context.update(held[:ready])
        self._held = held[ready:]

    def finalize(self) -> bytes:
        last, mask = self._held, self._whole
        if len(last) < 16:
            last, mask = (last + b"\x80").ljust(16, b"\0"), self._padded
        mixed = int.from_bytes(last, "big") ^ int.from_bytes(mask, "big")
        return self._context.update(mixed.to_bytes(16, "big"))


class XcbcMac(Mac):
    """CKM_AES_XCBC_MAC, and CKM_AES_XCBC_MAC_96 with ``usual`` 12."""

    def __init__(self, usual: int) -> None:
        super().__init__(16, general=False, usual=usual)

    def _context(self, key: Key) -> Any:
        return _XcbcContext(Cipher(algorithm_of(AES_CIPHER, key), modes.ECB()).encryptor().update)


class Poly1305Mac(Mac):
    """CKM_POLY1305. A key is for one message alone; the caller must see to it."""

    def __init__(self) -> None:
        super().__init__(16, general=False)

    def _context(self, key: Key) -> Any:
        return Poly1305(key.native)


class _GmacContext:
    __slots__ = ("_cipher", "update")

    def __init__(self, key: Key, params: Any) -> None:
        self._cipher = OTHER_AES.new(key.native, OTHER_AES.MODE_GCM, nonce=params.iv, mac_len=params.tag_bits // 8)
        self.update = self._cipher.update

    def finalize(self) -> bytes:
        return bytes(self._cipher.digest())


class Gmac(Engine):
    """CKM_AES_GMAC: the data is what GCM authenticates besides its data (SP 800-38D)."""

    library = "pycryptodome"

    def _context(self, key: Key, params: Any) -> tuple[Any, int]:
        if not 32 <= params.tag_bits <= 128 or params.tag_bits % 8:
            raise bad_parameter("ulTagBits must be a multiple of 8 from 32 to 128")
        if not 1 <= len(params.iv) <= IV_MAXIMUM or params.aad:
            raise bad_parameter(f"the IV must have 1 to {IV_MAXIMUM} bytes, and the AAD is the data: leave it out")
        return _GmacContext(key, params), params.tag_bits // 8

    def sign(self, key: Key, params: Any) -> Signer:
        return MacSigner(*self._context(key, params))

    def verify(self, key: Key, params: Any) -> Verifier:
        return MacVerifier(*self._context(key, params))
