/* What the store vouches with, for a whole commit at once: the checksums of new objects, the chain of the audit, a place of the ledger.
 *
 * hsmith.store.entries, audit and ledger say what each of it is, and compute the same without native code; hsmith.crypto.vouching
 * brings what they have here. Called with Python's lock held, by whoever holds the store's writer. */

#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "library.h"

enum { LENGTH = 8, NUMBERS = 4 * 8, CHECKSUM = 8, DIGEST = 32, RECORD_MAC = 16, ENTRY = 24, TOGETHER = 64, CONTEXT = 16 };
enum { STATE = 8 + DIGEST + 8 + DIGEST, LONGEST_HEAD = 64, LONGEST_PLACE = 8192 };

/* Of the ledger: ``mac`` and ``seal``; of the audit: ``mac`` and ``digest``. */
struct voucher {
    void *mac, *digest, *seal;
};

/* --- New objects, and what the audit tells of them --- */

/* Of rows as entries.py has them: ``head``, the numbers, the tags and the record, each of these behind its length. */
static _Bool put_checksum(struct voucher *by, const unsigned char *head, size_t head_length, struct reader *from, unsigned char *out)
{
    unsigned char start[LONGEST_HEAD + NUMBERS + LENGTH], between[LENGTH], made[MAC_BYTES];
    const unsigned char *numbers = next_piece(from, NUMBERS);
    size_t tags_length = next_number(from, 4), record_length = next_number(from, 4);
    const unsigned char *tags = next_piece(from, tags_length), *record = next_piece(from, record_length);
    if (from->bad || head_length > LONGEST_HEAD)
        return 0;
    memcpy(start, head, head_length);
    memcpy(start + head_length, numbers, NUMBERS);
    put_big(start + head_length + NUMBERS, tags_length);
    put_big(between, record_length);
    struct piece pieces[] = { { start, head_length + NUMBERS + LENGTH }, { tags, tags_length }, { between, LENGTH },
        { record, record_length } };
    if (!mac_pieces(by->mac, pieces, 4, made))
        return 0;
    memcpy(out, made, CHECKSUM);
    return 1;
}

/* The chain after one more record, and the record's code, as audit.py has them. */
static _Bool put_link(struct voucher *by, unsigned char chain[DIGEST], uint64_t number, struct reader *from, unsigned char *out)
{
    unsigned char before[LENGTH], made[MAC_BYTES];
    size_t length = next_number(from, 4);
    const unsigned char *text = next_piece(from, length);
    if (from->bad)
        return 0;
    put_big(before, number);
    struct piece pieces[] = { { chain, DIGEST }, { before, LENGTH }, { text, length } };
    if (!digest_pieces(by->digest, pieces, 3, chain))
        return 0;
    put_big(before, DIGEST);
    if (!mac_run(by->mac, before, LENGTH, chain, DIGEST, made))
        return 0;
    memcpy(out, chain, DIGEST);
    memcpy(out + DIGEST, made, RECORD_MAC);
    return 1;
}

/* --- A place of the ledger --- */

/* What a place adds to the digest, as ledger.py has it. */
static _Bool add_part(struct voucher *by, const unsigned char at[CONTEXT], unsigned char digest[DIGEST])
{
    unsigned char before[LENGTH], made[MAC_BYTES];
    put_big(before, CONTEXT);
    if (!mac_run(by->mac, before, LENGTH, at, CONTEXT, made))
        return 0;
    for (int i = 0; i < DIGEST; i++)
        digest[i] ^= made[i];
    return 1;
}

/* Where the entry with this key begins; behind the last one where there is none. */
static uint64_t entry_at(const unsigned char *entries, uint64_t length, const unsigned char *key)
{
    uint64_t at = key[0] % TOGETHER * ENTRY; /* if its neighbours have all come before it */
    if (at + ENTRY <= length && !memcmp(entries + at, key, LENGTH))
        return at;
    for (at = 0; at + ENTRY <= length && memcmp(entries + at, key, LENGTH); at += ENTRY)
        ;
    return at;
}

/* --- By Python: hsmith.crypto.vouching --- */

