"""Known answers from the documents that define the algorithms; each names its source."""

from typing import Any

import pytest

from hsmith.crypto import keys
from hsmith.crypto.curves import CURVES
from hsmith.crypto.engine import Wanted
from hsmith.crypto.keys import Key
from hsmith.crypto.registry import ENGINES
from hsmith.spec.constants import Attr, Kdf, KeyType, Mechanism, ObjectClass
from hsmith.spec.params import AesCtrParams, CcmParams, Ecdh1DeriveParams, EddsaParams, GcmParams

M = Mechanism
H = bytes.fromhex


def aes(value: str) -> Key:
    return keys.load({Attr.CLASS: ObjectClass.SECRET_KEY, Attr.KEY_TYPE: KeyType.AES, Attr.VALUE: H(value)})


def curve_key(name: str, value: bytes) -> Key:
    curve = next(each for each in CURVES if name in each.names)
    attributes: dict[int, Any] = {
        Attr.CLASS: ObjectClass.PRIVATE_KEY,
        Attr.KEY_TYPE: curve.key_type,
        Attr.EC_PARAMS: curve.params,
    }
    return keys.load(attributes | {Attr.VALUE: value})


#: SP 800-38A, appendix F: the first two blocks of the example text, AES-128.
SP_KEY = "2b7e151628aed2a6abf7158809cf4f3c"
SP_TEXT = H("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51")
SP_IV = H("000102030405060708090a0b0c0d0e0f")

ENCRYPTIONS = [
    ("SP 800-38A F.1.1", M.AES_ECB, None, "3ad77bb40d7a3660a89ecaf32466ef97f5d3d58503b9699de785895a96fdbaaf"),
    ("SP 800-38A F.2.1", M.AES_CBC, SP_IV, "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2"),
    (
        "SP 800-38A F.5.1",
        M.AES_CTR,
        AesCtrParams(32, H("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff")),
        "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff",
    ),
]


@pytest.mark.parametrize(("source", "mechanism", "params", "expected"), ENCRYPTIONS)
def test_modes_of_aes(source: str, mechanism: Mechanism, params: Any, expected: str) -> None:
    assert ENGINES[mechanism].encrypt(aes(SP_KEY), params).once(SP_TEXT).hex() == expected
    assert ENGINES[mechanism].decrypt(aes(SP_KEY), params).once(H(expected)) == SP_TEXT


GCM_TEXT = H(
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
    "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
)


