"""The Diffie-Hellman groups of RFC 7919, ffdhe2048 to ffdhe8192, from the formula that defines them (appendix A)."""

from typing import Final

GENERATOR: Final = b"\x02"
#: By bits of the prime, the least number that makes it a safe prime.
_FOUND: Final = {2048: 560316, 3072: 2625351, 4096: 5736041, 6144: 15705020, 8192: 10965728}


def prime(bits: int) -> bytes:
    """p = 2^b - 2^(b-64) + (floor(2^(b-130) e) + X) 2^64 - 1, big-endian."""
    number = (1 << bits) - (1 << (bits - 64)) + ((_e(bits - 130) + _FOUND[bits]) << 64) - 1
    return number.to_bytes(bits // 8, "big")


def _e(bits: int) -> int:
    """floor(2^bits e), by the series of 1/k!; 64 bits more keep the errors of its terms below the last one."""
    total, term, k = 0, 1 << (bits + 64), 0
    while term:
        total += term
        k += 1
        term //= k
    return total >> 64
