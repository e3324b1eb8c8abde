"""One connection on the keeper's side: its HELLO, then its calls (docs/wire.md).

Nothing that a client sends ends more than its own connection. A call is refused with the return value that its handler
gives; what cannot be decoded gets CKR_GENERAL_ERROR and the end of the connection.
"""

import json
import logging
import secrets
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from time import perf_counter, thread_time
from typing import Any, Final, Generic, Protocol

from hsmith.core.tally import SAMPLED, Tally
from hsmith.core.workers import Worker
from hsmith.crypto.wiping import wipe
from hsmith.spec.constants import Fault
from hsmith.spec.faults import Partly, Refused, TooSmall
from hsmith.spec.functions import BY_NAME, FIND, FUNCTIONS, FunctionRow, Kind
from hsmith.wire import codec, frames, parameters, peer
from hsmith.wire.applications import A, Applications, Identity, Pair, TooMany
from hsmith.wire.channel import Channel, has_mailboxes, open_channel
from hsmith.wire.frames import BOTH, NEW_APPLICATION, PAIR, REPLY
from hsmith.wire.hub import Hub
from hsmith.wire.page import Mailbox, Page
from hsmith.wire.receiver import FIRST_SIZE, BadFrame, NoRoom, Receiver

log = logging.getLogger("hsmith.server")

#: Loaded now, not with the first call that needs it: by then the keeper is confined.
PARAMETERS: Final = parameters
#: The hash of the tables: what this keeper's HELLO says.
TABLES: Final = frames.table_hash()
OK: Final = int(Fault.OK)
_ACCEPTED: Final = bytes(4)
#: Calls that take fewer seconds are short; so many of them, while others are served too, make a connection share a
#: thread.
SHORT: Final = 0.000_250
PATIENCE: Final = 8
#: Bytes of a frame above which a call is not short.
LARGEST_SHORT: Final = 80 << 10
#: Head and session handle; where the handle is, in a call and in a BOTH.
_SHORTEST: Final = 16
_SESSION_AT: Final = (slice(8, 16), slice(8 + PAIR.size, 16 + PAIR.size))
#: A call that may wait for hours.
_WAITS: Final = BY_NAME["C_WaitForSlotEvent"].number
#: Bytes from which on an answer is counted.
LONG: Final = 65536

