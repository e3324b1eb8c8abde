"""The keeper's side of the protocol (docs/wire.md): a thread for each connection, one call at a time on each.

Nothing that a client sends ends more than its own connection. A call is refused with the return value that its handler
gives; what cannot be decoded gets CKR_GENERAL_ERROR and the end of the connection.
"""

import contextlib
import json
import logging
import secrets
import select
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic

from hsmith.spec.constants import Fault
from hsmith.spec.faults import Partly, Refused, TooSmall
from hsmith.spec.functions import FUNCTIONS, FunctionRow, Kind
from hsmith.wire import codec, frames, peer
from hsmith.wire.applications import A, Applications, Identity
from hsmith.wire.frames import NEW_APPLICATION, REPLY
from hsmith.wire.receiver import BadFrame, Receiver

log = logging.getLogger("hsmith.server")

#: Deep calls of the crypto and database libraries fit, thousands of connections too (only touched pages cost memory).
THREAD_STACK: Final = 1 << 20
#: Seconds for the first frame after connecting, and for the rest of any frame once its first byte has come.
HELLO_SECONDS: Final = 10.0
FRAME_SECONDS: Final = 60.0


#: The hash of the tables: what this keeper's HELLO says.
TABLES: Final = frames.table_hash()
OK: Final = int(Fault.OK)

Handler = Callable[..., Any]
Admin = Callable[[A, dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Call:
    """A function as the connections' loop needs it. ``secret``: its request may carry a PIN or key, to be erased."""

    row: FunctionRow
    handler: Handler
    secret: bool


def _carries_secret(row: FunctionRow) -> bool:
    """PINs, and templates, in which key values come."""
    return any("Pin" in name or kind is Kind.TEMPLATE for name, kind in row.arguments)


def call_table(handlers: Mapping[int, Handler]) -> tuple[Call | None, ...]:
    """The functions by number; None for those that have no handler."""
    return tuple(
        Call(row, handlers[row.number], _carries_secret(row)) if row.number in handlers else None for row in FUNCTIONS
    )


@dataclass(slots=True)
class Served:
    """A connection's thread, and the token of its application once it has one."""

    thread: threading.Thread | None = None
    token: bytes = b""


class Server(Generic[A]):
    """Serves connections until close(). accept() is called by the owner of ``listener`` when it is readable."""

    def __init__(
        self,
        *,
        open_application: Callable[[int | None, int | None, str], A],
        handlers: Mapping[int, Handler],
        admin: Mapping[str, Admin[A]],
        most: int = 2048,
        frame_seconds: float = FRAME_SECONDS,
        hello_seconds: float = HELLO_SECONDS,
    ) -> None:
        self.applications: Applications[A] = Applications(open_application)
        self.calls = call_table(handlers)
        self.admin = admin
        self.frame_seconds = frame_seconds
        self.hello_seconds = hello_seconds
        self._most = most
        self._lock = threading.Lock()
        self._served: dict[socket.socket, Served] = {}
        self._turned_away: list[socket.socket] = []
        self._last_end = time.monotonic()

    def accept(self, listener: socket.socket) -> None:
        """Take one connection from ``listener`` and serve it in a thread of its own."""
        try:
            connection, _ = listener.accept()
        except BlockingIOError:
            return  # It went away again.
        except OSError as error:
            log.error("cannot accept a connection: %s", error)
            time.sleep(0.1)  # Out of descriptors: the connection stays in the queue.
            return
        if len(self._served) >= self._most:
            self._turn_away(connection, f"the keeper serves {self._most} connections already (keeper.connections)")
            return
        served = Served()
        thread = served.thread = threading.Thread(target=self._serve, args=(connection, served), daemon=True)
        with self._lock:
            self._served[connection] = served
        try:
            thread.start()
        except RuntimeError:
            self._forget(connection)
            self._turn_away(connection, "the system lets the keeper start no more threads")

    def _turn_away(self, connection: socket.socket, sentence: str) -> None:
        """Refuse in words. The socket is closed some connections later: until then the sentence can be read."""
        log.warning("connection refused: %s", sentence)
        connection.setblocking(False)
        with contextlib.suppress(OSError):
            connection.send(refusal(Fault.DEVICE_MEMORY, sentence))
            connection.shutdown(socket.SHUT_WR)
        self._turned_away.append(connection)
        if len(self._turned_away) > 16:
            self._turned_away.pop(0).close()

    def _serve(self, connection: socket.socket, served: Served) -> None:
        try:
            with connection:
                Connection(self, connection, served).run()
        except OSError:
            pass  # The client went away in the middle of something.
        except Exception:
            log.exception("a connection ended by an error of the keeper")
        finally:
            self._forget(connection)

    def _forget(self, connection: socket.socket) -> None:
        with self._lock:
            self._served.pop(connection, None)
            self._last_end = time.monotonic()

    def idle(self) -> float:
        """Seconds without any connection; 0 while there is one."""
        with self._lock:
            return 0.0 if self._served else time.monotonic() - self._last_end

    def sweep(self) -> None:
        """Find clients that have gone in the middle of a call: their threads are not reading, and so do not notice."""
        poller, tokens = select.poll(), {}
        with self._lock:
            for connection, served in self._served.items():
                # It has no number any more when its thread is just ending.
                if served.token and connection.fileno() >= 0:
                    poller.register(connection, 0)
                    tokens[connection.fileno()] = served.token
        self.applications.hung_up(tokens[descriptor] for descriptor, _ in poller.poll(0))

    def close(self, seconds: float = 10.0) -> None:
        """Let calls in progress finish and be answered, then end all connections and applications."""
        with self._lock:
            served = dict(self._served)
        for connection in served:
            # The thread reads no further request, and still can answer the one that it has.
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RD)
        threads = [one.thread for one in served.values() if one.thread]
        _join(threads, min(1.0, seconds))
        self.applications.close_all()
        _join(threads, seconds)
        for connection in self._turned_away:
            connection.close()


def _join(threads: list[threading.Thread], seconds: float) -> None:
    due = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(due - time.monotonic(), 0))


