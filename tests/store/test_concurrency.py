"""Many threads at once: calls share commits, fail alone, and see what was acknowledged."""

import random
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from hsmith.store.audit import Signer
from hsmith.store.readers import MAX_READERS
from hsmith.store.records import Append, Change, Conflict, DeleteObject, PutValue, StoreBroken, ValueRecord
from hsmith.store.sqlite import SqliteStore
from store_model import put_object, put_token


def _together(count: int, work: Callable[[int], Any]) -> None:
    errors: list[BaseException] = []

    def run(number: int) -> None:
        try:
            work(number)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    if errors:
        raise errors[0]


def test_every_change_is_seen_by_its_maker_and_the_final_set_is_exact(store: SqliteStore) -> None:
    store.change([put_token(1)])
    kept: set[int] = set()

    def work(thread: int) -> None:
        chance = random.Random(thread)
        for _ in range(40):
            number, tag = store.reserve(), b"thread %d" % thread
            store.change([put_object(1, number, tag, b"all")])
            assert number in store.find(1, [tag, b"all"])
            if chance.random() < 0.5:
                store.change([DeleteObject(1, number)])
                assert store.object(1, number) is None
            else:
                kept.add(number)

    _together(16, work)
    assert set(store.find(1, [b"all"])) == set(store.find(1, [])) == kept
    assert store.count(1) == len(kept)


def test_calls_that_come_together_share_a_commit(store: SqliteStore) -> None:
    store.change([put_token(1)])
    commits = 0

    def count() -> bool:
        nonlocal commits
        commits += 1
        return False

    store._writer.run(lambda connection: connection.set_commit_hook(count))

    def work(thread: int) -> None:
        for step in range(10):
            store.change([put_object(1, thread * 10 + step + 1)])

    _together(32, work)
    assert store.count(1) == 320
    assert commits < 320


def test_a_conflict_fails_nobody_else(store: SqliteStore) -> None:
    store.change([put_token(1), put_object(1, 1000)])
    refused: list[int] = []

    def work(thread: int) -> None:
        for step in range(20):
            number = thread * 20 + step + 1
            if thread % 2:
                store.change([put_object(1, number)])
                continue
            with pytest.raises(Conflict):
                store.change([put_object(1, number), put_object(1, 1000)])
            refused.append(number)

    _together(16, work)
    assert len(refused) == 160
    assert store.count(1) == 161
    assert not set(store.find(1, [])) & set(refused)


@pytest.mark.parametrize("conflicts", [False, True], ids=["all can be done", "two cannot"])
def test_calls_that_are_made_as_one_are_as_if_each_were_alone(store: SqliteStore, conflicts: bool) -> None:
    """Their rows go into few statements, in another order; what cannot be done so is done one by one."""
    store.change([put_token(1), put_object(1, 1, b"old"), put_object(1, 2, b"old")])
    before, signer, refused = store.figures(), Signer(bytes(32)), set()
    seven = b"seven"

    def work(number: int) -> None:
        changes: list[Change] = [put_object(1, 10 + number, b"all", b"tag %d" % number)]
        changes.append(PutValue(ValueRecord(seven, 1 + number, b"value %d" % number)))
        if number in (1, 2):
            changes = [DeleteObject(1, number), put_object(1, 10 + number, b"all", b"tag %d" % number)]
        if conflicts and number in (3, 5):
            changes.insert(1, put_object(1, 500, version=7))
        try:
            store.change([*changes, Append((f"{number}",), signer.mac, store.audited)])
        except Conflict:
            refused.add(number)

    held, slow = threading.Event(), threading.Event()

    def wait(_connection: object) -> None:
        held.set()
        slow.wait(30)

    first = threading.Thread(target=store._writer.run, args=(wait,))
    first.start()
    held.wait(30)
    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    while len(store._writer._waiting) < len(threads):
        time.sleep(0.001)
    slow.set()
    for thread in (first, *threads):
        thread.join(30)
    assert refused == ({3, 5} if conflicts else set())
    done = set(range(8)) - refused
    assert store.figures()["commits"] == before["commits"] + 2
    assert store.find(1, [b"all"]) == [10 + number for number in sorted(done)] == store.find(1, [])
    assert [store.find(1, [b"tag %d" % number]) for number in range(8)] == [
        [10 + number] if number in done else [] for number in range(8)
    ]
    assert store.count(1) == len(done)
    assert store.value(seven) == ValueRecord(seven, 8, b"value 7")
    assert sorted(record.text for record in store.audit(after=0, limit=-1)) == sorted(map(str, done))
    assert store.inspect() == []
    assert all(store.object(1, 10 + number) is not None for number in done)


