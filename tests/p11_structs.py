"""The C structs of PKCS#11 as ctypes, for tests: written from the standard, apart from the product's own tables.

One line each. A bare name is a CK_ULONG; ``name:b`` a CK_BYTE or CK_BBOOL; ``name[n]`` n bytes; ``*name`` a
pointer; ``name:STRUCT`` an embedded struct. ``make`` fills one from Python values and keeps what it points at alive.
"""

import ctypes as C
from typing import Any

_TEXT = """
RSA_PKCS_OAEP_PARAMS: hashAlg mgf source *pSourceData ulSourceDataLen
RSA_PKCS_PSS_PARAMS: hashAlg mgf sLen
ECDH1_DERIVE_PARAMS: kdf ulSharedDataLen *pSharedData ulPublicDataLen *pPublicData
ECDH2_DERIVE_PARAMS: kdf ulSharedDataLen *pSharedData ulPublicDataLen *pPublicData ulPrivateDataLen hPrivateData ulPublicDataLen2 *pPublicData2
X9_42_DH1_DERIVE_PARAMS: kdf ulOtherInfoLen *pOtherInfo ulPublicDataLen *pPublicData
DES_CBC_ENCRYPT_DATA_PARAMS: iv[8] *pData length
AES_CBC_ENCRYPT_DATA_PARAMS: iv[16] *pData length
CAMELLIA_CBC_ENCRYPT_DATA_PARAMS: iv[16] *pData length
SEED_CBC_ENCRYPT_DATA_PARAMS: iv[16] *pData length
PBE_PARAMS: *pInitVector *pPassword ulPasswordLen *pSalt ulSaltLen ulIteration
KEY_DERIVATION_STRING_DATA: *pData ulLen
PKCS5_PBKD2_PARAMS: saltSource *pSaltSourceData ulSaltSourceDataLen iterations prf *pPrfData ulPrfDataLen *pPassword *ulPasswordLen
PKCS5_PBKD2_PARAMS2: saltSource *pSaltSourceData ulSaltSourceDataLen iterations prf *pPrfData ulPrfDataLen *pPassword ulPasswordLen
OTP_PARAM: type *pValue ulValueLen
OTP_PARAMS: *pParams ulCount
OTP_SIGNATURE_INFO: *pParams ulCount
AES_CTR_PARAMS: ulCounterBits cb[16]
CAMELLIA_CTR_PARAMS: ulCounterBits cb[16]
GCM_PARAMS: *pIv ulIvLen ulIvBits *pAAD ulAADLen ulTagBits
GCM_MESSAGE_PARAMS: *pIv ulIvLen ulIvFixedBits ivGenerator *pTag ulTagBits
GCM_WRAP_PARAMS: *pIv ulIvLen ulIvFixedBits ivGenerator *pAAD ulAADLen ulTagBits
CCM_PARAMS: ulDataLen *pNonce ulNonceLen *pAAD ulAADLen ulMACLen
CCM_MESSAGE_PARAMS: ulDataLen *pNonce ulNonceLen ulNonceFixedBits nonceGenerator *pMAC ulMACLen
CCM_WRAP_PARAMS: ulDataLen *pNonce ulNonceLen ulNonceFixedBits nonceGenerator *pAAD ulAADLen ulMACLen
ECDH_AES_KEY_WRAP_PARAMS: ulAESKeyBits kdf ulSharedDataLen *pSharedData
RSA_AES_KEY_WRAP_PARAMS: ulAESKeyBits *pOAEPParams
DSA_PARAMETER_GEN_PARAM: hash *pSeed ulSeedLen ulIndex
SSL3_RANDOM_DATA: *pClientRandom ulClientRandomLen *pServerRandom ulServerRandomLen
SSL3_KEY_MAT_OUT: hClientMacSecret hServerMacSecret hClientKey hServerKey *pIVClient *pIVServer
TLS12_MASTER_KEY_DERIVE_PARAMS: RandomInfo:SSL3_RANDOM_DATA *pVersion prfHashMechanism
TLS12_KEY_MAT_PARAMS: ulMacSizeInBits ulKeySizeInBits ulIVSizeInBits bIsExport:b RandomInfo:SSL3_RANDOM_DATA *pReturnedKeyMaterial prfHashMechanism
TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS: prfHashMechanism *pSessionHash ulSessionHashLen *pVersion
TLS_KDF_PARAMS: prfMechanism *pLabel ulLabelLength RandomInfo:SSL3_RANDOM_DATA *pContextData ulContextDataLength
TLS_MAC_PARAMS: prfHashMechanism ulMacLength ulServerOrClient
PRF_DATA_PARAM: type *pValue ulValueLen
SP800_108_COUNTER_FORMAT: bLittleEndian:b ulWidthInBits
SP800_108_DKM_LENGTH_FORMAT: dkmLengthMethod bLittleEndian:b ulWidthInBits
DERIVED_KEY: *pTemplate ulAttributeCount *phKey
SP800_108_KDF_PARAMS: prfType ulNumberOfDataParams *pDataParams ulAdditionalDerivedKeys *pAdditionalDerivedKeys
SP800_108_FEEDBACK_KDF_PARAMS: prfType ulNumberOfDataParams *pDataParams ulIVLen *pIV ulAdditionalDerivedKeys *pAdditionalDerivedKeys
EDDSA_PARAMS: phFlag:b ulContextDataLen *pContextData
CHACHA20_PARAMS: *pBlockCounter blockCounterBits *pNonce ulNonceBits
SALSA20_PARAMS: *pBlockCounter *pNonce ulNonceBits
SALSA20_CHACHA20_POLY1305_PARAMS: *pNonce ulNonceLen *pAAD ulAADLen
SALSA20_CHACHA20_POLY1305_MSG_PARAMS: *pNonce ulNonceLen *pTag
HKDF_PARAMS: bExtract:b bExpand:b prfHashMechanism ulSaltType *pSalt ulSaltLen hSaltKey *pInfo ulInfoLen
SIGN_ADDITIONAL_CONTEXT: hedgeVariant *pContext ulContextLen
HASH_SIGN_ADDITIONAL_CONTEXT: hedgeVariant *pContext ulContextLen hash
XEDDSA_PARAMS: hash
RC2_CBC_PARAMS: ulEffectiveBits iv[8]
RC2_MAC_GENERAL_PARAMS: ulEffectiveBits ulMacLength
WTLS_PRF_PARAMS: DigestMechanism *pSeed ulSeedLen *pLabel ulLabelLen *pOutput *pulOutputLen
WTLS_RANDOM_DATA: *pClientRandom ulClientRandomLen *pServerRandom ulServerRandomLen
ECMQV_DERIVE_PARAMS: kdf ulSharedDataLen *pSharedData ulPublicDataLen *pPublicData ulPrivateDataLen hPrivateData ulPublicDataLen2 *pPublicData2 publicKey
X9_42_DH2_DERIVE_PARAMS: kdf ulOtherInfoLen *pOtherInfo ulPublicDataLen *pPublicData ulPrivateDataLen hPrivateData ulPublicDataLen2 *pPublicData2
X9_42_MQV_DERIVE_PARAMS: kdf ulOtherInfoLen *pOtherInfo ulPublicDataLen *pPublicData ulPrivateDataLen hPrivateData ulPublicDataLen2 *pPublicData2 publicKey
ARIA_CBC_ENCRYPT_DATA_PARAMS: iv[16] *pData length
SSL3_MASTER_KEY_DERIVE_PARAMS: RandomInfo:SSL3_RANDOM_DATA *pVersion
SSL3_KEY_MAT_PARAMS: ulMacSizeInBits ulKeySizeInBits ulIVSizeInBits bIsExport:b RandomInfo:SSL3_RANDOM_DATA *pReturnedKeyMaterial
TLS_PRF_PARAMS: *pSeed ulSeedLen *pLabel ulLabelLen *pOutput *pulOutputLen
IKE_PRF_DERIVE_PARAMS: prfMechanism bDataAsKey:b bRekey:b *pNi ulNiLen *pNr ulNrLen hNewKey
IKE2_PRF_PLUS_DERIVE_PARAMS: prfMechanism bHasSeedKey:b hSeedKey *pSeedData ulSeedDataLen
IKE1_PRF_DERIVE_PARAMS: prfMechanism bHasPrevKey:b hKeygxy hPrevKey *pCKYi ulCKYiLen *pCKYr ulCKYrLen keyNumber:b
IKE1_EXTENDED_DERIVE_PARAMS: prfMechanism bHasKeygxy:b hKeygxy *pExtraData ulExtraDataLen
WTLS_MASTER_KEY_DERIVE_PARAMS: DigestMechanism RandomInfo:WTLS_RANDOM_DATA *pVersion
WTLS_KEY_MAT_OUT: hMacSecret hKey *pIV
WTLS_KEY_MAT_PARAMS: DigestMechanism ulMacSizeInBits ulKeySizeInBits ulIVSizeInBits ulSequenceNumber bIsExport:b RandomInfo:WTLS_RANDOM_DATA *pReturnedKeyMaterial
VERSION: major:b minor:b
INFO: cryptokiVersion:VERSION manufacturerID[32] flags libraryDescription[32] libraryVersion:VERSION
SLOT_INFO: slotDescription[64] manufacturerID[32] flags hardwareVersion:VERSION firmwareVersion:VERSION
TOKEN_INFO: label[32] manufacturerID[32] model[16] serialNumber[16] flags ulMaxSessionCount ulSessionCount ulMaxRwSessionCount ulRwSessionCount ulMaxPinLen ulMinPinLen ulTotalPublicMemory ulFreePublicMemory ulTotalPrivateMemory ulFreePrivateMemory hardwareVersion:VERSION firmwareVersion:VERSION utcTime[16]
SESSION_INFO: slotID state flags ulDeviceError
MECHANISM_INFO: ulMinKeySize ulMaxKeySize flags
ATTRIBUTE: type *pValue ulValueLen
MECHANISM: mechanism *pParameter ulParameterLen
INTERFACE: *pInterfaceName *pFunctionList flags
C_INITIALIZE_ARGS: *CreateMutex *DestroyMutex *LockMutex *UnlockMutex flags *pReserved
ASYNC_DATA: ulVersion *pValue ulValue hObject hAdditionalObject
"""

