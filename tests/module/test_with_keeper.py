"""What the later versions of the standard added, through the module and a real keeper: what C's memory receives."""

import ctypes as C
import hashlib
import time
from typing import Any

import pytest

from hsmith.spec.constants import Attr, Fault, IvGenerator, KeyType, Mechanism, MessageFlag, ObjectClass, SessionFlag
from p11 import P11, P256, Session, c_mechanism, make, refused

ASYNC = SessionFlag.SERIAL_SESSION | SessionFlag.RW_SESSION | SessionFlag.ASYNC_SESSION
PAIR = b"C_GenerateKeyPair\0"
TEXT, AAD = b"some text", b"header"


def open_async(p11: P11, slot: int) -> Session:
    handle = C.c_ulong()
    p11.call("C_OpenSession", slot, int(ASYNC), None, None, handle)
    return Session(p11, handle.value)


@pytest.fixture
def session(p11: P11) -> Session:
    session = open_async(p11, p11.init_token("test"))
    session.call("C_LoginUser", 1, b"1234", 4, None, 0)
    return session


class Message:
    """CK_GCM_MESSAGE_PARAMS with its IV and tag in memory of their own."""

    def __init__(self, generator: IvGenerator = IvGenerator.NO_GENERATE) -> None:
        self.iv, self.tag = C.create_string_buffer(12), C.create_string_buffer(16)
        self.params = make("GCM_MESSAGE_PARAMS", ulIvLen=12, ulIvFixedBits=32, ivGenerator=generator, ulTagBits=128)
        self.params.pIv, self.params.pTag = C.addressof(self.iv), C.addressof(self.tag)
        self.arguments = self.params, C.sizeof(self.params)

    def mechanism(self) -> Any:
        made = make("MECHANISM", mechanism=Mechanism.AES_GCM, ulParameterLen=C.sizeof(self.params))
        made.pParameter = C.addressof(self.params)
        return made


def aes(session: Session) -> int:
    uses = dict.fromkeys((Attr.ENCRYPT, Attr.DECRYPT, Attr.WRAP, Attr.UNWRAP, Attr.EXTRACTABLE), True)
    return session.generate(Mechanism.AES_KEY_GEN, {Attr.VALUE_LEN: 32, **uses})


def test_messages_with_ivs_made_by_the_token(session: Session) -> None:
    key, message = aes(session), Message(IvGenerator.GENERATE)
    session.call("C_MessageEncryptInit", message.mechanism(), key)
    sealed = session.output("C_EncryptMessage", *message.arguments, AAD, len(AAD), TEXT, len(TEXT))
    session.call("C_MessageEncryptFinal")
    assert message.iv.raw[:4] == bytes(4) != message.iv.raw[4:8] and message.tag.raw != bytes(16)
    session.call("C_MessageDecryptInit", message.mechanism(), key)
    room, length = C.create_string_buffer(9), C.c_ulong(9)
    session.call("C_DecryptMessageBegin", *message.arguments, AAD, len(AAD))
    session.call("C_DecryptMessageNext", *message.arguments, sealed[:4], 4, room, length, 0)
    assert (length.value, room.raw) == (0, bytes(9))
    length.value = 9
    end = int(MessageFlag.END_OF_MESSAGE)
    session.call("C_DecryptMessageNext", *message.arguments, sealed[4:], 5, room, length, end)
    assert (length.value, room.raw) == (9, TEXT)
    message.tag[0] = bytes([message.tag.raw[0] ^ 1])
    with refused(Fault.AEAD_DECRYPT_FAILED):
        session.output("C_DecryptMessage", *message.arguments, AAD, len(AAD), sealed, len(sealed))


def test_keys_wrapped_with_associated_data(session: Session) -> None:
    key, message = aes(session), Message(IvGenerator.GENERATE)
    wrapped = session.output("C_WrapKeyAuthenticated", message.mechanism(), key, key, AAD, len(AAD))
    template = Session._template({Attr.CLASS: ObjectClass.SECRET_KEY, Attr.KEY_TYPE: KeyType.AES})
    handle = C.c_ulong()
    data = (wrapped, len(wrapped), *template)
    session.call("C_UnwrapKeyAuthenticated", message.mechanism(), key, *data, AAD, len(AAD), handle)
    assert session.get(handle.value, Attr.VALUE_LEN) == 32
    with refused(Fault.WRAPPED_KEY_INVALID):
        session.call("C_UnwrapKeyAuthenticated", message.mechanism(), key, *data, b"x", 1, handle)


def test_messages_signed_in_parts(session: Session) -> None:
    public, private = session.generate_pair(Mechanism.EC_KEY_PAIR_GEN, {Attr.EC_PARAMS: P256}, {Attr.SIGN: True})
    session.call("C_MessageSignInit", c_mechanism(Mechanism.ECDSA_SHA256), private)
    session.call("C_SignMessageBegin", None, 0)
    session.call("C_SignMessageNext", None, 0, TEXT[:5], 5, None, None)
    signature = session.output("C_SignMessageNext", None, 0, TEXT[5:], 4)
    session.call("C_MessageVerifyInit", c_mechanism(Mechanism.ECDSA_SHA256), public)
    session.call("C_VerifyMessage", None, 0, TEXT, 9, signature, len(signature))
    session.call("C_VerifyMessageBegin", None, 0)
    session.call("C_VerifyMessageNext", None, 0, TEXT[:5], 5, None, 0)
    session.call("C_VerifyMessageNext", None, 0, TEXT[5:], 4, signature, len(signature))


