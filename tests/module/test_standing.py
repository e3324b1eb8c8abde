"""Many clients whose calls native code answers, while others come and go: each result is right, each call counted."""

import ctypes as C
import json
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from harness import BIN, PIN, stop_keepers
from hsmith.spec.constants import Attr, KeyType, Mechanism, ObjectClass
from p11 import P11, P256, Session
from p11_values import c_gcm, c_mechanism

VALUE = bytes(range(32))
THREADS, ROUNDS = 6, 400
#: A client that comes, signs and goes, again and again. Its arguments: the tests' folder, the module, how often.
GUEST = """
import ctypes as C, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from hsmith.spec.constants import Attr, Mechanism, ObjectClass
from p11 import P11
from p11_values import c_mechanism
for _ in range(int(sys.argv[3])):
    p11 = P11(Path(sys.argv[2]))
    p11.initialize()
    (slot,) = p11.slots()[:1]
    session = p11.open(slot)
    session.login("1234")
    (key,) = session.find({Attr.CLASS: ObjectClass.PRIVATE_KEY})
    for _ in range(60):
        session.call("C_SignInit", c_mechanism(Mechanism.ECDSA), key)
        session.call("C_Sign", bytes(32), 32, C.create_string_buffer(64), C.c_ulong(64))
    p11.finalize()
"""


def sealed(session: Session, key: int, iv: bytes, data: bytes) -> bytes:
    session.call("C_EncryptInit", c_gcm(iv), key)
    room, length = C.create_string_buffer(len(data) + 16), C.c_ulong(len(data) + 16)
    session.call("C_Encrypt", data, len(data), room, length)
    return room.raw[: length.value]


def test_threads_of_one_process_and_guests_of_others(p11: P11, module: Path, home: Path) -> None:
    slot = p11.init_token("test")
    session = p11.open(slot)
    session.login(PIN)
    public, private = session.generate_pair(
        Mechanism.EC_KEY_PAIR_GEN, {Attr.EC_PARAMS: P256, Attr.VERIFY: True, Attr.TOKEN: True},
        {Attr.SIGN: True, Attr.TOKEN: True},
    )  # fmt: skip
    key = session.create(
        {Attr.CLASS: ObjectClass.SECRET_KEY, Attr.KEY_TYPE: KeyType.AES, Attr.VALUE: VALUE, Attr.ENCRYPT: True}
    )
    library = AESGCM(VALUE)
    wrong: list[str] = []
    calls = [0] * THREADS

    def work(at: int) -> None:
        own = p11.open(slot)
        for turn in range(ROUNDS):
            if turn // 50 % 2:  # in turns of fifty: what comes again and again is what native code gets
                iv, data = bytes([at, turn % 256]) * 6, bytes([turn % 256]) * (turn * 37 % 9000)
                if sealed(own, key, iv, data) != library.encrypt(iv, data, None):
                    wrong.append(f"thread {at}, turn {turn}")
            else:
                room = C.create_string_buffer(64)
                own.call("C_SignInit", c_mechanism(Mechanism.ECDSA), private)
                own.call("C_Sign", bytes([turn % 256]) * 32, 32, room, C.c_ulong(64))
                calls[at] += 1
                if turn % 50 == 49:
                    own.call("C_VerifyInit", c_mechanism(Mechanism.ECDSA), public)
                    own.call("C_Verify", bytes([turn % 256]) * 32, 32, room.raw, 64)
        own.close()

    guests = [
        subprocess.Popen([sys.executable, "-c", GUEST, str(Path(__file__).parent.parent), str(module), "6"])
        for _ in range(2)
    ]
    threads = [threading.Thread(target=work, args=(at,)) for at in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [guest.wait(60) for guest in guests] == [0, 0]
    assert not wrong
    stats = json.loads(subprocess.run([BIN / "hsmith", "keeper", "stats", "--json"], capture_output=True).stdout)
    signed = sum(one["calls"] for one in stats["functions"] if one["function"] == "C_Sign")
    assert signed == sum(calls) + 2 * 6 * 60
    assert stats["native"] > signed / 2


def answered(home: Path) -> int:
    """Calls that native code has answered."""
    command = [str(BIN / "hsmith"), "keeper", "stats", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return int(json.loads(done.stdout)["native"])


def test_searches_after_a_start(p11: P11, module: Path, home: Path) -> None:
    """What was stored before is found by native code, a moment after the keeper has started; and what comes later."""
    session = p11.open(p11.init_token("test"))
    session.login(PIN)
    names = [f"name {n}".encode() for n in range(300)]

    def make(session: Session, name: bytes) -> None:
        session.create({Attr.CLASS: ObjectClass.DATA, Attr.TOKEN: True, Attr.PRIVATE: True, Attr.LABEL: name})

    for name in names:
        make(session, name)
    p11.finalize()
    stop_keepers(home)
    p11.initialize()
    session = p11.open(p11.slots()[0])
    session.login(PIN)
    due = time.monotonic() + 60
    while time.monotonic() < due:
        before = answered(home)
        assert all(len(session.find({Attr.CLASS: ObjectClass.DATA, Attr.LABEL: name})) == 1 for name in names)
        if answered(home) >= before + len(names):
            break
        time.sleep(0.1)
    else:
        pytest.fail("in a minute native code did not answer the searches")
    for at in range(20):
        make(session, b"late %d" % at)
        assert len(session.find({Attr.LABEL: b"late %d" % at})) == 1
    session.logout()
    assert not session.find({Attr.LABEL: b"late 1"})
