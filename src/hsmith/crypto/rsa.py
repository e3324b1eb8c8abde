"""RSA mechanisms (section 6.1). Signatures and paddings are the library's; raw RSA is the second library's, blinded."""

from functools import lru_cache
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric import rsa as library
from cryptography.hazmat.primitives.asymmetric.utils import NoDigestInfo

from hsmith.crypto.engine import Attributes, Buffer, Engine, Signer, Verifier
from hsmith.crypto.hashes import Hash, hash_of, mgf_hash
from hsmith.crypto.key import Key, invalid, need
from hsmith.crypto.later import Later
from hsmith.crypto.material.base import spki
from hsmith.crypto.material.rsa import MAXIMUM, MINIMUM, private_attributes, public_attributes
from hsmith.crypto.streams import (
    PREHASHED,
    HashingSigner,
    HashingVerifier,
    WholeSigner,
    WholeVerifier,
    bad_parameter,
    hashing,
    wrong_length,
)
from hsmith.spec.constants import Attr, Fault, KeyType
from hsmith.spec.faults import Refused
from hsmith.spec.params import RsaPkcsPssParams

RSA: Final[Any] = Later("Crypto.PublicKey.RSA")

PKCS1: Final = padding.PKCS1v15()
_AS_IT_IS: Final = NoDigestInfo()
_PKCS1_OVERHEAD: Final = 11  # bytes


def length_of(key: Key) -> int:
    """k: the length in bytes of the modulus."""
    return (key.size + 7) // 8


def raw_public(key: Key, number: int) -> int:
    public = key.prepared.get("public")
    if public is None:
        native = key.native if isinstance(key.native, library.RSAPublicKey) else key.native.public_key()
        public = key.prepared["public"] = native.public_numbers()
    return pow(number, public.e, public.n)


def raw_private(key: Key, number: int) -> bytes:
    """number^d mod n, k bytes; checked against the public key, so that no fault in a CRT half gets out."""
    other = key.prepared.get("raw")
    if other is None:
        numbers = key.native.private_numbers()
        n, e = numbers.public_numbers.n, numbers.public_numbers.e
        other = RSA.construct((n, e, numbers.d, numbers.p, numbers.q), consistency_check=False)
        key.prepared["raw"] = other
    result = bytes(other._decrypt_to_bytes(number))
    if raw_public(key, int.from_bytes(result, "big")) != number:
        raise Refused(Fault.FUNCTION_FAILED, "an RSA computation went wrong")
    return result.rjust(length_of(key), b"\0")


def modulus(key: Key) -> int:
    raw_public(key, 0)
    return int(key.prepared["public"].n)


@lru_cache(maxsize=64)
def _pss(mgf: int, salt: int) -> padding.PSS:
    return padding.PSS(padding.MGF1(mgf_hash(mgf).algorithm), salt)


def _pss_padding(key: Key, params: RsaPkcsPssParams, row: Hash) -> padding.PSS:
    """The padding, once sLen <= k* - 2 - hLen holds."""
    if params.s_len > (key.size - 1 + 7) // 8 - 2 - row.size:
        raise bad_parameter(f"a salt of {params.s_len} bytes is too long for this key and hash")
    return _pss(params.mgf, params.s_len)


class KeyPairGen(Engine):
    """CKM_RSA_PKCS_KEY_PAIR_GEN."""

    def generate_pair(
        self, params: Any, public: Attributes, private: Attributes
    ) -> tuple[dict[int, Any], dict[int, Any]]:
        bits = need(public, Attr.MODULUS_BITS)
        if not MINIMUM <= bits <= MAXIMUM:
            raise invalid(f"MODULUS_BITS is {bits}: RSA keys have {MINIMUM} to {MAXIMUM}")
        key = _generate(bits, int.from_bytes(public.get(Attr.PUBLIC_EXPONENT, b"\x01\x00\x01"), "big"))
        info = {Attr.KEY_TYPE: KeyType.RSA, Attr.PUBLIC_KEY_INFO: spki(key.public_key())}
        return public_attributes(key.public_key()) | info, private_attributes(key) | info


def _generate(bits: int, exponent: int) -> library.RSAPrivateKey:
    if exponent in (3, 65537):
        return library.generate_private_key(exponent, bits)
    if exponent < 3 or exponent % 2 == 0 or exponent.bit_length() > 64:
        raise Refused(Fault.TEMPLATE_INCONSISTENT, "PUBLIC_EXPONENT must be odd, from 3 to 64 bits: 65537 is usual")
    other = RSA.generate(bits, e=exponent)
    p, q, d = other.p, other.q, other.d
    numbers = library.RSAPrivateNumbers(
        p=p,
        q=q,
        d=d,
        dmp1=library.rsa_crt_dmp1(d, p),
        dmq1=library.rsa_crt_dmq1(d, q),
        iqmp=library.rsa_crt_iqmp(p, q),
        public_numbers=library.RSAPublicNumbers(exponent, other.n),
    )
    return numbers.private_key()


class HashPkcs1(Engine):
    """CKM_<hash>_RSA_PKCS."""

    def __init__(self, row: Hash) -> None:
        self._hashing = hashing(row)

    def sign(self, key: Key, params: Any) -> Signer:
        native = key.native
        return HashingSigner(self._hashing, lambda data, hash: native.sign(data, PKCS1, hash), length_of(key))

    def verify(self, key: Key, params: Any) -> Verifier:
        return HashingVerifier(self._hashing, _verifying(key, PKCS1))


