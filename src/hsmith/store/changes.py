"""What each change does to the database."""
# ruff: noqa: S608  (the parts that these statements are made of are constants)

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any, Final, NamedTuple

import apsw

from hsmith.store import audit
from hsmith.store.backlog import ENTER_AT, Backlog, packed, unpacked
from hsmith.store.directory import Directory
from hsmith.store.entries import (
    KEYSLOT,
    OBJECT,
    TOKEN,
    VALUE,
    keyslot_address,
    object_address,
    token_address,
)
from hsmith.store.failures import ERRORS
from hsmith.store.ledger import Ledger
from hsmith.store.records import (
    AddObject,
    Append,
    Change,
    ClearObjects,
    Conflict,
    DeleteKeyslot,
    DeleteObject,
    DeleteToken,
    NewObject,
    Prune,
    PutKeyslot,
    PutObject,
    PutToken,
    PutValue,
    SetFailures,
)
from hsmith.store.rows import insert

#: What makes room, or counts a wrong PIN: possible on a full disk, with its record in the audit log.
FREEING: Final = (DeleteObject, DeleteKeyslot, DeleteToken, ClearObjects, SetFailures, Append)


class Books(NamedTuple):
    """What is kept beside the rows, and follows each transaction."""

    ledger: Ledger
    backlog: Backlog
    directory: Directory

    def begin(self) -> None:
        """A transaction begins, or is begun again."""
        self.ledger.begin()
        self.backlog.begin()
        self.directory.begin()

    def mark(self) -> tuple[Any, int, int]:
        """The place in the transaction to which undo() goes back."""
        return self.ledger.mark(), self.backlog.mark(), self.directory.mark()

    def undo(self, mark: tuple[Any, int, int]) -> None:
        self.ledger.undo(mark[0])
        self.backlog.undo(mark[1])
        self.directory.undo(mark[2])

    def commit(self, connection: apsw.Connection) -> None:
        """Commit, and let what was told count."""
        ledger, backlog, directory = self
        directory.pause()
        try:
            with ledger.settled():
                connection.execute("COMMIT")
                backlog.publish()
                ledger.publish()
        except ERRORS:  # nothing was committed
            directory.forget()
            raise
        except BaseException:
            directory.spoil()
            raise
        directory.tell()


class Work:
    """What one call changes, or several together."""

    __slots__ = ("books", "changes")

    def __init__(self, books: Books, changes: Sequence[Change]) -> None:
        self.books = books
        self.changes = changes

    def __call__(self, connection: apsw.Connection) -> None:
        apply(connection, self.books, self.changes)

    def together(self, others: Iterable["Work"]) -> "Work":
        """With those that come after it, in fewer statements: each lets other threads in between. What is independent
        of the rest goes last: what is remembered of values, then the audit."""
        changes = [change for work in (self, *others) for change in work.changes]
        values = [change for change in changes if type(change) is PutValue]
        records = [change for change in changes if type(change) is Append]
        if len(records) > 1:
            texts = [text for record in records for text in record.texts]
            records = [Append(tuple(texts), records[0].mac, records[0].head)]
        first = [change for change in changes if type(change) not in _LATER]
        return Work(self.books, [*first, *values, *records])


def apply(connection: apsw.Connection, books: Books, changes: Sequence[Change]) -> None:
    """Make the changes in the open transaction, and tell the ledger of each row. Conflict: one cannot be made, and the
    caller must undo the others."""
    new: list[NewObject] = []
    try:
        for change in changes:
            if isinstance(change, NewObject):
                new.append(change)
                continue
            if isinstance(change, AddObject) or (isinstance(change, PutObject) and change.record.version == 1):
                new.append(_row(change))
                continue
            if new:
                _add_objects(connection, books, new)
                new = []
            _APPLY[type(change)](connection, books, change)
        if new:
            _add_objects(connection, books, new)
    except apsw.ConstraintError as error:
        raise Conflict(f"the store already has it, or its token is gone ({error})") from None


