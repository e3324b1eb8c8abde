"""C_LoginUser with named users, whom the SO makes and removes by administrative commands."""

from collections.abc import Callable
from typing import Any

import pytest

from cryptoki.calling import PIN, SO_PIN, Caller, attributes, make_token
from hsmith.core.hsm import Hsm
from hsmith.cryptoki.admin import COMMANDS
from hsmith.spec.constants import Fault, Mechanism, SessionState, UserType
from hsmith.spec.faults import Refused
from hsmith.spec.values import MechanismArg
from hsmith.store import keyslots

USER, SO, CONTEXT = UserType.USER, UserType.SO, UserType.CONTEXT_SPECIFIC
ALICE, HER_PIN = b"alice", b"wonderland"


def admin(caller: Caller, command: str, **arguments: Any) -> dict[str, Any]:
    return COMMANDS[command](caller.app, arguments)


def refused(fault: Fault, caller: Caller, name: str, *args: object) -> None:
    with pytest.raises(Refused) as caught:
        caller.call(name, *args)
    assert caught.value.fault == fault


@pytest.fixture
def session(caller: Caller, slot: int) -> int:
    admin(caller, "user.add", slot=slot, so_pin=SO_PIN.decode(), name="alice", pin=HER_PIN.decode())
    return caller.session(slot)


def test_a_named_user_sees_what_the_user_made(caller: Caller, slot: int, session: int) -> None:
    caller.call("C_Login", session, USER, PIN)
    caller.aes(session, TOKEN=True, PRIVATE=True, LABEL=b"shared")
    caller.call("C_Logout", session)
    caller.call("C_LoginUser", session, USER, HER_PIN, ALICE)
    assert caller.call("C_GetSessionInfo", session)[1] == SessionState.RW_USER_FUNCTIONS
    caller.call("C_FindObjectsInit", session, attributes(LABEL=b"shared"))
    assert len(caller.call("C_FindObjects", session, 9)) == 1
    refused(Fault.USER_ALREADY_LOGGED_IN, caller, "C_LoginUser", session, USER, HER_PIN, ALICE)
    refused(Fault.USER_ANOTHER_ALREADY_LOGGED_IN, caller, "C_Login", session, USER, PIN)
    refused(Fault.USER_ANOTHER_ALREADY_LOGGED_IN, caller, "C_LoginUser", session, SO, SO_PIN, None)


def test_without_a_name_it_is_c_login(caller: Caller, session: int) -> None:
    for name in (None, b""):
        caller.call("C_LoginUser", session, USER, PIN, name)
        caller.call("C_Logout", session)
    refused(Fault.PIN_INCORRECT, caller, "C_LoginUser", session, USER, HER_PIN, None)
    caller.call("C_LoginUser", session, SO, SO_PIN, None)


