"""Processes, threads and keepers that come and go: fork, a lost keeper, C_Finalize, dlclose, a keeper's start."""

import ctypes as C
import os
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fake_keeper import CLOSE, TOKEN, FakeKeeper, Reply
from hsmith.spec.constants import Fault
from hsmith.wire import frames
from p11 import P11

ROOT = Path(__file__).resolve().parents[2]


def until(condition: Any, seconds: float = 10.0) -> None:
    due = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < due, "it did not happen in time"
        time.sleep(0.005)


def script(text: str, *arguments: object, **environment: str) -> str:
    """Run Python with the module's tests' helpers in a process of its own; its output."""
    paths = os.pathsep.join([str(ROOT / "src"), str(ROOT / "tests")])
    done = subprocess.run(
        [sys.executable, "-c", "import os, sys, time\nfrom p11 import P11\n" + text, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": paths, **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


# --- Applications and connections


def test_connections_share_one_application(ready: P11, keeper: FakeKeeper) -> None:
    """Calls at the same time each have a connection; the connections are used again."""
    gate = threading.Barrier(5)

    def close(session: int) -> tuple[()]:
        gate.wait(10)
        return ()

    keeper.answers["C_CloseSession"] = close
    threads = [threading.Thread(target=ready.rv, args=("C_CloseSession", 1)) for _ in range(4)]
    for thread in threads:
        thread.start()
    gate.wait(10)
    for thread in threads:
        thread.join()
    assert len(keeper.connections) == 4
    assert keeper.tokens == [bytes(16), *[TOKEN[:-2] + b"\0\x01"] * 3]
    for _ in range(20):
        ready.call("C_Logout", 1)
    assert len(keeper.connections) == 4


def _slowly(session: int) -> tuple[()]:
    time.sleep(0.02)
    return ()


def test_more_calls_than_connections_wait(ready: P11, keeper: FakeKeeper) -> None:
    keeper.answers["C_CloseSession"] = _slowly
    results: list[int] = []
    work = [threading.Thread(target=lambda: results.append(ready.rv("C_CloseSession", 1))) for _ in range(150)]
    for thread in work:
        thread.start()
    for thread in work:
        thread.join()
    assert results == [Fault.OK] * 150
    assert len(keeper.connections) <= 64


def test_finalize_ends_the_application(ready: P11, keeper: FakeKeeper) -> None:
    ready.finalize()
    until(lambda: all(connection.fileno() < 0 for connection in keeper.connections))
    ready.initialize()
    assert keeper.tokens == [bytes(16), bytes(16)]


def test_a_lost_keeper_is_told_once_and_then_replaced(ready: P11, keeper: FakeKeeper, address: Path) -> None:
    keeper.answers["C_Logout"] = lambda session: CLOSE
    assert ready.rv("C_Logout", 1) == Fault.DEVICE_REMOVED
    del keeper.answers["C_Logout"]
    assert ready.rv("C_Logout", 1) == Fault.OK
    assert keeper.tokens == [bytes(16), bytes(16)]
    keeper.close()
    assert ready.rv("C_Logout", 1) == Fault.DEVICE_REMOVED
    assert ready.rv("C_Logout", 1) == Fault.DEVICE_REMOVED
    address.unlink()
    with FakeKeeper(address) as second:
        assert ready.rv("C_Logout", 1) == Fault.OK
        assert second.tokens == [bytes(16)]


def test_a_lost_connection_drops_its_fellows(ready: P11, keeper: FakeKeeper) -> None:
    gate = threading.Barrier(3)
    keeper.answers["C_CloseSession"] = lambda session: (gate.wait(10) and ()) or ()
    threads = [threading.Thread(target=ready.rv, args=("C_CloseSession", 1)) for _ in range(2)]
    for thread in threads:
        thread.start()
    gate.wait(10)
    for thread in threads:
        thread.join()
    keeper.answers["C_Logout"] = lambda session: CLOSE
    assert ready.rv("C_Logout", 1) == Fault.DEVICE_REMOVED
    until(lambda: all(connection.fileno() < 0 for connection in keeper.connections))
    del keeper.answers["C_Logout"]
    assert ready.rv("C_Logout", 1) == Fault.OK
    assert keeper.tokens[-1] == bytes(16)


def test_a_keeper_that_does_not_know_the_application(ready: P11, keeper: FakeKeeper) -> None:
    keeper.hello = lambda token: refused_hello(Fault.ARGUMENTS_BAD) if token != bytes(16) else None
    gate = threading.Barrier(2)
    keeper.answers["C_CloseSession"] = lambda session: (gate.wait(10) and ()) or ()
    thread = threading.Thread(target=ready.rv, args=("C_CloseSession", 1))
    thread.start()
    until(lambda: "C_CloseSession" in keeper.names())
    assert ready.rv("C_Logout", 1) == Fault.DEVICE_REMOVED
    gate.wait(10)
    thread.join()
    assert ready.rv("C_Logout", 1) == Fault.OK
    assert keeper.tokens[-1] == bytes(16)


def refused_hello(fault: int) -> Reply:
    return Reply.of(fault, frames.encode_hello_reply(0, bytes(16), "no"))


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (refused_hello(Fault.DEVICE_ERROR), Fault.GENERAL_ERROR),
        (refused_hello(Fault.DEVICE_MEMORY), Fault.DEVICE_MEMORY),
        (Reply.of(Fault.OK), Fault.GENERAL_ERROR),
        (Reply(b"HTTP/1.1 400 Bad Request\r\n\r\n"), Fault.FUNCTION_FAILED),
        (CLOSE, Fault.FUNCTION_FAILED),
    ],
)
def test_initialize_says_that_it_cannot(fresh: P11, keeper: FakeKeeper, reply: Reply, expected: int) -> None:
    keeper.hello = lambda token: reply
    assert fresh.rv("C_Initialize", None) == expected
    assert fresh.rv("C_Logout", 1) == Fault.CRYPTOKI_NOT_INITIALIZED
    keeper.hello = lambda token: None
    assert fresh.rv("C_Initialize", None) == Fault.OK


