#include "base/pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define PIPE_MAX (1024 * 1024) /* bytes that a pipe holds at most, unless root has raised the limit */

bool pipe_open(int *ours, int *theirs, bool we_write, enum error_kind kind, struct error *err)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0)
        return error_errno(err, kind, "cannot make a pipe");
    if (fcntl(ends[we_write ? 1 : 0], F_SETFL, O_NONBLOCK) != 0) {
        (void)error_errno(err, kind, "cannot set up a pipe");
        (void)close(ends[0]);
        (void)close(ends[1]);
        return false;
    }
    *ours = ends[we_write ? 1 : 0];
    *theirs = ends[we_write ? 0 : 1];
    return true;
}

void pipe_drain(int *fd, struct buf *to, size_t *dropped)
{
    char chunk[16 * 1024];

    for (size_t round = 0; *fd >= 0 && round < PIPE_MAX / sizeof chunk; round++) {
        ssize_t got = read(*fd, chunk, sizeof chunk);
        size_t left = to->max - to->len, kept;

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EAGAIN)
            return;
        if (got <= 0) {
            pipe_close(fd);
            return;
        }
        kept = (size_t)got < left ? (size_t)got : left;
        buf_put(to, (struct view){ chunk, kept });
        *dropped += (size_t)got - kept;
    }
}

void pipe_close(int *fd)
{
    close_at(fd);
    *fd = -1;
}
