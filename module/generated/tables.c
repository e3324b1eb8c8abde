/* Made by tools/gen.py from the tables of hsmith.spec. Not to be edited. */

#include "../hsmith.h"

static const field fields_0[] = {
    { F_BYTE, U_BYTES, 0, 0, offsetof(CK_VERSION, major), 0, 0 },
    { F_BYTE, U_BYTES, 0, 0, offsetof(CK_VERSION, minor), 0, 0 },
};

static const field fields_1[] = {
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_RSA_PKCS_OAEP_PARAMS, hashAlg), 0, 0 },
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_RSA_PKCS_OAEP_PARAMS, mgf), 0, 0 },
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_RSA_PKCS_OAEP_PARAMS, source), 0, 0 },
    { F_DATA, U_BYTES, 0, 0, offsetof(CK_RSA_PKCS_OAEP_PARAMS, pSourceData), offsetof(CK_RSA_PKCS_OAEP_PARAMS, ulSourceDataLen), 0 },
};

static const field fields_2[] = {
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_RSA_PKCS_PSS_PARAMS, hashAlg), 0, 0 },
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_RSA_PKCS_PSS_PARAMS, mgf), 0, 0 },
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_RSA_PKCS_PSS_PARAMS, sLen), 0, 0 },
};

static const field fields_3[] = {
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_RSA_AES_KEY_WRAP_PARAMS, ulAESKeyBits), 0, 0 },
    { F_POINTER, U_BYTES, 0, 1, offsetof(CK_RSA_AES_KEY_WRAP_PARAMS, pOAEPParams), 0, 0 },
};

static const field fields_4[] = {
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_ECDH1_DERIVE_PARAMS, kdf), 0, 0 },
    { F_DATA, U_BYTES, 0, 0, offsetof(CK_ECDH1_DERIVE_PARAMS, pSharedData), offsetof(CK_ECDH1_DERIVE_PARAMS, ulSharedDataLen), 0 },
    { F_DATA, U_BYTES, 0, 0, offsetof(CK_ECDH1_DERIVE_PARAMS, pPublicData), offsetof(CK_ECDH1_DERIVE_PARAMS, ulPublicDataLen), 0 },
};

static const field fields_5[] = {
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_ECDH2_DERIVE_PARAMS, kdf), 0, 0 },
    { F_DATA, U_BYTES, 0, 0, offsetof(CK_ECDH2_DERIVE_PARAMS, pSharedData), offsetof(CK_ECDH2_DERIVE_PARAMS, ulSharedDataLen), 0 },
    { F_DATA, U_BYTES, 0, 0, offsetof(CK_ECDH2_DERIVE_PARAMS, pPublicData), offsetof(CK_ECDH2_DERIVE_PARAMS, ulPublicDataLen), 0 },
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_ECDH2_DERIVE_PARAMS, ulPrivateDataLen), 0, 0 },
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_ECDH2_DERIVE_PARAMS, hPrivateData), 0, 0 },
    { F_DATA, U_BYTES, 0, 0, offsetof(CK_ECDH2_DERIVE_PARAMS, pPublicData2), offsetof(CK_ECDH2_DERIVE_PARAMS, ulPublicDataLen2), 0 },
};

static const field fields_6[] = {
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_ECMQV_DERIVE_PARAMS, kdf), 0, 0 },
    { F_DATA, U_BYTES, 0, 0, offsetof(CK_ECMQV_DERIVE_PARAMS, pSharedData), offsetof(CK_ECMQV_DERIVE_PARAMS, ulSharedDataLen), 0 },
    { F_DATA, U_BYTES, 0, 0, offsetof(CK_ECMQV_DERIVE_PARAMS, pPublicData), offsetof(CK_ECMQV_DERIVE_PARAMS, ulPublicDataLen), 0 },
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_ECMQV_DERIVE_PARAMS, ulPrivateDataLen), 0, 0 },
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_ECMQV_DERIVE_PARAMS, hPrivateData), 0, 0 },
    { F_DATA, U_BYTES, 0, 0, offsetof(CK_ECMQV_DERIVE_PARAMS, pPublicData2), offsetof(CK_ECMQV_DERIVE_PARAMS, ulPublicDataLen2), 0 },
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_ECMQV_DERIVE_PARAMS, publicKey), 0, 0 },
};

static const field fields_7[] = {
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_ECDH_AES_KEY_WRAP_PARAMS, ulAESKeyBits), 0, 0 },
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_ECDH_AES_KEY_WRAP_PARAMS, kdf), 0, 0 },
    { F_DATA, U_BYTES, 0, 0, offsetof(CK_ECDH_AES_KEY_WRAP_PARAMS, pSharedData), offsetof(CK_ECDH_AES_KEY_WRAP_PARAMS, ulSharedDataLen), 0 },
};

static const field fields_8[] = {
    { F_BOOL, U_BYTES, 0, 0, offsetof(CK_EDDSA_PARAMS, phFlag), 0, 0 },
    { F_DATA, U_BYTES, 0, 0, offsetof(CK_EDDSA_PARAMS, pContextData), offsetof(CK_EDDSA_PARAMS, ulContextDataLen), 0 },
};

static const field fields_9[] = {
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_XEDDSA_PARAMS, hash), 0, 0 },
};

static const field fields_10[] = {
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_X9_42_DH1_DERIVE_PARAMS, kdf), 0, 0 },
    { F_DATA, U_BYTES, 0, 0, offsetof(CK_X9_42_DH1_DERIVE_PARAMS, pOtherInfo), offsetof(CK_X9_42_DH1_DERIVE_PARAMS, ulOtherInfoLen), 0 },
    { F_DATA, U_BYTES, 0, 0, offsetof(CK_X9_42_DH1_DERIVE_PARAMS, pPublicData), offsetof(CK_X9_42_DH1_DERIVE_PARAMS, ulPublicDataLen), 0 },
};

static const field fields_11[] = {
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_X9_42_DH2_DERIVE_PARAMS, kdf), 0, 0 },
    { F_DATA, U_BYTES, 0, 0, offsetof(CK_X9_42_DH2_DERIVE_PARAMS, pOtherInfo), offsetof(CK_X9_42_DH2_DERIVE_PARAMS, ulOtherInfoLen), 0 },
    { F_DATA, U_BYTES, 0, 0, offsetof(CK_X9_42_DH2_DERIVE_PARAMS, pPublicData), offsetof(CK_X9_42_DH2_DERIVE_PARAMS, ulPublicDataLen), 0 },
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_X9_42_DH2_DERIVE_PARAMS, ulPrivateDataLen), 0, 0 },
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_X9_42_DH2_DERIVE_PARAMS, hPrivateData), 0, 0 },
    { F_DATA, U_BYTES, 0, 0, offsetof(CK_X9_42_DH2_DERIVE_PARAMS, pPublicData2), offsetof(CK_X9_42_DH2_DERIVE_PARAMS, ulPublicDataLen2), 0 },
};

static const field fields_12[] = {
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_X9_42_MQV_DERIVE_PARAMS, kdf), 0, 0 },
    { F_DATA, U_BYTES, 0, 0, offsetof(CK_X9_42_MQV_DERIVE_PARAMS, pOtherInfo), offsetof(CK_X9_42_MQV_DERIVE_PARAMS, ulOtherInfoLen), 0 },
    { F_DATA, U_BYTES, 0, 0, offsetof(CK_X9_42_MQV_DERIVE_PARAMS, pPublicData), offsetof(CK_X9_42_MQV_DERIVE_PARAMS, ulPublicDataLen), 0 },
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_X9_42_MQV_DERIVE_PARAMS, ulPrivateDataLen), 0, 0 },
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_X9_42_MQV_DERIVE_PARAMS, hPrivateData), 0, 0 },
    { F_DATA, U_BYTES, 0, 0, offsetof(CK_X9_42_MQV_DERIVE_PARAMS, pPublicData2), offsetof(CK_X9_42_MQV_DERIVE_PARAMS, ulPublicDataLen2), 0 },
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_X9_42_MQV_DERIVE_PARAMS, publicKey), 0, 0 },
};

static const field fields_13[] = {
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_DSA_PARAMETER_GEN_PARAM, hash), 0, 0 },
    { F_DATA, U_BYTES, 0, 0, offsetof(CK_DSA_PARAMETER_GEN_PARAM, pSeed), offsetof(CK_DSA_PARAMETER_GEN_PARAM, ulSeedLen), 0 },
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_DSA_PARAMETER_GEN_PARAM, ulIndex), 0, 0 },
};

static const field fields_14[] = {
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_AES_CTR_PARAMS, ulCounterBits), 0, 0 },
    { F_ARRAY, U_BYTES, 0, 0, offsetof(CK_AES_CTR_PARAMS, cb), 16, 0 },
};

static const field fields_15[] = {
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_CAMELLIA_CTR_PARAMS, ulCounterBits), 0, 0 },
    { F_ARRAY, U_BYTES, 0, 0, offsetof(CK_CAMELLIA_CTR_PARAMS, cb), 16, 0 },
};

static const field fields_16[] = {
    { F_ARRAY, U_BYTES, 0, 0, offsetof(CK_AES_CBC_ENCRYPT_DATA_PARAMS, iv), 16, 0 },
    { F_DATA, U_BYTES, 0, 0, offsetof(CK_AES_CBC_ENCRYPT_DATA_PARAMS, pData), offsetof(CK_AES_CBC_ENCRYPT_DATA_PARAMS, length), 0 },
};

static const field fields_17[] = {
    { F_ARRAY, U_BYTES, 0, 0, offsetof(CK_DES_CBC_ENCRYPT_DATA_PARAMS, iv), 8, 0 },
    { F_DATA, U_BYTES, 0, 0, offsetof(CK_DES_CBC_ENCRYPT_DATA_PARAMS, pData), offsetof(CK_DES_CBC_ENCRYPT_DATA_PARAMS, length), 0 },
};

static const field fields_18[] = {
    { F_ARRAY, U_BYTES, 0, 0, offsetof(CK_CAMELLIA_CBC_ENCRYPT_DATA_PARAMS, iv), 16, 0 },
    { F_DATA, U_BYTES, 0, 0, offsetof(CK_CAMELLIA_CBC_ENCRYPT_DATA_PARAMS, pData), offsetof(CK_CAMELLIA_CBC_ENCRYPT_DATA_PARAMS, length), 0 },
};

static const field fields_19[] = {
    { F_ARRAY, U_BYTES, 0, 0, offsetof(CK_ARIA_CBC_ENCRYPT_DATA_PARAMS, iv), 16, 0 },
    { F_DATA, U_BYTES, 0, 0, offsetof(CK_ARIA_CBC_ENCRYPT_DATA_PARAMS, pData), offsetof(CK_ARIA_CBC_ENCRYPT_DATA_PARAMS, length), 0 },
};

static const field fields_20[] = {
    { F_ARRAY, U_BYTES, 0, 0, offsetof(CK_SEED_CBC_ENCRYPT_DATA_PARAMS, iv), 16, 0 },
    { F_DATA, U_BYTES, 0, 0, offsetof(CK_SEED_CBC_ENCRYPT_DATA_PARAMS, pData), offsetof(CK_SEED_CBC_ENCRYPT_DATA_PARAMS, length), 0 },
};

static const field fields_21[] = {
    { F_DATA, U_BYTES, 0, 0, offsetof(CK_GCM_PARAMS, pIv), offsetof(CK_GCM_PARAMS, ulIvLen), 0 },
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_GCM_PARAMS, ulIvBits), 0, 0 },
    { F_DATA, U_BYTES, 0, 0, offsetof(CK_GCM_PARAMS, pAAD), offsetof(CK_GCM_PARAMS, ulAADLen), 0 },
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_GCM_PARAMS, ulTagBits), 0, 0 },
};

static const field fields_22[] = {
    { F_DATA, U_BYTES, 0, 0, offsetof(CK_GCM_PARAMS_SHORT_1, pIv), offsetof(CK_GCM_PARAMS_SHORT_1, ulIvLen), 0 },
    { F_ZERO, 0, 0, 0, 0, 0, 0 },
    { F_DATA, U_BYTES, 0, 0, offsetof(CK_GCM_PARAMS_SHORT_1, pAAD), offsetof(CK_GCM_PARAMS_SHORT_1, ulAADLen), 0 },
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_GCM_PARAMS_SHORT_1, ulTagBits), 0, 0 },
};

