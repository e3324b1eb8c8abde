"""Ciphers: every row decrypts what it encrypts, in parts of any size, and tells its sizes exactly."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mechanism_stock as stock
from hsmith.crypto.engine import Stream
from hsmith.crypto.keys import Key
from hsmith.crypto.registry import ENGINES
from hsmith.spec.constants import DataSource, Fault, KeyType, Mechanism, MechanismFlag, Mgf, ObjectClass
from hsmith.spec.faults import Refused
from hsmith.spec.mechanisms import MECHANISMS
from hsmith.spec.params import AesCtrParams, CcmParams, GcmParams, RsaPkcsOaepParams

M = Mechanism
AES = Key(ObjectClass.SECRET_KEY, KeyType.AES, 32, bytes(range(32)))
DES = Key(ObjectClass.SECRET_KEY, KeyType.DES3, 24, bytes(range(24)))


def _plain(mechanism: Mechanism, key_type: KeyType, multiple: int = 1) -> tuple[Mechanism, Key, Any, int]:
    value = stock.value_for(key_type)
    key = Key(ObjectClass.SECRET_KEY, key_type, len(value), value)
    return mechanism, key, lambda n: stock.PARAMS.get(mechanism), multiple


#: (mechanism, key, parameter for data of a length, what the length must be a multiple of; 0: at least 16)
STREAMS: list[tuple[Mechanism, Key, Any, int]] = [
    (M.AES_ECB, AES, lambda n: None, 16),
    (M.AES_CBC, AES, lambda n: bytes(16), 16),
    (M.AES_CBC_PAD, AES, lambda n: bytes(16), 1),
    (M.AES_CTR, AES, lambda n: AesCtrParams(128, bytes(15) + b"\1"), 1),
    (M.AES_GCM, AES, lambda n: GcmParams(bytes(12), 96, b"aad", 128), 1),
    (M.AES_GCM, AES, lambda n: GcmParams(bytes(5), 40, b"", 96), 1),
    (M.AES_CCM, AES, lambda n: CcmParams(n, bytes(12), b"aad", 8), 1),
    (M.DES3_ECB, DES, lambda n: None, 8),
    (M.DES3_CBC, DES, lambda n: bytes(8), 8),
    (M.DES3_CBC_PAD, DES, lambda n: bytes(8), 1),
    *(_plain(each, KeyType.AES) for each in (M.AES_OFB, M.AES_CFB8, M.AES_CFB64, M.AES_CFB128)),
    *(_plain(each, KeyType.DES3) for each in (M.DES_OFB64, M.DES_OFB8, M.DES_CFB64, M.DES_CFB8)),
    _plain(M.DES_ECB, KeyType.DES, 8),
    _plain(M.DES_CBC, KeyType.DES, 8),
    _plain(M.DES_CBC_PAD, KeyType.DES),
    _plain(M.AES_CTS, KeyType.AES, 0),
    _plain(M.AES_XTS, KeyType.AES_XTS, 0),
    _plain(M.CAMELLIA_ECB, KeyType.CAMELLIA, 16),
    _plain(M.CAMELLIA_CBC, KeyType.CAMELLIA, 16),
    _plain(M.CAMELLIA_CBC_PAD, KeyType.CAMELLIA),
    _plain(M.SEED_ECB, KeyType.SEED, 16),
    _plain(M.SEED_CBC, KeyType.SEED, 16),
    _plain(M.SEED_CBC_PAD, KeyType.SEED),
    _plain(M.BLOWFISH_CBC, KeyType.BLOWFISH, 8),
    _plain(M.BLOWFISH_CBC_PAD, KeyType.BLOWFISH),
    *(_plain(Mechanism[f"{each}_ECB"], KeyType[each], 8) for each in ("CAST5", "IDEA")),
    *(_plain(Mechanism[f"{each}_CBC"], KeyType[each], 8) for each in ("CAST5", "IDEA")),
    *(_plain(Mechanism[f"{each}_CBC_PAD"], KeyType[each]) for each in ("CAST5", "IDEA")),
    _plain(M.RC2_ECB, KeyType.RC2, 8),
    _plain(M.RC2_CBC, KeyType.RC2, 8),
    _plain(M.RC2_CBC_PAD, KeyType.RC2),
    _plain(M.RC4, KeyType.RC4),
    _plain(M.AES_CFB1, KeyType.AES),
    _plain(M.TWOFISH_CBC, KeyType.TWOFISH, 16),
    _plain(M.TWOFISH_CBC_PAD, KeyType.TWOFISH),
    _plain(M.CHACHA20, KeyType.CHACHA20),
    _plain(M.CHACHA20_POLY1305, KeyType.CHACHA20),
    _plain(M.SALSA20, KeyType.SALSA20),
]


def run(stream: Stream, data: bytes, cuts: list[int]) -> bytes:
    """All of the data through a stream, cut at ``cuts``; its promises about sizes are held against it."""
    result, start = b"", 0
    for end in [*sorted(min(cut, len(data)) for cut in cuts), len(data)]:
        promised = stream.update_size(end - start)
        part = stream.update(data[start:end])
        assert len(part) == promised
        result, start = result + part, end
    bound = stream.finish_size()
    last = stream.finish()
    assert len(last) <= bound
    return result + last


@pytest.mark.parametrize("case", STREAMS, ids=lambda case: case[0].name)
@settings(max_examples=60, deadline=None)
@given(data=st.binary(max_size=200), cuts=st.lists(st.integers(0, 220), max_size=6))
def test_parts_and_whole_agree(case: tuple[Mechanism, Key, Any, int], data: bytes, cuts: list[int]) -> None:
    mechanism, key, params_for, multiple = case
    data = data[: len(data) // multiple * multiple] if multiple else data.ljust(16, b"x")
    engine, params = ENGINES[mechanism], params_for(len(data))
    bound = engine.encrypt(key, params).once_size(len(data))
    whole = engine.encrypt(key, params).once(data)
    assert len(whole) == bound
    assert run(engine.encrypt(key, params), data, cuts) == whole
    assert len(data) <= engine.decrypt(key, params).once_size(len(whole))
    assert engine.decrypt(key, params).once(whole) == data
    assert run(engine.decrypt(key, params), whole, cuts) == data


def test_every_row_that_encrypts_is_tested_here() -> None:
    rows = {row.mechanism for row in MECHANISMS.values() if MechanismFlag.ENCRYPT in row.flags}
    elsewhere = {M.RSA_PKCS, M.RSA_X_509, M.RSA_PKCS_OAEP, M.RSA_PKCS_OAEP_TPM_1_1}
    wraps = {row for row in rows if row.name.startswith("AES_KEY_WRAP")}
    assert rows == {case[0] for case in STREAMS} | elsewhere | wraps


@pytest.mark.parametrize("mechanism", [M.AES_ECB, M.AES_CBC, M.DES3_CBC])
def test_part_of_a_block_is_refused(mechanism: Mechanism) -> None:
    key, iv = (AES, bytes(16)) if mechanism != M.DES3_CBC else (DES, bytes(8))
    engine, params = ENGINES[mechanism], None if mechanism == M.AES_ECB else iv
    for stream, fault in (
        (engine.encrypt(key, params), Fault.DATA_LEN_RANGE),
        (engine.decrypt(key, params), Fault.ENCRYPTED_DATA_LEN_RANGE),
    ):
        with pytest.raises(Refused) as refused:
            stream.once(bytes(17))
        assert refused.value.fault == fault


@pytest.mark.parametrize("iv", [b"", bytes(15), bytes(17)])
def test_an_iv_is_one_block(iv: bytes) -> None:
    for mechanism in (M.AES_CBC, M.AES_CBC_PAD, M.DES3_CBC):
        with pytest.raises(Refused) as refused:
            ENGINES[mechanism].encrypt(DES if mechanism == M.DES3_CBC else AES, iv)
        assert refused.value.fault == Fault.MECHANISM_PARAM_INVALID


def test_padding_that_is_wrong_is_one_fault() -> None:
    engine, iv = ENGINES[M.AES_CBC_PAD], bytes(16)
    raw = ENGINES[M.AES_CBC]
    for block in (bytes(16), b"\x11" * 16, bytes(15) + b"\x02", bytes(14) + b"\x03\x02"):
        with pytest.raises(Refused) as refused:
            engine.decrypt(AES, iv).once(raw.encrypt(AES, iv).once(block))
        assert refused.value.fault == Fault.ENCRYPTED_DATA_INVALID
    for length in (0, 1, 15, 17):
        with pytest.raises(Refused) as refused:
            engine.decrypt(AES, iv).once(bytes(length))
        assert refused.value.fault == Fault.ENCRYPTED_DATA_LEN_RANGE


@pytest.mark.parametrize(("bits", "counter", "blocks"), [(2, 1, 3), (1, 0, 2), (8, 255, 1), (128, 2**128 - 1, 1)])
def test_a_counter_may_not_overflow_its_bits(bits: int, counter: int, blocks: int) -> None:
    engine, params = ENGINES[M.AES_CTR], AesCtrParams(bits, counter.to_bytes(16, "big"))
    assert len(engine.encrypt(AES, params).once(bytes(16 * blocks))) == 16 * blocks
    with pytest.raises(Refused) as refused:
        engine.encrypt(AES, params).once(bytes(16 * blocks + 1))
    assert refused.value.fault == Fault.DATA_LEN_RANGE


@pytest.mark.parametrize("bits", [0, 129, 2**63])
def test_counter_bits_have_a_range(bits: int) -> None:
    with pytest.raises(Refused) as refused:
        ENGINES[M.AES_CTR].encrypt(AES, AesCtrParams(bits, bytes(16)))
    assert refused.value.fault == Fault.MECHANISM_PARAM_INVALID


@pytest.mark.parametrize("size", [1, 7, 8, 12, 16, 128, 129, 300])
@pytest.mark.parametrize("tag", [32, 64, 96, 104, 112, 120, 128])
def test_gcm_with_any_iv_and_tag(size: int, tag: int) -> None:
    engine, params = ENGINES[M.AES_GCM], GcmParams(bytes(range(size % 256)) or b"\0", 0, b"header", tag)
    sealed = engine.encrypt(AES, params).once(b"plaintext")
    assert len(sealed) == 9 + tag // 8
    assert engine.decrypt(AES, params).once(sealed) == b"plaintext"
    for wrong in (sealed[:-1] + bytes([sealed[-1] ^ 1]), bytes([sealed[0] ^ 1]) + sealed[1:]):
        stream = engine.decrypt(AES, params)
        assert stream.update(wrong) == b""
        with pytest.raises(Refused) as refused:
            stream.finish()
        assert refused.value.fault == Fault.ENCRYPTED_DATA_INVALID
    with pytest.raises(Refused) as refused:
        engine.decrypt(AES, params).once(sealed[: tag // 8 - 1])
    assert refused.value.fault == Fault.ENCRYPTED_DATA_LEN_RANGE


GCM_WRONG = [GcmParams(b"", 0, b"", 128), GcmParams(bytes(12), 96, b"", 0), GcmParams(bytes(12), 96, b"", 129)]
CCM_WRONG = [
    CcmParams(5, bytes(6), b"", 8), CcmParams(5, bytes(14), b"", 8), CcmParams(5, bytes(12), b"", 5),
    CcmParams(5, bytes(12), b"", 0), CcmParams(1 << 16, bytes(13), b"", 8),
]  # fmt: skip


@pytest.mark.parametrize("params", [*GCM_WRONG, *CCM_WRONG])
def test_aead_parameters_are_checked_at_once(params: Any) -> None:
    engine = ENGINES[M.AES_GCM if isinstance(params, GcmParams) else M.AES_CCM]
    for start in (engine.encrypt, engine.decrypt):
        with pytest.raises(Refused) as refused:
            start(AES, params)
        assert refused.value.fault == Fault.MECHANISM_PARAM_INVALID


def test_ccm_wants_as_much_as_was_announced() -> None:
    engine, params = ENGINES[M.AES_CCM], CcmParams(10, bytes(12), b"", 8)
    with pytest.raises(Refused) as refused:
        engine.encrypt(AES, params).once(bytes(9))
    assert refused.value.fault == Fault.DATA_LEN_RANGE
    with pytest.raises(Refused) as refused:
        engine.decrypt(AES, params).once(bytes(17))
    assert refused.value.fault == Fault.ENCRYPTED_DATA_LEN_RANGE


HASHES = [M.SHA_1, M.SHA224, M.SHA256, M.SHA384, M.SHA512, M.SHA3_224, M.SHA3_256, M.SHA3_512]


@pytest.mark.parametrize("hash_alg", HASHES)
@pytest.mark.parametrize("mgf", [Mgf.MGF1_SHA1, Mgf.MGF1_SHA256, Mgf.MGF1_SHA512, Mgf.MGF1_SHA3_256])
@pytest.mark.parametrize("label", [b"", b"a label"])
def test_oaep_with_any_pair_of_hashes(hash_alg: Mechanism, mgf: Mgf, label: bytes, pair: Any) -> None:
    public, private = pair(KeyType.RSA)
    engine, params = ENGINES[M.RSA_PKCS_OAEP], RsaPkcsOaepParams(hash_alg, mgf, DataSource.DATA_SPECIFIED, label)
    sealed = engine.encrypt(public, params).once(b"secret")
    assert engine.decrypt(private, params).once(sealed) == b"secret"
    other = RsaPkcsOaepParams(hash_alg, mgf, DataSource.DATA_SPECIFIED, b"another label")
    with pytest.raises(Refused) as refused:
        engine.decrypt(private, other).once(sealed)
    assert refused.value.fault == Fault.ENCRYPTED_DATA_INVALID


@pytest.mark.parametrize(
    "params",
    [
        RsaPkcsOaepParams(0, Mgf.MGF1_SHA1, 1),
        RsaPkcsOaepParams(M.SHA512_224, Mgf.MGF1_SHA1, 1),
        RsaPkcsOaepParams(M.SHA_1, 0, 1),
        RsaPkcsOaepParams(M.SHA_1, Mgf.MGF1_SHA1, 2),
        RsaPkcsOaepParams(M.SHA_1, Mgf.MGF1_SHA1, 0, b"label"),
    ],
)
def test_oaep_parameters_are_checked(params: RsaPkcsOaepParams, pair: Any) -> None:
    with pytest.raises(Refused) as refused:
        ENGINES[M.RSA_PKCS_OAEP].encrypt(pair(KeyType.RSA)[0], params)
    assert refused.value.fault == Fault.MECHANISM_PARAM_INVALID


@pytest.mark.parametrize("mechanism", [M.RSA_PKCS, M.RSA_X_509])
def test_rsa_encrypts_and_decrypts(mechanism: Mechanism, pair: Any) -> None:
    public, private = pair(KeyType.RSA)
    engine = ENGINES[mechanism]
    sealed = engine.encrypt(public, None).once(b"secret")
    assert len(sealed) == engine.encrypt(public, None).once_size(6) == 256
    opened = engine.decrypt(private, None).once(sealed)
    assert opened == (b"secret" if mechanism == M.RSA_PKCS else b"secret".rjust(256, b"\0"))
    for wrong in (sealed[1:], sealed + b"\0", b""):
        with pytest.raises(Refused) as refused:
            engine.decrypt(private, None).once(wrong)
        assert refused.value.fault == Fault.ENCRYPTED_DATA_LEN_RANGE
    with pytest.raises(Refused) as refused:
        engine.decrypt(private, None).once(b"\xff" * 256)
    assert refused.value.fault == Fault.ENCRYPTED_DATA_INVALID


def test_rsa_v15_never_tells_of_bad_padding(pair: Any) -> None:
    _, private = pair(KeyType.RSA)
    raw = ENGINES[M.RSA_X_509]
    for number in range(2, 30):
        block = number.to_bytes(256, "big")
        sealed = raw.encrypt(pair(KeyType.RSA)[0], None).once(block)
        first = ENGINES[M.RSA_PKCS].decrypt(private, None).once(sealed)
        assert first == ENGINES[M.RSA_PKCS].decrypt(private, None).once(sealed)  # the same each time
