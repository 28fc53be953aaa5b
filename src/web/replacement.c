#include "web/replacement.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/acl.h"
#include "base/file.h"
#include "base/mem.h"

#define SUFFIX "evercert" /* of the name beside it; begins with a dot, and ends in nothing that servers include */
#define LINKS_MAX 40      /* as the kernel follows */
#define LABEL "security.selinux"
#define LABEL_MAX 4096

/* ---- which file it is ---- */

/* The target of the link at path, absolute; of the caller's. */
static bool follow(const char *path, char **to, struct error *err)
{
    AUTO(free) char *text = NULL, *dir = file_dirname(path);

    TRY(file_read_link(path, &text, err));
    *to = text[0] == '/' ? TAKE(text) : file_join(dir, text);
    return true;
}

bool replacement_resolve(const char *path, char **real, struct error *err)
{
    AUTO(free) char *at = xstrdup(path);

    for (int i = 0; i < LINKS_MAX; i++) {
        AUTO(free) char *found = realpath(at, NULL), *next = NULL;

        if (found != NULL) {
            *real = TAKE(found);
            return true;
        }
        if (errno != ENOENT)
            return file_error(err, "find", path);
        if (!file_is_link(at)) { /* not there yet */
            *real = TAKE(at);
            return true;
        }
        TRY(follow(at, &next, err));
        free(at);
        at = TAKE(next);
    }
    errno = ELOOP;
    return file_error(err, "find", path);
}

void replacement_sweep(const char *path)
{
    AUTO(free) char *real = NULL, *temporary = NULL;
    struct error err = { 0 };

    if (!replacement_resolve(path, &real, &err))
        return;
    temporary = file_beside(real, SUFFIX);
    (void)unlink(temporary);
}

/* ---- beside it ---- */

static bool copy_label(int from, int to)
{
    char label[LABEL_MAX];
    ssize_t len = fgetxattr(from, LABEL, label, sizeof label);

    return len <= 0 || fsetxattr(to, LABEL, label, (size_t)len, 0) == 0; /* none: no such thing here */
}

/* Makes a new file look like an old one, whose mode may be another than the one it is to have. False, with errno, where
 * we may not. */
static bool dress(int fd, int like, const char *path, mode_t mode)
{
    struct stat st, now;
    struct error err = { 0 };

    if (fstat(like, &st) != 0 || fstat(fd, &now) != 0)
        return false;
    if ((st.st_uid != now.st_uid || st.st_gid != now.st_gid) && fchown(fd, st.st_uid, st.st_gid) != 0)
        return false;
    if (!acl_copy(like, fd, path, &err)) {
        errno = err.sys;
        return false;
    }
    return copy_label(like, fd) && fchmod(fd, mode) == 0;
}

/* What a new file gets that has no model, or one that is not to be had. */
static bool dress_plainly(int fd, const struct replacement *replacement)
{
    return !replacement->set_mode || fchmod(fd, replacement->mode) == 0;
}

