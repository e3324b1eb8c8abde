"""hsmith import softhsm, over real stores of Debian's softhsm2: the same objects, before and after."""

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from harness import run
from hsmith.softhsm.opening import translated
from hsmith.spec.attributes import ATTRIBUTES
from hsmith.spec.constants import Attr, Fault, KeyType, Mechanism, ObjectClass, UserType
from hsmith.spec.values import ValueKind
from hsmith.wire import session as wire
from hsmith.wire.client import Client
from p11 import P11, Session, make, refused
from softhsm_store import MODULE, PIN, SO_PIN, Filler, softhsm

OBJECTS = 1000
DIGEST = bytes(range(32))
#: What SoftHSM writes otherwise than the standard has it, and what is of each token itself.
APART = {Attr.UNIQUE_ID, Attr.PUBLIC_KEY_INFO, Attr.START_DATE, Attr.END_DATE}
#: SoftHSM 2.6.1 fails to show arrays among others, and dates of private objects: they have a test of their own.
ARRAYS = (ValueKind.TEMPLATE, ValueKind.ULONGS)
SHOWN = [attr for attr, row in ATTRIBUTES.items() if attr not in APART and row.kind not in ARRAYS]

#: SoftHSM's calls are quick, but there are many.
pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def store(need: Callable[..., None]) -> Iterator[Path]:
    need(MODULE)
    # In memory where that can be: SoftHSM waits for the disk many times for each object.
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="hs-softhsm-", dir=memory) as folder:
        with softhsm(Path(folder)) as p11, p11.open(p11.init_token("the store", pin=PIN, so_pin=SO_PIN)) as session:
            session.login(PIN)
            Filler(session).fill(OBJECTS)
        yield Path(folder)


@pytest.fixture(scope="module")
def small(store: Path) -> Iterator[Path]:
    """A copy with fewer objects: those of the first rounds."""
    with tempfile.TemporaryDirectory(prefix="hs-softhsm-", dir=store.parent) as folder:
        shutil.copytree(store, folder, dirs_exist_ok=True)
        for path in sorted(Path(folder).glob("tokens/*/*.object"), key=lambda path: path.stat().st_mtime_ns)[80:]:
            if path.name != "token.object":
                path.unlink()
        yield Path(folder)


@pytest.fixture
def both(store: Path, home: Path, module: Path) -> Iterator[tuple[Session, Session]]:
    """Sessions with the token in SoftHSM and, after the import, in hsmith; the user is logged in."""
    report = json.loads(imported(store / "softhsm2.conf"))
    assert report[0]["written"]
    assert len(report[0]["objects"]) >= OBJECTS
    with softhsm(store) as old:
        new = P11(module)
        new.initialize()
        with old.open(old.find_slot("the store")) as before, new.open(new.find_slot("the store")) as after:
            assert bytes(old.token_info(old.find_slot("the store")).serialNumber) == bytes(
                new.token_info(new.find_slot("the store")).serialNumber
            )
            before.login(PIN)
            after.login(PIN)
            yield before, after
        new.finalize()


def imported(path: Path, *more: str, pin: str = PIN, so_pin: str = SO_PIN) -> str:
    return run("hsmith", "import", "softhsm", path, "--pin", pin, "--so-pin", so_pin, "--json", *more)


def named(session: Session, cls: ObjectClass) -> dict[bytes, int]:
    handles = session.find({Attr.CLASS: int(cls), Attr.TOKEN: True})
    return {session.get(handle, Attr.LABEL): handle for handle in handles}


def readable(session: Session, handle: int) -> dict[int, Any]:
    _, values = session.attributes(handle, SHOWN)
    return {attr: value for attr, value in zip(SHOWN, values, strict=True) if value is not None}


def test_a_store_of_a_thousand_objects_of_every_type(both: tuple[Session, Session]) -> None:
    before, after = both
    counts = {}
    for cls in ObjectClass:
        old, new = named(before, cls), named(after, cls)
        if cls in (ObjectClass.MECHANISM, ObjectClass.PROFILE, ObjectClass.HW_FEATURE, ObjectClass.VALIDATION):
            continue
        assert old.keys() == new.keys(), cls
        counts[cls] = len(old)
        for label, handle in old.items():
            compare(readable(before, handle), readable(after, new[label]))
            if cls in USES:
                USES[cls](before, handle, after, new[label])
    assert sum(counts.values()) >= OBJECTS
    assert {cls for cls, count in counts.items() if count} == {
        ObjectClass.DATA, ObjectClass.CERTIFICATE, ObjectClass.PUBLIC_KEY, ObjectClass.PRIVATE_KEY,
        ObjectClass.SECRET_KEY, ObjectClass.DOMAIN_PARAMETERS,
    }  # fmt: skip


