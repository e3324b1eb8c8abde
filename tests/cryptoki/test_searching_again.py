"""A search that comes again finds what there is now: whatever was made, changed, destroyed or hidden in between."""

import random
import threading
from typing import Any

import pytest

from cryptoki.calling import Caller, attributes, make_token
from hsmith.core.hsm import Hsm
from hsmith.spec.constants import Attr, ObjectClass, UserType
from hsmith.spec.functions import FIND

LABELS = [b"a", b"b", b"c"]


def search(caller: Caller, session: int, template: Any) -> list[int]:
    from hsmith.cryptoki.dispatch import HANDLERS

    complete, found = HANDLERS[FIND.number](caller.app, session, template, 32)
    assert complete
    return sorted(handle & 0xFFFFFFFF for handle in found)


@pytest.mark.parametrize("seed", range(12))
def test_what_is_remembered_is_what_is_there(hsm: Hsm, slot: int, seed: int) -> None:
    chance = random.Random(seed)
    one, other = Caller(hsm), Caller(hsm)
    sessions = {caller: caller.session(slot, user=UserType.USER) for caller in (one, other)}
    there: dict[int, tuple[bytes, bool, int]] = {}  # label, private, handle
    logged_in = {one: True, other: True}
    for _ in range(200):
        caller = chance.choice((one, other))
        session, label = sessions[caller], chance.choice(LABELS)
        deed = chance.choices(("make", "change", "destroy", "login", "search"), (3, 2, 1, 1, 10))[0]
        if deed == "make" and logged_in[caller]:
            private = chance.random() < 0.5
            handle = caller.data(session, TOKEN=True, LABEL=label, PRIVATE=private)
            there[handle & 0xFFFFFFFF] = label, private, handle
        elif deed in ("change", "destroy") and there and logged_in[caller]:
            number = chance.choice(list(there))
            (handle,) = [found for found in all_handles(caller, session) if found & 0xFFFFFFFF == number]
            if deed == "destroy":
                caller.call("C_DestroyObject", session, handle)
                del there[number]
            else:
                caller.call("C_SetAttributeValue", session, handle, ((Attr.LABEL, label),))
                there[number] = label, there[number][1], handle
        elif deed == "login":
            if logged_in[caller]:
                caller.call("C_Logout", session)
            else:
                caller.call("C_Login", session, UserType.USER, b"1234")
            logged_in[caller] = not logged_in[caller]
        expected = sorted(
            number for number, (known, private, _) in there.items() if known == label and private <= logged_in[caller]
        )
        assert search(caller, session, attributes(CLASS=ObjectClass.DATA, LABEL=label)) == expected
        assert search(caller, session, attributes(CLASS=ObjectClass.DATA, LABEL=label, PRIVATE=True)) == [
            number for number in expected if there[number][1]
        ]
    one.app.close()
    other.app.close()


def all_handles(caller: Caller, session: int) -> list[int]:
    caller.call("C_FindObjectsInit", session, attributes(CLASS=ObjectClass.DATA))
    found: list[int] = caller.call("C_FindObjects", session, 1000) or []
    caller.call("C_FindObjectsFinal", session)
    return found


def test_who_has_made_an_object_finds_it(hsm: Hsm) -> None:
    """While others make, search and destroy at the same time."""
    slot = make_token(hsm)
    wrong: list[str] = []

    def work(name: int) -> None:
        caller = Caller(hsm)
        session = caller.session(slot, user=UserType.USER)
        mine = attributes(CLASS=ObjectClass.DATA, LABEL=b"%d" % name)
        for turn in range(40):
            if search(caller, session, mine):
                wrong.append(f"{name}, {turn}: destroyed, and found")
            handle = caller.data(session, TOKEN=True, LABEL=b"%d" % name)
            if len(search(caller, session, mine)) != 1:
                wrong.append(f"{name}, {turn}: made, and not found")
            caller.call("C_DestroyObject", session, handle)
        caller.app.close()

    threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