def noting(work: list[str], what: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def noted(*args: Any) -> Any:
        work.append(what)
        return function(*args)

    return noted


def test_an_unknown_name_is_answered_like_a_wrong_pin(
    caller: Caller, session: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    work: list[str] = []
    store = caller.app.hsm.durable.store
    for place, name, what in ((keyslots, "_stretch", "derived"), (store, "change", "committed")):
        monkeypatch.setattr(place, name, noting(work, what, getattr(place, name)))
    refused(Fault.PIN_INCORRECT, caller, "C_LoginUser", session, USER, b"wrong", ALICE)
    known, work[:] = list(work), []
    for unknown in (b"mallory", b"so", b"\xff\xfe"):
        refused(Fault.PIN_INCORRECT, caller, "C_LoginUser", session, USER, PIN, unknown)
        assert work == known == ["committed", "derived"]
        work.clear()


def test_the_pin_comes_before_who_else_is_logged_in(caller: Caller, session: int) -> None:
    caller.call("C_Login", session, USER, PIN)
    refused(Fault.PIN_INCORRECT, caller, "C_LoginUser", session, USER, PIN, b"mallory")
    refused(Fault.PIN_INCORRECT, caller, "C_LoginUser", session, USER, b"wrong", ALICE)
    refused(Fault.USER_ANOTHER_ALREADY_LOGGED_IN, caller, "C_LoginUser", session, USER, HER_PIN, ALICE)


def test_the_so_has_no_name(caller: Caller, session: int) -> None:
    refused(Fault.ARGUMENTS_BAD, caller, "C_LoginUser", session, SO, SO_PIN, ALICE)
    refused(Fault.USER_TYPE_INVALID, caller, "C_LoginUser", session, 7, SO_PIN, ALICE)
    refused(Fault.ARGUMENTS_BAD, caller, "C_LoginUser", session, USER, None, ALICE)


def test_a_named_user_changes_and_locks_only_his_own_pin(caller: Caller, slot: int, session: int) -> None:
    caller.call("C_LoginUser", session, USER, HER_PIN, ALICE)
    caller.call("C_SetPIN", session, HER_PIN, b"looking glass")
    caller.call("C_Logout", session)
    refused(Fault.PIN_INCORRECT, caller, "C_LoginUser", session, USER, HER_PIN, ALICE)
    caller.call("C_LoginUser", session, USER, b"looking glass", ALICE)
    caller.call("C_Logout", session)
    for _ in range(10):
        refused(Fault.PIN_INCORRECT, caller, "C_LoginUser", session, USER, b"wrong", ALICE)
    refused(Fault.PIN_LOCKED, caller, "C_LoginUser", session, USER, b"looking glass", ALICE)
    assert admin(caller, "users", slot=slot) == {"users": [{"name": "alice", "locked": True}]}
    caller.call("C_Login", session, USER, PIN)
    caller.call("C_Logout", session)
    admin(caller, "user.add", slot=slot, so_pin=SO_PIN.decode(), name="alice", pin="1234567")
    caller.call("C_LoginUser", session, USER, b"1234567", ALICE)


def test_the_context_specific_pin_is_that_of_who_is_logged_in(caller: Caller, session: int) -> None:
    caller.call("C_LoginUser", session, USER, HER_PIN, ALICE)
    _, private = caller.p256(session, ALWAYS_AUTHENTICATE=True)
    caller.call("C_SignInit", session, MechanismArg(Mechanism.ECDSA_SHA256), private)
    refused(Fault.PIN_INCORRECT, caller, "C_Login", session, CONTEXT, PIN)
    refused(Fault.USER_ANOTHER_ALREADY_LOGGED_IN, caller, "C_LoginUser", session, CONTEXT, HER_PIN, b"bob")
    caller.call("C_LoginUser", session, CONTEXT, HER_PIN, ALICE)
    assert len(caller.call("C_Sign", session, b"data", 64)) == 64


def test_removed_users_cannot_log_in(caller: Caller, slot: int, session: int) -> None:
    admin(caller, "user.remove", slot=slot, so_pin=SO_PIN.decode(), name="alice")
    refused(Fault.PIN_INCORRECT, caller, "C_LoginUser", session, USER, HER_PIN, ALICE)
    assert admin(caller, "users", slot=slot) == {"users": []}


@pytest.mark.parametrize("name", ["", "x" * 65, "two\nlines", " blank", "nul\0", "\ud800"])
def test_names_that_are_refused(caller: Caller, slot: int, name: str) -> None:
    with pytest.raises(Refused) as caught:
        admin(caller, "user.add", slot=slot, so_pin=SO_PIN.decode(), name=name, pin="1234")
    assert caught.value.fault == Fault.ARGUMENTS_BAD


def test_only_the_so_makes_and_removes_users(caller: Caller, slot: int) -> None:
    for command, arguments in (("user.add", {"pin": "1234"}), ("user.remove", {})):
        with pytest.raises(Refused) as caught:
            admin(caller, command, slot=slot, so_pin=PIN.decode(), name="alice", **arguments)
        assert caught.value.fault == Fault.PIN_INCORRECT
    with pytest.raises(Refused, match="no user 'bob'"):
        admin(caller, "user.remove", slot=slot, so_pin=SO_PIN.decode(), name="bob")


def test_initialising_again_removes_the_users(hsm: Hsm) -> None:
    slot = make_token(hsm)
    caller = Caller(hsm)
    admin(caller, "user.add", slot=slot, so_pin=SO_PIN.decode(), name="zoë", pin="1234")
    assert [user["name"] for user in admin(caller, "users", slot=slot)["users"]] == ["zoë"]
    caller.call("C_InitToken", slot, SO_PIN, b"again".ljust(32))
    assert admin(caller, "users", slot=slot) == {"users": []}
