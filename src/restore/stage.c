#include "restore/stage.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "access/kind.h"
#include "restore/code.h"
#include "restore/paths.h"
#include "restore/tree.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "health/health.h"
#include "store/lineage_lock.h"
#include "store/lineage_verify.h"

#define SEARCH_DEPTH 4 /* "etc/letsencrypt", "backup/host/etc/letsencrypt" */

void stage_clear_at(struct stage *stage)
{
    for (size_t i = 0; i < stage->len; i++) {
        struct candidate *candidate = &stage->at[i];

        free(candidate->name);
        free(candidate->why);
        free(candidate->live);
        free(candidate->archive);
        free(candidate->serial);
        list_clear(&candidate->outside);
    }
    free(stage->at);
    free(stage->conf);
    list_clear(&stage->told);
    *stage = (struct stage){ 0 };
}

/* ---- where the store is ---- */

static bool has_dir(const char *dir, const char *name)
{
    AUTO(free) char *path = file_join(dir, name);

    return file_is_dir(path);
}

static bool is_store(const char *dir)
{
    return has_dir(dir, "renewal") && (has_dir(dir, "live") || has_dir(dir, "archive"));
}

static bool look_below(const char *dir, unsigned depth, struct list *found, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };

    if (is_store(dir)) {
        list_add(found, dir);
        return true;
    }
    if (depth == SEARCH_DEPTH)
        return true;
    TRY(file_list_dir(dir, &names, err));
    for (size_t i = 0; i < names.len && found->len < 2; i++) {
        AUTO(free) char *path = file_join(dir, names.at[i]);

        if (tree_is_dir(path))
            TRY(look_below(path, depth + 1, found, err));
    }
    return true;
}

bool stage_find(const char *dir, char **out, struct error *err)
{
    AUTO(list_clear) struct list found = { 0 };

    TRY(look_below(dir, 0, &found, err));
    if (found.len == 1) {
        *out = TAKE(found.at[0]);
        found.len = 0;
        free(TAKE(found.at));
        return true;
    }
    if (found.len > 1) {
        (void)error_set(err, ERROR_STORE, "there is more than one store in it: %s and %s", found.at[0], found.at[1]);
        return error_next(err, "name the directory of the one that is meant");
    }
    (void)error_set(err, ERROR_STORE, "there is no store in it: no directory with renewal, live and archive");
    return error_next(err, "name a backup, or a copy of /etc/letsencrypt or of the directory that has it");
}

static bool is_inside(const char *path, const char *dir)
{
    AUTO(free) char *real = realpath(path, NULL), *real_dir = realpath(dir, NULL);

    return real != NULL && real_dir != NULL &&
           (strcmp(real, real_dir) == 0 || (text_starts(real_dir, real) && real_dir[strlen(real)] == '/'));
}

static void init(struct stage *stage, const struct txn *txn)
{
    *stage = (struct stage){ .txn = txn, .conf = txn_side_path(txn, SIDE_NEW, "conf") };
}

bool stage_copy(struct stage *stage, const struct txn *txn, const char *root, struct error *err)
{
    init(stage, txn);
    if (is_inside(root, txn->conf)) {
        (void)error_set(err, ERROR_CONFIG, "%s is this store itself", root);
        return error_next(err, "name a backup or a copy of it");
    }
    return tree_copy(root, stage->conf, &stage->told, err);
}

bool stage_move(struct stage *stage, const struct txn *txn, const char *root, const char *files, struct error *err)
{
    AUTO(free) char *to = txn_side_path(txn, SIDE_NEW, "files");

    init(stage, txn);
    tree_open_dir(root); /* only what its owner may write can be moved */
    if (rename(root, stage->conf) != 0)
        return file_error(err, "take", root);
    if (files != NULL && file_is_dir(files) && rename(files, to) != 0)
        return file_error(err, "take", files);
    return true;
}

/* ---- repairs ---- */

static struct settings *settings_of_stage(const struct stage *stage, const struct settings *settings)
{
    struct settings *own = settings_dup(settings);

    xreplace(&own->config_dir, stage->conf);
    xreplace(&own->work_dir, stage->txn->dir);
    xreplace(&own->logs_dir, stage->txn->dir);
    own->dry_run = false;
    return own;
}

/* Only what was mended is told: what remains shows when the lineage is loaded, or afterwards by `doctor`. */
static void tell_mended(struct stage *stage, const struct findings *findings)
{
    for (size_t i = 0; i < findings->len; i++) {
        const struct finding *finding = &findings->at[i];
        AUTO(free) char *told = NULL;

        if (!finding->repaired || finding->lineage == NULL)
            continue;
        told = xprintf("mended in the copy of %s: %s", finding->lineage, finding->code);
        list_add(&stage->told, told);
    }
}

static bool mend(
    struct stage *stage, struct store *store, const struct settings *own, const char *name, struct error *err)
{
    AUTO(findings_clear) struct findings findings = { 0 };

    TRY(health_examine(store, own, name, HEALTH_FIX, &findings, err));
    tell_mended(stage, &findings);
    return true;
}

