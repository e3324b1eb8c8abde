"""Key material between its three forms: attributes, the library's keys, and encodings.

Big integer attributes (MODULUS, PRIME, an EC or DSA VALUE, ...) are big-endian bytes without leading zeros;
CKA_EC_POINT is a DER OCTET STRING; CKA_PUBLIC_KEY_INFO is a DER SubjectPublicKeyInfo.
"""

import hashlib
import os
from typing import Any, Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.ciphers import Cipher, modes

from hsmith.crypto import der
from hsmith.crypto.blocks import AES_CIPHER, BLOWFISH_CIPHER, CAMELLIA_CIPHER, DES3_CIPHER, SEED_CIPHER, BlockCipher
from hsmith.crypto.key import Attributes, Key
from hsmith.crypto.material.base import Material
from hsmith.crypto.material.ec import RawCurveMaterial, WeierstrassMaterial
from hsmith.crypto.material.finite import DhMaterial, DsaMaterial, X942Material
from hsmith.crypto.material.lattice import ML_DSA, ML_KEM, LatticeMaterial
from hsmith.crypto.material.otp import HotpMaterial
from hsmith.crypto.material.rsa import RsaMaterial
from hsmith.crypto.material.secret import LENGTHS, SecretMaterial, check_length
from hsmith.crypto.material.stateless import SlhMaterial
from hsmith.spec.constants import Attr, Fault, KeyType, ObjectClass
from hsmith.spec.faults import Refused
from hsmith.spec.mechanisms import SECRET_TYPES

__all__ = ["Key", "check_value", "complete", "decode", "encode", "implicitly", "load", "public_attributes"]

_PAIRS: Final[dict[int, Material]] = {
    KeyType.RSA: RsaMaterial(),
    KeyType.EC: WeierstrassMaterial(),
    KeyType.EC_EDWARDS: RawCurveMaterial(),
    KeyType.EC_MONTGOMERY: RawCurveMaterial(),
    KeyType.DSA: DsaMaterial(),
    KeyType.DH: DhMaterial(),
    KeyType.X9_42_DH: X942Material(),
    KeyType.ML_KEM: LatticeMaterial(ML_KEM),
    KeyType.ML_DSA: LatticeMaterial(ML_DSA),
    KeyType.SLH_DSA: SlhMaterial(),
}

#: Single DES is kept (stores of other HSMs have such keys), and can be wrapped; no mechanism uses it.
_SECRETS: Final[dict[int, Material]] = dict.fromkeys((*SECRET_TYPES, KeyType.DES), SecretMaterial())

_MATERIALS: Final[dict[int, dict[int, Material]]] = {
    ObjectClass.SECRET_KEY: _SECRETS,
    ObjectClass.OTP_KEY: {KeyType.HOTP: HotpMaterial()},
    ObjectClass.PRIVATE_KEY: _PAIRS,
    ObjectClass.PUBLIC_KEY: _PAIRS,
    ObjectClass.DOMAIN_PARAMETERS: {t: _PAIRS[t] for t in (KeyType.DSA, KeyType.DH, KeyType.X9_42_DH)},
}

#: The cipher behind CKA_CHECK_VALUE; other types take SHA-1 of the value.
_CHECK_CIPHERS: Final[dict[int, BlockCipher]] = {
    KeyType.AES: AES_CIPHER,
    KeyType.CAMELLIA: CAMELLIA_CIPHER,
    KeyType.DES: DES3_CIPHER,
    KeyType.DES2: DES3_CIPHER,
    KeyType.DES3: DES3_CIPHER,
    KeyType.SEED: SEED_CIPHER,
    KeyType.BLOWFISH: BLOWFISH_CIPHER,
}


def _material(cls: Any, key_type: Any) -> Material:
    material = _MATERIALS.get(cls, {}).get(key_type)
    if material is None:
        raise Refused(
            Fault.ATTRIBUTE_VALUE_INVALID, f"keys of type 0x{key_type:x} are not offered in this object class"
        )
    return material


