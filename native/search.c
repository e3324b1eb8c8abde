/* Short searches ("FIND" of docs/wire.md) by what the directory knows. hsmith.crypto.searching makes a search for a session that the
 * keeper knows to be idle; it is revoked when that session's state becomes another (standing.h).
 *
 * It answers what is asked by values that have index tags, the commonest kinds of them, where few objects have the most selective one.
 * All else goes to Python as if nothing had been here: other attributes, empty and malformed values, many objects. */

#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "directory.h"
#include "library.h"
#include "search.h"

/* Of hsmith.wire.values. */
enum { BYTES = 1, ULONG = 2, BOOL = 3 };
/* Attributes. */
enum { TOKEN = 1, PRIVATE = 2 };
enum { MOST_ATTRIBUTES = 64, MOST_ELSEWHERE = 8, MOST_WANTED = 8, LONGEST_VALUE = 1024, KNOWN = 16 };
enum { PUBLIC_OBJECTS, PRIVATE_OBJECTS, SCOPES };
#define FOUND_AT 20 /* in an answer: length, rv, that it is complete, how many */

/* An attribute that has index tags. */
struct attribute {
    uint64_t type;
    uint32_t rank; /* the least is the most selective */
    uint32_t kind; /* of its values: BYTES or ULONG */
};

static struct attribute attributes[MOST_ATTRIBUTES];
static size_t attribute_count;
/* What is searched for by these is not among the token's own objects. */
static struct elsewhere {
    uint64_t type, number;
} elsewhere[MOST_ELSEWHERE];
static size_t elsewhere_count;

/* One condition. */
struct wanted {
    const struct attribute *attribute;
    uint64_t number; /* of a ULONG */
    const unsigned char *value;
    size_t length;
};

struct request {
    struct wanted wanted[MOST_WANTED];
    size_t count;
    uint32_t scopes; /* a bit for each */
    uint64_t most;
};

/* The tag of a number, which is one of few. */
struct known {
    uint64_t type, number;
    struct tag tag;
};

/* Public or private objects. */
struct scope {
    void *mac; /* NULL: they are not seen */
    uint64_t above; /* what their handles have above the objects' numbers */
    struct known known[KNOWN];
    size_t known_count;
};

struct search {
    struct directory *directory;
    uint32_t token;
    struct scope scope[SCOPES];
};

/* --- The request --- */

static const struct attribute *known_attribute(uint64_t type)
{
    for (size_t i = 0; i < attribute_count; i++)
        if (attributes[i].type == type)
            return &attributes[i];
    return NULL;
}

static _Bool is_elsewhere(uint64_t type, uint64_t number)
{
    for (size_t i = 0; i < elsewhere_count; i++)
        if (elsewhere[i].type == type && elsewhere[i].number == number)
            return 1;
    return 0;
}

static void read_value(struct reader *from, struct request *request, uint64_t type, uint64_t kind)
{
    struct wanted one = { .attribute = known_attribute(type) };
    if (!one.attribute || one.attribute->kind != kind || request->count == MOST_WANTED) {
        from->bad = 1;
        return;
    }
    if (kind == ULONG) {
        one.number = next_number(from, 8);
        from->bad |= is_elsewhere(type, one.number);
    } else {
        one.length = next_number(from, 4);
        from->bad |= !one.length || one.length > LONGEST_VALUE;
        one.value = next_piece(from, one.length);
    }
    size_t at = request->count++;
    for (size_t i = 0; i < at; i++)
        from->bad |= request->wanted[i].attribute == one.attribute;
    for (; at && request->wanted[at - 1].attribute->rank > one.attribute->rank; at--)
        request->wanted[at] = request->wanted[at - 1];
    request->wanted[at] = one;
}

static _Bool read_request(struct reader *from, struct request *request)
{
    uint64_t count = next_number(from, 4);
    _Bool scoped = 0;
    *request = (struct request){ .scopes = 1 << PUBLIC_OBJECTS | 1 << PRIVATE_OBJECTS };
    for (; count && !from->bad; count--) {
        uint64_t type = next_number(from, 8), kind = next_number(from, 1);
        if (type == TOKEN && kind == BOOL) {
            from->bad |= next_number(from, 1) != 1;
        } else if (type == PRIVATE && kind == BOOL) {
            uint64_t value = next_number(from, 1);
            from->bad |= scoped || value > 1;
            scoped = 1;
            request->scopes = value ? 1 << PRIVATE_OBJECTS : 1 << PUBLIC_OBJECTS;
        } else {
            read_value(from, request, type, kind);
        }
    }
    request->most = next_number(from, 8);
    return !from->bad && !from->left && request->count;
}

/* --- Tags --- */

static _Bool compute(void *mac, const struct wanted *wanted, struct tag *tag)
{
    unsigned char made[MAC_BYTES];
    if (!index_mac(mac, wanted->attribute->type, wanted->number, wanted->value, wanted->length, made))
        return 0;
    *tag = tag_of(made);
    return 1;
}

