"""The object classes of PKCS#11 3.2 as compositions of rules, as the chapters of the standard compose their tables."""

from dataclasses import replace
from typing import Final

from hsmith.spec.constants import (
    UNAVAILABLE,
    Attr,
    CertificateCategory,
    CertificateType,
    HwFeature,
    KeyType,
    Mechanism,
    ObjectClass,
    OtpFormat,
    OtpRequirement,
    SecurityDomain,
    Trust,
)
from hsmith.spec.rules import ABSENT, Note, Rule, Schema, compose, rule


def _own(*names: str) -> Schema:
    """Attributes of the objects that the token itself makes."""
    return compose(*(rule(name, 2, 4, 6) for name in names))


_COMMON = compose(rule("CLASS", 1), rule("UNIQUE_ID", 2, 4, 6))

_STORAGE = compose(
    _COMMON,
    rule("TOKEN", 14, default=False),
    rule("PRIVATE", 14, default=False),
    rule("MODIFIABLE", 14, default=True),
    rule("LABEL", 8, default=b""),
    # The section lets CKA_LABEL alone be changed, but says that this one cannot be set to CK_TRUE again: so it can be unset.
    rule("COPYABLE", 8, 12, default=True),
    rule("DESTROYABLE", 14, default=True),
)

_DATA = compose(_STORAGE, *(rule(name, default=b"") for name in ("APPLICATION", "OBJECT_ID", "VALUE")))

_CERTIFICATE = compose(
    _STORAGE,
    rule("CERTIFICATE_TYPE", 1),
    rule("TRUSTED", 10, default=False),
    rule("CERTIFICATE_CATEGORY", default=CertificateCategory.UNSPECIFIED),
    rule("CHECK_VALUE"),
    rule("START_DATE", default=b""),
    rule("END_DATE", default=b""),
    rule("PUBLIC_KEY_INFO", default=b""),
)

_BY_URL = compose(
    rule("SUBJECT", 1),
    rule("ISSUER", 8, default=b""),
    rule("VALUE", default=b""),  # or the URL: hsmith.core.templates.making
    rule("URL", default=b""),
    rule("HASH_OF_SUBJECT_PUBLIC_KEY", default=b""),
    rule("HASH_OF_ISSUER_PUBLIC_KEY", default=b""),
    rule("NAME_HASH_ALGORITHM", default=Mechanism.SHA_1),
)

_X509 = compose(
    _CERTIFICATE,
    _BY_URL,
    rule("ID", 8, default=b""),
    rule("SERIAL_NUMBER", 8, default=b""),
    rule("JAVA_MIDP_SECURITY_DOMAIN", default=SecurityDomain.UNSPECIFIED),
)

_ATTRIBUTE_CERTIFICATE = compose(
    _CERTIFICATE,
    rule("OWNER", 1),
    rule("VALUE", 1),
    *(rule(name, 8, default=b"") for name in ("AC_ISSUER", "SERIAL_NUMBER", "ATTR_TYPES")),
)

_KEY = compose(
    _STORAGE,
    rule("KEY_TYPE", 1, 5),
    rule("ID", 8, default=b""),
    rule("START_DATE", 8, default=b""),
    rule("END_DATE", 8, default=b""),
    rule("DERIVE", 8, default=False),
    rule("LOCAL", 2, 4, 6, default=False),
    rule("KEY_GEN_MECHANISM", 2, 4, 6, default=UNAVAILABLE),
    rule("ALLOWED_MECHANISMS"),  # absent: every mechanism
    # No footnote 2 in the text; but there is no validation that a caller could claim.
    rule("OBJECT_VALIDATION_FLAGS", 2, 4, 6, 9, default=0),
)

#: Footnote 1 as well, in the text; but it is new in 3.2 and no client has it to give.
_CRC = rule("PUBLIC_CRC64_VALUE", 4, 13)

