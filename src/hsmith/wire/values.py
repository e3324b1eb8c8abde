"""Attribute values and templates as bytes (docs/wire.md, "Values").

A decoder takes the received bytes and an offset and gives the value and the offset behind it; an encoder appends to a
list of parts. What decodes encodes to the same bytes again; anything else is Undecodable.
"""

from collections.abc import Callable
from struct import Struct, error, pack
from typing import Any, Final, TypeAlias

from hsmith.spec.attributes import ATTRIBUTES
from hsmith.spec.values import Malformed, Template, ValueKind

Received: TypeAlias = bytes | bytearray | memoryview
Parts: TypeAlias = list[bytes]
Decode: TypeAlias = Callable[[Received, int], tuple[Any, int]]
Encode: TypeAlias = Callable[[Parts, Any], None]

#: The greatest length of a frame, in bytes, without its length field.
MAX_FRAME: Final = 64 << 20
MAX_DEPTH: Final = 4
NULL: Final = 0xFFFFFFFF
ONES: Final = 0xFFFFFFFFFFFFFFFF

EMPTY, BYTES, ULONG, BOOL, ULONGS, TEMPLATE, MALFORMED, UNAVAILABLE = range(8)

_NOT_EMPTY: Final = "an empty value does not carry the tag EMPTY"
TRUNCATED: Final = error  # what Struct.unpack_from raises on too few bytes

_u8: Final = Struct("<B")
_u32: Final = Struct("<I")
_u64: Final = Struct("<Q")
_tag_u32: Final = Struct("<BI")
_tag_u64: Final = Struct("<BQ")
_tag_u8: Final = Struct("<BB")
_attribute: Final = Struct("<QB")


class Undecodable(Exception):
    """Bytes that no sender of this protocol makes; str() says why, without any of them."""


def decode_u64(data: Received, at: int) -> tuple[int, int]:
    return _u64.unpack_from(data, at)[0], at + 8


def encode_u64(parts: Parts, value: int) -> None:
    parts.append(_u64.pack(value))


def decode_u8(data: Received, at: int) -> tuple[int, int]:
    return data[at], at + 1


def encode_u8(parts: Parts, value: int) -> None:
    parts.append(_u8.pack(value))


def decode_bool(data: Received, at: int) -> tuple[bool, int]:
    value = data[at]
    if value > 1:
        raise Undecodable("a truth value is neither 0 nor 1")
    return value == 1, at + 1


def encode_bool(parts: Parts, value: Any) -> None:
    parts.append(b"\x01" if value else b"\x00")


def decode_count(data: Received, at: int, least: int) -> tuple[int, int]:
    """A count of items that take at least ``least`` bytes each, bounded by the bytes that remain."""
    count = _u32.unpack_from(data, at)[0]
    at += 4
    if count * least > len(data) - at:
        raise Undecodable("a count exceeds the bytes that follow")
    return count, at


def encode_count(parts: Parts, count: int) -> None:
    parts.append(_u32.pack(count))


def decode_data(data: Received, at: int) -> tuple[bytes, int]:
    """Bytes that cannot be NULL."""
    length = _u32.unpack_from(data, at)[0]
    at += 4
    end = at + length
    if end > len(data):
        raise Undecodable("a length exceeds the bytes that follow")
    return bytes(data[at:end]), end


def encode_data(parts: Parts, value: bytes) -> None:
    parts.append(_u32.pack(len(value)))
    parts.append(value)


def decode_bytes(data: Received, at: int) -> tuple[bytes | None, int]:
    """Bytes, or None for a NULL pointer with length 0."""
    length = _u32.unpack_from(data, at)[0]
    at += 4
    if length == NULL:
        return None, at
    end = at + length
    if end > len(data):
        raise Undecodable("a length exceeds the bytes that follow")
    return bytes(data[at:end]), end


def encode_bytes(parts: Parts, value: bytes | None) -> None:
    if value is None:
        parts.append(b"\xff\xff\xff\xff")
    else:
        parts.append(_u32.pack(len(value)))
        parts.append(value)


def decode_ulongs(data: Received, at: int) -> tuple[tuple[int, ...], int]:
    count, at = decode_count(data, at, 8)
    return Struct(f"<{count}Q").unpack_from(data, at), at + 8 * count


def encode_ulongs(parts: Parts, values: Any) -> None:
    parts.append(pack(f"<I{len(values)}Q", len(values), *values))


_TAG_OF: Final = {
    ValueKind.BOOL: BOOL,
    ValueKind.ULONG: ULONG,
    ValueKind.BYTES: BYTES,
    ValueKind.DATE: BYTES,
    ValueKind.ULONGS: ULONGS,
    ValueKind.TEMPLATE: TEMPLATE,
}
_EMPTY_OF: Final[dict[int, Any]] = {BOOL: Malformed(), ULONG: Malformed(), BYTES: b"", ULONGS: (), TEMPLATE: ()}


