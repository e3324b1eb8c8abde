/* Many connections of the keeper, served by one thread: for calls so short that handing Python's lock from thread to
 * thread would cost more than the calls (docs/decisions/0018).
 *
 * hsmith.wire.hub calls it by ctypes: hub_ready with Python's lock held, as it never waits, hub_wait without it. What stands
 * (standing.h) is answered here without Python; on more than one processor helpers do that too (hub_help), out of the mailboxes
 * alone. Whoever looks at a connection holds it meanwhile, and until its answer has left. */

#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "hub.h"

#define LONELY ((int64_t)1 << 40) /* above any number: it should serve itself */
#define UNSENT (LONELY << 1)      /* a part of its answer has not left */
#define ALONE 200                 /* steps in a row for one connection after which it is alone */

EXPORT uint64_t hub_size(void)
{
    return sizeof(struct hub);
}

EXPORT int hub_open(struct hub *hub)
{
    hub->found = hub->at = 0;
    hub->skip = hub->penalty = hub->from = hub->rounds = hub->streak = hub->quiet = 0;
    hub->before = hub->pending = NOBODY;
    for (int i = 0; i < SEATS; i++)
        hub->held[i] = 1;
    hub->epoll = epoll_create1(EPOLL_CLOEXEC);
    return hub->epoll < 0 ? -errno : 0;
}

/* The seat is held until all of it is there: who has gone already is found only then. */
EXPORT int hub_join(struct hub *hub, const struct seat *seats, int64_t number)
{
    struct epoll_event event = { .events = EPOLLIN, .data.u64 = (uint64_t)number };
    struct mailbox *box = seats[number].mailbox;
    uint64_t bit = (uint64_t)1 << number % 64;
    if (box) {
        atomic_store(&box->served, HUB_LOOKS);
        atomic_fetch_or(&hub->taken[number / 64], bit);
    }
    if (epoll_ctl(hub->epoll, EPOLL_CTL_ADD, seats[number].fd, &event)) {
        int wrong = -errno;
        if (box) {
            atomic_fetch_and(&hub->taken[number / 64], ~bit);
            atomic_store(&box->served, NOBODY_LOOKS);
        }
        return wrong;
    }
    let_go(hub, number);
    return 0;
}

/* Called by the hub's own thread, which holds the seat. */
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
            hub->events[i].data.u64 = GONE_SEAT;
    return epoll_ctl(hub->epoll, EPOLL_CTL_DEL, seats[number].fd, &event) ? -errno : 0;
}

/* --- Mailboxes --- */

/* A request out of the mailboxes, each in its turn. ``all``: also one that a helper holds just now. The mailboxes are there: nobody
 * leaves but by the hub's own thread. */
static int64_t take_mail(struct hub *hub, const struct seat *seats, int64_t *count, _Bool all)
{
    uint32_t passed = 0, from = hub->from;
    for (int64_t number; (number = next_taken(hub, from, &passed)) >= 0;) {
        if (!posted(&seats[number]))
            continue;
        _Bool held = hold(hub, number);
        while (!held && all) {
            sched_yield();
            held = hold(hub, number);
        }
        if (!held)
            continue;
        *count = mail_take(seats[number].mailbox, seats[number].buffer, seats[number].room);
        if (*count >= 0) {
            hub->from = (uint32_t)(number + 1) % SEATS;
            return number;
        }
        let_go(hub, number);
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
        if (number < 0 || !hold(hub, number))
            continue;
        const struct seat *seat = &seats[number];
        *count = recv(seat->fd, seat->buffer, seat->room, MSG_DONTWAIT);
        if (*count >= 0) {
            *count = mail_fetched(seat->mailbox, seat->buffer, seat->room, rest_of_frame(seat, *count));
            return number;
        }
        if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
            *count = 0;
            return number;
        }
        let_go(hub, number);
    }
    return NOBODY;
}

/* What is there, without waiting; the seat is held. */
static int64_t next_bytes(struct hub *hub, const struct seat *seats, int64_t *count)
{
    int64_t number = hub->rounds++ % LOOKS ? take_mail(hub, seats, count, 0) : NOBODY;
    if (number < 0)
        number = take(hub, seats, count);
    if (number >= 0)
        return number;
    hub->at = 0;
    hub->found = epoll_wait(hub->epoll, hub->events, BATCH, 0);
    number = take(hub, seats, count);
    return number >= 0 ? number : take_mail(hub, seats, count, 0);
}

/* Send an answer, and let the seat go: how much of it has left. */
static uint64_t send_answer(struct hub *hub, const struct seat *seats, int64_t number, const char *answer, uint64_t length)
{
    if (!mail_answer(seats[number].mailbox, answer, length)) {
        ssize_t sent = send(seats[number].fd, answer, length, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 || (uint64_t)sent != length)
            return sent < 0 ? 0 : (uint64_t)sent;
    }
    let_go(hub, number);
    return length;
}

/* An answer that was due for longer: the seat is held since its request was taken. How much of it has left; with all of it the seat is
 * let go. */