static const field fields_23[] = {
    { F_INOUT, U_BYTES, GIVES, 0, offsetof(CK_GCM_MESSAGE_PARAMS, pIv), offsetof(CK_GCM_MESSAGE_PARAMS, ulIvLen), 0 },
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_GCM_MESSAGE_PARAMS, ulIvFixedBits), 0, 0 },
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_GCM_MESSAGE_PARAMS, ivGenerator), 0, 0 },
    { F_INOUT, U_BITS, NULLABLE | MADE | GIVES, 0, offsetof(CK_GCM_MESSAGE_PARAMS, pTag), offsetof(CK_GCM_MESSAGE_PARAMS, ulTagBits), 16 },
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_GCM_MESSAGE_PARAMS, ulTagBits), 0, 0 },
};

static const field fields_24[] = {
    { F_INOUT, U_BYTES, GIVES, 0, offsetof(CK_GCM_WRAP_PARAMS, pIv), offsetof(CK_GCM_WRAP_PARAMS, ulIvLen), 0 },
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_GCM_WRAP_PARAMS, ulIvFixedBits), 0, 0 },
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_GCM_WRAP_PARAMS, ivGenerator), 0, 0 },
    { F_DATA, U_BYTES, 0, 0, offsetof(CK_GCM_WRAP_PARAMS, pAAD), offsetof(CK_GCM_WRAP_PARAMS, ulAADLen), 0 },
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_GCM_WRAP_PARAMS, ulTagBits), 0, 0 },
};

static const field fields_25[] = {
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_CCM_PARAMS, ulDataLen), 0, 0 },
    { F_DATA, U_BYTES, 0, 0, offsetof(CK_CCM_PARAMS, pNonce), offsetof(CK_CCM_PARAMS, ulNonceLen), 0 },
    { F_DATA, U_BYTES, 0, 0, offsetof(CK_CCM_PARAMS, pAAD), offsetof(CK_CCM_PARAMS, ulAADLen), 0 },
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_CCM_PARAMS, ulMACLen), 0, 0 },
};

static const field fields_26[] = {
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_CCM_MESSAGE_PARAMS, ulDataLen), 0, 0 },
    { F_INOUT, U_BYTES, GIVES, 0, offsetof(CK_CCM_MESSAGE_PARAMS, pNonce), offsetof(CK_CCM_MESSAGE_PARAMS, ulNonceLen), 0 },
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_CCM_MESSAGE_PARAMS, ulNonceFixedBits), 0, 0 },
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_CCM_MESSAGE_PARAMS, nonceGenerator), 0, 0 },
    { F_INOUT, U_BYTES, NULLABLE | MADE | GIVES, 0, offsetof(CK_CCM_MESSAGE_PARAMS, pMAC), offsetof(CK_CCM_MESSAGE_PARAMS, ulMACLen), 16 },
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_CCM_MESSAGE_PARAMS, ulMACLen), 0, 0 },
};

static const field fields_27[] = {
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_CCM_WRAP_PARAMS, ulDataLen), 0, 0 },
    { F_INOUT, U_BYTES, GIVES, 0, offsetof(CK_CCM_WRAP_PARAMS, pNonce), offsetof(CK_CCM_WRAP_PARAMS, ulNonceLen), 0 },
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_CCM_WRAP_PARAMS, ulNonceFixedBits), 0, 0 },
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_CCM_WRAP_PARAMS, nonceGenerator), 0, 0 },
    { F_DATA, U_BYTES, 0, 0, offsetof(CK_CCM_WRAP_PARAMS, pAAD), offsetof(CK_CCM_WRAP_PARAMS, ulAADLen), 0 },
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_CCM_WRAP_PARAMS, ulMACLen), 0, 0 },
};

static const field fields_28[] = {
    { F_DATA, U_BITS, NULLABLE, 0, offsetof(CK_CHACHA20_PARAMS, pBlockCounter), offsetof(CK_CHACHA20_PARAMS, blockCounterBits), 8 },
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_CHACHA20_PARAMS, blockCounterBits), 0, 0 },
    { F_DATA, U_BITS, NULLABLE, 0, offsetof(CK_CHACHA20_PARAMS, pNonce), offsetof(CK_CHACHA20_PARAMS, ulNonceBits), 24 },
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_CHACHA20_PARAMS, ulNonceBits), 0, 0 },
};

static const field fields_29[] = {
    { F_DATA, U_BYTES, NULLABLE | FIXED, 0, offsetof(CK_SALSA20_PARAMS, pBlockCounter), 8, 0 },
    { F_DATA, U_BITS, NULLABLE, 0, offsetof(CK_SALSA20_PARAMS, pNonce), offsetof(CK_SALSA20_PARAMS, ulNonceBits), 24 },
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_SALSA20_PARAMS, ulNonceBits), 0, 0 },
};

static const field fields_30[] = {
    { F_DATA, U_NONCE, 0, 0, offsetof(CK_SALSA20_CHACHA20_POLY1305_PARAMS, pNonce), offsetof(CK_SALSA20_CHACHA20_POLY1305_PARAMS, ulNonceLen), 24 },
    { F_DATA, U_BYTES, 0, 0, offsetof(CK_SALSA20_CHACHA20_POLY1305_PARAMS, pAAD), offsetof(CK_SALSA20_CHACHA20_POLY1305_PARAMS, ulAADLen), 0 },
};

static const field fields_31[] = {
    { F_INOUT, U_NONCE, GIVES, 0, offsetof(CK_SALSA20_CHACHA20_POLY1305_MSG_PARAMS, pNonce), offsetof(CK_SALSA20_CHACHA20_POLY1305_MSG_PARAMS, ulNonceLen), 24 },
    { F_INOUT, U_BYTES, NULLABLE | MADE | GIVES | FIXED, 0, offsetof(CK_SALSA20_CHACHA20_POLY1305_MSG_PARAMS, pTag), 16, 0 },
};

static const field fields_32[] = {
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_SIGN_ADDITIONAL_CONTEXT, hedgeVariant), 0, 0 },
    { F_DATA, U_BYTES, 0, 0, offsetof(CK_SIGN_ADDITIONAL_CONTEXT, pContext), offsetof(CK_SIGN_ADDITIONAL_CONTEXT, ulContextLen), 0 },
};

static const field fields_33[] = {
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_HASH_SIGN_ADDITIONAL_CONTEXT, hedgeVariant), 0, 0 },
    { F_DATA, U_BYTES, 0, 0, offsetof(CK_HASH_SIGN_ADDITIONAL_CONTEXT, pContext), offsetof(CK_HASH_SIGN_ADDITIONAL_CONTEXT, ulContextLen), 0 },
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_HASH_SIGN_ADDITIONAL_CONTEXT, hash), 0, 0 },
};

static const field fields_34[] = {
    { F_DATA, U_BYTES, 0, 0, offsetof(CK_KEY_DERIVATION_STRING_DATA, pData), offsetof(CK_KEY_DERIVATION_STRING_DATA, ulLen), 0 },
};

static const field fields_35[] = {
    { F_BOOL, U_BYTES, 0, 0, offsetof(CK_HKDF_PARAMS, bExtract), 0, 0 },
    { F_BOOL, U_BYTES, 0, 0, offsetof(CK_HKDF_PARAMS, bExpand), 0, 0 },
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_HKDF_PARAMS, prfHashMechanism), 0, 0 },
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_HKDF_PARAMS, ulSaltType), 0, 0 },
    { F_DATA, U_BYTES, 0, 0, offsetof(CK_HKDF_PARAMS, pSalt), offsetof(CK_HKDF_PARAMS, ulSaltLen), 0 },
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_HKDF_PARAMS, hSaltKey), 0, 0 },
    { F_DATA, U_BYTES, 0, 0, offsetof(CK_HKDF_PARAMS, pInfo), offsetof(CK_HKDF_PARAMS, ulInfoLen), 0 },
};

static const field fields_36[] = {
    { F_OUT, U_BYTES, NULLABLE | GIVES | FIXED, 0, offsetof(CK_PBE_PARAMS, pInitVector), 8, 0 },
    { F_DATA, U_BYTES, 0, 0, offsetof(CK_PBE_PARAMS, pPassword), offsetof(CK_PBE_PARAMS, ulPasswordLen), 0 },
    { F_DATA, U_BYTES, 0, 0, offsetof(CK_PBE_PARAMS, pSalt), offsetof(CK_PBE_PARAMS, ulSaltLen), 0 },
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_PBE_PARAMS, ulIteration), 0, 0 },
};

static const field fields_37[] = {
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_PKCS5_PBKD2_PARAMS2, saltSource), 0, 0 },
    { F_DATA, U_BYTES, 0, 0, offsetof(CK_PKCS5_PBKD2_PARAMS2, pSaltSourceData), offsetof(CK_PKCS5_PBKD2_PARAMS2, ulSaltSourceDataLen), 0 },
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_PKCS5_PBKD2_PARAMS2, iterations), 0, 0 },
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_PKCS5_PBKD2_PARAMS2, prf), 0, 0 },
    { F_DATA, U_BYTES, 0, 0, offsetof(CK_PKCS5_PBKD2_PARAMS2, pPrfData), offsetof(CK_PKCS5_PBKD2_PARAMS2, ulPrfDataLen), 0 },
    { F_DATA, U_BYTES, 0, 0, offsetof(CK_PKCS5_PBKD2_PARAMS2, pPassword), offsetof(CK_PKCS5_PBKD2_PARAMS2, ulPasswordLen), 0 },
};

static const field fields_38[] = {
    { F_BOOL, U_BYTES, 0, 0, offsetof(CK_SP800_108_COUNTER_FORMAT, bLittleEndian), 0, 0 },
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_SP800_108_COUNTER_FORMAT, ulWidthInBits), 0, 0 },
};

static const field fields_39[] = {
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_SP800_108_DKM_LENGTH_FORMAT, dkmLengthMethod), 0, 0 },
    { F_BOOL, U_BYTES, 0, 0, offsetof(CK_SP800_108_DKM_LENGTH_FORMAT, bLittleEndian), 0, 0 },
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_SP800_108_DKM_LENGTH_FORMAT, ulWidthInBits), 0, 0 },
};

static const field fields_40[] = {
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_PRF_DATA_PARAM, type), 0, 0 },
    { F_VARIANT, U_BYTES, 0, 0, offsetof(CK_PRF_DATA_PARAM, pValue), offsetof(CK_PRF_DATA_PARAM, ulValueLen), 0 },
};

static const field fields_41[] = {
    { F_TEMPLATE, U_BYTES, 0, 0, offsetof(CK_DERIVED_KEY, pTemplate), offsetof(CK_DERIVED_KEY, ulAttributeCount), 0 },
    { F_HANDLE_POINTER, U_BYTES, GIVES, 0, offsetof(CK_DERIVED_KEY, phKey), 0, 0 },
};

static const field fields_42[] = {
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_SP800_108_KDF_PARAMS, prfType), 0, 0 },
    { F_STRUCTS, U_BYTES, 0, 40, offsetof(CK_SP800_108_KDF_PARAMS, pDataParams), offsetof(CK_SP800_108_KDF_PARAMS, ulNumberOfDataParams), 0 },
    { F_STRUCTS, U_BYTES, GIVES, 41, offsetof(CK_SP800_108_KDF_PARAMS, pAdditionalDerivedKeys), offsetof(CK_SP800_108_KDF_PARAMS, ulAdditionalDerivedKeys), 0 },
};

