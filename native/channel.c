/* One connection of the keeper: the answer to a call goes out and the next request comes in, in one step without Python.
 *
 * hsmith.wire.channel calls it by ctypes, and has the same in plain Python. An idle processor takes long to wake, and that dominates the
 * time of a lone caller. So the next request is polled for, briefly, while no other call is being answered; where
 * that was in vain, the next times it is not tried. */

#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0
#endif

#define EXPORT __attribute__((visibility("default")))
#define POLL_NANOSECONDS 50000
#define STALL_MILLISECONDS 100
#define PATIENCE 64 /* steps without polling after it was in vain, at most */

/* As module/hsmith.h has it; the module reads it. */
struct shared_page {
    _Atomic uint64_t changes;
    unsigned char unused[56];
    _Atomic uint32_t calls; /* that are being answered */
    _Atomic uint32_t seats; /* of connections that share a thread */
};

/* What hsmith.wire.channel keeps for a connection. */
struct channel {
    int32_t fd;
    uint32_t answering; /* whether a call is */
    uint32_t skip, penalty;
};

static _Atomic uint32_t polling; /* one at a time */

static int64_t nanoseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int transmit(int fd, const char *data, size_t length)
{
    while (length) {
        ssize_t sent = send(fd, data, length, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return -errno;
        data += sent;
        length -= (size_t)sent;
    }
    return 0;
}

static uint32_t busy(struct shared_page *page)
{
    return atomic_load_explicit(&page->calls, memory_order_relaxed) + atomic_load_explicit(&page->seats, memory_order_relaxed);
}

/* To ask the system takes longer than most calls. */
static int single_processor(void)
{
    static _Atomic long processors;
    if (!processors)
        processors = sysconf(_SC_NPROCESSORS_ONLN);
    return processors == 1;
}

static ssize_t poll_for(struct channel *channel, struct shared_page *page, void *buffer, size_t room)
{
    ssize_t count = -1;
    uint32_t nobody = 0;
    if (channel->skip) {
        channel->skip--;
        return -1;
    }
    if (busy(page) || !atomic_compare_exchange_strong(&polling, &nobody, 1))
        return -1;
    if (single_processor())
        sched_yield(); /* nobody could send meanwhile */
    int64_t due = nanoseconds() + POLL_NANOSECONDS;
    do
        count = recv(channel->fd, buffer, room, MSG_DONTWAIT);
    while (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)
        && !busy(page) && nanoseconds() < due);
    atomic_store(&polling, 0);
    if (count >= 0) {
        channel->penalty = 0;
    } else {
        channel->penalty = channel->penalty * 2 + 1 < PATIENCE ? channel->penalty * 2 + 1 : PATIENCE;
        channel->skip = channel->penalty;
    }
    return count;
}

/* What is on its way of a frame that fits into the buffer. A sender that stalls is left to Python, which knows for how long. */
static ssize_t rest_of_frame(int fd, unsigned char *buffer, size_t room, ssize_t count)
{
    if (count < 4)
        return count;
    size_t have = (size_t)count;
    size_t end = 4 + (buffer[0] | (size_t)buffer[1] << 8 | (size_t)buffer[2] << 16 | (size_t)buffer[3] << 24);
    while (have < end && end <= room) {
        struct pollfd one = { .fd = fd, .events = POLLIN };
        ssize_t more = recv(fd, buffer + have, end - have, MSG_DONTWAIT);
        if (more > 0)
            have += (size_t)more;
        else if (more == 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) || poll(&one, 1, STALL_MILLISECONDS) == 0)
            break;
    }
    return (ssize_t)have;
}

/* Send ``length`` bytes of an answer, and wait for what comes next. Returns how many bytes came (0: the end of the stream), or
 * -errno. */
EXPORT int64_t channel_exchange(struct channel *channel, struct shared_page *page, const char *answer, uint64_t length,
    void *buffer, uint64_t room)
{
    int wrong = transmit(channel->fd, answer, length);
    if (channel->answering) {
        channel->answering = 0;
        atomic_fetch_sub_explicit(&page->calls, 1, memory_order_relaxed);
    }
    if (wrong)
        return wrong;
    ssize_t count = poll_for(channel, page, buffer, room);
    while (count < 0) {
        count = recv(channel->fd, buffer, room, 0);
        if (count < 0 && errno != EINTR)
            return -errno;
    }
    count = rest_of_frame(channel->fd, buffer, room, count);
    if (count) {
        channel->answering = 1;
        atomic_fetch_add_explicit(&page->calls, 1, memory_order_relaxed);
    }
    return count;
}

/* The connection ends: a call that it was answering is no more. */
EXPORT void channel_leave(struct channel *channel, struct shared_page *page)
{
    if (channel->answering)
        atomic_fetch_sub_explicit(&page->calls, 1, memory_order_relaxed);
    channel->answering = 0;
}
