"""Attacks beyond the thirty rows: on the policy itself, through everything that can make, change, carry or use a key.

As in test_rows: an attack gives what it holds to be the stolen key. ``shown``: it succeeds in compat, so it is one.
"""

import contextlib
import ctypes as C
import hashlib
import os
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.kdf.x963kdf import X963KDF
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap_with_padding
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from attacks.bench import IV, PUBLIC, SECRET, A, Attack, Bench, M, cbc, named, string, unpadded
from hsmith.spec.constants import KeyType, ObjectClass
from p11 import P256, P11Error, c_mechanism, make

CBC_PAD = (M.AES_CBC_PAD, IV)
ATTACKS: dict[str, tuple[Attack, bool]] = {}
BYTES = [bytes([n]) for n in range(256)]


def attack(*, shown: bool = True) -> Callable[[Attack], Attack]:
    def add(found: Attack) -> Attack:
        ATTACKS[found.__name__] = found, shown
        return found

    return add


def gcm(iv: bytes, tag_bits: int = 128) -> tuple[int, object]:
    return M.AES_GCM, make("GCM_PARAMS", pIv=iv, ulIvBits=8 * len(iv), ulTagBits=tag_bits)


def ctr(block: bytes = IV) -> tuple[int, object]:
    return M.AES_CTR, make("AES_CTR_PARAMS", ulCounterBits=128, cb=block)


def hkdf(*, extract: bool = False, expand: bool = False, info: bytes = b"", salt: bytes = b"") -> object:
    return make(
        "HKDF_PARAMS", bExtract=extract, bExpand=expand, prfHashMechanism=M.SHA256, ulSaltType=2 if salt else 1,
        pSalt=salt or None, pInfo=info,
    )  # fmt: skip


def xor(left: bytes, right: bytes) -> bytes:
    return bytes(one ^ other for one, other in zip(left, right, strict=False))


# --- Operations that were begun before the role was closed


@attack()
def decryption_begun_before(b: Bench) -> bytes:
    w = b.aes("WRAP", "DECRYPT")
    b.s.call("C_DecryptInit", c_mechanism(CBC_PAD), w)
    blob = b.s.wrap(w, CBC_PAD, b.k)
    return b.s.output("C_Decrypt", blob, len(blob))


@attack()
def decryption_fed_before(b: Bench) -> bytes:
    w = b.aes("WRAP", "DECRYPT")
    b.s.call("C_DecryptInit", c_mechanism((M.AES_ECB, None)), w)
    b.s.output("C_DecryptUpdate", bytes(16), 16)
    blob = b.s.wrap(w, (M.AES_ECB, None), b.k)
    return b.s.output("C_DecryptUpdate", blob, len(blob))


@attack()
def decryption_begun_in_another_session(b: Bench) -> bytes:
    w = b.aes("WRAP", "DECRYPT")
    with b.p11.open(b.slot) as other:
        other.call("C_DecryptInit", c_mechanism(CBC_PAD), w)
        blob = b.s.wrap(w, CBC_PAD, b.k)
        return other.output("C_DecryptUpdate", blob, len(blob)) + other.output("C_DecryptFinal")


@attack()
def decryption_saved_before(b: Bench) -> bytes:
    w = b.aes("WRAP", "DECRYPT")
    b.s.call("C_DecryptInit", c_mechanism(CBC_PAD), w)
    state = b.s.output("C_GetOperationState")
    b.s.call("C_DecryptInit", None, 0)
    blob = b.s.wrap(w, CBC_PAD, b.k)
    b.s.call("C_SetOperationState", state, len(state), w, 0)
    return b.s.output("C_Decrypt", blob, len(blob))


@attack()
def decryption_of_a_digest_begun_before(b: Bench) -> bytes:
    w = b.aes("WRAP", "DECRYPT")
    b.s.call("C_DecryptInit", c_mechanism((M.AES_ECB, None)), w)
    b.s.call("C_DigestInit", c_mechanism(M.SHA256))
    blob = b.s.wrap(w, (M.AES_ECB, None), b.k)
    return b.s.output("C_DecryptDigestUpdate", blob, len(blob))


def _message(b: Bench, w: int, iv: bytes, blob: bytes) -> bytes:
    b.s.call("C_MessageDecryptInit", c_mechanism((M.AES_GCM, _params(iv, bytes(16)))), w)
    return _opened(b, iv, blob)


def _opened(b: Bench, iv: bytes, blob: bytes) -> bytes:
    data, tag = blob[:-16], blob[-16:]
    params = _params(iv, tag)
    return b.s.output("C_DecryptMessage", params, C.sizeof(params), None, 0, data, len(data), capacity=len(data))


def _params(iv: bytes, tag: bytes) -> C.Structure:
    return make("GCM_MESSAGE_PARAMS", pIv=iv, ulIvLen=len(iv), pTag=tag, ulTagBits=128)


@attack()
def message_decryption(b: Bench) -> bytes:
    w, iv = b.aes("WRAP", "DECRYPT"), os.urandom(12)
    return _message(b, w, iv, b.s.wrap(w, gcm(iv), b.k))


