"""A key split into shares, M of which give it back and fewer tell nothing (Shamir's scheme, over GF(2^128))."""

from collections.abc import Sequence
from typing import Any, Final

from hsmith.crypto.later import Later

SECRET_SHARING: Final[Any] = Later("Crypto.Protocol.SecretSharing")


_BLOCK: Final = 16  # bytes that the library splits at once
MOST: Final = 255


def split(key: bytes, *, needed: int, made: int) -> list[bytes]:
    """``made`` shares of a 32-byte key, each as long as it; share n is the n-th, from 1. ``needed`` give it back."""
    if not 2 <= needed <= made <= MOST:
        raise ValueError(f"of 2 to {MOST} shares, 2 or more must be needed and no more than are made")
    halves = [SECRET_SHARING.Shamir.split(needed, made, half) for half in (key[:_BLOCK], key[_BLOCK:])]
    return [left + right for (_, left), (_, right) in zip(*halves, strict=True)]


def combine(shares: Sequence[tuple[int, bytes]]) -> bytes:
    """The key of (n, share) pairs, each with another n; a wrong key where a share is wrong or one too few."""
    left = SECRET_SHARING.Shamir.combine([(number, share[:_BLOCK]) for number, share in shares])
    right = SECRET_SHARING.Shamir.combine([(number, share[_BLOCK:]) for number, share in shares])
    return bytes(left + right)
