"""Room in the database's file: SQLite keeps to what there is, and few transactions have to ask for more."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import apsw
import pytest

from hsmith.store.records import StoreFull
from hsmith.store.room import LARGE_STEP, SPARE, STEP, Room
from hsmith.store.sqlite import SqliteStore
from store_model import put_object, put_token


def room(store: SqliteStore) -> Room:
    return store._writer._room


def pages(store: SqliteStore) -> int:
    return int(store._writer._connection.pragma("page_count"))


def limit(store: SqliteStore) -> int:
    return int(store._writer._connection.pragma("max_page_count"))


def in_file(store: SqliteStore) -> int:
    """Pages for which there is room in the file."""
    return store.path.stat().st_size // int(store._writer._connection.pragma("page_size"))


def full_disk(monkeypatch: pytest.MonkeyPatch, store: SqliteStore) -> None:
    """The file grows no further than it is."""
    grown, size = Room._grown, store.path.stat().st_size

    def within(self: Room, pages: int, step: int) -> bool:
        return pages * self._page_size <= size and grown(self, pages, step)

    monkeypatch.setattr(Room, "_grown", within)


def test_most_commits_ask_for_nothing(store: SqliteStore) -> None:
    store.change([put_token(1)])
    store.change([put_object(1, 1)])
    asked: list[str] = []

    def traced(_connection: Any, sql: str, _values: Any) -> bool:
        asked.append(sql)
        return True

    store._writer._connection.exec_trace = traced
    for number in range(2, 12):
        store.change([put_object(1, number)])
    store._writer._connection.exec_trace = None
    assert sum("INSERT INTO object" in sql for sql in asked) == 10
    assert not [sql for sql in asked if "page_count" in sql or "freelist" in sql]


def test_the_file_always_has_room_for_all_and_for_the_spare_pages(store: SqliteStore) -> None:
    store.change([put_token(1)])
    for number in range(1, 200):
        store.change([put_object(1, number, blob=bytes(9000))])
        assert room(store).kept
        assert pages(store) + SPARE <= limit(store) + SPARE <= in_file(store)
    store.change([put_object(1, 1000, blob=bytes(8 << 20))])
    assert limit(store) + SPARE <= in_file(store)
    assert store.object(1, 1000) is not None
    assert store.inspect() == []


def test_a_larger_file_grows_by_larger_steps(store: SqliteStore) -> None:
    store.change([put_token(1)])
    sizes = []
    for number in range(1, 500):
        store.change([put_object(1, number, blob=bytes(20_000))])
        sizes.append(store.path.stat().st_size)
    steps = [later - size for size, later in pairwise(sizes) if later > size]
    assert steps[0] == STEP
    assert max(steps) == LARGE_STEP
    assert len(steps) < 30


@pytest.mark.parametrize("mode", [apsw.SQLITE_CHECKPOINT_RESTART, apsw.SQLITE_CHECKPOINT_PASSIVE])
def test_after_the_log_was_copied_there_is_room_again(store: SqliteStore, mode: int) -> None:
    store.change([put_token(1)])
    for number in range(1, 50):
        store.change([put_object(1, number, blob=bytes(9000))])
    store._writer._checkpoint(mode)
    assert room(store).kept
    assert limit(store) + SPARE <= in_file(store)
    store.change([put_object(1, 100, blob=bytes(1 << 20))])
    assert store.inspect() == []


def test_what_does_not_fit_is_refused_and_the_next_is_not(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a full disk."""
    store.change([put_token(1), put_object(1, 1)])
    size = store.path.stat().st_size
    full_disk(monkeypatch, store)
    with pytest.raises(StoreFull):
        store.change([put_object(1, 2, blob=bytes(1 << 20))])
    assert store.path.stat().st_size <= size
    assert store.find(1, []) == [1]
    monkeypatch.undo()
    store.change([put_object(1, 2, blob=bytes(1 << 20))])
    assert room(store).kept
    assert store.inspect() == []


def test_of_several_calls_those_that_fit_are_done(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.change([put_token(1), put_object(1, 1)])
    full_disk(monkeypatch, store)
    outcomes = store.change_each([[put_object(1, 2)], [put_object(1, 3, blob=bytes(1 << 20))], [put_object(1, 4)]])
    assert [type(outcome) for outcome in outcomes] == [type(None), StoreFull, type(None)]
    assert store.find(1, []) == [1, 2, 4]
    assert store.inspect() == []


def test_several_in_one_commit_when_there_is_no_room(store: SqliteStore) -> None:
    store.change([put_token(1), put_object(1, 1)])
    outcomes = store.change_each([[put_object(1, at, blob=bytes(100_000))] for at in (2, 1, 3)])
    assert [outcome is None for outcome in outcomes] == [True, False, True]
    assert store.find(1, []) == [1, 2, 3]
    assert store.inspect() == []


def test_a_limit_that_cannot_be_set_takes_nothing_back(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_room: Room, _pages: int) -> None:
        raise apsw.NoMemError

    store.change([put_token(1)])
    room(store).ask()
    monkeypatch.setattr(Room, "_limit", fails)
    store.change([put_object(1, 1)])
    assert not room(store).kept
    store.change([put_object(1, 2, blob=bytes(1 << 20))])
    assert store.find(1, []) == [1, 2]


def test_a_store_that_is_opened_again(folder: Path) -> None:
    """SQLite sets no limit below what the file had, so at first each transaction asks."""
    for first in (1, 101, 201):
        store = SqliteStore(folder)
        if first == 1:
            store.change([put_token(1)])
        for number in range(first, first + 100):
            store.change([put_object(1, number, blob=bytes(5000))])
            assert pages(store) + SPARE <= in_file(store)
            assert not room(store).kept or limit(store) + SPARE <= in_file(store)
        assert room(store).kept
        store.close()
