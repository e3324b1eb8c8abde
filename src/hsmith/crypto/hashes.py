"""The hash functions: one row each, used by digests, signatures, MACs and derivations."""

from dataclasses import dataclass
from typing import Any, Final

from cryptography.hazmat.primitives import hashes

from hsmith.crypto.engine import Buffer, Digest, Engine
from hsmith.crypto.later import Later
from hsmith.spec.constants import Fault, Mechanism, Mgf
from hsmith.spec.faults import Refused

MD5: Final[Any] = Later("Crypto.Hash.MD5")
SHA1: Final[Any] = Later("Crypto.Hash.SHA1")
SHA3_224: Final[Any] = Later("Crypto.Hash.SHA3_224")
SHA3_256: Final[Any] = Later("Crypto.Hash.SHA3_256")
SHA3_384: Final[Any] = Later("Crypto.Hash.SHA3_384")
SHA3_512: Final[Any] = Later("Crypto.Hash.SHA3_512")
SHA224: Final[Any] = Later("Crypto.Hash.SHA224")
SHA256: Final[Any] = Later("Crypto.Hash.SHA256")
SHA384: Final[Any] = Later("Crypto.Hash.SHA384")
SHA512: Final[Any] = Later("Crypto.Hash.SHA512")


@dataclass(frozen=True, slots=True)
class Hash:
    """``name``: as signature mechanisms spell it (SHA256_RSA_PKCS). ``size``, ``block``: bytes. ``other``: the second
    library's module, where that one is needed."""

    mechanism: Mechanism
    name: str
    algorithm: hashes.HashAlgorithm
    size: int
    block: int
    other: Any = None


def _row(mechanism: Mechanism, name: str, algorithm: hashes.HashAlgorithm, *, block: int, other: Any = None) -> Hash:
    return Hash(mechanism, name, algorithm, algorithm.digest_size, block, other)


HASHES: Final[dict[int, Hash]] = {
    row.mechanism: row
    for row in (
        _row(Mechanism.MD5, "MD5", hashes.MD5(), block=64, other=MD5),
        _row(Mechanism.SHA_1, "SHA1", hashes.SHA1(), block=64, other=SHA1),
        _row(Mechanism.SHA224, "SHA224", hashes.SHA224(), block=64, other=SHA224),
        _row(Mechanism.SHA256, "SHA256", hashes.SHA256(), block=64, other=SHA256),
        _row(Mechanism.SHA384, "SHA384", hashes.SHA384(), block=128, other=SHA384),
        _row(Mechanism.SHA512, "SHA512", hashes.SHA512(), block=128, other=SHA512),
        _row(Mechanism.SHA512_224, "SHA512_224", hashes.SHA512_224(), block=128),
        _row(Mechanism.SHA512_256, "SHA512_256", hashes.SHA512_256(), block=128),
        _row(Mechanism.SHA3_224, "SHA3_224", hashes.SHA3_224(), block=144, other=SHA3_224),
        _row(Mechanism.SHA3_256, "SHA3_256", hashes.SHA3_256(), block=136, other=SHA3_256),
        _row(Mechanism.SHA3_384, "SHA3_384", hashes.SHA3_384(), block=104, other=SHA3_384),
        _row(Mechanism.SHA3_512, "SHA3_512", hashes.SHA3_512(), block=72, other=SHA3_512),
    )
}

#: The hash of each mask generation function (CK_RSA_PKCS_MGF_TYPE).
MGF_HASHES: Final[dict[int, Hash]] = {mgf: HASHES[mech] for mgf, mech in {
    Mgf.MGF1_SHA1: Mechanism.SHA_1,
    Mgf.MGF1_SHA224: Mechanism.SHA224,
    Mgf.MGF1_SHA256: Mechanism.SHA256,
    Mgf.MGF1_SHA384: Mechanism.SHA384,
    Mgf.MGF1_SHA512: Mechanism.SHA512,
    Mgf.MGF1_SHA3_224: Mechanism.SHA3_224,
    Mgf.MGF1_SHA3_256: Mechanism.SHA3_256,
    Mgf.MGF1_SHA3_384: Mechanism.SHA3_384,
    Mgf.MGF1_SHA3_512: Mechanism.SHA3_512,
}.items()}  # fmt: skip


def hash_of(mechanism: int) -> Hash:
    """The hash named in a mechanism's parameter."""
    row = HASHES.get(mechanism)
    if row is None:
        raise Refused(Fault.MECHANISM_PARAM_INVALID, f"0x{mechanism:x} is not a hash function that is offered")
    return row


def mgf_hash(mgf: int) -> Hash:
    row = MGF_HASHES.get(mgf)
    if row is None:
        raise Refused(Fault.MECHANISM_PARAM_INVALID, f"0x{mgf:x} is not a mask generation function that is offered")
    return row


class HashDigest(Digest):
    __slots__ = ("_context", "_row", "size")
    again = True

    def __init__(self, row: Hash) -> None:
        self._row = row
        self.size = row.size
        self._context: hashes.Hash | None = None

    def update(self, data: Buffer) -> None:
        if self._context is None:
            self._context = hashes.Hash(self._row.algorithm)
        self._context.update(data)

    def finish(self) -> bytes:
        if self._context is None:
            return hashes.Hash.hash(self._row.algorithm, b"")
        return self._context.finalize()

    def once(self, data: Buffer) -> bytes:
        return hashes.Hash.hash(self._row.algorithm, data)


class DigestEngine(Engine):
    """CKM_MD5, CKM_SHA_1, CKM_SHA256, ...: no key, no parameter."""

    def __init__(self, row: Hash) -> None:
        self._row = row

    def digest(self, params: Any) -> Digest:
        return HashDigest(self._row)


#: The values of t for which a library has SHA-512/t.
_TRUNCATED: Final = {224: HASHES[Mechanism.SHA512_224], 256: HASHES[Mechanism.SHA512_256]}


class TruncatedDigest(Engine):
    """CKM_SHA512_T: the parameter is t, in bits."""

    def digest(self, params: Any) -> Digest:
        row = _TRUNCATED.get(params)
        if row is None:
            raise Refused(Fault.MECHANISM_PARAM_INVALID, "t may be 224 or 256: the libraries have no other SHA-512/t")
        return HashDigest(row)
