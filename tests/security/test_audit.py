"""The audit log: what is in it, that no part of it can be altered, and that nothing else than its fields is there."""

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from harness import BIN, PIN, SO_PIN, keepers_of, run
from hsmith.core.audit import FIELDS
from hsmith.spec.constants import Attr, Fault, KeyType, Mechanism, ObjectClass, UserType
from hsmith.wire.client import Client
from p11 import P11, P256, refused


@pytest.fixture
def slot(p11: P11) -> int:
    return p11.init_token("audited", so_pin=SO_PIN, pin=PIN)


def records(*options: str) -> list[dict[str, Any]]:
    with Client() as client:
        client.admin("audit.verify")  # writes what waits
    found: list[dict[str, Any]] = json.loads(run(BIN / "hsmith", "audit", "list", "--json", *options))
    return found


def events(*names: str) -> list[dict[str, Any]]:
    return [record for record in records() if record["event"] in names]


def used(level: str) -> None:
    run(BIN / "hsmith", "audit", "level", level, "--so-pin", SO_PIN)


def test_changes_and_logins_are_recorded_with_who_and_which_key(p11: P11, slot: int) -> None:
    with p11.open(slot) as session:
        with refused(Fault.PIN_INCORRECT):
            session.login("wrong")
        session.login(PIN)
        template = {Attr.TOKEN: True, Attr.SIGN: True}
        public, private = session.generate_pair(
            Mechanism.EC_KEY_PAIR_GEN, {Attr.EC_PARAMS: P256, Attr.TOKEN: True}, template
        )
        unique = [session.get(key, [Attr.UNIQUE_ID])[0].decode() for key in (public, private)]
        session.sign(private, Mechanism.ECDSA, bytes(32))
        session.destroy(private)
        session.logout()
    failed, logged_in = [record for record in events("C_Login") if "user" in record["what"][0]]
    assert (failed["result"], logged_in["result"]) == ("PIN_INCORRECT", "OK")
    (made,) = events("C_GenerateKeyPair")
    assert made["keys"] == unique
    assert (made["mechanism"], made["user"], made["result"]) == ("EC_KEY_PAIR_GEN", "user", "OK")
    assert (made["uid"], made["pid"]) == (os.getuid(), os.getpid())
    assert made["program"] in Path("/proc/self/comm").read_text()
    (destroyed,) = events("C_DestroyObject")
    assert destroyed["keys"] == unique[1:]
    assert not events("C_SignInit")
    assert [record["what"][-1].split(",")[0] for record in events("C_InitPIN")] == ["PIN of user set"]


def test_uses_are_recorded_where_the_token_wants_it(p11: P11, slot: int) -> None:
    used("use")
    with p11.open(slot) as session:
        session.login(PIN)
        _, private = session.generate_pair(Mechanism.EC_KEY_PAIR_GEN, {Attr.EC_PARAMS: P256}, {Attr.SIGN: True})
        for _ in range(3):
            session.sign(private, Mechanism.ECDSA, bytes(32))
        with refused(Fault.KEY_TYPE_INCONSISTENT):
            session.sign(private, Mechanism.RSA_PKCS, bytes(32))
        signed = [record for record in records() if record["event"].startswith("C_Sign")]
        assert [record["result"] for record in signed] == ["OK"] * 3 + ["KEY_TYPE_INCONSISTENT"]
        assert all(record["keys"] and record["user"] == "user" for record in signed)
        assert [record["mechanism"] for record in signed] == ["ECDSA"] * 3 + ["RSA_PKCS"]
        used("admin")
        session.sign(private, Mechanism.ECDSA, bytes(32))
    assert len([record for record in records() if record["event"].startswith("C_Sign")]) == 4


def test_records_have_their_fields_and_nothing_else(p11: P11, slot: int) -> None:
    secret = bytes(range(32, 64))
    with p11.open(slot) as session:
        session.login(PIN)
        session.create(
            {Attr.CLASS: ObjectClass.SECRET_KEY, Attr.KEY_TYPE: KeyType.AES, Attr.VALUE: secret, Attr.TOKEN: True}
            | {Attr.LABEL: "a label"}
        )
        session.call("C_SetPIN", PIN, len(PIN), "98765", 5)
    for record in records():
        assert record.keys() <= FIELDS - {"about", "changes"} | {"number", "what"}
        text = json.dumps(record)
        assert not any(word in text for word in (secret.hex(), "a label", SO_PIN, "98765", '"1234"'))


