#include "store/passage.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "store/acl.h"
#include "store/layout.h"
#include "store/owner.h"

#define NO_GROUP ((gid_t)-1)
#define PASS 1u
#define ENTER 5u /* list and pass */
#define MAX_DEPTH 8

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

static bool lets(const struct dir *dir, gid_t gid, unsigned what)
{
    return (acl_group_may(&dir->acl, dir->st.st_gid, gid) & what) == what;
}

/* Nobody but the owner (and root) has any right. */
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
        return true; /* nobody knows */
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

char *passage_open_key(const char *dir)
{
    return open_key_below(dir, 0);
}

static bool key_is_open(const char *path, const char *dir, struct error *err)
{
    (void)error_set(err, ERROR_STORE, "%s can be read by everybody who gets there, and only the closed directory %s keeps "
                                      "them away", path, dir);
    return error_next(err, "chmod go-r %s", path);
}

bool passage_guard_key(const char *live_dir, const char *was, const char *key, struct error *err)
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

/* ---- opening to a group ---- */

/* The group of a directory that nobody used so far is replaced: what everybody sees with ls. */
static bool give_to_group(struct dir *dir, gid_t gid, unsigned perm, struct error *err)
{
    mode_t mode = dir->st.st_mode & 07777;

    if (fchown(dir->fd, (uid_t)-1, gid) != 0)
        return file_error(err, "set the group of", dir->path);
    return fchmod(dir->fd, (mode & ~(mode_t)S_IRWXG) | perm << 3) == 0 || file_error(err, "set the mode of", dir->path);
}

/* Others have rights there by their group, and keep them. */
static bool let_group(struct dir *dir, gid_t gid, unsigned perm, struct error *err)
{
    if (lets(dir, gid, perm))
        return true;
    if (!acl_is_extended(&dir->acl) && (dir->st.st_mode & S_IRWXG) == 0 && dir->st.st_gid != gid)
        return give_to_group(dir, gid, perm, err);
    if (!acl_grant(&dir->acl, dir->st.st_gid, gid, perm))
        return error_set(err, ERROR_STORE, "the access control list of %s is full", dir->path);
    return acl_set_fd(dir->fd, dir->path, &dir->acl, err);
}

/* What lies beside the lineage in a directory that is about to let a group pass. was_closed: nobody came here so far, so
 * that nobody misses what is closed to all. */
static bool shut_out(const char *path, gid_t gid, bool was_closed, struct error *err)
{
    AUTO(dir_close) struct dir dir = { .fd = -1 };
    bool by_itself;

    TRY(dir_open(path, false, &dir, err));
    by_itself = (acl_group_may(&dir.acl, dir.st.st_gid, gid) & ~acl_other_may(&dir.acl)) != 0 ||
                (dir.st.st_gid == gid && (dir.st.st_mode & S_IXGRP) != 0);
    if (by_itself || !lets(&dir, gid, PASS)) /* opened to it before, or closed already */
        return true;
    if (was_closed)
        acl_close_others(&dir.acl);
    else if (!acl_deny(&dir.acl, gid))
        return error_set(err, ERROR_STORE, "the access control list of %s is full", path);
    return acl_set_fd(dir.fd, path, &dir.acl, err);
}

/* keys_lie_open: in archive/ an older Certbot keeps keys that everybody can read; in live/ somebody may. */
static bool shut_out_beside(const struct dir *above, const char *own, gid_t gid, bool keys_lie_open, struct error *err)
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
            key = passage_open_key(path);
        if (keys_lie_open || key != NULL)
            TRY(shut_out(path, gid, was_closed, err));
    }
    return true;
}

/* The lineage's own directory. Where nobody came so far, the group alone comes. */
static bool open_own(const struct dir *above, const char *path, gid_t gid, bool reads_keys, bool is_archive,
                     struct error *err)
{
    AUTO(dir_close) struct dir dir = { .fd = -1 };
    AUTO(free) char *key = NULL;

