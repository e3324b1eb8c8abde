"""Sessions, logins and PINs (chapter "Session management functions"; C_InitPIN and C_SetPIN)."""

from typing import Any, Final

from hsmith.core import users
from hsmith.core.token import SO, USER
from hsmith.cryptoki import asynchronous
from hsmith.cryptoki.application import Application, Session
from hsmith.cryptoki.handlers import handles
from hsmith.cryptoki.operations import release
from hsmith.spec.constants import Fault, MechanismFlag, SessionFlag, UserType
from hsmith.spec.faults import Refused
from hsmith.spec.functions import Operation

#: Which operations C_SessionCancel ends for which flags (section "C_SessionCancel").
CANCELS: Final = {
    MechanismFlag.FIND_OBJECTS: (Operation.FIND,),
    MechanismFlag.ENCRYPT: (Operation.ENCRYPT,),
    MechanismFlag.DECRYPT: (Operation.DECRYPT,),
    MechanismFlag.DIGEST: (Operation.DIGEST,),
    MechanismFlag.SIGN: (Operation.SIGN,),
    MechanismFlag.SIGN_RECOVER: (Operation.SIGN_RECOVER,),
    MechanismFlag.VERIFY: (Operation.VERIFY, Operation.VERIFY_SIGNATURE),
    MechanismFlag.VERIFY_RECOVER: (Operation.VERIFY_RECOVER,),
    MechanismFlag.MESSAGE_ENCRYPT: (Operation.MESSAGE_ENCRYPT,),
    MechanismFlag.MESSAGE_DECRYPT: (Operation.MESSAGE_DECRYPT,),
    MechanismFlag.MESSAGE_SIGN: (Operation.MESSAGE_SIGN,),
    MechanismFlag.MESSAGE_VERIFY: (Operation.MESSAGE_VERIFY,),
}


@handles("C_OpenSession")
def open_session(app: Application, slot: int, flags: int) -> int:
    if not flags & SessionFlag.SERIAL_SESSION:
        raise Refused(Fault.SESSION_PARALLEL_NOT_SUPPORTED, "CKF_SERIAL_SESSION must be set")
    return app.open_session(slot, flags).handle


@handles("C_CloseSession")
def close_session(session: Session) -> None:
    session.app.close_session(session)


@handles("C_CloseAllSessions")
def close_all_sessions(app: Application, slot: int) -> None:
    app.close_all(slot)


@handles("C_GetSessionInfo")
def get_session_info(session: Session) -> tuple[Any, ...]:
    return ((session.token.slot, int(session.state), int(session.flags), 0),)


@handles("C_SessionCancel")
def session_cancel(session: Session, flags: int) -> None:
    if not flags:
        release(session)
    for flag, operations in CANCELS.items():
        if flags & flag:
            for operation in operations:
                session.operations.pop(operation, None)
    asynchronous.cancel(session, flags)


@handles("C_GetSessionValidationFlags")
def get_session_validation_flags(session: Session, type: int) -> int:
    """No flag of any type is ever set: nobody has validated hsmith, which is why there are no validation objects
    either. The section has no return value for a type that it does not know."""
    return 0


@handles("C_Login")
def login(session: Session, user_type: int, pin: bytes | None) -> None:
    login_user(session, user_type, pin, None)


@handles("C_LoginUser")
def login_user(session: Session, user_type: int, pin: bytes | None, username: bytes | None) -> None:
    """Named users are CKU_USERs whom the SO made, with PINs of their own; all see the same objects. An unknown name is
    answered like a wrong PIN, by which nobody learns who there is."""
    try:
        user = UserType(user_type)
    except ValueError:
        raise Refused(Fault.USER_TYPE_INVALID, f"there is no user type {user_type}") from None
    if pin is None:
        raise Refused(Fault.ARGUMENTS_BAD, "a PIN is needed: there is no protected authentication path")
    name = bytes(username or b"").decode("utf-8", "surrogateescape")
    if name and user == UserType.SO:
        raise Refused(Fault.ARGUMENTS_BAD, "the SO has no name: named users are of type CKU_USER")
    if user == UserType.CONTEXT_SPECIFIC:
        if name and users.keyslot(name) != session.login.keyslot:
            raise Refused(Fault.USER_ANOTHER_ALREADY_LOGGED_IN, "the PIN must be that of the user who is logged in")
        _authenticate_operation(session, bytes(pin))
    else:
        session.app.log_in(session, user, bytes(pin), name)


def _authenticate_operation(session: Session, pin: bytes) -> None:
    """CKA_ALWAYS_AUTHENTICATE: the PIN permits the operation that was just initialised, once (section "C_Login")."""
    waiting = [active for active in session.operations.values() if not active.authenticated]
    if not waiting:
        raise Refused(Fault.OPERATION_NOT_INITIALIZED, "no operation waits for CKU_CONTEXT_SPECIFIC")
    keyslot = session.login.keyslot
    try:
        session.token.verify(keyslot, pin)
    except Refused as refused:
        if session.token.credentials.locked(keyslot):
            session.app.log_out(session)
            raise Refused(Fault.PIN_LOCKED, "too many wrong PINs: the user is logged out") from refused
        raise
    for active in waiting:
        active.authenticated = True


@handles("C_Logout")
def logout(session: Session) -> None:
    session.app.log_out(session)


@handles("C_InitPIN")
def init_pin(session: Session, pin: bytes | None) -> None:
    if not session.is_so:
        raise Refused(Fault.USER_NOT_LOGGED_IN, "only the SO, logged in, sets the user's first PIN")
    session.token.init_user_pin(_bytes(pin))


@handles("C_SetPIN")
def set_pin(session: Session, old: bytes | None, new: bytes | None) -> None:
    """The PIN of who is logged in; in a public session the user's (section "C_SetPIN")."""
    if not session.rw:
        raise Refused(Fault.SESSION_READ_ONLY, "C_SetPIN needs a read/write session")
    if old is None or new is None:
        raise Refused(Fault.ARGUMENTS_BAD, "PINs are needed: there is no protected authentication path")
    session.token.set_pin(SO if session.is_so else session.login.keyslot or USER, bytes(old), bytes(new))


@handles("C_GetFunctionStatus")
@handles("C_CancelFunction")
def not_parallel(app: Application, session: int) -> None:
    """Legacy functions, which "should simply return" it ("Parallel function management functions")."""
    raise Refused(Fault.FUNCTION_NOT_PARALLEL)


def _bytes(pin: bytes | None) -> bytes | None:
    return None if pin is None else bytes(pin)