static const field fields_43[] = {
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_SP800_108_FEEDBACK_KDF_PARAMS, prfType), 0, 0 },
    { F_STRUCTS, U_BYTES, 0, 40, offsetof(CK_SP800_108_FEEDBACK_KDF_PARAMS, pDataParams), offsetof(CK_SP800_108_FEEDBACK_KDF_PARAMS, ulNumberOfDataParams), 0 },
    { F_DATA, U_BYTES, 0, 0, offsetof(CK_SP800_108_FEEDBACK_KDF_PARAMS, pIV), offsetof(CK_SP800_108_FEEDBACK_KDF_PARAMS, ulIVLen), 0 },
    { F_STRUCTS, U_BYTES, GIVES, 41, offsetof(CK_SP800_108_FEEDBACK_KDF_PARAMS, pAdditionalDerivedKeys), offsetof(CK_SP800_108_FEEDBACK_KDF_PARAMS, ulAdditionalDerivedKeys), 0 },
};

static const field fields_44[] = {
    { F_DATA, U_BYTES, 0, 0, offsetof(CK_SSL3_RANDOM_DATA, pClientRandom), offsetof(CK_SSL3_RANDOM_DATA, ulClientRandomLen), 0 },
    { F_DATA, U_BYTES, 0, 0, offsetof(CK_SSL3_RANDOM_DATA, pServerRandom), offsetof(CK_SSL3_RANDOM_DATA, ulServerRandomLen), 0 },
};

static const field fields_45[] = {
    { F_HANDLE, U_BYTES, GIVES, 0, offsetof(CK_SSL3_KEY_MAT_OUT, hClientMacSecret), 0, 0 },
    { F_HANDLE, U_BYTES, GIVES, 0, offsetof(CK_SSL3_KEY_MAT_OUT, hServerMacSecret), 0, 0 },
    { F_HANDLE, U_BYTES, GIVES, 0, offsetof(CK_SSL3_KEY_MAT_OUT, hClientKey), 0, 0 },
    { F_HANDLE, U_BYTES, GIVES, 0, offsetof(CK_SSL3_KEY_MAT_OUT, hServerKey), 0, 0 },
    { F_OUT, U_BITS, NULLABLE | OUTER | GIVES, 0, offsetof(CK_SSL3_KEY_MAT_OUT, pIVClient), offsetof(CK_SSL3_KEY_MAT_PARAMS, ulIVSizeInBits), 64 },
    { F_OUT, U_BITS, NULLABLE | OUTER | GIVES, 0, offsetof(CK_SSL3_KEY_MAT_OUT, pIVServer), offsetof(CK_SSL3_KEY_MAT_PARAMS, ulIVSizeInBits), 64 },
};

static const field fields_46[] = {
    { F_STRUCT, U_BYTES, 0, 44, offsetof(CK_SSL3_MASTER_KEY_DERIVE_PARAMS, RandomInfo), 0, 0 },
    { F_OUT, U_BYTES, NULLABLE | GIVES | FIXED, 0, offsetof(CK_SSL3_MASTER_KEY_DERIVE_PARAMS, pVersion), 2, 0 },
};

static const field fields_47[] = {
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_SSL3_KEY_MAT_PARAMS, ulMacSizeInBits), 0, 0 },
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_SSL3_KEY_MAT_PARAMS, ulKeySizeInBits), 0, 0 },
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_SSL3_KEY_MAT_PARAMS, ulIVSizeInBits), 0, 0 },
    { F_BOOL, U_BYTES, 0, 0, offsetof(CK_SSL3_KEY_MAT_PARAMS, bIsExport), 0, 0 },
    { F_STRUCT, U_BYTES, 0, 44, offsetof(CK_SSL3_KEY_MAT_PARAMS, RandomInfo), 0, 0 },
    { F_POINTER, U_BYTES, GIVES, 45, offsetof(CK_SSL3_KEY_MAT_PARAMS, pReturnedKeyMaterial), 0, 0 },
};

static const field fields_48[] = {
    { F_STRUCT, U_BYTES, 0, 44, offsetof(CK_TLS12_MASTER_KEY_DERIVE_PARAMS, RandomInfo), 0, 0 },
    { F_OUT, U_BYTES, NULLABLE | GIVES | FIXED, 0, offsetof(CK_TLS12_MASTER_KEY_DERIVE_PARAMS, pVersion), 2, 0 },
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_TLS12_MASTER_KEY_DERIVE_PARAMS, prfHashMechanism), 0, 0 },
};

static const field fields_49[] = {
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS, prfHashMechanism), 0, 0 },
    { F_DATA, U_BYTES, 0, 0, offsetof(CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS, pSessionHash), offsetof(CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS, ulSessionHashLen), 0 },
    { F_OUT, U_BYTES, NULLABLE | GIVES | FIXED, 0, offsetof(CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS, pVersion), 2, 0 },
};

static const field fields_50[] = {
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_TLS12_KEY_MAT_PARAMS, ulMacSizeInBits), 0, 0 },
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_TLS12_KEY_MAT_PARAMS, ulKeySizeInBits), 0, 0 },
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_TLS12_KEY_MAT_PARAMS, ulIVSizeInBits), 0, 0 },
    { F_BOOL, U_BYTES, 0, 0, offsetof(CK_TLS12_KEY_MAT_PARAMS, bIsExport), 0, 0 },
    { F_STRUCT, U_BYTES, 0, 44, offsetof(CK_TLS12_KEY_MAT_PARAMS, RandomInfo), 0, 0 },
    { F_POINTER, U_BYTES, GIVES, 45, offsetof(CK_TLS12_KEY_MAT_PARAMS, pReturnedKeyMaterial), 0, 0 },
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_TLS12_KEY_MAT_PARAMS, prfHashMechanism), 0, 0 },
};

static const field fields_51[] = {
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_TLS_KDF_PARAMS, prfMechanism), 0, 0 },
    { F_DATA, U_BYTES, 0, 0, offsetof(CK_TLS_KDF_PARAMS, pLabel), offsetof(CK_TLS_KDF_PARAMS, ulLabelLength), 0 },
    { F_STRUCT, U_BYTES, 0, 44, offsetof(CK_TLS_KDF_PARAMS, RandomInfo), 0, 0 },
    { F_DATA, U_BYTES, 0, 0, offsetof(CK_TLS_KDF_PARAMS, pContextData), offsetof(CK_TLS_KDF_PARAMS, ulContextDataLength), 0 },
};

static const field fields_52[] = {
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_TLS_MAC_PARAMS, prfHashMechanism), 0, 0 },
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_TLS_MAC_PARAMS, ulMacLength), 0, 0 },
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_TLS_MAC_PARAMS, ulServerOrClient), 0, 0 },
};

static const field fields_53[] = {
    { F_DATA, U_BYTES, 0, 0, offsetof(CK_TLS_PRF_PARAMS, pSeed), offsetof(CK_TLS_PRF_PARAMS, ulSeedLen), 0 },
    { F_DATA, U_BYTES, 0, 0, offsetof(CK_TLS_PRF_PARAMS, pLabel), offsetof(CK_TLS_PRF_PARAMS, ulLabelLen), 0 },
    { F_OUT, U_POINTED, GIVES, 0, offsetof(CK_TLS_PRF_PARAMS, pOutput), offsetof(CK_TLS_PRF_PARAMS, pulOutputLen), 0 },
};

static const field fields_54[] = {
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_OTP_PARAM, type), 0, 0 },
    { F_VARIANT, U_BYTES, 0, 1, offsetof(CK_OTP_PARAM, pValue), offsetof(CK_OTP_PARAM, ulValueLen), 0 },
};

static const field fields_55[] = {
    { F_STRUCTS, U_BYTES, 0, 54, offsetof(CK_OTP_PARAMS, pParams), offsetof(CK_OTP_PARAMS, ulCount), 0 },
};

static const field fields_56[] = {
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_IKE_PRF_DERIVE_PARAMS, prfMechanism), 0, 0 },
    { F_BOOL, U_BYTES, 0, 0, offsetof(CK_IKE_PRF_DERIVE_PARAMS, bDataAsKey), 0, 0 },
    { F_BOOL, U_BYTES, 0, 0, offsetof(CK_IKE_PRF_DERIVE_PARAMS, bRekey), 0, 0 },
    { F_DATA, U_BYTES, 0, 0, offsetof(CK_IKE_PRF_DERIVE_PARAMS, pNi), offsetof(CK_IKE_PRF_DERIVE_PARAMS, ulNiLen), 0 },
    { F_DATA, U_BYTES, 0, 0, offsetof(CK_IKE_PRF_DERIVE_PARAMS, pNr), offsetof(CK_IKE_PRF_DERIVE_PARAMS, ulNrLen), 0 },
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_IKE_PRF_DERIVE_PARAMS, hNewKey), 0, 0 },
};

static const field fields_57[] = {
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_IKE2_PRF_PLUS_DERIVE_PARAMS, prfMechanism), 0, 0 },
    { F_BOOL, U_BYTES, 0, 0, offsetof(CK_IKE2_PRF_PLUS_DERIVE_PARAMS, bHasSeedKey), 0, 0 },
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_IKE2_PRF_PLUS_DERIVE_PARAMS, hSeedKey), 0, 0 },
    { F_DATA, U_BYTES, 0, 0, offsetof(CK_IKE2_PRF_PLUS_DERIVE_PARAMS, pSeedData), offsetof(CK_IKE2_PRF_PLUS_DERIVE_PARAMS, ulSeedDataLen), 0 },
};

static const field fields_58[] = {
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_IKE1_PRF_DERIVE_PARAMS, prfMechanism), 0, 0 },
    { F_BOOL, U_BYTES, 0, 0, offsetof(CK_IKE1_PRF_DERIVE_PARAMS, bHasPrevKey), 0, 0 },
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_IKE1_PRF_DERIVE_PARAMS, hKeygxy), 0, 0 },
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_IKE1_PRF_DERIVE_PARAMS, hPrevKey), 0, 0 },
    { F_DATA, U_BYTES, 0, 0, offsetof(CK_IKE1_PRF_DERIVE_PARAMS, pCKYi), offsetof(CK_IKE1_PRF_DERIVE_PARAMS, ulCKYiLen), 0 },
    { F_DATA, U_BYTES, 0, 0, offsetof(CK_IKE1_PRF_DERIVE_PARAMS, pCKYr), offsetof(CK_IKE1_PRF_DERIVE_PARAMS, ulCKYrLen), 0 },
    { F_BYTE, U_BYTES, 0, 0, offsetof(CK_IKE1_PRF_DERIVE_PARAMS, keyNumber), 0, 0 },
};

static const field fields_59[] = {
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_IKE1_EXTENDED_DERIVE_PARAMS, prfMechanism), 0, 0 },
    { F_BOOL, U_BYTES, 0, 0, offsetof(CK_IKE1_EXTENDED_DERIVE_PARAMS, bHasKeygxy), 0, 0 },
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_IKE1_EXTENDED_DERIVE_PARAMS, hKeygxy), 0, 0 },
    { F_DATA, U_BYTES, 0, 0, offsetof(CK_IKE1_EXTENDED_DERIVE_PARAMS, pExtraData), offsetof(CK_IKE1_EXTENDED_DERIVE_PARAMS, ulExtraDataLen), 0 },
};

static const field fields_60[] = {
    { F_DATA, U_BYTES, 0, 0, offsetof(CK_WTLS_RANDOM_DATA, pClientRandom), offsetof(CK_WTLS_RANDOM_DATA, ulClientRandomLen), 0 },
    { F_DATA, U_BYTES, 0, 0, offsetof(CK_WTLS_RANDOM_DATA, pServerRandom), offsetof(CK_WTLS_RANDOM_DATA, ulServerRandomLen), 0 },
};

static const field fields_61[] = {
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_WTLS_MASTER_KEY_DERIVE_PARAMS, DigestMechanism), 0, 0 },
    { F_STRUCT, U_BYTES, 0, 60, offsetof(CK_WTLS_MASTER_KEY_DERIVE_PARAMS, RandomInfo), 0, 0 },
    { F_OUT, U_BYTES, NULLABLE | GIVES | FIXED, 0, offsetof(CK_WTLS_MASTER_KEY_DERIVE_PARAMS, pVersion), 1, 0 },
};

