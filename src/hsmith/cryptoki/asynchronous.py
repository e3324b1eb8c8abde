"""Asynchronous calls (chapter "Asynchronous function management functions").

In a session with CKF_ASYNC_SESSION the calls of FUNCTIONS answer CKR_PENDING when their mechanism is slow, and go on
meanwhile. A session has one such call of each function.
"""

from collections.abc import Callable
from typing import Any, Final

from hsmith.core.turns import SLOW
from hsmith.cryptoki import pending
from hsmith.cryptoki.application import Session
from hsmith.cryptoki.handlers import handles
from hsmith.cryptoki.pending import Pending
from hsmith.spec.constants import Fault, MechanismFlag
from hsmith.spec.faults import Refused
from hsmith.spec.mechanisms import MechanismRow

#: The functions that may answer CKR_PENDING, and the flag by which C_SessionCancel cancels them.
FUNCTIONS: Final = {
    "C_GenerateKey": MechanismFlag.GENERATE,
    "C_GenerateKeyPair": MechanismFlag.GENERATE_KEY_PAIR,
    "C_Sign": MechanismFlag.SIGN,
    "C_SignFinal": MechanismFlag.SIGN,
}
#: How long C_AsyncComplete waits for a result: programs ask in a loop, which must not take the processor from the work.
PATIENCE_SECONDS: Final = 0.005


def run(
    session: Session,
    function: str,
    row: MechanismRow,
    *,
    work: Callable[[], Any],
    finish: Callable[[Session, Any], Any],
    size: int = 0,
    weight: object = None,
) -> Any:
    """``finish(session, work())``, now or, by Refused(PENDING), when C_AsyncComplete asks for it. ``weight``: counts
    what the work keeps, until it is done."""
    if not row.slow:
        return finish(session, work())

    def in_turn() -> Any:
        with SLOW.one(session.app.client):
            assert weight is None or weight
            return work()

    if session.asynchronous:
        job = pending.POOL.submit(in_turn)
        if job is not None:
            if function in session.pending:
                session.pending[function].left_by(session)  # Its ID was fetched.
            session.pending[function] = Pending(session, function, job, finish=finish, size=size)
            raise Refused(Fault.PENDING)
    return finish(session, in_turn())


def check_idle(session: Session, function: str) -> None:
    """Whether the function may be called: the one that is pending must be completed before, or its ID fetched."""
    running = session.pending.get(function)
    if running is not None and running.session is session and running.id is None:
        raise Refused(Fault.OPERATION_ACTIVE, f"an earlier {function} is pending in this session")


def cancel(session: Session, flags: int) -> None:
    """C_SessionCancel: pending calls, those whose ID was fetched included."""
    for running in pending.begun_by(session):
        if flags & FUNCTIONS[running.function]:
            running.cancel()


@handles("C_AsyncComplete")
def complete(session: Session, function: str | None) -> tuple[tuple[int, bytes, int, int]]:
    running = _running(session, function)
    if running.id is not None and running.size:
        raise Refused(
            Fault.OPERATION_NOT_INITIALIZED, "its ID was fetched: C_AsyncJoin brings the buffer for its result"
        )
    if not running.job.done.wait(PATIENCE_SECONDS):
        raise Refused(Fault.PENDING)
    session.pending.pop(running.function, None)
    if not running.claim(session):
        raise _none(running.function)
    return (_results(running.finish(session, running.job.result())),)


@handles("C_AsyncGetID")
def get_id(session: Session, function: str | None) -> int:
    id = _running(session, function).save(session.token)
    if id is None:
        raise Refused(Fault.STATE_UNSAVEABLE, f"the token keeps {pending.SAVED_MAXIMUM} calls at most")
    return id


@handles("C_AsyncJoin")
def join(session: Session, function: str | None, id: int, capacity: int | None) -> None:
    name = _named(function)
    check_idle(session, name)
    found = pending.find(session, name, id)
    if found is None:
        raise _unknown()
    if found.size and (capacity is None or capacity < found.size):
        raise Refused(Fault.BUFFER_TOO_SMALL, f"the result takes {found.size} bytes")
    if not pending.attach(found, session):
        raise _unknown()
    session.pending[name] = found


def _named(function: str | None) -> str:
    if function is None:
        raise Refused(Fault.ARGUMENTS_BAD, "pFunctionName is NULL")
    return function


def _running(session: Session, function: str | None) -> Pending:
    name = _named(function)
    found = session.pending.get(name)
    if found is None or found.session is not session:
        raise _none(name)
    return found


def _none(function: str) -> Refused:
    return Refused(Fault.OPERATION_NOT_INITIALIZED, f"no {function} is pending in this session")


def _unknown() -> Refused:
    return Refused(
        Fault.SAVED_STATE_INVALID, "no such call of this user is saved: it was joined, or the keeper is another"
    )


def _results(given: Any) -> tuple[int, bytes, int, int]:
    """The call's own results as the fields of CK_ASYNC_DATA: version 0, value, object, additional object."""
    if isinstance(given, bytes):
        return 0, given, 0, 0
    first, second = given if isinstance(given, tuple) else (given, 0)
    return 0, b"", first, second
