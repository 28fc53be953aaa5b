#include "access/access.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "access/owner.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "typed/file_mode.h"

#define NOBODY ((uid_t)-1)
#define NO_GROUP ((gid_t)-1)

/* ---- what settings ask for ---- */

static bool read_ownership(const char *owner, const char *group, const char *mode, const char *option,
    struct ownership *out, struct error *err)
{
    const char *why = NULL;

    *out = (struct ownership){ .uid = NOBODY, .gid = NO_GROUP };
    if (text_is_given(owner))
        TRY(owner_find_user(owner, &out->uid, err));
    if (text_is_given(group))
        TRY(owner_find_group(group, &out->gid, err));
    /* The option was checked when it was read; a renewal file may say anything. */
    if (text_is_given(mode) && !file_mode_parse(mode, &out->mode, &why))
        return error_set(err, ERROR_CONFIG, "%s is %s: it %s", option, mode, why);
    return true;
}

/* Whether a mode is withdrawn on the command line (--key-mode ""). The files then get their default mode once, instead
 * of keeping the old one; later runs leave the mode alone. */
static bool is_taken_back(const char *mode, enum origin origin)
{
    return mode != NULL && mode[0] == '\0' && origin >= ORIGIN_COMMAND_LINE;
}

bool access_ownerships(const struct settings *settings, struct ownerships *out, struct error *err)
{
    TRY(read_ownership(settings->key_owner, settings->key_group, settings->key_mode, "key-mode", &out->key, err));
    TRY(read_ownership(settings->cert_owner, settings->cert_group, settings->cert_mode, "cert-mode", &out->cert, err));
    if (is_taken_back(settings->key_mode, SETTING_ORIGIN(settings, key_mode)))
        out->key.mode = out->key.gid == NO_GROUP ? FILE_PRIVATE.mode : FILE_PRIVATE.mode | S_IRGRP;
    if (is_taken_back(settings->cert_mode, SETTING_ORIGIN(settings, cert_mode)))
        out->cert.mode = FILE_PUBLIC.mode;
    return true;
}

static void overlay_owner(const struct ownership *wanted, struct file_access *access)
{
    if (wanted->uid == NOBODY && wanted->gid == NO_GROUP)
        return;
    if (!access->set_owner)
        access->uid = NOBODY, access->gid = NO_GROUP;
    access->set_owner = true;
    if (wanted->uid != NOBODY)
        access->uid = wanted->uid;
    if (wanted->gid != NO_GROUP)
        access->gid = wanted->gid;
}

static struct file_access overlay_key(const struct ownerships *wanted, struct file_access access)
{
    overlay_owner(&wanted->key, &access);
    if (wanted->key.mode != 0)
        access.mode = wanted->key.mode;
    else if (wanted->key.gid != NO_GROUP) /* others were not asked for */
        access.mode = (access.mode & ~(mode_t)S_IRWXO) | S_IRGRP;
    return access;
}

static bool names_somebody(const struct ownership *wanted)
{
    return wanted->uid != NOBODY || wanted->gid != NO_GROUP;
}

/* Makes the certificate readable by all when settings give an owner or group for key or certificate: a reader of the
 * key needs it, whatever the umask or the directory's default access control list (which replaces the umask, acl(5)).
 * It is public; directories limit who reaches it. */
static struct file_access overlay_cert(const struct ownerships *wanted, struct file_access access)
{
    overlay_owner(&wanted->cert, &access);
    if (wanted->cert.mode != 0)
        access.mode = wanted->cert.mode;
    else if (names_somebody(&wanted->cert) || names_somebody(&wanted->key))
        access.mode |= S_IRUSR | S_IRGRP | S_IROTH;
    else
        return access;
    access.masked = false;
    return access;
}

struct file_access access_of_kind(const struct access *access, enum kind kind)
{
    return kind == KIND_PRIVKEY ? access->key : access->cert;
}

/* Keeps what an administrator changed on the live key: its owner, its group, the group's permissions, and the read
 * permission of others. */
bool access_of_live(const char *key, struct access *out, struct error *err)
{
    struct stat st;

    if (stat(key, &st) != 0)
        return file_error(err, "examine", key);
    TRY(acl_of_path(key, &st, &out->key_acl, err));
    out->cert = FILE_PUBLIC;
    out->key = (struct file_access){ .mode = 0600 | (acl_mode_without(&out->key_acl) & (S_IRWXG | S_IROTH)),
        .set_owner = true,
        .uid = st.st_uid == geteuid() ? NOBODY : st.st_uid,
        .gid = st.st_gid };
    if (!acl_is_extended(&out->key_acl))
        out->key_acl.len = 0;
    return true;
}

