"""What the keeper's clients ask that is not PKCS#11: one function for each command of an ADMIN frame (docs/wire.md).

A command gets the Application and a dict of arguments and returns a dict, both JSON. It refuses by Refused, whose
reason the user reads.
"""

from collections.abc import Callable
from datetime import UTC, datetime
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
    token, so_pin = _token(app, arguments), _pin(arguments, "so_pin")
    removed = _described(token)
    app.hsm.remove(token, so_pin)
    return {"removed": removed}


def users(app: Application, arguments: Arguments) -> Result:
    """``users`` {slot}: the named users of a token (section "C_LoginUser")."""
    found = _token(app, arguments).users()
    return {"users": [{"name": name, "locked": locked} for name, locked in found]}


def user_add(app: Application, arguments: Arguments) -> Result:
    """``user.add`` {slot, so_pin, name, pin}: make a named user, or give the one of that name a new PIN."""
    token, name = _token(app, arguments), _argument(arguments, "name", str)
    token.add_user(_pin(arguments, "so_pin"), name, _pin(arguments, "pin"))
    return {"slot": token.slot, "name": name}


def user_remove(app: Application, arguments: Arguments) -> Result:
    """``user.remove`` {slot, so_pin, name}: he cannot log in any more."""
    token, name = _token(app, arguments), _argument(arguments, "name", str)
    token.remove_user(_pin(arguments, "so_pin"), name)
    return {"slot": token.slot, "name": name}


COMMANDS: Final[dict[str, Callable[[Application, Arguments], Result]]] = {
    "tokens": tokens,
    "token.remove": token_remove,
    "users": users,
    "user.add": user_add,
    "user.remove": user_remove,
}


def _argument(arguments: Arguments, name: str, kind: type) -> Any:
    value = arguments.get(name)
    if type(value) is not kind:
        raise Refused(
            Fault.ARGUMENTS_BAD, f"the command needs {name!r}, which is {'a number' if kind is int else 'text'}"
        )
    return value


def _token(app: Application, arguments: Arguments) -> Token:
    slot = _argument(arguments, "slot", int)
    token = app.hsm.token(slot)
    if token is None:
        raise Refused(Fault.SLOT_ID_INVALID, f"slot {slot} has no token; 'hsmith token list' shows all")
    return token


def _pin(arguments: Arguments, name: str) -> bytes:
    pin: str = _argument(arguments, name, str)
    try:
        return pin.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise Refused(Fault.ARGUMENTS_BAD, f"{name!r} is no text in UTF-8") from None


def _described(token: Token) -> Result:
    flags = token.flags()
    return {
        "slot": token.slot,
        "label": token.label.rstrip(b" \0").decode("utf-8", "replace"),
        "serial": token.serial.decode(),
        "created": datetime.fromtimestamp(token.created, UTC).isoformat(),
        "user_pin_set": token.user_pin_set,
        "user_pin_locked": TokenFlag.USER_PIN_LOCKED in flags,
        "so_pin_locked": TokenFlag.SO_PIN_LOCKED in flags,
        "objects": token.shelf.count(),
        "sessions": token.sessions,
    }
