"""Applications: what one process of a client has open, and in which state it is logged in (PKCS#11 section 5.6)."""

import contextlib
import itertools
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from hsmith.core import builtin, templates, users
from hsmith.core.hsm import Hsm
from hsmith.core.objects import FIRST_SESSION_OBJECT, Object
from hsmith.core.policy.values import Record
from hsmith.core.token import SO, USER, Token
from hsmith.crypto.messages import Counters
from hsmith.cryptoki.forms import Forms
from hsmith.cryptoki.memory import COUNTER, SESSION, Charge, of_client
from hsmith.cryptoki.operations import Active
from hsmith.cryptoki.pending import Pending
from hsmith.cryptoki.searches import Searches
from hsmith.spec.constants import Fault, SessionFlag, SessionState, UserType
from hsmith.spec.faults import Refused
from hsmith.spec.functions import Operation

if TYPE_CHECKING:
    from hsmith.cryptoki.repeated import Repeated

#: A handle is the object's number, and above it, for a private token object, the login under which it was found:
#: after C_Logout such handles stay invalid, even when the user comes back (section "C_Logout").
HANDLE_BITS = 32
_NUMBER = (1 << HANDLE_BITS) - 1

#: Sessions that one application may have open, so that one client cannot exhaust the keeper.
MAX_SESSIONS = 16384

#: Session objects of one application, for the same reason.
MAX_OBJECTS = 65536
#: What a client process may make the keeper keep, where the configuration does not say it, in bytes.
MEMORY = 256 << 20

#: Session handles start anywhere, so that those of an earlier keeper mean nothing to this one.
_session_numbers = itertools.count(secrets.randbelow(1 << 30) + 1)
_object_numbers = itertools.count(FIRST_SESSION_OBJECT)

_KEYSLOT = {UserType.SO: SO, UserType.USER: USER}


class Login:
    """What an application is to one token; all its sessions with the token share it."""

    def __init__(self) -> None:
        self.user: UserType | None = None
        self.keyslot = ""
        self.generation = 0
        self.sessions: dict[int, Session] = {}
        #: Held while somebody logs in: the application's own lock is not, as a PIN takes long to check.
        self.changing = threading.Lock()


class Session:
    """One session. ``lock`` is held for the whole of each call that names it."""

    __slots__ = (
        "app", "asynchronous", "forms", "handle", "iv_counters", "lock", "login", "objects", "operations", "pending",
        "rw", "searches", "standing", "token", "weight",
    )  # fmt: skip

    def __init__(self, app: "Application", token: Token, login: Login, *, rw: bool, asynchronous: bool = False) -> None:
        self.handle = next(_session_numbers)
        self.app = app
        self.token = token
        self.login = login
        self.rw = rw
        self.asynchronous = asynchronous
        self.lock = threading.RLock()
        self.operations: dict[Operation, Active] = {}
        self.objects: dict[int, Object] = {}
        self.iv_counters = Counters()
        self.pending: dict[str, Pending] = {}
        #: Pairs that native code answers.
        self.standing: list[Repeated] = []
        self.searches = Searches()
        self.forms = Forms()
        self.weight = Charge(app.memory, SESSION)

    def weigh(self) -> None:
        """Count what it keeps by itself. Refused(DEVICE_MEMORY)."""
        size = SESSION + COUNTER * len(self.iv_counters)
        if size != self.weight.size:
            self.weight.resize(size)

    def begin(self, operation: Operation, active: Active) -> None:
        """Native code knows nothing of operations: it answers none of this session any more."""
        self.operations[operation] = active
        if self.standing:
            with self.app.holding():
                for pair in self.standing:
                    pair.fall()
                self.standing.clear()

    @property
    def logged_in(self) -> bool:
        """Whether the user is: private objects may be seen, used and made."""
        return self.login.user == UserType.USER

    @property
    def is_so(self) -> bool:
        return self.login.user == UserType.SO

    @property
    def state(self) -> SessionState:
        if self.is_so:
            return SessionState.RW_SO_FUNCTIONS
        if self.logged_in:
            return SessionState.RW_USER_FUNCTIONS if self.rw else SessionState.RO_USER_FUNCTIONS
        return SessionState.RW_PUBLIC_SESSION if self.rw else SessionState.RO_PUBLIC_SESSION

    @property
    def flags(self) -> SessionFlag:
        flags = SessionFlag.SERIAL_SESSION
        flags |= SessionFlag.RW_SESSION if self.rw else SessionFlag(0)
        return flags | (SessionFlag.ASYNC_SESSION if self.asynchronous else SessionFlag(0))

    def object(self, handle: int, fault: Fault = Fault.OBJECT_HANDLE_INVALID) -> Object:
        """The object behind a handle, if this session may see it; else Refused(``fault``)."""
        number = handle & _NUMBER
        generation = handle >> HANDLE_BITS
        found: Object | None
        if generation and (generation != self.login.generation or not self.logged_in):
            found = None
        elif number >= FIRST_SESSION_OBJECT:
            found = self.app.session_object(number, self.token)
        elif number >= builtin.FIRST:
            found = builtin.OBJECTS.get(number)
        else:
            found = self._token_object(number)
        if found is None or (found.private and not (self.logged_in and (generation or not found.on_token))):
            raise Refused(fault, f"there is no object with handle {handle}")
        return found

    def key(self, handle: int) -> Object:
        return self.object(handle, Fault.KEY_HANDLE_INVALID)

    def handle_of(self, number: int, *, private: bool) -> int:
        """The handle by which this application knows a token object."""
        return number | self.login.generation << HANDLE_BITS if private else number

    def handle_for(self, object: Object) -> int:
        return self.handle_of(object.id, private=object.private and object.on_token)

    def _token_object(self, number: int) -> Object | None:
        try:
            return self.token.shelf.get(number)
        except Refused as refused:
            if refused.fault == Fault.USER_NOT_LOGGED_IN:
                return None
            raise


