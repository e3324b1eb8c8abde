"""The HSM: its slots, the tokens in them, and the events that happen to them."""

import logging
import threading
from pathlib import Path

from hsmith.core import token as tokens
from hsmith.core.arrivals import Arrival
from hsmith.core.durable import Durable, Settings
from hsmith.core.pins import check_new
from hsmith.core.token import Token
from hsmith.core.transplant import Progress, plant
from hsmith.spec.constants import Fault
from hsmith.spec.faults import Refused
from hsmith.store import secret
from hsmith.store.records import ClearObjects, DeleteToken, PutToken, TokenRecord
from hsmith.store.sqlite import SqliteStore

log = logging.getLogger("hsmith.core")


class Hsm:
    """Every token has a slot whose ID never changes and is never given again; the slot after the last is empty.

    ``opened(path)`` is the embedded default; any Store serves.
    """

    def __init__(self, durable: Durable) -> None:
        self.durable = durable
        self._changed = threading.Condition()
        self._events: list[int] = []
        self._slots: dict[int, Token] = {}
        self._next = 0
        for record in durable.tokens():
            self._next = record.slot + 1
            if record.blob:
                self._load(record)
            elif durable.count(record.id):  # a token that came from another store, but not wholly
                durable.commit([ClearObjects(record.id)])

    def _load(self, record: TokenRecord) -> None:
        """A token that was altered or is damaged is left alone, and the others are served."""
        try:
            self.durable.check_token(record.id)
            self._slots[record.slot] = Token(record, self.durable.keyslots(record.id), self.durable)
        except Refused as refused:
            log.error("slot %d is left out: %s", record.slot, refused.reason)

    @classmethod
    def opened(cls, folder: Path, settings: Settings | None = None) -> "Hsm":
        """Open, or make, the store in ``folder``. Raises StoreBroken with a sentence for the user."""
        store_secret = secret.load(folder)
        store = SqliteStore(folder)
        try:
            return cls(Durable.audited(store, store_secret, settings or Settings()))
        except BaseException:
            store.close()
            raise

    def close(self) -> None:
        for token in self._slots.values():
            token.close()
        self.durable.close()

    def slots(self) -> list[int]:
        """Slot IDs in order; the last is the uninitialised one."""
        with self._changed:
            return [*sorted(self._slots), self._next]

    def tokens(self) -> list[Token]:
        with self._changed:
            return [self._slots[slot] for slot in sorted(self._slots)]

    def token(self, slot: int) -> Token | None:
        """The token in a slot, None for the uninitialised one."""
        found = self._slots.get(slot)
        if found is None and slot != self._next:
            raise Refused(Fault.SLOT_ID_INVALID, f"there is no slot {slot}")
        return found

    def initialise(self, slot: int, so_pin: bytes | None, label: bytes) -> Token:
        """C_InitToken: make a token in the uninitialised slot, or empty the one that is there."""
        token = self.token(slot)
        if token is None:
            with self._changed:
                if slot != self._next:
                    raise Refused(Fault.SLOT_ID_INVALID, f"slot {slot} was initialised meanwhile")
                token = tokens.make(slot, check_new(so_pin), label, self.durable)
                self._slots[slot] = token
                self._next = slot + 1
        else:
            if token.sessions:
                raise Refused(Fault.SESSION_EXISTS, "an application has a session with this token")
            token.initialise_again(so_pin or b"", label)
        self._event(slot)
        return token

    def remove(self, token: Token, so_pin: bytes | None) -> None:
        """Remove a token with all its objects for ever. Its slot ID is not given again. ``so_pin`` None: whoever asks
        need not be the SO, and the caller has seen to it."""
        if token.sessions:
            raise Refused(Fault.SESSION_EXISTS, "an application has a session with this token")
        if so_pin is not None:
            token.check_so(so_pin)
        self.durable.commit(token.tombstone())
        with self._changed:
            self._slots.pop(token.slot, None)
        token.shelf.forget()
        self._event(token.slot)

    def adopt(self, record: TokenRecord, *, serial: bytes, source: Durable, replace: bool, progress: Progress) -> Token:
        """Take a token of another store into this one, in place of that with the same serial number if there is one."""
        self._replaced(serial, replace=replace)
        with self._changed:
            slot = self._next
            self._next += 1
        number, visible = plant(record, source=source, target=self.durable, slot=slot, progress=progress)
        with self._changed:
            old = self._replaced(serial, replace=replace)
            new = visible(old.slot if old else slot)
            self.durable.commit([*([DeleteToken(old.id)] if old else []), PutToken(new)])
            token = self._slots[new.slot] = Token(new, self.durable.keyslots(number), self.durable)
            if old:
                old.shelf.forget()
        self._event(token.slot)
        return token

    def admit(self, arrival: Arrival, *, so_pin: bytes, pin: bytes | None) -> Token:
        """Put a token that came from another HSM into the uninitialised slot, wholly or not at all."""
        so_pin, pin = check_new(so_pin), None if pin is None else check_new(pin)
        with self._changed:
            self.check_unknown(arrival.serial)
            slot = self._next
            token = arrival.settle(slot, self.durable, so_pin=so_pin, pin=pin)
            self._slots[slot] = token
            self._next = slot + 1
        self._event(slot)
        return token

    def check_unknown(self, serial: bytes) -> None:
        """Refused: there is a token with this serial number."""
        old = next((token for token in self._slots.values() if token.serial == serial), None)
        if old is not None:
            words = f"a token with the serial number {serial.decode(errors='replace')} is in slot {old.slot} already"
            raise Refused(Fault.ARGUMENTS_BAD, words)

    def _replaced(self, serial: bytes, *, replace: bool) -> Token | None:
        """The token that one with this serial number takes the place of. Refused: it may not, or not now."""
        old = next((token for token in self._slots.values() if token.serial == serial), None)
        if old and not replace:
            words = f"the token is in slot {old.slot} already: give --replace to put what the backup has in its place"
            raise Refused(Fault.ARGUMENTS_BAD, words)
        if old and old.sessions:
            raise Refused(Fault.SESSION_EXISTS, "an application has a session with this token")
        return old

    # -- slot events (C_WaitForSlotEvent): a list that only grows; each application keeps its place in it

    def events_so_far(self) -> int:
        return len(self._events)

    def wait_event(self, place: int, timeout: float) -> list[int]:
        """The slots with events after ``place``, waiting up to ``timeout`` seconds for one."""
        with self._changed:
            if len(self._events) <= place:
                self._changed.wait(timeout)
            return self._events[place:]

    def _event(self, slot: int) -> None:
        with self._changed:
            self._events.append(slot)
            self._changed.notify_all()
