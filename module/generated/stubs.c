/* Made by tools/gen.py from the tables of hsmith.spec. Not to be edited. */

#include "../hsmith.h"

static void get_slot_info(call *c, CK_SLOT_INFO *to)
{
    if (c->rv != CKR_OK)
        return;
    get_raw(c, &to->slotDescription, sizeof to->slotDescription);
    get_raw(c, &to->manufacturerID, sizeof to->manufacturerID);
    to->flags = get_number(c);
    get_raw(c, &to->hardwareVersion, sizeof to->hardwareVersion);
    get_raw(c, &to->firmwareVersion, sizeof to->firmwareVersion);
}

static void get_token_info(call *c, CK_TOKEN_INFO *to)
{
    if (c->rv != CKR_OK)
        return;
    get_raw(c, &to->label, sizeof to->label);
    get_raw(c, &to->manufacturerID, sizeof to->manufacturerID);
    get_raw(c, &to->model, sizeof to->model);
    get_raw(c, &to->serialNumber, sizeof to->serialNumber);
    to->flags = get_number(c);
    to->ulMaxSessionCount = get_number(c);
    to->ulSessionCount = get_number(c);
    to->ulMaxRwSessionCount = get_number(c);
    to->ulRwSessionCount = get_number(c);
    to->ulMaxPinLen = get_number(c);
    to->ulMinPinLen = get_number(c);
    to->ulTotalPublicMemory = get_number(c);
    to->ulFreePublicMemory = get_number(c);
    to->ulTotalPrivateMemory = get_number(c);
    to->ulFreePrivateMemory = get_number(c);
    get_raw(c, &to->hardwareVersion, sizeof to->hardwareVersion);
    get_raw(c, &to->firmwareVersion, sizeof to->firmwareVersion);
    get_raw(c, &to->utcTime, sizeof to->utcTime);
}

static void get_mechanism_info(call *c, CK_MECHANISM_INFO *to)
{
    if (c->rv != CKR_OK)
        return;
    to->ulMinKeySize = get_number(c);
    to->ulMaxKeySize = get_number(c);
    to->flags = get_number(c);
}

static void get_session_info(call *c, CK_SESSION_INFO *to)
{
    if (c->rv != CKR_OK)
        return;
    to->slotID = get_number(c);
    to->state = get_number(c);
    to->flags = get_number(c);
    to->ulDeviceError = get_number(c);
}

CK_RV C_GetSlotList(CK_BBOOL tokenPresent, CK_ULONG *pSlotList, CK_ULONG *pSlotList_count)
{
    call c;
    if (call_begin(&c, 4, 0)) {
        put_bool(&c, tokenPresent);
        need(&c, pSlotList_count != NULL);
        if (call_run(&c)) {
            get_list(&c, pSlotList, pSlotList_count);
        }
    }
    return call_end(&c);
}

CK_RV C_GetSlotInfo(CK_ULONG slotID, CK_SLOT_INFO *pInfo)
{
    call c;
    if (call_begin(&c, 5, 0)) {
        put_ulong(&c, slotID);
        need(&c, pInfo != NULL);
        if (call_run(&c)) {
            get_slot_info(&c, pInfo);
        }
    }
    return call_end(&c);
}

CK_RV C_GetTokenInfo(CK_ULONG slotID, CK_TOKEN_INFO *pInfo)
{
    call c;
    if (call_begin(&c, 6, 0)) {
        put_ulong(&c, slotID);
        need(&c, pInfo != NULL);
        if (call_run(&c)) {
            get_token_info(&c, pInfo);
        }
    }
    return call_end(&c);
}

CK_RV C_GetMechanismList(CK_ULONG slotID, CK_ULONG *pMechanismList, CK_ULONG *pMechanismList_count)
{
    call c;
    if (call_begin(&c, 7, 0)) {
        put_ulong(&c, slotID);
        need(&c, pMechanismList_count != NULL);
        if (call_run(&c)) {
            get_list(&c, pMechanismList, pMechanismList_count);
        }
    }
    return call_end(&c);
}

CK_RV C_GetMechanismInfo(CK_ULONG slotID, CK_ULONG type, CK_MECHANISM_INFO *pInfo)
{
    call c;
    if (call_begin(&c, 8, 0)) {
        put_ulong(&c, slotID);
        put_ulong(&c, type);
        need(&c, pInfo != NULL);
        if (call_run(&c)) {
            get_mechanism_info(&c, pInfo);
        }
    }
    return call_end(&c);
}

CK_RV C_InitToken(CK_ULONG slotID, CK_BYTE *pPin, CK_ULONG pPin_len, CK_BYTE *pLabel)
{
    call c;
    if (call_begin(&c, 9, SECRET | FORGETS | OTHERS)) {
        put_ulong(&c, slotID);
        put_bytes(&c, pPin, pPin_len);
        put_label(&c, pLabel);
        call_run(&c);
    }
    return call_end(&c);
}

CK_RV C_InitPIN(CK_ULONG hSession, CK_BYTE *pPin, CK_ULONG pPin_len)
{
    call c;
    if (call_begin(&c, 10, SECRET | SESSION)) {
        put_ulong(&c, hSession);
        put_bytes(&c, pPin, pPin_len);
        call_run(&c);
    }
    return call_end(&c);
}

CK_RV C_SetPIN(CK_ULONG hSession, CK_BYTE *pOldPin, CK_ULONG pOldPin_len, CK_BYTE *pNewPin, CK_ULONG pNewPin_len)
{
    call c;
    if (call_begin(&c, 11, SECRET | SESSION)) {
        put_ulong(&c, hSession);
        put_bytes(&c, pOldPin, pOldPin_len);
        put_bytes(&c, pNewPin, pNewPin_len);
        call_run(&c);
    }
    return call_end(&c);
}

CK_RV C_OpenSession(CK_ULONG slotID, CK_ULONG flags, void *pApplication, void *Notify, CK_ULONG *phSession)
{
    call c;
    if (call_begin(&c, 12, 0)) {
        put_ulong(&c, slotID);
        put_ulong(&c, flags);
        (void)pApplication;
        (void)Notify;
        need(&c, phSession != NULL);
        if (call_run(&c)) {
            get_ulong(&c, phSession);
        }
    }
    return call_end(&c);
}

CK_RV C_CloseSession(CK_ULONG hSession)
{
    call c;
    if (call_begin(&c, 13, SESSION | OTHERS)) {
        put_ulong(&c, hSession);
        call_run(&c);
    }
    return call_end(&c);
}

