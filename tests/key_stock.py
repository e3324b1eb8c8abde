"""A key of every type, as templates: for the tests that try each mechanism with each of them."""

import functools
import os
from collections.abc import Iterator
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import dsa

import mechanism_stock as stock
from crypto.conftest import MODP_2048
from hsmith.spec.constants import (
    Attr,
    KeyType,
    Mechanism,
    MlDsaParameterSet,
    MlKemParameterSet,
    ObjectClass,
    SlhDsaParameterSet,
)
from hsmith.spec.mechanisms import SECRET_TYPES
from template_values import P256

ED25519: Final = b"\x13\x0cedwards25519"
X25519: Final = b"\x13\x0acurve25519"
#: All types of keys with a value alone.
VALUE_TYPES: Final = (*SECRET_TYPES, KeyType.HOTP)
USES: Final = (Attr.ENCRYPT, Attr.DECRYPT, Attr.SIGN, Attr.VERIFY, Attr.WRAP, Attr.UNWRAP, Attr.DERIVE)
PUBLIC_USES: Final = (Attr.ENCRYPT, Attr.VERIFY, Attr.VERIFY_RECOVER, Attr.WRAP, Attr.ENCAPSULATE)
PRIVATE_USES: Final = (
    Attr.DECRYPT, Attr.SIGN, Attr.SIGN_RECOVER, Attr.UNWRAP, Attr.DERIVE, Attr.DECAPSULATE,
)  # fmt: skip


def secret(key_type: int, **more: Any) -> dict[int, Any]:
    """A template of C_CreateObject: a fresh secret key for everything."""
    template: dict[int, Any] = {
        Attr.CLASS: int(ObjectClass.OTP_KEY if key_type == KeyType.HOTP else ObjectClass.SECRET_KEY),
        Attr.KEY_TYPE: int(key_type),
        Attr.VALUE: os.urandom(stock.LENGTHS.get(key_type, 20)),
        Attr.EXTRACTABLE: True,
        Attr.SENSITIVE: False,
    }
    return template | dict.fromkeys(USES, True) | {Attr[name]: value for name, value in more.items()}


@functools.cache
def domain() -> tuple[bytes, bytes, bytes]:
    """p, q, g of DSA, which serve X9.42 DH as well."""
    numbers = dsa.generate_parameters(1024).parameter_numbers()
    sizes = (128, 20, 128)
    p, q, g = (
        number.to_bytes(size, "big") for number, size in zip((numbers.p, numbers.q, numbers.g), sizes, strict=True)
    )
    return p, q, g


def pairs() -> Iterator[tuple[int, int, dict[int, Any]]]:
    """(type, mechanism, what the public template names) of each kind of pair."""
    p, q, g = domain()
    made = Mechanism
    yield KeyType.RSA, made.RSA_PKCS_KEY_PAIR_GEN, {Attr.MODULUS_BITS: 1024, Attr.PUBLIC_EXPONENT: b"\1\0\1"}
    yield KeyType.EC, made.EC_KEY_PAIR_GEN, {Attr.EC_PARAMS: P256}
    yield KeyType.EC_EDWARDS, made.EC_EDWARDS_KEY_PAIR_GEN, {Attr.EC_PARAMS: ED25519}
    yield KeyType.EC_MONTGOMERY, made.EC_MONTGOMERY_KEY_PAIR_GEN, {Attr.EC_PARAMS: X25519}
    yield KeyType.DSA, made.DSA_KEY_PAIR_GEN, {Attr.PRIME: p, Attr.SUBPRIME: q, Attr.BASE: g}
    yield KeyType.DH, made.DH_PKCS_KEY_PAIR_GEN, {Attr.PRIME: MODP_2048, Attr.BASE: b"\2"}
    yield KeyType.X9_42_DH, made.X9_42_DH_KEY_PAIR_GEN, {Attr.PRIME: p, Attr.SUBPRIME: q, Attr.BASE: g}
    yield KeyType.ML_KEM, made.ML_KEM_KEY_PAIR_GEN, {Attr.PARAMETER_SET: int(MlKemParameterSet.ML_KEM_512)}
    yield KeyType.ML_DSA, made.ML_DSA_KEY_PAIR_GEN, {Attr.PARAMETER_SET: int(MlDsaParameterSet.ML_DSA_44)}
    yield KeyType.SLH_DSA, made.SLH_DSA_KEY_PAIR_GEN, {Attr.PARAMETER_SET: int(SlhDsaParameterSet.SLH_DSA_SHA2_128F)}


#: What both halves are for: everything.
PUBLIC: Final[dict[int, Any]] = dict.fromkeys(PUBLIC_USES, True)
PRIVATE: Final[dict[int, Any]] = {**dict.fromkeys(PRIVATE_USES, True), Attr.EXTRACTABLE: True}
