"""The store secret: made once, kept private, missed loudly."""

import os
import stat
import threading
from pathlib import Path

import pytest

from hsmith.store import secret
from hsmith.store.records import StoreBroken
from hsmith.store.sqlite import SqliteStore


def test_made_once(folder: Path) -> None:
    first = secret.load(folder)
    assert len(first) == 32
    assert secret.load(folder) == first
    assert stat.S_IMODE((folder / secret.SECRET).stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert os.listdir(folder) == [secret.SECRET]


def test_many_at_once_agree(folder: Path) -> None:
    found: list[bytes] = []
    threads = [threading.Thread(target=lambda: found.append(secret.load(folder))) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 20
    assert len(set(found)) == 1
    assert os.listdir(folder) == [secret.SECRET]


def test_missing_beside_a_database(folder: Path) -> None:
    secret.load(folder)
    SqliteStore(folder).close()
    (folder / secret.SECRET).unlink()
    with pytest.raises(StoreBroken, match="missing.*backup"):
        secret.load(folder)
    assert not (folder / secret.SECRET).exists()


@pytest.mark.parametrize("content", [b"", b"short", bytes(33)])
def test_of_a_wrong_length(folder: Path, content: bytes) -> None:
    folder.mkdir(mode=0o700)
    (folder / secret.SECRET).write_bytes(content)
    with pytest.raises(StoreBroken, match=f"{len(content)} bytes, not 32"):
        secret.load(folder)


def test_permissions_are_mended(folder: Path) -> None:
    first = secret.load(folder)
    (folder / secret.SECRET).chmod(0o644)
    folder.chmod(0o755)
    assert secret.load(folder) == first
    assert stat.S_IMODE((folder / secret.SECRET).stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_symbolic_link_is_not_followed(folder: Path, tmp_path: Path) -> None:
    folder.mkdir(mode=0o700)
    (tmp_path / "elsewhere").write_bytes(bytes(32))
    (folder / secret.SECRET).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StoreBroken, match="symbolic link"):
        secret.load(folder)
