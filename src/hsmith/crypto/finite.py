"""DSA and PKCS #3 Diffie-Hellman (sections 6.2 and 6.4), as long as the library keeps them."""

from __future__ import annotations  # the library warns of dh's names each time that one is looked up

from typing import Any, Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dh, dsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.kdf.x963kdf import X963KDF

from hsmith.crypto import der
from hsmith.crypto.engine import Attributes, Buffer, Engine, Signer, Verifier, Wanted
from hsmith.crypto.fitting import last, wanted_length
from hsmith.crypto.hashes import HASHES, Hash
from hsmith.crypto.key import Key, big, integer, invalid, need
from hsmith.crypto.material.base import spki
from hsmith.crypto.material.finite import (
    DH_MAXIMUM,
    DH_MINIMUM,
    DSA_SIZES,
    DhMaterial,
    dsa_attributes,
    dsa_domain,
    dsa_public_attributes,
)
from hsmith.crypto.material.secret import MAXIMUM
from hsmith.crypto.streams import (
    HashingSigner,
    HashingVerifier,
    WholeSigner,
    WholeVerifier,
    bad_parameter,
    hashing,
    wrong_length,
)
from hsmith.spec.constants import Attr, Fault, Kdf, KeyType, ObjectClass
from hsmith.spec.faults import Refused

_PARAMETER_MAXIMUM: Final = 4096  # bits of a new DH prime: a larger one takes many minutes


def _order(key: Key) -> int:
    """Bytes of the subprime q."""
    order = key.prepared.get("order")
    if order is None:
        q = key.native.parameters().parameter_numbers().q
        order = key.prepared["order"] = (q.bit_length() + 7) // 8
    return int(order)


def _sign(key: Key, data: Buffer, algorithm: Any) -> bytes:
    r, s = decode_dss_signature(key.native.sign(bytes(data), algorithm))
    return r.to_bytes(_order(key), "big") + s.to_bytes(_order(key), "big")


def _verify(key: Key, data: Buffer, signature: Buffer, algorithm: Any) -> None:
    size = _order(key)
    if len(signature) != 2 * size:
        raise wrong_length(len(signature), 2 * size)
    r, s = int.from_bytes(signature[:size], "big"), int.from_bytes(signature[size:], "big")
    key.native.verify(encode_dss_signature(r, s), bytes(data), algorithm)


#: What the caller hashed, by its length: the library asks for a name, and uses the length alone.
_BY_SIZE: Final = {row.size: Prehashed(row.algorithm) for row in HASHES.values()}


class Dsa(Engine):
    """CKM_DSA: the data is a hash of 20, 28, 32, 48 or 64 bytes."""

    def _algorithm(self, data: Buffer) -> Prehashed:
        if len(data) not in (20, 28, 32, 48, 64):
            raise Refused(Fault.DATA_LEN_RANGE, "the data must be a hash of 20, 28, 32, 48 or 64 bytes")
        return _BY_SIZE[len(data)]

    def sign(self, key: Key, params: Any) -> Signer:
        return WholeSigner(lambda data: _sign(key, data, self._algorithm(data)), 2 * _order(key))

    def verify(self, key: Key, params: Any) -> Verifier:
        return WholeVerifier(lambda data, signature: _verify(key, data, signature, self._algorithm(data)))


class HashDsa(Engine):
    """CKM_DSA_<hash>."""

    def __init__(self, row: Hash) -> None:
        self._hashing = hashing(row)

    def sign(self, key: Key, params: Any) -> Signer:
        return HashingSigner(self._hashing, lambda data, hash: _sign(key, data, hash), 2 * _order(key))

    def verify(self, key: Key, params: Any) -> Verifier:
        return HashingVerifier(self._hashing, lambda data, signature, hash: _verify(key, data, signature, hash))


class DsaParameterGen(Engine):
    """CKM_DSA_PARAMETER_GEN."""

    def generate(self, params: Any, template: Attributes) -> dict[int, Any]:
        bits = need(template, Attr.PRIME_BITS)
        if bits not in DSA_SIZES[:3]:
            raise invalid(f"PRIME_BITS is {bits}: 1024, 2048 and 3072 are offered")
        numbers = dsa.generate_parameters(bits).parameter_numbers()
        return {Attr.KEY_TYPE: KeyType.DSA, Attr.PRIME_BITS: bits} | dsa_domain(numbers)


