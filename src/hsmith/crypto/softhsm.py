"""The cryptography of SoftHSM's stores, for reading them: PINs to keys, and attributes in clear.

SoftHSM 2 keeps one AES-256 key for each token, encrypted under the SO PIN and under the user PIN: 8 bytes of salt, 16
of IV, and AES-CBC (PKCS #7 padding) of "RJR" and the key. With it every byte string of a private object is encrypted:
IV and AES-CBC. SoftHSM 1 keeps objects in clear, and of a PIN the SHA-256 of the PIN written three times.
"""

import hashlib
import hmac
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.padding import PKCS7

_SALT: Final = 8
_BLOCK: Final = 16
_MAGIC: Final = b"RJR"
_KEY: Final = 32
_ITERATIONS: Final = 1500


def token_key(pin: bytes, blob: bytes) -> bytes | None:
    """The token's key, 32 bytes; None: the PIN is wrong, or the blob damaged."""
    if len(blob) < _SALT + 2 * _BLOCK:
        return None
    salt = blob[:_SALT]
    try:
        plain = decrypt(_derived(pin, salt), blob[_SALT:])
    except ValueError:
        return None
    key = plain[len(_MAGIC) :]
    return key if plain.startswith(_MAGIC) and len(key) == _KEY else None


def _derived(pin: bytes, salt: bytes) -> bytes:
    """ "Iterated and salted", as SoftHSM says; how often is in the last byte of the salt."""
    digest = hashlib.sha256(salt + pin).digest()
    for _ in range(_ITERATIONS + salt[-1] - 1):
        digest = hashlib.sha256(digest).digest()
    return digest


def decrypt(key: bytes, data: bytes) -> bytes:
    """A byte string of a private object. ValueError: it was not encrypted with this key."""
    if not data:
        return data
    if len(data) < 2 * _BLOCK or len(data) % _BLOCK:
        raise ValueError("no whole number of blocks")
    decryptor = Cipher(AES(key), modes.CBC(data[:_BLOCK])).decryptor()
    unpadder = PKCS7(8 * _BLOCK).unpadder()
    padded = decryptor.update(data[_BLOCK:]) + decryptor.finalize()
    return unpadder.update(padded) + unpadder.finalize()


def right_pin_of_version_1(pin: bytes, stored: bytes) -> bool:
    """``stored``: 64 hexadecimal digits."""
    digest = hashlib.sha256(pin * 3).hexdigest()
    return hmac.compare_digest(digest.encode(), stored.lower())
