/* What the keeper's innermost loop does with a key by itself, without Python: with the system's OpenSSL (3.0 or later), which is
 * found at run time. docs/decisions/0023. */

#ifndef HSMITH_LIBRARY_H
#define HSMITH_LIBRARY_H

#include <stddef.h>
#include <stdint.h>

#define EXPORT __attribute__((visibility("default")))

/* One key with one mechanism, ready; used by one thread at a time. */
struct work;

/* What a call brings. ``iv``: the initialisation vector, where the mechanism has one. */
struct task {
    const unsigned char *iv, *data;
    size_t iv_length, length;
    unsigned char *out;
    size_t room;
};

/* Bytes of the result of so many bytes of data, at most. */
size_t work_size(const struct work *work, size_t length);

/* Bytes of the result, which is at ``out``; -1: it cannot be made here, for whatever reason, and Python is asked. */
int64_t work_run(struct work *work, const struct task *task);

/* With all that was secret in it. */
void work_free(struct work *work);

/* In a way that no compiler leaves out. */
void erase(void *at, size_t size);

#define MAC_BYTES 32

/* HMAC-SHA-256 under one key; used by one thread at a time. NULL: there is no library, or no memory. */
void *mac_new(const unsigned char *key, size_t length);

/* Over two pieces, one behind the other. */
_Bool mac_run(void *mac, const unsigned char *head, size_t head_length, const unsigned char *rest, size_t rest_length,
    unsigned char made[MAC_BYTES]);

struct piece {
    const unsigned char *bytes;
    size_t length;
};

/* The same over several. */
_Bool mac_pieces(void *mac, const struct piece *pieces, size_t count, unsigned char made[MAC_BYTES]);

/* What the index tag of an attribute's value is the beginning of. ``value``: of ``length`` bytes; NULL: it is the number. */
_Bool index_mac(void *mac, uint64_t type, uint64_t number, const unsigned char *value, size_t length, unsigned char made[MAC_BYTES]);

/* With its key. NULL: nothing. */
void mac_free(void *mac);

/* SHA-256; used by one thread at a time. NULL: there is no library, or no memory. */
void *digest_new(void);

/* Of several pieces, one behind the other; ``made`` may be one of them. */
_Bool digest_pieces(void *digest, const struct piece *pieces, size_t count, unsigned char made[MAC_BYTES]);

void digest_free(void *digest);

#define SEAL_KEY_BYTES 32
#define SEAL_IV_BYTES 12
#define SEAL_TAG_BYTES 16

/* AES-256-GCM under one key; used by one thread at a time. NULL: there is no library, or no memory. */
void *seal_new(const unsigned char key[SEAL_KEY_BYTES]);

/* ``out``: as long as the data, and SEAL_TAG_BYTES more. */
_Bool seal_run(void *seal, const unsigned char iv[SEAL_IV_BYTES], const unsigned char *aad, size_t aad_length, const unsigned char *data,
    size_t length, unsigned char *out);

void seal_free(void *seal);

#endif
