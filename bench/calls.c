/* Measures calls of a PKCS#11 module, and prints a line of JSON.
 *
 *   calls MODULE TOKEN keys                                     makes the keys that the operations below use
 *   calls MODULE TOKEN fill OBJECTS                             makes so many public keys, and the key of `first`
 *   calls MODULE TOKEN first                                    times one client from its start to its end
 *   calls MODULE TOKEN OPERATION PROCESSES THREADS SECONDS OBJECTS
 *
 * To compile: cc -std=c11 -O2 -pthread -I module/generated -o calls bench/calls.c -ldl
 *
 * The user PIN is in BENCH_PIN. All of OPERATION's threads, in all processes, start together; each counts what it did until its
 * own end, so that an operation that outlasts the time is not lost. OBJECTS is what `fill` made, for the searches. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "pkcs11.h"

enum { DATA, PUBLIC_KEY = 2, PRIVATE_KEY, SECRET_KEY };                          /* CKO_ */
enum { RSA_PAIR = 0, SHA256_RSA = 0x40, EC_PAIR = 0x1040, ECDSA, EDWARDS_PAIR = 0x1055, EDDSA = 0x1057, AES_KEY = 0x1080,
       GCM = 0x1087 };                                                           /* CKM_ */
enum { CLASS, TOKEN, PRIVATE, LABEL, VALUE = 0x11, KEY_TYPE = 0x100, ID = 0x102, SENSITIVE, ENCRYPT, SIGN = 0x108, VERIFY = 0x10a,
       MODULUS_BITS = 0x121, PUBLIC_EXPONENT, VALUE_LEN = 0x161, EC_PARAMS = 0x180, EC_POINT }; /* CKA_ */
enum { USER = 1, OS_LOCKING = 2, RW_SESSION = 2, SERIAL_SESSION = 4, KEY_EC = 3 };

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define LARGEST (1 << 20)
#define MOST_THREADS 256

/* PrintableString and OBJECT IDENTIFIER of the curves; P-256's generator as an OCTET STRING: a point as good as any. */
static const CK_BYTE ed25519[] = "\x13\x0c" "edwards25519";
static const CK_BYTE p256[] = {6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7};
static const CK_BYTE generator[] = {
    0x04, 0x41, 0x04, 0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4,
    0x40, 0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2,
    0x96, 0x4f, 0xe3, 0x42, 0xe2, 0xfe, 0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16,
    0x2b, 0xce, 0x33, 0x57, 0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5,
};
static CK_BBOOL yes = 1, no = 0;
static CK_FUNCTION_LIST *module;

struct worker {
    const struct operation *what;
    CK_ULONG session, key;
    CK_BYTE *in, *out, iv[12];
    unsigned long objects, turn; /* turn: which object is searched next */
    struct outcome *outcome;
};

struct outcome {
    unsigned long calls;
    double seconds;
};

/* What the processes share. They are set up one after another: SoftHSM 2.6.1 fails when processes start at once. */
struct shared {
    pthread_mutex_t setting_up;
    pthread_barrier_t start;
    struct outcome outcomes[MOST_THREADS];
};

struct operation {
    const char *name;
    void (*call)(struct worker *);
    CK_ULONG mechanism;
    CK_ULONG size;      /* bytes of data, or bits of a key */
    const char *key;    /* label of the key that is used, if any */
    CK_ULONG key_class;
};

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void fail(const char *what, const char *why)
{
    fprintf(stderr, "%s: %s\n", what, why);
    exit(1);
}

static void check(CK_RV rv, const char *function)
{
    char code[32];
    if (rv == CKR_OK)
        return;
    snprintf(code, sizeof code, "return value 0x%lx", rv);
    fail(function, code);
}

#define CALL(function, ...) check(module->function(__VA_ARGS__), #function)

