"""The keeper's side of an import: objects are gathered, and stored together or not at all."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from harness import run
from hsmith.spec.constants import Attr, Fault, KeyType, ObjectClass
from hsmith.spec.faults import Refused
from hsmith.store import codec
from hsmith.wire.client import Client
from hsmith.wire.session import Session

LABEL = b"arrived".ljust(32).hex()
AES = {
    Attr.CLASS: int(ObjectClass.SECRET_KEY),
    Attr.KEY_TYPE: int(KeyType.AES),
    Attr.TOKEN: True,
    Attr.PRIVATE: True,
    Attr.VALUE: bytes(range(16)),
    Attr.LABEL: b"key",
    Attr.LOCAL: True,
    Attr.TRUSTED: True,
    Attr.SENSITIVE: True,
    Attr.ALWAYS_SENSITIVE: True,
    Attr.NEVER_EXTRACTABLE: True,
    Attr.EXTRACTABLE: False,
}


def written(attributes: dict[Any, Any]) -> str:
    return base64.b64encode(codec.encode({int(attr): value for attr, value in attributes.items()})).decode()


def begun(client: Client, serial: str = "0123456789abcdef", **more: Any) -> dict[str, Any]:
    return client.admin("import.begin", **{"label": LABEL, "serial": serial, "profile": None, **more})


def test_what_is_the_tokens_own_word_otherwise_is_kept(home: Path) -> None:
    with Client() as client:
        begun(client)
        [answer] = client.admin("import.add", objects=[written(AES)])["objects"]
        assert answer == {"changed": []}
        made = client.admin("import.finish", so_pin="12345678", pin="1234")
        assert (made["serial"], made["objects"]) == ("0123456789abcdef", 1)
        with Session(client, made["slot"]) as session:
            session.login(b"1234")
            [key] = session.find({Attr.LABEL: b"key"})
            asked = (Attr.LOCAL, Attr.TRUSTED, Attr.ALWAYS_SENSITIVE, Attr.NEVER_EXTRACTABLE, Attr.VALUE)
            assert session.read(key, asked) == dict.fromkeys(asked[:4], True)
    # It is there after a restart as well.
    run("hsmith", "keeper", "stop")
    assert json.loads(run("hsmith", "token", "list", "--json"))[0]["objects"] == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({Attr.VALUE: bytes(15)}, "15 bytes"),
        ({Attr.KEY_TYPE: 0x32}, "CKA_KEY_TYPE"),
        ({Attr.TOKEN: False}, "only token objects"),
        ({Attr.LABEL: 7}, "CKA_LABEL"),
        ({Attr.START_DATE: b"20201301"}, "CKA_START_DATE"),
        ({Attr.CLASS: 4711}, "CKA_CLASS"),
        ({0x80001234: b"?"}, "no attribute"),
    ],
)
def test_an_object_that_cannot_be_held(home: Path, change: dict[Any, Any], words: str) -> None:
    with Client() as client:
        begun(client)
        answers = client.admin("import.add", objects=[written(AES), written({**AES, **change})])["objects"]
        assert answers[0] == {"changed": []}
        assert words in answers[1]["refused"]


def test_bad_requests(home: Path) -> None:
    with Client() as client:
        for command, arguments in (
            ("import.add", {"objects": []}),
            ("import.finish", {"so_pin": "12345678", "pin": None}),
            ("import.begin", {"label": "zz", "serial": "", "profile": None}),
            ("import.begin", {"label": LABEL, "serial": "x" * 17, "profile": None}),
            ("import.begin", {"label": LABEL, "serial": "x\n", "profile": None}),
            ("import.begin", {"label": LABEL, "serial": "", "profile": "moon"}),
            ("import.begin", {"label": LABEL}),
        ):
            with pytest.raises(Refused):
                client.admin(command, **arguments)
        begun(client)
        for objects in (["?"], [7], [base64.b64encode(b"no record").decode()], None):
            with pytest.raises(Refused):
                client.admin("import.add", objects=objects)
        for pins in (
            {"so_pin": "123", "pin": "1234"},
            {"so_pin": "12345678", "pin": "1"},
            {"so_pin": None, "pin": None},
        ):
            with pytest.raises(Refused):
                client.admin("import.finish", **pins)
        assert client.admin("tokens")["tokens"] == []
        client.admin("import.forget")
        with pytest.raises(Refused):
            client.admin("import.finish", so_pin="12345678", pin="1234")


def test_one_serial_number_once(home: Path) -> None:
    with Client() as first, Client() as second:
        begun(first)
        begun(second)
        first.admin("import.finish", so_pin="12345678", pin=None)
        with pytest.raises(Refused, match="already") as refused:
            second.admin("import.finish", so_pin="12345678", pin=None)
        assert refused.value.fault == Fault.ARGUMENTS_BAD
        with pytest.raises(Refused, match="already"):
            begun(second)
        assert len(begun(second, serial="")["serial"]) == 16


def test_a_strict_token_keeps_its_rules(home: Path) -> None:
    uses = {Attr.ENCRYPT: True, Attr.WRAP: True}
    with Client() as client:
        begun(client, profile="strict")
        [answer] = client.admin("import.add", objects=[written({**AES, **uses})])["objects"]
        assert "does not go with" in answer["refused"]


def test_a_token_is_deleted_without_its_pin_by_its_user_alone(home: Path) -> None:
    with Client() as client:
        begun(client)
        slot = client.admin("import.finish", so_pin="12345678", pin=None)["slot"]
        with pytest.raises(Refused):
            client.admin("token.remove", slot=slot)  # no PIN, and no word that there is none
        with pytest.raises(Refused):
            client.admin("token.remove", slot=slot, so_pin="wrong one")
        assert client.admin("token.remove", slot=slot, so_pin=None)["removed"]["slot"] == slot
        assert client.admin("tokens")["tokens"] == []
