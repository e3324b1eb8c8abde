"""The OASIS profile test cases, run through the module: the mandatory ones of the four profiles for providers.

The cases come from HSMITH_PROFILES, or lie beside the checkout. Where an answer may differ from what is written, and by
which words of the text: variations.py.
"""

import re

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from profiles import cases, tokens
from profiles.cases import Malformed
from profiles.conftest import TOKENS, Bench
from profiles.scope import Mismatch
from profiles.variations import VARIATIONS


@pytest.mark.parametrize("case", TOKENS)
def test_case(bench: Bench, case: str) -> None:
    bench.run(case, bench.steps(case))


def test_all_cases_are_run(bench: Bench) -> None:
    assert {path.stem for path in bench.folder.glob("*.xml")} == set(TOKENS)


def test_no_variation_is_permitted_in_vain(bench: Bench) -> None:
    varied = [bench.run(case, bench.steps(case)).varied for case in TOKENS]
    assert set().union(*varied) == set(VARIATIONS)


def test_the_case_with_a_signature_is_what_its_new_key_is_put_into(bench: Bench) -> None:
    modulus, data, signature = tokens.of_the_key(cases.steps(bench.text("AUTH-M-1-32"))).bytes_of()
    tokens.verify(rsa.RSAPublicNumbers(65537, int.from_bytes(modulus, "big")).public_key(), signature, data)
    assert data.count(modulus) == 1


# fmt: off
ALTERED = [
    # case, what is written, what it becomes, what the interpreter says of it
    ("BL-M-1-32", '<C_GetInfo rv="OK">', '<C_GetInfo rv="SLOT_ID_INVALID">', "the answer of C_GetInfo has"),
    ("BL-M-1-32", '<C_Finalize rv="OK"/>', '<C_Finalize rv="GENERAL_ERROR"/>', "C_Finalize: .* is CKR_OK"),
    ("BL-M-1-32", 'CryptokiVersion major="3" minor="2"', 'CryptokiVersion major="3" minor="1"', "Info.CryptokiVersion"),
    ("BL-M-1-32", '<Flags value="TOKEN_PRESENT"/>', '<Flags value="TOKEN_PRESENT|HW_SLOT"/>', "SlotInfo.Flags"),
    ("BL-M-1-32", "TC Slot Description ", "TC Slot Description", "SlotInfo.SlotDescription"),
    ("BL-M-1-32", '<label value="token1 ', '<label value="token2 ', "TokenInfo.label is token1 +, the case has token2"),
    ("BL-M-1-32", "RNG|LOGIN_REQUIRED", "LOGIN_REQUIRED", "TokenInfo.Flags"),
    ("BL-M-1-32", "RNG|LOGIN_REQUIRED", "RNG|LOGIN_REQUIRED|WRITE_PROTECTED", "TokenInfo.Flags"),
    ("BL-M-1-32", '<SessionCount value="0"/>', '<SessionCount value="1"/>', "TokenInfo.SessionCount is 0"),
    ("BL-M-1-32", '<MaxSessionCount value="0"/>', '<MaxSessionCount value="7"/>', "TokenInfo.MaxSessionCount is"),
    ("BL-M-1-32", '<MaxPinLen value="255"/>', '<MaxPinLen value="254"/>', "TokenInfo.MaxPinLen is 255"),
    ("BL-M-1-32", "<Object/>", '<Object><Object value="${Object.Object[0]}"/></Object>', "Object has 0 members"),
    ("BL-M-1-32", '"${Session}"', '"4711"', "C_OpenSession: Session is"),
    ("BL-M-1-32", "C_CloseSession", "C_OpenSession", "C_OpenSession: .* has the elements"),
    ("BL-M-1-32", "C_CloseSession", "C_SeedRandom", "does not know the function"),
    ("EXT-M-1-32", '<Type value="SHA512"/>', '<Type value="BATON_KEY_GEN"/>', "MechanismList is"),
    ("EXT-M-1-32", '<Flags value="DIGEST"/>', '<Flags value="DIGEST|SIGN"/>', "MechanismInfo.Flags"),
    ("EXT-M-1-32", '<Flags value="DIGEST"/>', '<Flags value="0"/>', "MechanismInfo.Flags"),
    ("EXT-M-1-32", '<MinKeySize value="0"/>', '<MinKeySize value="8"/>', "MechanismInfo.MinKeySize"),
    ("EXT-M-1-32", '<MaxKeySize value="16384"/>', '<MaxKeySize value="3072"/>', "MechanismInfo.MaxKeySize"),
    ("AUTH-M-1-32", "${Pin}", "wrong", "C_Login: the return value is CKR_PIN_INCORRECT, the case has CKR_OK"),
    ("AUTH-M-1-32", '"USER"', '"SO"', "C_Login: the return value is"),
    ("AUTH-M-1-32", "testrsa-pub", "testrsa-key", "C_FindObjects: Object has 0 members, the case has 1"),
    ("AUTH-M-1-32", '"010001"', '"03"', "PUBLIC_EXPONENT is 010001"),
    ("AUTH-M-1-32", 'type="MODULUS" length="1024"', 'type="MODULUS" length="255"', "CKR_BUFFER_TOO_SMALL"),
    ("AUTH-M-1-32", "SHA256_RSA_PKCS", "SHA384_RSA_PKCS", "Signature is"),
    ("AUTH-M-1-32", '<Signature length="256"/>', '<Signature length="128"/>', "C_Sign: .* CKR_BUFFER_TOO_SMALL"),
    ("CERT-M-1-32", 'type="LABEL" length="22"', 'type="LABEL" length="21"', "LABEL length is 22"),
    ("CERT-M-1-32", "Mozilla Builtin Roots", "Mozilla Builtin Root", "LABEL is"),
    ("CERT-M-1-32", "c48c9292669e0", "c48c9292669e1", "VALUE is"),
    ("CERT-M-1-32", '<Object length="5"/>', '<Object length="4"/>', "Object has 4 members, the case has 5"),
    ("CERT-M-1-32", '[1]}"/>\n    <Template>', '[9]}"/>\n    <Template>', "nothing has given"),
]
# fmt: on


@pytest.mark.parametrize(("case", "old", "new", "words"), ALTERED)
def test_an_altered_case_fails(bench: Bench, case: str, old: str, new: str, words: str) -> None:
    text = bench.text(case)
    assert old in text
    with pytest.raises((Mismatch, Malformed), match=words):
        bench.run(case, bench.steps(case, text.replace(old, new)))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<KMIP><C_Initialize/></KMIP>", "root element is KMIP"),
        ("<PKCS11/>", "with 0 elements"),
        ("<PKCS11><C_Initialize/></PKCS11>", "C_Initialize, has no answer"),
        ('<PKCS11><C_Initialize/><C_Finalize rv="OK"/></PKCS11>', "C_Initialize is not followed by its answer"),
        ('<PKCS11><C_Initialize/><C_Initialize rv="OK" note="1"/></PKCS11>', re.escape("attributes ['note']")),
    ],
)
def test_a_text_that_is_no_case(text: str, words: str) -> None:
    with pytest.raises(Malformed, match=words):
        cases.steps(text)
