/*
 * Deletions of lineages that were cut short: their renewal file is ".NAME.conf.gone", and says what else is to go.
 * lineage_delete.c finishes them.
 */
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "store/lineage_conf.h"
#include "store/lineage_gone.h"
#include "store/store_private.h"

char *lineage_gone_path(const struct store *store, const char *name)
{
    AUTO(free) char *path = store_path_in(store, "renewal", name);

    return file_beside(path, LINEAGE_GONE_SUFFIX);
}

bool store_gone_files(struct store *store, struct list *out, struct error *err)
{
    AUTO(free) char *dir = store_path(store, "renewal");
    AUTO(list_clear) struct list names = { 0 };

    TRY(file_list_dir(dir, &names, err));
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *path = file_join(dir, names.at[i]);

        if (names.at[i][0] == '.' && text_ends(names.at[i], "." LINEAGE_GONE_SUFFIX) &&
            strlen(names.at[i]) > strlen("..") + strlen(LINEAGE_GONE_SUFFIX))
            list_add(out, path);
    }
    return true;
}

char *lineage_gone_name(const struct store *store, const char *path, const struct lineage *lineage)
{
    const char *base = file_basename(path);
    AUTO(free) char *name = view_dup((struct view){ base + 1, strlen(base) - strlen("." LINEAGE_GONE_SUFFIX) - 1 });
    AUTO(free) char *own = lineage_gone_path(store, name);

    if (strcmp(own, path) == 0)
        return TAKE(name);
    if (lineage == NULL || lineage->archive_dir == NULL)
        return NULL;
    free(name);
    free(own);
    name = xstrdup(file_basename(lineage->archive_dir));
    own = lineage_gone_path(store, name);
    return strcmp(own, path) == 0 ? TAKE(name) : NULL;
}

/* ---- finding them ---- */

bool lineage_is_half_deleted(struct store *store, const char *name, bool *revoked)
{
    AUTO(free) char *gone = lineage_gone_path(store, name);
    AUTO(lineage_free) struct lineage *lineage = NULL;
    struct error err = { 0 };

    *revoked = false;
    if (name[0] == '\0' || name[0] == '.' || strchr(name, '/') != NULL || store_has_lineage(store, name) ||
        !file_exists(gone))
        return false;
    *revoked = lineage_open_conf(store, name, gone, &lineage, &err) && lineage_is_marked_revoked(lineage);
    return true;
}

bool store_find_half_deleted(struct store *store, const char *cert_path, char **name, struct error *err)
{
    AUTO(free) char *wanted = file_absolute(cert_path);
    AUTO(list_clear) struct list paths = { 0 };

    *name = NULL;
    TRY(store_gone_files(store, &paths, err));
    for (size_t i = 0; i < paths.len && *name == NULL; i++) {
        AUTO(lineage_free) struct lineage *lineage = NULL;
        struct error broken = { 0 };

        if (lineage_open_conf(store, file_basename(paths.at[i]), paths.at[i], &lineage, &broken) &&
            (text_equal(lineage->live[KIND_CERT], wanted) || text_equal(lineage->live[KIND_FULLCHAIN], wanted)))
            *name = lineage_gone_name(store, paths.at[i], lineage);
    }
    return true;
}
