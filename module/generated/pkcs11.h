/* Made by tools/gen.py from the tables of hsmith.spec. Not to be edited. */

#ifndef HSMITH_PKCS11_H
#define HSMITH_PKCS11_H

#include <stddef.h>

typedef unsigned char CK_BYTE;
typedef unsigned char CK_BBOOL;
typedef unsigned long CK_ULONG;
typedef unsigned long CK_RV;

#define CK_UNAVAILABLE_INFORMATION (~0UL)

typedef struct CK_ATTRIBUTE {
    CK_ULONG type;
    void *pValue;
    CK_ULONG ulValueLen;
} CK_ATTRIBUTE;

typedef struct CK_MECHANISM {
    CK_ULONG mechanism;
    void *pParameter;
    CK_ULONG ulParameterLen;
} CK_MECHANISM;

typedef struct CK_INTERFACE {
    CK_BYTE *pInterfaceName;
    void *pFunctionList;
    CK_ULONG flags;
} CK_INTERFACE;

typedef struct CK_ASYNC_DATA {
    CK_ULONG ulVersion;
    CK_BYTE *pValue;
    CK_ULONG ulValue;
    CK_ULONG hObject;
    CK_ULONG hAdditionalObject;
} CK_ASYNC_DATA;

typedef struct CK_C_INITIALIZE_ARGS {
    CK_RV (*CreateMutex)(void **);
    CK_RV (*DestroyMutex)(void *);
    CK_RV (*LockMutex)(void *);
    CK_RV (*UnlockMutex)(void *);
    CK_ULONG flags;
    void *pReserved;
} CK_C_INITIALIZE_ARGS;

#define CKR_OK 0x0UL
#define CKR_CANCEL 0x1UL
#define CKR_HOST_MEMORY 0x2UL
#define CKR_SLOT_ID_INVALID 0x3UL
#define CKR_GENERAL_ERROR 0x5UL
#define CKR_FUNCTION_FAILED 0x6UL
#define CKR_ARGUMENTS_BAD 0x7UL
#define CKR_NO_EVENT 0x8UL
#define CKR_NEED_TO_CREATE_THREADS 0x9UL
#define CKR_CANT_LOCK 0xaUL
#define CKR_ATTRIBUTE_READ_ONLY 0x10UL
#define CKR_ATTRIBUTE_SENSITIVE 0x11UL
#define CKR_ATTRIBUTE_TYPE_INVALID 0x12UL
#define CKR_ATTRIBUTE_VALUE_INVALID 0x13UL
#define CKR_ACTION_PROHIBITED 0x1bUL
#define CKR_DATA_INVALID 0x20UL
#define CKR_DATA_LEN_RANGE 0x21UL
#define CKR_DEVICE_ERROR 0x30UL
#define CKR_DEVICE_MEMORY 0x31UL
#define CKR_DEVICE_REMOVED 0x32UL
#define CKR_ENCRYPTED_DATA_INVALID 0x40UL
#define CKR_ENCRYPTED_DATA_LEN_RANGE 0x41UL
#define CKR_AEAD_DECRYPT_FAILED 0x42UL
#define CKR_FUNCTION_CANCELED 0x50UL
#define CKR_FUNCTION_NOT_PARALLEL 0x51UL
#define CKR_FUNCTION_NOT_SUPPORTED 0x54UL
#define CKR_KEY_HANDLE_INVALID 0x60UL
#define CKR_KEY_SIZE_RANGE 0x62UL
#define CKR_KEY_TYPE_INCONSISTENT 0x63UL
#define CKR_KEY_NOT_NEEDED 0x64UL
#define CKR_KEY_CHANGED 0x65UL
#define CKR_KEY_NEEDED 0x66UL
#define CKR_KEY_INDIGESTIBLE 0x67UL
#define CKR_KEY_FUNCTION_NOT_PERMITTED 0x68UL
#define CKR_KEY_NOT_WRAPPABLE 0x69UL
#define CKR_KEY_UNEXTRACTABLE 0x6aUL
#define CKR_MECHANISM_INVALID 0x70UL
#define CKR_MECHANISM_PARAM_INVALID 0x71UL
#define CKR_OBJECT_HANDLE_INVALID 0x82UL
#define CKR_OPERATION_ACTIVE 0x90UL
#define CKR_OPERATION_NOT_INITIALIZED 0x91UL
#define CKR_PIN_INCORRECT 0xa0UL
#define CKR_PIN_INVALID 0xa1UL
#define CKR_PIN_LEN_RANGE 0xa2UL
#define CKR_PIN_EXPIRED 0xa3UL
#define CKR_PIN_LOCKED 0xa4UL
#define CKR_SESSION_CLOSED 0xb0UL
#define CKR_SESSION_COUNT 0xb1UL
#define CKR_SESSION_HANDLE_INVALID 0xb3UL
#define CKR_SESSION_PARALLEL_NOT_SUPPORTED 0xb4UL
#define CKR_SESSION_READ_ONLY 0xb5UL
#define CKR_SESSION_EXISTS 0xb6UL
#define CKR_SESSION_READ_ONLY_EXISTS 0xb7UL
#define CKR_SESSION_READ_WRITE_SO_EXISTS 0xb8UL
#define CKR_SIGNATURE_INVALID 0xc0UL
#define CKR_SIGNATURE_LEN_RANGE 0xc1UL
#define CKR_TEMPLATE_INCOMPLETE 0xd0UL
#define CKR_TEMPLATE_INCONSISTENT 0xd1UL
#define CKR_TOKEN_NOT_PRESENT 0xe0UL
#define CKR_TOKEN_NOT_RECOGNIZED 0xe1UL
#define CKR_TOKEN_WRITE_PROTECTED 0xe2UL
#define CKR_UNWRAPPING_KEY_HANDLE_INVALID 0xf0UL
#define CKR_UNWRAPPING_KEY_SIZE_RANGE 0xf1UL
#define CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT 0xf2UL
#define CKR_USER_ALREADY_LOGGED_IN 0x100UL
#define CKR_USER_NOT_LOGGED_IN 0x101UL
#define CKR_USER_PIN_NOT_INITIALIZED 0x102UL
#define CKR_USER_TYPE_INVALID 0x103UL
#define CKR_USER_ANOTHER_ALREADY_LOGGED_IN 0x104UL
#define CKR_USER_TOO_MANY_TYPES 0x105UL
#define CKR_WRAPPED_KEY_INVALID 0x110UL
#define CKR_WRAPPED_KEY_LEN_RANGE 0x112UL
#define CKR_WRAPPING_KEY_HANDLE_INVALID 0x113UL
#define CKR_WRAPPING_KEY_SIZE_RANGE 0x114UL
#define CKR_WRAPPING_KEY_TYPE_INCONSISTENT 0x115UL
#define CKR_RANDOM_SEED_NOT_SUPPORTED 0x120UL
#define CKR_RANDOM_NO_RNG 0x121UL
#define CKR_DOMAIN_PARAMS_INVALID 0x130UL
#define CKR_CURVE_NOT_SUPPORTED 0x140UL
#define CKR_BUFFER_TOO_SMALL 0x150UL
#define CKR_SAVED_STATE_INVALID 0x160UL
#define CKR_INFORMATION_SENSITIVE 0x170UL
#define CKR_STATE_UNSAVEABLE 0x180UL
#define CKR_CRYPTOKI_NOT_INITIALIZED 0x190UL
#define CKR_CRYPTOKI_ALREADY_INITIALIZED 0x191UL
#define CKR_MUTEX_BAD 0x1a0UL
#define CKR_MUTEX_NOT_LOCKED 0x1a1UL
#define CKR_NEW_PIN_MODE 0x1b0UL
#define CKR_NEXT_OTP 0x1b1UL
#define CKR_EXCEEDED_MAX_ITERATIONS 0x1b5UL
#define CKR_FIPS_SELF_TEST_FAILED 0x1b6UL
#define CKR_LIBRARY_LOAD_FAILED 0x1b7UL
#define CKR_PIN_TOO_WEAK 0x1b8UL
#define CKR_PUBLIC_KEY_INVALID 0x1b9UL
#define CKR_FUNCTION_REJECTED 0x200UL
#define CKR_TOKEN_RESOURCE_EXCEEDED 0x201UL
#define CKR_OPERATION_CANCEL_FAILED 0x202UL
#define CKR_KEY_EXHAUSTED 0x203UL
#define CKR_PENDING 0x204UL
#define CKR_SESSION_ASYNC_NOT_SUPPORTED 0x205UL
#define CKR_SEED_RANDOM_REQUIRED 0x206UL
#define CKR_OPERATION_NOT_VALIDATED 0x207UL
#define CKR_TOKEN_NOT_INITIALIZED 0x208UL
#define CKR_PARAMETER_SET_NOT_SUPPORTED 0x209UL
#define CKR_VENDOR_DEFINED 0x80000000UL

typedef struct CK_VERSION {
    CK_BYTE major;
    CK_BYTE minor;
} CK_VERSION;

typedef struct CK_RSA_PKCS_OAEP_PARAMS {
    CK_ULONG hashAlg;
    CK_ULONG mgf;
    CK_ULONG source;
    CK_BYTE *pSourceData;
    CK_ULONG ulSourceDataLen;
} CK_RSA_PKCS_OAEP_PARAMS;

typedef struct CK_RSA_PKCS_PSS_PARAMS {
    CK_ULONG hashAlg;
    CK_ULONG mgf;
    CK_ULONG sLen;
} CK_RSA_PKCS_PSS_PARAMS;

typedef struct CK_RSA_AES_KEY_WRAP_PARAMS {
    CK_ULONG ulAESKeyBits;
    CK_RSA_PKCS_OAEP_PARAMS *pOAEPParams;
} CK_RSA_AES_KEY_WRAP_PARAMS;

typedef struct CK_ECDH1_DERIVE_PARAMS {
    CK_ULONG kdf;
    CK_ULONG ulSharedDataLen;
    CK_BYTE *pSharedData;
    CK_ULONG ulPublicDataLen;
    CK_BYTE *pPublicData;
} CK_ECDH1_DERIVE_PARAMS;

typedef struct CK_ECDH2_DERIVE_PARAMS {
    CK_ULONG kdf;
    CK_ULONG ulSharedDataLen;
    CK_BYTE *pSharedData;
    CK_ULONG ulPublicDataLen;
    CK_BYTE *pPublicData;
    CK_ULONG ulPrivateDataLen;
    CK_ULONG hPrivateData;
    CK_ULONG ulPublicDataLen2;
    CK_BYTE *pPublicData2;
} CK_ECDH2_DERIVE_PARAMS;

typedef struct CK_ECMQV_DERIVE_PARAMS {
    CK_ULONG kdf;
    CK_ULONG ulSharedDataLen;
    CK_BYTE *pSharedData;
    CK_ULONG ulPublicDataLen;
    CK_BYTE *pPublicData;
    CK_ULONG ulPrivateDataLen;
    CK_ULONG hPrivateData;
    CK_ULONG ulPublicDataLen2;
    CK_BYTE *pPublicData2;
    CK_ULONG publicKey;
} CK_ECMQV_DERIVE_PARAMS;

typedef struct CK_ECDH_AES_KEY_WRAP_PARAMS {
    CK_ULONG ulAESKeyBits;
    CK_ULONG kdf;
    CK_ULONG ulSharedDataLen;
    CK_BYTE *pSharedData;
} CK_ECDH_AES_KEY_WRAP_PARAMS;

