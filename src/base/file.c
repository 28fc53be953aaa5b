#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "base/mem.h"

#define READ_CHUNK ((size_t)64 * 1024)
#define SIZE_UNKNOWN SIZE_MAX
#define TEMPORARY_TRIES 100

/* Whether the file system of path (or of its nearest existing parent) has no free inodes. */
static bool has_no_inodes(const char *path)
{
    AUTO(free) char *above = file_dirname(path);
    struct statvfs fs;

    return (statvfs(path, &fs) == 0 || statvfs(above, &fs) == 0) && fs.f_files > 0 && fs.f_ffree == 0;
}

static bool advise_room(struct error *err, const char *path)
{
    if (err->sys == EDQUOT)
        return error_next(
            err, "make room within the quota (see quota, repquota) on the file system of %s, then try again", path);
    if (has_no_inodes(path))
        return error_next(err,
            "make room on the file system of %s: it has no inode left (see df -i), so remove files, however "
            "small, then try again",
            path);
    return error_next(err, "make room on the file system of %s (see df -h, df -i), then try again", path);
}

bool file_advise(struct error *err, const char *path, const char *otherwise)
{
    if (err->sys == ENOSPC || err->sys == EDQUOT)
        return advise_room(err, path);
    if (err->sys == EPERM && geteuid() == 0)
        return error_next(
            err, "an attribute may forbid it even to root (see lsattr -d %s), or a security module", path);
    if (err->sys == EACCES && geteuid() == 0)
        return error_next(err, "it is forbidden even to root: a network or FUSE file system may do that, a container "
                               "without CAP_DAC_OVERRIDE, or a security module");
    if (err->sys == EACCES || err->sys == EPERM)
        return error_next(err, "run as root, or %s that you may write", otherwise);
    if (err->sys == EROFS)
        return error_next(
            err, "%s is on a file system mounted read-only: mount it for writing, or %s elsewhere", path, otherwise);
    return false;
}

/* Advice where a path may not be written; set once, before there are threads. */
static const char *elsewhere = "choose a place";

void file_set_elsewhere(const char *otherwise)
{
    elsewhere = otherwise;
}

bool file_error(struct error *err, const char *action, const char *path)
{
    (void)error_errno(err, ERROR_STORE, "cannot %s %s", action, path);
    if (err->sys == EACCES && geteuid() != 0 && (strcmp(action, "read") == 0 || strcmp(action, "list") == 0))
        return error_next(err, "run as root, or as a user who may read it");
    return file_advise(err, path, elsewhere);
}

bool file_is_closed(const char *path, struct error *err)
{
    struct stat st;

    if (lstat(path, &st) == 0 || errno != EACCES)
        return false;
    (void)file_error(err, "read", path);
    return true;
}

/* expected: the size the file had a moment ago, or SIZE_UNKNOWN. One byte more is asked for, so that a file that did
 * not change is read by one call; no room beyond that is taken, since wiping it for nothing is what would cost most. */
static bool read_all(int fd, const char *path, size_t expected, struct buf *out, struct error *err)
{
    for (size_t chunk = expected == SIZE_UNKNOWN ? READ_CHUNK : expected + 1;; chunk = READ_CHUNK) {
        size_t left = out->max - out->len, want = left < chunk ? left : chunk;
        char beyond = 0, *to = want > 0 ? buf_room(out, want) : &beyond; /* when full: is there one more? */
        ssize_t got;

        if (to == NULL)
            return error_set(err, ERROR_INTERNAL, "the buffer for %s had failed before", path);
        got = read(fd, to, want > 0 ? want : 1);
        if (got < 0 && errno == EINTR) { /* no regular file, then: Ctrl-C ends the wait for a pipe's writer */
            TRY(interrupt_check(err));
            continue;
        }
        if (got < 0)
            return file_error(err, "read", path);
        if (got == 0)
            return true;
        if (want == 0) {
            errno = EFBIG;
            return error_errno(err, ERROR_STORE, "cannot read %s: it is larger than %zu bytes", path, out->max);
        }
        buf_grow(out, (size_t)got);
        if ((size_t)got == expected && chunk == expected + 1 && want == chunk)
            return true; /* a regular file gives less than was asked for at its end only */
    }
}

