"""Mechanisms of libraries of their own, and what the text names in passing: through the module."""

import ctypes as C
import hashlib
from typing import Any

import pytest
import xeddsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from hsmith.spec.constants import Attr, Fault, KeyType, Mechanism, ObjectClass
from p11 import P11, P256, X25519, Session, make, refused

M = Mechanism
GENERIC: dict[int, Any] = {
    Attr.CLASS: int(ObjectClass.SECRET_KEY), Attr.KEY_TYPE: int(KeyType.GENERIC_SECRET),
    Attr.SENSITIVE: False, Attr.EXTRACTABLE: True,
}  # fmt: skip


@pytest.fixture
def session(p11: P11) -> Any:
    with p11.open(p11.init_token("further")) as opened:
        opened.login("1234")
        yield opened


def test_xeddsa(session: Session) -> None:
    """A signature is one of Ed25519 by the point that the public key stands for: another library says so."""
    uses = {Attr.EC_PARAMS: X25519, Attr.VERIFY: True}, {Attr.SIGN: True, Attr.DERIVE: True}
    public, private = session.generate_pair(M.EC_MONTGOMERY_KEY_PAIR_GEN, *uses)
    mechanism = (M.XEDDSA, make("XEDDSA_PARAMS", hash=int(M.SHA512)))
    signature = session.sign(private, mechanism, b"text")
    session.verify(public, mechanism, b"text", signature)
    point = xeddsa.curve25519_pub_to_ed25519_pub(session.get(public, Attr.EC_POINT)[-32:], False)
    Ed25519PublicKey.from_public_bytes(point).verify(signature, b"text")
    assert session.sign(private, mechanism, b"text") != signature  # hedged
    for data, wrong, fault in (
        (b"tex", signature, Fault.SIGNATURE_INVALID),
        (b"text", signature[:-1] + bytes([signature[-1] ^ 1]), Fault.SIGNATURE_INVALID),
        (b"text", signature[:-1], Fault.SIGNATURE_LEN_RANGE),
    ):
        with refused(fault):
            session.verify(public, mechanism, data, wrong)
    with refused(Fault.MECHANISM_PARAM_INVALID):
        session.sign(private, (M.XEDDSA, make("XEDDSA_PARAMS", hash=int(M.SHA256))), b"text")


def test_the_prf_of_tls_is_what_master_secrets_are_made_by(session: Session) -> None:
    secret, client, server = bytes([3, 1]) + bytes(range(46)), bytes(32), bytes(range(32))
    key = session.create(GENERIC | {Attr.VALUE: secret, Attr.DERIVE: True})
    random = make("SSL3_RANDOM_DATA", pClientRandom=client, pServerRandom=server)
    version = make("VERSION")
    master = make("SSL3_MASTER_KEY_DERIVE_PARAMS", RandomInfo=random, pVersion=version)
    derived = session.derive(key, (M.TLS_MASTER_KEY_DERIVE, master), GENERIC)
    out, length = C.create_string_buffer(48), C.c_ulong(48)
    params = make("TLS_PRF_PARAMS", pSeed=client + server, pLabel=b"master secret", pOutput=out, pulOutputLen=length)
    session.call("C_DeriveKey", make("MECHANISM", mechanism=int(M.TLS_PRF), pParameter=params,
                                     ulParameterLen=C.sizeof(params)), key, None, 0, None)  # fmt: skip
    assert out.raw == session.get(derived, Attr.VALUE)
    with refused(Fault.TEMPLATE_INCONSISTENT):  # there would be no key behind the handle
        session.derive(key, (M.TLS_PRF, params), GENERIC)
    assert length.value == 48


def test_pairs_with_extra_bits_are_pairs(session: Session) -> None:
    uses = {Attr.EC_PARAMS: P256, Attr.VERIFY: True}, {Attr.SIGN: True}
    public, private = session.generate_pair(M.EC_KEY_PAIR_GEN_W_EXTRA_BITS, *uses)
    session.verify(public, M.ECDSA_SHA256, b"text", session.sign(private, M.ECDSA_SHA256, b"text"))
    assert session.get(private, Attr.KEY_GEN_MECHANISM) == M.EC_KEY_PAIR_GEN_W_EXTRA_BITS
    assert session.generate_pair(M.EC_KEY_PAIR_GEN_W_EXTRA_BITS, *uses) != (public, private)


