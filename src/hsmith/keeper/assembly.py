"""Puts the parts of a keeper together: the HSM over its store, the functions, the server."""

import contextlib
import ctypes
import gc
import logging
import resource
import socket
import sys
import threading
import time
from difflib import get_close_matches
from pathlib import Path

from hsmith.config import Config
from hsmith.core.durable import Settings
from hsmith.core.hsm import Hsm
from hsmith.core.objects import CHANGES
from hsmith.core.policy.profiles import Profile
from hsmith.crypto import later, standing
from hsmith.cryptoki import admin, dispatch, repeated
from hsmith.cryptoki.application import Application
from hsmith.cryptoki.figures import figures
from hsmith.home import Home, Trouble, words
from hsmith.keeper import daemon
from hsmith.keeper.confine import confine
from hsmith.keeper.harden import harden
from hsmith.keeper.life import Keeper
from hsmith.keeper.lock import KeeperLock
from hsmith.keeper.sockets import Sockets
from hsmith.spec.constants import Mechanism
from hsmith.spec.faults import Refused
from hsmith.store.records import StoreBroken, StoreFull
from hsmith.store.sealing import Damaged
from hsmith.wire.page import Page
from hsmith.wire.server import THREAD_STACK, Speak

log = logging.getLogger("hsmith.keeper")

#: Of mallopt(3).
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
#: Descriptors kept for what is no connection: the store, its readers, the log.
OTHER_DESCRIPTORS = 128
#: Seconds after its start in which a keeper serves its first client and loads nothing more.
MOMENT = 2.0
#: What it loads then waits until it has hardly computed for so many seconds, but no longer than that, for each module.
QUIET, LONGEST = 0.02, 1.0
#: Seconds between parts of what searches look in: others write, and compute.
BREATH = 0.005


def assemble(home: Home, config: Config, lock: KeeperLock, sockets: Sockets, report: daemon.Report) -> int:
    """Open, serve, close. Returns the exit code. Raises Trouble for what the user can mend."""
    listen_at = sockets.path
    group = _group(config)
    sockets.open_p11_kit(home, config, group)
    sockets.open_metrics(home, config)
    page = Page() if config.keeper_fast else None
    if page is not None:
        CHANGES.show(page.changes)
        if missing := standing.open_library():
            log.info("what comes again and again is answered in Python, which takes longer: %s", missing)
    _keep_memory()
    unprotected = harden() + _confined(home, config, listen_at)
    for sentence in unprotected:
        log.warning("%s", sentence)
    most = min(config.keeper_connections, _raise_descriptor_limit() - OTHER_DESCRIPTORS)
    threading.stack_size(THREAD_STACK)
    try:
        hsm = Hsm.opened(home.store, settings(config))
    except (StoreBroken, StoreFull, Refused) as error:
        raise Trouble(str(error)) from error
    with contextlib.closing(hsm):
        keeper: Keeper[Application] = Keeper(
            home,
            config,
            lock=lock,
            listen_at=listen_at,
            open_application=lambda pid, uid, program: Application(
                hsm, pid=pid or 0, uid=uid or 0, program=program, memory=config.keeper_client_memory << 20
            ),
            handlers=dispatch.HANDLERS,
            admin=admin.COMMANDS,
            unprotected=unprotected,
            most=most,
            group=group,
            page=page,
            shortcuts=repeated,
            given=sockets.keeper,
            others=_others(sockets),
            measure=lambda: figures(hsm),
            metrics=sockets.metrics,
        )
        # What is loaded by now stays: the collector need never look at it.
        # So long, in seconds, does a call wait at most for another that computes in Python.
        sys.setswitchinterval(0.0005)
        gc.freeze()
        gc.enable()
        report(daemon.READY)
        if page is not None:
            _fill_directory(hsm)
        _load_the_rest()
        keeper.run()
    log.info("ended")
    return 0


