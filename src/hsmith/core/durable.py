"""The store as the core uses it: its failures become the return values of the standard."""

from collections.abc import Sequence
from dataclasses import dataclass

from hsmith.spec.constants import Fault
from hsmith.spec.faults import Refused
from hsmith.store.records import Change, Store, StoreBroken, StoreFull


@dataclass(frozen=True, slots=True)
class Settings:
    """What the configuration says of tokens: see hsmith.config."""

    attempts: int = 10  # wrong PINs until a PIN is locked
    kdf_milliseconds: int = 150  # what deriving a key from a PIN shall cost
    grace_seconds: float = 60.0  # how long a PIN that was right opens the token fast after the last logout


@dataclass(frozen=True, slots=True)
class Durable:
    """What every token needs: the store, the store's secret, the settings."""

    store: Store
    secret: bytes
    settings: Settings

    def commit(self, changes: Sequence[Change]) -> None:
        """Make the changes durably, all or none. A Conflict goes to the caller, who knows what to try again."""
        try:
            self.store.change(changes)
        except StoreFull as full:
            raise Refused(Fault.DEVICE_MEMORY, str(full)) from full
        except StoreBroken as broken:
            raise Refused(Fault.DEVICE_ERROR, str(broken)) from broken

    def reserve(self) -> int:
        try:
            return self.store.reserve()
        except StoreFull as full:
            raise Refused(Fault.DEVICE_MEMORY, str(full)) from full
        except StoreBroken as broken:
            raise Refused(Fault.DEVICE_ERROR, str(broken)) from broken
