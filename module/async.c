/* Asynchronous calls (section 5.22): a call that answers CKR_PENDING leaves its output buffer with the module, and
 * C_AsyncComplete puts the result there. */

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "hsmith.h"

typedef struct pending {
    struct pending *next;
    CK_ULONG session;
    unsigned function;
    CK_BYTE *data;
    CK_ULONG room;
} pending;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pending *all;

static unsigned number_of(const CK_BYTE *name)
{
    for (unsigned i = 0; name && i < function_count; i++)
        if (!strcmp((const char *)name, function_names[i]))
            return i;
    return function_count;
}

/* Take a buffer out of the list: each result comes once. */
static pending take(CK_ULONG session, unsigned function)
{
    pending found = { 0 };
    pthread_mutex_lock(&lock);
    for (pending **at = &all; *at; at = &(*at)->next)
        if ((*at)->session == session && (*at)->function == function) {
            pending *gone = *at;
            found = *gone;
            *at = gone->next;
            free(gone);
            break;
        }
    pthread_mutex_unlock(&lock);
    return found;
}

void async_remember(CK_ULONG session, unsigned function, CK_BYTE *data, CK_ULONG room)
{
    take(session, function);
    pending *one = data ? malloc(sizeof *one) : NULL;
    if (!one)
        return;
    pthread_mutex_lock(&lock);
    *one = (pending){ all, session, function, data, room };
    all = one;
    pthread_mutex_unlock(&lock);
}

void async_join(CK_ULONG session, const CK_BYTE *name, CK_BYTE *data, CK_ULONG room)
{
    async_remember(session, number_of(name), data, room);
}

/* After a fork nothing is known of the lock, nor of a list that another thread may have been changing. */
void async_begin_process(void)
{
    pthread_mutex_init(&lock, NULL);
    all = NULL;
}

void async_forget_all(void)
{
    pthread_mutex_lock(&lock);
    while (all) {
        pending *next = all->next;
        free(all);
        all = next;
    }
    pthread_mutex_unlock(&lock);
}

/* The pointer goes back to the caller after success and after failure, so that it may be freed. */
void get_async_data(call *c, CK_ULONG session, const CK_BYTE *name, CK_ASYNC_DATA *result)
{
    if (c->rv == CKR_PENDING || c->lost)
        return;
    pending place = take(session, number_of(name));
    if (c->rv != CKR_OK) {
        if (result)
            result->pValue = place.data;
        return;
    }
    CK_ASYNC_DATA given = { .ulVersion = get_number(c), .pValue = place.data };
    given.ulValue = get_u32(c);
    const unsigned char *value = get_bytes(c, given.ulValue);
    given.hObject = get_number(c);
    given.hAdditionalObject = get_number(c);
    c->bad |= place.data && given.ulValue > place.room;
    if (c->bad)
        return;
    if (place.data && given.ulValue)
        memcpy(place.data, value, given.ulValue);
    if (result)
        *result = given;
}
