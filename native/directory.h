/* Which object has which index tag, in memory: what the table "tag" of the store says, of all tokens, for searches that native code
 * answers. docs/decisions/0026. */

#ifndef HSMITH_DIRECTORY_H
#define HSMITH_DIRECTORY_H

#include <stddef.h>
#include <stdint.h>

#define TAG_BYTES 16
/* Holders of one tag that are kept one by one. What more objects have is crowded: nobody is looked up by it. */
#define FEW_HOLDERS 16
#define CANNOT_SAY -1

struct directory;

/* Of a tag, what is compared: 96 bits. */
struct tag {
    uint32_t part[3];
};

struct tag tag_of(const unsigned char *bytes);

/* What is found between these two is of one moment. 0: nothing can be said just now, and nothing is held. */
_Bool directory_hold(struct directory *directory);
void directory_release(struct directory *directory);

/* The objects of a token that have all ``count`` tags, of which the first is looked up: how many they are, at most FEW_HOLDERS, and at
 * ``ids`` their numbers in order; or CANNOT_SAY. */
int directory_find(struct directory *directory, uint32_t token, const struct tag *tags, size_t count, uint32_t *ids);

/* One more who uses it, and one less: the last one frees it. */
void directory_share(struct directory *directory);
void directory_drop(struct directory *directory);

#endif
