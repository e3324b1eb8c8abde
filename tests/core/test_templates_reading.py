"""What may be read, found and indexed."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hsmith.core import templates
from hsmith.core.templates import Attributes
from hsmith.spec.attributes import ATTRIBUTES
from hsmith.spec.constants import Attr, Fault, ObjectClass
from hsmith.spec.faults import Refused
from hsmith.spec.objects import SEALED
from hsmith.spec.values import Malformed
from template_values import AES, AES_VALUE, DATA, EC_PRIVATE, X509, template

RSA: dict[int, Any] = {
    Attr.CLASS: int(ObjectClass.PRIVATE_KEY), Attr.KEY_TYPE: 0, Attr.MODULUS: b"\x80\1", Attr.PRIVATE_EXPONENT: b"d",
    Attr.PRIME_1: b"p", Attr.PRIME_2: b"q", Attr.EXPONENT_1: b"1", Attr.EXPONENT_2: b"2", Attr.COEFFICIENT: b"c",
}  # fmt: skip
OPEN: dict[int, Any] = {Attr.SENSITIVE: False, Attr.EXTRACTABLE: True}


def create(attrs: dict[int, Any], **changed: Any) -> Attributes:
    return templates.create(template(attrs, **changed), so=False)


@pytest.mark.parametrize("attr", sorted(SEALED[ObjectClass.PRIVATE_KEY] & set(RSA)))
@pytest.mark.parametrize(
    "flags",
    [{}, {Attr.SENSITIVE: True}, {Attr.SENSITIVE: True, Attr.EXTRACTABLE: True},
     {Attr.SENSITIVE: False, Attr.EXTRACTABLE: False}, {Attr.SENSITIVE: True, Attr.EXTRACTABLE: False}],
)  # fmt: skip
def test_secrets_are_not_read_nor_found_nor_indexed(attr: Attr, flags: dict[int, bool]) -> None:
    key: dict[int, Any] = {**RSA, **flags}
    with pytest.raises(Refused) as refused:
        templates.read(key, attr)
    assert refused.value.fault == Fault.ATTRIBUTE_SENSITIVE
    assert not templates.matches(key, ((attr, key[attr]),))
    assert attr not in dict(templates.index(key))


def test_open_keys_are_read() -> None:
    """Clients make keys like this to agree on a secret (OpenSC --derive, Java's KeyAgreement) and read it."""
    key = create(AES, SENSITIVE=False, EXTRACTABLE=True)
    assert templates.read(key, Attr.VALUE) == AES_VALUE
    assert templates.matches(key, ((Attr.VALUE, AES_VALUE),))
    assert (Attr.VALUE, AES_VALUE) in templates.index(key)


@pytest.mark.parametrize("attrs", [AES, EC_PRIVATE])
def test_the_index_keeps_no_tag_of_a_secret_value(attrs: dict[int, Any]) -> None:
    assert ATTRIBUTES[Attr.VALUE].rank, "it is indexed where it is public"
    assert Attr.VALUE in dict(templates.index(create(DATA)))
    assert Attr.VALUE not in dict(templates.index(create(attrs)))


def test_public_values_are_read() -> None:
    assert templates.read(create(DATA), Attr.VALUE) == b"text"
    assert templates.read(create(X509), Attr.VALUE) == b"certificate"
    assert templates.read({**RSA, **OPEN}, Attr.MODULUS) == b"\x80\1"


@pytest.mark.parametrize("attr", [Attr.MODULUS, Attr.ALLOWED_MECHANISMS, Attr.PRIME_1, 0x80000001])
def test_what_an_object_does_not_have(attr: int) -> None:
    with pytest.raises(Refused) as refused:
        templates.read(create(AES), attr)
    assert refused.value.fault == Fault.ATTRIBUTE_TYPE_INVALID


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, True),
        ({"LABEL": b"note"}, True),
        ({"LABEL": b"note", "CLASS": 0, "TOKEN": False}, True),
        ({"LABEL": b"Note"}, False),
        ({"LABEL": b""}, False),
        ({"ID": b""}, False),
        ({"VALUE": b"text", "PRIVATE": True}, False),
        ({"CLASS": 0xCE534350}, False),
    ],
)
def test_matches(wanted: dict[str, Any], found: bool) -> None:
    assert templates.matches(create(DATA), template({}, **wanted)) is found


