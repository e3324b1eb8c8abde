/* A program as they are: loads a module, uses it from threads, and unloads it. Run under valgrind, which sees every byte. */

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "pkcs11.h"

static CK_FUNCTION_LIST_3_2 *p11;

#define MUST(call)                                                                                                     \
    do {                                                                                                               \
        CK_RV rv = (call);                                                                                             \
        if (rv != CKR_OK) {                                                                                            \
            fprintf(stderr, "%s: 0x%lx\n", #call, rv);                                                                 \
            return (void *)1;                                                                                          \
        }                                                                                                              \
    } while (0)

static void *work(void *unused)
{
    (void)unused;
    CK_BYTE big[100000] = { 1 }, out[100000], label[20], iv[12] = { 0 }, tag[16], pin[] = "1234";
    CK_ULONG length = sizeof out, handle, count, class = 3, found[4];
    CK_BBOOL yes = 1;
    CK_ATTRIBUTE nested = { 3, label, 5 };
    CK_ATTRIBUTE template[] = { { 0, &class, sizeof class }, { 1, &yes, 1 }, { 3, NULL, 0 },
        { 0x40000211, &nested, sizeof nested } };
    memset(label, 'l', sizeof label);
    MUST(p11->C_OpenSession(1, 4, NULL, NULL, &handle));
    MUST(p11->C_Login(handle, 1, pin, 4));
    MUST(p11->C_FindObjectsInit(handle, template, 4));
    MUST(p11->C_FindObjects(handle, found, 4, &count));
    for (int i = 0; i < 20; i++) {
        CK_GCM_PARAMS gcm = { iv, 12, 96, NULL, 0, 128 };
        CK_MECHANISM mechanism = { 0x1087, &gcm, sizeof gcm };
        CK_GCM_MESSAGE_PARAMS message = { iv, 12, 0, 0, tag, 128 };
        MUST(p11->C_EncryptInit(handle, &mechanism, 1));
        MUST(p11->C_Encrypt(handle, big, i * 5000UL, out, &length));
        length = sizeof out;
        MUST(p11->C_EncryptMessage(handle, &message, sizeof message, NULL, 0, big, 10, out, &length));
        length = sizeof out;
        CK_ATTRIBUTE query[] = { { 3, label, sizeof label }, { 0x100, NULL, 0 } };
        MUST(p11->C_GetAttributeValue(handle, 1, query, 2));
        MUST(p11->C_GenerateRandom(handle, out, 100));
    }
    return NULL;
}

int main(int argc, char **argv)
{
    for (int round = 0; round < 2 && argc > 1; round++) {
        void *library = dlopen(argv[1], RTLD_NOW);
        if (!library)
            return 2;
        CK_RV (*get)(CK_BYTE *, CK_VERSION *, CK_INTERFACE **, CK_ULONG) = NULL;
        *(void **)&get = dlsym(library, "C_GetInterface");
        CK_INTERFACE *interface;
        if (!get || get(NULL, NULL, &interface, 0) != CKR_OK)
            return 3;
        p11 = interface->pFunctionList;
        if (p11->C_Initialize(NULL) != CKR_OK)
            return 4;
        pthread_t thread[3];
        void *bad = NULL;
        for (int i = 0; i < 3; i++)
            pthread_create(&thread[i], NULL, work, NULL);
        for (int i = 0; i < 3; i++) {
            void *result;
            pthread_join(thread[i], &result);
            bad = result ? result : bad;
        }
        if (bad || p11->C_Finalize(NULL) != CKR_OK)
            return 5;
        dlclose(library);
    }
    return 0;
}
