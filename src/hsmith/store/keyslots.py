"""Keyslots: a token's master key, wrapped under a PIN.

PIN -> Argon2id -> combined with the store secret by HKDF -> AES-256-GCM. A thief of the database alone cannot even try
PINs, and changing a PIN rewrites one keyslot. A MAC under the store secret covers the whole blob, so that a damaged
keyslot is told apart from a wrong PIN, and no cost is believed that hsmith has not written.
"""

import time
from dataclasses import dataclass
from functools import cache
from struct import Struct
from struct import error as StructError
from typing import Final

from hsmith.crypto import primitives
from hsmith.store.sealing import KEY_SIZE, Damaged

_VERSION: Final = 1
_KDF: Final = b"argon2id"
_SALT_SIZE: Final = 16
_MAC_SIZE: Final = 16
#: Version, KDF's name, salt, then the cost: memory in KiB, iterations, lanes.
_HEADER = Struct(f"<B8s{_SALT_SIZE}sIHB")


class WrongPin(Exception):
    """The PIN does not open this keyslot."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one try of a PIN costs: Argon2id's memory in KiB, iterations and lanes (RFC 9106 section 3.1)."""

    memory_kib: int = 64 * 1024
    iterations: int = 1
    lanes: int = 1

    def check(self) -> None:
        """ValueError: a cost that is impossible, or beyond what any keeper should pay (1 GiB, 16 GiB passed over)."""
        if not (1 <= self.lanes <= 16 and 8 * self.lanes <= self.memory_kib <= 1 << 20):
            raise ValueError("the keyslot's memory or lanes are out of bounds")
        if not (self.iterations >= 1 and self.iterations * self.memory_kib <= 1 << 24):
            raise ValueError("the keyslot's iterations are out of bounds")


@cache
def calibrate(target_ms: int = 150) -> Cost:
    """The cost nearest to ``target_ms`` for one try on this machine: 64 MiB always, iterations as time permits.

    Measured once in a process.
    """
    start = time.perf_counter()
    _stretch(b"calibrate", bytes(_SALT_SIZE), Cost())
    one = time.perf_counter() - start
    return Cost(iterations=min(64, max(1, round(target_ms / 1000 / one))))


def make(pin: bytes, master: bytes, *, secret: bytes, token: int, name: str, cost: Cost) -> bytes:
    """The keyslot ``name`` of ``token``: ``master`` (32 bytes) under ``pin`` and the store ``secret``."""
    cost.check()
    if len(master) != KEY_SIZE:
        raise ValueError(f"a master key has {KEY_SIZE} bytes")
    salt = primitives.random_bytes(_SALT_SIZE)
    header = _HEADER.pack(_VERSION, _KDF, salt, cost.memory_kib, cost.iterations, cost.lanes)
    context = _context(token, name) + header
    body = header + primitives.seal(_wrapping_key(pin, secret, salt=salt, cost=cost), master, context)
    return body + _mac(secret, token, name, body)


def open(pin: bytes, blob: bytes, *, secret: bytes, token: int, name: str) -> bytes:
    """The master key. WrongPin. Damaged: the keyslot was altered, or is another's; the PIN was not tried."""
    header, salt, cost = _read(blob, secret=secret, token=token, name=name)
    key = _wrapping_key(pin, secret, salt=salt, cost=cost)
    try:
        return primitives.unseal(key, blob[len(header) : -_MAC_SIZE], _context(token, name) + header)
    except primitives.Tampered:
        raise WrongPin("the PIN is wrong") from None


def check(blob: bytes, *, secret: bytes, token: int, name: str) -> None:
    """Damaged: the keyslot was altered, or is another's. No PIN is tried."""
    _read(blob, secret=secret, token=token, name=name)


def _read(blob: bytes, *, secret: bytes, token: int, name: str) -> tuple[bytes, bytes, Cost]:
    """The header, the salt and the cost, all checked before anything is computed with them."""
    title = f"keyslot {name!r} of token {token}"
    body, mac = blob[:-_MAC_SIZE], blob[-_MAC_SIZE:]
    if not primitives.equal(mac, _mac(secret, token, name, body)):
        raise Damaged(f"{title} is damaged or was altered")
    try:
        version, kdf, salt, memory_kib, iterations, lanes = _HEADER.unpack_from(body)
        cost = Cost(memory_kib, iterations, lanes)
        cost.check()
    except (StructError, ValueError):
        raise Damaged(f"{title} has a cost that is out of bounds") from None
    if (version, kdf) != (_VERSION, _KDF):
        raise Damaged(f"{title} is in an unknown format: it was made by a newer version of hsmith")
    return body[: _HEADER.size], salt, cost


def _wrapping_key(pin: bytes, secret: bytes, *, salt: bytes, cost: Cost) -> bytes:
    return primitives.derive(secret + _stretch(pin, salt, cost), b"hsmith 1 keyslot wrap")


def _stretch(pin: bytes, salt: bytes, cost: Cost) -> bytes:
    return primitives.argon2id(
        pin, salt, memory_kib=cost.memory_kib, iterations=cost.iterations, lanes=cost.lanes, length=KEY_SIZE
    )


def _mac(secret: bytes, token: int, name: str, body: bytes) -> bytes:
    if len(secret) != KEY_SIZE:
        raise ValueError(f"the store secret has {KEY_SIZE} bytes")
    return primitives.mac(primitives.derive(secret, b"hsmith 1 keyslot mac"), _context(token, name), body)[:_MAC_SIZE]


def _context(token: int, name: str) -> bytes:
    return token.to_bytes(8, "little") + name.encode() + b"\0"
