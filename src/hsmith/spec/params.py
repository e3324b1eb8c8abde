"""The parameters of mechanisms: one class and one row of fields for each structure of the standard.

From these rows come the Python codec (hsmith.wire.codec), the C structures and the tables by which the module flattens
them (tools/gen.py). A class's number is its number on the wire: rows are only ever appended.

A pointer and its length are one ``bytes`` field (NULL with length 0 is empty). What a mechanism gives back comes in two shapes:

- a field that carries data in and may carry data back (the IV that a token may generate, the tag of a message: kind INOUT) is
  ``bytes``; its length is also the room that the caller has. The handler assigns the new bytes, at most as many. Where a function
  only fills the field, what comes in is zeros.
- a field that is only given back (kinds OUT and OUT_HANDLE) is an ``Out`` cell: its ``capacity`` is the caller's room in bytes (for a
  handle 1; 0 where the pointer is NULL), and the handler sets its ``value``.
"""

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, Final, TypeAlias

from hsmith.spec.constants import OtpParam as OtpParamType
from hsmith.spec.constants import PrfDataType
from hsmith.spec.structure import structure
from hsmith.spec.values import Template


class FieldKind(Enum):
    """The C shape of a field, and what it is in Python."""

    ULONG = auto()  # CK_ULONG, handle                      int
    BYTE = auto()  # CK_BYTE                               int
    BOOL = auto()  # CK_BBOOL                              bool
    ARRAY = auto()  # CK_BYTE[size]                         bytes
    DATA = auto()  # pointer, length                       bytes
    INOUT = auto()  # pointer, length, written back         bytes
    OUT = auto()  # pointer, length, only written back    Out of bytes
    OUT_HANDLE = auto()  # CK_OBJECT_HANDLE, or pointer to one   Out of int
    STRUCT = auto()  # embedded structure                    its class
    POINTER = auto()  # pointer to a structure                its class or None
    STRUCTS = auto()  # pointer to structures, count          tuple of its class
    TEMPLATE = auto()  # CK_ATTRIBUTE_PTR, count               Template
    VARIANT = auto()  # pointer, length; type by the field before   None, bytes, int or a class


class Unit(Enum):
    """How the length of DATA, INOUT and OUT is told."""

    BYTES = auto()
    BITS = auto()
    NONCE = auto()  # the text says both bytes and bits: 64 and more are bits
    POINTED = auto()  # the member points to the number of bytes; it is set to what was written


@dataclass(slots=True)
class Out:
    """A field that is only given back: the caller's room, and what the handler puts there."""

    capacity: int = 0
    value: Any = None


@dataclass(frozen=True, slots=True)
class Field:
    """One field.

    ``members``: the C members that belong to it, in C's order. ``length``: the member that holds the length (it may belong to another
    field, or with ``outer`` to the structure that points to this one); without one the length is ``size``. ``limit``: a longer value
    makes the parameter malformed (0: the frame's limit). ``of``: the class of structures; for VARIANT the shape for each type.
    ``pointed``: the handle is behind a pointer. ``made``: encryption makes it, so that its old content is then sent as zeros.
    A NULL pointer whose length is another field's is empty.
    """

    name: str
    kind: FieldKind
    members: tuple[str, ...]
    length: str = ""
    size: int = 0
    unit: Unit = Unit.BYTES
    limit: int = 0
    of: Any = None
    outer: bool = False
    pointed: bool = False
    made: bool = False

    @property
    def holder(self) -> str:
        """The C member that is the value, or points to it."""
        return next((name for name in self.members if name != self.length), self.members[0])


@dataclass(frozen=True, slots=True)
class ParamsRow:
    """One structure. ``without``: members that older layouts of it lack (their fields are 0 then). ``message``: the per-message
    form, chosen before another of the same size by the message functions and authenticated wrapping. ``names_keys``: the
    handles of the keys that C_DeriveKey makes come in the parameter, and phKey may be NULL."""

    number: int
    cls: type[Any]
    struct: str
    fields: tuple[Field, ...]
    without: tuple[frozenset[str], ...] = ()
    message: bool = False
    names_keys: bool = False


_ROWS: list[ParamsRow] = []
Shape: TypeAlias = "type[bytes] | type[int] | type[Any] | None"


def _row(number: int, cls: type[Any], struct: str, *fields: Field, **more: Any) -> None:
    _ROWS.append(ParamsRow(number, cls, struct, fields, **more))


def _ulong(name: str, member: str) -> Field:
    return Field(name, FieldKind.ULONG, (member,))


def _bool(name: str, member: str) -> Field:
    return Field(name, FieldKind.BOOL, (member,))


def _byte(name: str, member: str) -> Field:
    return Field(name, FieldKind.BYTE, (member,))


def _array(name: str, member: str, size: int) -> Field:
    return Field(name, FieldKind.ARRAY, (member,), size=size)


def _data(name: str, *members: str, **more: Any) -> Field:
    """A pointer and its length, in C's order; the length is the member whose name does not begin with p."""
    length = next(member for member in members if not member.startswith("p"))
    return Field(name, FieldKind.DATA, members, length, **more)


def _inout(name: str, pointer: str, length: str, **more: Any) -> Field:
    return Field(name, FieldKind.INOUT, (pointer, length), length, **more)


