"""The server against every kind of client: good, malformed, slow, many, foreign and gone."""

import _thread
import contextlib
import json
import os
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hsmith.core import workers
from hsmith.cryptoki.memory import Memory
from hsmith.spec.constants import Fault
from hsmith.spec.faults import Partly, Refused, TooSmall
from hsmith.spec.functions import BY_NAME
from hsmith.wire import address, frames, peer
from hsmith.wire.applications import Applications, Identity
from hsmith.wire.client import Client, NotRunning
from hsmith.wire.connection import Connection
from hsmith.wire.receiver import FIRST_SIZE, Receiver
from hsmith.wire.server import Server

NONE = frames.NEW_APPLICATION


class Application:
    """Stands for a client process; records what it was asked and that it was closed."""

    def __init__(self, pid: int | None, uid: int | None, program: str) -> None:
        self.pid, self.uid, self.program = pid, uid, program
        self.closed = threading.Event()
        self.repeated: dict[bytes, Any] = {}
        self.memory = Memory(256 << 20)

    def close(self) -> None:
        self.closed.set()


def login(app: Application, session: int, user: int, pin: bytes | None) -> tuple[()]:
    if pin != b"1234":
        raise Refused(Fault.PIN_INCORRECT)
    return ()


def sign(app: Application, session: int, data: bytes | None, capacity: int | None) -> tuple[Any]:
    if capacity is None:
        return (64,)
    if capacity < 64:
        raise TooSmall(64)
    return ((data or b"")[:64].ljust(64, b"."),)


def digest(app: Application, session: int, data: bytes | None, capacity: int | None) -> tuple[Any]:
    return (len(data or b"").to_bytes(8, "little"),)


def read(app: Application, session: int, handle: int, types: list[int]) -> tuple[Any]:
    raise Partly(Fault.ATTRIBUTE_SENSITIVE, ([None for _ in types],))


def fail(app: Application, *arguments: Any) -> Any:
    raise RuntimeError("the secret is 4711")


def wait(app: Application, flags: int) -> tuple[int]:
    app.closed.wait(20)
    raise Refused(Fault.CRYPTOKI_NOT_INITIALIZED)


HANDLERS: dict[str, Callable[..., Any]] = {
    "C_Login": login,
    "C_Sign": sign,
    "C_Digest": digest,
    "C_GetAttributeValue": read,
    "C_CloseSession": lambda app, session: (),
    "C_Logout": fail,
    "C_WaitForSlotEvent": wait,
    "C_GenerateRandom": lambda app, session, length: (bytes(length),),
}


def refuse(app: Application, arguments: dict[str, Any]) -> dict[str, Any]:
    raise Refused(Fault.PIN_LOCKED, "no more tries")


class Served:
    """A server in a thread, and what a test needs to speak to it."""

    def __init__(self, folder: Path, **options: Any) -> None:
        self.applications: list[Application] = []
        self.path = folder / "s"
        self.listener = address.listen(self.path)
        self.server: Server[Application] = Server(
            open_application=self._open,
            handlers={BY_NAME[name].number: handler for name, handler in HANDLERS.items()},
            admin={"echo": lambda app, arguments: arguments, "refuse": refuse, "fail": fail},
            **options,
        )
        self._ending = False
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _open(self, pid: int | None, uid: int | None, program: str) -> Application:
        self.applications.append(Application(pid, uid, program))
        return self.applications[-1]

    def _run(self) -> None:
        self.listener.settimeout(0.05)
        while not self._ending:
            self.server.accept(self.listener)
            self.server.sweep()

    def client(self, **options: Any) -> Client:
        return Client(self.path, **options)

    def raw(self) -> socket.socket:
        connection = address.connect(self.path)
        connection.settimeout(5)
        return connection

    def close(self) -> None:
        self._ending = True
        self._thread.join()
        self.listener.close()
        self.server.close()


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    with contextlib.ExitStack() as stack:

        def start(*, kind: type[Served] = Served, **options: Any) -> Served:
            served = kind(tmp_path, **options)
            stack.callback(served.close)
            return served

        yield start


@pytest.fixture
def served(serve: Callable[..., Served]) -> Served:
    return serve()


def request(number: int, payload: bytes, *, flags: int = 0) -> bytes:
    return frames.REQUEST.pack(4 + len(payload), number, flags) + payload


def hello(token: bytes = NONE, pid: int | None = None) -> bytes:
    return request(frames.HELLO, frames.encode_hello(7, token, os.getpid() if pid is None else pid))


