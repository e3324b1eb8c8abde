/* Many connections of the keeper, served by one thread: for calls so short that handing Python's lock from thread to
 * thread would cost more than the calls (docs/decisions/0018).
 *
 * hsmith.wire.hub calls it by ctypes: hub_ready with Python's lock held, as it never waits, hub_wait without it. */

#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "mail.h"

#define BATCH 64
#define SEATS 1024
#define NOBODY -1
#define GONE UINT64_MAX

/* A connection that takes part, and where its bytes go. */
struct seat {
    int32_t fd;
    uint32_t unused;
    void *buffer;
    uint64_t room;
    struct mailbox *mailbox; /* or NULL */
};

struct hub {
    int32_t epoll;
    int32_t found, at; /* of the events */
    uint32_t skip, penalty;
    uint32_t from, rounds; /* where mailboxes are looked into next; and how often that was */
    _Atomic uint64_t taken[SEATS / 64]; /* seats with a mailbox, a bit for each */
    struct epoll_event events[BATCH];
};

EXPORT uint64_t hub_size(void)
{
    return sizeof(struct hub);
}

EXPORT int hub_open(struct hub *hub)
{
    hub->found = hub->at = 0;
    hub->skip = hub->penalty = hub->from = hub->rounds = 0;
    hub->epoll = epoll_create1(EPOLL_CLOEXEC);
    return hub->epoll < 0 ? -errno : 0;
}

EXPORT int hub_join(struct hub *hub, const struct seat *seats, int64_t number)
{
    struct epoll_event event = { .events = EPOLLIN, .data.u64 = (uint64_t)number };
    struct mailbox *box = seats[number].mailbox;
    if (epoll_ctl(hub->epoll, EPOLL_CTL_ADD, seats[number].fd, &event))
        return -errno;
    if (box) {
        atomic_fetch_or(&hub->taken[number / 64], (uint64_t)1 << number % 64);
        atomic_store(&box->served, HUB_LOOKS);
    }
    return 0;
}

/* Called by the hub's own thread. */
EXPORT int hub_leave(struct hub *hub, const struct seat *seats, int64_t number)
{
    struct epoll_event event = { 0 };
    struct mailbox *box = seats[number].mailbox;
    if (box) {
        atomic_store(&box->served, NOBODY_LOOKS);
        atomic_fetch_and(&hub->taken[number / 64], ~((uint64_t)1 << number % 64));
    }
    for (int32_t i = hub->at; i < hub->found; i++) /* who came by mailbox, and has an event too */
        if (hub->events[i].data.u64 == (uint64_t)number)
            hub->events[i].data.u64 = GONE;
    return epoll_ctl(hub->epoll, EPOLL_CTL_DEL, seats[number].fd, &event) ? -errno : 0;
}

/* A request out of the mailboxes, each in its turn. */
static int64_t take_mail(struct hub *hub, const struct seat *seats, int64_t *count)
{
    for (uint32_t i = 0; i <= SEATS / 64; i++) { /* the first word twice: from its middle, and up to there */
        uint32_t word = (hub->from / 64 + i) % (SEATS / 64);
        uint64_t bits = atomic_load_explicit(&hub->taken[word], memory_order_acquire);
        if (i == 0)
            bits &= ~(uint64_t)0 << hub->from % 64;
        for (; bits; bits &= bits - 1) {
            int64_t number = word * 64 + __builtin_ctzll(bits);
            *count = mail_take(seats[number].mailbox, seats[number].buffer, seats[number].room);
            if (*count >= 0) {
                hub->from = (uint32_t)(number + 1) % SEATS;
                return number;
            }
        }
    }
    return NOBODY;
}

/* The rest of a frame of which a part has come, if it is just behind. */
static int64_t rest_of_frame(const struct seat *seat, int64_t have)
{
    const unsigned char *b = seat->buffer;
    int64_t end = have < 4 ? 0 : 4 + (b[0] | (int64_t)b[1] << 8 | (int64_t)b[2] << 16 | (int64_t)b[3] << 24);
    int64_t due = 0;
    while (have < end && end <= (int64_t)seat->room) {
        ssize_t more = recv(seat->fd, (unsigned char *)seat->buffer + have, (size_t)(end - have), MSG_DONTWAIT);
        if (more > 0)
            have += more;
        else if (more == 0 || (due && nanoseconds() > due))
            break;
        if (!due)
            due = nanoseconds() + POLL_NANOSECONDS;
    }
    return have;
}

/* The bytes of one seat whose event has come. What was announced and is not there is passed over. */
static int64_t take(struct hub *hub, const struct seat *seats, int64_t *count)
{
    while (hub->at < hub->found) {
        int64_t number = (int64_t)hub->events[hub->at++].data.u64;
        if (number < 0)
            continue;
        const struct seat *seat = &seats[number];
        *count = recv(seat->fd, seat->buffer, seat->room, MSG_DONTWAIT);
        if (*count >= 0) {
            *count = rest_of_frame(seat, *count);
            return number;
        }
        if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
            *count = 0;
            return number;
        }
    }
    return NOBODY;
}

/* Send the last answer, then take the next bytes without waiting. Returns the number of their seat, or NOBODY. ``sent``: how much
 * of the answer has left. */
EXPORT int64_t hub_ready(struct hub *hub, const struct seat *seats, int64_t last, const char *answer, uint64_t length, int64_t *sent,
    int64_t *count)
{
    *sent = 0;
    if (last >= 0) {
        if (mail_answer(seats[last].mailbox, answer, length))
            *sent = (int64_t)length;
        else
            *sent = send(seats[last].fd, answer, length, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (*sent < 0)
            *sent = 0;
        if ((uint64_t)*sent != length)
            return NOBODY;
    }
    int64_t number = hub->rounds++ % LOOKS ? take_mail(hub, seats, count) : NOBODY;
    if (number < 0)
        number = take(hub, seats, count);
    if (number >= 0)
        return number;
    hub->at = 0;
    hub->found = epoll_wait(hub->epoll, hub->events, BATCH, 0);
    number = take(hub, seats, count);
    return number >= 0 ? number : take_mail(hub, seats, count);
}

/* The same for when nothing is ready: waits for ``milliseconds``. */
EXPORT int64_t hub_wait(struct hub *hub, struct shared_page *page, const struct seat *seats, int milliseconds, int64_t *count)
{
    int64_t number = NOBODY, due = nanoseconds() + POLL_NANOSECONDS;
    hub->at = 0;
    hub->found = 0;
    if (hub->skip) {
        hub->skip--;
    } else {
        while ((number = take_mail(hub, seats, count)) < 0 && !(hub->found = epoll_wait(hub->epoll, hub->events, BATCH, 0))
            && nanoseconds() < due)
            sched_yield();
        hub->penalty = number >= 0 || hub->found ? 0 : more_patience(hub->penalty);
        hub->skip = hub->penalty;
    }
    if (number < 0 && !hub->found) {
        atomic_store(&page->hub_awake, 0);
        number = take_mail(hub, seats, count); /* what was posted before that could be seen */
        if (number < 0)
            hub->found = epoll_wait(hub->epoll, hub->events, BATCH, milliseconds);
        atomic_store(&page->hub_awake, 1);
    }
    return number >= 0 ? number : take(hub, seats, count);
}
