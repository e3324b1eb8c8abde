"""The thirty ways by which programs that call today's tokens get sensitive keys out of them.

Each is an ordered sequence of calls, and gives the key that it holds to be the stolen one. None succeeds in the
profiles default and strict. Those that the standard's text permits succeed in compat, which shows that they can.
"""

import hashlib
import os
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from attacks.bench import IV, PRIVATE, SECRET, A, Attack, Bench, M, cbc, named, string, unpadded
from hsmith.spec.constants import KeyType, ObjectClass
from p11 import Attr, P11Error, make

CBC_PAD = (M.AES_CBC_PAD, IV)
RSA_PRIVATE = (A.PRIVATE_EXPONENT, A.PRIME_1, A.PRIME_2, A.EXPONENT_1, A.EXPONENT_2, A.COEFFICIENT)

#: (attack, whether the text permits it).
ROWS: dict[str, tuple[Attack, bool]] = {}


def row(number: int, *, permitted: bool) -> Callable[[Attack], Attack]:
    def add(attack: Attack) -> Attack:
        ROWS[f"{number:02}-{attack.__name__}"] = attack, permitted
        return attack

    return add


# --- 1 to 9: one key in two roles


@row(1, permitted=True)
def wrap_and_decrypt(b: Bench) -> bytes:
    w = b.aes("WRAP", "DECRYPT")
    return b.s.decrypt(w, CBC_PAD, b.s.wrap(w, CBC_PAD, b.k))


@row(2, permitted=True)
def role_changed_by_set(b: Bench) -> bytes:
    w = b.aes("WRAP")
    blob = b.s.wrap(w, CBC_PAD, b.k)
    b.s.set(w, {A.WRAP: False})
    b.s.set(w, {A.DECRYPT: True})
    return b.s.decrypt(w, CBC_PAD, blob)


@row(3, permitted=True)
def role_changed_by_copy(b: Bench) -> bytes:
    w = b.aes("WRAP")
    blob = b.s.wrap(w, CBC_PAD, b.k)
    return b.s.decrypt(b.s.copy(w, {A.WRAP: False, A.DECRYPT: True}), CBC_PAD, blob)


@row(4, permitted=True)
def role_changed_by_unwrap(b: Bench) -> bytes:
    u, w = b.aes("WRAP", "UNWRAP"), b.aes("WRAP")
    again = b.s.unwrap(u, CBC_PAD, b.s.wrap(u, CBC_PAD, w), b.readable(KeyType.AES, SENSITIVE=True, DECRYPT=True))
    return b.s.decrypt(again, CBC_PAD, b.s.wrap(w, CBC_PAD, b.k))


@row(5, permitted=True)
def wrapped_by_itself(b: Bench) -> bytes:
    w = b.aes("WRAP", "DECRYPT")
    value = b.s.decrypt(w, CBC_PAD, b.s.wrap(w, CBC_PAD, w))
    b.value = value  # That it is the key shows in what it decrypts.
    data = b.s.decrypt(w, (M.AES_CBC, IV), bytes(16))
    return value if cbc(value, bytes(16)) == data else b""


@row(6, permitted=True)
def wrap_and_decrypt_by_a_pair(b: Bench) -> bytes:
    public, private = b.rsa(("WRAP",), ("DECRYPT",))
    return b.s.decrypt(private, M.RSA_PKCS, b.s.wrap(public, M.RSA_PKCS, b.k))


@row(6, permitted=True)
def wrap_and_decrypt_by_oaep(b: Bench) -> bytes:
    public, private = b.rsa(("WRAP",), ("DECRYPT",))
    oaep = (M.RSA_PKCS_OAEP, make("RSA_PKCS_OAEP_PARAMS", hashAlg=M.SHA256, mgf=2, source=1))
    return b.s.decrypt(private, oaep, b.s.wrap(public, oaep, b.k))


@row(7, permitted=True)
def signature_as_decryption(b: Bench) -> bytes:
    public, private = b.rsa(("WRAP",), ("SIGN", "UNWRAP"))
    blob = b.s.wrap(public, M.RSA_PKCS, b.k)
    return b.s.sign(private, M.RSA_X_509, blob)[-len(b.value) :]


@row(8, permitted=True)
def forged_by_encryption(b: Bench) -> bytes:
    e, known = b.aes("ENCRYPT", "UNWRAP"), os.urandom(16)
    w = b.s.unwrap(e, CBC_PAD, b.s.encrypt(e, CBC_PAD, known), b.readable(KeyType.AES, SENSITIVE=True, WRAP=True))
    return unpadded(cbc(known, b.s.wrap(w, CBC_PAD, b.k)))


