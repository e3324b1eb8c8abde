"""The ledger: of every record its version and a checksum, so that a record which is put back, taken away or altered by
whoever can write the file is noticed when it is used, and nothing else is harmed.

The entries lie in sealed places, of some dozen each. With each place the state is sealed: a digest over all places with
the epoch in which each was written, and the epoch of the commit; the file store.epoch has that as well. So an older
place does not fit the newest state, an older state does not fit the file, and to check that when the store is opened
costs a look at each place's epoch. All is written in the transaction of the change that it follows from: no crash
leaves it wrong.
"""

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from struct import Struct
from typing import Any, Final

import apsw

from hsmith.crypto import primitives
from hsmith.crypto.vouching import voucher
from hsmith.store import audit
from hsmith.store.entries import (
    OBJECT,
    OBJECT_HEAD,
    TABLES,
    Address,
    Entry,
    Row,
    Table,
    address,
    drop,
    entry,
    find,
    holds,
    keys,
    object_address,
    put,
    put_many,
)
from hsmith.store.epoch import EpochFile
from hsmith.store.records import StoreBroken
from hsmith.store.sealing import Damaged

#: A place without entries, for commits that change none.
_STATE: Final = -1
#: The epoch, the digest over all places, and the last record of the audit log: its number and digest.
_PACKED_STATE: Final = Struct("<Q32sQ32s")
#: Seals under one key, at most: far from the 2^32 that AES-GCM permits with random nonces (SP 800-38D section 8.3).
_EPOCHS_BITS: Final = 20
#: Seconds between two writings of the epoch's file.
WRITE_SECONDS: Final = 0.1
#: Places kept ready: those of two million objects, which then take 25 bytes each. Parts of the digest kept ready.
_CACHED: Final = 1 << 15
_PARTS: Final = 2048

_EPOCHS: Final = "SELECT place, ifnull(CAST(epoch AS INTEGER), 0) FROM ledger"
_REPLACE: Final = "INSERT OR REPLACE INTO ledger (place, epoch, blob) VALUES (?, ?, ?)"
READ_PLACE: Final = (
    "SELECT ifnull(CAST(epoch AS INTEGER), 0), ifnull(CAST(blob AS BLOB), x'') FROM ledger WHERE place = ?"
)

_log = logging.getLogger(__name__)

_MEND: Final = (
    "Put the newest copy back, database and log; or, if this is the newest that there is, "
    "take it as it is: hsmith doctor --accept-store"
)

#: One row, or a place's epoch and blob, read by a connection of the caller's; None: there is none.
ReadRow = Callable[[], Row | None]
ReadPlace = Callable[[int], tuple[int, bytes] | None]


