/* Who has which index tag: the structure behind the directory, which knows of no other threads. */

#ifndef HSMITH_HOLDERS_H
#define HSMITH_HOLDERS_H

#include <stdint.h>

#include "directory.h"

/* Of one object; no more than that many objects. */
#define MOST_TAGS 128
#define MOST_OBJECTS (((uint32_t)1 << 31) - 1)

struct entry;
struct object;
struct kind;

struct holders {
    struct entry *entries;
    struct object *objects;
    struct kind **kinds;
    uint32_t entry_count, entry_room, object_count, object_room;
    uint32_t kind_count, kind_room, crowds, live;
    uint32_t *chains, *by_id, *kind_chains; /* heads */
    uint32_t chain_mask, id_mask;
    uint32_t free_object, free_entries[MOST_TAGS + 1]; /* the latter by how many are side by side */
};

/* 0: there is no memory. What was taken is freed by holders_free, in any case. */
_Bool holders_begin(struct holders *d);
void holders_free(struct holders *d);

/* An object, with tags that differ, in place of what it was. 0: there is no memory; then only holders_free may follow. */
_Bool holders_put(struct holders *d, uint32_t id, uint32_t token, const struct tag *tags, uint16_t count);
void holders_drop(struct holders *d, uint32_t id);
void holders_clear(struct holders *d, uint32_t token);

/* As directory_find says. */
int holders_find(struct holders *d, uint32_t token, const struct tag *tags, size_t count, uint32_t *ids);

#endif
