"""Sessions, logins and PINs (chapter "Session management functions")."""

from pathlib import Path
from typing import Any

import pytest

from cryptoki.calling import PIN, RO, SO_PIN, Caller, attributes, make_token
from hsmith.core import templates
from hsmith.core.durable import Settings
from hsmith.core.hsm import Hsm
from hsmith.spec.constants import Attr, Fault, Mechanism, ObjectClass, SessionState, TokenFlag, UserType
from hsmith.spec.faults import Refused
from hsmith.spec.values import MechanismArg

SO, USER = UserType.SO, UserType.USER


def refused(fault: Fault, caller: Caller, name: str, *args: object) -> None:
    with pytest.raises(Refused) as caught:
        caller.call(name, *args)
    assert caught.value.fault == fault


def state(caller: Caller, session: int) -> SessionState:
    return SessionState(caller.call("C_GetSessionInfo", session)[1])


def test_state_follows_login_for_all_sessions(caller: Caller, slot: int) -> None:
    ro, rw = caller.session(slot, rw=False), caller.session(slot)
    assert state(caller, ro) == SessionState.RO_PUBLIC_SESSION
    assert state(caller, rw) == SessionState.RW_PUBLIC_SESSION
    caller.call("C_Login", rw, USER, PIN)
    assert state(caller, ro) == SessionState.RO_USER_FUNCTIONS
    assert state(caller, rw) == SessionState.RW_USER_FUNCTIONS
    caller.call("C_Logout", ro)
    assert state(caller, rw) == SessionState.RW_PUBLIC_SESSION


def test_so_excludes_read_only_sessions(caller: Caller, slot: int) -> None:
    ro = caller.session(slot, rw=False)
    refused(Fault.SESSION_READ_ONLY_EXISTS, caller, "C_Login", ro, SO, SO_PIN)
    caller.call("C_Login", ro, USER, PIN)
    refused(Fault.SESSION_READ_ONLY_EXISTS, caller, "C_Login", ro, SO, SO_PIN)
    caller.call("C_CloseSession", ro)
    caller.session(slot, user=SO)
    refused(Fault.SESSION_READ_WRITE_SO_EXISTS, caller, "C_OpenSession", slot, RO)


def test_login_refusals(caller: Caller, slot: int) -> None:
    session = caller.session(slot)
    refused(Fault.USER_TYPE_INVALID, caller, "C_Login", session, 77, PIN)
    refused(Fault.PIN_INCORRECT, caller, "C_Login", session, USER, b"wrong")
    refused(Fault.ARGUMENTS_BAD, caller, "C_Login", session, USER, None)
    caller.call("C_Login", session, USER, PIN)
    refused(Fault.USER_ALREADY_LOGGED_IN, caller, "C_Login", session, USER, PIN)
    refused(Fault.USER_ANOTHER_ALREADY_LOGGED_IN, caller, "C_Login", session, SO, SO_PIN)


def test_logout_ends_operations_and_private_handles(caller: Caller, slot: int) -> None:
    session = caller.session(slot, user=USER)
    key = caller.aes(session, TOKEN=True, LABEL=b"k")
    volatile = caller.aes(session)
    caller.call("C_EncryptInit", session, MechanismArg(Mechanism.AES_ECB), key)
    caller.call("C_Logout", session)
    refused(Fault.OPERATION_NOT_INITIALIZED, caller, "C_Encrypt", session, bytes(16), 64)
    refused(Fault.OBJECT_HANDLE_INVALID, caller, "C_GetAttributeValue", session, key, [Attr.LABEL])
    caller.call("C_Login", session, USER, PIN)
    for old in (key, volatile):
        refused(Fault.OBJECT_HANDLE_INVALID, caller, "C_GetAttributeValue", session, old, [Attr.LABEL])
    caller.call("C_FindObjectsInit", session, attributes(LABEL=b"k"))
    assert len(caller.call("C_FindObjects", session, 10)) == 1


