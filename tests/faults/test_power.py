"""Power loss, simulated: all that is written to a store's files is recorded, and the disk is made as it may have been.

At every sync, before and after it, the store is opened from three disks: with all that was written; with nothing but
what was synced; and with any part of what was not, the last piece torn. What was acknowledged by then must be there.
"""

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from faults.rig import many
from hsmith.core.hsm import Hsm
from hsmith.spec.constants import Attr

WRITER = """
import json, os, random, sys
from pathlib import Path
from hsmith.core.durable import Settings
from hsmith.core.hsm import Hsm
from hsmith.spec.constants import Attr, ObjectClass
from hsmith.store import writer

writer.CHECKPOINT_AT = 30  # so that the log is copied often
folder = Path(sys.argv[1])
said = os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
say = lambda *words: os.write(said, json.dumps(words).encode() + b"\\n")
chance = random.Random(int(sys.argv[3]))
hsm = Hsm.opened(folder, Settings(kdf_milliseconds=10))
say("begin", "token", 1)
token = hsm.initialise(0, b"12345678", b"power".ljust(32))
say("done", "token")
live = {}

def attributes(name, version):
    size = chance.choice((10, 100, 6000))
    return {Attr.CLASS: ObjectClass.DATA, Attr.TOKEN: True, Attr.PRIVATE: False, Attr.MODIFIABLE: True,
            Attr.APPLICATION: name.encode(), Attr.LABEL: str(version).encode(), Attr.VALUE: bytes(size)}

for number in range(int(sys.argv[4])):
    if number % 40 == 39:
        hsm.close()
        hsm = Hsm.opened(folder, Settings(kdf_milliseconds=10))
        token = hsm.tokens()[0]
    name = f"n{number}"
    way = chance.random()
    if way < 0.4 or not live:
        say("begin", name, [1, 1])
        live[name] = [object.id for object in token.shelf.add(attributes(name, 1), attributes(name, 1))], 1
        say("done", name)
    elif way < 0.7:
        name = chance.choice(list(live))
        ids, version = live[name]
        if len(ids) == 2:
            continue
        say("begin", name, [version + 1])
        token.shelf.change(token.shelf.get(ids[0]), lambda old: attributes(name, version + 1))
        live[name] = ids, version + 1
        say("done", name)
    else:
        name = chance.choice(list(live))
        ids, version = live[name]
        say("begin", name, [version] * (len(ids) - 1) or None)
        token.shelf.destroy(token.shelf.get(ids.pop()))
        if not ids:
            del live[name]
        say("done", name)
hsm.close()
"""


class Event(NamedTuple):
    what: str
    path: str
    data: bytes
    at: int


def _events(log: bytes) -> Iterator[Event]:
    place = 0
    while place < len(log):
        end = log.index(b"\n", place)
        what, path, data, at = log[place:end].decode().split(" ")
        middle, last = end + 1 + int(path), end + 1 + int(path) + int(data)
        yield Event(what, log[end + 1 : middle].decode(), log[middle:last], int(at))
        place = last


@dataclass
class File:
    """``synced``: what is certain. ``pending``: what was done since."""

    synced: bytes = b""
    pending: list[Event] = field(default_factory=list)

    def content(self, events: list[Event]) -> bytes:
        content = bytearray(self.synced)
        for event in events:
            if event.what == "W":
                content.extend(bytes(max(0, event.at + len(event.data) - len(content))))
                content[event.at : event.at + len(event.data)] = event.data
            elif event.what == "G":
                content.extend(bytes(max(0, event.at - len(content))))
            else:
                del content[event.at :]
                content.extend(bytes(event.at - len(content)))
        return bytes(content)


