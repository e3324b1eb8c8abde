"""Active operations: how one begins, and what must still hold at each of its steps (chapter 5).

A step that fails ends its operation, except with CKR_BUFFER_TOO_SMALL; so does a logout, and the end of the key.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from typing import TYPE_CHECKING, Any, Final

from hsmith.core.objects import KEY_CLASSES, Object
from hsmith.core.policy.marks import Mark
from hsmith.core.policy.policy import ONE_TIME
from hsmith.crypto.key import Key
from hsmith.crypto.registry import ENGINES
from hsmith.cryptoki import counting
from hsmith.cryptoki.memory import SMALL, Charge, Memory
from hsmith.spec.constants import Attr, Fault, MechanismFlag, ObjectClass
from hsmith.spec.faults import Refused, TooSmall
from hsmith.spec.functions import Operation
from hsmith.spec.mechanisms import MECHANISMS, MechanismRow
from hsmith.spec.params import PARAMS
from hsmith.spec.values import Malformed, MechanismArg

if TYPE_CHECKING:
    from hsmith.cryptoki.application import Session

PUBLIC, PRIVATE, SECRET = ObjectClass.PUBLIC_KEY, ObjectClass.PRIVATE_KEY, ObjectClass.SECRET_KEY
OTP = ObjectClass.OTP_KEY


#: Classes of parameters that come with each message, or with authenticated wrapping, and with nothing else.
OF_MESSAGES: Final = frozenset(row.cls for row in PARAMS if row.message)

Method = Callable[..., Any]


def _now(method: Method, key: Key, params: Any) -> Any:
    return method(key, params)


def _later(method: Method, key: Key, params: Any) -> Any:
    return functools.partial(method, key, params)


def _for_each(method: Method, key: Key, params: Any) -> Any:
    method(key, params)  # What is wrong with the parameter is said now, not at the first message.
    return functools.partial(method, key, params)


def _by_message(method: Method, key: Key, params: Any) -> Any:
    return functools.partial(method, key)


@dataclass(frozen=True, slots=True)
class Use:
    """What using a key for one purpose needs: the mechanism's flag, the key's usage attribute, the key's class.

    ``method``: of the engine. ``start``: how it is called: at once, in the one call that brings the data, or for each
    message, with the parameter of the Init or the message's own.
    """

    flag: MechanismFlag
    attribute: Attr | None
    classes: frozenset[ObjectClass]
    method: str
    start: Callable[[Method, Key, Any], Any] = _now


USES: Final[dict[Operation, Use]] = {
    Operation.ENCRYPT: Use(MechanismFlag.ENCRYPT, Attr.ENCRYPT, frozenset({PUBLIC, SECRET}), "encrypt"),
    Operation.DECRYPT: Use(MechanismFlag.DECRYPT, Attr.DECRYPT, frozenset({PRIVATE, SECRET}), "decrypt"),
    Operation.SIGN: Use(MechanismFlag.SIGN, Attr.SIGN, frozenset({PRIVATE, SECRET, OTP}), "sign"),
    Operation.SIGN_RECOVER: Use(
        MechanismFlag.SIGN_RECOVER, Attr.SIGN_RECOVER, frozenset({PRIVATE, SECRET}), "sign_recover"
    ),
    Operation.VERIFY: Use(MechanismFlag.VERIFY, Attr.VERIFY, frozenset({PUBLIC, SECRET, OTP}), "verify"),
    Operation.VERIFY_RECOVER: Use(
        MechanismFlag.VERIFY_RECOVER, Attr.VERIFY_RECOVER, frozenset({PUBLIC, SECRET}), "verify_recover", _later
    ),
    Operation.VERIFY_SIGNATURE: Use(MechanismFlag.VERIFY, Attr.VERIFY, frozenset({PUBLIC, SECRET, OTP}), "verify"),
    Operation.MESSAGE_ENCRYPT: Use(
        MechanismFlag.MESSAGE_ENCRYPT, Attr.ENCRYPT, frozenset({SECRET}), "encrypt", _by_message
    ),
    Operation.MESSAGE_DECRYPT: Use(
        MechanismFlag.MESSAGE_DECRYPT, Attr.DECRYPT, frozenset({SECRET}), "decrypt", _by_message
    ),
    Operation.MESSAGE_SIGN: Use(MechanismFlag.MESSAGE_SIGN, Attr.SIGN, frozenset({PRIVATE, SECRET}), "sign", _for_each),
    Operation.MESSAGE_VERIFY: Use(
        MechanismFlag.MESSAGE_VERIFY, Attr.VERIFY, frozenset({PUBLIC, SECRET}), "verify", _for_each
    ),
}
WRAP: Final = Use(MechanismFlag.WRAP, Attr.WRAP, frozenset({PUBLIC, SECRET}), "wrap")
UNWRAP: Final = Use(MechanismFlag.UNWRAP, Attr.UNWRAP, frozenset({PRIVATE, SECRET}), "unwrap")
DERIVE: Final = Use(MechanismFlag.DERIVE, Attr.DERIVE, frozenset({PRIVATE, SECRET}), "derive")
#: "It can always be used with any CKO_PRIVATE_KEY object regardless of its CKA_DERIVE" ("Public key from private key").
PUBLIC_HALF: Final = Use(MechanismFlag.DERIVE, None, frozenset({PRIVATE}), "derive")
ENCAPSULATE: Final = Use(MechanismFlag.ENCAPSULATE, Attr.ENCAPSULATE, frozenset({PUBLIC}), "encapsulate")
DECAPSULATE: Final = Use(MechanismFlag.DECAPSULATE, Attr.DECAPSULATE, frozenset({PRIVATE}), "decapsulate")

#: Bytes fed to an operation up to which its state can be saved.
STATE_MAXIMUM: Final = 65536


class Active:
    """One running operation. ``held`` is a result that did not fit the caller's buffer and waits to be fetched.

    ``parts``: what was fed so far, from which C_GetOperationState makes the state; None once that is too much.
    ``role``: what it makes of the key, of the bits of hsmith.core.policy.marks. ``released``: see release().
    """

    __slots__ = (
        "arg", "authenticated", "handle", "held", "key", "parts", "recorded", "released", "role", "row", "running",
        "started", "use", "weight",
    )  # fmt: skip

    def __init__(self, running: Any, row: MechanismRow | None = None, arg: MechanismArg | None = None) -> None:
        self.running = running
        self.row = row
        self.arg = arg
        self.key: Object | None = None
        self.handle = 0
        self.use: Use | None = None
        self.started = False
        self.released = False
        self.authenticated = True
        self.held: bytes | None = None
        self.parts: list[bytes] | None = []
        self.recorded = 0
        self.role = 0
        self.weight: Charge | None = None

    def record(self, part: bytes) -> None:
        """Keep a reference to a part: nothing is copied, and nothing more is kept once it is too much."""
        self.started = True
        if self.parts is not None:
            self.recorded += len(part)
            if self.recorded > STATE_MAXIMUM:
                self.parts = None
            else:
                self.parts.append(part)

    def weigh(self, memory: Memory, more: int = 0) -> None:
        """Count what it keeps: data and results, its parameter, and ``more`` bytes. Refused(DEVICE_MEMORY)."""
        size = more + _size_of(self.arg) + getattr(self.running, "kept", 0) + len(self.held or b"")
        size += self.recorded if self.parts is not None else 0
        if self.weight is not None:
            self.weight.resize(size)
        elif size >= SMALL:
            self.weight = Charge(memory, size)

    def demand_pin(self) -> None:
        """CKA_ALWAYS_AUTHENTICATE: a PIN permits one use of the key, here the next one."""
        if self.key is not None:
            self.authenticated = not self.key.attributes.get(Attr.ALWAYS_AUTHENTICATE)


def _size_of(arg: MechanismArg | None) -> int:
    """Bytes of a parameter's data."""
    params = arg.params if arg is not None else None
    if params is None or isinstance(params, bytes | int) or not is_dataclass(params):
        return len(params) if isinstance(params, bytes) else 0
    values = [getattr(params, field.name) for field in fields(params)]
    return sum(len(value) for value in values if isinstance(value, bytes))


