"""An Init that comes again with the call that does the work (docs/wire.md, "BOTH"), without asking everything again.

What C_*Init found is kept with the application; it holds as long as nothing that it rests on has changed, which is
looked up each time. Where it does not hold, or where the call is not the plain case, both functions run as ever.
"""

import dataclasses
import threading
from collections.abc import Callable
from typing import Any, Final, Protocol
from weakref import WeakSet

from hsmith.core.audit import CURRENT
from hsmith.core.objects import Object
from hsmith.core.tally import paired
from hsmith.crypto import standing
from hsmith.crypto.registry import ENGINES
from hsmith.cryptoki.application import Application, Session
from hsmith.cryptoki.handlers import BEGINNERS as BEGINNERS
from hsmith.cryptoki.handlers import HANDLERS
from hsmith.cryptoki.handlers import MAKERS as MAKERS
from hsmith.cryptoki.operations import Active, check_params
from hsmith.cryptoki.searches import searched as searched
from hsmith.spec.faults import Refused
from hsmith.spec.functions import BY_NAME, FIND, FUNCTIONS, Operation
from hsmith.spec.values import MechanismArg

#: How often a pair comes until native code gets it; each time it lost it to others, twice as often.
OFTEN: Final = 2
#: Kept for one application; more are not worth their memory.
MOST: Final = 1024


Results = tuple[bytes, ...]


def _signature(running: Any, data: bytes | None, capacity: int | None) -> Results | None:
    if capacity is None or capacity < running.size:
        return None
    return (running.once(data or b""),)


def _transformed(running: Any, data: bytes | None, capacity: int | None) -> Results | None:
    data = data or b""
    if capacity is None or capacity < running.once_size(len(data)):
        return None
    return (running.once(data),)


def _verified(running: Any, data: bytes | None, signature: bytes | None) -> Results:
    running.once(data or b"", signature or b"")
    return ()


#: The call that ends an operation: whose Init it follows, and what it does; its results, or None: it is to run as ever.
_ENDING: Final[dict[int, tuple[Operation, str, Callable[..., Results | None]]]] = {
    BY_NAME[name].number: (operation, init, run)
    for name, operation, init, run in (
        ("C_Encrypt", Operation.ENCRYPT, "C_EncryptInit", _transformed),
        ("C_Decrypt", Operation.DECRYPT, "C_DecryptInit", _transformed),
        ("C_Digest", Operation.DIGEST, "C_DigestInit", _signature),
        ("C_Sign", Operation.SIGN, "C_SignInit", _signature),
        ("C_Verify", Operation.VERIFY, "C_VerifyInit", _verified),
    )
}

#: The Init of each as the bytes of a BOTH begin.
_BEGINS: Final = {ending: BY_NAME[init].number.to_bytes(2, "little") for ending, (_, init, _) in _ENDING.items()}


class Place(Protocol):
    """Where pairs stand: hsmith.wire.standing."""

    def put(
        self, key: bytes, pair: memoryview, free: slice, *, work: Any, changes: int, kind: int, number: int
    ) -> int: ...

    def renew(self, key: bytes, changes: int) -> bool: ...

    def revoke(self, place: int) -> None: ...


