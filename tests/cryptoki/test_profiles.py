"""Profile objects, and the validation flags of sessions."""

import pytest

from cryptoki.calling import Caller, attributes
from hsmith.spec.constants import Attr, Fault, ObjectClass, ProfileId, SessionValidation
from hsmith.spec.faults import Refused


def found(caller: Caller, session: int, **template: object) -> list[int]:
    caller.call("C_FindObjectsInit", session, attributes(**template))
    handles: list[int] = caller.call("C_FindObjects", session, 1000)
    caller.call("C_FindObjectsFinal", session)
    return handles


def test_the_profiles_that_are_met(caller: Caller, slot: int) -> None:
    session = caller.session(slot, rw=False)
    handles = found(caller, session, CLASS=ObjectClass.PROFILE)
    read = [caller.call("C_GetAttributeValue", session, each, [Attr.PROFILE_ID, Attr.UNIQUE_ID]) for each in handles]
    assert {profile for profile, _ in read} == {
        ProfileId.BASELINE_PROVIDER,
        ProfileId.EXTENDED_PROVIDER,
        ProfileId.AUTHENTICATION_TOKEN,
    }
    mechanisms = found(caller, session, CLASS=ObjectClass.MECHANISM)
    ids = {caller.call("C_GetAttributeValue", session, each, [Attr.UNIQUE_ID])[0] for each in handles + mechanisms}
    assert len(ids) == len(handles) + len(mechanisms)
    one = found(caller, session, CLASS=ObjectClass.PROFILE, PROFILE_ID=int(ProfileId.EXTENDED_PROVIDER))
    assert len(one) == 1
    with pytest.raises(Refused) as caught:
        caller.call("C_DestroyObject", session, one[0])
    assert caught.value.fault == Fault.ACTION_PROHIBITED


def test_only_who_asks_for_them_finds_them(caller: Caller, slot: int) -> None:
    session = caller.session(slot)
    assert found(caller, session) == []
    assert found(caller, session, TOKEN=True) == []
    assert found(caller, session, CLASS=ObjectClass.VALIDATION) == []


def test_nothing_is_validated(caller: Caller, slot: int) -> None:
    session = caller.session(slot)
    for type in (SessionValidation.LAST_VALIDATION_OK, 0, 99):
        assert caller.call("C_GetSessionValidationFlags", session, type) == 0
