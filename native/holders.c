/* Who has which tag (holders.h).
 *
 * An object has a few tags of its own (its label, its id) and some that many have (its class). The former are entries in a table of
 * chains; the latter are crowded tags, each with a number, and all that one object has of these are its kind, which many share. So an
 * object takes some 100 bytes. A tag stays crowded when its holders have gone. */

#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "holders.h"

enum { KIND_CHAINS = 1 << 16 };
#define NONE UINT32_MAX
#define CROWD ((uint32_t)1 << 31) /* an entry that stands for all holders: its number, in place of an object */

/* One object's tag; or a tag that is crowded. */
struct entry {
    struct tag tag;
    uint32_t object; /* its place */
    uint32_t next;   /* in its chain; or among the free ones */
};

struct object {
    uint32_t id, token;
    uint32_t next;  /* in its chain; or among the free ones */
    uint32_t first; /* of its entries, which are side by side */
    uint32_t kind;
    uint32_t count; /* of its entries */
};

/* Crowded tags that objects have in common, in order. */
struct kind {
    uint32_t next; /* in its chain: its place, and one */
    uint32_t count;
    uint32_t crowds[];
};

static struct entry *entry_at(struct holders *d, uint32_t at)
{
    return d->entries + at;
}

static struct object *object_at(struct holders *d, uint32_t at)
{
    return d->objects + at;
}

