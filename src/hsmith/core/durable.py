"""The store as the core uses it: its failures become the return values of the standard."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import wraps
from typing import ParamSpec, TypeVar

from hsmith.core.policy.profiles import Profile
from hsmith.core.policy.values import Values
from hsmith.spec.constants import Fault
from hsmith.spec.faults import Refused
from hsmith.store.records import (
    Change,
    KeyslotRecord,
    ObjectRecord,
    Store,
    StoreBroken,
    StoreFull,
    TokenRecord,
    ValueRecord,
)

P = ParamSpec("P")
T = TypeVar("T")


def _refusing(call: Callable[P, T]) -> Callable[P, T]:
    """``call`` with the store's failures as refusals: full is CKR_DEVICE_MEMORY, broken CKR_DEVICE_ERROR."""

    @wraps(call)
    def refusing(*arguments: P.args, **named: P.kwargs) -> T:
        try:
            return call(*arguments, **named)
        except StoreFull as full:
            raise Refused(Fault.DEVICE_MEMORY, str(full)) from full
        except StoreBroken as broken:
            raise Refused(Fault.DEVICE_ERROR, str(broken)) from broken

    return refusing


@dataclass(frozen=True, slots=True)
class Settings:
    """What the configuration says of tokens: see hsmith.config."""

    attempts: int = 10  # wrong PINs until a PIN is locked
    kdf_milliseconds: int = 150  # what deriving a key from a PIN shall cost
    grace_seconds: float = 60.0  # how long a PIN that was right opens the token fast after the last logout
    profile: Profile = Profile.DEFAULT  # of new tokens


@dataclass(frozen=True, slots=True)
class Durable:
    """What every token needs: the store, the store's secret, the settings."""

    store: Store
    secret: bytes
    settings: Settings
    #: What is remembered of the values of keys.
    values: Values = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", Values(self.secret, read=self.value, commit=self.commit))

    @_refusing
    def commit(self, changes: Sequence[Change]) -> None:
        """Make the changes durably, all or none. A Conflict goes to the caller, who knows what to try again."""
        self.store.change(changes)

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
    def keyslots(self, token: int) -> list[KeyslotRecord]:
        return self.store.keyslots(token)

    @_refusing
    def object(self, token: int, id: int) -> ObjectRecord | None:
        return self.store.object(token, id)

    @_refusing
    def find(self, token: int, tags: Sequence[bytes]) -> list[int]:
        return self.store.find(token, tags)

    @_refusing
    def count(self, token: int) -> int:
        return self.store.count(token)

    @_refusing
    def value(self, name: bytes) -> ValueRecord | None:
        return self.store.value(name)
