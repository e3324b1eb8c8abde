/* Who takes part in a hub, and how its own thread (hub.c) and its helpers (helper.c) keep out of each other's way. */

#ifndef HSMITH_HUB_H
#define HSMITH_HUB_H

#include <sys/epoll.h>

#include "mail.h"
#include "standing.h"

#define BATCH 64
#define SEATS 1024
#define NOBODY -1
#define GONE_SEAT UINT64_MAX

/* A connection that takes part, and where its bytes go. */
struct seat {
    int32_t fd;
    uint32_t unused;
    void *buffer;
    uint64_t room;
    struct mailbox *mailbox;     /* or NULL */
    struct standings *standings; /* or NULL */
};

struct hub {
    int32_t epoll;
    int32_t found, at; /* of the events */
    uint32_t skip, penalty;
    uint32_t from, rounds; /* where mailboxes are looked into next; and how often that was */
    uint32_t streak;       /* answers in a row to what stands, of one connection */
    _Atomic int64_t before; /* whose; helpers interrupt it */
    int64_t pending;       /* whose request stands and is to be answered; NOBODY */
    struct standing_call call; /* which one */
    _Atomic uint32_t helped; /* answers of helpers */
    _Atomic uint32_t asleep; /* helpers that are */
    _Atomic uint32_t bell;   /* for them to sleep at */
    uint32_t quiet;          /* how often they are still not woken */
    _Atomic uint32_t vain;   /* how often that was in vain */
    _Atomic uint64_t taken[SEATS / 64]; /* seats with a mailbox, a bit for each */
    _Atomic uint32_t held[SEATS];       /* a seat that is free is held */
    struct epoll_event events[BATCH];
};

/* Whoever holds a seat looks at it, alone. */
static inline _Bool hold(struct hub *hub, int64_t number)
{
    return !atomic_load_explicit(&hub->held[number], memory_order_relaxed) && !atomic_exchange(&hub->held[number], 1);
}

static inline void let_go(struct hub *hub, int64_t number)
{
    atomic_store(&hub->held[number], 0);
}

static inline _Bool posted(const struct seat *seat)
{
    return mail_posted(atomic_load_explicit(&seat->mailbox->state, memory_order_relaxed));
}

/* The next taken seat from ``from`` on, in a circle, after ``passed`` seats; NOBODY after the last. */
static inline int64_t next_taken(struct hub *hub, uint32_t from, uint32_t *passed)
{
    while (*passed < SEATS) {
        uint32_t at = (from + *passed) % SEATS, rest = 64 - at % 64;
        uint64_t bits = atomic_load_explicit(&hub->taken[at / 64], memory_order_acquire) >> at % 64;
        if (bits) {
            uint32_t more = (uint32_t)__builtin_ctzll(bits);
            *passed += more + 1;
            return *passed <= SEATS ? (int64_t)((at + more) % SEATS) : NOBODY;
        }
        *passed += rest;
    }
    return NOBODY;
}

#endif