static CK_ATTRIBUTE attribute(CK_ULONG type, const void *value, CK_ULONG length)
{
    return (CK_ATTRIBUTE){type, (void *)value, length};
}

static void load(const char *path)
{
    CK_RV (*list)(CK_FUNCTION_LIST **);
    void *library = dlopen(path, RTLD_NOW);
    CK_C_INITIALIZE_ARGS arguments = {.flags = OS_LOCKING};

    if (library == NULL)
        fail(path, dlerror());
    *(void **)&list = dlsym(library, "C_GetFunctionList");
    if (list == NULL)
        fail(path, "no PKCS#11 module");
    check(list(&module), "C_GetFunctionList");
    CALL(C_Initialize, &arguments);
}

static CK_ULONG slot_of(const char *label)
{
    CK_ULONG slots[64], count = COUNT(slots);
    CK_TOKEN_INFO info;
    char padded[33];

    snprintf(padded, sizeof padded, "%-32s", label);
    CALL(C_GetSlotList, 1, slots, &count);
    for (CK_ULONG i = 0; i < count; i++) {
        CALL(C_GetTokenInfo, slots[i], &info);
        if (memcmp(info.label, padded, 32) == 0)
            return slots[i];
    }
    fail(label, "no such token");
    return 0;
}

static CK_ULONG open_session(CK_ULONG slot)
{
    CK_ULONG session;
    CALL(C_OpenSession, slot, SERIAL_SESSION | RW_SESSION, NULL, NULL, &session);
    return session;
}

static CK_ULONG login(CK_ULONG slot)
{
    CK_ULONG session = open_session(slot);
    const char *pin = getenv("BENCH_PIN");
    if (pin == NULL)
        fail("BENCH_PIN", "not set");
    CALL(C_Login, session, USER, (CK_BYTE *)pin, strlen(pin));
    return session;
}

static CK_ULONG find(CK_ULONG session, CK_ULONG class, CK_ULONG type, const char *value)
{
    CK_ATTRIBUTE wanted[] = {attribute(CLASS, &class, sizeof class), attribute(type, value, strlen(value))};
    CK_ULONG found[2], count;
    CALL(C_FindObjectsInit, session, wanted, COUNT(wanted));
    CALL(C_FindObjects, session, found, COUNT(found), &count);
    CALL(C_FindObjectsFinal, session);
    if (count != 1)
        fail(value, count ? "more than one object" : "no such object");
    return found[0];
}

/* Making keys and objects */

static void generate_pair(CK_ULONG session, CK_ULONG mechanism, CK_ATTRIBUTE *parameters, CK_ULONG count, const char *label)
{
    CK_MECHANISM how = {mechanism, NULL, 0};
    CK_ULONG public, private;
    CK_ATTRIBUTE name = attribute(LABEL, label, strlen(label)), id = attribute(ID, label, strlen(label));
    CK_ATTRIBUTE public_template[6] = {attribute(TOKEN, &yes, 1), attribute(VERIFY, &yes, 1), name, id};
    CK_ATTRIBUTE private_template[] = {attribute(TOKEN, &yes, 1), attribute(PRIVATE, &yes, 1), attribute(SENSITIVE, &yes, 1),
                                       attribute(SIGN, &yes, 1), name, id};
    memcpy(public_template + 4, parameters, count * sizeof *parameters);
    CALL(C_GenerateKeyPair, session, &how, public_template, 4 + count, private_template, COUNT(private_template), &public, &private);
}

static void generate_rsa(CK_ULONG session, CK_ULONG bits, const char *label)
{
    CK_ATTRIBUTE parameters[] = {attribute(MODULUS_BITS, &bits, sizeof bits), attribute(PUBLIC_EXPONENT, "\1\0\1", 3)};
    generate_pair(session, RSA_PAIR, parameters, 2, label);
}

static void generate_p256(CK_ULONG session, const char *label)
{
    CK_ATTRIBUTE curve = attribute(EC_PARAMS, p256, sizeof p256);
    generate_pair(session, EC_PAIR, &curve, 1, label);
}

