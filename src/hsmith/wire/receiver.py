"""Frames from a stream socket, received without trust in the length that they claim."""

import ctypes
import socket
import struct
import time
from collections.abc import Callable
from typing import Final

from hsmith.wire.channel import Channel
from hsmith.wire.frames import MAX_FRAME

_LENGTH: Final = struct.Struct("<I")
#: A buffer of this size takes the frames of almost all calls in one piece.
FIRST_SIZE: Final = 4096
#: A larger buffer is kept while such frames come: for so many small ones after the last, and up to this size.
PATIENCE: Final = 64
KEPT_SIZE: Final = (1 << 20) + (64 << 10)
#: Bytes after which the time for a frame begins anew: a slow sender may send long frames.
STALL_SIZE: Final = 1 << 20


class BadFrame(Exception):
    """What arrived is no frame, or its sender stopped in the middle of it. str() says which, without its bytes."""


class NoRoom(Exception):
    """The client has its share of memory; its frame was received and thrown away."""


class Receiver:
    """Receives the frames of one connection into one buffer, which grows only with the bytes that have arrived."""

    def __init__(self, connection: socket.socket, *, seconds: float | None = None) -> None:
        """``seconds``: time to deliver a frame once its first byte has come (None: any)."""
        self._connection = connection
        self._seconds = seconds
        self._receive = connection.recv_into
        self._have = 0
        self._small = 0  # frames since the last large one
        self.buffer = bytearray(FIRST_SIZE)
        #: Takes so many bytes more, or gives them back (negative); false: they are not to be had.
        self.room: Callable[[int], bool] = lambda more: True
        #: The longest frame.
        self.most = MAX_FRAME

    def frame(self) -> int:
        """Wait for a frame: its bytes are ``buffer[:end]``, its length field included; done() must follow. Returns end,
        or 0 at the end of the stream. Raises BadFrame, and OSError as the socket does."""
        return self._whole(self._have or self._receive(self.buffer))

    @property
    def waiting(self) -> bool:
        """Whether bytes have come already that belong to the next frame."""
        return bool(self._have)

    def resume(self, have: int) -> None:
        """Somebody else has put ``have`` bytes into the buffer."""
        self._have = have

    def next(self, channel: Channel, answer: bytes) -> int:
        """Send the answer to the last frame, then frame()."""
        if self._have:
            self._connection.sendall(answer)
            return self._whole(self._have)
        return self._whole(channel.exchange(answer, self.buffer))

    def _whole(self, have: int) -> int:
        if have >= 8 and have == 4 + _LENGTH.unpack_from(self.buffer)[0]:
            self._have = 0
            return have
        return self._slowly(have) if have else 0

    def _slowly(self, have: int) -> int:
        """The rest of a frame that did not arrive alone and in one piece."""
        try:
            have = self._fill(have, 4)
            end = 4 + int.from_bytes(self.buffer[:4], "little")
            if not 8 <= end <= 4 + self.most:
                raise BadFrame(f"a frame of {end - 4} bytes")
            have = self._fill(have, end)
        finally:
            if self._seconds is not None:
                self._connection.settimeout(None)
        self._have = have - end
        return end

    def _fill(self, have: int, wanted: int) -> int:
        """Receive until ``wanted`` bytes are there. Returns how many there are: it may be more."""
        due, mark = self._due(), have
        while have < wanted:
            if have == len(self.buffer) and not self._grow(wanted):
                self._drop(wanted - have)
                raise NoRoom
            if due is not None:
                self._connection.settimeout(max(due - time.monotonic(), 0.001))
            try:
                got = self._receive(memoryview(self.buffer)[have:])
            except TimeoutError:
                raise BadFrame(f"a frame that stopped after {have} of {wanted} bytes") from None
            if not got:
                raise BadFrame(f"a frame that ended after {have} of {wanted} bytes")
            have += got
            if have - mark >= STALL_SIZE:
                due, mark = self._due(), have
        return have

    def _due(self) -> float | None:
        return None if self._seconds is None else time.monotonic() + self._seconds

    def _drop(self, count: int) -> None:
        """Receive the rest of a frame over what came before it."""
        while count:
            got = self._receive(self.buffer, min(count, len(self.buffer)))
            if not got:
                raise BadFrame("a frame that ended early")
            count -= got

    def _grow(self, wanted: int) -> bool:
        old = self.buffer
        size = min(2 * len(old), wanted)
        if not self.room(size - len(old)):
            return False
        try:
            self.buffer = bytearray(size)
        except MemoryError:
            self.room(len(old) - size)
            return False
        self.buffer[: len(old)] = old
        _erase(old, len(old))
        return True

    def done(self, end: int, *, wipe: bool, lent: bool = False) -> None:
        """The frame of ``end`` bytes has been used: erase it where it carried a secret, and keep what follows it.
        ``lent``: native code knows the buffer, which must stay where it is."""
        if not (wipe or self._have) and len(self.buffer) == FIRST_SIZE:
            return
        if wipe:
            _erase(self.buffer, end)
        if self._have:
            self.buffer[: self._have] = self.buffer[end : end + self._have]
        if lent:
            return
        self._small = 0 if end > FIRST_SIZE else self._small + 1
        if len(self.buffer) > FIRST_SIZE >= self._have and (self._small > PATIENCE or len(self.buffer) > KEPT_SIZE):
            kept = self.buffer[: self._have]
            self.room(FIRST_SIZE - len(self.buffer))
            self.buffer = bytearray(FIRST_SIZE)
            self.buffer[: len(kept)] = kept

    def wipe(self) -> None:
        _erase(self.buffer, len(self.buffer))
        self.room(FIRST_SIZE - len(self.buffer))
        self.buffer = bytearray(FIRST_SIZE)


_ZEROS: Final = memoryview(bytes(FIRST_SIZE))


def _erase(buffer: bytearray, end: int) -> None:
    """In place, and for more than a little without any memory of its own: there may be none."""
    if end <= FIRST_SIZE:
        try:
            buffer[:end] = _ZEROS[:end]
            return
        except MemoryError:
            pass
    ctypes.memset(ctypes.addressof(ctypes.c_char.from_buffer(buffer)), 0, end)
