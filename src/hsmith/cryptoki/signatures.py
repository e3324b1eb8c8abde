"""Signatures and MACs, made and verified, with and without recovery (chapters "Signing and MACing functions",
"Functions for verifying signatures and MACs")."""

from collections.abc import Callable

from hsmith.cryptoki import asynchronous, operations
from hsmith.cryptoki.application import Session
from hsmith.cryptoki.handlers import handles
from hsmith.cryptoki.operations import STATE_MAXIMUM, Active
from hsmith.spec.constants import Fault
from hsmith.spec.faults import Refused, TooSmall
from hsmith.spec.functions import Operation
from hsmith.spec.values import MechanismArg

SIGN, SIGN_RECOVER = Operation.SIGN, Operation.SIGN_RECOVER
VERIFY, VERIFY_RECOVER, VERIFY_SIGNATURE = Operation.VERIFY, Operation.VERIFY_RECOVER, Operation.VERIFY_SIGNATURE


@handles("C_SignInit", SIGN)
@handles("C_SignRecoverInit", SIGN_RECOVER)
@handles("C_VerifyInit", VERIFY)
@handles("C_VerifyRecoverInit", VERIFY_RECOVER)
def init(operation: Operation, session: Session, mechanism: MechanismArg | None, key: int) -> None:
    operations.begin(session, operation, mechanism, key)


@handles("C_Sign", SIGN)
@handles("C_SignRecover", SIGN_RECOVER)
def sign(operation: Operation, session: Session, data: bytes | None, capacity: int | None) -> bytes | int:
    if session.asynchronous:
        asynchronous.check_idle(session, "C_Sign")
    active = operations.take_whole(session, operation)
    size: int = active.running.size
    if capacity is None or capacity < size:
        return _not_yet(session, operation, active, capacity)
    if session.asynchronous and operation is SIGN:
        active.weigh(session.app.memory, len(data or b""))
        return _made(session, "C_Sign", active, lambda: active.running.once(data or b""))
    result: bytes = active.running.once(data or b"")
    return result


@handles("C_SignUpdate", SIGN)
@handles("C_VerifyUpdate", VERIFY)
def update(operation: Operation, session: Session, part: bytes | None) -> None:
    active = operations.take_part(session, operation)
    part = part or b""
    active.running.update(part)
    active.record(part)
    operations.keep(session, operation, active)


@handles("C_SignFinal")
def sign_final(session: Session, capacity: int | None) -> bytes | int:
    asynchronous.check_idle(session, "C_SignFinal")
    active = operations.take_part(session, SIGN)
    if capacity is None or capacity < active.running.size:
        return _not_yet(session, SIGN, active, capacity)
    return _made(session, "C_SignFinal", active, active.running.finish)


@handles("C_Verify")
def verify(session: Session, data: bytes | None, signature: bytes | None) -> None:
    operations.take_whole(session, VERIFY).running.once(data or b"", signature or b"")


@handles("C_VerifyFinal")
def verify_final(session: Session, signature: bytes | None) -> None:
    operations.take_part(session, VERIFY).running.finish(signature or b"")


@handles("C_VerifySignatureInit")
def verify_signature_init(session: Session, mechanism: MechanismArg | None, key: int, signature: bytes | None) -> None:
    active = operations.begin(session, VERIFY_SIGNATURE, mechanism, key)
    if active is not None:
        active.held = signature or b""
        operations.keep(session, VERIFY_SIGNATURE, active)


@handles("C_VerifySignature")
def verify_signature(session: Session, data: bytes | None) -> None:
    active = operations.take_whole(session, VERIFY_SIGNATURE)
    active.running.once(data or b"", active.held)


@handles("C_VerifySignatureUpdate")
def verify_signature_update(session: Session, part: bytes | None) -> None:
    """A mechanism that works in one part only gets its parts joined in the end: the signature is here already, and
    these functions came so that a signature may be verified in parts at all."""
    active = operations.take(session, VERIFY_SIGNATURE)
    part = part or b""
    if _in_parts(active):
        active.running.update(part)
    active.record(part)
    operations.keep(session, VERIFY_SIGNATURE, active)


@handles("C_VerifySignatureFinal")
def verify_signature_final(session: Session) -> None:
    active = operations.take(session, VERIFY_SIGNATURE)
    if _in_parts(active):
        active.running.finish(active.held)
    elif active.parts is None:
        raise Refused(Fault.DATA_LEN_RANGE, f"in parts it verifies at most {STATE_MAXIMUM} bytes")
    else:
        active.running.once(b"".join(active.parts), active.held)


def _in_parts(active: Active) -> bool:
    return active.row is not None and active.row.multi_part


@handles("C_VerifyRecover")
def verify_recover(session: Session, signature: bytes | None, capacity: int | None) -> bytes | int:
    """The signature tells how long the data is: a result that does not fit is held until it is fetched."""
    active = operations.take_whole(session, VERIFY_RECOVER)
    result: bytes = active.held if active.held is not None else active.running(signature or b"")
    if capacity is None:
        active.held = result
        operations.keep(session, VERIFY_RECOVER, active)
        return len(result)
    return operations.hand_over(session, VERIFY_RECOVER, active, result=result, capacity=capacity)


def _made(session: Session, function: str, active: Active, work: Callable[[], bytes]) -> bytes:
    assert active.row is not None
    signature: bytes = asynchronous.run(
        session,
        function,
        active.row,
        work=work,
        finish=lambda session, made: made,
        size=active.running.size,
        weight=active.weight,
    )
    return signature


def _not_yet(session: Session, operation: Operation, active: Active, capacity: int | None) -> int:
    operations.keep(session, operation, active)
    size: int = active.running.size
    if capacity is None:
        return size
    raise TooSmall(size)
