"""Whatever bytes a parser is given: it refuses them in its own words, or what it reads it writes back the same.

Each file of corpus/ is tried first: inputs that once failed, and some of every shape. The wire's encodings are tried
from the other side, by values, in tests/wire/test_codec.py.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuzz.parsers import PARSERS

CORPUS = sorted((Path(__file__).parent / "corpus").iterdir())
each_parser = pytest.mark.parametrize("parse", PARSERS, ids=lambda parse: parse.__name__)


@each_parser
@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.name)
def test_the_corpus(parse: Callable[[bytes], None], path: Path) -> None:
    parse(path.read_bytes())


@each_parser
@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.binary(max_size=300))
def test_random_bytes(parse: Callable[[bytes], None], data: bytes) -> None:
    parse(data)


@each_parser
@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_mutations_of_the_corpus(parse: Callable[[bytes], None], data: st.DataObject) -> None:
    content = bytearray(data.draw(st.sampled_from(CORPUS)).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, max(0, len(content) - 1)))
        content[at : at + data.draw(st.integers(0, 8))] = data.draw(st.binary(max_size=8))
    parse(bytes(content))
