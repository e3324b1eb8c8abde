"""The manual is built to HTML, and nothing in it leads nowhere."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def build(script: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, script, folder], capture_output=True, text=True, check=False)


def test_the_manual_is_built_without_a_warning(tmp_path: Path) -> None:
    done = build(ROOT / "tools" / "pages.py", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    index = (tmp_path / "docs" / "index.html").read_text()
    assert '<a href="policy.html">' in index and "<table>" in index
    clients = (tmp_path / "docs" / "clients.html").read_text()
    assert "```" not in clients and clients.count("<h2") == (ROOT / "docs" / "clients.md").read_text().count("\n## ")
    sources = {path.relative_to(ROOT).with_suffix(".html") for path in (ROOT / "docs").rglob("*.md")}
    assert sources <= {path.relative_to(tmp_path) for path in tmp_path.rglob("*.html")}


def test_a_link_that_leads_nowhere_is_said(tmp_path: Path) -> None:
    project = tmp_path / "project"
    (project / "tools").mkdir(parents=True)
    (project / "docs").mkdir()
    script = project / "tools" / "pages.py"
    script.write_text((ROOT / "tools" / "pages.py").read_text())
    for name in ("README.md", "SECURITY.md", "STYLE.md", "CHANGELOG.md"):
        (project / name).write_text("# Title\n")
    (project / "docs" / "index.md").write_text(
        "# Title\n\n[a](gone.md) [b](../README.md#gone) [c](../README.md#title)\n"
    )
    done = build(script, tmp_path / "html")
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "docs/index.md: the link gone.md leads nowhere",
        "docs/index.md: the link ../README.md#gone names no heading there",
    ]