class Application:
    """One process of a client, whatever its number of connections. Thread-safe."""

    def __init__(self, hsm: Hsm, *, pid: int = 0, uid: int = 0, program: str = "", memory: int = MEMORY) -> None:
        self.hsm = hsm
        self.pid = pid
        self.uid = uid
        self.program = program
        #: Whose work it does: applications of one process take turns with others as one.
        self.client = (uid, pid)
        self.memory = of_client(self.client if pid else object(), memory)
        self.closed = False
        #: The last function that was refused, and why: functions of the standard answer with a number alone.
        self.refused: tuple[str, Fault, str] | None = None
        self.sessions: dict[int, Session] = {}
        self.objects: dict[int, Object] = {}
        #: Pairs of functions that came as one, by how they came: hsmith.cryptoki.repeated.
        self.repeated: dict[bytes, Repeated] = {}
        #: Searches of its sessions that native code may answer.
        self.searching: set[Searches] = set()
        #: Forms of its sessions by which native code makes objects.
        self.forming: set[Forms] = set()
        self._events_seen = hsm.events_so_far()
        self._events: dict[int, None] = {}  # slots whose event flag is set, oldest first
        self._logins: dict[int, Login] = {}
        self._lock = threading.RLock()

    def remember_refusal(self, function: str, refused: Refused) -> None:
        """Its words alone: the exception holds all that its call had at hand."""
        self.refused = (function, refused.fault, refused.reason)

    def close(self) -> None:
        """The process ended or finalised: nothing of it stays."""
        self.closed = True
        with self._lock:
            for session in list(self.sessions.values()):
                self.close_session(session)

    # -- pairs of functions

    def forget_pairs(self) -> None:
        """From now on each is asked anew."""
        with self._lock:
            for pair in list(self.repeated.values()):
                pair.fall()
            self.repeated.clear()
            self._forget_searches()
            for forms in self.forming:
                forms.fall()
            self.forming.clear()

    def _forget_searches(self) -> None:
        for searches in self.searching:
            searches.again()
        self.searching.clear()

    @contextlib.contextmanager
    def holding(self) -> Iterator[None]:
        """Nobody logs in or out, and no session ends meanwhile."""
        with self._lock:
            yield

    # -- sessions

    def open_session(self, slot: int, flags: int) -> Session:
        token = self.token_in(slot)
        rw = bool(flags & SessionFlag.RW_SESSION)
        with self._lock:
            login = self._logins.setdefault(token.id, Login())
            if login.user == UserType.SO and not rw:
                raise Refused(Fault.SESSION_READ_WRITE_SO_EXISTS, "the SO is logged in: sessions must be read/write")
            if len(self.sessions) >= MAX_SESSIONS:
                raise Refused(Fault.SESSION_COUNT, f"an application has at most {MAX_SESSIONS} sessions")
            session = Session(self, token, login, rw=rw, asynchronous=bool(flags & SessionFlag.ASYNC_SESSION))
            login.sessions[session.handle] = session
            self.sessions[session.handle] = session
            token.count_sessions(1)
        return session

    def session(self, handle: int) -> Session:
        session = self.sessions.get(handle)
        if session is None:
            raise Refused(Fault.SESSION_HANDLE_INVALID, f"there is no session with handle {handle}")
        return session

    def close_session(self, session: Session) -> None:
        with self._lock:
            if self.sessions.pop(session.handle, None) is None:
                return
            session.login.sessions.pop(session.handle)
            session.token.count_sessions(-1)
            self.forget_pairs()
            _stop(session)
            for number in list(session.objects):
                self.drop_object(session.objects[number])
            if not session.login.sessions:
                self._end_login(session.token, session.login)

    def close_all(self, slot: int) -> None:
        token = self.hsm.token(slot)
        with self._lock:
            for session in [session for session in self.sessions.values() if session.token is token]:
                self.close_session(session)

    def token_in(self, slot: int) -> Token:
        token = self.hsm.token(slot)
        if token is None:
            raise Refused(Fault.TOKEN_NOT_RECOGNIZED, f"the token in slot {slot} is not initialised yet")
        return token

    def session_count(self, token: Token) -> tuple[int, int]:
        """(sessions, read/write sessions) of this application with a token."""
        login = self._logins.get(token.id)
        sessions = list(login.sessions.values()) if login else []
        return len(sessions), sum(session.rw for session in sessions)

    # -- login (section "C_Login", "C_Logout")

    def log_in(self, session: Session, user: UserType, pin: bytes, name: str = "") -> None:
        """``name``: of a named user, who is a CKU_USER with a PIN of his own."""
        login = session.login
        keyslot = users.keyslot(name) if name else _KEYSLOT[user]
        with login.changing:
            if name and login.user is not None and login.keyslot != keyslot:
                session.token.verify(keyslot, pin)  # first: who there is, only he learns who knows the PIN
            self._may_log_in(session, user, keyslot)
            session.token.login(keyslot, pin)  # takes long, and the application goes on meanwhile
            with self._lock:
                try:
                    self._may_log_in(session, user, keyslot)
                except Refused:
                    session.token.logout()
                    raise
                login.user = user
                login.keyslot = keyslot
                login.generation += 1
                self.forget_pairs()

    def _may_log_in(self, session: Session, user: UserType, keyslot: str) -> None:
        login = session.login
        if session.handle not in self.sessions:
            raise Refused(Fault.SESSION_CLOSED)
        if login.keyslot == keyslot:
            raise Refused(Fault.USER_ALREADY_LOGGED_IN)
        if user == UserType.SO and not all(other.rw for other in list(login.sessions.values())):
            raise Refused(Fault.SESSION_READ_ONLY_EXISTS, "close the read-only sessions before the SO logs in")
        if login.user is not None:
            raise Refused(Fault.USER_ANOTHER_ALREADY_LOGGED_IN)

    def log_out(self, session: Session) -> None:
        with self._lock:
            if session.login.user is None:
                raise Refused(Fault.USER_NOT_LOGGED_IN)
            self._end_login(session.token, session.login)

    def _end_login(self, token: Token, login: Login) -> None:
        if login.user is None:
            return
        login.user, login.keyslot = None, ""
        self.forget_pairs()
        for session in login.sessions.values():
            _stop(session)
            for object in [o for o in session.objects.values() if o.private]:
                self.drop_object(object)
        token.logout()

    def next_event(self, timeout: float) -> int | None:
        """A slot whose event flag was set, now cleared; waits up to ``timeout`` seconds for one."""
        if not self._events:
            slots = self.hsm.wait_event(self._events_seen, timeout)
            self._events_seen += len(slots)
            self._events.update(dict.fromkeys(slots))
        if not self._events:
            return None
        slot = next(iter(self._events))
        del self._events[slot]
        return slot

    # -- session objects

    def add_object(self, session: Session, attributes: dict[int, object], record: Record | None = None) -> Object:
        """``record``: what is remembered of the key's value."""
        object = Object(next(_object_numbers), attributes, owner=session)
        object.record = record
        with self._lock:
            if session.handle not in self.sessions:
                raise Refused(Fault.SESSION_CLOSED)
            self._charge(templates.size(attributes), objects=1)
            self._forget_searches()
            session.objects[object.id] = self.objects[object.id] = object
        return object

    def session_object(self, number: int, token: Token) -> Object | None:
        object = self.objects.get(number)
        return object if object is not None and self._owner(object).token is token else None

    def change_object(self, object: Object, changed: Callable[[Mapping[int, Any]], Mapping[int, Any]]) -> Object:
        """Replace an object's attributes by ``changed(attributes)``; computed again when another change came first."""
        while True:
            attributes = dict(changed(object.attributes))
            new = Object(object.id, attributes, version=object.version + 1, owner=object.owner)
            new.record = object.record
            with self._lock:
                present = self.objects.get(object.id)
                if present is object:
                    self._charge(templates.size(attributes) - templates.size(object.attributes))
                    object.retire()
                    self._owner(object).objects[object.id] = self.objects[object.id] = new
                    return new
            if present is None:
                raise Refused(Fault.OBJECT_HANDLE_INVALID, "the object was destroyed meanwhile")
            object = present

    def drop_object(self, object: Object) -> None:
        with self._lock:
            object.retire()
            dropped = self.objects.pop(object.id, None)
            if dropped is not None:
                self.memory.room(-templates.size(dropped.attributes))
                dropped.wipe()
            self._owner(object).objects.pop(object.id, None)

    def _charge(self, size: int, *, objects: int = 0) -> None:
        """Count session objects, of this many bytes more. Refused(DEVICE_MEMORY): too many, or too much."""
        if len(self.objects) + objects > MAX_OBJECTS:
            raise Refused(Fault.DEVICE_MEMORY, f"an application has at most {MAX_OBJECTS} session objects")
        self.memory.take(size)

    @staticmethod
    def _owner(object: Object) -> Session:
        assert isinstance(object.owner, Session)
        return object.owner


def _stop(session: Session) -> None:
    """Nothing of the session goes on but calls whose ID was fetched (sections "C_CloseSession", "C_AsyncGetID")."""
    session.operations.clear()
    for pending in list(session.pending.values()):
        pending.left_by(session)
    session.pending.clear()
