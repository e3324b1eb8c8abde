"""HOTP through the module (section "OATH HOTP"), by the passwords that RFC 4226 publishes."""

import ctypes as C
import hashlib
import itertools
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from hsmith.spec.constants import (
    Attr,
    Fault,
    KeyType,
    Mechanism,
    ObjectClass,
    OtpFlag,
    OtpFormat,
    OtpParam,
    OtpRequirement,
)
from hsmith.wire.client import Client
from p11 import P11, Session, c_mechanism, make, refused
from p11_structs import STRUCTS

#: RFC 4226, appendix D: the secret, and the passwords of its first ten counters.
SECRET = b"12345678901234567890"
PASSWORDS = b"755224 287082 359152 969429 338314 254676 287922 162583 399871 520489".split()
HOTP: dict[int, Any] = {
    Attr.CLASS: int(ObjectClass.OTP_KEY), Attr.KEY_TYPE: int(KeyType.HOTP), Attr.VALUE: SECRET,
    Attr.SIGN: True, Attr.VERIFY: True,
}  # fmt: skip
OPTIONAL, MANDATORY = int(OtpRequirement.OPTIONAL), int(OtpRequirement.MANDATORY)


@pytest.fixture
def session(p11: P11) -> Any:
    with p11.open(p11.init_token("passwords")) as opened:
        opened.login("1234")
        yield opened


def params(**given: Any) -> tuple[int, Any]:
    """CKM_HOTP with a CK_OTP_PARAMS of these: bytes, or numbers."""
    array = (STRUCTS["OTP_PARAM"] * max(1, len(given)))()
    kept = []
    for entry, (name, value) in zip(array, given.items(), strict=False):
        held = C.c_ulong(value) if isinstance(value, int) else C.create_string_buffer(value, max(1, len(value)))
        entry.type, entry.pValue = int(OtpParam[name]), C.addressof(held)
        entry.ulValueLen = C.sizeof(held) if isinstance(value, int) else len(value)
        kept.append(held)
    whole = make("OTP_PARAMS", pParams=array, ulCount=len(given))
    whole.kept += kept
    return int(Mechanism.HOTP), whole


def counter(value: int) -> bytes:
    return value.to_bytes(8, "big")


def read(block: C.Array[C.c_char]) -> dict[int, bytes]:
    """What a CK_OTP_SIGNATURE_INFO that lies in ``block`` points to; all of it must lie there too."""
    first, end = C.addressof(block), C.addressof(block) + len(block)
    info = STRUCTS["OTP_SIGNATURE_INFO"].from_buffer(block)
    assert first < info.pParams <= end - info.ulCount * C.sizeof(STRUCTS["OTP_PARAM"])
    found = {}
    for param in (STRUCTS["OTP_PARAM"] * info.ulCount).from_address(info.pParams):
        assert param.pValue % 8 == 0
        assert first < param.pValue <= end - param.ulValueLen
        found[param.type] = C.string_at(param.pValue, param.ulValueLen)
    return found


def password(session: Session, key: int, mechanism: Any = Mechanism.HOTP, *, final: bool = False) -> tuple[bytes, int]:
    """(password, its counter) by C_SignInit and C_Sign, or C_SignFinal."""
    session.call("C_SignInit", c_mechanism(mechanism), key)
    function, arguments = ("C_SignFinal", ()) if final else ("C_Sign", (None, 0))
    length = C.c_ulong()
    session.call(function, *arguments, None, length)
    block = C.create_string_buffer(length.value)
    session.call(function, *arguments, block, length)
    assert length.value == len(block)
    found = read(block)
    return found[OtpParam.VALUE], int.from_bytes(found[OtpParam.COUNTER], "big")


def test_published_passwords(session: Session) -> None:
    key = session.create(HOTP)
    for number, expected in enumerate(PASSWORDS):
        assert password(session, key, final=bool(number % 2)) == (expected, number)
        session.verify(key, params(COUNTER=counter(number)), b"", expected)
        with refused(Fault.SIGNATURE_INVALID):
            session.verify(key, params(COUNTER=counter(number + 1)), b"", expected)
    assert session.get(key, Attr.OTP_COUNTER) == counter(10)


def test_only_what_leaves_takes_a_counter(session: Session) -> None:
    key = session.create(HOTP)
    session.call("C_SignInit", c_mechanism(Mechanism.HOTP), key)
    length = C.c_ulong()
    session.call("C_Sign", None, 0, None, length)
    wanted, block = length.value, C.create_string_buffer(length.value)
    length.value -= 1
    with refused(Fault.BUFFER_TOO_SMALL):
        session.call("C_Sign", None, 0, block, length)
    assert length.value == wanted
    assert session.get(key, Attr.OTP_COUNTER) == counter(0)
    session.call("C_SessionCancel", 0x800)  # CKF_SIGN
    assert password(session, key) == (PASSWORDS[0], 0)


