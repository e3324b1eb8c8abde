"""How many bits of work stand between a key and whoever guesses it (SP 800-57 part 1, table 2)."""

from collections.abc import Mapping
from typing import Any, Final

from hsmith.spec.constants import Attr, KeyType, ObjectClass

#: Bits of a modulus or a prime from which on the strength is that.
_FACTORING: Final = ((15360, 256), (7680, 192), (3072, 128), (2048, 112), (1024, 80))
_DES: Final = {KeyType.DES: 56, KeyType.DES2: 80, KeyType.DES3: 112}
_BY_PRIME: Final = {
    KeyType.RSA: Attr.MODULUS,
    KeyType.DSA: Attr.PRIME,
    KeyType.DH: Attr.PRIME,
    KeyType.X9_42_DH: Attr.PRIME,
}


def strength(attributes: Mapping[int, Any], size: int) -> int:
    """Bits. ``size``: of the key as it was loaded, bytes for secret keys, bits for curves."""
    key_type = attributes[Attr.KEY_TYPE]
    if attributes[Attr.CLASS] == ObjectClass.SECRET_KEY:
        return _DES.get(key_type, 8 * size)
    measured = _BY_PRIME.get(key_type)
    if measured is not None:
        bits = int.from_bytes(attributes[measured], "big").bit_length()
        return next((found for least, found in _FACTORING if bits >= least), 0)
    return size // 2 if Attr.EC_PARAMS in attributes or Attr.EC_POINT in attributes else 128
