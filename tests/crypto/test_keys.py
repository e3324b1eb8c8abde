"""Key material: attributes, encodings and the library's keys say the same, and what does not fit is refused."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from hsmith.crypto import der, keys
from hsmith.crypto.curves import CURVES, curve_of
from hsmith.crypto.registry import ENGINES
from hsmith.spec.constants import Attr, Fault, KeyType, Mechanism, ObjectClass
from hsmith.spec.faults import Refused

pytestmark = pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")

PAIRS = [(KeyType.RSA, ""), (KeyType.DSA, ""), (KeyType.DH, "")] + [(c.key_type, c.names[0]) for c in CURVES]
VALUES = {Attr.VALUE, Attr.MODULUS, Attr.PRIVATE_EXPONENT, Attr.PRIME_1, Attr.EC_PARAMS, Attr.PRIME, Attr.BASE}


def fault_of(call: Any, *arguments: Any) -> Fault:
    with pytest.raises(Refused) as refused:
        call(*arguments)
    return refused.value.fault


@pytest.mark.parametrize(("key_type", "curve"), PAIRS)
def test_encodings_come_back(key_type: KeyType, curve: str, pair_attributes: Any) -> None:
    _, private = pair_attributes(key_type, curve)
    decoded = keys.decode(ObjectClass.PRIVATE_KEY, key_type, keys.encode(private))
    assert decoded.keys() >= VALUES & private.keys()
    assert all(private[attr] == value for attr, value in decoded.items())
    padded = keys.encode(private) + bytes(7)  # as AES_KEY_WRAP pads it
    assert keys.decode(ObjectClass.PRIVATE_KEY, key_type, padded) == decoded


@pytest.mark.parametrize(("key_type", "curve"), PAIRS)
def test_the_halves_of_a_pair_agree(key_type: KeyType, curve: str, pair_attributes: Any) -> None:
    public, private = pair_attributes(key_type, curve)
    computed = keys.public_attributes(private)
    assert computed and all(public[attr] == value for attr, value in computed.items())
    completed = keys.complete(private)
    assert completed[Attr.PUBLIC_KEY_INFO] == keys.complete(public)[Attr.PUBLIC_KEY_INFO]
    assert load_der_public_key(completed[Attr.PUBLIC_KEY_INFO])
    assert keys.load(public).size == keys.load(private).size
    for half in (public, private):  # what a generator gives is complete already
        assert all(half[attr] == value for attr, value in keys.complete(half).items())


@pytest.mark.parametrize(("key_type", "curve"), PAIRS)
def test_an_encoding_of_another_type_is_refused(key_type: KeyType, curve: str, pair_attributes: Any) -> None:
    encoded = keys.encode(pair_attributes(key_type, curve)[1])
    for other in {KeyType.RSA, KeyType.EC, KeyType.EC_EDWARDS, KeyType.EC_MONTGOMERY, KeyType.DSA, KeyType.DH}:
        if other != key_type:
            assert fault_of(keys.decode, ObjectClass.PRIVATE_KEY, other, encoded) == Fault.WRAPPED_KEY_INVALID


@pytest.mark.parametrize(
    "encoded", [b"", b"\0", bytes(100), b"\x30\x03\x02\x01\x00", b"\x30\x84\xff\xff\xff\xff", b"0" * 64]
)
def test_what_is_no_encoding_is_refused(encoded: bytes) -> None:
    for key_type in (KeyType.RSA, KeyType.EC, KeyType.DSA, KeyType.DH, KeyType.EC_EDWARDS):
        assert fault_of(keys.decode, ObjectClass.PRIVATE_KEY, key_type, encoded) == Fault.WRAPPED_KEY_INVALID


def test_changed_encodings_never_raise_anything_else(pair_attributes: Any) -> None:
    for key_type in (KeyType.RSA, KeyType.EC, KeyType.EC_EDWARDS):
        encoded = keys.encode(pair_attributes(key_type)[1])
        for position in range(min(len(encoded), 60)):
            changed = encoded[:position] + bytes([encoded[position] ^ 0x21]) + encoded[position + 1 :]
            try:
                keys.decode(ObjectClass.PRIVATE_KEY, key_type, changed)
            except Refused as refused:
                assert refused.fault == Fault.WRAPPED_KEY_INVALID


# --- RSA


def test_rsa_components_that_are_missing_are_computed(pair_attributes: Any) -> None:
    whole = pair_attributes(KeyType.RSA)[1]
    part: dict[int, Any] = {a: whole[a] for a in (Attr.CLASS, Attr.KEY_TYPE, Attr.MODULUS, Attr.PRIVATE_EXPONENT)}
    for given in (part, part | {Attr.PUBLIC_EXPONENT: whole[Attr.PUBLIC_EXPONENT]}):
        completed = keys.complete(given)
        primes = {completed[Attr.PRIME_1], completed[Attr.PRIME_2]}
        assert primes == {whole[Attr.PRIME_1], whole[Attr.PRIME_2]}
        assert completed[Attr.PUBLIC_EXPONENT] == b"\x01\x00\x01"
        assert completed[Attr.PUBLIC_KEY_INFO] == whole[Attr.PUBLIC_KEY_INFO]


def test_rsa_with_leading_zeros_is_normalised(pair_attributes: Any) -> None:
    public = pair_attributes(KeyType.RSA)[0]
    completed = keys.complete(public | {Attr.MODULUS: b"\0" + public[Attr.MODULUS]})
    assert completed[Attr.MODULUS] == public[Attr.MODULUS]
    assert completed[Attr.MODULUS_BITS] == 2048


@pytest.mark.parametrize(
    "attr",
    [Attr.MODULUS, Attr.PUBLIC_EXPONENT, Attr.PRIVATE_EXPONENT, Attr.PRIME_1, Attr.EXPONENT_1, Attr.COEFFICIENT],
)
def test_an_rsa_key_whose_numbers_do_not_fit_is_refused(attr: Attr, pair_attributes: Any) -> None:
    whole = pair_attributes(KeyType.RSA)[1]
    wrong = whole[attr][:-1] + bytes([whole[attr][-1] ^ 4])
    assert fault_of(keys.complete, whole | {attr: wrong}) == Fault.ATTRIBUTE_VALUE_INVALID


@pytest.mark.parametrize("exponent", [b"\x01", b"\x02", b"\x01\x00\x00"])
def test_an_rsa_exponent_that_hides_nothing_is_refused(exponent: bytes, pair_attributes: Any) -> None:
    public = pair_attributes(KeyType.RSA)[0] | {Attr.PUBLIC_EXPONENT: exponent}
    assert fault_of(keys.complete, public) == Fault.ATTRIBUTE_VALUE_INVALID


@pytest.mark.parametrize("bits", [504, 8200])
def test_rsa_sizes_have_a_range(bits: int) -> None:
    public = {Attr.CLASS: ObjectClass.PUBLIC_KEY, Attr.KEY_TYPE: KeyType.RSA, Attr.PUBLIC_EXPONENT: b"\x01\x00\x01"}
    modulus = (1 << bits - 1 | 1).to_bytes(bits // 8, "big")
    assert fault_of(keys.complete, public | {Attr.MODULUS: modulus}) == Fault.ATTRIBUTE_VALUE_INVALID


# --- Elliptic curves


@pytest.mark.parametrize(("key_type", "curve"), [p for p in PAIRS if p[1]])
def test_a_point_is_accepted_raw_and_as_der(key_type: KeyType, curve: str, pair_attributes: Any) -> None:
    public = pair_attributes(key_type, curve)[0]
    raw = der.unwrap(der.OCTET_STRING, public[Attr.EC_POINT])
    assert raw is not None
    assert keys.complete(public | {Attr.EC_POINT: raw})[Attr.EC_POINT] == public[Attr.EC_POINT]
    if key_type == KeyType.EC:
        native = keys.load(public).native
        compressed = native.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
        assert keys.complete(public | {Attr.EC_POINT: compressed})[Attr.EC_POINT] == public[Attr.EC_POINT]


@pytest.mark.parametrize("key_type", [KeyType.EC, KeyType.EC_EDWARDS, KeyType.EC_MONTGOMERY])
def test_a_point_that_is_none_is_refused(key_type: KeyType, pair_attributes: Any) -> None:
    public = pair_attributes(key_type)[0]
    point = public[Attr.EC_POINT]
    for wrong in (point[:-1], point + b"\0", b"\x04\x00", b"\0" * 10, b"\x04\x41\x04" + bytes(64)[:63]):
        assert fault_of(keys.complete, public | {Attr.EC_POINT: wrong}) == Fault.ATTRIBUTE_VALUE_INVALID
    if key_type == KeyType.EC:
        off = point[:-1] + bytes([point[-1] ^ 1])
        assert fault_of(keys.complete, public | {Attr.EC_POINT: off}) == Fault.ATTRIBUTE_VALUE_INVALID


def test_a_private_value_is_in_the_range_of_the_order(pair_attributes: Any) -> None:
    private = pair_attributes(KeyType.EC)[1]
    for value in (b"\0", b"\xff" * 32, b"\xff" * 40):
        assert fault_of(keys.complete, private | {Attr.VALUE: value}) == Fault.ATTRIBUTE_VALUE_INVALID


@pytest.mark.parametrize("curve", CURVES, ids=lambda curve: curve.names[0])
def test_a_curve_is_named_by_oid_and_by_name(curve: Any) -> None:
    assert curve_of(curve.params, curve.key_type) is curve
    for name in curve.names:
        assert curve_of(der.encode(der.PRINTABLE_STRING, name.encode()), curve.key_type) is curve


def test_the_names_of_the_text() -> None:
    example = bytes.fromhex("130c656477617264733235353139")  # section 6.3.5
    assert curve_of(example, KeyType.EC_EDWARDS).bits == 255
    p256 = curve_of(bytes.fromhex("06082a8648ce3d030107"), KeyType.EC)
    assert isinstance(p256.library, ec.SECP256R1)


@pytest.mark.parametrize(
    ("params", "fault"),
    [
        (der.oid("1.3.132.0.1"), Fault.CURVE_NOT_SUPPORTED),
        (der.encode(der.PRINTABLE_STRING, b"sect163k1"), Fault.CURVE_NOT_SUPPORTED),
        (der.oid("1.3.101.112"), Fault.CURVE_NOT_SUPPORTED),  # of Edwards keys only
        (der.sequence(der.integer(1)), Fault.DOMAIN_PARAMS_INVALID),
        (b"\x05\x00", Fault.DOMAIN_PARAMS_INVALID),
        (b"nonsense", Fault.DOMAIN_PARAMS_INVALID),
        (b"\x06\x05\x2b", Fault.DOMAIN_PARAMS_INVALID),
        (b"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x00", Fault.DOMAIN_PARAMS_INVALID),
    ],
)
def test_other_curves_are_refused(params: bytes, fault: Fault) -> None:
    assert fault_of(curve_of, params, KeyType.EC) == fault


# --- Secret keys


@pytest.mark.parametrize(
    ("key_type", "good", "bad"),
    [
        (KeyType.AES, (16, 24, 32), (1, 15, 17, 33, 64)),
        (KeyType.DES3, (24,), (8, 16, 23)),
        (KeyType.DES2, (16,), (8, 24)),
        (KeyType.GENERIC_SECRET, (1, 20, 4096), (16385,)),
        (KeyType.SHA256_HMAC, (1, 32, 100), (16385,)),
    ],
)
def test_secret_values_have_the_lengths_of_their_type(
    key_type: KeyType, good: tuple[int, ...], bad: tuple[int, ...]
) -> None:
    base: dict[int, Any] = {Attr.CLASS: ObjectClass.SECRET_KEY, Attr.KEY_TYPE: key_type}
    for length in good:
        whole: dict[int, Any] = base | {Attr.VALUE: bytes(length)}
        follows = {} if key_type in (KeyType.DES2, KeyType.DES3) else {Attr.VALUE_LEN: length}
        assert keys.complete(whole) == follows
        assert keys.load(whole).size == length
        assert keys.decode(ObjectClass.SECRET_KEY, key_type, keys.encode(whole)) == {Attr.VALUE: bytes(length)}
    for length in bad:
        whole = base | {Attr.VALUE: bytes(length)}
        assert fault_of(keys.complete, whole) == Fault.ATTRIBUTE_VALUE_INVALID
        assert fault_of(keys.decode, ObjectClass.SECRET_KEY, key_type, bytes(length)) == Fault.WRAPPED_KEY_INVALID


def test_check_values() -> None:
    """AES-128: FIPS 197's cipher of a zero block under a zero key is 66e94bd4...; SHA-1 of "abc": FIPS 180."""
    aes: dict[int, Any] = {Attr.KEY_TYPE: KeyType.AES, Attr.VALUE: bytes(16)}
    assert keys.check_value(aes) == bytes.fromhex("66e94b")
    des: dict[int, Any] = {Attr.KEY_TYPE: KeyType.DES3, Attr.VALUE: b"\x01" * 24}
    assert keys.check_value(des) == bytes.fromhex("8ca64d")
    generic: dict[int, Any] = {Attr.KEY_TYPE: KeyType.GENERIC_SECRET, Attr.VALUE: b"abc"}
    assert keys.check_value(generic) == bytes.fromhex("a9993e")


