"""Fuzzing for a short time; HSMITH_FUZZ_SECONDS=600 makes it longer. A fault comes with its input."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from fuzz import calls, hostile

HERE = Path(__file__).parent
SECONDS = int(os.environ.get("HSMITH_FUZZ_SECONDS", "5"))
pytestmark = [
    pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning"),
    pytest.mark.slow,
    pytest.mark.timeout(SECONDS + 300),
]


@pytest.mark.parametrize("target", ["parsers", "calls"])
def test_the_keepers_side(target: str, tmp_path: Path) -> None:
    """The codec and every other parser; and whole calls, down to the engines."""
    pytest.importorskip("atheris", reason="atheris is not installed")
    command = [sys.executable, str(HERE / "guided.py"), target, str(tmp_path), str(SECONDS)]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=SECONDS + 240)
    assert done.returncode == 0, (done.stdout + done.stderr)[-10000:]
    assert "Done " in done.stderr


def test_all_seeds_of_calls() -> None:
    bench = calls.bench()
    for seed in calls.seeds():
        bench.try_calls(seed)


def test_the_module_against_a_hostile_keeper(tmp_path: Path, need: Callable[..., None]) -> None:
    """Under AddressSanitizer and UndefinedBehaviorSanitizer."""
    need("clang", *_fuzzer_libraries())
    corpus, found = tmp_path / "corpus", tmp_path / "found"
    found.mkdir()
    hostile.unpack(corpus)
    report = hostile.run(hostile.build(tmp_path), [found, corpus], tmp_path, SECONDS)
    assert "Done " in report


def _fuzzer_libraries() -> list[str]:
    """libFuzzer as this clang would link it: the package is another one."""
    try:
        asked = subprocess.run(["clang", "-print-resource-dir"], capture_output=True, text=True, check=True)
    except OSError:
        return []
    found = [*Path(asked.stdout.strip()).rglob("libclang_rt.fuzzer*.a")]
    return [str(found[0]) if found else "libclang_rt.fuzzer"]