def test_gcm() -> None:
    """The GCM specification (McGrew, Viega), test cases 2 and 4."""
    zero = GcmParams(bytes(12), 96, b"", 128)
    sealed = ENGINES[M.AES_GCM].encrypt(aes("00" * 16), zero).once(bytes(16))
    assert sealed.hex() == "0388dace60b6a392f328c2b971b2fe78ab6e47d42cec13bdf53a67b21257bddf"
    key = aes("feffe9928665731c6d6a8f9467308308")
    aad = H("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    sealed = ENGINES[M.AES_GCM].encrypt(key, GcmParams(H("cafebabefacedbaddecaf888"), 96, aad, 128)).once(GCM_TEXT)
    assert sealed[-16:].hex() == "5bc94fbc3221a5db94fae95ae7121a47"


def test_gcm_with_an_iv_of_eight_bytes() -> None:
    """The GCM specification, test case 5."""
    key = aes("feffe9928665731c6d6a8f9467308308")
    aad = H("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    sealed = ENGINES[M.AES_GCM].encrypt(key, GcmParams(H("cafebabefacedbad"), 64, aad, 128)).once(GCM_TEXT)
    assert sealed[-16:].hex() == "3612d2e79e3b0785561be14aaca2fccb"


def test_ccm() -> None:
    """RFC 3610, packet vector 1."""
    params = CcmParams(23, H("00000003020100a0a1a2a3a4a5"), bytes(range(8)), 8)
    sealed = ENGINES[M.AES_CCM].encrypt(aes("c0c1c2c3c4c5c6c7c8c9cacbcccdcecf"), params).once(bytes(range(8, 31)))
    assert sealed.hex() == "588c979a61c663d2f066d0c2c0f989806d5f6b61dac38417e8d12cfdf926e0"


def test_cmac() -> None:
    """RFC 4493, examples 1 and 2."""
    engine = ENGINES[M.AES_CMAC]
    assert engine.sign(aes(SP_KEY), None).once(b"").hex() == "bb1d6929e95937287fa37d129b756746"
    assert engine.sign(aes(SP_KEY), None).once(SP_TEXT[:16]).hex() == "070a16b46b4d4144f79bdd9dd04a287c"


def test_hmac() -> None:
    """RFC 4231, test case 2; RFC 2202 for SHA-1."""
    key = Key(ObjectClass.SECRET_KEY, KeyType.GENERIC_SECRET, 4, b"Jefe")
    expected = {
        M.SHA_1_HMAC: "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
        M.SHA224_HMAC: "a30e01098bc6dbbf45690f3a7e9e6d0f8bbea2a39e6148008fd05e44",
        M.SHA256_HMAC: "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    }
    for mechanism, value in expected.items():
        assert ENGINES[mechanism].sign(key, None).once(b"what do ya want for nothing?").hex() == value


def test_key_wrap() -> None:
    """RFC 3394 sections 4.1 and 4.6; RFC 5649 section 6."""
    key = aes("000102030405060708090A0B0C0D0E0F")
    material = H("00112233445566778899AABBCCDDEEFF")
    wrapped = ENGINES[M.AES_KEY_WRAP].wrap(key, None, material)
    assert wrapped.hex().upper() == "1FA68B0A8112B447AEF34BD8FB5A7B829D3E862371D2CFE5"
    key = aes("5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8")
    material = H("c37b7e6492584340bed12207808941155068f738")
    expected = "138bdeaa9b8fa7fc61f97742e72248ee5ae6ae5360d1ae6a5f54f373fa543b6a"
    for mechanism in (M.AES_KEY_WRAP_KWP, M.AES_KEY_WRAP_PAD):
        assert ENGINES[mechanism].wrap(key, None, material).hex() == expected
        assert ENGINES[mechanism].unwrap(key, None, H(expected)) == material
    assert ENGINES[M.AES_KEY_WRAP_KWP].wrap(key, None, H("466f7250617369")).hex() == "afbeb0f07dfbf5419200f2ccb50bb24f"


ED25519 = [
    (
        "RFC 8032 section 7.1, test 3",
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "af82",
        None,
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
        "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
    (
        "RFC 8032 section 7.2, foo",
        "0305334e381af78f141cb666f6199f57bc3495335a256a95bd2a55bf546663f6",
        "f726936d19c800494e3fdaff20b276a8",
        EddsaParams(False, b"foo"),
        "55a4cc2f70a54e04288c5f4cd1e45a7bb520b36292911876cada7323198dd87a"
        "8b36950b95130022907a7fb7c4e9b2d5f6cca685a587b4b21f4b888e4e7edb0d",
    ),
    (
        "RFC 8032 section 7.3",
        "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
        "616263",
        EddsaParams(True, b""),
        "98a70222f0b8121aa9d30f813d683f809e462b469c7ff87639499bb94e6dae41"
        "31f85042463c2a355a2003d062adf5aaa10b8c61e636062aaad11c2a26083406",
    ),
]


@pytest.mark.parametrize(("source", "value", "message", "params", "expected"), ED25519)
def test_ed25519(source: str, value: str, message: str, params: EddsaParams | None, expected: str) -> None:
    key = curve_key("Ed25519", H(value))
    assert ENGINES[M.EDDSA].sign(key, params).once(H(message)).hex() == expected


def test_x25519() -> None:
    """Project Wycheproof, x25519_test.json, tcId 1."""
    key = curve_key("X25519", H("c8a9d5a91091ad851c668b0736c1c9a02936c0d3ad62670858088047ba057475"))
    peer = H("504a36999f489cd2fdbc08baff3d88fa00569ba986cba22548ffde80f9806829")
    wanted = Wanted(ObjectClass.SECRET_KEY, KeyType.GENERIC_SECRET, None, lambda handle: key)
    value = ENGINES[M.ECDH1_DERIVE].derive(key, Ecdh1DeriveParams(Kdf.NULL, b"", peer), wanted)[Attr.VALUE]
    assert value.hex() == "436a2c040cf45fea9b29a0cb81b1f41458f863d0d61b453d0a982720d6d61320"


def test_ecdsa_signatures_of_others_verify() -> None:
    """RFC 6979, A.2.5: P-256, message "sample", SHA-256."""
    curve = next(each for each in CURVES if "P-256" in each.names)
    point = (
        b"\x04"
        + H("60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6")
        + H("7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299")
    )
    public = keys.load(
        {
            Attr.CLASS: ObjectClass.PUBLIC_KEY,
            Attr.KEY_TYPE: KeyType.EC,
            Attr.EC_PARAMS: curve.params,
            Attr.EC_POINT: point,
        }
    )
    signature = H("EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716") + H(
        "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8"
    )
    ENGINES[M.ECDSA_SHA256].verify(public, None).once(b"sample", signature)


def test_ecdh() -> None:
    """RFC 5903 section 8.1: P-256."""
    key = curve_key("P-256", H("C88F01F510D9AC3F70A292DAA2316DE544E9AAB8AFE84049C62A9C57862D1433"))
    peer = (
        b"\x04"
        + H("D12DFB5289C8D4F81208B70270398C342296970A0BCCB74C736FC7554494BF63")
        + H("56FBF3CA366CC23E8157854C13C58D6AAC23F046ADA30F8353E74F33039872AB")
    )
    wanted = Wanted(ObjectClass.SECRET_KEY, KeyType.GENERIC_SECRET, None, lambda handle: key)
    value = ENGINES[M.ECDH1_DERIVE].derive(key, Ecdh1DeriveParams(Kdf.NULL, b"", peer), wanted)[Attr.VALUE]
    assert value.hex().upper() == "D6840F6B42F6EDAFD13116E0E12565202FEF8E9ECE7DCE03812464D04B9442DE"