def _struct(name: str, member: str, of: type[Any]) -> Field:
    return Field(name, FieldKind.STRUCT, (member,), of=of)


def _pointer(name: str, member: str, of: type[Any]) -> Field:
    return Field(name, FieldKind.POINTER, (member,), of=of)


def _structs(name: str, count: str, pointer: str, of: type[Any]) -> Field:
    return Field(name, FieldKind.STRUCTS, (count, pointer), count, of=of)


def _version(name: str, member: str) -> Field:
    """CK_VERSION_PTR that receives the protocol's version: two bytes, major and minor."""
    return Field(name, FieldKind.OUT, (member,), size=2)


def _handle_out(name: str, member: str) -> Field:
    return Field(name, FieldKind.OUT_HANDLE, (member,))


# --- General


@structure
class Version:
    """CK_VERSION: the parameter of the pre-master key generations."""

    major: int = 0
    minor: int = 0


_row(1, Version, "CK_VERSION", _byte("major", "major"), _byte("minor", "minor"))

# --- RSA


@structure
class RsaPkcsOaepParams:
    hash_alg: int = 0
    mgf: int = 0
    source: int = 0
    source_data: bytes = b""


_row(
    2,
    RsaPkcsOaepParams,
    "CK_RSA_PKCS_OAEP_PARAMS",
    _ulong("hash_alg", "hashAlg"),
    _ulong("mgf", "mgf"),
    _ulong("source", "source"),
    _data("source_data", "pSourceData", "ulSourceDataLen"),
)


@structure
class RsaPkcsPssParams:
    hash_alg: int = 0
    mgf: int = 0
    s_len: int = 0


_row(
    3,
    RsaPkcsPssParams,
    "CK_RSA_PKCS_PSS_PARAMS",
    _ulong("hash_alg", "hashAlg"),
    _ulong("mgf", "mgf"),
    _ulong("s_len", "sLen"),
)


@structure
class RsaAesKeyWrapParams:
    aes_key_bits: int = 0
    oaep_params: RsaPkcsOaepParams | None = None


_row(
    4,
    RsaAesKeyWrapParams,
    "CK_RSA_AES_KEY_WRAP_PARAMS",
    _ulong("aes_key_bits", "ulAESKeyBits"),
    _pointer("oaep_params", "pOAEPParams", RsaPkcsOaepParams),
)

# --- Elliptic curves


@structure
class Ecdh1DeriveParams:
    kdf: int = 0
    shared_data: bytes = b""
    public_data: bytes = b""


_row(
    5,
    Ecdh1DeriveParams,
    "CK_ECDH1_DERIVE_PARAMS",
    _ulong("kdf", "kdf"),
    _data("shared_data", "ulSharedDataLen", "pSharedData"),
    _data("public_data", "ulPublicDataLen", "pPublicData"),
)


@structure
class Ecdh2DeriveParams:
    kdf: int = 0
    shared_data: bytes = b""
    public_data: bytes = b""
    private_data_len: int = 0
    private_data: int = 0
    public_data2: bytes = b""


_row(
    6,
    Ecdh2DeriveParams,
    "CK_ECDH2_DERIVE_PARAMS",
    _ulong("kdf", "kdf"),
    _data("shared_data", "ulSharedDataLen", "pSharedData"),
    _data("public_data", "ulPublicDataLen", "pPublicData"),
    _ulong("private_data_len", "ulPrivateDataLen"),
    _ulong("private_data", "hPrivateData"),
    _data("public_data2", "ulPublicDataLen2", "pPublicData2"),
)


@structure
class EcmqvDeriveParams:
    kdf: int = 0
    shared_data: bytes = b""
    public_data: bytes = b""
    private_data_len: int = 0
    private_data: int = 0
    public_data2: bytes = b""
    public_key: int = 0


_row(
    7,
    EcmqvDeriveParams,
    "CK_ECMQV_DERIVE_PARAMS",
    _ulong("kdf", "kdf"),
    _data("shared_data", "ulSharedDataLen", "pSharedData"),
    _data("public_data", "ulPublicDataLen", "pPublicData"),
    _ulong("private_data_len", "ulPrivateDataLen"),
    _ulong("private_data", "hPrivateData"),
    _data("public_data2", "ulPublicDataLen2", "pPublicData2"),
    _ulong("public_key", "publicKey"),
)


@structure
class EcdhAesKeyWrapParams:
    aes_key_bits: int = 0
    kdf: int = 0
    shared_data: bytes = b""


_row(
    8,
    EcdhAesKeyWrapParams,
    "CK_ECDH_AES_KEY_WRAP_PARAMS",
    _ulong("aes_key_bits", "ulAESKeyBits"),
    _ulong("kdf", "kdf"),
    _data("shared_data", "ulSharedDataLen", "pSharedData"),
)


@structure
class EddsaParams:
    ph_flag: bool = False
    context_data: bytes = b""


_row(
    9,
    EddsaParams,
    "CK_EDDSA_PARAMS",
    _bool("ph_flag", "phFlag"),
    _data("context_data", "ulContextDataLen", "pContextData"),
)