    TRY(dir_open(path, false, &dir, err));
    if (!reads_keys && !(lets(above, gid, PASS) && lets(&dir, gid, ENTER))) {
        key = passage_open_key(path);
        if (key != NULL)
            return key_is_open(key, path, err);
    }
    /* A key that an older Certbot adds: for those who may read it, or for nobody. */
    if (is_archive)
        TRY(reads_keys ? acl_open_new(dir.fd, path, err) : acl_close_new(dir.fd, path, err));
    if (is_closed(above) && !acl_is_extended(&dir.acl) && dir.st.st_gid != gid) {
        acl_close_others(&dir.acl);
        TRY(acl_set_fd(dir.fd, path, &dir.acl, err));
        dir.st.st_mode = (dir.st.st_mode & ~(mode_t)0777) | acl_mode(&dir.acl);
    }
    return let_group(&dir, gid, ENTER, err);
}

/* own: live/NAME or archive/NAME. */
static bool open_to_group(const char *own, gid_t gid, bool reads_keys, bool is_archive, struct error *err)
{
    AUTO(free) char *path = file_dirname(own);
    AUTO(dir_close) struct dir above = { .fd = -1 };

    TRY(dir_open(path, true, &above, err));
    if (!lets(&above, gid, PASS))
        TRY(shut_out_beside(&above, file_basename(own), gid, is_archive, err));
    TRY(open_own(&above, own, gid, reads_keys, is_archive, err));
    if (lets(&above, gid, PASS))
        return true;
    if (is_archive)
        TRY(acl_close_new(above.fd, path, err));
    return let_group(&above, gid, PASS, err);
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

/* Once the upper one is open, only the lower one is looked at: what others get there by is their own doing. */
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
    key = passage_open_key(lets_all(&above) ? own : path);
    if (key != NULL)
        return key_is_open(key, path, err);
    return let_all(&dir, err) && let_all(&above, err);
}

/* ---- what is told ---- */

static bool is_below(const char *path, const char *dir)
{
    return text_starts(path, dir) && (path[strlen(dir)] == '/' || path[strlen(dir)] == '\0');
}

/* What root would run. Within the store nobody else is let in; above it, everybody may pass nearly everywhere. */
static char *remedy(const char *config_dir, const char *obstacle, gid_t gid)
{
    AUTO(free) char *group = gid != NO_GROUP ? owner_group_name(gid) : NULL;
    struct stat st;

    if (group == NULL)
        return xprintf("chmod o+x %s", obstacle);
    if (stat(obstacle, &st) == 0 && (st.st_mode & S_IRWXG) == 0 && is_below(obstacle, config_dir))
        return xprintf("chgrp %s %s && chmod g+rx %s", group, obstacle, obstacle);
    if (!is_below(obstacle, config_dir))
        return xprintf("setfacl -m g:%s:x %s, or for everybody: chmod o+x %s", group, obstacle, obstacle);
    return xprintf("setfacl -m g:%s:x %s", group, obstacle);
}

/* Without lists there is one group for each directory, and nothing that closes what an older Certbot makes. */
static void tell_no_lists(const struct lineage *lineage, const char *file, const char *who, const char *obstacle,
                          const char *group)
{
    if (lineage->layout == &layout_certbot)
        log_warning("%s is to be read by %s, but %s stays closed: its file system has no access control lists, without "
                    "which an older Certbot could make keys there that they can read, or others who pass it would lose "
                    "their way. Convert (store convert --layout versioned --cert-name %s), or if neither matters: "
                    "chgrp %s %s && chmod g+x %s", file, who, obstacle, lineage->name, group, obstacle, obstacle);
    else
        log_warning("%s is to be read by %s, but %s lets another group pass, and its file system has no access control "
                    "lists to add one. Use that group, or if it is no longer needed: chgrp %s %s && chmod g+rx %s",
                    file, who, obstacle, group, obstacle, obstacle);
}

/* failure: why it could not be opened; its kind is ERROR_NONE when nothing failed. */
static void tell(const char *config_dir, const struct lineage *lineage, enum kind kind, gid_t gid,
                 const struct error *failure)
{
    AUTO(free) char *obstacle = NULL, *command = NULL, *who = NULL, *group = NULL;
    const char *file = lineage->live[kind];

    if (access_may_reach(file, (uid_t)-1, gid, &obstacle) || !file_is_dir(obstacle)) /* of the file, access_tell tells */
        return;
    group = gid != NO_GROUP ? owner_group_name(gid) : NULL;
    who = gid != NO_GROUP ? xprintf("group %s", group) : xstrdup("everybody");
    if (failure->sys == ENOTSUP && group != NULL) {
        tell_no_lists(lineage, file, who, obstacle, group);
        return;
    }
    if (failure->next[0] != '\0' && failure->sys == 0) {
        log_warning("%s is to be read by %s, but %s stays closed to them: %s. To change that: %s", file, who, obstacle,
                    failure->why, failure->next);
        return;
    }
    command = remedy(config_dir, obstacle, gid);
    log_warning("%s is to be read by %s, but %s does not let them pass. Root can change that: %s", file, who, obstacle,
                command);
}

