"""What a keeper loads after its start is loaded between calls, and at last also beside them."""

from types import SimpleNamespace

import pytest

from hsmith.keeper import assembly


@pytest.mark.parametrize(("busy", "waited"), [(0.0, assembly.QUIET), (0.5, 0.5), (60.0, assembly.LONGEST)])
def test_it_waits_for_a_quiet_moment(monkeypatch: pytest.MonkeyPatch, busy: float, waited: float) -> None:
    """The keeper computes all the time for so many seconds, and then not at all."""
    now = 0.0

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    clock = SimpleNamespace(monotonic=lambda: now, process_time=lambda: min(now, busy), sleep=sleep)
    monkeypatch.setattr(assembly, "time", clock)
    assembly._wait_for_quiet()
    assert now == pytest.approx(waited, abs=2 * assembly.QUIET)