typedef struct CK_EDDSA_PARAMS {
    CK_BBOOL phFlag;
    CK_ULONG ulContextDataLen;
    CK_BYTE *pContextData;
} CK_EDDSA_PARAMS;

typedef struct CK_XEDDSA_PARAMS {
    CK_ULONG hash;
} CK_XEDDSA_PARAMS;

typedef struct CK_X9_42_DH1_DERIVE_PARAMS {
    CK_ULONG kdf;
    CK_ULONG ulOtherInfoLen;
    CK_BYTE *pOtherInfo;
    CK_ULONG ulPublicDataLen;
    CK_BYTE *pPublicData;
} CK_X9_42_DH1_DERIVE_PARAMS;

typedef struct CK_X9_42_DH2_DERIVE_PARAMS {
    CK_ULONG kdf;
    CK_ULONG ulOtherInfoLen;
    CK_BYTE *pOtherInfo;
    CK_ULONG ulPublicDataLen;
    CK_BYTE *pPublicData;
    CK_ULONG ulPrivateDataLen;
    CK_ULONG hPrivateData;
    CK_ULONG ulPublicDataLen2;
    CK_BYTE *pPublicData2;
} CK_X9_42_DH2_DERIVE_PARAMS;

typedef struct CK_X9_42_MQV_DERIVE_PARAMS {
    CK_ULONG kdf;
    CK_ULONG ulOtherInfoLen;
    CK_BYTE *pOtherInfo;
    CK_ULONG ulPublicDataLen;
    CK_BYTE *pPublicData;
    CK_ULONG ulPrivateDataLen;
    CK_ULONG hPrivateData;
    CK_ULONG ulPublicDataLen2;
    CK_BYTE *pPublicData2;
    CK_ULONG publicKey;
} CK_X9_42_MQV_DERIVE_PARAMS;

typedef struct CK_DSA_PARAMETER_GEN_PARAM {
    CK_ULONG hash;
    CK_BYTE *pSeed;
    CK_ULONG ulSeedLen;
    CK_ULONG ulIndex;
} CK_DSA_PARAMETER_GEN_PARAM;

typedef struct CK_AES_CTR_PARAMS {
    CK_ULONG ulCounterBits;
    CK_BYTE cb[16];
} CK_AES_CTR_PARAMS;

typedef struct CK_CAMELLIA_CTR_PARAMS {
    CK_ULONG ulCounterBits;
    CK_BYTE cb[16];
} CK_CAMELLIA_CTR_PARAMS;

typedef struct CK_AES_CBC_ENCRYPT_DATA_PARAMS {
    CK_BYTE iv[16];
    CK_BYTE *pData;
    CK_ULONG length;
} CK_AES_CBC_ENCRYPT_DATA_PARAMS;

typedef struct CK_DES_CBC_ENCRYPT_DATA_PARAMS {
    CK_BYTE iv[8];
    CK_BYTE *pData;
    CK_ULONG length;
} CK_DES_CBC_ENCRYPT_DATA_PARAMS;

typedef struct CK_CAMELLIA_CBC_ENCRYPT_DATA_PARAMS {
    CK_BYTE iv[16];
    CK_BYTE *pData;
    CK_ULONG length;
} CK_CAMELLIA_CBC_ENCRYPT_DATA_PARAMS;

typedef struct CK_ARIA_CBC_ENCRYPT_DATA_PARAMS {
    CK_BYTE iv[16];
    CK_BYTE *pData;
    CK_ULONG length;
} CK_ARIA_CBC_ENCRYPT_DATA_PARAMS;

typedef struct CK_SEED_CBC_ENCRYPT_DATA_PARAMS {
    CK_BYTE iv[16];
    CK_BYTE *pData;
    CK_ULONG length;
} CK_SEED_CBC_ENCRYPT_DATA_PARAMS;

typedef struct CK_GCM_PARAMS {
    CK_BYTE *pIv;
    CK_ULONG ulIvLen;
    CK_ULONG ulIvBits;
    CK_BYTE *pAAD;
    CK_ULONG ulAADLen;
    CK_ULONG ulTagBits;
} CK_GCM_PARAMS;

typedef struct CK_GCM_PARAMS_SHORT_1 {
    CK_BYTE *pIv;
    CK_ULONG ulIvLen;
    CK_BYTE *pAAD;
    CK_ULONG ulAADLen;
    CK_ULONG ulTagBits;
} CK_GCM_PARAMS_SHORT_1;

typedef struct CK_GCM_MESSAGE_PARAMS {
    CK_BYTE *pIv;
    CK_ULONG ulIvLen;
    CK_ULONG ulIvFixedBits;
    CK_ULONG ivGenerator;
    CK_BYTE *pTag;
    CK_ULONG ulTagBits;
} CK_GCM_MESSAGE_PARAMS;

typedef struct CK_GCM_WRAP_PARAMS {
    CK_BYTE *pIv;
    CK_ULONG ulIvLen;
    CK_ULONG ulIvFixedBits;
    CK_ULONG ivGenerator;
    CK_BYTE *pAAD;
    CK_ULONG ulAADLen;
    CK_ULONG ulTagBits;
} CK_GCM_WRAP_PARAMS;

typedef struct CK_CCM_PARAMS {
    CK_ULONG ulDataLen;
    CK_BYTE *pNonce;
    CK_ULONG ulNonceLen;
    CK_BYTE *pAAD;
    CK_ULONG ulAADLen;
    CK_ULONG ulMACLen;
} CK_CCM_PARAMS;

typedef struct CK_CCM_MESSAGE_PARAMS {
    CK_ULONG ulDataLen;
    CK_BYTE *pNonce;
    CK_ULONG ulNonceLen;
    CK_ULONG ulNonceFixedBits;
    CK_ULONG nonceGenerator;
    CK_BYTE *pMAC;
    CK_ULONG ulMACLen;
} CK_CCM_MESSAGE_PARAMS;

typedef struct CK_CCM_WRAP_PARAMS {
    CK_ULONG ulDataLen;
    CK_BYTE *pNonce;
    CK_ULONG ulNonceLen;
    CK_ULONG ulNonceFixedBits;
    CK_ULONG nonceGenerator;
    CK_BYTE *pAAD;
    CK_ULONG ulAADLen;
    CK_ULONG ulMACLen;
} CK_CCM_WRAP_PARAMS;

typedef struct CK_CHACHA20_PARAMS {
    CK_BYTE *pBlockCounter;
    CK_ULONG blockCounterBits;
    CK_BYTE *pNonce;
    CK_ULONG ulNonceBits;
} CK_CHACHA20_PARAMS;

typedef struct CK_SALSA20_PARAMS {
    CK_BYTE *pBlockCounter;
    CK_BYTE *pNonce;
    CK_ULONG ulNonceBits;
} CK_SALSA20_PARAMS;

typedef struct CK_SALSA20_CHACHA20_POLY1305_PARAMS {
    CK_BYTE *pNonce;
    CK_ULONG ulNonceLen;
    CK_BYTE *pAAD;
    CK_ULONG ulAADLen;
} CK_SALSA20_CHACHA20_POLY1305_PARAMS;

typedef struct CK_SALSA20_CHACHA20_POLY1305_MSG_PARAMS {
    CK_BYTE *pNonce;
    CK_ULONG ulNonceLen;
    CK_BYTE *pTag;
} CK_SALSA20_CHACHA20_POLY1305_MSG_PARAMS;

typedef struct CK_SIGN_ADDITIONAL_CONTEXT {
    CK_ULONG hedgeVariant;
    CK_BYTE *pContext;
    CK_ULONG ulContextLen;
} CK_SIGN_ADDITIONAL_CONTEXT;

typedef struct CK_HASH_SIGN_ADDITIONAL_CONTEXT {
    CK_ULONG hedgeVariant;
    CK_BYTE *pContext;
    CK_ULONG ulContextLen;
    CK_ULONG hash;
} CK_HASH_SIGN_ADDITIONAL_CONTEXT;

typedef struct CK_KEY_DERIVATION_STRING_DATA {
    CK_BYTE *pData;
    CK_ULONG ulLen;
} CK_KEY_DERIVATION_STRING_DATA;

typedef struct CK_HKDF_PARAMS {
    CK_BBOOL bExtract;
    CK_BBOOL bExpand;
    CK_ULONG prfHashMechanism;
    CK_ULONG ulSaltType;
    CK_BYTE *pSalt;
    CK_ULONG ulSaltLen;
    CK_ULONG hSaltKey;
    CK_BYTE *pInfo;
    CK_ULONG ulInfoLen;
} CK_HKDF_PARAMS;

typedef struct CK_PBE_PARAMS {
    CK_BYTE *pInitVector;
    CK_BYTE *pPassword;
    CK_ULONG ulPasswordLen;
    CK_BYTE *pSalt;
    CK_ULONG ulSaltLen;
    CK_ULONG ulIteration;
} CK_PBE_PARAMS;

typedef struct CK_PKCS5_PBKD2_PARAMS2 {
    CK_ULONG saltSource;
    CK_BYTE *pSaltSourceData;
    CK_ULONG ulSaltSourceDataLen;
    CK_ULONG iterations;
    CK_ULONG prf;
    CK_BYTE *pPrfData;
    CK_ULONG ulPrfDataLen;
    CK_BYTE *pPassword;
    CK_ULONG ulPasswordLen;
} CK_PKCS5_PBKD2_PARAMS2;

typedef struct CK_SP800_108_COUNTER_FORMAT {
    CK_BBOOL bLittleEndian;
    CK_ULONG ulWidthInBits;
} CK_SP800_108_COUNTER_FORMAT;

typedef struct CK_SP800_108_DKM_LENGTH_FORMAT {
    CK_ULONG dkmLengthMethod;
    CK_BBOOL bLittleEndian;
    CK_ULONG ulWidthInBits;
} CK_SP800_108_DKM_LENGTH_FORMAT;

typedef struct CK_PRF_DATA_PARAM {
    CK_ULONG type;
    void *pValue;
    CK_ULONG ulValueLen;
} CK_PRF_DATA_PARAM;

typedef struct CK_DERIVED_KEY {
    CK_ATTRIBUTE *pTemplate;
    CK_ULONG ulAttributeCount;
    CK_ULONG *phKey;
} CK_DERIVED_KEY;

typedef struct CK_SP800_108_KDF_PARAMS {
    CK_ULONG prfType;
    CK_ULONG ulNumberOfDataParams;
    CK_PRF_DATA_PARAM *pDataParams;
    CK_ULONG ulAdditionalDerivedKeys;
    CK_DERIVED_KEY *pAdditionalDerivedKeys;
} CK_SP800_108_KDF_PARAMS;

typedef struct CK_SP800_108_FEEDBACK_KDF_PARAMS {
    CK_ULONG prfType;
    CK_ULONG ulNumberOfDataParams;
    CK_PRF_DATA_PARAM *pDataParams;
    CK_ULONG ulIVLen;
    CK_BYTE *pIV;
    CK_ULONG ulAdditionalDerivedKeys;
    CK_DERIVED_KEY *pAdditionalDerivedKeys;
} CK_SP800_108_FEEDBACK_KDF_PARAMS;

typedef struct CK_SSL3_RANDOM_DATA {
    CK_BYTE *pClientRandom;
    CK_ULONG ulClientRandomLen;
    CK_BYTE *pServerRandom;
    CK_ULONG ulServerRandomLen;
} CK_SSL3_RANDOM_DATA;

