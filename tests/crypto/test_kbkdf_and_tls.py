"""SP 800-108, TLS 1.2, key encapsulation by older mechanisms, X9.42, public keys from private ones."""

import hashlib
import hmac
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC
from cryptography.hazmat.primitives.kdf.kbkdf import KBKDFHMAC, CounterLocation, Mode

from hsmith.crypto import keys
from hsmith.crypto.engine import Wanted
from hsmith.crypto.key import Key
from hsmith.crypto.registry import ENGINES
from hsmith.crypto.tls import prf
from hsmith.spec.constants import (
    Attr,
    DkmLengthMethod,
    Fault,
    Kdf,
    KeyType,
    Mechanism,
    Mgf,
    ObjectClass,
    PrfDataType,
)
from hsmith.spec.faults import Refused
from hsmith.spec.params import (
    DerivedKey,
    Ecdh1DeriveParams,
    Out,
    PrfDataParam,
    RsaPkcsOaepParams,
    Sp800108CounterFormat,
    Sp800108DkmLengthFormat,
    Sp800108FeedbackKdfParams,
    Sp800108KdfParams,
    Ssl3KeyMatOut,
    Ssl3RandomData,
    Tls12ExtendedMasterKeyDeriveParams,
    Tls12KeyMatParams,
    Tls12MasterKeyDeriveParams,
    TlsKdfParams,
    TlsMacParams,
    X942Dh1DeriveParams,
)

pytestmark = pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")

M, T = Mechanism, PrfDataType


def secret(value: bytes, key_type: KeyType = KeyType.GENERIC_SECRET) -> Key:
    return Key(ObjectClass.SECRET_KEY, key_type, len(value), value)


BASE = secret(bytes(range(32)))


def no_key(handle: int) -> Key:
    raise AssertionError("no other key is named")


def want(length: int | None = None, key_type: int = KeyType.GENERIC_SECRET, key: Any = no_key) -> Wanted:
    return Wanted(ObjectClass.SECRET_KEY, key_type, length, key)


def fault_of(mechanism: Mechanism, key: Key, params: Any, wanted: Wanted) -> Fault:
    with pytest.raises(Refused) as refused:
        ENGINES[mechanism].derive(key, params, wanted)
    return refused.value.fault


# --- SP 800-108


def number(kind: PrfDataType, width: int = 32, *, little: bool = False) -> PrfDataParam:
    return PrfDataParam(kind, Sp800108CounterFormat(little, width))


def length(method: DkmLengthMethod = DkmLengthMethod.SUM_OF_KEYS, width: int = 32) -> PrfDataParam:
    return PrfDataParam(T.DKM_LENGTH, Sp800108DkmLengthFormat(method, False, width))


def data(value: bytes) -> PrfDataParam:
    return PrfDataParam(T.BYTE_ARRAY, value)


VALUE = PrfDataParam(T.ITERATION_VARIABLE, None)


def derive(mechanism: Mechanism, params: Any, wanted: Wanted, key: Key = BASE) -> bytes:
    value: bytes = ENGINES[mechanism].derive(key, params, wanted)[Attr.VALUE]
    return value


def mac(value: bytes) -> bytes:
    return hmac.digest(BASE.native, value, "sha256")


@pytest.mark.parametrize("size", [1, 16, 32, 33, 100])
def test_counter_mode_is_the_librarys(size: int) -> None:
    items = (number(T.ITERATION_VARIABLE), data(b"label"), data(b"\0"), data(b"context"), length())
    params = Sp800108KdfParams(M.SHA256_HMAC, items)
    library = KBKDFHMAC(
        hashes.SHA256(), Mode.CounterMode, size, 4, 4, CounterLocation.BeforeFixed, b"label", b"context", None
    )
    assert derive(M.SP800_108_COUNTER_KDF, params, want(size)) == library.derive(BASE.native)


