"""What hsmith.crypto.keys asks of one family of key types."""

from abc import ABC, abstractmethod
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from hsmith.crypto.key import Attributes, Key
from hsmith.spec.constants import Attr, KeyType, ObjectClass


class Material(ABC):
    """One family of key types. Methods raise Refused as hsmith.crypto.keys documents."""

    @abstractmethod
    def load(self, attributes: Attributes) -> Key: ...

    @abstractmethod
    def complete(self, attributes: Attributes) -> dict[int, Any]: ...

    @abstractmethod
    def encode(self, attributes: Attributes) -> bytes: ...

    def decode(self, key_type: KeyType, encoded: bytes) -> dict[int, Any]:
        """A private key's value attributes from its PrivateKeyInfo; ValueError when it is not one of this type."""
        raise ValueError("this type of key has no PrivateKeyInfo")

    def public(self, attributes: Attributes) -> dict[int, Any]:
        """The value attributes of the public half of a private key."""
        return {}


def class_of(attributes: Attributes) -> ObjectClass:
    return ObjectClass(attributes[Attr.CLASS])


def spki(public_key: Any) -> bytes:
    """DER SubjectPublicKeyInfo: CKA_PUBLIC_KEY_INFO."""
    return bytes(public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def pkcs8(private_key: Any) -> bytes:
    """DER PrivateKeyInfo (section "Wrapping/unwrapping private keys")."""
    return bytes(private_key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))
