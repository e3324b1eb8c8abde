"""ML-KEM, ML-DSA and SLH-DSA: keys from seeds, contexts, hedging, encodings, encapsulation."""

from typing import Any

import pytest

from hsmith.crypto import keys
from hsmith.crypto.engine import Wanted
from hsmith.crypto.key import Key
from hsmith.crypto.registry import ENGINES
from hsmith.spec.constants import (
    Attr,
    Fault,
    Hedge,
    KeyType,
    Mechanism,
    MlDsaParameterSet,
    MlKemParameterSet,
    ObjectClass,
    SlhDsaParameterSet,
)
from hsmith.spec.faults import Refused
from hsmith.spec.params import HashSignAdditionalContext, SignAdditionalContext

M = Mechanism
LATTICES = [
    *((KeyType.ML_KEM, each.name) for each in MlKemParameterSet),
    *((KeyType.ML_DSA, each.name) for each in MlDsaParameterSet),
]


def _no_key(handle: int) -> Key:
    raise AssertionError


SECRET = Wanted(ObjectClass.SECRET_KEY, KeyType.GENERIC_SECRET, None, _no_key)


def without(attributes: dict[int, Any], *attrs: int) -> dict[int, Any]:
    return {attr: value for attr, value in attributes.items() if attr not in attrs}


@pytest.mark.parametrize(("key_type", "name"), LATTICES)
def test_a_private_key_is_its_seed_or_its_value(key_type: KeyType, name: str, pair_attributes: Any) -> None:
    public, private = pair_attributes(key_type, name)
    whole = keys.complete(without(private, Attr.VALUE, Attr.PUBLIC_KEY_INFO))
    assert whole[Attr.VALUE] == private[Attr.VALUE]
    assert whole[Attr.PUBLIC_KEY_INFO] == public[Attr.PUBLIC_KEY_INFO]
    expanded = without(private, Attr.SEED, Attr.PUBLIC_KEY_INFO)
    assert keys.complete(expanded) == whole
    assert keys.public_attributes(expanded)[Attr.VALUE] == public[Attr.VALUE]
    with pytest.raises(Refused) as refused:
        keys.complete(without(private, Attr.SEED, Attr.VALUE))
    assert refused.value.fault == Fault.TEMPLATE_INCOMPLETE
    with pytest.raises(Refused) as refused:
        keys.complete(private | {Attr.SEED: bytes(len(private[Attr.SEED]))})
    assert refused.value.fault == Fault.ATTRIBUTE_VALUE_INVALID


@pytest.mark.parametrize(("key_type", "name"), [*LATTICES, (KeyType.SLH_DSA, "SLH_DSA_SHA2_128F")])
def test_private_keys_travel_as_pkcs8(key_type: KeyType, name: str, pair_attributes: Any) -> None:
    _, private = pair_attributes(key_type, name)
    for given in (private, without(private, Attr.SEED)):
        found = keys.decode(ObjectClass.PRIVATE_KEY, key_type, keys.encode(given))
        assert found == {attr: given[attr] for attr in (Attr.PARAMETER_SET, Attr.VALUE, Attr.SEED) if attr in given}


@pytest.mark.parametrize("key_type", [KeyType.ML_KEM, KeyType.ML_DSA, KeyType.SLH_DSA])
def test_other_parameter_sets_and_lengths_are_refused(key_type: KeyType, pair_attributes: Any) -> None:
    for half in pair_attributes(key_type):
        with pytest.raises(Refused) as refused:
            keys.complete(half | {Attr.PARAMETER_SET: 77})
        assert refused.value.fault == Fault.PARAMETER_SET_NOT_SUPPORTED
        with pytest.raises(Refused) as refused:
            keys.complete(without(half, Attr.SEED) | {Attr.VALUE: half[Attr.VALUE][:-1]})
        assert refused.value.fault == Fault.ATTRIBUTE_VALUE_INVALID


@pytest.mark.parametrize("name", [each.name for each in MlKemParameterSet])
def test_both_ends_have_the_same_secret(name: str, pair: Any) -> None:
    public, private = pair(KeyType.ML_KEM, name)
    engine = ENGINES[M.ML_KEM]
    ciphertext, secret = engine.encapsulate(public, None, SECRET)
    assert len(ciphertext) == engine.ciphertext_size(public, None) and len(secret) == 32
    assert engine.decapsulate(private, None, ciphertext, SECRET) == secret
    other = bytes([ciphertext[0] ^ 1]) + ciphertext[1:]
    assert engine.decapsulate(private, None, other, SECRET) != secret  # implicit rejection (FIPS 203)
    with pytest.raises(Refused) as refused:
        engine.decapsulate(private, None, ciphertext[:-1], SECRET)
    assert refused.value.fault == Fault.WRAPPED_KEY_LEN_RANGE