/* ---- lineages ---- */

static char *below(const char *dir, const char *root)
{
    size_t len = strlen(root);

    return text_starts(dir, root) && dir[len] == '/' && dir[len + 1] != '\0' ? xstrdup(dir + len + 1) : NULL;
}

/* Its files must be what the backup has, not what a link in it leads to elsewhere. */
static bool check_files(const struct lineage *lineage, const char *root, struct error *err)
{
    AUTO(free) char *real_root = realpath(root, NULL);

    for (int kind = 0; kind < KIND_COUNT; kind++) {
        AUTO(free) char *real = realpath(lineage->current[kind], NULL);
        AUTO(free) char *inside = real != NULL && real_root != NULL ? below(real, real_root) : NULL;

        if (inside == NULL)
            return error_set(err, ERROR_STORE, "%s.pem leads out of the backup", kind_name((enum kind)kind));
    }
    return true;
}

static bool examine(struct store *store, const char *root, struct candidate *to, struct error *err)
{
    AUTO(lineage_free) struct lineage *lineage = NULL;

    TRY(lineage_load(store, to->name, &lineage, err));
    TRY(check_files(lineage, root, err));
    TRY(lineage_verify(lineage, err));
    to->live = below(lineage->live_dir, root);
    to->archive = below(lineage->archive_dir, root);
    if (to->live == NULL || to->archive == NULL)
        return error_set(
            err, ERROR_STORE, "its files lie outside the store, in %s and %s", lineage->live_dir, lineage->archive_dir);
    to->serial = xstrdup(lineage->cert->serial);
    to->not_before = lineage->cert->not_before;
    to->not_after = lineage->cert->not_after;
    paths_outside(lineage->conf, &to->outside);
    return true;
}

static void forget(struct candidate *candidate)
{
    free(TAKE(candidate->live));
    free(TAKE(candidate->archive));
    free(TAKE(candidate->serial));
    list_clear(&candidate->outside);
}

/* What cannot be used as it is, is mended: what `tar -h` made of links, say. */
static void add_candidate(
    struct stage *stage, struct store *store, const struct settings *own, const struct list *bad, const char *name)
{
    struct candidate *to;
    struct error err = { 0 }, mending = { 0 };

    stage->at = xrealloc(stage->at, stage->len + 1, sizeof *stage->at);
    to = &stage->at[stage->len++];
    *to = (struct candidate){ .name = xstrdup(name) };
    if (list_has(bad, name)) {
        to->why = xstrdup("its renewal file names the directory in which it is staged");
        return;
    }
    if (!paths_are_inside(store, name, stage->conf, &err)) {
        to->why = xstrdup(err.why);
        return;
    }
    if (examine(store, stage->conf, to, &err))
        return;
    forget(to);
    if (!mend(stage, store, own, name, &mending))
        log_debug("%s in the backup cannot be mended: %s", name, mending.why);
    error_clear(&err);
    if (examine(store, stage->conf, to, &err))
        return;
    forget(to);
    to->why = xstrdup(err.why);
}

static bool refuse_missing(const char *name, const struct list *names, struct error *err)
{
    AUTO(free) char *all = list_join(names, ", ");

    (void)error_set(err, ERROR_CONFIG, "the backup has no certificate called %s", name);
    return error_next(err, "it has: %s", names->len > 0 ? all : "none");
}

static bool with_store(
    struct stage *stage, struct store *store, const struct settings *own, const struct list *only, struct error *err)
{
    AUTO(range_lock_release) struct range_lock *lock = NULL;
    AUTO(list_clear) struct list names = { 0 }, bad = { 0 };

    TRY(code_secure(stage, err));
    TRY(store_lock_all(store, &lock, err));
    TRY(store_lineage_names(store, &names, err));
    for (size_t i = 0; i < only->len; i++)
        if (!list_has(&names, only->at[i]))
            return refuse_missing(only->at[i], &names, err);
    for (size_t i = 0; i < names.len; i++)
        if (paths_name_staging(store, names.at[i], stage->txn->dir))
            list_add(&bad, names.at[i]);
    for (size_t i = 0; i < names.len; i++)
        TRY(paths_move(store, names.at[i], stage->conf, err));
    for (size_t i = 0; i < names.len; i++)
        if (only->len == 0 || list_has(only, names.at[i]))
            add_candidate(stage, store, own, &bad, names.at[i]);
    for (size_t i = 0; i < stage->len; i++)
        TRY(paths_settle(store, stage->at[i].name, stage->conf, stage->txn->conf, err));
    return true;
}

bool stage_prepare(struct stage *stage, const struct settings *settings, const struct list *only, struct error *err)
{
    AUTO(settings_free) struct settings *own = settings_of_stage(stage, settings);
    AUTO(store_close) struct store *store = NULL;

    TRY(paths_mend_links(stage->conf, err) && paths_cut_links(stage->conf, &stage->told, err));
    TRY(store_open(own, 0, &store, err));
    return with_store(stage, store, own, only, err);
}
