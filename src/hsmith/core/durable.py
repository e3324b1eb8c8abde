"""The store as the core uses it: its failures become the return values of the standard."""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Final, ParamSpec, TypeVar
from weakref import WeakSet

from hsmith.core.audit import Audit, record
from hsmith.core.making import Making
from hsmith.core.policy.profiles import Profile
from hsmith.core.policy.values import Values
from hsmith.spec.constants import Fault
from hsmith.spec.faults import Refused
from hsmith.store.audit import Record as AuditRecord
from hsmith.store.records import (
    Change,
    Hit,
    KeyslotRecord,
    ObjectRecord,
    Store,
    StoreBroken,
    StoreFull,
    TokenRecord,
    ValueRecord,
)
from hsmith.store.sealing import Damaged

P = ParamSpec("P")
T = TypeVar("T")

log = logging.getLogger("hsmith.core")
MOST_FOUND: Final = 10_000


#: What was found damaged or altered, so that it is said once; and to whom beside the log.
_found: Final[set[str]] = set()
_audits: Final[WeakSet[Audit]] = WeakSet()


def refusal(damaged: Damaged) -> Refused:
    """A record that is not as it was stored is out of use; log and audit say so once, and the rest is served."""
    sentence = str(damaged)
    if sentence not in _found and len(_found) < MOST_FOUND:
        _found.add(sentence)
        log.error("%s, and is not used", sentence)
        for audit in list(_audits):
            audit.note(record(event="damaged", result=Fault.DEVICE_ERROR, about=sentence))
    return Refused(Fault.DEVICE_ERROR, sentence)


def _refusing(call: Callable[P, T]) -> Callable[P, T]:
    """``call`` with the store's failures as refusals: full is CKR_DEVICE_MEMORY, broken CKR_DEVICE_ERROR."""

    @wraps(call)
    def refusing(*arguments: P.args, **named: P.kwargs) -> T:
        try:
            return call(*arguments, **named)
        except Damaged as damaged:
            raise refusal(damaged) from damaged
        except (StoreFull, StoreBroken) as failure:
            raise _failed(failure) from failure

    return refusing


def _failed(failure: StoreFull | StoreBroken) -> Refused:
    return Refused(Fault.DEVICE_MEMORY if isinstance(failure, StoreFull) else Fault.DEVICE_ERROR, str(failure))


@dataclass(frozen=True, slots=True)
class Settings:
    """What the configuration says of tokens: see hsmith.config."""

    attempts: int = 10  # wrong PINs until a PIN is locked
    kdf_milliseconds: int = 150  # what deriving a key from a PIN shall cost
    grace_seconds: float = 60.0  # how long a PIN that was right opens the token fast after the last logout
    profile: Profile = Profile.DEFAULT  # of new tokens
    mechanisms: frozenset[int] | None = None  # that are offered at all; None: every one
    removable: bool = False  # what slots say of themselves
    audit_records: int = 0  # of the audit log that are kept; 0: all


@dataclass(frozen=True, slots=True)
class Durable:
    """What every token needs: the store, the store's secret, the settings."""

    store: Store
    secret: bytes
    settings: Settings
    #: Where what happens is recorded: None in a copy of a store.
    audit: Audit | None = None
    #: What is remembered of the values of keys.
    values: Values = field(init=False, repr=False, compare=False)
    #: What makes new objects goes through this.
    making: Making = field(init=False, repr=False, compare=False)

    @classmethod
    def audited(cls, store: Store, secret: bytes, settings: Settings) -> "Durable":
        """With an audit, which begins now; close() ends it."""
        audit = Audit(secret, _refusing(store.change), keep=settings.audit_records)
        audit.begin(store.audited)
        _audits.add(audit)
        return cls(store, secret, settings, audit)

    def close(self) -> None:
        if self.audit is not None:
            self.audit.close()
        self.store.close()

    def note(self, **fields: Any) -> None:
        """Record something that changes nothing (hsmith.core.audit)."""
        if self.audit is not None:
            self.audit.note(record(**fields))

    def __post_init__(self) -> None:
        values = Values(self.secret, read=self.value, names=self.value_names, commit=self.commit)
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "making", Making(self._commit_each))

    @_refusing
    def commit(self, changes: Sequence[Change], keys: Iterable[str] = ()) -> None:
        """Make the changes durably, all or none, and record them with the ``keys`` (unique ids) that they are about.
        A Conflict goes to the caller, who knows what to try again."""
        if changes:
            self.store.change(self.recorded(changes, keys))

    def recorded(self, changes: Sequence[Change], keys: Iterable[str]) -> Sequence[Change]:
        """The changes, and with them their record in the audit."""
        return changes if self.audit is None else self.audit.together(changes, keys)

    def told(self, change: Change, text: str) -> Sequence[Change]:
        """The same of one with a record that was made already."""
        return (change,) if self.audit is None else (change, self.audit.change(text))

    def _commit_each(self, calls: Sequence[Sequence[Change]]) -> list[Exception | None]:
        try:
            outcomes = self.store.change_each(calls)
        except StoreBroken as failure:
            return [_failed(failure) for _ in calls]
        return [_failed(one) if isinstance(one, (StoreFull, StoreBroken)) else one for one in outcomes]

    @_refusing
    def reserve(self) -> int:
        return self.store.reserve()

    @_refusing
    def reserve_many(self, count: int) -> range:
        return self.store.reserve_many(count)

    @_refusing
    def page(self, token: int, *, after: int, limit: int) -> list[tuple[ObjectRecord, tuple[bytes, ...]]]:
        return self.store.page(token, after=after, limit=limit)

    @_refusing
    def tokens(self) -> list[TokenRecord]:
        return self.store.tokens()

    @_refusing
    def audit_records(self, *, after: int, limit: int) -> list[AuditRecord]:
        return self.store.audit(after=after, limit=limit)

    @_refusing
    def verify_audit(self) -> str | None:
        """The first thing that is wrong with the audit log, or None."""
        return None if self.audit is None else self.store.verify_audit(self.audit.signer)

    @_refusing
    def inspect(self) -> list[str]:
        return self.store.inspect()

    @_refusing
    def check_token(self, id: int) -> None:
        self.store.check_token(id)

    @_refusing
    def keyslots(self, token: int) -> list[KeyslotRecord]:
        return self.store.keyslots(token)

    @_refusing
    def object(self, token: int, id: int) -> ObjectRecord | None:
        return self.store.object(token, id)

    @_refusing
    def find_each(self, token: int, searches: Sequence[Sequence[bytes]]) -> list[list[int]]:
        return self.store.find_each(token, searches)

    @_refusing
    def find_few(self, token: int, tags: Sequence[bytes], most: int, *, rows: bool) -> list[Hit] | None:
        return self.store.find_few(token, tags, most, rows=rows)

    @_refusing
    def count(self, token: int) -> int:
        return self.store.count(token)

    @_refusing
    def value(self, name: bytes) -> ValueRecord | None:
        return self.store.value(name)

    @_refusing
    def value_names(self, after: bytes, limit: int) -> list[bytes]:
        return self.store.value_names(after=after, limit=limit)