@structure
class XeddsaParams:
    hash: int = 0


_row(10, XeddsaParams, "CK_XEDDSA_PARAMS", _ulong("hash", "hash"))

# --- Diffie-Hellman and DSA


@structure
class X942Dh1DeriveParams:
    kdf: int = 0
    other_info: bytes = b""
    public_data: bytes = b""


_row(
    11,
    X942Dh1DeriveParams,
    "CK_X9_42_DH1_DERIVE_PARAMS",
    _ulong("kdf", "kdf"),
    _data("other_info", "ulOtherInfoLen", "pOtherInfo"),
    _data("public_data", "ulPublicDataLen", "pPublicData"),
)


@structure
class X942Dh2DeriveParams:
    kdf: int = 0
    other_info: bytes = b""
    public_data: bytes = b""
    private_data_len: int = 0
    private_data: int = 0
    public_data2: bytes = b""


_row(
    12,
    X942Dh2DeriveParams,
    "CK_X9_42_DH2_DERIVE_PARAMS",
    _ulong("kdf", "kdf"),
    _data("other_info", "ulOtherInfoLen", "pOtherInfo"),
    _data("public_data", "ulPublicDataLen", "pPublicData"),
    _ulong("private_data_len", "ulPrivateDataLen"),
    _ulong("private_data", "hPrivateData"),
    _data("public_data2", "ulPublicDataLen2", "pPublicData2"),
)


@structure
class X942MqvDeriveParams:
    kdf: int = 0
    other_info: bytes = b""
    public_data: bytes = b""
    private_data_len: int = 0
    private_data: int = 0
    public_data2: bytes = b""
    public_key: int = 0


_row(
    13,
    X942MqvDeriveParams,
    "CK_X9_42_MQV_DERIVE_PARAMS",
    _ulong("kdf", "kdf"),
    _data("other_info", "ulOtherInfoLen", "pOtherInfo"),
    _data("public_data", "ulPublicDataLen", "pPublicData"),
    _ulong("private_data_len", "ulPrivateDataLen"),
    _ulong("private_data", "hPrivateData"),
    _data("public_data2", "ulPublicDataLen2", "pPublicData2"),
    _ulong("public_key", "publicKey"),
)


@structure
class DsaParameterGenParam:
    hash: int = 0
    seed: bytes = b""
    index: int = 0


_row(
    14,
    DsaParameterGenParam,
    "CK_DSA_PARAMETER_GEN_PARAM",
    _ulong("hash", "hash"),
    _data("seed", "pSeed", "ulSeedLen"),
    _ulong("index", "ulIndex"),
)

# --- Block ciphers


@structure
class AesCtrParams:
    counter_bits: int = 0
    cb: bytes = bytes(16)


_row(15, AesCtrParams, "CK_AES_CTR_PARAMS", _ulong("counter_bits", "ulCounterBits"), _array("cb", "cb", 16))


@structure
class CamelliaCtrParams:
    counter_bits: int = 0
    cb: bytes = bytes(16)


_row(16, CamelliaCtrParams, "CK_CAMELLIA_CTR_PARAMS", _ulong("counter_bits", "ulCounterBits"), _array("cb", "cb", 16))


@structure
class AesCbcEncryptDataParams:
    iv: bytes = bytes(16)
    data: bytes = b""


@structure
class DesCbcEncryptDataParams:
    iv: bytes = bytes(8)
    data: bytes = b""


@structure
class CamelliaCbcEncryptDataParams:
    iv: bytes = bytes(16)
    data: bytes = b""


@structure
class AriaCbcEncryptDataParams:
    iv: bytes = bytes(16)
    data: bytes = b""


@structure
class SeedCbcEncryptDataParams:
    iv: bytes = bytes(16)
    data: bytes = b""


_DATA: Final = _data("data", "pData", "length")
_row(17, AesCbcEncryptDataParams, "CK_AES_CBC_ENCRYPT_DATA_PARAMS", _array("iv", "iv", 16), _DATA)
_row(18, DesCbcEncryptDataParams, "CK_DES_CBC_ENCRYPT_DATA_PARAMS", _array("iv", "iv", 8), _DATA)
_row(19, CamelliaCbcEncryptDataParams, "CK_CAMELLIA_CBC_ENCRYPT_DATA_PARAMS", _array("iv", "iv", 16), _DATA)
_row(20, AriaCbcEncryptDataParams, "CK_ARIA_CBC_ENCRYPT_DATA_PARAMS", _array("iv", "iv", 16), _DATA)
_row(21, SeedCbcEncryptDataParams, "CK_SEED_CBC_ENCRYPT_DATA_PARAMS", _array("iv", "iv", 16), _DATA)

# --- Authenticated encryption


@structure
class GcmParams:
    """CK_GCM_PARAMS; ``iv_bits`` is 0 from callers whose structure still lacks it (before 2.40 errata)."""

    iv: bytes = b""
    iv_bits: int = 0
    aad: bytes = b""
    tag_bits: int = 0


_row(
    22,
    GcmParams,
    "CK_GCM_PARAMS",
    _data("iv", "pIv", "ulIvLen"),
    _ulong("iv_bits", "ulIvBits"),
    _data("aad", "pAAD", "ulAADLen"),
    _ulong("tag_bits", "ulTagBits"),
    without=(frozenset({"ulIvBits"}),),
)


