"""Many messages under one key (the four chapters from "Message-based encryption functions" on).

An Init begins a process, its Final ends it; between them messages come whole or in parts. What goes wrong with a
message ends that message, not the process. A message that is decrypted in parts is given out with its last part:
nothing leaves before the tag is checked.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from hsmith.crypto import messages
from hsmith.crypto.messages import FORMS, Form
from hsmith.cryptoki import operations
from hsmith.cryptoki.application import Session
from hsmith.cryptoki.handlers import handles
from hsmith.cryptoki.operations import Active
from hsmith.spec.constants import Fault, MessageFlag
from hsmith.spec.faults import Refused, TooSmall
from hsmith.spec.functions import Operation
from hsmith.spec.values import MechanismArg

ENCRYPT, DECRYPT = Operation.MESSAGE_ENCRYPT, Operation.MESSAGE_DECRYPT
SIGN, VERIFY = Operation.MESSAGE_SIGN, Operation.MESSAGE_VERIFY
_ENCRYPTING: Final = frozenset({ENCRYPT, DECRYPT})
#: The capacity by which C_SignMessageNext is called without pulSignatureLen: more data follows.
NO_OUTPUT: Final = -1


class Process:
    """What an Init began. ``start(params)`` begins a message. While one runs in parts: ``stream`` (or the signer or
    verifier) and ``tag_size``. ``base``: the IV that a counter is XORed with, once it is known."""

    __slots__ = ("base", "start", "stream", "tag_size")

    @property
    def kept(self) -> int:
        return 0 if self.stream is None else int(self.stream.kept)

    def __init__(self, start: Any) -> None:
        self.start = start
        self.stream: Any = None
        self.tag_size = 0
        self.base: bytes | None = None


@handles("C_MessageEncryptInit", ENCRYPT)
@handles("C_MessageDecryptInit", DECRYPT)
@handles("C_MessageSignInit", SIGN)
@handles("C_MessageVerifyInit", VERIFY)
def init(operation: Operation, session: Session, mechanism: MechanismArg | None, key: int) -> None:
    if mechanism is not None and mechanism.params is None and operation in _ENCRYPTING:
        # NSS gives no parameter here; of this answer alone it goes on, without messages.
        raise Refused(Fault.MECHANISM_INVALID, "this mechanism has a parameter, and messages are not begun without it")
    active = operations.begin(session, operation, mechanism, key)
    if active is not None:
        active.running = Process(active.running)


@handles("C_MessageEncryptFinal", ENCRYPT)
@handles("C_MessageDecryptFinal", DECRYPT)
@handles("C_MessageSignFinal", SIGN)
@handles("C_MessageVerifyFinal", VERIFY)
def final(operation: Operation, session: Session) -> None:
    if operation not in session.operations:
        raise Refused(Fault.OPERATION_NOT_INITIALIZED, f"the session has no active {operation.name} operation")
    if session.operations[operation].started:
        raise Refused(Fault.OPERATION_ACTIVE, "a message is not at its end")
    del session.operations[operation]


# --- A message at a time


def _between(session: Session, operation: Operation) -> Active:
    """The process, between two messages."""
    active = operations.take_whole(session, operation)
    operations.keep(session, operation, active)
    return active


def _begin(session: Session, operation: Operation) -> Active:
    """The process, for a message in parts."""
    active = _between(session, operation)
    assert active.row is not None
    if not active.row.multi_part:
        raise Refused(Fault.FUNCTION_NOT_SUPPORTED, f"{active.row.mechanism.name} works in one part only")
    return active


def _within(session: Session, operation: Operation) -> Active:
    """The process, in the middle of a message."""
    active = operations.take(session, operation)
    operations.keep(session, operation, active)
    if not active.started:
        raise Refused(Fault.OPERATION_NOT_INITIALIZED, "the message is not begun")
    return active


def _end(active: Active) -> None:
    active.running.stream = None
    active.started = False
    active.demand_pin()


@contextmanager
def _ending(active: Active, *, last: bool = True) -> Iterator[None]:
    """The message ends with what is done in this: with ``last`` in any case, else when it fails."""
    try:
        yield
    except BaseException:
        _end(active)
        raise
    if last:
        _end(active)


# --- Encryption and decryption


def _form(active: Active, params: Any) -> Form:
    assert active.row is not None
    operations.check_params(active.row, params, of_message=True)
    return FORMS[type(params)]


def _make_iv(session: Session, active: Active, form: Form, params: Any) -> None:
    assert active.key is not None
    counted = form.generator and getattr(params, form.generator) == messages.XOR
    given = getattr(params, form.iv)
    if counted and active.running.base not in (None, given):
        raise Refused(Fault.MECHANISM_PARAM_INVALID, "the IV that the counter is XORed with may not vary")
    session.iv_counters.make_iv(form, params, active.key.id)
    session.weigh()
    if counted:
        active.running.base = given


def _fits(length: int, capacity: int | None) -> bool:
    """Whether an output is wanted and fits."""
    if capacity is None:
        return False
    if capacity < length:
        raise TooSmall(length)
    return True


@handles("C_EncryptMessage")
def encrypt(
    session: Session, params: Any, associated: bytes | None, data: bytes | None, capacity: int | None
) -> bytes | int:
    active = _between(session, ENCRYPT)
    form, data = _form(active, params), data or b""
    if not _fits(len(data), capacity):
        return len(data)
    with _ending(active):
        tag_size = messages.room_for_tag(form, params)
        _make_iv(session, active, form, params)
        stream = active.running.start(form.whole(params, associated or b""))
        ciphertext, tag = messages.sealed(stream, data, tag_size)
        setattr(params, form.tag, tag)
        return ciphertext


@handles("C_DecryptMessage")
def decrypt(
    session: Session, params: Any, associated: bytes | None, data: bytes | None, capacity: int | None
) -> bytes | int:
    active = _between(session, DECRYPT)
    form, data = _form(active, params), data or b""
    if not _fits(len(data), capacity):
        return len(data)
    with _ending(active):
        messages.room_for_tag(form, params)
        stream = active.running.start(form.whole(params, associated or b""))
        return messages.opened(stream, data, getattr(params, form.tag))


@handles("C_EncryptMessageBegin", ENCRYPT)
@handles("C_DecryptMessageBegin", DECRYPT)
def begin(operation: Operation, session: Session, params: Any, associated: bytes | None) -> None:
    active = _begin(session, operation)
    form, process = _form(active, params), active.running
    if operation is ENCRYPT:
        _make_iv(session, active, form, params)
    process.stream = process.start(form.whole(params, associated or b""))
    process.tag_size = form.tag_size(params)
    active.started = True


@handles("C_EncryptMessageNext")
def encrypt_next(session: Session, params: Any, part: bytes | None, capacity: int | None, flags: int) -> bytes | int:
    active = _within(session, ENCRYPT)
    process, part = active.running, part or b""
    last = bool(flags & MessageFlag.END_OF_MESSAGE)
    size = process.stream.once_size(len(part)) - process.tag_size if last else process.stream.update_size(len(part))
    if not _fits(size, capacity):
        return int(size)
    with _ending(active, last=last):
        if not last:
            ciphertext: bytes = process.stream.update(part)
            active.weigh(session.app.memory)
            return ciphertext
        form = _form(active, params)
        _same_tag(process, messages.room_for_tag(form, params))
        ciphertext, tag = messages.sealed(process.stream, part, process.tag_size, whole=False)
        setattr(params, form.tag, tag)
        return ciphertext


@handles("C_DecryptMessageNext")
def decrypt_next(session: Session, params: Any, part: bytes | None, capacity: int | None, flags: int) -> bytes | int:
    active = _within(session, DECRYPT)
    process, part = active.running, part or b""
    last = bool(flags & MessageFlag.END_OF_MESSAGE)
    stream = process.stream
    size = stream.once_size(len(part) + process.tag_size) if last else stream.update_size(len(part))
    if not _fits(size, capacity):
        return int(size)
    with _ending(active, last=last):
        if not last:
            plaintext: bytes = stream.update(part)
            active.weigh(session.app.memory)
            return plaintext
        form = _form(active, params)
        _same_tag(process, messages.room_for_tag(form, params))
        return messages.opened(stream, part, getattr(params, form.tag), whole=False)


def _same_tag(process: Process, size: int) -> None:
    if size != process.tag_size:
        raise Refused(Fault.MECHANISM_PARAM_INVALID, "the length of the tag differs from that of the Begin call")


# --- Signatures and MACs: no mechanism that is offered has a per-message parameter for them


def _no_parameter(params: Any) -> None:
    if params is not None:
        raise Refused(
            Fault.MECHANISM_PARAM_INVALID, "a message to sign has no parameter of its own: pParameter is NULL"
        )


@handles("C_SignMessage")
def sign(session: Session, params: Any, data: bytes | None, capacity: int | None) -> bytes | int:
    active = _between(session, SIGN)
    _no_parameter(params)
    signer = active.running.start()
    if not _fits(signer.size, capacity):
        return int(signer.size)
    with _ending(active):
        signature: bytes = signer.once(data or b"")
        return signature


@handles("C_VerifyMessage")
def verify(session: Session, params: Any, data: bytes | None, signature: bytes | None) -> None:
    active = _between(session, VERIFY)
    _no_parameter(params)
    with _ending(active):
        active.running.start().once(data or b"", signature or b"")


@handles("C_SignMessageBegin", SIGN)
@handles("C_VerifyMessageBegin", VERIFY)
def begin_signed(operation: Operation, session: Session, params: Any) -> None:
    active = _begin(session, operation)
    _no_parameter(params)
    active.running.stream = active.running.start()
    active.started = True


@handles("C_SignMessageNext")
def sign_next(session: Session, params: Any, part: bytes | None, capacity: int | None) -> bytes | int:
    """``capacity`` NO_OUTPUT: more data follows; None: how long will the signature be?"""
    active = _within(session, SIGN)
    last = capacity != NO_OUTPUT
    signer = active.running.stream
    if last and not _fits(signer.size, capacity):
        return int(signer.size)
    with _ending(active, last=last):
        _no_parameter(params)
        signer.update(part or b"")
        active.weigh(session.app.memory)
        return signer.finish() if last else b""


@handles("C_VerifyMessageNext")
def verify_next(session: Session, params: Any, part: bytes | None, signature: bytes | None) -> None:
    """``signature`` None: more data follows."""
    active = _within(session, VERIFY)
    with _ending(active, last=signature is not None):
        _no_parameter(params)
        active.running.stream.update(part or b"")
        active.weigh(session.app.memory)
        if signature is not None:
            active.running.stream.finish(signature)
