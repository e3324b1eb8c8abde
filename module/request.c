/* Arguments into the bytes of a request (docs/wire.md).
 *
 * The caller's pointers may be NULL, unaligned or short of what the standard demands. */

#include <stdlib.h>
#include <string.h>

#include "hsmith.h"

/* Whether the request would be longer than a frame with so many bytes more. */
static bool overflows(const call *c, size_t length)
{
    return length > MAX_FRAME || c->length + c->sent_from + length > MAX_FRAME;
}

/* Room for more bytes of the request, or NULL: after an error, or when it would exceed a frame. */
static unsigned char *more(call *c, size_t length)
{
    if (c->rv != CKR_OK)
        return NULL;
    if (overflows(c, length))
        c->rv = CKR_DATA_LEN_RANGE;
    else if (c->link->room < c->length + length && !grow(c->link, c->length, c->length + length))
        c->rv = CKR_HOST_MEMORY;
    if (c->rv != CKR_OK)
        return NULL;
    c->length += length;
    return c->link->buffer + c->length - length;
}

void put_u8(call *c, unsigned value)
{
    unsigned char *to = more(c, 1);
    if (to)
        *to = (unsigned char)value;
}

void put_u32(call *c, uint32_t value)
{
    unsigned char *to = more(c, 4);
    for (int i = 0; to && i < 4; i++)
        to[i] = (unsigned char)(value >> 8 * i);
}

void put_u64(call *c, uint64_t value)
{
    unsigned char *to = more(c, 8);
    for (int i = 0; to && i < 8; i++)
        to[i] = (unsigned char)(value >> 8 * i);
}

void put_raw(call *c, const void *data, size_t length)
{
    if (length >= SEGMENT_LEAST && c->segments < MAX_SEGMENTS && c->rv == CKR_OK) {
        if (overflows(c, length)) {
            c->rv = CKR_DATA_LEN_RANGE;
            return;
        }
        c->segment[c->segments++] = (segment){ data, length, c->length };
        c->sent_from += length;
        return;
    }
    unsigned char *to = more(c, length);
    if (to && length)
        memcpy(to, data, length);
}

/* Bytes in which two parameters may differ though the keeper says the same of both: the first such are an
 * initialisation vector, a counter, a label. */
void put_free(call *c, const void *data, size_t length)
{
    size_t from = c->length;
    put_raw(c, data, length);
    if (!c->free_to && c->length > from) {
        c->free_from = from;
        c->free_to = c->length;
    }
}

void need(call *c, bool good)
{
    if (!good && c->rv == CKR_OK)
        c->rv = CKR_ARGUMENTS_BAD;
}

/* Input that no frame holds. */
void limit(call *c, CK_ULONG length, CK_RV fault)
{
    if (length > MAX_FRAME && c->rv == CKR_OK)
        c->rv = fault;
}

void put_ulong(call *c, CK_ULONG value)
{
    put_u64(c, value == (CK_ULONG)-1 ? ONES : value);
}

void put_bool(call *c, CK_BBOOL value)
{
    put_u8(c, value != 0);
}

void put_bytes(call *c, const void *data, CK_ULONG length)
{
    need(c, data || !length);
    limit(c, length, CKR_DATA_LEN_RANGE);
    put_u32(c, data ? (uint32_t)length : NULL_DATA);
    if (data)
        put_raw(c, data, length);
}

void put_label(call *c, const void *label)
{
    put_bytes(c, label, label ? 32 : 0);
}

void put_name(call *c, const CK_BYTE *name)
{
    size_t length = 0;
    while (name && length <= 64 && name[length])
        length++;
    need(c, length <= 64);
    put_bytes(c, name, length);
}

void put_buffer(call *c, const void *data, const CK_ULONG *length)
{
    need(c, length != NULL);
    put_optional_buffer(c, data, length);
}

void put_optional_buffer(call *c, const void *data, const CK_ULONG *length)
{
    c->capacity = data && length ? *length : 0;
    if (!length)
        put_u64(c, NO_OUTPUT);
    else if (!data)
        put_u64(c, ONES);
    else
        put_u64(c, c->capacity < MAX_FRAME ? c->capacity : MAX_FRAME);
}

