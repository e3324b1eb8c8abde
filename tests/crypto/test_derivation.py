"""Derivation, generation and digests: known answers, lengths, and what is refused."""

import hashlib
from typing import Any

import pytest
from Crypto.Hash import MD2, RIPEMD160

import mechanism_stock as stock
from hsmith.crypto import der, keys
from hsmith.crypto.curves import CURVES
from hsmith.crypto.ec import SP800_KDFS, X963_KDFS
from hsmith.crypto.engine import Wanted
from hsmith.crypto.keys import Key
from hsmith.crypto.registry import ENGINES
from hsmith.spec.constants import Attr, Fault, HkdfSalt, Kdf, KeyType, Mechanism, MechanismFlag, ObjectClass, Pbkdf2Prf
from hsmith.spec.faults import Refused
from hsmith.spec.mechanisms import MECHANISMS, MechanismRow
from hsmith.spec.params import (
    AesCbcEncryptDataParams,
    DesCbcEncryptDataParams,
    Ecdh1DeriveParams,
    HkdfParams,
    KeyDerivationStringData,
    Pkcs5Pbkd2Params2,
)

pytestmark = pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")

M = Mechanism
BASE = Key(ObjectClass.SECRET_KEY, KeyType.GENERIC_SECRET, 4, bytes.fromhex("01234567"))
OTHER = Key(ObjectClass.SECRET_KEY, KeyType.GENERIC_SECRET, 4, bytes.fromhex("89abcdef"))


def no_key(handle: int) -> Key:
    raise AssertionError("no other key is named")


def want(length: int | None = None, key_type: int = KeyType.GENERIC_SECRET, key: Any = no_key) -> Wanted:
    return Wanted(ObjectClass.SECRET_KEY, key_type, length, key)


def derive(mechanism: Mechanism, key: Key, params: Any, wanted: Wanted) -> bytes:
    value: bytes = ENGINES[mechanism].derive(key, params, wanted)[Attr.VALUE]
    return value


def fault_of(mechanism: Mechanism, key: Key, params: Any, wanted: Wanted) -> Fault:
    with pytest.raises(Refused) as refused:
        ENGINES[mechanism].derive(key, params, wanted)
    return refused.value.fault


def test_the_examples_of_the_text() -> None:
    """Section "Miscellaneous simple key derivation mechanisms"."""
    data = KeyDerivationStringData(bytes.fromhex("89abcdef"))
    assert derive(M.CONCATENATE_BASE_AND_DATA, BASE, data, want()).hex() == "0123456789abcdef"
    assert derive(M.CONCATENATE_DATA_AND_BASE, BASE, data, want()).hex() == "89abcdef01234567"
    assert derive(M.XOR_BASE_AND_DATA, BASE, data, want()).hex() == "88888888"
    assert derive(M.CONCATENATE_BASE_AND_KEY, BASE, 7, want(key={7: OTHER}.__getitem__)).hex() == "0123456789abcdef"
    base = Key(ObjectClass.SECRET_KEY, KeyType.GENERIC_SECRET, 4, bytes.fromhex("329f84a9"))
    assert derive(M.EXTRACT_KEY_FROM_KEY, base, 21, want(2)).hex() == "9526"
    assert fault_of(M.EXTRACT_KEY_FROM_KEY, base, 21, want()) == Fault.TEMPLATE_INCOMPLETE


