/* Data objects of one form, made without Python (docs/decisions/0027): C_CreateObject with a template like one that Python has made an
 * object of, but for the bytes of some values. hsmith.crypto.forming makes a form of what Python made, and tries it before it is used.
 *
 * What comes out is what the store takes: the sealed record, its index tags, and the text of its record in the audit. Whatever is not of
 * the form is not touched. Called with Python's lock held, and the lock of the session that a form belongs to. */

#define _DEFAULT_SOURCE
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bytes.h"
#include "library.h"

/* Of hsmith.wire.values; an EMPTY value has no more bytes. */
enum { EMPTY = 0, BYTES = 1, ULONG = 2, BOOL = 3 };
enum { MOST_ENTRIES = 16, MOST_TAGS = 16, LONGEST_VALUES = 4096, LONGEST_RECORD = 6144, LONGEST_CONTEXT = 48 };
enum { TAG = 16, NAME = 36, TIME = 27, DIGITS = 20, HEAD = 3 * 4 + NAME };

/* One attribute of the template, in its order. ``number``: of a ULONG or BOOL, which must be the same; the bytes of BYTES may be any. */
struct expected {
    uint64_t type;
    uint64_t kind;
    uint64_t number;
};

/* Of hsmith.crypto.forming: what a part is. */
enum { CONSTANT, NAMED, NUMBERED, TIMED, VALUE };

/* A part of the record or of the text. */
struct part {
    uint64_t source;
    const unsigned char *bytes; /* of a CONSTANT */
    uint64_t length;            /* of these; of a VALUE which attribute of the template it is */
};

/* An index tag that depends on the object: of the name, or of a VALUE, which is one of the template's. */
struct depending {
    uint64_t type;
    uint64_t source;
    uint64_t which;
};

/* Python's, which keeps it as long as the form. */
struct plan {
    const struct expected *expected;
    const struct part *record, *text;
    const struct depending *depending;
    const unsigned char *tags;    /* those that all have, TAG bytes each */
    const unsigned char *context; /* what the record is bound to; its number and version come behind it */
    uint64_t expected_count, record_count, text_count, depending_count, tag_count, context_length;
    int64_t offset; /* between the numbers of objects here and in their first store */
    uint64_t format;
};

struct form {
    const struct plan *plan;
    void *mac, *seal;
};

/* One object that is being made. */
struct making {
    struct {
        const unsigned char *bytes;
        size_t length;
    } value[MOST_ENTRIES];
    unsigned char name[NAME];
    int64_t number;
};

struct writer {
    unsigned char *at;
    size_t left;
    _Bool full;
};

static void put(struct writer *to, const void *bytes, size_t length)
{
    if (to->full || to->left < length) {
        to->full = 1;
        return;
    }
    memcpy(to->at, bytes, length);
    to->at += length;
    to->left -= length;
}

/* --- What comes --- */

static _Bool read_template(const struct plan *plan, struct reader *from, struct making *made)
{
    size_t total = 0;
    if (next_number(from, 4) != plan->expected_count)
        return 0;
    for (size_t i = 0; i < plan->expected_count && !from->bad; i++) {
        const struct expected *one = &plan->expected[i];
        if (next_number(from, 8) != one->type || next_number(from, 1) != one->kind)
            return 0;
        if (one->kind == BYTES) {
            size_t length = made->value[i].length = next_number(from, 4);
            total += length;
            if (!length || total > LONGEST_VALUES)
                return 0;
            made->value[i].bytes = next_piece(from, length);
        } else if (one->kind != EMPTY && next_number(from, one->kind == ULONG ? 8 : 1) != one->number) {
            return 0;
        }
    }
    return !from->bad && !from->left;
}

/* --- What it becomes --- */

