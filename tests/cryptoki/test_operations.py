"""Operations in one and in many parts, the two-call convention, and what ends an operation (chapter 5)."""

import hashlib
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cryptoki.calling import Caller, attributes
from hsmith.spec.constants import Attr, Fault, KeyType, Mechanism, ObjectClass, UserType
from hsmith.spec.faults import Refused, TooSmall
from hsmith.spec.params import GcmParams
from hsmith.spec.values import MechanismArg

CBC_PAD = MechanismArg(Mechanism.AES_CBC_PAD, bytes(16))
SHA256 = MechanismArg(Mechanism.SHA256)


def gcm() -> MechanismArg:
    return MechanismArg(Mechanism.AES_GCM, GcmParams(iv=bytes(12), iv_bits=96, aad=b"", tag_bits=128))


@pytest.fixture
def session(caller: Caller, slot: int) -> int:
    return caller.session(slot, user=UserType.USER)


def fault_of(caller: Caller, name: str, *args: object) -> Fault:
    with pytest.raises(Refused) as caught:
        caller.call(name, *args)
    return caught.value.fault


def test_length_query_and_small_buffer_leave_encryption_active(caller: Caller, session: int) -> None:
    key = caller.aes(session)
    caller.call("C_EncryptInit", session, CBC_PAD, key)
    assert caller.call("C_Encrypt", session, b"x" * 20, None) == 32
    with pytest.raises(TooSmall) as small:
        caller.call("C_Encrypt", session, b"x" * 20, 31)
    assert small.value.length == 32
    sealed = caller.call("C_Encrypt", session, b"x" * 20, 32)
    assert fault_of(caller, "C_Encrypt", session, b"x", 32) == Fault.OPERATION_NOT_INITIALIZED
    caller.call("C_DecryptInit", session, CBC_PAD, key)
    with pytest.raises(TooSmall) as small:
        caller.call("C_Decrypt", session, sealed, 19)
    assert small.value.length == 20
    assert caller.call("C_Decrypt", session, sealed, 20) == b"x" * 20


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(parts=st.lists(st.binary(max_size=70), max_size=5), mechanism=st.sampled_from(["cbc", "gcm", "ctr"]))
def test_parts_make_the_whole(caller: Caller, slot: int, parts: list[bytes], mechanism: str) -> None:
    from hsmith.spec.params import AesCtrParams

    session = caller.session(slot)
    if not caller.app.sessions[session].logged_in:
        caller.call("C_Login", session, UserType.USER, b"1234")
    makers: dict[str, Callable[[], MechanismArg]] = {
        "cbc": lambda: CBC_PAD,
        "gcm": gcm,
        "ctr": lambda: MechanismArg(Mechanism.AES_CTR, AesCtrParams(counter_bits=128, cb=bytes(16))),
    }
    arg, key = makers[mechanism], caller.aes(session)
    whole = b"".join(parts)
    caller.call("C_EncryptInit", session, arg(), key)
    once = caller.call("C_Encrypt", session, whole, 4096)
    for init, update, final, data in (("C_EncryptInit", "C_EncryptUpdate", "C_EncryptFinal", parts),):
        caller.call(init, session, arg(), key)
        made = b"".join(caller.call(update, session, part, 4096) for part in data)
        assert made + caller.call(final, session, 4096) == once
    caller.call("C_DecryptInit", session, arg(), key)
    opened = b"".join(caller.call("C_DecryptUpdate", session, once[at : at + 7], 4096) for at in range(0, len(once), 7))
    assert opened + caller.call("C_DecryptFinal", session, 4096) == whole
    caller.call("C_CloseSession", session)


def test_single_and_multi_part_do_not_mix(caller: Caller, session: int) -> None:
    caller.call("C_DigestInit", session, SHA256)
    caller.call("C_DigestUpdate", session, b"a")
    assert fault_of(caller, "C_Digest", session, b"b", 32) == Fault.OPERATION_ACTIVE
    assert caller.call("C_DigestFinal", session, 32) == hashlib.sha256(b"a").digest()
    caller.call("C_DigestInit", session, SHA256)
    assert fault_of(caller, "C_DigestInit", session, SHA256) == Fault.OPERATION_ACTIVE
    caller.call("C_DigestInit", session, None)
    assert fault_of(caller, "C_DigestInit", session, None) == Fault.ARGUMENTS_BAD


