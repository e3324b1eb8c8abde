"""Objects made from templates: each footnote, each refusal of section 4.1.1, each way to make a key."""

import hashlib
from typing import Any

import pytest

from hsmith.core import templates
from hsmith.core.templates import Attributes
from hsmith.spec.constants import UNAVAILABLE, Attr, Fault, KeyType, Mechanism, ObjectClass, Trust
from hsmith.spec.faults import Refused
from hsmith.spec.objects import OBJECTS
from hsmith.spec.values import Malformed
from template_values import AES, AES_VALUE, DATA, DES3, EC_PRIVATE, P256, TRUST, X509, template

SECRET, PUBLIC, PRIVATE = ObjectClass.SECRET_KEY, ObjectClass.PUBLIC_KEY, ObjectClass.PRIVATE_KEY
NEEDED = [(Attr.CLASS, int(SECRET)), (Attr.KEY_TYPE, int(KeyType.AES))]


def create(attrs: dict[int, Any], *more: tuple[Attr, Any], so: bool = False, **changed: Any) -> Attributes:
    return templates.create(template(attrs, *more, **changed), so=so)


def generate(so: bool = False, **given: Any) -> Attributes:
    return templates.generate(
        template({}, **given), cls=SECRET, key_types=(KeyType.AES,), mechanism=Mechanism.AES_KEY_GEN, so=so
    )


def generated(**given: Any) -> Attributes:
    return templates.finish_generated(generate(**{"VALUE_LEN": 16} | given), {Attr.VALUE: AES_VALUE})


def unwrapped(value: bytes = AES_VALUE, imposed: Any = (), **given: Any) -> Attributes:
    attrs = templates.unwrap(template(dict(NEEDED), **given), unwrap_template=imposed, so=False)
    return templates.finish_unwrapped(attrs, {Attr.VALUE: value})


def derived(
    base: Attributes, mechanism: Mechanism, *further: Attributes, imposed: Any = (), **given: Any
) -> Attributes:
    attrs = templates.derive(template({}, **given), base=base, mechanism=mechanism, derive_template=imposed, so=False)
    return templates.finish_derived(attrs, {Attr.VALUE: AES_VALUE}, base=base, further=further)


