"""Databases of other programs, which are read and never written."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import apsw

_START: Final = b"SQLite format 3\0"
#: While another program writes.
_BUSY_MILLISECONDS: Final = 5000


class NotReadable(Exception):
    """str() says in words what is wrong with the file."""


def is_database(path: Path) -> bool:
    """Whether this file begins as an SQLite database does. OSError."""
    with open(path, "rb") as file:
        return file.read(len(_START)) == _START


class Database:
    """An SQLite database, open for reading. One transaction: what is read is of one moment."""

    def __init__(self, connection: apsw.Connection, path: Path) -> None:
        self._connection = connection
        self.path = path

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """NotReadable."""
        try:
            return list(self._connection.execute(statement, values))
        except apsw.Error as error:
            raise NotReadable(f"{self.path} cannot be read: {error}") from None

    def version(self) -> int:
        """The number that the program gave the database's form (PRAGMA user_version)."""
        return int(self.rows("PRAGMA user_version")[0][0])


@contextmanager
def opened(path: Path) -> Iterator[Database]:
    """NotReadable."""
    try:
        connection = apsw.Connection(
            f"file:{quote(str(path.absolute()))}?mode=ro", flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
        )
    except apsw.Error as error:
        raise NotReadable(f"{path} cannot be opened: {error}") from None
    try:
        connection.set_busy_timeout(_BUSY_MILLISECONDS)
        database = Database(connection, path)
        database.rows("BEGIN")
        yield database
    finally:
        connection.close()
