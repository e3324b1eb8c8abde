"""PINs: their rules, the count of failures, and the short way to a master key for a PIN that was right a moment ago.

A failure is durable before the PIN is checked. To spare a commit at each login, the stored count may be one ahead
of the true one after a right PIN: it is set to at most one then, and exactly at an orderly end.
"""

import time
from collections.abc import Callable

from hsmith.crypto import primitives
from hsmith.spec.constants import Fault
from hsmith.spec.faults import Refused

MIN_PIN, MAX_PIN = 4, 255


def check_new(pin: bytes | None) -> bytes:
    """A PIN that is to be set: 4 to 255 bytes of any value."""
    if pin is None:
        raise Refused(Fault.ARGUMENTS_BAD, "a PIN is needed: there is no protected authentication path")
    if not MIN_PIN <= len(pin) <= MAX_PIN:
        raise Refused(Fault.PIN_LEN_RANGE, f"a PIN has {MIN_PIN} to {MAX_PIN} bytes, this one has {len(pin)}")
    return pin


class Attempts:
    """The failures of one credential. ``stored`` is what the store holds, never less than ``failures``."""

    def __init__(self, failures: int, limit: int, save: Callable[[int], None]) -> None:
        self.failures = self.stored = failures
        self.limit = limit
        self._save = save

    @property
    def locked(self) -> bool:
        return self.failures >= self.limit

    def begin(self) -> None:
        """Count the attempt durably as failed before it is made."""
        if self.locked:
            raise Refused(Fault.PIN_LOCKED, "too many wrong PINs")
        self._store_at_least(self.failures + 1)

    def failed(self) -> None:
        self.failures += 1

    def succeeded(self) -> None:
        self.failures = 0
        if self.stored > 1:
            self._store(1)

    def settle(self) -> None:
        """Make the stored count exact, at an orderly end."""
        if self.stored != self.failures:
            self._store(self.failures)

    def _store_at_least(self, count: int) -> None:
        if self.stored < count:
            self._store(count)

    def _store(self, count: int) -> None:
        self._save(count)
        self.stored = count


class WarmKeys:
    """Master keys wrapped under a key made of a boot secret and the right PIN, for a grace time after the last logout.

    Whoever has the memory without the PIN has to guess the PIN; whoever has the disk has nothing of it.
    """

    def __init__(self, grace_seconds: float) -> None:
        self._grace = grace_seconds
        self._boot_secret = primitives.random_bytes(32)
        self._wrapped: dict[str, bytes] = {}
        self._until: float | None = None

    def remember(self, name: str, pin: bytes, master: bytes) -> None:
        self._wrapped[name] = primitives.seal(self._wrapping_key(name, pin), master, name.encode())

    def open(self, name: str, pin: bytes) -> bytes | None:
        """The master key when this PIN was right lately, else None (which says nothing of the PIN)."""
        if self._until is not None and time.monotonic() > self._until:
            self.forget()
        blob = self._wrapped.get(name)
        if blob is None:
            return None
        try:
            return primitives.unseal(self._wrapping_key(name, pin), blob, name.encode())
        except primitives.Tampered:
            return None

    def start_grace(self) -> None:
        self._until = time.monotonic() + self._grace

    def stop_grace(self) -> None:
        self._until = None

    def forget(self, name: str | None = None) -> None:
        if name is None:
            self._wrapped.clear()
        else:
            self._wrapped.pop(name, None)

    def _wrapping_key(self, name: str, pin: bytes) -> bytes:
        return primitives.mac(self._boot_secret, name.encode(), pin)
