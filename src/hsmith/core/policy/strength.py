"""How many bits of work stand between a key and whoever guesses it (SP 800-57 part 1, table 2)."""

from collections.abc import Mapping
from typing import Any, Final

from hsmith.spec.constants import Attr, KeyType, ObjectClass

#: A key that begins another, and the rest of it a few bytes: whoever may join or XOR data finds that rest by trying, as
#: two objects are seen to have one value. So what a caller cuts is cut in steps that are too long to be tried.
STEP: Final = 8
#: Lengths, in bytes, that whole digests and agreements have though they are no multiple of that.
WHOLE: Final = frozenset({20, 28, 36, 52, 66})

#: Bits of a modulus or a prime from which on the strength is that.
_FACTORING: Final = ((15360, 256), (7680, 192), (3072, 128), (2048, 112), (1024, 80))
_DES: Final = {KeyType.DES: 56, KeyType.DES2: 80, KeyType.DES3: 112}
_BY_PRIME: Final = {
    KeyType.RSA: Attr.MODULUS,
    KeyType.DSA: Attr.PRIME,
    KeyType.DH: Attr.PRIME,
    KeyType.X9_42_DH: Attr.PRIME,
}


def in_steps(length: int) -> bool:
    """Whether a value of this length, in bytes, may have been cut from one that is not to be known."""
    return length % STEP == 0 or length in WHOLE


def strength(attributes: Mapping[int, Any], size: int) -> int:
    """Bits. ``size``: of the key as it was loaded, bytes for secret keys, bits for curves."""
    key_type = attributes[Attr.KEY_TYPE]
    if attributes[Attr.CLASS] in (ObjectClass.SECRET_KEY, ObjectClass.OTP_KEY):
        return _DES.get(key_type, 8 * size)
    measured = _BY_PRIME.get(key_type)
    if measured is not None:
        bits = int.from_bytes(attributes[measured], "big").bit_length()
        return next((found for least, found in _FACTORING if bits >= least), 0)
    return size // 2 if Attr.EC_PARAMS in attributes or Attr.EC_POINT in attributes else 128
