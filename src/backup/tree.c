#include "backup/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "backup/acl_text.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"

#define LABEL "security.selinux"
#define HOLE 4096 /* so many zeros in a row are not written: a file system keeps no block for them */

/* A directory whose own mode would keep us from filling it: it gets that at the end. */
struct late {
    struct buf frame; /* the member, as member_put wrote it */
};

struct tree {
    char *dir; /* for messages */
    int top;
    struct owners *owners;
    bool root; /* owners can be set */
    int fd;    /* the file that is being written, -1 */
    struct buf frame;
    struct member member; /* its views are those of frame */
    uint64_t written;
    struct late *late;
    size_t late_len;
};

bool tree_name_is_safe(struct view name)
{
    struct view part;

    if (name.len == 0 || name.len > MEMBER_MAX_NAME || name.at[0] == '/' || memchr(name.at, '\0', name.len) != NULL)
        return false;
    while (view_cut(&name, '/', &part))
        if (part.len == 0 || part.len > FILE_NAME_MAX || view_is(part, ".") || view_is(part, ".."))
            return false;
    return true;
}

bool tree_open(const char *dir, struct owners *owners, struct tree **out, struct error *err)
{
    AUTO(tree_free) struct tree *tree = xcalloc(1, sizeof *tree);

    tree->dir = xstrdup(dir);
    tree->owners = owners;
    tree->root = geteuid() == 0;
    tree->fd = -1;
    tree->frame = BUF(MEMBER_MAX_FRAME);
    tree->top = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (tree->top < 0)
        return file_error(err, "open", dir);
    *out = TAKE(tree);
    return true;
}

void tree_free(struct tree *tree)
{
    for (size_t i = 0; i < tree->late_len; i++)
        buf_clear(&tree->late[i].frame);
    free(tree->late);
    close_at(&tree->fd);
    if (tree->top >= 0)
        (void)close(tree->top);
    buf_clear(&tree->frame);
    free(tree->dir);
    free(tree);
}

/* The error for a member, from errno. */
static bool cannot(const struct tree *tree, const char *action, struct view name, struct error *err)
{
    AUTO(free) char *within = text_printable_dup(name, MEMBER_MAX_NAME, false);
    AUTO(free) char *path = file_join(tree->dir, within);

    return file_error(err, action, path);
}

static bool refuse(struct view name, const char *why, struct error *err)
{
    AUTO(free) char *shown = text_printable_dup(name, MEMBER_MAX_NAME, false);

    return error_set(err, ERROR_STORE, "%s %s", shown, why);
}

/* ---- the way down ---- */

