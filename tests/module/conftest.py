"""The module against a keeper of the tests' own."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from fake_keeper import FakeKeeper
from hsmith.spec.constants import Mechanism, MechanismFlag
from hsmith.spec.mechanisms import MechanismRow
from hsmith.spec.params import PARAMS
from module_build import build, generator
from p11 import P11


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where the module looks for its keeper; no keeper is started there."""
    folder = Path(tempfile.mkdtemp(prefix="hm-"))
    monkeypatch.setenv("HSMITH_SOCKET", str(folder / "keeper.sock"))
    yield folder / "keeper.sock"
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def keeper(address: Path) -> Iterator[FakeKeeper]:
    with FakeKeeper(address) as one:
        yield one


@pytest.fixture
def fresh(module: Path, keeper: FakeKeeper) -> Iterator[P11]:
    """The module, loaded and not initialised."""
    loaded = P11(module)
    yield loaded
    loaded.rv("C_Finalize", None)


@pytest.fixture
def ready(fresh: P11) -> P11:
    """The module, initialised."""
    fresh.initialize()
    return fresh


@pytest.fixture(scope="session")
def every_class(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The module with a mechanism 0x80000000 + n for each parameter class, n being its number, and no other."""
    folder = tmp_path_factory.mktemp("module")
    rows = {
        0x80000000 + row.number: MechanismRow(Mechanism.NULL, MechanismFlag(0), params=(row.cls,)) for row in PARAMS
    }
    tables: str = generator().tables_c(rows)
    (folder / "tables.c").write_text(tables.replace('"../hsmith.h"', '"hsmith.h"'))
    return build(folder, replaced={"tables.c": folder / "tables.c"})
