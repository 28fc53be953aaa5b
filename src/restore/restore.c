#include "restore/restore.h"

#include <stddef.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "backup/archive.h"
#include "backup/archiver.h"
#include "backup/create.h"
#include "restore/show.h"
#include "restore/tree.h"
#include "audit/audit.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "health/health.h"
#include "lifecycle/rehearse.h"
#include "store/lineage_lock.h"
#include "store/lineage_verify.h"

/* ---- one that was cut short ---- */

static void tell_settled(const char *conf, enum txn_found went)
{
    if (went == TXN_FORWARD) {
        audit_done(ACT_BACKUP_RESTORED, NULL, "note", "completed after it was cut short", NULL);
        log_warning("A restore of %s that was cut short has been completed", conf);
    } else if (went == TXN_BACK)
        log_warning("A restore of %s that was cut short has been taken back", conf);
}

bool restore_settle(struct store *store, struct error *err)
{
    AUTO(txn_clear) struct txn txn = { 0 };
    AUTO(range_lock_release) struct range_lock *lock = NULL;
    enum txn_found went;
    bool taken = true;

    txn_init(&txn, store_config_dir(store));
    if (txn_look(&txn) == TXN_NONE)
        return true;
    if (txn_look(&txn) == TXN_UNFINISHED) /* perhaps of a restore that is under way: it matters to nobody */
        TRY(store_lock_all_try(store, &lock, &taken, err));
    else
        TRY(store_lock_all(store, &lock, err));
    if (!taken)
        return true;
    if (txn_settle(&txn, &went, err)) {
        tell_settled(txn.conf, went);
        return true;
    }
    if (txn_look(&txn) > TXN_UNFINISHED)
        return false;
    log_warning("What a restore has left in %s cannot be removed: %s", txn.dir, err->why);
    error_clear(err);
    return true;
}

/* ---- staging ---- */

static bool stage_dir(const char *from, const struct txn *txn, struct stage *stage, struct error *err)
{
    AUTO(free) char *root = NULL;

    TRY(stage_find(from, &root, err));
    return stage_copy(stage, txn, root, err);
}

static void tell_strangers(struct stage *stage, const struct list *strangers)
{
    for (size_t i = 0; i < strangers->len; i++) {
        AUTO(free) char *told = xprintf("%s is not known here: what belongs to it gets its number", strangers->at[i]);

        list_add(&stage->told, told);
    }
}

/* An archive of ours has its store in conf; one of somebody else's, wherever it is. */
static bool stage_archive(
    const struct restoring *restoring, const struct txn *txn, struct stage *stage, struct error *err)
{
    AUTO(archive_found_clear) struct archive_found found = { 0 };
    AUTO(free) char *dir = file_join(txn->dir, "unpacked");
    AUTO(free) char *files = file_join(dir, "files"), *conf = file_join(dir, "conf");
    AUTO(free) char *root = NULL;

    if (mkdir(dir, 0700) != 0)
        return file_error(err, "create the directory", dir);
    TRY(archive_unpack(restoring->from, restoring->by, dir, &found, err));
    if (found.has_manifest && tree_is_dir(conf))
        root = TAKE(conf);
    else
        TRY(stage_find(dir, &root, err) || error_in(err, "looking into %s", restoring->from));
    TRY(stage_move(stage, txn, root, found.has_manifest && tree_is_dir(files) ? files : NULL, err));
    tell_strangers(stage, &found.strangers);
    return true;
}

static bool stage_fill(const struct restoring *restoring, const struct txn *txn, struct stage *stage, struct error *err)
{
    if (file_is_dir(restoring->from))
        return stage_dir(restoring->from, txn, stage, err);
    if (!file_exists(restoring->from))
        return file_error(err, "read", restoring->from);
    return stage_archive(restoring, txn, stage, err);
}

/* ---- asking ---- */

/* What is shown, and what was agreed to: kept from the first look to the second, behind the question. */
struct talk {
    struct buf shown;
    bool asks;             /* there is a question to be asked */
    size_t outside;        /* files outside the store in it */
    bool asked, unwelcome; /* it was; and these files are not wanted */
};

