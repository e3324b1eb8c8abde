"""What is remembered of the values of keys, by a keyed fingerprint: for all objects with the value, on all tokens.

One process has the store, so what is in memory here is the truth, and a check and the mark that follows from it are one
step under one lock. A mark is on disk before what it permits leaves, except of values that end with their object.

A token takes along what is remembered of its values when it moves to another store. There they have other names, which
nobody can tell before the values are seen: so each record also has, for each token that had the value, a name under the
root that moves with that token. What came with a token lies under this name until the value is seen.
"""

import copy
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, Self
from weakref import WeakValueDictionary

from hsmith.core.policy.marks import CLOSES, Mark, names
from hsmith.crypto import identity
from hsmith.spec.constants import Fault
from hsmith.spec.faults import Refused
from hsmith.store.records import Change, PutValue, ValueRecord
from hsmith.store.sealing import TAG_SIZE, Damaged, ValueNamer, ValueSealer

#: The fields of a record. Aliases: a token's number, 8 bytes, and the value's name for it, again and again.
_MARKS, _STRIKES, _ALIASES = 1, 2, 3
_NUMBER: Final = 8  # bytes
_PAGE: Final = 500  # names that are read at once
#: Failed unwraps in modes whose padding can be asked, until they are refused (Vaudenay 2002 needs thousands).
STRIKES = 8

#: The name that a value has for a token; None: the token does not have it.
Alias = Callable[[int, ValueNamer], bytes | None]


class Record:
    """What is remembered of one value. Changed by Values alone; the marks may be read at any time."""

    __slots__ = ("__weakref__", "aliases", "arrived", "marks", "name", "saved", "stored", "strikes", "version")

    def __init__(self, name: bytes, marks: Mark = Mark.NONE, strikes: int = 0, version: int = 0) -> None:
        self.name = name
        self.marks = marks
        self.strikes = strikes
        self.version = version
        self.saved = version
        self.stored = version > 0
        self.aliases: dict[int, bytes] = {}  # by token
        self.arrived = 0  # how many of the tokens that came were asked what they know of the value


