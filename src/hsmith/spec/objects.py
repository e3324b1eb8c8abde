"""The object classes of PKCS#11 3.2 as compositions of rules, as the chapters of the standard compose their tables."""

from dataclasses import dataclass, replace
from enum import IntFlag
from typing import Any, Final, TypeAlias

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


class Note(IntFlag):
    """The numbered footnotes of "Common footnotes for object attribute tables" (section 4.2); bit n is footnote n."""

    AT_CREATE = 1 << 1
    NOT_AT_CREATE = 1 << 2
    AT_GENERATE = 1 << 3
    NOT_AT_GENERATE = 1 << 4
    AT_UNWRAP = 1 << 5
    NOT_AT_UNWRAP = 1 << 6
    SEALED = 1 << 7
    MODIFIABLE = 1 << 8
    TOKEN_DEFAULT = 1 << 9
    SO_ONLY = 1 << 10
    ONE_WAY_TRUE = 1 << 11
    ONE_WAY_FALSE = 1 << 12
    BY_PAIR = 1 << 13
    #: Not a footnote but a sentence of section 4.1.3: may be changed while it is copied, and not afterwards.
    COPYING = 1 << 14

    #: The token's own word; nobody may give it (footnotes 2, 4 and 6 together).
    READ_ONLY = NOT_AT_CREATE | NOT_AT_GENERATE | NOT_AT_UNWRAP


class Absent:
    """The default of an attribute that an object need not have."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = Absent()


@dataclass(frozen=True, slots=True)
class Rule:
    """An attribute in one object class: its footnotes there, and its value when nobody gives one (ABSENT: none)."""

    attr: Attr
    notes: Note
    default: Any = ABSENT


Schema: TypeAlias = dict[int, Rule]

_COPYING = 14


def _rule(name: str, *notes: int, default: Any = ABSENT) -> Rule:
    bits = Note(0)
    for note in notes:
        bits |= Note(1 << note)
    return Rule(Attr[name], bits, default)


def _compose(*parts: Rule | Schema) -> Schema:
    """Later parts come over earlier ones, as a key type's table comes over that of its class."""
    schema: Schema = {}
    for part in parts:
        schema.update({part.attr: part} if isinstance(part, Rule) else part)
    return schema


def _own(*names: str) -> Schema:
    """Attributes of the objects that the token itself makes."""
    return _compose(*(_rule(name, 2, 4, 6) for name in names))


_COMMON = _compose(_rule("CLASS", 1), _rule("UNIQUE_ID", 2, 4, 6))

_STORAGE = _compose(
    _COMMON,
    _rule("TOKEN", _COPYING, default=False),
    _rule("PRIVATE", _COPYING, default=False),
    _rule("MODIFIABLE", _COPYING, default=True),
    _rule("LABEL", 8, default=b""),
    _rule("COPYABLE", 12, _COPYING, default=True),
    _rule("DESTROYABLE", _COPYING, default=True),
)

_DATA = _compose(_STORAGE, *(_rule(name, default=b"") for name in ("APPLICATION", "OBJECT_ID", "VALUE")))

_CERTIFICATE = _compose(
    _STORAGE,
    _rule("CERTIFICATE_TYPE", 1),
    _rule("TRUSTED", 10, default=False),
    _rule("CERTIFICATE_CATEGORY", default=CertificateCategory.UNSPECIFIED),
    _rule("CHECK_VALUE"),
    _rule("START_DATE", default=b""),
    _rule("END_DATE", default=b""),
    _rule("PUBLIC_KEY_INFO", default=b""),
)

_BY_URL = _compose(
    _rule("SUBJECT", 1),
    _rule("ISSUER", 8, default=b""),
    _rule("VALUE", default=b""),  # or the URL: hsmith.core.templates.making
    _rule("URL", default=b""),
    _rule("HASH_OF_SUBJECT_PUBLIC_KEY", default=b""),
    _rule("HASH_OF_ISSUER_PUBLIC_KEY", default=b""),
    _rule("NAME_HASH_ALGORITHM", default=Mechanism.SHA_1),
)

