/* Searches of one session that are answered without Python: docs/decisions/0026. */

#ifndef HSMITH_SEARCH_H
#define HSMITH_SEARCH_H

#include <stddef.h>
#include <stdint.h>

/* A session, in the state in which it is; used by one thread at a time. */
struct search;

/* The answer to a FIND (docs/wire.md), as a frame at ``answer``, which has ``room`` bytes: how many it has; 0: Python is asked. ``data``:
 * what follows the session in the request; what was answered is erased there, as it may be secret. */
uint64_t search_answer(struct search *search, const unsigned char *data, size_t length, unsigned char *answer, uint64_t room);

/* With its keys. NULL: nothing. */
void search_free(struct search *search);

#endif
