"""What two keys have in common when they are the same key, whatever their type, encoding and class."""

from typing import Final

from hsmith.crypto.key import Attributes
from hsmith.spec.constants import Attr, KeyType, ObjectClass

#: The lowest bit of each byte of a DES key is its parity, which no cipher looks at.
_WITHOUT_PARITY: Final = bytes(byte & 0xFE for byte in range(256))
_COMPLEMENT: Final = bytes(byte ^ 0xFE for byte in range(256))
_DES_KEY: Final = 8  # bytes

#: What tells key pairs apart where CKA_PUBLIC_KEY_INFO, which both halves have, is missing.
_PARTS: Final = (Attr.EC_PARAMS, Attr.PRIME, Attr.BASE, Attr.PARAMETER_SET, Attr.EC_POINT, Attr.VALUE)


def of_value(value: bytes) -> bytes:
    """A secret value in the form that all its spellings share: without parity bits, without the second copy of the
    first third of a DES key, without zeros at the end, which HMAC adds and padding modes leave; and the same for its
    complement, under which DES gives the complement."""
    plain = value.translate(_WITHOUT_PARITY)
    if len(plain) == 3 * _DES_KEY and plain[:_DES_KEY] == plain[2 * _DES_KEY :]:
        plain = plain[: 2 * _DES_KEY]
    return min(plain.rstrip(b"\0"), plain.translate(_COMPLEMENT).rstrip(b"\0"))


def of(attributes: Attributes) -> tuple[bytes, bytes] | None:
    """(kind, identity) of a key: the same for both halves of a pair. None: not a key, or one without a value."""
    cls = attributes.get(Attr.CLASS)
    if cls in (ObjectClass.SECRET_KEY, ObjectClass.OTP_KEY):
        value = attributes.get(Attr.VALUE)
        return None if value is None else (b"secret", of_value(value))
    if cls not in (ObjectClass.PUBLIC_KEY, ObjectClass.PRIVATE_KEY):
        return None
    if attributes.get(Attr.KEY_TYPE) == KeyType.RSA:
        return b"RSA", attributes[Attr.MODULUS].lstrip(b"\0")
    info = attributes.get(Attr.PUBLIC_KEY_INFO)
    if info:
        return b"pair", bytes(info)
    parts = [attributes.get(part) for part in _PARTS]
    joined = [part.to_bytes(8, "big") if isinstance(part, int) else part or b"" for part in parts]
    return b"parts", b"".join([len(part).to_bytes(4, "big") + part for part in joined])
