/* Made by tools/gen.py from the tables of hsmith.spec. Not to be edited. */

#define TABLES_HASH 0x82e444ff746a890eULL
#define CLOSE_SESSION 13
#define CLOSE_ALL_SESSIONS 14
#define GET_SESSION_INFO 15
#define LOGIN 18
#define LOGOUT 19
#define FIND_OBJECTS_INIT 26
#define FIND_OBJECTS 27
#define FIND_OBJECTS_FINAL 28
#define LOGIN_USER 70
#define SESSION_CANCEL 71
#define LIBRARY_MAJOR 0
#define LIBRARY_MINOR 1

#define FUNCTIONS_2_40(get_info) \
    C_Initialize, \
    C_Finalize, \
    get_info, \
    C_GetFunctionList, \
    C_GetSlotList, \
    C_GetSlotInfo, \
    C_GetTokenInfo, \
    C_GetMechanismList, \
    C_GetMechanismInfo, \
    C_InitToken, \
    C_InitPIN, \
    C_SetPIN, \
    C_OpenSession, \
    C_CloseSession, \
    C_CloseAllSessions, \
    C_GetSessionInfo, \
    C_GetOperationState, \
    C_SetOperationState, \
    C_Login, \
    C_Logout, \
    C_CreateObject, \
    C_CopyObject, \
    C_DestroyObject, \
    C_GetObjectSize, \
    C_GetAttributeValue, \
    C_SetAttributeValue, \
    C_FindObjectsInit, \
    C_FindObjects, \
    C_FindObjectsFinal, \
    C_EncryptInit, \
    C_Encrypt, \
    C_EncryptUpdate, \
    C_EncryptFinal, \
    C_DecryptInit, \
    C_Decrypt, \
    C_DecryptUpdate, \
    C_DecryptFinal, \
    C_DigestInit, \
    C_Digest, \
    C_DigestUpdate, \
    C_DigestKey, \
    C_DigestFinal, \
    C_SignInit, \
    C_Sign, \
    C_SignUpdate, \
    C_SignFinal, \
    C_SignRecoverInit, \
    C_SignRecover, \
    C_VerifyInit, \
    C_Verify, \
    C_VerifyUpdate, \
    C_VerifyFinal, \
    C_VerifyRecoverInit, \
    C_VerifyRecover, \
    C_DigestEncryptUpdate, \
    C_DecryptDigestUpdate, \
    C_SignEncryptUpdate, \
    C_DecryptVerifyUpdate, \
    C_GenerateKey, \
    C_GenerateKeyPair, \
    C_WrapKey, \
    C_UnwrapKey, \
    C_DeriveKey, \
    C_SeedRandom, \
    C_GenerateRandom, \
    C_GetFunctionStatus, \
    C_CancelFunction, \
    C_WaitForSlotEvent

#define FUNCTIONS_3_0 \
    C_GetInterfaceList, \
    C_GetInterface, \
    C_LoginUser, \
    C_SessionCancel, \
    C_MessageEncryptInit, \
    C_EncryptMessage, \
    C_EncryptMessageBegin, \
    C_EncryptMessageNext, \
    C_MessageEncryptFinal, \
    C_MessageDecryptInit, \
    C_DecryptMessage, \
    C_DecryptMessageBegin, \
    C_DecryptMessageNext, \
    C_MessageDecryptFinal, \
    C_MessageSignInit, \
    C_SignMessage, \
    C_SignMessageBegin, \
    C_SignMessageNext, \
    C_MessageSignFinal, \
    C_MessageVerifyInit, \
    C_VerifyMessage, \
    C_VerifyMessageBegin, \
    C_VerifyMessageNext, \
    C_MessageVerifyFinal

#define FUNCTIONS_3_2 \
    C_EncapsulateKey, \
    C_DecapsulateKey, \
    C_VerifySignatureInit, \
    C_VerifySignature, \
    C_VerifySignatureUpdate, \
    C_VerifySignatureFinal, \
    C_GetSessionValidationFlags, \
    C_AsyncComplete, \
    C_AsyncGetID, \
    C_AsyncJoin, \
    C_WrapKeyAuthenticated, \
    C_UnwrapKeyAuthenticated
