"""hsmith import softhsm: take over tokens of SoftHSM, wholly or not at all, and compare object by object."""

import argparse
import base64
import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hsmith.cli import pins
from hsmith.cli.keytypes import type_name
from hsmith.cli.output import emit, table
from hsmith.cli.parser import EXIT_FAILED, EXIT_OK, Usage
from hsmith.cli.progress import Bar
from hsmith.cli.token import PROFILES
from hsmith.home import Trouble
from hsmith.spec.attributes import ATTRIBUTES
from hsmith.spec.constants import Attr, Fault, ObjectClass
from hsmith.spec.faults import Refused

#: Bytes of objects that go to the keeper at once.
BATCH = 1 << 20
COLUMNS = {name: name.upper() for name in ("class", "type", "label", "id", "attributes", "result")}


def build(verbs: Any) -> None:
    meaning = "take over a token of SoftHSM 1 or 2, with its PINs and all its objects"
    verb = verbs.add_parser("softhsm", help=meaning, description=meaning[:1].upper() + meaning[1:] + ".")
    verb.set_defaults(run=run)
    verb.add_argument(
        "path", metavar="PATH", help="a softhsm2.conf, a folder of tokens, one token's folder, or a SoftHSM 1 database"
    )
    one = verb.add_mutually_exclusive_group()
    one.add_argument("--token", metavar="LABEL", help="the token's label, where there are several")
    one.add_argument("--serial", metavar="NUMBER", help="its serial number, where labels are not unique")
    one.add_argument("--all", action="store_true", help="all tokens, all with the same PINs")
    verb.add_argument("--dry-run", action="store_true", help="read and check all, and write nothing")
    verb.add_argument("--leave-out", action="store_true", help="leave out what hsmith cannot hold, and take the rest")
    verb.add_argument("--new-pin", action="store_true", help="the user PIN given is a new one: the old one is lost")
    verb.add_argument("--new-so-pin", action="store_true", help="the SO PIN given is a new one: the old one is lost")
    verb.add_argument("--profile", choices=PROFILES, help="what the token permits its keys (default: as configured)")
    verb.add_argument("--json", action="store_true", help="print JSON")
    pins.add_options(verb, "pin", "so_pin")


@dataclass
class Move:
    """One token on its way. ``rows``: of the report, one for each object."""

    token: Any  # StoredToken
    client: Any
    pin: bytes | None = field(repr=False)
    so_pin: bytes = field(repr=False)
    rows: list[dict[str, Any]] = field(default_factory=list)
    stored: dict[str, Any] = field(default_factory=dict)


def run(options: argparse.Namespace) -> int:
    from hsmith.softhsm import stores
    from hsmith.softhsm.stored import Unreadable, WrongPin

    try:
        tokens = _chosen(stores.find(Path(os.path.abspath(options.path))), options)
        with contextlib.ExitStack() as stack:
            return _move(tokens, options, stack)
    except Unreadable as error:
        raise Trouble(f"{str(error)[:1].upper()}{str(error)[1:]}.") from None
    except WrongPin as wrong:
        raise Refused(Fault.PIN_INCORRECT, f"the {wrong.which} PIN is not that of SoftHSM's token") from None


def _chosen(tokens: list[Any], options: argparse.Namespace) -> list[Any]:
    found = [token for token in tokens if options.token in (None, token.name)]
    if options.serial is not None:
        found = [token for token in found if token.serial.decode("latin-1") == options.serial]
    there = ", ".join(f"'{token.name}' (serial {token.serial.decode('latin-1') or 'none'})" for token in tokens)
    if not found:
        raise Usage(f"There is no such token. There is: {there}.")
    if len(found) > 1 and not options.all:
        raise Usage(f"There are {len(found)} tokens: name one with --token or --serial, or give --all: {there}.")
    return found


def _move(tokens: list[Any], options: argparse.Namespace, stack: contextlib.ExitStack) -> int:
    pin, so_pin = _pins(tokens, options)
    opened = [_opened(token, options, pin, so_pin) for token in tokens]
    moves = [_begun(one, options, pin=pin, so_pin=so_pin, stack=stack) for one in opened]
    for one, move in zip(opened, moves, strict=True):
        with Bar(f"Checking '{move.token.name}'") as bar:
            _send(one, move, bar)
        move.rows.sort(key=lambda row: (row["label"], row["id"], row["class"]))
    wrong = [row for move in moves for row in move.rows if row["refused"] is not None or row["unknown"]]
    possible = not wrong or options.leave_out
    if possible and not options.dry_run:
        for move in moves:
            _finish(move)
    _report(moves, options, possible=possible)
    return EXIT_OK if possible else EXIT_FAILED


def _pins(tokens: list[Any], options: argparse.Namespace) -> tuple[bytes | None, bytes]:
    """The user PIN where there is one, and the SO PIN."""
    pin = pins.take(options, "pin") if options.new_pin or any(token.user_pin for token in tokens) else None
    try:
        return pin, pins.take(options, "so_pin", new=options.new_so_pin)
    except Usage:
        if options.dry_run and pin is not None:
            return pin, b""  # one PIN opens the token, and none is set
        raise