static bool read_opened(int fd, const char *path, bool any, struct buf *out, struct error *err)
{
    size_t before = out->len;
    struct stat st;

    if (fd < 0 || fstat(fd, &st) != 0)
        return file_error(err, "read", path);
    if (!S_ISREG(st.st_mode) && (!any || (!S_ISFIFO(st.st_mode) && !S_ISCHR(st.st_mode)))) {
        errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
        return error_errno(err, ERROR_STORE, "cannot read %s: it is not a regular file", path);
    }
    /* Others than regular files may give less at a time, and have no size. */
    if (!read_all(fd, path, S_ISREG(st.st_mode) ? (size_t)st.st_size : SIZE_UNKNOWN, out, err)) {
        buf_cut(out, before);
        return false;
    }
    return true;
}

bool file_read(const char *path, struct buf *out, struct error *err)
{
    /* O_NONBLOCK: opening a FIFO put there must not wait for its writer */
    AUTO(close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    return read_opened(fd, path, false, out, err);
}

bool file_read_given(const char *path, struct buf *out, struct error *err)
{
    AUTO(close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

    if (fd < 0 && errno == EINTR)
        TRY(interrupt_check(err));
    return read_opened(fd, path, true, out, err);
}

/* Opens a new file with its access set. Before that only we can read it, unless access permits all. */
static int open_new(const char *path, struct file_access access)
{
    /* masked leaves the umask to the kernel: asking for it means changing it, under the feet of other
     * threads */
    mode_t first = access.masked ? access.mode : access.mode & 0600;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, first), sys;

    if (fd < 0)
        return -1;
    /* The owner first: changing it takes set-id bits away. */
    if ((!access.set_owner || fchown(fd, access.uid, access.gid) == 0) &&
        (access.masked || fchmod(fd, access.mode) == 0))
        return fd;
    sys = errno;
    (void)close(fd);
    (void)unlink(path);
    errno = sys;
    return -1;
}

bool file_write_all(int fd, struct view content)
{
    while (content.len > 0) {
        ssize_t done = write(fd, content.at, content.len);

        if (done >= 0) {
            content.at += done;
            content.len -= (size_t)done;
        } else if (errno == EAGAIN) { /* a terminal set to non-blocking: wait until it takes more */
            struct pollfd room = { .fd = fd, .events = POLLOUT };

            (void)poll(&room, 1, -1);
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

/* Writes, syncs and closes a file of ours; one that failed is removed, with errno telling why. */
static bool finish_new(int fd, const char *path, struct view content)
{
    bool ok = file_write_all(fd, content) && fsync(fd) == 0;
    int sys = errno;

    if (close(fd) != 0 && ok && errno != EINTR) {
        ok = false;
        sys = errno;
    }
    if (!ok) {
        (void)unlink(path);
        errno = sys;
    }
    return ok;
}

bool file_create(const char *path, struct view content, struct file_access access, struct error *err)
{
    int fd = open_new(path, access);

    if (fd < 0)
        return file_error(err, "create", path);
    if (!finish_new(fd, path, content))
        return file_error(err, "write", path);
    return true;
}

/* Creates .NAME.evercert-XXXXXX beside path, a name that no server's include pattern and no `*.conf` matches. */
static int open_temporary(const char *path, struct file_access access, char **out)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
    AUTO(free) char *dir = file_dirname(path);

    for (int i = 0; i < TEMPORARY_TRIES; i++) {
        AUTO(free) char *name = NULL, *temporary = NULL;
        unsigned char random[7] = "";
        int fd;

        if (getentropy(random, 6) != 0)
            return -1;
        for (size_t j = 0; j < 6; j++)
            random[j] = (unsigned char)letters[random[j] % 32];
        name = xprintf(".%.200s.evercert-%s", file_basename(path), (const char *)random); /* NAME_MAX is 255 */
        temporary = file_join(dir, name);
        fd = open_new(temporary, access);
        if (fd >= 0)
            *out = TAKE(temporary);
        if (fd >= 0 || errno != EEXIST)
            return fd;
    }
    return -1;
}

struct mover { /* how a file that is written gets its name */
    const char *action;
    bool (*move)(const char *from, const char *to);
};

/* Writes what was opened as `temporary` and gives it the name `path`; on failure it is removed. */
static bool move_in(
    int fd, const char *temporary, const char *path, struct view content, const struct mover *by, struct error *err)
{
    AUTO(free) char *dir = file_dirname(path);

    if (fd < 0)
        return file_error(err, "create a temporary file beside", path);
    if (!finish_new(fd, temporary, content))
        return file_error(err, "write", path);
    if (!by->move(temporary, path)) {
        int sys = errno;

        (void)unlink(temporary);
        errno = sys;
        return file_error(err, by->action, path);
    }
    return file_sync_dir(dir, err);
}

static bool rename_over(const char *from, const char *to)
{
    return rename(from, to) == 0;
}

/* A new name for a file, which must not be there. */
static bool rename_new(const char *from, const char *to)
{
#ifdef RENAME_NOREPLACE
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
        return true;
    if (errno != EINVAL && errno != ENOSYS && errno != ENOTSUP)
        return false;
#endif
    return link(from, to) == 0 && unlink(from) == 0;
}

static const struct mover replacing = { "replace", rename_over };
static const struct mover creating = { "create", rename_new };

bool file_replace(const char *path, struct view content, struct file_access access, struct error *err)
{
    AUTO(free) char *temporary = NULL;
    int fd = open_temporary(path, access, &temporary);

    return move_in(fd, temporary, path, content, &replacing, err);
}

bool file_replace_by(
    const char *path, const char *temporary, struct view content, struct file_access access, struct error *err)
{
    TRY(file_remove(temporary, err));
    return move_in(open_new(temporary, access), temporary, path, content, &replacing, err);
}

bool file_create_whole(
    const char *path, const char *temporary, struct view content, struct file_access access, struct error *err)
{
    TRY(file_remove(temporary, err));
    return move_in(open_new(temporary, access), temporary, path, content, &creating, err);
}

bool file_rename_new(const char *from, const char *to, struct error *err)
{
    return rename_new(from, to) || file_error(err, "create", to);
}

bool file_exchange(const char *a, const char *b, struct error *err)
{
#ifdef RENAME_EXCHANGE
    if (renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE) == 0)
        return true;
#else
    (void)a;
    errno = ENOSYS;
#endif
    return file_error(err, "exchange with its successor", b);
}

bool file_exchange_is_missing(const struct error *err)
{
    return err->sys == EINVAL || err->sys == ENOSYS || err->sys == ENOTSUP;
}

bool file_mkdirs(const char *path, mode_t mode, struct error *err)
{
    AUTO(free) char *part = xstrdup(path);
    size_t at = 0;

    if (file_is_dir(path))
        return true;
    do {
        char end;

        at += strspn(part + at, "/");
        at += strcspn(part + at, "/");
        end = part[at];
        part[at] = '\0';
        /* Looked at again after any failure: a parent may be there and yet refuse mkdir (read-only, no
         * permission). */
        if (mkdir(part, mode) != 0) {
            int sys = errno;

            if (!file_is_dir(part)) {
                errno = sys == EEXIST ? ENOTDIR : sys;
                return file_error(err, "create the directory", part);
            }
        }
        part[at] = end;
    } while (part[at] != '\0');
    return true;
}

bool file_sync_dir(const char *path, struct error *err)
{
    AUTO(close) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return file_error(err, "open the directory", path);
    if (fsync(fd) != 0 && errno != EINVAL && errno != ENOTSUP) /* some file systems cannot, and need not */
        return file_error(err, "sync the directory", path);
    return true;
}

bool file_remove(const char *path, struct error *err)
{
    if (unlink(path) != 0 && errno != ENOENT)
        return file_error(err, "remove", path);
    return true;
}

static void closedir_at(DIR **dir)
{
    if (*dir != NULL)
        (void)closedir(*dir);
}

/* The next entry but "." and ".."; NULL with errno 0 at the end. */
static const char *next_name(DIR *dir)
{
    const struct dirent *entry;

    do {
        errno = 0;
        entry = readdir(dir);
    } while (entry != NULL && (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0));
    return entry != NULL ? entry->d_name : NULL;
}

/* EPERM is what POSIX says when a directory is unlinked, and what Linux says of an immutable file. Leaves errno alone.
 */
static bool is_dir_at(int parent, const char *name)
{
    int sys = errno;
    struct stat st;
    bool is = fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);

    errno = sys;
    return is;
}

/* Empties and removes the directory `name` in `parent`. By descriptors: a part of the way that is swapped
 * for a link meanwhile leads nowhere. */
static bool remove_tree(int parent, const char *name, const char *path, struct error *err)
{
    AUTO(closedir) DIR *dir = NULL;
    const char *entry;
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0)
        return errno == ENOENT || file_error(err, "remove", path);
    dir = fdopendir(fd);
    if (dir == NULL) {
        (void)close(fd);
        return file_error(err, "remove", path);
    }
    while ((entry = next_name(dir)) != NULL) {
        AUTO(free) char *below = file_join(path, entry);

        if (unlinkat(fd, entry, 0) == 0 || errno == ENOENT)
            continue;
        if (errno != EISDIR && (errno != EPERM || !is_dir_at(fd, entry)))
            return file_error(err, "remove", below);
        TRY(remove_tree(fd, entry, below, err));
    }
    if (errno != 0)
        return file_error(err, "list", path);
    if (unlinkat(parent, name, AT_REMOVEDIR) != 0 && errno != ENOENT)
        return file_error(err, "remove", path);
    return true;
}

