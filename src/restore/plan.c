#include "restore/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "access/kind.h"
#include "restore/claims.h"
#include "restore/code.h"
#include "restore/live.h"
#include "restore/tree.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "disk/convert_in_place.h"
#include "disk/version_dir.h"
#include "store/lineage_conf.h"

struct planning {
    struct store *store;
    const struct stage *stage;
    struct txn *txn;
    struct plan *plan;
    struct claims claims;
};

void plan_clear_at(struct plan *plan)
{
    for (size_t i = 0; i < plan->len; i++) {
        free(plan->at[i].why);
        free(plan->at[i].broken);
        free(plan->at[i].serial);
    }
    free(plan->at);
    list_clear(&plan->others);
    list_clear(&plan->programs);
    list_clear(&plan->outside);
    list_clear(&plan->left);
    list_clear(&plan->missing);
    list_clear(&plan->kept);
}

static void planning_clear_at(struct planning *planning)
{
    claims_clear_at(&planning->claims);
}

static char *staged_at(const struct planning *planning, const char *path)
{
    return file_join(planning->stage->conf, path);
}

static char *here_at(const struct planning *planning, const char *path)
{
    return file_join(planning->txn->conf, path);
}

/* ---- steps ---- */

/* A file that is to be in a directory's place, or the other way round, is somebody's decision. */
static bool refuse_in_the_way(const char *here, struct error *err)
{
    (void)error_set(err, ERROR_STORE, "%s is in the way: a file and a directory of that name", here);
    return error_next(err, "move it away, then restore again");
}

/* Each directory above a path that is not there yet. */
static bool add_dirs(struct planning *planning, const char *path, struct error *err)
{
    for (const char *slash = path; slash != NULL; slash = strchr(slash + 1, '/')) {
        const char *end = strchr(slash + 1, '/');
        AUTO(free) char *dir = end == NULL ? xstrdup(path) : xstrndup(path, (size_t)(end - path));
        AUTO(free) char *here = here_at(planning, dir);

        if (!tree_has(here))
            steps_add(&planning->txn->steps, STEP_DIR, dir);
        else if (!file_is_dir(here))
            return refuse_in_the_way(here, err);
        if (end == NULL)
            break;
    }
    return true;
}

/* *changed is set when the file is added or replaced. */
static bool add_file(struct planning *planning, const char *path, bool *changed, struct error *err)
{
    AUTO(free) char *here = here_at(planning, path), *staged = staged_at(planning, path);
    AUTO(free) char *above = file_dirname(path);

    if (tree_same(staged, here))
        return true;
    if (tree_is_dir(here))
        return refuse_in_the_way(here, err);
    if (strcmp(above, ".") != 0)
        TRY(add_dirs(planning, above, err));
    steps_add(&planning->txn->steps, STEP_FILE, path);
    *changed = true;
    return true;
}

/* Everything in a staged directory. */
static bool add_tree(struct planning *planning, const char *path, struct list *changed, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };
    AUTO(free) char *staged = staged_at(planning, path);

    TRY(add_dirs(planning, path, err));
    TRY(file_list_dir(staged, &names, err));
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *below = file_join(path, names.at[i]), *staged_below = staged_at(planning, below);
        bool differs = false;

        if (tree_is_dir(staged_below)) {
            TRY(add_tree(planning, below, changed, err));
            continue;
        }
        TRY(add_file(planning, below, &differs, err));
        if (differs)
            list_add(changed, below);
    }
    return true;
}

static bool add_other(struct planning *planning, const char *path, struct error *err)
{
    bool changed = false;

    TRY(add_file(planning, path, &changed, err));
    if (changed)
        list_add(&planning->plan->others, path);
    return true;
}

/* ---- a lineage ---- */

static void leave(struct planning *planning, const char *path, const char *why)
{
    AUTO(free) char *text = xprintf("%s: %s", path, why);

    list_add(&planning->plan->left, text);
}

