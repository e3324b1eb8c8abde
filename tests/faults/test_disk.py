"""A full or failing disk, seen by programs: a clear CKR, nothing acknowledged is lost, what needs no disk goes on, and
all goes on when what hindered it has gone, with the same keeper."""

import contextlib
import errno
import os
import resource
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from faults.rig import Child, Rig, Say
from harness import PIN, stop_keepers
from hsmith.spec.constants import Attr, Fault, Mechanism, ObjectClass
from p11 import P11, P256, Session
from p11_values import P11Error

pytestmark = pytest.mark.slow

#: What may be said while the disk is full or fails.
FULL, FAILED = (Fault.DEVICE_MEMORY,), (Fault.DEVICE_ERROR,)
SIZE = 3000  # bytes of an object's value


class User:
    """A program with a key, which makes objects and knows which were acknowledged."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.p11 = P11(rig.module)
        self.p11.initialize()
        self.slot = self.p11.init_token("disk")
        self.open()
        public, private = {Attr.TOKEN: True, Attr.EC_PARAMS: P256}, {Attr.TOKEN: True}
        self.session.generate_pair(Mechanism.EC_KEY_PAIR_GEN, public, private)
        self.made: set[str] = set()
        self.keeper = rig.keeper()

    def open(self) -> None:
        self.session: Session = self.p11.open(self.slot)
        self.session.login(PIN)

    def make(self, name: str) -> None:
        data = {Attr.CLASS: ObjectClass.DATA, Attr.TOKEN: True, Attr.LABEL: name, Attr.VALUE: bytes(SIZE)}
        self.session.create(data)
        self.made.add(name)

    def make_until_refused(self, prefix: str, faults: tuple[Fault, ...], most: int = 5000) -> None:
        for number in range(most):
            try:
                self.make(f"{prefix}{number}")
            except P11Error as error:
                assert error.rv in faults, error
                return
        raise AssertionError("it never was full")

    def refused(self, faults: tuple[Fault, ...]) -> None:
        """Every change is refused with one of these."""
        handle = self._any()
        changes: tuple[Callable[[], object], ...] = (
            lambda: self.make("refused"),
            lambda: self.session.set(handle, {Attr.LABEL: "refused"}),
            lambda: self.session.destroy(handle),
            lambda: self.session.generate(Mechanism.AES_KEY_GEN, {Attr.TOKEN: True, Attr.VALUE_LEN: 16}),
            lambda: self.session.generate_pair(Mechanism.EC_KEY_PAIR_GEN, {Attr.EC_PARAMS: P256, Attr.TOKEN: True}),
        )
        for change in changes:
            with pytest.raises(P11Error) as error:
                change()
            assert error.value.rv in faults, error.value
        self.made.discard("refused")

    def unmake(self, count: int) -> None:
        for name in sorted(self.made)[:count]:
            self.session.destroy(self.session.find({Attr.LABEL: name})[0])
            self.made.discard(name)

    def goes_on(self) -> None:
        """What needs no disk: reading, searching, keys, session objects; and all that was acknowledged is there."""
        self.exact()
        signature = self.sign()
        (public,) = self.session.find({Attr.CLASS: ObjectClass.PUBLIC_KEY})
        self.session.verify(public, Mechanism.ECDSA_SHA256, b"text", signature)
        self.session.destroy(self.session.create({Attr.CLASS: ObjectClass.DATA, Attr.LABEL: "for a moment"}))
        assert len(self.session.random(16)) == 16

    def sign(self) -> bytes:
        (private,) = self.session.find({Attr.CLASS: ObjectClass.PRIVATE_KEY})
        return self.session.sign(private, Mechanism.ECDSA_SHA256, b"text")

    def exact(self) -> None:
        found = self.session.find({Attr.CLASS: ObjectClass.DATA})
        labels = [self.session.get(handle, Attr.LABEL).decode() for handle in found]
        assert sorted(labels) == sorted(self.made)

    def recovers(self) -> None:
        """All is possible again, with the same keeper, and durable."""
        self.make("again")
        self.unmake(1)
        self.exact()
        assert self.rig.keeper() == self.keeper
        self.rig.kill_keeper()
        self.again()
        self.exact()

    def again(self) -> None:
        """As another program, with a keeper that starts now."""
        self.p11.finalize()
        self.p11.initialize()
        self.open()
        self.keeper = self.rig.keeper()

    def _any(self) -> int:
        return self.session.find({Attr.CLASS: ObjectClass.DATA})[0]


@pytest.fixture(params=["3m", "4m"])
def full_rig(
    home: Path, module: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[Rig]:
    """One whose home is a small disk: in the one the log grows until it is full, in the other the database."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    disk = home / "d"
    disk.mkdir(mode=0o700)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={request.param},mode=700", "tmpfs", str(disk)]).returncode:
        pytest.skip("no tmpfs can be mounted here")
    (disk / "config.toml").write_text("[pin]\nkdf_milliseconds = 10\n")
    monkeypatch.setenv("HSMITH_HOME", str(disk))
    try:
        yield Rig(disk, module)
    finally:
        stop_keepers(disk)
        subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_full_disk(full_rig: Rig) -> None:
    user = User(full_rig)
    user.make_until_refused("a", FULL)
    first = len(user.made)
    assert first > 50
    for _ in range(3):
        user.make_until_refused("b", FULL, most=100)
        user.goes_on()
    # A wrong PIN is counted, or nobody logs in: both are safe.
    rv = user.p11.open(user.slot).rv("C_Login", 2, PIN, len(PIN))
    assert rv in (Fault.PIN_INCORRECT, Fault.USER_TYPE_INVALID, Fault.OPERATION_NOT_INITIALIZED, *FULL)
    user.session.logout()
    assert user.session.rv("C_Login", 1, "wrong", 5) in (Fault.PIN_INCORRECT, *FULL)
    user.session.login(PIN)
    # A new keeper on the full disk: what makes room is possible there too, every time.
    full_rig.kill_keeper()
    user.again()
    user.goes_on()
    # Room within the store is used again; room on the disk too.
    user.unmake(first // 2)
    user.make_until_refused("c", FULL)
    assert len(user.made) > first * 0.8
    user.goes_on()
    subprocess.run(["mount", "-o", "remount,size=32m", str(full_rig.home)], check=True)
    user.recovers()
    print(f"\na small disk: {len(user.made)} objects acknowledged, 0 lost")


@pytest.mark.parametrize(
    ("call", "number", "faults"),
    [
        ("write", errno.EIO, FAILED),
        ("sync", errno.EIO, FAILED),
        ("sync", errno.ENOSPC, FAILED),
        ("write", errno.ENOSPC, FULL),
        ("write", errno.EDQUOT, FULL),
        ("write", errno.EROFS, FAILED),
    ],
)
def test_a_failing_disk(disk_rig: Rig, call: str, number: int, faults: tuple[Fault, ...]) -> None:
    user = User(disk_rig)
    for name in ("1", "2", "3"):
        user.make(name)
    disk_rig.disk_fails.write_text(f"{call} {number}")
    for _ in range(2):
        user.refused(faults)
        user.goes_on()
    disk_rig.disk_fails.unlink()
    user.recovers()


@contextlib.contextmanager
def _limited(pid: int, what: int, soft: int) -> Iterator[None]:
    before = resource.prlimit(pid, what)
    resource.prlimit(pid, what, (soft, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, what, before)


def test_a_limit_on_the_size_of_files(rig: Rig) -> None:
    user = User(rig)
    with _limited(user.keeper, resource.RLIMIT_FSIZE, 600_000):
        user.make_until_refused("a", FULL)
        user.goes_on()
    user.recovers()


def test_no_more_open_files(rig: Rig) -> None:
    """Programs that are connected go on; others wait, and are served when files can be opened again."""
    user = User(rig)
    user.make("1")
    with _limited(user.keeper, resource.RLIMIT_NOFILE, 3):
        user.make("2")
        user.goes_on()
        waiting = subprocess.Popen(
            ["pkcs11-tool", "--module", str(rig.module), "--list-slots"], stdout=subprocess.PIPE, text=True
        )
        with pytest.raises(subprocess.TimeoutExpired):
            waiting.communicate(timeout=0.5)
        user.make("3")
    assert "disk" in waiting.communicate(timeout=20)[0]
    user.recovers()


def test_no_more_memory(rig: Rig) -> None:
    """Whatever fails for want of memory says so, and takes nothing with it."""
    user = User(rig)
    user.make("1")
    size = int(Path(f"/proc/{user.keeper}/statm").read_text().split()[0]) * resource.getpagesize()
    refusals = (Fault.DEVICE_MEMORY, Fault.HOST_MEMORY, Fault.DEVICE_ERROR, Fault.GENERAL_ERROR)
    with _limited(user.keeper, resource.RLIMIT_AS, size + (2 << 20)):
        failed = 0
        for number in range(20):
            data = {
                Attr.CLASS: ObjectClass.DATA,
                Attr.TOKEN: True,
                Attr.LABEL: f"m{number}",
                Attr.VALUE: bytes(1 << 23),
            }
            try:
                user.session.create(data)
                user.made.add(f"m{number}")
            except P11Error as error:
                assert error.rv in refusals, error
                failed += 1
        assert failed
        user.sign()
    user.recovers()


def test_programs_that_come_while_there_is_no_memory(rig: Rig) -> None:
    """No thread can be started for them: they are told so, and later ones are served by the same keeper."""
    user = User(rig)

    def come(say: Say) -> None:
        p11 = P11(rig.module)
        try:
            p11.initialize()
            p11.find_slot("disk")
        except P11Error as error:
            say(error.rv)
        else:
            say(Fault.OK)

    def outcome(child: Child) -> int:
        words = child.hear(30)
        assert words is not None
        child.end()
        return int(words[0])

    size = int(Path(f"/proc/{user.keeper}/statm").read_text().split()[0]) * resource.getpagesize()
    refusals = (Fault.DEVICE_MEMORY, Fault.DEVICE_ERROR, Fault.FUNCTION_FAILED, Fault.GENERAL_ERROR)
    outcomes: list[int] = []
    for extra in range(0, 4 << 20, 1 << 18):  # with some of them a thread begins, and has no memory for its first step
        with _limited(user.keeper, resource.RLIMIT_AS, size + extra):
            outcomes += [outcome(child) for child in [Child(come) for _ in range(3)]]
            user.sign()
    assert set(outcomes) <= {Fault.OK, *refusals} and set(outcomes) & set(refusals), outcomes
    assert outcome(Child(come)) == Fault.OK
    user.recovers()