#: Name of the struct, without CK_, to its class.
STRUCTS: dict[str, type[C.Structure]] = {}


def _field(text: str) -> tuple[str, Any]:
    if text.startswith("*"):
        return text[1:], C.c_void_p
    if text.endswith(":b"):
        return text[:-2], C.c_ubyte
    if text.endswith("]"):
        name, count = text[:-1].split("[")
        return name, C.c_ubyte * int(count)
    if ":" in text:
        name, kind = text.split(":")
        return name, STRUCTS[kind]
    return text, C.c_ulong


for _line in _TEXT.strip().splitlines():
    _name, _fields = _line.split(": ")
    STRUCTS[_name] = type("CK_" + _name, (C.Structure,), {"_fields_": [_field(text) for text in _fields.split()]})


def _names(struct: C.Structure) -> list[str]:
    return [field[0] for field in struct._fields_]


def _length_field(struct: C.Structure, pointer: str) -> str | None:
    """The field that counts what ``pointer`` points at: ulXLen or ulXLength for pX, else ``length`` or ``ulLen``."""
    stem = pointer.removeprefix("p")
    candidates = (f"ul{stem}Len", f"ul{stem}Length", f"ul{stem}", "length", "ulLen")
    return next((name for name in candidates if name in _names(struct)), None)


