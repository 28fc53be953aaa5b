#include "base/acl.h"

#include <errno.h>
#include <string.h>
#include <sys/xattr.h>

#include "base/file.h"

#define ATTRIBUTE "system.posix_acl_access"
#define ATTRIBUTE_DEFAULT "system.posix_acl_default"
#define VERSION 2
#define NO_ID UINT32_MAX
#define CLOSED_MODE 0700 /* of the default list that closes */

/* ---- the attribute's form: little-endian, a version of 4 bytes, then entries of 2 + 2 + 4 ---- */

static uint32_t get_number(const char *at, size_t bytes)
{
    uint32_t number = 0;

    for (size_t i = bytes; i-- > 0;)
        number = number << 8 | (unsigned char)at[i];
    return number;
}

static void put_number(struct buf *out, uint32_t number, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        buf_put_char(out, (char)(number >> 8 * i & 0xff));
}

static bool has_id(uint16_t tag)
{
    return tag == ACL_USER || tag == ACL_GROUP;
}

static bool is_tag(uint16_t tag)
{
    return has_id(tag) || tag == ACL_OWNER || tag == ACL_OWNING_GROUP || tag == ACL_MASK || tag == ACL_OTHER;
}

static const struct acl_entry *find_entry(const struct acl *acl, uint16_t tag, uint32_t id)
{
    for (size_t i = 0; i < acl->len; i++)
        if (acl->at[i].tag == tag && (!has_id(tag) || acl->at[i].id == id))
            return &acl->at[i];
    return NULL;
}

static bool is_complete(const struct acl *acl)
{
    bool named = false;

    for (size_t i = 0; i < acl->len; i++)
        named = named || has_id(acl->at[i].tag);
    return find_entry(acl, ACL_OWNER, 0) != NULL && find_entry(acl, ACL_OWNING_GROUP, 0) != NULL &&
           find_entry(acl, ACL_OTHER, 0) != NULL && (!named || find_entry(acl, ACL_MASK, 0) != NULL);
}

/* Kernels take named entries in any order of their ids; what they must not be is there twice. */
static bool follows(const struct acl *acl, const struct acl_entry *entry)
{
    if (acl->len == 0 || acl->at[acl->len - 1].tag < entry->tag)
        return true;
    return has_id(entry->tag) && acl->at[acl->len - 1].tag == entry->tag &&
           find_entry(acl, entry->tag, entry->id) == NULL;
}

bool acl_parse(struct view value, struct acl *out, struct error *err)
{
    struct acl acl = { 0 };

    if (value.len < 4 || (value.len - 4) % 8 != 0 || get_number(value.at, 4) != VERSION)
        return error_set(err, ERROR_STORE, "the access control list has an unknown form");
    if (value.len > ACL_SIZE_MAX)
        return error_set(err, ERROR_STORE, "the access control list has more than %d entries", ACL_MAX);
    for (size_t at = 4; at < value.len; at += 8) {
        struct acl_entry entry = { .tag = (uint16_t)get_number(value.at + at, 2),
            .perm = (uint16_t)get_number(value.at + at + 2, 2),
            .id = get_number(value.at + at + 4, 4) };

        if (!is_tag(entry.tag) || entry.perm > 7 || (has_id(entry.tag) && entry.id == NO_ID))
            return error_set(err, ERROR_STORE, "the access control list has an unknown entry");
        if (!follows(&acl, &entry))
            return error_set(err, ERROR_STORE, "the access control list is not in order");
        if (!has_id(entry.tag))
            entry.id = NO_ID;
        acl.at[acl.len++] = entry;
    }
    if (!is_complete(&acl))
        return error_set(err, ERROR_STORE, "the access control list is not complete");
    *out = acl;
    return true;
}

void acl_put(const struct acl *acl, struct buf *out)
{
    put_number(out, VERSION, 4);
    for (size_t i = 0; i < acl->len; i++) {
        put_number(out, acl->at[i].tag, 2);
        put_number(out, acl->at[i].perm, 2);
        put_number(out, acl->at[i].id, 4);
    }
}

