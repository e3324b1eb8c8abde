"""The life of a keeper: it takes the lock, opens the store, listens, serves, and ends when it is told or not needed."""

import contextlib
import logging
import os
import select
import signal
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any, Generic

from hsmith import __version__
from hsmith.config import Config
from hsmith.home import Home, Trouble, make_private, words
from hsmith.keeper import journal
from hsmith.keeper.lock import KeeperLock
from hsmith.keeper.metrics import text
from hsmith.spec.constants import Fault
from hsmith.spec.faults import Refused
from hsmith.wire import address
from hsmith.wire.answers import Handler
from hsmith.wire.applications import A
from hsmith.wire.page import Page
from hsmith.wire.server import Server, Speak
from hsmith.wire.service import Admin, Shortcuts

log = logging.getLogger("hsmith.keeper")

#: Seconds between looks at what ends a keeper without being told.
TICK = 2.0


class Keeper(Generic[A]):
    """One keeper, from lock to end. ``listen_at``: its address, which may differ from where clients look first;
    ``most``: connections at a time; ``group``: whose members may connect too; ``unprotected``: what the system does not
    let it protect, for its status. ``given``: a socket that a service manager listens with already, and keeps.
    ``others``: further sockets that listen, each with the protocol that is spoken there. ``page``, ``shortcuts``: see
    hsmith.wire.connection.Service. ``measure``: the figures of what is served; ``metrics``: a socket that listens, at
    which Prometheus gets them with the keeper's own."""

    def __init__(
        self,
        home: Home,
        config: Config,
        *,
        lock: KeeperLock,
        listen_at: Path,
        open_application: Callable[[int | None, int | None, str], A],
        handlers: Mapping[int, Handler],
        admin: Mapping[str, Admin[A]],
        most: int,
        group: int | None = None,
        unprotected: Sequence[str] = (),
        given: socket.socket | None = None,
        others: Sequence[tuple[socket.socket, Speak[A]]] = (),
        page: Page | None = None,
        shortcuts: Shortcuts | None = None,
        measure: Callable[[], dict[str, Any]],
        metrics: socket.socket | None = None,
    ) -> None:
        self._home = home
        self._config = config
        self._lock = lock
        self._path = listen_at
        self._group = group
        self._unprotected = list(unprotected)
        self._given = given
        self._others = {listener.fileno(): (listener, speak) for listener, speak in others}
        if metrics is not None:
            from hsmith.keeper.endpoint import endpoint  # Only here is HTTP needed.

            self._others[metrics.fileno()] = (metrics, endpoint(lambda: text(self.figures())))
        self._started = time.monotonic()
        self._ending = ""
        self._wake_out, self._wake_in = os.pipe()
        os.set_blocking(self._wake_in, False)
        self._measure = measure
        commands = {
            **admin,
            "keeper.status": self._status,
            "keeper.stop": self._stop,
            "keeper.stats": lambda application, arguments: self._of_own(application, self.figures),
            "keeper.metrics": lambda application, arguments: self._of_own(application, self._metrics),
            "keeper.log_level": self._log_level,
        }
        self._server: Server[A] = Server(
            open_application=open_application,
            handlers=handlers,
            admin=commands,
            most=most,
            group=group,
            page=page,
            shortcuts=shortcuts,
        )
        self._catch_signals()
        self._listener = self._listen()
        self._socket_stat = os.lstat(self._path)
        self._data_stat = os.stat(home.data)

    def _listen(self) -> socket.socket:
        """Listen at the address; what an ended keeper left there is removed, as the lock proves that it has ended."""
        listener = self._given or self._bind()
        listener.setblocking(False)
        self._lock.announce(self._path)
        if self._path != self._home.socket:
            link(self._home.socket, self._path)
        return listener

    def _bind(self) -> socket.socket:
        try:
            if self._path.parent not in (self._home.data, self._home.runtime):
                self._path.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileNotFoundError):
                self._remove_stale()
            return address.listen(self._path, group=self._group)
        except OSError as error:
            raise Trouble(f"The keeper cannot listen at {self._path}: {words(error)}.") from error

    def _remove_stale(self) -> None:
        if not (self._path.is_socket() or self._path.is_symlink()):
            if self._path.exists():
                raise Trouble(f"{self._path} is no socket. Move it away, or set keeper.socket to another path.")
            return
        if not self._path.is_symlink() and address.listening(self._path):
            raise Trouble(f"Another program listens at {self._path}: probably the keeper of another HSMITH_HOME.")
        self._path.unlink()

    def run(self) -> None:
        """Serve until the end. What was begun is finished; the socket is gone when this returns."""
        log.info("hsmith %s listens at %s", __version__, self._path)
        poller = select.poll()
        poller.register(self._wake_out, select.POLLIN)
        for listener in (self._listener, *(other for other, _ in self._others.values())):
            poller.register(listener, select.POLLIN)
        look = time.monotonic() + TICK
        while not self._ending:
            for descriptor, _ in poller.poll(max(look - time.monotonic(), 0) * 1000):
                if descriptor == self._listener.fileno():
                    self._server.accept(self._listener)
                elif descriptor in self._others:
                    self._server.accept(*self._others[descriptor])
            if time.monotonic() < look:
                continue
            look = time.monotonic() + TICK
            self._server.sweep()
            reason = self._reason_to_end()
            if reason and not (reason == "idle" and self._somebody_came(poller)):
                self._ending = self._ending or reason
        log.info("ending: %s", self._ending)
        self._unlink()
        self._listener.close()
        self._server.close()

    def _catch_signals(self) -> None:
        """Signals only set a flag and wake the poll; the descriptor is written by the interpreter's C handler."""
        signal.set_wakeup_fd(self._wake_in, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            # Ignored by whoever started us (nohup, a shell's background): it stays so.
            if number == signal.SIGTERM or signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._on_signal)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._ending = signal.Signals(number).name

    def _reason_to_end(self) -> str:
        """Why the keeper should end by itself, or ""."""
        try:
            in_place = os.path.samestat(os.lstat(self._path), self._socket_stat)
            in_place = in_place and os.path.samestat(os.stat(self._home.data), self._data_stat)
        except OSError:
            in_place = False
        if not in_place or not self._lock.in_place():
            return "its socket or its folder is gone"
        limit = self._config.keeper_idle_seconds
        return "idle" if limit and self._server.idle() >= limit else ""

    def _somebody_came(self, poller: select.poll) -> bool:
        """Stop being found, then look once more: a client that had connected already must be served. A socket that was
        given to us is not ours to remove; who comes now waits there for the next keeper."""
        if self._given:
            return False
        self._unlink()
        if not any(descriptor == self._listener.fileno() for descriptor, _ in poller.poll(0)):
            return False
        self._server.accept(self._listener)
        old, self._listener = self._listener, self._listen()
        poller.unregister(old)
        poller.register(self._listener, select.POLLIN)
        self._socket_stat = os.lstat(self._path)
        # Others may have connected to the old one meanwhile; they are told by its end to try again.
        old.close()
        return True

    def _unlink(self) -> None:
        """Remove the socket, if it still is ours, and the link to it."""
        if self._given:
            return
        with contextlib.suppress(OSError):
            if os.path.samestat(os.lstat(self._path), self._socket_stat):
                self._path.unlink()
        with contextlib.suppress(OSError):
            if self._path != self._home.socket and Path(os.readlink(self._home.socket)) == self._path:
                self._home.socket.unlink()

    def _status(self, application: A, arguments: dict[str, Any]) -> dict[str, Any]:
        return {
            "pid": os.getpid(),
            "socket": str(self._path),
            "home": str(self._home.data),
            "version": __version__,
            "uptime": round(time.monotonic() - self._started, 1),
            "applications": len(self._server.applications),
            "unprotected": self._unprotected,
        }

    def figures(self) -> dict[str, Any]:
        """All that is counted (docs/monitoring.md)."""
        return {
            "version": __version__,
            "uptime": round(time.monotonic() - self._started, 1),
            "log_level": journal.level(),
            **self._server.figures(),
            **self._measure(),
        }

    def _metrics(self) -> dict[str, Any]:
        return {"text": text(self.figures())}

    def _of_own(self, application: A, figures: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        _check_own(application, "only the keeper's own user reads what it has counted")
        return figures()

    def _log_level(self, application: A, arguments: dict[str, Any]) -> dict[str, Any]:
        """``keeper.log_level`` {level}: what is logged from now on; null asks only."""
        _check_own(application, "only the keeper's own user says what it logs")
        before, level = journal.level(), arguments.get("level")
        if level is not None and level not in journal.LEVELS:
            raise Refused(Fault.ARGUMENTS_BAD, f"a level is one of {', '.join(journal.LEVELS)}")
        if level is not None:
            journal.set_level(level)
            log.info("the log's level is %s, it was %s", level, before)
        return {"level": journal.level(), "before": before}

    def _stop(self, application: A, arguments: dict[str, Any]) -> dict[str, Any]:
        _check_own(application, "only the keeper's own user stops it")
        self._ending = "told to stop"
        os.write(self._wake_in, b"\0")
        return {"pid": os.getpid()}


def _check_own(application: object, sentence: str) -> None:
    if getattr(application, "uid", 0) not in (0, os.geteuid()):
        raise Refused(Fault.ACTION_PROHIBITED, sentence)


def link(at: Path, target: Path) -> None:
    """Leave a symbolic link to the keeper's address where clients look. Raises Trouble."""
    make_private(at.parent)
    new = at.with_name(f"{at.name}.{os.getpid()}")
    try:
        with contextlib.suppress(FileNotFoundError):
            new.unlink()
        new.symlink_to(target)
        new.replace(at)
    except OSError as error:
        raise Trouble(f"The link {at} to the keeper's socket cannot be made: {words(error)}.") from error
