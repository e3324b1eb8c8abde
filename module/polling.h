/* What the keeper and its clients need to wait without sleeping (docs/decisions/0018). Included by the module and by native/. */

#ifndef HSMITH_POLLING_H
#define HSMITH_POLLING_H

#include <stdatomic.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE 64 /* times without polling after it was in vain, at most */
#define LOOKS 32 /* into a mailbox, for each one at the socket, which takes longer */

static inline int64_t nanoseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Nobody else runs while one polls. To ask the system takes longer than most calls. */
static inline int single_processor(void)
{
    static _Atomic long processors;
    if (!processors)
        processors = sysconf(_SC_NPROCESSORS_ONLN);
    return processors == 1;
}

/* How long nobody polls after it was in vain so and so often. */
static inline uint32_t more_patience(uint32_t penalty)
{
    return penalty * 2 + 1 < PATIENCE ? penalty * 2 + 1 : PATIENCE;
}

#endif
