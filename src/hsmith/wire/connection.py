"""One connection on the keeper's side: its HELLO, then its calls (docs/wire.md).

Nothing that a client sends ends more than its own connection. A call is refused with the return value that its handler
gives; what cannot be decoded gets CKR_GENERAL_ERROR and the end of the connection.
"""

import json
import logging
import secrets
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic

from hsmith.crypto.wiping import wipe
from hsmith.spec.constants import Fault
from hsmith.spec.faults import Partly, Refused, TooSmall
from hsmith.spec.functions import FUNCTIONS, FunctionRow, Kind
from hsmith.wire import codec, frames, peer
from hsmith.wire.applications import A, Applications, Identity, TooMany
from hsmith.wire.frames import NEW_APPLICATION, REPLY
from hsmith.wire.receiver import FIRST_SIZE, BadFrame, NoRoom, Receiver

log = logging.getLogger("hsmith.server")

#: The hash of the tables: what this keeper's HELLO says.
TABLES: Final = frames.table_hash()
OK: Final = int(Fault.OK)
#: Bytes from which on an answer is counted.
LONG: Final = 65536

Handler = Callable[..., Any]
Admin = Callable[[A, dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Call:
    """A function as the connections' loop needs it. ``secret``: its request may carry a PIN or key, to be erased.
    ``pins``: which of its arguments are PINs."""

    row: FunctionRow
    handler: Handler
    secret: bool
    pins: tuple[int, ...] = ()


def _carries_secret(row: FunctionRow) -> bool:
    """PINs, and templates, in which key values come."""
    return any("Pin" in name or kind is Kind.TEMPLATE for name, kind in row.arguments)


def _pins(row: FunctionRow) -> tuple[int, ...]:
    """Of the functions with PINs all arguments are passed to the handler, so its places are those of the row."""
    return tuple(at for at, (name, _) in enumerate(row.arguments) if "Pin" in name)


def call_table(handlers: Mapping[int, Handler]) -> tuple[Call | None, ...]:
    """The functions by number; None for those that have no handler."""
    return tuple(
        Call(row, handlers[row.number], _carries_secret(row), _pins(row)) if row.number in handlers else None
        for row in FUNCTIONS
    )


@dataclass(slots=True)
class Served:
    """A connection's thread, and the token of its application once it has one."""

    thread: threading.Thread | None = None
    token: bytes = b""


@dataclass(frozen=True, slots=True)
class Service(Generic[A]):
    """What all connections of a server share. Times in seconds: for the first frame after connecting, and for the rest
    of any frame once its first byte has come. ``group``: whose members may connect too."""

    applications: Applications[A]
    calls: tuple[Call | None, ...]
    admin: Mapping[str, Admin[A]]
    hello_seconds: float
    frame_seconds: float
    group: int | None = None


class Connection(Generic[A]):
    """One connection: its HELLO, then its calls."""

    def __init__(self, service: Service[A], connection: socket.socket, served: Served) -> None:
        self._service = service
        self._served = served
        self._connection = connection
        self._receiver = Receiver(connection, seconds=service.frame_seconds)
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
            self._connection.sendall(refusal(Fault.DEVICE_ERROR, "this keeper serves other users"))
            return None
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
            self._connection.sendall(refusal(Fault.DEVICE_ERROR, f"{sentence}: install the same hsmith for both"))
            return None
        try:
            joined = self._service.applications.join(token, Identity(who, pid))
        except TooMany as error:
            self._connection.sendall(refusal(Fault.DEVICE_MEMORY, str(error)))
            return None
        if joined is None:
            self._connection.sendall(refusal(Fault.ARGUMENTS_BAD, "the application token is not of this process"))
            return None
        self._connection.sendall(hello_reply(Fault.OK, joined[0], ""))
        return joined

    def _calls(self, application: A) -> None:
        """The loop of a connection: nothing here that a call does not need."""
        receiver, calls, send = self._receiver, self._service.calls, self._send
        receiver.most, receiver.room = frames.MAX_FRAME, application.memory.room
        while end := self._next():
            buffer = receiver.buffer
            number = buffer[4] | buffer[5] << 8
            if buffer[6] or buffer[7]:
                raise BadFrame("flags that are not known")
            call = calls[number] if number < len(calls) else None
            payload = memoryview(buffer)[8:end]
            if call is not None:
                send(_answer(call, application, payload))
            else:
                send(self._other(number, application, payload))
            receiver.done(end, wipe=call is None or call.secret)

    def _next(self) -> int:
        """The next frame: its end, 0 after the last."""
        while True:
            try:
                return self._receiver.frame()
            except NoRoom:
                self._connection.sendall(reply(Fault.DEVICE_MEMORY))

    def _send(self, answer: bytes) -> None:
        """A long answer counts until the client has read it."""
        if len(answer) <= LONG:
            self._connection.sendall(answer)
            return
        if not self._receiver.room(len(answer)):
            self._connection.sendall(reply(Fault.DEVICE_MEMORY))
            return
        try:
            self._connection.sendall(answer)
        finally:
            self._receiver.room(-len(answer))

    def _other(self, number: int, application: A, payload: memoryview) -> bytes:
        """What is no function with a handler: ADMIN, a function not supported, or an unknown one."""
        if number == frames.ADMIN:
            return self._administer(application, payload)
        if number < len(self._service.calls):
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


def _answer(call: Call, application: object, payload: memoryview) -> bytes:
    """The reply to one call. Raises BadFrame for arguments that cannot be decoded."""
    row = call.row
    arguments: tuple[Any, ...] = ()
    try:
        arguments = codec.decode_call(row, payload)
        results = codec.encode_reply(row, call.handler(application, *arguments), arguments)
        return REPLY.pack(4 + len(results), OK) + results
    except Refused as refused:
        log.debug("%s: %s", row.name, refused)
        return reply(refused.fault, _refusal(row, refused, arguments))
    except codec.Undecodable as error:
        raise BadFrame(f"{row.name}: {error}") from None
    except MemoryError:
        return reply(Fault.DEVICE_MEMORY)
    except Exception:
        _log_failure(row.name)
        return reply(Fault.GENERAL_ERROR)
    finally:
        for at in call.pins:
            if at < len(arguments):
                wipe(arguments[at])


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
