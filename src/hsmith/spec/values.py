"""Attribute values and templates as they are after the wire: typed by the attribute's row, never raw C memory."""

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, TypeAlias


class ValueKind(Enum):
    """The C type of an attribute's value; it decides how the value travels and is stored."""

    BOOL = auto()  # CK_BBOOL            bool
    ULONG = auto()  # CK_ULONG            int
    BYTES = auto()  # byte array, string  bytes
    DATE = auto()  # CK_DATE             bytes, 8 ASCII digits, or empty
    ULONGS = auto()  # array of CK_ULONG   tuple[int, ...]
    TEMPLATE = auto()  # array of CK_ATTRIBUTE  Template


@dataclass(frozen=True, slots=True)
class Malformed:
    """A value whose length does not fit its attribute, or a NULL pointer with a length: never usable."""

    length: int = 0


#: A template keeps the caller's order and duplicates: (attribute type, value) pairs.
Value: TypeAlias = "bool | int | bytes | tuple[int, ...] | Template"
Template: TypeAlias = tuple[tuple[int, Any], ...]


@dataclass(frozen=True, slots=True)
class MechanismArg:
    """A CK_MECHANISM: its type, and its parameter decoded by the mechanism's row.

    ``params`` is None (no parameter), bytes (an IV or other plain bytes), int (one CK_ULONG), an instance of a
    class of hsmith.spec.params, or Malformed (a parameter that fits no class of the mechanism).
    """

    mechanism: int
    params: Any = None


@dataclass(frozen=True, slots=True)
class OtpSignatureInfo:
    """What C_Sign gives by an OTP mechanism: CK_OTP_SIGNATURE_INFO, its array of CK_OTP_PARAM and their values, as one
    block in the caller's buffer. ``params``: (type, value) of each."""

    params: tuple[tuple[int, bytes], ...] = field(repr=False)

    @property
    def size(self) -> int:
        """Bytes of the block, where pointers and CK_ULONG have eight: each value is aligned for what it may be."""
        return 16 + sum(24 + (len(value) + 7) // 8 * 8 for _, value in self.params)
