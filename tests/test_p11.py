"""The tests' own PKCS#11 client works: against the module, and against SoftHSM where it is installed."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from hsmith.spec.constants import Attr, Fault, KeyType, Mechanism, Mgf, ObjectClass
from p11 import ED25519, P11, P256, Raw, Session, make, refused

SOFTHSM = Path("/usr/lib/softhsm/libsofthsm2.so")


@pytest.fixture(params=["hsmith", "softhsm"])
def session(request: pytest.FixtureRequest, home: Path) -> Iterator[Session]:
    """A session of a logged-in user on a fresh token."""
    if request.param == "softhsm" and not SOFTHSM.exists():
        pytest.skip(f"{SOFTHSM} is not installed")
    p11 = P11(SOFTHSM if request.param == "softhsm" else request.getfixturevalue("module"))
    assert os.environ["HSMITH_HOME"] == str(home)
    p11.initialize()
    with p11.open(p11.init_token("test")) as opened:
        opened.login("1234")
        yield opened
    p11.finalize()


def test_errors_name_function_and_value(session: Session) -> None:
    with refused(Fault.KEY_HANDLE_INVALID, Fault.OBJECT_HANDLE_INVALID):
        session.sign(4711, Mechanism.RSA_PKCS, b"x")
    with pytest.raises(AssertionError, match="accepted, expected CKR_OK"), refused(Fault.OK):
        session.info()
    with pytest.raises(AssertionError, match="expected CKR_PIN_EXPIRED"), refused(Fault.PIN_EXPIRED):
        session.login("1234")


def test_objects(session: Session) -> None:
    made = session.create({Attr.CLASS: ObjectClass.DATA, Attr.LABEL: "öl", Attr.VALUE: b"12345", Attr.TOKEN: True})
    assert session.get(made, [Attr.LABEL, Attr.VALUE, Attr.TOKEN]) == ["öl".encode(), b"12345", True]
    assert session.get(made, Attr.CLASS) == ObjectClass.DATA
    assert session.find({Attr.LABEL: "öl"}) == [made]
    rv, values = session.attributes(made, [Attr.LABEL, Attr.MODULUS])
    assert (rv, values) == (Fault.ATTRIBUTE_TYPE_INVALID, ["öl".encode(), None])
    session.set(made, {Attr.LABEL: "b"})
    session.destroy(made)
    assert session.find({Attr.LABEL: "b"}) == []
    with refused(Fault.ATTRIBUTE_VALUE_INVALID, Fault.TEMPLATE_INCOMPLETE):  # SoftHSM says the latter
        session.create([(Attr.CLASS, Raw(b"\0\0", 2))])


def test_signatures(session: Session) -> None:
    public, private = session.generate_pair(
        Mechanism.RSA_PKCS_KEY_PAIR_GEN,
        {Attr.MODULUS_BITS: 2048, Attr.PUBLIC_EXPONENT: b"\1\0\1", Attr.VERIFY: True},
        {Attr.SIGN: True, Attr.SENSITIVE: True},
    )
    assert session.get(public, Attr.KEY_TYPE) == KeyType.RSA
    assert len(session.get(public, Attr.MODULUS)) == 256
    with refused(Fault.ATTRIBUTE_SENSITIVE):
        session.get(private, Attr.PRIVATE_EXPONENT)
    pss = make("RSA_PKCS_PSS_PARAMS", hashAlg=Mechanism.SHA256, mgf=Mgf.MGF1_SHA256, sLen=32)
    signature = session.sign(private, (Mechanism.SHA256_RSA_PKCS_PSS, pss), b"one two")
    session.verify(public, (Mechanism.SHA256_RSA_PKCS_PSS, pss), [b"one ", b"two"], signature)
    with refused(Fault.SIGNATURE_INVALID):
        session.verify(public, (Mechanism.SHA256_RSA_PKCS_PSS, pss), b"three", signature)

    public, private = session.generate_pair(Mechanism.EC_KEY_PAIR_GEN, {Attr.EC_PARAMS: P256, Attr.VERIFY: True})
    session.verify(public, Mechanism.ECDSA, bytes(32), session.sign(private, Mechanism.ECDSA, bytes(32)))
    public, private = session.generate_pair(Mechanism.EC_EDWARDS_KEY_PAIR_GEN, {Attr.EC_PARAMS: ED25519})
    assert len(session.sign(private, Mechanism.EDDSA, b"text")) == 64


def test_ciphers(session: Session) -> None:
    key = session.generate(Mechanism.AES_KEY_GEN, {Attr.VALUE_LEN: 32, Attr.ENCRYPT: True, Attr.DECRYPT: True})
    gcm = (Mechanism.AES_GCM, make("GCM_PARAMS", pIv=b"n" * 12, ulIvBits=96, pAAD=b"aad", ulTagBits=128))
    sealed = session.encrypt(key, gcm, b"secret")
    assert len(sealed) == 22
    assert session.decrypt(key, gcm, sealed) == b"secret"
    cbc = (Mechanism.AES_CBC_PAD, bytes(16))
    assert session.decrypt(key, cbc, [session.encrypt(key, cbc, [b"in", b" parts"])]) == b"in parts"


def test_digest_and_random(session: Session) -> None:
    assert session.digest(Mechanism.SHA256, [b"a", b"bc"]) == session.digest(Mechanism.SHA256, b"abc")
    assert len({session.random(16) for _ in range(20)}) == 20
    assert session.random(0) == b""


def test_interfaces(module: Path) -> None:
    assert [P11(module, version).version for version in ("2.40", "3.0", "3.2")] == ["2.40", "3.0", "3.2"]
    assert P11(module).version == "3.2"
