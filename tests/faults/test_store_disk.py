"""A disk that is full, failing, read-only or damaged: said in words, nothing acknowledged is lost, reading goes on."""

import contextlib
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hsmith.store.audit import Links
from hsmith.store.records import Append, Conflict, DeleteObject, StoreBroken, StoreFull
from hsmith.store.sealing import Damaged
from hsmith.store.sqlite import SqliteStore
from store_model import put_object, put_token

SIZE = 2000  # bytes of a blob here
NEEDS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk or change the user")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)], check=False)
    if mounted.returncode:
        pytest.skip("no tmpfs can be mounted here")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def _fill(store: SqliteStore, first: int) -> list[int]:
    """Objects put, acknowledged, until the store is full."""
    done: list[int] = []

    def put_all() -> None:
        for number in range(first, first + 5000):
            store.change([put_object(1, number, b"tag", blob=bytes(SIZE))])
            done.append(number)

    with pytest.raises(StoreFull, match=r"full.*make room"):
        put_all()
    return done


@NEEDS_ROOT
def test_a_full_disk(small_disk: Path) -> None:
    store = SqliteStore(small_disk / "store")
    store.change([put_token(1)])
    kept = _fill(store, 1)
    assert len(kept) > 30
    for _ in range(3):  # it stays full, and usable
        assert not _fill(store, 10_000)
        assert store.find(1, [b"tag"]) == kept
    # Room made within the store: deleting needs none on the disk, and what it frees is used again.
    for number in kept[: len(kept) // 2]:
        store.change([DeleteObject(1, number)])
    kept = kept[len(kept) // 2 :] + _fill(store, 10_000)
    assert store.find(1, [b"tag"]) == kept
    assert len(kept) > 30
    # Room made on the disk.
    subprocess.run(["mount", "-o", "remount,size=8m", str(small_disk)], check=True)
    store.change([put_object(1, 20_000, b"tag", blob=bytes(500_000))])
    store.change([DeleteObject(1, kept[0])])
    expected = [*kept[1:], 20_000]
    assert store.find(1, [b"tag"]) == expected
    store.close()
    store = SqliteStore(small_disk / "store")
    assert store.find(1, [b"tag"]) == expected
    assert store.count(1) == len(expected)
    assert store._readers.take().pragma("integrity_check") == "ok"
    store.close()


@NEEDS_ROOT
def test_what_is_deleted_is_recorded_though_the_disk_is_full(small_disk: Path) -> None:
    """The record takes room before the deletion gives some: a little is kept for it."""
    store = SqliteStore(small_disk / "store")
    store.change([put_token(1)])
    record = Append(("x" * 1200,), Links(bytes(32)), lambda: (0, bytes(32)))
    numbers = iter(range(1, 5000))
    for size in (300, 30):  # to the brim
        _put_until_full(store, numbers, size)
    for number in store.find(1, [])[:20]:
        store.change([DeleteObject(1, number), record])
    store.close()


def _put_until_full(store: SqliteStore, numbers: Iterator[int], size: int) -> None:
    with contextlib.suppress(StoreFull):
        for number in numbers:
            store.change([put_object(1, number, blob=bytes(size))])


@NEEDS_ROOT
def test_what_is_too_large_fails_alone(small_disk: Path) -> None:
    """In one commit with others, a change that does not fit fails no change that does."""
    store = SqliteStore(small_disk / "store")
    store.change([put_token(1)])
    outcomes: list[Any] = []

    def hold(_connection: object) -> None:
        for number in range(8):
            blob = bytes(2_000_000 if number == 3 else 10)
            pending.append(_Call(store, number, blob, outcomes))
        while len(store._writer._waiting) < 8:
            time.sleep(0.001)

    pending: list[_Call] = []
    store._writer.run(hold)
    for call in pending:
        call.join()
    assert sorted(outcomes) == [(number, number == 3) for number in range(8)]
    assert len(store.find(1, [])) == 7
    store.close()


@NEEDS_ROOT
def test_a_new_store_on_a_full_disk(small_disk: Path) -> None:
    (small_disk / "store").mkdir(mode=0o700)
    with open(small_disk / "ballast", "wb") as ballast, pytest.raises(OSError, match="No space"):
        ballast.write(bytes(2 << 20))
    with pytest.raises(StoreFull, match="full"):
        SqliteStore(small_disk / "store")
    (small_disk / "ballast").unlink()
    SqliteStore(small_disk / "store").close()


def _run(code: str, *arguments: object, environment: dict[str, str] | None = None) -> str:
    """Run ``code`` in a process of its own; what it prints."""
    script = "import sys, resource\nfrom pathlib import Path\nfrom hsmith.store.sqlite import SqliteStore\n"
    script += "from hsmith.store.records import *\nfrom store_model import *\n" + textwrap.dedent(code)
    variables = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))} | (environment or {})
    command = [sys.executable, "-c", script, *map(str, arguments)]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_limit_on_the_size_of_files(tmp_path: Path) -> None:
    printed = _run(
        """
        resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, resource.RLIM_INFINITY))
        store = SqliteStore(Path(sys.argv[1]))
        store.change([put_token(1)])
        done = 0
        try:
            while True:
                store.change([put_object(1, done + 1, blob=bytes(2000))])
                done += 1
        except StoreFull as error:
            print(error)
        assert len(store.find(1, [])) == done > 20
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
        store.change([put_object(1, done + 1, blob=bytes(2000))])
        assert len(store.find(1, [])) == done + 1
        store.close()
        """,
        tmp_path / "store",
    )
    assert "make room" in printed


