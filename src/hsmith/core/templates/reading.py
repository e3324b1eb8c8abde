"""What of an object may be seen: C_GetAttributeValue, C_FindObjects and the blind index behind it."""

from collections.abc import Mapping
from typing import Any, Final

from hsmith.core.templates.values import name, refuse, typed
from hsmith.spec.attributes import ATTRIBUTES
from hsmith.spec.constants import Attr, Fault
from hsmith.spec.faults import Refused
from hsmith.spec.objects import REDACTED, SEALED
from hsmith.spec.values import Template, Value

_MISSING: Final = object()
_BIG: Final = frozenset(type for type, row in ATTRIBUTES.items() if row.big)


def _sealed(attrs: Mapping[int, Any], type: int) -> bool:
    """Footnote 7. A key without the two attributes is treated as the most secret one."""
    return (
        type in REDACTED
        and type in SEALED[attrs[Attr.CLASS]]
        and (attrs.get(Attr.SENSITIVE, True) or not attrs.get(Attr.EXTRACTABLE, False))
    )


def read(attrs: Mapping[int, Any], type: int) -> Value:
    """One value. Refused(ATTRIBUTE_SENSITIVE), or Refused(ATTRIBUTE_TYPE_INVALID) when the object has no such attribute."""
    if _sealed(attrs, type):
        raise refuse(Fault.ATTRIBUTE_SENSITIVE, type, "is not shown: the key is sensitive or not extractable")
    value: Value | None = attrs.get(type)
    if value is None:
        raise refuse(Fault.ATTRIBUTE_TYPE_INVALID, type, "is no attribute of this object")
    return value


def matches(attrs: Mapping[int, Any], wanted: Template) -> bool:
    """Whether C_FindObjects finds the object: every wanted value is there, readable and equal. () finds everything."""
    for type, value in wanted:
        stored = attrs.get(type, _MISSING)
        # A search must not answer questions about a value that cannot be read.
        if (stored != value and not _same_number(type, stored, value)) or _sealed(attrs, type):
            return False
    return True


def _same_number(type: int, stored: object, value: object) -> bool:
    return type in _BIG and isinstance(value, bytes) and value.lstrip(b"\0") == stored


def searchable(template: Template) -> list[tuple[int, Any]]:
    """The part of a search that the index answers, the most selective first. Objects found so still need matches(),
    unless every pair of ``template`` is in the result."""
    pairs = []
    for type, value in template:
        row = ATTRIBUTES.get(type)
        if row is None or row.rank == 0 or value == b"":
            continue
        try:
            pairs.append((row.rank, type, typed(row, value)))
        except ValueError:
            continue  # finds nothing: matches() will say so
    pairs.sort(key=lambda pair: pair[0])
    return [(type, value) for _, type, value in pairs]


def index(attrs: Mapping[int, Any]) -> list[tuple[int, Any]]:
    """The pairs to index for an object: what searchable() can ask. Secret and empty values are not among them."""
    pairs = []
    for type, value in attrs.items():
        row = ATTRIBUTES.get(type)
        if row is not None and row.rank and value != b"" and not _sealed(attrs, type):
            pairs.append((type, value))
    return pairs


def check_wrap_template(wrapping: Mapping[int, Any], key: Mapping[int, Any]) -> None:
    """CKA_WRAP_TEMPLATE of the wrapping key against the key to be wrapped: Refused(KEY_HANDLE_INVALID), section 5.18.3."""
    match_template(wrapping, Attr.WRAP_TEMPLATE, key)


def match_template(owner: Mapping[int, Any], attr: Attr, key: Mapping[int, Any]) -> None:
    """A template of ``owner`` that ``key`` must match by the rules of C_FindObjects."""
    for pair in owner.get(attr, ()):
        if not matches(key, (pair,)):
            raise Refused(Fault.KEY_HANDLE_INVALID, f"the key does not match {name(pair[0])} in {name(attr)}")