@row(9, permitted=True)
def forged_by_derivation(b: Bench) -> bytes:
    e, known = b.aes("DERIVE", "UNWRAP", SENSITIVE=False), os.urandom(16)
    made = b.s.derive(e, (M.AES_ECB_ENCRYPT_DATA, string(known)), b.readable(VALUE_LEN=16))
    w = b.s.unwrap(e, M.AES_ECB, b.read(made), b.readable(KeyType.AES, SENSITIVE=True, WRAP=True, VALUE_LEN=16))
    return unpadded(cbc(known, b.s.wrap(w, CBC_PAD, b.k)))


# --- 10 to 20: what the text forbids


@row(10, permitted=False)
def read_sensitive(b: Bench) -> bytes:
    for attrs in ([A.VALUE], [A.LABEL, A.VALUE], [A.VALUE, A.VALUE_LEN], [A.VALUE, A.VALUE]):
        values = b.s.attributes(b.k, attrs)[1]
        found = [value for value in values if value == b.value]
        if found:
            return b.value
    return b""


@row(10, permitted=False)
def read_private(b: Bench) -> bytes:
    _, private = b.rsa(("VERIFY",), ("SIGN",))
    for attr in RSA_PRIVATE:
        for attrs in ([attr], [A.MODULUS, attr], [attr, A.PUBLIC_EXPONENT]):
            if b.s.attributes(private, attrs)[1][attrs.index(attr)]:
                return b.value
    return b""


@row(11, permitted=False)
def read_unextractable(b: Bench) -> bytes:
    return b.read(b.victim(SENSITIVE=False, EXTRACTABLE=False))


@row(12, permitted=False)
def turned_back_by_set(b: Bench) -> bytes:
    b.s.set(b.k, {A.SENSITIVE: False})
    return b.read(b.k)


@row(12, permitted=False)
def extractable_by_set(b: Bench) -> bytes:
    k = b.victim(SENSITIVE=False, EXTRACTABLE=False)
    b.s.set(k, {A.EXTRACTABLE: True})
    return b.read(k)


@row(13, permitted=False)
def turned_back_by_copy(b: Bench) -> bytes:
    return b.read(b.s.copy(b.k, {A.SENSITIVE: False}))


@row(13, permitted=False)
def extractable_by_copy(b: Bench) -> bytes:
    return b.read(b.s.copy(b.victim(SENSITIVE=False, EXTRACTABLE=False), {A.EXTRACTABLE: True}))


@row(14, permitted=False)
def public_by_copy(b: Bench) -> bytes:
    b.s.copy(b.victim(PRIVATE=True, TOKEN=True), named(PRIVATE=False, TOKEN=True, LABEL=b"mine"))
    b.s.logout()
    return b.value if b.s.find({A.LABEL: b"mine"}) else b""


@row(15, permitted=False)
def wrap_unextractable(b: Bench) -> bytes:
    known = os.urandom(16)
    with b.so() as so:
        w = so.create(named(CLASS=SECRET, KEY_TYPE=KeyType.AES, VALUE=known, PRIVATE=False, TOKEN=True, TRUSTED=True,
                            SENSITIVE=True, WRAP=True, DECRYPT=False, ENCRYPT=False, SIGN=False, VERIFY=False,
                            UNWRAP=False))  # fmt: skip
    return unpadded(cbc(known, b.s.wrap(w, CBC_PAD, b.victim(EXTRACTABLE=False))))


@row(16, permitted=True)
def wrapped_by_a_known_key(b: Bench) -> bytes:
    known = os.urandom(16)
    return unpadded(cbc(known, b.s.wrap(b.known(known, "WRAP"), CBC_PAD, b.k)))


def _own_public(b: Bench, *, e: int = 65537, **more: object) -> tuple[int, rsa.RSAPrivateKey]:
    own = rsa.generate_private_key(65537, 2048)
    n = own.public_key().public_numbers().n
    template = named(CLASS=ObjectClass.PUBLIC_KEY, KEY_TYPE=KeyType.RSA, WRAP=True, VERIFY=False, ENCRYPT=False)
    template |= {A.MODULUS: n.to_bytes(256, "big"), A.PUBLIC_EXPONENT: e.to_bytes(3, "big")}
    return b.s.create(template | named(**more)), own


@row(17, permitted=True)
def wrapped_by_an_own_pair(b: Bench) -> bytes:
    public, own = _own_public(b)
    return own.decrypt(b.s.wrap(public, M.RSA_PKCS, b.k), padding.PKCS1v15())


@row(18, permitted=False)
def wrapped_by_what_is_not_trusted(b: Bench) -> bytes:
    known = os.urandom(16)
    return unpadded(cbc(known, b.s.wrap(b.known(known, "WRAP"), CBC_PAD, b.victim(WRAP_WITH_TRUSTED=True))))


