"""The manual's tutorial and how-to pages: what their ``sh test`` blocks say is typed, in order, over a fresh home.

``hsmith`` and ``python`` are on PATH; the PINs are in the environment, where a user would type them.
Also: that every link of the manual leads somewhere.
"""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from clients.openssl_engine import ENGINE
from clients.test_readme import BLOCK, ROOT, script_of
from harness import PIN, SO_PIN, free_port, run

DOCS = ROOT / "docs"

#: Each page that has such blocks, and the programs that they call.
PAGES: dict[str, tuple[str | Path, ...]] = {
    "tutorial.md": ("openssl", ENGINE),
    "howto/bind.md": ("openssl", ENGINE, "ldns-signzone", "ldns-verify-zone"),
    "howto/ci.md": (),
    "howto/gnutls.md": ("p11tool", "certtool", "gnutls-serv", "gnutls-cli"),
    "howto/java.md": ("java", "keytool", "jarsigner", "zip"),
    "howto/knot.md": ("knotd", "knotc", "kdig"),
    "howto/nginx-apache.md": ("nginx", "openssl", ENGINE),
    "howto/nss.md": ("certutil", "modutil", "openssl"),
    "howto/openssh.md": ("ssh-keygen", "ssh-agent", "ssh-add"),
    "howto/python.md": (),
}
LINK = re.compile(r"\]\(([^)\s]+)\)")


def test_no_page_is_forgotten() -> None:
    with_blocks = {
        str(path.relative_to(DOCS))
        for path in DOCS.rglob("*.md")
        if any(words == "test" for _, words, _ in BLOCK.findall(path.read_text()))
    }
    assert with_blocks == set(PAGES)


@pytest.mark.client
@pytest.mark.timeout(300)
@pytest.mark.parametrize("page", PAGES)
def test_commands_work_as_written(page: str, home: Path, tmp_path: Path, need: Callable[..., None]) -> None:
    need(*PAGES[page])
    (home / "softhsm2.conf").unlink()  # A user has no such file there, and doctor would say that it is open to others
    script = script_of((DOCS / page).read_text(), tmp_path, mark="test")
    typed = {"HSMITH_PIN": PIN, "HSMITH_SO_PIN": SO_PIN, "PIN": PIN}
    environment = {**typed, "PORT": str(free_port())}
    run("bash", "-xeuo", "pipefail", "-c", script, cwd=tmp_path, env=environment)


def broken_links(page: Path) -> list[str]:
    """The relative links of a page that lead nowhere: no such file, or no such heading in it."""
    # What looks like a link in code is none.
    text = re.sub(r"^```.*?^```$|`[^`\n]*`", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    return [link for link in LINK.findall(text) if ":" not in link and not _leads_somewhere(page, link)]


def _leads_somewhere(page: Path, link: str) -> bool:
    name, _, anchor = link.partition("#")
    target = page.parent / name if name else page
    return target.exists() and (not anchor or anchor in _anchors(target))


def _anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as Markdown viewers make them."""
    headings = re.findall(r"^#+ +(.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_broken_links_are_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    right = "# One, two\n[a](page.md) [b](#one-two) [e](https://x.example/) `[f](g)`\n"
    page.write_text(f"{right}[c](none.md) [d](page.md#three)\n")
    assert broken_links(page) == ["none.md", "page.md#three"]


def test_every_link_leads_somewhere() -> None:
    pages = [*ROOT.glob("*.md"), *DOCS.rglob("*.md")]
    assert {page.name: broken for page in pages if (broken := broken_links(page))} == {}
