"""What an operator sees of a keeper: its figures, its endpoint for Prometheus, and its log."""

import json
import logging
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from harness import keepers_of
from hsmith.config import Config
from hsmith.home import Trouble
from hsmith.keeper import life
from hsmith.keeper.journal import Journal, JsonLines
from hsmith.keeper.sockets import Sockets
from hsmith.spec.constants import Mechanism
from hsmith.spec.faults import Refused
from hsmith.spec.functions import BY_NAME
from hsmith.spec.values import MechanismArg
from hsmith.wire import address, codec, frames
from hsmith.wire.client import Client, NotRunning, _request
from hsmith.wire.session import Session

COMMAND = [sys.executable, "-P", "-m", "hsmith.keeper"]
SAMPLE = re.compile(r'hsmith_[a-z_]+(\{[a-z_]+="[^"\\]*"(,[a-z_]+="[^"\\]*")*\})? [0-9.e+-]+')


@pytest.fixture
def keeper_home(home: Path) -> Iterator[Path]:
    yield home
    for pid in keepers_of(home):
        os.kill(pid, signal.SIGTERM)


def configure(home: Path, text: str) -> None:
    (home / "config.toml").write_text(f"[pin]\nkdf_milliseconds = 10\n{text}")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def of(figures: dict[str, Any], what: str, **wanted: str) -> int:
    return sum(row["calls"] for row in figures[what] if all(row[key] == value for key, value in wanted.items()))


def both(client: Client, session: int, data: bytes) -> int:
    """C_DigestInit and C_Digest in one frame, as the module sends them. Returns the return value."""
    first, second = BY_NAME["C_DigestInit"], BY_NAME["C_Digest"]
    init = codec.encode_call(first, (session, MechanismArg(Mechanism.SHA256)))
    head = frames.PAIR.pack(first.number, second.number, len(init), 0, 0, 0)
    return client._exchange(_request(frames.BOTH, head + init + codec.encode_call(second, (session, data, 64))))[0]


# --- Figures


def test_all_is_counted(keeper_home: Path) -> None:
    with Client() as client, Client() as other:
        client.call("C_InitToken", 0, b"12345678", b"seen".ljust(32))
        with Session(client, 0) as session, Session(other, 0):
            assert [both(client, session.handle, b"data") for _ in range(100)] == [0] * 100
            with pytest.raises(Refused):
                session.login(b"wrong")
            now = other.admin("keeper.stats")
        assert of(now, "operations", mechanism="CKM_SHA256", function="C_Digest", result="OK") == 100
        assert of(now, "functions", function="C_Digest") == of(now, "functions", function="C_DigestInit") == 100
        assert of(now, "functions", function="C_Login", result="USER_PIN_NOT_INITIALIZED") == 1
        digests = next(row for row in now["seconds"] if row["function"] == "C_Digest")
        assert 96 <= digests["calls"] <= 100
        assert digests["within"][-1] == digests["calls"]
        assert 0 < digests["seconds"] < 60
        assert (now["applications"], now["connections"]["open"]) == (2, 2)
        assert [token["sessions"] for token in now["tokens"]] == [2]
        assert now["store"]["commits"] >= 1
    with Client() as client:
        later = client.admin("keeper.stats")
        assert of(later, "functions", function="C_Digest") == 100  # of connections that have ended
        assert later["tokens"][0]["sessions"] == 0


def test_a_locked_pin_and_objects_show(keeper_home: Path) -> None:
    configure(keeper_home, "attempts = 1\n")
    with Client() as client:
        client.call("C_InitToken", 0, b"12345678", b"seen".ljust(32))
        with pytest.raises(Refused):
            client.call("C_InitToken", 0, b"87654321", b"seen".ljust(32))
        token = client.admin("keeper.stats")["tokens"][0]
        assert (token["so_pin_locked"], token["user_pin_locked"], token["objects"]) == (True, False, 0)


def test_only_the_keepers_own_user_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    class Other:
        uid = os.geteuid() + 1

    with pytest.raises(Refused, match="own user"):
        life._check_own(Other(), "only the keeper's own user says what it logs")


# --- Prometheus


