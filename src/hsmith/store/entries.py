"""Entries of the ledger: for each row of a table that is watched, where its entry is, and what it says.

An entry is a version and a checksum over all of the row, keyed, so that nobody makes another row with the same one.
They are kept in places of some dozen entries each: so one record costs little, and a million too.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from struct import Struct
from struct import error as StructError
from typing import Any, Final, NamedTuple

from hsmith.crypto.primitives import Mac, framed, length

#: Objects that share a place. Their numbers are neighbours, so those that are made together are together.
_TOGETHER: Final = 64
#: Places of values, among which their names, which look random, are divided.
_VALUE_PLACES: Final = 4096
_OBJECTS, _TOKENS, _KEYSLOTS, _VALUES = 0, 1 << 60, 2 << 60, 3 << 60
_unkeyed: Final = Mac(b"")
_MASK: Final = (1 << 64) - 1
#: A key, its version, its checksum.
_ENTRY: Final = Struct("<3Q")


class Address(NamedTuple):
    """Where an entry is: its place, and its key there."""

    place: int
    key: int


_new: Final = tuple.__new__

#: (version, checksum).
Entry = tuple[int, int]
#: The columns of a row that are watched, in the order of its Table.
Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table that is watched. The checksum covers ``numbers`` and ``others``; those and ``version``, the column of the
    version, are a Row, each once. ``key``: how many of a row's first columns its ``address`` is found by."""

    name: str
    numbers: tuple[str, ...]
    others: tuple[str, ...]
    version: str
    key: int
    address: Callable[..., Address]

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.numbers, *self.others, self.version)))

    def picker(self, names: Sequence[str]) -> Callable[[Sequence[Any]], Row]:
        """What makes a Row of a whole row, whose columns are ``names``."""
        return itemgetter(*[names.index(column) for column in self.columns])


def object_address(id: int) -> Address:
    return _new(Address, (_OBJECTS + id // _TOGETHER, id))  # as Address() does, in one step


def token_address(id: int) -> Address:
    return Address(_TOKENS + id // _TOGETHER, id)


def keyslot_address(token: int, name: str) -> Address:
    return Address(_KEYSLOTS + token, _short(name.encode("utf-8", "surrogateescape")))


def value_address(name: bytes) -> Address:
    short = _short(name)
    return Address(_VALUES + short % _VALUE_PLACES, short)


def _short(name: bytes) -> int:
    return int.from_bytes(_unkeyed(name)[:8], "little")


def name_of(address: Address) -> str:
    """What an entry is of, in words."""
    if address.place >= _VALUES:
        return "what is remembered of a key's value"
    if address.place >= _KEYSLOTS:
        return f"a credential of token {address.place - _KEYSLOTS}"
    return f"token {address.key}" if address.place >= _TOKENS else f"object {address.key}"


OBJECT: Final = Table("object", ("id", "token", "version", "private"), ("tags", "blob"), "version", 1, object_address)
TOKEN: Final = Table("token", ("id", "slot", "version"), ("blob",), "version", 1, token_address)
KEYSLOT: Final = Table("keyslot", ("token",), ("name", "blob"), "failures", 2, keyslot_address)
VALUE: Final = Table("value", (), ("name", "version", "blob"), "version", 1, value_address)
TABLES: Final = {table.name: table for table in (OBJECT, TOKEN, KEYSLOT, VALUE)}


def address(table: Table, row: Row) -> Address:
    return table.address(*row[: table.key])


def entry(mac: Mac, table: Table, row: Row) -> Entry:
    """What the ledger says of a row. ``mac``: under the ledger's key."""
    head, pack, count, end, version_at = _PACKED[table.name]
    try:
        parts = [head, pack(*row[:count])]
    except StructError:
        raise OverflowError("a number that the database cannot hold") from None
    for value in row[count:end]:
        other = value if isinstance(value, bytes) else _bytes(value)
        parts += (length(len(other)), other)
    return row[version_at], int.from_bytes(mac.whole(b"".join(parts))[:8], "little")


def put_many(entries: Sequence[tuple[Address, Entry]]) -> bytes:
    """As they are stored, one behind the other."""
    return b"".join([_ENTRY.pack(at.key, found[0] & _MASK, found[1]) for at, found in entries])


def _packed(table: Table) -> tuple[bytes, Callable[..., bytes], int, int, int]:
    """What comes before a row's numbers in what the checksum is computed of: framed() are the table's name, all of the
    numbers, and each of the others. What packs the numbers; where they and the others end; where the version is."""
    numbers = Struct(f"<{len(table.numbers)}q")
    end, version_at = len(table.numbers) + len(table.others), table.columns.index(table.version)
    head = framed(table.name.encode()) + length(numbers.size)
    return head, numbers.pack, len(table.numbers), end, version_at


_PACKED: Final = {table.name: _packed(table) for table in TABLES.values()}
#: What comes before an object's numbers, in what its checksum is computed of.
OBJECT_HEAD: Final = _PACKED[OBJECT.name][0]


def _bytes(value: Any) -> bytes:
    if isinstance(value, int):
        return value.to_bytes(8, "little", signed=True)
    return str(value).encode("utf-8", "surrogateescape")


# The entries of a place stay as they are stored, 24 bytes each in any order: thousands of places are kept in memory.


def find(entries: bytes, key: int) -> Entry | None:
    """The entry of ``key``, if the place has one."""
    at = _at(entries, key)
    return None if at < 0 else _ENTRY.unpack_from(entries, at)[1:]


def holds(entries: bytes, key: int, entry: Entry) -> bool:
    """Whether find() would give this one."""
    at = key % _TOGETHER * _ENTRY.size
    one = _ENTRY.pack(key & _MASK, entry[0] & _MASK, entry[1])
    return entries[at : at + _ENTRY.size] == one or find(entries, key) == entry


def put(entries: bytes, key: int, entry: Entry) -> bytes:
    """The place with this entry."""
    new = _ENTRY.pack(key, entry[0] & _MASK, entry[1])
    at = _at(entries, key)
    return entries + new if at < 0 else entries[:at] + new + entries[at + _ENTRY.size :]


def drop(entries: bytes, key: int) -> bytes:
    """The place without the entry of ``key``."""
    at = _at(entries, key)
    return entries if at < 0 else entries[:at] + entries[at + _ENTRY.size :]


def keys(entries: bytes) -> list[int]:
    """Of all its entries. ValueError: a length that no place has."""
    if len(entries) % _ENTRY.size:
        raise ValueError("a place of the ledger ends early")
    return [key for key, _, _ in _ENTRY.iter_unpack(entries)]


def _at(entries: bytes, key: int) -> int:
    """Where the entry of ``key`` begins, or -1."""
    wanted = (key & _MASK).to_bytes(8, "little")  # an index that was altered may name any number
    at = key % _TOGETHER * _ENTRY.size  # if its neighbours have all come before it; to search takes longer
    if entries[at : at + 8] == wanted:
        return at
    at = entries.find(wanted)
    while at >= 0 and at % _ENTRY.size:
        at = entries.find(wanted, at + 1)
    return at
