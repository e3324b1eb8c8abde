"""What a search costs the keeper by itself, by the number of objects, each time for another label.

python bench/search.py [OBJECTS ...]   prints JSON (default: 100 1000 100000): microseconds for one frame FIND, from its
bytes to those of the answer, by class and label and by class and id, in a store that was opened again (`opened`: no
object is in memory) and in the one that made the last 1,024 of them (`made`). The store is in TMPDIR.
"""

import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hsmith.core import templates
from hsmith.core.durable import Settings
from hsmith.core.hsm import Hsm
from hsmith.core.tally import Tally
from hsmith.cryptoki.application import Application, Session
from hsmith.cryptoki.dispatch import HANDLERS
from hsmith.spec.constants import Attr, KeyType, ObjectClass, UserType
from hsmith.spec.functions import FIND
from hsmith.spec.values import Template
from hsmith.wire import answers, codec

SO_PIN, PIN = b"12345678", b"1234"
P256 = bytes.fromhex("06082a8648ce3d030107")
POINT = bytes.fromhex(
    "044104"
    "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
)
BATCH = 250
ROUNDS = 7
#: Searches of one round, at most.
MOST = 5000
CHANCE = random.Random(1)  # noqa: S311  (no secret)


def _key(number: int) -> dict[int, Any]:
    """A public key as `calls fill` makes it, with a label and an id of its own."""
    name = b"object %d" % number
    template: Template = (
        (int(Attr.CLASS), int(ObjectClass.PUBLIC_KEY)), (int(Attr.KEY_TYPE), int(KeyType.EC)),
        (int(Attr.EC_PARAMS), P256), (int(Attr.EC_POINT), POINT), (int(Attr.TOKEN), True), (int(Attr.PRIVATE), False),
        (int(Attr.VERIFY), True), (int(Attr.LABEL), name), (int(Attr.ID), name),
    )  # fmt: skip
    return templates.create(template, so=False)


@contextmanager
def opened(folder: Path, *, new: bool) -> Iterator[Session]:
    """The token in ``folder``, its user logged in."""
    hsm = Hsm.opened(folder, Settings(kdf_milliseconds=1))
    app = Application(hsm)
    if new:
        token = hsm.initialise(0, SO_PIN, b"bench".ljust(32))
    session = app.open_session(0, 6)
    if new:
        app.log_in(session, UserType.SO, SO_PIN)
        token.init_user_pin(PIN)
        app.log_out(session)
    app.log_in(session, UserType.USER, PIN)
    yield session
    hsm.close()


def _requests(session: Session, objects: int, attr: Attr) -> list[memoryview]:
    numbers = list(range(objects))
    CHANCE.shuffle(numbers)
    head = (int(Attr.CLASS), int(ObjectClass.PUBLIC_KEY))
    names = [(int(attr), b"object %d" % number) for number in numbers]
    return [memoryview(codec.encode_call(FIND, (session.handle, (head, name), 64))) for name in names]


def measured(session: Session, objects: int) -> dict[str, float]:
    """Microseconds, the processor's: the median of the rounds' means, and the least."""
    call, app, tally = answers.call_table(HANDLERS, {}, {})[FIND.number], session.app, Tally()
    answer = answers.answer_call
    figures = {}
    for name, attr in (("label", Attr.LABEL), ("id", Attr.ID)):
        requests = _requests(session, objects, attr)
        found = 1 + codec.decode_reply(FIND, 0, answer(call, app, requests[0], tally)[8:])[0]
        assert found == 2, found
        rounds, at = [], 0
        for _ in range(ROUNDS):
            some = [requests[(at + place) % objects] for place in range(max(1000, min(objects, MOST)))]
            at += len(some)
            start = time.process_time()
            for request in some:
                answer(call, app, request, tally)
            rounds.append((time.process_time() - start) / len(some) * 1e6)
        figures[name] = round(statistics.median(rounds), 2)
        figures[f"{name}_least"] = round(min(rounds), 2)
    return figures


def search(sizes: list[int]) -> dict[str, Any]:
    figures: dict[str, Any] = {}
    for size in sizes:
        with tempfile.TemporaryDirectory() as place:
            with opened(Path(place) / "store", new=True) as session:
                for first in range(0, size, BATCH):
                    session.token.shelf.add(*[_key(number) for number in range(first, min(size, first + BATCH))])
                made = measured(session, size)
            with opened(Path(place) / "store", new=False) as session:
                figures[str(size)] = {"made": made, "opened": measured(session, size)}
    return figures


if __name__ == "__main__":
    print(json.dumps(search([int(size) for size in sys.argv[1:]] or [100, 1000, 100_000]), indent=1))
