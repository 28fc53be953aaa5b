/*
 * The first half of a conversion: looking whether it can be, building the other form, and writing the renewal file.
 */
#include "store/convert.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit/audit.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "disk/certbot_versions.h"
#include "disk/convert_settle.h"
#include "disk/layouts.h"
#include "disk/version_dir.h"
#include "store/convert_build.h"
#include "store/history.h"
#include "store/lineage_conf.h"
#include "store/lineage_lock.h"
#include "store/lineage_users.h"
#include "store/lineage_verify.h"

void conversion_clear(struct conversion *conversion)
{
    list_clear(&conversion->old_ids);
    list_clear(&conversion->new_ids);
    *conversion = (struct conversion){ 0 };
}

/* ---- what cannot be converted ---- */

static bool refuse(struct error *err, const char *next, const char *why, const char *path)
{
    (void)error_set(err, ERROR_STORE, "%s %s", path, why);
    return error_next(err, "%s", next);
}

static bool check_dirs(struct store *store, const struct lineage *lineage, struct error *err)
{
    const char *dirs[] = { lineage->live_dir, lineage->archive_dir };
    bool shared;

    for (int kind = 0; kind < KIND_COUNT; kind++) {
        AUTO(free) char *expected = version_file(lineage->live_dir, (enum kind)kind);

        if (strcmp(lineage->live[kind], expected) != 0)
            return error_set(
                err, ERROR_STORE, "%s names %s where %s belongs", lineage->conf_path, lineage->live[kind], expected);
    }
    for (size_t i = 0; i < COUNT(dirs); i++) {
        struct stat st;

        if (lstat(dirs[i], &st) != 0)
            return file_error(err, "examine", dirs[i]);
        if (!S_ISDIR(st.st_mode))
            return refuse(err, "put the directory itself in its place", "is no directory of its own", dirs[i]);
    }
    TRY(store_archive_is_shared(store, lineage, &shared, err)); /* looked for once, however many are converted */
    if (shared)
        return refuse(err, "correct archive_dir in one of their renewal files",
            "is the archive of more than one certificate", lineage->archive_dir);
    return true;
}

static bool has_id(const struct history *history, struct view id)
{
    for (size_t i = 0; i < history->len; i++)
        if (view_equal(id, view_of(history->at[i].id)))
            return true;
    return false;
}

/* Refuses files of the user's in a version's directory: Certbot's layout has no place for them. */
static bool check_version_dir(const char *dir, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };

    TRY(file_list_dir(dir, &names, err));
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *path = file_join(dir, names.at[i]);

        if (!version_has_file(names.at[i]))
            return refuse(
                err, "move it away", "is no file of a version, and the layout certbot has no place for it", path);
    }
    return true;
}

/* Checks that everything that looks like a version is complete, so that none is lost silently. Other files stay. */
static bool check_archive(const struct lineage *lineage, const struct history *history, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };
    bool numbered = lineage->layout->numbered;

    TRY(file_list_dir(lineage->archive_dir, &names, err));
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *path = file_join(lineage->archive_dir, names.at[i]);
        struct version_file file;
        struct view id = view_of(names.at[i]);
        bool is_number = version_parse(names.at[i], &file);
        bool is_dir_name = version_id_is(id) || version_is_next(names.at[i], &id);
        AUTO(free) char *number = is_number ? xprintf("%u", file.version) : NULL;

        if (numbered ? is_dir_name : is_number)
            return refuse(err, "move it away, if it is not of use", "is of the other layout", path);
        if (is_number || is_dir_name) {
            if (!has_id(history, is_number ? view_of(number) : id))
                return refuse(err, "put back what is missing, from a backup, or remove what is left of that version",
                    "belongs to a version that is not whole", path);
            if (is_dir_name)
                TRY(check_version_dir(path, err));
        }
    }
    return true;
}

/* Refuses a user's file in live/NAME that has a name which the layout versioned uses. */
static bool check_live(const struct lineage *lineage, struct error *err)
{
    AUTO(free) char *meta = file_join(lineage->live_dir, META_NAME);
    struct stat st;

    return lstat(meta, &st) != 0 ||
           refuse(err, "give it another name", "has a name that the layout versioned uses itself", meta);
}

/* Regular files; those of the live version are the ones that live/NAME leads to. */
static bool check_files(const struct lineage *lineage, const struct version *version, struct error *err)
{
    struct lineage as = lineage_at(lineage, version);

    if (version->cert == NULL)
        return refuse(
            err, "put it back from a backup, or remove that version", "is no certificate", version->path[KIND_CERT]);
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        struct stat st, live;

        if (lstat(version->path[kind], &st) != 0)
            return file_error(err, "examine", version->path[kind]);
        if (!S_ISREG(st.st_mode))
            return refuse(err, "put the file itself in its place", "is no file of its own", version->path[kind]);
        if (!version->live)
            continue;
        if (stat(lineage->live[kind], &live) != 0)
            return file_error(err, "examine", lineage->live[kind]);
        if (live.st_ino != st.st_ino || live.st_dev != st.st_dev)
            return refuse(err, "`doctor` tells what is wrong, and `doctor --fix` mends what can be mended",
                "is not of the version that the other live files are of", lineage->live[kind]);
    }
    return !(version->live || version->pending) || lineage_verify(&as, err);
}

static bool check(struct store *store, const struct plan *plan, struct error *err)
{
    const struct lineage *lineage = plan->lineage;

    TRY(check_dirs(store, lineage, err));
    if (!plan->to->numbered)
        TRY(check_live(lineage, err));
    for (size_t i = 0; i < plan->history.len; i++)
        TRY(check_files(lineage, &plan->history.at[i], err));
    return check_archive(lineage, &plan->history, err);
}

