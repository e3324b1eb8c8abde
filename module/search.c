/* Searches whose results are few: they come with the answer to C_FindObjectsInit, and the keeper is done with the search; the
 * rest of it happens here (docs/wire.md, "FIND"). A search with more results is the keeper's, call by call. */

#include <pthread.h>
#include <string.h>

#include "generated/tables.h"
#include "hsmith.h"

#define FIND 0xFF03
#define INIT 26
#define NEXT 27
#define FINAL 28
#define CLOSE_SESSION 13
#define FIND_FLAG 0x40
#define SESSIONS 64
#define FEW 64

static struct finding {
    bool active;
    CK_ULONG session;
    unsigned at, count;
    CK_ULONG handle[FEW];
} findings[SESSIONS];

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct finding *of(CK_ULONG session)
{
    struct finding *f = &findings[session % SESSIONS];
    return f->active && f->session == session ? f : NULL;
}

static bool is_here(CK_ULONG session)
{
    pthread_mutex_lock(&lock);
    bool here = of(session) != NULL;
    pthread_mutex_unlock(&lock);
    return here && initialized();
}

void search_forget(void)
{
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < SESSIONS; i++)
        findings[i].active = false;
    pthread_mutex_unlock(&lock);
}

void search_begin_process(void)
{
    pthread_mutex_init(&lock, NULL);
    for (size_t i = 0; i < SESSIONS; i++)
        findings[i].active = false;
}

static CK_ULONG number_at(const call *c, size_t at)
{
    CK_ULONG value = 0;
    for (int i = 7; i >= 0; i--)
        value = value << 8 | c->link->buffer[at + (size_t)i];
    return value;
}

/* Some calls end a search of their session. */
void search_before(const call *c)
{
    bool ends = c->number == CLOSE_SESSION && c->length >= FRAME_HEAD + 8;
    if (c->number == SESSION_CANCEL && c->length >= FRAME_HEAD + 16)
        ends = number_at(c, FRAME_HEAD + 8) & FIND_FLAG;
    if (!ends)
        return;
    pthread_mutex_lock(&lock);
    struct finding *f = of(number_at(c, FRAME_HEAD));
    if (f)
        f->active = false;
    pthread_mutex_unlock(&lock);
}

/* What has come is all there is, unless ``complete`` is 0: then nothing has come. */
static void keep_found(call *c, CK_ULONG session)
{
    CK_ULONG complete = get_number(c);
    uint32_t count = get_u32(c);
    c->bad |= count > FEW || complete > 1 || (!complete && count);
    if (c->bad || !complete) {
        for (uint32_t i = 0; i < count && !c->bad; i++)
            get_number(c);
        return;
    }
    pthread_mutex_lock(&lock);
    struct finding *f = &findings[session % SESSIONS];
    f->active = true;
    f->session = session;
    f->at = 0;
    f->count = count;
    for (uint32_t i = 0; i < count; i++)
        f->handle[i] = get_number(c);
    f->active = !c->bad;
    pthread_mutex_unlock(&lock);
}

static bool has_room(CK_ULONG session)
{
    pthread_mutex_lock(&lock);
    bool room = !findings[session % SESSIONS].active;
    pthread_mutex_unlock(&lock);
    return room;
}

CK_RV C_FindObjectsInit(CK_ULONG hSession, CK_ATTRIBUTE *pTemplate, CK_ULONG pTemplate_count)
{
    call c;
    if (is_here(hSession))
        return CKR_OPERATION_ACTIVE;
    bool all = keeper_shares() && has_room(hSession);
    if (call_begin(&c, all ? FIND : INIT, SECRET | SESSION | KEEPS)) {
        put_ulong(&c, hSession);
        put_template(&c, pTemplate, pTemplate_count);
        if (all)
            put_u64(&c, FEW);
        if (call_run(&c) && all && c.rv == CKR_OK)
            keep_found(&c, hSession);
    }
    return call_end(&c);
}

CK_RV C_FindObjects(CK_ULONG hSession, CK_ULONG *phObject, CK_ULONG phObject_most, CK_ULONG *phObject_count)
{
    call c;
    if (is_here(hSession)) {
        if (!phObject_count || (!phObject && phObject_most))
            return CKR_ARGUMENTS_BAD;
        CK_ULONG given = 0;
        pthread_mutex_lock(&lock);
        struct finding *f = of(hSession);
        for (; f && given < phObject_most && f->at < f->count; given++)
            phObject[given] = f->handle[f->at++];
        pthread_mutex_unlock(&lock);
        *phObject_count = given;
        return f ? CKR_OK : CKR_OPERATION_NOT_INITIALIZED;
    }
    if (call_begin(&c, NEXT, SESSION | KEEPS)) {
        put_ulong(&c, hSession);
        put_found(&c, phObject, phObject_most, phObject_count);
        if (call_run(&c))
            get_found(&c, phObject, phObject_most, phObject_count);
    }
    return call_end(&c);
}

CK_RV C_FindObjectsFinal(CK_ULONG hSession)
{
    call c;
    if (is_here(hSession)) {
        pthread_mutex_lock(&lock);
        struct finding *f = of(hSession);
        if (f)
            f->active = false;
        pthread_mutex_unlock(&lock);
        return f ? CKR_OK : CKR_OPERATION_NOT_INITIALIZED;
    }
    if (call_begin(&c, FINAL, SESSION | KEEPS)) {
        put_ulong(&c, hSession);
        call_run(&c);
    }
    return call_end(&c);
}
