"""Slow work, such as making an RSA key, takes turns: one processor stays free for what is quick, and no client that
asks for much slow work keeps the others from theirs."""

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