CK_RV C_CloseAllSessions(CK_ULONG slotID)
{
    call c;
    if (call_begin(&c, 14, FORGETS | OTHERS)) {
        put_ulong(&c, slotID);
        call_run(&c);
    }
    return call_end(&c);
}

CK_RV C_GetSessionInfo(CK_ULONG hSession, CK_SESSION_INFO *pInfo)
{
    call c;
    if (call_begin(&c, 15, SESSION | KEEPS)) {
        put_ulong(&c, hSession);
        need(&c, pInfo != NULL);
        if (call_run(&c)) {
            get_session_info(&c, pInfo);
        }
    }
    return call_end(&c);
}

CK_RV C_GetOperationState(CK_ULONG hSession, CK_BYTE *pOperationState, CK_ULONG *pOperationState_len)
{
    call c;
    if (call_begin(&c, 16, SESSION)) {
        put_ulong(&c, hSession);
        put_buffer(&c, pOperationState, pOperationState_len);
        if (call_run(&c)) {
            get_buffer(&c, hSession, pOperationState, pOperationState_len);
        }
    }
    return call_end(&c);
}

CK_RV C_SetOperationState(CK_ULONG hSession, CK_BYTE *pOperationState, CK_ULONG pOperationState_len, CK_ULONG hEncryptionKey, CK_ULONG hAuthenticationKey)
{
    call c;
    if (call_begin(&c, 17, SESSION)) {
        put_ulong(&c, hSession);
        put_bytes(&c, pOperationState, pOperationState_len);
        put_ulong(&c, hEncryptionKey);
        put_ulong(&c, hAuthenticationKey);
        call_run(&c);
    }
    return call_end(&c);
}

CK_RV C_Login(CK_ULONG hSession, CK_ULONG userType, CK_BYTE *pPin, CK_ULONG pPin_len)
{
    call c;
    if (call_begin(&c, 18, SECRET | SESSION | FORGETS | OTHERS)) {
        put_ulong(&c, hSession);
        put_ulong(&c, userType);
        put_bytes(&c, pPin, pPin_len);
        call_run(&c);
    }
    return call_end(&c);
}

CK_RV C_Logout(CK_ULONG hSession)
{
    call c;
    if (call_begin(&c, 19, SESSION | FORGETS | OTHERS)) {
        put_ulong(&c, hSession);
        call_run(&c);
    }
    return call_end(&c);
}

CK_RV C_CreateObject(CK_ULONG hSession, CK_ATTRIBUTE *pTemplate, CK_ULONG pTemplate_count, CK_ULONG *phObject)
{
    call c;
    if (call_begin(&c, 20, SECRET | SESSION | MAILS)) {
        put_ulong(&c, hSession);
        put_template(&c, pTemplate, pTemplate_count);
        need(&c, phObject != NULL);
        if (call_run(&c)) {
            get_ulong(&c, phObject);
        }
    }
    return call_end(&c);
}

CK_RV C_CopyObject(CK_ULONG hSession, CK_ULONG hObject, CK_ATTRIBUTE *pTemplate, CK_ULONG pTemplate_count, CK_ULONG *phNewObject)
{
    call c;
    if (call_begin(&c, 21, SECRET | SESSION)) {
        put_ulong(&c, hSession);
        put_ulong(&c, hObject);
        put_template(&c, pTemplate, pTemplate_count);
        need(&c, phNewObject != NULL);
        if (call_run(&c)) {
            get_ulong(&c, phNewObject);
        }
    }
    return call_end(&c);
}

CK_RV C_DestroyObject(CK_ULONG hSession, CK_ULONG hObject)
{
    call c;
    if (call_begin(&c, 22, SESSION | OTHERS)) {
        put_ulong(&c, hSession);
        put_ulong(&c, hObject);
        call_run(&c);
    }
    return call_end(&c);
}

CK_RV C_GetObjectSize(CK_ULONG hSession, CK_ULONG hObject, CK_ULONG *pulSize)
{
    call c;
    if (call_begin(&c, 23, SESSION | KEEPS)) {
        put_ulong(&c, hSession);
        put_ulong(&c, hObject);
        need(&c, pulSize != NULL);
        if (call_run(&c)) {
            get_ulong(&c, pulSize);
        }
    }
    return call_end(&c);
}

CK_RV C_GetAttributeValue(CK_ULONG hSession, CK_ULONG hObject, CK_ATTRIBUTE *pTemplate, CK_ULONG pTemplate_count)
{
    call c;
    if (call_begin(&c, 24, SECRET | SESSION | KEEPS)) {
        put_ulong(&c, hSession);
        put_ulong(&c, hObject);
        put_query(&c, pTemplate, pTemplate_count);
        if (call_run(&c)) {
            get_query(&c, pTemplate, pTemplate_count);
        }
    }
    return call_end(&c);
}

CK_RV C_SetAttributeValue(CK_ULONG hSession, CK_ULONG hObject, CK_ATTRIBUTE *pTemplate, CK_ULONG pTemplate_count)
{
    call c;
    if (call_begin(&c, 25, SECRET | SESSION | OTHERS)) {
        put_ulong(&c, hSession);
        put_ulong(&c, hObject);
        put_template(&c, pTemplate, pTemplate_count);
        call_run(&c);
    }
    return call_end(&c);
}

CK_RV C_EncryptInit(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hKey)
{
    call c;
    if (call_begin(&c, 29, SECRET | PARAMETER | SESSION | STARTS)) {
        put_ulong(&c, hSession);
        put_mechanism(&c, pMechanism);
        put_ulong(&c, hKey);
        call_run(&c);
    }
    return call_end(&c);
}

CK_RV C_Encrypt(CK_ULONG hSession, CK_BYTE *pData, CK_ULONG pData_len, CK_BYTE *pEncryptedData, CK_ULONG *pEncryptedData_len)
{
    call c;
    if (call_begin(&c, 30, SESSION | ENDS | OUTPUT | 29u << ENDS_SHIFT)) {
        put_ulong(&c, hSession);
        put_bytes(&c, pData, pData_len);
        put_buffer(&c, pEncryptedData, pEncryptedData_len);
        call_end_operation(&c, hSession, 0x100);
        if (call_run(&c)) {
            get_buffer(&c, hSession, pEncryptedData, pEncryptedData_len);
        }
    }
    return call_end(&c);
}