static const field fields_62[] = {
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_WTLS_PRF_PARAMS, DigestMechanism), 0, 0 },
    { F_DATA, U_BYTES, 0, 0, offsetof(CK_WTLS_PRF_PARAMS, pSeed), offsetof(CK_WTLS_PRF_PARAMS, ulSeedLen), 0 },
    { F_DATA, U_BYTES, 0, 0, offsetof(CK_WTLS_PRF_PARAMS, pLabel), offsetof(CK_WTLS_PRF_PARAMS, ulLabelLen), 0 },
    { F_OUT, U_POINTED, GIVES, 0, offsetof(CK_WTLS_PRF_PARAMS, pOutput), offsetof(CK_WTLS_PRF_PARAMS, pulOutputLen), 0 },
};

static const field fields_63[] = {
    { F_HANDLE, U_BYTES, GIVES, 0, offsetof(CK_WTLS_KEY_MAT_OUT, hMacSecret), 0, 0 },
    { F_HANDLE, U_BYTES, GIVES, 0, offsetof(CK_WTLS_KEY_MAT_OUT, hKey), 0, 0 },
    { F_OUT, U_BITS, NULLABLE | OUTER | GIVES, 0, offsetof(CK_WTLS_KEY_MAT_OUT, pIV), offsetof(CK_WTLS_KEY_MAT_PARAMS, ulIVSizeInBits), 64 },
};

static const field fields_64[] = {
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_WTLS_KEY_MAT_PARAMS, DigestMechanism), 0, 0 },
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_WTLS_KEY_MAT_PARAMS, ulMacSizeInBits), 0, 0 },
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_WTLS_KEY_MAT_PARAMS, ulKeySizeInBits), 0, 0 },
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_WTLS_KEY_MAT_PARAMS, ulIVSizeInBits), 0, 0 },
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_WTLS_KEY_MAT_PARAMS, ulSequenceNumber), 0, 0 },
    { F_BOOL, U_BYTES, 0, 0, offsetof(CK_WTLS_KEY_MAT_PARAMS, bIsExport), 0, 0 },
    { F_STRUCT, U_BYTES, 0, 60, offsetof(CK_WTLS_KEY_MAT_PARAMS, RandomInfo), 0, 0 },
    { F_POINTER, U_BYTES, GIVES, 63, offsetof(CK_WTLS_KEY_MAT_PARAMS, pReturnedKeyMaterial), 0, 0 },
};

static const field fields_65[] = {
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_RC2_CBC_PARAMS, ulEffectiveBits), 0, 0 },
    { F_ARRAY, U_BYTES, 0, 0, offsetof(CK_RC2_CBC_PARAMS, iv), 8, 0 },
};

static const field fields_66[] = {
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_RC2_MAC_GENERAL_PARAMS, ulEffectiveBits), 0, 0 },
    { F_ULONG, U_BYTES, 0, 0, offsetof(CK_RC2_MAC_GENERAL_PARAMS, ulMacLength), 0, 0 },
};

const layout layouts[] = {
    { 1, sizeof(CK_VERSION), false, false, 2, fields_0 }, /* 0 */
    { 2, sizeof(CK_RSA_PKCS_OAEP_PARAMS), false, false, 4, fields_1 }, /* 1 */
    { 3, sizeof(CK_RSA_PKCS_PSS_PARAMS), false, false, 3, fields_2 }, /* 2 */
    { 4, sizeof(CK_RSA_AES_KEY_WRAP_PARAMS), false, false, 2, fields_3 }, /* 3 */
    { 5, sizeof(CK_ECDH1_DERIVE_PARAMS), false, false, 3, fields_4 }, /* 4 */
    { 6, sizeof(CK_ECDH2_DERIVE_PARAMS), false, false, 6, fields_5 }, /* 5 */
    { 7, sizeof(CK_ECMQV_DERIVE_PARAMS), false, false, 7, fields_6 }, /* 6 */
    { 8, sizeof(CK_ECDH_AES_KEY_WRAP_PARAMS), false, false, 3, fields_7 }, /* 7 */
    { 9, sizeof(CK_EDDSA_PARAMS), false, false, 2, fields_8 }, /* 8 */
    { 10, sizeof(CK_XEDDSA_PARAMS), false, false, 1, fields_9 }, /* 9 */
    { 11, sizeof(CK_X9_42_DH1_DERIVE_PARAMS), false, false, 3, fields_10 }, /* 10 */
    { 12, sizeof(CK_X9_42_DH2_DERIVE_PARAMS), false, false, 6, fields_11 }, /* 11 */
    { 13, sizeof(CK_X9_42_MQV_DERIVE_PARAMS), false, false, 7, fields_12 }, /* 12 */
    { 14, sizeof(CK_DSA_PARAMETER_GEN_PARAM), false, false, 3, fields_13 }, /* 13 */
    { 15, sizeof(CK_AES_CTR_PARAMS), false, false, 2, fields_14 }, /* 14 */
    { 16, sizeof(CK_CAMELLIA_CTR_PARAMS), false, false, 2, fields_15 }, /* 15 */
    { 17, sizeof(CK_AES_CBC_ENCRYPT_DATA_PARAMS), false, false, 2, fields_16 }, /* 16 */
    { 18, sizeof(CK_DES_CBC_ENCRYPT_DATA_PARAMS), false, false, 2, fields_17 }, /* 17 */
    { 19, sizeof(CK_CAMELLIA_CBC_ENCRYPT_DATA_PARAMS), false, false, 2, fields_18 }, /* 18 */
    { 20, sizeof(CK_ARIA_CBC_ENCRYPT_DATA_PARAMS), false, false, 2, fields_19 }, /* 19 */
    { 21, sizeof(CK_SEED_CBC_ENCRYPT_DATA_PARAMS), false, false, 2, fields_20 }, /* 20 */
    { 22, sizeof(CK_GCM_PARAMS), false, false, 4, fields_21 }, /* 21 */
    { 22, sizeof(CK_GCM_PARAMS_SHORT_1), false, false, 4, fields_22 }, /* 22 */
    { 23, sizeof(CK_GCM_MESSAGE_PARAMS), true, false, 5, fields_23 }, /* 23 */
    { 24, sizeof(CK_GCM_WRAP_PARAMS), false, false, 5, fields_24 }, /* 24 */
    { 25, sizeof(CK_CCM_PARAMS), false, false, 4, fields_25 }, /* 25 */
    { 26, sizeof(CK_CCM_MESSAGE_PARAMS), true, false, 6, fields_26 }, /* 26 */
    { 27, sizeof(CK_CCM_WRAP_PARAMS), false, false, 6, fields_27 }, /* 27 */
    { 28, sizeof(CK_CHACHA20_PARAMS), false, false, 4, fields_28 }, /* 28 */
    { 29, sizeof(CK_SALSA20_PARAMS), false, false, 3, fields_29 }, /* 29 */
    { 30, sizeof(CK_SALSA20_CHACHA20_POLY1305_PARAMS), false, false, 2, fields_30 }, /* 30 */
    { 31, sizeof(CK_SALSA20_CHACHA20_POLY1305_MSG_PARAMS), true, false, 2, fields_31 }, /* 31 */
    { 32, sizeof(CK_SIGN_ADDITIONAL_CONTEXT), false, false, 2, fields_32 }, /* 32 */
    { 33, sizeof(CK_HASH_SIGN_ADDITIONAL_CONTEXT), false, false, 3, fields_33 }, /* 33 */
    { 34, sizeof(CK_KEY_DERIVATION_STRING_DATA), false, false, 1, fields_34 }, /* 34 */
    { 35, sizeof(CK_HKDF_PARAMS), false, false, 7, fields_35 }, /* 35 */
    { 36, sizeof(CK_PBE_PARAMS), false, false, 4, fields_36 }, /* 36 */
    { 37, sizeof(CK_PKCS5_PBKD2_PARAMS2), false, false, 6, fields_37 }, /* 37 */
    { 38, sizeof(CK_SP800_108_COUNTER_FORMAT), false, false, 2, fields_38 }, /* 38 */
    { 39, sizeof(CK_SP800_108_DKM_LENGTH_FORMAT), false, false, 3, fields_39 }, /* 39 */
    { 40, sizeof(CK_PRF_DATA_PARAM), false, false, 2, fields_40 }, /* 40 */
    { 41, sizeof(CK_DERIVED_KEY), false, false, 2, fields_41 }, /* 41 */
    { 42, sizeof(CK_SP800_108_KDF_PARAMS), false, false, 3, fields_42 }, /* 42 */
    { 43, sizeof(CK_SP800_108_FEEDBACK_KDF_PARAMS), false, false, 4, fields_43 }, /* 43 */
    { 44, sizeof(CK_SSL3_RANDOM_DATA), false, false, 2, fields_44 }, /* 44 */
    { 45, sizeof(CK_SSL3_KEY_MAT_OUT), false, false, 6, fields_45 }, /* 45 */
    { 46, sizeof(CK_SSL3_MASTER_KEY_DERIVE_PARAMS), false, false, 2, fields_46 }, /* 46 */
    { 47, sizeof(CK_SSL3_KEY_MAT_PARAMS), false, true, 6, fields_47 }, /* 47 */
    { 48, sizeof(CK_TLS12_MASTER_KEY_DERIVE_PARAMS), false, false, 3, fields_48 }, /* 48 */
    { 49, sizeof(CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS), false, false, 3, fields_49 }, /* 49 */
    { 50, sizeof(CK_TLS12_KEY_MAT_PARAMS), false, true, 7, fields_50 }, /* 50 */
    { 51, sizeof(CK_TLS_KDF_PARAMS), false, false, 4, fields_51 }, /* 51 */
    { 52, sizeof(CK_TLS_MAC_PARAMS), false, false, 3, fields_52 }, /* 52 */
    { 53, sizeof(CK_TLS_PRF_PARAMS), false, true, 3, fields_53 }, /* 53 */
    { 54, sizeof(CK_OTP_PARAM), false, false, 2, fields_54 }, /* 54 */
    { 55, sizeof(CK_OTP_PARAMS), false, false, 1, fields_55 }, /* 55 */
    { 56, sizeof(CK_IKE_PRF_DERIVE_PARAMS), false, false, 6, fields_56 }, /* 56 */
    { 57, sizeof(CK_IKE2_PRF_PLUS_DERIVE_PARAMS), false, false, 4, fields_57 }, /* 57 */
    { 58, sizeof(CK_IKE1_PRF_DERIVE_PARAMS), false, false, 7, fields_58 }, /* 58 */
    { 59, sizeof(CK_IKE1_EXTENDED_DERIVE_PARAMS), false, false, 4, fields_59 }, /* 59 */
    { 60, sizeof(CK_WTLS_RANDOM_DATA), false, false, 2, fields_60 }, /* 60 */
    { 61, sizeof(CK_WTLS_MASTER_KEY_DERIVE_PARAMS), false, false, 3, fields_61 }, /* 61 */
    { 62, sizeof(CK_WTLS_PRF_PARAMS), false, true, 4, fields_62 }, /* 62 */
    { 63, sizeof(CK_WTLS_KEY_MAT_OUT), false, false, 3, fields_63 }, /* 63 */
    { 64, sizeof(CK_WTLS_KEY_MAT_PARAMS), false, true, 8, fields_64 }, /* 64 */
    { 65, sizeof(CK_RC2_CBC_PARAMS), false, false, 2, fields_65 }, /* 65 */
    { 66, sizeof(CK_RC2_MAC_GENERAL_PARAMS), false, false, 2, fields_66 }, /* 66 */
};

const unsigned layout_count = 67;

static const shape variant_0[] = {
    { 1, STRUCTURE, 38 },
    { 2, STRUCTURE, 38 },
    { 3, STRUCTURE, 39 },
    { 4, BYTES, 0 },
    { 5, NUMBER, 0 },
};

static const shape variant_1[] = {
    { 0, BYTES, 0 },
    { 1, BYTES, 0 },
    { 2, BYTES, 0 },
    { 3, BYTES, 0 },
    { 4, BYTES, 0 },
    { 5, NUMBER, 0 },
    { 6, NUMBER, 0 },
    { 7, NUMBER, 0 },
};

const shape *const variants[] = { variant_0, variant_1 };

