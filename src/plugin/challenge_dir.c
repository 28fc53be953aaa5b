#include "plugin/challenge_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"

#define WELL_KNOWN ".well-known"
#define CHALLENGES "acme-challenge"
#define DIR_MODE 0755 /* the web server's user has to get through */

bool challenge_dir_error(const struct challenge_dir *dir, const char *action, const char *path, struct error *err)
{
    (void)error_errno(err, ERROR_PLUGIN, "cannot %s %s", action, path);
    if (err->sys == ENOTDIR || err->sys == EEXIST || err->sys == EISDIR)
        return error_next(err, "something else has that name: move it away");
    if (err->sys == ENOENT)
        return error_next(err, "--webroot-path has to name the directory that the web server serves for the domain");
    return file_advise(err, dir->root, "choose a webroot");
}

static bool is_empty(int fd)
{
    int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = copy >= 0 ? fdopendir(copy) : NULL;
    size_t count = 0;

    if (entries == NULL) {
        close_at(&copy);
        return false;
    }
    while (readdir(entries) != NULL)
        count++;
    (void)closedir(entries);
    return count <= 2; /* "." and ".." */
}

/*
 * Gives a directory that we have just made its mode, and the owner of the one that it is in. Who may write in the
 * parent can have put another one in its place meanwhile: one that is ours and empty gives nothing away.
 */
static bool adopt(const struct challenge_dir *dir, int parent, int fd, const char *path, struct error *err)
{
    struct stat st, above;

    if (fstat(fd, &st) != 0 || fstat(parent, &above) != 0)
        return challenge_dir_error(dir, "look at", path, err);
    if (st.st_uid != geteuid() || !is_empty(fd))
        return error_set(err, ERROR_PLUGIN, "somebody replaced %s while it was made", path);
    if (fchmod(fd, DIR_MODE) != 0)
        return challenge_dir_error(dir, "open to the web server", path, err);
    if ((st.st_uid != above.st_uid || st.st_gid != above.st_gid) && fchown(fd, above.st_uid, above.st_gid) != 0)
        log_warning("Unable to give %s the owner of the directory that it is in: %s", path, strerror(errno));
    return true;
}

/*
 * Whether a link says what its owner wants: others who may write in its directory could have moved a link of his there,
 * or put one file in the place of another.
 */
static bool is_in_own_directory(int parent, const struct stat *link)
{
    struct stat above;

    if (fstat(parent, &above) != 0)
        return false;
    return above.st_uid == link->st_uid || (above.st_uid == 0 && (above.st_mode & S_IWOTH) == 0 &&
                                               ((above.st_mode & S_IWGRP) == 0 || above.st_gid == 0));
}

static bool refuse_link(int parent, const char *path, const struct stat *link, struct error *err)
{
    AUTO(free) char *in = file_dirname(path);

    if (is_in_own_directory(parent, link)) {
        (void)error_set(err, ERROR_PLUGIN, "%s is a link of a user's into a directory that is not that user's", path);
        return error_next(err,
            "replace it by a directory, or let root own both the link and the directory that it is in "
            "(chown -h root %s; chown root %s)",
            path, in);
    }
    (void)error_set(err, ERROR_PLUGIN, "%s is a link of user %lu in a directory where others may write", path,
        (unsigned long)link->st_uid);
    return error_next(
        err, "replace it by a directory, or let root alone write where it is (chown root %s; chmod go-w %s)", in, in);
}

/* Opens a directory that was there. A link is read once and judged by its owner, so that the user of a web server
 * cannot lead us into a directory of somebody else's. */
