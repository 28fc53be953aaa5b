#pragma once
/*
 * For tests: calls that change the file system go by way of this program, which counts them and refuses some; and no
 * time is spent on waiting for disks and readers.
 * Included by test programs only, once each.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/test.h"
#include "base/test_wait.h"

static struct {
    int calls;       /* that changed something, or were to */
    int first, last; /* calls that are refused, counted from 1; both 0: none */
    int crash;       /* the call from which on nothing is done any more; 0: none */
    bool dies;       /* at that call the process is killed instead */
    int sys;         /* errno of those */
    int no_exchange; /* errno of each exchange of two names; 0: there is one */
    int no_links;    /* errno of each second name for a file; 0: there is one */
} faults;

static bool is_refused(int always)
{
    faults.calls++;
    if (faults.dies && faults.calls == faults.crash)
        (void)kill(getpid(), SIGKILL);
    errno = always;
    if ((faults.calls >= faults.first && faults.calls <= faults.last) ||
        (faults.crash != 0 && faults.calls >= faults.crash))
        errno = faults.sys;
    return errno != 0;
}

#define CALL(always, number, ...) (is_refused(always) ? -1 : (int)syscall(number, __VA_ARGS__))

int rename(const char *from, const char *to)
{
    return CALL(0, SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

#ifdef RENAME_EXCHANGE
int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
    return CALL(flags == RENAME_EXCHANGE ? faults.no_exchange : 0, SYS_renameat2, from_dir, from, to_dir, to, flags);
}
#endif

int link(const char *from, const char *to)
{
    return CALL(faults.no_links, SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int symlink(const char *text, const char *to)
{
    return CALL(0, SYS_symlinkat, text, AT_FDCWD, to);
}

int mkdir(const char *path, mode_t mode)
{
    return CALL(0, SYS_mkdirat, AT_FDCWD, path, mode);
}

int unlink(const char *path)
{
    return CALL(0, SYS_unlinkat, AT_FDCWD, path, 0);
}

int rmdir(const char *path)
{
    return CALL(0, SYS_unlinkat, AT_FDCWD, path, AT_REMOVEDIR);
}

int unlinkat(int dir, const char *path, int flags)
{
    return CALL(0, SYS_unlinkat, dir, path, flags);
}

ssize_t write(int fd, const void *from, size_t len)
{
    return is_refused(0) ? -1 : (ssize_t)syscall(SYS_write, fd, from, len);
}

int ftruncate(int fd, off_t len)
{
    return CALL(0, SYS_ftruncate, fd, len);
}

int fsync(int fd)
{
    (void)fd;
    return is_refused(0) ? -1 : 0;
}