typedef struct CK_SSL3_KEY_MAT_OUT {
    CK_ULONG hClientMacSecret;
    CK_ULONG hServerMacSecret;
    CK_ULONG hClientKey;
    CK_ULONG hServerKey;
    CK_BYTE *pIVClient;
    CK_BYTE *pIVServer;
} CK_SSL3_KEY_MAT_OUT;

typedef struct CK_SSL3_MASTER_KEY_DERIVE_PARAMS {
    CK_SSL3_RANDOM_DATA RandomInfo;
    CK_BYTE *pVersion;
} CK_SSL3_MASTER_KEY_DERIVE_PARAMS;

typedef struct CK_SSL3_KEY_MAT_PARAMS {
    CK_ULONG ulMacSizeInBits;
    CK_ULONG ulKeySizeInBits;
    CK_ULONG ulIVSizeInBits;
    CK_BBOOL bIsExport;
    CK_SSL3_RANDOM_DATA RandomInfo;
    CK_SSL3_KEY_MAT_OUT *pReturnedKeyMaterial;
} CK_SSL3_KEY_MAT_PARAMS;

typedef struct CK_TLS12_MASTER_KEY_DERIVE_PARAMS {
    CK_SSL3_RANDOM_DATA RandomInfo;
    CK_BYTE *pVersion;
    CK_ULONG prfHashMechanism;
} CK_TLS12_MASTER_KEY_DERIVE_PARAMS;

typedef struct CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS {
    CK_ULONG prfHashMechanism;
    CK_BYTE *pSessionHash;
    CK_ULONG ulSessionHashLen;
    CK_BYTE *pVersion;
} CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS;

typedef struct CK_TLS12_KEY_MAT_PARAMS {
    CK_ULONG ulMacSizeInBits;
    CK_ULONG ulKeySizeInBits;
    CK_ULONG ulIVSizeInBits;
    CK_BBOOL bIsExport;
    CK_SSL3_RANDOM_DATA RandomInfo;
    CK_SSL3_KEY_MAT_OUT *pReturnedKeyMaterial;
    CK_ULONG prfHashMechanism;
} CK_TLS12_KEY_MAT_PARAMS;

typedef struct CK_TLS_KDF_PARAMS {
    CK_ULONG prfMechanism;
    CK_BYTE *pLabel;
    CK_ULONG ulLabelLength;
    CK_SSL3_RANDOM_DATA RandomInfo;
    CK_BYTE *pContextData;
    CK_ULONG ulContextDataLength;
} CK_TLS_KDF_PARAMS;

typedef struct CK_TLS_MAC_PARAMS {
    CK_ULONG prfHashMechanism;
    CK_ULONG ulMacLength;
    CK_ULONG ulServerOrClient;
} CK_TLS_MAC_PARAMS;

typedef struct CK_TLS_PRF_PARAMS {
    CK_BYTE *pSeed;
    CK_ULONG ulSeedLen;
    CK_BYTE *pLabel;
    CK_ULONG ulLabelLen;
    CK_BYTE *pOutput;
    CK_ULONG *pulOutputLen;
} CK_TLS_PRF_PARAMS;

typedef struct CK_OTP_PARAM {
    CK_ULONG type;
    void *pValue;
    CK_ULONG ulValueLen;
} CK_OTP_PARAM;

typedef struct CK_OTP_PARAMS {
    CK_OTP_PARAM *pParams;
    CK_ULONG ulCount;
} CK_OTP_PARAMS;

typedef struct CK_IKE_PRF_DERIVE_PARAMS {
    CK_ULONG prfMechanism;
    CK_BBOOL bDataAsKey;
    CK_BBOOL bRekey;
    CK_BYTE *pNi;
    CK_ULONG ulNiLen;
    CK_BYTE *pNr;
    CK_ULONG ulNrLen;
    CK_ULONG hNewKey;
} CK_IKE_PRF_DERIVE_PARAMS;

typedef struct CK_IKE2_PRF_PLUS_DERIVE_PARAMS {
    CK_ULONG prfMechanism;
    CK_BBOOL bHasSeedKey;
    CK_ULONG hSeedKey;
    CK_BYTE *pSeedData;
    CK_ULONG ulSeedDataLen;
} CK_IKE2_PRF_PLUS_DERIVE_PARAMS;

typedef struct CK_IKE1_PRF_DERIVE_PARAMS {
    CK_ULONG prfMechanism;
    CK_BBOOL bHasPrevKey;
    CK_ULONG hKeygxy;
    CK_ULONG hPrevKey;
    CK_BYTE *pCKYi;
    CK_ULONG ulCKYiLen;
    CK_BYTE *pCKYr;
    CK_ULONG ulCKYrLen;
    CK_BYTE keyNumber;
} CK_IKE1_PRF_DERIVE_PARAMS;

typedef struct CK_IKE1_EXTENDED_DERIVE_PARAMS {
    CK_ULONG prfMechanism;
    CK_BBOOL bHasKeygxy;
    CK_ULONG hKeygxy;
    CK_BYTE *pExtraData;
    CK_ULONG ulExtraDataLen;
} CK_IKE1_EXTENDED_DERIVE_PARAMS;

typedef struct CK_WTLS_RANDOM_DATA {
    CK_BYTE *pClientRandom;
    CK_ULONG ulClientRandomLen;
    CK_BYTE *pServerRandom;
    CK_ULONG ulServerRandomLen;
} CK_WTLS_RANDOM_DATA;

typedef struct CK_WTLS_MASTER_KEY_DERIVE_PARAMS {
    CK_ULONG DigestMechanism;
    CK_WTLS_RANDOM_DATA RandomInfo;
    CK_BYTE *pVersion;
} CK_WTLS_MASTER_KEY_DERIVE_PARAMS;

typedef struct CK_WTLS_PRF_PARAMS {
    CK_ULONG DigestMechanism;
    CK_BYTE *pSeed;
    CK_ULONG ulSeedLen;
    CK_BYTE *pLabel;
    CK_ULONG ulLabelLen;
    CK_BYTE *pOutput;
    CK_ULONG *pulOutputLen;
} CK_WTLS_PRF_PARAMS;

typedef struct CK_WTLS_KEY_MAT_OUT {
    CK_ULONG hMacSecret;
    CK_ULONG hKey;
    CK_BYTE *pIV;
} CK_WTLS_KEY_MAT_OUT;

typedef struct CK_WTLS_KEY_MAT_PARAMS {
    CK_ULONG DigestMechanism;
    CK_ULONG ulMacSizeInBits;
    CK_ULONG ulKeySizeInBits;
    CK_ULONG ulIVSizeInBits;
    CK_ULONG ulSequenceNumber;
    CK_BBOOL bIsExport;
    CK_WTLS_RANDOM_DATA RandomInfo;
    CK_WTLS_KEY_MAT_OUT *pReturnedKeyMaterial;
} CK_WTLS_KEY_MAT_PARAMS;

typedef struct CK_RC2_CBC_PARAMS {
    CK_ULONG ulEffectiveBits;
    CK_BYTE iv[8];
} CK_RC2_CBC_PARAMS;

typedef struct CK_RC2_MAC_GENERAL_PARAMS {
    CK_ULONG ulEffectiveBits;
    CK_ULONG ulMacLength;
} CK_RC2_MAC_GENERAL_PARAMS;

typedef struct CK_INFO {
    CK_VERSION cryptokiVersion;
    CK_BYTE manufacturerID[32];
    CK_ULONG flags;
    CK_BYTE libraryDescription[32];
    CK_VERSION libraryVersion;
} CK_INFO;

typedef struct CK_SLOT_INFO {
    CK_BYTE slotDescription[64];
    CK_BYTE manufacturerID[32];
    CK_ULONG flags;
    CK_VERSION hardwareVersion;
    CK_VERSION firmwareVersion;
} CK_SLOT_INFO;

typedef struct CK_TOKEN_INFO {
    CK_BYTE label[32];
    CK_BYTE manufacturerID[32];
    CK_BYTE model[16];
    CK_BYTE serialNumber[16];
    CK_ULONG flags;
    CK_ULONG ulMaxSessionCount;
    CK_ULONG ulSessionCount;
    CK_ULONG ulMaxRwSessionCount;
    CK_ULONG ulRwSessionCount;
    CK_ULONG ulMaxPinLen;
    CK_ULONG ulMinPinLen;
    CK_ULONG ulTotalPublicMemory;
    CK_ULONG ulFreePublicMemory;
    CK_ULONG ulTotalPrivateMemory;
    CK_ULONG ulFreePrivateMemory;
    CK_VERSION hardwareVersion;
    CK_VERSION firmwareVersion;
    CK_BYTE utcTime[16];
} CK_TOKEN_INFO;

typedef struct CK_MECHANISM_INFO {
    CK_ULONG ulMinKeySize;
    CK_ULONG ulMaxKeySize;
    CK_ULONG flags;
} CK_MECHANISM_INFO;

typedef struct CK_SESSION_INFO {
    CK_ULONG slotID;
    CK_ULONG state;
    CK_ULONG flags;
    CK_ULONG ulDeviceError;
} CK_SESSION_INFO;

typedef struct CK_FUNCTION_LIST CK_FUNCTION_LIST;
typedef struct CK_FUNCTION_LIST_3_0 CK_FUNCTION_LIST_3_0;
typedef struct CK_FUNCTION_LIST_3_2 CK_FUNCTION_LIST_3_2;