static void talk_clear_at(struct talk *talk)
{
    buf_clear(&talk->shown);
}

/* A line in a file of settings says nothing of this backup. */
static bool has_agreed(const struct settings *settings)
{
    return settings->yes && SETTING_ORIGIN(settings, yes) == ORIGIN_COMMAND_LINE;
}

static bool wants_outside(const struct settings *settings)
{
    return settings->with_outside_files && SETTING_ORIGIN(settings, with_outside_files) == ORIGIN_COMMAND_LINE;
}

/* Whether files outside the store come into question. */
static bool may_go_outside(const struct context *context)
{
    return wants_outside(context->settings) ||
           (!has_agreed(context->settings) && (context->settings->dry_run || ui_is_interactive(context->ui)));
}

static bool ask_outside(struct context *context, struct talk *talk, struct error *err)
{
    const struct question question = {
        .text = "Also put back the files outside the store, with what they may run?",
        .flag = "--with-outside-files",
    };
    bool yes;

    if (talk->outside == 0 || wants_outside(context->settings))
        return true;
    TRY(ui_yes_no(context->ui, &question, "Put back", "Leave out", false, &yes, err));
    talk->unwelcome = !yes;
    return true;
}

static bool ask(struct context *context, struct talk *talk, struct error *err)
{
    const struct question question = {
        .text = "Restore this? What is replaced is kept in a backup of its own.",
        .flag = "--yes",
    };
    bool yes;

    TRY(ui_yes_no(context->ui, &question, "Restore", "Cancel", false, &yes, err));
    if (!yes)
        return error_set(err, ERROR_CANCELED, "Nothing was changed.");
    talk->asked = true;
    return ask_outside(context, talk, err);
}

/* What is shown the first time must be what is found the second time. */
static bool show(struct context *context, const char *from, const struct stage *stage, const struct plan *plan,
    struct talk *talk, struct error *err)
{
    AUTO(buf_clear) struct buf text = BUF(SHOW_MAX);

    show_plan(from, stage, plan, context_now(context), &text);
    if (text.failed)
        return error_set(err, ERROR_STORE, "it would change more than can be shown");
    if (!talk->asked) {
        ui_say(context->ui, "%.*s", (int)text.len - 1, buf_text(&text));
        buf_put(&talk->shown, buf_view(&text));
        return true;
    }
    if (view_equal(buf_view(&text), buf_view(&talk->shown)))
        return true;
    (void)error_set(err, ERROR_STORE, "the store or the backup has changed since this was shown");
    return error_next(err, "restore again, and look at what is shown then");
}

/* ---- putting it in place ---- */

static bool verify_one(struct store *store, const char *name, struct error *err)
{
    AUTO(lineage_free) struct lineage *lineage = NULL;

    return (lineage_load(store, name, &lineage, err) && lineage_verify(lineage, err)) ||
           error_in(err, "examining %s after the restore", name);
}

static bool verify(struct store *store, const struct stage *stage, const struct plan *plan, struct error *err)
{
    for (size_t i = 0; i < plan->len; i++)
        if (plan->at[i].fate == FATE_ADDED || plan->at[i].fate == FATE_REPLACED)
            TRY(verify_one(store, stage->at[i].name, err));
    return true;
}

/* What failed behind the commit is taken back; where that fails, too, the next command does it. */
static bool take_back(const struct txn *txn, struct error *err)
{
    struct error late = { 0 };

    if (txn_take_back(txn, &late) && txn_end(txn, &late))
        return error_next_default(err, "nothing was changed; mend the cause, then restore again");
    log_error("The restore could not be taken back: %s", late.why);
    return error_next(err, "mend the cause; the next command that uses the store takes the restore back then");
}

/* Whether anything that is here now goes, or becomes another. */
static bool replaces(const struct txn *txn)
{
    for (size_t i = 0; i < txn->steps.len; i++) {
        AUTO(free) char *place = file_join(txn->conf, txn->steps.at[i].path);

        if (txn->steps.at[i].kind == STEP_LIVE || (txn->steps.at[i].kind == STEP_FILE && tree_has(place)))
            return true;
    }
    return false;
}

