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
    ``unit``: 8 where the standard gives the sizes of secret keys in bits.
    ``slow``: takes so long that an asynchronous session answers CKR_PENDING and does it meanwhile (section 5.22).
    ``counted``: each signature takes the next value of the key's own counter.
    ``makes``: the class of what it generates.
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
    unit: int = 1
    counted: bool = False
    makes: ObjectClass = ObjectClass.SECRET_KEY


_F: Final = MechanismFlag
_CRYPT: Final = _F.ENCRYPT | _F.DECRYPT
_WRAP: Final = _F.WRAP | _F.UNWRAP
_SIGN: Final = _F.SIGN | _F.VERIFY
_RECOVER: Final = _F.SIGN_RECOVER | _F.VERIFY_RECOVER
_KEM: Final = _F.ENCAPSULATE | _F.DECAPSULATE
_EC: Final = _F.EC_F_P | _F.EC_OID | _F.EC_CURVENAME | _F.EC_UNCOMPRESS

_MESSAGES: Final = _F.MESSAGE_ENCRYPT | _F.MESSAGE_DECRYPT | _F.MULTI_MESSAGE

_SECRET_ONLY: Final = (ObjectClass.SECRET_KEY,)
_ROWS: Final[list[MechanismRow]] = []

SECRET_MAXIMUM: Final = 16384  # bytes of a generic secret


def _add(name: str, flags: MechanismFlag, *key_types: KeyType, sizes: tuple[int, int] = (0, 0), **more: Any) -> None:
    if more.pop("messages", True):
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
SECRET_TYPES: Final = (
    KeyType.GENERIC_SECRET, KeyType.AES, KeyType.AES_XTS, KeyType.DES, KeyType.DES2, KeyType.DES3, KeyType.CAMELLIA, KeyType.SEED,
    KeyType.BLOWFISH, KeyType.TWOFISH, KeyType.RC2, KeyType.RC4, KeyType.CAST5, KeyType.IDEA, KeyType.CHACHA20, KeyType.SALSA20, KeyType.POLY1305, KeyType.HKDF, KeyType.MD5_HMAC,
    KeyType.SHA_1_HMAC, KeyType.SHA224_HMAC, KeyType.SHA256_HMAC, KeyType.SHA384_HMAC, KeyType.SHA512_HMAC,
    KeyType.SHA512_224_HMAC, KeyType.SHA512_256_HMAC, KeyType.SHA3_224_HMAC, KeyType.SHA3_256_HMAC,
    KeyType.SHA3_384_HMAC, KeyType.SHA3_512_HMAC, KeyType.RIPEMD160_HMAC, KeyType.BLAKE2B_160_HMAC, KeyType.BLAKE2B_256_HMAC,
    KeyType.BLAKE2B_384_HMAC, KeyType.BLAKE2B_512_HMAC,
)  # fmt: skip


#: What a hash derives from: secrets. The key of a cipher is for the cipher.
_HASHED_TYPES: Final = tuple(
    key_type
    for key_type in SECRET_TYPES
    if key_type in (KeyType.GENERIC_SECRET, KeyType.HKDF) or key_type.name.endswith("_HMAC")
)


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
        _add(f"{name}_KEY_DERIVATION", _F.DERIVE, *_HASHED_TYPES, grade=grade, **any_size)
        if name != "MD5":
            _add(f"{spelt}_KEY_GEN", _F.GENERATE, hmac_key, grade=grade, **any_size)
    for name in ("BLAKE2B_160", "BLAKE2B_256", "BLAKE2B_384", "BLAKE2B_512"):
        hmac_key = KeyType[f"{name}_HMAC"]
        _add(name, _F.DIGEST)
        macs: dict[str, Any] = {"messages": False, **any_size}
        _add(f"{name}_HMAC", _SIGN, KeyType.GENERIC_SECRET, hmac_key, **macs)
        _add(f"{name}_HMAC_GENERAL", _SIGN, KeyType.GENERIC_SECRET, hmac_key, params=(int,), **macs)
        _add(f"{name}_KEY_DERIVE", _F.DERIVE, *_HASHED_TYPES, **any_size)
        _add(f"{name}_KEY_GEN", _F.GENERATE, hmac_key, **any_size)
    _add("SHA512_T", _F.DIGEST, params=(int,))
    for name in ("SHAKE_128_KEY_DERIVATION", "SHAKE_256_KEY_DERIVATION"):
        _add(name, _F.DERIVE, *_HASHED_TYPES, **any_size)
    _hashes_of_before()


