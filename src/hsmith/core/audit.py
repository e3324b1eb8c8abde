"""The audit: who did what, when, with which key, and with which result.

What changes the store is recorded in the transaction of the change itself: neither is there without the other. Logins
and, where the token's setting wants it, uses of keys are gathered for a moment and written together, so that they cost
no time of their own; a killed keeper may lose those of its last moment. Records have the FIELDS and nothing else.
"""

import json
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from json.encoder import encode_basestring_ascii as quoted
from typing import Any, Final, Protocol

from hsmith.spec.constants import Fault, Mechanism
from hsmith.spec.faults import Refused
from hsmith.store.audit import CHECKPOINT, Signer
from hsmith.store.records import (
    Append,
    Change,
    ClearObjects,
    DeleteKeyslot,
    DeleteObject,
    DeleteToken,
    Prune,
    PutKeyslot,
    PutObject,
    PutToken,
)

#: All that a record may have. ``keys``: unique ids of objects; ``changes``: what was changed in the store, by number.
FIELDS: Final = frozenset(
    {"time", "event", "uid", "pid", "program", "user", "token", "keys", "mechanism", "result", "changes", "about"}
    | {"upto", "signature"}
)
#: Those that the caller of record() gives; the others follow from the call that is served.
_GIVEN: Final = frozenset({"event", "keys", "changes", "about"})
#: Seconds for which records are gathered, records that are written at once, and that wait at most.
GATHER, AT_ONCE, MOST_WAITING = 0.05, 2000, 50_000
#: Records between two checkpoints.
BETWEEN: Final = 1000

log = logging.getLogger("hsmith.audit")

_OK: Final = Fault.OK.name
_encode: Final = json.JSONEncoder(separators=(",", ":")).encode


class Who(Protocol):
    """A client, as the system says who it is."""

    pid: int
    uid: int
    program: str


class _Current(threading.local):
    """The call that this thread serves: its client, its function, and its session if it has one."""

    call: tuple[Who | None, str, Any] = (None, "keeper", None)
    mechanism: tuple[Any, int] = (None, 0)


CURRENT: Final = _Current()


def with_mechanism(mechanism: int) -> None:
    """The call that this thread serves is about this mechanism."""
    CURRENT.mechanism = (CURRENT.call, mechanism)


_WORDS: Final[dict[type[Any], Callable[[Any], str]]] = {
    PutToken: lambda change: f"token {change.record.id} stored in version {change.record.version}",
    DeleteToken: lambda change: f"token {change.token} deleted",
    ClearObjects: lambda change: f"token {change.token} emptied",
    PutKeyslot: lambda change: f"PIN of {change.record.name} set, token {change.record.token}",
    DeleteKeyslot: lambda change: f"{change.name} removed, token {change.token}",
    PutObject: lambda change: f"object {change.record.id} stored in version {change.record.version}",
    DeleteObject: lambda change: f"object {change.id} deleted",
}


def record(*, result: Fault = Fault.OK, keys: Iterable[str] = (), **fields: Any) -> str:
    """The text of a record about the call that this thread serves."""
    current = CURRENT.call
    who, event, session = current
    client = None if who is None else (who.uid, who.pid, who.program)
    place = None if session is None else (session.token.serial, session.login.keyslot)
    call, mechanism = CURRENT.mechanism
    if keys := list(keys):
        fields["keys"] = keys
    assert fields.keys() <= _GIVEN
    now = time.time()
    outcome = _OK if result is Fault.OK else result.name  # which is computed each time
    known = fields.pop("event", event), outcome, client, place, mechanism if call is current else 0
    text = f'{{"time":"{_second(int(now))}.{int(now % 1 * 1e6):06d}Z",{_circumstances(*known)}'
    return "".join([text, *[f',"{name}":{_told(value)}' for name, value in fields.items()], "}"])


def _told(value: str | list[str]) -> str:
    """As _encode(), for what is in nearly every record."""
    return quoted(value) if isinstance(value, str) else f"[{','.join(map(quoted, value))}]"


