"""hsmith keeper stats, metrics and log-level, hsmith top, and what hsmith doctor reads in the log."""

import json
import os
import pty
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hsmith.cli.figures import calls, screen, whole
from hsmith.wire.client import Client

from .conftest import Hsmith

COMMAND = [sys.executable, "-P", "-m", "hsmith.cli"]


def test_stats_and_metrics(cli: Hsmith) -> None:
    assert cli("random", "8", "--hex").code == 0
    table = cli("keeper", "stats")
    assert table.code == 0
    for words in ("C_GenerateRandom", "MEDIAN", "SO PIN LOCKED", "commits for"):
        assert words in table.out
    found = json.loads(cli("keeper", "stats", "--json").out)
    assert any(row["function"] == "C_GenerateRandom" for row in found["functions"])
    metrics = cli("keeper", "metrics")
    assert metrics.code == 0
    assert 'hsmith_calls_total{function="C_GenerateRandom",result="OK"}' in metrics.out


def test_the_level_by_command(cli: Hsmith) -> None:
    assert cli("keeper", "log-level").out == "The keeper logs from level info on.\n"
    assert "it was info" in cli("keeper", "log-level", "debug").out
    assert json.loads(cli("keeper", "log-level", "info", "--json").out) == {"level": "info", "before": "debug"}
    wrong = cli("keeper", "log-level", "debgu")
    assert wrong.code == 2
    assert "did you mean 'debug'?" in wrong.err


@pytest.mark.parametrize("words", [("keeper", "stats"), ("keeper", "metrics"), ("keeper", "log-level"), ("top",)])
def test_without_a_keeper_none_is_started(home: Path, hsmith: Hsmith, words: tuple[str, ...]) -> None:
    ran = hsmith(*words)
    assert (ran.code, ran.out) == (3, "")
    assert not (home / "store").exists()


def test_top_once_and_piped(cli: Hsmith) -> None:
    once = cli("top", "--once")
    assert once.code == 0
    assert "\x1b" not in once.out
    assert "in progress" in once.out
    assert json.loads(cli("top", "--json").out).keys() == json.loads(cli("keeper", "stats", "--json").out).keys()
    for wrong in ("0", "x", "nan", "1e9"):
        assert cli("top", "--every", wrong).code == 2
    process = subprocess.Popen([*COMMAND, "top", "--every", "0.2"], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    seen = 0
    while seen < 3:
        line = process.stdout.readline()
        assert "\x1b" not in line
        seen += line.startswith("keeper")
    process.stdout.close()
    process.send_signal(2)
    process.wait(10)


def test_top_on_a_terminal(cli: Hsmith) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen([*COMMAND, "top", "--every", "0.2"], stdout=theirs)
    os.close(theirs)
    seen, due = b"", time.monotonic() + 20
    while seen.count(b"\x1b[H") < 3 and time.monotonic() < due:
        seen += os.read(ours, 4096)
    process.send_signal(2)
    assert process.wait(10) in (0, 130)
    os.close(ours)
    assert seen.count(b"\x1b[H") >= 3
    assert b"\x1b[J" in seen


def test_rates_are_those_between_two_looks(cli: Hsmith) -> None:
    with Client() as client:
        before = client.admin("keeper.stats")
        for _ in range(50):
            client.call("C_GetSlotList", False)
        now = client.admin("keeper.stats")
    now["uptime"] = before["uptime"] + 5.0
    row = next(row for row in calls(now, before) if row["function"] == "C_GetSlotList")
    assert row["rate"] == "10.0"
    assert row["median"].startswith("< ")
    short = screen(now, before, most=15)
    assert "C_GetSlotList" in short.splitlines()[7]
    assert len(short.splitlines()) <= 15
    now["store"]["broken"] = "the disk failed"
    assert "the disk failed" in whole(now)


def test_the_doctor_reads_why_programs_could_not_begin(home: Path, hsmith: Hsmith) -> None:
    def note() -> tuple[str, str]:
        found = json.loads(hsmith("doctor", "--json").out)
        return next((one["state"], one["text"]) for one in found if one["check"] == "log")

    assert note()[0] == "ok"
    assert hsmith("keeper", "stop").code == 0
    right = (home / "config.toml").read_text()
    (home / "config.toml").write_text("[pin]\nattempt = 3\n")
    assert hsmith("token", "list").code == 3
    (home / "config.toml").write_text(right)
    state, text = note()
    assert state == "note"
    assert "Did you mean 'pin.attempts'?" in text
    assert note()[0] == "ok"  # a keeper has started since
    assert hsmith("keeper", "stop").code == 0