def test_a_keeper_that_ends_before_it_greets_is_tried_again(fresh: P11, keeper: FakeKeeper) -> None:
    keeper.hello = lambda token: CLOSE if len(keeper.tokens) < 3 else None
    assert fresh.rv("C_Initialize", None) == Fault.OK
    assert len(keeper.tokens) == 3


def test_a_refusal_before_the_request_is_read(module: Path, address: Path) -> None:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(address))
    listener.listen()

    def refuse() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(refused_hello(Fault.DEVICE_MEMORY).raw)
            connection.shutdown(socket.SHUT_WR)
            connection.recv(1000)

    thread = threading.Thread(target=refuse)
    thread.start()
    assert P11(module).rv("C_Initialize", None) == Fault.DEVICE_MEMORY
    thread.join()
    listener.close()


def test_initialize_without_a_keeper(module: Path, address: Path) -> None:
    assert P11(module).rv("C_Initialize", None) == Fault.FUNCTION_FAILED


def test_initialize_from_many_threads(fresh: P11, keeper: FakeKeeper) -> None:
    results: list[int] = []
    threads = [threading.Thread(target=lambda: results.append(fresh.rv("C_Initialize", None))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [Fault.OK, *[Fault.CRYPTOKI_ALREADY_INITIALIZED] * 7]


# --- C_Finalize while others wait


def test_finalize_wakes_those_who_wait(ready: P11, keeper: FakeKeeper) -> None:
    forever = threading.Event()
    keeper.answers["C_WaitForSlotEvent"] = lambda flags: (forever.wait(30), (1,))[1]
    results: list[int] = []

    def wait() -> None:
        results.append(ready.rv("C_WaitForSlotEvent", 0, C.c_ulong(), None))

    threads = [threading.Thread(target=wait) for _ in range(3)]
    for thread in threads:
        thread.start()
    until(lambda: keeper.names().count("C_WaitForSlotEvent") == 3)
    begin = time.monotonic()
    assert ready.rv("C_Finalize", None) == Fault.OK
    assert time.monotonic() - begin < 3
    for thread in threads:
        thread.join(10)
    forever.set()
    assert results == [Fault.CRYPTOKI_NOT_INITIALIZED] * 3


def test_finalize_wakes_those_who_wait_for_a_connection(ready: P11, keeper: FakeKeeper) -> None:
    forever = threading.Event()
    keeper.answers["C_WaitForSlotEvent"] = lambda flags: (forever.wait(30), (1,))[1]
    results: list[int] = []

    def wait() -> None:
        results.append(ready.rv("C_WaitForSlotEvent", 0, C.c_ulong(), None))

    threads = [threading.Thread(target=wait) for _ in range(70)]
    for thread in threads:
        thread.start()
    until(lambda: keeper.names().count("C_WaitForSlotEvent") == 64)
    assert ready.rv("C_Finalize", None) == Fault.OK
    for thread in threads:
        thread.join(10)
    forever.set()
    assert results == [Fault.CRYPTOKI_NOT_INITIALIZED] * 70


# --- Fork and unloading


def test_fork(module: Path, keeper: FakeKeeper) -> None:
    output = script(
        """
p = P11(sys.argv[1]); p.initialize(); p.call("C_Logout", 1)
child = os.fork()
if child == 0:
    rvs = [p.rv("C_Logout", 1), p.rv("C_Finalize", None), p.rv("C_Initialize", None), p.rv("C_Logout", 1)]
    grandchild = os.fork()
    if grandchild == 0:
        os._exit(p.rv("C_Logout", 1) != 0x190)
    rvs += [os.waitpid(grandchild, 0)[1], p.rv("C_Logout", 1), p.rv("C_Finalize", None)]
    os._exit(rvs != [0x190, 0x190, 0, 0, 0, 0, 0])
print(os.waitpid(child, 0)[1], p.rv("C_Logout", 1))
p.finalize()
""",
        module,
    )
    assert output.split() == ["0", "0"]
    assert keeper.tokens == [bytes(16), bytes(16)]


def test_a_child_keeps_no_application_alive(module: Path, keeper: FakeKeeper) -> None:
    """C_Finalize ends the connections although a child that was forked has copies of them."""
    script(
        """
p = P11(sys.argv[1]); p.initialize()
reader, writer = os.pipe()
child = os.fork()
if child == 0:
    os.close(writer)
    os.read(reader, 1)
    os._exit(0)
p.finalize()
while os.path.exists(sys.argv[2]):
    time.sleep(0.01)
os.close(writer)
os.waitpid(child, 0)
""",
        module,
        marker := _marker_until(keeper),
    )
    assert not Path(marker).exists()


def _marker_until(keeper: FakeKeeper) -> str:
    """A file that goes when all connections of the keeper have ended."""
    descriptor, name = tempfile.mkstemp()
    os.close(descriptor)

    def watch() -> None:
        until(lambda: keeper.connections and all(one.fileno() < 0 for one in keeper.connections), 20)
        Path(name).unlink()

    threading.Thread(target=watch, daemon=True).start()
    return name


def test_fork_while_threads_call(module: Path, keeper: FakeKeeper) -> None:
    """Whatever the other threads held when the fork came, the child can begin anew."""
    # gcc 12's libasan does not see to its own allocator at a fork: where another thread is just getting the memory of a
    # new connection (16 KiB), the child waits for the lock of that size for ever, inside malloc. Under it all
    # connections have theirs before the first fork: the keeper answers the first calls when all three have come.
    together = threading.Barrier(3)
    keeper.answers["C_WaitForSlotEvent"] = lambda flags: (together.wait(60), (1,))[1]
    output = script(
        """
import ctypes, threading
p = P11(sys.argv[1]); p.initialize()
stop, ready = threading.Event(), threading.Barrier(4)
def work():
    if sys.argv[2] == "True":
        assert p.rv("C_WaitForSlotEvent", 0, ctypes.c_ulong(), None) == 0
        ready.wait(60)
    while not stop.is_set():
        assert p.rv("C_Logout", 1) == p.rv("C_FindObjectsInit", 1, None, 0) == p.rv("C_FindObjectsFinal", 1) == 0
threads = [threading.Thread(target=work) for _ in range(3)]
for thread in threads: thread.start()
if sys.argv[2] == "True":
    ready.wait(60)
bad = 0
for _ in range(30):
    child = os.fork()
    if child == 0:
        before = [p.rv("C_Logout", 1), p.rv("C_FindObjectsInit", 1, None, 0), p.rv("C_FindObjectsFinal", 1)]
        after = [p.rv("C_Initialize", None), p.rv("C_Logout", 1), p.rv("C_Finalize", None)]
        os._exit(before != [0x190] * 3 or after != [0] * 3)
    bad += os.waitpid(child, 0)[1] != 0
stop.set()
for thread in threads: thread.join()
print(bad, p.rv("C_Logout", 1))
""",
        module,
        "HSMITH_TEST_CFLAGS" in os.environ,
        PYTHONWARNINGS="ignore",
    )
    assert output.split() == ["0", "0"]


@pytest.mark.skipif("HSMITH_TEST_CFLAGS" in os.environ, reason="the thread is inside libasan's malloc: see above")
def test_fork_while_a_thread_initialises(module: Path, keeper: FakeKeeper) -> None:
    """A child of a process whose first C_Initialize is under way makes its own."""
    output = script(
        """
import signal, threading
p = P11(sys.argv[1])
def once(pause):
    signal.alarm(20)
    begin = threading.Event()
    def work():
        begin.wait()
        p.rv("C_Initialize", None)
    thread = threading.Thread(target=work)
    thread.start()
    begin.set()
    time.sleep(pause)
    child = os.fork()
    if child == 0:
        signal.alarm(20)
        os._exit(p.rv("C_Initialize", None) != 0)
    failed = os.waitpid(child, 0)[1]
    thread.join()
    return failed != 0
bad = 0
for n in range(int(sys.argv[2])):
    child = os.fork()
    if child == 0:
        os._exit(once(n % 20 * 0.00001))
    bad += os.waitpid(child, 0)[1] != 0
print(bad)
""",
        module,
        100,
        PYTHONWARNINGS="ignore",
    )
    assert output.split() == ["0"]


def test_unloading(module: Path, keeper: FakeKeeper) -> None:
    output = script(
        """
import _ctypes
for finalize in (True, True, False):
    p = P11(sys.argv[1])
    p.initialize()
    assert p.rv("C_Logout", 1) == 0
    if finalize: p.finalize()
    _ctypes.dlclose(p.lib._handle)
    print("libhsmith" in open("/proc/self/maps").read())
""",
        module,
    )
    assert output.split() == ["False"] * 3


def test_descriptors_are_not_inherited(module: Path, keeper: FakeKeeper) -> None:
    output = script(
        """
import subprocess
for fd in (0, 1): os.close(fd)
p = P11(sys.argv[1]); p.initialize()
listed = subprocess.run(["ls", "-l", "/proc/self/fd"], capture_output=True, text=True, close_fds=False).stdout
mine = [os.readlink(f"/proc/self/fd/{fd}") for fd in (0, 1) if os.path.exists(f"/proc/self/fd/{fd}")]
os.write(2, f"{'socket' in listed} {mine}".encode()) if 'socket' in listed or mine else None
os._exit(bool('socket' in listed or mine))
""",
        module,
    )
    assert output == ""


# --- Addresses


def test_long_path(module: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    top = Path(tempfile.mkdtemp(prefix="hm-"))
    folder = top / ("a" * 100) / ("b" * 100)
    folder.mkdir(parents=True)
    listener = socket.socket(socket.AF_UNIX)
    descriptor = os.open(folder, os.O_RDONLY)
    listener.bind(f"/proc/self/fd/{descriptor}/keeper.sock")
    os.close(descriptor)
    listener.listen()
    with FakeKeeper(listener=listener):
        p11 = P11(module)
        for name in ("HSMITH_SOCKET", "HSMITH_HOME"):
            monkeypatch.delenv("HSMITH_SOCKET", raising=False)
            monkeypatch.setenv(name, str(folder / "keeper.sock" if name == "HSMITH_SOCKET" else folder))
            p11.initialize()
            p11.finalize()
    shutil.rmtree(top)


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"HSMITH_HOME": "{}/h", "XDG_RUNTIME_DIR": "{}/r"}, "h"),
        ({"XDG_RUNTIME_DIR": "{}/r", "XDG_DATA_HOME": "{}/d"}, "r/hsmith"),
        ({"XDG_RUNTIME_DIR": "relative", "XDG_DATA_HOME": "{}/d"}, "d/hsmith"),
        ({"HSMITH_HOME": "", "XDG_RUNTIME_DIR": "", "XDG_DATA_HOME": "", "HOME": "{}/u"}, "u/.local/share/hsmith"),
    ],
)
def test_default_address(
    module: Path, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], expected: str
) -> None:
    top = Path(tempfile.mkdtemp(prefix="hm-"))
    for name in ("HSMITH_SOCKET", "HSMITH_HOME", "XDG_RUNTIME_DIR", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value.format(top))
    monkeypatch.setenv("HSMITH_AUTOSTART", "0")
    (top / expected).mkdir(parents=True)
    with FakeKeeper(top / expected / "keeper.sock"):
        p11 = P11(module)
        p11.initialize()
        p11.finalize()
    shutil.rmtree(top)


