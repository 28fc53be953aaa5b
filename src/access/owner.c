#include "access/owner.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "base/mem.h"

#define GROUPS_FIRST 32
#define SIZE_FIRST 1024
#define SIZE_MAX_ENTRY ((size_t)4 * 1024 * 1024) /* a group of very many members */

/* Both databases have the same four lookups, each with a caller's buffer that may be too small. */
union entry {
    struct passwd user;
    struct group group;
};

enum database { USERS, GROUPS };

/* name NULL: asks for the number. False: none, or (*sys) the database cannot be asked. *memory holds what entry points
 * to. */
static bool look_up(enum database which, const char *name, uint32_t id, union entry *entry, char **memory, int *sys)
{
    for (size_t size = SIZE_FIRST; size <= SIZE_MAX_ENTRY; size *= 2) {
        struct passwd *user = NULL;
        struct group *group = NULL;

        *memory = xrealloc(*memory, size, 1);
        if (which == USERS)
            *sys = name != NULL ? getpwnam_r(name, &entry->user, *memory, size, &user)
                                : getpwuid_r(id, &entry->user, *memory, size, &user);
        else
            *sys = name != NULL ? getgrnam_r(name, &entry->group, *memory, size, &group)
                                : getgrgid_r(id, &entry->group, *memory, size, &group);
        if (*sys != ERANGE)
            return user != NULL || group != NULL;
    }
    return false;
}

/* Whether getpwnam says that there is no such name: systems differ in the errno (getpwnam(3)). */
static bool means_none(int sys)
{
    return sys == 0 || sys == ENOENT || sys == ESRCH || sys == EBADF || sys == EPERM;
}

static bool look_up_id(enum database which, const char *name, uint32_t *out, struct error *err)
{
    const char *what = which == USERS ? "user" : "group";
    AUTO(free) char *memory = NULL;
    union entry entry;
    uint64_t number;
    int sys = 0;

    if (look_up(which, name, 0, &entry, &memory, &sys)) {
        *out = which == USERS ? entry.user.pw_uid : entry.group.gr_gid;
        return true;
    }
    if (view_to_number(view_of(name), 0, UINT32_MAX - 1, &number)) {
        *out = (uint32_t)number;
        return true;
    }
    if (!means_none(sys)) {
        errno = sys;
        return error_errno(err, ERROR_CONFIG, "cannot look up the %s %s", what, name);
    }
    (void)error_set(err, ERROR_CONFIG, "there is no %s %s", what, name);
    return error_next(err, "make it (%sadd %s), or choose another with --key-%s or --cert-%s", what, name,
        which == USERS ? "owner" : "group", which == USERS ? "owner" : "group");
}

bool owner_find_user(const char *name, uid_t *out, struct error *err)
{
    uint32_t id;

    TRY(look_up_id(USERS, name, &id, err));
    *out = id;
    return true;
}

bool owner_find_group(const char *name, gid_t *out, struct error *err)
{
    uint32_t id;

    TRY(look_up_id(GROUPS, name, &id, err));
    *out = id;
    return true;
}

size_t owner_groups(uid_t uid, gid_t **out)
{
    AUTO(free) char *memory = NULL;
    union entry entry;
    int sys = 0, count = GROUPS_FIRST, had;

    *out = NULL;
    if (!look_up(USERS, NULL, uid, &entry, &memory, &sys))
        return 0;
    do { /* says how many there are when there is no room for them */
        had = count;
        *out = xrealloc(*out, (size_t)had, sizeof **out);
    } while (getgrouplist(entry.user.pw_name, entry.user.pw_gid, *out, &count) < 0 && count > had);
    return (size_t)(count < had ? count : had);
}

static char *name_of(enum database which, uint32_t id)
{
    AUTO(free) char *memory = NULL;
    union entry entry;
    int sys = 0;

    if (look_up(which, NULL, id, &entry, &memory, &sys))
        return xstrdup(which == USERS ? entry.user.pw_name : entry.group.gr_name);
    return xprintf("%u", (unsigned)id);
}

char *owner_user_name(uid_t uid)
{
    return name_of(USERS, uid);
}

char *owner_group_name(gid_t gid)
{
    return name_of(GROUPS, gid);
}
