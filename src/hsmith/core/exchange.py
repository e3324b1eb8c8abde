"""Exchanging two folders in one step, so that there is never a moment without either."""

import ctypes
import errno
import os
import sys
from pathlib import Path
from typing import Final

_AT_FDCWD: Final = -100
_RENAME_EXCHANGE: Final = 2  # Linux: renameat2
_RENAME_SWAP: Final = 2  # macOS: renamex_np


def exchange(one: Path, other: Path) -> None:
    """Each gets the other's name, in one step where the file system can do that, else in two. OSError."""
    try:
        _at_once(os.fsencode(one), os.fsencode(other))
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP):
            raise
        aside = other.with_name(f".{other.name}.aside")
        os.rename(other, aside)
        os.rename(one, other)
        os.rename(aside, one)


def _at_once(one: bytes, other: bytes) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if sys.platform == "linux" and hasattr(libc, "renameat2"):
        failed = libc.renameat2(_AT_FDCWD, one, _AT_FDCWD, other, _RENAME_EXCHANGE)
    elif sys.platform == "darwin":
        failed = libc.renamex_np(one, other, _RENAME_SWAP)
    else:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    if failed:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), os.fsdecode(one))
