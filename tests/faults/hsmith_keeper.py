"""hsmith-keeper as the fault tests run it: with points at which it kills itself.

The file kill-at in HSMITH_HOME names a point, or "point n" for the n-th time that it is passed. Only the tests have
these points: they are put around the keeper's functions here, before it starts.
"""

import os
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hsmith.crypto import primitives
from hsmith.keeper.main import main
from hsmith.store.writer import Writer
from hsmith.wire import channel as channels
from hsmith.wire import connection

POINTS = (
    "before KDF", "after KDF", "before BEGIN", "after BEGIN", "before write", "after write", "before COMMIT",
    "after COMMIT", "before reply", "after reply",
)  # fmt: skip

_order = Path(os.environ.get("HSMITH_HOME", ".")) / "kill-at"
_passed: Counter[str] = Counter()
_lock = threading.Lock()


def _pass(point: str) -> None:
    try:
        order = _order.read_text()
    except (OSError, MemoryError):  # there is none, or no memory to look: what the keeper does then is what is tested
        return
    name, _, count = order.partition("#")
    if name != point:
        return
    with _lock:
        _passed[order] += 1
        if _passed[order] >= int(count or 1):
            os.kill(os.getpid(), signal.SIGKILL)


def _ordered() -> bool:
    try:
        return _order.exists()
    except MemoryError:
        return False


def _around(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
    def passing(*arguments: Any, **named: Any) -> Any:
        _pass(f"before {name}")
        result = call(*arguments, **named)
        _pass(f"after {name}")
        return result

    return passing


class _Beside:
    """An object with some of its methods replaced."""

    def __init__(self, real: Any, **methods: Callable[..., Any]) -> None:
        self._real = real
        self.__dict__.update(methods)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


def _watched(database: Any) -> Any:
    def execute(sql: str, *values: Any) -> Any:
        word = sql.split()[0]
        name = {"INSERT": "write", "UPDATE": "write", "DELETE": "write"}.get(word, word)
        return _around(name, database.execute)(sql, *values)

    return _Beside(database, execute=execute, executemany=_around("write", database.executemany))


def _install() -> None:
    primitives.argon2id = _around("KDF", primitives.argon2id)
    make_writer = Writer.__init__

    def writer(self: Any, database: Any, *others: Any) -> None:
        make_writer(self, _watched(database), *others)

    Writer.__init__ = writer  # type: ignore[method-assign,assignment]
    make_connection = connection.Connection.__init__

    def serve(self: Any, service: Any, socket: Any, served: Any) -> None:
        make_connection(self, service, socket, served)
        self._connection = _Beside(socket, sendall=_around("reply", socket.sendall))

    connection.Connection.__init__ = serve  # type: ignore[method-assign,assignment]
    open_channel = channels.open_channel

    def opened(socket: Any, page: Any, mailbox: Any, standings: Any) -> Any:
        channel = open_channel(socket, page, mailbox, standings)

        def exchange(answer: bytes, buffer: bytearray) -> int:
            if not answer or not _ordered():
                return channel.exchange(answer, buffer)
            channel.by_socket()
            socket.sendall(answer)
            return channel.exchange(b"", buffer)

        return _Beside(channel, exchange=exchange)

    setattr(connection, "open_channel", opened)  # noqa: B010  (it is another module's name there)


if __name__ == "__main__":
    _install()
    sys.exit(main())
