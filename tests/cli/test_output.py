"""How commands print."""

import io
import sys

import pytest

from hsmith.cli.output import complain, say


class Pieces(io.StringIO):
    """Keeps what is written, write by write."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[str] = []

    def write(self, text: str) -> int:
        self.written.append(text)
        return len(text)


@pytest.mark.parametrize(("stream", "speak"), [("stdout", say), ("stderr", complain)])
def test_a_text_and_its_end_are_one_write(monkeypatch: pytest.MonkeyPatch, stream: str, speak: object) -> None:
    """`hsmith ... --json | grep -q` ended with 1 now and then: grep had gone before the end of the line came."""
    pieces = Pieces()
    monkeypatch.setattr(sys, stream, pieces)
    assert callable(speak)
    speak("one\ntwo")
    assert pieces.written == ["one\ntwo\n"]