def test_a_derived_value_is_cut_to_the_type_and_never_made_longer() -> None:
    data = KeyDerivationStringData(bytes(28))
    assert len(derive(M.CONCATENATE_BASE_AND_DATA, BASE, data, want(16, KeyType.AES))) == 16
    assert len(derive(M.CONCATENATE_BASE_AND_DATA, BASE, data, want(None, KeyType.DES3))) == 24
    assert fault_of(M.CONCATENATE_BASE_AND_DATA, BASE, data, want(33)) == Fault.KEY_SIZE_RANGE
    assert fault_of(M.CONCATENATE_BASE_AND_DATA, BASE, data, want(17, KeyType.AES)) == Fault.TEMPLATE_INCONSISTENT
    short = KeyDerivationStringData(bytes(5))
    assert fault_of(M.CONCATENATE_BASE_AND_DATA, BASE, short, want(None, KeyType.AES)) == Fault.TEMPLATE_INCOMPLETE
    whole = KeyDerivationStringData(bytes(12))  # as long as an AES key: but AES has no "well-defined length"
    assert fault_of(M.CONCATENATE_BASE_AND_DATA, BASE, whole, want(None, KeyType.AES)) == Fault.TEMPLATE_INCOMPLETE
    assert fault_of(M.CONCATENATE_BASE_AND_DATA, BASE, data, want(0)) == Fault.KEY_SIZE_RANGE
    assert fault_of(M.EXTRACT_KEY_FROM_KEY, BASE, 32, want(1)) == Fault.MECHANISM_PARAM_INVALID
    assert fault_of(M.XOR_BASE_AND_DATA, BASE, KeyDerivationStringData(), want()) == Fault.MECHANISM_PARAM_INVALID


def test_derived_des_keys_have_odd_parity() -> None:
    value = derive(
        M.CONCATENATE_BASE_AND_DATA, BASE, KeyDerivationStringData(bytes(range(20))), want(None, KeyType.DES3)
    )
    assert all(byte.bit_count() % 2 for byte in value)


HASHED = [row for row in MECHANISMS.values() if row.mechanism.name.endswith(("_KEY_DERIVATION", "_KEY_DERIVE"))]
HASHED = [row for row in HASHED if not row.mechanism.name.startswith(("TLS", "SSL3", "WTLS"))]


OLD = {"MD2": MD2, "RIPEMD160": RIPEMD160}  # hashlib may lack them; their answers are those of test_old.py


