/*
 * Walks a path with another user's rights: whether it can be reached, and which part prevents it.
 */
#include <errno.h>
#include <string.h>

#include "access/owner.h"
#include "access/traversal.h"
#include "base/acl.h"
#include "base/mem.h"

#define MAX_LINKS 40 /* as the kernel has it */
#define MAY_READ 4
#define MAY_PASS 1

static bool may(const char *path, const struct acl_user *user, unsigned what)
{
    struct error unreadable = { 0 };
    struct stat st;
    struct acl acl;

    if (stat(path, &st) != 0)
        return false;
    if (user->uid == 0)
        return true;
    if (user->uid != (uid_t)-1 && user->uid == st.st_uid)
        return ((st.st_mode >> 6) & what) == what;
    if (!acl_of_path(path, &st, &acl, &unreadable))
        acl_of_mode(st.st_mode, &acl);
    return (acl_user_may(&acl, st.st_gid, user) & what) == what;
}

/* One step into *at; a link puts its text in front of *rest. False when it leads nowhere. */
static bool step(char **at, char **rest, const char *name, unsigned *links)
{
    AUTO(free) char *next = NULL, *text = NULL, *longer = NULL;
    struct error err = { 0 };

    if (strcmp(name, ".") == 0 || name[0] == '\0')
        return true;
    next = strcmp(name, "..") == 0 ? file_dirname(*at) : file_join(*at, name);
    if (!file_is_link(next)) {
        xreplace(at, next);
        return file_exists(next);
    }
    if (++*links > MAX_LINKS || !file_read_link(next, &text, &err)) {
        xreplace(at, next);
        return false;
    }
    longer = xprintf("%s/%s", text, *rest);
    xreplace(rest, longer);
    if (text[0] == '/')
        xreplace(at, "/");
    return true;
}

static bool reach(const char *path, const struct acl_user *user, char **obstacle)
{
    AUTO(free) char *at = xstrdup("/"), *rest = file_absolute(path);
    unsigned links = 0;

    while (rest[strspn(rest, "/")] != '\0') {
        const char *begin = rest + strspn(rest, "/");
        AUTO(free) char *name = xstrndup(begin, strcspn(begin, "/"));
        AUTO(free) char *left = xstrdup(begin + strlen(name));

        xreplace(&rest, left);
        if (!may(at, user, MAY_PASS) || !step(&at, &rest, name, &links)) {
            *obstacle = TAKE(at);
            return false;
        }
    }
    if (may(at, user, file_is_dir(at) ? MAY_PASS : MAY_READ))
        return true;
    *obstacle = TAKE(at);
    return false;
}

bool access_may_reach(const char *path, uid_t uid, gid_t gid, char **obstacle)
{
    AUTO(free) gid_t *gids = NULL;
    struct acl_user user = { .uid = uid, .gids = &gid, .count = gid == (gid_t)-1 ? 0 : 1 };

    if (uid != (uid_t)-1) {
        user.count = owner_groups(uid, &gids);
        user.gids = gids;
    }
    return reach(path, &user, obstacle);
}