@attack()
def message_decryption_begun_before(b: Bench) -> bytes:
    w, iv = b.aes("WRAP", "DECRYPT"), os.urandom(12)
    b.s.call("C_MessageDecryptInit", c_mechanism((M.AES_GCM, _params(iv, bytes(16)))), w)
    blob = b.s.wrap(w, gcm(iv), b.k)
    return _opened(b, iv, blob)


@attack()
def authenticated_wrap_and_decrypt(b: Bench) -> bytes:
    w, iv, tag = b.aes("WRAP", "DECRYPT"), bytearray(os.urandom(12)), bytearray(16)
    params = make("GCM_MESSAGE_PARAMS", pIv=iv, ulIvLen=12, pTag=tag, ulTagBits=128)
    blob = b.s.output("C_WrapKeyAuthenticated", c_mechanism((M.AES_GCM, params)), w, b.k, None, 0)
    tag_found = C.string_at(params.pTag, 16)
    return b.s.decrypt(w, gcm(C.string_at(params.pIv, 12)), blob + tag_found)


# --- The same value by other ways


@attack()
def restored_after_it_wrapped(b: Bench) -> bytes:
    u, w = b.aes("WRAP", "UNWRAP"), b.aes("WRAP")
    saved = b.s.wrap(u, M.AES_KEY_WRAP, w)
    blob = b.s.wrap(w, CBC_PAD, b.k)
    b.s.destroy(w)
    again = b.s.unwrap(u, M.AES_KEY_WRAP, saved, b.readable(KeyType.AES, SENSITIVE=True, DECRYPT=True))
    return b.s.decrypt(again, CBC_PAD, blob)


@attack()
def restored_readable(b: Bench) -> bytes:
    u, w = b.aes("WRAP", "UNWRAP"), b.aes("WRAP")
    saved = b.s.wrap(u, M.AES_KEY_WRAP, w)
    blob = b.s.wrap(w, CBC_PAD, b.k)
    return unpadded(cbc(b.read(b.s.unwrap(u, M.AES_KEY_WRAP, saved, b.readable())), blob))


@attack()
def same_value_again_in_clear(b: Bench) -> bytes:
    b.k  # noqa: B018
    return b.read(b.s.create(b.readable(VALUE=b.value)))


@attack()
def turned_by_extraction(b: Bench) -> bytes:
    w = b.aes("WRAP", "DERIVE")
    blob = b.s.wrap(w, CBC_PAD, b.k)
    template = b.readable(KeyType.AES, SENSITIVE=True, DECRYPT=True, VALUE_LEN=16)
    return b.s.decrypt(b.s.derive(w, (M.EXTRACT_KEY_FROM_KEY, 0), template), CBC_PAD, blob)


@attack()
def complement_of_a_des_key(b: Bench) -> bytes:
    """DES under the complement of a key gives the complement (of plaintext and ciphertext)."""
    base = b.victim(os.urandom(24), DERIVE=True)
    template = named(KEY_TYPE=KeyType.DES3, SENSITIVE=True, EXTRACTABLE=True, ENCRYPT=False, SIGN=False, VERIFY=False)
    w = b.s.derive(base, (M.XOR_BASE_AND_DATA, string(bytes(24))), template | named(WRAP=True, DECRYPT=False))
    other = b.s.derive(base, (M.XOR_BASE_AND_DATA, string(b"\xff" * 24)), template | named(WRAP=False, DECRYPT=True))
    blob = b.s.wrap(w, M.DES3_ECB, b.k)
    return xor(b.s.decrypt(other, M.DES3_ECB, xor(blob, b"\xff" * 16)), b"\xff" * 16)


@attack()
def readable_before(b: Bench) -> bytes:
    w = b.s.generate(M.AES_KEY_GEN, named(VALUE_LEN=16, SENSITIVE=False, EXTRACTABLE=True, WRAP=True, ENCRYPT=False,
                                          DECRYPT=False, SIGN=False, VERIFY=False, UNWRAP=False))  # fmt: skip
    value = b.read(w)
    b.s.set(w, {A.SENSITIVE: True})
    return unpadded(cbc(value, b.s.wrap(w, CBC_PAD, b.k)))


@attack()
def copy_stays_readable(b: Bench) -> bytes:
    w = b.s.generate(M.AES_KEY_GEN, named(VALUE_LEN=16, SENSITIVE=False, EXTRACTABLE=True, WRAP=True, ENCRYPT=False,
                                          DECRYPT=False, SIGN=False, VERIFY=False, UNWRAP=False))  # fmt: skip
    hidden = b.s.copy(w, {A.SENSITIVE: True})
    return unpadded(cbc(b.read(w), b.s.wrap(hidden, CBC_PAD, b.k)))


# --- Wrapping keys that the attacker knows, by detours


def _stolen_by(b: Bench, w: int, known: bytes) -> bytes:
    return unpadded(cbc(known, b.s.wrap(w, CBC_PAD, b.k)))


WRAPPING = named(CLASS=SECRET, KEY_TYPE=KeyType.AES, SENSITIVE=True, EXTRACTABLE=True, WRAP=True, ENCRYPT=False,
                 DECRYPT=False, SIGN=False, VERIFY=False, UNWRAP=False)  # fmt: skip