def mechanism_row(arg: MechanismArg | None, flag: MechanismFlag) -> MechanismRow:
    """The row of the mechanism, which offers the operation, with a parameter of one of its classes."""
    if arg is None:
        raise Refused(Fault.ARGUMENTS_BAD, "pMechanism is NULL")
    row = MECHANISMS.get(arg.mechanism)
    if row is None or not row.flags & flag:
        raise Refused(Fault.MECHANISM_INVALID, f"mechanism {arg.mechanism:#x} does not offer this operation")
    return row


def check_params(row: MechanismRow, params: Any, *, of_message: bool = False) -> None:
    """``of_message``: the per-message parameter of authenticated encryption is due, or any other."""
    for accepted in row.params:
        if (accepted in OF_MESSAGES) is of_message and (
            params is None if accepted is None else type(params) is accepted
        ):
            return
    if isinstance(params, Malformed):
        reason = f"a parameter of {params.length} bytes is not one of {row.mechanism.name}"
    else:
        reason = f"{row.mechanism.name} does not take this parameter"
    raise Refused(Fault.MECHANISM_PARAM_INVALID, reason)


def check_key(key: Object, row: MechanismRow, use: Use) -> None:
    """Whether this key may be used so, by this mechanism, at all."""
    attributes = key.attributes
    if key.cls not in KEY_CLASSES:
        raise Refused(Fault.KEY_HANDLE_INVALID, "the object is not a key")
    if key.cls not in use.classes or attributes.get(Attr.KEY_TYPE) not in row.key_types:
        raise Refused(Fault.KEY_TYPE_INCONSISTENT, f"{row.mechanism.name} does not work with this type of key")
    check_permitted(key, row, use)
    if row.maximum and not row.minimum <= key.key().size * row.unit <= row.maximum:
        raise Refused(Fault.KEY_SIZE_RANGE, f"{row.mechanism.name} takes keys of {row.minimum} to {row.maximum}")


