"""Backups of a store in use, for the command ``hsmith backup``.

Its own process makes or finds the archive's key, so the keeper hears no passphrase and sees no share; the archive is
written and read here, where the store is.
"""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from hsmith.core import backup
from hsmith.core.transplant import Progress
from hsmith.cryptoki.application import Application
from hsmith.spec.constants import Fault
from hsmith.spec.faults import Refused
from hsmith.store.archive import Unreadable

Arguments = dict[str, Any]
Result = dict[str, Any]

#: What is done of the work that runs, and what there is to do, by the name that its caller gave it.
_progress: Final[dict[str, tuple[int, int]]] = {}
#: One at a time: each needs as much room on the disk as the store has.
_one: Final = threading.Lock()


def create(app: Application, arguments: Arguments) -> Result:
    """``backup.create`` {path, header, key, slot, work}: write an archive; ``slot`` null: of the whole store."""
    path, key = _path(arguments), _key(arguments)
    slot = arguments.get("slot")
    token = None if slot is None else app.hsm.token(_argument(arguments, "slot", int))
    if slot is not None and token is None:
        raise Refused(Fault.SLOT_ID_INVALID, f"slot {slot} has no token; 'hsmith token list' shows all")
    header = _argument(arguments, "header", dict)
    _run(
        app,
        arguments,
        lambda report: backup.create(app.hsm, path, header=header, key=key, token=token, progress=report),
    )
    return {"path": str(path)}


def restore_token(app: Application, arguments: Arguments) -> Result:
    """``backup.restore_token`` {path, key, serial, replace, beside, work}: take a token out of an archive."""
    path, key, serial = _path(arguments), _key(arguments), _argument(arguments, "serial", str)
    replace, beside = _argument(arguments, "replace", bool), Path(_argument(arguments, "beside", str))

    def restore(report: Progress) -> Result:
        with backup.unpacked(path, key, beside=beside, progress=report) as (folder, secret):
            if all(token["serial"] != serial for token in backup.check(folder, secret, report)):
                raise Refused(Fault.ARGUMENTS_BAD, "the backup has no such token")
            token = backup.adopt(app.hsm, folder, secret, serial=serial, replace=replace, progress=report)
        return {"slot": token.slot, "serial": serial}

    try:
        restored: Result = _run(app, arguments, restore)
        return restored
    except Unreadable as error:
        raise Refused(Fault.DATA_INVALID, f"{path} cannot be used: {error}") from None


def progress(app: Application, arguments: Arguments) -> Result:
    """``backup.progress`` {work}: how far the work is that this name was given to."""
    done, total = _progress.get(_argument(arguments, "work", str), (0, 0))
    return {"done": done, "total": total}


COMMANDS: Final[dict[str, Callable[[Application, Arguments], Result]]] = {
    "backup.create": create,
    "backup.restore_token": restore_token,
    "backup.progress": progress,
}


def _run(app: Application, arguments: Arguments, work: Callable[[Progress], Any]) -> Any:
    """Do the work, whose progress can be asked for; it ends when its caller has gone."""
    name = _argument(arguments, "work", str)

    def report(done: int, total: int) -> None:
        if app.closed:
            raise Refused(Fault.FUNCTION_CANCELED, "the client has gone")
        _progress[name] = done, total

    if not _one.acquire(blocking=False):
        raise Refused(Fault.FUNCTION_FAILED, "another backup is being made or restored: wait until it is done")
    try:
        return work(report)
    finally:
        _progress.pop(name, None)
        _one.release()


def _argument(arguments: Arguments, name: str, kind: type) -> Any:
    value = arguments.get(name)
    if type(value) is not kind:
        raise Refused(Fault.ARGUMENTS_BAD, f"the command needs {name!r}")
    return value


def _path(arguments: Arguments) -> Path:
    path = Path(_argument(arguments, "path", str))
    if not path.is_absolute():
        raise Refused(Fault.ARGUMENTS_BAD, "the path of a backup must be absolute")
    return path


def _key(arguments: Arguments) -> bytes:
    try:
        key = bytes.fromhex(_argument(arguments, "key", str))
    except ValueError:
        key = b""
    if len(key) != 32:
        raise Refused(Fault.ARGUMENTS_BAD, "a backup's key has 32 bytes")
    return key
