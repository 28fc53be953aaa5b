#include "access/traversal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "access/owner.h"
#include "base/acl.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"

#define NO_USER ((uid_t)-1)
#define NO_GROUP ((gid_t)-1)
#define PASS 1u
#define ENTER 5u /* list and pass */
#define MAX_DEPTH 8

/* The user or group that directories are opened to, and a user's groups. */
struct guest {
    struct who who;
    struct acl_user user; /* for a group: a member of it without an entry of its own */
    gid_t *gids;
};

struct dir { /* an open directory */
    int fd;
    char *path;
    struct stat st;
    struct acl acl;
};

static void dir_close_at(struct dir *dir)
{
    close_at(&dir->fd);
    free(dir->path);
}

/* shared: live/ and archive/, which other threads and processes of ours may change for other lineages at the same time:
 * locked until it is closed. */
static bool dir_open(const char *path, bool shared, struct dir *out, struct error *err)
{
    AUTO(dir_close) struct dir dir = { .fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) };

    if (dir.fd < 0)
        return file_error(err, "open the directory", path);
    if (shared)
        (void)flock(dir.fd, LOCK_EX); /* where that does not work, it is as safe as with one process */
    if (fstat(dir.fd, &dir.st) != 0)
        return file_error(err, "examine", path);
    TRY(acl_of_fd(dir.fd, path, &dir.acl, err));
    dir.path = xstrdup(path);
    *out = dir;
    dir = (struct dir){ .fd = -1 };
    return true;
}

static struct guest guest_of(struct who who)
{
    struct guest guest = { .who = who, .user = { .uid = who.uid } };

    if (who.uid != NO_USER) {
        guest.user.count = owner_groups(who.uid, &guest.gids);
    } else {
        guest.gids = xcalloc(1, sizeof *guest.gids);
        guest.gids[0] = who.gid;
        guest.user.count = 1;
    }
    guest.user.gids = guest.gids;
    return guest;
}

static void guest_clear_at(struct guest *guest)
{
    free(guest->gids);
}

static bool is_user(const struct guest *guest)
{
    return guest->who.uid != NO_USER;
}

static bool owns(const struct dir *dir, const struct guest *guest)
{
    return is_user(guest) && (guest->who.uid == dir->st.st_uid || guest->who.uid == 0);
}

static bool lets(const struct dir *dir, const struct guest *guest, unsigned what)
{
    return owns(dir, guest) || (acl_user_may(&dir->acl, dir->st.st_gid, &guest->user) & what) == what;
}

static bool is_full(const struct dir *dir, struct error *err)
{
    return error_set(err, ERROR_STORE, "the access control list of %s is full", dir->path);
}

/* Whether only the owner (and root) has any permission. */
static bool is_closed(const struct dir *dir)
{
    return !acl_has_guests(&dir->acl) && acl_other_may(&dir->acl) == 0;
}

/* ---- keys that lie open ---- */

static bool has_key_name(const char *name)
{
    static const char *const ends[] = { ".key", ".p12", ".pfx", ".jks", ".keystore" };

    for (size_t i = 0; i < COUNT(ends); i++)
        if (text_ends(name, ends[i]))
            return true;
    return text_starts(name, "privkey");
}

static bool holds_key(const char *path, const struct stat *st)
{
    AUTO(buf_clear) struct buf text = BUF_SECRET(FILE_MAX_TEXT);
    struct error err = { 0 };

    if (has_key_name(file_basename(path)))
        return true;
    if (st->st_size > FILE_MAX_TEXT || !file_read(path, &text, &err))
        return true; /* unknown */
    return text.len > 0 && memmem(text.at, text.len, "PRIVATE KEY", strlen("PRIVATE KEY")) != NULL;
}

