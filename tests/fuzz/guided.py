"""Fuzzing that is guided by what the code does with an input (atheris), for a time; a fault ends it with its input.

    python tests/fuzz/guided.py parsers|calls FOLDER SECONDS

New inputs are left in FOLDER/found, an input that fails in FOLDER. The same input again: SECONDS is its file's path.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import atheris

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

with atheris.instrument_imports(include=["hsmith"]):
    from fuzz import calls, parsers

CORPUS: Final = Path(__file__).parent / "corpus"


def _parsers() -> tuple[Callable[[bytes], None], list[bytes]]:
    """The first byte chooses the parser."""

    def parse(data: bytes) -> None:
        parsers.PARSERS[data[0] % len(parsers.PARSERS) if data else 0](data[1:])

    files = [path.read_bytes() for path in sorted(CORPUS.iterdir())]
    return parse, [bytes([at]) + data for at in range(len(parsers.PARSERS)) for data in files]


def _calls() -> tuple[Callable[[bytes], None], list[bytes]]:
    return calls.bench().try_calls, list(calls.seeds())


TARGETS: Final = {"parsers": _parsers, "calls": _calls}


def main(target: str, folder: Path, how: str) -> None:
    attempt, seeds = TARGETS[target]()
    if not how.isdigit():
        attempt(Path(how).read_bytes())
        return
    found, begin = folder / "found", folder / "seeds"
    for path in (found, begin):
        path.mkdir(parents=True, exist_ok=True)
    for at, seed in enumerate(seeds):
        (begin / f"{at:04}").write_bytes(seed)
    options = [f"-max_total_time={how}", "-max_len=2048", "-timeout=60", "-print_final_stats=1", "-verbosity=1"]
    atheris.Setup([sys.argv[0], *options, f"-artifact_prefix={folder}/", str(found), str(begin)], attempt)
    atheris.Fuzz()  # ends the process


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
