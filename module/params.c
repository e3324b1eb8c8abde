/* Parameters of mechanisms: the caller's structures into bytes, and what the keeper gives back into the structures.
 *
 * Which structure a mechanism takes, and where its fields are, is in the tables; a parameter that fits none is told by its length
 * alone, and nothing of the caller's memory is sent. */

#include <string.h>

#include "hsmith.h"

#define MAX_PLAIN 65536 /* of a parameter that is plain bytes */

static CK_ULONG load_ulong(const unsigned char *from)
{
    CK_ULONG value;
    memcpy(&value, from, sizeof value);
    return value;
}

static unsigned char *load_pointer(const unsigned char *from)
{
    unsigned char *value;
    memcpy(&value, from, sizeof value);
    return value;
}

/* A small number (or a negative one) where a pointer is due: the structure is that of another mechanism, of the same size. */
static bool stray(const void *pointer)
{
    uintptr_t value = (uintptr_t)pointer;
    return value && (value < 4096 || value > UINTPTR_MAX - 4096);
}

/* The length in bytes of a field's data; false where it cannot be one. */
static bool room_of(const field *f, const unsigned char *s, const unsigned char *outer, size_t *room)
{
    CK_ULONG length = f->length;
    if (!(f->flags & FIXED)) {
        const unsigned char *from = (f->flags & OUTER ? outer : s) + f->length;
        if (f->unit == U_POINTED && (!(from = load_pointer(from)) || stray(from)))
            return false;
        length = load_ulong(from);
    }
    if (f->unit == U_BITS)
        length = length / 8 + (length % 8 != 0);
    if (f->unit == U_NONCE && length >= 64)
        length = length / 8;
    *room = length;
    return length <= (f->limit ? f->limit : MAX_FRAME);
}

static bool put_data(call *c, const field *f, const unsigned char *s, const unsigned char *outer)
{
    const unsigned char *data = load_pointer(s + f->offset);
    size_t length;
    if (c->hollow) {
        put_u32(c, 0);
        return true;
    }
    if (!room_of(f, s, outer, &length))
        return false;
    if ((!data && length && !(f->flags & NULLABLE)) || (stray(data) && length))
        return false;
    length = data ? length : 0;
    put_u32(c, (uint32_t)length);
    if ((f->flags & MADE) && (c->flags & ENCRYPTS)) /* made by this call: what is there now is nobody's business */
        for (size_t i = 0; i < length; i++)
            put_u8(c, 0);
    else
        put_free(c, data, length);
    return true;
}

static bool put_fields(call *c, const layout *l, const unsigned char *s, const unsigned char *outer);

static bool put_structs(call *c, const field *f, const unsigned char *s)
{
    const layout *l = &layouts[f->of];
    CK_ULONG count = load_ulong(s + f->length);
    const unsigned char *item = load_pointer(s + f->offset);
    if ((count && (!item || stray(item))) || count > MAX_STRUCTS)
        return false;
    put_u32(c, (uint32_t)count);
    for (CK_ULONG i = 0; i < count; i++)
        if (!put_fields(c, l, item + i * l->size, s))
            return false;
    return true;
}

/* A value whose shape is told by the CK_ULONG at the begin of its structure. */
static bool put_variant(call *c, const field *f, const unsigned char *s)
{
    const unsigned char *value = load_pointer(s + f->offset);
    CK_ULONG type = load_ulong(s), length = load_ulong(s + f->length);
    const shape *found = NULL;
    for (unsigned i = 0; i < variant_counts[f->of]; i++)
        if (variants[f->of][i].type == type)
            found = &variants[f->of][i];
    if (!length) {
        put_u8(c, NONE);
        return true;
    }
    if (!value || stray(value) || !found || length > MAX_FRAME)
        return false;
    put_u8(c, found->form);
    if (found->form == BYTES) {
        put_bytes(c, value, length);
        return true;
    }
    if (found->form == NUMBER) {
        put_ulong(c, length == sizeof(CK_ULONG) ? load_ulong(value) : 0);
        return length == sizeof(CK_ULONG);
    }
    const layout *l = &layouts[found->layout];
    put_u8(c, l->number & 0xFF);
    put_u8(c, l->number >> 8);
    return length == l->size && put_fields(c, l, value, s);
}

