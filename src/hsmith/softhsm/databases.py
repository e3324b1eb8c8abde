"""The database back-end of SoftHSM 2 (sqlite3.db in a token's folder), and the databases of SoftHSM 1.

Numbers inside blobs are as the machine that wrote them has them. They are read with the lowest byte first, as on all
machines that this module is built for.
"""

from collections.abc import Callable
from pathlib import Path
from struct import Struct
from struct import error as StructError
from typing import Any, Final

from hsmith.softhsm.files import token_of
from hsmith.softhsm.stored import Stored, StoredObject, StoredToken, Unreadable
from hsmith.spec.attributes import ATTRIBUTES
from hsmith.spec.values import ValueKind
from hsmith.store import foreign

DATABASE: Final = "sqlite3.db"
_VERSION_1: Final = 100  # PRAGMA user_version
#: The object that describes the token.
_TOKEN: Final = 1

_LONG, _WORD = Struct("<Q"), Struct("<I")
_BOOL, _NUMBER, _BYTES, _MECHANISMS = 1, 2, 3, 5


def read_token(folder: Path) -> StoredToken:
    """A token of SoftHSM 2. Unreadable."""
    path = folder / DATABASE
    try:
        with foreign.opened(path) as database:
            objects = _objects(database)
    except foreign.NotReadable as error:
        raise Unreadable(str(error)) from None
    if _TOKEN not in objects:
        raise Unreadable(f"{path} has no token")
    token = objects.pop(_TOKEN)
    return token_of(folder, "db", token, [StoredObject(f"object {n}", found) for n, found in sorted(objects.items())])


def _objects(database: foreign.Database) -> dict[int, Stored]:
    objects: dict[int, Stored] = {number: {} for (number,) in database.rows("SELECT id FROM object")}
    for table, read in _TABLES.items():
        # The table's name is one of the constants below.
        for number, attribute, value in database.rows(f"SELECT object_id, type, value FROM {table}"):  # noqa: S608
            if number not in objects:
                continue
            try:
                objects[number][attribute] = read(attribute, value)
            except (TypeError, ValueError, StructError):
                raise Unreadable(f"{database.path} is damaged: attribute {attribute:#x} of object {number}") from None
    return objects


def _binary(attribute: int, value: Any) -> Any:
    """Sets of mechanisms lie among the byte strings."""
    data = bytes(value or b"")
    row = ATTRIBUTES.get(attribute)
    return _mechanisms(data) if row and row.kind is ValueKind.ULONGS else data


def _mechanisms(data: bytes) -> tuple[int, ...]:
    return tuple([number for (number,) in _LONG.iter_unpack(data)])


def _template(_attribute: int, value: Any) -> Stored:
    data, at, found = bytes(value or b""), 0, {}
    while at < len(data):
        (attribute,), (kind,) = _LONG.unpack_from(data, at), _WORD.unpack_from(data, at + 8)
        found[attribute], at = _item(data, at + 12, kind)
    return found


def _item(data: bytes, at: int, kind: int) -> tuple[Any, int]:
    if kind == _BOOL:
        return bool(data[at : at + 1].rjust(1)[0]), at + 1
    (number,) = _LONG.unpack_from(data, at)
    if kind == _NUMBER:
        return number, at + 8
    value = data[at + 8 : at + 8 + number]
    if kind not in (_BYTES, _MECHANISMS) or len(value) != number:
        raise ValueError("no template")
    return (_mechanisms(value) if kind == _MECHANISMS else value), at + 8 + number


#: The tables that have something; those of texts, dates and fractions SoftHSM never uses.
_TABLES: Final[dict[str, Callable[[int, Any], Any]]] = {
    "attribute_boolean": lambda _, value: bool(value),
    "attribute_integer": lambda _, value: int(value) % (1 << 64),
    "attribute_binary": _binary,
    "attribute_array": _template,
}


_LABEL_1, _SO_PIN_1, _USER_PIN_1 = 0, 1, 2
_OWN_1: Final = 0x80000000  # CKA_VENDOR_DEFINED: which session made it, a number that means nothing any more


def read_version_1(path: Path) -> StoredToken:
    """The token of a database of SoftHSM 1. Unreadable."""
    try:
        with foreign.opened(path) as database:
            if database.version() != _VERSION_1 or not database.rows("PRAGMA table_info(Attributes)"):
                raise Unreadable(f"{path} is a database, but none that SoftHSM 1 wrote")
            about = dict(database.rows("SELECT variableID, value FROM Token"))
            objects: dict[int, Stored] = {number: {} for (number,) in database.rows("SELECT objectID FROM Objects")}
            rows = database.rows("SELECT objectID, type, value FROM Attributes")
    except foreign.NotReadable as error:
        raise Unreadable(str(error)) from None
    for number, attribute, value in rows:
        if attribute != _OWN_1 and number in objects:
            objects[number][attribute] = _typed(path, number, attribute, _plain(value))
    label = _plain(about.get(_LABEL_1))[:32].rstrip(b" \0").ljust(32)
    so_pin, user_pin = _plain(about.get(_SO_PIN_1)), _plain(about.get(_USER_PIN_1))
    found = [StoredObject(f"object {n}", attributes) for n, attributes in sorted(objects.items())]
    return StoredToken(path, "v1", label, b"", so_pin, user_pin, found)


def _plain(value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else bytes(value or b"")


def _typed(path: Path, number: int, attribute: int, data: bytes) -> Any:
    """SoftHSM 1 keeps the bytes of C: numbers have four or eight, after the machine that wrote them."""
    row = ATTRIBUTES.get(attribute)
    if row is None or row.kind not in (ValueKind.BOOL, ValueKind.ULONG):
        return data
    if len(data) not in ((1,) if row.kind is ValueKind.BOOL else (4, 8)):
        raise Unreadable(f"{path} is damaged: CKA_{row.attr.name} of object {number} has {len(data)} bytes")
    if row.kind is ValueKind.BOOL:
        return data != b"\0"
    number = int.from_bytes(data, "little")
    # CK_UNAVAILABLE_INFORMATION is the highest number, however many bytes it had.
    return (1 << 64) - 1 if number == (1 << 8 * len(data)) - 1 else number
