/* The module against a hostile keeper, for libFuzzer: whatever is answered, nothing is read or written that is not the caller's.
 *
 * Input: a byte with the number of choices, the choices (function, shapes of its arguments; zero where they end), then what the
 * keeper answers: for each reply a byte for the way, a byte for the return value, two for the length, the payload. The calls are
 * made from the table of functions (hostile.py). Every buffer of the caller is of its own, so that ASan sees what leaves it. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "hostile.h"

#define MOST_BLOCKS 4096
#define MOST_CALLS 16
#define HELLO 0xFF00

enum way { FRAMED, RAW, LATE_END, HELLO_RAW };

static struct {
    const unsigned char *choice, *answer;
    size_t choices, answers;
    unsigned char reply[8 + 65536 + 64];
    size_t end, sent;
    void *block[MOST_BLOCKS];
    unsigned blocks;
} it;

static volatile unsigned sink;

unsigned choose_byte(void)
{
    if (!it.choices)
        return 0;
    it.choices--;
    return *it.choice++;
}

static unsigned answer_byte(void)
{
    if (!it.answers)
        return 0;
    it.answers--;
    return *it.answer++;
}

/* --- The caller's memory --- */

void *block(size_t size)
{
    if (it.blocks == MOST_BLOCKS)
        return NULL;
    unsigned char *made = malloc(size ? size : 1);
    memset(made, 0xA5, size); /* a pointer made of it points nowhere */
    it.block[it.blocks++] = made;
    return made;
}

size_t some_length(void)
{
    unsigned choice = choose_byte();
    return choice == 0 ? 16 : choice == 255 ? 5000 : choice - 1;
}

CK_ULONG number(void)
{
    static const CK_ULONG odd[] = { 1, 0, ~0UL, ~0UL - 1, 1UL << 31, 1UL << 63, 4096, 64UL << 20 };
    unsigned choice = choose_byte();
    return choice < 8 ? odd[choice] : choice;
}

/* NULL at times, as careless callers do. */
void *some_bytes(CK_ULONG *length)
{
    unsigned way = choose_byte();
    *length = way == 1 ? 0 : some_length();
    if (way == 2)
        return NULL;
    void *made = block(*length);
    if (made && way > 2)
        memset(made, (int)way, *length);
    return made;
}

void *room(size_t size)
{
    return choose_byte() == 1 ? NULL : block(size);
}

CK_ULONG *length_of(CK_ULONG length)
{
    CK_ULONG *made = room(sizeof *made);
    if (made)
        *made = length;
    return made;
}

CK_BYTE *name(void)
{
    unsigned choice = choose_byte();
    const char *text = choice < function_count ? function_names[choice] : choice == 255 ? "" : "C_Nothing";
    char *made = choice == 254 ? NULL : block(strlen(text) + 1);
    return made ? (CK_BYTE *)strcpy(made, text) : NULL;
}

CK_ATTRIBUTE *template(CK_ULONG *count, unsigned depth)
{
    unsigned choice = choose_byte();
    *count = choice == 0 ? 1 : choice == 255 ? 5000 : choice % 8;
    if (choice > 250)
        return NULL;
    CK_ATTRIBUTE *list = block(*count * sizeof *list);
    if (!list)
        *count = 0;
    for (CK_ULONG i = 0; i < *count; i++) {
        list[i].type = attributes[choose_byte() % attribute_count].type;
        if (choose_byte() % 4 == 3 && depth < 6) {
            CK_ULONG inner;
            list[i].type = 0x40000211; /* CKA_WRAP_TEMPLATE */
            list[i].pValue = template(&inner, depth + 1);
            list[i].ulValueLen = inner * sizeof *list;
        } else {
            list[i].pValue = some_bytes(&list[i].ulValueLen);
        }
    }
    return list;
}

/* A structure with room of its own behind every pointer. */
static unsigned char *structure(const layout *l, unsigned depth);