Handler = Callable[..., Any]
Admin = Callable[[A, dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Call:
    """A function as the connections' loop needs it. ``secret``: its request may carry a PIN or key, to be erased.
    ``pins``: which of its arguments are PINs; ``mechanism``: which one is a mechanism, -1 for none."""

    row: FunctionRow
    handler: Handler
    secret: bool
    pins: tuple[int, ...] = ()
    mechanism: int = -1


def _carries_secret(row: FunctionRow) -> bool:
    """PINs, and templates, in which key values come."""
    return any("Pin" in name or kind is Kind.TEMPLATE for name, kind in row.arguments)


def _pins(row: FunctionRow) -> tuple[int, ...]:
    """Of the functions with PINs all arguments are passed to the handler, so its places are those of the row."""
    return tuple(at for at, (name, _) in enumerate(row.arguments) if "Pin" in name)


def _mechanism(row: FunctionRow) -> int:
    """Mechanisms come first or second, with the session: all arguments before them are passed to the handler."""
    return next((at for at, (_, kind) in enumerate(row.arguments) if kind is Kind.MECHANISM), -1)


def call_table(handlers: Mapping[int, Handler]) -> Mapping[int, Call]:
    """The functions that have a handler, by number."""
    return {
        row.number: Call(row, handlers[row.number], _carries_secret(row), _pins(row), _mechanism(row))
        for row in (*FUNCTIONS, FIND)
        if row.number in handlers
    }


@dataclass(slots=True)
class Served:
    """A connection's thread, the token of its application once it has one, and what it has done."""

    thread: Worker | None = None
    token: bytes = b""
    tally: Tally = field(default_factory=Tally)


class Lock(Protocol):
    def release(self) -> None: ...


class Shortcuts(Protocol):
    """What is known above of calls that need not go the whole way."""

    def keep(self, app: Any, ending: int, key: bytes, arguments: tuple[Any, ...], free: slice, /) -> None:
        """The first function of a BOTH was accepted, with these arguments; ``ending`` will follow, and the two came as
        ``key`` says, but for the ``free`` bytes of the first one's: application.repeated may have a handler for both,
        the next time."""

    def at_once(self, app: Any, number: int, session: int, /) -> Lock | None:
        """The lock of a session, taken, for one call of a function that waits for nobody; None for others."""


@dataclass(frozen=True, slots=True)
class Service(Generic[A]):
    """What all connections of a server share. Times in seconds: for the first frame after connecting, and for the rest
    of any frame once its first byte has come. ``group``: whose members may connect too."""

    applications: Applications[A]
    calls: Mapping[int, Call]
    admin: Mapping[str, Admin[A]]
    hello_seconds: float
    frame_seconds: float
    group: int | None = None
    page: Page | None = None
    hub: Hub | None = None
    shortcuts: Shortcuts | None = None


class Connection(Generic[A]):
    """One connection: its HELLO, then its calls."""

    def __init__(self, service: Service[A], connection: socket.socket, served: Served) -> None:
        self._service = service
        self._served = served
        self._tally = served.tally
        self._connection = connection
        self._mailbox: Mailbox | None = None
        self._receiver = Receiver(connection, seconds=service.frame_seconds)
        self._seconds: dict[int, float] = {}  # of a processor that functions take, by their numbers
        self._count = 0
        self._receiver.most = FIRST_SIZE  # a HELLO: until then nobody has room for more

    def run(self) -> None:
        """Serve until the client leaves or errs."""
        try:
            joined = self._hello()
            if joined is None:
                return
            token, application = joined
            self._served.token = token
            try:
                self._calls(application)
            finally:
                self._served.token = b""
                self._service.applications.leave(token)
        except BadFrame as error:
            log.warning("connection ended: %s", error)
            self._connection.sendall(reply(Fault.GENERAL_ERROR))
        finally:
            self._receiver.wipe()

    def _hello(self) -> tuple[bytes, A] | None:
        """Answer the first frame. Returns the token and the application, None if the client was refused."""
        who = peer.identify(self._connection)
        if not peer.may_connect(who, self._connection, self._service.group):
            return self._turn_away(who, Fault.DEVICE_ERROR, "this keeper serves other users")
        self._connection.settimeout(self._service.hello_seconds)
        try:
            end = self._receiver.frame()
        except TimeoutError:
            return None
        self._connection.settimeout(None)
        if not end:
            return None
        _, number, flags = frames.REQUEST.unpack_from(self._receiver.buffer)
        if number != frames.HELLO or flags:
            raise BadFrame("the first frame is not a HELLO")
        try:
            version, token, pid = frames.decode_hello(memoryview(self._receiver.buffer)[8:end])
        except codec.Undecodable as error:
            raise BadFrame(str(error)) from None
        self._receiver.done(end, wipe=True)
        if version != frames.VERSION:
            sentence = f"this keeper speaks version {frames.VERSION} of the protocol, the client version {version}"
            return self._turn_away(who, Fault.DEVICE_ERROR, f"{sentence}: install the same hsmith for both")
        try:
            joined = self._service.applications.join(token, Identity(who, pid))
        except TooMany as error:
            return self._turn_away(who, Fault.DEVICE_MEMORY, str(error))
        if joined is None:
            return self._turn_away(who, Fault.ARGUMENTS_BAD, "the application token is not of this process")
        try:
            self._welcome(hello_reply(Fault.OK, joined[0], ""))
        except BaseException:  # a client that has gone already: nothing of it stays
            self._service.applications.leave(joined[0])
            raise
        return joined

    def _turn_away(self, who: peer.Peer, fault: Fault, sentence: str) -> tuple[bytes, A] | None:
        """What its C_Initialize answers is a number alone: the log has the reason."""
        name = peer.program(who.pid) or "a program"
        log.warning("client refused: %s (process %s, user %s): %s", name, who.pid, who.uid, sentence)
        self._connection.sendall(refusal(fault, sentence))
        return None

    def _welcome(self, answer: bytes) -> None:
        """With it go the page and a mailbox: a client that does not expect them never sees them."""
        page = self._service.page
        if page is None or page.fd is None:
            self._connection.sendall(answer)
            return
        box = page.mailbox() if has_mailboxes() else None
        try:
            socket.send_fds(self._connection, [answer], [page.fd, *([box.fd] if box else [])])
        finally:
            if box:
                box.given()
        self._mailbox = box

    def _calls(self, application: A) -> None:
        """The loop of a connection: nothing here that a call does not need."""
        receiver, calls, hub = self._receiver, self._service.calls, self._service.hub
        receiver.most, receiver.room = frames.MAX_FRAME, application.memory.room
        channel = open_channel(self._connection, self._service.page, self._mailbox)
        crowded = 0
        answer = b""
        try:
            while end := self._next(channel, answer):
                begun = thread_time() if channel.crowded and hub is not None else 0.0
                buffer = receiver.buffer
                _, number, flags = frames.REQUEST.unpack_from(buffer)
                if flags:
                    raise BadFrame("flags that are not known")
                payload = memoryview(buffer)[8:end]
                secret = False
                if number == BOTH:
                    made = self._both(application, payload)
                    answer = self._sent(channel, made) if isinstance(made, tuple) else made
                elif (call := calls.get(number)) is not None:
                    if number == _WAITS:
                        channel.rest()
                    answer, secret = _answer(call, application, payload, self._tally), call.secret
                else:
                    answer, secret = self._other(number, application, payload), True
                if len(answer) > LONG:
                    answer = self._sent(channel, (answer, b""))
                receiver.done(end, wipe=secret)
                if begun and hub is not None:
                    crowded += self._short(number, thread_time() - begun) if end <= LARGEST_SHORT else -PATIENCE
                    if crowded > PATIENCE:
                        crowded = 0
                        channel.rest()
                        channel.by_socket()
                        answer = self._sit(hub, application, answer)
        finally:
            channel.rest()

    def _next(self, channel: Channel, answer: bytes) -> int:
        """Send the answer, and wait for the next frame: its end, 0 after the last."""
        while True:
            try:
                return self._receiver.next(channel, answer)
            except NoRoom:
                answer = reply(Fault.DEVICE_MEMORY)

    def _sent(self, channel: Channel, parts: tuple[bytes, bytes]) -> bytes:
        """Send a long answer from where it is; it counts until the client has read it. Returns what is still to be
        sent."""
        head, body = parts
        size = len(head) + len(body)
        if size > LONG and not self._receiver.room(size):
            return reply(Fault.DEVICE_MEMORY)
        channel.by_socket()
        try:
            count = self._connection.sendmsg(parts)
            if count < len(head):
                self._connection.sendall(memoryview(head)[count:])
            self._connection.sendall(memoryview(body)[max(count - len(head), 0) :])
        finally:
            if size > LONG:
                self._receiver.room(-size)
        return b""

    def _short(self, number: int, seconds: float) -> int:
        """How long this function takes here, of late. Returns 1 for a short call, else less than 0."""
        known = self._seconds.get(number, seconds)
        known = self._seconds[number] = known + (seconds - known) / 8
        return 1 if known < SHORT else -PATIENCE

    def _sit(self, hub: Hub, application: A, answer: bytes) -> bytes:
        """Let the hub serve this connection until a call comes that is not short. Returns what is still to be sent."""
        self._connection.sendall(answer)
        receiver = self._receiver
        if receiver.waiting:
            return b""
        serve = partial(self._serve_short, application)
        guest = hub.sit(self._connection.fileno(), receiver.buffer, serve, self._mailbox)
        if guest is None:
            return b""
        if guest.have > 0:
            receiver.resume(guest.have)
        return guest.answer

    def _serve_short(self, application: A, have: int) -> bytes | None:
        """The answer to a frame that is in the buffer, if it is whole and of a short call; never waits for others."""
        buffer = self._receiver.buffer
        if have < _SHORTEST or 4 + int.from_bytes(buffer[:4], "little") != have or buffer[6] or buffer[7]:
            return None
        number = buffer[4] | buffer[5] << 8
        shortcuts = self._service.shortcuts
        if shortcuts is None or self._seconds.get(number, 1.0) > SHORT:
            return None
        both = number == BOTH
        ending = buffer[10] | buffer[11] << 8 if both else number
        self._count += 1
        begun = 0.0 if self._count % SAMPLED else thread_time()
        lock = shortcuts.at_once(application, ending, int.from_bytes(buffer[_SESSION_AT[both]], "little"))
        if lock is None:
            return None
        payload = memoryview(buffer)[8:have]
        try:
            if not both:
                call = self._call(number)
                answer = _answer(call, application, payload, self._tally)
                self._receiver.done(have, wipe=call.secret)
            else:
                made = self._both(application, payload)
                answer = b"".join(made) if isinstance(made, tuple) else made
        except BadFrame:
            return None
        finally:
            lock.release()
        if begun:
            self._short(number, thread_time() - begun)
        return answer

    def _both(self, application: A, payload: memoryview) -> bytes | tuple[bytes, bytes]:
        """An Init, and what follows it in the same frame: as if they had come one after the other."""
        if len(payload) < PAIR.size:
            raise BadFrame("a BOTH that is cut short")
        _, _, length, free_from, free_to, _ = PAIR.unpack_from(payload)
        rest = PAIR.size + length
        if not free_to:
            key = bytes(payload[:rest])
        else:
            key = bytes(payload[: PAIR.size + free_from]) + bytes(payload[PAIR.size + free_to : rest])
        pair = application.repeated.get(key)
        if pair is None:
            return self._both_at_first(application, payload, key)
        init = payload[PAIR.size : rest] if free_to else None
        return _answer_pair(pair, application, init, payload[rest:], self._tally)

    def _both_at_first(self, application: A, payload: memoryview, key: bytes) -> bytes:
        first, second, length, free_from, free_to, zero = PAIR.unpack_from(payload)
        if not free_from <= free_to <= length <= len(payload) - PAIR.size or zero:
            raise BadFrame("a BOTH whose lengths do not fit")
        begin, end = self._call(first), self._call(second)
        rest = payload[PAIR.size + length :]
        answer, arguments = _answered(begin, application, payload[PAIR.size : PAIR.size + length], self._tally)
        if answer[4:8] != _ACCEPTED:
            # Of another operation it says nothing.
            same = begin.row.operation is end.row.operation
            return reply(_rv(answer)) if same else _answer(end, application, rest, self._tally)
        if self._service.shortcuts is not None:
            self._service.shortcuts.keep(application, second, key, arguments, slice(free_from, free_to))
        return _answer(end, application, rest, self._tally)

    def _call(self, number: int) -> Call:
        call = self._service.calls.get(number)
        if call is None:
            raise BadFrame(f"unknown function {number:#x} in a BOTH")
        return call

    def _other(self, number: int, application: A, payload: memoryview) -> bytes:
        """What is no function with a handler: ADMIN, a function not supported, or an unknown one."""
        if number == frames.ADMIN:
            return self._administer(application, payload)
        if number < len(FUNCTIONS):
            return reply(Fault.FUNCTION_NOT_SUPPORTED)
        raise BadFrame(f"unknown function {number:#x}")

    def _administer(self, application: A, payload: memoryview) -> bytes:
        request = _parse_admin(payload)
        command = self._service.admin.get(request.pop("command", ""))
        if command is None:
            return admin_reply(Fault.ARGUMENTS_BAD, {"error": "the keeper does not know this command"})
        try:
            return admin_reply(Fault.OK, command(application, request))
        except Refused as refused:
            return admin_reply(refused.fault, {"error": refused.reason or str(refused)})
        except Exception:
            return admin_reply(Fault.GENERAL_ERROR, {"error": f"the keeper failed; see {_log_failure()} in its log"})


def _answer(call: Call, application: object, payload: memoryview, tally: Tally) -> bytes:
    """The reply to one call. Raises BadFrame for arguments that cannot be decoded."""
    return _answered(call, application, payload, tally)[0]


def _answered(call: Call, application: object, payload: memoryview, tally: Tally) -> tuple[bytes, tuple[Any, ...]]:
    """The reply to one call, and its arguments."""
    row = call.row
    arguments: tuple[Any, ...] = ()
    since = tally.since = perf_counter()
    try:
        arguments = codec.decode_call(row, payload)
        results = codec.encode_reply(row, call.handler(application, *arguments), arguments)
        return _with_results(results), arguments
    except Exception as error:
        answer = _failed(row, error, arguments)
        tally.refused(tally.kind(call, arguments), _rv(answer))
        return answer, arguments
    finally:
        tally.ended(call, arguments, since)
        for at in call.pins:
            if at < len(arguments):
                wipe(arguments[at])


def _answer_pair(
    pair: Pair, application: object, init: memoryview | None, rest: memoryview, tally: Tally
) -> bytes | tuple[bytes, bytes]:
    """The reply to a BOTH that has come before. ``init``: the first one's arguments, where they may be others now in
    the bytes of an initialisation vector."""
    row, kind, calls = pair.ends, pair.kind, tally.calls
    calls[kind] += 1
    since = 0.0 if calls[kind] % SAMPLED else perf_counter()
    try:
        session, data, more = codec.decode_data_call(row, rest)
        results = pair.both(application, init, codec.decode_call, session, data, more)
        return codec.data_reply(results) or _with_results(codec.encode_reply(row, results))
    except Exception as error:
        answer = _failed(row, error, ())
        tally.refused(kind, _rv(answer))
        return answer
    finally:
        if since:
            tally.timed(row.number, perf_counter() - since, stands_for=SAMPLED)


def _with_results(results: bytes) -> bytes:
    return REPLY.pack(4 + len(results), OK) + results


def _failed(row: FunctionRow, error: Exception, arguments: tuple[Any, ...]) -> bytes:
    """The reply to a call that raised this. Raises BadFrame for arguments that could not be decoded."""
    if isinstance(error, Refused):
        log.debug("%s: %s", row.name, error)
        return reply(error.fault, _refusal(row, error, arguments))
    if isinstance(error, codec.Undecodable):
        raise BadFrame(f"{row.name}: {error}") from None
    if isinstance(error, MemoryError):
        return reply(Fault.DEVICE_MEMORY)
    _log_failure(row.name)
    return reply(Fault.GENERAL_ERROR)


def _refusal(row: FunctionRow, refused: Refused, arguments: tuple[Any, ...]) -> bytes:
    """What comes with a refusal: a length, the results of a partly answered query, or parameters written back."""
    if isinstance(refused, TooSmall):
        return codec.encode_too_small(row, refused.length)
    if isinstance(refused, Partly):
        return codec.encode_reply(row, refused.results, arguments)
    return codec.encode_refusal(row, arguments)


def _log_failure(name: str = "an administrative command") -> str:
    """Log the exception at hand with an id, which is returned: nothing else of it leaves the keeper."""
    log_id = secrets.token_hex(4)
    log.exception("%s failed (id %s)", name, log_id)
    return log_id


def _rv(answer: bytes) -> int:
    return int.from_bytes(answer[4:8], "little")


def reply(fault: int, payload: bytes = b"") -> bytes:
    return REPLY.pack(4 + len(payload), fault) + payload


def hello_reply(fault: int, token: bytes, sentence: str) -> bytes:
    return reply(fault, frames.encode_hello_reply(TABLES, token, sentence))


def refusal(fault: int, sentence: str) -> bytes:
    """A HELLO refused in words."""
    return hello_reply(fault, NEW_APPLICATION, sentence)


def admin_reply(fault: int, result: dict[str, Any]) -> bytes:
    text = json.dumps(result).encode()
    return reply(fault, len(text).to_bytes(4, "little") + text)


def _parse_admin(payload: memoryview) -> dict[str, Any]:
    if len(payload) < 4 or int.from_bytes(payload[:4], "little") != len(payload) - 4:
        raise BadFrame("an ADMIN frame of a wrong length")
    try:
        request = json.loads(bytes(payload[4:]))
    except (ValueError, RecursionError) as error:
        raise BadFrame("an ADMIN frame that is not JSON") from error
    if not isinstance(request, dict) or not isinstance(request.get("command", ""), str):
        raise BadFrame("an ADMIN frame that is no object with a command")
    return request
