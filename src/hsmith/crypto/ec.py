"""ECDSA, ECDH and the generation of elliptic curve keys (section 6.3)."""

import os
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash
from cryptography.hazmat.primitives.kdf.x963kdf import X963KDF

from hsmith.crypto import der
from hsmith.crypto.curves import Curve, curve_of, well_spelt
from hsmith.crypto.engine import Attributes, Buffer, Engine, Signer, Verifier, Wanted
from hsmith.crypto.fitting import last, wanted_length
from hsmith.crypto.hashes import HASHES, Hash
from hsmith.crypto.key import Key, big, need
from hsmith.crypto.material.base import spki
from hsmith.crypto.material.ec import encode_point, raw_public, weierstrass_point
from hsmith.crypto.streams import (
    PREHASHED,
    Hashing,
    HashingSigner,
    HashingVerifier,
    WholeSigner,
    WholeVerifier,
    bad_parameter,
    wrong_length,
)
from hsmith.spec.constants import Attr, Fault, Kdf, KeyType, Mechanism, ObjectClass
from hsmith.spec.faults import Refused


class KeyPairGen(Engine):
    """CKM_EC_KEY_PAIR_GEN, CKM_EC_EDWARDS_KEY_PAIR_GEN, CKM_EC_MONTGOMERY_KEY_PAIR_GEN."""

    def __init__(self, key_type: KeyType) -> None:
        self._type = key_type

    def generate_pair(
        self, params: Any, public: Attributes, private: Attributes
    ) -> tuple[dict[int, Any], dict[int, Any]]:
        return generate_pair(self._type, need(public, Attr.EC_PARAMS))


class ExtraBitsKeyPairGen(Engine):
    """CKM_EC_KEY_PAIR_GEN_W_EXTRA_BITS: 64 random bits more than the curve has (FIPS 186-5, appendix A.2.1)."""

    def generate_pair(
        self, params: Any, public: Attributes, private: Attributes
    ) -> tuple[dict[int, Any], dict[int, Any]]:
        return generate_pair(KeyType.EC, need(public, Attr.EC_PARAMS), _with_extra_bits)


