"""The connections that read: few, whatever the number of clients, and given to whoever reads now."""

import threading
from collections.abc import Callable
from typing import Final

import apsw

from hsmith.store.records import StoreBroken

MAX_READERS: Final = 8


class Readers:
    """Gives a connection to one thread at a time; the last one given back is the first given out: its cache is warm."""

    def __init__(self, connect: Callable[[], apsw.Connection]) -> None:
        self._connect = connect
        self._idle = [connect()]
        self._open = 1
        self._waiting = 0
        self._closed = False
        self._given_back = threading.Condition()

    def take(self) -> apsw.Connection:
        """A connection for this thread alone, until give(). StoreBroken: closed."""
        try:
            return self._idle.pop()
        except IndexError:
            return self._another()

    def give(self, connection: apsw.Connection) -> None:
        self._idle.append(connection)
        if self._waiting or self._closed:
            self._announce()

    def close(self) -> None:
        with self._given_back:
            self._closed = True
        self._announce()

    def _another(self) -> apsw.Connection:
        """A new connection while there are few; else the next that is given back."""
        with self._given_back:
            if self._closed:
                raise StoreBroken("the store is closed")
            may_open = self._open < MAX_READERS
            self._open += may_open
        if may_open:
            try:
                return self._connect()
            except StoreBroken:  # out of files, say: those that are open still serve
                with self._given_back:
                    self._open -= 1
        return self._wait()

    def _wait(self) -> apsw.Connection:
        with self._given_back:
            self._waiting += 1
            try:
                # give() appends first and looks at _waiting second, so one of the two sees the other.
                while not self._idle:
                    if self._closed:
                        raise StoreBroken("the store is closed")
                    self._given_back.wait()
                return self._idle.pop()
            finally:
                self._waiting -= 1

    def _announce(self) -> None:
        with self._given_back:
            if not self._closed:
                self._given_back.notify()
                return
            while self._idle:
                self._idle.pop().close()
            self._given_back.notify_all()
