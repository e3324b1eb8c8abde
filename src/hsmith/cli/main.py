"""The command hsmith. Each noun is a module of this package, imported only when it is used, so that it starts fast."""

import os
import sys
from collections.abc import Sequence
from importlib import import_module

from hsmith import __version__
from hsmith.cli.output import complain
from hsmith.cli.parser import EXIT_CODES, EXIT_FAILED, EXIT_NOT_RUNNING, EXIT_PIN, EXIT_USAGE, Parser, Usage

NOUNS = {
    "module": "print the path of the PKCS#11 module",
    "token": "make, list, show, rename, unlock and delete tokens, and change their PINs",
    "key": "make, list, show, change, use, wrap and delete keys",
    "cert": "make requests and self-signed certificates; import, list, show and delete certificates",
    "object": "list, show, change and delete objects of every class; store and read data",
    "user": "add, list and remove the named users of a token, and change their PINs",
    "mechanism": "list and show the mechanisms that a token offers",
    "random": "write random bytes",
    "import": "take keys and certificates from files, and whole tokens from SoftHSM",
    "export": "write public keys, certificates, DNS records and wrapped keys",
    "compat": "SoftHSM's tools under their names, and what its configuration means here",
    "backup": "create, verify and restore backups",
    "keeper": "run, start, stop and ask the process that holds the keys",
    "top": "show what the keeper does, as it does it",
    "config": "check and show the configuration",
    "audit": "read, verify and export the record of what was done",
    "p11-kit": "serve p11-kit's remote modules, and tell p11-kit of this module",
    "doctor": "say what is wrong with this installation, and how to mend it",
    "completion": "print the completion of this command for a shell",
}
#: Nouns whose module has another name, as theirs can be none.
MODULES = {"import": "importing", "export": "exporting", "p11-kit": "p11kit"}
EPILOG = f"""{EXIT_CODES}
environment:
  HSMITH_HOME        folder of everything (default: the XDG folders)
  HSMITH_SOCKET      the keeper's socket, if it is not the default one
  HSMITH_AUTOSTART   0: never start a keeper
  HSMITH_PIN         the user PIN, HSMITH_SO_PIN the SO PIN, HSMITH_NEW_PIN a new one
  HSMITH_DEBUG       1: show the traceback of a failure
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command. Returns the exit code; no exception leaves but SystemExit of --help and --version."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        options = _parser(words).parse(words)
        code: int = options.run(options)
        sys.stdout.flush()
        return code
    except Usage as usage:
        complain(f"{usage}\nSee: hsmith --help")
        return EXIT_USAGE
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read our output has enough of it. Nothing more may be written, not even at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_FAILED
    except Exception as error:
        if os.environ.get("HSMITH_DEBUG") == "1":
            raise
        return _explain(error)


def whole_parser() -> Parser:
    """The parser with every noun filled: for completion and for the manual."""
    return _parser([], whole=True)


def _parser(words: list[str], *, whole: bool = False) -> Parser:
    """The parser, of which only the noun that is used is filled."""
    parser = Parser(prog="hsmith", description="A software HSM.", epilog=EPILOG)
    parser.add_argument("--version", action="version", version=f"hsmith {__version__}")
    nouns = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=Parser)
    used = next((word for word in words if not word.startswith("-")), "")
    for noun, meaning in NOUNS.items():
        sub = nouns.add_parser(noun, help=meaning, description=meaning[:1].upper() + meaning[1:] + ".")
        if whole or noun == used:
            import_module(f"hsmith.cli.{MODULES.get(noun, noun)}").build(sub)
    return parser


def _explain(error: Exception) -> int:
    """Say in words what went wrong. Returns the exit code."""
    from hsmith.home import Trouble
    from hsmith.spec.faults import Refused
    from hsmith.wire.client import NotRunning

    if isinstance(error, Trouble):
        complain(f"hsmith: {error}")
        return EXIT_NOT_RUNNING if isinstance(error, NotRunning) else EXIT_FAILED
    if isinstance(error, Refused):
        from hsmith.cli.refusals import in_words, is_about_pin

        complain(f"hsmith: {in_words(error)}")
        return EXIT_PIN if is_about_pin(error) else EXIT_FAILED
    if isinstance(error, OSError):
        complain(f"hsmith: {error.filename or 'the system'}: {(error.strerror or str(error)).lower()}.")
        return EXIT_FAILED
    complain(f"hsmith: failed unexpectedly ({type(error).__name__}). HSMITH_DEBUG=1 shows where.")
    return EXIT_FAILED