class Disk:
    """What was done to the files, and what of it is certain: data after a sync of the file, names after one of the
    folder."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.names: dict[str, File] = {}
        self.certain: dict[str, File] = {}

    def do(self, event: Event) -> None:
        what, path = event.what, event.path
        if what == "C":
            self.names.setdefault(path, File())
        elif what in "WTG" and path in self.names:
            self.names[path].pending.append(event)
        elif what == "S" and path in self.names:
            file = self.names[path]
            file.synced, file.pending = file.content(file.pending), []
        elif what == "S":
            self.certain = dict(self.names)
        elif what in "RL":
            self.names[event.data.decode()] = self.names[path]
            if what == "R":
                del self.names[path]
        elif what == "U":
            del self.names[path]

    def all(self) -> dict[str, bytes]:
        return {name: file.content(file.pending) for name, file in self.names.items()}

    def least(self) -> dict[str, bytes]:
        return {name: file.synced for name, file in self.certain.items()}

    def some(self) -> dict[str, bytes]:
        names = self.names if self.chance.random() < 0.5 else self.certain
        return {name: file.content(self._part(file.pending)) for name, file in names.items()}

    def _part(self, events: list[Event]) -> list[Event]:
        kept = [event for event in events if self.chance.random() < 0.7]
        if kept and kept[-1].what == "W":
            last = kept[-1]
            kept[-1] = last._replace(data=last.data[: self.chance.randrange(len(last.data) + 1)])
        return kept


class Told:
    """What was acknowledged, and what was begun, by name: the versions of its objects, None where there are none."""

    def __init__(self) -> None:
        self.done: dict[str, Any] = {}
        self.begun: dict[str, Any] = {}

    def hear(self, line: bytes) -> None:
        event, name, *state = json.loads(line)
        if event == "begin":
            self.begun[name] = state[0]
        else:
            self.done[name] = self.begun.pop(name)

    def check(self, found: dict[str, Any]) -> None:
        for name in self.done.keys() | self.begun.keys() | found.keys():
            may_be = [self.done.get(name), *([self.begun[name]] if name in self.begun else [])]
            assert found.get(name) in may_be, f"{name} is {found.get(name)}, and should be one of {may_be}"


def _found(folder: Path) -> dict[str, Any]:
    hsm = Hsm.opened(folder)
    found: dict[str, Any] = {}
    for token in hsm.tokens():
        found["token"] = 1
        for id, _ in token.shelf.find((), private=False):
            object = token.shelf.get(id)
            assert object is not None
            versions = found.setdefault(object.attributes[Attr.APPLICATION].decode(), [])
            versions.append(int(object.attributes[Attr.LABEL]))
    hsm.close()
    return found


def _laid_out(files: dict[str, bytes], store: Path, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    for name, content in files.items():
        path = Path(name)
        if path.parent == store and not name.endswith("-shm"):
            (folder / path.name).write_bytes(content)
            (folder / path.name).chmod(0o600)


@pytest.mark.slow
@pytest.mark.timeout(0)
def test_power_loss(tmp_path: Path, disk_library: Path) -> None:
    lost_power = acknowledged = 0
    for seed in range(many(1, 20)):
        run = tmp_path / str(seed)
        run.mkdir()
        store, told_to = run / "store", run / "store.told" / "store" / "told"
        told_to.parent.mkdir(parents=True)
        environment = os.environ | {
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            "LD_PRELOAD": str(disk_library),
            "DISK_LOG": str(run / "log"),
        }
        command = [sys.executable, "-c", WRITER, str(store), str(told_to), str(seed), "90"]
        subprocess.run(command, env=environment, check=True, timeout=120)
        chance = random.Random(seed)
        disk, told = Disk(chance), Told()
        for event in _events((run / "log").read_bytes()):
            if event.path == str(told_to):
                if event.what == "W":
                    told.hear(event.data)
                    acknowledged += not told.begun
                continue
            if event.what == "S":
                lost_power += _look(disk, told, store, run / "copy" / "store")
            disk.do(event)
            if event.what == "S":
                lost_power += _look(disk, told, store, run / "copy" / "store")
        assert told.done and not told.begun
    print(f"\npower lost {lost_power} times, {acknowledged} changes acknowledged, 0 lost, 0 torn")
    assert lost_power > 200


def _look(disk: Disk, told: Told, store: Path, copy: Path) -> int:
    copy.parent.mkdir(exist_ok=True)
    for files in (disk.all(), disk.least(), disk.some()):
        _laid_out(files, store, copy)
        told.check(_found(copy))
    return 3
