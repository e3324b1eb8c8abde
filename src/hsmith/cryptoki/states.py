"""Saved states of operations (sections "C_GetOperationState", "C_SetOperationState").

The crypto libraries let nobody look into a running operation. So a state is what it was begun with and what it was fed
so far, up to operations.STATE_MAXIMUM, sealed under a key of the token that lives as long as the keeper: whoever holds
it learns nothing but its length. Keys are not in it, only a MAC by which the same key is known again.
"""

import dataclasses
from collections.abc import Iterable
from typing import Any, Final

from hsmith.core.objects import Object
from hsmith.core.token import Token
from hsmith.crypto import primitives
from hsmith.crypto.registry import ENGINES
from hsmith.cryptoki import operations
from hsmith.cryptoki.application import Session
from hsmith.cryptoki.handlers import handles
from hsmith.cryptoki.operations import Active
from hsmith.spec.constants import Attr, Fault
from hsmith.spec.faults import Refused, TooSmall
from hsmith.spec.functions import Operation
from hsmith.spec.mechanisms import MECHANISMS
from hsmith.spec.params import BY_CLASS, BY_NUMBER
from hsmith.spec.values import MechanismArg
from hsmith.store import codec

ENCRYPTING: Final = (Operation.ENCRYPT, Operation.DECRYPT)
AUTHENTICATING: Final = (Operation.SIGN, Operation.VERIFY, Operation.VERIFY_SIGNATURE)
#: Operations that can be saved, by the argument of C_SetOperationState that brings their key.
GROUPS: Final = (ENCRYPTING, AUTHENTICATING, (Operation.DIGEST,))

_PURPOSE: Final = b"hsmith operation state"
#: The fields of a state; those of the parameter follow _VALUES.
_SESSION, _OPERATION, _MECHANISM, _PARAMS, _PLAIN, _INPUT, _STARTED, _KEY, _SIGNATURE = range(9)
_VALUES: Final = 100

#: What two objects must share to be the same key.
_IDENTITY: Final = (
    Attr.CLASS, Attr.KEY_TYPE, Attr.VALUE, Attr.MODULUS, Attr.PUBLIC_EXPONENT, Attr.EC_PARAMS, Attr.EC_POINT,
    Attr.PRIME, Attr.SUBPRIME, Attr.BASE, Attr.PARAMETER_SET, Attr.PUBLIC_KEY_INFO,
)  # fmt: skip


@handles("C_GetOperationState")
def get_state(session: Session, capacity: int | None) -> bytes | int:
    groups = [[each for each in group if each in session.operations] for group in GROUPS]
    found = [operation for group in groups for operation in group]
    if not found:
        raise Refused(Fault.OPERATION_NOT_INITIALIZED, "no operation that could be saved is active")
    if any(len(group) > 1 for group in groups):
        raise _unsaveable("the keys of two operations of one kind cannot be told apart")
    saved = [_saved(session, operation) for operation in found]
    blob = primitives.seal(session.token.boot_key, codec.encode(dict(enumerate(saved))), _PURPOSE)
    if capacity is None:
        return len(blob)
    if capacity < len(blob):
        raise TooSmall(len(blob))
    return blob


@handles("C_SetOperationState")
def set_state(session: Session, state: bytes | None, encryption_key: int, authentication_key: int) -> None:
    if state is None:
        raise Refused(Fault.ARGUMENTS_BAD, "pOperationState is NULL")
    keys = dict.fromkeys(ENCRYPTING, encryption_key) | dict.fromkeys(AUTHENTICATING, authentication_key)
    saved = {Operation(fields[_OPERATION]): fields for fields in _unsealed(session, state)}
    for group, handle in ((ENCRYPTING, encryption_key), (AUTHENTICATING, authentication_key)):
        if handle and not any(operation in saved for operation in group):
            raise Refused(Fault.KEY_NOT_NEEDED, "the saved state has no operation for this key")
    restored = {operation: _restored(session, fields, keys.get(operation)) for operation, fields in saved.items()}
    session.operations.clear()
    session.operations.update(restored)


