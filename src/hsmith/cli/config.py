"""hsmith config: check the configuration file, and show what holds."""

import argparse
from pathlib import Path
from typing import Any

from hsmith.cli.output import emit, table
from hsmith.cli.parser import EXIT_FAILED, EXIT_OK, Parser, Usage, add_verb, suggestion
from hsmith.home import Trouble, words

COLUMNS = {"key": "KEY", "value": "VALUE", "default": "DEFAULT", "meaning": "MEANING"}


def build(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(metavar="VERB", required=True, parser_class=Parser)
    verb = add_verb(verbs, "check", check, "say all that is wrong in the configuration: file, line, key and what to do")
    verb.add_argument("file", nargs="?", metavar="FILE", help="another file (default: that of this home)")
    verb = add_verb(verbs, "show", show, "show every key with its value, its default and its meaning")
    verb.add_argument("key", nargs="?", metavar="KEY", help="this key alone, such as pin.attempts")


def _text(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise Trouble(f"The configuration {path} cannot be read: {words(error)}.") from error


def _path(name: str | None) -> Path:
    from hsmith import home

    return Path(name) if name is not None else home.find().config


def check(options: argparse.Namespace) -> int:
    from hsmith import config

    path = _path(options.file)
    text = _text(path)
    if text is None and options.file is not None:
        raise Trouble(f"The configuration {path} is not there.")
    if text is None:
        emit(options, {"file": str(path), "there": False, "problems": []}, f"There is no {path}: the defaults hold.")
        return EXIT_OK
    values, problems = config.read(text, path)
    problems += _beyond(values, path)
    found = [{"key": one.key, "line": one.line, "text": one.text} for one in problems]
    said = "\n".join(one.text for one in problems) or f"{path} is right: {_counted(len(values))}."
    emit(options, {"file": str(path), "there": True, "problems": found}, said)
    return EXIT_FAILED if problems else EXIT_OK


def _counted(number: int) -> str:
    return "it sets no key" if not number else f"it sets {number} key{'s' if number > 1 else ''}"


def _beyond(values: dict[str, Any], path: Path) -> list[Any]:
    """What is wrong though every value is one that its key may have: it does not suit this machine, or another key."""
    import grp

    from hsmith.config import Problem

    group = values.get("keeper.group")
    if not group:
        return []
    try:
        grp.getgrnam(group)
    except KeyError:
        text = f"In {path}, 'keeper.group' names no group of this system: '{group}'. Make it, or name another."
        return [Problem("keeper.group", None, text)]
    if not values.get("keeper.socket"):
        text = f"In {path}, 'keeper.group' wants a 'keeper.socket' too, in a folder that the group may enter."
        return [Problem("keeper.group", None, text)]
    return []


def show(options: argparse.Namespace) -> int:
    from hsmith import config

    if options.key is not None and options.key not in config.KEYS:
        raise Usage(f"There is no key '{options.key}'{suggestion(options.key, config.KEYS)}.")
    path = _path(None)
    text = _text(path)
    values, problems = config.read(text, path) if text is not None else ({}, [])
    if problems:
        raise Trouble(f"{problems[0].text} 'hsmith config check' says all that is wrong.")
    rows = [
        {
            "key": name, "value": values.get(name, known.default), "default": known.default, "set": name in values,
            "meaning": known.meaning,
        }
        for name, known in config.KEYS.items()
        if options.key in (None, name)
    ]  # fmt: skip
    emit(options, rows, table([_quoted(row) for row in rows], COLUMNS, empty=""))
    return EXIT_OK


def _quoted(row: dict[str, Any]) -> dict[str, Any]:
    """Values as the file has them."""
    from hsmith.config import toml

    return {**row, "value": toml(row["value"]), "default": toml(row["default"])}
