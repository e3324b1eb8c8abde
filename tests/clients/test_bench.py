"""The bench measures every row, in a fraction of a second each. What the figures are is not tested: machines differ."""

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree as ET

import pytest

from harness import run

ROOT = Path(__file__).parents[2]
BENCH = (sys.executable, str(ROOT / "bench" / "run.py"))

pytestmark = [pytest.mark.client, pytest.mark.timeout(300)]


@pytest.fixture
def folder(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the bench puts its tokens. Its path is short, as a socket's must be."""
    path = home / "t"
    path.mkdir()
    monkeypatch.setenv("TMPDIR", str(path))
    return path


@pytest.fixture(scope="module")
def rows() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bench_rows", ROOT / "bench" / "rows.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_row(folder: Path, rows: ModuleType, tmp_path: Path, need: Callable[..., None]) -> None:
    need("softhsm2-util", "ods-hsmspeed", "ldns-signzone", "pkcs11-tool", "cc")
    figures, plot = tmp_path / "figures.json", tmp_path / "made" / "plot.svg"
    quick = ("--quick", "--seconds", "0.02", "--threads", "1")
    said = run(*BENCH, *quick, "--json", figures, "--plot", plot)

    measured = json.loads(figures.read_text())["rows"]
    assert {row["name"] for row in measured} == set(rows.NAMES)
    assert {row["variant"] for row in measured if row["name"] == "p256"} == {"1 thread", "4 processes"}
    for row in measured:
        assert row["hsmith"] > 0 or row["name"] == "many-memory", row  # of so few objects, it may be less
        assert row["met"] in {"goal", "yes", "no", "-"}, row
        assert row["other"] is None or row["ratio"] > 0, row
        assert any(line.startswith(row["name"]) and row["what"] in line for line in said.splitlines()), said
    bars = ET.parse(plot).getroot().findall("{http://www.w3.org/2000/svg}rect")
    assert len(bars) == 1 + sum(row["ratio"] is not None for row in measured)  # and the background
    assert not list(folder.iterdir()), "the tokens are left behind"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--only", "nothing"), "nothing"),
        (("--seconds", "0"), "0 is not between"),
        (("--threads", "1,0"), "from 1 to 64"),
    ],
)
def test_wrong_use(arguments: tuple[str, ...], says: str) -> None:
    done = subprocess.run([*BENCH, *arguments], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and says in done.stderr and "Traceback" not in done.stderr


def test_failure_is_said(folder: Path, tmp_path: Path, need: Callable[..., None]) -> None:
    need("softhsm2-util")
    figures = tmp_path / "figures.json"
    env = {**os.environ, "CC": "no-such-compiler"}
    command = [*BENCH, "--only", "p256", "--json", str(figures)]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and done.stderr == "bench: no-such-compiler is not installed.\n"
    assert not figures.exists() and not list(folder.iterdir())


def test_interrupted(folder: Path, tmp_path: Path, need: Callable[..., None]) -> None:
    need("softhsm2-util", "cc")
    command = [*BENCH, "--quick", "--only", "p256", "--seconds", "100", "--json", str(tmp_path / "figures.json")]
    bench = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not list(folder.glob("hb-*/h1/keeper.sock")) and time.monotonic() < deadline:
        time.sleep(0.02)
    bench.send_signal(signal.SIGTERM)
    assert bench.communicate(timeout=60)[1] == "bench: interrupted; nothing was written.\n"
    assert bench.returncode == 130 and not list(folder.iterdir())


@pytest.mark.parametrize(
    ("unit", "want", "hsmith", "other", "ratio", "met"),
    [
        ("/s", ("Want", 1.5, 2.0), 20.0, 10.0, 2.0, "goal"),
        ("/s", ("Want", 1.5, 2.0), 15.0, 10.0, 1.5, "yes"),
        ("/s", ("Want", 1.5, 2.0), 14.0, 10.0, 1.4, "no"),
        ("ms", ("Want", 10, 20), 2.0, 30.0, 15.0, "yes"),  # less time is more speed
        ("us", ("Most", 2.0, 1.5), 36.0, 20.0, 1.8, "yes"),
        ("us", ("Most", 2.0, 1.5), 42.0, 20.0, 2.1, "no"),
        ("ms", ("Most", 15, 10), 9.0, None, None, "goal"),
        ("ms", ("Most", 15, 10), 16.0, None, None, "no"),
        ("s", None, 2.0, 4.0, 2.0, "-"),
    ],
)
def test_verdict(
    rows: ModuleType,
    unit: str,
    want: tuple[str, float, float] | None,
    hsmith: float,
    other: float | None,
    ratio: float | None,
    met: str,
) -> None:
    wanted = getattr(rows, want[0])(*want[1:]) if want else None
    figure = rows.Figure("name", "what", "variant", unit, hsmith, other, wanted)
    assert figure.ratio == (None if ratio is None else pytest.approx(ratio))
    assert figure.met == met
