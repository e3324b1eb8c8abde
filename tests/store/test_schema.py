"""Layouts: an older one is brought up to date, a newer or a foreign one refused in words."""

from pathlib import Path

import apsw
import pytest

from hsmith.store import schema, secret
from hsmith.store.records import PutValue, StoreBroken, ValueRecord
from hsmith.store.sqlite import DATABASE, SqliteStore
from store_model import put_object, put_token

#: Of a store whose folder has none.
SECRET = bytes(32)


def _edit(folder: Path, *statements: str) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    connection = apsw.Connection(str(folder / DATABASE))
    for statement in statements:
        connection.execute(statement)
    connection.close()


def _pragma(folder: Path, name: str) -> int:
    connection = apsw.Connection(str(folder / DATABASE))
    try:
        return int(connection.pragma(name))
    finally:
        connection.close()


def test_a_new_store_has_the_newest_layout(folder: Path) -> None:
    SqliteStore(folder, SECRET).close()
    assert _pragma(folder, "user_version") == len(schema.STEPS)
    assert _pragma(folder, "application_id") == schema.APPLICATION_ID


def test_a_newer_layout(folder: Path) -> None:
    SqliteStore(folder, SECRET).close()
    _edit(folder, f"PRAGMA user_version={len(schema.STEPS) + 1}")
    words = rf"store.db has layout {len(schema.STEPS) + 1}, made by a newer version of hsmith.*install"
    with pytest.raises(StoreBroken, match=words):
        SqliteStore(folder, SECRET)
    with pytest.raises(StoreBroken, match="newer version"):  # and the lock is free again
        SqliteStore(folder, SECRET)


@pytest.mark.parametrize(
    "statements",
    [
        ["CREATE TABLE other (a)"],
        ["CREATE TABLE other (a)", "PRAGMA user_version=1"],
        ["PRAGMA user_version=1"],
        ["PRAGMA application_id=7"],
    ],
)
def test_the_database_of_another_program(folder: Path, statements: list[str]) -> None:
    _edit(folder, *statements)
    before = (folder / DATABASE).read_bytes()
    with pytest.raises(StoreBroken, match="another program"):
        SqliteStore(folder, SECRET)
    assert (folder / DATABASE).read_bytes()[100:] == before[100:]


def test_a_step_brings_an_older_store_up_to_date(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = SqliteStore(folder, SECRET)
    store.change([put_token(1), put_object(1, 1, b"tag")])
    store.close()
    newer = "ALTER TABLE token ADD COLUMN note TEXT NOT NULL DEFAULT 'none'"
    monkeypatch.setattr(schema, "STEPS", (*schema.STEPS, newer))
    store = SqliteStore(folder, SECRET)
    assert store.find(1, [b"tag"]) == [1]
    store.close()
    assert _pragma(folder, "user_version") == len(schema.STEPS)


def test_a_step_that_fails_leaves_the_store_as_it_was(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    SqliteStore(folder, SECRET).close()
    with monkeypatch.context() as context:
        context.setattr(schema, "STEPS", (*schema.STEPS, "CREATE TABLE half (a)", "no SQL"))
        with pytest.raises(StoreBroken):
            SqliteStore(folder, SECRET)
    SqliteStore(folder, SECRET).close()
    assert _pragma(folder, "user_version") == len(schema.STEPS)


def test_a_store_that_was_never_finished(folder: Path) -> None:
    folder.mkdir(mode=0o700)
    (folder / DATABASE).touch()
    store = SqliteStore(folder, SECRET)
    assert store.tokens() == []
    store.close()


def test_a_store_of_the_first_layout(folder: Path) -> None:
    pragmas = (f"PRAGMA application_id={schema.APPLICATION_ID}", "PRAGMA user_version=1")
    token = "INSERT INTO token (id, slot, version, blob) VALUES (1, 0, 1, x'00')"
    secret.load(folder)
    _edit(folder, schema.v0001.STEP, token, *pragmas)
    store = SqliteStore(folder)
    assert len(store.tokens()) == 1
    assert store.value(b"name") is None
    for version in (2, 1, 3):  # what comes late does nothing
        store.change([PutValue(ValueRecord(b"name", version, bytes([version])))])
        assert store.value(b"name") == ValueRecord(b"name", max(2, version), bytes([max(2, version)]))
    store.close()