# --- Autostart


STARTER = f"""#!{sys.executable}
import os, sys, time
home = os.environ["HSMITH_HOME"]
with open(home + "/starts", "a") as log:
    extra = sorted(set(os.environ) - {{"HOME", "PATH", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ", "TMPDIR"}})
    fds = sorted(int(fd) for fd in os.listdir("/proc/self/fd"))[:-1]
    print(sys.argv[1:], [name for name in extra if not name.startswith(("HSMITH_", "XDG_", "LC_"))], fds[:4], file=log)
time.sleep(0.2)
mode = os.environ.get("HSMITH_TEST", "ready")
if mode == "ready":
    os.rename(home + "/waiting.sock", home + "/keeper.sock")
    print("ready", flush=True)
elif mode == "error":
    print("error: it cannot be started", flush=True)
elif mode == "silent":
    time.sleep(1)
"""


@pytest.fixture
def installation(module: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Path, Path]]:
    """A copy of the module with a starter beside it, and a home whose keeper listens once the starter has run."""
    top = Path(tempfile.mkdtemp(prefix="hm-"))
    (top / "lib").mkdir()
    (top / "bin").mkdir()
    (top / "home").mkdir(0o700)
    copy = top / "lib/libhsmith.so"
    shutil.copy(module, copy)
    starter = top / "bin/hsmith-keeper"
    starter.write_text(STARTER)
    starter.chmod(0o755)
    monkeypatch.delenv("HSMITH_SOCKET", raising=False)
    monkeypatch.setenv("HSMITH_HOME", str(top / "home"))
    monkeypatch.setenv("LD_EXTRA", "not to be handed on")
    with FakeKeeper(top / "home/waiting.sock"):
        yield copy, top / "home"
    shutil.rmtree(top)