#: The hash of a member of ValueKind is computed in Python; that of an attribute is not.
_TAG_OF_ATTRIBUTE: Final[dict[int, int]] = {attr: _TAG_OF[row.kind] for attr, row in ATTRIBUTES.items()}


def tag_of(attribute: int) -> int:
    """The tag of an attribute's values; those that are in no table travel as bytes."""
    return _TAG_OF_ATTRIBUTE.get(attribute, BYTES)


def _decode_content(data: Received, at: int, tag: int, depth: int) -> tuple[Any, int]:
    value: Any
    if tag == BYTES:
        value, at = decode_data(data, at)
    elif tag == ULONG:
        return decode_u64(data, at)
    elif tag == BOOL:
        return decode_bool(data, at)
    elif tag == ULONGS:
        value, at = decode_ulongs(data, at)
    elif tag == TEMPLATE and depth < MAX_DEPTH:
        value, at = decode_template(data, at, depth + 1)
    else:
        raise Undecodable("a value's tag is unknown, or templates are nested too deeply")
    if not value:
        raise Undecodable(_NOT_EMPTY)
    return value, at


def decode_value(data: Received, at: int, tag: int, *, wanted: int, depth: int = 0) -> tuple[Any, int]:
    """A value behind its tag; ``wanted`` is the tag of the attribute's kind."""
    if tag == EMPTY:
        return _EMPTY_OF[wanted], at
    if tag == MALFORMED:
        length, at = decode_u64(data, at)
        if not length:
            raise Undecodable("a malformed value has no length")
        return Malformed(length), at
    if tag != wanted:
        raise Undecodable("a value's tag is not that of its attribute")
    return _decode_content(data, at, tag, depth)


def decode_template(data: Received, at: int, depth: int = 0) -> tuple[Template, int]:
    count, at = decode_count(data, at, 9)
    size = len(data)
    template = []
    for _ in range(count):
        attribute, tag = _attribute.unpack_from(data, at)
        wanted = _TAG_OF_ATTRIBUTE.get(attribute, BYTES)
        if tag == wanted == ULONG:  # these two are in nearly every template
            value = _u64.unpack_from(data, at + 9)[0]
            at += 17
        elif tag == wanted == BYTES:
            start = at + 13
            at = start + _u32.unpack_from(data, at + 9)[0]
            if at > size:
                raise Undecodable("a length exceeds the bytes that follow")
            if at == start:
                raise Undecodable(_NOT_EMPTY)
            value = bytes(data[start:at])
        else:
            value, at = decode_value(data, at + 9, tag, wanted=wanted, depth=depth)
        template.append((attribute, value))
    return tuple(template), at


def encode_value(parts: Parts, value: Any) -> None:
    """Tag and value; the tag follows from the Python type, which the attribute's kind has decided."""
    if value is None:
        parts.append(b"\x07")
    elif isinstance(value, bool):
        parts.append(b"\x03\x01" if value else b"\x03\x00")
    elif isinstance(value, int):
        parts.append(_tag_u64.pack(ULONG, value))
    elif isinstance(value, Malformed):
        parts.append(_tag_u64.pack(MALFORMED, value.length) if value.length else b"\x00")
    elif not value:
        parts.append(b"\x00")
    elif isinstance(value, tuple) and isinstance(value[0], tuple):
        parts.append(b"\x05")
        encode_template(parts, value)
    elif isinstance(value, tuple):
        parts.append(b"\x04")
        encode_ulongs(parts, value)
    else:
        parts.append(_tag_u32.pack(BYTES, len(value)))
        parts.append(bytes(value))


def encode_template(parts: Parts, template: Template) -> None:
    parts.append(_u32.pack(len(template)))
    for attribute, value in template:
        parts.append(_u64.pack(attribute))
        encode_value(parts, value)


def decode_query_values(data: Received, at: int) -> tuple[tuple[Any, ...], int]:
    """The values of C_GetAttributeValue's reply, by their tags alone; None is unavailable, an empty one is b""."""
    count, at = decode_count(data, at, 1)
    values = []
    for _ in range(count):
        tag, at = decode_u8(data, at)
        value: Any = None
        if tag != UNAVAILABLE:
            value, at = decode_value(data, at, tag, wanted=tag or BYTES)
        values.append(value)
    return tuple(values), at


def encode_query_values(parts: Parts, values: Any) -> None:
    encode_count(parts, len(values))
    for value in values:
        encode_value(parts, value)