static _Bool make_tag(struct scope *scope, const struct wanted *wanted, struct tag *tag)
{
    if (wanted->value)
        return compute(scope->mac, wanted, tag);
    for (size_t i = 0; i < scope->known_count; i++)
        if (scope->known[i].type == wanted->attribute->type && scope->known[i].number == wanted->number) {
            *tag = scope->known[i].tag;
            return 1;
        }
    if (!compute(scope->mac, wanted, tag))
        return 0;
    if (scope->known_count < KNOWN)
        scope->known[scope->known_count++] = (struct known){ wanted->attribute->type, wanted->number, *tag };
    return 1;
}

/* --- The answer --- */

/* All that is found of both kinds, public objects first: how many, or CANNOT_SAY. */
static int find(struct search *search, const struct request *request, uint64_t *handles)
{
    struct tag tags[SCOPES][MOST_WANTED];
    uint32_t ids[FEW_HOLDERS], scopes = request->scopes;
    int count = 0, found = 0;
    for (int which = 0; which < SCOPES; which++) {
        if (!search->scope[which].mac)
            scopes &= ~(1u << which);
        for (size_t i = 0; scopes >> which & 1 && i < request->count; i++)
            if (!make_tag(&search->scope[which], &request->wanted[i], &tags[which][i]))
                return CANNOT_SAY;
    }
    if (!directory_hold(search->directory))
        return CANNOT_SAY;
    for (int which = 0; which < SCOPES && found >= 0; which++) {
        if (!(scopes >> which & 1))
            continue;
        found = directory_find(search->directory, search->token, tags[which], request->count, ids);
        for (int i = 0; i < found; i++)
            handles[count++] = ids[i] | search->scope[which].above;
    }
    directory_release(search->directory);
    return found < 0 ? CANNOT_SAY : count;
}

uint64_t search_answer(struct search *search, const unsigned char *data, size_t length, unsigned char *answer, uint64_t room)
{
    struct reader from = { data, length, 0 };
    struct request request;
    uint64_t handles[SCOPES * FEW_HOLDERS];
    if (room < FOUND_AT + sizeof handles || !read_request(&from, &request))
        return 0;
    int count = find(search, &request, handles);
    if (count < 0 || (uint64_t)count > request.most)
        return 0;
    memset((unsigned char *)data, 0, length); /* it is a buffer of the keeper's */
    uint64_t size = FOUND_AT + 8 * (uint64_t)count;
    put_small(answer, size - 4, 4);
    put_small(answer + 4, 0, 4);
    put_small(answer + 8, 1, 8);
    put_small(answer + 16, (uint64_t)count, 4);
    for (int i = 0; i < count; i++)
        put_small(answer + FOUND_AT + 8 * i, handles[i], 8);
    return size;
}

void search_free(struct search *search)
{
    if (!search)
        return;
    for (int which = 0; which < SCOPES; which++)
        mac_free(search->scope[which].mac);
    directory_drop(search->directory);
    free(search);
}

/* --- By Python: hsmith.crypto.searching --- */

/* What the tables say; before there are threads. 0: they do not fit. */
EXPORT int search_know(const struct attribute *with_tags, uint64_t count, const struct elsewhere *others, uint64_t other_count)
{
    if (count > MOST_ATTRIBUTES || other_count > MOST_ELSEWHERE)
        return 0;
    memcpy(attributes, with_tags, count * sizeof *attributes);
    memcpy(elsewhere, others, other_count * sizeof *elsewhere);
    attribute_count = count;
    elsewhere_count = other_count;
    return 1;
}

/* For a session with a token: the keys (of ``length`` bytes) of its tags. ``private``: that of private objects, if they are seen, or
 * NULL; ``above``: of their handles. NULL: it cannot be made. */
EXPORT struct search *search_new(struct directory *directory, uint32_t token, const unsigned char *public, const unsigned char *private,
    uint64_t length, uint64_t above)
{
    struct search *search = calloc(1, sizeof *search);
    if (!search)
        return NULL;
    directory_share(directory);
    search->directory = directory;
    search->token = token;
    search->scope[PUBLIC_OBJECTS].mac = mac_new(public, length);
    if (private)
        search->scope[PRIVATE_OBJECTS] = (struct scope){ .mac = mac_new(private, length), .above = above };
    if (search->scope[PUBLIC_OBJECTS].mac && (!private || search->scope[PRIVATE_OBJECTS].mac))
        return search;
    search_free(search);
    return NULL;
}

EXPORT void search_discard(struct search *search)
{
    search_free(search);
}

/* The tag that it computes, TAG_BYTES of which what is compared is right; 0: it cannot. */
EXPORT int search_try(struct search *search, int private, uint64_t type, const unsigned char *value, uint64_t length, unsigned char *tag)
{
    struct wanted wanted = { .attribute = known_attribute(type), .value = value, .length = length };
    struct tag made;
    void *mac = search->scope[private ? PRIVATE_OBJECTS : PUBLIC_OBJECTS].mac;
    if (!wanted.attribute || !mac || !compute(mac, &wanted, &made))
        return 0;
    memcpy(tag, &made, sizeof made);
    return 1;
}
