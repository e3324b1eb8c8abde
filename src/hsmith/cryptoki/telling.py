"""What the keeper tells beyond the standard: why a call was refused, and what a key did so far."""

from collections.abc import Callable
from typing import Any, Final

from hsmith.core.policy.marks import NAMES, Mark
from hsmith.cryptoki.application import Application
from hsmith.spec.constants import Fault
from hsmith.spec.faults import Refused

Arguments = dict[str, Any]
Result = dict[str, Any]

#: Facts about a value that its user should know, beside its roles.
FACTS: Final = {
    Mark.KNOWN: "known outside",
    Mark.READABLE: "was readable",
    Mark.WRAPPED: "was wrapped",
}


#: Functions of which not every reason is told: it could say more of a plaintext or a PIN than the return value does.
_SECRETIVE: Final = ("C_Decrypt", "C_Unwrap", "C_Verify", "C_Decapsulate", "C_Login", "C_SetPIN", "C_InitPIN")
#: What they say all the same: it comes before anything is decrypted.
_SAID: Final = frozenset(
    {
        Fault.ACTION_PROHIBITED,
        Fault.KEY_FUNCTION_NOT_PERMITTED,
        Fault.KEY_TYPE_INCONSISTENT,
        Fault.MECHANISM_INVALID,
        Fault.MECHANISM_PARAM_INVALID,
        Fault.TEMPLATE_INCOMPLETE,
        Fault.USER_NOT_LOGGED_IN,
    }
)


def reason(app: Application, arguments: Arguments) -> Result:
    """``reason``: why the last call of a function of this application was refused; empty where it is not told."""
    if app.refused is None:
        return {"reason": ""}
    name, fault, words = app.refused
    told = not name.startswith(_SECRETIVE) or fault in _SAID
    return {"reason": words if told else ""}


def key_roles(app: Application, arguments: Arguments) -> Result:
    """``key.roles`` {session, handle}: what the value of a key was used for, and what became of it (docs/policy.md)."""
    numbers = [arguments.get(name) for name in ("session", "handle")]
    if not all(type(number) is int for number in numbers):
        raise Refused(Fault.ARGUMENTS_BAD, "the command needs 'session' and 'handle', which are numbers")
    session = app.session(arguments["session"])
    with session.lock:
        record = session.token.policy.record(session.key(arguments["handle"]))
    marks = record.marks if record is not None else Mark.NONE
    return {"roles": _words(marks, NAMES), "facts": _words(marks, FACTS)}


def _words(marks: Mark, table: dict[Mark, str]) -> list[str]:
    return list(dict.fromkeys(words for mark, words in table.items() if mark & marks))


COMMANDS: Final[dict[str, Callable[[Application, Arguments], Result]]] = {"reason": reason, "key.roles": key_roles}