def test_failure_ends_the_operation(caller: Caller, session: int) -> None:
    key = caller.aes(session)
    caller.call("C_DecryptInit", session, gcm(), key)
    assert fault_of(caller, "C_Decrypt", session, bytes(32), 64) == Fault.ENCRYPTED_DATA_INVALID
    assert fault_of(caller, "C_Decrypt", session, bytes(32), 64) == Fault.OPERATION_NOT_INITIALIZED


def test_sign_verify_and_their_lengths(caller: Caller, session: int) -> None:
    public, private = caller.p256(session)
    arg = MechanismArg(Mechanism.ECDSA_SHA256)
    caller.call("C_SignInit", session, arg, private)
    assert caller.call("C_Sign", session, b"data", None) == 64
    assert fault_of(caller, "C_Sign", session, b"data", 63) == Fault.BUFFER_TOO_SMALL
    signature = caller.call("C_Sign", session, b"data", 64)
    for call in (("C_Verify", b"data", signature),):
        caller.call("C_VerifyInit", session, arg, public)
        caller.call(call[0], session, *call[1:])
    caller.call("C_VerifyInit", session, arg, public)
    assert fault_of(caller, "C_Verify", session, b"datA", signature) == Fault.SIGNATURE_INVALID
    caller.call("C_VerifyInit", session, arg, public)
    assert fault_of(caller, "C_Verify", session, b"data", signature[:-1]) == Fault.SIGNATURE_LEN_RANGE
    caller.call("C_VerifySignatureInit", session, arg, public, signature)
    caller.call("C_VerifySignatureUpdate", session, b"da")
    caller.call("C_VerifySignatureUpdate", session, b"ta")
    caller.call("C_VerifySignatureFinal", session)


def test_a_signature_is_verified_in_parts_by_any_mechanism(caller: Caller, session: int) -> None:
    public, private = caller.p256(session)
    arg = MechanismArg(Mechanism.ECDSA)
    caller.call("C_SignInit", session, arg, private)
    assert fault_of(caller, "C_SignUpdate", session, b"da") == Fault.FUNCTION_NOT_SUPPORTED
    caller.call("C_SignInit", session, arg, private)
    signature = caller.call("C_Sign", session, b"d" * 32, 64)
    for parts, fault in (([b"d" * 20, b"d" * 12], None), ([b"d" * 31], Fault.SIGNATURE_INVALID)):
        caller.call("C_VerifySignatureInit", session, arg, public, signature)
        for part in parts:
            caller.call("C_VerifySignatureUpdate", session, part)
        if fault is None:
            caller.call("C_VerifySignatureFinal", session)
        else:
            assert fault_of(caller, "C_VerifySignatureFinal", session) == fault
    caller.call("C_VerifySignatureInit", session, arg, public, signature)
    caller.call("C_VerifySignatureUpdate", session, bytes(70000))
    assert fault_of(caller, "C_VerifySignatureFinal", session) == Fault.DATA_LEN_RANGE


def test_keys_are_used_only_as_permitted(caller: Caller, session: int) -> None:
    public, private = caller.p256(session)
    aes = caller.aes(session)
    ecdsa = MechanismArg(Mechanism.ECDSA)
    assert fault_of(caller, "C_SignInit", session, ecdsa, public) == Fault.KEY_TYPE_INCONSISTENT
    assert fault_of(caller, "C_SignInit", session, ecdsa, aes) == Fault.KEY_TYPE_INCONSISTENT
    assert fault_of(caller, "C_SignInit", session, ecdsa, 999999) == Fault.KEY_HANDLE_INVALID
    assert fault_of(caller, "C_SignInit", session, MechanismArg(0x7FFFFFFF), private) == Fault.MECHANISM_INVALID
    assert fault_of(caller, "C_SignInit", session, SHA256, private) == Fault.MECHANISM_INVALID
    wrong = MechanismArg(Mechanism.ECDSA, b"parameter")
    assert fault_of(caller, "C_SignInit", session, wrong, private) == Fault.MECHANISM_PARAM_INVALID
    limited = caller.aes(session, ALLOWED_MECHANISMS=(Mechanism.AES_CBC,))
    assert (
        fault_of(caller, "C_EncryptInit", session, MechanismArg(Mechanism.AES_ECB), limited) == Fault.MECHANISM_INVALID
    )
    none = caller.aes(session, ALLOWED_MECHANISMS=())
    assert fault_of(caller, "C_EncryptInit", session, MechanismArg(Mechanism.AES_ECB), none) == Fault.MECHANISM_INVALID
    barred = caller.call(
        "C_GenerateKey", session, MechanismArg(Mechanism.AES_KEY_GEN), attributes(VALUE_LEN=16, ENCRYPT=False)
    )
    assert fault_of(caller, "C_EncryptInit", session, CBC_PAD, barred) == Fault.KEY_FUNCTION_NOT_PERMITTED


