"""What one client process makes the keeper keep in memory, counted together for all of its applications.

Counted is what grows with what a client sends or asks for: frames on their way, session objects, data that an operation
gathers, searches, results that wait. What is too small to matter is not. The work on a call takes a few times its size.
"""

import threading
from typing import Final
from weakref import WeakValueDictionary

from hsmith.spec.constants import Fault
from hsmith.spec.faults import Refused

#: Bytes below which what an operation keeps is not counted.
SMALL: Final = 4096
#: What a session takes, and one counter of IVs in it, about.
SESSION: Final = 2048
COUNTER: Final = 256
#: What one found object takes while a search is active.
FOUND: Final = 64


class Memory:
    """A number of bytes of which parts are taken and given back. Thread-safe."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.taken = 0
        self._lock = threading.Lock()

    def room(self, more: int) -> bool:
        """Take ``more`` bytes, or give back (negative). False, and nothing taken, when so much is not left."""
        with self._lock:
            if more > 0 and self.taken + more > self.limit:
                return False
            self.taken += more
            return True

    def take(self, more: int) -> None:
        """The same; Refused(DEVICE_MEMORY)."""
        if not self.room(more):
            share = f"{self.limit >> 20} MiB (keeper.client_memory)"
            raise Refused(Fault.DEVICE_MEMORY, f"this client has its share of memory: {share}")


class Charge:
    """What one thing takes; given back when the thing is gone, however it went."""

    __slots__ = ("_memory", "size")

    def __init__(self, memory: Memory, size: int = 0) -> None:
        self._memory = memory
        self.size = 0
        self.resize(size)

    def resize(self, size: int) -> None:
        """Refused(DEVICE_MEMORY) where it may not grow so far."""
        self._memory.take(size - self.size)
        self.size = size

    def __del__(self) -> None:
        self._memory.room(-self.size)


_clients: Final[WeakValueDictionary[object, Memory]] = WeakValueDictionary()
_lock: Final = threading.Lock()


def of_client(client: object, limit: int) -> Memory:
    """The memory of a client process, which all of its applications share."""
    with _lock:
        found = _clients.get(client)
        if found is None:
            found = _clients[client] = Memory(limit)
        return found
