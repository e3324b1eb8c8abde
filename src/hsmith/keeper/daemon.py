"""Leaving the process that started us: a daemon with nothing inherited but one pipe, on which it says how it went."""

import contextlib
import os
import signal
import sys
from collections.abc import Callable

READY = "ready"
Report = Callable[[str], None]


def fill_standard_descriptors() -> None:
    """Open 0 to 2 where the caller closed them, so that no file of ours becomes somebody's standard output."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)


def start(serve: Callable[[Report], int]) -> str:
    """Run ``serve`` in a daemon. Returns the line that it reports, in this process; the daemon never returns.

    Two forks: the daemon is no child of the caller, who need not wait for it, and leads no session, so that it
    never gets a terminal. No thread runs yet.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.setsid()
        if os.fork():
            os._exit(0)
        _become_daemon(serve, writer)
    os.close(writer)
    # Whoever ignores SIGCHLD has no child to wait for.
    with contextlib.suppress(ChildProcessError):
        os.waitpid(child, 0)
    with open(reader, encoding="utf-8", errors="replace") as pipe:
        return pipe.readline().rstrip("\n") or "error: The keeper ended while it started; its log may say why."


def _become_daemon(serve: Callable[[Report], int], writer: int) -> None:
    code = 1
    try:
        os.chdir("/")
        _close_all_but(writer)
        null = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(null, standard)
        os.close(null)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        code = serve(lambda line: _report_once(writer, line))
    finally:
        # Nothing of the process that was copied here may run: no exit handler, no buffered output.
        os._exit(code)


def _report_once(writer: int, line: str) -> None:
    with contextlib.suppress(OSError):
        os.write(writer, line.encode(errors="replace") + b"\n")
        os.close(writer)


def _close_all_but(kept: int) -> None:
    """Close every descriptor above 2. The list of open ones is short; the permitted ones may be a milliard."""
    folder = "/proc/self/fd" if sys.platform == "linux" else "/dev/fd"
    try:
        descriptors = [int(name) for name in os.listdir(folder)]
    except OSError:
        descriptors = list(range(3, os.sysconf("SC_OPEN_MAX")))
    for descriptor in descriptors:
        if descriptor > 2 and descriptor != kept:
            with contextlib.suppress(OSError):
                os.close(descriptor)