def test_keys_from_passwords_of_old(session: Session) -> None:
    """PBES1 of RFC 8018: the hash of password and salt, hashed again and again, is key and IV."""
    iv = C.create_string_buffer(8)
    params = make(
        "PBE_PARAMS", pInitVector=iv, pPassword=b"password", ulPasswordLen=8, pSalt=b"saltsalt", ulSaltLen=8,
        ulIteration=3,
    )  # fmt: skip
    readable = {Attr.SENSITIVE: False, Attr.EXTRACTABLE: True}
    made = hashlib.md5(hashlib.md5(hashlib.md5(b"passwordsaltsalt").digest()).digest()).digest()
    key = session.generate((M.PBE_MD5_DES_CBC, params), readable)
    assert bytes(byte & 0xFE for byte in session.get(key, Attr.VALUE)) == bytes(byte & 0xFE for byte in made[:8])
    assert iv.raw == made[8:]
    for mechanism, size in ((M.PBE_SHA1_RC4_128, 16), (M.PBE_SHA1_RC4_40, 5)):
        key = session.generate((mechanism, params), readable)
        assert session.get(key, [Attr.KEY_TYPE, Attr.VALUE_LEN]) == [KeyType.RC4, size]
        rc4 = session.get(key, Attr.VALUE)
        assert session.decrypt(key, M.RC4, session.encrypt(key, M.RC4, b"text")) == b"text"
        # The same derivation, for another cipher.
        other = {M.PBE_SHA1_RC4_128: M.PBE_SHA1_RC2_128_CBC, M.PBE_SHA1_RC4_40: M.PBE_SHA1_RC2_40_CBC}[mechanism]
        key = session.generate((other, params), readable)
        assert session.get(key, [Attr.KEY_TYPE, Attr.VALUE]) == [KeyType.RC2, rc4]
        cbc = make("RC2_CBC_PARAMS", ulEffectiveBits=8 * size, iv=(C.c_ubyte * 8)(*iv.raw))
        sealed = session.encrypt(key, (M.RC2_CBC_PAD, cbc), b"text")
        assert session.decrypt(key, (M.RC2_CBC_PAD, cbc), sealed) == b"text"
        mac = make("RC2_MAC_GENERAL_PARAMS", ulEffectiveBits=8 * size, ulMacLength=6)
        signature = session.sign(key, (M.RC2_MAC_GENERAL, mac), b"text")
        assert len(signature) == 6
        session.verify(key, (M.RC2_MAC_GENERAL, mac), b"text", signature)


def test_an_rc2_key_counts_whole(session: Session) -> None:
    """Else a key of any kind, unwrapped as one of RC2, would be found a byte at a time from its first 40 bits on."""
    key = session.generate(M.RC2_KEY_GEN, {Attr.VALUE_LEN: 16, Attr.SENSITIVE: True, Attr.ENCRYPT: True})
    for bits in (40, 48, 127):
        with refused(Fault.MECHANISM_PARAM_INVALID):
            session.encrypt(key, (M.RC2_ECB, bits), bytes(8))
        with refused(Fault.MECHANISM_PARAM_INVALID):
            session.encrypt(key, (M.RC2_CBC, make("RC2_CBC_PARAMS", ulEffectiveBits=bits)), bytes(8))
    assert len(session.encrypt(key, (M.RC2_CBC, make("RC2_CBC_PARAMS", ulEffectiveBits=128)), bytes(8))) == 8


def test_twofish_wraps_and_pads(session: Session) -> None:
    wrapping = {Attr.VALUE_LEN: 24, Attr.WRAP: True, Attr.UNWRAP: True}
    key = session.generate(M.TWOFISH_KEY_GEN, wrapping)
    secret = session.create(GENERIC | {Attr.VALUE: bytes(range(21))})
    mechanism = (M.TWOFISH_CBC_PAD, bytes(range(16)))
    blob = session.wrap(key, mechanism, secret)
    assert len(blob) == 32
    assert session.get(session.unwrap(key, mechanism, blob, GENERIC), Attr.VALUE) == bytes(range(21))
    with refused(Fault.MECHANISM_PARAM_INVALID):
        session.wrap(key, (M.TWOFISH_CBC, bytes(8)), secret)