def test_the_input_is_laid_out_as_told() -> None:
    items = (data(b"a"), number(T.ITERATION_VARIABLE, 16, little=True), data(b"b"), length(width=64))
    params = Sp800108KdfParams(M.SHA256_HMAC, items)
    expected = mac(b"a\1\0b" + (320).to_bytes(8, "big")) + mac(b"a\2\0b" + (320).to_bytes(8, "big"))
    assert derive(M.SP800_108_COUNTER_KDF, params, want(40)) == expected[:40]
    key_item = PrfDataParam(T.KEY_HANDLE, 7)
    params = Sp800108KdfParams(M.SHA256_HMAC, (number(T.ITERATION_VARIABLE, 8), key_item))
    wanted = want(32, key={7: secret(b"other key")}.__getitem__)
    assert derive(M.SP800_108_COUNTER_KDF, params, wanted) == mac(b"\1other key")


def test_feedback_mode() -> None:
    items = (VALUE, number(T.COUNTER, 8), data(b"x"))
    params = Sp800108FeedbackKdfParams(M.SHA256_HMAC, items, b"the IV")
    first = mac(b"the IV\1x")
    assert derive(M.SP800_108_FEEDBACK_KDF, params, want(50)) == (first + mac(first + b"\2x"))[:50]
    without = Sp800108FeedbackKdfParams(M.SHA256_HMAC, (VALUE, data(b"x")))
    assert derive(M.SP800_108_FEEDBACK_KDF, without, want(32)) == mac(b"x")


def test_double_pipeline_mode() -> None:
    params = Sp800108KdfParams(M.SHA256_HMAC, (VALUE, number(T.COUNTER, 8), data(b"x"), length(width=16)))
    fixed = b"x" + (512).to_bytes(2, "big")
    first = mac(fixed)
    second = mac(first)
    expected = mac(first + b"\1" + fixed) + mac(second + b"\2" + fixed)
    assert derive(M.SP800_108_DOUBLE_PIPELINE_KDF, params, want(64)) == expected


def test_cmac_takes_keys_of_its_cipher() -> None:
    params = Sp800108KdfParams(M.AES_CMAC, (number(T.ITERATION_VARIABLE, 8), data(b"x")))
    context = CMAC(AES(bytes(16)))
    context.update(b"\1x")
    expected = context.finalize()
    assert derive(M.SP800_108_COUNTER_KDF, params, want(16, KeyType.AES), secret(bytes(16), KeyType.AES)) == expected
    assert fault_of(M.SP800_108_COUNTER_KDF, BASE, params, want(16)) == Fault.KEY_TYPE_INCONSISTENT


def test_several_keys_begin_with_segments_of_their_own() -> None:
    cells = [Out(1), Out(1)]
    keys_wanted = tuple(DerivedKey(((Attr.VALUE_LEN, 16),), cell) for cell in cells)
    for method, bits in ((DkmLengthMethod.SUM_OF_KEYS, 8 * 72), (DkmLengthMethod.SUM_OF_SEGMENTS, 8 * 32 * 4)):
        params = Sp800108KdfParams(M.SHA256_HMAC, (number(T.ITERATION_VARIABLE, 8), length(method)), keys_wanted)
        engine = ENGINES[M.SP800_108_COUNTER_KDF]
        ordered = engine.orders(params, ((Attr.VALUE_LEN, 40),))
        assert [each.cell for each in ordered] == [None, *cells]
        made = engine.derive_all(BASE, params, [want(40), want(16), want(16)])
        segments = [mac(bytes([i]) + bits.to_bytes(4, "big")) for i in range(1, 5)]
        assert [each[Attr.VALUE] for each in made] == [
            (segments[0] + segments[1])[:40],
            segments[2][:16],
            segments[3][:16],
        ]