const unsigned short variant_counts[] = { 5, 8 };

const mechanism_row mechanisms[] = {
    { 0x0, false, false, 0, { 0 } }, /* RSA_PKCS_KEY_PAIR_GEN */
    { 0x1, false, false, 0, { 0 } }, /* RSA_PKCS */
    { 0x3, false, false, 0, { 0 } }, /* RSA_X_509 */
    { 0x4, false, false, 0, { 0 } }, /* MD2_RSA_PKCS */
    { 0x5, false, false, 0, { 0 } }, /* MD5_RSA_PKCS */
    { 0x6, false, false, 0, { 0 } }, /* SHA1_RSA_PKCS */
    { 0x8, false, false, 0, { 0 } }, /* RIPEMD160_RSA_PKCS */
    { 0x9, false, false, 1, { 1 } }, /* RSA_PKCS_OAEP */
    { 0xd, false, false, 1, { 2 } }, /* RSA_PKCS_PSS */
    { 0xe, false, false, 1, { 2 } }, /* SHA1_RSA_PKCS_PSS */
    { 0xf, false, false, 0, { 0 } }, /* ML_KEM_KEY_PAIR_GEN */
    { 0x10, false, false, 0, { 0 } }, /* DSA_KEY_PAIR_GEN */
    { 0x11, false, false, 0, { 0 } }, /* DSA */
    { 0x12, false, false, 0, { 0 } }, /* DSA_SHA1 */
    { 0x13, false, false, 0, { 0 } }, /* DSA_SHA224 */
    { 0x14, false, false, 0, { 0 } }, /* DSA_SHA256 */
    { 0x15, false, false, 0, { 0 } }, /* DSA_SHA384 */
    { 0x16, false, false, 0, { 0 } }, /* DSA_SHA512 */
    { 0x17, false, false, 0, { 0 } }, /* ML_KEM */
    { 0x18, false, false, 0, { 0 } }, /* DSA_SHA3_224 */
    { 0x19, false, false, 0, { 0 } }, /* DSA_SHA3_256 */
    { 0x1a, false, false, 0, { 0 } }, /* DSA_SHA3_384 */
    { 0x1b, false, false, 0, { 0 } }, /* DSA_SHA3_512 */
    { 0x1c, false, false, 0, { 0 } }, /* ML_DSA_KEY_PAIR_GEN */
    { 0x1d, false, false, 1, { 32 } }, /* ML_DSA */
    { 0x1f, false, false, 1, { 33 } }, /* HASH_ML_DSA */
    { 0x20, false, false, 0, { 0 } }, /* DH_PKCS_KEY_PAIR_GEN */
    { 0x21, true, false, 0, { 0 } }, /* DH_PKCS_DERIVE */
    { 0x23, false, false, 1, { 32 } }, /* HASH_ML_DSA_SHA224 */
    { 0x24, false, false, 1, { 32 } }, /* HASH_ML_DSA_SHA256 */
    { 0x25, false, false, 1, { 32 } }, /* HASH_ML_DSA_SHA384 */
    { 0x26, false, false, 1, { 32 } }, /* HASH_ML_DSA_SHA512 */
    { 0x27, false, false, 1, { 32 } }, /* HASH_ML_DSA_SHA3_224 */
    { 0x28, false, false, 1, { 32 } }, /* HASH_ML_DSA_SHA3_256 */
    { 0x29, false, false, 1, { 32 } }, /* HASH_ML_DSA_SHA3_384 */
    { 0x2a, false, false, 1, { 32 } }, /* HASH_ML_DSA_SHA3_512 */
    { 0x2b, false, false, 1, { 32 } }, /* HASH_ML_DSA_SHAKE128 */
    { 0x2c, false, false, 1, { 32 } }, /* HASH_ML_DSA_SHAKE256 */
    { 0x2d, false, false, 0, { 0 } }, /* SLH_DSA_KEY_PAIR_GEN */
    { 0x2e, false, false, 1, { 32 } }, /* SLH_DSA */
    { 0x30, false, false, 0, { 0 } }, /* X9_42_DH_KEY_PAIR_GEN */
    { 0x31, false, false, 1, { 10 } }, /* X9_42_DH_DERIVE */
    { 0x32, false, false, 1, { 11 } }, /* X9_42_DH_HYBRID_DERIVE */
    { 0x36, false, false, 1, { 32 } }, /* HASH_SLH_DSA_SHA224 */
    { 0x37, false, false, 1, { 32 } }, /* HASH_SLH_DSA_SHA256 */
    { 0x38, false, false, 1, { 32 } }, /* HASH_SLH_DSA_SHA384 */
    { 0x39, false, false, 1, { 32 } }, /* HASH_SLH_DSA_SHA512 */
    { 0x3a, false, false, 1, { 32 } }, /* HASH_SLH_DSA_SHA3_224 */
    { 0x3b, false, false, 1, { 32 } }, /* HASH_SLH_DSA_SHA3_256 */
    { 0x3c, false, false, 1, { 32 } }, /* HASH_SLH_DSA_SHA3_384 */
    { 0x3d, false, false, 1, { 32 } }, /* HASH_SLH_DSA_SHA3_512 */
    { 0x3e, false, false, 1, { 32 } }, /* HASH_SLH_DSA_SHAKE128 */
    { 0x3f, false, false, 1, { 32 } }, /* HASH_SLH_DSA_SHAKE256 */
    { 0x40, false, false, 0, { 0 } }, /* SHA256_RSA_PKCS */
    { 0x41, false, false, 0, { 0 } }, /* SHA384_RSA_PKCS */
    { 0x42, false, false, 0, { 0 } }, /* SHA512_RSA_PKCS */
    { 0x43, false, false, 1, { 2 } }, /* SHA256_RSA_PKCS_PSS */
    { 0x44, false, false, 1, { 2 } }, /* SHA384_RSA_PKCS_PSS */
    { 0x45, false, false, 1, { 2 } }, /* SHA512_RSA_PKCS_PSS */
    { 0x46, false, false, 0, { 0 } }, /* SHA224_RSA_PKCS */
    { 0x47, false, false, 1, { 2 } }, /* SHA224_RSA_PKCS_PSS */
    { 0x48, false, false, 0, { 0 } }, /* SHA512_224 */
    { 0x49, false, false, 0, { 0 } }, /* SHA512_224_HMAC */
    { 0x4a, false, true, 0, { 0 } }, /* SHA512_224_HMAC_GENERAL */
    { 0x4b, false, false, 0, { 0 } }, /* SHA512_224_KEY_DERIVATION */
    { 0x4c, false, false, 0, { 0 } }, /* SHA512_256 */
    { 0x4d, false, false, 0, { 0 } }, /* SHA512_256_HMAC */
    { 0x4e, false, true, 0, { 0 } }, /* SHA512_256_HMAC_GENERAL */
    { 0x4f, false, false, 0, { 0 } }, /* SHA512_256_KEY_DERIVATION */
    { 0x50, false, true, 0, { 0 } }, /* SHA512_T */
    { 0x56, false, false, 1, { 49 } }, /* TLS12_EXTENDED_MASTER_KEY_DERIVE */
    { 0x57, false, false, 1, { 49 } }, /* TLS12_EXTENDED_MASTER_KEY_DERIVE_DH */
    { 0x60, false, false, 0, { 0 } }, /* SHA3_256_RSA_PKCS */
    { 0x61, false, false, 0, { 0 } }, /* SHA3_384_RSA_PKCS */
    { 0x62, false, false, 0, { 0 } }, /* SHA3_512_RSA_PKCS */
    { 0x63, false, false, 1, { 2 } }, /* SHA3_256_RSA_PKCS_PSS */
    { 0x64, false, false, 1, { 2 } }, /* SHA3_384_RSA_PKCS_PSS */
    { 0x65, false, false, 1, { 2 } }, /* SHA3_512_RSA_PKCS_PSS */
    { 0x66, false, false, 0, { 0 } }, /* SHA3_224_RSA_PKCS */
    { 0x67, false, false, 1, { 2 } }, /* SHA3_224_RSA_PKCS_PSS */
    { 0x100, false, false, 0, { 0 } }, /* RC2_KEY_GEN */
    { 0x101, false, true, 0, { 0 } }, /* RC2_ECB */
    { 0x102, false, false, 1, { 65 } }, /* RC2_CBC */
    { 0x103, false, true, 0, { 0 } }, /* RC2_MAC */
    { 0x104, false, false, 1, { 66 } }, /* RC2_MAC_GENERAL */
    { 0x105, false, false, 1, { 65 } }, /* RC2_CBC_PAD */
    { 0x110, false, false, 0, { 0 } }, /* RC4_KEY_GEN */
    { 0x111, false, false, 0, { 0 } }, /* RC4 */
    { 0x120, false, false, 0, { 0 } }, /* DES_KEY_GEN */
    { 0x121, false, false, 0, { 0 } }, /* DES_ECB */
    { 0x122, true, false, 0, { 0 } }, /* DES_CBC */
    { 0x123, false, false, 0, { 0 } }, /* DES_MAC */
    { 0x124, false, true, 0, { 0 } }, /* DES_MAC_GENERAL */
    { 0x125, true, false, 0, { 0 } }, /* DES_CBC_PAD */
    { 0x130, false, false, 0, { 0 } }, /* DES2_KEY_GEN */
    { 0x131, false, false, 0, { 0 } }, /* DES3_KEY_GEN */
    { 0x132, false, false, 0, { 0 } }, /* DES3_ECB */
    { 0x133, true, false, 0, { 0 } }, /* DES3_CBC */
    { 0x134, false, false, 0, { 0 } }, /* DES3_MAC */
    { 0x135, false, true, 0, { 0 } }, /* DES3_MAC_GENERAL */
    { 0x136, true, false, 0, { 0 } }, /* DES3_CBC_PAD */
    { 0x137, false, true, 0, { 0 } }, /* DES3_CMAC_GENERAL */
    { 0x138, false, false, 0, { 0 } }, /* DES3_CMAC */
    { 0x150, true, false, 0, { 0 } }, /* DES_OFB64 */
    { 0x151, true, false, 0, { 0 } }, /* DES_OFB8 */
    { 0x152, true, false, 0, { 0 } }, /* DES_CFB64 */
    { 0x153, true, false, 0, { 0 } }, /* DES_CFB8 */
    { 0x200, false, false, 0, { 0 } }, /* MD2 */
    { 0x201, false, false, 0, { 0 } }, /* MD2_HMAC */
    { 0x202, false, true, 0, { 0 } }, /* MD2_HMAC_GENERAL */
    { 0x210, false, false, 0, { 0 } }, /* MD5 */
    { 0x211, false, false, 0, { 0 } }, /* MD5_HMAC */
    { 0x212, false, true, 0, { 0 } }, /* MD5_HMAC_GENERAL */
    { 0x220, false, false, 0, { 0 } }, /* SHA_1 */
    { 0x221, false, false, 0, { 0 } }, /* SHA_1_HMAC */
    { 0x222, false, true, 0, { 0 } }, /* SHA_1_HMAC_GENERAL */
    { 0x240, false, false, 0, { 0 } }, /* RIPEMD160 */
    { 0x241, false, false, 0, { 0 } }, /* RIPEMD160_HMAC */
    { 0x242, false, true, 0, { 0 } }, /* RIPEMD160_HMAC_GENERAL */
    { 0x250, false, false, 0, { 0 } }, /* SHA256 */
    { 0x251, false, false, 0, { 0 } }, /* SHA256_HMAC */
    { 0x252, false, true, 0, { 0 } }, /* SHA256_HMAC_GENERAL */
    { 0x255, false, false, 0, { 0 } }, /* SHA224 */
    { 0x256, false, false, 0, { 0 } }, /* SHA224_HMAC */
    { 0x257, false, true, 0, { 0 } }, /* SHA224_HMAC_GENERAL */
    { 0x260, false, false, 0, { 0 } }, /* SHA384 */
    { 0x261, false, false, 0, { 0 } }, /* SHA384_HMAC */
    { 0x262, false, true, 0, { 0 } }, /* SHA384_HMAC_GENERAL */
    { 0x270, false, false, 0, { 0 } }, /* SHA512 */
    { 0x271, false, false, 0, { 0 } }, /* SHA512_HMAC */
    { 0x272, false, true, 0, { 0 } }, /* SHA512_HMAC_GENERAL */
    { 0x290, false, false, 0, { 0 } }, /* HOTP_KEY_GEN */
    { 0x291, false, false, 1, { 55 } }, /* HOTP */
    { 0x2b0, false, false, 0, { 0 } }, /* SHA3_256 */
    { 0x2b1, false, false, 0, { 0 } }, /* SHA3_256_HMAC */
    { 0x2b2, false, true, 0, { 0 } }, /* SHA3_256_HMAC_GENERAL */
    { 0x2b3, false, false, 0, { 0 } }, /* SHA3_256_KEY_GEN */
    { 0x2b5, false, false, 0, { 0 } }, /* SHA3_224 */
    { 0x2b6, false, false, 0, { 0 } }, /* SHA3_224_HMAC */
    { 0x2b7, false, true, 0, { 0 } }, /* SHA3_224_HMAC_GENERAL */
    { 0x2b8, false, false, 0, { 0 } }, /* SHA3_224_KEY_GEN */
    { 0x2c0, false, false, 0, { 0 } }, /* SHA3_384 */
    { 0x2c1, false, false, 0, { 0 } }, /* SHA3_384_HMAC */
    { 0x2c2, false, true, 0, { 0 } }, /* SHA3_384_HMAC_GENERAL */
    { 0x2c3, false, false, 0, { 0 } }, /* SHA3_384_KEY_GEN */
    { 0x2d0, false, false, 0, { 0 } }, /* SHA3_512 */
    { 0x2d1, false, false, 0, { 0 } }, /* SHA3_512_HMAC */
    { 0x2d2, false, true, 0, { 0 } }, /* SHA3_512_HMAC_GENERAL */
    { 0x2d3, false, false, 0, { 0 } }, /* SHA3_512_KEY_GEN */
    { 0x320, false, false, 0, { 0 } }, /* CAST5_KEY_GEN */
    { 0x321, false, false, 0, { 0 } }, /* CAST5_ECB */
    { 0x322, true, false, 0, { 0 } }, /* CAST5_CBC */
    { 0x323, false, false, 0, { 0 } }, /* CAST5_MAC */
    { 0x324, false, true, 0, { 0 } }, /* CAST5_MAC_GENERAL */
    { 0x325, true, false, 0, { 0 } }, /* CAST5_CBC_PAD */
    { 0x340, false, false, 0, { 0 } }, /* IDEA_KEY_GEN */
    { 0x341, false, false, 0, { 0 } }, /* IDEA_ECB */
    { 0x342, true, false, 0, { 0 } }, /* IDEA_CBC */
    { 0x343, false, false, 0, { 0 } }, /* IDEA_MAC */
    { 0x344, false, true, 0, { 0 } }, /* IDEA_MAC_GENERAL */
    { 0x345, true, false, 0, { 0 } }, /* IDEA_CBC_PAD */
    { 0x350, false, false, 0, { 0 } }, /* GENERIC_SECRET_KEY_GEN */
    { 0x360, false, true, 0, { 0 } }, /* CONCATENATE_BASE_AND_KEY */
    { 0x362, false, false, 1, { 34 } }, /* CONCATENATE_BASE_AND_DATA */
    { 0x363, false, false, 1, { 34 } }, /* CONCATENATE_DATA_AND_BASE */
    { 0x364, false, false, 1, { 34 } }, /* XOR_BASE_AND_DATA */
    { 0x365, false, true, 0, { 0 } }, /* EXTRACT_KEY_FROM_KEY */
    { 0x370, false, false, 1, { 0 } }, /* SSL3_PRE_MASTER_KEY_GEN */
    { 0x371, false, false, 1, { 46 } }, /* SSL3_MASTER_KEY_DERIVE */
    { 0x372, false, false, 1, { 47 } }, /* SSL3_KEY_AND_MAC_DERIVE */
    { 0x373, false, false, 1, { 46 } }, /* SSL3_MASTER_KEY_DERIVE_DH */
    { 0x374, false, false, 1, { 0 } }, /* TLS_PRE_MASTER_KEY_GEN */
    { 0x375, false, false, 1, { 46 } }, /* TLS_MASTER_KEY_DERIVE */
    { 0x376, false, false, 1, { 47 } }, /* TLS_KEY_AND_MAC_DERIVE */
    { 0x377, false, false, 1, { 46 } }, /* TLS_MASTER_KEY_DERIVE_DH */
    { 0x378, false, false, 1, { 53 } }, /* TLS_PRF */
    { 0x380, false, true, 0, { 0 } }, /* SSL3_MD5_MAC */
    { 0x381, false, true, 0, { 0 } }, /* SSL3_SHA1_MAC */
    { 0x390, false, false, 0, { 0 } }, /* MD5_KEY_DERIVATION */
    { 0x391, false, false, 0, { 0 } }, /* MD2_KEY_DERIVATION */
    { 0x392, false, false, 0, { 0 } }, /* SHA1_KEY_DERIVATION */
    { 0x393, false, false, 0, { 0 } }, /* SHA256_KEY_DERIVATION */
    { 0x394, false, false, 0, { 0 } }, /* SHA384_KEY_DERIVATION */
    { 0x395, false, false, 0, { 0 } }, /* SHA512_KEY_DERIVATION */
    { 0x396, false, false, 0, { 0 } }, /* SHA224_KEY_DERIVATION */
    { 0x397, false, false, 0, { 0 } }, /* SHA3_256_KEY_DERIVATION */
    { 0x398, false, false, 0, { 0 } }, /* SHA3_224_KEY_DERIVATION */
    { 0x399, false, false, 0, { 0 } }, /* SHA3_384_KEY_DERIVATION */
    { 0x39a, false, false, 0, { 0 } }, /* SHA3_512_KEY_DERIVATION */
    { 0x39b, false, false, 0, { 0 } }, /* SHAKE_128_KEY_DERIVATION */
    { 0x39c, false, false, 0, { 0 } }, /* SHAKE_256_KEY_DERIVATION */
    { 0x3a0, false, false, 1, { 36 } }, /* PBE_MD2_DES_CBC */
    { 0x3a1, false, false, 1, { 36 } }, /* PBE_MD5_DES_CBC */
    { 0x3a6, false, false, 1, { 36 } }, /* PBE_SHA1_RC4_128 */
    { 0x3a7, false, false, 1, { 36 } }, /* PBE_SHA1_RC4_40 */
    { 0x3a8, false, false, 1, { 36 } }, /* PBE_SHA1_DES3_EDE_CBC */
    { 0x3a9, false, false, 1, { 36 } }, /* PBE_SHA1_DES2_EDE_CBC */
    { 0x3aa, false, false, 1, { 36 } }, /* PBE_SHA1_RC2_128_CBC */
    { 0x3ab, false, false, 1, { 36 } }, /* PBE_SHA1_RC2_40_CBC */
    { 0x3ac, false, false, 1, { 42 } }, /* SP800_108_COUNTER_KDF */
    { 0x3ad, false, false, 1, { 43 } }, /* SP800_108_FEEDBACK_KDF */
    { 0x3ae, false, false, 1, { 42 } }, /* SP800_108_DOUBLE_PIPELINE_KDF */
    { 0x3b0, false, false, 1, { 37 } }, /* PKCS5_PBKD2 */
    { 0x3c0, false, false, 1, { 36 } }, /* PBA_SHA1_WITH_SHA1_HMAC */
    { 0x3d0, true, false, 0, { 0 } }, /* WTLS_PRE_MASTER_KEY_GEN */
    { 0x3d1, false, false, 1, { 61 } }, /* WTLS_MASTER_KEY_DERIVE */
    { 0x3d2, false, false, 1, { 61 } }, /* WTLS_MASTER_KEY_DERIVE_DH_ECC */
    { 0x3d3, false, false, 1, { 62 } }, /* WTLS_PRF */
    { 0x3d4, false, false, 1, { 64 } }, /* WTLS_SERVER_KEY_AND_MAC_DERIVE */
    { 0x3d5, false, false, 1, { 64 } }, /* WTLS_CLIENT_KEY_AND_MAC_DERIVE */
    { 0x3d8, false, false, 1, { 52 } }, /* TLS12_MAC */
    { 0x3d9, false, false, 1, { 51 } }, /* TLS12_KDF */
    { 0x3e0, false, false, 1, { 48 } }, /* TLS12_MASTER_KEY_DERIVE */
    { 0x3e1, false, false, 1, { 50 } }, /* TLS12_KEY_AND_MAC_DERIVE */
    { 0x3e2, false, false, 1, { 48 } }, /* TLS12_MASTER_KEY_DERIVE_DH */
    { 0x3e3, false, false, 1, { 50 } }, /* TLS12_KEY_SAFE_DERIVE */
    { 0x3e4, false, false, 1, { 52 } }, /* TLS_MAC */
    { 0x3e5, false, false, 1, { 51 } }, /* TLS_KDF */
    { 0x550, false, false, 0, { 0 } }, /* CAMELLIA_KEY_GEN */
    { 0x551, false, false, 0, { 0 } }, /* CAMELLIA_ECB */
    { 0x552, true, false, 0, { 0 } }, /* CAMELLIA_CBC */
    { 0x553, false, false, 0, { 0 } }, /* CAMELLIA_MAC */
    { 0x554, false, true, 0, { 0 } }, /* CAMELLIA_MAC_GENERAL */
    { 0x555, true, false, 0, { 0 } }, /* CAMELLIA_CBC_PAD */
    { 0x556, false, false, 1, { 34 } }, /* CAMELLIA_ECB_ENCRYPT_DATA */
    { 0x557, false, false, 1, { 18 } }, /* CAMELLIA_CBC_ENCRYPT_DATA */
    { 0x650, false, false, 0, { 0 } }, /* SEED_KEY_GEN */
    { 0x651, false, false, 0, { 0 } }, /* SEED_ECB */
    { 0x652, true, false, 0, { 0 } }, /* SEED_CBC */
    { 0x653, false, false, 0, { 0 } }, /* SEED_MAC */
    { 0x654, false, true, 0, { 0 } }, /* SEED_MAC_GENERAL */
    { 0x655, true, false, 0, { 0 } }, /* SEED_CBC_PAD */
    { 0x656, false, false, 1, { 34 } }, /* SEED_ECB_ENCRYPT_DATA */
    { 0x657, false, false, 1, { 20 } }, /* SEED_CBC_ENCRYPT_DATA */
    { 0x1040, false, false, 0, { 0 } }, /* EC_KEY_PAIR_GEN */
    { 0x1041, false, false, 0, { 0 } }, /* ECDSA */
    { 0x1042, false, false, 0, { 0 } }, /* ECDSA_SHA1 */
    { 0x1043, false, false, 0, { 0 } }, /* ECDSA_SHA224 */
    { 0x1044, false, false, 0, { 0 } }, /* ECDSA_SHA256 */
    { 0x1045, false, false, 0, { 0 } }, /* ECDSA_SHA384 */
    { 0x1046, false, false, 0, { 0 } }, /* ECDSA_SHA512 */
    { 0x1047, false, false, 0, { 0 } }, /* ECDSA_SHA3_224 */
    { 0x1048, false, false, 0, { 0 } }, /* ECDSA_SHA3_256 */
    { 0x1049, false, false, 0, { 0 } }, /* ECDSA_SHA3_384 */
    { 0x104a, false, false, 0, { 0 } }, /* ECDSA_SHA3_512 */
    { 0x1050, false, false, 1, { 4 } }, /* ECDH1_DERIVE */
    { 0x1051, false, false, 1, { 4 } }, /* ECDH1_COFACTOR_DERIVE */
    { 0x1053, false, false, 1, { 7 } }, /* ECDH_AES_KEY_WRAP */
    { 0x1054, false, false, 1, { 3 } }, /* RSA_AES_KEY_WRAP */
    { 0x1055, false, false, 0, { 0 } }, /* EC_EDWARDS_KEY_PAIR_GEN */
    { 0x1056, false, false, 0, { 0 } }, /* EC_MONTGOMERY_KEY_PAIR_GEN */
    { 0x1057, false, false, 1, { 8 } }, /* EDDSA */
    { 0x1071, true, false, 0, { 0 } }, /* AES_XTS */
    { 0x1072, false, false, 0, { 0 } }, /* AES_XTS_KEY_GEN */
    { 0x1080, false, false, 0, { 0 } }, /* AES_KEY_GEN */
    { 0x1081, false, false, 0, { 0 } }, /* AES_ECB */
    { 0x1082, true, false, 0, { 0 } }, /* AES_CBC */
    { 0x1083, false, false, 0, { 0 } }, /* AES_MAC */
    { 0x1084, false, true, 0, { 0 } }, /* AES_MAC_GENERAL */
    { 0x1085, true, false, 0, { 0 } }, /* AES_CBC_PAD */
    { 0x1086, false, false, 1, { 14 } }, /* AES_CTR */
    { 0x1087, false, false, 4, { 21, 22, 24, 23 } }, /* AES_GCM */
    { 0x1088, false, false, 3, { 25, 27, 26 } }, /* AES_CCM */
    { 0x1089, true, false, 0, { 0 } }, /* AES_CTS */
    { 0x108a, false, false, 0, { 0 } }, /* AES_CMAC */
    { 0x108b, false, true, 0, { 0 } }, /* AES_CMAC_GENERAL */
    { 0x108c, false, false, 0, { 0 } }, /* AES_XCBC_MAC */
    { 0x108d, false, false, 0, { 0 } }, /* AES_XCBC_MAC_96 */
    { 0x108e, false, false, 2, { 21, 22 } }, /* AES_GMAC */
    { 0x1090, false, false, 0, { 0 } }, /* BLOWFISH_KEY_GEN */
    { 0x1091, true, false, 0, { 0 } }, /* BLOWFISH_CBC */
    { 0x1092, false, false, 0, { 0 } }, /* TWOFISH_KEY_GEN */
    { 0x1093, true, false, 0, { 0 } }, /* TWOFISH_CBC */
    { 0x1094, true, false, 0, { 0 } }, /* BLOWFISH_CBC_PAD */
    { 0x1095, true, false, 0, { 0 } }, /* TWOFISH_CBC_PAD */
    { 0x1100, false, false, 1, { 34 } }, /* DES_ECB_ENCRYPT_DATA */
    { 0x1101, false, false, 1, { 17 } }, /* DES_CBC_ENCRYPT_DATA */
    { 0x1102, false, false, 1, { 34 } }, /* DES3_ECB_ENCRYPT_DATA */
    { 0x1103, false, false, 1, { 17 } }, /* DES3_CBC_ENCRYPT_DATA */
    { 0x1104, false, false, 1, { 34 } }, /* AES_ECB_ENCRYPT_DATA */
    { 0x1105, false, false, 1, { 16 } }, /* AES_CBC_ENCRYPT_DATA */
    { 0x1225, false, false, 0, { 0 } }, /* CHACHA20_KEY_GEN */
    { 0x1226, false, false, 1, { 28 } }, /* CHACHA20 */
    { 0x1227, false, false, 0, { 0 } }, /* POLY1305_KEY_GEN */
    { 0x1228, false, false, 0, { 0 } }, /* POLY1305 */
    { 0x140b, false, false, 0, { 0 } }, /* EC_KEY_PAIR_GEN_W_EXTRA_BITS */
    { 0x2000, false, false, 0, { 0 } }, /* DSA_PARAMETER_GEN */
    { 0x2001, false, false, 0, { 0 } }, /* DH_PKCS_PARAMETER_GEN */
    { 0x2002, false, false, 0, { 0 } }, /* X9_42_DH_PARAMETER_GEN */
    { 0x2104, true, false, 0, { 0 } }, /* AES_OFB */
    { 0x2105, true, false, 0, { 0 } }, /* AES_CFB64 */
    { 0x2106, true, false, 0, { 0 } }, /* AES_CFB8 */
    { 0x2107, true, false, 0, { 0 } }, /* AES_CFB128 */
    { 0x2108, true, false, 0, { 0 } }, /* AES_CFB1 */
    { 0x2109, true, false, 0, { 0 } }, /* AES_KEY_WRAP */
    { 0x210a, true, false, 0, { 0 } }, /* AES_KEY_WRAP_PAD */
    { 0x210b, true, false, 0, { 0 } }, /* AES_KEY_WRAP_KWP */
    { 0x210c, true, false, 0, { 0 } }, /* AES_KEY_WRAP_PKCS7 */
    { 0x4002, false, false, 0, { 0 } }, /* RSA_PKCS_OAEP_TPM_1_1 */
    { 0x4003, false, false, 0, { 0 } }, /* SHA_1_KEY_GEN */
    { 0x4004, false, false, 0, { 0 } }, /* SHA224_KEY_GEN */
    { 0x4005, false, false, 0, { 0 } }, /* SHA256_KEY_GEN */
    { 0x4006, false, false, 0, { 0 } }, /* SHA384_KEY_GEN */
    { 0x4007, false, false, 0, { 0 } }, /* SHA512_KEY_GEN */
    { 0x4008, false, false, 0, { 0 } }, /* SHA512_224_KEY_GEN */
    { 0x4009, false, false, 0, { 0 } }, /* SHA512_256_KEY_GEN */
    { 0x400c, false, false, 0, { 0 } }, /* BLAKE2B_160 */
    { 0x400d, false, false, 0, { 0 } }, /* BLAKE2B_160_HMAC */
    { 0x400e, false, true, 0, { 0 } }, /* BLAKE2B_160_HMAC_GENERAL */
    { 0x400f, false, false, 0, { 0 } }, /* BLAKE2B_160_KEY_DERIVE */
    { 0x4010, false, false, 0, { 0 } }, /* BLAKE2B_160_KEY_GEN */
    { 0x4011, false, false, 0, { 0 } }, /* BLAKE2B_256 */
    { 0x4012, false, false, 0, { 0 } }, /* BLAKE2B_256_HMAC */
    { 0x4013, false, true, 0, { 0 } }, /* BLAKE2B_256_HMAC_GENERAL */
    { 0x4014, false, false, 0, { 0 } }, /* BLAKE2B_256_KEY_DERIVE */
    { 0x4015, false, false, 0, { 0 } }, /* BLAKE2B_256_KEY_GEN */
    { 0x4016, false, false, 0, { 0 } }, /* BLAKE2B_384 */
    { 0x4017, false, false, 0, { 0 } }, /* BLAKE2B_384_HMAC */
    { 0x4018, false, true, 0, { 0 } }, /* BLAKE2B_384_HMAC_GENERAL */
    { 0x4019, false, false, 0, { 0 } }, /* BLAKE2B_384_KEY_DERIVE */
    { 0x401a, false, false, 0, { 0 } }, /* BLAKE2B_384_KEY_GEN */
    { 0x401b, false, false, 0, { 0 } }, /* BLAKE2B_512 */
    { 0x401c, false, false, 0, { 0 } }, /* BLAKE2B_512_HMAC */
    { 0x401d, false, true, 0, { 0 } }, /* BLAKE2B_512_HMAC_GENERAL */
    { 0x401e, false, false, 0, { 0 } }, /* BLAKE2B_512_KEY_DERIVE */
    { 0x401f, false, false, 0, { 0 } }, /* BLAKE2B_512_KEY_GEN */
    { 0x4020, false, false, 1, { 29 } }, /* SALSA20 */
    { 0x4021, false, false, 2, { 30, 31 } }, /* CHACHA20_POLY1305 */
    { 0x4029, false, false, 1, { 9 } }, /* XEDDSA */
    { 0x402a, false, false, 1, { 35 } }, /* HKDF_DERIVE */
    { 0x402b, false, false, 1, { 35 } }, /* HKDF_DATA */
    { 0x402c, false, false, 0, { 0 } }, /* HKDF_KEY_GEN */
    { 0x402d, false, false, 0, { 0 } }, /* SALSA20_KEY_GEN */
    { 0x402e, false, false, 1, { 57 } }, /* IKE2_PRF_PLUS_DERIVE */
    { 0x402f, false, false, 1, { 56 } }, /* IKE_PRF_DERIVE */
    { 0x4030, false, false, 1, { 58 } }, /* IKE1_PRF_DERIVE */
    { 0x4031, false, false, 1, { 59 } }, /* IKE1_EXTENDED_DERIVE */
    { 0x4038, false, false, 1, { 7 } }, /* ECDH_X_AES_KEY_WRAP */
    { 0x4039, false, false, 1, { 7 } }, /* ECDH_COF_AES_KEY_WRAP */
    { 0x403a, false, false, 0, { 0 } }, /* PUB_KEY_FROM_PRIV_KEY */
};

