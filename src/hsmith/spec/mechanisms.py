"""The mechanisms that hsmith offers, one row each.

From a row come C_GetMechanismList and C_GetMechanismInfo, every check before an operation, the codec of the
parameter (in the module and in the keeper), the page of the manual and the choice of test vectors.
"""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final

from hsmith.spec import params as p
from hsmith.spec.constants import KeyType, Mechanism, MechanismFlag, ObjectClass


class Grade(Enum):
    """How far a mechanism may be trusted today; the strict profile offers MODERN alone."""

    MODERN = auto()
    LEGACY = auto()
    BROKEN = auto()


@dataclass(frozen=True, slots=True)
class MechanismRow:
    """One mechanism.

    ``key_types``: types of the key that it uses or makes (empty: none, a digest). ``minimum``/``maximum``: key size in the unit that
    the standard gives for this mechanism (bits for RSA, EC, DSA, DH; bytes for secret keys; 0 where it has no meaning).
    ``params``: the parameter classes it takes: None (no parameter), bytes, int (a CK_ULONG), or classes of hsmith.spec.params.
    ``multi_part``: whether C_*Update works (table "Mechanisms vs. functions": single-part only when False).
    ``wraps``: the classes of keys that it wraps and unwraps, where it does.
    ``slow``: takes so long that an asynchronous session answers CKR_PENDING and does it meanwhile (section 5.22).
    """

    mechanism: Mechanism
    flags: MechanismFlag
    key_types: tuple[KeyType, ...] = ()
    minimum: int = 0
    maximum: int = 0
    params: tuple[Any, ...] = (None,)
    multi_part: bool = True
    grade: Grade = Grade.MODERN
    wraps: tuple[ObjectClass, ...] = (ObjectClass.SECRET_KEY, ObjectClass.PRIVATE_KEY)
    slow: bool = False


_F: Final = MechanismFlag
_CRYPT: Final = _F.ENCRYPT | _F.DECRYPT
_WRAP: Final = _F.WRAP | _F.UNWRAP
_SIGN: Final = _F.SIGN | _F.VERIFY
_RECOVER: Final = _F.SIGN_RECOVER | _F.VERIFY_RECOVER
_EC: Final = _F.EC_F_P | _F.EC_OID | _F.EC_CURVENAME | _F.EC_UNCOMPRESS

_MESSAGES: Final = _F.MESSAGE_ENCRYPT | _F.MESSAGE_DECRYPT | _F.MULTI_MESSAGE

_SECRET_ONLY: Final = (ObjectClass.SECRET_KEY,)
_ROWS: Final[list[MechanismRow]] = []

SECRET_MAXIMUM: Final = 16384  # bytes of a generic secret


def _add(name: str, flags: MechanismFlag, *key_types: KeyType, sizes: tuple[int, int] = (0, 0), **more: Any) -> None:
    flags |= _signed_messages(flags, multi_part=more.get("multi_part", True))
    _ROWS.append(MechanismRow(Mechanism[name], flags, key_types, *sizes, **more))


def _signed_messages(flags: MechanismFlag, *, multi_part: bool) -> MechanismFlag:
    """What signs data signs messages too (section "Message-based signing and MACing functions")."""
    found = _F.MESSAGE_SIGN if flags & _F.SIGN else _F(0)
    found |= _F.MESSAGE_VERIFY if flags & _F.VERIFY else _F(0)
    return found | _F.MULTI_MESSAGE if found and multi_part else found


# --- Hash functions, and the families that have one mechanism for each.

#: As signatures, HMAC_ types and derivations spell them; whether the grade is less than modern.
_WEAK: Final = {"MD5": Grade.BROKEN, "SHA1": Grade.LEGACY}
_SIGNING: Final = ("SHA1", "SHA224", "SHA256", "SHA384", "SHA512", "SHA3_224", "SHA3_256", "SHA3_384", "SHA3_512")
_DIGESTS: Final = ("MD5", *_SIGNING, "SHA512_224", "SHA512_256")
_SECRETS: Final = (
    KeyType.GENERIC_SECRET, KeyType.AES, KeyType.DES2, KeyType.DES3, KeyType.CAMELLIA, KeyType.CHACHA20, KeyType.HKDF,
    KeyType.MD5_HMAC, KeyType.SHA_1_HMAC, KeyType.SHA224_HMAC, KeyType.SHA256_HMAC, KeyType.SHA384_HMAC,
    KeyType.SHA512_HMAC, KeyType.SHA512_224_HMAC, KeyType.SHA512_256_HMAC, KeyType.SHA3_224_HMAC, KeyType.SHA3_256_HMAC,
    KeyType.SHA3_384_HMAC, KeyType.SHA3_512_HMAC,
)  # fmt: skip


def _digest_name(name: str) -> str:
    """The digests, HMACs and their keys spell SHA-1 with an underscore."""
    return "SHA_1" if name == "SHA1" else name