#: Usage: footnote 9, so that USES says the default for each type of key.
_PUBLIC = compose(
    _KEY,
    rule("SUBJECT", 8, default=b""),
    *(rule(name, 8, 9) for name in ("ENCRYPT", "VERIFY", "VERIFY_RECOVER", "WRAP", "ENCAPSULATE")),
    rule("TRUSTED", 10, default=False),
    rule("WRAP_TEMPLATE"),
    rule("ENCAPSULATE_TEMPLATE"),
    rule("PUBLIC_KEY_INFO"),
    _CRC,
)

#: What private and secret keys have in common. A private object is the default of both, as footnote-9 defaults go in practice.
_CONFIDENTIAL = compose(
    _KEY,
    rule("PRIVATE", 14, default=True),
    rule("EXTRACTABLE", 8, 9, 12, default=False),
    rule("ALWAYS_SENSITIVE", 2, 4, 6, default=False),
    rule("NEVER_EXTRACTABLE", 2, 4, 6, default=False),
    rule("WRAP_WITH_TRUSTED", 11, default=False),
    rule("UNWRAP_TEMPLATE"),
    rule("DERIVE_TEMPLATE"),
)

_PRIVATE = compose(
    _CONFIDENTIAL,
    rule("SUBJECT", 8, default=b""),
    rule("SENSITIVE", 8, 9, 11, default=True),
    *(rule(name, 8, 9) for name in ("DECRYPT", "SIGN", "SIGN_RECOVER", "UNWRAP", "DECAPSULATE")),
    rule("DECAPSULATE_TEMPLATE"),
    rule("ALWAYS_AUTHENTICATE", default=False),
    rule("PUBLIC_KEY_INFO", 8),
    _CRC,
)

_SECRET = compose(
    _CONFIDENTIAL,
    # The one sensitivity for which the text itself has a default. EXTRACTABLE is False, so that its value is sealed all the same.
    rule("SENSITIVE", 8, 11, default=False),
    *(rule(name, 8, 9) for name in ("ENCRYPT", "DECRYPT", "SIGN", "VERIFY", "WRAP", "UNWRAP")),
    rule("CHECK_VALUE"),
    rule("TRUSTED", 10, default=False),
    rule("WRAP_TEMPLATE"),
    rule("VALUE", 1, 4, 6, 7),
)

#: Types whose length is no choice have no CKA_VALUE_LEN in their tables; C_UnwrapKey takes it for every type all the same.
_FIXED = compose(_SECRET, rule("VALUE_LEN", 2))
_SIZED = compose(_SECRET, rule("VALUE_LEN", 2, 3))

_OTP = compose(
    _SIZED,
    rule("OTP_FORMAT", default=OtpFormat.DECIMAL),
    rule("OTP_LENGTH", 9, default=6),
    rule("OTP_USER_FRIENDLY_MODE", 9, default=False),
    rule("OTP_CHALLENGE_REQUIREMENT", 9, default=OtpRequirement.IGNORED),
    rule("OTP_TIME_REQUIREMENT", 9, default=OtpRequirement.IGNORED),
    rule("OTP_COUNTER_REQUIREMENT", 9, default=OtpRequirement.IGNORED),
    rule("OTP_PIN_REQUIREMENT", 9, default=OtpRequirement.IGNORED),
    *(
        rule(f"OTP_{name}", default=b"")
        for name in ("COUNTER", "TIME", "USER_IDENTIFIER", "SERVICE_IDENTIFIER", "SERVICE_LOGO", "SERVICE_LOGO_TYPE")
    ),
)

#: Every signature takes the next value (section "OATH HOTP").
_HOTP = compose(_OTP, rule("OTP_COUNTER", default=bytes(8)))

_DOMAIN = compose(
    _STORAGE, rule("KEY_TYPE", 1), rule("LOCAL", 2, 4, 6, default=False), rule("PRIME", 1, 4), rule("BASE", 1, 4), rule("PRIME_BITS", 2, 3)
)  # fmt: skip

