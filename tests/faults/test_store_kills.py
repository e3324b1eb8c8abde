"""kill -9 of a process that writes, at random moments: what was acknowledged is there, the rest whole or absent.

HSMITH_KILLS says how many; the figures are printed (pytest -s shows them).
"""

import json
import os
import random
import select
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from hsmith.store.sqlite import SqliteStore

KILLS = int(os.environ.get("HSMITH_KILLS", "25"))

#: Each thread makes pairs of objects, changes and deletes them, says what it is about to do and what was acknowledged.
WRITER = """
import json, os, random, sys, threading
from pathlib import Path
from hsmith.store.records import *
from hsmith.store.sqlite import SqliteStore

def say(*what):
    os.write(1, json.dumps(what).encode() + b"\\n")  # one write, so whole or not at all

def put(first, version):
    blob = b"%d " % version * random.randrange(1, 800)
    return [PutObject(ObjectRecord(1, first + half, version, True, blob), (b"all", b"version %d" % version))
            for half in (0, 1)]

def work():
    mine = {}
    while True:
        if not mine or random.random() < 0.4:
            first, second = sorted((reserve(), reserve()))
            first, version = (second * 1000, 1)
        else:
            first = random.choice(list(mine))
            version = 0 if random.random() < 0.3 else mine[first] + 1
        say("begin", first, version)
        store.change(put(first, version) if version else [DeleteObject(1, first), DeleteObject(1, first + 1)])
        say("done", first, version)
        mine.pop(first, None) if not version else mine.update({first: version})

def reserve():
    number = store.reserve()
    say("number", number)
    return number

store = SqliteStore(Path(sys.argv[1]))
if not store.tokens():
    store.change([PutToken(TokenRecord(1, 1, 1, b"token"))])
say("open")
for _ in range(4):
    threading.Thread(target=work).start()
"""


@dataclass
class Expected:
    """By the first object of each pair: the acknowledged version (0: none), and what was begun and not acknowledged."""

    done: dict[int, int] = field(default_factory=dict)
    begun: dict[int, int] = field(default_factory=dict)
    touched: set[int] = field(default_factory=set)
    numbers: set[int] = field(default_factory=set)
    acknowledged: int = 0

    def hear(self, event: str, *what: int) -> None:
        if event == "number":
            assert what[0] not in self.numbers, "a number was given twice"
            self.numbers.add(what[0])
        elif event == "begin":
            self.begun[what[0]] = what[1]
            self.touched.add(what[0])
        elif event == "done":
            self.done[what[0]] = self.begun.pop(what[0])
            self.acknowledged += 1

    def settle(self, store: SqliteStore) -> None:
        """Hold the store against what was heard since the last time; what it has is the truth from here on."""
        for first in self.touched:
            pair = [store.object(1, number) for number in (first, first + 1)]
            versions = [record.version if record else 0 for record in pair]
            assert versions[0] == versions[1], "half of a pair"
            may_be = {self.done.get(first, 0), self.begun.get(first, self.done.get(first, 0))}
            assert versions[0] in may_be, f"lost: {versions[0]} is not one of {may_be}"
            assert len({record.blob for record in pair if record}) <= 1
            self.done[first] = versions[0]
            assert not versions[0] or first in store.find(1, [b"version %d" % versions[0], b"all"])
        self.begun.clear()
        self.touched.clear()
        live = sorted(number for first, version in self.done.items() if version for number in (first, first + 1))
        assert store.find(1, []) == store.find(1, [b"all"]) == live
        assert store.count(1) == len(live)


def _killed_run(folder: Path, expected: Expected, after: float) -> None:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder)], stdout=subprocess.PIPE, env=environment
    ) as writer:
        assert writer.stdout is not None
        heard = b""
        end: float | None = None
        while chunk := _read(writer.stdout.fileno(), end):
            heard += chunk
            if end is None and b'"open"' in heard:
                end = time.monotonic() + after
            if end is not None and time.monotonic() >= end:
                writer.kill()
                end = time.monotonic() + 5
        writer.kill()
    for line in heard.split(b"\n"):
        if line.endswith(b"]"):
            expected.hear(*json.loads(line))


def _read(pipe: int, end: float | None) -> bytes:
    """What the writer says next; nothing when it has ended, a space when the time has come and it said nothing."""
    left = None if end is None else max(0.0, end - time.monotonic())
    ready, _, _ = select.select([pipe], [], [], left)
    return os.read(pipe, 1 << 20) if ready else b" "


@pytest.mark.timeout(60 + 2 * KILLS)
def test_kills(tmp_path: Path) -> None:
    chance = random.Random()
    expected = Expected()
    for _ in range(KILLS):
        _killed_run(tmp_path / "store", expected, chance.uniform(0, 0.2))
        store = SqliteStore(tmp_path / "store")
        expected.settle(store)
        connection = store._readers.take()
        assert connection.pragma("integrity_check") == "ok"
        assert connection.pragma("foreign_key_check") is None
        store._readers.give(connection)
        store.close()
    print(f"{KILLS} kills, {expected.acknowledged} changes acknowledged, 0 lost, 0 torn")
    assert expected.acknowledged > KILLS
