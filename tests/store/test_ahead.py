"""The log's file is longer than the log, so that no commit lets it grow; nobody is confused by what is there."""

import os
import resource
import shutil
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from hsmith.store import ahead, writer
from hsmith.store.ahead import FROM, MOST, Ahead
from hsmith.store.sqlite import SqliteStore
from store_model import put_object, put_token

PAGE = 4096 + 24  # in the log


def _size(store: SqliteStore) -> int:
    return os.stat(f"{store.path}-wal").st_size


def _used(store: SqliteStore) -> int:
    """What the log has of it."""
    return 32 + int(store.figures()["log_pages"]) * PAGE


def _put(store: SqliteStore, numbers: range, *, size: int = 3000) -> None:
    for number in numbers:
        store.change([put_object(1, number, b"tag", blob=bytes(size))])


def _settled(store: SqliteStore) -> None:
    """Wait until the store's own thread has done what it was to do."""
    due = time.monotonic() + 10
    while store._writer._pressing() or store._writer._ahead._file is not None:
        assert time.monotonic() < due, "the log was not tidied up"
        time.sleep(0.001)


def _grown(store: SqliteStore, objects: int = 100) -> None:
    """The store with so many objects, and zeros behind its log."""
    store.change([put_token(1)])
    _put(store, range(1, objects + 1))
    _settled(store)
    assert _size(store) > _used(store)
    content = Path(f"{store.path}-wal").read_bytes()
    assert not any(content[_used(store) :])


def _check(folder: Path, objects: int) -> None:
    """A store that was not closed has all that was acknowledged, maybe more, and goes on."""
    store = SqliteStore(folder)
    found = store.find(1, [b"tag"])
    assert found[:objects] == list(range(1, objects + 1))
    assert store._readers.take().pragma("integrity_check") == "ok"
    assert store.inspect() == []
    store.change([put_object(1, 100_000, b"tag")])
    store.close()
    store = SqliteStore(folder)
    assert store.find(1, [b"tag"]) == [*found, 100_000]
    store.close()


def test_commits_do_not_let_the_file_grow(store: SqliteStore) -> None:
    _grown(store)
    for number in range(1000, 1080):
        before = _size(store)
        _put(store, range(number, number + 1), size=60_000)
        assert _used(store) < before
        _settled(store)
        assert _used(store) < _size(store) <= _used(store) + MOST
    assert _size(store) > 2 * MOST


def test_a_store_that_is_hardly_used_stays_small(store: SqliteStore) -> None:
    store.change([put_token(1)])
    number = 1
    while store.figures()["log_pages"] < FROM - 10:
        _put(store, range(number, number + 1))
        number += 1
    _settled(store)
    assert _size(store) == _used(store)


def test_it_ends_where_the_log_is_written_again(monkeypatch: pytest.MonkeyPatch, folder: Path, tmp_path: Path) -> None:
    monkeypatch.setattr(writer, "CHECKPOINT_AT", 320)
    store = SqliteStore(folder)
    _grown(store, 50)
    for number in range(51, 201):
        _put(store, range(number, number + 1), size=20_000)
        _settled(store)
    assert _size(store) == 32 + 340 * PAGE
    assert _used(store) < _size(store)
    shutil.copytree(folder, tmp_path / "killed")  # what is behind the log now was the log before
    store.close()
    assert not Path(f"{store.path}-wal").exists()
    _check(tmp_path / "killed", 200)


@pytest.mark.parametrize("index", [True, False])  # SQLite's, of the log: after a power loss there is none
def test_a_log_with_zeros_behind_it_is_recovered(store: SqliteStore, folder: Path, tmp_path: Path, index: bool) -> None:
    _grown(store)
    shutil.copytree(folder, tmp_path / "killed")
    if not index:
        (tmp_path / "killed" / "store.db-shm").unlink()
    _check(tmp_path / "killed", 100)


@pytest.mark.parametrize("torn", [10, 24, 2000])
def test_a_page_that_only_its_beginning_is_written_of(
    store: SqliteStore, folder: Path, tmp_path: Path, torn: int
) -> None:
    """The end of the last commit is zeros: as if the power had gone while it was written over them."""
    _grown(store)
    shutil.copytree(folder, tmp_path / "killed")
    (tmp_path / "killed" / "store.db-shm").unlink()
    (tmp_path / "killed" / "store.epoch").unlink()  # which knows of that commit
    with open(tmp_path / "killed" / "store.db-wal", "r+b") as log:
        log.seek(_used(store) - PAGE + torn)
        log.write(bytes(PAGE - torn))
    _check(tmp_path / "killed", 99)


def test_a_log_of_zeros_is_an_empty_one(folder: Path) -> None:
    store = SqliteStore(folder)
    store.change([put_token(1)])
    _put(store, range(1, 4))
    store.close()
    log = Path(f"{store.path}-wal")
    log.write_bytes(bytes(1 << 20))
    log.chmod(0o600)
    _check(folder, 3)


def test_kill(folder: Path) -> None:
    script = """
        import sys
        from pathlib import Path
        from hsmith.store.sqlite import SqliteStore
        from store_model import *
        store = SqliteStore(Path(sys.argv[1]))
        store.change([put_token(1)])
        for number in range(1, 10_000):
            store.change([put_object(1, number, b"tag", blob=bytes(3000))])
            print(number, flush=True)
    """
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-c", textwrap.dedent(script), str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(int(line))
            if len(said) == 400:
                process.kill()
    assert not any((folder / "store.db-wal").read_bytes()[-PAGE:])
    _check(folder, said[-1])


def test_without_plenty_of_room_there_are_no_zeros(monkeypatch: pytest.MonkeyPatch, store: SqliteStore) -> None:
    monkeypatch.setattr(ahead, "PLENTY", 1 << 60)
    store.change([put_token(1)])
    _put(store, range(1, 101))
    _settled(store)
    assert _size(store) == _used(store)
    monkeypatch.undo()
    _put(store, range(101, 201))
    _settled(store)
    assert _size(store) > _used(store)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    log = tmp_path / "store.db-wal"
    log.write_bytes(b"log" * 100_000)
    return log


def _extended(log: Path, pages: int) -> Ahead:
    tried = Ahead(log.with_name("store.db"), 4096, until=10_000)
    tried.extend(pages)
    tried.sync()
    assert tried._file is None
    return tried


def test_what_does_not_fit_is_given_back(log: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, before[1]))
    try:
        tried = _extended(log, 70)
        assert log.read_bytes() == b"log" * 100_000
        assert 70 < tried.due < 200  # it is tried again
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    tried.extend(tried.due)
    tried.sync()
    content = log.read_bytes()
    assert content[:300_000] == b"log" * 100_000
    assert len(content) == 2 * (32 + (70 + (70 * PAGE + 32) // 2 // PAGE) * PAGE)
    assert not any(content[300_000:])


def test_what_the_log_has_is_not_written_over(log: Path) -> None:
    """Though it be said to be shorter than it is."""
    _extended(log, FROM)
    content = log.read_bytes()
    assert content[:300_000] == b"log" * 100_000
    assert len(content) == 2 * (32 + FROM * PAGE)
    _extended(log, FROM)
    assert log.read_bytes() == content


def test_no_file_is_made_and_no_link_is_followed(log: Path, tmp_path: Path) -> None:
    log.rename(tmp_path / "other")
    _extended(log, 70)
    assert not log.exists()
    log.symlink_to(tmp_path / "other")
    _extended(log, 70)
    assert (tmp_path / "other").stat().st_size == 300_000
