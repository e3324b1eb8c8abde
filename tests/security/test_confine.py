"""What a keeper has given up, tried from inside, and what another program of its user cannot do to it."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest

import hsmith
from harness import BIN, keepers_of, run
from hsmith.keeper import confine_calls

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="seccomp and Landlock are Linux's")

NOBODY = 65534

#: Runs confined; prints what became of each attempt: "done", or the error's name.
INSIDE = """
import ctypes, errno, json, os, socket, subprocess, sys, threading
from pathlib import Path
from hsmith.keeper.confine import confine
own, other = Path(sys.argv[1]), Path(sys.argv[2])
problems = confine([own], sockets=own)
libc = ctypes.CDLL(None, use_errno=True)

def raw(number, *arguments):
    if libc.syscall(number, *arguments) < 0:
        raise OSError(ctypes.get_errno(), "")

def thread():
    ran = []
    one = threading.Thread(target=lambda: ran.append(1))
    one.start()
    one.join()
    assert ran

def work():
    from hsmith.core.durable import Settings
    from hsmith.core.hsm import Hsm
    hsm = Hsm.opened(own / "store", Settings(kdf_milliseconds=1))
    hsm.initialise(0, b"12345678", b" " * 32).check_so(b"12345678")
    hsm.close()

def ahead():
    from hsmith.store.ahead import Ahead
    log = own / "other.db-wal"
    log.write_bytes(bytes(300_000))
    longer = Ahead(own / "other.db", 4096, until=4000)
    longer.extend(70)
    os.ftruncate(longer._file, log.stat().st_size - 100_000)
    longer.sync()
    assert log.stat().st_size > 400_000

attempts = {
    "fork": os.fork, "exec": lambda: os.execv("/bin/true", ["true"]), "spawn": lambda: subprocess.run(["/bin/true"]),
    "internet": lambda: socket.socket(socket.AF_INET), "netlink": lambda: socket.socket(socket.AF_NETLINK),
    "packets": lambda: socket.socket(socket.AF_PACKET), "local": lambda: socket.socketpair(),
    "ptrace": lambda: raw({"x86_64": 101, "aarch64": 117}[os.uname().machine], 0, 0, 0, 0),
    "io_uring": lambda: raw(425, 1, 0),
    "keyctl": lambda: raw({"x86_64": 250, "aarch64": 219}[os.uname().machine], 0, 0, 0),
    "read other": lambda: (other / "file").read_text(), "write other": lambda: (other / "file").write_text("x"),
    "make other": lambda: (other / "new").write_text("x"), "remove other": (other / "file").unlink,
    "list other": lambda: os.listdir(other), "truncate other": lambda: os.truncate(other / "file", 0),
    "read /etc/passwd": lambda: Path("/etc/passwd").read_text(), "write own": lambda: (own / "file").write_text("x"),
    "rename own": lambda: (own / "file").rename(own / "file2"), "remove own": (own / "file2").unlink,
    "thread": thread, "work": work, "ahead": ahead, "import": lambda: __import__("xml.dom.minidom"),
    "random": lambda: os.urandom(8),
}
results = {}
for name, attempt in attempts.items():
    try:
        attempt()
        results[name] = "done"
    except OSError as error:
        results[name] = errno.errorcode.get(error.errno, str(error))
print(json.dumps([problems, results]))
"""
STILL = {"local", "write own", "rename own", "remove own", "thread", "work", "ahead", "import", "random"}

#: An attacker of the same user: everything by which one process reads another.
ATTACK = """
import ctypes, errno, json, os, sys
pid, address = int(sys.argv[1]), int(sys.argv[2], 16)
libc = ctypes.CDLL(None, use_errno=True)

class Part(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]

def check(value):
    if value < 0:
        raise OSError(ctypes.get_errno(), "")

