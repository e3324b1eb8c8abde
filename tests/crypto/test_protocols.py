"""Keys of IKE, PKCS #12, SSL 3.0, TLS 1.0 and WTLS, single DES and X9.42 hybrid: published answers, and what the texts
define, computed here another way."""

import hashlib
import hmac
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from hsmith.crypto import keys
from hsmith.crypto.engine import Wanted
from hsmith.crypto.keys import Key
from hsmith.crypto.registry import ENGINES
from hsmith.spec.constants import Attr, DataSource, Fault, Kdf, KeyType, Mechanism, Mgf, ObjectClass
from hsmith.spec.faults import Refused
from hsmith.spec.params import (
    Ike1ExtendedDeriveParams,
    Ike1PrfDeriveParams,
    Ike2PrfPlusDeriveParams,
    IkePrfDeriveParams,
    Out,
    PbeParams,
    RsaPkcsOaepParams,
    Ssl3KeyMatOut,
    Ssl3KeyMatParams,
    Ssl3MasterKeyDeriveParams,
    Ssl3RandomData,
    WtlsKeyMatOut,
    WtlsKeyMatParams,
    WtlsMasterKeyDeriveParams,
    WtlsPrfParams,
    WtlsRandomData,
    X942Dh2DeriveParams,
)
from hsmith.spec.values import Template

M = Mechanism
PRF = M.SHA256_HMAC
CLIENT, SERVER = b"c" * 32, b"s" * 32


def generic(value: bytes) -> Key:
    return Key(ObjectClass.SECRET_KEY, KeyType.GENERIC_SECRET, len(value), value)


BASE, AGREED, PREVIOUS = generic(b"base" * 8), generic(b"g^xy" * 16), generic(b"prev" * 8)
OTHERS: dict[int, Key] = {1: AGREED, 2: PREVIOUS}


def want(length: int | None = None, key_type: int = KeyType.GENERIC_SECRET) -> Wanted:
    return Wanted(ObjectClass.SECRET_KEY, key_type, length, OTHERS.__getitem__)


def derive(mechanism: Mechanism, params: Any, wanted: Wanted, key: Key = BASE) -> bytes:
    value: bytes = ENGINES[mechanism].derive(key, params, wanted)[Attr.VALUE]
    return value


def fault_of(call: Callable[[], object]) -> Fault:
    with pytest.raises(Refused) as refused:
        call()
    return refused.value.fault


def mac(key: bytes, data: bytes, name: str = "sha256") -> bytes:
    return hmac.digest(key, data, name)


# --- IKE


def test_ike_initial_keys() -> None:
    nonces: dict[str, Any] = {"ni": b"n1", "nr": b"n2"}
    assert derive(M.IKE_PRF_DERIVE, IkePrfDeriveParams(PRF, **nonces), want()) == mac(BASE.native, b"n1n2")
    as_key = IkePrfDeriveParams(PRF, data_as_key=True, **nonces)
    assert derive(M.IKE_PRF_DERIVE, as_key, want()) == mac(b"n1n2", BASE.native)
    again = IkePrfDeriveParams(PRF, rekey=True, new_key=1, **nonces)
    assert derive(M.IKE_PRF_DERIVE, again, want(32)) == mac(BASE.native, AGREED.native + b"n1n2")
    assert fault_of(lambda: derive(M.IKE_PRF_DERIVE, as_key, want(16))) == Fault.KEY_SIZE_RANGE


def test_the_type_of_an_initial_key_is_that_of_the_function() -> None:
    ((attributes, cell),) = [
        (dict(each.template), each.cell) for each in ENGINES[M.IKE_PRF_DERIVE].orders(IkePrfDeriveParams(PRF), ())
    ]
    assert attributes[Attr.KEY_TYPE] == KeyType.SHA256_HMAC
    assert cell is None
    both = IkePrfDeriveParams(PRF, data_as_key=True, rekey=True)
    assert fault_of(lambda: ENGINES[M.IKE_PRF_DERIVE].orders(both, ())) == Fault.ARGUMENTS_BAD
    untyped: Template = ()
    assert fault_of(lambda: ENGINES[M.IKE1_PRF_DERIVE].orders(None, untyped)) == Fault.TEMPLATE_INCOMPLETE


