#include "backup/shelf.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "crypto/key.h"

#define FOLDER "store-backups"
#define NEW_START ".new-"
#define NEW_LEN 16 /* hex digits behind it */
#define SERIALS 9999

char *shelf_dir(const struct settings *settings)
{
    return settings->backup_dir != NULL ? xstrdup(settings->backup_dir) : file_join(settings->work_dir, FOLDER);
}

/* ---- a new backup ---- */

/* Whether nobody is writing it any more: its writer holds it locked as long as he lives. */
static bool is_left(const char *path)
{
    AUTO(close) int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);

    return fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0;
}

/* A file of such a name as new_name makes: what else begins so is somebody's own. */
static bool is_new(const char *path)
{
    const char *name = file_basename(path);
    struct stat st;

    return text_starts(name, NEW_START) && strlen(name) == strlen(NEW_START) + NEW_LEN &&
           strspn(name + strlen(NEW_START), "0123456789abcdef") == NEW_LEN && lstat(path, &st) == 0 &&
           S_ISREG(st.st_mode);
}

static bool sweep(const char *dir, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };

    TRY(file_list_dir(dir, &names, err));
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *path = file_join(dir, names.at[i]);
        struct error why = { 0 };

        if (is_new(path) && is_left(path) && !file_remove(path, &why))
            log_debug("%s: %s", path, why.why); /* it is in nobody's way */
    }
    return true;
}

/* A name that no other run has. */
static bool new_name(const char *dir, char **path, struct error *err)
{
    unsigned char bytes[NEW_LEN / 2];
    AUTO(buf_clear) struct buf hex = BUF(64);

    TRY(random_bytes(bytes, sizeof bytes, err));
    buf_put_hex(&hex, (struct view){ (const char *)bytes, sizeof bytes });
    *path = xprintf("%s/" NEW_START "%s", dir, buf_text(&hex));
    return true;
}

/* Another run may have swept it between its making and its lock: then it has no name any more. */
static bool is_there(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 && st.st_nlink > 0;
}

static bool open_new(struct shelf_file *file, struct error *err)
{
    for (int tries = 0; tries < 10; tries++) {
        AUTO(free) char *path = NULL;

        TRY(new_name(file->dir, &path, err));
        file->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (file->fd < 0)
            return file_error(err, "write", path);
        if (fchmod(file->fd, 0600) == 0 && flock(file->fd, LOCK_EX | LOCK_NB) == 0 && is_there(file->fd)) {
            file->path = TAKE(path);
            return true;
        }
        close_at(&file->fd);
        file->fd = -1;
        TRY(file_remove(path, err));
    }
    return error_set(err, ERROR_STORE, "%s is swept by other runs all the time", file->dir);
}

bool shelf_begin(const char *dir, struct shelf_file *out, struct error *err)
{
    AUTO(shelf_file_clear) struct shelf_file file = { .dir = xstrdup(dir), .fd = -1 };

    TRY(file_mkdirs(dir, 0700, err));
    TRY(sweep(dir, err));
    TRY(open_new(&file, err));
    *out = file;
    file = (struct shelf_file){ .fd = -1 };
    return true;
}

/* One that is free, behind all of the same second. */
static bool rename_free(const struct shelf_file *file, struct backup_name *name, char **path, struct error *err)
{
    for (name->serial = 1; name->serial <= SERIALS; name->serial++) {
        char text[BACKUP_NAME_SIZE];
        AUTO(free) char *to = NULL;

        backup_name_format(name, text);
        to = file_join(file->dir, text);
        if (file_rename_new(file->path, to, err)) {
            *path = TAKE(to);
            return true;
        }
        if (err->sys != EEXIST)
            return false;
    }
    return error_set(err, ERROR_STORE, "%s has %d backups of one second", file->dir, SERIALS);
}

