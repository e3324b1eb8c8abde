/* Calls after which what other sessions have begun may have ended, or may be refused: what of it the module has answered
 * itself must end, or be refused, as if the keeper had answered.
 *
 * Inits that were answered here and not sent yet go to the keeper first, each by itself; then it decides what becomes of them. Searches
 * that are here end after a logout when the keeper says that their sessions are with the same token, or are no more. */

#include <stdlib.h>

#include "generated/tables.h"
#include "hsmith.h"

#define CONTEXT_SPECIFIC 2

/* The number that is the request's argument ``index``, where all before it are numbers too. */
CK_ULONG argument_at(const call *c, unsigned index)
{
    CK_ULONG value = 0;
    size_t at = FRAME_HEAD + 8 * (size_t)index;
    for (int i = 7; i >= 0 && at + 8 <= c->length; i--)
        value = value << 8 | c->link->buffer[at + (size_t)i];
    return value;
}

/* A call in front of ``c``, by the same connection and with a buffer of its own, as that of ``c`` has its request. */
static bool begin(call *side, connection *link, const call *c, unsigned number)
{
    *link = (connection){ .fd = c->link->fd, .mailbox = c->link->mailbox };
    *side = (call){ .link = link, .number = number, .length = FRAME_HEAD };
    return grow(link, 0, FRAME_HEAD);
}

static bool send_alone(const call *c, const repetition *r, bool *accepted)
{
    connection link;
    call side;
    bool good = begin(&side, &link, c, r->init.number);
    if (good)
        put_raw(&side, r->init.request, r->init.length);
    good = good && side.rv == CKR_OK && exchange(&side, NULL);
    *accepted = good && side.rv == CKR_OK;
    free(link.buffer);
    return good;
}

static bool send_begun(const call *c)
{
    repetition r;
    bool good = true, accepted = false;
    while (good && repeat_take(&r)) {
        good = send_alone(c, &r, &accepted);
        repeat_taken(&r, accepted);
    }
    return good;
}

/* ``known`` is false where the keeper has no such session. */
static bool slot_of(const call *c, CK_ULONG session, CK_ULONG *slot, bool *known)
{
    connection link;
    call side;
    bool good = begin(&side, &link, c, GET_SESSION_INFO);
    if (good)
        put_ulong(&side, session);
    good = good && side.rv == CKR_OK && exchange(&side, NULL);
    *known = good && side.rv == CKR_OK;
    *slot = *known ? get_number(&side) : 0;
    free(link.buffer);
    return good && !side.bad;
}

static bool logs_out(const call *c, CK_ULONG user)
{
    switch (c->number) {
    case LOGOUT:
    case CLOSE_ALL_SESSIONS:
        return c->rv == CKR_OK;
    case LOGIN:
    case LOGIN_USER: /* too many wrong PINs for one operation: the user is logged out */
        return c->rv == CKR_PIN_LOCKED && user == CONTEXT_SPECIFIC;
    default:
        return false;
    }
}

/* Of sessions with this slot, and of those that are no more. */
static bool end_searches(const call *c, CK_ULONG slot)
{
    CK_ULONG session, found;
    bool known, good = true;
    for (size_t at = 0; good && search_next(&at, &session);) {
        good = slot_of(c, session, &found, &known);
        if (good && (!known || found == slot))
            search_end(session);
    }
    return good;
}

static bool exchange_held(call *c, const init *front, bool armed, bool searches)
{
    CK_ULONG first = argument_at(c, 0), user = argument_at(c, 1), slot = first;
    bool known = true;
    if (armed && !send_begun(c))
        return false;
    searches = searches && (c->flags & FORGETS);
    if (searches && (c->flags & SESSION) && !slot_of(c, first, &slot, &known))
        return false;
    if (!exchange(c, front))
        return false;
    if (c->number == CLOSE_SESSION && c->rv == CKR_OK)
        search_end(first);
    return !searches || !known || !logs_out(c, user) || end_searches(c, slot);
}

/* exchange() for a call that is OTHERS. While it is on its way nothing that it may end is begun here. */
bool others_exchange(call *c, const init *front)
{
    bool armed = repeat_hold();
    bool searches = search_hold();
    bool good = exchange_held(c, front, armed, searches);
    search_release();
    repeat_release(c->flags & FORGETS);
    return good;
}
