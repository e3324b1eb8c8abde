/* One request and its answer (docs/wire.md): through the mailbox that the keeper shares where both sides are awake and the
 * frames are short, which takes no system call; through the socket otherwise.
 *
 * An idle processor takes long to wake, and to wake it costs whoever does it even more: so the answer is polled for, in
 * earnest while this is the one call in flight, here and in the keeper, and else leaving the processor to others each time.
 * Where that was in vain, the next calls do not try (docs/decisions/0018, 0020). */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

#include "hsmith.h"
#include "polling.h"

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0 /* the socket has SO_NOSIGPIPE */
#endif

#define HEAD FRAME_HEAD
#define BOTH 0xFF02
#define OUTPUT_HEAD 13 /* of an answer: before the bytes of the output */
#ifndef POLL_NANOSECONDS /* tests have more */
#define POLL_NANOSECONDS 400000 /* longer than that a reply is not polled for */
#endif
#define BYTE_NANOSECONDS 1 /* and so much longer for each byte of the request */
#define ALONE_NANOSECONDS 100000 /* and only so long without leaving the processor to others */
#ifndef CROWDED_NANOSECONDS
#define CROWDED_NANOSECONDS 30000 /* and only so long when it is not the one call in flight: others need the processors */
#endif

#define TAKEN_MICROSECONDS 200000 /* what nobody takes out of the mailbox for so long is sent */

static _Atomic unsigned skip, penalty;

