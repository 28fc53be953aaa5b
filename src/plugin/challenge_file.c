#include "plugin/challenge_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/mutex.h"
#include "plugin/challenge_dir.h"

/* The web server's user reads it. It is not given to him: what he can read he need not write. */
#define FILE_MODE 0644

struct used_root { /* one that is in use */
    struct challenge_dir dir;
    struct challenge_file *files;
    struct used_root *next;
};

struct challenge_file {
    struct used_root *used;
    char *token, *content;
    size_t users;
    bool made; /* by us */
    dev_t dev;
    ino_t ino;
    struct challenge_file *next;
};

/* Held over the work on disk, which is short, so that one order's cleanup cannot get in between another's steps. */
static struct mutex lock = MUTEX_INIT;
static struct used_root *used_roots;

/* Finds a web root by device and inode: two paths may lead to one directory. */
static struct used_root *find_webroot(const struct stat *root)
{
    for (struct used_root *at = used_roots; at != NULL; at = at->next)
        if (at->dir.root_stat.st_dev == root->st_dev && at->dir.root_stat.st_ino == root->st_ino)
            return at;
    return NULL;
}

static bool take_webroot(const char *root, struct used_root **out, struct error *err)
{
    struct challenge_dir dir;
    struct used_root *used;

    TRY(challenge_dir_open(root, &dir, err));
    used = find_webroot(&dir.root_stat);
    if (used != NULL) {
        challenge_dir_close(&dir);
        *out = used;
        return true;
    }
    if (!challenge_dir_enter(&dir, err)) {
        challenge_dir_close(&dir);
        return false;
    }
    used = xcalloc(1, sizeof *used);
    used->dir = dir;
    used->next = used_roots;
    used_roots = used;
    *out = used;
    return true;
}

static void drop_webroot_if_unused(struct used_root *used)
{
    struct used_root **at = &used_roots;

    if (used->files != NULL)
        return;
    while (*at != used)
        at = &(*at)->next;
    *at = used->next;
    challenge_dir_close(&used->dir);
    free(used);
}

static char *path_of(const struct used_root *used, const char *token)
{
    return xprintf("%s/.well-known/acme-challenge/%s", used->dir.root, token);
}

/* Everybody may read a regular file with this content and no more. */
static bool is_same(int fd, struct view content)
{
    AUTO(free) char *found = xcalloc(content.len + 1, 1);
    struct stat st;
    size_t len = 0;
    ssize_t got;

    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || (st.st_mode & S_IROTH) == 0)
        return false;
    while (len <= content.len && (got = read(fd, found + len, content.len + 1 - len)) != 0) {
        if (got < 0 && errno != EINTR)
            return false;
        len += got > 0 ? (size_t)got : 0;
    }
    return view_equal((struct view){ found, len }, content);
}

