#include "restore/claims.h"

#include <stdlib.h>
#include <string.h>

#include "restore/tree.h"
#include "base/file.h"
#include "base/mem.h"
#include "disk/renewal_file.h"

void claims_clear_at(struct claims *claims)
{
    list_clear(&claims->paths);
}

static void claim(struct claims *claims, const char *path, const char *name)
{
    AUTO(free) char *real = realpath(path, NULL);

    list_add(&claims->paths, path);
    list_add(&claims->paths, name);
    if (real == NULL || strcmp(real, path) == 0)
        return;
    list_add(&claims->paths, real);
    list_add(&claims->paths, name);
}

static void claim_by_name(struct claims *claims, const char *conf, const char *name)
{
    AUTO(free) char *live = xprintf("%s/live/%s", conf, name), *archive = xprintf("%s/archive/%s", conf, name);

    claim(claims, live, name);
    claim(claims, archive, name);
}

static void claim_by_file(struct claims *claims, const char *file, const char *name)
{
    static const char *const keys[] = { "cert", "privkey", "chain", "fullchain" };
    AUTO(conf_free) struct conf *conf = NULL;
    AUTO(free) char *archive = NULL;
    struct error unreadable = { 0 };

    if (!renewal_file_read(file, &conf, &unreadable))
        return;
    archive = renewal_file_path(conf, "archive_dir");
    if (archive != NULL)
        claim(claims, archive, name);
    for (size_t i = 0; i < COUNT(keys); i++) {
        AUTO(free) char *path = renewal_file_path(conf, keys[i]), *dir = path != NULL ? file_dirname(path) : NULL;

        if (dir != NULL)
            claim(claims, dir, name);
    }
}

bool claims_read(struct store *store, struct claims *out, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };

    TRY(store_lineage_names(store, &names, err));
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *file = store_conf_path(store, names.at[i]);

        claim_by_name(out, store_config_dir(store), names.at[i]);
        claim_by_file(out, file, names.at[i]);
    }
    return true;
}

/* The other certificate whose directory it is, borrowed; NULL: there is none. *ours: it is that one's, too. */
static const char *other_owner(const struct claims *claims, const char *path, const char *name, bool *ours)
{
    AUTO(free) char *real = realpath(path, NULL);

    for (size_t i = 0; i + 1 < claims->paths.len; i += 2) {
        const char *claimed = claims->paths.at[i];

        if (strcmp(claimed, path) != 0 && (real == NULL || strcmp(claimed, real) != 0))
            continue;
        if (strcmp(claims->paths.at[i + 1], name) != 0)
            return claims->paths.at[i + 1];
        *ours = true;
    }
    return NULL;
}

static char *refuse(const struct claims *claims, const char *conf, const char *dir, const char *name)
{
    AUTO(free) char *path = file_join(conf, dir);
    bool ours = false;
    const char *other = other_owner(claims, path, name, &ours);

    if (other != NULL)
        return xprintf("its renewal file names %s, which is the directory of another certificate, %s", dir, other);
    if (!ours && tree_has(path) && strcmp(file_basename(dir), name) != 0)
        return xprintf("its renewal file names %s, which is here and has never been its directory", dir);
    return NULL;
}

char *claims_take(struct claims *claims, const char *conf, const struct candidate *candidate)
{
    const char *const dirs[] = { candidate->live, candidate->archive };

    for (size_t i = 0; i < COUNT(dirs); i++) {
        char *why = refuse(claims, conf, dirs[i], candidate->name);

        if (why != NULL)
            return why;
    }
    for (size_t i = 0; i < COUNT(dirs); i++) {
        AUTO(free) char *path = file_join(conf, dirs[i]);

        claim(claims, path, candidate->name);
    }
    return NULL;
}
