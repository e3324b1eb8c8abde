"""Tokens as the cases presume them, and AUTH-M-1-32 with the key of such a token in it.

Nobody published the private key of AUTH-M-1-32. "Variable Items" lets all of an RSA key vary that the modulus is
computed from (PRIME_1, PRIME_2, PRIVATE_EXPONENT), and the Data to be signed, a certification request with that
modulus. So the key of the token takes the place of the one written: in the modulus, in the Data, and in the Signature,
which is computed here. With these values the case must then pass to the letter.
"""

import datetime as dt
from typing import Any, Final, NamedTuple
from xml.etree.ElementTree import Element

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from hsmith.spec.constants import Attr, CertificateType, KeyType, Mechanism, ObjectClass, Trust
from p11 import Session
from profiles.cases import Step

#: The label that the case reads has 22 bytes for these 21 characters.
ROOTS_LABEL: Final = b"Mozilla Builtin Roots\0"


def written_value(steps: list[Step], kind: str) -> bytes:
    """The value of the attribute of this type that some answer has."""
    found = [each for step in steps for each in step.answer.iter("Attribute") if each.get("type") == kind]
    return bytes.fromhex(next(each.attrib["value"] for each in found if "value" in each.attrib))


# --- AUTH-M-1-32


class Written(NamedTuple):
    """What the key of AUTH-M-1-32 appears in."""

    modulus: Element
    data: Element
    signature: Element

    def bytes_of(self) -> tuple[bytes, bytes, bytes]:
        modulus, data, signature = (bytes.fromhex(each.attrib["value"]) for each in self)
        return modulus, data, signature


def of_the_key(steps: list[Step]) -> Written:
    moduli = [each for step in steps for each in step.answer.iter("Attribute") if each.get("type") == "MODULUS"]
    signing = next(step for step in steps if step.call.tag == "C_Sign")
    data, signature = signing.call.find("Data"), signing.answer.find("Signature")
    assert data is not None and signature is not None
    return Written(moduli[0], data, signature)


def rekey(steps: list[Step], key: rsa.RSAPrivateKey) -> None:
    """Put ``key`` in the place of the one that the case was written with."""
    places = of_the_key(steps)
    modulus, data, _ = places.bytes_of()
    ours = _big(key.public_key().public_numbers().n)
    assert data.count(modulus) == 1 and len(ours) == len(modulus)
    data = data.replace(modulus, ours)
    signature = key.sign(data, padding.PKCS1v15(), hashes.SHA256())
    for place, value in zip(places, (ours, data, signature), strict=True):
        place.set("value", value.hex())


def verify(public: rsa.RSAPublicKey, signature: bytes, data: bytes) -> None:
    """CKM_SHA256_RSA_PKCS; raises InvalidSignature."""
    public.verify(signature, data, padding.PKCS1v15(), hashes.SHA256())


def put_keys(session: Session, key: rsa.RSAPrivateKey) -> None:
    """The pair testrsa-pub and testrsa-pri."""
    numbers = key.private_numbers()
    public = {Attr.MODULUS: _big(numbers.public_numbers.n), Attr.PUBLIC_EXPONENT: _big(numbers.public_numbers.e)}
    common: dict[Any, Any] = {Attr.KEY_TYPE: int(KeyType.RSA), Attr.TOKEN: True, Attr.ID: b"\1", **public}
    session.create(common | {Attr.CLASS: int(ObjectClass.PUBLIC_KEY), Attr.LABEL: b"testrsa-pub", Attr.VERIFY: True})
    private = {
        Attr.PRIVATE_EXPONENT: numbers.d, Attr.PRIME_1: numbers.p, Attr.PRIME_2: numbers.q,
        Attr.EXPONENT_1: numbers.dmp1, Attr.EXPONENT_2: numbers.dmq1, Attr.COEFFICIENT: numbers.iqmp,
    }  # fmt: skip
    common |= {attr: _big(value) for attr, value in private.items()}
    session.create(common | {Attr.CLASS: int(ObjectClass.PRIVATE_KEY), Attr.LABEL: b"testrsa-pri", Attr.SIGN: True})


def _big(number: int) -> bytes:
    """A Big integer of the standard."""
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


# --- CERT-M-1-32


def put_certificates(session: Session, first: bytes) -> None:
    """Five public objects in the order of the case: the label of a list of roots, then each root and its trust.

    The case says nothing of the second root.
    """
    session.create({Attr.CLASS: int(ObjectClass.DATA), Attr.TOKEN: True, Attr.PRIVATE: False, Attr.LABEL: ROOTS_LABEL})
    for encoded in (first, _root("Another root")):
        root = x509.load_der_x509_certificate(encoded)
        name, serial = root.issuer.public_bytes(), b"\2" + bytes([len(_big(root.serial_number))])
        common: dict[Any, Any] = {
            Attr.TOKEN: True,
            Attr.PRIVATE: False,
            Attr.LABEL: root.subject.rfc4514_string().encode(),
            Attr.ISSUER: name,
            Attr.SERIAL_NUMBER: serial + _big(root.serial_number),
        }
        certificate = {Attr.CERTIFICATE_TYPE: int(CertificateType.X_509), Attr.SUBJECT: name, Attr.VALUE: encoded}
        session.create(common | {Attr.CLASS: int(ObjectClass.CERTIFICATE), **certificate})
        trust = {
            Attr.HASH_OF_CERTIFICATE: root.fingerprint(hashes.SHA256()),
            Attr.NAME_HASH_ALGORITHM: int(Mechanism.SHA256),
            Attr.TRUST_SERVER_AUTH: int(Trust.TRUST_ANCHOR),
        }
        session.create(common | {Attr.CLASS: int(ObjectClass.TRUST), **trust})


def _root(name: str) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    begin = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    draft = x509.CertificateBuilder(subject, subject, key.public_key(), 0x1234, begin, begin.replace(year=2040))
    return draft.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)
