"""What commands print: a table or words for people, JSON for programs."""

import argparse
import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

#: No column is cut to fewer characters, however narrow the terminal is.
LEAST_WIDTH = 12


def say(text: str) -> None:
    _print(sys.stdout, text)


def complain(text: str) -> None:
    _print(sys.stderr, text)


def _print(stream: TextIO, text: str) -> None:
    """All at once: whoever has read enough and ends (grep -q) is not written to once more for the end of the line, as
    print() does where nothing is buffered (PYTHONUNBUFFERED, as in many containers)."""
    stream.write(f"{text}\n")
    stream.flush()


def emit(options: argparse.Namespace, data: Any, text: str) -> None:
    """Print ``data`` as JSON if --json is given, else ``text``."""
    say(json.dumps(data, indent=2) if options.json else text)


def table(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str], *, empty: str) -> str:
    """Rows in columns: ``columns`` maps keys of a row to their heading. ``empty`` is said without rows."""
    if not rows:
        return empty
    lines = [list(columns.values()), *([_cell(row.get(key)) for key in columns] for row in rows)]
    widths = _fitted([max(map(_width, column)) for column in zip(*lines, strict=True)])
    return "\n".join(
        "  ".join(_padded(cell, width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def _fitted(widths: list[int]) -> list[int]:
    """The widths, the widest made less until a line fits the terminal; what is no terminal gets all of every cell."""
    if not sys.stdout.isatty():
        return widths
    room = shutil.get_terminal_size().columns - 2 * (len(widths) - 1)
    widths = list(widths)
    while sum(widths) > room and max(widths) > LEAST_WIDTH:
        widths[widths.index(max(widths))] -= 1
    return widths


def _width(text: str) -> int:
    """The columns that a text takes on a terminal: two for each wide character, none for a combining one."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in text)


def _padded(cell: str, width: int) -> str:
    while _width(cell) > width:
        cell = cell[: -2 if cell.endswith("\N{HORIZONTAL ELLIPSIS}") else -1] + "\N{HORIZONTAL ELLIPSIS}"
    return cell + " " * (width - _width(cell))


def facts(data: Mapping[str, Any]) -> str:
    """One fact to a line, aligned."""
    width = max(map(len, data), default=0)
    return "\n".join(f"{key.ljust(width)}  {_cell(value)}" for key, value in data.items())


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(_cell, value)) or "-"
    # A label is anybody's bytes: none of them may drive the terminal.
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in str(value))


def confirm(question: str, *, yes: bool) -> bool:
    """Ask, unless --yes was given. Without a terminal the answer is no."""
    if yes:
        return True
    if not sys.stdin.isatty():
        complain("Not confirmed: there is no terminal to ask at; give --yes.")
        return False
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")
