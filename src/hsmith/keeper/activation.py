"""What a service manager gives: sockets that listen already (sd_listen_fds), and where to say that we are ready
(sd_notify). Both protocols are a few environment variables; no library is needed."""

import contextlib
import os
import socket
from collections.abc import MutableMapping
from typing import Final

from hsmith.home import Trouble

FIRST: Final = 3
#: The name (FileDescriptorName=) of the socket for p11-kit; any other is the keeper's own.
P11_KIT: Final = "p11-kit"
KEEPER: Final = "keeper"


def inherited(environment: MutableMapping[str, str]) -> dict[str, socket.socket]:
    """The sockets that were passed to this process, by their use. The variables are removed: they are for us alone.

    Raises Trouble for what is no local socket that listens.
    """
    values = [environment.pop(f"LISTEN_{name}", "") for name in ("PID", "FDS", "FDNAMES")]
    process, number, names = values
    if process != str(os.getpid()) or not number.isdecimal():
        return {}
    named = names.split(":")
    found: dict[str, socket.socket] = {}
    for at in range(int(number)):
        use = P11_KIT if at < len(named) and named[at] == P11_KIT else KEEPER
        if use in found:
            raise Trouble(f"The service manager passes two sockets for the same use ({use}). Pass one of each.")
        found[use] = _listener(FIRST + at)
    return found


def _listener(descriptor: int) -> socket.socket:
    os.set_inheritable(descriptor, False)
    try:
        given = socket.socket(fileno=descriptor)
        listens = given.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    except OSError as error:
        raise Trouble(f"Descriptor {descriptor}, which the service manager passes, is no socket.") from error
    name = given.getsockname()
    if given.family != socket.AF_UNIX or given.type != socket.SOCK_STREAM or not listens:
        raise Trouble("The keeper serves local stream sockets alone: use ListenStream= with a path.")
    if not isinstance(name, str) or not name.startswith("/"):
        raise Trouble("The keeper's socket needs a path: use ListenStream= with one.")
    return given


class Notifier:
    """Says how the keeper does, where a service manager listens. Connected at once, as later it would be forbidden."""

    def __init__(self, environment: MutableMapping[str, str]) -> None:
        path = environment.pop("NOTIFY_SOCKET", "")
        self._socket: socket.socket | None = None
        if path[:1] not in ("/", "@"):
            return
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            self._socket.connect("\0" + path[1:] if path[0] == "@" else path)
        except OSError:
            self._socket.close()
            self._socket = None

    def say(self, line: str) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.send(line.encode())
