"""kill -9 of the keeper and of its clients: what was acknowledged is there and usable, the rest whole or absent.

After each kill the next client starts a keeper by itself, finds everything, and goes on. HSMITH_FAULTS=long kills 1,000
times in each test; the figures are printed (pytest -s shows them).
"""

import itertools
import random
import time
from pathlib import Path

import pytest

from faults.hsmith_keeper import POINTS
from faults.mixes import GONE, Ledger, Mix, Objects, Tokens, client
from faults.rig import LONG, Child, Rig, many
from hsmith.store.records import KeyslotRecord
from hsmith.store.sqlite import SqliteStore
from p11 import P11

MIXES: tuple[type[Mix], ...] = (Objects, Tokens)


class Run:
    """A mix over one home: clients that follow one another, and the kills between them."""

    def __init__(self, mix: type[Mix], rig: Rig) -> None:
        self.mix = mix
        self.rig = rig
        self.ledger = Ledger(done=mix.first())
        self.kills = 0
        prepared = Child(self._prepare)
        assert list(prepared.listen()) == []
        assert prepared.end() == 0

    def _prepare(self, say: object) -> None:
        p11 = P11(self.rig.module)
        p11.initialize()
        self.mix.prepare(p11)

    def start(self) -> Child:
        """A client that has found everything as it must be, and works."""
        child = Child(client(self.mix, self.rig.module, self.ledger))
        try:
            words = child.hear()
        except AssertionError:
            print((self.rig.home / "keeper.log").read_text()[-3000:])
            raise
        assert words is not None and words[0] == "observed", words
        self.ledger.settle(words[1])
        self.ledger.wrong.clear()
        while (words := child.hear()) != ["ready"]:
            assert words is not None
            self.ledger.hear(*words)
        return child

    def work(self, child: Child, seconds: float) -> None:
        """Listen to it for a time, in which nothing may fail."""
        due = time.monotonic() + seconds
        while (left := due - time.monotonic()) > 0:
            try:
                words = child.hear(left)
            except AssertionError as silence:
                if "said nothing" in str(silence):
                    return
                raise
            assert words is not None and words[0] != "stopped", words
            self.ledger.hear(*words)

    def mourn(self, child: Child) -> None:
        """Hear what it said before it was killed, or its keeper."""
        for words in child.listen():
            if words[0] == "stopped":
                assert words[1].split(": ")[1] in GONE, words
            self.ledger.hear(*words)
        child.end()
        self.kills += 1

    def look_at_the_disk(self, copy: Path) -> None:
        """While no keeper runs: the database is whole, and counts no fewer wrong PINs than were told."""
        store = self.rig.copied_store(copy)
        for token in store.tokens():
            name = f"{token.slot}-token"
            assert _user_failures(store, token.id) >= self.ledger.wrong.get(name, 0)
        store.close()

    def report(self, what: str) -> None:
        last = self.start()
        last.kill()
        self.mourn(last)
        kills = self.kills - 1
        print(
            f"\n{what}, {self.mix.__name__.lower()}: {kills} kills, {self.ledger.acknowledged} changes acknowledged, "
            f"{self.ledger.torn} made without acknowledgement, 0 lost, 0 torn"
        )
        assert self.ledger.acknowledged > 0


def _user_failures(store: SqliteStore, token: int) -> int:
    found: list[KeyslotRecord] = [record for record in store.keyslots(token) if record.name == "user"]
    return found[0].failures if found else 99


@pytest.mark.slow
@pytest.mark.timeout(0)
@pytest.mark.parametrize("mix", MIXES)
def test_kills_of_the_keeper(mix: type[Mix], rig: Rig, tmp_path: Path) -> None:
    run = Run(mix, rig)
    for _ in range(many(mix.kills, 1000)):
        child = run.start()
        run.work(child, random.uniform(0, mix.seconds))
        rig.kill_keeper()
        run.mourn(child)
        run.look_at_the_disk(tmp_path / "copy")
    run.report("the keeper killed")


@pytest.mark.slow
@pytest.mark.timeout(0)
@pytest.mark.parametrize("mix", MIXES)
def test_kills_of_clients(mix: type[Mix], rig: Rig) -> None:
    run = Run(mix, rig)
    keeper = rig.keeper()
    for _ in range(many(mix.kills, 1000)):
        child = run.start()
        run.work(child, random.uniform(0, mix.seconds))
        child.kill()
        run.mourn(child)
        rig.alone()
    run.report("clients killed")
    assert rig.keeper() == keeper


@pytest.mark.slow
@pytest.mark.timeout(0)
@pytest.mark.parametrize("mix", MIXES)
def test_kills_at_named_points(mix: type[Mix], rig: Rig, tmp_path: Path) -> None:
    points = [point for point in POINTS if mix is Tokens or "KDF" not in point]
    if mix is Tokens and not LONG:  # each of its changes takes long
        points = [point for point in points if "KDF" in point or "COMMIT" in point]
    run = Run(mix, rig)
    reached: set[str] = set()
    kills = many(len(points), 1000)
    for number, point in enumerate(itertools.islice(itertools.cycle(points), kills), 1):
        child = run.start()
        # The last one comes late: were all early, by chance, nothing would have been acknowledged.
        rig.kill_at.write_text(f"{point}#{mix.passes if number == kills else random.randint(1, mix.passes)}")
        try:
            rig.keeper_ends()
        finally:
            rig.kill_at.unlink()
        reached.add(point)
        run.mourn(child)
        run.look_at_the_disk(tmp_path / "copy")
    assert reached == set(points)
    run.report("the keeper killed at named points")