@dataclass(slots=True)
class GcmMessageParams:
    iv: bytes = b""
    iv_fixed_bits: int = 0
    iv_generator: int = 0
    tag: bytes = b""
    tag_bits: int = 0


_row(
    23,
    GcmMessageParams,
    "CK_GCM_MESSAGE_PARAMS",
    _inout("iv", "pIv", "ulIvLen"),
    _ulong("iv_fixed_bits", "ulIvFixedBits"),
    _ulong("iv_generator", "ivGenerator"),
    Field("tag", FieldKind.INOUT, ("pTag",), "ulTagBits", unit=Unit.BITS, limit=16, made=True),
    _ulong("tag_bits", "ulTagBits"),
    message=True,
)


@dataclass(slots=True)
class GcmWrapParams:
    iv: bytes = b""
    iv_fixed_bits: int = 0
    iv_generator: int = 0
    aad: bytes = b""
    tag_bits: int = 0


_row(
    24,
    GcmWrapParams,
    "CK_GCM_WRAP_PARAMS",
    _inout("iv", "pIv", "ulIvLen"),
    _ulong("iv_fixed_bits", "ulIvFixedBits"),
    _ulong("iv_generator", "ivGenerator"),
    _data("aad", "pAAD", "ulAADLen"),
    _ulong("tag_bits", "ulTagBits"),
)


@structure
class CcmParams:
    data_len: int = 0
    nonce: bytes = b""
    aad: bytes = b""
    mac_len: int = 0


_row(
    25,
    CcmParams,
    "CK_CCM_PARAMS",
    _ulong("data_len", "ulDataLen"),
    _data("nonce", "pNonce", "ulNonceLen"),
    _data("aad", "pAAD", "ulAADLen"),
    _ulong("mac_len", "ulMACLen"),
)


@dataclass(slots=True)
class CcmMessageParams:
    data_len: int = 0
    nonce: bytes = b""
    nonce_fixed_bits: int = 0
    nonce_generator: int = 0
    mac: bytes = b""
    mac_len: int = 0


_row(
    26,
    CcmMessageParams,
    "CK_CCM_MESSAGE_PARAMS",
    _ulong("data_len", "ulDataLen"),
    _inout("nonce", "pNonce", "ulNonceLen"),
    _ulong("nonce_fixed_bits", "ulNonceFixedBits"),
    _ulong("nonce_generator", "nonceGenerator"),
    Field("mac", FieldKind.INOUT, ("pMAC",), "ulMACLen", limit=16, made=True),
    _ulong("mac_len", "ulMACLen"),
    message=True,
)


@dataclass(slots=True)
class CcmWrapParams:
    data_len: int = 0
    nonce: bytes = b""
    nonce_fixed_bits: int = 0
    nonce_generator: int = 0
    aad: bytes = b""
    mac_len: int = 0


_row(
    27,
    CcmWrapParams,
    "CK_CCM_WRAP_PARAMS",
    _ulong("data_len", "ulDataLen"),
    _inout("nonce", "pNonce", "ulNonceLen"),
    _ulong("nonce_fixed_bits", "ulNonceFixedBits"),
    _ulong("nonce_generator", "nonceGenerator"),
    _data("aad", "pAAD", "ulAADLen"),
    _ulong("mac_len", "ulMACLen"),
)

# --- ChaCha20 and Salsa20


@structure
class Chacha20Params:
    block_counter: bytes = b""
    block_counter_bits: int = 0
    nonce: bytes = b""
    nonce_bits: int = 0


_row(
    28,
    Chacha20Params,
    "CK_CHACHA20_PARAMS",
    Field("block_counter", FieldKind.DATA, ("pBlockCounter",), "blockCounterBits", unit=Unit.BITS, limit=8),
    _ulong("block_counter_bits", "blockCounterBits"),
    Field("nonce", FieldKind.DATA, ("pNonce",), "ulNonceBits", unit=Unit.BITS, limit=24),
    _ulong("nonce_bits", "ulNonceBits"),
)


@structure
class Salsa20Params:
    """``block_counter``: 8 bytes, or empty where the pointer is NULL."""

    block_counter: bytes = b""
    nonce: bytes = b""
    nonce_bits: int = 0


_row(
    29,
    Salsa20Params,
    "CK_SALSA20_PARAMS",
    Field("block_counter", FieldKind.DATA, ("pBlockCounter",), size=8),
    Field("nonce", FieldKind.DATA, ("pNonce",), "ulNonceBits", unit=Unit.BITS, limit=24),
    _ulong("nonce_bits", "ulNonceBits"),
)


@structure
class Salsa20Chacha20Poly1305Params:
    nonce: bytes = b""
    aad: bytes = b""


_row(
    30,
    Salsa20Chacha20Poly1305Params,
    "CK_SALSA20_CHACHA20_POLY1305_PARAMS",
    _data("nonce", "pNonce", "ulNonceLen", unit=Unit.NONCE, limit=24),
    _data("aad", "pAAD", "ulAADLen"),
)


