"""The database back-end of SoftHSM 2, and SoftHSM 1: Debian builds neither, so these are made as their schemas say."""

import json
import sqlite3
import struct
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from harness import run
from hsmith.softhsm import databases, files
from hsmith.softhsm.stored import SO_PIN as SO_PIN_ATTRIBUTE
from hsmith.softhsm.stored import TOKEN_LABEL, TOKEN_SERIAL, USER_PIN, StoredToken
from hsmith.spec.constants import Attr, Fault, KeyType, Mechanism, ObjectClass, UserType
from p11 import P11, refused
from softhsm_store import MODULE, PIN, SO_PIN, Filler, softhsm, version_1

TABLES = ("text", "integer", "binary", "array", "boolean", "datetime", "real")


def imported(path: Path, *more: str) -> Any:
    given = ("--pin", PIN, "--so-pin", SO_PIN, "--json")
    return json.loads(run("hsmith", "import", "softhsm", path, *given, *more))


@pytest.fixture
def token(need: Callable[..., None]) -> Iterator[StoredToken]:
    need(MODULE)
    with tempfile.TemporaryDirectory(prefix="hs-softhsm-") as folder:
        with softhsm(Path(folder)) as p11, p11.open(p11.init_token("a token", pin=PIN, so_pin=SO_PIN)) as session:
            session.login(PIN)
            Filler(session).fill(10)
        yield files.read_token(next(Path(folder, "tokens").iterdir()))


def database(path: Path, token: StoredToken) -> None:
    """What SoftHSM with objectstore.backend = db has of the same token."""
    with sqlite3.connect(path) as db:
        db.execute("create table object (id integer primary key autoincrement)")
        for table in TABLES:
            columns = (
                "value, type integer, object_id integer references object(id), id integer primary key autoincrement"
            )
            db.execute(f"create table attribute_{table} ({columns})")
        about = {TOKEN_LABEL: token.label, TOKEN_SERIAL: token.serial, 0x8000534B: 0x42D}
        put(db, about | {SO_PIN_ATTRIBUTE: token.so_pin, USER_PIN: token.user_pin})
        for object in token.objects:
            put(db, object.attributes)
    db.close()


def put(db: sqlite3.Connection, attributes: Mapping[int, Any]) -> None:
    number = db.execute("insert into object default values").lastrowid
    for attr, value in attributes.items():
        table, stored = ("binary", value)
        if isinstance(value, bool):
            table, stored = "boolean", int(value)
        elif isinstance(value, int):  # CK_UNAVAILABLE_INFORMATION is a negative number there
            table, stored = "integer", struct.unpack("q", struct.pack("Q", value))[0]
        elif isinstance(value, tuple):
            stored = struct.pack(f"{len(value)}Q", *value)
        elif isinstance(value, dict):
            table, stored = "array", b"".join(entry(*item) for item in value.items())
        row = (stored, attr, number)
        db.execute(f"insert into attribute_{table} (value, type, object_id) values (?, ?, ?)", row)


def entry(attr: int, value: Any) -> bytes:
    if isinstance(value, bool):
        return struct.pack("=QI?", attr, 1, value)
    if isinstance(value, int):
        return struct.pack("=QIQ", attr, 2, value)
    return struct.pack("=QIQ", attr, 3, len(value)) + bytes(value)


def test_the_database_back_end_has_what_the_files_have(token: StoredToken, home: Path) -> None:
    folder = home / "tokens" / "1234"
    folder.mkdir()
    database(folder / "sqlite3.db", token)
    read = databases.read_token(folder)
    assert (read.kind, read.label, read.serial) == ("db", token.label, token.serial)
    assert [object.attributes for object in read.objects] == [object.attributes for object in token.objects]
    report = imported(home / "softhsm2.conf")
    assert (report[0]["kind"], len(report[0]["objects"])) == ("db", len(token.objects))
    assert {row["refused"] for row in report[0]["objects"]} == {None}
    assert [one["serial"] for one in json.loads(run("hsmith", "token", "list", "--json"))] == [token.serial.decode()]


@pytest.mark.parametrize("damage", ["drop table attribute_array", "update attribute_array set value = x'00'", "junk"])
def test_a_damaged_database_is_named(token: StoredToken, home: Path, damage: str) -> None:
    path = home / "tokens" / "sqlite3.db"
    database(path, token)
    if damage == "junk":
        path.write_bytes(b"SQLite format 3\0" + bytes(5000))
    else:
        with sqlite3.connect(path) as db:
            db.execute(damage)
        db.close()
    with pytest.raises(AssertionError, match="sqlite3.db"):
        imported(home / "tokens")
    assert json.loads(run("hsmith", "token", "list", "--json")) == []


@pytest.mark.parametrize("wide", [True, False])
def test_softhsm_1(home: Path, p11: P11, wide: bool) -> None:
    """Of machines with 64 bits, and with 32."""
    key = rsa.generate_private_key(65537, 1024)
    version_1(home / "slot0.db", key, wide=wide)
    (home / "softhsm.conf").write_text(f"# SoftHSM 1\n0:{home}/slot0.db\n")
    report = imported(home / "softhsm.conf")
    assert [(row["label"], row["result"]) for row in report[0]["objects"]] == [("zone key", "equal")] * 2
    with p11.open(p11.find_slot("old token")) as session:
        session.login(PIN)
        [private] = session.find({Attr.CLASS: int(ObjectClass.PRIVATE_KEY), Attr.ID: b"\xab"})
        assert session.get(private, [Attr.LOCAL, Attr.NEVER_EXTRACTABLE, Attr.END_DATE]) == [True, True, b"20301231"]
        assert session.get(private, Attr.KEY_TYPE) == KeyType.RSA
        signature = session.sign(private, Mechanism.SHA256_RSA_PKCS, b"text")
        key.public_key().verify(signature, b"text", padding.PKCS1v15(), hashes.SHA256())
        assert len(session.find({})) == 2
        session.logout()
        with refused(Fault.PIN_INCORRECT):
            session.login("0000")
        session.login(SO_PIN, UserType.SO)


def test_other_databases_and_files_are_refused(home: Path) -> None:
    with sqlite3.connect(home / "other.db") as db:
        db.execute("create table Attributes (a)")
    db.close()
    (home / "text").write_text("nothing\n")
    for name, words in (("other.db", "none that SoftHSM 1 wrote"), ("text", "no configuration of SoftHSM")):
        with pytest.raises(AssertionError, match=words):
            imported(home / name)
    version_1(home / "slot0.db", rsa.generate_private_key(65537, 1024))
    with pytest.raises(AssertionError, match="The user PIN is not that"):
        run("hsmith", "import", "softhsm", home / "slot0.db", "--pin", "0000", "--so-pin", SO_PIN)
