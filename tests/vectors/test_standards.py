"""Answers that the standards print, for mechanisms of which neither collection has any."""

from typing import Any

import pytest

from hsmith.spec.constants import Attr, KeyType, Mechanism, ObjectClass
from vectors.support import Bench

M = Mechanism


def _key(bench: Bench, key_type: int, value: str) -> int:
    template: dict[int, Any] = {
        Attr.CLASS: int(ObjectClass.SECRET_KEY), Attr.KEY_TYPE: int(key_type), Attr.VALUE: bytes.fromhex(value),
        Attr.ENCRYPT: True, Attr.DECRYPT: True,
    }  # fmt: skip
    return bench.session.create(template)


#: Key, IV, plaintext, ciphertext, in hexadecimal. Twofish: of each length one of "Twofish: A 128-Bit Block Cipher" (one
#: block with an IV of zeros is ECB). CFB1: SP 800-38A, F.3.1, F.3.3 and F.3.5.
CIPHERS: dict[str, list[tuple[str, str, str, str]]] = {
    "TWOFISH_CBC": [
        ("00" * 16, "00" * 16, "00" * 16, "9f589f5cf6122c32b6bfec2f2ae8c35a"),
        ("0123456789abcdeffedcba98765432100011223344556677", "00" * 16, "00" * 16, "cfd1d2e5a9be9cdf501f13b892bd2248"),
        (
            "0123456789abcdeffedcba987654321000112233445566778899aabbccddeeff", "00" * 16, "00" * 16,
            "37527be0052334b89f0cfccae87cfa20",
        ),
    ],
    # RFC 2144, appendix B.1.
    "CAST5_ECB": [
        ("0123456712345678234567893456789a", "", "0123456789abcdef", "238b4fe5847e44b2"),
        ("01234567123456782345", "", "0123456789abcdef", "eb6a711a2c02271b"),
        ("0123456712", "", "0123456789abcdef", "7ac816d16e9b302e"),
    ],
    # Lai, "On the Design and Security of Block Ciphers".
    "IDEA_ECB": [("00010002000300040005000600070008", "", "0000000100020003", "11fbed2b01986de5")],
    # RFC 6229, section 2.
    "RC4": [
        ("0102030405", "", "00" * 16, "b2396305f03dc027ccc3524a0a1118a8"),
        ("0102030405060708090a0b0c0d0e0f10", "", "00" * 16, "9ac7cc9a609d1ef7b2932899cde41b97"),
    ],
    "AES_CFB1": [
        ("2b7e151628aed2a6abf7158809cf4f3c", "000102030405060708090a0b0c0d0e0f", "6bc1", "68b3"),
        ("8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b", "000102030405060708090a0b0c0d0e0f", "6bc1", "9359"),
        (
            "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4", "000102030405060708090a0b0c0d0e0f",
            "6bc1", "9029",
        ),
    ],
}  # fmt: skip
TYPES = {
    "TWOFISH_CBC": KeyType.TWOFISH, "AES_CFB1": KeyType.AES, "CAST5_ECB": KeyType.CAST5, "IDEA_ECB": KeyType.IDEA,
    "RC4": KeyType.RC4,
}  # fmt: skip


@pytest.mark.parametrize("name", CIPHERS)
def test_printed_ciphers(bench: Bench, name: str) -> None:
    for value, iv, plain, ciphered in CIPHERS[name]:
        key, mechanism = _key(bench, TYPES[name], value), (Mechanism[name], bytes.fromhex(iv) or None)
        text, sealed = bytes.fromhex(plain), bytes.fromhex(ciphered)
        assert bench.session.encrypt(key, mechanism, text) == sealed
        assert bench.session.decrypt(key, mechanism, [sealed[:1], sealed[1:]]) == text
