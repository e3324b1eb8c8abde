"""The files of PyPI's cryptography-vectors: NIST's CAVP, RFCs and others, in the form of the former."""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Final

Record = dict[str, str]

_SPEC: Final = find_spec("cryptography_vectors")
FOLDER: Final = Path(_SPEC.origin).parent if _SPEC is not None and _SPEC.origin else None


def records(name: str) -> Iterator[tuple[list[str], Record]]:
    """(what stands in brackets above, the lines ``KEY = VALUE`` of one block) for each block of a file.

    Blocks end with an empty line, or where a key comes again; lines that are indented show the work and are left out.
    What stands in brackets holds until the next brackets that come after a block.
    """
    assert FOLDER is not None
    section: list[str] = []
    block: Record = {}
    fresh = True
    for raw in (FOLDER / name).read_text().splitlines():
        line = raw.strip()
        if line.startswith("#") or raw[:1] == "\t":
            continue
        key, separator, value = (part.strip() for part in line.partition("="))
        if block and (not line or line.startswith("[") or (separator and key in block)):
            yield section, block
            block, fresh = {}, True
        if line.startswith("["):
            section = [line.strip("[]")] if fresh else [*section, line.strip("[]")]
            fresh = False
        elif separator:
            block[key] = value
    if block:
        yield section, block
