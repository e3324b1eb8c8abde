"""The keeper as a service: sockets that it is given, what it says to the service manager, and its units."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from gateway.rpc import Rpc
from harness import BIN, run
from hsmith.wire.client import Client
from hsmith.wire.session import Session

UNITS = Path(__file__).parents[2] / "packaging" / "systemd"
SERVICE = UNITS / "system" / "hsmith-keeper.service"
LAUNCHER = Path(__file__).with_name("under_systemd.py")
RESTRICTIONS = 2.0  # systemd's exposure level, from 0 to 10


class Service:
    """A keeper with two sockets that it did not make, started by the launcher; ``notes``: what it told the manager."""

    def __init__(self, home: Path, folder: Path) -> None:
        self.home, self.folder = home, folder
        self.path, self.p11_kit = folder / "keeper.sock", folder / "p11-kit.sock"
        self.notes = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notes.bind(str(folder / "notify"))
        self.notes.settimeout(60)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, unit: Path | None = None, *wrap: str) -> subprocess.Popen[bytes]:
        for path in (self.path, self.p11_kit):
            path.unlink(missing_ok=True)
        sockets = (f"hsmith-keeper.socket={self.path}", f"p11-kit={self.p11_kit}")
        command = [
            *wrap,
            sys.executable,
            str(LAUNCHER),
            str(unit or ""),
            *sockets,
            "--",
            str(BIN / "hsmith-keeper"),
            "run",
        ]
        environment = {**os.environ, "NOTIFY_SOCKET": str(self.folder / "notify"), "PYTHONPATH": ""}
        self.process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        return self.process

    def ready(self) -> None:
        assert self.notes.recv(1000) == b"READY=1"

    def end(self) -> bytes:
        """End it as the service manager does; its standard error."""
        assert self.process is not None
        self.process.terminate()
        error = self.process.communicate(timeout=30)[1]
        assert self.process.returncode == 0, error
        return error


@pytest.fixture
def service(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    made = Service(home, home)
    monkeypatch.setenv("HSMITH_AUTOSTART", "0")
    yield made
    made.notes.close()
    if made.process is not None and made.process.poll() is None:
        with suppress(ProcessLookupError):
            made.process.send_signal(signal.SIGKILL)
        made.process.communicate()


def signs(service: Service) -> None:
    """The keeper at the given socket makes a token and a random number, and the module would find it."""
    with Client(service.path) as client:
        client.call("C_InitToken", client.call("C_GetSlotList", True)[-1], b"12345678", b"given".ljust(32))
        with Session(client, client.call("C_GetSlotList", True)[0]) as session:
            assert len(session.call("C_GenerateRandom", 16)) == 16


def test_given_sockets_are_served_and_left(service: Service) -> None:
    service.start()
    service.ready()
    inode = service.path.stat().st_ino
    signs(service)
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(service.p11_kit))
        Rpc(connection, 1).initialize()
    service.end()
    # They are the manager's: a client that comes now waits there for the next keeper.
    assert service.path.stat().st_ino == inode
    assert service.p11_kit.exists()


def test_a_keeper_that_runs_already_is_named(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HSMITH_AUTOSTART")
    run(BIN / "hsmith", "keeper", "start")
    process = service.start()
    error = process.communicate(timeout=60)[1].decode()
    assert process.returncode == 1
    assert "Another keeper" in error
    assert "hsmith keeper stop" in service.notes.recv(1000).decode()


def test_sockets_of_the_wrong_kind_are_refused(home: Path) -> None:
    script = (
        "import os, sys; os.dup2(int(sys.argv[1]), 3); os.environ['LISTEN_PID'] = str(os.getpid());"
        "os.execv(sys.argv[2], sys.argv[2:])"
    )
    with socket.socket(socket.AF_INET) as wrong:
        wrong.bind(("127.0.0.1", 0))
        wrong.listen()
        done = subprocess.run(
            [sys.executable, "-c", script, str(wrong.fileno()), str(BIN / "hsmith-keeper"), "run"],
            env={**os.environ, "LISTEN_FDS": "1"},
            pass_fds=(wrong.fileno(),),
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert done.returncode == 1
    assert "local stream sockets alone" in done.stderr


@pytest.mark.slow
def test_it_works_under_the_units_restrictions(service: Service, need: Callable[..., None]) -> None:
    need("systemd-analyze", "unshare", "/usr/include/x86_64-linux-gnu/asm/unistd_64.h")
    if os.geteuid() != 0:
        pytest.skip("only root can take the whole file system away")
    mounts = f"mount --bind {service.home} {service.home}; mount -o remount,ro,bind /; " + 'exec "$@"'
    service.start(SERVICE, "unshare", "--mount", "--net", "sh", "-ec", mounts, "sh")
    service.ready()
    signs(service)
    status = Client(service.path)
    unprotected = status.admin("keeper.status")["unprotected"]
    status.close()
    # Its own confinement is there as well, inside that of the unit.
    assert not [sentence for sentence in unprotected if "system calls" in sentence or "not confined" in sentence]
    service.end()


@pytest.mark.parametrize("scope", ["system", "user"])
def test_units_are_right(scope: str, tmp_path: Path, need: Callable[..., None]) -> None:
    need("systemd-analyze")
    for unit in (UNITS / scope).iterdir():
        text = re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", unit.read_text(), flags=re.MULTILINE)
        (tmp_path / unit.name).write_text(text)
    units = sorted(path.name for path in tmp_path.iterdir())
    environment = {**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)}
    command = ["systemd-analyze", f"--{scope}", "--man=no", "verify", *(f"./{name}" for name in units)]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
    ours = [line for line in done.stderr.splitlines() if any(name in line for name in units)]
    assert (done.returncode, ours) == (0, []), done.stderr


def test_the_system_unit_is_confined(tmp_path: Path, need: Callable[..., None]) -> None:
    need("systemd-analyze")
    shutil.copy(SERVICE, tmp_path)
    said = run("systemd-analyze", "security", "--offline=true", "--no-pager", f"./{SERVICE.name}", cwd=tmp_path)
    found = re.search(r"exposure level for \S+: ([\d.]+)", said)
    assert found, said
    assert float(found.group(1)) < RESTRICTIONS, said
