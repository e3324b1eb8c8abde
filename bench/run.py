"""hsmith beside SoftHSM, in one run on one machine: a table, JSON and a picture. docs/performance.md explains them.

Exit codes: 0 measured (whatever the figures are), 1 all or some rows failed, 2 wrong use, 130 interrupted.
"""

import argparse
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from places import KINDS, ROOT, Hsmith, Place, Places, SoftHsm, Trouble, run, softhsm_module
from programs import PROGRAMS, Effort, alternately
from report import COLUMNS, line, machine, write_json, write_plot
from rows import CALLS, NAMES, PACKAGES, SINGLES, Call, Figure, Single

RESULTS = ROOT / "bench" / "results"
PROCESSES = 4
#: Objects of the filled places: as promised, and for a quick look.
OBJECTS = {"filled": 1000, "first": 5000, "zone": 0, "few": 100, "many": 100_000}
QUICK = {"filled": 50, "first": 100, "zone": 0, "few": 10, "many": 200}


def _positive(text: str) -> float:
    number = float(text)
    if not 0 < number <= 3600:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 3600")
    return number


def _threads(text: str) -> list[int]:
    numbers = [int(part) for part in text.split(",")]
    if not all(1 <= number <= 64 for number in numbers):
        raise argparse.ArgumentTypeError(f"{text}: numbers from 1 to 64, with commas between them")
    return numbers


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/run.py", description="Measure hsmith beside SoftHSM.")
    parser.add_argument("--seconds", type=_positive, help="of one measurement (default: 1; with --quick 0.1)")
    parser.add_argument("--threads", type=_threads, help="as 1,2,4,8 (the default; with --quick 1,2)")
    parser.add_argument("--only", action="append", choices=NAMES, metavar="NAME", help=f"rows: {', '.join(NAMES)}")
    parser.add_argument("--json", type=Path, default=RESULTS / "bench.json", metavar="FILE", help="all figures")
    parser.add_argument("--plot", type=Path, default=RESULTS / "bench.svg", metavar="FILE", help="the ratios, in SVG")
    parser.add_argument("--quick", action="store_true", help="one round, and fewer objects: does it work?")
    return parser.parse_args()


def _pair(call: Call, places: Places, effort: Effort, *, processes: int, threads: int) -> list[float]:
    """Calls a second of hsmith and of SoftHSM."""
    seconds = effort.seconds * call.longer

    def measure(place: Place) -> float:
        answer = place.calls(call.name, processes, threads, seconds, places.objects(call.place))
        return float(answer["per_second"])

    if call.place != "new":
        own, other = (places.keep(call.place, kind) for kind in KINDS)
        return alternately(effort, lambda: measure(own), lambda: measure(other))
    with places.new(Hsmith) as own, places.new(SoftHsm) as other:
        return alternately(effort, lambda: measure(own), lambda: measure(other))


def _variants(threads: list[int]) -> Iterator[tuple[str, int, int]]:
    """Name, processes and threads of each."""
    for number in threads:
        yield f"{number} thread{'s' * (number > 1)}", 1, number
    yield f"{PROCESSES} processes", PROCESSES, 1


def _calls(call: Call, places: Places, effort: Effort, threads: list[int]) -> Iterator[Figure]:
    for name, processes, number in _variants(threads):
        want = call.many if call.many and processes * number > 1 else call.want
        own, other = _pair(call, places, effort, processes=processes, threads=number)
        yield Figure(call.name, call.what, name, "/s", own, other, want)


def _single(row: Single, places: Places, effort: Effort) -> Iterator[Figure]:
    for measured in PROGRAMS[row.name](places, effort):
        yield Figure(row.name, row.what, *measured, row.want)


def _installed(program: str) -> bool:
    return bool(shutil.which(program) or any(Path("/usr").glob(f"lib*/{program}")))


def _row(name: str, places: Places, effort: Effort, threads: list[int]) -> Iterator[Figure]:
    """The figures of a row; none, in words, where its programs are missing."""
    for call in CALLS:
        if call.name == name:
            yield from _calls(call, places, effort, threads)
    for row in SINGLES:
        if row.name != name:
            continue
        if missing := [PACKAGES[program] for program in row.needs if not _installed(program)]:
            print(f"{name:<14} left out: not installed (Debian: {', '.join(missing)})", flush=True)
        else:
            yield from _single(row, places, effort)


def _table(options: argparse.Namespace, places: Places, effort: Effort, figures: list[Figure]) -> bool:
    """Print and keep each figure as it comes. A row that fails is said, and spoils no other: false at the end."""
    threads = options.threads or ([1, 2] if options.quick else [1, 2, 4, 8])
    good = True
    for name in NAMES:
        if name not in (options.only or NAMES):
            continue
        try:
            for figure in _row(name, places, effort, threads):
                figures.append(figure)
                print(line(figure), flush=True)
        except (Trouble, OSError) as error:
            print(f"bench: {name} failed: {error}", file=sys.stderr)
            good = False
    return good


def _measure(options: argparse.Namespace) -> bool:
    """Measure, print and write; whether all rows went well."""
    softhsm_module()
    for path in (options.json, options.plot):
        path.parent.mkdir(parents=True, exist_ok=True)
    quick = options.quick
    effort = Effort(
        seconds=options.seconds or (0.1 if quick else 1),
        rounds=1 if quick else 3,
        names=100 if quick else 10_000,
        signers=(1,) if quick else (1, 8),
    )
    figures: list[Figure] = []
    about = machine({"hsmith": version("hsmith"), "softhsm": run("softhsm2-util", "--version").strip()})
    with tempfile.TemporaryDirectory(prefix="hb-", ignore_cleanup_errors=True) as folder:
        places = Places(Path(folder), QUICK if quick else OBJECTS)
        try:
            print(", ".join(f"{name} {value}" for name, value in about.items()), COLUMNS, sep="\n", flush=True)
            good = _table(options, places, effort, figures)
        finally:
            places.close()
    write_json(options.json, figures, about)
    write_plot(options.plot, figures)
    print(f"written: {os.path.relpath(options.json)}, {os.path.relpath(options.plot)}")
    return good


def _terminated(*_: object) -> None:
    raise KeyboardInterrupt


def main() -> int:
    options = _arguments()
    for name in [name for name in os.environ if name.startswith("HSMITH_")]:
        del os.environ[name]  # the user's own home and PINs are not for this
    os.environ["PATH"] = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    signal.signal(signal.SIGTERM, _terminated)
    try:
        return 0 if _measure(options) else 1
    except (Trouble, OSError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("bench: interrupted; nothing was written.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
