"""The attributes of PKCS#11 3.2, one row each. Which object has which of them: hsmith.spec.objects."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from hsmith.spec.constants import (
    Attr,
    CertificateCategory,
    CertificateType,
    KeyType,
    ObjectClass,
    OtpFormat,
    OtpRequirement,
    SecurityDomain,
    Trust,
)
from hsmith.spec.values import ValueKind


@dataclass(frozen=True, slots=True)
class AttributeRow:
    """One attribute.

    ``kind``: the C type of its value. ``big``: a Big integer (section 4, "Objects"): unsigned, its leading zeros mean nothing.
    ``choices``: the values there are, for a CK_ULONG that names one of a family (vendor-defined ones are not ours).
    ``rank``: 0 when the blind index does not know the attribute; else its place among search terms, 1 for the most selective.
    """

    attr: Attr
    kind: ValueKind
    big: bool = False
    choices: type[IntEnum] | None = None
    rank: int = 0


#: Everything that is not listed here is a byte array or a string.
_KINDS: Final[dict[ValueKind, str]] = {
    ValueKind.BOOL: """TOKEN PRIVATE TRUSTED SENSITIVE ENCRYPT DECRYPT WRAP UNWRAP SIGN SIGN_RECOVER VERIFY VERIFY_RECOVER
        DERIVE EXTRACTABLE LOCAL NEVER_EXTRACTABLE ALWAYS_SENSITIVE MODIFIABLE COPYABLE DESTROYABLE SECONDARY_AUTH
        ALWAYS_AUTHENTICATE WRAP_WITH_TRUSTED OTP_USER_FRIENDLY_MODE RESET_ON_INIT HAS_RESET COLOR X2RATCHET_BOBS1STMSG
        X2RATCHET_ISALICE ENCAPSULATE DECAPSULATE""",
    ValueKind.ULONG: """CLASS CERTIFICATE_TYPE CERTIFICATE_CATEGORY JAVA_MIDP_SECURITY_DOMAIN NAME_HASH_ALGORITHM KEY_TYPE
        MODULUS_BITS PRIME_BITS SUBPRIME_BITS VALUE_BITS VALUE_LEN KEY_GEN_MECHANISM AUTH_PIN_FLAGS OTP_FORMAT OTP_LENGTH
        OTP_TIME_INTERVAL OTP_CHALLENGE_REQUIREMENT OTP_TIME_REQUIREMENT OTP_COUNTER_REQUIREMENT OTP_PIN_REQUIREMENT
        HW_FEATURE_TYPE PIXEL_X PIXEL_Y RESOLUTION CHAR_ROWS CHAR_COLUMNS BITS_PER_PIXEL MECHANISM_TYPE PROFILE_ID
        X2RATCHET_BAGSIZE X2RATCHET_NR X2RATCHET_NS X2RATCHET_PNS HSS_LEVELS HSS_LMS_TYPE HSS_LMOTS_TYPE
        HSS_KEYS_REMAINING PARAMETER_SET OBJECT_VALIDATION_FLAGS VALIDATION_TYPE VALIDATION_LEVEL VALIDATION_FLAG
        VALIDATION_AUTHORITY_TYPE TRUST_SERVER_AUTH TRUST_CLIENT_AUTH TRUST_CODE_SIGNING TRUST_EMAIL_PROTECTION
        TRUST_IPSEC_IKE TRUST_TIME_STAMPING TRUST_OCSP_SIGNING""",
    ValueKind.DATE: "START_DATE END_DATE",
    ValueKind.ULONGS: "ALLOWED_MECHANISMS HSS_LMS_TYPES HSS_LMOTS_TYPES",
    ValueKind.TEMPLATE: "WRAP_TEMPLATE UNWRAP_TEMPLATE DERIVE_TEMPLATE ENCAPSULATE_TEMPLATE DECAPSULATE_TEMPLATE",
}

#: CKA_VALUE is not among them, although some tables call it one: with ML-KEM or X25519 it is a string of bytes.
_BIG: Final = (
    """MODULUS PUBLIC_EXPONENT PRIVATE_EXPONENT PRIME_1 PRIME_2 EXPONENT_1 EXPONENT_2 COEFFICIENT PRIME SUBPRIME BASE"""
)

_CHOICES: Final[dict[type[IntEnum], str]] = {
    ObjectClass: "CLASS",
    KeyType: "KEY_TYPE",
    CertificateType: "CERTIFICATE_TYPE",
    CertificateCategory: "CERTIFICATE_CATEGORY",
    SecurityDomain: "JAVA_MIDP_SECURITY_DOMAIN",
    Trust: """TRUST_SERVER_AUTH TRUST_CLIENT_AUTH TRUST_CODE_SIGNING TRUST_EMAIL_PROTECTION TRUST_IPSEC_IKE
        TRUST_TIME_STAMPING TRUST_OCSP_SIGNING""",
    OtpFormat: "OTP_FORMAT",
    OtpRequirement: "OTP_CHALLENGE_REQUIREMENT OTP_TIME_REQUIREMENT OTP_COUNTER_REQUIREMENT OTP_PIN_REQUIREMENT",
}

#: What programs search by, the most selective first.
_SEARCHED: Final = """UNIQUE_ID HASH_OF_CERTIFICATE HASH_OF_SUBJECT_PUBLIC_KEY PUBLIC_KEY_INFO MODULUS EC_POINT VALUE ID
    SERIAL_NUMBER LABEL SUBJECT OWNER OTP_SERVICE_IDENTIFIER ISSUER AC_ISSUER OBJECT_ID APPLICATION CERTIFICATE_TYPE
    KEY_TYPE CLASS"""


def _by_name(table: dict[ValueKind, str] | dict[type[IntEnum], str]) -> dict[str, object]:
    return {name: value for value, names in table.items() for name in names.split()}


def _rows() -> dict[int, AttributeRow]:
    kinds, choices = _by_name(_KINDS), _by_name(_CHOICES)
    big, searched = frozenset(_BIG.split()), _SEARCHED.split()
    rows: dict[int, AttributeRow] = {}
    for attr in Attr:
        kind, choice = kinds.get(attr.name, ValueKind.BYTES), choices.get(attr.name)
        assert isinstance(kind, ValueKind)
        assert choice is None or isinstance(choice, type)
        rank = searched.index(attr.name) + 1 if attr.name in searched else 0
        rows[attr] = AttributeRow(attr, kind, attr.name in big, choice, rank)
    del rows[Attr.VENDOR_DEFINED]
    return rows


#: By attribute type. A type that is not here is no attribute: CKR_ATTRIBUTE_TYPE_INVALID.
ATTRIBUTES: Final[dict[int, AttributeRow]] = _rows()
