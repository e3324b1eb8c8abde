"""Hashes that the first library has not: BLAKE2b (RFC 7693) by hashlib, which has all lengths of it, and for data and
signatures that exist MD2 and RIPEMD-160 by the second library."""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from typing import Any, Final

from hsmith.crypto import der
from hsmith.crypto.engine import Buffer, Digest, Engine, Signer, Verifier, Wanted
from hsmith.crypto.fitting import defined
from hsmith.crypto.key import Key
from hsmith.crypto.later import Later
from hsmith.crypto.mac import Mac
from hsmith.crypto.rsa import Pkcs1Signature, length_of

_MD2: Final[Any] = Later("Crypto.Hash.MD2")
_RIPEMD160: Final[Any] = Later("Crypto.Hash.RIPEMD160")


@dataclass(frozen=True, slots=True)
class OtherHash:
    """``name``: as its mechanisms begin. ``size``: bytes. ``new(data)``: hashlib's interface. ``oid``: of PKCS #1's
    DigestInfo, where a signature has it."""

    name: str
    size: int
    library: str
    new: Callable[..., Any]
    oid: str = ""

    def digest_info(self, digest: bytes) -> bytes:
        """DigestInfo (RFC 8017, section 9.2)."""
        algorithm = der.sequence(der.oid(self.oid), der.NULL)
        return der.sequence(algorithm, der.encode(der.OCTET_STRING, digest))


BLAKES: Final = tuple(
    OtherHash(f"BLAKE2B_{8 * size}", size, "hashlib", partial(blake2b, digest_size=size)) for size in (20, 32, 48, 64)
)
#: Later: the modules are looked at when they are first used.
OLD: Final = (
    OtherHash("MD2", 16, "pycryptodome", lambda data=b"": _MD2.new(data), "1.2.840.113549.2.2"),
    OtherHash("RIPEMD160", 20, "pycryptodome", lambda data=b"": _RIPEMD160.new(data), "1.3.36.3.2.1"),
)


class _OtherDigest(Digest):
    __slots__ = ("_context", "size")

    def __init__(self, row: OtherHash) -> None:
        self.size = row.size
        self._context = row.new()

    def update(self, data: Buffer) -> None:
        self._context.update(data)

    def finish(self) -> bytes:
        return bytes(self._context.digest())


class OtherDigestEngine(Engine):
    """CKM_BLAKE2B_<bits>, CKM_MD2, CKM_RIPEMD160."""

    def __init__(self, row: OtherHash) -> None:
        self._row = row
        self.library = row.library

    def digest(self, params: Any) -> Digest:
        return _OtherDigest(self._row)


class _HmacContext:
    __slots__ = ("finalize", "update")

    def __init__(self, context: hmac.HMAC) -> None:
        self.update = context.update
        self.finalize = context.digest


class OtherHmac(Mac):
    """Their _HMAC and _HMAC_GENERAL."""

    def __init__(self, row: OtherHash, *, general: bool = False) -> None:
        super().__init__(row.size, general=general)
        self._row = row
        self.library = row.library

    def _context(self, key: Key) -> Any:
        return _HmacContext(hmac.HMAC(key.native, digestmod=self._row.new))


class OtherDerivation(Engine):
    """CKM_BLAKE2B_<bits>_KEY_DERIVE, CKM_MD2_KEY_DERIVATION: the digest of the value."""

    def __init__(self, row: OtherHash) -> None:
        self._row = row
        self.library = row.library

    def derive(self, key: Key, params: Any, wanted: Wanted) -> dict[int, Any]:
        return defined(self._row.new(key.native).digest(), wanted)


class _Pkcs1Signer(Signer):
    __slots__ = ("_digest", "_inner", "_row", "size")

    def __init__(self, row: OtherHash, key: Key) -> None:
        self._row = row
        self._digest = _OtherDigest(row)
        self._inner = Pkcs1Signature().sign(key, None)
        self.size = length_of(key)

    def update(self, data: Buffer) -> None:
        self._digest.update(data)

    def finish(self) -> bytes:
        return self._inner.once(self._row.digest_info(self._digest.finish()))


class _Pkcs1Verifier(Verifier):
    __slots__ = ("_digest", "_inner", "_row")

    def __init__(self, row: OtherHash, key: Key) -> None:
        self._row = row
        self._digest = _OtherDigest(row)
        self._inner = Pkcs1Signature().verify(key, None)

    def update(self, data: Buffer) -> None:
        self._digest.update(data)

    def finish(self, signature: Buffer) -> None:
        self._inner.once(self._row.digest_info(self._digest.finish()), signature)


class OtherPkcs1(Engine):
    """CKM_MD2_RSA_PKCS, CKM_RIPEMD160_RSA_PKCS: the signatures of CKM_RSA_PKCS over the DigestInfo."""

    library = "cryptography, pycryptodome"

    def __init__(self, row: OtherHash) -> None:
        self._row = row

    def sign(self, key: Key, params: Any) -> Signer:
        return _Pkcs1Signer(self._row, key)

    def verify(self, key: Key, params: Any) -> Verifier:
        return _Pkcs1Verifier(self._row, key)
