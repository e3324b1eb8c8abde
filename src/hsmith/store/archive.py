"""Archives: one file that holds a store, encrypted, so that it may lie anywhere.

    b"HSMITHBK", u16 format, u32 n, header: n bytes of JSON, then chunks: u32 n, n bytes sealed

The header says how the archive's key is found again (hsmith.core.backup). The chunks are the store's secret and then
its database, sealed one by one under the key; each is bound to the header, to its number and to whether it is the
last, so that no part can be changed, left out, put elsewhere or cut off.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from struct import Struct
from typing import Any, BinaryIO, Final

import apsw

from hsmith.crypto import primitives
from hsmith.store import folder as folders
from hsmith.store.epoch import EpochFile
from hsmith.store.failures import ERRORS, translated
from hsmith.store.records import StoreBroken
from hsmith.store.sealing import KEY_SIZE
from hsmith.store.sqlite import DATABASE, SqliteStore

MAGIC: Final = b"HSMITHBK"
FORMAT: Final = 1
CHUNK: Final = 1 << 20
#: Pages that are copied at once, between two looks at whether to go on.
PAGES: Final = 256
MOST_HEADER: Final = 1 << 16

_START: Final = Struct("<8sHI")
_LENGTH: Final = Struct("<I")

Header = dict[str, Any]
#: Called with what is done and what there is to do, in bytes; may raise to stop.
Progress = Callable[[int, int], None]


class Unreadable(Exception):
    """The file is no archive that this key and this version can read; str() says in words why."""


def copy_database(store: SqliteStore, to: Path, progress: Progress) -> None:
    """The database of a store in use, as it is at one moment, in the folder ``to``. StoreBroken, StoreFull."""
    to.mkdir(mode=0o700, exist_ok=True)
    os.close(os.open(to / DATABASE, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    with store.reading() as source:
        copy = apsw.Connection(os.fspath(to / DATABASE))
        try:
            copy.pragma("synchronous", "off")  # it is read once, and checked
            with copy.backup("main", source, "main") as backup:
                while not backup.done:
                    backup.step(PAGES)
                    done = backup.page_count - backup.remaining
                    progress(done * 4096, backup.page_count * 4096)
        except ERRORS as error:
            raise translated(error, copy, to / DATABASE) from None
        finally:
            copy.close()


def write(path: Path, *, header: Header, key: bytes, secret: bytes, database: Path, progress: Progress) -> None:
    """Make the archive, durably. FileExistsError; OSError."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    with open(handle, "wb") as file, open(database, "rb") as source:
        text = json.dumps(header, sort_keys=True).encode()
        start = _START.pack(MAGIC, FORMAT, len(text)) + text
        file.write(start)
        total, done, number = os.fstat(source.fileno()).st_size, 0, 0
        data = secret + source.read(CHUNK)
        while True:
            following = source.read(CHUNK)
            sealed = primitives.seal(key, data, _place(start, number, last=not following))
            file.write(_LENGTH.pack(len(sealed)) + sealed)
            done += len(data)
            progress(min(done, total), total)
            if not following:
                break
            data, number = following, number + 1
        file.flush()
        os.fsync(file.fileno())
    folders.sync(path.parent)


def read_header(path: Path) -> Header:
    """What the archive says of itself to everybody. Unreadable, OSError."""
    with open(path, "rb") as file:
        return _header(file)[0]


def read(path: Path, key: bytes, *, to: Path, progress: Progress) -> bytes:
    """Put the database into the folder ``to``, durably; the secret. Unreadable, OSError: what is there is no store."""
    with open(path, "rb") as file:
        _, start = _header(file)
        total = os.fstat(file.fileno()).st_size
        chunks = _chunks(file, key, start)
        first = next(chunks)
        if len(first) < KEY_SIZE:
            raise Unreadable("the archive holds no store")
        to.mkdir(mode=0o700, exist_ok=True)
        handle = os.open(to / DATABASE, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with open(handle, "wb") as database:
            _write(database, first[KEY_SIZE:], to)
            for chunk in chunks:
                _write(database, chunk, to)
                progress(file.tell(), total)
            _write(database, b"", to)
            os.fsync(database.fileno())
    folders.sync(to)
    progress(total, total)
    return first[:KEY_SIZE]


def _write(database: BinaryIO, data: bytes, folder: Path) -> None:
    """Through to the system. What goes wrong is said of this folder, not of the archive that is read."""
    try:
        database.write(data)
        database.flush()
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(folder)) from error


def _header(file: BinaryIO) -> tuple[Header, bytes]:
    """The header, and all bytes up to the first chunk."""
    start = file.read(_START.size)
    if not start.startswith(MAGIC) or len(start) < _START.size:
        raise Unreadable("it is no backup that hsmith made")
    _, format, length = _START.unpack(start)
    if format != FORMAT:
        raise Unreadable(f"it has format {format}, made by a newer version of hsmith; this one knows {FORMAT}")
    text = file.read(length) if length <= MOST_HEADER else b""
    try:
        header = json.loads(text)
    except ValueError:
        header = None
    if not isinstance(header, dict):
        raise Unreadable("its beginning is damaged")
    return header, start + text


def _chunks(file: BinaryIO, key: bytes, start: bytes) -> Iterator[bytes]:
    """The chunks in order, each authentic. Unreadable."""
    number, following = 0, file.read(_LENGTH.size)
    while following:
        length = int.from_bytes(following, "little")
        sealed = file.read(length) if length <= 2 * CHUNK else b""
        following = file.read(_LENGTH.size)
        try:
            yield primitives.unseal(key, sealed, _place(start, number, last=not following))
        except primitives.Tampered:
            what = "it is damaged from its first part on" if number == 0 else f"it is damaged near its MiB {number}"
            raise Unreadable(f"{what}, or was cut off") from None
        number += 1
    if number == 0:
        raise Unreadable("it was cut off")


def _place(start: bytes, number: int, *, last: bool) -> bytes:
    return hashlib.sha256(start).digest() + number.to_bytes(8, "little") + bytes((last,))


@contextmanager
def opened(folder: Path, secret: bytes) -> Iterator[SqliteStore]:
    """The store of a database that was copied or read, wholly checked. StoreBroken."""
    folders.prepare(folder)
    EpochFile(folder, secret).close()  # it begins with what is there
    store = SqliteStore(folder, secret)
    try:
        with store.reading() as connection:
            answer = connection.pragma("integrity_check")
            if answer != "ok" or connection.pragma("foreign_key_check") is not None:
                raise StoreBroken(f"the database {folder / DATABASE} is damaged: {answer}")
        yield store
    finally:
        store.close()
