"""Encryption and decryption (chapters "Encryption functions", "Decryption functions")."""

from collections.abc import Callable

from hsmith.cryptoki import operations
from hsmith.cryptoki.application import Session
from hsmith.cryptoki.handlers import handles
from hsmith.cryptoki.operations import Active
from hsmith.spec.faults import TooSmall
from hsmith.spec.functions import Operation
from hsmith.spec.values import MechanismArg

ENCRYPT, DECRYPT = Operation.ENCRYPT, Operation.DECRYPT


@handles("C_EncryptInit", ENCRYPT)
@handles("C_DecryptInit", DECRYPT)
def init(operation: Operation, session: Session, mechanism: MechanismArg | None, key: int) -> None:
    operations.begin(session, operation, mechanism, key)


@handles("C_Encrypt", ENCRYPT)
@handles("C_Decrypt", DECRYPT)
def once(operation: Operation, session: Session, data: bytes | None, capacity: int | None) -> bytes | int:
    active = operations.take_whole(session, operation)
    data = data or b""
    return _output(
        session, operation, active, active.running.once_size(len(data)), capacity, lambda: active.running.once(data)
    )


@handles("C_EncryptUpdate", ENCRYPT)
@handles("C_DecryptUpdate", DECRYPT)
def update(operation: Operation, session: Session, part: bytes | None, capacity: int | None) -> bytes | int:
    active = operations.take_part(session, operation)
    part = part or b""
    size = active.running.update_size(len(part))
    if capacity is None or capacity < size:
        operations.keep(session, operation, active)
        if capacity is None:
            # Never 0 for data that were given: C++ programs then pass the NULL of an empty vector, which asks again.
            return int(size) or min(len(part), 1)
        raise TooSmall(size)
    result: bytes = active.running.update(part)
    active.record(part)
    operations.keep(session, operation, active)
    return result


@handles("C_EncryptFinal", ENCRYPT)
@handles("C_DecryptFinal", DECRYPT)
def final(operation: Operation, session: Session, capacity: int | None) -> bytes | int:
    active = operations.take_part(session, operation)
    return _output(session, operation, active, active.running.finish_size(), capacity, active.running.finish)


def _output(
    session: Session,
    operation: Operation,
    active: Active,
    size: int,
    capacity: int | None,
    make: Callable[[], bytes],
) -> bytes | int:
    """The last output of an operation. ``size`` is an upper bound: when the buffer is smaller the result is made, and
    held until it is fetched if it really does not fit, since decryption alone tells how long it is (section 5.2)."""
    if active.held is None:
        if capacity is None:
            operations.keep(session, operation, active)
            return size
        if capacity < size and operation is ENCRYPT:
            operations.keep(session, operation, active)
            raise TooSmall(size)
        result = make()
    else:
        result = active.held
        if capacity is None:
            operations.keep(session, operation, active)
            return len(result)
    return operations.hand_over(session, operation, active, result=result, capacity=capacity)
