"""What a program sees is the same whether the module answers some calls itself or asks the keeper each time.

Sequences of calls that a seed makes, over two tokens with three sessions each, run against a keeper as it is and
against one with ``keeper.fast = false``: return values, outputs and lengths are compared.
"""

import ctypes as C
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest

from harness import PIN, SO_PIN, stop_keepers
from hsmith.spec.constants import Attr, KeyType, Mechanism, ObjectClass, SessionFlag, UserType
from p11 import P11, Session, c_mechanism, c_template
from p11_values import c_gcm

SLOTS: Final = 2
SESSIONS: Final = 6
KEYS: Final = 4
ROOM: Final = 96

#: With one vector and with another: native code answers it when it comes often.
GCM: Final = c_gcm(b"1" * 12), c_gcm(b"2" * 12)
#: An operation: its Init's mechanisms, and the calls that follow; True: with an output.
MACS: Final = (Mechanism.SHA256_HMAC, Mechanism.SHA512_HMAC)
OPERATIONS: Final[dict[str, tuple[Any, ...]]] = {
    "Sign": MACS,
    "Verify": MACS,
    "Digest": (Mechanism.SHA256, Mechanism.SHA_1),
    "Encrypt": (Mechanism.AES_ECB, (Mechanism.AES_CBC_PAD, bytes(16)), (Mechanism.AES_CBC_PAD, b"v" * 16), *GCM),
    "Decrypt": (Mechanism.AES_ECB, (Mechanism.AES_CBC_PAD, bytes(16)), (Mechanism.AES_CBC_PAD, b"v" * 16), *GCM),
}
FLAGS: Final = {"Sign": 0x800, "Verify": 0x2000, "Digest": 0x400, "Encrypt": 0x100, "Decrypt": 0x200, "Find": 0x40}
DATA: Final = (b"", b"data", b"sixteen bytes...", bytes(80))

Step = tuple[Any, ...]


def steps(seed: int, count: int) -> list[Step]:
    """A sequence of calls; Inits come again often, as in a program."""
    chance = random.Random(seed)
    made: list[Step] = []
    habits = [(name, chance.randrange(len(OPERATIONS[name])), chance.randrange(KEYS)) for name in OPERATIONS]
    while len(made) < count:
        session = chance.randrange(SESSIONS)
        kind = chance.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        name, mechanism, key = chance.choice(habits)
        if chance.random() < 0.1:
            key = chance.randrange(KEYS)
        if kind == "warm":
            whole = [("init", session, name, mechanism, key), ("whole", session, name, 1, "enough")]
            made += whole * chance.choice((2, 6)) + whole[:1]
        elif kind == "init":
            made.append((kind, session, name, mechanism, key))
        elif kind in ("whole", "part", "final"):
            room = chance.choices(("enough", "ask", "short", "nowhere"), (6, 2, 2, 1))[0]
            made.append((kind, session, name, chance.randrange(len(DATA)), room))
        else:
            made.append((kind, session, chance.randrange(KEYS), chance.randrange(1 << 16)))
    return made


WEIGHTS: Final = {
    "warm": 12, "init": 10, "whole": 14, "part": 3, "final": 3, "stop": 1, "digest_key": 1, "state": 2, "again": 1,
    "both_parts": 1, "random": 1, "copy": 1,
    "search": 6, "found": 6, "found_all": 2, "cancel": 4, "logout": 3, "login": 4, "close": 1, "close_all": 1,
    "open": 3, "forbid": 2, "label": 1, "destroy": 2, "create": 3, "read": 2, "look": 2, "init_token": 1,
}  # fmt: skip
#: What searches are for; a search for an ID is one for one key.
SOUGHT: Final[tuple[dict[int, Any], ...]] = (
    {}, {Attr.CLASS: ObjectClass.SECRET_KEY}, {Attr.PRIVATE: True}, {Attr.ID: b"1"},
)  # fmt: skip


