#include "store/lineage_access.h"

#include "access/traversal.h"
#include "base/file.h"
#include "base/mem.h"
#include "disk/layout.h"
#include "disk/version_dir.h"
#include "store/lineage_users.h"

bool store_check_access(const struct settings *settings, struct error *err)
{
    struct ownerships wanted;

    return access_ownerships(settings, &wanted, err);
}

void lineage_finish_access(const struct store *store, const struct lineage *lineage, const struct settings *settings,
    const struct access *access)
{
    const struct way way = { .config_dir = store_config_dir(store),
        .name = lineage->name,
        .live_dir = lineage->live_dir,
        .archive_dir = lineage->archive_dir,
        .live = lineage->live,
        .through_archive = lineage->layout->live_are_links };
    struct error err = { 0 };
    struct ownerships wanted;

    access_tell(lineage->live, access);
    if (access_ownerships(settings, &wanted, &err))
        traversal_open(&way, &wanted);
}

static bool apply_to_versions(
    struct store *store, const struct lineage *lineage, const struct settings *settings, struct error *err)
{
    AUTO(list_clear) struct list ids = { 0 };
    struct ownerships wanted;
    bool shared;

    TRY(access_ownerships(settings, &wanted, err));
    TRY(store_archive_is_shared(store, lineage, &shared, err));
    if (shared && lineage->version != NULL) /* others there may be the other certificate's */
        list_add(&ids, lineage->version);
    else
        TRY(lineage->layout->list(lineage, &ids, err));
    for (size_t i = 0; i < ids.len; i++) {
        AUTO(free) char *cert = lineage->layout->path(lineage, ids.at[i], KIND_CERT);
        AUTO(free) char *dir = file_dirname(cert);
        AUTO(free) char *meta = file_join(dir, META_NAME);

        for (int kind = 0; kind < KIND_COUNT; kind++) {
            AUTO(free) char *path = lineage->layout->path(lineage, ids.at[i], (enum kind)kind);

            TRY(access_apply(path, (enum kind)kind, &wanted, err));
        }
        if (!lineage->layout->numbered)
            TRY(access_apply(meta, KIND_CERT, &wanted, err));
    }
    return true;
}

bool lineage_apply_access(
    struct store *store, const struct lineage *lineage, const struct settings *settings, struct error *err)
{
    struct access access;

    TRY(access_of_next(lineage->current[KIND_PRIVKEY], settings, &access, err));
    TRY(apply_to_versions(store, lineage, settings, err));
    lineage_finish_access(store, lineage, settings, &access);
    return true;
}
