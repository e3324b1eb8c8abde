/* The system's OpenSSL, for the operations that come so often that Python would take longer than they do.
 *
 * hsmith.crypto.standing makes works by ctypes, of values that it has checked; native/standing.c runs them. The library is not
 * linked: where there is none, or an older one, library_open says so, and Python does all. It has a context of its own, which
 * reads no configuration file. What it is asked for is in the manual pages of OpenSSL 3.0. */

#include <dlfcn.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "library.h"

typedef void *any;
typedef const void *some;

/* name, result, arguments */
#define FUNCTIONS(X) \
    X(OPENSSL_version_major, unsigned, (void)) \
    X(OSSL_LIB_CTX_new, any, (void)) \
    X(BN_bin2bn, any, (const unsigned char *, int, any)) \
    X(BN_bn2binpad, int, (some, unsigned char *, int)) \
    X(BN_clear_free, void, (any)) \
    X(OSSL_PARAM_BLD_new, any, (void)) \
    X(OSSL_PARAM_BLD_free, void, (any)) \
    X(OSSL_PARAM_BLD_push_BN, int, (any, const char *, some)) \
    X(OSSL_PARAM_BLD_push_utf8_string, int, (any, const char *, const char *, size_t)) \
    X(OSSL_PARAM_BLD_to_param, any, (any)) \
    X(OSSL_PARAM_free, void, (any)) \
    X(EVP_PKEY_CTX_new_from_name, any, (any, const char *, const char *)) \
    X(EVP_PKEY_CTX_new_from_pkey, any, (any, any, const char *)) \
    X(EVP_PKEY_CTX_free, void, (any)) \
    X(EVP_PKEY_fromdata_init, int, (any)) \
    X(EVP_PKEY_fromdata, int, (any, any *, int, any)) \
    X(EVP_PKEY_new_raw_private_key_ex, any, (any, const char *, const char *, const unsigned char *, size_t)) \
    X(EVP_PKEY_free, void, (any)) \
    X(EVP_PKEY_sign_init, int, (any)) \
    X(EVP_PKEY_sign, int, (any, unsigned char *, size_t *, const unsigned char *, size_t)) \
    X(EVP_PKEY_CTX_set_rsa_padding, int, (any, int)) \
    X(EVP_PKEY_CTX_set_rsa_pss_saltlen, int, (any, int)) \
    X(EVP_PKEY_CTX_set_rsa_mgf1_md_name, int, (any, const char *, const char *)) \
    X(EVP_PKEY_CTX_set_signature_md, int, (any, some)) \
    X(EVP_MD_fetch, any, (any, const char *, const char *)) \
    X(EVP_MD_free, void, (any)) \
    X(EVP_MD_CTX_new, any, (void)) \
    X(EVP_MD_CTX_free, void, (any)) \
    X(EVP_DigestInit_ex2, int, (any, some, some)) \
    X(EVP_DigestUpdate, int, (any, some, size_t)) \
    X(EVP_DigestFinal_ex, int, (any, unsigned char *, unsigned *)) \
    X(EVP_DigestSignInit_ex, int, (any, any *, const char *, any, const char *, any, some)) \
    X(EVP_DigestSign, int, (any, unsigned char *, size_t *, const unsigned char *, size_t)) \
    X(EVP_CIPHER_fetch, any, (any, const char *, const char *)) \
    X(EVP_CIPHER_free, void, (any)) \
    X(EVP_CIPHER_CTX_new, any, (void)) \
    X(EVP_CIPHER_CTX_free, void, (any)) \
    X(EVP_CIPHER_CTX_ctrl, int, (any, int, int, any)) \
    X(EVP_CipherInit_ex2, int, (any, some, const unsigned char *, const unsigned char *, int, some)) \
    X(EVP_CipherUpdate, int, (any, unsigned char *, int *, const unsigned char *, int)) \
    X(EVP_CipherFinal_ex, int, (any, unsigned char *, int *)) \
    X(EVP_MAC_fetch, any, (any, const char *, const char *)) \
    X(EVP_MAC_free, void, (any)) \
    X(EVP_MAC_CTX_new, any, (any)) \
    X(EVP_MAC_CTX_free, void, (any)) \
    X(EVP_MAC_init, int, (any, const unsigned char *, size_t, some)) \
    X(EVP_MAC_update, int, (any, const unsigned char *, size_t)) \
    X(EVP_MAC_final, int, (any, unsigned char *, size_t *, size_t)) \
    X(d2i_ECDSA_SIG, any, (any *, const unsigned char **, long)) \
    X(ECDSA_SIG_free, void, (any)) \
    X(ECDSA_SIG_get0, void, (some, some *, some *)) \
    X(ERR_clear_error, void, (void))