CK_RV C_EncryptUpdate(CK_ULONG hSession, CK_BYTE *pPart, CK_ULONG pPart_len, CK_BYTE *pEncryptedPart, CK_ULONG *pEncryptedPart_len)
{
    call c;
    if (call_begin(&c, 31, SESSION)) {
        put_ulong(&c, hSession);
        put_bytes(&c, pPart, pPart_len);
        put_buffer(&c, pEncryptedPart, pEncryptedPart_len);
        call_end_operation(&c, hSession, 0x100);
        if (call_run(&c)) {
            get_buffer(&c, hSession, pEncryptedPart, pEncryptedPart_len);
        }
    }
    return call_end(&c);
}

CK_RV C_EncryptFinal(CK_ULONG hSession, CK_BYTE *pLastEncryptedPart, CK_ULONG *pLastEncryptedPart_len)
{
    call c;
    if (call_begin(&c, 32, SESSION)) {
        put_ulong(&c, hSession);
        put_buffer(&c, pLastEncryptedPart, pLastEncryptedPart_len);
        call_end_operation(&c, hSession, 0x100);
        if (call_run(&c)) {
            get_buffer(&c, hSession, pLastEncryptedPart, pLastEncryptedPart_len);
        }
    }
    return call_end(&c);
}

CK_RV C_DecryptInit(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hKey)
{
    call c;
    if (call_begin(&c, 33, SECRET | PARAMETER | SESSION | STARTS)) {
        put_ulong(&c, hSession);
        put_mechanism(&c, pMechanism);
        put_ulong(&c, hKey);
        call_run(&c);
    }
    return call_end(&c);
}

CK_RV C_Decrypt(CK_ULONG hSession, CK_BYTE *pEncryptedData, CK_ULONG pEncryptedData_len, CK_BYTE *pData, CK_ULONG *pData_len)
{
    call c;
    if (call_begin(&c, 34, SESSION | ENDS | OUTPUT | 33u << ENDS_SHIFT)) {
        put_ulong(&c, hSession);
        limit(&c, pEncryptedData_len, CKR_ENCRYPTED_DATA_LEN_RANGE);
        put_bytes(&c, pEncryptedData, pEncryptedData_len);
        put_buffer(&c, pData, pData_len);
        call_end_operation(&c, hSession, 0x200);
        if (call_run(&c)) {
            get_buffer(&c, hSession, pData, pData_len);
        }
    }
    return call_end(&c);
}

CK_RV C_DecryptUpdate(CK_ULONG hSession, CK_BYTE *pEncryptedPart, CK_ULONG pEncryptedPart_len, CK_BYTE *pPart, CK_ULONG *pPart_len)
{
    call c;
    if (call_begin(&c, 35, SESSION)) {
        put_ulong(&c, hSession);
        limit(&c, pEncryptedPart_len, CKR_ENCRYPTED_DATA_LEN_RANGE);
        put_bytes(&c, pEncryptedPart, pEncryptedPart_len);
        put_buffer(&c, pPart, pPart_len);
        call_end_operation(&c, hSession, 0x200);
        if (call_run(&c)) {
            get_buffer(&c, hSession, pPart, pPart_len);
        }
    }
    return call_end(&c);
}

CK_RV C_DecryptFinal(CK_ULONG hSession, CK_BYTE *pLastPart, CK_ULONG *pLastPart_len)
{
    call c;
    if (call_begin(&c, 36, SESSION)) {
        put_ulong(&c, hSession);
        put_buffer(&c, pLastPart, pLastPart_len);
        call_end_operation(&c, hSession, 0x200);
        if (call_run(&c)) {
            get_buffer(&c, hSession, pLastPart, pLastPart_len);
        }
    }
    return call_end(&c);
}

CK_RV C_DigestInit(CK_ULONG hSession, CK_MECHANISM *pMechanism)
{
    call c;
    if (call_begin(&c, 37, SECRET | PARAMETER | SESSION | STARTS)) {
        put_ulong(&c, hSession);
        put_mechanism(&c, pMechanism);
        call_run(&c);
    }
    return call_end(&c);
}

CK_RV C_Digest(CK_ULONG hSession, CK_BYTE *pData, CK_ULONG pData_len, CK_BYTE *pDigest, CK_ULONG *pDigest_len)
{
    call c;
    if (call_begin(&c, 38, SESSION | ENDS | OUTPUT | 37u << ENDS_SHIFT)) {
        put_ulong(&c, hSession);
        put_bytes(&c, pData, pData_len);
        put_buffer(&c, pDigest, pDigest_len);
        call_end_operation(&c, hSession, 0x400);
        if (call_run(&c)) {
            get_buffer(&c, hSession, pDigest, pDigest_len);
        }
    }
    return call_end(&c);
}

CK_RV C_DigestUpdate(CK_ULONG hSession, CK_BYTE *pPart, CK_ULONG pPart_len)
{
    call c;
    if (call_begin(&c, 39, SESSION)) {
        put_ulong(&c, hSession);
        put_bytes(&c, pPart, pPart_len);
        call_end_operation(&c, hSession, 0x400);
        call_run(&c);
    }
    return call_end(&c);
}

CK_RV C_DigestKey(CK_ULONG hSession, CK_ULONG hKey)
{
    call c;
    if (call_begin(&c, 40, SESSION)) {
        put_ulong(&c, hSession);
        put_ulong(&c, hKey);
        call_run(&c);
    }
    return call_end(&c);
}

CK_RV C_DigestFinal(CK_ULONG hSession, CK_BYTE *pDigest, CK_ULONG *pDigest_len)
{
    call c;
    if (call_begin(&c, 41, SESSION)) {
        put_ulong(&c, hSession);
        put_buffer(&c, pDigest, pDigest_len);
        call_end_operation(&c, hSession, 0x400);
        if (call_run(&c)) {
            get_buffer(&c, hSession, pDigest, pDigest_len);
        }
    }
    return call_end(&c);
}

CK_RV C_SignInit(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hKey)
{
    call c;
    if (call_begin(&c, 42, SECRET | PARAMETER | SESSION | STARTS)) {
        put_ulong(&c, hSession);
        put_mechanism(&c, pMechanism);
        put_ulong(&c, hKey);
        call_run(&c);
    }
    return call_end(&c);
}

CK_RV C_Sign(CK_ULONG hSession, CK_BYTE *pData, CK_ULONG pData_len, CK_BYTE *pSignature, CK_ULONG *pSignature_len)
{
    call c;
    if (call_begin(&c, 43, SESSION | ENDS | OUTPUT | 42u << ENDS_SHIFT)) {
        put_ulong(&c, hSession);
        put_bytes(&c, pData, pData_len);
        put_buffer(&c, pSignature, pSignature_len);
        call_end_operation(&c, hSession, 0x800);
        if (call_run(&c)) {
            get_buffer(&c, hSession, pSignature, pSignature_len);
        }
    }
    return call_end(&c);
}

