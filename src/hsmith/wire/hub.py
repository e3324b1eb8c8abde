"""One thread for the short calls of many connections (docs/decisions/0018).

A connection has a thread of its own, and serves itself while it is alone. When several are busy with calls of a few
microseconds, handing Python's lock from one thread to the next costs more than the calls; then a connection takes a
seat here, and gets up again for any call that is not short. native/hub.c does what needs no Python. What makes objects
is begun for each, and committed once for all that have come meanwhile (docs/decisions/0025).
"""

import ctypes
import logging
import os
import threading
from collections.abc import Callable
from typing import Final

from hsmith.core.workers import Worker
from hsmith.crypto.standing import LIBRARY
from hsmith.spec.constants import Fault
from hsmith.wire.answers import Due, reply
from hsmith.wire.page import Mailbox, Page
from hsmith.wire.standing import Standings

log = logging.getLogger("hsmith.server")

SEATS: Final = 1024
#: Steps in a row for one connection after which it is alone, and may serve itself.
ALONE: Final = 200
FOREVER: Final = -1
#: What comes with a seat's number: its connection is alone; a part of its answer has not left.
_LONELY: Final = 1 << 40
_UNSENT: Final = _LONELY << 1
_SEAT: Final = _LONELY - 1
#: More helpers than that find nothing to do.
_MOST_HELPERS: Final = 3

#: Calls that are answered together, at most, and other calls that are served while one is due: so long each waits.
MOST_DUE: Final = 16

_FAILED: Final = reply(Fault.GENERAL_ERROR)

#: A frame of this many bytes is in the connection's buffer: the answer, or the call begun, or None when it is no short
#: call.
Serve = Callable[[int], bytes | Due | None]


class _Seat(ctypes.Structure):
    """struct seat of native/hub.c."""

    _fields_ = (
        ("fd", ctypes.c_int32),
        ("unused", ctypes.c_uint32),
        ("buffer", ctypes.c_void_p),
        ("room", ctypes.c_uint64),
        ("mailbox", ctypes.c_void_p),
        ("standings", ctypes.c_void_p),
    )


class Guest:
    """A connection in its seat. ``have``: the bytes in its buffer when it gets up; ``answer``: what of its last answer
    could not be sent."""

    __slots__ = ("answer", "have", "serve", "standings", "up")

    def __init__(self, serve: Serve, standings: Standings | None) -> None:
        self.serve = serve
        self.standings = standings
        self.up = threading.Lock()
        self.have = 0
        self.answer = b""