class Connection(Generic[A]):
    """One connection: its HELLO, then its calls."""

    def __init__(self, server: Server[A], connection: socket.socket, served: Served) -> None:
        self._server = server
        self._served = served
        self._connection = connection
        self._receiver = Receiver(connection, seconds=server.frame_seconds)

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
                self._server.applications.leave(token)
        except BadFrame as error:
            log.warning("connection ended: %s", error)
            self._connection.sendall(reply(Fault.GENERAL_ERROR))
        finally:
            self._receiver.wipe()

    def _hello(self) -> tuple[bytes, A] | None:
        """Answer the first frame. Returns the token and the application, None if the client was refused."""
        who = peer.identify(self._connection)
        if not peer.may_connect(who):
            self._connection.sendall(refusal(Fault.DEVICE_ERROR, "this keeper serves another user"))
            return None
        self._connection.settimeout(self._server.hello_seconds)
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
        joined = self._server.applications.join(token, Identity(who, pid))
        if joined is None:
            self._connection.sendall(refusal(Fault.ARGUMENTS_BAD, "the application token is not of this process"))
            return None
        self._connection.sendall(hello_reply(Fault.OK, joined[0], ""))
        return joined

    def _calls(self, application: A) -> None:
        """The loop of a connection: nothing here that a call does not need."""
        receiver, calls, send = self._receiver, self._server.calls, self._connection.sendall
        while end := receiver.frame():
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

    def _other(self, number: int, application: A, payload: memoryview) -> bytes:
        """What is no function with a handler: ADMIN, a function not supported, or an unknown one."""
        if number == frames.ADMIN:
            return self._administer(application, payload)
        if number < len(self._server.calls):
            return reply(Fault.FUNCTION_NOT_SUPPORTED)
        raise BadFrame(f"unknown function {number:#x}")

    def _administer(self, application: A, payload: memoryview) -> bytes:
        request = _parse_admin(payload)
        command = self._server.admin.get(request.pop("command", ""))
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
