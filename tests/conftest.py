"""Fixtures that all tests share: a fresh home, the module, a token, and the programs that a test needs."""

import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import hsmith
from harness import BIN, PIN, SO_PIN, Token, stop_keepers
from p11 import P11


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--module", default=None, help="test this PKCS#11 module instead of the one of this checkout")
    parser.addoption("--sequences", type=int, default=25, help="how many random sequences of calls to compare")
    parser.addoption("--flips", type=int, default=60, help="how many random bit flips to try in the store's files")


def pytest_configure() -> None:
    """A shell that starts the tests in the background has SIGINT ignored, and so would all programs that they start."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def need() -> Callable[..., None]:
    """``need("pkcs11-tool", ...)``: skip where a program is missing; fail where clients are required (in CI)."""

    def check(*programs: str | Path) -> None:
        path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
        missing = [str(name) for name in programs if not (shutil.which(str(name), path=path) or Path(name).exists())]
        if missing and os.environ.get("HSMITH_REQUIRE_CLIENTS") == "1":
            pytest.fail(f"not installed: {', '.join(missing)}; .ci/run says which packages have them")
        if missing:
            pytest.skip(f"not installed: {', '.join(missing)}")

    return check


@pytest.fixture(scope="session")
def module(request: pytest.FixtureRequest) -> Path:
    """The PKCS#11 module under test."""
    given = request.config.getoption("--module")
    path = Path(given) if given else Path(hsmith.__file__).with_name("libhsmith.so")
    if not path.exists():
        pytest.fail(f"{path} is missing; build it with: make test, or pip install -e .")
    return path.resolve()


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A fresh HSMITH_HOME with a short path (sockets) and a quick PIN derivation; its keeper ends with the test."""
    folder = Path(tempfile.mkdtemp(prefix="hs-"))
    (folder / "config.toml").write_text("[pin]\nkdf_milliseconds = 10\n")
    (folder / "tokens").mkdir()
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder}/tokens\nlog.level = ERROR\n")
    for name in [name for name in os.environ if name.startswith("HSMITH_") and name != "HSMITH_REQUIRE_CLIENTS"]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HSMITH_HOME", str(folder))
    monkeypatch.setenv("HOME", str(folder))  # Programs keep files of their own there
    monkeypatch.setenv("SOFTHSM2_CONF", str(folder / "softhsm2.conf"))  # For --module, to compare with it
    monkeypatch.setenv("PATH", f"{BIN}:{os.environ['PATH']}:/usr/sbin")
    yield folder
    stop_keepers(folder)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def p11(module: Path, home: Path) -> Iterator[P11]:
    """The module, loaded into the tests' own process and initialised, over a fresh home."""
    loaded = P11(module)
    loaded.initialize()
    yield loaded
    loaded.rv("C_Finalize", None)


@pytest.fixture
def token(module: Path, home: Path) -> Token:
    """A fresh token with a user PIN, in a fresh home, for programs that are started by the test."""
    loaded = P11(module)
    loaded.initialize()
    try:
        slot = loaded.init_token("test", so_pin=SO_PIN, pin=PIN)
    finally:
        loaded.finalize()
    return Token(module, home, slot)
