"""The embedded store answers what the model answers, and keeps it."""

import tempfile
from pathlib import Path
from typing import Any
from unittest.mock import patch

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hsmith.store import backlog, changes, sqlite, writer
from hsmith.store.records import (
    AddObject,
    Change,
    ClearObjects,
    Conflict,
    DeleteKeyslot,
    DeleteObject,
    DeleteToken,
    KeyslotRecord,
    PutKeyslot,
    PutValue,
    SetFailures,
    StoreBroken,
    ValueRecord,
)
from hsmith.store.sqlite import SqliteStore
from store.vouching_natively import natively
from store_model import ModelStore, put_object, put_token

TOKENS = st.integers(1, 3)
OBJECTS = st.integers(1, 6)
VERSIONS = st.integers(0, 3)
VALUE_NAMES = st.sampled_from([b"\0", b"v" * 16, b"\xff" * 16])
NAMES = st.sampled_from(["so", "user", "user:\u00e9va"])
BLOBS = st.binary(max_size=12)
TAGS = st.lists(st.sampled_from([b"a", b"b" * 16, b"c" * 16, b"d" * 255, b""]), max_size=4)

CHANGES: st.SearchStrategy[Change] = st.one_of(
    st.builds(lambda t, s, v, b: put_token(t, slot=s, version=v, blob=b), TOKENS, st.integers(1, 4), VERSIONS, BLOBS),
    st.builds(lambda t, n, g, v, b: put_object(t, n, *g, version=v, blob=b), TOKENS, OBJECTS, TAGS, VERSIONS, BLOBS),
    st.builds(lambda t, n, g: put_object(t, n, *g), TOKENS, OBJECTS, TAGS),
    st.builds(lambda t, n, g: AddObject(put_object(t, n, *g).record, tuple(g)), TOKENS, OBJECTS, TAGS),
    st.builds(DeleteObject, TOKENS, OBJECTS),
    st.builds(lambda n, v, b: PutValue(ValueRecord(n, v, b)), VALUE_NAMES, st.integers(1, 4), BLOBS),
    st.builds(PutKeyslot, st.builds(KeyslotRecord, TOKENS, NAMES, BLOBS, st.integers(0, 9))),
    st.builds(DeleteKeyslot, TOKENS, NAMES),
    st.builds(SetFailures, TOKENS, NAMES, st.integers(0, 9)),
    st.builds(ClearObjects, TOKENS),
    st.builds(DeleteToken, TOKENS),
    st.builds(PutValue, st.builds(ValueRecord, st.sampled_from([b"v" * 16, b"w" * 16]), VERSIONS, BLOBS)),
)
CALLS = st.lists(st.lists(CHANGES, min_size=1, max_size=4), max_size=25)


def _outcome(store: Any, call: list[Change]) -> bool:
    try:
        store.change(call)
    except Conflict:
        return False
    return True


def _everything(store: Any) -> list[Any]:
    every = [b"a", b"b" * 16, b"c" * 16, b"d" * 255, b""]
    searches = [[], *([tag] for tag in every), every[:2], [every[2], every[0], every[0]]]
    seen: list[Any] = [store.tokens(), store.value_names(after=b"", limit=9), store.value_names(after=b"\0", limit=1)]
    seen += [store.value(name) for name in (b"\0", b"v" * 16, b"\xff" * 16, b"none")]
    for token in (1, 2, 3):
        seen += [store.keyslots(token), store.count(token), store.objects(token, [5, 1, 2, 99, 1])]
        seen += [store.object(token, number) for number in range(7)]
        seen += [store.page(token, after=0, limit=9), store.page(token, after=2, limit=1)]
        for tags in searches:
            seen += [store.find_each(token, [tags, [b"a"]]), store.find_each(token, [tags])]
            seen += [store.find_few(token, [b"a", *tags[:1]], most) for most in (2, 20)]
            seen += [store.find(token, tags), store.find(token, tags, after=2), store.find(token, tags, limit=1)]
    return seen


