"""System calls that a keeper never makes, refused by the kernel from its start on (seccomp, Linux).

A list of what is denied, not of what is allowed: a newer libc or Python that takes another harmless call still works.
The filter is a short program for the kernel (struct sock_filter); no library is needed to make it.
"""

import ctypes
import errno
import os
import platform
import socket
from typing import Final, NamedTuple

_LOAD, _JUMP_EQUAL, _JUMP_AT_LEAST, _JUMP_ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
#: Offsets in struct seccomp_data: the call's number, the architecture, the low half of the first argument.
_NUMBER, _ARCHITECTURE, _FIRST = 0, 4, 16
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_SET_MODE_FILTER, _ALL_THREADS = 1, 1
_CLONE_THREAD: Final = 0x10000


class _Machine(NamedTuple):
    """A processor: the kernel's name of it, its column in the table, its number of seccomp(2), and the numbers from
    which on calls are of another kind (x32)."""

    architecture: int
    column: int
    seccomp: int
    foreign: int | None


MACHINES: Final = {"x86_64": _Machine(0xC000003E, 0, 317, 0x40000000), "aarch64": _Machine(0xC00000B7, 1, 277, None)}

#: Call: its number on x86_64 and on aarch64 (None: there is no such call).
NEVER: Final[dict[str, tuple[int | None, int | None]]] = {
    # other programs
    "execve": (59, 221), "execveat": (322, 281), "fork": (57, None), "vfork": (58, None),
    # other processes' memory and descriptors
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "process_madvise": (440, 440), "kcmp": (312, 272), "pidfd_open": (434, 434), "pidfd_getfd": (438, 438),
    "pidfd_send_signal": (424, 424),
    # other views of the file system
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51), "setns": (308, 268),
    "unshare": (272, 97), "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430),
    "fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433), "mount_setattr": (442, 442),
    "open_by_handle_at": (304, 265), "name_to_handle_at": (303, 264), "mknod": (133, None), "mknodat": (259, 33),
    "quotactl": (179, 60), "acct": (163, 89),
    # large parts of the kernel that it does not need
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282), "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426), "io_uring_register": (427, 427), "add_key": (248, 217),
    "request_key": (249, 218), "keyctl": (250, 219), "modify_ldt": (154, None), "personality": (135, 92),
    "fanotify_init": (300, 262),
    # the system itself
    "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106), "kexec_load": (246, 104),
    "kexec_file_load": (320, 294), "reboot": (169, 142), "swapon": (167, 224), "swapoff": (168, 225),
    "iopl": (172, None), "ioperm": (173, None), "settimeofday": (164, 170), "clock_settime": (227, 112),
    "clock_adjtime": (305, 266), "adjtimex": (159, 171), "sethostname": (170, 161), "setdomainname": (171, 162),
    "syslog": (103, 116), "vhangup": (153, 58),
}  # fmt: skip
#: Calls of which one first argument is right: local sockets only; of clone, new threads but no processes.
SOCKETS: Final = {"socket": (41, 198), "socketpair": (53, 199)}
CLONE: Final = {"clone": (56, 220)}
#: It has its flags in memory, where no filter sees them; without it the C library uses clone.
CLONE3: Final = 435


class _Instruction(ctypes.Structure):
    _fields_ = (("code", ctypes.c_uint16), ("yes", ctypes.c_uint8), ("no", ctypes.c_uint8), ("value", ctypes.c_uint32))


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint16), ("filter", ctypes.POINTER(_Instruction)))


Step = tuple[int, int, int, int]  # code, steps to skip if true, if false, value


def _refuse(number: int) -> Step:
    return (_RETURN, 0, 0, _ERRNO | number)


def program(machine: _Machine) -> list[Step]:
    """The filter: the first return that is reached decides."""
    column = machine.column
    steps: list[Step] = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_JUMP_EQUAL, 1, 0, machine.architecture),
        _refuse(errno.ENOSYS),
        (_LOAD, 0, 0, _NUMBER),
    ]
    if machine.foreign is not None:
        steps += [(_JUMP_AT_LEAST, 0, 1, machine.foreign), _refuse(errno.ENOSYS)]
    steps += [(_JUMP_EQUAL, 0, 1, CLONE3), _refuse(errno.ENOSYS)]
    for numbers in NEVER.values():
        number = numbers[column]
        if number is not None:
            steps += [(_JUMP_EQUAL, 0, 1, number), _refuse(errno.EPERM)]
    for numbers in CLONE.values():
        steps += _by_argument(numbers[column], (_JUMP_ANY_BIT, 1, 0, _CLONE_THREAD), errno.EPERM)
    for numbers in SOCKETS.values():
        steps += _by_argument(numbers[column], (_JUMP_EQUAL, 1, 0, int(socket.AF_UNIX)), errno.EAFNOSUPPORT)
    return [*steps, (_RETURN, 0, 0, _ALLOW)]


def _by_argument(number: int, right: Step, error: int) -> list[Step]:
    """Call ``number`` is allowed if its first argument passes the test ``right``."""
    return [(_JUMP_EQUAL, 0, 4, number), (_LOAD, 0, 0, _FIRST), right, _refuse(error), (_RETURN, 0, 0, _ALLOW)]


def filter_calls() -> str | None:
    """Install the filter for all threads; "no new privileges" must be set. Returns why not, or None."""
    machine = MACHINES.get(platform.machine())
    if machine is None:
        return f"system calls are not filtered: hsmith does not know those of {platform.machine()}"
    steps = program(machine)
    filled = (_Instruction * len(steps))(*(_Instruction(*step) for step in steps))
    whole = _Program(len(steps), filled)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(machine.seccomp, _SET_MODE_FILTER, _ALL_THREADS, ctypes.byref(whole)):
        return f"system calls are not filtered: {os.strerror(ctypes.get_errno()).lower()}"
    return None
