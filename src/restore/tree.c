#include "restore/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/acl.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "disk/place.h"
#include "disk/remove.h"

#define CHUNK ((size_t)64 * 1024)

bool tree_has(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0;
}

bool tree_is_dir(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* ---- one file ---- */

static bool pour(int from, const char *from_path, int to, const char *to_path, struct error *err)
{
    AUTO(wipe_free) char *chunk = xcalloc(1, CHUNK + 1); /* the byte behind ends it for wipe_free */
    uint64_t sum = 0;
    ssize_t got;
    bool ok = true;

    while (ok && (got = read(from, chunk, CHUNK)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        sum += got > 0 ? (uint64_t)got : 0;
        if (got < 0)
            ok = file_error(err, "read", from_path);
        else if (sum > TREE_FILE_MAX)
            ok = error_set(err, ERROR_STORE, "%s is larger than any file of a store (%u MiB)", from_path,
                (unsigned)(TREE_FILE_MAX >> 20));
        else if (!file_write_all(to, (struct view){ chunk, (size_t)got }))
            ok = file_error(err, "write", to_path);
    }
    wipe(chunk, CHUNK);
    return ok;
}

/* Owner first, as that takes set-id bits away; then the list, since its mask is the group's part of the mode. */
static bool set_access(int from, int to, const char *path, const struct stat *st, struct error *err)
{
    struct stat is;

    if (fstat(to, &is) != 0)
        return file_error(err, "examine", path);
    if ((is.st_uid != st->st_uid || is.st_gid != st->st_gid) && fchown(to, st->st_uid, st->st_gid) != 0 &&
        errno != EPERM)
        return file_error(err, "set the owner of", path);
    TRY(acl_copy(from, to, path, err));
    return fchmod(to, st->st_mode & 01777) == 0 || file_error(err, "set the mode of", path);
}

static bool finish_copy(int from, const char *from_path, int to, const char *to_path, struct error *err)
{
    struct stat st;

    if (fstat(from, &st) != 0)
        return file_error(err, "examine", from_path);
    TRY(pour(from, from_path, to, to_path, err));
    TRY(set_access(from, to, to_path, &st, err));
    TRY(place_time(to_path, &st, err));
    return fsync(to) == 0 || file_error(err, "write", to_path);
}

static bool copy_file(const char *from, const char *to, struct error *err)
{
    AUTO(close) int in = open(from, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    int out;
    bool ok;

    if (in < 0)
        return file_error(err, "read", from);
    out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (out < 0)
        return file_error(err, "create", to);
    ok = finish_copy(in, from, out, to, err);
    if (close(out) != 0 && ok && errno != EINTR)
        ok = file_error(err, "write", to);
    if (!ok)
        (void)unlink(to);
    return ok;
}

static bool copy_link(const char *from, const char *to, struct error *err)
{
    AUTO(free) char *text = NULL;

    TRY(file_read_link(from, &text, err));
    return symlink(text, to) == 0 || file_error(err, "create the link", to);
}

static bool cannot_link(int sys)
{
    return sys == EPERM || sys == EACCES || sys == ENOTSUP || sys == ENOSYS || sys == EMLINK || sys == EXDEV;
}

bool tree_place(const char *from, const char *to, struct error *err)
{
    if (link(from, to) == 0) /* a link gets a second name itself */
        return true;
    if (!cannot_link(errno))
        return file_error(err, "give a second name to", from);
    return file_is_link(from) ? copy_link(from, to, err) : copy_file(from, to, err);
}

bool tree_dress_dir(const char *dir, const char *like, struct error *err)
{
    AUTO(close) int from = open(like, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    AUTO(close) int to = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct stat st;

    if (from < 0 || fstat(from, &st) != 0)
        return file_error(err, "examine", like);
    if (to < 0)
        return file_error(err, "examine", dir);
    return set_access(from, to, dir, &st, err);
}

bool tree_make_dir(const char *to, struct error *err)
{
    return mkdir(to, 0700) == 0 || (errno == EEXIST && file_is_dir(to)) || file_error(err, "create the directory", to);
}

/* ---- copying a tree ---- */

struct copying {
    struct list *told;
    size_t entries;
};

bool tree_is_plain_name(const char *name)
{
    for (; *name != '\0'; name++)
        if ((unsigned char)*name < ' ' || *name == 0x7f)
            return false;
    return true;
}

/* Opening and closing a lock that is one of ours by a second name would give it up. */
static bool is_lock(const char *name)
{
    return name[0] == '.' && text_ends(name, ".lock");
}

static bool copy_dir(struct copying *copying, const char *from, const char *to, unsigned depth, struct error *err);

static bool copy_entry(struct copying *copying, const char *from, const char *to, unsigned depth, struct error *err)
{
    AUTO(free) char *told = NULL;
    struct stat st;

    TRY(interrupt_check(err));
    if (++copying->entries > TREE_ENTRIES_MAX)
        return error_set(
            err, ERROR_STORE, "there are more than %u files: this is no store", (unsigned)TREE_ENTRIES_MAX);
    if (lstat(from, &st) != 0)
        return file_error(err, "examine", from);
    if (is_lock(file_basename(from)))
        return true;
    if (tree_is_plain_name(file_basename(from))) {
        if (S_ISDIR(st.st_mode))
            return copy_dir(copying, from, to, depth + 1, err);
        if (S_ISLNK(st.st_mode))
            return copy_link(from, to, err);
        if (S_ISREG(st.st_mode))
            return copy_file(from, to, err);
    }
    told = xprintf("%s is left out: it is no file, directory or link, or has an unusual name", from);
    list_add(copying->told, told);
    return true;
}

static bool copy_dir(struct copying *copying, const char *from, const char *to, unsigned depth, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };

    if (depth > TREE_DEPTH_MAX)
        return error_set(err, ERROR_STORE, "%s lies deeper than any directory of a store", from);
    TRY(file_list_dir(from, &names, err));
    TRY(tree_make_dir(to, err));
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *below = file_join(from, names.at[i]), *copy = file_join(to, names.at[i]);

        TRY(copy_entry(copying, below, copy, depth, err));
    }
    return tree_dress_dir(to, from, err);
}

bool tree_copy(const char *from, const char *to, struct list *told, struct error *err)
{
    struct copying copying = { told, 0 };

    return copy_dir(&copying, from, to, 0, err);
}

/* ---- comparing ---- */

static ssize_t read_full(int fd, char *to, size_t len)
{
    size_t have = 0;

    while (have < len) {
        ssize_t got = read(fd, to + have, len - have);

        if (got < 0 && errno != EINTR)
            return -1;
        if (got == 0)
            break;
        have += got > 0 ? (size_t)got : 0;
    }
    return (ssize_t)have;
}

static bool same_bytes(int a, int b)
{
    char chunk[2][4096];
    ssize_t got_a, got_b;
    bool same;

    do {
        got_a = read_full(a, chunk[0], sizeof chunk[0]);
        got_b = read_full(b, chunk[1], sizeof chunk[1]);
        same = got_a == got_b && got_a >= 0 && memcmp(chunk[0], chunk[1], (size_t)got_a) == 0;
    } while (same && got_a > 0);
    wipe(chunk, sizeof chunk);
    return same;
}

bool tree_same_text(const char *a, const char *b)
{
    AUTO(close) int fd_a = open(a, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    AUTO(close) int fd_b = open(b, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    struct stat st_a, st_b;

    return fd_a >= 0 && fd_b >= 0 && fstat(fd_a, &st_a) == 0 && fstat(fd_b, &st_b) == 0 && S_ISREG(st_a.st_mode) &&
           S_ISREG(st_b.st_mode) && st_a.st_size == st_b.st_size && same_bytes(fd_a, fd_b);
}

static bool same_links(const char *a, const char *b)
{
    AUTO(free) char *text_a = NULL, *text_b = NULL;
    struct error err = { 0 };

    return file_read_link(a, &text_a, &err) && file_read_link(b, &text_b, &err) && strcmp(text_a, text_b) == 0;
}

bool tree_same(const char *a, const char *b)
{
    struct stat st_a, st_b;

    if (lstat(a, &st_a) != 0 || lstat(b, &st_b) != 0)
        return false;
    if (S_ISLNK(st_a.st_mode) && S_ISLNK(st_b.st_mode))
        return same_links(a, b);
    return S_ISREG(st_a.st_mode) && S_ISREG(st_b.st_mode) && st_a.st_uid == st_b.st_uid && st_a.st_gid == st_b.st_gid &&
           (st_a.st_mode & 07777) == (st_b.st_mode & 07777) && tree_same_text(a, b);
}

/* ---- all of a tree ---- */

static bool sync_file(const char *path, struct error *err)
{
    AUTO(close) int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

    if (fd < 0)
        return file_error(err, "read", path);
    return fsync(fd) == 0 || file_error(err, "write", path);
}

static bool sync_below(const char *dir, unsigned depth, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };

    if (depth > TREE_DEPTH_MAX * 2)
        return error_set(err, ERROR_STORE, "%s lies deeper than any directory of a store", dir);
    TRY(file_list_dir(dir, &names, err));
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *path = file_join(dir, names.at[i]);

        if (tree_is_dir(path))
            TRY(sync_below(path, depth + 1, err));
        else if (!file_is_link(path))
            TRY(sync_file(path, err));
    }
    return file_sync_dir(dir, err);
}

bool tree_sync(const char *dir, struct error *err)
{
    return sync_below(dir, 0, err);
}

void tree_open_dir(const char *dir)
{
    struct stat st;

    if (lstat(dir, &st) == 0 && S_ISDIR(st.st_mode) && (st.st_mode & 0700) != 0700 &&
        chmod(dir, (st.st_mode & 07777) | 0700) != 0)
        log_debug("The mode of %s cannot be changed", dir);
}

/* Best effort: what cannot be listed is removed, or not, by file_remove_tree. */
static void wipe_keys(const char *dir, unsigned depth)
{
    AUTO(list_clear) struct list names = { 0 };
    struct error ignored = { 0 };

    tree_open_dir(dir);

    if (depth > TREE_DEPTH_MAX * 2 || !file_list_dir(dir, &names, &ignored))
        return;
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *path = file_join(dir, names.at[i]);

        if (tree_is_dir(path))
            wipe_keys(path, depth + 1);
        else if (strstr(names.at[i], "key") != NULL)
            wipe_file(path);
    }
}

bool tree_remove(const char *dir, struct error *err)
{
    if (!tree_is_dir(dir))
        return file_remove(dir, err);
    wipe_keys(dir, 0);
    return file_remove_tree(dir, err);
}
