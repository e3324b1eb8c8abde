"""The answers to calls: from the bytes of a request to those of its reply (docs/wire.md)."""

import json
import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Final

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


def answer_call(call: Call, application: object, payload: memoryview, tally: Tally) -> bytes:
    """The reply to one call. Raises BadFrame for arguments that cannot be decoded."""
    return answered(call, application, payload, tally)[0]


def answered(call: Call, application: object, payload: memoryview, tally: Tally) -> tuple[bytes, tuple[Any, ...]]:
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
        tally.refused(tally.kind(call, arguments), return_value(answer))
        return answer, arguments
    finally:
        tally.ended(call, arguments, since)
        for at in call.pins:
            if at < len(arguments):
                wipe(arguments[at])


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
