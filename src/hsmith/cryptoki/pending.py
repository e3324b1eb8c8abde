"""Calls that go on after CKR_PENDING: a bounded pool of threads that do the work, and the calls whose ID was fetched.

Only computing is done in the pool. The results become objects in the session that completes the call, which holds
what they need: the login, a read/write session, and a place for session objects.
"""

import os
import queue
import secrets
import threading
import weakref
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

from hsmith.core.token import Token
from hsmith.core.workers import Worker

if TYPE_CHECKING:
    from hsmith.cryptoki.application import Session

#: Threads of the pool: the other half of the processors is for calls that are waited for.
WORKERS: Final = max(1, (os.cpu_count() or 1) // 2)
#: Calls that may wait for a thread; further ones are answered as in a synchronous session.
WAITING_MAXIMUM: Final = 256
#: Calls of one token whose ID is fetched and that nobody has joined.
SAVED_MAXIMUM: Final = 64


class Job:
    """Work in the pool. ``done`` is set when it has a result, or an error."""

    __slots__ = ("_error", "_result", "_work", "cancelled", "done")

    def __init__(self, work: Callable[[], Any]) -> None:
        self.done = threading.Event()
        self.cancelled = False
        self._work: Callable[[], Any] | None = work
        self._result: Any = None
        self._error: BaseException | None = None

    def run(self) -> None:
        work, self._work = self._work, None
        if work is not None and not self.cancelled:
            try:
                self._result = work()
            except Exception as error:
                self._error = error
        if self.cancelled:
            self._result = None
        self.done.set()

    def cancel(self) -> None:
        """What runs already cannot be interrupted; its result is dropped."""
        self.cancelled = True
        self._result = None

    def result(self) -> Any:
        """What the work gave, or raise what it raised."""
        if self._error is not None:
            raise self._error
        return self._result


class Pool:
    """Threads that are started when they are needed and never end; the process does not wait for them."""

    def __init__(self, workers: int = WORKERS, waiting: int = WAITING_MAXIMUM) -> None:
        self._jobs: queue.Queue[Job] = queue.Queue(waiting)
        self._missing = workers
        self._lock = threading.Lock()

    def submit(self, work: Callable[[], Any]) -> Job | None:
        """None when too many wait already, or the system gives no thread."""
        job = Job(work)
        with self._lock:
            begins = self._missing > 0
            self._missing -= begins
        try:
            if begins:
                Worker(partial(self._serve, job)).start()
            else:
                self._jobs.put_nowait(job)
        except queue.Full:
            return None
        except (RuntimeError, MemoryError):
            with self._lock:
                self._missing += 1
            return None
        return job

    def _serve(self, job: Job) -> None:
        while True:
            job.run()
            job = self._jobs.get()


class Pending:
    """One call.

    ``finish`` takes what the work gave and gives the call's results; ``size``: bytes of the caller's buffer that it
    fills. ``session``: where it can be completed now. ``id``: once it was fetched, by which it outlives that session.
    """

    __slots__ = ("_boot_key", "_owner", "_token", "finish", "function", "id", "job", "session", "size")

    def __init__(
        self, session: "Session", function: str, job: Job, *, finish: Callable[["Session", Any], Any], size: int
    ) -> None:
        self.session: Session | None = session
        self._token = weakref.ref(session.token)  # A token that is removed takes its saved calls with it.
        self.function = function
        self.job = job
        self.finish = finish
        self.size = size
        self.id: int | None = None
        self._boot_key = session.token.boot_key
        self._owner = _user_of(session)

    def may_join(self, session: "Session") -> bool:
        """The same user of the same system user's programs, and the token not initialised anew."""
        return self._owner == _user_of(session) and self._boot_key == session.token.boot_key

    def left_by(self, session: "Session") -> None:
        """The session ends, or its login."""
        with _lock:
            if self.session is session:
                self.session = None
                if self.id is None:
                    self.job.cancel()

    def cancel(self) -> None:
        with _lock:
            _forget(self)
            self.job.cancel()

    def claim(self, session: "Session") -> bool:
        """Take it for good, to complete it. False when another session has it."""
        with _lock:
            if self.session is not session:
                return False
            _forget(self)
            return True

    def save(self, token: Token) -> int | None:
        """Its ID; None when too many are saved already."""
        with _lock:
            saved = _saved.setdefault(token, {})
            for old in [old for old in saved.values() if old._boot_key != token.boot_key]:
                _forget(old)
            if self.id is None and len(saved) < SAVED_MAXIMUM:
                self.id = _new_id(saved)
                saved[self.id] = self
            return self.id


def find(session: "Session", function: str, id: int) -> Pending | None:
    """The saved call of this function with this ID, if the session's user may join it."""
    with _lock:
        found = _saved.get(session.token, {}).get(id)
    return found if found is not None and found.function == function and found.may_join(session) else None


def attach(pending: Pending, session: "Session") -> bool:
    """Make the session the one that completes it; its ID is used up. False when somebody else was first."""
    with _lock:
        if pending.id is None:
            return False
        _forget(pending)
        pending.session = session
        return True


def begun_by(session: "Session") -> list[Pending]:
    """The calls that the session can still cancel: those whose ID was fetched too, until somebody joins them."""
    return [pending for pending in list(session.pending.values()) if pending.session is session]


def _forget(pending: Pending) -> None:
    token = pending._token()
    if pending.id is not None and token is not None:
        _saved.get(token, {}).pop(pending.id, None)
        pending.id = None
    pending.session = None


def _new_id(taken: dict[int, Pending]) -> int:
    while True:
        id = secrets.randbelow(1 << 31) + 1  # A CK_ULONG of 32 bits holds it.
        if id not in taken:
            return id


def _user_of(session: "Session") -> tuple[int, str]:
    return session.app.uid, session.login.keyslot


POOL: Final = Pool()
_saved: Final[WeakKeyDictionary[Token, dict[int, Pending]]] = WeakKeyDictionary()
_lock: Final = threading.Lock()
