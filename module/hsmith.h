/* What the hand-written parts of the module and the generated ones share.
 *
 * A stub builds a request in the buffer of a connection with put_*, exchanges it with call_run, and takes the results apart
 * with get_*. All three are sticky: after an error they do nothing, and call_end gives the return value. */

#ifndef HSMITH_H
#define HSMITH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "generated/pkcs11.h"
#include "shared.h"

#define MAX_FRAME ((size_t)64 << 20) /* without the length itself */
#define FRAME_HEAD 8
#define MAX_ATTRIBUTES 4096
#define MAX_STRUCTS 1024
#define MAX_DEPTH 4
#define MAX_SEGMENTS 4
#define SEGMENT_LEAST 4096 /* data at least as long is sent from the caller's memory */
#define ONES UINT64_MAX
#define NO_OUTPUT (ONES - 1) /* neither output nor its length is asked for */
#define NULL_DATA UINT32_MAX

/* --- Parameters of mechanisms: tables generated from hsmith.spec.params --- */

enum field_kind { F_ULONG, F_ZERO, F_BYTE, F_BOOL, F_ARRAY, F_DATA, F_INOUT, F_OUT, F_HANDLE, F_HANDLE_POINTER,
    F_STRUCT, F_POINTER, F_STRUCTS, F_TEMPLATE, F_VARIANT };
enum field_unit { U_BYTES, U_BITS, U_NONCE, U_POINTED };
enum field_flag { NULLABLE = 1, OUTER = 2, MADE = 4, GIVES = 8, FIXED = 16 };

typedef struct {
    unsigned char kind, unit, flags;
    unsigned short of;     /* number of a layout, or of a variant */
    unsigned short offset; /* of the value, or of the pointer to it */
    unsigned short length; /* offset of the length; with FIXED the length itself */
    unsigned short limit;  /* a greater length makes the parameter malformed; 0: a frame's */
} field;

typedef struct {
    unsigned short number; /* of the class on the wire */
    unsigned short size;
    bool message, names_keys;
    unsigned short fields;
    const field *field;
} layout;

enum form { NONE, BYTES, NUMBER, STRUCTURE, MALFORMED };

typedef struct {
    CK_ULONG type;
    unsigned char form;
    unsigned short layout;
} shape;

typedef struct {
    CK_ULONG mechanism;
    bool bytes, number;
    unsigned char layouts;
    unsigned short layout[6];
} mechanism_row;

enum value_kind { V_BYTES, V_BOOL, V_ULONG, V_ULONGS, V_TEMPLATE };

typedef struct {
    CK_ULONG type;
    unsigned char kind;
} attribute_row;

extern const layout layouts[];
extern const unsigned layout_count;
extern const shape *const variants[];
extern const unsigned short variant_counts[];
extern const mechanism_row mechanisms[]; /* by mechanism, ascending */
extern const unsigned mechanism_count;
extern const attribute_row attributes[]; /* by type, ascending */
extern const unsigned attribute_count;

/* --- Connections: transport.c --- */

typedef struct connection {
    int fd;         /* -1: none */
    bool busy;
    unsigned epoch; /* the application that it belongs to */
    unsigned char *buffer;
    size_t room;
    struct mailbox *mailbox; /* or NULL */
    size_t posted; /* bytes of the request that is in it */
    bool may_lie;  /* a long answer, of which only the head is copied, */
    size_t lying;  /* is in it: so many bytes */
    struct connection *next; /* the idle one below */
} connection;

typedef struct {
    const void *data;
    size_t length, before; /* before: bytes of the buffer that precede it */
} segment;

/* SESSION: the first argument is one. STARTS: an Init that may be repeated. ENDS: what it began, in one part; the number of
 * the Init is above ENDS_SHIFT. OUTPUT: has a buffer for it. KEEPS: no operation of the session is touched. FORGETS: what was
 * accepted in any session may not be any more. OTHERS: what was begun in other sessions may end, or be refused. MAILS: though it may
 * carry a SECRET it goes by mail: whoever takes it out of the mailbox wipes it there. */
enum call_flag { SECRET = 1, PARAMETER = 2, MESSAGE = 4, ENCRYPTS = 8, BEGINS = 16, SESSION = 32, STARTS = 64, ENDS = 128,
    OUTPUT = 256, KEEPS = 512, FORGETS = 1024, OTHERS = 2048, MAILS = 4096 };
#define ENDS_SHIFT 16

typedef struct {
    connection *link;
    CK_RV rv;
    unsigned number, flags;
    int cancel; /* the thread's cancellation state */
    /* request */
    size_t length, sent_from; /* bytes in the buffer, bytes in segments */
    size_t free_from, free_to; /* those of the buffer that an Init of the same kind may have otherwise */
    unsigned segments;
    segment segment[MAX_SEGMENTS];
    CK_ULONG capacity; /* of the output buffer */
    const layout *layout; /* of the parameter, for what is written back to it */
    unsigned char *structure;
    bool hollow; /* only its numbers count: no pointer in it is followed */
    /* reply */
    const unsigned char *at;
    size_t left;
    const unsigned char *lying; /* the output itself, where it is not behind the rest; NULL */
    size_t lying_length;
    bool unopened, lost, bad; /* no connection; it broke; the answer cannot be one */
} call;

