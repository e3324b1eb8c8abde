"""A token: its label, its credentials, its master key while somebody is logged in, and its objects."""

import threading
import time
from collections.abc import Iterable
from enum import IntEnum
from typing import Any

from hsmith.core import credentials, users
from hsmith.core.audit import with_mechanism
from hsmith.core.credentials import SO, USER, Credentials
from hsmith.core.durable import Durable, refusal
from hsmith.core.objects import CHANGES, Object, unique
from hsmith.core.pins import check_new
from hsmith.core.policy.policy import Policy
from hsmith.core.policy.profiles import PROFILES, Profile
from hsmith.core.shelf import Shelf
from hsmith.crypto import primitives
from hsmith.spec.constants import Fault, TokenFlag
from hsmith.spec.faults import Refused
from hsmith.store import sealing
from hsmith.store.records import ClearObjects, KeyslotRecord, PutKeyslot, PutToken, TokenRecord

__all__ = ["SO", "USER", "Field", "Token", "make"]

LABEL_SIZE = 32


class Field(IntEnum):
    """What a token's sealed state holds. Numbers are in every store: they are only ever added."""

    LABEL = 1
    SERIAL = 2
    CREATED = 3
    ROOT = 4  # only in a token that came from another store: its origin
    OFFSET = 5
    PROFILE = 6  # of hsmith.core.policy.profiles, by its place there; missing: the default one
    AUDIT = 7  # whether uses of keys are recorded; missing: no


