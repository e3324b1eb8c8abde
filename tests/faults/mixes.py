"""What clients do while they or their keeper are killed, and what must be there afterwards.

A mix is run by a client process: it first says what it finds, then works in several threads, and says of each change
what is to be before it asks, and that it is so when the keeper has answered. The ledger holds one against the other.
"""

import hashlib
import os
import random
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from faults.rig import Say
from hsmith.spec.constants import Attr, Fault, KeyType, Mechanism, ObjectClass, UserType
from p11 import P11, P256, Session
from p11_structs import text_of
from p11_values import P11Error

State = list[Any] | None
SO_PIN = "12345678"
BLOCK = b"sixteen bytes..."


@dataclass
class Ledger:
    """By name: what was acknowledged, and what was asked for and not answered."""

    done: dict[str, State] = field(default_factory=dict)
    begun: dict[str, State] = field(default_factory=dict)
    wrong: dict[str, int] = field(default_factory=dict)  # acknowledged wrong PINs since a right one was begun
    next: int = 0
    acknowledged: int = 0
    torn: int = 0  # begun, not acknowledged, and found wholly made
    kinds: set[str] = field(default_factory=set)

    def hear(self, event: str, *words: Any) -> None:
        if event == "begin":
            kind, name, state = words
            self.begun[name] = state
            self.kinds.add(kind)
        elif event == "done":
            (name,) = words
            self.done[name] = self.begun.pop(name)
            self.acknowledged += 1
        elif event == "wrong":
            self.wrong[words[0]] = self.wrong.get(words[0], 0) + 1
            self.acknowledged += 1
        elif event == "right":
            self.wrong[words[0]] = 0
        elif event == "number":
            self.next = max(self.next, words[0] + 1)
        else:
            assert event == "stopped", (event, words)

    def settle(self, found: dict[str, State]) -> None:
        """Hold what a client found against what was heard; what it found is the truth from here on."""
        for name in self.done.keys() | self.begun.keys() | found.keys():
            state = found.get(name)
            may_be = [self.done.get(name), *([self.begun[name]] if name in self.begun else [])]
            assert state in may_be, f"{name} is {state}; lost or torn: it should be one of {may_be}"
            self.torn += name in self.begun and state == self.begun[name]
            self.done[name] = state
        self.done = {name: state for name, state in self.done.items() if state is not None}
        self.begun.clear()


class Stopped(Exception):
    """The keeper is gone."""


class Mix:
    """One thread's share in a mix: names that no other thread uses."""

    threads = 3
    #: How long a client works until it or its keeper is killed, at most.
    seconds = 0.25
    #: Kills in a short run, and times that a point is passed before the kill there, at most.
    kills = 15
    passes = 25

    def __init__(self, p11: P11, ledger: Ledger, thread: int, say: Say) -> None:
        self.p11 = p11
        self.say = say
        self.thread = thread
        self.random = random.Random(os.urandom(8))
        self.state = {name: state for name, state in ledger.done.items() if name.startswith(f"{thread}-") and state}

    @classmethod
    def first(cls) -> dict[str, State]:
        """What is there in the beginning."""
        return {}

    @classmethod
    def prepare(cls, p11: P11) -> None:
        raise NotImplementedError

    @classmethod
    def observe(cls, p11: P11, ledger: Ledger) -> dict[str, State]:
        raise NotImplementedError

    def step(self) -> None:
        raise NotImplementedError

    def change(self, kind: str, name: str, state: State, work: Callable[[], object]) -> None:
        """Ask for what makes ``name`` to be ``state``."""
        self.say("begin", kind, name, state)
        work()
        self.say("done", name)
        if state is None:
            del self.state[name]
        else:
            self.state[name] = state


