"""Slow work, such as making an RSA key, takes turns: one processor stays free for what is quick, and no client that
asks for much slow work keeps the others from theirs. And work that is mostly Python is done on one processor."""

import contextlib
import os
import threading
from collections import OrderedDict, deque
from collections.abc import Hashable, Iterator
from typing import Final


class Turns:
    """As many at a time as there are ``places``; those who wait get them client by client in rotation."""

    def __init__(self, places: int) -> None:
        self._free = places
        self._lock = threading.Lock()
        self._waiting: OrderedDict[Hashable, deque[threading.Lock]] = OrderedDict()

    @contextlib.contextmanager
    def one(self, client: Hashable) -> Iterator[None]:
        """A turn for work of ``client``, once it comes."""
        self._wait(client)
        try:
            yield
        finally:
            self._pass_on()

    def _wait(self, client: Hashable) -> None:
        with self._lock:
            if self._free:
                self._free -= 1
                return
            mine = threading.Lock()
            mine.acquire()
            self._waiting.setdefault(client, deque()).append(mine)
        mine.acquire()

    def _pass_on(self) -> None:
        with self._lock:
            if not self._waiting:
                self._free += 1
                return
            client, queue = self._waiting.popitem(last=False)
            queue.popleft().release()
            if queue:
                self._waiting[client] = queue  # at the end: the others come first


#: The turns of this process.
SLOW: Final = Turns(max(1, (os.cpu_count() or 1) - 1))


class Gathering:
    """Threads that compute in Python at the same time do it on one processor.

    Only one of them can go on at a time, and each small release of the interpreter's lock wakes another one. On
    another processor that costs a wake-up and cold caches, ten times for each new key: half of its whole time.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0

    def one(self, *, unless: bool = False) -> "contextlib.AbstractContextManager[object]":
        """For the work of this thread, if it is not ``unless``: such as computes in a library, without the lock."""
        return _APART if unless else _Together(self)

    def enter(self) -> set[int]:
        """This thread begins. Returns where it may run afterwards; nothing when it stays where it is."""
        with self._lock:
            self._inside += 1
            alone = self._inside == 1
        return set() if alone else self._gather()

    def leave(self, everywhere: set[int]) -> None:
        if everywhere:
            with contextlib.suppress(OSError):
                os.sched_setaffinity(0, everywhere)
        with self._lock:
            self._inside -= 1

    @staticmethod
    def _gather() -> set[int]:
        """Go to the last processor. Returns where the thread may run else; nothing when it stays where it is."""
        try:
            everywhere = os.sched_getaffinity(os.getpid())
            if len(everywhere) > 1:
                os.sched_setaffinity(0, {max(everywhere)})
                return everywhere
        except OSError:
            pass  # The system does not permit it: it is only slower.
        return set()


class _Together:
    """One thread's work there. A class, as a generator would take as long as some of the work."""

    __slots__ = ("_everywhere", "_gathering")

    def __init__(self, gathering: Gathering) -> None:
        self._gathering = gathering

    def __enter__(self) -> None:
        self._everywhere = self._gathering.enter()

    def __exit__(self, *_: object) -> None:
        self._gathering.leave(self._everywhere)


_APART: Final = contextlib.nullcontext()

#: The making of objects.
MAKING: Final = Gathering()