def _put_token(connection: apsw.Connection, books: Books, change: PutToken) -> None:
    record = change.record
    books.ledger.put(TOKEN, (record.id, record.slot, record.version, record.blob))
    if record.version == 1:
        connection.execute(
            "INSERT INTO token (id, slot, version, blob) VALUES (?, ?, 1, ?)", (record.id, record.slot, record.blob)
        )
        return
    _one(
        connection,
        "UPDATE token SET slot = ?, version = ?, blob = ? WHERE id = ? AND version = ?",
        (record.slot, record.version, record.blob, record.id, record.version - 1),
        what=f"token {record.id} has no version {record.version - 1}",
    )


def _delete_token(connection: apsw.Connection, books: Books, change: DeleteToken) -> None:
    _clear(connection, books, change.token)
    books.ledger.drop(token_address(change.token))
    _one(connection, "DELETE FROM token WHERE id = ?", (change.token,), what=f"there is no token {change.token}")


def _clear_objects(connection: apsw.Connection, books: Books, change: ClearObjects) -> None:
    _clear(connection, books, change.token)
    sql = "UPDATE token SET objects = 0 WHERE id = ?"
    _one(connection, sql, (change.token,), what=f"there is no token {change.token}")


def _put_keyslot(connection: apsw.Connection, books: Books, change: PutKeyslot) -> None:
    record = change.record
    books.ledger.put(KEYSLOT, (record.token, record.name, record.blob, record.failures))
    connection.execute(
        "INSERT INTO keyslot (token, name, failures, blob) VALUES (?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET failures = excluded.failures, blob = excluded.blob",
        (record.token, record.name, record.failures, record.blob),
    )


def _delete_keyslot(connection: apsw.Connection, books: Books, change: DeleteKeyslot) -> None:
    books.ledger.drop(keyslot_address(change.token, change.name))
    _one(
        connection,
        "DELETE FROM keyslot WHERE token = ? AND name = ?",
        (change.token, change.name),
        what=f"token {change.token} has no keyslot {change.name!r}",
    )


def _set_failures(connection: apsw.Connection, books: Books, change: SetFailures) -> None:
    sql = "UPDATE keyslot SET failures = ? WHERE token = ? AND name = ? RETURNING blob"
    found = connection.execute(sql, (change.failures, change.token, change.name)).fetchall()
    if not found:
        raise Conflict(f"token {change.token} has no keyslot {change.name!r}")
    books.ledger.put(KEYSLOT, (change.token, change.name, found[0][0], change.failures))


def _put_object(connection: apsw.Connection, books: Books, change: PutObject) -> None:
    record, tags = change.record, set(change.tags)
    held = books.backlog.holds(record.id)
    old = set() if held else _tags(connection, record.token, record.id)
    row = (record.id, record.token, record.version, record.private, packed(sorted(tags)), record.blob)
    books.ledger.put(OBJECT, row)
    books.directory.put(record.id, record.token, row[4])
    _one(
        connection,
        "UPDATE object SET version = ?3, private = ?4, tags = ?5, blob = ?6"
        " WHERE id = ?1 AND token = ?2 AND version = ?3 - 1",
        row,
        what=f"object {record.id} has no version {record.version - 1}",
    )
    if held:
        books.backlog.put(record.id, record.token, row[4])
        return
    _delete_tags(connection, record.token, record.id, old - tags)
    insert(connection, _TAGS, [(record.token, tag, record.id) for tag in tags - old])


def _row(change: AddObject | PutObject) -> NewObject:
    record = change.record
    tags = packed(sorted(set(change.tags)))
    return NewObject(record.id, record.token, record.version, record.private, tags, record.blob)


def _add_objects(connection: apsw.Connection, books: Books, rows: Sequence[NewObject]) -> None:
    """Insert objects that are new, all in few statements: each costs more than what it does."""
    ledger, backlog, directory = books
    late: list[tuple[int, bytes, int]] = []
    counts: dict[int, int] = {}
    for id, token, _, _, tags, _ in rows:
        directory.put(id, token, tags)
        if backlog.holds(id):
            backlog.add(id, token, tags)
        else:
            late += [(token, tag, id) for tag in sorted(unpacked(tags))]
            counts[token] = counts.get(token, 0) + 1
    ledger.put_objects(rows)
    insert(connection, _OBJECTS, rows)
    _index(connection, late, counts)
    if len(rows) >= ENTER_AT:
        enter(connection, backlog)


