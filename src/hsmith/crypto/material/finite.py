"""DSA and Diffie-Hellman keys and domain parameters (sections 6.2 and 6.4)."""

from __future__ import annotations  # the library warns of dh's names each time that one is looked up

from collections.abc import Sequence
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import dh, dsa
from cryptography.hazmat.primitives.serialization import load_der_private_key

from hsmith.crypto import der
from hsmith.crypto.key import Attributes, Key, big, integer, invalid
from hsmith.crypto.material.base import Material, class_of, pkcs8, spki
from hsmith.spec.constants import Attr, KeyType, ObjectClass

DSA_SIZES: Final = (1024, 2048, 3072, 4096)  # bits of the prime, as the library has them
DH_MINIMUM: Final = 512
DH_MAXIMUM: Final = 10000


def _private_info(oid: str, domain: bytes, x: int) -> bytes:
    """PrivateKeyInfo: the library then computes the public value, which the private key object does not have."""
    algorithm = der.sequence(der.oid(oid), domain)
    return der.sequence(der.integer(0), algorithm, der.encode(der.OCTET_STRING, der.integer(x)))


def _sequence(numbers: Sequence[int]) -> bytes:
    return der.sequence(*(der.integer(number) for number in numbers))


class DsaMaterial(Material):
    """CKK_DSA."""

    def _native(self, attributes: Attributes) -> Any:
        p, q, g = (integer(attributes, a) for a in (Attr.PRIME, Attr.SUBPRIME, Attr.BASE))
        if p.bit_length() not in DSA_SIZES:
            raise invalid(f"a prime of {p.bit_length()} bits: DSA keys have {', '.join(map(str, DSA_SIZES))}")
        value = integer(attributes, Attr.VALUE)
        try:
            if class_of(attributes) == ObjectClass.PUBLIC_KEY:
                return dsa.DSAPublicNumbers(value, dsa.DSAParameterNumbers(p, q, g)).public_key()
            if not 0 < value < q:
                raise ValueError("out of range")
            domain = der.sequence(der.integer(p), der.integer(q), der.integer(g))
            return load_der_private_key(_private_info("1.2.840.10040.4.1", domain, value), None)
        except ValueError:
            raise invalid("the numbers of this DSA key do not fit together") from None

    def load(self, attributes: Attributes) -> Key:
        native = self._native(attributes)
        return Key(class_of(attributes), KeyType.DSA, native.key_size, native)

    def complete(self, attributes: Attributes) -> dict[int, Any]:
        if class_of(attributes) == ObjectClass.DOMAIN_PARAMETERS:
            return {Attr.PRIME_BITS: integer(attributes, Attr.PRIME).bit_length()}
        native = self._native(attributes)
        public = native if class_of(attributes) == ObjectClass.PUBLIC_KEY else native.public_key()
        normal: dict[int, Any] = {
            a: big(integer(attributes, a)) for a in (Attr.PRIME, Attr.SUBPRIME, Attr.BASE, Attr.VALUE)
        }
        return normal | {Attr.PUBLIC_KEY_INFO: spki(public)}

    def encode(self, attributes: Attributes) -> bytes:
        return pkcs8(self._native(attributes))

    def decode(self, key_type: KeyType, encoded: bytes) -> dict[int, Any]:
        key = load_der_private_key(encoded, None)
        if not isinstance(key, dsa.DSAPrivateKey):
            raise ValueError("not a DSA key")
        return dsa_attributes(key)

    def public(self, attributes: Attributes) -> dict[int, Any]:
        return dsa_public_attributes(self._native(attributes).public_key())


def dsa_domain(numbers: dsa.DSAParameterNumbers) -> dict[int, Any]:
    return {Attr.PRIME: big(numbers.p), Attr.SUBPRIME: big(numbers.q), Attr.BASE: big(numbers.g)}


def dsa_attributes(key: dsa.DSAPrivateKey) -> dict[int, Any]:
    numbers = key.private_numbers()
    return dsa_domain(numbers.public_numbers.parameter_numbers) | {Attr.VALUE: big(numbers.x)}


def dsa_public_attributes(key: dsa.DSAPublicKey) -> dict[int, Any]:
    numbers = key.public_numbers()
    return dsa_domain(numbers.parameter_numbers) | {Attr.VALUE: big(numbers.y)}