def test_no_more_open_files(tmp_path: Path) -> None:
    """Reading and writing go on with the files that are open, with many threads too."""
    _run(
        """
        import os, threading
        store = SqliteStore(Path(sys.argv[1]))
        store.change([put_token(1)])
        resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")) - 1, 4096))
        def work(thread):
            for step in range(20):
                store.change([put_object(1, thread * 20 + step + 1)])
                store.find(1, [])
                done.append(step)
        done = []
        threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        assert len(done) == 160 == store.count(1)
        resource.setrlimit(resource.RLIMIT_NOFILE, (1024, 4096))
        store.close()
        """,
        tmp_path / "store",
    )


@NEEDS_ROOT
def test_a_read_only_database() -> None:
    """It can be read; a change says what to do, and works when that was done."""
    place = Path(tempfile.mkdtemp(dir="/tmp"))
    os.chown(place, 65534, 65534)
    printed = _run(
        """
        import os
        os.setuid(65534)
        folder = Path(sys.argv[1])
        store = SqliteStore(folder)
        store.change([put_token(1), put_object(1, 1)])
        store.close()
        (folder / "store.db").chmod(0o400)
        store = SqliteStore(folder)
        assert store.find(1, []) == [1]
        try:
            store.change([put_object(1, 2)])
        except StoreBroken as error:
            print(error)
        assert store.find(1, []) == [1]
        store.close()
        (folder / "store.db").chmod(0o600)
        store = SqliteStore(folder)
        store.change([put_object(1, 2)])
        store.close()
        """,
        place,
    )
    shutil.rmtree(place)
    assert "store.db is read-only: make" in printed


@pytest.mark.parametrize("replaced", [False, True])
def test_a_database_that_was_removed_while_it_is_open(tmp_path: Path, replaced: bool) -> None:
    """Nothing is acknowledged into a file that nobody will find again."""
    store = SqliteStore(tmp_path / "store")
    store.change([put_token(1)])
    store.path.unlink()
    if replaced:
        store.path.touch()
    for _ in range(2):
        with pytest.raises(StoreBroken, match="removed or replaced"):
            store.change([put_object(1, 1)])
    store.close()


class _Call:
    """A change from a thread of its own."""

    def __init__(self, store: SqliteStore, number: int, blob: bytes, outcomes: list[Any]) -> None:
        def run() -> None:
            try:
                store.change([put_object(1, number + 1, blob=blob)])
                outcomes.append((number, False))
            except StoreFull:
                outcomes.append((number, True))

        self._thread = threading.Thread(target=run)
        self._thread.start()
        self.join = self._thread.join


#: A disk that fails as the environment says: FAILING is the call, FAILING_ERRNO the error.
FAILING_DISK = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

static int fails(const char *call) {
    const char *now = getenv("FAILING");
    if (!now || strcmp(now, call)) return 0;
    errno = atoi(getenv("FAILING_ERRNO"));
    return 1;
}

int fdatasync(int file) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    return fails("fdatasync") ? -1 : real(file);
}

ssize_t pwrite64(int file, const void *data, size_t length, off64_t at) {
    ssize_t (*real)(int, const void *, size_t, off64_t) =
        (ssize_t (*)(int, const void *, size_t, off64_t))dlsym(RTLD_NEXT, "pwrite64");
    return fails("pwrite") ? -1 : real(file, data, length, at);
}
"""

FAILING_RUN = """
    import errno, os
    def fail(call, number=errno.EIO):
        os.environ["FAILING_ERRNO"] = str(number)
        os.environ["FAILING"] = call
    store = SqliteStore(Path(sys.argv[1]))
    store.change([put_token(1), put_object(1, 1)])
    fail(*eval(sys.argv[2]))
    try:
        store.change([put_object(1, 2)])
    except (StoreFull, StoreBroken) as error:
        print(type(error).__name__, error)
    assert store.find(1, []) == [1]
    try:
        store.change([put_object(1, 2)])
    except (StoreFull, StoreBroken) as error:
        print("still", error)
    fail("")
    store.change([put_object(1, 3)])
    assert store.find(1, []) == [1, 3]
    store.close()
    store = SqliteStore(Path(sys.argv[1]))
    assert store.find(1, []) == [1, 3]
    store.change([put_object(1, 4)])
    store.close()