@dataclass
class World:
    """One keeper's side of a comparison."""

    p11: P11
    slots: list[int]
    sessions: list[Session] = field(default_factory=list)
    keys: dict[tuple[int, int], int] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)
    made: int = 0

    def slot(self, session: int) -> int:
        return session % SLOTS

    def key(self, session: int, key: int) -> int:
        return self.keys.get((self.slot(session), key), 0)

    # -- its beginning and its end

    def begin(self) -> None:
        self.sessions = [self.p11.open(self.slots[self.slot(at)]) for at in range(SESSIONS)]
        for at in range(SLOTS):
            self.sessions[at].login(PIN)
            for key in range(KEYS):
                self.create(at, key, 0)

    def end(self) -> None:
        for at in range(SLOTS):
            self.p11.call("C_CloseAllSessions", self.slots[at])
            with self.p11.open(self.slots[at]) as session:
                session.login(PIN)
                for handle in session.find({Attr.CLASS: ObjectClass.SECRET_KEY}):
                    session.destroy(handle)

    # -- steps: each gives what a program would see of it

    def run(self, step: Step) -> Any:
        return getattr(self, step[0])(*step[1:])

    def init(self, session: int, name: str, mechanism: int, key: int) -> int:
        key_handle = () if name == "Digest" else (self.key(session, key),)
        return self.sessions[session].rv(f"C_{name}Init", c_mechanism(OPERATIONS[name][mechanism]), *key_handle)

    def _given(self, session: int, function: str, arguments: tuple[Any, ...], room: str) -> Any:
        """Return value, length and output."""
        out = C.create_string_buffer(b"?" * ROOM, ROOM)
        length = C.c_ulong(5 if room == "short" else ROOM)
        buffer = {"enough": (out, length), "short": (out, length), "ask": (None, length), "nowhere": (None, None)}[room]
        rv = self.sessions[session].rv(function, *arguments, *buffer)
        return rv, length.value, out.raw

    def whole(self, session: int, name: str, data: int, room: str) -> Any:
        arguments = (DATA[data], len(DATA[data]))
        if name == "Verify":
            given = (b"s" * 32, 32) if room != "nowhere" else (None, 32)
            return self.sessions[session].rv("C_Verify", *arguments, *given)
        return self._given(session, f"C_{name}", arguments, room)

    def part(self, session: int, name: str, data: int, room: str) -> Any:
        arguments = (DATA[data], len(DATA[data]))
        if name in ("Encrypt", "Decrypt"):
            return self._given(session, f"C_{name}Update", arguments, room)
        return self.sessions[session].rv(f"C_{name}Update", *(arguments if room != "nowhere" else (None, 4)))

    def final(self, session: int, name: str, data: int, room: str) -> Any:
        if name == "Verify":
            return self.sessions[session].rv("C_VerifyFinal", b"s" * 32, 32)
        return self._given(session, f"C_{name}Final", (), room)

    def stop(self, session: int, key: int, number: int) -> int:
        name = list(OPERATIONS)[number % len(OPERATIONS)]
        key_handle = () if name == "Digest" else (self.key(session, key),)
        return self.sessions[session].rv(f"C_{name}Init", None, *key_handle)

    def search(self, session: int, key: int, number: int) -> int:
        array, count, _ = c_template(SOUGHT[number % len(SOUGHT)])
        return self.sessions[session].rv("C_FindObjectsInit", array, count)

    def found(self, session: int, key: int, number: int) -> Any:
        room, count = (C.c_ulong * 3)(), C.c_ulong(99)
        rv = self.sessions[session].rv("C_FindObjects", *((None, 3) if number % 7 == 0 else (room, number % 4)), count)
        return rv, count.value, [self.names.get(handle & 0xFFFFFFFF) for handle in room if handle]

    def found_all(self, session: int, key: int, number: int) -> int:
        return self.sessions[session].rv("C_FindObjectsFinal")

    def cancel(self, session: int, key: int, number: int) -> int:
        flags = [flag for at, flag in enumerate(FLAGS.values()) if number >> 2 * at & 3 == 0]
        return self.sessions[session].rv("C_SessionCancel", sum(flags))

    def logout(self, session: int, key: int, number: int) -> int:
        return self.sessions[session].rv("C_Logout")

    def login(self, session: int, key: int, number: int) -> int:
        others = {0: (UserType.CONTEXT_SPECIFIC, PIN), 1: (UserType.SO, SO_PIN)}
        user, pin = others.get(number % 8, (UserType.USER, PIN))
        return self.sessions[session].rv("C_Login", int(user), pin, len(pin))

    def close(self, session: int, key: int, number: int) -> int:
        return self.sessions[session].rv("C_CloseSession")

    def close_all(self, session: int, key: int, number: int) -> int:
        return self.p11.rv("C_CloseAllSessions", self.slots[self.slot(session)] if number % 8 else 4711)

    def open(self, session: int, key: int, number: int) -> int:
        handle = C.c_ulong()
        flags = SessionFlag.SERIAL_SESSION | (SessionFlag.RW_SESSION if number % 4 else 0)
        if self.look(session, key, number)[0] == 0:
            return 0
        rv = self.p11.rv("C_OpenSession", self.slots[self.slot(session)], int(flags), None, None, handle)
        self.sessions[session] = Session(self.p11, handle.value)
        return rv

    def create(self, session: int, key: int, number: int) -> int:
        """Some are the token's, some private."""
        old = self.keys.pop((self.slot(session), key), None)
        if old is not None:
            self.sessions[session].rv("C_DestroyObject", old)
        aes = key % 2
        uses: tuple[Attr, ...] = (Attr.ENCRYPT, Attr.DECRYPT) if aes else (Attr.SIGN, Attr.VERIFY)
        self.made += 1
        template = {
            Attr.CLASS: ObjectClass.SECRET_KEY, Attr.KEY_TYPE: KeyType.AES if aes else KeyType.GENERIC_SECRET,
            Attr.VALUE: bytes([self.made % 256, key]) * 16, Attr.ID: b"%d" % key, **dict.fromkeys(uses, True),
            Attr.TOKEN: number % 3 == 0, Attr.PRIVATE: number % 2 == 0, Attr.SENSITIVE: False, Attr.EXTRACTABLE: True,
        }  # fmt: skip
        array, count, _ = c_template(template)
        handle = C.c_ulong()
        rv = self.sessions[session].rv("C_CreateObject", array, count, handle)
        if rv == 0:
            self.keys[self.slot(session), key] = handle.value
            self.names[handle.value & 0xFFFFFFFF] = f"key {self.made}"
        return rv

    def destroy(self, session: int, key: int, number: int) -> int:
        return self.sessions[session].rv("C_DestroyObject", self.key(session, key))

    def _set(self, session: int, key: int, template: dict[int, Any]) -> int:
        array, count, _ = c_template(template)
        return self.sessions[session].rv("C_SetAttributeValue", self.key(session, key), array, count)

    def forbid(self, session: int, key: int, number: int) -> int:
        use = (Attr.ENCRYPT if number & 2 else Attr.DECRYPT) if key % 2 else Attr.SIGN if number & 2 else Attr.VERIFY
        return self._set(session, key, {use: bool(number & 12)})

    def label(self, session: int, key: int, number: int) -> int:
        return self._set(session, key, {Attr.LABEL: str(number)})

    def read(self, session: int, key: int, number: int) -> Any:
        return self.sessions[session].attributes(self.key(session, key), [Attr.LABEL, Attr.ID, Attr.VALUE])

    def look(self, session: int, key: int, number: int) -> Any:
        info = (C.c_ulong * 4)()
        rv = self.sessions[session].rv("C_GetSessionInfo", info)
        return rv, list(info)

    def init_token(self, session: int, key: int, number: int) -> int:
        if self.look(session, key, number)[0]:
            return 0  # it would succeed
        return self.p11.rv("C_InitToken", self.slots[self.slot(session)], "12345678", 8, b"other".ljust(32))

    def digest_key(self, session: int, key: int, number: int) -> int:
        return self.sessions[session].rv("C_DigestKey", self.key(session, key))

    def state(self, session: int, key: int, number: int) -> Any:
        """It is saved, and it may come back, perhaps in another session."""
        state, length = C.create_string_buffer(4096), C.c_ulong(4096)
        rv = self.sessions[session].rv("C_GetOperationState", state, length)
        if rv or number % 2:
            return rv, length.value
        to = self.sessions[(session + number % 3) % SESSIONS]
        keys = self.key(session, 1), self.key(session, 0)
        return rv, length.value, to.rv("C_SetOperationState", state, length.value, *keys)

    def both_parts(self, session: int, key: int, number: int) -> Any:
        room = "enough" if number % 4 else "short"
        return self._given(session, "C_DigestEncryptUpdate", (DATA[2], len(DATA[2])), room)

    def random(self, session: int, key: int, number: int) -> int:
        return self.sessions[session].rv("C_GenerateRandom", C.create_string_buffer(16), 16)

    def copy(self, session: int, key: int, number: int) -> int:
        return self.sessions[session].rv("C_CopyObject", self.key(session, key), None, 0, C.c_ulong())

    def again(self, session: int, key: int, number: int) -> int:
        return self.sessions[session].rv("C_GetFunctionStatus")


