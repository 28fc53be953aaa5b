#include "backup/gather.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/interrupt.h"
#include "base/mem.h"
#include "base/text.h"
#include "store/lineage_conf.h"
#include "store/lineage_lock.h"

#define CONF "conf"
#define OUTSIDE "files"
#define LOGS "logs"
#define ENDING ".conf"
#define OUTSIDE_MAX (1024 * 1024) /* bytes of a file outside of the store: scripts and credentials are small */

/* The three directories that lineages lie in. */
static const char *const shared[] = { "renewal", "live", "archive" };

struct gathering {
    struct context *context;
    struct packer *packer;
    const char *config_dir;
    struct list names; /* of the lineages, in byte order */
    struct list late;  /* of those that came meanwhile */
    struct list extra; /* paths outside of lineages' own that are in the backup already */
};

static void gathering_clear_at(struct gathering *gathering)
{
    list_clear(&gathering->names);
    list_clear(&gathering->late);
    list_clear(&gathering->extra);
}

/* Below dir, or dir itself. */
static bool is_within(const char *path, const char *dir)
{
    size_t len = strcmp(dir, "/") == 0 ? 0 : strlen(dir);

    return text_starts(path, dir) && (path[len] == '/' || path[len] == '\0');
}

/* The same, or it is so where both really are. */
static bool is_really_within(const char *path, const char *dir)
{
    AUTO(free) char *real = NULL, *real_dir = NULL;

    if (is_within(path, dir))
        return true;
    real = realpath(path, NULL);
    real_dir = realpath(dir, NULL);
    return real != NULL && real_dir != NULL && is_within(real, real_dir);
}

/* A link to what is not in the store, and is there. */
static bool leads_out(const struct gathering *gathering, const char *path)
{
    AUTO(free) char *real = NULL, *store = NULL;

    if (!file_is_link(path))
        return false;
    real = realpath(path, NULL);
    store = realpath(gathering->config_dir, NULL);
    return real != NULL && store != NULL && !is_within(real, store);
}

/* The name in the archive; of the caller's. */
static char *name_of(const struct gathering *gathering, const char *path)
{
    if (is_within(path, gathering->config_dir))
        return xprintf(CONF "%s", path + strlen(gathering->config_dir));
    return xprintf(OUTSIDE "%s", path);
}

static bool put(struct gathering *gathering, const char *path, enum pack_how how, struct error *err)
{
    AUTO(free) char *name = name_of(gathering, path);

    TRY(interrupt_check(err));
    return packer_put(gathering->packer, path, name, how, err);
}

/* One that may be named by several lineages. */
static bool put_once(struct gathering *gathering, const char *path, struct error *err)
{
    for (size_t i = 0; i < gathering->extra.len; i++)
        if (is_within(path, gathering->extra.at[i]))
            return true;
    list_add(&gathering->extra, path);
    TRY(put(gathering, path, PACK_FOLLOWED, err));
    packer_skip(gathering->packer, path); /* also within what comes later */
    return true;
}

/* ---- what renewal files name ---- */

/* What the system's packages have is in no backup. */
static bool is_of_system(const char *path)
{
    static const char *const dirs[] = { "/bin", "/sbin", "/lib", "/lib64", "/usr/bin", "/usr/sbin", "/usr/lib",
        "/usr/lib64", "/usr/libexec", "/usr/share", "/dev", "/proc", "/sys" };

    for (size_t i = 0; i < COUNT(dirs); i++)
        if (is_within(path, dirs[i]))
            return true;
    return false;
}

/* One in the store comes with it, unless it is a link that leads out. */
static bool is_in_store(struct gathering *gathering, const char *path)
{
    if (!is_within(path, gathering->config_dir))
        return false;
    if (leads_out(gathering, path))
        packer_lacks(gathering->packer, path, "it is a link that leads out of --config-dir");
    return true;
}

/* A path that is, or may be, that of a file: what is no regular one is none. */
static bool put_file(struct gathering *gathering, const char *path, struct error *err)
{
    AUTO(free) char *real = realpath(path, NULL);
    struct stat st;

    if (path[0] != '/' || is_of_system(real == NULL ? path : real) || is_in_store(gathering, path))
        return true;
    if (stat(path, &st) != 0)
        return errno == EACCES ? put_once(gathering, path, err) : true; /* which notes it */
    if (!S_ISREG(st.st_mode))
        return true;
    if (st.st_size > OUTSIDE_MAX) {
        packer_lacks(gathering->packer, path, "files outside of --config-dir are packed up to 1 MiB");
        return true;
    }
    return put_once(gathering, path, err);
}