_TRUST = compose(
    _STORAGE,
    rule("ISSUER", 1),
    rule("SERIAL_NUMBER", 1),
    rule("HASH_OF_CERTIFICATE", default=b""),
    rule("NAME_HASH_ALGORITHM", default=Mechanism.SHA_1),
    *(rule(attr.name, default=Trust.TRUST_UNKNOWN) for attr in Attr if attr.name.startswith("TRUST_")),
)


def _parts(names: str, *notes: int) -> Schema:
    return compose(*(rule(name, *notes) for name in names.split()))


#: (public, private) value attributes, by key type.
_PAIRS: Final[dict[KeyType, tuple[Schema, Schema]]] = {
    KeyType.RSA: (
        compose(rule("MODULUS", 1, 4), rule("MODULUS_BITS", 2, 3), rule("PUBLIC_EXPONENT", 1)),
        compose(
            rule("MODULUS", 1, 4, 6),
            # Footnote 1 as well since 2.40; clients of before leave it out, and it follows from the other numbers.
            rule("PUBLIC_EXPONENT", 4, 6),
            rule("PRIVATE_EXPONENT", 1, 4, 6, 7),
            _parts("PRIME_1 PRIME_2 EXPONENT_1 EXPONENT_2 COEFFICIENT", 4, 6, 7),
        ),
    ),
    KeyType.DSA: (
        compose(_parts("PRIME SUBPRIME BASE", 1, 3), rule("VALUE", 1, 4)),
        compose(_parts("PRIME SUBPRIME BASE", 1, 4, 6), rule("VALUE", 1, 4, 6, 7)),
    ),
    KeyType.DH: (
        compose(_parts("PRIME BASE", 1, 3), rule("VALUE", 1, 4)),
        compose(_parts("PRIME BASE", 1, 4, 6), rule("VALUE", 1, 4, 6, 7), rule("VALUE_BITS", 2)),
    ),
    KeyType.X9_42_DH: (
        compose(_parts("PRIME BASE SUBPRIME", 1, 3), rule("VALUE", 1, 4)),
        compose(_parts("PRIME BASE SUBPRIME", 1, 4, 6), rule("VALUE", 1, 4, 6, 7)),
    ),
    **dict.fromkeys(
        (KeyType.EC, KeyType.EC_EDWARDS, KeyType.EC_MONTGOMERY),
        (
            compose(rule("EC_PARAMS", 1, 3), rule("EC_POINT", 1, 4)),
            compose(rule("EC_PARAMS", 1, 4, 6), rule("VALUE", 1, 4, 6, 7)),
        ),
    ),
    **dict.fromkeys(
        (KeyType.ML_KEM, KeyType.ML_DSA),
        (
            compose(rule("PARAMETER_SET", 1, 3), rule("VALUE", 1, 4)),
            # "At least one of CKA_SEED and CKA_VALUE must be specified": hsmith.crypto sees to it.
            compose(rule("PARAMETER_SET", 1, 4, 6), rule("SEED", 4, 6, 7), rule("VALUE", 4, 6, 7)),
        ),
    ),
    KeyType.SLH_DSA: (
        compose(rule("PARAMETER_SET", 1, 3), rule("VALUE", 1, 4)),
        compose(rule("PARAMETER_SET", 1, 4, 6), rule("VALUE", 1, 4, 6, 7)),
    ),
}

_FIXED_TYPES: Final = (KeyType.DES, KeyType.DES2, KeyType.DES3, KeyType.SEED, KeyType.IDEA)
_HMAC_TYPES: Final = tuple(key_type for key_type in KeyType if key_type.name.endswith("_HMAC"))
_CIPHER_TYPES: Final = (
    KeyType.AES, KeyType.AES_XTS, KeyType.CAMELLIA, KeyType.ARIA, KeyType.BLOWFISH, KeyType.TWOFISH, KeyType.CHACHA20, KeyType.SALSA20,
    KeyType.CAST5, KeyType.RC2, KeyType.RC4,
)  # fmt: skip
_SIZED_TYPES: Final = (*_CIPHER_TYPES, *_HMAC_TYPES, KeyType.GENERIC_SECRET, KeyType.HKDF, KeyType.POLY1305)

