"""The audit log is kept to a size, and what stays is verified as before: where it begins is in the chain itself."""

import json
from pathlib import Path

import apsw
import pytest

from hsmith.core import audit
from hsmith.core.durable import Settings
from hsmith.core.hsm import Hsm
from hsmith.store.audit import verify_export

KEEP = 30


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store whose log was pruned many times."""
    monkeypatch.setattr(audit, "BETWEEN", 10)
    hsm = _opened(tmp_path)
    for number in range(200):
        hsm.durable.note(about=f"number {number}")
        if number % 7 == 0 and hsm.durable.audit is not None:
            hsm.durable.audit.flush()
    hsm.close()
    return tmp_path


def _opened(folder: Path) -> Hsm:
    return Hsm.opened(folder / "store", Settings(kdf_milliseconds=1, audit_records=KEEP))


def _wrong(folder: Path) -> str | None:
    hsm = _opened(folder)
    try:
        return hsm.durable.verify_audit()
    finally:
        hsm.close()


def _change(folder: Path, sql: str) -> None:
    database = next(path for path in (folder / "store").iterdir() if path.read_bytes()[:6] == b"SQLite")
    connection = apsw.Connection(str(database))
    connection.execute(sql)
    connection.close()


def test_the_log_stays_small_and_whole(folder: Path) -> None:
    hsm = _opened(folder)
    records = hsm.durable.audit_records(after=0, limit=1000)
    assert records[0].number > 100
    assert KEEP <= len(records) < KEEP + 50
    assert hsm.durable.verify_audit() is None
    hsm.close()
    assert _wrong(folder) is None


def test_an_export_is_verified_from_where_it_begins(folder: Path) -> None:
    hsm = _opened(folder)
    assert hsm.durable.audit is not None
    hsm.durable.audit.sign()
    records = hsm.durable.audit_records(after=0, limit=1000)
    public = hsm.durable.audit.signer.public
    hsm.close()
    lines = [json.dumps({"number": r.number, "text": r.text, "chain": r.chain.hex()}) for r in records]
    vouched, wrong = verify_export(lines, public)
    assert wrong is None
    assert vouched >= records[-1].number - 1
    assert verify_export(lines[1:], public)[1] is not None
    false = [line.replace('\\"pruned\\",\\"upto\\":1', '\\"pruned\\",\\"upto\\":2') for line in lines]
    assert verify_export(false, public)[1] is not None


def test_a_begin_that_is_cut_off_is_missed(folder: Path) -> None:
    _change(folder, "DELETE FROM audit WHERE number = (SELECT min(number) FROM audit)")
    assert "missing" in (_wrong(folder) or "")


def test_a_pruning_that_is_altered_is_found(folder: Path) -> None:
    _change(folder, """UPDATE audit SET text = replace(text, '"upto":1', '"upto":2') WHERE text GLOB '*"pruned"*'""")
    assert _wrong(folder) is not None