static char *open_key_below(const char *dir, unsigned depth)
{
    AUTO(list_clear) struct list names = { 0 };
    struct error err = { 0 };

    if (depth > MAX_DEPTH || !file_list_dir(dir, &names, &err))
        return xstrdup(dir); /* nobody knows */
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *path = file_join(dir, names.at[i]);
        char *found = NULL;
        struct stat st;

        if (lstat(path, &st) != 0)
            continue;
        if (S_ISREG(st.st_mode) && (st.st_mode & S_IROTH) != 0 && holds_key(path, &st))
            return TAKE(path);
        if (S_ISDIR(st.st_mode) && (st.st_mode & S_IXOTH) != 0)
            found = open_key_below(path, depth + 1);
        if (found != NULL)
            return found;
    }
    return NULL;
}

char *traversal_open_key(const char *dir)
{
    return open_key_below(dir, 0);
}

static bool key_is_open(const char *path, const char *dir, struct error *err)
{
    (void)error_set(err, ERROR_STORE,
        "%s can be read by everybody who gets there, and only the closed directory %s keeps "
        "them away",
        path, dir);
    return error_next(err, "chmod go-r %s", path);
}

bool traversal_guard_key(const char *live_dir, const char *was, const char *key, struct error *err)
{
    AUTO(close) int fd = open(key, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    AUTO(dir_close) struct dir above = { .fd = -1 };
    AUTO(free) char *path = file_dirname(live_dir), *obstacle = NULL;
    struct stat st;

    if (fd < 0 || fstat(fd, &st) != 0)
        return file_error(err, "examine", key);
    if (!S_ISREG(st.st_mode) || (st.st_mode & S_IRWXO) == 0)
        return true;
    TRY(dir_open(path, false, &above, err));
    if (is_closed(&above) || access_may_reach(was, (uid_t)-1, NO_GROUP, &obstacle))
        return true;
    return fchmod(fd, st.st_mode & 07777 & ~(mode_t)S_IRWXO) == 0 || file_error(err, "set the mode of", key);
}

/* ---- opening to a group, or a user ---- */

/* Replaces the group of a directory that no other group used: ls shows it, an access control list it does not. */
static bool give_to_group(struct dir *dir, gid_t gid, unsigned perm, struct error *err)
{
    mode_t mode = dir->st.st_mode & 07777;

    if (fchown(dir->fd, (uid_t)-1, gid) != 0)
        return file_error(err, "set the group of", dir->path);
    return fchmod(dir->fd, (mode & ~(mode_t)S_IRWXG) | perm << 3) == 0 || file_error(err, "set the mode of", dir->path);
}

/* Others have rights there by their group, and keep them. */
static bool let(struct dir *dir, const struct guest *guest, unsigned perm, struct error *err)
{
    gid_t gid = guest->who.gid;

    if (lets(dir, guest, perm))
        return true;
    if (!is_user(guest) && !acl_is_extended(&dir->acl) && (dir->st.st_mode & S_IRWXG) == 0 && dir->st.st_gid != gid)
        return give_to_group(dir, gid, perm, err);
    if (!(is_user(guest) ? acl_grant_user(&dir->acl, dir->st.st_gid, &guest->user, perm)
                         : acl_grant(&dir->acl, dir->st.st_gid, gid, perm)))
        return is_full(dir, err);
    return acl_set_fd(dir->fd, dir->path, &dir->acl, err);
}

/* Whether the user or group has more rights there than others have: the directory was opened to it before. */
static bool is_known(const struct dir *dir, const struct guest *guest)
{
    return owns(dir, guest) ||
           (acl_user_may(&dir->acl, dir->st.st_gid, &guest->user) & ~acl_other_may(&dir->acl)) != 0 ||
           (!is_user(guest) && dir->st.st_gid == guest->who.gid && (dir->st.st_mode & S_IXGRP) != 0);
}

/* Denies the user or group the directory `path`, which lies beside the lineage in a directory that is being opened to
 * them. was_closed: that directory was closed so far, so nobody relies on access; then all others are denied. */
static bool shut_out(const char *path, const struct guest *guest, bool was_closed, struct error *err)
{
    AUTO(dir_close) struct dir dir = { .fd = -1 };

    TRY(dir_open(path, false, &dir, err));
    if (is_known(&dir, guest) || !lets(&dir, guest, PASS)) /* or closed already */
        return true;
    if (was_closed)
        acl_close_others(&dir.acl);
    else if (!(is_user(guest) ? acl_deny_user(&dir.acl, guest->who.uid) : acl_deny(&dir.acl, guest->who.gid)))
        return is_full(&dir, err);
    return acl_set_fd(dir.fd, path, &dir.acl, err);
}

/* keys_lie_open: in archive/ an older Certbot keeps keys that everybody can read; in live/ somebody may. */
static bool shut_out_beside(
    const struct dir *above, const char *own, const struct guest *guest, bool keys_lie_open, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };
    bool was_closed = is_closed(above);

    TRY(file_list_dir(above->path, &names, err));
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *path = file_join(above->path, names.at[i]);
        AUTO(free) char *key = NULL;
        struct stat st;

        if (strcmp(names.at[i], own) == 0 || lstat(path, &st) != 0)
            continue;
        if (S_ISREG(st.st_mode) && (st.st_mode & S_IROTH) != 0 && holds_key(path, &st))
            return key_is_open(path, above->path, err);
        if (!S_ISDIR(st.st_mode))
            continue;
        if (!keys_lie_open)
            key = traversal_open_key(path);
        if (keys_lie_open || key != NULL)
            TRY(shut_out(path, guest, was_closed, err));
    }
    return true;
}