def check_permitted(key: Object, row: MechanismRow, use: Use) -> None:
    attributes = key.attributes
    if use.attribute is not None and not attributes.get(use.attribute):
        raise Refused(Fault.KEY_FUNCTION_NOT_PERMITTED, f"the key's CKA_{use.attribute.name} is not true")
    allowed = attributes.get(Attr.ALLOWED_MECHANISMS)
    if allowed is not None and row.mechanism not in allowed:  # an empty list allows none
        raise Refused(Fault.MECHANISM_INVALID, "the mechanism is not in the key's CKA_ALLOWED_MECHANISMS")


def begin(session: "Session", operation: Operation, arg: MechanismArg | None, handle: int) -> Active | None:
    """Start an operation with a key; a NULL mechanism ends the active one instead (since 3.0)."""
    if arg is None:
        if session.operations.pop(operation, None) is None:
            raise Refused(Fault.ARGUMENTS_BAD, "pMechanism is NULL and no operation is active")
        return None
    check_idle(session, operation)
    active = make(session, operation, arg, handle)
    if arg.params is not None:
        active.weigh(session.app.memory)
    session.begin(operation, active)
    return active


def make(session: "Session", operation: Operation, arg: MechanismArg, handle: int) -> Active:
    """The operation with a key, checked and ready, and not yet the session's."""
    row = mechanism_row(arg, USES[operation].flag)
    key = session.key(handle)
    if not session.token.audits_uses:
        return _made(session, operation, arg, row=row, key=key, handle=handle)
    try:
        active = _made(session, operation, arg, row=row, key=key, handle=handle)
    except Refused as refused:
        session.token.used(key, row.mechanism, refused.fault)
        raise
    session.token.used(key, row.mechanism)
    return active


