"""What is remembered of the values of keys, by a keyed fingerprint: for all objects with the value, on all tokens.

One process has the store, so what is in memory here is the truth, and a check and the mark that follows from it are one
step under one lock. A mark is on disk before what it permits leaves, except of values that end with their object.
"""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from weakref import WeakValueDictionary

from hsmith.core.policy.marks import CLOSES, Mark, names
from hsmith.crypto import identity
from hsmith.spec.constants import Fault
from hsmith.spec.faults import Refused
from hsmith.store.records import Change, PutValue, ValueRecord
from hsmith.store.sealing import Damaged, ValueSealer

#: The fields of a record.
_MARKS, _STRIKES = 1, 2
#: Failed unwraps in modes whose padding can be asked, until they are refused (Vaudenay 2002 needs thousands).
STRIKES = 8


class Record:
    """What is remembered of one value. Changed by Values alone; the marks may be read at any time."""

    __slots__ = ("__weakref__", "marks", "name", "saved", "stored", "strikes", "version")

    def __init__(self, name: bytes, marks: Mark = Mark.NONE, strikes: int = 0, version: int = 0) -> None:
        self.name = name
        self.marks = marks
        self.strikes = strikes
        self.version = version
        self.saved = version
        self.stored = version > 0


class Values:
    """The records of all values of a store. Thread-safe."""

    def __init__(
        self,
        secret: bytes,
        *,
        read: Callable[[bytes], ValueRecord | None],
        commit: Callable[[Sequence[Change]], None],
    ) -> None:
        self._sealer = ValueSealer(secret)
        self._read = read
        self._commit = commit
        self._lock = threading.RLock()
        self._live: WeakValueDictionary[bytes, Record] = WeakValueDictionary()

    def of(self, attributes: Mapping[int, Any], *, fresh: bool = False) -> Record | None:
        """The record of a key. ``fresh``: its value was made at random a moment ago, so there is none yet."""
        found = identity.of(attributes)
        return None if found is None else self.named(*found, fresh=fresh)

    def named(self, kind: bytes, identity: bytes, *, fresh: bool = False) -> Record:
        name = self._sealer.name(kind, identity)
        found = self._live.get(name)
        if found is not None:
            return found
        with self._lock:  # also while it is read: what was read before another thread changed it must not be kept
            found = self._live.get(name)
            if found is None:
                found = self._live[name] = Record(name) if fresh else self._load(name)
            return found

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
            fields: dict[int, Any] = {_MARKS: int(record.marks), _STRIKES: record.strikes}
            return [PutValue(self._sealer.seal(record.name, record.version, fields))]

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
        if stored is None:
            return Record(name)
        try:
            fields: dict[int, Any] = self._sealer.unseal(stored)
        except Damaged as damaged:
            raise Refused(Fault.DEVICE_ERROR, str(damaged)) from damaged
        return Record(name, Mark(fields[_MARKS]), fields[_STRIKES], stored.version)


def closing(roles: Mark) -> Mark:
    """The roles that exclude one of ``roles``."""
    closed = CLOSES.get(roles, Mark.NONE)
    if closed:
        return closed
    for role, others in CLOSES.items():
        if role & roles:
            closed |= others
    return closed