def compare(old: dict[int, Any], new: dict[int, Any]) -> None:
    """All attributes that SoftHSM shows, but for check values, which hsmith keeps as secret as the key."""
    old = translated("", old).attributes
    if old.get(Attr.SENSITIVE, False) or not old.get(Attr.EXTRACTABLE, True):
        old.pop(Attr.CHECK_VALUE, None)
    for attr, value in old.items():
        if value not in (b"", ()):  # empty templates and texts may be missing as well
            assert new.get(attr) == value, (Attr(attr), value, new.get(attr))


def use_private(before: Session, old: int, after: Session, new: int) -> None:
    key_type = before.get(old, Attr.KEY_TYPE)
    public = before.find({Attr.CLASS: int(ObjectClass.PUBLIC_KEY), Attr.ID: before.get(old, Attr.ID)})[0]
    if key_type == KeyType.RSA:
        assert after.sign(new, Mechanism.RSA_PKCS, DIGEST) == before.sign(old, Mechanism.RSA_PKCS, DIGEST)
    elif key_type in (KeyType.EC, KeyType.DSA):
        mechanism, size = (Mechanism.ECDSA, 32) if key_type == KeyType.EC else (Mechanism.DSA, 20)
        before.verify(public, mechanism, DIGEST[:size], after.sign(new, mechanism, DIGEST[:size]))
    elif after.get(new, Attr.KEY_TYPE) == KeyType.EC_EDWARDS:
        assert after.sign(new, Mechanism.EDDSA, b"text") == before.sign(old, Mechanism.EDDSA, b"text")
    else:
        assert agreed(after, new) == agreed(before, old)


def agreed(session: Session, key: int) -> bytes:
    """What it agrees on with a public key that both have: its own."""
    public = session.find({Attr.CLASS: int(ObjectClass.PUBLIC_KEY), Attr.ID: session.get(key, Attr.ID)})[0]
    dh = session.get(key, Attr.KEY_TYPE) == KeyType.DH
    point = session.get(public, Attr.VALUE if dh else Attr.EC_POINT)
    if not dh:
        point = point[2:] if len(point) == 34 else point
    mechanism = (Mechanism.DH_PKCS_DERIVE, point)
    if not dh:
        mechanism = (Mechanism.ECDH1_DERIVE, make("ECDH1_DERIVE_PARAMS", kdf=1, pPublicData=point))
    wanted = {Attr.CLASS: int(ObjectClass.SECRET_KEY), Attr.KEY_TYPE: int(KeyType.GENERIC_SECRET), Attr.VALUE_LEN: 32}
    secret = session.derive(key, mechanism, {**wanted, Attr.SENSITIVE: False, Attr.EXTRACTABLE: True})
    value: bytes = session.get(secret, Attr.VALUE)
    return value


def use_secret(before: Session, old: int, after: Session, new: int) -> None:
    mechanism = {
        KeyType.AES: (Mechanism.AES_CBC, bytes(16)),
        KeyType.DES2: (Mechanism.DES3_CBC, bytes(8)),
        KeyType.DES3: (Mechanism.DES3_CBC, bytes(8)),
    }.get(before.get(old, Attr.KEY_TYPE))
    if mechanism is not None:
        assert after.encrypt(new, mechanism, DIGEST) == before.encrypt(old, mechanism, DIGEST)
        return
    name = KeyType(before.get(old, Attr.KEY_TYPE)).name
    if name.endswith("_HMAC"):
        assert after.sign(new, Mechanism[name], b"text") == before.sign(old, Mechanism[name], b"text")


USES = {ObjectClass.PRIVATE_KEY: use_private, ObjectClass.SECRET_KEY: use_secret}


def test_the_pins_are_the_same_and_others_are_wrong(small: Path, home: Path, p11: P11) -> None:
    imported(small / "tokens")
    slot = p11.find_slot("the store")
    with p11.open(slot) as session:
        with refused(Fault.PIN_INCORRECT):
            session.login(PIN + "0")
        session.login(SO_PIN, UserType.SO)


def test_a_dry_run_writes_nothing(small: Path, home: Path) -> None:
    before = {path: path.read_bytes() for path in small.glob("tokens/*/*")}
    assert json.loads(run("hsmith", "import", "softhsm", small, "--pin", PIN, "--dry-run", "--json"))  # without SO PIN
    report = json.loads(imported(small / "tokens", "--dry-run"))
    assert (report[0]["written"], report[0]["slot"]) == (False, None)
    assert len(report[0]["objects"]) > 50
    assert json.loads(run("hsmith", "token", "list", "--json")) == []
    assert {path: path.read_bytes() for path in small.glob("tokens/*/*")} == before
    assert {path.name for path in (small / "tokens").iterdir()}  # and SoftHSM's store is as it was


def number(attr: int, value: int) -> bytes:
    """An attribute as SoftHSM's files have it."""
    return b"".join(part.to_bytes(8, "big") for part in (attr, 2, value))