struct CK_FUNCTION_LIST {
    CK_VERSION version;
    CK_RV (*C_Initialize)(void *pInitArgs);
    CK_RV (*C_Finalize)(void *pReserved);
    CK_RV (*C_GetInfo)(CK_INFO *pInfo);
    CK_RV (*C_GetFunctionList)(CK_FUNCTION_LIST **ppFunctionList);
    CK_RV (*C_GetSlotList)(CK_BBOOL tokenPresent, CK_ULONG *pSlotList, CK_ULONG *pSlotList_count);
    CK_RV (*C_GetSlotInfo)(CK_ULONG slotID, CK_SLOT_INFO *pInfo);
    CK_RV (*C_GetTokenInfo)(CK_ULONG slotID, CK_TOKEN_INFO *pInfo);
    CK_RV (*C_GetMechanismList)(CK_ULONG slotID, CK_ULONG *pMechanismList, CK_ULONG *pMechanismList_count);
    CK_RV (*C_GetMechanismInfo)(CK_ULONG slotID, CK_ULONG type, CK_MECHANISM_INFO *pInfo);
    CK_RV (*C_InitToken)(CK_ULONG slotID, CK_BYTE *pPin, CK_ULONG pPin_len, CK_BYTE *pLabel);
    CK_RV (*C_InitPIN)(CK_ULONG hSession, CK_BYTE *pPin, CK_ULONG pPin_len);
    CK_RV (*C_SetPIN)(CK_ULONG hSession, CK_BYTE *pOldPin, CK_ULONG pOldPin_len, CK_BYTE *pNewPin, CK_ULONG pNewPin_len);
    CK_RV (*C_OpenSession)(CK_ULONG slotID, CK_ULONG flags, void *pApplication, void *Notify, CK_ULONG *phSession);
    CK_RV (*C_CloseSession)(CK_ULONG hSession);
    CK_RV (*C_CloseAllSessions)(CK_ULONG slotID);
    CK_RV (*C_GetSessionInfo)(CK_ULONG hSession, CK_SESSION_INFO *pInfo);
    CK_RV (*C_GetOperationState)(CK_ULONG hSession, CK_BYTE *pOperationState, CK_ULONG *pOperationState_len);
    CK_RV (*C_SetOperationState)(CK_ULONG hSession, CK_BYTE *pOperationState, CK_ULONG pOperationState_len, CK_ULONG hEncryptionKey, CK_ULONG hAuthenticationKey);
    CK_RV (*C_Login)(CK_ULONG hSession, CK_ULONG userType, CK_BYTE *pPin, CK_ULONG pPin_len);
    CK_RV (*C_Logout)(CK_ULONG hSession);
    CK_RV (*C_CreateObject)(CK_ULONG hSession, CK_ATTRIBUTE *pTemplate, CK_ULONG pTemplate_count, CK_ULONG *phObject);
    CK_RV (*C_CopyObject)(CK_ULONG hSession, CK_ULONG hObject, CK_ATTRIBUTE *pTemplate, CK_ULONG pTemplate_count, CK_ULONG *phNewObject);
    CK_RV (*C_DestroyObject)(CK_ULONG hSession, CK_ULONG hObject);
    CK_RV (*C_GetObjectSize)(CK_ULONG hSession, CK_ULONG hObject, CK_ULONG *pulSize);
    CK_RV (*C_GetAttributeValue)(CK_ULONG hSession, CK_ULONG hObject, CK_ATTRIBUTE *pTemplate, CK_ULONG pTemplate_count);
    CK_RV (*C_SetAttributeValue)(CK_ULONG hSession, CK_ULONG hObject, CK_ATTRIBUTE *pTemplate, CK_ULONG pTemplate_count);
    CK_RV (*C_FindObjectsInit)(CK_ULONG hSession, CK_ATTRIBUTE *pTemplate, CK_ULONG pTemplate_count);
    CK_RV (*C_FindObjects)(CK_ULONG hSession, CK_ULONG *phObject, CK_ULONG phObject_most, CK_ULONG *phObject_count);
    CK_RV (*C_FindObjectsFinal)(CK_ULONG hSession);
    CK_RV (*C_EncryptInit)(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hKey);
    CK_RV (*C_Encrypt)(CK_ULONG hSession, CK_BYTE *pData, CK_ULONG pData_len, CK_BYTE *pEncryptedData, CK_ULONG *pEncryptedData_len);
    CK_RV (*C_EncryptUpdate)(CK_ULONG hSession, CK_BYTE *pPart, CK_ULONG pPart_len, CK_BYTE *pEncryptedPart, CK_ULONG *pEncryptedPart_len);
    CK_RV (*C_EncryptFinal)(CK_ULONG hSession, CK_BYTE *pLastEncryptedPart, CK_ULONG *pLastEncryptedPart_len);
    CK_RV (*C_DecryptInit)(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hKey);
    CK_RV (*C_Decrypt)(CK_ULONG hSession, CK_BYTE *pEncryptedData, CK_ULONG pEncryptedData_len, CK_BYTE *pData, CK_ULONG *pData_len);
    CK_RV (*C_DecryptUpdate)(CK_ULONG hSession, CK_BYTE *pEncryptedPart, CK_ULONG pEncryptedPart_len, CK_BYTE *pPart, CK_ULONG *pPart_len);
    CK_RV (*C_DecryptFinal)(CK_ULONG hSession, CK_BYTE *pLastPart, CK_ULONG *pLastPart_len);
    CK_RV (*C_DigestInit)(CK_ULONG hSession, CK_MECHANISM *pMechanism);
    CK_RV (*C_Digest)(CK_ULONG hSession, CK_BYTE *pData, CK_ULONG pData_len, CK_BYTE *pDigest, CK_ULONG *pDigest_len);
    CK_RV (*C_DigestUpdate)(CK_ULONG hSession, CK_BYTE *pPart, CK_ULONG pPart_len);
    CK_RV (*C_DigestKey)(CK_ULONG hSession, CK_ULONG hKey);
    CK_RV (*C_DigestFinal)(CK_ULONG hSession, CK_BYTE *pDigest, CK_ULONG *pDigest_len);
    CK_RV (*C_SignInit)(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hKey);
    CK_RV (*C_Sign)(CK_ULONG hSession, CK_BYTE *pData, CK_ULONG pData_len, CK_BYTE *pSignature, CK_ULONG *pSignature_len);
    CK_RV (*C_SignUpdate)(CK_ULONG hSession, CK_BYTE *pPart, CK_ULONG pPart_len);
    CK_RV (*C_SignFinal)(CK_ULONG hSession, CK_BYTE *pSignature, CK_ULONG *pSignature_len);
    CK_RV (*C_SignRecoverInit)(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hKey);
    CK_RV (*C_SignRecover)(CK_ULONG hSession, CK_BYTE *pData, CK_ULONG pData_len, CK_BYTE *pSignature, CK_ULONG *pSignature_len);
    CK_RV (*C_VerifyInit)(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hKey);
    CK_RV (*C_Verify)(CK_ULONG hSession, CK_BYTE *pData, CK_ULONG pData_len, CK_BYTE *pSignature, CK_ULONG pSignature_len);
    CK_RV (*C_VerifyUpdate)(CK_ULONG hSession, CK_BYTE *pPart, CK_ULONG pPart_len);
    CK_RV (*C_VerifyFinal)(CK_ULONG hSession, CK_BYTE *pSignature, CK_ULONG pSignature_len);
    CK_RV (*C_VerifyRecoverInit)(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hKey);
    CK_RV (*C_VerifyRecover)(CK_ULONG hSession, CK_BYTE *pSignature, CK_ULONG pSignature_len, CK_BYTE *pData, CK_ULONG *pData_len);
    CK_RV (*C_DigestEncryptUpdate)(CK_ULONG hSession, CK_BYTE *pPart, CK_ULONG pPart_len, CK_BYTE *pEncryptedPart, CK_ULONG *pEncryptedPart_len);
    CK_RV (*C_DecryptDigestUpdate)(CK_ULONG hSession, CK_BYTE *pEncryptedPart, CK_ULONG pEncryptedPart_len, CK_BYTE *pPart, CK_ULONG *pPart_len);
    CK_RV (*C_SignEncryptUpdate)(CK_ULONG hSession, CK_BYTE *pPart, CK_ULONG pPart_len, CK_BYTE *pEncryptedPart, CK_ULONG *pEncryptedPart_len);
    CK_RV (*C_DecryptVerifyUpdate)(CK_ULONG hSession, CK_BYTE *pEncryptedPart, CK_ULONG pEncryptedPart_len, CK_BYTE *pPart, CK_ULONG *pPart_len);
    CK_RV (*C_GenerateKey)(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ATTRIBUTE *pTemplate, CK_ULONG pTemplate_count, CK_ULONG *phKey);
    CK_RV (*C_GenerateKeyPair)(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ATTRIBUTE *pPublicKeyTemplate, CK_ULONG pPublicKeyTemplate_count, CK_ATTRIBUTE *pPrivateKeyTemplate, CK_ULONG pPrivateKeyTemplate_count, CK_ULONG *phPublicKey, CK_ULONG *phPrivateKey);
    CK_RV (*C_WrapKey)(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hWrappingKey, CK_ULONG hKey, CK_BYTE *pWrappedKey, CK_ULONG *pWrappedKey_len);
    CK_RV (*C_UnwrapKey)(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hUnwrappingKey, CK_BYTE *pWrappedKey, CK_ULONG pWrappedKey_len, CK_ATTRIBUTE *pTemplate, CK_ULONG pTemplate_count, CK_ULONG *phKey);
    CK_RV (*C_DeriveKey)(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hBaseKey, CK_ATTRIBUTE *pTemplate, CK_ULONG pTemplate_count, CK_ULONG *phKey);
    CK_RV (*C_SeedRandom)(CK_ULONG hSession, CK_BYTE *pSeed, CK_ULONG pSeed_len);
    CK_RV (*C_GenerateRandom)(CK_ULONG hSession, CK_BYTE *RandomData, CK_ULONG RandomData_len);
    CK_RV (*C_GetFunctionStatus)(CK_ULONG hSession);
    CK_RV (*C_CancelFunction)(CK_ULONG hSession);
    CK_RV (*C_WaitForSlotEvent)(CK_ULONG flags, CK_ULONG *pSlot, void *pRserved);
};

