"""The sockets of a keeper: its own and, if asked for, those for p11-kit and Prometheus; made here, or given."""

import contextlib
import ipaddress
import os
import socket
from collections.abc import MutableMapping
from pathlib import Path

from hsmith.config import Config
from hsmith.home import Home, Trouble, words
from hsmith.keeper import activation
from hsmith.wire import address


class Sockets:
    """``path``: where the keeper listens. ``keeper`` and ``p11_kit``: sockets that listen already."""

    def __init__(self, home: Home, config: Config, environment: MutableMapping[str, str]) -> None:
        given = activation.inherited(environment)
        self.keeper = given.get(activation.KEEPER)
        self.p11_kit = given.get(activation.P11_KIT)
        self.path = Path(self.keeper.getsockname()) if self.keeper else listen_address(home, config)
        self.metrics: socket.socket | None = None
        self._made: list[Path] = []
        if self.p11_kit:
            self.p11_kit.setblocking(False)

    def open_p11_kit(self, home: Home, config: Config, group: int | None) -> None:
        """Listen for p11-kit, if the configuration says where, and nobody does already. Raises Trouble."""
        if self.p11_kit or not config.keeper_p11_kit:
            return
        path = _path(home, config.keeper_p11_kit)
        if path in (self.path, home.socket):
            raise Trouble("keeper.p11_kit names the keeper's own socket. Give it a path of its own.")
        try:
            self.p11_kit = self._listen(path, group)
        except OSError as error:
            raise Trouble(f"The keeper cannot listen for p11-kit at {path}: {words(error)}.") from error
        self.p11_kit.setblocking(False)

    def open_metrics(self, home: Home, config: Config) -> None:
        """Listen for Prometheus, if the configuration says where: before the keeper is confined, which takes the
        network from it, but not a socket that listens. Raises Trouble."""
        where = config.metrics_listen
        if not where:
            return
        host, colon, port = where.rpartition(":")
        try:
            if colon and port.isascii() and port.isdecimal() and "/" not in where:
                self.metrics = _loopback(host.strip("[]"), int(port))
            else:
                path = _path(home, where)
                if path in (self.path, home.socket):
                    raise Trouble("metrics.listen names the keeper's own socket. Give it a path of its own.")
                self.metrics = self._listen(path, None)
        except OSError as error:
            raise Trouble(f"The keeper cannot listen at metrics.listen, {where}: {words(error)}.") from error
        self.metrics.setblocking(False)

    def _listen(self, path: Path, group: int | None) -> socket.socket:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_socket() and not address.listening(path):
            path.unlink()
        listener = address.listen(path, group=group)
        self._made.append(path)
        return listener

    def close(self) -> None:
        """Close what was not closed, and remove the sockets for others that were made here."""
        for listener in (self.keeper, self.p11_kit, self.metrics):
            if listener is not None:
                listener.close()
        for made in self._made:
            # Where a confined keeper may not, the next one does.
            with contextlib.suppress(OSError):
                made.unlink()


def _loopback(host: str, port: int) -> socket.socket:
    """Raises Trouble for an address that others reach, OSError where it cannot be had."""
    try:
        found = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        raise Trouble(f"metrics.listen names '{host}': give 127.0.0.1:PORT, [::1]:PORT or a path.") from None
    if not found.is_loopback:
        raise Trouble(f"metrics.listen names {host}, which others reach: give 127.0.0.1:PORT, [::1]:PORT or a path.")
    if not 1 <= port <= 65535:
        raise Trouble(f"metrics.listen names port {port}: a port is 1 to 65535.")
    family = socket.AF_INET6 if found.version == 6 else socket.AF_INET
    return socket.create_server((str(found), port), family=family)


def listen_address(home: Home, config: Config) -> Path:
    """Where a keeper is to listen: HSMITH_SOCKET, the configuration, or where clients look first."""
    named = os.environ.get("HSMITH_SOCKET") or config.keeper_socket
    return _path(home, named) if named else home.socket


def _path(home: Home, named: str) -> Path:
    return Path(os.path.abspath(home.data / os.path.expanduser(named)))
