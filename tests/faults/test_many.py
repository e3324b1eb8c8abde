"""Many programs at once, and programs that behave badly: everybody else is served, and nothing is left of them."""

import contextlib
import os
import resource
import signal
import socket
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from faults.rig import LONG, Child, Rig, Say, many, together
from harness import PIN, keepers_of
from hsmith.keeper.assembly import MOMENT
from hsmith.spec.constants import Attr, Fault, KeyType, Mechanism, ObjectClass
from hsmith.wire.client import Client
from p11 import P11, P256, Session
from p11_values import P11Error, c_mechanism

pytestmark = [pytest.mark.slow, pytest.mark.timeout(0)]

PROCESSES, THREADS = 8, 8
DATA = b"sixteen bytes..."


def _user(rig: Rig) -> tuple[P11, Session]:
    p11 = P11(rig.module)
    p11.initialize()
    session = p11.open(p11.find_slot("many"))
    session.login(PIN)
    return p11, session


@pytest.fixture
def rig_with_token(rig: Rig) -> Rig:
    """Its token is made by a process of its own: this one, which is copied for the clients, has no module loaded."""

    def prepare(say: Say) -> None:
        p11 = P11(rig.module)
        p11.initialize()
        with p11.open(p11.init_token("many")) as session:
            session.login(PIN)
            session.generate_pair(
                Mechanism.EC_KEY_PAIR_GEN,
                {Attr.TOKEN: True, Attr.EC_PARAMS: P256},
                {Attr.TOKEN: True, Attr.LABEL: "key"},
            )

    assert together(1, lambda number, say: prepare(say)) == [[]]
    return rig


def _secret(name: str) -> dict[int, object]:
    usage: dict[int, object] = {Attr.ENCRYPT: True, Attr.DECRYPT: True, Attr.TOKEN: True}
    return {Attr.LABEL: name, Attr.ID: b"made", Attr.VALUE_LEN: 16, **usage}