def _opened(token: Any, options: argparse.Namespace, pin: bytes | None, so_pin: bytes) -> Any:
    from hsmith.softhsm.opening import Opened

    known, so_known = None if options.new_pin else pin, None if options.new_so_pin else so_pin or None
    if (known is None or not token.user_pin) and so_known is None:
        raise Usage("Two new PINs open nothing: give one that SoftHSM's token has.")
    return Opened(token, pin=known, so_pin=so_known)


def _begun(
    opened: Any, options: argparse.Namespace, *, pin: bytes | None, so_pin: bytes, stack: contextlib.ExitStack
) -> Move:
    from hsmith.wire.client import Client

    token = opened.token
    client = stack.enter_context(Client())
    has_pin = bool(token.user_pin) or options.new_pin
    serial = client.admin(
        "import.begin", label=token.label.hex(), serial=token.serial.decode("latin-1"), profile=options.profile
    )["serial"]
    return Move(token, client, pin if has_pin else None, so_pin, stored={"serial": serial})


def _send(opened: Any, move: Move, bar: Bar) -> None:
    total = len(opened.token.objects)
    for batch in _batches(opened):
        answers = move.client.admin("import.add", objects=[text for _, text in batch])["objects"]
        move.rows += [_row(plain, answer) for (plain, _), answer in zip(batch, answers, strict=True)]
        bar.show(len(move.rows), total)


def _batches(opened: Any) -> Iterator[list[tuple[Any, str]]]:
    from hsmith.store import codec

    batch: list[tuple[Any, str]] = []
    for plain in opened.objects():
        batch.append((plain, base64.b64encode(codec.encode(plain.attributes)).decode()))
        if sum(len(text) for _, text in batch) > BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _row(plain: Any, answer: dict[str, Any]) -> dict[str, Any]:
    attributes = plain.attributes
    changed = [_attribute(attr) for attr in answer.get("changed", [])]
    unknown = [_attribute(attr) for attr in plain.unknown]
    refused = answer.get("refused")
    return {
        "name": plain.name,
        "class": _class(attributes),
        "type": _type(attributes),
        "label": _text(attributes.get(Attr.LABEL)),
        "id": attributes.get(Attr.ID, b"").hex(),
        "attributes": len(attributes),
        "changed": changed,
        "respelt": plain.respelt,
        "unknown": unknown,
        "refused": refused,
        "result": _result(changed, plain.respelt, unknown, refused),
    }


def _result(changed: list[str], respelt: list[str], unknown: list[str], refused: str | None) -> str:
    if refused is not None:
        return f"cannot be held: {refused}"
    notes = list(respelt)
    if changed:
        notes.append(f"computed anew: {', '.join(changed)}")
    if unknown:
        notes.append(f"cannot hold, as of no standard: {', '.join(unknown)}")
    return "equal" if not notes else "; ".join(notes)


def _attribute(attr: int) -> str:
    row = ATTRIBUTES.get(attr)
    return f"CKA_{row.attr.name}" if row else f"{attr:#x}"


def _class(attributes: dict[int, Any]) -> str:
    number = attributes.get(Attr.CLASS, -1)
    return ObjectClass(number).name.lower() if number in ObjectClass._value2member_map_ else f"{number:#x}"


def _type(attributes: dict[int, Any]) -> str | None:
    if Attr.KEY_TYPE not in attributes:
        return None
    return type_name({Attr(attr): value for attr, value in attributes.items() if attr in Attr._value2member_map_})


def _text(value: bytes | None) -> str:
    return (value or b"").decode("utf-8", "replace")


def _finish(move: Move) -> None:
    pin = None if move.pin is None else move.pin.decode("utf-8", "surrogateescape")
    move.stored = move.client.admin("import.finish", so_pin=move.so_pin.decode("utf-8", "surrogateescape"), pin=pin)


def _report(moves: list[Move], options: argparse.Namespace, *, possible: bool) -> None:
    written = possible and not options.dry_run
    result = [
        {
            "token": move.token.name,
            "from": str(move.token.path),
            "kind": move.token.kind,
            "serial": move.stored["serial"],
            "slot": move.stored.get("slot"),
            "written": written,
            "objects": move.rows,
        }
        for move in moves
    ]
    emit(options, result, "\n\n".join(_told(move, options, possible=possible) for move in moves))


def _told(move: Move, options: argparse.Namespace, *, possible: bool) -> str:
    refused = sum(row["refused"] is not None for row in move.rows)
    equal = sum(row["result"] == "equal" for row in move.rows)
    counts = f"{len(move.rows)} objects, {equal} equal, {len(move.rows) - equal - refused} with remarks"
    if refused:
        counts += f", {refused} that hsmith cannot hold" + (" and left out" if possible else "")
    if not possible:
        end = "Nothing is written. To take the rest without these, give --leave-out."
    elif options.dry_run:
        end = "Nothing is written: this was a dry run."
    else:
        end = f"Token '{move.token.name}' is in slot {move.stored['slot']}, serial {move.stored['serial']}."
    rows = table(move.rows, COLUMNS, empty="The token has no objects.")
    return f"{rows}\n{counts}.\n{end}"
