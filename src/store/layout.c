#include "store/layout.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "store/certbot_versions.h"
#include "store/version_dir.h"

static const struct layout *const layouts[] = { &layout_certbot, &layout_versioned };

const struct layout *layout_find(const char *name)
{
    for (size_t i = 0; i < COUNT(layouts); i++)
        if (strcmp(layouts[i]->name, name) == 0)
            return layouts[i];
    return NULL;
}

/* A store keeps to one layout unless somebody says otherwise: who made it reads it again. */
const struct layout *layout_for_new(struct store *store, const struct settings *settings)
{
    AUTO(list_clear) struct list names = { 0 };
    struct error err = { 0 };

    if (!SETTING_IS_SET(settings, store_layout) && store_lineage_names(store, &names, &err))
        for (size_t i = 0; i < names.len; i++) {
            AUTO(lineage_free) struct lineage *first = NULL;

            /* one without paths is a name that is only reserved */
            if (lineage_open(store, names.at[i], &first, &err) && first->live_dir != NULL)
                return first->layout;
        }
    return layout_find(settings->store_layout);
}

struct view issued_part(const struct issued *issued, enum kind kind)
{
    switch (kind) {
    case KIND_CERT:
        return issued->cert;
    case KIND_PRIVKEY:
        return issued->privkey;
    case KIND_CHAIN:
        return issued->chain;
    case KIND_FULLCHAIN:
        return issued->fullchain;
    case KIND_COUNT:
        break;
    }
    return view_of("");
}

/* ---- directories ---- */

bool layout_is_taken(const char *path)
{
    AUTO(list_clear) struct list names = { 0 };
    struct error err = { 0 };
    struct stat st;

    if (lstat(path, &st) != 0)
        return errno != ENOENT;
    return !S_ISDIR(st.st_mode) || !file_list_dir(path, &names, &err) || names.len > 0;
}

const char *layout_taken(const struct lineage *lineage)
{
    if (layout_is_taken(lineage->archive_dir))
        return lineage->archive_dir;
    return layout_is_taken(lineage->live_dir) ? lineage->live_dir : NULL;
}

bool layout_make_dir(const char *path, mode_t mode, struct undo *undo, struct error *err)
{
    if (mkdir(path, mode) == 0) {
        undo_add(undo, path);
        return true;
    }
    return (errno == EEXIST && !layout_is_taken(path)) || file_error(err, "create the directory", path);
}

bool layout_remove_dir_if_empty(const char *path, struct error *err)
{
    return rmdir(path) == 0 || errno == ENOENT || errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR ||
           file_error(err, "remove", path);
}

/* ---- README ---- */

#define CERTBOTS_README "This directory contains your keys and certificates." /* how it begins */

static const char readme_text[] =
    "%scert.pem       the certificate alone\n"
    "%schain.pem      the certificates of the issuers, for servers that want them apart\n"
    "%sfullchain.pem  certificate and issuers, in the order in which most servers want them\n"
    "%sprivkey.pem    the private key; whoever can read it can pose as this server\n"
    "\n"
    "Let your servers read the files by these paths: they lead to the newest version after each renewal.\n"
    "Please do not move, rename or replace them. Renewal fails when they are not where it left them; to be\n"
    "rid of a certificate, use the command `delete`, and to have it under another name, obtain one with\n"
    "--cert-name.\n";

bool layout_write_readme(const char *dir, const char *prefix, struct undo *undo, struct error *err)
{
    AUTO(free) char *path = file_join(dir, "README");
    AUTO(free) char *text = xprintf(readme_text, prefix, prefix, prefix, prefix);

    if (file_exists(path))
        return true;
    if (!file_create(path, view_of(text), FILE_PUBLIC, err))
        return err->sys == EEXIST; /* another thread was first */
    if (undo != NULL)
        undo_add(undo, path);
    return true;
}

bool layout_remove_readme(const char *dir, struct error *err)
{
    AUTO(free) char *path = file_join(dir, "README"), *own = xprintf(readme_text, "", "", "", "");
    AUTO(buf_clear) struct buf text = BUF(FILE_MAX_TEXT);
    struct error unreadable = { 0 };

    if (file_is_link(path) || !file_read(path, &text, &unreadable))
        return true;
    if (strcmp(buf_text(&text), own) != 0 && !text_starts(buf_text(&text), CERTBOTS_README))
        return true;
    return file_remove(path, err);
}

/* ---- wiping ---- */

/* Only where blocks are known to be written over in place, and link counts to be the file's own: network file systems
 * and FUSE answer for another one, from a cache, which may not know of the second name that a file has got a moment
 * ago. */
static bool overwrites_in_place(int fd)
{
    static const unsigned long known[] = { 0xef53 /* ext2, ext3, ext4 */, 0x58465342 /* xfs */, 0x3153464a /* jfs */,
        0x01021994 /* tmpfs */, 0x858458f6 /* ramfs */, 0x4d44 /* vfat */, 0x2011bab0 /* exfat */ };
    struct statfs fs;

    if (fstatfs(fd, &fs) != 0)
        return false;
    for (size_t i = 0; i < COUNT(known); i++)
        if ((unsigned long)fs.f_type == known[i])
            return true;
    return false;
}

/* A second name is somebody's who wants to keep it. */
static bool may_wipe(int fd, struct stat *st)
{
    return fd >= 0 && fstat(fd, st) == 0 && S_ISREG(st->st_mode) && st->st_nlink == 1 && overwrites_in_place(fd);
}

/* Its owner may have made it read-only, as some like their keys. */
static int open_to_wipe(const char *path)
{
    AUTO(close) int readable = -1;
    struct stat st;
    int fd = open(path, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

    if (fd >= 0 || errno != EACCES)
        return fd;
    readable = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (!may_wipe(readable, &st) || fchmod(readable, S_IRUSR | S_IWUSR) != 0)
        return -1;
    return open(path, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
}

void layout_wipe(const char *path)
{
    static const char zeros[4096];
    AUTO(close) int fd = open_to_wipe(path);
    struct stat st;
    off_t at = 0;

    if (!may_wipe(fd, &st))
        return;
    while (at < st.st_size) {
        off_t left = st.st_size - at;
        ssize_t done = write(fd, zeros, left < (off_t)sizeof zeros ? (size_t)left : sizeof zeros);

        if (done <= 0)
            break;
        at += done;
    }
    (void)fsync(fd);
}

bool layout_remove_file(const char *path, enum kind kind, struct error *err)
{
    if (kind == KIND_PRIVKEY)
        layout_wipe(path);
    return file_remove(path, err);
}

static bool is_key(const char *name)
{
    struct version_file file;

    return strcmp(name, "privkey.pem") == 0 || (version_parse(name, &file) && file.kind == KIND_PRIVKEY);
}

void layout_undo(const char *path)
{
    if (is_key(file_basename(path)))
        layout_wipe(path);
    (void)remove(path);
}

bool layout_remove_tree(const char *dir, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };
    struct error ignored = { 0 };

    if (!file_is_link(dir) && file_list_dir(dir, &names, &ignored))
        for (size_t i = 0; i < names.len; i++) {
            AUTO(free) char *path = file_join(dir, names.at[i]);
            AUTO(free) char *key = version_file(path, KIND_PRIVKEY);

            if (is_key(names.at[i]))
                layout_wipe(path);
            else if (file_is_dir(path) && !file_is_link(path))
                layout_wipe(key);
        }
    return file_remove_tree(dir, err);
}
