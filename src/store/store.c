#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/file.h"
#include "base/lock.h"
#include "base/mem.h"
#include "base/text.h"
#include "store/store_private.h"

#define STORE_MIN_FREE (128 * 1024) /* a version takes some 40 KiB at most; the rest is for the log */
#define STORE_MIN_INODES 16          /* four files, their links and the renewal file */

enum { DIR_LOGS, DIR_CONFIG, DIR_WORK, DIR_COUNT }; /* in the order of Certbot's locks */

struct store {
    char *dir[DIR_COUNT];
    struct lock *lock[DIR_COUNT];
    bool strict; /* --strict-permissions */
};

/* ---- opening ---- */

bool store_make_dir(const struct store *store, const char *path, mode_t mode, struct error *err)
{
    struct stat st;

    if (stat(path, &st) != 0)
        return file_mkdirs(path, mode, err);
    if (!S_ISDIR(st.st_mode)) {
        errno = ENOTDIR;
        return file_error(err, "use the directory", path);
    }
    if (!store->strict || (st.st_uid == geteuid() && (st.st_mode & 07777) == mode))
        return true;
    (void)error_set(err, ERROR_STORE,
                    "%s exists, but it should be owned by current user with permissions 0o%o", path,
                    (unsigned)mode);
    return error_next(err, "chown and chmod it, or do without --strict-permissions");
}

static bool make_core_dir(const struct store *store, int which, struct error *err)
{
    static const mode_t modes[DIR_COUNT] = { 0700, 0755, 0755 };
    const char *path = store->dir[which];
    bool was_there = file_exists(path);

    TRY(store_make_dir(store, path, modes[which], err));
    /* Certbot gives the work directory its mode whatever the umask is. */
    if (which == DIR_WORK && !was_there && chmod(path, modes[which]) != 0)
        return file_error(err, "set the mode of", path);
    return true;
}

static bool make_hook_dirs(const struct store *store, struct error *err)
{
    static const char *const names[] = { "pre", "deploy", "post" };

    for (size_t i = 0; i < COUNT(names); i++) {
        AUTO(free) char *path = store_path_in(store, "renewal-hooks", names[i]);

        TRY(store_make_dir(store, path, 0755, err));
    }
    return true;
}

static bool prepare(struct store *store, unsigned needs, int lock_timeout_s, struct error *err)
{
    for (int i = 0; i < DIR_COUNT; i++) {
        if (needs & STORE_CREATE)
            TRY(make_core_dir(store, i, err));
        if (needs & STORE_LOCK)
            TRY(lock_take(store->dir[i], lock_timeout_s, &store->lock[i], err));
    }
    return !(needs & STORE_CREATE) || make_hook_dirs(store, err);
}

bool store_open(const struct settings *settings, unsigned needs, struct store **out, struct error *err)
{
    AUTO(store_close) struct store *store = xcalloc(1, sizeof *store);

    store->dir[DIR_LOGS] = file_absolute(settings->logs_dir);
    store->dir[DIR_CONFIG] = file_absolute(settings->config_dir);
    store->dir[DIR_WORK] = file_absolute(settings->work_dir);
    store->strict = settings->strict_permissions;
    if (!prepare(store, needs, settings->lock_timeout_s, err)) {
        if (err->sys == EACCES || err->sys == EPERM || err->sys == EROFS)
            (void)error_next(err, "Either run as root, or set --config-dir, --work-dir, and --logs-dir to "
                                  "writeable paths.");
        return false;
    }
    *out = TAKE(store);
    return true;
}

void store_close(struct store *store)
{
    if (store == NULL)
        return;
    for (int i = DIR_COUNT - 1; i >= 0; i--) {
        lock_release(store->lock[i]);
        free(store->dir[i]);
    }
    free(store);
}

const char *store_config_dir(const struct store *store)
{
    return store->dir[DIR_CONFIG];
}

const char *store_work_dir(const struct store *store)
{
    return store->dir[DIR_WORK];
}

char *store_path(const struct store *store, const char *part)
{
    return file_join(store->dir[DIR_CONFIG], part);
}

