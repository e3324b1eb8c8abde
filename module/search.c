/* Searches whose results are few: they come with the answer to C_FindObjectsInit, and the keeper is done with the search; the
 * rest of it happens here (docs/wire.md, "FIND"). A search with more results is the keeper's, call by call. */

#include <pthread.h>
#include <string.h>

#include "generated/tables.h"
#include "hsmith.h"

#define FIND 0xFF03
#define FIND_FLAG 0x40
#define SESSIONS 64
#define FEW 64

/* COMING: its results are on their way. OVER: so they are, and it has been ended meanwhile. */
enum place { NONE_HERE, COMING, OVER, HERE };

static struct finding {
    enum place stage;
    CK_ULONG session;
    unsigned at, count;
    CK_ULONG handle[FEW];
} findings[SESSIONS];

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t settled = PTHREAD_COND_INITIALIZER;
static unsigned holding; /* calls that may end searches, on their way */

static struct finding *of(CK_ULONG session)
{
    struct finding *f = &findings[session % SESSIONS];
    return f->stage == HERE && f->session == session ? f : NULL;
}

/* A child that was forked knows nothing of the lock before its C_Initialize. */
static bool is_here(CK_ULONG session)
{
    if (!initialized())
        return false;
    pthread_mutex_lock(&lock);
    bool here = of(session) != NULL;
    pthread_mutex_unlock(&lock);
    return here;
}

void search_forget(void)
{
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < SESSIONS; i++)
        findings[i].stage = NONE_HERE;
    pthread_cond_broadcast(&settled);
    pthread_mutex_unlock(&lock);
}

void search_begin_process(void)
{
    pthread_mutex_init(&lock, NULL);
    pthread_cond_init(&settled, NULL);
    holding = 0;
    for (size_t i = 0; i < SESSIONS; i++)
        findings[i].stage = NONE_HERE;
}

void search_end(CK_ULONG session)
{
    pthread_mutex_lock(&lock);
    struct finding *f = &findings[session % SESSIONS];
    if (f->session == session)
        f->stage = f->stage == COMING || f->stage == OVER ? OVER : NONE_HERE;
    pthread_mutex_unlock(&lock);
}

void search_before(const call *c)
{
    if (c->number == SESSION_CANCEL && argument_at(c, 1) & FIND_FLAG)
        search_end(argument_at(c, 0));
}

/* --- Around a call that may end searches of other sessions --- */

/* From now on none begins here. Whether there are some. */
bool search_hold(void)
{
    bool some = false;
    pthread_mutex_lock(&lock);
    holding++;
    for (size_t i = 0; i < SESSIONS; i++)
        some |= findings[i].stage != NONE_HERE;
    pthread_mutex_unlock(&lock);
    return some;
}

/* The session of the next one from ``*at`` on, which moves behind it. */
bool search_next(size_t *at, CK_ULONG *session)
{
    bool found = false;
    pthread_mutex_lock(&lock);
    for (; !found && *at < SESSIONS; (*at)++) {
        found = findings[*at].stage != NONE_HERE;
        *session = findings[*at].session;
    }
    pthread_mutex_unlock(&lock);
    return found;
}

void search_release(void)
{
    pthread_mutex_lock(&lock);
    holding--;
    pthread_mutex_unlock(&lock);
}

/* --- The functions --- */

/* A place for results that are to come: COMING. HERE: the session has a search here. NONE_HERE: there is no place. Another
 * thread's search of the session, on its way, is waited for: it may be either. */
static enum place reserve(CK_ULONG session)
{
    pthread_mutex_lock(&lock);
    struct finding *f = &findings[session % SESSIONS];
    while (f->session == session && (f->stage == COMING || f->stage == OVER))
        pthread_cond_wait(&settled, &lock);
    enum place found = of(session) ? HERE : NONE_HERE;
    if (f->stage == NONE_HERE && !holding && keeper_shares()) {
        f->session = session;
        found = f->stage = COMING;
    }
    pthread_mutex_unlock(&lock);
    return found;
}

/* What has come is all there is, unless ``complete`` is 0: then nothing has come. */
static void read_found(call *c, struct finding *to)
{
    CK_ULONG complete = get_number(c);
    to->count = get_u32(c);
    c->bad |= to->count > FEW || complete > 1 || (!complete && to->count);
    for (uint32_t i = 0; i < to->count && !c->bad; i++)
        to->handle[i] = get_number(c);
    to->stage = complete && !c->bad ? HERE : NONE_HERE;
}

/* ``found``: what has come for the place that is reserved, if anything has. */
static void settle(const struct finding *found)
{
    pthread_mutex_lock(&lock);
    struct finding *f = &findings[found->session % SESSIONS];
    if (f->session == found->session && f->stage == COMING)
        *f = *found;
    else if (f->session == found->session && f->stage == OVER)
        f->stage = NONE_HERE;
    pthread_cond_broadcast(&settled);
    pthread_mutex_unlock(&lock);
}

static void run_find(call *c, CK_ULONG session)
{
    struct finding found = { .session = session, .stage = NONE_HERE };
    c->number = FIND;
    put_u64(c, FEW);
    if (call_run(c) && c->rv == CKR_OK)
        read_found(c, &found);
    settle(&found);
}

CK_RV C_FindObjectsInit(CK_ULONG hSession, CK_ATTRIBUTE *pTemplate, CK_ULONG pTemplate_count)
{
    call c;
    if (call_begin(&c, FIND_OBJECTS_INIT, SECRET | MAILS | SESSION | KEEPS)) {
        put_ulong(&c, hSession);
        put_template(&c, pTemplate, pTemplate_count);
        enum place place = c.rv == CKR_OK ? reserve(hSession) : NONE_HERE;
        if (place == COMING)
            run_find(&c, hSession);
        else if (place == HERE)
            c.rv = CKR_OPERATION_ACTIVE;
        else
            call_run(&c);
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
    if (call_begin(&c, FIND_OBJECTS, SESSION | KEEPS)) {
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
            f->stage = NONE_HERE;
        pthread_mutex_unlock(&lock);
        return f ? CKR_OK : CKR_OPERATION_NOT_INITIALIZED;
    }
    if (call_begin(&c, FIND_OBJECTS_FINAL, SESSION | KEEPS)) {
        put_ulong(&c, hSession);
        call_run(&c);
    }
    return call_end(&c);
}
