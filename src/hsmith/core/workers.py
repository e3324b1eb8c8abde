"""Threads that nobody waits for when they start.

Where memory is out, a new thread may die before its first step, and ``threading.Thread.start`` then waits for ever.
"""

import _thread
import threading
import time
from collections.abc import Callable

#: Seconds in which a thread takes its first step, on any machine that is not out of breath.
PATIENCE = 10.0


class Worker:
    """A thread that does ``work()`` once. It is not held against the end of the process."""

    __slots__ = ("_ended", "_since", "_work", "begun")

    def __init__(self, work: Callable[[], object]) -> None:
        self._work = work
        self._ended = threading.Lock()
        self._ended.acquire()
        self._since = 0.0
        self.begun = False

    def start(self) -> None:
        """RuntimeError, MemoryError: the system gives no thread."""
        self._since = time.monotonic()
        _thread.start_new_thread(self._run, ())

    def _run(self) -> None:
        self.begun = True
        try:
            self._work()
        finally:
            self._ended.release()

    @property
    def stillborn(self) -> bool:
        """It was started, and will not do its work any more."""
        return not self.begun and time.monotonic() - self._since > PATIENCE

    def join(self, seconds: float) -> None:
        """Wait so long at most until its work is done; not for one that never began."""
        if self.begun and self._ended.acquire(timeout=seconds):
            self._ended.release()
