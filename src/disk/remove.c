#include "disk/remove.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "disk/certbot_versions.h"

/* ---- wiping ---- */

/* Whether overwriting a file overwrites its blocks, and its link count is current. Network file systems and FUSE may
 * answer from a cache that misses a second name just made. */
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

/* A file with a second name is kept: that name is a user's. */
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

void wipe_file(const char *path)
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

bool remove_version_file(const char *path, enum kind kind, struct error *err)
{
    if (kind == KIND_PRIVKEY)
        wipe_file(path);
    return file_remove(path, err);
}

static bool is_key(const char *name)
{
    struct version_file file;

    return strcmp(name, "privkey.pem") == 0 || (version_parse(name, &file) && file.kind == KIND_PRIVKEY);
}

void undo_file(const char *path)
{
    if (is_key(file_basename(path)))
        wipe_file(path);
    (void)remove(path);
}

bool remove_version_tree(const char *dir, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };
    struct error ignored = { 0 };

    if (!file_is_link(dir) && file_list_dir(dir, &names, &ignored))
        for (size_t i = 0; i < names.len; i++) {
            AUTO(free) char *path = file_join(dir, names.at[i]);
            AUTO(free) char *key = version_file(path, KIND_PRIVKEY);

            if (is_key(names.at[i]))
                wipe_file(path);
            else if (file_is_dir(path) && !file_is_link(path))
                wipe_file(key);
        }
    return file_remove_tree(dir, err);
}

/* ---- undoing ---- */

void undo_add(struct undo *undo, const char *path)
{
    list_add(&undo->made, path);
}

void undo_add_tree(struct undo *undo, const char *path)
{
    list_add(&undo->trees, path);
}

void undo_keep(struct undo *undo)
{
    list_clear(&undo->made);
    list_clear(&undo->trees);
}

/* A version that was to become live goes by way of ".ID.next.gone" (version_dir.h): a crash after its key was
 * overwritten leaves nothing that waits. */
static void undo_tree(const char *path)
{
    AUTO(free) char *gone = file_beside(path, "gone");
    struct error ignored = { 0 };

    (void)!remove_version_tree(text_ends(path, ".next") && rename(path, gone) == 0 ? gone : path, &ignored);
}

void undo_at(struct undo *undo)
{
    for (size_t i = undo->trees.len; i-- > 0;)
        undo_tree(undo->trees.at[i]);
    for (size_t i = undo->made.len; i-- > 0;)
        undo_file(undo->made.at[i]); /* the error that led here is the one to report */
    undo_keep(undo);
}