/* A random UUID (RFC 9562, version 4) of 16 random bytes. */
static void make_name(const unsigned char given[16], unsigned char name[NAME])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char random[16];
    memcpy(random, given, sizeof random);
    random[6] = (random[6] & 0x0F) | 0x40;
    random[8] = (random[8] & 0x3F) | 0x80;
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *name++ = '-';
        *name++ = (unsigned char)digits[random[i] >> 4];
        *name++ = (unsigned char)digits[random[i] & 15];
    }
}

static void put_digits(struct writer *to, uint64_t number)
{
    unsigned char digits[DIGITS];
    size_t at = DIGITS;
    do
        digits[--at] = (unsigned char)('0' + number % 10);
    while (number /= 10);
    put(to, digits + at, DIGITS - at);
}

static void put_few_digits(unsigned char *to, unsigned number, int count)
{
    while (count--) {
        to[count] = (unsigned char)('0' + number % 10);
        number /= 10;
    }
}

/* In UTC, to the microsecond, as hsmith.core.audit writes it: 2026-01-31T12:00:00.000000Z */
static void put_time(struct writer *to)
{
    unsigned char text[TIME + 1] = "0000-00-00T00:00:00.000000Z";
    struct timespec now;
    struct tm day;
    clock_gettime(CLOCK_REALTIME, &now);
    if (!gmtime_r(&now.tv_sec, &day)) {
        to->full = 1;
        return;
    }
    put_few_digits(text, (unsigned)day.tm_year + 1900, 4);
    put_few_digits(text + 5, (unsigned)day.tm_mon + 1, 2);
    put_few_digits(text + 8, (unsigned)day.tm_mday, 2);
    put_few_digits(text + 11, (unsigned)day.tm_hour, 2);
    put_few_digits(text + 14, (unsigned)day.tm_min, 2);
    put_few_digits(text + 17, (unsigned)day.tm_sec, 2);
    put_few_digits(text + 20, (unsigned)(now.tv_nsec / 1000), 6);
    put(to, text, TIME);
}

static void put_parts(struct writer *to, const struct part *parts, size_t count, const struct making *made)
{
    unsigned char length[4];
    for (size_t i = 0; i < count; i++)
        switch (parts[i].source) {
        case CONSTANT:
            put(to, parts[i].bytes, parts[i].length);
            break;
        case NAMED:
            put(to, made->name, NAME);
            break;
        case NUMBERED:
            put_digits(to, (uint64_t)made->number);
            break;
        case TIMED:
            put_time(to);
            break;
        default: /* as hsmith.store.codec has bytes */
            put_small(length, made->value[parts[i].length].length, 4);
            put(to, length, sizeof length);
            put(to, made->value[parts[i].length].bytes, made->value[parts[i].length].length);
        }
}

/* Format, nonce, ciphertext, tag (hsmith.store.sealing); bound to the object's number and its first version. */
static _Bool put_sealed(struct writer *to, const struct form *form, const unsigned char nonce[SEAL_IV_BYTES], const struct making *made)
{
    const struct plan *plan = form->plan;
    unsigned char record[LONGEST_RECORD], bound[LONGEST_CONTEXT + 16];
    unsigned char format = (unsigned char)plan->format;
    struct writer plain = { record, sizeof record, 0 };
    put_parts(&plain, plan->record, plan->record_count, made);
    size_t length = sizeof record - plain.left;
    memcpy(bound, plan->context, plan->context_length);
    put_small(bound + plan->context_length, (uint64_t)made->number - (uint64_t)plan->offset, 8);
    put_small(bound + plan->context_length + 8, 1, 8);
    put(to, &format, 1);
    put(to, nonce, SEAL_IV_BYTES);
    _Bool good = !plain.full && !to->full && to->left >= length + SEAL_TAG_BYTES
        && seal_run(form->seal, nonce, bound, plan->context_length + 16, record, length, to->at);
    erase(record, length);
    if (!good)
        return 0;
    to->at += length + SEAL_TAG_BYTES;
    to->left -= length + SEAL_TAG_BYTES;
    return 1;
}

