"""Attacks by keys that are beginnings of each other: HMAC fills a key with zeros, so that P and Q are one key when Q
is P and a zero. Who may lengthen P by a byte of his choice, or change Q's last, finds that byte in 256 steps.

Two objects are also seen to have one value by what the policy gives both: a mark on one shows on the other.
"""

import os
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from attacks.bench import IV, A, Attack, Bench, M, cbc, named, string
from attacks.test_more import BYTES, _ec_pair, _ecdh, hkdf
from hsmith.spec.constants import KeyType
from p11 import c_mechanism, make

ATTACKS: dict[str, Attack] = {}
MAKE = Callable[[int], int]


def attack(found: Attack) -> Attack:
    ATTACKS[found.__name__] = found
    return found


def _short(length: int, **more: Any) -> dict[int, Any]:
    return named(VALUE_LEN=length, SENSITIVE=True, EXTRACTABLE=True, SIGN=True, VERIFY=True, DERIVE=True,
                 KEY_TYPE=KeyType.GENERIC_SECRET, **more)  # fmt: skip


def _same(b: Bench, one: int, other: int) -> bool:
    """Without a MAC: what is set of one value is so of all objects that are made with it later."""
    return bool(b.s.get(other, A.WRAP_WITH_TRUSTED)) and one != other


def _mark(b: Bench, key: int) -> int:
    b.s.set(key, {A.WRAP_WITH_TRUSTED: True})
    return key


def _search(b: Bench, aim: int, made: Callable[[bytes], int]) -> bytes:
    """The byte with which ``made`` gives the value of ``aim``."""
    _mark(b, aim)
    for byte in BYTES:
        if _same(b, aim, made(byte)):
            return byte
    raise LookupError


def _join(b: Bench, key: int, data: bytes, length: int) -> int:
    return b.s.derive(key, (M.CONCATENATE_BASE_AND_DATA, string(data)), _short(length))


def _xor(b: Bench, key: int, mask: bytes) -> int:
    return b.s.derive(key, (M.XOR_BASE_AND_DATA, string(mask)), _short(len(mask)))


def _by_joining(b: Bench, shorter: MAKE, length: int) -> bytes:
    """The byte at ``length`` of what ``shorter(n)`` gives the first n bytes of."""
    base = shorter(length)
    return _search(b, shorter(length + 1), lambda byte: _join(b, base, byte, length + 1))


def _by_xor(b: Bench, shorter: MAKE, length: int) -> bytes:
    base = shorter(length + 1)
    return _search(b, shorter(length), lambda byte: _xor(b, base, bytes(length) + byte))


def _by_macs(b: Bench, shorter: MAKE, length: int) -> bytes:
    aim = b.s.sign(shorter(length), M.SHA256_HMAC, b"text")
    base = shorter(length + 1)
    for byte in BYTES:
        if b.s.sign(_xor(b, base, bytes(length) + byte), M.SHA256_HMAC, b"text") == aim:
            return byte
    raise LookupError


def _tail(b: Bench, shorter: MAKE, way: Callable[[Bench, MAKE, int], bytes], true: bytes) -> bytes:
    """Bytes behind the sixteenth: one is proof enough, but for its lowest bit, which is a parity where DES keys are."""
    return b.value if way(b, shorter, 16)[0] | 1 == true[16] | 1 else b""


def _victim(b: Bench, size: int = 32) -> tuple[int, bytes]:
    value = os.urandom(size)
    return b.victim(value, DERIVE=True), value


def _windows(b: Bench, way: Callable[[Bench, MAKE, int], bytes], size: int = 32) -> bytes:
    k, value = _victim(b, size)
    return _tail(b, lambda length: b.s.derive(k, (M.EXTRACT_KEY_FROM_KEY, 0), _short(length)), way, value)


@attack
def windows_joined(b: Bench) -> bytes:
    return _windows(b, _by_joining)


@attack
def windows_changed(b: Bench) -> bytes:
    return _windows(b, _by_xor)


@attack
def windows_and_macs(b: Bench) -> bytes:
    return _windows(b, _by_macs)


@attack
def window_against_the_whole(b: Bench) -> bytes:
    """A key of 17 bytes: its first sixteen, and a byte joined, against itself."""
    k, value = _victim(b, 17)
    first = b.s.derive(k, (M.EXTRACT_KEY_FROM_KEY, 0), _short(16))
    return b.value if _search(b, k, lambda byte: _join(b, first, byte, 17)) == value[16:] else b""


