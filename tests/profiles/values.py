"""How numbers, flags, booleans and strings of bytes are written (section "Value Representation")."""

import re
from collections.abc import Mapping
from enum import IntEnum, IntFlag
from typing import Final

from hsmith.spec.attributes import ATTRIBUTES
from hsmith.spec.constants import Attr
from hsmith.spec.values import ValueKind
from p11_values import UNAVAILABLE
from profiles.cases import Malformed

Family = type[IntEnum] | type[IntFlag]

_SPECIAL: Final = {"UnavailableInformation": UNAVAILABLE, "EffectivelyInfinite": 0}
_BOOLEANS: Final = {"true": True, "TRUE": True, "false": False, "FALSE": False}

#: Attributes whose type is an RFC 2279 string; they are written as text, other bytes in hexadecimal.
_TEXTS: Final = {Attr.LABEL, Attr.APPLICATION, Attr.URL}


def number(text: str, family: Family | None = None) -> int:
    """A CK_ULONG: decimal, hexadecimal, a special value, or names of ``family`` (several of them if it has flags)."""
    if text in _SPECIAL:
        return _SPECIAL[text]
    if re.fullmatch(r"\d+", text):
        return int(text)
    if re.fullmatch(r"0x[0-9a-fA-F]+", text):
        return int(text, 16)
    names = re.split(r"[ |]", text)
    known: Mapping[str, int] = family.__members__ if family else {}
    if not all(name in known for name in names) or (len(names) > 1 and not (family and issubclass(family, IntFlag))):
        raise Malformed(f"{text!r} is no number" + (f" and no {family.__name__}" if family else ""))
    total = 0
    for name in names:
        total |= known[name]
    return total


def boolean(text: str) -> bool:
    if text not in _BOOLEANS:
        raise Malformed(f"{text!r} is no boolean")
    return _BOOLEANS[text]


def binary(text: str) -> bytes:
    if not re.fullmatch(r"([0-9a-fA-F]{2})*", text):
        raise Malformed(f"{text[:40]!r} is not hexadecimal")
    return bytes.fromhex(text)


def attribute(attr: Attr, text: str) -> bool | int | bytes:
    """The value of an attribute, by the type that the standard gives it."""
    row = ATTRIBUTES[attr]
    if row.kind is ValueKind.BOOL:
        return boolean(text)
    if row.kind is ValueKind.ULONG:
        return number(text, row.choices)
    if row.kind in (ValueKind.BYTES, ValueKind.DATE):
        return text.encode() if attr in _TEXTS else binary(text)
    raise Malformed(f"no representation is defined for CKA_{attr.name}")


def legible(attr: Attr, value: bool | int | bytes) -> bool | int | bytes:
    """What can be written of a value: XML has no character for the NUL that some tokens end a label with, so that the
    case has a label of length 22 and writes the 21 characters of it."""
    return value.rstrip(b"\0") if attr in _TEXTS and isinstance(value, bytes) else value
