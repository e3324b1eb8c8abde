/* The connections of one process to the keeper: at most 64, the last used first, one call in flight on each.
 *
 * All of them show the same application token and so share sessions and logins. When one is lost, so is the application:
 * the others are dropped too, and the next call begins a new one, in which old session handles mean nothing.
 *
 * A forked child is told by the process id. It does not share the parent's application: until its C_Initialize
 * every call answers CKR_CRYPTOKI_NOT_INITIALIZED, and that closes its copies of the descriptors without a word on them. */

#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "generated/tables.h"
#include "hsmith.h"
#include "polling.h"

#define CONNECTIONS 64
#define FIRST_ROOM ((size_t)16 << 10)
#define KEEP_ROOM ((size_t)1 << 20)
#define HEAD FRAME_HEAD
#define FINALIZE_SECONDS 5
#define PARTING_NANOSECONDS 1000000000 /* that C_Finalize waits for the keeper to end the application */
#define HELLO_ATTEMPTS 3 /* a keeper that ends closes its connections, and the next one listens */
#define WIRE_VERSION 1

static struct {
    _Atomic pid_t process; /* whose locks these are; negative while that process makes them anew */
    _Atomic bool ready;
    pthread_mutex_t entry;   /* C_Initialize and C_Finalize */
    pthread_mutex_t opening; /* of connections, one at a time: the first makes the application */
    pthread_mutex_t lock;    /* all that follows */
    pthread_cond_t change;
    unsigned epoch; /* counts applications */
    _Atomic unsigned busy;
    unsigned char token[16];
    connection *idle;
    connection pool[CONNECTIONS];
} state;

/* A memset that is not left out because the memory is not read again. */
static void *(*const volatile erase)(void *, int, size_t) = memset;

bool initialized(void)
{
    return atomic_load_explicit(&state.ready, memory_order_acquire)
        && atomic_load_explicit(&state.process, memory_order_relaxed) == getpid();
}

/* Fresh locks for this process: the first time, and after a fork, when another thread of the parent may have held them. */
static void begin_process(void)
{
    pid_t here = getpid(), seen = atomic_load(&state.process);
    while (seen != here) {
        /* A thread of the parent that was at it when the fork came is not here. */
        if (seen == -here || !atomic_compare_exchange_weak(&state.process, &seen, -here)) {
            sched_yield();
            seen = atomic_load(&state.process);
            continue;
        }
        atomic_store(&state.ready, false);
        pthread_mutex_init(&state.entry, NULL);
        pthread_mutex_init(&state.opening, NULL);
        pthread_mutex_init(&state.lock, NULL);
        pthread_cond_init(&state.change, NULL);
        async_begin_process();
        repeat_begin_process();
        search_begin_process();
        state.idle = NULL;
        state.busy = 0;
        for (size_t i = 0; i < CONNECTIONS; i++) {
            connection *link = &state.pool[i];
            if (seen > 0 && link->fd >= 0)
                close(link->fd);
            /* A buffer may have been on its way through realloc when the fork came: not freed. */
            *link = (connection){ .fd = -1 };
        }
        atomic_store(&state.process, here);
        return;
    }
}

/* --- A connection --- */

static void drop(connection *link) /* under the lock, by who holds it, or of an idle one */
{
    int fd = link->fd;
    link->fd = -1;
    mailbox_drop(link);
    if (fd < 0)
        return;
    shutdown(fd, SHUT_RDWR); /* a child that was forked may still have a copy */
    close(fd);
}

static void drop_idle(void) /* under the lock */
{
    for (connection *link = state.idle; link; link = link->next)
        drop(link);
    state.idle = NULL;
}

bool grow(connection *link, size_t used, size_t wanted)
{
    size_t room = link->room ? link->room : FIRST_ROOM;
    while (room < wanted)
        room *= 2;
    if (room == link->room)
        return true;
    unsigned char *larger = malloc(room);
    if (!larger)
        return false;
    if (link->buffer) {
        memcpy(larger, link->buffer, used);
        erase(link->buffer, 0, used);
        free(link->buffer);
    }
    link->buffer = larger;
    link->room = room;
    return true;
}

/* The first exchange of a connection: joins the application, or makes it if the token is zero. */
static CK_RV hello(connection *link, unsigned char *token)
{
    call c = { .link = link, .number = HELLO, .length = HEAD };
    if (!grow(link, 0, HEAD))
        return CKR_HOST_MEMORY;
    put_raw(&c, "HSMITH", 6);
    put_u8(&c, WIRE_VERSION & 0xFF);
    put_u8(&c, WIRE_VERSION >> 8);
    put_u64(&c, TABLES_HASH);
    put_raw(&c, token, 16);
    put_u32(&c, (uint32_t)getpid());
    if (!exchange(&c, NULL))
        return CKR_DEVICE_REMOVED;
    get_bytes(&c, 2 + 8);
    const unsigned char *given = get_bytes(&c, 16);
    get_bytes(&c, get_u32(&c));
    if (c.bad || c.left)
        return CKR_DEVICE_ERROR;
    if (c.rv == CKR_OK)
        memcpy(token, given, 16);
    return c.rv == CKR_OK || c.rv == CKR_ARGUMENTS_BAD || c.rv == CKR_DEVICE_MEMORY ? c.rv : CKR_DEVICE_ERROR;
}