def test_autostart(installation: tuple[Path, Path]) -> None:
    copy, home = installation
    p11 = P11(copy)
    p11.initialize()
    p11.finalize()
    assert (home / "starts").read_text() == "['start'] [] [0, 1, 2, 3]\n"
    assert stat.S_IMODE((home / "start.lock").stat().st_mode) == 0o600


def test_autostart_by_many_processes_at_once(installation: tuple[Path, Path]) -> None:
    copy, home = installation
    text = "import sys; from p11 import P11; p = P11(sys.argv[1]); p.initialize(); p.finalize()"
    paths = os.pathsep.join([str(ROOT / "src"), str(ROOT / "tests")])
    environment = {**os.environ, "PYTHONPATH": paths}
    racers = [subprocess.Popen([sys.executable, "-c", text, copy], env=environment) for _ in range(8)]
    assert [racer.wait(60) for racer in racers] == [0] * 8
    assert len((home / "starts").read_text().splitlines()) == 1


@pytest.mark.parametrize("mode", ["error", "silent"])
def test_autostart_that_fails(installation: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    monkeypatch.setenv("HSMITH_TEST", mode)
    assert P11(installation[0]).rv("C_Initialize", None) == Fault.FUNCTION_FAILED


def test_autostart_can_be_turned_off(installation: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HSMITH_AUTOSTART", "0")
    assert P11(installation[0]).rv("C_Initialize", None) == Fault.FUNCTION_FAILED
    monkeypatch.delenv("HSMITH_AUTOSTART")
    monkeypatch.setenv("HSMITH_SOCKET", str(installation[1] / "keeper.sock"))
    assert P11(installation[0]).rv("C_Initialize", None) == Fault.FUNCTION_FAILED
    assert not (installation[1] / "starts").exists()


def test_autostart_in_a_program_that_ignores_its_children(installation: tuple[Path, Path]) -> None:
    output = script(
        """
import signal
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
p = P11(sys.argv[1]); print(p.rv("C_Initialize", None))
""",
        installation[0],
    )
    assert output.split() == ["0"]


def test_keeper_is_started_again_after_it_was_lost(installation: tuple[Path, Path]) -> None:
    copy, home = installation
    p11 = P11(copy)
    p11.initialize()
    (home / "keeper.sock").unlink()
    with FakeKeeper(home / "waiting.sock") as second:
        p11.finalize()
        p11.initialize()
        assert p11.rv("C_Logout", 1) == Fault.OK
        assert second.names() == ["C_Logout"]
        p11.finalize()
    assert len((home / "starts").read_text().splitlines()) == 2


# --- A keeper that lies


def test_answers_that_no_keeper_gives(ready: P11, keeper: FakeKeeper) -> None:
    """Truncated, too long, with counts and lengths that exceed what follows: an error, and a new connection."""
    frame = frames.REPLY
    lies: list[bytes] = [
        b"",
        b"\x04",
        frame.pack(0, 0)[:4],
        frame.pack(3, 0),
        frame.pack(frames.MAX_FRAME + 1, 0),
        frame.pack(0xFFFFFFFF, 0),
        frame.pack(100, 0) + b"x" * 20,
        frame.pack(4, 0) + b"one too many",
        frame.pack(4, 0),
        frame.pack(5, 0) + b"\x02",
        frame.pack(9, 0) + b"\x01\xff\xff\xff\xff",
        frame.pack(9, 0) + b"\x01\x15\x00\x00\x00",
        frame.pack(30, 0) + b"\x01\x15\x00\x00\x00" + b"v" * 21,
        frame.pack(13, 0) + b"\x00" + b"\xff" * 8,
        frame.pack(4, 0x150),
        frame.pack(9, 0x150) + b"\x01\x00\x00\x00\x00",
        frame.pack(8, 7) + b"more",
    ]
    for lie in lies:
        keeper.answers["C_Sign"] = lambda *_, lie=lie: Reply(lie, close=True)
        room, length = C.create_string_buffer(b"untouched", 20), C.c_ulong(20)
        rv = ready.rv("C_Sign", 1, b"data", 4, room, length)
        assert rv in (Fault.DEVICE_REMOVED, Fault.DEVICE_ERROR), (lie, hex(rv))
        assert room.value == b"untouched"
        assert ready.rv("C_Logout", 1) == Fault.OK


@pytest.mark.parametrize("seed", range(4))
def test_random_answers(ready: P11, keeper: FakeKeeper, seed: int) -> None:
    """Any bytes in a well-formed frame, for every function that gives something: no crash, no write behind a buffer."""
    import random

    from module_calls import OUTPUTS, sample_call

    chance = random.Random(seed)

    def lie(*_: Any) -> Reply:
        length = chance.choice([0, 1, 4, 5, 8, 9, 12, 17, 40, 200, 1000])
        body = bytes(chance.choice([0, 0, 0, 1, 1, 2, 5, 7, 255, chance.randrange(256)]) for _ in range(length))
        return Reply.of(chance.choice([0, 0, 0, 0, 0x150, 0x11, 0x12, 0x200, 5]), body)

    for row in OUTPUTS:
        keeper.answers[row.name] = lie
    for _ in range(6):
        for row in OUTPUTS:
            arguments, guards = sample_call(row)
            ready.rv(row.name, *arguments)
            assert all(guard.raw[-8:] == b"guarded!" for guard in guards), row.name
