"""The rules of a class of objects, made ready once for each way of making them: reading footnotes each time is slow."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from hsmith.core.templates.values import refuse
from hsmith.spec.constants import Attr, Fault
from hsmith.spec.objects import OBJECTS, STORED, SUBTYPE
from hsmith.spec.rules import ABSENT, Note, Schema


@dataclass(frozen=True, eq=False, slots=True)
class Origin:
    """A way to make an object. ``required`` and ``forbidden``: its footnotes. ``defaults``: those that the function
    has of its own. ``wrong_length``: the refusal of a CKA_VALUE_LEN that is not the value's."""

    required: Note
    forbidden: Note
    defaults: Mapping[int, Any]
    wrong_length: Fault = Fault.TEMPLATE_INCONSISTENT


CREATE: Final = Origin(Note.AT_CREATE, Note.NOT_AT_CREATE, {})
GENERATE: Final = Origin(Note.AT_GENERATE, Note.NOT_AT_GENERATE, {})
UNWRAP: Final = Origin(Note.AT_UNWRAP, Note.NOT_AT_UNWRAP, {Attr.EXTRACTABLE: True}, Fault.WRAPPED_KEY_LEN_RANGE)
DERIVE: Final = Origin(Note(0), Note.NOT_AT_GENERATE | Note.NOT_AT_UNWRAP, {})
KEM: Final = Origin(Note(0), Note.NOT_AT_UNWRAP, {Attr.EXTRACTABLE: True})

#: Attributes that say how long another one is: (what is measured, in bits rather than bytes).
_LENGTHS: Final[dict[int, tuple[Attr, bool]]] = {
    Attr.MODULUS_BITS: (Attr.MODULUS, True),
    Attr.PRIME_BITS: (Attr.PRIME, True),
    Attr.SUBPRIME_BITS: (Attr.SUBPRIME, True),
    Attr.VALUE_BITS: (Attr.VALUE, True),
    Attr.VALUE_LEN: (Attr.VALUE, False),
}

_STORED_CLASSES: Final = frozenset(cls for cls, _ in STORED)


@dataclass(frozen=True, eq=False, slots=True)
class Plan:
    """One class and subtype, made one way. ``required``: without a default, in the table's order. ``read_only``,
    ``sealed``, ``so_only``: what a template may not say, by the reason; ``guarded``: all of that. ``claims``: what the
    token itself finds out, and compares with what was given. ``lengths``: (attribute, what it measures, whether in
    bits)."""

    rules: Schema
    required: tuple[int, ...]
    defaults: Mapping[int, Any]
    read_only: frozenset[int]
    sealed: frozenset[int]
    so_only: frozenset[int]
    guarded: frozenset[int]
    claims: frozenset[int]
    lengths: tuple[tuple[int, Attr, bool], ...]


@cache
def _plan(cls: int, subtype: int | None, origin: Origin) -> Plan:
    rules = OBJECTS[cls, subtype]
    notes = {attr: rule.notes for attr, rule in rules.items()}
    forbidden = {attr for attr in rules if notes[attr] & origin.forbidden}
    read_only = frozenset(attr for attr in rules if Note.READ_ONLY in notes[attr])
    defaults = {attr: rule.default for attr, rule in rules.items() if rule.default is not ABSENT}
    sealed = frozenset(attr for attr in forbidden - read_only if Note.SEALED in notes[attr])
    so_only = frozenset(attr for attr in rules if Note.SO_ONLY in notes[attr])
    return Plan(
        rules=rules,
        required=tuple(attr for attr in rules if notes[attr] & origin.required and attr not in defaults),
        defaults=defaults | {attr: value for attr, value in origin.defaults.items() if attr in rules},
        read_only=read_only & forbidden,
        sealed=sealed,
        so_only=so_only,
        guarded=read_only & forbidden | sealed | so_only,
        claims=frozenset((forbidden | {Attr.VALUE_LEN}) & rules.keys()) - read_only,
        lengths=tuple((attr, *_LENGTHS[attr]) for attr in _LENGTHS if attr in rules),
    )


def plan(given: Mapping[int, Any], origin: Origin) -> Plan:
    """The plan for the class and subtype that a template names."""
    cls = given.get(Attr.CLASS)
    if cls is None:
        raise refuse(Fault.TEMPLATE_INCOMPLETE, Attr.CLASS, "is required: say what kind of object this is")
    if cls not in _STORED_CLASSES:
        raise refuse(Fault.ATTRIBUTE_VALUE_INVALID, Attr.CLASS, "names a class of objects that only the token makes")
    subtype = SUBTYPE.get(cls)
    if subtype is None:
        return _plan(int(cls), None, origin)
    if subtype not in given:
        raise refuse(Fault.TEMPLATE_INCOMPLETE, subtype, "is required: add it to the template")
    if (cls, given[subtype]) not in OBJECTS:
        elsewhere = any(SUBTYPE.get(other) == subtype and value == given[subtype] for other, value in STORED)
        fault = Fault.TEMPLATE_INCONSISTENT if elsewhere else Fault.ATTRIBUTE_VALUE_INVALID
        raise refuse(fault, subtype, "is not offered in this class of objects")
    return _plan(int(cls), int(given[subtype]), origin)
