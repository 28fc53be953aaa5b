#pragma once
/*
 * Access to the files of a version: owner, group and mode of private keys and of certificates.
 *
 * Knows whether settings or the present files decide; where the files are is up to the layout, and the directories on
 * the way are traversal.h's. No lineages, only paths.
 */
#include "access/kind.h"
#include "base/acl.h"
#include "base/file.h"
#include "config/settings.h"

struct access { /* of the files of one version */
    struct file_access key, cert;
    struct acl key_acl; /* permissions added by hand; len 0: none */
};

/* The owner, group and mode that settings ask for, of keys or of certificates. */
struct ownership {
    uid_t uid;   /* (uid_t)-1: they are silent */
    gid_t gid;   /* (gid_t)-1 */
    mode_t mode; /* 0 */
};

struct ownerships {
    struct ownership key, cert;
};

/* ERROR_CONFIG when they name an owner or a group that does not exist, or a mode that no file of ours may have. */
MUST_USE bool access_ownerships(const struct settings *settings, struct ownerships *out, struct error *err);

/* Computes the access of the next version's files. Settings come first. Where they are silent, what an administrator
 * changed by hand on the newest key is kept: its owner (except under the name certbot), its group, the group's
 * permissions, the read permission of others, and its access control list. Otherwise the key is private to its owner
 * and certificates are public. A key group that is given without a mode may read the key, and no other group may. key:
 * path of the newest key; NULL when there is none yet. ERROR_CONFIG as above. */
MUST_USE bool access_of_next(const char *key, const struct settings *settings, struct access *out, struct error *err);

/* The same without settings. */
MUST_USE bool access_of_live(const char *key, struct access *out, struct error *err);

/* The part of `access` that applies to files of that kind: the key's or the certificates'. */
struct file_access access_of_kind(const struct access *access, enum kind kind);

/* The access of a certificate at that path when settings ask for nothing. */
struct file_access access_public(const char *path);

/* Creates a file that has its access before its first byte. Where this process may not give files to the owner or
 * group, the file keeps its own, and that group gets no more rights than others; access_tell reports it. */
MUST_USE bool access_create(const char *path, struct view content, struct file_access access, struct error *err);

/* The same for a file of a version, with the list. */
MUST_USE bool access_create_part(
    const char *path, enum kind kind, struct view content, const struct access *access, struct error *err);

/* Applies the settings' owner, group and mode to a file; where they are silent, it stays as it is. At no moment can a
 * user read it who could neither before nor afterwards. What this process may not set is left (access_tell). A missing
 * file is fine. */
MUST_USE bool access_apply(const char *path, enum kind kind, const struct ownerships *wanted, struct error *err);

/* Gives the key of an older version, which is to become live, what the newest one, live_key, has: as a successor would
 * get it. */
MUST_USE bool access_hand_on(const char *live_key, const char *key, struct error *err);

/* Warns when the live files do not have what they were to get, with the command that root would run. */
void access_tell(char *const live[KIND_COUNT], const struct access *access);