struct CK_FUNCTION_LIST_3_0 {
    CK_VERSION version;
    CK_RV (*C_Initialize)(void *pInitArgs);
    CK_RV (*C_Finalize)(void *pReserved);
    CK_RV (*C_GetInfo)(CK_INFO *pInfo);
    CK_RV (*C_GetFunctionList)(CK_FUNCTION_LIST **ppFunctionList);
    CK_RV (*C_GetSlotList)(CK_BBOOL tokenPresent, CK_ULONG *pSlotList, CK_ULONG *pSlotList_count);
    CK_RV (*C_GetSlotInfo)(CK_ULONG slotID, CK_SLOT_INFO *pInfo);
    CK_RV (*C_GetTokenInfo)(CK_ULONG slotID, CK_TOKEN_INFO *pInfo);
    CK_RV (*C_GetMechanismList)(CK_ULONG slotID, CK_ULONG *pMechanismList, CK_ULONG *pMechanismList_count);
    CK_RV (*C_GetMechanismInfo)(CK_ULONG slotID, CK_ULONG type, CK_MECHANISM_INFO *pInfo);
    CK_RV (*C_InitToken)(CK_ULONG slotID, CK_BYTE *pPin, CK_ULONG pPin_len, CK_BYTE *pLabel);
    CK_RV (*C_InitPIN)(CK_ULONG hSession, CK_BYTE *pPin, CK_ULONG pPin_len);
    CK_RV (*C_SetPIN)(CK_ULONG hSession, CK_BYTE *pOldPin, CK_ULONG pOldPin_len, CK_BYTE *pNewPin, CK_ULONG pNewPin_len);
    CK_RV (*C_OpenSession)(CK_ULONG slotID, CK_ULONG flags, void *pApplication, void *Notify, CK_ULONG *phSession);
    CK_RV (*C_CloseSession)(CK_ULONG hSession);
    CK_RV (*C_CloseAllSessions)(CK_ULONG slotID);
    CK_RV (*C_GetSessionInfo)(CK_ULONG hSession, CK_SESSION_INFO *pInfo);
    CK_RV (*C_GetOperationState)(CK_ULONG hSession, CK_BYTE *pOperationState, CK_ULONG *pOperationState_len);
    CK_RV (*C_SetOperationState)(CK_ULONG hSession, CK_BYTE *pOperationState, CK_ULONG pOperationState_len, CK_ULONG hEncryptionKey, CK_ULONG hAuthenticationKey);
    CK_RV (*C_Login)(CK_ULONG hSession, CK_ULONG userType, CK_BYTE *pPin, CK_ULONG pPin_len);
    CK_RV (*C_Logout)(CK_ULONG hSession);
    CK_RV (*C_CreateObject)(CK_ULONG hSession, CK_ATTRIBUTE *pTemplate, CK_ULONG pTemplate_count, CK_ULONG *phObject);
    CK_RV (*C_CopyObject)(CK_ULONG hSession, CK_ULONG hObject, CK_ATTRIBUTE *pTemplate, CK_ULONG pTemplate_count, CK_ULONG *phNewObject);
    CK_RV (*C_DestroyObject)(CK_ULONG hSession, CK_ULONG hObject);
    CK_RV (*C_GetObjectSize)(CK_ULONG hSession, CK_ULONG hObject, CK_ULONG *pulSize);
    CK_RV (*C_GetAttributeValue)(CK_ULONG hSession, CK_ULONG hObject, CK_ATTRIBUTE *pTemplate, CK_ULONG pTemplate_count);
    CK_RV (*C_SetAttributeValue)(CK_ULONG hSession, CK_ULONG hObject, CK_ATTRIBUTE *pTemplate, CK_ULONG pTemplate_count);
    CK_RV (*C_FindObjectsInit)(CK_ULONG hSession, CK_ATTRIBUTE *pTemplate, CK_ULONG pTemplate_count);
    CK_RV (*C_FindObjects)(CK_ULONG hSession, CK_ULONG *phObject, CK_ULONG phObject_most, CK_ULONG *phObject_count);
    CK_RV (*C_FindObjectsFinal)(CK_ULONG hSession);
    CK_RV (*C_EncryptInit)(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hKey);
    CK_RV (*C_Encrypt)(CK_ULONG hSession, CK_BYTE *pData, CK_ULONG pData_len, CK_BYTE *pEncryptedData, CK_ULONG *pEncryptedData_len);
    CK_RV (*C_EncryptUpdate)(CK_ULONG hSession, CK_BYTE *pPart, CK_ULONG pPart_len, CK_BYTE *pEncryptedPart, CK_ULONG *pEncryptedPart_len);
    CK_RV (*C_EncryptFinal)(CK_ULONG hSession, CK_BYTE *pLastEncryptedPart, CK_ULONG *pLastEncryptedPart_len);
    CK_RV (*C_DecryptInit)(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hKey);
    CK_RV (*C_Decrypt)(CK_ULONG hSession, CK_BYTE *pEncryptedData, CK_ULONG pEncryptedData_len, CK_BYTE *pData, CK_ULONG *pData_len);
    CK_RV (*C_DecryptUpdate)(CK_ULONG hSession, CK_BYTE *pEncryptedPart, CK_ULONG pEncryptedPart_len, CK_BYTE *pPart, CK_ULONG *pPart_len);
    CK_RV (*C_DecryptFinal)(CK_ULONG hSession, CK_BYTE *pLastPart, CK_ULONG *pLastPart_len);
    CK_RV (*C_DigestInit)(CK_ULONG hSession, CK_MECHANISM *pMechanism);
    CK_RV (*C_Digest)(CK_ULONG hSession, CK_BYTE *pData, CK_ULONG pData_len, CK_BYTE *pDigest, CK_ULONG *pDigest_len);
    CK_RV (*C_DigestUpdate)(CK_ULONG hSession, CK_BYTE *pPart, CK_ULONG pPart_len);
    CK_RV (*C_DigestKey)(CK_ULONG hSession, CK_ULONG hKey);
    CK_RV (*C_DigestFinal)(CK_ULONG hSession, CK_BYTE *pDigest, CK_ULONG *pDigest_len);
    CK_RV (*C_SignInit)(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hKey);
    CK_RV (*C_Sign)(CK_ULONG hSession, CK_BYTE *pData, CK_ULONG pData_len, CK_BYTE *pSignature, CK_ULONG *pSignature_len);
    CK_RV (*C_SignUpdate)(CK_ULONG hSession, CK_BYTE *pPart, CK_ULONG pPart_len);
    CK_RV (*C_SignFinal)(CK_ULONG hSession, CK_BYTE *pSignature, CK_ULONG *pSignature_len);
    CK_RV (*C_SignRecoverInit)(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hKey);
    CK_RV (*C_SignRecover)(CK_ULONG hSession, CK_BYTE *pData, CK_ULONG pData_len, CK_BYTE *pSignature, CK_ULONG *pSignature_len);
    CK_RV (*C_VerifyInit)(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hKey);
    CK_RV (*C_Verify)(CK_ULONG hSession, CK_BYTE *pData, CK_ULONG pData_len, CK_BYTE *pSignature, CK_ULONG pSignature_len);
    CK_RV (*C_VerifyUpdate)(CK_ULONG hSession, CK_BYTE *pPart, CK_ULONG pPart_len);
    CK_RV (*C_VerifyFinal)(CK_ULONG hSession, CK_BYTE *pSignature, CK_ULONG pSignature_len);
    CK_RV (*C_VerifyRecoverInit)(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hKey);
    CK_RV (*C_VerifyRecover)(CK_ULONG hSession, CK_BYTE *pSignature, CK_ULONG pSignature_len, CK_BYTE *pData, CK_ULONG *pData_len);
    CK_RV (*C_DigestEncryptUpdate)(CK_ULONG hSession, CK_BYTE *pPart, CK_ULONG pPart_len, CK_BYTE *pEncryptedPart, CK_ULONG *pEncryptedPart_len);
    CK_RV (*C_DecryptDigestUpdate)(CK_ULONG hSession, CK_BYTE *pEncryptedPart, CK_ULONG pEncryptedPart_len, CK_BYTE *pPart, CK_ULONG *pPart_len);
    CK_RV (*C_SignEncryptUpdate)(CK_ULONG hSession, CK_BYTE *pPart, CK_ULONG pPart_len, CK_BYTE *pEncryptedPart, CK_ULONG *pEncryptedPart_len);
    CK_RV (*C_DecryptVerifyUpdate)(CK_ULONG hSession, CK_BYTE *pEncryptedPart, CK_ULONG pEncryptedPart_len, CK_BYTE *pPart, CK_ULONG *pPart_len);
    CK_RV (*C_GenerateKey)(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ATTRIBUTE *pTemplate, CK_ULONG pTemplate_count, CK_ULONG *phKey);
    CK_RV (*C_GenerateKeyPair)(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ATTRIBUTE *pPublicKeyTemplate, CK_ULONG pPublicKeyTemplate_count, CK_ATTRIBUTE *pPrivateKeyTemplate, CK_ULONG pPrivateKeyTemplate_count, CK_ULONG *phPublicKey, CK_ULONG *phPrivateKey);
    CK_RV (*C_WrapKey)(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hWrappingKey, CK_ULONG hKey, CK_BYTE *pWrappedKey, CK_ULONG *pWrappedKey_len);
    CK_RV (*C_UnwrapKey)(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hUnwrappingKey, CK_BYTE *pWrappedKey, CK_ULONG pWrappedKey_len, CK_ATTRIBUTE *pTemplate, CK_ULONG pTemplate_count, CK_ULONG *phKey);
    CK_RV (*C_DeriveKey)(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hBaseKey, CK_ATTRIBUTE *pTemplate, CK_ULONG pTemplate_count, CK_ULONG *phKey);
    CK_RV (*C_SeedRandom)(CK_ULONG hSession, CK_BYTE *pSeed, CK_ULONG pSeed_len);
    CK_RV (*C_GenerateRandom)(CK_ULONG hSession, CK_BYTE *RandomData, CK_ULONG RandomData_len);
    CK_RV (*C_GetFunctionStatus)(CK_ULONG hSession);
    CK_RV (*C_CancelFunction)(CK_ULONG hSession);
    CK_RV (*C_WaitForSlotEvent)(CK_ULONG flags, CK_ULONG *pSlot, void *pRserved);
    CK_RV (*C_GetInterfaceList)(CK_INTERFACE *pInterfacesList, CK_ULONG *pulCount);
    CK_RV (*C_GetInterface)(CK_BYTE *pInterfaceName, CK_VERSION *pVersion, CK_INTERFACE **ppInterface, CK_ULONG flags);
    CK_RV (*C_LoginUser)(CK_ULONG hSession, CK_ULONG userType, CK_BYTE *pPin, CK_ULONG pPin_len, CK_BYTE *pUsername, CK_ULONG pUsername_len);
    CK_RV (*C_SessionCancel)(CK_ULONG hSession, CK_ULONG flags);
    CK_RV (*C_MessageEncryptInit)(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hKey);
    CK_RV (*C_EncryptMessage)(CK_ULONG hSession, void *pParameter, CK_ULONG pParameter_len, CK_BYTE *pAssociatedData, CK_ULONG pAssociatedData_len, CK_BYTE *pPlaintext, CK_ULONG pPlaintext_len, CK_BYTE *pCiphertext, CK_ULONG *pCiphertext_len);
    CK_RV (*C_EncryptMessageBegin)(CK_ULONG hSession, void *pParameter, CK_ULONG pParameter_len, CK_BYTE *pAssociatedData, CK_ULONG pAssociatedData_len);
    CK_RV (*C_EncryptMessageNext)(CK_ULONG hSession, void *pParameter, CK_ULONG pParameter_len, CK_BYTE *pPlaintextPart, CK_ULONG pPlaintextPart_len, CK_BYTE *pCiphertextPart, CK_ULONG *pCiphertextPart_len, CK_ULONG flags);
    CK_RV (*C_MessageEncryptFinal)(CK_ULONG hSession);
    CK_RV (*C_MessageDecryptInit)(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hKey);
    CK_RV (*C_DecryptMessage)(CK_ULONG hSession, void *pParameter, CK_ULONG pParameter_len, CK_BYTE *pAssociatedData, CK_ULONG pAssociatedData_len, CK_BYTE *pCiphertext, CK_ULONG pCiphertext_len, CK_BYTE *pPlaintext, CK_ULONG *pPlaintext_len);
    CK_RV (*C_DecryptMessageBegin)(CK_ULONG hSession, void *pParameter, CK_ULONG pParameter_len, CK_BYTE *pAssociatedData, CK_ULONG pAssociatedData_len);
    CK_RV (*C_DecryptMessageNext)(CK_ULONG hSession, void *pParameter, CK_ULONG pParameter_len, CK_BYTE *pCiphertextPart, CK_ULONG pCiphertextPart_len, CK_BYTE *pPlaintextPart, CK_ULONG *pPlaintextPart_len, CK_ULONG flags);
    CK_RV (*C_MessageDecryptFinal)(CK_ULONG hSession);
    CK_RV (*C_MessageSignInit)(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hKey);
    CK_RV (*C_SignMessage)(CK_ULONG hSession, void *pParameter, CK_ULONG pParameter_len, CK_BYTE *pData, CK_ULONG pData_len, CK_BYTE *pSignature, CK_ULONG *pSignature_len);
    CK_RV (*C_SignMessageBegin)(CK_ULONG hSession, void *pParameter, CK_ULONG pParameter_len);
    CK_RV (*C_SignMessageNext)(CK_ULONG hSession, void *pParameter, CK_ULONG pParameter_len, CK_BYTE *pData, CK_ULONG pData_len, CK_BYTE *pSignature, CK_ULONG *pSignature_len);
    CK_RV (*C_MessageSignFinal)(CK_ULONG hSession);
    CK_RV (*C_MessageVerifyInit)(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hKey);
    CK_RV (*C_VerifyMessage)(CK_ULONG hSession, void *pParameter, CK_ULONG pParameter_len, CK_BYTE *pData, CK_ULONG pData_len, CK_BYTE *pSignature, CK_ULONG pSignature_len);
    CK_RV (*C_VerifyMessageBegin)(CK_ULONG hSession, void *pParameter, CK_ULONG pParameter_len);
    CK_RV (*C_VerifyMessageNext)(CK_ULONG hSession, void *pParameter, CK_ULONG pParameter_len, CK_BYTE *pData, CK_ULONG pData_len, CK_BYTE *pSignature, CK_ULONG pSignature_len);
    CK_RV (*C_MessageVerifyFinal)(CK_ULONG hSession);
};

