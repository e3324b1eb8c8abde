"""Private keys as PKCS #8, for the tools that convert files: keys of a token never come here."""

from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)

from hsmith.crypto import keys
from hsmith.crypto.files.items import Item


def private_pem(item: Item, passphrase: bytes | None) -> bytes:
    """A private key that was read from a file, as PEM; encrypted if there is a passphrase."""
    how = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    native = load_der_private_key(keys.encode(item.attributes), None)
    return native.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how)
