/* Where the keeper listens, and its start where none does (docs/wire.md, "Autostart"). */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "hsmith.h"

#ifndef O_PATH
#define O_PATH O_RDONLY
#endif
#ifndef NSIG
#define NSIG 65
#endif

#define START_MILLISECONDS 60000 /* it takes a third of a second; a machine that is out of breath may take its time */
#define PROGRAM "hsmith-keeper"
#define PATH_ROOM 4096

extern char **environ;

/* A program with more rights than its caller does not believe the caller's environment. */
static bool privileged(void)
{
    return getuid() != geteuid() || getgid() != getegid();
}

static const char *variable(const char *name)
{
#ifdef __GLIBC__
    const char *value = secure_getenv(name);
#else
    const char *value = privileged() ? NULL : getenv(name);
#endif
    return value && *value ? value : NULL;
}

static bool text(char *to, const char *format, const char *one, const char *two)
{
    int length = snprintf(to, PATH_ROOM, format, one, two);
    return length >= 0 && length < PATH_ROOM;
}

static bool home_folder(char *to)
{
    const char *home = variable("HOME");
    if (home)
        return text(to, "%s%s", home, "");
    struct passwd entry, *found = NULL;
    char room[PATH_ROOM];
    return getpwuid_r(geteuid(), &entry, room, sizeof room, &found) == 0 && found && found->pw_dir
        && text(to, "%s%s", found->pw_dir, "");
}

/* The folder of the default address. */
static bool runtime_folder(char *to)
{
    char home[PATH_ROOM];
    const char *value = variable("HSMITH_HOME");
    if (value)
        return text(to, "%s%s", value, "");
    value = variable("XDG_RUNTIME_DIR");
    if (value && *value == '/') /* relative ones are to be ignored */
        return text(to, "%s%s", value, "/hsmith");
    value = variable("XDG_DATA_HOME");
    if (value && *value == '/')
        return text(to, "%s%s", value, "/hsmith");
    return home_folder(home) && text(to, "%s%s", home, "/.local/share/hsmith");
}

/* --- Connecting --- */

static int close_on_exec(int fd)
{
    /* Not 0 to 2, where a program that has closed them would write. */
    int high = fd >= 0 && fd <= 2 ? fcntl(fd, F_DUPFD_CLOEXEC, 3) : fd;
    if (high != fd)
        close(fd);
    else if (fd >= 0)
        fcntl(fd, F_SETFD, FD_CLOEXEC);
    return high;
}

static int new_socket(void)
{
#ifdef SOCK_CLOEXEC
    int fd = close_on_exec(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
#else
    int fd = close_on_exec(socket(AF_UNIX, SOCK_STREAM, 0));
#endif
#ifdef SO_NOSIGPIPE
    if (fd >= 0)
        setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &(int){ 1 }, sizeof(int));
#endif
    if (fd >= 0) /* a MiB of data goes out in one step; less room only makes it slower */
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &(int){ 1 << 20 }, sizeof(int));
    return fd;
}