def test_ike_1_further_keys() -> None:
    params = Ike1PrfDeriveParams(PRF, keygxy=1, ck_yi=b"I" * 8, ck_yr=b"R" * 8, key_number=0)
    tail = AGREED.native + b"I" * 8 + b"R" * 8
    assert derive(M.IKE1_PRF_DERIVE, params, want()) == mac(BASE.native, tail + b"\0")
    params = Ike1PrfDeriveParams(PRF, True, 1, 2, b"I" * 8, b"R" * 8, 1)
    assert derive(M.IKE1_PRF_DERIVE, params, want(20)) == mac(BASE.native, PREVIOUS.native + tail + b"\1")[:20]
    assert fault_of(lambda: derive(M.IKE1_PRF_DERIVE, params, want(33))) == Fault.KEY_SIZE_RANGE


def test_ike_2_prf_plus() -> None:
    seed = AGREED.native + b"seed"
    first = mac(BASE.native, seed + b"\1")
    second = mac(BASE.native, first + seed + b"\2")
    third = mac(BASE.native, second + seed + b"\3")
    params = Ike2PrfPlusDeriveParams(PRF, True, 1, b"seed")
    assert derive(M.IKE2_PRF_PLUS_DERIVE, params, want(80)) == (first + second + third)[:80]
    assert fault_of(lambda: derive(M.IKE2_PRF_PLUS_DERIVE, params, want(255 * 32 + 1))) == Fault.KEY_SIZE_RANGE
    assert fault_of(lambda: derive(M.IKE2_PRF_PLUS_DERIVE, params, want())) == Fault.TEMPLATE_INCOMPLETE


def test_ike_1_longer_keys() -> None:
    assert derive(M.IKE1_EXTENDED_DERIVE, Ike1ExtendedDeriveParams(PRF), want(16)) == BASE.native[:16]
    first = mac(BASE.native, b"\0")
    second = mac(BASE.native, first)
    assert derive(M.IKE1_EXTENDED_DERIVE, Ike1ExtendedDeriveParams(PRF), want(40)) == (first + second)[:40]
    params = Ike1ExtendedDeriveParams(PRF, True, 1, b"more")
    first = mac(BASE.native, AGREED.native + b"more")
    assert derive(M.IKE1_EXTENDED_DERIVE, params, want(16)) == first[:16]


def test_ike_wants_an_hmac_and_a_key_of_its_type() -> None:
    params = Ike2PrfPlusDeriveParams(M.AES_CBC, seed_data=b"s")
    assert fault_of(lambda: derive(M.IKE2_PRF_PLUS_DERIVE, params, want(16))) == Fault.MECHANISM_PARAM_INVALID
    other = Key(ObjectClass.SECRET_KEY, KeyType.SHA384_HMAC, 32, bytes(32))
    params = Ike2PrfPlusDeriveParams(PRF, seed_data=b"s")
    assert fault_of(lambda: derive(M.IKE2_PRF_PLUS_DERIVE, params, want(16), other)) == Fault.KEY_TYPE_INCONSISTENT


# --- PKCS #12


@pytest.mark.parametrize(
    ("mechanism", "password", "salt", "rounds", "value"),
    [
        (M.PBE_SHA1_DES3_EDE_CBC, "smeg", "0a58cf64530d823f", 1, "8aaae6297b6cb04642ab5b077851284eb7128f1a2a7fbca3"),
        (M.PBA_SHA1_WITH_SHA1_HMAC, "smeg", "3d83c0e4546ac140", 1, "8d967d88f6caa9d714800ab3d48051d63f73a312"),
    ],
)
def test_pkcs_12(mechanism: Mechanism, password: str, salt: str, rounds: int, value: str) -> None:
    """Answers published with OpenSSL's first implementation; keys get their parity afterwards."""
    text = (password + "\0").encode("utf-16-be")
    params = PbeParams(Out(8), text, bytes.fromhex(salt), rounds)
    made: bytes = ENGINES[mechanism].generate(params, {})[Attr.VALUE]
    expected = bytes.fromhex(value)
    if mechanism == M.PBA_SHA1_WITH_SHA1_HMAC:
        assert made == expected
        assert params.init_vector.value is None
        return
    assert [byte & 0xFE for byte in made] == [byte & 0xFE for byte in expected]
    assert all(byte.bit_count() % 2 for byte in made)
    assert params.init_vector.value == bytes.fromhex("79993dfe048d3b76")


def test_pkcs_12_takes_no_endless_work() -> None:
    params = PbeParams(Out(8), b"p", b"s", 2**40)
    assert fault_of(lambda: ENGINES[M.PBE_SHA1_DES2_EDE_CBC].generate(params, {})) == Fault.MECHANISM_PARAM_INVALID


# --- SSL 3.0 and TLS 1.0


