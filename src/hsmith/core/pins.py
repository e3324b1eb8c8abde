"""PINs: their rules, the count of failures, and the short way to a master key for a PIN that was right a moment ago.

A failure is durable before the PIN is checked. To spare a commit at each login, the stored count may be one ahead
of the true one after a right PIN: it is set to at most one then, and exactly at an orderly end.
"""

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from typing import Final

from hsmith.crypto import primitives
from hsmith.spec.constants import Fault
from hsmith.spec.faults import Refused

MIN_PIN, MAX_PIN = 4, 255

#: Derivations at a time: each takes a processor and 64 MiB, however many clients log in at once. Logins that need none
#: (WarmKeys) do not wait for them.
DERIVING: Final = threading.BoundedSemaphore(max(2, os.cpu_count() or 1))


def check_new(pin: bytes | None) -> bytes:
    """A PIN that is to be set: 4 to 255 bytes of any value."""
    if pin is None:
        raise Refused(Fault.ARGUMENTS_BAD, "a PIN is needed: there is no protected authentication path")
    if not MIN_PIN <= len(pin) <= MAX_PIN:
        raise Refused(Fault.PIN_LEN_RANGE, f"a PIN has {MIN_PIN} to {MAX_PIN} bytes, this one has {len(pin)}")
    return pin


class Attempts:
    """The failures of one credential. Thread-safe. ``stored`` is what the store holds, never less than the failures and
    the attempts that are being checked now: those count as failed until they are found right."""

    def __init__(self, failures: int, limit: int, save: Callable[[int], None]) -> None:
        self.failures = self.stored = failures
        self.limit = limit
        self._save = save
        self._running = 0
        self._ended = threading.Condition()

    @property
    def locked(self) -> bool:
        return self.failures >= self.limit

    @contextlib.contextmanager
    def one(self) -> Iterator["Attempt"]:
        """An attempt, counted durably as failed before it is made. What ends by an exception was none.

        So many run at once that all of them could be wrong; others wait, and are not refused, for most are right.
        """
        attempt = Attempt()
        with self._ended:
            while self.failures + self._running >= self.limit:
                if self.locked:
                    raise Refused(Fault.PIN_LOCKED, "too many wrong PINs")
                self._ended.wait()
            self._store_at_least(self.failures + self._running + 1)
            self._running += 1
        try:
            yield attempt
        finally:
            with self._ended:
                self._running -= 1
                self._ended.notify_all()
                self._judge(attempt)

    def _judge(self, attempt: "Attempt") -> None:
        if attempt.right is False:
            self.failures += 1
        elif attempt.right:
            self.failures = 0
            least = max(1, self._running)
            if self.stored > least:
                self._store(least)

    def reset(self, save: Callable[[], None]) -> None:
        """The PIN is another one: ``save`` stores it, and a count of 0 with it."""
        with self._ended:
            save()
            self.failures = self.stored = 0
            self._ended.notify_all()

    def settle(self) -> None:
        """Make the stored count exact, at an orderly end."""
        with self._ended:
            count = self.failures + self._running
            if self.stored != count:
                self._store(count)

    def _store_at_least(self, count: int) -> None:
        if self.stored < count:
            self._store(count)

    def _store(self, count: int) -> None:
        self._save(count)
        self.stored = count


class Attempt:
    """One try of a PIN: ``right`` is None until it was checked."""

    __slots__ = ("right",)

    def __init__(self) -> None:
        self.right: bool | None = None


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
