"""The manual of the command: its examples are run, every command is in it, and the pages are those of the parser."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from harness import BIN
from hsmith.cli import tree
from hsmith.cli.main import whole_parser
from hsmith.config import KEYS

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "cli.md"


def examples(text: str) -> list[str]:
    """The lines behind "$ " of all console blocks."""
    blocks = re.findall(r"```console\n(.*?)```", text, re.DOTALL)
    return [line.removeprefix("$ ") for block in blocks for line in block.splitlines() if line.startswith("$ ")]


def commands() -> list[str]:
    root = tree.read(whole_parser())
    return [" ".join(("hsmith", *one.words)) for one in root.all() if one.words and not one.commands]


@pytest.mark.timeout(600)  # a hundred commands, each in a process of its own
def test_the_examples_run_as_written(home: Path, tmp_path: Path, need: Callable[..., None]) -> None:
    need("bash", "openssl")
    (home / "config.toml").write_text("[pin]\nkdf_milliseconds = 10\n")
    work = tmp_path / "work"
    work.mkdir()
    lines = examples(PAGE.read_text())
    assert len(lines) > 70
    marked = "\n".join(f"echo '## {number}'\n{line}" for number, line in enumerate(lines))
    environment = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", marked], cwd=work, env=environment, capture_output=True, timeout=600,
        stdin=subprocess.DEVNULL, check=False,
    )  # fmt: skip
    out = done.stdout.decode(errors="replace")
    last = int(re.findall(r"^## (\d+)$", out, re.MULTILINE)[-1])
    assert done.returncode == 0, f"{lines[last]}\n{out[-2000:]}\n{done.stderr.decode(errors='replace')[-2000:]}"
    assert last == len(lines) - 1
    assert "Verified OK" in out


def test_every_command_is_in_the_manual() -> None:
    text = "\n".join(path.read_text() for path in (ROOT / "docs").glob("*.md"))
    assert [command for command in commands() if not re.search(rf"\b{command}\b", text)] == []


def test_the_manual_pages_are_those_of_the_parser() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "manual.py", "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    pages = {path.name: path.read_text() for path in (ROOT / "docs" / "man").iterdir()}
    key = pages["hsmith-key.1"].replace("\\-", "-")
    assert "--extractable" in key
    assert "hsmith key sign" in key
    assert [name for name in KEYS if name not in pages["hsmith.toml.5"]] == []


def test_the_manual_pages_are_well_formed(need: Callable[..., None]) -> None:
    need("mandoc")
    pages = sorted((ROOT / "docs" / "man").iterdir())
    done = subprocess.run(
        ["mandoc", "-T", "lint", "-W", "warning", *pages], capture_output=True, text=True, check=False
    )
    found = [line for line in done.stdout.splitlines() if "missing date" not in line]
    assert found == []