COUNTER = number(T.ITERATION_VARIABLE, 8)
BAD_LAYOUTS: list[tuple[Mechanism, tuple[PrfDataParam, ...]]] = [
    (M.SP800_108_COUNTER_KDF, ()),
    (M.SP800_108_COUNTER_KDF, (VALUE,)),
    (M.SP800_108_COUNTER_KDF, (COUNTER, COUNTER)),
    (M.SP800_108_COUNTER_KDF, (COUNTER, number(T.COUNTER))),
    (M.SP800_108_COUNTER_KDF, (COUNTER, length(), length())),
    (M.SP800_108_COUNTER_KDF, (number(T.ITERATION_VARIABLE, 7),)),
    (M.SP800_108_COUNTER_KDF, (number(T.ITERATION_VARIABLE, 72),)),
    (M.SP800_108_COUNTER_KDF, (COUNTER, PrfDataParam(9, b"x"))),
    (M.SP800_108_COUNTER_KDF, (COUNTER, data(b""))),
    (M.SP800_108_COUNTER_KDF, (COUNTER, PrfDataParam(T.DKM_LENGTH, Sp800108DkmLengthFormat(7, False, 32)))),
    (M.SP800_108_COUNTER_KDF, (COUNTER, length(width=8))),
    (M.SP800_108_DOUBLE_PIPELINE_KDF, (COUNTER,)),
    (M.SP800_108_DOUBLE_PIPELINE_KDF, (VALUE, PrfDataParam(T.COUNTER, None))),
]


@pytest.mark.parametrize(("mechanism", "items"), BAD_LAYOUTS)
def test_layouts_that_the_text_forbids(mechanism: Mechanism, items: tuple[PrfDataParam, ...]) -> None:
    params = Sp800108KdfParams(M.SHA256_HMAC, items)
    assert fault_of(mechanism, BASE, params, want(32)) == Fault.MECHANISM_PARAM_INVALID


def test_limits_of_sp800_108() -> None:
    engine = M.SP800_108_COUNTER_KDF
    params = Sp800108KdfParams(M.SHA256_HMAC, (COUNTER,))
    assert len(derive(engine, params, want(255 * 32))) == 255 * 32
    assert fault_of(engine, BASE, params, want(255 * 32 + 1)) == Fault.MECHANISM_PARAM_INVALID
    assert fault_of(engine, BASE, params, want()) == Fault.TEMPLATE_INCOMPLETE
    assert fault_of(engine, BASE, Sp800108KdfParams(M.AES_ECB, (COUNTER,)), want(1)) == Fault.MECHANISM_PARAM_INVALID


# --- TLS 1.2


def test_the_prf_of_tls_1_2() -> None:
    """The vector that implementers of RFC 5246 share (SHA-256)."""
    key = bytes.fromhex("9bbe436ba940f017b17652849a71db35")
    seed = b"test label" + bytes.fromhex("a0ba9f936cda311827a6f796ffd5198c")
    expected = "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9c9a46b4e14baf9af"
    assert prf(M.SHA256, key, seed, 100)[:48].hex() == expected


RANDOMS = Ssl3RandomData(b"C" * 32, b"S" * 32)
MASTER = secret(bytes(range(48)))


def test_the_prf_of_tls_1_0_is_two() -> None:
    def chain(name: str, key: bytes, seed: bytes) -> bytes:
        first = hmac.digest(key, seed, name)
        return hmac.digest(key, first + seed, name)

    value = bytes(range(9))
    made = prf(M.TLS_PRF, value, b"seed", 16)
    left, right = chain("md5", value[:5], b"seed"), chain("sha1", value[4:], b"seed")[:16]
    assert made == bytes(a ^ b for a, b in zip(left, right, strict=True))


