"""The way of a keeper's answers out and of requests in: native/channel.c where it was built, plain Python elsewhere.

The plain one neither polls nor counts; keeper.fast = false in the configuration takes it too.
"""

import ctypes
import os
import socket
from typing import Final, Protocol

from hsmith.crypto.standing import LIBRARY
from hsmith.wire.page import Mailbox, Page
from hsmith.wire.standing import Standings

_CROWDED: Final = 1 << 40
_SIT: Final = _CROWDED << 1


class Sociable(Exception):
    """All is answered, short calls of others are too, and this connection should share a thread with them."""


class Channel(Protocol):
    """One connection, whose socket blocks."""

    @property
    def crowded(self) -> bool:
        """Whether other calls were being answered too when the last bytes came."""

    def exchange(self, answer: bytes, buffer: bytearray) -> int:
        """Send the answer (b"": none is due), then wait for the next bytes. Returns how many have come; 0 at the end of
        the stream. Raises Sociable, and OSError."""

    def by_socket(self) -> None:
        """The next answer is sent by the caller: the client waits for it at the socket."""

    def rest(self) -> None:
        """The call that is being answered only waits: it does not count, as it needs no processor."""


class PlainChannel:
    crowded = False  # it does not count

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def exchange(self, answer: bytes, buffer: bytearray) -> int:
        if answer:
            self._connection.sendall(answer)
        return self._connection.recv_into(buffer)

    def by_socket(self) -> None:
        pass

    def rest(self) -> None:
        pass


class _State(ctypes.Structure):
    """struct channel of native/channel.c."""

    _fields_ = (
        ("fd", ctypes.c_int32),
        ("answering", ctypes.c_uint32),
        ("skip", ctypes.c_uint32),
        ("penalty", ctypes.c_uint32),
        ("mailbox", ctypes.c_void_p),
        ("page", ctypes.c_void_p),
        ("buffer", ctypes.c_void_p),
        ("room", ctypes.c_uint64),
        ("standings", ctypes.c_void_p),
        ("crowd", ctypes.c_uint32),
    )


class NativeChannel:
    def __init__(
        self,
        connection: socket.socket,
        page: Page,
        library: ctypes.CDLL,
        mailbox: Mailbox | None = None,
        standings: Standings | None = None,
    ) -> None:
        self._kept = mailbox, standings  # as long as this
        self._state = _State(
            connection.fileno(),
            mailbox=None if mailbox is None else mailbox.address,
            page=page.address,
            standings=None if standings is None else standings.address,
        )
        self._at = ctypes.addressof(self._state)
        self._page = page
        self.crowded = False
        self._exchange = library.channel_exchange
        self._leave = library.channel_leave
        self._by_socket = library.channel_by_socket
        self._buffer = bytearray()

    def exchange(self, answer: bytes, buffer: bytearray) -> int:
        if buffer is not self._buffer:
            self._buffer = buffer
            self._state.buffer = ctypes.addressof(ctypes.c_char.from_buffer(buffer))
            self._state.room = len(buffer)
        count: int = self._exchange(self._at, answer, len(answer))
        if count == _SIT:
            raise Sociable
        self.crowded = count >= _CROWDED
        if self.crowded:
            count -= _CROWDED
        if count < 0:
            raise OSError(-count, os.strerror(-count))
        return count

    def by_socket(self) -> None:
        self._by_socket(self._at)

    def rest(self) -> None:
        self._leave(self._at)


def _load() -> ctypes.CDLL | None:
    if not LIBRARY.exists():
        return None
    try:
        library = ctypes.CDLL(str(LIBRARY))
    except OSError:
        return None
    pointer, length = ctypes.c_void_p, ctypes.c_uint64
    library.channel_exchange.argtypes = (pointer, ctypes.c_char_p, length)
    library.channel_exchange.restype = ctypes.c_int64
    library.channel_leave.argtypes = (pointer,)
    library.channel_leave.restype = None
    library.channel_by_socket.argtypes = (pointer,)
    library.channel_by_socket.restype = None
    return library


_LOADED: Final = _load()


def has_mailboxes() -> bool:
    """Whether the native code is there: a keeper without it looks into none."""
    return _LOADED is not None


def open_channel(
    connection: socket.socket,
    page: Page | None,
    mailbox: Mailbox | None = None,
    standings: Standings | None = None,
) -> Channel:
    """The best way there is for a connection of a keeper with this page, whose client has this mailbox."""
    if _LOADED is None or page is None:
        return PlainChannel(connection)
    return NativeChannel(connection, page, _LOADED, mailbox, standings)