@pytest.fixture
def worlds(module: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Path, Path]]:
    """The homes of two keepers with two tokens each: the second answers every call itself."""
    plain = home / "p"
    plain.mkdir()
    (plain / "config.toml").write_text((home / "config.toml").read_text() + "[keeper]\nfast = false\n")
    yield home, plain
    stop_keepers(plain)


def observe(module: Path, home: Path, monkeypatch: pytest.MonkeyPatch, sequences: list[list[Step]]) -> list[list[Any]]:
    """What each step of each sequence gives."""
    monkeypatch.setenv("HSMITH_HOME", str(home))
    p11 = P11(module)
    p11.initialize()
    try:
        slots = [p11.init_token(f"token {at}") for at in range(SLOTS)]
        seen = []
        for sequence in sequences:
            world = World(p11, slots)
            world.begin()
            seen.append([world.run(step) for step in sequence])
            world.end()
        return seen
    finally:
        p11.finalize()


def test_both_ways_show_the_same(
    module: Path, worlds: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    sequences = [steps(seed, 120) for seed in range(request.config.getoption("--sequences"))]
    fast, plain = (observe(module, home, monkeypatch, sequences) for home in worlds)
    for seed, sequence in enumerate(sequences):
        for at in range(len(sequence)):
            before = sequence[max(0, at - 12) : at + 1]
            assert fast[seed][at] == plain[seed][at], f"seed {seed}, step {at}: {before}"
