"""What the number of objects costs: filling, memory, searching for an object, using a key, without a client.

python bench/scale.py [OBJECTS ...]   prints JSON; sizes ascend (default: 100 1000 100000). The store is in TMPDIR:
a million objects take 2 GB of it, and some minutes.
"""

import gc
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hsmith.core import templates
from hsmith.core.durable import Settings
from hsmith.core.hsm import Hsm
from hsmith.cryptoki.application import Application, Session
from hsmith.cryptoki.dispatch import HANDLERS
from hsmith.spec.constants import Attr, Mechanism, ObjectClass, UserType
from hsmith.spec.functions import BY_NAME
from hsmith.spec.values import MechanismArg, Template

SO_PIN, PIN = b"12345678", b"1234"
BATCH = 250
KEYS = 100
P256 = bytes.fromhex("06082a8648ce3d030107")
CHANCE = random.Random(1)  # noqa: S311  (no secret)


class Bench:
    """A token that grows, and a session with it."""

    def __init__(self, app: Application, session: Session) -> None:
        self._app, self.session = app, session
        self.objects = 0
        self.keys = [self._key(number) for number in range(KEYS)]

    def call(self, name: str, *arguments: Any) -> tuple[Any, ...]:
        results: tuple[Any, ...] = HANDLERS[BY_NAME[name].number](self._app, self.session.handle, *arguments)
        return results

    def _key(self, number: int) -> int:
        public: Template = ((int(Attr.EC_PARAMS), P256), (int(Attr.TOKEN), True))
        private: Template = tuple((int(attr), True) for attr in (Attr.SIGN, Attr.TOKEN, Attr.PRIVATE, Attr.SENSITIVE))
        private += ((int(Attr.LABEL), b"key %d" % number),)
        handle: int = self.call("C_GenerateKeyPair", MechanismArg(Mechanism.EC_KEY_PAIR_GEN, None), public, private)[1]
        return handle

    def fill(self, objects: int) -> float:
        """Data objects with a label each, until there are so many. Seconds for one."""
        start, before = time.perf_counter(), self.objects
        while self.objects < objects:
            numbers = range(self.objects, min(objects, self.objects + BATCH))
            shelf = self.session.token.shelf
            shelf.add(*[templates.create(self._data(number), so=False) for number in numbers])
            self.objects = numbers.stop
        return (time.perf_counter() - start) / max(1, objects - before)

    @staticmethod
    def _data(number: int) -> Template:
        label = b"object %d" % number
        return (
            (int(Attr.CLASS), int(ObjectClass.DATA)), (int(Attr.LABEL), label), (int(Attr.VALUE), label),
            (int(Attr.TOKEN), True), (int(Attr.PRIVATE), False),
        )  # fmt: skip

    def search(self, label: bytes, cls: ObjectClass = ObjectClass.DATA) -> int:
        """C_FindObjectsInit, C_FindObjects, C_FindObjectsFinal: the one handle."""
        self.call("C_FindObjectsInit", ((int(Attr.CLASS), int(cls)), (int(Attr.LABEL), label)))
        ((handle,),) = self.call("C_FindObjects", 2)
        self.call("C_FindObjectsFinal")
        return int(handle)

    def _in_vain(self) -> None:
        self.call("C_FindObjectsInit", ((int(Attr.LABEL), b"none"),))
        assert self.call("C_FindObjects", 2) == ([],)
        self.call("C_FindObjectsFinal")

    def sign(self, handle: int) -> None:
        self.call("C_SignInit", MechanismArg(Mechanism.ECDSA, None), handle)
        self.call("C_Sign", bytes(32), 64)

    def measures(self) -> dict[str, float]:
        """Microseconds each."""
        labels = [b"object %d" % CHANCE.randrange(self.objects) for _ in range(2000)]
        names = [b"key %d" % CHANCE.randrange(KEYS) for _ in range(500)]
        keys = [CHANCE.choice(self.keys) for _ in range(500)]
        return {
            "search_us": _microseconds(lambda at: self.search(labels[at % 50]), 2000),
            "search_any_us": _microseconds(lambda at: self.search(labels[at]), 2000),
            "search_key_us": _microseconds(lambda at: self.search(names[at], ObjectClass.PRIVATE_KEY), 500),
            "search_in_vain_us": _microseconds(lambda _: self._in_vain(), 500),
            "use_key_us": _microseconds(lambda at: self.sign(keys[at]), 500),
        }


def _microseconds(work: Callable[[int], object], times: int) -> float:
    """The best of five rounds: what else the machine does is not measured."""
    rounds = []
    for _ in range(5):
        start = time.perf_counter()
        for at in range(times):
            work(at)
        rounds.append((time.perf_counter() - start) / times * 1e6)
    return round(min(rounds), 2)


def memory() -> int:
    """Bytes of this process that are in memory."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


@contextmanager
def opened() -> Iterator[Bench]:
    """A token in a new folder, its user logged in."""
    with tempfile.TemporaryDirectory() as place:
        hsm = Hsm.opened(Path(place) / "store", Settings(kdf_milliseconds=1))
        token = hsm.initialise(0, SO_PIN, b"bench".ljust(32))
        app = Application(hsm)
        session = app.open_session(0, 6)
        app.log_in(session, UserType.SO, SO_PIN)
        token.init_user_pin(PIN)
        app.log_out(session)
        app.log_in(session, UserType.USER, PIN)
        yield Bench(app, session)
        hsm.close()


def scale(sizes: list[int]) -> dict[str, Any]:
    """For each size the figures; and their ratio to those of the first. ``bytes_an_object``: by which memory grew for
    each object that was added (small sizes fill the caches, which have a limit)."""
    rows: list[dict[str, float]] = []
    with opened() as bench:
        before = memory()
        for size in sizes:
            more = size - bench.objects
            row: dict[str, float] = {"objects": size, "fill_us": round(bench.fill(size) * 1e6, 1)}
            row |= bench.measures()
            after = memory()
            row["bytes_an_object"] = round((after - before) / more, 1)
            before = after
            rows.append(row)
            print(f"{size:,} objects measured", file=sys.stderr)
    first = rows[0]
    ratios = [{name: round(row[name] / first[name], 2) for name in row if name.endswith("_us")} for row in rows]
    return {"sizes": rows, "ratios": ratios}


if __name__ == "__main__":
    print(json.dumps(scale([int(size) for size in sys.argv[1:]] or [100, 1000, 100_000]), indent=1))
