"""The answers to calls: from the bytes of a request to those of its reply (docs/wire.md)."""

import json
import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Final, Protocol

from hsmith.core.tally import SAMPLED, Tally
from hsmith.crypto.wiping import wipe
from hsmith.spec.constants import Fault
from hsmith.spec.faults import Partly, Refused, TooSmall
from hsmith.spec.functions import FIND, FUNCTIONS, FunctionRow, Kind
from hsmith.wire import codec, frames
from hsmith.wire.applications import Pair
from hsmith.wire.frames import NEW_APPLICATION, REPLY
from hsmith.wire.receiver import BadFrame

log = logging.getLogger("hsmith.server")

#: The hash of the tables: what this keeper's HELLO says.
TABLES: Final = frames.table_hash()
OK: Final = int(Fault.OK)

Handler = Callable[..., Any]


class Begun(Protocol):
    """A call whose changes are not durable yet."""

    def finish(self, others: Sequence[Any], /) -> None:
        """Make its changes durable, with those of the others, all begun as this one was."""

    def results(self) -> tuple[Any, ...]:
        """What the handler would have returned, or raised."""


#: Called as a handler: the call begun, or None where it may take long.
Begin = Callable[..., Begun | None]


class Maker(Protocol):
    """Makes something of requests as they came, for an application: session handle first."""

    def begin(self, application: Any, request: memoryview, /) -> Begun | None:
        """The call begun; None: it is to be begun as ever."""

    def answer(self, application: Any, request: memoryview, /) -> tuple[Any, ...] | None:
        """What the handler would have returned, or raised; None: it is to be asked."""


@dataclass(frozen=True, slots=True)
class Call:
    """A function as the connections' loop needs it. ``secret``: its request may carry a PIN or key, to be erased.
    ``pins``: which of its arguments are PINs; ``mechanism``: which one is a mechanism, -1 for none; ``begin``: how it
    may begin, of a function that makes something, and ``maker``: what may make it without decoding its arguments."""

    row: FunctionRow
    handler: Handler
    secret: bool
    pins: tuple[int, ...] = ()
    mechanism: int = -1
    begin: Begin | None = None
    maker: Maker | None = None


def _carries_secret(row: FunctionRow) -> bool:
    """PINs, and templates, in which key values come."""
    return any("Pin" in name or kind is Kind.TEMPLATE for name, kind in row.arguments)


def _pins(row: FunctionRow) -> tuple[int, ...]:
    """Of the functions with PINs all arguments are passed to the handler, so its places are those of the row."""
    return tuple(at for at, (name, _) in enumerate(row.arguments) if "Pin" in name)


def _mechanism(row: FunctionRow) -> int:
    """Mechanisms come first or second, with the session: all arguments before them are passed to the handler."""
    return next((at for at, (_, kind) in enumerate(row.arguments) if kind is Kind.MECHANISM), -1)


def call_table(
    handlers: Mapping[int, Handler], beginners: Mapping[int, Begin], makers: Mapping[int, Maker]
) -> Mapping[int, Call]:
    """The functions that have a handler, by number."""
    return {
        row.number: Call(
            row,
            handlers[row.number],
            _carries_secret(row),
            _pins(row),
            _mechanism(row),
            beginners.get(row.number),
            makers.get(row.number),
        )
        for row in (*FUNCTIONS, FIND)
        if row.number in handlers
    }


def answer_call(call: Call, application: object, payload: memoryview, tally: Tally) -> bytes:
    """The reply to one call. Raises BadFrame for arguments that cannot be decoded."""
    return answered(call, application, payload, tally)[0]


def answered(call: Call, application: object, payload: memoryview, tally: Tally) -> tuple[bytes, tuple[Any, ...]]:
    """The reply to one call, and its arguments."""
    row = call.row
    arguments: tuple[Any, ...] = ()
    since = tally.since = perf_counter()
    try:
        given = None if call.maker is None else call.maker.answer(application, payload)
        if given is None:
            arguments = codec.decode_call(row, payload)
            given = call.handler(application, *arguments)
        return _with_results(codec.encode_reply(row, given, arguments)), arguments
    except Exception as error:
        return _told(call, error, arguments, tally), arguments
    finally:
        tally.ended(call, arguments, since)
        for at in call.pins:
            if at < len(arguments):
                wipe(arguments[at])


class Due:
    """A call that has begun; its answer is due when its changes are durable. ``after``: what is done then."""

    __slots__ = ("_arguments", "_call", "_since", "_tally", "after", "begun")

    def __init__(self, call: Call, begun: Begun, arguments: tuple[Any, ...], tally: Tally, since: float) -> None:
        self._call = call
        self._arguments = arguments
        self._tally = tally
        self._since = since
        self.begun = begun
        self.after: Callable[[], None] = lambda: None

    def answer(self) -> bytes:
        """The reply, once."""
        row = self._call.row
        try:
            return _with_results(codec.encode_reply(row, self.begun.results(), self._arguments))
        except Exception as error:
            return _told(self._call, error, self._arguments, self._tally)
        finally:
            self._tally.ended(self._call, self._arguments, self._since)
            self.after()


def begin_call(call: Call, begin: Begin, application: object, payload: memoryview, tally: Tally) -> Due | bytes | None:
    """A call that has begun, or the reply where it is refused; None when it may take long. Raises BadFrame for
    arguments that cannot be decoded."""
    arguments: tuple[Any, ...] = ()
    since = tally.since = perf_counter()
    try:
        begun = None if call.maker is None else call.maker.begin(application, payload)
        if begun is None:
            arguments = codec.decode_call(call.row, payload)
            begun = begin(application, *arguments)
        if begun is not None:
            return Due(call, begun, arguments, tally, since)
        tally.since = 0.0
        return None
    except Exception as error:
        tally.ended(call, arguments, since)
        return _told(call, error, arguments, tally)


def _told(call: Call, error: Exception, arguments: tuple[Any, ...], tally: Tally) -> bytes:
    """The reply to a call that raised this, which is counted."""
    answer = _failed(call.row, error, arguments)
    tally.refused(tally.kind(call, arguments), return_value(answer))
    return answer


def answer_pair(
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
        tally.refused(kind, return_value(answer))
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
    log_failure(row.name)
    return reply(Fault.GENERAL_ERROR)


def _refusal(row: FunctionRow, refused: Refused, arguments: tuple[Any, ...]) -> bytes:
    """What comes with a refusal: a length, the results of a partly answered query, or parameters written back."""
    if isinstance(refused, TooSmall):
        return codec.encode_too_small(row, refused.length)
    if isinstance(refused, Partly):
        return codec.encode_reply(row, refused.results, arguments)
    return codec.encode_refusal(row, arguments)


def log_failure(name: str = "an administrative command") -> str:
    """Log the exception at hand with an id, which is returned: nothing else of it leaves the keeper."""
    log_id = secrets.token_hex(4)
    log.exception("%s failed (id %s)", name, log_id)
    return log_id


def return_value(answer: bytes) -> int:
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


def parse_admin(payload: memoryview) -> dict[str, Any]:
    if len(payload) < 4 or int.from_bytes(payload[:4], "little") != len(payload) - 4:
        raise BadFrame("an ADMIN frame of a wrong length")
    try:
        request = json.loads(bytes(payload[4:]))
    except (ValueError, RecursionError) as error:
        raise BadFrame("an ADMIN frame that is not JSON") from error
    if not isinstance(request, dict) or not isinstance(request.get("command", ""), str):
        raise BadFrame("an ADMIN frame that is no object with a command")
    return request
