"""`make demo` does what it says."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from harness import run

ROOT = Path(__file__).parents[2]


@pytest.mark.client
def test_demo(module: Path, home: Path, need: Callable[..., None]) -> None:
    need("openssl")
    said = run(sys.executable, ROOT / "tools" / "demo.py", module, cwd=ROOT)
    assert said.count("Verified OK") == 2  # openssl dgst
    assert said.count("Signature Verified Successfully") == 1  # openssl pkeyutl
    assert "CKR_ATTRIBUTE_SENSITIVE" in said
    assert "What to type next" in said or "what to type next" in said.lower()