def test_a_change_and_its_record_are_one(p11: P11, home: Path, slot: int) -> None:
    """However the keeper is killed, each object that there is has a record, and each record an object."""
    with p11.open(slot) as session:
        session.login(PIN)
        for number in range(30):
            session.create({Attr.CLASS: ObjectClass.DATA, Attr.TOKEN: True, Attr.LABEL: f"object {number}"})
    for pid in keepers_of(home):
        os.kill(pid, signal.SIGKILL)
    time.sleep(0.2)
    made = events("C_CreateObject")
    database = apsw.Connection(str(home / "store" / "store.db"), flags=apsw.SQLITE_OPEN_READONLY)
    stored = [f"object {id} stored in version 1" for (id,) in database.execute("SELECT id FROM object ORDER BY id")]
    assert [record["what"][0] for record in made] == stored
    assert len(made) == 30


@pytest.fixture
def stopped(p11: P11, home: Path, slot: int) -> Iterator[apsw.Connection]:
    """The database of a keeper that has ended; who edits it must close it before another one begins."""
    for number in range(5):
        with p11.open(slot) as session:
            session.login(PIN)
            session.create({Attr.CLASS: ObjectClass.DATA, Attr.TOKEN: True, Attr.LABEL: f"object {number}"})
    assert "whole" in run(BIN / "hsmith", "audit", "verify")
    run(BIN / "hsmith", "keeper", "stop")
    while keepers_of(home):
        time.sleep(0.02)
    database = apsw.Connection(str(home / "store" / "store.db"))
    yield database
    database.close()


@pytest.mark.parametrize(
    ("edit", "wrong"),
    [
        ("UPDATE audit SET text = replace(text, 'OK', 'KO') WHERE number = 7", "record 7 was altered"),
        ("DELETE FROM audit WHERE number = 5", "record 5 is missing"),
        ("DELETE FROM audit WHERE number = 1", "record 1 is missing"),
        ("UPDATE audit SET chain = zeroblob(32) WHERE number = 3", "record 3 was altered"),
        ("UPDATE audit SET mac = zeroblob(16) WHERE number = 4", "record 4 was altered"),
    ],
)
def test_verify_names_the_first_wrong_record(stopped: apsw.Connection, edit: str, wrong: str) -> None:
    stopped.execute(edit)
    stopped.close()
    with Client() as client:
        assert client.admin("audit.verify")["wrong"] == wrong


def test_a_cut_end_is_missed(stopped: apsw.Connection) -> None:
    """Also when the keeper goes on behind it."""
    last = stopped.execute("SELECT max(number) FROM audit").get
    stopped.execute("DELETE FROM audit WHERE number > ?", (last - 3,))
    stopped.close()
    with Client() as client:
        assert client.admin("audit.verify")["wrong"] is not None


def test_an_export_is_verified_without_the_store(p11: P11, home: Path, slot: int, tmp_path: Path) -> None:
    path = tmp_path / "log"
    done = json.loads(run(BIN / "hsmith", "audit", "export", path, "--json"))
    key = done["public"]
    assert "whole" in run(BIN / "hsmith", "audit", "verify", path, "--key", key)
    lines = path.read_text().splitlines(keepends=True)
    assert len(lines) == done["records"]

    def wrong(content: list[str], public: str = key) -> str:
        path.write_text("".join(content))
        command = ["audit", "verify", str(path), "--key", public, "--json"]
        from hsmith.cli.main import main

        assert main(command) == 1
        return json.dumps(command)

    wrong([line.replace('"OK', '"KO').replace('\\"OK', '\\"KO') for line in lines])
    wrong(lines[:2] + lines[3:])
    wrong(lines[1:])
    wrong(lines, "00" * 32)
    forged = [json.loads(line) for line in lines]
    forged[1]["text"] = forged[1]["text"].replace("OK", "KO")
    from hsmith.store.audit import START, follow

    chain = START
    for number, record in enumerate(forged, start=1):  # the whole chain made anew, which needs no key
        chain = follow(chain, number, record["text"])
        record["chain"] = chain.hex()
    wrong([json.dumps(record) + "\n" for record in forged])


def test_locked_pins_are_recorded(p11: P11, slot: int) -> None:
    with p11.open(slot) as session:
        for _ in range(10):
            with refused(Fault.PIN_INCORRECT):
                session.login("wrong", UserType.USER)
        with refused(Fault.PIN_LOCKED):
            session.login(PIN)
    results = [record["result"] for record in events("C_Login") if "PIN of user" in record["what"][0]]
    assert results == ["PIN_INCORRECT"] * 10 + ["PIN_LOCKED"]