def test_data_is_refused(session: Session) -> None:
    key = session.create(HOTP)
    with refused(Fault.DATA_LEN_RANGE):
        session.sign(key, Mechanism.HOTP, b"data")
    with refused(Fault.DATA_LEN_RANGE):
        session.sign(key, Mechanism.HOTP, [b"data"])
    with refused(Fault.DATA_LEN_RANGE):
        session.verify(key, params(COUNTER=counter(0)), b"data", PASSWORDS[0])
    assert session.get(key, Attr.OTP_COUNTER) == counter(0)


def test_a_wrong_password_is_refused(session: Session) -> None:
    key, given = session.create(HOTP), params(COUNTER=counter(0))
    for wrong, fault in ((b"755225", Fault.SIGNATURE_INVALID), (b"75522", Fault.SIGNATURE_LEN_RANGE)):
        with refused(fault):
            session.verify(key, given, b"", wrong)
    session.verify(key, given, [], PASSWORDS[0])
    with refused(Fault.MECHANISM_PARAM_INVALID):  # "the counter value CK_OTP_COUNTER must be provided"
        session.verify(key, Mechanism.HOTP, b"", PASSWORDS[0])


def test_lengths_and_flags(session: Session) -> None:
    key = session.create(HOTP | {Attr.OTP_LENGTH: 8, Attr.OTP_USER_FRIENDLY_MODE: True})
    assert password(session, key) == (b"84755224", 0)  # appendix D: 1284755224 truncated
    assert password(session, key, params(OUTPUT_LENGTH=7))[0] == b"4287082"
    friendly = params(FLAGS=int(OtpFlag.NEXT_OTP | OtpFlag.USER_FRIENDLY_OTP), OUTPUT_LENGTH=6)
    assert password(session, key, friendly) == (PASSWORDS[3], 3)  # the next one, not that of counter 2
    assert password(session, key, params(OUTPUT_FORMAT=int(OtpFormat.DECIMAL), OUTPUT_LENGTH=6)) == (PASSWORDS[4], 4)


def test_parameters_that_mean_nothing(session: Session) -> None:
    key = session.create(HOTP | {Attr.OTP_COUNTER_REQUIREMENT: OPTIONAL})
    for given in (
        {"OUTPUT_LENGTH": 5}, {"OUTPUT_LENGTH": 9}, {"OUTPUT_FORMAT": int(OtpFormat.HEXADECIMAL)},
        {"COUNTER": b"1234567"}, {"COUNTER": bytes(9)}, {"VALUE": b"123456"}, {"FLAGS": 0x40},
        {"FLAGS": int(OtpFlag.EXCLUDE_COUNTER)}, {"FLAGS": int(OtpFlag.USER_FRIENDLY_OTP)},
    ):  # fmt: skip
        with refused(Fault.MECHANISM_PARAM_INVALID):
            session.call("C_SignInit", c_mechanism(params(**given)), key)


def test_a_counter_of_the_caller(session: Session) -> None:
    """By the key's own word: ignored, used where it is there, or demanded. The key's counter stays."""
    ignoring, taking = session.create(HOTP), session.create(HOTP | {Attr.OTP_COUNTER_REQUIREMENT: OPTIONAL})
    demanding = session.create(HOTP | {Attr.OTP_COUNTER_REQUIREMENT: MANDATORY})
    given = params(COUNTER=counter(7))
    assert password(session, ignoring, given) == (PASSWORDS[0], 0)
    assert password(session, taking, given) == (PASSWORDS[7], 7)
    assert password(session, taking) == (PASSWORDS[0], 0)
    assert password(session, demanding, given) == (PASSWORDS[7], 7)
    with refused(Fault.MECHANISM_PARAM_INVALID):
        session.call("C_SignInit", c_mechanism(Mechanism.HOTP), demanding)


def test_generated_keys(session: Session) -> None:
    key = session.generate(Mechanism.HOTP_KEY_GEN, {Attr.OTP_COUNTER: counter(40), Attr.OTP_LENGTH: 7})
    assert session.get(key, [Attr.CLASS, Attr.KEY_TYPE, Attr.VALUE_LEN, Attr.OTP_COUNTER, Attr.LOCAL]) == [
        ObjectClass.OTP_KEY, KeyType.HOTP, 20, counter(40), True
    ]  # fmt: skip
    assert len(password(session, key)[0]) == 7
    with refused(Fault.ATTRIBUTE_SENSITIVE):
        session.get(key, Attr.VALUE)
    with refused(Fault.ATTRIBUTE_READ_ONLY):
        session.set(key, {Attr.OTP_COUNTER: counter(0)})


