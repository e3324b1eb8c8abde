"""The layouts of the database: each is made from the one before by one numbered step, which is never changed again."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import apsw

from hsmith.store.records import StoreBroken
from hsmith.store.schema import v0001, v0002, v0003, v0004, v0005

#: "HSMT": what the file's header says of whose it is.
APPLICATION_ID: Final = 0x48534D54

#: Step n makes layout n of layout n - 1. Layout 0 is an empty database.
STEPS: Final = (v0001.STEP, v0002.STEP, v0003.STEP, v0004.STEP, v0005.STEP)


#: The first layout with a ledger.
LEDGER: Final = 3


def migrate(connection: apsw.Connection, path: Path, *, first: Callable[[], object] | None = None) -> None:
    """Bring the database to the newest layout, wholly or not at all. StoreBroken: another program's, or a newer one.

    ``first``: called in the same transaction where there was no ledger before, to make it.
    """
    version = _version(connection, path)
    if version == len(STEPS):
        return
    with connection:  # one transaction
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        for number, step in enumerate(STEPS[version:], start=version + 1):
            connection.execute(step)
            connection.execute(f"PRAGMA user_version={number}")
        if first is not None and version < LEDGER:
            first()


def _version(connection: apsw.Connection, path: Path) -> int:
    owner, version = connection.pragma("application_id"), connection.pragma("user_version")
    empty = not connection.execute("SELECT count(*) FROM sqlite_schema").get
    if not (empty and owner == version == 0) and owner != APPLICATION_ID:
        raise StoreBroken(f"{path} is the database of another program: move it away, or use another folder")
    if version > len(STEPS):
        raise StoreBroken(
            f"{path} has layout {version}, made by a newer version of hsmith; this one knows up to {len(STEPS)}: "
            "install the newer version, or restore a backup that this one made"
        )
    return int(version)
