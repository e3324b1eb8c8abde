/* A C_*Init that is repeated is answered here, and travels in front of the call that follows it: one operation is then one
 * round trip (docs/wire.md, "BOTH").
 *
 * Remembered for each session: the last Init that the keeper accepted and whose operation has ended since. The same Init again,
 * with nothing changed meanwhile, would be accepted again. Whether something has changed is on a page that the keeper
 * shares: a number that grows whenever an object is changed or destroyed. The keeper checks everything once more. */

#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hsmith.h"

#define SESSIONS 256
#define PAGE_SIZE 4096

enum stage { NOTHING, RUNNING, ENDED, ARMED, SENDING };

/* RUNNING: the keeper has the operation. ENDED: it may be repeated. ARMED: answered here, and not sent yet. SENDING: on its way, by
 * a thread that has another session's call to make. */
static struct remembered {
    CK_ULONG session;
    enum stage stage;
    unsigned stamp;   /* another for each call that touches operations of these sessions */
    uint64_t changes; /* on the page, before the Init was first sent */
    init what;
} memory[SESSIONS];

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t sent = PTHREAD_COND_INITIALIZER;
static unsigned armed, sending; /* sessions that are ARMED and SENDING */
static unsigned holding;        /* calls after which other sessions' Inits may be refused */
static const struct shared_page *_Atomic page; /* NULL: the keeper shares none, and nothing is answered here */

static struct remembered *find(CK_ULONG session)
{
    struct remembered *m = &memory[session % SESSIONS];
    return m->session == session ? m : NULL;
}

static void put_stage(struct remembered *m, enum stage stage)
{
    armed += (stage == ARMED) - (unsigned)(m->stage == ARMED);
    sending += (stage == SENDING) - (unsigned)(m->stage == SENDING);
    if (m->stage == SENDING)
        pthread_cond_broadcast(&sent);
    m->stage = stage;
}

/* What the request in the buffer says; false when it is too long to be remembered. */
static bool read_init(const call *c, init *to)
{
    size_t length = c->length - FRAME_HEAD;
    if (c->segments || length > sizeof to->request)
        return false;
    to->number = (unsigned short)c->number;
    to->length = (unsigned short)length;
    to->free_from = c->free_from > FRAME_HEAD ? (unsigned short)(c->free_from - FRAME_HEAD) : 0;
    to->free_to = c->free_to > FRAME_HEAD ? (unsigned short)(c->free_to - FRAME_HEAD) : 0;
    memcpy(to->request, c->link->buffer + FRAME_HEAD, length);
    return true;
}

/* The same but for the bytes of an initialisation vector: of these only the number matters to an Init. */
static bool same(const init *a, const init *b)
{
    return a->number == b->number && a->length == b->length && a->free_from == b->free_from && a->free_to == b->free_to
        && memcmp(a->request, b->request, a->free_from) == 0
        && memcmp(a->request + a->free_to, b->request + a->free_to, (size_t)(a->length - a->free_to)) == 0;
}

/* The session's memory, or that of another one in its place. Under the lock, which is left while its Init is on its way: the
 * call must not overtake it. */
static struct remembered *place_of(const repetition *r)
{
    struct remembered *m = &memory[r->session % SESSIONS];
    while (m->session == r->session && m->stage == SENDING)
        pthread_cond_wait(&sent, &lock);
    return m;
}

/* What is armed goes in front. */
static bool take_front(struct remembered *m, repetition *r)
{
    if (m->session != r->session || m->stage != ARMED)
        return false;
    r->front = true;
    r->init = m->what;
    r->changes = m->changes;
    put_stage(m, NOTHING);
    return true;
}

static bool answers(const struct remembered *m, const repetition *r)
{
    return m->session == r->session && m->stage == ENDED && r->candidate && !holding && m->changes == r->changes
        && same(&m->what, &r->init);
}

/* False: there is no session in the request yet. */
static bool names_session(repetition *r, const call *c)
{
    r->front = r->candidate = false;
    r->session = argument_at(c, 0);
    r->stamp = 0;
    return c->length >= FRAME_HEAD + 8;
}

/* Before a call is sent. True: it is answered, with CKR_OK. ``r`` gets what must be sent in front of it. */
bool repeat_before(call *c, repetition *r)
{
    const struct shared_page *shared = page;
    if (!names_session(r, c) || !(c->flags & SESSION) || !shared)
        return false;
    bool answered = false;
    pthread_mutex_lock(&lock);
    struct remembered *m = place_of(r);
    bool ours = m->session == r->session;
    if (take_front(m, r)) {
        /* and the keeper has it */
    } else if (c->flags & STARTS) {
        r->candidate = read_init(c, &r->init);
        r->changes = shared->changes;
        answered = answers(m, r);
        if (ours)
            put_stage(m, answered ? ARMED : NOTHING);
        if (answered)
            m->what = r->init;
    } else if (ours && !(c->flags & (ENDS | KEEPS))) {
        put_stage(m, NOTHING);
    }
    if (r->front || !(c->flags & KEEPS))
        m->stamp++;
    r->stamp = m->stamp;
    pthread_mutex_unlock(&lock);
    return answered;
}

static void begun(struct remembered *m, const repetition *r)
{
    m->session = r->session;
    m->changes = r->changes;
    m->what = r->init;
    put_stage(m, RUNNING);
}