@lru_cache(maxsize=256)
def _circumstances(
    event: str, result: str, client: tuple[int, int, str] | None, place: tuple[bytes, str] | None, mechanism: int
) -> str:
    """What a client's records of one kind have in common, encoded, without the braces."""
    known: dict[str, Any] = {"event": event, "result": result}
    if client is not None:
        known |= dict(zip(("uid", "pid", "program"), client, strict=True))
    if place is not None:
        known["token"] = place[0].decode("ascii", "replace")
        if place[1]:
            known["user"] = place[1]
    if mechanism:
        known["mechanism"] = _mechanism(mechanism)
    return _encode(known)[1:-1]


@lru_cache(maxsize=8)
def _second(time_: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time_))


def _mechanism(number: int) -> str:
    try:
        return Mechanism(number).name
    except ValueError:
        return f"{number:#x}"


class Audit:
    """The audit of a store. Thread-safe. ``commit``: of the store, without audit."""

    def __init__(self, secret: bytes, commit: Callable[[Sequence[Change]], None], *, keep: int = 0) -> None:
        """``keep``: records that stay when older ones are pruned; 0: all do."""
        self.keep = keep
        self._prune_at = 0
        self.signer = Signer(secret)
        self._commit = commit
        self._waiting: deque[str] = deque()
        self._wake = threading.Event()
        self._writing = threading.Lock()
        self._since = 0
        self._lost = 0
        self._head: Callable[[], tuple[int, bytes]] = lambda: (0, b"")
        self._ended = False
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    def begin(self, head: Callable[[], tuple[int, bytes]]) -> None:
        """The keeper begins. ``head``: gives the number and the digest of the last record."""
        self._head = head
        self.note(record(about="begins"))

    def together(self, changes: Sequence[Change], keys: Iterable[str]) -> Sequence[Change]:
        """The changes, and with them the record that tells of them, if they are such as are told of."""
        words = [_WORDS[type(change)](change) for change in changes if type(change) in _WORDS]
        if not words:
            return changes
        return [*changes, self.change(record(changes=words, keys=keys))]

    def change(self, *texts: str) -> Append:
        return Append(texts, self.signer.mac, self._head)

    def note(self, text: str) -> None:
        """Record something that changes nothing, in a moment."""
        if len(self._waiting) >= MOST_WAITING:
            self.flush()
        self._waiting.append(text)
        if self._thread is None:
            self._start()
        if not self._wake.is_set():
            self._wake.set()

    def _start(self) -> None:
        with self._starting:
            if self._thread is None and not self._ended:
                self._thread = threading.Thread(target=self._run, name="hsmith audit", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while not self._ended:
            self._wake.wait()
            time.sleep(GATHER)
            self._wake.clear()
            self.flush()

    def flush(self) -> None:
        """Write what waits. What cannot be written, on a full disk, is counted and told of later."""
        with self._writing:
            while self._waiting:
                texts = [self._waiting.popleft() for _ in range(min(AT_ONCE, len(self._waiting)))]
                if self._lost:
                    texts.insert(0, record(about=f"{self._lost} records could not be written"))
                self._write(texts)

    def _write(self, texts: list[str]) -> None:
        if self._since >= BETWEEN:
            texts.append(self.checkpoint())
        try:
            self._commit([self.change(*texts)])
        except Refused as refused:
            self._lost += len(texts)
            log.error("records of the audit cannot be written: %s", refused.reason)
            return
        self._since = 0 if self._since >= BETWEEN else self._since + len(texts)
        self._lost = 0
        self._prune()

    def _prune(self) -> None:
        """Once, and then after so many records as are between two checkpoints."""
        number, _ = self._head()
        if not self.keep or number < self._prune_at:
            return
        self._prune_at = number + BETWEEN
        try:
            self._commit([Prune(self.keep, self.signer.mac, self._head)])
        except Refused as refused:
            log.error("the audit cannot be pruned: %s", refused.reason)

    def checkpoint(self) -> str:
        """The text of a record that vouches for all before it."""
        number, chain = self._head()
        return _encode({"event": CHECKPOINT, "upto": number, "signature": self.signer.checkpoint(number, chain)})

    def sign(self) -> None:
        """Write a checkpoint now."""
        self.flush()
        with self._writing:
            self._commit([self.change(self.checkpoint())])

    def close(self) -> None:
        """The keeper ends in order."""
        self.note(record(about="ends"))
        self._ended = True
        self._wake.set()
        self.flush()
        try:
            self.sign()
        except Refused as refused:
            log.error("the audit cannot be signed: %s", refused.reason)
