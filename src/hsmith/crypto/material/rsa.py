"""RSA keys (section 6.1)."""

from collections.abc import Callable
from typing import Any, Final, TypeVar

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_der_private_key

from hsmith.crypto.key import Attributes, Key, big, integer, invalid, optional_integer
from hsmith.crypto.material.base import Material, class_of, pkcs8, spki
from hsmith.spec.constants import Attr, KeyType, ObjectClass

MINIMUM: Final = 1024  # bits
PUBLIC_MINIMUM: Final = 512  # bits: old certificates can still be verified, no key so short can be made or imported
MAXIMUM: Final = 8192
_USUAL_EXPONENTS: Final = (65537, 3, 17, 5, 257, 35)
_T = TypeVar("_T")


def private_attributes(key: rsa.RSAPrivateKey) -> dict[int, Any]:
    """All eight value attributes of an RSA private key."""
    numbers = key.private_numbers()
    return {
        Attr.MODULUS: big(numbers.public_numbers.n),
        Attr.PUBLIC_EXPONENT: big(numbers.public_numbers.e),
        Attr.PRIVATE_EXPONENT: big(numbers.d),
        Attr.PRIME_1: big(numbers.p),
        Attr.PRIME_2: big(numbers.q),
        Attr.EXPONENT_1: big(numbers.dmp1),
        Attr.EXPONENT_2: big(numbers.dmq1),
        Attr.COEFFICIENT: big(numbers.iqmp),
    }


def public_attributes(key: rsa.RSAPublicKey) -> dict[int, Any]:
    numbers = key.public_numbers()
    return {Attr.MODULUS: big(numbers.n), Attr.PUBLIC_EXPONENT: big(numbers.e), Attr.MODULUS_BITS: key.key_size}


def _private(attributes: Attributes, *, check: bool) -> rsa.RSAPrivateKey:
    """The key; what is missing is computed. ``check``: the numbers come from outside and must be proved to fit."""
    n, d = integer(attributes, Attr.MODULUS), integer(attributes, Attr.PRIVATE_EXPONENT)
    _check_size(n, MINIMUM)
    e = optional_integer(attributes, Attr.PUBLIC_EXPONENT)
    p, q = optional_integer(attributes, Attr.PRIME_1), optional_integer(attributes, Attr.PRIME_2)
    if p is None or q is None:
        e, p, q = _recover(n, e, d)
    elif e is None:
        e = _quietly(lambda: pow(d, -1, (p - 1) * (q - 1)))
    given = [optional_integer(attributes, a) for a in (Attr.EXPONENT_1, Attr.EXPONENT_2, Attr.COEFFICIENT)]
    dmp1, dmq1 = given[0] or rsa.rsa_crt_dmp1(d, p), given[1] or rsa.rsa_crt_dmq1(d, q)
    iqmp = given[2] or _quietly(lambda: rsa.rsa_crt_iqmp(p, q))
    public = rsa.RSAPublicNumbers(e, n)
    numbers = rsa.RSAPrivateNumbers(p=p, q=q, d=d, dmp1=dmp1, dmq1=dmq1, iqmp=iqmp, public_numbers=public)
    return _quietly(lambda: numbers.private_key(unsafe_skip_rsa_key_validation=not check))


def _recover(n: int, e: int | None, d: int) -> tuple[int, int, int]:
    """(e, p, q) from the modulus and the private exponent; the usual public exponents are tried when none is given."""
    for exponent in _USUAL_EXPONENTS if e is None else (e,):
        try:
            p, q = rsa.rsa_recover_prime_factors(n, exponent, d)
        except ValueError:
            continue
        return exponent, max(p, q), min(p, q)
    raise invalid("the private exponent does not belong to the modulus and the public exponent")


def _quietly(make: Callable[[], _T]) -> _T:
    """The library's refusal of numbers that do not fit, without a word of theirs."""
    try:
        return make()
    except (ValueError, ZeroDivisionError, OverflowError):
        raise invalid("the numbers of this RSA key do not fit together") from None


def _check_size(n: int, minimum: int) -> None:
    if not minimum <= n.bit_length() <= MAXIMUM:
        raise invalid(f"a modulus of {n.bit_length()} bits: RSA keys have {minimum} to {MAXIMUM}")


def _public(attributes: Attributes) -> rsa.RSAPublicKey:
    n, e = integer(attributes, Attr.MODULUS), integer(attributes, Attr.PUBLIC_EXPONENT)
    _check_size(n, PUBLIC_MINIMUM)
    return _quietly(lambda: rsa.RSAPublicNumbers(e, n).public_key())


class RsaMaterial(Material):
    """CKK_RSA."""

    def load(self, attributes: Attributes) -> Key:
        cls = class_of(attributes)
        native = _private(attributes, check=False) if cls == ObjectClass.PRIVATE_KEY else _public(attributes)
        return Key(cls, KeyType.RSA, native.key_size, native)

    def complete(self, attributes: Attributes) -> dict[int, Any]:
        if class_of(attributes) == ObjectClass.PUBLIC_KEY:
            public = _public(attributes)
            return public_attributes(public) | {Attr.PUBLIC_KEY_INFO: spki(public)}
        private = _private(attributes, check=True)
        return private_attributes(private) | {Attr.PUBLIC_KEY_INFO: spki(private.public_key())}

    def encode(self, attributes: Attributes) -> bytes:
        return pkcs8(_private(attributes, check=False))

    def decode(self, key_type: KeyType, encoded: bytes) -> dict[int, Any]:
        key = load_der_private_key(encoded, None)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise ValueError("not an RSA key")
        _check_size(key.public_key().public_numbers().n, MINIMUM)
        return private_attributes(key)

    def public(self, attributes: Attributes) -> dict[int, Any]:
        return public_attributes(_private(attributes, check=False).public_key())