def test_versions_let_exactly_one_of_several_win(store: SqliteStore) -> None:
    store.change([put_token(1), put_object(1, 1)])
    won: list[int] = []

    def work(_thread: int) -> None:
        for version in range(2, 22):
            try:
                store.change([put_object(1, 1, version=version)])
            except Conflict:
                continue
            won.append(version)

    _together(8, work)
    assert sorted(won) == list(range(2, 22))


def test_reserved_numbers_differ(store: SqliteStore) -> None:
    numbers: list[int] = []
    _together(16, lambda _thread: numbers.extend([store.reserve() for _ in range(100)]))
    assert len(set(numbers)) == 1600


def test_connections_are_few_whatever_the_number_of_readers(store: SqliteStore) -> None:
    store.change([put_token(1), put_object(1, 1, b"tag")])
    _together(200, lambda _thread: [store.find(1, [b"tag"]) for _ in range(5)])
    assert len(store._readers._idle) == store._readers._open <= MAX_READERS


def test_a_thread_that_waits_for_a_connection_gets_the_next(store: SqliteStore) -> None:
    held = [store._readers.take() for _ in range(MAX_READERS)]
    done: list[Any] = []
    threads = [threading.Thread(target=lambda: done.append(store.tokens())) for _ in range(20)]
    for thread in threads:
        thread.start()
    time.sleep(0.1)
    assert done == []
    for connection in held:
        store._readers.give(connection)
    for thread in threads:
        thread.join(5)
    assert done == [[]] * 20


def test_reads_go_on_during_a_long_commit(store: SqliteStore) -> None:
    store.change([put_token(1), put_object(1, 1)])
    begun, go_on = threading.Event(), threading.Event()

    def slow(_connection: object) -> None:
        begun.set()
        go_on.wait(10)

    writer = threading.Thread(target=store._writer.run, args=(slow,))
    writer.start()
    begun.wait(5)
    assert store.find(1, []) == [1]
    go_on.set()
    writer.join()


def test_close_answers_everyone(store: SqliteStore) -> None:
    store.change([put_token(1)])
    acknowledged: list[int] = []
    refused: list[int] = []

    def work(thread: int) -> None:
        for step in range(20_000):
            try:
                store.change([put_object(1, thread * 20_000 + step + 1)])
            except StoreBroken:
                refused.append(thread)
                return
            acknowledged.append(thread * 20_000 + step + 1)

    closer = threading.Timer(0.1, store.close)
    closer.start()
    _together(8, work)
    closer.join()
    assert acknowledged
    assert refused
    again = SqliteStore(store.path.parent)
    assert set(again.find(1, [])) == set(acknowledged)
    again.close()


def test_calls_that_were_brought_together(store: SqliteStore) -> None:
    """As one while all can be done; else each that can."""
    store.change([put_token(1)])
    assert store.change_each([[put_object(1, 1, b"a")], [put_object(1, 2, b"a")]]) == [None, None]
    outcomes = store.change_each(
        [[put_object(1, 3, b"a"), put_object(1, 1)], [put_object(1, 4, b"a")], [put_object(9, 5)]]
    )
    assert [type(outcome) for outcome in outcomes] == [Conflict, type(None), Conflict]
    (outcome,) = store.change_each([[put_object(1, 1)]])
    assert isinstance(outcome, Conflict)
    assert store.change_each([[put_object(1, 6)]]) == [None]
    assert store.find(1, [b"a"]) == [1, 2, 4]
    assert store.count(1) == 4
    assert store.inspect() == []
