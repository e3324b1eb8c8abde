"""Backups: a whole store, or one token, in an archive that tells nothing without its key (hsmith.core.backup_keys).

A backup of a token is that of a store with this token alone, made for it. What is read from an archive is checked
wholly before anything is done with it: every page of the database, and every record that no PIN is needed for.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from hsmith.core.durable import Durable, Settings
from hsmith.core.exchange import exchange
from hsmith.core.hsm import Hsm
from hsmith.core.token import Field, Token
from hsmith.core.transplant import BATCH, Progress, plant, state_of
from hsmith.crypto import primitives
from hsmith.spec.constants import Fault
from hsmith.spec.faults import Refused
from hsmith.store import archive, keyslots, sealing, secret
from hsmith.store import folder as folders
from hsmith.store.archive import Header, Unreadable
from hsmith.store.records import PutToken, StoreBroken, StoreFull, TokenRecord
from hsmith.store.sqlite import DATABASE, SqliteStore

#: Beside the store's folder: what a restore works on, and what was there before it.
STAGE: Final = ".restoring-"
BEFORE: Final = "store.before-restore"


def create(hsm: Hsm, path: Path, *, header: Header, key: bytes, token: Token | None, progress: Progress) -> None:
    """Write the archive ``path`` of the store as it is now, or of one token. Refused: it cannot be."""
    with _words(path), _stage(path.parent, f".{path.name}-") as stage:
        store = hsm.durable.store
        if not isinstance(store, SqliteStore):
            raise Refused(Fault.FUNCTION_FAILED, "this store is backed up with the tools of its database")
        archive.copy_database(store, stage / "store", progress)
        key_of_store = hsm.durable.secret
        if token is not None:
            key_of_store = primitives.random_bytes(sealing.KEY_SIZE)
            _alone(token, stage, source_secret=hsm.durable.secret, target_secret=key_of_store, progress=progress)
        database = stage / ("token" if token else "store") / DATABASE
        archive.write(path, header=header, key=key, secret=key_of_store, database=database, progress=progress)


def _alone(token: Token, stage: Path, *, source_secret: bytes, target_secret: bytes, progress: Progress) -> None:
    """Make the store stage/token, which has this token of stage/store alone."""
    with _durable(stage / "store", source_secret) as source, _durable(stage / "token", target_secret) as target:
        record = next(record for record in source.tokens() if record.id == token.id and record.blob)
        _, visible = plant(record, source=source, target=target, slot=0, progress=progress)
        target.commit([PutToken(visible(0))])


@contextmanager
def unpacked(path: Path, key: bytes, *, beside: Path, progress: Progress) -> Iterator[tuple[Path, bytes]]:
    """The folder and the secret of the archive's store, until the end of the block. Unreadable, OSError."""
    _remove_left(beside)
    with _stage(beside, f"{STAGE}{os.getpid()}-") as stage:
        found = archive.read(path, key, to=stage / "store", progress=progress)
        yield stage / "store", found


def check(folder: Path, secret: bytes, progress: Progress) -> list[dict[str, Any]]:
    """Check all of a store that was unpacked; a description of each token. Unreadable: what is wrong."""
    try:
        with _durable(folder, secret) as durable:
            records = [record for record in durable.tokens() if record.blob]
            for _ in durable.values.all():
                pass
            return [_checked(record, durable, progress) for record in records]
    except (sealing.Damaged, StoreBroken, StoreFull) as error:
        raise Unreadable(str(error)) from None
    except Refused as refused:
        raise Unreadable(refused.reason) from None


def _checked(record: TokenRecord, durable: Durable, progress: Progress) -> dict[str, Any]:
    state, origin = state_of(record, durable)
    token = record.id - origin.offset
    for keyslot in durable.keyslots(record.id):
        keyslots.check(keyslot.blob, secret=origin.root, token=token, name=keyslot.name)
    public = sealing.Sealer(origin.root, token=record.id, private=False, offset=origin.offset)
    total, done, after = durable.count(record.id), 0, 0
    while page := durable.page(record.id, after=after, limit=BATCH):
        for object, _ in page:
            if not object.private:
                public.unseal(object)
        after = page[-1][0].id
        done += len(page)
        progress(done, total)
    if done != total:
        raise Unreadable(f"token {record.id} should have {total} objects, and has {done}")
    return {
        "slot": record.slot,
        "label": _text(state[Field.LABEL]),
        "serial": _text(state[Field.SERIAL]),
        "objects": total,
    }


def _text(data: bytes) -> str:
    return data.rstrip(b" \0").decode("utf-8", "replace")


def adopt(hsm: Hsm, folder: Path, secret: bytes, *, serial: str, replace: bool, progress: Progress) -> Token:
    """Take a token of an unpacked store into a running HSM. Refused: it is there already, or in use."""
    with _words(folder), _durable(folder, secret) as source:
        record = next(
            record
            for record in source.tokens()
            if record.blob and _text(state_of(record, source)[0][Field.SERIAL]) == serial
        )
        return hsm.adopt(record, serial=serial.encode(), source=source, replace=replace, progress=progress)


def put_in_place(folder: Path, secret_of_store: bytes, store: Path) -> Path | None:
    """Make an unpacked store the one at ``store``, at once or not at all, while no keeper runs.

    Returns where that is which was there before, if anything was.
    """
    secret.write(folder, secret_of_store)
    folders.sync(folder)
    if not store.exists():
        os.rename(folder, store)
        folders.sync(store.parent)
        return None
    before = store.with_name(f"{BEFORE}-{time.strftime('%Y%m%d-%H%M%S')}")
    exchange(folder, store)
    folders.sync(store.parent)
    os.rename(folder, before)
    folders.sync(store.parent)
    return before


def has_tokens(store: Path) -> bool:
    """Whether there is a store with a token; one that cannot be opened may have some."""
    if not (store / DATABASE).exists():
        return False
    try:
        opened = SqliteStore(store)
    except (StoreBroken, StoreFull):
        return True
    try:
        return bool(opened.tokens())
    finally:
        opened.close()


@contextmanager
def _durable(folder: Path, secret: bytes) -> Iterator[Durable]:
    with archive.opened(folder, secret) as store:
        yield Durable(store, secret, Settings())


@contextmanager
def _stage(folder: Path, prefix: str) -> Iterator[Path]:
    """A private folder that is gone after the block."""
    stage = Path(tempfile.mkdtemp(prefix=prefix, dir=folder))
    try:
        yield stage
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _remove_left(folder: Path) -> None:
    """What a restore left that was killed."""
    for left in folder.glob(f"{STAGE}*"):
        pid = left.name.removeprefix(STAGE).partition("-")[0]
        if not (pid.isdecimal() and Path(f"/proc/{pid}").exists()):
            shutil.rmtree(left, ignore_errors=True)


@contextmanager
def _words(path: Path) -> Iterator[None]:
    """What goes wrong with a backup's files, as a refusal with its reason."""
    try:
        yield
    except OSError as error:
        reason = f"{error.filename or path}: {(error.strerror or str(error)).lower()}"
        raise Refused(Fault.FUNCTION_FAILED, reason) from error
    except StoreFull as full:
        raise Refused(Fault.DEVICE_MEMORY, str(full)) from full
    except (StoreBroken, sealing.Damaged) as broken:
        raise Refused(Fault.DEVICE_ERROR, str(broken)) from broken