/* Left by a run that was killed, or put there by a user with the right content: it serves. */
static bool accept_existing(struct challenge_file *file, const char *path, struct error *err)
{
    AUTO(close)
    int fd =
        openat(file->used->dir.challenges.fd, file->token, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

    if (fd >= 0 && is_same(fd, view_of(file->content)))
        return true;
    errno = EEXIST;
    return challenge_dir_error(&file->used->dir, "create", path, err);
}

static bool fill(struct challenge_file *file, int fd, const char *path, struct error *err)
{
    int dir_fd = file->used->dir.challenges.fd;
    struct stat st;
    bool ok = fchmod(fd, FILE_MODE) == 0 && fstat(fd, &st) == 0 && file_write_all(fd, view_of(file->content));
    int sys = errno;

    if (close(fd) != 0 && ok) {
        ok = false;
        sys = errno;
    }
    if (!ok) {
        (void)unlinkat(dir_fd, file->token, 0);
        errno = sys;
        return challenge_dir_error(&file->used->dir, "write", path, err);
    }
    file->made = true;
    file->dev = st.st_dev;
    file->ino = st.st_ino;
    return true;
}

static bool create(struct challenge_file *file, struct error *err)
{
    AUTO(free) char *path = path_of(file->used, file->token);
    struct challenge_dir *dir = &file->used->dir;
    int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    int fd = openat(dir->challenges.fd, file->token, flags, FILE_MODE);

    if (fd < 0 && errno == ENOENT) { /* another program has tidied the directory away */
        TRY(challenge_dir_enter(dir, err));
        fd = openat(dir->challenges.fd, file->token, flags, FILE_MODE);
    }
    if (fd < 0 && errno == EEXIST)
        return accept_existing(file, path, err);
    if (fd < 0)
        return challenge_dir_error(dir, "create", path, err);
    return fill(file, fd, path, err);
}

static struct challenge_file *find_file(const struct used_root *used, const char *token)
{
    for (struct challenge_file *at = used->files; at != NULL; at = at->next)
        if (strcmp(at->token, token) == 0)
            return at;
    return NULL;
}

static void free_file(struct challenge_file *file)
{
    free(file->token);
    free(file->content);
    free(file);
}

/* A CA may hand the same pending authorization to two orders, which then share its file. */
static bool share(struct challenge_file *file, const char *content, struct error *err)
{
    if (strcmp(file->content, content) != 0)
        return error_set(err, ERROR_PLUGIN, "two orders want different answers for the token %s", file->token);
    file->users++;
    return true;
}

bool challenge_file_put(
    const char *root, const char *token, const char *content, struct challenge_file **out, struct error *err)
{
    MUTEX_HOLD(&lock);
    struct used_root *used;
    struct challenge_file *file;

    TRY(take_webroot(root, &used, err));
    file = find_file(used, token);
    if (file != NULL) {
        TRY(share(file, content, err));
        *out = file;
        return true;
    }
    file = xcalloc(1, sizeof *file);
    *file = (struct challenge_file){ .used = used, .token = xstrdup(token), .content = xstrdup(content), .users = 1 };
    if (!create(file, err)) {
        free_file(file);
        drop_webroot_if_unused(used);
        return false;
    }
    file->next = used->files;
    used->files = file;
    *out = file;
    return true;
}

/* Removes the file if it is still the one that we made. */
static bool remove_file(const struct challenge_file *file, struct error *err)
{
    int fd = file->used->dir.challenges.fd;
    struct stat st;

    if (!file->made || fstatat(fd, file->token, &st, AT_SYMLINK_NOFOLLOW) != 0 || st.st_dev != file->dev ||
        st.st_ino != file->ino)
        return true;
    if (unlinkat(fd, file->token, 0) != 0 && errno != ENOENT) {
        int sys = errno;
        AUTO(free) char *path = path_of(file->used, file->token);

        errno = sys;
        return challenge_dir_error(&file->used->dir, "remove", path, err);
    }
    return true;
}

bool challenge_file_drop(struct challenge_file *file, struct error *err)
{
    MUTEX_HOLD(&lock);
    struct challenge_file **at = &file->used->files;
    struct used_root *used = file->used;
    bool ok;

    if (--file->users > 0)
        return true;
    ok = remove_file(file, err);
    while (*at != file)
        at = &(*at)->next;
    *at = file->next;
    free_file(file);
    drop_webroot_if_unused(used);
    return ok;
}

/* ---- what a run that was cut off has left ---- */

/* Counts the directories that this process has made, and the file, as if they did not exist: the last order that uses
 * them removes them, or a sweep does. */
static size_t made_by_us(const struct used_root *used, const char *token)
{
    const struct challenge_file *file = find_file(used, token);

    if (used->dir.above_count > 0)
        return 3 + used->dir.above_count;
    if (used->dir.well_known.made)
        return 3;
    if (used->dir.challenges.made)
        return 2;
    return file != NULL && file->made ? 1 : 0;
}

char *challenge_file_place(const char *root, const char *token)
{
    MUTEX_HOLD(&lock); /* another order may be about to remove what is there */
    AUTO(free) char *whole = file_absolute(root);
    AUTO(free) char *at = xprintf("%s/.well-known/acme-challenge/%s", whole, token);
    const struct used_root *used;
    size_t missing = 0, made = 0;
    struct stat st;

    while (!file_exists(at) && !file_is_link(at) && strcmp(at, "/") != 0) {
        AUTO(free) char *up = file_dirname(at);

        missing++;
        xreplace(&at, up);
    }
    used = stat(whole, &st) == 0 ? find_webroot(&st) : NULL;
    if (used != NULL)
        made = made_by_us(used, token);
    return xprintf("%zu %s", made > missing ? made : missing, whole);
}

/* Ours, and with the beginning of the content: the write may have been cut off. */
static bool is_left(int fd, struct view content)
{
    AUTO(free) char *found = xcalloc(content.len + 1, 1);
    struct stat st;
    ssize_t got;

    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid() || st.st_nlink != 1 || st.st_size < 0 ||
        (size_t)st.st_size > content.len)
        return false;
    got = read(fd, found, content.len);
    return got == st.st_size && memcmp(found, content.at, (size_t)got) == 0;
}

static bool sweep_file(const struct challenge_dir *dir, const char *token, const char *content, struct error *err)
{
    const struct used_root *used = find_webroot(&dir->root_stat);
    AUTO(close)
    int fd = openat(dir->challenges.fd, token, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    AUTO(free) char *path = NULL;

    if (fd < 0 || !is_left(fd, view_of(content)) || (used != NULL && find_file(used, token) != NULL))
        return true;
    if (unlinkat(dir->challenges.fd, token, 0) == 0 || errno == ENOENT)
        return true;
    path = xprintf("%s/.well-known/acme-challenge/%s", dir->root, token);
    return challenge_dir_error(dir, "remove", path, err);
}

bool challenge_file_sweep(const char *place, const char *token, const char *content, struct error *err)
{
    struct challenge_dir dir;
    char *root = NULL;
    unsigned long count = strtoul(place, &root, 10);
    bool found, ok = true;

    if (root == place || root[0] != ' ' || root[1] != '/' || strchr(token, '/') != NULL)
        return error_set(err, ERROR_PLUGIN, "\"%s\" is no place of a challenge file", place);
    if (count == 0) /* it was there before */
        return true;
    MUTEX_HOLD(&lock);
    TRY(challenge_dir_find(&root[1], &dir, &found, err));
    if (found)
        ok = sweep_file(&dir, token, content, err);
    if (ok)
        challenge_dir_remove_last(&dir, (size_t)count - 1);
    challenge_dir_close(&dir);
    return ok;
}
