"""The store's folder: private, ours, and open once."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from hsmith.store.records import StoreBroken
from hsmith.store.sqlite import DATABASE, SqliteStore


def test_everything_is_private(folder: Path) -> None:
    before = os.umask(0)
    try:
        store = SqliteStore(folder)
        store.reserve()
        modes = {name: stat.S_IMODE((folder / name).stat().st_mode) for name in os.listdir(folder)}
        store.close()
    finally:
        os.umask(before)
    names = ["store.db", "store.db-shm", "store.db-wal", "store.epoch", "store.lock", "store.secret"]
    assert modes == dict.fromkeys(names, 0o600)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_wide_permissions_are_mended(folder: Path) -> None:
    SqliteStore(folder).close()
    folder.chmod(0o777)
    (folder / DATABASE).chmod(0o666)
    SqliteStore(folder).close()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / DATABASE).stat().st_mode) == 0o600


def test_two_openers(folder: Path, store: SqliteStore) -> None:
    with pytest.raises(StoreBroken, match=rf"{folder}.*pid {os.getpid()}"):
        SqliteStore(folder)
    code = "from sys import argv; from pathlib import Path; from hsmith.store.sqlite import SqliteStore; "
    code += "SqliteStore(Path(argv[1]))"
    done = subprocess.run([sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "is open in another process" in done.stderr
    assert store.tokens() == []


def test_open_again_after_close(folder: Path) -> None:
    for _ in range(3):
        store = SqliteStore(folder)
        store.close()
        store.close()
        with pytest.raises(StoreBroken, match="closed"):
            store.change([])
        with pytest.raises(StoreBroken, match="closed"):
            store.tokens()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_another_user(folder: Path) -> None:
    folder.mkdir(mode=0o700)
    os.chown(folder, 65534, 65534)
    with pytest.raises(StoreBroken, match="belongs to the user with uid 65534"):
        SqliteStore(folder)


def test_a_file_where_the_folder_should_be(folder: Path) -> None:
    folder.write_text("a file")
    with pytest.raises(StoreBroken, match="is a file"):
        SqliteStore(folder)
    with pytest.raises(StoreBroken, match="Not a directory"):
        SqliteStore(folder / "below")


def test_a_symbolic_link_to_the_database_is_refused(folder: Path, tmp_path: Path) -> None:
    folder.mkdir(mode=0o700)
    (tmp_path / "other.db").touch()
    (folder / DATABASE).symlink_to(tmp_path / "other.db")
    with pytest.raises(StoreBroken, match="symbolic link"):
        SqliteStore(folder, bytes(32))
