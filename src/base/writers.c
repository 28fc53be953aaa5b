#include "base/writers.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/acl.h"
#include "base/file.h"
#include "base/mem.h"

#define WRITE 2u     /* in the numbers of a list */
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

static bool entry_may_write(const struct acl *acl, const struct acl_entry *entry, gid_t owning)
{
    const struct acl_user named = { .uid = (uid_t)entry->id };

    switch (entry->tag) {
    case ACL_USER:
        return is_other(named.uid) && (acl_user_may(acl, owning, &named) & WRITE) != 0;
    case ACL_OWNING_GROUP:
        return owning != 0 && (acl_group_may(acl, owning, owning) & WRITE) != 0;
    case ACL_GROUP:
        return entry->id != 0 && (acl_group_may(acl, owning, (gid_t)entry->id) & WRITE) != 0;
    default:
        return false;
    }
}

/* The users whom the mode's group bits let write: with an access control list these bits are its mask, and the list
 * names the users. Of the caller's; NULL when it is only root and the user that runs this. */
static char *who_writes(const char *path, const struct stat *st)
{
    struct error unknown = { 0 };
    struct acl acl;

    if (!acl_of_path(path, st, &acl, &unknown))
        return xstrdup("can be written by those whom its access control list names, which cannot be read");
    for (size_t i = 0; i < acl.len; i++) {
        const struct acl_entry *entry = &acl.at[i];

        if (!entry_may_write(&acl, entry, st->st_gid))
            continue;
        if (entry->tag == ACL_OWNING_GROUP)
            return xprintf("can be written by its group (%lu)", (unsigned long)st->st_gid);
        return xprintf("can be written by %s %lu, as its access control list says",
            entry->tag == ACL_USER ? "user" : "group", (unsigned long)entry->id);
    }
    return NULL;
}

/* Examines one file or directory; the path to it was examined before. */
static bool look_at(const char *path, const struct stat *st, bool is_last, struct writers *out)
{
    char *who;

    if (is_other(st->st_uid))
        return found(out, path,
            xprintf("belongs to user %lu, who is neither root nor the user that runs this", (unsigned long)st->st_uid),
            xprintf("chown %lu %s", (unsigned long)geteuid(), path));
    if (S_ISDIR(st->st_mode) && (st->st_mode & S_ISVTX) != 0 && !is_last)
        return false; /* its owner may replace anything in it */
    if ((st->st_mode & S_IWOTH) != 0)
        return found(out, path, xstrdup("can be written by everybody"), xprintf("chmod go-w %s", path));
    who = (st->st_mode & S_IWGRP) != 0 ? who_writes(path, st) : NULL;
    /* of a list, that takes the right to write off the mask, and so from all whom it names */
    return who != NULL && found(out, path, who, xprintf("chmod go-w %s", path));
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

/* Goes one step down (or up, for ".."). 1: others may write there; 0: go on; -1: the path ends. */
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

bool writers_find_beside(const char *path, struct writers *out)
{
    struct stat st;

    if (path[0] != '/' || lstat(path, &st) != 0)
        return false;
    return S_ISLNK(st.st_mode) ? writers_find(path, out) : look_at(path, &st, true, out);
}