def _hashes_of_before() -> None:
    """What 2.40 has and the text of 3.2 has not. CKM_MD2_HMAC has no type of key of its own."""
    for name, grade, hmac_keys in (
        ("MD2", Grade.BROKEN, (KeyType.GENERIC_SECRET,)),
        ("RIPEMD160", Grade.LEGACY, (KeyType.GENERIC_SECRET, KeyType.RIPEMD160_HMAC)),
    ):
        old: dict[str, Any] = {"grade": grade, "messages": False}
        _add(name, _F.DIGEST, grade=grade)
        _add(f"{name}_HMAC", _SIGN, *hmac_keys, sizes=(1, SECRET_MAXIMUM), **old)
        _add(f"{name}_HMAC_GENERAL", _SIGN, *hmac_keys, sizes=(1, SECRET_MAXIMUM), params=(int,), **old)
        _add(f"{name}_RSA_PKCS", _SIGN, KeyType.RSA, sizes=(512, 8192), **old)
    _add("MD2_KEY_DERIVATION", _F.DERIVE, *_HASHED_TYPES, sizes=(1, SECRET_MAXIMUM), grade=Grade.BROKEN)


# --- RSA (section 6.1)


def _rsa() -> None:
    rsa: dict[str, Any] = {"sizes": (1024, 8192)}
    _add("RSA_PKCS_KEY_PAIR_GEN", _F.GENERATE_KEY_PAIR, KeyType.RSA, slow=True, **rsa)
    whole: dict[str, Any] = {"multi_part": False, "wraps": _SECRET_ONLY, **rsa}
    _add("RSA_PKCS", _CRYPT | _SIGN | _RECOVER | _WRAP | _KEM, KeyType.RSA, grade=Grade.LEGACY, **whole)
    _add("RSA_X_509", _CRYPT | _SIGN | _RECOVER | _WRAP | _KEM, KeyType.RSA, grade=Grade.LEGACY, **whole)
    _add("RSA_PKCS_OAEP", _CRYPT | _WRAP | _KEM, KeyType.RSA, params=(p.RsaPkcsOaepParams,), **whole)
    _add("RSA_PKCS_PSS", _SIGN, KeyType.RSA, params=(p.RsaPkcsPssParams,), multi_part=False, **rsa)
    _add("RSA_PKCS_OAEP_TPM_1_1", _CRYPT | _WRAP | _KEM, KeyType.RSA, grade=Grade.LEGACY, **whole)
    _add("RSA_AES_KEY_WRAP", _WRAP, KeyType.RSA, params=(p.RsaAesKeyWrapParams,), multi_part=False, **rsa)
    # Public keys, and they alone, may be as short as those of old certificates, which must still be verified.
    old: dict[str, Any] = {"sizes": (512, 8192)}
    _add("MD5_RSA_PKCS", _SIGN, KeyType.RSA, grade=Grade.BROKEN, **old)
    for name in _SIGNING:
        grade = _WEAK.get(name, Grade.MODERN)
        _add(f"{name}_RSA_PKCS", _SIGN, KeyType.RSA, grade=grade, **old)
        _add(f"{name}_RSA_PKCS_PSS", _SIGN, KeyType.RSA, params=(p.RsaPkcsPssParams,), grade=grade, **old)


# --- One-time passwords (section "OATH HOTP")


