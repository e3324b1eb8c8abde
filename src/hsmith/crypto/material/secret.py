"""Secret keys: a value of bytes."""

from typing import Any, Final

from hsmith.crypto.key import Attributes, Key, invalid, need
from hsmith.crypto.material.base import Material
from hsmith.spec.constants import Attr, KeyType, ObjectClass

#: Lengths in bytes that a value may have; types that are not listed have values of any length.
LENGTHS: Final[dict[int, tuple[int, ...]]] = {
    KeyType.AES: (16, 24, 32),
    KeyType.CAMELLIA: (16, 24, 32),
    KeyType.CHACHA20: (32,),
    KeyType.SALSA20: (32,),
    KeyType.POLY1305: (32,),
    KeyType.AES_XTS: (32, 64),
    KeyType.SEED: (16,),
    KeyType.TWOFISH: (16, 24, 32),
    KeyType.CAST5: tuple(range(5, 17)),
    KeyType.IDEA: (16,),
    KeyType.RC2: tuple(range(5, 129)),
    KeyType.RC4: tuple(range(5, 257)),
    KeyType.BLOWFISH: tuple(range(4, 57)),
    KeyType.DES: (8,),
    KeyType.DES2: (16,),
    KeyType.DES3: (24,),
}

#: Types whose length is in the type: they have no CKA_VALUE_LEN.
FIXED: Final = frozenset({KeyType.DES, KeyType.DES2, KeyType.DES3, KeyType.SEED, KeyType.IDEA})

MAXIMUM: Final = 16384  # bytes of a value; more is no key
#: Bytes that keys of a type have at least; others one.
LEAST: Final = {KeyType.HOTP: 16}  # RFC 4226, section 4, R6


def check_length(key_type: int, length: int) -> None:
    lengths = LENGTHS.get(key_type)
    if lengths is not None and length not in lengths:
        wanted = " or ".join(map(str, lengths)) if len(lengths) < 4 else f"{lengths[0]} to {lengths[-1]}"
        raise invalid(f"a value of {length} bytes: a {KeyType(key_type).name} key has {wanted}")
    least = LEAST.get(KeyType(key_type), 1)
    if not least <= length <= MAXIMUM:
        raise invalid(f"a value of {length} bytes: such a key has {least} to {MAXIMUM}")


class SecretMaterial(Material):
    """CKK_AES, CKK_GENERIC_SECRET and every other type whose only value attribute is CKA_VALUE."""

    def load(self, attributes: Attributes) -> Key:
        value = bytes(need(attributes, Attr.VALUE))
        key_type = KeyType(attributes[Attr.KEY_TYPE])
        check_length(key_type, len(value))
        return Key(ObjectClass.SECRET_KEY, key_type, len(value), value)

    def complete(self, attributes: Attributes) -> dict[int, Any]:
        value = need(attributes, Attr.VALUE)
        key_type = attributes[Attr.KEY_TYPE]
        check_length(key_type, len(value))
        return {} if key_type in FIXED else {Attr.VALUE_LEN: len(value)}

    def encode(self, attributes: Attributes) -> bytes:
        return bytes(need(attributes, Attr.VALUE))