def _made(
    session: "Session", operation: Operation, arg: MechanismArg, *, row: MechanismRow, key: Object, handle: int
) -> Active:
    use = USES[operation]
    check_key(key, row, use)
    # Of messages only its class: each brings its own ("The mechanism parameter is passed to all three").
    check_params(row, arg.params, of_message=use.start is _by_message)
    policy = session.token.policy
    policy.check_mechanism(row)
    role = policy.role(operation, key, row)
    if role & ~key.granted:
        policy.check(key, Mark(role))
    if row.mechanism in ONE_TIME:
        policy.serve(operation, key)
    active = Active(use.start(getattr(ENGINES[row.mechanism], use.method), key.key(), arg.params), row, arg)
    active.key, active.handle, active.use, active.role = key, handle, use, role
    if row.counted and operation is Operation.SIGN:
        active.running.count = functools.partial(counting.take, session, handle)
    active.demand_pin()
    return active


_OF_MESSAGES: Final = frozenset(operation for operation in Operation if operation.name.startswith("MESSAGE_"))


def release(session: "Session") -> None:
    """C_SessionCancel without flags. "The session state will not be modified", so every operation can go on; but many
    take it for "cancel everything", so one that was fed nothing yet no longer stands in the way of its like. A search
    does: it is never fed."""
    for operation, active in session.operations.items():
        active.released = operation is not Operation.FIND and not active.started


def check_idle(session: "Session", operation: Operation) -> None:
    active = session.operations.get(operation)
    if active is not None and (active.started or not active.released):
        raise Refused(Fault.OPERATION_ACTIVE, f"the session has an active {operation.name} operation")


def take(session: "Session", operation: Operation) -> Active:
    """The active operation, removed: whoever goes on with it puts it back by keep()."""
    active = session.operations.pop(operation, None)
    if active is None:
        raise Refused(Fault.OPERATION_NOT_INITIALIZED, f"the session has no active {operation.name} operation")
    key = active.key
    if key is not None:
        if not key.alive:
            _look_again(session, active)
        if not active.authenticated:
            if operation in _OF_MESSAGES:  # the message is refused; every other operation ends with its first error
                session.operations[operation] = active
            raise Refused(Fault.USER_NOT_LOGGED_IN, "the key wants C_Login(CKU_CONTEXT_SPECIFIC) for each operation")
        if active.role & ~active.key.granted:  # type: ignore[union-attr]
            session.token.policy.use(active.key, Mark(active.role))  # type: ignore[arg-type]
    return active


def take_whole(session: "Session", operation: Operation) -> Active:
    """take() for a single-part call, which may not end a multi-part operation."""
    active = take(session, operation)
    if active.started:
        session.operations[operation] = active
        raise Refused(Fault.OPERATION_ACTIVE, "the operation was begun in parts and ends by its Final call")
    return active


def take_part(session: "Session", operation: Operation) -> Active:
    """take() for an Update or Final call."""
    active = take(session, operation)
    if active.row is not None and not active.row.multi_part:
        raise Refused(Fault.FUNCTION_NOT_SUPPORTED, f"{active.row.mechanism.name} works in one part only")
    return active


def keep(session: "Session", operation: Operation, active: Active) -> None:
    """Go on with it. Refused(DEVICE_MEMORY), and its end, when the client keeps too much."""
    active.weigh(session.app.memory)
    session.begin(operation, active)


def hand_over(session: "Session", operation: Operation, active: Active, *, result: bytes, capacity: int) -> bytes:
    """Give a result that is already made; when it does not fit, hold it until it is fetched."""
    if len(result) > capacity:
        active.held = result
        keep(session, operation, active)
        raise TooSmall(len(result))
    return result


def _look_again(session: "Session", active: Active) -> None:
    """The key was changed or destroyed since the last step: what it permits now counts."""
    key = session.key(active.handle)
    assert active.row is not None
    assert active.use is not None
    check_permitted(key, active.row, active.use)
    active.key = key
