"""A key ready for use, and the small conversions between attribute values and numbers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from hsmith.spec.constants import Attr, Fault, KeyType, ObjectClass
from hsmith.spec.faults import Refused

Attributes: TypeAlias = Mapping[int, Any]


@dataclass(slots=True)
class Key:
    """A key.

    ``size``: in the unit of the mechanism rows, bits for key pairs, bytes for secret keys. ``native``: the library's
    key object, or the value's bytes for a secret key. ``prepared``: the engines' own, what they made of the key once.
    """

    cls: ObjectClass
    type: KeyType
    size: int
    native: Any = field(repr=False)
    prepared: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)


def need(attributes: Attributes, attr: Attr) -> Any:
    """The attribute's value; TEMPLATE_INCOMPLETE when it is missing or empty."""
    value = attributes.get(attr)
    if value is None or value == b"":
        raise Refused(Fault.TEMPLATE_INCOMPLETE, f"{attr.name} is missing: it is part of this key's value")
    return value


def integer(attributes: Attributes, attr: Attr) -> int:
    """A Big integer attribute (big-endian) as a number."""
    return int.from_bytes(need(attributes, attr), "big")


def optional_integer(attributes: Attributes, attr: Attr) -> int | None:
    value = attributes.get(attr)
    return int.from_bytes(value, "big") if value else None


def big(number: int) -> bytes:
    """A number as a Big integer: big-endian, without leading zeros."""
    return number.to_bytes((number.bit_length() + 7) // 8 or 1, "big")


def invalid(reason: str) -> Refused:
    return Refused(Fault.ATTRIBUTE_VALUE_INVALID, reason)