def _public_of(b: Bench, public: int) -> rsa.RSAPublicKey:
    n, e = b.s.get(public, [A.MODULUS, A.PUBLIC_EXPONENT])
    return rsa.RSAPublicNumbers(int.from_bytes(e, "big"), int.from_bytes(n, "big")).public_key()


@attack()
def known_by_public_encryption(b: Bench) -> bytes:
    (public, private), known = b.rsa((), ("UNWRAP",)), os.urandom(16)
    blob = _public_of(b, public).encrypt(known, padding.PKCS1v15())
    return _stolen_by(b, b.s.unwrap(private, M.RSA_PKCS, blob, WRAPPING), known)


@attack()
def known_by_a_password(b: Bench) -> bytes:
    held = C.create_string_buffer(b"password", 8)
    params = make("PKCS5_PBKD2_PARAMS2", saltSource=1, pSaltSourceData=b"saltsalt", ulSaltSourceDataLen=8, iterations=1,
                  prf=4, pPassword=C.addressof(held), ulPasswordLen=8)  # fmt: skip
    w = b.s.generate((M.PKCS5_PBKD2, params), WRAPPING | named(VALUE_LEN=16))
    return _stolen_by(b, w, hashlib.pbkdf2_hmac("sha256", b"password", b"saltsalt", 1, 16))


@attack()
def known_by_derivation(b: Bench) -> bytes:
    known = os.urandom(32)
    base = b.known(known, "DERIVE", kind=KeyType.GENERIC_SECRET)
    w = b.s.derive(base, M.SHA256_KEY_DERIVATION, WRAPPING | named(VALUE_LEN=16))
    return _stolen_by(b, w, hashlib.sha256(known).digest()[:16])


@attack()
def known_by_xor(b: Bench) -> bytes:
    known = os.urandom(16)
    base = b.known(known, "DERIVE")
    template = WRAPPING | named(VALUE_LEN=16)
    return _stolen_by(b, b.s.derive(base, (M.XOR_BASE_AND_DATA, string(bytes(16))), template), known)


def _ec_pair(b: Bench, **more: object) -> tuple[int, int]:
    private = named(SENSITIVE=True, EXTRACTABLE=True, SIGN=False, DERIVE=True)
    return b.s.generate_pair(M.EC_KEY_PAIR_GEN, {A.EC_PARAMS: P256, A.VERIFY: False}, private | named(**more))


def _ecdh(peer: ec.EllipticCurvePrivateKey) -> tuple[int, object]:
    point = peer.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return M.ECDH1_DERIVE, make("ECDH1_DERIVE_PARAMS", kdf=1, pPublicData=point)


@attack()
def known_by_agreement(b: Bench) -> bytes:
    own = ec.generate_private_key(ec.SECP256R1())
    public, private = _ec_pair(b)
    w = b.s.derive(private, _ecdh(own), WRAPPING | named(VALUE_LEN=32))
    point = b.s.get(public, A.EC_POINT)[2:]
    shared = own.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point))
    return _stolen_by(b, w, shared)


@attack()
def known_by_decapsulation(b: Bench) -> bytes:
    known = os.urandom(16)
    private_uses = named(DECRYPT=False, SIGN=False, SIGN_RECOVER=False, UNWRAP=False, DECAPSULATE=True)
    public, private = b.s.generate_pair(
        M.RSA_PKCS_KEY_PAIR_GEN, {A.MODULUS_BITS: 2048, A.VERIFY: False, A.ENCRYPT: False, A.WRAP: False}, private_uses
    )
    blob = _public_of(b, public).encrypt(known, padding.PKCS1v15())
    return _stolen_by(b, b.s.decapsulate(private, M.RSA_PKCS, blob, WRAPPING | named(VALUE_LEN=16)), known)


@attack()
def known_by_encapsulation(b: Bench) -> bytes:
    own = rsa.generate_private_key(65537, 2048)
    template = named(CLASS=PUBLIC, KEY_TYPE=KeyType.RSA, PUBLIC_EXPONENT=b"\1\0\1", VERIFY=False, ENCRYPT=False)
    n = own.public_key().public_numbers().n.to_bytes(256, "big")
    public = b.s.create(template | {A.MODULUS: n, A.ENCAPSULATE: True})
    blob, w = b.s.encapsulate(public, M.RSA_PKCS, WRAPPING | named(VALUE_LEN=16))
    return _stolen_by(b, w, own.decrypt(blob, padding.PKCS1v15()))


@attack()
def known_by_a_key_that_is_known(b: Bench) -> bytes:
    """W leaves under a known key, and is opened outside; then W wraps K."""
    known, w = os.urandom(16), b.aes("WRAP")
    value = unpadded(cbc(known, b.s.wrap(b.known(known, "WRAP"), CBC_PAD, w)))
    return _stolen_by(b, w, value)


@attack()
def forged_by_wrapping_known_keys(b: Bench) -> bytes:
    """What wraps keys of the attacker's making encrypts what he likes: two blocks, of which one is unwrapped."""
    u, known = b.aes("WRAP", "UNWRAP"), os.urandom(16)
    blob = b.s.wrap(u, M.AES_ECB, b.known(known + bytes(range(16)), kind=KeyType.GENERIC_SECRET))
    return _stolen_by(b, b.s.unwrap(u, M.AES_ECB, blob[:16], WRAPPING | named(VALUE_LEN=16)), known)


