"""hsmith keeper: run, start, stop, status, figures and log of the process that holds the keys."""

import argparse
import time
from typing import Any

from hsmith import home as homes
from hsmith.cli.output import emit, facts, say
from hsmith.cli.parser import EXIT_FAILED, EXIT_NOT_RUNNING, EXIT_OK

STOP_SECONDS = 20.0
LEVELS = ("debug", "info", "warning", "error")


def build(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    for name, run, meaning in (
        ("run", run_here, "serve in the foreground, until a signal"),
        ("start", start, "start a keeper in the background, unless one runs"),
        ("stop", stop, "end the keeper; what it has begun is finished"),
        ("status", status, "say whether a keeper runs, and which; exit code 3 if none"),
        ("stats", stats, "print what the keeper has counted since it started"),
        ("metrics", metrics, "print the same as Prometheus reads it"),
        ("log-level", log_level, "print or change what the keeper logs, until it ends"),
    ):
        verb = verbs.add_parser(name, help=meaning, description=meaning[:1].upper() + meaning[1:] + ".")
        verb.set_defaults(run=run)
        if name == "log-level":
            verb.add_argument("level", nargs="?", choices=LEVELS, help="the least level that is logged from now on")
        if name not in ("run", "metrics"):
            verb.add_argument("--json", action="store_true", help="print JSON")


def run_here(options: argparse.Namespace) -> int:
    from hsmith.keeper.main import main

    return main(["run"])


def start(options: argparse.Namespace) -> int:
    from hsmith.wire.client import Client, start_keeper

    home = homes.find()
    home.prepare()
    start_keeper(home, asked=True)
    with Client(home.socket) as client:
        found = client.admin("keeper.status")
    emit(options, found, f"The keeper runs, process {found['pid']}, at {found['socket']}.")
    return EXIT_OK


def stop(options: argparse.Namespace) -> int:
    from hsmith.wire.client import Client, NotRunning

    try:
        with Client(autostart=False) as client:
            pid = client.admin("keeper.stop")["pid"]
    except NotRunning:
        emit(options, {"stopped": None}, "No keeper runs.")
        return EXIT_OK
    due = time.monotonic() + STOP_SECONDS
    while _lives(pid):
        if time.monotonic() > due:
            say(f"The keeper, process {pid}, has not ended after {STOP_SECONDS:.0f} seconds; see {homes.find().log}.")
            return EXIT_FAILED
        time.sleep(0.01)
    emit(options, {"stopped": pid}, f"The keeper, process {pid}, has ended.")
    return EXIT_OK


def _lives(pid: int) -> bool:
    import os

    try:
        os.kill(pid, 0)
    except OSError:
        return False
    # A zombie has ended, though its parent (a container's first process, say) does not look.
    try:
        with open(f"/proc/{pid}/stat", encoding="latin-1") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return True


def status(options: argparse.Namespace) -> int:
    from hsmith.wire.client import Client, NotRunning

    try:
        with Client(autostart=False) as client:
            found: dict[str, Any] = client.admin("keeper.status")
            found["tokens"] = [token["label"] for token in client.admin("tokens")["tokens"]]
    except NotRunning as error:
        emit(options, {"running": False, "error": str(error)}, f"No keeper runs. {error}")
        return EXIT_NOT_RUNNING
    emit(options, {"running": True, **found}, facts(found))
    return EXIT_OK


def stats(options: argparse.Namespace) -> int:
    from hsmith.cli.figures import whole

    found = _ask("keeper.stats")
    emit(options, found, "" if options.json else whole(found))
    return EXIT_OK


def metrics(options: argparse.Namespace) -> int:
    print(_ask("keeper.metrics")["text"], end="")
    return EXIT_OK


def log_level(options: argparse.Namespace) -> int:
    found = _ask("keeper.log_level", level=options.level)
    now = f"The keeper logs from level {found['level']} on"
    emit(options, found, f"{now}." if found["level"] == found["before"] else f"{now}; it was {found['before']}.")
    return EXIT_OK


def _ask(command: str, **arguments: Any) -> dict[str, Any]:
    """What a keeper that runs answers; none is started."""
    from hsmith.wire.client import Client

    with Client(autostart=False) as client:
        return client.admin(command, **arguments)