#define DECLARE(name, result, arguments) static result(*name) arguments;
FUNCTIONS(DECLARE)

/* Of the library's headers. */
enum { KEYPAIR = 0x87, PKCS1_PADDING = 1, PSS_PADDING = 6, SET_IV_LENGTH = 0x9, GET_TAG = 0x10, SET_TAG = 0x11 };
enum { UTF8_STRING = 4, TAG = 16, LONGEST_DIGEST = 64, LONGEST_DER = 160, CHUNK = 1 << 30 };

enum kind { SIGNATURE, ECDSA_SIGNATURE, WHOLE_SIGNATURE, SEALING, OPENING };

struct work {
    enum kind kind;
    size_t size;   /* of a signature */
    any key;       /* EVP_PKEY */
    any signer;    /* EVP_PKEY_CTX */
    any digest;    /* EVP_MD, or NULL: the data is signed as it is */
    any digesting; /* EVP_MD_CTX; of WHOLE_SIGNATURE the signer */
    any cipher;    /* EVP_CIPHER_CTX */
    size_t iv_length, aad_length;
    unsigned char *aad;
};

static any context;

/* 0: the library is there. Otherwise why not, in a word. Called once, before there are threads. */
EXPORT const char *library_open(const char *name)
{
    any library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (!library)
        return "missing";
#define FIND(name, result, arguments) \
    *(void **)&name = dlsym(library, #name); \
    if (!name) \
        return "too old";
    FUNCTIONS(FIND)
    if (OPENSSL_version_major() < 3)
        return "too old";
    context = OSSL_LIB_CTX_new();
    return context ? NULL : "out of memory";
}

void work_free(struct work *work)
{
    if (!work)
        return;
    EVP_PKEY_CTX_free(work->signer);
    EVP_MD_CTX_free(work->digesting);
    EVP_MD_free(work->digest);
    EVP_PKEY_free(work->key);
    EVP_CIPHER_CTX_free(work->cipher);
    free(work->aad);
    free(work);
}

EXPORT void work_discard(struct work *work)
{
    work_free(work);
}

/* --- Keys --- */

struct part {
    const char *name;
    const unsigned char *bytes;
    uint64_t length;
};

/* Of the library's core.h. */
struct parameter {
    const char *name;
    unsigned type;
    void *data;
    size_t size, used;
};

void erase(void *at, size_t size)
{
    for (volatile unsigned char *byte = at; size--; byte++)
        *byte = 0;
}

/* The builder's copies of the numbers: the library frees them as they are. */
static void erase_numbers(struct parameter *params)
{
    for (; params && params->name; params++)
        erase(params->data, params->size);
}

/* A key of numbers and, of a curve, its name. NULL where the library does not take it. */
static any key_of(const char *type, const char *group, const struct part *parts, size_t count)
{
    any numbers[8] = { NULL }, key = NULL, builder = OSSL_PARAM_BLD_new(), params = NULL;
    any making = EVP_PKEY_CTX_new_from_name(context, type, NULL);
    int good = builder && making && count <= 8;
    if (good && group)
        good = OSSL_PARAM_BLD_push_utf8_string(builder, "group", group, 0);
    for (size_t i = 0; good && i < count; i++) {
        numbers[i] = BN_bin2bn(parts[i].bytes, (int)parts[i].length, NULL);
        good = numbers[i] && OSSL_PARAM_BLD_push_BN(builder, parts[i].name, numbers[i]);
    }
    if (good)
        params = OSSL_PARAM_BLD_to_param(builder);
    if (params && EVP_PKEY_fromdata_init(making) > 0 && EVP_PKEY_fromdata(making, &key, KEYPAIR, params) <= 0)
        key = NULL;
    erase_numbers(params);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(builder);
    EVP_PKEY_CTX_free(making);
    for (size_t i = 0; i < 8; i++)
        BN_clear_free(numbers[i]);
    return key;
}

/* Either the whole of it, or nothing. */
static struct work *finished(struct work *work, int good)
{
    ERR_clear_error();
    if (good)
        return work;
    work_free(work);
    return NULL;
}

static struct work *signing(enum kind kind, any key, size_t size, const char *digest)
{
    struct work *work = calloc(1, sizeof *work);
    if (!work || !key) {
        EVP_PKEY_free(key);
        free(work);
        return NULL;
    }
    work->kind = kind;
    work->key = key;
    work->size = size;
    work->signer = EVP_PKEY_CTX_new_from_pkey(context, key, NULL);
    int good = work->signer && EVP_PKEY_sign_init(work->signer) > 0;
    if (good && digest) {
        work->digest = EVP_MD_fetch(context, digest, NULL);
        work->digesting = EVP_MD_CTX_new();
        good = work->digest && work->digesting;
    }
    return finished(work, good);
}

/* The numbers of an RSA key, and its length in bytes. ``digest``: the hash of the mechanism, or NULL. ``salt``: -1 for PKCS #1 v1.5,
 * otherwise the length of the salt of PSS, whose mask is made with ``mask``. */
EXPORT struct work *work_rsa(const struct part *parts, uint64_t count, uint64_t size, const char *digest, int salt, const char *mask)
{
    struct work *work = signing(SIGNATURE, key_of("RSA", NULL, parts, count), size, digest);
    if (!work)
        return NULL;
    any signer = work->signer;
    int good = EVP_PKEY_CTX_set_rsa_padding(signer, salt < 0 ? PKCS1_PADDING : PSS_PADDING) > 0;
    if (good && digest)
        good = EVP_PKEY_CTX_set_signature_md(signer, work->digest) > 0;
    if (good && salt >= 0)
        good = digest && EVP_PKEY_CTX_set_rsa_pss_saltlen(signer, salt) > 0
            && EVP_PKEY_CTX_set_rsa_mgf1_md_name(signer, mask, NULL) > 0;
    return finished(work, good);
}

/* ECDSA with the private value of a key of this curve. ``size``: of a signature. */
EXPORT struct work *work_ecdsa(const char *group, const struct part *value, uint64_t size, const char *digest)
{
    return signing(ECDSA_SIGNATURE, key_of("EC", group, value, 1), size, digest);
}

/* EdDSA without a context. */
EXPORT struct work *work_eddsa(const char *type, const unsigned char *value, uint64_t length, uint64_t size)
{
    struct work *work = calloc(1, sizeof *work);
    if (!work)
        return NULL;
    work->kind = WHOLE_SIGNATURE;
    work->size = size;
    work->key = EVP_PKEY_new_raw_private_key_ex(context, type, NULL, value, length);
    work->digesting = EVP_MD_CTX_new();
    return finished(work, work->key && work->digesting);
}

/* AES-GCM with a tag of 16 bytes. */
EXPORT struct work *work_gcm(const unsigned char *key, uint64_t length, uint64_t iv_length, const unsigned char *aad, uint64_t aad_length,
    int seals)
{
    struct work *work = calloc(1, sizeof *work);
    if (!work || iv_length > INT_MAX || aad_length > INT_MAX) {
        free(work);
        return NULL;
    }
    any cipher = EVP_CIPHER_fetch(context, length == 16 ? "AES-128-GCM" : length == 24 ? "AES-192-GCM" : "AES-256-GCM", NULL);
    work->kind = seals ? SEALING : OPENING;
    work->iv_length = iv_length;
    work->cipher = EVP_CIPHER_CTX_new();
    int good = cipher && work->cipher && EVP_CipherInit_ex2(work->cipher, cipher, NULL, NULL, seals, NULL) > 0
        && EVP_CIPHER_CTX_ctrl(work->cipher, SET_IV_LENGTH, (int)iv_length, NULL) > 0
        && EVP_CipherInit_ex2(work->cipher, NULL, key, NULL, seals, NULL) > 0;
    EVP_CIPHER_free(cipher); /* the context keeps it */
    if (good && aad_length) {
        work->aad = malloc(aad_length);
        good = work->aad != NULL;
        if (good)
            memcpy(work->aad, aad, aad_length);
        work->aad_length = aad_length;
    }
    return finished(work, good);
}

/* --- Their use --- */

size_t work_size(const struct work *work, size_t length)
{
    if (work->kind == OPENING)
        return length < TAG ? 0 : length - TAG;
    return work->kind == SEALING ? length + TAG : work->size;
}

static int64_t signature(struct work *work, const struct task *task)
{
    unsigned char hash[LONGEST_DIGEST];
    const unsigned char *data = task->data;
    size_t length = task->length, size = work->size;
    if (work->digest) {
        unsigned made = 0;
        if (EVP_DigestInit_ex2(work->digesting, work->digest, NULL) <= 0 || EVP_DigestUpdate(work->digesting, data, length) <= 0
            || EVP_DigestFinal_ex(work->digesting, hash, &made) <= 0)
            return -1;
        data = hash;
        length = made;
    }
    if (work->kind == SIGNATURE)
        return EVP_PKEY_sign(work->signer, task->out, &size, data, length) > 0 && size == work->size ? (int64_t)size : -1;
    unsigned char encoded[LONGEST_DER];
    const unsigned char *from = encoded;
    some r = NULL, s = NULL;
    size = sizeof encoded;
    if (!length || EVP_PKEY_sign(work->signer, encoded, &size, data, length) <= 0)
        return -1;
    any pair = d2i_ECDSA_SIG(NULL, &from, (long)size);
    if (!pair)
        return -1;
    ECDSA_SIG_get0(pair, &r, &s);
    int half = (int)(work->size / 2);
    int good = BN_bn2binpad(r, task->out, half) == half && BN_bn2binpad(s, task->out + half, half) == half;
    ECDSA_SIG_free(pair);
    return good ? 2 * half : -1;
}

static int64_t whole_signature(struct work *work, const struct task *task)
{
    size_t size = work->size;
    if (EVP_DigestSignInit_ex(work->digesting, NULL, NULL, context, NULL, work->key, NULL) <= 0)
        return -1;
    return EVP_DigestSign(work->digesting, task->out, &size, task->data, task->length) > 0 && size == work->size ? (int64_t)size : -1;
}

static int64_t sealed(struct work *work, const struct task *task)
{
    int made = 0, rest = 0;
    unsigned char *out = task->out;
    if (EVP_CipherUpdate(work->cipher, out, &made, task->data, (int)task->length) <= 0
        || EVP_CipherFinal_ex(work->cipher, out + made, &rest) <= 0
        || EVP_CIPHER_CTX_ctrl(work->cipher, GET_TAG, TAG, out + made + rest) <= 0)
        return -1;
    return made + rest + TAG;
}

/* Nothing of it leaves when the tag is wrong: the caller sends what is counted here. */
static int64_t opened(struct work *work, const struct task *task)
{
    int made = 0, rest = 0;
    if (task->length < TAG)
        return -1;
    size_t length = task->length - TAG;
    unsigned char tag[TAG];
    memcpy(tag, task->data + length, TAG);
    int good = EVP_CIPHER_CTX_ctrl(work->cipher, SET_TAG, TAG, tag) > 0
        && EVP_CipherUpdate(work->cipher, task->out, &made, task->data, (int)length) > 0
        && EVP_CipherFinal_ex(work->cipher, task->out + made, &rest) > 0;
    if (!good)
        erase(task->out, length);
    return good ? made + rest : -1;
}

static int64_t ciphered(struct work *work, const struct task *task)
{
    int unused;
    if (task->iv_length != work->iv_length || task->length > CHUNK)
        return -1;
    if (EVP_CipherInit_ex2(work->cipher, NULL, NULL, task->iv, -1, NULL) <= 0)
        return -1;
    if (work->aad_length && EVP_CipherUpdate(work->cipher, NULL, &unused, work->aad, (int)work->aad_length) <= 0)
        return -1;
    return work->kind == SEALING ? sealed(work, task) : opened(work, task);
}

int64_t work_run(struct work *work, const struct task *task)
{
    if (task->room < work_size(work, task->length))
        return -1;
    int64_t size = work->kind == WHOLE_SIGNATURE ? whole_signature(work, task)
        : work->kind >= SEALING                  ? ciphered(work, task)
                                                 : signature(work, task);
    if (size < 0)
        ERR_clear_error();
    return size;
}

/* The same for Python, which tries a work before it lets it stand. */
EXPORT int64_t work_try(struct work *work, const struct task *task)
{
    return work_run(work, task);
}

/* --- A MAC --- */

void mac_free(void *mac)
{
    if (mac)
        EVP_MAC_CTX_free(mac);
}

void *mac_new(const unsigned char *key, size_t length)
{
    char digest[] = "SHA256";
    struct parameter params[] = { { "digest", UTF8_STRING, digest, sizeof digest - 1, 0 }, { NULL, 0, NULL, 0, 0 } };
    any method = context ? EVP_MAC_fetch(context, "HMAC", NULL) : NULL, mac = method ? EVP_MAC_CTX_new(method) : NULL;
    if (method)
        EVP_MAC_free(method); /* the context keeps it */
    if (mac && EVP_MAC_init(mac, key, length, params) > 0)
        return mac;
    mac_free(mac);
    return NULL;
}

_Bool mac_pieces(void *mac, const struct piece *pieces, size_t count, unsigned char made[MAC_BYTES])
{
    size_t length = 0;
    if (EVP_MAC_init(mac, NULL, 0, NULL) <= 0)
        return 0;
    for (size_t i = 0; i < count; i++)
        if (pieces[i].length && EVP_MAC_update(mac, pieces[i].bytes, pieces[i].length) <= 0)
            return 0;
    return EVP_MAC_final(mac, made, &length, MAC_BYTES) > 0 && length == MAC_BYTES;
}

_Bool mac_run(void *mac, const unsigned char *head, size_t head_length, const unsigned char *rest, size_t rest_length,
    unsigned char made[MAC_BYTES])
{
    struct piece pieces[] = { { head, head_length }, { rest, rest_length } };
    return mac_pieces(mac, pieces, 2, made);
}

void *digest_new(void)
{
    any method = context ? EVP_MD_fetch(context, "SHA256", NULL) : NULL, digest = method ? EVP_MD_CTX_new() : NULL;
    int good = digest && EVP_DigestInit_ex2(digest, method, NULL) > 0;
    if (method)
        EVP_MD_free(method); /* the context keeps it */
    if (good)
        return digest;
    digest_free(digest);
    return NULL;
}

_Bool digest_pieces(void *digest, const struct piece *pieces, size_t count, unsigned char made[MAC_BYTES])
{
    unsigned length = 0;
    if (EVP_DigestInit_ex2(digest, NULL, NULL) <= 0)
        return 0;
    for (size_t i = 0; i < count; i++)
        if (pieces[i].length && EVP_DigestUpdate(digest, pieces[i].bytes, pieces[i].length) <= 0)
            return 0;
    return EVP_DigestFinal_ex(digest, made, &length) > 0 && length == MAC_BYTES;
}

void digest_free(void *digest)
{
    if (digest)
        EVP_MD_CTX_free(digest);
}

/* Of hsmith.store.codec. */
enum { STORED_SHORT = 2, STORED_WIDE = 3, STORED_BYTES = 4 };

/* As hsmith.store.sealing has them: the attribute's number and its value, each behind its length. */
_Bool index_mac(void *mac, uint64_t type, uint64_t number, const unsigned char *value, size_t length, unsigned char made[MAC_BYTES])
{
    unsigned char head[33];
    _Bool wide = number >> 32;
    size_t own = wide ? 9 : 5;
    put_big(head, 8);
    put_small(head + 8, type, 8);
    put_big(head + 16, own + length);
    head[24] = value ? STORED_BYTES : wide ? STORED_WIDE : STORED_SHORT;
    put_small(head + 25, value ? length : number, (int)own - 1);
    return mac_run(mac, head, 24 + own, value, length, made);
}

/* --- Sealing --- */

void seal_free(void *seal)
{
    if (seal)
        EVP_CIPHER_CTX_free(seal);
}

void *seal_new(const unsigned char key[SEAL_KEY_BYTES])
{
    any cipher = context ? EVP_CIPHER_fetch(context, "AES-256-GCM", NULL) : NULL, seal = cipher ? EVP_CIPHER_CTX_new() : NULL;
    int good = seal && EVP_CipherInit_ex2(seal, cipher, key, NULL, 1, NULL) > 0;
    if (cipher)
        EVP_CIPHER_free(cipher); /* the context keeps it */
    if (good)
        return seal;
    if (seal)
        EVP_CIPHER_CTX_free(seal);
    return NULL;
}

_Bool seal_run(void *seal, const unsigned char iv[SEAL_IV_BYTES], const unsigned char *aad, size_t aad_length, const unsigned char *data,
    size_t length, unsigned char *out)
{
    int made = 0, rest = 0;
    return aad_length <= CHUNK && length <= CHUNK && EVP_CipherInit_ex2(seal, NULL, NULL, iv, -1, NULL) > 0
        && EVP_CipherUpdate(seal, NULL, &made, aad, (int)aad_length) > 0 && EVP_CipherUpdate(seal, out, &made, data, (int)length) > 0
        && EVP_CipherFinal_ex(seal, out + made, &rest) > 0 && (size_t)(made + rest) == length
        && EVP_CIPHER_CTX_ctrl(seal, GET_TAG, TAG, out + length) > 0;
}
