/*
 * Deletions of certificates that were cut short: their renewal file is ".NAME.conf.gone", and says what else is to go.
 */
#include <string.h>

#include "base/mem.h"
#include "health/private.h"
#include "store/lineage_conf.h"
#include "store/lineage_delete.h"
#include "store/lineage_gone.h"
#include "store/store_private.h"

static bool repair_delete(struct health *health, const struct finding *finding, struct error *err)
{
    bool found;

    return lineage_finish_delete(health->store, finding->from, &found, err);
}

static bool repair_forget(struct health *health, const struct finding *finding, struct error *err)
{
    AUTO(free) char *dir = store_path(health->store, "renewal");

    TRY(file_remove(finding->path, err));
    return file_sync_dir(dir, err);
}

static const char *user_of(struct health *health, const struct lineage *lineage)
{
    const char *user = lineage->live_dir == NULL ? NULL : health_other_user(health, lineage->live_dir, "");

    return user != NULL ? user : health_other_user(health, lineage->archive_dir, "");
}

static void report_deletion(struct health *health, const char *path)
{
    AUTO(lineage_free) struct lineage *lineage = NULL;
    AUTO(free) char *name = NULL;
    struct finding *finding;
    struct error err = { 0 };
    const char *user;

    (void)!lineage_open_conf(health->store, file_basename(path), path, &lineage, &err);
    name = lineage_gone_name(health->store, path, lineage);
    finding = health_find(health, NULL, "deletion-interrupted", HEALTH_WARNING, path,
        "private keys of a certificate that was to be deleted are still here", "the deletion of %s was interrupted",
        name == NULL ? "a certificate" : name);
    user = lineage == NULL ? NULL : user_of(health, lineage);
    if (name == NULL || lineage == NULL) {
        finding_answer(finding,
            "remove %s, after the files of that certificate in live and archive: which ones is no "
            "longer known",
            path);
    } else if (store_has_lineage(health->store, name)) {
        finding_answer(
            finding, "leave its files alone, as there is a certificate of that name again, and remove %s", path);
        finding->repair = repair_forget;
    } else if (user != NULL) {
        finding_answer(finding,
            "correct the paths in the renewal file of %s, which uses the same directories, and run "
            "this again",
            user);
        finding_answer(finding, "remove %s, if %s is to keep what is there", path, user);
    } else {
        finding_answer(finding, "finish it: remove what is left of %s in %s and %s", name,
            lineage->live_dir == NULL ? "live" : lineage->live_dir, lineage->archive_dir);
        finding->from = TAKE(name);
        finding->repair = repair_delete;
    }
}

void check_deletions(struct health *health)
{
    AUTO(list_clear) struct list paths = { 0 };
    struct error err = { 0 };

    if (!store_gone_files(health->store, &paths, &err))
        health_note_trouble(&err);
    for (size_t i = 0; i < paths.len; i++)
        report_deletion(health, paths.at[i]);
}