static int open_existing(
    const struct challenge_dir *dir, int parent, const char *name, const char *path, struct error *err)
{
    AUTO(close) int fd = openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    char target[PATH_MAX];
    struct stat link, st;
    ssize_t len;
    int found;

    if (fd < 0 || fstat(fd, &link) != 0) {
        (void)challenge_dir_error(dir, "open", path, err);
        return -1;
    }
    if (!S_ISLNK(link.st_mode)) {
        found = openat(fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (found < 0)
            (void)challenge_dir_error(dir, "use the directory", path, err);
        return found;
    }
    len = readlinkat(fd, "", target, sizeof target - 1);
    target[len > 0 ? len : 0] = '\0';
    found = len > 0 ? openat(parent, target, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
    if (found < 0 || fstat(found, &st) != 0) {
        (void)challenge_dir_error(dir, "follow the link", path, err);
        close_at(&found);
        return -1;
    }
    if (is_in_own_directory(parent, &link) &&
        (link.st_uid == 0 || link.st_uid == geteuid() || link.st_uid == st.st_uid))
        return found;
    (void)close(found);
    (void)refuse_link(parent, path, &link, err);
    return -1;
}

/* Makes a directory, or -1: with errno EEXIST when there is something of that name, and else with *err filled. */
static int make(const struct challenge_dir *dir, int parent, const char *name, const char *path, struct error *err)
{
    int fd;

    if (mkdirat(parent, name, DIR_MODE) != 0) {
        if (errno == EEXIST)
            return -1;
        (void)challenge_dir_error(dir, "create", path, err);
        errno = 0;
        return -1;
    }
    fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0 && adopt(dir, parent, fd, path, err))
        return fd;
    if (fd < 0)
        (void)challenge_dir_error(dir, "open", path, err);
    close_at(&fd);
    (void)unlinkat(parent, name, AT_REMOVEDIR);
    errno = 0;
    return -1;
}

/* Steps down into root_fd/name, which is made. */
static bool descend(struct challenge_dir *dir, const char *path, struct error *err)
{
    const char *name = file_basename(path);
    AUTO(close) int fd = make(dir, dir->root_fd, name, path, err);
    bool made = fd >= 0;
    struct challenge_above *above;

    if (fd < 0 && errno == EEXIST) { /* another process was faster */
        fd = openat(dir->root_fd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
            return challenge_dir_error(dir, "use the directory", path, err);
    }
    if (fd < 0)
        return false;
    if (fstat(fd, &dir->root_stat) != 0)
        return challenge_dir_error(dir, "look at", path, err);
    if (made) {
        dir->above = xrealloc(dir->above, dir->above_count + 1, sizeof *dir->above);
        above = &dir->above[dir->above_count++];
        *above = (struct challenge_above){ dir->root_fd, xstrdup(name), dir->root_stat.st_dev, dir->root_stat.st_ino };
    } else {
        (void)close(dir->root_fd);
    }
    dir->root_fd = fd;
    fd = -1;
    return true;
}

/* Opens the webroot, making missing directories from the deepest existing one down. */
static bool open_root(struct challenge_dir *dir, struct error *err)
{
    AUTO(list_clear) struct list missing = { 0 };
    AUTO(free) char *at = file_absolute(dir->root);

    while ((dir->root_fd = open(at, O_PATH | O_DIRECTORY | O_CLOEXEC)) < 0) {
        AUTO(free) char *up = file_dirname(at);

        if (errno != ENOENT || file_is_link(at) || strcmp(up, at) == 0)
            return challenge_dir_error(dir, "use the webroot", dir->root, err);
        list_add(&missing, at);
        xreplace(&at, up);
    }
    if (fstat(dir->root_fd, &dir->root_stat) != 0)
        return challenge_dir_error(dir, "use the webroot", dir->root, err);
    if (missing.len > 0)
        log_info("The webroot %s is missing and is made.", dir->root);
    for (size_t i = missing.len; i > 0; i--)
        TRY(descend(dir, missing.at[i - 1], err));
    return true;
}

/* Removes the directories of the webroot's path that we have made, while they are empty. */
static void close_root(struct challenge_dir *dir)
{
    bool gone = true;

    close_at(&dir->root_fd);
    dir->root_fd = -1;
    for (size_t i = dir->above_count; i > 0; i--) {
        struct challenge_above *above = &dir->above[i - 1];
        struct stat st;

        gone = gone && fstatat(above->parent_fd, above->name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
               st.st_dev == above->dev && st.st_ino == above->ino &&
               unlinkat(above->parent_fd, above->name, AT_REMOVEDIR) == 0;
        (void)close(above->parent_fd);
        free(above->name);
    }
    free(dir->above);
    dir->above = NULL;
    dir->above_count = 0;
}

bool challenge_dir_open(const char *root, struct challenge_dir *out, struct error *err)
{
    struct challenge_dir dir = { .root_fd = -1, .well_known = { .fd = -1 }, .challenges = { .fd = -1 } };

    dir.root = (char *)(uintptr_t)root; /* lent until all is well */
    if (!open_root(&dir, err)) {
        close_root(&dir);
        return false;
    }
    dir.root = xstrdup(root);
    *out = dir;
    return true;
}

static bool enter(const struct challenge_dir *dir, int parent, const char *name, const char *path,
    struct challenge_level *level, struct error *err)
{
    struct challenge_level fresh = { .fd = make(dir, parent, name, path, err) };
    struct stat st;

    fresh.made = fresh.fd >= 0;
    if (fresh.fd < 0 && errno == EEXIST)
        fresh.fd = open_existing(dir, parent, name, path, err);
    if (fresh.fd < 0)
        return false;
    if (fstat(fresh.fd, &st) != 0) {
        (void)challenge_dir_error(dir, "look at", path, err);
        (void)close(fresh.fd);
        return false;
    }
    fresh.dev = st.st_dev;
    fresh.ino = st.st_ino;
    fresh.made = fresh.made || (level->made && level->dev == st.st_dev && level->ino == st.st_ino);
    close_at(&level->fd);
    *level = fresh;
    return true;
}

bool challenge_dir_enter(struct challenge_dir *dir, struct error *err)
{
    AUTO(free) char *well_known = file_join(dir->root, WELL_KNOWN), *challenges = file_join(well_known, CHALLENGES);

    TRY(enter(dir, dir->root_fd, WELL_KNOWN, well_known, &dir->well_known, err));
    return enter(dir, dir->well_known.fd, CHALLENGES, challenges, &dir->challenges, err);
}

/* Removes the directory if it is the one that we made and is empty; another of that name stays. */
static void leave(const struct challenge_dir *dir, int parent, const char *name, struct challenge_level *level)
{
    struct stat st;

    if (level->made && fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_dev == level->dev &&
        st.st_ino == level->ino && unlinkat(parent, name, AT_REMOVEDIR) != 0 && errno != ENOTEMPTY && errno != EEXIST)
        log_warning("Unable to remove the directory %s below %s: %s", name, dir->root, strerror(errno));
    close_at(&level->fd);
    level->fd = -1;
}

/* False with *err of kind ERROR_NONE when there is none. */
static bool find_level(const struct challenge_dir *dir, int parent, const char *name, const char *path,
    struct challenge_level *level, struct error *err)
{
    level->fd = open_existing(dir, parent, name, path, err);
    if (level->fd < 0 && err->sys == ENOENT)
        error_clear(err);
    return level->fd >= 0;
}

bool challenge_dir_find(const char *root, struct challenge_dir *out, bool *found, struct error *err)
{
    AUTO(free) char *well_known = file_join(root, WELL_KNOWN), *challenges = file_join(well_known, CHALLENGES);

    *out = (struct challenge_dir){ .root = xstrdup(root), .well_known = { .fd = -1 }, .challenges = { .fd = -1 } };
    out->root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    *found = out->root_fd >= 0 && fstat(out->root_fd, &out->root_stat) == 0;
    if (!*found && errno != ENOENT)
        (void)challenge_dir_error(out, "use the webroot", root, err);
    *found = *found && find_level(out, out->root_fd, WELL_KNOWN, well_known, &out->well_known, err) &&
             find_level(out, out->well_known.fd, CHALLENGES, challenges, &out->challenges, err);
    if (err->kind == ERROR_NONE)
        return true;
    challenge_dir_close(out);
    return false;
}

/* Removes a directory as we make them: not a link, its owner ours or that of the one above (adopt), writable by nobody
 * else. Empty, of course. True when it is not there any more. */
static bool remove_made(int parent, const char *name)
{
    struct stat st, above;

    if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT;
    return fstat(parent, &above) == 0 && S_ISDIR(st.st_mode) && (st.st_mode & 05022) == 0 &&
           (st.st_uid == geteuid() || (st.st_uid == above.st_uid && st.st_gid == above.st_gid)) &&
           unlinkat(parent, name, AT_REMOVEDIR) == 0;
}

/* Opens a directory of which we have made the last `made` steps: they are not links. -1, with errno, if it cannot be.
 */
static int open_made(const char *path, size_t made)
{
    AUTO(free) char *up = file_dirname(path);
    AUTO(close) int above = -1;

    if (made == 0 || strcmp(path, "/") == 0)
        return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    above = open_made(up, made - 1);
    return above < 0 ? -1 : openat(above, file_basename(path), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* The last `count` directories of a path, from the innermost on. */
static void remove_way(const char *path, size_t count)
{
    AUTO(free) char *at = file_absolute(path);

    for (; count > 0 && strcmp(at, "/") != 0; count--) {
        AUTO(free) char *up = file_dirname(at);
        AUTO(close) int parent = open_made(up, count - 1);

        if (parent < 0 ? errno != ENOENT : !remove_made(parent, file_basename(at)))
            return;
        xreplace(&at, up);
    }
}

void challenge_dir_remove_last(const struct challenge_dir *dir, size_t count)
{
    if (count > 0 && dir->well_known.fd >= 0 && !remove_made(dir->well_known.fd, CHALLENGES))
        return;
    if (count > 1 && dir->root_fd >= 0 && !remove_made(dir->root_fd, WELL_KNOWN))
        return;
    if (count > 2)
        remove_way(dir->root, count - 2);
}

void challenge_dir_close(struct challenge_dir *dir)
{
    leave(dir, dir->well_known.fd, CHALLENGES, &dir->challenges);
    leave(dir, dir->root_fd, WELL_KNOWN, &dir->well_known);
    close_root(dir);
    free(dir->root);
    dir->root = NULL;
}
