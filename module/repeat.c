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

enum stage { NOTHING, RUNNING, ENDED, ARMED };

/* RUNNING: the keeper has the operation. ENDED: it may be repeated. ARMED: answered here, and not sent yet. */
static struct remembered {
    CK_ULONG session;
    enum stage stage;
    uint64_t changes; /* on the page, before the Init was first sent */
    init what;
} memory[SESSIONS];

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const struct shared_page *_Atomic page; /* NULL: the keeper shares none, and nothing is answered here */

static CK_ULONG session_of(const call *c)
{
    CK_ULONG session = 0;
    const unsigned char *b = c->link->buffer + FRAME_HEAD;
    for (int i = 7; i >= 0; i--)
        session = session << 8 | b[i];
    return session;
}

static struct remembered *find(CK_ULONG session)
{
    struct remembered *m = &memory[session % SESSIONS];
    return m->session == session ? m : NULL;
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

/* Before a call is sent. True: it is answered, with CKR_OK. ``r`` gets what must be sent in front of it. */
bool repeat_before(call *c, repetition *r)
{
    r->front = r->candidate = false;
    r->session = 0;
    if (!(c->flags & SESSION) || !page || c->length < FRAME_HEAD + 8)
        return false;
    bool answered = false;
    r->session = session_of(c);
    pthread_mutex_lock(&lock);
    struct remembered *m = find(r->session);
    if (m && m->stage == ARMED) {
        r->front = true;
        r->init = m->what;
        r->changes = m->changes;
        m->stage = NOTHING;
    } else if (c->flags & STARTS) {
        r->candidate = read_init(c, &r->init);
        r->changes = page->changes;
        answered = m && m->stage == ENDED && r->candidate && m->changes == r->changes && same(&m->what, &r->init);
        if (m)
            m->stage = answered ? ARMED : NOTHING;
        if (answered)
            m->what = r->init;
    } else if (m && !(c->flags & (ENDS | KEEPS))) {
        m->stage = NOTHING;
    }
    pthread_mutex_unlock(&lock);
    return answered;
}

/* After the answer has come, before it is taken apart. */
void repeat_after(call *c, const repetition *r)
{
    if (!page || !(c->flags & (SESSION | FORGETS)))
        return;
    unsigned ends = c->flags >> ENDS_SHIFT;
    pthread_mutex_lock(&lock);
    struct remembered *m = &memory[r->session % SESSIONS];
    if (r->candidate && c->rv == CKR_OK && c->left == 1 && m->stage != ARMED) {
        m->session = r->session;
        m->stage = RUNNING;
        m->changes = r->changes;
        m->what = r->init;
    } else if (m->session == r->session && (c->flags & ENDS) && m->stage == (r->front ? NOTHING : RUNNING)) {
        bool ours = (r->front ? r->init.number : m->what.number) == ends;
        bool given = !(c->flags & OUTPUT) || (c->left && c->at[0] == 1);
        bool goes_on = c->rv == CKR_BUFFER_TOO_SMALL || (c->rv == CKR_OK && !given);
        if (r->front) {
            m->what = r->init;
            m->changes = r->changes;
        }
        m->stage = ours && goes_on ? RUNNING : ours && c->rv == CKR_OK ? ENDED : NOTHING;
    }
    if (c->flags & FORGETS)
        for (size_t i = 0; i < SESSIONS; i++)
            if (memory[i].stage != ARMED || (c->flags & LOGS_OUT))
                memory[i].stage = NOTHING;
    pthread_mutex_unlock(&lock);
}

/* The session's operation is ended by other means: what was only answered here is as if it had never been. */
void repeat_drop(call *c)
{
    if (!page || c->length < FRAME_HEAD + 8)
        return;
    pthread_mutex_lock(&lock);
    struct remembered *m = find(session_of(c));
    if (m)
        m->stage = NOTHING;
    pthread_mutex_unlock(&lock);
}

/* Another application begins, perhaps with another keeper. */
void repeat_forget(void)
{
    page = NULL;
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < SESSIONS; i++)
        memory[i].stage = NOTHING;
    pthread_mutex_unlock(&lock);
}

void repeat_begin_process(void)
{
    pthread_mutex_init(&lock, NULL);
    page = NULL; /* the parent's mapping stays where it is: another thread of it may have been reading */
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

bool keeper_shares(void)
{
    return page != NULL;
}
