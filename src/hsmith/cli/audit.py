"""hsmith audit: read, verify and export the audit log."""

import argparse
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hsmith.cli import pins, target
from hsmith.cli.output import emit, say, table
from hsmith.cli.parser import EXIT_FAILED, EXIT_OK, Usage
from hsmith.home import Trouble, words

COLUMNS = {"number": "NUMBER", "time": "TIME", "user": "USER", "program": "PROGRAM", "event": "EVENT"}
COLUMNS |= {"result": "RESULT", "mechanism": "MECHANISM", "keys": "KEYS", "what": "WHAT"}


def build(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    verb = _verb(verbs, "list", list_all, "show the records")
    verb.add_argument("--after", type=int, default=0, metavar="N", help="only those with a number greater than N")
    verb.add_argument("--last", type=int, metavar="N", help="only the last N")
    verb = _verb(verbs, "verify", verify, "find the first record that is missing or was altered")
    verb.add_argument("file", nargs="?", metavar="FILE", help="an export (default: the log of the store)")
    verb.add_argument("--key", metavar="HEX", help="the store's public key, for an export: 'audit export' prints it")
    verb = _verb(verbs, "export", export, "write all records to a file, signed")
    verb.add_argument("file", metavar="FILE", help="the new file: a record to a line, in JSON")
    verb = _verb(verbs, "level", level, "say whether uses of keys are recorded, and not only what changes something")
    verb.add_argument("level", choices=("admin", "use"), help="admin: changes and logins; use: also each use of a key")
    target.add_options(verb)
    pins.add_options(verb, "so_pin")


def _verb(verbs: Any, name: str, run: Any, meaning: str) -> argparse.ArgumentParser:
    verb: argparse.ArgumentParser = verbs.add_parser(
        name, help=meaning, description=meaning[:1].upper() + meaning[1:] + "."
    )
    verb.set_defaults(run=run)
    verb.add_argument("--json", action="store_true", help="print JSON")
    return verb


def _records(client: Any, after: int = 0) -> Iterator[dict[str, Any]]:
    while True:
        page: list[dict[str, Any]] = client.admin("audit.list", after=after)["records"]
        if not page:
            return
        yield from page
        after = page[-1]["number"]


def _readable(record: dict[str, Any]) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads(record["text"])
    what = [*fields.pop("changes", []), *([fields.pop("about")] if "about" in fields else [])]
    return {"number": record["number"], **fields, "what": what}


def list_all(options: argparse.Namespace) -> int:
    from hsmith.wire.client import Client

    with Client() as client:
        after = options.after
        if options.last is not None:
            after = max(after, client.admin("audit.verify")["last"] - options.last)
        rows = [_readable(record) for record in _records(client, after)]
    emit(options, rows, table(rows, COLUMNS, empty="There are no records."))
    return EXIT_OK


def verify(options: argparse.Namespace) -> int:
    from hsmith.wire.client import Client

    if options.file is not None:
        return _verify_export(options)
    with Client() as client:
        found = client.admin("audit.verify")
    wrong = found["wrong"]
    emit(options, found, f"The log is whole: {found['last']} records." if wrong is None else f"{wrong}.".capitalize())
    return EXIT_OK if wrong is None else EXIT_FAILED


def _verify_export(options: argparse.Namespace) -> int:
    from hsmith.store.audit import verify_export

    try:
        public = bytes.fromhex(options.key or "")
    except ValueError:
        public = b""
    if len(public) != 32:
        raise Usage("An export is verified with the store's public key: give it by --key, 64 hexadecimal digits.")
    try:
        with open(options.file, encoding="utf-8") as file:
            vouched, wrong = verify_export(file, public)
    except (OSError, UnicodeDecodeError) as error:
        reason = words(error) if isinstance(error, OSError) else "it is no text"
        raise Trouble(f"{options.file} cannot be read: {reason}.") from error
    text = f"Records up to {vouched} are whole, as signed." + (f" But {wrong}." if wrong else "")
    emit(options, {"wrong": wrong, "signed": vouched}, text)
    return EXIT_OK if wrong is None and vouched else EXIT_FAILED


def export(options: argparse.Namespace) -> int:
    from hsmith.wire.client import Client

    path = Path(options.file)
    with Client() as client:
        client.admin("audit.sign")
        public, count = client.admin("audit.list", after=0)["public"], 0
        try:
            with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "w") as file:
                for record in _records(client):
                    file.write(json.dumps(record) + "\n")
                    count += 1
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise Trouble(f"{path} cannot be written: {words(error)}.") from error
    text = f"{count} records are in {path}. Verify it with: hsmith audit verify {path} --key {public}"
    emit(options, {"file": str(path), "records": count, "public": public}, text)
    return EXIT_OK


def level(options: argparse.Namespace) -> int:
    from hsmith.wire.client import Client

    with Client() as client:
        token = target.choose(client, options)
        so_pin = pins.take(options, "so_pin").decode("utf-8", "surrogateescape")
        client.admin("token.audit", slot=token["slot"], so_pin=so_pin, level=options.level)
    recorded = "Each use of a key is recorded" if options.level == "use" else "Changes and logins are recorded"
    if not options.json:
        say(f"{recorded}, of token '{token['label']}'.")
    else:
        emit(options, {"slot": token["slot"], "level": options.level}, "")
    return EXIT_OK
