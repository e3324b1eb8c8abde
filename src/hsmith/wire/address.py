"""Local socket addresses, also those that are longer than the system's structure for them."""

import contextlib
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

from hsmith.home import FILE_MODE, Trouble

#: Bytes of sun_path, less the NUL at its end: 108 on Linux, 104 elsewhere.
LONGEST = 107 if sys.platform == "linux" else 103

GROUP_MODE = 0o660


@contextlib.contextmanager
def usable(path: Path) -> Iterator[str]:
    """A name of ``path`` that fits into a socket address. Raises Trouble where there is none, OSError as open does."""
    if len(os.fsencode(path)) <= LONGEST:
        yield os.fspath(path)
        return
    if not os.path.isdir("/proc/self/fd"):
        raise Trouble(
            f"The socket path {path} is longer than the {LONGEST} bytes that this system allows. "
            f"Set HSMITH_HOME to a folder with a shorter path."
        )
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def listen(path: Path, backlog: int = 1024, *, group: int | None = None) -> socket.socket:
    """A socket that listens at ``path``, for this user alone, or for a ``group`` too; the caller's umask is 077, so
    that there is no gap."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with usable(path) as name:
            listener.bind(name)
            if group is not None:
                os.chown(name, -1, group)
            os.chmod(name, FILE_MODE if group is None else GROUP_MODE)
        listener.listen(backlog)
    except BaseException:
        listener.close()
        raise
    return listener


def connect(path: Path) -> socket.socket:
    """A connection to the keeper at ``path``. Raises OSError where nobody listens."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with usable(path) as name:
            connection.connect(name)
    except BaseException:
        connection.close()
        raise
    return connection


def listening(path: Path) -> bool:
    """Whether somebody listens at ``path``."""
    try:
        connect(path).close()
    except OSError:
        return False
    return True
