"""hsmith compat: SoftHSM's tools under their names, and what its configuration means here."""

import argparse
import os
import shlex
import sys
from pathlib import Path
from typing import Any

from hsmith.cli.output import emit, say, table
from hsmith.cli.parser import EXIT_OK, Parser
from hsmith.home import Trouble, words

TOOLS = ("softhsm2-util", "softhsm2-keyconv", "softhsm2-dump-file", "softhsm2-migrate")
MARK = "# Made by: hsmith compat install"
COLUMNS = {"name": "NAME", "value": "VALUE", "meaning": "WHAT IT MEANS HERE"}


def build(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(metavar="VERB", required=True, parser_class=Parser)
    verb = verbs.add_parser("install", help="put SoftHSM's tools into a folder", description="Put SoftHSM's tools, "
                            f"as commands of hsmith, into a folder: {', '.join(TOOLS)}.")  # fmt: skip
    verb.set_defaults(run=install)
    verb.add_argument("folder", metavar="DIR", help="a folder that comes before SoftHSM's own on PATH")
    verb.add_argument("--force", action="store_true", help="replace files of these names that are not hsmith's")
    verb.add_argument("--json", action="store_true", help="print JSON")
    verb = verbs.add_parser("run", help="run one of these tools", description="Run one of SoftHSM's tools.")
    verb.set_defaults(run=run)
    verb.add_argument("tool", choices=TOOLS, help=f"one of {', '.join(TOOLS)}")
    verb.add_argument("arguments", nargs=argparse.REMAINDER, metavar="ARGUMENT", help="its own options")
    meaning = "say what a configuration of SoftHSM means here"
    verb = verbs.add_parser("config", help=meaning, description=f"{meaning[:1].upper()}{meaning[1:]}.")
    verb.set_defaults(run=config)
    verb.add_argument("file", nargs="?", metavar="FILE", help="default: that of SOFTHSM2_CONF, or where SoftHSM looks")
    verb.add_argument("--toml", action="store_true", help="print only what belongs into hsmith's config.toml")
    verb.add_argument("--json", action="store_true", help="print JSON")


def install(options: argparse.Namespace) -> int:
    folder = Path(os.path.abspath(options.folder))
    paths = [folder / name for name in TOOLS]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path in paths:
            if os.path.lexists(path) and not options.force and MARK not in path.read_text(errors="replace"):
                raise Trouble(f"{path} is there already, and not of hsmith. Give --force to replace it.")
        for path in paths:
            _write(path)
    except OSError as error:
        raise Trouble(f"{error.filename or folder} cannot be written: {words(error)}.") from error
    emit(options, {"installed": [str(path) for path in paths]}, "\n".join(map(str, paths)))
    return EXIT_OK


def _write(path: Path) -> None:
    """At once: a script that runs meanwhile finds the old one or the new one."""
    command = shlex.join([sys.executable, "-P", "-m", "hsmith.cli.compat_tools", path.name])
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.write_text(f'#!/bin/sh\n{MARK}\nexec {command} "$@"\n')
    partial.chmod(0o755)
    partial.replace(path)


def run(options: argparse.Namespace) -> int:
    from hsmith.cli.compat_tools import main

    return main([options.tool, *options.arguments])


def config(options: argparse.Namespace) -> int:
    from hsmith.softhsm import configuration
    from hsmith.softhsm.stored import Unreadable

    path = configuration.locate() if options.file is None else Path(options.file)
    if path is None:
        raise Trouble("There is no configuration of SoftHSM: name one.")
    try:
        found = configuration.meanings(configuration.read(path))
    except Unreadable as error:
        raise Trouble(f"{error}.") from None
    rows: list[dict[str, Any]] = [
        {"name": one.name, "value": one.value, "meaning": one.text, "hsmith": one.key or None, "known": one.known}
        for one in found
    ]
    lines = "\n".join(one.key for one in found if one.key)
    if options.toml:
        say(lines)
        return EXIT_OK
    text = table(rows, COLUMNS, empty="It says nothing: SoftHSM's defaults hold.")
    emit(options, rows, text + (f"\n\nFor hsmith's config.toml:\n{lines}" if lines else ""))
    return EXIT_OK
