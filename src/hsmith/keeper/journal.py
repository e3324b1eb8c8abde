"""The keeper's log: keeper.log, rotated by size; also the terminal when in the foreground. No secret is logged."""

import logging
from logging.handlers import RotatingFileHandler

from hsmith.config import Config
from hsmith.home import FILE_MODE, Home, Trouble, words

ROTATE_AT = 4 << 20
KEPT = 3
FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def open_log(home: Home, config: Config, *, foreground: bool) -> None:
    """Begin to log. Raises Trouble. The umask must be 077 already, as rotation makes new files."""
    logging.raiseExceptions = False  # A full disk must not stop the keeper.
    logging.logThreads = False  # Nobody asks for it, and asking leaves something behind of each thread.
    root = logging.getLogger("hsmith")
    root.setLevel(config.log_level.upper())
    try:
        file = RotatingFileHandler(home.log, maxBytes=ROTATE_AT, backupCount=KEPT, encoding="utf-8")
        home.log.chmod(FILE_MODE)
    except OSError as error:
        raise Trouble(f"The log {home.log} cannot be written: {words(error)}.") from error
    handlers: list[logging.Handler] = [file]
    if foreground:
        handlers.append(logging.StreamHandler())
    for handler in handlers:
        handler.setFormatter(logging.Formatter(FORMAT))
        root.addHandler(handler)
