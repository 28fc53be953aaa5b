#pragma once
/*
 * The directories on the way to a lineage's files: the users and groups that they admit.
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
 * Admits the groups named in wanted, the owners named there (by access control lists), and all users where all may read
 * certificates (not through the archive: an older Certbot would make keys that everybody can read, which only the
 * closed directories protect). Where neither was asked for nothing is changed. Warns of failures, and of any part of
 * the way, also above config_dir, that does not admit them. A failure changes nothing for the worse.
 */
void traversal_open(const struct way *way, const struct ownerships *wanted);

/*
 * Whether a user can follow path, with its links, and read the file at its end (or enter the directory). uid (uid_t)-1:
 * an unknown user of group gid; gid (gid_t)-1: of no named group. With a known uid its groups are looked up, and gid is
 * ignored. *obstacle, when false: the first part of the way that denies access, of the caller's.
 */
bool access_may_reach(const char *path, uid_t uid, gid_t gid, char **obstacle);

/* A key that is about to come into live/NAME from a place that kept others away from it (was): what others may is taken
 * from it, unless live/ keeps them away, too. */
MUST_USE bool traversal_guard_key(const char *live_dir, const char *was, const char *key, struct error *err);

/* A file in dir or below that everybody may read and that holds a private key, of the caller's; NULL when there is
 * none. */
char *traversal_open_key(const char *dir);

/* ---- inside the room: traversal.c to traversal_tell.c ---- */

/* Reports that a reader cannot reach a live file, and the obstacle. failure: why it could not be opened; of kind
 * ERROR_NONE when nothing failed. */
void traversal_tell(const struct way *way, enum kind kind, struct who reader, const struct error *failure);
/* Reports why Certbot's layout is not opened to all. */
void traversal_tell_closed(const struct way *way);
