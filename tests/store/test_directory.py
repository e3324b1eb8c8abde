"""What the directory knows is what the database has, after whatever commits: docs/decisions/0026."""

import contextlib
import random
import shutil
from pathlib import Path
from typing import Any

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hsmith.store.directory import FEW, Directory
from hsmith.store.records import AddObject, ClearObjects, Conflict, DeleteObject, DeleteToken, StoreBroken
from hsmith.store.sealing import Damaged
from hsmith.store.sqlite import AT_ONCE, SqliteStore
from store_model import put_object, put_token

TOKENS = (1, 2)


def tag(name: str) -> bytes:
    return name.encode().ljust(16, b".")


def filled(store: SqliteStore) -> Directory:
    store.fill_directory(lambda: None)
    return store._directory


def agree(store: SqliteStore, tags: list[bytes]) -> int:
    """How many searches the directory answered, each as the database does."""
    answered = 0
    for token in TOKENS:
        for one in tags:
            for wanted in ([one], [one, tags[0]], [one, tags[0], tags[-1]]):
                found, known = store.find(token, wanted), store._directory.find(token, wanted)
                assert known in (None, found)
                assert known is not None or len(store.find(token, [one])) > FEW or len(store.find(3 - token, [one]))
                answered += known is not None
    return answered


NAMES = [tag(f"tag {n}") for n in range(6)]
OPERATION: Any = st.one_of(
    st.tuples(st.just("put"), st.integers(1, 60), st.sampled_from(TOKENS), st.sets(st.sampled_from(NAMES))),
    st.tuples(st.just("change"), st.integers(1, 60), st.just(0), st.sets(st.sampled_from(NAMES))),
    st.tuples(st.just("delete"), st.integers(1, 60), st.just(0), st.just(frozenset())),
    st.tuples(st.just("clear"), st.just(0), st.sampled_from(TOKENS), st.just(frozenset())),
)


@settings(max_examples=60, deadline=None)
@given(operations=st.lists(OPERATION, max_size=120))
def test_it_knows_what_the_database_has(tmp_path_factory: pytest.TempPathFactory, operations: Any) -> None:
    store = SqliteStore(tmp_path_factory.mktemp("directory") / "store")
    directory = filled(store)
    store.change([put_token(1), put_token(2)])
    versions: dict[int, tuple[int, int]] = {}
    for what, id, token, tags in operations:
        if what == "put" and id not in versions:
            store.change([put_object(token, id, *tags)])
            versions[id] = token, 1
        elif what == "change" and id in versions:
            token, version = versions[id]
            store.change([put_object(token, id, *tags, version=version + 1)])
            versions[id] = token, version + 1
        elif what == "delete" and id in versions:
            store.change([DeleteObject(versions.pop(id)[0], id)])
        elif what == "clear":
            store.change([ClearObjects(token)])
            versions = {id: known for id, known in versions.items() if known[0] != token}
    assert directory.count == len(versions)
    agree(store, NAMES)
    store.close()
    again = SqliteStore(store.path.parent)
    assert again._directory.count is None, "it has not looked yet"
    assert again.figures()["directory"] == -1
    assert filled(again).count == again.figures()["directory"] == len(versions)
    agree(again, NAMES)
    again.close()


def test_thousands(store: SqliteStore) -> None:
    """Tables grow, places are used again, and what many have is not looked up."""
    directory = filled(store)
    store.change([put_token(1), put_token(2)])
    for start in range(1, 5001, 250):
        ids = range(start, start + 250)
        store.change([put_object(1 + id % 2, id, tag("all"), tag(f"own {id}"), tag(f"ten {id % 500}")) for id in ids])
    store.change([DeleteObject(1 + id % 2, id) for id in range(1, 5001, 3)])
    store.change([put_object(1 + id % 2, id, tag("all"), tag(f"new {id}")) for id in range(5001, 6001)])
    assert directory.count == len(store.find(1, [])) + len(store.find(2, []))
    assert directory.find(1, [tag("all")]) is None
    for id in range(1, 5001, 7):
        there = [id] if id % 3 != 1 else []
        assert directory.find(1 + id % 2, [tag(f"own {id}"), tag("all")]) == there
        assert directory.find(2 - id % 2, [tag(f"own {id}")]) == []
        assert directory.find(1 + id % 2, [tag(f"own {id}"), tag("no one's")]) == []
        ten = [other for other in range(id % 500, 5001, 500) if other and other % 3 != 1]
        assert directory.find(1 + id % 2, [tag(f"ten {id % 500}"), tag("all")]) == ten
    assert directory.find(1, [tag("new 5002")]) == [5002]


def test_it_says_nothing_before_all_is_loaded(folder: Path) -> None:
    store = SqliteStore(folder)
    store.change([put_token(1), *(put_object(1, id, tag(f"own {id}")) for id in range(1, 2 * AT_ONCE + 10))])
    store.close()
    store = SqliteStore(folder)
    seen: list[int | None] = []

    def pause() -> None:
        """Others write meanwhile: behind what is loaded, and before it."""
        number = len(seen)
        seen.append(store._directory.count)
        store.change([DeleteObject(1, 5 + number), DeleteObject(1, 2 * AT_ONCE + number)])
        store.change([put_object(1, 10_000 + number, tag(f"late {number}"))])

    store.fill_directory(pause)
    assert seen == [None, None, 2 * AT_ONCE + 9 - 4 + 2]
    assert store._directory.count == 2 * AT_ONCE + 9 - 6 + 3
    assert [store._directory.find(1, [tag(f"own {id}")]) for id in (4, 5, 6, 8, 2 * AT_ONCE)] == [[4], [], [], [8], []]
    assert [store._directory.find(1, [tag(f"late {n}")]) for n in range(3)] == [[10_000], [10_001], [10_002]]
    store.close()


