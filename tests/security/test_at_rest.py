"""Whoever can write the files: what is altered, deleted, put back or rolled back is noticed, and the rest is served."""

import contextlib
import json
import random
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from cryptoki.calling import PIN, SO_PIN, Caller, attributes, make_token
from hsmith.core import durable
from hsmith.core.durable import Settings
from hsmith.core.hsm import Hsm
from hsmith.spec.constants import Attr, Fault, ObjectClass, UserType
from hsmith.spec.faults import Refused
from hsmith.store.records import StoreBroken, StoreFull
from hsmith.store.sqlite import SqliteStore

SETTINGS = Settings(kdf_milliseconds=1)
USER, SO = UserType.USER, UserType.SO


class Box:
    """A store, opened and closed at will, with a token of some data objects, public (even) and private (odd)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with self.open() as hsm:
            self.slot = make_token(hsm)
            caller = Caller(hsm)
            session = caller.session(self.slot, user=USER)
            for number in range(6):
                self.add(caller, session, number)

    @staticmethod
    def add(caller: Caller, session: int, number: int) -> int:
        label = f"object {number}".encode()
        return caller.data(session, TOKEN=True, PRIVATE=bool(number % 2), LABEL=label, VALUE=b"v%d" % number)

    @contextlib.contextmanager
    def open(self) -> Iterator[Hsm]:
        hsm = Hsm.opened(self.folder, SETTINGS)
        try:
            yield hsm
        finally:
            hsm.close()

    def edit(self, sql: str, *values: Any) -> list[Any]:
        """As somebody with a copy of SQLite does."""
        connection = apsw.Connection(str(self.folder / "store.db"))
        try:
            return connection.execute(sql, values).fetchall()
        finally:
            connection.close()

    def served(self) -> dict[bytes, bytes | Fault]:
        """By label, the values of all objects that a client finds, or why it does not get them: whether the search
        reads the rows of what it finds at once, as after one for what was not in memory, or one by one."""
        served = self._served(range(6))
        assert self._served((5, *range(6))) == served
        return served

    def _served(self, numbers: Iterable[int]) -> dict[bytes, bytes | Fault]:
        with self.open() as hsm:
            caller = Caller(hsm)
            session = caller.session(self.slot, user=USER)
            found: dict[bytes, bytes | Fault] = {}
            for number in numbers:
                label = f"object {number}".encode()
                caller.call("C_FindObjectsInit", session, attributes(LABEL=label))
                for handle in caller.call("C_FindObjects", session, 9) or []:
                    try:
                        value = caller.call("C_GetAttributeValue", session, handle, [Attr.LABEL, Attr.VALUE])
                        found[value[0]] = value[1]
                    except Refused as refused:
                        found[label] = refused.fault
                caller.call("C_FindObjectsFinal", session)
            return found

    def inspected(self) -> list[str]:
        with self.open() as hsm:
            return hsm.durable.inspect()


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path / "store")


ALL = {f"object {number}".encode(): b"v%d" % number for number in range(6)}


def first(box: Box) -> int:
    found: int = box.edit("SELECT min(id) FROM object")[0][0]
    return found


def test_what_is_whole_is_served(box: Box) -> None:
    assert box.served() == ALL
    assert box.inspected() == []


def test_an_altered_object_is_out_of_use_and_the_rest_is_served(box: Box) -> None:
    id = first(box)
    (blob,) = box.edit("SELECT blob FROM object WHERE id = ?", id)[0]
    changed = bytearray(blob)
    changed[len(blob) // 2] ^= 1
    box.edit("UPDATE object SET blob = ? WHERE id = ?", bytes(changed), id)
    assert box.served() == {label: value for label, value in ALL.items() if label != b"object 0"}
    assert box.inspected() == [f"object {id} is damaged or was altered"]


def test_damage_is_recorded_in_the_audit_once(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(durable, "_found", set())
    id, (token,) = first(box), box.edit("SELECT id FROM token")[0]
    box.edit("UPDATE object SET blob = zeroblob(60) WHERE id = ?", id)
    box.served()
    box.served()
    found = [json.loads(text) for (text,) in box.edit("SELECT text FROM audit") if '"damaged"' in text]
    assert [record["about"] for record in found] == [f"object {id} of token {token} is damaged or was altered"]


def test_a_deleted_object_that_is_put_back_stays_deleted(box: Box) -> None:
    id = first(box)
    row = box.edit("SELECT * FROM object WHERE id = ?", id)[0]
    tags = box.edit("SELECT * FROM tag WHERE object = ?", id)
    with box.open() as hsm:
        caller = Caller(hsm)
        session = caller.session(box.slot, user=USER)
        caller.call("C_DestroyObject", session, id)
    box.edit("INSERT INTO object VALUES (?, ?, ?, ?, ?, ?)", *row)
    for tag in tags:
        box.edit("INSERT INTO tag VALUES (?, ?, ?)", *tag)
    assert b"object 0" not in box.served()
    assert f"object {id} was deleted, and was put back" in box.inspected()


@pytest.mark.parametrize("number", [-1, -5, -(2**63), 2**63 - 1])
@pytest.mark.parametrize("row", [False, True])
def test_numbers_that_no_object_has(box: Box, number: int, row: bool) -> None:
    """In the index, by itself or with a row of that number, they hide nothing."""
    id = first(box)
    for token, tag in box.edit("SELECT token, tag FROM tag WHERE object = ?", id):
        box.edit("INSERT INTO tag VALUES (?, ?, ?)", token, tag, number)
    if row:
        box.edit(
            "INSERT INTO object SELECT ?, token, version, private, tags, blob FROM object WHERE id = ?", number, id
        )
    assert box.served() == ALL


def test_an_older_version_of_an_object_is_refused(box: Box) -> None:
    id = first(box)
    row = box.edit("SELECT version, tags, blob FROM object WHERE id = ?", id)[0]
    with box.open() as hsm:
        caller = Caller(hsm)
        session = caller.session(box.slot, user=USER)
        caller.call("C_SetAttributeValue", session, id, attributes(LABEL=b"object 0"))
    assert box.served() == ALL
    box.edit("UPDATE object SET version = ?, tags = ?, blob = ? WHERE id = ?", *row, id)
    assert b"object 0" not in box.served()
    assert box.inspected() == [f"object {id} was replaced by its version 1, though 2 is the last"]


def test_an_object_that_is_taken_away_is_missed(box: Box) -> None:
    id = first(box)
    box.edit("DELETE FROM object WHERE id = ?", id)
    assert f"object {id} was taken away" in box.inspected()
    with box.open() as hsm:
        caller = Caller(hsm)
        session = caller.session(box.slot)
        with pytest.raises(Refused) as refused:
            caller.call("C_GetAttributeValue", session, id, [Attr.LABEL])
        assert refused.value.fault == Fault.DEVICE_ERROR


@pytest.mark.parametrize("searched_first", [(), (5,)])
def test_a_search_says_that_its_object_was_taken_away(
    box: Box, searched_first: tuple[int, ...], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(durable, "_found", set())
    box.edit("DELETE FROM object WHERE id = ?", first(box))
    assert set(box._served((*searched_first, 0))) == {b"object %d" % number for number in searched_first}
    assert "was taken away, and is not used" in caplog.text


def test_an_object_that_is_hidden_in_the_index_is_missed(box: Box) -> None:
    id = first(box)
    box.edit("DELETE FROM tag WHERE object = ?", id)
    assert box.inspected() == [f"object {id} is not wholly in the index: searches may miss it"]


def test_the_index_cannot_pass_one_object_off_as_another(box: Box) -> None:
    """The tags of two objects are exchanged, so that a search for one finds the other."""
    one = first(box)
    box.edit("UPDATE OR IGNORE tag SET object = -1 WHERE object = ?", one)
    box.edit("UPDATE OR IGNORE tag SET object = ? WHERE object = ?", one, one + 2)
    box.edit("UPDATE OR IGNORE tag SET object = ? WHERE object = -1", one + 2)
    served = box.served()
    assert all(ALL[label] == value for label, value in served.items())
    assert b"object 0" not in served
    assert len(box.inspected()) >= 2


def copied(box: Box, names: str = "store.db*") -> Callable[[], None]:
    """Copy files of the (closed) store now; what is returned puts them back."""
    kept = {path: path.read_bytes() for path in box.folder.glob(names)}

    def put_back() -> None:
        for path in box.folder.glob(names):
            path.unlink()
        for path, content in kept.items():
            path.write_bytes(content)

    return put_back


def change(box: Box) -> None:
    with box.open() as hsm:
        caller = Caller(hsm)
        box.add(caller, caller.session(box.slot, user=USER), 8)


def test_an_older_database_is_refused_until_it_is_accepted(box: Box) -> None:
    put_back = copied(box)
    change(box)
    put_back()
    for _ in range(2):
        with pytest.raises(StoreBroken, match=r"older than what was stored last.*--accept-store"):
            Hsm.opened(box.folder, SETTINGS)
    SqliteStore(box.folder, accept=True).close()
    assert box.served() == ALL
    assert box.inspected() == []


def test_older_wrong_pin_counts_and_older_pins_do_not_come_back(box: Box) -> None:
    keyslots = box.edit("SELECT failures, blob, token, name FROM keyslot WHERE name = 'user'")[0]
    with box.open() as hsm:
        caller = Caller(hsm)
        session = caller.session(box.slot, user=USER)
        caller.call("C_SetPIN", session, PIN, b"new pin")
    box.edit("UPDATE keyslot SET failures = ?, blob = ? WHERE token = ? AND name = ?", *keyslots)
    assert len(box.inspected()) == 1
    with box.open() as hsm:
        caller = Caller(hsm)
        session = caller.session(box.slot)
        for pin in (PIN, b"new pin"):
            with pytest.raises(Refused) as refused:
                caller.call("C_Login", session, USER, pin)
            assert refused.value.fault == Fault.DEVICE_ERROR
        caller.call("C_Login", session, SO, SO_PIN)  # and the SO mends it
        caller.call("C_InitPIN", session, PIN)
    assert box.served() == ALL


def test_an_older_part_of_the_ledger_is_noticed(box: Box) -> None:
    id = first(box)
    rows = box.edit("SELECT epoch, blob, place FROM ledger WHERE place = ?", id // 64)[0]
    with box.open() as hsm:
        caller = Caller(hsm)
        caller.call("C_DestroyObject", caller.session(box.slot, user=USER), id)
    box.edit("UPDATE ledger SET epoch = ?, blob = ? WHERE place = ?", *rows)
    with pytest.raises(StoreBroken, match="older than the rest"):
        Hsm.opened(box.folder, SETTINGS)


def test_no_crash_leaves_a_false_alarm(box: Box, tmp_path: Path) -> None:
    """Every state in which kill -9 can leave the files: the database's is never older than the epoch's file."""
    with box.open() as hsm:
        caller = Caller(hsm)
        session = caller.session(box.slot, user=USER)
        for number in range(20):
            epoch = (box.folder / "store.epoch").read_bytes()
            box.add(caller, session, 10 + number)
            copy = tmp_path / f"copy{number}"
            shutil.copytree(box.folder, copy)
            for content in (None, epoch):
                if content is not None:
                    (copy / "store.epoch").write_bytes(content)
                store = SqliteStore(copy)
                assert store.inspect() == []
                store.close()


def test_a_missing_epoch_is_made_anew_and_said(box: Box, caplog: pytest.LogCaptureFixture) -> None:
    (box.folder / "store.epoch").unlink()
    assert box.served() == ALL
    assert "store.epoch was missing" in caplog.text


def flip(path: Path, chance: random.Random) -> None:
    data = bytearray(path.read_bytes())
    at = chance.randrange(8 * len(data))
    data[at // 8] ^= 1 << at % 8
    path.write_bytes(data)


def test_random_bit_flips_are_noticed_or_harmless(
    box: Box, tmp_path: Path, pytestconfig: pytest.Config, caplog: pytest.LogCaptureFixture
) -> None:
    """In every file, the write-ahead log included: the keeper says so, or serves just what was stored."""
    with box.open() as hsm:
        caller = Caller(hsm)
        session = caller.session(box.slot, user=USER)
        for number in range(6):
            caller.call("C_DestroyObject", session, box.add(caller, session, number + 6))
        shutil.copytree(box.folder, tmp_path / "whole")  # with the log of a keeper that was killed
    chance = random.Random(12)
    files = sorted(path.name for path in (tmp_path / "whole").iterdir() if path.stat().st_size)
    noticed = 0
    for trial in range(pytestconfig.getoption("--flips")):
        shutil.rmtree(box.folder)
        shutil.copytree(tmp_path / "whole", box.folder)
        flip(box.folder / files[trial % len(files)], chance)
        noticed += not _harmless(box)
    assert noticed


def _harmless(box: Box) -> bool:
    """Whether all is served as it was stored. Otherwise it must be said: refused, or named by the inspection."""
    try:
        served = box.served()
        found = box.inspected()
    except (Refused, StoreBroken, StoreFull):
        return False
    assert all(ALL.get(label) == value for label, value in served.items() if not isinstance(value, Fault))
    assert served == ALL or found, "something is missing and nothing is said"
    return not found


def test_classes_of_what_these_tests_store(box: Box) -> None:
    """All that these tests alter are data objects: keys take the same way."""
    with box.open() as hsm:
        caller = Caller(hsm)
        session = caller.session(box.slot, user=USER)
        caller.call("C_FindObjectsInit", session, attributes(CLASS=ObjectClass.DATA))
        assert len(caller.call("C_FindObjects", session, 99)) == 6