def test_master_secrets() -> None:
    pre = secret(b"\3\3" + bytes(46))
    version = Out(2)
    params = Tls12MasterKeyDeriveParams(RANDOMS, version, M.SHA256)
    made = ENGINES[M.TLS12_MASTER_KEY_DERIVE].derive(pre, params, want())
    assert made[Attr.VALUE] == prf(M.SHA256, pre.native, b"master secret" + b"C" * 32 + b"S" * 32, 48)
    assert version.value == b"\3\3"
    assert M.TLS_KDF in made[Attr.ALLOWED_MECHANISMS] and M.TLS12_MASTER_KEY_DERIVE not in made[Attr.ALLOWED_MECHANISMS]
    extended = Tls12ExtendedMasterKeyDeriveParams(M.SHA384, b"hash", Out(0))
    made = ENGINES[M.TLS12_EXTENDED_MASTER_KEY_DERIVE_DH].derive(BASE, extended, want(48))
    assert made[Attr.VALUE] == prf(M.SHA384, BASE.native, b"extended master secret" + b"hash", 48)
    engine = M.TLS12_MASTER_KEY_DERIVE
    assert fault_of(M.TLS12_MASTER_KEY_DERIVE_DH, BASE, params, want()) == Fault.MECHANISM_PARAM_INVALID
    assert fault_of(engine, pre, params, want(32)) == Fault.TEMPLATE_INCONSISTENT
    assert fault_of(engine, pre, params, want(None, KeyType.AES)) == Fault.TEMPLATE_INCONSISTENT
    lacking = Tls12MasterKeyDeriveParams(Ssl3RandomData(), Out(0), M.SHA256)
    assert fault_of(engine, pre, lacking, want()) == Fault.MECHANISM_PARAM_INVALID


@pytest.mark.parametrize("ivs", [True, False])
def test_the_key_block_is_cut_in_order(ivs: bool) -> None:
    out = Ssl3KeyMatOut(Out(1), Out(1), Out(1), Out(1), Out(16), Out(16))
    params = Tls12KeyMatParams(160, 128, 128, False, RANDOMS, out, M.SHA256)
    engine = ENGINES[M.TLS12_KEY_AND_MAC_DERIVE if ivs else M.TLS12_KEY_SAFE_DERIVE]
    ordered = engine.orders(params, ((Attr.KEY_TYPE, int(KeyType.AES)), (Attr.TOKEN, True), (Attr.LABEL, b"x")))
    assert [each.cell for each in ordered] == [
        out.client_mac_secret,
        out.server_mac_secret,
        out.client_key,
        out.server_key,
    ]
    mac_template, key_template = dict(ordered[0].template), dict(ordered[2].template)
    assert mac_template[Attr.KEY_TYPE] == KeyType.GENERIC_SECRET and mac_template[Attr.VALUE_LEN] == 20
    assert mac_template[Attr.TOKEN] and Attr.LABEL not in mac_template and mac_template[Attr.SIGN]
    assert (
        key_template[Attr.KEY_TYPE] == KeyType.AES and key_template[Attr.DECRYPT] and key_template[Attr.LABEL] == b"x"
    )
    wanted = [want(20), want(20), want(16, KeyType.AES), want(16, KeyType.AES)]
    made = b"".join(each[Attr.VALUE] for each in engine.derive_all(MASTER, params, wanted))
    block = prf(M.SHA256, MASTER.native, b"key expansion" + b"S" * 32 + b"C" * 32, 104)
    assert made == block[:72]
    assert (out.iv_client.value, out.iv_server.value) == ((block[72:88], block[88:104]) if ivs else (None, None))


def test_no_mac_keys_where_none_are_wanted() -> None:
    out = Ssl3KeyMatOut(Out(1), Out(1), Out(1), Out(1), Out(4), Out(4))
    params = Tls12KeyMatParams(0, 256, 32, False, RANDOMS, out, M.SHA384)
    engine = ENGINES[M.TLS12_KEY_AND_MAC_DERIVE]
    assert [each.cell for each in engine.orders(params, ())] == [out.client_key, out.server_key]
    assert out.client_mac_secret.value == out.server_mac_secret.value == 0
    small = Ssl3KeyMatOut(Out(1), Out(1), Out(1), Out(1), Out(3), Out(4))
    with pytest.raises(Refused) as refused:
        engine.derive_all(MASTER, Tls12KeyMatParams(0, 256, 32, False, RANDOMS, small, M.SHA384), [want(32), want(32)])
    assert refused.value.fault == Fault.MECHANISM_PARAM_INVALID
    for bad in (
        Tls12KeyMatParams(0, 256, 0, True, RANDOMS, out, M.SHA384),
        Tls12KeyMatParams(0, 256, 0, False, RANDOMS, None, M.SHA384),
        Tls12KeyMatParams(0, 255, 0, False, RANDOMS, out, M.SHA384),
    ):
        with pytest.raises(Refused) as refused:
            engine.orders(bad, ())
        assert refused.value.fault == Fault.MECHANISM_PARAM_INVALID


