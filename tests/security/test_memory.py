"""What one client makes the keeper keep has a bound, over all ways and connections, and is given back."""

import contextlib
import gc
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cryptoki.calling import Caller, attributes, make_token
from harness import PIN
from hsmith.core.durable import Settings
from hsmith.core.hsm import Hsm
from hsmith.cryptoki.application import Application
from hsmith.cryptoki.memory import SESSION, Charge, Memory
from hsmith.spec.constants import Attr, Fault, Mechanism, ObjectClass, UserType
from hsmith.spec.faults import Refused
from hsmith.spec.params import GcmParams
from hsmith.spec.values import MechanismArg
from hsmith.wire import frames
from p11 import P11, P11Error, Session

MIB = 1 << 20
GCM = MechanismArg(Mechanism.AES_GCM, GcmParams(bytes(12), 96, b"", 128))


@pytest.fixture
def caller(tmp_path: Path) -> Caller:
    hsm = Hsm.opened(tmp_path / "store", Settings(kdf_milliseconds=1))
    made = Caller(hsm)
    made.slot = make_token(hsm)  # type: ignore[attr-defined]
    made.app = Application(hsm, pid=os.getpid(), memory=64 * MIB)
    return made


def _session(caller: Caller) -> int:
    session = caller.session(caller.slot)  # type: ignore[attr-defined]
    if not caller.app.session(session).logged_in:
        caller.call("C_Login", session, UserType.USER, PIN.encode())
    return session


def test_data_that_operations_gather(caller: Caller) -> None:
    """Decryption by GCM gives nothing before its end: many sessions of one client gather as much as one."""
    key = caller.aes(_session(caller))
    before = caller.app.memory.taken
    sessions: list[int] = []
    assert _gathered(caller, key, sessions) == Fault.DEVICE_MEMORY
    assert 7 <= len(sessions) <= 9
    for session in sessions:
        caller.call("C_CloseSession", session)
    gc.collect()
    assert caller.app.memory.taken <= before + SESSION  # a thread remembers its last session


def _gathered(caller: Caller, key: int, sessions: list[int]) -> int:
    """Open sessions that gather 8 MiB each, until one is refused. Returns with what."""
    try:
        for _ in range(20):
            sessions.append(_session(caller))
            caller.call("C_DecryptInit", sessions[-1], GCM, key)
            for _ in range(8):
                caller.call("C_DecryptUpdate", sessions[-1], bytes(MIB), MIB)
    except Refused as refused:
        return refused.fault
    return 0


def test_applications_of_a_process_share(caller: Caller) -> None:
    other = Application(caller.app.hsm, pid=os.getpid(), memory=64 * MIB)
    assert other.memory is caller.app.memory
    assert Application(caller.app.hsm, pid=os.getpid() + 1).memory is not caller.app.memory


def test_signatures_to_be_checked_and_parameters(caller: Caller) -> None:
    session = _session(caller)
    key = caller.aes(session)
    big = GcmParams(bytes(12), 96, bytes(40 * MIB), 128)
    caller.call("C_EncryptInit", session, MechanismArg(Mechanism.AES_GCM, big), key)
    with pytest.raises(Refused) as refused:
        caller.call("C_DecryptInit", session, MechanismArg(Mechanism.AES_GCM, big), key)
    assert refused.value.fault == Fault.DEVICE_MEMORY
    caller.call("C_SessionCancel", session, 0xFFFFFFFF)
    caller.call("C_DecryptInit", session, MechanismArg(Mechanism.AES_GCM, big), key)


def test_one_long_value_asked_for_many_times(caller: Caller) -> None:
    session = _session(caller)
    data = caller.data(session, VALUE=bytes(2 * MIB))
    with pytest.raises(Refused) as refused:
        caller.call("C_GetAttributeValue", session, data, [Attr.VALUE] * 4096)
    assert refused.value.fault == Fault.DEVICE_MEMORY


def test_searches(caller: Caller) -> None:
    session = _session(caller)
    for _ in range(200):
        caller.data(session)
    before = caller.app.memory.taken
    caller.call("C_FindObjectsInit", session, attributes(CLASS=ObjectClass.DATA))
    assert caller.app.memory.taken > before
    caller.call("C_FindObjectsFinal", session)
    assert caller.app.memory.taken == before


def test_a_refused_charge_takes_nothing() -> None:
    memory = Memory(100)
    held = Charge(memory, 60)
    with pytest.raises(Refused):
        Charge(memory, 60)
    assert memory.taken == 60
    with pytest.raises(Refused):
        held.resize(101)
    del held
    assert memory.taken == 0


def test_frames_count_and_the_refused_call_harms_nothing(module: Path, home: Path) -> None:
    """A connection that sends most of a long frame and waits takes the room; the client's next long call is refused in
    words, and goes when that has gone."""
    (home / "config.toml").write_text("[pin]\nkdf_milliseconds = 10\n[keeper]\nclient_memory = 64\n")
    p11 = P11(module)
    p11.initialize()
    slot, long = p11.init_token("memory", pin=PIN), bytes(20 * MIB)
    with p11.open(slot) as session:
        session.login(PIN)
        key = session.generate(Mechanism.GENERIC_SECRET_KEY_GEN, {Attr.VALUE_LEN: 32, Attr.SIGN: True})
        stalled = _stalled(home, 50 * MIB)
        with pytest.raises(P11Error) as error:
            session.sign(key, Mechanism.SHA256_HMAC, long)
        assert error.value.rv == Fault.DEVICE_MEMORY
        session.call("C_SessionCancel", 0xFFFFFFFF)
        assert session.sign(key, Mechanism.SHA256_HMAC, b"short")
        stalled.close()
        assert _soon(session, lambda: session.sign(key, Mechanism.SHA256_HMAC, long))
    p11.finalize()


def _soon(session: Session, call: Callable[[], bytes]) -> bytes:
    """What the call gives, once the keeper has seen that a connection has gone."""
    for _ in range(100):
        with contextlib.suppress(P11Error):
            return call()
        session.rv("C_SessionCancel", 0xFFFFFFFF)
        time.sleep(0.05)
    return b""


def _stalled(home: Path, size: int) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(str(home / "keeper.sock"))
    hello = frames.encode_hello(frames.table_hash(), frames.NEW_APPLICATION, os.getpid())
    connection.sendall(frames.REQUEST.pack(4 + len(hello), frames.HELLO, 0) + hello)
    connection.recv(100)
    connection.sendall(frames.REQUEST.pack(size + 1000, 30, 0))
    sent = 0
    while sent < size:
        sent += connection.send(bytes(MIB))
    return connection