/* One step, never through a link. *next is the caller's. */
static bool step(
    const struct tree *tree, int at, const char *part, bool make, struct view name, int *next, struct error *err)
{
    if (make && mkdirat(at, part, 0700) != 0 && errno != EEXIST)
        return cannot(tree, "make a directory for", name, err);
    *next = openat(at, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (*next >= 0)
        return true;
    if (errno == ENOTDIR || errno == ELOOP)
        return refuse(name, "leads through a link or a file of the archive", err);
    if (errno == ENOENT)
        return refuse(name, "is not in the archive", err);
    return cannot(tree, "open the directory of", name, err);
}

/* The directory in which a name is, and its last part. *dir and *last are the caller's. */
static bool descend(const struct tree *tree, struct view name, bool make, int *dir, char **last, struct error *err)
{
    struct view rest = name, part;
    AUTO(close) int at = fcntl(tree->top, F_DUPFD_CLOEXEC, 3);

    if (at < 0)
        return cannot(tree, "open the directory of", name, err);
    while (view_cut(&rest, '/', &part)) {
        AUTO(free) char *text = view_dup(part);
        int next;

        if (rest.at == NULL) {
            *last = TAKE(text);
            *dir = at;
            at = -1;
            return true;
        }
        TRY(step(tree, at, text, make, name, &next, err));
        (void)close(at);
        at = next;
    }
    return refuse(name, "is no name", err);
}

/* ---- owner, mode and times ---- */

static bool set_acl(const struct tree *tree, int fd, const char *path, const struct member *member, struct error *err)
{
    struct acl acl;

    if (member->acl.len > 0) {
        TRY(acl_text_read(member->acl, tree->owners, &acl, err));
        if (!acl_set_fd(fd, path, &acl, err) && err->sys != ENOTSUP)
            return false;
    }
    if (member->default_acl.len > 0) {
        AUTO(buf_clear) struct buf value = BUF(ACL_SIZE_MAX);

        TRY(acl_text_read(member->default_acl, tree->owners, &acl, err));
        acl_put(&acl, &value);
        if (fsetxattr(fd, "system.posix_acl_default", buf_text(&value), value.len, 0) != 0 && errno != ENOTSUP)
            return file_error(err, "set the default access control list of", path);
    }
    return true;
}

/* An open file or directory gets all that the member says of it. */
static bool set_access(const struct tree *tree, int fd, const struct member *member, struct error *err)
{
    struct timespec times[] = { { .tv_nsec = UTIME_OMIT },
        { .tv_sec = (time_t)member->modified, .tv_nsec = (long)member->modified_ns } };
    AUTO(free) char *shown = text_printable_dup(member->name, MEMBER_MAX_NAME, false);
    AUTO(free) char *path = file_join(tree->dir, shown);

    if (tree->root && fchown(fd, owners_id(tree->owners, OWNER_USER, member->owner, member->uid),
                          owners_id(tree->owners, OWNER_GROUP, member->group, member->gid)) != 0)
        return file_error(err, "set the owner of", path);
    if (fchmod(fd, member->mode & 07777) != 0)
        return file_error(err, "set the mode of", path);
    TRY(set_acl(tree, fd, path, member, err));
    if (tree->root && member->label.len > 0) /* where there is no SELinux nobody needs it */
        (void)fsetxattr(fd, LABEL, member->label.at, member->label.len, 0);
    if (futimens(fd, times) != 0)
        return file_error(err, "set the time of", path);
    return true;
}

/* ---- members ---- */

/* Keeps the member to its end: what it was read from is reused meanwhile. */
static bool keep(struct tree *tree, const struct member *member, struct error *err)
{
    buf_cut(&tree->frame, 0);
    member_put(&tree->frame, member);
    if (tree->frame.failed ||
        !member_get((struct view){ tree->frame.at + WIRE_HEAD, tree->frame.len - WIRE_HEAD }, &tree->member))
        return error_set(err, ERROR_INTERNAL, "a member cannot be kept");
    return true;
}

static bool begin_file(struct tree *tree, int dir, const char *last, const struct member *member, struct error *err)
{
    tree->fd = openat(dir, last, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    tree->written = 0;
    if (tree->fd >= 0)
        return true;
    return errno == EEXIST ? refuse(member->name, "stands in the archive twice", err)
                           : cannot(tree, "write", member->name, err);
}

static bool make_dir(struct tree *tree, int dir, const char *last, const struct member *member, struct error *err)
{
    struct late *late;
    struct stat st;

    if (mkdirat(dir, last, 0700) != 0) {
        if (errno != EEXIST)
            return cannot(tree, "make the directory", member->name, err);
        if (fstatat(dir, last, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISDIR(st.st_mode))
            return refuse(member->name, "stands in the archive twice", err);
    }
    tree->late = xrealloc(tree->late, tree->late_len + 1, sizeof *tree->late);
    late = &tree->late[tree->late_len++];
    *late = (struct late){ .frame = BUF(MEMBER_MAX_FRAME) };
    member_put(&late->frame, member);
    return true;
}

static bool make_link(struct tree *tree, int dir, const char *last, const struct member *member, struct error *err)
{
    struct timespec times[] = { { .tv_nsec = UTIME_OMIT },
        { .tv_sec = (time_t)member->modified, .tv_nsec = (long)member->modified_ns } };
    AUTO(free) char *target = view_dup(member->target);

    if (symlinkat(target, dir, last) != 0)
        return errno == EEXIST ? refuse(member->name, "stands in the archive twice", err)
                               : cannot(tree, "make the link", member->name, err);
    if (tree->root && fchownat(dir, last, owners_id(tree->owners, OWNER_USER, member->owner, member->uid),
                          owners_id(tree->owners, OWNER_GROUP, member->group, member->gid), AT_SYMLINK_NOFOLLOW) != 0)
        return cannot(tree, "set the owner of", member->name, err);
    (void)utimensat(dir, last, times, AT_SYMLINK_NOFOLLOW); /* some file systems keep no times of links */
    return true;
}

static bool make_second(struct tree *tree, int dir, const char *last, const struct member *member, struct error *err)
{
    AUTO(close) int first_dir = -1;
    AUTO(free) char *first = NULL;
    struct stat st;

    if (!tree_name_is_safe(member->target))
        return refuse(member->name, "is a second name of something outside of the archive", err);
    TRY(descend(tree, member->target, false, &first_dir, &first, err));
    if (fstatat(first_dir, first, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode))
        return refuse(member->name, "is a second name of something that is no file of the archive", err);
    if (linkat(first_dir, first, dir, last, 0) == 0)
        return true;
    return errno == EEXIST ? refuse(member->name, "stands in the archive twice", err)
                           : cannot(tree, "make the second name", member->name, err);
}

bool tree_begin(struct tree *tree, const struct member *member, struct error *err)
{
    AUTO(close) int dir = -1;
    AUTO(free) char *last = NULL;

    TRY(keep(tree, member, err));
    TRY(descend(tree, member->name, true, &dir, &last, err));
    switch (member->type) {
    case MEMBER_FILE:
        return begin_file(tree, dir, last, member, err);
    case MEMBER_DIR:
        return make_dir(tree, dir, last, member, err);
    case MEMBER_LINK:
        return make_link(tree, dir, last, member, err);
    case MEMBER_SECOND:
        return make_second(tree, dir, last, member, err);
    default:
        return refuse(member->name, "is a device or the like", err);
    }
}

static bool is_hole(struct view bytes)
{
    return bytes.at[0] == '\0' && memcmp(bytes.at, bytes.at + 1, bytes.len - 1) == 0;
}

bool tree_data(struct tree *tree, struct view bytes, struct error *err)
{
    while (bytes.len > 0) {
        size_t len = bytes.len < HOLE ? bytes.len : HOLE;
        struct view piece = { bytes.at, len };
        bool skipped =
            len == HOLE && tree->written % HOLE == 0 && is_hole(piece) && lseek(tree->fd, HOLE, SEEK_CUR) >= 0;

        if (!skipped && !file_write_all(tree->fd, piece))
            return cannot(tree, "write", tree->member.name, err);
        tree->written += len;
        bytes = (struct view){ bytes.at + len, bytes.len - len };
    }
    return true;
}

bool tree_end(struct tree *tree, struct error *err)
{
    bool ok;

    if (tree->fd < 0)
        return true;
    ok = ftruncate(tree->fd, (off_t)tree->written) == 0 || cannot(tree, "write", tree->member.name, err);
    ok = ok && set_access(tree, tree->fd, &tree->member, err);
    if (close(tree->fd) != 0 && ok)
        ok = cannot(tree, "write", tree->member.name, err);
    tree->fd = -1;
    return ok;
}

/* ---- the end ---- */

static bool finish_dir(struct tree *tree, const struct late *late, struct error *err)
{
    AUTO(close) int above = -1;
    AUTO(close) int dir = -1;
    AUTO(free) char *last = NULL;
    struct member member;

    if (late->frame.failed ||
        !member_get((struct view){ late->frame.at + WIRE_HEAD, late->frame.len - WIRE_HEAD }, &member))
        return error_set(err, ERROR_INTERNAL, "a directory was not kept");
    TRY(descend(tree, member.name, false, &above, &last, err));
    if (last == NULL)
        return error_set(err, ERROR_INTERNAL, "a directory has no name");
    TRY(step(tree, above, last, false, member.name, &dir, err));
    return set_access(tree, dir, &member, err);
}

bool tree_finish(struct tree *tree, struct error *err)
{
    for (size_t i = tree->late_len; i-- > 0;) /* from below: the mode of one above may keep us out */
        TRY(finish_dir(tree, &tree->late[i], err));
    return syncfs(tree->top) == 0 || file_error(err, "bring to the disk", tree->dir);
}
