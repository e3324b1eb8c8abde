"""C_SetAttributeValue and C_CopyObject: what may change, and what never goes back."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hsmith.core import templates
from hsmith.core.templates import Attributes
from hsmith.spec.attributes import ATTRIBUTES
from hsmith.spec.constants import Attr, Fault
from hsmith.spec.faults import Refused
from hsmith.spec.objects import SEALED
from hsmith.spec.values import ValueKind
from template_values import AES, AES_VALUE, DATA, EC_PRIVATE, X509, template


def create(attrs: dict[int, Any], so: bool = False, **changed: Any) -> Attributes:
    return templates.create(template(attrs, **changed), so=so)


def change(attrs: Attributes, so: bool = False, **given: Any) -> Attributes:
    return templates.change(attrs, template({}, **given), so=so)


def copy(attrs: Attributes, so: bool = False, **given: Any) -> Attributes:
    return templates.copy(attrs, template({}, **given), so=so)


@pytest.mark.parametrize(
    ("name", "value"),
    [("LABEL", b"new"), ("ID", b"\1"), ("START_DATE", b"20260101"), ("DERIVE", True), ("ENCRYPT", False),
     ("SENSITIVE", True), ("EXTRACTABLE", False), ("WRAP_WITH_TRUSTED", True), ("CHECK_VALUE", b""),
     ("COPYABLE", False)],
)  # fmt: skip
@pytest.mark.parametrize("way", [change, copy])
def test_may_change(way: Any, name: str, value: Any) -> None:
    key = create(AES, SENSITIVE=False, EXTRACTABLE=True)
    assert way(key, **{name: value})[Attr[name]] == value
    assert key[Attr[name]] != value, "the original is never touched"


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("CLASS", 4, Fault.ATTRIBUTE_READ_ONLY),
        ("KEY_TYPE", 0x1F, Fault.ATTRIBUTE_READ_ONLY),
        ("TOKEN", False, Fault.ATTRIBUTE_READ_ONLY),
        ("PRIVATE", False, Fault.ATTRIBUTE_READ_ONLY),
        ("MODIFIABLE", False, Fault.ATTRIBUTE_READ_ONLY),
        ("DESTROYABLE", False, Fault.ATTRIBUTE_READ_ONLY),
        ("VALUE", AES_VALUE, Fault.ATTRIBUTE_READ_ONLY),
        ("VALUE_LEN", 16, Fault.ATTRIBUTE_READ_ONLY),
        ("LOCAL", False, Fault.ATTRIBUTE_READ_ONLY),
        ("ALWAYS_SENSITIVE", False, Fault.ATTRIBUTE_READ_ONLY),
        ("UNIQUE_ID", b"x", Fault.ATTRIBUTE_READ_ONLY),
        ("SENSITIVE", False, Fault.ATTRIBUTE_READ_ONLY),
        ("EXTRACTABLE", True, Fault.ATTRIBUTE_READ_ONLY),
        ("WRAP_WITH_TRUSTED", False, Fault.ATTRIBUTE_READ_ONLY),
        ("TRUSTED", True, Fault.ATTRIBUTE_READ_ONLY),
        ("WRAP_TEMPLATE", (), Fault.ATTRIBUTE_READ_ONLY),
        ("ALLOWED_MECHANISMS", (), Fault.ATTRIBUTE_READ_ONLY),
        ("CHECK_VALUE", b"abc", Fault.ATTRIBUTE_READ_ONLY),
        ("MODULUS", b"\7", Fault.TEMPLATE_INCONSISTENT),
        ("LABEL", 5, Fault.ATTRIBUTE_VALUE_INVALID),
        ("END_DATE", b"tomorrow", Fault.ATTRIBUTE_VALUE_INVALID),
    ],
)
def test_may_not_change(name: str, value: Any, fault: Fault) -> None:
    key = create(AES, SENSITIVE=True, EXTRACTABLE=False, WRAP_WITH_TRUSTED=True)
    with pytest.raises(Refused) as refused:
        change(key, **{name: value})
    assert refused.value.fault == fault
    assert f"CKA_{name}" in refused.value.reason


def test_copyable_goes_one_way() -> None:
    """The table says that it cannot be set to TRUE once it is set to FALSE, and so can be set to FALSE."""
    fixed = change(create(DATA), COPYABLE=False)
    assert fixed[Attr.COPYABLE] is False
    with pytest.raises(Refused, match="ATTRIBUTE_READ_ONLY"):
        change(fixed, COPYABLE=True)


def test_copy_changes_what_set_does_not() -> None:
    new = copy(create(DATA), TOKEN=True, PRIVATE=True, MODIFIABLE=False, COPYABLE=False, DESTROYABLE=False)
    assert new[Attr.TOKEN] is new[Attr.PRIVATE] is True
    assert new[Attr.MODIFIABLE] is new[Attr.COPYABLE] is new[Attr.DESTROYABLE] is False
    with pytest.raises(Refused, match="ACTION_PROHIBITED"):
        change(new, LABEL=b"x")
    with pytest.raises(Refused, match="ACTION_PROHIBITED"):
        copy(new)


def test_copy_has_its_own_unique_id_and_the_rest() -> None:
    key = create(AES)
    new = copy(key)
    assert new.pop(Attr.UNIQUE_ID) != key.pop(Attr.UNIQUE_ID)
    assert new == key


def test_copy_takes_what_is_so_anyway_but_no_guess_of_a_secret() -> None:
    key = create(AES)
    assert copy(key, CLASS=4)[Attr.CLASS] == 4
    with pytest.raises(Refused, match="ATTRIBUTE_READ_ONLY"):
        copy(key, CLASS=3)
    for guess in (AES_VALUE, bytes(16)):
        with pytest.raises(Refused, match=r"ATTRIBUTE_READ_ONLY.*CKA_VALUE"):
            copy(key, VALUE=guess)


def test_private_objects_stay_private() -> None:
    with pytest.raises(Refused, match=r"TEMPLATE_INCONSISTENT.*CKA_PRIVATE"):
        copy(create(AES), PRIVATE=False)


def test_trust_is_the_so_s() -> None:
    key = create(AES)
    with pytest.raises(Refused, match=r"ATTRIBUTE_READ_ONLY.*CKA_TRUSTED"):
        copy(key, TRUSTED=True)
    trusted = change(key, so=True, TRUSTED=True)
    assert copy(trusted)[Attr.TRUSTED] is True
    with pytest.raises(Refused, match="ATTRIBUTE_READ_ONLY"):
        change(trusted, TRUSTED=False)
    certificate = create(X509, so=True, TRUSTED=True)
    with pytest.raises(Refused, match="ACTION_PROHIBITED"):
        change(certificate, LABEL=b"x")
    assert change(certificate, so=True, TRUSTED=False)[Attr.TRUSTED] is False


def test_certificates_change_as_their_chapter_says() -> None:
    certificate = create(X509)
    assert change(certificate, ID=b"1", ISSUER=b"2", SERIAL_NUMBER=b"3")[Attr.ISSUER] == b"2"
    for fixed in ({"SUBJECT": b"0"}, {"VALUE": b"other"}, {"CERTIFICATE_CATEGORY": 1}, {"START_DATE": b""}):
        with pytest.raises(Refused, match="ATTRIBUTE_READ_ONLY"):
            change(certificate, **fixed)


def test_public_key_info_must_be_the_key_s() -> None:
    key = create(EC_PRIVATE)
    assert change(key, PUBLIC_KEY_INFO=key[Attr.PUBLIC_KEY_INFO]) == key
    assert change(key, PUBLIC_KEY_INFO=b"") == key
    with pytest.raises(Refused, match="ATTRIBUTE_VALUE_INVALID"):
        change(key, PUBLIC_KEY_INFO=b"other")


VALUES = {
    ValueKind.BOOL: st.booleans(),
    ValueKind.ULONG: st.integers(0, 2**64 - 1),
    ValueKind.BYTES: st.binary(max_size=20),
    ValueKind.DATE: st.just(b""),
    ValueKind.ULONGS: st.just(()),
    ValueKind.TEMPLATE: st.just(()),
}
LATCHES = [Attr.SENSITIVE, Attr.EXTRACTABLE, Attr.WRAP_WITH_TRUSTED, Attr.COPYABLE, Attr.PRIVATE, Attr.TRUSTED]
PAIRS = st.one_of(st.sampled_from(LATCHES), st.sampled_from(sorted(ATTRIBUTES))).flatmap(
    lambda attr: st.tuples(st.just(int(attr)), VALUES[ATTRIBUTES[attr].kind])
)
STEPS = st.lists(st.tuples(st.booleans(), st.lists(PAIRS, max_size=3).map(tuple)), max_size=12)
STARTS = [create(attrs, **flags) for attrs in (AES, EC_PRIVATE)
          for flags in ({}, {"SENSITIVE": False, "EXTRACTABLE": True}, {"WRAP_WITH_TRUSTED": True})]  # fmt: skip
FIXED: set[int] = {
    Attr.CLASS,
    Attr.KEY_TYPE,
    Attr.LOCAL,
    Attr.ALWAYS_SENSITIVE,
    Attr.NEVER_EXTRACTABLE,
    Attr.KEY_GEN_MECHANISM,
}


@given(st.sampled_from(STARTS), STEPS)
def test_nothing_secret_ever_comes_back(start: Attributes, steps: list[tuple[bool, Any]]) -> None:
    """However a user sets and copies, a key only becomes more protected, and keeps its value and its history."""
    now = start
    for copying, wanted in steps:
        try:
            new = (templates.copy if copying else templates.change)(now, wanted, so=False)
        except Refused:
            continue
        assert new[Attr.SENSITIVE] >= now[Attr.SENSITIVE]
        assert new[Attr.EXTRACTABLE] <= now[Attr.EXTRACTABLE]
        assert new[Attr.WRAP_WITH_TRUSTED] >= now[Attr.WRAP_WITH_TRUSTED]
        assert new[Attr.COPYABLE] <= now[Attr.COPYABLE]
        assert new[Attr.PRIVATE] >= now[Attr.PRIVATE]
        assert not new.get(Attr.TRUSTED)
        assert all(new.get(attr) == now.get(attr) for attr in FIXED | SEALED[now[Attr.CLASS]])
        now = new
