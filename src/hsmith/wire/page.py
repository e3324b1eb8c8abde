"""A page of memory that the keeper shares with its clients, for them to read: docs/wire.md, "The shared page".

It tells a module whether what it remembers still holds, and how many calls the keeper is answering.
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
        self._lock = threading.Lock()
        self.address = ctypes.addressof(ctypes.c_char.from_buffer(self._mapped))

    def seated(self, more: int) -> None:
        """So many more connections share a thread: they count as calls, so that nobody polls beside them."""
        with self._lock:
            self.seats[0] += more


def _memory() -> int | None:
    if sys.platform != "linux":
        return None
    try:
        descriptor = os.memfd_create("hsmith", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    except OSError:
        return None
    os.truncate(descriptor, SIZE)
    return descriptor


def _sealed(descriptor: int) -> bool:
    """So that nobody cuts it short under a reader, and that readers do not write."""
    seals = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL | _F_SEAL_FUTURE_WRITE
    try:
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, seals)
    except OSError:
        return False
    return True
