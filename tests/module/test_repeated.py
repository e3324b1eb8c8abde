"""What the module answers itself, a repeated C_*Init or the rest of a short search, is what the keeper would say."""

import contextlib
import ctypes as C
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness import PIN, keepers_of
from hsmith.spec.constants import Attr, Fault, Mechanism, ObjectClass, UserType
from hsmith.wire.client import Client
from hsmith.wire.session import Session as Other
from p11 import P11, P256, Session, c_mechanism, make, refused

HMAC, ECDSA = Mechanism.SHA256_HMAC, Mechanism.ECDSA
FIND_OBJECTS = 0x40


@pytest.fixture
def session(p11: P11) -> Session:
    session = p11.open(p11.init_token("test"))
    session.login(PIN)
    return session


@pytest.fixture
def other(p11: P11, session: Session) -> Iterator[Other]:
    """Another application, logged in to the same token."""
    client = Client()
    with contextlib.closing(client), Other(client, session.info().slotID, rw=True) as other:
        other.login(PIN.encode(), UserType.USER)
        yield other


def mac_key(session: Session) -> int:
    template = {Attr.VALUE_LEN: 32, Attr.SIGN: True, Attr.VERIFY: True, Attr.TOKEN: True, Attr.LABEL: "mac"}
    return session.generate(Mechanism.GENERIC_SECRET_KEY_GEN, template)


def begun(session: Session, key: int) -> int:
    return session.rv("C_SignInit", c_mechanism(HMAC), key)


def repeated(session: Session, key: int) -> None:
    """From here on the module knows the Init of this key."""
    for _ in range(2):
        session.sign(key, HMAC, b"data")


def found_by(other: Other) -> int:
    (handle,) = other.find({Attr.LABEL: b"mac", Attr.CLASS: ObjectClass.SECRET_KEY})
    return handle


def test_a_repeated_init_needs_no_keeper(session: Session, home: Path) -> None:
    key = mac_key(session)
    repeated(session, key)
    (keeper,) = keepers_of(home)
    os.kill(keeper, signal.SIGSTOP)
    waking = threading.Timer(5, os.kill, (keeper, signal.SIGCONT))
    waking.start()
    try:
        before = time.monotonic()
        assert begun(session, key) == Fault.OK
        assert time.monotonic() - before < 2
    finally:
        waking.cancel()
        os.kill(keeper, signal.SIGCONT)
    assert len(session.output("C_Sign", b"data", 4)) == 32


def test_results_stay_those_of_each_call(session: Session) -> None:
    key = mac_key(session)
    assert len({session.sign(key, HMAC, bytes([n % 3])) for n in range(9)}) == 3
    keys = [mac_key(session) for _ in range(3)]
    assert len({session.sign(keys[n % 3], HMAC, b"same") for n in range(12)}) == 3


def test_every_encryption_has_its_own_vector(session: Session) -> None:
    uses = {Attr.ENCRYPT: True, Attr.DECRYPT: True, Attr.VALUE_LEN: 16}
    key = session.generate(Mechanism.AES_KEY_GEN, uses)
    for size in (0, 1, 100, 20_000, 300_000):
        for n in range(4):
            cbc = (Mechanism.AES_CBC_PAD, bytes([n]) * 16)
            assert session.decrypt(key, cbc, session.encrypt(key, cbc, bytes(size))) == bytes(size)
    made = {session.encrypt(key, (Mechanism.AES_CBC_PAD, bytes([n]) * 16), b"text") for n in range(8)}
    assert len(made) == 8


def test_a_vector_that_the_mechanism_does_not_take_is_refused(session: Session) -> None:
    key = session.generate(Mechanism.AES_KEY_GEN, {Attr.ENCRYPT: True, Attr.VALUE_LEN: 16})
    for _ in range(3):
        session.encrypt(key, (Mechanism.AES_CBC_PAD, bytes(16)), b"text")
    refusal = session.rv("C_EncryptInit", c_mechanism((Mechanism.AES_CBC_PAD, bytes(15))), key)
    assert refusal == Fault.MECHANISM_PARAM_INVALID


def test_a_key_that_another_destroys_is_refused_at_once(session: Session, other: Other) -> None:
    key = mac_key(session)
    repeated(session, key)
    other.call("C_DestroyObject", found_by(other))
    assert begun(session, key) == Fault.KEY_HANDLE_INVALID