def _one_time_passwords() -> None:
    # The least is that of RFC 4226, section 4, R6.
    hotp: dict[str, Any] = {"sizes": (16, SECRET_MAXIMUM), "grade": Grade.LEGACY}
    _add("HOTP_KEY_GEN", _F.GENERATE, KeyType.HOTP, makes=ObjectClass.OTP_KEY, **hotp)
    _add("HOTP", _SIGN, KeyType.HOTP, params=(None, p.OtpParams), messages=False, counted=True, **hotp)


# --- Elliptic curves (section 6.3)


def _elliptic_curves() -> None:
    curves: dict[str, Any] = {"sizes": (192, 521)}
    raw: dict[str, Any] = {"sizes": (255, 448)}
    pair = _F.GENERATE_KEY_PAIR | _EC
    _add("EC_KEY_PAIR_GEN", pair, KeyType.EC, **curves)
    _add("EC_KEY_PAIR_GEN_W_EXTRA_BITS", pair, KeyType.EC, **curves)
    _add("EC_EDWARDS_KEY_PAIR_GEN", pair, KeyType.EC_EDWARDS, **raw)
    _add("EC_MONTGOMERY_KEY_PAIR_GEN", pair, KeyType.EC_MONTGOMERY, **raw)
    _add("ECDSA", _SIGN | _EC, KeyType.EC, multi_part=False, **curves)
    for name in _SIGNING:
        _add(f"ECDSA_{name}", _SIGN | _EC, KeyType.EC, grade=_WEAK.get(name, Grade.MODERN), **curves)
    # GnuTLS 3.7 passes CKM_EDDSA to C_GenerateKeyPair.
    _add("EDDSA", _SIGN | pair, KeyType.EC_EDWARDS, params=(None, p.EddsaParams), **raw)
    signing: dict[str, Any] = {"params": (p.XeddsaParams,), "sizes": (255, 255), "multi_part": False, "messages": False}
    _add("XEDDSA", _SIGN | _EC, KeyType.EC_MONTGOMERY, **signing)
    agreement: dict[str, Any] = {"params": (p.Ecdh1DeriveParams,), **curves}
    _add("ECDH1_DERIVE", _F.DERIVE | _KEM | _EC, KeyType.EC, KeyType.EC_MONTGOMERY, **agreement)
    _add("ECDH1_COFACTOR_DERIVE", _F.DERIVE | _KEM | _EC, KeyType.EC, **agreement)
    wrapping: dict[str, Any] = {"params": (p.EcdhAesKeyWrapParams,), "multi_part": False}
    _add("ECDH_AES_KEY_WRAP", _WRAP | _EC, KeyType.EC, KeyType.EC_MONTGOMERY, **wrapping, **curves)
    _add("ECDH_COF_AES_KEY_WRAP", _WRAP | _EC, KeyType.EC, **wrapping, **curves)
    _add("ECDH_X_AES_KEY_WRAP", _WRAP | _EC, KeyType.EC_MONTGOMERY, **wrapping, **raw)


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
    for name in ("AES_OFB", "AES_CFB1", "AES_CFB8", "AES_CFB64", "AES_CFB128", "AES_CTS"):
        _add(name, both, KeyType.AES, params=(bytes,), wraps=_SECRET_ONLY, **aes)
    _add("AES_XTS_KEY_GEN", _F.GENERATE, KeyType.AES_XTS, sizes=(32, 64))
    _add("AES_XTS", _CRYPT, KeyType.AES_XTS, params=(bytes,), sizes=(32, 64))
    _add("AES_GMAC", _SIGN, KeyType.AES, params=(p.GcmParams,), messages=False, **aes)  # its IV is for one MAC
    legacy: dict[str, Any] = {"grade": Grade.LEGACY, **aes}
    for name in ("AES_MAC", "AES_XCBC_MAC", "AES_XCBC_MAC_96"):
        _add(name, _SIGN, KeyType.AES, **legacy)
    _add("AES_MAC_GENERAL", _SIGN, KeyType.AES, params=(int,), **legacy)
    _add("AES_ECB_ENCRYPT_DATA", _F.DERIVE, KeyType.AES, params=(p.KeyDerivationStringData,), **legacy)
    _add("AES_CBC_ENCRYPT_DATA", _F.DERIVE, KeyType.AES, params=(p.AesCbcEncryptDataParams,), **legacy)