@attack()
def forged_by_wrapping_readable_keys(b: Bench) -> bytes:
    u, known = b.aes("WRAP", "UNWRAP"), os.urandom(16)
    blob = b.s.wrap(u, M.AES_ECB, b.s.create(b.readable(VALUE=known + bytes(range(16)))))
    return _stolen_by(b, b.s.unwrap(u, M.AES_ECB, blob[:16], WRAPPING | named(VALUE_LEN=16)), known)


# --- Keystreams and blocks


@attack()
def same_counter_twice(b: Bench) -> bytes:
    w, known = b.aes("WRAP"), os.urandom(16)
    stream = xor(b.s.wrap(w, ctr(), b.known(known)), known)
    return xor(b.s.wrap(w, ctr(), b.k), stream)


@attack()
def same_iv_twice(b: Bench) -> bytes:
    w, known, iv = b.aes("WRAP"), os.urandom(16), os.urandom(12)
    stream = xor(b.s.wrap(w, gcm(iv), b.known(known)), known)
    return xor(b.s.wrap(w, gcm(iv), b.k), stream)


@attack()
def same_nonce_twice(b: Bench) -> bytes:
    w, known, nonce = b.aes("WRAP"), os.urandom(16), os.urandom(12)
    params = [make("CCM_PARAMS", ulDataLen=16, pNonce=nonce, ulMACLen=16) for _ in range(2)]
    stream = xor(b.s.wrap(w, (M.AES_CCM, params[0]), b.known(known)), known)
    return xor(b.s.wrap(w, (M.AES_CCM, params[1]), b.k), stream)


@attack()
def same_iv_for_data(b: Bench) -> bytes:
    w, iv = b.aes("WRAP", "ENCRYPT"), os.urandom(12)
    stream = b.s.encrypt(w, gcm(iv), bytes(16))
    return xor(b.s.wrap(w, gcm(iv), b.k), stream[:16])


@attack()
def keystream_after_wrapping(b: Bench) -> bytes:
    w, iv = b.aes("WRAP", "ENCRYPT"), os.urandom(12)
    blob = b.s.wrap(w, gcm(iv), b.k)
    return xor(blob, b.s.encrypt(w, ctr(iv + b"\0\0\0\2"), bytes(16)))


@attack()
def keystream_by_a_block(b: Bench) -> bytes:
    """The block IV || 2, wrapped as if it were a key, is the keystream of GCM."""
    w, iv = b.aes("WRAP"), os.urandom(12)
    stream = b.s.wrap(w, M.AES_ECB, b.known(iv + b"\0\0\0\2"))
    return xor(b.s.wrap(w, gcm(iv), b.k), stream)


@attack()
def keystream_by_derivation(b: Bench) -> bytes:
    w, iv = b.aes("WRAP", "DERIVE", SENSITIVE=False), os.urandom(12)
    blob = b.s.wrap(w, gcm(iv), b.k)
    made = b.s.derive(w, (M.AES_ECB_ENCRYPT_DATA, string(iv + b"\0\0\0\2")), b.readable(VALUE_LEN=16))
    return xor(blob, b.read(made))


@attack()
def keystream_by_mac(b: Bench) -> bytes:
    w, iv = b.aes("WRAP", "SIGN"), os.urandom(12)
    blob = b.s.wrap(w, gcm(iv), b.k)
    return xor(blob, b.s.sign(w, (M.AES_MAC_GENERAL, 16), iv + b"\0\0\0\2"))


@attack()
def dictionary_of_blocks(b: Bench) -> bytes:
    """A block with one unknown byte is looked up among blocks of the attacker's making."""
    w, k = b.aes("WRAP"), b.victim(DERIVE=True)
    moved = b.s.derive(k, (M.CONCATENATE_DATA_AND_BASE, string(bytes(15))), named(EXTRACTABLE=True))
    block = b.s.wrap(w, M.AES_ECB, moved)[:16]
    for byte in BYTES:
        if b.s.wrap(w, M.AES_ECB, b.known(bytes(15) + byte)) == block:
            return b.value if byte == b.value[:1] else b""
    return b""


# --- Blobs that are cut, changed, taken for something else


@attack()
def cut_and_searched(b: Bench) -> bytes:
    w, found = b.aes("WRAP", "UNWRAP"), b""
    blob = b.s.wrap(w, (M.AES_CBC, IV), b.k)
    for length in range(1, 17):
        piece = b.s.unwrap(w, (M.AES_CBC, IV), blob, b.readable(SENSITIVE=True, SIGN=True, VALUE_LEN=length))
        found += b.search(piece, [found + byte for byte in BYTES])[length - 1 :]
    return found


@attack()
def cut_by_key_wrap(b: Bench) -> bytes:
    """AES_KEY_WRAP pads with zeros, and cuts what the template asks: seven bytes fewer to search for."""
    w = b.aes("WRAP", "UNWRAP")
    blob = b.s.wrap(w, M.AES_KEY_WRAP, b.k)
    piece = b.s.unwrap(w, M.AES_KEY_WRAP, blob, b.readable(SENSITIVE=True, SIGN=True, VALUE_LEN=9))
    return b.value if b.search(piece, [b.value[:9]]) else b""


