/* Operations that stand: C_*Init and the call that follows it (docs/wire.md, "BOTH"), which came before just so, was accepted, and is
 * answered here as long as nothing has changed that it rests on. And short searches of a session ("FIND"; search.h). */

#ifndef HSMITH_STANDING_H
#define HSMITH_STANDING_H

#include <stdatomic.h>
#include <stdint.h>

#include "../module/shared.h"
#include "library.h"
#include "search.h"

#define STANDING 16
#define LONGEST_PAIR 256 /* bytes of a BOTH up to the second call's arguments: the module's are shorter */
#define BUCKETS 48       /* powers of two, in microseconds: as hsmith.core.tally has them */

/* FREE: nobody's. READY: it may be answered. BUSY: somebody answers it, or writes it. GONE: it is BUSY, and revoked meanwhile. */
enum standing_state { FREE, READY, BUSY, GONE };

struct standing {
    _Atomic uint32_t state;
    uint32_t is_short; /* for a thread that serves many */
    struct work *work;
    struct search *search; /* in place of the work: any search of the session; then ``length`` is 0 */
    uint64_t changes; /* on the page, before the keeper looked at what it rests on */
    uint64_t session;
    uint16_t free_from, free_to, length; /* of the pair's head and the first one's arguments */
    unsigned char pair[LONGEST_PAIR];
    _Atomic uint64_t calls;    /* answered */
    _Atomic uint64_t nanoseconds; /* of those measured: one of SAMPLED */
    _Atomic uint32_t within[BUCKETS];
};

/* Those of one connection. Written by whoever serves it; revoked by anybody. */
struct standings {
    uint32_t most; /* that were ever used */
    uint32_t next; /* where the next one goes */
    uint64_t room;
    unsigned char *answer; /* where answers go: ``room`` bytes */
    struct standing *one;  /* STANDING of them, once there is any; NULL */
};

/* What a request asks for, when it is one of these. */
struct standing_call {
    struct standing *standing; /* BUSY */
    struct task task;
};

/* Whether the frame of ``length`` bytes is one that can be answered here. The answer then must be made, of these bytes. */
_Bool standing_find(struct standings *all, const unsigned char *frame, uint64_t length, struct standing_call *call);

/* The answer, as a frame at ``answer``, which has ``room`` bytes: how many it has; 0: Python is asked. */
uint64_t standing_answer(struct standing_call *call, const struct shared_page *page, unsigned char *answer, uint64_t room);

/* Its answer was not sent. */
void standing_unsaid(const struct standing_call *call);

#endif