/* A version's directory: the files that it may have. */
static bool add_version_dir(struct planning *planning, const char *path, bool *changed, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };
    AUTO(free) char *staged = staged_at(planning, path);

    TRY(add_dirs(planning, path, err));
    TRY(file_list_dir(staged, &names, err));
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *below = file_join(path, names.at[i]), *staged_below = staged_at(planning, below);

        if (version_has_file(names.at[i]) && !tree_is_dir(staged_below))
            TRY(add_file(planning, below, changed, err));
        else
            leave(planning, below, "no file of a version");
    }
    return true;
}

/* Versions of either layout, and nothing else: what lies there otherwise is nobody's. */
static bool add_archive(struct planning *planning, const char *archive, bool *changed, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };
    AUTO(free) char *staged = staged_at(planning, archive);

    if (!tree_is_dir(staged))
        return true;
    TRY(add_dirs(planning, archive, err));
    TRY(file_list_dir(staged, &names, err));
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *path = file_join(archive, names.at[i]), *below = staged_at(planning, path);
        bool is_dir = tree_is_dir(below);

        if (is_dir && convert_is_dated(names.at[i]))
            TRY(add_version_dir(planning, path, changed, err));
        else if (!is_dir && convert_is_numbered(names.at[i]))
            TRY(add_file(planning, path, changed, err));
        else
            leave(planning, path, "no version of a certificate");
    }
    return true;
}

static bool remove_tree_steps(struct planning *planning, const char *path, size_t *removed, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };
    AUTO(free) char *here = here_at(planning, path);

    if (!tree_is_dir(here)) {
        steps_add_removal(&planning->txn->steps, STEP_FILE, path);
        *removed += 1;
        return true;
    }
    steps_add_removal(&planning->txn->steps, STEP_DIR, path);
    TRY(file_list_dir(here, &names, err));
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *below = file_join(path, names.at[i]);

        TRY(remove_tree_steps(planning, below, removed, err));
    }
    return true;
}

/* Versions that the backup does not have go, since the newest one is what is made live; what is a user's stays. */
static bool remove_versions(struct planning *planning, const char *archive, size_t *removed, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };
    AUTO(free) char *here = here_at(planning, archive);

    if (!file_is_dir(here))
        return true;
    TRY(file_list_dir(here, &names, err));
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *path = file_join(archive, names.at[i]), *staged = staged_at(planning, path);

        if (!tree_has(staged) && (convert_is_numbered(names.at[i]) || convert_is_dated(names.at[i])))
            TRY(remove_tree_steps(planning, path, removed, err));
    }
    return true;
}

static bool live_differs(const char *staged, const char *here)
{
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        AUTO(free) char *a = version_file(staged, (enum kind)kind), *b = version_file(here, (enum kind)kind);

        if (!tree_same(a, b))
            return true;
    }
    return false;
}

/* What is a user's in the live directory is added or replaced; ours by one step where the directory is there. */
static bool add_live(
    struct planning *planning, const char *live, bool archive_changed, bool *changed, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };
    AUTO(free) char *staged = staged_at(planning, live), *here = here_at(planning, live);
    size_t others = planning->plan->others.len;
    bool is_there = file_is_dir(here);

    if (is_there && (archive_changed || live_differs(staged, here))) {
        steps_add(&planning->txn->steps, STEP_LIVE, live);
        *changed = true;
    }
    TRY(add_dirs(planning, live, err));
    TRY(file_list_dir(staged, &names, err));
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *place = file_join(here, names.at[i]);
        AUTO(free) char *path = file_join(live, names.at[i]), *staged_path = staged_at(planning, path);

        if (live_has_ours(staged, names.at[i]) && tree_is_dir(place))
            return refuse_in_the_way(place, err);
        if (is_there && live_has_ours(staged, names.at[i]))
            continue;
        if (tree_is_dir(staged_path))
            TRY(add_tree(planning, path, &planning->plan->others, err));
        else if (live_has_ours(staged, names.at[i]))
            TRY(add_file(planning, path, changed, err));
        else if (names.at[i][0] != '.')
            TRY(add_other(planning, path, err));
    }
    *changed = *changed || planning->plan->others.len > others;
    return true;
}