@settings(max_examples=60, deadline=None)
@given(CALLS, st.sampled_from([2, backlog.ENTER_AT]), st.booleans(), st.booleans())
def test_like_the_model(calls: list[list[Change]], enter_at: int, native: bool, natively_again: bool) -> None:
    """Whether many objects wait for the index or few, and whether native code vouches for them or Python."""
    model = ModelStore()
    first: list[Change] = [put_token(1), put_token(2)]
    patched = (patch.object(module, "ENTER_AT", enter_at) for module in (changes, writer))
    with tempfile.TemporaryDirectory() as place, next(patched), next(patched):
        with natively(native):
            store = SqliteStore(Path(place) / "store")
        for call in [first, *calls]:
            assert _outcome(store, call) == _outcome(model, call), call
        assert _everything(store) == _everything(model)
        store.close()
        with natively(natively_again):
            store = SqliteStore(Path(place) / "store")
        assert _everything(store) == _everything(model)
        assert store.inspect() == []  # the ledger was told of every row
        assert store._readers.take().execute("SELECT count(*) FROM tag").get == sum(
            len(set(put.tags)) for put in model._objects.values()
        )
        store.close()


def test_a_search_for_very_many_tags(store: SqliteStore) -> None:
    tags = [b"%d" % number for number in range(200)]
    store.change([put_token(1), put_object(1, 1, *tags), put_object(1, 2, *tags[:-1]), put_object(1, 3, *tags)])
    assert store.find(1, tags) == [1, 3]
    assert store.find(1, tags, after=1) == [3]
    assert store.find(1, tags, limit=1) == [1]
    assert store.find(1, tags[:-1]) == [1, 2, 3]


def test_the_first_tag_leads_the_search(store: SqliteStore) -> None:
    """Its cost is that of the objects with the first tag: the planner may not begin with another."""
    connection = store._readers.take()
    plan = [row[3] for row in connection.execute("EXPLAIN QUERY PLAN " + sqlite._find(3), (1, 0, -1, b"", b"", b""))]
    assert plan[0] == "SEARCH tag USING PRIMARY KEY (token=? AND tag=? AND object>?)"
    assert all("SCAN" not in line and "TEMP" not in line for line in plan)
    everything = [row[3] for row in connection.execute("EXPLAIN QUERY PLAN " + sqlite._ALL, (1, 0, -1))]
    assert everything == ["SEARCH object USING COVERING INDEX object_token (token=? AND rowid>?)"]
    one = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sqlite._OBJECTS} AND id = ?", (1, 1))]
    assert one == ["SEARCH object USING INTEGER PRIMARY KEY (rowid=?)"]
    store._readers.give(connection)


def test_a_statement_is_not_parsed_again_for_other_values(store: SqliteStore) -> None:
    store.change([put_token(1), *[put_object(1, number, b"tag %d" % number, b"all") for number in range(1, 9)]])
    parsed: list[Any] = []

    def parsing(*names: Any) -> int:
        parsed.append(names)
        return apsw.SQLITE_OK

    connection = store._readers.take()
    connection.authorizer = parsing
    store._readers.give(connection)
    for number in range(1, 9):
        tag, limit = b"tag %d" % number, 10 + number
        assert store.find(1, [tag, b"all"], limit=limit) == [number]
        assert store.find_each(1, [[tag, b"all"], [tag]]) == [[number], [number]]
        assert store.find(1, [], limit=limit) == list(range(1, 9))
        assert store.object(1, number) is not None
        if number == 1:
            assert parsed
            parsed.clear()
    assert not parsed


def test_a_refused_call_changes_nothing(store: SqliteStore) -> None:
    store.change([put_token(1), put_object(1, 1, b"tag")])
    with pytest.raises(Conflict):
        store.change([DeleteObject(1, 1), put_object(1, 2, b"tag"), put_object(1, 3, version=2)])
    assert store.find(1, [b"tag"]) == [1]
    assert store.count(1) == 1