@attack
def window_longer_than_the_key(b: Bench) -> bytes:
    """What is extracted goes on with the first bit again."""
    k, value = _victim(b, 16)
    longer = b.s.derive(k, (M.EXTRACT_KEY_FROM_KEY, 0), _short(17))
    return b.value if _search(b, k, lambda byte: _xor(b, longer, bytes(16) + byte)) == value[:1] else b""


@attack
def joined_and_turned(b: Bench) -> bytes:
    """Zeros behind the key, then a turn by a byte: its first one is last, with zeros of two lengths before it."""
    k, value = _victim(b, 16)
    one, other = (
        b.s.derive(_join(b, k, bytes(zeros), 16 + zeros), (M.EXTRACT_KEY_FROM_KEY, 8), _short(16 + zeros))
        for zeros in (7, 8)
    )
    for byte in BYTES:
        aim = _mark(b, _xor(b, one, bytes(22) + byte))
        if _same(b, aim, _xor(b, other, bytes(23) + byte)):
            return b.value if byte == value[:1] else b""
    raise LookupError


@attack
def joined_to_a_key_of_a_byte(b: Bench) -> bytes:
    """A key of one byte, generated here and then found, is as good as data, though it is not given as such."""
    k, value = _victim(b, 16)
    small = b.s.generate(M.GENERIC_SECRET_KEY_GEN, _short(1))
    found = b.search(_xor(b, small, b"\1"), BYTES)
    joined = b.s.derive(k, (M.CONCATENATE_BASE_AND_KEY, small), _short(17))
    window = b.s.derive(joined, (M.EXTRACT_KEY_FROM_KEY, 16), _short(16))  # k[2:], the byte, k[0]
    longer = b.s.derive(joined, (M.EXTRACT_KEY_FROM_KEY, 16), _short(17))  # and k[1]
    assert found
    return b.value if _search(b, window, lambda byte: _xor(b, longer, bytes(16) + byte)) == value[1:2] else b""


@attack
def second_block_of_encrypted_data(b: Bench) -> bytes:
    """E(IV), a key that was derived alone, is read as the second block of a longer one."""
    e = b.s.create(named(CLASS=4, KEY_TYPE=KeyType.AES, VALUE=b.value, SENSITIVE=True, EXTRACTABLE=True, DERIVE=True,
                         ENCRYPT=False, DECRYPT=False, SIGN=False, VERIFY=False, WRAP=False, UNWRAP=False))  # fmt: skip
    true = bytes(16) + _ecb(b.value, IV)
    mechanism = (M.AES_ECB_ENCRYPT_DATA, string(bytes(16) + IV))
    return _tail(b, lambda length: b.s.derive(e, mechanism, _short(length)), _by_joining, true)


def _ecb(key: bytes, data: bytes) -> bytes:
    return cbc(key, data, bytes(16), encrypting=True)


@attack
def second_block_of_chained_data(b: Bench) -> bytes:
    e = b.s.create(named(CLASS=4, KEY_TYPE=KeyType.AES, VALUE=b.value, SENSITIVE=True, EXTRACTABLE=True, DERIVE=True,
                         ENCRYPT=False, DECRYPT=False, SIGN=False, VERIFY=False, WRAP=False, UNWRAP=False))  # fmt: skip
    params = make("AES_CBC_ENCRYPT_DATA_PARAMS", iv=IV, pData=bytes(32), length=32)
    true = cbc(b.value, bytes(32), encrypting=True)
    make_it: MAKE = lambda length: b.s.derive(e, (M.AES_CBC_ENCRYPT_DATA, params), _short(length))  # noqa: E731
    return _tail(b, make_it, _by_xor, true)


@attack
def lengths_of_hkdf(b: Bench) -> bytes:
    k, value = _victim(b)
    mechanism = (M.HKDF_DERIVE, hkdf(extract=True, expand=True, info=b"x"))
    return _tail(b, lambda length: b.s.derive(k, mechanism, _short(length)), _by_joining, _hkdf(value))


def _hkdf(value: bytes) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(SHA256(), 32, None, b"x").derive(value)


@attack
def lengths_of_a_hash(b: Bench) -> bytes:
    import hashlib

    k, value = _victim(b)
    make_it: MAKE = lambda length: b.s.derive(k, M.SHA256_KEY_DERIVATION, _short(length))  # noqa: E731
    return _tail(b, make_it, _by_xor, hashlib.sha256(value).digest())


@attack
def lengths_of_an_agreement(b: Bench) -> bytes:
    _, private = _ec_pair(b)
    own = ec.generate_private_key(ec.SECP256R1())
    point = b.s.get(_public_half(b, private), A.EC_POINT)[2:]
    true = own.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point))
    mechanism = _ecdh(own)
    return _tail(b, lambda length: b.s.derive(private, mechanism, _short(length)), _by_joining, true)