def enter(connection: apsw.Connection, backlog: Backlog) -> None:
    """Put the objects of the backlog into the index, in the open transaction."""
    _index(connection, *backlog.enter(connection))


def _index(connection: apsw.Connection, rows: Sequence[tuple[int, bytes, int]], counts: Mapping[int, int]) -> None:
    for token, count in counts.items():
        connection.execute(_COUNT, (count, token))
    insert(connection, _TAGS, rows)


def _delete_object(connection: apsw.Connection, books: Books, change: DeleteObject) -> None:
    held = books.backlog.holds(change.id)
    if not held:
        _delete_tags(connection, change.token, change.id, _tags(connection, change.token, change.id))
    books.ledger.drop(object_address(change.id))
    books.directory.drop(change.id)
    _one(
        connection,
        "DELETE FROM object WHERE id = ? AND token = ?",
        (change.id, change.token),
        what=f"there is no object {change.id}",
    )
    if held:
        books.backlog.drop(change.id)
    else:
        connection.execute(_COUNT, (-1, change.token))


def _put_value(connection: apsw.Connection, books: Books, change: PutValue) -> None:
    record = change.record
    connection.execute(
        "INSERT INTO value (name, version, blob) VALUES (?, ?, ?)"
        " ON CONFLICT DO UPDATE SET version = excluded.version, blob = excluded.blob"
        " WHERE excluded.version > value.version",
        (record.name, record.version, record.blob),
    )
    if connection.changes():
        books.ledger.put(VALUE, (record.name, record.version, record.blob))


def _append(connection: apsw.Connection, books: Books, change: Append) -> None:
    head = max(change.head(), books.ledger.appended, key=itemgetter(0))
    books.ledger.appended = audit.append(connection, change.texts, change.mac, head)


def _prune(connection: apsw.Connection, books: Books, change: Prune) -> None:
    head = max(change.head(), books.ledger.appended, key=itemgetter(0))
    books.ledger.appended = audit.prune(connection, change.keep, change.mac, head)


_LATER: Final = frozenset({PutValue, Append})
_APPLY: Final[dict[type[Any], Callable[[apsw.Connection, Books, Any], None]]] = {
    PutToken: _put_token,
    DeleteToken: _delete_token,
    ClearObjects: _clear_objects,
    PutKeyslot: _put_keyslot,
    DeleteKeyslot: _delete_keyslot,
    SetFailures: _set_failures,
    PutObject: _put_object,
    DeleteObject: _delete_object,
    PutValue: _put_value,
    Append: _append,
    Prune: _prune,
}


def _one(connection: apsw.Connection, sql: str, values: tuple[Any, ...], *, what: str) -> None:
    """Run what must change exactly one row; ``what`` says in the Conflict why it did not."""
    connection.execute(sql, values)
    if connection.changes() != 1:
        raise Conflict(what)


def _clear(connection: apsw.Connection, books: Books, token: int) -> None:
    for (id,) in connection.execute("SELECT id FROM object WHERE token = ?", (token,)):
        books.ledger.drop(object_address(id))
    for (name,) in connection.execute("SELECT name FROM keyslot WHERE token = ?", (token,)):
        books.ledger.drop(keyslot_address(token, name))
    books.backlog.clear(token)
    books.directory.clear(token)
    for table in ("tag", "object", "keyslot"):
        connection.execute(f"DELETE FROM {table} WHERE token = ?", (token,))


_COUNT: Final = "UPDATE token SET objects = objects + ? WHERE id = ?"
_OBJECTS: Final = "INSERT INTO object (id, token, version, private, tags, blob) VALUES "
_TAGS: Final = "INSERT OR IGNORE INTO tag (token, tag, object) VALUES "


def _delete_tags(connection: apsw.Connection, token: int, id: int, tags: Iterable[bytes]) -> None:
    connection.executemany(
        "DELETE FROM tag WHERE token = ? AND tag = ? AND object = ?", [(token, tag, id) for tag in tags]
    )


def _tags(connection: apsw.Connection, token: int, id: int) -> set[bytes]:
    """The tags that a stored object has; none if there is no such object."""
    packed = connection.execute("SELECT tags FROM object WHERE id = ? AND token = ?", (id, token)).get
    return unpacked(packed or b"")
