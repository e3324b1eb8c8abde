/* Many connections of the keeper, served by one thread: for calls so short that handing Python's lock from thread to
 * thread would cost more than the calls (docs/decisions/0018).
 *
 * hsmith.wire.hub calls it by ctypes: hub_ready with Python's lock held, as it never waits, hub_wait without it. */

#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))
#define BATCH 64
#define NOBODY -1
#define POLL_NANOSECONDS 50000
#define PATIENCE 64

/* A connection that takes part, and where its bytes go. */
struct seat {
    int32_t fd;
    uint32_t unused;
    void *buffer;
    uint64_t room;
};

struct hub {
    int32_t epoll;
    int32_t found, at; /* of the events */
    uint32_t skip, penalty;
    struct epoll_event events[BATCH];
};

static int64_t nanoseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

EXPORT uint64_t hub_size(void)
{
    return sizeof(struct hub);
}

EXPORT int hub_open(struct hub *hub)
{
    hub->found = hub->at = 0;
    hub->skip = hub->penalty = 0;
    hub->epoll = epoll_create1(EPOLL_CLOEXEC);
    return hub->epoll < 0 ? -errno : 0;
}

EXPORT int hub_join(struct hub *hub, const struct seat *seats, int64_t number)
{
    struct epoll_event event = { .events = EPOLLIN, .data.u64 = (uint64_t)number };
    return epoll_ctl(hub->epoll, EPOLL_CTL_ADD, seats[number].fd, &event) ? -errno : 0;
}

EXPORT int hub_leave(struct hub *hub, const struct seat *seats, int64_t number)
{
    struct epoll_event event = { 0 };
    return epoll_ctl(hub->epoll, EPOLL_CTL_DEL, seats[number].fd, &event) ? -errno : 0;
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
        *sent = send(seats[last].fd, answer, length, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (*sent < 0)
            *sent = 0;
        if ((uint64_t)*sent != length)
            return NOBODY;
    }
    int64_t number = take(hub, seats, count);
    if (number >= 0)
        return number;
    hub->at = 0;
    hub->found = epoll_wait(hub->epoll, hub->events, BATCH, 0);
    return take(hub, seats, count);
}

/* The same for when nothing is ready: waits for ``milliseconds``. */
EXPORT int64_t hub_wait(struct hub *hub, const struct seat *seats, int milliseconds, int64_t *count)
{
    int64_t due = nanoseconds() + POLL_NANOSECONDS;
    hub->at = 0;
    hub->found = 0;
    if (hub->skip)
        hub->skip--;
    else {
        while (!(hub->found = epoll_wait(hub->epoll, hub->events, BATCH, 0)) && nanoseconds() < due)
            sched_yield();
        hub->penalty = hub->found ? 0 : hub->penalty * 2 + 1 < PATIENCE ? hub->penalty * 2 + 1 : PATIENCE;
        hub->skip = hub->penalty;
    }
    if (!hub->found)
        hub->found = epoll_wait(hub->epoll, hub->events, BATCH, milliseconds);
    return take(hub, seats, count);
}
