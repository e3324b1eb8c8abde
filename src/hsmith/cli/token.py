"""hsmith token: make, list, show, rename, unlock and delete tokens, and change their PINs."""

import argparse
import contextlib
import fcntl
import os
from collections.abc import Iterator
from typing import Any

from hsmith import home as homes
from hsmith.cli import pins
from hsmith.cli.output import confirm, emit, facts, table
from hsmith.cli.parser import EXIT_FAILED, EXIT_OK, Usage

LABEL_SIZE = 32
PROFILES = ("default", "strict", "compat")
COLUMNS = {"slot": "SLOT", "label": "LABEL", "serial": "SERIAL", "objects": "OBJECTS", "user_pin_set": "USER PIN"}
COLUMNS |= {"profile": "PROFILE", "uri": "URI"}


def build(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    _build_init(_verb(verbs, "init", init, "make a token, with its SO PIN and user PIN"))
    _verb(verbs, "list", list_all, "list all tokens")
    for name, run, meaning in (
        ("show", show, "say all about a token"),
        ("rename", rename, "give a token another label, as the SO"),
        ("set-pin", set_pin, "change the user PIN, or that of the SO or of a named user, by the old one"),
        ("unlock", unlock, "give the user a new PIN, as the SO, when the old one is locked or lost"),
        ("profile", profile, "change, as the SO, what the token permits its keys"),
        ("delete", delete, "delete a token and all its keys for ever"),
    ):
        verb = _verb(verbs, name, run, meaning)
        one = verb.add_mutually_exclusive_group()
        one.add_argument(
            "--label", dest="token", metavar="LABEL", help="the token's label or PKCS#11 URI (default: the only token)"
        )
        one.add_argument("--token", metavar="TOKEN", help="the same")
        one.add_argument("--slot", type=int, metavar="N", help="its slot, where labels are not unique")
        if name == "rename":
            verb.add_argument("new_label", metavar="NEW-LABEL", help="the new label, at most 32 bytes")
            pins.add_options(verb, "so_pin")
        if name == "set-pin":
            _build_set_pin(verb)
        if name == "unlock":
            pins.add_options(verb, "so_pin", "pin")
        if name == "profile":
            verb.add_argument("--set", dest="profile", required=True, choices=PROFILES, help="see docs/policy.md")
            pins.add_options(verb, "so_pin")
        if name == "delete":
            verb.add_argument("--yes", action="store_true", help="do not ask")
            pins.add_options(verb, "so_pin")


def _verb(verbs: Any, name: str, run: Any, meaning: str) -> argparse.ArgumentParser:
    verb: argparse.ArgumentParser = verbs.add_parser(
        name, help=meaning, description=meaning[:1].upper() + meaning[1:] + "."
    )
    verb.set_defaults(run=run)
    verb.add_argument("--json", action="store_true", help="print JSON")
    return verb


def _build_set_pin(verb: argparse.ArgumentParser) -> None:
    who = verb.add_mutually_exclusive_group()
    who.add_argument("--so", action="store_true", help="change the SO PIN")
    who.add_argument("--user", metavar="NAME", help="change the PIN of this named user")
    pins.add_options(verb, "so_pin", "pin", "new_pin")


def _build_init(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--label", required=True, help="its name, at most 32 bytes")
    verb.add_argument(
        "--slot", type=int, metavar="N", help="re-initialise the token in this slot, deleting all its keys"
    )
    verb.add_argument("--profile", choices=PROFILES, help="what it permits its keys (default: as configured)")
    verb.add_argument("--no-pin", action="store_true", help="set no user PIN now")
    verb.add_argument("--yes", action="store_true", help="do not ask before re-initialising")
    pins.add_options(verb, "so_pin", "pin")


def init(options: argparse.Namespace) -> int:
    from hsmith.wire.client import Client

    label = os.fsencode(options.label)
    if not 0 < len(label) <= LABEL_SIZE:
        raise Usage(f"A label has 1 to {LABEL_SIZE} bytes, this one has {len(label)}.")
    so_pin = pins.take(options, "so_pin", new=options.slot is None)
    pin = None if options.no_pin else pins.take(options, "pin", new=True)
    with Client() as client, _alone():
        slot = _slot(client.admin("tokens"), options)
        if slot is None:
            return EXIT_FAILED
        client.call("C_InitToken", slot, so_pin, label.ljust(LABEL_SIZE))
        if pin is not None:
            _set_user_pin(client, slot, so_pin=so_pin, pin=pin)
        if options.profile is not None:
            _set_profile(client, slot, so_pin=so_pin, name=options.profile)
        found = next(token for token in client.admin("tokens")["tokens"] if token["slot"] == slot)
    emit(options, found, f"Token '{options.label}' is in slot {slot}, serial {found['serial']}.")
    return EXIT_OK


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """One init at a time: the slot that is free for two is, for the second, the first one's token."""
    home = homes.find()
    home.prepare()
    descriptor = homes.open_private(home.start_lock)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _slot(known: dict[str, Any], options: argparse.Namespace) -> int | None:
    """The slot to initialise; None: the user does not want it."""
    free: int = known["free_slot"]
    slot: int | None = options.slot
    if slot is None:
        if any(token["label"] == options.label for token in known["tokens"]):
            raise Usage(f"There is a token '{options.label}' already. Take another label, or give its --slot.")
        return free
    for token in known["tokens"]:
        if token["slot"] == slot:
            question = f"Delete all {token['objects']} objects of token '{token['label']}' and initialise it again?"
            return slot if confirm(question, yes=options.yes) else None
    if slot != free:
        raise Usage(f"There is no slot {slot}; the free one is {free}.")
    return free


def list_all(options: argparse.Namespace) -> int:
    from hsmith.wire.client import Client

    with Client() as client:
        tokens = [_with_uri(token) for token in client.admin("tokens")["tokens"]]
    empty = "There is no token yet. Make one with: hsmith token init --label NAME"
    emit(options, tokens, table(tokens, COLUMNS, empty=empty))
    return EXIT_OK


def _with_uri(token: dict[str, Any]) -> dict[str, Any]:
    from hsmith.cli.uri import of_token

    return {**token, "uri": of_token(token)}


def show(options: argparse.Namespace) -> int:
    from hsmith.cli.target import choose
    from hsmith.wire.client import Client

    with Client() as client:
        found = _with_uri(choose(client, options))
    emit(options, found, facts(found))
    return EXIT_OK


def rename(options: argparse.Namespace) -> int:
    from hsmith.cli.target import choose
    from hsmith.wire.client import Client

    size = len(os.fsencode(options.new_label))
    if not 0 < size <= LABEL_SIZE:
        raise Usage(f"A label has 1 to {LABEL_SIZE} bytes, this one has {size}.")
    with Client() as client:
        before = choose(client, options)
        so_pin = pins.take(options, "so_pin").decode("utf-8", "surrogateescape")
        found = client.admin("token.rename", slot=before["slot"], so_pin=so_pin, label=options.new_label)
    emit(options, found, f"Token '{before['label']}' is now '{found['label']}'.")
    return EXIT_OK


def set_pin(options: argparse.Namespace) -> int:
    """The PIN is changed by who has it: see unlock() for the SO who gives the user a new one."""
    from hsmith.cli.target import choose
    from hsmith.spec.constants import UserType
    from hsmith.wire.client import Client
    from hsmith.wire.session import Session

    whose = "so_pin" if options.so else "pin"
    with Client() as client:
        found = choose(client, options)
        old, new = pins.take(options, whose), pins.take(options, "new_pin", new=True)
        with Session(client, found["slot"], rw=True) as session:
            if options.user is not None:
                session.login_user(old, options.user)
            else:
                session.login(old, UserType.SO if options.so else UserType.USER)
            session.call("C_SetPIN", old, new)
        found = choose(client, options)
    who = "SO" if options.so else f"user '{options.user}'" if options.user is not None else "user"
    emit(options, found, f"The PIN of the {who} of token '{found['label']}' is changed.")
    return EXIT_OK


def unlock(options: argparse.Namespace) -> int:
    from hsmith.cli.target import choose
    from hsmith.wire.client import Client

    with Client() as client:
        found = choose(client, options)
        so_pin = pins.take(options, "so_pin")
        _set_user_pin(client, found["slot"], so_pin=so_pin, pin=pins.take(options, "pin", new=True))
        found = choose(client, options)
    emit(options, found, f"The user PIN of token '{found['label']}' is set, and not locked.")
    return EXIT_OK


def profile(options: argparse.Namespace) -> int:
    from hsmith.cli.target import choose
    from hsmith.wire.client import Client

    with Client() as client:
        slot = choose(client, options)["slot"]
        found = _set_profile(client, slot, so_pin=pins.take(options, "so_pin"), name=options.profile)
    emit(options, found, f"The profile of token '{found['label']}' is {found['profile']}.")
    return EXIT_OK


def _set_profile(client: Any, slot: int, *, so_pin: bytes, name: str) -> dict[str, Any]:
    text = so_pin.decode("utf-8", "surrogateescape")
    found: dict[str, Any] = client.admin("token.profile", slot=slot, so_pin=text, profile=name)
    return found


def _set_user_pin(client: Any, slot: int, *, so_pin: bytes, pin: bytes) -> None:
    from hsmith.spec.constants import UserType
    from hsmith.wire.session import Session

    with Session(client, slot, rw=True) as session:
        session.login(so_pin, UserType.SO)
        session.call("C_InitPIN", pin)


def delete(options: argparse.Namespace) -> int:
    from hsmith.cli.target import choose
    from hsmith.wire.client import Client

    with Client() as client:
        found = choose(client, options)
        question = f"Delete token '{found['label']}' in slot {found['slot']} with {found['objects']} objects for ever?"
        if not confirm(question, yes=options.yes):
            return EXIT_FAILED
        so_pin = pins.take(options, "so_pin").decode("utf-8", "surrogateescape")
        removed = client.admin("token.remove", slot=found["slot"], so_pin=so_pin)["removed"]
    emit(options, removed, f"Token '{removed['label']}' is deleted.")
    return EXIT_OK