_BLOCK_USES: Final = "ENCRYPT DECRYPT SIGN VERIFY WRAP UNWRAP"

#: The usages that a key of a type can serve at all: they default to True (footnote 9), as clients that name none expect.
USES: Final[dict[KeyType, frozenset[Attr]]] = {
    key_type: frozenset(Attr[name] for name in names.split())
    for types, names in (
        ((KeyType.RSA,), "ENCRYPT DECRYPT SIGN SIGN_RECOVER VERIFY VERIFY_RECOVER WRAP UNWRAP"),
        ((KeyType.DSA, KeyType.EC, KeyType.EC_EDWARDS, KeyType.ML_DSA, KeyType.SLH_DSA), "SIGN VERIFY"),
        ((KeyType.ML_KEM,), "ENCAPSULATE DECAPSULATE"),
        ((KeyType.DH, KeyType.X9_42_DH, KeyType.EC_MONTGOMERY, KeyType.HKDF), ""),
        ((KeyType.AES, KeyType.CAMELLIA, KeyType.ARIA, KeyType.CAST5, KeyType.RC2, *_FIXED_TYPES), _BLOCK_USES),
        (
            (KeyType.AES_XTS, KeyType.BLOWFISH, KeyType.TWOFISH, KeyType.CHACHA20, KeyType.SALSA20, KeyType.RC4),
            "ENCRYPT DECRYPT WRAP UNWRAP",
        ),
        ((*_HMAC_TYPES, KeyType.GENERIC_SECRET, KeyType.POLY1305), "SIGN VERIFY"),
        ((KeyType.HOTP, KeyType.SECURID, KeyType.ACTI), "SIGN VERIFY"),
    )
    for key_type in types
}


#: Types whose private keys can do nothing else: CK_FALSE, the default of CKA_DERIVE, would make a key for nothing, and
#: clients leave it out.
_ONLY_DERIVE: Final = frozenset({KeyType.DH, KeyType.X9_42_DH})


def _key(key_type: KeyType, schema: Schema) -> Schema:
    """The schema with the defaults of the usages (footnote 9 without a default so far) for this type of key."""
    usable = USES[key_type]

    def with_default(row: Rule) -> Rule:
        if row.attr == Attr.DERIVE and key_type in _ONLY_DERIVE and Attr.SENSITIVE in schema:
            return replace(row, default=True)
        usage = row.default is ABSENT and Note.TOKEN_DEFAULT in row.notes
        return replace(row, default=row.attr in usable) if usage else row

    return {attr: with_default(row) for attr, row in schema.items()}


def _built_in() -> dict[tuple[int, int | None], Schema]:
    feature = compose(_COMMON, _own("HW_FEATURE_TYPE"))
    screen = (
        "PIXEL_X PIXEL_Y RESOLUTION CHAR_ROWS CHAR_COLUMNS COLOR BITS_PER_PIXEL CHAR_SETS ENCODING_METHODS MIME_TYPES"
    )
    validation = (attr.name for attr in Attr if attr.name.startswith("VALIDATION_"))
    cms = "REQUIRED_CMS_ATTRIBUTES DEFAULT_CMS_ATTRIBUTES SUPPORTED_CMS_ATTRIBUTES"
    return {
        (ObjectClass.HW_FEATURE, HwFeature.CLOCK): compose(feature, _own("VALUE")),
        (ObjectClass.HW_FEATURE, HwFeature.MONOTONIC_COUNTER): compose(
            feature, _own("RESET_ON_INIT", "HAS_RESET", "VALUE")
        ),
        (ObjectClass.HW_FEATURE, HwFeature.USER_INTERFACE): compose(feature, _own(*screen.split())),
        (ObjectClass.MECHANISM, None): compose(_COMMON, _own("MECHANISM_TYPE", *cms.split())),
        (ObjectClass.PROFILE, None): compose(_COMMON, _own("PROFILE_ID")),
        (ObjectClass.VALIDATION, None): compose(_COMMON, _own(*validation)),
    }