/* ---- what each version becomes ---- */

/* Two versions have the same certificate, as after `history restore`: checks that they are equal, so that one is
 * enough. */
static bool check_copy(const struct part *kept, const struct part *copy, struct error *err)
{
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        const char *a = kept->version->path[kind], *b = copy->version->path[kind];
        bool same;

        TRY(version_file_same(a, b, &same, err));
        if (same)
            continue;
        (void)error_set(err, ERROR_STORE, "%s and %s differ, but belong to the same certificate", a, b);
        return error_next(err, "two versions of one certificate can only be kept as one: remove the one that is wrong");
    }
    return true;
}

static int rank(const struct version *version)
{
    return version->live ? 2 : version->pending ? 1 : 0;
}

static bool name_by_date(struct plan *plan, struct error *err)
{
    for (size_t i = 0; i < plan->len; i++)
        plan->parts[i].id = version_id(plan->parts[i].version->cert);
    for (size_t i = 0; i < plan->len; i++)
        for (size_t k = i + 1; k < plan->len; k++) {
            struct part *a = &plan->parts[i], *b = &plan->parts[k];

            if (a->copy || b->copy || strcmp(a->id, b->id) != 0)
                continue;
            TRY(check_copy(a, b, err));
            *(rank(a->version) >= rank(b->version) ? &b->copy : &a->copy) = true;
        }
    return true;
}

/* Numbers versions by age; the live one gets the highest number, as Certbot takes that for live, unless a newer one
 * waits. */
static void name_by_number(struct plan *plan)
{
    unsigned number = 0;

    for (int turn = 0; turn < 3; turn++)
        for (size_t i = 0; i < plan->len; i++) {
            const struct version *version = plan->parts[i].version;

            if (turn == (version->live ? 1 : version->pending ? 2 : 0))
                plan->parts[i].id = xprintf("%u", ++number);
        }
}

static bool plan_make(struct store *store, struct plan *plan, struct error *err)
{
    TRY(lineage_history(plan->lineage, &plan->history, err));
    TRY(check(store, plan, err));
    plan->len = plan->history.len;
    plan->parts = xcalloc(plan->len + 1, sizeof *plan->parts);
    for (size_t i = 0; i < plan->len; i++)
        plan->parts[i].version = &plan->history.at[i];
    if (!plan->to->numbered)
        return name_by_date(plan, err);
    name_by_number(plan);
    return true;
}

static void plan_clear_at(struct plan *plan)
{
    for (size_t i = 0; i < plan->len; i++)
        free(plan->parts[i].id);
    free(plan->parts);
    history_clear(&plan->history);
}

/* ---- committing ---- */

static bool write_layout(const struct lineage *lineage, const struct layout *to, struct error *err)
{
    AUTO(conf_free) struct conf *conf = NULL;

    TRY(lineage_copy_conf(lineage, &conf, err));
    lineage_set_layout(conf, to);
    return lineage_write_conf(lineage, conf, err);
}

/* After a failure, restores the renewal file and brings the directories to the layout that the file then names. */
static void put_back(struct store *store, const struct lineage *lineage, struct error *err)
{
    AUTO(lineage_free) struct lineage *now = NULL;
    struct error second = { 0 };

    if (lineage_write_conf(lineage, lineage->conf, &second) && lineage_open(store, lineage->name, &now, &second) &&
        convert_switch(now, &second) && convert_clean(now, &second))
        return;
    log_warning("%s could not be put back as it was: %s", lineage->name, second.why);
    (void)error_next(
        err, "the next run completes or undoes the conversion of %s, once the cause is mended", lineage->name);
}

static bool convert(struct store *store, const struct plan *plan, struct error *err)
{
    struct lineage converted = *plan->lineage;
    struct error late = { 0 };

    converted.layout = plan->to;
    if (!convert_build(plan, err)) {
        if (!convert_clean(plan->lineage, &late))
            log_warning("Could not remove what was built to convert %s: %s", plan->lineage->name, late.why);
        return false;
    }
    if (!write_layout(plan->lineage, plan->to, err) || !convert_switch(&converted, err)) {
        put_back(store, plan->lineage, err);
        return false;
    }
    if (!convert_clean(&converted, &late)) /* the next one to load the lineage tries again */
        log_warning("Could not clean up after converting %s: %s", plan->lineage->name, late.why);
    return true;
}

bool lineage_convert(
    struct store *store, const char *name, const char *layout, bool dry_run, struct conversion *out, struct error *err)
{
    AUTO(range_lock_release) struct range_lock *lock = NULL;
    AUTO(lineage_free) struct lineage *lineage = NULL;
    AUTO(plan_clear) struct plan plan = { .to = layout_find(layout) };

    TRY(lineage_lock(store, name, &lock, err));
    TRY(lineage_load(store, name, &lineage, err));
    plan.lineage = lineage;
    if (lineage->layout != plan.to) {
        TRY(plan_make(store, &plan, err));
        TRY(dry_run || convert(store, &plan, err));
        if (!dry_run)
            audit_done(ACT_STORE_CONVERTED, name, "from", lineage->layout->name, "to", plan.to->name, NULL);
    }
    out->from = lineage->layout->name;
    out->to = plan.to->name;
    for (size_t i = 0; i < plan.len; i++) {
        list_add(&out->old_ids, plan.parts[i].version->id);
        list_add(&out->new_ids, plan.parts[i].id);
    }
    return true;
}
