"""What commands print: a table or words for people, JSON for programs."""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any


def say(text: str) -> None:
    print(text, flush=True)


def complain(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def emit(options: argparse.Namespace, data: Any, text: str) -> None:
    """Print ``data`` as JSON if --json is given, else ``text``."""
    say(json.dumps(data, indent=2) if options.json else text)


def table(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str], *, empty: str) -> str:
    """Rows in columns: ``columns`` maps keys of a row to their heading. ``empty`` is said without rows."""
    if not rows:
        return empty
    lines = [list(columns.values()), *([_cell(row.get(key)) for key in columns] for row in rows)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(columns))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


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
