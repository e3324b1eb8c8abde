"""Which keys or other objects of a token a command is about: by label, ID, class, type and use, or by PKCS#11 URI."""

import argparse
import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from hsmith.cli import target, uri
from hsmith.cli.output import table
from hsmith.cli.parser import Usage
from hsmith.home import Trouble
from hsmith.spec.constants import Attr

if TYPE_CHECKING:
    from hsmith.wire.session import Session


def identity(text: str) -> bytes:
    """The value of --id."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is no hexadecimal number, such as 01 or a1b2") from None


def add_options(parser: argparse.ArgumentParser, noun: str = "key") -> None:
    parser.add_argument("name", nargs="?", metavar=noun.upper(), help=f"the {noun}: its label, or a PKCS#11 URI")
    parser.add_argument("--label", help=f"the {noun}'s label")
    parser.add_argument("--id", type=identity, metavar="HEX", help=f"the {noun}'s ID (CKA_ID)")
    target.add_options(parser)


def template(options: argparse.Namespace) -> dict[int, Any]:
    """The attributes that the options name. Raises Usage where two of them name different things."""
    named: dict[int, Any] = {}
    for one in target.uris(options):
        parts = {"object": Attr.LABEL, "id": Attr.ID}
        _add(named, {attr: one.path[part] for part, attr in parts.items() if part in one.path})
        if "type" in one.path:
            _add(named, {Attr.CLASS: uri.TYPES[one.path["type"].decode()]})
    if options.name is not None and not uri.is_uri(options.name):
        _add(named, {Attr.LABEL: os.fsencode(options.name)})
    if options.label is not None:
        _add(named, {Attr.LABEL: os.fsencode(options.label)})
    if options.id is not None:
        _add(named, {Attr.ID: options.id})
    return named


def _add(named: dict[int, Any], more: Mapping[int, Any]) -> None:
    for attr, value in more.items():
        if named.setdefault(attr, value) != value:
            raise Usage(f"The {Attr(attr).name.lower()} is given twice, and differently.")


def find(session: "Session", named: Mapping[int, Any], classes: Iterable[int]) -> list[int]:
    """The handles of the objects that the template names, those of the first class first."""
    wanted = [cls for cls in classes if named.get(Attr.CLASS, cls) == cls]
    return [handle for cls in wanted for handle in session.find({**named, Attr.CLASS: int(cls)})]


def one(session: "Session", options: argparse.Namespace, classes: Iterable[int], *, to: str) -> int:
    """The one key that the options name and that is of one of the classes. Raises Usage, and Trouble without any.

    ``to``: what is wanted of it, in words."""
    named = template(options)
    if not named.keys() - {Attr.CLASS}:
        raise Usage(f"Say which key is to {to}: by its label, --id or a PKCS#11 URI.")
    return single(session, find(session, named, list(classes)), list(classes), to=to)


def single(session: "Session", handles: list[int], classes: Iterable[int], *, to: str) -> int:
    from hsmith.cli.keytypes import CLASS_NAMES
    from hsmith.cli.listing import COLUMNS, described

    if len(handles) == 1:
        return handles[0]
    if not handles:
        kinds = " or ".join(CLASS_NAMES[cls] for cls in classes)
        raise Trouble(f"There is no such {kinds} key to {to}. 'hsmith key list' shows all.")
    rows = [described(session, handle) for handle in handles]
    raise Usage(f"{len(handles)} keys are named so: say which, by --id or a URI.\n{table(rows, COLUMNS, empty='')}")


def reference(options: argparse.Namespace, word: str) -> argparse.Namespace:
    """The options of another key in the same token, which one option names by a label, an ID as id=HEX, or a URI."""
    identity_given = word.lower().startswith("id=")
    other = argparse.Namespace(name=None if identity_given else word, label=None, id=None, token=options.token)
    if identity_given:
        try:
            other.id = identity(word[3:])
        except argparse.ArgumentTypeError as error:
            raise Usage(f"{error}.") from None
    for found in target.uris(argparse.Namespace(token=None, name=other.name)):
        if not found.matches_token(options.found):
            raise Usage(f"The other key is to be in token '{options.found['label']}' too.")
    return other
