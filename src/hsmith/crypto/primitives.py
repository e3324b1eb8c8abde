"""What the store needs of cryptography: one AEAD, one MAC, one derivation, one password hash, random bytes."""

import contextlib
import hashlib
import hmac
import os
from collections import deque
from struct import Struct
from typing import Final

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_SIZE: Final = 32  # bytes: AES-256, HMAC-SHA-256
NONCE_SIZE: Final = 12  # bytes: 96 bits, SP 800-38D section 8.2.2
TAG_SIZE: Final = 16  # bytes

#: The length of a part, as it precedes it in framed().
length: Final = Struct(">Q").pack


class Tampered(Exception):
    """A sealed blob, its associated data or its key is not what it was when it was sealed."""


def random_bytes(length: int) -> bytes:
    """``length`` bytes from the system's generator."""
    return os.urandom(length)


def mix_random(seed: bytes) -> None:
    """Mix bytes into the system's generator; where it takes none, nothing is lost."""
    with contextlib.suppress(OSError), open("/dev/urandom", "wb", buffering=0) as generator:
        generator.write(seed)


def seal(key: bytes, data: bytes, aad: bytes) -> bytes:
    """AES-256-GCM: random nonce, ciphertext, tag. ``key`` is 32 bytes; ``aad`` is bound, not stored.

    A random 96-bit nonce permits 2^32 seals under one key (SP 800-38D section 8.3): derive a key for each purpose.
    """
    chance = nonce()
    return chance + _cipher(key).encrypt(chance, data, aad)


def unseal(key: bytes, blob: bytes, aad: bytes) -> bytes:
    """The data of a blob made by seal(); Tampered when anything differs or the blob is too short."""
    return _opened(_cipher(key), blob, aad)


def mac(key: bytes, *parts: bytes) -> bytes:
    """HMAC-SHA-256, 32 bytes, over the parts, each preceded by its length so that no two lists of parts collide."""
    message = framed(*parts)
    return hmac.digest(key, message, hashlib.sha256)


def framed(*parts: bytes) -> bytes:
    """What mac() is computed of."""
    if len(parts) == 2:  # by far the most frequent
        one, two = parts
        return length(len(one)) + one + length(len(two)) + two
    if len(parts) == 1:
        return length(len(parts[0])) + parts[0]
    return b"".join([length(len(part)) + part for part in parts])


class Aead:
    """seal() and unseal() under one key, which is made ready once. Thread-safe."""

    __slots__ = ("_cipher",)

    def __init__(self, key: bytes) -> None:
        self._cipher = _cipher(key)

    def __repr__(self) -> str:
        return "Aead()"

    def seal(self, data: bytes, aad: bytes) -> bytes:
        chance = nonce()
        return chance + self._cipher.encrypt(chance, data, aad)

    def unseal(self, blob: bytes, aad: bytes) -> bytes:
        """Tampered: as unseal() says."""
        return _opened(self._cipher, blob, aad)


class Mac:
    """mac() under one key, which is made ready once. Thread-safe."""

    __slots__ = ("_keyed",)

    def __init__(self, key: bytes) -> None:
        self._keyed = HMAC(key, SHA256())

    def __repr__(self) -> str:
        return "Mac()"

    def __call__(self, *parts: bytes) -> bytes:
        """As mac() says."""
        return self.whole(framed(*parts))

    def whole(self, message: bytes) -> bytes:
        """The same of parts that are framed()."""
        keyed = self._keyed.copy()
        keyed.update(message)
        return keyed.finalize()


def equal(left: bytes, right: bytes) -> bool:
    """Whether two secrets are equal, in a time that does not tell where they differ."""
    return hmac.compare_digest(left, right)


def signing_public(seed: bytes) -> bytes:
    """The Ed25519 public key (RFC 8032, 32 bytes) of a 32-byte seed."""
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def sign(seed: bytes, data: bytes) -> bytes:
    """An Ed25519 signature, 64 bytes."""
    return Ed25519PrivateKey.from_private_bytes(seed).sign(data)


def verify(public: bytes, signature: bytes, data: bytes) -> bool:
    """Whether this is the Ed25519 signature of ``data``."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, data)
    except (InvalidSignature, ValueError):
        return False
    return True


def derive(key: bytes, info: bytes, length: int = KEY_SIZE) -> bytes:
    """HKDF-SHA-256 (RFC 5869) without salt: an independent key for the purpose named by ``info``."""
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=info).derive(key)


def argon2id(secret: bytes, salt: bytes, *, memory_kib: int, iterations: int, lanes: int, length: int = 32) -> bytes:
    """Argon2id (RFC 9106), ``length`` bytes. ``salt``: at least 8 bytes; ``memory_kib``: at least 8 for each lane."""
    kdf = Argon2id(salt=salt, length=length, iterations=iterations, lanes=lanes, memory_cost=memory_kib)
    return kdf.derive(secret)


class _Fetched:
    """Numbers from the system's generator that are no secrets, fetched many at a time: each call to it lets other
    threads in between. Each is taken once: pop() is one step, and a child of fork() fetches its own."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._ready: deque[bytes] = deque()
        os.register_at_fork(after_in_child=self._ready.clear)

    def __call__(self) -> bytes:
        while True:
            try:
                return self._ready.pop()
            except IndexError:
                size, fetched = self._size, os.urandom(self._size * _FETCHED)
                self._ready.extend([fetched[at : at + size] for at in range(0, len(fetched), size)])


_FETCHED: Final = 64
nonce: Final = _Fetched(NONCE_SIZE)
_id: Final = _Fetched(16)
#: Both for one object.
nonce_and_id: Final = _Fetched(NONCE_SIZE + 16)


def unique_id() -> bytes:
    """A random UUID (RFC 9562 version 4), 36 ASCII characters."""
    number = int.from_bytes(_id(), "big") & ~(0xF << 76 | 0x3 << 62) | 0x4 << 76 | 0x2 << 62
    text = b"%032x" % number
    return b"-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def _cipher(key: bytes) -> AESGCM:
    if len(key) != KEY_SIZE:
        raise ValueError("a sealing key has 32 bytes")
    return AESGCM(key)


def _opened(cipher: AESGCM, blob: bytes, aad: bytes) -> bytes:
    if len(blob) < NONCE_SIZE + TAG_SIZE:
        raise Tampered("the sealed record is too short")
    try:
        return cipher.decrypt(blob[:NONCE_SIZE], blob[NONCE_SIZE:], aad)
    except InvalidTag:
        raise Tampered("the sealed record was changed, or belongs elsewhere") from None