class Objects(Mix):
    """Keys made in every way, changed, copied and destroyed. The state of a name: [shape, label]."""

    def __init__(self, p11: P11, ledger: Ledger, thread: int, say: Say) -> None:
        super().__init__(p11, ledger, thread, say)
        self.session = p11.open(p11.find_slot("test"))
        self.next = ledger.next
        (self.kek,) = self.session.find({Attr.LABEL: "kek"})

    @classmethod
    def prepare(cls, p11: P11) -> None:
        with p11.open(p11.init_token("test")) as session:
            session.login("1234")
            wrapping = {Attr.WRAP: True, Attr.UNWRAP: True, Attr.LABEL: "kek", Attr.TOKEN: True}
            session.generate(Mechanism.AES_KEY_GEN, {Attr.VALUE_LEN: 32, **wrapping})

    @classmethod
    def observe(cls, p11: P11, ledger: Ledger) -> dict[str, State]:
        """What the token has, each key used."""
        session = p11.open(p11.find_slot("test"))
        session.login("1234")
        shapes: dict[str, dict[int, tuple[int, str]]] = {}
        for handle in session.find():
            kind, id, label = session.get(handle, [Attr.CLASS, Attr.ID, Attr.LABEL])
            if label != b"kek":
                shapes.setdefault(id.decode(), {})[kind] = handle, label.decode()
        return {name: cls._used(session, name, parts) for name, parts in shapes.items()}

    @staticmethod
    def _used(session: Session, name: str, parts: dict[int, tuple[int, str]]) -> State:
        if ObjectClass.SECRET_KEY in parts:
            assert len(parts) == 1
            handle, label = parts[ObjectClass.SECRET_KEY]
            sealed = session.encrypt(handle, Mechanism.AES_ECB, BLOCK)
            assert session.decrypt(handle, Mechanism.AES_ECB, sealed) == BLOCK
            if name.endswith("created"):
                assert sealed == _expected(name)
            return ["secret", label]
        assert ObjectClass.PRIVATE_KEY in parts, f"{name} is the orphan half of a key pair"
        private, label = parts[ObjectClass.PRIVATE_KEY]
        signature = session.sign(private, Mechanism.ECDSA_SHA256, BLOCK)
        if ObjectClass.PUBLIC_KEY not in parts:
            return ["half", label]
        session.verify(parts[ObjectClass.PUBLIC_KEY][0], Mechanism.ECDSA_SHA256, BLOCK, signature)
        return ["pair", label]

    def step(self) -> None:
        pick = self.random
        if not self.state or (len(self.state) < 12 and pick.random() < 0.5):
            pick.choice((self.create, self.generate, self.generate_pair, self.unwrap, self.copy))()
        else:
            name = pick.choice(list(self.state))
            pick.choice((self.set, self.destroy))(name)

    def _new(self, ending: str = "") -> str:
        name = f"{self.thread}-{self.next}{ending}"
        self.say("number", self.next)
        self.next += 1
        return name

    @staticmethod
    def _template(name: str) -> dict[int, Any]:
        return {Attr.TOKEN: True, Attr.ID: name.encode(), Attr.LABEL: "1"}

    def _secret(self, name: str) -> dict[int, Any]:
        return self._template(name) | {Attr.ENCRYPT: True, Attr.DECRYPT: True}

    def create(self) -> None:
        name = self._new("created")
        value = {Attr.CLASS: ObjectClass.SECRET_KEY, Attr.KEY_TYPE: KeyType.AES, Attr.VALUE: _value(name)}
        self.change("create", name, ["secret", "1"], lambda: self.session.create(self._secret(name) | value))

    def generate(self) -> None:
        name = self._new()
        template = self._secret(name) | {Attr.VALUE_LEN: 16}
        self.change("generate", name, ["secret", "1"], lambda: self.session.generate(Mechanism.AES_KEY_GEN, template))

    def generate_pair(self) -> None:
        name = self._new()
        public = self._template(name) | {Attr.EC_PARAMS: P256, Attr.VERIFY: True}
        private = self._template(name) | {Attr.SIGN: True}
        mechanism = Mechanism.EC_KEY_PAIR_GEN
        pair = ["pair", "1"]
        self.change("generate pair", name, pair, lambda: self.session.generate_pair(mechanism, public, private))

    def unwrap(self) -> None:
        name = self._new()
        extractable = {Attr.VALUE_LEN: 16, Attr.EXTRACTABLE: True, Attr.TOKEN: False}
        blob = self.session.wrap(
            self.kek, Mechanism.AES_KEY_WRAP, self.session.generate(Mechanism.AES_KEY_GEN, extractable)
        )
        template = self._secret(name) | {Attr.CLASS: ObjectClass.SECRET_KEY, Attr.KEY_TYPE: KeyType.AES}
        work = lambda: self.session.unwrap(self.kek, Mechanism.AES_KEY_WRAP, blob, template)  # noqa: E731
        self.change("unwrap", name, ["secret", "1"], work)

    def copy(self) -> None:
        secrets = [name for name, state in self.state.items() if state and state[0] == "secret"]
        if not secrets:
            return self.generate()
        source, name = self._handle(self.random.choice(secrets)), self._new()
        template = {Attr.ID: name.encode(), Attr.LABEL: "1"}
        return self.change("copy", name, ["secret", "1"], lambda: self.session.copy(source, template))

    def set(self, name: str) -> None:
        shape, label = self.state[name] or ("", "0")
        handle, new = self._handle(name), str(int(label) + 1)
        self.change("set attribute", name, [shape, new], lambda: self.session.set(handle, {Attr.LABEL: new}))

    def destroy(self, name: str) -> None:
        shape, label = self.state[name] or ("", "")
        if shape == "pair":
            (handle,) = self.session.find({Attr.ID: name.encode(), Attr.CLASS: ObjectClass.PUBLIC_KEY})
            self.change("destroy", name, ["half", label], lambda: self.session.destroy(handle))
        else:
            handle = self._handle(name)
            self.change("destroy", name, None, lambda: self.session.destroy(handle))

    def _handle(self, name: str) -> int:
        """The secret key, or the private key."""
        found = self.session.find({Attr.ID: name.encode()})
        if len(found) > 1:
            found = self.session.find({Attr.ID: name.encode(), Attr.CLASS: ObjectClass.PRIVATE_KEY})
        return found[0]


