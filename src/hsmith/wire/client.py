"""The Python client of the keeper: every function of the standard by name, and the administrative commands."""

import contextlib
import fcntl
import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, Self

from hsmith import home as homes
from hsmith.home import Home, Trouble
from hsmith.spec.constants import Fault
from hsmith.spec.faults import Partly, Refused, TooSmall
from hsmith.spec.functions import BY_NAME
from hsmith.wire import address, codec, frames
from hsmith.wire.receiver import BadFrame, Receiver
from hsmith.wire.tables import TABLES_HASH

#: Starting a keeper: more than it grants to another one that is on its way.
START_SECONDS = 60.0
#: Times that connecting is tried: a keeper may end between being found and being spoken to.
ATTEMPTS = 3


class NotRunning(Trouble):
    """No keeper can be reached, and none was started."""


class Client:
    """One connection to a keeper; its process's application if ``token`` is that of another Client of this process.

    ``path``: the keeper's socket; None: HSMITH_SOCKET, else the default one, where a keeper is started if there is none
    (unless ``autostart`` is false or HSMITH_AUTOSTART=0). Thread-safe: calls of several threads follow one another. Not
    to be used after a fork. Raises Trouble and NotRunning.
    """

    def __init__(
        self, path: Path | None = None, *, autostart: bool = True, token: bytes = frames.NEW_APPLICATION
    ) -> None:
        self._lock = threading.Lock()
        found = homes.find()
        if path is None and os.environ.get("HSMITH_SOCKET"):
            path = Path(os.environ["HSMITH_SOCKET"])
        self.path = path or found.socket
        may_start = path is None and autostart and os.environ.get("HSMITH_AUTOSTART") != "0"
        for attempt in range(ATTEMPTS):
            self._connection = self._connect(found if may_start else None)
            self._receiver = Receiver(self._connection)
            try:
                self.token = self._hello(token)
                return
            except (OSError, BadFrame) as error:
                self._connection.close()
                if attempt == ATTEMPTS - 1:
                    raise NotRunning(f"The keeper at {self.path} ended the connection: {error}.") from error
            except BaseException:
                self._connection.close()
                raise

    def _connect(self, home: Home | None) -> socket.socket:
        """A connection; ``home``: where a keeper may be started."""
        try:
            return address.connect(self.path)
        except OSError as error:
            if home is None:
                raise NotRunning(f"No keeper can be reached at {self.path}: {homes.words(error)}.") from error
        home.prepare()
        start_keeper(home)
        try:
            return address.connect(self.path)
        except OSError as error:
            raise NotRunning(f"The keeper has ended again; see {home.log}.") from error

    def _hello(self, token: bytes) -> bytes:
        request = _request(frames.HELLO, frames.encode_hello(TABLES_HASH, token, os.getpid()))
        # A keeper that refuses before it reads has closed its side already: its sentence still can be read.
        with contextlib.suppress(BrokenPipeError):
            self._connection.sendall(request)
        rv, payload = self._receive()
        try:
            given, sentence = frames.decode_hello_reply(payload)
        except codec.Undecodable as error:
            raise BadFrame(str(error)) from None
        if rv != Fault.OK:
            raise Trouble(f"The keeper at {self.path} refuses this client: {sentence}.")
        return given

    def _receive(self) -> tuple[int, bytes]:
        end = self._receiver.frame()
        if not end:
            raise BadFrame("the stream ended")
        rv = int.from_bytes(self._receiver.buffer[4:8], "little")
        payload = bytes(memoryview(self._receiver.buffer)[8:end])
        self._receiver.done(end, wipe=False)
        return rv, payload

    def _exchange(self, request: bytes) -> tuple[int, bytes]:
        """One round trip. A keeper that is gone is Refused(DEVICE_REMOVED)."""
        with self._lock:
            try:
                self._connection.sendall(request)
                return self._receive()
            except (OSError, BadFrame) as error:
                self._connection.close()
                raise Refused(Fault.DEVICE_REMOVED, f"the keeper at {self.path} ended the connection") from error

    def call(self, name: str, *arguments: Any) -> Any:
        """Call a function. The arguments are those of its row (hsmith.spec.functions) that are sent; a BUFFER is its
        capacity, or None to ask for the length. Returns what the row gives: None, one result, or a tuple of them.

        Raises Refused, or TooSmall with the length that is needed.
        """
        row = BY_NAME[name]
        rv, payload = self._exchange(_request(row.number, codec.encode_call(row, arguments)))
        try:
            results = codec.decode_reply(row, rv, payload, arguments)
        except codec.Undecodable as error:
            raise Refused(Fault.DEVICE_ERROR, f"the keeper's answer cannot be read: {error}") from error
        if rv != Fault.OK:
            raise _refused(rv, results)
        if len(results) < 2:
            return results[0] if results else None
        return results

    def admin(self, command: str, **arguments: Any) -> dict[str, Any]:
        """Run a command of the keeper itself. Raises Refused with the keeper's sentence."""
        text = json.dumps({**arguments, "command": command}).encode()
        rv, payload = self._exchange(_request(frames.ADMIN, len(text).to_bytes(4, "little") + text))
        try:
            result = json.loads(payload[4:])
        except ValueError as error:
            raise Refused(Fault.DEVICE_ERROR, "the keeper's answer is no JSON") from error
        if rv != Fault.OK:
            raise Refused(_fault(rv), str(result.get("error", "")))
        answer: dict[str, Any] = result
        return answer

    def close(self) -> None:
        self._connection.close()
        self._receiver.wipe()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def _request(number: int, payload: bytes) -> bytes:
    return frames.REQUEST.pack(4 + len(payload), number, 0) + payload


def _refused(rv: int, results: tuple[Any, ...]) -> Refused:
    """The exception that the keeper's handler raised."""
    if rv == Fault.BUFFER_TOO_SMALL and results:
        return TooSmall(results[0])
    return Partly(_fault(rv), results) if results else Refused(_fault(rv))


def _fault(rv: int) -> Fault:
    return Fault(rv) if rv in Fault._value2member_map_ else Fault.DEVICE_ERROR


def start_keeper(home: Home, *, asked: bool = False) -> None:
    """Start a keeper for ``home`` unless one listens: one process at a time, so that many need not race.

    ``asked``: the user did, so keeper.autostart does not matter. Raises NotRunning with the keeper's own words.
    """
    descriptor = homes.open_private(home.start_lock)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if address.listening(home.socket):
            return
        # -P: the working folder is nobody's place for code.
        command = [sys.executable, "-P", "-m", "hsmith.keeper", "start", *(["--asked"] if asked else [])]
        try:
            ended = subprocess.run(
                command, stdin=subprocess.DEVNULL, capture_output=True, timeout=START_SECONDS, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise NotRunning(f"A keeper cannot be started: {error}.") from error
        line = ended.stdout.decode(errors="replace").strip()
        if line != "ready":
            raise NotRunning(line.removeprefix("error: ") or f"The keeper did not start; see {home.log}.")
    finally:
        os.close(descriptor)
