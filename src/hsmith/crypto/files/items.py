"""What a file of keys has: the attributes of objects, made of the library's keys."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hsmith.crypto import der, keys
from hsmith.crypto.curves import CURVES, Curve
from hsmith.crypto.key import big
from hsmith.crypto.material.base import pkcs8
from hsmith.crypto.material.ec import encode_point
from hsmith.crypto.material.finite import dsa_public_attributes
from hsmith.spec.constants import Attr, CertificateType, KeyType, ObjectClass
from hsmith.spec.faults import Refused

#: Asked once for each file that is encrypted.
Passphrase = Callable[[], bytes]


class Unreadable(Exception):
    """The file has no key or certificate that is understood; str() says in words why."""


class WrongPassphrase(Unreadable):
    """The file is encrypted, and this is not its passphrase."""


@dataclass(frozen=True, slots=True)
class Item:
    """What a file has: ``attributes`` with CLASS, type and value. ``name``: what the file calls it, or empty."""

    attributes: dict[int, Any] = field(repr=False)
    name: str = ""

    @property
    def cls(self) -> int:
        value: int = self.attributes[Attr.CLASS]
        return value


#: Tried in this order: the first that knows a PrivateKeyInfo names its type.
_TYPES: Final = (
    KeyType.RSA, KeyType.EC, KeyType.EC_EDWARDS, KeyType.EC_MONTGOMERY, KeyType.DSA, KeyType.DH, KeyType.X9_42_DH,
    KeyType.ML_DSA, KeyType.ML_KEM, KeyType.SLH_DSA,
)  # fmt: skip


def private_item(key: Any, name: str = "") -> Item:
    """Unreadable: no type of key that is offered."""
    return _private_info(pkcs8(key), name)


def _private_info(encoded: bytes, name: str = "") -> Item:
    for key_type in _TYPES:
        try:
            value = keys.decode(ObjectClass.PRIVATE_KEY, key_type, encoded)
        except Refused:
            continue
        return Item({Attr.CLASS: int(ObjectClass.PRIVATE_KEY), Attr.KEY_TYPE: int(key_type), **value}, name)
    raise Unreadable("its private key is of a type, or over a curve, that hsmith does not offer")


def public_item(key: Any, name: str = "") -> Item:
    about: dict[int, Any] = {Attr.CLASS: int(ObjectClass.PUBLIC_KEY)}
    if isinstance(key, rsa.RSAPublicKey):
        numbers = key.public_numbers()
        about |= {Attr.KEY_TYPE: int(KeyType.RSA), Attr.MODULUS: big(numbers.n), Attr.PUBLIC_EXPONENT: big(numbers.e)}
        return Item(about, name)
    if isinstance(key, dsa.DSAPublicKey):
        return Item(about | {Attr.KEY_TYPE: int(KeyType.DSA)} | dsa_public_attributes(key), name)
    for curve in CURVES:
        if _is_over(key, curve):
            about |= {Attr.KEY_TYPE: int(curve.key_type), Attr.EC_PARAMS: curve.params}
            return Item(about | {Attr.EC_POINT: encode_point(key)}, name)
    raise Unreadable("its public key is of a type, or over a curve, that is not imported")


def _is_over(key: Any, curve: Curve) -> bool:
    if curve.public is not None:
        return isinstance(key, curve.public)
    return isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name == curve.library.name


def secret_item(key_type: KeyType, value: bytes, name: str = "") -> Item:
    return Item({Attr.CLASS: int(ObjectClass.SECRET_KEY), Attr.KEY_TYPE: int(key_type), Attr.VALUE: value}, name)


def certificate_item(certificate: x509.Certificate, name: str = "") -> Item:
    serial = der.integer(certificate.serial_number)
    attributes: dict[int, Any] = {
        Attr.CLASS: int(ObjectClass.CERTIFICATE),
        Attr.CERTIFICATE_TYPE: int(CertificateType.X_509),
        Attr.VALUE: certificate.public_bytes(Encoding.DER),
        Attr.SUBJECT: certificate.subject.public_bytes(),
        Attr.ISSUER: certificate.issuer.public_bytes(),
        Attr.SERIAL_NUMBER: serial,
    }
    return Item(attributes, name or certificate.subject.rfc4514_string())


def key_id(item: Item) -> bytes:
    """20 bytes: of a key pair and its certificate the same (RFC 5280 section 4.2.1.2, method 1); of others none."""
    if item.cls == ObjectClass.CERTIFICATE:
        public = x509.load_der_x509_certificate(item.attributes[Attr.VALUE]).public_key()
        info = bytes(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
    elif item.cls == ObjectClass.SECRET_KEY:
        return b""
    else:
        info = keys.complete(item.attributes).get(Attr.PUBLIC_KEY_INFO, b"")
    parts = der.items(der.unwrap(der.SEQUENCE, info) or b"")
    bits = parts[1][1][1:] if parts and len(parts) == 2 else info
    return hashlib.sha1(bits, usedforsecurity=False).digest() if bits else b""


def public_half(item: Item) -> Item | None:
    """The public key of a private one; None where it cannot be told."""
    public = keys.public_attributes(item.attributes)
    if not public:
        return None
    about: dict[int, Any] = {Attr.CLASS: int(ObjectClass.PUBLIC_KEY), Attr.KEY_TYPE: item.attributes[Attr.KEY_TYPE]}
    return Item({**about, **public}, item.name)
