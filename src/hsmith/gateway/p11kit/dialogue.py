"""One conversation in p11-kit's protocol: the versions, then calls, each answered before the next is read.

A frame is a code of the client's choice, the lengths of its options and of its message, then those two. A message is
the number of the call, its signature, and the arguments. All numbers are big-endian.
"""

import logging
from struct import Struct
from typing import Any, Final, Protocol

from hsmith import __version__
from hsmith.crypto.wiping import wipe
from hsmith.gateway.p11kit import arguments as a
from hsmith.gateway.p11kit import values as v
from hsmith.gateway.p11kit.calls import CALLS, ERROR, ERROR_SIGNATURE, HANDSHAKE, VERSIONS, Call
from hsmith.spec.constants import Fault, WaitFlag
from hsmith.spec.faults import Partly, Refused, TooSmall
from hsmith.spec.functions import FunctionRow, Kind
from hsmith.wire.values import MAX_FRAME, Parts, Received, Undecodable

log = logging.getLogger("hsmith.p11kit")

MAX_OPTIONS: Final = 1 << 16
_HEAD: Final = Struct(">III")
VERSION: Final = tuple(int(part) for part in __version__.split(".")[:2])
_INFO: Final = (b"hsmith".ljust(32), b"hsmith".ljust(32))


class Stream(Protocol):
    """What carries the conversation."""

    def receive(self, length: int, *, idle: bool = False) -> bytearray:
        """So many bytes; fewer at the end of the stream. ``idle``: the client need not say anything."""

    def send(self, data: bytes) -> None:
        """Send all of it."""


class Backend(Protocol):
    """Who answers the calls."""

    def open(self) -> None:
        """C_Initialize. Raises Refused."""

    def call(self, row: FunctionRow, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
        """Arguments and results as in hsmith.wire.codec. Raises Refused."""

    def close(self) -> None:
        """C_Finalize, and the end of the conversation; more than once does no harm."""


class Conversation:
    """Talks until the client leaves."""

    def __init__(self, stream: Stream, backend: Backend) -> None:
        self._stream = stream
        self._backend = backend
        self._version = 0
        self._open = False
        self._asked: dict[int | None, int] = {}  # Of each session, the call that asked for a length last

    def run(self) -> None:
        """Raises Undecodable when what arrives is not this protocol, OSError as streams do."""
        try:
            offered = self._stream.receive(1)
            if not offered:
                return
            self._version = min(offered[0], VERSIONS[-1])
            self._stream.send(bytes([self._version]))
            while head := self._stream.receive(_HEAD.size, idle=True):
                code, options, length = self._head(bytes(head))
                self._exactly(options)
                message = self._exactly(length)
                try:
                    answer = self._answer(message)
                finally:
                    wipe(message)
                self._stream.send(_HEAD.pack(code, 0, len(answer)) + answer)
        finally:
            self._backend.close()

    def _exactly(self, length: int) -> bytearray:
        data = self._stream.receive(length)
        if len(data) != length:
            raise Undecodable("the stream ended within a message")
        return data

    def _head(self, head: bytes) -> tuple[int, int, int]:
        if len(head) != _HEAD.size:
            raise Undecodable("the stream ended within a message")
        code, options, length = _HEAD.unpack(head)
        if not code or options > MAX_OPTIONS or length > MAX_FRAME:
            raise Undecodable("a message has an impossible length, or no code")
        return code, options, length

    def _answer(self, message: bytearray) -> bytes:
        data = memoryview(message)
        try:
            number, at = v.u32(data, 0)
            signature, at = v.string(data, at)
            call = CALLS.get(number)
            if call is None:
                return _error(Fault.FUNCTION_NOT_SUPPORTED)
            if (signature or b"").decode("latin-1") != call.request:
                raise Undecodable(f"the signature of {call.name} is not the one that is known")
            return self._perform(call, data, at)
        except v.TRUNCATED as short:
            raise Undecodable("a message is cut short") from short
        except Refused as refused:
            log.debug("%s", refused)
            return _error(refused.fault)
        finally:
            data.release()

    def _perform(self, call: Call, data: memoryview, at: int) -> bytes:
        parts: Parts = []
        _begin(parts, call.number, call.reply)
        if call.row is None:
            self._local(call, data, at, parts)
            return b"".join(parts)
        if not self._open:
            raise Refused(Fault.CRYPTOKI_NOT_INITIALIZED)
        if not call.served:
            raise Refused(Fault.FUNCTION_NOT_SUPPORTED, f"{call.name} is not served over p11-kit")
        arguments, room = a.decode(call, data, at, self._version)
        if call.name == "C_WaitForSlotEvent" and not arguments[0] & WaitFlag.DONT_BLOCK:
            # The client's other calls would wait behind it, for ever.
            raise Refused(Fault.FUNCTION_NOT_SUPPORTED, "C_WaitForSlotEvent that blocks is not served over p11-kit")
        arguments = self._with_room(call, arguments)
        results = self._call(call.row, arguments)
        a.encode(parts, call, results, room=room, version=self._version, arguments=arguments)
        return b"".join(parts)

    def _with_room(self, call: Call, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
        """A client sends no room for a NULL pointer and for a buffer of length 0 alike. What is asked twice in a row is
        meant: the second time is the call itself, or an operation whose last part is empty would never end."""
        assert call.row is not None
        if "fy" not in call.request or arguments[-1] is not None:
            self._asked.pop(arguments[0] if arguments else None, None)
            return arguments
        if self._asked.pop(arguments[0], 0) == call.number:
            return (*arguments[:-1], 0)
        self._asked[arguments[0]] = call.number
        return arguments

    def _call(self, row: FunctionRow, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
        try:
            return self._backend.call(row, arguments)
        except TooSmall as refused:
            return tuple(refused.length if kind is Kind.BUFFER else 0 for kind in a.outputs(row))
        except Partly as refused:
            if row.name != "C_GetAttributeValue":
                raise
            return (*refused.results, refused.fault)
        finally:
            for (name, _), value in zip(row.arguments, arguments, strict=False):
                if "Pin" in name:
                    wipe(value)

    def _local(self, call: Call, data: Received, at: int, parts: Parts) -> None:
        """C_Initialize, C_Finalize and C_GetInfo."""
        if call.name == "C_Initialize":
            handshake, at = v.array(data, at)
            if handshake != HANDSHAKE:
                raise Refused(Fault.GENERAL_ERROR, "the client's handshake is not known")
            if self._open:
                raise Refused(Fault.CRYPTOKI_ALREADY_INITIALIZED)
            self._backend.open()
            self._open = True
        elif not self._open:
            raise Refused(Fault.CRYPTOKI_NOT_INITIALIZED)
        elif call.name == "C_Finalize":
            self._open = False
            self._backend.close()
        else:
            manufacturer, description = _INFO
            parts.append(bytes((2, 40) if self._version == 0 else (3, 0)))
            v.put_string(parts, manufacturer)
            v.put_u64(parts, 0)
            v.put_string(parts, description)
            parts.append(bytes(VERSION))


def _begin(parts: Parts, number: int, signature: str) -> None:
    v.put_u32(parts, number)
    v.put_string(parts, signature.encode())


def _error(fault: int) -> bytes:
    parts: Parts = []
    _begin(parts, ERROR, ERROR_SIGNATURE)
    v.put_u64(parts, fault)
    return b"".join(parts)