def process_vm_readv():
    room = ctypes.create_string_buffer(8)
    ours, theirs = Part(ctypes.addressof(room), 8), Part(address, 8)
    check(libc.process_vm_readv(pid, ctypes.byref(ours), 1, ctypes.byref(theirs), 1, 0))

def pidfd_getfd():
    check(libc.syscall(438, os.pidfd_open(pid), 0, 0))

attacks = {
    "mem": lambda: open(f"/proc/{pid}/mem", "rb"), "maps": lambda: open(f"/proc/{pid}/maps").read(1),
    "environ": lambda: open(f"/proc/{pid}/environ", "rb").read(1), "fd": lambda: os.listdir(f"/proc/{pid}/fd"),
    "attach": lambda: check(libc.ptrace(16, pid, 0, 0)),
    "process_vm_readv": process_vm_readv, "pidfd_getfd": pidfd_getfd,
}
results = {}
for name, attack in attacks.items():
    try:
        attack()
        results[name] = "done"
    except OSError as error:
        results[name] = errno.errorcode[error.errno]
print(json.dumps(results))
"""


@pytest.fixture
def folders() -> Iterator[tuple[Path, Path]]:
    top = Path(tempfile.mkdtemp(prefix="hs-"))
    own, other = top / "own", top / "other"
    own.mkdir()
    other.mkdir()
    (other / "file").write_text("text")
    yield own, other
    shutil.rmtree(top)


def test_what_is_given_up_and_what_still_works(folders: tuple[Path, Path]) -> None:
    problems, results = json.loads(run(sys.executable, "-c", INSIDE, *folders))
    if problems:
        pytest.skip(f"this system does not confine: {problems}")
    assert {name for name, result in results.items() if result == "done"} == STILL
    assert {result for result in results.values() if result != "done"} == {"EPERM", "EACCES", "EAFNOSUPPORT"}
    assert (folders[1] / "file").read_text() == "text"


@pytest.mark.parametrize(("column", "header"), [(0, "x86_64-linux-gnu/asm/unistd_64.h"), (1, "asm-generic/unistd.h")])
def test_the_numbers_are_the_kernels(column: int, header: str) -> None:
    path = Path("/usr/include", header)
    if not path.exists():
        pytest.skip(f"there is no {path}")
    known = dict(re.findall(r"#define\s+__NR(?:3264)?_(\w+)\s+(\d+)", path.read_text()))
    table = {**confine_calls.NEVER, **confine_calls.SOCKETS, **confine_calls.CLONE}
    for name, numbers in table.items():
        number = numbers[column]
        if name in known:
            assert number == int(known[name]), name
        else:
            assert number is None, name


def as_user(*identity: str) -> list[str]:
    """The words that run a Python program with hsmith as another user, whatever folder this Python is in."""
    library = f"{Path(hsmith.__file__).parents[1]}:{Path(apsw.__file__).parents[1]}"
    for python in (sys.executable, f"/usr/bin/python3.{sys.version_info.minor}"):
        words = ["setpriv", *identity, "--inh-caps=-all", "env", f"PYTHONPATH={library}", python]
        if not subprocess.run([*words, "-c", "import hsmith.store.sqlite"], capture_output=True).returncode:
            return words
    pytest.skip("no Python that another user can run has hsmith")


@pytest.fixture
def unprivileged(home: Path) -> Iterator[tuple[list[str], int]]:
    """A keeper of an ordinary user: the words to run Python as that user, and the keeper's process id."""
    python = [sys.executable]
    if os.geteuid() == 0:
        python = as_user(f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
        for path in (home, *home.rglob("*")):
            os.chown(path, NOBODY, NOBODY)
    run(*python, "-m", "hsmith.cli", "keeper", "start")
    (pid,) = keepers_of(home)
    yield python, pid
    run(*python, "-m", "hsmith.cli", "keeper", "stop")


def test_another_program_of_the_same_user_reads_nothing(unprivileged: tuple[list[str], int]) -> None:
    python, keeper = unprivileged
    victim = subprocess.Popen([*python, "-c", "import time; time.sleep(60)"])
    time.sleep(0.5)
    try:
        results = [json.loads(run(*python, "-c", ATTACK, str(pid), address(pid))) for pid in (victim.pid, keeper)]
    finally:
        victim.kill()
        victim.wait()
    assert set(results[0].values()) == {"done"}, "the attacks themselves must work"
    assert set(results[1].values()) <= {"EPERM", "EACCES"}


def address(pid: int) -> str:
    """Where a process has memory that can be read, if we may know."""
    try:
        return Path(f"/proc/{pid}/maps").read_text().split("-")[0]
    except OSError:
        return "400000"


def test_the_keeper_says_what_is_missing(unprivileged: tuple[list[str], int], home: Path) -> None:
    python, pid = unprivileged
    status: dict[str, Any] = json.loads(run(*python, "-m", "hsmith.cli", "keeper", "status", "--json"))
    facts = dict(line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line)
    said = " ".join(status["unprotected"])
    assert (facts["NoNewPrivs"] == "1") is ("not confined" not in said)
    assert (facts["Seccomp"] == "2") is ("not filtered" not in said)
    assert ("not locked" in said) is (facts["VmLck"].split()[0] == "0")
    log = (home / "keeper.log").read_text()
    for sentence in status["unprotected"]:
        assert log.count(sentence) == 1


def test_it_can_be_turned_off(home: Path) -> None:
    with (home / "config.toml").open("a") as file:
        file.write("[keeper]\nconfine = false\n")
    run(BIN / "hsmith", "keeper", "start")
    status = json.loads(run(BIN / "hsmith", "keeper", "status", "--json"))
    assert "the keeper is not confined: keeper.confine is false in the configuration" in status["unprotected"]


#: A client of a group's keeper.
CLIENT = "from hsmith.wire.client import Client; print(Client(autostart=False).admin('tokens')['free_slot'])"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes other users")
def test_a_group_can_be_let_in(home: Path) -> None:
    """By its supplementary group or by its first one; others stay out, and nobody else stops the keeper."""
    group = next(line.split(":") for line in Path("/etc/group").read_text().splitlines() if line.startswith("users:"))
    folder = Path(tempfile.mkdtemp(prefix="hs-"))
    folder.chmod(0o755)
    try:
        address = folder / "keeper.sock"
        (home / "config.toml").write_text(
            f'[pin]\nkdf_milliseconds = 10\n[keeper]\nsocket = "{address}"\ngroup = "{group[0]}"\n'
        )
        run(BIN / "hsmith", "keeper", "start")
        environment = {**os.environ, "HSMITH_SOCKET": str(address), "HSMITH_HOME": "/nonexistent"}
        user = f"--reuid={NOBODY}"

        def client(*identity: str, script: str = CLIENT) -> subprocess.CompletedProcess[str]:
            command = [*as_user(user, *identity), "-c", script]
            return subprocess.run(command, capture_output=True, text=True, env=environment)

        assert client(f"--regid={NOBODY}", f"--groups={group[2]}").stdout == "0\n"
        assert client(f"--regid={group[2]}", "--clear-groups").stdout == "0\n"
        stop = CLIENT.replace("'tokens')['free_slot']", "'keeper.stop')")
        assert "own user" in client(f"--regid={group[2]}", "--clear-groups", script=stop).stderr
        assert client(f"--regid={NOBODY}", "--clear-groups").returncode != 0
        address.chmod(0o666)  # Were the file's mode not enough, the keeper itself looks.
        assert "other users" in client(f"--regid={NOBODY}", "--clear-groups").stderr
    finally:
        run(BIN / "hsmith", "keeper", "stop")
        shutil.rmtree(folder)


def test_the_checkout_is_this_one() -> None:
    """What these tests start is what they import."""
    found = run(sys.executable, "-c", "import hsmith; print(hsmith.__file__)").strip()
    assert Path(found).samefile(hsmith.__file__)
