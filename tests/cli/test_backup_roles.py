"""What a key's value was used for goes with its token to another machine: no role can be had by moving."""

from pathlib import Path

import pytest

from cli.test_backup import Machine, _ok
from cli.test_backup import machine as machine  # a fixture
from hsmith.spec.constants import Attr, Fault, KeyType, Mechanism, ObjectClass
from p11 import P11, Session
from p11_structs import make
from p11_values import refused

USES = (Attr.ENCRYPT, Attr.DECRYPT, Attr.WRAP, Attr.UNWRAP, Attr.SIGN, Attr.VERIFY)
SECRET = {Attr.CLASS: ObjectClass.SECRET_KEY, Attr.KEY_TYPE: KeyType.AES, Attr.TOKEN: True, Attr.EXTRACTABLE: True}
BLOCK = b"sixteen bytes..."
FORBIDDEN = Fault.KEY_FUNCTION_NOT_PERMITTED


def _key(session: Session, label: str) -> int:
    every_use = dict.fromkeys(USES, True)
    template = {Attr.TOKEN: True, Attr.VALUE_LEN: 16, Attr.LABEL: label, Attr.EXTRACTABLE: True, Attr.SENSITIVE: True}
    return session.generate(Mechanism.AES_KEY_GEN, template | every_use)


class Program:
    """One that uses the token "a" where the environment says."""

    def __init__(self, module: Path) -> None:
        self.p11 = P11(module)

    def __enter__(self) -> Session:
        self.p11.initialize()
        session = self.p11.open(self.p11.find_slot("a"))
        session.login("1234")
        return session

    def __exit__(self, *exc: object) -> None:
        self.p11.finalize()


@pytest.fixture
def move(machine: Machine, tmp_path: Path) -> object:
    """Move the token from one machine to the next; the environment then is that of the next."""
    places = iter(range(100))
    last: list[int] = []

    def moving() -> None:
        if not last:
            last.append(next(places))
            _ok(machine("0")("token", "init", "--label", "a"))
            return
        here, there = last[0], next(places)
        _ok(machine(str(here))("backup", "create", str(tmp_path / str(here)), "--token", "a"))
        _ok(machine(str(there))("token", "init", "--label", "other"))  # so that its numbers differ
        _ok(machine(str(there))("backup", "restore", str(tmp_path / str(here))))
        last[0] = there

    return moving


def test_roles_move(move: object, module: Path) -> None:
    assert callable(move)
    move()
    with Program(module) as session:
        data, kek, gone, outer = (_key(session, label) for label in ("data", "kek", "gone", "outer"))
        session.encrypt(data, Mechanism.AES_ECB, BLOCK)
        blob = session.wrap(kek, Mechanism.AES_KEY_WRAP, data)
        # A key that wraps, is wrapped itself, and is destroyed: only its blob is left.
        session.wrap(gone, Mechanism.AES_KEY_WRAP, data)
        left = session.wrap(outer, Mechanism.AES_KEY_WRAP, gone)
        session.destroy(gone)
    for _ in range(2):  # to another machine, and from there to a third
        move()
        with Program(module) as session:
            data, kek, outer = (session.find({Attr.LABEL: label})[0] for label in ("data", "kek", "outer"))
            with refused(FORBIDDEN):
                session.wrap(data, Mechanism.AES_KEY_WRAP, kek)
            with refused(FORBIDDEN):
                session.decrypt(kek, Mechanism.AES_ECB, blob[:16])
            again = session.unwrap(
                outer, Mechanism.AES_KEY_WRAP, left, SECRET | dict.fromkeys(USES, True) | {Attr.LABEL: "again"}
            )
            with refused(FORBIDDEN):
                session.decrypt(again, Mechanism.AES_ECB, BLOCK)
            session.destroy(again)
            session.encrypt(data, Mechanism.AES_ECB, BLOCK)
            assert session.wrap(kek, Mechanism.AES_KEY_WRAP, data) == blob


def test_a_role_that_was_taken_after_the_move_moves_too(move: object, module: Path) -> None:
    assert callable(move)
    move()
    with Program(module) as session:
        _key(session, "key"), _key(session, "payload")
    move()
    with Program(module) as session:
        session.encrypt(session.find({Attr.LABEL: "key"})[0], Mechanism.AES_ECB, BLOCK)
    move()
    with Program(module) as session, refused(FORBIDDEN):
        (key,), (payload,) = session.find({Attr.LABEL: "key"}), session.find({Attr.LABEL: "payload"})
        session.wrap(key, Mechanism.AES_KEY_WRAP, payload)


def test_an_iv_that_served_does_not_serve_again(move: object, module: Path) -> None:
    assert callable(move)
    move()
    with Program(module) as session:
        kek, payload = _key(session, "kek"), _key(session, "payload")
        session.wrap(kek, (Mechanism.AES_GCM, _gcm()), payload)
    move()
    with Program(module) as session:
        (kek,), (payload,) = session.find({Attr.LABEL: "kek"}), session.find({Attr.LABEL: "payload"})
        with refused(Fault.MECHANISM_PARAM_INVALID):
            session.wrap(kek, (Mechanism.AES_GCM, _gcm()), payload)


def _gcm() -> object:
    return make("GCM_PARAMS", pIv=b"twelve bytes", ulIvLen=12, ulIvBits=96, ulTagBits=128)