/* A value that is the path of a file (credentials), or has such among its words (a hook with its arguments). */
static bool put_named(struct gathering *gathering, const char *value, struct error *err)
{
    static const char between[] = " \t\"';&|()<>";

    if (value[0] == '/' && file_exists(value))
        return put_file(gathering, value, err);
    for (const char *at = value + strspn(value, between); *at != '\0'; at += strspn(at, between)) {
        AUTO(free) char *word = xstrndup(at, strcspn(at, between));

        TRY(put_file(gathering, word, err));
        at += strlen(word);
    }
    return true;
}

static bool put_named_in(struct gathering *gathering, const struct conf *conf, const char *section, struct error *err)
{
    AUTO(list_clear) struct list keys = { 0 };

    conf_keys(conf, section, &keys);
    for (size_t i = 0; i < keys.len; i++) {
        const char *value = conf_get(conf, section, keys.at[i]);

        if (value != NULL)
            TRY(put_named(gathering, value, err));
    }
    return true;
}

/* One beside those of lineages, and none of theirs. What lies elsewhere in the store comes with the rest of it. */
static bool is_of_shared(const struct gathering *gathering, const char *path)
{
    for (size_t i = 0; i < COUNT(shared); i++) {
        AUTO(free) char *dir = file_join(gathering->config_dir, shared[i]);
        AUTO(free) char *above = file_dirname(path);

        if (strcmp(above, dir) == 0)
            return !store_has_lineage(gathering->context->store, file_basename(path));
    }
    return false;
}

/* Directories that the renewal file names other than the usual ones. */
static bool put_elsewhere(struct gathering *gathering, const struct conf *conf, const char *name, const char *key,
    bool file, struct error *err)
{
    AUTO(free) char *live = xprintf("%s/live/%s", gathering->config_dir, name);
    AUTO(free) char *archive = xprintf("%s/archive/%s", gathering->config_dir, name);
    const char *value = conf_get(conf, "", key);
    AUTO(free) char *path = value == NULL ? NULL : file ? file_dirname(value) : xstrdup(value);

    if (path == NULL || path[0] != '/' || is_really_within(path, live) || is_really_within(path, archive))
        return true;
    if (is_really_within(path, gathering->config_dir))
        return !is_of_shared(gathering, path) || put_once(gathering, path, err);
    packer_lacks(
        gathering->packer, path, "it lies outside of --config-dir, to which alone a restore puts certificates");
    return is_within(gathering->config_dir, path) || put_once(gathering, path, err);
}

static bool put_conf(struct gathering *gathering, const char *name, struct error *err)
{
    AUTO(conf_free) struct conf *conf = NULL;
    struct error broken = { 0 };

    if (!lineage_read_conf(gathering->context->store, name, &conf, &broken))
        return true; /* there is none, or it cannot be read, which others tell */
    TRY(put_elsewhere(gathering, conf, name, "archive_dir", false, err));
    TRY(put_elsewhere(gathering, conf, name, "cert", true, err));
    TRY(put_named_in(gathering, conf, "renewalparams", err));
    return put_named_in(gathering, conf, "evercert", err);
}

/* ---- lineages ---- */

