/* Helpers of the hub, on the other processors: they answer what stands, out of the mailboxes alone, and never need Python. */

#define _GNU_SOURCE
#include <linux/futex.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "hub.h"

#define HELP_ROOM 69632 /* bytes of a frame, at most */

/* The answer to what is in the mailbox of a seat that is held, if it stands. It is made first, and the request taken then: what cannot
 * be answered stays where it is, and a client that took it back meanwhile has sent it to the hub. */
static _Bool help(struct shared_page *page, const struct seat *seat, unsigned char *frame, unsigned char *answer)
{
    struct standing_call call;
    struct mailbox *box = seat->mailbox;
    if (!box || !seat->standings)
        return 0;
    uint32_t state = atomic_load_explicit(&box->state, memory_order_acquire);
    if (!mail_posted(state))
        return 0;
    unsigned char head[4];
    memcpy(head, box->request, sizeof head);
    uint32_t length = mail_length(head);
    if (length < sizeof head || length > HELP_ROOM)
        return 0;
    memcpy(frame, mail_request(box, length), length);
    memcpy(frame, head, sizeof head);
    if (!standing_find(seat->standings, frame, length, &call))
        return 0;
    uint64_t made = standing_answer(&call, page, answer, HELP_ROOM);
    if (!made)
        return 0;
    if (!mail_turn(box, state, mail_taken(state))) {
        standing_unsaid(&call);
        return 0;
    }
    if (length <= MAIL_ROOM)
        memset(box->request, 0, length); /* as mail_take does */
    if (!mail_answer(box, (const char *)answer, made) && send(seat->fd, answer, made, MSG_NOSIGNAL) != (ssize_t)made)
        shutdown(seat->fd, SHUT_RDWR); /* the client has gone */
    return 1;
}

static _Bool help_any(struct hub *hub, struct shared_page *page, const struct seat *seats, uint32_t *from)
{
    unsigned char frame[HELP_ROOM], answer[HELP_ROOM];
    uint32_t passed = 0;
    for (int64_t number; (number = next_taken(hub, *from, &passed)) >= 0;) {
        if (!hold(hub, number)) /* first: what is not held may be unmapped */
            continue;
        _Bool helped = help(page, &seats[number], frame, answer);
        let_go(hub, number);
        if (helped) {
            *from = (uint32_t)(number + 1) % SEATS;
            atomic_fetch_add_explicit(&hub->helped, 1, memory_order_relaxed);
            atomic_store_explicit(&hub->before, NOBODY, memory_order_relaxed);
            return 1;
        }
    }
    return 0;
}

static void sleep_at(struct hub *hub, uint32_t bell)
{
    atomic_fetch_add(&hub->asleep, 1);
    while (atomic_load(&hub->bell) == bell)
        syscall(SYS_futex, &hub->bell, FUTEX_WAIT_PRIVATE, bell, NULL, NULL, 0);
    atomic_fetch_sub(&hub->asleep, 1);
}

/* Helps for ever. */
EXPORT void hub_help(struct hub *hub, struct shared_page *page, const struct seat *seats)
{
    for (uint32_t from = 0, bell = hub->bell;; bell = hub->bell) {
        sleep_at(hub, bell);
        atomic_fetch_add_explicit(&page->helping, 1, memory_order_relaxed);
        _Bool some = 0;
        int64_t due = nanoseconds() + POLL_NANOSECONDS;
        while (nanoseconds() < due)
            if (help_any(hub, page, seats, &from)) {
                some = 1;
                due = nanoseconds() + POLL_NANOSECONDS;
            } else {
                sched_yield();
            }
        atomic_fetch_sub_explicit(&page->helping, 1, memory_order_relaxed);
        hub->vain = some ? 0 : more_patience(hub->vain);
    }
}
