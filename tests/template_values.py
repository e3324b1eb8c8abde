"""Templates that the tests of hsmith.core.templates begin with."""

from collections.abc import Mapping
from typing import Any

from hsmith.spec.constants import Attr, CertificateType, KeyType, ObjectClass
from hsmith.spec.values import Template

AES_VALUE = bytes(range(16))
#: id-prime256v1 and a private value on it.
P256 = bytes.fromhex("06082a8648ce3d030107")

DATA: dict[int, Any] = {Attr.CLASS: int(ObjectClass.DATA), Attr.LABEL: b"note", Attr.VALUE: b"text"}
AES: dict[int, Any] = {Attr.CLASS: int(ObjectClass.SECRET_KEY), Attr.KEY_TYPE: int(KeyType.AES), Attr.VALUE: AES_VALUE}
DES3: dict[int, Any] = {
    Attr.CLASS: int(ObjectClass.SECRET_KEY),
    Attr.KEY_TYPE: int(KeyType.DES3),
    Attr.VALUE: bytes.fromhex("0123456789abcdef23456789abcdef01456789abcdef0123"),
}
EC_PRIVATE: dict[int, Any] = {
    Attr.CLASS: int(ObjectClass.PRIVATE_KEY),
    Attr.KEY_TYPE: int(KeyType.EC),
    Attr.EC_PARAMS: P256,
    Attr.VALUE: bytes(31) + b"\5",
}
X509: dict[int, Any] = {
    Attr.CLASS: int(ObjectClass.CERTIFICATE),
    Attr.CERTIFICATE_TYPE: int(CertificateType.X_509),
    Attr.SUBJECT: b"0\0",
    Attr.VALUE: b"certificate",
}
TRUST: dict[int, Any] = {Attr.CLASS: int(ObjectClass.TRUST), Attr.ISSUER: b"0\0", Attr.SERIAL_NUMBER: b"\2\1\1"}


def template(attrs: Mapping[Any, Any], *more: tuple[Attr, Any], **changed: Any) -> Template:
    """``attrs`` as a template, ``changed`` by name (None leaves an attribute out), ``more`` last, even duplicates."""
    whole = {int(attr): value for attr, value in attrs.items()} | {int(Attr[n]): v for n, v in changed.items()}
    return tuple((attr, value) for attr, value in whole.items() if value is not None) + tuple(more)
