"""What each change does to the database."""
# ruff: noqa: S608  (the parts that these statements are made of are constants)

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from operator import itemgetter
from typing import Any, Final

import apsw

from hsmith.store import audit
from hsmith.store.entries import (
    KEYSLOT,
    OBJECT,
    TOKEN,
    VALUE,
    keyslot_address,
    object_address,
    token_address,
)
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
    Prune,
    PutKeyslot,
    PutObject,
    PutToken,
    PutValue,
    SetFailures,
)

#: What makes room, or counts a wrong PIN: possible on a full disk, with its record in the audit log.
FREEING: Final = (DeleteObject, DeleteKeyslot, DeleteToken, ClearObjects, SetFailures, Append)


class Work:
    """What one call changes, or several together."""

    __slots__ = ("changes", "ledger")

    def __init__(self, ledger: Ledger, changes: Sequence[Change]) -> None:
        self.ledger = ledger
        self.changes = changes

    def __call__(self, connection: apsw.Connection) -> None:
        apply(connection, self.ledger, self.changes)

    def together(self, others: Iterable["Work"]) -> "Work":
        """With those that come after it, in fewer statements: each lets other threads in between. What is independent
        of the rest goes last: what is remembered of values, then the audit."""
        changes = [change for work in (self, *others) for change in work.changes]
        return Work(self.ledger, sorted(changes, key=lambda change: _LATER.get(type(change), 0)))


def apply(connection: apsw.Connection, ledger: Ledger, changes: Sequence[Change]) -> None:
    """Make the changes in the open transaction, and tell the ledger of each row. Conflict: one cannot be made, and the
    caller must undo the others."""
    new: list[AddObject | PutObject] = []
    try:
        for change in changes:
            if type(change) is AddObject or (type(change) is PutObject and change.record.version == 1):
                new.append(change)
                continue
            if new:
                _add_objects(connection, ledger, new)
                new = []
            _APPLY[type(change)](connection, ledger, change)
        if new:
            _add_objects(connection, ledger, new)
    except apsw.ConstraintError as error:
        raise Conflict(f"the store already has it, or its token is gone ({error})") from None


def _put_token(connection: apsw.Connection, ledger: Ledger, change: PutToken) -> None:
    record = change.record
    ledger.put(TOKEN, (record.id, record.slot, record.version, record.blob))
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


def _delete_token(connection: apsw.Connection, ledger: Ledger, change: DeleteToken) -> None:
    _clear(connection, ledger, change.token)
    ledger.drop(token_address(change.token))
    _one(connection, "DELETE FROM token WHERE id = ?", (change.token,), what=f"there is no token {change.token}")


def _clear_objects(connection: apsw.Connection, ledger: Ledger, change: ClearObjects) -> None:
    _clear(connection, ledger, change.token)
    sql = "UPDATE token SET objects = 0 WHERE id = ?"
    _one(connection, sql, (change.token,), what=f"there is no token {change.token}")


def _put_keyslot(connection: apsw.Connection, ledger: Ledger, change: PutKeyslot) -> None:
    record = change.record
    ledger.put(KEYSLOT, (record.token, record.name, record.blob, record.failures))
    connection.execute(
        "INSERT INTO keyslot (token, name, failures, blob) VALUES (?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET failures = excluded.failures, blob = excluded.blob",
        (record.token, record.name, record.failures, record.blob),
    )


def _delete_keyslot(connection: apsw.Connection, ledger: Ledger, change: DeleteKeyslot) -> None:
    ledger.drop(keyslot_address(change.token, change.name))
    _one(
        connection,
        "DELETE FROM keyslot WHERE token = ? AND name = ?",
        (change.token, change.name),
        what=f"token {change.token} has no keyslot {change.name!r}",
    )


def _set_failures(connection: apsw.Connection, ledger: Ledger, change: SetFailures) -> None:
    sql = "UPDATE keyslot SET failures = ? WHERE token = ? AND name = ? RETURNING blob"
    found = connection.execute(sql, (change.failures, change.token, change.name)).fetchall()
    if not found:
        raise Conflict(f"token {change.token} has no keyslot {change.name!r}")
    ledger.put(KEYSLOT, (change.token, change.name, found[0][0], change.failures))


def _put_object(connection: apsw.Connection, ledger: Ledger, change: PutObject) -> None:
    record, tags = change.record, set(change.tags)
    packed = _pack(sorted(tags))
    old = _tags(connection, record.token, record.id)
    ledger.put(OBJECT, (record.id, record.token, record.version, record.private, packed, record.blob))
    _one(
        connection,
        "UPDATE object SET version = ?, private = ?, tags = ?, blob = ? WHERE id = ? AND token = ? AND version = ?",
        (record.version, record.private, packed, record.blob, record.id, record.token, record.version - 1),
        what=f"object {record.id} has no version {record.version - 1}",
    )
    _delete_tags(connection, record.token, record.id, old - tags)
    _insert(connection, _TAGS, [(record.token, tag, record.id) for tag in tags - old])