/* Before anything is replaced, it is in a backup: of all of the store, as what is broken in it has no name, perhaps.
 * Where no program for archives is, the way out of a broken store is not barred for that. */
static bool keep_replaced(struct context *context, const struct txn *txn, const char *from, struct error *err)
{
    const struct backup_wanted wanted = { .reason = "restore", .source = from };
    AUTO(backup_made_clear) struct backup_made made = { 0 };

    if (!replaces(txn))
        return true;
    if (!archiver_is_there()) {
        log_warning("What is replaced is kept nowhere: evercert-archive, which makes backups, is not installed");
        return true;
    }
    TRY(backup_create(context, &wanted, &made, err) || error_in(err, "keeping what is to be replaced"));
    ui_say(context->ui, "What was here is kept in %s.", made.path);
    for (size_t i = 0; i < made.unreadable.len; i++)
        log_warning("It could not be read, and is not kept: %s", made.unreadable.at[i]);
    if (made.unreadable_count > made.unreadable.len)
        log_warning(
            "%llu files in all could not be read, and are not kept.", (unsigned long long)made.unreadable_count);
    return true;
}

static bool commit(struct context *context, const struct txn *txn, const struct stage *stage, const struct plan *plan,
    struct error *err)
{
    struct error late = { 0 };

    TRY(txn_check(txn, err) && txn_save(txn, err));
    if (!txn_commit(txn, err)) { /* perhaps only its directory could not be synced */
        (void)!txn_end(txn, &late);
        return false;
    }
    if (!txn_apply(txn, SIDE_NEW, err) || !verify(context->store, stage, plan, err))
        return take_back(txn, err);
    if (!txn_end(txn, &late)) /* it is in place: what is left is removed by the next command */
        log_warning("What the restore has left in %s could not be removed: %s", txn->dir, late.why);
    return true;
}

/* ---- afterwards ---- */

static bool rehearse(void *ctx, const char *lineage, struct error *err)
{
    return lineage_rehearse(ctx, lineage, NULL, err);
}

static bool examine_one(struct context *context, const char *name, size_t *open, struct error *err)
{
    const struct rehearsal rehearsal = { rehearse, context, NULL };
    AUTO(findings_clear) struct findings findings = { 0 };

    TRY(health_examine_all(context->store, context->settings, name, HEALTH_LOOK, &rehearsal, &findings, err));
    for (size_t i = 0; i < findings.len; i++)
        if (findings.at[i].severity != HEALTH_NOTE && findings.at[i].lineage != NULL) {
            ui_say(
                context->ui, "  [%s] %s: %s", health_severity_name(findings.at[i].severity), name, findings.at[i].what);
            *open += 1;
        }
    return true;
}

static bool judge(size_t refused, size_t open, struct error *err)
{
    if (open == 0 && refused == 0)
        return true;
    (void)error_set(err, ERROR_STORE,
        "%zu certificate(s) could not be restored, and %zu problem(s) of those that were "
        "remain",
        refused, open);
    return error_next(err, "`doctor` tells more, and `doctor --fix` mends what can be mended");
}

static bool examine(struct context *context, const struct stage *stage, const struct plan *plan, struct error *err)
{
    size_t open = 0, restored = 0;

    for (size_t i = 0; i < plan->len; i++) {
        if (plan->at[i].fate != FATE_ADDED && plan->at[i].fate != FATE_REPLACED)
            continue;
        restored++;
        TRY(examine_one(context, stage->at[i].name, &open, err));
    }
    ui_say(context->ui, "Restored %zu certificate(s) and %zu other file(s).", restored,
        plan->others.len + plan->outside.len);
    if (restored > 0)
        ui_say(context->ui, "Servers go on with what they have read before: reload those that use these certificates.");
    return judge(plan_refused(plan), open, err);
}