CK_RV C_SignUpdate(CK_ULONG hSession, CK_BYTE *pPart, CK_ULONG pPart_len)
{
    call c;
    if (call_begin(&c, 44, SESSION)) {
        put_ulong(&c, hSession);
        put_bytes(&c, pPart, pPart_len);
        call_end_operation(&c, hSession, 0x800);
        call_run(&c);
    }
    return call_end(&c);
}

CK_RV C_SignFinal(CK_ULONG hSession, CK_BYTE *pSignature, CK_ULONG *pSignature_len)
{
    call c;
    if (call_begin(&c, 45, SESSION)) {
        put_ulong(&c, hSession);
        put_buffer(&c, pSignature, pSignature_len);
        call_end_operation(&c, hSession, 0x800);
        if (call_run(&c)) {
            get_buffer(&c, hSession, pSignature, pSignature_len);
        }
    }
    return call_end(&c);
}

CK_RV C_SignRecoverInit(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hKey)
{
    call c;
    if (call_begin(&c, 46, SECRET | PARAMETER | SESSION)) {
        put_ulong(&c, hSession);
        put_mechanism(&c, pMechanism);
        put_ulong(&c, hKey);
        call_run(&c);
    }
    return call_end(&c);
}

CK_RV C_SignRecover(CK_ULONG hSession, CK_BYTE *pData, CK_ULONG pData_len, CK_BYTE *pSignature, CK_ULONG *pSignature_len)
{
    call c;
    if (call_begin(&c, 47, SESSION)) {
        put_ulong(&c, hSession);
        put_bytes(&c, pData, pData_len);
        put_buffer(&c, pSignature, pSignature_len);
        call_end_operation(&c, hSession, 0x1000);
        if (call_run(&c)) {
            get_buffer(&c, hSession, pSignature, pSignature_len);
        }
    }
    return call_end(&c);
}

CK_RV C_VerifyInit(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hKey)
{
    call c;
    if (call_begin(&c, 48, SECRET | PARAMETER | SESSION | STARTS)) {
        put_ulong(&c, hSession);
        put_mechanism(&c, pMechanism);
        put_ulong(&c, hKey);
        call_run(&c);
    }
    return call_end(&c);
}

CK_RV C_Verify(CK_ULONG hSession, CK_BYTE *pData, CK_ULONG pData_len, CK_BYTE *pSignature, CK_ULONG pSignature_len)
{
    call c;
    if (call_begin(&c, 49, SESSION | ENDS | 48u << ENDS_SHIFT)) {
        put_ulong(&c, hSession);
        put_bytes(&c, pData, pData_len);
        limit(&c, pSignature_len, CKR_SIGNATURE_LEN_RANGE);
        put_bytes(&c, pSignature, pSignature_len);
        call_end_operation(&c, hSession, 0x2000);
        call_run(&c);
    }
    return call_end(&c);
}

CK_RV C_VerifyUpdate(CK_ULONG hSession, CK_BYTE *pPart, CK_ULONG pPart_len)
{
    call c;
    if (call_begin(&c, 50, SESSION)) {
        put_ulong(&c, hSession);
        put_bytes(&c, pPart, pPart_len);
        call_end_operation(&c, hSession, 0x2000);
        call_run(&c);
    }
    return call_end(&c);
}

CK_RV C_VerifyFinal(CK_ULONG hSession, CK_BYTE *pSignature, CK_ULONG pSignature_len)
{
    call c;
    if (call_begin(&c, 51, SESSION)) {
        put_ulong(&c, hSession);
        limit(&c, pSignature_len, CKR_SIGNATURE_LEN_RANGE);
        put_bytes(&c, pSignature, pSignature_len);
        call_end_operation(&c, hSession, 0x2000);
        call_run(&c);
    }
    return call_end(&c);
}

CK_RV C_VerifyRecoverInit(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hKey)
{
    call c;
    if (call_begin(&c, 52, SECRET | PARAMETER | SESSION)) {
        put_ulong(&c, hSession);
        put_mechanism(&c, pMechanism);
        put_ulong(&c, hKey);
        call_run(&c);
    }
    return call_end(&c);
}

CK_RV C_VerifyRecover(CK_ULONG hSession, CK_BYTE *pSignature, CK_ULONG pSignature_len, CK_BYTE *pData, CK_ULONG *pData_len)
{
    call c;
    if (call_begin(&c, 53, SESSION)) {
        put_ulong(&c, hSession);
        limit(&c, pSignature_len, CKR_SIGNATURE_LEN_RANGE);
        put_bytes(&c, pSignature, pSignature_len);
        put_buffer(&c, pData, pData_len);
        call_end_operation(&c, hSession, 0x4000);
        if (call_run(&c)) {
            get_buffer(&c, hSession, pData, pData_len);
        }
    }
    return call_end(&c);
}

CK_RV C_DigestEncryptUpdate(CK_ULONG hSession, CK_BYTE *pPart, CK_ULONG pPart_len, CK_BYTE *pEncryptedPart, CK_ULONG *pEncryptedPart_len)
{
    call c;
    if (call_begin(&c, 54, SESSION)) {
        put_ulong(&c, hSession);
        put_bytes(&c, pPart, pPart_len);
        put_buffer(&c, pEncryptedPart, pEncryptedPart_len);
        if (call_run(&c)) {
            get_buffer(&c, hSession, pEncryptedPart, pEncryptedPart_len);
        }
    }
    return call_end(&c);
}

CK_RV C_DecryptDigestUpdate(CK_ULONG hSession, CK_BYTE *pEncryptedPart, CK_ULONG pEncryptedPart_len, CK_BYTE *pPart, CK_ULONG *pPart_len)
{
    call c;
    if (call_begin(&c, 55, SESSION)) {
        put_ulong(&c, hSession);
        limit(&c, pEncryptedPart_len, CKR_ENCRYPTED_DATA_LEN_RANGE);
        put_bytes(&c, pEncryptedPart, pEncryptedPart_len);
        put_buffer(&c, pPart, pPart_len);
        if (call_run(&c)) {
            get_buffer(&c, hSession, pPart, pPart_len);
        }
    }
    return call_end(&c);
}

