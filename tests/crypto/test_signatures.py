"""Signatures and MACs: every row signs and verifies, in one part and in several, and refuses what is wrong."""

from collections.abc import Callable
from typing import Any

import pytest

import mechanism_stock as stock
from hsmith.crypto.hashes import HASHES
from hsmith.crypto.registry import ENGINES
from hsmith.spec.constants import Fault, KeyType, Mechanism, MechanismFlag, Mgf
from hsmith.spec.faults import Refused
from hsmith.spec.mechanisms import MECHANISMS, MechanismRow
from hsmith.spec.params import EddsaParams, HashSignAdditionalContext, RsaPkcsPssParams

#: A one-time password is not made of data: tests/module/test_one_time_passwords.py.
ROWS = [row for row in MECHANISMS.values() if MechanismFlag.SIGN in row.flags and not row.counted]
CURVES = {
    KeyType.EC: ("P-192", "P-224", "P-256", "P-384", "P-521", "secp256k1", "brainpoolP384r1"),
    KeyType.EC_MONTGOMERY: ("X25519",),
    KeyType.EC_EDWARDS: ("Ed25519", "Ed448"),
    KeyType.ML_DSA: ("ML_DSA_44", "ML_DSA_65", "ML_DSA_87"),
    KeyType.SLH_DSA: ("SLH_DSA_SHA2_128F",),
}

pytestmark = pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")


def _name(row: MechanismRow) -> str:
    return row.mechanism.name


def _params(row: MechanismRow) -> Any:
    if RsaPkcsPssParams in row.params:
        name = row.mechanism.name.removesuffix("_RSA_PKCS_PSS")
        hash_alg = next((each.mechanism for each in HASHES.values() if each.name == name), Mechanism.SHA256)
        return RsaPkcsPssParams(hash_alg, Mgf.MGF1_SHA256, 20)
    if HashSignAdditionalContext in row.params:
        return HashSignAdditionalContext(hash=Mechanism.SHA256)
    return stock.PARAMS.get(row.mechanism, 4 if int in row.params else None)


def _data(row: MechanismRow) -> bytes:
    return bytes(range(32))


def _keys(row: MechanismRow, pair: Any, secret_key: Any) -> list[tuple[Any, Any]]:
    key_type = row.key_types[0]
    if key_type in CURVES:
        return [pair(key_type, name) for name in CURVES[key_type]]
    if key_type in (KeyType.RSA, KeyType.DSA):
        return [pair(key_type)]
    return [(secret_key(each, stock.value_for(each)),) * 2 for each in row.key_types]


@pytest.mark.parametrize("row", ROWS, ids=_name)
def test_signs_and_verifies(row: MechanismRow, pair: Any, secret_key: Any) -> None:
    engine, params, data = ENGINES[row.mechanism], _params(row), _data(row)
    for public, private in _keys(row, pair, secret_key):
        signer = engine.sign(private, params)
        signature = signer.once(data)
        assert len(signature) == signer.size
        engine.verify(public, params).once(data, signature)
        parts = engine.verify(public, params)
        parts.update(data[:7])
        parts.update(memoryview(data)[7:])
        parts.finish(signature)
        signer = engine.sign(private, params)
        signer.update(data[:1])
        signer.update(bytearray(data[1:]))
        engine.verify(public, params).once(data, signer.finish())


@pytest.mark.parametrize("row", ROWS, ids=_name)
def test_refuses_other_signatures(row: MechanismRow, pair: Any, secret_key: Any) -> None:
    engine, params, data = ENGINES[row.mechanism], _params(row), _data(row)
    for public, private in _keys(row, pair, secret_key):
        signature = bytearray(engine.sign(private, params).once(data))
        for wrong in (bytes([signature[0] ^ 1]) + signature[1:], signature[:-1] + bytes([signature[-1] ^ 1])):
            with pytest.raises(Refused) as refused:
                engine.verify(public, params).once(data, wrong)
            assert refused.value.fault == Fault.SIGNATURE_INVALID
        for wrong in (b"", signature + b"\0", signature + b"\0\0"):
            with pytest.raises(Refused) as refused:
                engine.verify(public, params).once(data, wrong)
            assert refused.value.fault == Fault.SIGNATURE_LEN_RANGE
        with pytest.raises(Refused) as refused:
            engine.verify(public, params).once(bytes(32), bytes(signature))
        assert refused.value.fault == Fault.SIGNATURE_INVALID