_X509 = _compose(
    _CERTIFICATE,
    _BY_URL,
    _rule("ID", 8, default=b""),
    _rule("SERIAL_NUMBER", 8, default=b""),
    _rule("JAVA_MIDP_SECURITY_DOMAIN", default=SecurityDomain.UNSPECIFIED),
)

_ATTRIBUTE_CERTIFICATE = _compose(
    _CERTIFICATE,
    _rule("OWNER", 1),
    _rule("VALUE", 1),
    *(_rule(name, 8, default=b"") for name in ("AC_ISSUER", "SERIAL_NUMBER", "ATTR_TYPES")),
)

_KEY = _compose(
    _STORAGE,
    _rule("KEY_TYPE", 1, 5),
    _rule("ID", 8, default=b""),
    _rule("START_DATE", 8, default=b""),
    _rule("END_DATE", 8, default=b""),
    _rule("DERIVE", 8, default=False),
    _rule("LOCAL", 2, 4, 6, default=False),
    _rule("KEY_GEN_MECHANISM", 2, 4, 6, default=UNAVAILABLE),
    _rule("ALLOWED_MECHANISMS"),  # absent: every mechanism
)

#: Usage: footnote 9, so that USES says the default for each type of key.
_PUBLIC = _compose(
    _KEY,
    _rule("SUBJECT", 8, default=b""),
    *(_rule(name, 8, 9) for name in ("ENCRYPT", "VERIFY", "VERIFY_RECOVER", "WRAP", "ENCAPSULATE")),
    _rule("TRUSTED", 10, default=False),
    _rule("WRAP_TEMPLATE"),
    _rule("ENCAPSULATE_TEMPLATE"),
    _rule("PUBLIC_KEY_INFO"),
)

#: What private and secret keys have in common. A private object is the default of both, as footnote-9 defaults go in practice.
_CONFIDENTIAL = _compose(
    _KEY,
    _rule("PRIVATE", _COPYING, default=True),
    _rule("EXTRACTABLE", 8, 9, 12, default=False),
    _rule("ALWAYS_SENSITIVE", 2, 4, 6, default=False),
    _rule("NEVER_EXTRACTABLE", 2, 4, 6, default=False),
    _rule("WRAP_WITH_TRUSTED", 11, default=False),
    _rule("UNWRAP_TEMPLATE"),
    _rule("DERIVE_TEMPLATE"),
)

_PRIVATE = _compose(
    _CONFIDENTIAL,
    _rule("SUBJECT", 8, default=b""),
    _rule("SENSITIVE", 8, 9, 11, default=True),
    *(_rule(name, 8, 9) for name in ("DECRYPT", "SIGN", "SIGN_RECOVER", "UNWRAP", "DECAPSULATE")),
    _rule("DECAPSULATE_TEMPLATE"),
    _rule("ALWAYS_AUTHENTICATE", default=False),
    _rule("PUBLIC_KEY_INFO", 8),
)

_SECRET = _compose(
    _CONFIDENTIAL,
    # The one sensitivity for which the text itself has a default. EXTRACTABLE is False, so that its value is sealed all the same.
    _rule("SENSITIVE", 8, 11, default=False),
    *(_rule(name, 8, 9) for name in ("ENCRYPT", "DECRYPT", "SIGN", "VERIFY", "WRAP", "UNWRAP")),
    _rule("CHECK_VALUE"),
    _rule("TRUSTED", 10, default=False),
    _rule("WRAP_TEMPLATE"),
    _rule("VALUE", 1, 4, 6, 7),
)

#: Types whose length is no choice have no CKA_VALUE_LEN in their tables; C_UnwrapKey takes it for every type all the same.
_FIXED = _compose(_SECRET, _rule("VALUE_LEN", 2))
_SIZED = _compose(_SECRET, _rule("VALUE_LEN", 2, 3))

