/*
 * Starting the network process.
 */
#include "net/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/program.h"
#include "base/sanitizer.h"
#include "base/text.h"
#include "net/message.h"

#define PROGRAM "evercert-net"

#define MAX_TO_COUNT 65536        /* descriptors to close one by one where nothing tells which are open */
#define SEND_BUFFER (1024 * 1024) /* so that a CA bundle can be sent before the process is up to read it */

/* Environment variables that the network process inherits, those of proxies in lower and upper case: libcurl or the C
 * library's resolver uses them. */
static const char *const passed[] = { "http_proxy", "https_proxy", "all_proxy", "no_proxy" };
static const struct {
    const char *name, *more; /* more: put behind the value */
} passed_as_is[] = {
    { "RES_OPTIONS", "" },
    { "LOCALDOMAIN", "" },
#if SANITIZED
    { "ASAN_OPTIONS", ":detect_leaks=0" }, /* the search for leaks needs ptrace, which the lock-in forbids */
    { "UBSAN_OPTIONS", "" },
#endif
};

static bool is_program(const char *path)
{
    return access(path, X_OK) == 0 && !file_is_dir(path);
}

/* Beside our own executable: a build tree, or an installation that was moved as a whole. NULL when there is none. */
static char *beside_ourselves(const char *name)
{
    AUTO(free) char *self = program_self(), *dir = self == NULL ? NULL : file_dirname(self);

    return dir == NULL ? NULL : file_join(dir, name);
}

char *process_program(const char *name)
{
    AUTO(free) char *beside = beside_ourselves(name);
    AUTO(free) char *installed = file_join(EVERCERT_LIBEXECDIR, name);

    if (beside != NULL && is_program(beside))
        return TAKE(beside);
    return is_program(installed) ? TAKE(installed) : NULL;
}

bool process_find(const char *named, char **path, struct error *err)
{
    AUTO(free) char *ours = named == NULL ? process_program(PROGRAM) : NULL;
    AUTO(free) char *beside = NULL;

    if (named != NULL && !is_program(named))
        return error_errno(err, ERROR_NETWORK, "cannot run the network process %s", named);
    if (named != NULL || ours != NULL) {
        *path = named != NULL ? xstrdup(named) : TAKE(ours);
        return true;
    }
    beside = beside_ourselves(PROGRAM);
    (void)error_set(err, ERROR_NETWORK, "the program of the network process, %s, is missing (neither %s nor %s)",
        PROGRAM, beside == NULL ? "beside this program" : beside, EVERCERT_LIBEXECDIR "/" PROGRAM);
    return error_next(err, "install Evercert again");
}

/* NAME of a NAME=VALUE, compared without regard to case if any_case. */
static bool is_named(const char *entry, const char *name, bool any_case)
{
    size_t len = strlen(name);

    return entry[len] == '=' && entry[len + 1] != '\0' &&
           (any_case ? strncasecmp(entry, name, len) : strncmp(entry, name, len)) == 0;
}

/* libcurl reads http_proxy in lower case only; HTTP_PROXY counts too, as for other programs, but comes second. */
static void add_proxy(struct list *to, char *const *ours, const char *name)
{
    const char *found = NULL;

    for (size_t i = 0; ours[i] != NULL; i++) {
        if (strnlen(ours[i], strlen(name) + 1) <= strlen(name))
            continue;
        if (is_named(ours[i], name, false))
            found = ours[i]; /* lower case wins wherever it stands */
        else if (found == NULL && is_named(ours[i], name, true))
            found = ours[i];
    }
    if (found != NULL) {
        AUTO(free) char *entry = xprintf("%s=%s", name, found + strlen(name) + 1);

        list_add(to, entry);
    }
}

struct list process_environment(char *const *ours)
{
    struct list env = { 0 };

    for (size_t n = 0; n < COUNT(passed); n++)
        add_proxy(&env, ours, passed[n]);
    for (size_t n = 0; n < COUNT(passed_as_is); n++)
        for (size_t i = 0; ours[i] != NULL; i++) {
            AUTO(free) char *entry = xprintf("%s%s", ours[i], passed_as_is[n].more);

            if (text_starts(ours[i], passed_as_is[n].name) && ours[i][strlen(passed_as_is[n].name)] == '=')
                list_add(&env, entry);
        }
    return env;
}

