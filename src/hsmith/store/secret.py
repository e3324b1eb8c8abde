"""The store secret: 32 random bytes beside the database, without which it is noise and no PIN can be tried."""

import os
import tempfile
from pathlib import Path
from typing import Final

from hsmith.crypto import primitives
from hsmith.store import folder as folders
from hsmith.store.folder import DATABASE
from hsmith.store.records import StoreBroken
from hsmith.store.sealing import KEY_SIZE

SECRET: Final = "store.secret"  # noqa: S105  (a file's name)


def load(folder: Path) -> bytes:
    """The secret of the store in ``folder``; made, durably, if there is no store yet.

    Call it before the store is opened. StoreBroken: missing though there is a database, or not a secret. StoreFull.
    """
    folders.prepare(folder)
    path = folder / SECRET
    # In this order: the secret is made before the database, so where a database is, the secret must be.
    must_exist = (folder / DATABASE).exists()
    try:
        if not must_exist and not path.exists():
            write(folder, primitives.random_bytes(KEY_SIZE))
        folders.private(path, 0o600)
        secret = path.read_bytes()
    except FileNotFoundError:
        raise StoreBroken(
            f"{path} is missing, but {folder / DATABASE} exists: without its secret the store cannot be opened by "
            "anyone. Put the file back from a backup of this folder; or, to begin anew, move the whole folder away"
        ) from None
    except OSError as error:
        raise folders.failure(path, error) from None
    if len(secret) != KEY_SIZE:
        raise StoreBroken(
            f"{path} has {len(secret)} bytes, not {KEY_SIZE}: it is damaged or no secret of a store. "
            "Put the file back from a backup of this folder"
        )
    return secret


def write(folder: Path, secret: bytes) -> None:
    """All of it or nothing, and never over another: of several at once, one makes the secret and the others use it."""
    path = folder / SECRET
    handle, name = tempfile.mkstemp(prefix=f".{SECRET}.", dir=folder)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secret)
            file.flush()
            os.fsync(file.fileno())
        os.link(name, path)
    except FileExistsError:
        pass
    finally:
        os.unlink(name)
    folders.sync(folder)
