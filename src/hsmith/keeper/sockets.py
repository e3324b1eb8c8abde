"""The sockets of a keeper: its own and, if asked for, that for p11-kit; made here, or given by a service manager."""

import contextlib
import os
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
        self._made: Path | None = None
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
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.is_socket() and not address.listening(path):
                path.unlink()
            self.p11_kit = address.listen(path, group=group)
            self._made = path
        except OSError as error:
            raise Trouble(f"The keeper cannot listen for p11-kit at {path}: {words(error)}.") from error
        self.p11_kit.setblocking(False)

    def close(self) -> None:
        """Close what was not closed, and remove the socket for p11-kit if it was made here."""
        for listener in (self.keeper, self.p11_kit):
            if listener is not None:
                listener.close()
        if self._made is not None:
            # Where a confined keeper may not, the next one does.
            with contextlib.suppress(OSError):
                self._made.unlink()


def listen_address(home: Home, config: Config) -> Path:
    """Where a keeper is to listen: HSMITH_SOCKET, the configuration, or where clients look first."""
    named = os.environ.get("HSMITH_SOCKET") or config.keeper_socket
    return _path(home, named) if named else home.socket


def _path(home: Home, named: str) -> Path:
    return Path(os.path.abspath(home.data / os.path.expanduser(named)))