/*
 * Closes those that /proc/self/fd names, by system calls alone: a directory of the C library's may need memory. False
 * when there is no /proc. Closing while the directory is read may skip an entry, so it is read until it shows none.
 */
static bool close_listed(int first)
{
    _Alignas(struct dirent64) char room[4096];
    int dir = open("/proc/self/fd", O_RDONLY | O_DIRECTORY);
    bool found = true;
    long len = 0;

    while (dir >= 0 && found && len >= 0) {
        found = false;
        (void)lseek(dir, 0, SEEK_SET);
        while ((len = syscall(SYS_getdents64, dir, room, sizeof room)) > 0)
            for (long at = 0; at < len;) {
                const struct dirent64 *entry = (const void *)(room + at);
                int fd = 0;

                for (const char *digit = entry->d_name; *digit >= '0' && *digit <= '9'; digit++)
                    fd = fd * 10 + *digit - '0';
                at += entry->d_reclen;
                if (fd < first || fd == dir)
                    continue;
                found = close(fd) == 0 || found;
            }
    }
    if (dir >= 0)
        (void)close(dir);
    return dir >= 0 && len >= 0;
}

/* Closes every descriptor from `first` on: files and sockets of ours are none of its business. */
static void close_from(int first)
{
    struct rlimit limit;

    if (syscall(SYS_close_range, (unsigned)first, ~0U, 0U) == 0)
        return;
    if (close_listed(first)) /* before Linux 5.9, or where a container's profile is older than that */
        return;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur > MAX_TO_COUNT)
        limit.rlim_cur = MAX_TO_COUNT; /* no /proc: all of ours are close-on-exec, and who started us has few */
    for (int fd = first; fd < (int)limit.rlim_cur; fd++)
        (void)close(fd);
}

/* Runs in the child of a fork that may have come from a program with threads: system calls only. */
static _Noreturn void become(const char *path, char *const *argv, char *const *env, int socket)
{
    struct sigaction normal = { .sa_handler = SIG_DFL };
    sigset_t none;
    int null = open("/dev/null", O_RDWR);

    (void)setsid();
    (void)sigemptyset(&none);
    for (int number = 1; number < NSIG; number++)
        (void)sigaction(number, &normal, NULL);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);

    if (socket == MESSAGE_SOCKET)
        (void)fcntl(socket, F_SETFD, 0);
    else if (dup2(socket, MESSAGE_SOCKET) < 0)
        _exit(126);
    for (int fd = 0; fd < MESSAGE_SOCKET; fd++) {
        if (fd == STDERR_FILENO && SANITIZED)
            continue; /* its report must be seen */
        if (null < 0 || dup2(null, fd) < 0)
            _exit(126);
    }
    close_from(MESSAGE_SOCKET + 1);
    (void)execve(path, argv, env);
    _exit(127);
}

static void widen(int fd)
{
    int size = SEND_BUFFER;

    if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size) != 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
}

bool process_start(const char *path, pid_t *pid, int *fd, struct error *err)
{
    AUTO(list_clear) struct list env = process_environment(environ);
    char *argv[] = { (char *)(uintptr_t)PROGRAM, NULL };
    int pair[2];
    pid_t child;

    list_add(&env, ""); /* a place for the NULL that ends the array */
    free(env.at[--env.len]);
    env.at[env.len] = NULL;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return error_errno(err, ERROR_NETWORK, "cannot make a socket pair for the network process");
    widen(pair[0]);
    child = fork();
    if (child == 0)
        become(path, argv, env.at, pair[1]);
    (void)close(pair[1]);
    if (child < 0) {
        (void)error_errno(err, ERROR_NETWORK, "cannot start the network process");
        (void)close(pair[0]);
        return false;
    }
    *pid = child;
    *fd = pair[0];
    return true;
}
