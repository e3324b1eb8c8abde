"""The folder of a store: private to its owner, and open in one process at a time."""

import errno
import fcntl
import os
import stat
from pathlib import Path
from typing import Final

from hsmith.store.records import StoreBroken, StoreFull

DATABASE: Final = "store.db"
_LOCK: Final = "store.lock"


def prepare(folder: Path) -> None:
    """Make the folder (0700) if there is none, and private if it is ours. StoreBroken: it is not ours, or no folder."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        private(folder, 0o700)
    except FileExistsError:
        raise StoreBroken(f"{folder} is to be the store's folder, but is a file: move it away") from None
    except OSError as error:
        raise failure(folder, error) from None


def failure(path: Path, error: OSError) -> StoreBroken | StoreFull:
    """What the system said of ``path``, as the store says it."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StoreFull(f"{path} cannot be written: its disk is full, or its quota: make room")
    return StoreBroken(f"{path} cannot be used: {error.strerror}")


def private(path: Path, mode: int) -> None:
    """Take from others what they may do with ``path``. StoreBroken: another user's, who could read or replace it."""
    status = os.lstat(path)
    if stat.S_ISLNK(status.st_mode):
        raise StoreBroken(f"{path} is a symbolic link: put the store's own file or folder in its place")
    if status.st_uid != os.geteuid():
        raise StoreBroken(
            f"{path} belongs to the user with uid {status.st_uid}, not to uid {os.geteuid()} who runs this: "
            "run as its owner, or use another folder"
        )
    if stat.S_IMODE(status.st_mode) & ~mode:
        os.chmod(path, stat.S_IMODE(status.st_mode) & mode)


class Lock:
    """Exclusive ownership of a store's folder, until close() or the end of the process, however it ends."""

    def __init__(self, folder: Path) -> None:
        """StoreBroken: another keeper has it."""
        self._path = folder / _LOCK
        self._file = self._open()
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StoreBroken(self._refusal(folder, error)) from None
        self._sign()

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _open(self) -> int:
        flags = os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            return os.open(self._path, os.O_RDWR | os.O_CREAT | flags, 0o600)
        except OSError as first:
            # On a file system that became read-only the lock can still be taken, and the store read.
            try:
                return os.open(self._path, os.O_RDONLY | flags)
            except OSError:
                raise StoreBroken(f"{self._path} cannot be made: {first.strerror}") from None

    def _refusal(self, folder: Path, error: OSError) -> str:
        if not isinstance(error, BlockingIOError):
            self.close()
            return f"{self._path} cannot be locked: {error.strerror}; the store needs a file system with locks"
        owner = os.pread(self._file, 20, 0).decode(errors="replace").strip()
        self.close()
        return (
            f"the store in {folder} is open in another process{f' (pid {owner})' if owner.isdigit() else ''}: "
            "use that one, or stop it first"
        )

    def _sign(self) -> None:
        """Say who holds the lock; only for the message above, so a full disk or a read-only one does not matter."""
        try:
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)
        except OSError:
            pass


def sync(folder: Path) -> None:
    """Make the folder's entries durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