static bool dress_new(int fd, const struct replacement *replacement)
{
    AUTO(close) int like = -1;
    struct stat st;

    if (replacement->like != NULL)
        like = open(replacement->like, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (like < 0 || fstat(like, &st) != 0)
        return dress_plainly(fd, replacement);
    if (dress(fd, like, replacement->path, st.st_mode & 07777))
        return true;
    return fchmod(fd, st.st_mode & 0777 & ~(mode_t)066) == 0; /* an ordinary user's own, closed rather than open */
}

/* Group members may write a file, but not say when it was. */
static void set_mtime(int fd, const struct replacement *replacement)
{
    const struct timespec times[] = { { .tv_nsec = UTIME_OMIT }, replacement->mtime };

    if (replacement->set_mtime)
        (void)futimens(fd, times);
}

/* Whether the file itself may be written where no other can take its place. */
static bool leaves_in_place(int sys)
{
    return sys == EACCES || sys == EPERM || sys == EROFS || sys == ENOTSUP || sys == EINVAL || sys == ENAMETOOLONG ||
           sys == EBUSY || sys == EXDEV;
}

/* old: the open file that is replaced, -1 for a new one. *dressed is false when the new file cannot be as the old. */
static bool write_beside(const struct replacement *replacement, int fd, int old, bool *dressed)
{
    struct stat st;

    if (old < 0) {
        *dressed = dress_new(fd, replacement);
    } else {
        mode_t mode = fstat(old, &st) == 0 ? st.st_mode & 07777 : 0600;

        *dressed = dress(fd, old, replacement->path, replacement->set_mode ? replacement->mode : mode);
    }
    if (!*dressed || !file_write_all(fd, replacement->content))
        return false;
    set_mtime(fd, replacement);
    return true;
}

static void remove_beside(struct replacement *replacement)
{
    if (replacement->temporary != NULL)
        (void)unlink(replacement->temporary);
    free(replacement->temporary);
    replacement->temporary = NULL;
}

/* Fails, or leaves temporary NULL where the file itself is to be written. */
static bool prepare_beside(struct replacement *replacement, int old, struct error *err)
{
    bool dressed = false, ok;
    int fd, sys;

    replacement->temporary = file_beside(replacement->real, SUFFIX);
    (void)unlink(replacement->temporary);
    fd = open(replacement->temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    ok = fd >= 0 && write_beside(replacement, fd, old, &dressed);
    sys = errno;
    if (fd >= 0 && close(fd) != 0 && ok && errno != EINTR) {
        ok = false;
        sys = errno;
    }
    if (ok)
        return true;
    remove_beside(replacement);
    if (old >= 0 && ((!dressed && leaves_in_place(sys)) || (replacement->urgent && (sys == ENOSPC || sys == EDQUOT))))
        return true;
    errno = sys;
    return file_error(err, old >= 0 ? "write" : "create", replacement->path);
}

bool replacement_prepare(struct replacement *replacement, struct error *err)
{
    AUTO(close) int old = -1;
    struct stat st;

    TRY(replacement_resolve(replacement->path, &replacement->real, err));
    if (replacement->is_new)
        return prepare_beside(replacement, -1, err);
    old = open(replacement->real, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (old < 0 && errno == ENOENT)
        return prepare_beside(replacement, -1, err);
    if (old < 0 || fstat(old, &st) != 0)
        return file_error(err, "read", replacement->path);
    if (!S_ISREG(st.st_mode))
        return error_set(err, ERROR_STORE, "cannot write %s: it is not a regular file", replacement->path);
    if (st.st_nlink > 1)
        return true;
    return prepare_beside(replacement, old, err);
}

bool replacement_sync(const struct replacement *replacement, struct error *err)
{
    AUTO(close) int fd = -1;

    if (replacement->temporary == NULL)
        return true;
    fd = open(replacement->temporary, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || fsync(fd) != 0)
        return file_error(err, "write", replacement->path);
    return true;
}

/* ---- in its place ---- */

static bool set_mode(int fd, const struct replacement *replacement)
{
    struct stat st;

    if (!replacement->set_mode)
        return true;
    return fstat(fd, &st) == 0 && ((st.st_mode & 07777) == replacement->mode || fchmod(fd, replacement->mode) == 0);
}

/* The old content is overwritten before the end is cut off or grows: what is torn is as short a while as can be. */
static bool write_in_place(const struct replacement *replacement, struct error *err)
{
    int fd = open(replacement->real, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY), sys;
    bool ok;

    if (fd < 0)
        return file_error(err, "write", replacement->path);
    ok = file_write_all(fd, replacement->content) && ftruncate(fd, (off_t)replacement->content.len) == 0 &&
         set_mode(fd, replacement);
    if (ok) {
        set_mtime(fd, replacement);
        ok = fsync(fd) == 0;
    }
    sys = errno;
    if (close(fd) != 0 && ok && errno != EINTR) {
        ok = false;
        sys = errno;
    }
    errno = sys;
    return ok || file_error(err, "write", replacement->path);
}

bool replacement_place(struct replacement *replacement,
    bool (*before_in_place)(void *arg, const char *path, struct error *err), void *arg, struct error *err)
{
    if (replacement->is_new) {
        TRY(file_rename_new(replacement->temporary, replacement->real, err));
        free(TAKE(replacement->temporary));
        return true;
    }
    if (replacement->temporary != NULL) {
        if (rename(replacement->temporary, replacement->real) == 0) {
            free(TAKE(replacement->temporary));
            return true;
        }
        if (!leaves_in_place(errno))
            return file_error(err, "replace", replacement->path);
        remove_beside(replacement);
    }
    if (before_in_place != NULL)
        TRY(before_in_place(arg, replacement->path, err));
    return write_in_place(replacement, err);
}

void replacement_clear(struct replacement *replacement)
{
    remove_beside(replacement);
    free(TAKE(replacement->real));
}