bool shelf_publish(struct shelf_file *file, struct backup_name *name, char **path, struct error *err)
{
    AUTO(free) char *to = NULL;

    if (fsync(file->fd) != 0)
        return file_error(err, "write", file->path);
    TRY(rename_free(file, name, &to, err));
    free(TAKE(file->path));
    TRY(file_sync_dir(file->dir, err));
    *path = TAKE(to);
    return true;
}

void shelf_file_clear(struct shelf_file *file)
{
    struct error ignored = { 0 };

    if (file->path != NULL && !file_remove(file->path, &ignored))
        log_debug("%s: %s", file->path, ignored.why); /* it is swept by the next one */
    close_at(&file->fd);
    free(file->path);
    free(file->dir);
    *file = (struct shelf_file){ .fd = -1 };
}

/* ---- those that are there ---- */

bool shelf_read(const char *dir, struct shelf *out, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };
    AUTO(shelf_clear) struct shelf shelf = { 0 };

    TRY(file_list_dir(dir, &names, err)); /* in byte order: the oldest first */
    shelf.at = xcalloc(names.len + 1, sizeof *shelf.at);
    for (size_t i = 0; i < names.len; i++) {
        struct shelf_entry *entry = &shelf.at[shelf.len];
        AUTO(free) char *path = file_join(dir, names.at[i]);
        struct stat st;

        if (!backup_name_parse(names.at[i], &entry->name) || lstat(path, &st) != 0 || !S_ISREG(st.st_mode))
            continue;
        entry->path = TAKE(path);
        entry->size = (uint64_t)st.st_size;
        shelf.len++;
    }
    *out = shelf;
    shelf = (struct shelf){ 0 };
    return true;
}

void shelf_clear(struct shelf *shelf)
{
    for (size_t i = 0; i < shelf->len; i++)
        free(shelf->at[i].path);
    free(shelf->at);
    *shelf = (struct shelf){ 0 };
}

enum { WANTED, BY_ITSELF, INCOMPLETE, EMPTY, OF_WHAT_IS_BROKEN, KINDS };

static int kind_of(const struct backup_name *name)
{
    if (name->reason[0] == '\0')
        return WANTED;
    if (strcmp(name->reason, SHELF_EMPTY) == 0)
        return EMPTY;
    if (strcmp(name->reason, SHELF_INCOMPLETE) == 0)
        return INCOMPLETE;
    return strcmp(name->reason, SHELF_EMERGENCY) == 0 ? OF_WHAT_IS_BROKEN : BY_ITSELF;
}

/* Whether a path leads to one of them, however it is written. */
static bool is_among(const char *path, const struct list *paths)
{
    struct stat is, other;

    for (size_t i = 0; i < paths->len; i++)
        if (stat(path, &is) == 0 && stat(paths->at[i], &other) == 0 && is.st_dev == other.st_dev &&
            is.st_ino == other.st_ino)
            return true;
    return false;
}

static bool rotate(const struct shelf *shelf, const char *store, unsigned keep, const struct list *stay,
    struct list *removed, struct error *err)
{
    unsigned seen[KINDS] = { 0 };

    for (size_t i = 0; i < shelf->len; i++)
        if (strcmp(shelf->at[i].name.store, store) == 0 && is_among(shelf->at[i].path, stay))
            seen[kind_of(&shelf->at[i].name)]++;
    for (size_t i = shelf->len; i-- > 0;) {
        const struct shelf_entry *entry = &shelf->at[i];

        if (strcmp(entry->name.store, store) != 0 || is_among(entry->path, stay) ||
            seen[kind_of(&entry->name)]++ < keep)
            continue;
        TRY(file_remove(entry->path, err));
        list_add(removed, entry->path);
    }
    return true;
}

bool shelf_rotate(
    const char *dir, const char *store, unsigned keep, const struct list *stay, struct list *removed, struct error *err)
{
    AUTO(shelf_clear) struct shelf shelf = { 0 };

    TRY(shelf_read(dir, &shelf, err));
    TRY(rotate(&shelf, store, keep, stay, removed, err));
    return removed->len == 0 || file_sync_dir(dir, err);
}