class DsaKeyPairGen(Engine):
    """CKM_DSA_KEY_PAIR_GEN: from PRIME, SUBPRIME and BASE in the public template."""

    def generate_pair(
        self, params: Any, public: Attributes, private: Attributes
    ) -> tuple[dict[int, Any], dict[int, Any]]:
        p, q, g = (integer(public, a) for a in (Attr.PRIME, Attr.SUBPRIME, Attr.BASE))
        if p.bit_length() not in DSA_SIZES:
            raise invalid(f"a prime of {p.bit_length()} bits: DSA keys have {', '.join(map(str, DSA_SIZES))}")
        try:
            key = dsa.DSAParameterNumbers(p, q, g).parameters().generate_private_key()
        except ValueError:
            raise invalid("the domain parameters are not valid for DSA") from None
        info = {Attr.KEY_TYPE: KeyType.DSA, Attr.PUBLIC_KEY_INFO: spki(key.public_key())}
        return dsa_public_attributes(key.public_key()) | info, dsa_attributes(key) | info


class DhParameterGen(Engine):
    """CKM_DH_PKCS_PARAMETER_GEN."""

    def generate(self, params: Any, template: Attributes) -> dict[int, Any]:
        bits = need(template, Attr.PRIME_BITS)
        if not DH_MINIMUM <= bits <= _PARAMETER_MAXIMUM:
            raise invalid(f"PRIME_BITS is {bits}: {DH_MINIMUM} to {_PARAMETER_MAXIMUM} are offered")
        numbers = dh.generate_parameters(2, bits).parameter_numbers()
        return {Attr.KEY_TYPE: KeyType.DH, Attr.PRIME_BITS: bits} | DhMaterial().domain_values(numbers)


class X942ParameterGen(Engine):
    """CKM_X9_42_DH_PARAMETER_GEN: primes as those of DSA, which ANSI X9.42 makes in the same way."""

    def generate(self, params: Any, template: Attributes) -> dict[int, Any]:
        bits, sub_bits = need(template, Attr.PRIME_BITS), need(template, Attr.SUBPRIME_BITS)
        if (bits, sub_bits) not in _X942_SIZES:
            offered = ", ".join(f"{p} and {q}" for p, q in _X942_SIZES)
            raise invalid(f"PRIME_BITS and SUBPRIME_BITS are {bits} and {sub_bits}: offered are {offered}")
        numbers = dsa.generate_parameters(bits).parameter_numbers()
        sizes = {Attr.PRIME_BITS: bits, Attr.SUBPRIME_BITS: sub_bits}
        return {Attr.KEY_TYPE: KeyType.X9_42_DH} | sizes | dsa_domain(numbers)


_X942_SIZES: Final = ((1024, 160), (2048, 256), (3072, 256))


class DhKeyPairGen(Engine):
    """CKM_DH_PKCS_KEY_PAIR_GEN, CKM_X9_42_DH_KEY_PAIR_GEN: from the domain parameters in the public template."""

    def __init__(self, material: DhMaterial) -> None:
        self._material = material

    def generate_pair(
        self, params: Any, public: Attributes, private: Attributes
    ) -> tuple[dict[int, Any], dict[int, Any]]:
        for attr in self._material.domain:
            if public.get(attr) == b"":
                raise invalid(f"{attr.name} is zero")
        domain = [integer(public, a) for a in self._material.domain]
        if not DH_MINIMUM <= domain[0].bit_length() <= DH_MAXIMUM:
            raise invalid(f"a prime of {domain[0].bit_length()} bits: DH keys have {DH_MINIMUM} to {DH_MAXIMUM}")
        try:
            key = dh.DHParameterNumbers(*domain).parameters().generate_private_key()
        except ValueError:
            raise invalid("the domain parameters are not valid for DH") from None
        info = {Attr.KEY_TYPE: self._material.key_type, Attr.PUBLIC_KEY_INFO: self._material.info(key.public_key())}
        bits = {Attr.VALUE_BITS: key.private_numbers().x.bit_length()}
        return self._material.public_values(key.public_key()) | info, self._material.private_values(key) | bits | info


def _shared(key: Key, public: Buffer) -> bytes:
    """As long as the prime."""
    numbers = key.native.parameters().parameter_numbers()
    value = int.from_bytes(public, "big")
    if not 1 < value < numbers.p - 1:
        raise bad_parameter("the other party's public value is not in the range of the prime")
    try:
        peer = dh.DHPublicNumbers(value, numbers).public_key()
        return bytes(key.native.exchange(peer))
    except ValueError:
        raise bad_parameter("the other party's public value is not valid for these domain parameters") from None


def _prime_size(key: Key) -> int:
    return (key.size + 7) // 8


def _ephemeral(key: Key) -> tuple[Key, bytes]:
    """A new private key over the domain of ``key``, and its public value, as long as the prime."""
    native = key.native.parameters().generate_private_key()
    value = native.public_key().public_numbers().y
    return Key(ObjectClass.PRIVATE_KEY, key.type, key.size, native), value.to_bytes(_prime_size(key), "big")