def _hash_families() -> None:
    any_size: dict[str, Any] = {"sizes": (1, SECRET_MAXIMUM)}
    for name in _DIGESTS:
        spelt, grade = _digest_name(name), _WEAK.get(name, Grade.MODERN)
        hmac_key = KeyType[f"{spelt}_HMAC"]
        _add(spelt, _F.DIGEST, grade=grade)
        _add(f"{spelt}_HMAC", _SIGN, KeyType.GENERIC_SECRET, hmac_key, grade=grade, **any_size)
        _add(f"{spelt}_HMAC_GENERAL", _SIGN, KeyType.GENERIC_SECRET, hmac_key, grade=grade, params=(int,), **any_size)
        _add(f"{name}_KEY_DERIVATION", _F.DERIVE, *_SECRETS, grade=grade, **any_size)
        if name != "MD5":
            _add(f"{spelt}_KEY_GEN", _F.GENERATE, hmac_key, grade=grade, **any_size)


# --- RSA (section 6.1)


def _rsa() -> None:
    rsa: dict[str, Any] = {"sizes": (1024, 8192)}
    _add("RSA_PKCS_KEY_PAIR_GEN", _F.GENERATE_KEY_PAIR, KeyType.RSA, slow=True, **rsa)
    whole: dict[str, Any] = {"multi_part": False, "wraps": _SECRET_ONLY, **rsa}
    _add("RSA_PKCS", _CRYPT | _SIGN | _RECOVER | _WRAP, KeyType.RSA, grade=Grade.LEGACY, **whole)
    _add("RSA_X_509", _CRYPT | _SIGN | _RECOVER | _WRAP, KeyType.RSA, grade=Grade.LEGACY, **whole)
    _add("RSA_PKCS_OAEP", _CRYPT | _WRAP, KeyType.RSA, params=(p.RsaPkcsOaepParams,), **whole)
    _add("RSA_PKCS_PSS", _SIGN, KeyType.RSA, params=(p.RsaPkcsPssParams,), multi_part=False, **rsa)
    _add("RSA_AES_KEY_WRAP", _WRAP, KeyType.RSA, params=(p.RsaAesKeyWrapParams,), multi_part=False, **rsa)
    # Public keys, and they alone, may be as short as those of old certificates, which must still be verified.
    old: dict[str, Any] = {"sizes": (512, 8192)}
    _add("MD5_RSA_PKCS", _SIGN, KeyType.RSA, grade=Grade.BROKEN, **old)
    for name in _SIGNING:
        grade = _WEAK.get(name, Grade.MODERN)
        _add(f"{name}_RSA_PKCS", _SIGN, KeyType.RSA, grade=grade, **old)
        _add(f"{name}_RSA_PKCS_PSS", _SIGN, KeyType.RSA, params=(p.RsaPkcsPssParams,), grade=grade, **old)


# --- Elliptic curves (section 6.3)


def _elliptic_curves() -> None:
    curves: dict[str, Any] = {"sizes": (192, 521)}
    raw: dict[str, Any] = {"sizes": (255, 448)}
    pair = _F.GENERATE_KEY_PAIR | _EC
    _add("EC_KEY_PAIR_GEN", pair, KeyType.EC, **curves)
    _add("EC_EDWARDS_KEY_PAIR_GEN", pair, KeyType.EC_EDWARDS, **raw)
    _add("EC_MONTGOMERY_KEY_PAIR_GEN", pair, KeyType.EC_MONTGOMERY, **raw)
    _add("ECDSA", _SIGN | _EC, KeyType.EC, multi_part=False, **curves)
    for name in _SIGNING:
        _add(f"ECDSA_{name}", _SIGN | _EC, KeyType.EC, grade=_WEAK.get(name, Grade.MODERN), **curves)
    # GnuTLS 3.7 passes CKM_EDDSA to C_GenerateKeyPair.
    _add("EDDSA", _SIGN | pair, KeyType.EC_EDWARDS, params=(None, p.EddsaParams), **raw)
    agreement: dict[str, Any] = {"params": (p.Ecdh1DeriveParams,), **curves}
    _add("ECDH1_DERIVE", _F.DERIVE | _EC, KeyType.EC, KeyType.EC_MONTGOMERY, **agreement)
    _add("ECDH1_COFACTOR_DERIVE", _F.DERIVE | _EC, KeyType.EC, **agreement)


# --- AES (sections "AES", "Additional AES Mechanisms", "AES Key Wrap")