class Ledger:
    """Who writes records changes and settles them; any thread compares rows with it."""

    def __init__(self, connection: apsw.Connection, path: Path, secret: bytes, epoch: EpochFile) -> None:
        """``connection``: the one that writes. load() must follow."""
        self._connection = connection
        self._path = path
        self._key = primitives.derive(secret, b"hsmith 1 ledger")
        self._mac = primitives.Mac(self._key)
        self._voucher = voucher(self._key)
        self._seals = -1  # the number of the key that the voucher seals with
        self._part_of = lru_cache(_PARTS)(self._compute_part)  # what a place adds is taken away when it is written next
        self._file = epoch
        self._pick: dict[str, Callable[[Sequence[Any]], Row]] = {}
        self._changes: list[tuple[Address, Entry | None]] = []
        self._next: tuple[int, bytes, tuple[int, bytes], dict[int, bytes]] | None = None
        #: The last record of the audit log.
        self.audited: tuple[int, bytes] = (0, audit.START)
        #: The same, with what the open transaction appends.
        self.appended = self.audited
        #: Whether the file does not have the last epoch yet, and when it was written.
        self.behind = False
        self._written_at = 0.0
        self._epoch = 0
        self._digest = bytes(32)
        self._epochs: dict[int, int] = {}  # of each place
        self._places: dict[int, bytes] = {}
        self._made = False
        self._unreadable: set[int] = set()
        self._keys: dict[int, primitives.Aead] = {}
        self._caching = threading.Lock()
        #: Held while a commit is made and what it changed here: who holds it compares what is of one moment.
        self._settling = threading.Lock()

    # -- opening

    def make(self) -> None:
        """There was no ledger before, so what is there counts. In the transaction that made its table.
        StoreBroken: there was one, as the file says."""
        self._read_columns()
        if self._file.read():
            raise self._older()
        self._adopt()
        self._made = True

    def open(self) -> None:
        """Read what is there, only to compare with it. Damaged."""
        self._read_columns()
        self._load()

    def picked(self, name: str, values: Sequence[Any]) -> Row:
        """The Row of a whole row of a table."""
        return self._pick[name](values)

    def load(self, *, accept: bool = False) -> None:
        """Check what is there against the file. ``accept``: the user says that it counts. StoreBroken: it is older than
        what was acknowledged, or altered."""
        self._read_columns()
        if accept:
            with self._connection:
                self._adopt()
            self.publish()
            return
        known = self._file.read()
        try:
            self._load()
        except Damaged as damaged:
            raise StoreBroken(f"{self._path} or store.secret was altered: {damaged}. {_MEND}") from None
        if self._epoch < known:
            raise self._older()
        if self._file.made and not self._made:
            _log.warning("%s was missing: whether the store is an older copy cannot be said", self._file.path)
        self.advance()

    def _older(self) -> StoreBroken:
        words = "is older than what was stored last: an earlier copy was put in its place, or its end was lost"
        return StoreBroken(f"{self._path} {words}. {_MEND}")

    def _load(self) -> None:
        found: list[tuple[Any, ...]] = self._connection.execute(_EPOCHS).fetchall()
        rows: dict[int, int] = dict(found)
        self._epochs = rows
        self._epoch, wanted, number, chain = self._newest(rows)
        self.audited = (number, chain)
        digest = 0
        for place, epoch in rows.items():
            digest ^= self._part(place, epoch)
        self._digest = digest.to_bytes(32, "big")
        if self._digest != wanted:
            self._find_unreadable()

    def _newest(self, rows: dict[int, int]) -> tuple[int, bytes, int, bytes]:
        """The state of the last commit: that in the newest place which can be read."""
        for place, epoch in sorted(rows.items(), key=lambda row: -row[1]):
            with contextlib.suppress(Damaged):
                state: tuple[int, bytes, int, bytes] = _PACKED_STATE.unpack_from(self._opened(place, epoch))
                return state
        raise Damaged("no part of the ledger can be read")

    def _find_unreadable(self) -> None:
        """The places do not fit the state. Damaged ones are left aside; where all can be read, one is an older one."""
        for place, epoch in self._epochs.items():
            try:
                self._opened(place, epoch)
            except Damaged as damaged:
                _log.error("%s: %s; what it vouches for cannot be used", self._path, damaged)
                self._unreadable.add(place)
        if not self._unreadable:
            raise Damaged("a part of the ledger is older than the rest")

    def _adopt(self) -> None:
        """Make the ledger of what is there, in an open transaction."""
        self._connection.execute("DELETE FROM ledger")
        self._epochs, self._digest, self._epoch = {}, bytes(32), self._file.highest()
        self._places.clear()
        self.begin()
        for name, table in TABLES.items():
            for values in self._connection.execute(f"SELECT * FROM {name}"):  # noqa: S608  (a constant)
                row = self._pick[name](values)
                self._changes.append((address(table, row), entry(self._mac, table, row)))
        self.write(always=True)
        self._changes.clear()

    def _read_columns(self) -> None:
        for name, table in TABLES.items():
            names = [str(row[1]) for row in self._connection.execute(f"PRAGMA table_info({name})").fetchall()]
            self._pick[name] = table.picker(names)

    # -- writing: whoever does it holds the store's writer

    def put(self, table: Table, row: Row) -> None:
        """A row is inserted or replaced in the open transaction."""
        self._changes.append((address(table, row), entry(self._mac, table, row)))

    def put_objects(self, rows: Sequence[Row]) -> None:
        """The same of rows of objects."""
        made = None if self._voucher is None else self._voucher.checksums(OBJECT_HEAD, rows)
        if made is None:
            for row in rows:
                self.put(OBJECT, row)
        else:
            self._changes += [(object_address(row[0]), (row[2], one)) for row, one in zip(rows, made, strict=True)]

    def drop(self, address: Address) -> None:
        """A row is deleted."""
        self._changes.append((address, None))

    def begin(self) -> None:
        """A transaction begins, or is begun again."""
        self._changes.clear()
        self._next = None
        self.appended = self.audited

    def mark(self) -> tuple[int, tuple[int, bytes]]:
        """The place in the transaction to which undo() goes back."""
        return len(self._changes), self.appended

    def undo(self, mark: tuple[int, tuple[int, bytes]]) -> None:
        self.appended = mark[1]
        del self._changes[mark[0] :]

    def checkpointed(self) -> None:
        """What was committed is on the disk: so may the epoch be."""
        self.advance()
        with contextlib.suppress(OSError):
            self._file.sync()

    def close(self) -> None:
        self.checkpointed()
        self._file.close()

    def write(self, *, always: bool = False) -> None:
        """Write what follows from the transaction's changes, before it is committed."""
        if not (self._changes or self.appended is not self.audited or always):
            return
        if not always and self._write_one():
            return
        epoch, digest = self._epoch + 1, int.from_bytes(self._digest, "big")
        by_place: dict[int, bytes] = {}
        for (place, key), found in self._changes:
            entries = by_place[place] if place in by_place else self._entries_or_none(place)
            by_place[place] = drop(entries, key) if found is None else put(entries, key, found)
        if not by_place:
            by_place[_STATE] = b""
        for place in by_place:
            digest ^= self._part(place, self._epochs.get(place)) ^ self._part(place, epoch)
        packed = digest.to_bytes(32, "big")
        audited = audit.last(self._connection) if always else self.appended
        state = _PACKED_STATE.pack(epoch, packed, *audited)
        rows = [self._row(place, epoch, state + entries) for place, entries in by_place.items()]
        if len(rows) == 1:
            self._connection.execute(_REPLACE, rows[0])
        elif len(rows) == 2:  # a key and what is remembered of its value
            self._connection.execute(_REPLACE + ", (?, ?, ?)", rows[0] + rows[1])
        else:
            self._connection.executemany(_REPLACE, rows)
        self._next = (epoch, packed, audited, by_place)

    def _write_one(self) -> bool:
        """The same by native code, where entries are put in one place, as mostly. False: it cannot."""
        if self._voucher is None or not self._changes:
            return False
        place, epoch, new = self._changes[0][0].place, self._epoch + 1, []
        for at, found in self._changes:
            if at.place != place or found is None:
                return False
            new.append((at, found))
        number = epoch >> _EPOCHS_BITS
        if number != self._seals:
            self._seals = number if self._voucher.seals_with(self._seal_key(number)) else -1
        made = self._voucher.place(
            place,
            self._epochs.get(place, -1),
            epoch,
            self._digest,
            self.appended,
            self._entries_or_none(place),
            put_many(new),
        )
        if made is None:
            return False
        digest, entries, stored = made
        self._connection.execute(_REPLACE, (place, epoch, stored))
        self._next = epoch, digest, self.appended, {place: entries}
        return True

    def settled(self) -> threading.Lock:
        """To be held while what is compared must be of one moment: nothing is committed meanwhile."""
        return self._settling

    def publish(self) -> None:
        """What was written is committed."""
        if self._next is None:
            return
        self._epoch, self._digest, self.audited, by_place = self._next
        self._next = None
        for place, entries in by_place.items():
            self._epochs[place] = self._epoch
            self._unreadable.discard(place)
            self._keep(place, entries)
        if time.monotonic() - self._written_at > WRITE_SECONDS:
            self.advance()
        else:
            self.behind = True

    def advance(self) -> None:
        """Write the epoch into its file. Another file at each commit would cost more than all else here."""
        self.behind, self._written_at = False, time.monotonic()
        try:
            self._file.advance(self._epoch)
        except OSError as error:
            _log.warning("%s cannot be written: %s", self._file.path, error.strerror)

    def _row(self, place: int, epoch: int, packed: bytes) -> tuple[int, int, bytes]:
        return place, epoch, self._aead(epoch).seal(packed, _context(place, epoch))

    # -- comparing: in any thread

    def compare(self, table: Table, address: Address, read: ReadRow, place: ReadPlace) -> Row | None:
        """The row of ``table``, which is as the ledger says. Damaged: it is not; str() says how.

        A row and its entry are read one after the other, and may change in between: what does not fit is read again
        while nothing changes.
        """
        try:
            return self.check(table, address, read(), place)
        except Damaged:
            pass
        with self._settling:
            return self.check(table, address, read(), place)

    def is_as_stored(self, table: Table, address: Address, row: Row, place: ReadPlace | None = None) -> bool:
        """Whether a row is as the ledger says; where not, compare() finds out why, or that it changes just now."""
        try:
            return holds(self._entries(address.place, place), address.key, entry(self._mac, table, row))
        except Damaged:
            return False

    def check(self, table: Table, address: Address, row: Row | None, place: ReadPlace | None = None) -> Row | None:
        """The row, if it is as the ledger says. Damaged: it is not, or changes just now."""
        wanted = find(self._entries(address.place, place), address.key)
        found = None if row is None else entry(self._mac, table, row)
        if found != wanted:
            raise Damaged(_difference(found, wanted))
        return row

    def places(self) -> list[int]:
        """All places, in order."""
        return sorted(self._epochs)

    def keys(self, place: int) -> list[int]:
        """The keys of all entries of a place. Damaged."""
        return keys(self._entries(place))

    def _entries_or_none(self, place: int) -> bytes:
        """In a place that cannot be read nothing is vouched for any more."""
        try:
            return self._entries(place)
        except Damaged:
            return b""

    def _entries(self, place: int, read: ReadPlace | None = None) -> bytes:
        cached = self._places.get(place)
        if cached is not None:
            return cached
        epoch = self._epochs.get(place)
        if epoch is None:
            return b""
        entries = self._opened(place, epoch, read)[_PACKED_STATE.size :]
        if epoch == self._epochs.get(place):
            self._keep(place, entries)
        return entries

    def _opened(self, place: int, epoch: int, read: ReadPlace | None = None) -> bytes:
        found = (read or self._stored)(place)
        try:
            if found is not None and found[0] == epoch:
                return self._aead(epoch).unseal(found[1], _context(place, epoch))
        except primitives.Tampered:
            pass
        raise Damaged(f"place {place} of the ledger is damaged")

    def _stored(self, place: int) -> tuple[int, bytes] | None:
        found: tuple[int, bytes] | None = self._connection.execute(READ_PLACE, (place,)).fetchone()
        return found

    def _keep(self, place: int, entries: bytes) -> None:
        with self._caching:
            self._places[place] = entries
            if len(self._places) > _CACHED:
                del self._places[next(iter(self._places))]

    def forget(self, places: Iterable[int]) -> None:
        """Do not keep these places ready: what was looked at once takes memory."""
        with self._caching:
            for place in places:
                self._places.pop(place, None)

    def _part(self, place: int, epoch: int | None) -> int:
        """What a place adds to the digest. That is sealed: whoever saw several could find another set of its kind."""
        return 0 if epoch is None else self._part_of(place, epoch)

    def _compute_part(self, place: int, epoch: int) -> int:
        return int.from_bytes(self._mac(_context(place, epoch)), "big")

    def _aead(self, epoch: int) -> primitives.Aead:
        number = epoch >> _EPOCHS_BITS
        if number not in self._keys:
            self._keys[number] = primitives.Aead(self._seal_key(number))
        return self._keys[number]

    def _seal_key(self, number: int) -> bytes:
        return primitives.derive(self._key, b"hsmith 1 ledger seal" + number.to_bytes(8, "little"))


def _context(place: int, epoch: int) -> bytes:
    return place.to_bytes(8, "little", signed=True) + epoch.to_bytes(8, "little", signed=True)


def _difference(found: Entry | None, wanted: Entry | None) -> str:
    """What happened to a record behind the keeper's back."""
    if found is None:
        return "was taken away"
    if wanted is None:
        return "was deleted, and was put back"
    if found[0] != wanted[0]:
        return f"was replaced by its version {found[0]}, though {wanted[0]} is the last"
    return "is damaged or was altered"
