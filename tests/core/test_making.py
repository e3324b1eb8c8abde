"""Calls that make objects and come together are computed by one thread, each as itself, each with its own answer."""

import threading
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from hsmith.core.audit import CURRENT
from hsmith.core.durable import Durable, Settings
from hsmith.core.making import PAUSE, Call, Making, Ready, Steps
from hsmith.cryptoki.handlers import MOMENT
from hsmith.spec.constants import Fault
from hsmith.spec.faults import Refused
from hsmith.store.records import Change, Conflict, DeleteObject, StoreBroken, StoreFull


class Disk:
    """Commits, once it may; what has the number 0 is a conflict."""

    def __init__(self) -> None:
        self.begun, self.may = threading.Event(), threading.Event()
        self.commits: list[list[int]] = []

    def commit_each(self, calls: Sequence[Sequence[Change]]) -> list[Exception | None]:
        numbers = [change.id for call in calls for change in call if isinstance(change, DeleteObject)]
        self.commits.append(numbers)
        self.begun.set()
        assert self.may.wait(10)
        return [Conflict() if number == 0 else None for number in numbers]


def _steps(number: int, seen: list[object]) -> Steps[int]:
    seen.append(CURRENT.call[1])
    if number < 0:
        raise Refused(Fault.TEMPLATE_INCOMPLETE, "before")
    yield [DeleteObject(1, number)]
    seen.append(CURRENT.call[1])
    return number * 10


def _beside(making: Making, disk: Disk, numbers: Sequence[int]) -> tuple[dict[int, object], dict[int, list[object]]]:
    """What the calls return or raise, and what they saw; the first of them is committing when the others come."""
    results: dict[int, object] = {}
    seen: dict[int, list[object]] = {number: [] for number in numbers}

    def call(number: int) -> None:
        CURRENT.call = None, f"call {number}", None
        try:
            results[number] = making.together(_steps(number, seen[number]))
        except (Refused, Conflict) as error:
            results[number] = type(error)
        assert CURRENT.call[1] == f"call {number}"

    threads = [threading.Thread(target=call, args=(number,)) for number in numbers]
    threads[0].start()
    assert disk.begun.wait(10)
    for thread in threads[1:]:
        thread.start()
    while len(making._waiting) < len(numbers) - 1:
        pass
    disk.may.set()
    for thread in threads:
        thread.join(10)
    return results, seen


def test_those_that_wait_share_a_commit_and_each_has_its_own_outcome() -> None:
    disk = Disk()
    results, seen = _beside(Making(disk.commit_each), disk, [1, 2, 0, -1, 3])
    assert results == {1: 10, 2: 20, 0: Conflict, -1: Refused, 3: 30}
    assert [sorted(numbers) for numbers in disk.commits] == [[1], [0, 2, 3]]
    assert seen[2] == ["call 2"] * 2
    assert seen[0] == ["call 0"]


@pytest.mark.parametrize("way", ["alone", "together"])
def test_one_call(way: str) -> None:
    disk = Disk()
    disk.may.set()
    go: Callable[[Steps[int]], int] = getattr(Making(disk.commit_each), way)
    assert go(_steps(4, [])) == 40
    with pytest.raises(Conflict):
        go(_steps(0, []))
    with pytest.raises(Refused):
        go(_steps(-1, []))
    assert go(_steps(5, [])) == 50


def test_a_commit_that_fails_for_an_unknown_reason_leaves_nobody_waiting() -> None:
    def fails(_calls: Sequence[Sequence[Change]]) -> list[Exception | None]:
        raise ZeroDivisionError

    making = Making(fails)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            making.together(_steps(1, []))


def test_calls_take_turns() -> None:
    done: list[str] = []

    def steps(number: int, pauses: int) -> Steps[int]:
        for pause in range(pauses):
            done.append(f"{number}: {pause}")
            yield PAUSE
        if number == 3:
            raise Refused(Fault.TEMPLATE_INCOMPLETE, "on the way")
        done.append(f"{number}: computed")
        yield [DeleteObject(1, number)]
        done.append(f"{number}: durable")
        yield PAUSE
        return number

    disk = Disk()
    disk.may.set()
    calls = [Call(steps(1, 2)), Call(steps(2, 1)), Call(steps(3, 1))]
    Making(disk.commit_each).finish(calls)
    assert done == ["1: 0", "2: 0", "3: 0", "1: 1", "2: computed", "1: computed", "1: durable", "2: durable"]
    assert disk.commits == [[1, 2]]
    assert [call.outcome() for call in calls[:2]] == [1, 2]
    with pytest.raises(Refused):
        calls[2].outcome()


def test_a_pause_of_the_machine_is_not_a_slow_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """What decides whether calls are begun in the thread of all: the least that commits take."""
    now = 0.0

    def commit_each(calls: Sequence[Sequence[Change]]) -> list[Exception | None]:
        nonlocal now
        now += takes
        return [None] * len(calls)

    monkeypatch.setattr("hsmith.core.making.time", SimpleNamespace(monotonic=lambda: now))
    made = Making(commit_each)

    def after(number: int) -> float:
        for _ in range(number):
            made.alone(_steps(1, []))
        return made.seconds

    takes = 0.001
    assert after(3) == pytest.approx(0.001)
    takes = 0.020
    assert after(20) < MOMENT
    assert after(50) > MOMENT
    takes = 0.001
    assert after(1) == pytest.approx(0.001)


def test_what_only_waits_for_its_changes() -> None:
    disk = Disk()
    disk.may.set()
    making = Making(disk.commit_each)
    steps = Call(_steps(3, []))
    good, bad = Ready([DeleteObject(1, 1)], "made"), Ready([DeleteObject(1, 0)], "never made")
    making.finish([good, steps, bad])
    assert disk.commits == [[1, 3, 0]]
    assert (good.outcome(), steps.outcome()) == ("made", 30)
    with pytest.raises(Conflict):
        bad.outcome()
    making.commit([DeleteObject(1, 2)])
    with pytest.raises(Conflict):
        making.commit([DeleteObject(1, 0)])
    assert disk.commits[1:] == [[2], [0]]
    assert making.seconds > 0


@pytest.mark.parametrize(
    ("failure", "fault"), [(StoreFull("full"), Fault.DEVICE_MEMORY), (StoreBroken("broken"), Fault.DEVICE_ERROR)]
)
def test_what_the_store_refuses_of_one_call_is_refused_to_that_one(failure: Exception, fault: Fault) -> None:
    store: Any = SimpleNamespace(change_each=lambda calls: [None, failure, None][: len(calls)])
    making = Durable(store, bytes(32), Settings()).making
    calls = [Ready([DeleteObject(1, number)], number) for number in range(3)]
    making.finish(calls)
    assert [calls[0].outcome(), calls[2].outcome()] == [0, 2]
    with pytest.raises(Refused, match=str(failure)) as refused:
        calls[1].outcome()
    assert refused.value.fault == fault


def test_a_store_that_is_closed_refuses_all() -> None:
    def closed(_calls: Sequence[Sequence[Change]]) -> list[Exception | None]:
        raise StoreBroken("the store is closed")

    store: Any = SimpleNamespace(change_each=closed)
    making = Durable(store, bytes(32), Settings()).making
    calls = [Ready([DeleteObject(1, number)], number) for number in range(2)]
    making.finish(calls)
    for call in calls:
        with pytest.raises(Refused, match="closed"):
            call.outcome()
