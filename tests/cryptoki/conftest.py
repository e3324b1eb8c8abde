"""An HSM of its own for each test, with one token."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cryptoki.calling import Caller, make_token
from hsmith.core.durable import Settings
from hsmith.core.hsm import Hsm


@pytest.fixture
def hsm(tmp_path: Path) -> Iterator[Hsm]:
    hsm = Hsm.opened(tmp_path / "store", Settings(kdf_milliseconds=1))
    yield hsm
    hsm.close()


@pytest.fixture
def slot(hsm: Hsm) -> int:
    return make_token(hsm)


@pytest.fixture
def caller(hsm: Hsm) -> Iterator[Caller]:
    caller = Caller(hsm)
    yield caller
    caller.app.close()
