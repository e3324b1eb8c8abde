"""hsmith module: where the PKCS#11 module is."""

import argparse
from pathlib import Path

from hsmith.cli.output import say
from hsmith.cli.parser import EXIT_OK
from hsmith.home import Trouble


def build(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=run)


def path() -> Path:
    """The module's absolute path. Raises Trouble if it was not built."""
    import hsmith

    found = Path(hsmith.__file__).resolve().with_name("libhsmith.so")
    if not found.is_file():
        raise Trouble(f"The module {found} is not there. Installing hsmith builds it, with a C compiler: do so again.")
    return found


def run(options: argparse.Namespace) -> int:
    say(str(path()))
    return EXIT_OK
