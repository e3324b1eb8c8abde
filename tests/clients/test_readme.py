"""What the documents tell a user to type is typed: their ``sh run`` blocks, in order, as one script over a fresh home.

A block that begins ```<language> file=NAME is written to that file first.
"""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from clients.openssl_engine import ENGINE
from harness import BIN, PIN, SO_PIN, free_port, run

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```(\w+)[ ]*([^\n]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)

#: Each document that has such blocks, and the programs that they call.
DOCUMENTS: dict[str, tuple[str | Path, ...]] = {
    "README.md": ("pkcs11-tool", "openssl", ENGINE, "keytool", "jarsigner", "zip", "ssh-keygen"),
    "docs/clients.md": ("pkcs11-tool", "openssl", ENGINE, "p11tool", "certtool", "ldns-signzone", "ssh-agent"),
}


def script_of(text: str, folder: Path, mark: str = "run") -> str:
    """Write the files that a document shows to ``folder``; its blocks ``sh <mark>``, as one shell script."""
    commands = []
    for _, words, body in BLOCK.findall(text):
        if words.startswith("file="):
            (folder / words.removeprefix("file=")).write_text(body)
        if words == mark:
            commands.append(body)
    return "\n".join(commands)


def test_blocks_are_found(tmp_path: Path) -> None:
    text = "a\n```sh run\necho 1\n```\n```sh\nnever\n```\n```ini file=x.cnf\n[a]\n```\n```sh run\necho 2\n```\n"
    assert script_of(text, tmp_path) == "echo 1\n\necho 2\n"
    assert (tmp_path / "x.cnf").read_text() == "[a]\n"


def test_no_document_is_forgotten() -> None:
    with_blocks = {
        str(path.relative_to(ROOT))
        for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
        if any(words == "run" for _, words, _ in BLOCK.findall(path.read_text()))
    }
    assert with_blocks == set(DOCUMENTS)


@pytest.mark.client
@pytest.mark.timeout(300)
@pytest.mark.parametrize("document", DOCUMENTS)
def test_commands_work_as_written(document: str, home: Path, tmp_path: Path, need: Callable[..., None]) -> None:
    need(*DOCUMENTS[document])
    script = script_of((ROOT / document).read_text(), tmp_path)
    shutil.copy(ROOT / "README.md", tmp_path)
    (tmp_path / ".venv").symlink_to(BIN.parent)
    prompts = {"HSMITH_PIN": PIN, "HSMITH_SO_PIN": SO_PIN, "PIN": PIN}  # What a user would type
    environment = {**prompts, "PORT": str(free_port())}
    run("bash", "-xeuo", "pipefail", "-c", script, cwd=tmp_path, env=environment)
