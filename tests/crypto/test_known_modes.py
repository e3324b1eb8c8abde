"""Modes and MACs against the published vectors of their definitions."""

from typing import Any

import pytest

from hsmith.crypto.key import Key
from hsmith.crypto.registry import ENGINES
from hsmith.spec.constants import Fault, KeyType, Mechanism, ObjectClass
from hsmith.spec.faults import Refused
from hsmith.spec.params import Chacha20Params, GcmParams, Salsa20Chacha20Poly1305Params, Salsa20Params

M = Mechanism
H = bytes.fromhex


def secret(key_type: KeyType, value: bytes) -> Key:
    return Key(ObjectClass.SECRET_KEY, key_type, len(value), value)


#: RFC 3566, section 4.6.
XCBC = {
    0: "75f0251d528ac01c4573dfd584d79f29",
    3: "5b376580ae2f19afe7219ceef172756f",
    16: "d2a246fa349b68a79998a4394ff7a263",
    20: "47f51b4564966215b8985c63055ed308",
    32: "f54f0ec8d2b9f3d36807734bd5283fd4",
    34: "becbb3bccdb518a30677d5481fb6b4d8",
}


@pytest.mark.parametrize(("length", "expected"), XCBC.items())
def test_xcbc_of_rfc_3566(length: int, expected: str) -> None:
    key, data = secret(KeyType.AES, bytes(range(16))), bytes(range(length))
    signer = ENGINES[M.AES_XCBC_MAC].sign(key, None)
    for byte in data:
        signer.update(bytes([byte]))
    assert signer.finish().hex() == expected
    assert ENGINES[M.AES_XCBC_MAC_96].sign(key, None).once(data).hex() == expected[:24]


#: SP 800-38A, sections F.3.7, F.3.13, F.4.1.
PLAIN = "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
SP800_38A = {
    M.AES_CFB8: (PLAIN[:36], "3b79424c9c0dd436bace9e0ed4586a4f32b9"),
    M.AES_CFB128: (PLAIN, "3b3fd92eb72dad20333449f8e83cfb4ac8a64537a0b3a93fcde3cdad9f1ce58b"),
    M.AES_OFB: (PLAIN, "3b3fd92eb72dad20333449f8e83cfb4a7789508d16918f03f53c52dac54ed825"),
}


@pytest.mark.parametrize(("mechanism", "pair"), SP800_38A.items())
def test_feedback_modes_of_sp_800_38a(mechanism: Mechanism, pair: tuple[str, str]) -> None:
    key = secret(KeyType.AES, H("2b7e151628aed2a6abf7158809cf4f3c"))
    assert ENGINES[mechanism].encrypt(key, bytes(range(16))).once(H(pair[0])).hex() == pair[1]
    assert ENGINES[mechanism].decrypt(key, bytes(range(16))).once(H(pair[1])).hex() == pair[0]


def test_cfb64_by_its_definition() -> None:
    key, data, register = secret(KeyType.AES, bytes(range(16))), bytes(range(100, 129)), bytes(range(16))
    expected = b""
    for start in range(0, len(data), 8):
        stream = ENGINES[M.AES_ECB].encrypt(key, None).once(register)
        segment = bytes(a ^ b for a, b in zip(data[start : start + 8], stream, strict=False))
        expected, register = expected + segment, register[8:] + segment
    assert ENGINES[M.AES_CFB64].encrypt(key, bytes(range(16))).once(data) == expected


#: RFC 3962, appendix B: those are CS3, the last two blocks the other way round than in CS1.
CS3 = {
    "4920776f756c64206c696b652074686520": "c6353568f2bf8cb4d8a580362da7ff7f97",
    "4920776f756c64206c696b65207468652047656e6572616c20476175277320": (
        "fc00783e0efdb2c1d445d4c8eff7ed2297687268d6ecccc0c07b25e25ecfe5"
    ),
}


@pytest.mark.parametrize(("plain", "cs3"), CS3.items())
def test_cts_of_rfc_3962_turned_round(plain: str, cs3: str) -> None:
    key, data = secret(KeyType.AES, b"chicken teriyaki"), H(plain)
    cut = len(data) - 16 - (len(data) % 16)
    expected = H(cs3)[:cut] + H(cs3)[cut + 16 :] + H(cs3)[cut : cut + 16]
    assert ENGINES[M.AES_CTS].encrypt(key, bytes(16)).once(data) == expected
    assert ENGINES[M.AES_CTS].decrypt(key, bytes(16)).once(expected) == data


def test_cbc_mac_of_fips_113() -> None:
    """Appendix 2's data under three equal keys, which make triple DES single."""
    key = secret(KeyType.DES3, H("0123456789abcdef") * 3)
    data = b"7654321 Now is the time for "
    assert ENGINES[M.DES3_MAC].sign(key, None).once(data).hex() == "f1d30f68"
    assert ENGINES[M.DES3_MAC_GENERAL].sign(key, 8).once(data).hex() == "f1d30f6849312ca4"


def test_poly1305_of_rfc_8439() -> None:
    key = secret(KeyType.POLY1305, H("85d6be7857556d337f4452fe42d506a80103808afb0db2fd4abff6af4149f51b"))
    tag = ENGINES[M.POLY1305].sign(key, None).once(b"Cryptographic Forum Research Group")
    assert tag.hex() == "a8061dc1305136c6c22b8baf0c0127a9"


