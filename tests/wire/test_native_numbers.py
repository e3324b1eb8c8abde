"""Numbers that Python and native code both have are the same: C has them in #defines, Python by name."""

import re
from pathlib import Path
from typing import Any

import pytest

from hsmith.core import tally
from hsmith.crypto import forming, primitives
from hsmith.spec.constants import Attr
from hsmith.spec.functions import FIND
from hsmith.store import codec, directory, sealing
from hsmith.wire import connection, frames, hub, page, standing, values

ROOT = Path(__file__).parents[2]
DEFINED = {
    name: value
    for path in (*ROOT.glob("native/*.[ch]"), ROOT / "module/shared.h")
    for name, value in re.findall(r"^#define ([A-Z_]+) (\d+)\b", path.read_text(), re.MULTILINE)
}
SEARCHING = "".join(
    (ROOT / "native" / name).read_text() for name in ("search.c", "directory.c", "standing.c", "library.c")
)
FORM = (ROOT / "native" / "form.c").read_text()


def _enumerated(text: str) -> dict[str, int]:
    found = {}
    for members in re.findall(r"^enum \{ ([^}]+) \};", text, re.MULTILINE):
        number = -1
        for member in members.split(", "):
            name, _, value = member.partition(" = ")
            if value and not value.isdigit():
                break
            number = int(value, 0) if value else number + 1
            found[name] = number
    return found


ENUMERATED = _enumerated(SEARCHING)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SEATS", hub.SEATS),
        ("ALONE", hub.ALONE),
        ("SOCIABLE", connection.PATIENCE),
        ("LARGEST_SHORT", connection.LARGEST_SHORT),
        ("SHORT", round(connection.SHORT * 1e9)),
        ("SAMPLED", tally.SAMPLED),
        ("BUCKETS", tally._BUCKETS),
        ("BUCKETS", standing._BUCKETS),
        ("STANDING", standing._MOST),
        ("LONGEST_PAIR", standing._LONGEST),
        ("LARGE_ROOM", page.LARGE_ROOM),
        ("FEW_HOLDERS", directory.FEW),
        ("TAG_BYTES", sealing.TAG_SIZE),
    ],
)
def test_a_number_is_the_same_on_both_sides(name: str, value: Any) -> None:
    assert int(DEFINED[name]) == value


def test_a_mailbox_is_as_long() -> None:
    """Its head, then a request and an answer, short and long: struct mailbox."""
    assert 128 + 2 * int(DEFINED["MAIL_ROOM"]) + 2 * page.LARGE_ROOM == page.MAILBOX_SIZE


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BYTES", values.BYTES),
        ("BYTES", forming.Kind.BYTES),
        ("ULONG", values.ULONG),
        ("ULONG", forming.Kind.ULONG),
        ("BOOL", values.BOOL),
        ("STORED_SHORT", codec._SHORT),
        ("STORED_WIDE", codec._WIDE),
        ("STORED_BYTES", codec._BYTES),
        ("TOKEN", Attr.TOKEN),
        ("PRIVATE", Attr.PRIVATE),
        ("PUT", directory._PUT),
        ("DROP", directory._DROP),
        ("CLEAR", directory._CLEAR),
        ("STEP", directory._STEP.size),
    ],
)
def test_a_member_of_an_enum_is_the_same_on_both_sides(name: str, value: int) -> None:
    assert ENUMERATED[name] == value


@pytest.mark.parametrize(("name", "value"), [("BOTH", frames.BOTH), ("FIND", FIND.number)])
def test_a_function_has_the_same_number_on_both_sides(name: str, value: int) -> None:
    (found,) = set(re.findall(rf"^#define {name} (0x[0-9A-F]+)$", SEARCHING, re.MULTILINE))
    assert int(found, 16) == value


@pytest.mark.parametrize("member", [*forming.Kind, *forming.Source])
def test_forms_have_the_same_numbers_on_both_sides(member: forming.Kind | forming.Source) -> None:
    assert _enumerated(FORM)[member.name] == member


def test_forms_have_the_kinds_of_the_wire() -> None:
    kinds = forming.Kind
    assert (kinds.EMPTY, kinds.BYTES, kinds.ULONG, kinds.BOOL) == (
        values.EMPTY,
        values.BYTES,
        values.ULONG,
        values.BOOL,
    )
    assert _enumerated(FORM)["LONGEST_VALUES"] == forming.LONGEST
    assert _enumerated(FORM)["TAG"] == sealing.TAG_SIZE
    assert _enumerated(FORM)["NAME"] == len(primitives.unique_id())
