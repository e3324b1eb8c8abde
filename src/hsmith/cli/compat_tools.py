"""SoftHSM's tools: ``python -m hsmith.cli.compat_tools NAME ARGUMENT...``; `hsmith compat install` puts them there.

Options, messages and exit codes are those of SoftHSM 2.7, as far as scripts look at them.
"""

import getopt
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from hsmith.cli.output import complain, say

#: The version whose options these are.
VERSION = "2.7.0"
MODULES = {
    "softhsm2-util": "compat_util",
    "softhsm2-keyconv": "compat_keyconv",
    "softhsm2-dump-file": "compat_dump",
    "softhsm2-migrate": "compat_migrate",
}


class Failed(Exception):
    """str() is what standard error gets; the exit code is 1."""


def main(arguments: Sequence[str] | None = None) -> int:
    words = list(sys.argv[1:] if arguments is None else arguments)
    name = words.pop(0) if words else ""
    if name not in MODULES:
        complain(f"There is no tool '{name}'; there is: {', '.join(MODULES)}.")
        return 2
    run: Callable[[list[str]], int] = import_module(f"hsmith.cli.{MODULES[name]}").run
    try:
        code = run(words)
        sys.stdout.flush()
        return code
    except Failed as failed:
        sys.stdout.flush()
        complain(str(failed))
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        if os.environ.get("HSMITH_DEBUG") == "1":
            raise
        sys.stdout.flush()
        complain(f"ERROR: {_explained(error)}")
        return 1


def _explained(error: Exception) -> str:
    from hsmith.cli.refusals import in_words
    from hsmith.home import Trouble
    from hsmith.spec.faults import Refused

    if isinstance(error, Trouble):
        return str(error)
    if isinstance(error, Refused):
        return in_words(error)
    if isinstance(error, OSError):
        return f"{error.filename or 'the system'}: {(error.strerror or str(error)).lower()}."
    return f"failed unexpectedly ({type(error).__name__}). HSMITH_DEBUG=1 shows where."


def parsed(tool: str, words: list[str], *, takes: str, flags: str, usage: str) -> dict[str, Any] | None:
    """The long options by name, as getopt_long of C reads them: ``takes`` have a value, ``flags`` are True.

    None: help, the version or a complaint was printed, and the exit code is 0, as it is there.
    """
    names = [f"{name}=" for name in takes.split()] + flags.split() + ["help", "version"]
    try:
        pairs, _ = getopt.gnu_getopt(words, "hv", names)
    except getopt.GetoptError as error:
        wrong = f"unrecognized option '--{error.opt}'" if "not recognized" in error.msg else error.msg
        complain(f"{tool}: {wrong}")
        say(usage)
        return None
    found: dict[str, Any] = dict.fromkeys([*takes.split(), *flags.split()])
    for option, value in pairs:
        if option in ("-v", "--version", "-h", "--help"):
            say(VERSION if option in ("-v", "--version") else usage)
            return None
        name = option[2:]
        found[name] = value if name in takes.split() else True
    return found


def check_module(given: str | None) -> None:
    """--module: hsmith's own, or another PKCS#11 library, which these tools do not drive."""
    from hsmith.cli.module import path

    if given is None or os.path.realpath(given) == str(path()):
        return
    raise Failed(
        f"ERROR: Could not load the PKCS#11 library/module: {given}: this tool is hsmith's and serves {path()} alone"
    )


def user_pin(given: str | None, *, so: bool = False) -> bytes:
    """A PIN of 4 to 255 bytes: the one given, that of the environment, or from the terminal."""
    from getpass import getpass

    variable = "HSMITH_SO_PIN" if so else "HSMITH_PIN"
    pin = os.fsencode(given) if given is not None else os.environb.get(os.fsencode(variable), b"")
    name = "SO" if so else "User"
    while not 4 <= len(pin) <= 255:
        say(f"=== {name} PIN (4-255 characters) ===")
        if not sys.stdin.isatty():
            raise Failed(f"ERROR: Could not get {'SO' if so else 'user'} PIN")
        word = name if so else name.lower()
        pin = os.fsencode(getpass(f"Please enter {word} PIN: "))
        if not 4 <= len(pin) <= 255:
            complain("ERROR: The length of the PIN is out of range.")
        elif os.fsencode(getpass(f"Please reenter {word} PIN: ")) != pin:
            complain("ERROR: The entered PINs are not equal.")
            pin = b""
    return pin


if __name__ == "__main__":
    # By its name, so that there is one class Failed.
    sys.exit(import_module("hsmith.cli.compat_tools").main())