def _fill_directory(hsm: Hsm) -> None:
    """What searches look in first is read while nobody is served, or beside those who are."""

    def fill() -> None:
        _wait_for_quiet()
        try:
            hsm.durable.store.fill_directory(lambda: time.sleep(BREATH))
        except Damaged as damaged:
            log.warning("searches look into the database, which takes longer: %s; see hsmith doctor", damaged)
        except StoreBroken:  # it was closed, or what is wrong with it was said
            pass
        except Exception:
            log.exception("searches look into the database, which takes longer")

    threading.Thread(target=fill, name="hsmith directory", daemon=True).start()


def _load_the_rest() -> None:
    """What a start does not wait for is loaded a moment after it, module by module, between calls if it can be."""

    def load() -> None:
        with contextlib.suppress(ImportError, OSError, MemoryError):  # then whoever needs it tries again, and is told
            later.load_all(_wait_for_quiet)
            gc.freeze()

    timer = threading.Timer(MOMENT, load)
    timer.daemon = True
    timer.start()


def _wait_for_quiet() -> None:
    until = time.monotonic() + LONGEST
    while time.monotonic() < until:
        used = time.process_time()
        time.sleep(QUIET)
        if time.process_time() - used < QUIET / 10:
            return


def _keep_memory() -> None:
    """Let the C library keep what is freed: each MiB that it fetches anew costs more than to encrypt it. No such
    call, no harm: another C library has no need of it."""
    with contextlib.suppress(AttributeError, OSError):
        allocate = ctypes.CDLL(None).mallopt
        allocate(_M_MMAP_THRESHOLD, 32 << 20)
        allocate(_M_TRIM_THRESHOLD, 64 << 20)


def _confined(home: Home, config: Config, listen_at: Path) -> list[str]:
    if not config.keeper_confine:
        return ["the keeper is not confined: keeper.confine is false in the configuration"]
    try:
        listen_at.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Trouble(f"The keeper cannot listen at {listen_at}: {words(error)}.") from error
    return confine(dict.fromkeys((home.data, home.runtime, home.log.parent)), sockets=listen_at.parent)


def _others(sockets: Sockets) -> list[tuple[socket.socket, Speak[Application]]]:
    if sockets.p11_kit is None:
        return []
    from hsmith.gateway.p11kit.door import Door

    return [(sockets.p11_kit, Door)]


def _group(config: Config) -> int | None:
    import grp

    if not config.keeper_group:
        return None
    try:
        return grp.getgrnam(config.keeper_group).gr_gid
    except KeyError:
        raise Trouble(f"There is no group '{config.keeper_group}', which keeper.group names.") from None


def settings(config: Config) -> Settings:
    return Settings(
        attempts=config.pin_attempts,
        kdf_milliseconds=config.pin_kdf_milliseconds,
        grace_seconds=float(config.keeper_grace_seconds),
        profile=Profile(config.token_profile),
        mechanisms=_mechanisms(config.slots_mechanisms),
        removable=config.slots_removable,
        audit_records=config.audit_records,
    )


def _mechanisms(text: str) -> frozenset[int] | None:
    """slots.mechanisms, in the form that SoftHSM has for it."""
    names = text.strip().removeprefix("-").replace(" ", "").split(",")
    if text.strip() == "ALL":
        return None
    known = {f"CKM_{mechanism.name}": int(mechanism) for mechanism in Mechanism}
    for name in names:
        if name not in known:
            near = get_close_matches(name, known, n=1, cutoff=0.5)
            hint = f"; did you mean '{near[0]}'?" if near else ""
            raise Trouble(f"slots.mechanisms in the configuration names '{name}', which is no mechanism{hint}")
    named = frozenset(known[name] for name in names)
    return frozenset(known.values()) - named if text.strip().startswith("-") else named


def _raise_descriptor_limit() -> int:
    """Get as many descriptors as may be had: one for each connection. Returns their number."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return soft if soft != resource.RLIM_INFINITY else sys.maxsize
