"""Every mechanism x shape of parameter x key, each pair of the first two in a process of its own: none crashes, none
hangs, each answer names a cause, and the keeper goes on. HSMITH_MATRIX=all tries all instead of a sample."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

import key_stock
from harness import PIN, SO_PIN
from hsmith.spec.constants import Attr
from hsmith.wire.client import Client
from p11 import P11

HOW_MANY = os.environ.get("HSMITH_MATRIX", "25")
ALL = HOW_MANY == "all"

pytestmark = [
    pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning"),
    pytest.mark.slow,
    pytest.mark.timeout(300 if HOW_MANY == "25" else 7200),
]


def _keys(p11: P11, slot: int) -> int:
    with p11.open(slot) as session:
        session.login(PIN)
        for kind in key_stock.VALUE_TYPES:
            session.create(key_stock.secret(kind) | {Attr.TOKEN: True})
        for _, mechanism, public in key_stock.pairs():
            halves = (public | key_stock.PUBLIC, key_stock.PRIVATE)
            session.generate_pair(mechanism, *(half | {Attr.TOKEN: True} for half in halves))
        return len(session.find())


def test_no_parameter_harms_module_or_keeper(p11: P11, home: Path) -> None:
    slot = p11.init_token("matrix", pin=PIN)
    with Client() as client:
        client.admin("token.profile", slot=slot, so_pin=SO_PIN, profile="compat")  # the most is reached there
        before = client.admin("keeper.status")["pid"]
    keys = _keys(p11, slot)
    seed = os.environ.get("HSMITH_MATRIX_SEED") or str(int(time.time()) // 86400)
    drawn = [] if ALL else [HOW_MANY, seed]
    script = Path(__file__).with_name("matrix.py")
    done = subprocess.run(
        [sys.executable, str(script), p11.path, str(slot), PIN, *drawn], capture_output=True, text=True
    )
    *problems, last = (done.stdout or " ").splitlines()
    assert not problems, f"seed {seed}:\n" + "\n".join(problems[:50])
    assert done.returncode == 0, done.stderr
    assert int(last.split()[0]) > keys * (len(HOW_MANY) if ALL else int(HOW_MANY))
    with Client() as client:
        assert client.admin("keeper.status")["pid"] == before
    log = (home / "keeper.log").read_text() if (home / "keeper.log").exists() else ""
    assert "Traceback" not in log
    assert "failed (id" not in log
