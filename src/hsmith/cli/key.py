"""hsmith key: make, list, show, change, use and delete keys by the functions of the standard, whose rules hold."""

import argparse
from typing import TYPE_CHECKING, Any

from hsmith.cli import selection, target
from hsmith.cli.output import confirm, emit, facts, say, table
from hsmith.cli.parser import EXIT_FAILED, EXIT_OK, Parser, Usage, add_verb, suggestion
from hsmith.home import Trouble

if TYPE_CHECKING:
    from hsmith.wire.session import Session

CLASSES = ("public", "private", "secret")
SORTS = ("class", "type", "label", "id", "bits")
NONE_SUCH = "There is no such key. 'hsmith key list' shows all."


def build(parser: argparse.ArgumentParser) -> None:
    from hsmith.cli import keymaking, keyuse, keywrap

    verbs = parser.add_subparsers(metavar="VERB", required=True, parser_class=Parser)
    keymaking.build(verbs)
    _build_list(verbs)
    verb = _add(verbs, "show", show, "say all that can be read of keys, and what they did so far")
    target.add_login(verb, without=True)
    verb = _add(verbs, "set", change, "change attributes of keys")
    add_changes(verb)
    target.add_login(verb, so=True)
    verb = _add(verbs, "copy", copy, "copy keys within the token")
    add_changes(verb)
    target.add_login(verb)
    verb = _add(verbs, "delete", delete, "delete keys for ever")
    verb.add_argument("--yes", action="store_true", help="do not ask")
    target.add_login(verb)
    keyuse.build(verbs)
    keywrap.build(verbs)


def _add(verbs: Any, name: str, run: Any, meaning: str) -> argparse.ArgumentParser:
    verb = add_verb(verbs, name, run, meaning)
    selection.add_options(verb)
    verb.add_argument("--class", dest="cls", choices=CLASSES, help="only this half of a pair, or secret keys")
    return verb


def _build_list(verbs: Any) -> None:
    verb = _add(verbs, "list", list_all, "list keys")
    verb.add_argument("--type", help="only keys of this type: rsa, or rsa:2048 with its size")
    verb.add_argument("--use", metavar="USE", help="only keys that may do this: sign, decrypt, wrap, ...")
    verb.add_argument(
        "--attr", action="append", default=[], metavar="NAME=VALUE",
        help="only keys with this attribute, as in extractable=yes; may be given again",
    )  # fmt: skip
    verb.add_argument("--sort", choices=SORTS, help="in the order of this column (default: class)")
    form = verb.add_mutually_exclusive_group()
    form.add_argument("--columns", metavar="NAME,...", help="show these columns, such as label,uses,uri")
    form.add_argument("--uris", action="store_true", help="print the PKCS#11 URIs alone, one a line")
    target.add_login(verb, without=True)


