"""A keeper in this process for each test, a client of it, and a session that is logged in."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from hsmith.crypto import standing
from wire.serving import Client, Keeper, logged_in


@pytest.fixture
def keeper(tmp_path: Path) -> Iterator[Keeper]:
    assert standing.open_library() is None, "the tests need OpenSSL 3"
    with contextlib.closing(Keeper(tmp_path)) as keeper:
        yield keeper


@pytest.fixture
def client(keeper: Keeper) -> Client:
    return keeper.client()


@pytest.fixture
def session(keeper: Keeper, client: Client) -> int:
    return logged_in(keeper, client)
