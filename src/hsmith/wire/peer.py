"""Who is at the other end of a local socket, as far as the system says."""

import os
import socket
import struct
import sys
from dataclasses import dataclass

# <sys/un.h> of macOS and the BSDs; the socket module has no names for them.
SOL_LOCAL, LOCAL_PEERCRED, LOCAL_PEERPID = 0, 1, 2


#: <asm/socket.h>: the supplementary groups of the peer (Linux). Of who is in more groups than fit, none count.
SO_PEERGROUPS = 59
_MOST_GROUPS = 256


@dataclass(frozen=True, slots=True)
class Peer:
    """The process that connected. None: the system does not say (another PID namespace, or no such facility)."""

    pid: int | None
    uid: int | None
    gid: int | None = None


def identify(connection: socket.socket) -> Peer:
    """The peer at the time it connected. Raises OSError when it is gone."""
    if hasattr(socket, "SO_PEERCRED"):
        layout = struct.Struct("3i")  # struct ucred: pid, uid, gid
        pid, uid, gid = layout.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, layout.size))
        return Peer(pid=pid or None, uid=uid, gid=gid)
    if sys.platform == "darwin":
        return Peer(
            pid=connection.getsockopt(SOL_LOCAL, LOCAL_PEERPID) or None,
            uid=struct.unpack_from("=II", connection.getsockopt(SOL_LOCAL, LOCAL_PEERCRED, 76))[1],
        )
    return Peer(pid=None, uid=None)


def may_connect(peer: Peer, connection: socket.socket | None = None, group: int | None = None) -> bool:
    """This user, root, and members of ``group``. Where the system does not say who it is, the socket's file mode has
    decided already."""
    if peer.uid is None or peer.uid in (os.geteuid(), 0):
        return True
    if group is None:
        return False
    return peer.gid == group or (connection is not None and group in _groups(connection))


def _groups(connection: socket.socket) -> tuple[int, ...]:
    """The supplementary groups that the peer had when it connected; none where the system does not say."""
    if sys.platform != "linux":
        return ()
    try:
        packed = connection.getsockopt(socket.SOL_SOCKET, SO_PEERGROUPS, 4 * _MOST_GROUPS)
    except OSError:
        return ()
    return struct.unpack(f"={len(packed) // 4}I", packed)


def program(pid: int | None) -> str:
    """The name of a process, for logs and audit, or ""."""
    try:
        with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return ""
