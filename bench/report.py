"""The results as a table of text, as JSON, and as a picture."""

import json
import math
import os
import platform
import time
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Any

from rows import Figure, Most

COLUMNS = (
    f"{'row':<14} {'what':<26} {'with':<13} {'hsmith':>12} {'other':>12} {'ratio':>8} {'wanted':>8} {'goal':>6}  met"
)


def _number(value: float | None) -> str:
    """Three digits or more."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _wanted(figure: Figure) -> tuple[str, str]:
    want = figure.want
    if want is None:
        return "-", "-"
    if isinstance(want, Most):
        return f"<= {want.most:g}", f"{want.goal:g}"
    return f">= {want.least:g}", f"{want.goal:g}"


def line(figure: Figure) -> str:
    """A figure as a line under COLUMNS."""
    wanted, goal = _wanted(figure)
    own, other = (
        f"{_number(value)} {figure.unit}" if value is not None else "-" for value in (figure.hsmith, figure.other)
    )
    ratio = _number(figure.ratio)
    head = f"{figure.name:<14} {figure.what:<26} {figure.variant:<13}"
    return f"{head} {own:>12} {other:>12} {ratio:>8} {wanted:>8} {goal:>6}  {figure.met}"


def machine(versions: dict[str, str]) -> dict[str, Any]:
    """What the figures were measured with; nothing that names the machine."""
    cpu = platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        models = [text.partition(":")[2].strip() for text in info.read_text().splitlines() if "model name" in text]
        cpu = models[0] if models else cpu
    return {
        "when": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "cpu": cpu,
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2),
        "kernel": platform.release(),
        "python": platform.python_version(),
        **versions,
    }


def write_json(path: Path, figures: Iterable[Figure], about: dict[str, Any]) -> None:
    """All figures, as ``{"machine": {...}, "rows": [{...}]}``."""
    rows = [
        {
            **figure._asdict(),
            "want": figure.want._asdict() if figure.want else None,
            "ratio": figure.ratio,
            "met": figure.met,
        }
        for figure in figures
    ]
    path.write_text(json.dumps({"machine": about, "rows": rows}, indent=1) + "\n")


# The picture: one bar for each ratio, on a logarithmic scale, with a mark at what is wanted.
LEFT, WIDTH, STEP, TOP = 330, 560, 20, 40
LOWEST, HIGHEST = 0.1, 10_000.0
FILL = {"goal": "#2e8b57", "yes": "#6aa84f", "no": "#cc4125", "-": "#888888"}


def _x(ratio: float) -> float:
    share = math.log(min(max(ratio, LOWEST), HIGHEST) / LOWEST) / math.log(HIGHEST / LOWEST)
    return LEFT + WIDTH * share


def _text(x: float, y: float, words: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def _mark(x: float, top: float, bottom: float, colour: str) -> str:
    return f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{bottom}" stroke="{colour}"/>'


def _bar(figure: Figure, ratio: float, y: int) -> str:
    start, end = sorted((_x(1), _x(ratio)))
    parts = [
        _text(LEFT - 8, y + 12, f"{figure.what}, {figure.variant}", "end"),
        f'<rect x="{start:.1f}" y="{y + 2}" width="{max(end - start, 1):.1f}" height="{STEP - 6}" '
        f'fill="{FILL[figure.met]}"/>',
        _text(end + 6, y + 12, _number(ratio)),
    ]
    if figure.want:
        bound = figure.want.most if isinstance(figure.want, Most) else figure.want.least
        parts.append(_mark(_x(bound), y, y + STEP - 2, "#000000"))
    return "\n".join(parts)


def write_plot(path: Path, figures: Iterable[Figure]) -> None:
    """The ratios as an SVG picture. What has no ratio is left to the table."""
    shown = [(figure, figure.ratio) for figure in figures if figure.ratio]
    bottom = TOP + STEP * len(shown)
    scale = [10.0**power for power in range(-1, 5)]
    title = "hsmith's speed over SoftHSM's (library and many: a ratio of times); black: what is wanted"
    body = [
        _text(8, 16, title),
        *(_mark(_x(at), TOP - 4, bottom, "#cccccc") + _text(_x(at), TOP - 8, f"{at:g}", "middle") for at in scale),
        *(_bar(figure, ratio, TOP + STEP * place) for place, (figure, ratio) in enumerate(shown)),
    ]
    size = f'width="{LEFT + WIDTH + 70}" height="{bottom + 10}"'
    style = '<rect width="100%" height="100%" fill="#ffffff"/>'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="12">'
    path.write_text("\n".join([head, style, *body, "</svg>"]) + "\n")
