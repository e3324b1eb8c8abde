"""Power loss while the log's file is made longer than the log, often and from its first pages on."""

from pathlib import Path

import pytest

from faults import test_power

SOONER = """
from hsmith.store import ahead
ahead.FROM, ahead.MOST, ahead.PLENTY = 4, 64 << 10, 0
writer.CHECKPOINT_AT = 90
"""


@pytest.mark.slow
@pytest.mark.timeout(0)
def test_power_loss_among_zeros(tmp_path: Path, disk_library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(test_power, "WRITER", test_power.WRITER.replace("folder =", SOONER + "folder =", 1))
    test_power.test_power_loss(tmp_path, disk_library)
    appended = 0
    for event in test_power._events((tmp_path / "0" / "log").read_bytes()):
        appended += event.path.endswith("-wal") and len(event.data) > 4096 and not any(event.data)
    assert appended > 3