static void ended(struct remembered *m, const call *c, const repetition *r)
{
    if (r->front) {
        m->what = r->init;
        m->changes = r->changes;
    }
    bool ours = m->what.number == c->flags >> ENDS_SHIFT;
    bool given = !(c->flags & OUTPUT) || (c->left && c->at[0] == 1);
    bool goes_on = c->rv == CKR_BUFFER_TOO_SMALL || (c->rv == CKR_OK && !given);
    put_stage(m, ours && goes_on ? RUNNING : ours && c->rv == CKR_OK ? ENDED : NOTHING);
}

/* After the answer has come, before it is taken apart. Where another call of the session came between, nothing is known. */
void repeat_after(call *c, const repetition *r)
{
    if (!page || !(c->flags & SESSION))
        return;
    pthread_mutex_lock(&lock);
    struct remembered *m = &memory[r->session % SESSIONS];
    bool alone = m->stamp == r->stamp && m->stage != ARMED && m->stage != SENDING;
    if (alone && r->candidate && c->rv == CKR_OK && c->left == 1)
        begun(m, r);
    else if (alone && m->session == r->session && (c->flags & ENDS) && m->stage == (r->front ? NOTHING : RUNNING))
        ended(m, c, r);
    pthread_mutex_unlock(&lock);
}

/* In front of a C_SessionCancel that the module sends by itself, in place of ``c``. */
void repeat_ending(const call *c, repetition *r)
{
    if (!names_session(r, c) || !page)
        return;
    pthread_mutex_lock(&lock);
    struct remembered *m = place_of(r);
    if (!take_front(m, r) && m->session == r->session)
        put_stage(m, NOTHING);
    m->stamp++;
    pthread_mutex_unlock(&lock);
}

/* --- Around a call that is OTHERS --- */

/* From now on no Init is answered here. Whether some have been that are not sent yet. */
bool repeat_hold(void)
{
    pthread_mutex_lock(&lock);
    holding++;
    bool some = armed || sending;
    pthread_mutex_unlock(&lock);
    return some;
}

/* One of them, to be sent. False: there is none, nor one that another thread is sending. */
bool repeat_take(repetition *r)
{
    pthread_mutex_lock(&lock);
    while (!armed && sending)
        pthread_cond_wait(&sent, &lock);
    bool some = armed;
    for (size_t i = 0; some && i < SESSIONS; i++) {
        struct remembered *m = &memory[i];
        if (m->stage != ARMED)
            continue;
        put_stage(m, SENDING);
        r->session = m->session;
        r->stamp = ++m->stamp;
        r->init = m->what;
        break;
    }
    pthread_mutex_unlock(&lock);
    return some;
}

void repeat_taken(const repetition *r, bool accepted)
{
    pthread_mutex_lock(&lock);
    struct remembered *m = find(r->session);
    if (m && m->stage == SENDING && m->stamp == r->stamp)
        put_stage(m, accepted ? RUNNING : NOTHING);
    pthread_mutex_unlock(&lock);
}

static void forget(bool all) /* under the lock */
{
    for (size_t i = 0; i < SESSIONS; i++)
        if (all || memory[i].stage != SENDING) {
            memory[i].stamp++;
            put_stage(&memory[i], NOTHING);
        }
}

/* ``forgets``: what was accepted may not be any more. */
void repeat_release(bool forgets)
{
    pthread_mutex_lock(&lock);
    if (forgets)
        forget(false);
    holding--;
    pthread_mutex_unlock(&lock);
}

/* Another application begins, perhaps with another keeper. */
void repeat_forget(void)
{
    page = NULL;
    pthread_mutex_lock(&lock);
    forget(true);
    pthread_mutex_unlock(&lock);
}

void repeat_begin_process(void)
{
    pthread_mutex_init(&lock, NULL);
    pthread_cond_init(&sent, NULL);
    page = NULL; /* the parent's mapping stays where it is: another thread of it may have been reading */
    armed = sending = holding = 0;
    for (size_t i = 0; i < SESSIONS; i++)
        memory[i].stage = NOTHING;
}

/* A page that cannot shrink under its reader; anything else is as good as none. The same one comes with each connection: it is mapped
 * once. Called by one thread at a time; another keeper's stays mapped, as somebody may be reading it. */
void repeat_share(int fd)
{
    static const struct shared_page *mapped;
    static struct stat known;
    struct stat found;
    int seals = fcntl(fd, F_GET_SEALS);
    bool good = seals >= 0 && (seals & F_SEAL_SHRINK) && !fstat(fd, &found) && found.st_size >= PAGE_SIZE;
    if (good && !(mapped && known.st_dev == found.st_dev && known.st_ino == found.st_ino)) {
        void *at = mmap(NULL, PAGE_SIZE, PROT_READ, MAP_SHARED, fd, 0);
        good = at != MAP_FAILED;
        if (good) {
            mapped = at;
            known = found;
        }
    }
    close(fd);
    if (good)
        page = mapped;
}

/* How many calls the keeper is answering now, for all its clients. */
unsigned keeper_calls(void)
{
    const struct shared_page *p = page;
    return p ? p->calls + p->seats : UINT32_MAX;
}

/* The thread that serves many connections looks into their mailboxes. */
bool hub_awake(void)
{
    const struct shared_page *p = page;
    return p && p->hub_awake;
}

/* The keeper takes a request out of a mailbox also when its answer is waited for at the socket. */
bool keeper_wakes(void)
{
    const struct shared_page *p = page;
    return p && p->wakes;
}

/* More than one of its threads answers short calls just now. */
bool keeper_helps(void)
{
    const struct shared_page *p = page;
    return p && p->helping;
}

bool keeper_shares(void)
{
    return page != NULL;
}
