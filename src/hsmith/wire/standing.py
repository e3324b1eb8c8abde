"""Pairs of functions that native code answers by itself: native/standing.c, docs/decisions/0023.

One connection's. Whoever serves the connection writes here; anybody may revoke.
"""

import ctypes
from collections.abc import Iterable
from typing import Any, Final

from hsmith.core.tally import Standing, Tally
from hsmith.crypto.standing import LIBRARY
from hsmith.spec.functions import FIND
from hsmith.wire.frames import PAIR

_MOST: Final = 16
#: Bytes of a pair up to the second function's arguments.
_LONGEST: Final = 256
_BUCKETS: Final = 48
#: Bytes that an answer may have at first, and at most.
ROOM: Final = 4096
MOST_ROOM: Final = (1 << 20) + 64


class _One(ctypes.Structure):
    """struct standing of native/standing.h."""

    _fields_ = (
        ("state", ctypes.c_uint32),
        ("is_short", ctypes.c_uint32),
        ("work", ctypes.c_void_p),
        ("search", ctypes.c_void_p),
        ("changes", ctypes.c_uint64),
        ("session", ctypes.c_uint64),
        ("free_from", ctypes.c_uint16),
        ("free_to", ctypes.c_uint16),
        ("length", ctypes.c_uint16),
        ("pair", ctypes.c_ubyte * _LONGEST),
        ("calls", ctypes.c_uint64),
        ("nanoseconds", ctypes.c_uint64),
        ("within", ctypes.c_uint32 * _BUCKETS),
    )


class _All(ctypes.Structure):
    """struct standings."""

    _fields_ = (
        ("most", ctypes.c_uint32),
        ("next", ctypes.c_uint32),
        ("room", ctypes.c_uint64),
        ("answer", ctypes.c_void_p),
        ("one", ctypes.c_void_p),
    )


def _load() -> ctypes.CDLL | None:
    try:
        library = ctypes.CDLL(str(LIBRARY))
        size: int = library.standing_size()
    except (OSError, AttributeError):
        return None
    assert size == ctypes.sizeof(_One)
    pointer, number, short, size64 = ctypes.c_void_p, ctypes.c_int, ctypes.c_uint16, ctypes.c_uint64
    library.standing_place.argtypes = (pointer,)
    library.standing_put.argtypes = (pointer, number, pointer, ctypes.c_char_p, short, short, short, size64, size64)
    library.standing_put.restype = None
    library.standing_put_search.argtypes = (pointer, number, pointer, size64)
    library.standing_put_search.restype = None
    library.standing_renew.argtypes = (pointer, number, size64)
    library.standing_revoke.argtypes, library.standing_revoke.restype = (pointer, number), None
    return library


_LIBRARY: Final = _load()


class Standings:
    """``address``: for native code. ``tally``: the connection's, which counts what is answered there. Memory for them
    is taken with the first: most connections have none."""

    def __init__(self, tally: Tally, library: ctypes.CDLL) -> None:
        self._library = library
        self._all = _All()
        self.address = ctypes.addressof(self._all)
        self._numbers: dict[bytes, int] = {}
        self._kinds: list[tuple[int, int]] = []
        self._places: ctypes.Array[_One] | tuple[()] = ()
        self._answer = bytearray()
        self._tally = tally

    @property
    def room(self) -> int:
        """Bytes that an answer may have."""
        return max(ROOM, len(self._answer))

    def enlarge(self, room: int) -> None:
        """Raises MemoryError."""
        self._answer = bytearray(room)
        self._all.answer = ctypes.addressof(ctypes.c_char.from_buffer(self._answer))
        self._all.room = room

    def _open(self) -> None:
        places = (_One * _MOST)()
        if not self._answer:
            self.enlarge(ROOM)
        self._kinds = [(0, 0)] * _MOST
        self._all.one = ctypes.addressof(places)
        self._places = places
        self._tally.standing = self._counted

    def unsent(self, start: int, end: int) -> bytes:
        """A part of the last answer."""
        return bytes(self._answer[start:end])

    def put(self, key: bytes, pair: memoryview, free: slice, *, work: Any, changes: int, kind: int, number: int) -> int:
        """Let a pair stand. ``key``: how it is known; ``pair``: its bytes up to the second function's arguments, of
        which ``free`` may be others; that function's ``number``. Returns its place, for revoke(); -1: there is none.
        Raises MemoryError."""
        place = self._place(key, kind, number) if len(pair) <= _LONGEST else -1
        if place < 0:
            return -1
        session = int.from_bytes(pair[PAIR.size : PAIR.size + 8], "little")
        start, stop = (free.start, free.stop) if free.stop > free.start else (len(pair), len(pair))
        self._library.standing_put(
            self.address, place, work.take(), bytes(pair), len(pair), start, stop, session, changes
        )
        return place

    def put_search(self, key: bytes, session: int, search: Any) -> int:
        """The same for the searches of a session: its handle, and an hsmith.crypto.searching.Search."""
        place = self._place(key, FIND.number, FIND.number)
        if place >= 0:
            self._library.standing_put_search(self.address, place, search.take(), session)
        return place

    def holds(self, key: bytes) -> bool:
        """Whether what is known by ``key`` still stands here."""
        return self.renew(key, 0)

    def _place(self, key: bytes, kind: int, number: int) -> int:
        """A place for what is known by ``key`` and counted so; -1: there is none."""
        if not self._places:
            self._open()
        place: int = self._library.standing_place(self.address)
        if place < 0:
            return -1
        with self._tally.taking:
            self._tally.take(self._of(place))
            one = self._places[place]
            one.calls = one.nanoseconds = 0
            ctypes.memset(ctypes.addressof(one.within), 0, ctypes.sizeof(one.within))
            self._kinds[place] = (kind, number)
        self._numbers = {known: at for known, at in self._numbers.items() if at != place} | {key: place}
        return place

    def renew(self, key: bytes, changes: int) -> bool:
        """It was looked at again when so much had changed, and holds. False: it does not stand here any more."""
        number = self._numbers.get(key)
        return number is not None and bool(self._library.standing_renew(self.address, number, changes))

    def revoke(self, place: int) -> None:
        self._library.standing_revoke(self.address, place)

    def close(self) -> None:
        """The connection has ended."""
        for place in range(len(self._places)):
            self.revoke(place)
        with self._tally.taking:
            for stood in self._counted():
                self._tally.take(stood)
            self._tally.standing = tuple

    def _of(self, place: int) -> Standing:
        one = self._places[place]
        return Standing(*self._kinds[place], one.calls, one.nanoseconds / 1e9, tuple(one.within))

    def _counted(self) -> Iterable[Standing]:
        return [self._of(place) for place in range(self._all.most)]


def open_standings(tally: Tally) -> Standings | None:
    """For a new connection; None where there is no native code."""
    return None if _LIBRARY is None else Standings(tally, _LIBRARY)
