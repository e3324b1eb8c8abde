"""One home with a keeper and a token for all tests of the command: starting one for each would take their time."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from harness import stop_keepers
from hsmith.cli.main import main

PIN, SO_PIN = "1234", "12345678"


class Ran(NamedTuple):
    code: int
    out: str
    err: str


Hsmith = Callable[..., Ran]


@pytest.fixture(scope="package")
def shared_home() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="hc-"))
    (folder / "config.toml").write_text("[pin]\nkdf_milliseconds = 10\n")
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("HSMITH_")]:
            patch.delenv(name)
        patch.setenv("HSMITH_HOME", str(folder))
        yield folder
        main(["keeper", "stop"])
        stop_keepers(folder)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def hsmith(capfd: pytest.CaptureFixture[str]) -> Hsmith:
    """Run the command in this process."""

    def run(*arguments: str) -> Ran:
        capfd.readouterr()
        code = main(arguments)
        return Ran(code, *capfd.readouterr())

    return run


@pytest.fixture
def cli(shared_home: Path, hsmith: Hsmith, monkeypatch: pytest.MonkeyPatch) -> Hsmith:
    """The command over the shared home, with the token "main" and its PINs in the environment."""
    monkeypatch.setenv("HSMITH_HOME", str(shared_home))
    monkeypatch.setenv("HSMITH_PIN", PIN)
    monkeypatch.setenv("HSMITH_SO_PIN", SO_PIN)
    if '"main"' not in hsmith("token", "list", "--json").out:
        assert hsmith("token", "init", "--label", "main").code == 0
    return hsmith
