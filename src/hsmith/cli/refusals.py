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
    Fault.ENCRYPTED_DATA_INVALID: "The data was not encrypted so, or was altered.",
    Fault.ENCRYPTED_DATA_LEN_RANGE: "The encrypted data has a length that this mechanism never makes.",
    Fault.WRAPPED_KEY_INVALID: "The key was not wrapped so, or was altered.",
    Fault.WRAPPED_KEY_LEN_RANGE: "The wrapped key has a length that this mechanism never makes.",
    Fault.DATA_LEN_RANGE: "The mechanism does not take data of this length.",
    Fault.DATA_INVALID: "The mechanism does not take such data.",
    Fault.KEY_UNEXTRACTABLE: "The key may not leave the token: it was made without --extractable.",
    Fault.KEY_TYPE_INCONSISTENT: "The mechanism is not for keys of this type.",
    Fault.KEY_SIZE_RANGE: "The mechanism is not for keys of this size.",
    Fault.KEY_FUNCTION_NOT_PERMITTED: "The key may not do this: 'hsmith key show' says what it may (docs/policy.md).",
    Fault.ATTRIBUTE_READ_ONLY: "The attribute cannot be changed.",
    Fault.ACTION_PROHIBITED: "The object forbids this.",
    Fault.TOKEN_NOT_RECOGNIZED: "The token is not initialised.",
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
