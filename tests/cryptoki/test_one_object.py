"""Of an object there is one in memory, whoever loads it: so its end is known to all who use it."""

import threading
from typing import Any

from cryptoki.calling import Caller
from hsmith.core.hsm import Hsm
from hsmith.core.objects import Object
from hsmith.spec.constants import UserType


def test_two_that_load_it_at_the_same_time(hsm: Hsm, slot: int, caller: Caller, monkeypatch: Any) -> None:
    session = caller.session(slot, user=UserType.USER)
    handle = caller.data(session, TOKEN=True, LABEL=b"one")
    token = hsm.token(slot)
    assert token is not None
    shelf, id = token.shelf, handle & 0xFFFFFFFF
    shelf._recent.clear()
    shelf._live.clear()
    both_read, unseal = threading.Barrier(2), shelf._unseal
    found: list[Object | None] = []

    def slowly(record: Any) -> Object:
        both_read.wait(10)
        return unseal(record)

    monkeypatch.setattr(shelf, "_unseal", slowly)
    threads = [threading.Thread(target=lambda: found.append(shelf.get(id))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found[0] is not None
    assert found[0] is found[1]
    caller.call("C_DestroyObject", session, handle)
    assert not found[0].alive
