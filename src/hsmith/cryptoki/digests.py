"""Digests (chapter "Message digesting functions")."""

from hsmith.crypto.registry import ENGINES
from hsmith.cryptoki import operations
from hsmith.cryptoki.application import Session
from hsmith.cryptoki.handlers import handles
from hsmith.cryptoki.operations import Active
from hsmith.spec.constants import Attr, Fault, MechanismFlag, ObjectClass
from hsmith.spec.faults import Refused, TooSmall
from hsmith.spec.functions import Operation
from hsmith.spec.values import MechanismArg

DIGEST = Operation.DIGEST


@handles("C_DigestInit")
def init(session: Session, mechanism: MechanismArg | None) -> None:
    if mechanism is None:
        if session.operations.pop(DIGEST, None) is None:
            raise Refused(Fault.ARGUMENTS_BAD, "pMechanism is NULL and no digest is active")
        return
    operations.check_idle(session, DIGEST)
    row = operations.mechanism_row(mechanism, MechanismFlag.DIGEST)
    session.token.policy.check_mechanism(row)
    operations.check_params(row, mechanism.params)
    operations.keep(session, DIGEST, Active(ENGINES[row.mechanism].digest(mechanism.params), row, mechanism))


@handles("C_Digest")
def once(session: Session, data: bytes | None, capacity: int | None) -> bytes | int:
    active = operations.take_whole(session, DIGEST)
    if not _fits(session, active, capacity):
        return int(active.running.size)
    result: bytes = active.running.once(data or b"")
    return result


@handles("C_DigestUpdate")
def update(session: Session, part: bytes | None) -> None:
    active = operations.take(session, DIGEST)
    part = part or b""
    active.running.update(part)
    active.record(part)
    operations.keep(session, DIGEST, active)


@handles("C_DigestKey")
def key(session: Session, handle: int) -> None:
    """Only secret keys whose value may be read are digested: the digest would tell it (section "C_DigestKey")."""
    active = operations.take(session, DIGEST)
    operations.keep(session, DIGEST, active)
    object = session.key(handle)
    if object.cls != ObjectClass.SECRET_KEY:
        raise Refused(Fault.KEY_INDIGESTIBLE, "only secret keys can be digested")
    if object.attributes.get(Attr.SENSITIVE) or not object.attributes.get(Attr.EXTRACTABLE):
        raise Refused(Fault.KEY_INDIGESTIBLE, "the digest of a sensitive key would answer questions about it")
    value: bytes = object.attributes[Attr.VALUE]
    active.running.update(value)
    active.record(value)


@handles("C_DigestFinal")
def final(session: Session, capacity: int | None) -> bytes | int:
    active = operations.take(session, DIGEST)
    if not _fits(session, active, capacity):
        return int(active.running.size)
    result: bytes = active.running.finish()
    return result


def _fits(session: Session, active: Active, capacity: int | None) -> bool:
    """Whether the result is wanted and fits; else the operation goes on."""
    size: int = active.running.size
    if capacity is not None and capacity >= size:
        return True
    operations.keep(session, DIGEST, active)
    if capacity is None:
        return False
    raise TooSmall(size)
