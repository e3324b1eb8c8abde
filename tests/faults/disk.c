/* A disk between a process and its own, to be preloaded.

   DISK_LOG: a file to which everything that is done to the files of a store is written, data included.
   DISK_FAILS: a file that may hold "write N" or "sync N": that call fails then, with errno N, for the files of a store.
   Those are the files whose path has "/store/" in it, and the folder itself. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int concerns(const char *path)
{
    size_t length = strlen(path);
    return strstr(path, "/store/") || (length > 6 && !strcmp(path + length - 6, "/store"));
}

static int path_of(int file, char *path)
{
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    path[length < 0 ? 0 : length] = 0;
    return concerns(path);
}

static void record(char what, const char *path, const void *data, size_t length, unsigned long long at)
{
    static int file = -1;
    const char *name = getenv("DISK_LOG");
    if (!name)
        return;
    pthread_mutex_lock(&lock);
    if (file < 0)
        file = REAL(open)(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    char head[64];
    int size = snprintf(head, sizeof head, "%c %zu %zu %llu\n", what, strlen(path), length, at);
    struct iovec parts[] = { { head, (size_t)size }, { (void *)path, strlen(path) }, { (void *)data, length } };
    if (writev(file, parts, 3) < 0)
        abort();
    pthread_mutex_unlock(&lock);
}

static int fails(const char *call)
{
    const char *name = getenv("DISK_FAILS");
    char text[32] = "";
    int file = name ? REAL(open)(name, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0)
        return 0;
    ssize_t length = read(file, text, sizeof text - 1);
    close(file);
    size_t size = strlen(call);
    if (length <= 0 || strncmp(text, call, size))
        return 0;
    errno = atoi(text + size);
    return 1;
}

static int opened(const char *path, int flags, int file)
{
    char real[PATH_MAX];
    if (file >= 0 && flags & O_CREAT && path_of(file, real))
        record('C', real, "", 0, 0); /* whether it is new is told apart by who reads this */
    (void)path;
    return file;
}

int open(const char *path, int flags, ...)
{
    va_list rest;
    va_start(rest, flags);
    int mode = va_arg(rest, int);
    va_end(rest);
    return opened(path, flags, REAL(open)(path, flags, mode));
}

int open64(const char *path, int flags, ...)
{
    va_list rest;
    va_start(rest, flags);
    int mode = va_arg(rest, int);
    va_end(rest);
    return opened(path, flags, REAL(open64)(path, flags, mode));
}

ssize_t pwrite64(int file, const void *data, size_t length, off64_t at)
{
    char path[PATH_MAX];
    int ours = path_of(file, path);
    if (ours && fails("write"))
        return -1;
    ssize_t done = REAL(pwrite64)(file, data, length, at);
    if (ours && done > 0)
        record('W', path, data, (size_t)done, (unsigned long long)at);
    return done;
}

ssize_t pwrite(int file, const void *data, size_t length, off_t at)
{
    return pwrite64(file, data, length, at);
}

ssize_t write(int file, const void *data, size_t length)
{
    char path[PATH_MAX];
    int ours = path_of(file, path);
    off_t at = ours ? lseek(file, 0, SEEK_CUR) : 0;
    if (ours && fails("write"))
        return -1;
    ssize_t done = REAL(write)(file, data, length);
    if (ours && done > 0)
        record('W', path, data, (size_t)done, (unsigned long long)at);
    return done;
}

int ftruncate64(int file, off64_t size)
{
    char path[PATH_MAX];
    int done = REAL(ftruncate64)(file, size);
    if (!done && path_of(file, path))
        record('T', path, "", 0, (unsigned long long)size);
    return done;
}

int ftruncate(int file, off_t size)
{
    return ftruncate64(file, size);
}

int posix_fallocate64(int file, off64_t at, off64_t length)
{
    char path[PATH_MAX];
    int done = REAL(posix_fallocate64)(file, at, length);
    if (!done && path_of(file, path))
        record('G', path, "", 0, (unsigned long long)(at + length));
    return done;
}

int posix_fallocate(int file, off_t at, off_t length)
{
    return posix_fallocate64(file, at, length);
}

static int synced(int file, int (*real)(int))
{
    char path[PATH_MAX];
    int ours = path_of(file, path);
    if (ours && fails("sync"))
        return -1;
    int done = real(file);
    if (ours && !done)
        record('S', path, "", 0, 0);
    return done;
}

int fsync(int file)
{
    return synced(file, REAL(fsync));
}

int fdatasync(int file)
{
    return synced(file, REAL(fdatasync));
}

int rename(const char *from, const char *to)
{
    int done = REAL(rename)(from, to);
    if (!done && concerns(to)) {
        record('R', from, to, strlen(to), 0);
    }
    return done;
}

int link(const char *from, const char *to)
{
    int done = REAL(link)(from, to);
    if (!done && concerns(to))
        record('L', from, to, strlen(to), 0);
    return done;
}

int unlink(const char *path)
{
    int done = REAL(unlink)(path);
    if (!done && concerns(path))
        record('U', path, "", 0, 0);
    return done;
}