static void make_keys(CK_ULONG session)
{
    CK_ATTRIBUTE curve = attribute(EC_PARAMS, ed25519, sizeof ed25519 - 1);
    CK_MECHANISM how = {AES_KEY, NULL, 0};
    CK_ULONG length = 32, key;
    CK_ATTRIBUTE aes[] = {attribute(TOKEN, &yes, 1), attribute(PRIVATE, &yes, 1), attribute(SENSITIVE, &yes, 1),
                          attribute(ENCRYPT, &yes, 1), attribute(VALUE_LEN, &length, sizeof length), attribute(LABEL, "aes", 3)};
    generate_rsa(session, 2048, "rsa");
    generate_p256(session, "p256");
    generate_p256(session, "first");
    generate_pair(session, EDWARDS_PAIR, &curve, 1, "ed25519");
    CALL(C_GenerateKey, session, &how, aes, COUNT(aes), &key);
}

static void fill(CK_ULONG session, unsigned long objects)
{
    CK_ULONG class = PUBLIC_KEY, type = KEY_EC, object;
    char name[32];
    for (unsigned long i = 0; i < objects; i++) {
        CK_ULONG length = (CK_ULONG)snprintf(name, sizeof name, "object %lu", i);
        CK_ATTRIBUTE key[] = {attribute(CLASS, &class, sizeof class), attribute(KEY_TYPE, &type, sizeof type),
                              attribute(TOKEN, &yes, 1), attribute(PRIVATE, &no, 1), attribute(VERIFY, &yes, 1),
                              attribute(LABEL, name, length), attribute(ID, name, length),
                              attribute(EC_PARAMS, p256, sizeof p256), attribute(EC_POINT, generator, sizeof generator)};
        CALL(C_CreateObject, session, key, COUNT(key), &object);
    }
    generate_p256(session, "first");
}

/* The operations */

static void sign(struct worker *worker)
{
    CK_MECHANISM how = {worker->what->mechanism, NULL, 0};
    CK_ULONG length = LARGEST;
    CALL(C_SignInit, worker->session, &how, worker->key);
    CALL(C_Sign, worker->session, worker->in, worker->what->size, worker->out, &length);
}

static void encrypt(struct worker *worker)
{
    CK_GCM_PARAMS parameters = {worker->iv, sizeof worker->iv, 8 * sizeof worker->iv, NULL, 0, 128};
    CK_MECHANISM how = {GCM, &parameters, sizeof parameters};
    CK_ULONG length = LARGEST + 16;
    for (int i = 11; i >= 0 && ++worker->iv[i] == 0; i--) /* The next IV */
        ;
    CALL(C_EncryptInit, worker->session, &how, worker->key);
    CALL(C_Encrypt, worker->session, worker->in, worker->what->size, worker->out, &length);
}

static void new_rsa(struct worker *worker)
{
    generate_rsa(worker->session, worker->what->size, "new");
}

static void new_p256(struct worker *worker)
{
    generate_p256(worker->session, "new");
}

static void create(struct worker *worker)
{
    CK_ULONG class = DATA, object;
    CK_ATTRIBUTE data[] = {attribute(CLASS, &class, sizeof class), attribute(TOKEN, &yes, 1), attribute(PRIVATE, &no, 1),
                           attribute(LABEL, "new", 3), attribute(VALUE, worker->in, worker->what->size)};
    CALL(C_CreateObject, worker->session, data, COUNT(data), &object);
}

static void search(struct worker *worker, CK_ULONG type)
{
    char name[32];
    snprintf(name, sizeof name, "object %lu", worker->turn++ % worker->objects);
    find(worker->session, PUBLIC_KEY, type, name);
}

static void find_label(struct worker *worker)
{
    search(worker, LABEL);
}

static void find_id(struct worker *worker)
{
    search(worker, ID);
}

