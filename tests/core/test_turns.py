"""Work that is mostly Python gathers on one processor while there is more than one such call, and only then."""

import os
import threading

import pytest

from hsmith.core.turns import Gathering

EVERYWHERE = os.sched_getaffinity(0)


def _seen_beside(gathering: Gathering, *, unless: bool = False, fails: bool = False) -> list[set[int]]:
    """Where a thread may run in its work while another one is at such work, and after it."""
    seen: list[set[int]] = []

    def work() -> None:
        try:
            with gathering.one(unless=unless):
                seen.append(os.sched_getaffinity(0))
                if fails:
                    raise ValueError
        except ValueError:
            pass
        seen.append(os.sched_getaffinity(0))

    with gathering.one():
        thread = threading.Thread(target=work)
        thread.start()
        thread.join(10)
    return seen


def test_a_lone_call_stays_where_it_is() -> None:
    with Gathering().one():
        assert os.sched_getaffinity(0) == EVERYWHERE


@pytest.mark.parametrize("fails", [False, True])
def test_a_second_call_joins_and_goes_its_way_again(fails: bool) -> None:
    gathering = Gathering()
    for _ in range(3):
        assert _seen_beside(gathering, fails=fails) == [{max(EVERYWHERE)}, EVERYWHERE]
    with gathering.one():
        assert os.sched_getaffinity(0) == EVERYWHERE


def test_what_needs_no_interpreter_stays_apart() -> None:
    assert _seen_beside(Gathering(), unless=True) == [EVERYWHERE, EVERYWHERE]


def test_without_permission_it_is_only_slower(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_process: int, _processors: set[int]) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "sched_setaffinity", refused)
    assert _seen_beside(Gathering()) == [EVERYWHERE, EVERYWHERE]