/* Whether settings say who may read: then access control lists that were set by hand no longer count. */
static bool is_said(const struct ownership *wanted)
{
    return wanted->mode != 0 || wanted->gid != NO_GROUP;
}

bool access_of_next(const char *key, const struct settings *settings, struct access *out, struct error *err)
{
    struct access base = { .key = FILE_PRIVATE, .cert = FILE_PUBLIC };
    struct ownerships wanted;

    TRY(access_ownerships(settings, &wanted, err));
    if (key != NULL)
        TRY(access_of_live(key, &base, err));
    if (!settings->voice->keeps_key_owner)
        base.key.uid = NOBODY;
    *out = base;
    out->key = overlay_key(&wanted, base.key);
    out->cert = overlay_cert(&wanted, base.cert);
    if (is_said(&wanted.key))
        out->key_acl.len = 0;
    return true;
}

/* ---- new files ---- */

/* The system, its user namespace or the file system says no. */
static bool is_refused(int sys)
{
    return sys == EPERM || sys == EINVAL;
}

/* The mode for a file whose group is not the wanted one: that group gets the permissions of others, and no more. */
static mode_t without_group(mode_t mode)
{
    return (mode & ~(mode_t)S_IRWXG) | (mode & (mode & S_IRWXO) << 3);
}

/* Whether a default access control list replaces the umask there: it might close what is public. */
static bool is_made_by_list(const char *path)
{
    AUTO(free) char *dir = file_dirname(path);

    return getxattr(dir, "system.posix_acl_default", NULL, 0) > 0;
}

struct file_access access_public(const char *path)
{
    struct file_access access = FILE_PUBLIC;

    access.masked = !is_made_by_list(path);
    return access;
}

bool access_create(const char *path, struct view content, struct file_access access, struct error *err)
{
    struct error refused = { 0 };

    if (access.masked)
        access.masked = !is_made_by_list(path);
    if (file_create(path, content, access, &refused))
        return true;
    if (!is_refused(refused.sys) || !access.set_owner) {
        *err = refused;
        return false;
    }
    log_info("%s cannot be given to user %d and group %d", path, (int)access.uid, (int)access.gid);
    access.set_owner = false;
    access.mode = without_group(access.mode);
    return file_create(path, content, access, err);
}

/* Adds the list to a complete file: it only adds to what the mode permits. */
static void add_list(const char *path, const struct access *access)
{
    AUTO(close) int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    struct acl acl = access->key_acl;
    struct error err = { 0 };
    struct stat st;

    if (fd < 0 || fstat(fd, &st) != 0) {
        (void)file_error(&err, "open", path);
    } else {
        if (access->key.gid != NO_GROUP && access->key.gid != st.st_gid) /* it was refused */
            acl_level_group(&acl);
        if (acl_set_fd(fd, path, &acl, &err) && (fsync(fd) == 0 || file_error(&err, "sync", path)))
            return;
    }
    log_warning("What was given to others by hand (setfacl) could not be given to the new %s: %s", path, err.why);
}

bool access_create_part(
    const char *path, enum kind kind, struct view content, const struct access *access, struct error *err)
{
    TRY(access_create(path, content, access_of_kind(access, kind), err));
    if (kind == KIND_PRIVKEY && access->key_acl.len > 0)
        add_list(path, access);
    return true;
}

/* ---- existing files ---- */

/* Narrowed, then given away, then widened. */
static bool change(int fd, const char *path, const struct stat *st, struct file_access want, struct error *err)
{
    mode_t now = st->st_mode & 07777;

    if (st->st_uid != want.uid || st->st_gid != want.gid) {
        if ((now & want.mode) != now && fchmod(fd, now & want.mode) != 0)
            return is_refused(errno) ||
                   file_error(err, "set the mode of", path); /* given away as it is, it would be open */
        now &= want.mode;
        if (fchown(fd, want.uid, want.gid) != 0) {
            if (!is_refused(errno))
                return file_error(err, "set the owner of", path);
            if (st->st_gid != want.gid)
                want.mode = without_group(want.mode);
        }
    }
    if (now != want.mode && fchmod(fd, want.mode) != 0 && !is_refused(errno))
        return file_error(err, "set the mode of", path);
    return true;
}

/* Removes the list: owner, owning group and others keep their effective permissions; users and groups of the list lose
 * theirs. */