@attack()
def changed_through_the_iv(b: Bench) -> bytes:
    """Another IV, another value: its record does not say that it was ever sensitive."""
    w = b.aes("WRAP", "UNWRAP")
    blob = b.s.wrap(w, (M.AES_CBC, IV), b.k)
    return xor(b.read(b.s.unwrap(w, (M.AES_CBC, bytes(16)), blob, b.readable(VALUE_LEN=16))), IV)


def _foreign(b: Bench, *uses: str) -> tuple[int, bytes]:
    """A key that came from outside, whose value the attacker does not have, and a blob under it with the stolen key."""
    value = os.urandom(16)
    padder = PKCS7(128).padder()
    return b.known(value, *uses), cbc(value, padder.update(b.value) + padder.finalize(), encrypting=True)


@attack()
def foreign_blob_decrypted(b: Bench) -> bytes:
    u, blob = _foreign(b, "UNWRAP", "DECRYPT")
    b.s.unwrap(u, CBC_PAD, blob, b.readable(SENSITIVE=True))
    return b.s.decrypt(u, CBC_PAD, blob)


@attack()
def foreign_blob_unwrapped_again(b: Bench) -> bytes:
    u, blob = _foreign(b, "UNWRAP")
    b.s.unwrap(u, CBC_PAD, blob, b.readable(SENSITIVE=True))
    return b.read(b.s.unwrap(u, CBC_PAD, blob, b.readable()))


@attack()
def foreign_blob_changed(b: Bench) -> bytes:
    u, blob = _foreign(b, "UNWRAP")
    b.s.unwrap(u, CBC_PAD, blob, b.readable(SENSITIVE=True))
    return xor(b.read(b.s.unwrap(u, (M.AES_CBC, bytes(16)), blob[:16], b.readable())), IV)


@attack()
def padding_oracle(b: Bench) -> bytes:
    """Vaudenay 2002: whether a changed blob unwraps tells the last byte, and so on."""
    u, blob = _foreign(b, "UNWRAP")
    b.s.unwrap(u, CBC_PAD, blob, b.readable(SENSITIVE=True))
    found = b""

    def is_padding(at: int, rest: bytes) -> bool:
        block = os.urandom(16) + os.urandom(at) + rest
        with contextlib.suppress(P11Error):
            b.s.unwrap(u, (M.AES_CBC_PAD, bytes(16)), block + blob[:16], b.readable(SENSITIVE=True))
            return True
        return False

    for at in range(15, 11, -1):  # four bytes are proof enough
        pad = 16 - at
        tail = xor(found, bytes([pad]) * len(found))
        for guess in range(256):
            rest = bytes([guess]) + tail
            # Once more with other bytes before it: a longer padding may have been met by chance.
            if is_padding(at, rest) and is_padding(at, rest):
                found = bytes([guess ^ pad]) + found
                break
        else:
            raise P11Error("C_UnwrapKey", 1)
    return b.value if xor(found, IV[12:]) == b.value[12:] else b""


@attack()
def short_tag(b: Bench) -> bytes:
    w, iv = b.aes("WRAP", "UNWRAP"), os.urandom(12)
    blob = b.s.wrap(w, gcm(iv), b.k)
    b.s.unwrap(w, gcm(iv, 32), blob[:20], b.readable(SENSITIVE=True))
    return b.value


@attack()
def ec_key_unwrapped_as_secret(b: Bench) -> bytes:
    w = b.aes("WRAP", "UNWRAP")
    _, private = _ec_pair(b)
    blob = b.s.wrap(w, M.AES_KEY_WRAP_KWP, private)
    b.s.unwrap(w, M.AES_KEY_WRAP_KWP, blob, b.readable(SENSITIVE=True, DERIVE=True))
    return b.value


@attack()
def raw_rsa_wrap_with_a_small_exponent(b: Bench) -> bytes:
    template = named(MODULUS_BITS=2048, PUBLIC_EXPONENT=b"\3", WRAP=True, VERIFY=False, ENCRYPT=False)
    public, _ = b.s.generate_pair(M.RSA_PKCS_KEY_PAIR_GEN, template)
    cube = int.from_bytes(b.s.wrap(public, M.RSA_X_509, b.k), "big")
    low, high = 0, 1 << 128
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if middle**3 < cube else (low, middle)
    return low.to_bytes(16, "big")


@attack()
def recovered_signature(b: Bench) -> bytes:
    public, private = b.rsa(("WRAP",), ("SIGN_RECOVER",))
    blob = b.s.wrap(public, M.RSA_PKCS, b.k)
    b.s.call("C_SignRecoverInit", c_mechanism(M.RSA_X_509), private)
    return b.s.output("C_SignRecover", blob, len(blob))[-16:]


@attack()
def unwrapped_readable_by_a_pair(b: Bench) -> bytes:
    public, private = b.rsa(("WRAP",), ("UNWRAP",))
    return b.read(b.s.unwrap(private, M.RSA_PKCS, b.s.wrap(public, M.RSA_PKCS, b.k), b.readable(VALUE_LEN=16)))


