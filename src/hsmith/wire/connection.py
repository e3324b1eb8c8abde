"""One connection on the keeper's side: its HELLO, then its calls (docs/wire.md).

Nothing that a client sends ends more than its own connection. A call is refused with the return value that its handler
gives; what cannot be decoded gets CKR_GENERAL_ERROR and the end of the connection.
"""

import logging
import socket
import time
from functools import partial
from struct import Struct
from time import thread_time
from typing import Final, Generic

from hsmith.core.tally import SAMPLED
from hsmith.spec.constants import Fault
from hsmith.spec.faults import Refused
from hsmith.spec.functions import BY_NAME, FIND, FUNCTIONS
from hsmith.wire import codec, frames, parameters, peer
from hsmith.wire.answers import (
    Begin,
    Call,
    Due,
    admin_reply,
    answer_call,
    begin_call,
    hello_reply,
    log_failure,
    parse_admin,
    refusal,
    reply,
)
from hsmith.wire.applications import A, Identity, TooMany
from hsmith.wire.channel import Channel, Sociable, has_mailboxes, open_channel
from hsmith.wire.frames import BOTH, PAIR
from hsmith.wire.hub import Hub
from hsmith.wire.page import LARGE_ROOM, Mailbox
from hsmith.wire.pairs import Pairs
from hsmith.wire.receiver import FIRST_SIZE, BadFrame, NoRoom, Receiver
from hsmith.wire.service import Lock, Served, Service

log = logging.getLogger("hsmith.server")

#: Loaded now, not with the first call that needs it: by then the keeper is confined.
PARAMETERS: Final = parameters
#: Calls that take fewer seconds are short; so many of them, while others are served too, make a connection share a
#: thread.
SHORT: Final = 0.000_250
PATIENCE: Final = 8
#: The same for what one commit of many makes durable (hsmith.core.making): each in a thread of its own takes longer.
SHORT_MAKING: Final = 0.002
#: Seconds in which a connection does not come back that left for a call which may take long.
APART: Final = 1.0
#: Bytes of a frame above which a call is not short.
LARGEST_SHORT: Final = 80 << 10
#: Head and session handle; where the handle is, in a call and in a BOTH.
_SHORTEST: Final = 16
_SESSION: Final = Struct("<Q")
_SESSION_AT: Final = (8, 8 + PAIR.size)
#: A call that may wait for hours.
_WAITS: Final = BY_NAME["C_WaitForSlotEvent"].number
#: A search: the next ones of its session may be native code's.
_FIND: Final = FIND.number
#: What a client is told, before its HELLO was answered and after, by a connection that has no memory left: made now.
_NO_MEMORY: Final = refusal(Fault.DEVICE_MEMORY, "the keeper has no memory left"), reply(Fault.DEVICE_MEMORY)
#: Bytes from which on an answer is counted.
LONG: Final = 65536