/* A path that is longer than a socket address is reached through a descriptor of its folder. */
static bool fill_address(struct sockaddr_un *address, const char *path, int *folder)
{
    *folder = -1;
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    size_t length = strlen(path);
    if (length < sizeof address->sun_path) {
        memcpy(address->sun_path, path, length + 1);
        return true;
    }
    char copy[PATH_ROOM];
    const char *name = strrchr(path, '/');
    if (!name || length >= sizeof copy)
        return false;
    memcpy(copy, path, length + 1);
    copy[name - path] = 0;
    *folder = open(*copy ? copy : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (*folder < 0)
        return false;
    int used = snprintf(address->sun_path, sizeof address->sun_path, "/proc/self/fd/%d%s", *folder, name);
    return used > 0 && (size_t)used < sizeof address->sun_path;
}

static int connect_to(const char *path)
{
    struct sockaddr_un address;
    int folder, fd = -1;
    if (fill_address(&address, path, &folder) && (fd = new_socket()) >= 0) {
        int bad;
        do
            bad = connect(fd, (struct sockaddr *)&address, sizeof address);
        while (bad && errno == EINTR);
        if (bad) {
            close(fd);
            fd = -1;
        }
    }
    if (folder >= 0)
        close(folder);
    return fd;
}

/* --- Starting --- */

static long long now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static void nap(void)
{
    nanosleep(&(struct timespec){ 0, 10000000 }, NULL);
}

static bool make_folder(char *path)
{
    for (char *slash = path + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = 0;
        mkdir(path, 0700);
        *slash = '/';
    }
    return mkdir(path, 0700) == 0 || errno == EEXIST;
}

static bool runnable(const char *path, const struct stat *module)
{
    struct stat found;
    if (stat(path, &found) || !S_ISREG(found.st_mode) || access(path, X_OK))
        return false;
    return !module || found.st_uid == 0 || found.st_uid == geteuid() || found.st_uid == module->st_uid;
}

/* Beside the module: bin/ and .venv/bin/ of each parent folder, if it belongs to whom we trust anyway; else on PATH. */
static bool find_program(char *to)
{
    Dl_info self;
    struct stat module;
    char folder[PATH_ROOM];
    if (dladdr((void *)(uintptr_t)&C_GetFunctionList, &self) && self.dli_fname && realpath(self.dli_fname, folder)
        && !stat(folder, &module)) {
        for (char *slash; (slash = strrchr(folder, '/'));) {
            *slash = 0;
            if ((text(to, "%s/bin/%s", folder, PROGRAM) && runnable(to, &module))
                || (text(to, "%s/.venv/bin/%s", folder, PROGRAM) && runnable(to, &module)))
                return true;
        }
    }
    const char *path = variable("PATH");
    while (path && *path) {
        size_t length = strcspn(path, ":");
        if (length && length < sizeof folder) {
            memcpy(folder, path, length);
            folder[length] = 0;
            if (text(to, "%s/%s", folder, PROGRAM) && runnable(to, NULL))
                return true;
        }
        path += length + (path[length] == ':');
    }
    return false;
}

/* The part of the environment that a keeper of this user needs, and nothing that bends how programs are loaded. */
static char **clean_environment(void)
{
    static const char *const allowed[] = { "HOME=", "PATH=", "USER=", "LOGNAME=", "LANG=", "LC_ALL=", "TZ=", "TMPDIR=",
        "XDG_", "HSMITH_" };
    size_t count = 0, kept = 0;
    while (environ && environ[count])
        count++;
    char **clean = calloc(count + 1, sizeof *clean);
    for (size_t i = 0; clean && i < count; i++)
        for (size_t k = 0; k < sizeof allowed / sizeof *allowed; k++)
            if (!strncmp(environ[i], allowed[k], strlen(allowed[k])))
                clean[kept++] = environ[i];
    return clean;
}

static void close_from(int fd)
{
#ifdef SYS_close_range
    if (!syscall(SYS_close_range, (unsigned)fd, ~0U, 0))
        return;
#endif
    long most = sysconf(_SC_OPEN_MAX);
    for (long i = fd; i < (most > 0 && most < 65536 ? most : 65536); i++)
        close((int)i);
}

/* In the child: only what is safe after a fork in a program with threads. */
static void become(const char *program, char **environment, int output)
{
    struct sigaction usual = { .sa_handler = SIG_DFL };
    for (int i = 1; i < NSIG; i++)
        sigaction(i, &usual, NULL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    int null = open("/dev/null", O_RDWR);
    dup2(null, 0);
    dup2(null, 2);
    dup2(output, 1); /* it is above 2 */
    close_from(3);
    char *arguments[] = { (char *)(uintptr_t)PROGRAM, (char *)(uintptr_t)"start", NULL };
    execve(program, arguments, environment);
    _exit(127);
}

static pid_t spawn(const char *program, char **environment, int output)
{
    /* No handler of the program may run in the child. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t child = fork();
    if (child == 0)
        become(program, environment, output);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return child;
}

/* Whether the first line is "ready". */
static bool says_ready(int fd, long long due)
{
    char line[6];
    for (size_t have = 0; have < sizeof line;) {
        long long left = due - now();
        struct pollfd wait = { .fd = fd, .events = POLLIN };
        int some = left > 0 ? poll(&wait, 1, (int)left) : 0;
        ssize_t count = some > 0 ? read(fd, line + have, sizeof line - have) : some;
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return false;
        have += (size_t)count;
    }
    return !memcmp(line, "ready\n", 6);
}

/* The program may reap children itself (ECHILD); the starter ends at once after its line. */
static void reap(pid_t child, bool ready, long long due)
{
    if (!ready)
        kill(child, SIGKILL);
    for (;;) {
        pid_t ended = waitpid(child, NULL, ready ? WNOHANG : 0);
        if (ended == child || (ended < 0 && errno != EINTR))
            return;
        if (ready && now() > due)
            return;
        if (ended == 0)
            nap();
    }
}

static bool run_starter(long long due)
{
    char program[PATH_ROOM];
    int ends[2];
    if (!find_program(program) || pipe(ends))
        return false;
    ends[0] = close_on_exec(ends[0]);
    ends[1] = close_on_exec(ends[1]);
    char **environment = clean_environment();
    pid_t child = environment ? spawn(program, environment, ends[1]) : -1;
    close(ends[1]);
    bool ready = child > 0 && says_ready(ends[0], due);
    close(ends[0]);
    free(environment);
    if (child > 0)
        reap(child, ready, due);
    return ready;
}

/* One process at a time starts a keeper; the others find it when the lock is free. */
static int start(const char *folder, const char *path)
{
    char copy[PATH_ROOM], name[PATH_ROOM];
    long long due = now() + START_MILLISECONDS;
    if (!text(copy, "%s%s", folder, "") || !make_folder(copy) || !text(name, "%s%s", folder, "/start.lock"))
        return -1;
    int lock = close_on_exec(open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (lock < 0)
        return -1;
    int fd = -1;
    while (flock(lock, LOCK_EX | LOCK_NB) && (errno == EWOULDBLOCK || errno == EINTR) && now() < due)
        nap();
    if (now() < due && (fd = connect_to(path)) < 0 && run_starter(due))
        fd = connect_to(path);
    close(lock);
    return fd;
}

/* A socket that is connected to the keeper, which is started if that is wanted; -1 where there is none. */
int keeper_connect(void)
{
    char folder[PATH_ROOM], path[PATH_ROOM];
    const char *given = variable("HSMITH_SOCKET"), *automatic = variable("HSMITH_AUTOSTART");
    if (given)
        return connect_to(given);
    if (!runtime_folder(folder) || !text(path, "%s%s", folder, "/keeper.sock"))
        return -1;
    int fd = connect_to(path);
    if (fd >= 0 || privileged() || (automatic && !strcmp(automatic, "0")))
        return fd;
    return start(folder, path);
}
