"""One client cannot take what all share, nor make the others wait."""

import contextlib
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from harness import PIN
from hsmith.core.turns import Turns
from hsmith.cryptoki import application
from hsmith.cryptoki.application import Application
from hsmith.cryptoki.memory import Memory
from hsmith.spec.constants import Attr, Fault, Mechanism, ObjectClass
from hsmith.spec.faults import Refused
from hsmith.wire import applications
from hsmith.wire.applications import Applications, Identity, TooMany
from hsmith.wire.frames import NEW_APPLICATION
from hsmith.wire.peer import Peer
from p11 import P11, P256, P11Error


class _Opened:
    repeated: ClassVar[dict[bytes, Any]] = {}
    memory = Memory(application.MEMORY)

    def close(self) -> None:
        pass


def test_a_process_has_its_share_of_connections_and_applications(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(applications, "MAX_APPLICATIONS", 3)
    opened: Applications[_Opened] = Applications(lambda pid, uid, program: _Opened(), most=5)
    one, other = (Identity(Peer(pid, 1000, 1000), pid) for pid in (10, 11))
    tokens = [joined[0] for _ in range(3) if (joined := opened.join(NEW_APPLICATION, one))]
    with pytest.raises(TooMany, match="applications"):
        opened.join(NEW_APPLICATION, one)
    assert opened.join(tokens[0], one)
    assert opened.join(tokens[0], one)
    with pytest.raises(TooMany, match="connections"):
        opened.join(tokens[0], one)
    assert opened.join(NEW_APPLICATION, other)
    for token in (tokens[0], tokens[0], tokens[0]):
        opened.leave(token)
    assert opened.join(NEW_APPLICATION, one)


def test_session_objects_are_bounded_in_size(p11: P11) -> None:
    slot = p11.init_token("limits", pin=PIN)
    big = bytes(8 << 20)
    with p11.open(slot) as session:
        made = 0
        try:
            while made < 100:
                session.create({Attr.CLASS: ObjectClass.DATA, Attr.VALUE: big})
                made += 1
        except P11Error as error:
            assert error.rv == Fault.DEVICE_MEMORY
        assert made == application.MEMORY // (len(big) + 200) - 1  # the last frame is in memory, too
    with p11.open(slot) as session:  # what was freed may be taken again
        session.create({Attr.CLASS: ObjectClass.DATA, Attr.VALUE: big})


def test_what_is_dropped_is_given_back() -> None:
    app = Application.__new__(Application)
    app.objects, app.memory = {}, Memory(application.MEMORY)
    app._charge(100, objects=1)
    with pytest.raises(Refused) as refused:
        app._charge(application.MEMORY, objects=1)
    assert refused.value.fault == Fault.DEVICE_MEMORY
    app._charge(-100)
    assert app.memory.taken == 0


def test_turns_go_round_the_clients() -> None:
    turns, order = Turns(1), []
    gate = threading.Event()

    def work(client: str) -> None:
        with turns.one(client):
            gate.wait()
            order.append(client)

    threads = []
    for client in ("greedy", "greedy", "greedy", "greedy", "modest"):
        threads.append(threading.Thread(target=work, args=(client,)))
        threads[-1].start()
        time.sleep(0.02)
    gate.set()
    for thread in threads:
        thread.join()
    assert order.index("modest") <= 2
    assert sorted(order) == ["greedy"] * 4 + ["modest"]
    with turns.one("again"):
        pass


#: A client that makes RSA keys in several threads until it is killed.
GENERATE = """
import sys, threading
sys.path[:0] = [{tests!r}]
from p11 import P11
from hsmith.spec.constants import Attr, Mechanism
p = P11({module!r})
p.initialize()
def run():
    with p.open({slot}) as session:
        while True:
            session.generate_pair(Mechanism.RSA_PKCS_KEY_PAIR_GEN, {{Attr.MODULUS_BITS: 4096}}, {{Attr.PRIVATE: False}})
for _ in range(4):
    threading.Thread(target=run).start()
print("runs", flush=True)
"""


@contextlib.contextmanager
def generating(p11: P11, slot: int) -> Iterator[None]:
    script = GENERATE.format(tests=str(Path(__file__).parent.parent), module=p11.path, slot=slot)
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    try:
        yield
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_slow_key_generation_delays_no_fast_signature(p11: P11) -> None:
    """Compared with the same machine without it, which may be busy with other things; its figures are in
    docs/threat-model.md."""
    slot = p11.init_token("limits", pin=PIN)
    with p11.open(slot) as session:
        session.login(PIN)
        _, private = session.generate_pair(Mechanism.EC_KEY_PAIR_GEN, {Attr.EC_PARAMS: P256}, {Attr.SIGN: True})

        def latencies() -> list[float]:
            """The median and the 95th percentile of many signatures, in seconds."""
            times = []
            for _ in range(300):
                began = time.perf_counter()
                session.sign(private, Mechanism.ECDSA, bytes(32))
                times.append(time.perf_counter() - began)
                time.sleep(0.005)
            return [statistics.median(times), statistics.quantiles(times, n=20)[-1]]

        before = latencies()
        with generating(p11, slot):
            during = latencies()
    for one, other, few in zip(during, before, (0.005, 0.03), strict=True):
        assert one < other + few