class Connection(Generic[A]):
    """One connection: its HELLO, then its calls."""

    def __init__(self, service: Service[A], connection: socket.socket, served: Served) -> None:
        self._service = service
        self._served = served
        self._tally = served.tally
        self._connection = connection
        self._mailbox: Mailbox | None = None
        self._receiver = Receiver(connection, seconds=service.frame_seconds)
        self._large = 0  # bytes of the mailbox's large areas that are paid for
        self._buffered = FIRST_SIZE
        self._seconds: dict[int, float] = {}  # of a processor that functions take, by their numbers
        self._count = 0
        self._alone_until = 0.0
        self._greeted = False
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
        except MemoryError:
            self._connection.sendall(_NO_MEMORY[self._greeted])
            raise
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
            self._greeted = True
            return
        box = page.mailbox() if has_mailboxes() else None
        try:
            socket.send_fds(self._connection, [answer], [page.fd, *([box.fd] if box else [])])
        finally:
            if box:
                box.given()
        self._mailbox = box
        self._greeted = True

    def _calls(self, application: A) -> None:
        """The loop of a connection: nothing here that a call does not need."""
        receiver, calls, hub = self._receiver, self._service.calls, self._service.hub
        receiver.most, receiver.room = frames.MAX_FRAME, application.memory.room
        self._pairs = Pairs(self._service, self._tally)
        channel = open_channel(self._connection, self._service.page, self._mailbox, self._pairs.standings)
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
                    made = self._pairs.answer(application, payload)
                    answer = self._sent(channel, made) if isinstance(made, tuple) else made
                elif (call := calls.get(number)) is not None:
                    if number == _WAITS:
                        channel.rest()
                    answer, secret = self._answer(call, number, application, payload), call.secret
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
                    if crowded > PATIENCE and time.monotonic() > self._alone_until:
                        crowded = 0
                        channel.rest()
                        channel.by_socket()
                        answer = self._sit(hub, application, answer)
        finally:
            channel.rest()
            self._fall(application)

    def _answer(self, call: Call, number: int, application: A, payload: memoryview) -> bytes:
        answer = answer_call(call, application, payload, self._tally)
        if number == _FIND:
            self._pairs.searched(application, _SESSION.unpack_from(payload)[0], answer)
        return answer

    def _resized(self, application: A, size: int) -> None:
        """Requests may be so long from now on, also by mail: the longest one pays for the mailbox's large areas, as far
        as it takes them, and an answer of its size. When they are short again, it is given back."""
        self._buffered = size
        if self._mailbox is None:
            return
        more = 2 * min(size, LARGE_ROOM) - self._large
        if size <= FIRST_SIZE:
            self._mailbox.room = 0
            if self._mailbox.emptied():
                application.memory.room(-self._large)
                self._large = 0
            return
        if more > 0 and application.memory.room(more):
            self._large += more
        self._mailbox.room = min(size, self._large // 2)

    def _fall(self, application: A) -> None:
        """Nothing stands any more, and nothing comes by mail."""
        application.memory.room(-self._large)
        self._pairs.close(application)

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
        self._seconds[number] = min(seconds, self._seconds.get(number, seconds) * 1.05)
        return 1 if self._is_short(number) else -PATIENCE

    def _is_short(self, number: int) -> bool:
        call = self._service.calls.get(number)
        return self._seconds.get(number, 1.0) < (SHORT if call is None or call.begin is None else SHORT_MAKING)

    def _sit(self, hub: Hub, application: A, answer: bytes) -> bytes:
        """Let the hub serve this connection until a call comes that is not short. Returns what is still to be sent."""
        self._connection.sendall(answer)
        receiver = self._receiver
        if receiver.waiting:
            return b""
        serve = partial(self._serve_short, application)
        guest = hub.sit(self._connection.fileno(), receiver.buffer, serve, self._mailbox, self._pairs.standings)
        if guest is None:
            return b""
        if guest.have > 0:
            receiver.resume(guest.have)
        return guest.answer

    def _serve_short(self, application: A, have: int) -> bytes | Due | None:
        """The answer to a frame that is in the buffer, if it is whole and of a short call, or the call begun; never
        waits for others."""
        buffer = self._receiver.buffer
        if have < _SHORTEST:
            return None
        length, number, flags = frames.REQUEST.unpack_from(buffer)
        if length + 4 != have or flags:
            return None
        shortcuts = self._service.shortcuts
        if shortcuts is None or (self._seconds.get(number, 1.0) > SHORT and not self._is_short(number)):
            return None
        both = number == BOTH
        ending = buffer[10] | buffer[11] << 8 if both else number
        call = None if both else self._service.calls.get(number)
        if call is None and not both:
            return None
        self._count += 1
        begun = 0.0 if self._count % SAMPLED else thread_time()
        lock = shortcuts.at_once(application, ending, _SESSION.unpack_from(buffer, _SESSION_AT[both])[0])
        if lock is None:
            return None
        if call is not None and call.begin is not None:
            return self._begin(call, call.begin, application, have, lock)
        payload = memoryview(buffer)[8:have]
        try:
            if call is not None:
                answer = self._answer(call, number, application, payload)
                self._receiver.done(have, wipe=call.secret, lent=True)
            else:
                made = self._pairs.answer(application, payload)
                answer = b"".join(made) if isinstance(made, tuple) else made
        except BadFrame:
            return None
        finally:
            lock.release()
        if begun:
            self._short(number, thread_time() - begun)
        return answer

    def _begin(self, call: Call, begin: Begin, application: A, have: int, lock: Lock) -> bytes | Due | None:
        """As _serve_short(), for a function that makes something. The lock of its session is held until it is
        answered: others of that session that come here meanwhile are served, as they wait for nobody."""
        made: bytes | Due | None = None

        def after() -> None:
            self._receiver.done(have, wipe=call.secret, lent=True)
            lock.release()

        try:
            made = begin_call(call, begin, application, memoryview(self._receiver.buffer)[8:have], self._tally)
        except BadFrame:
            pass
        finally:
            if isinstance(made, Due):
                made.after = after
            elif made is None:
                self._alone_until = time.monotonic() + APART
                lock.release()
            else:
                after()
        return made

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
