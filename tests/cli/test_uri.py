"""PKCS#11 URIs (RFC 7512): read, matched, written; and taken wherever a token, a key or an object is named."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hsmith.cli import uri
from hsmith.cli.parser import Usage

from .conftest import Hsmith

TOKEN: dict[str, Any] = {"slot": 3, "label": "my token; really", "serial": "0123456789abcdef"}


def test_what_the_rfc_shows() -> None:
    """The examples of section 3 that name what we have."""
    assert uri.parse("pkcs11:").path == {}
    found = uri.parse("pkcs11:object=my-pubkey;type=public")
    assert found.path == {"object": b"my-pubkey", "type": b"public"}
    found = uri.parse("pkcs11:object=my-key;type=private?pin-source=file:/etc/token_pin")
    assert found.query == {"pin-source": b"file:/etc/token_pin"}
    found = uri.parse("pkcs11:token=my%20token%25%20created%20by%20Joe;library-version=3")
    assert found.path["token"] == b"my token% created by Joe"
    assert uri.parse("pkcs11:id=%69%95%3E%5C%F4%BD%EC%91").path["id"] == b"\x69\x95\x3e\x5c\xf4\xbd\xec\x91"


def test_a_token_is_what_its_uri_says() -> None:
    assert uri.parse(uri.of_token(TOKEN)).matches_token(TOKEN)
    for right in (
        "slot-id=3",
        "serial=0123456789abcdef",
        "manufacturer=hsmith;model=hsmith",
        "slot-description=hsmith%20slot%203",
    ):
        assert uri.parse(f"pkcs11:{right}").matches_token(TOKEN)
    for wrong in ("slot-id=4", "serial=0", "manufacturer=other", "token=my", "library-version=99"):
        assert not uri.parse(f"pkcs11:{wrong}").matches_token(TOKEN)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("pkcs11:tokn=x", "did you mean 'token'?"),
        ("pkcs11:token", "without a value"),
        ("pkcs11:token=a;token=b", "twice"),
        ("pkcs11:token=%zz", "two hexadecimal digits"),
        ("pkcs11:token=%4", "two hexadecimal digits"),
        ("pkcs11:type=privat", "did you mean 'private'?"),
        ("pkcs11:slot-id=x", "no number"),
        ("pkcs11:pin-value=1234", "belongs after the '?'"),
        ("pkcs11:?token=x", "belongs before the '?'"),
        ("pkcs11:?pin-value=1234&pin-source=file:/x", "both"),
    ],
)
def test_what_is_wrong_is_said_without_the_pin(text: str, words: str) -> None:
    with pytest.raises(Usage) as usage:
        uri.parse(text)
    assert words in str(usage.value)
    assert "1234" not in str(usage.value)


def test_a_vendors_query_attribute_is_not_looked_at() -> None:
    assert uri.parse("pkcs11:?x-vendor=1&module-name=hsmith").query == {"module-name": b"hsmith"}


def test_a_pin_is_in_no_repr() -> None:
    assert "1234" not in repr(uri.parse("pkcs11:?pin-value=1234"))


@given(st.binary(min_size=1, max_size=40), st.binary(max_size=20), st.sampled_from([0, 1, 2, 3, 4]))
def test_what_is_written_is_read_again(label: bytes, identity: bytes, cls: int) -> None:
    text = uri.of_object(TOKEN, cls=cls, label=label, identity=identity)
    assert text.isascii()
    found = uri.parse(text)
    assert found.matches_token(TOKEN)
    assert (found.path["object"], found.path.get("id", b"")) == (label, identity)
    assert uri.TYPES[found.path["type"].decode()] == cls


def test_uris_name_tokens_keys_and_pins(cli: Hsmith, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = json.loads(
        cli("key", "generate", "--type", "ec:p256", "--label", "a;b %", "--id", "0aff", "--token", "main", "--json").out
    )
    private = made[1]["uri"]
    assert private.startswith("pkcs11:token=main;serial=")
    assert "id=%0A%FF" in private
    listed = cli("key", "list", "--label", "a;b %", "--token", "main", "--uris").out.splitlines()
    assert sorted(listed) == sorted(key["uri"] for key in made)
    monkeypatch.delenv("HSMITH_PIN")
    (tmp_path / "pin").write_text("1234\n")
    for query in ("?pin-value=1234", f"?pin-source=file:{tmp_path}/pin", f"?pin-source=file://{tmp_path}/pin"):
        shown = cli("key", "show", private + query, "--json")
        assert shown.code == 0, shown.err
        assert [key["class"] for key in json.loads(shown.out)] == ["private"]
    assert cli("key", "show", private + "?pin-value=4321").code == 4
    assert "is no file" in cli("key", "show", private + "?pin-source=|cat").err
    assert "cannot be read" in cli("key", "show", private + f"?pin-source=file:{tmp_path}/none").err
    assert json.loads(cli("token", "show", "--token", "pkcs11:token=main", "--json").out)["label"] == "main"
    other = cli("key", "show", "pkcs11:token=other;object=x?pin-value=1234")
    assert (other.code, "No token is what the URI says" in other.err) == (1, True)
    differently = cli("key", "show", private, "--id", "01", "--pin", "1234")
    assert (differently.code, "given twice" in differently.err) == (2, True)
    assert cli("key", "delete", private.replace(";type=private", "") + "?pin-value=1234", "--yes").code == 0