def test_what_was_altered_is_no_part_of_it(folder: Path) -> None:
    store = SqliteStore(folder)
    store.change([put_token(1), put_object(1, 1, tag("one")), put_object(1, 2, tag("two"))])
    store.close()
    with contextlib.closing(apsw.Connection(str(store.path))) as connection:
        connection.execute("UPDATE object SET tags = (SELECT tags FROM object WHERE id = 1) WHERE id = 2")
    store = SqliteStore(folder)
    with pytest.raises(Damaged, match="object 2"):
        store.fill_directory(lambda: None)
    assert store._directory.count is None
    assert store._directory.find(1, [tag("one")]) is None
    store.close()


@pytest.mark.parametrize("change", [put_object(1, 1, tag("again")), DeleteObject(1, 9), AddObject])
def test_what_cannot_be_done_leaves_it_as_it_was(store: SqliteStore, change: Any) -> None:
    directory = filled(store)
    store.change([put_token(1), put_object(1, 1, tag("one"))])
    if change is AddObject:
        one = put_object(1, 1, tag("again"))
        change = AddObject(one.record, one.tags)
    with pytest.raises(Conflict):
        store.change([put_object(1, 2, tag("two")), change])
    assert (directory.count, directory.find(1, [tag("one")]), directory.find(1, [tag("two")])) == (1, [1], [])
    outcomes = store.change_each([[put_object(1, 3, tag("three"))], [change], [put_object(1, 4, tag("four"))]])
    assert [type(outcome) for outcome in outcomes] == [type(None), Conflict, type(None)]
    assert [directory.find(1, [tag(name)]) for name in ("one", "again", "three", "four")] == [[1], [], [3], [4]]


def test_it_says_nothing_while_something_is_committed(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = filled(store)
    store.change([put_token(1)])
    seen: list[int | None] = []
    publish = store._ledger.publish

    def looked() -> None:
        publish()
        seen.append(directory.count)

    monkeypatch.setattr(store._ledger, "publish", looked)
    store.change([put_object(1, 1, tag("one"))])
    assert seen == [None]
    assert directory.count == 1


def test_a_failure_in_between_makes_it_say_nothing(store: SqliteStore) -> None:
    directory = filled(store)
    store.change([put_token(1)])

    class Failing:
        def execute(self, _sql: str) -> None:
            raise MemoryError

    directory.put(1, 1, b"")
    with pytest.raises(MemoryError):
        store._books.commit(Failing())  # type: ignore[arg-type]
    assert directory.count is None
    assert directory.find(1, [tag("one")]) is None


@pytest.mark.parametrize("packed", [b"\x10short", b"\x0f" + bytes(15), bytes(17), bytes(70_000)])
def test_tags_that_no_sealer_makes(store: SqliteStore, packed: bytes) -> None:
    directory = filled(store)
    directory.put(1, 1, packed)
    directory.pause()
    directory.tell()
    assert directory.count is None


@pytest.mark.parametrize(("id", "token"), [(-1, 1), (1 << 31, 1), (1, 1 << 40), (1, -5)])
def test_numbers_that_do_not_fit(store: SqliteStore, id: int, token: int) -> None:
    directory = filled(store)
    directory.put(id, token, b"")
    directory.pause()
    directory.tell()
    assert directory.count is None


def test_deleted_tokens_and_a_store_that_is_closed(folder: Path) -> None:
    store = SqliteStore(folder)
    directory = filled(store)
    store.change([put_token(1), put_token(2), put_object(1, 1, tag("one")), put_object(2, 2, tag("one"))])
    store.change([DeleteToken(1)])
    assert (directory.find(1, [tag("one")]), directory.find(2, [tag("one")])) == ([], [2])
    store.close()
    assert directory.count is None
    with pytest.raises(StoreBroken):
        store.fill_directory(lambda: None)
    shutil.rmtree(folder)


def test_as_many_kinds_as_objects(store: SqliteStore) -> None:
    """Of tags that many have, each object has others."""
    directory = filled(store)
    store.change([put_token(1), put_token(2)])
    many = [tag(f"many {n}") for n in range(40)]
    chosen = random.Random(5)
    has = {id: set(chosen.sample(many, chosen.randrange(40))) for id in range(1, 2001)}
    for start in range(1, 2001, 200):
        store.change([put_object(1, id, tag(f"own {id}"), *has[id]) for id in range(start, start + 200)])
    assert all(directory.find(1, [one]) is None for one in many)
    for id, tags in has.items():
        for one in chosen.sample(many, 5):
            assert directory.find(1, [tag(f"own {id}"), one]) == ([id] if one in tags else [])
        assert directory.find(1, [tag(f"own {id}"), *tags]) == [id]
    store.change([DeleteObject(1, id) for id in range(2, 2001)])
    assert (directory.count, directory.find(1, [tag("own 1"), *has[1]])) == (1, [1])
    assert directory.find(1, [tag("own 2")]) == []


def test_what_was_compared_does_not_stay_in_memory(folder: Path) -> None:
    """The places of the ledger would take half as much as the directory itself."""
    store = SqliteStore(folder)
    store.change([put_token(1), *(put_object(1, id, tag(f"own {id}")) for id in range(1, 2 * AT_ONCE))])
    store.close()
    store = SqliteStore(folder)
    assert filled(store).count == 2 * AT_ONCE - 1
    assert not store._ledger._places
    assert store.object(1, 5) is not None
    store.change([DeleteObject(1, 5)])
    assert store.object(1, 5) is None
    store.close()