static bool drop_list(int fd, const char *path, struct stat *st, struct error *err)
{
    struct acl acl, plain;

    TRY(acl_of_fd(fd, path, &acl, err));
    if (!acl_is_extended(&acl))
        return true;
    acl_of_mode(acl_mode_without(&acl), &plain);
    TRY(acl_set_fd(fd, path, &plain, err));
    return fstat(fd, st) == 0 || file_error(err, "examine", path);
}

bool access_apply(const char *path, enum kind kind, const struct ownerships *wanted, struct error *err)
{
    AUTO(close) int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    bool is_key = kind == KIND_PRIVKEY;
    struct file_access access;
    struct stat st;

    if (fd < 0) /* one that is not there, or not ours to open: access_tell looks at those that matter; or a link to the
                   file of another version, as some Certbots made them when a key was kept */
        return errno == ENOENT || errno == EACCES || errno == ELOOP || file_error(err, "open", path);
    if (fstat(fd, &st) != 0)
        return file_error(err, "examine", path);
    if (!S_ISREG(st.st_mode))
        return true;
    if (is_said(is_key ? &wanted->key : &wanted->cert) && !drop_list(fd, path, &st, err)) {
        if (!is_refused(err->sys))
            return false;
        error_clear(err);
        return true;
    }
    access = (struct file_access){ .mode = st.st_mode & 0777, .set_owner = true, .uid = st.st_uid, .gid = st.st_gid };
    access = is_key ? overlay_key(wanted, access) : overlay_cert(wanted, access);
    return change(fd, path, &st, access, err);
}

bool access_hand_on(const char *live_key, const char *key, struct error *err)
{
    AUTO(close) int fd = open(key, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    struct access access = { 0 };
    struct stat st;

    if (fd < 0 || fstat(fd, &st) != 0)
        return file_error(err, "examine", key);
    if (!S_ISREG(st.st_mode))
        return true;
    TRY(access_of_live(live_key, &access, err));
    TRY(drop_list(fd, key, &st, err));
    if (access.key.uid == NOBODY)
        access.key.uid = st.st_uid;
    TRY(change(fd, key, &st, access.key, err));
    if (access.key_acl.len > 0)
        add_list(key, &access);
    return true;
}

/* ---- telling ---- */

/* Whether the file has the wanted owner, group and permissions of others; the owner's own permissions are ignored. */
static bool has_access(const char *path, struct file_access access)
{
    struct error unreadable = { 0 };
    struct stat st;
    struct acl acl;

    if (stat(path, &st) != 0 || !acl_of_path(path, &st, &acl, &unreadable))
        return true; /* a missing file is reported by another check */
    return (access.masked || (acl_mode_without(&acl) & 0077) == (access.mode & 0077)) &&
           (!access.set_owner || ((access.uid == NOBODY || access.uid == st.st_uid) &&
                                     (access.gid == NO_GROUP || access.gid == st.st_gid)));
}

static char *chown_words(struct file_access access)
{
    AUTO(free) char *user = access.uid == NOBODY ? xstrdup("") : owner_user_name(access.uid);
    AUTO(free) char *group = access.gid == NO_GROUP ? xstrdup("") : owner_group_name(access.gid);

    return xprintf("%s%s%s", user, group[0] != '\0' ? ":" : "", group);
}

static void tell(const struct list *paths, struct file_access access)
{
    AUTO(free) char *all = list_join(paths, " ");
    AUTO(free) char *to = NULL;

    if (paths->len == 0)
        return;
    if (!access.set_owner) {
        log_warning("The mode of %s could not be set. Its owner, or root, can do it: chmod %03o %s", paths->at[0],
            (unsigned)access.mode, all);
        return;
    }
    to = chown_words(access);
    log_warning("%s could not be given to %s, which this user may not do: the group it has may read it no more than "
                "everybody may. Root can do it: chown %s %s && chmod %03o %s",
        paths->at[0], to, to, all, (unsigned)access.mode, all);
}

void access_tell(char *const live[KIND_COUNT], const struct access *access)
{
    AUTO(list_clear) struct list keys = { 0 }, certs = { 0 };

    for (int kind = 0; kind < KIND_COUNT; kind++)
        if (!has_access(live[kind], access_of_kind(access, (enum kind)kind)))
            list_add(kind == KIND_PRIVKEY ? &keys : &certs, live[kind]);
    tell(&keys, access->key);
    tell(&certs, access->cert);
}