static const struct operation operations[] = {
    {"rsa", sign, SHA256_RSA, 64, "rsa", PRIVATE_KEY},
    {"p256", sign, ECDSA, 32, "p256", PRIVATE_KEY},
    {"use", sign, ECDSA, 32, "first", PRIVATE_KEY},
    {"ed25519", sign, EDDSA, 64, "ed25519", PRIVATE_KEY},
    {"gcm-64", encrypt, GCM, 64, "aes", SECRET_KEY},
    {"gcm-64k", encrypt, GCM, 65536, "aes", SECRET_KEY},
    {"gcm-1m", encrypt, GCM, 1048576, "aes", SECRET_KEY},
    {"new-p256", new_p256, EC_PAIR, 256, NULL, 0},
    {"new-rsa", new_rsa, RSA_PAIR, 2048, NULL, 0},
    {"create", create, 0, 64, NULL, 0},
    {"find-label", find_label, 0, 0, NULL, 0},
    {"find-id", find_id, 0, 0, NULL, 0},
};

/* Running them */

static struct shared *shared;
static double duration;

static void *work(void *argument)
{
    struct worker *worker = argument;
    unsigned long calls = 0;
    double start, time;

    pthread_barrier_wait(&shared->start);
    start = now();
    do {
        worker->what->call(worker);
        calls++;
        time = now() - start;
    } while (time < duration);
    *worker->outcome = (struct outcome){calls, time};
    return NULL;
}

static void prepare(struct worker *worker, CK_ULONG slot)
{
    worker->session = open_session(slot);
    worker->in = calloc(1, LARGEST);
    worker->out = calloc(1, LARGEST + 16);
    if (worker->in == NULL || worker->out == NULL)
        fail("calls", "out of memory");
    /* No two workers of one key meet at an IV, nor search the same objects in step. */
    if (getrandom(worker->iv, 8, 0) != 8 || getrandom(&worker->turn, 4, 0) != 4)
        fail("getrandom", "no random bytes");
    if (worker->what->key)
        worker->key = find(worker->session, worker->what->key_class, LABEL, worker->what->key);
}

static void process(char **arguments, const struct operation *what, struct outcome *outcomes, int threads)
{
    static struct worker workers[MOST_THREADS];
    pthread_t ids[MOST_THREADS];
    CK_ULONG slot;

    pthread_mutex_lock(&shared->setting_up);
    load(arguments[1]);
    slot = slot_of(arguments[2]);
    login(slot);
    for (int i = 0; i < threads; i++) {
        workers[i] = (struct worker){.what = what, .outcome = outcomes + i, .objects = strtoul(arguments[7], NULL, 10)};
        prepare(&workers[i], slot);
    }
    pthread_mutex_unlock(&shared->setting_up);
    for (int i = 0; i < threads; i++)
        if (pthread_create(&ids[i], NULL, work, &workers[i]) != 0)
            fail("pthread_create", "no thread");
    for (int i = 0; i < threads; i++)
        pthread_join(ids[i], NULL);
    CALL(C_Finalize, NULL);
}

/* Wait for all; the first that fails ends the others, which wait for it. */
static void gather(const pid_t *children, int count)
{
    int status, failed = 0;
    for (int left = count; left > 0; left--) {
        if (wait(&status) < 0)
            fail("wait", "a process is lost");
        if (status == 0 || failed)
            continue;
        failed = 1;
        for (int i = 0; i < count; i++)
            kill(children[i], SIGKILL);
    }
    if (failed)
        exit(1);
}

