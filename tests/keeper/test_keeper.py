"""The life of real keepers: their start, alone and in a race, their end, and what they leave."""

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness import keepers_of
from hsmith import home as homes
from hsmith.home import Trouble
from hsmith.keeper import main as keeper_main
from hsmith.wire import address
from hsmith.wire.client import Client, NotRunning

COMMAND = [sys.executable, "-P", "-m", "hsmith.keeper"]


@pytest.fixture
def keeper_home(home: Path) -> Iterator[Path]:
    yield home
    for pid in keepers_of(home):
        os.kill(pid, signal.SIGTERM)


def start(*options: str, **more: Any) -> str:
    """The line that ``hsmith-keeper start`` prints."""
    ended = subprocess.run(
        [*COMMAND, "start", *options], capture_output=True, text=True, timeout=60, check=False, **more
    )
    assert ended.stderr == ""
    assert ended.returncode == (0 if ended.stdout == "ready\n" else 1)
    line: str = ended.stdout
    return line.rstrip("\n")


def status() -> dict[str, Any]:
    with Client(autostart=False) as client:
        return client.admin("keeper.status")


def ended(pid: int, seconds: float = 10) -> bool:
    due = time.monotonic() + seconds
    while time.monotonic() < due:
        try:
            os.kill(pid, 0)
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.02)
    return False


def configure(home: Path, text: str) -> None:
    (home / "config.toml").write_text(f"[pin]\nkdf_milliseconds = 10\n{text}")