def test_applications_are_apart(hsm: Hsm, slot: int) -> None:
    one, two = Caller(hsm), Caller(hsm)
    first, second = one.session(slot, user=USER), two.session(slot)
    volatile = one.data(first, VALUE=b"x")
    assert state(two, second) == SessionState.RW_PUBLIC_SESSION
    refused(Fault.OBJECT_HANDLE_INVALID, two, "C_GetAttributeValue", second, volatile, [Attr.VALUE])
    refused(Fault.SESSION_HANDLE_INVALID, two, "C_GetSessionInfo", first)
    lasting = one.data(first, VALUE=b"y", TOKEN=True, PRIVATE=False)
    assert two.call("C_GetAttributeValue", second, lasting, [Attr.VALUE]) == [b"y"]
    two.call("C_DestroyObject", second, lasting)
    refused(Fault.OBJECT_HANDLE_INVALID, one, "C_GetAttributeValue", first, lasting, [Attr.VALUE])


def test_destroyed_key_ends_a_running_operation(hsm: Hsm, slot: int) -> None:
    one, two = Caller(hsm), Caller(hsm)
    first, second = one.session(slot, user=USER), two.session(slot, user=USER)
    key = one.aes(first, TOKEN=True, LABEL=b"gone")
    one.call("C_EncryptInit", first, MechanismArg(Mechanism.AES_CBC, bytes(16)), key)
    one.call("C_EncryptUpdate", first, bytes(16), 64)
    two.call("C_FindObjectsInit", second, attributes(LABEL=b"gone"))
    two.call("C_DestroyObject", second, two.call("C_FindObjects", second, 1)[0])
    refused(Fault.KEY_HANDLE_INVALID, one, "C_EncryptUpdate", first, bytes(16), 64)


def test_renamed_key_goes_on_in_a_running_operation(caller: Caller, slot: int) -> None:
    session = caller.session(slot, user=USER)
    key = caller.aes(session, TOKEN=True)
    caller.call("C_EncryptInit", session, MechanismArg(Mechanism.AES_ECB), key)
    caller.call("C_SetAttributeValue", session, key, attributes(LABEL=b"new name"))
    assert len(caller.call("C_Encrypt", session, bytes(16), 64)) == 16
    caller.call("C_EncryptInit", session, MechanismArg(Mechanism.AES_ECB), key)
    caller.call("C_SetAttributeValue", session, key, attributes(ENCRYPT=False))
    refused(Fault.KEY_FUNCTION_NOT_PERMITTED, caller, "C_Encrypt", session, bytes(16), 64)


def test_pins_lock_and_the_so_unlocks(tmp_path: Path) -> None:
    settings = Settings(kdf_milliseconds=1, attempts=3)
    hsm = Hsm.opened(tmp_path / "store", settings)
    slot = make_token(hsm)
    caller = Caller(hsm)
    session = caller.session(slot)
    for _ in range(2):
        refused(Fault.PIN_INCORRECT, caller, "C_Login", session, USER, b"wrong")
    caller.app.close()
    hsm.close()

    hsm = Hsm.opened(tmp_path / "store", settings)
    caller = Caller(hsm)
    assert caller.call("C_GetTokenInfo", slot)[4] & TokenFlag.USER_PIN_FINAL_TRY
    session = caller.session(slot)
    refused(Fault.PIN_INCORRECT, caller, "C_Login", session, USER, b"wrong")
    refused(Fault.PIN_LOCKED, caller, "C_Login", session, USER, PIN)
    assert caller.call("C_GetTokenInfo", slot)[4] & TokenFlag.USER_PIN_LOCKED
    caller.call("C_Login", session, SO, SO_PIN)
    caller.call("C_InitPIN", session, b"5678")
    caller.call("C_Logout", session)
    caller.call("C_Login", session, USER, b"5678")
    hsm.close()


