"""What exists of the past, against the answers that its documents print."""

from typing import Any

import pytest
from Crypto.Hash import MD2, RIPEMD160
from Crypto.PublicKey import RSA
from Crypto.Signature import pkcs1_15

from hsmith.crypto import der
from hsmith.crypto.finite import counting_in_der
from hsmith.crypto.key import Key
from hsmith.crypto.registry import ENGINES
from hsmith.spec.constants import Fault, KeyType, Mechanism, ObjectClass
from hsmith.spec.faults import Refused
from hsmith.spec.params import Rc2CbcParams, Rc2MacGeneralParams

M = Mechanism
H = bytes.fromhex


def _key(key_type: KeyType, value: str) -> Key:
    return Key(ObjectClass.SECRET_KEY, key_type, len(value) // 2, H(value))


#: RFC 2268, section 5: effective bits, key, plaintext, ciphertext.
RC2 = [
    (64, "ffffffffffffffff", "ffffffffffffffff", "278b27e42e2f0d49"),
    (64, "3000000000000000", "1000000000000001", "30649edf9be7d2c2"),
    (64, "88bca90e90875a", "0000000000000000", "6ccf4308974c267f"),
    (128, "88bca90e90875a7f0f79c384627bafb2", "0000000000000000", "2269552ab0f85ca6"),
]


@pytest.mark.parametrize(("bits", "value", "plain", "sealed"), RC2)
def test_rc2(bits: int, value: str, plain: str, sealed: str) -> None:
    key = _key(KeyType.RC2, value)
    assert ENGINES[M.RC2_ECB].encrypt(key, bits).once(H(plain)) == H(sealed)
    assert ENGINES[M.RC2_ECB].decrypt(key, bits).once(H(sealed)) == H(plain)
    one_block = ENGINES[M.RC2_CBC].encrypt(key, Rc2CbcParams(bits, bytes(8)))
    assert one_block.once(H(plain)) == H(sealed)
    assert ENGINES[M.RC2_MAC].sign(key, bits).once(H(plain)) == H(sealed)[:4]
    assert ENGINES[M.RC2_MAC_GENERAL].sign(key, Rc2MacGeneralParams(bits, 7)).once(H(plain)) == H(sealed)[:7]


@pytest.mark.parametrize("bits", [0, 40, 127, 1025, 1 << 63])
def test_rc2_leaves_no_part_of_a_key_out(bits: int) -> None:
    """A key of which 40 bits count, then 48, and so on, would be found a byte at a time."""
    key = _key(KeyType.RC2, "88bca90e90875a7f0f79c384627bafb2")
    for start in (
        lambda: ENGINES[M.RC2_ECB].encrypt(key, bits),
        lambda: ENGINES[M.RC2_CBC_PAD].decrypt(key, Rc2CbcParams(bits, bytes(8))),
        lambda: ENGINES[M.RC2_MAC].sign(key, bits),
    ):
        with pytest.raises(Refused) as refused:
            start()
        assert refused.value.fault == Fault.MECHANISM_PARAM_INVALID


@pytest.mark.parametrize("length", [0, 9])
def test_rc2_macs_have_a_length(length: int) -> None:
    with pytest.raises(Refused) as refused:
        ENGINES[M.RC2_MAC_GENERAL].sign(_key(KeyType.RC2, "ff" * 8), Rc2MacGeneralParams(64, length))
    assert refused.value.fault == Fault.MECHANISM_PARAM_INVALID


def test_ofb_by_bytes() -> None:
    """FIPS 81, appendix E: 8-bit OFB."""
    key, iv = _key(KeyType.DES, "0123456789abcdef"), H("1234567890abcdef")
    sealed = ENGINES[M.DES_OFB8].encrypt(key, iv).once(b"Now is the time for all ")
    assert sealed == H("f34a2850c9c64985d684ad96d772e2f243ea499abee8ae95")


#: RFC 1319, appendix A.5; "RIPEMD-160: A Strengthened Version of RIPEMD", appendix B.
DIGESTS = [
    (M.MD2, b"", "8350e5a3e24c153df2275c9f80692773"),
    (M.MD2, b"abc", "da853b0d3f88d99b30283a69e6ded6bb"),
    (M.RIPEMD160, b"", "9c1185a5c5e9fc54612808977ee8f548b2258d31"),
    (M.RIPEMD160, b"abc", "8eb208f7e05d987a9b044a8e98c6b087f15a0bfc"),
]


@pytest.mark.parametrize(("mechanism", "data", "expected"), DIGESTS)
def test_old_digests(mechanism: Mechanism, data: bytes, expected: str) -> None:
    assert ENGINES[mechanism].digest(None).once(data) == H(expected)


def test_hmac_ripemd160() -> None:
    """RFC 2286, section 2, case 1."""
    key = _key(KeyType.RIPEMD160_HMAC, "0b" * 20)
    made = ENGINES[M.RIPEMD160_HMAC].sign(key, None).once(b"Hi There")
    assert made == H("24cb4bd67d20fc1a5d2ed7732dcc39377f0a5668")
    assert ENGINES[M.RIPEMD160_HMAC_GENERAL].sign(key, 10).once(b"Hi There") == made[:10]


@pytest.mark.parametrize(("mechanism", "library"), [(M.MD2_RSA_PKCS, MD2), (M.RIPEMD160_RSA_PKCS, RIPEMD160)])
def test_signatures_with_old_hashes(mechanism: Mechanism, library: Any, pair: Any) -> None:

    public, private = pair(KeyType.RSA)
    numbers = public.native.public_numbers()
    signature = ENGINES[mechanism].sign(private, None).once(b"text")
    pkcs1_15.new(RSA.construct((numbers.n, numbers.e))).verify(library.new(b"text"), signature)
    ENGINES[mechanism].verify(public, None).once(b"text", signature)
    with pytest.raises(Refused) as refused:
        ENGINES[mechanism].verify(public, None).once(b"test", signature)
    assert refused.value.fault == Fault.SIGNATURE_INVALID


def _other_info(oid: str, party: bytes, bits: int) -> bytes:
    """RFC 2631, section 2.1.2; the counter is left at zero."""
    specific = der.sequence(der.oid(oid), der.encode(der.OCTET_STRING, bytes(4)))
    party = der.encode(0xA0, der.encode(der.OCTET_STRING, party)) if party else b""
    return der.sequence(specific, party, der.encode(0xA2, der.encode(der.OCTET_STRING, bits.to_bytes(4, "big"))))


def test_x9_42_counts_in_der() -> None:
    """RFC 2631, sections 2.1.5 and 2.1.6: the keys before their parity is set."""
    triple = _other_info("1.2.840.113549.1.9.16.3.6", b"", 192)
    assert counting_in_der(bytes(range(20)), triple, 24) == H("a09661392376f7044d9052a397883246b67f5f1ef63eb5fb")
    party = H("0123456789abcdeffedcba9876543201") * 4
    rc2 = _other_info("1.2.840.113549.1.9.16.3.7", party, 128)
    assert counting_in_der(bytes(range(20)), rc2, 16) == H("48950c46e0530075403cce72889604e0")


@pytest.mark.parametrize("info", [b"", b"\x04\x03der", der.sequence(), der.sequence(der.sequence(der.oid("1.2.3")))])
def test_x9_42_needs_a_counter_in_der(info: bytes) -> None:
    with pytest.raises(Refused) as refused:
        counting_in_der(bytes(range(20)), info, 16)
    assert refused.value.fault == Fault.MECHANISM_PARAM_INVALID