def answer(connection: socket.socket) -> tuple[int, bytes] | None:
    """The next reply, or None at the end of the stream."""
    receiver = Receiver(connection)
    end = receiver.frame()
    if not end:
        return None
    return int.from_bytes(receiver.buffer[4:8], "little"), bytes(receiver.buffer[8:end])


def greeted(served: Served) -> socket.socket:
    connection = served.raw()
    connection.sendall(hello())
    reply = answer(connection)
    assert reply is not None
    assert reply[0] == Fault.OK
    return connection


def number(name: str) -> int:
    return BY_NAME[name].number


def eventually(condition: Callable[[], bool], seconds: float = 5) -> bool:
    due = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > due:
            return False
        time.sleep(0.01)
    return True


# --- Calls


def test_results_lengths_and_refusals_reach_the_caller(served: Served) -> None:
    with served.client() as client:
        assert client.call("C_Sign", 1, b"data", 100) == b"data".ljust(64, b".")
        assert client.call("C_Sign", 1, b"data", None) == 64
        with pytest.raises(TooSmall) as small:
            client.call("C_Sign", 1, b"data", 63)
        assert small.value.length == 64
        with pytest.raises(Refused) as refused:
            client.call("C_Login", 1, 1, b"wrong")
        assert refused.value.fault == Fault.PIN_INCORRECT
        assert client.call("C_Login", 1, 1, b"1234") is None
        with pytest.raises(Partly) as partly:
            client.call("C_GetAttributeValue", 1, 2, [3, 4])
        assert partly.value.fault == Fault.ATTRIBUTE_SENSITIVE
        assert list(partly.value.results[0]) == [None, None]  # type: ignore[call-overload]


def test_a_function_without_handler_is_not_supported(served: Served) -> None:
    with served.client() as client, pytest.raises(Refused) as refused:
        client.call("C_SeedRandom", 1, b"seed")
    assert refused.value.fault == Fault.FUNCTION_NOT_SUPPORTED