"""


@pytest.fixture(scope="module")
def failing_disk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("failing")
    (place / "disk.c").write_text(FAILING_DISK)
    command = ["cc", "-shared", "-fPIC", "-o", str(place / "disk.so"), str(place / "disk.c"), "-ldl"]
    subprocess.run(command, check=True)
    return place / "disk.so"


def _run_failing(failing_disk: Path, folder: Path, failure: str) -> str:
    return _run(FAILING_RUN, folder, failure, environment={"LD_PRELOAD": str(failing_disk)})


@pytest.mark.parametrize("call", ["fdatasync", "pwrite"])
def test_a_failing_disk_stops_all_writing_until_it_takes_all_of_it_again(
    failing_disk: Path, tmp_path: Path, call: str
) -> None:
    printed = _run_failing(failing_disk, tmp_path / "store", f"({call!r},)")
    assert "StoreBroken the disk of" in printed
    assert "Input/output error" in printed
    assert "still the disk of" in printed


def test_a_full_disk_that_shows_at_the_fsync_is_a_failed_fsync(failing_disk: Path, tmp_path: Path) -> None:
    printed = _run_failing(failing_disk, tmp_path / "store", "('fdatasync', errno.ENOSPC)")
    assert "StoreBroken the disk of" in printed
    assert "still" in printed


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("ENOSPC", "StoreFull the disk"),
        ("EDQUOT", "StoreFull the disk"),
        ("EFBIG", "StoreFull the disk"),
        ("EROFS", "StoreBroken .* is read-only"),
    ],
)
def test_writing_goes_on_when_what_hindered_it_has_gone(
    failing_disk: Path, tmp_path: Path, number: str, words: str
) -> None:
    printed = _run_failing(failing_disk, tmp_path / "store", f"('pwrite', errno.{number})")
    assert re.match(words, printed)
    assert "still" in printed


def _filled(folder: Path) -> dict[int, bytes]:
    """A closed store of 60 objects; their blobs."""
    store = SqliteStore(folder)
    blobs = {number: random.Random(number).randbytes(1500) for number in range(1, 61)}
    store.change([put_token(1), *(put_object(1, n, b"tag", blob=blob) for n, blob in blobs.items())])
    store.close()
    return blobs


@pytest.mark.parametrize("content", [b"not a database at all" * 300, b"SQLite format 3\0" + bytes(9000)])
def test_what_is_no_database(tmp_path: Path, content: bytes) -> None:
    folder = tmp_path / "store"
    _filled(folder)
    (folder / "store.db").write_bytes(content)
    with pytest.raises(StoreBroken, match=r"store\.db is damaged.*backup"):
        SqliteStore(folder)


def test_a_damaged_database_never_crashes_and_is_said_in_words(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    _filled(folder)
    whole = (folder / "store.db").read_bytes()
    chance = random.Random(7)
    said = 0
    for _ in range(60):
        (folder / "store.epoch").unlink(missing_ok=True)  # that of the changes which are undone here
        damaged = bytearray(whole)
        for _ in range(20):
            at = chance.randrange(len(whole))
            damaged[at : at + 40] = chance.randbytes(40)
        (folder / "store.db").write_bytes(damaged)
        said += _use_all(folder)
    assert said > 30


def _use_all(folder: Path) -> bool:
    """Whether the store says that it is damaged, when all of it is read and some of it changed."""
    try:
        store = SqliteStore(folder)
    except StoreBroken as error:
        return "store.db" in str(error)
    said = False
    for work in (
        store.tokens,
        lambda: store.keyslots(1),
        lambda: store.find(1, [b"tag"]),
        lambda: [store.object(1, number) for number in range(1, 61)],
        lambda: store.objects(1, range(1, 61)),
        lambda: store.change([put_object(1, 99, b"tag")]),
        lambda: store.change([DeleteObject(1, 5)]),
    ):
        try:
            work()
        except StoreBroken as error:
            said |= "store.db" in str(error)
        except Damaged:
            said = True
        except Conflict:
            pass
    store.close()
    return said
