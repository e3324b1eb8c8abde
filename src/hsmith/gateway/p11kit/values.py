"""Values as bytes in p11-kit's protocol: numbers in network order, arrays, attributes and mechanisms.

As in hsmith.wire.values, a decoder takes the received bytes and an offset and gives the value and the offset behind
it, and nothing is allocated for a count before it is held against the bytes that remain.
"""

import sys
from collections.abc import Callable
from struct import Struct, error
from typing import Any, Final

from hsmith.gateway.p11kit.mechanisms import FORMS, Form
from hsmith.spec.attributes import ATTRIBUTES
from hsmith.spec.constants import Attr, Mechanism
from hsmith.spec.values import Malformed, MechanismArg, Template, ValueKind
from hsmith.wire.values import MAX_DEPTH, Parts, Received, Undecodable

NULL: Final = 0xFFFFFFFF
#: sizeof (CK_ATTRIBUTE) and sizeof (CK_ULONG) on the machines of which p11-kit's lengths tell.
ATTRIBUTE_SIZE, ULONG_SIZE = 24, 8

#: What a decoder raises on too few bytes.
TRUNCATED: Final = (error, IndexError)

_u32: Final = Struct(">I")
_u64: Final = Struct(">Q")

Decode = Callable[[Received, int], tuple[Any, int]]


def u32(data: Received, at: int) -> tuple[int, int]:
    return _u32.unpack_from(data, at)[0], at + 4


def u64(data: Received, at: int) -> tuple[int, int]:
    return _u64.unpack_from(data, at)[0], at + 8


def byte(data: Received, at: int) -> tuple[int, int]:
    return data[at], at + 1


def string(data: Received, at: int) -> tuple[bytes | None, int]:
    """Bytes behind their length; None for NULL."""
    length, at = u32(data, at)
    if length == NULL:
        return None, at
    if length > len(data) - at:
        raise Undecodable("a length exceeds the bytes that follow")
    return bytes(data[at : at + length]), at + length


def array(data: Received, at: int) -> tuple[bytes | None, int]:
    """Bytes behind a mark that says whether they are there; without it, only their length is."""
    there, at = byte(data, at)
    if there:
        return string(data, at)
    return None, u32(data, at)[1]


def count(data: Received, at: int, least: int) -> tuple[int, int]:
    number, at = u32(data, at)
    if number * least > len(data) - at:
        raise Undecodable("a count exceeds the bytes that follow")
    return number, at


def put_u32(parts: Parts, value: int) -> None:
    parts.append(_u32.pack(value))


def put_u64(parts: Parts, value: int) -> None:
    parts.append(_u64.pack(value))


def put_string(parts: Parts, value: bytes) -> None:
    parts.append(_u32.pack(len(value)))
    parts.append(bytes(value))


# --- Attributes

#: What p11-kit takes for a byte array although it is none: the value is then as it is in memory.
_OPAQUE: Final = frozenset(
    {
        *(Attr.DESTROYABLE, Attr.NAME_HASH_ALGORITHM, Attr.PROFILE_ID, Attr.HSS_LMS_TYPES, Attr.HSS_LMOTS_TYPES),
        *(attr for attr in Attr if attr.name.startswith(("OTP_", "X2RATCHET_", "TRUST_", "VALIDATION_", "OBJECT_VAL"))),
    }
)
#: What it knows with version 2 alone.
_SINCE_2: Final = frozenset(
    {
        *(Attr.ENCAPSULATE, Attr.DECAPSULATE, Attr.ENCAPSULATE_TEMPLATE, Attr.DECAPSULATE_TEMPLATE),
        *(Attr.PARAMETER_SET, Attr.HSS_LEVELS, Attr.HSS_LMS_TYPE, Attr.HSS_LMOTS_TYPE, Attr.HSS_KEYS_REMAINING),
    }
)


def kind_of(attribute: int) -> ValueKind:
    row = ATTRIBUTES.get(attribute)
    return ValueKind.BYTES if row is None else row.kind


def sent_as(attribute: int, version: int) -> ValueKind:
    """The form in which an attribute's value travels."""
    if attribute in _OPAQUE or (version < 2 and attribute in _SINCE_2):
        return ValueKind.BYTES
    return kind_of(attribute)


def attribute(data: Received, at: int, version: int, depth: int = 0) -> tuple[tuple[int, Any], int]:
    """(type, value); the value is Malformed where its length does not fit the type."""
    kind, at = u32(data, at)
    valid, at = byte(data, at)
    if not valid:
        return (kind, Malformed(0)), at
    length, at = u32(data, at)
    form = sent_as(kind, version)
    if form is ValueKind.BOOL:
        given, at = byte(data, at)
        return (kind, bool(given) if length == 1 and given <= 1 else Malformed(length)), at
    if form is ValueKind.ULONG:
        number, at = u64(data, at)
        return (kind, number if length == ULONG_SIZE else Malformed(length)), at
    if form is ValueKind.ULONGS:
        number, at = count(data, at, ULONG_SIZE)
        return (kind, Struct(f">{number}Q").unpack_from(data, at)), at + ULONG_SIZE * number
    if form is ValueKind.TEMPLATE:
        inner, at = template(data, at, version, depth + 1)
        return (kind, inner), at
    raw, at = string(data, at)
    return (kind, _from_memory(kind_of(kind), raw or b"")), at


