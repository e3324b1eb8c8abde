"""Keys for the engines' tests: one pair of each type, made once by the engines themselves."""

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from hsmith.crypto import keys
from hsmith.crypto.curves import CURVES
from hsmith.crypto.keys import Key
from hsmith.crypto.registry import ENGINES
from hsmith.spec.constants import (
    Attr,
    KeyType,
    Mechanism,
    MlDsaParameterSet,
    MlKemParameterSet,
    ObjectClass,
    SlhDsaParameterSet,
)

#: RFC 3526, group 14.
MODP_2048 = bytes.fromhex(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B"
    "302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE6"
    "49286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552BB9ED529077096966D"
    "670C354E4ABC9804F1746C08CA18217C32905E462E36CE3BE39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF695581718"
    "3995497CEA956AE515D2261898FA051015728E5A8AACAA68FFFFFFFFFFFFFFFF"
)

Pair = tuple[dict[int, Any], dict[int, Any]]


def _curve(name: str) -> bytes:
    return next(curve.params for curve in CURVES if name in curve.names)


@cache
def _dsa_domain() -> tuple[tuple[int, Any], ...]:
    return tuple(ENGINES[Mechanism.DSA_PARAMETER_GEN].generate(None, {Attr.PRIME_BITS: 1024}).items())


def _set(mechanism: Mechanism, number: int) -> tuple[Mechanism, dict[int, Any]]:
    return mechanism, {Attr.PARAMETER_SET: int(number)}


@cache
def make_pair(key_type: int, curve: str = "") -> Pair:
    """(public, private) attribute sets of a new pair. ``curve``: or the parameter set."""
    recipes: dict[int, Callable[[], tuple[Mechanism, dict[int, Any]]]] = {
        KeyType.RSA: lambda: (Mechanism.RSA_PKCS_KEY_PAIR_GEN, {Attr.MODULUS_BITS: 2048}),
        KeyType.EC: lambda: (Mechanism.EC_KEY_PAIR_GEN, {Attr.EC_PARAMS: _curve(curve or "P-256")}),
        KeyType.EC_EDWARDS: lambda: (Mechanism.EC_EDWARDS_KEY_PAIR_GEN, {Attr.EC_PARAMS: _curve(curve or "Ed25519")}),
        KeyType.EC_MONTGOMERY: lambda: (
            Mechanism.EC_MONTGOMERY_KEY_PAIR_GEN,
            {Attr.EC_PARAMS: _curve(curve or "X25519")},
        ),
        KeyType.DSA: lambda: (Mechanism.DSA_KEY_PAIR_GEN, dict(_dsa_domain())),
        KeyType.DH: lambda: (Mechanism.DH_PKCS_KEY_PAIR_GEN, {Attr.PRIME: MODP_2048, Attr.BASE: b"\x02"}),
        KeyType.X9_42_DH: lambda: (Mechanism.X9_42_DH_KEY_PAIR_GEN, dict(_dsa_domain())),
        KeyType.ML_KEM: lambda: _set(Mechanism.ML_KEM_KEY_PAIR_GEN, MlKemParameterSet[curve or "ML_KEM_768"]),
        KeyType.ML_DSA: lambda: _set(Mechanism.ML_DSA_KEY_PAIR_GEN, MlDsaParameterSet[curve or "ML_DSA_44"]),
        KeyType.SLH_DSA: lambda: _set(Mechanism.SLH_DSA_KEY_PAIR_GEN, SlhDsaParameterSet[curve or "SLH_DSA_SHA2_128F"]),
    }
    mechanism, template = recipes[key_type]()
    public, private = ENGINES[mechanism].generate_pair(None, template, {})
    return (
        template | public | {Attr.CLASS: ObjectClass.PUBLIC_KEY},
        private | {Attr.CLASS: ObjectClass.PRIVATE_KEY},
    )


def secret(key_type: int, value: bytes) -> Key:
    return keys.load({Attr.CLASS: ObjectClass.SECRET_KEY, Attr.KEY_TYPE: key_type, Attr.VALUE: value})


@pytest.fixture
def pair() -> Callable[..., tuple[Key, Key]]:
    """``pair(key_type, curve)``: (public, private) keys, ready."""

    def load(key_type: int, curve: str = "") -> tuple[Key, Key]:
        public, private = make_pair(key_type, curve)
        return keys.load(public), keys.load(private)

    return load


@pytest.fixture
def pair_attributes() -> Callable[..., Pair]:
    return make_pair


@pytest.fixture
def secret_key() -> Callable[[int, bytes], Key]:
    return secret
