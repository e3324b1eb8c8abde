"""hsmith doctor: what is wrong with this installation, and how to mend it. One function for each check."""

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path

from hsmith import __version__, config
from hsmith import home as homes
from hsmith.cli.output import emit
from hsmith.cli.parser import EXIT_FAILED, EXIT_OK
from hsmith.home import Home, Trouble

#: Free bytes under which a store may soon be full.
LITTLE_SPACE = 64 << 20
#: Bytes of the log's end that are looked at; a keeper's first line in it; why a program's C_Initialize failed.
LOG_END = 256 << 10
LISTENS = " listens at "
FAILURES = ("not started: ", "client refused: ", "connection refused: ")
RESTORE = "It is not used, the rest is. Put it back from a backup"
#: Loading a broken module may end the process that does it: so another one does.
LOAD = "import ctypes, sys; ctypes.CDLL(sys.argv[1]).C_GetFunctionList"


@dataclass(frozen=True, slots=True)
class Finding:
    """``state``: "ok", "note" (it could be better) or "problem". ``text``: what is so, and how to mend it."""

    check: str
    state: str
    text: str


Check = Callable[[Home], Iterator[tuple[str, str]]]


def build(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=run)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument(
        "--accept-store",
        action="store_true",
        help="take the store as it is from now on, though it is older than what was stored last, or altered",
    )


def run(options: argparse.Namespace) -> int:
    home = homes.find()
    if options.accept_store:
        _accept(home)
    findings = [Finding(name, *found) for name, check in CHECKS.items() for found in _guarded(check, home)]
    text = "\n".join(f"{one.state.upper():8} {one.check}: {one.text}" for one in findings)
    emit(options, [asdict(one) for one in findings], text)
    return EXIT_FAILED if any(one.state == "problem" for one in findings) else EXIT_OK


def _accept(home: Home) -> None:
    from hsmith.store.records import StoreBroken, StoreFull
    from hsmith.store.sqlite import SqliteStore

    try:
        SqliteStore(home.store, accept=True).close()
    except (StoreBroken, StoreFull) as error:
        raise Trouble(f"The store was not taken as it is: {error}.") from error


def _guarded(check: Check, home: Home) -> list[tuple[str, str]]:
    """The findings of one check; that it fails is a finding too."""
    try:
        return list(check(home))
    except (Trouble, OSError) as error:
        return [("problem", str(error))]


def _module(home: Home) -> Iterator[tuple[str, str]]:
    from hsmith.cli.module import path

    module = path()
    loaded = subprocess.run([sys.executable, "-c", LOAD, str(module)], capture_output=True, text=True, check=False)
    if loaded.returncode:
        reason = (loaded.stderr.strip().splitlines() or [f"it ends the process with {loaded.returncode}"])[-1]
        yield "problem", f"{module} cannot be loaded: {reason}. Install hsmith again."
    else:
        yield "ok", f"{module} loads"


def _configuration(home: Home) -> Iterator[tuple[str, str]]:
    config.load(home)
    yield "ok", f"{home.config} is right" if home.config.exists() else f"the defaults hold; there is no {home.config}"


def _folders(home: Home) -> Iterator[tuple[str, str]]:
    for folder in dict.fromkeys((home.data, home.runtime, home.store)):
        if not folder.exists():
            yield "ok", f"{folder} is not made yet"
        elif problem := homes.privacy_problem(folder):
            yield "problem", problem
        elif not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
            yield "problem", f"{folder} cannot be written. Make it writable for user {os.geteuid()}."
        else:
            yield "ok", f"{folder} is private to this user"
    yield from _files(home)


def _files(home: Home) -> Iterator[tuple[str, str]]:
    folders = [folder for folder in (home.data, home.store) if folder.is_dir()]
    for path in (path for folder in folders for path in folder.iterdir()):
        found = path.lstat()
        if path.is_file() and (found.st_mode & 0o077 or found.st_uid != os.geteuid()) and path != home.config:
            mend = f"chown {os.geteuid()} {path}; chmod 600 {path}"
            yield "problem", f"{path} is open to others or belongs to another user. Mend it: {mend}"


def _space(home: Home) -> Iterator[tuple[str, str]]:
    folder = next(path for path in (home.data, *home.data.parents) if path.exists())
    free = shutil.disk_usage(folder).free
    if free < LITTLE_SPACE:
        yield "problem", f"only {free >> 20} MiB are free at {folder}. Make room, or nothing more can be stored."
    else:
        yield "ok", f"{free >> 20} MiB are free at {folder}"


def _log(home: Home) -> Iterator[tuple[str, str]]:
    """Programs are told a number when their C_Initialize fails; the log has the reason. What came before the last
    keeper's start is over."""
    try:
        with open(home.log, "rb") as file:
            file.seek(max(file.seek(0, os.SEEK_END) - LOG_END, 0))
            lines = file.read().decode("utf-8", "replace").splitlines()
    except FileNotFoundError:
        yield "ok", f"there is no {home.log} yet"
        return
    start = max((at for at, line in enumerate(lines) if LISTENS in line), default=-1)
    failed = [line for line in lines[start + 1 :] if any(words in line for words in FAILURES)]
    if failed:
        yield "note", f"programs could not begin to use the keeper, {len(failed)} times; the last: {failed[-1]}"
    else:
        yield "ok", f"{home.log} has no program that could not begin"


def _keeper(home: Home) -> Iterator[tuple[str, str]]:
    from hsmith.spec.faults import Refused
    from hsmith.wire.client import Client

    try:
        with Client() as client:
            found = client.admin("keeper.status")
            tokens = client.admin("tokens")["tokens"]
            stored = client.admin("store.inspect")["found"]
    except Refused as refused:
        yield "problem", f"the keeper answers {refused}; see {home.log}. Restart it: hsmith keeper stop"
        return
    yield "ok", f"process {found['pid']} answers at {found['socket']}; its store is open, with {len(tokens)} tokens"
    if found["version"] != __version__:
        yield "problem", f"it is version {found['version']}, this is {__version__}. Restart it: hsmith keeper stop"
    if home.socket.is_symlink() and Path(os.readlink(home.socket)) != Path(found["socket"]):
        yield "problem", f"{home.socket} leads elsewhere: {os.readlink(home.socket)}. Remove it."
    yield from (("note", sentence) for sentence in found["unprotected"])
    yield from (("problem", f"in the store, {sentence}. {RESTORE}") for sentence in stored)


def _database(home: Home) -> Iterator[tuple[str, str]]:
    from hsmith.store.records import StoreBroken
    from hsmith.store.sqlite import check_version

    version = ".".join(metadata.version("apsw").split(".")[:3])
    try:
        check_version(version)
    except StoreBroken as error:
        yield "problem", str(error)
    else:
        yield "ok", f"SQLite {version}"


CHECKS: dict[str, Check] = {
    "module": _module,
    "configuration": _configuration,
    "folders": _folders,
    "disk": _space,
    "database library": _database,
    "log": _log,  # before the next one, which may start a keeper
    "keeper": _keeper,
}
