"""What must hold between the attributes of one object, class by class (section 4, the texts below the tables)."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, Final

from hsmith.core.templates.values import refuse
from hsmith.spec.constants import Attr, CertificateType, Fault, ObjectClass, Trust

Check = Callable[[Mapping[int, Any]], None]


def certificate_check_value(attrs: Mapping[int, Any]) -> bytes:
    """The first three bytes of the SHA-1 of the certificate; empty when only its URL is known."""
    value: bytes = attrs[Attr.VALUE]
    return hashlib.sha1(value, usedforsecurity=False).digest()[:3] if value else b""


def _certificate(attrs: Mapping[int, Any]) -> None:
    """Footnotes 1 to 4 of X.509 and WTLS certificates: the certificate, or where it is and how to know it."""
    if attrs[Attr.CERTIFICATE_TYPE] == CertificateType.X_509_ATTR_CERT:
        return
    if not attrs[Attr.VALUE] and not attrs[Attr.URL]:
        raise refuse(Fault.TEMPLATE_INCOMPLETE, Attr.VALUE, "is required unless CKA_URL says where the certificate is")
    if attrs[Attr.URL]:
        for hash_attr in (Attr.HASH_OF_SUBJECT_PUBLIC_KEY, Attr.HASH_OF_ISSUER_PUBLIC_KEY):
            if not attrs[hash_attr]:
                raise refuse(Fault.TEMPLATE_INCOMPLETE, hash_attr, "is required with CKA_URL")
    if attrs[Attr.CERTIFICATE_TYPE] == CertificateType.WTLS and attrs[Attr.VALUE] and not attrs[Attr.SUBJECT]:
        raise refuse(Fault.ATTRIBUTE_VALUE_INVALID, Attr.SUBJECT, "can only be empty if CKA_VALUE is empty")


def _trust(attrs: Mapping[int, Any]) -> None:
    """Footnote 2 of "Trust objects": who is trusted must be known by hash."""
    trusting = (Trust.TRUSTED, Trust.TRUST_ANCHOR, Trust.TRUST_MUST_VERIFY_TRUST)
    if (
        any(value in trusting for attr, value in attrs.items() if attr in _TRUSTS)
        and not attrs[Attr.HASH_OF_CERTIFICATE]
    ):
        raise refuse(Fault.TEMPLATE_INCOMPLETE, Attr.HASH_OF_CERTIFICATE, "is required when something is trusted")


def _private_key(attrs: Mapping[int, Any]) -> None:
    if attrs[Attr.ALWAYS_AUTHENTICATE] and not attrs[Attr.PRIVATE]:
        raise refuse(Fault.TEMPLATE_INCONSISTENT, Attr.ALWAYS_AUTHENTICATE, "needs CKA_PRIVATE to be CK_TRUE")


_TRUSTS: Final = frozenset(attr for attr in Attr if attr.name.startswith("TRUST_"))

#: By class. Each raises Refused, or lets the object pass.
CHECKS: Final[dict[int, tuple[Check, ...]]] = {
    ObjectClass.CERTIFICATE: (_certificate,),
    ObjectClass.TRUST: (_trust,),
    ObjectClass.PRIVATE_KEY: (_private_key,),
}
