"""The module against a keeper of the tests' own."""

import importlib.util
import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from fake_keeper import FakeKeeper
from hsmith.spec.constants import Mechanism, MechanismFlag
from hsmith.spec.mechanisms import MechanismRow
from hsmith.spec.params import PARAMS
from p11 import P11

ROOT = Path(__file__).resolve().parents[2]
_spec = importlib.util.spec_from_file_location("gen", ROOT / "tools/gen.py")
assert _spec is not None
assert _spec.loader is not None
gen = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(gen)


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
    tables = gen.tables_c(
        {
            0x80000000 + row.number: MechanismRow(Mechanism.NULL, MechanismFlag(0), params=(row.cls,))
            for row in PARAMS
        }
    )
    (folder / "tables.c").write_text(tables.replace('"../hsmith.h"', '"hsmith.h"'))
    return build(folder, replaced={"tables.c": folder / "tables.c"})


def build(folder: Path, *, replaced: dict[str, Path] | None = None, flags: tuple[str, ...] = ()) -> Path:
    """Compile the module in ``folder``, with HSMITH_TEST_CFLAGS."""
    sources = [*(ROOT / "module").glob("*.c"), *(ROOT / "module/generated").glob("*.c")]
    sources = [(replaced or {}).get(path.name, path) for path in sources]
    more = shlex.split(os.environ.get("HSMITH_TEST_CFLAGS", ""))
    command = [*shlex.split(os.environ.get("CC", "cc")), "-std=c11", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared"]
    command += ["-fvisibility=hidden", "-pthread", f"-I{ROOT}/module", *more, *flags, "-o", folder / "libhsmith.so"]
    subprocess.run([*command, *sources, "-ldl"], check=True)
    return folder / "libhsmith.so"
