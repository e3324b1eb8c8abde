"""From a caller's template to attributes: every value of its kind, every attribute once (section 4.1.1)."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final, TypeAlias

from hsmith.spec.attributes import ATTRIBUTES, AttributeRow
from hsmith.spec.constants import Attr, Fault
from hsmith.spec.faults import Refused
from hsmith.spec.objects import OBJECTS, SUBTYPE
from hsmith.spec.rules import Schema
from hsmith.spec.values import Template, ValueKind

#: The attributes of one object, by type. What comes out of this package is new; what goes in is never changed.
Attributes: TypeAlias = dict[int, Any]


def name(attr: int) -> str:
    """As the standard spells it; of two spellings the one that is not deprecated."""
    if attr == Attr.EC_PARAMS:
        return "CKA_EC_PARAMS"
    row = ATTRIBUTES.get(attr)
    return f"CKA_{row.attr.name}" if row else f"attribute {attr:#x}"


def refuse(fault: Fault, attr: int, reason: str) -> Refused:
    """A refusal that names the attribute. Never give it a value: it may be a secret."""
    return Refused(fault, f"{name(attr)} {reason}")


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("is a CK_BBOOL: one byte, CK_TRUE or CK_FALSE")
    return value


def _number(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("is a CK_ULONG: pass sizeof(CK_ULONG) bytes")
    return value


def _string(value: Any) -> bytes:
    if not isinstance(value, bytes):
        raise ValueError("is a string of bytes: pass a pointer and its length")
    return value


def _date(value: Any) -> bytes:
    text = _string(value)
    if text:
        if len(text) != 8 or not text.isdigit():
            raise ValueError("is a CK_DATE: 8 digits, YYYYMMDD, or empty")
        try:
            date(int(text[:4]), int(text[4:6]), int(text[6:]))
        except ValueError:
            raise ValueError("is no day of the calendar (YYYYMMDD)") from None
    return text


def _numbers(value: Any) -> tuple[int, ...]:
    if value == b"":
        return ()
    if not isinstance(value, tuple):
        raise ValueError("is an array of CK_ULONG")
    return tuple(_number(item) for item in value)


def _template(value: Any) -> Template:
    if value == b"":
        return ()
    if not isinstance(value, tuple):
        raise ValueError("is an array of CK_ATTRIBUTE")
    return tuple(parse(value).items())


_TYPED: Final[dict[ValueKind, Callable[[Any], Any]]] = {
    ValueKind.BOOL: _boolean,
    ValueKind.ULONG: _number,
    ValueKind.BYTES: _string,
    ValueKind.DATE: _date,
    ValueKind.ULONGS: _numbers,
    ValueKind.TEMPLATE: _template,
}


#: The hash of a member of ValueKind is computed in Python; that of an attribute is not.
CHECKS: Final[dict[int, Callable[[Any], Any]]] = {attr: _TYPED[row.kind] for attr, row in ATTRIBUTES.items()}
_TYPES: Final = {ValueKind.BOOL: bool, ValueKind.ULONG: int, ValueKind.BYTES: bytes}
#: A value of this very type passes its attribute's check as it is.
PLAIN: Final[dict[int, type]] = {attr: _TYPES[row.kind] for attr, row in ATTRIBUTES.items() if row.kind in _TYPES}


def typed(row: AttributeRow, value: Any) -> Any:
    """The value as it is stored and compared. ValueError says what is wrong with it, without showing it.

    Big integers lose their leading zeros: Java and NSS send some with a sign byte, and one key must have one encoding.
    """
    good = CHECKS[row.attr](value)
    return good.lstrip(b"\0") if row.big else good


def parse(template: Template) -> Attributes:
    """Refused(ATTRIBUTE_TYPE_INVALID, ATTRIBUTE_VALUE_INVALID, TEMPLATE_INCONSISTENT). Equal duplicates count once."""
    given: Attributes = {}
    for attr, value in template:
        row = ATTRIBUTES.get(attr)
        if row is None:
            raise refuse(Fault.ATTRIBUTE_TYPE_INVALID, attr, "is no attribute of PKCS#11 3.2")
        try:
            good = value if type(value) is PLAIN.get(attr) and not row.big else typed(row, value)
            if row.choices is not None and good not in row.choices._value2member_map_:
                raise ValueError(f"has a value that is no {row.choices.__name__} of PKCS#11 3.2")
        except ValueError as wrong:
            raise refuse(Fault.ATTRIBUTE_VALUE_INVALID, attr, str(wrong)) from None
        if given.setdefault(attr, good) != good:
            raise refuse(Fault.TEMPLATE_INCONSISTENT, attr, "is given twice with different values")
    return given


def add(given: Attributes, imposed: Template, owner: Attr) -> Attributes:
    """``given`` with what a key's own template adds (UNWRAP_TEMPLATE and its kin, section 4.9)."""
    whole = dict(given)
    for attr, value in imposed:
        if whole.setdefault(attr, value) != value:
            raise refuse(Fault.TEMPLATE_INCONSISTENT, attr, f"contradicts {name(owner)} of the key that is used")
    return whole


def schema_of(attrs: Mapping[int, Any]) -> Schema | None:
    """The rules for an object of this class and subtype; None when there is no such object."""
    cls: int = attrs[Attr.CLASS]
    subtype = SUBTYPE.get(cls)
    return OBJECTS.get((cls, None if subtype is None else attrs.get(subtype)))
