/*
 * Looking, before an order is placed, whether what will be issued can be kept.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/mutex.h"
#include "store/probe.h"
#include "store/store_private.h"

/* A version takes some 40 KiB at most, the record of its order half of that; the rest is for the log. With large
 * blocks, every one of some twenty files and directories takes a whole one. */
#define MIN_FREE (128 * 1024)
#define MIN_BLOCKS 24
#define MIN_INODES 24
#define RESERVED (64 * 1024) /* bytes that a probe really allocates: quotas show no other way */
#define NAME ".evercert-probe"
#define TRIES 100

/* The directory that is to be written to, or the nearest one above it that is there. */
static char *nearest_dir(char *path)
{
    while (!file_exists(path) && strcmp(path, "/") != 0 && strcmp(path, ".") != 0) {
        char *above = file_dirname(path);

        free(path);
        path = above;
    }
    return path;
}

static bool probe_space(const char *dir, struct error *err)
{
    struct statvfs fs;
    uint64_t blocks, inodes;

    if (statvfs(dir, &fs) != 0)
        return file_error(err, "examine the file system of", dir);
    blocks = geteuid() == 0 ? fs.f_bfree : fs.f_bavail; /* root may use the reserve */
    inodes = geteuid() == 0 ? fs.f_ffree : fs.f_favail;
    if (blocks >= MIN_BLOCKS && blocks * fs.f_frsize >= MIN_FREE &&
        (fs.f_files == 0 || inodes >= MIN_INODES)) /* 0: the file system has no such limit */
        return true;
    errno = ENOSPC;
    return file_error(err, "keep a new certificate in", dir);
}

/* Reserves room to test for it; where the file system cannot reserve, statvfs has told what is known. */
static bool reserve(int fd, const char *dir, struct error *err)
{
    if (fallocate(fd, 0, 0, RESERVED) == 0 || (errno != ENOSPC && errno != EDQUOT && errno != EFBIG && errno != EIO))
        return true;
    return file_error(err, "keep a new certificate in", dir);
}

/* Removes the test files that killed runs have left. */
static void remove_leftovers(const char *dir)
{
    AUTO(list_clear) struct list names = { 0 };
    struct error err = { 0 };

    if (!file_list_dir(dir, &names, &err))
        return;
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *path = file_join(dir, names.at[i]);
        long pid;

        if (sscanf(names.at[i], NAME ".%ld.", &pid) == 1 && pid > 0 && kill((pid_t)pid, 0) != 0 && errno == ESRCH)
            (void)unlink(path);
    }
}

/* A file without a name: nothing is left of it whatever happens, and no directory changes. -1 with errno. */
static int open_nameless(const char *dir, bool *possible)
{
    int fd = open(dir, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);

    *possible = fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL && errno != ENOENT);
    return fd;
}

/* Opens a nameless file or, where the file system has none, a named one; one left by a killed run is skipped, as its
 * process number may be ours now. */
static int open_probe(const char *dir, char **path)
{
    static atomic_uint serial;
    bool possible;
    int fd = open_nameless(dir, &possible);

    if (possible)
        return fd;
    remove_leftovers(dir);
    for (int i = 0; i < TRIES; i++) {
        AUTO(free) char *tried = xprintf("%s/" NAME ".%ld.%u", dir, (long)getpid(), atomic_fetch_add(&serial, 1));

        fd = open(tried, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd >= 0)
            *path = TAKE(tried);
        if (fd >= 0 || errno != EEXIST)
            break;
    }
    return fd;
}

/* Makes a file to prove that one can be made: root passes every access check, and may still be refused by a quota. */
static bool probe_write(const char *dir, struct error *err)
{
    AUTO(free) char *named = NULL;
    AUTO(close) int fd = open_probe(dir, &named);
    struct error removing = { 0 };
    bool ok;

    if (fd < 0)
        return file_error(err, "create files in", dir);
    ok = reserve(fd, dir, err);
    return named == NULL || file_remove(named, ok ? err : &removing) ? ok : false;
}

/* *proved is false where that cannot be proved without another process noticing. */
static bool look_write(const char *dir, bool *proved, struct error *err)
{
    AUTO(close) int fd = open_nameless(dir, proved);

    if (fd < 0)
        return !*proved || file_error(err, "create files in", dir);
    return reserve(fd, dir, err);
}

/* The checks that need no writing. */
static bool look_at(const char *dir, struct error *err)
{
    if (!file_is_dir(dir)) {
        errno = ENOTDIR;
        return file_error(err, "create files in", dir);
    }
    TRY(probe_space(dir, err));
    return faccessat(AT_FDCWD, dir, W_OK | X_OK, AT_EACCESS) == 0 || file_error(err, "create files in", dir);
}

/* Whether a file was made on that file system already; or the same said. */
static bool is_proved(struct store *store, const char *device, bool proved_now)
{
    struct proved_devices *proved = store_proved_devices(store);
    bool known;
    MUTEX_HOLD(&proved->mutex);

    known = list_has(&proved->devices, device);
    if (!known && proved_now)
        list_add(&proved->devices, device);
    return known;
}

/* Each directory is looked at; a file is made once in a run on each file system, where nobody is expected to watch:
 * whoever watches live/ or renewal/ need not wake for it. */
static bool probe_dir(struct store *store, const char *dir, bool only_look, struct error *err)
{
    AUTO(free) char *device = NULL;
    bool proved = true;
    struct stat st;

    TRY(look_at(dir, err));
    if (stat(dir, &st) != 0)
        return file_error(err, "examine", dir);
    device = xprintf("%ju", (uintmax_t)st.st_dev);
    if (is_proved(store, device, false))
        return true;
    TRY(only_look ? look_write(dir, &proved, err) : probe_write(dir, err));
    (void)is_proved(store, device, proved);
    return true;
}

/* Another process that removes the last record also removes the parent directory, at any moment, and the next one makes
 * it again. */
static bool probe_pending(struct store *store, bool only_look, struct error *err)
{
    for (int i = 0;; i++) {
        AUTO(free) char *dir = nearest_dir(store_path(store, "pending"));

        if (probe_dir(store, dir, only_look, err))
            return true;
        if ((err->sys != ENOENT && err->sys != ENOTDIR) || i == TRIES)
            return false;
        error_clear(err);
    }
}

/* The directory to probe for writing the live files: live/NAME of an existing lineage, live/ for a new one. */
static char *live_place(const struct store *store, const struct lineage *lineage)
{
    return nearest_dir(lineage != NULL ? xstrdup(lineage->live_dir) : store_path(store, "live"));
}

static bool probe_all(struct store *store, const struct lineage *lineage, bool only_look, struct error *err)
{
    AUTO(free)
    char *archive = nearest_dir(lineage != NULL ? xstrdup(lineage->archive_dir) : store_path(store, "archive"));
    AUTO(free) char *live = live_place(store, lineage), *renewal = nearest_dir(store_path(store, "renewal"));

    TRY(probe_pending(store, only_look, err)); /* first: no program watches that directory */
    TRY(probe_dir(store, archive, only_look, err));
    TRY(probe_dir(store, live, only_look, err));
    return probe_dir(store, renewal, only_look, err);
}

bool store_probe(struct store *store, const struct lineage *lineage, struct error *err)
{
    return probe_all(store, lineage, false, err);
}

bool store_look_for_room(struct store *store, const struct lineage *lineage, struct error *err)
{
    return probe_all(store, lineage, true, err);
}
