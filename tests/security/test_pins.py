"""Guessing PINs, through the module: it is counted, whatever call it comes by, and it delays nobody else."""

import os
import signal
import statistics
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from harness import BIN, PIN, SO_PIN, keepers_of, run
from hsmith.spec.constants import Attr, Fault, KeyType, Mechanism, ObjectClass, TokenFlag, UserType
from p11 import P11, P256, P11Error, Session, c_mechanism, refused

WRONG = "wrong pin"
LOW, FINAL, LOCKED = TokenFlag.USER_PIN_COUNT_LOW, TokenFlag.USER_PIN_FINAL_TRY, TokenFlag.USER_PIN_LOCKED
SO_LOW, SO_FINAL, SO_LOCKED = TokenFlag.SO_PIN_COUNT_LOW, TokenFlag.SO_PIN_FINAL_TRY, TokenFlag.SO_PIN_LOCKED

#: Another process that tries a PIN once.
GUESS = """
import sys
sys.path[:0] = [{tests!r}]
from p11 import P11, P11Error
p = P11({module!r})
p.initialize()
with p.open({slot}) as session:
    try:
        session.login({pin!r})
    except P11Error as error:
        print(error.rv)
"""


@pytest.fixture
def slot(p11: P11) -> int:
    return p11.init_token("pins", so_pin=SO_PIN, pin=PIN)


def flags(p11: P11, slot: int) -> TokenFlag:
    """Those of the user PIN."""
    return TokenFlag(p11.token_info(slot).flags) & (LOW | FINAL | LOCKED)


def so_flags(p11: P11, slot: int) -> TokenFlag:
    return TokenFlag(p11.token_info(slot).flags) & (SO_LOW | SO_FINAL | SO_LOCKED)


def kill_keeper(p11: P11, home: Path) -> None:
    """As a failing machine does; the module starts another one."""
    for pid in keepers_of(home):
        os.kill(pid, signal.SIGKILL)
    p11.rv("C_Finalize", None)
    while keepers_of(home):
        time.sleep(0.01)
    p11.initialize()


def by_login(p11: P11, slot: int) -> None:
    with p11.open(slot) as session:
        session.login(WRONG)


def by_set_pin(p11: P11, slot: int) -> None:
    with p11.open(slot) as session:
        session.call("C_SetPIN", WRONG, len(WRONG), "new pin", 7)


def by_another_process(p11: P11, slot: int) -> None:
    script = GUESS.format(tests=str(Path(__file__).parent.parent), module=p11.path, slot=slot, pin=WRONG)
    raise P11Error("C_Login", int(run(sys.executable, "-c", script)))


def test_ten_wrong_user_pins_lock_by_any_call_process_and_restart(p11: P11, home: Path, slot: int) -> None:
    ways: list[Callable[[P11, int], None]] = [by_login, by_set_pin, by_another_process]
    for failures in range(10):
        with refused(Fault.PIN_INCORRECT):
            ways[failures % len(ways)](p11, slot)
        if failures in (2, 6):
            kill_keeper(p11, home)
        wanted = LOW | FINAL if failures == 8 else LOW | LOCKED if failures == 9 else LOW
        assert flags(p11, slot) == wanted
    for way in ways:
        with refused(Fault.PIN_LOCKED):
            way(p11, slot)
    kill_keeper(p11, home)
    with p11.open(slot) as session:
        with refused(Fault.PIN_LOCKED):
            session.login(PIN)
        session.login(SO_PIN, UserType.SO)  # the SO unlocks
        session.call("C_InitPIN", "another", 7)
        session.logout()
        session.login("another")
    assert flags(p11, slot) == TokenFlag(0)


def test_the_so_unlocks_by_command(p11: P11, slot: int) -> None:
    for _ in range(10):
        with refused(Fault.PIN_INCORRECT):
            by_login(p11, slot)
    assert "not locked" in run(BIN / "hsmith", "token", "unlock", "--so-pin", SO_PIN, "--pin", "other")
    with p11.open(slot) as session:
        session.login("other")


def test_ten_wrong_so_pins_lock_by_login_and_init_token(p11: P11, home: Path, slot: int) -> None:
    for failures in range(10):
        with refused(Fault.PIN_INCORRECT):
            if failures % 2:
                p11.call("C_InitToken", slot, WRONG, len(WRONG), b"again".ljust(32))
            else:
                with p11.open(slot) as session:
                    session.login(WRONG, UserType.SO)
        if failures == 4:
            kill_keeper(p11, home)
        wanted = SO_LOW | SO_FINAL if failures == 8 else SO_LOW | SO_LOCKED if failures == 9 else SO_LOW
        assert so_flags(p11, slot) == wanted
    with refused(Fault.PIN_LOCKED):
        p11.call("C_InitToken", slot, SO_PIN, len(SO_PIN), b"again".ljust(32))
    with p11.open(slot) as session:
        with refused(Fault.PIN_LOCKED):
            session.login(SO_PIN, UserType.SO)
        session.login(PIN)  # the user is not locked by it


