"""The keeper's log: keeper.log, rotated by size, the terminal, or journald; as text or as JSON. No secret is logged."""

import json
import logging
import socket
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Final

from hsmith.config import Config
from hsmith.home import FILE_MODE, Home, Trouble, words

ROTATE_AT = 4 << 20
KEPT = 3
FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
LEVELS: Final = ("debug", "info", "warning", "error")
JOURNAL: Final = Path("/run/systemd/journal/socket")
#: Bytes of a message for the journal: what is longer would need a file of its own.
LONGEST: Final = 32 << 10
#: Of syslog(3): error, warning, info, debug.
_PRIORITIES: Final = {logging.ERROR: 3, logging.WARNING: 4, logging.INFO: 6, logging.DEBUG: 7}
_root: Final = logging.getLogger("hsmith")


def open_log(home: Home, config: Config, *, foreground: bool) -> None:
    """Begin to log. Raises Trouble. The umask must be 077 already, as rotation makes new files."""
    logging.raiseExceptions = False  # A full disk must not stop the keeper.
    logging.logThreads = False  # Nobody asks for it, and asking leaves something behind of each thread.
    set_level(config.log_level)
    handlers: list[logging.Handler] = []
    if config.log_to == "journald":
        handlers.append(Journal())
    elif config.log_to == "file" or not foreground:  # In the background there is no terminal.
        handlers.append(_file(home))
    if foreground and config.log_to != "journald":
        handlers.append(logging.StreamHandler())
    for handler in handlers:
        handler.setFormatter(JsonLines() if config.log_format == "json" else logging.Formatter(FORMAT))
        _root.addHandler(handler)


def level() -> str:
    """The least level that is logged."""
    return logging.getLevelName(_root.level).lower()


def set_level(name: str) -> None:
    """``name``: one of LEVELS."""
    _root.setLevel(name.upper())


def _file(home: Home) -> logging.Handler:
    try:
        file = RotatingFileHandler(home.log, maxBytes=ROTATE_AT, backupCount=KEPT, encoding="utf-8")
        home.log.chmod(FILE_MODE)
    except OSError as error:
        raise Trouble(f"The log {home.log} cannot be written: {words(error)}.") from error
    return file


class JsonLines(logging.Formatter):
    """An object to a line: time (UTC), level, logger, message, and exception where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="microseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry)


class Journal(logging.Handler):
    """systemd's journal, by its own protocol: a datagram of fields for each entry. ``journalctl -t hsmith`` shows them.

    It is connected before the keeper is confined; a journal that was restarted is found again, as long as no rule of
    the kernel forbids it. Raises Trouble where there is no journal."""

    def __init__(self, path: Path = JOURNAL) -> None:
        super().__init__()
        self._path = path
        try:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self._socket.connect(str(path))
        except OSError as error:
            self._socket.close()
            sentence = f"log.to is journald, but {path} cannot be reached: {words(error)}"
            raise Trouble(f"{sentence}. Set log.to to file or stderr.") from error
        self._socket.setblocking(False)  # A journal that is stuck must not stop the keeper.

    def emit(self, record: logging.LogRecord) -> None:
        try:
            entry = self._entry(record)
            try:
                self._socket.send(entry)
            except ConnectionError:
                self._socket.connect(str(self._path))
                self._socket.send(entry)
        except Exception:
            self.handleError(record)

    def _entry(self, record: logging.LogRecord) -> bytes:
        text = record.getMessage()
        if record.exc_info:
            text += "\n" + logging.Formatter().formatException(record.exc_info)
        message = text.encode("utf-8", "backslashreplace")[:LONGEST]
        fields = {"PRIORITY": _PRIORITIES.get(record.levelno, 5), "SYSLOG_IDENTIFIER": "hsmith", "LOGGER": record.name}
        plain = "".join(f"{name}={value}\n" for name, value in fields.items()).encode()
        # A value of several lines comes with its length (systemd's "Native Journal Protocol").
        return plain + b"MESSAGE\n" + len(message).to_bytes(8, "little") + message + b"\n"

    def close(self) -> None:
        self._socket.close()
        super().close()