static bool put_field(call *c, const field *f, const unsigned char *s, const unsigned char *outer)
{
    const unsigned char *pointer;
    size_t room;
    switch ((enum field_kind)f->kind) {
    case F_ULONG:
        put_ulong(c, load_ulong(s + f->offset));
        return true;
    case F_ZERO:
        put_u64(c, 0);
        return true;
    case F_BYTE:
        put_u8(c, s[f->offset]);
        return true;
    case F_BOOL:
        put_bool(c, s[f->offset]);
        return true;
    case F_ARRAY:
        put_free(c, s + f->offset, f->length);
        return true;
    case F_DATA:
    case F_INOUT:
        return put_data(c, f, s, outer);
    case F_OUT:
        pointer = load_pointer(s + f->offset);
        if (!room_of(f, s, outer, &room) || stray(pointer))
            return false;
        put_u64(c, pointer ? room : 0);
        return true;
    case F_HANDLE:
        put_u64(c, 1);
        return true;
    case F_HANDLE_POINTER:
        pointer = load_pointer(s + f->offset);
        put_u64(c, pointer != NULL);
        return !stray(pointer);
    case F_STRUCT:
        return put_fields(c, &layouts[f->of], s + f->offset, s);
    case F_POINTER:
        pointer = load_pointer(s + f->offset);
        put_u8(c, pointer != NULL);
        if (stray(pointer))
            return false;
        return !pointer || put_fields(c, &layouts[f->of], pointer, s);
    case F_STRUCTS:
        return put_structs(c, f, s);
    case F_TEMPLATE:
        pointer = load_pointer(s + f->offset);
        return !stray(pointer) && put_attributes(c, pointer, load_ulong(s + f->length), 0);
    case F_VARIANT:
        return put_variant(c, f, s);
    }
    return false;
}

/* The depth is that of the tables, which have no cycle. */
static bool put_fields(call *c, const layout *l, const unsigned char *s, const unsigned char *outer)
{
    for (unsigned i = 0; i < l->fields; i++)
        if (!put_field(c, &l->field[i], s, outer))
            return false;
    return true;
}

static void put_malformed(call *c, CK_ULONG length)
{
    put_u8(c, MALFORMED);
    put_ulong(c, length);
}

static void put_structure(call *c, const layout *l, void *parameter)
{
    size_t length = c->length, sent_from = c->sent_from;
    unsigned segments = c->segments;
    /* When message operations begin, the structure for a message tells how messages will come; its pointers may be anything. */
    c->hollow = l->message && (c->flags & BEGINS);
    put_u8(c, STRUCTURE);
    put_u8(c, l->number & 0xFF);
    put_u8(c, l->number >> 8);
    if (put_fields(c, l, parameter, parameter)) {
        c->layout = l;
        c->structure = parameter;
        return;
    }
    c->length = length;
    c->sent_from = sent_from;
    c->segments = segments;
    put_malformed(c, l->size);
}

/* The structure of this size, where two have it the one for what the function does. */
static const layout *choose(const call *c, const mechanism_row *row, CK_ULONG length)
{
    const layout *found = NULL;
    for (unsigned i = 0; i < row->layouts; i++) {
        const layout *l = &layouts[row->layout[i]];
        if (l->size == length && (!found || l->message == !!(c->flags & MESSAGE)))
            found = l;
    }
    return found;
}

static const mechanism_row *row_of(CK_ULONG mechanism)
{
    unsigned low = 0, high = mechanism_count;
    while (low < high) {
        unsigned middle = (low + high) / 2;
        if (mechanisms[middle].mechanism < mechanism)
            low = middle + 1;
        else
            high = middle;
    }
    return low < mechanism_count && mechanisms[low].mechanism == mechanism ? &mechanisms[low] : NULL;
}

