/*
 * Deleting lineages, and finishing what was cut short of that.
 */
#include <string.h>

#include "audit/audit.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "disk/convert_settle.h"
#include "disk/layout.h"
#include "disk/sharing.h"
#include "store/convert.h"
#include "store/delivery.h"
#include "store/failures.h"
#include "store/lineage_conf.h"
#include "store/lineage_delete.h"
#include "store/lineage_gone.h"
#include "store/lineage_lock.h"
#include "store/lineage_users.h"
#include "store/pending.h"
#include "store/store_private.h"

/* ---- deleting ---- */

static bool sync_renewal_dir(struct store *store, struct error *err)
{
    AUTO(free) char *dir = store_path(store, "renewal");

    return file_sync_dir(dir, err);
}

static bool remove_conf(struct store *store, const char *name, struct error *err)
{
    AUTO(free) char *path = store_conf_path(store, name);

    TRY(file_remove(path, err));
    return sync_renewal_dir(store, err);
}

static bool set_conf_aside(struct store *store, const char *name, struct error *err)
{
    AUTO(free) char *path = store_conf_path(store, name);
    AUTO(free) char *gone = lineage_gone_path(store, name);

    if (rename(path, gone) != 0)
        return file_error(err, "remove", path);
    return sync_renewal_dir(store, err);
}

static void tell_removed(const struct store *store, const char *name)
{
    AUTO(free) char *path = store_conf_path(store, name);

    log_info("Removed %s", path);
}

/* A renewal file that cannot be parsed goes, too, but then nothing says which other files were its own. */
static bool delete_unparsed(struct store *store, const char *name, struct error *parsing, struct error *err)
{
    AUTO(free) char *path = store_conf_path(store, name);
    AUTO(free) char *live = store_path_in(store, "live", name);
    AUTO(free) char *archive = store_path_in(store, "archive", name);

    TRY(remove_conf(store, name, err));
    audit_done(ACT_LINEAGE_DELETED, name, "left", "all but the renewal file, which cannot be parsed", NULL);
    log_warning("Could not parse %s. You may wish to manually delete the contents of %s and %s.", path, live, archive);
    tell_removed(store, name);
    *err = *parsing;
    return false;
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
    bool live;

    TRY(store_count_archive_users(store, lineage->archive_dir, &users, err));
    if (users <= 1) {
        TRY(store_live_is_shared(store, lineage, &live, err));
        if (!live)
            return true;
        (void)error_set(err, ERROR_STORE, "not deleting %s: another certificate has the same live files in %s",
            lineage->name, lineage->live_dir);
        return error_next(
            err, "correct the paths in %s or in the renewal file of the other certificate", lineage->conf_path);
    }
    (void)error_set(err, ERROR_STORE, "not deleting %s: more than one certificate is using %s", lineage->name,
        lineage->archive_dir);
    return error_next(
        err, "correct archive_dir in %s or in the renewal file of the other certificate", lineage->conf_path);
}

/* Syncs removals before the file that lists them is removed: nothing may come back after a power failure. */
static bool sync_removed(const struct lineage *lineage, struct error *err)
{
    const char *const dirs[] = { lineage->live_dir, lineage->archive_dir };

    for (size_t i = 0; i < COUNT(dirs); i++) {
        AUTO(free) char *above = dirs[i] == NULL ? NULL : file_dirname(dirs[i]);

        if (dirs[i] != NULL && file_is_dir(dirs[i]))
            TRY(file_sync_dir(dirs[i], err));
        if (above != NULL && file_is_dir(above))
            TRY(file_sync_dir(above, err));
    }
    return true;
}

static bool remove_files(const struct lineage *lineage, bool whole_archive, struct error *err)
{
    TRY(lineage->layout->remove(lineage, whole_archive, err));
    return sync_removed(lineage, err);
}

/* Settles an interrupted conversion, so that nothing of it stays. Best effort: a lineage too broken for it can be
 * deleted all the same. */
static void settle_conversion(const struct lineage *lineage)
{
    struct error err = { 0 };

    if (lineage->live_dir != NULL && convert_is_unsettled(lineage) && !convert_settle(lineage, &err))
        log_warning("Something of an interrupted conversion of %s stays: %s", lineage->name, err.why);
}

