"""hsmith p11-kit: the command of p11-kit's ``remote:`` option, and the files that tell p11-kit of this module."""

import argparse
import contextlib
import os
import shlex
import sys
from pathlib import Path

from hsmith.cli.output import complain, emit
from hsmith.cli.parser import EXIT_FAILED, EXIT_OK, Usage, add_verb
from hsmith.home import Trouble, words

SYSTEM = Path("/etc/pkcs11/modules")
FILE_MODE = 0o644  # p11-kit reads it as any user; there is no secret in it


def build(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=serve)
    verbs = parser.add_subparsers(metavar="VERB")
    here = verbs.add_parser("serve", help="speak p11-kit's protocol on standard input and output (what no verb means)")
    here.set_defaults(run=serve)
    make = add_verb(verbs, "install", install, "write a module file, so that programs with p11-kit find hsmith")
    make.add_argument("--print", action="store_true", dest="show", help="print it instead")
    make.add_argument("--ssh", metavar="HOST", help="reach the keeper of HOST, by: ssh HOST hsmith p11-kit")
    gone = add_verb(verbs, "uninstall", uninstall, "remove the module file")
    for verb in (make, gone):
        verb.add_argument("--system", action="store_true", help=f"for all users, in {SYSTEM} (default: for you)")
        verb.add_argument("--name", default="hsmith", help="the name of the module, where there are several")


def serve(options: argparse.Namespace) -> int:
    """Speak the protocol on standard input and output, until the client leaves."""
    from hsmith.gateway.p11kit.backends import Remote
    from hsmith.gateway.p11kit.dialogue import Conversation
    from hsmith.wire.values import Undecodable

    if sys.stdin.isatty():
        raise Usage("hsmith p11-kit speaks p11-kit's protocol on standard input: it is for its option 'remote:'.")
    backend = Remote()
    try:
        Conversation(_Standard(), backend).run()
    except Undecodable as error:
        complain(f"hsmith p11-kit: {error}.")
        return EXIT_FAILED
    finally:
        if backend.problem:
            complain(f"hsmith p11-kit: {backend.problem}")
    return EXIT_OK


class _Standard:
    """Standard input and output as a stream."""

    def receive(self, length: int, *, idle: bool = False) -> bytearray:
        """The buffer grows with what arrives, not with what was announced."""
        data = bytearray()
        while len(data) < length:
            got = os.read(0, min(length - len(data), 1 << 20))
            if not got:
                break
            data += got
        return data

    def send(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(1, view) :]


def install(options: argparse.Namespace) -> int:
    text = _module_file(options)
    path = _path(options)
    if options.show:
        emit(options, {"path": str(path), "text": text}, text.rstrip("\n"))
        return EXIT_OK
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(FILE_MODE)
    except OSError as error:
        raise Trouble(f"{path} cannot be written: {words(error)}.") from error
    emit(options, {"path": str(path), "text": text}, f"p11-kit finds the module by {path}.")
    return EXIT_OK


def uninstall(options: argparse.Namespace) -> int:
    path = _path(options)
    removed = True
    try:
        path.unlink()
    except FileNotFoundError:
        removed = False
    except OSError as error:
        raise Trouble(f"{path} cannot be removed: {words(error)}.") from error
    said = f"{path} is removed." if removed else f"There is no {path}."
    emit(options, {"path": str(path), "removed": removed}, said)
    return EXIT_OK


def _module_file(options: argparse.Namespace) -> str:
    from hsmith.cli.module import path

    if options.ssh is None:
        return f"# hsmith: the tokens of the keeper of whoever runs the program\nmodule: {path()}\n"
    if options.ssh.startswith("-") or not options.ssh.strip():
        raise Usage(f"hsmith p11-kit install: '{options.ssh}' is no host.")
    # p11-kit runs no shell: it splits the command at blanks, and understands quotes.
    return (
        f"# hsmith: the tokens of the keeper at {options.ssh}\nremote: |ssh {shlex.quote(options.ssh)} hsmith p11-kit\n"
    )


def _path(options: argparse.Namespace) -> Path:
    if not options.name or "/" in options.name or options.name.startswith("."):
        raise Usage(f"hsmith p11-kit: '{options.name}' is no name of a file.")
    folder = SYSTEM if options.system else Path(os.environ.get("XDG_CONFIG_HOME") or "~/.config", "pkcs11", "modules")
    with contextlib.suppress(RuntimeError):
        folder = folder.expanduser()
    return folder / f"{options.name}.module"
