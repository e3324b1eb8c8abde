"""Attributes as bytes: one encoding for each set of values, and a decoder that distrusts what it reads.

A set is its entry count and its entries by ascending attribute; an entry is the attribute (32 bits), a kind (8 bits)
and the value. All integers are little-endian. Equal values have equal bytes, which is what index tags rest on.
"""

from collections.abc import Callable, Collection, Mapping
from struct import Struct
from struct import error as StructError
from typing import Any, Final

from hsmith.crypto.wiping import wipe
from hsmith.spec.values import Value

#: Templates within templates (WRAP_TEMPLATE and its kin) end here: neither written nor read deeper.
MAX_DEPTH: Final = 8

_COUNT = Struct("<I")
_ENTRY = Struct("<IB")
_LONG = Struct("<Q")
#: Parts of an encoding from which on they are overwritten when it is made: no key is shorter.
_MAY_BE_SECRET: Final = 4 + 8
_WORD_LIMIT: Final = 1 << 32
_LONG_LIMIT: Final = 1 << 64

_FALSE, _TRUE, _SHORT, _WIDE, _BYTES, _LONGS, _TEMPLATE = range(7)


def encode(attributes: Mapping[int, Value]) -> bytes:
    """The one encoding of ``attributes``. TypeError or ValueError: a value that no attribute has."""
    return _encode_pairs(sorted(attributes.items()), MAX_DEPTH)


def encode_value(value: Value) -> bytes:
    """The kind and the bytes of one value; equal for equal values of one kind, different for all others."""
    kind, data = _encode_value(value, MAX_DEPTH)
    return bytes((kind,)) + data


def decode(data: bytes) -> dict[int, Value]:
    """What encode() was given. ValueError: these bytes come from no encode()."""
    try:
        pairs, end = _decode_pairs(data, 0, MAX_DEPTH)
    except StructError:
        raise ValueError("the record ends early") from None
    if end != len(data):
        raise ValueError("the record is followed by other bytes")
    attributes = dict(pairs)
    if list(attributes) != sorted(attributes) or len(attributes) != len(pairs):
        raise ValueError("attributes are out of order")
    return attributes


def _encode_pairs(pairs: Collection[tuple[int, Any]], depth: int) -> bytes:
    if depth == 0:
        raise ValueError(f"templates are nested more than {MAX_DEPTH} deep")
    parts = [_COUNT.pack(len(pairs))]
    for attribute, value in pairs:
        if value is True or value is False:  # most of an object
            part = _FLAGS.get((attribute, value))
            if part is None:
                part = _flag(attribute, value)
            parts.append(part)
            continue
        if not 0 <= attribute < _WORD_LIMIT:
            raise ValueError(f"attribute {attribute:#x} does not fit 32 bits")
        kind, data = _encode_value(value, depth)
        parts += (_ENTRY.pack(attribute, kind), data)
    whole = b"".join(parts)
    for part in parts:
        if len(part) >= _MAY_BE_SECRET and part is not whole:
            wipe(part)
    return whole


#: Entries of flags, which are the same in all objects.
_FLAGS: Final[dict[tuple[int, bool], bytes]] = {}
_FLAGS_KEPT: Final = 1024


def _flag(attribute: int, value: bool) -> bytes:
    if not 0 <= attribute < _WORD_LIMIT:
        raise ValueError(f"attribute {attribute:#x} does not fit 32 bits")
    entry = _ENTRY.pack(attribute, _TRUE if value else _FALSE)
    if len(_FLAGS) < _FLAGS_KEPT:
        _FLAGS[attribute, value] = entry
    return entry


def _encode_value(value: Value, depth: int) -> tuple[int, bytes]:
    if isinstance(value, bool):
        return (_TRUE if value else _FALSE), b""
    if isinstance(value, int):
        if not 0 <= value < _LONG_LIMIT:
            raise ValueError("a number does not fit CK_ULONG")
        return (_SHORT, _COUNT.pack(value)) if value < _WORD_LIMIT else (_WIDE, _LONG.pack(value))
    if isinstance(value, (bytes, bytearray)):
        return _BYTES, _COUNT.pack(len(value)) + value
    if not isinstance(value, tuple):
        raise TypeError(f"{type(value).__name__} is not a value of an attribute")
    if value and isinstance(value[0], tuple):
        return _TEMPLATE, _encode_pairs(value, depth - 1)
    try:
        return _LONGS, _COUNT.pack(len(value)) + b"".join([_LONG.pack(item) for item in value])
    except StructError:
        raise ValueError("an array holds what is no CK_ULONG") from None


def _decode_pairs(data: bytes, at: int, depth: int) -> tuple[list[tuple[int, Value]], int]:
    if depth == 0:
        raise ValueError(f"templates are nested more than {MAX_DEPTH} deep")
    (count,) = _COUNT.unpack_from(data, at)
    at += _COUNT.size
    if count > (len(data) - at) // _ENTRY.size:
        raise ValueError("the record claims more attributes than it has bytes")
    pairs = []
    for _ in range(count):
        attribute, kind = _ENTRY.unpack_from(data, at)
        at += _ENTRY.size
        if kind >= len(_DECODERS):
            raise ValueError("a value is of an unknown kind")
        value, at = _DECODERS[kind](data, at, depth)
        pairs.append((attribute, value))
    return pairs, at


def _decode_short(data: bytes, at: int, _depth: int) -> tuple[Value, int]:
    return _COUNT.unpack_from(data, at)[0], at + _COUNT.size


def _decode_wide(data: bytes, at: int, _depth: int) -> tuple[Value, int]:
    value = _LONG.unpack_from(data, at)[0]
    if value < _WORD_LIMIT:
        raise ValueError("a number is longer than it needs to be")
    return value, at + _LONG.size


def _decode_bytes(data: bytes, at: int, _depth: int) -> tuple[Value, int]:
    start = at + _COUNT.size
    end = start + _COUNT.unpack_from(data, at)[0]
    if end > len(data):
        raise ValueError("a value is longer than its record")
    return data[start:end], end


def _decode_longs(data: bytes, at: int, _depth: int) -> tuple[Value, int]:
    start = at + _COUNT.size
    end = start + _COUNT.unpack_from(data, at)[0] * _LONG.size
    if end > len(data):
        raise ValueError("a value is longer than its record")
    return tuple([item for (item,) in _LONG.iter_unpack(data[start:end])]), end


def _decode_template(data: bytes, at: int, depth: int) -> tuple[Value, int]:
    pairs, end = _decode_pairs(data, at, depth - 1)
    if not pairs:
        raise ValueError("an empty template is written as an empty array")
    return tuple(pairs), end


#: By kind, in the order of the numbers above.
_DECODERS: Final[tuple[Callable[[bytes, int, int], tuple[Value, int]], ...]] = (
    lambda _data, at, _depth: (False, at),
    lambda _data, at, _depth: (True, at),
    _decode_short,
    _decode_wide,
    _decode_bytes,
    _decode_longs,
    _decode_template,
)