@dataclass(slots=True)
class Salsa20Chacha20Poly1305MsgParams:
    nonce: bytes = b""
    tag: bytes = b""


_row(
    31,
    Salsa20Chacha20Poly1305MsgParams,
    "CK_SALSA20_CHACHA20_POLY1305_MSG_PARAMS",
    _inout("nonce", "pNonce", "ulNonceLen", unit=Unit.NONCE, limit=24),
    Field("tag", FieldKind.INOUT, ("pTag",), size=16, made=True),
    message=True,
)

# --- Signatures with a context


@structure
class SignAdditionalContext:
    hedge_variant: int = 0
    context: bytes = b""


_row(
    32,
    SignAdditionalContext,
    "CK_SIGN_ADDITIONAL_CONTEXT",
    _ulong("hedge_variant", "hedgeVariant"),
    _data("context", "pContext", "ulContextLen"),
)


@structure
class HashSignAdditionalContext:
    hedge_variant: int = 0
    context: bytes = b""
    hash: int = 0


_row(
    33,
    HashSignAdditionalContext,
    "CK_HASH_SIGN_ADDITIONAL_CONTEXT",
    _ulong("hedge_variant", "hedgeVariant"),
    _data("context", "pContext", "ulContextLen"),
    _ulong("hash", "hash"),
)

# --- Key derivation


@structure
class KeyDerivationStringData:
    data: bytes = b""


_row(34, KeyDerivationStringData, "CK_KEY_DERIVATION_STRING_DATA", _data("data", "pData", "ulLen"))


@structure
class HkdfParams:
    extract: bool = False
    expand: bool = False
    prf_hash_mechanism: int = 0
    salt_type: int = 0
    salt: bytes = b""
    salt_key: int = 0
    info: bytes = b""


_row(
    35,
    HkdfParams,
    "CK_HKDF_PARAMS",
    _bool("extract", "bExtract"),
    _bool("expand", "bExpand"),
    _ulong("prf_hash_mechanism", "prfHashMechanism"),
    _ulong("salt_type", "ulSaltType"),
    _data("salt", "pSalt", "ulSaltLen"),
    _ulong("salt_key", "hSaltKey"),
    _data("info", "pInfo", "ulInfoLen"),
)


@structure
class PbeParams:
    """``init_vector``: receives 8 bytes where an IV is made."""

    init_vector: Out = field(default_factory=Out)
    password: bytes = field(default=b"", repr=False)
    salt: bytes = b""
    iteration: int = 0


_row(
    36,
    PbeParams,
    "CK_PBE_PARAMS",
    Field("init_vector", FieldKind.OUT, ("pInitVector",), size=8),
    _data("password", "pPassword", "ulPasswordLen"),
    _data("salt", "pSalt", "ulSaltLen"),
    _ulong("iteration", "ulIteration"),
)


@structure
class Pkcs5Pbkd2Params2:
    salt_source: int = 0
    salt_source_data: bytes = b""
    iterations: int = 0
    prf: int = 0
    prf_data: bytes = b""
    password: bytes = field(default=b"", repr=False)


_row(
    37,
    Pkcs5Pbkd2Params2,
    "CK_PKCS5_PBKD2_PARAMS2",
    _ulong("salt_source", "saltSource"),
    _data("salt_source_data", "pSaltSourceData", "ulSaltSourceDataLen"),
    _ulong("iterations", "iterations"),
    _ulong("prf", "prf"),
    _data("prf_data", "pPrfData", "ulPrfDataLen"),
    _data("password", "pPassword", "ulPasswordLen"),
)


@structure
class Sp800108CounterFormat:
    little_endian: bool = False
    width_in_bits: int = 0


_row(
    38,
    Sp800108CounterFormat,
    "CK_SP800_108_COUNTER_FORMAT",
    _bool("little_endian", "bLittleEndian"),
    _ulong("width_in_bits", "ulWidthInBits"),
)


@structure
class Sp800108DkmLengthFormat:
    dkm_length_method: int = 0
    little_endian: bool = False
    width_in_bits: int = 0


_row(
    39,
    Sp800108DkmLengthFormat,
    "CK_SP800_108_DKM_LENGTH_FORMAT",
    _ulong("dkm_length_method", "dkmLengthMethod"),
    _bool("little_endian", "bLittleEndian"),
    _ulong("width_in_bits", "ulWidthInBits"),
)


@structure
class PrfDataParam:
    """``value``: None (length 0), a counter or length format, bytes, or a key's handle, as ``type`` says."""

    type: int = 0
    value: Any = None


_PRF_DATA: Final[tuple[tuple[int, Shape], ...]] = (
    (PrfDataType.ITERATION_VARIABLE, Sp800108CounterFormat),
    (PrfDataType.COUNTER, Sp800108CounterFormat),
    (PrfDataType.DKM_LENGTH, Sp800108DkmLengthFormat),
    (PrfDataType.BYTE_ARRAY, bytes),
    (PrfDataType.KEY_HANDLE, int),
)

_row(
    40,
    PrfDataParam,
    "CK_PRF_DATA_PARAM",
    _ulong("type", "type"),
    Field("value", FieldKind.VARIANT, ("pValue", "ulValueLen"), "ulValueLen", of=_PRF_DATA),
)