@pytest.mark.parametrize(
    ("attrs", "changed", "fault"),
    [
        (DATA, {"CLASS": None}, Fault.TEMPLATE_INCOMPLETE),
        (AES, {"KEY_TYPE": None}, Fault.TEMPLATE_INCOMPLETE),
        (AES, {"VALUE": None}, Fault.TEMPLATE_INCOMPLETE),
        (EC_PRIVATE, {"EC_PARAMS": None}, Fault.TEMPLATE_INCOMPLETE),
        (X509, {"CERTIFICATE_TYPE": None}, Fault.TEMPLATE_INCOMPLETE),
        (X509, {"SUBJECT": None}, Fault.TEMPLATE_INCOMPLETE),
        (X509, {"VALUE": None}, Fault.TEMPLATE_INCOMPLETE),
        (X509, {"URL": b"http://x"}, Fault.TEMPLATE_INCOMPLETE),
        (TRUST, {"ISSUER": None}, Fault.TEMPLATE_INCOMPLETE),
        (TRUST, {"TRUST_SERVER_AUTH": int(Trust.TRUSTED)}, Fault.TEMPLATE_INCOMPLETE),
        (DATA, {"CLASS": 0xCE534350}, Fault.ATTRIBUTE_VALUE_INVALID),
        (DATA, {"CLASS": int(ObjectClass.PROFILE)}, Fault.ATTRIBUTE_VALUE_INVALID),
        (DATA, {"CLASS": int(ObjectClass.HW_FEATURE)}, Fault.ATTRIBUTE_VALUE_INVALID),
        (AES, {"KEY_TYPE": 0x7777}, Fault.ATTRIBUTE_VALUE_INVALID),
        (AES, {"KEY_TYPE": int(KeyType.BATON)}, Fault.ATTRIBUTE_VALUE_INVALID),
        (AES, {"KEY_TYPE": int(KeyType.RSA)}, Fault.TEMPLATE_INCONSISTENT),
        (AES, {"VALUE": b"short"}, Fault.ATTRIBUTE_VALUE_INVALID),
        (AES, {"TOKEN": Malformed(2)}, Fault.ATTRIBUTE_VALUE_INVALID),
        (AES, {"TOKEN": b""}, Fault.ATTRIBUTE_VALUE_INVALID),
        (AES, {"TOKEN": 1}, Fault.ATTRIBUTE_VALUE_INVALID),
        (AES, {"LABEL": Malformed(3)}, Fault.ATTRIBUTE_VALUE_INVALID),
        (AES, {"KEY_TYPE": True}, Fault.ATTRIBUTE_VALUE_INVALID),
        (AES, {"START_DATE": b"2024"}, Fault.ATTRIBUTE_VALUE_INVALID),
        (AES, {"START_DATE": b"20240230"}, Fault.ATTRIBUTE_VALUE_INVALID),
        (AES, {"END_DATE": b"2024-1-1"}, Fault.ATTRIBUTE_VALUE_INVALID),
        (AES, {"ALLOWED_MECHANISMS": Malformed(5)}, Fault.ATTRIBUTE_VALUE_INVALID),
        (AES, {"WRAP_TEMPLATE": ((int(Attr.TOKEN), 7),)}, Fault.ATTRIBUTE_VALUE_INVALID),
        (AES, {"CHECK_VALUE": b"abc"}, Fault.ATTRIBUTE_VALUE_INVALID),
        (EC_PRIVATE, {"PUBLIC_KEY_INFO": b"other"}, Fault.ATTRIBUTE_VALUE_INVALID),
        (X509, {"CERTIFICATE_CATEGORY": 9}, Fault.ATTRIBUTE_VALUE_INVALID),
        (AES, {"MODULUS": b"\7"}, Fault.TEMPLATE_INCONSISTENT),
        (AES, {"VALUE_LEN": 24}, Fault.TEMPLATE_INCONSISTENT),
        (EC_PRIVATE, {"PRIVATE": False, "ALWAYS_AUTHENTICATE": True}, Fault.TEMPLATE_INCONSISTENT),
        (AES, {"UNIQUE_ID": b"mine"}, Fault.ATTRIBUTE_READ_ONLY),
        (AES, {"LOCAL": False}, Fault.ATTRIBUTE_READ_ONLY),
        (AES, {"ALWAYS_SENSITIVE": True}, Fault.ATTRIBUTE_READ_ONLY),
        (AES, {"NEVER_EXTRACTABLE": True}, Fault.ATTRIBUTE_READ_ONLY),
        (AES, {"KEY_GEN_MECHANISM": 1}, Fault.ATTRIBUTE_READ_ONLY),
        (AES, {"TRUSTED": True}, Fault.ATTRIBUTE_READ_ONLY),
        (X509, {"TRUSTED": True}, Fault.ATTRIBUTE_READ_ONLY),
    ],
)  # fmt: skip
def test_create_refuses(attrs: dict[int, Any], changed: dict[str, Any], fault: Fault) -> None:
    with pytest.raises(Refused) as refused:
        create(attrs, **changed)
    assert refused.value.fault == fault
    assert "CKA_" in refused.value.reason or fault == Fault.ATTRIBUTE_VALUE_INVALID


def test_refusals_name_the_attribute_and_never_the_value() -> None:
    with pytest.raises(Refused) as refused:
        create(AES, (Attr.VALUE, b"other secret 16b"))
    assert "CKA_VALUE" in str(refused.value)
    assert "other secret" not in str(refused.value)


def test_unknown_attributes_and_duplicates() -> None:
    with pytest.raises(Refused, match="ATTRIBUTE_TYPE_INVALID.*0x80001234"):
        templates.create((*template(DATA), (0x80001234, b"x")), so=False)
    with pytest.raises(Refused, match="TEMPLATE_INCONSISTENT.*CKA_LABEL"):
        create(DATA, (Attr.LABEL, b"another"))
    assert create(DATA, (Attr.LABEL, b"note"))[Attr.LABEL] == b"note"


def test_created_secret_key_is_whole() -> None:
    key = create(AES)
    expected = {
        Attr.TOKEN: False, Attr.PRIVATE: True, Attr.MODIFIABLE: True, Attr.COPYABLE: True, Attr.DESTROYABLE: True,
        Attr.LABEL: b"", Attr.ID: b"", Attr.START_DATE: b"", Attr.DERIVE: False, Attr.LOCAL: False,
        Attr.KEY_GEN_MECHANISM: UNAVAILABLE, Attr.SENSITIVE: False, Attr.EXTRACTABLE: False,
        Attr.ALWAYS_SENSITIVE: False, Attr.NEVER_EXTRACTABLE: False, Attr.TRUSTED: False, Attr.ENCRYPT: True,
        Attr.UNWRAP: True, Attr.VALUE_LEN: 16, Attr.WRAP_WITH_TRUSTED: False,
    }  # fmt: skip
    assert {attr: key[attr] for attr in expected} == expected
    assert len(key[Attr.CHECK_VALUE]) == 3
    assert key[Attr.UNIQUE_ID] != create(AES)[Attr.UNIQUE_ID]


