/* The functions that need no keeper: initialisation, the lists of functions and the interfaces (section 5.4). */

#include <string.h>

#include "generated/tables.h"
#include "hsmith.h"

CK_RV C_Initialize(void *pInitArgs)
{
    const CK_C_INITIALIZE_ARGS *args = pInitArgs;
    if (args) {
        int given = !!args->CreateMutex + !!args->DestroyMutex + !!args->LockMutex + !!args->UnlockMutex;
        if (args->pReserved || (given != 0 && given != 4))
            return CKR_ARGUMENTS_BAD;
        /* The system's own locks serve every way of locking that can be asked for, callbacks included:
         * these exist for libraries that have no locks of their own. */
    }
    return transport_open();
}

CK_RV C_Finalize(void *pReserved)
{
    return pReserved ? CKR_ARGUMENTS_BAD : transport_close();
}

static void blank_padded(CK_BYTE *to, const char *from)
{
    memset(to, ' ', 32);
    memcpy(to, from, strlen(from));
}

/* The version is that of the interface through which the caller asks. */
static CK_RV get_info(CK_INFO *info, CK_BYTE major, CK_BYTE minor)
{
    if (!initialized())
        return CKR_CRYPTOKI_NOT_INITIALIZED;
    if (!info)
        return CKR_ARGUMENTS_BAD;
    memset(info, 0, sizeof *info);
    info->cryptokiVersion = (CK_VERSION){ major, minor };
    blank_padded(info->manufacturerID, "hsmith");
    blank_padded(info->libraryDescription, "hsmith PKCS#11 module");
    info->libraryVersion = (CK_VERSION){ LIBRARY_MAJOR, LIBRARY_MINOR };
    return CKR_OK;
}

CK_RV C_GetInfo(CK_INFO *pInfo)
{
    return get_info(pInfo, 3, 2);
}

static CK_RV get_info_3_0(CK_INFO *pInfo)
{
    return get_info(pInfo, 3, 0);
}

static CK_RV get_info_2_40(CK_INFO *pInfo)
{
    return get_info(pInfo, 2, 40);
}

static const CK_FUNCTION_LIST list_2_40 = { { 2, 40 }, FUNCTIONS_2_40(get_info_2_40) };
static const CK_FUNCTION_LIST_3_0 list_3_0 = { { 3, 0 }, FUNCTIONS_2_40(get_info_3_0), FUNCTIONS_3_0 };
static const CK_FUNCTION_LIST_3_2 list_3_2 = { { 3, 2 }, FUNCTIONS_2_40(C_GetInfo), FUNCTIONS_3_0, FUNCTIONS_3_2 };

#define CONSTANT(list) ((void *)(uintptr_t)&(list)) /* the caller must not write it, says the text */
static CK_INTERFACE interfaces[] = {
    { (CK_BYTE *)"PKCS 11", CONSTANT(list_3_2), 0 },
    { (CK_BYTE *)"PKCS 11", CONSTANT(list_3_0), 0 },
    { (CK_BYTE *)"PKCS 11", CONSTANT(list_2_40), 0 },
};
enum { INTERFACES = sizeof interfaces / sizeof *interfaces };

CK_RV C_GetFunctionList(CK_FUNCTION_LIST **ppFunctionList)
{
    if (!ppFunctionList)
        return CKR_ARGUMENTS_BAD;
    *ppFunctionList = CONSTANT(list_2_40);
    return CKR_OK;
}

CK_RV C_GetInterfaceList(CK_INTERFACE *pInterfacesList, CK_ULONG *pulCount)
{
    if (!pulCount)
        return CKR_ARGUMENTS_BAD;
    CK_ULONG room = *pulCount;
    *pulCount = INTERFACES;
    if (pInterfacesList && room < INTERFACES)
        return CKR_BUFFER_TOO_SMALL;
    if (pInterfacesList)
        memcpy(pInterfacesList, interfaces, sizeof interfaces);
    return CKR_OK;
}

CK_RV C_GetInterface(CK_BYTE *pInterfaceName, CK_VERSION *pVersion, CK_INTERFACE **ppInterface, CK_ULONG flags)
{
    if (!ppInterface)
        return CKR_ARGUMENTS_BAD;
    for (int i = 0; i < INTERFACES; i++) {
        const CK_VERSION *version = interfaces[i].pFunctionList;
        if (pInterfaceName && strcmp((const char *)pInterfaceName, (const char *)interfaces[i].pInterfaceName))
            continue;
        if (pVersion && (pVersion->major != version->major || pVersion->minor != version->minor))
            continue;
        if ((interfaces[i].flags & flags) != flags)
            continue;
        *ppInterface = &interfaces[i];
        return CKR_OK;
    }
    return CKR_ARGUMENTS_BAD;
}