/* ---- modes ---- */

void acl_of_mode(mode_t mode, struct acl *out)
{
    *out = (struct acl){ .len = 3,
        .at = { { ACL_OWNER, mode >> 6 & 7, NO_ID }, { ACL_OWNING_GROUP, mode >> 3 & 7, NO_ID },
            { ACL_OTHER, mode & 7, NO_ID } } };
}

bool acl_is_extended(const struct acl *acl)
{
    return acl->len > 3;
}

/* Every list that was parsed or made of a mode has the three. */
static unsigned perm_of(const struct acl *acl, uint16_t tag, unsigned otherwise)
{
    const struct acl_entry *entry = find_entry(acl, tag, 0);

    return entry != NULL ? entry->perm : otherwise;
}

mode_t acl_mode(const struct acl *acl)
{
    unsigned group = perm_of(acl, ACL_MASK, perm_of(acl, ACL_OWNING_GROUP, 0));

    return (mode_t)(perm_of(acl, ACL_OWNER, 0) << 6 | group << 3 | acl_other_may(acl));
}

mode_t acl_mode_without(const struct acl *acl)
{
    unsigned group = perm_of(acl, ACL_OWNING_GROUP, 0) & perm_of(acl, ACL_MASK, 7);

    return (mode_t)(perm_of(acl, ACL_OWNER, 0) << 6 | group << 3 | acl_other_may(acl));
}

/* ---- who may what ---- */

unsigned acl_other_may(const struct acl *acl)
{
    return perm_of(acl, ACL_OTHER, 0);
}

/* A member of a named group has the rights of that group, never those of others (acl(5)). */
unsigned acl_group_may(const struct acl *acl, gid_t owning, gid_t gid)
{
    const struct acl_entry *named = find_entry(acl, ACL_GROUP, (uint32_t)gid);
    bool matched = gid != (gid_t)-1 && (gid == owning || named != NULL);
    unsigned may = 0;

    if (!matched)
        return acl_other_may(acl);
    if (gid == owning)
        may |= perm_of(acl, ACL_OWNING_GROUP, 0);
    if (named != NULL)
        may |= named->perm;
    return may & perm_of(acl, ACL_MASK, 7);
}

/* A user in one of the groups of the list never gets the rights of others, even when the group has fewer (acl(5)). */
unsigned acl_user_may(const struct acl *acl, gid_t owning, const struct acl_user *user)
{
    const struct acl_entry *named = user->uid != (uid_t)-1 ? find_entry(acl, ACL_USER, (uint32_t)user->uid) : NULL;
    bool matched = false;
    unsigned may = 0;

    if (named != NULL)
        return named->perm & perm_of(acl, ACL_MASK, 7);
    for (size_t i = 0; i < user->count; i++) {
        gid_t gid = user->gids[i];

        if (gid != owning && find_entry(acl, ACL_GROUP, (uint32_t)gid) == NULL)
            continue;
        matched = true;
        may |= acl_group_may(acl, owning, gid);
    }
    return matched ? may : acl_other_may(acl);
}

bool acl_has_guests(const struct acl *acl)
{
    unsigned mask = perm_of(acl, ACL_MASK, 7), other = acl_other_may(acl);

    for (size_t i = 0; i < acl->len; i++) {
        const struct acl_entry *entry = &acl->at[i];

        if ((has_id(entry->tag) || entry->tag == ACL_OWNING_GROUP) && (entry->perm & mask & ~other) != 0)
            return true;
    }
    return false;
}

/* ---- changing ---- */

static struct acl_entry *entry_of(struct acl *acl, uint16_t tag, uint32_t id)
{
    const struct acl_entry *found = find_entry(acl, tag, id);

    return found != NULL ? &acl->at[found - acl->at] : NULL;
}

/* Inserts the entry at its place in the order; there is room. */
static struct acl_entry *insert(struct acl *acl, struct acl_entry entry)
{
    size_t at = acl->len;

