"""The mechanism table against the engines: what a row promises an engine overrides, and nothing else."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from hsmith.crypto.engine import Engine
from hsmith.crypto.messages import FORMS
from hsmith.crypto.registry import ENGINES
from hsmith.spec import params
from hsmith.spec.constants import KeyType, Mechanism, MechanismFlag, ObjectClass
from hsmith.spec.mechanisms import MECHANISMS, Grade, MechanismRow

ROWS = list(MECHANISMS.values())
F = MechanismFlag

#: The methods that a flag stands for.
METHODS = {
    F.DIGEST: "digest",
    F.ENCRYPT: "encrypt",
    F.DECRYPT: "decrypt",
    F.SIGN: "sign",
    F.VERIFY: "verify",
    F.SIGN_RECOVER: "sign_recover",
    F.VERIFY_RECOVER: "verify_recover",
    F.GENERATE: "generate",
    F.GENERATE_KEY_PAIR: "generate_pair",
    F.WRAP: "wrap",
    F.UNWRAP: "unwrap",
    F.DERIVE: "derive",
    F.ENCAPSULATE: "encapsulate",
    F.DECAPSULATE: "decapsulate",
}
#: What these offer, the message functions make of the methods above.
MESSAGE_FLAGS = F.MESSAGE_ENCRYPT | F.MESSAGE_DECRYPT | F.MESSAGE_SIGN | F.MESSAGE_VERIFY | F.MULTI_MESSAGE
#: Sign and verify data, and no messages: what is old or broken, BLAKE2b, XEdDSA and TLS, which nobody asks messages of,
#: what signs a hash, MACs whose key or IV is for one of them, one-time passwords.
WITHOUT_MESSAGES = re.compile(
    "BLAKE2B_|DES_MAC|SSL3_|POLY1305|HOTP|CAST5_|IDEA_|RC2_|MD2_|RIPEMD160_|XEDDSA|AES_GMAC|TLS(12)?_MAC|HASH_ML_DSA$"
)
MESSAGES = F.MESSAGE_ENCRYPT | F.MESSAGE_DECRYPT | F.MESSAGE_SIGN | F.MESSAGE_VERIFY
CURVE_FLAGS = F.EC_F_P | F.EC_OID | F.EC_CURVENAME | F.EC_UNCOMPRESS
CURVE_TYPES = {KeyType.EC, KeyType.EC_EDWARDS, KeyType.EC_MONTGOMERY}


def _name(row: MechanismRow) -> str:
    return row.mechanism.name


def test_rows_and_engines_are_the_same_mechanisms() -> None:
    assert set(MECHANISMS) == set(ENGINES)


@pytest.mark.parametrize("row", ROWS, ids=_name)
def test_a_row_offers_what_its_engine_does(row: MechanismRow) -> None:
    engine = type(ENGINES[row.mechanism])
    offered = {flag for flag, method in METHODS.items() if getattr(engine, method) is not getattr(Engine, method)}
    assert engine.derive_all is Engine.derive_all or engine.derive is not Engine.derive
    assert {flag for flag in METHODS if flag in row.flags} == offered


@pytest.mark.parametrize("row", ROWS, ids=_name)
def test_a_row_has_no_other_flags_than_operations_messages_and_curves(row: MechanismRow) -> None:
    operations = F(0)
    for flag in METHODS:
        operations |= flag & row.flags
    curves = CURVE_FLAGS if CURVE_TYPES & set(row.key_types) else F(0)
    assert row.flags & ~MESSAGE_FLAGS == operations | curves


@pytest.mark.parametrize("row", ROWS, ids=_name)
def test_messages_are_signed_by_what_signs_and_encrypted_by_what_has_a_form_for_them(row: MechanismRow) -> None:
    forms = set(FORMS) & set(row.params)
    expected = (F.MESSAGE_ENCRYPT | F.MESSAGE_DECRYPT) if forms else F(0)
    if not WITHOUT_MESSAGES.match(row.mechanism.name):
        expected |= F.MESSAGE_SIGN if F.SIGN in row.flags else F(0)
        expected |= F.MESSAGE_VERIFY if F.VERIFY in row.flags else F(0)
    assert row.flags & MESSAGES == expected
    assert (F.MULTI_MESSAGE in row.flags) is (bool(expected) and row.multi_part)


@pytest.mark.parametrize("row", ROWS, ids=_name)
def test_sizes_and_parameters_are_well_formed(row: MechanismRow) -> None:
    assert 0 <= row.minimum <= row.maximum
    assert row.params
    known = {each for each in vars(params).values() if isinstance(each, type)}
    assert all(shape is None or shape in (bytes, int) or shape in known for shape in row.params)


@pytest.mark.parametrize("row", ROWS, ids=_name)
def test_only_digests_are_without_keys(row: MechanismRow) -> None:
    assert bool(row.key_types) is (row.flags != F.DIGEST)


def test_the_grades_of_what_is_broken() -> None:
    broken = {row.mechanism.name for row in ROWS if row.grade is Grade.BROKEN}
    single_des = {name for name in (row.mechanism.name for row in ROWS) if re.match("DES_(?!OFB|CFB)", name)}
    assert broken == single_des | {
        name
        for name in (row.mechanism.name for row in ROWS)
        if re.match("MD[25]|RC[24]|PBE_MD|PBE_SHA1_RC[24]|SSL3|WTLS|TLS_(MASTER|KEY_AND|PRF)", name)
    }


#: Single-part operations only, by the tables of the text; wrapping is single-part by nature.
SINGLE_PART = {
    "RSA_PKCS", "RSA_X_509", "RSA_PKCS_OAEP", "RSA_PKCS_OAEP_TPM_1_1", "RSA_PKCS_PSS", "RSA_AES_KEY_WRAP", "ECDSA",
    "DSA", "AES_KEY_WRAP", "AES_KEY_WRAP_PAD", "AES_KEY_WRAP_KWP", "AES_KEY_WRAP_PKCS7", "HASH_ML_DSA",
    "ECDH_AES_KEY_WRAP", "ECDH_COF_AES_KEY_WRAP", "ECDH_X_AES_KEY_WRAP", "XEDDSA",
}  # fmt: skip


def test_single_part_mechanisms_are_those_of_the_text() -> None:
    assert {row.mechanism.name for row in ROWS if not row.multi_part} == SINGLE_PART


#: "This mechanism can wrap and unwrap any secret key": no private ones.
SECRETS_ONLY = {
    "RSA_PKCS", "RSA_X_509", "RSA_PKCS_OAEP", "RSA_PKCS_OAEP_TPM_1_1", "AES_ECB", "AES_CBC", "AES_CTR",
    "DES3_ECB", "DES3_CBC",
    "AES_OFB", "AES_CFB1", "TWOFISH_CBC", "AES_CFB8", "AES_CFB64", "AES_CFB128", "AES_CTS",
    "CAMELLIA_ECB", "CAMELLIA_CBC", "SEED_ECB", "SEED_CBC",
    "BLOWFISH_CBC", "CHACHA20", "SALSA20",
}  # fmt: skip


def test_what_wraps_secret_keys_only() -> None:
    found = {row.mechanism.name for row in ROWS if F.WRAP in row.flags and row.wraps == (ObjectClass.SECRET_KEY,)}
    assert found == SECRETS_ONLY


def test_sizes_that_the_text_gives_in_bits() -> None:
    sizes = {name: MECHANISMS[Mechanism[name]] for name in ("RSA_PKCS", "ECDSA", "EDDSA", "AES_GCM")}
    assert [(row.minimum, row.maximum) for row in sizes.values()] == [(1024, 8192), (192, 521), (255, 448), (16, 32)]
    generic = MECHANISMS[Mechanism.GENERIC_SECRET_KEY_GEN]
    assert generic.minimum == 8 and generic.maximum % 8 == 0


def test_the_page_of_the_manual_is_up_to_date() -> None:
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, root / "tools/mechanisms.py", "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
