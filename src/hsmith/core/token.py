"""A token: its label, its credentials, its master key while somebody is logged in, and its objects."""

import threading
import time
from enum import IntEnum
from typing import Any

from hsmith.core import users
from hsmith.core.durable import Durable
from hsmith.core.pins import Attempts, WarmKeys, check_new
from hsmith.core.shelf import Shelf
from hsmith.crypto import primitives
from hsmith.spec.constants import Fault, TokenFlag
from hsmith.spec.faults import Refused
from hsmith.store import keyslots, sealing
from hsmith.store.records import (
    ClearObjects,
    DeleteKeyslot,
    KeyslotRecord,
    PutKeyslot,
    PutToken,
    SetFailures,
    TokenRecord,
)

SO, USER = "so", "user"

#: Flags that tell how many tries are left, by credential: count low, final try, locked.
_PIN_FLAGS = {
    SO: (TokenFlag.SO_PIN_COUNT_LOW, TokenFlag.SO_PIN_FINAL_TRY, TokenFlag.SO_PIN_LOCKED),
    USER: (TokenFlag.USER_PIN_COUNT_LOW, TokenFlag.USER_PIN_FINAL_TRY, TokenFlag.USER_PIN_LOCKED),
}


class Field(IntEnum):
    """What a token's sealed state holds. Numbers are in every store: they are only ever added."""

    LABEL = 1
    SERIAL = 2
    CREATED = 3


class _Keyslot:
    """One credential of the token: the wrapped master key and its failed attempts."""

    def __init__(self, blob: bytes, attempts: Attempts) -> None:
        self.blob = blob
        self.attempts = attempts


