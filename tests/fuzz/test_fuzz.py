"""Whatever bytes a parser is given: it refuses them in its own words, or what it reads it writes back the same.

Each file of corpus/ is tried first: inputs that once failed, and some of every shape. The wire's encodings are tried
from the other side, by values, in tests/wire/test_codec.py.
"""

import contextlib
import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hsmith.spec.functions import FUNCTIONS, Needs
from hsmith.store import audit, codec, entries
from hsmith.store.epoch import EPOCH, EpochFile
from hsmith.store.records import StoreBroken
from hsmith.store.sealing import KEY_SIZE
from hsmith.wire import codec as wire
from hsmith.wire import frames
from hsmith.wire.connection import _parse_admin
from hsmith.wire.receiver import BadFrame

CORPUS = sorted((Path(__file__).parent / "corpus").iterdir())
REMOTE = [row for row in FUNCTIONS if row.needs is not Needs.LOCAL]
SECRET = bytes(KEY_SIZE)


def request(data: bytes) -> None:
    """The first byte chooses the function: templates, mechanisms and their parameters are among its arguments."""
    row = REMOTE[data[0] % len(REMOTE)] if data else REMOTE[0]
    with contextlib.suppress(wire.Undecodable):
        arguments = wire.decode_call(row, memoryview(data)[1:])
        again = wire.encode_call(row, arguments)
        assert wire.decode_call(row, memoryview(again)) == arguments


def hello(data: bytes) -> None:
    with contextlib.suppress(wire.Undecodable):
        frames.decode_hello(memoryview(data))
    with contextlib.suppress(wire.Undecodable):
        frames.decode_hello_reply(memoryview(data))


def administration(data: bytes) -> None:
    with contextlib.suppress(BadFrame):
        assert isinstance(_parse_admin(memoryview(data)), dict)


def stored_attributes(data: bytes) -> None:
    with contextlib.suppress(ValueError):
        assert codec.encode(codec.decode(data)) == data


def ledger_entries(data: bytes) -> None:
    place = data[: len(data) // 24 * 24]
    key, new = int.from_bytes(data[:8], "little"), (len(data), 7)
    assert entries.find(entries.put(place, key, new), key) == new
    left = entries.drop(place, key)
    assert sorted(entries.keys(place)) == sorted(entries.keys(left) + [key] * (len(left) < len(place)))


def epoch_file(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, EPOCH)
        path.write_bytes(data)
        path.chmod(0o600)
        file = EpochFile(Path(folder), SECRET)
        with contextlib.suppress(StoreBroken):
            file.read()
        file.close()


def audit_export(data: bytes) -> None:
    lines = data.decode("utf-8", "replace").splitlines()
    vouched, wrong = audit.verify_export(lines, bytes(32))
    assert vouched == 0
    assert wrong or not lines or all(json.loads(line) for line in lines)


PARSERS: list[Callable[[bytes], None]] = [
    request, hello, administration, stored_attributes, ledger_entries, epoch_file, audit_export,
]  # fmt: skip
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
