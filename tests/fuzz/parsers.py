"""What is tried with any bytes: each parser refuses them in its own words, or writes what it reads back the same."""

import contextlib
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from hsmith.spec.functions import FUNCTIONS, Needs
from hsmith.store import audit, codec, entries
from hsmith.store.epoch import EPOCH, EpochFile
from hsmith.store.records import StoreBroken
from hsmith.store.sealing import KEY_SIZE
from hsmith.wire import codec as wire
from hsmith.wire import frames
from hsmith.wire.answers import parse_admin
from hsmith.wire.receiver import BadFrame

REMOTE: Final = [row for row in FUNCTIONS if row.needs is not Needs.LOCAL]
SECRET: Final = bytes(KEY_SIZE)


def request(data: bytes) -> None:
    """The first byte chooses the function: templates, mechanisms and their parameters are among its arguments."""
    row = REMOTE[data[0] % len(REMOTE)] if data else REMOTE[0]
    with contextlib.suppress(wire.Undecodable):
        arguments = wire.decode_call(row, memoryview(data)[1:])
        assert wire.encode_call(row, arguments) == data[1:]


def reply(data: bytes) -> None:
    """The first two bytes choose the function and the return value."""
    row = REMOTE[data[0] % len(REMOTE)] if data else REMOTE[0]
    with contextlib.suppress(wire.Undecodable):
        results = wire.decode_reply(row, data[1] if len(data) > 1 else 0, memoryview(data)[2:])
        assert isinstance(results, tuple)


def hello(data: bytes) -> None:
    with contextlib.suppress(wire.Undecodable):
        frames.decode_hello(memoryview(data))
    with contextlib.suppress(wire.Undecodable):
        frames.decode_hello_reply(memoryview(data))


def administration(data: bytes) -> None:
    with contextlib.suppress(BadFrame):
        assert isinstance(parse_admin(memoryview(data)), dict)


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


PARSERS: Final[list[Callable[[bytes], None]]] = [
    request, hello, administration, stored_attributes, ledger_entries, epoch_file, audit_export, reply,
]  # fmt: skip
