/* What the calls of hostile.py are made with. */

#include "generated/tables.h"
#include "hsmith.h"

unsigned choose_byte(void);
void *block(size_t size);
size_t some_length(void);
CK_ULONG number(void);
void *some_bytes(CK_ULONG *length);
void *room(size_t size);
CK_ULONG *length_of(CK_ULONG length);
CK_BYTE *name(void);
CK_ATTRIBUTE *template(CK_ULONG *count, unsigned depth);
CK_MECHANISM *mechanism(bool message);
void *message_parameter(CK_ULONG *length);
void call_function(unsigned function);
