"""Where PINs come from: options, files, variables, standard input, or a prompt. A PIN is bytes, as it was written."""

import argparse
import os
import sys

from hsmith.cli.parser import Usage

#: The longest that is read from a file or standard input: a PIN has at most 255 bytes.
MOST = 4096
NAMES = {"pin": "user PIN", "so_pin": "SO PIN", "new_pin": "new PIN"}
VARIABLES = {"pin": "HSMITH_PIN", "so_pin": "HSMITH_SO_PIN", "new_pin": "HSMITH_NEW_PIN"}


def add_options(parser: argparse.ArgumentParser, *which: str) -> None:
    """Add the options for the PINs ``which`` ("pin", "so_pin", in the order in which --pin-stdin gives them)."""
    group = parser.add_argument_group("PINs (default: the environment, else a prompt)")
    for name in which:
        option, words = f"--{name.replace('_', '-')}", NAMES[name]
        one = group.add_mutually_exclusive_group()
        one.add_argument(option, metavar="PIN", help=f"the {words}; others can see it in the list of processes")
        one.add_argument(f"{option}-file", metavar="FILE", help=f"file with the {words}; a last line end is dropped")
        one.add_argument(f"{option}-env", metavar="NAME", help=f"environment variable with the {words}")
    lines = f"read lines from standard input, one for each PIN that is needed: {_in_words(which)}"
    group.add_argument("--pin-stdin", action="store_true", help=lines)
    group.add_argument("--pin-prompt", action="store_true", help="ask at the terminal, whatever the environment says")
    parser.set_defaults(pin_order=which)


def _in_words(which: tuple[str, ...]) -> str:
    return ", then ".join(f"the {NAMES[name]}" for name in which)


def take(options: argparse.Namespace, which: str, *, new: bool = False) -> bytes:
    """The PIN ``which``; a ``new`` one is asked for twice. To be called in the order of add_options. Raises Usage."""
    pin = _take(options, which, new=new)
    options.__dict__.setdefault("pins_taken", {})[which] = pin
    return pin


def again(options: argparse.Namespace, which: str) -> bytes:
    """The PIN that take() has taken, for what wants it once more."""
    pin: bytes = options.pins_taken[which]
    return pin


def _take(options: argparse.Namespace, which: str, *, new: bool) -> bytes:
    named = _from_options(options, which)
    if named is None and which == "pin":
        named = _from_uris(options)
    if named is not None:
        return named
    if options.pin_stdin:
        return _line(which)
    if not options.pin_prompt and VARIABLES[which] in os.environ:
        return os.environb[os.fsencode(VARIABLES[which])]
    if not (options.pin_prompt or sys.stdin.isatty()):
        option = which.replace("_", "-")
        raise Usage(f"The {NAMES[which]} is needed: use --{option}-file, --{option}-env, --pin-stdin or a terminal.")
    return _prompt(which, new=new)


def _from_uris(options: argparse.Namespace) -> bytes | None:
    """The PIN that a PKCS#11 URI among the arguments gives: whoever writes it there asks for it."""
    from hsmith.cli.target import uris

    found = (uri.pin() for uri in uris(options))
    return next((pin for pin in found if pin is not None), None)


def _from_options(options: argparse.Namespace, which: str) -> bytes | None:
    given = vars(options)
    if given[which] is not None:
        return os.fsencode(given[which])
    if given[f"{which}_file"] is not None:
        return _file(given[f"{which}_file"])
    variable = given[f"{which}_env"]
    if variable is None:
        return None
    if variable not in os.environ:
        raise Usage(f"The environment has no variable {variable} for the {NAMES[which]}.")
    return os.environb[os.fsencode(variable)]


def _file(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return _stripped(file.read(MOST))
    except OSError as error:
        raise Usage(f"The PIN file {path} cannot be read: {(error.strerror or str(error)).lower()}.") from error


def _line(which: str) -> bytes:
    # Standard input without a buffer of ours that would keep the PIN, or swallow what follows it.
    line = sys.stdin.buffer.readline(MOST)
    if not line:
        raise Usage(f"Standard input ended before the {NAMES[which]}.")
    return _stripped(line)


def _stripped(line: bytes) -> bytes:
    return line.removesuffix(b"\n").removesuffix(b"\r")


def _prompt(which: str, *, new: bool) -> bytes:
    from getpass import getpass

    try:
        words = f"New {NAMES[which].removeprefix('new ')}" if new else NAMES[which]
        pin = getpass(f"{words}: ")
        if new and getpass(f"{words} again: ") != pin:
            raise Usage("The two PINs differ.")
    except EOFError:
        raise Usage(f"The {NAMES[which]} was not given.") from None
    return os.fsencode(pin)