class Repeated:
    """A pair of functions of one session."""

    __slots__ = (
        "__weakref__", "_arguments", "_call", "_came", "_due", "_end", "_free", "_generation", "_handle", "_init",
        "_key", "_login", "_method", "_operation", "_params", "_places", "_policy", "_remake", "_role", "_row",
        "_run", "_running", "_session", "_start", "_token", "_user", "_uses", "_work", "begins", "ends", "kind",
        "stands",
    )  # fmt: skip

    def __init__(self, session: Session, ending: int, active: Active, arguments: tuple[Any, ...], free: slice) -> None:
        """``active``: what the Init made; ``arguments``: what it was called with; ``free``: where these, as they come,
        may be others the next time."""
        self._operation, init, self._run = _ENDING[ending]
        self.begins, self.ends = BY_NAME[init], FUNCTIONS[ending]
        self._init, self._end = HANDLERS[self.begins.number], HANDLERS[ending]
        self._session, self._handle = session, session.handle
        self._arguments = arguments
        self._came = b""
        self._free = free
        self._remake: Remake | None = None
        assert active.arg is not None
        assert active.row is not None
        self._params, self._row = active.arg.params, active.row
        self._running: Any = None
        self.kind = paired(self.begins.number, self._row.mechanism)
        self._key, self._role = active.key, int(active.role)
        self._login, self._user, self._generation = session.login, session.login.user, session.login.generation
        self._token, self._policy = session.token, session.token.policy
        self._call = (session.app, init, session)
        self._start = _starter(active)
        #: Of native code: whether it has this, and once it came often enough, what it gets; where it has it already.
        self._method = "" if active.use is None else active.use.method
        self.stands = standing.offers(self._method, self._row.mechanism)
        self._uses, self._due = 0, OFTEN
        self._work: standing.Work | None = None
        self._places: list[tuple[Place, int]] = []

    def both(
        self,
        app: Application,
        init: memoryview | None,
        decode: Callable[..., tuple[Any, ...]],
        session: int,
        data: bytes | None,
        more: Any,
    ) -> tuple[Any, ...]:
        """``init``: the Init's arguments as they came, where the bytes of an initialisation vector may differ from
        those of the first time; ``decode(row, init)`` gives them. Then the other call's."""
        with self._session.lock:
            if self._holds(app, session) and (init is None or init == self._came or self._takes(init, decode)):
                CURRENT.call = self._call
                try:
                    running = self._running
                    if running is None:
                        running = self._start(self._params)
                        self._running = running if running.again else None
                    made = self._run(running, data, more)
                except Refused as refused:
                    app.remember_refusal(self.ends.name, refused)
                    raise
                if made is not None:
                    if self.stands:
                        self._used(data or b"", made[0])
                    return made
        self._init(app, *(self._arguments if init is None else decode(self.begins, init)))
        results: tuple[Any, ...] = self._end(app, session, data, more)
        return results

    def _used(self, data: bytes, made: bytes) -> None:
        """Once it comes often, prepare for native code what this call did with ``data``."""
        self._uses += 1
        key = self._key
        if self._uses < self._due or key is None:
            return
        self._uses, self._due = 0, 2 * self._due
        if not self._varies_in_vector():
            self.stands = False
            return
        self._work = standing.prepare(
            self._method, self._row.mechanism, key.key(), key.attributes, params=self._params, data=data, made=made
        )
        self.stands = self._work is not None

    def _varies_in_vector(self) -> bool:
        """Whether what may differ from time to time is nothing, or the initialisation vector, all of it: a client may
        say so of any bytes, and native code believes it."""
        free = self._came[self._free]
        return not free or (self._remake is not None and free == getattr(self._params, "iv", None))

    def stand(self, app: Application, key: bytes, place: Place, pair: memoryview, free: slice, changes: int) -> bool:
        """Let native code answer it, by what was prepared. False: it holds no more. Nobody else changes what stands."""
        standing = self._session.standing
        if self not in standing:
            standing.append(self)  # before it is asked whether an operation runs: who begins one asks in this order too
        if not self._holds(app, self._handle):
            return False
        work = None if place.renew(key, changes) else self._work
        if work is not None:
            self._work = None
            at = place.put(key, pair, free, work=work, changes=changes, kind=self.kind, number=self.ends.number)
            if at >= 0:
                self._places.append((place, at))
                self._told_by(self._key)
        return True

    def _told_by(self, key: Object | None) -> None:
        """Nothing stays of a key that is destroyed or changed, and if it just was, nothing of it either."""
        if key is not None:
            key.standing = WeakSet() if key.standing is None else key.standing
            key.standing.add(self)
            if not key.alive:
                self.fall()

    def fall(self) -> None:
        """Native code answers it no more, and has nothing of its key."""
        places, self._places, self._work = self._places, [], None
        for place, at in places:
            place.revoke(at)

    def _holds(self, app: Application, handle: int) -> bool:
        """What ends with a session or a login is not asked: then the application forgets all of these."""
        session, key = self._session, self._key
        return (
            handle == self._handle
            and app.sessions.get(handle) is session
            and (not session.operations or self._operation not in session.operations)
            and (key is None or (key.alive and not self._role & ~key.granted))
            and self._login.user == self._user
            and self._login.generation == self._generation
            and self._token.policy is self._policy
            and not self._token.audits_uses
        )

    def _takes(self, init: memoryview, decode: Callable[..., tuple[Any, ...]]) -> bool:
        """Whether only the parameter is another, and of the same kind: an initialisation vector is used once."""
        if self._remake is not None:
            self._params = self._remake(bytes(init[self._free]))
        else:
            arguments = decode(self.begins, init)
            arg, before = arguments[1], self._arguments[1]
            if type(arg) is not MechanismArg or arg.mechanism != before.mechanism:
                return False
            if arguments[0] != self._handle or arguments[2:] != self._arguments[2:]:
                return False
            check_params(self._row, arg.params)
            self._params = arg.params
            self._remake = _remake(lambda init: decode(self.begins, init)[1].params, init, self._free)
        self._came = bytes(init)
        self._running = None
        return True