def test_exported_keys_and_finished_messages() -> None:
    params = TlsKdfParams(M.SHA256, b"EXPORTER-x", RANDOMS, b"context")
    seed = b"EXPORTER-x" + b"C" * 32 + b"S" * 32 + b"\0\7context"
    for mechanism in (M.TLS_KDF, M.TLS12_KDF):
        assert derive(mechanism, params, want(33), MASTER) == prf(M.SHA256, MASTER.native, seed, 33)
        assert fault_of(mechanism, MASTER, params, want()) == Fault.TEMPLATE_INCOMPLETE
    for side, label in ((1, b"server finished"), (2, b"client finished")):
        made = ENGINES[M.TLS_MAC].sign(MASTER, TlsMacParams(M.SHA256, 12, side)).once(b"h" * 32)
        assert made == prf(M.SHA256, MASTER.native, label + b"h" * 32, 12)
    for bad in (TlsMacParams(M.SHA256, 12, 3), TlsMacParams(M.SHA256, 11, 1), TlsMacParams(M.TLS_PRF, 13, 1)):
        with pytest.raises(Refused) as refused:
            ENGINES[M.TLS_MAC].sign(MASTER, bad)
        assert refused.value.fault == Fault.MECHANISM_PARAM_INVALID


# --- Key encapsulation by RSA, ECDH and Diffie-Hellman


OAEP = RsaPkcsOaepParams(M.SHA256, Mgf.MGF1_SHA256, 1, b"")
KEMS = [
    (M.RSA_PKCS, KeyType.RSA, "", None),
    (M.RSA_X_509, KeyType.RSA, "", None),
    (M.RSA_PKCS_OAEP, KeyType.RSA, "", OAEP),
    (M.ECDH1_DERIVE, KeyType.EC, "P-256", Ecdh1DeriveParams(Kdf.SHA256_KDF, b"", b"")),
    (M.ECDH1_DERIVE, KeyType.EC_MONTGOMERY, "X448", Ecdh1DeriveParams(Kdf.NULL, b"", b"")),
    (M.ECDH1_COFACTOR_DERIVE, KeyType.EC, "P-384", Ecdh1DeriveParams(Kdf.NULL, b"", b"")),
    (M.DH_PKCS_DERIVE, KeyType.DH, "", None),
    (M.X9_42_DH_DERIVE, KeyType.X9_42_DH, "", X942Dh1DeriveParams(Kdf.SHA1_KDF_CONCATENATE, b"info", b"")),
]


@pytest.mark.parametrize(("mechanism", "key_type", "curve", "params"), KEMS)
def test_older_mechanisms_encapsulate(
    mechanism: Mechanism, key_type: KeyType, curve: str, params: Any, pair: Any
) -> None:
    public, private = pair(key_type, curve)
    engine = ENGINES[mechanism]
    ciphertext, value = engine.encapsulate(public, params, want(32))
    assert len(ciphertext) == engine.ciphertext_size(public, params)
    assert len(value) == 32
    assert engine.decapsulate(private, params, ciphertext, want(32)) == value
    assert engine.encapsulate(public, params, want(32))[1] != value


def test_the_public_value_is_the_ciphertext_and_no_parameter(pair: Any) -> None:
    public, private = pair(KeyType.EC)
    with pytest.raises(Refused) as refused:
        ENGINES[M.ECDH1_DERIVE].encapsulate(public, Ecdh1DeriveParams(Kdf.NULL, b"", b"x"), want(32))
    assert refused.value.fault == Fault.MECHANISM_PARAM_INVALID
    public, private = pair(KeyType.DH)
    with pytest.raises(Refused) as refused:
        ENGINES[M.DH_PKCS_DERIVE].decapsulate(private, b"\2", b"\2", want(32))
    assert refused.value.fault == Fault.MECHANISM_PARAM_INVALID