    while (at > 0 &&
           (acl->at[at - 1].tag > entry.tag || (acl->at[at - 1].tag == entry.tag && acl->at[at - 1].id > entry.id)))
        at--;
    memmove(&acl->at[at + 1], &acl->at[at], (acl->len - at) * sizeof acl->at[0]);
    acl->at[at] = entry;
    acl->len++;
    return &acl->at[at];
}

/* A mask that is to be widened must not bring rights to life that it held back: they are taken away first. */
static void apply_mask(struct acl *acl)
{
    unsigned mask = perm_of(acl, ACL_MASK, 7);

    for (size_t i = 0; i < acl->len; i++)
        if (has_id(acl->at[i].tag) || acl->at[i].tag == ACL_OWNING_GROUP)
            acl->at[i].perm &= (uint16_t)mask;
}

static void widen_mask(struct acl *acl)
{
    struct acl_entry *mask = entry_of(acl, ACL_MASK, 0);

    for (size_t i = 0; mask != NULL && i < acl->len; i++)
        if (has_id(acl->at[i].tag) || acl->at[i].tag == ACL_OWNING_GROUP)
            mask->perm |= acl->at[i].perm;
}

/* The entry of a user, or of a group that is not the owning one, made unless it is there. */
static struct acl_entry *named_entry(struct acl *acl, uint16_t tag, uint32_t id)
{
    struct acl_entry *entry = entry_of(acl, tag, id);
    bool masked = entry_of(acl, ACL_MASK, 0) != NULL;

    if (entry != NULL)
        return entry;
    if (acl->len + 1 + !masked > ACL_MAX)
        return NULL;
    if (!masked)
        (void)insert(acl, (struct acl_entry){ ACL_MASK, (uint16_t)perm_of(acl, ACL_OWNING_GROUP, 0), NO_ID });
    return insert(acl, (struct acl_entry){ tag, 0, id });
}

static bool add_to(struct acl *acl, struct acl_entry *entry, unsigned perm)
{
    if (entry == NULL)
        return false;
    apply_mask(acl);
    entry->perm = (uint16_t)(entry->perm | perm);
    widen_mask(acl);
    return true;
}

bool acl_grant(struct acl *acl, gid_t owning, gid_t gid, unsigned perm)
{
    unsigned had = acl_group_may(acl, owning, gid);

    return add_to(acl, gid == owning ? entry_of(acl, ACL_OWNING_GROUP, 0) : named_entry(acl, ACL_GROUP, (uint32_t)gid),
        had | perm);
}

/* A named user no longer has the rights of his groups (acl(5)), and so is given those as well. */
bool acl_grant_user(struct acl *acl, gid_t owning, const struct acl_user *user, unsigned perm)
{
    unsigned had = acl_user_may(acl, owning, user);

    return add_to(acl, named_entry(acl, ACL_USER, (uint32_t)user->uid), had | perm);
}

static bool deny(struct acl_entry *entry)
{
    if (entry == NULL)
        return false;
    entry->perm = 0;
    return true;
}

bool acl_deny(struct acl *acl, gid_t gid)
{
    return deny(named_entry(acl, ACL_GROUP, (uint32_t)gid));
}

bool acl_deny_user(struct acl *acl, uid_t uid)
{
    return deny(named_entry(acl, ACL_USER, (uint32_t)uid));
}

/* ---- of files ---- */

/* Reads the result of getxattr: no such attribute means a plain mode. */
static bool read_value(
    const char *value, ssize_t len, const char *path, mode_t mode, struct acl *out, struct error *err)
{
    if (len >= 0)
        return acl_parse((struct view){ value, (size_t)len }, out, err) ||
               error_in(err, "reading who may use %s", path);
    if (errno != ENODATA && errno != ENOTSUP && errno != ENOSYS)
        return file_error(err, "read the access control list of", path);
    acl_of_mode(mode, out);
    return true;
}

bool acl_of_fd(int fd, const char *path, struct acl *out, struct error *err)
{
    char value[ACL_SIZE_MAX];
    struct stat st;

    if (fstat(fd, &st) != 0)
        return file_error(err, "examine", path);
    return read_value(value, fgetxattr(fd, ATTRIBUTE, value, sizeof value), path, st.st_mode, out, err);
}

