#include "disk/live_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/acl.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "disk/place.h"
#include "disk/version_dir.h"

/* Whether the certificate in it is a file: in Certbot's layout it is a link, and meta.txt is a user's. */
static bool has_files(const char *dir)
{
    AUTO(free) char *cert = version_file(dir, KIND_CERT);
    struct stat st;

    return lstat(cert, &st) == 0 && S_ISREG(st.st_mode);
}

/* The mark of a stand-in, and what is about to become a file of ours. */
static bool is_passing(const char *name)
{
    AUTO(free) char *file = NULL;

    if (strcmp(name, LIVE_MARK) == 0)
        return true;
    if (name[0] != '.' || !text_ends(name, LIVE_FRESH))
        return false;
    file = xprintf("%.*s", (int)(strlen(name) - 1 - strlen(LIVE_FRESH)), name + 1);
    return version_has_file(file);
}

/* README is ours in Certbot's layout; it goes along all the same. */
static bool list_foreign(const char *dir, struct list *out, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };

    TRY(file_list_dir(dir, &names, err));
    for (size_t i = 0; i < names.len; i++)
        if (!is_passing(names.at[i]) &&
            (!version_has_file(names.at[i]) || (strcmp(names.at[i], META_NAME) == 0 && !has_files(dir))))
            list_add(out, names.at[i]);
    return true;
}

/* The target of a link in NEXT to a user's entry in LIVE that cannot be linked hard: a directory, a file of another
 * user, or any file where the file system has no hard links. It resolves once LIVE and NEXT were exchanged. */
static char *way_back(const char *next, const char *name)
{
    return xprintf("./../%s/%s", file_basename(next), name);
}

/* *is: it is such a link; nobody else begins one like that. One that cannot be read is not taken for a user's. */
static bool is_way_back(const char *path, bool *is, struct error *err)
{
    AUTO(free) char *text = NULL;

    *is = false;
    if (!file_is_link(path))
        return true;
    TRY(file_read_link(path, &text, err));
    *is = text_starts(text, "./../.") && strcmp(file_basename(text), file_basename(path)) == 0;
    return true;
}

/* Puts a user's entry of the live directory into the next one too, by a second name or a link. */
static bool carry_one(const char *from, const char *next, struct error *err)
{
    AUTO(free) char *to = file_join(next, file_basename(from));
    AUTO(free) char *text = NULL;

    TRY(file_remove(to, err));
    if (file_is_link(from)) {
        TRY(file_read_link(from, &text, err));
    } else {
        if (!file_is_dir(from) && link(from, to) == 0)
            return true;
        text = way_back(next, file_basename(from));
    }
    return symlink(text, to) == 0 || file_error(err, "keep beside the new version", from);
}

static bool carry(const char *live, const char *next, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };

    TRY(list_foreign(live, &names, err));
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *from = file_join(live, names.at[i]);

        TRY(carry_one(from, next, err));
    }
    return true;
}

/* ---- what is there twice ---- */

static bool is_same(const char *a, const char *b)
{
    AUTO(free) char *text_a = NULL, *text_b = NULL;
    struct error err = { 0 };
    struct stat st_a, st_b;
    bool same = false;

    if (lstat(a, &st_a) != 0 || lstat(b, &st_b) != 0)
        return false;
    if (st_a.st_dev == st_b.st_dev && st_a.st_ino == st_b.st_ino)
        return true;
    if (S_ISLNK(st_a.st_mode) && S_ISLNK(st_b.st_mode))
        return file_read_link(a, &text_a, &err) && file_read_link(b, &text_b, &err) && strcmp(text_a, text_b) == 0;
    return S_ISREG(st_a.st_mode) && S_ISREG(st_b.st_mode) && version_file_same(a, b, &same, &err) && same;
}

static bool is_there(const char *dir, const char *name)
{
    AUTO(free) char *path = file_join(dir, name);
    struct stat st;

    return lstat(path, &st) == 0;
}

/* A name that neither directory has, of the caller's. */
static char *free_name(const char *live, const char *dir, const char *name, const char *id)
{
    char *tried = xprintf("%s.%s", name, id);

    for (unsigned i = 2; is_there(live, tried) || is_there(dir, tried); i++) {
        free(tried);
        tried = xprintf("%s.%s.%u", name, id, i);
    }
    return tried;
}