# --- Secrets and derivation (sections "Generic secret key", "Miscellaneous simple key derivation", "HKDF", "PKCS #5")


def _secrets() -> None:
    any_size: dict[str, Any] = {"sizes": (1, SECRET_MAXIMUM)}
    _add("GENERIC_SECRET_KEY_GEN", _F.GENERATE, KeyType.GENERIC_SECRET, sizes=(8, 8 * SECRET_MAXIMUM))  # bits, here
    _add("HKDF_KEY_GEN", _F.GENERATE, KeyType.HKDF, KeyType.GENERIC_SECRET, **any_size)
    for name in ("HKDF_DERIVE", "HKDF_DATA"):
        _add(name, _F.DERIVE, KeyType.HKDF, KeyType.GENERIC_SECRET, params=(p.HkdfParams,), **any_size)
    _add("PKCS5_PBKD2", _F.GENERATE, *SECRET_TYPES, params=(p.Pkcs5Pbkd2Params2,), slow=True)
    for name, shape in (
        ("COUNTER", p.Sp800108KdfParams), ("FEEDBACK", p.Sp800108FeedbackKdfParams), ("DOUBLE_PIPELINE", p.Sp800108KdfParams)
    ):  # fmt: skip
        _add(f"SP800_108_{name}_KDF", _F.DERIVE, *SECRET_TYPES, params=(shape,), sizes=(8, 8 * SECRET_MAXIMUM), unit=8)
    simple: dict[str, Any] = {"grade": Grade.LEGACY, **any_size}
    for name in ("CONCATENATE_BASE_AND_DATA", "CONCATENATE_DATA_AND_BASE", "XOR_BASE_AND_DATA"):
        _add(name, _F.DERIVE, *SECRET_TYPES, params=(p.KeyDerivationStringData,), **simple)
    for name in ("CONCATENATE_BASE_AND_KEY", "EXTRACT_KEY_FROM_KEY"):
        _add(name, _F.DERIVE, *SECRET_TYPES, params=(int,), **simple)


# --- TLS 1.2 (sections "SSL", "TLS 1.2 Mechanisms"), and public keys from private ones


def _tls() -> None:
    master: dict[str, Any] = {"sizes": (48, 48)}
    any_size: dict[str, Any] = {"sizes": (1, SECRET_MAXIMUM)}
    generic = KeyType.GENERIC_SECRET
    _add("TLS_PRE_MASTER_KEY_GEN", _F.GENERATE, generic, params=(p.Version,), **master)
    for form, shape in (
        ("MASTER_KEY", p.Tls12MasterKeyDeriveParams),
        ("EXTENDED_MASTER_KEY", p.Tls12ExtendedMasterKeyDeriveParams),
    ):
        _add(f"TLS12_{form}_DERIVE", _F.DERIVE, generic, params=(shape,), **master)
        _add(f"TLS12_{form}_DERIVE_DH", _F.DERIVE, generic, params=(shape,), **any_size)
    for name in ("TLS12_KEY_AND_MAC_DERIVE", "TLS12_KEY_SAFE_DERIVE"):
        _add(name, _F.DERIVE, generic, params=(p.Tls12KeyMatParams,), **master)
    for name in ("TLS_KDF", "TLS12_KDF"):
        _add(name, _F.DERIVE, generic, params=(p.TlsKdfParams,), **any_size)
    for name in ("TLS_MAC", "TLS12_MAC"):
        _add(name, _SIGN, generic, params=(p.TlsMacParams,), messages=False, **any_size)
    broken: dict[str, Any] = {"grade": Grade.BROKEN, "sizes": (48, 48)}
    any_broken: dict[str, Any] = {"grade": Grade.BROKEN, **any_size}
    _add("TLS_PRF", _F.DERIVE, generic, params=(p.TlsPrfParams,), **any_broken)
    _add("SSL3_PRE_MASTER_KEY_GEN", _F.GENERATE, generic, params=(p.Version,), **broken)
    for name in ("SSL3", "TLS"):
        _add(f"{name}_MASTER_KEY_DERIVE", _F.DERIVE, generic, params=(p.Ssl3MasterKeyDeriveParams,), **broken)
        _add(f"{name}_MASTER_KEY_DERIVE_DH", _F.DERIVE, generic, params=(p.Ssl3MasterKeyDeriveParams,), **any_broken)
        _add(f"{name}_KEY_AND_MAC_DERIVE", _F.DERIVE, generic, params=(p.Ssl3KeyMatParams,), **broken)
    for name in ("SSL3_MD5_MAC", "SSL3_SHA1_MAC"):
        _add(name, _SIGN, generic, params=(int,), messages=False, **any_broken)
    _wtls()
    pairs = (
        KeyType.RSA, KeyType.DSA, KeyType.DH, KeyType.X9_42_DH, KeyType.EC, KeyType.EC_EDWARDS, KeyType.EC_MONTGOMERY,
        KeyType.ML_KEM, KeyType.ML_DSA, KeyType.SLH_DSA,
    )  # fmt: skip
    _add("PUB_KEY_FROM_PRIV_KEY", _F.DERIVE | _EC, *pairs)