@pytest.mark.parametrize("mechanism", [M.ML_DSA, M.HASH_ML_DSA_SHA256, M.HASH_ML_DSA_SHAKE128])
def test_ml_dsa_hedges_or_not_as_told(mechanism: Mechanism, pair: Any) -> None:
    public, private = pair(KeyType.ML_DSA)
    engine = ENGINES[mechanism]

    def sign(hedge: int) -> bytes:
        return engine.sign(private, SignAdditionalContext(hedge, b"ctx")).once(b"text")

    assert sign(Hedge.DETERMINISTIC_REQUIRED) == sign(Hedge.DETERMINISTIC_REQUIRED)
    assert sign(Hedge.HEDGE_REQUIRED) != sign(Hedge.HEDGE_REQUIRED)
    with pytest.raises(Refused) as refused:
        sign(3)
    assert refused.value.fault == Fault.MECHANISM_PARAM_INVALID
    # "On verification the hedgeVariant parameter is ignored."
    engine.verify(public, SignAdditionalContext(3, b"ctx")).once(b"text", sign(Hedge.HEDGE_PREFERRED))


@pytest.mark.parametrize(
    ("key_type", "mechanism"),
    [
        (KeyType.ML_DSA, M.ML_DSA),
        (KeyType.ML_DSA, M.HASH_ML_DSA_SHA512),
        (KeyType.SLH_DSA, M.SLH_DSA),
        (KeyType.SLH_DSA, M.HASH_SLH_DSA_SHA3_256),
    ],
)
def test_a_signature_belongs_to_its_context(key_type: KeyType, mechanism: Mechanism, pair: Any) -> None:
    public, private = pair(key_type)
    engine = ENGINES[mechanism]
    signature = engine.sign(private, SignAdditionalContext(0, b"a")).once(b"text")
    engine.verify(public, SignAdditionalContext(0, b"a")).once(b"text", signature)
    for params in (None, SignAdditionalContext(0, b"b")):
        with pytest.raises(Refused) as refused:
            engine.verify(public, params).once(b"text", signature)
        assert refused.value.fault == Fault.SIGNATURE_INVALID
    for start, key in ((engine.sign, private), (engine.verify, public)):
        with pytest.raises(Refused) as refused:
            start(key, SignAdditionalContext(0, bytes(256)))
        assert refused.value.fault == Fault.MECHANISM_PARAM_INVALID


def test_a_hash_of_the_caller_signs_as_the_tokens_own(pair: Any) -> None:
    public, private = pair(KeyType.ML_DSA)
    digest = ENGINES[M.SHA3_512].digest(None).once(b"text")
    params = HashSignAdditionalContext(0, b"ctx", M.SHA3_512)
    signature = ENGINES[M.HASH_ML_DSA].sign(private, params).once(digest)
    ENGINES[M.HASH_ML_DSA_SHA3_512].verify(public, SignAdditionalContext(0, b"ctx")).once(b"text", signature)
    with pytest.raises(Refused) as refused:
        ENGINES[M.HASH_ML_DSA].sign(private, params).once(digest[:-1])
    assert refused.value.fault == Fault.DATA_LEN_RANGE
    with pytest.raises(Refused) as refused:
        ENGINES[M.HASH_ML_DSA].sign(private, HashSignAdditionalContext(0, b"", M.MD5))
    assert refused.value.fault == Fault.MECHANISM_PARAM_INVALID


@pytest.mark.parametrize("name", [each.name for each in SlhDsaParameterSet if each.name.endswith("F")])
def test_every_fast_set_of_slh_dsa_signs(name: str, pair: Any) -> None:
    public, private = pair(KeyType.SLH_DSA, name)
    engine = ENGINES[M.SLH_DSA]
    engine.verify(public, None).once(b"text", engine.sign(private, None).once(b"text"))


@pytest.mark.parametrize("number", [each for each in SlhDsaParameterSet if each.name.endswith("S")])
def test_every_small_set_of_slh_dsa_makes_keys(number: SlhDsaParameterSet) -> None:
    public, private = ENGINES[M.SLH_DSA_KEY_PAIR_GEN].generate_pair(None, {Attr.PARAMETER_SET: number}, {})
    assert private[Attr.VALUE].endswith(public[Attr.VALUE])
    loaded = keys.load(public | {Attr.CLASS: ObjectClass.PUBLIC_KEY})
    assert loaded.size == len(public[Attr.VALUE])


def test_slh_dsa_does_not_claim_to_be_deterministic(pair: Any) -> None:
    _, private = pair(KeyType.SLH_DSA)
    with pytest.raises(Refused) as refused:
        ENGINES[M.SLH_DSA].sign(private, SignAdditionalContext(Hedge.DETERMINISTIC_REQUIRED, b""))
    assert refused.value.fault == Fault.MECHANISM_PARAM_INVALID


def test_a_private_slh_dsa_key_must_belong_together(pair_attributes: Any) -> None:
    _, private = pair_attributes(KeyType.SLH_DSA)
    assert keys.complete(private)[Attr.PUBLIC_KEY_INFO] == private[Attr.PUBLIC_KEY_INFO]
    with pytest.raises(Refused) as refused:
        keys.complete(private | {Attr.VALUE: bytes([private[Attr.VALUE][0] ^ 1]) + private[Attr.VALUE][1:]})
    assert refused.value.fault == Fault.ATTRIBUTE_VALUE_INVALID
