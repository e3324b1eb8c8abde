"""Refusals of the keeper in words for the user of a command."""

from hsmith.spec.constants import Fault
from hsmith.spec.faults import Refused

ABOUT_PIN = {
    Fault.PIN_INCORRECT: "The PIN is wrong.",
    Fault.PIN_LOCKED: "The PIN is locked after too many wrong ones. The SO sets a new user PIN: hsmith token unlock.",
    Fault.PIN_LEN_RANGE: "A PIN has 4 to 255 bytes.",
    Fault.PIN_INVALID: "The PIN is not acceptable.",
    Fault.USER_PIN_NOT_INITIALIZED: "The token has no user PIN yet; the SO sets it: hsmith token unlock.",
}
SENTENCES = {
    **ABOUT_PIN,
    Fault.DEVICE_REMOVED: "The keeper ended the connection. Try again; 'hsmith doctor' says what may be wrong.",
    Fault.DEVICE_MEMORY: "The disk, or a limit, is full.",
    Fault.SESSION_EXISTS: "A program has a session with this token open. End it first.",
    Fault.GENERAL_ERROR: "The keeper failed; its log says more.",
    Fault.MECHANISM_INVALID: "The keeper does not offer the mechanism that this needs.",
    Fault.USER_NOT_LOGGED_IN: "This needs the user PIN.",
}


def in_words(refused: Refused) -> str:
    """The keeper's reason if it gave one, else what the return value means; with the return value."""
    name = f"CKR_{refused.fault.name}"
    if refused.reason:
        reason = refused.reason[:1].upper() + refused.reason[1:]
        return f"{reason.rstrip('.')}. ({name})"
    return f"{SENTENCES.get(refused.fault, 'The keeper refused.')} ({name})"


def is_about_pin(refused: Refused) -> bool:
    return refused.fault in ABOUT_PIN