@row(18, permitted=False)
def wrapped_by_an_own_pair_that_is_not_trusted(b: Bench) -> bytes:
    public, own = _own_public(b)
    return own.decrypt(b.s.wrap(public, M.RSA_PKCS, b.victim(WRAP_WITH_TRUSTED=True)), padding.PKCS1v15())


def _trusted(b: Bench, make_it: Callable[[bytes], int]) -> bytes:
    known = os.urandom(16)
    return unpadded(cbc(known, b.s.wrap(make_it(known), CBC_PAD, b.victim(WRAP_WITH_TRUSTED=True))))


@row(19, permitted=False)
def trusted_by_create(b: Bench) -> bytes:
    return _trusted(b, lambda known: b.known(known, "WRAP", TRUSTED=True))


@row(19, permitted=False)
def trusted_by_set(b: Bench) -> bytes:
    def made(known: bytes) -> int:
        w = b.known(known, "WRAP")
        b.s.set(w, {A.TRUSTED: True})
        return w

    return _trusted(b, made)


@row(19, permitted=False)
def trusted_by_copy(b: Bench) -> bytes:
    return _trusted(b, lambda known: b.s.copy(b.known(known, "WRAP"), {A.TRUSTED: True}))


@row(19, permitted=False)
def trusted_by_generate(b: Bench) -> bytes:
    w = b.aes("WRAP", "DECRYPT", TRUSTED=True)
    return b.s.decrypt(w, CBC_PAD, b.s.wrap(w, CBC_PAD, b.victim(WRAP_WITH_TRUSTED=True)))


@row(20, permitted=False)
def untrusting_by_set(b: Bench) -> bytes:
    known, k = os.urandom(16), b.victim(WRAP_WITH_TRUSTED=True)
    b.s.set(k, {A.WRAP_WITH_TRUSTED: False})
    return unpadded(cbc(known, b.s.wrap(b.known(known, "WRAP"), CBC_PAD, k)))


@row(20, permitted=False)
def untrusting_by_copy(b: Bench) -> bytes:
    known, k = os.urandom(16), b.victim(WRAP_WITH_TRUSTED=True)
    k = b.s.copy(k, {A.WRAP_WITH_TRUSTED: False})
    return unpadded(cbc(known, b.s.wrap(b.known(known, "WRAP"), CBC_PAD, k)))


# --- 21 to 25: wrapping without protection, unwrapping into what can be read


@row(21, permitted=False)  # the crypto library knows no such key, in any profile
def exponent_one(b: Bench) -> bytes:
    public, _ = _own_public(b, e=1)
    return b.s.wrap(public, M.RSA_X_509, b.k)[-len(b.value) :]


@row(22, permitted=True)
def unwrapped_into_readable(b: Bench) -> bytes:
    w = b.aes("WRAP", "UNWRAP")
    return b.read(b.s.unwrap(w, CBC_PAD, b.s.wrap(w, CBC_PAD, b.k), b.readable()))