/* An Init as it was sent; free: the bytes that may be others the next time. */
typedef struct {
    unsigned short number, length, free_from, free_to;
    unsigned char request[192];
} init;

CK_RV transport_open(void);
CK_RV transport_close(void);
bool initialized(void);
bool call_begin(call *c, unsigned number, unsigned flags);
void call_end_operation(call *c, CK_ULONG session, CK_ULONG flag);
bool call_run(call *c);
CK_RV call_end(call *c);
bool other_calls(void);
bool grow(connection *link, size_t used, size_t wanted);

/* --- One request and its answer: exchange.c --- */

#define HELLO 0xFF00

bool exchange(call *c, const init *front);
void mailbox_drop(connection *link);

/* --- Repeated Inits: repeat.c --- */

/* Around one exchange: what goes in front of the request, or may be remembered of it. */
typedef struct {
    bool front, candidate;
    CK_ULONG session;
    unsigned stamp;
    uint64_t changes;
    init init;
} repetition;

bool repeat_before(call *c, repetition *r);
void repeat_after(call *c, const repetition *r);
void repeat_ending(const call *c, repetition *r);
bool repeat_hold(void);
bool repeat_take(repetition *r);
void repeat_taken(const repetition *r, bool accepted);
void repeat_release(bool forgets);
void repeat_forget(void);
void repeat_begin_process(void);
void repeat_share(int fd);
unsigned keeper_calls(void);
bool hub_awake(void);
bool keeper_shares(void);
bool keeper_wakes(void);
bool keeper_helps(void);

/* --- Searches: search.c --- */

void search_before(const call *c);
bool search_hold(void);
bool search_next(size_t *at, CK_ULONG *session);
void search_end(CK_ULONG session);
void search_release(void);
void search_forget(void);
void search_begin_process(void);

/* --- Calls that concern other sessions: others.c --- */

bool others_exchange(call *c, const init *front);
CK_ULONG argument_at(const call *c, unsigned index);

/* --- The keeper's address and its start: start.c --- */

int keeper_connect(void);

/* --- Arguments: request.c; results: reply.c --- */

/* The tags of docs/wire.md, "Values". */
enum tag { T_EMPTY, T_BYTES, T_ULONG, T_BOOL, T_ULONGS, T_TEMPLATE, T_MALFORMED, T_UNAVAILABLE };

unsigned kind_of(CK_ULONG type); /* of an attribute's values: enum value_kind */

void put_u32(call *c, uint32_t value);
void put_ulong(call *c, CK_ULONG value);
void put_bool(call *c, CK_BBOOL value);
void limit(call *c, CK_ULONG length, CK_RV fault);
void put_bytes(call *c, const void *data, CK_ULONG length);
void put_label(call *c, const void *label);
void put_name(call *c, const CK_BYTE *name);
void put_template(call *c, const CK_ATTRIBUTE *template, CK_ULONG count);
void put_query(call *c, const CK_ATTRIBUTE *template, CK_ULONG count);
void put_buffer(call *c, const void *data, const CK_ULONG *length);
void put_optional_buffer(call *c, const void *data, const CK_ULONG *length);
void put_async_buffer(call *c, const void *data, CK_ULONG length);
void put_fill(call *c, const void *data, CK_ULONG length);
void put_found(call *c, const void *list, CK_ULONG most, const CK_ULONG *count);
void need(call *c, bool good);

void get_raw(call *c, void *to, size_t length);
CK_ULONG get_number(call *c);
void get_ulong(call *c, CK_ULONG *to);
void get_buffer(call *c, CK_ULONG session, CK_BYTE *data, CK_ULONG *length);
void get_fill(call *c, CK_BYTE *data, CK_ULONG length);
void get_list(call *c, CK_ULONG *list, CK_ULONG *count);
void get_found(call *c, CK_ULONG *list, CK_ULONG most, CK_ULONG *count);
void get_query(call *c, CK_ATTRIBUTE *template, CK_ULONG count);
uint32_t get_u32(call *c);
uint64_t get_u64(call *c);
const unsigned char *get_bytes(call *c, size_t length);

/* --- Mechanisms: params.c --- */

void put_mechanism(call *c, const CK_MECHANISM *mechanism);
void put_parameter(call *c, void *parameter, CK_ULONG length);
void get_writeback(call *c);

/* what wire.c lends to params.c */
void put_u8(call *c, unsigned value);
void put_u64(call *c, uint64_t value);
void put_raw(call *c, const void *data, size_t length);
void put_free(call *c, const void *data, size_t length);
bool put_attributes(call *c, const unsigned char *list, CK_ULONG count, int depth);

/* --- Asynchronous calls: async.c --- */

void async_remember(CK_ULONG session, unsigned function, CK_BYTE *data, CK_ULONG room);
void async_join(CK_ULONG session, const CK_BYTE *name, CK_BYTE *data, CK_ULONG room);
void async_begin_process(void);
void async_forget_all(void);
void get_async_data(call *c, CK_ULONG session, const CK_BYTE *name, CK_ASYNC_DATA *result);
extern const char *const function_names[];
extern const unsigned function_count;

#endif
