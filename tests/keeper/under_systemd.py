"""Runs a command the way a service manager would: with sockets that listen, and under restrictions of the unit.

    under_systemd.py UNIT NAME=SOCKET... -- COMMAND...

What can be had without a service manager is done by the same means as it does it: the system calls that the unit's
SystemCallFilter= leaves (seccomp), no memory that is both written and executed, no new privileges, no network but
local sockets, and a file system of which only the sockets' folder and HSMITH_HOME can be written.
"""

import ctypes
import errno
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

from hsmith.keeper import confine_calls as c

PR_SET_NO_NEW_PRIVS, PR_SET_MDWE = 38, 65
HEADER = Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h")


def groups() -> dict[str, set[str]]:
    """The system calls of each group (@name) of systemd, groups in groups resolved."""
    text = subprocess.run(["systemd-analyze", "syscall-filter", "--no-pager"], capture_output=True, text=True).stdout
    raw: dict[str, set[str]] = {}
    name = ""
    for line in text.splitlines():
        word = line.strip()
        if line.startswith("@"):
            name = word
            raw[name] = set()
        elif name and word and not word.startswith("#"):
            raw[name].add(word)

    def calls(group: str) -> set[str]:
        return {one for word in raw.get(group, ()) for one in (calls(word) if word.startswith("@") else {word})}

    return {group: calls(group) for group in raw}


def allowed(unit: str) -> set[str]:
    """The names of the system calls that a unit's SystemCallFilter= lines leave."""
    known, found = groups(), set(groups()["@default"])
    for words in re.findall(r"^SystemCallFilter=(.*)$", unit, re.MULTILINE):
        listed = {call for word in words.lstrip("~").split() for call in known.get(word, {word})}
        found = found - listed if words.startswith("~") else found | listed
    return found


def restrict(unit: str) -> None:
    """Take the unit's restrictions upon this process and those that it becomes."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if "MemoryDenyWriteExecute=yes" in unit:
        libc.prctl(PR_SET_MDWE, 1, 0, 0, 0)  # Linux 6.3
    numbers = {name: int(number) for name, number in re.findall(r"#define __NR_(\w+)\s+(\d+)", HEADER.read_text())}
    steps = [(c._LOAD, 0, 0, c._NUMBER)]
    for name in sorted(allowed(unit) & set(numbers)):
        steps += [(c._JUMP_EQUAL, 0, 1, numbers[name]), (c._RETURN, 0, 0, c._ALLOW)]
    steps.append((c._RETURN, 0, 0, c._ERRNO | errno.EPERM))
    filled = (c._Instruction * len(steps))(*(c._Instruction(*step) for step in steps))
    whole = c._Program(len(steps), filled)
    assert libc.syscall(c.MACHINES["x86_64"].seccomp, c._SET_MODE_FILTER, 0, ctypes.byref(whole)) == 0


def main(unit: str, sockets: list[str], command: list[str]) -> None:
    listeners = []
    for at, named in enumerate(sockets):
        path = named.partition("=")[2]
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
        os.chmod(path, 0o660)
        listener.listen()
        os.dup2(listener.fileno(), 50 + at)
        listeners.append(listener)
    for at, listener in enumerate(listeners):
        listener.close()
        os.dup2(50 + at, 3 + at)
        os.close(50 + at)
    os.environ["LISTEN_FDS"] = str(len(sockets))
    os.environ["LISTEN_PID"] = str(os.getpid())
    os.environ["LISTEN_FDNAMES"] = ":".join(named.partition("=")[0] for named in sockets)
    if unit:
        restrict(Path(unit).read_text())
    os.execvp(command[0], command)


if __name__ == "__main__":
    split = sys.argv.index("--")
    main(sys.argv[1], sys.argv[2:split], sys.argv[split + 1 :])