class DhDerive(Engine):
    """CKM_DH_PKCS_DERIVE: the parameter is the other party's public value."""

    def _secret(self, key: Key, params: Any, public: Buffer, wanted: Wanted) -> dict[int, Any]:
        return last(_shared(key, public), wanted)

    def _alone(self, params: Any) -> None:
        """For key encapsulation the parameter has no public value: that is the ciphertext."""
        if params is not None:
            raise bad_parameter("key encapsulation takes no parameter here")

    def derive(self, key: Key, params: Any, wanted: Wanted) -> dict[int, Any]:
        return self._secret(key, params, params or b"", wanted)

    def encapsulate(self, key: Key, params: Any, wanted: Wanted) -> tuple[bytes, bytes]:
        self._alone(params)
        own, public = _ephemeral(key)
        theirs = key.native.public_numbers().y
        return public, self._secret(own, params, big(theirs), wanted)[Attr.VALUE]

    def decapsulate(self, key: Key, params: Any, ciphertext: Buffer, wanted: Wanted) -> bytes:
        self._alone(params)
        secret: bytes = self._secret(key, params, ciphertext, wanted)[Attr.VALUE]
        return secret

    def ciphertext_size(self, key: Key, params: Any) -> int:
        self._alone(params)
        return _prime_size(key)


def _check_kdf(params: Any) -> None:
    if params.kdf == Kdf.NULL and params.other_info:
        raise bad_parameter("pOtherInfo must be NULL with CKD_NULL")
    if params.kdf not in (Kdf.NULL, Kdf.SHA1_KDF_CONCATENATE, Kdf.SHA1_KDF_ASN1):
        raise bad_parameter(f"the key derivation function 0x{params.kdf:x} is not offered")


def _x942(shared: bytes, params: Any, wanted: Wanted) -> dict[int, Any]:
    if params.kdf == Kdf.NULL:
        return last(shared, wanted)
    length = wanted_length(wanted) or hashes.SHA1.digest_size
    if length > MAXIMUM:
        raise Refused(Fault.KEY_SIZE_RANGE, f"no key has more than {MAXIMUM} bytes")
    if params.kdf == Kdf.SHA1_KDF_ASN1:
        return last(counting_in_der(shared, params.other_info, length), wanted)
    return last(X963KDF(hashes.SHA1(), length, params.other_info or None).derive(shared), wanted)


_COUNTER: Final = 4  # bytes


def counting_in_der(shared: bytes, other_info: bytes, length: int) -> bytes:
    """ANSI X9.42's derivation as RFC 2631, section 2.1.2, has it: OtherInfo is a SEQUENCE whose first item,
    KeySpecificInfo, ends with the counter, an OCTET STRING of four bytes, in the place of what the caller has there."""
    info = der.items(der.unwrap(der.SEQUENCE, other_info) or b"") or []
    specific = (der.items(info[0][1]) if info and info[0][0] == der.SEQUENCE else None) or []
    if [tag for tag, _ in specific] != [der.OID, der.OCTET_STRING] or len(specific[1][1]) != _COUNTER:
        raise bad_parameter("pOtherInfo must be the DER of X9.42's OtherInfo, with a counter of four bytes")
    rest = b"".join(der.encode(tag, content) for tag, content in info[1:])
    made = b""
    while len(made) < length:
        counter = (len(made) // hashes.SHA1.digest_size + 1).to_bytes(_COUNTER, "big")
        counted = der.sequence(der.encode(der.OID, specific[0][1]), der.encode(der.OCTET_STRING, counter))
        made += hashes.Hash.hash(hashes.SHA1(), shared + der.sequence(counted + rest))
    return made[:length]


class X942Derive(DhDerive):
    """CKM_X9_42_DH_DERIVE."""

    def _secret(self, key: Key, params: Any, public: Buffer, wanted: Wanted) -> dict[int, Any]:
        _check_kdf(params)
        return _x942(_shared(key, public), params, wanted)

    def _alone(self, params: Any) -> None:
        if params.public_data:
            raise bad_parameter("pPublicData must be NULL here: it is the ciphertext")

    def derive(self, key: Key, params: Any, wanted: Wanted) -> dict[int, Any]:
        return self._secret(key, params, params.public_data, wanted)


class X942Hybrid(Engine):
    """CKM_X9_42_DH_HYBRID_DERIVE: two agreements over the same domain, the base key's and then the other one's."""

    def derive(self, key: Key, params: Any, wanted: Wanted) -> dict[int, Any]:
        _check_kdf(params)
        other = wanted.key(params.private_data)
        if other.cls != ObjectClass.PRIVATE_KEY or other.type != KeyType.X9_42_DH:
            raise Refused(Fault.KEY_TYPE_INCONSISTENT, "hPrivateData is not an X9.42 private key")
        return _x942(_shared(key, params.public_data) + _shared(other, params.public_data2), params, wanted)