class Token:
    """An initialised token in its slot. Thread-safe."""

    def __init__(self, record: TokenRecord, keyslots: Iterable[KeyslotRecord], durable: Durable) -> None:
        """Refused(DEVICE_ERROR): the record was altered, or belongs elsewhere."""
        self.id = record.id
        self.slot = record.slot
        self._durable = durable
        self._version = record.version
        self._private: sealing.Sealer | None = None
        self._master: bytes | None = None
        self._logins = 0
        self._lock = threading.Lock()
        #: Held over a change of credentials, for all of the time that it takes; logins do not wait for it.
        self._changing = threading.RLock()
        self.shelf = Shelf(record.id, durable, self)
        self.sessions = 0  # open sessions of all applications
        self._sessions_lock = threading.Lock()
        #: A secret of this initialisation of the token while the keeper runs.
        self.boot_key = primitives.random_bytes(32)
        self._read_state(record)
        self.credentials = Credentials(record.id, keyslots, origin=self.origin, durable=durable)

    # -- what it is

    @property
    def user_pin_set(self) -> bool:
        return USER in self.credentials

    def flags(self) -> TokenFlag:
        """CK_TOKEN_INFO flags (section "General data types", CK_TOKEN_INFO)."""
        flags = TokenFlag.RNG | TokenFlag.LOGIN_REQUIRED | TokenFlag.TOKEN_INITIALIZED
        flags |= TokenFlag.DUAL_CRYPTO_OPERATIONS | TokenFlag.ASYNC_SESSION_SUPPORTED
        return flags | self.credentials.flags()

    @property
    def directory(self) -> int:
        """For native code: hsmith.store.records."""
        return self._durable.store.directory

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
        made = self.boot_key
        master = self.credentials.open(name, pin)
        with self._lock:
            if made is not self.boot_key:
                raise Refused(Fault.PIN_INCORRECT, "the token was initialised again meanwhile")
            if self._master is None:
                self._master = master
                self._private = sealing.Sealer(master, token=self.id, private=True, offset=self.origin.offset)
            self._logins += 1
            self.credentials.stop_grace()

    def logout(self) -> None:
        """One application fewer is logged in; after the last nothing private stays ready."""
        with self._lock:
            self._logins -= 1
            if self._logins:
                return
            self._master = self._private = None
            self.shelf.forget_private()
            self.credentials.start_grace()

    def used(self, object: Object, mechanism: int, result: Fault = Fault.OK) -> None:
        """A key is used, or its use was refused: to be recorded, where that is wanted."""
        if self.audits_uses:
            with_mechanism(mechanism)
            self._durable.note(keys=[unique(object)], result=result)

    def verify(self, name: str, pin: bytes) -> None:
        """Check a PIN for one operation (CKU_CONTEXT_SPECIFIC); it counts like a login."""
        self.credentials.open(name, pin)

    def set_pin(self, name: str, old: bytes, new: bytes | None) -> None:
        new = check_new(new)
        with self._changing:
            self.credentials.put(name, new, self.credentials.open(name, old))

    def init_user_pin(self, pin: bytes | None) -> None:
        """C_InitPIN: the SO, logged in, gives the user a PIN; a locked user PIN is unlocked by it."""
        pin = check_new(pin)
        with self._changing:
            master = self._master
            if master is None:
                raise Refused(Fault.USER_NOT_LOGGED_IN, "the SO is not logged in")
            self.credentials.put(USER, pin, master)

    def initialise_again(self, so_pin: bytes, label: bytes) -> None:
        """C_InitToken on a token: every object and the user PIN go, the SO PIN stays."""
        with self._changing:
            self.credentials.open(SO, so_pin)
            version, place = self._version + 1, (self.id, self.slot)
            record, keyslot = _fresh(
                *place, version, label=label, so_pin=so_pin, durable=self._durable, serial=self.serial,
                profile=self.policy.profile,
            )  # fmt: skip
            with self._lock:
                self._durable.commit([ClearObjects(self.id), PutToken(record), PutKeyslot(keyslot)])
                self._version = record.version
                self.shelf.forget()
                self.boot_key = primitives.random_bytes(32)
                self._read_state(record)
                self.credentials.load([keyslot], origin=self.origin)

    # -- named users: the SO makes and removes them

    def users(self) -> list[tuple[str, bool]]:
        """(name, whether the PIN is locked) of every named user."""
        return self.credentials.users()

    def add_user(self, so_pin: bytes, name: str, pin: bytes) -> None:
        """Make a named user, or give the one of that name a new PIN, which also unlocks him."""
        keyslot, pin = users.keyslot(users.check_name(name)), check_new(pin)
        with self._changing:
            self.credentials.put(keyslot, pin, self.credentials.open(SO, so_pin))

    def remove_user(self, so_pin: bytes, name: str) -> None:
        """Remove a named user. Whoever is logged in by his name stays so until he logs out."""
        keyslot = users.keyslot(name)
        with self._changing:
            self.credentials.open(SO, so_pin)
            if keyslot not in self.credentials:
                raise Refused(Fault.ARGUMENTS_BAD, f"there is no user {name!r}; 'hsmith user list' shows all")
            self.credentials.remove(keyslot)

    def check_so(self, pin: bytes) -> None:
        """Whether this is the SO PIN, counted as a login is."""
        self.credentials.open(SO, pin)

    def set_profile(self, so_pin: bytes, profile: Profile) -> None:
        """Change what the token permits. No session may be open: operations that run were begun under other rules."""
        if self.sessions:
            raise Refused(Fault.SESSION_EXISTS, "an application has a session with this token: end it first")
        with self._changing:
            self.credentials.open(SO, so_pin)
            with self._lock:
                self._put_state(self.state | {Field.PROFILE: PROFILES.index(profile)})
                self.shelf.forget()

    def rename(self, so_pin: bytes, label: bytes) -> None:
        """Give the token another label, of 1 to 32 bytes."""
        if not 0 < len(label) <= LABEL_SIZE:
            raise Refused(Fault.ARGUMENTS_BAD, f"a label has 1 to {LABEL_SIZE} bytes, this one has {len(label)}")
        with self._changing:
            self.credentials.open(SO, so_pin)
            with self._lock:
                self._put_state(self.state | {Field.LABEL: label.ljust(LABEL_SIZE)})

    def set_audit(self, so_pin: bytes, *, uses: bool) -> None:
        """Whether uses of keys are recorded, and not only what changes something."""
        with self._changing:
            self.credentials.open(SO, so_pin)
            with self._lock:
                self._put_state(self.state | {Field.AUDIT: uses})

    def tombstone(self) -> list[ClearObjects | PutToken]:
        """The changes that remove the token but keep its slot ID from being given again."""
        return [ClearObjects(self.id), PutToken(TokenRecord(self.id, self.slot, self._version + 1, b""))]

    def count_sessions(self, change: int) -> None:
        with self._sessions_lock:
            self.sessions += change

    def close(self) -> None:
        """Orderly end: stored counts become exact and nothing secret stays."""
        self.credentials.close()
        with self._lock:
            self._master = self._private = None
            self.shelf.forget()

    # -- inside

    def _put_state(self, state: dict[int, Any]) -> None:
        sealer = sealing.TokenSealer(self._durable.secret, token=self.id)
        record = sealer.seal(self.slot, self._version + 1, state)
        self._durable.commit([PutToken(record)])
        self._version = record.version
        self._read_state(record)

    def _read_state(self, record: TokenRecord) -> None:
        try:
            state: dict[int, Any] = sealing.TokenSealer(self._durable.secret, token=self.id).unseal(record)
        except sealing.Damaged as damaged:
            raise refusal(damaged) from damaged
        self.label: bytes = state[Field.LABEL]
        self.serial: bytes = state[Field.SERIAL]  # 16 ASCII characters
        self.created: int = state[Field.CREATED]
        self.audits_uses = bool(state.get(Field.AUDIT, False))
        self.state = state
        own = sealing.Origin.own(self._durable.secret, self.id)
        self.origin = sealing.Origin(state[Field.ROOT], state[Field.OFFSET]) if Field.ROOT in state else own
        self._public = sealing.Sealer(self.origin.root, token=self.id, private=False, offset=self.origin.offset)
        values = self._durable.values.of_token(self.id, self.origin.root, came=Field.ROOT in state)
        self.policy = Policy(PROFILES[state.get(Field.PROFILE, 0)], values, self._durable.settings.mechanisms)
        CHANGES.count()  # what was permitted may not be any more


def make(slot: int, so_pin: bytes, label: bytes, durable: Durable) -> Token:
    """C_InitToken on an uninitialised slot. ``label``: 32 bytes, blank padded."""
    id = durable.reserve()
    serial = primitives.random_bytes(8).hex().encode()
    profile = durable.settings.profile
    record, keyslot = _fresh(id, slot, 1, label=label, so_pin=so_pin, durable=durable, serial=serial, profile=profile)
    durable.commit([PutToken(record), PutKeyslot(keyslot)])
    return Token(record, [keyslot], durable)


def _fresh(
    id: int, slot: int, version: int, *, label: bytes, so_pin: bytes, durable: Durable, serial: bytes, profile: Profile
) -> tuple[TokenRecord, KeyslotRecord]:
    """A token's first records: a new master key under the SO PIN, and the sealed state."""
    master = primitives.random_bytes(32)
    state: dict[int, Any] = {Field.LABEL: label, Field.SERIAL: serial, Field.CREATED: int(time.time())}
    state[Field.PROFILE] = PROFILES.index(profile)
    record = sealing.TokenSealer(durable.secret, token=id).seal(slot, version, state)
    origin = sealing.Origin.own(durable.secret, id)
    return record, credentials.make(id, SO, so_pin, master=master, origin=origin, durable=durable)