def address_of(value: Any) -> tuple[Any, int]:
    """A ctypes object whose address may be passed for ``value`` (bytes, bytearray, str, struct or array), and its size.

    A bytearray is shared, not copied: what the module writes there is seen in it.
    """
    if isinstance(value, str):
        value = value.encode()
    if isinstance(value, bytes):
        return C.create_string_buffer(value, max(1, len(value))), len(value)
    if isinstance(value, bytearray):
        return (C.c_ubyte * len(value)).from_buffer(value), len(value)
    return value, C.sizeof(value)


def make(name: str, **values: Any) -> C.Structure:
    """A struct by its name without CK_; pointers take bytes, bytearray, structs or arrays and set their own length."""
    struct = STRUCTS[name]()
    kept: list[Any] = []
    lengths: dict[str, int] = {}
    for field, value in values.items():
        kind = {entry[0]: entry[1] for entry in struct._fields_}[field]
        if kind is C.c_void_p and value is not None and not isinstance(value, int):
            target, size = address_of(value)
            kept.append((value, target))
            setattr(struct, field, C.addressof(target))
            if (counter := _length_field(struct, field)) is not None:
                lengths[counter] = size
        elif issubclass(kind, C.Array):
            setattr(struct, field, kind.from_buffer_copy(bytes(value)))
        else:
            setattr(struct, field, value)
    for counter, size in lengths.items():
        if counter not in values:
            setattr(struct, counter, size)
    struct.kept = kept
    return struct


def text_of(array: Any) -> str:
    """A blank-padded byte array of an info struct as text."""
    return bytes(array).decode("utf-8", "replace").rstrip(" \0")