void put_async_buffer(call *c, const void *data, CK_ULONG length)
{
    put_u64(c, data ? length < MAX_FRAME ? length : MAX_FRAME : ONES);
}

void put_fill(call *c, const void *data, CK_ULONG length)
{
    need(c, (data || !length) && length <= MAX_FRAME - 64);
    put_u64(c, length);
}

void put_found(call *c, const void *list, CK_ULONG most, const CK_ULONG *count)
{
    need(c, count && (list || !most));
    put_u64(c, most < MAX_FRAME / 16 ? most : MAX_FRAME / 16);
}

/* --- Templates --- */

unsigned kind_of(CK_ULONG type)
{
    unsigned low = 0, high = attribute_count;
    while (low < high) {
        unsigned middle = (low + high) / 2;
        if (attributes[middle].type < type)
            low = middle + 1;
        else
            high = middle;
    }
    return low < attribute_count && attributes[low].type == type ? attributes[low].kind : V_BYTES;
}

static bool fits(unsigned kind, CK_ULONG length, int depth)
{
    switch (kind) {
    case V_BOOL:
        return length == sizeof(CK_BBOOL);
    case V_ULONG:
        return length == sizeof(CK_ULONG);
    case V_ULONGS:
        return length % sizeof(CK_ULONG) == 0 && length <= MAX_FRAME;
    case V_TEMPLATE:
        return length % sizeof(CK_ATTRIBUTE) == 0 && length / sizeof(CK_ATTRIBUTE) <= MAX_ATTRIBUTES && depth < MAX_DEPTH;
    default:
        return length <= MAX_FRAME;
    }
}

static CK_ULONG load(const unsigned char *from)
{
    CK_ULONG value;
    memcpy(&value, from, sizeof value);
    return value;
}

static const unsigned char tags[] = { T_BYTES, T_BOOL, T_ULONG, T_ULONGS, T_TEMPLATE };

static void put_value(call *c, const CK_ATTRIBUTE *a, int depth)
{
    unsigned kind = kind_of(a->type);
    const unsigned char *value = a->pValue;
    if (!a->ulValueLen) {
        put_u8(c, T_EMPTY);
        return;
    }
    if (!value || !fits(kind, a->ulValueLen, depth)) {
        put_u8(c, T_MALFORMED);
        put_ulong(c, a->ulValueLen);
        return;
    }
    put_u8(c, tags[kind]);
    switch (kind) {
    case V_BOOL:
        put_bool(c, *value);
        break;
    case V_ULONG:
        put_ulong(c, load(value));
        break;
    case V_ULONGS:
        put_u32(c, (uint32_t)(a->ulValueLen / sizeof(CK_ULONG)));
        for (CK_ULONG i = 0; i < a->ulValueLen; i += sizeof(CK_ULONG))
            put_ulong(c, load(value + i));
        break;
    case V_TEMPLATE:
        put_attributes(c, value, a->ulValueLen / sizeof(CK_ATTRIBUTE), depth + 1);
        break;
    default:
        put_u32(c, (uint32_t)a->ulValueLen);
        put_raw(c, value, a->ulValueLen);
    }
}

/* False where the list cannot be one. It may be unaligned: nested in a value, or in a parameter. */
bool put_attributes(call *c, const unsigned char *list, CK_ULONG count, int depth)
{
    if ((!list && count) || count > MAX_ATTRIBUTES)
        return false;
    put_u32(c, (uint32_t)count);
    for (CK_ULONG i = 0; i < count && c->rv == CKR_OK; i++) {
        CK_ATTRIBUTE a;
        memcpy(&a, list + i * sizeof a, sizeof a);
        put_ulong(c, a.type);
        put_value(c, &a, depth);
    }
    return true;
}

void put_template(call *c, const CK_ATTRIBUTE *template, CK_ULONG count)
{
    need(c, put_attributes(c, (const unsigned char *)template, count, 0));
}

void put_query(call *c, const CK_ATTRIBUTE *template, CK_ULONG count)
{
    need(c, (template || !count) && count <= MAX_ATTRIBUTES);
    put_u32(c, (uint32_t)count);
    for (CK_ULONG i = 0; i < count && c->rv == CKR_OK; i++)
        put_ulong(c, template[i].type);
}