static void member(const field *f, unsigned char *s, unsigned depth)
{
    CK_ULONG length = 0, *counted;
    void *made;
    switch ((enum field_kind)f->kind) {
    case F_DATA:
    case F_INOUT:
    case F_OUT:
    case F_VARIANT:
        made = some_bytes(&length);
        if (f->flags & (FIXED | OUTER)) /* the length is no choice, or that of another structure, within the limit */
            made = block(f->flags & FIXED ? f->length : f->limit);
        memcpy(s + f->offset, &made, sizeof made);
        if (f->unit == U_POINTED) {
            counted = block(sizeof length);
            if (counted)
                *counted = length;
            memcpy(s + f->length, &counted, sizeof counted);
            return;
        }
        length *= f->unit == U_BITS || (f->unit == U_NONCE && length >= 8) ? 8 : 1;
        if (!(f->flags & (FIXED | OUTER)))
            memcpy(s + f->length, &length, sizeof length);
        return;
    case F_HANDLE_POINTER:
        made = room(sizeof(CK_ULONG));
        memcpy(s + f->offset, &made, sizeof made);
        return;
    case F_POINTER:
    case F_STRUCTS:
        made = structure(&layouts[f->of], depth + 1);
        memcpy(s + f->offset, &made, sizeof made);
        length = 1;
        if (f->kind == F_STRUCTS)
            memcpy(s + f->length, &length, sizeof length);
        return;
    case F_TEMPLATE:
        made = template(&length, 1);
        memcpy(s + f->offset, &made, sizeof made);
        memcpy(s + f->length, &length, sizeof length);
        return;
    case F_STRUCT:
        for (unsigned i = 0; i < layouts[f->of].fields; i++)
            member(&layouts[f->of].field[i], s + f->offset, depth + 1);
        return;
    case F_ULONG:
        length = number();
        memcpy(s + f->offset, &length, sizeof length);
        return;
    default:
        return;
    }
}

static unsigned char *structure(const layout *l, unsigned depth)
{
    unsigned char *s = block(l->size);
    if (!s)
        return NULL;
    memset(s, 0, l->size);
    if (depth > 4)
        return s;
    for (int numbers = 1; numbers >= 0; numbers--) /* the numbers first: some are lengths, which their data sets right */
        for (unsigned i = 0; i < l->fields; i++)
            if ((l->field[i].kind == F_ULONG) == numbers)
                member(&l->field[i], s, depth);
    return s;
}

static void *parameter(const layout *l, CK_ULONG *length)
{
    *length = l->size;
    return structure(l, 0);
}

/* Of two structures of one size a mechanism's caller gives the one for what the function does. */
static const layout *layout_of(const mechanism_row *row, unsigned way, bool message)
{
    const layout *l = &layouts[row->layout[way % row->layouts]];
    for (unsigned i = 0; i < row->layouts; i++)
        if (layouts[row->layout[i]].size == l->size && layouts[row->layout[i]].message == message)
            return &layouts[row->layout[i]];
    return l;
}

/* Bytes that are no structure, and not as long as one: its pointers would be the caller's lie. */
static void *no_structure(CK_ULONG *length)
{
    void *made = some_bytes(length);
    for (unsigned i = layout_count; i-- > 0;)
        if (layouts[i].size == *length) {
            --*length;
            i = layout_count;
        }
    return made;
}

CK_MECHANISM *mechanism(bool message)
{
    CK_MECHANISM *m = room(sizeof *m);
    if (!m)
        return NULL;
    const mechanism_row *row = &mechanisms[(choose_byte() | choose_byte() << 8) % mechanism_count];
    m->mechanism = row->mechanism;
    unsigned way = choose_byte();
    if (row->layouts && way < 200)
        m->pParameter = parameter(layout_of(row, way, message), &m->ulParameterLen);
    else
        m->pParameter = no_structure(&m->ulParameterLen);
    return m;
}