@structure
class DerivedKey:
    template: Template = ()
    key: Out = field(default_factory=Out)


_row(
    41,
    DerivedKey,
    "CK_DERIVED_KEY",
    Field("template", FieldKind.TEMPLATE, ("pTemplate", "ulAttributeCount"), "ulAttributeCount"),
    Field("key", FieldKind.OUT_HANDLE, ("phKey",), pointed=True),
)


@structure
class Sp800108KdfParams:
    prf_type: int = 0
    data_params: tuple[PrfDataParam, ...] = ()
    additional_derived_keys: tuple[DerivedKey, ...] = ()


_row(
    42,
    Sp800108KdfParams,
    "CK_SP800_108_KDF_PARAMS",
    _ulong("prf_type", "prfType"),
    _structs("data_params", "ulNumberOfDataParams", "pDataParams", PrfDataParam),
    _structs("additional_derived_keys", "ulAdditionalDerivedKeys", "pAdditionalDerivedKeys", DerivedKey),
)


@structure
class Sp800108FeedbackKdfParams:
    prf_type: int = 0
    data_params: tuple[PrfDataParam, ...] = ()
    iv: bytes = b""
    additional_derived_keys: tuple[DerivedKey, ...] = ()


_row(
    43,
    Sp800108FeedbackKdfParams,
    "CK_SP800_108_FEEDBACK_KDF_PARAMS",
    _ulong("prf_type", "prfType"),
    _structs("data_params", "ulNumberOfDataParams", "pDataParams", PrfDataParam),
    _data("iv", "ulIVLen", "pIV"),
    _structs("additional_derived_keys", "ulAdditionalDerivedKeys", "pAdditionalDerivedKeys", DerivedKey),
)

# --- SSL 3.0 and TLS


@structure
class Ssl3RandomData:
    client_random: bytes = b""
    server_random: bytes = b""


_row(
    44,
    Ssl3RandomData,
    "CK_SSL3_RANDOM_DATA",
    _data("client_random", "pClientRandom", "ulClientRandomLen"),
    _data("server_random", "pServerRandom", "ulServerRandomLen"),
)


@structure
class Ssl3KeyMatOut:
    client_mac_secret: Out = field(default_factory=Out)
    server_mac_secret: Out = field(default_factory=Out)
    client_key: Out = field(default_factory=Out)
    server_key: Out = field(default_factory=Out)
    iv_client: Out = field(default_factory=Out)
    iv_server: Out = field(default_factory=Out)


_row(
    45,
    Ssl3KeyMatOut,
    "CK_SSL3_KEY_MAT_OUT",
    _handle_out("client_mac_secret", "hClientMacSecret"),
    _handle_out("server_mac_secret", "hServerMacSecret"),
    _handle_out("client_key", "hClientKey"),
    _handle_out("server_key", "hServerKey"),
    Field("iv_client", FieldKind.OUT, ("pIVClient",), "ulIVSizeInBits", unit=Unit.BITS, limit=64, outer=True),
    Field("iv_server", FieldKind.OUT, ("pIVServer",), "ulIVSizeInBits", unit=Unit.BITS, limit=64, outer=True),
)


@structure
class Ssl3MasterKeyDeriveParams:
    random_info: Ssl3RandomData = Ssl3RandomData()
    version: Out = field(default_factory=Out)


_row(
    46,
    Ssl3MasterKeyDeriveParams,
    "CK_SSL3_MASTER_KEY_DERIVE_PARAMS",
    _struct("random_info", "RandomInfo", Ssl3RandomData),
    _version("version", "pVersion"),
)


@structure
class Ssl3KeyMatParams:
    mac_size_in_bits: int = 0
    key_size_in_bits: int = 0
    iv_size_in_bits: int = 0
    is_export: bool = False
    random_info: Ssl3RandomData = Ssl3RandomData()
    returned_key_material: Ssl3KeyMatOut | None = None


_KEY_MAT: Final = (
    _ulong("mac_size_in_bits", "ulMacSizeInBits"),
    _ulong("key_size_in_bits", "ulKeySizeInBits"),
    _ulong("iv_size_in_bits", "ulIVSizeInBits"),
    _bool("is_export", "bIsExport"),
    _struct("random_info", "RandomInfo", Ssl3RandomData),
    _pointer("returned_key_material", "pReturnedKeyMaterial", Ssl3KeyMatOut),
)
_row(47, Ssl3KeyMatParams, "CK_SSL3_KEY_MAT_PARAMS", *_KEY_MAT, names_keys=True)


@structure
class Tls12MasterKeyDeriveParams:
    random_info: Ssl3RandomData = Ssl3RandomData()
    version: Out = field(default_factory=Out)
    prf_hash_mechanism: int = 0


_row(
    48,
    Tls12MasterKeyDeriveParams,
    "CK_TLS12_MASTER_KEY_DERIVE_PARAMS",
    _struct("random_info", "RandomInfo", Ssl3RandomData),
    _version("version", "pVersion"),
    _ulong("prf_hash_mechanism", "prfHashMechanism"),
)


@structure
class Tls12ExtendedMasterKeyDeriveParams:
    prf_hash_mechanism: int = 0
    session_hash: bytes = b""
    version: Out = field(default_factory=Out)


