"""Rows that are inserted together: each statement costs more than a row, and lets other threads in between."""

from collections.abc import Sequence
from functools import cache
from typing import Any, Final

import apsw

#: Rows of one statement: any number that is usual for one call, and a larger one; so few statements serve all.
_USUAL: Final = 16
_MANY: Final = 64


def insert(connection: apsw.Connection, sql: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """``sql`` ends with VALUES."""
    at, left = 0, len(rows)
    while left:
        count = _MANY if left >= _MANY else min(left, _USUAL)
        values = [value for row in rows[at : at + count] for value in row]
        connection.execute(_several(sql, count, len(rows[0])), values)
        at, left = at + count, left - count


@cache
def _several(sql: str, rows: int, columns: int) -> str:
    return sql + ", ".join([f"({', '.join('?' * columns)})"] * rows)
