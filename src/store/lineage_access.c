#include "store/lineage_access.h"

#include <sys/stat.h>

#include "access/traversal.h"
#include "audit/audit.h"
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

/* Applies to one file; *changed counts those that have another owner, group or mode by that. */
static bool apply_to(
    const char *path, enum kind kind, const struct ownerships *wanted, size_t *changed, struct error *err)
{
    struct stat before, after;
    bool there = stat(path, &before) == 0;

    TRY(access_apply(path, kind, wanted, err));
    *changed += there && stat(path, &after) == 0 &&
                (before.st_uid != after.st_uid || before.st_gid != after.st_gid || before.st_mode != after.st_mode);
    return true;
}

static bool apply_to_versions(struct store *store, const struct lineage *lineage, const struct settings *settings,
    size_t *changed, struct error *err)
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

            TRY(apply_to(path, (enum kind)kind, &wanted, changed, err));
        }
        if (!lineage->layout->numbered)
            TRY(apply_to(meta, KIND_CERT, &wanted, changed, err));
    }
    return true;
}

static void tell_changed(const char *name, const struct settings *settings, size_t changed)
{
    AUTO(free) char *count = xprintf("%zu", changed);

    if (changed > 0)
        audit_done(ACT_ACCESS_CHANGED, name, "files", count, "key-owner", settings->key_owner, "key-group",
            settings->key_group, "key-mode", settings->key_mode, "cert-owner", settings->cert_owner, "cert-group",
            settings->cert_group, "cert-mode", settings->cert_mode, NULL);
}

bool lineage_apply_access(
    struct store *store, const struct lineage *lineage, const struct settings *settings, struct error *err)
{
    struct access access;
    size_t changed = 0;
    bool ok;

    TRY(access_of_next(lineage->current[KIND_PRIVKEY], settings, &access, err));
    ok = apply_to_versions(store, lineage, settings, &changed, err);
    tell_changed(lineage->name, settings, changed);
    TRY(ok);
    lineage_finish_access(store, lineage, settings, &access);
    return true;
}