class Hub:
    """Thread-safe. Its thread starts with the first guest and ends with the process."""

    def __init__(self, page: Page) -> None:
        """Raises OSError where the native code is missing, or does not work."""
        self._page = page
        # The same code twice: called without Python's lock, and with it.
        library, holding = ctypes.CDLL(str(LIBRARY)), ctypes.PyDLL(str(LIBRARY))
        self._seats = (_Seat * SEATS)()
        self._guests: list[Guest | None] = [None] * SEATS
        self._free = list(range(SEATS))
        self._lock = threading.Lock()
        self._started = False
        library.hub_size.restype = ctypes.c_uint64
        self._state = ctypes.create_string_buffer(library.hub_size())
        self._at = ctypes.addressof(self._state)
        self._seats_at = ctypes.addressof(self._seats)
        pointer, number = ctypes.c_void_p, ctypes.c_int64
        for function in (library.hub_join, library.hub_leave):
            function.argtypes, function.restype = (pointer, pointer, number), ctypes.c_int
        library.hub_open.argtypes = (pointer,)
        holding.hub_ready.argtypes = (pointer, pointer, number, ctypes.c_char_p, ctypes.c_uint64, pointer, pointer)
        holding.hub_ready.restype = number
        holding.hub_answer.argtypes = (pointer, pointer, number, ctypes.c_char_p, ctypes.c_uint64)
        holding.hub_answer.restype = ctypes.c_uint64
        library.hub_wait.argtypes = (pointer, pointer, pointer, ctypes.c_int, pointer)
        library.hub_wait.restype = number
        library.hub_help.argtypes, library.hub_help.restype = (pointer, pointer, pointer), None
        self._library, self._holding = library, holding
        if library.hub_open(self._at):
            raise OSError("no epoll")

    def sit(
        self,
        fd: int,
        buffer: bytearray,
        serve: Serve,
        mailbox: Mailbox | None = None,
        standings: Standings | None = None,
    ) -> Guest | None:
        """Let the hub serve a connection until a call comes that is not short. None: there is no seat. Otherwise
        ``have`` bytes are in the buffer, 0 at the end of the stream."""
        with self._lock:
            if not self._free or not (self._started or self._start()):
                return None
            number = self._free.pop()
        guest = self._guests[number] = Guest(serve, standings)
        guest.up.acquire()
        at = ctypes.addressof(ctypes.c_char.from_buffer(buffer))
        self._seats[number] = _Seat(
            fd,
            0,
            at,
            len(buffer),
            None if mailbox is None else mailbox.address,
            None if standings is None else standings.address,
        )
        self._page.seated(1)
        try:
            if self._library.hub_join(self._at, self._seats_at, number):
                return None
            guest.up.acquire()
        finally:
            self._page.seated(-1)
            self._guests[number] = None
            with self._lock:
                self._free.append(number)
        return guest

    def _start(self) -> bool:
        """Its thread and, where there are more processors, helpers for what native code answers."""
        try:
            Worker(self._run).start()
            self._started = True
            for _ in range(min((os.cpu_count() or 1) - 1, _MOST_HELPERS)):
                Worker(lambda: self._library.hub_help(self._at, self._page.address, self._seats_at)).start()
        except (RuntimeError, MemoryError):
            pass
        return self._started

    def _get_up(self, number: int, have: int, answer: bytes = b"") -> None:
        guest = self._guests[number]
        assert guest is not None
        self._library.hub_leave(self._at, self._seats_at, number)
        guest.have, guest.answer = have, answer
        guest.up.release()

    def _rise(self, number: int, count: int) -> None:
        """A guest that native code sends away: it is alone, or does not fetch its answer, of which so much has left."""
        guest = self._guests[number & _SEAT]
        assert guest is not None
        rest = b""
        if number & _UNSENT and guest.standings is not None:
            rest = guest.standings.unsent(count & 0xFFFFFFFF, count >> 32)
        self._get_up(number & _SEAT, -1, rest)

    @staticmethod
    def _made(guest: Guest, have: int) -> bytes | Due | None:
        """One guest's trouble is not that of all: it gets up, and meets it in its own thread."""
        try:
            return guest.serve(have)
        except Exception:
            log.exception("a short call failed in the thread of many")
            return None

    def _settle(self, due: list[tuple[int, Due]]) -> None:
        """Make durable what has begun, and answer it."""
        try:
            first, *others = [call.begun for _, call in due]
            first.finish(others)
        except Exception:
            log.exception("calls that began could not be finished")  # they have no results, and so are told
        answers = [self._answer(call) for _, call in due]
        for (number, _), answer in zip(due, answers, strict=True):
            sent = self._holding.hub_answer(self._at, self._seats_at, number, answer, len(answer))
            if sent != len(answer):
                self._get_up(number, -1, answer[sent:])
        due.clear()

    @staticmethod
    def _answer(call: Due) -> bytes:
        try:
            return call.answer()
        except Exception:
            log.exception("a call could not be answered")
            return _FAILED

    def _run(self) -> None:
        """The loop: nothing in it that a call does not need."""
        ready, wait = self._holding.hub_ready, self._library.hub_wait
        sent, count = ctypes.c_int64(), ctypes.c_int64()
        sent_at, count_at = ctypes.addressof(sent), ctypes.addressof(count)
        hub, page, seats, guests = self._at, self._page.address, self._seats_at, self._guests
        last, answer, before, streak = -1, b"", -1, 0
        due: list[tuple[int, Due]] = []
        passed = 0  # calls since the first that is due
        while True:
            number = ready(hub, seats, last, answer, len(answer), sent_at, count_at)
            if last >= 0 and sent.value != len(answer):
                self._get_up(last, -1, answer[sent.value :])
                number = -1
            passed += bool(due)
            if due and (number < 0 or passed > MOST_DUE or len(due) >= MOST_DUE):
                self._settle(due)
                passed = 0
            if number < 0:  # it may be that one is to be answered by native code, so nothing else is asked before
                number = wait(hub, page, seats, FOREVER, count_at)
            last = -1
            if number < 0:
                continue
            if number > _SEAT:
                self._rise(number, count.value)
                continue
            streak = streak + 1 if number == before else 0
            before = number
            guest = guests[number]
            assert guest is not None
            made = self._made(guest, count.value) if streak < ALONE else None
            if isinstance(made, bytes):
                last, answer = number, made
            elif made is None:
                self._get_up(number, count.value)
                streak = 0
            else:
                due.append((number, made))
