"""Further attacks: keys put together of parts, pairs, faults, one-time keys, attributes, logins."""

import contextlib
import os
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from attacks.bench import IV, PRIVATE, PUBLIC, A, Attack, Bench, M, cbc, ecb, named, string
from attacks.test_more import CBC_PAD, _ec_pair, ctr, gcm, hkdf, xor
from hsmith.spec.constants import KeyType, ObjectClass
from key_stock import domain
from p11 import ED25519, P256, P11Error, c_mechanism, make

ATTACKS: dict[str, Attack] = {}
KWP = M.AES_KEY_WRAP_KWP


def attack(found: Attack) -> Attack:
    ATTACKS[found.__name__] = found
    return found


# --- Keys put together of what comes from under a foreign key


def _stranger(b: Bench, size: int = 16) -> tuple[int, bytes]:
    """A key from outside that unwraps, whose value the attacker does not have."""
    value = os.urandom(size)
    return b.known(value, "UNWRAP"), value


def _from_under(b: Bench, u: int, blob: bytes, kind: int, *uses: str) -> int:
    template = named(CLASS=4, KEY_TYPE=kind, SENSITIVE=True, EXTRACTABLE=True, VALUE_LEN=len(blob), **_only(*uses))
    return b.s.unwrap(u, M.AES_ECB, blob, template)


def _only(*uses: str) -> dict[str, Any]:
    return {use: use in uses for use in ("ENCRYPT", "DECRYPT", "SIGN", "VERIFY", "WRAP", "UNWRAP", "DERIVE")}


@attack
def halves_from_under_a_foreign_key(b: Bench) -> bytes:
    """Any two blocks are an XTS key; each of them alone wraps, and makes the tweak."""
    u, _ = _stranger(b)
    one, two = os.urandom(16), os.urandom(16)
    blob = b.s.wrap(_from_under(b, u, one, KeyType.AES, "WRAP"), M.AES_ECB, b.k)
    tweak = b.s.encrypt(_from_under(b, u, two, KeyType.AES, "ENCRYPT"), M.AES_ECB, IV)
    both = _from_under(b, u, one + two, KeyType.AES_XTS, "DECRYPT")
    return xor(b.s.decrypt(both, (M.AES_XTS, IV), xor(blob, tweak)), tweak)


@attack
def foreign_key_wraps_in_ctr(b: Bench) -> bytes:
    """The attacker's known key, wrapped by a keystream that he was given, becomes a wrapping key."""
    u, value = _stranger(b)
    own = os.urandom(16)
    stream = ecb(value, IV)  # of one message whose text he knows
    w = b.s.unwrap(u, ctr(), xor(own, stream), named(CLASS=4, KEY_TYPE=KeyType.AES, SENSITIVE=True, WRAP=True))
    return ecb(own, b.s.wrap(w, M.AES_ECB, b.k), encrypting=False)


@attack
def private_key_bit_by_bit(b: Bench) -> bytes:
    """A changed bit of a private value in a stream changes the public one by a known point, or by its opposite."""
    u, value = _stranger(b)
    own = ec.generate_private_key(ec.SECP256R1())
    der = own.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    blob = bytearray(Cipher(algorithms.AES(value), modes.CTR(IV)).encryptor().update(der))
    at = der.index(own.private_numbers().private_value.to_bytes(32, "big"))
    blob[at + 31] ^= 1
    template = named(CLASS=PRIVATE, KEY_TYPE=KeyType.EC, SENSITIVE=True, SIGN=True)
    changed = b.s.unwrap(u, ctr(), bytes(blob), template)
    return b.value if b.s.derive(changed, M.PUB_KEY_FROM_PRIV_KEY, named(CLASS=PUBLIC, VERIFY=True)) else b""


# --- Pairs


