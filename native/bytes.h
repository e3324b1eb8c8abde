/* Numbers and pieces of what comes from elsewhere, and numbers as frames and records have them. */

#ifndef HSMITH_BYTES_H
#define HSMITH_BYTES_H

#include <stddef.h>
#include <stdint.h>

/* What is not there is read as zeros, and ``bad`` says so. */
struct reader {
    const unsigned char *at;
    size_t left;
    _Bool bad;
};

static inline const unsigned char *next_piece(struct reader *from, size_t count)
{
    if (from->bad || from->left < count) {
        from->bad = 1;
        return NULL;
    }
    const unsigned char *at = from->at;
    from->at += count;
    from->left -= count;
    return at;
}

/* Of at most 8 bytes, the least significant first. */
static inline uint64_t next_number(struct reader *from, size_t size)
{
    const unsigned char *at = next_piece(from, size);
    uint64_t value = 0;
    while (at && size--)
        value = value << 8 | at[size];
    return value;
}

static inline void put_big(unsigned char *to, uint64_t value)
{
    for (int i = 0; i < 8; i++)
        to[i] = (unsigned char)(value >> 8 * (7 - i));
}

static inline void put_small(unsigned char *to, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        to[i] = (unsigned char)(value >> 8 * i);
}

#endif