static bool transmit(int fd, struct iovec *part, size_t parts)
{
    while (parts) {
        struct msghdr message = { .msg_iov = part, .msg_iovlen = parts };
        ssize_t sent = sendmsg(fd, &message, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return false;
        for (; parts && (size_t)sent >= part->iov_len; part++, parts--)
            sent -= (ssize_t)part->iov_len;
        if (parts) {
            part->iov_base = (char *)part->iov_base + sent;
            part->iov_len -= (size_t)sent;
        }
    }
    return true;
}

/* --- The mailbox --- */

/* One that cannot shrink under its users; a child that is forked does not get it. */
static void mailbox_share(connection *link, int fd)
{
    struct stat found;
    int seals = fcntl(fd, F_GET_SEALS);
    if (seals >= 0 && (seals & F_SEAL_SHRINK) && !fstat(fd, &found) && found.st_size >= (off_t)sizeof(struct mailbox)) {
        void *at = mmap(NULL, sizeof(struct mailbox), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (at != MAP_FAILED && madvise(at, sizeof(struct mailbox), MADV_DONTFORK)) {
            munmap(at, sizeof(struct mailbox));
            at = MAP_FAILED;
        }
        struct timeval patience = { .tv_usec = TAKEN_MICROSECONDS };
        if (at != MAP_FAILED && setsockopt(link->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience)) {
            munmap(at, sizeof(struct mailbox));
            at = MAP_FAILED;
        }
        if (at != MAP_FAILED) {
            link->mailbox = at;
            atomic_store(&link->mailbox->reads, READS_LARGE);
        }
    }
    close(fd);
}

void mailbox_drop(connection *link)
{
    if (link->mailbox)
        munmap(link->mailbox, sizeof(struct mailbox));
    link->mailbox = NULL;
}

static bool keeper_looks(const struct mailbox *box)
{
    uint32_t served = atomic_load(&box->served);
    return served == OWN_THREAD_LOOKS || (served == HUB_LOOKS && hub_awake());
}

static void put_in(struct mailbox *box, const struct iovec *part, size_t parts, size_t total)
{
    unsigned char *from = mail_request(box, total), *to = from;
    for (; parts; part++, parts--) {
        if (part->iov_len)
            memcpy(to, part->iov_base, part->iov_len);
        to += part->iov_len;
    }
    memcpy(box->request, from, 4);
}

static void post(connection *link, const struct iovec *part, size_t parts, size_t total, uint32_t state)
{
    put_in(link->mailbox, part, parts, total);
    link->posted = total;
    atomic_store(&link->mailbox->state, state);
}

/* What is put in is long enough for a bell. */
static bool may_ring(const struct mailbox *box, size_t total)
{
    return total > MAIL_ROOM && box->rings;
}

/* It lies in the mailbox, and the socket says so. */
static bool ring(connection *link)
{
    unsigned char bell[BELL] = { 0 };
    struct iovec part = { bell, sizeof bell };
    return transmit(link->fd, &part, 1);
}

/* What was posted and not taken. It may have a secret. */
static bool send_posted(connection *link)
{
    if (may_ring(link->mailbox, link->posted))
        return ring(link);
    unsigned char *from = mail_request(link->mailbox, link->posted);
    struct iovec part = { from, link->posted };
    bool sent = transmit(link->fd, &part, 1);
    memset(from, 0, link->posted);
    return sent;
}

/* Nobody waits at the mailbox for the answer: what is posted is sent instead if nobody takes it any more. False: the connection is
 * lost. Who stops looking tells so before the last look, so one of both sees the other. */
static bool leave_posted(connection *link)
{
    struct mailbox *box = link->mailbox;
    return keeper_looks(box) || !mail_turn(box, POSTED_ASLEEP, ASLEEP) || send_posted(link);
}

/* The answer that is in the mailbox: its bytes, 0 when it is none. The output of a call may stay where it is: nothing is decided by it. */
static ssize_t open_mail(connection *link)
{
    unsigned char head[4];
    memcpy(head, link->mailbox->reply, sizeof head);
    uint32_t length = mail_length(head);
    bool lies = link->may_lie && length > MAIL_ROOM;
    uint32_t copied = lies ? OUTPUT_HEAD : length;
    if (copied > link->room && !grow(link, 0, copied))
        return 0;
    memcpy(link->buffer, mail_reply(link->mailbox, length), copied);
    memcpy(link->buffer, head, sizeof head);
    link->lying = lies ? length : 0;
    return length;
}

/* A secret, or an answer with one, takes the way that leaves nothing behind. A keeper that knows POSTED_ASLEEP wipes what is short. */
static bool send_request(call *c, struct iovec *part, size_t parts, size_t total, bool polls)
{
    connection *link = c->link;
    struct mailbox *box = link->mailbox;
    bool by_mail = box && (!(c->flags & SECRET) || (c->flags & MAILS && keeper_wakes() && total <= MAIL_ROOM));
    bool fits = by_mail && (total <= MAIL_ROOM || total <= box->room) && total <= LARGE_ROOM;
    if (fits && (polls || keeper_wakes()) && keeper_looks(box)) {
        post(link, part, parts, total, polls ? POSTED : POSTED_ASLEEP);
        return polls || leave_posted(link);
    }
    if (box)
        atomic_store(&box->state, by_mail && polls ? SENT : ASLEEP);
    if (!fits || !may_ring(box, total))
        return transmit(link->fd, part, parts);
    put_in(box, part, parts, total);
    return ring(link);
}

/* --- The answer --- */

static bool may_poll(void)
{
    unsigned waits = atomic_load_explicit(&skip, memory_order_relaxed);
    if (waits)
        atomic_store_explicit(&skip, waits - 1, memory_order_relaxed);
    return !waits;
}

/* What has come of the answer: its bytes, 0 when the connection is lost, -1 when there is nothing yet. */
static ssize_t look(connection *link, unsigned turn)
{
    struct mailbox *box = link->mailbox;
    uint32_t state = box ? atomic_load_explicit(&box->state, memory_order_acquire) : ASLEEP;
    if (state == DONE)
        return open_mail(link);
    if (state == POSTED && !keeper_looks(box) && mail_turn(box, POSTED, SENT) && !send_posted(link))
        return 0;
    if ((state == POSTED || state == SENT) && turn % LOOKS != LOOKS - 1)
        return -1;
    ssize_t count = recv(link->fd, link->buffer, link->room, MSG_DONTWAIT);
    return count >= 0 || errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? count : 0;
}

/* The same, without looking: from now on the keeper answers through the socket. */
static ssize_t wait_for(connection *link)
{
    struct mailbox *box = link->mailbox;
    if (box && keeper_wakes() && mail_turn(box, POSTED, POSTED_ASLEEP)) {
        if (!leave_posted(link))
            return 0;
    } else if (box && mail_turn(box, POSTED, ASLEEP)) {
        if (!send_posted(link))
            return 0;
    } else if (box && !mail_turn(box, SENT, ASLEEP) && atomic_load(&box->state) == DONE) {
        return open_mail(link);
    }
    for (;;) {
        ssize_t count = recv(link->fd, link->buffer, link->room, 0);
        if (count >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK))
            return count;
        if (box && mail_turn(box, POSTED_ASLEEP, ASLEEP) && !send_posted(link))
            return 0;
    }
}

/* One thread of the keeper serves all who call: it needs one processor, and it would cost that thread more to wake sleepers than to
 * answer them. */
static bool one_serves_all(const struct mailbox *box)
{
    return box && atomic_load_explicit(&box->served, memory_order_relaxed) == HUB_LOOKS && !keeper_helps();
}

static ssize_t receive_first(connection *link, bool polls, size_t total)
{
    if (!polls)
        return wait_for(link);
    bool alone = single_processor();
    int64_t begun = nanoseconds(), passed = 0;
    for (unsigned turn = 0; passed < POLL_NANOSECONDS + BYTE_NANOSECONDS * (int64_t)total; turn++) {
        ssize_t count = look(link, turn);
        if (count >= 0) {
            atomic_store_explicit(&penalty, 0, memory_order_relaxed);
            return count;
        }
        bool crowded = other_calls() || keeper_calls() > 1;
        if (crowded && passed > CROWDED_NANOSECONDS && !one_serves_all(link->mailbox))
            break;
        if (alone || crowded || passed > ALONE_NANOSECONDS)
            sched_yield();
        passed = nanoseconds() - begun;
    }
    unsigned next = more_patience(atomic_load_explicit(&penalty, memory_order_relaxed));
    atomic_store_explicit(&penalty, next, memory_order_relaxed);
    atomic_store_explicit(&skip, next, memory_order_relaxed);
    return wait_for(link);
}

/* The first bytes of the reply to HELLO, with which descriptors may come: of the page, and of a mailbox. */
static ssize_t receive_hello(connection *link)
{
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(2 * sizeof(int))];
    } control;
    struct iovec part = { link->buffer, link->room };
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
    ssize_t count = recvmsg(link->fd, &message, MSG_CMSG_CLOEXEC);
    struct cmsghdr *given = count < 0 ? NULL : CMSG_FIRSTHDR(&message);
    if (!given || given->cmsg_level != SOL_SOCKET || given->cmsg_type != SCM_RIGHTS)
        return count;
    int fds[2] = { -1, -1 }, many = (int)((given->cmsg_len - CMSG_LEN(0)) / sizeof(int));
    memcpy(fds, CMSG_DATA(given), (size_t)many * sizeof(int));
    if (many > 0)
        repeat_share(fds[0]);
    if (many > 1)
        mailbox_share(link, fds[1]);
    return count;
}

