"""One writes at a time, and for all: calls that come together share a commit, and each is answered after it.

Whoever calls while nobody writes does so itself, in its own thread: a hand-over to another one would cost a lone caller
more than the commit's own work. Who comes meanwhile waits; then the first of those writes for all of them. Only
copying the log into the database is left to a thread of the store's own: it would be a slow answer.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

import apsw

from hsmith.store import failures
from hsmith.store.ahead import Ahead
from hsmith.store.backlog import ENTER_AT, MOST
from hsmith.store.changes import Books, Work, enter
from hsmith.store.ledger import WRITE_SECONDS
from hsmith.store.records import StoreBroken, StoreFull
from hsmith.store.room import Room

T = TypeVar("T")

#: Calls in one commit, at most: what is beyond waits for the next one.
MAX_BATCH: Final = 512
#: Pages of the log (4 KiB each) after which it is copied into the database, and after which readers are waited for.
CHECKPOINT_AT: Final = 4_000
RESTART_AT: Final = 16_000

_log = logging.getLogger(__name__)


class _Job:
    """A call: its work, then its result or error. None for work: it wants the connection for itself, between commits.

    Who waits has ``done``, which is locked until it is answered, or ``leads``: it is to write for all who wait. With it
    come ``more``, which others do not wait for.
    """

    __slots__ = ("done", "error", "leads", "more", "result", "sparing", "work")

    done: threading.Lock

    def __init__(self, work: Callable[[apsw.Connection], Any] | None, *, sparing: bool = True) -> None:
        self.work = work
        self.sparing = sparing
        self.result: Any = None
        self.error: Exception | None = None
        self.leads = False
        self.more: Sequence[_Job] = ()


class Writer:
    """Owns the connection that writes. run() may be called from any thread."""

    def __init__(self, connection: apsw.Connection, path: Path, books: Books) -> None:
        self._connection = connection
        self._books = books
        self._ledger, self._backlog = books.ledger, books.backlog
        self._path = path
        self._gate = threading.Lock()
        self._busy = False
        self._waiting: deque[_Job] = deque()
        self._closed = False
        self._broken: str | None = None
        self._doubtful = True  # whether the log may hold what the disk does not: see _settle()
        self._log_pages = 0
        self._commits = self._changes = 0
        self._checkpoint_at, self._enter_at = CHECKPOINT_AT, ENTER_AT
        self._room = Room(connection, path)
        # Some commits more follow until the log was copied and is written from its start again.
        self._ahead = Ahead(path, int(connection.pragma("page_size")), until=CHECKPOINT_AT + CHECKPOINT_AT // 16)
        connection.wal_autocheckpoint(0)
        connection.set_wal_hook(self._count_pages)
        self._due, self._pressed = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._tidy, name="hsmith store", daemon=True)
        self._thread.start()

    def run(self, work: Callable[[apsw.Connection], T], *, sparing: bool = True) -> T:
        """Do ``work`` in a transaction; return what it returned when that is on disk.

        ``sparing``: it leaves the last room of a full disk to what is not: what makes room, or counts a wrong PIN.
        What ``work`` raises undoes its own changes alone and is raised here. StoreFull, StoreBroken: nothing was done.
        """
        job = _Job(work, sparing=sparing)
        if self._enter(job):
            self._lead(job)
        if job.error is not None:
            raise job.error
        result: T = job.result
        return result

    def run_each(self, works: Sequence[Work]) -> list[Exception | None]:
        """The same of several, in one transaction where all can be done: of each what it raised, or None. StoreBroken:
        the store is closed."""
        first, *more = jobs = [_Job(work) for work in works]
        first.more = more
        if self._enter(first):
            self._lead(first)
        return [job.error for job in jobs]

    def between(self, work: Callable[[apsw.Connection], T]) -> T:
        """Do ``work``, which changes nothing, while nobody writes. StoreBroken: the store is closed."""
        self._enter(_Job(None))
        try:
            return work(self._connection)
        finally:
            self._leave()

    def figures(self) -> dict[str, Any]:
        """What was written since it was opened: ``commits``, and the calls that they were for; how long the log is now,
        and why nothing can be written ("" when it can)."""
        return {
            "commits": self._commits,
            "changes": self._changes,
            "log_pages": self._log_pages,
            "broken": self._broken or "",
        }

    def close(self) -> None:
        """Answer what waits, then end; the log goes into the database unless the disk failed."""
        job = _Job(None)
        with self._gate:
            if self._closed:
                return
            self._closed = True
        self._pressed.set()
        self._due.set()
        self._thread.join()
        if self._enter(job, closing=True):
            self._enter_backlog()
            self._end()

    def _enter(self, job: _Job, *, closing: bool = False) -> bool:
        """Wait until the job is done (False), or its caller is to write (True) and then to call _leave()."""
        with self._gate:
            if self._closed and not closing:
                raise StoreBroken(f"the store of {self._path} is closed")
            if not self._busy:
                self._busy = True
                return True
            job.done = threading.Lock()
            job.done.acquire()
            self._waiting.append(job)
        job.done.acquire()
        return job.leads

    def _leave(self) -> None:
        with self._gate:
            if self._waiting:
                following = self._waiting.popleft()
                following.leads = True
                following.done.release()
            else:
                self._busy = False

    def _lead(self, first: _Job) -> None:
        """Write for the first job and for those that wait behind it."""
        jobs, behind = [first, *first.more], list[_Job]()
        try:
            if self._waiting:
                with self._gate:
                    while self._waiting and self._waiting[0].work is not None and len(jobs) < MAX_BATCH:
                        behind.append(self._waiting.popleft())
                        jobs += (behind[-1], *behind[-1].more)
            self._serve(jobs if len(self._backlog) < MOST else self._admitted(jobs), again=True)
        except BaseException as error:  # not even a bug here may leave a caller waiting for ever
            _log.exception("the store's writer failed")
            self._broken = f"writing to {self._path} failed for an unknown reason: open the store again"
            self._doubtful = False
            self._fail(jobs, StoreBroken(self._broken))
            if not isinstance(error, Exception):
                raise
        finally:
            for job in behind:
                job.done.release()
            self._leave()
            pressing = self._pressing()
            if pressing and not self._pressed.is_set():
                self._pressed.set()
            if (pressing or self._ledger.behind) and not self._due.is_set():
                self._due.set()

    def _pressing(self) -> bool:
        """Whether something should be tidied up now."""
        pages = self._log_pages
        return pages >= self._checkpoint_at or pages >= self._ahead.due or len(self._backlog) >= self._enter_at

    def _tidy(self) -> None:
        """What is left for a quiet moment, or need not be done at once: some times a second at most."""
        while not self._closed:
            self._due.wait()
            if not self._pressing() and not self._closed:
                self._pressed.wait(WRITE_SECONDS)
            self._pressed.clear()
            self._due.clear()
            try:
                if not self._enter(_Job(None)):
                    continue
            except StoreBroken:
                return  # closed
            try:
                if self._log_pages >= self._ahead.due and self._broken is None:
                    self._ahead.extend(self._log_pages)
                if len(self._backlog) >= self._enter_at:
                    self._enter_backlog()
                self._checkpoint_when_due()
                if self._ledger.behind:
                    self._ledger.advance()
            except Exception:
                _log.exception("the store's log could not be tidied up")
            finally:
                self._leave()
            self._ahead.sync()  # others commit meanwhile

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
            if self._asks(error):
                self._serve(jobs, again=again)
                return
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

    def _admitted(self, jobs: list[_Job]) -> list[_Job]:
        """Those that may be done though the index cannot follow, as the disk is full: all while it can."""
        failure = self._enter_backlog()
        if not isinstance(failure, StoreFull):
            return jobs
        self._fail([job for job in jobs if job.sparing], failure)
        return [job for job in jobs if not job.sparing]

    def _enter_backlog(self) -> StoreBroken | StoreFull | None:
        """Let the index follow what was stored. All is found without it, so a failure only postpones it."""
        if self._broken is not None or self._doubtful or not self._backlog:
            return None
        self._enter_at = len(self._backlog) + ENTER_AT
        try:
            self._commit_entries()
        except failures.ERRORS as error:
            return self._enter_backlog() if self._asks(error) else self._abort(error)
        self._enter_at = ENTER_AT
        return None

    def _commit_entries(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        self._books.begin()
        enter(self._connection, self._backlog)
        self._room.take()
        self._books.commit(self._connection)
        self._room.keep()

    def _commit(self, jobs: list[_Job]) -> None:
        execute = self._connection.execute
        execute("BEGIN IMMEDIATE")
        self._books.begin()
        if len(jobs) == 1:
            self._do(jobs[0])
            if jobs[0].error is not None:
                execute("ROLLBACK")
                return
        elif not self._do_together(jobs):
            self._do_each(jobs)
        self._ledger.write()
        self._room.take(sparing=any(job.sparing for job in jobs))
        self._books.commit(self._connection)
        self._room.keep()
        self._commits += 1
        self._changes += len(jobs)

    def _do_together(self, jobs: list[_Job]) -> bool:
        """All as one. False: one of them cannot be done, and nothing is."""
        works = [job.work for job in jobs if isinstance(job.work, Work)]
        if len(works) < len(jobs):
            return False
        try:
            works[0].together(works[1:])(self._connection)
        except failures.ERRORS:
            raise
        except Exception:  # of which one it is, and what becomes of the others, is found one by one
            self._connection.execute("ROLLBACK")
            self._connection.execute("BEGIN IMMEDIATE")
            self._books.begin()
            return False
        for job in jobs:
            job.error = None
        return True

    def _do_each(self, jobs: list[_Job]) -> None:
        execute = self._connection.execute
        for job in jobs:
            mark = self._books.mark()
            execute("SAVEPOINT job")
            self._do(job)
            if job.error is not None:
                execute("ROLLBACK TO job")
                self._books.undo(mark)
            execute("RELEASE job")

    def _do(self, job: _Job) -> None:
        assert job.work is not None
        job.error = None
        try:
            job.result = job.work(self._connection)
        except failures.ERRORS:
            raise
        except Exception as refused:
            job.error = refused

    def _asks(self, error: Exception) -> bool:
        """Whether a transaction needed more room than there was: it is undone, and asks for it when it is made again.
        As few do, no other has to ask."""
        if not self._room.kept or not isinstance(error, apsw.FullError):
            return False
        try:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            self._room.ask()
        except apsw.Error:
            return False
        return True

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
