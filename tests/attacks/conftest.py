"""Three tokens, one of each profile, behind one module and one keeper for all attacks."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from attacks.bench import PROFILES, Bench
from harness import BIN, SO_PIN, stop_keepers
from hsmith.wire.client import Client
from p11 import P11


@pytest.fixture(scope="module")
def loaded(module: Path) -> Iterator[dict[str, Bench]]:
    """The tokens by profile."""
    folder = Path(tempfile.mkdtemp(prefix="hs-"))
    (folder / "config.toml").write_text("[pin]\nkdf_milliseconds = 10\n")
    saved = dict(os.environ)
    os.environ |= {"HSMITH_HOME": str(folder), "HOME": str(folder), "PATH": f"{BIN}:{os.environ['PATH']}:/usr/sbin"}
    p11 = P11(module)
    p11.initialize()
    benches = {}
    for profile in PROFILES:
        slot = p11.init_token(profile)
        with Client() as client:
            client.admin("token.profile", slot=slot, so_pin=SO_PIN, profile=profile)
        benches[profile] = Bench(p11, slot, profile)
    try:
        yield benches
    finally:
        p11.rv("C_Finalize", None)
        stop_keepers(folder)
        os.environ.clear()
        os.environ |= saved
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=PROFILES)
def bench(request: pytest.FixtureRequest, loaded: dict[str, Bench]) -> Iterator[Bench]:
    """Each profile in turn, with the user logged in, and no object on the token afterwards."""
    found = loaded[request.param]
    found.begin()
    yield found
    found.end()


@pytest.fixture
def default(loaded: dict[str, Bench]) -> Iterator[Bench]:
    found = loaded["default"]
    found.begin()
    yield found
    found.end()
