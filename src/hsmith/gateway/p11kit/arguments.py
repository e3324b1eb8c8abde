"""A call's arguments and results between p11-kit's messages and the handlers' values, by the kinds of the row."""

from collections.abc import Sequence
from typing import Any, Final

from hsmith.gateway.p11kit import values as v
from hsmith.gateway.p11kit.calls import Call
from hsmith.gateway.p11kit.mechanisms import FORMS
from hsmith.spec.constants import Fault
from hsmith.spec.functions import FunctionRow, Kind
from hsmith.spec.infos import INFOS
from hsmith.wire.values import MAX_FRAME, Parts, Received, Undecodable

LABEL_SIZE: Final = 32
OUTPUTS: Final = frozenset({*(Kind.ULONG_OUT, Kind.BUFFER, Kind.FILL, Kind.ULONG_LIST, Kind.FOUND, Kind.QUERY), *INFOS})
#: What the caller has room for: numbers of a list, or (type, bytes) of each attribute that is asked for.
Room = int | list[tuple[int, int]] | None


def outputs(row: FunctionRow) -> list[Kind]:
    return [kind for _, kind in row.arguments if kind in OUTPUTS]


def decode(call: Call, data: Received, at: int, version: int) -> tuple[tuple[Any, ...], Room]:
    """The handler's arguments, and the room for a list or for attributes. Raises Undecodable."""
    assert call.row is not None
    kinds = [kind for _, kind in call.row.arguments]
    if Kind.QUERY in kinds:
        return _decode_query(data, at)
    arguments: list[Any] = []
    room: Room = None
    for kind in kinds:
        if kind is Kind.ULONG_LIST:
            room, at = v.u32(data, at)
        elif kind in _DECODE:
            value, at = _DECODE[kind](data, at, version)
            arguments.append(value)
    _at_end(data, at)
    return tuple(arguments), room


def _at_end(data: Received, at: int) -> None:
    if at != len(data):
        raise Undecodable("bytes follow the arguments")


def _decode_query(data: Received, at: int) -> tuple[tuple[Any, ...], Room]:
    """C_GetAttributeValue. Whether templates are nested in it does not follow from the version: one of the two fits."""
    session, at = v.u64(data, at)
    handle, at = v.u64(data, at)
    for nested in (True, False):
        try:
            wanted, end = v.query(data, at, nested=nested)
            _at_end(data, end)
        except (*v.TRUNCATED, Undecodable):
            if not nested:
                raise
            continue
        return (session, handle, tuple(kind for kind, _ in wanted)), wanted
    raise AssertionError


def _label(data: Received, at: int, version: int) -> tuple[bytes | None, int]:
    """Blank-padded to its size; clients may have read on behind the end of it, which has no NUL."""
    text, at = v.string(data, at)
    return None if text is None else text[:LABEL_SIZE].ljust(LABEL_SIZE), at


def _bool(data: Received, at: int, version: int) -> tuple[bool, int]:
    value, at = v.byte(data, at)
    return bool(value), at


def _capacity(data: Received, at: int, version: int) -> tuple[int | None, int]:
    """0 is what clients send for a NULL pointer: a question of length."""
    room, at = v.u32(data, at)
    return room or None, at


def _fill(data: Received, at: int, version: int) -> tuple[int, int]:
    length, at = v.u32(data, at)
    if length > MAX_FRAME - 64:
        raise Undecodable("more bytes are asked for than a message holds")
    return length, at


_DECODE: Final[dict[Kind, Any]] = {
    Kind.ULONG: lambda data, at, version: v.u64(data, at),
    Kind.BOOL: _bool,
    Kind.BYTES: lambda data, at, version: v.array(data, at),
    Kind.LABEL: _label,
    Kind.MECHANISM: v.mechanism,
    Kind.TEMPLATE: v.template,
    Kind.BUFFER: _capacity,
    Kind.FILL: _fill,
    Kind.FOUND: lambda data, at, version: v.u32(data, at),
}


def encode(
    parts: Parts, call: Call, results: Sequence[Any], *, room: Room, version: int, arguments: Sequence[Any]
) -> None:
    """The results of a call, as far as the caller has room for them."""
    assert call.row is not None
    for kind, result in zip(outputs(call.row), results, strict=False):
        if kind is Kind.ULONG_OUT:
            v.put_u64(parts, result)
        elif kind is Kind.BUFFER or kind is Kind.FILL:
            _put_array(parts, result)
        elif kind is Kind.FOUND:
            _put_numbers(parts, result, room=None)
        elif kind is Kind.ULONG_LIST:
            _put_numbers(parts, result, room=room)
        elif kind is Kind.QUERY:
            _put_query(parts, results, room, version)
        else:
            _put_info(parts, kind, result)
    if call.updates:
        if arguments[1] is not None and arguments[1].mechanism in FORMS:
            parts.append(bytes([arguments[1].params is not None]))  # Of the parameters that are sent, none is updated
        v.put_u64(parts, Fault.OK)


def _put_array(parts: Parts, result: bytes | int) -> None:
    """Bytes, or their length alone where they have no room or were not asked for. Nothing fits everywhere."""
    if result == 0:
        result = b""
    if isinstance(result, int):
        parts.append(b"\0")
        v.put_u32(parts, result)
    else:
        parts.append(b"\x01")
        v.put_string(parts, result)


def _put_numbers(parts: Parts, numbers: Sequence[int], *, room: Room) -> None:
    there = not isinstance(room, int) or 0 < len(numbers) <= room or (room > 0 and not numbers)
    parts.append(bytes([there]))
    v.put_u32(parts, len(numbers))
    for number in numbers if there else ():
        v.put_u64(parts, number)


def _put_query(parts: Parts, results: Sequence[Any], room: Room, version: int) -> None:
    """The attributes, and the return value: here a value that has no room is one that is not available."""
    fault = results[1] if len(results) > 1 else Fault.OK
    assert isinstance(room, list)
    v.put_u32(parts, len(room))
    for (attribute, size), value in zip(room, results[0], strict=True):
        given = value
        if value is not None and 0 < size < v.size_of(attribute, value):
            given, fault = None, fault or Fault.BUFFER_TOO_SMALL
        v.put_attribute(parts, attribute, given, version)
    v.put_u64(parts, fault)


def _put_info(parts: Parts, kind: Kind, fields: Sequence[Any]) -> None:
    for (_, member), value in zip(INFOS[kind].members, fields, strict=True):
        if member == "Q":
            v.put_u64(parts, value)
        elif member == "V":
            parts.append(bytes(value))
        else:
            text = value.encode() if isinstance(value, str) else bytes(value)
            v.put_string(parts, text.ljust(int(member[:-1])))