/* With its keys. */
EXPORT void voucher_discard(struct voucher *by)
{
    mac_free(by->mac);
    digest_free(by->digest);
    seal_free(by->seal);
    free(by);
}

/* NULL: it cannot be made. */
EXPORT struct voucher *voucher_new(const unsigned char key[SEAL_KEY_BYTES])
{
    struct voucher *one = calloc(1, sizeof *one);
    if (!one)
        return NULL;
    *one = (struct voucher){ mac_new(key, SEAL_KEY_BYTES), digest_new(), NULL };
    if (one->mac && one->digest)
        return one;
    voucher_discard(one);
    return NULL;
}

/* The key of places from now on. */
EXPORT int voucher_key(struct voucher *by, const unsigned char key[SEAL_KEY_BYTES])
{
    seal_free(by->seal);
    by->seal = seal_new(key);
    return by->seal != NULL;
}

/* The checksums of ``count`` rows, at ``out``. 0: they cannot be made. */
EXPORT int voucher_rows(struct voucher *by, const unsigned char *head, uint64_t head_length, const unsigned char *in, uint64_t length,
    uint64_t count, unsigned char *out)
{
    struct reader from = { in, length, 0 };
    for (uint64_t i = 0; i < count; i++, out += CHECKSUM)
        if (!put_checksum(by, head, head_length, &from, out))
            return 0;
    return !from.left;
}

/* Of ``count`` texts the chain after each and its code, at ``out``; ``number`` and ``last``: the last record before. 0: they cannot be
 * made. */
EXPORT int voucher_links(struct voucher *by, uint64_t number, const unsigned char *last, const unsigned char *in, uint64_t length,
    uint64_t count, unsigned char *out)
{
    struct reader from = { in, length, 0 };
    unsigned char chain[DIGEST];
    memcpy(chain, last, DIGEST);
    for (uint64_t i = 0; i < count; i++, out += DIGEST + RECORD_MAC)
        if (!put_link(by, chain, ++number, &from, out))
            return 0;
    return !from.left;
}

/* A place in which ``count`` entries are put, in the next epoch. ``before``: the epoch in which it was written, negative where it was not;
 * ``digest``: of all places, ``number`` and ``chain``: the last record of the audit. At ``out``: the digest, the entries, and what is
 * stored of them: nonce, ciphertext, tag. How many bytes the entries have; 0: it cannot be made. */
EXPORT uint64_t voucher_place(struct voucher *by, int64_t place, int64_t before, uint64_t epoch, const unsigned char *digest,
    uint64_t number, const unsigned char *chain, const unsigned char *nonce, const unsigned char *entries, uint64_t length,
    const unsigned char *new, uint64_t count, unsigned char *out)
{
    unsigned char plain[STATE + LONGEST_PLACE], was[CONTEXT], is[CONTEXT], *in = plain + STATE;
    if (!by->seal || length % ENTRY || length + count * ENTRY > LONGEST_PLACE)
        return 0;
    put_small(was, (uint64_t)place, 8);
    put_small(was + 8, (uint64_t)before, 8);
    put_small(is, (uint64_t)place, 8);
    put_small(is + 8, epoch, 8);
    memcpy(out, digest, DIGEST);
    if ((before >= 0 && !add_part(by, was, out)) || !add_part(by, is, out))
        return 0;
    memcpy(in, entries, length);
    for (uint64_t i = 0; i < count; i++, new += ENTRY) {
        uint64_t at = entry_at(in, length, new);
        memcpy(in + at, new, ENTRY);
        if (at == length)
            length += ENTRY;
    }
    put_small(plain, epoch, 8);
    memcpy(plain + 8, out, DIGEST);
    put_small(plain + 8 + DIGEST, number, 8);
    memcpy(plain + 16 + DIGEST, chain, DIGEST);
    memcpy(out + DIGEST, in, length);
    memcpy(out + DIGEST + length, nonce, SEAL_IV_BYTES);
    return seal_run(by->seal, nonce, is, CONTEXT, plain, STATE + length, out + DIGEST + length + SEAL_IV_BYTES) ? length : 0;
}