def ssl3(secret: bytes, seed: bytes, rounds: int) -> bytes:
    made = b""
    for count in range(1, rounds + 1):
        letters = bytes([64 + count]) * count
        made += hashlib.md5(secret + hashlib.sha1(letters + secret + seed).digest()).digest()
    return made


def p_hash(name: str, secret: bytes, seed: bytes, length: int) -> bytes:
    made, chain = b"", seed
    while len(made) < length:
        chain = mac(secret, chain, name)
        made += mac(secret, chain + seed, name)
    return made[:length]


def tls10(secret: bytes, seed: bytes, length: int) -> bytes:
    half = (len(secret) + 1) // 2
    left, right = p_hash("md5", secret[:half], seed, length), p_hash("sha1", secret[-half:], seed, length)
    return bytes(a ^ b for a, b in zip(left, right, strict=True))


MASTER = generic(b"\x03\x00" + b"m" * 46)
RANDOMS = Ssl3RandomData(CLIENT, SERVER)


def test_old_master_secrets() -> None:
    params = Ssl3MasterKeyDeriveParams(RANDOMS, Out(2))
    assert derive(M.SSL3_MASTER_KEY_DERIVE, params, want(), MASTER) == ssl3(MASTER.native, CLIENT + SERVER, 3)
    assert params.version.value == b"\x03\x00"
    seed = b"master secret" + CLIENT + SERVER
    assert derive(M.TLS_MASTER_KEY_DERIVE, params, want(), MASTER) == tls10(MASTER.native, seed, 48)
    for mechanism in (M.SSL3_MASTER_KEY_DERIVE_DH, M.TLS_MASTER_KEY_DERIVE_DH):
        versioned = partial(derive, mechanism, params, want(), MASTER)
        assert fault_of(versioned) == Fault.MECHANISM_PARAM_INVALID


def test_old_key_blocks() -> None:
    blocks = {
        M.SSL3_KEY_AND_MAC_DERIVE: ssl3(MASTER.native, SERVER + CLIENT, 6),
        M.TLS_KEY_AND_MAC_DERIVE: tls10(MASTER.native, b"key expansion" + SERVER + CLIENT, 88),
    }
    for mechanism, block in blocks.items():
        out = Ssl3KeyMatOut(Out(1), Out(1), Out(1), Out(1), Out(8), Out(8))
        params = Ssl3KeyMatParams(160, 128, 64, False, RANDOMS, out)
        engine = ENGINES[mechanism]
        ordered = engine.orders(params, ((Attr.KEY_TYPE, int(KeyType.AES)),))
        assert [each.cell for each in ordered] == [
            out.client_mac_secret, out.server_mac_secret, out.client_key, out.server_key
        ]  # fmt: skip
        wanted = [want(20), want(20), want(16, KeyType.AES), want(16, KeyType.AES)]
        made = [each[Attr.VALUE] for each in engine.derive_all(MASTER, params, wanted)]
        assert b"".join(made) == block[:72]
        assert (out.iv_client.value, out.iv_server.value) == (block[72:80], block[80:88])


def test_macs_of_ssl_3() -> None:
    for mechanism, name, padding in ((M.SSL3_MD5_MAC, "md5", 48), (M.SSL3_SHA1_MAC, "sha1", 40)):
        inner = hashlib.new(name, BASE.native + b"\x36" * padding + b"data").digest()
        expected = hashlib.new(name, BASE.native + b"\x5c" * padding + inner).digest()[:8]
        assert ENGINES[mechanism].sign(BASE, 8).once(b"data") == expected
        ENGINES[mechanism].verify(BASE, 8).once(b"data", expected)
        assert fault_of(partial(ENGINES[mechanism].sign, BASE, 21)) == Fault.MECHANISM_PARAM_INVALID


# --- WTLS


