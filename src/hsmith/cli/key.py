"""hsmith key: generate, list, show and delete keys, by the functions of the standard: the rules are in the keeper."""

import argparse
import os
from typing import Any

from hsmith.cli import pins, target
from hsmith.cli.keytypes import KINDS, TELLING, USES, Kind, parse, type_name
from hsmith.cli.output import confirm, emit, facts, say, table
from hsmith.cli.parser import EXIT_FAILED, EXIT_OK, Parser, Usage
from hsmith.home import Trouble
from hsmith.spec.attributes import ATTRIBUTES
from hsmith.spec.constants import Attr, ObjectClass
from hsmith.spec.values import MechanismArg, ValueKind
from hsmith.wire.session import Session

CLASSES = {"public": ObjectClass.PUBLIC_KEY, "private": ObjectClass.PRIVATE_KEY, "secret": ObjectClass.SECRET_KEY}
CLASS_NAMES = {int(value): name for name, value in CLASSES.items()}
COLUMNS = {"class": "CLASS", "type": "TYPE", "label": "LABEL", "id": "ID"}
LISTED = (Attr.CLASS, Attr.KEY_TYPE, Attr.LABEL, Attr.ID, *TELLING)
#: What "show" asks for; a key has those of its class and type.
SHOWN = (
    *LISTED, Attr.TOKEN, Attr.PRIVATE, Attr.SENSITIVE, Attr.EXTRACTABLE, Attr.ALWAYS_SENSITIVE,
    Attr.NEVER_EXTRACTABLE,
    Attr.LOCAL, Attr.MODIFIABLE, Attr.SIGN, Attr.VERIFY, Attr.ENCRYPT, Attr.DECRYPT, Attr.WRAP, Attr.UNWRAP,
    Attr.DERIVE, Attr.ALWAYS_AUTHENTICATE, Attr.WRAP_WITH_TRUSTED, Attr.TRUSTED, Attr.START_DATE, Attr.END_DATE,
    Attr.PUBLIC_EXPONENT, Attr.EC_POINT, Attr.UNIQUE_ID,
)  # fmt: skip