def test_what_is_missing_and_what_is_unknown() -> None:
    secret: dict[int, Any] = {Attr.CLASS: ObjectClass.SECRET_KEY, Attr.KEY_TYPE: KeyType.AES}
    assert fault_of(keys.complete, secret) == Fault.TEMPLATE_INCOMPLETE
    assert fault_of(keys.complete, {Attr.CLASS: ObjectClass.SECRET_KEY}) == Fault.TEMPLATE_INCOMPLETE
    for key_type in (KeyType.RSA, KeyType.RC5, 0x80001234):
        unknown = {Attr.CLASS: ObjectClass.SECRET_KEY, Attr.KEY_TYPE: key_type, Attr.VALUE: bytes(16)}
        assert fault_of(keys.complete, unknown) == Fault.ATTRIBUTE_VALUE_INVALID
    public = {Attr.CLASS: ObjectClass.PUBLIC_KEY, Attr.KEY_TYPE: KeyType.RSA}
    assert fault_of(keys.encode, public) == Fault.KEY_NOT_WRAPPABLE


def test_a_key_does_not_show_its_value(secret_key: Any) -> None:
    key = secret_key(KeyType.GENERIC_SECRET, b"very secret value")
    ENGINES[Mechanism.SHA256_HMAC].sign(key, None).once(b"")
    assert "very secret" not in repr(key)
