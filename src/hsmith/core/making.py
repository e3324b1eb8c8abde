"""What makes objects, in steps: all that is computed before its changes are durable, and what follows.

Calls that come together are computed by one of their threads, which commits for all of them. Each in its own thread
would take the interpreter's lock from the others with every statement, and cost twice as much. Their steps take turns:
the same code for each of them, as long as it is in the caches, then the next. Where one thread takes the requests of
many too (hsmith.wire.hub), it finishes all that have come.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Sequence
from typing import Any, Final, TypeVar

from hsmith.core.audit import CURRENT
from hsmith.store.records import Change

T = TypeVar("T")

#: Computes, yields the changes that must be durable, and goes on when they are; what failed is raised in it. It may
#: yield PAUSE where work of another kind follows: then other calls come up to there first.
Steps = Generator[Sequence[Change], None, T]
#: Makes each of several calls' changes durable: for each what failed, or None.
CommitEach = Callable[[Sequence[Sequence[Change]]], Sequence[Exception | None]]

PAUSE: Final[Sequence[Change]] = ()

#: Calls that are computed by one thread before they are answered, at most.
MOST: Final = 64
#: By how much the least that a commit takes grows with each that takes longer: a dozen that meet a copy of the log, or
#: wait for a processor, are not yet a slow disk.
GROWS: Final = 1.02


class Call:
    """The steps of one call. ``changes``: those that it waits for, PAUSE where it may go on, None at its end. Who waits
    for another thread has ``done``, which is locked until there is an outcome, or its thread ``leads``."""

    __slots__ = ("_current", "_steps", "changes", "done", "error", "leads", "result")

    done: threading.Lock

    def __init__(self, steps: Steps[Any]) -> None:
        self._steps = steps
        self._current = CURRENT.call, CURRENT.mechanism
        self.changes: Sequence[Change] | None = PAUSE
        self.result: Any = None
        self.error: BaseException | None = None
        self.leads = False

    def step(self, failure: Exception | None = None) -> None:
        """Go on, up to the next changes or the end, as the call that it is."""
        CURRENT.call, CURRENT.mechanism = self._current
        self.changes = None
        try:
            self.changes = next(self._steps) if failure is None else self._steps.throw(failure)
        except StopIteration as end:
            self.result = end.value
        except BaseException as error:
            self.error = error

    def outcome(self) -> Any:
        """What the call returns or raises, once. Nothing of it stays: its frames may hold what is secret."""
        error, self.error = self.error, None
        try:
            if error is not None:
                raise error
            return self.result
        finally:
            del error


class Ready:
    """A call that waits for these changes, and for nothing else: then it has this result."""

    __slots__ = ("_error", "_result", "changes")

    def __init__(self, changes: Sequence[Change], result: Any) -> None:
        self.changes: Sequence[Change] | None = changes
        self._result = result
        self._error: Exception | None = None

    def step(self, failure: Exception | None = None) -> None:
        """They are durable, or cannot be."""
        self.changes, self._error = None, failure

    def outcome(self) -> Any:
        """What the call returns or raises."""
        if self._error is not None:
            raise self._error
        return self._result


def _took_turns(calls: Sequence[Call | Ready]) -> bool:
    """Each call that may go on does, up to where it pauses again or waits: whether one did."""
    some = False
    for call in calls:
        if call.changes == PAUSE:
            call.step()
            some = True
    return some


class Making:
    """Thread-safe."""

    def __init__(self, commit_each: CommitEach) -> None:
        self._commit_each = commit_each
        self._gate = threading.Lock()
        self._busy = False
        self._waiting: deque[Call] = deque()
        #: The least that making changes durable takes, of late, in seconds: what else the machine does is not the disk.
        self.seconds = 0.0

    def alone(self, steps: Steps[T]) -> T:
        """The result of steps that may take long, in this thread."""
        call = Call(steps)
        self.finish([call])
        result: T = call.outcome()
        return result

    def together(self, steps: Steps[T]) -> T:
        """The result of steps that take less than a millisecond, perhaps in the thread of another call."""
        call = Call(steps)
        with self._gate:
            leads = not self._busy
            if leads:
                self._busy = True
            else:
                call.done = threading.Lock()
                call.done.acquire()
                self._waiting.append(call)
        if not leads:
            call.done.acquire()
        if leads or call.leads:
            self._lead(call)
        result: T = call.outcome()
        return result

    def _lead(self, first: Call) -> None:
        mine = CURRENT.call, CURRENT.mechanism
        calls = [first]
        with self._gate:
            while self._waiting and len(calls) < MOST:
                calls.append(self._waiting.popleft())
        try:
            self.finish(calls)
        finally:
            CURRENT.call, CURRENT.mechanism = mine
            for call in calls[1:]:
                call.done.release()
            self._pass_on()

    def commit(self, changes: Sequence[Change]) -> None:
        """Make changes durable, in this thread; others may come together in the store."""
        (failure,) = self._committed([changes])
        if failure is not None:
            raise failure

    def finish(self, calls: Sequence[Call | Ready]) -> None:
        """Compute all calls, commit once for them, and go on until each has an outcome."""
        while calls:
            while _took_turns(calls):
                pass
            calls = [call for call in calls if call.changes is not None]
            if calls:
                failures = self._committed([call.changes or () for call in calls])
                for call, failure in zip(calls, failures, strict=True):
                    call.step(failure)

    def _committed(self, calls: Sequence[Sequence[Change]]) -> Sequence[Exception | None]:
        since = time.monotonic()
        try:
            return self._commit_each(calls)
        except Exception as error:  # not even a bug may leave a caller without an answer
            return [error] * len(calls)
        finally:
            took = time.monotonic() - since
            self.seconds = min(took, self.seconds * GROWS or took)

    def _pass_on(self) -> None:
        with self._gate:
            if not self._waiting:
                self._busy = False
                return
            following = self._waiting.popleft()
        following.leads = True
        following.done.release()