def add_changes(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--new-label", metavar="LABEL", help="the new label")
    verb.add_argument("--new-id", type=selection.identity, metavar="HEX", help="the new ID")
    verb.add_argument(
        "--attr",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a new value, as in sign=no; may be given again",
    )


def _found(session: "Session", options: argparse.Namespace, more: Any = ()) -> list[int]:
    """The keys that the options name; ``more``: attributes that they have as well."""
    from hsmith.cli import keytypes

    classes = [keytypes.CLASSES[options.cls]] if options.cls else list(keytypes.CLASSES.values())
    return selection.find(session, {**dict(more), **selection.template(options)}, classes)


def list_all(options: argparse.Namespace) -> int:
    from hsmith.cli import attributes, listing

    columns = _columns(options.columns)
    wanted = _wanted(options)
    named = attributes.template(options.attr)
    with target.session(options) as session:
        rows = [listing.described(session, handle, options.found) for handle in _found(session, options, named)]
    rows = [row for row in rows if wanted(row)]
    if options.sort:
        rows.sort(key=lambda row: (row.get(options.sort) is None, row.get(options.sort)))
    text = (
        "\n".join(row["uri"] for row in rows) if options.uris else table(rows, columns, empty="There is no such key.")
    )
    if options.json or text:
        emit(options, rows, text)
    return EXIT_OK


def _columns(text: str | None) -> dict[str, str]:
    from hsmith.cli.listing import ALL_COLUMNS, COLUMNS

    if text is None:
        return COLUMNS
    names = text.split(",")
    for name in names:
        if name not in ALL_COLUMNS:
            raise Usage(f"There is no column '{name}'{suggestion(name, ALL_COLUMNS)}.")
    return {name: ALL_COLUMNS[name] for name in names}


def _wanted(options: argparse.Namespace) -> Any:
    """Whether a row is of the --type and has the --use that are asked for."""
    from hsmith.cli.keytypes import USES, named, parse

    kind = options.type and options.type.lower().replace("_", "-")
    if kind:
        _, kind, size = named(kind)
        kind = f"{kind}:{size}" if size else kind
        if size:
            parse(kind)
    if options.use and options.use not in USES:
        raise Usage(f"There is no use '{options.use}'{suggestion(options.use, USES)}.")

    def wanted(row: dict[str, Any]) -> bool:
        typed = not kind or row["type"] == kind or row["type"].partition(":")[0] == kind
        return typed and (not options.use or options.use in row["uses"])

    return wanted


def show(options: argparse.Namespace) -> int:
    from hsmith.cli import listing

    with target.session(options) as session:
        keys = [listing.everything(session, handle, options.found) for handle in _found(session, options)]
    if not keys:
        raise Trouble(NONE_SUCH)
    emit(options, keys, "\n\n".join(facts(key) for key in keys))
    return EXIT_OK


def changes(options: argparse.Namespace) -> dict[Any, Any]:
    import os

    from hsmith.cli.attributes import template
    from hsmith.spec.constants import Attr

    new = template(options.attr)
    for attr, value in ((Attr.LABEL, options.new_label), (Attr.ID, options.new_id)):
        if value is not None:
            if attr in new:
                raise Usage(f"The {attr.name.lower()} is given twice.")
            new[attr] = os.fsencode(value) if isinstance(value, str) else value
    return new


def change(options: argparse.Namespace) -> int:
    new = changes(options)
    if not new:
        raise Usage("Say what to change: --new-label, --new-id or --attr NAME=VALUE.")
    return changed(options, _named(options), new, "changed", "C_SetAttributeValue")


def copy(options: argparse.Namespace) -> int:
    return changed(options, _named(options), changes(options), "copied", "C_CopyObject")


def _named(options: argparse.Namespace) -> Any:
    if not selection.template(options):
        raise Usage("Say which key: by its label, --id or a PKCS#11 URI.")
    return _found


def changed(options: argparse.Namespace, find: Any, new: dict[Any, Any], done: str, function: str) -> int:
    """Change or copy every object that ``find`` finds. One that is refused ends it, and what went before is told."""
    from hsmith.cli import listing
    from hsmith.spec.faults import Refused

    rows: list[dict[str, Any]] = []
    with target.session(options, rw=True) as session:
        handles = find(session, options)
        if not handles:
            raise Trouble("There is no such object." if find is not _found else NONE_SUCH)
        for handle in handles:
            try:
                made = session.call(function, handle, tuple((int(attr), value) for attr, value in new.items()))
            except Refused as refused:
                if rows:
                    reason = refused.reason or f"CKR_{refused.fault.name}"
                    refused.reason = f"{reason}; {len(rows)} of {len(handles)} were {done} before this one"
                raise
            rows.append(listing.described(session, handle if made is None else made, options.found))
    emit(options, rows, f"{len(rows)} {done}.\n{table(rows, listing.COLUMNS, empty='')}")
    return EXIT_OK


def delete(options: argparse.Namespace) -> int:
    return deleted(options, _named_for_ever(options))


def _named_for_ever(options: argparse.Namespace) -> Any:
    if not selection.template(options):
        raise Usage("Say which key to delete: by its label, by --label or --id, or by a PKCS#11 URI.")
    return _found


def deleted(options: argparse.Namespace, find: Any) -> int:
    """Delete every object that ``find`` finds, once the user agrees."""
    from hsmith.cli import listing

    with target.session(options, rw=True) as session:
        handles = find(session, options)
        rows = [listing.described(session, handle, options.found) for handle in handles]
        if not rows:
            raise Trouble("There is no such object." if find is not _found else NONE_SUCH)
        if not options.yes:
            say(table(rows, listing.COLUMNS, empty=""))
        if not confirm(f"Delete {'this' if len(rows) == 1 else f'these {len(rows)}'} for ever?", yes=options.yes):
            return EXIT_FAILED
        for handle in handles:
            session.call("C_DestroyObject", handle)
    emit(options, rows, f"{len(rows)} deleted.")
    return EXIT_OK
