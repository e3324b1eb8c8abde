"""What the keeper's clients ask that is not PKCS#11: one function for each command of an ADMIN frame (docs/wire.md).

A command gets the Application and a dict of arguments and returns a dict, both JSON. It refuses by Refused, whose
reason the user reads.
"""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from hsmith.core.audit import CURRENT
from hsmith.core.policy.profiles import Profile
from hsmith.core.token import Token
from hsmith.cryptoki import arrivals, auditing, backups, telling
from hsmith.cryptoki.application import Application
from hsmith.spec.constants import Fault, TokenFlag
from hsmith.spec.faults import Refused

Arguments = dict[str, Any]
Result = dict[str, Any]


def tokens(app: Application, arguments: Arguments) -> Result:
    """``tokens``: every token with its slot, and the slot that is free."""
    return {"tokens": [_described(token) for token in app.hsm.tokens()], "free_slot": app.hsm.slots()[-1]}


def token_remove(app: Application, arguments: Arguments) -> Result:
    """``token.remove`` {slot, so_pin}: remove the token with all its objects for ever.

    ``so_pin`` null: without the PIN, for the keeper's own user alone, who could delete the store's files as well.
    """
    token = _token(app, arguments)
    if arguments.get("so_pin", "") is None and app.uid != os.geteuid():
        raise Refused(Fault.PIN_INCORRECT, "the SO PIN is needed: this is not the user whose keeper it is")
    so_pin = None if arguments.get("so_pin", "") is None else _pin(arguments, "so_pin")
    removed = _described(token)
    app.hsm.remove(token, so_pin)
    return {"removed": removed}


def token_profile(app: Application, arguments: Arguments) -> Result:
    """``token.profile`` {slot, so_pin, profile}: change what the token permits (docs/policy.md)."""
    token, name = _token(app, arguments), _argument(arguments, "profile", str)
    if name not in (profile.value for profile in Profile):
        raise Refused(Fault.ARGUMENTS_BAD, f"a profile is {', '.join(profile.value for profile in Profile)}")
    token.set_profile(_pin(arguments, "so_pin"), Profile(name))
    return _described(token)


def token_rename(app: Application, arguments: Arguments) -> Result:
    """``token.rename`` {slot, so_pin, label}: give the token another label."""
    token, label = _token(app, arguments), _argument(arguments, "label", str)
    token.rename(_pin(arguments, "so_pin"), label.encode("utf-8", "surrogateescape"))
    return _described(token)


def token_audit(app: Application, arguments: Arguments) -> Result:
    """``token.audit`` {slot, so_pin, level}: "use" records each use of a key, "admin" only changes and logins."""
    token, level = _token(app, arguments), _argument(arguments, "level", str)
    if level not in ("admin", "use"):
        raise Refused(Fault.ARGUMENTS_BAD, "the level is 'admin' or 'use'")
    token.set_audit(_pin(arguments, "so_pin"), uses=level == "use")
    return _described(token)


def store_inspect(app: Application, arguments: Arguments) -> Result:
    """``store.inspect``: all that is wrong with what is stored, in sentences; it takes a look at all of it."""
    return {"found": app.hsm.durable.inspect()}


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


def _recorded(name: str, command: Callable[[Application, Arguments], Result]) -> Callable[..., Result]:
    """What the command does is recorded under its name."""

    def recorded(app: Application, arguments: Arguments) -> Result:
        CURRENT.call = (app, name, None)
        return command(app, arguments)

    return recorded


_ALL: Final[dict[str, Callable[[Application, Arguments], Result]]] = {
    "tokens": tokens,
    "token.remove": token_remove,
    "store.inspect": store_inspect,
    "token.profile": token_profile,
    "token.rename": token_rename,
    "users": users,
    "user.add": user_add,
    "user.remove": user_remove,
    "token.audit": token_audit,
    **backups.COMMANDS,
    **arrivals.COMMANDS,
    **auditing.COMMANDS,
    **telling.COMMANDS,
}
COMMANDS: Final = {name: _recorded(name, command) for name, command in _ALL.items()}


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
        "profile": token.policy.profile.value,
        "created": datetime.fromtimestamp(token.created, UTC).isoformat(),
        "user_pin_set": token.user_pin_set,
        "user_pin_locked": TokenFlag.USER_PIN_LOCKED in flags,
        "so_pin_locked": TokenFlag.SO_PIN_LOCKED in flags,
        "objects": token.shelf.count(),
        "sessions": token.sessions,
        "audit": "use" if token.audits_uses else "admin",
    }