static void look_here(struct planning *planning, const char *name, struct planned *to)
{
    AUTO(lineage_free) struct lineage *lineage = NULL;
    struct error broken = { 0 };

    if (!store_has_lineage(planning->store, name))
        return;
    if (!lineage_load(planning->store, name, &lineage, &broken)) {
        to->broken = xstrdup(broken.why);
        return;
    }
    to->here = true;
    to->serial = xstrdup(lineage->cert->serial);
    to->not_before = lineage->cert->not_before;
    to->not_after = lineage->cert->not_after;
}

/* The renewal file comes last: until then there is no such lineage. */
static bool add_lineage(
    struct planning *planning, const struct candidate *candidate, struct planned *to, struct error *err)
{
    AUTO(free) char *conf = xprintf("renewal/%s.conf", candidate->name);
    bool differs = false;

    look_here(planning, candidate->name, to);
    TRY(add_archive(planning, candidate->archive, &differs, err));
    TRY(remove_versions(planning, candidate->archive, &to->removed, err));
    differs = differs || to->removed > 0;
    TRY(add_live(planning, candidate->live, differs, &differs, err));
    TRY(add_file(planning, conf, &differs, err));
    to->fate = !differs ? FATE_SAME : to->here || to->broken != NULL ? FATE_REPLACED : FATE_ADDED;
    return true;
}

/* ---- what a lineage needs besides ---- */

/* Only a regular file under no link: a backup's links lead nobody elsewhere. */
static bool has_outside(const struct planning *planning, const char *path)
{
    AUTO(free) char *part = xprintf("files%s", path), *kept = txn_side_path(planning->txn, SIDE_NEW, part);
    AUTO(free) char *real = realpath(kept, NULL), *root = realpath(planning->txn->dir, NULL);
    struct stat st;

    return real != NULL && root != NULL && text_starts(real, root) &&
           strcmp(real + strlen(root), kept + strlen(planning->txn->dir)) == 0 && lstat(kept, &st) == 0 &&
           S_ISREG(st.st_mode);
}

static bool is_usual(const char *path)
{
    AUTO(free) char *absolute = file_absolute(path);

    return tree_is_plain_name(path) && strcmp(absolute, path) == 0;
}

static void add_outside(struct planning *planning, const struct candidate *candidate)
{
    for (size_t i = 0; i + 1 < candidate->outside.len; i += 2) {
        const char *path = candidate->outside.at[i + 1];
        AUTO(free) char *told = xprintf("%s, which is %s of %s", path, candidate->outside.at[i], candidate->name);

        if (tree_has(path) || list_has(&planning->plan->outside, path))
            continue;
        if (!is_usual(path) || !has_outside(planning, path)) {
            list_add(&planning->plan->missing, told);
            continue;
        }
        steps_add(&planning->txn->steps, STEP_OUTSIDE, path);
        list_add(&planning->plan->outside, path);
    }
}

static bool add_account_below(
    struct planning *planning, const char *path, const char *account, unsigned depth, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };
    AUTO(free) char *staged = staged_at(planning, path);

    if (depth > 4 || !tree_is_dir(staged))
        return true;
    TRY(file_list_dir(staged, &names, err));
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *below = file_join(path, names.at[i]), *here = here_at(planning, below);

        if (strcmp(names.at[i], account) != 0)
            TRY(add_account_below(planning, below, account, depth + 1, err));
        else if (!tree_has(here))
            TRY(add_tree(planning, below, &planning->plan->others, err));
    }
    return true;
}

/* The account that its renewal file names comes along where this machine does not have it. */
static bool add_account(struct planning *planning, const struct candidate *candidate, struct error *err)
{
    AUTO(free) char *path = xprintf("%s/renewal/%s.conf", planning->stage->conf, candidate->name);
    AUTO(lineage_free) struct lineage *lineage = NULL;
    const char *account;

    TRY(lineage_open_conf(planning->store, candidate->name, path, &lineage, err));
    account = conf_get(lineage->conf, "renewalparams", "account");
    return account == NULL || account[0] == '\0' || strchr(account, '/') != NULL ||
           add_account_below(planning, "accounts", account, 0, err);
}

/* ---- the rest of a store ---- */

