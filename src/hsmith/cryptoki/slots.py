"""Slots and tokens (chapter "Slot and token management functions")."""

from typing import Any, Final

from hsmith import __version__
from hsmith.core.pins import MAX_PIN, MIN_PIN
from hsmith.core.token import Token
from hsmith.cryptoki.application import Application
from hsmith.cryptoki.handlers import handles
from hsmith.spec.constants import EFFECTIVELY_INFINITE, UNAVAILABLE, Fault, SlotFlag, TokenFlag, WaitFlag
from hsmith.spec.faults import Refused
from hsmith.spec.mechanisms import MECHANISMS

MANUFACTURER: Final = b"hsmith".ljust(32)
MODEL: Final = b"hsmith".ljust(16)
VERSION: Final = tuple(int(part) for part in __version__.split(".")[:2])
NO_CLOCK: Final = b" " * 16

#: Mechanisms, in the order of the list that C_GetMechanismList gives.
OFFERED: Final = sorted(MECHANISMS)

#: How often a blocked C_WaitForSlotEvent looks whether its application is gone.
EVENT_POLL_SECONDS: Final = 1.0


@handles("C_GetSlotList")
def get_slot_list(app: Application, token_present: bool) -> list[int]:
    return app.hsm.slots()  # Every slot has its token, initialised or not.


@handles("C_GetSlotInfo")
def get_slot_info(app: Application, slot: int) -> tuple[Any, ...]:
    app.hsm.token(slot)
    description = f"hsmith slot {slot}".encode().ljust(64)
    removable = SlotFlag.REMOVABLE_DEVICE if app.hsm.durable.settings.removable else SlotFlag(0)
    return ((description, MANUFACTURER, int(SlotFlag.TOKEN_PRESENT | removable), VERSION, VERSION),)


@handles("C_GetTokenInfo")
def get_token_info(app: Application, slot: int) -> tuple[Any, ...]:
    token = app.hsm.token(slot)
    if token is None:
        label, serial, flags = b" " * 32, b" " * 16, TokenFlag.RNG | TokenFlag.LOGIN_REQUIRED
        sessions, rw_sessions = 0, 0
    else:
        label, serial, flags = token.label, token.serial, token.flags()
        sessions, rw_sessions = app.session_count(token)
    # application.MAX_SESSIONS stops a runaway, and is no practical limit (CK_TOKEN_INFO Note).
    counts = (EFFECTIVELY_INFINITE, sessions, EFFECTIVELY_INFINITE, rw_sessions)
    memory = (UNAVAILABLE,) * 4
    return (
        (
            label,
            MANUFACTURER,
            MODEL,
            serial,
            int(flags),
            *counts,
            MAX_PIN,
            MIN_PIN,
            *memory,
            VERSION,
            VERSION,
            NO_CLOCK,
        ),
    )


@handles("C_GetMechanismList")
def get_mechanism_list(app: Application, slot: int) -> list[int]:
    token = app.hsm.token(slot)
    if token is not None:
        return [each for each in OFFERED if token.policy.offers(MECHANISMS[each])]
    allowed = app.hsm.durable.settings.mechanisms
    return OFFERED if allowed is None else [each for each in OFFERED if each in allowed]


@handles("C_GetMechanismInfo")
def get_mechanism_info(app: Application, slot: int, mechanism: int) -> tuple[Any, ...]:
    token = app.hsm.token(slot)
    row = MECHANISMS.get(mechanism)
    if row is None or (token is not None and not token.policy.offers(row)):
        raise Refused(Fault.MECHANISM_INVALID, f"mechanism {mechanism:#x} is not offered")
    return ((row.minimum, row.maximum, int(row.flags)),)


@handles("C_InitToken")
def init_token(app: Application, slot: int, pin: bytes | None, label: bytes | None) -> None:
    if pin is None or label is None:
        raise Refused(Fault.ARGUMENTS_BAD, "C_InitToken takes the SO PIN and a label of 32 bytes")
    app.hsm.initialise(slot, bytes(pin), bytes(label))


@handles("C_WaitForSlotEvent")
def wait_for_slot_event(app: Application, flags: int) -> int:
    """One event flag for each slot: set by any number of events, cleared when it is told."""
    while True:
        timeout = 0.0 if flags & WaitFlag.DONT_BLOCK else EVENT_POLL_SECONDS
        slot = app.next_event(timeout)
        if slot is not None:
            return slot
        if flags & WaitFlag.DONT_BLOCK:
            raise Refused(Fault.NO_EVENT)
        if app.closed:
            raise Refused(Fault.CRYPTOKI_NOT_INITIALIZED)


def token_by_label(app: Application, label: str) -> Token:
    """The token whose label is ``label``. Refused(TOKEN_NOT_PRESENT) when there is none, ARGUMENTS_BAD when several."""
    wanted = label.encode()
    found = [token for token in app.hsm.tokens() if token.label.rstrip(b" \0") == wanted]
    if not found:
        raise Refused(Fault.TOKEN_NOT_PRESENT, f"there is no token labelled {label!r}; 'hsmith token list' shows all")
    if len(found) > 1:
        raise Refused(Fault.ARGUMENTS_BAD, f"{len(found)} tokens are labelled {label!r}: name its slot")
    return found[0]
