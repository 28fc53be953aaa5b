/*
 * Deletions of certificates that were cut short: their renewal file is ".NAME.conf.gone", and says what else is to go.
 */
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "store/health_private.h"

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

/* Whose the file is; its own name is shortened where the certificate's is very long. Of the caller's; NULL: nobody
 * knows. */
static char *name_of(struct store *store, const char *path, const struct lineage *lineage)
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
    name = name_of(health->store, path, lineage);
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
    AUTO(free) char *dir = store_path(health->store, "renewal");
    AUTO(list_clear) struct list names = { 0 };

    (void)health_list_dir(dir, &names);
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *path = file_join(dir, names.at[i]);

        if (names.at[i][0] == '.' && text_ends(names.at[i], "." LINEAGE_GONE_SUFFIX) &&
            strlen(names.at[i]) > strlen("..") + strlen(LINEAGE_GONE_SUFFIX))
            report_deletion(health, path);
    }
}