def hashed(name: str, data: bytes) -> bytes:
    """By Python's own functions; ``name``: as in the mechanisms."""
    if name.startswith("SHAKE_"):
        return hashlib.new(name.lower(), data).digest(32 if name.endswith("128") else 64)  # type: ignore[call-arg]
    if name in OLD:
        return bytes(OLD[name].new(data).digest())
    if name.startswith("BLAKE2B_"):
        return hashlib.blake2b(data, digest_size=int(name[-3:]) // 8).digest()
    return hashlib.new({"SHA_1": "sha1", "SHA512_T": "sha512_224"}.get(name, name.lower()), data).digest()


@pytest.mark.parametrize("row", HASHED, ids=lambda row: row.mechanism.name)
def test_hash_derivation(row: MechanismRow) -> None:
    name = row.mechanism.name.removesuffix("_KEY_DERIVATION").removesuffix("_KEY_DERIVE")
    expected = hashed(name, BASE.native)
    assert derive(row.mechanism, BASE, None, want()) == expected
    assert derive(row.mechanism, BASE, None, want(5)) == expected[:5]
    assert fault_of(row.mechanism, BASE, None, want(len(expected) + 1)) == Fault.KEY_SIZE_RANGE
    assert fault_of(row.mechanism, BASE, None, want(None, KeyType.AES)) == Fault.TEMPLATE_INCOMPLETE


def test_hkdf_known_answer() -> None:
    """RFC 5869, test cases 1 and 3."""
    key = Key(ObjectClass.SECRET_KEY, KeyType.HKDF, 22, b"\x0b" * 22)
    salt, info = bytes(range(13)), bytes(range(0xF0, 0xFA))
    expected = "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
    both = HkdfParams(True, True, M.SHA256, HkdfSalt.SALT_DATA, salt, 0, info)
    assert derive(M.HKDF_DERIVE, key, both, want(42)).hex() == expected
    assert derive(M.HKDF_DATA, key, both, Wanted(ObjectClass.DATA, 0, 42, no_key)).hex() == expected
    extract = HkdfParams(True, False, M.SHA256, HkdfSalt.SALT_DATA, salt, 0, b"")
    prk = derive(M.HKDF_DERIVE, key, extract, want())
    assert prk.hex() == "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5"
    expand = HkdfParams(False, True, M.SHA256, 0, b"", 0, info)
    assert derive(M.HKDF_DERIVE, Key(key.cls, key.type, 32, prk), expand, want(42)).hex() == expected
    salt_key = Key(ObjectClass.SECRET_KEY, KeyType.GENERIC_SECRET, 13, salt)
    by_key = HkdfParams(True, True, M.SHA256, HkdfSalt.SALT_KEY, b"", 5, info)
    assert derive(M.HKDF_DERIVE, key, by_key, want(42, key={5: salt_key}.__getitem__)).hex() == expected
    null = HkdfParams(True, True, M.SHA256, HkdfSalt.SALT_NULL, b"", 0, b"")
    assert derive(M.HKDF_DERIVE, key, null, want()) == derive(M.HKDF_DERIVE, key, null, want(32))
    assert derive(M.HKDF_DERIVE, key, null, want(42)).hex() == (
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
    )


def test_hkdf_refuses() -> None:
    for params in (
        HkdfParams(False, False, M.SHA256, HkdfSalt.SALT_NULL),
        HkdfParams(True, True, 0, HkdfSalt.SALT_NULL),
        HkdfParams(True, True, M.SHA256, 9),
    ):
        assert fault_of(M.HKDF_DERIVE, BASE, params, want(16)) == Fault.MECHANISM_PARAM_INVALID
    whole = HkdfParams(True, True, M.SHA256, HkdfSalt.SALT_NULL)
    assert fault_of(M.HKDF_DERIVE, BASE, whole, want(key_type=KeyType.AES)) == Fault.TEMPLATE_INCOMPLETE
    assert fault_of(M.HKDF_DERIVE, BASE, whole, want(255 * 32 + 1)) == Fault.KEY_SIZE_RANGE


@pytest.mark.parametrize(
    ("mechanism", "key_type", "params"),
    [
        (M.AES_ECB_ENCRYPT_DATA, KeyType.AES, KeyDerivationStringData(bytes(32))),
        (M.AES_CBC_ENCRYPT_DATA, KeyType.AES, AesCbcEncryptDataParams(b"\1" * 16, bytes(32))),
        (M.DES3_ECB_ENCRYPT_DATA, KeyType.DES3, KeyDerivationStringData(bytes(32))),
        (M.DES3_CBC_ENCRYPT_DATA, KeyType.DES3, DesCbcEncryptDataParams(b"\1" * 8, bytes(32))),
    ],
)
def test_encrypted_data_becomes_the_key(mechanism: Mechanism, key_type: KeyType, params: Any, secret_key: Any) -> None:
    key = secret_key(key_type, bytes(range(32 if key_type == KeyType.AES else 24)))
    cipher = ENGINES[Mechanism[mechanism.name.removesuffix("_ENCRYPT_DATA")]]
    expected = cipher.encrypt(key, getattr(params, "iv", None)).once(params.data)
    assert derive(mechanism, key, params, want()) == expected
    assert derive(mechanism, key, params, want(16, KeyType.AES)) == expected[:16]
    assert fault_of(mechanism, key, params, want(33)) == Fault.MECHANISM_PARAM_INVALID
    short = type(params)(**{field: getattr(params, field) for field in params.__slots__} | {"data": bytes(17)})
    assert fault_of(mechanism, key, short, want(16)) == Fault.MECHANISM_PARAM_INVALID


AGREEING = [curve for curve in CURVES if curve.key_type != KeyType.EC_EDWARDS]


@pytest.mark.parametrize("curve", AGREEING, ids=lambda curve: curve.names[0])
def test_both_sides_of_an_agreement_get_the_same(curve: Any, pair: Any, pair_attributes: Any) -> None:
    public, private = pair_attributes(curve.key_type, curve.names[0])
    generator = M.EC_KEY_PAIR_GEN if curve.key_type == KeyType.EC else M.EC_MONTGOMERY_KEY_PAIR_GEN
    made, made_private = ENGINES[generator].generate_pair(None, {Attr.EC_PARAMS: curve.params}, {})
    other = keys.load(made_private | {Attr.CLASS: ObjectClass.PRIVATE_KEY})
    ours = keys.load(private)
    theirs_raw = der.unwrap(der.OCTET_STRING, made[Attr.EC_POINT])
    for kdf in (Kdf.NULL, *X963_KDFS, *SP800_KDFS):
        shared = b"" if kdf == Kdf.NULL else b"shared info"
        length = None if kdf == Kdf.NULL else 40
        first = derive(M.ECDH1_DERIVE, ours, Ecdh1DeriveParams(kdf, shared, theirs_raw or b""), want(length))
        again = derive(M.ECDH1_DERIVE, ours, Ecdh1DeriveParams(kdf, shared, made[Attr.EC_POINT]), want(length))
        second = derive(M.ECDH1_DERIVE, other, Ecdh1DeriveParams(kdf, shared, public[Attr.EC_POINT]), want(length))
        assert first == again == second
        assert len(first) == (length or curve.length)


def test_an_agreement_keeps_the_trailing_bytes(pair: Any, pair_attributes: Any) -> None:
    private, point = pair(KeyType.EC)[1], pair_attributes(KeyType.EC)[0][Attr.EC_POINT]
    params = Ecdh1DeriveParams(Kdf.NULL, b"", point)
    whole = derive(M.ECDH1_DERIVE, private, params, want())
    assert derive(M.ECDH1_DERIVE, private, params, want(16, KeyType.AES)) == whole[16:]
    assert derive(M.ECDH1_COFACTOR_DERIVE, private, params, want()) == whole
    assert fault_of(M.ECDH1_DERIVE, private, params, want(33)) == Fault.KEY_SIZE_RANGE


@pytest.mark.parametrize(
    "params",
    [
        Ecdh1DeriveParams(Kdf.NULL, b"shared", b""),
        Ecdh1DeriveParams(Kdf.NULL, b"", b""),
        Ecdh1DeriveParams(Kdf.NULL, b"", b"\x04" + bytes(64)),
        Ecdh1DeriveParams(Kdf.NULL, b"", b"\x04" + b"\xff" * 64),
        Ecdh1DeriveParams(Kdf.NULL, b"", b"\0"),
        Ecdh1DeriveParams(0, b"", b""),
        Ecdh1DeriveParams(Kdf.BLAKE2B_160_KDF, b"", b""),
    ],
)
def test_a_point_that_is_none_and_a_kdf_that_is_none(params: Ecdh1DeriveParams, pair: Any) -> None:
    for key_type in (KeyType.EC, KeyType.EC_MONTGOMERY):
        assert fault_of(M.ECDH1_DERIVE, pair(key_type)[1], params, want()) == Fault.MECHANISM_PARAM_INVALID


def test_points_of_small_order_are_refused(pair: Any) -> None:
    for curve, length in (("X25519", 32), ("X448", 56)):
        params = Ecdh1DeriveParams(Kdf.NULL, b"", bytes(length))
        key = pair(KeyType.EC_MONTGOMERY, curve)[1]
        assert fault_of(M.ECDH1_DERIVE, key, params, want()) == Fault.MECHANISM_PARAM_INVALID


def test_dh_agrees(pair_attributes: Any) -> None:
    public, private = pair_attributes(KeyType.DH)
    template: dict[int, Any] = {attr: public[attr] for attr in (Attr.PRIME, Attr.BASE)}
    made, made_private = ENGINES[M.DH_PKCS_KEY_PAIR_GEN].generate_pair(None, template, {})
    other = keys.load(made_private | {Attr.CLASS: ObjectClass.PRIVATE_KEY})
    first = derive(M.DH_PKCS_DERIVE, keys.load(private), made[Attr.VALUE], want(32))
    assert first == derive(M.DH_PKCS_DERIVE, other, public[Attr.VALUE], want(32))
    minus_one = (int.from_bytes(public[Attr.PRIME], "big") - 1).to_bytes(256, "big")
    for wrong in (b"", b"\0", b"\1", minus_one, public[Attr.PRIME], b"\xff" * 300):
        assert fault_of(M.DH_PKCS_DERIVE, other, wrong, want(32)) == Fault.MECHANISM_PARAM_INVALID


# --- Generation


def _generate(mechanism: Mechanism, params: Any, template: dict[int, Any]) -> dict[int, Any]:
    return ENGINES[mechanism].generate(params, template)


SECRET_GENERATORS = [
    row for row in MECHANISMS.values() if row.flags == MechanismFlag.GENERATE and "PARAMETER" not in row.mechanism.name
]


@pytest.mark.parametrize("row", SECRET_GENERATORS, ids=lambda row: row.mechanism.name)
def test_secrets_are_generated(row: MechanismRow) -> None:
    if row.mechanism.name.startswith(("PKCS5", "PBE", "PBA")):
        return  # from passwords: tested below, and in test_protocols
    length = row.minimum if row.minimum == row.maximum else stock.LENGTHS.get(row.key_types[0], 24)
    params = stock.PARAMS.get(row.mechanism)
    first, second = (_generate(row.mechanism, params, {Attr.VALUE_LEN: length}) for _ in range(2))
    assert first[Attr.KEY_TYPE] == row.key_types[0]
    assert first[Attr.VALUE] != second[Attr.VALUE]
    assert len(first[Attr.VALUE]) == first.get(Attr.VALUE_LEN, len(first[Attr.VALUE]))
    if row.key_types[0] in (KeyType.DES, KeyType.DES2, KeyType.DES3):
        assert Attr.VALUE_LEN not in first
        assert all(byte.bit_count() % 2 for byte in first[Attr.VALUE])


@pytest.mark.parametrize("length", [0, 15, 33, 2**40])
def test_an_aes_key_has_three_lengths(length: int) -> None:
    with pytest.raises(Refused) as refused:
        _generate(M.AES_KEY_GEN, None, {Attr.VALUE_LEN: length})
    assert refused.value.fault == Fault.ATTRIBUTE_VALUE_INVALID


def test_a_length_must_be_given() -> None:
    for mechanism in (M.AES_KEY_GEN, M.GENERIC_SECRET_KEY_GEN, M.HKDF_KEY_GEN):
        with pytest.raises(Refused) as refused:
            _generate(mechanism, None, {})
        assert refused.value.fault == Fault.TEMPLATE_INCOMPLETE


def test_pbkdf2_known_answer() -> None:
    """RFC 6070, test case 2; RFC 7914 section 11."""
    params = Pkcs5Pbkd2Params2(1, b"salt", 2, Pbkdf2Prf.HMAC_SHA1, b"", b"password")
    template: dict[int, Any] = {Attr.KEY_TYPE: KeyType.GENERIC_SECRET, Attr.VALUE_LEN: 20}
    made = _generate(M.PKCS5_PBKD2, params, template)
    assert made[Attr.VALUE].hex() == "ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957"
    params = Pkcs5Pbkd2Params2(1, b"salt", 1, Pbkdf2Prf.HMAC_SHA256, b"", b"passwd")
    made = _generate(M.PKCS5_PBKD2, params, template | {Attr.VALUE_LEN: 16})
    assert made[Attr.VALUE].hex() == "55ac046e56e3089fec1691c22544b605"
    for wrong in (
        Pkcs5Pbkd2Params2(0, b"salt", 1, Pbkdf2Prf.HMAC_SHA1, b"", b"p"),
        Pkcs5Pbkd2Params2(1, b"salt", 0, Pbkdf2Prf.HMAC_SHA1, b"", b"p"),
        Pkcs5Pbkd2Params2(1, b"salt", 2**60, Pbkdf2Prf.HMAC_SHA1, b"", b"p"),
        Pkcs5Pbkd2Params2(1, b"salt", 1, Pbkdf2Prf.HMAC_GOSTR3411, b"", b"p"),
    ):
        with pytest.raises(Refused) as refused:
            _generate(M.PKCS5_PBKD2, wrong, template)
        assert refused.value.fault == Fault.MECHANISM_PARAM_INVALID


@pytest.mark.parametrize("exponent", [b"\x03", b"\x11", b"\x01\x00\x01"])
def test_rsa_pairs_have_the_size_and_exponent_that_were_asked_for(exponent: bytes) -> None:
    template: dict[int, Any] = {Attr.MODULUS_BITS: 1024, Attr.PUBLIC_EXPONENT: exponent}
    public, private = ENGINES[M.RSA_PKCS_KEY_PAIR_GEN].generate_pair(None, template, {})
    assert public[Attr.PUBLIC_EXPONENT] == private[Attr.PUBLIC_EXPONENT] == exponent
    assert public[Attr.MODULUS_BITS] == 1024 and len(public[Attr.MODULUS]) == 128


@pytest.mark.parametrize(
    ("template", "fault"),
    [
        ({}, Fault.TEMPLATE_INCOMPLETE),
        ({Attr.MODULUS_BITS: 1023}, Fault.ATTRIBUTE_VALUE_INVALID),
        ({Attr.MODULUS_BITS: 8193}, Fault.ATTRIBUTE_VALUE_INVALID),
        ({Attr.MODULUS_BITS: 1024, Attr.PUBLIC_EXPONENT: b""}, Fault.TEMPLATE_INCONSISTENT),  # 0
        ({Attr.MODULUS_BITS: 1024, Attr.PUBLIC_EXPONENT: b"\x01"}, Fault.TEMPLATE_INCONSISTENT),
        ({Attr.MODULUS_BITS: 1024, Attr.PUBLIC_EXPONENT: b"\x04"}, Fault.TEMPLATE_INCONSISTENT),
        ({Attr.MODULUS_BITS: 1024, Attr.PUBLIC_EXPONENT: b"\xff" * 9}, Fault.TEMPLATE_INCONSISTENT),
    ],
)
def test_rsa_templates_that_do_not_do(template: dict[int, Any], fault: Fault) -> None:
    with pytest.raises(Refused) as refused:
        ENGINES[M.RSA_PKCS_KEY_PAIR_GEN].generate_pair(None, template, {})
    assert refused.value.fault == fault


def test_gnutls_generates_by_the_signature_mechanism() -> None:
    ed25519 = der.oid("1.3.101.112")
    public, private = ENGINES[M.EDDSA].generate_pair(None, {Attr.EC_PARAMS: ed25519}, {})
    assert public[Attr.KEY_TYPE] == private[Attr.KEY_TYPE] == KeyType.EC_EDWARDS


# --- Digests


@pytest.mark.parametrize("row", [row for row in MECHANISMS.values() if MechanismFlag.DIGEST in row.flags])
def test_digests(row: MechanismRow) -> None:
    name, t = row.mechanism.name, 224 if row.mechanism == M.SHA512_T else None
    for data in (b"", b"abc", bytes(1000)):
        expected = hashed(name, data)
        digest = ENGINES[row.mechanism].digest(t)
        assert digest.size == len(expected)
        assert digest.once(data) == expected
        parts = ENGINES[row.mechanism].digest(t)
        parts.update(data[:5])
        parts.update(memoryview(data)[5:])
        assert parts.finish() == expected
    assert ENGINES[row.mechanism].digest(t).finish() == hashed(name, b"")


def test_the_libraries_truncate_to_two_lengths() -> None:
    assert ENGINES[M.SHA512_T].digest(256).once(b"abc") == hashed("SHA512_256", b"abc")
    for t in (0, 8, 225, 384, 512):
        with pytest.raises(Refused) as refused:
            ENGINES[M.SHA512_T].digest(t)
        assert refused.value.fault == Fault.MECHANISM_PARAM_INVALID