void *message_parameter(CK_ULONG *length)
{
    unsigned way = choose_byte(), seen = 0;
    for (unsigned i = 0; i < layout_count; i++)
        if (layouts[i].message && seen++ == way % 8)
            return parameter(&layouts[i], length);
    return no_structure(length);
}

/* --- The keeper --- */

static void little(unsigned char *to, uint64_t value, unsigned size)
{
    for (unsigned i = 0; i < size; i++)
        to[i] = (unsigned char)(value >> 8 * i);
}

static void greet(void)
{
    unsigned char *r = it.reply;
    memset(r, 0, 64);
    it.end = 4 + 4 + 2 + 8 + 16 + 4;
    little(r, it.end - 4, 4);
    r[8] = 1;
    memset(r + 18, 7, 16);
}

static void answer(unsigned function)
{
    static const CK_RV values[] = { CKR_OK, CKR_BUFFER_TOO_SMALL, CKR_PENDING, CKR_ATTRIBUTE_SENSITIVE,
        CKR_ATTRIBUTE_TYPE_INVALID, CKR_GENERAL_ERROR, CKR_DEVICE_ERROR, 0xFFFFFFFF };
    it.sent = 0;
    if (function == HELLO && (!it.answers || *it.answer != HELLO_RAW)) {
        greet();
        return;
    }
    unsigned way = answer_byte(), value = answer_byte();
    size_t length = answer_byte();
    length |= (size_t)answer_byte() << 8;
    length = length < it.answers ? length : it.answers;
    unsigned char *to = it.reply + (way == FRAMED ? 8 : 0);
    memcpy(to, it.answer, length);
    it.answer += length;
    it.answers -= length;
    it.end = (size_t)(to - it.reply) + length;
    if (way == FRAMED) {
        little(it.reply, 4 + length, 4);
        little(it.reply + 4, values[value % 8], 4);
    }
    if (way == LATE_END)
        errno = EINTR;
}

ssize_t hostile_sendmsg(int fd, const struct msghdr *message, int flags)
{
    (void)fd, (void)flags;
    size_t total = 0;
    for (size_t i = 0; i < (size_t)message->msg_iovlen; i++) {
        const unsigned char *from = message->msg_iov[i].iov_base;
        for (size_t at = 0; at < message->msg_iov[i].iov_len; at++)
            sink += from[at]; /* all that is sent can be read */
        total += message->msg_iov[i].iov_len;
    }
    const unsigned char *head = message->msg_iov[0].iov_base;
    if (message->msg_iov[0].iov_len < 8)
        abort();
    uint32_t claimed = head[0] | head[1] << 8 | head[2] << 16 | (uint32_t)head[3] << 24;
    if (claimed != total - 4)
        abort();
    answer(head[4] | head[5] << 8);
    return (ssize_t)total;
}

ssize_t hostile_recv(int fd, void *to, size_t size, int flags)
{
    (void)fd, (void)flags;
    size_t count = it.end - it.sent;
    count = count < size ? count : size;
    if (count > 3 && it.sent == 0)
        count = 3; /* in pieces */
    memcpy(to, it.reply + it.sent, count);
    it.sent += count;
    return (ssize_t)count;
}

int hostile_shutdown(int fd, int how)
{
    (void)fd, (void)how;
    return 0;
}

int keeper_connect(void)
{
    return open("/dev/null", O_RDWR | O_CLOEXEC);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    if (!size)
        return 0;
    it.choices = data[0] < size ? data[0] : size - 1;
    it.choice = data + 1;
    it.answer = data + 1 + it.choices;
    it.answers = size - 1 - it.choices;
    it.blocks = 0;
    if (C_Initialize(NULL) == CKR_OK) {
        for (unsigned i = 0; i < MOST_CALLS && it.choices; i++)
            call_function(choose_byte());
        C_Finalize(NULL);
    }
    for (unsigned i = 0; i < it.blocks; i++)
        free(it.block[i]);
    return 0;
}