def test_prometheus_gets_the_figures_of_a_confined_keeper(keeper_home: Path) -> None:
    port = free_port()
    configure(keeper_home, f'[metrics]\nlisten = "127.0.0.1:{port}"\n')
    with Client() as client:
        client.call("C_GetSlotList", False)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
            text = answer.read().decode()
        with pytest.raises(urllib.error.HTTPError, match="404") as wrong:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/other", timeout=10)
        wrong.value.close()
        families = [line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")]
        assert len(families) == len(set(families))
        for line in text.splitlines():
            assert line.startswith("#") or SAMPLE.fullmatch(line), line
        assert 'hsmith_calls_total{function="C_GetSlotList",result="OK"} 1\n' in text
        assert 'hsmith_call_seconds_bucket{function="C_GetSlotList",le="+Inf"} 1\n' in text
        assert client.admin("keeper.metrics")["text"].startswith("# HELP hsmith_info")


def test_a_metrics_socket_is_private_and_holds_off_who_takes_too_many(keeper_home: Path) -> None:
    configure(keeper_home, '[metrics]\nlisten = "metrics.sock"\n')
    path = keeper_home / "metrics.sock"
    with Client() as client:
        assert path.stat().st_mode & 0o777 == 0o600
        idle = [address.connect(path) for _ in range(4)]
        try:
            # Their threads have to begin: then there is no place left.
            refused = []
            for _ in range(100):
                with address.connect(path) as one:
                    one.settimeout(10)
                    refused.append(one.recv(1) == b"")
                if refused[-1]:
                    break
            assert refused[-1]
            assert client.admin("keeper.status")["pid"]
        finally:
            for one in idle:
                one.close()


@pytest.mark.parametrize(
    ("listen", "words"),
    [
        ("0.0.0.0:9464", "others reach"),
        ("[2001:db8::1]:9464", "others reach"),
        ("example.org:9464", "give 127.0.0.1:PORT"),
        ("127.0.0.1:0", "a port is 1 to 65535"),
        ("127.0.0.1:65536", "a port is 1 to 65535"),
        ("keeper.sock", "keeper's own socket"),
    ],
)
def test_where_metrics_may_not_listen(home: Path, listen: str, words: str) -> None:
    from hsmith import home as homes

    config = Config(metrics_listen=listen)
    with pytest.raises(Trouble, match=re.escape(words)):
        Sockets(homes.find(), config, {}).open_metrics(homes.find(), config)


# --- The log


def record(message: str, *, level: int = logging.WARNING, exc_info: Any = None) -> logging.LogRecord:
    return logging.LogRecord("hsmith.server", level, __file__, 1, message, (), exc_info)


def test_a_json_line_has_all_and_is_one_line() -> None:
    try:
        raise ValueError("inside\nit")
    except ValueError:
        line = JsonLines().format(record('two\nlines "quoted"', exc_info=sys.exc_info()))
    assert "\n" not in line
    entry = json.loads(line)
    assert entry["message"] == 'two\nlines "quoted"'
    assert (entry["level"], entry["logger"]) == ("warning", "hsmith.server")
    assert entry["time"].endswith("+00:00")
    assert "ValueError: inside" in entry["exception"]


def test_the_journal_gets_fields(home: Path) -> None:
    path = home / "journal"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as journal:
        journal.bind(str(path))
        handler = Journal(path)
        handler.emit(record("one\nMESSAGE=two", level=logging.ERROR))
        handler.emit(record("x" * 100_000))
        entry = journal.recv(1 << 20)
        assert len(journal.recv(1 << 20)) < 33_000
        head, _, message = entry.partition(b"MESSAGE\n")
        assert head == b"PRIORITY=3\nSYSLOG_IDENTIFIER=hsmith\nLOGGER=hsmith.server\n"
        assert message == (15).to_bytes(8, "little") + b"one\nMESSAGE=two\n"
    path.unlink()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as journal:  # it was restarted
        journal.bind(str(path))
        handler.emit(record("again"))
        assert b"again" in journal.recv(1 << 20)
    handler.close()
    with pytest.raises(Trouble, match="Set log.to to file or stderr"):
        Journal(home / "none")


def test_a_keeper_in_the_foreground_logs_json_on_stderr_alone(keeper_home: Path) -> None:
    configure(keeper_home, '[log]\nto = "stderr"\nformat = "json"\n')
    process = subprocess.Popen([*COMMAND, "run"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.terminate()
    _, err = process.communicate(timeout=30)
    messages = [json.loads(line)["message"] for line in err.splitlines()]
    assert any("listens at" in message for message in messages)
    assert "ended" in messages
    assert not (keeper_home / "keeper.log").exists()


def test_the_level_changes_while_it_runs(keeper_home: Path) -> None:
    log = keeper_home / "keeper.log"

    def refuse() -> None:
        with pytest.raises(Refused):
            client.call("C_CloseSession", 4711)

    with Client() as client:
        refuse()
        assert "no session with handle" not in log.read_text()
        assert client.admin("keeper.log_level") == {"level": "info", "before": "info"}
        assert client.admin("keeper.log_level", level="debug") == {"level": "debug", "before": "info"}
        refuse()
        assert "there is no session with handle 4711" in log.read_text()
        with pytest.raises(Refused, match="debug, info, warning, error"):
            client.admin("keeper.log_level", level="loud")
        size = len(log.read_text())
        assert client.admin("keeper.log_level", level="error")["before"] == "debug"
        refuse()
        assert len(log.read_text()) == size


# --- Why a program could not begin


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda home: configure(home, "attempt = 1\n"), "Did you mean 'pin.attempts'?"),
        (lambda home: configure(home, "[keeper]\nautostart = false\n"), "keeper.autostart is false"),
        (lambda home: configure(home, '[slots]\nmechanisms = "CKM_NONE"\n'), "which is no mechanism"),
        (lambda home: configure(home, '[metrics]\nlisten = "0.0.0.0:1"\n'), "others reach"),
        (lambda home: (home / "store").write_text("no folder"), "store"),
    ],
)
def test_the_log_says_why_no_keeper_started(keeper_home: Path, spoil: Callable[[Path], object], words: str) -> None:
    spoil(keeper_home)
    with pytest.raises(NotRunning, match=re.escape(words)):
        Client()
    lines = [line for line in (keeper_home / "keeper.log").read_text().splitlines() if "not started: " in line]
    assert len(lines) == 1
    assert words in lines[0]
    assert (keeper_home / "keeper.log").stat().st_mode & 0o777 == 0o600


def test_the_log_says_who_was_refused(keeper_home: Path) -> None:
    with Client() as client:
        with pytest.raises(Trouble, match="not of this process"):
            Client(token=b"x" * 16)
        line = (keeper_home / "keeper.log").read_text().splitlines()[-1]
        assert f"process {os.getpid()}, user {os.geteuid()}" in line
        assert "client refused" in line
        assert client.admin("keeper.status")["applications"] == 1