static bool put_lineage(struct gathering *gathering, const char *name, struct error *err)
{
    AUTO(range_lock_release) struct range_lock *lock = NULL;
    AUTO(free) char *conf = xprintf("%s/renewal/%s" ENDING, gathering->config_dir, name);
    AUTO(free) char *live = xprintf("%s/live/%s", gathering->config_dir, name);
    AUTO(free) char *archive = xprintf("%s/archive/%s", gathering->config_dir, name);

    TRY(lineage_lock(gathering->context->store, name, &lock, err));
    packer_forget_links(gathering->packer);
    TRY(put(gathering, conf, PACK_FOLLOWED, err));
    TRY(put(gathering, archive, PACK_FOLLOWED, err)); /* before live, which may be links to it */
    TRY(put(gathering, live, PACK_FOLLOWED, err));
    return put_conf(gathering, name, err);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_done(const struct gathering *gathering, const char *name)
{
    return (gathering->names.len > 0 &&
               bsearch(&name, gathering->names.at, gathering->names.len, sizeof(char *), by_text) != NULL) ||
           list_has(&gathering->late, name);
}

/* The directories themselves, which come before what is in them. */
static bool put_dirs(struct gathering *gathering, struct error *err)
{
    TRY(put(gathering, gathering->config_dir, PACK_FOLLOWED_ALONE, err));
    for (size_t i = 0; i < COUNT(shared); i++) {
        AUTO(free) char *path = file_join(gathering->config_dir, shared[i]);

        TRY(put(gathering, path, PACK_FOLLOWED_ALONE, err));
    }
    return true;
}

/* ---- what else is there ---- */

/* A lineage that came meanwhile is taken as a whole; what belongs to none, as it is. */
static bool put_rest_of(struct gathering *gathering, const char *dir, struct error *err)
{
    AUTO(free) char *above = file_join(gathering->config_dir, dir);
    AUTO(list_clear) struct list names = { 0 };

    TRY(file_list_dir(above, &names, err));
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *path = file_join(above, names.at[i]);
        AUTO(free) char *name = xstrdup(names.at[i]);

        if (strcmp(dir, shared[0]) == 0 && text_ends(name, ENDING))
            name[strlen(name) - strlen(ENDING)] = '\0';
        if (is_done(gathering, name))
            continue;
        if (store_has_lineage(gathering->context->store, name)) {
            list_add(&gathering->late, name);
            TRY(put_lineage(gathering, name, err));
        } else {
            TRY(put(gathering, path, PACK_TREE, err));
        }
    }
    return true;
}

static bool is_shared(const char *name)
{
    for (size_t i = 0; i < COUNT(shared); i++)
        if (strcmp(name, shared[i]) == 0)
            return true;
    return false;
}

static bool put_rest(struct gathering *gathering, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };

    for (size_t i = 0; i < COUNT(shared); i++)
        TRY(put_rest_of(gathering, shared[i], err));
    TRY(file_list_dir(gathering->config_dir, &names, err));
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *path = file_join(gathering->config_dir, names.at[i]);

        packer_forget_links(gathering->packer);
        if (is_shared(names.at[i]))
            continue;
        if (file_is_dir(path) && leads_out(gathering, path))
            packer_lacks(gathering->packer, path, "it is a link to a directory outside of --config-dir");
        TRY(put(gathering, path, PACK_TREE, err));
    }
    return true;
}

/* cli.ini of the user, and what -c names. */
static bool put_settings_files(struct gathering *gathering, struct error *err)
{
    const struct list *files = &gathering->context->settings->files;

    for (size_t i = 0; i < files->len; i++)
        TRY(put_named(gathering, files->at[i], err));
    return true;
}

static bool put_logs(struct gathering *gathering, struct error *err)
{
    const struct settings *settings = gathering->context->settings;

    packer_forget_links(gathering->packer);
    return !settings->with_logs || packer_put(gathering->packer, settings->logs_dir, LOGS, PACK_FOLLOWED, err);
}

bool gather(struct context *context, struct packer *packer, const struct list *lineages, const char *apart,
    size_t *certificates, struct error *err)
{
    AUTO(gathering_clear)
    struct gathering gathering = {
        .context = context, .packer = packer, .config_dir = store_config_dir(context->store)
    };
    AUTO(free) char *restoring = file_join(gathering.config_dir, ".restore");

    packer_skip(packer, apart);
    packer_skip(packer, restoring);
    if (lineages != NULL)
        list_add_all(&gathering.names, lineages);
    else
        TRY(store_lineage_names(context->store, &gathering.names, err));
    list_sort(&gathering.names);
    TRY(put_dirs(&gathering, err));
    for (size_t i = 0; i < gathering.names.len; i++)
        TRY(put_lineage(&gathering, gathering.names.at[i], err));
    *certificates = gathering.names.len;
    if (lineages != NULL)
        return true;
    TRY(put_rest(&gathering, err));
    *certificates += gathering.late.len;
    TRY(put_settings_files(&gathering, err));
    return put_logs(&gathering, err);
}
