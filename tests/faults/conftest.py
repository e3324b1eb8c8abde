"""A home of the fault tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from faults.rig import HERE, Rig, compiled


@pytest.fixture
def rig(home: Path, module: Path) -> Iterator[Rig]:
    yield Rig(home, module)
    log = (home / "keeper.log").read_text()
    if "ERROR" in log:
        print(log[-2000:])  # shown when the test fails


@pytest.fixture(scope="session")
def disk_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compiled(HERE / "disk.c", tmp_path_factory.mktemp("disk") / "disk.so")


@pytest.fixture
def disk_rig(home: Path, module: Path, disk_library: Path) -> Rig:
    """One whose keeper has a disk that fails when it is told (see disk.c)."""
    return Rig(home, module, disk=disk_library)