_OTP = _compose(
    _SIZED,
    _rule("OTP_FORMAT", default=OtpFormat.DECIMAL),
    _rule("OTP_LENGTH", 9, default=6),
    _rule("OTP_USER_FRIENDLY_MODE", 9, default=False),
    _rule("OTP_CHALLENGE_REQUIREMENT", 9, default=OtpRequirement.IGNORED),
    _rule("OTP_TIME_REQUIREMENT", 9, default=OtpRequirement.IGNORED),
    _rule("OTP_COUNTER_REQUIREMENT", 9, default=OtpRequirement.IGNORED),
    _rule("OTP_PIN_REQUIREMENT", 9, default=OtpRequirement.IGNORED),
    *(
        _rule(f"OTP_{name}", default=b"")
        for name in ("COUNTER", "TIME", "USER_IDENTIFIER", "SERVICE_IDENTIFIER", "SERVICE_LOGO", "SERVICE_LOGO_TYPE")
    ),
)

_DOMAIN = _compose(
    _STORAGE, _rule("KEY_TYPE", 1), _rule("LOCAL", 2, 4, default=False), _rule("PRIME", 1, 4), _rule("BASE", 1, 4), _rule("PRIME_BITS", 2, 3)
)  # fmt: skip

_TRUST = _compose(
    _STORAGE,
    _rule("ISSUER", 1),
    _rule("SERIAL_NUMBER", 1),
    _rule("HASH_OF_CERTIFICATE", default=b""),
    _rule("NAME_HASH_ALGORITHM", default=Mechanism.SHA_1),
    *(_rule(attr.name, default=Trust.TRUST_UNKNOWN) for attr in Attr if attr.name.startswith("TRUST_")),
)


def _parts(names: str, *notes: int) -> Schema:
    return _compose(*(_rule(name, *notes) for name in names.split()))


#: (public, private) value attributes, by key type.
_PAIRS: Final[dict[KeyType, tuple[Schema, Schema]]] = {
    KeyType.RSA: (
        _compose(_rule("MODULUS", 1, 4), _rule("MODULUS_BITS", 2, 3), _rule("PUBLIC_EXPONENT", 1)),
        _compose(
            _parts("MODULUS PUBLIC_EXPONENT", 1, 4, 6),
            _rule("PRIVATE_EXPONENT", 1, 4, 6, 7),
            _parts("PRIME_1 PRIME_2 EXPONENT_1 EXPONENT_2 COEFFICIENT", 4, 6, 7),
        ),
    ),
    KeyType.DSA: (
        _compose(_parts("PRIME SUBPRIME BASE", 1, 3), _rule("VALUE", 1, 4)),
        _compose(_parts("PRIME SUBPRIME BASE", 1, 4, 6), _rule("VALUE", 1, 4, 6, 7)),
    ),
    KeyType.DH: (
        _compose(_parts("PRIME BASE", 1, 3), _rule("VALUE", 1, 4)),
        _compose(_parts("PRIME BASE", 1, 4, 6), _rule("VALUE", 1, 4, 6, 7), _rule("VALUE_BITS", 2)),
    ),
    KeyType.X9_42_DH: (
        _compose(_parts("PRIME BASE SUBPRIME", 1, 3), _rule("VALUE", 1, 4)),
        _compose(_parts("PRIME BASE SUBPRIME", 1, 4, 6), _rule("VALUE", 1, 4, 6, 7)),
    ),
    **dict.fromkeys(
        (KeyType.EC, KeyType.EC_EDWARDS, KeyType.EC_MONTGOMERY),
        (
            _compose(_rule("EC_PARAMS", 1, 3), _rule("EC_POINT", 1, 4)),
            _compose(_rule("EC_PARAMS", 1, 4, 6), _rule("VALUE", 1, 4, 6, 7)),
        ),
    ),
    **dict.fromkeys(
        (KeyType.ML_KEM, KeyType.ML_DSA),
        (
            _compose(_rule("PARAMETER_SET", 1, 3), _rule("VALUE", 1, 4)),
            _compose(_rule("PARAMETER_SET", 1, 4, 6), _rule("SEED", 4, 6, 7), _rule("VALUE", 1, 4, 6, 7)),
        ),
    ),
    KeyType.SLH_DSA: (
        _compose(_rule("PARAMETER_SET", 1, 3), _rule("VALUE", 1, 4)),
        _compose(_rule("PARAMETER_SET", 1, 4, 6), _rule("VALUE", 1, 4, 6, 7)),
    ),
}

