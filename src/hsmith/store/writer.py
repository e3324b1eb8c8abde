"""The one thread that writes: calls that come together share a commit, and each is answered after it.

It checkpoints as well, so no other connection ever writes: since SQLite 3.51.3 that is no longer a matter of
correctness, but a checkpoint on a caller's time would be a slow answer.
"""

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Final, TypeVar

import apsw

from hsmith.store import failures
from hsmith.store.ledger import WRITE_SECONDS, Ledger
from hsmith.store.records import StoreBroken, StoreFull
from hsmith.store.room import Room

T = TypeVar("T")

#: Calls in one commit, at most: what is beyond waits for the next one.
MAX_BATCH: Final = 512
#: Pages of the log (4 KiB each) after which it is copied into the database, and after which readers are waited for.
CHECKPOINT_AT: Final = 1_000
RESTART_AT: Final = 16_000

_log = logging.getLogger(__name__)


class _Job:
    """A call that waits: its work, then its result or error. ``done`` is locked until it is answered."""

    __slots__ = ("done", "error", "result", "sparing", "work")

    def __init__(self, work: Callable[[apsw.Connection], Any], *, sparing: bool) -> None:
        self.work = work
        self.sparing = sparing
        self.result: Any = None
        self.error: Exception | None = None
        self.done = threading.Lock()
        self.done.acquire()


