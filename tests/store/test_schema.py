"""Layouts: an older one is brought up to date, a newer or a foreign one refused in words."""

from pathlib import Path

import apsw
import pytest

from hsmith.store import schema
from hsmith.store.records import StoreBroken
from hsmith.store.sqlite import DATABASE, SqliteStore
from store_model import put_object, put_token


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
    SqliteStore(folder).close()
    assert _pragma(folder, "user_version") == len(schema.STEPS)
    assert _pragma(folder, "application_id") == schema.APPLICATION_ID


def test_a_newer_layout(folder: Path) -> None:
    SqliteStore(folder).close()
    _edit(folder, f"PRAGMA user_version={len(schema.STEPS) + 1}")
    words = rf"store.db has layout {len(schema.STEPS) + 1}, made by a newer version of hsmith.*install"
    with pytest.raises(StoreBroken, match=words):
        SqliteStore(folder)
    with pytest.raises(StoreBroken, match="newer version"):  # and the lock is free again
        SqliteStore(folder)


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
        SqliteStore(folder)
    assert (folder / DATABASE).read_bytes()[100:] == before[100:]


def test_a_step_brings_an_older_store_up_to_date(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = SqliteStore(folder)
    store.change([put_token(1), put_object(1, 1, b"tag")])
    store.close()
    newer = "ALTER TABLE token ADD COLUMN note TEXT NOT NULL DEFAULT 'none'"
    monkeypatch.setattr(schema, "STEPS", (*schema.STEPS, newer))
    store = SqliteStore(folder)
    assert store.find(1, [b"tag"]) == [1]
    store.close()
    assert _pragma(folder, "user_version") == len(schema.STEPS)


def test_a_step_that_fails_leaves_the_store_as_it_was(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    SqliteStore(folder).close()
    with monkeypatch.context() as context:
        context.setattr(schema, "STEPS", (*schema.STEPS, "CREATE TABLE half (a)", "no SQL"))
        with pytest.raises(StoreBroken):
            SqliteStore(folder)
    SqliteStore(folder).close()
    assert _pragma(folder, "user_version") == len(schema.STEPS)


def test_a_store_that_was_never_finished(folder: Path) -> None:
    folder.mkdir(mode=0o700)
    (folder / DATABASE).touch()
    store = SqliteStore(folder)
    assert store.tokens() == []
    store.close()
