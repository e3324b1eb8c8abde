"""The place of the database's file: that it is still there, and that it has room for what is committed."""

import contextlib
import os
from ctypes import addressof, c_int, c_int64
from pathlib import Path
from typing import Final

import apsw

#: Bytes by which the file grows: the least, and the most where that is half of it.
STEP: Final = 64 << 10
LARGE_STEP: Final = 1 << 20
#: Pages that are kept for what makes room or counts a wrong PIN: its record in the audit log takes some first.
SPARE: Final = 16
#: What SQLite permits at most (sqlite.org/limits.html).
_MOST: Final = 4_294_967_294


class Room:
    """Room in the file for what is committed to the log and not yet copied.

    It is taken before the commit, so that copying never fails for want of room: the log can always be used again from
    its start, and a store whose disk is full still deletes objects and counts wrong PINs.
    """

    def __init__(self, connection: apsw.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path
        self._name = os.fspath(path)
        self._page_size = int(connection.pragma("page_size"))
        self._pages = self._count = 0
        self._moved = c_int()
        #: Pages below which SQLite sets no limit: those that the file had when it was opened, used or not.
        self._least = 0
        #: Whether SQLite keeps to the room that there is.
        self.kept = False
        self._control(apsw.SQLITE_FCNTL_CHUNK_SIZE, c_int(STEP))

    def again(self) -> None:
        """After a checkpoint, which gives back what no page is in yet."""
        self._pages = 0
        with contextlib.suppress(apsw.Error, OSError):
            self.ask()
            self.take()
            self.keep()

    def take(self, *, sparing: bool = True) -> None:
        """For all pages of the open transaction, and the spare ones, which only ``sparing`` leaves untouched.

        apsw.FullError: there is none. FileNotFoundError: the file is gone. Nothing is asked for while it is ``kept``.
        """
        self._control(apsw.SQLITE_FCNTL_HAS_MOVED, self._moved)
        if self._moved.value:
            raise FileNotFoundError(f"{self._path} is gone, or another file is in its place")
        if self.kept:
            return
        count = self._count = int(self._connection.execute("PRAGMA page_count").get)
        pages = count + SPARE if sparing else count
        if pages <= self._pages:
            return
        step = min(self._pages * self._page_size // 2 // STEP * STEP, LARGE_STEP)
        if not (step > STEP and self._grown(pages, step)) and not self._grown(pages, STEP):
            free = int(self._connection.execute("PRAGMA freelist_count").get)
            if pages - min(free, pages - count) <= self._pages:
                return
            raise apsw.FullError("no room to grow")
        self._pages = max(pages, os.stat(self._name).st_size // self._page_size)  # it grows by whole steps

    def _grown(self, pages: int, step: int) -> bool:
        """Whether the file has room for so many pages, in whole steps; where not, it is as long as it was."""
        size = os.stat(self._name).st_size
        try:
            self._control(apsw.SQLITE_FCNTL_CHUNK_SIZE, c_int(step))
            self._control(apsw.SQLITE_FCNTL_SIZE_HINT, c_int64(pages * self._page_size))
        except (apsw.IOError, apsw.FullError):
            # What it took before it failed goes back: the log needs it. (By path: to close a file ends SQLite's locks.)
            os.truncate(self._path, size)
            return False
        return True

    def keep(self) -> None:
        """After a commit: where there is more than the spare pages, SQLite keeps to it by itself from now on, and a
        transaction that needs more gets apsw.FullError. It raises nothing: what was committed is."""
        most = self._pages - SPARE
        if self.kept or most < max(self._count, self._least):
            return
        with contextlib.suppress(apsw.Error):
            self._least = self._limit(most)
            self.kept = self._least == most or self._limit(_MOST) == most

    def ask(self) -> None:
        """Let each transaction ask for what it needs again. Raises apsw.Error."""
        if self.kept:
            self._limit(_MOST)
            self.kept = False

    def _limit(self, pages: int) -> int:
        """Of the database. Returns what it is when the next transaction begins."""
        self._connection.execute(f"PRAGMA max_page_count = {pages}").fetchall()
        return int(self._connection.execute("PRAGMA max_page_count").get)

    def _control(self, operation: int, value: c_int | c_int64) -> None:
        self._connection.file_control("main", operation, addressof(value))
