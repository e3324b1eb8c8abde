/* One connection of the keeper: the answer to a call goes out and the next request comes in, in one step without Python.
 *
 * hsmith.wire.channel calls it by ctypes, and has the same in plain Python. An idle processor takes long to wake, and that dominates the
 * time of a lone caller. So the next request is polled for, briefly, while no other call is being answered; where
 * that was in vain, the next times it is not tried. */

#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>

#include "mail.h"
#include "standing.h"

#define STALL_MILLISECONDS 100
#define CROWDED ((int64_t)1 << 40) /* above any number of bytes */
#define SIT (CROWDED << 1)
#define SOCIABLE 8 /* short calls in a row, while others are served too, after which a connection shares a thread */

#define LARGEST_SHORT 81920 /* bytes of a request above which a call is not short: one thread for all would copy for all */

/* What hsmith.wire.channel keeps for a connection. */
struct channel {
    int32_t fd;
    uint32_t answering; /* whether a call is */
    uint32_t skip, penalty;
    struct mailbox *mailbox; /* or NULL */
    struct shared_page *page;
    unsigned char *buffer; /* where requests go */
    uint64_t room;
    struct standings *standings; /* or NULL */
    uint32_t crowd; /* short calls in a row that were not alone */
};

static _Atomic uint32_t polling; /* one at a time */

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

/* Whether the next request will be polled for: alone, and not after it was in vain. */
static int will_poll(struct channel *channel)
{
    uint32_t nobody = 0;
    if (channel->skip) {
        channel->skip--;
        return 0;
    }
    return !busy(channel->page) && atomic_compare_exchange_strong(&polling, &nobody, 1);
}

/* Looks for the next request until it comes, or somebody else needs the processor. -1: it has not come. */
static ssize_t poll_for(struct channel *channel)
{
    ssize_t count = -1;
    if (single_processor())
        sched_yield(); /* nobody could send meanwhile */
    int64_t due = nanoseconds() + POLL_NANOSECONDS;
    for (unsigned look = 0; count < 0; look++) {
        count = mail_take(channel->mailbox, channel->buffer, channel->room);
        if (count < 0 && (!channel->mailbox || look % LOOKS == LOOKS - 1)) {
            count = recv(channel->fd, channel->buffer, channel->room, MSG_DONTWAIT);
            if (count < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
                break;
        }
        if (count < 0 && (busy(channel->page) || nanoseconds() > due))
            break;
    }
    atomic_store(&polling, 0);
    channel->penalty = count >= 0 ? 0 : more_patience(channel->penalty);
    channel->skip = channel->penalty;
    return count;
}

/* Whether somebody looks into the mailbox. Told before the answer leaves: the next request may come at once. */
static void look_into(struct mailbox *box, uint32_t served)
{
    if (box && atomic_load_explicit(&box->served, memory_order_relaxed) != served)
        atomic_store(&box->served, served);
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

/* The next request, whichever way it comes. What is posted while nobody is told to look is found before the wait. */
static ssize_t next_request(struct channel *channel, int polls)
{
    ssize_t count = polls ? poll_for(channel) : -1;
    if (count < 0) {
        look_into(channel->mailbox, NOBODY_LOOKS);
        count = mail_take(channel->mailbox, channel->buffer, channel->room);
    }
    while (count < 0) {
        count = recv(channel->fd, channel->buffer, channel->room, 0);
        if (count < 0 && errno != EINTR)
            return -errno;
    }
    count = rest_of_frame(channel->fd, channel->buffer, channel->room, count);
    return mail_fetched(channel->mailbox, channel->buffer, channel->room, count);
}

/* The call that was being answered, if one was, is no more, or only waits. */
EXPORT void channel_leave(struct channel *channel)
{
    if (channel->answering)
        atomic_fetch_sub_explicit(&channel->page->calls, 1, memory_order_relaxed);
    channel->answering = 0;
}

/* Send an answer. ``polls``: whether the next request will be polled for. Returns 0, or -errno. */
static int send_answer(struct channel *channel, const char *answer, uint64_t length, int polls)
{
    look_into(channel->mailbox, polls && channel->room >= MAIL_ROOM ? OWN_THREAD_LOOKS : NOBODY_LOOKS);
    static const char bell[BELL];
    int wrong = mail_answer(channel->mailbox, answer, length) ? 0
        : mail_laid(channel->mailbox, answer, length)         ? transmit(channel->fd, bell, sizeof bell)
                                                              : transmit(channel->fd, answer, length);
    if (wrong && polls)
        atomic_store(&polling, 0);
    return wrong;
}

/* The answer to a request in the buffer, of ``count`` bytes, if it is one that stands: its bytes, else 0. */
static uint64_t standing(struct channel *channel, ssize_t count, int crowded)
{
    struct standing_call call;
    struct standings *all = channel->standings;
    if (!standing_find(all, channel->buffer, (uint64_t)count, &call))
        return 0;
    channel->crowd = crowded && call.standing->is_short && count <= LARGEST_SHORT ? channel->crowd + 1 : 0;
    return standing_answer(&call, channel->page, all->answer, all->room);
}

/* Send ``length`` bytes of an answer, and wait for what comes next. What stands is answered here. Returns how many bytes came (0: the
 * end of the stream), and CROWDED with them when other calls are being answered too; or SIT: none came, all is sent, and the
 * connection should share a thread; or -errno. */
EXPORT int64_t channel_exchange(struct channel *channel, const char *answer, uint64_t length)
{
    for (;;) {
        channel_leave(channel);
        int sits = channel->crowd > SOCIABLE, polls = !sits && will_poll(channel);
        int wrong = send_answer(channel, answer, length, polls);
        if (wrong)
            return wrong;
        if (sits) {
            channel->crowd = 0;
            return SIT;
        }
        ssize_t count = next_request(channel, polls);
        if (count <= 0)
            return count;
        channel->answering = 1;
        atomic_fetch_add_explicit(&channel->page->calls, 1, memory_order_relaxed);
        int crowded = busy(channel->page) > 1;
        length = standing(channel, count, crowded);
        if (!length)
            return crowded ? count | CROWDED : count;
        answer = (const char *)channel->standings->answer;
    }
}

/* An answer leaves by other means: the client need not look into its mailbox for it. */
EXPORT void channel_by_socket(struct channel *channel)
{
    if (channel->mailbox)
        mail_turn(channel->mailbox, SENT, ASLEEP);
}