def test_wtls() -> None:
    randoms = WtlsRandomData(CLIENT, SERVER)
    master = WtlsMasterKeyDeriveParams(M.SHA256, randoms, Out(1))
    seed = b"master secret" + CLIENT + SERVER
    assert derive(M.WTLS_MASTER_KEY_DERIVE, master, want(), MASTER) == p_hash("sha256", MASTER.native, seed, 20)
    assert master.version.value == b"\x03"
    prf = WtlsPrfParams(M.SHA_1, b"seed", b"label", Out(50))
    assert ENGINES[M.WTLS_PRF].orders(prf, ()) == ()
    assert ENGINES[M.WTLS_PRF].derive_all(BASE, prf, ()) == []
    assert prf.output.value == p_hash("sha1", BASE.native, b"labelseed", 50)
    for side in ("SERVER", "CLIENT"):
        out = WtlsKeyMatOut(Out(1), Out(1), Out(8))
        params = WtlsKeyMatParams(M.SHA_1, 160, 128, 64, 258, False, randoms, out)
        engine = ENGINES[Mechanism[f"WTLS_{side}_KEY_AND_MAC_DERIVE"]]
        made = [each[Attr.VALUE] for each in engine.derive_all(BASE, params, [want(20), want(16, KeyType.AES)])]
        seed = f"{side.lower()} expansion".encode() + b"\1\2" + SERVER + CLIENT
        assert b"".join([*made, out.iv.value]) == p_hash("sha1", BASE.native, seed, 44)


def test_pre_master_secret_of_wtls() -> None:
    made = ENGINES[M.WTLS_PRE_MASTER_KEY_GEN].generate(b"\1", {Attr.VALUE_LEN: 20})
    assert (made[Attr.VALUE][0], len(made[Attr.VALUE])) == (1, 20)
    assert fault_of(lambda: ENGINES[M.WTLS_PRE_MASTER_KEY_GEN].generate(b"", {})) == Fault.MECHANISM_PARAM_INVALID


# --- DES and X9.42


def test_single_des() -> None:
    """The worked example of FIPS 46 that every course has."""
    key = Key(ObjectClass.SECRET_KEY, KeyType.DES, 8, bytes.fromhex("133457799bbcdff1"))
    text, expected = bytes.fromhex("0123456789abcdef"), bytes.fromhex("85e813540f0ab405")
    assert ENGINES[M.DES_ECB].encrypt(key, None).once(text) == expected
    assert ENGINES[M.DES_CBC].encrypt(key, bytes(8)).once(text) == expected
    assert ENGINES[M.DES_ECB].decrypt(key, None).once(expected) == text
    assert ENGINES[M.DES_MAC].sign(key, None).once(text) == expected[:4]
    made: bytes = ENGINES[M.DES_KEY_GEN].generate(None, {})[Attr.VALUE]
    assert len(made) == 8
    assert all(byte.bit_count() % 2 for byte in made)


@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
def test_both_sides_of_a_hybrid_agreement_agree(pair_attributes: Callable[..., Any]) -> None:
    public, private = pair_attributes(KeyType.X9_42_DH)
    domain: dict[int, Any] = {attr: public[attr] for attr in (Attr.PRIME, Attr.BASE, Attr.SUBPRIME)}
    sides = []
    for _ in range(2):
        halves = [ENGINES[M.X9_42_DH_KEY_PAIR_GEN].generate_pair(None, domain, {}) for _ in range(2)]
        loaded = [keys.load(domain | half[1] | {Attr.CLASS: ObjectClass.PRIVATE_KEY}) for half in halves]
        sides.append((loaded, [half[0][Attr.VALUE] for half in halves]))
    made = []
    for (own, _), (_, theirs) in (sides, reversed(sides)):
        wanted = Wanted(ObjectClass.SECRET_KEY, KeyType.GENERIC_SECRET, 200, {9: own[1]}.__getitem__)
        params = X942Dh2DeriveParams(Kdf.NULL, b"", theirs[0], 20, 9, theirs[1])
        made.append(derive(M.X9_42_DH_HYBRID_DERIVE, params, wanted, own[0]))
    assert made[0] == made[1]
    assert len(made[0]) == 200
    assert private


def test_oaep_of_the_tpm(pair: Callable[..., tuple[Key, Key]]) -> None:
    public, private = pair(KeyType.RSA)
    engine = ENGINES[M.RSA_PKCS_OAEP_TPM_1_1]
    blob = engine.encrypt(public, None).once(b"text")
    oaep = RsaPkcsOaepParams(M.SHA_1, Mgf.MGF1_SHA1, DataSource.DATA_SPECIFIED, b"TCPA")
    assert ENGINES[M.RSA_PKCS_OAEP].decrypt(private, oaep).once(blob) == b"\1\1\0\0\2text"
    assert engine.decrypt(private, None).once(blob) == b"text"
    other = ENGINES[M.RSA_PKCS_OAEP].encrypt(public, oaep).once(b"\1\2\0\0\2text")
    assert fault_of(lambda: engine.decrypt(private, None).once(other)) == Fault.ENCRYPTED_DATA_INVALID
    assert fault_of(lambda: engine.encrypt(public, None).once(bytes(210))) == Fault.DATA_LEN_RANGE
