"""SoftHSM's object files: what is read of them, whatever is in them; its cryptography, done here once more."""

import hashlib
import struct
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from hypothesis import given
from hypothesis import strategies as st

from hsmith.crypto import softhsm
from hsmith.softhsm import configuration, files, opening, stores
from hsmith.softhsm.stored import StoredObject, StoredToken, Unreadable, WrongPin
from hsmith.spec.constants import Attr, KeyType, Mechanism, ObjectClass

KEY = bytes(range(32))


def encrypted(key: bytes, data: bytes, iv: bytes = bytes(16)) -> bytes:
    padding = 16 - len(data) % 16
    encryptor = Cipher(AES(key), modes.CBC(iv)).encryptor()
    return iv + encryptor.update(data + bytes([padding]) * padding) + encryptor.finalize()


def blob(pin: bytes, salt: bytes = b"saltsal\x07") -> bytes:
    digest = hashlib.sha256(salt + pin).digest()
    for _ in range(1500 + salt[-1] - 1):
        digest = hashlib.sha256(digest).digest()
    return salt + encrypted(digest, b"RJR" + KEY)


def encoded(attr: int, value: object) -> bytes:
    head = struct.pack(">Q", attr)
    if isinstance(value, bool):
        return head + struct.pack(">QB", 1, 0xFF * value)
    if isinstance(value, int):
        return head + struct.pack(">QQ", 2, value)
    if isinstance(value, bytes):
        return head + struct.pack(">QQ", 3, len(value)) + value
    if isinstance(value, tuple):
        return head + struct.pack(f">QQ{len(value)}Q", 5, len(value), *value)
    assert isinstance(value, dict)
    inner = b"".join(encoded(*item) for item in value.items())
    return head + struct.pack(">QQ", 4, len(inner)) + inner


simple = st.booleans() | st.integers(0, 2**64 - 1) | st.binary(max_size=40)
values = simple | st.lists(st.integers(0, 2**64 - 1), max_size=4).map(tuple)
objects = st.dictionaries(st.integers(0, 2**32), values | st.dictionaries(st.integers(0, 2**32), simple, max_size=3))


@given(objects, st.integers(0, 2**64 - 1))
def test_what_was_written_is_read(attributes: dict[int, object], generation: int) -> None:
    data = struct.pack(">Q", generation) + b"".join(encoded(*item) for item in attributes.items())
    assert files.decode(data) == attributes


@given(objects, st.data())
def test_what_was_cut_or_altered_is_read_or_refused(attributes: dict[int, object], data: st.DataObject) -> None:
    whole = bytearray(bytes(8) + b"".join(encoded(*item) for item in attributes.items()))
    cut = data.draw(st.integers(0, len(whole)))
    for place in data.draw(st.lists(st.integers(0, len(whole) - 1), max_size=3)):
        whole[place] ^= data.draw(st.integers(1, 255))
    for attempt in (bytes(whole[:cut]), bytes(whole)):
        try:
            files.decode(attempt)
        except (ValueError, struct.error):
            continue


def test_the_key_of_a_token() -> None:
    assert softhsm.token_key(b"1234", blob(b"1234")) == KEY
    for pin, stored in ((b"1235", blob(b"1234")), (b"1234", blob(b"1234")[:-16]), (b"1234", b""), (b"", blob(b"1234"))):
        assert softhsm.token_key(pin, stored) is None
    assert softhsm.decrypt(KEY, encrypted(KEY, b"x" * 33)) == b"x" * 33
    assert softhsm.decrypt(KEY, b"") == b""
    for wrong in (b"x" * 16, b"x" * 33, encrypted(bytes(32), b"")[:-1] + b"\0"):
        with pytest.raises(ValueError, match=r"\w"):
            softhsm.decrypt(KEY, wrong)


def token(attributes: dict[int, object]) -> StoredToken:
    one = StoredObject("one.object", attributes)
    return StoredToken(Path("/t"), "file", b"t".ljust(32), b"1", blob(b"sopin"), blob(b"1234"), [one])