def test_the_right_pin_forgets_wrong_ones(p11: P11, slot: int) -> None:
    for _ in range(3):
        for _ in range(9):
            with refused(Fault.PIN_INCORRECT):
                by_login(p11, slot)
        with p11.open(slot) as session:
            session.login(PIN)
        assert flags(p11, slot) == TokenFlag(0)


def always_authenticated(session: Session) -> int:
    """The private key of a pair that wants the PIN for each use."""
    _, private = session.generate_pair(
        Mechanism.EC_KEY_PAIR_GEN,
        {Attr.EC_PARAMS: P256, Attr.VERIFY: True},
        {Attr.SIGN: True, Attr.PRIVATE: True, Attr.ALWAYS_AUTHENTICATE: True},
    )
    return private


def test_context_specific_logins_count_and_the_last_logs_out(p11: P11, slot: int) -> None:
    with p11.open(slot) as session:
        session.login(PIN)
        private = always_authenticated(session)
        for _ in range(9):
            session.call("C_SignInit", c_mechanism(Mechanism.ECDSA), private)
            with refused(Fault.PIN_INCORRECT):
                session.login(WRONG, UserType.CONTEXT_SPECIFIC)
            with refused(Fault.USER_NOT_LOGGED_IN):
                session.output("C_Sign", bytes(32), 32)
        session.call("C_SignInit", c_mechanism(Mechanism.ECDSA), private)
        with refused(Fault.PIN_LOCKED):
            session.login(WRONG, UserType.CONTEXT_SPECIFIC)
        with refused(Fault.USER_NOT_LOGGED_IN):
            session.logout()
        with refused(Fault.PIN_LOCKED):
            session.login(PIN)


def test_wrong_pins_from_many_threads_are_all_counted(p11: P11, slot: int) -> None:
    answers: list[int] = []

    def guess() -> None:
        with p11.open(slot) as session:
            answers.append(session.rv("C_Login", int(UserType.USER), WRONG, len(WRONG)))

    threads = [threading.Thread(target=guess) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers.count(Fault.PIN_INCORRECT) == 10
    assert answers.count(Fault.PIN_LOCKED) == 6


def test_many_right_logins_at_once_are_not_taken_for_guesses(module: Path, slot: int, p11: P11) -> None:
    script = GUESS.format(tests=str(Path(__file__).parent.parent), module=p11.path, slot=slot, pin=PIN)
    results: list[str] = []
    threads = [threading.Thread(target=lambda: results.append(run(sys.executable, "-c", script))) for _ in range(14)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [""] * 14


@pytest.fixture
def slow(home: Path) -> None:
    """A PIN takes long enough to be seen."""
    (home / "config.toml").write_text("[pin]\nkdf_milliseconds = 300\nattempts = 1000\n")


def seconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


@pytest.mark.usefixtures("slow")
def test_a_wrong_pin_takes_its_time_though_the_right_one_is_remembered(p11: P11) -> None:
    slot = p11.init_token("slow", so_pin=SO_PIN, pin=PIN)
    with p11.open(slot) as session:
        session.login(PIN)
        session.logout()

        def unknown() -> None:
            with refused(Fault.PIN_INCORRECT):
                name = b"nobody"
                session.call("C_LoginUser", int(UserType.USER), WRONG, len(WRONG), name, len(name))

        def wrong() -> None:
            with refused(Fault.PIN_INCORRECT):
                session.login(WRONG)

        times = [[seconds(call) for _ in range(5)] for call in (wrong, unknown)]
        warm = seconds(lambda: session.login(PIN))
    of_wrong, of_unknown = map(statistics.median, times)
    assert min(*times[0], *times[1]) > 0.1
    assert 0.5 < of_wrong / of_unknown < 2
    assert warm < of_wrong / 4


@pytest.mark.usefixtures("slow")
def test_guesses_delay_no_other_client(p11: P11, module: Path) -> None:
    """Nor another thread of the guessing application, nor a login with the right PIN."""
    slot = p11.init_token("slow", so_pin=SO_PIN, pin=PIN)
    with p11.open(slot) as session:
        session.login(PIN)
        template = {Attr.SIGN: True, Attr.TOKEN: True}
        _, private = session.generate_pair(Mechanism.EC_KEY_PAIR_GEN, {Attr.EC_PARAMS: P256}, template)
        script = GUESS.format(tests=str(Path(__file__).parent.parent), module=p11.path, slot=slot, pin=WRONG)
        guessing = threading.Thread(target=lambda: [run(sys.executable, "-c", script) for _ in range(4)])
        guessing.start()
        signing, warm = [], []
        while guessing.is_alive():
            signing.append(seconds(partial(session.sign, private, Mechanism.ECDSA, bytes(32))))
            session.logout()
            warm.append(seconds(lambda: session.login(PIN)))
            handles = session.find({Attr.CLASS: ObjectClass.PRIVATE_KEY, Attr.KEY_TYPE: KeyType.EC})
            private = handles[0]
        guessing.join()
    assert max(signing) < 0.1
    assert max(warm) < 0.1
