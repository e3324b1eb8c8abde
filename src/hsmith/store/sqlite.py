"""The embedded store: one SQLite database in a folder of its own.

Write-ahead log with synchronous=FULL: what is committed is in the log, and the log on disk, before anyone is answered.
"""
# ruff: noqa: S608  (the parts that these statements are made of are constants)

import logging
import os
import threading
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, partial
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

import apsw

from hsmith.store import folder as folders
from hsmith.store import inspection, schema
from hsmith.store import secret as secrets
from hsmith.store.audit import Record, Signer
from hsmith.store.audit import read as read_audit
from hsmith.store.audit import verify as verify_audit
from hsmith.store.backlog import Backlog, has_all, unpacked
from hsmith.store.changes import FREEING, Books, Work
from hsmith.store.directory import Directory
from hsmith.store.entries import (
    KEYSLOT,
    OBJECT,
    TOKEN,
    VALUE,
    Address,
    Row,
    Table,
    keyslot_address,
    object_address,
    token_address,
    value_address,
)
from hsmith.store.epoch import EpochFile
from hsmith.store.failures import ERRORS, in_words, translated
from hsmith.store.folder import DATABASE as DATABASE
from hsmith.store.ledger import READ_PLACE, Ledger
from hsmith.store.readers import Readers
from hsmith.store.records import (
    NOT_READ,
    Change,
    Hit,
    KeyslotRecord,
    ObjectRecord,
    StoreBroken,
    TokenRecord,
    ValueRecord,
)
from hsmith.store.sealing import Damaged
from hsmith.store.writer import Writer

#: Earlier ones can corrupt a database in WAL mode when a checkpoint meets a write at the wrong moment.
OLDEST_SQLITE: Final = (3, 51, 3)
#: Numbers that one commit sets aside; what is left of them at a restart is never given.
NUMBERS: Final = 256
#: Tags in one query; more are searched for in several.
MAX_TAGS: Final = 32
BUSY_MS: Final = 5_000
#: Objects that are loaded into the directory at once: so long others wait to write.
AT_ONCE: Final = 256

# The casts give the promised types even from a damaged row: what is wrong with it shows when it is unsealed.
_VERSION: Final = "ifnull(CAST(version AS INTEGER), 0)"
_BLOB: Final = "ifnull(CAST(blob AS BLOB), x'')"
_TOKENS: Final = f"SELECT id, ifnull(CAST(slot AS INTEGER), 0), {_VERSION}, {_BLOB} FROM token ORDER BY slot"
_KEYSLOTS: Final = (
    f"SELECT token, name, {_BLOB}, ifnull(CAST(failures AS INTEGER), 0) FROM keyslot WHERE token = ? ORDER BY name"
)
_OBJECTS: Final = f"SELECT token, id, {_VERSION}, private IS NOT 0, {_BLOB} FROM object WHERE token = ?"
#: The rows that are compared with the ledger, their columns in the order of its tables.
_COLUMNS: Final = f"id, object.token, {_VERSION}, private IS NOT 0, ifnull(CAST(tags AS BLOB), x''), {_BLOB}"
_OBJECT: Final = f"SELECT {_COLUMNS} FROM object WHERE id = ?"
_ROWS: Final = f"SELECT {_COLUMNS} FROM object WHERE id > ? ORDER BY id LIMIT ?"
_TOKEN: Final = f"SELECT id, ifnull(CAST(slot AS INTEGER), 0), {_VERSION}, {_BLOB} FROM token WHERE id = ?"
_KEYSLOT: Final = (
    f"SELECT token, name, {_BLOB}, ifnull(CAST(failures AS INTEGER), 0) FROM keyslot WHERE token = ? AND name = ?"
)

_VALUE: Final = f"SELECT name, {_VERSION}, {_BLOB} FROM value WHERE name = ?"
_VALUE_NAMES: Final = "SELECT CAST(name AS BLOB) FROM value WHERE name > ? ORDER BY name LIMIT ?"

_log = logging.getLogger(__name__)