def build(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(metavar="VERB", required=True, parser_class=Parser)
    for name, run, meaning in (
        ("generate", generate, "make a key, or a key pair, in a token"),
        ("list", list_all, "list keys"),
        ("show", show, "say all about keys, but for their secrets"),
        ("delete", delete, "delete keys for ever"),
    ):
        verb = verbs.add_parser(name, help=meaning, description=meaning[:1].upper() + meaning[1:] + ".")
        verb.set_defaults(run=run)
        verb.add_argument("--label", help="the key's label")
        verb.add_argument("--id", type=_id, metavar="HEX", help="the key's ID (CKA_ID)")
        target.add_options(verb)
        verb.add_argument("--json", action="store_true", help="print JSON")
        if name == "generate":
            _build_generate(verb)
        else:
            verb.add_argument("--class", dest="cls", choices=CLASSES, help="only this half or class")
        if name == "delete":
            verb.add_argument("--yes", action="store_true", help="do not ask")
        pins.add_options(verb, "pin")


def _build_generate(verb: argparse.ArgumentParser) -> None:
    examples = ", ".join(kind.example for kind in KINDS.values())
    verb.add_argument("--type", required=True, help=f"what to make (sizes are in bits): {examples}")
    verb.add_argument("--use", metavar="USE,...", help=f"what for (default: what suits the type): {', '.join(USES)}")
    verb.add_argument("--extractable", action="store_true", help="let another key wrap it, to leave the token")


def _id(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is no hexadecimal number, such as 01 or a1b2") from None


def generate(options: argparse.Namespace) -> int:
    kind, sizes = parse(options.type)
    uses = _uses(options.use) if options.use else kind.uses
    names = _names(options)
    with target.session(options, rw=True) as session:
        if kind.pair:
            halves = _pair_templates(kind, names, uses, sizes, extractable=options.extractable)
            handles = session.call("C_GenerateKeyPair", MechanismArg(int(kind.mechanism)), *halves)
        else:
            template = {**names, **sizes, **_secrecy(kind, uses, extractable=options.extractable)}
            handles = (session.call("C_GenerateKey", MechanismArg(int(kind.mechanism)), _pairs(template)),)
        made = [_described(session, handle) for handle in handles]
    emit(options, made, table(made, COLUMNS, empty=""))
    return EXIT_OK


def _uses(text: str) -> tuple[str, ...]:
    from hsmith.cli.parser import suggestion

    words = tuple(text.split(","))
    for word in words:
        if word not in USES:
            raise Usage(f"There is no use '{word}'{suggestion(word, USES)}.")
    return words


def _names(options: argparse.Namespace) -> dict[Attr, Any]:
    """Label and ID; a key without any ID gets a random one, by which the halves of a pair find one another."""
    identity = options.id if options.id is not None else os.urandom(8)
    return {Attr.TOKEN: True, Attr.LABEL: os.fsencode(options.label or ""), Attr.ID: identity}


def _secrecy(kind: Kind, uses: tuple[str, ...], *, extractable: bool) -> dict[Attr, Any]:
    secrecy = {Attr.PRIVATE: True, Attr.SENSITIVE: True, Attr.EXTRACTABLE: extractable}
    # Named one by one, true or false: what is not asked for is not left to a default.
    known = [Attr.SIGN, Attr.DECRYPT, Attr.UNWRAP, Attr.DERIVE]
    if not kind.pair:
        known += [Attr.VERIFY, Attr.ENCRYPT, Attr.WRAP]
    wanted = {USES[use][0] for use in uses}
    return {**secrecy, **{attr: attr in wanted for attr in known}}


def _pair_templates(
    kind: Kind, names: dict[Attr, Any], uses: tuple[str, ...], sizes: dict[Attr, Any], *, extractable: bool
) -> tuple[Any, Any]:
    """The templates of the public and of the private half."""
    wanted = {USES[use][1] for use in uses}
    public = {**names, **sizes, **{attr: attr in wanted for attr in (Attr.VERIFY, Attr.ENCRYPT, Attr.WRAP)}}
    return _pairs(public), _pairs({**names, **_secrecy(kind, uses, extractable=extractable)})


def _pairs(template: dict[Attr, Any]) -> tuple[tuple[int, Any], ...]:
    return tuple((int(attr), value) for attr, value in template.items())


def _found(session: Session, options: argparse.Namespace) -> list[int]:
    """The keys that the options name."""
    names: dict[int, Any] = {}
    if options.label is not None:
        names[Attr.LABEL] = os.fsencode(options.label)
    if options.id is not None:
        names[Attr.ID] = options.id
    classes = [CLASSES[options.cls]] if options.cls else list(CLASSES.values())
    return [handle for cls in classes for handle in session.find({Attr.CLASS: int(cls), **names})]


def _described(session: Session, handle: int) -> dict[str, Any]:
    """A row of the list."""
    values = session.read(handle, LISTED)
    return {
        "class": CLASS_NAMES[values[Attr.CLASS]],
        "type": type_name(values),
        "label": values.get(Attr.LABEL, b"").decode("utf-8", "replace"),
        "id": values.get(Attr.ID, b"").hex(),
    }


def list_all(options: argparse.Namespace) -> int:
    with target.session(options) as session:
        rows = [_described(session, handle) for handle in _found(session, options)]
    emit(options, rows, table(rows, COLUMNS, empty="There is no such key."))
    return EXIT_OK


def show(options: argparse.Namespace) -> int:
    with target.session(options) as session:
        keys = [_all_of(session, handle) for handle in _found(session, options)]
    if not keys:
        raise Trouble("There is no such key. 'hsmith key list' shows all.")
    emit(options, keys, "\n\n".join(facts(key) for key in keys))
    return EXIT_OK


def _all_of(session: Session, handle: int) -> dict[str, Any]:
    values = session.read(handle, SHOWN)
    described = _described(session, handle)
    others = {a.name.lower(): _shown(a, value) for a, value in values.items() if a not in LISTED}
    return {**described, **others}


def _shown(attr: Attr, value: Any) -> Any:
    if not isinstance(value, bytes):
        return value
    return value.decode("latin-1") if ATTRIBUTES[attr].kind is ValueKind.DATE or attr is Attr.UNIQUE_ID else value.hex()


def delete(options: argparse.Namespace) -> int:
    if options.label is None and options.id is None:
        raise Usage("Say which key to delete: --label or --id.")
    with target.session(options, rw=True) as session:
        handles = _found(session, options)
        rows = [_described(session, handle) for handle in handles]
        if not rows:
            raise Trouble("There is no such key. 'hsmith key list' shows all.")
        if not options.yes:
            say(table(rows, COLUMNS, empty=""))
        if not confirm(f"Delete {'this' if len(rows) == 1 else f'these {len(rows)}'} for ever?", yes=options.yes):
            return EXIT_FAILED
        for handle in handles:
            session.call("C_DestroyObject", handle)
    emit(options, rows, f"{len(rows)} deleted.")
    return EXIT_OK