def _of(attributes: Attributes) -> Material:
    try:
        return _material(attributes[Attr.CLASS], attributes[Attr.KEY_TYPE])
    except KeyError:
        raise Refused(Fault.TEMPLATE_INCOMPLETE, "a key needs CLASS and KEY_TYPE") from None


def load(attributes: Attributes) -> Key:
    """The key of a full attribute set (CLASS, KEY_TYPE, value attributes), ready for an engine.

    The set is taken to have passed complete() once. Refused: ATTRIBUTE_VALUE_INVALID, CURVE_NOT_SUPPORTED,
    DOMAIN_PARAMS_INVALID, TEMPLATE_INCOMPLETE.
    """
    return _of(attributes).load(attributes)


def complete(attributes: Attributes) -> dict[int, Any]:
    """Check key material that comes from outside, and give the attributes that follow from it.

    Given values in their normal form (no leading zeros, EC_POINT as DER), RSA's missing components, MODULUS_BITS,
    VALUE_LEN, VALUE_BITS, PRIME_BITS, and PUBLIC_KEY_INFO for both halves of a pair. Refused as load().
    """
    return _of(attributes).complete(attributes)


def check_value(attributes: Attributes) -> bytes:
    """CKA_CHECK_VALUE, 3 bytes: of a zero block encrypted in ECB for ciphers, of the value's SHA-1 for other keys."""
    value = attributes[Attr.VALUE]
    cipher = _CHECK_CIPHERS.get(attributes[Attr.KEY_TYPE])
    if cipher is None:
        return hashlib.sha1(value, usedforsecurity=False).digest()[:3]
    encryptor = Cipher(cipher.algorithm(value), modes.ECB()).encryptor()
    return encryptor.update(bytes(cipher.block))[:3]


def encode(attributes: Attributes) -> bytes:
    """What a wrapping mechanism wraps: a secret key's value, or a private key's PKCS #8 PrivateKeyInfo.

    Refused(KEY_NOT_WRAPPABLE) for other objects.
    """
    if attributes.get(Attr.CLASS) not in (ObjectClass.SECRET_KEY, ObjectClass.PRIVATE_KEY):
        raise Refused(Fault.KEY_NOT_WRAPPABLE, "only secret and private keys are wrapped")
    return _of(attributes).encode(attributes)


def implicitly(key_type: int, value: bytes) -> bytes:
    """A secret key that RSA with v1.5 padding gave, or a random one where no key of its type is so long.

    A wrong padding gives bytes of any length (Bleichenbacher 1998): that they are no AES key must not be told either.
    """
    lengths = LENGTHS.get(key_type)
    substitute = os.urandom(lengths[-1] if lengths else 16)
    possible = len(value) in lengths if lengths else bool(value)
    return value if possible else substitute


def decode(cls: int, key_type: int, encoded: bytes) -> dict[int, Any]:
    """The value attributes of an unwrapped key, the reverse of encode().

    Refused(WRAPPED_KEY_INVALID) for what is not a key of this class and type: one fault, whatever is wrong, because the
    bytes were decrypted and an attacker may have chosen them.
    """
    material = _material(cls, key_type)
    try:
        if cls == ObjectClass.SECRET_KEY:
            check_length(key_type, len(encoded))
            return {Attr.VALUE: bytes(encoded)}
        return material.decode(KeyType(key_type), _trimmed(encoded))
    except (ValueError, TypeError, UnsupportedAlgorithm, Refused):
        raise Refused(Fault.WRAPPED_KEY_INVALID, "what was unwrapped is not a key of the template's type") from None


def _trimmed(encoded: bytes) -> bytes:
    """Without the zeros that AES_KEY_WRAP pads a PrivateKeyInfo with ("ignores trailing zero bytes")."""
    found = der.read(encoded)
    if found is None or found[2].strip(b"\0") or len(found[2]) > 15:
        raise ValueError("not one PrivateKeyInfo")
    return encoded[: len(encoded) - len(found[2])]


def public_attributes(attributes: Attributes) -> dict[int, Any]:
    """The value attributes of the public half of a private key: {} where they cannot be computed."""
    return _of(attributes).public(attributes)