@pytest.mark.parametrize("row", [row for row in ROWS if row.multi_part], ids=_name)
def test_nothing_to_sign_is_a_message_too(row: MechanismRow, pair: Any, secret_key: Any) -> None:
    engine, params = ENGINES[row.mechanism], _params(row)
    public, private = _keys(row, pair, secret_key)[0]
    engine.verify(public, params).finish(engine.sign(private, params).finish())
    engine.verify(public, params).once(b"", engine.sign(private, params).once(b""))


@pytest.mark.parametrize("size", [1, 16, 20, 31, 32, 33, 64, 66, 67, 128, 200])
@pytest.mark.parametrize("curve", ["P-256", "P-521", "P-192"])
def test_ecdsa_takes_a_hash_of_any_length(size: int, curve: str, pair: Any) -> None:
    public, private = pair(KeyType.EC, curve)
    engine = ENGINES[Mechanism.ECDSA]
    data = bytes(range(1, size % 250 + 1)).ljust(size, b"x")
    signature = engine.sign(private, None).once(data)
    engine.verify(public, None).once(data, signature)
    length = (public.size + 7) // 8
    if size > length and public.size % 8 == 0:  # its leftmost bits are what is signed
        engine.verify(public, None).once(data[:length], signature)


def test_ecdsa_signatures_may_be_shorter_than_the_order(pair: Any) -> None:
    public, private = pair(
        KeyType.EC, "P-521"
    )  # its order fills one bit of the first byte: every fourth signature does
    engine = ENGINES[Mechanism.ECDSA]
    signatures = (engine.sign(private, None).once(bytes(64)) for _ in range(200))
    signature = next(each for each in signatures if each[0] == 0 and each[66] == 0)
    engine.verify(public, None).once(bytes(64), signature[1:66] + signature[67:])


def test_ecdsa_of_nothing_is_refused(pair: Any) -> None:
    with pytest.raises(Refused) as refused:
        ENGINES[Mechanism.ECDSA].sign(pair(KeyType.EC)[1], None).once(b"")
    assert refused.value.fault == Fault.DATA_LEN_RANGE


@pytest.mark.parametrize("salt", [0, 20, 32, 100, 222])
def test_pss_takes_every_salt_that_fits_and_any_mgf(salt: int, pair: Any) -> None:
    public, private = pair(KeyType.RSA)
    for mgf in Mgf:
        params = RsaPkcsPssParams(Mechanism.SHA256, mgf, salt)
        engine = ENGINES[Mechanism.SHA256_RSA_PKCS_PSS]
        engine.verify(public, params).once(b"message", engine.sign(private, params).once(b"message"))


PSS_WRONG = [
    RsaPkcsPssParams(Mechanism.SHA256, Mgf.MGF1_SHA256, 223),
    RsaPkcsPssParams(Mechanism.SHA256, Mgf.MGF1_SHA256, 2**63),
    RsaPkcsPssParams(Mechanism.SHA256, 0, 32),
    RsaPkcsPssParams(Mechanism.SHA256, 99, 32),
    RsaPkcsPssParams(Mechanism.SHA512, Mgf.MGF1_SHA256, 32),
    RsaPkcsPssParams(0x9999, Mgf.MGF1_SHA256, 32),
]


@pytest.mark.parametrize("params", PSS_WRONG)
def test_pss_refuses_parameters_that_do_not_fit(params: RsaPkcsPssParams, pair: Any) -> None:
    public, private = pair(KeyType.RSA)
    for start in (
        lambda: ENGINES[Mechanism.SHA256_RSA_PKCS_PSS].sign(private, params),
        lambda: ENGINES[Mechanism.SHA256_RSA_PKCS_PSS].verify(public, params),
    ):
        with pytest.raises(Refused) as refused:
            start()
        assert refused.value.fault == Fault.MECHANISM_PARAM_INVALID


def test_pss_of_a_hash_wants_its_length(pair: Any) -> None:
    params = RsaPkcsPssParams(Mechanism.SHA384, Mgf.MGF1_SHA1, 10)
    with pytest.raises(Refused) as refused:
        ENGINES[Mechanism.RSA_PKCS_PSS].sign(pair(KeyType.RSA)[1], params).once(bytes(32))
    assert refused.value.fault == Fault.DATA_LEN_RANGE