def test_an_unknown_exception_tells_nothing_and_the_connection_lives(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    with served.client() as client:
        with pytest.raises(Refused) as refused:
            client.call("C_Logout", 1)
        assert refused.value.fault == Fault.GENERAL_ERROR
        assert "4711" not in str(refused.value)
        with pytest.raises(Refused, match="see [0-9a-f]{8} in its log") as failed:
            client.admin("fail")
        assert client.call("C_Sign", 1, b"", None) == 64
    logged = [record.getMessage() for record in caplog.records if "failed (id" in record.getMessage()]
    assert len(logged) == 2
    assert failed.value.reason.split("see ")[1][:8] in logged[1]


@pytest.mark.parametrize("size", [FIRST_SIZE - 40, FIRST_SIZE, 100_000, 3_000_000])
def test_long_frames_both_ways(served: Served, size: int) -> None:
    with served.client() as client:
        assert client.call("C_Digest", 1, os.urandom(size), 8) == size.to_bytes(8, "little")
        assert client.call("C_GenerateRandom", 1, size) == bytes(size)
        assert client.call("C_Digest", 1, b"abc", 8) == (3).to_bytes(8, "little")


def test_a_frame_in_single_bytes_and_two_frames_at_once(served: Served) -> None:
    with contextlib.closing(greeted(served)) as connection:
        frame = request(number("C_CloseSession"), bytes(8))
        for byte in frame:
            connection.sendall(bytes([byte]))
        assert answer(connection) == (Fault.OK, b"")
        connection.sendall(frame + frame[:5])
        assert answer(connection) == (Fault.OK, b"")
        connection.sendall(frame[5:] + frame)
        received = b""
        while len(received) < 16:
            received += connection.recv(64)
        assert received == struct.pack("<II", 4, 0) * 2


def test_admin(served: Served) -> None:
    with served.client() as client:
        assert client.admin("echo", a=1, b="\udcff") == {"a": 1, "b": "\udcff"}
        with pytest.raises(Refused, match="no more tries") as refused:
            client.admin("refuse")
        assert refused.value.fault == Fault.PIN_LOCKED
        with pytest.raises(Refused) as unknown:
            client.admin("nothing")
        assert unknown.value.fault == Fault.ARGUMENTS_BAD


# --- Malformed frames


BAD_FIRST_FRAMES = {
    "no HELLO": request(number("C_CloseSession"), bytes(8)),
    "no magic": request(frames.HELLO, bytes(36)),
    "short HELLO": request(frames.HELLO, b"HSMITH\x01\x00"),
    "no version": request(frames.HELLO, b"HSMITH\x01"),
    "long HELLO": request(frames.HELLO, frames.encode_hello(7, NONE, 1) + b"\0"),
    "HELLO with flags": request(frames.HELLO, frames.encode_hello(7, NONE, 1), flags=1),
    "length 0": bytes(4),
    "length 3": b"\x03\0\0\0abc",
    "length over the cap": struct.pack("<I", (64 << 20) + 1) + bytes(100),
    "length of all ones": b"\xff" * 64,
    "HTTP": b"GET / HTTP/1.1\r\n\r\n",
}


@pytest.mark.parametrize("frame", BAD_FIRST_FRAMES.values(), ids=BAD_FIRST_FRAMES.keys())
def test_a_bad_first_frame_ends_the_connection_alone(served: Served, frame: bytes) -> None:
    with contextlib.closing(served.raw()) as connection:
        connection.sendall(frame)
        assert answer(connection) == (Fault.GENERAL_ERROR, b"")
        assert answer(connection) is None
    with served.client() as client:
        assert client.call("C_Sign", 1, b"", None) == 64


BAD_CALLS = {
    "unknown function": request(104, b""),
    "function 0xFFFF": request(0xFFFF, b""),
    "second HELLO": hello(),
    "flags": request(number("C_CloseSession"), bytes(8), flags=0x100),
    "no arguments": request(number("C_CloseSession"), b""),
    "short argument": request(number("C_CloseSession"), bytes(7)),
    "too many arguments": request(number("C_CloseSession"), bytes(9)),
    "bytes beyond the frame": request(number("C_Sign"), bytes(8) + b"\xfe\xff\xff\xff" + bytes(8)),
    "admin without length": request(frames.ADMIN, b""),
    "admin of a wrong length": request(frames.ADMIN, b"\x05\0\0\0{}"),
    "admin that is no JSON": request(frames.ADMIN, b"\x02\0\0\0{]"),
    "admin that is no object": request(frames.ADMIN, b"\x02\0\0\0[]"),
    "admin with a command that is no text": request(frames.ADMIN, b"\x0d\0\0\0" + b'{"command":1}'),
    "admin that is no UTF-8": request(frames.ADMIN, b"\x02\0\0\0\xff\xfe"),
    "deep admin": request(frames.ADMIN, (100_000).to_bytes(4, "little") + b"[" * 100_000),
    "admin with a number of many digits": request(
        frames.ADMIN, (20_010).to_bytes(4, "little") + b'{"a":' + b"9" * 20_000 + b"}    "
    ),
}


@pytest.mark.parametrize("frame", BAD_CALLS.values(), ids=BAD_CALLS.keys())
def test_a_bad_call_ends_the_connection_alone(served: Served, frame: bytes) -> None:
    with served.client() as other, contextlib.closing(greeted(served)) as connection:
        connection.sendall(frame)
        assert answer(connection) == (Fault.GENERAL_ERROR, b"")
        assert answer(connection) is None
        assert other.call("C_Sign", 1, b"", None) == 64
    assert eventually(lambda: len(served.server.applications) == 0)


@pytest.mark.parametrize("cut", [1, 3, 4, 7, 11])
def test_a_client_that_leaves_in_the_middle_of_a_frame(served: Served, cut: int) -> None:
    connection = greeted(served)
    connection.sendall(request(number("C_CloseSession"), bytes(8))[:cut])
    connection.close()
    assert eventually(lambda: served.applications[0].closed.is_set())


def test_a_partial_frame_has_its_time_and_stalls_nobody(serve: Callable[..., Served]) -> None:
    served = serve(frame_seconds=0.5)
    with contextlib.closing(greeted(served)) as slow, served.client() as client:
        slow.sendall(b"\x10\0\0\0")
        assert client.call("C_Sign", 1, b"", None) == 64
        assert answer(slow) == (Fault.GENERAL_ERROR, b"")
        assert answer(slow) is None
        time.sleep(0.7)  # Between frames there is no limit.
        assert client.call("C_Sign", 1, b"", None) == 64


def test_who_says_nothing_is_left_soon(serve: Callable[..., Served]) -> None:
    served = serve(hello_seconds=0.2)
    with contextlib.closing(served.raw()) as connection:
        assert answer(connection) is None


def test_a_claimed_length_takes_no_memory(served: Served) -> None:
    import resource

    connections = [greeted(served) for _ in range(20)]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for connection in connections:
        connection.sendall(struct.pack("<IHH", 64 << 20, number("C_Digest"), 0) + bytes(1000))
    time.sleep(0.2)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 10_000  # KiB
    for connection in connections:
        connection.close()


# --- The handshake


def test_another_version_is_refused_in_words(served: Served) -> None:
    with contextlib.closing(served.raw()) as connection:
        connection.sendall(request(frames.HELLO, b"HSMITH\x02\0" + bytes(99)))
        reply = answer(connection)
    assert reply is not None
    assert reply[0] == Fault.DEVICE_ERROR
    assert "version 1" in frames.decode_hello_reply(reply[1])[1]


def test_connections_with_a_token_share_an_application_until_the_last_ends(served: Served) -> None:
    first = served.client()
    second = served.client(token=first.token)
    other = served.client()
    assert second.token == first.token != other.token
    assert len(served.applications) == 2
    assert (served.applications[0].pid, served.applications[0].uid) == (os.getpid(), os.getuid())
    first.close()
    assert second.call("C_Sign", 1, b"", None) == 64
    assert not served.applications[0].closed.is_set()
    second.close()
    assert served.applications[0].closed.wait(5)
    assert not served.applications[1].closed.is_set()
    other.close()


def test_a_token_is_good_for_its_own_process_only(served: Served) -> None:
    with served.client() as client:
        script = (
            "import sys; from pathlib import Path; from hsmith.wire.client import Client;"
            "Client(Path(sys.argv[1]), token=bytes.fromhex(sys.argv[2]))"
        )
        command = [sys.executable, "-c", script, str(served.path), client.token.hex()]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        assert "application token is not of this process" in ended.stderr
        with contextlib.closing(served.raw()) as connection:
            connection.sendall(hello(client.token, pid=os.getpid() + 1))
            reply = answer(connection)
            assert reply is not None
            assert reply[0] == Fault.ARGUMENTS_BAD


def test_an_unknown_token_is_refused(served: Served) -> None:
    with contextlib.closing(served.raw()) as connection:
        connection.sendall(hello(b"x" * 16))
        reply = answer(connection)
    assert reply is not None
    assert reply[0] == Fault.ARGUMENTS_BAD


def test_only_this_user_and_root_may_connect() -> None:
    assert peer.may_connect(peer.Peer(1, os.geteuid()))
    assert peer.may_connect(peer.Peer(1, 0))
    assert peer.may_connect(peer.Peer(None, None))
    assert not peer.may_connect(peer.Peer(1, os.geteuid() + 1))


def test_a_foreign_user_is_refused(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peer, "identify", lambda connection: peer.Peer(1, os.geteuid() + 1))
    with contextlib.closing(served.raw()) as connection:
        reply = answer(connection)
    assert reply is not None
    assert reply[0] == Fault.DEVICE_ERROR
    assert not served.applications


# --- Many, and the end


def test_200_idle_connections(served: Served) -> None:
    connections = [greeted(served) for _ in range(200)]
    with served.client() as client:
        assert client.call("C_Sign", 1, b"", None) == 64
    assert served.server.idle() == 0
    for connection in connections:
        connection.close()
    assert eventually(lambda: served.server.idle() > 0)
    assert len(served.server.applications) == 0


def test_too_many_connections_are_refused_in_words(serve: Callable[..., Served]) -> None:
    served = serve(most=3)
    connections = [greeted(served) for _ in range(3)]
    for _ in range(40):
        with contextlib.closing(served.raw()) as refused:
            with contextlib.suppress(BrokenPipeError):
                refused.sendall(hello())
            reply = answer(refused)
            assert reply is not None
            assert reply[0] == Fault.DEVICE_MEMORY
            assert "keeper.connections" in frames.decode_hello_reply(reply[1])[1]
    connections.pop().close()
    assert eventually(lambda: _accepted(served))
    for connection in connections:
        connection.close()


def _accepted(served: Served) -> bool:
    with contextlib.closing(served.raw()) as connection:
        connection.sendall(hello())
        reply = answer(connection)
        return reply is not None and reply[0] == Fault.OK


def test_a_client_that_dies_in_a_waiting_call_closes_its_application(served: Served) -> None:
    connection = greeted(served)
    connection.sendall(request(number("C_WaitForSlotEvent"), bytes(8)))
    time.sleep(0.1)
    assert not served.applications[0].closed.is_set()
    connection.close()
    assert served.applications[0].closed.wait(5)
    assert eventually(lambda: served.server.idle() > 0)


def test_nothing_stays_of_a_client_that_goes_before_it_is_greeted(serve: Callable[..., Served]) -> None:
    opened, go = threading.Event(), threading.Event()

    class Slow(Served):
        def _open(self, pid: int | None, uid: int | None, program: str) -> Application:
            application = super()._open(pid, uid, program)
            opened.set()
            go.wait(5)
            return application

    served = serve(kind=Slow)
    connection = served.raw()
    connection.sendall(hello())
    assert opened.wait(5)
    connection.close()
    go.set()
    assert served.applications[0].closed.wait(5)
    assert eventually(lambda: len(served.server.applications) == 0)


def test_a_thread_that_never_begins_holds_up_nobody(served: Served) -> None:
    """As where there is no memory for its first step."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_thread, "start_new_thread", lambda work, arguments: 0)
        stuck = served.raw()
        assert eventually(lambda: len(served.server._served) == 1)
    with served.client() as client:
        assert client.admin("echo", text="x") == {"text": "x"}
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(workers, "PATIENCE", 0.0)
            assert stuck.recv(1) == b""  # it is told in the end
        assert client.admin("echo", text="x") == {"text": "x"}
    stuck.close()


@pytest.mark.parametrize("known", [False, True])
def test_a_connection_without_memory_says_so(served: Served, monkeypatch: pytest.MonkeyPatch, known: bool) -> None:
    """Wherever it is missing: its client does not take the keeper for gone."""

    def none(*_: object) -> Any:
        raise MemoryError

    connection = greeted(served) if known else served.raw()
    monkeypatch.setattr(Connection, "_other" if known else "_welcome", none)
    connection.sendall(request(number("C_GetSlotList"), b"") if known else hello())
    told = answer(connection)
    assert told is not None
    assert told[0] == Fault.DEVICE_MEMORY
    assert answer(connection) is None
    connection.close()


def test_close_answers_the_call_in_progress(served: Served) -> None:
    connection = greeted(served)
    connection.sendall(request(number("C_WaitForSlotEvent"), bytes(8)))
    time.sleep(0.1)
    began = time.monotonic()
    served.server.close()
    assert time.monotonic() - began < 5
    assert answer(connection) == (Fault.CRYPTOKI_NOT_INITIALIZED, b"")
    assert answer(connection) is None
    connection.close()


def test_a_server_that_is_gone_is_device_removed(serve: Callable[..., Served]) -> None:
    served = serve()
    client = served.client()
    served.close()
    for _ in range(2):
        with pytest.raises(Refused) as refused:
            client.call("C_Sign", 1, b"", None)
        assert refused.value.fault == Fault.DEVICE_REMOVED
    with pytest.raises(NotRunning):
        served.client()


def test_many_threads_of_one_client(served: Served) -> None:
    wrong: list[int] = []
    with served.client() as client:

        def work(size: int) -> None:
            given = [client.call("C_Digest", 1, bytes(size), 8) for _ in range(50)]
            wrong.extend(size for answer in given if answer != size.to_bytes(8, "little"))

        threads = [threading.Thread(target=work, args=(size,)) for size in range(0, 8000, 1000)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not wrong


# --- Secrets


def test_a_frame_that_carried_a_pin_is_erased(served: Served) -> None:
    for pin in (b"1234", b"4711-secret" * 1000):
        ours, theirs = socket.socketpair()
        receiver = Receiver(theirs)
        first = receiver.buffer
        frame = request(number("C_Login"), bytes(16) + struct.pack("<I", len(pin)) + pin)
        ours.sendall(frame)
        end = receiver.frame()
        assert bytes(receiver.buffer[:end]) == frame
        last = receiver.buffer
        receiver.done(end, wipe=True)
        assert pin not in first
        assert pin not in last
        ours.close()
        theirs.close()
    assert [c.row.name for c in served.server.service.calls.values() if c.secret] == ["C_Login"]


def test_applications_are_closed_once_all_their_connections_hung_up() -> None:
    registry = Applications(Application)
    identity = Identity(peer.Peer(1, 2), 1)
    joined = registry.join(NONE, identity)
    assert joined is not None
    token, application = joined
    assert registry.join(token, identity) == (token, application)
    registry.hung_up([token])
    assert not application.closed.is_set()
    registry.hung_up([token, token])
    assert application.closed.is_set()
    registry.leave(token)
    registry.leave(token)
    assert len(registry) == 0


def test_json_of_admin_replies_is_an_object(served: Served) -> None:
    with contextlib.closing(greeted(served)) as connection:
        text = b'{"command": "echo", "x": [1]}'
        connection.sendall(request(frames.ADMIN, len(text).to_bytes(4, "little") + text))
        reply = answer(connection)
    assert reply is not None
    assert json.loads(reply[1][4:]) == {"x": [1]}
