#include "store/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/lock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/mutex.h"
#include "base/text.h"
#include "store/store_private.h"

enum { DIR_LOGS, DIR_CONFIG, DIR_WORK, DIR_COUNT }; /* in the order of Certbot's locks */

struct store {
    char *dir[DIR_COUNT];
    struct lock *lock[DIR_COUNT];
    unsigned needs;
    int lock_timeout_s;    /* -1: not set */
    struct lock_wait wait; /* for the directories */
    bool strict;           /* --strict-permissions */
    bool settled;          /* nothing hidden lies in live and archive: store_look_once */
    struct shared_dirs shared;
    struct proved_devices proved;
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
    (void)error_set(err, ERROR_STORE, "%s exists, but it should be owned by current user with permissions 0o%o", path,
        (unsigned)mode);
    return error_next(err, "chown and chmod it, or do without --strict-permissions");
}

static bool make_core_dir(const struct store *store, int which, struct error *err)
{
    static const mode_t modes[DIR_COUNT] = { 0700, 0755, 0755 };
    mode_t before;
    bool ok;

    if (which != DIR_WORK)
        return store_make_dir(store, store->dir[which], modes[which], err);
    /* Certbot makes this one, and what is missing above it, as if the umask were the usual one. */
    before = umask(022);
    ok = store_make_dir(store, store->dir[which], modes[which], err);
    (void)umask(before);
    return ok;
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

static bool make_and_lock(struct store *store, int which, struct error *err)
{
    enum lock_mode mode = store->needs & STORE_SHARE ? LOCK_SHARED : LOCK_EXCLUSIVE;

    if (store->needs & STORE_CREATE)
        TRY(make_core_dir(store, which, err));
    return !(store->needs & STORE_LOCK) || lock_take(store->dir[which], mode, store->wait, &store->lock[which], err);
}

bool store_may_go_without(unsigned needs, int sys)
{
    return sys == EROFS || sys == ENOSPC || sys == EDQUOT ||
           ((needs & STORE_READ) != 0 && (sys == EACCES || sys == EPERM || sys == ENOENT));
}

/* Opens one of the three directories and locks it. Only the configuration directory is indispensable, since
 * certificates are kept there. Readers go on without the lock, and without the directory: what is not there is none,
 * and what is closed to them is said where they look into it. */
static bool open_dir(struct store *store, int which, struct error *err)
{
    bool reads = (store->needs & STORE_READ) != 0;

    if (make_and_lock(store, which, err))
        return true;
    if ((which == DIR_CONFIG && !reads) || !store_may_go_without(store->needs, err->sys))
        return false;
    if (reads)
        log_info("Going on without a lock: %s", err->why);
    else
        log_warning("Going on without it, as no certificate is kept there: %s", err->why);
    error_clear(err);
    return true;
}

static bool open_rest(struct store *store, struct error *err)
{
    TRY(open_dir(store, DIR_CONFIG, err));
    TRY(open_dir(store, DIR_WORK, err));
    if (!(store->needs & STORE_CREATE) || make_hook_dirs(store, err))
        return true;
    if (!(store->needs & STORE_READ) || !store_may_go_without(store->needs, err->sys))
        return false;
    error_clear(err);
    return true;
}

/* Advises a user who is not root; for other causes file_error has the advice. */
static bool advise(struct error *err)
{
    if ((err->sys == EACCES || err->sys == EPERM) && geteuid() != 0)
        return error_next(
            err, "Either run as root, or set --config-dir, --work-dir, and --logs-dir to writeable paths.");
    if (err->sys == EROFS)
        return error_next_default(err,
            "mount that file system for writing, or set --config-dir, --work-dir, and --logs-dir to other directories");
    return false;
}

bool store_open_logs(const struct settings *settings, unsigned needs, struct store **out, struct error *err)
{
    AUTO(store_close) struct store *store = xcalloc(1, sizeof *store);

    mutex_init(&store->shared.mutex);
    mutex_init(&store->proved.mutex);
    store->dir[DIR_LOGS] = file_absolute(settings->logs_dir);
    store->dir[DIR_CONFIG] = file_absolute(settings->config_dir);
    store->dir[DIR_WORK] = file_absolute(settings->work_dir);
    store->strict = settings->strict_permissions;
    store->needs = needs;
    store->lock_timeout_s = SETTING_IS_SET(settings, lock_timeout_s) ? (int)settings->lock_timeout_s : -1;
    store->wait = lock_wait_of((int)settings->lock_timeout_s, "let it wait with --lock-timeout SECONDS");
    if (!open_dir(store, DIR_LOGS, err))
        return advise(err);
    *out = TAKE(store);
    return true;
}

bool store_open_rest(struct store *store, struct error *err)
{
    return open_rest(store, err) || advise(err);
}

bool store_open(const struct settings *settings, unsigned needs, struct store **out, struct error *err)
{
    AUTO(store_close) struct store *store = NULL;

    TRY(store_open_logs(settings, needs, &store, err));
    TRY(store_open_rest(store, err));
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
    list_clear(&store->shared.dirs);
    list_clear(&store->proved.devices);
    mutex_destroy(&store->shared.mutex);
    mutex_destroy(&store->proved.mutex);
    free(store);
}

struct shared_dirs *store_shared_dirs(struct store *store)
{
    return &store->shared;
}

struct proved_devices *store_proved_devices(struct store *store)
{
    return &store->proved;
}

bool store_only_reads(const struct store *store)
{
    return (store->needs & STORE_READ) != 0;
}

const char *store_config_dir(const struct store *store)
{
    return store->dir[DIR_CONFIG];
}

const char *store_work_dir(const struct store *store)
{
    return store->dir[DIR_WORK];
}

bool store_is_exclusive(const struct store *store)
{
    return (store->needs & (STORE_LOCK | STORE_SHARE)) == STORE_LOCK;
}

bool store_may_settle(const struct store *store)
{
    return (store->needs & STORE_AS_IT_IS) == 0;
}

int store_lock_timeout_s(const struct store *store)
{
    return store->lock_timeout_s;
}

bool store_make_renewal_dir(struct store *store, struct error *err)
{
    AUTO(free) char *path = store_path(store, "renewal");

    return store_make_dir(store, path, 0755, err);
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

/* ---- traces ---- */

/* A directory that cannot be listed counts as not empty. */
static bool has_hidden(const struct store *store, const char *part)
{
    AUTO(free) char *path = store_path(store, part);
    const struct dirent *entry;
    DIR *dir = opendir(path);
    bool found;

    if (dir == NULL)
        return true;
    do {
        errno = 0;
        entry = readdir(dir);
        found = entry != NULL && entry->d_name[0] == '.' && strcmp(entry->d_name, ".") != 0 &&
                strcmp(entry->d_name, "..") != 0;
    } while (entry != NULL && !found);
    found = found || errno != 0;
    (void)closedir(dir);
    return found;
}

void store_look_once(struct store *store)
{
    store->settled = !has_hidden(store, "live") && !has_hidden(store, "archive");
}

bool store_has_no_leftovers(const struct store *store)
{
    return store->settled;
}

static bool lies_in(const struct store *store, const char *part, const struct lineage *lineage, const char *dir)
{
    AUTO(free) char *usual = store->settled && dir != NULL ? store_path_in(store, part, lineage->name) : NULL;

    return usual != NULL && strcmp(usual, dir) == 0;
}

bool store_is_settled(const struct store *store, const struct lineage *lineage)
{
    return lies_in(store, "live", lineage, lineage->live_dir) &&
           lies_in(store, "archive", lineage, lineage->archive_dir);
}

/* ---- names ---- */

bool store_lineage_names(struct store *store, struct list *out, struct error *err)
{
    AUTO(free) char *dir = store_path(store, "renewal");
    AUTO(list_clear) struct list files = { 0 }, names = { 0 };

    TRY(file_list_dir(dir, &files, err));
    for (size_t i = 0; i < files.len; i++) /* Certbot, too, ignores names that start with a dot */
        if (files.at[i][0] != '.' && text_ends(files.at[i], ".conf"))
            list_add_view(&names, (struct view){ files.at[i], strlen(files.at[i]) - strlen(".conf") });
    list_clear(out);
    *out = names;
    names = (struct list){ 0 };
    return true;
}

char *store_conf_path(const struct store *store, const char *name)
{
    AUTO(free) char *dir = store_path(store, "renewal");

    return xprintf("%s/%s.conf", dir, name);
}

/* A link that leads nowhere is one that does not load, not one that is absent. */
bool store_has_lineage(struct store *store, const char *name)
{
    AUTO(free) char *path = store_conf_path(store, name);

    return name[0] != '\0' && name[0] != '.' && strchr(name, '/') == NULL && (file_exists(path) || file_is_link(path));
}