/* Opens the lineage's own directory; to this user or group alone where it was closed so far. */
static bool open_own(const struct dir *above, const char *path, const struct guest *guest, bool reads_keys,
    bool is_archive, struct error *err)
{
    AUTO(dir_close) struct dir dir = { .fd = -1 };
    AUTO(free) char *key = NULL;

    TRY(dir_open(path, false, &dir, err));
    if (!reads_keys && !(lets(above, guest, PASS) && lets(&dir, guest, ENTER))) {
        key = traversal_open_key(path);
        if (key != NULL)
            return key_is_open(key, path, err);
    }
    /* Keys that an older Certbot adds: open to readers of keys, closed once readers of certificates alone may enter. */
    if (is_archive && !reads_keys)
        TRY(acl_close_new(dir.fd, path, err));
    else if (is_archive && !acl_has_guests(&dir.acl))
        TRY(acl_open_new(dir.fd, path, err));
    if (is_closed(above) && !acl_is_extended(&dir.acl) && (is_user(guest) || dir.st.st_gid != guest->who.gid)) {
        acl_close_others(&dir.acl);
        TRY(acl_set_fd(dir.fd, path, &dir.acl, err));
        dir.st.st_mode = (dir.st.st_mode & ~(mode_t)0777) | acl_mode(&dir.acl);
    }
    return let(&dir, guest, ENTER, err);
}

/* own: live/NAME or archive/NAME. */
static bool open_to(const char *own, const struct guest *guest, bool reads_keys, bool is_archive, struct error *err)
{
    AUTO(free) char *path = file_dirname(own);
    AUTO(dir_close) struct dir above = { .fd = -1 };

    TRY(dir_open(path, true, &above, err));
    if (!lets(&above, guest, PASS))
        TRY(shut_out_beside(&above, file_basename(own), guest, is_archive, err));
    TRY(open_own(&above, own, guest, reads_keys, is_archive, err));
    if (lets(&above, guest, PASS))
        return true;
    if (is_archive)
        TRY(acl_close_new(above.fd, path, err));
    return let(&above, guest, PASS, err);
}

/* ---- opening to everybody ---- */

static bool lets_all(const struct dir *dir)
{
    return (acl_other_may(&dir->acl) & PASS) != 0;
}