@attack()
def unwrapped_without_padding(b: Bench) -> bytes:
    public, private = b.rsa(("WRAP",), ("UNWRAP",))
    blob, found = b.s.wrap(public, M.RSA_PKCS, b.k), b""
    for length in range(1, 17):
        piece = b.s.unwrap(private, M.RSA_X_509, blob, b.readable(SENSITIVE=True, SIGN=True, VALUE_LEN=length))
        found = b.search(piece, [byte + found for byte in BYTES])
    return found


@attack()
def decapsulated_without_padding(b: Bench) -> bytes:
    public, private = b.s.generate_pair(
        M.RSA_PKCS_KEY_PAIR_GEN,
        {A.MODULUS_BITS: 2048, A.VERIFY: False, A.ENCRYPT: False, A.WRAP: True},
        named(DECRYPT=False, SIGN=False, SIGN_RECOVER=False, UNWRAP=False, DECAPSULATE=True, EXTRACTABLE=True),
    )
    blob = b.s.wrap(public, M.RSA_PKCS, b.k)
    return b.read(b.s.decapsulate(private, M.RSA_X_509, blob, b.readable()))[-16:]


@attack()
def oaep_part_decrypted(b: Bench) -> bytes:
    oaep = make("RSA_PKCS_OAEP_PARAMS", hashAlg=M.SHA256, mgf=2, source=1)
    params = make("RSA_AES_KEY_WRAP_PARAMS", ulAESKeyBits=128, pOAEPParams=oaep)
    public, private = b.rsa(("WRAP",), ("DECRYPT",))
    blob = b.s.wrap(public, (M.RSA_AES_KEY_WRAP, params), b.k)
    secret = b.s.decrypt(private, (M.RSA_PKCS_OAEP, oaep), blob[:256])
    return aes_key_unwrap_with_padding(secret, blob[256:])


@attack()
def agreement_behind_a_wrap(b: Bench) -> bytes:
    """ECDH_AES_KEY_WRAP: whoever may derive with the private half gets the key that wrapped."""
    uses = named(UNWRAP=True, SENSITIVE=True, EXTRACTABLE=True, SIGN=False, DERIVE=True)
    public, private = b.s.generate_pair(M.EC_KEY_PAIR_GEN, {A.EC_PARAMS: P256, A.VERIFY: False, A.WRAP: True}, uses)
    params = make("ECDH_AES_KEY_WRAP_PARAMS", ulAESKeyBits=128, kdf=6)
    blob = b.s.wrap(public, (M.ECDH_AES_KEY_WRAP, params), b.k)
    point, wrapped = blob[2:67], blob[67:]  # the point is in DER
    peer = make("ECDH1_DERIVE_PARAMS", kdf=6, pPublicData=point)
    secret = b.read(b.s.derive(private, (M.ECDH1_DERIVE, peer), b.readable(VALUE_LEN=16)))
    return aes_key_unwrap_with_padding(secret, wrapped)


@attack()
def own_pair_behind_a_wrap(b: Bench) -> bytes:
    own = ec.generate_private_key(ec.SECP256R1())
    point = own.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    template = named(CLASS=PUBLIC, KEY_TYPE=KeyType.EC, EC_PARAMS=P256, WRAP=True, VERIFY=False)
    template |= {A.EC_POINT: b"\x04\x41" + point}
    params = make("ECDH_AES_KEY_WRAP_PARAMS", ulAESKeyBits=128, kdf=6)
    blob = b.s.wrap(b.s.create(template), (M.ECDH_AES_KEY_WRAP, params), b.k)
    shared = own.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), blob[2:67]))
    secret = X963KDF(hashes.SHA256(), 16, None).derive(shared)
    return aes_key_unwrap_with_padding(secret, blob[67:])


# --- Derivation


def _is(b: Bench, key: int, candidate: bytes) -> bytes:
    """The stolen key, if ``candidate`` is the value of the derived key ``key``."""
    return b.value if b.search(key, [candidate]) else b""


DERIVED = named(SENSITIVE=True, EXTRACTABLE=True, SIGN=True, VALUE_LEN=32)


@attack()
def output_of_hkdf(b: Bench) -> bytes:
    k = b.victim(DERIVE=True)
    made = b.s.derive(k, (M.HKDF_DERIVE, hkdf(extract=True)), DERIVED)
    data = b.s.derive(k, (M.HKDF_DATA, hkdf(extract=True)), {A.CLASS: ObjectClass.DATA})
    return _is(b, made, b.read(data))


@attack()
def mac_as_hkdf(b: Bench) -> bytes:
    k = b.victim(DERIVE=True)
    b.s.set(k, {A.SIGN: True})
    made = b.s.derive(k, (M.HKDF_DERIVE, hkdf(expand=True, info=b"x")), DERIVED)
    return _is(b, made, b.s.sign(k, M.SHA256_HMAC, b"x\1"))


