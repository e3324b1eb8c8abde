"""The log's file is made longer before SQLite writes there: a commit that lets a file grow waits for the file system's
own journal too."""

import contextlib
import os
import sys
from pathlib import Path
from typing import Final

#: Pages of the log from which on it is done: a store that is hardly used takes no room for what it will not write.
FROM: Final = 64
#: Bytes by which the file gets ahead of the log; less while the log is shorter than that.
MOST: Final = 2 << 20
#: Free bytes on the disk below which nothing is taken that is not needed: 16 times what this takes in all.
PLENTY: Final = 256 << 20

_HEADER, _FRAME_HEADER = 32, 24  # bytes, of the log and of each page in it
_NEVER: Final = sys.maxsize


class Ahead:
    """Zeros between the end of the log and that of its file.

    SQLite does not take them for a part of the log (sqlite.org/walformat.html): that ends before the first frame which
    has not the salts of the log's header, the checksum of all before it, and a page number other than 0. Under a
    header of zeros there is no log at all. Frames have their places by their numbers, whatever the size of the file.

    They never overwrite a frame: a file that is open for appending is written at its end, which the kernel finds while
    nobody else can write. SQLite leaves the file as long as it is, up to 64 MiB (journal_size_limit), until the last
    connection is closed: then it goes.
    """

    def __init__(self, path: Path, page_size: int, *, until: int) -> None:
        """``path``: of the database. ``until``: pages of the log after which it is written from its start again."""
        self._name = f"{os.fspath(path)}-wal"
        self._page = page_size + _FRAME_HEADER
        self._until = _HEADER + until * self._page
        self._file: int | None = None
        #: Pages of the log from which on extend() has something to do.
        self.due = FROM

    def extend(self, pages: int) -> None:
        """Append zeros, as the log has ``pages`` pages. Nothing may be committed meanwhile; sync() is to follow.

        Where there is no room, or anything else is in the way, nothing is done until the log has grown some more.
        """
        used = _HEADER + pages * self._page
        end = min(used + min(used, MOST), self._until)
        with contextlib.suppress(OSError):
            end = max(end, self._append(end))
        self.due = _NEVER if end >= self._until else (used + end) // 2 // self._page

    def _append(self, end: int) -> int:
        """Let the file end there if it does not end later, and its disk has plenty of room. Where it ends. OSError."""
        if self._file is None:
            self._file = os.open(self._name, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC)
        before = os.lseek(self._file, 0, os.SEEK_END)
        disk = os.fstatvfs(self._file)
        if before < end and disk.f_bavail * disk.f_frsize >= PLENTY:
            written = os.write(self._file, bytes(end - before))
            if written < end - before:  # a quota, or a limit on the size of files: others need what was left
                os.ftruncate(self._file, before)
        return before

    def sync(self) -> None:
        """Bring the zeros to the disk, so that no commit has to. Others may commit meanwhile; it never raises.

        It hides no failure from SQLite: Linux tells each descriptor of a file of what could not be written.
        """
        if self._file is None:
            return
        file, self._file = self._file, None
        with contextlib.suppress(OSError):
            os.fdatasync(file)
        with contextlib.suppress(OSError):
            os.close(file)  # which ends no lock of SQLite's: those are on the database and its -shm, not on the log
