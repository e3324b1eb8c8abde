"""hsmith top: what the keeper does, as it does it."""

import argparse
import shutil
import sys
import time
from collections.abc import Mapping
from typing import Any, Final

from hsmith.cli.figures import screen
from hsmith.cli.output import emit, say
from hsmith.cli.parser import EXIT_OK, Usage

#: Seconds between two looks: the least would load the keeper with nothing but looks.
USUAL, LEAST, MOST = 2.0, 0.2, 3600.0
#: To the first place; then the end of each line, and what is below, is erased.
_HOME: Final = "\x1b[H"
_REST_OF_LINE: Final = "\x1b[K"
_REST: Final = "\x1b[J"
#: Lines where there is no terminal.
LINES: Final = 40


def build(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=run)
    parser.add_argument("--once", action="store_true", help="print the figures since the keeper started, and end")
    parser.add_argument("--json", action="store_true", help="print JSON: one look, as 'hsmith keeper stats --json'")
    parser.add_argument("--every", metavar="SECONDS", default=str(USUAL), help="seconds between two looks (default 2)")
    parser.epilog = "Ctrl-C ends it. 'hsmith keeper stats --json' has the same for programs."


def run(options: argparse.Namespace) -> int:
    from hsmith.wire.client import Client

    seconds = _seconds(options.every)
    before: dict[str, Any] | None = None
    with Client(autostart=False) as client:
        while True:
            now = client.admin("keeper.stats")
            if options.once or options.json:
                emit(options, now, screen(now, None, most=LINES))
                return EXIT_OK
            _show(now, before, live=sys.stdout.isatty())
            before = now
            try:
                time.sleep(seconds)
            except KeyboardInterrupt:
                return EXIT_OK


def _show(now: Mapping[str, Any], before: Mapping[str, Any] | None, *, live: bool) -> None:
    """On a terminal one screen in the place of the other, elsewhere one after the other."""
    if not live:
        say(screen(now, before, most=LINES) + ("\n" if before else ""))
        return
    text = screen(now, before, most=shutil.get_terminal_size().lines - 1)
    say(_HOME + "".join(f"{line}{_REST_OF_LINE}\n" for line in text.splitlines()) + _REST)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not LEAST <= seconds <= MOST:
        raise Usage(f"--every takes {LEAST} to {MOST:.0f} seconds, not '{text}'.")
    return seconds
