"""MD2 and RIPEMD-160, for data and signatures that exist, by the second library: the first has neither."""

from dataclasses import dataclass
from typing import Any, Final

from hsmith.crypto import der
from hsmith.crypto.engine import Buffer, Digest, Engine, Signer, Verifier, Wanted
from hsmith.crypto.fitting import defined
from hsmith.crypto.key import Key
from hsmith.crypto.later import Later
from hsmith.crypto.mac import Mac
from hsmith.crypto.rsa import Pkcs1Signature, length_of
from hsmith.spec.constants import Mechanism

HMAC: Final[Any] = Later("Crypto.Hash.HMAC")


@dataclass(frozen=True, slots=True)
class OldHash:
    """``module``: the library's; ``oid``: of PKCS #1's DigestInfo."""

    mechanism: Mechanism
    module: Any
    size: int
    oid: str

    def new(self, data: Buffer = b"") -> Any:
        return self.module.new(data)

    def digest_info(self, digest: bytes) -> bytes:
        """DigestInfo (RFC 8017, section 9.2)."""
        algorithm = der.sequence(der.oid(self.oid), der.NULL)
        return der.sequence(algorithm, der.encode(der.OCTET_STRING, digest))


MD2: Final = OldHash(Mechanism.MD2, Later("Crypto.Hash.MD2"), 16, "1.2.840.113549.2.2")
RIPEMD160: Final = OldHash(Mechanism.RIPEMD160, Later("Crypto.Hash.RIPEMD160"), 20, "1.3.36.3.2.1")


class OldDigest(Digest):
    __slots__ = ("_context", "size")

    def __init__(self, row: OldHash) -> None:
        self.size = row.size
        self._context = row.new()

    def update(self, data: Buffer) -> None:
        self._context.update(data)

    def finish(self) -> bytes:
        return bytes(self._context.digest())


class OldDigestEngine(Engine):
    """CKM_MD2, CKM_RIPEMD160."""

    library = "pycryptodome"

    def __init__(self, row: OldHash) -> None:
        self._row = row

    def digest(self, params: Any) -> Digest:
        return OldDigest(self._row)


class _HmacContext:
    __slots__ = ("finalize", "update")

    def __init__(self, context: Any) -> None:
        self.update = context.update
        self.finalize = context.digest


class OldHmac(Mac):
    """CKM_MD2_HMAC, CKM_RIPEMD160_HMAC and their _GENERAL forms."""

    library = "pycryptodome"

    def __init__(self, row: OldHash, *, general: bool = False) -> None:
        super().__init__(row.size, general=general)
        self._row = row

    def _context(self, key: Key) -> Any:
        return _HmacContext(HMAC.new(key.native, digestmod=self._row.module.load()))


class OldDerivation(Engine):
    """CKM_MD2_KEY_DERIVATION: the digest of the value."""

    library = "pycryptodome"

    def __init__(self, row: OldHash) -> None:
        self._row = row

    def derive(self, key: Key, params: Any, wanted: Wanted) -> dict[int, Any]:
        return defined(self._row.new(key.native).digest(), wanted)


class _Pkcs1Signer(Signer):
    __slots__ = ("_digest", "_inner", "_row", "size")

    def __init__(self, row: OldHash, key: Key) -> None:
        self._row = row
        self._digest = OldDigest(row)
        self._inner = Pkcs1Signature().sign(key, None)
        self.size = length_of(key)

    def update(self, data: Buffer) -> None:
        self._digest.update(data)

    def finish(self) -> bytes:
        return self._inner.once(self._row.digest_info(self._digest.finish()))


class _Pkcs1Verifier(Verifier):
    __slots__ = ("_digest", "_inner", "_row")

    def __init__(self, row: OldHash, key: Key) -> None:
        self._row = row
        self._digest = OldDigest(row)
        self._inner = Pkcs1Signature().verify(key, None)

    def update(self, data: Buffer) -> None:
        self._digest.update(data)

    def finish(self, signature: Buffer) -> None:
        self._inner.once(self._row.digest_info(self._digest.finish()), signature)


class OldPkcs1(Engine):
    """CKM_MD2_RSA_PKCS, CKM_RIPEMD160_RSA_PKCS: the signatures of CKM_RSA_PKCS over the DigestInfo."""

    library = "cryptography, pycryptodome"

    def __init__(self, row: OldHash) -> None:
        self._row = row

    def sign(self, key: Key, params: Any) -> Signer:
        return _Pkcs1Signer(self._row, key)

    def verify(self, key: Key, params: Any) -> Verifier:
        return _Pkcs1Verifier(self._row, key)