def test_what_cannot_be_held_is_named_and_nothing_is_written(small: Path, home: Path, tmp_path: Path) -> None:
    """A GOST key, as SoftHSM builds with Botan make it: Debian's cannot, so an AES key is given that type."""
    shutil.copytree(small, tmp_path / "copy")
    folder = next((tmp_path / "copy" / "tokens").iterdir())
    aes, gost, secret = (number(Attr.KEY_TYPE, KeyType.AES), number(Attr.KEY_TYPE, 0x32), number(0, 4))
    victim = next(path for path in folder.glob("*.object") if aes in path.read_bytes() and secret in path.read_bytes())
    victim.write_bytes(victim.read_bytes().replace(aes, gost))
    with pytest.raises(AssertionError, match="ended with 1") as failure:
        imported(folder)
    assert "CKA_KEY_TYPE" in str(failure.value)
    assert json.loads(run("hsmith", "token", "list", "--json")) == []
    report = json.loads(imported(folder, "--leave-out"))
    left = [row for row in report[0]["objects"] if row["refused"]]
    assert len(left) == 1
    assert json.loads(run("hsmith", "token", "list", "--json"))[0]["objects"] == len(report[0]["objects"]) - 1


@pytest.mark.parametrize(("pin", "so_pin", "which"), [("0000", SO_PIN, "user"), (PIN, "00000000", "SO")])
def test_a_wrong_pin(small: Path, home: Path, pin: str, so_pin: str, which: str) -> None:
    with pytest.raises(AssertionError, match=f"The {which} PIN is not that"):
        imported(small / "tokens", pin=pin, so_pin=so_pin)


def test_a_lost_so_pin_is_replaced(small: Path, home: Path, p11: P11) -> None:
    imported(small / "tokens", "--new-so-pin", so_pin="another one")
    with p11.open(p11.find_slot("the store")) as session:
        session.login("another one", UserType.SO)


def test_several_tokens(home: Path, tmp_path: Path, need: Callable[..., None]) -> None:
    need(MODULE)
    with softhsm(tmp_path) as p11:
        for label in ("one", "two"):
            with p11.open(p11.init_token(label, pin=PIN, so_pin=SO_PIN)) as session:
                session.login(PIN)
                Filler(session).make_aes()
        p11.init_token("unused", pin=None, so_pin=SO_PIN)
    with pytest.raises(AssertionError, match="There are 3 tokens.*'one'.*'two'"):
        imported(tmp_path / "tokens")
    imported(tmp_path / "tokens", "--token", "two")
    with pytest.raises(AssertionError, match="already"):
        imported(tmp_path / "tokens", "--all")
    assert [token["label"] for token in json.loads(run("hsmith", "token", "list", "--json"))] == ["two"]
    imported(tmp_path / "tokens", "--token", "one")
    imported(tmp_path / "tokens", "--token", "unused")
    tokens = json.loads(run("hsmith", "token", "list", "--json"))
    assert [(token["label"], token["user_pin_set"]) for token in tokens] == [
        ("two", True), ("one", True), ("unused", False),
    ]  # fmt: skip


def test_what_is_damaged_is_named(small: Path, home: Path, tmp_path: Path) -> None:
    shutil.copytree(small, tmp_path / "copy")
    folder = next((tmp_path / "copy" / "tokens").iterdir())
    victim = next(path for path in folder.glob("*.object") if path.name != "token.object")
    whole = victim.read_bytes()
    for damaged in (whole[:-3], whole + b"\0", whole[:20], b""):
        victim.write_bytes(damaged)
        with pytest.raises(AssertionError, match=victim.name):
            imported(folder)
    with pytest.raises(AssertionError, match="no token of SoftHSM"):
        imported(tmp_path)
    with pytest.raises(AssertionError, match="No such file|no such file"):
        imported(tmp_path / "nowhere")
    assert json.loads(run("hsmith", "token", "list", "--json")) == []


def test_what_softhsm_keeps_but_does_not_show(small: Path, home: Path) -> None:
    slot = json.loads(imported(small / "tokens"))[0]["slot"]
    with Client() as client, wire.Session(client, slot) as session:
        session.login(PIN.encode())
        asked = (Attr.WRAP_TEMPLATE, Attr.UNWRAP_TEMPLATE, Attr.ALLOWED_MECHANISMS, Attr.START_DATE, Attr.END_DATE)
        found = [session.read(handle, asked) for handle in session.find({})]
    allowed = [values.pop(Attr.ALLOWED_MECHANISMS) for values in found if Attr.ALLOWED_MECHANISMS in values]
    assert len(allowed) % 2 == 0 and set(allowed) == {(Mechanism.RSA_PKCS, Mechanism.SHA256_RSA_PKCS)}
    dates = {(values.pop(Attr.START_DATE, b""), values.pop(Attr.END_DATE, b"")) for values in found}
    assert dates == {(b"", b""), (b"", b"20301231"), (b"20200101", b"20291231")}
    templates = {value for values in found for value in values.values() if value}
    wrap = ((Attr.LABEL, b"wrapped"), (Attr.KEY_TYPE, KeyType.AES), (Attr.ENCRYPT, True))
    unwrap = ((Attr.LABEL, b"unwrapped"), (Attr.EXTRACTABLE, False))
    assert {tuple(sorted(template)) for template in templates} == {wrap, unwrap}
