"""A keeper for tests of the module: it decodes every call and answers what the test says, lies included.

    with FakeKeeper(folder / "keeper.sock") as keeper:
        keeper.answers["C_Sign"] = lambda session, data, room: (b"signature",)

An answer is called with the decoded arguments and gives the tuple of results, or a ``Reply`` with any bytes, or raises
Refused; without one, plausible results are given. ``calls`` has the names and arguments of what came.
"""

import contextlib
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from hsmith.spec.constants import Fault
from hsmith.spec.faults import Refused, TooSmall
from hsmith.spec.functions import FUNCTIONS, FunctionRow, Kind
from hsmith.spec.infos import INFOS
from hsmith.wire import codec, frames


class Reply(NamedTuple):
    """Any reply: ``raw`` is sent as it is, and then the connection may be closed."""

    raw: bytes
    close: bool = False

    @classmethod
    def of(cls, rv: int, payload: bytes = b"") -> "Reply":
        return cls(frames.REPLY.pack(4 + len(payload), rv) + payload)


CLOSE = Reply(b"", close=True)
TOKEN = bytes(range(1, 17))


def plausible(row: FunctionRow, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """Results for any function, different for each kind."""
    results: list[Any] = []
    inward = iter(arguments)
    for _, kind in row.arguments:
        given = next(inward) if kind in CARRIED else None
        if kind in INFOS:
            results.append(tuple(_member(word, at) for at, (_, word) in enumerate(INFOS[kind].members)))
        elif kind in RESULTS:
            results.append(RESULTS[kind](given))
    return tuple(results)


def _member(word: str, at: int) -> Any:
    return at + 1 if word == "Q" else (3, at) if word == "V" else f"text {at}"


def _buffer(room: int | None) -> bytes | int:
    if room is None:
        return 9
    if room == codec.NO_OUTPUT:
        return b""
    if room < 9:
        raise TooSmall(9)
    return b"nine byte"


CARRIED = set(Kind) - {Kind.RESERVED, Kind.IGNORED, Kind.ULONG_OUT, Kind.ULONG_LIST, Kind.ASYNC_DATA, *INFOS}
RESULTS: dict[Kind, Callable[[Any], Any]] = {
    Kind.ULONG_OUT: lambda _: 4711,
    Kind.BUFFER: _buffer,
    Kind.FILL: lambda length: b"r" * length,
    Kind.ULONG_LIST: lambda _: [5, 6, 7],
    Kind.FOUND: lambda most: [8, 9][:most],
    Kind.QUERY: lambda types: tuple(b"value" for _ in types),
    Kind.ASYNC_DATA: lambda _: (1, b"late", 12, 13),
}


class FakeKeeper:
    """Listens at ``path`` from the start; a thread for each connection."""

    def __init__(self, path: Path | None = None, listener: socket.socket | None = None) -> None:
        self.answers: dict[str, Callable[..., Any]] = {}
        self.hello: Callable[[bytes], Reply | None] = lambda token: None
        self.calls: list[tuple[str, tuple[Any, ...]]] = []
        self.tokens: list[bytes] = []
        self.connections: list[socket.socket] = []
        self.problems: list[str] = []
        self.applications = 0
        if listener is None:
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(str(path))
            listener.listen(128)
        self._listener = listener
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
        assert kind or not self.problems, self.problems

    def close(self) -> None:
        """End as a keeper that dies: nobody listens, all connections break."""
        for one in (self._listener, *self.connections):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def names(self) -> list[str]:
        return [name for name, _ in self.calls]

    def last(self) -> tuple[Any, ...]:
        return self.calls[-1][1]

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            while head := exactly(connection, frames.REQUEST.size):
                length, number, _ = frames.REQUEST.unpack(head)
                reply = self._answer(number, exactly(connection, length - 4))
                connection.sendall(reply.raw)
                if reply.close:
                    return

    def _answer(self, number: int, payload: bytes) -> Reply:
        if number == frames.HELLO:
            return self._greet(payload)
        row = FUNCTIONS[number]
        try:
            arguments = codec.decode_call(row, payload)
        except codec.Undecodable as error:
            self.problems.append(f"{row.name}: {error}")
            return CLOSE
        if codec.encode_call(row, arguments) != payload:
            self.problems.append(f"{row.name} is not encoded as it was decoded")
        self.calls.append((row.name, arguments))
        return self._result(row, arguments)

    def _result(self, row: FunctionRow, arguments: tuple[Any, ...]) -> Reply:
        try:
            answer = self.answers.get(row.name)
            results = answer(*arguments) if answer else plausible(row, arguments)
        except TooSmall as small:
            return Reply.of(Fault.BUFFER_TOO_SMALL, codec.encode_too_small(row, small.length))
        except Refused as refused:
            return Reply.of(refused.fault, codec.encode_refusal(row, arguments))
        if isinstance(results, Reply):
            return results
        return Reply.of(Fault.OK, codec.encode_reply(row, results, arguments))

    def _greet(self, payload: bytes) -> Reply:
        _, token, _ = frames.decode_hello(payload)
        self.tokens.append(token)
        answer = self.hello(token)
        if answer is not None:
            return answer
        if token == frames.NEW_APPLICATION:
            self.applications += 1
            token = TOKEN[:-2] + self.applications.to_bytes(2, "big")
        return Reply.of(Fault.OK, frames.encode_hello_reply(frames.table_hash(), token))


def exactly(connection: socket.socket, length: int) -> bytes:
    got = b""
    while len(got) < length:
        part = connection.recv(length - len(got))
        if not part:
            return b""
        got += part
    return got
