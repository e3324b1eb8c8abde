"""Numbers that Python and native code both have are the same: C has them in #defines, Python by name."""

import re
from pathlib import Path
from typing import Any

import pytest

from hsmith.core import tally
from hsmith.wire import connection, hub, page, standing

ROOT = Path(__file__).parents[2]
DEFINED = {
    name: value
    for path in (*ROOT.glob("native/*.[ch]"), ROOT / "module/shared.h")
    for name, value in re.findall(r"^#define ([A-Z_]+) (\d+)\b", path.read_text(), re.MULTILINE)
}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SEATS", hub.SEATS),
        ("ALONE", hub.ALONE),
        ("SOCIABLE", connection.PATIENCE),
        ("SHORT", round(connection.SHORT * 1e9)),
        ("SAMPLED", tally.SAMPLED),
        ("BUCKETS", tally._BUCKETS),
        ("BUCKETS", standing._BUCKETS),
        ("STANDING", standing._MOST),
        ("LONGEST_PAIR", standing._LONGEST),
        ("LARGE_ROOM", page.LARGE_ROOM),
    ],
)
def test_a_number_is_the_same_on_both_sides(name: str, value: Any) -> None:
    assert int(DEFINED[name]) == value


def test_a_mailbox_is_as_long() -> None:
    """Its head, then a request and an answer, short and long: struct mailbox."""
    assert 128 + 2 * int(DEFINED["MAIL_ROOM"]) + 2 * page.LARGE_ROOM == page.MAILBOX_SIZE
