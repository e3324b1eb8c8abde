"""What of an object may be seen: C_GetAttributeValue, C_FindObjects and the blind index behind it."""

from collections.abc import Mapping
from operator import itemgetter
from typing import Any, Final

from hsmith.core.templates.values import CHECKS, PLAIN, name, refuse
from hsmith.spec.attributes import ATTRIBUTES
from hsmith.spec.constants import Attr, Fault, ObjectClass
from hsmith.spec.faults import Refused
from hsmith.spec.objects import OBJECTS, REDACTED, SEALED
from hsmith.spec.values import Template, Value

_MISSING: Final = object()
_BIG: Final = frozenset(attr for attr, row in ATTRIBUTES.items() if row.big)
_INDEXED: Final = frozenset(attr for attr, row in ATTRIBUTES.items() if row.rank)
#: A check value answers whether a guess is right, so it is as secret as what it checks.
_SEALED: Final = SEALED | {
    cls: SEALED[cls] | {Attr.CHECK_VALUE} for cls in (ObjectClass.SECRET_KEY, ObjectClass.OTP_KEY)
}
#: A key that was given none has them empty: a template without conditions.
_TEMPLATES: Final = frozenset(attr for attr in Attr if attr.name.endswith("_TEMPLATE"))
_TELLING: Final = REDACTED | {Attr.CHECK_VALUE}


def sealed(attrs: Mapping[int, Any], attr: int) -> bool:
    """Footnote 7. A key without the two attributes is treated as the most secret one."""
    return (
        attr in _TELLING
        and attr in _SEALED[attrs[Attr.CLASS]]
        and (attrs.get(Attr.SENSITIVE, True) or not attrs.get(Attr.EXTRACTABLE, False))
    )


def read(attrs: Mapping[int, Any], attr: int) -> Value:
    """One value. Refused(ATTRIBUTE_SENSITIVE), or Refused(ATTRIBUTE_TYPE_INVALID) when the object does not have it."""
    if sealed(attrs, attr):
        raise refuse(Fault.ATTRIBUTE_SENSITIVE, attr, "is not shown: the key is sensitive or not extractable")
    value: Value | None = attrs.get(attr)
    if value is None:
        if attr in _TEMPLATES and attr in OBJECTS.get((attrs[Attr.CLASS], attrs.get(Attr.KEY_TYPE)), ()):
            return ()
        raise refuse(Fault.ATTRIBUTE_TYPE_INVALID, attr, "is no attribute of this object")
    return value


def matches(attrs: Mapping[int, Any], wanted: Template) -> bool:
    """Whether C_FindObjects finds the object: every wanted value is there, readable and equal. () finds everything."""
    for attr, value in wanted:
        stored = attrs.get(attr, _MISSING)
        # A search must not answer questions about a value that cannot be read.
        if (stored != value and not _same_number(attr, stored, value)) or (attr in _TELLING and sealed(attrs, attr)):
            return False
    return True


def _same_number(attr: int, stored: object, value: object) -> bool:
    return attr in _BIG and isinstance(value, bytes) and value.lstrip(b"\0") == stored


def check_search(template: Template) -> None:
    """Refused(ATTRIBUTE_VALUE_INVALID) for a search by a value that no attribute of its kind has.

    Attributes and classes of other vendors are searched for in vain, not refused: NSS and p11-kit ask every token for
    theirs.
    """
    for attr, value in template:
        if type(value) is PLAIN.get(attr):
            continue
        check = CHECKS.get(attr)
        try:
            if check is not None:
                check(value)
        except ValueError as wrong:
            raise refuse(Fault.ATTRIBUTE_VALUE_INVALID, attr, str(wrong)) from None


_rank: Final = itemgetter(0)


def searchable(template: Template) -> list[tuple[int, Any]]:
    """The part of a search that the index answers, the most selective first, of a template that check_search() let
    pass. Objects found so still need matches(), unless every pair of ``template`` is in the result."""
    pairs: list[tuple[int, int, Any]] = []
    for attr, value in template:
        row = ATTRIBUTES.get(attr)
        if row is None:
            pairs.append((0, attr, value))  # nothing has it, and the index says so at once
        elif row.rank and value != b"":
            pairs.append((row.rank, attr, value.lstrip(b"\0") if row.big else value))
    if len(pairs) > 1:
        pairs.sort(key=_rank)
    return [(attr, value) for _, attr, value in pairs]


def index(attrs: Mapping[int, Any]) -> list[tuple[int, Any]]:
    """The pairs to index for an object: what searchable() can ask. Secret and empty values are not among them."""
    pairs = []
    for attr in attrs.keys() & _INDEXED:
        value = attrs[attr]
        if value != b"" and not (attr in _TELLING and sealed(attrs, attr)):
            pairs.append((attr, value))
    return pairs


def check_wrap_template(wrapping: Mapping[int, Any], key: Mapping[int, Any]) -> None:
    """CKA_WRAP_TEMPLATE of the wrapping key against the key to be wrapped: Refused(KEY_HANDLE_INVALID)."""
    match_template(wrapping, Attr.WRAP_TEMPLATE, key)


def match_template(owner: Mapping[int, Any], attr: Attr, key: Mapping[int, Any]) -> None:
    """A template of ``owner`` that ``key`` must match by the rules of C_FindObjects."""
    for pair in owner.get(attr, ()):
        if not matches(key, (pair,)):
            raise Refused(Fault.KEY_HANDLE_INVALID, f"the key does not match {name(pair[0])} in {name(attr)}")


def size(attrs: Mapping[int, Any]) -> int:
    """Bytes that an object's values take, roughly: C_GetObjectSize leaves the meaning to the token."""
    return sum(8 + (len(value) if isinstance(value, (bytes, tuple)) else 8) for value in attrs.values())