def _wtls() -> None:
    generic, any_size = KeyType.GENERIC_SECRET, (1, SECRET_MAXIMUM)
    broken: dict[str, Any] = {"grade": Grade.BROKEN}
    _add("WTLS_PRE_MASTER_KEY_GEN", _F.GENERATE, generic, sizes=(20, 255), params=(bytes,), **broken)
    shape = p.WtlsMasterKeyDeriveParams
    _add("WTLS_MASTER_KEY_DERIVE", _F.DERIVE, generic, sizes=(20, 20), params=(shape,), **broken)
    _add("WTLS_MASTER_KEY_DERIVE_DH_ECC", _F.DERIVE, generic, sizes=any_size, params=(shape,), **broken)
    _add("WTLS_PRF", _F.DERIVE, generic, sizes=any_size, params=(p.WtlsPrfParams,), **broken)
    for side in ("SERVER", "CLIENT"):
        name = f"WTLS_{side}_KEY_AND_MAC_DERIVE"
        _add(name, _F.DERIVE, generic, sizes=(20, 20), params=(p.WtlsKeyMatParams,), **broken)


# --- IKE (section "IKE Mechanisms")


def _ike() -> None:
    for name, shape in (
        ("IKE2_PRF_PLUS_DERIVE", p.Ike2PrfPlusDeriveParams), ("IKE_PRF_DERIVE", p.IkePrfDeriveParams),
        ("IKE1_PRF_DERIVE", p.Ike1PrfDeriveParams), ("IKE1_EXTENDED_DERIVE", p.Ike1ExtendedDeriveParams),
    ):  # fmt: skip
        _add(name, _F.DERIVE, *_HASHED_TYPES, params=(shape,), sizes=(1, SECRET_MAXIMUM))


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
    for name in ("DES_OFB64", "DES_OFB8", "DES_CFB64", "DES_CFB8"):
        _add(name, _CRYPT, KeyType.DES, *des, params=(bytes,), **legacy)
    _add("DES3_MAC", _SIGN, *des, **legacy)
    _add("DES3_MAC_GENERAL", _SIGN, *des, params=(int,), **legacy)
    _add("DES3_CMAC", _SIGN, *des, **legacy)
    _add("DES3_CMAC_GENERAL", _SIGN, *des, params=(int,), **legacy)
    _add("DES3_ECB_ENCRYPT_DATA", _F.DERIVE, *des, params=(p.KeyDerivationStringData,), **legacy)
    _add("DES3_CBC_ENCRYPT_DATA", _F.DERIVE, *des, params=(p.DesCbcEncryptDataParams,), **legacy)
    _single_des()
    _ciphers_of_before()
    pbe: dict[str, Any] = {"params": (p.PbeParams,), "slow": True, **legacy}
    _add("PBE_SHA1_DES3_EDE_CBC", _F.GENERATE, KeyType.DES3, **pbe)
    _add("PBE_SHA1_DES2_EDE_CBC", _F.GENERATE, KeyType.DES2, **pbe)
    _add("PBA_SHA1_WITH_SHA1_HMAC", _F.GENERATE, KeyType.GENERIC_SECRET, KeyType.SHA_1_HMAC, **pbe)
    domain: dict[str, Any] = {"slow": True, "makes": ObjectClass.DOMAIN_PARAMETERS, **legacy}
    _add("DSA_PARAMETER_GEN", _F.GENERATE, KeyType.DSA, sizes=(1024, 3072), **domain)
    _add("DSA_KEY_PAIR_GEN", _F.GENERATE_KEY_PAIR, KeyType.DSA, sizes=(1024, 4096), **legacy)
    _add("DSA", _SIGN, KeyType.DSA, sizes=(1024, 4096), multi_part=False, **legacy)
    for name in _SIGNING:
        _add(f"DSA_{name}", _SIGN, KeyType.DSA, sizes=(1024, 4096), **legacy)
    _add("DH_PKCS_PARAMETER_GEN", _F.GENERATE, KeyType.DH, sizes=(512, 4096), **domain)
    _add("DH_PKCS_KEY_PAIR_GEN", _F.GENERATE_KEY_PAIR, KeyType.DH, sizes=(512, 10000), **legacy)
    _add("DH_PKCS_DERIVE", _F.DERIVE | _KEM, KeyType.DH, sizes=(512, 10000), params=(bytes, None), **legacy)
    x942 = KeyType.X9_42_DH
    _add("X9_42_DH_PARAMETER_GEN", _F.GENERATE, x942, sizes=(1024, 3072), **domain)
    _add("X9_42_DH_KEY_PAIR_GEN", _F.GENERATE_KEY_PAIR, x942, sizes=(1024, 10000), **legacy)
    shape = p.X942Dh1DeriveParams
    _add("X9_42_DH_DERIVE", _F.DERIVE | _KEM, x942, sizes=(1024, 10000), params=(shape,), **legacy)
    _add("X9_42_DH_HYBRID_DERIVE", _F.DERIVE, x942, sizes=(1024, 10000), params=(p.X942Dh2DeriveParams,), **legacy)


