"""The keeper's own face for p11-kit-client.so: a second socket, whose clients are applications like any other."""

import logging
import secrets
import socket
import time
from typing import Any, Final, Generic

from hsmith.gateway.p11kit.dialogue import Conversation
from hsmith.spec.constants import Fault
from hsmith.spec.faults import Refused
from hsmith.spec.functions import FunctionRow
from hsmith.wire import peer
from hsmith.wire.applications import A, Identity, TooMany
from hsmith.wire.frames import NEW_APPLICATION
from hsmith.wire.service import Served, Service
from hsmith.wire.values import Undecodable

log = logging.getLogger("hsmith.p11kit")

#: Bytes after which the time for a message begins anew: a slow sender may send long ones.
STALL_SIZE: Final = 1 << 20


class Door(Generic[A]):
    """One connection; run() serves it, as hsmith.wire.connection.Connection does its own."""

    def __init__(self, service: Service[A], connection: socket.socket, served: Served) -> None:
        self._service = service
        self._connection = connection
        self._served = served
        self._application: A | None = None

    def run(self) -> None:
        """Serve until the client leaves or errs."""
        who = peer.identify(self._connection)
        if not peer.may_connect(who, self._connection, self._service.group):
            log.warning("a connection for p11-kit is refused: this keeper serves other users")
            return
        try:
            Conversation(self, self).run()
        except Undecodable as error:
            log.warning("connection ended: %s", error)
        except TimeoutError:
            log.warning("connection ended: a message stopped in the middle")

    # --- The stream

    def receive(self, length: int, *, idle: bool = False) -> bytearray:
        data = bytearray()
        due = time.monotonic() + self._service.frame_seconds
        while len(data) < length:
            waits = idle and not data
            self._connection.settimeout(None if waits else max(due - time.monotonic(), 0.001))
            got = self._connection.recv(min(length - len(data), STALL_SIZE))
            if not got:
                break
            if waits or len(data) // STALL_SIZE != (len(data) + len(got)) // STALL_SIZE:
                due = time.monotonic() + self._service.frame_seconds
            data += got
        self._connection.settimeout(None)
        return data

    def send(self, data: bytes) -> None:
        self._connection.sendall(data)

    # --- The backend

    def open(self) -> None:
        who = peer.identify(self._connection)
        try:
            joined = self._service.applications.join(NEW_APPLICATION, Identity(who, who.pid or 0))
        except TooMany as error:
            raise Refused(Fault.DEVICE_MEMORY, str(error)) from error
        assert joined is not None  # None is for tokens that exist
        self._served.token, self._application = joined

    def call(self, row: FunctionRow, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
        call = self._service.calls[row.number]
        if call is None:
            raise Refused(Fault.FUNCTION_NOT_SUPPORTED)
        tally = self._served.tally
        since = tally.since = time.perf_counter()
        try:
            results: tuple[Any, ...] = call.handler(self._application, *arguments)
        except Refused as refused:
            tally.refused(tally.kind(call, arguments), int(refused.fault))
            raise
        except MemoryError:
            raise Refused(Fault.DEVICE_MEMORY) from None
        except Exception:
            log_id = secrets.token_hex(4)
            log.exception("%s failed (id %s)", row.name, log_id)
            raise Refused(Fault.GENERAL_ERROR) from None
        finally:
            tally.ended(call, arguments, since)
        return results

    def close(self) -> None:
        token, self._served.token, self._application = self._served.token, b"", None
        if token:
            self._service.applications.leave(token)
