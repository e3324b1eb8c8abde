"""Objects that are not in the index yet are found, changed and deleted as all others are."""

import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hsmith.store import backlog, writer
from hsmith.store.records import Change, ClearObjects, DeleteObject, DeleteToken, StoreFull
from hsmith.store.sqlite import SqliteStore
from store_model import put_object, put_token


def _rows(store: SqliteStore) -> int:
    """Of the index."""
    with store.reading() as connection:
        return int(connection.execute("SELECT count(*) FROM tag").get)


def _killed(store: SqliteStore, to: Path) -> SqliteStore:
    """The store as it would be opened if its keeper were killed now."""
    shutil.copytree(store.path.parent, to)
    return SqliteStore(to)


def test_a_keeper_that_is_killed_leaves_what_is_found(store: SqliteStore, tmp_path: Path) -> None:
    store.change([put_token(1), put_token(2)])
    store.change([put_object(1, 1, b"a", b"one"), put_object(1, 2, b"a"), put_object(2, 3, b"a")])
    assert _rows(store) == 0
    again = _killed(store, tmp_path / "again")
    for one in (store, again):
        assert one.find(1, [b"a"]) == [1, 2]
        assert one.find(1, [b"a", b"one"]) == one.find(1, [b"a"], limit=1) == [1]
        assert one.find(1, [b"a"], after=1) == [2]
        assert one.find_each(1, [[b"one"], [b"a"]]) == [[1], [1, 2]]
        assert (one.count(1), one.count(2)) == (2, 1)
        assert one.inspect() == []
    again.close()
    again = SqliteStore(tmp_path / "again")
    assert _rows(again) == 0  # nothing was written, so nothing is now
    again.change([put_object(2, 4, b"b")])
    again.close()
    again = SqliteStore(tmp_path / "again")
    assert _rows(again) == 5
    assert again.find(1, [b"a"]) == [1, 2]
    assert (again.count(1), again.count(2)) == (2, 2)
    again.close()


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (put_object(1, 1, b"b", version=2), [2]),
        (DeleteObject(1, 1), [2]),
        (ClearObjects(1), []),
        (DeleteToken(1), []),
    ],
)
def test_what_waits_is_changed(store: SqliteStore, tmp_path: Path, change: Change, found: list[int]) -> None:
    store.change([put_token(1), put_object(1, 1, b"a"), put_object(1, 2, b"a")])
    store.change([change])
    again = _killed(store, tmp_path / "again")
    again.close()
    again = SqliteStore(tmp_path / "again")
    for one in (store, again):
        assert one.find(1, [b"a"]) == found
        assert one.find(1, [b"b"]) == ([1] if found and "blob" in repr(change) else [])
        assert one.inspect() == []
    again.close()


def test_what_is_made_and_deleted_in_one_call(store: SqliteStore) -> None:
    store.change([put_token(1), put_object(1, 1, b"a"), put_object(1, 2, b"a"), DeleteObject(1, 1)])
    assert store.find(1, [b"a"]) == [2]
    store.change([put_object(1, 3, b"a"), ClearObjects(1), put_object(1, 4, b"a")])
    assert store.find(1, [b"a"]) == [4]
    assert store.count(1) == 1


def test_many_are_entered_at_once(store: SqliteStore) -> None:
    store.change([put_token(1), put_object(1, 5000, b"a")])
    many = [put_object(1, number, b"a") for number in range(1, backlog.ENTER_AT + 1)]
    store.change(many)
    assert _rows(store) == len(many) + 1
    store.change([put_object(1, 4000, b"a"), put_object(1, 6000, b"a")])  # the smaller number is late
    assert _rows(store) == len(many) + 2
    assert store.find(1, [b"a"], after=3000) == [4000, 5000, 6000]
    assert store.count(1) == len(many) + 3
    assert store.inspect() == []


def test_the_index_follows(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "MOST", 10)
    store.change([put_token(1)])
    for number in range(1, 31):
        store.change([put_object(1, number, b"a")])
    assert _rows(store) == 30 - len(store._backlog) >= 20
    assert store.find(1, [b"a"]) == list(range(1, 31))
    assert store.count(1) == 30


def test_what_the_index_cannot_hold_is_refused(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is full: what makes room is done."""
    store.change([put_token(1), put_object(1, 1, b"a"), put_object(1, 2, b"a")])
    monkeypatch.setattr(writer, "MOST", 2)
    monkeypatch.setattr(store._writer, "_enter_backlog", lambda: StoreFull("the disk is full"))
    with pytest.raises(StoreFull):
        store.change([put_object(1, 3, b"a")])
    store.change([DeleteObject(1, 1)])
    store.change([put_object(1, 3, b"a")])
    assert store.find(1, [b"a"]) == [2, 3]


def test_what_is_new_is_found_whatever_was_asked_before(store: SqliteStore) -> None:
    """It is sorted in with the next question, or with the next change that is no new object."""
    store.change([put_token(1)])
    for id in range(1, 40):
        store.change([put_object(1, id, b"all", b"%d" % (id % 3))])
        if id % 4 == 0:
            assert store.find(1, [b"all", b"%d" % (id % 3)])[-1] == id
        elif id % 4 == 1:
            assert store.find_few(1, [b"all"], 100) == [(0, one) for one in range(1, id + 1) if one % 5 or one == id]
        elif id % 4 == 2:
            assert store.count(1) == id - (id - 1) // 5
        if id % 5 == 0:
            store.change([DeleteObject(1, id)])
    assert store.find(1, [b"all"]) == [id for id in range(1, 40) if id % 5]
    assert store.find_each(1, [[b"0"], [b"1"]]) == [
        [id for id in range(1, 40) if id % 5 and id % 3 == n] for n in (0, 1)
    ]
    assert store.inspect() == []


PACKED_TAGS = st.lists(st.binary(max_size=3) | st.binary(min_size=16, max_size=16) | st.just(b"\x10" * 33), max_size=6)


@given(PACKED_TAGS, PACKED_TAGS, st.data())
def test_tags_of_a_row_are_told_without_unpacking_them(
    there: list[bytes], others: list[bytes], data: st.DataObject
) -> None:
    row = backlog.packed(there)
    wanted = data.draw(st.lists(st.sampled_from([*there, *others, b"\x10" * 16, row[1:17]]), max_size=4))
    assert backlog.has_all(row, wanted) == backlog.unpacked(row).issuperset(wanted)