def _aes() -> None:
    aes: dict[str, Any] = {"sizes": (16, 32)}
    both = _CRYPT | _WRAP
    _add("AES_KEY_GEN", _F.GENERATE, KeyType.AES, **aes)
    _add("AES_ECB", both, KeyType.AES, grade=Grade.LEGACY, wraps=_SECRET_ONLY, **aes)
    _add("AES_CBC", both, KeyType.AES, params=(bytes,), wraps=_SECRET_ONLY, **aes)
    _add("AES_CBC_PAD", both, KeyType.AES, params=(bytes,), **aes)
    _add("AES_CTR", both, KeyType.AES, params=(p.AesCtrParams,), wraps=_SECRET_ONLY, **aes)
    _add("AES_GCM", both | _MESSAGES, KeyType.AES, params=(p.GcmParams, p.GcmWrapParams, p.GcmMessageParams), **aes)
    _add("AES_CCM", both | _MESSAGES, KeyType.AES, params=(p.CcmParams, p.CcmWrapParams, p.CcmMessageParams), **aes)
    _add("AES_CMAC", _SIGN, KeyType.AES, **aes)
    _add("AES_CMAC_GENERAL", _SIGN, KeyType.AES, params=(int,), **aes)
    for name in ("AES_KEY_WRAP", "AES_KEY_WRAP_PAD", "AES_KEY_WRAP_KWP", "AES_KEY_WRAP_PKCS7"):
        _add(name, both, KeyType.AES, params=(None, bytes), multi_part=False, **aes)
    legacy: dict[str, Any] = {"grade": Grade.LEGACY, **aes}
    _add("AES_ECB_ENCRYPT_DATA", _F.DERIVE, KeyType.AES, params=(p.KeyDerivationStringData,), **legacy)
    _add("AES_CBC_ENCRYPT_DATA", _F.DERIVE, KeyType.AES, params=(p.AesCbcEncryptDataParams,), **legacy)


# --- Secrets and derivation (sections "Generic secret key", "Miscellaneous simple key derivation", "HKDF", "PKCS #5")


def _secrets() -> None:
    any_size: dict[str, Any] = {"sizes": (1, SECRET_MAXIMUM)}
    _add("GENERIC_SECRET_KEY_GEN", _F.GENERATE, KeyType.GENERIC_SECRET, sizes=(8, 8 * SECRET_MAXIMUM))  # bits, here
    _add("HKDF_KEY_GEN", _F.GENERATE, KeyType.HKDF, **any_size)
    for name in ("HKDF_DERIVE", "HKDF_DATA"):
        _add(name, _F.DERIVE, KeyType.HKDF, KeyType.GENERIC_SECRET, params=(p.HkdfParams,), **any_size)
    _add("PKCS5_PBKD2", _F.GENERATE, *_SECRETS, params=(p.Pkcs5Pbkd2Params2,), slow=True)
    simple: dict[str, Any] = {"grade": Grade.LEGACY, **any_size}
    for name in ("CONCATENATE_BASE_AND_DATA", "CONCATENATE_DATA_AND_BASE", "XOR_BASE_AND_DATA"):
        _add(name, _F.DERIVE, *_SECRETS, params=(p.KeyDerivationStringData,), **simple)
    for name in ("CONCATENATE_BASE_AND_KEY", "EXTRACT_KEY_FROM_KEY"):
        _add(name, _F.DERIVE, *_SECRETS, params=(int,), **simple)


# --- What the libraries still have of the past: triple DES, DSA, Diffie-Hellman over finite fields


def _past() -> None:
    legacy: dict[str, Any] = {"grade": Grade.LEGACY}
    des = (KeyType.DES2, KeyType.DES3)
    both = _CRYPT | _WRAP
    _add("DES2_KEY_GEN", _F.GENERATE, KeyType.DES2, **legacy)
    _add("DES3_KEY_GEN", _F.GENERATE, KeyType.DES3, **legacy)
    _add("DES3_ECB", both, *des, wraps=_SECRET_ONLY, **legacy)
    _add("DES3_CBC", both, *des, params=(bytes,), wraps=_SECRET_ONLY, **legacy)
    _add("DES3_CBC_PAD", both, *des, params=(bytes,), **legacy)
    _add("DES3_CMAC", _SIGN, *des, **legacy)
    _add("DES3_CMAC_GENERAL", _SIGN, *des, params=(int,), **legacy)
    _add("DES3_ECB_ENCRYPT_DATA", _F.DERIVE, *des, params=(p.KeyDerivationStringData,), **legacy)
    _add("DES3_CBC_ENCRYPT_DATA", _F.DERIVE, *des, params=(p.DesCbcEncryptDataParams,), **legacy)
    _add("DSA_PARAMETER_GEN", _F.GENERATE, KeyType.DSA, sizes=(1024, 3072), slow=True, **legacy)
    _add("DSA_KEY_PAIR_GEN", _F.GENERATE_KEY_PAIR, KeyType.DSA, sizes=(1024, 4096), **legacy)
    _add("DSA", _SIGN, KeyType.DSA, sizes=(1024, 4096), multi_part=False, **legacy)
    for name in _SIGNING:
        _add(f"DSA_{name}", _SIGN, KeyType.DSA, sizes=(1024, 4096), **legacy)
    _add("DH_PKCS_PARAMETER_GEN", _F.GENERATE, KeyType.DH, sizes=(512, 4096), slow=True, **legacy)
    _add("DH_PKCS_KEY_PAIR_GEN", _F.GENERATE_KEY_PAIR, KeyType.DH, sizes=(512, 10000), **legacy)
    _add("DH_PKCS_DERIVE", _F.DERIVE, KeyType.DH, sizes=(512, 10000), params=(bytes,), **legacy)


for _family in (_hash_families, _rsa, _elliptic_curves, _aes, _secrets, _past):
    _family()

MECHANISMS: Final[dict[int, MechanismRow]] = {row.mechanism: row for row in _ROWS}
