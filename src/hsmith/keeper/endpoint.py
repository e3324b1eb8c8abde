"""Where Prometheus asks for the keeper's figures: a little HTTP, at a socket that is not that of clients."""

import logging
import socket
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from socketserver import BaseServer
from typing import Any, Final

from hsmith.wire.applications import A
from hsmith.wire.server import Speak
from hsmith.wire.service import Served, Service

log = logging.getLogger("hsmith.metrics")

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
#: Who asks for the figures at a time: clients of the keeper need its connections more.
MOST: Final = 4
#: Seconds that a request may stop in the middle.
PATIENCE: Final = 5


class Scrape:
    """One connection to the endpoint: a request of HTTP and its answer."""

    def __init__(self, connection: socket.socket, give: Callable[[], str], free: threading.Semaphore) -> None:
        self._connection, self._give, self._free = connection, give, free

    def run(self) -> None:
        if not self._free.acquire(blocking=False):
            return
        try:
            _Request(self._connection, self._give)
        finally:
            self._free.release()


def endpoint(give: Callable[[], str]) -> Speak[A]:
    """What is spoken at metrics.listen."""
    free = threading.Semaphore(MOST)

    def speak(service: Service[A], connection: socket.socket, served: Served) -> Scrape:
        return Scrape(connection, give, free)

    return speak


class _Request(BaseHTTPRequestHandler):
    timeout = PATIENCE
    server_version, sys_version = "hsmith", ""

    def __init__(self, connection: socket.socket, give: Callable[[], str]) -> None:
        self._give = give
        super().__init__(connection, ("", 0), _SERVER)

    def do_GET(self) -> None:
        if self.path.partition("?")[0] not in ("/", "/metrics"):
            self.send_error(404, "The figures are at /metrics")
            return
        body = self._give().encode()
        self.send_response(200)
        self.send_header("Content-Type", CONTENT_TYPE)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        log.debug(format, *args)


#: The library asks for a server, and asks nothing of it.
_SERVER: Final = BaseServer("", BaseHTTPRequestHandler)
