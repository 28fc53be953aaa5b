#pragma once
/*
 * The directories on the way to a lineage's files: whom they let pass.
 *
 * Certbot made live/ and archive/ with 0700, and what lies below is open to everybody: in old stores private keys, too.
 * So opening one of the two to a group closes to it what it did not ask for; and nothing is opened to everybody while a
 * key lies open below.
 */
#include "access/access.h"

/* Where a lineage's files are. */
struct way {
    const char *config_dir, *name, *live_dir, *archive_dir;
    char *const *live;    /* the four live paths, by kind */
    bool through_archive; /* they are links into archive_dir, where an older Certbot makes keys that everybody can read
                           */
};

/* A user (gid is (gid_t)-1), a group (uid is (uid_t)-1), or everybody (both are). */
struct who {
    uid_t uid;
    gid_t gid;
};

/*
 * Lets the groups that wanted name pass, the owners that they name (by access control lists), and everybody where
 * everybody may read certificates (not through the archive: an older Certbot would make keys that everybody can read,
 * which only the closed directories protect). Where neither was asked for nothing is changed. Warns of what could
 * not be done, and of any part of the way, also above config_dir, that lets them not pass. A failure changes nothing
 * for the worse.
 */
void traversal_open(const struct way *way, const struct ownerships *wanted);

/*
 * Whether the way to path, following links, lets somebody pass, and path itself can be read (a directory: passed). uid
 * (uid_t)-1: a user that nothing is known of but the group; gid (gid_t)-1: one in no group that is named anywhere. Of a
 * user who is known the groups are known, and gid is passed over. *obstacle, when not: the first part of the way that
 * is in the way, of the caller's.
 */
bool access_may_reach(const char *path, uid_t uid, gid_t gid, char **obstacle);

/* A key that is about to come into live/NAME from a place that kept others away from it (was): what others may is taken
 * from it, unless live/ keeps them away, too. */
MUST_USE bool traversal_guard_key(const char *live_dir, const char *was, const char *key, struct error *err);

/* A file in dir or below that everybody may read and that holds a private key, of the caller's; NULL when there is
 * none. */
char *traversal_open_key(const char *dir);

/* ---- inside the room: traversal.c to traversal_tell.c ---- */

/* When somebody does not get to a live file: what is in the way. failure: why it could not be opened; of kind
 * ERROR_NONE when nothing failed. */
void traversal_tell(const struct way *way, enum kind kind, struct who reader, const struct error *failure);
/* Why Certbot's layout is not opened to everybody. */
void traversal_tell_closed(const struct way *way);
