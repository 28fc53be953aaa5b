/*
 * The lock-in of the network process.
 */
#include "netd/sandbox.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define NO_SECCOMP 0 /* result of PR_GET_SECCOMP without a filter */

void sandbox_lack(struct message_ready *out, int sys, const char *text)
{
    size_t len = strlen(out->lacks);

    (void)snprintf(out->lacks + len, sizeof out->lacks - len, "%s%s%s%s", len > 0 ? "; " : "", text,
        sys != 0 ? ": " : "", sys != 0 ? strerror(sys) : "");
}

/*
 * Whether the step can be tried here. A filter that our own starter has set (SystemCallFilter= of a unit, a container's
 * profile) may kill the process that makes a call it does not list, as those of Landlock often are. A child tries
 * first.
 */
static bool may_try(void (*step)(struct message_ready *out))
{
    int status = 0;
    pid_t child;

    if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == NO_SECCOMP)
        return true;
    child = fork();
    if (child == 0) {
        struct message_ready ignored = { 0 };

        step(&ignored);
        _exit(0);
    }
    if (child < 0) /* no room for a further process: most filters refuse without killing */
        return true;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return true;
    return !WIFSIGNALED(status);
}

static void take(struct message_ready *out, void (*step)(struct message_ready *out), const char *name)
{
    if (may_try(step))
        step(out);
    else
        sandbox_lack(out, 0, name);
}

bool sandbox_enter(struct message_ready *out, struct error *err)
{
    struct message_ready ready = { 0 };
    bool identity = privileges_drop(&ready); /* first: the later steps forbid it */

    take(&ready, landlock_enter, "a system call filter around this process kills it for Landlock");
    take(&ready, seccomp_enter, "a system call filter around this process kills it for setting its own");
    if (!identity && ready.landlock == 0) {
        (void)error_set(err, ERROR_NETWORK,
            "the network process can neither give up root nor close the file system to itself (%s)",
            ready.lacks[0] != '\0' ? ready.lacks : "no Landlock in this kernel");
        return error_next(
            err, "allow this container or unit CAP_SETUID and CAP_SETGID, or the landlock_* system calls");
    }
    ready.uid = (uint32_t)geteuid();
    *out = ready;
    return true;
}