def _stored() -> dict[tuple[int, int | None], Schema]:
    schemas: dict[tuple[int, int | None], Schema] = {
        (ObjectClass.DATA, None): _DATA,
        (ObjectClass.CERTIFICATE, CertificateType.X_509): _X509,
        (ObjectClass.CERTIFICATE, CertificateType.WTLS): compose(_CERTIFICATE, _BY_URL),
        (ObjectClass.CERTIFICATE, CertificateType.X_509_ATTR_CERT): _ATTRIBUTE_CERTIFICATE,
        (ObjectClass.TRUST, None): _TRUST,
        (ObjectClass.DOMAIN_PARAMETERS, KeyType.DH): _DOMAIN,
        (ObjectClass.DOMAIN_PARAMETERS, KeyType.DSA): compose(
            _DOMAIN, rule("SUBPRIME", 1, 4), rule("SUBPRIME_BITS", 2)
        ),
        (ObjectClass.DOMAIN_PARAMETERS, KeyType.X9_42_DH): compose(
            _DOMAIN, rule("SUBPRIME", 1, 4), rule("SUBPRIME_BITS", 2, 3)
        ),
        (ObjectClass.OTP_KEY, KeyType.HOTP): _key(KeyType.HOTP, _HOTP),
        (ObjectClass.OTP_KEY, KeyType.SECURID): _key(
            KeyType.SECURID, compose(_OTP, rule("OTP_TIME_INTERVAL", 1, default=60))
        ),
        (ObjectClass.OTP_KEY, KeyType.ACTI): _key(
            KeyType.ACTI, compose(_OTP, rule("OTP_TIME_INTERVAL", 1, default=60))
        ),
    }
    for key_type, (public, private) in _PAIRS.items():
        schemas[ObjectClass.PUBLIC_KEY, key_type] = _key(key_type, compose(_PUBLIC, public))
        schemas[ObjectClass.PRIVATE_KEY, key_type] = _key(key_type, compose(_PRIVATE, private))
    schemas |= {(ObjectClass.SECRET_KEY, key_type): _key(key_type, _FIXED) for key_type in _FIXED_TYPES}
    schemas |= {(ObjectClass.SECRET_KEY, key_type): _key(key_type, _SIZED) for key_type in _SIZED_TYPES}
    return schemas


#: The attribute that, after CKA_CLASS, decides which attributes an object has.
SUBTYPE: Final[dict[int, Attr]] = {
    ObjectClass.CERTIFICATE: Attr.CERTIFICATE_TYPE,
    ObjectClass.HW_FEATURE: Attr.HW_FEATURE_TYPE,
    **dict.fromkeys(
        (
            ObjectClass.PUBLIC_KEY,
            ObjectClass.PRIVATE_KEY,
            ObjectClass.SECRET_KEY,
            ObjectClass.DOMAIN_PARAMETERS,
            ObjectClass.OTP_KEY,
        ),
        Attr.KEY_TYPE,
    ),
}

#: By (class, subtype). Only storage objects can be made by a caller; the others are the token's own (section 4.1.1).
STORED: Final = _stored()
OBJECTS: Final = _built_in() | STORED

#: By class, the attributes whose values are secret (footnote 7): they are never shown of a sensitive or unextractable key.
SEALED: Final[dict[int, frozenset[int]]] = {
    cls: frozenset(
        attr
        for (of, _), schema in OBJECTS.items()
        if of == cls
        for attr, row in schema.items()
        if Note.SEALED in row.notes
    )
    for cls in ObjectClass
}

#: Attributes that are secret in one class or another: a log never shows them.
REDACTED: Final = frozenset[int]().union(*SEALED.values())