@row(23, permitted=True)
def private_key_unwrapped_as_secret(b: Bench) -> bytes:
    own = rsa.generate_private_key(65537, 2048)
    numbers, w = own.private_numbers(), b.aes("WRAP", "UNWRAP")
    values = (numbers.d, numbers.p, numbers.q, numbers.dmp1, numbers.dmq1, numbers.iqmp)
    parts: dict[int, int] = dict(zip(RSA_PRIVATE, values, strict=True))
    template = {attr: value.to_bytes(256, "big").lstrip(b"\0") for attr, value in parts.items()}
    template |= named(CLASS=PRIVATE, KEY_TYPE=KeyType.RSA, MODULUS=numbers.public_numbers.n.to_bytes(256, "big"),
                      PUBLIC_EXPONENT=b"\1\0\1", SENSITIVE=True, EXTRACTABLE=True, SIGN=True, DECRYPT=False,
                      UNWRAP=False, SIGN_RECOVER=False)  # fmt: skip
    found = b.read(b.s.unwrap(w, CBC_PAD, b.s.wrap(w, CBC_PAD, b.s.create(template)), b.readable()))
    key = serialization.load_der_private_key(found, None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return b.value if key.private_numbers() == numbers else b""


@row(24, permitted=False)
def wrap_template_contradicted(b: Bench) -> bytes:
    w = b.aes("WRAP", "DECRYPT", WRAP_TEMPLATE={A.LABEL: b"may go"})
    return b.s.decrypt(w, CBC_PAD, b.s.wrap(w, CBC_PAD, b.victim(LABEL=b"stays")))


@row(24, permitted=False)
def unwrap_template_contradicted(b: Bench) -> bytes:
    w = b.aes("WRAP", "UNWRAP", UNWRAP_TEMPLATE={A.SENSITIVE: True})
    return b.read(b.s.unwrap(w, CBC_PAD, b.s.wrap(w, CBC_PAD, b.k), b.readable()))


@row(24, permitted=False)
def derive_template_contradicted(b: Bench) -> bytes:
    k = b.victim(DERIVE=True, SENSITIVE=False, DERIVE_TEMPLATE={A.SENSITIVE: True})
    b.s.set(k, {A.SENSITIVE: True})
    return b.read(b.s.derive(k, (M.CONCATENATE_BASE_AND_DATA, string(b"x")), b.readable()))[:-1]


@row(25, permitted=False)
def changed_blob(b: Bench) -> bytes:
    w = b.aes("WRAP", "UNWRAP")
    blob = bytearray(b.s.wrap(w, M.AES_KEY_WRAP_KWP, b.k))
    for at in (0, 7, 8, len(blob) - 1):
        blob[at] ^= 1
        if _comes(b, w, bytes(blob)):
            return b.value
        blob[at] ^= 1
    return b.value if _comes(b, w, os.urandom(len(blob))) else b""


def _comes(b: Bench, w: int, blob: bytes) -> bool:
    try:
        b.s.unwrap(w, M.AES_KEY_WRAP_KWP, blob, b.readable(SENSITIVE=True))
    except P11Error:
        return False
    return True


# --- 26 to 30: derivation


@row(26, permitted=False)
def derived_readable_by_xor(b: Bench) -> bytes:
    return b.read(b.s.derive(b.victim(DERIVE=True), (M.XOR_BASE_AND_DATA, string(bytes(16))), b.readable()))


@row(26, permitted=False)
def derived_readable_by_concatenation(b: Bench) -> bytes:
    made = b.s.derive(b.victim(DERIVE=True), (M.CONCATENATE_BASE_AND_DATA, string(b"x")), b.readable())
    return b.read(made)[:-1]


@row(26, permitted=False)
def derived_readable_by_extraction(b: Bench) -> bytes:
    return b.read(b.s.derive(b.victim(DERIVE=True), (M.EXTRACT_KEY_FROM_KEY, 0), b.readable(VALUE_LEN=16)))


@row(27, permitted=False)
def concatenated_with_readable(b: Bench) -> bytes:
    base = b.s.create(b.readable(VALUE=b"mine", DERIVE=True, SIGN=False, VERIFY=False))
    made = b.s.derive(base, (M.CONCATENATE_BASE_AND_KEY, b.victim(DERIVE=True)), b.readable())
    return b.read(made)[4:]


BYTES = [bytes([n]) for n in range(256)]


def _piece(b: Bench, made: int, known: bytes = b"") -> bytes:
    """The one byte of a derived key that is not known."""
    return b.search(made, [known + byte for byte in BYTES])[len(known) :]


@row(28, permitted=True)
def extracted_in_pieces(b: Bench) -> bytes:
    k, template = b.victim(DERIVE=True), b.readable(SENSITIVE=True, SIGN=True, VALUE_LEN=1, EXTRACTABLE=False)
    template.pop(Attr.EXTRACTABLE)
    pieces = [b.s.derive(k, (M.EXTRACT_KEY_FROM_KEY, 8 * at), template) for at in range(16)]
    return b"".join(_piece(b, piece) for piece in pieces)


@row(29, permitted=True)
def concatenated_and_cut(b: Bench) -> bytes:
    k, found = b.victim(DERIVE=True), b""
    for length in range(1, 17):
        template = named(SIGN=True, VALUE_LEN=15 + length, EXTRACTABLE=True)
        made = b.s.derive(k, (M.CONCATENATE_DATA_AND_BASE, string(bytes(15))), template)
        found += _piece(b, made, bytes(15) + found)
    return found


@row(30, permitted=True)
def xored_and_cut(b: Bench) -> bytes:
    k, found = b.victim(DERIVE=True), b""
    for length in range(1, 17):
        made = b.s.derive(k, (M.XOR_BASE_AND_DATA, string(bytes(length))), named(SIGN=True, EXTRACTABLE=True))
        found += _piece(b, made, found)
    return found


@row(30, permitted=True)
def hashed_and_cut(b: Bench) -> bytes:
    k, found = b.victim(DERIVE=True), b""
    for length in range(1, 33):
        made = b.s.derive(k, M.SHA256_KEY_DERIVATION, named(SIGN=True, VALUE_LEN=length, EXTRACTABLE=True))
        found += _piece(b, made, found)
    return b.value if found == hashlib.sha256(b.value).digest() else b""


# --- The test


@pytest.mark.parametrize("name", sorted(ROWS))
def test_row(bench: Bench, name: str) -> None:
    attack, permitted = ROWS[name]
    assert bench.steals(attack) is (permitted and bench.profile == "compat")


def test_all_rows_are_here() -> None:
    assert {int(name[:2]) for name in ROWS} == set(range(1, 31))