struct CK_FUNCTION_LIST_3_2 {
    CK_VERSION version;
    CK_RV (*C_Initialize)(void *pInitArgs);
    CK_RV (*C_Finalize)(void *pReserved);
    CK_RV (*C_GetInfo)(CK_INFO *pInfo);
    CK_RV (*C_GetFunctionList)(CK_FUNCTION_LIST **ppFunctionList);
    CK_RV (*C_GetSlotList)(CK_BBOOL tokenPresent, CK_ULONG *pSlotList, CK_ULONG *pSlotList_count);
    CK_RV (*C_GetSlotInfo)(CK_ULONG slotID, CK_SLOT_INFO *pInfo);
    CK_RV (*C_GetTokenInfo)(CK_ULONG slotID, CK_TOKEN_INFO *pInfo);
    CK_RV (*C_GetMechanismList)(CK_ULONG slotID, CK_ULONG *pMechanismList, CK_ULONG *pMechanismList_count);
    CK_RV (*C_GetMechanismInfo)(CK_ULONG slotID, CK_ULONG type, CK_MECHANISM_INFO *pInfo);
    CK_RV (*C_InitToken)(CK_ULONG slotID, CK_BYTE *pPin, CK_ULONG pPin_len, CK_BYTE *pLabel);
    CK_RV (*C_InitPIN)(CK_ULONG hSession, CK_BYTE *pPin, CK_ULONG pPin_len);
    CK_RV (*C_SetPIN)(CK_ULONG hSession, CK_BYTE *pOldPin, CK_ULONG pOldPin_len, CK_BYTE *pNewPin, CK_ULONG pNewPin_len);
    CK_RV (*C_OpenSession)(CK_ULONG slotID, CK_ULONG flags, void *pApplication, void *Notify, CK_ULONG *phSession);
    CK_RV (*C_CloseSession)(CK_ULONG hSession);
    CK_RV (*C_CloseAllSessions)(CK_ULONG slotID);
    CK_RV (*C_GetSessionInfo)(CK_ULONG hSession, CK_SESSION_INFO *pInfo);
    CK_RV (*C_GetOperationState)(CK_ULONG hSession, CK_BYTE *pOperationState, CK_ULONG *pOperationState_len);
    CK_RV (*C_SetOperationState)(CK_ULONG hSession, CK_BYTE *pOperationState, CK_ULONG pOperationState_len, CK_ULONG hEncryptionKey, CK_ULONG hAuthenticationKey);
    CK_RV (*C_Login)(CK_ULONG hSession, CK_ULONG userType, CK_BYTE *pPin, CK_ULONG pPin_len);
    CK_RV (*C_Logout)(CK_ULONG hSession);
    CK_RV (*C_CreateObject)(CK_ULONG hSession, CK_ATTRIBUTE *pTemplate, CK_ULONG pTemplate_count, CK_ULONG *phObject);
    CK_RV (*C_CopyObject)(CK_ULONG hSession, CK_ULONG hObject, CK_ATTRIBUTE *pTemplate, CK_ULONG pTemplate_count, CK_ULONG *phNewObject);
    CK_RV (*C_DestroyObject)(CK_ULONG hSession, CK_ULONG hObject);
    CK_RV (*C_GetObjectSize)(CK_ULONG hSession, CK_ULONG hObject, CK_ULONG *pulSize);
    CK_RV (*C_GetAttributeValue)(CK_ULONG hSession, CK_ULONG hObject, CK_ATTRIBUTE *pTemplate, CK_ULONG pTemplate_count);
    CK_RV (*C_SetAttributeValue)(CK_ULONG hSession, CK_ULONG hObject, CK_ATTRIBUTE *pTemplate, CK_ULONG pTemplate_count);
    CK_RV (*C_FindObjectsInit)(CK_ULONG hSession, CK_ATTRIBUTE *pTemplate, CK_ULONG pTemplate_count);
    CK_RV (*C_FindObjects)(CK_ULONG hSession, CK_ULONG *phObject, CK_ULONG phObject_most, CK_ULONG *phObject_count);
    CK_RV (*C_FindObjectsFinal)(CK_ULONG hSession);
    CK_RV (*C_EncryptInit)(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hKey);
    CK_RV (*C_Encrypt)(CK_ULONG hSession, CK_BYTE *pData, CK_ULONG pData_len, CK_BYTE *pEncryptedData, CK_ULONG *pEncryptedData_len);
    CK_RV (*C_EncryptUpdate)(CK_ULONG hSession, CK_BYTE *pPart, CK_ULONG pPart_len, CK_BYTE *pEncryptedPart, CK_ULONG *pEncryptedPart_len);
    CK_RV (*C_EncryptFinal)(CK_ULONG hSession, CK_BYTE *pLastEncryptedPart, CK_ULONG *pLastEncryptedPart_len);
    CK_RV (*C_DecryptInit)(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hKey);
    CK_RV (*C_Decrypt)(CK_ULONG hSession, CK_BYTE *pEncryptedData, CK_ULONG pEncryptedData_len, CK_BYTE *pData, CK_ULONG *pData_len);
    CK_RV (*C_DecryptUpdate)(CK_ULONG hSession, CK_BYTE *pEncryptedPart, CK_ULONG pEncryptedPart_len, CK_BYTE *pPart, CK_ULONG *pPart_len);
    CK_RV (*C_DecryptFinal)(CK_ULONG hSession, CK_BYTE *pLastPart, CK_ULONG *pLastPart_len);
    CK_RV (*C_DigestInit)(CK_ULONG hSession, CK_MECHANISM *pMechanism);
    CK_RV (*C_Digest)(CK_ULONG hSession, CK_BYTE *pData, CK_ULONG pData_len, CK_BYTE *pDigest, CK_ULONG *pDigest_len);
    CK_RV (*C_DigestUpdate)(CK_ULONG hSession, CK_BYTE *pPart, CK_ULONG pPart_len);
    CK_RV (*C_DigestKey)(CK_ULONG hSession, CK_ULONG hKey);
    CK_RV (*C_DigestFinal)(CK_ULONG hSession, CK_BYTE *pDigest, CK_ULONG *pDigest_len);
    CK_RV (*C_SignInit)(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hKey);
    CK_RV (*C_Sign)(CK_ULONG hSession, CK_BYTE *pData, CK_ULONG pData_len, CK_BYTE *pSignature, CK_ULONG *pSignature_len);
    CK_RV (*C_SignUpdate)(CK_ULONG hSession, CK_BYTE *pPart, CK_ULONG pPart_len);
    CK_RV (*C_SignFinal)(CK_ULONG hSession, CK_BYTE *pSignature, CK_ULONG *pSignature_len);
    CK_RV (*C_SignRecoverInit)(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hKey);
    CK_RV (*C_SignRecover)(CK_ULONG hSession, CK_BYTE *pData, CK_ULONG pData_len, CK_BYTE *pSignature, CK_ULONG *pSignature_len);
    CK_RV (*C_VerifyInit)(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hKey);
    CK_RV (*C_Verify)(CK_ULONG hSession, CK_BYTE *pData, CK_ULONG pData_len, CK_BYTE *pSignature, CK_ULONG pSignature_len);
    CK_RV (*C_VerifyUpdate)(CK_ULONG hSession, CK_BYTE *pPart, CK_ULONG pPart_len);
    CK_RV (*C_VerifyFinal)(CK_ULONG hSession, CK_BYTE *pSignature, CK_ULONG pSignature_len);
    CK_RV (*C_VerifyRecoverInit)(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hKey);
    CK_RV (*C_VerifyRecover)(CK_ULONG hSession, CK_BYTE *pSignature, CK_ULONG pSignature_len, CK_BYTE *pData, CK_ULONG *pData_len);
    CK_RV (*C_DigestEncryptUpdate)(CK_ULONG hSession, CK_BYTE *pPart, CK_ULONG pPart_len, CK_BYTE *pEncryptedPart, CK_ULONG *pEncryptedPart_len);
    CK_RV (*C_DecryptDigestUpdate)(CK_ULONG hSession, CK_BYTE *pEncryptedPart, CK_ULONG pEncryptedPart_len, CK_BYTE *pPart, CK_ULONG *pPart_len);
    CK_RV (*C_SignEncryptUpdate)(CK_ULONG hSession, CK_BYTE *pPart, CK_ULONG pPart_len, CK_BYTE *pEncryptedPart, CK_ULONG *pEncryptedPart_len);
    CK_RV (*C_DecryptVerifyUpdate)(CK_ULONG hSession, CK_BYTE *pEncryptedPart, CK_ULONG pEncryptedPart_len, CK_BYTE *pPart, CK_ULONG *pPart_len);
    CK_RV (*C_GenerateKey)(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ATTRIBUTE *pTemplate, CK_ULONG pTemplate_count, CK_ULONG *phKey);
    CK_RV (*C_GenerateKeyPair)(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ATTRIBUTE *pPublicKeyTemplate, CK_ULONG pPublicKeyTemplate_count, CK_ATTRIBUTE *pPrivateKeyTemplate, CK_ULONG pPrivateKeyTemplate_count, CK_ULONG *phPublicKey, CK_ULONG *phPrivateKey);
    CK_RV (*C_WrapKey)(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hWrappingKey, CK_ULONG hKey, CK_BYTE *pWrappedKey, CK_ULONG *pWrappedKey_len);
    CK_RV (*C_UnwrapKey)(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hUnwrappingKey, CK_BYTE *pWrappedKey, CK_ULONG pWrappedKey_len, CK_ATTRIBUTE *pTemplate, CK_ULONG pTemplate_count, CK_ULONG *phKey);
    CK_RV (*C_DeriveKey)(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hBaseKey, CK_ATTRIBUTE *pTemplate, CK_ULONG pTemplate_count, CK_ULONG *phKey);
    CK_RV (*C_SeedRandom)(CK_ULONG hSession, CK_BYTE *pSeed, CK_ULONG pSeed_len);
    CK_RV (*C_GenerateRandom)(CK_ULONG hSession, CK_BYTE *RandomData, CK_ULONG RandomData_len);
    CK_RV (*C_GetFunctionStatus)(CK_ULONG hSession);
    CK_RV (*C_CancelFunction)(CK_ULONG hSession);
    CK_RV (*C_WaitForSlotEvent)(CK_ULONG flags, CK_ULONG *pSlot, void *pRserved);
    CK_RV (*C_GetInterfaceList)(CK_INTERFACE *pInterfacesList, CK_ULONG *pulCount);
    CK_RV (*C_GetInterface)(CK_BYTE *pInterfaceName, CK_VERSION *pVersion, CK_INTERFACE **ppInterface, CK_ULONG flags);
    CK_RV (*C_LoginUser)(CK_ULONG hSession, CK_ULONG userType, CK_BYTE *pPin, CK_ULONG pPin_len, CK_BYTE *pUsername, CK_ULONG pUsername_len);
    CK_RV (*C_SessionCancel)(CK_ULONG hSession, CK_ULONG flags);
    CK_RV (*C_MessageEncryptInit)(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hKey);
    CK_RV (*C_EncryptMessage)(CK_ULONG hSession, void *pParameter, CK_ULONG pParameter_len, CK_BYTE *pAssociatedData, CK_ULONG pAssociatedData_len, CK_BYTE *pPlaintext, CK_ULONG pPlaintext_len, CK_BYTE *pCiphertext, CK_ULONG *pCiphertext_len);
    CK_RV (*C_EncryptMessageBegin)(CK_ULONG hSession, void *pParameter, CK_ULONG pParameter_len, CK_BYTE *pAssociatedData, CK_ULONG pAssociatedData_len);
    CK_RV (*C_EncryptMessageNext)(CK_ULONG hSession, void *pParameter, CK_ULONG pParameter_len, CK_BYTE *pPlaintextPart, CK_ULONG pPlaintextPart_len, CK_BYTE *pCiphertextPart, CK_ULONG *pCiphertextPart_len, CK_ULONG flags);
    CK_RV (*C_MessageEncryptFinal)(CK_ULONG hSession);
    CK_RV (*C_MessageDecryptInit)(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hKey);
    CK_RV (*C_DecryptMessage)(CK_ULONG hSession, void *pParameter, CK_ULONG pParameter_len, CK_BYTE *pAssociatedData, CK_ULONG pAssociatedData_len, CK_BYTE *pCiphertext, CK_ULONG pCiphertext_len, CK_BYTE *pPlaintext, CK_ULONG *pPlaintext_len);
    CK_RV (*C_DecryptMessageBegin)(CK_ULONG hSession, void *pParameter, CK_ULONG pParameter_len, CK_BYTE *pAssociatedData, CK_ULONG pAssociatedData_len);
    CK_RV (*C_DecryptMessageNext)(CK_ULONG hSession, void *pParameter, CK_ULONG pParameter_len, CK_BYTE *pCiphertextPart, CK_ULONG pCiphertextPart_len, CK_BYTE *pPlaintextPart, CK_ULONG *pPlaintextPart_len, CK_ULONG flags);
    CK_RV (*C_MessageDecryptFinal)(CK_ULONG hSession);
    CK_RV (*C_MessageSignInit)(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hKey);
    CK_RV (*C_SignMessage)(CK_ULONG hSession, void *pParameter, CK_ULONG pParameter_len, CK_BYTE *pData, CK_ULONG pData_len, CK_BYTE *pSignature, CK_ULONG *pSignature_len);
    CK_RV (*C_SignMessageBegin)(CK_ULONG hSession, void *pParameter, CK_ULONG pParameter_len);
    CK_RV (*C_SignMessageNext)(CK_ULONG hSession, void *pParameter, CK_ULONG pParameter_len, CK_BYTE *pData, CK_ULONG pData_len, CK_BYTE *pSignature, CK_ULONG *pSignature_len);
    CK_RV (*C_MessageSignFinal)(CK_ULONG hSession);
    CK_RV (*C_MessageVerifyInit)(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hKey);
    CK_RV (*C_VerifyMessage)(CK_ULONG hSession, void *pParameter, CK_ULONG pParameter_len, CK_BYTE *pData, CK_ULONG pData_len, CK_BYTE *pSignature, CK_ULONG pSignature_len);
    CK_RV (*C_VerifyMessageBegin)(CK_ULONG hSession, void *pParameter, CK_ULONG pParameter_len);
    CK_RV (*C_VerifyMessageNext)(CK_ULONG hSession, void *pParameter, CK_ULONG pParameter_len, CK_BYTE *pData, CK_ULONG pData_len, CK_BYTE *pSignature, CK_ULONG pSignature_len);
    CK_RV (*C_MessageVerifyFinal)(CK_ULONG hSession);
    CK_RV (*C_EncapsulateKey)(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hPublicKey, CK_ATTRIBUTE *pTemplate, CK_ULONG pTemplate_count, CK_BYTE *pCiphertext, CK_ULONG *pCiphertext_len, CK_ULONG *phKey);
    CK_RV (*C_DecapsulateKey)(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hPrivateKey, CK_ATTRIBUTE *pTemplate, CK_ULONG pTemplate_count, CK_BYTE *pCiphertext, CK_ULONG pCiphertext_len, CK_ULONG *phKey);
    CK_RV (*C_VerifySignatureInit)(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hKey, CK_BYTE *pSignature, CK_ULONG pSignature_len);
    CK_RV (*C_VerifySignature)(CK_ULONG hSession, CK_BYTE *pData, CK_ULONG pData_len);
    CK_RV (*C_VerifySignatureUpdate)(CK_ULONG hSession, CK_BYTE *pPart, CK_ULONG pPart_len);
    CK_RV (*C_VerifySignatureFinal)(CK_ULONG hSession);
    CK_RV (*C_GetSessionValidationFlags)(CK_ULONG hSession, CK_ULONG type, CK_ULONG *pFlags);
    CK_RV (*C_AsyncComplete)(CK_ULONG hSession, CK_BYTE *pFunctionName, CK_ASYNC_DATA *pResult);
    CK_RV (*C_AsyncGetID)(CK_ULONG hSession, CK_BYTE *pFunctionName, CK_ULONG *pulID);
    CK_RV (*C_AsyncJoin)(CK_ULONG hSession, CK_BYTE *pFunctionName, CK_ULONG ulID, CK_BYTE *pData, CK_ULONG pData_len);
    CK_RV (*C_WrapKeyAuthenticated)(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hWrappingKey, CK_ULONG hKey, CK_BYTE *pAssociatedData, CK_ULONG pAssociatedData_len, CK_BYTE *pWrappedKey, CK_ULONG *pWrappedKey_len);
    CK_RV (*C_UnwrapKeyAuthenticated)(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hUnwrappingKey, CK_BYTE *pWrappedKey, CK_ULONG pWrappedKey_len, CK_ATTRIBUTE *pTemplate, CK_ULONG pTemplate_count, CK_BYTE *pAssociatedData, CK_ULONG pAssociatedData_len, CK_ULONG *phKey);
};

