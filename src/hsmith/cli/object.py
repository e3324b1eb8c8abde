"""hsmith object: list, show, change, copy and delete objects of every class, and create and read data objects."""

import argparse
import os
from typing import TYPE_CHECKING, Any

from hsmith.cli import files, selection, target
from hsmith.cli.key import add_changes, changed, changes, deleted
from hsmith.cli.output import emit, facts, table
from hsmith.cli.parser import EXIT_OK, Parser, Usage, add_verb
from hsmith.home import Trouble

if TYPE_CHECKING:
    from hsmith.wire.session import Session

CLASSES = ("data", "certificate", "public", "private", "secret", "domain-parameters", "otp-key", "trust")
NONE_SUCH = "There is no such object. 'hsmith object list' shows all."
MOST = 1 << 24


def build(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(metavar="VERB", required=True, parser_class=Parser)
    verb = _add(verbs, "list", list_all, "list objects of every class")
    verb.add_argument("--uris", action="store_true", help="print the PKCS#11 URIs alone, one a line")
    target.add_login(verb, without=True)
    verb = _add(verbs, "show", show, "say all that can be read of objects")
    target.add_login(verb, without=True)
    verb = _add(verbs, "set", change, "change attributes of objects")
    add_changes(verb)
    target.add_login(verb, so=True)
    verb = _add(verbs, "copy", copy, "copy objects within the token")
    add_changes(verb)
    target.add_login(verb)
    verb = _add(verbs, "read", read, "write the value of a data object or a certificate")
    files.add_output(verb, "the value")
    target.add_login(verb, without=True)
    verb = add_verb(verbs, "create", create, "store data in the token")
    selection.add_options(verb, "object")
    verb.add_argument("--application", metavar="NAME", help="the program whose data it is (CKA_APPLICATION)")
    verb.add_argument("--public", action="store_true", help="let everybody read it: no login is needed then")
    verb.add_argument(
        "--attr", action="append", default=[], metavar="NAME=VALUE", help="an attribute; may be given again"
    )
    files.add_input(verb, "the data")
    target.add_login(verb)
    verb = _add(verbs, "delete", delete, "delete objects for ever")
    verb.add_argument("--yes", action="store_true", help="do not ask")
    target.add_login(verb)


def _add(verbs: Any, name: str, run: Any, meaning: str) -> argparse.ArgumentParser:
    verb = add_verb(verbs, name, run, meaning)
    selection.add_options(verb, "object")
    verb.add_argument("--class", dest="cls", choices=CLASSES, help="only objects of this class")
    return verb


def _found(session: "Session", options: argparse.Namespace) -> list[int]:
    from hsmith.cli.keytypes import CLASSES as KEYS
    from hsmith.spec.constants import ObjectClass

    numbers = {name: KEYS[name] if name in KEYS else ObjectClass[name.upper().replace("-", "_")] for name in CLASSES}
    wanted = [numbers[options.cls]] if options.cls else list(numbers.values())
    return selection.find(session, selection.template(options), wanted)


def list_all(options: argparse.Namespace) -> int:
    from hsmith.cli.listing import COLUMNS, described

    with target.session(options) as session:
        rows = [described(session, handle, options.found) for handle in _found(session, options)]
    text = (
        "\n".join(row["uri"] for row in rows)
        if options.uris
        else table(rows, COLUMNS, empty="There is no such object.")
    )
    if options.json or text:
        emit(options, rows, text)
    return EXIT_OK


def show(options: argparse.Namespace) -> int:
    from hsmith.cli.listing import everything

    with target.session(options) as session:
        found = [everything(session, handle, options.found) for handle in _found(session, options)]
    if not found:
        raise Trouble(NONE_SUCH)
    emit(options, found, "\n\n".join(facts(one) for one in found))
    return EXIT_OK


def _named(options: argparse.Namespace) -> None:
    if not selection.template(options):
        raise Usage("Say which object: by its label, by --label or --id, or by a PKCS#11 URI.")


def change(options: argparse.Namespace) -> int:
    new = changes(options)
    if not new:
        raise Usage("Say what to change: --new-label, --new-id or --attr NAME=VALUE.")
    _named(options)
    return changed(options, _found, new, "changed", "C_SetAttributeValue")


def copy(options: argparse.Namespace) -> int:
    _named(options)
    return changed(options, _found, changes(options), "copied", "C_CopyObject")


def read(options: argparse.Namespace) -> int:
    from hsmith.spec.constants import Attr, ObjectClass

    _named(options)
    with target.session(options) as session:
        found = _found(session, options)
        readable = (ObjectClass.DATA, ObjectClass.CERTIFICATE)
        found = [handle for handle in found if session.read(handle, [Attr.CLASS])[Attr.CLASS] in readable]
        if len(found) != 1:
            raise Trouble(
                f"{len(found)} data objects or certificates are named so, not one. 'hsmith object list' shows all."
            )
        value = bytes(session.read(found[0], [Attr.VALUE]).get(Attr.VALUE, b""))
    if options.json:
        emit(options, {"bytes": len(value), "value": value.hex()}, "")
    if not options.json or options.out is not None:
        files.write(options, value)
    return EXIT_OK


def create(options: argparse.Namespace) -> int:
    from hsmith.cli.attributes import template
    from hsmith.cli.keymaking import pairs
    from hsmith.cli.listing import COLUMNS, described
    from hsmith.spec.constants import Attr, ObjectClass

    files.check_json(options)
    named = selection.template(options)
    if named.pop(Attr.CLASS, ObjectClass.DATA) != ObjectClass.DATA or Attr.ID in named:
        raise Usage(
            "Data objects are made here, which have no ID: keys by 'hsmith key', certificates by 'hsmith cert'."
        )
    if not named:
        raise Usage("Say how to label the data.")
    wanted: dict[Any, Any] = {
        Attr.CLASS: int(ObjectClass.DATA), Attr.TOKEN: True, Attr.PRIVATE: not options.public, **named,
        Attr.APPLICATION: os.fsencode(options.application or ""), **template(options.attr),
        Attr.VALUE: files.read(options.input, most=MOST),
    }  # fmt: skip
    with target.session(options, rw=True) as session:
        made = [described(session, session.call("C_CreateObject", pairs(wanted)), options.found)]
    emit(options, made, table(made, COLUMNS, empty=""))
    return EXIT_OK


def delete(options: argparse.Namespace) -> int:
    _named(options)
    return deleted(options, _found)
