"""Entries of the ledger: for each row of a table that is watched, where its entry is, and what it says.

An entry is a version and a checksum over all of the row, keyed, so that nobody makes another row with the same one. They
are kept in places of some dozen entries each: the finest grain in which one record costs little, and a million too.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from struct import Struct
from typing import Any, Final, NamedTuple

from hsmith.crypto import primitives

#: Of a place: the key of an entry, its version, its checksum.
_PACKED: Final = Struct("<QqQ")
#: Objects that share a place. Their numbers are neighbours, so those that are made together are together.
_TOGETHER: Final = 64
#: Places of values, among which their names, which look random, are divided.
_VALUE_PLACES: Final = 4096
_OBJECTS, _TOKENS, _KEYSLOTS, _VALUES = 0, 1 << 60, 2 << 60, 3 << 60


class Address(NamedTuple):
    """Where an entry is: its place, and its key there."""

    place: int
    key: int


class Entry(NamedTuple):
    version: int
    check: int


Entries = Mapping[int, Entry]
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Table:
    """A table that is watched. ``columns``: those that the checksum covers. ``version``: the column of the version."""

    name: str
    columns: tuple[str, ...]
    version: str
    address: Callable[[Row], Address]


def object_address(id: int) -> Address:
    return Address(_OBJECTS + id // _TOGETHER, id)


def token_address(id: int) -> Address:
    return Address(_TOKENS + id // _TOGETHER, id)


def keyslot_address(token: int, name: str) -> Address:
    return Address(_KEYSLOTS + token, _short(name.encode("utf-8", "surrogateescape")))


def value_address(name: bytes) -> Address:
    short = _short(name)
    return Address(_VALUES + short % _VALUE_PLACES, short)


def _short(name: bytes) -> int:
    return int.from_bytes(primitives.mac(b"", name)[:8], "little")


TABLES: Final = {
    table.name: table
    for table in (
        Table(
            "object",
            ("id", "token", "version", "private", "tags", "blob"),
            "version",
            lambda row: object_address(row["id"]),
        ),
        Table("token", ("id", "slot", "version", "blob"), "version", lambda row: token_address(row["id"])),
        Table(
            "keyslot",
            ("token", "name", "blob"),
            "failures",
            lambda row: keyslot_address(row["token"], row["name"]),
        ),
        Table("value", ("name", "version", "blob"), "version", lambda row: value_address(row["name"])),
    )
}


def entry(key: bytes, table: Table, row: Row) -> Entry:
    """What the ledger says of a row."""
    parts = [_bytes(row[column]) for column in table.columns]
    digest = primitives.mac(key, table.name.encode(), *parts)
    return Entry(row[table.version], int.from_bytes(digest[:8], "little"))


def _bytes(value: Any) -> bytes:
    if isinstance(value, int):
        return value.to_bytes(8, "little", signed=True)
    return value.encode("utf-8", "surrogateescape") if isinstance(value, str) else bytes(value)


def pack(entries: Entries) -> bytes:
    return b"".join([_PACKED.pack(key, *found) for key, found in sorted(entries.items())])


def unpack(packed: bytes) -> dict[int, Entry]:
    return {key: Entry(version, check) for key, version, check in _PACKED.iter_unpack(packed)}


def columns(names: Sequence[str], values: Iterable[Any]) -> Row:
    return dict(zip(names, values, strict=True))