@pytest.mark.parametrize("sensitive", [True, False])
def test_created_keys_were_never_only_ours(sensitive: bool) -> None:
    key = create(AES, SENSITIVE=sensitive, EXTRACTABLE=not sensitive)
    assert key[Attr.SENSITIVE] is sensitive
    assert key[Attr.ALWAYS_SENSITIVE] is key[Attr.NEVER_EXTRACTABLE] is False


def test_a_secret_key_that_is_said_not_to_be_sensitive_can_be_read() -> None:
    """CKA_EXTRACTABLE defaults to what makes the template's CKA_SENSITIVE=CK_FALSE mean something; to no else."""
    assert create(AES, SENSITIVE=False)[Attr.EXTRACTABLE] is True
    assert generated(SENSITIVE=False)[Attr.EXTRACTABLE] is True
    assert create(AES)[Attr.EXTRACTABLE] is create(AES, SENSITIVE=True)[Attr.EXTRACTABLE] is False
    assert create(AES, SENSITIVE=False, EXTRACTABLE=False)[Attr.EXTRACTABLE] is False
    assert create(EC_PRIVATE, SENSITIVE=False)[Attr.EXTRACTABLE] is False


@pytest.mark.parametrize("readable", [True, False])
def test_what_is_derived_can_be_read_where_its_base_can(readable: bool) -> None:
    base = create(AES, SENSITIVE=False, EXTRACTABLE=readable)
    assert derived(base, Mechanism.HKDF_DERIVE, SENSITIVE=False)[Attr.EXTRACTABLE] is readable


def test_what_can_only_derive_does_so_by_default() -> None:
    for key_type in (KeyType.DH, KeyType.X9_42_DH):
        assert OBJECTS[ObjectClass.PRIVATE_KEY, key_type][Attr.DERIVE].default is True
        assert OBJECTS[ObjectClass.PUBLIC_KEY, key_type][Attr.DERIVE].default is False
    assert OBJECTS[ObjectClass.PRIVATE_KEY, KeyType.EC][Attr.DERIVE].default is False


def test_private_keys_default_to_the_safe_side() -> None:
    key = create(EC_PRIVATE)
    assert key[Attr.SENSITIVE] is key[Attr.PRIVATE] is True
    assert key[Attr.EXTRACTABLE] is False
    assert key[Attr.SIGN] is True
    assert key[Attr.DECRYPT] is key[Attr.DERIVE] is False


def test_claims_that_are_right_are_accepted() -> None:
    assert create(AES, VALUE_LEN=16)[Attr.VALUE_LEN] == 16
    assert create(DES3, VALUE_LEN=24)[Attr.VALUE_LEN] == 24
    info = create(EC_PRIVATE)[Attr.PUBLIC_KEY_INFO]
    assert create(EC_PRIVATE, PUBLIC_KEY_INFO=info)[Attr.PUBLIC_KEY_INFO] == info
    assert create(EC_PRIVATE, PUBLIC_KEY_INFO=b"")[Attr.PUBLIC_KEY_INFO] == info


def test_check_value() -> None:
    right = create(AES)[Attr.CHECK_VALUE]
    assert create(AES, CHECK_VALUE=right)[Attr.CHECK_VALUE] == right
    assert create(AES, CHECK_VALUE=b"")[Attr.CHECK_VALUE] == b""
    assert create(X509)[Attr.CHECK_VALUE] == hashlib.sha1(b"certificate").digest()[:3]


def test_certificates_by_url() -> None:
    hashes: dict[str, Any] = {"HASH_OF_SUBJECT_PUBLIC_KEY": b"1" * 20, "HASH_OF_ISSUER_PUBLIC_KEY": b"2" * 20}
    certificate = create(X509, VALUE=None, URL=b"http://x", **hashes)
    assert certificate[Attr.VALUE] == certificate[Attr.CHECK_VALUE] == b""
    assert certificate[Attr.PRIVATE] is False


