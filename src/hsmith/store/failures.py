"""What the database's errors mean for a store, one row each."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import apsw

from hsmith.store.records import StoreBroken, StoreFull


@dataclass(frozen=True, slots=True)
class Failure:
    """``lasting``: writing may not go on before the store was opened again, or, when it is ``mended``, before all that
    was acknowledged is safe on the disk. ``words`` may use {path} and {reason}."""

    raises: type[StoreBroken] | type[StoreFull]
    lasting: bool
    words: str
    mended: bool = False

    def exception(self, path: Path, reason: str) -> StoreBroken | StoreFull:
        return self.raises(self.words.format(path=path, reason=reason))


FULL: Final = Failure(StoreFull, False, "the disk of {path} is full, or its quota: make room; nothing was changed")
READ_ONLY: Final = Failure(
    StoreBroken, False, "{path} is read-only: make the file, its folder and its file system writable to change it"
)
NO_FILES: Final = Failure(
    StoreBroken, False, "{path} needs another open file: raise the limit of open files (ulimit -n)"
)
NO_MEMORY: Final = Failure(StoreBroken, False, "there is not enough memory to use {path}")
DISK: Final = Failure(
    StoreBroken,
    True,
    "the disk of {path} failed ({reason}): check the disk; nothing more is written until it takes all of it again",
    mended=True,
)
DAMAGED: Final = Failure(
    StoreBroken, True, "{path} is damaged ({reason}): restore its folder from a backup, after a check of the disk"
)
UNKNOWN: Final = Failure(StoreBroken, True, "{path} cannot be used ({reason}): open the store again")

#: What an operation of the database may raise.
ERRORS: Final = (apsw.Error, UnicodeDecodeError, OSError)

_BY_ERROR: Final[dict[type[Exception], Failure]] = {
    apsw.FullError: FULL,
    apsw.ReadOnlyError: READ_ONLY,
    apsw.NoMemError: NO_MEMORY,
    apsw.IOError: DISK,
    apsw.CorruptError: DAMAGED,
    apsw.NotADBError: DAMAGED,
    UnicodeDecodeError: DAMAGED,
    apsw.TooBigError: Failure(StoreFull, False, "a record is larger than {path} can hold; nothing was changed"),
    apsw.BusyError: Failure(StoreBroken, False, "{path} is held by another program: end it and try again"),
    apsw.CantOpenError: Failure(
        StoreBroken, False, "{path} cannot be opened ({reason}): check its permissions and disk"
    ),
    FileNotFoundError: Failure(
        StoreBroken, True, "{path} was removed or replaced while it was open: put it back, and open the store again"
    ),
    apsw.ConnectionClosedError: Failure(StoreBroken, True, "the store of {path} is closed"),
}

#: What the system said is more exact than SQLite's error, except of a failed fsync: after that nothing is certain.
_BY_ERRNO: Final = {
    errno.ENOSPC: FULL,
    errno.EDQUOT: FULL,
    errno.EFBIG: FULL,
    errno.EROFS: READ_ONLY,
    errno.EMFILE: NO_FILES,
    errno.ENFILE: NO_FILES,
    errno.ENOMEM: NO_MEMORY,
}
_FSYNC: Final = (apsw.SQLITE_IOERR_FSYNC, apsw.SQLITE_IOERR_DIR_FSYNC)


def understand(error: Exception, connection: apsw.Connection | None) -> tuple[Failure, str]:
    """The failure that ``error`` means, and its reason in words."""
    failure = _BY_ERROR.get(type(error), UNKNOWN)
    if not isinstance(error, (apsw.IOError, apsw.CantOpenError)):
        return failure, str(error)
    extended = getattr(error, "extendedresult", 0)
    if extended == apsw.SQLITE_IOERR_NOMEM:
        return NO_MEMORY, str(error)
    number = connection.system_errno if connection else 0
    if extended not in _FSYNC:
        failure = _BY_ERRNO.get(number, failure)
    return failure, os.strerror(number) if number else str(error)


def translated(error: Exception, connection: apsw.Connection | None, path: Path) -> StoreBroken | StoreFull:
    failure, reason = understand(error, connection)
    return failure.exception(path, reason)


@contextmanager
def in_words(path: Path) -> Iterator[None]:
    """Turn the database's errors into StoreFull and StoreBroken."""
    try:
        yield
    except ERRORS as error:
        raise translated(error, None, path) from None