const unsigned mechanism_count = 340;

const attribute_row attributes[] = {
    { 0x0, V_ULONG }, /* CLASS */
    { 0x1, V_BOOL }, /* TOKEN */
    { 0x2, V_BOOL }, /* PRIVATE */
    { 0x3, V_BYTES }, /* LABEL */
    { 0x4, V_BYTES }, /* UNIQUE_ID */
    { 0x10, V_BYTES }, /* APPLICATION */
    { 0x11, V_BYTES }, /* VALUE */
    { 0x12, V_BYTES }, /* OBJECT_ID */
    { 0x80, V_ULONG }, /* CERTIFICATE_TYPE */
    { 0x81, V_BYTES }, /* ISSUER */
    { 0x82, V_BYTES }, /* SERIAL_NUMBER */
    { 0x83, V_BYTES }, /* AC_ISSUER */
    { 0x84, V_BYTES }, /* OWNER */
    { 0x85, V_BYTES }, /* ATTR_TYPES */
    { 0x86, V_BOOL }, /* TRUSTED */
    { 0x87, V_ULONG }, /* CERTIFICATE_CATEGORY */
    { 0x88, V_ULONG }, /* JAVA_MIDP_SECURITY_DOMAIN */
    { 0x89, V_BYTES }, /* URL */
    { 0x8a, V_BYTES }, /* HASH_OF_SUBJECT_PUBLIC_KEY */
    { 0x8b, V_BYTES }, /* HASH_OF_ISSUER_PUBLIC_KEY */
    { 0x8c, V_ULONG }, /* NAME_HASH_ALGORITHM */
    { 0x90, V_BYTES }, /* CHECK_VALUE */
    { 0x100, V_ULONG }, /* KEY_TYPE */
    { 0x101, V_BYTES }, /* SUBJECT */
    { 0x102, V_BYTES }, /* ID */
    { 0x103, V_BOOL }, /* SENSITIVE */
    { 0x104, V_BOOL }, /* ENCRYPT */
    { 0x105, V_BOOL }, /* DECRYPT */
    { 0x106, V_BOOL }, /* WRAP */
    { 0x107, V_BOOL }, /* UNWRAP */
    { 0x108, V_BOOL }, /* SIGN */
    { 0x109, V_BOOL }, /* SIGN_RECOVER */
    { 0x10a, V_BOOL }, /* VERIFY */
    { 0x10b, V_BOOL }, /* VERIFY_RECOVER */
    { 0x10c, V_BOOL }, /* DERIVE */
    { 0x110, V_BYTES }, /* START_DATE */
    { 0x111, V_BYTES }, /* END_DATE */
    { 0x120, V_BYTES }, /* MODULUS */
    { 0x121, V_ULONG }, /* MODULUS_BITS */
    { 0x122, V_BYTES }, /* PUBLIC_EXPONENT */
    { 0x123, V_BYTES }, /* PRIVATE_EXPONENT */
    { 0x124, V_BYTES }, /* PRIME_1 */
    { 0x125, V_BYTES }, /* PRIME_2 */
    { 0x126, V_BYTES }, /* EXPONENT_1 */
    { 0x127, V_BYTES }, /* EXPONENT_2 */
    { 0x128, V_BYTES }, /* COEFFICIENT */
    { 0x129, V_BYTES }, /* PUBLIC_KEY_INFO */
    { 0x130, V_BYTES }, /* PRIME */
    { 0x131, V_BYTES }, /* SUBPRIME */
    { 0x132, V_BYTES }, /* BASE */
    { 0x133, V_ULONG }, /* PRIME_BITS */
    { 0x134, V_ULONG }, /* SUBPRIME_BITS */
    { 0x160, V_ULONG }, /* VALUE_BITS */
    { 0x161, V_ULONG }, /* VALUE_LEN */
    { 0x162, V_BOOL }, /* EXTRACTABLE */
    { 0x163, V_BOOL }, /* LOCAL */
    { 0x164, V_BOOL }, /* NEVER_EXTRACTABLE */
    { 0x165, V_BOOL }, /* ALWAYS_SENSITIVE */
    { 0x166, V_ULONG }, /* KEY_GEN_MECHANISM */
    { 0x170, V_BOOL }, /* MODIFIABLE */
    { 0x171, V_BOOL }, /* COPYABLE */
    { 0x172, V_BOOL }, /* DESTROYABLE */
    { 0x180, V_BYTES }, /* EC_PARAMS */
    { 0x181, V_BYTES }, /* EC_POINT */
    { 0x200, V_BOOL }, /* SECONDARY_AUTH */
    { 0x201, V_ULONG }, /* AUTH_PIN_FLAGS */
    { 0x202, V_BOOL }, /* ALWAYS_AUTHENTICATE */
    { 0x210, V_BOOL }, /* WRAP_WITH_TRUSTED */
    { 0x220, V_ULONG }, /* OTP_FORMAT */
    { 0x221, V_ULONG }, /* OTP_LENGTH */
    { 0x222, V_ULONG }, /* OTP_TIME_INTERVAL */
    { 0x223, V_BOOL }, /* OTP_USER_FRIENDLY_MODE */
    { 0x224, V_ULONG }, /* OTP_CHALLENGE_REQUIREMENT */
    { 0x225, V_ULONG }, /* OTP_TIME_REQUIREMENT */
    { 0x226, V_ULONG }, /* OTP_COUNTER_REQUIREMENT */
    { 0x227, V_ULONG }, /* OTP_PIN_REQUIREMENT */
    { 0x22a, V_BYTES }, /* OTP_USER_IDENTIFIER */
    { 0x22b, V_BYTES }, /* OTP_SERVICE_IDENTIFIER */
    { 0x22c, V_BYTES }, /* OTP_SERVICE_LOGO */
    { 0x22d, V_BYTES }, /* OTP_SERVICE_LOGO_TYPE */
    { 0x22e, V_BYTES }, /* OTP_COUNTER */
    { 0x22f, V_BYTES }, /* OTP_TIME */
    { 0x250, V_BYTES }, /* GOSTR3410_PARAMS */
    { 0x251, V_BYTES }, /* GOSTR3411_PARAMS */
    { 0x252, V_BYTES }, /* GOST28147_PARAMS */
    { 0x300, V_ULONG }, /* HW_FEATURE_TYPE */
    { 0x301, V_BOOL }, /* RESET_ON_INIT */
    { 0x302, V_BOOL }, /* HAS_RESET */
    { 0x400, V_ULONG }, /* PIXEL_X */
    { 0x401, V_ULONG }, /* PIXEL_Y */
    { 0x402, V_ULONG }, /* RESOLUTION */
    { 0x403, V_ULONG }, /* CHAR_ROWS */
    { 0x404, V_ULONG }, /* CHAR_COLUMNS */
    { 0x405, V_BOOL }, /* COLOR */
    { 0x406, V_ULONG }, /* BITS_PER_PIXEL */
    { 0x480, V_BYTES }, /* CHAR_SETS */
    { 0x481, V_BYTES }, /* ENCODING_METHODS */
    { 0x482, V_BYTES }, /* MIME_TYPES */
    { 0x500, V_ULONG }, /* MECHANISM_TYPE */
    { 0x501, V_BYTES }, /* REQUIRED_CMS_ATTRIBUTES */
    { 0x502, V_BYTES }, /* DEFAULT_CMS_ATTRIBUTES */
    { 0x503, V_BYTES }, /* SUPPORTED_CMS_ATTRIBUTES */
    { 0x601, V_ULONG }, /* PROFILE_ID */
    { 0x602, V_BYTES }, /* X2RATCHET_BAG */
    { 0x603, V_ULONG }, /* X2RATCHET_BAGSIZE */
    { 0x604, V_BOOL }, /* X2RATCHET_BOBS1STMSG */
    { 0x605, V_BYTES }, /* X2RATCHET_CKR */
    { 0x606, V_BYTES }, /* X2RATCHET_CKS */
    { 0x607, V_BYTES }, /* X2RATCHET_DHP */
    { 0x608, V_BYTES }, /* X2RATCHET_DHR */
    { 0x609, V_BYTES }, /* X2RATCHET_DHS */
    { 0x60a, V_BYTES }, /* X2RATCHET_HKR */
    { 0x60b, V_BYTES }, /* X2RATCHET_HKS */
    { 0x60c, V_BOOL }, /* X2RATCHET_ISALICE */
    { 0x60d, V_BYTES }, /* X2RATCHET_NHKR */
    { 0x60e, V_BYTES }, /* X2RATCHET_NHKS */
    { 0x60f, V_ULONG }, /* X2RATCHET_NR */
    { 0x610, V_ULONG }, /* X2RATCHET_NS */
    { 0x611, V_ULONG }, /* X2RATCHET_PNS */
    { 0x612, V_BYTES }, /* X2RATCHET_RK */
    { 0x617, V_ULONG }, /* HSS_LEVELS */
    { 0x618, V_ULONG }, /* HSS_LMS_TYPE */
    { 0x619, V_ULONG }, /* HSS_LMOTS_TYPE */
    { 0x61a, V_ULONGS }, /* HSS_LMS_TYPES */
    { 0x61b, V_ULONGS }, /* HSS_LMOTS_TYPES */
    { 0x61c, V_ULONG }, /* HSS_KEYS_REMAINING */
    { 0x61d, V_ULONG }, /* PARAMETER_SET */
    { 0x61e, V_ULONG }, /* OBJECT_VALIDATION_FLAGS */
    { 0x61f, V_ULONG }, /* VALIDATION_TYPE */
    { 0x620, V_BYTES }, /* VALIDATION_VERSION */
    { 0x621, V_ULONG }, /* VALIDATION_LEVEL */
    { 0x622, V_BYTES }, /* VALIDATION_MODULE_ID */
    { 0x623, V_ULONG }, /* VALIDATION_FLAG */
    { 0x624, V_ULONG }, /* VALIDATION_AUTHORITY_TYPE */
    { 0x625, V_BYTES }, /* VALIDATION_COUNTRY */
    { 0x626, V_BYTES }, /* VALIDATION_CERTIFICATE_IDENTIFIER */
    { 0x627, V_BYTES }, /* VALIDATION_CERTIFICATE_URI */
    { 0x628, V_BYTES }, /* VALIDATION_VENDOR_URI */
    { 0x629, V_BYTES }, /* VALIDATION_PROFILE */
    { 0x62a, V_TEMPLATE }, /* ENCAPSULATE_TEMPLATE */
    { 0x62b, V_TEMPLATE }, /* DECAPSULATE_TEMPLATE */
    { 0x62c, V_ULONG }, /* TRUST_SERVER_AUTH */
    { 0x62d, V_ULONG }, /* TRUST_CLIENT_AUTH */
    { 0x62e, V_ULONG }, /* TRUST_CODE_SIGNING */
    { 0x62f, V_ULONG }, /* TRUST_EMAIL_PROTECTION */
    { 0x630, V_ULONG }, /* TRUST_IPSEC_IKE */
    { 0x631, V_ULONG }, /* TRUST_TIME_STAMPING */
    { 0x632, V_ULONG }, /* TRUST_OCSP_SIGNING */
    { 0x633, V_BOOL }, /* ENCAPSULATE */
    { 0x634, V_BOOL }, /* DECAPSULATE */
    { 0x635, V_BYTES }, /* HASH_OF_CERTIFICATE */
    { 0x636, V_BYTES }, /* PUBLIC_CRC64_VALUE */
    { 0x637, V_BYTES }, /* SEED */
    { 0x40000211, V_TEMPLATE }, /* WRAP_TEMPLATE */
    { 0x40000212, V_TEMPLATE }, /* UNWRAP_TEMPLATE */
    { 0x40000213, V_TEMPLATE }, /* DERIVE_TEMPLATE */
    { 0x40000600, V_ULONGS }, /* ALLOWED_MECHANISMS */
};

