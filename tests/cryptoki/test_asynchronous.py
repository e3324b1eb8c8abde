"""Asynchronous sessions: slow calls answer CKR_PENDING, are completed, survive by their ID, and are joined."""

import dataclasses
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from cryptoki.calling import PIN, RW, SO_PIN, Caller, attributes
from hsmith.core.hsm import Hsm
from hsmith.crypto.registry import ENGINES
from hsmith.cryptoki import pending
from hsmith.cryptoki.application import Application
from hsmith.cryptoki.pending import Pool
from hsmith.spec.constants import Attr, Fault, Mechanism, MechanismFlag, SessionFlag, TokenFlag, UserType
from hsmith.spec.faults import Refused
from hsmith.spec.mechanisms import MECHANISMS
from hsmith.spec.values import MechanismArg

RSA = MechanismArg(Mechanism.RSA_PKCS_KEY_PAIR_GEN)
PAIR = "C_GenerateKeyPair"


class Gate:
    """Key pair generation that waits until it is let through."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.opened = threading.Event()
        self.started = threading.Event()
        self.calls = 0
        engine = type(ENGINES[Mechanism.RSA_PKCS_KEY_PAIR_GEN])
        generate = engine.generate_pair

        def waiting(*args: Any) -> Any:
            self.calls += 1
            self.started.set()
            assert self.opened.wait(30)
            return generate(*args)

        monkeypatch.setattr(engine, "generate_pair", waiting)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    gate = Gate(monkeypatch)
    monkeypatch.setattr(pending, "POOL", Pool(workers=2, waiting=2))
    yield gate
    gate.opened.set()


def open_async(caller: Caller, slot: int, *, pin: bytes = PIN, name: bytes | None = None) -> int:
    session: int = caller.call("C_OpenSession", slot, RW | SessionFlag.ASYNC_SESSION)
    caller.call("C_LoginUser", session, UserType.USER, pin, name)
    return session


@pytest.fixture
def session(caller: Caller, slot: int) -> int:
    return open_async(caller, slot)


def fault_of(caller: Caller, name: str, *args: object) -> Fault:
    with pytest.raises(Refused) as caught:
        caller.call(name, *args)
    return caught.value.fault


def start(caller: Caller, session: int, **more: Any) -> None:
    private = attributes(SIGN=True, LABEL=b"private", **more)
    assert fault_of(caller, PAIR, session, RSA, attributes(MODULUS_BITS=2048), private) == Fault.PENDING


def complete(caller: Caller, session: int, function: str = PAIR) -> tuple[int, bytes, int, int]:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            result: tuple[int, bytes, int, int] = caller.call("C_AsyncComplete", session, function)
            return result
        except Refused as refused:
            if refused.fault != Fault.PENDING:
                raise
    raise AssertionError("it takes for ever")


def labels(caller: Caller, session: int) -> int:
    caller.call("C_FindObjectsInit", session, attributes(LABEL=b"private"))
    found = caller.call("C_FindObjects", session, 10)
    caller.call("C_FindObjectsFinal", session)
    return len(found)


def test_what_says_that_there_are_asynchronous_sessions(caller: Caller, slot: int, session: int) -> None:
    assert TokenFlag.ASYNC_SESSION_SUPPORTED in TokenFlag(caller.call("C_GetTokenInfo", slot)[4])
    assert SessionFlag.ASYNC_SESSION in SessionFlag(caller.call("C_GetSessionInfo", session)[2])
    assert SessionFlag.ASYNC_SESSION not in SessionFlag(caller.call("C_GetSessionInfo", caller.session(slot))[2])


def test_a_key_pair_is_made_meanwhile(caller: Caller, session: int, gate: Gate) -> None:
    start(caller, session)
    assert fault_of(caller, "C_AsyncComplete", session, PAIR) == Fault.PENDING
    assert fault_of(caller, "C_AsyncComplete", session, "C_GenerateKey") == Fault.OPERATION_NOT_INITIALIZED
    assert fault_of(caller, "C_AsyncComplete", session, None) == Fault.ARGUMENTS_BAD
    again = (PAIR, session, RSA, attributes(MODULUS_BITS=2048), attributes(SIGN=True))
    assert fault_of(caller, *again) == Fault.OPERATION_ACTIVE
    caller.aes(session)  # Other calls of the session go on; what is not slow is answered at once.
    assert labels(caller, session) == 0
    gate.opened.set()
    version, value, public, private = complete(caller, session)
    assert (version, value) == (0, b"")
    assert caller.call("C_GetAttributeValue", session, private, [Attr.LABEL]) == [b"private"]
    caller.call("C_SignInit", session, MechanismArg(Mechanism.SHA256_RSA_PKCS), private)
    signature = caller.call("C_Sign", session, b"data", 256)
    caller.call("C_VerifyInit", session, MechanismArg(Mechanism.SHA256_RSA_PKCS), public)
    caller.call("C_Verify", session, b"data", signature)
    assert fault_of(caller, "C_AsyncComplete", session, PAIR) == Fault.OPERATION_NOT_INITIALIZED


def test_a_synchronous_session_waits(caller: Caller, slot: int, gate: Gate) -> None:
    gate.opened.set()
    session = caller.session(slot, user=UserType.USER)
    public, private = caller.call(PAIR, session, RSA, attributes(MODULUS_BITS=2048), attributes(SIGN=True))
    assert public and private


def test_what_is_wrong_is_said_at_once_or_when_it_is_completed(caller: Caller, session: int) -> None:
    wrong = (PAIR, session, RSA, attributes(), attributes(SIGN=True))
    assert fault_of(caller, *wrong) == Fault.TEMPLATE_INCOMPLETE
    refused = (PAIR, session, RSA, attributes(MODULUS_BITS=2048, PUBLIC_EXPONENT=b"\x02"), attributes(SIGN=True))
    assert fault_of(caller, *refused) == Fault.PENDING
    with pytest.raises(Refused) as caught:
        complete(caller, session)
    assert caught.value.fault == Fault.TEMPLATE_INCONSISTENT
    assert fault_of(caller, "C_AsyncComplete", session, PAIR) == Fault.OPERATION_NOT_INITIALIZED


def test_a_call_survives_its_application_by_its_id(hsm: Hsm, slot: int, gate: Gate) -> None:
    first = Caller(hsm)
    session = open_async(first, slot)
    start(first, session, TOKEN=True)
    id = first.call("C_AsyncGetID", session, PAIR)
    assert first.call("C_AsyncGetID", session, PAIR) == id
    first.app.close()
    gate.opened.set()
    second = Caller(hsm)
    session = open_async(second, slot)
    assert fault_of(second, "C_AsyncJoin", session, "C_GenerateKey", id, None) == Fault.SAVED_STATE_INVALID
    assert fault_of(second, "C_AsyncJoin", session, PAIR, id + 1, None) == Fault.SAVED_STATE_INVALID
    assert fault_of(second, "C_AsyncJoin", session, None, id, None) == Fault.ARGUMENTS_BAD
    second.call("C_AsyncJoin", session, PAIR, id, None)
    assert fault_of(second, "C_AsyncJoin", session, PAIR, id, None) == Fault.OPERATION_ACTIVE
    complete(second, session)
    assert labels(second, session) == 1
    assert fault_of(second, "C_AsyncJoin", session, PAIR, id, None) == Fault.SAVED_STATE_INVALID


def test_only_the_same_user_joins(hsm: Hsm, slot: int, gate: Gate) -> None:
    gate.opened.set()
    caller = Caller(hsm)
    hsm.token(slot).add_user(SO_PIN, "alice", PIN)  # type: ignore[union-attr]
    session = open_async(caller, slot)
    start(caller, session)
    id = caller.call("C_AsyncGetID", session, PAIR)
    for stranger, name in ((Caller(hsm), b"alice"), (Caller(hsm), None)):
        if name is None:
            stranger.app = Application(hsm, uid=4711)
        theirs = open_async(stranger, slot, name=name)
        assert fault_of(stranger, "C_AsyncJoin", theirs, PAIR, id, None) == Fault.SAVED_STATE_INVALID
    complete(caller, session)


def test_a_token_initialised_again_has_no_calls(hsm: Hsm, slot: int, gate: Gate) -> None:
    gate.opened.set()
    caller = Caller(hsm)
    session = open_async(caller, slot)
    start(caller, session)
    id = caller.call("C_AsyncGetID", session, PAIR)
    caller.call("C_CloseSession", session)
    caller.call("C_InitToken", slot, SO_PIN, b"again".ljust(32))
    so = caller.session(slot, user=UserType.SO)
    caller.call("C_InitPIN", so, PIN)
    caller.call("C_CloseSession", so)
    session = open_async(caller, slot)
    assert fault_of(caller, "C_AsyncJoin", session, PAIR, id, None) == Fault.SAVED_STATE_INVALID


@pytest.mark.parametrize("end", ["C_CloseSession", "C_Logout"])
def test_a_call_without_id_ends_with_its_session_or_login(
    caller: Caller, slot: int, session: int, gate: Gate, end: str
) -> None:
    start(caller, session, TOKEN=True)
    job = caller.app.sessions[session].pending[PAIR].job
    caller.call(end, session)
    gate.opened.set()
    assert job.done.wait(30)
    assert job.cancelled and job.result() is None
    if end == "C_Logout":
        assert fault_of(caller, "C_AsyncComplete", session, PAIR) == Fault.OPERATION_NOT_INITIALIZED


def test_a_pending_call_is_cancelled_with_or_without_id(caller: Caller, session: int, gate: Gate) -> None:
    for fetched in (False, True):
        start(caller, session)
        id = caller.call("C_AsyncGetID", session, PAIR) if fetched else 1
        caller.call("C_SessionCancel", session, MechanismFlag.GENERATE)
        assert fault_of(caller, "C_AsyncComplete", session, PAIR) == Fault.PENDING
        caller.call("C_SessionCancel", session, MechanismFlag.GENERATE_KEY_PAIR)
        assert fault_of(caller, "C_AsyncComplete", session, PAIR) == Fault.OPERATION_NOT_INITIALIZED
        assert fault_of(caller, "C_AsyncJoin", session, PAIR, id, None) == Fault.SAVED_STATE_INVALID


def test_calls_that_wait_and_are_cancelled_are_never_begun(caller: Caller, slot: int, gate: Gate) -> None:
    sessions = [open_async(caller, slot)]
    sessions += [caller.call("C_OpenSession", slot, RW | SessionFlag.ASYNC_SESSION) for _ in range(3)]
    for session in sessions:
        start(caller, session)
    for session in sessions[2:]:
        caller.call("C_CloseSession", session)
    gate.opened.set()
    for session in sessions[:2]:
        complete(caller, session)
    assert gate.calls == 2


def test_a_full_pool_makes_calls_synchronous(caller: Caller, session: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pending, "POOL", Pool(workers=0, waiting=1))
    start(caller, session)
    caller.call("C_AsyncGetID", session, PAIR)
    handles = caller.call(PAIR, session, RSA, attributes(MODULUS_BITS=2048), attributes(SIGN=True))
    assert len(handles) == 2


def test_only_so_many_ids_are_kept(caller: Caller, session: int, gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pending, "SAVED_MAXIMUM", 1)
    start(caller, session)
    caller.call("C_AsyncGetID", session, PAIR)
    start(caller, session)
    assert fault_of(caller, "C_AsyncGetID", session, PAIR) == Fault.STATE_UNSAVEABLE


def test_results_in_buffers(caller: Caller, slot: int, session: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A signature that is slow: the buffer's length is checked when the call is made and when it is joined."""
    slow = dataclasses.replace(MECHANISMS[Mechanism.ECDSA_SHA256], slow=True)
    monkeypatch.setitem(MECHANISMS, Mechanism.ECDSA_SHA256, slow)
    public, private = caller.p256(session)
    arg = MechanismArg(Mechanism.ECDSA_SHA256)

    def sign() -> None:
        caller.call("C_SignInit", session, arg, private)
        assert caller.call("C_Sign", session, b"data", None) == 64
        assert fault_of(caller, "C_Sign", session, b"data", 63) == Fault.BUFFER_TOO_SMALL
        assert fault_of(caller, "C_Sign", session, b"data", 64) == Fault.PENDING

    def check(signature: bytes) -> None:
        caller.call("C_VerifyInit", session, arg, public)
        caller.call("C_Verify", session, b"data", signature)

    sign()
    check(complete(caller, session, "C_Sign")[1])
    sign()
    id = caller.call("C_AsyncGetID", session, "C_Sign")
    assert fault_of(caller, "C_AsyncComplete", session, "C_Sign") == Fault.OPERATION_NOT_INITIALIZED
    other = caller.call("C_OpenSession", slot, RW)
    assert fault_of(caller, "C_AsyncJoin", other, "C_Sign", id, 63) == Fault.BUFFER_TOO_SMALL
    caller.call("C_AsyncJoin", other, "C_Sign", id, 64)
    check(complete(caller, other, "C_Sign")[1])
    caller.call("C_SignInit", session, arg, private)
    caller.call("C_SignUpdate", session, b"da")
    caller.call("C_SignUpdate", session, b"ta")
    assert fault_of(caller, "C_SignFinal", session, 64) == Fault.PENDING
    check(complete(caller, session, "C_SignFinal")[1])