#define CK_EXPORT __attribute__((visibility("default")))

CK_EXPORT CK_RV C_Initialize(void *pInitArgs);
CK_EXPORT CK_RV C_Finalize(void *pReserved);
CK_EXPORT CK_RV C_GetInfo(CK_INFO *pInfo);
CK_EXPORT CK_RV C_GetFunctionList(CK_FUNCTION_LIST **ppFunctionList);
CK_EXPORT CK_RV C_GetSlotList(CK_BBOOL tokenPresent, CK_ULONG *pSlotList, CK_ULONG *pSlotList_count);
CK_EXPORT CK_RV C_GetSlotInfo(CK_ULONG slotID, CK_SLOT_INFO *pInfo);
CK_EXPORT CK_RV C_GetTokenInfo(CK_ULONG slotID, CK_TOKEN_INFO *pInfo);
CK_EXPORT CK_RV C_GetMechanismList(CK_ULONG slotID, CK_ULONG *pMechanismList, CK_ULONG *pMechanismList_count);
CK_EXPORT CK_RV C_GetMechanismInfo(CK_ULONG slotID, CK_ULONG type, CK_MECHANISM_INFO *pInfo);
CK_EXPORT CK_RV C_InitToken(CK_ULONG slotID, CK_BYTE *pPin, CK_ULONG pPin_len, CK_BYTE *pLabel);
CK_EXPORT CK_RV C_InitPIN(CK_ULONG hSession, CK_BYTE *pPin, CK_ULONG pPin_len);
CK_EXPORT CK_RV C_SetPIN(CK_ULONG hSession, CK_BYTE *pOldPin, CK_ULONG pOldPin_len, CK_BYTE *pNewPin, CK_ULONG pNewPin_len);
CK_EXPORT CK_RV C_OpenSession(CK_ULONG slotID, CK_ULONG flags, void *pApplication, void *Notify, CK_ULONG *phSession);
CK_EXPORT CK_RV C_CloseSession(CK_ULONG hSession);
CK_EXPORT CK_RV C_CloseAllSessions(CK_ULONG slotID);
CK_EXPORT CK_RV C_GetSessionInfo(CK_ULONG hSession, CK_SESSION_INFO *pInfo);
CK_EXPORT CK_RV C_GetOperationState(CK_ULONG hSession, CK_BYTE *pOperationState, CK_ULONG *pOperationState_len);
CK_EXPORT CK_RV C_SetOperationState(CK_ULONG hSession, CK_BYTE *pOperationState, CK_ULONG pOperationState_len, CK_ULONG hEncryptionKey, CK_ULONG hAuthenticationKey);
CK_EXPORT CK_RV C_Login(CK_ULONG hSession, CK_ULONG userType, CK_BYTE *pPin, CK_ULONG pPin_len);
CK_EXPORT CK_RV C_Logout(CK_ULONG hSession);
CK_EXPORT CK_RV C_CreateObject(CK_ULONG hSession, CK_ATTRIBUTE *pTemplate, CK_ULONG pTemplate_count, CK_ULONG *phObject);
CK_EXPORT CK_RV C_CopyObject(CK_ULONG hSession, CK_ULONG hObject, CK_ATTRIBUTE *pTemplate, CK_ULONG pTemplate_count, CK_ULONG *phNewObject);
CK_EXPORT CK_RV C_DestroyObject(CK_ULONG hSession, CK_ULONG hObject);
CK_EXPORT CK_RV C_GetObjectSize(CK_ULONG hSession, CK_ULONG hObject, CK_ULONG *pulSize);
CK_EXPORT CK_RV C_GetAttributeValue(CK_ULONG hSession, CK_ULONG hObject, CK_ATTRIBUTE *pTemplate, CK_ULONG pTemplate_count);
CK_EXPORT CK_RV C_SetAttributeValue(CK_ULONG hSession, CK_ULONG hObject, CK_ATTRIBUTE *pTemplate, CK_ULONG pTemplate_count);
CK_EXPORT CK_RV C_FindObjectsInit(CK_ULONG hSession, CK_ATTRIBUTE *pTemplate, CK_ULONG pTemplate_count);
CK_EXPORT CK_RV C_FindObjects(CK_ULONG hSession, CK_ULONG *phObject, CK_ULONG phObject_most, CK_ULONG *phObject_count);
CK_EXPORT CK_RV C_FindObjectsFinal(CK_ULONG hSession);
CK_EXPORT CK_RV C_EncryptInit(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hKey);
CK_EXPORT CK_RV C_Encrypt(CK_ULONG hSession, CK_BYTE *pData, CK_ULONG pData_len, CK_BYTE *pEncryptedData, CK_ULONG *pEncryptedData_len);
CK_EXPORT CK_RV C_EncryptUpdate(CK_ULONG hSession, CK_BYTE *pPart, CK_ULONG pPart_len, CK_BYTE *pEncryptedPart, CK_ULONG *pEncryptedPart_len);
CK_EXPORT CK_RV C_EncryptFinal(CK_ULONG hSession, CK_BYTE *pLastEncryptedPart, CK_ULONG *pLastEncryptedPart_len);
CK_EXPORT CK_RV C_DecryptInit(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hKey);
CK_EXPORT CK_RV C_Decrypt(CK_ULONG hSession, CK_BYTE *pEncryptedData, CK_ULONG pEncryptedData_len, CK_BYTE *pData, CK_ULONG *pData_len);
CK_EXPORT CK_RV C_DecryptUpdate(CK_ULONG hSession, CK_BYTE *pEncryptedPart, CK_ULONG pEncryptedPart_len, CK_BYTE *pPart, CK_ULONG *pPart_len);
CK_EXPORT CK_RV C_DecryptFinal(CK_ULONG hSession, CK_BYTE *pLastPart, CK_ULONG *pLastPart_len);
CK_EXPORT CK_RV C_DigestInit(CK_ULONG hSession, CK_MECHANISM *pMechanism);
CK_EXPORT CK_RV C_Digest(CK_ULONG hSession, CK_BYTE *pData, CK_ULONG pData_len, CK_BYTE *pDigest, CK_ULONG *pDigest_len);
CK_EXPORT CK_RV C_DigestUpdate(CK_ULONG hSession, CK_BYTE *pPart, CK_ULONG pPart_len);
CK_EXPORT CK_RV C_DigestKey(CK_ULONG hSession, CK_ULONG hKey);
CK_EXPORT CK_RV C_DigestFinal(CK_ULONG hSession, CK_BYTE *pDigest, CK_ULONG *pDigest_len);
CK_EXPORT CK_RV C_SignInit(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hKey);
CK_EXPORT CK_RV C_Sign(CK_ULONG hSession, CK_BYTE *pData, CK_ULONG pData_len, CK_BYTE *pSignature, CK_ULONG *pSignature_len);
CK_EXPORT CK_RV C_SignUpdate(CK_ULONG hSession, CK_BYTE *pPart, CK_ULONG pPart_len);
CK_EXPORT CK_RV C_SignFinal(CK_ULONG hSession, CK_BYTE *pSignature, CK_ULONG *pSignature_len);
CK_EXPORT CK_RV C_SignRecoverInit(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hKey);
CK_EXPORT CK_RV C_SignRecover(CK_ULONG hSession, CK_BYTE *pData, CK_ULONG pData_len, CK_BYTE *pSignature, CK_ULONG *pSignature_len);
CK_EXPORT CK_RV C_VerifyInit(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hKey);
CK_EXPORT CK_RV C_Verify(CK_ULONG hSession, CK_BYTE *pData, CK_ULONG pData_len, CK_BYTE *pSignature, CK_ULONG pSignature_len);
CK_EXPORT CK_RV C_VerifyUpdate(CK_ULONG hSession, CK_BYTE *pPart, CK_ULONG pPart_len);
CK_EXPORT CK_RV C_VerifyFinal(CK_ULONG hSession, CK_BYTE *pSignature, CK_ULONG pSignature_len);
CK_EXPORT CK_RV C_VerifyRecoverInit(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hKey);
CK_EXPORT CK_RV C_VerifyRecover(CK_ULONG hSession, CK_BYTE *pSignature, CK_ULONG pSignature_len, CK_BYTE *pData, CK_ULONG *pData_len);
CK_EXPORT CK_RV C_DigestEncryptUpdate(CK_ULONG hSession, CK_BYTE *pPart, CK_ULONG pPart_len, CK_BYTE *pEncryptedPart, CK_ULONG *pEncryptedPart_len);
CK_EXPORT CK_RV C_DecryptDigestUpdate(CK_ULONG hSession, CK_BYTE *pEncryptedPart, CK_ULONG pEncryptedPart_len, CK_BYTE *pPart, CK_ULONG *pPart_len);
CK_EXPORT CK_RV C_SignEncryptUpdate(CK_ULONG hSession, CK_BYTE *pPart, CK_ULONG pPart_len, CK_BYTE *pEncryptedPart, CK_ULONG *pEncryptedPart_len);
CK_EXPORT CK_RV C_DecryptVerifyUpdate(CK_ULONG hSession, CK_BYTE *pEncryptedPart, CK_ULONG pEncryptedPart_len, CK_BYTE *pPart, CK_ULONG *pPart_len);
CK_EXPORT CK_RV C_GenerateKey(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ATTRIBUTE *pTemplate, CK_ULONG pTemplate_count, CK_ULONG *phKey);
CK_EXPORT CK_RV C_GenerateKeyPair(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ATTRIBUTE *pPublicKeyTemplate, CK_ULONG pPublicKeyTemplate_count, CK_ATTRIBUTE *pPrivateKeyTemplate, CK_ULONG pPrivateKeyTemplate_count, CK_ULONG *phPublicKey, CK_ULONG *phPrivateKey);
CK_EXPORT CK_RV C_WrapKey(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hWrappingKey, CK_ULONG hKey, CK_BYTE *pWrappedKey, CK_ULONG *pWrappedKey_len);
CK_EXPORT CK_RV C_UnwrapKey(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hUnwrappingKey, CK_BYTE *pWrappedKey, CK_ULONG pWrappedKey_len, CK_ATTRIBUTE *pTemplate, CK_ULONG pTemplate_count, CK_ULONG *phKey);
CK_EXPORT CK_RV C_DeriveKey(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hBaseKey, CK_ATTRIBUTE *pTemplate, CK_ULONG pTemplate_count, CK_ULONG *phKey);
CK_EXPORT CK_RV C_SeedRandom(CK_ULONG hSession, CK_BYTE *pSeed, CK_ULONG pSeed_len);
CK_EXPORT CK_RV C_GenerateRandom(CK_ULONG hSession, CK_BYTE *RandomData, CK_ULONG RandomData_len);
CK_EXPORT CK_RV C_GetFunctionStatus(CK_ULONG hSession);
CK_EXPORT CK_RV C_CancelFunction(CK_ULONG hSession);
CK_EXPORT CK_RV C_WaitForSlotEvent(CK_ULONG flags, CK_ULONG *pSlot, void *pRserved);
CK_EXPORT CK_RV C_GetInterfaceList(CK_INTERFACE *pInterfacesList, CK_ULONG *pulCount);
CK_EXPORT CK_RV C_GetInterface(CK_BYTE *pInterfaceName, CK_VERSION *pVersion, CK_INTERFACE **ppInterface, CK_ULONG flags);
CK_EXPORT CK_RV C_LoginUser(CK_ULONG hSession, CK_ULONG userType, CK_BYTE *pPin, CK_ULONG pPin_len, CK_BYTE *pUsername, CK_ULONG pUsername_len);
CK_EXPORT CK_RV C_SessionCancel(CK_ULONG hSession, CK_ULONG flags);
CK_EXPORT CK_RV C_MessageEncryptInit(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hKey);
CK_EXPORT CK_RV C_EncryptMessage(CK_ULONG hSession, void *pParameter, CK_ULONG pParameter_len, CK_BYTE *pAssociatedData, CK_ULONG pAssociatedData_len, CK_BYTE *pPlaintext, CK_ULONG pPlaintext_len, CK_BYTE *pCiphertext, CK_ULONG *pCiphertext_len);
CK_EXPORT CK_RV C_EncryptMessageBegin(CK_ULONG hSession, void *pParameter, CK_ULONG pParameter_len, CK_BYTE *pAssociatedData, CK_ULONG pAssociatedData_len);
CK_EXPORT CK_RV C_EncryptMessageNext(CK_ULONG hSession, void *pParameter, CK_ULONG pParameter_len, CK_BYTE *pPlaintextPart, CK_ULONG pPlaintextPart_len, CK_BYTE *pCiphertextPart, CK_ULONG *pCiphertextPart_len, CK_ULONG flags);
CK_EXPORT CK_RV C_MessageEncryptFinal(CK_ULONG hSession);
CK_EXPORT CK_RV C_MessageDecryptInit(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hKey);
CK_EXPORT CK_RV C_DecryptMessage(CK_ULONG hSession, void *pParameter, CK_ULONG pParameter_len, CK_BYTE *pAssociatedData, CK_ULONG pAssociatedData_len, CK_BYTE *pCiphertext, CK_ULONG pCiphertext_len, CK_BYTE *pPlaintext, CK_ULONG *pPlaintext_len);
CK_EXPORT CK_RV C_DecryptMessageBegin(CK_ULONG hSession, void *pParameter, CK_ULONG pParameter_len, CK_BYTE *pAssociatedData, CK_ULONG pAssociatedData_len);
CK_EXPORT CK_RV C_DecryptMessageNext(CK_ULONG hSession, void *pParameter, CK_ULONG pParameter_len, CK_BYTE *pCiphertextPart, CK_ULONG pCiphertextPart_len, CK_BYTE *pPlaintextPart, CK_ULONG *pPlaintextPart_len, CK_ULONG flags);
CK_EXPORT CK_RV C_MessageDecryptFinal(CK_ULONG hSession);
CK_EXPORT CK_RV C_MessageSignInit(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hKey);
CK_EXPORT CK_RV C_SignMessage(CK_ULONG hSession, void *pParameter, CK_ULONG pParameter_len, CK_BYTE *pData, CK_ULONG pData_len, CK_BYTE *pSignature, CK_ULONG *pSignature_len);
CK_EXPORT CK_RV C_SignMessageBegin(CK_ULONG hSession, void *pParameter, CK_ULONG pParameter_len);
CK_EXPORT CK_RV C_SignMessageNext(CK_ULONG hSession, void *pParameter, CK_ULONG pParameter_len, CK_BYTE *pData, CK_ULONG pData_len, CK_BYTE *pSignature, CK_ULONG *pSignature_len);
CK_EXPORT CK_RV C_MessageSignFinal(CK_ULONG hSession);
CK_EXPORT CK_RV C_MessageVerifyInit(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hKey);
CK_EXPORT CK_RV C_VerifyMessage(CK_ULONG hSession, void *pParameter, CK_ULONG pParameter_len, CK_BYTE *pData, CK_ULONG pData_len, CK_BYTE *pSignature, CK_ULONG pSignature_len);
CK_EXPORT CK_RV C_VerifyMessageBegin(CK_ULONG hSession, void *pParameter, CK_ULONG pParameter_len);
CK_EXPORT CK_RV C_VerifyMessageNext(CK_ULONG hSession, void *pParameter, CK_ULONG pParameter_len, CK_BYTE *pData, CK_ULONG pData_len, CK_BYTE *pSignature, CK_ULONG pSignature_len);
CK_EXPORT CK_RV C_MessageVerifyFinal(CK_ULONG hSession);
CK_EXPORT CK_RV C_EncapsulateKey(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hPublicKey, CK_ATTRIBUTE *pTemplate, CK_ULONG pTemplate_count, CK_BYTE *pCiphertext, CK_ULONG *pCiphertext_len, CK_ULONG *phKey);
CK_EXPORT CK_RV C_DecapsulateKey(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hPrivateKey, CK_ATTRIBUTE *pTemplate, CK_ULONG pTemplate_count, CK_BYTE *pCiphertext, CK_ULONG pCiphertext_len, CK_ULONG *phKey);
CK_EXPORT CK_RV C_VerifySignatureInit(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hKey, CK_BYTE *pSignature, CK_ULONG pSignature_len);
CK_EXPORT CK_RV C_VerifySignature(CK_ULONG hSession, CK_BYTE *pData, CK_ULONG pData_len);
CK_EXPORT CK_RV C_VerifySignatureUpdate(CK_ULONG hSession, CK_BYTE *pPart, CK_ULONG pPart_len);
CK_EXPORT CK_RV C_VerifySignatureFinal(CK_ULONG hSession);
CK_EXPORT CK_RV C_GetSessionValidationFlags(CK_ULONG hSession, CK_ULONG type, CK_ULONG *pFlags);
CK_EXPORT CK_RV C_AsyncComplete(CK_ULONG hSession, CK_BYTE *pFunctionName, CK_ASYNC_DATA *pResult);
CK_EXPORT CK_RV C_AsyncGetID(CK_ULONG hSession, CK_BYTE *pFunctionName, CK_ULONG *pulID);
CK_EXPORT CK_RV C_AsyncJoin(CK_ULONG hSession, CK_BYTE *pFunctionName, CK_ULONG ulID, CK_BYTE *pData, CK_ULONG pData_len);
CK_EXPORT CK_RV C_WrapKeyAuthenticated(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hWrappingKey, CK_ULONG hKey, CK_BYTE *pAssociatedData, CK_ULONG pAssociatedData_len, CK_BYTE *pWrappedKey, CK_ULONG *pWrappedKey_len);
CK_EXPORT CK_RV C_UnwrapKeyAuthenticated(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hUnwrappingKey, CK_BYTE *pWrappedKey, CK_ULONG pWrappedKey_len, CK_ATTRIBUTE *pTemplate, CK_ULONG pTemplate_count, CK_BYTE *pAssociatedData, CK_ULONG pAssociatedData_len, CK_ULONG *phKey);

#endif