@attack
def encapsulated_for_a_readable_half(b: Bench) -> bytes:
    """The pair is of this token, and its private half can be read: what is encapsulated is known."""
    public, private = b.s.generate_pair(
        M.ML_KEM_KEY_PAIR_GEN, named(PARAMETER_SET=1, ENCAPSULATE=True),
        named(DECAPSULATE=True, SENSITIVE=False, EXTRACTABLE=True),
    )  # fmt: skip
    b.s.get(private, A.VALUE)
    template = named(CLASS=4, KEY_TYPE=KeyType.AES, VALUE_LEN=16, SENSITIVE=True, EXTRACTABLE=True, **_only("WRAP"))
    _, w = b.s.encapsulate(public, M.ML_KEM, template)
    return b.value if b.s.wrap(w, CBC_PAD, b.k) else b""


@attack
def encapsulated_for_a_weak_key(b: Bench) -> bytes:
    public, _ = b.s.generate_pair(
        M.RSA_PKCS_KEY_PAIR_GEN, named(MODULUS_BITS=512, ENCAPSULATE=True), named(DECAPSULATE=True, SENSITIVE=True)
    )
    template = named(CLASS=4, KEY_TYPE=KeyType.AES, VALUE_LEN=16, SENSITIVE=True, EXTRACTABLE=True, **_only("WRAP"))
    _, w = b.s.encapsulate(public, M.RSA_PKCS, template)
    return b.value if b.s.wrap(w, CBC_PAD, b.k) else b""


@attack
def public_half_of_an_imported_private(b: Bench) -> bytes:
    """Derived here from a key that the attacker has made."""
    own = rsa.generate_private_key(65537, 2048)
    n = own.private_numbers()
    private = b.s.create(_rsa_template(n) | named(SIGN=True))
    public = b.s.derive(private, M.PUB_KEY_FROM_PRIV_KEY, named(CLASS=PUBLIC, WRAP=True))
    from cryptography.hazmat.primitives.asymmetric import padding

    return own.decrypt(b.s.wrap(public, M.RSA_PKCS, b.k), padding.PKCS1v15())