@pytest.mark.parametrize("change", [put_object(1, 2**63), put_object(1, 1, b"t" * 256), put_object(1, 1, blob=None)])  # type: ignore[arg-type]
def test_what_cannot_be_stored_harms_nobody(store: SqliteStore, change: Change) -> None:
    store.change([put_token(1)])
    with pytest.raises((ValueError, OverflowError, Conflict)):
        store.change([change])
    store.change([put_object(1, 7)])
    assert store.find(1, []) == [7]


def test_what_an_object_was_stored_with(store: SqliteStore) -> None:
    store.change([put_token(1), put_object(1, 1, b"a", b"b" * 16)])
    assert store.has_tags(1, 1, [b"a", b"b" * 16])
    assert not store.has_tags(1, 1, [b"a", b"c"])
    assert not store.has_tags(2, 1, [b"a"])
    assert not store.has_tags(1, 2, [])


def test_a_row_that_a_search_brings_is_compared_as_one_that_is_read(folder: Path) -> None:
    tags = [b"t" * 16, b"u" * 16]
    store = SqliteStore(folder)
    store.change([put_token(1), put_object(1, 1, *tags), put_object(1, 2, *tags), put_object(1, 3, tags[0])])
    waiting = store.find_few(1, tags, 5, rows=True)
    assert waiting == [(0, 1), (0, 2), (0, 3), (1, 1), (1, 2)]
    store.close()  # now they are in the index
    store = SqliteStore(folder)
    assert store.find_few(1, tags, 4, rows=True) is None
    assert store.find_few(1, tags, 5) == waiting
    found = store.find_few(1, tags, 5, rows=True)
    assert found is not None
    assert [hit[:2] for hit in found] == waiting
    rows = {hit[1]: hit[2:] for hit in found[:3]}
    for id, row in rows.items():
        assert row == store._object_row(1, id)
        assert store.has_tags(1, id, tags, row) == store.has_tags(1, id, tags) == (id != 3)
        altered = (*row[:4], backlog.packed(tags), row[5]), (*row[:5], b"other"), rows[id % 3 + 1]
        for other in altered:  # it is read again
            assert store.has_tags(1, id, tags, other) == (id != 3)
    assert not store.has_tags(2, 1, tags, rows[1])
    store.close()


def test_numbers_are_never_given_twice(folder: Path) -> None:
    given_: list[int] = []
    for count in (1, 300, 256, 2):
        store = SqliteStore(folder)
        given_ += [store.reserve() for _ in range(count)]
        store.close()
    assert len(set(given_)) == len(given_)
    assert given_ == sorted(given_)
    assert given_[0] == 1


def test_a_log_that_grew_is_copied_and_used_again(store: SqliteStore, folder: Path) -> None:
    store.change([put_token(1), put_object(1, 1)])
    for version in range(2, 120):
        store.change([put_object(1, 1, version=version, blob=bytes(200_000))])
    assert (folder / "store.db-wal").stat().st_size < 12_000_000
    found = store.object(1, 1)
    assert found is not None
    assert found.version == 119


def test_what_is_deleted_is_gone_from_the_files(folder: Path) -> None:
    store = SqliteStore(folder)
    blob = b"a blob that is to be forgotten" * 300
    store.change([put_token(1), put_object(1, 1, blob=blob), put_object(1, 2)])
    store.change([DeleteObject(1, 1)])
    store.close()
    assert all(blob[:30] not in file.read_bytes() for file in folder.iterdir())


@pytest.mark.parametrize("version", ["3.40.1", "3.51.2", "2.8.17"])
def test_an_sqlite_that_is_too_old(version: str) -> None:
    with pytest.raises(StoreBroken, match=f"{version} can lose data.*3.51.3"):
        sqlite.check_version(version)


@pytest.mark.parametrize("version", ["3.51.3", "3.54.1", "3.100.0", "4.0"])
def test_an_sqlite_that_is_not(version: str) -> None:
    sqlite.check_version(version)


def test_commits_are_durable_by_their_settings(store: SqliteStore) -> None:
    connection = store._writer._connection
    assert connection.pragma("journal_mode") == "wal"
    assert connection.pragma("synchronous") == 2  # FULL
