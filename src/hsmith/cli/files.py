"""Bytes that commands read and write: from a file or standard input, to a file or standard output."""

import argparse
import contextlib
import os
import secrets
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from hsmith.cli.output import say
from hsmith.cli.parser import Usage
from hsmith.home import Trouble, words

STANDARD = "-"
#: Bytes that are read at once, and up to which a message is not taken in parts.
CHUNK = 1 << 20


def add_input(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument("--in", dest="input", metavar="FILE", help=f"file with {what} (default: standard input)")


def add_output(parser: argparse.ArgumentParser, what: str, *, hexadecimal: bool = True) -> None:
    parser.add_argument("--out", metavar="FILE", help=f"file for {what} (default: standard output)")
    if hexadecimal:
        parser.add_argument("--hex", action="store_true", help=f"write {what} in hexadecimal, as on a terminal")


@contextlib.contextmanager
def reading(name: str | None) -> Iterator[tuple[BinaryIO, int | None]]:
    """A file, or standard input, and its length where that is known. Raises Trouble."""
    if name in (None, STANDARD):
        yield sys.stdin.buffer, None
        return
    assert name is not None
    try:
        file = open(name, "rb")  # noqa: SIM115 closed below: only its opening is to be explained
        found = os.fstat(file.fileno())
    except OSError as error:
        raise Trouble(f"{name} cannot be read: {words(error)}.") from error
    with file:
        yield file, found.st_size if stat.S_ISREG(found.st_mode) else None


def read(name: str | None, *, most: int = 1 << 26) -> bytes:
    """All of a file. Raises Trouble."""
    with reading(name) as (file, _):
        try:
            data = file.read(most + 1)
        except OSError as error:
            raise Trouble(f"{name} cannot be read: {words(error)}.") from error
    if len(data) > most:
        raise Trouble(f"{name or 'Standard input'} is too long: at most {most >> 20} MiB are taken.")
    return data


@contextlib.contextmanager
def writing(name: str, *, private: bool = True) -> Iterator[BinaryIO]:
    """A file that takes its name, and the place of one that has it, when all is written: there is no half of it."""
    path = Path(name)
    if path.exists() and not path.is_file():  # a device or a pipe is written as it is
        with _explained(name), open(path, "wb") as device:
            yield device
        return
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with _explained(name):
        file = os.fdopen(
            os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600 if private else 0o666), "wb"
        )
    try:
        with file:
            yield file
            with _explained(name):
                file.flush()
                os.fsync(file.fileno())
        with _explained(name):
            partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


@contextlib.contextmanager
def _explained(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Trouble(f"{name} cannot be written: {words(error)}.") from error


def write(options: argparse.Namespace, data: bytes, *, private: bool = True) -> None:
    """``data`` to --out, else to standard output, where a terminal gets hexadecimal."""
    if options.out not in (None, STANDARD):
        with writing(options.out, private=private) as file:
            file.write(data.hex().encode() + b"\n" if vars(options).get("hex") else data)
    elif vars(options).get("hex") or sys.stdout.isatty():
        say(data.hex())
    else:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()


def write_text(options: argparse.Namespace, text: str) -> None:
    """Text, such as PEM, to --out, else to standard output."""
    if options.out not in (None, STANDARD):
        with writing(options.out, private=False) as file:
            file.write(text.encode())
    else:
        sys.stdout.write(text)
        sys.stdout.flush()


def check_json(options: argparse.Namespace) -> None:
    """JSON and raw bytes cannot share standard output, nor can a message and a PIN share standard input."""
    if vars(options).get("pin_stdin") and vars(options).get("input", "") in (None, STANDARD):
        raise Usage("Standard input gives the PIN already: name the file with --in.")