def test_a_key_that_is_destroyed_after_the_init_is_refused(session: Session, other: Other) -> None:
    key = mac_key(session)
    repeated(session, key)
    assert begun(session, key) == Fault.OK
    other.call("C_DestroyObject", found_by(other))
    with refused(Fault.KEY_HANDLE_INVALID):
        session.output("C_Sign", b"data", 4, capacity=64)
    with refused(Fault.OPERATION_NOT_INITIALIZED):
        session.output("C_Sign", b"data", 4, capacity=64)


def test_a_use_that_another_forbids_is_refused_at_once(session: Session, other: Other) -> None:
    key = mac_key(session)
    repeated(session, key)
    other.call("C_SetAttributeValue", found_by(other), ((Attr.SIGN, False),))
    assert begun(session, key) == Fault.KEY_FUNCTION_NOT_PERMITTED


def test_a_logout_ends_what_was_begun(session: Session) -> None:
    key = mac_key(session)
    repeated(session, key)
    assert begun(session, key) == Fault.OK
    session.logout()
    with refused(Fault.OPERATION_NOT_INITIALIZED):
        session.output("C_Sign", b"data", 4, capacity=64)
    assert begun(session, key) == Fault.KEY_HANDLE_INVALID
    session.login(PIN)
    assert begun(session, key) == Fault.KEY_HANDLE_INVALID  # a handle of the earlier login


def test_a_second_init_finds_the_first(session: Session) -> None:
    key = mac_key(session)
    repeated(session, key)
    assert [begun(session, key), begun(session, key)] == [Fault.OK, Fault.OPERATION_ACTIVE]
    assert len(session.output("C_Sign", b"data", 4)) == 32
    with refused(Fault.OPERATION_NOT_INITIALIZED):
        session.output("C_Sign", b"data", 4, capacity=64)


def test_what_was_begun_goes_on_in_parts_after_other_calls(session: Session) -> None:
    key = mac_key(session)
    repeated(session, key)
    assert begun(session, key) == Fault.OK
    assert session.find({Attr.LABEL: "mac"}) == [key]
    assert session.get(key, Attr.LABEL) == b"mac"
    session.call("C_SignUpdate", b"da", 2)
    session.call("C_SignUpdate", b"ta", 2)
    assert session.output("C_SignFinal") == session.sign(key, HMAC, b"data")


def test_it_is_cancelled(session: Session) -> None:
    key = mac_key(session)
    repeated(session, key)
    assert begun(session, key) == Fault.OK
    session.call("C_SessionCancel", 0x800)
    with refused(Fault.OPERATION_NOT_INITIALIZED):
        session.output("C_Sign", b"data", 4, capacity=64)
    repeated(session, key)
    assert begun(session, key) == Fault.OK
    assert session.rv("C_Sign", b"data", 4, None, None) == Fault.ARGUMENTS_BAD  # ends it
    with refused(Fault.OPERATION_NOT_INITIALIZED):
        session.output("C_Sign", b"data", 4, capacity=64)


def test_a_short_buffer_and_a_question_for_the_length_end_nothing(session: Session) -> None:
    key = mac_key(session)
    repeated(session, key)
    for _ in range(3):
        assert begun(session, key) == Fault.OK
        length, short = C.c_ulong(), C.c_ulong(5)
        session.call("C_Sign", b"data", 4, None, length)
        assert length.value == 32
        assert session.rv("C_Sign", b"data", 4, C.create_string_buffer(5), short) == Fault.BUFFER_TOO_SMALL
        assert short.value == 32
        assert session.output("C_Sign", b"data", 4) == session.sign(key, HMAC, b"data")


def test_a_key_that_wants_its_pin_each_time_gets_it_each_time(session: Session) -> None:
    private = {Attr.SIGN: True, Attr.ALWAYS_AUTHENTICATE: True, Attr.PRIVATE: True}
    _, key = session.generate_pair(Mechanism.EC_KEY_PAIR_GEN, {Attr.EC_PARAMS: P256}, private)
    for _ in range(3):
        session.call("C_SignInit", c_mechanism(ECDSA), key)
        with refused(Fault.USER_NOT_LOGGED_IN):
            session.output("C_Sign", bytes(32), 32, capacity=64)
        session.call("C_SignInit", c_mechanism(ECDSA), key)
        session.login(PIN, UserType.CONTEXT_SPECIFIC)
        assert len(session.output("C_Sign", bytes(32), 32, capacity=64)) == 64