void put_mechanism(call *c, const CK_MECHANISM *mechanism)
{
    put_u8(c, mechanism != NULL);
    if (!mechanism)
        return;
    put_ulong(c, mechanism->mechanism);
    const mechanism_row *row = row_of(mechanism->mechanism);
    CK_ULONG length = mechanism->ulParameterLen;
    void *parameter = mechanism->pParameter;
    const layout *l = row && parameter ? choose(c, row, length) : NULL;
    if (!length) {
        put_u8(c, NONE);
    } else if (l) {
        put_structure(c, l, parameter);
    } else if (row && parameter && row->number && length == sizeof(CK_ULONG)) {
        put_u8(c, NUMBER);
        put_ulong(c, load_ulong(parameter));
    } else if (row && parameter && row->bytes && length <= MAX_PLAIN) {
        put_u8(c, BYTES);
        put_u32(c, (uint32_t)length);
        put_free(c, parameter, length);
    } else {
        put_malformed(c, length);
    }
}

/* The parameter of one message: the mechanism was told when the operation began, and the size tells them apart. */
void put_parameter(call *c, void *parameter, CK_ULONG length)
{
    if (!length) {
        put_u8(c, NONE);
        return;
    }
    for (unsigned i = 0; parameter && i < layout_count; i++)
        if (layouts[i].message && layouts[i].size == length) {
            put_structure(c, &layouts[i], parameter);
            return;
        }
    put_malformed(c, length);
}

/* --- What comes back --- */

static void get_fields(call *c, const layout *l, unsigned char *s, unsigned char *outer);

static void get_data(call *c, const field *f, unsigned char *s, unsigned char *outer)
{
    unsigned char *to = load_pointer(s + f->offset);
    size_t room = 0;
    uint32_t given = get_u32(c);
    if (given == NULL_DATA || (c->hollow && !given))
        return; /* left alone */
    c->bad |= (given && (!to || c->hollow)) || !room_of(f, s, outer, &room) || given > room;
    const unsigned char *from = get_bytes(c, given);
    /* Where nothing changes nothing is written: a tag or a nonce that is only read may be in constant memory. */
    bool changed = f->flags & MADE ? c->flags & ENCRYPTS : !c->bad && given && memcmp(to, from, given);
    if (!c->bad && given && changed)
        memcpy(to, from, given);
    if (!c->bad && f->unit == U_POINTED) {
        CK_ULONG length = given;
        memcpy(load_pointer(s + f->length), &length, sizeof length);
    }
}

static void get_handle(call *c, unsigned char *to)
{
    uint64_t value = get_u64(c);
    CK_ULONG handle = (CK_ULONG)value;
    if (to && !c->bad && value != ONES)
        memcpy(to, &handle, sizeof handle);
}

static void get_field(call *c, const field *f, unsigned char *s, unsigned char *outer)
{
    unsigned char *pointer = f->kind == F_STRUCT || f->kind == F_HANDLE ? s + f->offset : load_pointer(s + f->offset);
    const layout *l = &layouts[f->of];
    switch (f->kind) {
    case F_INOUT:
    case F_OUT:
        get_data(c, f, s, outer);
        break;
    case F_HANDLE:
    case F_HANDLE_POINTER:
        get_handle(c, pointer);
        break;
    case F_STRUCT:
    case F_POINTER:
        if (pointer)
            get_fields(c, l, pointer, s);
        break;
    case F_STRUCTS:
        for (CK_ULONG i = 0; i < load_ulong(s + f->length) && !c->bad; i++)
            get_fields(c, l, pointer + i * l->size, s);
        break;
    }
}

static void get_fields(call *c, const layout *l, unsigned char *s, unsigned char *outer)
{
    for (unsigned i = 0; i < l->fields && !c->bad; i++)
        if (l->field[i].flags & GIVES)
            get_field(c, &l->field[i], s, outer);
}

void get_writeback(call *c)
{
    const unsigned char *present = get_bytes(c, 1);
    if (!present || !*present)
        return;
    c->bad |= *present != 1 || !c->layout;
    if (!c->bad)
        get_fields(c, c->layout, c->structure, c->structure);
}
