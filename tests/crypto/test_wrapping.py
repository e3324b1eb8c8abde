"""Wrapping: every row unwraps what it wraps, cuts to the length that is due, and refuses what was changed."""

from typing import Any

import pytest

import mechanism_stock as stock
from hsmith.crypto import keys
from hsmith.crypto.keys import Key
from hsmith.crypto.registry import ENGINES
from hsmith.spec.constants import (
    Attr,
    DataSource,
    Fault,
    IvGenerator,
    KeyType,
    Mechanism,
    MechanismFlag,
    Mgf,
    ObjectClass,
)
from hsmith.spec.faults import Refused
from hsmith.spec.mechanisms import MECHANISMS, MechanismRow
from hsmith.spec.params import (
    CcmWrapParams,
    GcmWrapParams,
    RsaAesKeyWrapParams,
    RsaPkcsOaepParams,
)

M = Mechanism
ROWS = [row for row in MECHANISMS.values() if MechanismFlag.WRAP in row.flags]
OAEP = RsaPkcsOaepParams(M.SHA256, Mgf.MGF1_SHA256, DataSource.DATA_SPECIFIED, b"")
PARAMS: dict[int, Any] = stock.PARAMS | {
    M.RSA_PKCS_OAEP: OAEP,
    M.RSA_AES_KEY_WRAP: RsaAesKeyWrapParams(256, OAEP),
}
#: Their output is as long as their input, whatever that is.
STREAMING = {M.AES_CTR, M.AES_OFB, M.AES_CFB8, M.AES_CFB64, M.AES_CFB128, M.CHACHA20, M.SALSA20}
#: These notice any change, by themselves.
AUTHENTIC = {M.AES_GCM, M.AES_CCM, M.RSA_PKCS_OAEP, M.RSA_AES_KEY_WRAP, M.ECDH_X_AES_KEY_WRAP} | {
    row.mechanism for row in ROWS if row.mechanism.name.startswith("AES_KEY_WRAP")
}


def _name(row: MechanismRow) -> str:
    return row.mechanism.name


@pytest.fixture
def wrapping(pair: Any, secret_key: Any) -> Any:
    """``wrapping(row)``: (key that wraps, key that unwraps)."""

    def keys_for(row: MechanismRow) -> tuple[Key, Key]:
        if row.key_types[0] in (KeyType.RSA, KeyType.EC, KeyType.EC_MONTGOMERY):
            return pair(row.key_types[0])  # type: ignore[no-any-return]
        key = secret_key(row.key_types[0], stock.value_for(row.key_types[0]))
        return key, key

    return keys_for


@pytest.mark.parametrize("row", ROWS, ids=_name)
@pytest.mark.parametrize("length", [16, 20, 24, 32, 100])
def test_a_secret_comes_back(row: MechanismRow, length: int, wrapping: Any) -> None:
    wrapper, unwrapper = wrapping(row)
    engine, params, material = ENGINES[row.mechanism], PARAMS.get(row.mechanism), bytes(range(1, length + 1))
    wrapped = engine.wrap(wrapper, params, material)
    assert engine.unwrap(unwrapper, params, wrapped, length) == material
    assert engine.unwrap(unwrapper, params, memoryview(wrapped), length) == material


@pytest.mark.parametrize("row", [row for row in ROWS if ObjectClass.PRIVATE_KEY in row.wraps], ids=_name)
def test_a_private_key_comes_back(row: MechanismRow, wrapping: Any, pair_attributes: Any) -> None:
    wrapper, unwrapper = wrapping(row)
    engine, params = ENGINES[row.mechanism], PARAMS.get(row.mechanism)
    for key_type in (KeyType.RSA, KeyType.EC, KeyType.EC_EDWARDS):
        private = pair_attributes(key_type)[1]
        encoded = engine.unwrap(unwrapper, params, engine.wrap(wrapper, params, keys.encode(private)))
        decoded = keys.decode(ObjectClass.PRIVATE_KEY, key_type, encoded)
        assert all(private[attr] == value for attr, value in decoded.items())