def test_signatures_are_verified_again_and_again(session: Session) -> None:
    uses: tuple[Any, ...] = ({Attr.EC_PARAMS: P256, Attr.VERIFY: True}, {Attr.SIGN: True})
    public, private = session.generate_pair(Mechanism.EC_KEY_PAIR_GEN, *uses)
    for n in range(4):
        signature = session.sign(private, ECDSA, bytes([n]) * 32)
        session.verify(public, ECDSA, bytes([n]) * 32, signature)
        with refused(Fault.SIGNATURE_INVALID):
            session.verify(public, ECDSA, bytes(32), bytes([1]) * 64)


def test_many_threads_with_sessions_of_their_own(p11: P11, session: Session) -> None:
    key = mac_key(session)
    expected = session.sign(key, HMAC, b"data")
    wrong: list[bytes] = []

    def work() -> None:
        with p11.open(session.info().slotID) as own:
            wrong.extend(made for _ in range(300) if (made := own.sign(key, HMAC, b"data")) != expected)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads) and not wrong


def test_the_module_is_finalised_while_threads_call(p11: P11, session: Session) -> None:
    """What was answered here belongs to the application that has ended: nothing of it is left for the next one."""
    key, slot = mac_key(session), session.info().slotID
    expected = session.sign(key, HMAC, b"data")
    stop, signatures = threading.Event(), set()

    def work(own: Session) -> None:
        out, length = C.create_string_buffer(32), C.c_ulong(32)
        while not stop.is_set():
            begun(own, key)
            begin_search(own)
            if own.rv("C_Sign", b"data", 4, out, length) == Fault.OK:
                signatures.add(out.raw)
            own.rv("C_SessionCancel", FIND_OBJECTS)

    for _ in range(8):
        stop.clear()
        threads = [threading.Thread(target=work, args=(p11.open(slot),)) for _ in range(4)]
        for thread in threads:
            thread.start()
        time.sleep(0.05)
        p11.finalize()
        p11.initialize()
        again = p11.open(slot)
        again.login(PIN)
        (key,) = again.find({Attr.LABEL: "mac", Attr.CLASS: ObjectClass.SECRET_KEY})
        assert again.sign(key, HMAC, b"data") == again.sign(key, HMAC, b"data") == expected
        stop.set()
        for thread in threads:
            thread.join(60)
        assert not any(thread.is_alive() for thread in threads)
    assert signatures <= {expected}


# -- searches


def data_objects(session: Session, count: int) -> set[int]:
    return {session.create({Attr.CLASS: ObjectClass.DATA, Attr.LABEL: "some"}) for _ in range(count)}


def begin_search(session: Session) -> int:
    label = C.create_string_buffer(b"some", 4)
    template = make("ATTRIBUTE", type=int(Attr.LABEL), ulValueLen=4)
    template.pValue = C.addressof(label)
    return session.rv("C_FindObjectsInit", template, 1)


def portion(session: Session, most: int) -> list[int]:
    room, count = (C.c_ulong * most)(), C.c_ulong()
    session.call("C_FindObjects", room, most, count)
    return list(room[: count.value])


@pytest.mark.parametrize("count", [0, 1, 63, 64, 65, 200])
def test_a_search_gives_each_object_once(session: Session, count: int) -> None:
    made = data_objects(session, count)
    assert begin_search(session) == Fault.OK
    found: list[int] = []
    while some := portion(session, 7):
        found += some
    assert portion(session, 7) == [] and len(found) == count and set(found) == made
    session.call("C_FindObjectsFinal")
    assert session.rv("C_FindObjectsFinal") == Fault.OPERATION_NOT_INITIALIZED


@pytest.mark.parametrize("count", [3, 100])
def test_one_search_at_a_time(session: Session, count: int) -> None:
    data_objects(session, count)
    assert [begin_search(session), begin_search(session)] == [Fault.OK, Fault.OPERATION_ACTIVE]
    assert len(portion(session, 2)) == 2
    session.call("C_SessionCancel", 0x800)  # another operation's flag
    assert len(portion(session, 1)) == 1
    session.call("C_SessionCancel", FIND_OBJECTS)
    assert session.rv("C_FindObjects", (C.c_ulong * 1)(), 1, C.c_ulong()) == Fault.OPERATION_NOT_INITIALIZED
    assert begin_search(session) == Fault.OK
    session.logout()
    assert session.rv("C_FindObjectsFinal") == Fault.OPERATION_NOT_INITIALIZED