@attack()
def mac_of_what_hkdf_extracts(b: Bench) -> bytes:
    k = b.victim(DERIVE=True)
    made = b.s.derive(k, (M.HKDF_DERIVE, hkdf(extract=True, expand=True, info=b"x")), DERIVED)
    extracted = b.s.derive(k, (M.HKDF_DERIVE, hkdf(extract=True)), DERIVED)
    return _is(b, made, b.s.sign(extracted, M.SHA256_HMAC, b"x\1"))


@attack()
def mac_of_the_hash_of_a_long_key(b: Bench) -> bytes:
    k = b.victim(os.urandom(100), DERIVE=True)
    made = b.s.derive(k, (M.HKDF_DERIVE, hkdf(expand=True, info=b"x")), DERIVED)
    hashed = b.s.derive(k, M.SHA256_KEY_DERIVATION, DERIVED)
    return _is(b, made, b.s.sign(hashed, M.SHA256_HMAC, b"x\1"))


@attack()
def encryption_as_derivation(b: Bench) -> bytes:
    e = b.aes("DERIVE", "ENCRYPT")
    made = b.s.derive(e, (M.AES_ECB_ENCRYPT_DATA, string(IV + IV)), DERIVED)
    return _is(b, made, b.s.encrypt(e, M.AES_ECB, IV + IV))


@attack()
def mac_as_derivation(b: Bench) -> bytes:
    e = b.aes("DERIVE", "SIGN")
    made = b.s.derive(e, (M.AES_ECB_ENCRYPT_DATA, string(IV)), DERIVED | {A.VALUE_LEN: 16})
    return _is(b, made, b.s.sign(e, (M.AES_MAC_GENERAL, 16), IV))


@attack()
def checked_mac_as_derivation(b: Bench) -> bytes:
    """A MAC that may be checked is found byte by byte: it may be as short as one byte."""
    e, found = b.aes("DERIVE", "VERIFY"), b""
    made = b.s.derive(e, (M.AES_ECB_ENCRYPT_DATA, string(IV)), DERIVED | {A.VALUE_LEN: 16})
    for length in range(1, 17):
        for byte in BYTES:
            with contextlib.suppress(P11Error):
                b.s.verify(e, (M.AES_MAC_GENERAL, length), IV, found + byte)
                found += byte
                break
        if len(found) < length:
            return b""
    return _is(b, made, found)


@attack()
def derived_again_readable(b: Bench) -> bytes:
    e = b.aes("DERIVE")
    made = b.s.derive(e, (M.AES_ECB_ENCRYPT_DATA, string(IV + IV)), DERIVED)
    again = b.s.derive(e, (M.AES_ECB_ENCRYPT_DATA, string(IV + IV)), b.readable(VALUE_LEN=32))
    return _is(b, made, b.read(again))


@attack()
def agreed_again_readable(b: Bench) -> bytes:
    peer = _ecdh(ec.generate_private_key(ec.SECP256R1()))
    _, private = _ec_pair(b)
    made = b.s.derive(private, peer, DERIVED)
    return _is(b, made, b.read(b.s.derive(private, peer, b.readable(VALUE_LEN=32))))


@attack()
def agreed_again_in_part(b: Bench) -> bytes:
    peer = _ecdh(ec.generate_private_key(ec.SECP256R1()))
    _, private = _ec_pair(b)
    made = b.s.derive(private, peer, DERIVED)
    halves = [b.read(b.s.derive(private, peer, b.readable(VALUE_LEN=length))) for length in (31, 32)]
    return _is(b, made, halves[1][:1] + halves[0])


@attack()
def window_over_known_bytes(b: Bench) -> bytes:
    """A key of full length, of which all but one byte is known."""
    k, found = b.victim(DERIVE=True), b""
    joined = b.s.derive(
        k, (M.CONCATENATE_BASE_AND_DATA, string(bytes(16))), named(DERIVE=True, EXTRACTABLE=True, SENSITIVE=True)
    )
    for at in range(15, -1, -1):
        piece = b.s.derive(joined, (M.EXTRACT_KEY_FROM_KEY, 8 * at), named(SIGN=True, VALUE_LEN=16, EXTRACTABLE=True))
        found = b.search(piece, [(byte + found + bytes(16))[:16] for byte in BYTES])[: 16 - at]
    return found


@attack(shown=False)
def unextractable_concatenated_readable(b: Bench) -> bytes:
    k = b.victim(DERIVE=True, SENSITIVE=False, EXTRACTABLE=False)
    base = b.s.create(b.readable(VALUE=b"mine", DERIVE=True, SIGN=False, VERIFY=False))
    return b.read(b.s.derive(base, (M.CONCATENATE_BASE_AND_KEY, k), b.readable()))[4:]