def test_keys_that_cannot_be(session: Session) -> None:
    wrong: list[tuple[int, Any]] = [
        (Attr.VALUE, bytes(15)), (Attr.OTP_LENGTH, 5), (Attr.OTP_LENGTH, 9), (Attr.OTP_COUNTER, bytes(4)),
        (Attr.OTP_FORMAT, int(OtpFormat.BINARY)), (Attr.OTP_PIN_REQUIREMENT, MANDATORY),
        (Attr.OTP_TIME_REQUIREMENT, MANDATORY),
    ]  # fmt: skip
    for attribute, value in wrong:
        with refused(Fault.ATTRIBUTE_VALUE_INVALID):
            session.create(HOTP | {attribute: value})


def test_no_other_mechanism_takes_the_key(session: Session) -> None:
    key = session.create(HOTP | {Attr.DERIVE: True, Attr.EXTRACTABLE: True, Attr.WRAP: True})
    with refused(Fault.KEY_TYPE_INCONSISTENT):
        session.sign(key, Mechanism.SHA256_HMAC, b"data")
    aes = session.generate(Mechanism.AES_KEY_GEN, {Attr.VALUE_LEN: 16, Attr.WRAP: True})
    with refused(Fault.KEY_NOT_WRAPPABLE):
        session.wrap(aes, Mechanism.AES_KEY_WRAP, key)
    secret = session.generate(Mechanism.GENERIC_SECRET_KEY_GEN, {Attr.VALUE_LEN: 16, Attr.DERIVE: True})
    with refused(Fault.KEY_HANDLE_INVALID):
        session.derive(secret, (Mechanism.CONCATENATE_BASE_AND_KEY, C.c_ulong(key)), {Attr.VALUE_LEN: 16})


def test_the_end_of_the_counter(session: Session) -> None:
    key = session.create(HOTP | {Attr.OTP_COUNTER: counter((1 << 64) - 2)})
    assert password(session, key)[1] == (1 << 64) - 2
    with refused(Fault.FUNCTION_FAILED):
        password(session, key)


@pytest.mark.parametrize("token", [True, False])
def test_no_counter_serves_twice(p11: P11, token: bool) -> None:
    slot = p11.init_token("many")
    with p11.open(slot) as first:
        first.login("1234")
        key = first.create(HOTP | {Attr.TOKEN: token})

        def take(_: int) -> list[int]:
            with p11.open(slot, rw=False) as session:  # a password changes no object of the caller's
                return [password(session, key)[1] for _ in range(10)]

        with ThreadPoolExecutor(4) as pool:
            taken = list(itertools.chain(*pool.map(take, range(4))))
        assert sorted(taken) == list(range(40))


def test_a_crash_repeats_no_password(p11: P11) -> None:
    slot = p11.init_token("crash")
    with p11.open(slot) as session:
        session.login("1234")
        key = session.create(HOTP | {Attr.TOKEN: True, Attr.LABEL: "kept"})
        for number in range(3):
            assert password(session, key) == (PASSWORDS[number], number)
    with Client() as client:
        keeper = client.admin("keeper.status")["pid"]
    os.kill(keeper, signal.SIGKILL)
    p11.rv("C_Finalize", None)
    p11.initialize()
    with p11.open(p11.find_slot("crash")) as session:
        session.login("1234")
        assert password(session, session.find({Attr.LABEL: "kept"})[0]) == (PASSWORDS[3], 3)


def test_copies_and_imports_are_as_secret_as_any_key(session: Session) -> None:
    """A value that was sensitive once stays so in the other class too (docs/policy.md)."""
    value = hashlib.sha256(b"one value").digest()
    session.create(HOTP | {Attr.VALUE: value, Attr.SENSITIVE: True, Attr.EXTRACTABLE: False, Attr.TOKEN: True})
    generic = {Attr.CLASS: int(ObjectClass.SECRET_KEY), Attr.KEY_TYPE: int(KeyType.GENERIC_SECRET), Attr.VALUE: value}
    other = session.create(generic | {Attr.SENSITIVE: False, Attr.EXTRACTABLE: True})
    assert session.get(other, Attr.SENSITIVE) is True
