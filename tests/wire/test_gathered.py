"""What makes objects for many connections is begun by one thread and committed together: docs/decisions/0025."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cryptoki.calling import P256, RO, RW, attributes
from hsmith.core.making import Making
from hsmith.crypto import standing
from hsmith.cryptoki import handlers
from hsmith.spec.constants import Attr, Fault, Mechanism, ObjectClass
from hsmith.spec.values import MechanismArg
from hsmith.wire.answers import Due
from hsmith.wire.hub import Hub
from hsmith.wire.receiver import Receiver
from wire.serving import Client, Keeper, logged_in

MANY = 6
EACH = 60
DATA = attributes(CLASS=ObjectClass.DATA, TOKEN=True)


@pytest.fixture
def keeper(tmp_path: Path) -> Iterator[Keeper]:
    with contextlib.closing(Keeper(tmp_path)) as keeper:
        yield keeper


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many calls were answered together, each time."""
    counts: list[int] = []
    settle = Hub._settle

    def counted(hub: Hub, due: list[tuple[int, Due]]) -> None:
        counts.append(len(due))
        settle(hub, due)

    monkeypatch.setattr(Hub, "_settle", counted)
    monkeypatch.setattr(handlers, "MOMENT", 10.0)  # however slow this disk is
    return counts


def beside(keeper: Keeper, work: Callable[[Client, int, int], Any], *, many: int = MANY) -> list[Any]:
    """``work(client, session, which)`` in so many applications at once."""
    outcomes: list[Any] = [None] * many
    begin = threading.Barrier(many)

    def run(which: int) -> None:
        client = keeper.client()
        session = logged_in(keeper, client)
        begin.wait(60)
        try:
            outcomes[which] = work(client, session, which)
        except BaseException as error:
            outcomes[which] = error

    threads = [threading.Thread(target=run, args=(which,)) for which in range(many)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
    return outcomes


def labelled(which: int, number: int) -> bytes:
    return b"%d of %d" % (number, which)


def found(client: Client, session: int, **wanted: Any) -> list[int]:
    client.call("C_FindObjectsInit", session, attributes(**wanted))
    handles = list(client.call("C_FindObjects", session, 1000))
    client.call("C_FindObjectsFinal", session)
    return handles


def test_objects_of_many(keeper: Keeper, settled: list[int]) -> None:
    def work(client: Client, session: int, which: int) -> list[int]:
        return [
            client.call("C_CreateObject", session, (*DATA, *attributes(LABEL=labelled(which, number))))
            for number in range(EACH)
        ]

    made = beside(keeper, work)
    assert sum(settled) > MANY * EACH / 2
    assert max(settled) > 1
    assert len({handle for handles in made for handle in handles}) == MANY * EACH
    client = keeper.client()
    session = logged_in(keeper, client)
    for which, handles in enumerate(made):
        for number in (0, EACH - 1):
            assert found(client, session, LABEL=labelled(which, number)) == [handles[number]]
    assert keeper.calls("C_CreateObject") == MANY * EACH


def test_pairs_of_many_and_their_signatures(keeper: Keeper, settled: list[int]) -> None:
    def work(client: Client, session: int, which: int) -> None:
        for _ in range(20):
            public, private = client.call(
                "C_GenerateKeyPair", session, MechanismArg(Mechanism.EC_KEY_PAIR_GEN, None),
                attributes(EC_PARAMS=P256, VERIFY=True, TOKEN=True), attributes(SIGN=True, TOKEN=True),
            )  # fmt: skip
            arg = MechanismArg(Mechanism.ECDSA, None)
            client.call("C_SignInit", session, arg, private)
            signature = client.call("C_Sign", session, bytes(32), 64)
            client.call("C_VerifyInit", session, arg, public)
            client.call("C_Verify", session, bytes(32), signature)

    beside(keeper, work)
    assert sum(settled) > 0


def test_one_that_is_refused_fails_no_other(keeper: Keeper, settled: list[int]) -> None:
    """Each has its own return value."""
    wrong = (*DATA, *attributes(LABEL=b"wrong", SIGN=True))

    def work(client: Client, session: int, which: int) -> list[int]:
        if which == 1:
            session = client.call("C_OpenSession", keeper.slot, int(RO))
        template = wrong if which == 0 else DATA
        return [client.rv("C_CreateObject", session, template)[0] for _ in range(EACH)]

    made = beside(keeper, work)
    assert sum(settled) > MANY * EACH / 4
    assert set(made[0]) == {Fault.TEMPLATE_INCONSISTENT}
    assert set(made[1]) == {Fault.SESSION_READ_ONLY}
    assert all(set(rest) == {Fault.OK} for rest in made[2:])


def test_a_commit_that_fails_is_told_to_each(
    keeper: Keeper, settled: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the next ones are made."""
    failing = threading.Event()
    committed = Making._committed

    def commit(making: Making, calls: list[Any]) -> Any:
        if failing.is_set():
            return [RuntimeError("the secret is 4711") for _ in calls]
        return committed(making, calls)

    monkeypatch.setattr(Making, "_committed", commit)

    def work(client: Client, session: int, which: int) -> list[int]:
        told = [client.rv("C_CreateObject", session, DATA)[0] for _ in range(20)]
        failing.set()
        told.append(client.rv("C_CreateObject", session, DATA)[0])
        return told

    outcomes = beside(keeper, work)
    assert all(told[-1] == Fault.GENERAL_ERROR for told in outcomes)
    failing.clear()
    client = keeper.client()
    session = logged_in(keeper, client)
    assert client.rv("C_CreateObject", session, DATA)[0] == Fault.OK
    right = sum(rv == Fault.OK for told in outcomes for rv in told)
    assert len(found(client, session, CLASS=ObjectClass.DATA)) == right + 1


def test_two_connections_with_one_session(keeper: Keeper, settled: list[int]) -> None:
    """Its lock is held from the request to the answer; nothing waits for itself."""
    first = keeper.client()
    session = logged_in(keeper, first)
    handles: list[int] = []

    def work(_: Client, __: int, which: int) -> None:
        client = keeper.client(first.token)
        for number in range(EACH):
            handles.append(client.call("C_CreateObject", session, (*DATA, *attributes(LABEL=labelled(which, number)))))
            if number % 8 == which:
                client.call("C_GetAttributeValue", session, handles[-1], [int(Attr.LABEL)])

    beside(keeper, work)
    assert len(set(handles)) == MANY * EACH
    first.call("C_CloseSession", session)


def thirty(client: Client, session: int, which: int) -> list[int]:
    return [client.call("C_CreateObject", session, DATA) for _ in range(30)]


def test_a_slow_disk_is_no_matter_of_others(
    keeper: Keeper, settled: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a commit takes long each waits for its own, in its own thread."""
    monkeypatch.setattr(handlers, "MOMENT", 0.0)
    made = beside(keeper, thirty)
    assert not settled
    assert len({handle for handles in made for handle in handles}) == MANY * 30


def test_nothing_of_a_template_stays_in_a_buffer(keeper: Keeper, settled: list[int]) -> None:
    """Requests that may carry keys are erased when they are answered, here too."""
    erased: list[bool] = []
    done = Receiver.done

    def counted(receiver: Receiver, end: int, *, wipe: bool, lent: bool = False) -> None:
        done(receiver, end, wipe=wipe, lent=lent)
        if lent and wipe:
            erased.append(not any(receiver.buffer[:end]))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Receiver, "done", counted)
        beside(keeper, thirty)
    assert sum(settled) > 0
    assert len(erased) >= sum(settled)
    assert all(erased)


def test_who_leaves_without_its_answer(keeper: Keeper, settled: list[int]) -> None:
    """Others are served, and the keeper goes on."""

    def work(client: Client, session: int, which: int) -> None:
        for _ in range(20):
            client.call("C_CreateObject", session, DATA)
        if which % 2:
            client.leave("C_CreateObject", session, DATA)
            return
        for _ in range(40):
            client.call("C_CreateObject", session, DATA)

    beside(keeper, work)
    client = keeper.client()
    client.call("C_OpenSession", keeper.slot, int(RW))


def test_a_bug_leaves_nobody_without_an_answer(
    keeper: Keeper, settled: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor ends the thread of many."""
    failing = threading.Event()
    finish = Making.finish

    def fail(making: Making, calls: list[Any]) -> None:
        if failing.is_set():
            raise MemoryError
        finish(making, calls)

    monkeypatch.setattr(Making, "finish", fail)

    def work(client: Client, session: int, which: int) -> list[int]:
        told = [client.rv("C_CreateObject", session, DATA)[0] for _ in range(20)]
        failing.set()
        told += [client.rv("C_CreateObject", session, DATA)[0] for _ in range(3)]
        failing.clear()
        return [*told, client.rv("C_CreateObject", session, DATA)[0]]

    for told in beside(keeper, work):
        assert set(told) <= {Fault.OK, Fault.GENERAL_ERROR, Fault.DEVICE_MEMORY}
    assert sum(settled) > 0
    client = keeper.client()
    assert client.rv("C_CreateObject", logged_in(keeper, client), DATA)[0] == Fault.OK


def test_beside_signatures_and_searches(keeper: Keeper, settled: list[int]) -> None:
    """What native code answers is answered while calls are due, and calls that are due do not wait for ever while
    others search."""
    assert standing.open_library() is None, "the tests need OpenSSL 3"
    made = threading.Event()

    def work(client: Client, session: int, which: int) -> int:
        _, key = client.call(
            "C_GenerateKeyPair", session, MechanismArg(Mechanism.EC_KEY_PAIR_GEN, None),
            attributes(EC_PARAMS=P256), attributes(SIGN=True),
        )  # fmt: skip
        arg, count = MechanismArg(Mechanism.ECDSA, None), 0
        while which > 1 and not made.is_set():
            count += 1
            if which % 2:
                assert client.both(("C_SignInit", session, arg, key), ("C_Sign", session, bytes(32), 64))[0] == Fault.OK
            else:
                found(client, session, LABEL=b"none")
        try:
            for number in range(4 * EACH if which < 2 else 0):
                client.call("C_CreateObject", session, (*DATA, *attributes(LABEL=labelled(which, number))))
        finally:
            made.set()
        return count

    assert all(beside(keeper, work)[2:])
    assert sum(settled) > EACH
    assert keeper.native > EACH