def test_dual_functions(caller: Caller, session: int) -> None:
    key = caller.aes(session)
    data = b"both at once, and a half".ljust(48)
    ecb = MechanismArg(Mechanism.AES_ECB)
    assert fault_of(caller, "C_DigestEncryptUpdate", session, data, 64) == Fault.OPERATION_NOT_INITIALIZED
    caller.call("C_DigestInit", session, SHA256)
    caller.call("C_EncryptInit", session, ecb, key)
    assert caller.call("C_DigestEncryptUpdate", session, data, None) == 48
    assert fault_of(caller, "C_DigestEncryptUpdate", session, data, 47) == Fault.BUFFER_TOO_SMALL
    sealed = caller.call("C_DigestEncryptUpdate", session, data, 48)
    sealed += caller.call("C_EncryptFinal", session, 16)
    assert caller.call("C_DigestFinal", session, 32) == hashlib.sha256(data).digest()
    caller.call("C_DigestInit", session, SHA256)
    caller.call("C_DecryptInit", session, ecb, key)
    assert caller.call("C_DecryptDigestUpdate", session, sealed, 64) == data
    caller.call("C_DecryptFinal", session, 16)
    assert caller.call("C_DigestFinal", session, 32) == hashlib.sha256(data).digest()


def test_digest_key_needs_a_readable_key(caller: Caller, session: int) -> None:
    template = {"CLASS": ObjectClass.SECRET_KEY, "KEY_TYPE": KeyType.GENERIC_SECRET, "VALUE": b"secret bytes"}
    readable = caller.call("C_CreateObject", session, attributes(**template, SENSITIVE=False, EXTRACTABLE=True))
    sensitive = caller.call("C_CreateObject", session, attributes(**template, SENSITIVE=True))
    caller.call("C_DigestInit", session, SHA256)
    assert fault_of(caller, "C_DigestKey", session, sensitive) == Fault.KEY_INDIGESTIBLE
    caller.call("C_DigestKey", session, readable)
    assert caller.call("C_DigestFinal", session, 32) == hashlib.sha256(b"secret bytes").digest()


def test_wrap_and_unwrap(caller: Caller, session: int) -> None:
    wrapper = caller.aes(session, WRAP=True, UNWRAP=True)
    key = caller.aes(session, EXTRACTABLE=True, LABEL=b"inner")
    bound = caller.aes(session, EXTRACTABLE=False)
    kwp = MechanismArg(Mechanism.AES_KEY_WRAP_KWP)
    size = caller.call("C_WrapKey", session, kwp, wrapper, key, None)
    assert fault_of(caller, "C_WrapKey", session, kwp, wrapper, key, size - 1) == Fault.BUFFER_TOO_SMALL
    wrapped = caller.call("C_WrapKey", session, kwp, wrapper, key, size)
    assert fault_of(caller, "C_WrapKey", session, kwp, wrapper, bound, 100) == Fault.KEY_UNEXTRACTABLE
    assert fault_of(caller, "C_WrapKey", session, kwp, 12345, key, 100) == Fault.WRAPPING_KEY_HANDLE_INVALID
    template = attributes(CLASS=ObjectClass.SECRET_KEY, KEY_TYPE=KeyType.AES, ENCRYPT=True, DECRYPT=True)
    back = caller.call("C_UnwrapKey", session, kwp, wrapper, wrapped, template)
    caller.call("C_EncryptInit", session, MechanismArg(Mechanism.AES_ECB), key)
    sealed = caller.call("C_Encrypt", session, bytes(16), 16)
    caller.call("C_DecryptInit", session, MechanismArg(Mechanism.AES_ECB), back)
    assert caller.call("C_Decrypt", session, sealed, 16) == bytes(16)
    spoiled = bytes([wrapped[0] ^ 1]) + wrapped[1:]
    assert fault_of(caller, "C_UnwrapKey", session, kwp, wrapper, spoiled, template) == Fault.WRAPPED_KEY_INVALID


