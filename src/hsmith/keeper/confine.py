"""What a keeper gives up for good: files that are not its own (Landlock), network, and system calls (seccomp).

If a fault in a parser or a library were ever used to run somebody's code inside the keeper, that code could not start a
program, reach the network, or write a file outside hsmith's folders.
"""

import ctypes
import os
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from hsmith.keeper.confine_calls import filter_calls

_PR_SET_NO_NEW_PRIVS: Final = 38
#: The same on every processor.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION, _PATH_BENEATH = 1, 1

_EXECUTE, _WRITE, _READ, _LIST = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_REMOVE_FOLDER, _REMOVE, _MAKE_FOLDER, _MAKE, _MAKE_SOCKET, _MAKE_LINK = 1 << 4, 1 << 5, 1 << 7, 1 << 8, 1 << 9, 1 << 12
_MAKE_DEVICES: Final = 1 << 6 | 1 << 10 | 1 << 11
#: Rights that came with later versions: move between folders, truncate, control devices.
_MOVE, _TRUNCATE, _CONTROL = 1 << 13, 1 << 14, 1 << 15
_OF_FILES: Final = _EXECUTE | _WRITE | _READ | _TRUNCATE | _CONTROL
_ALL_FIRST: Final = (1 << 13) - 1
_ADDED: Final = {2: _MOVE, 3: _TRUNCATE, 5: _CONTROL}
#: Bind and connect of TCP (version 4); abstract sockets of, and signals to, those outside (version 6).
_NETWORK, _OUTSIDE = 3, 3

READ: Final = _READ | _LIST
OWN: Final = (
    READ | _WRITE | _REMOVE_FOLDER | _REMOVE | _MAKE_FOLDER | _MAKE | _MAKE_SOCKET | _MAKE_LINK | _MOVE | _TRUNCATE
)
#: In the folder of a socket that is elsewhere.
SOCKETS: Final = _LIST | _REMOVE | _MAKE_SOCKET
DEVICE: Final = _READ | _WRITE

#: What the C library, Python and the keeper read while they run. /proc: the names of the programs that connect.
SYSTEM: Final = (
    *("/usr", "/lib", "/lib64", "/proc", "/sys/devices/system"),
    *("/etc/ld.so.cache", "/etc/localtime", "/etc/timezone", "/etc/ssl/openssl.cnf"),
)
DEVICES: Final = ("/dev/null", "/dev/urandom", "/dev/random")


def confine(own: Iterable[Path], *, sockets: Path) -> list[str]:
    """Give up all but the files below ``own``, and sockets in ``sockets``; the folders exist. To be called before any
    thread starts. Returns what was not possible, in sentences."""
    if sys.platform != "linux":
        return ["this system has no way known to hsmith to confine the keeper"]
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        return [f"the keeper is not confined: {os.strerror(ctypes.get_errno()).lower()}"]
    permitted = [*((path, OWN) for path in own), (sockets, SOCKETS), *_needed()]
    return [problem for problem in (_restrict_files(libc, permitted), filter_calls()) if problem]


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("outside", ctypes.c_uint64))


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("rights", ctypes.c_uint64), ("folder", ctypes.c_int32))


def _restrict_files(libc: ctypes.CDLL, permitted: Iterable[tuple[Path, int]]) -> str | None:
    version = libc.syscall(_CREATE_RULESET, None, 0, _VERSION)
    if version < 1:
        return "files outside hsmith's folders are not closed to the keeper: this kernel has no Landlock"
    handled = _ALL_FIRST | sum(right for since, right in _ADDED.items() if version >= since)
    rules = _Ruleset(handled, _NETWORK if version >= 4 else 0, _OUTSIDE if version >= 6 else 0)
    ruleset = libc.syscall(_CREATE_RULESET, ctypes.byref(rules), ctypes.sizeof(rules), 0)
    if ruleset < 0:
        return f"files outside hsmith's folders are not closed to the keeper: {os.strerror(ctypes.get_errno()).lower()}"
    try:
        for path, rights in permitted:
            _permit(libc, ruleset, path, rights & handled)
        if libc.syscall(_RESTRICT_SELF, ruleset, 0):
            return f"files outside are not closed to the keeper: {os.strerror(ctypes.get_errno()).lower()}"
    finally:
        os.close(ruleset)
    return None


def _needed() -> list[tuple[Path, int]]:
    """Python's own folders, from which a module may be imported late, and what SYSTEM and DEVICES name."""
    prefixes = {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix, *sysconfig.get_paths().values()}
    here = str(Path(__file__).resolve().parents[1])
    readable = {os.path.realpath(path) for path in (*SYSTEM, *prefixes, *sys.path, here) if path} - {"/"}
    return [*((Path(path), READ) for path in sorted(readable)), *((Path(path), DEVICE) for path in DEVICES)]


def _permit(libc: ctypes.CDLL, ruleset: int, path: Path, rights: int) -> None:
    """What is not there, or cannot be opened, needs no permission."""
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        beneath = _Beneath(rights if path.is_dir() else rights & _OF_FILES, handle)
        libc.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.byref(beneath), 0)
    finally:
        os.close(handle)
