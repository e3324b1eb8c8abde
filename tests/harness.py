"""What tests and their fixtures share: a token's particulars, running programs, and ending keepers."""

import importlib.util
import os
import signal
import socket
import subprocess
import sys
import tarfile
import time
from pathlib import Path
from typing import NamedTuple

BIN = Path(sys.executable).parent
PIN = "1234"
SO_PIN = "12345678"


class Token(NamedTuple):
    """An initialised token: what a client needs to use it."""

    module: Path
    home: Path
    slot: int
    label: str = "test"
    pin: str = PIN
    so_pin: str = SO_PIN

    def uri(self, label: str, kind: str = "private") -> str:
        """A PKCS#11 URI (RFC 7512) of an object, with the PIN in it."""
        return f"pkcs11:token={self.label};object={label};type={kind};pin-value={self.pin}"

    def tool(self, *arguments: str) -> str:
        """Run pkcs11-tool, logged in to this token; its standard output."""
        head = ("pkcs11-tool", "--module", str(self.module), "--token-label", self.label, "--login", "--pin", self.pin)
        return run(*head, *arguments)


def run(*command: str | Path, cwd: Path | None = None, env: dict[str, str] | None = None, stdin: str = "") -> str:
    """Run a program that must succeed; its standard output. A failure shows all that it printed."""
    environment = {**os.environ, **(env or {})}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=environment,
        input=stdin,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=300,
    )
    assert done.returncode == 0, f"{command} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def keepers_of(home: Path) -> list[int]:
    """The process ids of the keepers whose environment names this home, found without asking hsmith itself."""
    wanted = f"HSMITH_HOME={home}".encode()
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if b"hsmith" in (entry / "cmdline").read_bytes() and wanted in (entry / "environ").read_bytes().split(
                b"\0"
            ):
                found.append(int(entry.name))
        except OSError:
            continue
    return [pid for pid in found if pid != os.getpid()]


def stop_keepers(home: Path) -> None:
    """End what still serves ``home``: with the command, and whatever is left after ten seconds by signal."""
    command = BIN / "hsmith"
    if command.exists():
        environment = {**os.environ, "HSMITH_HOME": str(home)}
        subprocess.run([command, "keeper", "stop"], env=environment, capture_output=True, timeout=60)
    deadline = time.monotonic() + 10
    while pids := keepers_of(home):
        if time.monotonic() > deadline:
            for pid in pids:
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)


def free_port() -> int:
    """A TCP port of this machine's loopback that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def unpack(archive: Path, folder: Path) -> None:
    """What is in a tar archive of ours."""
    with tarfile.open(archive) as tar:
        tar.extraction_filter = getattr(tarfile, "data_filter", None)  # which Python 3.11.2 does not know
        tar.extractall(folder)


def windows_program() -> Path:
    """One for Windows, which comes with pip, but not with Debian's, or with setuptools."""
    packages = (("pip._vendor.distlib", "t64.exe"), ("setuptools", "cli-64.exe"))
    for package, name in packages:
        found = importlib.util.find_spec(package)
        if found is not None and found.origin and (program := Path(found.origin).with_name(name)).exists():
            return program
    raise AssertionError(f"none of {packages} is here")