# --- X9.42


def test_x9_42(pair_attributes: Any) -> None:
    public, private = pair_attributes(KeyType.X9_42_DH)
    key = keys.load(private)
    z = derive(M.X9_42_DH_DERIVE, X942Dh1DeriveParams(Kdf.NULL, b"", public[Attr.VALUE]), want(), key)
    assert len(z) == len(public[Attr.PRIME])
    params = X942Dh1DeriveParams(Kdf.SHA1_KDF_CONCATENATE, b"info", public[Attr.VALUE])
    expected = b"".join(hashlib.sha1(z + bytes([0, 0, 0, i]) + b"info").digest() for i in (1, 2))
    assert derive(M.X9_42_DH_DERIVE, params, want(32), key) == expected[:32]
    for bad in (
        X942Dh1DeriveParams(Kdf.SHA1_KDF_ASN1, b"info", public[Attr.VALUE]),
        X942Dh1DeriveParams(Kdf.NULL, b"info", public[Attr.VALUE]),
        X942Dh1DeriveParams(Kdf.NULL, b"", b"\1"),
    ):
        assert fault_of(M.X9_42_DH_DERIVE, key, bad, want()) == Fault.MECHANISM_PARAM_INVALID
    encoded = keys.encode(private)
    assert keys.decode(ObjectClass.PRIVATE_KEY, KeyType.X9_42_DH, encoded)[Attr.SUBPRIME] == public[Attr.SUBPRIME]
    with pytest.raises(Refused):
        keys.decode(ObjectClass.PRIVATE_KEY, KeyType.DH, encoded)


def test_x9_42_domain_parameters() -> None:
    engine = ENGINES[M.X9_42_DH_PARAMETER_GEN]
    made = engine.generate(None, {Attr.PRIME_BITS: 1024, Attr.SUBPRIME_BITS: 160})
    p, q, g = (int.from_bytes(made[attr], "big") for attr in (Attr.PRIME, Attr.SUBPRIME, Attr.BASE))
    assert p.bit_length() == 1024 and q.bit_length() == 160 and (p - 1) % q == 0 and pow(g, q, p) == 1
    with pytest.raises(Refused) as refused:
        engine.generate(None, {Attr.PRIME_BITS: 1024, Attr.SUBPRIME_BITS: 256})
    assert refused.value.fault == Fault.ATTRIBUTE_VALUE_INVALID


# --- Public keys from private keys


@pytest.mark.parametrize(
    "key_type",
    [
        KeyType.RSA, KeyType.DSA, KeyType.DH, KeyType.X9_42_DH, KeyType.EC, KeyType.EC_EDWARDS, KeyType.EC_MONTGOMERY,
        KeyType.ML_KEM, KeyType.ML_DSA, KeyType.SLH_DSA,
    ],
)  # fmt: skip
def test_the_public_half_comes_of_the_private_one(key_type: KeyType, pair_attributes: Any) -> None:
    public, private = pair_attributes(key_type)
    wanted = Wanted(ObjectClass.PUBLIC_KEY, key_type, None, no_key, private)
    made = ENGINES[M.PUB_KEY_FROM_PRIV_KEY].derive(keys.load(private), None, wanted)
    assert made.items() <= public.items()
    assert (
        keys.complete(made | {Attr.CLASS: ObjectClass.PUBLIC_KEY, Attr.KEY_TYPE: key_type})[Attr.PUBLIC_KEY_INFO]
        == keys.complete(public)[Attr.PUBLIC_KEY_INFO]
    )
    assert fault_of(M.PUB_KEY_FROM_PRIV_KEY, keys.load(private), None, want()) == Fault.TEMPLATE_INCONSISTENT