CK_RV C_SignEncryptUpdate(CK_ULONG hSession, CK_BYTE *pPart, CK_ULONG pPart_len, CK_BYTE *pEncryptedPart, CK_ULONG *pEncryptedPart_len)
{
    call c;
    if (call_begin(&c, 56, SESSION)) {
        put_ulong(&c, hSession);
        put_bytes(&c, pPart, pPart_len);
        put_buffer(&c, pEncryptedPart, pEncryptedPart_len);
        if (call_run(&c)) {
            get_buffer(&c, hSession, pEncryptedPart, pEncryptedPart_len);
        }
    }
    return call_end(&c);
}

CK_RV C_DecryptVerifyUpdate(CK_ULONG hSession, CK_BYTE *pEncryptedPart, CK_ULONG pEncryptedPart_len, CK_BYTE *pPart, CK_ULONG *pPart_len)
{
    call c;
    if (call_begin(&c, 57, SESSION)) {
        put_ulong(&c, hSession);
        limit(&c, pEncryptedPart_len, CKR_ENCRYPTED_DATA_LEN_RANGE);
        put_bytes(&c, pEncryptedPart, pEncryptedPart_len);
        put_buffer(&c, pPart, pPart_len);
        if (call_run(&c)) {
            get_buffer(&c, hSession, pPart, pPart_len);
        }
    }
    return call_end(&c);
}

CK_RV C_GenerateKey(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ATTRIBUTE *pTemplate, CK_ULONG pTemplate_count, CK_ULONG *phKey)
{
    call c;
    if (call_begin(&c, 58, SECRET | PARAMETER | SESSION)) {
        put_ulong(&c, hSession);
        put_mechanism(&c, pMechanism);
        put_template(&c, pTemplate, pTemplate_count);
        need(&c, phKey != NULL);
        if (call_run(&c)) {
            get_ulong(&c, phKey);
        }
    }
    return call_end(&c);
}

CK_RV C_GenerateKeyPair(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ATTRIBUTE *pPublicKeyTemplate, CK_ULONG pPublicKeyTemplate_count, CK_ATTRIBUTE *pPrivateKeyTemplate, CK_ULONG pPrivateKeyTemplate_count, CK_ULONG *phPublicKey, CK_ULONG *phPrivateKey)
{
    call c;
    if (call_begin(&c, 59, SECRET | PARAMETER | SESSION)) {
        put_ulong(&c, hSession);
        put_mechanism(&c, pMechanism);
        put_template(&c, pPublicKeyTemplate, pPublicKeyTemplate_count);
        put_template(&c, pPrivateKeyTemplate, pPrivateKeyTemplate_count);
        need(&c, phPublicKey != NULL);
        need(&c, phPrivateKey != NULL);
        if (call_run(&c)) {
            get_ulong(&c, phPublicKey);
            get_ulong(&c, phPrivateKey);
        }
    }
    return call_end(&c);
}

CK_RV C_WrapKey(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hWrappingKey, CK_ULONG hKey, CK_BYTE *pWrappedKey, CK_ULONG *pWrappedKey_len)
{
    call c;
    if (call_begin(&c, 60, SECRET | PARAMETER | SESSION)) {
        put_ulong(&c, hSession);
        put_mechanism(&c, pMechanism);
        put_ulong(&c, hWrappingKey);
        put_ulong(&c, hKey);
        put_buffer(&c, pWrappedKey, pWrappedKey_len);
        if (call_run(&c)) {
            get_buffer(&c, hSession, pWrappedKey, pWrappedKey_len);
        }
    }
    return call_end(&c);
}

CK_RV C_UnwrapKey(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hUnwrappingKey, CK_BYTE *pWrappedKey, CK_ULONG pWrappedKey_len, CK_ATTRIBUTE *pTemplate, CK_ULONG pTemplate_count, CK_ULONG *phKey)
{
    call c;
    if (call_begin(&c, 61, SECRET | PARAMETER | SESSION)) {
        put_ulong(&c, hSession);
        put_mechanism(&c, pMechanism);
        put_ulong(&c, hUnwrappingKey);
        limit(&c, pWrappedKey_len, CKR_WRAPPED_KEY_LEN_RANGE);
        put_bytes(&c, pWrappedKey, pWrappedKey_len);
        put_template(&c, pTemplate, pTemplate_count);
        need(&c, phKey != NULL);
        if (call_run(&c)) {
            get_ulong(&c, phKey);
        }
    }
    return call_end(&c);
}

CK_RV C_DeriveKey(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hBaseKey, CK_ATTRIBUTE *pTemplate, CK_ULONG pTemplate_count, CK_ULONG *phKey)
{
    call c;
    if (call_begin(&c, 62, SECRET | PARAMETER | SESSION)) {
        put_ulong(&c, hSession);
        put_mechanism(&c, pMechanism);
        put_ulong(&c, hBaseKey);
        put_template(&c, pTemplate, pTemplate_count);
        need(&c, phKey || (c.layout && c.layout->names_keys));
        if (call_run(&c)) {
            get_ulong(&c, phKey);
        }
    }
    return call_end(&c);
}

CK_RV C_SeedRandom(CK_ULONG hSession, CK_BYTE *pSeed, CK_ULONG pSeed_len)
{
    call c;
    if (call_begin(&c, 63, SESSION | KEEPS)) {
        put_ulong(&c, hSession);
        put_bytes(&c, pSeed, pSeed_len);
        call_run(&c);
    }
    return call_end(&c);
}

CK_RV C_GenerateRandom(CK_ULONG hSession, CK_BYTE *RandomData, CK_ULONG RandomData_len)
{
    call c;
    if (call_begin(&c, 64, SECRET | SESSION | KEEPS)) {
        put_ulong(&c, hSession);
        put_fill(&c, RandomData, RandomData_len);
        if (call_run(&c)) {
            get_fill(&c, RandomData, RandomData_len);
        }
    }
    return call_end(&c);
}

CK_RV C_GetFunctionStatus(CK_ULONG hSession)
{
    call c;
    if (call_begin(&c, 65, 0)) {
        put_ulong(&c, hSession);
        call_run(&c);
    }
    return call_end(&c);
}

CK_RV C_CancelFunction(CK_ULONG hSession)
{
    call c;
    if (call_begin(&c, 66, 0)) {
        put_ulong(&c, hSession);
        call_run(&c);
    }
    return call_end(&c);
}

CK_RV C_WaitForSlotEvent(CK_ULONG flags, CK_ULONG *pSlot, void *pRserved)
{
    call c;
    if (call_begin(&c, 67, 0)) {
        put_ulong(&c, flags);
        need(&c, pSlot != NULL);
        need(&c, !pRserved);
        if (call_run(&c)) {
            get_ulong(&c, pSlot);
        }
    }
    return call_end(&c);
}

