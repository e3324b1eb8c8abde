"""Sessions, logins, objects and operations against a small model of the standard, in random order.

The model knows only what chapter 5 promises: who may log in when, what a session sees, which operation is active.
"""

import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule

from cryptoki.calling import PIN, SO_PIN, Caller, attributes, make_token
from hsmith.core.durable import Settings
from hsmith.core.hsm import Hsm
from hsmith.spec.constants import Fault, Mechanism, SessionState, UserType
from hsmith.spec.faults import Refused
from hsmith.spec.values import MechanismArg

STATES = {
    (None, False): SessionState.RO_PUBLIC_SESSION,
    (None, True): SessionState.RW_PUBLIC_SESSION,
    (UserType.USER, False): SessionState.RO_USER_FUNCTIONS,
    (UserType.USER, True): SessionState.RW_USER_FUNCTIONS,
    (UserType.SO, True): SessionState.RW_SO_FUNCTIONS,
}
CBC = MechanismArg(Mechanism.AES_CBC, bytes(16))


@dataclass
class App:
    """What the model holds of one application."""

    caller: Caller
    user: UserType | None = None
    sessions: dict[int, bool] = field(default_factory=dict)
    encrypting: set[int] = field(default_factory=set)
    own: dict[bytes, tuple[int, bool]] = field(default_factory=dict)  # session objects: label -> (session, private)

    def drop(self, session: int) -> None:
        del self.sessions[session]
        self.encrypting.discard(session)
        self.own = {label: made for label, made in self.own.items() if made[0] != session}
        if not self.sessions:
            self.user = None

    def log_out(self) -> None:
        self.user = None
        self.encrypting.clear()
        self.own = {label: made for label, made in self.own.items() if not made[1]}