def test_search_by_what_is_not_indexed_and_by_nothing(caller: Caller, session: int) -> None:
    made = {caller.aes(session, TOKEN=token, PRIVATE=private) for token in (True, False) for private in (True, False)}
    caller.call("C_FindObjectsInit", session, ())
    assert set(caller.call("C_FindObjects", session, 100)) == made
    assert caller.call("C_FindObjects", session, 100) == []
    caller.call("C_FindObjectsFinal", session)
    caller.call("C_FindObjectsInit", session, attributes(KEY_TYPE=KeyType.AES, VALUE_LEN=32, DECRYPT=True))
    assert len(caller.call("C_FindObjects", session, 3)) == 3
    assert len(caller.call("C_FindObjects", session, 3)) == 1
    caller.call("C_FindObjectsFinal", session)
    caller.call("C_FindObjectsInit", session, attributes(VALUE_LEN=16))
    assert caller.call("C_FindObjects", session, 3) == []


@pytest.mark.parametrize("others", [0, 7, 8, 20])
def test_a_search_among_others_with_the_same_label(caller: Caller, session: int, others: int) -> None:
    """Few of them are looked at; of many, the rest of the search is looked up too."""
    for number in range(others):
        caller.data(session, TOKEN=True, PRIVATE=bool(number % 2), LABEL=b"shared")
    keys = {private: caller.aes(session, TOKEN=True, PRIVATE=private, LABEL=b"shared") for private in (True, False)}
    for wanted, found in (({}, set(keys.values())), *(({"PRIVATE": private}, {keys[private]}) for private in keys)):
        template = attributes(LABEL=b"shared", CLASS=ObjectClass.SECRET_KEY, **wanted)
        caller.call("C_FindObjectsInit", session, template)
        assert set(caller.call("C_FindObjects", session, 100)) == found
        caller.call("C_FindObjectsFinal", session)


def test_mechanism_objects_are_found_when_asked_for(caller: Caller, session: int) -> None:
    caller.call("C_FindObjectsInit", session, attributes(CLASS=ObjectClass.MECHANISM))
    found = caller.call("C_FindObjects", session, 10000)
    types = {caller.call("C_GetAttributeValue", session, handle, [Attr.MECHANISM_TYPE])[0] for handle in found}
    assert types == set(caller.call("C_GetMechanismList", caller.app.hsm.slots()[0]))
    assert fault_of(caller, "C_DestroyObject", session, found[0]) == Fault.ACTION_PROHIBITED


def test_a_part_without_output_still_wants_a_buffer(caller: Caller, session: int) -> None:
    """A client that takes 0 for its buffer's size may have only NULL to give, which is one more question."""
    key = caller.aes(session)
    caller.call("C_DecryptInit", session, MechanismArg(Mechanism.AES_CBC_PAD, bytes(16)), key)
    assert caller.call("C_DecryptUpdate", session, bytes(16), None) > 0
    assert caller.call("C_DecryptUpdate", session, bytes(16), 0) == b""
    assert caller.call("C_DecryptUpdate", session, b"", None) >= 0


def test_cancelling_nothing_lets_go_of_what_took_no_data(caller: Caller, session: int) -> None:
    """C_SessionCancel without flags: the digest goes on, and stands in the way of another only once it was fed."""
    caller.call("C_DigestInit", session, SHA256)
    assert fault_of(caller, "C_DigestInit", session, SHA256) == Fault.OPERATION_ACTIVE
    caller.call("C_SessionCancel", session, 0)
    caller.call("C_DigestUpdate", session, b"a")
    assert fault_of(caller, "C_DigestInit", session, SHA256) == Fault.OPERATION_ACTIVE
    caller.call("C_SessionCancel", session, 0)
    assert fault_of(caller, "C_DigestInit", session, SHA256) == Fault.OPERATION_ACTIVE
    assert caller.call("C_DigestFinal", session, 32) == hashlib.sha256(b"a").digest()
    key = caller.aes(session)
    caller.call("C_EncryptInit", session, CBC_PAD, key)
    caller.call("C_SessionCancel", session, 0)
    caller.call("C_EncryptInit", session, MechanismArg(Mechanism.AES_ECB), key)
    assert len(caller.call("C_Encrypt", session, bytes(16), 64)) == 16
