"""How the key of a backup is found again: by a passphrase, or by shares of it that several people keep.

An archive's header has an entry "lock": {"kind": "passphrase", ...} with Argon2id's salt and cost and the wrapped key,
or {"kind": "shares", ...} with how many there are and how many it takes. Neither tells anything of the key.
"""

import base64
import binascii
import hashlib
import time
from collections.abc import Iterable
from typing import Any, Final

from hsmith.crypto import primitives, shares
from hsmith.store.archive import Header, Unreadable
from hsmith.store.keyslots import Cost, calibrate

SHORTEST: Final = 12  # bytes of a passphrase
#: What trying one passphrase takes, on the machine that made the backup.
MILLISECONDS: Final = 1000
SHARE: Final = "HSMITH-SHARE"

_PURPOSE: Final = b"hsmith 1 backup"


def new_header(kind: str) -> Header:
    """The header of a backup of a "store" or of a "token", without its lock."""
    return {"kind": kind, "id": primitives.random_bytes(8).hex(), "made": int(time.time())}


def lock_by_passphrase(header: Header, passphrase: bytes) -> bytes:
    """Give the header a lock that the passphrase opens; the new key. ValueError: the passphrase is too short."""
    if len(passphrase) < SHORTEST:
        raise ValueError(f"A passphrase has at least {SHORTEST} characters: several words are best.")
    key, salt, cost = primitives.random_bytes(32), primitives.random_bytes(16), calibrate(MILLISECONDS)
    wrapped = primitives.seal(_stretched(passphrase, salt, cost), key, _context(header))
    numbers = {"memory_kib": cost.memory_kib, "iterations": cost.iterations, "lanes": cost.lanes}
    header["lock"] = {"kind": "passphrase", "salt": salt.hex(), "wrapped": wrapped.hex(), **numbers}
    return key


def lock_by_shares(header: Header, *, needed: int, made: int) -> tuple[bytes, list[str]]:
    """Give the header a lock that ``needed`` of ``made`` shares open; the new key and the shares, a line each."""
    key = primitives.random_bytes(32)
    split = shares.split(key, needed=needed, made=made)
    header["lock"] = {"kind": "shares", "needed": needed, "made": made, "check": _check(key, header)}
    return key, [_written(header, number, share) for number, share in enumerate(split, start=1)]


def by_passphrase(header: Header, passphrase: bytes) -> bytes:
    """The key. Unreadable: the passphrase is wrong, or the header was altered."""
    lock = _lock(header, "passphrase")
    try:
        cost = Cost(lock["memory_kib"], lock["iterations"], lock["lanes"])
        cost.check()
        salt, wrapped = bytes.fromhex(lock["salt"]), bytes.fromhex(lock["wrapped"])
        return primitives.unseal(_stretched(passphrase, salt, cost), wrapped, _context(header))
    except primitives.Tampered:
        raise Unreadable("the passphrase is wrong") from None
    except (KeyError, TypeError, ValueError):
        raise Unreadable("its beginning is damaged") from None


def by_shares(header: Header, lines: Iterable[str]) -> bytes:
    """The key. Unreadable: says what is wrong with the shares."""
    lock = _lock(header, "shares")
    found = dict(_read(header, line) for line in lines)
    if len(found) < lock["needed"]:
        raise Unreadable(f"it takes {lock['needed']} different shares, and there are {len(found)}")
    key = shares.combine(sorted(found.items())[: lock["needed"]])
    if _check(key, header) != lock["check"]:
        raise Unreadable("these shares do not give its key")
    return key


def kind(header: Header) -> str:
    """ "passphrase" or "shares". Unreadable."""
    lock = header.get("lock")
    if not isinstance(lock, dict) or lock.get("kind") not in ("passphrase", "shares"):
        raise Unreadable("it is locked in a way that this version of hsmith does not know")
    return str(lock["kind"])


def _lock(header: Header, wanted: str) -> dict[str, Any]:
    if kind(header) != wanted:
        raise Unreadable(f"it is locked by {'a passphrase' if kind(header) == 'passphrase' else 'shares'}")
    lock: dict[str, Any] = header["lock"]
    if wanted == "shares" and not (type(lock.get("needed")) is int and lock["needed"] >= 2 and "check" in lock):
        raise Unreadable("its beginning is damaged")
    return lock


def _stretched(passphrase: bytes, salt: bytes, cost: Cost) -> bytes:
    return primitives.argon2id(
        passphrase, salt, memory_kib=cost.memory_kib, iterations=cost.iterations, lanes=cost.lanes
    )


def _context(header: Header) -> bytes:
    return _PURPOSE + str(header.get("id")).encode()


def _check(key: bytes, header: Header) -> str:
    """What tells the right key from another, and nothing else of it."""
    return primitives.derive(key, _context(header) + b" check", 16).hex()


def _written(header: Header, number: int, share: bytes) -> str:
    """As people keep it: the backup's id, the share's number, the share, and a sum that finds a slip of the pen."""
    text = base64.b32encode(share + _sum(number, share)).decode().rstrip("=")
    return f"{SHARE}-{header['id']}-{number}-{text}"


def _read(header: Header, line: str) -> tuple[int, bytes]:
    try:
        id, number, text = line.strip().removeprefix(f"{SHARE}-").split("-")
        data = base64.b32decode(text + "=" * (-len(text) % 8))
        whole = int(number), data[:32]
    except (ValueError, binascii.Error):
        raise Unreadable(f"a share begins with {SHARE} and is one line: this is none") from None
    if id != header.get("id"):
        raise Unreadable(f"share {number} is of another backup")
    if data[32:] != _sum(*whole):
        raise Unreadable(f"share {number} has a mistake: compare it with what was written down")
    return whole


def _sum(number: int, share: bytes) -> bytes:
    return hashlib.sha256(bytes((number & 0xFF,)) + share).digest()[:4]