_FIXED_TYPES: Final = (KeyType.DES, KeyType.DES2, KeyType.DES3, KeyType.SEED)
_HMAC_TYPES: Final = tuple(type for type in KeyType if type.name.endswith("_HMAC"))
_CIPHER_TYPES: Final = (
    KeyType.AES, KeyType.AES_XTS, KeyType.CAMELLIA, KeyType.ARIA, KeyType.BLOWFISH, KeyType.TWOFISH, KeyType.CHACHA20, KeyType.SALSA20
)  # fmt: skip
_SIZED_TYPES: Final = (*_CIPHER_TYPES, *_HMAC_TYPES, KeyType.GENERIC_SECRET, KeyType.HKDF, KeyType.POLY1305)

_BLOCK_USES: Final = "ENCRYPT DECRYPT SIGN VERIFY WRAP UNWRAP"

#: The usages that a key of a type can serve at all: they default to True (footnote 9), as clients that name none expect.
USES: Final[dict[KeyType, frozenset[Attr]]] = {
    type: frozenset(Attr[name] for name in names.split())
    for types, names in (
        ((KeyType.RSA,), "ENCRYPT DECRYPT SIGN SIGN_RECOVER VERIFY VERIFY_RECOVER WRAP UNWRAP"),
        ((KeyType.DSA, KeyType.EC, KeyType.EC_EDWARDS, KeyType.ML_DSA, KeyType.SLH_DSA), "SIGN VERIFY"),
        ((KeyType.ML_KEM,), "ENCAPSULATE DECAPSULATE"),
        ((KeyType.DH, KeyType.X9_42_DH, KeyType.EC_MONTGOMERY, KeyType.HKDF), ""),
        ((KeyType.AES, KeyType.CAMELLIA, KeyType.ARIA, *_FIXED_TYPES), _BLOCK_USES),
        ((KeyType.AES_XTS, KeyType.BLOWFISH, KeyType.TWOFISH, KeyType.CHACHA20, KeyType.SALSA20), "ENCRYPT DECRYPT WRAP UNWRAP"),
        ((*_HMAC_TYPES, KeyType.GENERIC_SECRET, KeyType.POLY1305), "SIGN VERIFY"),
        ((KeyType.HOTP, KeyType.SECURID, KeyType.ACTI), "SIGN VERIFY"),
    )
    for type in types
}


def _key(type: KeyType, schema: Schema) -> Schema:
    """The schema with the defaults of the usages (footnote 9 without a default so far) for this type of key."""
    usable = USES[type]
    return {
        attr: replace(rule, default=rule.attr in usable) if rule.default is ABSENT and Note.TOKEN_DEFAULT in rule.notes else rule
        for attr, rule in schema.items()
    }


def _built_in() -> dict[tuple[int, int | None], Schema]:
    feature = _compose(_COMMON, _own("HW_FEATURE_TYPE"))
    screen = "PIXEL_X PIXEL_Y RESOLUTION CHAR_ROWS CHAR_COLUMNS COLOR BITS_PER_PIXEL CHAR_SETS ENCODING_METHODS MIME_TYPES"
    validation = (attr.name for attr in Attr if attr.name.startswith("VALIDATION_"))
    cms = "REQUIRED_CMS_ATTRIBUTES DEFAULT_CMS_ATTRIBUTES SUPPORTED_CMS_ATTRIBUTES"
    return {
        (ObjectClass.HW_FEATURE, HwFeature.CLOCK): _compose(feature, _own("VALUE")),
        (ObjectClass.HW_FEATURE, HwFeature.MONOTONIC_COUNTER): _compose(feature, _own("RESET_ON_INIT", "HAS_RESET", "VALUE")),
        (ObjectClass.HW_FEATURE, HwFeature.USER_INTERFACE): _compose(feature, _own(*screen.split())),
        (ObjectClass.MECHANISM, None): _compose(_COMMON, _own("MECHANISM_TYPE", *cms.split())),
        (ObjectClass.PROFILE, None): _compose(_COMMON, _own("PROFILE_ID")),
        (ObjectClass.VALIDATION, None): _compose(_COMMON, _own(*validation)),
    }