char *store_path_in(const struct store *store, const char *part, const char *name)
{
    AUTO(free) char *dir = store_path(store, part);

    return file_join(dir, name);
}

/* ---- probing ---- */

/* The directory that is to be written to, or the nearest one above it that is there. */
static char *nearest_dir(char *path)
{
    while (!file_exists(path) && strcmp(path, "/") != 0 && strcmp(path, ".") != 0) {
        char *above = file_dirname(path);

        free(path);
        path = above;
    }
    return path;
}

static bool probe_space(const char *dir, struct error *err)
{
    struct statvfs fs;
    uint64_t blocks, inodes;

    if (statvfs(dir, &fs) != 0)
        return file_error(err, "examine the file system of", dir);
    blocks = geteuid() == 0 ? fs.f_bfree : fs.f_bavail; /* root may use the reserve */
    inodes = geteuid() == 0 ? fs.f_ffree : fs.f_favail;
    if (blocks * fs.f_frsize >= STORE_MIN_FREE &&
        (fs.f_files == 0 || inodes >= STORE_MIN_INODES)) /* 0: the file system has no such limit */
        return true;
    errno = ENOSPC;
    return file_error(err, "keep a new certificate in", dir);
}

/* Only a file that was made proves that one can be: root passes every access check, and may still be refused
 * (quota, immutable directory, security module). */
static bool probe_create(const char *dir, struct error *err)
{
    static atomic_uint serial;
    unsigned number = atomic_fetch_add(&serial, 1);
    AUTO(free) char *path = xprintf("%s/.evercert-probe.%ld.%u", dir, (long)getpid(), number);
    AUTO(close) int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

    if (fd < 0)
        return file_error(err, "create files in", dir);
    return file_remove(path, err);
}

bool store_probe(struct store *store, struct error *err)
{
    static const char *const parts[] = { "archive", "live", "renewal" };

    for (size_t i = 0; i < COUNT(parts); i++) {
        AUTO(free) char *dir = nearest_dir(store_path(store, parts[i]));

        if (!file_is_dir(dir)) {
            errno = ENOTDIR;
            return file_error(err, "create files in", dir);
        }
        if (i == 0)
            TRY(probe_space(dir, err));
        if (faccessat(AT_FDCWD, dir, W_OK | X_OK, AT_EACCESS) != 0)
            return file_error(err, "create files in", dir);
        TRY(probe_create(dir, err));
    }
    return true;
}

/* ---- names ---- */

bool store_lineage_names(struct store *store, struct list *out, struct error *err)
{
    AUTO(free) char *dir = store_path(store, "renewal");
    AUTO(list_clear) struct list files = { 0 }, names = { 0 };

    TRY(file_list_dir(dir, &files, err));
    for (size_t i = 0; i < files.len; i++) /* what starts with a dot is hidden from Certbot, too */
        if (files.at[i][0] != '.' && text_ends(files.at[i], ".conf"))
            list_add_view(&names, (struct view){ files.at[i], strlen(files.at[i]) - strlen(".conf") });
    list_clear(out);
    *out = names;
    names = (struct list){ 0 };
    return true;
}

char *store_conf_path(struct store *store, const char *name)
{
    AUTO(free) char *dir = store_path(store, "renewal");

    return xprintf("%s/%s.conf", dir, name);
}

bool store_has_lineage(struct store *store, const char *name)
{
    AUTO(free) char *path = store_conf_path(store, name);

    return name[0] != '\0' && name[0] != '.' && strchr(name, '/') == NULL && file_exists(path);
}

/* ---- undoing ---- */

void undo_add(struct undo *undo, const char *path)
{
    list_add(&undo->made, path);
}

void undo_keep(struct undo *undo)
{
    list_clear(&undo->made);
}

void undo_at(struct undo *undo)
{
    for (size_t i = undo->made.len; i-- > 0;)
        (void)remove(undo->made.at[i]); /* the error that brought us here is the one to be told */
    list_clear(&undo->made);
}
