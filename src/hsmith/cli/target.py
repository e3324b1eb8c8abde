"""Which token a command is about, and a session with it."""

import argparse
import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from hsmith.cli import pins, uri
from hsmith.cli.parser import Usage
from hsmith.home import Trouble

if TYPE_CHECKING:
    from hsmith.wire.client import Client
    from hsmith.wire.session import Session


def add_options(parser: argparse.ArgumentParser) -> None:
    one = parser.add_mutually_exclusive_group()
    one.add_argument("--token", metavar="TOKEN", help="the token: its label or PKCS#11 URI (default: the only token)")
    one.add_argument("--slot", type=int, metavar="N", help="its slot, where labels are not unique")


def add_login(parser: argparse.ArgumentParser, *, without: bool = False, so: bool = False) -> None:
    """Who logs in, and the options for his PIN. ``without``: nobody may; ``so``: the SO may."""
    who = parser.add_mutually_exclusive_group()
    who.add_argument("--user", metavar="NAME", help="log in as this named user")
    if without:
        who.add_argument("--no-login", action="store_true", help="log nobody in: only what is public is there")
    if so:
        who.add_argument(
            "--so", action="store_true", help="log the SO in, who marks keys trusted and sees what is public"
        )
    pins.add_options(parser, *(("pin", "so_pin") if so else ("pin",)))


def uris(options: argparse.Namespace) -> list[uri.Uri]:
    """The URIs that the options give, for the token or for an object. Raises Usage."""
    words = [getattr(options, name, None) for name in ("token", "name")]
    return [uri.parse(word) for word in words if word is not None and uri.is_uri(word)]


def choose(client: "Client", options: argparse.Namespace) -> dict[str, Any]:
    """What the keeper says of the token that --token, --slot or a URI names. Raises Trouble."""
    given = uris(options)
    tokens: list[dict[str, Any]] = client.admin("tokens")["tokens"]
    found = [token for token in tokens if _named(token, options) and all(one.matches_token(token) for one in given)]
    if len(found) == 1:
        return found[0]
    if not tokens:
        raise Trouble("There is no token yet. Make one with: hsmith token init --label NAME")
    if given and not found:
        raise Trouble(f"No token is what the URI says. There is: {_labels(tokens)}.")
    if found and (options.token is None or given):
        raise Usage(f"There are {len(found)} tokens: name one with --token: {_labels(found)}.")
    if found:
        slots = ", ".join(str(token["slot"]) for token in found)
        raise Usage(f"{len(found)} tokens are labelled '{options.token}': name one by --slot: {slots}.")
    wanted = f"token '{options.token}'" if options.slot is None else f"token in slot {options.slot}"
    raise Trouble(f"There is no {wanted}. There is: {_labels(tokens)}.")


def _named(token: dict[str, Any], options: argparse.Namespace) -> bool:
    if options.slot is not None:
        return bool(token["slot"] == options.slot)
    return options.token is None or uri.is_uri(options.token) or token["label"] == options.token


def _labels(tokens: list[dict[str, Any]]) -> str:
    return ", ".join(f"{token['label']} (slot {token['slot']})" for token in tokens)


@contextlib.contextmanager
def session(options: argparse.Namespace, *, rw: bool = False) -> Iterator["Session"]:
    """A session with the token, its user logged in unless the options say otherwise. ``options.found``: the token."""
    from hsmith.spec.constants import UserType
    from hsmith.wire.client import Client
    from hsmith.wire.session import Session

    given = vars(options)
    with Client() as client:
        token = options.found = choose(client, options)
        so = bool(given.get("so"))
        with Session(client, token["slot"], rw=rw or so) as opened:
            if so:
                opened.login(pins.take(options, "so_pin"), UserType.SO)
            elif given.get("user") is not None:
                opened.login_user(pins.take(options, "pin"), options.user)
            elif not given.get("no_login"):
                opened.login(pins.take(options, "pin"))
            yield opened