/* Locks, what is under way, and the lineages themselves. */
static bool is_rest(const char *name)
{
    static const char *const not [] = { "live", "archive", "renewal", "pending", "deliveries", "failures" };

    for (size_t i = 0; i < COUNT(not ); i++)
        if (strcmp(name, not [i]) == 0)
            return false;
    return strcmp(name, ".restore") != 0 && !(name[0] == '.' && text_ends(name, ".lock"));
}

/* What lies beside the lineages: README. */
static bool add_beside(struct planning *planning, const char *part, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };
    AUTO(free) char *staged = staged_at(planning, part);

    if (!tree_is_dir(staged))
        return true;
    TRY(file_list_dir(staged, &names, err));
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *path = file_join(part, names.at[i]), *staged_path = staged_at(planning, path);

        if (names.at[i][0] != '.' && !tree_is_dir(staged_path) && !file_is_link(staged_path))
            TRY(add_other(planning, path, err));
    }
    return true;
}

static bool add_rest(struct planning *planning, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };

    TRY(file_list_dir(planning->stage->conf, &names, err));
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *staged = staged_at(planning, names.at[i]);

        if (!is_rest(names.at[i]))
            continue;
        if (tree_is_dir(staged))
            TRY(add_tree(planning, names.at[i], &planning->plan->others, err));
        else
            TRY(add_other(planning, names.at[i], err));
    }
    return add_beside(planning, "live", err) && add_beside(planning, "archive", err);
}

static bool list_kept(struct planning *planning, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };

    TRY(store_lineage_names(planning->store, &names, err));
    for (size_t i = 0; i < names.len; i++) {
        bool found = false;

        for (size_t j = 0; j < planning->stage->len; j++)
            found = found || strcmp(planning->stage->at[j].name, names.at[i]) == 0;
        if (!found)
            list_add(&planning->plan->kept, names.at[i]);
    }
    return true;
}

static bool add_one(struct planning *planning, const struct candidate *candidate, struct error *err)
{
    struct planned *to = &planning->plan->at[planning->plan->len++];

    to->why = candidate->why != NULL ? xprintf("it is broken in the backup: %s", candidate->why)
                                     : claims_take(&planning->claims, planning->txn->conf, candidate);
    if (to->why != NULL) {
        to->fate = FATE_REFUSED;
        look_here(planning, candidate->name, to);
        return true;
    }
    TRY(add_lineage(planning, candidate, to, err));
    add_outside(planning, candidate);
    return true;
}

bool plan_make(
    struct store *store, const struct stage *stage, bool whole, struct txn *txn, struct plan *out, struct error *err)
{
    AUTO(planning_clear) struct planning planning = { .store = store, .stage = stage, .txn = txn, .plan = out };

    out->at = xcalloc(stage->len + 1, sizeof *out->at);
    TRY(claims_read(store, &planning.claims, err));
    if (whole)
        TRY(add_rest(&planning, err));
    for (size_t i = 0; i < stage->len; i++) {
        TRY(add_one(&planning, &stage->at[i], err));
        if (!whole && out->at[i].fate != FATE_REFUSED)
            TRY(add_account(&planning, &stage->at[i], err));
    }
    return list_kept(&planning, err) && code_list(stage, out, err);
}

void plan_leave_outside(struct plan *plan, struct txn *txn)
{
    size_t kept = 0;

    for (size_t i = 0; i < plan->outside.len; i++) {
        AUTO(free) char *text = xprintf("%s: it lies outside the store (--with-outside-files)", plan->outside.at[i]);

        list_add(&plan->left, text);
    }
    for (size_t i = 0; i < txn->steps.len; i++) {
        struct step *step = &txn->steps.at[i];

        if (step->kind == STEP_OUTSIDE)
            free(step->path);
        else
            txn->steps.at[kept++] = *step;
    }
    txn->steps.len = kept;
    list_clear(&plan->outside);
}

size_t plan_refused(const struct plan *plan)
{
    size_t refused = 0;

    for (size_t i = 0; i < plan->len; i++)
        refused += plan->at[i].fate == FATE_REFUSED;
    return refused;
}
