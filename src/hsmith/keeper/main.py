"""The command hsmith-keeper: ``run`` serves in the foreground; ``start`` leaves a daemon and says how it went.

Its start is on the way of a client's first call: what is not needed before the store is open is imported later.
"""

import contextlib
import gc
import os
import sys
import time
from collections.abc import Sequence

from hsmith.config import Config, load
from hsmith.home import Home, Trouble, find
from hsmith.keeper import daemon
from hsmith.keeper.activation import Notifier
from hsmith.keeper.sockets import Sockets
from hsmith.wire import address

USAGE = "usage: hsmith-keeper run | start [--asked]\n  --asked: start even if keeper.autostart is false"

#: Seconds that a second keeper waits until the first one listens or has ended.
PATIENCE = 30.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code: 0, 1 for a failure that was said in words, 2 for wrong use."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words not in (["run"], ["start"], ["start", "--asked"]):
        print(USAGE, file=sys.stderr)
        return 2
    daemon.fill_standard_descriptors()
    if words == ["run"]:
        return serve(_say, foreground=True)
    line = _start(asked="--asked" in words)
    print(line, flush=True)
    return 0 if line == daemon.READY else 1


def _say(line: str) -> None:
    print(line, flush=True, file=sys.stdout if line == daemon.READY else sys.stderr)


def _start(*, asked: bool) -> str:
    home = None
    try:
        home = find()
        if address.listening(home.socket):
            return daemon.READY
        if not asked and not load(home).keeper_autostart:
            raise Trouble(f"keeper.autostart is false in {home.config}. Start it with: hsmith keeper start")
    except Trouble as trouble:
        _log_trouble(home, str(trouble))
        return f"error: {trouble}"
    # The folders are found here: the daemon leaves this working folder, from which a path may be relative.
    return daemon.start(lambda report: serve(report, home=home))


def serve(report: daemon.Report, *, foreground: bool = False, home: Home | None = None) -> int:
    """Be the keeper, or find that there is one already. Reports one line when clients can connect, or why not."""
    notifier = Notifier(os.environ)

    def tell(line: str) -> None:
        notifier.say("READY=1" if line == daemon.READY else f"STATUS={line}")
        report(line)

    try:
        home = home or find()
        config = load(home)
        with contextlib.closing(Sockets(home, config, os.environ)) as sockets:
            return _serve(home, config, sockets, tell, foreground=foreground)
    except Trouble as trouble:
        sentence = " ".join(str(trouble).split())
        _log_trouble(home, sentence)
        tell(f"error: {sentence}")
    except ImportError as error:
        tell(f"error: This installation is incomplete: {error}. Install hsmith again.")
    except Exception as error:
        import logging

        logging.getLogger("hsmith.keeper").exception("the keeper failed")
        tell(f"error: The keeper failed: {type(error).__name__}. Its log may say why.")
    return 1


def _log_trouble(home: Home | None, sentence: str) -> None:
    """A program that starts a keeper shows nobody why it did not start: the log does. It is keeper.log where no other
    one is open yet; nothing is logged where there is no folder for it."""
    import logging

    from hsmith.keeper.journal import open_log

    with contextlib.suppress(Trouble, OSError):
        if home is not None and not logging.getLogger("hsmith").handlers:
            os.umask(0o077)
            home.prepare()
            open_log(home, Config(), foreground=False)
        logging.getLogger("hsmith.keeper").error("not started: %s", sentence)


def _serve(home: Home, config: Config, sockets: Sockets, report: daemon.Report, *, foreground: bool) -> int:
    from hsmith.keeper.lock import KeeperLock

    os.umask(0o077)
    home.prepare()
    due = time.monotonic() + PATIENCE
    while (lock := KeeperLock.take(home)) is None:
        if _other_listens(home):
            if sockets.keeper:
                raise Trouble(
                    "Another keeper serves this store already. End it with 'hsmith keeper stop', and start again."
                )
            report(daemon.READY)
            return 0
        if time.monotonic() > due:
            raise Trouble(
                f"Another keeper holds {home.keeper_lock}, but it does not listen. See {home.log}, and end it."
            )
        time.sleep(0.02)
    try:
        from hsmith.keeper.journal import open_log

        open_log(home, config, foreground=foreground)
        gc.disable()  # Until all is loaded, there is nothing to collect: a tenth of the time to start.
        from hsmith.keeper.assembly import assemble

        return assemble(home, config, lock, sockets, report)
    finally:
        lock.release()


def _other_listens(home: Home) -> bool:
    """Whether the keeper that has the lock can be reached; if it is elsewhere, leave a link where clients look."""
    from hsmith.keeper.lock import announced

    if address.listening(home.socket):
        return True
    elsewhere = announced(home)
    if elsewhere is None or elsewhere == home.socket or not address.listening(elsewhere):
        return False
    from hsmith.keeper.life import link

    with contextlib.suppress(FileExistsError):
        link(home.socket, elsewhere)
    return True
