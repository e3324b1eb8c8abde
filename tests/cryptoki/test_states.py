"""C_GetOperationState and C_SetOperationState: what is saved goes on elsewhere as if nothing had happened."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from cryptoki.calling import Caller, attributes
from hsmith.core.hsm import Hsm
from hsmith.cryptoki.operations import STATE_MAXIMUM
from hsmith.spec.constants import Fault, KeyType, Mechanism, ObjectClass, UserType
from hsmith.spec.faults import Refused, TooSmall
from hsmith.spec.params import AesCtrParams, GcmParams, RsaPkcsPssParams
from hsmith.spec.values import MechanismArg

SHA256 = MechanismArg(Mechanism.SHA256)
HEAD, TAIL = b"what was fed before ", b"and after the state was saved"
SECRET = b"a secret value that is 32 bytes."


@pytest.fixture
def session(caller: Caller, slot: int) -> int:
    return caller.session(slot, user=UserType.USER)


@pytest.fixture
def other(caller: Caller, slot: int, session: int) -> int:
    return caller.session(slot)


def fault_of(caller: Caller, name: str, *args: object) -> Fault:
    with pytest.raises(Refused) as caught:
        caller.call(name, *args)
    return caught.value.fault


def save(caller: Caller, session: int) -> bytes:
    size = caller.call("C_GetOperationState", session, None)
    with pytest.raises(TooSmall) as small:
        caller.call("C_GetOperationState", session, size - 1)
    assert small.value.length == size
    state: bytes = caller.call("C_GetOperationState", session, size)
    assert len(state) == size
    return state


def secret(caller: Caller, session: int, key_type: KeyType, value: bytes = SECRET, **more: Any) -> int:
    uses = dict.fromkeys(("ENCRYPT", "DECRYPT", "SIGN", "VERIFY"), True)
    template = attributes(CLASS=ObjectClass.SECRET_KEY, KEY_TYPE=key_type, VALUE=value, **(uses | more))
    key: int = caller.call("C_CreateObject", session, template)
    return key


def test_a_digest_goes_on_in_another_session_and_more_than_once(caller: Caller, session: int, other: int) -> None:
    caller.call("C_DigestInit", session, SHA256)
    caller.call("C_DigestUpdate", session, HEAD)
    state = save(caller, session)
    caller.call("C_DigestUpdate", session, b"something else")
    for destination in (session, other, other):
        caller.call("C_SetOperationState", destination, state, 0, 0)
        caller.call("C_DigestUpdate", destination, TAIL)
        assert caller.call("C_DigestFinal", destination, 32) == hashlib.sha256(HEAD + TAIL).digest()


def test_a_digest_that_was_only_initialised_is_still_whole(caller: Caller, session: int, other: int) -> None:
    caller.call("C_DigestInit", session, SHA256)
    caller.call("C_SetOperationState", other, save(caller, session), 0, 0)
    assert caller.call("C_Digest", other, HEAD, 32) == hashlib.sha256(HEAD).digest()


def test_a_state_tells_nothing(caller: Caller, session: int) -> None:
    readable = secret(caller, session, KeyType.GENERIC_SECRET, SENSITIVE=False, EXTRACTABLE=True)
    caller.call("C_DigestInit", session, SHA256)
    caller.call("C_DigestUpdate", session, HEAD)
    caller.call("C_DigestKey", session, readable)
    states = [save(caller, session), save(caller, session)]
    assert states[0] != states[1]
    assert not any(part in state for state in states for part in (HEAD[:8], SECRET[:8]))


CIPHERS: dict[str, Callable[[], MechanismArg]] = {
    "cbc": lambda: MechanismArg(Mechanism.AES_CBC_PAD, bytes(16)),
    "ctr": lambda: MechanismArg(Mechanism.AES_CTR, AesCtrParams(counter_bits=128, cb=bytes(16))),
    "gcm": lambda: MechanismArg(Mechanism.AES_GCM, GcmParams(iv=bytes(12), aad=b"aad", tag_bits=128)),
}


@pytest.mark.parametrize("name", CIPHERS)
def test_encryption_and_decryption_go_on(caller: Caller, session: int, other: int, name: str) -> None:
    key, arg = secret(caller, session, KeyType.AES), CIPHERS[name]()
    caller.call("C_EncryptInit", session, arg, key)
    whole = caller.call("C_Encrypt", session, HEAD + TAIL, 999)
    for direction, data, expected in (("Encrypt", HEAD + TAIL, whole), ("Decrypt", whole, HEAD + TAIL)):
        caller.call(f"C_{direction}Init", session, arg, key)
        made = caller.call(f"C_{direction}Update", session, data[:21], 999)
        caller.call("C_SetOperationState", other, save(caller, session), key, 0)
        made += caller.call(f"C_{direction}Update", other, data[21:], 999)
        assert made + caller.call(f"C_{direction}Final", other, 999) == expected
        caller.call(f"C_{direction}Init", session, None, 0)


def test_signing_and_verifying_go_on(caller: Caller, session: int, other: int) -> None:
    arg = MechanismArg(Mechanism.SHA256_RSA_PKCS_PSS, RsaPkcsPssParams(hash_alg=Mechanism.SHA256, mgf=2, s_len=32))
    public, private = caller.call(
        "C_GenerateKeyPair",
        session,
        MechanismArg(Mechanism.RSA_PKCS_KEY_PAIR_GEN),
        attributes(MODULUS_BITS=2048, VERIFY=True),
        attributes(SIGN=True),
    )
    caller.call("C_SignInit", session, arg, private)
    caller.call("C_SignUpdate", session, HEAD)
    caller.call("C_SetOperationState", other, save(caller, session), 0, private)
    caller.call("C_SignUpdate", other, TAIL)
    signature = caller.call("C_SignFinal", other, 256)
    caller.call("C_SessionCancel", session, 0x800)
    for init, update, final in (
        (("C_VerifyInit", arg, public), "C_VerifyUpdate", ("C_VerifyFinal", signature)),
        (("C_VerifySignatureInit", arg, public, signature), "C_VerifySignatureUpdate", ("C_VerifySignatureFinal",)),
    ):
        caller.call(init[0], session, *init[1:])
        caller.call(update, session, HEAD)
        caller.call("C_SetOperationState", other, save(caller, session), 0, public)
        caller.call(update, other, TAIL)
        caller.call(final[0], other, *final[1:])
        caller.call("C_SessionCancel", session, 0x2000)


def test_two_operations_at_once(caller: Caller, session: int, other: int) -> None:
    key, arg = secret(caller, session, KeyType.AES), CIPHERS["ctr"]()
    caller.call("C_DigestInit", session, SHA256)
    caller.call("C_EncryptInit", session, arg, key)
    made = caller.call("C_DigestEncryptUpdate", session, HEAD, 99)
    caller.call("C_SetOperationState", other, save(caller, session), key, 0)
    made += caller.call("C_DigestEncryptUpdate", other, TAIL, 99)
    assert caller.call("C_DigestFinal", other, 32) == hashlib.sha256(HEAD + TAIL).digest()
    caller.call("C_EncryptFinal", other, 0)
    caller.call("C_DecryptInit", session, arg, key)
    assert caller.call("C_Decrypt", session, made, 99) == HEAD + TAIL


def test_the_keys_that_are_asked_for(caller: Caller, session: int, other: int) -> None:
    key = secret(caller, session, KeyType.AES)
    same, changed = secret(caller, session, KeyType.AES), secret(caller, session, KeyType.AES, bytes(32))
    unused = secret(caller, session, KeyType.AES, ENCRYPT=False)
    caller.call("C_EncryptInit", session, CIPHERS["cbc"](), key)
    state = save(caller, session)
    set_state = "C_SetOperationState"
    assert fault_of(caller, set_state, other, state, 0, 0) == Fault.KEY_NEEDED
    assert fault_of(caller, set_state, other, state, 0, key) == Fault.KEY_NOT_NEEDED
    assert fault_of(caller, set_state, other, state, changed, 0) == Fault.KEY_CHANGED
    assert fault_of(caller, set_state, other, state, unused, 0) == Fault.KEY_FUNCTION_NOT_PERMITTED
    assert fault_of(caller, set_state, other, state, 4711, 0) == Fault.KEY_HANDLE_INVALID
    assert not caller.app.sessions[other].operations
    caller.call(set_state, other, state, same, 0)
    caller.call("C_EncryptInit", other, None, 0)


def test_what_cannot_be_saved(caller: Caller, session: int) -> None:
    get = "C_GetOperationState"
    assert fault_of(caller, get, session, None) == Fault.OPERATION_NOT_INITIALIZED
    caller.call("C_FindObjectsInit", session, ())
    assert fault_of(caller, get, session, None) == Fault.OPERATION_NOT_INITIALIZED
    caller.call("C_DigestInit", session, SHA256)
    caller.call("C_DigestUpdate", session, bytes(STATE_MAXIMUM))
    save(caller, session)
    caller.call("C_DigestUpdate", session, b"x")
    assert fault_of(caller, get, session, None) == Fault.STATE_UNSAVEABLE
    assert caller.app.sessions[session].operations[list(caller.app.sessions[session].operations)[-1]].parts is None
    caller.call("C_DigestFinal", session, 32)
    key = secret(caller, session, KeyType.AES)
    caller.call("C_EncryptInit", session, CIPHERS["cbc"](), key)
    caller.call("C_DecryptInit", session, CIPHERS["cbc"](), key)
    assert fault_of(caller, get, session, None) == Fault.STATE_UNSAVEABLE


def test_states_that_are_refused(caller: Caller, hsm: Hsm, slot: int, session: int) -> None:
    from cryptoki.calling import make_token

    caller.call("C_DigestInit", session, SHA256)
    state = save(caller, session)
    elsewhere = caller.session(make_token(hsm, b"another"), user=UserType.USER)
    read_only = caller.session(slot, rw=False)
    spoiled = state[:-1] + bytes([state[-1] ^ 1])
    refusals = [(session, b""), (session, spoiled), (session, b"x" * 100), (elsewhere, state), (read_only, state)]
    for destination, given in refusals:
        assert fault_of(caller, "C_SetOperationState", destination, given, 0, 0) == Fault.SAVED_STATE_INVALID
    assert fault_of(caller, "C_SetOperationState", session, None, 0, 0) == Fault.ARGUMENTS_BAD
    caller.call("C_Logout", session)
    assert fault_of(caller, "C_SetOperationState", session, state, 0, 0) == Fault.SAVED_STATE_INVALID


def test_restoring_ends_what_was_active(caller: Caller, session: int, other: int) -> None:
    caller.call("C_DigestInit", session, SHA256)
    state = save(caller, session)
    caller.call("C_FindObjectsInit", other, ())
    caller.call("C_SetOperationState", other, state, 0, 0)
    assert fault_of(caller, "C_FindObjects", other, 1) == Fault.OPERATION_NOT_INITIALIZED


def test_a_restored_operation_wants_its_pin_again(caller: Caller, session: int, other: int) -> None:
    _, private = caller.p256(session, ALWAYS_AUTHENTICATE=True)
    caller.call("C_SignInit", session, MechanismArg(Mechanism.ECDSA_SHA256), private)
    caller.call("C_Login", session, UserType.CONTEXT_SPECIFIC, b"1234")
    caller.call("C_SetOperationState", other, save(caller, session), 0, private)
    assert fault_of(caller, "C_Sign", other, b"data", 64) == Fault.USER_NOT_LOGGED_IN
