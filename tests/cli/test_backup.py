"""hsmith backup: made while the store is in use, worthless without its key, restored wholly or not at all."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cli.conftest import PIN, SO_PIN, Hsmith, Ran
from harness import stop_keepers
from hsmith.core import backup_keys
from hsmith.store import archive
from hsmith.wire.client import Client
from hsmith.wire.session import Session

PASSPHRASE = "correct horse battery staple"
Machine = Callable[[str], Hsmith]


@pytest.fixture
def machine(hsmith: Hsmith, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    """The command on one of several machines, each with a home of its own, by name."""
    homes: dict[str, Path] = {}
    for name in [name for name in os.environ if name.startswith("HSMITH_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HSMITH_PIN", PIN)
    monkeypatch.setenv("HSMITH_SO_PIN", SO_PIN)
    monkeypatch.setenv("HSMITH_BACKUP_PASSPHRASE", PASSPHRASE)
    monkeypatch.setattr(backup_keys, "MILLISECONDS", 10)

    def on(name: str) -> Hsmith:
        if name not in homes:
            homes[name] = Path(tempfile.mkdtemp(prefix=f"hb-{name}-"))
            (homes[name] / "config.toml").write_text("[pin]\nkdf_milliseconds = 10\n")

        def run(*arguments: str) -> Ran:
            monkeypatch.setenv("HSMITH_HOME", str(homes[name]))
            return hsmith(*arguments)

        return run

    yield on
    for home in homes.values():
        stop_keepers(home)
        shutil.rmtree(home, ignore_errors=True)


def _ok(ran: Ran) -> Ran:
    assert ran.code == 0, ran
    return ran


def _keys(on: Hsmith, token: str) -> str:
    return _ok(on("key", "list", "--token", token)).out


def _filled(on: Hsmith, *tokens: str) -> None:
    for token in tokens:
        _ok(on("token", "init", "--label", token))
        _ok(on("key", "generate", "--token", token, "--label", f"{token} pair", "--type", "ec:p256"))
        _ok(on("key", "generate", "--token", token, "--label", f"{token} secret", "--type", "aes:256"))


def test_a_store_is_the_same_on_another_machine(machine: Machine, tmp_path: Path) -> None:
    one, other = machine("one"), machine("other")
    _filled(one, "a", "b")
    made = _ok(one("backup", "create", str(tmp_path / "all.backup"), "--json"))
    assert [token["objects"] for token in json.loads(made.out)["tokens"]] == [3, 3]
    assert (tmp_path / "all.backup").stat().st_mode & 0o777 == 0o600
    assert os.listdir(tmp_path) == ["all.backup"]
    assert "is whole" in _ok(one("backup", "verify", str(tmp_path / "all.backup"))).out
    # What comes after it is not in it.
    kept = _keys(one, "a")
    _ok(one("key", "generate", "--token", "a", "--label", "later", "--type", "aes:128"))
    _ok(other("backup", "restore", str(tmp_path / "all.backup")))
    assert _keys(other, "a") == kept
    assert _keys(other, "b") == _keys(one, "b")
    before = json.loads(one("token", "list", "--json").out)
    assert [token["serial"] for token in json.loads(other("token", "list", "--json").out)] == [
        token["serial"] for token in before
    ]


def test_a_store_is_not_replaced_by_accident(machine: Machine, tmp_path: Path) -> None:
    one = machine("one")
    backup = str(tmp_path / "backup")
    _filled(one, "a")
    _ok(one("backup", "create", backup))
    refused = one("backup", "create", backup)
    assert refused.code == 1 and "exists already" in refused.err
    running = one("backup", "restore", backup)
    assert running.code == 1 and "A keeper runs" in running.err and "hsmith keeper stop" in running.err
    _ok(one("token", "init", "--label", "later"))
    _ok(one("keeper", "stop"))
    full = one("backup", "restore", backup)
    assert full.code == 1 and "has tokens" in full.err and "--replace" in full.err
    assert "later" in one("token", "list").out
    _ok(one("keeper", "stop"))
    restored = json.loads(_ok(one("backup", "restore", backup, "--replace", "--json")).out)
    assert [token["label"] for token in restored["tokens"]] == ["a"]
    assert (Path(restored["before"]) / "store.db").exists()
    assert "later" not in one("token", "list").out
    assert "a pair" in _keys(one, "a")


def test_a_token_moves_with_its_pins_and_works_on(machine: Machine, tmp_path: Path) -> None:
    """Also where its numbers are taken, and from there to a third machine."""
    one, other, third = machine("one"), machine("other"), machine("third")
    _filled(one, "a", "moving")
    _filled(other, "x", "y")
    keys = _keys(one, "moving")
    _ok(one("backup", "create", str(tmp_path / "1"), "--token", "moving"))
    _ok(other("backup", "restore", str(tmp_path / "1")))
    assert _keys(other, "moving") == keys
    assert "x pair" in _keys(other, "x")
    _ok(other("key", "generate", "--token", "moving", "--label", "new", "--type", "ec:p256"))
    _ok(other("key", "delete", "--token", "moving", "--label", "moving secret", "--yes"))
    keys = _keys(other, "moving")
    _ok(other("backup", "create", str(tmp_path / "2"), "--token", "moving"))
    _ok(third("backup", "restore", str(tmp_path / "2")))
    assert _keys(third, "moving") == keys
    _ok(third("keeper", "stop"))
    assert _keys(third, "moving") == keys  # all of it is durable
    with Client() as client, Session(client, 0, rw=True) as session:
        session.call("C_SetPIN", PIN.encode(), b"another")
    assert third("key", "list", "--token", "moving").code == 4
    with Client() as client, Session(client, 0, rw=True) as session:
        session.call("C_SetPIN", b"another", PIN.encode())
    assert _keys(third, "moving") == keys


def test_a_token_of_the_whole_backup_takes_the_place_of_what_became_of_it(machine: Machine, tmp_path: Path) -> None:
    one = machine("one")
    backup = str(tmp_path / "backup")
    _filled(one, "a", "b")
    keys = _keys(one, "b")
    _ok(one("backup", "create", backup))
    _ok(one("key", "delete", "--token", "b", "--label", "b secret", "--yes"))
    _ok(one("key", "generate", "--token", "a", "--label", "kept", "--type", "aes:128"))
    there = one("backup", "restore", backup, "--token", "b")
    assert there.code == 1 and "in slot 1 already" in there.err and "--replace" in there.err
    restored = json.loads(_ok(one("backup", "restore", backup, "--token", "b", "--replace", "--json")).out)
    assert restored["slot"] == 1
    assert _keys(one, "b") == keys
    assert "kept" in _keys(one, "a")
    unknown = one("backup", "restore", backup, "--token", "c")
    assert unknown.code == 2 and "There is: a (slot 0), b (slot 1)" in unknown.err


def test_wrong_pins_are_counted_in_the_backup(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = machine("one"), machine("other")
    _filled(one, "a")
    monkeypatch.setenv("HSMITH_PIN", "wrong")
    while one("key", "list", "--token", "a").code == 4 and "locked" not in one("key", "list", "--token", "a").err:
        pass
    _ok(one("backup", "create", str(tmp_path / "b"), "--token", "a"))
    _ok(other("backup", "restore", str(tmp_path / "b")))
    monkeypatch.setenv("HSMITH_PIN", PIN)
    assert "locked" in other("key", "list", "--token", "a").err


def test_shares(machine: Machine, tmp_path: Path) -> None:
    one = machine("one")
    _filled(one, "a")
    backup, folder = str(tmp_path / "b"), tmp_path / "shares"
    made = json.loads(_ok(one("backup", "create", backup, "--shares", "3/5", "--share-dir", str(folder), "--json")).out)
    shares = made["shares"]
    assert len(shares) == 5 and all(Path(share).stat().st_mode & 0o777 == 0o600 for share in shares)
    given = [["--share", share] for share in shares]
    for chosen in ((0, 1, 2), (4, 2, 0), (1, 2, 3, 4)):
        _ok(one("backup", "verify", backup, *[word for n in chosen for word in given[n]]))
    few = one("backup", "verify", backup, *given[0], *given[0], *given[1])
    assert few.code == 1 and "it takes 3 different shares, and there are 2" in few.err
    none = one("backup", "verify", backup)
    assert none.code == 2 and "locked by shares: give 3" in none.err
    text = Path(shares[0]).read_text()
    at = text.rindex("-") + 5
    Path(shares[0]).write_text(text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :])
    mistaken = one("backup", "verify", backup, *given[0], *given[1], *given[2])
    assert mistaken.code == 1 and "share 1 has a mistake" in mistaken.err
    _ok(one("backup", "create", backup + "2", "--shares", "2/2", "--share-dir", str(folder)))
    foreign = one("backup", "verify", backup, "--share", str(folder / "b2.share-1"), *given[1], *given[2])
    assert foreign.code == 1 and "of another backup" in foreign.err
    few_or_many, no_numbers = "must be needed", "is not M/N"
    for wrong, words in {"1/3": few_or_many, "4/3": few_or_many, "x": no_numbers, "2/": no_numbers}.items():
        ran = one("backup", "create", backup + "3", "--shares", wrong, "--share-dir", str(folder))
        assert ran.code == 2 and words in ran.err, ran
    assert "--share-dir" in one("backup", "create", backup + "3", "--shares", "2/3").err


def test_what_cannot_be_read_is_said_in_words_and_changes_nothing(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = machine("one"), machine("other")
    _filled(one, "a")
    backup = tmp_path / "b"
    _ok(one("backup", "create", str(backup)))
    whole = backup.read_bytes()

    def restored(content: bytes) -> str:
        backup.write_bytes(content)
        ran = other("backup", "restore", str(backup))
        assert ran.code == 1 and "Traceback" not in ran.err, ran
        return ran.err

    length = 14 + int.from_bytes(whole[10:14], "little")
    for at in (length + 10, len(whole) // 2, len(whole) - 5):
        assert "damaged" in restored(whole[:at] + bytes((whole[at] ^ 1,)) + whole[at + 1 :])
    assert "damaged" in restored(whole[:-20])
    assert "cut off" in restored(whole[:length])
    assert "no backup" in restored(b"PK" + whole)
    assert "no backup" in restored(b"")
    assert "newer version" in restored(whole[:8] + b"\x09\0" + whole[10:])
    altered = whole.replace(b'"kind": "store"', b'"kind": "token"')
    assert altered != whole and "damaged" in restored(altered)
    backup.write_bytes(whole)
    monkeypatch.setenv("HSMITH_BACKUP_PASSPHRASE", PASSPHRASE + "r")
    assert "the passphrase is wrong" in other("backup", "restore", str(backup)).err
    monkeypatch.setenv("HSMITH_BACKUP_PASSPHRASE", "short")
    assert "at least 12" in one("backup", "create", str(tmp_path / "c")).err
    assert "no such file" in one("backup", "verify", str(tmp_path / "none")).err
    home = Path(os.environ["HSMITH_HOME"])
    assert not [name for name in os.listdir(home) if name.startswith((".backup-", ".restoring-"))]
    assert not (tmp_path / "c").exists()


def test_nothing_of_a_key_or_label_is_to_be_read_in_the_file(machine: Machine, tmp_path: Path) -> None:
    one = machine("one")
    _filled(one, "readable-label")
    _ok(one("backup", "create", str(tmp_path / "b")))
    content = (tmp_path / "b").read_bytes()
    home = Path(os.environ["HSMITH_HOME"])
    secret = (home / "store" / "store.secret").read_bytes()
    assert secret not in content and b"readable" not in content and b"SQLite" not in content
    assert set(archive.read_header(tmp_path / "b")) == {"id", "kind", "lock", "made"}


@pytest.mark.slow
def test_a_backup_of_a_store_that_changes_is_of_one_moment(machine: Machine, tmp_path: Path) -> None:
    """Pairs of objects are made all the time, at once: no backup has one half."""
    one, other = machine("one"), machine("other")
    _ok(one("token", "init", "--label", "a"))
    script = (
        "from hsmith.wire.client import Client\nfrom hsmith.wire.session import Session\n"
        "import subprocess, sys\n"
        "while True: subprocess.run([sys.executable, '-m', 'hsmith.cli', 'key', 'generate', '--token', 'a', '--label',"
        " 'pair', '--type', 'ec:p256'], stdout=subprocess.DEVNULL, check=True)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen([sys.executable, "-c", script], env=environment, start_new_session=True) as busy:
        try:
            for number in range(4):
                time.sleep(0.5)
                made = _ok(one("backup", "create", str(tmp_path / str(number)), "--json"))
                assert json.loads(made.out)["tokens"][0]["objects"] % 2 == 0
        finally:
            os.killpg(busy.pid, signal.SIGKILL)
    _ok(other("backup", "restore", str(tmp_path / "3")))
    listed = _keys(other, "a").splitlines()
    halves = [sum(line.startswith(kind) for line in listed) for kind in ("public", "private")]
    assert halves[0] == halves[1] > 0


@pytest.mark.slow
def test_a_restore_that_is_killed_leaves_the_old_store_or_the_new_one(machine: Machine, tmp_path: Path) -> None:
    one = machine("one")
    _filled(one, "a")
    backup = str(tmp_path / "b")
    _ok(one("backup", "create", backup))
    _ok(one("token", "init", "--label", "later"))
    _ok(one("keeper", "stop"))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-m", "hsmith.cli", "backup", "restore", backup, "--replace"]
    for number in range(6):
        with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as busy:
            time.sleep(0.25 * number)
            busy.kill()
        labels = [token["label"] for token in json.loads(one("token", "list", "--json").out)]
        assert labels in (["a"], ["a", "later"])
        assert "a pair" in _keys(one, "a")
        _ok(one("keeper", "stop"))
    _ok(one("backup", "verify", backup))
    assert not list(Path(os.environ["HSMITH_HOME"]).glob(".restoring-*"))  # what they left is gone with the next one