/* Connect a slot of the pool that this thread holds, and greet. CKR_DEVICE_REMOVED: no keeper, or it just ended. */
static CK_RV try_connection(connection *link, bool first)
{
    unsigned char token[16];
    int fd = keeper_connect();
    pthread_mutex_lock(&state.lock);
    drop(link);
    link->fd = fd;
    link->epoch = state.epoch;
    memcpy(token, state.token, 16);
    bool wanted = first || state.ready;
    pthread_mutex_unlock(&state.lock);
    /* From here on C_Finalize can shut it down. */
    if (!wanted)
        return CKR_CRYPTOKI_NOT_INITIALIZED;
    CK_RV rv = fd < 0 ? CKR_DEVICE_REMOVED : hello(link, token);
    if (rv != CKR_OK)
        return rv;
    pthread_mutex_lock(&state.lock);
    if (link->epoch == state.epoch)
        memcpy(state.token, token, 16);
    else
        rv = CKR_DEVICE_ERROR; /* the application ended meanwhile */
    pthread_mutex_unlock(&state.lock);
    return rv;
}

/* CKR_ARGUMENTS_BAD: another keeper, which does not know the application. */
static CK_RV open_connection(connection *link, bool first)
{
    CK_RV rv = CKR_DEVICE_REMOVED;
    pthread_mutex_lock(&state.opening);
    for (int i = 0; i < HELLO_ATTEMPTS && rv == CKR_DEVICE_REMOVED; i++) {
        rv = try_connection(link, first);
        if (link->fd < 0)
            break;
    }
    pthread_mutex_unlock(&state.opening);
    return rv;
}

static void new_application(void) /* under the lock */
{
    state.epoch++;
    memset(state.token, 0, sizeof state.token);
    drop_idle();
    repeat_forget();
    search_forget();
}

/* --- The pool --- */

static CK_RV take(call *c)
{
    pthread_mutex_lock(&state.lock);
    connection *link = NULL;
    while (state.ready && !link) {
        link = state.idle;
        if (link)
            state.idle = link->next;
        for (size_t i = 0; !link && i < CONNECTIONS; i++)
            if (!state.pool[i].busy && state.pool[i].fd < 0)
                link = &state.pool[i];
        if (!link)
            pthread_cond_wait(&state.change, &state.lock);
    }
    if (link) {
        link->busy = true;
        state.busy++;
    }
    pthread_mutex_unlock(&state.lock);
    c->link = link;
    if (!link)
        return CKR_CRYPTOKI_NOT_INITIALIZED;
    if (link->fd >= 0)
        return CKR_OK;
    CK_RV rv = open_connection(link, false);
    c->lost = rv == CKR_ARGUMENTS_BAD;
    return c->lost ? CKR_DEVICE_REMOVED : rv;
}

static void give_back(call *c)
{
    connection *link = c->link;
    if ((c->flags & SECRET) && link->buffer)
        erase(link->buffer, 0, c->length);
    if (link->room > KEEP_ROOM) {
        erase(link->buffer, 0, c->length);
        free(link->buffer);
        link->buffer = NULL;
        link->room = 0;
    }
    pthread_mutex_lock(&state.lock);
    link->busy = false;
    state.busy--;
    if (c->lost && link->epoch == state.epoch)
        new_application();
    if (c->lost && !state.ready)
        c->rv = CKR_CRYPTOKI_NOT_INITIALIZED;
    if (c->unopened || c->lost || !state.ready || link->epoch != state.epoch) {
        drop(link);
    } else {
        link->next = state.idle;
        state.idle = link;
    }
    if (state.ready)
        pthread_cond_signal(&state.change);
    else
        pthread_cond_broadcast(&state.change);
    pthread_mutex_unlock(&state.lock);
}

bool other_calls(void)
{
    return state.busy > 1;
}

/* --- Calls --- */

bool call_begin(call *c, unsigned number, unsigned flags)
{
    c->link = NULL;
    c->rv = CKR_OK;
    c->number = number;
    c->flags = flags;
    c->length = HEAD;
    c->sent_from = 0;
    c->free_from = c->free_to = 0;
    c->segments = 0;
    c->layout = NULL;
    c->hollow = false;
    c->lying = NULL;
    c->left = 0;
    c->lost = c->bad = c->unopened = false;
    if (!initialized()) {
        c->rv = CKR_CRYPTOKI_NOT_INITIALIZED;
        return false;
    }
    /* A thread that is cancelled while it waits would take the connection with it. */
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &c->cancel);
    c->rv = take(c);
    c->unopened = c->rv != CKR_OK;
    if (!c->unopened && !grow(c->link, 0, HEAD))
        c->rv = CKR_HOST_MEMORY;
    return c->rv == CKR_OK;
}

/* What is wrong with an argument is found here, and the keeper does not hear of the call; but the error ends the
 * operation all the same: C_SessionCancel does it, and the caller is told what was wrong. */