def _rsa_template(n: Any, **more: Any) -> dict[int, Any]:
    def octets(number: int) -> bytes:
        return number.to_bytes((number.bit_length() + 7) // 8, "big")

    values = {
        A.MODULUS: n.public_numbers.n, A.PUBLIC_EXPONENT: n.public_numbers.e, A.PRIVATE_EXPONENT: n.d, A.PRIME_1: n.p,
        A.PRIME_2: n.q, A.EXPONENT_1: n.dmp1, A.EXPONENT_2: n.dmq1, A.COEFFICIENT: n.iqmp,
    }  # fmt: skip
    made = {attr: octets(value) for attr, value in values.items()}
    return named(CLASS=PRIVATE, KEY_TYPE=KeyType.RSA, SENSITIVE=True, EXTRACTABLE=True, **more) | made


@attack
def local_is_claimed(b: Bench) -> bytes:
    own = rsa.generate_private_key(65537, 2048).public_key().public_numbers()
    template = named(CLASS=PUBLIC, KEY_TYPE=KeyType.RSA, WRAP=True, LOCAL=True, PUBLIC_EXPONENT=b"\1\0\1")
    b.s.wrap(b.s.create(template | {A.MODULUS: own.n.to_bytes(256, "big")}), M.RSA_PKCS, b.k)
    return b.value


@attack
def local_is_copied_with_another_modulus(b: Bench) -> bytes:
    public, _ = b.rsa(("WRAP",), ("UNWRAP",))
    own = rsa.generate_private_key(65537, 2048)
    copy = b.s.copy(public, {A.MODULUS: own.public_key().public_numbers().n.to_bytes(256, "big")})
    from cryptography.hazmat.primitives.asymmetric import padding

    return own.decrypt(b.s.wrap(copy, M.RSA_PKCS, b.k), padding.PKCS1v15())


@attack
def pair_with_exponent_one(b: Bench) -> bytes:
    public, _ = b.s.generate_pair(
        M.RSA_PKCS_KEY_PAIR_GEN, named(MODULUS_BITS=2048, PUBLIC_EXPONENT=b"\1", WRAP=True), named(UNWRAP=True)
    )
    return b.s.wrap(public, M.RSA_PKCS, b.k)[-16:]


@attack
def pair_of_512_bits(b: Bench) -> bytes:
    public, _ = b.rsa(("WRAP",), ("UNWRAP",), 512)
    return b.value if b.s.wrap(public, M.RSA_PKCS, b.k) else b""


@attack
def private_half_that_was_read(b: Bench) -> bytes:
    public, private = b.s.generate_pair(
        M.RSA_PKCS_KEY_PAIR_GEN,
        named(MODULUS_BITS=2048, WRAP=True),
        named(UNWRAP=True, SENSITIVE=False, EXTRACTABLE=True),
    )
    b.s.get(private, A.PRIVATE_EXPONENT)
    b.s.set(private, {A.SENSITIVE: True})
    return b.value if b.s.wrap(public, M.RSA_PKCS, b.k) else b""


@attack
def private_half_wrapped_under_a_known_key(b: Bench) -> bytes:
    public, private = b.rsa(("WRAP",), ("UNWRAP",))
    b.s.wrap(public, M.RSA_PKCS, b.k)
    return b.value if b.s.wrap(b.known(os.urandom(16), "WRAP"), KWP, private) else b""


@attack
def private_half_signs_without_padding_by_message(b: Bench) -> bytes:
    public, private = b.rsa(("WRAP",), ("SIGN",))
    blob = b.s.wrap(public, M.RSA_PKCS, b.k)
    b.s.call("C_MessageSignInit", c_mechanism(M.RSA_X_509), private)
    return b.s.output("C_SignMessage", None, 0, blob, len(blob), capacity=256)[-16:]


@attack
def private_half_signs_the_blob_in_parts(b: Bench) -> bytes:
    public, private = b.rsa(("WRAP",), ("SIGN",))
    b.s.call("C_SignInit", c_mechanism(M.RSA_X_509), private)
    blob = b.s.wrap(public, M.RSA_PKCS, b.k)
    return b.s.output("C_Sign", blob, len(blob), capacity=256)[-16:]


# --- Faults


@attack
def fault_by_changed_parts(b: Bench) -> bytes:
    """Boneh, DeMillo, Lipton: a signature with one wrong part of the private key tells the factors."""
    own = rsa.generate_private_key(65537, 2048).private_numbers()
    wrong = _rsa_template(own, SIGN=True) | {A.EXPONENT_1: (own.dmp1 ^ 2).to_bytes(128, "big")}
    b.s.sign(b.s.create(wrong), M.SHA256_RSA_PKCS, b"text")
    return b.value


@attack
def fault_by_a_changed_blob(b: Bench) -> bytes:
    """Klima, Rosa: the same through a foreign blob, whose modulus is as it was."""
    u, value = _stranger(b)
    own = rsa.generate_private_key(65537, 2048)
    der = own.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    from cryptography.hazmat.primitives.padding import PKCS7

    padder = PKCS7(128).padder()
    blob = bytearray(cbc(value, padder.update(der) + padder.finalize(), encrypting=True))
    at = der.index(own.private_numbers().dmp1.to_bytes(128, "big")) // 16 * 16 + 48
    blob[at] ^= 1
    template = named(CLASS=PRIVATE, KEY_TYPE=KeyType.RSA, SENSITIVE=True, SIGN=True)
    key = b.s.unwrap(u, CBC_PAD, bytes(blob), template)
    return b.value if b.s.sign(key, M.SHA256_RSA_PKCS, b"text") else b""


@attack
def eddsa_with_a_foreign_point(b: Bench) -> bytes:
    """Two signatures with one nonce, and another public key in the hash of one, tell the private one."""
    own, other = (ed25519.Ed25519PrivateKey.generate() for _ in range(2))
    seed = own.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    foreign = other.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    template = named(CLASS=PRIVATE, KEY_TYPE=KeyType.EC_EDWARDS, EC_PARAMS=ED25519, VALUE=seed, SIGN=True)
    honest = b.s.sign(b.s.create(template), M.EDDSA, b"text")
    false = b.s.sign(b.s.create(template | {A.EC_POINT: b"\4\x20" + foreign}), M.EDDSA, b"text")
    return b.value if honest[:32] == false[:32] and honest[32:] != false[32:] else b""


@attack
def point_that_is_on_no_curve(b: Bench) -> bytes:
    _, private = _ec_pair(b)
    peer = make("ECDH1_DERIVE_PARAMS", kdf=1, pPublicData=b"\4" + bytes(31) + b"\1" + bytes(31) + b"\1")
    return b.value if b.s.derive(private, (M.ECDH1_DERIVE, peer), b.readable(VALUE_LEN=32)) else b""


@attack
def point_of_small_order(b: Bench) -> bytes:
    _, private = b.s.generate_pair(
        M.EC_MONTGOMERY_KEY_PAIR_GEN, {A.EC_PARAMS: b"\x13\x0acurve25519"}, named(DERIVE=True, SENSITIVE=True)
    )
    peer = make("ECDH1_DERIVE_PARAMS", kdf=1, pPublicData=b"\1" + bytes(31))
    return b.value if b.read(b.s.derive(private, (M.ECDH1_DERIVE, peer), b.readable(VALUE_LEN=32))) else b""


@attack
def subgroup_of_small_order(b: Bench) -> bytes:
    """Lim and Lee: a public value of small order tells the private one modulo that order."""
    p, q, g = (int.from_bytes(part, "big") for part in domain())
    order = next(r for r in range(2, 100000) if (p - 1) % r == 0 and q % r)
    peer = next(y for y in (pow(x, (p - 1) // order, p) for x in range(2, 50)) if y != 1)
    parts = {A.PRIME: domain()[0], A.SUBPRIME: domain()[1], A.BASE: domain()[2]}
    _, private = b.s.generate_pair(M.X9_42_DH_KEY_PAIR_GEN, parts, named(DERIVE=True, SENSITIVE=True))
    params = make("X9_42_DH1_DERIVE_PARAMS", kdf=1, pPublicData=peer.to_bytes(128, "big"))
    agreed = b.read(b.s.derive(private, (M.X9_42_DH_DERIVE, params), b.readable()))
    assert g
    return b.value if any(pow(peer, x, p) == int.from_bytes(agreed, "big") for x in range(order)) else b""


# --- Keys that serve once


@attack
def one_time_key_twice(b: Bench) -> bytes:
    """Two MACs of Poly1305 under one key tell that key: here its second half, once the first is known."""
    k = b.s.create(b.readable(KeyType.POLY1305, SENSITIVE=True, SIGN=True, VALUE=bytes(16) + b.value, ENCRYPT=False))
    first = b.s.sign(k, M.POLY1305, b"one")
    second = b.s.sign(k, M.POLY1305, b"two")
    return first if first == second else b""  # r is 0 here: each tag is s


@attack
def one_time_key_by_messages(b: Bench) -> bytes:
    k = b.s.create(b.readable(KeyType.POLY1305, SENSITIVE=True, SIGN=True, VALUE=bytes(16) + b.value, ENCRYPT=False))
    b.s.call("C_MessageSignInit", c_mechanism(M.POLY1305), k)
    tags = [b.s.output("C_SignMessage", None, 0, text, 3, capacity=16) for text in (b"one", b"two")]
    return tags[0] if tags[0] == tags[1] else b""


@attack
def one_time_key_by_copies(b: Bench) -> bytes:
    template = b.readable(KeyType.POLY1305, SENSITIVE=True, SIGN=True, VALUE=bytes(16) + b.value, ENCRYPT=False)
    k = b.s.create(template)
    tags = [b.s.sign(key, M.POLY1305, b"text") for key in (k, b.s.copy(k))]
    return tags[0] if tags[0] == tags[1] else b""


# --- Derivations that give back what they got


@attack
def hkdf_that_does_nothing(b: Bench) -> bytes:
    k = b.victim(DERIVE=True)
    return b.read(b.s.derive(k, (M.HKDF_DATA, hkdf()), {A.CLASS: ObjectClass.DATA}))


@attack
def hkdf_with_the_key_as_salt(b: Bench) -> bytes:
    """The base is the attacker's, the salt is K: what comes is read."""
    k = b.victim(DERIVE=True)
    base = b.s.create(b.readable(VALUE=bytes(16), DERIVE=True, SIGN=False, VERIFY=False))
    params = make("HKDF_PARAMS", bExtract=True, bExpand=False, prfHashMechanism=M.SHA256, ulSaltType=4, hSaltKey=k)
    return b.value if b.read(b.s.derive(base, (M.HKDF_DERIVE, params), b.readable(VALUE_LEN=32))) else b""


@attack
def xor_back_to_a_readable_value(b: Bench) -> bytes:
    k = b.victim(DERIVE=True)
    masked = b.s.derive(k, (M.XOR_BASE_AND_DATA, string(b"\1" * 16)), named(DERIVE=True, SENSITIVE=True, VALUE_LEN=16))
    return b.read(b.s.derive(masked, (M.XOR_BASE_AND_DATA, string(b"\1" * 16)), b.readable(VALUE_LEN=16)))


@attack
def joined_with_keys_by_number(b: Bench) -> bytes:
    """The second key's handle is guessed."""
    base = b.s.create(b.readable(VALUE=b"mine", DERIVE=True, SIGN=False, VERIFY=False))
    for handle in range(b.k - 20, b.k + 20):
        with contextlib.suppress(P11Error):
            value = b.read(b.s.derive(base, (M.CONCATENATE_BASE_AND_KEY, handle), b.readable()))
            if b.value in value:
                return b.value
    raise LookupError


# --- Attributes


def _every_attribute(b: Bench, key: int) -> list[bytes]:
    found = []
    for attr in A:
        with contextlib.suppress(P11Error):
            value = b.s.get(key, attr)
            found += [bytes(value)] if isinstance(value, bytes) else []
    return found


@attack
def some_attribute_of_a_private_key_has_it(b: Bench) -> bytes:
    """CKA_SEED, CKA_VALUE, each part of RSA: in any attribute there is."""
    pairs: list[tuple[int, dict[int, Any]]] = [
        (M.EC_KEY_PAIR_GEN, {A.EC_PARAMS: P256}), (M.EC_EDWARDS_KEY_PAIR_GEN, {A.EC_PARAMS: ED25519}),
        (M.ML_DSA_KEY_PAIR_GEN, {A.PARAMETER_SET: 1}), (M.ML_KEM_KEY_PAIR_GEN, {A.PARAMETER_SET: 1}),
    ]  # fmt: skip
    for mechanism, public in pairs:
        keys = [
            b.s.generate_pair(mechanism, public, named(SENSITIVE=hidden, EXTRACTABLE=not hidden))
            for hidden in (False, True)
        ]
        readable, sensitive = (_every_attribute(b, private) for _, private in keys)
        if len(sensitive) >= len(readable):
            return b.value
    raise LookupError


@attack
def seed_is_searched(b: Bench) -> bytes:
    _, open_ = b.s.generate_pair(
        M.ML_DSA_KEY_PAIR_GEN, {A.PARAMETER_SET: 1}, named(SENSITIVE=False, EXTRACTABLE=True, SIGN=True)
    )
    seed = b.s.get(open_, A.SEED)
    b.s.set(open_, {A.SENSITIVE: True})
    return b.value if open_ in b.s.find({A.SEED: seed}) else b""


@attack
def exponent_is_searched(b: Bench) -> bytes:
    own = rsa.generate_private_key(65537, 2048).private_numbers()
    key = b.s.create(_rsa_template(own, SIGN=True))
    return b.value if key in b.s.find({A.PRIME_1: own.p.to_bytes(128, "big")}) else b""


@attack
def allowed_mechanisms_are_copied_away(b: Bench) -> bytes:
    k = b.aes("ENCRYPT", "DECRYPT", ALLOWED_MECHANISMS=(int(M.AES_GCM),))
    for more in ((int(M.AES_GCM), int(M.AES_ECB)), ()):
        with contextlib.suppress(P11Error):
            b.s.encrypt(b.s.copy(k, {A.ALLOWED_MECHANISMS: more}), M.AES_ECB, bytes(16))
            return b.value
    raise LookupError


@attack
def allowed_mechanisms_are_set_away(b: Bench) -> bytes:
    k = b.aes("ENCRYPT", "DECRYPT", ALLOWED_MECHANISMS=(int(M.AES_GCM),))
    b.s.set(k, {A.ALLOWED_MECHANISMS: (int(M.AES_ECB),)})
    return b.value if b.s.encrypt(k, M.AES_ECB, bytes(16)) else b""


@attack
def wrap_template_is_copied_away(b: Bench) -> bytes:
    w = b.aes("WRAP", WRAP_TEMPLATE={A.LABEL: b"these"})
    b.s.wrap(b.s.copy(w, {A.WRAP_TEMPLATE: {}}), KWP, b.k)
    return b.value


@attack
def unwrap_template_is_contradicted(b: Bench) -> bytes:
    w = b.aes("WRAP", "UNWRAP", UNWRAP_TEMPLATE={A.EXTRACTABLE: False})
    again = b.s.unwrap(w, KWP, b.s.wrap(w, KWP, b.k), b.readable(SENSITIVE=True, EXTRACTABLE=True))
    return b.value if b.s.get(again, A.EXTRACTABLE) else b""


@attack
def derive_template_is_contradicted(b: Bench) -> bytes:
    base = b.aes("DERIVE", DERIVE_TEMPLATE={A.EXTRACTABLE: False})
    made = b.s.derive(base, M.SHA256_KEY_DERIVATION, b.readable(SENSITIVE=True, EXTRACTABLE=True, VALUE_LEN=32))
    return b.value if b.s.get(made, A.EXTRACTABLE) else b""


@attack
def pin_each_time_is_copied_away(b: Bench) -> bytes:
    _, private = b.s.generate_pair(
        M.EC_KEY_PAIR_GEN, {A.EC_PARAMS: P256}, named(SIGN=True, ALWAYS_AUTHENTICATE=True, PRIVATE=True)
    )
    return b.value if b.s.sign(b.s.copy(private, {A.ALWAYS_AUTHENTICATE: False}), M.ECDSA, bytes(32)) else b""


@attack
def what_must_not_be_copied_is(b: Bench) -> bytes:
    k = b.victim(COPYABLE=False)
    return b.value if b.s.copy(k) else b""


@attack
def key_type_is_changed_by_copying(b: Bench) -> bytes:
    w = b.aes("WRAP")
    blob = b.s.wrap(w, M.AES_ECB, b.k)
    return b.s.decrypt(b.s.copy(w, {A.KEY_TYPE: KeyType.GENERIC_SECRET, A.DECRYPT: True}), M.AES_ECB, blob)


@attack
def wrapped_as_trusted_by_the_user(b: Bench) -> bytes:
    known = os.urandom(16)
    w = b.known(known, "WRAP")
    u = b.aes("WRAP", "UNWRAP")
    again = b.s.unwrap(u, KWP, b.s.wrap(u, KWP, w), b.readable(KeyType.AES, TRUSTED=True, WRAP=True, SENSITIVE=True))
    return ecb(known, b.s.wrap(again, M.AES_ECB, b.k), encrypting=False)


# --- Logins, sessions, handles


@attack
def private_object_after_logout(b: Bench) -> bytes:
    k = b.s.create(b.readable(VALUE=b.value, PRIVATE=True, TOKEN=True))
    b.s.logout()
    try:
        return b.read(k)
    finally:
        b.s.login("1234")


@attack
def private_object_by_its_number(b: Bench) -> bytes:
    k = b.s.create(b.readable(VALUE=b.value, PRIVATE=True, TOKEN=True))
    b.s.logout()
    try:
        for generation in range(4):
            with contextlib.suppress(P11Error):
                return b.read((k & 0xFFFFFFFF) | generation << 32)
        raise LookupError
    finally:
        b.s.login("1234")


@attack
def result_that_waits_after_logout(b: Bench) -> bytes:
    """A decryption whose result did not fit, fetched by whoever comes next."""
    e = b.aes("ENCRYPT", "DECRYPT", TOKEN=True, PRIVATE=True)
    blob = b.s.encrypt(e, CBC_PAD, b.value)
    b.s.call("C_DecryptInit", c_mechanism(CBC_PAD), e)
    with contextlib.suppress(P11Error):
        b.s.output("C_Decrypt", blob, len(blob), capacity=1)
    b.s.logout()
    try:
        return b.s.output("C_Decrypt", blob, len(blob), capacity=64)
    finally:
        b.s.login("1234")


@attack
def search_that_goes_on_after_logout(b: Bench) -> bytes:
    import ctypes as C

    k = b.s.create(b.readable(VALUE=b.value, PRIVATE=True, TOKEN=True))
    b.s.call("C_FindObjectsInit", None, 0)
    b.s.logout()
    try:
        array, count = (C.c_ulong * 10)(), C.c_ulong()
        b.s.call("C_FindObjects", array, 10, count)
        return b.value if k in list(array)[: count.value] else b""
    finally:
        b.s.login("1234")


@attack
def gcm_wrap_after_data_with_one_iv(b: Bench) -> bytes:
    """Wrapping by C_WrapKeyAuthenticated, with the IV of a message whose text is known."""
    w, iv = b.aes("ENCRYPT", "WRAP"), bytearray(os.urandom(12))
    stream = xor(b.s.encrypt(w, gcm(bytes(iv)), bytes(16)), bytes(16))
    params = make("GCM_MESSAGE_PARAMS", pIv=iv, ulIvLen=12, pTag=bytearray(16), ulTagBits=128)
    return xor(b.s.output("C_WrapKeyAuthenticated", c_mechanism((M.AES_GCM, params)), w, b.k, None, 0), stream)


@attack
def gmac_then_wrap(b: Bench) -> bytes:
    w, iv = b.aes("SIGN", "WRAP"), os.urandom(12)
    b.s.sign(w, (M.AES_GMAC, make("GCM_PARAMS", pIv=iv, ulIvBits=96, ulTagBits=128)), bytes(16))
    return b.value if b.s.wrap(w, gcm(iv), b.k) else b""


@attack
def digest_of_the_key(b: Bench) -> bytes:
    b.s.call("C_DigestInit", c_mechanism(M.SHA256))
    b.s.call("C_DigestKey", b.k)
    return b.value


@attack
def digest_of_an_unextractable_key(b: Bench) -> bytes:
    k = b.victim(SENSITIVE=False, EXTRACTABLE=False)
    b.s.call("C_DigestInit", c_mechanism(M.SHA256))
    b.s.call("C_DigestKey", k)
    return b.value


@pytest.mark.parametrize("name", sorted(ATTACKS))
def test_further(bench: Bench, name: str) -> None:
    if bench.profile != "compat":
        assert not bench.steals(ATTACKS[name])