static bool let_all(struct dir *dir, struct error *err)
{
    if (lets_all(dir))
        return true;
    acl_grant_others(&dir->acl, PASS);
    return acl_set_fd(dir->fd, dir->path, &dir->acl, err);
}

/* Opens the directory and the one above it to all, unless a private key in them is readable by all. Where the upper one
 * is open already only the lower one is searched. */
static bool open_to_all(const char *own, struct error *err)
{
    AUTO(free) char *path = file_dirname(own);
    AUTO(dir_close) struct dir above = { .fd = -1 };
    AUTO(dir_close) struct dir dir = { .fd = -1 };
    AUTO(free) char *key = NULL;

    TRY(dir_open(path, true, &above, err));
    TRY(dir_open(own, false, &dir, err));
    if (lets_all(&above) && lets_all(&dir))
        return true;
    key = traversal_open_key(lets_all(&above) ? own : path);
    if (key != NULL)
        return key_is_open(key, path, err);
    return let_all(&dir, err) && let_all(&above, err);
}

/* ---- the whole ---- */

/* Directories of the store's own: what a renewal file names elsewhere is not ours to open. */
static bool is_ours(const char *config_dir, const char *part, const char *path)
{
    AUTO(free) char *above = file_dirname(path);
    AUTO(free) char *expected = file_join(config_dir, part);

    return strcmp(above, expected) == 0;
}

static void let_read(const struct way *way, struct who who, bool reads_keys)
{
    AUTO(guest_clear) struct guest guest = guest_of(who);
    struct error err = { 0 };

    if (is_ours(way->config_dir, "live", way->live_dir) && open_to(way->live_dir, &guest, reads_keys, false, &err) &&
        way->through_archive && is_ours(way->config_dir, "archive", way->archive_dir))
        (void)!open_to(way->archive_dir, &guest, reads_keys, true, &err);
    if (err.kind != ERROR_NONE)
        log_info("The directories of %s are not open to user %d, group %d: %s", way->name, (int)who.uid, (int)who.gid,
            err.why);
    traversal_tell(way, reads_keys ? KIND_PRIVKEY : KIND_CERT, who, &err);
}

static void let_everybody(const struct way *way)
{
    struct error err = { 0 };

    if (way->through_archive) {
        traversal_tell_closed(way);
        return;
    }
    if (is_ours(way->config_dir, "live", way->live_dir))
        (void)!open_to_all(way->live_dir, &err);
    traversal_tell(way, KIND_CERT, (struct who){ NO_USER, NO_GROUP }, &err);
}

/* The owner of a file, unless access is given already: to root, to the store's owner, and to members of a group that is
 * admitted. */
static void let_owner(const struct way *way, uid_t uid, bool reads_keys)
{
    AUTO(free) char *obstacle = NULL;

    if (uid == NO_USER ||
        access_may_reach(way->live[reads_keys ? KIND_PRIVKEY : KIND_CERT], uid, NO_GROUP, &obstacle) ||
        !file_is_dir(obstacle)) /* it was not given to him: access_tell says so */
        return;
    let_read(way, (struct who){ uid, NO_GROUP }, reads_keys);
}

void traversal_open(const struct way *way, const struct ownerships *wanted)
{
    gid_t key = wanted->key.gid, cert = wanted->cert.gid;
    bool key_readers = key != NO_GROUP && (wanted->key.mode == 0 || (wanted->key.mode & S_IRGRP) != 0);
    bool cert_readers = cert != NO_GROUP && (wanted->cert.mode == 0 || (wanted->cert.mode & S_IRGRP) != 0);

    if (key_readers)
        let_read(way, (struct who){ NO_USER, key }, true);
    if (cert_readers && !(key_readers && cert == key))
        let_read(way, (struct who){ NO_USER, cert }, false);
    if ((wanted->cert.mode & S_IROTH) != 0)
        let_everybody(way);
    let_owner(way, wanted->key.uid, true);
    let_owner(way, wanted->cert.uid, false);
}
