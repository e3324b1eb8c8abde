"""One keeper for each store: the lock that says so, and who holds it."""

import contextlib
import fcntl
import json
import os
from pathlib import Path
from typing import Self

from hsmith.home import Home, Trouble, open_private, words


class KeeperLock:
    """Held from before the store is opened until the process ends. The system frees it, whatever ends the process."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self._path = path
        self._descriptor = descriptor

    @classmethod
    def take(cls, home: Home) -> Self | None:
        """The lock, or None if another keeper has it. Raises Trouble."""
        try:
            descriptor = open_private(home.keeper_lock)
        except OSError as error:
            raise Trouble(f"The file {home.keeper_lock} cannot be opened: {words(error)}.") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        except OSError as error:
            os.close(descriptor)
            raise Trouble(f"The file system of {home.keeper_lock} has no locks: {words(error)}.") from error
        lock = cls(home.keeper_lock, descriptor)
        if not lock.in_place():  # Its folder was replaced in this moment: the caller tries again.
            lock.release()
            return None
        return lock

    def announce(self, socket: Path) -> None:
        """Write into the file who holds it and where it listens."""
        text = json.dumps({"pid": os.getpid(), "socket": str(socket)}).encode()
        # For others' convenience only: a full disk does not matter.
        with contextlib.suppress(OSError):
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, text, 0)

    def in_place(self) -> bool:
        """Whether the file still is where another keeper would look for it."""
        with contextlib.suppress(OSError):
            return os.path.samestat(os.fstat(self._descriptor), self._path.stat())
        return False

    def release(self) -> None:
        os.close(self._descriptor)


def announced(home: Home) -> Path | None:
    """Where the keeper of this store listens, as its lock says, or None. It may have ended since."""
    try:
        found = json.loads(home.keeper_lock.read_text())
        return Path(found["socket"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
