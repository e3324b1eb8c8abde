"""Derived values: cut to the length that the template and the key type ask for."""

from typing import Any, Final

from hsmith.crypto.engine import Wanted
from hsmith.crypto.material.secret import LENGTHS
from hsmith.spec.constants import Attr, Fault, KeyType, ObjectClass
from hsmith.spec.faults import Refused

_DES: Final = frozenset({KeyType.DES, KeyType.DES2, KeyType.DES3})

#: Each byte with odd parity in its lowest bit (FIPS 46-3).
_ODD: Final = bytes(byte & 0xFE | (byte >> 1).bit_count() & 1 ^ 1 for byte in range(256))


def odd_parity(value: bytes) -> bytes:
    return value.translate(_ODD)


def wanted_length(wanted: Wanted) -> int | None:
    """The length in bytes that the template, or the type alone, asks for; None when neither does."""
    lengths = LENGTHS.get(wanted.key_type) if wanted.cls == ObjectClass.SECRET_KEY else None
    if wanted.length is None:
        return lengths[0] if lengths is not None and len(lengths) == 1 else None
    if wanted.length == 0:
        raise Refused(Fault.KEY_SIZE_RANGE, "VALUE_LEN is 0: no key is so short")
    if lengths is not None and wanted.length not in lengths:
        raise Refused(Fault.TEMPLATE_INCONSISTENT, f"VALUE_LEN {wanted.length} does not suit the type of the key")
    return wanted.length


def defined(value: bytes, wanted: Wanted) -> dict[int, Any]:
    """As first(), where without a length the type "must have a well-defined length" ("Hash-based key derivation",
    "Miscellaneous simple key derivation mechanisms")."""
    if wanted_length(wanted) is None and wanted.cls == ObjectClass.SECRET_KEY and wanted.key_type in LENGTHS:
        raise Refused(Fault.TEMPLATE_INCOMPLETE, "the template must give VALUE_LEN for this type of key")
    return first(value, wanted)


def first(value: bytes, wanted: Wanted, fault: Fault = Fault.KEY_SIZE_RANGE) -> dict[int, Any]:
    """{VALUE: ...} from the leading bytes; ``fault`` when there are too few."""
    return _fitted(value, wanted, fault, leading=True)


def last(value: bytes, wanted: Wanted, fault: Fault = Fault.KEY_SIZE_RANGE) -> dict[int, Any]:
    """{VALUE: ...} from the trailing bytes; ``fault`` when there are too few."""
    return _fitted(value, wanted, fault, leading=False)


def _fitted(value: bytes, wanted: Wanted, fault: Fault, *, leading: bool) -> dict[int, Any]:
    length = wanted_length(wanted)
    if length is None:
        lengths = LENGTHS.get(wanted.key_type) if wanted.cls == ObjectClass.SECRET_KEY else None
        if lengths is not None and len(value) not in lengths:
            raise Refused(Fault.TEMPLATE_INCOMPLETE, "the template must give VALUE_LEN for this type of key")
        length = len(value)
    if length > len(value):
        raise Refused(fault, f"{length} bytes are asked for and the derivation has {len(value)}")
    value = value[:length] if leading else value[len(value) - length :]
    return {Attr.VALUE: odd_parity(value) if wanted.key_type in _DES else value}