def test_trust_objects() -> None:
    assert create(TRUST)[Attr.TRUST_CODE_SIGNING] == Trust.TRUST_UNKNOWN
    assert create(TRUST, TRUST_SERVER_AUTH=int(Trust.NOT_TRUSTED))[Attr.TRUST_SERVER_AUTH] == Trust.NOT_TRUSTED
    known = create(TRUST, TRUST_SERVER_AUTH=int(Trust.TRUST_ANCHOR), HASH_OF_CERTIFICATE=b"h" * 20)
    assert known[Attr.TRUST_SERVER_AUTH] == Trust.TRUST_ANCHOR


def test_so_may_trust() -> None:
    assert create(X509, so=True, TRUSTED=True)[Attr.TRUSTED] is True
    assert create(AES, TRUSTED=False)[Attr.TRUSTED] is False


def test_what_the_so_makes_is_public_by_default() -> None:
    assert create(AES)[Attr.PRIVATE] is True
    assert create(AES, so=True, TRUSTED=True)[Attr.PRIVATE] is False
    assert create(AES, so=True, PRIVATE=True)[Attr.PRIVATE] is True


def test_big_integers_lose_their_sign_byte() -> None:
    assert templates.parse(((Attr.MODULUS, b"\0\0\x80"),)) == {Attr.MODULUS: b"\x80"}
    assert templates.parse(((Attr.VALUE, b"\0\x80"),)) == {Attr.VALUE: b"\0\x80"}


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({}, Fault.TEMPLATE_INCOMPLETE),
        ({"VALUE_LEN": 16, "CLASS": int(PRIVATE)}, Fault.TEMPLATE_INCONSISTENT),
        ({"VALUE_LEN": 16, "KEY_TYPE": int(KeyType.DES3)}, Fault.TEMPLATE_INCONSISTENT),
        ({"VALUE_LEN": 16, "VALUE": AES_VALUE}, Fault.ATTRIBUTE_READ_ONLY),
        ({"VALUE_LEN": 16, "LOCAL": True}, Fault.ATTRIBUTE_READ_ONLY),
        ({"VALUE_LEN": 16, "TRUSTED": True}, Fault.ATTRIBUTE_READ_ONLY),
        ({"VALUE_LEN": 16, "UNIQUE_ID": b"mine"}, Fault.ATTRIBUTE_READ_ONLY),
        ({"VALUE_LEN": 16, "EC_PARAMS": P256}, Fault.TEMPLATE_INCONSISTENT),
    ],
)
def test_generate_refuses(given: dict[str, Any], fault: Fault) -> None:
    with pytest.raises(Refused) as refused:
        generate(**given)
    assert refused.value.fault == fault


@pytest.mark.parametrize("sensitive", [True, False])
@pytest.mark.parametrize("extractable", [True, False])
def test_generated_history(sensitive: bool, extractable: bool) -> None:
    key = generated(SENSITIVE=sensitive, EXTRACTABLE=extractable)
    assert key[Attr.LOCAL] is True
    assert key[Attr.KEY_GEN_MECHANISM] == Mechanism.AES_KEY_GEN
    assert key[Attr.ALWAYS_SENSITIVE] is sensitive
    assert key[Attr.NEVER_EXTRACTABLE] is not extractable
    assert key[Attr.CLASS] == SECRET
    assert key[Attr.KEY_TYPE] == KeyType.AES


def test_generated_pair() -> None:
    halves = [
        templates.generate(
            template({}, **given), cls=cls, key_types=(KeyType.EC,), mechanism=Mechanism.EC_KEY_PAIR_GEN, so=False
        )
        for cls, given in ((PUBLIC, {"EC_PARAMS": P256, "LABEL": b"k"}), (PRIVATE, {"EC_PARAMS": P256}))
    ]
    whole = create(EC_PRIVATE)
    material: dict[int, Any] = {
        Attr.EC_PARAMS: P256,
        Attr.VALUE: whole[Attr.VALUE],
        Attr.PUBLIC_KEY_INFO: whole[Attr.PUBLIC_KEY_INFO],
    }
    private = templates.finish_generated(halves[1], material)
    assert private[Attr.EC_PARAMS] == P256
    assert private[Attr.LOCAL] is private[Attr.ALWAYS_SENSITIVE] is private[Attr.NEVER_EXTRACTABLE] is True
    assert halves[0][Attr.LOCAL] is True
    assert Attr.ALWAYS_SENSITIVE not in halves[0]
    with pytest.raises(Refused, match=r"TEMPLATE_INCONSISTENT.*CKA_EC_PARAMS"):
        templates.finish_generated(halves[1], {**material, Attr.EC_PARAMS: b"another curve"})


