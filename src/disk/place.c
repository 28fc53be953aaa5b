#include "disk/place.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/acl.h"

bool place_time(const char *path, const struct stat *like, struct error *err)
{
    const struct timespec times[2] = { like->st_atim, like->st_mtim };

    return utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW) == 0 || file_error(err, "set the time of", path);
}

static bool copy_list(const char *from, const char *to, struct error *err)
{
    AUTO(close) int old = open(from, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    AUTO(close) int new = open(to, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

    return old < 0 || new < 0 || acl_copy(old, new, to, err); /* what we cannot read we may not open to others */
}

/* No other process uses it yet. */
static bool copy_file(const char *from, const char *to, struct error *err)
{
    AUTO(buf_clear) struct buf text = BUF_SECRET(FILE_MAX_TEXT);
    struct file_access access = { .set_owner = true };
    struct stat st;

    if (stat(from, &st) != 0)
        return file_error(err, "examine", from);
    access.mode = st.st_mode & 07777;
    access.uid = st.st_uid == geteuid() ? (uid_t)-1 : st.st_uid;
    access.gid = st.st_gid == getegid() ? (gid_t)-1 : st.st_gid;
    TRY(file_read(from, &text, err));
    TRY(file_create(to, buf_view(&text), access, err));
    TRY(copy_list(from, to, err));
    return place_time(to, &st, err);
}

bool place_file(const char *from, const char *to, struct error *err)
{
    if (link(from, to) == 0)
        return true;
    if (errno == EPERM || errno == EACCES || errno == ENOTSUP || errno == ENOSYS || errno == EMLINK || errno == EXDEV)
        return copy_file(from, to, err);
    return file_error(err, "give a second name to", from);
}

bool place_name(const char *from, const char *to, struct error *err)
{
    AUTO(free) char *text = NULL;

    if (!file_is_link(from))
        return place_file(from, to, err);
    if (link(from, to) == 0) /* of the link itself */
        return true;
    TRY(file_read_link(from, &text, err));
    return symlink(text, to) == 0 || file_error(err, "create the link", to);
}

bool place_dir(const char *path, mode_t mode, const char *like, struct error *err)
{
    struct stat st;

    if (stat(like, &st) != 0)
        return file_error(err, "examine", like);
    if (mkdir(path, mode) != 0)
        return file_error(err, "create the directory", path);
    if ((st.st_uid != geteuid() || st.st_gid != getegid()) && lchown(path, st.st_uid, st.st_gid) != 0 && errno != EPERM)
        return file_error(err, "set the owner of", path);
    return true;
}
