"""What the keeper's clients ask that is not PKCS#11: one function for each command of an ADMIN frame (docs/wire.md).

A command gets the Application and a dict of arguments and returns a dict, both JSON. It refuses by Refused, whose
reason the user reads.
"""

from collections.abc import Callable
from typing import Any, Final

from hsmith.core.token import Token
from hsmith.cryptoki.application import Application
from hsmith.spec.constants import Fault, TokenFlag
from hsmith.spec.faults import Refused

Arguments = dict[str, Any]
Result = dict[str, Any]


def tokens(app: Application, arguments: Arguments) -> Result:
    """``tokens``: every token with its slot, and the slot that is free."""
    return {"tokens": [_described(token) for token in app.hsm.tokens()], "free_slot": app.hsm.slots()[-1]}


def token_remove(app: Application, arguments: Arguments) -> Result:
    """``token.remove`` {slot, so_pin}: remove the token with all its objects for ever."""
    slot, so_pin = _argument(arguments, "slot", int), _argument(arguments, "so_pin", str)
    token = app.hsm.token(slot)
    if token is None:
        raise Refused(Fault.SLOT_ID_INVALID, f"slot {slot} has no token; 'hsmith token list' shows all")
    removed = _described(token)
    app.hsm.remove(token, so_pin.encode("utf-8", "surrogateescape"))
    return {"removed": removed}


COMMANDS: Final[dict[str, Callable[[Application, Arguments], Result]]] = {
    "tokens": tokens,
    "token.remove": token_remove,
}


def _argument(arguments: Arguments, name: str, kind: type) -> Any:
    value = arguments.get(name)
    if type(value) is not kind:
        raise Refused(Fault.ARGUMENTS_BAD, f"the command needs {name!r}, which is {'a number' if kind is int else 'text'}")
    return value


def _described(token: Token) -> Result:
    flags = token.flags()
    return {
        "slot": token.slot,
        "label": token.label.rstrip(b" \0").decode("utf-8", "replace"),
        "serial": token.serial.decode(),
        "created": token.created,
        "user_pin_set": token.user_pin_set,
        "user_pin_locked": TokenFlag.USER_PIN_LOCKED in flags,
        "so_pin_locked": TokenFlag.SO_PIN_LOCKED in flags,
        "objects": token.shelf.count(),
        "sessions": token.sessions,
    }
