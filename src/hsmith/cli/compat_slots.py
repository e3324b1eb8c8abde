"""Slots as SoftHSM's tools see them: found by number, serial, label, or as the free one; sessions with them."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hsmith.cli.compat_tools import Failed, user_pin
from hsmith.cli.output import say
from hsmith.spec.constants import Fault, TokenFlag
from hsmith.spec.faults import Refused
from hsmith.wire.client import Client
from hsmith.wire.session import Session


@dataclass(frozen=True, slots=True)
class Slot:
    """A slot with what C_GetSlotInfo and C_GetTokenInfo say, as texts and pairs of numbers."""

    number: int
    about: dict[str, Any]
    token: dict[str, Any]

    @property
    def initialised(self) -> bool:
        return bool(self.token["flags"] & TokenFlag.TOKEN_INITIALIZED)

    @property
    def label(self) -> str:
        return str(self.token["label"]).rstrip()

    @property
    def serial(self) -> str:
        return str(self.token["serialNumber"]).rstrip()


def slots(client: Client) -> list[Slot]:
    found = []
    for number in client.call("C_GetSlotList", True):
        about, token = client.call("C_GetSlotInfo", number), client.call("C_GetTokenInfo", number)
        found.append(Slot(number, _named("SLOT_INFO", about), _named("TOKEN_INFO", token)))
    return found


def _named(kind: str, values: Any) -> dict[str, Any]:
    from hsmith.spec.functions import Kind
    from hsmith.spec.infos import INFOS

    names = [name for name, _ in INFOS[Kind[kind]].members]
    return {
        name: value.decode("utf-8", "replace") if isinstance(value, bytes) else value
        for name, value in zip(names, values, strict=True)
    }


def find(client: Client, given: dict[str, Any], *, free: bool = False) -> int:
    """The number of the slot that --slot, --serial, --token or --free name. Failed."""
    if given["slot"] is not None:
        return _number(given["slot"])
    serial, label = given["serial"], given["token"]
    ways = ["--slot <number>", "--serial <serial>", "--token <label>", *(["--free"] if free else [])]
    if serial is None and label is None and not (free and given["free"]):
        raise Failed(f"ERROR: A slot/token must be supplied. Use {', '.join(ways[:-1])}, or {ways[-1]}")
    if free and given["free"]:
        return _free(client)
    found = [
        slot.number
        for slot in slots(client)
        if (serial is None or slot.serial == serial.rstrip()) and (label is None or slot.label == label.rstrip())
    ]
    words = " and ".join([*(["serial"] if serial is not None else []), *(["token label"] if label is not None else [])])
    for number in found:
        say(f"Found slot {number} with matching {words}.")
    if len(found) > 1:
        raise Failed("ERROR: Found multiple matching slots/tokens.")
    if not found:
        last = ", --token, or --free." if free else ", or --token"
        raise Failed(f"ERROR: Could not find a slot/token using --serial{last}")
    return found[0]


def _free(client: Client) -> int:
    number = next(slot.number for slot in slots(client) if not slot.initialised)
    say(f"Slot {number} has a free/uninitialized token.")
    return number


def _number(text: str) -> int:
    """As atoi reads it: what is no number is 0."""
    text = text.strip()
    digits = text.lstrip("+-")
    number = int("".join(_leading(digits)) or "0")
    if text.startswith("-") and number:
        raise Failed("ERROR: The slot number is negative.")
    return number


def _leading(text: str) -> Iterator[str]:
    for char in text:
        if not ("0" <= char <= "9"):
            return
        yield char


@contextlib.contextmanager
def session(client: Client, slot: int, pin: str | None) -> Iterator[Session]:
    """A session with the user logged in. Failed."""
    try:
        opened = Session(client, slot, rw=True)
    except Refused as refused:
        missing = refused.fault == Fault.SLOT_ID_INVALID
        words = "The given slot does not exist." if missing else "Could not open a session on the given slot."
        raise Failed(f"ERROR: {words}") from None
    with opened:
        try:
            opened.login(user_pin(pin))
        except Refused as refused:
            wrong = refused.fault == Fault.PIN_INCORRECT
            other = "Could not log in on the token."
            words = "The given user PIN does not match the one in the token." if wrong else other
            raise Failed(f"ERROR: {words}") from None
        yield opened
