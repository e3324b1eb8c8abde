"""Modules that are loaded when they are first used."""

import subprocess
import sys
import threading

import pytest

from hsmith.crypto import later as loading
from hsmith.crypto.later import Later


def test_it_becomes_the_module() -> None:
    later = Later("colorsys")
    assert later.rgb_to_hsv(0, 0, 0) == (0.0, 0.0, 0)
    assert "rgb_to_hsv" in vars(later)
    with pytest.raises(AttributeError):
        _ = later.nothing


def test_many_threads_at_once() -> None:
    later, found = Later("colorsys"), []
    threads = [threading.Thread(target=lambda: found.append(later.hls_to_rgb)) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 16
    assert len(set(found)) == 1


def test_a_start_does_not_load_them() -> None:
    """And nothing stands for a module that is not there."""
    program = (
        "import sys, hsmith.keeper.assembly; from hsmith.crypto import later; assert 'Crypto' not in sys.modules;"
        "later.load_all(); assert 'Crypto.PublicKey.MLKEM' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_only_what_is_not_there_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    there, missing = Later("sys"), Later("colorsys")
    monkeypatch.setattr(loading, "_all", [there, missing, there])
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    waits: list[bool] = []
    loading.load_all(lambda: waits.append(missing.loaded))
    assert waits == [False]
    assert missing.loaded