def test_a_search_sees_what_was_there_when_it_began(session: Session) -> None:
    made = data_objects(session, 2)
    assert begin_search(session) == Fault.OK
    data_objects(session, 1)
    assert set(portion(session, 10)) == made
    session.call("C_FindObjectsFinal")


# -- two tokens


@pytest.fixture(params=["fast", "plain"])
def tokens(request: pytest.FixtureRequest, module: Path, home: Path) -> Iterator[tuple[Session, Session]]:
    """Sessions with two tokens, the user logged in to both, with each way of answering."""
    if request.param == "plain":
        (home / "config.toml").write_text((home / "config.toml").read_text() + "[keeper]\nfast = false\n")
    loaded = P11(module)
    loaded.initialize()
    both = loaded.open(loaded.init_token("one")), loaded.open(loaded.init_token("two"))
    for session in both:
        session.login(PIN)
    yield both
    loaded.rv("C_Finalize", None)


def signed(session: Session) -> int:
    return session.rv("C_Sign", b"data", 4, C.create_string_buffer(64), C.c_ulong(64))


def found(session: Session) -> int:
    return session.rv("C_FindObjects", (C.c_ulong * 1)(), 1, C.c_ulong())


def armed(session: Session) -> int:
    """It has a signature to go on with, of which the keeper may not have heard; the key."""
    key = mac_key(session)
    repeated(session, key)
    assert begun(session, key) == Fault.OK
    return key


def busy(session: Session) -> int:
    """And a search."""
    key = armed(session)
    data_objects(session, 2)
    assert begin_search(session) == Fault.OK
    return key


@pytest.mark.parametrize("function", ["C_Logout", "C_CloseAllSessions", "C_InitToken", "C_CloseSession"])
def test_what_ends_with_one_token_goes_on_with_the_other(tokens: tuple[Session, Session], function: str) -> None:
    one, two = tokens
    beside, also = one.p11.open(one.info().slotID), two.p11.open(two.info().slotID)
    for session in (one, beside, two, also):
        busy(session)
    armed(last := two.p11.open(two.info().slotID))
    slot = one.info().slotID
    arguments = {
        "C_CloseAllSessions": (slot,),
        "C_InitToken": (slot, "12345678", 8, b"again".ljust(32)),
    }.get(function, (one.handle,))
    refused_call = function == "C_InitToken"
    assert one.p11.rv(function, *arguments) == (Fault.SESSION_EXISTS if refused_call else Fault.OK)
    gone = Fault.OPERATION_NOT_INITIALIZED if function == "C_Logout" else Fault.SESSION_HANDLE_INVALID
    ended = {
        "C_Logout": [one, beside],
        "C_CloseAllSessions": [one, beside],
        "C_InitToken": [],
        "C_CloseSession": [one],
    }[function]
    for session in (one, beside, two, also):
        expected = gone if session in ended else Fault.OK
        assert (signed(session), found(session)) == (expected, expected)
    assert signed(last) == Fault.OK


def test_a_refused_logout_ends_nothing(tokens: tuple[Session, Session]) -> None:
    one, two = tokens
    two.logout()
    for session in (one, two):
        data_objects(one, 1)
        session.call("C_DigestInit", c_mechanism(Mechanism.SHA256))
        assert begin_search(session) == Fault.OK
    assert two.rv("C_Logout") == Fault.USER_NOT_LOGGED_IN
    for session in (one, two):
        session.output("C_Digest", b"data", 4)
        assert found(session) == Fault.OK


def test_a_user_who_is_locked_out_is_logged_out(tokens: tuple[Session, Session]) -> None:
    """Too many wrong PINs for one operation: what other sessions with the token have begun ends too."""
    one, two = tokens
    private = {Attr.SIGN: True, Attr.ALWAYS_AUTHENTICATE: True, Attr.PRIVATE: True}
    _, key = one.generate_pair(Mechanism.EC_KEY_PAIR_GEN, {Attr.EC_PARAMS: P256}, private)
    beside = one.p11.open(one.info().slotID)
    busy(beside)
    busy(two)
    one.call("C_SignInit", c_mechanism(ECDSA), key)
    wrong = [one.rv("C_Login", int(UserType.CONTEXT_SPECIFIC), b"9999", 4) for _ in range(30)]
    assert Fault.PIN_LOCKED in wrong
    assert (signed(beside), found(beside)) == (Fault.OPERATION_NOT_INITIALIZED,) * 2
    assert (signed(two), found(two)) == (Fault.OK, Fault.OK)


