"""What the keeper tells by administrative commands of a refusal, of a key, and how a token gets another label."""

from typing import Any

import pytest

from cryptoki.calling import SO_PIN, Caller, attributes
from hsmith.cryptoki.admin import COMMANDS
from hsmith.spec.constants import Fault, KeyType, Mechanism, ObjectClass, UserType
from hsmith.spec.faults import Refused
from hsmith.spec.values import MechanismArg


def admin(caller: Caller, command: str, **arguments: Any) -> dict[str, Any]:
    return COMMANDS[command](caller.app, arguments)


def refused(caller: Caller, name: str, *args: object) -> Fault:
    with pytest.raises(Refused) as caught:
        caller.call(name, *args)
    return caught.value.fault


@pytest.fixture
def session(caller: Caller, slot: int) -> int:
    session = caller.session(slot)
    caller.call("C_Login", session, UserType.USER, b"1234")
    return session


def test_why_a_call_was_refused(caller: Caller, session: int) -> None:
    assert admin(caller, "reason") == {"reason": ""}
    key = caller.aes(session, SIGN=False)
    assert (
        refused(caller, "C_SignInit", session, MechanismArg(Mechanism.AES_CMAC), key)
        == Fault.KEY_FUNCTION_NOT_PERMITTED
    )
    assert "CKA_SIGN" in admin(caller, "reason")["reason"]


def test_nothing_is_told_of_what_was_decrypted(caller: Caller, session: int) -> None:
    """Every way in which a blob can be wrong looks the same, whatever the keeper's log says."""
    # Under a key made at random each of the whole blobs would now and then end in a padding.
    value = attributes(CLASS=ObjectClass.SECRET_KEY, KEY_TYPE=KeyType.AES, VALUE=bytes(range(32)), DECRYPT=True)
    key = caller.call("C_CreateObject", session, value)
    reasons = set()
    for blob in (bytes(16), bytes(range(16)), b"\1" * 32, bytes(15)):
        caller.call("C_DecryptInit", session, MechanismArg(Mechanism.AES_CBC_PAD, bytes(16)), key)
        refused(caller, "C_Decrypt", session, blob, 64)
        reasons.add(admin(caller, "reason")["reason"])
    assert reasons == {""}


def test_nothing_is_told_of_a_pin(caller: Caller, session: int) -> None:
    caller.call("C_Logout", session)
    assert refused(caller, "C_Login", session, UserType.USER, b"wrong") == Fault.PIN_INCORRECT
    assert admin(caller, "reason") == {"reason": ""}
    assert refused(caller, "C_LoginUser", session, UserType.USER, b"wrong", b"nobody") == Fault.PIN_INCORRECT
    assert admin(caller, "reason") == {"reason": ""}


def test_what_a_key_did(caller: Caller, session: int) -> None:
    key = caller.aes(session)
    assert admin(caller, "key.roles", session=session, handle=key)["roles"] == []
    caller.call("C_EncryptInit", session, MechanismArg(Mechanism.AES_ECB), key)
    caller.call("C_Encrypt", session, bytes(16), 64)
    assert admin(caller, "key.roles", session=session, handle=key)["roles"] == ["encrypted data"]
    for wrong in ({}, {"session": session}, {"session": "1", "handle": key}):
        with pytest.raises(Refused) as caught:
            admin(caller, "key.roles", **wrong)
        assert caught.value.fault == Fault.ARGUMENTS_BAD


def test_a_private_keys_roles_are_for_who_is_logged_in(caller: Caller, session: int) -> None:
    key = caller.aes(session, PRIVATE=True, TOKEN=True)
    caller.call("C_Logout", session)
    with pytest.raises(Refused) as caught:
        admin(caller, "key.roles", session=session, handle=key)
    assert caught.value.fault == Fault.KEY_HANDLE_INVALID


def test_a_token_gets_another_label(caller: Caller, slot: int) -> None:
    renamed = admin(caller, "token.rename", slot=slot, so_pin=SO_PIN.decode(), label="renamed")
    assert renamed["label"] == "renamed"
    assert caller.call("C_GetTokenInfo", slot)[0] == b"renamed".ljust(32)
    for label in ("", "x" * 33):
        with pytest.raises(Refused) as caught:
            admin(caller, "token.rename", slot=slot, so_pin=SO_PIN.decode(), label=label)
        assert caught.value.fault == Fault.ARGUMENTS_BAD
    with pytest.raises(Refused) as caught:
        admin(caller, "token.rename", slot=slot, so_pin="wrong pin", label="other")
    assert caught.value.fault == Fault.PIN_INCORRECT
