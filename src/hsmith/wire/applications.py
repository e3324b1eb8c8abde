"""The applications of a keeper: connections of one process share one, and it ends with the last of them."""

import secrets
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from hsmith.wire.frames import NEW_APPLICATION
from hsmith.wire.peer import Peer, program


class Closable(Protocol):
    def close(self) -> None:
        """End it; more than once does no harm."""


A = TypeVar("A", bound=Closable)


@dataclass(frozen=True, slots=True)
class Identity:
    """What must be equal for two connections to be of one process. ``claimed`` is the process id that it says it
    has: it tells processes apart that the system shows without one (those of another PID namespace)."""

    peer: Peer
    claimed: int


@dataclass(slots=True)
class _Entry(Generic[A]):
    application: A
    identity: Identity
    connections: int = 1


class Applications(Generic[A]):
    """Thread-safe. ``open_application`` makes one, for (pid, uid, program name)."""

    def __init__(self, open_application: Callable[[int | None, int | None, str], A]) -> None:
        self._open = open_application
        self._entries: dict[bytes, _Entry[A]] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._entries)

    def join(self, token: bytes, identity: Identity) -> tuple[bytes, A] | None:
        """The application of ``token`` (zeros: a new one) with its token, or None if it is not this process's."""
        if token == NEW_APPLICATION:
            return self._new(identity)
        with self._lock:
            entry = self._entries.get(token)
            if entry is None or entry.identity != identity:
                return None
            entry.connections += 1
            return token, entry.application

    def _new(self, identity: Identity) -> tuple[bytes, A]:
        pid = identity.peer.pid or identity.claimed
        application = self._open(pid, identity.peer.uid, program(identity.peer.pid))
        token = secrets.token_bytes(len(NEW_APPLICATION))
        with self._lock:
            self._entries[token] = _Entry(application, identity)
        return token, application

    def leave(self, token: bytes) -> None:
        """A connection has ended; the last one closes the application."""
        with self._lock:
            entry = self._entries[token]
            entry.connections -= 1
            if entry.connections:
                return
            del self._entries[token]
        entry.application.close()

    def hung_up(self, tokens: Iterable[bytes]) -> None:
        """The clients of these connections, named by their tokens, are gone though their calls have not ended: an
        application with none left is closed, so that a call that waits can see it."""
        gone = Counter(tokens)
        with self._lock:
            closed = [self._entries[t] for t in gone if t in self._entries and gone[t] == self._entries[t].connections]
        for entry in closed:
            entry.application.close()

    def close_all(self) -> None:
        """Close every application now, whatever its connections; they still leave() one by one."""
        with self._lock:
            entries = list(self._entries.values())
        for entry in entries:
            entry.application.close()