static _Bool same(const struct tag *a, const struct tag *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

static uint32_t *chain_of(struct holders *d, const struct tag *tag)
{
    return &d->chains[tag->part[0] & d->chain_mask];
}

static uint32_t *chain_of_id(struct holders *d, uint32_t id)
{
    return &d->by_id[id & d->id_mask];
}

/* --- Memory --- */

/* What grows is mapped by itself: where it grows in the heap, each step leaves a hole. NULL: there is no memory. */
static void *grown(void *at, size_t have, size_t wanted)
{
    void *made = at ? mremap(at, have, wanted, MREMAP_MAYMOVE)
                    : mmap(NULL, wanted, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return made == MAP_FAILED ? NULL : made;
}

static void released(void *at, size_t size)
{
    if (at)
        munmap(at, size);
}

static uint32_t *heads(uint32_t count)
{
    uint32_t *made = grown(NULL, 0, count * sizeof *made);
    if (made)
        memset(made, 0xFF, count * sizeof *made);
    return made;
}

static void free_heads(uint32_t *chains, uint32_t mask)
{
    released(chains, ((size_t)mask + 1) * sizeof *chains);
}

/* Room for ``count`` more of ``size`` bytes. NULL: there is no memory. */
static void *with_room(void *at, uint32_t have, uint32_t *room, uint32_t count, size_t size)
{
    if (*room - have >= count)
        return at;
    uint64_t wanted = (uint64_t)*room + *room / 8 + count + 64;
    at = wanted < MOST_OBJECTS ? grown(at, *room * size, wanted * size) : NULL;
    if (at)
        *room = (uint32_t)wanted;
    return at;
}

/* So many more, side by side: the place of the first. NONE: there is no memory. */
static uint32_t more_entries(struct holders *d, uint32_t count)
{
    struct entry *entries = with_room(d->entries, d->entry_count, &d->entry_room, count, sizeof *entries);
    if (!entries)
        return NONE;
    d->entries = entries;
    d->entry_count += count;
    return d->entry_count - count;
}

/* What holds a member's place in a chain, and what decides in which one it is. */
struct link {
    uint32_t *next, hash;
};

static struct link link_of_entry(struct holders *d, uint32_t at)
{
    return (struct link){ &entry_at(d, at)->next, entry_at(d, at)->tag.part[0] };
}

static struct link link_of_object(struct holders *d, uint32_t at)
{
    return (struct link){ &object_at(d, at)->next, object_at(d, at)->id };
}

/* Twice as many chains where so many members would be more than two in each, on average. 0: there is no memory. */
static _Bool room_in_chains(struct holders *d, uint32_t **chains, uint32_t *mask, uint32_t members,
    struct link (*link_of)(struct holders *, uint32_t))
{
    uint32_t count = (*mask + 1) * 2;
    if (members <= count)
        return 1;
    uint32_t *made = heads(count);
    if (!made)
        return 0;
    for (uint32_t i = 0; i <= *mask; i++)
        for (uint32_t at = (*chains)[i], next; at != NONE; at = next) {
            struct link link = link_of(d, at);
            uint32_t *head = &made[link.hash & (count - 1)];
            next = *link.next;
            *link.next = *head;
            *head = at;
        }
    free_heads(*chains, *mask);
    *chains = made;
    *mask = count - 1;
    return 1;
}

static uint32_t new_entries(struct holders *d, uint32_t count)
{
    uint32_t at = count ? d->free_entries[count] : 0;
    if (at == NONE)
        return more_entries(d, count);
    if (count)
        d->free_entries[count] = entry_at(d, at)->next;
    return at;
}

static uint32_t new_object(struct holders *d)
{
    uint32_t at = d->free_object;
    if (at != NONE) {
        d->free_object = object_at(d, at)->next;
        return at;
    }
    struct object *objects = with_room(d->objects, d->object_count, &d->object_room, 1, sizeof *objects);
    if (!objects)
        return NONE;
    d->objects = objects;
    return d->object_count++;
}

void holders_free(struct holders *d)
{
    for (uint32_t i = 0; i < d->kind_count; i++)
        free(d->kinds[i]);
    free(d->kind_chains);
    released(d->kinds, d->kind_room * sizeof *d->kinds);
    released(d->entries, d->entry_room * sizeof *d->entries);
    released(d->objects, d->object_room * sizeof *d->objects);
    free_heads(d->chains, d->chain_mask);
    free_heads(d->by_id, d->id_mask);
    *d = (struct holders){ 0 };
}

_Bool holders_begin(struct holders *d)
{
    *d = (struct holders){ .free_object = NONE, .chains = heads(64), .by_id = heads(64), .chain_mask = 63, .id_mask = 63,
        .kind_chains = calloc(KIND_CHAINS, sizeof(uint32_t)) };
    memset(d->free_entries, 0xFF, sizeof d->free_entries);
    return d->chains && d->by_id && d->kind_chains;
}

/* --- Tags --- */

/* Who has the tag: how many, up to FEW_HOLDERS, their places at ``holders``. ``crowd``: its number, if it is crowded; else NONE. */
static int holders_of(struct holders *d, const struct tag *tag, uint32_t *holders, uint32_t *crowd)
{
    int count = 0;
    *crowd = NONE;
    for (uint32_t at = *chain_of(d, tag); at != NONE; at = entry_at(d, at)->next) {
        const struct entry *one = entry_at(d, at);
        if (!same(&one->tag, tag))
            continue;
        if (one->object & CROWD)
            *crowd = one->object & ~CROWD;
        else if (count < FEW_HOLDERS)
            holders[count++] = one->object;
    }
    return count;
}

static void enter(struct holders *d, uint32_t at, const struct tag *tag, uint32_t object)
{
    struct entry *one = entry_at(d, at);
    uint32_t *head = chain_of(d, tag);
    *one = (struct entry){ .tag = *tag, .object = object, .next = *head };
    *head = at;
}

static void take_out(struct holders *d, uint32_t at)
{
    uint32_t *link = chain_of(d, &entry_at(d, at)->tag);
    while (*link != at)
        link = &entry_at(d, *link)->next;
    *link = entry_at(d, at)->next;
}

/* The number of a tag that as many have by now as are kept one by one. NONE: there is no memory. */
static uint32_t make_crowd(struct holders *d, const struct tag *tag)
{
    uint32_t at = more_entries(d, 1);
    if (at == NONE)
        return NONE;
    enter(d, at, tag, CROWD | d->crowds);
    return d->crowds++;
}

static _Bool is_kind(const struct kind *kind, const uint32_t *crowds, uint32_t count)
{
    return kind->count == count && memcmp(kind->crowds, crowds, count * sizeof *crowds) == 0;
}

static uint32_t new_kind(struct holders *d, const uint32_t *crowds, uint32_t count)
{
    struct kind **kinds = with_room(d->kinds, d->kind_count, &d->kind_room, 1, sizeof *kinds);
    struct kind *made = malloc(sizeof *made + count * sizeof *crowds);
    if (kinds)
        d->kinds = kinds;
    if (!kinds || !made) {
        free(made);
        return NONE;
    }
    made->count = count;
    memcpy(made->crowds, crowds, count * sizeof *crowds);
    kinds[d->kind_count] = made;
    return d->kind_count++;
}

/* The kind with these crowded tags, which are in order. NONE: there is no memory. */
static uint32_t kind_of(struct holders *d, const uint32_t *crowds, uint32_t count)
{
    uint32_t hash = count;
    for (uint32_t i = 0; i < count; i++)
        hash = (hash ^ crowds[i]) * 0x9E3779B1u;
    uint32_t *head = &d->kind_chains[hash >> 16];
    for (uint32_t at = *head; at; at = d->kinds[at - 1]->next)
        if (is_kind(d->kinds[at - 1], crowds, count))
            return at - 1;
    uint32_t made = new_kind(d, crowds, count);
    if (made != NONE) {
        d->kinds[made]->next = *head;
        *head = made + 1;
    }
    return made;
}

/* Whether an object has a tag, whose number is ``crowd`` if it is crowded. */
static _Bool has(struct holders *d, const struct object *object, const struct tag *tag, uint32_t crowd)
{
    for (uint32_t i = 0; i < object->count; i++)
        if (same(&entry_at(d, object->first + i)->tag, tag))
            return 1;
    const struct kind *kind = d->kinds[object->kind];
    for (uint32_t i = 0; crowd != NONE && i < kind->count; i++)
        if (kind->crowds[i] == crowd)
            return 1;
    return 0;
}

/* --- Objects --- */

void holders_drop(struct holders *d, uint32_t id)
{
    uint32_t *link = chain_of_id(d, id);
    while (*link != NONE && object_at(d, *link)->id != id)
        link = &object_at(d, *link)->next;
    uint32_t at = *link;
    if (at == NONE)
        return;
    struct object *object = object_at(d, at);
    *link = object->next;
    for (uint32_t i = 0; i < object->count; i++)
        take_out(d, object->first + i);
    if (object->count) {
        entry_at(d, object->first)->next = d->free_entries[object->count];
        d->free_entries[object->count] = object->first;
    }
    object->next = d->free_object;
    d->free_object = at;
    d->live--;
}

void holders_clear(struct holders *d, uint32_t token)
{
    for (uint32_t i = 0; i <= d->id_mask; i++)
        for (uint32_t at = d->by_id[i], next; at != NONE; at = next) {
            next = object_at(d, at)->next;
            if (object_at(d, at)->token == token)
                holders_drop(d, object_at(d, at)->id);
        }
}

static void insert_in_order(uint32_t *crowds, uint32_t *count, uint32_t crowd)
{
    uint32_t at = (*count)++;
    for (; at && crowds[at - 1] > crowd; at--)
        crowds[at] = crowds[at - 1];
    crowds[at] = crowd;
}

_Bool holders_put(struct holders *d, uint32_t id, uint32_t token, const struct tag *tags, uint16_t count)
{
    struct tag own[MOST_TAGS];
    uint32_t crowds[MOST_TAGS], own_count = 0, crowd_count = 0;
    holders_drop(d, id);
    for (uint16_t i = 0; i < count; i++) {
        uint32_t holders[FEW_HOLDERS], crowd;
        int found = holders_of(d, &tags[i], holders, &crowd);
        if (crowd == NONE && found == FEW_HOLDERS && (crowd = make_crowd(d, &tags[i])) == NONE)
            return 0;
        if (crowd == NONE)
            own[own_count++] = tags[i];
        else
            insert_in_order(crowds, &crowd_count, crowd);
    }
    uint32_t kind = kind_of(d, crowds, crowd_count), at = new_object(d), first = new_entries(d, own_count);
    if (kind == NONE || at == NONE || first == NONE)
        return 0;
    if (!room_in_chains(d, &d->chains, &d->chain_mask, d->entry_count, link_of_entry)
        || !room_in_chains(d, &d->by_id, &d->id_mask, d->object_count, link_of_object))
        return 0;
    for (uint32_t i = 0; i < own_count; i++)
        enter(d, first + i, &own[i], at);
    uint32_t *head = chain_of_id(d, id);
    *object_at(d, at) = (struct object){ id, token, *head, first, kind, own_count };
    *head = at;
    d->live++;
    return 1;
}

int holders_find(struct holders *d, uint32_t token, const struct tag *tags, size_t count, uint32_t *ids)
{
    uint32_t holders[FEW_HOLDERS], others[FEW_HOLDERS], crowd;
    int found = holders_of(d, &tags[0], holders, &crowd), left = 0;
    if (crowd != NONE)
        return CANNOT_SAY;
    for (size_t i = 1; found && i < count; i++) {
        int kept = 0;
        holders_of(d, &tags[i], others, &crowd);
        for (int j = 0; j < found; j++)
            if (has(d, object_at(d, holders[j]), &tags[i], crowd))
                holders[kept++] = holders[j];
        found = kept;
    }
    for (int i = 0; i < found; i++) {
        const struct object *object = object_at(d, holders[i]);
        if (object->token != token)
            continue;
        int at = left++;
        for (; at && ids[at - 1] > object->id; at--)
            ids[at] = ids[at - 1];
        ids[at] = object->id;
    }
    return left;
}