class SqliteStore:
    """The Store of records.py. One process at a time has a folder open."""

    def __init__(self, folder: Path, secret: bytes | None = None, *, accept: bool = False) -> None:
        """Open the store in ``folder``, or make it. StoreBroken, StoreFull: in words why it cannot be.

        ``secret``: the store's (default: that in the folder). ``accept``: what is there counts, though it be older
        than what was stored last, or altered.
        """
        check_version(apsw.sqlite_lib_version())
        folders.prepare(folder)
        self.path = folder / DATABASE
        self._secret = secret if secret is not None else secrets.load(folder)
        self._accept = accept
        self._lock = folders.Lock(folder)
        self._numbers = iter(range(0))
        self._numbers_lock = threading.Lock()
        try:
            with in_words(self.path):
                self._open()
        except BaseException:
            self._lock.close()
            raise

    def _open(self) -> None:
        _create(self.path)
        connection = _connect(self.path)
        epoch: EpochFile | None = None
        try:
            epoch = EpochFile(self.path.parent, self._secret)
            self._ledger = Ledger(connection, self.path, self._secret, epoch)
            schema.migrate(connection, self.path, first=self._ledger.make)
            self._ledger.load(accept=self._accept)
            self._backlog = Backlog()
            self._backlog.load(connection)
            self._readers = Readers(partial(_connect_reader, self.path))
        except BaseException:
            connection.close()
            if epoch is not None:
                epoch.close()
            raise
        self._epoch = epoch
        self._directory = Directory()
        self._books = Books(self._ledger, self._backlog, self._directory)
        self._writer = Writer(connection, self.path, self._books)

    def close(self) -> None:
        """Finish what waits, and give the folder free. Every later call raises StoreBroken."""
        self._readers.close()
        self._writer.close()
        self._directory.close()
        self._lock.close()

    @property
    def directory(self) -> int:
        return self._directory.address

    def fill_directory(self, pause: Callable[[], object]) -> None:
        """Let native code search in what there is; ``pause`` is called after every some of it. Damaged: a row was
        altered, and searches look into the database, as ever. StoreBroken: closed meanwhile."""
        after: int | None = -1
        while after is not None:
            after = self._writer.between(partial(self._fill_some, after=after))
            pause()

    def _fill_some(self, connection: apsw.Connection, *, after: int) -> int | None:
        """The next objects after that number. Returns the last one's, or None after the last."""
        self._directory.open()
        with in_words(self.path):
            rows: list[tuple[Any, ...]] = connection.execute(_ROWS, (after, AT_ONCE)).fetchall()
        for row in rows:
            if not self._ledger.is_as_stored(OBJECT, object_address(row[0]), row):
                raise Damaged(f"object {row[0]} is not as it was stored")
        self._ledger.forget({object_address(row[0]).place for row in rows})
        last = len(rows) < AT_ONCE
        self._directory.load([(row[0], row[1], row[4]) for row in rows], complete=last)
        return None if last else rows[-1][0]

    def change(self, changes: Sequence[Change]) -> None:
        sparing = not all(isinstance(change, FREEING) for change in changes)
        self._writer.run(Work(self._books, changes), sparing=sparing)

    def change_each(self, calls: Sequence[Sequence[Change]]) -> list[Exception | None]:
        return self._writer.run_each([Work(self._books, changes) for changes in calls])

    def figures(self) -> dict[str, Any]:
        count = self._directory.count
        return {**self._writer.figures(), "directory": -1 if count is None else count}

    def reserve(self) -> int:
        with self._numbers_lock:
            number = next(self._numbers, None)
            if number is None:
                self._numbers = iter(self.reserve_many(NUMBERS))
                number = next(self._numbers)
            return number

    def reserve_many(self, count: int) -> range:
        return self._writer.run(partial(_set_aside, count=count))

    def tokens(self) -> list[TokenRecord]:
        rows = self._read(_TOKENS)
        return [TokenRecord(*row) for row in rows]

    def check_token(self, id: int) -> None:
        try:
            self._checked(TOKEN, token_address(id), _TOKEN, (id,))
        except Damaged as damaged:
            raise Damaged(f"token {id} {damaged}") from None

    def keyslots(self, token: int) -> list[KeyslotRecord]:
        rows = self._read(_KEYSLOTS, (token,))
        return [self._checked_keyslot(KeyslotRecord(*row)) for row in rows]

    def _checked_keyslot(self, record: KeyslotRecord) -> KeyslotRecord:
        """As it is in the ledger, and no PIN opens one that is not there: nobody gets tries, or an old PIN, back."""
        address = keyslot_address(record.token, record.name)
        try:
            self._checked(KEYSLOT, address, _KEYSLOT, (record.token, record.name))
        except Damaged as damaged:
            _log.error("keyslot %r of token %d %s", record.name, record.token, damaged)
            return KeyslotRecord(record.token, record.name, b"", record.failures)
        return record

    def object(self, token: int, id: int) -> ObjectRecord | None:
        row = self._object_row(token, id)
        if row is None or row[1] != token:
            return None
        return ObjectRecord(token, id, row[2], bool(row[3]), row[5])

    def has_tags(self, token: int, id: int, tags: Sequence[bytes], row: Row = NOT_READ) -> bool:
        stored: Row | None = row
        if not row or row[0] != id or not self._ledger.is_as_stored(OBJECT, object_address(id), row, self._place):
            stored = self._object_row(token, id)
        return stored is not None and stored[1] == token and has_all(stored[4], tags)

    def _object_row(self, token: int, id: int) -> Row | None:
        try:
            return self._checked(OBJECT, object_address(id), _OBJECT, (id,))
        except Damaged as damaged:
            raise Damaged(f"object {id} of token {token} {damaged}") from None

    def _checked(self, table: Table, address: Address, sql: str, values: tuple[Any, ...]) -> Row | None:
        """The one row that ``sql`` finds, compared with the ledger. Damaged: str() says what happened to it."""
        return self._ledger.compare(table, address, partial(self._row, sql, values), self._place)

    def _row(self, sql: str, values: tuple[Any, ...]) -> Row | None:
        rows = self._read(sql, values)
        return rows[0] if rows else None

    def _place(self, place: int) -> tuple[int, bytes] | None:
        rows = self._read(READ_PLACE, (place,))
        return (rows[0][0], rows[0][1]) if rows else None

    def objects(self, token: int, ids: Iterable[int]) -> list[ObjectRecord]:
        wanted = array("q", sorted(set(ids)))
        if not wanted:
            return []
        sql = _OBJECTS + " AND id IN carray(?) ORDER BY id"
        return [_object(row) for row in self._read(sql, (token, apsw.carray(wanted)))]

    def find(self, token: int, tags: Sequence[bytes], *, after: int = 0, limit: int = -1) -> list[int]:
        waiting = self._backlog.find(token, tags, after=after)
        found = self._indexed(token, tags, after=after, limit=limit)
        return sorted({*found, *waiting})[: None if limit < 0 else limit] if waiting else found

    def _indexed(self, token: int, tags: Sequence[bytes], *, after: int, limit: int) -> list[int]:
        if not tags:
            return [id for (id,) in self._read(_ALL, (token, after, limit))]
        if len(tags) <= MAX_TAGS:
            return [id for (id,) in self._read(_find(len(tags)), (token, after, limit, *tags))]
        found = set(self._indexed(token, tags[:MAX_TAGS], after=after, limit=-1))
        for start in range(MAX_TAGS, len(tags), MAX_TAGS - 1):
            some = (tags[0], *tags[start : start + MAX_TAGS - 1])
            found &= set(self._indexed(token, some, after=after, limit=-1))
        return sorted(found)[: None if limit < 0 else limit]

    def find_each(self, token: int, searches: Sequence[Sequence[bytes]]) -> list[list[int]]:
        if len(searches) != 2 or max(map(len, searches)) > MAX_TAGS or not all(searches):
            return [self.find(token, tags) for tags in searches]
        first, second = searches
        found = [self._backlog.find(token, tags) for tags in searches]
        for which, id in self._read(_find_two(len(first), len(second)), (token, *first, *second)):
            found[which].append(id)
        return [sorted(set(ids)) if len(ids) > 1 else ids for ids in found]

    def find_few(self, token: int, tags: Sequence[bytes], most: int, *, rows: bool = False) -> list[Hit] | None:
        waiting = self._backlog.having(token, tags)
        found: list[Hit] = self._read(_few(len(tags), rows), (token, most + 1, *tags))
        if waiting or len(found) > 1:  # some may be there twice
            found = sorted(({hit: hit for hit in waiting} | {hit[:2]: hit for hit in found}).values(), key=_in_order)
        return found if len(found) <= most else None

    def count(self, token: int) -> int:
        with self._ledger.settled():  # what is entered now is counted once
            rows = self._read("SELECT objects FROM token WHERE id = ?", (token,))
            return int(rows[0][0]) + self._backlog.count(token) if rows else 0

    def value(self, name: bytes) -> ValueRecord | None:
        try:
            row = self._checked(VALUE, value_address(name), _VALUE, (name,))
        except Damaged as damaged:
            raise Damaged(f"what is remembered of a key's value {damaged}") from None
        return None if row is None else ValueRecord(*row)

    def value_names(self, *, after: bytes, limit: int) -> list[bytes]:
        return [bytes(name) for (name,) in self._read(_VALUE_NAMES, (after, limit))]

    def page(self, token: int, *, after: int, limit: int) -> list[tuple[ObjectRecord, tuple[bytes, ...]]]:
        sql = _OBJECTS.replace(" FROM", ", tags FROM") + " AND id > ? ORDER BY id LIMIT ?"
        rows = self._read(sql, (token, after, limit))
        return [(_object(row[:-1]), tuple(sorted(unpacked(row[-1])))) for row in rows]

    @contextmanager
    def reading(self) -> Iterator[apsw.Connection]:
        """A connection of its own on which all that is read is of one moment. StoreBroken."""
        connection = _connect_reader(self.path)
        try:
            with in_words(self.path):
                connection.execute("BEGIN")
                connection.execute("SELECT value FROM counter").fetchall()
            yield connection
        finally:
            connection.close()

    def audited(self) -> tuple[int, bytes]:
        """The number and the digest of the last record of the audit log."""
        return self._ledger.audited

    def audit(self, *, after: int, limit: int) -> list[Record]:
        """The next ``limit`` records of the audit log with a number greater than ``after``."""
        with self.reading() as connection, in_words(self.path):
            return read_audit(connection, after=after, limit=limit)

    def verify_audit(self, signer: Signer) -> str | None:
        """The first thing that is wrong with the audit log, in a sentence, or None."""
        with self.reading() as connection, in_words(self.path):
            ledger = Ledger(connection, self.path, self._secret, self._epoch)
            ledger.open()
            return verify_audit(connection, signer, ledger.audited)

    def inspect(self) -> list[str]:
        """All that is wrong with what is stored, a sentence each."""
        with self.reading() as connection, in_words(self.path):
            ledger = Ledger(connection, self.path, self._secret, self._epoch)
            return list(inspection.inspect(connection, ledger))

    def _read(self, sql: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """All rows, so that no read transaction stays open, which would keep the log from being used again."""
        connection = self._readers.take()
        try:
            return connection.execute(sql, values).fetchall()
        except ERRORS as error:
            raise translated(error, connection, self.path) from None
        finally:
            self._readers.give(connection)


_ALL: Final = "SELECT id FROM object INDEXED BY object_token WHERE token = ? AND id > ? ORDER BY id LIMIT ?"


_in_order: Final = itemgetter(0, 1)


@cache
def _few(tags: int, rows: bool) -> str:
    """The first ones that have each of so many tags: (which of them, id); ``rows``: and the columns of the object's
    row, NULL where there is none."""
    columns, joined = (f", {_COLUMNS}", " LEFT JOIN object ON id = object") if rows else ("", "")
    parts = [
        f"SELECT {which}, object{columns} FROM tag{joined} WHERE tag.token = ?1 AND tag.tag = ?{3 + which}"
        for which in range(tags)
    ]
    return " UNION ALL ".join(parts) + " LIMIT ?2"


@cache
def _find(tags: int) -> str:
    """The search for that many tags. The other tags are subqueries, not joins, so that the first tag always leads."""
    others = "".join(
        f" AND (SELECT 1 FROM tag AS t WHERE t.token = ?1 AND t.tag = ?{n} AND t.object = tag.object)"
        for n in range(5, 4 + tags)
    )
    return f"SELECT object FROM tag WHERE token = ?1 AND tag = ?4 AND object > ?2{others} ORDER BY object LIMIT ?3"


@cache
def _find_two(first: int, second: int) -> str:
    """Two such searches in one, of that many tags each: (which of them, id)."""
    parts = []
    for which, at, tags in ((0, 2, first), (1, 2 + first, second)):
        others = "".join(
            f" AND (SELECT 1 FROM tag AS t WHERE t.token = ?1 AND t.tag = ?{n} AND t.object = tag.object)"
            for n in range(at + 1, at + tags)
        )
        parts.append(f"SELECT {which}, object FROM tag WHERE token = ?1 AND tag = ?{at}{others}")
    return " UNION ALL ".join(parts)


def _object(row: tuple[Any, ...]) -> ObjectRecord:
    token, id, version, private, blob = row
    return ObjectRecord(token, id, version, bool(private), blob)


def _set_aside(connection: apsw.Connection, count: int) -> range:
    """Take the next ``count`` numbers, for ever."""
    sql = "UPDATE counter SET value = value + ? WHERE name = 'reserved' RETURNING value"
    last = connection.execute(sql, (count,)).get
    return range(last - count + 1, last + 1)


def check_version(version: str) -> None:
    """StoreBroken: an SQLite that is too old to trust."""
    if tuple(map(int, version.split("."))) < OLDEST_SQLITE:
        oldest = ".".join(map(str, OLDEST_SQLITE))
        raise StoreBroken(
            f"SQLite {version} can lose data in concurrent use; hsmith needs {oldest} or newer: upgrade apsw"
        )


def _create(path: Path) -> None:
    """Make the file, private from its first moment (its log gets the same permissions), and its name durable."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        folders.sync(path.parent)
    except FileExistsError:
        _mend(path)
    except OSError as error:
        raise folders.failure(path, error) from None


def _mend(path: Path) -> None:
    """The permissions of an existing database, and the same for what SQLite left beside it while they were others."""
    folders.private(path, 0o600)
    for beside in (Path(f"{path}-wal"), Path(f"{path}-shm")):
        if beside.exists():
            folders.private(beside, 0o600)
            beside.chmod(path.stat().st_mode & 0o600)


def _connect(path: Path) -> apsw.Connection:
    """A connection whose commits are durable, and which trusts nothing in the file that is more than data."""
    connection = apsw.Connection(os.fspath(path), flags=apsw.SQLITE_OPEN_READWRITE)
    connection.set_busy_timeout(BUSY_MS)
    connection.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, 1)
    connection.config(apsw.SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0)
    connection.config(apsw.SQLITE_DBCONFIG_ENABLE_TRIGGER, 0)
    connection.config(apsw.SQLITE_DBCONFIG_ENABLE_VIEW, 0)
    # Else SQLite plans by the values, and so parses a statement again for each new one, though it is kept ready.
    connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
    if not connection.readonly("main") and connection.pragma("journal_mode", "wal") != "wal":
        raise StoreBroken(f"{path} cannot have a write-ahead log here: use a folder on a local disk")
    for name, value in _PRAGMAS.items():
        connection.pragma(name, value)
    return connection


_PRAGMAS: Final = {
    "synchronous": "full",
    "foreign_keys": True,
    "secure_delete": True,  # what is deleted is overwritten
    "cell_size_check": True,  # a damaged page is noticed when it is read
    "temp_store": "memory",  # nothing is written outside the folder
    "cache_size": -2048,  # KiB, of each connection
    "cache_spill": 16_384,  # pages (64 MiB) until a transaction is written before its commit, where room is asked for
    "journal_size_limit": 64 << 20,  # bytes that the log keeps when it is used again
}


def _connect_reader(path: Path) -> apsw.Connection:
    with in_words(path):
        connection = _connect(path)
        connection.pragma("query_only", True)
        connection.execute("SELECT value FROM counter").fetchall()  # opens the log: reading needs no further files
        return connection
