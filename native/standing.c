/* Operations that stand. hsmith.wire.standing lets them stand, and fall; channel.c and hub.c ask here first.
 *
 * Nothing is decided here. That a call would be accepted is known, as it was accepted before, from the same bytes, and the
 * keeper revokes it when the session or the login ends, and counts a change (on the page) when any object or token does.
 * What does not fit, for whatever reason, goes to Python as if nothing had been here. */

#define _DEFAULT_SOURCE
#include <string.h>

#include "../module/polling.h"
#include "standing.h"

#define BOTH 0xFF02
#define FIND 0xFF03
#define HEAD 8   /* of a frame: length, number, flags */
#define PAIR 12  /* of a BOTH */
#define SESSION 8
#define OUTER 20 /* of a call with data: session, length, and behind the data its room */
#define REPLY 13 /* before the data of a reply: length, rv, that it is there, its length */
#define NO_ROOM (UINT64_MAX - 1) /* from here on it is no number of bytes */
#define SAMPLED 32
#define SHORT 250000 /* nanoseconds */

static uint64_t little(const unsigned char *from, int bytes)
{
    uint64_t value = 0;
    while (bytes--)
        value = value << 8 | from[bytes];
    return value;
}

static void put_little(unsigned char *to, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        to[i] = (unsigned char)(value >> 8 * i);
}

/* --- By whoever serves the connection --- */

/* So that nobody else writes or runs it. */
static _Bool claimed(struct standing *one, uint32_t from)
{
    return atomic_compare_exchange_strong(&one->state, &from, BUSY);
}

static void discard(struct standing *one)
{
    work_free(one->work);
    search_free(one->search);
    one->work = NULL;
    one->search = NULL;
    atomic_store(&one->state, FREE);
}

static void released(struct standing *one)
{
    uint32_t busy = BUSY;
    if (!atomic_compare_exchange_strong(&one->state, &busy, READY))
        discard(one);
}

static _Bool same(const struct standing *one, const unsigned char *pair)
{
    return memcmp(one->pair, pair, one->free_from) == 0
        && memcmp(one->pair + one->free_to, pair + one->free_to, (size_t)(one->length - one->free_to)) == 0;
}

static _Bool find_search(struct standings *all, const unsigned char *frame, uint64_t length, struct standing_call *call)
{
    uint64_t session = little(frame + HEAD, SESSION);
    for (uint32_t i = 0; i < all->most; i++) {
        struct standing *one = &all->one[i];
        if (one->length || one->session != session || !claimed(one, READY))
            continue;
        call->standing = one;
        call->task = (struct task){ .data = frame + HEAD + SESSION, .length = length - HEAD - SESSION };
        if (one->search)
            return 1;
        released(one);
    }
    return 0;
}

_Bool standing_find(struct standings *all, const unsigned char *frame, uint64_t length, struct standing_call *call)
{
    if (!all || !all->most || length < HEAD + SESSION || little(frame, 4) + 4 != length)
        return 0;
    if (little(frame + 4, 4) == FIND)
        return find_search(all, frame, length, call);
    if (little(frame + 4, 4) != BOTH || length < HEAD + PAIR + OUTER)
        return 0;
    const unsigned char *pair = frame + HEAD;
    uint64_t left = length - HEAD - PAIR, first = little(pair + 4, 2);
    if (first + OUTER > left)
        return 0;
    const unsigned char *rest = pair + PAIR + first;
    uint64_t data = little(rest + 8, 4), session = little(rest, 8);
    if (first + OUTER + data != left)
        return 0;
    for (uint32_t i = 0; i < all->most; i++) {
        struct standing *one = &all->one[i];
        if (one->length != PAIR + first || one->session != session || !same(one, pair) || !claimed(one, READY))
            continue;
        uint64_t room = little(rest + 12 + data, 8);
        call->standing = one;
        call->task = (struct task){ .iv = pair + one->free_from, .iv_length = (size_t)(one->free_to - one->free_from),
            .data = rest + 12, .length = data, .room = room < NO_ROOM ? room : 0 };
        return 1;
    }
    return 0;
}

