"""What the store costs: commits, searches and reads, by the number of objects and of threads.

python bench/store.py [OBJECTS ...]   with the folder for the stores in TMPDIR: the disk there decides the commits.
"""

import random
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from itertools import cycle
from pathlib import Path

from hsmith.spec.values import Value
from hsmith.store.records import ObjectRecord, PutObject, PutToken, TokenRecord
from hsmith.store.sealing import Sealer
from hsmith.store.sqlite import SqliteStore

TOKEN = 1
BATCH = 500
CHANCE = random.Random(1)  # noqa: S311  (no secret)
SEALER = Sealer(bytes(32), token=TOKEN, private=True)
#: Attributes as those of a secret key.
KEY: dict[int, Value] = {0: 4, 3: b"a label of a key", 0x100: 0x1F, 0x102: bytes(20), 0x11: bytes(32), 0x161: 32}
KEY |= {attr: attr % 2 == 0 for attr in (1, 2, *range(0x103, 0x10E), 0x162, 0x163, 0x164, 0x165, 0x170, 0x171, 0x172)}


def _put(number: int) -> PutObject:
    """An object of usual size with a label of its own and three tags that many share."""
    common = (b"class %010d" % (number % 4), b"type %011d" % (number % 8), b"token %010d" % 1)
    return PutObject(ObjectRecord(TOKEN, number, 1, True, bytes(600)), (b"label %010d" % number, *common))


def _microseconds(work: Callable[[], object], times: int) -> float:
    work()
    start = time.perf_counter()
    for _ in range(times):
        work()
    return (time.perf_counter() - start) / times * 1e6


def _commits(store: SqliteStore, threads: int, each: int) -> float:
    """Changes a second of so many threads, one object in each call."""

    def run() -> None:
        for _ in range(each):
            store.change([_put(store.reserve())])

    workers = [threading.Thread(target=run) for _ in range(threads)]
    start = time.perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return threads * each / (time.perf_counter() - start)


def _filled(store: SqliteStore, objects: int) -> float:
    """Objects a second when they are put in large calls."""
    start = time.perf_counter()
    for _ in range(0, objects, BATCH):
        store.change([_put(store.reserve()) for _ in range(BATCH)])
    return objects / (time.perf_counter() - start)


def _measure(objects: int) -> None:
    with tempfile.TemporaryDirectory() as place:
        store = SqliteStore(Path(place) / "store")
        store.change([PutToken(TokenRecord(TOKEN, 1, 1, b"token"))])
        print(f"{objects:,} objects: filled at {_filled(store, objects):,.0f}/s")
        tags = cycle([_put(CHANCE.randrange(1, objects)).tags for _ in range(5000)])
        numbers = cycle([CHANCE.randrange(1, objects) for _ in range(5000)])
        for name, work in (
            ("find by label", lambda: store.find(TOKEN, next(tags)[:1])),
            ("find by label and three more", lambda: store.find(TOKEN, next(tags))),
            ("find nothing", lambda: store.find(TOKEN, (b"no such label", b"class"))),
            ("read an object", lambda: store.object(TOKEN, next(numbers))),
            ("count", lambda: store.count(TOKEN)),
        ):
            print(f"  {name:34} {_microseconds(work, 5000):8.1f} us")
        for threads in (1, 4, 16, 64):
            print(f"  {threads:2} threads put one object a call   {_commits(store, threads, 200):10,.0f}/s")
        store.close()


def main() -> None:
    record = SEALER.seal(1, 1, KEY)
    for name, work in (
        ("seal a key", lambda: SEALER.seal(1, 1, KEY)),
        (f"unseal it ({len(record.blob)} bytes)", lambda: SEALER.unseal(record)),
        ("tag of a label", lambda: SEALER.tag(3, b"label")),
    ):
        print(f"{name:36} {_microseconds(work, 5000):8.1f} us")
    for objects in map(int, sys.argv[1:] or ("1000", "100000")):
        _measure(objects)


if __name__ == "__main__":
    main()