def test_start_leaves_one_private_daemon(keeper_home: Path) -> None:
    before = os.umask(0)
    try:
        with open(keeper_home / "secret", "w") as inherited:
            assert start(pass_fds=(inherited.fileno(),)) == "ready"
    finally:
        os.umask(before)
    pid = status()["pid"]
    assert start() == "ready"
    assert status()["pid"] == pid
    assert keepers_of(keeper_home) == [pid]
    modes = {path.name: path.lstat().st_mode & 0o777 for path in (keeper_home, *keeper_home.rglob("*"))}
    for name in ("keeper.sock", "keeper.lock", "keeper.log", "store.db"):
        assert modes[name] == 0o600
    assert modes["store"] == modes[keeper_home.name] == 0o700
    if sys.platform == "linux":
        open_files = {os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")}
        assert str(keeper_home / "secret") not in open_files
        assert os.readlink(f"/proc/{pid}/cwd") == "/"
        assert os.getsid(pid) not in (os.getsid(0), pid)


def test_twenty_starts_at_once_make_one_keeper(keeper_home: Path) -> None:
    processes = [
        subprocess.Popen([*COMMAND, "start"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT) for _ in range(20)
    ]
    assert [process.communicate(timeout=60)[0] for process in processes] == [b"ready\n"] * 20
    assert keepers_of(keeper_home) == [status()["pid"]]


def test_clients_start_a_keeper_in_a_race(keeper_home: Path) -> None:
    script = "from hsmith.wire.client import Client; print(Client().admin('keeper.status')['pid'])"
    processes = [subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) for _ in range(8)]
    pids = {process.communicate(timeout=60)[0].strip() for process in processes}
    assert pids == {str(status()["pid"]).encode()}


def test_a_second_keeper_in_the_foreground_leaves_it_to_the_first(keeper_home: Path) -> None:
    assert start() == "ready"
    second = subprocess.run([*COMMAND, "run"], capture_output=True, text=True, timeout=60, check=False)
    assert (second.returncode, second.stdout) == (0, "ready\n")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_order(keeper_home: Path, number: int) -> None:
    process = subprocess.Popen([*COMMAND, "run"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    with Client(autostart=False) as client:
        assert client.admin("keeper.status")["pid"] == process.pid
        process.send_signal(number)
        _, said = process.communicate(timeout=15)
    assert process.returncode == 0
    assert not (keeper_home / "keeper.sock").exists()
    assert signal.Signals(number).name in said
    assert "Traceback" not in said
    with pytest.raises(NotRunning):
        status()


def test_what_a_killed_keeper_left_does_not_matter(keeper_home: Path) -> None:
    assert start() == "ready"
    pid = status()["pid"]
    os.kill(pid, signal.SIGKILL)
    assert ended(pid)
    assert (keeper_home / "keeper.sock").is_socket()
    assert start() == "ready"
    assert status()["pid"] != pid


def test_it_ends_some_time_after_its_last_client(keeper_home: Path) -> None:
    configure(keeper_home, "[keeper]\nidle_seconds = 1\n")
    assert start() == "ready"
    with Client(autostart=False) as client:
        pid = client.admin("keeper.status")["pid"]
        time.sleep(4.5)
        assert client.admin("keeper.status")["pid"] == pid
    assert ended(pid)
    assert not (keeper_home / "keeper.sock").exists()
    with Client() as client:
        assert client.admin("keeper.status")["pid"] != pid


def test_it_ends_when_its_socket_or_home_is_gone(keeper_home: Path) -> None:
    assert start() == "ready"
    pid = status()["pid"]
    (keeper_home / "keeper.sock").unlink()
    assert ended(pid)
    assert start() == "ready"
    pid = status()["pid"]
    shutil.rmtree(keeper_home)
    assert ended(pid)
    assert not keeper_home.exists()


def test_a_replaced_home_gets_a_keeper_of_its_own(keeper_home: Path) -> None:
    assert start() == "ready"
    first = status()["pid"]
    moved = keeper_home.with_name(keeper_home.name + "-moved")
    keeper_home.rename(moved)
    try:
        assert start() == "ready"
        assert status()["pid"] != first
        assert ended(first)
        assert (keeper_home / "keeper.sock").is_socket()  # The first has not removed the second's.
    finally:
        shutil.rmtree(moved)


def test_a_home_longer_than_a_socket_address(keeper_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = keeper_home / ("d" * 100) / ("e" * 100)
    monkeypatch.setenv("HSMITH_HOME", str(deep))
    assert start() == "ready"
    pid = status()["pid"]
    assert status()["socket"] == str(deep / "keeper.sock")
    assert start() == "ready"
    with Client(autostart=False) as client:
        client.admin("keeper.stop")
    assert ended(pid)
    assert not (deep / "keeper.sock").exists()


def test_a_relative_home(keeper_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(keeper_home)
    monkeypatch.setenv("HSMITH_HOME", "relative")
    assert start() == "ready"
    assert status()["socket"] == str(keeper_home / "relative" / "keeper.sock")
    with Client(autostart=False) as client:
        client.admin("keeper.stop")


def test_a_path_too_long_is_said_in_words_where_there_is_no_proc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os.path, "isdir", lambda path: False)
    with pytest.raises(Trouble, match="longer than"), address.usable(Path("/" + "x" * 200)):
        pass


def test_a_home_that_cannot_be_used_is_said_in_words(keeper_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (keeper_home / "file").touch()
    monkeypatch.setenv("HSMITH_HOME", str(keeper_home / "file" / "home"))
    assert start().startswith(f"error: {keeper_home}/file is not a folder.")
    with pytest.raises(Trouble, match="is not a folder"):
        Client()


def test_a_wrong_configuration_is_said_in_words(keeper_home: Path) -> None:
    configure(keeper_home, "[keeper]\nidle = 1\n")
    assert "unknown key 'keeper.idle'. Did you mean 'keeper.idle_seconds'?" in start()
    with pytest.raises(NotRunning, match="Did you mean"):
        Client()


def test_a_store_that_cannot_be_opened_is_said_in_words(keeper_home: Path) -> None:
    (keeper_home / "store").write_text("not a folder")
    line = start()
    assert line.startswith("error: ")
    assert "store" in line
    assert keepers_of(keeper_home) == []


def test_a_socket_elsewhere_is_linked_from_the_default(keeper_home: Path) -> None:
    elsewhere = keeper_home / "run" / "socket"
    configure(keeper_home, f'[keeper]\nsocket = "{elsewhere}"\n')
    assert start() == "ready"
    assert stat.S_ISSOCK(elsewhere.lstat().st_mode)
    assert os.readlink(keeper_home / "keeper.sock") == str(elsewhere)
    found = status()
    assert found["socket"] == str(elsewhere)
    (keeper_home / "keeper.sock").unlink()
    assert start() == "ready"  # Another user of the same store, who looks at the default address.
    assert status()["pid"] == found["pid"]
    with Client(elsewhere) as client:
        client.admin("keeper.stop")
    assert ended(found["pid"])
    assert not elsewhere.exists()
    assert not (keeper_home / "keeper.sock").is_symlink()


def test_two_homes_cannot_share_a_socket(keeper_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert start() == "ready"
    other = keeper_home / "other"
    other.mkdir()
    configure(other, f'[keeper]\nsocket = "{keeper_home}/keeper.sock"\n')
    monkeypatch.setenv("HSMITH_HOME", str(other))
    assert "Another program listens" in start()


def test_a_file_in_the_place_of_the_socket_is_not_removed(keeper_home: Path) -> None:
    (keeper_home / "keeper.sock").write_text("mine")
    assert "is no socket" in start()
    assert (keeper_home / "keeper.sock").read_text() == "mine"


def test_autostart_can_be_turned_off(keeper_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(keeper_home, "[keeper]\nautostart = false\n")
    assert "hsmith keeper start" in start()
    with pytest.raises(NotRunning, match="hsmith keeper start"):
        Client()
    assert start("--asked") == "ready"
    configure(keeper_home, "")
    os.kill(status()["pid"], signal.SIGTERM)
    monkeypatch.setenv("HSMITH_AUTOSTART", "0")
    due = time.monotonic() + 10
    while time.monotonic() < due and address.listening(keeper_home / "keeper.sock"):
        time.sleep(0.02)
    with pytest.raises(NotRunning):
        Client()
    assert keepers_of(keeper_home) == [] or not address.listening(keeper_home / "keeper.sock")


def test_a_keeper_that_hangs_before_it_listens_is_said_in_words(
    keeper_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from hsmith.keeper.lock import KeeperLock

    monkeypatch.setattr(keeper_main, "PATIENCE", 0.1)
    home = homes.find()
    home.prepare()
    lock = KeeperLock.take(home)
    assert lock is not None
    assert KeeperLock.take(home) is None
    assert keeper_main.main(["run"]) == 1
    assert "does not listen" in capsys.readouterr().err
    lock.release()


def test_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert keeper_main.main(["go"]) == 2
    assert "usage:" in capsys.readouterr().err


def test_start_with_closed_standard_descriptors(keeper_home: Path) -> None:
    script = f"exec 0<&- 2>&-; exec {sys.executable} -P -m hsmith.keeper start"
    done = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "ready\n"
    assert (keeper_home / "keeper.log").read_text().count("\n") >= 1
    assert status()["pid"] in keepers_of(keeper_home)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has it")
def test_the_process_cannot_be_traced_or_dumped() -> None:
    script = (
        "import ctypes, resource; from hsmith.keeper.harden import harden; harden();"
        "print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), resource.getrlimit(resource.RLIMIT_CORE))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "0 (0, 0)\n"


def test_a_client_that_connects_as_the_keeper_goes_idle_is_served(keeper_home: Path) -> None:
    """Connecting over and over across many idle ends: no client is ever turned away."""
    configure(keeper_home, "[keeper]\nidle_seconds = 1\n")
    pids = set()
    due = time.monotonic() + 9
    while time.monotonic() < due:
        with Client() as client:
            pids.add(client.admin("keeper.status")["pid"])
        time.sleep(1.4)
    assert len(pids) > 1


def test_a_raw_connection_to_a_keeper(keeper_home: Path) -> None:
    assert start() == "ready"
    with address.connect(keeper_home / "keeper.sock") as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
        connection.settimeout(5)
        assert connection.recv(100) == (4).to_bytes(4, "little") + (5).to_bytes(4, "little")
        assert connection.recv(100) == b""
        assert isinstance(connection, socket.socket)
    assert status()["applications"] == 1
