"""The attribute table and the compositions of object classes: complete, and consistent with each other."""

import pytest

from hsmith.core.templates.values import typed
from hsmith.spec.attributes import ATTRIBUTES
from hsmith.spec.constants import Attr, CertificateType, KeyType, ObjectClass
from hsmith.spec.objects import OBJECTS, REDACTED, SEALED, STORED, SUBTYPE, USES
from hsmith.spec.rules import ABSENT, Note, rule
from hsmith.spec.values import ValueKind

#: CKF_ARRAY_ATTRIBUTE: "any attribute whose value is an array of attributes is identifiable by" this bit.
ARRAY = 0x40000000

SCHEMAS = [pytest.param(key, id=f"{ObjectClass(key[0]).name}-{key[1]}") for key in OBJECTS]


def notes(cls: ObjectClass, subtype: int | None, attr: Attr) -> set[int]:
    bits = OBJECTS[cls, subtype][attr].notes
    return {number for number in range(1, 14) if bits & (1 << number)}


def test_every_attribute_has_a_row() -> None:
    assert set(ATTRIBUTES) == set(Attr) - {Attr.VENDOR_DEFINED}
    assert all(row.attr == attr for attr, row in ATTRIBUTES.items())


def test_templates_are_the_array_attributes() -> None:
    arrays = {attr for attr, row in ATTRIBUTES.items() if row.kind is ValueKind.TEMPLATE}
    flagged = {attr for attr in ATTRIBUTES if attr & ARRAY} - {Attr.ALLOWED_MECHANISMS}
    # The two of version 3.2 have numbers without the bit.
    assert arrays == flagged | {Attr.ENCAPSULATE_TEMPLATE, Attr.DECAPSULATE_TEMPLATE}


@pytest.mark.parametrize(
    ("attr", "kind"),
    [
        (Attr.TOKEN, ValueKind.BOOL),
        (Attr.CLASS, ValueKind.ULONG),
        (Attr.LABEL, ValueKind.BYTES),
        (Attr.START_DATE, ValueKind.DATE),
        (Attr.ALLOWED_MECHANISMS, ValueKind.ULONGS),
        (Attr.MODULUS, ValueKind.BYTES),
        (Attr.PARAMETER_SET, ValueKind.ULONG),
    ],
)
def test_kinds(attr: Attr, kind: ValueKind) -> None:
    assert ATTRIBUTES[attr].kind is kind


def test_ranks_are_an_order() -> None:
    ranks = sorted(row.rank for row in ATTRIBUTES.values() if row.rank)
    assert ranks == list(range(1, len(ranks) + 1))
    assert ATTRIBUTES[Attr.UNIQUE_ID].rank < ATTRIBUTES[Attr.LABEL].rank < ATTRIBUTES[Attr.CLASS].rank
    assert not any(ATTRIBUTES[attr].rank for attr in (Attr.TOKEN, Attr.SENSITIVE, Attr.PRIVATE_EXPONENT))


@pytest.mark.parametrize("key", SCHEMAS)
def test_schema(key: tuple[int, int | None]) -> None:
    """Every object has a class and a unique ID, a subtype where the class has one, and defaults of the right kind."""
    schema = OBJECTS[key]
    assert {Attr.CLASS, Attr.UNIQUE_ID} <= set(schema)
    if key[0] in SUBTYPE:
        assert SUBTYPE[key[0]] in schema
    for attr, row in schema.items():
        assert row.attr == attr
        if row.default is not ABSENT:
            assert typed(ATTRIBUTES[attr], row.default) == row.default


@pytest.mark.parametrize("key", [key for key in SCHEMAS if key.values[0] in STORED])
def test_stored_objects_have_the_storage_attributes(key: tuple[int, int | None]) -> None:
    storage = {Attr.TOKEN, Attr.PRIVATE, Attr.MODIFIABLE, Attr.LABEL, Attr.COPYABLE, Attr.DESTROYABLE}
    assert storage <= set(OBJECTS[key])


def test_every_usage_has_a_default() -> None:
    for (cls, subtype), schema in STORED.items():
        for attr in (Attr.ENCRYPT, Attr.SIGN, Attr.DECAPSULATE):
            if attr in schema:
                assert schema[attr].default is (attr in USES[KeyType(subtype or 0)]), (cls, subtype)


def test_footnotes_are_those_of_the_text() -> None:
    private, public, secret = ObjectClass.PRIVATE_KEY, ObjectClass.PUBLIC_KEY, ObjectClass.SECRET_KEY
    assert notes(public, KeyType.RSA, Attr.MODULUS) == {1, 4}
    assert notes(public, KeyType.RSA, Attr.MODULUS_BITS) == {2, 3}
    assert notes(private, KeyType.RSA, Attr.PRIVATE_EXPONENT) == {1, 4, 6, 7}
    assert notes(private, KeyType.RSA, Attr.PRIME_1) == {4, 6, 7}
    assert notes(private, KeyType.EC, Attr.SENSITIVE) == {8, 9, 11}
    assert notes(private, KeyType.EC, Attr.EXTRACTABLE) == {8, 9, 12}
    assert notes(private, KeyType.EC, Attr.ALWAYS_SENSITIVE) == {2, 4, 6}
    assert notes(public, KeyType.EC, Attr.EC_PARAMS) == {1, 3}
    assert notes(secret, KeyType.AES, Attr.VALUE) == {1, 4, 6, 7}
    assert notes(secret, KeyType.AES, Attr.VALUE_LEN) == {2, 3}
    assert notes(secret, KeyType.AES, Attr.SENSITIVE) == {8, 11}
    assert notes(secret, KeyType.AES, Attr.TRUSTED) == {10}
    assert notes(secret, KeyType.AES, Attr.KEY_TYPE) == {1, 5}
    assert notes(ObjectClass.CERTIFICATE, CertificateType.X_509, Attr.SUBJECT) == {1}
    assert notes(ObjectClass.DATA, None, Attr.UNIQUE_ID) == {2, 4, 6}


def test_what_is_sealed() -> None:
    assert SEALED[ObjectClass.SECRET_KEY] == {Attr.VALUE}
    assert SEALED[ObjectClass.PUBLIC_KEY] == SEALED[ObjectClass.DATA] == SEALED[ObjectClass.CERTIFICATE] == set()
    rsa = {Attr.PRIVATE_EXPONENT, Attr.PRIME_1, Attr.PRIME_2, Attr.EXPONENT_1, Attr.EXPONENT_2, Attr.COEFFICIENT}
    assert SEALED[ObjectClass.PRIVATE_KEY] == rsa | {Attr.VALUE, Attr.SEED}
    assert rsa | {Attr.VALUE, Attr.SEED} == REDACTED


def test_note_numbers() -> None:
    assert rule("CLASS", 1).notes.value == 2
    assert rule("LABEL", 8, 11).notes == Note.MODIFIABLE | Note.ONE_WAY_TRUE
    assert repr(ABSENT) == "ABSENT"