static void tell_trail(const char *from, const struct stage *stage, const struct plan *plan)
{
    for (size_t i = 0; i < plan->len; i++)
        if (plan->at[i].fate == FATE_ADDED || plan->at[i].fate == FATE_REPLACED)
            audit_done(ACT_BACKUP_RESTORED, stage->at[i].name, "from", from, "serial", stage->at[i].serial, NULL);
    if (plan->others.len + plan->outside.len > 0) {
        AUTO(free) char *count = xprintf("%zu", plan->others.len + plan->outside.len);

        audit_done(ACT_BACKUP_RESTORED, NULL, "from", from, "files", count, NULL);
    }
}

/* ---- all of it ---- */

static bool refuse_named(
    const struct restoring *restoring, const struct stage *stage, const struct plan *plan, struct error *err)
{
    for (size_t i = 0; i < plan->len && restoring->names->len > 0; i++)
        if (plan->at[i].fate == FATE_REFUSED)
            return error_set(err, ERROR_STORE, "%s cannot be restored: %s", stage->at[i].name, plan->at[i].why);
    return true;
}

static bool put_in_place(struct context *context, const struct restoring *restoring, const struct txn *txn,
    const struct stage *stage, const struct plan *plan, struct error *err)
{
    TRY(keep_replaced(context, txn, restoring->from, err));
    TRY(commit(context, txn, stage, plan, err));
    tell_trail(restoring->from, stage, plan);
    return examine(context, stage, plan, err);
}

static bool restore(
    struct context *context, const struct restoring *restoring, struct txn *txn, struct talk *talk, struct error *err)
{
    AUTO(stage_clear) struct stage stage = { 0 };
    AUTO(plan_clear) struct plan plan = { 0 };
    bool whole = restoring->names->len == 0;

    TRY(txn_begin(txn, err));
    TRY(stage_fill(restoring, txn, &stage, err));
    TRY(stage_prepare(&stage, context->settings, restoring->names, err));
    TRY(plan_make(context->store, &stage, whole, txn, &plan, err));
    TRY(refuse_named(restoring, &stage, &plan, err));
    if (!may_go_outside(context))
        plan_leave_outside(&plan, txn);
    TRY(show(context, restoring->from, &stage, &plan, talk, err));
    if (talk->unwelcome)
        plan_leave_outside(&plan, txn);
    if (!plan_changes(txn))
        ui_say(context->ui, "Nothing is to be changed.");
    if (!plan_changes(txn) || context->settings->dry_run)
        return judge(plan_refused(&plan), 0, err);
    talk->asks = !talk->asked && !has_agreed(context->settings);
    talk->outside = plan.outside.len;
    return talk->asks || put_in_place(context, restoring, txn, &stage, &plan, err);
}

static bool restore_locked(
    struct context *context, const struct restoring *restoring, struct talk *talk, struct error *err)
{
    AUTO(txn_clear) struct txn txn = { 0 };
    AUTO(range_lock_release) struct range_lock *lock = NULL;
    struct error late = { 0 };
    bool ok;

    TRY(store_lock_all(context->store, &lock, err));
    txn_init(&txn, store_config_dir(context->store));
    if (txn_look(&txn) > TXN_UNFINISHED) { /* a dry run settles nothing */
        (void)error_set(err, ERROR_STORE, "an earlier restore of %s was cut short", txn.conf);
        return error_next(err, "complete it first, by any command without --dry-run");
    }
    ok = restore(context, restoring, &txn, talk, err);
    if (txn_look(&txn) == TXN_UNFINISHED && !txn_end(&txn, &late))
        log_warning("What was staged in %s could not be removed: %s", txn.dir, late.why);
    return ok;
}

/* While somebody thinks about the question, others may use the store: it is given up, and all is looked at anew. */
bool restore_run(struct context *context, const struct restoring *restoring, struct error *err)
{
    AUTO(talk_clear) struct talk talk = { .shown = BUF(SHOW_MAX) };

    TRY(restore_locked(context, restoring, &talk, err));
    if (!talk.asks)
        return true;
    TRY(ask(context, &talk, err));
    return restore_locked(context, restoring, &talk, err);
}
