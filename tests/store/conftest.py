"""A store in a new folder for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hsmith.store.records import Store
from hsmith.store.sqlite import SqliteStore


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def store(folder: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore(folder)
    _: Store = opened  # a type checker holds it against the contract
    yield opened
    opened.close()
