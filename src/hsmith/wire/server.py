"""The keeper's side of the protocol (docs/wire.md): a thread for each connection, one call at a time on each."""

import contextlib
import logging
import select
import socket
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final, Generic, Protocol

from hsmith.core.tally import Sum
from hsmith.core.workers import Worker
from hsmith.spec.constants import Fault
from hsmith.wire.answers import Handler, call_table, refusal
from hsmith.wire.applications import A, Applications
from hsmith.wire.connection import Connection
from hsmith.wire.hub import Hub
from hsmith.wire.page import Page
from hsmith.wire.service import Admin, Served, Service, Shortcuts

log = logging.getLogger("hsmith.server")

#: Deep calls of the crypto and database libraries fit, thousands of connections too (only touched pages cost memory).
THREAD_STACK: Final = 1 << 20
HELLO_SECONDS: Final = 10.0
#: Bytes of answers that the system may hold for a client: a MiB of data goes out in one step.
SEND_ROOM: Final = 1 << 20
FRAME_SECONDS: Final = 60.0


class Dialogue(Protocol):
    """One connection, with the protocol that is spoken on it."""

    def run(self) -> None:
        """Serve it until the client leaves or errs."""


#: Makes the dialogue of a connection.
Speak = Callable[[Service[A], socket.socket, Served], Dialogue]


class Server(Generic[A]):
    """Serves connections until close(). accept() is called by the owner of ``listener`` when it is readable."""

    def __init__(
        self,
        *,
        open_application: Callable[[int | None, int | None, str], A],
        handlers: Mapping[int, Handler],
        admin: Mapping[str, Admin[A]],
        most: int = 2048,
        group: int | None = None,
        frame_seconds: float = FRAME_SECONDS,
        hello_seconds: float = HELLO_SECONDS,
        page: Page | None = None,
        shortcuts: Shortcuts | None = None,
    ) -> None:
        self.applications: Applications[A] = Applications(open_application, most=max(1, most - most // 4))
        self.service: Service[A] = Service(
            applications=self.applications,
            calls=call_table(
                handlers,
                {} if shortcuts is None else shortcuts.BEGINNERS,
                {} if shortcuts is None or page is None else shortcuts.MAKERS,
            ),
            admin=admin,
            hello_seconds=hello_seconds,
            frame_seconds=frame_seconds,
            group=group,
            page=page,
            hub=_hub(page),
            shortcuts=shortcuts,
        )
        self._most = most
        self._lock = threading.Lock()
        self._served: dict[socket.socket, Served] = {}
        self._turned_away: list[socket.socket] = []
        self._gone, self._accepted, self._refused = Sum(), 0, 0
        self._last_end = time.monotonic()

    def accept(self, listener: socket.socket, speak: Speak[A] = Connection) -> None:
        """Take one connection from ``listener`` and serve it in a thread of its own."""
        try:
            connection, _ = listener.accept()
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_ROOM)
        except BlockingIOError:
            return  # It went away again.
        except OSError as error:
            log.error("cannot accept a connection: %s", error)
            time.sleep(0.1)  # Out of descriptors: the connection stays in the queue.
            return
        if len(self._served) >= self._most:
            self._turn_away(connection, f"the keeper serves {self._most} connections already (keeper.connections)")
            return
        served = Served()
        served.thread = Worker(partial(self._serve, connection, served, speak))
        with self._lock:
            self._served[connection] = served
            self._accepted += 1
        try:
            served.thread.start()
        except (RuntimeError, MemoryError):
            self._forget(connection)
            self._turn_away(connection, "the system lets the keeper start no more threads")

    def _turn_away(self, connection: socket.socket, sentence: str) -> None:
        """Refuse in words. The socket is closed some connections later: until then the sentence can be read."""
        log.warning("connection refused: %s", sentence)
        connection.setblocking(False)
        with contextlib.suppress(OSError):
            connection.send(refusal(Fault.DEVICE_MEMORY, sentence))
            connection.shutdown(socket.SHUT_WR)
        self._refused += 1
        self._turned_away.append(connection)
        if len(self._turned_away) > 16:
            self._turned_away.pop(0).close()

    def _serve(self, connection: socket.socket, served: Served, speak: Speak[A]) -> None:
        try:
            with connection:
                speak(self.service, connection, served).run()
        except OSError:
            pass  # The client went away in the middle of something.
        except Exception:
            log.exception("a connection ended by an error of the keeper")
        finally:
            self._forget(connection)

    def _forget(self, connection: socket.socket) -> None:
        with self._lock:
            served = self._served.pop(connection, None)
            if served is not None:
                self._gone.add(served.tally)
            self._last_end = time.monotonic()

    def figures(self) -> dict[str, Any]:
        """What all connections have done so far, and what they do now, as JSON has it."""
        done = Sum()
        with self._lock:
            done.add(self._gone)
            tallies = [served.tally for served in self._served.values()]
        now = time.perf_counter()
        for tally in tallies:
            done.add(tally)
        since = [tally.since for tally in tallies if tally.since]
        return {
            "applications": len(self.applications),
            "connections": {"open": len(tallies), "accepted": self._accepted, "refused": self._refused},
            "in_progress": {
                "calls": len(since),
                "longest_seconds": round(max((now - one for one in since), default=0), 6),
            },
            "native": done.native,
            "functions": done.functions(),
            "operations": done.operations(),
            "seconds": done.seconds(),
        }

    def idle(self) -> float:
        """Seconds without any connection; 0 while there is one."""
        with self._lock:
            return 0.0 if self._served else time.monotonic() - self._last_end

    def sweep(self) -> None:
        """Find clients that have gone in the middle of a call: their threads are not reading, and so do not notice.
        And such as wait for a thread that never took its first step."""
        with self._lock:
            left = [one for one, served in self._served.items() if served.thread and served.thread.stillborn]
        for connection in left:
            self._forget(connection)
            connection.close()
        poller, tokens = select.poll(), {}
        with self._lock:
            for connection, served in self._served.items():
                # It has no number any more when its thread is just ending.
                if served.token and connection.fileno() >= 0:
                    poller.register(connection, 0)
                    tokens[connection.fileno()] = served.token
        self.applications.hung_up(tokens[descriptor] for descriptor, _ in poller.poll(0))

    def close(self, seconds: float = 10.0) -> None:
        """Let calls in progress finish and be answered, then end all connections and applications."""
        with self._lock:
            served = dict(self._served)
        for connection in served:
            # The thread reads no further request, and still can answer the one that it has.
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RD)
        threads = [one.thread for one in served.values() if one.thread]
        _join(threads, min(1.0, seconds))
        self.applications.close_all()
        _join(threads, seconds)
        for connection in self._turned_away:
            connection.close()


def _hub(page: Page | None) -> Hub | None:
    try:
        return None if page is None else Hub(page)
    except OSError:
        return None


def _join(threads: list[Worker], seconds: float) -> None:
    due = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(due - time.monotonic(), 0))