const unsigned attribute_count = 157;

const char *const function_names[] = {
    "C_Initialize",
    "C_Finalize",
    "C_GetInfo",
    "C_GetFunctionList",
    "C_GetSlotList",
    "C_GetSlotInfo",
    "C_GetTokenInfo",
    "C_GetMechanismList",
    "C_GetMechanismInfo",
    "C_InitToken",
    "C_InitPIN",
    "C_SetPIN",
    "C_OpenSession",
    "C_CloseSession",
    "C_CloseAllSessions",
    "C_GetSessionInfo",
    "C_GetOperationState",
    "C_SetOperationState",
    "C_Login",
    "C_Logout",
    "C_CreateObject",
    "C_CopyObject",
    "C_DestroyObject",
    "C_GetObjectSize",
    "C_GetAttributeValue",
    "C_SetAttributeValue",
    "C_FindObjectsInit",
    "C_FindObjects",
    "C_FindObjectsFinal",
    "C_EncryptInit",
    "C_Encrypt",
    "C_EncryptUpdate",
    "C_EncryptFinal",
    "C_DecryptInit",
    "C_Decrypt",
    "C_DecryptUpdate",
    "C_DecryptFinal",
    "C_DigestInit",
    "C_Digest",
    "C_DigestUpdate",
    "C_DigestKey",
    "C_DigestFinal",
    "C_SignInit",
    "C_Sign",
    "C_SignUpdate",
    "C_SignFinal",
    "C_SignRecoverInit",
    "C_SignRecover",
    "C_VerifyInit",
    "C_Verify",
    "C_VerifyUpdate",
    "C_VerifyFinal",
    "C_VerifyRecoverInit",
    "C_VerifyRecover",
    "C_DigestEncryptUpdate",
    "C_DecryptDigestUpdate",
    "C_SignEncryptUpdate",
    "C_DecryptVerifyUpdate",
    "C_GenerateKey",
    "C_GenerateKeyPair",
    "C_WrapKey",
    "C_UnwrapKey",
    "C_DeriveKey",
    "C_SeedRandom",
    "C_GenerateRandom",
    "C_GetFunctionStatus",
    "C_CancelFunction",
    "C_WaitForSlotEvent",
    "C_GetInterfaceList",
    "C_GetInterface",
    "C_LoginUser",
    "C_SessionCancel",
    "C_MessageEncryptInit",
    "C_EncryptMessage",
    "C_EncryptMessageBegin",
    "C_EncryptMessageNext",
    "C_MessageEncryptFinal",
    "C_MessageDecryptInit",
    "C_DecryptMessage",
    "C_DecryptMessageBegin",
    "C_DecryptMessageNext",
    "C_MessageDecryptFinal",
    "C_MessageSignInit",
    "C_SignMessage",
    "C_SignMessageBegin",
    "C_SignMessageNext",
    "C_MessageSignFinal",
    "C_MessageVerifyInit",
    "C_VerifyMessage",
    "C_VerifyMessageBegin",
    "C_VerifyMessageNext",
    "C_MessageVerifyFinal",
    "C_EncapsulateKey",
    "C_DecapsulateKey",
    "C_VerifySignatureInit",
    "C_VerifySignature",
    "C_VerifySignatureUpdate",
    "C_VerifySignatureFinal",
    "C_GetSessionValidationFlags",
    "C_AsyncComplete",
    "C_AsyncGetID",
    "C_AsyncJoin",
    "C_WrapKeyAuthenticated",
    "C_UnwrapKeyAuthenticated",
};

const unsigned function_count = 104;