class Writer:
    """Owns the connection that writes. run() may be called from any thread."""

    def __init__(self, connection: apsw.Connection, path: Path, ledger: Ledger) -> None:
        self._connection = connection
        self._ledger = ledger
        self._path = path
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._gate = threading.Lock()
        self._closed = False
        self._broken: str | None = None
        self._doubtful = True  # whether the log may hold what the disk does not: see _settle()
        self._log_pages = 0
        self._checkpoint_at = CHECKPOINT_AT
        self._room = Room(connection, path)
        connection.wal_autocheckpoint(0)
        connection.set_wal_hook(self._count_pages)
        self._thread = threading.Thread(target=self._serve_all, name="hsmith store", daemon=True)
        self._thread.start()

    def run(self, work: Callable[[apsw.Connection], T], *, sparing: bool = True) -> T:
        """Do ``work`` in a transaction; return what it returned when that is on disk.

        ``sparing``: it leaves the last room of a full disk to what is not: what makes room, or counts a wrong PIN.
        What ``work`` raises undoes its own changes alone and is raised here. StoreFull, StoreBroken: nothing was done.
        """
        job = _Job(work, sparing=sparing)
        with self._gate:
            if self._closed:
                raise StoreBroken(f"the store of {self._path} is closed")
            self._jobs.put(job)
        job.done.acquire()
        if job.error is not None:
            raise job.error
        result: T = job.result
        return result

    def close(self) -> None:
        """Answer what waits, then end; the log goes into the database unless the disk failed."""
        with self._gate:
            if not self._closed:
                self._closed = True
                self._jobs.put(None)
        self._thread.join()

    def _serve_all(self) -> None:
        going = True
        while going:
            going, jobs = self._next_batch()
            try:
                self._serve(jobs, again=True)
            except BaseException:  # not even a bug here may leave a caller waiting for ever
                _log.exception("the store's writer failed")
                self._broken = f"writing to {self._path} failed for an unknown reason: open the store again"
                self._doubtful = False
                self._fail(jobs, StoreBroken(self._broken))
            finally:
                for job in jobs:
                    job.done.release()
            self._checkpoint_when_due()
        self._end()

    def _next_batch(self) -> tuple[bool, list[_Job]]:
        """What waits now, at least one call; False with it when close() was called."""
        jobs: list[_Job] = []
        job = self._first()
        while job is not None:
            jobs.append(job)
            if len(jobs) == MAX_BATCH:
                return True, jobs
            try:
                job = self._jobs.get_nowait()
            except Empty:
                return True, jobs
        return False, jobs

    def _first(self) -> _Job | None:
        """The next call, however long it takes to come. What was left for a quiet moment is done meanwhile."""
        if self._ledger.behind:
            try:
                return self._jobs.get(timeout=WRITE_SECONDS)
            except Empty:
                self._ledger.advance()
        return self._jobs.get()

    def _serve(self, jobs: list[_Job], *, again: bool) -> None:
        """Commit the jobs together; if that fails, each alone, so that one which cannot be done fails no other."""
        if not jobs:
            return
        if self._doubtful:
            self._settle()
        if self._broken is not None:
            self._fail(jobs, StoreBroken(self._broken))
            return
        try:
            self._commit(jobs)
        except failures.ERRORS as error:
            exception = self._abort(error)
            if again and isinstance(exception, StoreFull):
                self._checkpoint(apsw.SQLITE_CHECKPOINT_RESTART)  # the log can then be used from its start
                for job in jobs:
                    self._serve([job], again=False)
            elif len(jobs) > 1:
                for job in jobs:
                    self._serve([job], again=again)
            else:
                self._fail(jobs, exception)

    def _commit(self, jobs: list[_Job]) -> None:
        execute = self._connection.execute
        execute("BEGIN IMMEDIATE")
        self._ledger.begin()
        for job in jobs:
            job.error = None
            mark = self._ledger.mark()
            execute("SAVEPOINT job")
            try:
                job.result = job.work(self._connection)
            except failures.ERRORS:
                raise
            except Exception as refused:
                job.error = refused
                execute("ROLLBACK TO job")
                self._ledger.undo(mark)
            execute("RELEASE job")
        self._ledger.write()
        self._room.take(sparing=any(job.sparing for job in jobs))
        self._ledger.commit(lambda: execute("COMMIT"))

    def _abort(self, error: Exception) -> StoreBroken | StoreFull:
        """Undo the transaction, and remember a failure that lasts."""
        failure, reason = failures.understand(error, self._connection)
        try:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        except apsw.Error as second:
            failure, reason = failures.UNKNOWN, str(second)
        exception = failure.exception(self._path, reason)
        if failure.lasting:
            _log.error("%s", exception)
            self._broken = str(exception)
            self._doubtful = failure.mended
        return exception

    def _settle(self) -> None:
        """Make sure that all that was acknowledged is in the database and on the disk, before more is written.

        What an fsync that failed was to write may be lost though the next one succeeds, in this process or in one that
        has ended. So nothing may follow it in the log: only when the whole log was copied and synced is it written
        again, from its start.
        """
        try:
            self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_RESTART)
            self._room.again()
        except apsw.Error as error:
            failure, reason = failures.understand(error, self._connection)
            self._broken = str(failure.exception(self._path, reason))
            return
        if self._broken is not None:
            _log.warning("%s can be written again", self._path)
        self._broken, self._doubtful, self._checkpoint_at = None, False, CHECKPOINT_AT

    def _fail(self, jobs: list[_Job], exception: StoreBroken | StoreFull) -> None:
        for job in jobs:
            job.error = type(exception)(*exception.args)  # one each: a raised exception carries its own traceback

    def _count_pages(self, _connection: apsw.Connection, _name: str, pages: int) -> int:
        if pages < self._log_pages:  # the log is written from its start again
            self._checkpoint_at = CHECKPOINT_AT
        self._log_pages = pages
        return apsw.SQLITE_OK

    def _checkpoint_when_due(self) -> None:
        if self._log_pages >= self._checkpoint_at:
            waiting = self._log_pages >= RESTART_AT
            self._checkpoint(apsw.SQLITE_CHECKPOINT_RESTART if waiting else apsw.SQLITE_CHECKPOINT_PASSIVE)

    def _checkpoint(self, mode: int) -> None:
        """Copy the log into the database. A full disk or a busy reader only postpones it; the log stays valid."""
        if self._broken is not None:
            return
        self._checkpoint_at = self._log_pages + CHECKPOINT_AT
        try:
            self._connection.wal_checkpoint(mode=mode)
            self._room.again()
            self._ledger.checkpointed()
        except apsw.Error as error:
            self._abort(error)

    def _end(self) -> None:
        if self._broken is not None:
            self._connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        try:
            self._connection.close()
        except apsw.Error as error:
            self._abort(error)
        self._ledger.close()
