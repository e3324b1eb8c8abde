"""A token's credentials: who may open it, with which PIN, and how many tries are left.

Nothing is locked while a key is derived from a PIN, so whoever tries PINs delays nobody but himself.
"""

import threading
from collections.abc import Iterable
from typing import Final

from hsmith.core import users
from hsmith.core.durable import Durable, refusal
from hsmith.core.pins import DERIVING, Attempts, WarmKeys
from hsmith.spec.constants import Fault, TokenFlag
from hsmith.spec.faults import Refused
from hsmith.store import keyslots, sealing
from hsmith.store.records import Conflict, DeleteKeyslot, KeyslotRecord, PutKeyslot, SetFailures

SO: Final = "so"
USER: Final = "user"

#: Flags that tell how many tries are left, by credential: count low, final try, locked.
_PIN_FLAGS: Final = {
    SO: (TokenFlag.SO_PIN_COUNT_LOW, TokenFlag.SO_PIN_FINAL_TRY, TokenFlag.SO_PIN_LOCKED),
    USER: (TokenFlag.USER_PIN_COUNT_LOW, TokenFlag.USER_PIN_FINAL_TRY, TokenFlag.USER_PIN_LOCKED),
}


class Credentials:
    """The keyslots of one token, by name. Thread-safe."""

    def __init__(
        self, token: int, records: Iterable[KeyslotRecord], *, origin: sealing.Origin, durable: Durable
    ) -> None:
        self._token = token
        self._origin = origin
        self._durable = durable
        self._lock = threading.Lock()
        self._warm = WarmKeys(durable.settings.grace_seconds)
        self._blobs: dict[str, bytes] = {}
        self._attempts: dict[str, Attempts] = {}
        self.load(records, origin=origin)

    def load(self, records: Iterable[KeyslotRecord], *, origin: sealing.Origin) -> None:
        """Begin anew with these, as the store has them. Who is trying a PIN now is still counted."""
        with self._lock:
            self._origin = origin
            self._warm.forget()
            self._blobs.clear()
            for record in records:
                self._blobs[record.name] = record.blob
                known = self._attempts.setdefault(record.name, self._counted(record))
                known.failures = known.stored = record.failures

    def _counted(self, record: KeyslotRecord) -> Attempts:
        return Attempts(record.failures, self._durable.settings.attempts, lambda count: self._save(record.name, count))

    def _save(self, name: str, failures: int) -> None:
        try:
            self._durable.commit([SetFailures(self._token, name, failures)])
        except Conflict:
            if name in self._blobs:  # else it was removed meanwhile, and there is nothing to count
                raise

    # -- what there is

    def __contains__(self, name: str) -> bool:
        return name in self._blobs

    def locked(self, name: str) -> bool:
        """Whether ``name`` has no tries left."""
        attempts = self._attempts.get(name)
        return attempts is not None and attempts.locked

    def users(self) -> list[tuple[str, bool]]:
        """(name, whether the PIN is locked) of every named user."""
        with self._lock:
            return [(name, self._attempts[users.keyslot(name)].locked) for name in users.names(list(self._blobs))]

    def flags(self) -> TokenFlag:
        """Those of CK_TOKEN_INFO that are about PINs (section "General data types")."""
        flags = TokenFlag.USER_PIN_INITIALIZED if USER in self else TokenFlag(0)
        for name, (low, final, locked) in _PIN_FLAGS.items():
            attempts = self._attempts.get(name)
            if name not in self or attempts is None or attempts.failures == 0:
                continue
            left = attempts.limit - attempts.failures
            flags |= low | (locked if left <= 0 else final if left == 1 else TokenFlag(0))
        return flags

    # -- opening

    def open(self, name: str, pin: bytes) -> bytes:
        """The master key, if the PIN is that of ``name``. Refused: it is not, or locked; the attempt is counted."""
        about = f"PIN of {name}, token {self._token}"
        try:
            master = self._open(name, pin)
        except Refused as refused:
            self._durable.note(result=refused.fault, about=about)
            raise
        self._durable.note(about=about)
        return master

    def _open(self, name: str, pin: bytes) -> bytes:
        while True:
            blob, attempts = self._blobs.get(name), self._attempts.get(name)
            if blob is None or attempts is None:
                raise self._unknown(name, pin)
            with attempts.one() as attempt:
                master = self._opened(name, blob, pin)
                attempt.right = master is not None
            if master is None:
                raise Refused(Fault.PIN_INCORRECT, "the PIN is wrong")
            with self._lock:
                if self._blobs.get(name) is blob:  # else the PIN was changed meanwhile: this one is an old one
                    self._warm.remember(name, pin, master)
                    return master

    def _unknown(self, name: str, pin: bytes) -> Refused:
        """A name that nobody has takes what a wrong PIN takes, so that the time does not tell which names there are."""
        if name == USER:
            return Refused(Fault.USER_PIN_NOT_INITIALIZED, "the user PIN was never set: the SO sets it")
        self._save(SO, self._attempts[SO].stored)
        self._made("", pin, bytes(sealing.KEY_SIZE))
        return Refused(Fault.PIN_INCORRECT, "there is no such user, or the PIN is wrong")

    def _opened(self, name: str, blob: bytes, pin: bytes) -> bytes | None:
        """None: the PIN is wrong. That takes the same time whether or not the right one was here a moment ago."""
        with self._lock:
            master = self._warm.open(name, pin) if self._blobs.get(name) is blob else None
        if master is not None:
            return master
        token, secret = self._token - self._origin.offset, self._origin.root
        try:
            with DERIVING:
                return keyslots.open(pin, blob, secret=secret, token=token, name=name)
        except sealing.Damaged as damaged:
            raise refusal(damaged) from damaged
        except keyslots.WrongPin:
            return None

    # -- changing

    def put(self, name: str, pin: bytes, master: bytes) -> None:
        """Give ``name`` this PIN, with all tries left."""
        blob = self._made(name, pin, master)
        record = KeyslotRecord(self._token, name, blob, 0)
        self._attempts.setdefault(name, self._counted(record)).reset(lambda: self._durable.commit([PutKeyslot(record)]))
        with self._lock:
            self._warm.forget(name)
            self._blobs[name] = blob

    def remove(self, name: str) -> None:
        self._durable.commit([DeleteKeyslot(self._token, name)])
        with self._lock:
            self._warm.forget(name)
            del self._blobs[name]
            del self._attempts[name]

    def _made(self, name: str, pin: bytes, master: bytes) -> bytes:
        return make(self._token, name, pin, master=master, origin=self._origin, durable=self._durable).blob

    # -- the short way

    def start_grace(self) -> None:
        with self._lock:
            self._warm.start_grace()

    def stop_grace(self) -> None:
        with self._lock:
            self._warm.stop_grace()

    def close(self) -> None:
        """Orderly end: stored counts become exact, and no key stays. A count that is one too high harms nobody."""
        for attempts in list(self._attempts.values()):
            try:
                attempts.settle()
            except Refused:
                break
        with self._lock:
            self._warm.forget()


def make(
    token: int, name: str, pin: bytes, *, master: bytes, origin: sealing.Origin, durable: Durable
) -> KeyslotRecord:
    """The record of a keyslot that ``pin`` opens."""
    cost = keyslots.calibrate(durable.settings.kdf_milliseconds)
    with DERIVING:
        blob = keyslots.make(pin, master, secret=origin.root, token=token - origin.offset, name=name, cost=cost)
    return KeyslotRecord(token, name, blob, 0)
