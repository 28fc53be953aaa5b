#include "base/writers.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

#define LINKS_MAX 40 /* on one way, as in the kernel */

void writers_clear(struct writers *writers)
{
    free(writers->path);
    free(writers->who);
    free(writers->mend);
    *writers = (struct writers){ 0 };
}

static bool found(struct writers *out, const char *path, char *who, char *mend)
{
    *out = (struct writers){ .path = xstrdup(path), .who = who, .mend = mend };
    return true;
}

static bool is_other(uid_t uid)
{
    return uid != 0 && uid != geteuid();
}

/* With an access control list, the group's bits are what any user or group named in it may have. */
static bool has_acl(const char *path)
{
    return getxattr(path, "system.posix_acl_access", NULL, 0) > 0;
}

/* One file or directory; what it is called through was looked at before. */
static bool look_at(const char *path, const struct stat *st, bool is_last, struct writers *out)
{
    if (is_other(st->st_uid))
        return found(out, path,
            xprintf("belongs to user %lu, who is neither root nor the user that runs this", (unsigned long)st->st_uid),
            xprintf("chown %lu %s", (unsigned long)geteuid(), path));
    if (S_ISDIR(st->st_mode) && (st->st_mode & S_ISVTX) != 0 && !is_last)
        return false; /* what is in it is its owner's to replace */
    if ((st->st_mode & S_IWOTH) != 0)
        return found(out, path, xstrdup("can be written by everybody"), xprintf("chmod go-w %s", path));
    if ((st->st_mode & S_IWGRP) == 0)
        return false;
    if (st->st_gid != 0)
        return found(out, path, xprintf("can be written by its group (%lu)", (unsigned long)st->st_gid),
            xprintf("chmod go-w %s", path));
    return has_acl(path) && found(out, path, xstrdup("can be written by those whom its access control list names"),
                                xprintf("setfacl -m m::rX %s", path));
}

/* Puts a link's target before what is left of the way. False when it cannot be read. */
static bool follow(const char *link, char **at, char **rest)
{
    char target[PATH_MAX];
    ssize_t len = readlink(link, target, sizeof target - 1);
    char *longer;

    if (len <= 0)
        return false;
    target[len] = '\0';
    longer = xprintf("%s/%s", target, *rest);
    if (target[0] == '/')
        xreplace(at, "/");
    free(*rest);
    *rest = longer;
    return true;
}

/* Takes the next name off *rest into *name, of the caller's; NULL at the end. */
static char *next_name(char **rest)
{
    const char *from = *rest + strspn(*rest, "/");
    size_t len = strcspn(from, "/");
    char *name = len == 0 ? NULL : xstrndup(from, len), *left = xstrdup(from + len);

    free(*rest);
    *rest = left;
    return name;
}

static bool is_end(const char *rest)
{
    return rest[strspn(rest, "/")] == '\0';
}

/* One step down (or up, for ".."). 1: others may write there; 0: go on; -1: the way ends. */
static int step(const char *name, char **at, char **rest, unsigned *links, struct writers *out)
{
    AUTO(free) char *path = strcmp(name, "..") == 0 ? file_dirname(*at) : file_join(*at, name);
    struct stat st;

    if (lstat(path, &st) != 0)
        return -1;
    if (!S_ISLNK(st.st_mode)) {
        bool is_last = is_end(*rest);

        if ((is_last || geteuid() == 0) && look_at(path, &st, is_last, out))
            return 1;
        xreplace(at, path);
        return 0;
    }
    if (geteuid() == 0 && is_other(st.st_uid))
        return found(out, path, xprintf("is a link of user %lu", (unsigned long)st.st_uid),
            xprintf("chown -h %lu %s", (unsigned long)geteuid(), path));
    return (*links)++ < LINKS_MAX && follow(path, at, rest) ? 0 : -1;
}

bool writers_find(const char *path, struct writers *out)
{
    AUTO(free) char *at = xstrdup("/"), *rest = xstrdup(path);
    unsigned links = 0;
    struct stat st;

    if (path[0] != '/')
        return false;
    if (geteuid() == 0 && stat("/", &st) == 0 && look_at("/", &st, false, out))
        return true;
    for (;;) {
        AUTO(free) char *name = next_name(&rest);
        int there;

        if (name == NULL)
            return false;
        if (strcmp(name, ".") == 0)
            continue;
        there = step(name, &at, &rest, &links, out);
        if (there != 0)
            return there > 0;
    }
}