class DhMaterial(Material):
    """CKK_DH (PKCS #3). ``domain``: its attributes, in the order of the library's and of DER."""

    key_type = KeyType.DH
    oid = "1.2.840.113549.1.3.1"
    domain: tuple[Attr, ...] = (Attr.PRIME, Attr.BASE)

    def _native(self, attributes: Attributes) -> Any:
        domain = [integer(attributes, a) for a in self.domain]
        p, value = domain[0], integer(attributes, Attr.VALUE)
        if not DH_MINIMUM <= p.bit_length() <= DH_MAXIMUM:
            raise invalid(f"a prime of {p.bit_length()} bits: DH keys have {DH_MINIMUM} to {DH_MAXIMUM}")
        try:
            if class_of(attributes) == ObjectClass.PUBLIC_KEY:
                if not 1 < value < p - 1:
                    raise ValueError("out of range")
                return dh.DHPublicNumbers(value, dh.DHParameterNumbers(*domain)).public_key()
            if not 0 < value < p:
                raise ValueError("out of range")
            return load_der_private_key(_private_info(self.oid, _sequence(domain), value), None)
        except ValueError:
            raise invalid("the numbers of this DH key do not fit together") from None

    def load(self, attributes: Attributes) -> Key:
        native = self._native(attributes)
        return Key(class_of(attributes), self.key_type, native.key_size, native)

    def complete(self, attributes: Attributes) -> dict[int, Any]:
        if class_of(attributes) == ObjectClass.DOMAIN_PARAMETERS:
            return {
                bits: integer(attributes, attr).bit_length()
                for attr, bits in ((Attr.PRIME, Attr.PRIME_BITS), (Attr.SUBPRIME, Attr.SUBPRIME_BITS))
                if attr in self.domain
            }
        native = self._native(attributes)
        normal: dict[int, Any] = {a: big(integer(attributes, a)) for a in (*self.domain, Attr.VALUE)}
        if class_of(attributes) == ObjectClass.PUBLIC_KEY:
            return normal | {Attr.PUBLIC_KEY_INFO: self.info(native)}
        bits = integer(attributes, Attr.VALUE).bit_length()
        return normal | {Attr.VALUE_BITS: bits, Attr.PUBLIC_KEY_INFO: self.info(native.public_key())}

    def info(self, key: dh.DHPublicKey) -> bytes:
        """SubjectPublicKeyInfo. The library's own has the algorithm of X9.42 for all primes that it knows."""
        values = self.public_values(key)
        domain = _sequence([integer(values, attr) for attr in self.domain])
        public = der.encode(der.BIT_STRING, b"\0" + der.integer(integer(values, Attr.VALUE)))
        return der.sequence(der.sequence(der.oid(self.oid), domain), public)

    def encode(self, attributes: Attributes) -> bytes:
        self._native(attributes)
        domain = _sequence([integer(attributes, attr) for attr in self.domain])
        return _private_info(self.oid, domain, integer(attributes, Attr.VALUE))

    def decode(self, key_type: KeyType, encoded: bytes) -> dict[int, Any]:
        key = load_der_private_key(encoded, None)
        # Not by the subprime: the library knows that of the well-known primes by itself.
        if not isinstance(key, dh.DHPrivateKey) or der.oid(self.oid) not in encoded[:64]:
            raise ValueError("not a key of this type")
        return self.private_values(key)

    def public(self, attributes: Attributes) -> dict[int, Any]:
        return self.public_values(self._native(attributes).public_key())

    def domain_values(self, numbers: dh.DHParameterNumbers) -> dict[int, Any]:
        values = {Attr.PRIME: numbers.p, Attr.BASE: numbers.g, Attr.SUBPRIME: numbers.q}
        return {attr: big(values[attr] or 0) for attr in self.domain}

    def private_values(self, key: dh.DHPrivateKey) -> dict[int, Any]:
        numbers = key.private_numbers()
        return self.domain_values(numbers.public_numbers.parameter_numbers) | {Attr.VALUE: big(numbers.x)}

    def public_values(self, key: dh.DHPublicKey) -> dict[int, Any]:
        numbers = key.public_numbers()
        return self.domain_values(numbers.parameter_numbers) | {Attr.VALUE: big(numbers.y)}


class X942Material(DhMaterial):
    """CKK_X9_42_DH: with the order of the subgroup."""

    key_type = KeyType.X9_42_DH
    oid = "1.2.840.10046.2.1"
    domain = (Attr.PRIME, Attr.BASE, Attr.SUBPRIME)