class HashPss(Engine):
    """CKM_<hash>_RSA_PKCS_PSS."""

    def __init__(self, row: Hash) -> None:
        self._hashing = hashing(row)

    def _padding(self, key: Key, params: RsaPkcsPssParams) -> padding.PSS:
        if params.hash_alg != self._hashing.row.mechanism:
            raise bad_parameter("hashAlg must be the hash of the mechanism")
        return _pss_padding(key, params, self._hashing.row)

    def sign(self, key: Key, params: Any) -> Signer:
        native, pss = key.native, self._padding(key, params)
        return HashingSigner(self._hashing, lambda data, hash: native.sign(data, pss, hash), length_of(key))

    def verify(self, key: Key, params: Any) -> Verifier:
        return HashingVerifier(self._hashing, _verifying(key, self._padding(key, params)))


def _verifying(key: Key, pad: padding.AsymmetricPadding) -> Any:
    native, length = key.native, length_of(key)

    def verify(data: Buffer, signature: Buffer, algorithm: Any) -> None:
        if len(signature) != length:
            raise wrong_length(len(signature), length)
        native.verify(bytes(signature), data, pad, algorithm)

    return verify


class Pss(Engine):
    """CKM_RSA_PKCS_PSS: the data is a hash."""

    def _checked(self, row: Hash, data: Buffer) -> Buffer:
        if len(data) != row.size:
            raise Refused(Fault.DATA_LEN_RANGE, f"the data must be a hash of {row.size} bytes")
        return data

    def sign(self, key: Key, params: Any) -> Signer:
        row = hash_of(params.hash_alg)
        native, pss, hashed = key.native, _pss_padding(key, params, row), PREHASHED[row.mechanism]
        return WholeSigner(lambda data: bytes(native.sign(self._checked(row, data), pss, hashed)), length_of(key))

    def verify(self, key: Key, params: Any) -> Verifier:
        row = hash_of(params.hash_alg)
        verify, hashed = _verifying(key, _pss_padding(key, params, row)), PREHASHED[row.mechanism]
        return WholeVerifier(lambda data, signature: verify(self._checked(row, data), signature, hashed))


class Pkcs1Signature(Engine):
    """The signatures of CKM_RSA_PKCS: block type 01 around the data as it is."""

    def _checked(self, key: Key, data: Buffer) -> Buffer:
        if len(data) > length_of(key) - _PKCS1_OVERHEAD:
            raise Refused(Fault.DATA_LEN_RANGE, f"at most {length_of(key) - _PKCS1_OVERHEAD} bytes fit this key")
        return data

    def sign(self, key: Key, params: Any) -> Signer:
        native = key.native
        return WholeSigner(lambda data: bytes(native.sign(self._checked(key, data), PKCS1, _AS_IT_IS)), length_of(key))

    def verify(self, key: Key, params: Any) -> Verifier:
        verify = _verifying(key, PKCS1)
        return WholeVerifier(lambda data, signature: verify(self._checked(key, data), signature, _AS_IT_IS))

    def sign_recover(self, key: Key, params: Any) -> Signer:
        return self.sign(key, params)

    def verify_recover(self, key: Key, params: Any, signature: Buffer) -> bytes:
        if len(signature) != length_of(key):
            raise wrong_length(len(signature), length_of(key))
        try:
            return bytes(key.native.recover_data_from_signature(bytes(signature), PKCS1, None))
        except InvalidSignature:
            raise Refused(Fault.SIGNATURE_INVALID, "the signature is not one of this key") from None


class RawSignature(Engine):
    """The signatures of CKM_RSA_X_509: the data, zeros before it, as a number."""

    def _number(self, key: Key, data: Buffer) -> int:
        if len(data) > length_of(key):
            raise Refused(Fault.DATA_LEN_RANGE, f"at most {length_of(key)} bytes fit this key")
        number = int.from_bytes(data, "big")
        if number >= modulus(key):
            raise Refused(Fault.DATA_INVALID, "the data is not less than the modulus")
        return number

    def _recover(self, key: Key, signature: Buffer) -> int:
        if len(signature) != length_of(key):
            raise wrong_length(len(signature), length_of(key))
        number = int.from_bytes(signature, "big")
        if number >= modulus(key):
            raise Refused(Fault.SIGNATURE_INVALID, "the signature is not less than the modulus")
        return raw_public(key, number)

    def sign(self, key: Key, params: Any) -> Signer:
        return WholeSigner(lambda data: raw_private(key, self._number(key, data)), length_of(key))

    def verify(self, key: Key, params: Any) -> Verifier:
        def verify(data: Buffer, signature: Buffer) -> None:
            if self._recover(key, signature) != self._number(key, data):
                raise InvalidSignature

        return WholeVerifier(verify)

    def sign_recover(self, key: Key, params: Any) -> Signer:
        return self.sign(key, params)

    def verify_recover(self, key: Key, params: Any, signature: Buffer) -> bytes:
        return self._recover(key, signature).to_bytes(length_of(key), "big")