def test_a_failure_is_counted_before_the_pin_is_checked(tmp_path: Path) -> None:
    """What a killed keeper leaves behind: the count in the store is never below the failures."""
    settings = Settings(kdf_milliseconds=1)
    hsm = Hsm.opened(tmp_path / "store", settings)
    slot = make_token(hsm)
    caller = Caller(hsm)
    session = caller.session(slot, user=USER)
    caller.call("C_Logout", session)
    for failures in range(1, 4):
        refused(Fault.PIN_INCORRECT, caller, "C_Login", session, USER, b"wrong")
        token = hsm.token(slot)
        assert token is not None
        stored = {record.name: record.failures for record in hsm.durable.store.keyslots(token.id)}
        assert stored["user"] >= failures
    hsm.close()


def test_pin_changes(caller: Caller, slot: int) -> None:
    session = caller.session(slot)
    refused(Fault.PIN_INCORRECT, caller, "C_SetPIN", session, b"nope", b"4321")
    refused(Fault.PIN_LEN_RANGE, caller, "C_SetPIN", session, PIN, b"123")
    refused(Fault.PIN_LEN_RANGE, caller, "C_SetPIN", session, PIN, bytes(256))
    odd = bytes(range(255))
    caller.call("C_SetPIN", session, PIN, odd)
    refused(Fault.PIN_INCORRECT, caller, "C_Login", session, USER, PIN)
    caller.call("C_Login", session, USER, odd)
    caller.call("C_SetPIN", session, odd, PIN)
    caller.call("C_Logout", session)
    caller.call("C_Login", session, SO, SO_PIN)
    caller.call("C_SetPIN", session, SO_PIN, b"another so pin")
    caller.call("C_Logout", session)
    caller.call("C_Login", session, SO, b"another so pin")
    ro = Caller(caller.app.hsm)
    refused(Fault.SESSION_READ_ONLY, ro, "C_SetPIN", ro.session(slot, rw=False), PIN, b"4321")


def test_slots_never_change(tmp_path: Path) -> None:
    settings = Settings(kdf_milliseconds=1)
    hsm = Hsm.opened(tmp_path / "store", settings)
    assert hsm.slots() == [0]
    slots = [make_token(hsm, f"t{i}".encode()) for i in range(3)]
    assert slots == [0, 1, 2] and hsm.slots() == [0, 1, 2, 3]
    for removed in (slots[2], slots[0]):
        token = hsm.token(removed)
        assert token is not None
        hsm.remove(token, SO_PIN)
    assert hsm.slots() == [1, 3]
    hsm.close()
    hsm = Hsm.opened(tmp_path / "store", settings)
    assert hsm.slots() == [1, 3]
    assert make_token(hsm) == 3
    hsm.close()


def test_init_token_again(caller: Caller, hsm: Hsm, slot: int) -> None:
    session = caller.session(slot, user=USER)
    caller.aes(session, TOKEN=True)
    refused(Fault.SESSION_EXISTS, caller, "C_InitToken", slot, SO_PIN, b"again".ljust(32))
    caller.call("C_CloseSession", session)
    refused(Fault.PIN_INCORRECT, caller, "C_InitToken", slot, b"not the SO", b"again".ljust(32))
    serial = caller.call("C_GetTokenInfo", slot)[3]
    caller.call("C_InitToken", slot, SO_PIN, b"again".ljust(32))
    info = caller.call("C_GetTokenInfo", slot)
    assert info[0] == b"again".ljust(32) and info[3] == serial
    assert not info[4] & TokenFlag.USER_PIN_INITIALIZED
    refused(Fault.USER_PIN_NOT_INITIALIZED, caller, "C_Login", caller.session(slot), USER, PIN)
    token = hsm.token(slot)
    assert token is not None and token.shelf.count() == 0


def test_slot_events(caller: Caller, hsm: Hsm) -> None:
    refused(Fault.NO_EVENT, caller, "C_WaitForSlotEvent", 1)
    slot = make_token(hsm)
    assert caller.call("C_WaitForSlotEvent", 1) == slot
    refused(Fault.NO_EVENT, caller, "C_WaitForSlotEvent", 1)


