"""Runs a case: each function is called with what is written, and what it answers is compared with what is written."""

from typing import Any, Final

from hsmith.spec.constants import Fault, Mechanism, MechanismFlag, SessionFlag, SlotFlag, TokenFlag, UserType
from p11 import P11
from p11_values import fault_name
from profiles import values
from profiles.cases import Malformed, Step
from profiles.parameters import (
    MECHANISM,
    OMITTED,
    QUERY,
    TEMPLATE,
    Parameter,
    boolean,
    buffer,
    counted,
    found,
    handle,
    listing,
    number,
    struct,
)
from profiles.scope import Mismatch, Scope, written

_SESSION: Final = number("Session")
_SLOT: Final = number("SlotID")

#: The parameters of each function that the cases call, in the order of C.
FUNCTIONS: Final[dict[str, tuple[Parameter, ...]]] = {
    "C_Initialize": (OMITTED,),
    "C_Finalize": (OMITTED,),
    "C_GetInfo": (struct("Info", "INFO"),),
    "C_GetSlotList": (boolean("TokenPresent"), listing("SlotList", "SlotID")),
    "C_GetSlotInfo": (_SLOT, struct("SlotInfo", "SLOT_INFO", SlotFlag)),
    "C_GetTokenInfo": (_SLOT, struct("TokenInfo", "TOKEN_INFO", TokenFlag)),
    "C_GetMechanismList": (_SLOT, listing("MechanismList", "Type", Mechanism)),
    "C_GetMechanismInfo": (_SLOT, number("Type", Mechanism), struct("MechanismInfo", "MECHANISM_INFO", MechanismFlag)),
    "C_OpenSession": (_SLOT, number("Flags", SessionFlag), OMITTED, OMITTED, handle("Session")),
    "C_CloseSession": (_SESSION,),
    "C_CloseAllSessions": (_SLOT,),
    "C_Login": (_SESSION, number("UserType", UserType), counted("Pin", str.encode)),
    "C_Logout": (_SESSION,),
    "C_FindObjectsInit": (_SESSION, TEMPLATE),
    "C_FindObjects": (_SESSION, found("Object", "Object")),
    "C_FindObjectsFinal": (_SESSION,),
    "C_GetAttributeValue": (_SESSION, number("Object"), QUERY),
    "C_SignInit": (_SESSION, MECHANISM, number("Key")),
    "C_Sign": (_SESSION, counted("Data", values.binary), buffer("Signature")),
}


def run(p11: P11, steps: list[Step], scope: Scope) -> None:
    """Run a case on a module that is not initialised yet. Mismatch names the call that went otherwise."""
    for place, step in enumerate(steps, 1):
        try:
            _run(p11, step, scope)
        except (Mismatch, Malformed) as error:
            raise type(error)(f"call {place}, {step.call.tag}: {error}") from None


def _run(p11: P11, step: Step, scope: Scope) -> None:
    if step.call.tag not in FUNCTIONS:
        raise Malformed("this interpreter does not know the function")
    parameters = FUNCTIONS[step.call.tag]
    name = written(step.answer, "rv")
    wanted = values.number(name, Fault)
    _has(step.call.tag, [each.tag for each in step.call], [each.name for each in parameters if each.given])
    outputs = [each.name for each in parameters if each.checked] if wanted == Fault.OK else []
    _has(f"the answer of {step.call.tag}", [each.tag for each in step.answer], outputs)
    arguments: list[Any] = []
    checks = []
    for parameter in parameters:
        more, check = parameter.prepare(step.call, scope)
        arguments += more
        checks += [check] if check else []
    rv = p11.rv(step.call.tag, *arguments)
    if rv != wanted:
        raise Mismatch(f"the return value is {fault_name(rv)}, the case has CKR_{name}")
    for check in checks if wanted == Fault.OK else ():
        check(step.answer)


def _has(what: str, there: list[str], wanted: list[str]) -> None:
    if there != wanted:
        raise Malformed(f"{what} has the elements {there}, not {wanted}")
