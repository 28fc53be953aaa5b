#pragma once
/*
 * POSIX access control lists (the draft 1003.1e that Linux follows; acl(5)): reading, changing and writing them as the
 * attribute that they are kept in.
 *
 * Knows nothing of the store's directories and their readers.
 */
#include <sys/stat.h>

#include "base/bytes.h"

enum acl_tag { /* numbers of the attribute's form; entries are sorted by them, and by id */
    ACL_OWNER = 0x01,
    ACL_USER = 0x02, /* with an id */
    ACL_OWNING_GROUP = 0x04,
    ACL_GROUP = 0x08, /* with an id */
    ACL_MASK = 0x10,  /* bounds users, groups and the owning group; its bits are the group's in a mode */
    ACL_OTHER = 0x20,
};

#define ACL_MAX 512 /* entries: more than the file systems keep that we know of */
#define ACL_SIZE_MAX (4 + 8 * ACL_MAX)

struct acl_entry {
    uint16_t tag;
    uint16_t perm; /* 4 read, 2 write, 1 execute or pass */
    uint32_t id;   /* UINT32_MAX where the tag has none */
};

struct acl {
    size_t len;
    struct acl_entry at[ACL_MAX];
};

/* The attribute's value: ERROR_STORE unless it is one that a kernel would write (version 2, in order, complete). */
MUST_USE bool acl_parse(struct view value, struct acl *out, struct error *err);
void acl_put(const struct acl *acl, struct buf *out);

/* The list that is equal to a mode. */
void acl_of_mode(mode_t mode, struct acl *out);
/* Whether it says more than a mode can. */
bool acl_is_extended(const struct acl *acl);
/* The permissions of a mode; with a mask, the group's bits are the mask's. */
mode_t acl_mode(const struct acl *acl);
/* The effective permissions of owner, owning group and others, as the mode that grants the same without the list. */
mode_t acl_mode_without(const struct acl *acl);

/* The permissions (rwx bits) of a process whose only group is gid; owning is the file's group. gid (gid_t)-1: a process
 * in no group. */
unsigned acl_group_may(const struct acl *acl, gid_t owning, gid_t gid);
/* The same for a user who is not the owner. */
struct acl_user {
    uid_t uid;         /* (uid_t)-1: nobody that is named */
    const gid_t *gids; /* groups of the user; borrowed */
    size_t count;
};
unsigned acl_user_may(const struct acl *acl, gid_t owning, const struct acl_user *user);
/* Whether a group or user other than the owner has more permissions than others have. */
bool acl_has_guests(const struct acl *acl);
unsigned acl_other_may(const struct acl *acl);

/* acl_grant: gives a group perm besides its permissions, and no other user or group more. acl_deny: takes all its
 * permissions. False when there is no room for a further entry. */
MUST_USE bool acl_grant(struct acl *acl, gid_t owning, gid_t gid, unsigned perm);
MUST_USE bool acl_deny(struct acl *acl, gid_t gid);
/* The same for a user. */
MUST_USE bool acl_grant_user(struct acl *acl, gid_t owning, const struct acl_user *user, unsigned perm);
MUST_USE bool acl_deny_user(struct acl *acl, uid_t uid);
void acl_grant_others(struct acl *acl, unsigned perm);
/* Takes all permissions from others, and from the owning group those that others had too. */
void acl_close_others(struct acl *acl);
/* Reduces the owning group's permissions to those of others. */
void acl_level_group(struct acl *acl);

/* ---- of files ---- */

/* The list of an open file or directory; that of its mode when it has none, or the file system has no such thing. */
MUST_USE bool acl_of_fd(int fd, const char *path, struct acl *out, struct error *err);
MUST_USE bool acl_of_path(const char *path, const struct stat *st, struct acl *out, struct error *err);
/* Sets it; by a mode alone where that is enough. err->sys is ENOTSUP where the file system has no lists. */
MUST_USE bool acl_set_fd(int fd, const char *path, const struct acl *acl, struct error *err);
/* Sets a default list by which everything created in the directory is private to its owner at first. An existing
 * default list is left alone. err->sys as above. */
MUST_USE bool acl_close_new(int fd, const char *path, struct error *err);
/* Takes that back; a default list of another's making stays. */
MUST_USE bool acl_open_new(int fd, const char *path, struct error *err);
/* The one gets the lists that the other has: none, where that has none. As well as that goes. */
MUST_USE bool acl_copy(int from, int to, const char *path, struct error *err);
