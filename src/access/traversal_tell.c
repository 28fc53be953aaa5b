/*
 * Reports why a user or group that is to read a file cannot reach it, and the command that changes that.
 */
#include <errno.h>
#include <string.h>

#include "access/owner.h"
#include "access/traversal.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"

#define NO_USER ((uid_t)-1)
#define NO_GROUP ((gid_t)-1)

static bool is_below(const char *path, const char *dir)
{
    return text_starts(path, dir) && (path[strlen(dir)] == '/' || path[strlen(dir)] == '\0');
}

/* The command by which root grants access to the obstacle. Within the store only the named user or group is admitted;
 * above it, o+x for everybody is offered as well. */
static char *remedy(const char *config_dir, const char *obstacle, struct who who, const char *name)
{
    char letter = who.uid != NO_USER ? 'u' : 'g';
    struct stat st;

    if (name == NULL)
        return xprintf("chmod o+x %s", obstacle);
    if (letter == 'g' && stat(obstacle, &st) == 0 && (st.st_mode & S_IRWXG) == 0 && is_below(obstacle, config_dir))
        return xprintf("chgrp %s %s && chmod g+rx %s", name, obstacle, obstacle);
    if (!is_below(obstacle, config_dir))
        return xprintf("setfacl -m %c:%s:x %s, or for everybody: chmod o+x %s", letter, name, obstacle, obstacle);
    return xprintf("setfacl -m %c:%s:x %s", letter, name, obstacle);
}

/* A mode knows no users beside the owner. */
static void tell_no_lists_for_user(const char *file, const char *who, const char *obstacle)
{
    log_warning(
        "%s belongs to %s, but %s does not let that user pass: its file system has no access control lists, without "
        "which only a group can be let in. Use --key-group (or --cert-group) with a group of that user's, too",
        file, who, obstacle);
}

/* Without lists there is one group for each directory, and nothing that closes what an older Certbot makes. */
static void tell_no_lists(
    const struct way *way, const char *file, const char *who, const char *obstacle, const char *group)
{
    if (way->through_archive)
        log_warning("%s is to be read by %s, but %s stays closed: its file system has no access control lists, without "
                    "which an older Certbot could make keys there that they can read, or others who pass it would lose "
                    "their way. Convert (store convert --layout versioned --cert-name %s), or if neither matters: "
                    "chgrp %s %s && chmod g+x %s",
            file, who, obstacle, way->name, group, obstacle, obstacle);
    else
        log_warning("%s is to be read by %s, but %s lets another group pass, and its file system has no access control "
                    "lists to add one. Use that group, or if it is no longer needed: chgrp %s %s && chmod g+rx %s",
            file, who, obstacle, group, obstacle, obstacle);
}

/* failure: why it could not be opened; its kind is ERROR_NONE when nothing failed. */
void traversal_tell(const struct way *way, enum kind kind, struct who reader, const struct error *failure)
{
    AUTO(free) char *obstacle = NULL, *command = NULL, *who = NULL, *name = NULL;
    const char *file = way->live[kind];

    if (access_may_reach(file, reader.uid, reader.gid, &obstacle) ||
        !file_is_dir(obstacle)) /* of the file, access_tell tells */
        return;
    name = reader.uid != NO_USER    ? owner_user_name(reader.uid)
           : reader.gid != NO_GROUP ? owner_group_name(reader.gid)
                                    : NULL;
    who = name == NULL ? xstrdup("everybody") : xprintf("%s %s", reader.uid != NO_USER ? "user" : "group", name);
    if (failure->sys == ENOTSUP && reader.uid != NO_USER) {
        tell_no_lists_for_user(file, who, obstacle);
        return;
    }
    if (failure->sys == ENOTSUP && name != NULL) {
        tell_no_lists(way, file, who, obstacle, name);
        return;
    }
    if (failure->next[0] != '\0' && failure->sys == 0) {
        log_warning("%s is to be read by %s, but %s stays closed to them: %s. To change that: %s", file, who, obstacle,
            failure->why, failure->next);
        return;
    }
    command = remedy(way->config_dir, obstacle, reader, name);
    log_warning("%s is to be read by %s, but %s does not let them pass. Root can change that: %s", file, who, obstacle,
        command);
}

void traversal_tell_closed(const struct way *way)
{
    AUTO(free) char *obstacle = NULL;

    if (access_may_reach(way->live[KIND_CERT], (uid_t)-1, NO_GROUP, &obstacle))
        return;
    log_warning(
        "The certificates of %s may be read by everybody, but %s lets nobody pass. In Certbot's layout it stays "
        "closed: an older Certbot would make private keys there that everybody can read. Choose a group "
        "(--cert-group), or convert: store convert --layout versioned --cert-name %s",
        way->name, obstacle, way->name);
}