def _value(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()


def _expected(name: str) -> bytes:
    return Cipher(algorithms.AES(_value(name)), modes.ECB()).encryptor().update(BLOCK)


class Tokens(Mix):
    """Tokens initialised again, their PINs changed, right and wrong ones given. A state: [label, SO PIN, user PIN]."""

    #: Wrong PINs in a row, at most: fewer than lock a PIN, though each kill may add one.
    most_wrong = 3
    seconds = 1.5
    kills = 8
    passes = 6

    def __init__(self, p11: P11, ledger: Ledger, thread: int, say: Say) -> None:
        super().__init__(p11, ledger, thread, say)
        self.slot = thread
        self.name = f"{thread}-token"
        self.wrongs = 0

    @classmethod
    def prepare(cls, p11: P11) -> None:
        for slot in range(cls.threads):
            p11.init_token(cls._label(slot))

    @staticmethod
    def _label(slot: int) -> str:
        return str(1_000_000 * slot)

    @classmethod
    def first(cls) -> dict[str, State]:
        return {f"{slot}-token": [cls._label(slot), SO_PIN, "1234"] for slot in range(cls.threads)}

    @classmethod
    def observe(cls, p11: P11, ledger: Ledger) -> dict[str, State]:
        found: dict[str, State] = {}
        for slot in range(cls.threads):
            name = f"{slot}-token"
            candidates = [state for state in (ledger.done.get(name), ledger.begun.get(name)) if state]
            label = text_of(p11.token_info(slot).label)
            with p11.open(slot) as session:
                so = next(c[1] for c in candidates if cls._opens(session, c[1], UserType.SO))
                users = [c[2] for c in candidates if cls._opens(session, c[2], UserType.USER)]
            assert users, f"no PIN opens {name}: {candidates}, flags {p11.token_info(slot).flags:#x}"
            found[name] = [label, so, users[0]]
        return found

    @staticmethod
    def _opens(session: Session, pin: str | None, user: int) -> bool:
        """None: that there is no user PIN."""
        rv = session.rv("C_Login", user, pin or "none", len(pin or "none"))
        if rv == Fault.OK:
            session.logout()
        wanted = Fault.OK if pin else Fault.USER_PIN_NOT_INITIALIZED
        assert rv in (wanted, Fault.PIN_INCORRECT, Fault.USER_PIN_NOT_INITIALIZED, Fault.OK), Fault(rv)
        return rv == wanted

    def step(self) -> None:
        label, so_pin, pin = self.state[self.name] or ("", "", "")
        if pin is None:
            self.init_pin(label, so_pin)
        elif self.wrongs >= self.most_wrong:
            self.right(pin)
        else:
            choices = [self.wrong, self.wrong, self.set_pin, self.set_pin, self.set_so_pin, self.init_token]
            self.random.choice(choices)()

    def _new(self) -> str:
        return f"{self.random.randrange(10**8):08}"

    def init_token(self) -> None:
        label, so_pin, _ = self.state[self.name] or ("", "", "")
        new = str(int(label) + 1)
        padded = new.ljust(32).encode()
        state = [new, so_pin, None]
        work = lambda: self.p11.call("C_InitToken", self.slot, so_pin, len(so_pin), padded)  # noqa: E731
        self.say("right", self.name)
        self.change("C_InitToken", self.name, state, work)
        self.wrongs = 0

    def init_pin(self, label: str, so_pin: str) -> None:
        new = self._new()
        with self.p11.open(self.slot) as session:
            session.login(so_pin, UserType.SO)
            self.say("right", self.name)
            work = lambda: session.call("C_InitPIN", new, len(new))  # noqa: E731
            self.change("C_InitPIN", self.name, [label, so_pin, new], work)

    def set_pin(self) -> None:
        label, so_pin, pin = self.state[self.name] or ("", "", "")
        new = self._new()
        with self.p11.open(self.slot) as session:
            self.say("right", self.name)
            work = lambda: session.call("C_SetPIN", pin, len(pin), new, len(new))  # noqa: E731
            self.change("C_SetPIN", self.name, [label, so_pin, new], work)
        self.wrongs = 0

    def set_so_pin(self) -> None:
        label, so_pin, pin = self.state[self.name] or ("", "", "")
        new = self._new()
        with self.p11.open(self.slot) as session:
            session.login(so_pin, UserType.SO)
            work = lambda: session.call("C_SetPIN", so_pin, len(so_pin), new, len(new))  # noqa: E731
            self.change("C_SetPIN (SO)", self.name, [label, new, pin], work)

    def wrong(self) -> None:
        with self.p11.open(self.slot) as session:
            rv = session.rv("C_Login", UserType.USER, "wrong", 5)
            if rv != Fault.PIN_INCORRECT:
                raise P11Error("C_Login", rv)
        self.say("wrong", self.name)
        self.wrongs += 1

    def right(self, pin: str) -> None:
        with self.p11.open(self.slot) as session:
            self.say("right", self.name)
            session.login(pin)
        self.wrongs = 0


#: What a client gets when its keeper is gone.
GONE = {f"CKR_{fault.name}" for fault in (Fault.DEVICE_REMOVED, Fault.SESSION_HANDLE_INVALID, Fault.DEVICE_ERROR,
        Fault.TOKEN_NOT_PRESENT, Fault.CRYPTOKI_NOT_INITIALIZED, Fault.GENERAL_ERROR)}  # fmt: skip


def client(mix: type[Mix], module: Path, ledger: Ledger) -> Callable[[Say], None]:
    """The work of one client: say what is there, then change it until the keeper is gone."""

    def work(say: Say) -> None:
        p11 = P11(module)
        p11.initialize()
        found = mix.observe(p11, ledger)
        say("observed", found)
        ledger.settle(found)  # in this process's copy, from which it works on
        os.environ["HSMITH_AUTOSTART"] = "0"  # this client is not to outlive its keeper
        parts = list(_parts(mix, p11, ledger, say))
        say("ready")
        threads = [threading.Thread(target=_go_on, args=(part,)) for part in parts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    return work


def _parts(mix: type[Mix], p11: P11, ledger: Ledger, say: Say) -> Iterator[Mix]:
    for thread in range(mix.threads):
        yield mix(p11, ledger, thread, say)


def _go_on(part: Mix) -> None:
    try:
        while True:
            part.step()
    except P11Error as error:
        part.say("stopped", str(error))
