"""Which token a command is about, and a session with it."""

import argparse
import contextlib
from collections.abc import Iterator
from typing import Any

from hsmith.cli import pins
from hsmith.cli.parser import Usage
from hsmith.home import Trouble
from hsmith.wire.client import Client
from hsmith.wire.session import Session


def add_options(parser: argparse.ArgumentParser) -> None:
    one = parser.add_mutually_exclusive_group()
    one.add_argument("--token", metavar="LABEL", help="the token's label (default: the only token)")
    one.add_argument("--slot", type=int, metavar="N", help="its slot, where labels are not unique")


def choose(client: Client, options: argparse.Namespace) -> dict[str, Any]:
    """What the keeper says of the token that --token or --slot name. Raises Trouble."""
    tokens: list[dict[str, Any]] = client.admin("tokens")["tokens"]
    found = [token for token in tokens if _named(token, options)]
    if len(found) == 1:
        return found[0]
    if not tokens:
        raise Trouble("There is no token yet. Make one with: hsmith token init --label NAME")
    if found and options.token is None:
        raise Usage(f"There are {len(found)} tokens: name one with --token: {_labels(found)}.")
    if found:
        slots = ", ".join(str(token["slot"]) for token in found)
        raise Usage(f"{len(found)} tokens are labelled '{options.token}': name one by --slot: {slots}.")
    wanted = f"token '{options.token}'" if options.slot is None else f"token in slot {options.slot}"
    raise Trouble(f"There is no {wanted}. There is: {_labels(tokens)}.")


def _named(token: dict[str, Any], options: argparse.Namespace) -> bool:
    if options.slot is not None:
        return bool(token["slot"] == options.slot)
    return options.token is None or token["label"] == options.token


def _labels(tokens: list[dict[str, Any]]) -> str:
    return ", ".join(f"{token['label']} (slot {token['slot']})" for token in tokens)


@contextlib.contextmanager
def session(options: argparse.Namespace, *, rw: bool = False) -> Iterator[Session]:
    """A session with the token, its user logged in."""
    with Client() as client:
        token = choose(client, options)
        with Session(client, token["slot"], rw=rw) as opened:
            opened.login(pins.take(options, "pin"))
            yield opened