def test_eight_processes_of_eight_threads(rig_with_token: Rig) -> None:
    each = many(10, 200)

    def churn(p11: P11, name: str, kept: list[str], errors: list[str]) -> None:
        try:
            session = p11.open(p11.find_slot("many"))
            for number in range(each):
                label = f"{name}-{number}"
                key = session.generate(Mechanism.AES_KEY_GEN, _secret(label))
                assert session.find({Attr.LABEL: label}) == [key]
                sealed = session.encrypt(key, Mechanism.AES_ECB, DATA)
                assert session.decrypt(key, Mechanism.AES_ECB, sealed) == DATA
                if number % 2:
                    session.destroy(key)
                    assert session.find({Attr.LABEL: label}) == []
                else:
                    kept.append(label)
        except (P11Error, AssertionError) as error:
            errors.append(repr(error))

    def client(number: int, say: Say) -> None:
        p11, _ = _user(rig_with_token)
        kept: list[str] = []
        errors: list[str] = []
        names = [f"{number}.{thread}" for thread in range(THREADS)]
        threads = [threading.Thread(target=churn, args=(p11, name, kept, errors)) for name in names]
        start = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        say(start, time.monotonic(), errors)
        for label in kept:
            say(label)

    said = together(PROCESSES, client, seconds=600)
    assert [errors for (_, _, errors), *_ in said] == [[]] * PROCESSES
    kept = sorted(label for _, *labels in said for (label,) in labels)

    def look(number: int, say: Say) -> None:
        _, session = _user(rig_with_token)
        say(sorted(session.get(key, Attr.LABEL).decode() for key in session.find({Attr.ID: b"made"})))

    assert together(1, look) == [[[kept]]]
    changes = PROCESSES * THREADS * (each + each // 2)
    took = max(end for (_, end, _), *_ in said) - min(start for (start, _, _), *_ in said)
    each_second = f"{changes} object changes, {changes / took:.0f} a second"
    print(f"\n{PROCESSES} processes x {THREADS} threads: {each_second}, 0 errors")
    assert changes / took > 50


def test_sixty_four_log_in_at_once(rig_with_token: Rig) -> None:
    def client(number: int, say: Say) -> None:
        _, session = _user(rig_with_token)
        (key,) = session.find({Attr.LABEL: "key"})
        session.sign(key, Mechanism.ECDSA_SHA256, DATA)
        session.logout()
        say("done")

    start = time.monotonic()
    assert together(64, client) == [[["done"]]] * 64
    print(f"\n64 logins at once: {time.monotonic() - start:.1f} s for all, 0 errors")


def test_two_hundred_find_no_keeper(rig_with_token: Rig) -> None:
    rig_with_token.kill_keeper()

    def client(number: int, say: Say) -> None:
        p11 = P11(rig_with_token.module)
        p11.initialize()
        with p11.open(p11.find_slot("many")) as session:
            say(len(session.random(8)))

    start = time.monotonic()
    assert together(200, client) == [[[8]]] * 200
    print(f"\n200 programs without a keeper: {time.monotonic() - start:.1f} s for all, 0 errors")
    assert keepers_of(rig_with_token.home) == [rig_with_token.keeper()]


@contextlib.contextmanager
def _many_files() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_a_thousand_idle_connections_and_such_as_are_stuck(rig_with_token: Rig) -> None:
    path = rig_with_token.home / "keeper.sock"

    def client(number: int, say: Say) -> None:
        _, session = _user(rig_with_token)
        start = time.monotonic()
        (key,) = session.find({Attr.LABEL: "key"})
        session.sign(key, Mechanism.ECDSA_SHA256, DATA)
        say(time.monotonic() - start)

    with _many_files(), contextlib.ExitStack() as open_ones:
        token = open_ones.enter_context(Client(path)).token
        for _ in range(999):
            open_ones.enter_context(Client(path, token=token))
        for stuck in (b"", b"\x20", b"\x30\0\0\0\0\xff\0\0HSMITH"):
            for _ in range(10):
                other = open_ones.enter_context(socket.socket(socket.AF_UNIX))
                other.connect(str(path))
                other.sendall(stuck)
        ((took,),) = together(1, client)[0]
        print(f"\nwith 1,000 idle connections a search and a signature take {took * 1000:.1f} ms")
        assert took < 5
    rig_with_token.alone()
    assert together(1, client)


def test_programs_that_fork_or_end_without_a_word(rig_with_token: Rig) -> None:
    def forks(number: int, say: Say) -> None:
        _, session = _user(rig_with_token)
        (key,) = session.find({Attr.LABEL: "key"})
        session.call("C_SignInit", *_ecdsa(), key)

        def child(say: Say) -> None:
            assert session.rv("C_SignUpdate", DATA, len(DATA)) == Fault.CRYPTOKI_NOT_INITIALIZED
            again = P11(rig_with_token.module)
            again.initialize()
            with again.open(again.find_slot("many")) as own:
                own.login(PIN)
                own.sign(own.find({Attr.LABEL: "key"})[0], Mechanism.ECDSA_SHA256, DATA)
            say("child")

        assert together(3, lambda number, say: child(say)) == [[["child"]]] * 3
        session.call("C_SignUpdate", DATA, len(DATA))
        assert len(session.output("C_SignFinal")) == 64
        say("parent")
        # No C_Finalize: the process just ends, with a session and a login.

    assert together(8, forks) == [[["parent"]]] * 8
    rig_with_token.alone()
    with Client(rig_with_token.home / "keeper.sock") as client:
        (token,) = client.admin("tokens")["tokens"]
    assert token["sessions"] == 0


def _ecdsa() -> tuple[object, ...]:
    return (c_mechanism(Mechanism.ECDSA_SHA256),)


def test_a_keeper_that_is_stopped_for_a_while(rig_with_token: Rig) -> None:
    seconds = 10 if LONG else 3

    def client(number: int, say: Say) -> None:
        _, session = _user(rig_with_token)
        (key,) = session.find({Attr.LABEL: "key"})
        say("ready")
        longest, end = 0.0, time.monotonic() + seconds + 2
        while time.monotonic() < end:
            start = time.monotonic()
            session.sign(key, Mechanism.ECDSA_SHA256, DATA)
            longest = max(longest, time.monotonic() - start)
        say(longest)

    children = [Child(lambda say: client(0, say)) for _ in range(4)]
    assert [child.hear() for child in children] == [["ready"]] * 4
    os.kill(rig_with_token.keeper(), signal.SIGSTOP)
    time.sleep(seconds)
    os.kill(rig_with_token.keeper(), signal.SIGCONT)
    waits = [child.hear() for child in children]
    assert all(wait and seconds - 1 < wait[0] < seconds + 5 for wait in waits), waits
    assert [child.end() for child in children] == [0] * 4


def test_what_one_changes_all_see_at_their_next_call(rig_with_token: Rig) -> None:
    go_out, go_in = os.pipe()

    def other(say: Say) -> None:
        """Does a step for each byte."""
        _, session = _user(rig_with_token)
        say("ready")
        os.read(go_out, 1)
        (key,) = session.find({Attr.LABEL: "shared"})
        value = session.encrypt(key, Mechanism.AES_ECB, DATA)
        say(value.hex(), session.get(key, Attr.LABEL).decode())
        os.read(go_out, 1)
        say(session.get(key, Attr.LABEL).decode(), len(session.find({Attr.LABEL: "shared"})))
        session.call("C_EncryptInit", c_mechanism(Mechanism.AES_ECB), key)
        session.output("C_EncryptUpdate", DATA, len(DATA))
        say("begun")
        os.read(go_out, 1)
        rv = session.rv("C_EncryptUpdate", DATA, len(DATA), bytes(64), _long(64))
        say(rv, session.rv("C_EncryptInit", c_mechanism(Mechanism.AES_ECB), key), len(session.find({Attr.ID: b"made"})))

    child = Child(other)
    assert child.hear() == ["ready"]
    _, session = _user(rig_with_token)
    value = {Attr.CLASS: ObjectClass.SECRET_KEY, Attr.KEY_TYPE: KeyType.AES, Attr.VALUE: bytes(16)}
    usage = {Attr.LABEL: "shared", Attr.ID: b"made", Attr.TOKEN: True, Attr.ENCRYPT: True}
    key = session.create(value | usage)
    os.write(go_in, b"1")
    assert child.hear() == [session.encrypt(key, Mechanism.AES_ECB, DATA).hex(), "shared"]
    session.set(key, {Attr.LABEL: "changed"})
    os.write(go_in, b"2")
    assert child.hear() == ["changed", 0]
    assert child.hear() == ["begun"]
    session.destroy(key)
    os.write(go_in, b"3")
    words = child.hear()
    assert words is not None
    assert words[0] in (Fault.KEY_HANDLE_INVALID, Fault.OPERATION_NOT_INITIALIZED), Fault(words[0])
    assert words[1:] == [Fault.KEY_HANDLE_INVALID, 0]
    assert child.end() == 0


def _long(value: int) -> object:
    import ctypes

    return ctypes.c_ulong(value)


def _resident(pid: int) -> int:
    """Bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize()


def _kinds(session: Session, number: int) -> int:
    """One of everything; how many operations that were."""
    (key,) = session.find({Attr.LABEL: "key", Attr.CLASS: ObjectClass.PRIVATE_KEY})
    name = f"{number}"
    made = session.generate(Mechanism.AES_KEY_GEN, _secret(name) | {Attr.ID: _own(), Attr.TOKEN: number % 8 == 0})
    session.set(made, {Attr.LABEL: name + "!"})
    copy = session.copy(made, {Attr.LABEL: name + "c"})
    session.decrypt(copy, Mechanism.AES_ECB, session.encrypt(made, Mechanism.AES_ECB, DATA))
    value = {Attr.CLASS: ObjectClass.SECRET_KEY, Attr.KEY_TYPE: KeyType.AES, Attr.VALUE: os.urandom(16)}
    created = session.create(value | {Attr.TOKEN: False})
    public, private = session.generate_pair(Mechanism.EC_KEY_PAIR_GEN, {Attr.EC_PARAMS: P256}, {})
    session.sign(private, Mechanism.ECDSA_SHA256, [DATA, DATA])
    session.sign(key, Mechanism.ECDSA_SHA256, DATA)
    session.digest(Mechanism.SHA256, DATA)
    session.find({Attr.LABEL: name + "!"})
    session.get(made, [Attr.LABEL, Attr.ID])
    session.random(32)
    session.rv("C_Sign", DATA, 16, None, _long(0))  # refused
    session.call("C_EncryptInit", c_mechanism(Mechanism.AES_ECB), made)  # left unfinished
    with session.p11.open(session.p11.find_slot("many")) as another:
        another.rv("C_Login", 1, PIN, len(PIN))  # refused: it is logged in already
    for handle in (made, copy, created, public)[number % 2 :]:
        session.destroy(handle)
    session.logout()  # which destroys the private session objects that are left
    session.login(PIN)
    return 36


def _own() -> bytes:
    return str(os.getpid()).encode()


def _program(rig: Rig, *, operations: int, seed: int) -> None:
    """What a program does in its life; some end without a word."""
    done = 0
    while done < operations:
        p11, session = _user(rig)
        for number in range(12):
            done += _kinds(session, seed + done + number)
        for handle in session.find({Attr.ID: _own()}):
            session.destroy(handle)
        if done < operations or seed % 2:
            p11.finalize()


def test_nothing_leaks(rig_with_token: Rig) -> None:
    """The keeper's memory after each of several rounds of programs that come, work and go."""
    operations, rounds = (1_000_000, 50) if LONG else (8_000, 4)
    sizes = []
    while rig_with_token.status()["uptime"] < 3 * MOMENT:  # until it has loaded what its start does not wait for
        time.sleep(0.1)
    for number in range(rounds):
        work = partial(_program, rig_with_token, operations=operations // rounds // 4)
        together(4, lambda child, say, seed=4 * number, work=work: work(seed=10**7 * (seed + child)), seconds=9000)  # type: ignore[misc]
        rig_with_token.alone()
        sizes.append(_resident(rig_with_token.keeper()))
    warm = rounds // 4
    growth = (sizes[-1] - sizes[warm]) / sizes[warm]
    print(f"\n{operations} operations: {sizes[warm] >> 20} MiB when warm, {sizes[-1] >> 20} MiB after ({growth:+.1%})")
    print("MiB after each round:", *(f"{size / 2**20:.1f}" for size in sizes))
    assert growth < 0.05