def _single_des() -> None:
    """To read what is old. It wraps no keys, and has no message functions."""
    broken: dict[str, Any] = {"grade": Grade.BROKEN, "messages": False}
    des = KeyType.DES
    _add("DES_KEY_GEN", _F.GENERATE, des, **broken)
    _add("DES_ECB", _CRYPT, des, **broken)
    _add("DES_CBC", _CRYPT, des, params=(bytes,), **broken)
    _add("DES_CBC_PAD", _CRYPT, des, params=(bytes,), **broken)
    _add("DES_MAC", _SIGN, des, **broken)
    _add("DES_MAC_GENERAL", _SIGN, des, params=(int,), **broken)
    _add("DES_ECB_ENCRYPT_DATA", _F.DERIVE, des, params=(p.KeyDerivationStringData,), **broken)
    _add("DES_CBC_ENCRYPT_DATA", _F.DERIVE, des, params=(p.DesCbcEncryptDataParams,), **broken)


def _ciphers_of_before() -> None:
    """What 2.40 has and the text of 3.2 has not, for data that exists: they wrap no keys, and have no message functions."""
    _add("RC4_KEY_GEN", _F.GENERATE, KeyType.RC4, sizes=(40, 2048), unit=8, grade=Grade.BROKEN)
    _add("RC4", _CRYPT, KeyType.RC4, sizes=(40, 2048), unit=8, grade=Grade.BROKEN)
    for name, key_type, least in (("CAST5", KeyType.CAST5, 5), ("IDEA", KeyType.IDEA, 16)):
        old: dict[str, Any] = {"grade": Grade.LEGACY, "messages": False, "sizes": (least, 16)}
        _add(f"{name}_KEY_GEN", _F.GENERATE, key_type, **old)
        _add(f"{name}_ECB", _CRYPT, key_type, **old)
        _add(f"{name}_CBC", _CRYPT, key_type, params=(bytes,), **old)
        _add(f"{name}_CBC_PAD", _CRYPT, key_type, params=(bytes,), **old)
        _add(f"{name}_MAC", _SIGN, key_type, **old)
        _add(f"{name}_MAC_GENERAL", _SIGN, key_type, params=(int,), **old)
    rc2: dict[str, Any] = {"grade": Grade.BROKEN, "messages": False, "sizes": (40, 1024), "unit": 8}
    _add("RC2_KEY_GEN", _F.GENERATE, KeyType.RC2, **rc2)
    _add("RC2_ECB", _CRYPT, KeyType.RC2, params=(int,), **rc2)
    _add("RC2_CBC", _CRYPT, KeyType.RC2, params=(p.Rc2CbcParams,), **rc2)
    _add("RC2_CBC_PAD", _CRYPT, KeyType.RC2, params=(p.Rc2CbcParams,), **rc2)
    _add("RC2_MAC", _SIGN, KeyType.RC2, params=(int,), **rc2)
    _add("RC2_MAC_GENERAL", _SIGN, KeyType.RC2, params=(p.Rc2MacGeneralParams,), **rc2)
    pbe: dict[str, Any] = {"params": (p.PbeParams,), "slow": True, "grade": Grade.BROKEN}
    for name, key_type in (
        ("MD2_DES_CBC", KeyType.DES), ("MD5_DES_CBC", KeyType.DES), ("SHA1_RC4_128", KeyType.RC4), ("SHA1_RC4_40", KeyType.RC4),
        ("SHA1_RC2_128_CBC", KeyType.RC2), ("SHA1_RC2_40_CBC", KeyType.RC2),
    ):  # fmt: skip
        _add(f"PBE_{name}", _F.GENERATE, key_type, **pbe)