bool file_remove_dir_if_empty(const char *path, struct error *err)
{
    return rmdir(path) == 0 || errno == ENOENT || errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR ||
           file_error(err, "remove", path);
}

bool file_remove_tree(const char *path, struct error *err)
{
    return remove_tree(AT_FDCWD, path, path, err);
}

bool file_list_dir(const char *path, struct list *names, struct error *err)
{
    AUTO(closedir) DIR *dir = opendir(path);
    AUTO(list_clear) struct list found = { 0 };
    const char *name;

    if (dir == NULL && errno != ENOENT)
        return file_error(err, "list", path);
    while (dir != NULL && (name = next_name(dir)) != NULL)
        list_add(&found, name);
    if (dir != NULL && errno != 0)
        return file_error(err, "list", path);
    list_sort(&found);
    list_clear(names);
    *names = found;
    found = (struct list){ 0 };
    return true;
}

void file_fill_standard(void)
{
    int fd;

    do {
        fd = open("/dev/null", O_RDWR | O_NOCTTY); /* not close-on-exec: children want them open, too */
    } while (fd >= 0 && fd <= STDERR_FILENO);
    close_at(&fd);
}

bool file_exists(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0;
}

bool file_is_dir(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool file_is_link(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
}

char *file_dirname(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (slash == NULL)
        return xstrdup(".");
    while (slash > path && slash[-1] == '/')
        slash--;
    return slash == path ? xstrdup("/") : xstrndup(path, (size_t)(slash - path));
}

const char *file_basename(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

char *file_join(const char *dir, const char *name)
{
    size_t len = strlen(dir), name_len;
    char *path;

    while (len > 1 && dir[len - 1] == '/')
        len--;
    name += strspn(name, "/");
    name_len = strlen(name);
    path = xcalloc(len + 1 + name_len + 1, 1);
    memcpy(path, dir, len);
    if (len > 0 && dir[len - 1] != '/')
        path[len++] = '/';
    memcpy(path + len, name, name_len);
    return path;
}

char *file_beside(const char *path, const char *suffix)
{
    AUTO(free) char *dir = file_dirname(path), *name = NULL;
    const char *base = file_basename(path);
    size_t room = FILE_NAME_MAX - strlen("..") - strlen(suffix);

    if (strlen(base) <= room) {
        name = xprintf(".%s.%s", base, suffix);
    } else {
        uint64_t hash = view_hash(view_of(base), HASH_START);
        size_t len = room - strlen("~0123456789abcdef");

        while (len > 0 && ((unsigned char)base[len] & 0xc0) == 0x80) /* some file systems take whole characters only */
            len--;
        name = xprintf(".%.*s~%016" PRIx64 ".%s", (int)len, base, hash, suffix);
    }
    return file_join(dir, name);
}

char *file_absolute(const char *path)
{
    AUTO(free) char *here = path[0] == '/' ? NULL : getcwd(NULL, 0); /* NULL, too, when it was removed */
    char *whole = path[0] == '/' ? xstrdup(path) : file_join(here != NULL ? here : "/", path);
    char *end = whole; /* of what is folded: never beyond what is read */

    for (const char *from = whole; *(from += strspn(from, "/")) != '\0';) {
        size_t len = strcspn(from, "/");

        if (len == 2 && from[0] == '.' && from[1] == '.') {
            while (end > whole && *--end != '/')
                continue;
        } else if (len != 1 || from[0] != '.') {
            *end++ = '/';
            memmove(end, from, len);
            end += len;
        }
        from += len;
    }
    if (end == whole)
        *end++ = '/';
    *end = '\0';
    return whole;
}

bool file_read_link(const char *path, char **out, struct error *err)
{
    for (size_t size = 256;; size *= 2) {
        AUTO(free) char *text = xcalloc(size, 1);
        ssize_t len = readlink(path, text, size);

        if (len < 0)
            return file_error(err, "read the link", path);
        if ((size_t)len < size) { /* a full buffer may have cut it */
            *out = TAKE(text);
            return true;
        }
    }
}
