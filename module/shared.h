/* The memory that the keeper and its clients share (docs/wire.md, "The shared page" and "The mailbox"). Included by the
 * module and by native/. What the other side writes is read once, and believed only after that. */

#ifndef HSMITH_SHARED_H
#define HSMITH_SHARED_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/* One for all clients; the keeper alone writes it. */
struct shared_page {
    _Atomic uint64_t changes; /* of objects, ever */
    unsigned char unused[56];
    _Atomic uint32_t calls; /* that are being answered */
    _Atomic uint32_t seats; /* of connections that share a thread */
    _Atomic uint32_t hub_awake; /* that thread polls */
    _Atomic uint32_t wakes;     /* the keeper knows POSTED_ASLEEP: one that does not has 0 here */
    _Atomic uint32_t helping;   /* helpers of that thread that are awake */
};

#define MAIL_ROOM 4032
#define LARGE_ROOM 1052672 /* for what is longer: 1 MiB of data, and what belongs to it */

#define READS_LARGE 2 /* 1: it looks for them elsewhere, where they were before */
#define BELL 4        /* bytes, all of them 0: the frame is in the mailbox */

/* Of a mailbox. Only the client makes it POSTED, only the keeper DONE. */
enum mail {
    EMPTY,
    POSTED, /* a request is in it */
    SENT,   /* the keeper has the request, or it is in the socket: the answer may come here */
    ASLEEP, /* the answer comes through the socket */
    DONE,   /* the answer is in it */
    POSTED_ASLEEP, /* a request is in it, and the answer comes through the socket */
};

/* Who takes requests out of it now: nobody, the connection's own thread, or the one of many if it is awake. */
enum served { NOBODY_LOOKS, OWN_THREAD_LOOKS, HUB_LOOKS };

/* One for each connection. */
struct mailbox {
    _Atomic uint32_t state;
    unsigned char unused[60];
    _Atomic uint32_t served;
    _Atomic uint32_t room;  /* bytes of a request that the keeper takes from the large area */
    _Atomic uint32_t reads; /* READS_LARGE: the client takes answers from the large area */
    _Atomic uint32_t rings; /* the keeper knows the bell: where nobody looks, a long request lies here, and the socket says so */
    unsigned char unused_either[48];
    unsigned char request[MAIL_ROOM]; /* of a large one the length alone */
    unsigned char reply[MAIL_ROOM];
    unsigned char large_request[LARGE_ROOM];
    unsigned char large_reply[LARGE_ROOM];
};

/* Where a frame of so many bytes is. */
static inline unsigned char *mail_request(struct mailbox *box, size_t length)
{
    return length > MAIL_ROOM ? box->large_request : box->request;
}

static inline unsigned char *mail_reply(struct mailbox *box, size_t length)
{
    return length > MAIL_ROOM ? box->large_reply : box->reply;
}

/* What has come through the socket is the bell, and nothing else. */
static inline _Bool mail_rung(const unsigned char *from, size_t count)
{
    return count == BELL && !(from[0] | from[1] | from[2] | from[3]);
}

/* Whether a request is in it. */
static inline _Bool mail_posted(uint32_t state)
{
    return state == POSTED || state == POSTED_ASLEEP;
}

/* From ``is`` to ``becomes``; false when it is something else. */
static inline _Bool mail_turn(struct mailbox *box, uint32_t is, uint32_t becomes)
{
    return atomic_compare_exchange_strong(&box->state, &is, becomes);
}

/* The bytes of the frame whose length field is at ``from``, with that field; 0 when it would fit nowhere. */
static inline uint32_t mail_length(const unsigned char *from)
{
    uint32_t length = from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 | (uint32_t)from[3] << 24;
    return length > LARGE_ROOM - 4 ? 0 : length + 4;
}

#endif
