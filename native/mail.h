/* The keeper's side of a mailbox. */

#ifndef HSMITH_MAIL_H
#define HSMITH_MAIL_H

#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#include "../module/polling.h"
#include "../module/shared.h"
#include "library.h"

#define POLL_NANOSECONDS 50000

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0
#endif

/* What the state becomes when the request that is posted is taken. */
static inline uint32_t mail_taken(uint32_t state)
{
    return state == POSTED ? SENT : ASLEEP;
}

/* The request that is posted, copied into ``buffer``; -1 when none is. What the client does with it meanwhile is its own harm: the length
 * is read once, and what has been copied is what is looked at. */
static inline ssize_t mail_take(struct mailbox *box, unsigned char *buffer, uint64_t room)
{
    if (!box || room < MAIL_ROOM)
        return -1;
    uint32_t state = atomic_load_explicit(&box->state, memory_order_acquire);
    if (!mail_posted(state) || !mail_turn(box, state, mail_taken(state)))
        return -1;
    unsigned char head[4];
    memcpy(head, box->request, sizeof head);
    uint32_t length = mail_length(head);
    if (length > room)
        length = 0;
    memcpy(buffer, mail_request(box, length), length);
    memcpy(buffer, head, sizeof head); /* too long: Python says so */
    if (length <= MAIL_ROOM)
        memset(box->request, 0, length); /* a template may have a secret */
    return length ? length : sizeof head;
}

/* What has come through the socket, or in place of a bell the request in the mailbox. What a bell does not announce stays a bell, which
 * is no frame: Python says so. */
static inline ssize_t mail_fetched(struct mailbox *box, unsigned char *buffer, uint64_t room, ssize_t count)
{
    if (!box || count < 0 || !mail_rung(buffer, (size_t)count))
        return count;
    unsigned char head[4];
    memcpy(head, box->request, sizeof head);
    uint32_t length = mail_length(head);
    if (length <= MAIL_ROOM || length > room)
        return count;
    memcpy(buffer, mail_request(box, length), length);
    memcpy(buffer, head, sizeof head);
    return length;
}

/* Whether a long answer lies in the mailbox of a client that waits at the socket, where the bell is due. */
static inline _Bool mail_laid(struct mailbox *box, const char *answer, uint64_t length)
{
    if (!box || length <= MAIL_ROOM || length > LARGE_ROOM || atomic_load_explicit(&box->reads, memory_order_relaxed) != READS_LARGE)
        return 0;
    memcpy(mail_reply(box, length), answer, length);
    memcpy(box->reply, answer, 4);
    return 1;
}

/* Whether the answer went into the mailbox; otherwise the client waits at the socket. */
static inline _Bool mail_answer(struct mailbox *box, const char *answer, uint64_t length)
{
    if (!box || atomic_load_explicit(&box->state, memory_order_relaxed) != SENT)
        return 0;
    if (!length || length > LARGE_ROOM || (length > MAIL_ROOM && atomic_load_explicit(&box->reads, memory_order_relaxed) != READS_LARGE)) {
        if (length)
            mail_turn(box, SENT, ASLEEP);
        return 0;
    }
    memcpy(mail_reply(box, length), answer, length);
    memcpy(box->reply, answer, 4);
    return mail_turn(box, SENT, DONE);
}

#endif