# --- Other ciphers (sections "ChaCha20", "Salsa20", "Poly1305", "CAMELLIA", "SEED", "Blowfish")


def _other_ciphers() -> None:
    fixed: dict[str, Any] = {"sizes": (32, 32)}
    both = _CRYPT | _WRAP
    _add("CHACHA20_KEY_GEN", _F.GENERATE, KeyType.CHACHA20, **fixed)
    streaming: dict[str, Any] = {"wraps": _SECRET_ONLY, "sizes": (256, 256), "unit": 8}
    _add("CHACHA20", both, KeyType.CHACHA20, params=(p.Chacha20Params,), **streaming)
    shapes = (p.Salsa20Chacha20Poly1305Params, p.Salsa20Chacha20Poly1305MsgParams)
    _add("CHACHA20_POLY1305", _CRYPT | _MESSAGES, KeyType.CHACHA20, params=shapes, **fixed)
    _add("POLY1305_KEY_GEN", _F.GENERATE, KeyType.POLY1305, **fixed)
    _add("POLY1305", _SIGN, KeyType.POLY1305, messages=False, **fixed)  # a key of it makes one MAC
    legacy: dict[str, Any] = {"grade": Grade.LEGACY}
    _add("SALSA20_KEY_GEN", _F.GENERATE, KeyType.SALSA20, **legacy, **fixed)
    _add("SALSA20", both, KeyType.SALSA20, params=(p.Salsa20Params,), **legacy, **streaming)
    _block_cipher("CAMELLIA", KeyType.CAMELLIA, (16, 32), p.CamelliaCbcEncryptDataParams)
    _block_cipher("SEED", KeyType.SEED, (16, 16), p.SeedCbcEncryptDataParams)
    legacy["sizes"] = (4, 56)
    _add("BLOWFISH_KEY_GEN", _F.GENERATE, KeyType.BLOWFISH, **legacy)
    _add("BLOWFISH_CBC", both, KeyType.BLOWFISH, params=(bytes,), wraps=_SECRET_ONLY, **legacy)
    _add("BLOWFISH_CBC_PAD", both, KeyType.BLOWFISH, params=(bytes,), **legacy)
    legacy["sizes"] = (16, 32)
    _add("TWOFISH_KEY_GEN", _F.GENERATE, KeyType.TWOFISH, **legacy)
    _add("TWOFISH_CBC", both, KeyType.TWOFISH, params=(bytes,), wraps=_SECRET_ONLY, **legacy)
    _add("TWOFISH_CBC_PAD", both, KeyType.TWOFISH, params=(bytes,), **legacy)


