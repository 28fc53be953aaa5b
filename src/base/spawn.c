#include "base/spawn.h"

#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Sets all signals to their default and unblocks them, also those that we ignore. */
static int set_attributes(const struct spawn *spawn, posix_spawnattr_t *attributes)
{
    short flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
    sigset_t all, none;
    int sys;

    (void)sigfillset(&all);
    (void)sigemptyset(&none);
    sys = posix_spawnattr_setsigdefault(attributes, &all);
    if (sys == 0)
        sys = posix_spawnattr_setsigmask(attributes, &none);
    if (sys == 0 && spawn->own_group)
        sys = posix_spawnattr_setpgroup(attributes, 0);
    if (spawn->own_group)
        flags |= POSIX_SPAWN_SETPGROUP;
    if (spawn->own_session)
        flags |= POSIX_SPAWN_SETSID;
    return sys != 0 ? sys : posix_spawnattr_setflags(attributes, flags);
}

/* Closes descriptors that our parent left open; all of ours are close-on-exec. */
static int close_others(posix_spawn_file_actions_t *actions)
{
#if __GLIBC__ > 2 || (__GLIBC__ == 2 && __GLIBC_MINOR__ >= 34)
    return posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
#else
    (void)actions;
    return 0;
#endif
}

static int set_descriptors(const struct spawn *spawn, posix_spawn_file_actions_t *actions)
{
    const int from[] = { spawn->in, spawn->out, spawn->err };
    int sys = 0;

    for (int fd = STDIN_FILENO; sys == 0 && fd <= STDERR_FILENO; fd++)
        if (from[fd] >= 0)
            sys = posix_spawn_file_actions_adddup2(actions, from[fd], fd);
    return sys != 0 ? sys : close_others(actions);
}

int spawn_program(const struct spawn *spawn, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int sys = posix_spawn_file_actions_init(&actions);

    if (sys != 0)
        return sys;
    sys = posix_spawnattr_init(&attributes);
    if (sys == 0) {
        sys = set_descriptors(spawn, &actions);
        if (sys == 0)
            sys = set_attributes(spawn, &attributes);
        if (sys == 0)
            sys = posix_spawn(pid, spawn->path, &actions, &attributes, spawn->argv, spawn->env);
        (void)posix_spawnattr_destroy(&attributes);
    }
    (void)posix_spawn_file_actions_destroy(&actions);
    return sys;
}

int spawn_watch(pid_t pid)
{
#ifdef SYS_pidfd_open
    return (int)syscall(SYS_pidfd_open, pid, 0); /* sets close-on-exec by itself */
#else
    (void)pid;
    return -1;
#endif
}
