"""Attributes as bytes: one encoding for each set of values, and a decoder that distrusts what it reads.

A set is its entry count and its entries by ascending attribute; an entry is the attribute (32 bits), a kind (8 bits)
and the value. All integers are little-endian. Equal values have equal bytes, which is what index tags rest on.
"""

from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from struct import Struct
from struct import error as StructError
from typing import Any, Final

from hsmith.spec.values import Value

#: Templates within templates (WRAP_TEMPLATE and its kin) end here: neither written nor read deeper.
MAX_DEPTH: Final = 8

_COUNT = Struct("<I")
_ENTRY = Struct("<IB")
_LONG = Struct("<Q")
_COUNTED = Struct("<IBI")
_WIDE_ENTRY = Struct("<IBQ")
_COUNTED_BYTES = Struct("<BI")
_ATTRIBUTE_SIZE: Final = 4
_WORD_LIMIT: Final = 1 << 32

_FALSE, _TRUE, _SHORT, _WIDE, _BYTES, _LONGS, _TEMPLATE = range(7)


def encode(attributes: Mapping[int, Value]) -> bytes:
    """The one encoding of ``attributes``. TypeError or ValueError: a value that no attribute has."""
    return bytes(encoded(attributes))


def encoded(attributes: Mapping[int, Value]) -> bytearray:
    """As encode(), to be overwritten: the only copy of what is secret in it."""
    parts: list[bytes] = []
    try:
        _encode_pairs(parts, sorted(attributes.items()), MAX_DEPTH)
    except StructError:
        raise ValueError("an attribute or a number is too large, or negative") from None
    return bytearray().join(parts)


def count_of(attributes: Mapping[int, Value]) -> bytes:
    """How the encoding of ``attributes`` begins; behind it come entry_of() of each, by ascending attribute."""
    return _COUNT.pack(len(attributes))


def entry_of(attribute: int, value: Value) -> bytes:
    """One entry of encode()."""
    parts: list[bytes] = []
    _encode_pairs(parts, [(attribute, value)], MAX_DEPTH)
    return b"".join(parts)[_COUNT.size :]


def encode_value(value: Value) -> bytes:
    """The kind and the bytes of one value; equal for equal values of one kind, different for all others."""
    if type(value) is bytes:  # a label, an id: what is searched for most
        return _COUNTED_BYTES.pack(_BYTES, len(value)) + value
    parts: list[bytes] = []
    try:
        _encode_value(parts, 0, value, MAX_DEPTH)
    except StructError:
        raise ValueError("a number is too large, or negative") from None
    return b"".join(parts)[_ATTRIBUTE_SIZE:]


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


def _encode_pairs(parts: list[bytes], pairs: Collection[tuple[int, Any]], depth: int) -> None:
    if depth == 0:
        raise ValueError(f"templates are nested more than {MAX_DEPTH} deep")
    add = parts.append
    add(_COUNT.pack(len(pairs)))
    for attribute, value in pairs:
        if value is False:  # the kinds of most attributes come first
            add(_falsehood(attribute))
        elif value is True:
            add(_truth(attribute))
        elif type(value) is bytes:
            add(_COUNTED.pack(attribute, _BYTES, len(value)))
            add(value)
        elif type(value) is int and value < _WORD_LIMIT:
            add(_COUNTED.pack(attribute, _SHORT, value))
        else:
            _encode_value(parts, attribute, value, depth)


@lru_cache(maxsize=1024)
def _falsehood(attribute: int) -> bytes:
    return _ENTRY.pack(attribute, _FALSE)


@lru_cache(maxsize=1024)
def _truth(attribute: int) -> bytes:
    return _ENTRY.pack(attribute, _TRUE)


def _encode_value(parts: list[bytes], attribute: int, value: Value, depth: int) -> None:
    """Add an entry of any kind."""
    if isinstance(value, bool):
        parts.append(_ENTRY.pack(attribute, _TRUE if value else _FALSE))
    elif isinstance(value, int):
        wide = value >= _WORD_LIMIT
        parts.append((_WIDE_ENTRY if wide else _COUNTED).pack(attribute, _WIDE if wide else _SHORT, value))
    elif isinstance(value, (bytes, bytearray)):
        parts += (_COUNTED.pack(attribute, _BYTES, len(value)), value)
    elif not isinstance(value, tuple):
        raise TypeError(f"{type(value).__name__} is not a value of an attribute")
    elif value and isinstance(value[0], tuple):
        parts.append(_ENTRY.pack(attribute, _TEMPLATE))
        _encode_pairs(parts, value, depth - 1)
    else:
        parts.append(_COUNTED.pack(attribute, _LONGS, len(value)))
        parts += [_LONG.pack(item) for item in value]


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
