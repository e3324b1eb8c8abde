"""hsmith user: add, list and delete the named users of a token (C_LoginUser), and change their PINs."""

import argparse
from typing import Any

from hsmith.cli import pins
from hsmith.cli.output import confirm, emit, table
from hsmith.cli.parser import EXIT_FAILED, EXIT_OK, Parser, add_verb

COLUMNS = {"name": "NAME", "locked": "PIN LOCKED"}


def build(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(metavar="VERB", required=True, parser_class=Parser)
    adding = _verb(verbs, "add", add, "add a user with a PIN of his own, or give one a new PIN", aliases=["create"])
    adding.add_argument("name", help="the name for C_LoginUser, at most 64 bytes")
    pins.add_options(adding, "so_pin", "pin")
    _verb(verbs, "list", list_all, "list the named users of a token")
    setting = _verb(verbs, "set-pin", set_pin, "change a user's PIN by the old one")
    setting.add_argument("name", help="his name")
    pins.add_options(setting, "pin", "new_pin")
    removing = _verb(verbs, "remove", remove, "remove a user: he cannot log in any more", aliases=["delete"])
    removing.add_argument("name", help="his name")
    removing.add_argument("--yes", action="store_true", help="do not ask")
    pins.add_options(removing, "so_pin")


def _verb(verbs: Any, name: str, run: Any, meaning: str, **more: Any) -> argparse.ArgumentParser:
    from hsmith.cli import target

    description = meaning[:1].upper() + meaning[1:] + ". All users of a token share its keys."
    verb = add_verb(verbs, name, run, meaning, description=description, **more)
    target.add_options(verb)
    return verb


def add(options: argparse.Namespace) -> int:
    from hsmith.cli.target import choose
    from hsmith.wire.client import Client

    with Client() as client:
        token = choose(client, options)
        so_pin = _text(pins.take(options, "so_pin"))
        pin = _text(pins.take(options, "pin", new=True))
        made = client.admin("user.add", slot=token["slot"], so_pin=so_pin, name=options.name, pin=pin)
    emit(options, made, f"User '{made['name']}' of token '{token['label']}' logs in with this PIN.")
    return EXIT_OK


def list_all(options: argparse.Namespace) -> int:
    from hsmith.cli.target import choose
    from hsmith.wire.client import Client

    with Client() as client:
        token = choose(client, options)
        users = client.admin("users", slot=token["slot"])["users"]
    empty = "The token has no named users. Add one with: hsmith user add NAME"
    emit(options, users, table(users, COLUMNS, empty=empty))
    return EXIT_OK


def set_pin(options: argparse.Namespace) -> int:
    from hsmith.cli.target import choose
    from hsmith.wire.client import Client
    from hsmith.wire.session import Session

    with Client() as client:
        token = choose(client, options)
        old, new = pins.take(options, "pin"), pins.take(options, "new_pin", new=True)
        with Session(client, token["slot"], rw=True) as session:
            session.login_user(old, options.name)
            session.call("C_SetPIN", old, new)
    changed = {"slot": token["slot"], "name": options.name}
    emit(options, changed, f"The PIN of user '{options.name}' of token '{token['label']}' is changed.")
    return EXIT_OK


def remove(options: argparse.Namespace) -> int:
    from hsmith.cli.target import choose
    from hsmith.wire.client import Client

    with Client() as client:
        token = choose(client, options)
        if not confirm(f"Remove user '{options.name}' from token '{token['label']}'?", yes=options.yes):
            return EXIT_FAILED
        so_pin = _text(pins.take(options, "so_pin"))
        removed = client.admin("user.remove", slot=token["slot"], so_pin=so_pin, name=options.name)
    emit(options, removed, f"User '{removed['name']}' of token '{token['label']}' is removed.")
    return EXIT_OK


def _text(pin: bytes) -> str:
    return pin.decode("utf-8", "surrogateescape")