def complete(session: Session, function: bytes) -> Any:
    result, until = make("ASYNC_DATA"), time.monotonic() + 60
    while (rv := session.rv("C_AsyncComplete", function, result)) == Fault.PENDING and time.monotonic() < until:
        pass
    assert rv == Fault.OK
    return result


def generate(session: Session, mechanism: Mechanism, attr: Attr, value: int) -> None:
    templates = (*Session._template({attr: value}), *Session._template({Attr.SIGN: True}))
    with refused(Fault.PENDING):
        session.call("C_GenerateKeyPair", c_mechanism(mechanism), *templates, C.c_ulong(), C.c_ulong())


def test_a_key_pair_that_is_joined_by_the_next_instance_of_the_program(p11: P11, session: Session) -> None:
    slot = session.info().slotID
    generate(session, Mechanism.RSA_PKCS_KEY_PAIR_GEN, Attr.MODULUS_BITS, 2048)
    assert complete(session, PAIR).hAdditionalObject
    generate(session, Mechanism.RSA_PKCS_KEY_PAIR_GEN, Attr.MODULUS_BITS, 2048)
    id = C.c_ulong()
    session.call("C_AsyncGetID", PAIR, id)
    p11.finalize()
    p11.initialize()
    again = open_async(p11, slot)
    with refused(Fault.SAVED_STATE_INVALID):
        again.call("C_AsyncJoin", PAIR, id.value, None, 0)
    again.login("1234")
    again.call("C_AsyncJoin", PAIR, id.value, None, 0)
    private = complete(again, PAIR).hAdditionalObject
    assert len(again.sign(private, Mechanism.SHA256_RSA_PKCS, TEXT)) == 256


def test_a_slow_signature_comes_into_the_buffer_of_the_call(session: Session) -> None:
    generate(session, Mechanism.SLH_DSA_KEY_PAIR_GEN, Attr.PARAMETER_SET, 3)
    pair = complete(session, PAIR)
    session.call("C_SignInit", c_mechanism(Mechanism.SLH_DSA), pair.hAdditionalObject)
    length = C.c_ulong()
    session.call("C_Sign", TEXT, 9, None, length)
    room = C.create_string_buffer(length.value)
    with refused(Fault.PENDING):
        session.call("C_Sign", TEXT, 9, room, length)
    result = complete(session, b"C_Sign\0")
    assert (C.cast(result.pValue, C.c_void_p).value, result.ulValue) == (C.addressof(room), len(room))
    session.verify(pair.hObject, Mechanism.SLH_DSA, TEXT, room.raw)


def test_an_argument_that_is_refused_in_the_module_ends_the_operation(session: Session) -> None:
    key, room, length = aes(session), C.create_string_buffer(32), C.c_ulong(32)
    begin = "C_EncryptInit", c_mechanism(Mechanism.AES_ECB), key
    for call in (
        ("C_Encrypt", None, 16, room, length),
        ("C_Encrypt", bytes(16), 16, room, None),
        ("C_EncryptUpdate", None, 16, room, length),
        ("C_EncryptFinal", room, None),
    ):
        session.call(*begin)
        assert session.rv(*call) == Fault.ARGUMENTS_BAD
        assert session.rv("C_EncryptFinal", room, length) == Fault.OPERATION_NOT_INITIALIZED
    session.call("C_DigestInit", c_mechanism(Mechanism.SHA256))
    assert session.rv("C_DigestUpdate", None, 5) == Fault.ARGUMENTS_BAD
    session.call("C_DigestInit", c_mechanism(Mechanism.SHA256))
    assert session.rv("C_EncryptUpdate", None, 16, room, length) == Fault.ARGUMENTS_BAD
    session.call("C_DigestUpdate", TEXT, 9)  # The digest is another operation.
    assert session.output("C_DigestFinal") == hashlib.sha256(TEXT).digest()


def test_a_state_and_the_validation_flags(session: Session) -> None:
    session.call("C_DigestInit", c_mechanism(Mechanism.SHA256))
    session.call("C_DigestUpdate", TEXT, 9)
    state = session.output("C_GetOperationState")
    session.call("C_DigestUpdate", b"lost", 4)
    session.call("C_SetOperationState", state, len(state), 0, 0)
    assert session.output("C_DigestFinal") == hashlib.sha256(TEXT).digest()
    flags = C.c_ulong(9)
    session.call("C_GetSessionValidationFlags", 1, flags)
    assert flags.value == 0


def test_nobody_finds_the_sessions_of_who_finalised(p11: P11) -> None:
    slot, session = p11.init_token("test"), C.c_ulong()
    for _ in range(30):
        for _ in range(4):
            p11.call("C_OpenSession", slot, int(SessionFlag.SERIAL_SESSION), None, None, session)
        p11.finalize()
        p11.initialize()
        p11.call("C_InitToken", slot, b"12345678", 8, b"test".ljust(32))