@pytest.mark.parametrize("mechanism", [Mechanism.RSA_PKCS, Mechanism.RSA_X_509])
def test_recovery_gives_the_data_back(mechanism: Mechanism, pair: Any) -> None:
    public, private = pair(KeyType.RSA)
    engine, data = ENGINES[mechanism], b"some data to recover"
    signature = engine.sign_recover(private, None).once(data)
    assert engine.verify_recover(public, None, signature).lstrip(b"\0") == data
    if mechanism == Mechanism.RSA_PKCS:
        with pytest.raises(Refused) as refused:
            engine.verify_recover(public, None, bytes([signature[0] ^ 1]) + signature[1:])
        assert refused.value.fault == Fault.SIGNATURE_INVALID
    with pytest.raises(Refused) as refused:
        engine.verify_recover(public, None, signature[1:])
    assert refused.value.fault == Fault.SIGNATURE_LEN_RANGE


def test_rsa_data_has_its_limits(pair: Any) -> None:
    _, private = pair(KeyType.RSA)
    cases = [
        (Mechanism.RSA_PKCS, bytes(246), Fault.DATA_LEN_RANGE),
        (Mechanism.RSA_X_509, bytes(257), Fault.DATA_LEN_RANGE),
        (Mechanism.RSA_X_509, b"\xff" * 256, Fault.DATA_INVALID),
    ]
    for mechanism, data, fault in cases:
        with pytest.raises(Refused) as refused:
            ENGINES[mechanism].sign(private, None).once(data)
        assert refused.value.fault == fault
    assert len(ENGINES[Mechanism.RSA_PKCS].sign(private, None).once(bytes(245))) == 256


EDDSA_PARAMS = [EddsaParams(False, b"context"), EddsaParams(True), EddsaParams(True, b"c" * 255)]


@pytest.mark.parametrize(
    ("curve", "params"),
    [
        ("Ed25519", None),
        ("Ed448", EddsaParams()),
        *((curve, params) for curve in ("Ed25519", "Ed448") for params in EDDSA_PARAMS),
    ],
)
def test_eddsa_in_its_five_schemes(curve: str, params: EddsaParams | None, pair: Any) -> None:
    public, private = pair(KeyType.EC_EDWARDS, curve)
    engine = ENGINES[Mechanism.EDDSA]
    signature = engine.sign(private, params).once(b"message")
    engine.verify(public, params).once(b"message", signature)
    if params in EDDSA_PARAMS:
        with pytest.raises(Refused) as refused:
            engine.verify(public, None).once(b"message", signature)
        assert refused.value.fault == Fault.SIGNATURE_INVALID
        with pytest.raises(Refused) as refused:
            engine.verify(public, params).once(b"another", signature)
        assert refused.value.fault == Fault.SIGNATURE_INVALID


def test_ed25519ctx_without_a_context_is_not_taken_for_ed25519(pair: Any) -> None:
    public, private = pair(KeyType.EC_EDWARDS, "Ed25519")
    engine = ENGINES[Mechanism.EDDSA]
    for init in (lambda: engine.sign(private, EddsaParams()), lambda: engine.verify(public, EddsaParams())):
        with pytest.raises(Refused) as refused:
            init()
        assert refused.value.fault == Fault.MECHANISM_PARAM_INVALID


def test_eddsa_refuses_a_long_context(pair: Any) -> None:
    with pytest.raises(Refused) as refused:
        ENGINES[Mechanism.EDDSA].sign(pair(KeyType.EC_EDWARDS)[1], EddsaParams(False, bytes(256)))
    assert refused.value.fault == Fault.MECHANISM_PARAM_INVALID


@pytest.mark.parametrize("length", [0, 33, 2**40])
def test_a_general_mac_is_1_byte_to_all_of_it(length: int, secret_key: Callable[[int, bytes], Any]) -> None:
    key = secret_key(KeyType.GENERIC_SECRET, b"key")
    with pytest.raises(Refused) as refused:
        ENGINES[Mechanism.SHA256_HMAC_GENERAL].sign(key, length)
    assert refused.value.fault == Fault.MECHANISM_PARAM_INVALID
    whole = ENGINES[Mechanism.SHA256_HMAC].sign(key, None).once(b"data")
    assert ENGINES[Mechanism.SHA256_HMAC_GENERAL].sign(key, 5).once(b"data") == whole[:5]
