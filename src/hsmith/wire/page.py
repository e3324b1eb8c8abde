"""Memory that the keeper shares with its clients: docs/wire.md, "The shared page" and "The mailbox".

The page is for all of them, to read: it tells a module whether what it remembers still holds, and how many calls the
keeper is answering. Each connection has a mailbox of its own, through which short frames go while both sides are awake.
"""

import ctypes
import fcntl
import mmap
import os
import sys
import threading
from typing import Final

SIZE: Final = 4096
#: Linux 5.1: what is mapped already stays writable, and nothing else (Python has no name for it).
_F_SEAL_FUTURE_WRITE: Final = 0x10
_FIXED_SIZE: Final = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL
#: struct mailbox of module/shared.h.
MAILBOX_SIZE: Final = 2113536
LARGE_ROOM: Final = 1052672
#: Where the large areas begin, after a short request and a short answer.
_LARGE_AT: Final = MAILBOX_SIZE - 2 * LARGE_ROOM


class Page:
    """The page. ``fd``: what clients get, or None where the system has no sealed memory; then nobody but the keeper
    sees it. One cell each: ``changes``, a count that hsmith.core.objects.CHANGES writes; ``calls`` that are being
    answered, of which native/channel.c keeps the count; ``seats``: connections that share a thread. ``address``: for
    native code."""

    def __init__(self) -> None:
        self.fd = _memory()
        self._mapped = mmap.mmap(-1 if self.fd is None else self.fd, SIZE)
        if self.fd is not None and not _sealed(self.fd):
            os.close(self.fd)
            self.fd = None
        self.changes = memoryview(self._mapped)[:8].cast("Q")
        self.calls = memoryview(self._mapped)[64:68].cast("I")
        self.seats = memoryview(self._mapped)[68:72].cast("I")
        memoryview(self._mapped)[76:80].cast("I")[0] = 1  # it knows POSTED_ASLEEP of module/shared.h
        self._lock = threading.Lock()
        self.address = ctypes.addressof(ctypes.c_char.from_buffer(self._mapped))

    def mailbox(self) -> "Mailbox | None":
        """One for a new connection; None where there can be none."""
        return Mailbox.made() if self.fd is not None else None

    def seated(self, more: int) -> None:
        """So many more connections share a thread: they count as calls, so that nobody polls beside them."""
        with self._lock:
            self.seats[0] += more


class Mailbox:
    """Memory that a connection's two sides share and both write: docs/wire.md, "The mailbox". ``fd``: for the client,
    until give() has been called; ``address``: for native code."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self._mapped = mmap.mmap(fd, MAILBOX_SIZE)
        self.address = ctypes.addressof(ctypes.c_char.from_buffer(self._mapped))
        self._room = memoryview(self._mapped)[68:72].cast("I")
        memoryview(self._mapped)[76:80].cast("I")[0] = 1  # native code knows the bell

    @property
    def room(self) -> int:
        """Bytes of a request that the keeper takes from the large area."""
        return self._room[0]

    @room.setter
    def room(self, room: int) -> None:
        self._room[0] = min(room, LARGE_ROOM)

    @classmethod
    def made(cls) -> "Mailbox | None":
        """None when the system has no memory or descriptors for it: the connection goes on without."""
        fd = None
        try:
            fd = _memory(MAILBOX_SIZE)
            if fd is not None and _sealed(fd, _FIXED_SIZE):
                return cls(fd)
        except (OSError, MemoryError):
            pass
        if fd is not None:
            os.close(fd)
        return None

    def emptied(self) -> bool:
        """Give the memory of the large areas back to the system; false: it stays. The client waits for an answer."""
        try:
            self._mapped.madvise(mmap.MADV_REMOVE, _LARGE_AT, MAILBOX_SIZE - _LARGE_AT)
        except (OSError, ValueError):
            return False
        return True

    def given(self) -> None:
        """The client has its descriptor; the keeper needs it no more."""
        os.close(self.fd)


def _memory(size: int = SIZE) -> int | None:
    if sys.platform != "linux":
        return None
    try:
        descriptor = os.memfd_create("hsmith", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    except OSError:
        return None
    os.truncate(descriptor, size)
    return descriptor


def _sealed(descriptor: int, seals: int = _FIXED_SIZE | _F_SEAL_FUTURE_WRITE) -> bool:
    """So that nobody cuts it short under a reader, and that readers do not write."""
    try:
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, seals)
    except OSError:
        return False
    return True