# --- Saving


def _unsaveable(reason: str) -> Refused:
    return Refused(Fault.STATE_UNSAVEABLE, reason)


def _saved(session: Session, operation: Operation) -> tuple[tuple[int, Any], ...]:
    active = session.operations[operation]
    if active.parts is None:
        raise _unsaveable(f"the operation was fed more than {operations.STATE_MAXIMUM} bytes")
    if active.held is not None and operation is not Operation.VERIFY_SIGNATURE:
        raise _unsaveable("the operation is at its end: its result waits to be fetched")
    assert active.arg is not None
    fields: dict[int, Any] = {
        _SESSION: int(session.state),
        _OPERATION: operation.value,
        _MECHANISM: int(active.arg.mechanism),
        _INPUT: b"".join(active.parts),
        _STARTED: active.started,
    }
    if active.key is not None:
        fields[_KEY] = _fingerprint(session.token, active.key)
    if active.held is not None:
        fields[_SIGNATURE] = active.held
    return tuple(sorted((fields | _flat(active.arg.params)).items()))


def _flat(params: Any) -> dict[int, Any]:
    """The parameter in fields. The parameters of operations that can be saved are flat."""
    if params is None:
        return {}
    if isinstance(params, bytes | int):
        return {_PLAIN: params}
    values = [getattr(params, field.name) for field in dataclasses.fields(params)]
    if not all(isinstance(value, bytes | int) for value in values):
        raise _unsaveable("the mechanism's parameter cannot be saved")
    return {_PARAMS: BY_CLASS[type(params)].number, **dict(enumerate(values, _VALUES))}


def _fingerprint(token: Token, key: Object) -> bytes:
    identity = {int(attr): key.attributes[attr] for attr in _IDENTITY if attr in key.attributes}
    return primitives.mac(token.boot_key, _PURPOSE, codec.encode(identity))


# --- Restoring


def _unsealed(session: Session, state: bytes) -> Iterable[dict[int, Any]]:
    try:
        saved = codec.decode(primitives.unseal(session.token.boot_key, bytes(state), _PURPOSE))
    except primitives.Tampered:
        raise Refused(Fault.SAVED_STATE_INVALID, "no state of this token, saved since the keeper started") from None
    for pairs in saved.values():
        fields: dict[int, Any] = dict(pairs)  # type: ignore[arg-type]  # Sealed by get_state(): it is a template.
        if fields[_SESSION] != session.state:
            raise Refused(Fault.SAVED_STATE_INVALID, "the state was saved in a session in another state")
        yield fields


def _restored(session: Session, fields: dict[int, Any], handle: int | None) -> Active:
    arg = MechanismArg(fields[_MECHANISM], _params(fields))
    active = _begun(arg) if handle is None else _begun_with_key(session, arg, handle, fields)
    if fields[_INPUT]:
        active.running.update(fields[_INPUT])
        active.record(fields[_INPUT])
    active.started = fields[_STARTED]
    active.held = fields.get(_SIGNATURE)
    return active


def _params(fields: dict[int, Any]) -> Any:
    if _PARAMS not in fields:
        return fields.get(_PLAIN)
    values = [value for field, value in sorted(fields.items()) if field >= _VALUES]
    return BY_NUMBER[fields[_PARAMS]].cls(*values)


def _begun(arg: MechanismArg) -> Active:
    return Active(ENGINES[arg.mechanism].digest(arg.params), MECHANISMS[arg.mechanism], arg)


def _begun_with_key(session: Session, arg: MechanismArg, handle: int, fields: dict[int, Any]) -> Active:
    if not handle:
        raise Refused(Fault.KEY_NEEDED, "the state does not have the key: give the handle of the one that was used")
    if not primitives.equal(_fingerprint(session.token, session.key(handle)), fields[_KEY]):
        raise Refused(Fault.KEY_CHANGED, "this is not the key with which the operation began")
    return operations.make(session, Operation(fields[_OPERATION]), arg, handle)