CK_RV C_LoginUser(CK_ULONG hSession, CK_ULONG userType, CK_BYTE *pPin, CK_ULONG pPin_len, CK_BYTE *pUsername, CK_ULONG pUsername_len)
{
    call c;
    if (call_begin(&c, 70, SECRET | SESSION | FORGETS | OTHERS)) {
        put_ulong(&c, hSession);
        put_ulong(&c, userType);
        put_bytes(&c, pPin, pPin_len);
        put_bytes(&c, pUsername, pUsername_len);
        call_run(&c);
    }
    return call_end(&c);
}

CK_RV C_SessionCancel(CK_ULONG hSession, CK_ULONG flags)
{
    call c;
    if (call_begin(&c, 71, SESSION)) {
        put_ulong(&c, hSession);
        put_ulong(&c, flags);
        call_run(&c);
    }
    return call_end(&c);
}

CK_RV C_MessageEncryptInit(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hKey)
{
    call c;
    if (call_begin(&c, 72, SECRET | PARAMETER | MESSAGE | BEGINS | ENCRYPTS | SESSION)) {
        put_ulong(&c, hSession);
        put_mechanism(&c, pMechanism);
        put_ulong(&c, hKey);
        call_run(&c);
    }
    return call_end(&c);
}

CK_RV C_EncryptMessage(CK_ULONG hSession, void *pParameter, CK_ULONG pParameter_len, CK_BYTE *pAssociatedData, CK_ULONG pAssociatedData_len, CK_BYTE *pPlaintext, CK_ULONG pPlaintext_len, CK_BYTE *pCiphertext, CK_ULONG *pCiphertext_len)
{
    call c;
    if (call_begin(&c, 73, PARAMETER | MESSAGE | ENCRYPTS | SESSION)) {
        put_ulong(&c, hSession);
        put_parameter(&c, pParameter, pParameter_len);
        put_bytes(&c, pAssociatedData, pAssociatedData_len);
        put_bytes(&c, pPlaintext, pPlaintext_len);
        put_buffer(&c, pCiphertext, pCiphertext_len);
        if (call_run(&c)) {
            get_buffer(&c, hSession, pCiphertext, pCiphertext_len);
        }
    }
    return call_end(&c);
}

CK_RV C_EncryptMessageBegin(CK_ULONG hSession, void *pParameter, CK_ULONG pParameter_len, CK_BYTE *pAssociatedData, CK_ULONG pAssociatedData_len)
{
    call c;
    if (call_begin(&c, 74, PARAMETER | MESSAGE | ENCRYPTS | SESSION)) {
        put_ulong(&c, hSession);
        put_parameter(&c, pParameter, pParameter_len);
        put_bytes(&c, pAssociatedData, pAssociatedData_len);
        call_run(&c);
    }
    return call_end(&c);
}

CK_RV C_EncryptMessageNext(CK_ULONG hSession, void *pParameter, CK_ULONG pParameter_len, CK_BYTE *pPlaintextPart, CK_ULONG pPlaintextPart_len, CK_BYTE *pCiphertextPart, CK_ULONG *pCiphertextPart_len, CK_ULONG flags)
{
    call c;
    if (call_begin(&c, 75, PARAMETER | MESSAGE | ENCRYPTS | SESSION)) {
        put_ulong(&c, hSession);
        put_parameter(&c, pParameter, pParameter_len);
        put_bytes(&c, pPlaintextPart, pPlaintextPart_len);
        put_buffer(&c, pCiphertextPart, pCiphertextPart_len);
        put_ulong(&c, flags);
        if (call_run(&c)) {
            get_buffer(&c, hSession, pCiphertextPart, pCiphertextPart_len);
        }
    }
    return call_end(&c);
}

CK_RV C_MessageEncryptFinal(CK_ULONG hSession)
{
    call c;
    if (call_begin(&c, 76, MESSAGE | ENCRYPTS | SESSION)) {
        put_ulong(&c, hSession);
        call_run(&c);
    }
    return call_end(&c);
}

CK_RV C_MessageDecryptInit(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hKey)
{
    call c;
    if (call_begin(&c, 77, SECRET | PARAMETER | MESSAGE | BEGINS | SESSION)) {
        put_ulong(&c, hSession);
        put_mechanism(&c, pMechanism);
        put_ulong(&c, hKey);
        call_run(&c);
    }
    return call_end(&c);
}

CK_RV C_DecryptMessage(CK_ULONG hSession, void *pParameter, CK_ULONG pParameter_len, CK_BYTE *pAssociatedData, CK_ULONG pAssociatedData_len, CK_BYTE *pCiphertext, CK_ULONG pCiphertext_len, CK_BYTE *pPlaintext, CK_ULONG *pPlaintext_len)
{
    call c;
    if (call_begin(&c, 78, PARAMETER | MESSAGE | SESSION)) {
        put_ulong(&c, hSession);
        put_parameter(&c, pParameter, pParameter_len);
        put_bytes(&c, pAssociatedData, pAssociatedData_len);
        limit(&c, pCiphertext_len, CKR_ENCRYPTED_DATA_LEN_RANGE);
        put_bytes(&c, pCiphertext, pCiphertext_len);
        put_buffer(&c, pPlaintext, pPlaintext_len);
        if (call_run(&c)) {
            get_buffer(&c, hSession, pPlaintext, pPlaintext_len);
        }
    }
    return call_end(&c);
}

CK_RV C_DecryptMessageBegin(CK_ULONG hSession, void *pParameter, CK_ULONG pParameter_len, CK_BYTE *pAssociatedData, CK_ULONG pAssociatedData_len)
{
    call c;
    if (call_begin(&c, 79, PARAMETER | MESSAGE | SESSION)) {
        put_ulong(&c, hSession);
        put_parameter(&c, pParameter, pParameter_len);
        put_bytes(&c, pAssociatedData, pAssociatedData_len);
        call_run(&c);
    }
    return call_end(&c);
}