def _block_cipher(name: str, key_type: KeyType, sizes: tuple[int, int], data: type[Any]) -> None:
    legacy: dict[str, Any] = {"grade": Grade.LEGACY, "sizes": sizes}
    both = _CRYPT | _WRAP
    _add(f"{name}_KEY_GEN", _F.GENERATE, key_type, **legacy)
    _add(f"{name}_ECB", both, key_type, wraps=_SECRET_ONLY, **legacy)
    _add(f"{name}_CBC", both, key_type, params=(bytes,), wraps=_SECRET_ONLY, **legacy)
    _add(f"{name}_CBC_PAD", both, key_type, params=(bytes,), **legacy)
    _add(f"{name}_MAC", _SIGN, key_type, **legacy)
    _add(f"{name}_MAC_GENERAL", _SIGN, key_type, params=(int,), **legacy)
    _add(f"{name}_ECB_ENCRYPT_DATA", _F.DERIVE, key_type, params=(p.KeyDerivationStringData,), **legacy)
    _add(f"{name}_CBC_ENCRYPT_DATA", _F.DERIVE, key_type, params=(data,), **legacy)


# --- Post-quantum (sections "ML-KEM", "ML-DSA", "SLH-DSA"); sizes are those of public keys in bytes

_PRE_HASHES: Final = (*_SIGNING[1:], "SHAKE128", "SHAKE256")


def _post_quantum() -> None:
    kem: dict[str, Any] = {"sizes": (800, 1568)}
    _add("ML_KEM_KEY_PAIR_GEN", _F.GENERATE_KEY_PAIR, KeyType.ML_KEM, **kem)
    _add("ML_KEM", _F.ENCAPSULATE | _F.DECAPSULATE, KeyType.ML_KEM, **kem)
    ml: dict[str, Any] = {"sizes": (1312, 2592)}
    slh: dict[str, Any] = {"sizes": (32, 64)}
    with_context: dict[str, Any] = {"params": (None, p.SignAdditionalContext)}
    _add("ML_DSA_KEY_PAIR_GEN", _F.GENERATE_KEY_PAIR, KeyType.ML_DSA, **ml)
    _add("ML_DSA", _SIGN, KeyType.ML_DSA, **with_context, **ml)
    hashed: dict[str, Any] = {"params": (p.HashSignAdditionalContext,), "multi_part": False, "messages": False}
    _add("HASH_ML_DSA", _SIGN, KeyType.ML_DSA, **hashed, **ml)
    _add("SLH_DSA_KEY_PAIR_GEN", _F.GENERATE_KEY_PAIR, KeyType.SLH_DSA, slow=True, **slh)
    _add("SLH_DSA", _SIGN, KeyType.SLH_DSA, slow=True, **with_context, **slh)
    for name in _PRE_HASHES:
        _add(f"HASH_ML_DSA_{name}", _SIGN, KeyType.ML_DSA, **with_context, **ml)
        _add(f"HASH_SLH_DSA_{name}", _SIGN, KeyType.SLH_DSA, slow=True, **with_context, **slh)


for _family in (
    _hash_families,
    _rsa,
    _elliptic_curves,
    _aes,
    _secrets,
    _one_time_passwords,
    _tls,
    _ike,
    _past,
    _other_ciphers,
    _post_quantum,
):
    _family()

MECHANISMS: Final[dict[int, MechanismRow]] = {row.mechanism: row for row in _ROWS}
