"""The place of the database's file: that it is still there, and that it has room for what is committed."""

import contextlib
import os
from ctypes import addressof, c_int, c_int64
from pathlib import Path
from typing import Final

import apsw

#: Bytes by which the file grows.
STEP: Final = 64 << 10
#: Pages that are kept for what makes room or counts a wrong PIN: its record in the audit log takes some first.
SPARE: Final = 16


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
        self._pages = 0
        self._inode = path.stat().st_ino
        self._control(apsw.SQLITE_FCNTL_CHUNK_SIZE, c_int(STEP))

    def again(self) -> None:
        """After a checkpoint, which gives back what no page is in yet."""
        self._pages = 0
        with contextlib.suppress(apsw.Error, OSError):
            self.take()

    def take(self, *, sparing: bool = True) -> None:
        """For all pages of the open transaction, and the spare ones, which only ``sparing`` leaves untouched.

        apsw.FullError: there is none. FileNotFoundError: the file is gone.
        """
        status = os.stat(self._name)
        if status.st_ino != self._inode:
            raise FileNotFoundError(f"another file is in the place of {self._path}")
        pages = int(self._connection.execute("PRAGMA page_count").get)
        if pages + SPARE <= self._pages:  # as mostly: whether some are free need not be asked
            return
        if sparing:
            pages += max(0, SPARE - int(self._connection.execute("PRAGMA freelist_count").get))
        if pages <= self._pages:
            return
        try:
            self._control(apsw.SQLITE_FCNTL_SIZE_HINT, c_int64(pages * self._page_size))
        except (apsw.IOError, apsw.FullError):
            # What it took before it failed goes back: the log needs it. (By path: to close a file ends SQLite's locks.)
            os.truncate(self._path, status.st_size)
            raise apsw.FullError("no room to grow") from None
        self._pages = max(pages, os.stat(self._name).st_size // self._page_size)  # it grows by whole steps

    def _control(self, operation: int, value: c_int | c_int64) -> None:
        self._connection.file_control("main", operation, addressof(value))