@pytest.mark.parametrize("end", ["C_DestroyObject", "C_SetAttributeValue", "C_CloseSession"])
def test_a_key_that_another_session_takes_away(tokens: tuple[Session, Session], end: str) -> None:
    """Also where another call comes between: the operation was begun, and is refused for what became of its key."""
    one, _ = tokens
    other = one.p11.open(one.info().slotID)
    key = other.generate(Mechanism.GENERIC_SECRET_KEY_GEN, {Attr.VALUE_LEN: 32, Attr.SIGN: True})
    repeated(one, key)
    assert begun(one, key) == Fault.OK
    if end == "C_SetAttributeValue":
        other.set(key, {Attr.SIGN: False})
    else:
        other.call(end, *((key,) if end == "C_DestroyObject" else ()))
    one.info()
    assert begun(one, key) == Fault.OPERATION_ACTIVE
    taken = Fault.KEY_FUNCTION_NOT_PERMITTED if end == "C_SetAttributeValue" else Fault.KEY_HANDLE_INVALID
    assert [signed(one), signed(one)] == [taken, Fault.OPERATION_NOT_INITIALIZED]


def test_the_end_of_another_operation_ends_nothing(tokens: tuple[Session, Session]) -> None:
    one, _ = tokens
    key = busy(one)
    assert one.rv("C_Digest", None, 4, None, None) == Fault.ARGUMENTS_BAD  # would end a digest
    assert signed(one) == Fault.OK
    assert begun(one, key) == Fault.OK
    one.call("C_SessionCancel", 0x400)
    assert (signed(one), found(one)) == (Fault.OK, Fault.OK)


def test_a_key_for_one_mac_is_refused_by_the_second_init(tokens: tuple[Session, Session]) -> None:
    one, _ = tokens
    key = one.generate(Mechanism.POLY1305_KEY_GEN, {Attr.VALUE_LEN: 32, Attr.SIGN: True, Attr.VERIFY: True})
    begin = (c_mechanism(Mechanism.POLY1305), key)
    made = one.sign(key, Mechanism.POLY1305, b"data")
    for _ in range(2):
        assert one.rv("C_SignInit", *begin) == Fault.KEY_FUNCTION_NOT_PERMITTED
        assert signed(one) == Fault.OPERATION_NOT_INITIALIZED
    for _ in range(3):
        one.verify(key, Mechanism.POLY1305, b"data", made)


def test_no_vector_is_used_for_another_encryption(tokens: tuple[Session, Session]) -> None:
    """An Init of a signature in front of C_Encrypt does not begin an encryption."""
    one, _ = tokens
    mac = mac_key(one)
    key = one.generate(Mechanism.AES_KEY_GEN, {Attr.ENCRYPT: True, Attr.VALUE_LEN: 16})
    cbc = c_mechanism((Mechanism.AES_CBC_PAD, bytes(16)))
    for encrypting in (True, False, True):
        if encrypting:
            one.call("C_EncryptInit", cbc, key)
        repeated(one, mac)
        assert begun(one, mac) == Fault.OK
        rv = one.rv("C_Encrypt", b"text", 4, C.create_string_buffer(64), C.c_ulong(64))
        assert rv == (Fault.OK if encrypting else Fault.OPERATION_NOT_INITIALIZED)
        assert signed(one) == Fault.OK


def test_threads_with_one_token_while_another_is_left(tokens: tuple[Session, Session]) -> None:
    one, two = tokens
    key, slot = mac_key(two), one.info().slotID
    data_objects(two, 3)
    stop, wrong = threading.Event(), []

    def work() -> None:
        with two.p11.open(two.info().slotID) as own:
            while not stop.is_set():
                seen = [begun(own, key), begin_search(own), own.rv("C_Digest", None, 4, None, None)]
                seen += [found(own), signed(own), own.rv("C_FindObjectsFinal")]
                if seen != [0, 0, Fault.ARGUMENTS_BAD, 0, 0, 0]:
                    wrong.append(seen)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for n in range(60):
        beside = one.p11.open(slot)
        spare = beside.create({Attr.CLASS: ObjectClass.DATA, Attr.LABEL: "some"})
        assert begin_search(beside) == Fault.OK
        beside.set(spare, {Attr.LABEL: "more"})
        beside.destroy(spare)
        if n % 3:
            beside.logout()
        else:
            one.p11.call("C_CloseAllSessions", slot)
            beside = one.p11.open(slot)
        assert begin_search(beside) == Fault.OK
        beside.login(PIN)
    stop.set()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads) and not wrong