class Token:
    """An initialised token in its slot. Thread-safe."""

    def __init__(self, record: TokenRecord, durable: Durable) -> None:
        self.id = record.id
        self.slot = record.slot
        self._durable = durable
        self._version = record.version
        self._public = sealing.Sealer(durable.secret, token=record.id, private=False)
        self._private: sealing.Sealer | None = None
        self._master: bytes | None = None
        self._logins = 0
        self._lock = threading.RLock()
        self._warm = WarmKeys(durable.settings.grace_seconds)
        self.shelf = Shelf(record.id, durable, self)
        self.sessions = 0  # open sessions of all applications
        #: A secret of this initialisation of the token while the keeper runs.
        self.boot_key = primitives.random_bytes(32)
        self._read_state(record)
        self._read_keyslots()

    # -- what it is

    @property
    def user_pin_set(self) -> bool:
        return USER in self._keyslots

    def flags(self) -> TokenFlag:
        """CK_TOKEN_INFO flags (section "General data types", CK_TOKEN_INFO)."""
        flags = TokenFlag.RNG | TokenFlag.LOGIN_REQUIRED | TokenFlag.TOKEN_INITIALIZED
        flags |= TokenFlag.DUAL_CRYPTO_OPERATIONS | TokenFlag.ASYNC_SESSION_SUPPORTED
        if self.user_pin_set:
            flags |= TokenFlag.USER_PIN_INITIALIZED
        for name, (low, final, locked) in _PIN_FLAGS.items():
            keyslot = self._keyslots.get(name)
            if keyslot is None or keyslot.attempts.failures == 0:
                continue
            left = keyslot.attempts.limit - keyslot.attempts.failures
            flags |= locked if left <= 0 else low | final if left == 1 else low
        return flags

    def sealer(self, private: bool) -> sealing.Sealer:
        if not private:
            return self._public
        sealer = self._private
        if sealer is None:
            raise Refused(Fault.USER_NOT_LOGGED_IN, "private objects are sealed until somebody logs in")
        return sealer

    # -- credentials

    def login(self, name: str, pin: bytes) -> None:
        """Check the PIN and hold the master key until as many logout() calls."""
        with self._lock:
            master = self._open(name, pin)
            if self._master is None:
                self._master = master
                self._private = sealing.Sealer(master, token=self.id, private=True)
            self._logins += 1
            self._warm.stop_grace()

    def logout(self) -> None:
        """One application fewer is logged in; after the last nothing private stays ready."""
        with self._lock:
            self._logins -= 1
            if self._logins:
                return
            self._master = self._private = None
            self.shelf.forget_private()
            self._warm.start_grace()

    def verify(self, name: str, pin: bytes) -> None:
        """Check a PIN for one operation (CKU_CONTEXT_SPECIFIC); it counts like a login."""
        with self._lock:
            self._open(name, pin)

    def set_pin(self, name: str, old: bytes, new: bytes | None) -> None:
        new = check_new(new)
        with self._lock:
            self._put_keyslot(name, new, self._open(name, old))

    def init_user_pin(self, pin: bytes | None) -> None:
        """C_InitPIN: the SO, logged in, gives the user a PIN; a locked user PIN is unlocked by it."""
        pin = check_new(pin)
        with self._lock:
            if self._master is None:
                raise Refused(Fault.USER_NOT_LOGGED_IN, "the SO is not logged in")
            self._put_keyslot(USER, pin, self._master)

    def initialise_again(self, so_pin: bytes, label: bytes) -> None:
        """C_InitToken on a token: every object and the user PIN go, the SO PIN stays."""
        with self._lock:
            self._open(SO, so_pin)
            record, changes = _fresh(self.id, self.slot, self._version + 1, label, so_pin, self._durable, self.serial)
            self._durable.commit([ClearObjects(self.id), *changes])
            self._version = record.version
            self._warm.forget()
            self.shelf.forget()
            self.boot_key = primitives.random_bytes(32)
            self._read_state(record)
            self._read_keyslots()

    # -- named users: the SO makes and removes them

    def users(self) -> list[tuple[str, bool]]:
        """(name, whether the PIN is locked) of every named user."""
        keyslots = self._keyslots
        return [(name, keyslots[users.keyslot(name)].attempts.locked) for name in users.names(list(keyslots))]

    def add_user(self, so_pin: bytes, name: str, pin: bytes) -> None:
        """Make a named user, or give the one of that name a new PIN, which also unlocks him."""
        keyslot, pin = users.keyslot(users.check_name(name)), check_new(pin)
        with self._lock:
            self._put_keyslot(keyslot, pin, self._open(SO, so_pin))

    def remove_user(self, so_pin: bytes, name: str) -> None:
        """Remove a named user. Whoever is logged in by his name stays so until he logs out."""
        keyslot = users.keyslot(name)
        with self._lock:
            self._open(SO, so_pin)
            if keyslot not in self._keyslots:
                raise Refused(Fault.ARGUMENTS_BAD, f"there is no user {name!r}; 'hsmith user list' shows all")
            self._durable.commit([DeleteKeyslot(self.id, keyslot)])
            self._warm.forget(keyslot)
            del self._keyslots[keyslot]

    def check_so(self, pin: bytes) -> None:
        """Whether this is the SO PIN, counted as a login is."""
        with self._lock:
            self._open(SO, pin)

    def tombstone(self) -> list[ClearObjects | PutToken]:
        """The changes that remove the token but keep its slot ID from being given again."""
        return [ClearObjects(self.id), PutToken(TokenRecord(self.id, self.slot, self._version + 1, b""))]

    def close(self) -> None:
        """Orderly end: stored counts become exact and nothing secret stays."""
        with self._lock:
            for keyslot in self._keyslots.values():
                keyslot.attempts.settle()
            self._master = self._private = None
            self._warm.forget()
            self.shelf.forget()

    # -- inside

    def _open(self, name: str, pin: bytes) -> bytes:
        keyslot = self._keyslots.get(name)
        if keyslot is None and name == USER:
            raise Refused(Fault.USER_PIN_NOT_INITIALIZED, "the user PIN was never set: the SO sets it")
        if keyslot is None:
            self._work_in_vain(pin)
            raise Refused(Fault.PIN_INCORRECT, "there is no such user, or the PIN is wrong")
        keyslot.attempts.begin()
        master = self._warm.open(name, pin)
        if master is None:
            master = self._unwrap(name, keyslot, pin)
            self._warm.remember(name, pin, master)
        keyslot.attempts.succeeded()
        return master

    def _unwrap(self, name: str, keyslot: _Keyslot, pin: bytes) -> bytes:
        try:
            return keyslots.open(pin, keyslot.blob, secret=self._durable.secret, token=self.id, name=name)
        except keyslots.WrongPin:
            keyslot.attempts.failed()
            raise Refused(Fault.PIN_INCORRECT, "the PIN is wrong") from None

    def _work_in_vain(self, pin: bytes) -> None:
        """What a wrong PIN costs, so that the time does not tell which names there are: one commit, one derivation."""
        self._durable.commit([SetFailures(self.id, SO, self._keyslots[SO].attempts.stored)])
        _keyslot(self.id, "", pin, bytes(32), self._durable)

    def _put_keyslot(self, name: str, pin: bytes, master: bytes) -> None:
        record = _keyslot(self.id, name, pin, master, self._durable)
        self._durable.commit([PutKeyslot(record)])
        self._warm.forget(name)
        self._keyslots[name] = self._loaded(record)

    def _loaded(self, record: KeyslotRecord) -> _Keyslot:
        def save(failures: int) -> None:
            self._durable.commit([SetFailures(self.id, record.name, failures)])

        return _Keyslot(record.blob, Attempts(record.failures, self._durable.settings.attempts, save))

    def _read_state(self, record: TokenRecord) -> None:
        state: dict[int, Any] = sealing.TokenSealer(self._durable.secret, token=self.id).unseal(record)
        self.label: bytes = state[Field.LABEL]
        self.serial: bytes = state[Field.SERIAL]  # 16 ASCII characters
        self.created: int = state[Field.CREATED]

    def _read_keyslots(self) -> None:
        self._keyslots = {record.name: self._loaded(record) for record in self._durable.keyslots(self.id)}


def make(slot: int, so_pin: bytes, label: bytes, durable: Durable) -> Token:
    """C_InitToken on an uninitialised slot. ``label``: 32 bytes, blank padded."""
    id = durable.reserve()
    serial = primitives.random_bytes(8).hex().encode()
    record, changes = _fresh(id, slot, 1, label, so_pin, durable, serial)
    durable.commit(changes)
    return Token(record, durable)


def _fresh(
    id: int, slot: int, version: int, label: bytes, so_pin: bytes, durable: Durable, serial: bytes
) -> tuple[TokenRecord, list[PutToken | PutKeyslot]]:
    """A token's first records: a new master key under the SO PIN, and the sealed state."""
    master = primitives.random_bytes(32)
    state: dict[int, Any] = {Field.LABEL: label, Field.SERIAL: serial, Field.CREATED: int(time.time())}
    record = sealing.TokenSealer(durable.secret, token=id).seal(slot, version, state)
    return record, [PutToken(record), PutKeyslot(_keyslot(id, SO, so_pin, master, durable))]


def _keyslot(token: int, name: str, pin: bytes, master: bytes, durable: Durable) -> KeyslotRecord:
    cost = keyslots.calibrate(durable.settings.kdf_milliseconds)
    blob = keyslots.make(pin, master, secret=durable.secret, token=token, name=name, cost=cost)
    return KeyslotRecord(token, name, blob, 0)