@attack()
def halves_of_an_xts_key(b: Bench) -> bytes:
    """W is the first half of the XTS key X, T the second: T makes the tweak, X decrypts what W wrapped."""
    e = b.aes("DERIVE")
    one, two = os.urandom(16), os.urandom(16)
    template = named(KEY_TYPE=KeyType.AES, SENSITIVE=True, EXTRACTABLE=True, VALUE_LEN=16)
    only = dict.fromkeys((A.ENCRYPT, A.DECRYPT, A.SIGN, A.VERIFY, A.WRAP, A.UNWRAP), False)
    w = b.s.derive(e, (M.AES_ECB_ENCRYPT_DATA, string(one)), template | only | {A.WRAP: True})
    t = b.s.derive(e, (M.AES_ECB_ENCRYPT_DATA, string(two)), template | only | {A.ENCRYPT: True})
    uses = named(ENCRYPT=False, DECRYPT=True, WRAP=False, UNWRAP=False)
    both = template | named(KEY_TYPE=KeyType.AES_XTS, VALUE_LEN=32) | uses
    x = b.s.derive(e, (M.AES_ECB_ENCRYPT_DATA, string(one + two)), both)
    blob = b.s.wrap(w, M.AES_ECB, b.k)
    tweak = b.s.encrypt(t, M.AES_ECB, IV)
    return xor(b.s.decrypt(x, (M.AES_XTS, IV), xor(blob, tweak)), tweak)


@attack()
def thirds_of_a_des_key(b: Bench) -> bytes:
    """Each third alone, as (a, a, third), encrypts and decrypts by single DES: together they undo triple DES."""
    e = b.s.generate(M.DES3_KEY_GEN, named(SENSITIVE=True, EXTRACTABLE=True, DERIVE=True, ENCRYPT=False, DECRYPT=False))
    data = [os.urandom(8) for _ in range(4)]
    template = named(KEY_TYPE=KeyType.DES3, SENSITIVE=True, EXTRACTABLE=True, SIGN=False, VERIFY=False, UNWRAP=False)

    def key(*parts: int, wrap: bool = False) -> int:
        uses = named(WRAP=wrap, ENCRYPT=not wrap, DECRYPT=not wrap)
        text = b"".join(data[part] for part in parts)
        return b.s.derive(e, (M.DES3_ECB_ENCRYPT_DATA, string(text)), template | uses)

    blob = b.s.wrap(key(0, 1, 2, wrap=True), M.DES3_ECB, b.k)
    one, two, three = (key(3, 3, part) for part in range(3))
    return b.s.decrypt(one, M.DES3_ECB, b.s.encrypt(two, M.DES3_ECB, b.s.decrypt(three, M.DES3_ECB, blob)))


@attack()
def iv_of_tls_as_key(b: Bench) -> bytes:
    """What is a key in one split of the key block is an IV in another, and IVs are given in the clear."""
    master = b.victim(os.urandom(48), DERIVE=True)
    client, server = bytearray(32), bytearray(32)

    def split(keys: int, ivs: int) -> int:
        out = make("SSL3_KEY_MAT_OUT", pIVClient=client, pIVServer=server)
        random = make("SSL3_RANDOM_DATA", pClientRandom=bytes(32), pServerRandom=bytes(32))
        params = make("TLS12_KEY_MAT_PARAMS", ulMacSizeInBits=0, ulKeySizeInBits=keys, ulIVSizeInBits=ivs,
                      RandomInfo=random, pReturnedKeyMaterial=out, prfHashMechanism=M.SHA256)  # fmt: skip
        with contextlib.suppress(P11Error):
            b.s.derive(master, (M.TLS12_KEY_AND_MAC_DERIVE, params), named(KEY_TYPE=KeyType.GENERIC_SECRET, SIGN=True))
        split.ivs = C.string_at(out.pIVClient, ivs // 8) if ivs else b""  # type: ignore[attr-defined]
        return int(out.hClientKey)

    made = split(256, 0)
    split(0, 256)
    return _is(b, made, split.ivs)  # type: ignore[attr-defined]


# --- Attributes and searches


@attack(shown=False)
def check_value(b: Bench) -> bytes:
    return b.value if b.s.attributes(b.k, [A.CHECK_VALUE])[1][0] else b""


@attack(shown=False)
def check_value_searched(b: Bench) -> bytes:
    check = hashlib.sha1(b.value).digest()[:3]
    return b.value if b.k in b.s.find({A.CHECK_VALUE: check}) else b""


@attack(shown=False)
def check_value_compared(b: Bench) -> bytes:
    check = hashlib.sha1(b.value).digest()[:3]
    b.s.copy(b.k, {A.CHECK_VALUE: check})
    return b.value


@attack(shown=False)
def value_searched(b: Bench) -> bytes:
    return b.value if b.k in b.s.find({A.VALUE: b.value}) else b""


@attack()
def trust_laundered(b: Bench) -> bytes:
    """What wants a trusted wrapping key comes back wanting none."""
    with b.so() as so:
        template = WRAPPING | named(VALUE=os.urandom(16), UNWRAP=True, TRUSTED=True, PRIVATE=False, TOKEN=True)
        t = so.create(template)
    k = b.victim(WRAP_WITH_TRUSTED=True)
    again = b.s.unwrap(t, M.AES_KEY_WRAP_KWP, b.s.wrap(t, M.AES_KEY_WRAP_KWP, k), b.readable(SENSITIVE=True))
    return b"" if b.s.get(again, A.WRAP_WITH_TRUSTED) else b.value


# --- The tests


@pytest.mark.parametrize("name", sorted(ATTACKS))
def test_attack(bench: Bench, name: str) -> None:
    attack, shown = ATTACKS[name]
    assert bench.steals(attack) is (shown and bench.profile == "compat")
