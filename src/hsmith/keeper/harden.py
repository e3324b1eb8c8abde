"""What the system offers to keep a process's memory to itself. Linux has all of it; elsewhere only what POSIX has.

Each measure that is not possible is returned as a sentence for the log: the keeper works without it.
"""

import contextlib
import os
import resource
import sys

PR_SET_DUMPABLE = 4
MCL_CURRENT, MCL_FUTURE, MCL_ONFAULT = 1, 2, 4
CAP_IPC_LOCK = 14


def harden() -> list[str]:
    """Take all measures. Returns what was not possible."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform != "linux":
        return ["this system has no way known to hsmith to forbid tracing and to lock memory"]
    return [sentence for sentence in (_forbid_tracing(), lock_memory()) if sentence]


def _forbid_tracing() -> str | None:
    """No core dump, no ptrace and no /proc/PID/mem for other programs of the same user."""
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0):
        return f"tracing cannot be forbidden: {os.strerror(ctypes.get_errno())}"
    return None


def lock_memory() -> str | None:
    """Keep all memory, present and future, out of the swap."""
    import ctypes

    if problem := memory_lock_problem():
        return problem
    libc = ctypes.CDLL(None, use_errno=True)
    # ONFAULT: only pages that are used are locked, not the whole stack of each thread.
    if libc.mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT):
        return f"memory cannot be locked: {os.strerror(ctypes.get_errno())}"
    return None


def memory_lock_problem() -> str | None:
    """Why memory cannot be locked and how to permit it, or None. A bounded permission is worse than none: locking
    would succeed, and some later allocation fail in the middle of a call."""
    hard = resource.getrlimit(resource.RLIMIT_MEMLOCK)[1]
    if _has_capability(CAP_IPC_LOCK):
        return None
    if hard != resource.RLIM_INFINITY:
        return (
            f"memory is not locked and may be swapped to disk: the limit is {hard // 1024} KiB. Encrypt the swap, "
            f"or permit it with 'ulimit -l unlimited' (LimitMEMLOCK=infinity in systemd)"
        )
    resource.setrlimit(resource.RLIMIT_MEMLOCK, (hard, hard))
    return None


def _has_capability(number: int) -> bool:
    with contextlib.suppress(OSError), open("/proc/self/status", encoding="ascii", errors="replace") as file:
        for line in file:
            if line.startswith("CapEff:"):
                return bool(int(line.split()[1], 16) >> number & 1)
    return False