def test_chacha20_of_rfc_8439() -> None:
    key = secret(KeyType.CHACHA20, bytes(range(32)))
    text = b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future"
    params = Chacha20Params(b"\1\0\0\0", 32, H("000000000000004a00000000"), 96)
    made = ENGINES[M.CHACHA20].encrypt(key, params).once(text)
    assert made[:32].hex() == "6e2e359a2568f98041ba0728dd0d6981e97e7aec1d4360c20a27afccfd9fae0b"


@pytest.mark.parametrize("nonce", [8, 12, 24])
def test_the_block_counter_addresses_blocks(nonce: int) -> None:
    key, engine = secret(KeyType.CHACHA20, bytes(range(32))), ENGINES[M.CHACHA20]
    stream = engine.encrypt(key, Chacha20Params(bytes(4), 32, bytes(nonce), 8 * nonce)).once(bytes(64 * 4))
    later = Chacha20Params(b"\3\0\0\0", 32, bytes(nonce), 8 * nonce)
    assert engine.encrypt(key, later).once(bytes(64)) == stream[192:]
    salsa = secret(KeyType.SALSA20, bytes(range(32)))
    stream = ENGINES[M.SALSA20].encrypt(salsa, Salsa20Params(b"", bytes(8), 64)).once(bytes(128))
    assert (
        ENGINES[M.SALSA20].encrypt(salsa, Salsa20Params(b"\1" + bytes(7), bytes(8), 64)).once(bytes(64)) == stream[64:]
    )


def test_the_ietf_counter_ends() -> None:
    key, engine = secret(KeyType.CHACHA20, bytes(32)), ENGINES[M.CHACHA20]
    params = Chacha20Params(b"\xff" * 4, 32, bytes(12), 96)
    assert len(engine.encrypt(key, params).once(bytes(64))) == 64
    with pytest.raises(Refused) as refused:
        engine.encrypt(key, params).once(bytes(65))
    assert refused.value.fault == Fault.DATA_LEN_RANGE


@pytest.mark.parametrize(
    ("mechanism", "key_type", "params"),
    [
        (M.CHACHA20, KeyType.CHACHA20, Chacha20Params(bytes(4), 32, bytes(10), 80)),
        (M.CHACHA20, KeyType.CHACHA20, Chacha20Params(bytes(2), 16, bytes(12), 96)),
        (M.CHACHA20, KeyType.CHACHA20, Chacha20Params(b"\xff" * 8, 64, bytes(12), 96)),
        (M.CHACHA20_POLY1305, KeyType.CHACHA20, Salsa20Chacha20Poly1305Params(bytes(16), b"")),
        (M.SALSA20, KeyType.SALSA20, Salsa20Params(b"", bytes(24), 192)),
        (M.AES_XTS, KeyType.AES_XTS, bytes(15)),
        (M.AES_CTS, KeyType.AES, bytes(8)),
        (M.AES_OFB, KeyType.AES, b""),
        (M.AES_CFB64, KeyType.AES, bytes(17)),
    ],
)
def test_parameters_that_no_variant_has(mechanism: Mechanism, key_type: KeyType, params: Any) -> None:
    key = secret(key_type, bytes(range(64))[: 64 if key_type == KeyType.AES_XTS else 32])
    with pytest.raises(Refused) as refused:
        ENGINES[mechanism].encrypt(key, params)
    assert refused.value.fault == Fault.MECHANISM_PARAM_INVALID


@pytest.mark.parametrize("nonce", [8, 12, 24])
def test_the_aead_has_three_nonces(nonce: int) -> None:
    key, engine = secret(KeyType.CHACHA20, bytes(range(32))), ENGINES[M.CHACHA20_POLY1305]
    params = Salsa20Chacha20Poly1305Params(bytes(nonce), b"aad")
    sealed = engine.encrypt(key, params).once(b"text")
    assert engine.decrypt(key, params).once(sealed) == b"text"
    for wrong, fault in (
        (sealed[:-1] + b"\0", Fault.ENCRYPTED_DATA_INVALID),
        (bytes(15), Fault.ENCRYPTED_DATA_LEN_RANGE),
    ):
        with pytest.raises(Refused) as refused:
            engine.decrypt(key, params).once(wrong)
        assert refused.value.fault == fault


def test_an_xts_key_has_two_halves() -> None:
    with pytest.raises(Refused) as refused:
        ENGINES[M.AES_XTS].encrypt(secret(KeyType.AES_XTS, bytes(32)), bytes(16))
    assert refused.value.fault == Fault.KEY_FUNCTION_NOT_PERMITTED


@pytest.mark.parametrize("mechanism", [M.AES_XTS, M.AES_CTS])
def test_less_than_a_block_is_refused(mechanism: Mechanism) -> None:
    key = secret(KeyType.AES_XTS if mechanism == M.AES_XTS else KeyType.AES, bytes(range(32)))
    engine = ENGINES[mechanism]
    for stream, fault in (
        (engine.encrypt(key, bytes(16)), Fault.DATA_LEN_RANGE),
        (engine.decrypt(key, bytes(16)), Fault.ENCRYPTED_DATA_LEN_RANGE),
    ):
        with pytest.raises(Refused) as refused:
            stream.once(bytes(15))
        assert refused.value.fault == fault


@pytest.mark.parametrize(
    "params", [GcmParams(bytes(12), 96, b"aad", 128), GcmParams(b"", 0, b"", 128), GcmParams(bytes(12), 96, b"", 24)]
)
def test_gmac_parameters(params: GcmParams) -> None:
    with pytest.raises(Refused) as refused:
        ENGINES[M.AES_GMAC].sign(secret(KeyType.AES, bytes(16)), params)
    assert refused.value.fault == Fault.MECHANISM_PARAM_INVALID