def test_context_specific_login(caller: Caller, slot: int) -> None:
    session = caller.session(slot, user=USER)
    _, key = caller.p256(session, ALWAYS_AUTHENTICATE=True)
    ecdsa = MechanismArg(Mechanism.ECDSA)
    context = UserType.CONTEXT_SPECIFIC
    refused(Fault.OPERATION_NOT_INITIALIZED, caller, "C_Login", session, context, PIN)
    caller.call("C_SignInit", session, ecdsa, key)
    refused(Fault.USER_NOT_LOGGED_IN, caller, "C_Sign", session, bytes(32), 100)
    refused(Fault.OPERATION_NOT_INITIALIZED, caller, "C_Sign", session, bytes(32), 100)  # it "always terminates"
    caller.call("C_SignInit", session, ecdsa, key)
    refused(Fault.PIN_INCORRECT, caller, "C_Login", session, context, b"wrong")
    caller.call("C_Login", session, context, PIN)
    assert len(caller.call("C_Sign", session, bytes(32), 100)) == 64
    caller.call("C_SignInit", session, ecdsa, key)
    refused(Fault.USER_NOT_LOGGED_IN, caller, "C_Sign", session, bytes(32), 100)


def test_closing_a_session_takes_its_objects(caller: Caller, slot: int) -> None:
    one, two = caller.session(slot, user=USER), caller.session(slot)
    kept, gone = caller.data(two, LABEL=b"kept"), caller.data(one, LABEL=b"gone")
    assert caller.call("C_GetAttributeValue", two, gone, [Attr.CLASS]) == [ObjectClass.DATA]
    caller.call("C_CloseSession", one)
    refused(Fault.OBJECT_HANDLE_INVALID, caller, "C_GetAttributeValue", two, gone, [Attr.LABEL])
    assert caller.call("C_GetAttributeValue", two, kept, [Attr.LABEL]) == [b"kept"]
    caller.call("C_CloseAllSessions", slot)
    assert state(caller, caller.session(slot)) == SessionState.RW_PUBLIC_SESSION


def test_functions_of_the_past_answer_without_a_session(caller: Caller) -> None:
    for name in ("C_GetFunctionStatus", "C_CancelFunction"):
        refused(Fault.FUNCTION_NOT_PARALLEL, caller, name, 0)


def test_session_objects_take_changes_that_meet(caller: Caller, slot: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two threads change one object: each change is made, the second upon the first."""
    one, two = caller.session(slot, user=USER), caller.session(slot)
    key = caller.aes(one, LABEL=b"label")
    change, meeting = templates.change, [attributes(LABEL=b"meanwhile")]

    def slow(*arguments: Any, **named: Any) -> Any:
        changed = change(*arguments, **named)
        if meeting:
            caller.call("C_SetAttributeValue", two, key, meeting.pop())
        return changed

    monkeypatch.setattr(templates, "change", slow)
    caller.call("C_SetAttributeValue", one, key, attributes(ID=b"id"))
    asked = [Attr.LABEL, Attr.ID]
    assert caller.call("C_GetAttributeValue", one, key, asked) == [b"meanwhile", b"id"]


FIRST = [("TOKEN", Fault.SESSION_READ_ONLY), ("PRIVATE", Fault.USER_NOT_LOGGED_IN)]


@pytest.mark.parametrize(("attribute", "fault"), FIRST)
def test_what_a_session_may_not_make_is_said_first(caller: Caller, slot: int, attribute: str, fault: Fault) -> None:
    """Before a template that is incomplete, and a key that may not derive."""
    session = caller.session(slot, rw=attribute == "PRIVATE", user=UserType.USER if attribute == "TOKEN" else None)
    key = caller.aes(session, PRIVATE=False, UNWRAP=True, DERIVE=False)
    asked = attributes(**{attribute: True})
    with pytest.raises(Refused) as refused:
        caller.call("C_UnwrapKey", session, MechanismArg(Mechanism.AES_ECB), key, bytes(16), asked)
    assert refused.value.fault == fault
    with pytest.raises(Refused) as refused:
        caller.call("C_DeriveKey", session, MechanismArg(Mechanism.AES_ECB_ENCRYPT_DATA), key, asked)
    assert refused.value.fault == fault