class Standard(RuleBasedStateMachine):
    """Two applications at one token."""

    sessions = Bundle("sessions")
    keys = Bundle("keys")

    @initialize()
    def start(self) -> None:
        self.folder = tempfile.mkdtemp()
        self.hsm = Hsm.opened(Path(self.folder) / "store", Settings(kdf_milliseconds=1))
        self.slot = make_token(self.hsm)
        self.apps = [App(Caller(self.hsm)), App(Caller(self.hsm))]
        self.lasting: dict[bytes, bool] = {}  # token objects: label -> private
        self.labels = 0

    def teardown(self) -> None:
        if hasattr(self, "hsm"):
            self.hsm.close()
            shutil.rmtree(self.folder)

    def expect(self, app: App, fault: Fault, name: str, *args: Any) -> Any:
        try:
            result = app.caller.call(name, *args)
        except Refused as refused:
            assert refused.fault == fault, (name, refused.fault, fault)
            return None
        assert fault == Fault.OK, (name, fault)
        return result

    # -- sessions and logins

    @rule(target=sessions, which=st.sampled_from((0, 1)), rw=st.booleans())
    def open(self, which: int, rw: bool) -> Any:
        app = self.apps[which]
        bad = app.user == UserType.SO and not rw
        fault = Fault.SESSION_READ_WRITE_SO_EXISTS if bad else Fault.OK
        session = self.expect(app, fault, "C_OpenSession", self.slot, 4 | rw << 1)
        if session is None:
            return multiple()
        app.sessions[session] = rw
        return which, session

    @rule(at=consumes(sessions))
    def close(self, at: tuple[int, int]) -> None:
        app, session = self.apps[at[0]], at[1]
        known = session in app.sessions
        self.expect(app, Fault.OK if known else Fault.SESSION_HANDLE_INVALID, "C_CloseSession", session)
        if known:
            app.drop(session)

    @rule(which=st.sampled_from((0, 1)))
    def close_all(self, which: int) -> None:
        app = self.apps[which]
        self.expect(app, Fault.OK, "C_CloseAllSessions", self.slot)
        for session in list(app.sessions):
            app.drop(session)

    @rule(at=sessions, user=st.sampled_from((UserType.SO, UserType.USER)), right=st.booleans())
    def log_in(self, at: tuple[int, int], user: UserType, right: bool) -> None:
        app, session = self.apps[at[0]], at[1]
        pin = (SO_PIN if user == UserType.SO else PIN) if right else b"wrong!"
        if session not in app.sessions:
            fault = Fault.SESSION_HANDLE_INVALID
        elif app.user == user:
            fault = Fault.USER_ALREADY_LOGGED_IN
        elif user == UserType.SO and not all(app.sessions.values()):
            fault = Fault.SESSION_READ_ONLY_EXISTS
        elif app.user is not None:
            fault = Fault.USER_ANOTHER_ALREADY_LOGGED_IN
        else:
            fault = Fault.OK if right else Fault.PIN_INCORRECT
        if fault == Fault.PIN_INCORRECT and self._one_try_left(user):
            return
        self.expect(app, fault, "C_Login", session, user, pin)
        if fault == Fault.OK:
            app.user = user

    def _one_try_left(self, user: UserType) -> bool:
        flags = self.apps[0].caller.call("C_GetTokenInfo", self.slot)[4]
        return bool(flags & (0x200000 if user == UserType.SO else 0x20000))

    @rule(at=sessions)
    def log_out(self, at: tuple[int, int]) -> None:
        app, session = self.apps[at[0]], at[1]
        if session not in app.sessions:
            fault = Fault.SESSION_HANDLE_INVALID
        else:
            fault = Fault.USER_NOT_LOGGED_IN if app.user is None else Fault.OK
        self.expect(app, fault, "C_Logout", session)
        if fault == Fault.OK:
            app.log_out()

    # -- objects

    @rule(target=keys, at=sessions, token=st.booleans(), private=st.booleans())
    def make(self, at: tuple[int, int], token: bool, private: bool) -> Any:
        app, session = self.apps[at[0]], at[1]
        self.labels += 1
        label = b"%d" % self.labels
        if session not in app.sessions:
            fault = Fault.SESSION_HANDLE_INVALID
        elif private and app.user != UserType.USER:
            fault = Fault.USER_NOT_LOGGED_IN
        else:
            fault = Fault.SESSION_READ_ONLY if token and not app.sessions[session] else Fault.OK
        template = attributes(VALUE_LEN=16, ENCRYPT=True, TOKEN=token, PRIVATE=private, LABEL=label)
        self.expect(app, fault, "C_GenerateKey", session, MechanismArg(Mechanism.AES_KEY_GEN), template)
        if fault != Fault.OK:
            return multiple()
        if token:
            self.lasting[label] = private
        else:
            app.own[label] = (session, private)
        return label

    def seen(self, app: App, label: bytes) -> bool:
        private = app.own[label][1] if label in app.own else self.lasting.get(label)
        return private is not None and (not private or app.user == UserType.USER)

    def look(self, app: App, session: int, label: bytes) -> int | None:
        self.expect(app, Fault.OK, "C_FindObjectsInit", session, attributes(LABEL=label))
        found = self.expect(app, Fault.OK, "C_FindObjects", session, 5)
        self.expect(app, Fault.OK, "C_FindObjectsFinal", session)
        assert len(found) == self.seen(app, label)
        return found[0] if found else None

    @rule(at=sessions, label=keys)
    def find(self, at: tuple[int, int], label: bytes) -> None:
        app, session = self.apps[at[0]], at[1]
        if session in app.sessions:
            self.look(app, session, label)

    @rule(at=sessions, label=keys)
    def destroy(self, at: tuple[int, int], label: bytes) -> None:
        app, session = self.apps[at[0]], at[1]
        handle = self.look(app, session, label) if session in app.sessions else None
        if handle is None:
            return
        fault = Fault.SESSION_READ_ONLY if label in self.lasting and not app.sessions[session] else Fault.OK
        self.expect(app, fault, "C_DestroyObject", session, handle)
        if fault == Fault.OK:
            self.lasting.pop(label, None)
            app.own.pop(label, None)

    # -- an operation

    @rule(at=sessions, label=keys)
    def begin(self, at: tuple[int, int], label: bytes) -> None:
        app, session = self.apps[at[0]], at[1]
        handle = self.look(app, session, label) if session in app.sessions else None
        if handle is None:
            return
        fault = Fault.OPERATION_ACTIVE if session in app.encrypting else Fault.OK
        self.expect(app, fault, "C_EncryptInit", session, CBC, handle)
        if fault == Fault.OK:
            app.encrypting.add(session)
            self.expect(app, Fault.BUFFER_TOO_SMALL, "C_EncryptUpdate", session, bytes(32), 31)

    @rule(at=sessions)
    def end(self, at: tuple[int, int]) -> None:
        app, session = self.apps[at[0]], at[1]
        if session not in app.sessions:
            return
        try:
            result = app.caller.call("C_Encrypt", session, bytes(16), 16)
        except Refused as refused:
            # The key may have been destroyed meanwhile; otherwise only an inactive operation is refused.
            fine = Fault.KEY_HANDLE_INVALID if session in app.encrypting else Fault.OPERATION_NOT_INITIALIZED
            assert refused.fault == fine
        else:
            assert session in app.encrypting and len(result) == 16
        app.encrypting.discard(session)

    @invariant()
    def states(self) -> None:
        for app in getattr(self, "apps", ()):
            for session, rw in app.sessions.items():
                assert app.caller.call("C_GetSessionInfo", session)[1] == STATES[app.user, rw]


TestStandard = Standard.TestCase
TestStandard.settings = settings(
    max_examples=25, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