static void counted(struct standing *one, int64_t since)
{
    uint64_t took = (uint64_t)(nanoseconds() - since), bucket = 0;
    for (uint64_t left = took / 1000; left && bucket < BUCKETS - 1; left >>= 1)
        bucket++;
    atomic_fetch_add_explicit(&one->nanoseconds, took, memory_order_relaxed);
    atomic_fetch_add_explicit(&one->within[bucket], 1, memory_order_relaxed);
    one->is_short = took < SHORT;
}

static uint64_t pair_answer(struct standing *one, struct task *task, const struct shared_page *page, unsigned char *answer, uint64_t room)
{
    if (atomic_load(&page->changes) != one->changes || room <= REPLY || task->room < work_size(one->work, task->length))
        return 0;
    task->out = answer + REPLY;
    task->room = room - REPLY;
    int64_t size = work_run(one->work, task);
    if (size < 0)
        return 0;
    put_little(answer, (uint64_t)size + REPLY - 4, 4);
    put_little(answer + 4, 0, 4);
    answer[8] = 1;
    put_little(answer + 9, (uint64_t)size, 4);
    return (uint64_t)size + REPLY;
}

uint64_t standing_answer(struct standing_call *call, const struct shared_page *page, unsigned char *answer, uint64_t room)
{
    struct standing *one = call->standing;
    struct task *task = &call->task;
    _Bool measures = atomic_load_explicit(&one->calls, memory_order_relaxed) % SAMPLED == SAMPLED - 1;
    int64_t since = measures ? nanoseconds() : 0;
    uint64_t length = one->search ? search_answer(one->search, task->data, task->length, answer, room)
                                  : pair_answer(one, task, page, answer, room);
    if (length && measures)
        counted(one, since);
    if (length)
        atomic_fetch_add_explicit(&one->calls, 1, memory_order_relaxed);
    released(one);
    return length;
}

void standing_unsaid(const struct standing_call *call)
{
    atomic_fetch_sub_explicit(&call->standing->calls, 1, memory_order_relaxed);
}

/* --- By Python --- */

EXPORT uint64_t standing_size(void)
{
    return sizeof(struct standing);
}

/* A place for one more: the oldest one makes room. Its counts are left, for Python to take. -1: none is free just now. */
EXPORT int standing_place(struct standings *all)
{
    uint32_t number = all->next;
    struct standing *one = &all->one[number];
    if (claimed(one, READY))
        discard(one);
    if (!claimed(one, FREE))
        return -1;
    all->next = (number + 1) % STANDING;
    return (int)number;
}

/* What goes there; the work is its own from now on. */
EXPORT void standing_put(struct standings *all, int number, struct work *work, const unsigned char *pair, uint16_t length,
    uint16_t free_from, uint16_t free_to, uint64_t session, uint64_t changes)
{
    struct standing *one = &all->one[number];
    one->work = work;
    one->is_short = 0;
    one->changes = changes;
    one->session = session;
    one->free_from = free_from;
    one->free_to = free_to;
    one->length = length;
    if (length)
        memcpy(one->pair, pair, length);
    if (all->most <= (uint32_t)number)
        all->most = (uint32_t)number + 1;
    released(one);
}

/* The same of a session's searches. */
EXPORT void standing_put_search(struct standings *all, int number, struct search *search, uint64_t session)
{
    all->one[number].search = search;
    standing_put(all, number, NULL, NULL, 0, 0, 0, session, 0);
}

/* It has been looked at again, and still holds. 0: it is not there any more. */
EXPORT int standing_renew(struct standings *all, int number, uint64_t changes)
{
    struct standing *one = &all->one[number];
    if (!claimed(one, READY))
        return 0;
    one->changes = changes;
    released(one);
    return 1;
}

/* From now on it is not answered here; what is being answered began before. */
EXPORT void standing_revoke(struct standings *all, int number)
{
    struct standing *one = &all->one[number];
    uint32_t state = atomic_load(&one->state);
    while (state == READY || state == BUSY) {
        uint32_t becomes = state == READY ? BUSY : GONE;
        if (atomic_compare_exchange_strong(&one->state, &state, becomes)) {
            if (becomes == BUSY)
                discard(one);
            return;
        }
    }
}
