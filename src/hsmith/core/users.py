"""Named users of a token (section "C_LoginUser"): each has a PIN of his own, and so a keyslot of his own.

All users of a token see and use the same private objects: a name tells who it was, it does not divide the token.
"""

from typing import Final

from hsmith.spec.constants import Fault
from hsmith.spec.faults import Refused

PREFIX: Final = "user:"
MAX_NAME: Final = 64  # bytes


def keyslot(name: str) -> str:
    """The keyslot of a named user."""
    return PREFIX + name


def names(keyslots: list[str]) -> list[str]:
    """The named users among the keyslots of a token."""
    return sorted(keyslot.removeprefix(PREFIX) for keyslot in keyslots if keyslot.startswith(PREFIX))


def check_name(name: str) -> str:
    """A name for a new user. Refused(ARGUMENTS_BAD) in words."""
    try:
        length = len(name.encode())
    except UnicodeEncodeError:
        raise Refused(Fault.ARGUMENTS_BAD, "a user's name is UTF-8 text") from None
    if not 1 <= length <= MAX_NAME or not name.isprintable() or name != name.strip():
        raise Refused(
            Fault.ARGUMENTS_BAD, f"a user's name has 1 to {MAX_NAME} bytes, all printable, and no blanks around it"
        )
    return name