def _stored() -> dict[tuple[int, int | None], Schema]:
    schemas: dict[tuple[int, int | None], Schema] = {
        (ObjectClass.DATA, None): _DATA,
        (ObjectClass.CERTIFICATE, CertificateType.X_509): _X509,
        (ObjectClass.CERTIFICATE, CertificateType.WTLS): _compose(_CERTIFICATE, _BY_URL),
        (ObjectClass.CERTIFICATE, CertificateType.X_509_ATTR_CERT): _ATTRIBUTE_CERTIFICATE,
        (ObjectClass.TRUST, None): _TRUST,
        (ObjectClass.DOMAIN_PARAMETERS, KeyType.DH): _DOMAIN,
        (ObjectClass.DOMAIN_PARAMETERS, KeyType.DSA): _compose(_DOMAIN, _rule("SUBPRIME", 1, 4), _rule("SUBPRIME_BITS", 2)),
        (ObjectClass.DOMAIN_PARAMETERS, KeyType.X9_42_DH): _compose(_DOMAIN, _rule("SUBPRIME", 1, 4), _rule("SUBPRIME_BITS", 2, 3)),
        (ObjectClass.OTP_KEY, KeyType.HOTP): _key(KeyType.HOTP, _OTP),
        (ObjectClass.OTP_KEY, KeyType.SECURID): _key(KeyType.SECURID, _compose(_OTP, _rule("OTP_TIME_INTERVAL", 1, default=60))),
        (ObjectClass.OTP_KEY, KeyType.ACTI): _key(KeyType.ACTI, _compose(_OTP, _rule("OTP_TIME_INTERVAL", 1, default=60))),
    }
    for type, (public, private) in _PAIRS.items():
        schemas[ObjectClass.PUBLIC_KEY, type] = _key(type, _compose(_PUBLIC, public))
        schemas[ObjectClass.PRIVATE_KEY, type] = _key(type, _compose(_PRIVATE, private))
    schemas |= {(ObjectClass.SECRET_KEY, type): _key(type, _FIXED) for type in _FIXED_TYPES}
    schemas |= {(ObjectClass.SECRET_KEY, type): _key(type, _SIZED) for type in _SIZED_TYPES}
    return schemas


#: The attribute that, after CKA_CLASS, decides which attributes an object has.
SUBTYPE: Final[dict[int, Attr]] = {
    ObjectClass.CERTIFICATE: Attr.CERTIFICATE_TYPE,
    ObjectClass.HW_FEATURE: Attr.HW_FEATURE_TYPE,
    **dict.fromkeys(
        (ObjectClass.PUBLIC_KEY, ObjectClass.PRIVATE_KEY, ObjectClass.SECRET_KEY, ObjectClass.DOMAIN_PARAMETERS, ObjectClass.OTP_KEY),
        Attr.KEY_TYPE,
    ),
}

#: By (class, subtype). Only storage objects can be made by a caller; the others are the token's own (section 4.1.1).
STORED: Final = _stored()
OBJECTS: Final = _built_in() | STORED

#: By class, the attributes whose values are secret (footnote 7): they are never shown of a sensitive or unextractable key.
SEALED: Final[dict[int, frozenset[int]]] = {
    cls: frozenset(attr for (of, _), schema in OBJECTS.items() if of == cls for attr, rule in schema.items() if Note.SEALED in rule.notes)
    for cls in ObjectClass
}

#: Attributes that are secret in one class or another: a log never shows them.
REDACTED: Final = frozenset[int]().union(*SEALED.values())