bool live_set_apart(const char *live, const char *dir, const char *id, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };

    TRY(list_foreign(dir, &names, err));
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *from = file_join(dir, names.at[i]), *newer = file_join(live, names.at[i]);
        AUTO(free) char *name = NULL, *to = NULL;

        if (!is_there(live, names.at[i]) || is_same(from, newer))
            continue;
        name = free_name(live, dir, names.at[i], id);
        to = file_join(dir, name);
        if (rename(from, to) != 0)
            return file_error(err, "keep beside the one that is live", from);
        log_info("%s is kept as %s: %s is younger", from, name, newer);
    }
    return true;
}

/* Keeps the younger of two files. */
static bool keep_younger(const char *from, const char *to, const struct stat *at_to, struct error *err)
{
    struct stat st;

    if (lstat(from, &st) != 0)
        return errno == ENOENT || file_error(err, "examine", from);
    if ((st.st_ino != at_to->st_ino || st.st_dev != at_to->st_dev) &&
        (st.st_mtim.tv_sec > at_to->st_mtim.tv_sec ||
            (st.st_mtim.tv_sec == at_to->st_mtim.tv_sec && st.st_mtim.tv_nsec > at_to->st_mtim.tv_nsec)))
        return rename(from, to) == 0 || file_error(err, "keep in the live directory", from);
    return file_remove(from, err);
}

/* Keeps both entries, of which one is a directory: the user made the second one while the first was not in place. */
static bool keep_both(const char *from, const char *old, const char *live, struct error *err)
{
    AUTO(free) char *name = free_name(live, old, file_basename(from), "was");
    AUTO(free) char *to = file_join(live, name);

    if (rmdir(from) == 0)
        return true;
    if (rename(from, to) != 0)
        return file_error(err, "keep in the live directory", from);
    log_info("%s is kept as %s", from, to);
    return true;
}

/* Moves an entry; between file systems files only. */
static bool move(const char *from, const char *to, struct error *err)
{
    if (rename(from, to) == 0)
        return true;
    if (errno != EXDEV || (file_is_dir(from) && !file_is_link(from)))
        return file_error(err, "keep in the live directory", from);
    return place_name(from, to, err) && file_remove(from, err);
}

static bool hand_over_one(const char *from, const char *old, const char *live, bool *moved, struct error *err)
{
    AUTO(free) char *to = file_join(live, file_basename(from));
    bool one_place, leads_back;
    struct stat st;

    TRY(is_way_back(from, &leads_back, err));
    if (leads_back) /* it leads to what is in LIVE by now */
        return file_remove(from, err);
    TRY(is_way_back(to, &leads_back, err));
    if (leads_back)
        TRY(file_remove(to, err));
    if (lstat(to, &st) != 0) {
        *moved = true;
        return errno == ENOENT ? move(from, to, err) : file_error(err, "examine", to);
    }
    if (S_ISLNK(st.st_mode) && is_same(from, to)) /* the user's own stays, not the one that went along */
        return file_remove(from, err);
    one_place = S_ISDIR(st.st_mode) || (file_is_dir(from) && !file_is_link(from));
    *moved = *moved || one_place;
    return one_place ? keep_both(from, old, live, err) : keep_younger(from, to, &st, err);
}

bool live_hand_over(const char *old, const char *live, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };
    bool moved = false;

    TRY(list_foreign(old, &names, err));
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *from = file_join(old, names.at[i]);

        TRY(hand_over_one(from, old, live, &moved, err));
    }
    return !moved || (file_sync_dir(live, err) && file_sync_dir(old, err)); /* before anything becomes of the old one */
}

/* Copies the access of the live directory, so that its readers can enter after the switch. */
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
    TRY(acl_copy(old, fd, to, err)); /* first: of a list, the mode has the mask where the owning group is meant */
    return fchmod(fd, was.st_mode & 07777) == 0 || file_error(err, "set the mode of", to);
}

static bool set_mark(const char *dir, struct error *err)
{
    AUTO(free) char *path = file_join(dir, LIVE_MARK);

    TRY(file_remove(path, err));
    return file_create(path, view_of(""), FILE_PRIVATE, err);
}

bool live_prepare(const char *live, const char *next, struct error *err)
{
    if (file_is_dir(live)) {
        TRY(set_mark(next, err));
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
    (void)!file_exchange(live, next, &back); /* files that a crash may lose are not made live */
    return false;
}
