"""What each change does to the database."""
# ruff: noqa: S608  (the parts that these statements are made of are constants)

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import apsw

from hsmith.store import audit
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


def apply(connection: apsw.Connection, changes: Sequence[Change]) -> None:
    """Make the changes in the open transaction. Conflict: one cannot be made, and the caller must undo the others."""
    try:
        for change in changes:
            _APPLY[type(change)](connection, change)
    except apsw.ConstraintError as error:
        raise Conflict(f"the store already has it, or its token is gone ({error})") from None


def _put_token(connection: apsw.Connection, change: PutToken) -> None:
    record = change.record
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


def _delete_token(connection: apsw.Connection, change: DeleteToken) -> None:
    _clear(connection, change.token)
    _one(connection, "DELETE FROM token WHERE id = ?", (change.token,), what=f"there is no token {change.token}")


def _clear_objects(connection: apsw.Connection, change: ClearObjects) -> None:
    _clear(connection, change.token)
    _count(connection, change.token, "objects - objects")


def _put_keyslot(connection: apsw.Connection, change: PutKeyslot) -> None:
    record = change.record
    connection.execute(
        "INSERT INTO keyslot (token, name, failures, blob) VALUES (?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET failures = excluded.failures, blob = excluded.blob",
        (record.token, record.name, record.failures, record.blob),
    )


def _delete_keyslot(connection: apsw.Connection, change: DeleteKeyslot) -> None:
    _one(
        connection,
        "DELETE FROM keyslot WHERE token = ? AND name = ?",
        (change.token, change.name),
        what=f"token {change.token} has no keyslot {change.name!r}",
    )


def _set_failures(connection: apsw.Connection, change: SetFailures) -> None:
    _one(
        connection,
        "UPDATE keyslot SET failures = ? WHERE token = ? AND name = ?",
        (change.failures, change.token, change.name),
        what=f"token {change.token} has no keyslot {change.name!r}",
    )


def _put_object(connection: apsw.Connection, change: PutObject) -> None:
    record, tags = change.record, set(change.tags)
    if record.version == 1:
        _add_object(connection, AddObject(record, change.tags))
        return
    packed = _pack(sorted(tags))
    old = _tags(connection, record.token, record.id)
    _one(
        connection,
        "UPDATE object SET version = ?, private = ?, tags = ?, blob = ? WHERE id = ? AND token = ? AND version = ?",
        (record.version, record.private, packed, record.blob, record.id, record.token, record.version - 1),
        what=f"object {record.id} has no version {record.version - 1}",
    )
    _delete_tags(connection, record.token, record.id, old - tags)
    _insert_tags(connection, record.token, record.id, tags - old)


def _add_object(connection: apsw.Connection, change: AddObject) -> None:
    record, tags = change.record, set(change.tags)
    _count(connection, record.token, "objects + 1")
    connection.execute(
        "INSERT INTO object (id, token, version, private, tags, blob) VALUES (?, ?, ?, ?, ?, ?)",
        (record.id, record.token, record.version, record.private, _pack(sorted(tags)), record.blob),
    )
    _insert_tags(connection, record.token, record.id, tags)


def _delete_object(connection: apsw.Connection, change: DeleteObject) -> None:
    _delete_tags(connection, change.token, change.id, _tags(connection, change.token, change.id))
    _one(
        connection,
        "DELETE FROM object WHERE id = ? AND token = ?",
        (change.id, change.token),
        what=f"there is no object {change.id}",
    )
    _count(connection, change.token, "objects - 1")


def _put_value(connection: apsw.Connection, change: PutValue) -> None:
    record = change.record
    connection.execute(
        "INSERT INTO value (name, version, blob) VALUES (?, ?, ?)"
        " ON CONFLICT DO UPDATE SET version = excluded.version, blob = excluded.blob"
        " WHERE excluded.version > value.version",
        (record.name, record.version, record.blob),
    )


_APPLY: Final[dict[type[Any], Callable[[apsw.Connection, Any], None]]] = {
    PutToken: _put_token,
    DeleteToken: _delete_token,
    ClearObjects: _clear_objects,
    PutKeyslot: _put_keyslot,
    DeleteKeyslot: _delete_keyslot,
    SetFailures: _set_failures,
    PutObject: _put_object,
    AddObject: _add_object,
    DeleteObject: _delete_object,
    PutValue: _put_value,
    Append: lambda connection, change: audit.append(connection, change.texts, change.mac_key, change.head()),
    Prune: lambda connection, change: audit.prune(connection, change.keep, change.mac_key, change.head()),
}


def _one(connection: apsw.Connection, sql: str, values: tuple[Any, ...], *, what: str) -> None:
    """Run what must change exactly one row; ``what`` says in the Conflict why it did not."""
    connection.execute(sql, values)
    if connection.changes() != 1:
        raise Conflict(what)


def _count(connection: apsw.Connection, token: int, objects: str) -> None:
    _one(connection, f"UPDATE token SET objects = {objects} WHERE id = ?", (token,), what=f"there is no token {token}")


def _clear(connection: apsw.Connection, token: int) -> None:
    for table in ("tag", "object", "keyslot"):
        connection.execute(f"DELETE FROM {table} WHERE token = ?", (token,))


def _insert_tags(connection: apsw.Connection, token: int, id: int, tags: Iterable[bytes]) -> None:
    connection.executemany(
        "INSERT OR IGNORE INTO tag (token, tag, object) VALUES (?, ?, ?)", [(token, tag, id) for tag in tags]
    )


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