#: A parameter from its initialisation vector.
Remake = Callable[[bytes], Any]


def _remake(decoded: Callable[[memoryview], Any], init: memoryview, free: slice) -> Remake | None:
    """How to make the parameter without decoding all of it: when the ``free`` bytes of ``init`` are one of its fields
    and nothing else, which is tried with other bytes. None: it must be decoded each time."""
    params, now = decoded(init), bytes(init[free])
    plain = type(params) is bytes
    names = [] if plain or not dataclasses.is_dataclass(params) else [one.name for one in dataclasses.fields(params)]
    values = [params] if plain else [getattr(params, name) for name in names]
    if values.count(now) != 1:
        return None
    made: Any = bytes if plain else type(params)
    at = values.index(now)
    before, after = tuple(values[:at]), tuple(values[at + 1 :])
    changed, other = bytearray(init), bytes(byte ^ 0xFF for byte in now)
    changed[free] = other
    if decoded(memoryview(changed)) != made(*before, other, *after):
        return None
    return lambda iv: made(*before, iv, *after)


def _starter(active: Active) -> Callable[[Any], Any]:
    assert active.row is not None
    engine = ENGINES[active.row.mechanism]
    key, use = active.key, active.use
    if key is None or use is None:
        return engine.digest
    method = getattr(engine, use.method)
    return lambda params: method(key.key(), params)


def keep(app: Application, ending: int, key: bytes, arguments: tuple[Any, ...], free: slice) -> None:
    """After an Init of ``arguments`` was accepted, and before the call ``ending`` that follows it: the next time the
    two come as ``key`` says, they are one, whatever is in the ``free`` bytes of the arguments."""
    if ending not in _ENDING or key[:2] != _BEGINS[ending]:  # the Init of another operation has no part in it
        return
    session = app.sessions.get(arguments[0])
    if session is None or session.asynchronous or session.token.audits_uses:
        return
    active = session.operations.get(_ENDING[ending][0])
    if active is None or not active.authenticated or active.started or active.row is None or active.arg is None:
        return
    if active.row.counted:
        return
    if len(app.repeated) >= MOST:
        app.forget_pairs()
    app.repeated[key] = Repeated(session, ending, active, arguments, free)


def stand(app: Application, key: bytes, place: Place, pair: memoryview, free: slice, changes: int) -> None:
    """Let native code answer the pair that is kept as ``key``, if it still holds when so much has changed."""
    with app.holding():
        kept = app.repeated.get(key)
        if kept is not None and not kept.stand(app, key, place, pair, free, changes):
            kept.fall()
            del app.repeated[key]


#: Functions that wait for nothing but their session. What they really take is measured.
_AT_ONCE: Final = frozenset(
    row.number
    for row in (*FUNCTIONS, FIND)
    if row.operation in (Operation.FIND, *(operation for operation, _, _ in _ENDING.values()))
    or row.name in ("C_GetSessionInfo", "C_GetAttributeValue", "C_GenerateRandom")
)


def at_once(app: Application, number: int, handle: int) -> "threading.RLock | None":
    """The lock of the session, taken, when the function is one that waits for nobody, or begins so. None also when
    another thread is busy with the same session."""
    session = app.sessions.get(handle) if number in _AT_ONCE or number in BEGINNERS else None
    if session is None or session.asynchronous or not session.lock.acquire(blocking=False):
        return None
    return session.lock