def _add_objects(connection: apsw.Connection, ledger: Ledger, changes: Sequence[AddObject | PutObject]) -> None:
    """Insert objects that are new, all in few statements: each costs more than what it does."""
    counts: dict[int, int] = {}
    for change in changes:
        counts[change.record.token] = counts.get(change.record.token, 0) + 1
    for token, count in counts.items():
        _count(connection, token, count)
    objects: list[tuple[Any, ...]] = []
    rows: list[tuple[Any, ...]] = []
    for change in changes:
        record, tags = change.record, sorted(set(change.tags))
        row = (record.id, record.token, record.version, record.private, _pack(tags), record.blob)
        objects.append(row)
        ledger.put(OBJECT, row)
        rows += [(record.token, tag, record.id) for tag in tags]
    _insert(connection, _OBJECTS, objects)
    _insert(connection, _TAGS, rows)


def _delete_object(connection: apsw.Connection, ledger: Ledger, change: DeleteObject) -> None:
    _delete_tags(connection, change.token, change.id, _tags(connection, change.token, change.id))
    ledger.drop(object_address(change.id))
    _one(
        connection,
        "DELETE FROM object WHERE id = ? AND token = ?",
        (change.id, change.token),
        what=f"there is no object {change.id}",
    )
    _count(connection, change.token, -1)


def _put_value(connection: apsw.Connection, ledger: Ledger, change: PutValue) -> None:
    record = change.record
    connection.execute(
        "INSERT INTO value (name, version, blob) VALUES (?, ?, ?)"
        " ON CONFLICT DO UPDATE SET version = excluded.version, blob = excluded.blob"
        " WHERE excluded.version > value.version",
        (record.name, record.version, record.blob),
    )
    if connection.changes():
        ledger.put(VALUE, (record.name, record.version, record.blob))


def _append(connection: apsw.Connection, ledger: Ledger, change: Append) -> None:
    head = max(change.head(), ledger.appended, key=itemgetter(0))
    ledger.appended = audit.append(connection, change.texts, change.mac, head)


def _prune(connection: apsw.Connection, ledger: Ledger, change: Prune) -> None:
    head = max(change.head(), ledger.appended, key=itemgetter(0))
    ledger.appended = audit.prune(connection, change.keep, change.mac, head)


_LATER: Final[dict[type[Any], int]] = {PutValue: 1, Append: 2}
_APPLY: Final[dict[type[Any], Callable[[apsw.Connection, Ledger, Any], None]]] = {
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


def _count(connection: apsw.Connection, token: int, more: int) -> None:
    sql = "UPDATE token SET objects = objects + ? WHERE id = ?"
    _one(connection, sql, (more, token), what=f"there is no token {token}")


def _clear(connection: apsw.Connection, ledger: Ledger, token: int) -> None:
    for (id,) in connection.execute("SELECT id FROM object WHERE token = ?", (token,)):
        ledger.drop(object_address(id))
    for (name,) in connection.execute("SELECT name FROM keyslot WHERE token = ?", (token,)):
        ledger.drop(keyslot_address(token, name))
    for table in ("tag", "object", "keyslot"):
        connection.execute(f"DELETE FROM {table} WHERE token = ?", (token,))


_OBJECTS: Final = "INSERT INTO object (id, token, version, private, tags, blob) VALUES "
_TAGS: Final = "INSERT OR IGNORE INTO tag (token, tag, object) VALUES "
#: Rows of one statement: any number that is usual for one call, and a larger one; so few statements serve all.
_USUAL, _MANY = 16, 64


def _insert(connection: apsw.Connection, sql: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert the rows."""
    at, left = 0, len(rows)
    while left:
        count = _MANY if left >= _MANY else min(left, _USUAL)
        values = [value for row in rows[at : at + count] for value in row]
        connection.execute(_several(sql, count, len(rows[0])), values)
        at, left = at + count, left - count


@cache
def _several(sql: str, rows: int, columns: int) -> str:
    return sql + ", ".join([f"({', '.join('?' * columns)})"] * rows)


def _delete_tags(connection: apsw.Connection, token: int, id: int, tags: Iterable[bytes]) -> None:
    connection.executemany(
        "DELETE FROM tag WHERE token = ? AND tag = ? AND object = ?", [(token, tag, id) for tag in tags]
    )


def _tags(connection: apsw.Connection, token: int, id: int) -> set[bytes]:
    """The tags that a stored object has; none if there is no such object."""
    packed = connection.execute("SELECT tags FROM object WHERE id = ? AND token = ?", (id, token)).get
    return unpacked(packed or b"")


def _pack(tags: Iterable[bytes]) -> bytes:
    """Each tag after its length, one byte. ValueError: longer than 255 bytes."""
    return b"".join([bytes((len(tag),)) + tag for tag in tags])


def unpacked(packed: bytes) -> set[bytes]:
    """The tags of a row of the table object."""
    tags, at = set(), 0
    while at < len(packed):
        end = at + 1 + packed[at]
        tags.add(packed[at + 1 : end])
        at = end
    return tags
