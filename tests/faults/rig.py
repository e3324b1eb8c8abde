"""What the fault tests stand on: a home whose keeper can be made to fail, and clients that are processes."""

import ctypes
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hsmith
from hsmith.store.sqlite import SqliteStore
from hsmith.wire.client import Client, NotRunning

HERE = Path(__file__).parent
PR_SET_PDEATHSIG = 1
#: HSMITH_FAULTS=long runs what takes hours.
LONG = os.environ.get("HSMITH_FAULTS") == "long"
_TIMES = os.environ.get("HSMITH_FAULTS_TIMES")


def many(short: int, long: int) -> int:
    """How often: in a short run, and in a long one, which HSMITH_FAULTS_TIMES can make shorter."""
    return int(_TIMES or long) if LONG else short


class Rig:
    """A home with the module beside a hsmith-keeper of ours: clients that load it start that one."""

    def __init__(self, home: Path, module: Path, *, disk: Path | None = None) -> None:
        """``disk``: a library to preload into the keeper."""
        self.home = home
        self.module = home / "program" / "lib" / module.name
        self.kill_at = home / "kill-at"
        self.module.parent.mkdir(parents=True)
        shutil.copy(module, self.module)
        keeper = home / "program" / "bin" / "hsmith-keeper"
        keeper.parent.mkdir()
        self.disk_fails = home / "disk-fails"
        preload = f"LD_PRELOAD='{disk}' DISK_FAILS='{self.disk_fails}' " if disk else ""
        path = f"PYTHONPATH='{Path(hsmith.__file__).parents[1]}'"
        keeper.write_text(f'#!/bin/sh\n{preload}{path} exec {sys.executable} {HERE}/hsmith_keeper.py "$@"\n')
        keeper.chmod(0o755)

    def keeper(self) -> int:
        """The process id that the keeper's lock names."""
        return int(json.loads((self.home / "keeper.lock").read_text())["pid"])

    def kill_keeper(self) -> None:
        os.kill(self.keeper(), signal.SIGKILL)
        self.keeper_ends()

    def keeper_ends(self, seconds: float = 20) -> None:
        pid, due = self.keeper(), time.monotonic() + seconds
        while lives(pid):
            assert time.monotonic() < due, f"the keeper, process {pid}, has not ended"
            time.sleep(0.002)

    def status(self) -> dict[str, Any]:
        """What the running keeper says of itself."""
        with Client(self.home / "keeper.sock") as client:
            return client.admin("keeper.status")

    def alone(self, seconds: float = 20) -> None:
        """Wait until the keeper has no client, and none whose connection it has not looked at yet."""
        due, quiet = time.monotonic() + seconds, 0
        while quiet < 3:
            assert time.monotonic() < due, "the keeper still serves a client that has ended"
            quiet = quiet + 1 if self.status()["applications"] == 1 else 0
            time.sleep(0.01)

    def running(self) -> bool:
        try:
            self.status()
        except NotRunning:
            return False
        return True

    def copied_store(self, to: Path) -> SqliteStore:
        """The store as it is on the disk now, opened elsewhere, its database checked."""
        shutil.rmtree(to, ignore_errors=True)
        shutil.copytree(self.home / "store", to)
        store = SqliteStore(to)
        connection = store._readers.take()
        assert connection.pragma("integrity_check") == "ok"
        assert connection.pragma("foreign_key_check") is None
        store._readers.give(connection)
        return store


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="latin-1").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


Say = Callable[..., None]


class Child:
    """A client: a copy of this process that runs ``work(say)``. What it says is read line by line."""

    def __init__(self, work: Callable[[Say], None]) -> None:
        reader, writer = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            self._become(work, writer)
        os.close(writer)
        self._reader = reader
        self._heard = b""
        self.status: int | None = None

    @staticmethod
    def _become(work: Callable[[Say], None], writer: int) -> None:
        def say(*words: Any) -> None:
            os.write(writer, json.dumps(words).encode() + b"\n")  # one write, so whole or not at all

        code = 1
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # no client outlives a test that was interrupted
        try:
            work(say)
            code = 0
        except BaseException:
            say("failed", traceback.format_exc())
        finally:
            os._exit(code)

    def hear(self, seconds: float = 60) -> list[Any] | None:
        """The next thing that it says; None when it has ended. AssertionError: it says nothing for too long."""
        due = time.monotonic() + seconds
        while b"\n" not in self._heard:
            poller = select.poll()
            poller.register(self._reader, select.POLLIN)
            assert poller.poll(max(0.0, due - time.monotonic()) * 1000), f"a client said nothing for {seconds} seconds"
            chunk = os.read(self._reader, 1 << 16)
            if not chunk:
                return None
            self._heard += chunk
        line, _, self._heard = self._heard.partition(b"\n")
        words: list[Any] = json.loads(line)
        assert words[0] != "failed", words[1]
        return words

    def listen(self, seconds: float = 60) -> Iterator[list[Any]]:
        """All that it says until it ends."""
        while (words := self.hear(seconds)) is not None:
            yield words

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)

    def end(self) -> int:
        """Its wait status, when it has ended."""
        os.close(self._reader)
        return os.waitpid(self.pid, 0)[1]


def together(count: int, work: Callable[[int, Say], None], *, seconds: float = 120) -> list[list[list[Any]]]:
    """Run ``work(number, say)`` in ``count`` processes at once; what each said. All must end well."""
    children = [Child(lambda say, number=number: work(number, say)) for number in range(count)]  # type: ignore[misc]
    said = [list(child.listen(seconds)) for child in children]
    statuses = [child.end() for child in children]
    assert not any(statuses), statuses
    return said


def compiled(source: Path, to: Path) -> Path:
    """A library of one C file."""
    subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", str(to), str(source), "-ldl", "-lpthread"], check=True)
    return to