/* Into a sorted list of tags that differ. */
static void add_tag(unsigned char tags[][TAG], size_t *count, const unsigned char *tag)
{
    size_t at = *count;
    while (at) {
        int order = memcmp(tags[at - 1], tag, TAG);
        if (!order)
            return;
        if (order < 0)
            break;
        at--;
    }
    memmove(tags + at + 1, tags + at, (*count - at) * TAG);
    memcpy(tags[at], tag, TAG);
    ++*count;
}

/* As a row has them (hsmith.store.backlog): in order, each behind its length. */
static _Bool put_tags(struct writer *to, const struct form *form, const struct making *made)
{
    const struct plan *plan = form->plan;
    const unsigned char length = TAG;
    unsigned char tags[MOST_TAGS][TAG], mac[MAC_BYTES];
    size_t count = 0;
    for (size_t i = 0; i < plan->tag_count; i++)
        add_tag(tags, &count, plan->tags + i * TAG);
    for (size_t i = 0; i < plan->depending_count; i++) {
        const struct depending *one = &plan->depending[i];
        const unsigned char *value = one->source == NAMED ? made->name : made->value[one->which].bytes;
        if (!index_mac(form->mac, one->type, 0, value, one->source == NAMED ? NAME : made->value[one->which].length, mac))
            return 0;
        add_tag(tags, &count, mac);
    }
    for (size_t i = 0; i < count; i++) {
        put(to, &length, 1);
        put(to, tags[i], TAG);
    }
    return 1;
}

/* --- By Python: hsmith.crypto.forming --- */

EXPORT uint64_t form_plan_size(void)
{
    return sizeof(struct plan);
}

/* The keys are those for sealing and for index tags, SEAL_KEY_BYTES each. NULL: it cannot be made. */
EXPORT struct form *form_new(const struct plan *plan, const unsigned char *sealing, const unsigned char *index)
{
    struct form *form = calloc(1, sizeof *form);
    if (!form || plan->expected_count > MOST_ENTRIES || plan->tag_count + plan->depending_count > MOST_TAGS
        || plan->context_length > LONGEST_CONTEXT) {
        free(form);
        return NULL;
    }
    *form = (struct form){ plan, mac_new(index, SEAL_KEY_BYTES), seal_new(sealing) };
    if (form->mac && form->seal)
        return form;
    mac_free(form->mac);
    seal_free(form->seal);
    free(form);
    return NULL;
}

/* With its keys. */
EXPORT void form_discard(struct form *form)
{
    mac_free(form->mac);
    seal_free(form->seal);
    free(form);
}

/* The object with this number, of a template as it comes and of random bytes (a nonce, and 16 for its name), at ``out``: the lengths of the record, its tags and its text, 4 bytes each;
 * its name; and those three. 0: it is not of this form, or cannot be made; otherwise how many bytes these are. */
EXPORT uint64_t form_make(const struct form *form, const unsigned char *template, uint64_t length, int64_t number,
    const unsigned char *random, unsigned char *out, uint64_t room)
{
    const struct plan *plan = form->plan;
    struct reader from = { template, length, 0 };
    struct making made = { .number = number };
    if (room < HEAD || !read_template(plan, &from, &made))
        return 0;
    struct writer to = { out + HEAD, room - HEAD, 0 };
    make_name(random + SEAL_IV_BYTES, made.name);
    if (!put_sealed(&to, form, random, &made))
        return 0;
    size_t record = room - HEAD - to.left;
    if (!put_tags(&to, form, &made))
        return 0;
    size_t tags = room - HEAD - to.left - record;
    put_parts(&to, plan->text, plan->text_count, &made);
    size_t text = room - HEAD - to.left - record - tags;
    if (to.full)
        return 0;
    put_small(out, record, 4);
    put_small(out + 4, tags, 4);
    put_small(out + 8, text, 4);
    memcpy(out + 12, made.name, NAME);
    return HEAD + record + tags + text;
}