def template(data: Received, at: int, version: int, depth: int = 0) -> tuple[Template, int]:
    if depth > MAX_DEPTH:
        raise Undecodable("templates are nested too deeply")
    number, at = count(data, at, 5)
    found = []
    for _ in range(number):
        one, at = attribute(data, at, version, depth)
        found.append(one)
    return tuple(found), at


def _from_memory(kind: ValueKind, raw: bytes) -> Any:
    """A value of this machine's memory."""
    if kind is ValueKind.BOOL:
        return raw == b"\x01" if raw in (b"\0", b"\x01") else Malformed(len(raw))
    if kind is ValueKind.ULONG:
        return int.from_bytes(raw, sys.byteorder) if len(raw) == ULONG_SIZE else Malformed(len(raw))
    if kind is ValueKind.ULONGS:
        whole = len(raw) % ULONG_SIZE == 0
        return Struct(f"={len(raw) // ULONG_SIZE}Q").unpack(raw) if whole else Malformed(len(raw))
    return Malformed(len(raw)) if kind is ValueKind.TEMPLATE and raw else raw


def _to_memory(value: Any) -> bytes:
    if isinstance(value, bool):
        return bytes([value])
    if isinstance(value, int):
        return value.to_bytes(ULONG_SIZE, sys.byteorder)
    return Struct(f"={len(value)}Q").pack(*value) if isinstance(value, tuple) else bytes(value)


def size_of(attribute: int, value: Any) -> int:
    """The value's length in the caller's memory."""
    if isinstance(value, tuple) and kind_of(attribute) is ValueKind.TEMPLATE:
        return ATTRIBUTE_SIZE * len(value)
    return len(_to_memory(value))


def put_attribute(parts: Parts, attribute: int, value: Any, version: int) -> None:
    """``value``: None where it is not available."""
    put_u32(parts, attribute)
    if value is None:
        parts.append(b"\0")
        return
    parts.append(b"\x01")
    put_u32(parts, size_of(attribute, value))
    form = sent_as(attribute, version)
    if form is ValueKind.BOOL:
        parts.append(bytes([bool(value)]))
    elif form is ValueKind.ULONG:
        put_u64(parts, value or 0)
    elif form is ValueKind.ULONGS:
        parts.append(Struct(f">I{len(value)}Q").pack(len(value), *value))
    elif form is ValueKind.TEMPLATE:
        put_u32(parts, len(value))
        for inner, of in value:
            put_attribute(parts, inner, of, version)
    else:
        put_string(parts, _to_memory(value))


def query(data: Received, at: int, *, nested: bool) -> tuple[list[tuple[int, int]], int]:
    """What C_GetAttributeValue asks for: (type, room in bytes, 0 for a question of length). ``nested``: whether
    templates carry the types that they ask for, as newer clients send them; what is within is not used."""
    number, at = count(data, at, 8)
    wanted = []
    for _ in range(number):
        kind, at = u32(data, at)
        room, at = u32(data, at)
        wanted.append((kind, room))
        if nested and room and kind_of(kind) is ValueKind.TEMPLATE:
            at = query(data, at, nested=True)[1]
    return wanted, at


# --- Mechanisms

_PARTS: Final[dict[str, Decode]] = {"u": u64, "y": byte, "a": string}


def mechanism(data: Received, at: int, version: int) -> tuple[MechanismArg | None, int]:
    kind, at = u32(data, at)
    if kind == NULL:
        return None, at
    form = FORMS.get(kind)
    if form is None:
        return _without_form(data, at, kind, version)
    if version >= 2:
        there, at = byte(data, at)
        if not there:
            return MechanismArg(kind), at
    return _with_form(data, at, kind, form)


def _without_form(data: Received, at: int, kind: int, version: int) -> tuple[MechanismArg, int]:
    """A mechanism that takes no parameter, or none that comes this way."""
    raw = None
    if version < 2:
        raw, at = string(data, at)
    if kind == Mechanism.HOTP:  # its result is a structure of pointers, which does not come back either
        return MechanismArg(kind, Malformed()), at
    return MechanismArg(kind, raw if raw is None else Malformed(len(raw))), at


def _with_form(data: Received, at: int, kind: int, form: Form) -> tuple[MechanismArg, int]:
    values: list[Any] = []
    for letter in form.letters:
        value, at = _PARTS[letter](data, at)
        values.append(b"" if value is None else bool(value) if letter == "y" else value)
    if form.make is None:
        return MechanismArg(kind, values[0]), at
    return MechanismArg(kind, form.make(*values)), at
