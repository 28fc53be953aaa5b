#include "store/lineage_users.h"

#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/mutex.h"
#include "base/text.h"
#include "disk/layout.h"
#include "disk/sharing.h"
#include "store/lineage_conf.h"
#include "store/store_private.h"

/* ---- archives ---- */

static bool list_archives(struct store *store, struct list *out, struct error *err)
{
    AUTO(free) char *dir = store_path(store, "renewal");

    return sharing_list(dir, NULL, out, err);
}

bool store_count_archive_users(struct store *store, const char *archive_dir, size_t *out, struct error *err)
{
    AUTO(free) char *dir = file_absolute(archive_dir);
    AUTO(list_clear) struct list all = { 0 };

    TRY(list_archives(store, &all, err));
    *out = 0;
    for (size_t i = 0; i < all.len; i++)
        *out += strcmp(all.at[i], dir) == 0;
    return true;
}

/* Lists the directories that occur more than once. */
static bool find_shared(struct store *store, struct list *out, struct error *err)
{
    AUTO(list_clear) struct list all = { 0 };

    TRY(list_archives(store, &all, err));
    list_sort(&all);
    for (size_t i = 1; i < all.len; i++)
        if (strcmp(all.at[i], all.at[i - 1]) == 0 && !list_has(out, all.at[i]))
            list_add(out, all.at[i]);
    return true;
}

bool store_archive_is_shared(struct store *store, const struct lineage *lineage, bool *shared, struct error *err)
{
    struct shared_dirs *dirs = store_shared_dirs(store);
    bool ok;
    MUTEX_HOLD(&dirs->mutex);

    ok = dirs->known || find_shared(store, &dirs->dirs, err);
    dirs->known = ok;
    *shared = ok && list_has(&dirs->dirs, lineage->archive_dir);
    return ok;
}

/* ---- live files ---- */

/* Calls visit for each renewal file that can be parsed, until it returns false. */
static bool each_lineage(
    struct store *store, bool (*visit)(const struct lineage *, void *), void *ctx, struct error *err)
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

struct live_search {
    const struct lineage *lineage;
    bool shared;
};

static bool match_live(const struct lineage *other, void *ctx)
{
    struct live_search *search = ctx;

    if (strcmp(other->name, search->lineage->name) != 0)
        for (int kind = 0; kind < KIND_COUNT && !search->shared; kind++)
            search->shared = other->live[kind] != NULL && text_equal(other->live[kind], search->lineage->live[kind]);
    return !search->shared;
}

bool store_live_is_shared(struct store *store, const struct lineage *lineage, bool *shared, struct error *err)
{
    struct live_search live = { .lineage = lineage };

    TRY(each_lineage(store, match_live, &live, err));
    *shared = live.shared;
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
        !lineage->layout->has_version_file(lineage, search->path))
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
