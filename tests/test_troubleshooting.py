"""docs/troubleshooting.md knows each refusal of a command or of a starting keeper, and none that is gone."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/troubleshooting.md").read_text()
SOURCES = [ast.parse(path.read_text()) for path in sorted((ROOT / "src/hsmith").rglob("*.py"))]
#: What a value in a message looks like on the page.
VALUE = re.compile(r"\.\.\.|\bN\b|\bM\b")
#: Shorter pieces of a message are found everywhere.
TELLING = 8


def fragments(node: ast.AST) -> list[str]:
    """The constant pieces of a message's expression, in order."""
    return [part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str)]


def refusals() -> Iterator[list[str]]:
    """The pieces of each message with which Trouble or StoreBroken is raised and that is written there."""
    for source in SOURCES:
        for node in ast.walk(source):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and isinstance(node.exc.func, ast.Name):
                pieces = fragments(node.exc) if node.exc.func.id in ("Trouble", "StoreBroken", "NotRunning") else []
                if pieces := [piece for piece in pieces if len(piece.strip()) >= TELLING]:
                    yield pieces


def named(pieces: list[str]) -> bool:
    """Whether the page has the beginning of one of the pieces."""
    return any(re.split(r"[.:,;'(]", piece.strip(" '.:,;("))[0].strip() in PAGE for piece in pieces)


def test_every_refusal_is_on_the_page() -> None:
    assert [pieces for pieces in refusals() if not named(pieces)] == []


def test_the_page_has_no_message_that_is_gone() -> None:
    said = "\n".join(piece for source in SOURCES for piece in fragments(source))
    rows = [line.split("|")[1] for line in PAGE.splitlines() if line.startswith("| *")]
    messages = [message for row in rows for message in re.findall(r"\*([^*]+)\*", row)]
    quoted = [piece.strip(" .,:;'") for message in messages for piece in VALUE.split(message)]
    assert len(quoted) > 60
    assert [piece for piece in quoted if len(piece) >= TELLING and piece not in said] == []