static bool remove_gone(struct store *store, const char *name, struct error *err)
{
    AUTO(free) char *gone = lineage_gone_path(store, name);

    TRY(file_remove(gone, err));
    audit_done(ACT_LINEAGE_DELETED, name, NULL);
    return sync_renewal_dir(store, err);
}

static bool names_files(const struct lineage *lineage)
{
    return lineage->live_dir != NULL || conf_get(lineage->conf, "", "archive_dir") != NULL;
}

bool lineage_delete(struct store *store, const char *name, struct error *err)
{
    AUTO(range_lock_release) struct range_lock *lock = NULL;
    AUTO(lineage_free) struct lineage *lineage = NULL;
    struct error parsing = { 0 };
    bool named;

    TRY(lineage_lock(store, name, &lock, err));
    TRY(lineage_finish_delete(store, name, &named, err));
    TRY(pending_drop(store, name, err)); /* with the key of a certificate that never came */
    TRY(delivery_drop(store, name, err));
    TRY(failures_drop(store, name, err));
    if (!store_has_lineage(store, name))
        return named || lineage_missing(store, name, err);
    if (!lineage_open(store, name, &lineage, &parsing)) {
        if (parsing.sys == 0)
            return delete_unparsed(store, name, &parsing, err);
        *err = parsing; /* could not even be read: then nothing is removed */
        return false;
    }

    /* A file that names no archive, and has nothing live, is an empty leftover: the directories of its name may be
     * another's. */
    named = names_files(lineage);
    if (named)
        TRY(refuse_shared(store, lineage, err));
    settle_conversion(lineage);
    TRY(set_conf_aside(store, name, err));
    if (named)
        TRY(remove_files(lineage, is_own_archive(store, lineage), err));
    TRY(remove_gone(store, name, err));
    tell_removed(store, name);
    return true;
}

bool lineage_finish_delete(struct store *store, const char *name, bool *found, struct error *err)
{
    AUTO(lineage_free) struct lineage *lineage = NULL;
    AUTO(free) char *gone = lineage_gone_path(store, name);
    struct error broken = { 0 };

    *found = file_exists(gone);
    if (!*found)
        return true;
    if (lineage_open_conf(store, name, gone, &lineage, &broken) && names_files(lineage)) {
        if (lineage_shares_archive(lineage)) /* since then */
            log_warning(
                "What is left of %s stays in %s, as another certificate uses it by now", name, lineage->archive_dir);
        else
            TRY(remove_files(lineage, is_own_archive(store, lineage), err));
    }
    return remove_gone(store, name, err);
}

/* ---- what was cut short ---- */

/* Whether a renewal file names the directories of a lineage that is gone. */
static bool files_are_used(struct store *store, const struct lineage *lineage, bool *used, struct error *err)
{
    size_t users;
    bool live;

    TRY(store_count_archive_users(store, lineage->archive_dir, &users, err));
    TRY(store_live_is_shared(store, lineage, &live, err));
    *used = users > 0 || live;
    return true;
}

static bool finish(struct store *store, const char *path, struct error *err)
{
    AUTO(range_lock_release) struct range_lock *lock = NULL;
    AUTO(lineage_free) struct lineage *lineage = NULL;
    AUTO(free) char *name = NULL;
    struct error broken = { 0 };
    bool taken, shared, found;

    if (!lineage_open_conf(store, file_basename(path), path, &lineage, &broken))
        return true; /* it is not known any more what is to be removed; `doctor` reports it */
    name = lineage_gone_name(store, path, lineage);
    if (name == NULL)
        return true;
    TRY(lineage_lock_try(store, name, &lock, &taken, err));
    if (!taken || store_has_lineage(store, name)) /* it is being deleted now, or was made anew */
        return true;
    TRY(files_are_used(store, lineage, &shared, err));
    if (shared) /* since then; `doctor` tells of that, too */
        return true;
    TRY(lineage_finish_delete(store, name, &found, err));
    if (found)
        log_warning("Finished the deletion of %s, which had been interrupted.", name);
    return true;
}

void store_finish_deletions(struct store *store)
{
    AUTO(list_clear) struct list paths = { 0 };
    struct error err = { 0 };

    if (!store_gone_files(store, &paths, &err))
        log_debug("%s", err.why);
    for (size_t i = 0; i < paths.len; i++)
        if (!finish(store, paths.at[i], &err))
            log_warning("Could not finish an interrupted deletion: %s", err.why);
}
