#pragma once
/*
 * A child process that has something while a test looks from outside. Included by test programs only, beside
 * base/test.h.
 */
#include <signal.h>
#include <sys/wait.h>

#include "base/test.h"

/* A child that does some work, and waits for its end when that has succeeded. Only then this returns. */
__attribute__((unused)) static pid_t child_that(bool (*work)(void *ctx), void *ctx)
{
    int ready[2];
    char byte;
    pid_t pid;

    REQUIRE(pipe(ready) == 0);
    pid = fork();
    if (pid == 0) {
        if (!work(ctx))
            _exit(1);
        (void)!write(ready[1], "", 1);
        for (;;)
            (void)pause();
    }
    (void)close(ready[1]);
    REQUIRE(read(ready[0], &byte, 1) == 1, "the child failed");
    (void)close(ready[0]);
    return pid;
}

/* Ends it without giving it a chance to clean up. */
__attribute__((unused)) static void child_kill(pid_t pid)
{
    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, NULL, 0);
}