_row(
    49,
    Tls12ExtendedMasterKeyDeriveParams,
    "CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS",
    _ulong("prf_hash_mechanism", "prfHashMechanism"),
    _data("session_hash", "pSessionHash", "ulSessionHashLen"),
    _version("version", "pVersion"),
)


@structure
class Tls12KeyMatParams:
    mac_size_in_bits: int = 0
    key_size_in_bits: int = 0
    iv_size_in_bits: int = 0
    is_export: bool = False
    random_info: Ssl3RandomData = Ssl3RandomData()
    returned_key_material: Ssl3KeyMatOut | None = None
    prf_hash_mechanism: int = 0


_row(
    50,
    Tls12KeyMatParams,
    "CK_TLS12_KEY_MAT_PARAMS",
    *_KEY_MAT,
    _ulong("prf_hash_mechanism", "prfHashMechanism"),
    names_keys=True,
)


@structure
class TlsKdfParams:
    prf_mechanism: int = 0
    label: bytes = b""
    random_info: Ssl3RandomData = Ssl3RandomData()
    context_data: bytes = b""


_row(
    51,
    TlsKdfParams,
    "CK_TLS_KDF_PARAMS",
    _ulong("prf_mechanism", "prfMechanism"),
    _data("label", "pLabel", "ulLabelLength"),
    _struct("random_info", "RandomInfo", Ssl3RandomData),
    _data("context_data", "pContextData", "ulContextDataLength"),
)


@structure
class TlsMacParams:
    prf_hash_mechanism: int = 0
    mac_length: int = 0
    server_or_client: int = 0


_row(
    52,
    TlsMacParams,
    "CK_TLS_MAC_PARAMS",
    _ulong("prf_hash_mechanism", "prfHashMechanism"),
    _ulong("mac_length", "ulMacLength"),
    _ulong("server_or_client", "ulServerOrClient"),
)


@structure
class TlsPrfParams:
    seed: bytes = b""
    label: bytes = b""
    output: Out = field(default_factory=Out)


_row(
    53,
    TlsPrfParams,
    "CK_TLS_PRF_PARAMS",
    _data("seed", "pSeed", "ulSeedLen"),
    _data("label", "pLabel", "ulLabelLen"),
    Field("output", FieldKind.OUT, ("pOutput", "pulOutputLen"), "pulOutputLen", unit=Unit.POINTED),
    names_keys=True,
)

# --- One-time passwords


@structure
class OtpParam:
    """``value``: bytes (a PIN, a challenge, a time, a counter, a password), or a number for flags, length and format."""

    type: int = 0
    value: Any = field(default=None, repr=False)


_OTP: Final[tuple[tuple[int, Shape], ...]] = (
    (OtpParamType.VALUE, bytes),
    (OtpParamType.PIN, bytes),
    (OtpParamType.CHALLENGE, bytes),
    (OtpParamType.TIME, bytes),
    (OtpParamType.COUNTER, bytes),
    (OtpParamType.FLAGS, int),
    (OtpParamType.OUTPUT_LENGTH, int),
    (OtpParamType.OUTPUT_FORMAT, int),
)

_row(
    54,
    OtpParam,
    "CK_OTP_PARAM",
    _ulong("type", "type"),
    Field("value", FieldKind.VARIANT, ("pValue", "ulValueLen"), "ulValueLen", of=_OTP),
)


@structure
class OtpParams:
    params: tuple[OtpParam, ...] = ()


_row(
    55,
    OtpParams,
    "CK_OTP_PARAMS",
    Field("params", FieldKind.STRUCTS, ("pParams", "ulCount"), "ulCount", of=OtpParam),
)

# --- IKE


@structure
class IkePrfDeriveParams:
    prf_mechanism: int = 0
    data_as_key: bool = False
    rekey: bool = False
    ni: bytes = b""
    nr: bytes = b""
    new_key: int = 0


_row(
    56,
    IkePrfDeriveParams,
    "CK_IKE_PRF_DERIVE_PARAMS",
    _ulong("prf_mechanism", "prfMechanism"),
    _bool("data_as_key", "bDataAsKey"),
    _bool("rekey", "bRekey"),
    _data("ni", "pNi", "ulNiLen"),
    _data("nr", "pNr", "ulNrLen"),
    _ulong("new_key", "hNewKey"),
)


@structure
class Ike2PrfPlusDeriveParams:
    prf_mechanism: int = 0
    has_seed_key: bool = False
    seed_key: int = 0
    seed_data: bytes = b""


_row(
    57,
    Ike2PrfPlusDeriveParams,
    "CK_IKE2_PRF_PLUS_DERIVE_PARAMS",
    _ulong("prf_mechanism", "prfMechanism"),
    _bool("has_seed_key", "bHasSeedKey"),
    _ulong("seed_key", "hSeedKey"),
    _data("seed_data", "pSeedData", "ulSeedDataLen"),
)


@structure
class Ike1PrfDeriveParams:
    prf_mechanism: int = 0
    has_prev_key: bool = False
    keygxy: int = 0
    prev_key: int = 0
    ck_yi: bytes = b""
    ck_yr: bytes = b""
    key_number: int = 0