CK_RV C_DecryptMessageNext(CK_ULONG hSession, void *pParameter, CK_ULONG pParameter_len, CK_BYTE *pCiphertextPart, CK_ULONG pCiphertextPart_len, CK_BYTE *pPlaintextPart, CK_ULONG *pPlaintextPart_len, CK_ULONG flags)
{
    call c;
    if (call_begin(&c, 80, PARAMETER | MESSAGE | SESSION)) {
        put_ulong(&c, hSession);
        put_parameter(&c, pParameter, pParameter_len);
        limit(&c, pCiphertextPart_len, CKR_ENCRYPTED_DATA_LEN_RANGE);
        put_bytes(&c, pCiphertextPart, pCiphertextPart_len);
        put_buffer(&c, pPlaintextPart, pPlaintextPart_len);
        put_ulong(&c, flags);
        if (call_run(&c)) {
            get_buffer(&c, hSession, pPlaintextPart, pPlaintextPart_len);
        }
    }
    return call_end(&c);
}

CK_RV C_MessageDecryptFinal(CK_ULONG hSession)
{
    call c;
    if (call_begin(&c, 81, MESSAGE | SESSION)) {
        put_ulong(&c, hSession);
        call_run(&c);
    }
    return call_end(&c);
}

CK_RV C_MessageSignInit(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hKey)
{
    call c;
    if (call_begin(&c, 82, SECRET | PARAMETER | MESSAGE | BEGINS | SESSION)) {
        put_ulong(&c, hSession);
        put_mechanism(&c, pMechanism);
        put_ulong(&c, hKey);
        call_run(&c);
    }
    return call_end(&c);
}

CK_RV C_SignMessage(CK_ULONG hSession, void *pParameter, CK_ULONG pParameter_len, CK_BYTE *pData, CK_ULONG pData_len, CK_BYTE *pSignature, CK_ULONG *pSignature_len)
{
    call c;
    if (call_begin(&c, 83, PARAMETER | MESSAGE | SESSION)) {
        put_ulong(&c, hSession);
        put_parameter(&c, pParameter, pParameter_len);
        put_bytes(&c, pData, pData_len);
        put_buffer(&c, pSignature, pSignature_len);
        if (call_run(&c)) {
            get_buffer(&c, hSession, pSignature, pSignature_len);
        }
    }
    return call_end(&c);
}

CK_RV C_SignMessageBegin(CK_ULONG hSession, void *pParameter, CK_ULONG pParameter_len)
{
    call c;
    if (call_begin(&c, 84, PARAMETER | MESSAGE | SESSION)) {
        put_ulong(&c, hSession);
        put_parameter(&c, pParameter, pParameter_len);
        call_run(&c);
    }
    return call_end(&c);
}

CK_RV C_SignMessageNext(CK_ULONG hSession, void *pParameter, CK_ULONG pParameter_len, CK_BYTE *pData, CK_ULONG pData_len, CK_BYTE *pSignature, CK_ULONG *pSignature_len)
{
    call c;
    if (call_begin(&c, 85, PARAMETER | MESSAGE | SESSION)) {
        put_ulong(&c, hSession);
        put_parameter(&c, pParameter, pParameter_len);
        put_bytes(&c, pData, pData_len);
        put_optional_buffer(&c, pSignature, pSignature_len);
        if (call_run(&c)) {
            get_buffer(&c, hSession, pSignature, pSignature_len);
        }
    }
    return call_end(&c);
}

CK_RV C_MessageSignFinal(CK_ULONG hSession)
{
    call c;
    if (call_begin(&c, 86, MESSAGE | SESSION)) {
        put_ulong(&c, hSession);
        call_run(&c);
    }
    return call_end(&c);
}

CK_RV C_MessageVerifyInit(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hKey)
{
    call c;
    if (call_begin(&c, 87, SECRET | PARAMETER | MESSAGE | BEGINS | SESSION)) {
        put_ulong(&c, hSession);
        put_mechanism(&c, pMechanism);
        put_ulong(&c, hKey);
        call_run(&c);
    }
    return call_end(&c);
}

CK_RV C_VerifyMessage(CK_ULONG hSession, void *pParameter, CK_ULONG pParameter_len, CK_BYTE *pData, CK_ULONG pData_len, CK_BYTE *pSignature, CK_ULONG pSignature_len)
{
    call c;
    if (call_begin(&c, 88, PARAMETER | MESSAGE | SESSION)) {
        put_ulong(&c, hSession);
        put_parameter(&c, pParameter, pParameter_len);
        put_bytes(&c, pData, pData_len);
        limit(&c, pSignature_len, CKR_SIGNATURE_LEN_RANGE);
        put_bytes(&c, pSignature, pSignature_len);
        call_run(&c);
    }
    return call_end(&c);
}

CK_RV C_VerifyMessageBegin(CK_ULONG hSession, void *pParameter, CK_ULONG pParameter_len)
{
    call c;
    if (call_begin(&c, 89, PARAMETER | MESSAGE | SESSION)) {
        put_ulong(&c, hSession);
        put_parameter(&c, pParameter, pParameter_len);
        call_run(&c);
    }
    return call_end(&c);
}

CK_RV C_VerifyMessageNext(CK_ULONG hSession, void *pParameter, CK_ULONG pParameter_len, CK_BYTE *pData, CK_ULONG pData_len, CK_BYTE *pSignature, CK_ULONG pSignature_len)
{
    call c;
    if (call_begin(&c, 90, PARAMETER | MESSAGE | SESSION)) {
        put_ulong(&c, hSession);
        put_parameter(&c, pParameter, pParameter_len);
        put_bytes(&c, pData, pData_len);
        limit(&c, pSignature_len, CKR_SIGNATURE_LEN_RANGE);
        put_bytes(&c, pSignature, pSignature_len);
        call_run(&c);
    }
    return call_end(&c);
}

CK_RV C_MessageVerifyFinal(CK_ULONG hSession)
{
    call c;
    if (call_begin(&c, 91, MESSAGE | SESSION)) {
        put_ulong(&c, hSession);
        call_run(&c);
    }
    return call_end(&c);
}

CK_RV C_EncapsulateKey(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hPublicKey, CK_ATTRIBUTE *pTemplate, CK_ULONG pTemplate_count, CK_BYTE *pCiphertext, CK_ULONG *pCiphertext_len, CK_ULONG *phKey)
{
    call c;
    if (call_begin(&c, 92, SECRET | PARAMETER | SESSION)) {
        put_ulong(&c, hSession);
        put_mechanism(&c, pMechanism);
        put_ulong(&c, hPublicKey);
        put_template(&c, pTemplate, pTemplate_count);
        put_buffer(&c, pCiphertext, pCiphertext_len);
        need(&c, phKey || !pCiphertext);
        if (call_run(&c)) {
            get_buffer(&c, hSession, pCiphertext, pCiphertext_len);
            get_ulong(&c, phKey);
        }
    }
    return call_end(&c);
}

