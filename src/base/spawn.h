#pragma once
/*
 * Starting a program as a shell would: default signals, no descriptor of ours but the three standard ones.
 *
 * What child.c and pipe_child.c share; knows nothing of waiting and reading.
 */
#include <stdbool.h>
#include <sys/types.h>

struct spawn {
    const char *path; /* absolute */
    char *const *argv;
    char *const *env;
    int in, out, err; /* become 0, 1 and 2; -1: inherited. main keeps 0 to 2 open, so ours lie above them */
    bool own_group;   /* in a process group of its own, which is that of no terminal */
    bool own_session; /* in a session of its own, as a daemon is: it goes on when the terminal goes */
};

/* Returns an errno, 0 when the program runs. *pid is to be waited for. Safe from many threads. */
int spawn_program(const struct spawn *spawn, pid_t *pid);

/* A descriptor that becomes readable when the child ends; -1 where the system has none (before Linux 5.3). */
int spawn_watch(pid_t pid);
