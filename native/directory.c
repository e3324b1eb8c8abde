/* The directory (directory.h). hsmith.store.directory tells it what each commit does to objects, and fills it when a store is opened.
 *
 * When something does not fit, or there is no memory, the directory is spoiled: it says nothing any more, and the store is asked as
 * ever. */

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "directory.h"
#include "holders.h"
#include "library.h"

enum { PUT = 1, DROP, CLEAR };
enum { STEP = 19 };

struct directory {
    pthread_mutex_t lock;
    _Atomic uint32_t users;
    uint32_t pending; /* commits that are being made: what they change is known when they are through */
    _Bool complete, spoiled;
    struct holders holders;
};

struct tag tag_of(const unsigned char *bytes)
{
    struct tag tag;
    memcpy(&tag, bytes, sizeof tag);
    return tag;
}

static void spoil(struct directory *d)
{
    d->spoiled = 1;
    holders_free(&d->holders);
}

/* --- What a commit does --- */

static int64_t number(const unsigned char *from)
{
    uint64_t value = 0;
    for (int i = 7; i >= 0; i--)
        value = value << 8 | from[i];
    return (int64_t)value;
}

/* The tags of a row, each behind its length, without those that are there twice: how many. -1: they are not a sealer's. */
static int unpack(const unsigned char *packed, size_t length, struct tag *tags)
{
    int count = 0;
    if (length % (1 + TAG_BYTES) || length / (1 + TAG_BYTES) > MOST_TAGS)
        return -1;
    for (; length; packed += 1 + TAG_BYTES, length -= 1 + TAG_BYTES) {
        struct tag tag = tag_of(packed + 1);
        _Bool again = 0;
        if (packed[0] != TAG_BYTES)
            return -1;
        for (int i = 0; i < count; i++)
            again |= memcmp(&tags[i], &tag, sizeof tag) == 0;
        if (!again)
            tags[count++] = tag;
    }
    return count;
}

/* A step: what it is, an id, a token, the length of the tags; then these. Its length; 0: it does not fit. */
static size_t step(struct directory *d, const unsigned char *at, size_t left)
{
    struct tag tags[MOST_TAGS];
    if (left < STEP)
        return 0;
    int64_t id = number(at + 1), token = number(at + 9);
    size_t length = at[17] | (size_t)at[18] << 8;
    if (left < STEP + length || id < 0 || id > MOST_OBJECTS || token < 0 || token > MOST_OBJECTS)
        return 0;
    int count = unpack(at + STEP, length, tags);
    if (count < 0)
        return 0;
    if (at[0] == DROP)
        holders_drop(&d->holders, (uint32_t)id);
    else if (at[0] == CLEAR)
        holders_clear(&d->holders, (uint32_t)token);
    else if (at[0] != PUT || !holders_put(&d->holders, (uint32_t)id, (uint32_t)token, tags, (uint16_t)count))
        return 0;
    return STEP + length;
}

static void apply(struct directory *d, const unsigned char *steps, uint64_t length)
{
    while (length && !d->spoiled) {
        size_t taken = step(d, steps, length);
        if (!taken)
            spoil(d);
        steps += taken;
        length -= taken;
    }
}

/* --- Searching --- */

_Bool directory_hold(struct directory *d)
{
    pthread_mutex_lock(&d->lock);
    if (d->complete && !d->spoiled && !d->pending)
        return 1;
    pthread_mutex_unlock(&d->lock);
    return 0;
}

void directory_release(struct directory *d)
{
    pthread_mutex_unlock(&d->lock);
}

int directory_find(struct directory *d, uint32_t token, const struct tag *tags, size_t count, uint32_t *ids)
{
    return holders_find(&d->holders, token, tags, count, ids);
}

void directory_share(struct directory *d)
{
    atomic_fetch_add(&d->users, 1);
}

void directory_drop(struct directory *d)
{
    if (atomic_fetch_sub(&d->users, 1) > 1)
        return;
    holders_free(&d->holders);
    pthread_mutex_destroy(&d->lock);
    free(d);
}

/* --- By Python: hsmith.store.directory --- */

EXPORT struct directory *directory_new(void)
{
    struct directory *d = calloc(1, sizeof *d);
    if (!d)
        return NULL;
    pthread_mutex_init(&d->lock, NULL);
    d->users = 1;
    if (holders_begin(&d->holders))
        return d;
    directory_drop(d);
    return NULL;
}

/* The store is closed: nothing is said any more. */
EXPORT void directory_close(struct directory *d)
{
    pthread_mutex_lock(&d->lock);
    spoil(d);
    pthread_mutex_unlock(&d->lock);
    directory_drop(d);
}

/* From here on to directory_end a commit may be through, and may not. */
EXPORT void directory_begin(struct directory *d)
{
    pthread_mutex_lock(&d->lock);
    d->pending++;
    pthread_mutex_unlock(&d->lock);
}

/* What was committed; nothing, when it was not. */
EXPORT void directory_end(struct directory *d, const unsigned char *steps, uint64_t length)
{
    pthread_mutex_lock(&d->lock);
    apply(d, steps, length);
    d->pending--;
    pthread_mutex_unlock(&d->lock);
}

/* What was there before, while nothing is committed. ``complete``: that is all. */
EXPORT void directory_load(struct directory *d, const unsigned char *steps, uint64_t length, int complete)
{
    pthread_mutex_lock(&d->lock);
    apply(d, steps, length);
    d->complete |= complete != 0;
    pthread_mutex_unlock(&d->lock);
}

/* How many objects it has, if it says something; else -1. */
EXPORT int64_t directory_count(struct directory *d)
{
    if (!directory_hold(d))
        return -1;
    int64_t count = d->holders.live;
    directory_release(d);
    return count;
}

/* As directory_find, of one moment, so that it can be compared with the database; ``bytes``: the tags, TAG_BYTES each. */
EXPORT int directory_ask(struct directory *d, uint32_t token, const unsigned char *bytes, uint64_t count, uint32_t *ids)
{
    struct tag tags[MOST_TAGS];
    if (!count || count > MOST_TAGS || !directory_hold(d))
        return CANNOT_SAY;
    for (uint64_t i = 0; i < count; i++)
        tags[i] = tag_of(bytes + i * TAG_BYTES);
    int found = directory_find(d, token, tags, count, ids);
    directory_release(d);
    return found;
}