def test_private_objects_are_decrypted_and_their_dates_are_not() -> None:
    private: dict[int, object] = {
        Attr.CLASS: int(ObjectClass.DATA),
        Attr.PRIVATE: True,
        Attr.VALUE: encrypted(KEY, b"value"),
    }
    private |= {Attr.LABEL: encrypted(KEY, b"name"), Attr.START_DATE: b"20200101", Attr.OBJECT_ID: b""}
    for pin, so_pin in ((b"1234", None), (None, b"sopin")):
        [plain] = opening.Opened(token(private), pin=pin, so_pin=so_pin).objects()
        assert (plain.attributes[Attr.VALUE], plain.attributes[Attr.START_DATE]) == (b"value", b"20200101")
        assert (plain.name, plain.attributes[Attr.OBJECT_ID]) == ("data 'name'", b"")
    for pin, so_pin, which in ((b"no", b"sopin", "user"), (b"1234", b"no", "SO")):
        with pytest.raises(WrongPin) as wrong:
            opening.Opened(token(private), pin=pin, so_pin=so_pin)
        assert wrong.value.which == which
    private[Attr.LABEL] = b"in clear"
    with pytest.raises(Unreadable, match="one.object"):
        list(opening.Opened(token(private), pin=b"1234", so_pin=None).objects())


def test_what_softhsm_spells_otherwise() -> None:
    made = int(Mechanism.EC_EDWARDS_KEY_PAIR_GEN)
    key: dict[int, object] = {Attr.CLASS: int(ObjectClass.PRIVATE_KEY), Attr.KEY_TYPE: int(KeyType.EC_EDWARDS)}
    key[Attr.KEY_GEN_MECHANISM] = made
    for params in ("06032b656e", "06032b656f", "130a63757276653235353139"):
        plain = opening.translated("x", {**key, Attr.EC_PARAMS: bytes.fromhex(params)})
        assert plain.attributes[Attr.KEY_TYPE] == KeyType.EC_MONTGOMERY
        assert plain.attributes[Attr.KEY_GEN_MECHANISM] == Mechanism.EC_MONTGOMERY_KEY_PAIR_GEN
        assert len(plain.respelt) == 2
    edwards = opening.translated("x", {**key, Attr.EC_PARAMS: bytes.fromhex("06032b6570")})
    assert (edwards.attributes[Attr.KEY_TYPE], edwards.respelt) == (KeyType.EC_EDWARDS, [])
    odd = opening.translated(
        "x", {**key, Attr.ALLOWED_MECHANISMS: (), Attr.PUBLIC_KEY_INFO: b"", 0x80001234: b"?", 0x80001235: b""}
    )
    assert odd.attributes == key
    assert odd.unknown == [0x80001234]


def test_where_tokens_are_found(tmp_path: Path) -> None:
    folder = tmp_path / "lib" / "tokens" / "uuid"
    folder.mkdir(parents=True)
    about = {0x80005349: b"found".ljust(32), 0x8000534A: b"0123456789abcdef", 0x8000534C: blob(b"sopin")}
    (folder / "token.object").write_bytes(bytes(8) + b"".join(encoded(*item) for item in about.items()))
    (tmp_path / "softhsm2.conf").write_text(f"directories.tokendir={tmp_path}/lib/tokens # here\n")
    for path in (folder, folder.parent, folder.parent.parent, tmp_path / "softhsm2.conf"):
        [one] = stores.find(path)
        assert (one.name, one.serial, one.user_pin) == ("found", b"0123456789abcdef", b"")
    assert "blob" not in repr(one) and "pin" not in repr(one).lower()
    environment = {"SOFTHSM2_CONF": str(tmp_path / "softhsm2.conf"), "HOME": str(tmp_path)}
    assert configuration.locate(environment) == tmp_path / "softhsm2.conf"
    (folder / "token.object").write_bytes(bytes(8))
    with pytest.raises(Unreadable, match="no label"):
        stores.find(folder)
    with pytest.raises(Unreadable):
        stores.find(tmp_path / "nowhere")