_row(
    58,
    Ike1PrfDeriveParams,
    "CK_IKE1_PRF_DERIVE_PARAMS",
    _ulong("prf_mechanism", "prfMechanism"),
    _bool("has_prev_key", "bHasPrevKey"),
    _ulong("keygxy", "hKeygxy"),
    _ulong("prev_key", "hPrevKey"),
    _data("ck_yi", "pCKYi", "ulCKYiLen"),
    _data("ck_yr", "pCKYr", "ulCKYrLen"),
    _byte("key_number", "keyNumber"),
)


@structure
class Ike1ExtendedDeriveParams:
    prf_mechanism: int = 0
    has_keygxy: bool = False
    keygxy: int = 0
    extra_data: bytes = b""


_row(
    59,
    Ike1ExtendedDeriveParams,
    "CK_IKE1_EXTENDED_DERIVE_PARAMS",
    _ulong("prf_mechanism", "prfMechanism"),
    _bool("has_keygxy", "bHasKeygxy"),
    _ulong("keygxy", "hKeygxy"),
    _data("extra_data", "pExtraData", "ulExtraDataLen"),
)

# --- WTLS


@structure
class WtlsRandomData:
    client_random: bytes = b""
    server_random: bytes = b""


_row(
    60,
    WtlsRandomData,
    "CK_WTLS_RANDOM_DATA",
    _data("client_random", "pClientRandom", "ulClientRandomLen"),
    _data("server_random", "pServerRandom", "ulServerRandomLen"),
)


@structure
class WtlsMasterKeyDeriveParams:
    digest_mechanism: int = 0
    random_info: WtlsRandomData = WtlsRandomData()
    version: Out = field(default_factory=Out)


_row(
    61,
    WtlsMasterKeyDeriveParams,
    "CK_WTLS_MASTER_KEY_DERIVE_PARAMS",
    _ulong("digest_mechanism", "DigestMechanism"),
    _struct("random_info", "RandomInfo", WtlsRandomData),
    Field("version", FieldKind.OUT, ("pVersion",), size=1),
)


@structure
class WtlsPrfParams:
    digest_mechanism: int = 0
    seed: bytes = b""
    label: bytes = b""
    output: Out = field(default_factory=Out)


_row(
    62,
    WtlsPrfParams,
    "CK_WTLS_PRF_PARAMS",
    _ulong("digest_mechanism", "DigestMechanism"),
    _data("seed", "pSeed", "ulSeedLen"),
    _data("label", "pLabel", "ulLabelLen"),
    Field("output", FieldKind.OUT, ("pOutput", "pulOutputLen"), "pulOutputLen", unit=Unit.POINTED),
    names_keys=True,
)


@structure
class WtlsKeyMatOut:
    mac_secret: Out = field(default_factory=Out)
    key: Out = field(default_factory=Out)
    iv: Out = field(default_factory=Out)


_row(
    63,
    WtlsKeyMatOut,
    "CK_WTLS_KEY_MAT_OUT",
    _handle_out("mac_secret", "hMacSecret"),
    _handle_out("key", "hKey"),
    Field("iv", FieldKind.OUT, ("pIV",), "ulIVSizeInBits", unit=Unit.BITS, limit=64, outer=True),
)


@structure
class WtlsKeyMatParams:
    digest_mechanism: int = 0
    mac_size_in_bits: int = 0
    key_size_in_bits: int = 0
    iv_size_in_bits: int = 0
    sequence_number: int = 0
    is_export: bool = False
    random_info: WtlsRandomData = WtlsRandomData()
    returned_key_material: WtlsKeyMatOut | None = None


_row(
    64,
    WtlsKeyMatParams,
    "CK_WTLS_KEY_MAT_PARAMS",
    _ulong("digest_mechanism", "DigestMechanism"),
    _ulong("mac_size_in_bits", "ulMacSizeInBits"),
    _ulong("key_size_in_bits", "ulKeySizeInBits"),
    _ulong("iv_size_in_bits", "ulIVSizeInBits"),
    _ulong("sequence_number", "ulSequenceNumber"),
    _bool("is_export", "bIsExport"),
    _struct("random_info", "RandomInfo", WtlsRandomData),
    _pointer("returned_key_material", "pReturnedKeyMaterial", WtlsKeyMatOut),
    names_keys=True,
)


# --- RC2 (2.40)


@structure
class Rc2CbcParams:
    effective_bits: int = 0
    iv: bytes = bytes(8)


_row(65, Rc2CbcParams, "CK_RC2_CBC_PARAMS", _ulong("effective_bits", "ulEffectiveBits"), _array("iv", "iv", 8))


@structure
class Rc2MacGeneralParams:
    effective_bits: int = 0
    mac_length: int = 0


_row(
    66,
    Rc2MacGeneralParams,
    "CK_RC2_MAC_GENERAL_PARAMS",
    _ulong("effective_bits", "ulEffectiveBits"),
    _ulong("mac_length", "ulMacLength"),
)

PARAMS: Final[tuple[ParamsRow, ...]] = tuple(_ROWS)
BY_NUMBER: Final = {row.number: row for row in PARAMS}
BY_CLASS: Final = {row.cls: row for row in PARAMS}