@pytest.mark.parametrize("row", [row for row in ROWS if row.mechanism in AUTHENTIC], ids=_name)
def test_what_was_changed_does_not_unwrap(row: MechanismRow, wrapping: Any) -> None:
    wrapper, unwrapper = wrapping(row)
    engine, params = ENGINES[row.mechanism], PARAMS.get(row.mechanism)
    wrapped = engine.wrap(wrapper, params, bytes(range(24)))
    for position in (0, len(wrapped) // 2, len(wrapped) - 1):
        changed = wrapped[:position] + bytes([wrapped[position] ^ 1]) + wrapped[position + 1 :]
        with pytest.raises(Refused) as refused:
            engine.unwrap(unwrapper, params, changed, 24)
        assert refused.value.fault == Fault.WRAPPED_KEY_INVALID


@pytest.mark.parametrize("row", [row for row in ROWS if row.mechanism not in STREAMING], ids=_name)
def test_a_wrapped_key_of_a_wrong_length_is_refused(row: MechanismRow, wrapping: Any) -> None:
    _, unwrapper = wrapping(row)
    for length in (0, 3):
        with pytest.raises(Refused) as refused:
            ENGINES[row.mechanism].unwrap(unwrapper, PARAMS.get(row.mechanism), bytes(length), 16)
        # Of these nothing is known to be there, not even the length of the point.
        points = row.mechanism in (M.ECDH_AES_KEY_WRAP, M.ECDH_COF_AES_KEY_WRAP)
        assert refused.value.fault == (Fault.WRAPPED_KEY_INVALID if points else Fault.WRAPPED_KEY_LEN_RANGE)


def test_v15_goes_on_with_a_random_key(pair: Any) -> None:
    public, private = pair(KeyType.RSA)
    engine = ENGINES[M.RSA_PKCS]
    wrapped = engine.wrap(public, None, bytes(range(32)))
    assert engine.unwrap(private, None, wrapped, 32) == bytes(range(32))
    bad = ENGINES[M.RSA_X_509].encrypt(public, None).once(b"\x17" * 100)
    first, second = (engine.unwrap(private, None, bad, 32) for _ in range(2))
    assert len(first) == len(second) == 32
    other = engine.unwrap(private, None, wrapped, 16)
    assert len(other) == 16 and other != bytes(range(16))


def test_raw_rsa_takes_the_end_of_the_text(pair: Any) -> None:
    public, private = pair(KeyType.RSA)
    wrapped = ENGINES[M.RSA_X_509].wrap(public, None, b"\0\0key value 16 by")
    assert ENGINES[M.RSA_X_509].unwrap(private, None, wrapped, 17) == b"\0\0key value 16 by"
    assert len(ENGINES[M.RSA_X_509].unwrap(private, None, wrapped)) == 256
    with pytest.raises(Refused) as refused:
        ENGINES[M.RSA_X_509].unwrap(private, None, wrapped, 257)
    assert refused.value.fault == Fault.WRAPPED_KEY_INVALID


def test_a_key_that_does_not_fit_is_refused(pair: Any) -> None:
    public, _ = pair(KeyType.RSA)
    for mechanism, params, length in (
        (M.RSA_PKCS, None, 246), (M.RSA_PKCS_OAEP, OAEP, 191), (M.RSA_X_509, None, 257),
    ):  # fmt: skip
        with pytest.raises(Refused) as refused:
            ENGINES[mechanism].wrap(public, params, b"\1" * length)
        assert refused.value.fault == Fault.KEY_SIZE_RANGE


def test_key_wrap_takes_a_length_near_that_of_the_text(secret_key: Any) -> None:
    key, engine = secret_key(KeyType.AES, bytes(16)), ENGINES[M.AES_KEY_WRAP]
    wrapped = engine.wrap(key, None, bytes(range(20)))
    assert engine.unwrap(key, None, wrapped, 20) == bytes(range(20))
    assert len(engine.unwrap(key, None, wrapped)) == 24
    for length, fault in ((16, Fault.WRAPPED_KEY_INVALID), (25, Fault.WRAPPED_KEY_LEN_RANGE)):
        with pytest.raises(Refused) as refused:
            engine.unwrap(key, None, wrapped, length)
        assert refused.value.fault == fault


@pytest.mark.parametrize("mechanism", [M.AES_KEY_WRAP, M.AES_KEY_WRAP_KWP, M.AES_KEY_WRAP_PAD, M.AES_KEY_WRAP_PKCS7])
def test_key_wrap_as_a_cipher(mechanism: Mechanism, secret_key: Any) -> None:
    key, engine = secret_key(KeyType.AES, bytes(32)), ENGINES[mechanism]
    for length in (16, 24, 64) if mechanism == M.AES_KEY_WRAP else (9, 16, 33):
        data = bytes(range(length))
        stream = engine.encrypt(key, None)
        sealed = stream.once(data)
        assert len(sealed) <= stream.once_size(length)
        assert engine.decrypt(key, None).once(sealed) == data
    if mechanism == M.AES_KEY_WRAP:
        with pytest.raises(Refused) as refused:
            engine.encrypt(key, None).once(bytes(17))
        assert refused.value.fault == Fault.DATA_LEN_RANGE
    with pytest.raises(Refused) as refused:
        engine.decrypt(key, None).once(bytes(24))
    assert refused.value.fault == Fault.ENCRYPTED_DATA_INVALID
    with pytest.raises(Refused) as refused:
        engine.decrypt(key, None).once(bytes(25))
    assert refused.value.fault == Fault.ENCRYPTED_DATA_LEN_RANGE


def test_key_wrap_has_its_default_initial_value_only(secret_key: Any) -> None:
    key = secret_key(KeyType.AES, bytes(16))
    engine = ENGINES[M.AES_KEY_WRAP]
    assert engine.wrap(key, b"\xa6" * 8, bytes(16)) == engine.wrap(key, None, bytes(16))
    with pytest.raises(Refused) as refused:
        engine.wrap(key, bytes(8), bytes(16))
    assert refused.value.fault == Fault.MECHANISM_PARAM_INVALID


def test_an_iv_is_generated_where_it_is_asked_for(secret_key: Any) -> None:
    key = secret_key(KeyType.AES, bytes(16))
    gcm = GcmWrapParams(b"\xff" * 12, 32, IvGenerator.GENERATE, b"", 128)
    wrapped = ENGINES[M.AES_GCM].wrap(key, gcm, bytes(range(16)))
    assert gcm.iv[:4] == b"\xff" * 4 and gcm.iv[4:] != b"\xff" * 8 and len(gcm.iv) == 12
    assert ENGINES[M.AES_GCM].unwrap(key, gcm, wrapped) == bytes(range(16))
    ccm = CcmWrapParams(0, bytes(12), 0, IvGenerator.GENERATE_RANDOM, b"", 16)
    wrapped = ENGINES[M.AES_CCM].wrap(key, ccm, bytes(range(16)))
    assert ccm.nonce != bytes(12)
    assert ENGINES[M.AES_CCM].unwrap(key, ccm, wrapped) == bytes(range(16))
    for wrong in (
        GcmWrapParams(bytes(12), 96, IvGenerator.GENERATE, b"", 128),
        GcmWrapParams(bytes(12), 2**40, IvGenerator.GENERATE, b"", 128),
        GcmWrapParams(bytes(12), 0, IvGenerator.GENERATE_COUNTER, b"", 128),
        GcmWrapParams(bytes(12), 0, 99, b"", 128),
    ):
        with pytest.raises(Refused) as refused:
            ENGINES[M.AES_GCM].wrap(key, wrong, bytes(16))
        assert refused.value.fault == Fault.MECHANISM_PARAM_INVALID


@pytest.mark.parametrize("params", [RsaAesKeyWrapParams(127, OAEP), RsaAesKeyWrapParams(256, None)])
def test_rsa_aes_key_wrap_checks_its_parameters(params: RsaAesKeyWrapParams, pair: Any) -> None:
    with pytest.raises(Refused) as refused:
        ENGINES[M.RSA_AES_KEY_WRAP].wrap(pair(KeyType.RSA)[0], params, bytes(16))
    assert refused.value.fault == Fault.MECHANISM_PARAM_INVALID


def test_what_rsa_gave_is_a_key_whatever_it_is() -> None:
    """Of each length that no key of the type has comes a new key; what may be one stays."""
    for key_type, lengths in (
        (KeyType.AES, (16, 24, 32)),
        (KeyType.DES3, (24,)),
        (KeyType.GENERIC_SECRET, range(1, 50)),
    ):
        for length in range(50):
            value = bytes(length)
            given = keys.implicitly(key_type, value)
            assert (given == value) is (length in lengths)
            assert keys.decode(ObjectClass.SECRET_KEY, key_type, given)[Attr.VALUE] == given
