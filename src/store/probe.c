/*
 * Looking, before an order is placed, whether what will be issued can be kept.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "store/layout.h"
#include "store/version_switch.h"

/* A version takes some 40 KiB at most, the record of its order half of that; the rest is for the log. With large
 * blocks, every one of some twenty files and directories takes a whole one. */
#define MIN_FREE (128 * 1024)
#define MIN_BLOCKS 24
#define MIN_INODES 24
#define RESERVED (64 * 1024) /* what a probe asks for in earnest: quotas are seen no other way */
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

/* Where room cannot be reserved, statvfs has said what can be known. */
static bool reserve(int fd, const char *dir, struct error *err)
{
    if (fallocate(fd, 0, 0, RESERVED) == 0 || (errno != ENOSPC && errno != EDQUOT && errno != EFBIG && errno != EIO))
        return true;
    return file_error(err, "keep a new certificate in", dir);
}

/* A name that a killed run has left is passed over: its process number may be ours now. */
static int open_probe(const char *dir, char **path)
{
    static atomic_uint serial;
    int fd = -1;

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

/* Only a file that was made proves that one can be: root passes every access check, and may still be refused
 * (quota, immutable directory, security module). *path is the caller's, and to be removed. */
static bool probe_create(const char *dir, char **path, struct error *err)
{
    AUTO(free) char *made = NULL;
    AUTO(close) int fd = open_probe(dir, &made);
    struct error removing = { 0 };

    if (fd < 0)
        return file_error(err, "create files in", dir);
    if (!reserve(fd, dir, err)) {
        (void)!file_remove(made, &removing);
        return false;
    }
    *path = TAKE(made);
    return true;
}

/* What can be known without writing. */
static bool look_at(const char *dir, struct error *err)
{
    if (!file_is_dir(dir)) {
        errno = ENOTDIR;
        return file_error(err, "create files in", dir);
    }
    TRY(probe_space(dir, err));
    return faccessat(AT_FDCWD, dir, W_OK | X_OK, AT_EACCESS) == 0 || file_error(err, "create files in", dir);
}

/* One that many lineages use: a file is made in it once in a run, as making one costs more than all the rest. */
static bool probe_common(struct store *store, const char *dir, struct error *err)
{
    struct proved_dirs *proved = store_proved_dirs(store);
    AUTO(free) char *path = NULL;
    bool known;

    TRY(look_at(dir, err));
    (void)pthread_mutex_lock(&proved->mutex);
    known = list_has(&proved->dirs, dir);
    (void)pthread_mutex_unlock(&proved->mutex);
    if (known)
        return true;
    TRY(probe_create(dir, &path, err));
    TRY(file_remove(path, err));
    (void)pthread_mutex_lock(&proved->mutex);
    list_add(&proved->dirs, dir);
    (void)pthread_mutex_unlock(&proved->mutex);
    return true;
}

static bool apart(const char *live, const char *archive, const struct lineage *lineage, struct error *err)
{
    (void)error_set(err, ERROR_STORE,
        "%s and %s are on different file systems: in the layout 'versioned', versions change "
        "places between them in one step, which only one file system can do",
        live, archive);
    return switch_advise(lineage != NULL ? lineage->name : NULL, err);
}

/* Only a file that went from one to the other proves that a version can: two mounts may be of one device. */
static bool probe_archive(
    const char *archive, const char *live, const struct lineage *lineage, bool passes, struct error *err)
{
    AUTO(free) char *from = NULL, *to = NULL;
    struct error removing = { 0 };
    struct stat inside, above;

    if (passes && lineage != NULL && stat(lineage->live_dir, &inside) == 0 && stat(live, &above) == 0 &&
        inside.st_dev != above.st_dev)
        return apart(lineage->live_dir, archive, lineage, err);
    TRY(probe_create(archive, &from, err));
    if (!passes || strcmp(live, archive) == 0)
        return file_remove(from, err);
    to = file_join(live, file_basename(from));
    if (rename(from, to) == 0)
        return file_remove(to, err);
    (void)(errno == EXDEV ? apart(live, archive, lineage, err) : file_error(err, "move files to", live));
    (void)!file_remove(from, &removing);
    return false;
}

/* Whoever removes the last record removes the directory of them all, too, at any moment, and the next one makes it
 * again. */
static bool probe_pending(struct store *store, struct error *err)
{
    for (int i = 0;; i++) {
        AUTO(free) char *dir = nearest_dir(store_path(store, "pending"));

        if (probe_common(store, dir, err))
            return true;
        if ((err->sys != ENOENT && err->sys != ENOTDIR) || i == TRIES)
            return false;
        error_clear(err);
    }
}

bool store_probe(struct store *store, const struct settings *settings, const struct lineage *lineage, struct error *err)
{
    AUTO(free)
    char *archive = nearest_dir(lineage != NULL ? xstrdup(lineage->archive_dir) : store_path(store, "archive"));
    AUTO(free) char *live = nearest_dir(lineage != NULL ? file_dirname(lineage->live_dir) : store_path(store, "live"));
    AUTO(free) char *renewal = nearest_dir(store_path(store, "renewal"));
    const struct layout *layout = lineage != NULL    ? lineage->layout
                                  : settings == NULL ? NULL
                                                     : layout_for_new(store, settings);

    TRY(look_at(archive, err));
    TRY(probe_common(store, live, err));
    TRY(probe_common(store, renewal, err));
    TRY(probe_pending(store, err));
    return probe_archive(archive, live, lineage, layout == &layout_versioned, err);
}
