#include "store/live_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "store/acl.h"
#include "store/version_dir.h"

/* Whether the certificate in it is a file: in Certbot's layout it is a link, and meta.txt is a user's. */
static bool has_files(const char *dir)
{
    AUTO(free) char *cert = version_file(dir, KIND_CERT);
    struct stat st;

    return lstat(cert, &st) == 0 && S_ISREG(st.st_mode);
}

/* README is ours in Certbot's layout; it goes along all the same. */
static bool list_foreign(const char *dir, struct list *out, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };

    TRY(file_list_dir(dir, &names, err));
    for (size_t i = 0; i < names.len; i++)
        if (!version_has_file(names.at[i]) || (strcmp(names.at[i], META_NAME) == 0 && !has_files(dir)))
            list_add(out, names.at[i]);
    return true;
}

/* A second name for a file of the user's, so that it is there on both sides of the switch. */
static bool carry_one(const char *from, const char *to, struct error *err)
{
    AUTO(free) char *text = NULL;

    if (file_is_link(from)) {
        TRY(file_read_link(from, &text, err));
        TRY(file_remove(to, err));
        return symlink(text, to) == 0 || file_error(err, "create the link", to);
    }
    if (file_is_dir(from)) /* has one place only: moved after the switch */
        return true;
    TRY(file_remove(to, err));
    /* Somebody else's file, or a file system without hard links: it moves after the switch, too. */
    return link(from, to) == 0 || errno == EPERM || errno == EACCES || errno == EMLINK || errno == ENOTSUP ||
           errno == ENOSYS || errno == EXDEV || file_error(err, "keep beside the new version", from);
}

static bool carry(const char *live, const char *next, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };

    TRY(list_foreign(live, &names, err));
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *from = file_join(live, names.at[i]);
        AUTO(free) char *to = file_join(next, names.at[i]);

        TRY(carry_one(from, to, err));
    }
    return true;
}

bool live_hand_over(const char *old, const char *live, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };

    TRY(list_foreign(old, &names, err));
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *from = file_join(old, names.at[i]);
        AUTO(free) char *to = file_join(live, names.at[i]);
        struct stat st;

        if (lstat(to, &st) == 0) {
            if (!file_is_dir(from) || file_is_link(from))
                TRY(file_remove(from, err));
        } else if (errno != ENOENT || rename(from, to) != 0) {
            return file_error(err, "keep in the live directory", from);
        }
    }
    return true;
}

/* Whoever may enter the live directory may enter it after the switch. */
static bool copy_access(const char *from, const char *to, struct error *err)
{
    AUTO(close) int fd = open(to, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    AUTO(close) int old = -1;
    struct stat was, is;

    if (fd < 0 || fstat(fd, &is) != 0)
        return file_error(err, "examine", to);
    old = open(from, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (old < 0 || fstat(old, &was) != 0)
        return errno == ENOENT || file_error(err, "examine", from);
    if (is.st_uid != was.st_uid || is.st_gid != was.st_gid) {
        if (fchown(fd, was.st_uid, was.st_gid) != 0 && errno != EPERM)
            return file_error(err, "set the owner of", to);
    }
    if (fchmod(fd, was.st_mode & 07777) != 0)
        return file_error(err, "set the mode of", to);
    return acl_copy(old, fd, to, err);
}

bool live_prepare(const char *live, const char *next, struct error *err)
{
    if (file_is_dir(live)) {
        TRY(carry(live, next, err));
        TRY(copy_access(live, next, err));
    }
    return file_sync_dir(next, err);
}

bool live_exchange(const char *live, const char *next, struct error *err)
{
    AUTO(free) char *above = file_dirname(live);
    AUTO(free) char *next_above = file_dirname(next);

    struct error back = { 0 };

    TRY(file_exchange(live, next, err));
    if (file_sync_dir(above, err) && (strcmp(above, next_above) == 0 || file_sync_dir(next_above, err)))
        return true;
    (void)!file_exchange(live, next, &back); /* what might be gone after a crash is not live */
    return false;
}