def _public_half(b: Bench, private: int) -> int:
    return b.s.derive(private, M.PUB_KEY_FROM_PRIV_KEY, named(CLASS=2, VERIFY=True))


@attack
def lengths_of_a_decapsulation(b: Bench) -> bytes:
    public, private = b.s.generate_pair(
        M.ML_KEM_KEY_PAIR_GEN, named(PARAMETER_SET=1, ENCAPSULATE=True), named(DECAPSULATE=True, SENSITIVE=True)
    )
    ciphertext, handle = b.s.encapsulate(public, M.ML_KEM, b.readable(VALUE_LEN=32))
    true = b.read(handle)
    make_it: MAKE = lambda length: b.s.decapsulate(private, M.ML_KEM, ciphertext, _short(length))  # noqa: E731
    return _tail(b, make_it, _by_xor, true)


def _foreign_blocks(b: Bench, mode: int, blob: bytes, u: int, true: bytes) -> bytes:
    mechanism = (mode, IV) if mode == M.AES_CBC else mode

    def shorter(length: int) -> int:
        return b.s.unwrap(u, mechanism, blob, b.readable(SENSITIVE=True, SIGN=True, DERIVE=True, VALUE_LEN=length))

    return _tail(b, shorter, _by_joining, true)


def _stranger(b: Bench) -> tuple[int, bytes]:
    value = os.urandom(16)
    return b.known(value, "UNWRAP"), value


@attack
def second_block_of_a_foreign_blob(b: Bench) -> bytes:
    """Any block that was wrapped elsewhere, put behind another."""
    u, value = _stranger(b)
    inner = os.urandom(32)
    blob = cbc(value, inner, bytes(16), encrypting=True)
    true = bytes(16) + bytes(x ^ y for x, y in zip(inner[16:], blob[:16], strict=True))
    return _foreign_blocks(b, M.AES_ECB, blob, u, true)


@attack
def second_block_of_a_foreign_chain(b: Bench) -> bytes:
    u, value = _stranger(b)
    inner = os.urandom(32)
    return _foreign_blocks(b, M.AES_CBC, cbc(value, inner, encrypting=True), u, inner)


@attack
def byte_of_a_foreign_stream(b: Bench) -> bytes:
    u, value = _stranger(b)
    inner = os.urandom(32)
    counter = make("AES_CTR_PARAMS", ulCounterBits=128, cb=IV)
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    blob = Cipher(algorithms.AES(value), modes.CTR(IV)).encryptor().update(inner)

    def shorter(length: int) -> int:
        template = b.readable(SENSITIVE=True, SIGN=True, DERIVE=True, VALUE_LEN=length)
        return b.s.unwrap(u, (M.AES_CTR, counter), blob[:length], template)

    return _tail(b, shorter, _by_joining, inner)


def _key_block(b: Bench, master: int, mac_bits: int, key_bits: int) -> list[int]:
    out = make("SSL3_KEY_MAT_OUT")
    random = make("SSL3_RANDOM_DATA", pClientRandom=bytes(32), pServerRandom=bytes(32))
    params = make("TLS12_KEY_MAT_PARAMS", ulMacSizeInBits=mac_bits, ulKeySizeInBits=key_bits, ulIVSizeInBits=0,
                  RandomInfo=random, pReturnedKeyMaterial=out, prfHashMechanism=M.SHA256)  # fmt: skip
    template = named(KEY_TYPE=KeyType.GENERIC_SECRET, SIGN=True, DERIVE=True, SENSITIVE=True)
    b.s.call("C_DeriveKey", c_mechanism((M.TLS12_KEY_SAFE_DERIVE, params)), master, *b.s._template(template), None)
    return [int(out.hClientMacSecret), int(out.hServerMacSecret), int(out.hClientKey), int(out.hServerKey)]


@attack
def splits_of_a_key_block(b: Bench) -> bytes:
    """Where one split ends a key, another goes on for a byte: MAC keys of 16 bytes and of 17."""
    master = b.victim(os.urandom(48), DERIVE=True)
    first, longer = (_key_block(b, master, bits, 128)[0] for bits in (128, 136))
    _search(b, longer, lambda byte: _join(b, first, byte, 17))
    return b.value  # a byte of a MAC key


@pytest.mark.parametrize("name", sorted(ATTACKS))
def test_prefix(bench: Bench, name: str) -> None:
    if bench.profile != "compat":
        assert not bench.steals(ATTACKS[name])