static struct shared *share(unsigned workers)
{
    pthread_barrierattr_t barrier;
    pthread_mutexattr_t mutex;
    struct shared *new = mmap(NULL, sizeof *new, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (new == MAP_FAILED)
        fail("mmap", "out of memory");
    pthread_barrierattr_init(&barrier);
    pthread_barrierattr_setpshared(&barrier, PTHREAD_PROCESS_SHARED);
    pthread_barrier_init(&new->start, &barrier, workers);
    pthread_mutexattr_init(&mutex);
    pthread_mutexattr_setpshared(&mutex, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(&new->setting_up, &mutex);
    return new;
}

static void measure(char **arguments, const struct operation *what)
{
    int processes = atoi(arguments[4]), threads = atoi(arguments[5]);
    pid_t children[MOST_THREADS];
    unsigned long calls = 0;
    double rate = 0;

    duration = atof(arguments[6]);
    if (processes < 1 || threads < 1 || processes > MOST_THREADS / threads || duration <= 0 || strtoul(arguments[7], NULL, 10) < 1)
        fail("calls", "PROCESSES, THREADS, SECONDS and OBJECTS are positive, and at most 256 threads in all");
    shared = share((unsigned)(processes * threads));
    for (int i = 0; i < processes; i++) {
        children[i] = fork();
        if (children[i] < 0)
            fail("fork", "no process");
        if (children[i] == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL); /* Whoever ends the bench ends this */
            process(arguments, what, shared->outcomes + i * threads, threads);
            exit(0);
        }
    }
    gather(children, processes);
    for (int i = 0; i < processes * threads; i++) {
        calls += shared->outcomes[i].calls;
        rate += (double)shared->outcomes[i].calls / shared->outcomes[i].seconds;
    }
    printf("{\"operation\": \"%s\", \"processes\": %d, \"threads\": %d, \"calls\": %lu, \"per_second\": %.3f}\n", what->name, processes,
           threads, calls, rate);
}

static void first(char **arguments)
{
    CK_BYTE data[32] = {1}, signature[128];
    CK_ULONG length = sizeof signature, session, key;
    CK_MECHANISM how = {ECDSA, NULL, 0};
    double times[5] = {now()};

    load(arguments[1]);
    session = login(slot_of(arguments[2]));
    times[1] = now();
    key = find(session, PRIVATE_KEY, LABEL, "first");
    times[2] = now();
    CALL(C_SignInit, session, &how, key);
    CALL(C_Sign, session, data, sizeof data, signature, &length);
    times[3] = now();
    CALL(C_Finalize, NULL);
    times[4] = now();
    printf("{\"operation\": \"first\", \"login_ms\": %.3f, \"find_ms\": %.3f, \"sign_ms\": %.3f, \"finalize_ms\": %.3f}\n",
           (times[1] - times[0]) * 1e3, (times[2] - times[1]) * 1e3, (times[3] - times[2]) * 1e3, (times[4] - times[3]) * 1e3);
}

static void make(char **arguments)
{
    CK_ULONG session;
    double start;

    load(arguments[1]);
    session = login(slot_of(arguments[2]));
    start = now();
    if (strcmp(arguments[3], "keys") == 0)
        make_keys(session);
    else
        fill(session, strtoul(arguments[4], NULL, 10));
    printf("{\"operation\": \"%s\", \"seconds\": %.3f}\n", arguments[3], now() - start);
    CALL(C_Finalize, NULL);
}

int main(int count, char **arguments)
{
    const char *name = count > 3 ? arguments[3] : "";
    if (strcmp(name, "first") == 0 && count == 4) {
        first(arguments);
        return 0;
    }
    if ((strcmp(name, "keys") == 0 && count == 4) || (strcmp(name, "fill") == 0 && count == 5)) {
        make(arguments);
        return 0;
    }
    for (size_t i = 0; i < COUNT(operations) && count == 8; i++)
        if (strcmp(name, operations[i].name) == 0) {
            measure(arguments, &operations[i]);
            return 0;
        }
    fputs("usage: calls MODULE TOKEN keys | fill OBJECTS | first | OPERATION PROCESSES THREADS SECONDS OBJECTS\n", stderr);
    return 2;
}
