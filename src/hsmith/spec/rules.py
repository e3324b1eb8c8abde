"""What a table of attributes in the standard says of each row: footnotes and a default."""

from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import Any, Final, TypeAlias

from hsmith.spec.constants import Attr


class Note(IntFlag):
    """The numbered footnotes of "Common footnotes for object attribute tables" (section 4.2); bit n is footnote n."""

    AT_CREATE = 1 << 1
    NOT_AT_CREATE = 1 << 2
    AT_GENERATE = 1 << 3
    NOT_AT_GENERATE = 1 << 4
    AT_UNWRAP = 1 << 5
    NOT_AT_UNWRAP = 1 << 6
    SEALED = 1 << 7
    MODIFIABLE = 1 << 8
    TOKEN_DEFAULT = 1 << 9
    SO_ONLY = 1 << 10
    ONE_WAY_TRUE = 1 << 11
    ONE_WAY_FALSE = 1 << 12
    BY_PAIR = 1 << 13
    #: Not a footnote but a sentence of section 4.1.3: may be changed while it is copied, and not afterwards.
    COPYING = 1 << 14

    #: The token's own word; nobody may give it (footnotes 2, 4 and 6 together).
    READ_ONLY = NOT_AT_CREATE | NOT_AT_GENERATE | NOT_AT_UNWRAP


class Absent:
    """The default of an attribute that an object need not have."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = Absent()


@dataclass(frozen=True, slots=True)
class Rule:
    """An attribute in one object class: its footnotes there, and its value when nobody gives one (ABSENT: none)."""

    attr: Attr
    notes: Note
    default: Any = ABSENT


Schema: TypeAlias = dict[int, Rule]


def rule(name: str, *notes: int, default: Any = ABSENT) -> Rule:
    """A row by the attribute's name and the numbers of its footnotes; 14 is COPYING."""
    bits = Note(0)
    for note in notes:
        bits |= Note(1 << note)
    return Rule(Attr[name], bits, int(default) if isinstance(default, IntEnum) else default)


def compose(*parts: Rule | Schema) -> Schema:
    """Later parts come over earlier ones, as a key type's table comes over that of its class."""
    schema: Schema = {}
    for part in parts:
        schema.update({part.attr: part} if isinstance(part, Rule) else part)
    return schema