static void tell_closed(const struct lineage *lineage)
{
    AUTO(free) char *obstacle = NULL;

    if (access_may_reach(lineage->live[KIND_CERT], (uid_t)-1, NO_GROUP, &obstacle))
        return;
    log_warning("The certificates of %s may be read by everybody, but %s lets nobody pass. In Certbot's layout it stays "
                "closed: an older Certbot would make private keys there that everybody can read. Choose a group "
                "(--cert-group), or convert: store convert --layout versioned --cert-name %s",
                lineage->name, obstacle, lineage->name);
}

/* ---- the whole ---- */

/* Directories of the store's own: what a renewal file names elsewhere is not ours to open. */
static bool is_ours(const char *config_dir, const char *part, const char *path)
{
    AUTO(free) char *above = file_dirname(path);
    AUTO(free) char *expected = file_join(config_dir, part);

    return strcmp(above, expected) == 0;
}

static void let_read(const char *config_dir, const struct lineage *lineage, gid_t gid, bool reads_keys)
{
    struct error err = { 0 };

    if (is_ours(config_dir, "live", lineage->live_dir) && open_to_group(lineage->live_dir, gid, reads_keys, false, &err) &&
        lineage->layout == &layout_certbot && is_ours(config_dir, "archive", lineage->archive_dir))
        (void)!open_to_group(lineage->archive_dir, gid, reads_keys, true, &err);
    if (err.kind != ERROR_NONE)
        log_info("The directories of %s are not open to group %u: %s", lineage->name, (unsigned)gid, err.why);
    tell(config_dir, lineage, reads_keys ? KIND_PRIVKEY : KIND_CERT, gid, &err);
}

static void let_everybody(const char *config_dir, const struct lineage *lineage)
{
    struct error err = { 0 };

    if (lineage->layout == &layout_certbot) {
        tell_closed(lineage);
        return;
    }
    if (is_ours(config_dir, "live", lineage->live_dir))
        (void)!open_to_all(lineage->live_dir, &err);
    tell(config_dir, lineage, KIND_CERT, NO_GROUP, &err);
}

/* The owner of a key, where it is not the one of the directories. */
static void tell_owner(const struct lineage *lineage, uid_t uid)
{
    AUTO(free) char *obstacle = NULL, *name = NULL;

    if (access_may_reach(lineage->live[KIND_PRIVKEY], uid, NO_GROUP, &obstacle) || !file_is_dir(obstacle))
        return;
    name = owner_user_name(uid);
    log_warning("%s belongs to %s, but %s does not let that user pass. A program that reads it as %s needs a group "
                "(--key-group) instead, or: setfacl -m u:%s:x %s",
                lineage->live[KIND_PRIVKEY], name, obstacle, name, name, obstacle);
}

void passage_open(const char *config_dir, const struct lineage *lineage, const struct wishes *wishes)
{
    gid_t key = wishes->key.gid, cert = wishes->cert.gid;
    bool key_readers = key != NO_GROUP && (wishes->key.mode == 0 || (wishes->key.mode & S_IRGRP) != 0);
    bool cert_readers = cert != NO_GROUP && (wishes->cert.mode == 0 || (wishes->cert.mode & S_IRGRP) != 0);

    if (key_readers)
        let_read(config_dir, lineage, key, true);
    if (cert_readers && !(key_readers && cert == key))
        let_read(config_dir, lineage, cert, false);
    if ((wishes->cert.mode & S_IROTH) != 0)
        let_everybody(config_dir, lineage);
    if (wishes->key.uid != (uid_t)-1 && !key_readers)
        tell_owner(lineage, wishes->key.uid);
}
