"""The applications of a keeper: connections of one process share one, and it ends with the last of them."""

import secrets
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, Protocol, TypeVar

from hsmith.spec.functions import FunctionRow
from hsmith.wire.frames import NEW_APPLICATION
from hsmith.wire.peer import Peer, program


class Pair(Protocol):
    """An Init and the call that follows it, as one handler. ``ends``: the row of that call, whose three arguments
    come last. ``kind``: how it is counted (hsmith.core.tally)."""

    @property
    def ends(self) -> FunctionRow: ...

    @property
    def kind(self) -> int: ...

    @property
    def stands(self) -> bool:
        """Whether native code may answer it: hsmith.wire.standing."""

    def both(
        self, app: Any, init: memoryview | None, decode: Callable[..., Any], session: int, data: Any, more: Any, /
    ) -> tuple[Any, ...]: ...


class Memory(Protocol):
    def room(self, more: int) -> bool:
        """Take so many bytes more, or give them back (negative); false: they are not to be had."""


class Opened(Protocol):
    @property
    def memory(self) -> Memory:
        """What the client may make the keeper keep."""

    @property
    def repeated(self) -> Mapping[bytes, Pair]:
        """Pairs of functions that have come in one frame, by how they came."""

    def close(self) -> None:
        """End it; more than once does no harm."""


A = TypeVar("A", bound=Opened)

#: Applications of one process: a program has one for each module or client that it loads.
MAX_APPLICATIONS: Final = 256


class TooMany(Exception):
    """One process takes more than its share; str() says of what."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What must be equal for two connections to be of one process. ``claimed`` is the process id that it says it
    has: it tells processes apart that the system shows without one (those of another PID namespace)."""

    peer: Peer
    claimed: int

    @property
    def process(self) -> object:
        """Whose share it takes: as the system says, or, where it does not, as the process says itself."""
        return self.peer if self.peer.pid else self


@dataclass(slots=True)
class _Entry(Generic[A]):
    application: A
    identity: Identity
    connections: int = 1


class Applications(Generic[A]):
    """Thread-safe. ``open_application`` makes one, for (pid, uid, program name). ``most``: connections of one process,
    so that no client takes all that there are."""

    def __init__(self, open_application: Callable[[int | None, int | None, str], A], *, most: int = 1024) -> None:
        self._open = open_application
        self._most = most
        self._connections: Counter[object] = Counter()
        self._applications: Counter[object] = Counter()
        self._entries: dict[bytes, _Entry[A]] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._entries)

    def join(self, token: bytes, identity: Identity) -> tuple[bytes, A] | None:
        """The application of ``token`` (zeros: a new one) with its token, or None if it is not this process's.
        TooMany: the process has its share."""
        new = token == NEW_APPLICATION
        with self._lock:
            entry = self._entries.get(token)
            if not new and (entry is None or entry.identity != identity):
                return None
            if self._connections[identity.process] >= self._most:
                raise TooMany(f"the keeper serves {self._most} connections of this process already")
            if new and self._applications[identity.process] >= MAX_APPLICATIONS:
                raise TooMany(f"the keeper serves {MAX_APPLICATIONS} applications of this process already")
            self._connections[identity.process] += 1
            self._applications[identity.process] += new
            if entry is not None:
                entry.connections += 1
                return token, entry.application
        return self._new(identity)

    def _new(self, identity: Identity) -> tuple[bytes, A]:
        pid = identity.peer.pid or identity.claimed
        try:
            application = self._open(pid, identity.peer.uid, program(identity.peer.pid))
        except BaseException:
            with self._lock:
                _subtract(self._connections, identity.process)
                _subtract(self._applications, identity.process)
            raise
        token = secrets.token_bytes(len(NEW_APPLICATION))
        with self._lock:
            self._entries[token] = _Entry(application, identity)
        return token, application

    def leave(self, token: bytes) -> None:
        """A connection has ended; the last one closes the application."""
        with self._lock:
            entry = self._entries[token]
            entry.connections -= 1
            _subtract(self._connections, entry.identity.process)
            if entry.connections:
                return
            _subtract(self._applications, entry.identity.process)
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


def _subtract(counter: Counter[object], process: object) -> None:
    counter[process] -= 1
    if not counter[process]:
        del counter[process]