/* One whole frame into the buffer, which grows with what arrives and never with the length that is claimed. 0: lost. */
static size_t receive(connection *link, bool greets, bool polls, size_t total)
{
    size_t have = 0, end = 4;
    while (have < end) {
        if (have == link->room && !grow(link, have, have + 1))
            return 0;
        ssize_t count = have ? recv(link->fd, link->buffer + have, link->room - have, 0)
            : greets         ? receive_hello(link)
                             : receive_first(link, polls, total);
        if (count < 0 && (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK))
            continue;
        if (count <= 0)
            return 0;
        have += (size_t)count;
        if (link->mailbox && mail_rung(link->buffer, have))
            return (size_t)open_mail(link);
        if (have >= 4) {
            const unsigned char *b = link->buffer;
            size_t length = b[0] | (size_t)b[1] << 8 | (size_t)b[2] << 16 | (size_t)b[3] << 24;
            if (length < 4 || length > MAX_FRAME)
                return 0;
            end = 4 + length;
        }
    }
    return have == end ? end : 0;
}

/* --- Both --- */

static void put_little(unsigned char *to, size_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        to[i] = (unsigned char)(value >> 8 * i);
}

/* ``front``: an Init that goes in one frame with the request, or NULL. */
bool exchange(call *c, const init *front)
{
    struct iovec part[2 * MAX_SEGMENTS + 4];
    unsigned char both[12];
    size_t parts = 0, from = 0, total = c->length + c->sent_from + (front ? sizeof both + front->length : 0);
    unsigned char *b = c->link->buffer;
    if (total > MAX_FRAME)
        return false;
    put_little(b, total - 4, 4);
    put_little(b + 4, front ? BOTH : c->number, 2);
    put_little(b + 6, 0, 2);
    if (front) {
        put_little(both, front->number, 2);
        put_little(both + 2, c->number, 2);
        put_little(both + 4, front->length, 2);
        put_little(both + 6, front->free_from, 2);
        put_little(both + 8, front->free_to, 2);
        put_little(both + 10, 0, 2);
        part[parts++] = (struct iovec){ b, HEAD };
        part[parts++] = (struct iovec){ both, sizeof both };
        part[parts++] = (struct iovec){ (void *)(uintptr_t)front->request, front->length };
        from = HEAD;
    }
    for (unsigned i = 0; i < c->segments; i++) {
        segment *s = &c->segment[i];
        part[parts++] = (struct iovec){ b + from, s->before - from };
        part[parts++] = (struct iovec){ (void *)(uintptr_t)s->data, s->length };
        from = s->before;
    }
    part[parts++] = (struct iovec){ b + from, c->length - from };
    bool greets = c->number == HELLO, polls = !greets && may_poll();
    c->link->may_lie = (c->flags & (OUTPUT | PARAMETER)) == OUTPUT;
    c->link->lying = 0;
    c->lying = NULL;
    /* A keeper that is full refuses before it reads: its words still can be read. */
    if (!send_request(c, part, parts, total, polls) && !greets)
        return false;
    size_t end = receive(c->link, greets, polls, total);
    if (end < HEAD)
        return false;
    if (c->link->lying) {
        c->lying = c->link->mailbox->large_reply + OUTPUT_HEAD;
        c->lying_length = end - OUTPUT_HEAD;
        end = OUTPUT_HEAD;
    }
    if (end > c->length)
        c->length = end; /* so much of the buffer has been used */
    c->at = c->link->buffer + 4;
    c->left = end - 4;
    c->rv = get_u32(c);
    return true;
}