def test_duplicates_that_differ_match_nothing() -> None:
    assert not templates.matches(create(DATA), ((Attr.LABEL, b"note"), (Attr.LABEL, b"other")))


def test_numbers_are_found_with_a_sign_byte() -> None:
    wanted = ((int(Attr.MODULUS), b"\0\x80\1"),)
    assert templates.matches(RSA, wanted)
    assert templates.searchable(wanted) == [(Attr.MODULUS, b"\x80\1")]


def test_searchable_puts_the_most_selective_first() -> None:
    wanted = template({}, CLASS=3, TOKEN=True, LABEL=b"k", ID=b"1", SIGN=True, SUBJECT=b"")
    assert [attr for attr, _ in templates.searchable(wanted)] == [Attr.ID, Attr.LABEL, Attr.CLASS]
    assert templates.searchable(((0x80001234, b"x"), (Attr.ID, b"1")))[0] == (0x80001234, b"x")


def test_check_search() -> None:
    templates.check_search(((0xCE534351, b"NSS"), (Attr.CLASS, 0xCE534353)))
    for wrong in (Malformed(2), b"", 1):
        with pytest.raises(Refused, match=r"ATTRIBUTE_VALUE_INVALID.*CKA_TOKEN"):
            templates.check_search(((Attr.TOKEN, wrong),))


@given(st.sampled_from([create(DATA), create(AES), create(X509), create(EC_PRIVATE), {**RSA, **OPEN}]), st.data())
def test_the_index_finds_what_matches(attrs: Attributes, data: st.DataObject) -> None:
    """Whatever part of an object is searched for: the index has every pair that searchable() asks it."""
    readable = sorted(attr for attr in attrs if templates.matches(attrs, ((attr, attrs[attr]),)))
    chosen = data.draw(st.lists(st.sampled_from(readable), unique=True))
    wanted = tuple((attr, attrs[attr]) for attr in chosen)
    assert templates.matches(attrs, wanted)
    assert set(templates.searchable(wanted)) <= set(templates.index(attrs))


def test_wrap_template() -> None:
    wrapping = create(AES, WRAP_TEMPLATE=((int(Attr.KEY_TYPE), 0x1F), (int(Attr.EXTRACTABLE), True)))
    templates.check_wrap_template(create(AES), create(EC_PRIVATE))
    templates.check_wrap_template(wrapping, create(AES, EXTRACTABLE=True))
    for key in (create(AES), create(EC_PRIVATE, EXTRACTABLE=True)):
        with pytest.raises(Refused, match="KEY_HANDLE_INVALID.*CKA_WRAP_TEMPLATE"):
            templates.check_wrap_template(wrapping, key)


def test_a_key_without_templates_has_empty_ones() -> None:
    """They set no condition ("Public key from private key" calls them so, too); what is no such key has none."""
    for attr in (Attr.WRAP_TEMPLATE, Attr.UNWRAP_TEMPLATE, Attr.DERIVE_TEMPLATE):
        assert templates.read(create(AES), attr) == ()
    for attrs, attr in ((DATA, Attr.WRAP_TEMPLATE), (X509, Attr.WRAP_TEMPLATE), (AES, Attr.DECAPSULATE_TEMPLATE)):
        with pytest.raises(Refused) as refused:
            templates.read(create(attrs), attr)
        assert refused.value.fault == Fault.ATTRIBUTE_TYPE_INVALID


def test_wrap_template_is_no_oracle() -> None:
    wrapping = create(AES, WRAP_TEMPLATE=((int(Attr.VALUE), AES_VALUE),))
    with pytest.raises(Refused, match="KEY_HANDLE_INVALID"):
        templates.check_wrap_template(wrapping, create(AES))


def test_size_grows_with_the_object() -> None:
    assert templates.size(create(DATA, VALUE=bytes(1000))) - templates.size(create(DATA, VALUE=b"")) == 1000