void call_end_operation(call *c, CK_ULONG session, CK_ULONG flag)
{
    CK_RV wrong = c->rv;
    if (wrong == CKR_OK || wrong == CKR_HOST_MEMORY)
        return;
    unsigned number = c->number;
    repetition r;
    repeat_ending(c, &r);
    c->rv = CKR_OK;
    c->number = SESSION_CANCEL;
    c->length = HEAD;
    c->sent_from = 0;
    c->segments = 0;
    put_ulong(c, session);
    put_ulong(c, flag);
    c->lost = c->rv != CKR_OK || !exchange(c, r.front ? &r.init : NULL);
    c->left = 0;
    c->number = number;
    c->rv = c->lost ? CKR_DEVICE_REMOVED : wrong;
}

bool call_run(call *c)
{
    repetition r;
    if (c->rv != CKR_OK)
        return false;
    if (repeat_before(c, &r))
        return true;
    search_before(c);
    if (!(c->flags & OTHERS ? others_exchange : exchange)(c, r.front ? &r.init : NULL)) {
        c->lost = true;
        c->rv = CKR_DEVICE_REMOVED;
        return false;
    }
    repeat_after(c, &r);
    if ((c->flags & PARAMETER) && (c->rv == CKR_OK || c->left))
        get_writeback(c);
    return true;
}

CK_RV call_end(call *c)
{
    if (!c->link) {
        if (c->unopened)
            pthread_setcancelstate(c->cancel, NULL);
        return c->rv;
    }
    if (c->bad || c->left || c->lying) { /* an answer that no keeper gives */
        c->lost = true;
        c->rv = CKR_DEVICE_ERROR;
    }
    give_back(c);
    pthread_setcancelstate(c->cancel, NULL);
    return c->rv;
}

/* --- C_Initialize and C_Finalize --- */

CK_RV transport_open(void)
{
    call c = { .link = &state.pool[0] };
    begin_process();
    pthread_mutex_lock(&state.entry);
    if (state.ready) {
        pthread_mutex_unlock(&state.entry);
        return CKR_CRYPTOKI_ALREADY_INITIALIZED;
    }
    pthread_mutex_lock(&state.lock);
    new_application();
    connection *link = NULL;
    for (size_t i = 0; !link && i < CONNECTIONS; i++)
        if (!state.pool[i].busy)
            link = &state.pool[i];
    if (link) {
        link->busy = true;
        state.busy++;
    }
    pthread_mutex_unlock(&state.lock);
    c.link = link;
    c.rv = link ? open_connection(link, true) : CKR_FUNCTION_FAILED;
    if (c.rv == CKR_OK)
        atomic_store(&state.ready, true);
    if (link) {
        CK_RV rv = c.rv;
        c.lost = rv != CKR_OK;
        give_back(&c);
        c.rv = rv;
    }
    pthread_mutex_unlock(&state.entry);
    /* Of what the text lets C_Initialize return: no keeper, or one that cannot be talked to. */
    return c.rv == CKR_DEVICE_REMOVED ? CKR_FUNCTION_FAILED : c.rv == CKR_DEVICE_ERROR ? CKR_GENERAL_ERROR : c.rv;
}

/* The keeper ends the application, and with it its sessions, before it closes its side: after C_Finalize nobody finds them. */
static void part(void) /* under the lock */
{
    for (connection *link = state.idle; link; link = link->next)
        shutdown(link->fd, SHUT_WR);
    int64_t due = nanoseconds() + PARTING_NANOSECONDS;
    for (connection *link = state.idle; link; link = link->next) {
        struct pollfd end = { .fd = link->fd, .events = POLLIN };
        int64_t left = due - nanoseconds();
        while (left > 0 && poll(&end, 1, (int)(left / 1000000) + 1) < 0 && errno == EINTR)
            left = due - nanoseconds();
    }
}

CK_RV transport_close(void)
{
    if (!initialized())
        return CKR_CRYPTOKI_NOT_INITIALIZED;
    pthread_mutex_lock(&state.entry);
    bool ours = atomic_exchange(&state.ready, false);
    if (ours) {
        struct timespec due;
        clock_gettime(CLOCK_REALTIME, &due);
        due.tv_sec += FINALIZE_SECONDS;
        pthread_mutex_lock(&state.lock);
        part();
        new_application();
        for (size_t i = 0; i < CONNECTIONS; i++)
            if (state.pool[i].fd >= 0)
                shutdown(state.pool[i].fd, SHUT_RDWR);
        pthread_cond_broadcast(&state.change);
        /* Threads that waited in C_WaitForSlotEvent leave before the caller may unload the module. */
        while (state.busy && pthread_cond_timedwait(&state.change, &state.lock, &due) != ETIMEDOUT)
            continue;
        for (size_t i = 0; i < CONNECTIONS; i++)
            if (!state.pool[i].busy) {
                free(state.pool[i].buffer);
                state.pool[i] = (connection){ .fd = -1 };
            }
        pthread_mutex_unlock(&state.lock);
        async_forget_all();
    }
    pthread_mutex_unlock(&state.entry);
    return ours ? CKR_OK : CKR_CRYPTOKI_NOT_INITIALIZED;
}