bool acl_of_path(const char *path, const struct stat *st, struct acl *out, struct error *err)
{
    char value[ACL_SIZE_MAX];

    return read_value(value, getxattr(path, ATTRIBUTE, value, sizeof value), path, st->st_mode, out, err);
}

static bool set_value(int fd, const char *name, const char *path, const struct acl *acl, struct error *err)
{
    AUTO(buf_clear) struct buf value = BUF(ACL_SIZE_MAX);

    acl_put(acl, &value);
    return fsetxattr(fd, name, value.at, value.len, 0) == 0 || file_error(err, "set the access control list of", path);
}

bool acl_set_fd(int fd, const char *path, const struct acl *acl, struct error *err)
{
    struct stat st;

    if (acl_is_extended(acl))
        return set_value(fd, ATTRIBUTE, path, acl, err);
    if (fstat(fd, &st) != 0)
        return file_error(err, "examine", path);
    if (fchmod(fd, (st.st_mode & 07000) | acl_mode(acl)) != 0)
        return file_error(err, "set the mode of", path);
    /* A list that goes leaves the group what its mask was, which is the right one now. */
    return fremovexattr(fd, ATTRIBUTE) == 0 || errno == ENODATA || errno == ENOTSUP || errno == ENOSYS ||
           file_error(err, "remove the access control list of", path);
}

void acl_grant_others(struct acl *acl, unsigned perm)
{
    struct acl_entry *entry = entry_of(acl, ACL_OTHER, 0);

    if (entry != NULL)
        entry->perm |= (uint16_t)perm;
}

void acl_close_others(struct acl *acl)
{
    struct acl_entry *other = entry_of(acl, ACL_OTHER, 0), *group = entry_of(acl, ACL_OWNING_GROUP, 0);

    if (other == NULL || group == NULL)
        return;
    if (!acl_is_extended(acl) && (group->perm & ~other->perm) == 0)
        group->perm = 0;
    other->perm = 0;
}

void acl_level_group(struct acl *acl)
{
    struct acl_entry *group = entry_of(acl, ACL_OWNING_GROUP, 0);

    if (group != NULL)
        group->perm &= (uint16_t)acl_other_may(acl);
}

bool acl_close_new(int fd, const char *path, struct error *err)
{
    struct acl acl;

    if (fgetxattr(fd, ATTRIBUTE_DEFAULT, NULL, 0) > 0)
        return true;
    acl_of_mode(CLOSED_MODE, &acl);
    return set_value(fd, ATTRIBUTE_DEFAULT, path, &acl, err);
}

bool acl_open_new(int fd, const char *path, struct error *err)
{
    AUTO(buf_clear) struct buf ours = BUF(ACL_SIZE_MAX);
    char value[ACL_SIZE_MAX];
    ssize_t len = fgetxattr(fd, ATTRIBUTE_DEFAULT, value, sizeof value);
    struct acl acl;

    acl_of_mode(CLOSED_MODE, &acl);
    acl_put(&acl, &ours);
    if (len < 0 || !view_equal(buf_view(&ours), (struct view){ value, (size_t)len }))
        return true;
    return fremovexattr(fd, ATTRIBUTE_DEFAULT) == 0 || file_error(err, "set the access control list of", path);
}

bool acl_copy(int from, int to, const char *path, struct error *err)
{
    static const char *const names[] = { ATTRIBUTE, ATTRIBUTE_DEFAULT };
    char value[ACL_SIZE_MAX];

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        ssize_t len = fgetxattr(from, names[i], value, sizeof value);
        bool none = len == 0 || (len < 0 && errno == ENODATA);

        if (len < 0 && !none) /* no such thing here, or one that is too large for any file system we know */
            continue;
        if ((none ? fremovexattr(to, names[i]) : fsetxattr(to, names[i], value, (size_t)len, 0)) != 0 &&
            errno != EPERM && errno != ENOTSUP && errno != ENODATA)
            return file_error(err, "set the access control list of", path);
    }
    return true;
}
