/* Results out of the bytes of a reply (docs/wire.md).
 *
 * The keeper's bytes are checked as if they came from an enemy: nothing is read behind the frame, nothing written behind the caller's
 * buffer. */

#include <stdlib.h>
#include <string.h>

#include "hsmith.h"

const unsigned char *get_bytes(call *c, size_t length)
{
    if (c->bad || length > c->left) {
        c->bad = true;
        return NULL;
    }
    c->at += length;
    c->left -= length;
    return c->at - length;
}

void get_raw(call *c, void *to, size_t length)
{
    const unsigned char *from = get_bytes(c, length);
    if (from && length)
        memcpy(to, from, length);
}

static uint64_t get_little(call *c, unsigned length)
{
    const unsigned char *from = get_bytes(c, length);
    uint64_t value = 0;
    for (unsigned i = 0; from && i < length; i++)
        value |= (uint64_t)from[i] << 8 * i;
    return value;
}

uint32_t get_u32(call *c)
{
    return (uint32_t)get_little(c, 4);
}

uint64_t get_u64(call *c)
{
    return get_little(c, 8);
}

CK_ULONG get_number(call *c)
{
    uint64_t value = get_u64(c);
    return value == ONES ? (CK_ULONG)-1 : (CK_ULONG)value;
}

void get_ulong(call *c, CK_ULONG *to)
{
    if (c->rv != CKR_OK)
        return;
    CK_ULONG value = get_number(c);
    if (to && !c->bad)
        *to = value;
}

/* A count of items that are in the reply, as a check before the first is read. */
static uint32_t get_count(call *c, size_t least)
{
    uint32_t count = get_u32(c);
    c->bad |= count > c->left / least;
    return c->bad ? 0 : count;
}

/* CK_OTP_SIGNATURE_INFO, its array and the values, as one block in the caller's memory ("CK_OTP_SIGNATURE_INFO"). The
 * values are aligned: what they are may be a CK_ULONG. */
static void get_info(call *c, CK_BYTE *data, CK_ULONG *length)
{
    CK_OTP_PARAMS info = { NULL, get_count(c, 12) };
    CK_ULONG array = sizeof info, used = array + info.ulCount * sizeof(CK_OTP_PARAM);
    c->bad |= used > c->capacity || c->rv != CKR_OK || !data || !length;
    for (CK_ULONG i = 0; i < info.ulCount && !c->bad; i++) {
        CK_OTP_PARAM param = { 0, data + used, 0 };
        param.type = get_number(c);
        param.ulValueLen = get_u32(c);
        const unsigned char *from = get_bytes(c, param.ulValueLen);
        CK_ULONG room = (param.ulValueLen + 7) / 8 * 8;
        c->bad |= room > c->capacity - used;
        if (c->bad)
            return;
        if (param.ulValueLen)
            memcpy(param.pValue, from, param.ulValueLen);
        memcpy(data + array + i * sizeof param, &param, sizeof param);
        used += room;
    }
    if (c->bad)
        return;
    info.pParams = (CK_OTP_PARAM *)(void *)(data + array);
    memcpy(data, &info, sizeof info);
    *length = used;
}

enum buffer_form { LENGTH_ALONE, DATA, INFO };

/* Section 5.2: the bytes with their length, or the length alone. */
void get_buffer(call *c, CK_ULONG session, CK_BYTE *data, CK_ULONG *length)
{
    if (c->rv == CKR_PENDING)
        async_remember(session, c->number, data, c->capacity);
    if (c->rv != CKR_OK && c->rv != CKR_BUFFER_TOO_SMALL)
        return;
    uint64_t form = get_little(c, 1);
    if (form == INFO) {
        get_info(c, data, length);
        return;
    }
    if (form == LENGTH_ALONE) {
        CK_ULONG wanted = get_number(c);
        c->bad |= !length || (c->rv == CKR_OK && data != NULL);
        if (!c->bad)
            *length = wanted;
        return;
    }
    size_t given = get_u32(c);
    const unsigned char *from = c->lying ? c->lying : get_bytes(c, given);
    c->bad |= given > c->capacity || c->rv != CKR_OK || (!data && length) || (c->lying && given != c->lying_length);
    c->lying = NULL;
    if (c->bad)
        return;
    if (given)
        memcpy(data, from, given);
    if (length)
        *length = given;
}

void get_fill(call *c, CK_BYTE *data, CK_ULONG length)
{
    if (c->rv != CKR_OK)
        return;
    c->bad |= get_u32(c) != length;
    get_raw(c, data, length);
}

