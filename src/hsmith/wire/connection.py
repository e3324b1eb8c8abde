"""One connection on the keeper's side: its HELLO, then its calls (docs/wire.md).

Nothing that a client sends ends more than its own connection. A call is refused with the return value that its handler
gives; what cannot be decoded gets CKR_GENERAL_ERROR and the end of the connection.
"""

import logging
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from time import thread_time
from typing import Any, Final, Generic, Protocol

from hsmith.core.tally import SAMPLED, Tally
from hsmith.core.workers import Worker
from hsmith.spec.constants import Fault
from hsmith.spec.faults import Refused
from hsmith.spec.functions import BY_NAME, FUNCTIONS
from hsmith.wire import codec, frames, parameters, peer
from hsmith.wire.answers import (
    Call,
    admin_reply,
    answer_call,
    answer_pair,
    answered,
    hello_reply,
    log_failure,
    parse_admin,
    refusal,
    reply,
    return_value,
)
from hsmith.wire.applications import A, Applications, Identity, TooMany
from hsmith.wire.channel import Channel, Sociable, has_mailboxes, open_channel
from hsmith.wire.frames import BOTH, PAIR
from hsmith.wire.hub import Hub
from hsmith.wire.page import LARGE_ROOM, Mailbox, Page
from hsmith.wire.receiver import FIRST_SIZE, BadFrame, NoRoom, Receiver
from hsmith.wire.standing import MOST_ROOM, Standings, open_standings

log = logging.getLogger("hsmith.server")

#: Loaded now, not with the first call that needs it: by then the keeper is confined.
PARAMETERS: Final = parameters
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

Admin = Callable[[A, dict[str, Any]], dict[str, Any]]


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

    def stand(self, app: Any, key: bytes, standings: Standings, pair: memoryview, free: slice, changes: int, /) -> None:
        """The pair that is kept as ``key`` was answered, when so much had changed: let native code answer it the next
        time, as long as nothing changes."""

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
        self._standings: Standings | None = None
        self._large = False  # what goes through the mailbox may be
        self._buffered = FIRST_SIZE
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
        if self._service.page is not None:
            self._standings = open_standings(self._tally)
        channel = open_channel(self._connection, self._service.page, self._mailbox, self._standings)
        crowded = 0
        answer = b""
        try:
            while end := self._next(channel, application, answer):
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
                    answer, secret = answer_call(call, application, payload, self._tally), call.secret
                else:
                    answer, secret = self._other(number, application, payload), True
                if len(answer) > LONG:
                    answer = self._sent(channel, (answer, b""))
                receiver.done(end, wipe=secret)
                if len(receiver.buffer) != self._buffered:
                    self._resized(application, len(receiver.buffer))
                if begun and hub is not None:
                    more = self._short(number, thread_time() - begun) if end <= LARGEST_SHORT else -PATIENCE
                    crowded = max(crowded + more, 0)
                    if crowded > PATIENCE:
                        crowded = 0
                        channel.rest()
                        channel.by_socket()
                        answer = self._sit(hub, application, answer)
        finally:
            channel.rest()
            self._fall(application)

    def _resized(self, application: A, size: int) -> None:
        """Requests may be so long from now on, also by mail. The first one pays for the mailbox's large areas."""
        self._buffered = size
        if self._mailbox is None:
            return
        if size > FIRST_SIZE and not self._large:
            self._large = application.memory.room(2 * LARGE_ROOM)
        self._mailbox.room = size if self._large and size > FIRST_SIZE else 0

    def _fall(self, application: A) -> None:
        """Nothing stands any more, and nothing comes by mail."""
        if self._large:
            application.memory.room(-2 * LARGE_ROOM)
        if self._standings is not None:
            self._standings.close()
            application.memory.room(FIRST_SIZE - self._standings.room)

    def _next(self, channel: Channel, application: A, answer: bytes) -> int:
        """Send the answer, and wait for the next frame: its end, 0 after the last."""
        while True:
            try:
                return self._receiver.next(channel, answer)
            except NoRoom:
                answer = reply(Fault.DEVICE_MEMORY)
            except Sociable:
                hub = self._service.hub
                answer = b"" if hub is None else self._sit(hub, application, b"")

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
        """The least that this function takes here, of late: where threads hand Python's lock to each other, all calls
        take longer. Returns 1 for a short call, else less than 0."""
        known = self._seconds[number] = min(seconds, self._seconds.get(number, seconds) * 1.05)
        return 1 if known < SHORT else -PATIENCE

    def _sit(self, hub: Hub, application: A, answer: bytes) -> bytes:
        """Let the hub serve this connection until a call comes that is not short. Returns what is still to be sent."""
        self._connection.sendall(answer)
        receiver = self._receiver
        if receiver.waiting:
            return b""
        serve = partial(self._serve_short, application)
        guest = hub.sit(self._connection.fileno(), receiver.buffer, serve, self._mailbox, self._standings)
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
                answer = answer_call(call, application, payload, self._tally)
                self._receiver.done(have, wipe=call.secret, lent=True)
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
        if not pair.stands or self._standings is None or self._service.page is None or self._service.shortcuts is None:
            return answer_pair(pair, application, init, payload[rest:], self._tally)
        changes = self._service.page.changes[0]
        made = answer_pair(pair, application, init, payload[rest:], self._tally)
        size = len(made) if isinstance(made, bytes) else len(made[0]) + len(made[1])
        if size > self._standings.room:
            self._make_room(application, self._standings, size)
        free = slice(PAIR.size + free_from, PAIR.size + free_to)
        self._service.shortcuts.stand(application, key, self._standings, payload[:rest], free, changes)
        return made

    @staticmethod
    def _make_room(application: A, standings: Standings, size: int) -> None:
        """For answers of this size, when they are not the longest: those go out from where they are made."""
        if size <= MOST_ROOM and application.memory.room(size - standings.room):
            standings.enlarge(size)

    def _both_at_first(self, application: A, payload: memoryview, key: bytes) -> bytes:
        first, second, length, free_from, free_to, zero = PAIR.unpack_from(payload)
        if not free_from <= free_to <= length <= len(payload) - PAIR.size or zero:
            raise BadFrame("a BOTH whose lengths do not fit")
        begin, end = self._call(first), self._call(second)
        rest = payload[PAIR.size + length :]
        answer, arguments = answered(begin, application, payload[PAIR.size : PAIR.size + length], self._tally)
        if answer[4:8] != _ACCEPTED:
            # Of another operation it says nothing.
            same = begin.row.operation is end.row.operation
            return reply(return_value(answer)) if same else answer_call(end, application, rest, self._tally)
        if self._service.shortcuts is not None:
            self._service.shortcuts.keep(application, second, key, arguments, slice(free_from, free_to))
        return answer_call(end, application, rest, self._tally)

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
        request = parse_admin(payload)
        command = self._service.admin.get(request.pop("command", ""))
        if command is None:
            return admin_reply(Fault.ARGUMENTS_BAD, {"error": "the keeper does not know this command"})
        try:
            return admin_reply(Fault.OK, command(application, request))
        except Refused as refused:
            return admin_reply(refused.fault, {"error": refused.reason or str(refused)})
        except Exception:
            return admin_reply(Fault.GENERAL_ERROR, {"error": f"the keeper failed; see {log_failure()} in its log"})
