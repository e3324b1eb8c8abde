"""One token and one login for all vectors: each file has a session of its own on it."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import p11
from harness import BIN, PIN, stop_keepers
from hsmith.spec.constants import Mechanism
from p11 import P11
from p11_values import MechanismLike, c_mechanism
from vectors.coverage import COVERED
from vectors.support import ALL, Bench


@pytest.fixture(scope="module")
def loaded(module: Path) -> Iterator[tuple[P11, int]]:
    """The module over a fresh home, and the slot of a token with a logged-in session."""
    folder = Path(tempfile.mkdtemp(prefix="hs-"))
    (folder / "config.toml").write_text("[pin]\nkdf_milliseconds = 10\n")
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name in ("HSMITH_SOCKET", "HSMITH_CONFIG", "HSMITH_AUTOSTART")]:
            patch.delenv(name)
        patch.setenv("HSMITH_HOME", str(folder))
        patch.setenv("PATH", f"{BIN}:{os.environ['PATH']}")
        pkcs11 = P11(module)
        pkcs11.initialize()
        slot = pkcs11.init_token("vectors", pin=PIN)
        with pkcs11.open(slot) as session:
            session.login(PIN)
            yield pkcs11, slot
        pkcs11.finalize()
    stop_keepers(folder)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def bench(loaded: tuple[P11, int], request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """A bench of its own for each test. That the test uses what vectors.coverage says of it is checked at its end."""
    module, slot = loaded
    used: set[str] = set()

    def recording(mechanism: MechanismLike) -> Any:
        made = c_mechanism(mechanism)
        used.add(Mechanism(made.mechanism).name)
        return made

    monkeypatch.setattr(p11, "c_mechanism", recording)
    with module.open(slot) as session:
        yield Bench(session)
    said = set(COVERED.get(request.node.name, ()))
    assert used == said if ALL else used <= said, f"vectors.coverage: {request.node.name!r}: {tuple(sorted(used))}"
