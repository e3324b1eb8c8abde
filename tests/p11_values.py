"""How Python values become C arguments, templates and mechanisms, and return values become errors (for tests)."""

import ctypes as C
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from hsmith.spec.attributes import ATTRIBUTES
from hsmith.spec.constants import Fault, Mechanism
from hsmith.spec.values import ValueKind
from p11_structs import STRUCTS, address_of, make

UNAVAILABLE = C.c_ulong(-1).value

Data = bytes | bytearray | Sequence[bytes]
MechanismLike = int | tuple[int, Any] | C.Structure
TemplateLike = Mapping[Any, Any] | Sequence[tuple[int, Any]]


class Raw(NamedTuple):
    """An attribute value as C would give it: a pointer (None: NULL) and any length, true or not."""

    pointer: int | bytes | bytearray | None
    length: int


class P11Error(Exception):
    """A return value other than CKR_OK."""

    def __init__(self, function: str, rv: int) -> None:
        self.function = function
        self.rv = rv
        self.fault = Fault(rv) if rv in Fault._value2member_map_ else None
        super().__init__(f"{function}: {fault_name(rv)}")


def fault_name(rv: int) -> str:
    """CKR_... for a return value, or its number."""
    return f"CKR_{Fault(rv).name}" if rv in Fault._value2member_map_ else f"0x{rv:x}"


@contextmanager
def refused(*faults: Fault) -> Iterator[None]:
    """The body must fail with one of these return values."""
    names = " or ".join(f"CKR_{fault.name}" for fault in faults)
    try:
        yield
    except P11Error as error:
        if error.rv not in faults:
            raise AssertionError(f"{error}, expected {names}") from error
        return
    raise AssertionError(f"accepted, expected {names}")


def c_template(template: TemplateLike) -> tuple[Any, int, list[Any]]:
    """A CK_ATTRIBUTE array, its count, and what must be kept alive while it is used."""
    pairs = list(template.items() if isinstance(template, Mapping) else template)
    array = (STRUCTS["ATTRIBUTE"] * max(1, len(pairs)))()
    kept: list[Any] = [array]
    for entry, (attr, value) in zip(array, pairs, strict=False):
        entry.type = int(attr)
        pointer, length, keep = _c_value(value)
        entry.pValue, entry.ulValueLen = pointer, length
        kept.append(keep)
    return array, len(pairs), kept


def _c_value(value: Any) -> tuple[int | None, int, Any]:
    if isinstance(value, Raw):
        if value.pointer is None or isinstance(value.pointer, int):
            return value.pointer, value.length, None
        target, _ = address_of(value.pointer)
        return C.addressof(target), value.length, (value.pointer, target)
    if value is None:
        return None, 0, None
    if isinstance(value, bool):
        value = bytes([value])
    elif isinstance(value, int):
        value = C.c_ulong(value)
    elif isinstance(value, Mapping) or (isinstance(value, list) and all(isinstance(item, tuple) for item in value)):
        array, count, kept = c_template(value)
        return C.addressof(array), count * C.sizeof(STRUCTS["ATTRIBUTE"]), kept
    elif isinstance(value, tuple | list):
        value = (C.c_ulong * len(value))(*value)
    target, size = address_of(value)
    return C.addressof(target), size, (value, target)


def c_mechanism(mechanism: MechanismLike) -> C.Structure:
    """A CK_MECHANISM; a struct passed in is taken as it is."""
    if isinstance(mechanism, C.Structure):
        return mechanism
    number, parameter = mechanism if isinstance(mechanism, tuple) else (mechanism, None)
    pointer, length, keep = _c_value(parameter)
    result = make("MECHANISM", mechanism=int(number), pParameter=pointer, ulParameterLen=length)
    result.kept = keep
    return result


def c_gcm(iv: bytes) -> C.Structure:
    """CKM_AES_GCM with a tag of 16 bytes."""
    room = C.create_string_buffer(iv, len(iv))
    params = make("GCM_PARAMS", pIv=C.addressof(room), ulIvLen=len(iv), ulIvBits=8 * len(iv), ulTagBits=128)
    result = make("MECHANISM", mechanism=int(Mechanism.AES_GCM), ulParameterLen=C.sizeof(params))
    result.pParameter = C.addressof(params)
    result.kept = room, params
    return result


def argument(value: Any) -> tuple[type, Any, Any]:
    """Type, value and what to keep alive, for one C argument."""
    if value is None:
        return C.c_void_p, None, None
    if isinstance(value, bool):
        return C.c_ubyte, C.c_ubyte(value), None
    if isinstance(value, int):
        return C.c_ulong, C.c_ulong(value), None
    if isinstance(value, C.c_void_p):
        return C.c_void_p, value, value
    if isinstance(value, bytes | bytearray | str):
        target, _ = address_of(value)
        return C.c_void_p, C.c_void_p(C.addressof(target)), (value, target)
    return C.c_void_p, C.c_void_p(C.addressof(value)), value


def decoded(attr: int, raw: bytes) -> Any:
    row = ATTRIBUTES.get(attr)
    kind = row.kind if row else ValueKind.BYTES
    if kind is ValueKind.BOOL and len(raw) == 1:
        return bool(raw[0])
    width = C.sizeof(C.c_ulong)
    if kind is ValueKind.ULONG and len(raw) == width:
        return int.from_bytes(raw, "little")
    if kind is ValueKind.ULONGS and len(raw) % width == 0:
        return tuple(int.from_bytes(raw[i : i + width], "little") for i in range(0, len(raw), width))
    return raw
