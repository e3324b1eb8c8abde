"""Which object has which tag, in memory, for native code that answers searches (docs/decisions/0026).

It is told what each transaction does to objects, and knows it when that is committed, before anybody is answered
(native/directory.c). What was there when the store was opened is loaded in parts, each row compared with the ledger;
until then, and where there is no native code, it says nothing, and the database is searched as ever.
"""

import ctypes
from collections.abc import Iterable, Sequence
from struct import Struct
from typing import Any, Final

from hsmith.crypto.standing import LIBRARY

#: What a step is, the number of the object, that of the token, the length of the tags that follow.
_STEP: Final = Struct("<BqqH")
_PUT, _DROP, _CLEAR = 1, 2, 3
#: A step that native code does not know: it says nothing any more.
_SPOIL: Final = b"\0"
_LONGEST: Final = (1 << 16) - 1
#: Objects that may have a tag and are still found by it: FEW_HOLDERS of native/directory.h.
FEW: Final = 16


def _open() -> ctypes.CDLL | None:
    try:
        native = ctypes.CDLL(str(LIBRARY))
        pointer, number = ctypes.c_void_p, ctypes.c_uint64
        native.directory_new.argtypes, native.directory_new.restype = (), pointer
        native.directory_close.argtypes, native.directory_close.restype = (pointer,), None
        native.directory_begin.argtypes, native.directory_begin.restype = (pointer,), None
        native.directory_end.argtypes, native.directory_end.restype = (pointer, ctypes.c_char_p, number), None
        native.directory_load.argtypes = (pointer, ctypes.c_char_p, number, ctypes.c_int)
        native.directory_load.restype = None
        native.directory_ask.argtypes = (pointer, ctypes.c_uint32, ctypes.c_char_p, number, pointer)
        native.directory_count.argtypes, native.directory_count.restype = (pointer,), ctypes.c_int64
    except (OSError, AttributeError):
        return None
    return native


_NATIVE: Final = _open()


class Directory:
    """Who holds the store's writer tells it; native code asks it. ``address``: struct directory; 0: there is none."""

    def __init__(self) -> None:
        self.address = 0
        self._steps: list[bytes] = []  # of the open transaction
        self._paused = False

    def open(self) -> None:
        """From now on it is told what is committed. Before that nobody asks, and nothing is kept."""
        if _NATIVE is not None and not self.address:
            self.address = _NATIVE.directory_new() or 0

    @property
    def count(self) -> int | None:
        """Objects that it knows; None: it says nothing now."""
        if _NATIVE is None or not self.address:
            return None
        count: int = _NATIVE.directory_count(self.address)
        return None if count < 0 else count

    def find(self, token: int, tags: Sequence[bytes]) -> list[int] | None:
        """As Store.find() (hsmith.store.records), of tags of TAG_SIZE bytes; None: it cannot say, as more than a few
        objects have the first one, or at all."""
        if _NATIVE is None or not self.address:
            return None
        ids = (ctypes.c_uint32 * FEW)()
        count: int = _NATIVE.directory_ask(self.address, token, b"".join(tags), len(tags), ids)
        return None if count < 0 else ids[:count]

    def put(self, id: int, token: int, tags: bytes) -> None:
        """An object is made or changed. ``tags``: as its row has them."""
        if self.address:
            self._steps.append(_step(id, token, tags))

    def drop(self, id: int) -> None:
        """It is deleted."""
        if self.address:
            self._steps.append(_STEP.pack(_DROP, id, 0, 0))

    def clear(self, token: int) -> None:
        """All of the token are deleted."""
        if self.address:
            self._steps.append(_STEP.pack(_CLEAR, 0, token, 0))

    def begin(self) -> None:
        self._steps.clear()

    def mark(self) -> int:
        return len(self._steps)

    def undo(self, mark: int) -> None:
        del self._steps[mark:]

    def pause(self) -> None:
        """What it was told is about to be committed: until it is told or forgotten, it says nothing, as others may see
        already what is not acknowledged yet."""
        self._paused = bool(self._steps)
        if self._paused and _NATIVE is not None:
            _NATIVE.directory_begin(self.address)

    def tell(self) -> None:
        """It is committed."""
        self._end(b"".join(self._steps))

    def forget(self) -> None:
        """It is not."""
        self._end(b"")

    def spoil(self) -> None:
        """Nobody knows: it says nothing any more."""
        self._end(_SPOIL)

    def _end(self, steps: bytes) -> None:
        if self._paused and _NATIVE is not None:
            _NATIVE.directory_end(self.address, steps, len(steps))

    def load(self, rows: Iterable[tuple[Any, ...]], *, complete: bool) -> None:
        """Objects that were there before: of each its number, that of its token, its tags. Nothing is committed
        meanwhile. ``complete``: these are the last."""
        if _NATIVE is not None and self.address:
            steps = b"".join([_step(*row) for row in rows])
            _NATIVE.directory_load(self.address, steps, len(steps), complete)

    def close(self) -> None:
        """It says nothing any more; its memory goes when native code has let go of it."""
        address, self.address = self.address, 0
        if _NATIVE is not None and address:
            _NATIVE.directory_close(address)


def _step(id: int, token: int, tags: bytes) -> bytes:
    return _STEP.pack(_PUT, id, token, len(tags)) + tags if len(tags) <= _LONGEST else _SPOIL
