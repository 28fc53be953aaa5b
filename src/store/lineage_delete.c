/*
 * Deleting lineages, and searching all renewal files for who uses what.
 */
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/layout.h"

/* ---- searching ---- */

/* Calls visit for each renewal file that can be parsed, until it returns false. */
static bool each_lineage(struct store *store, bool (*visit)(const struct lineage *, void *), void *ctx,
                         struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };

    TRY(store_lineage_names(store, &names, err));
    for (size_t i = 0; i < names.len; i++) {
        AUTO(lineage_free) struct lineage *lineage = NULL;
        struct error broken = { 0 };

        if (!lineage_open(store, names.at[i], &lineage, &broken))
            log_debug("passing over %s: %s", names.at[i], broken.why);
        else if (!visit(lineage, ctx))
            break;
    }
    return true;
}

struct path_search {
    const char *path;
    char *name;
};

static bool match_path(const struct lineage *lineage, void *ctx)
{
    struct path_search *search = ctx;
    const char *cert = lineage->live[KIND_CERT], *fullchain = lineage->live[KIND_FULLCHAIN];

    if ((cert == NULL || strcmp(cert, search->path) != 0) &&
        (fullchain == NULL || strcmp(fullchain, search->path) != 0) &&
        !layout_certbot.has_version_file(lineage, search->path))
        return true;
    search->name = xstrdup(lineage->name);
    return false;
}

bool store_find_by_path(struct store *store, const char *cert_path, char **name, struct error *err)
{
    AUTO(free) char *path = file_absolute(cert_path);
    struct path_search search = { .path = path };

    TRY(each_lineage(store, match_path, &search, err));
    *name = search.name;
    return true;
}

struct archive_count {
    const char *dir;
    size_t users;
};

static bool count_user(const struct lineage *lineage, void *ctx)
{
    struct archive_count *count = ctx;

    if (strcmp(lineage->archive_dir, count->dir) == 0)
        count->users++;
    return true;
}

bool store_count_archive_users(struct store *store, const char *archive_dir, size_t *out, struct error *err)
{
    AUTO(free) char *dir = file_absolute(archive_dir);
    struct archive_count count = { .dir = dir };

    TRY(each_lineage(store, count_user, &count, err));
    *out = count.users;
    return true;
}

/* ---- deleting ---- */

static bool remove_conf(struct store *store, const char *name, struct error *err)
{
    AUTO(free) char *dir = store_path(store, "renewal");
    AUTO(free) char *path = store_conf_path(store, name);

    TRY(file_remove(path, err));
    return file_sync_dir(dir, err);
}

/* A renewal file that cannot be parsed goes, too, but then nothing says which other files were its own. */
static bool delete_unparsed(struct store *store, const char *name, struct error *parsing, struct error *err)
{
    AUTO(free) char *path = store_conf_path(store, name);
    AUTO(free) char *live = store_path_in(store, "live", name);
    AUTO(free) char *archive = store_path_in(store, "archive", name);

    TRY(remove_conf(store, name, err));
    *err = *parsing;
    return error_next(err, "Could not parse %s. You may wish to manually delete the contents of %s and %s.",
                      path, live, archive);
}

/* Whether the archive directory is where we make them; one that a renewal file puts elsewhere may hold other
 * things. */
static bool is_own_archive(const struct store *store, const struct lineage *lineage)
{
    AUTO(free) char *archive = store_path(store, "archive");
    AUTO(free) char *above = file_dirname(lineage->archive_dir);

    return strcmp(archive, above) == 0;
}

static bool refuse_shared(struct store *store, const struct lineage *lineage, struct error *err)
{
    size_t users;

    TRY(store_count_archive_users(store, lineage->archive_dir, &users, err));
    if (users <= 1)
        return true;
    (void)error_set(err, ERROR_STORE, "not deleting %s: more than one certificate is using %s", lineage->name,
                    lineage->archive_dir);
    return error_next(err, "correct archive_dir in %s or in the renewal file of the other certificate",
                      lineage->conf_path);
}

bool lineage_delete(struct store *store, const char *name, struct error *err)
{
    AUTO(lineage_free) struct lineage *lineage = NULL;
    struct error parsing = { 0 };
    bool named;

    if (!store_has_lineage(store, name))
        return lineage_missing(store, name, err);
    if (!lineage_open(store, name, &lineage, &parsing)) {
        if (parsing.sys == 0)
            return delete_unparsed(store, name, &parsing, err);
        *err = parsing; /* could not even be read: then nothing is removed */
        return false;
    }

    /* Without a word about its archive, and with nothing live, the file is an empty leftover: the directories
     * that have its name may be somebody's. */
    named = lineage->live_dir != NULL || conf_get(lineage->conf, "", "archive_dir") != NULL;
    if (named)
        TRY(refuse_shared(store, lineage, err));
    TRY(remove_conf(store, name, err));
    return !named || layout_certbot.remove(lineage, is_own_archive(store, lineage), err);
}