void get_list(call *c, CK_ULONG *list, CK_ULONG *count)
{
    if (c->rv != CKR_OK)
        return;
    CK_ULONG given = get_count(c, 8), room = *count;
    if (c->bad)
        return;
    *count = given;
    if (list && room < given)
        c->rv = CKR_BUFFER_TOO_SMALL;
    for (CK_ULONG i = 0; i < given; i++) {
        CK_ULONG item = get_number(c);
        if (list && room >= given)
            list[i] = item;
    }
}

void get_found(call *c, CK_ULONG *list, CK_ULONG most, CK_ULONG *count)
{
    if (c->rv != CKR_OK)
        return;
    CK_ULONG given = get_count(c, 8);
    c->bad |= given > most;
    if (c->bad)
        return;
    *count = given;
    for (CK_ULONG i = 0; i < given; i++)
        list[i] = get_number(c);
}

/* --- C_GetAttributeValue --- */

static void get_value(call *c, CK_ATTRIBUTE *a, int depth);

/* How long the value at the reader is in the caller's memory, or SIZE_MAX; the reader moves to its content. */
static size_t measure(call *c, unsigned tag, size_t *items)
{
    *items = 0;
    switch (tag) {
    case T_EMPTY:
        return 0;
    case T_BYTES:
        *items = get_count(c, 1);
        return *items;
    case T_ULONG:
        return sizeof(CK_ULONG);
    case T_BOOL:
        return sizeof(CK_BBOOL);
    case T_ULONGS:
        *items = get_count(c, 8);
        return *items * sizeof(CK_ULONG);
    case T_TEMPLATE:
        *items = get_count(c, 9);
        return *items * sizeof(CK_ATTRIBUTE);
    default:
        c->bad = true;
        return 0;
    }
}

/* An array of attributes: the caller's has room for each value, or asks for lengths; types are set. */
static void get_attributes(call *c, unsigned char *list, size_t items, int depth)
{
    for (size_t i = 0; i < items && !c->bad; i++) {
        CK_ATTRIBUTE a = { 0, NULL, 0 };
        if (list)
            memcpy(&a, list + i * sizeof a, sizeof a);
        CK_ULONG type = get_number(c);
        /* An array in an array: its memory has pointers only where the caller knows that it is one. */
        if (type != a.type && kind_of(type) == V_TEMPLATE)
            a.ulValueLen = 0;
        a.type = type;
        get_value(c, &a, depth);
        if (list)
            memcpy(list + i * sizeof a, &a, sizeof a);
    }
}

static void get_content(call *c, unsigned tag, unsigned char *to, size_t items, int depth)
{
    switch (tag) {
    case T_BYTES: {
        const unsigned char *from = get_bytes(c, items);
        if (to && from)
            memcpy(to, from, items);
        break;
    }
    case T_BOOL: {
        CK_BBOOL value = get_little(c, 1) != 0;
        if (to)
            *to = value;
        break;
    }
    case T_ULONG:
    case T_ULONGS:
        for (size_t i = 0; i < (tag == T_ULONG ? 1 : items); i++) {
            CK_ULONG value = get_number(c);
            if (to)
                memcpy(to + i * sizeof value, &value, sizeof value);
        }
        break;
    case T_TEMPLATE:
        get_attributes(c, to, items, depth + 1);
        break;
    }
}

static void get_value(call *c, CK_ATTRIBUTE *a, int depth)
{
    size_t items;
    unsigned tag = (unsigned)get_little(c, 1);
    if (tag == T_UNAVAILABLE || depth > MAX_DEPTH) {
        c->bad |= depth > MAX_DEPTH;
        a->ulValueLen = CK_UNAVAILABLE_INFORMATION;
        return;
    }
    size_t length = measure(c, tag, &items);
    /* Room for plain bytes would be taken for pointers: whatever the keeper says, none is followed there. */
    bool plain = tag == T_TEMPLATE && kind_of(a->type) != V_TEMPLATE;
    bool small = a->pValue && (a->ulValueLen < length || plain);
    if (small && c->rv == CKR_OK)
        c->rv = CKR_BUFFER_TOO_SMALL;
    get_content(c, tag, c->bad || small ? NULL : a->pValue, items, depth);
    if (!c->bad)
        a->ulValueLen = small ? CK_UNAVAILABLE_INFORMATION : length;
}

void get_query(call *c, CK_ATTRIBUTE *template, CK_ULONG count)
{
    if (c->rv != CKR_OK && c->rv != CKR_ATTRIBUTE_SENSITIVE && c->rv != CKR_ATTRIBUTE_TYPE_INVALID)
        return;
    c->bad |= get_count(c, 1) != count;
    for (CK_ULONG i = 0; i < count && !c->bad; i++)
        get_value(c, &template[i], 0);
}