def test_public_half_needs_its_parameters() -> None:
    with pytest.raises(Refused, match=r"TEMPLATE_INCOMPLETE.*CKA_MODULUS_BITS"):
        templates.generate(
            (), cls=PUBLIC, key_types=(KeyType.RSA,), mechanism=Mechanism.RSA_PKCS_KEY_PAIR_GEN, so=False
        )


def test_domain_parameters() -> None:
    attrs = templates.generate(
        ((Attr.PRIME_BITS, 1024),),
        cls=ObjectClass.DOMAIN_PARAMETERS,
        key_types=(KeyType.DSA,),
        mechanism=Mechanism.DSA_PARAMETER_GEN,
        so=False,
    )
    assert attrs[Attr.LOCAL] is True
    assert Attr.KEY_GEN_MECHANISM not in attrs
    made = templates.finish_generated(
        attrs, {Attr.PRIME: b"\x80" + bytes(127), Attr.SUBPRIME: b"\x80" + bytes(19), Attr.BASE: b"\2"}
    )
    assert (made[Attr.PRIME_BITS], made[Attr.SUBPRIME_BITS], made[Attr.PRIVATE]) == (1024, 160, False)


def test_unwrapped_keys() -> None:
    key = unwrapped()
    assert key[Attr.EXTRACTABLE] is True
    assert key[Attr.LOCAL] is key[Attr.ALWAYS_SENSITIVE] is key[Attr.NEVER_EXTRACTABLE] is False
    assert unwrapped(SENSITIVE=True, EXTRACTABLE=False)[Attr.NEVER_EXTRACTABLE] is False
    assert unwrapped(VALUE_LEN=16)[Attr.VALUE_LEN] == 16


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"KEY_TYPE": None}, Fault.TEMPLATE_INCOMPLETE),
        ({"CLASS": None}, Fault.TEMPLATE_INCOMPLETE),
        ({"VALUE": AES_VALUE}, Fault.ATTRIBUTE_READ_ONLY),
        ({"LOCAL": True}, Fault.ATTRIBUTE_READ_ONLY),
        ({"VALUE_LEN": 32}, Fault.WRAPPED_KEY_LEN_RANGE),
        ({"LABEL": b"theirs"}, Fault.TEMPLATE_INCONSISTENT),
    ],
)
def test_unwrap_refuses(given: dict[str, Any], fault: Fault) -> None:
    with pytest.raises(Refused) as refused:
        unwrapped(imposed=((int(Attr.LABEL), b"ours"),), **given)
    assert refused.value.fault == fault


def test_authenticated_unwrapping_gives_a_generic_secret_unless_told() -> None:
    def planned(**given: Any) -> Attributes:
        return templates.unwrap(template({}, **given), unwrap_template=(), so=False, authenticated=True)

    assert (planned()[Attr.CLASS], planned()[Attr.KEY_TYPE]) == (SECRET, KeyType.GENERIC_SECRET)
    assert planned(KEY_TYPE=KeyType.AES)[Attr.KEY_TYPE] == KeyType.AES
    with pytest.raises(Refused, match=r"TEMPLATE_INCOMPLETE.*CKA_KEY_TYPE"):
        planned(CLASS=ObjectClass.PRIVATE_KEY)


def test_hkdf_data_is_a_data_object_as_long_as_the_template_says() -> None:
    def planned(**given: Any) -> Attributes:
        return templates.derive(
            template({}, **given), base=create(AES), mechanism=Mechanism.HKDF_DATA, derive_template=(), so=False
        )

    attrs = planned(VALUE_LEN=12)
    assert (attrs[Attr.CLASS], attrs[Attr.VALUE_LEN]) == (ObjectClass.DATA, 12)
    made = templates.finish_derived(attrs, {Attr.VALUE: bytes(12)}, base=create(AES))
    assert made[Attr.VALUE] == bytes(12)
    assert Attr.VALUE_LEN not in made
    with pytest.raises(Refused, match=r"TEMPLATE_INCONSISTENT.*CKA_CLASS"):
        planned(CLASS=SECRET)