EXPORT uint64_t hub_answer(struct hub *hub, const struct seat *seats, int64_t number, const char *answer, uint64_t length)
{
    return send_answer(hub, seats, number, answer, length);
}

static _Bool stands(const struct seat *seat, int64_t count, struct standing_call *call)
{
    return count > 0 && standing_find(seat->standings, seat->buffer, (uint64_t)count, call);
}

/* Send the last answer, then take the next bytes without waiting. Returns the number of their seat, or NOBODY: then hub_wait knows
 * more. ``sent``: how much of the answer has left. */
EXPORT int64_t hub_ready(struct hub *hub, const struct seat *seats, int64_t last, const char *answer, uint64_t length, int64_t *sent,
    int64_t *count)
{
    *sent = 0;
    if (last >= 0) {
        *sent = (int64_t)send_answer(hub, seats, last, answer, length);
        if ((uint64_t)*sent != length)
            return NOBODY;
    }
    int64_t number = next_bytes(hub, seats, count);
    if (number < 0 || !stands(&seats[number], *count, &hub->call))
        return number;
    hub->pending = number;
    return NOBODY;
}

/* --- Without Python's lock --- */

static void wake_helper(struct hub *hub)
{
    hub->quiet = atomic_load_explicit(&hub->vain, memory_order_relaxed);
    atomic_fetch_add(&hub->bell, 1);
    syscall(SYS_futex, &hub->bell, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

/* Another request waits while this one is answered: that is what helpers are for. */
static void call_for_help(struct hub *hub, const struct seat *seats)
{
    uint32_t passed = 0;
    if (!atomic_load_explicit(&hub->asleep, memory_order_relaxed))
        return;
    for (int64_t number; (number = next_taken(hub, hub->from, &passed)) >= 0;)
        if (posted(&seats[number]) && !atomic_load_explicit(&hub->held[number], memory_order_relaxed)) {
            if (hub->quiet)
                hub->quiet--;
            else
                wake_helper(hub);
            return;
        }
}

/* The answer to what stands. NOBODY: it has left. Otherwise the seat, which is held, is Python's. */
static int64_t answer_standing(struct hub *hub, struct shared_page *page, const struct seat *seats, int64_t number, int64_t *count)
{
    struct standings *all = seats[number].standings;
    call_for_help(hub, seats);
    uint64_t length = standing_answer(&hub->call, page, all->answer, all->room);
    if (!length)
        return number;
    hub->streak = atomic_exchange(&hub->before, number) == number ? hub->streak + 1 : 0;
    uint64_t sent = send_answer(hub, seats, number, (const char *)all->answer, length);
    if (sent != length) {
        *count = (int64_t)(length << 32 | sent);
        return number | UNSENT;
    }
    if (hub->streak < ALONE || !hold(hub, number))
        return NOBODY;
    hub->streak = 0;
    return number | LONELY;
}

/* What is there now, all that stands being answered. NOBODY: nothing more. ``some``: whether there was anything. */
static int64_t serve(struct hub *hub, struct shared_page *page, const struct seat *seats, int64_t *count, _Bool *some)
{
    int64_t number = hub->pending;
    hub->pending = NOBODY;
    for (;;) {
        if (number >= 0)
            number = answer_standing(hub, page, seats, number, count);
        if (number >= 0)
            return number;
        number = next_bytes(hub, seats, count);
        *some = *some || number >= 0;
        if (number < 0 || !stands(&seats[number], *count, &hub->call))
            return number;
    }
}

/* The same for when nothing is ready for Python: answers what stands, and waits for ``milliseconds``. */
EXPORT int64_t hub_wait(struct hub *hub, struct shared_page *page, const struct seat *seats, int milliseconds, int64_t *count)
{
    _Bool some = 0;
    int64_t number = serve(hub, page, seats, count, &some), due = nanoseconds() + POLL_NANOSECONDS;
    if (number >= 0)
        return number;
    if (hub->skip && !some) {
        hub->skip--;
    } else {
        uint32_t helped = hub->helped;
        some = 0;
        do {
            sched_yield();
            _Bool now = 0;
            number = serve(hub, page, seats, count, &now);
            if (number >= 0)
                return number;
            if (now || helped != hub->helped)
                due = nanoseconds() + POLL_NANOSECONDS;
            some = some || now;
            helped = hub->helped;
        } while (nanoseconds() < due);
        hub->penalty = some ? 0 : more_patience(hub->penalty);
        hub->skip = hub->penalty;
    }
    atomic_store(&page->hub_awake, 0);
    number = take_mail(hub, seats, count, 1); /* what was posted before that could be seen */
    if (number < 0) {
        hub->at = 0;
        hub->found = epoll_wait(hub->epoll, hub->events, BATCH, milliseconds);
    }
    atomic_store(&page->hub_awake, 1);
    if (number < 0)
        number = take(hub, seats, count);
    if (number >= 0 && stands(&seats[number], *count, &hub->call))
        number = answer_standing(hub, page, seats, number, count);
    return number;
}
