"""Build the manual as HTML: every page of docs/ into build/html, with links between them that work.

python tools/pages.py [FOLDER]   build/html unless a folder is given

Exit code 1, and a line for each, when a link leads nowhere or a page has no title.
"""

import re
import shutil
import sys
from html import escape
from pathlib import Path
from typing import Final
from urllib.parse import unquote

import markdown

ROOT: Final = Path(__file__).resolve().parent.parent
DOCS: Final = ROOT / "docs"
#: What the pages of docs/ link to outside of it.
BESIDE: Final = ("README.md", "SECURITY.md", "STYLE.md", "CHANGELOG.md")
#: The words after a block's language, which the tests read; the library takes such a line for no block.
MARKS: Final = re.compile(r"^(```\w+) .*$", re.MULTILINE)
LINK: Final = re.compile(r'(href)="([^"]+)"')
STYLE: Final = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222; }
pre, code { font-family: ui-monospace, monospace; font-size: 0.9em; background: #f4f4f2; }
pre { padding: 0.7rem; overflow-x: auto; }
table { border-collapse: collapse; display: block; overflow-x: auto; }
th, td { border: 1px solid #ccc; padding: 0.3rem 0.6rem; text-align: left; vertical-align: top; }
"""


class Page:
    """One source file as HTML. ``body`` has the links of the source; ``anchors``: what a link may name in it."""

    def __init__(self, source: Path) -> None:
        self.source = source
        text = source.read_text()
        self.body = markdown.markdown(MARKS.sub(r"\1", text), extensions=["tables", "fenced_code", "toc", "sane_lists"])
        self.anchors = set(re.findall(r'id="([^"]+)"', self.body))
        found = re.search(r"^# (.+)$", text, re.MULTILINE)
        self.title = found[1].strip("`") if found else ""

    @property
    def target(self) -> Path:
        """Where it goes, below the folder of the manual."""
        return self.source.relative_to(ROOT).with_suffix(".html")


def pages() -> dict[Path, Page]:
    sources = [*sorted(DOCS.rglob("*.md")), *(ROOT / name for name in BESIDE)]
    return {source: Page(source) for source in sources}


def linked(page: Page, known: dict[Path, Page], problems: list[str]) -> str:
    """The page's body with links to other pages as HTML has them; what leads nowhere is added to the problems."""

    def replaced(found: re.Match[str]) -> str:
        link = found[2]
        if re.match(r"[a-z]+:", link):
            return found[0]
        path, _, anchor = unquote(link).partition("#")
        target = (page.source.parent / path).resolve() if path else page.source
        other = known.get(target)
        if other is None and not target.exists():
            problems.append(f"{page.source.relative_to(ROOT)}: the link {link} leads nowhere")
        if other is not None and anchor and anchor not in other.anchors:
            problems.append(f"{page.source.relative_to(ROOT)}: the link {link} names no heading there")
        return f'{found[1]}="{link.replace(".md", ".html", 1)}"' if other is not None else found[0]

    return LINK.sub(replaced, page.body)


def build(folder: Path) -> list[str]:
    """Write the manual into ``folder``. Returns what is wrong with it, in sentences."""
    known, problems = pages(), list[str]()
    shutil.rmtree(folder, ignore_errors=True)
    for page in known.values():
        if not page.title:
            problems.append(f"{page.source.relative_to(ROOT)}: there is no title")
        target = folder / page.target
        target.parent.mkdir(parents=True, exist_ok=True)
        head = f'<meta charset="utf-8"><title>{escape(page.title)} - hsmith</title><style>{STYLE}</style>'
        target.write_text(f"<!doctype html><html lang=en><head>{head}</head><body>{linked(page, known, problems)}\n")
    return problems


def main() -> int:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "html"
    problems = build(folder)
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"{folder / 'docs' / 'index.html'}")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