def test_templates_of_keys_add_attributes() -> None:
    imposed = ((int(Attr.SENSITIVE), True), (int(Attr.ENCRYPT), False))
    assert unwrapped(imposed=imposed, SENSITIVE=True)[Attr.ENCRYPT] is False
    assert derived(create(AES), Mechanism.ECDH1_DERIVE, imposed=imposed)[Attr.SENSITIVE] is True
    with pytest.raises(Refused, match=r"TEMPLATE_INCONSISTENT.*CKA_SENSITIVE.*CKA_UNWRAP_TEMPLATE"):
        unwrapped(imposed=imposed, SENSITIVE=False)
    with pytest.raises(Refused, match=r"TEMPLATE_INCONSISTENT.*CKA_DERIVE_TEMPLATE"):
        derived(create(AES), Mechanism.ECDH1_DERIVE, imposed=imposed, SENSITIVE=False)


OPEN: dict[str, Any] = {"SENSITIVE": False, "EXTRACTABLE": True}
SHUT: dict[str, Any] = {"SENSITIVE": True, "EXTRACTABLE": False}


def test_derived_keys_follow_their_base_unless_told() -> None:
    shut = derived(generated(**SHUT), Mechanism.ECDH1_DERIVE)
    assert shut[Attr.SENSITIVE] is shut[Attr.ALWAYS_SENSITIVE] is shut[Attr.NEVER_EXTRACTABLE] is True
    assert (shut[Attr.CLASS], shut[Attr.KEY_TYPE]) == (SECRET, KeyType.GENERIC_SECRET)
    told = derived(generated(**SHUT), Mechanism.ECDH1_DERIVE, **OPEN)
    assert told[Attr.SENSITIVE] is told[Attr.ALWAYS_SENSITIVE] is told[Attr.NEVER_EXTRACTABLE] is False
    assert told[Attr.EXTRACTABLE] is True
    late = derived(generated(**OPEN), Mechanism.ECDH1_DERIVE, **SHUT)
    assert late[Attr.SENSITIVE] is True
    assert late[Attr.ALWAYS_SENSITIVE] is late[Attr.NEVER_EXTRACTABLE] is False


@pytest.mark.parametrize(
    "mechanism",
    [
        Mechanism.CONCATENATE_BASE_AND_KEY,
        Mechanism.CONCATENATE_BASE_AND_DATA,
        Mechanism.CONCATENATE_DATA_AND_BASE,
        Mechanism.XOR_BASE_AND_DATA,
        Mechanism.EXTRACT_KEY_FROM_KEY,
    ],
)
def test_simple_derivations_cannot_open_a_key(mechanism: Mechanism) -> None:
    base = generated(**SHUT)
    assert derived(base, mechanism)[Attr.SENSITIVE] is True
    assert derived(base, mechanism)[Attr.EXTRACTABLE] is False
    for given in ("SENSITIVE", "EXTRACTABLE"):
        with pytest.raises(Refused, match="TEMPLATE_INCONSISTENT"):
            derived(base, mechanism, **{given: OPEN[given]})
    assert derived(generated(**OPEN), mechanism, **OPEN)[Attr.SENSITIVE] is False


def test_a_second_key_cannot_be_opened_either() -> None:
    base, second = generated(**OPEN), generated(**SHUT)
    assert derived(base, Mechanism.CONCATENATE_BASE_AND_KEY, second)[Attr.SENSITIVE] is True
    assert derived(base, Mechanism.CONCATENATE_BASE_AND_KEY, second)[Attr.ALWAYS_SENSITIVE] is False
    with pytest.raises(Refused, match="TEMPLATE_INCONSISTENT"):
        derived(base, Mechanism.CONCATENATE_BASE_AND_KEY, second, **OPEN)


def test_derivation_gives_the_value_itself() -> None:
    with pytest.raises(Refused, match=r"ATTRIBUTE_READ_ONLY.*CKA_VALUE"):
        derived(create(AES), Mechanism.ECDH1_DERIVE, VALUE=AES_VALUE)


def test_shared_secrets() -> None:
    imposed = ((int(Attr.SENSITIVE), True),)
    attrs = templates.decapsulate((), kem_template=imposed, so=False)
    key = templates.finish_encapsulated(attrs, {Attr.VALUE: bytes(32)})
    assert key[Attr.SENSITIVE] is key[Attr.EXTRACTABLE] is True
    assert key[Attr.LOCAL] is key[Attr.ALWAYS_SENSITIVE] is key[Attr.NEVER_EXTRACTABLE] is False
    assert key[Attr.KEY_TYPE] == KeyType.GENERIC_SECRET
    with pytest.raises(Refused, match="KEY_HANDLE_INVALID"):
        templates.encapsulate((), kem_template=imposed, so=False)
    assert templates.encapsulate(imposed, kem_template=imposed, so=False)[Attr.SENSITIVE] is True