def _with_extra_bits(curve: ec.EllipticCurve) -> ec.EllipticCurvePrivateKey:
    order = curve.group_order
    chosen = int.from_bytes(os.urandom((order.bit_length() + 64 + 7) // 8), "big")
    return ec.derive_private_key(chosen % (order - 1) + 1, curve)


def generate_pair(
    key_type: KeyType,
    ec_params: bytes,
    make: Callable[[ec.EllipticCurve], ec.EllipticCurvePrivateKey] = ec.generate_private_key,
) -> tuple[dict[int, Any], dict[int, Any]]:
    """``make``: of a key on a short Weierstrass curve."""
    ec_params = well_spelt(ec_params)
    curve = curve_of(ec_params, key_type)
    if key_type == KeyType.EC:
        key: Any = make(curve.library)
        value = big(key.private_numbers().private_value)
        size = 1 + 2 * curve.length
    else:
        key = curve.library.generate()
        value = key.private_bytes_raw()
        size = curve.length
    info = spki(key.public_key())
    both: dict[int, Any] = {Attr.KEY_TYPE: key_type, Attr.EC_PARAMS: ec_params, Attr.PUBLIC_KEY_INFO: info}
    # A SubjectPublicKeyInfo ends with the bytes of the key (RFC 5480, RFC 8410): the point, uncompressed.
    return both | {Attr.EC_POINT: der.encode(der.OCTET_STRING, info[-size:])}, both | {Attr.VALUE: value}


class _Digest(hashes.HashAlgorithm):
    """A hash that the caller made, of any length: the library needs only its size."""

    name = "caller's hash"
    block_size = None

    digest_size = 0

    def __init__(self, size: int) -> None:
        self.digest_size = size


@lru_cache(maxsize=160)
def _as_given(size: int) -> ec.ECDSA:
    return ec.ECDSA(Prehashed(_Digest(size)))


_LONGEST: Final = 128  # bytes of a hash: more than the order of any curve, and the rest is cut off anyway


def _sign(key: Key, data: Buffer, algorithm: ec.ECDSA) -> bytes:
    r, s = decode_dss_signature(key.native.sign(data, algorithm))
    length = (key.size + 7) // 8
    return r.to_bytes(length, "big") + s.to_bytes(length, "big")


def _verify(key: Key, data: Buffer, signature: Buffer, algorithm: ec.ECDSA) -> None:
    """Signatures may be shorter than 2nLen, in two equal halves (section 6.3.1). The length of a short one that is
    not valid is the likelier fault."""
    length, whole = len(signature), 2 * ((key.size + 7) // 8)
    if not 2 <= length <= whole or length % 2:
        raise wrong_length(length, whole)
    r, s = int.from_bytes(signature[: length // 2], "big"), int.from_bytes(signature[length // 2 :], "big")
    try:
        key.native.verify(encode_dss_signature(r, s), data, algorithm)
    except InvalidSignature:
        if length < whole:
            raise wrong_length(length, whole) from None
        raise


class Ecdsa(Engine):
    """CKM_ECDSA: the data is a hash of any length; its leftmost bits are signed."""

    def _algorithm(self, data: Buffer) -> tuple[Buffer, ec.ECDSA]:
        if not data:
            raise Refused(Fault.DATA_LEN_RANGE, "the hash to sign is empty")
        data = data[:_LONGEST]
        return data, _as_given(len(data))

    def sign(self, key: Key, params: Any) -> Signer:
        def sign(data: Buffer) -> bytes:
            data, algorithm = self._algorithm(data)
            return _sign(key, data, algorithm)

        return WholeSigner(sign, 2 * ((key.size + 7) // 8))

    def verify(self, key: Key, params: Any) -> Verifier:
        def verify(data: Buffer, signature: Buffer) -> None:
            data, algorithm = self._algorithm(data)
            _verify(key, data, signature, algorithm)

        return WholeVerifier(verify)


class HashEcdsa(Engine):
    """CKM_ECDSA_<hash>."""

    def __init__(self, row: Hash) -> None:
        self._hashing = Hashing(row, ec.ECDSA(row.algorithm), ec.ECDSA(PREHASHED[row.mechanism]))

    def sign(self, key: Key, params: Any) -> Signer:
        size = 2 * ((key.size + 7) // 8)
        return HashingSigner(self._hashing, lambda data, algorithm: _sign(key, data, algorithm), size)

    def verify(self, key: Key, params: Any) -> Verifier:
        return HashingVerifier(
            self._hashing, lambda data, signature, algorithm: _verify(key, data, signature, algorithm)
        )


#: The hash of each key derivation function of ANSI X9.63, and of SP 800-56A section 5.8.1.1.
X963_KDFS: Final[dict[int, Hash]] = {kdf: HASHES[mechanism] for kdf, mechanism in {
    Kdf.SHA1_KDF: Mechanism.SHA_1, Kdf.SHA224_KDF: Mechanism.SHA224, Kdf.SHA256_KDF: Mechanism.SHA256,
    Kdf.SHA384_KDF: Mechanism.SHA384, Kdf.SHA512_KDF: Mechanism.SHA512, Kdf.SHA3_224_KDF: Mechanism.SHA3_224,
    Kdf.SHA3_256_KDF: Mechanism.SHA3_256, Kdf.SHA3_384_KDF: Mechanism.SHA3_384, Kdf.SHA3_512_KDF: Mechanism.SHA3_512,
}.items()}  # fmt: skip
SP800_KDFS: Final[dict[int, Hash]] = {kdf: HASHES[mechanism] for kdf, mechanism in {
    Kdf.SHA1_KDF_SP800: Mechanism.SHA_1, Kdf.SHA224_KDF_SP800: Mechanism.SHA224, Kdf.SHA256_KDF_SP800: Mechanism.SHA256,
    Kdf.SHA384_KDF_SP800: Mechanism.SHA384, Kdf.SHA512_KDF_SP800: Mechanism.SHA512,
    Kdf.SHA3_224_KDF_SP800: Mechanism.SHA3_224, Kdf.SHA3_256_KDF_SP800: Mechanism.SHA3_256,
    Kdf.SHA3_384_KDF_SP800: Mechanism.SHA3_384, Kdf.SHA3_512_KDF_SP800: Mechanism.SHA3_512,
}.items()}  # fmt: skip


class Ecdh(Engine):
    """CKM_ECDH1_DERIVE and CKM_ECDH1_COFACTOR_DERIVE, the same for curves of cofactor 1 and those of RFC 7748."""

    def derive(self, key: Key, params: Any, wanted: Wanted) -> dict[int, Any]:
        return agreed(key, params, params.public_data, wanted)

    def encapsulate(self, key: Key, params: Any, wanted: Wanted) -> tuple[bytes, bytes]:
        """The ciphertext is the public key of a pair made for the purpose."""
        _without_public_data(params)
        own, public = ephemeral(key)
        return public, agreed(own, params, public_bytes(key.native), wanted)[Attr.VALUE]

    def decapsulate(self, key: Key, params: Any, ciphertext: Buffer, wanted: Wanted) -> bytes:
        _without_public_data(params)
        value: bytes = agreed(key, params, bytes(ciphertext), wanted)[Attr.VALUE]
        return value

    def ciphertext_size(self, key: Key, params: Any) -> int:
        _without_public_data(params)
        return len(public_bytes(key.native))


def _without_public_data(params: Any) -> None:
    if params.public_data:
        raise bad_parameter("pPublicData must be NULL here: it is the ciphertext")


def public_bytes(public: Any) -> bytes:
    """The uncompressed point, or the bytes of a Montgomery key: as C_DeriveKey takes them."""
    return der.unwrap(der.OCTET_STRING, encode_point(public)) or b""


def ephemeral(key: Key) -> tuple[Key, bytes]:
    """A new private key on the curve of ``key``, and its public key's bytes."""
    curve: Curve = key.prepared["curve"]
    native = ec.generate_private_key(curve.library) if key.type == KeyType.EC else curve.library.generate()
    own = Key(ObjectClass.PRIVATE_KEY, key.type, key.size, native, {"curve": curve})
    return own, public_bytes(native.public_key())


def agreed(key: Key, params: Any, public_data: bytes, wanted: Wanted) -> dict[int, Any]:
    """{VALUE: ...} of the secret that the private key shares with ``public_data``, by ``params.kdf``."""
    kdf, shared = params.kdf, params.shared_data
    if kdf == Kdf.NULL and shared:
        raise bad_parameter("pSharedData must be NULL with CKD_NULL")
    if kdf != Kdf.NULL and kdf not in X963_KDFS and kdf not in SP800_KDFS:
        raise bad_parameter(f"the key derivation function 0x{kdf:x} is not offered")
    secret = _agree(key, public_data)
    if kdf == Kdf.NULL:
        return last(secret, wanted)
    row = X963_KDFS.get(kdf) or SP800_KDFS[kdf]
    length = wanted_length(wanted) or row.size
    if kdf in X963_KDFS:
        return last(X963KDF(row.algorithm, length, shared or None).derive(secret), wanted)
    return last(ConcatKDFHash(row.algorithm, length, shared or None).derive(secret), wanted)


def _agree(key: Key, public_data: bytes) -> bytes:
    curve: Curve = key.prepared["curve"]
    try:
        if key.type == KeyType.EC:
            return bytes(key.native.exchange(ec.ECDH(), weierstrass_point(curve, public_data)))
        return bytes(key.native.exchange(raw_public(curve, public_data)))
    except ValueError:
        raise bad_parameter(f"the other party's public key is not a valid one of {curve.names[0]}") from None