class Values:
    """The records of all values of a store. Thread-safe."""

    def __init__(
        self,
        secret: bytes,
        *,
        read: Callable[[bytes], ValueRecord | None],
        names: Callable[[bytes, int], list[bytes]],
        commit: Callable[[Sequence[Change]], None],
    ) -> None:
        self._sealer = ValueSealer(secret)
        self._read = read
        self._names = names
        self._commit = commit
        self._lock = threading.RLock()
        self._live: WeakValueDictionary[bytes, Record] = WeakValueDictionary()
        self._came: dict[int, ValueNamer] = {}  # in the order in which they came
        self._token = 0
        self._namer: ValueNamer | None = None

    def of_token(self, token: int, root: bytes, *, came: bool) -> Self:
        """The same values, as a token sees them. ``came``: it is from another store, and may have brought some."""
        view = copy.copy(self)
        view._token, view._namer = token, ValueNamer(root)
        with self._lock:
            if came and token not in self._came:
                self._came[token] = view._namer
        return view

    def of(self, attributes: Mapping[int, Any], *, fresh: bool = False) -> Record | None:
        """The record of a key. ``fresh``: its value was made at random a moment ago, so there is none yet."""
        found = identity.of(attributes)
        return None if found is None else self.named(*found, fresh=fresh)

    def named(self, kind: bytes, identity: bytes, *, fresh: bool = False) -> Record:
        name = self._sealer.name(kind, identity)
        return self._known(name, lambda token, namer: namer.name(kind, identity), fresh=fresh)

    def served(self, key: Record, iv: bytes) -> Record:
        """The record of an IV under a key."""

        def alias(token: int, namer: ValueNamer) -> bytes | None:
            of_key = key.aliases.get(token)
            return None if of_key is None else namer.name(b"iv", of_key + iv)

        return self._known(self._sealer.name(b"iv", key.name + iv), alias)

    def _known(self, name: bytes, alias: Alias, *, fresh: bool = False) -> Record:
        found = self._live.get(name)
        if found is not None and self._token in found.aliases and found.arrived == len(self._came):
            return found
        with self._lock:  # also while it is read: what was read before another thread changed it must not be kept
            found = self._live.get(name)
            if found is None:
                found = self._live[name] = Record(name) if fresh else self._load(name)
            if not fresh:
                self._join_what_came(found, alias)
            self._give_alias(found, alias)
            return found

    def _join_what_came(self, record: Record, alias: Alias) -> None:
        for token, namer in list(self._came.items())[record.arrived :]:
            name = alias(token, namer)
            stored = None if name is None else self._read(name)
            if name is not None and stored is not None:
                brought = self._opened(stored)
                record.marks |= brought.marks
                record.strikes = max(record.strikes, brought.strikes)
                record.aliases[token] = name
                record.version += 1
                record.stored = True
        record.arrived = len(self._came)

    def _give_alias(self, record: Record, alias: Alias) -> None:
        """What is stored says from now on that this token has the value; what is not, when it is."""
        if self._namer is None or self._token in record.aliases:
            return
        name = alias(self._token, self._namer)
        if name is not None:
            record.aliases[self._token] = name
            record.version += record.version > 0

    def encoding(self, encoded: bytes) -> Record:
        """The record of what wrapping makes of a key: the same as of a secret key with these bytes."""
        return self.named(b"secret", identity.of_value(encoded))

    def add(self, record: Record, marks: Mark) -> None:
        """Remember more of a value, not yet durably."""
        with self._lock:
            if marks & ~record.marks:
                record.marks |= marks
                record.version += 1

    def take(self, record: Record, roles: Mark, *, enforced: bool, more: Mark = Mark.NONE) -> None:
        """Use the value so, not yet durably. Refused(KEY_FUNCTION_NOT_PERMITTED) when an earlier use excludes it."""
        with self._lock:
            self.check(record, roles, enforced=enforced)
            self.add(record, roles | more)

    def check(self, record: Record, roles: Mark, *, enforced: bool) -> None:
        closed = closing(roles) & record.marks
        if closed and (enforced or record.marks & Mark.PROTECTED):
            raise Refused(
                Fault.KEY_FUNCTION_NOT_PERMITTED,
                f"this key, or another with its value, has {names(closed)}: it may not do this too (docs/policy.md)",
            )

    def use_once(self, record: Record, mark: Mark = Mark.USED) -> bool:
        """Whether it is the first time, which it was from now on."""
        with self._lock:
            first = not record.marks & mark
            self.add(record, mark)
            return first

    def strike(self, record: Record) -> None:
        with self._lock:
            record.strikes += 1
            record.version += 1
        self.save(record)

    def _change(self, record: Record) -> list[Change]:
        if record.saved == record.version:
            return []
        with self._lock:
            return [self._sealed(record)]

    def _sealed(self, record: Record) -> Change:
        packed = b"".join(token.to_bytes(_NUMBER, "big") + name for token, name in sorted(record.aliases.items()))
        fields: dict[int, Any] = {_MARKS: int(record.marks), _STRIKES: record.strikes, _ALIASES: packed}
        return PutValue(self._sealer.seal(record.name, record.version, fields))

    def save(self, *records: Record) -> None:
        """Make the records durable."""
        with self.saving(records) as changes:
            if changes:
                self._commit(changes)

    @contextmanager
    def saving(self, records: Sequence[Record]) -> Iterator[list[Change]]:
        """What makes the records durable, to be committed in this."""
        versions = [record.version for record in records]
        yield [change for record in records for change in self._change(record)]
        with self._lock:
            for record, version in zip(records, versions, strict=True):
                record.saved = max(record.saved, version)
                record.stored |= version > 0

    def _load(self, name: bytes) -> Record:
        stored = self._read(name)
        return Record(name) if stored is None else self._opened(stored)

    def _opened(self, stored: ValueRecord) -> Record:
        try:
            fields: dict[int, Any] = self._sealer.unseal(stored)
        except Damaged as damaged:
            raise Refused(Fault.DEVICE_ERROR, str(damaged)) from damaged
        record = Record(stored.name, Mark(fields[_MARKS]), fields[_STRIKES], stored.version)
        packed, size = fields.get(_ALIASES, b""), _NUMBER + TAG_SIZE
        for at in range(0, len(packed), size):
            record.aliases[int.from_bytes(packed[at : at + _NUMBER], "big")] = packed[at + _NUMBER : at + size]
        return record

    # -- tokens that move

    def all(self) -> Iterator[Record]:
        """What is stored, to be read only. Refused(DEVICE_ERROR): something is damaged."""
        after = b""
        while names := self._names(after, _PAGE):
            after = names[-1]
            for stored in filter(None, map(self._read, names)):
                yield self._opened(stored)

    def leaving(self, token: int) -> Iterable[Record]:
        """What a token takes along, under the names that go with it."""
        found: dict[bytes, Record] = {}
        for record in self.all():
            name = record.aliases.get(token)
            if name is not None:  # perhaps twice: as it came with the token, and as it became here
                leaving = found.setdefault(name, Record(name))
                leaving.marks |= record.marks
                leaving.strikes = max(leaving.strikes, record.strikes)
        return found.values()

    def arriving(self, token: int, records: Iterable[Record]) -> Iterator[Change]:
        """What keeps what a token brought; ``token``: its number here."""
        for record in records:
            there = self._load(record.name)
            there.marks |= record.marks
            there.strikes = max(there.strikes, record.strikes)
            there.aliases[token] = record.name
            there.version += 1
            yield self._sealed(there)


def closing(roles: Mark) -> Mark:
    """The roles that exclude one of ``roles``."""
    closed = CLOSES.get(roles, Mark.NONE)
    if closed:
        return closed
    for role, others in CLOSES.items():
        if role & roles:
            closed |= others
    return closed