CK_RV C_DecapsulateKey(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hPrivateKey, CK_ATTRIBUTE *pTemplate, CK_ULONG pTemplate_count, CK_BYTE *pCiphertext, CK_ULONG pCiphertext_len, CK_ULONG *phKey)
{
    call c;
    if (call_begin(&c, 93, SECRET | PARAMETER | SESSION)) {
        put_ulong(&c, hSession);
        put_mechanism(&c, pMechanism);
        put_ulong(&c, hPrivateKey);
        put_template(&c, pTemplate, pTemplate_count);
        limit(&c, pCiphertext_len, CKR_WRAPPED_KEY_LEN_RANGE);
        put_bytes(&c, pCiphertext, pCiphertext_len);
        need(&c, phKey != NULL);
        if (call_run(&c)) {
            get_ulong(&c, phKey);
        }
    }
    return call_end(&c);
}

CK_RV C_VerifySignatureInit(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hKey, CK_BYTE *pSignature, CK_ULONG pSignature_len)
{
    call c;
    if (call_begin(&c, 94, SECRET | PARAMETER | SESSION)) {
        put_ulong(&c, hSession);
        put_mechanism(&c, pMechanism);
        put_ulong(&c, hKey);
        limit(&c, pSignature_len, CKR_SIGNATURE_LEN_RANGE);
        put_bytes(&c, pSignature, pSignature_len);
        call_run(&c);
    }
    return call_end(&c);
}

CK_RV C_VerifySignature(CK_ULONG hSession, CK_BYTE *pData, CK_ULONG pData_len)
{
    call c;
    if (call_begin(&c, 95, SESSION)) {
        put_ulong(&c, hSession);
        put_bytes(&c, pData, pData_len);
        call_end_operation(&c, hSession, 0x2000);
        call_run(&c);
    }
    return call_end(&c);
}

CK_RV C_VerifySignatureUpdate(CK_ULONG hSession, CK_BYTE *pPart, CK_ULONG pPart_len)
{
    call c;
    if (call_begin(&c, 96, SESSION)) {
        put_ulong(&c, hSession);
        put_bytes(&c, pPart, pPart_len);
        call_end_operation(&c, hSession, 0x2000);
        call_run(&c);
    }
    return call_end(&c);
}

CK_RV C_VerifySignatureFinal(CK_ULONG hSession)
{
    call c;
    if (call_begin(&c, 97, SESSION)) {
        put_ulong(&c, hSession);
        call_run(&c);
    }
    return call_end(&c);
}

CK_RV C_GetSessionValidationFlags(CK_ULONG hSession, CK_ULONG type, CK_ULONG *pFlags)
{
    call c;
    if (call_begin(&c, 98, SESSION)) {
        put_ulong(&c, hSession);
        put_ulong(&c, type);
        need(&c, pFlags != NULL);
        if (call_run(&c)) {
            get_ulong(&c, pFlags);
        }
    }
    return call_end(&c);
}

CK_RV C_AsyncComplete(CK_ULONG hSession, CK_BYTE *pFunctionName, CK_ASYNC_DATA *pResult)
{
    call c;
    if (call_begin(&c, 99, SESSION)) {
        put_ulong(&c, hSession);
        put_name(&c, pFunctionName);
        if (call_run(&c)) {
            get_async_data(&c, hSession, pFunctionName, pResult);
        }
    }
    return call_end(&c);
}

CK_RV C_AsyncGetID(CK_ULONG hSession, CK_BYTE *pFunctionName, CK_ULONG *pulID)
{
    call c;
    if (call_begin(&c, 100, SESSION)) {
        put_ulong(&c, hSession);
        put_name(&c, pFunctionName);
        need(&c, pulID != NULL);
        if (call_run(&c)) {
            get_ulong(&c, pulID);
        }
    }
    return call_end(&c);
}

CK_RV C_AsyncJoin(CK_ULONG hSession, CK_BYTE *pFunctionName, CK_ULONG ulID, CK_BYTE *pData, CK_ULONG pData_len)
{
    call c;
    if (call_begin(&c, 101, SESSION)) {
        put_ulong(&c, hSession);
        put_name(&c, pFunctionName);
        put_ulong(&c, ulID);
        put_async_buffer(&c, pData, pData_len);
        if (call_run(&c)) {
            if (c.rv == CKR_OK)
                async_join(hSession, pFunctionName, pData, pData_len);
        }
    }
    return call_end(&c);
}

CK_RV C_WrapKeyAuthenticated(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hWrappingKey, CK_ULONG hKey, CK_BYTE *pAssociatedData, CK_ULONG pAssociatedData_len, CK_BYTE *pWrappedKey, CK_ULONG *pWrappedKey_len)
{
    call c;
    if (call_begin(&c, 102, SECRET | PARAMETER | MESSAGE | ENCRYPTS | SESSION)) {
        put_ulong(&c, hSession);
        put_mechanism(&c, pMechanism);
        put_ulong(&c, hWrappingKey);
        put_ulong(&c, hKey);
        put_bytes(&c, pAssociatedData, pAssociatedData_len);
        put_buffer(&c, pWrappedKey, pWrappedKey_len);
        if (call_run(&c)) {
            get_buffer(&c, hSession, pWrappedKey, pWrappedKey_len);
        }
    }
    return call_end(&c);
}

CK_RV C_UnwrapKeyAuthenticated(CK_ULONG hSession, CK_MECHANISM *pMechanism, CK_ULONG hUnwrappingKey, CK_BYTE *pWrappedKey, CK_ULONG pWrappedKey_len, CK_ATTRIBUTE *pTemplate, CK_ULONG pTemplate_count, CK_BYTE *pAssociatedData, CK_ULONG pAssociatedData_len, CK_ULONG *phKey)
{
    call c;
    if (call_begin(&c, 103, SECRET | PARAMETER | MESSAGE | SESSION)) {
        put_ulong(&c, hSession);
        put_mechanism(&c, pMechanism);
        put_ulong(&c, hUnwrappingKey);
        limit(&c, pWrappedKey_len, CKR_WRAPPED_KEY_LEN_RANGE);
        put_bytes(&c, pWrappedKey, pWrappedKey_len);
        put_template(&c, pTemplate, pTemplate_count);
        put_bytes(&c, pAssociatedData, pAssociatedData_len);
        need(&c, phKey != NULL);
        if (call_run(&c)) {
            get_ulong(&c, phKey);
        }
    }
    return call_end(&c);
}
