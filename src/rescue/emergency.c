#include "rescue/emergency.h"

#include <stdarg.h>
#include <string.h>

#include "audit/audit.h"
#include "backup/create.h"
#include "backup/shelf.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "health/health.h"
#include "rescue/older.h"
#include "rescue/renew_one.h"
#include "rescue/sources.h"
#include "rescue/stand_in.h"
#include "store/lineage_lock.h"
#include "web/managed_file.h"

#define ALL_STEPS (EMERGENCY_BACKUP | EMERGENCY_REPAIR | EMERGENCY_STOP_GAP | EMERGENCY_REISSUE)
#define SAFE_STEPS (EMERGENCY_BACKUP | EMERGENCY_REPAIR)
#define UNREADABLE_SHOWN 20

static void emergency_clear_at(struct emergency *emergency)
{
    uses_clear(&emergency->uses);
    troubles_clear(&emergency->troubles);
    servers_clear(&emergency->before);
    servers_clear(&emergency->after);
    list_clear(&emergency->done);
    list_clear(&emergency->failed);
    list_clear(&emergency->unread);
    free(emergency->backup);
}

/* ---- which steps ---- */

static bool choose_steps(struct emergency *emergency, struct error *err)
{
    static const struct {
        const char *word;
        unsigned steps;
    } actions[] = {
        { "look", 0 },
        { "repair", SAFE_STEPS },
        { "stop-gap", EMERGENCY_BACKUP | EMERGENCY_REPAIR | EMERGENCY_STOP_GAP }, /* what can be repaired needs none */
        { "reissue", EMERGENCY_BACKUP | EMERGENCY_REISSUE },
    };
    const struct settings *settings = emergency->context->settings;
    const char *word = settings->operands.len > 0 ? settings->operands.at[0] : NULL;

    emergency->steps = settings->yes || ui_is_interactive(emergency->context->ui) ? ALL_STEPS : SAFE_STEPS;
    for (size_t i = 0; word != NULL && i < COUNT(actions); i++)
        if (strcmp(word, actions[i].word) == 0) {
            emergency->steps = actions[i].steps;
            word = NULL;
        }
    if (settings->dry_run)
        emergency->steps = 0;
    if (word == NULL)
        return true;
    (void)error_set(err, ERROR_USAGE, "emergency has no step \"%s\"", word);
    return error_next(err, "evercert emergency [look|repair|stop-gap|reissue] [--cert-name NAME] [--yes]");
}

PRINTF(2, 3) static void note(struct list *list, const char *format, ...)
{
    char text[2048];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    list_add(list, text);
}

/* ---- the safety backup ---- */

/* A store of which nothing is left needs none. */
static bool has_anything(struct emergency *emergency)
{
    static const char *const dirs[] = { "renewal", "live", "archive", "accounts" };

    for (size_t i = 0; i < COUNT(dirs); i++) {
        AUTO(free) char *path = file_join(store_config_dir(emergency->context->store), dirs[i]);
        AUTO(list_clear) struct list names = { 0 };
        struct error err = { 0 };

        if (!file_list_dir(path, &names, &err) || names.len > 0)
            return true;
    }
    return false;
}

static bool make_backup(struct emergency *emergency, struct error *err)
{
    const struct backup_wanted wanted = { .reason = SHELF_EMERGENCY };
    AUTO(backup_made_clear) struct backup_made made = { 0 };
    bool ok = backup_create(emergency->context, &wanted, &made, err);

    if (made.path == NULL)
        return ok;
    if (!ok) /* an old one could not be removed: this one is there */
        log_warning("%s", err->why);
    emergency->backup = xstrdup(made.path);
    note(&emergency->done, "what was there is kept in a backup: %s", made.path);
    for (size_t i = 0; i < made.unreadable.len && i < UNREADABLE_SHOWN; i++)
        note(&emergency->failed, "not in the backup: %s", made.unreadable.at[i]);
    error_clear(err);
    return true;
}

/* There is none: whether to go on is asked, or was said by --yes; else nothing is changed. */
static bool go_without(struct emergency *emergency, const struct error *why, bool *go, struct error *err)
{
    struct ui *ui = emergency->context->ui;
    const struct question question = {
        .text = "There is no backup of what is there now. Go on without?", .has_default = true, .flag = "--yes"
    };

    note(
        &emergency->failed, "no safety backup was made: %s%s%s", why->why, why->next[0] == '\0' ? "" : "; ", why->next);
    *go = emergency->context->settings->yes;
    if (!*go && ui_is_interactive(ui)) {
        log_warning("No safety backup could be made: %s", why->why);
        TRY(ui_yes_no(ui, &question, "Go on", "Stop", false, go, err));
    } else if (!*go) {
        note(&emergency->failed, "so nothing was changed; --yes goes on without a backup");
    }
    if (!*go)
        emergency->steps = 0;
    return true;
}

/* Once, before the first change. */
static bool keep(struct emergency *emergency, bool *go, struct error *err)
{
    struct error why = { 0 };

    *go = emergency->steps != 0;
    if (emergency->kept || !has_anything(emergency))
        return true;
    emergency->kept = true;
    if (make_backup(emergency, &why))
        return true;
    if (why.kind != ERROR_CANCELED)
        return go_without(emergency, &why, go, err);
    *err = why;
    return false;
}

/* Whether a step is to be done: asked at a terminal, unless it was named or --yes was said; then what is there is kept
 * before files are replaced. A renewal keeps the version before by itself. */
static bool may(struct emergency *emergency, unsigned step, const char *question, bool *out, struct error *err)
{
    const struct settings *settings = emergency->context->settings;
    const struct question asked = { .text = question, .has_default = true, .flag = "--yes" };

    *out = (emergency->steps & step) != 0;
    if (*out && !settings->yes && settings->operands.len == 0 && ui_is_interactive(emergency->context->ui))
        TRY(ui_yes_no(emergency->context->ui, &asked, "Yes", "No", true, out, err));
    return !*out || step == EMERGENCY_REISSUE || keep(emergency, out, err);
}

/* ---- the steps ---- */

static bool look(struct emergency *emergency, struct error *err)
{
    struct context *context = emergency->context;
    AUTO(free) char *live = xprintf("%s/live", store_config_dir(context->store));

    uses_find(context->settings, live, &emergency->uses);
    TRY(servers_test(context, &emergency->uses, &emergency->before, err));
    TRY(troubles_find(context, &emergency->uses, context->settings->cert_name, &emergency->troubles, err));
    return sources_find(context, &emergency->troubles, &emergency->unread, err);
}

static bool any(const struct emergency *emergency, unsigned kinds)
{
    for (size_t i = 0; i < emergency->troubles.len; i++)
        if ((1U << emergency->troubles.at[i].kind & kinds) != 0)
            return true;
    return false;
}

static void repair_one(struct emergency *emergency, struct trouble *trouble)
{
    AUTO(findings_clear) struct findings findings = { 0 };
    struct context *context = emergency->context;
    struct error err = { 0 };

    if (!store_has_lineage(context->store, trouble->name))
        return;
    if (!health_examine(context->store, context->settings, trouble->name, HEALTH_FIX, &findings, &err))
        note(&emergency->failed, "%s could not be repaired: %s", trouble->name, err.why);
    for (size_t i = 0; i < findings.len; i++)
        if (findings.at[i].repaired)
            note(&emergency->done, "%s: %s (%s)", trouble->name, findings.at[i].answers.at[0], findings.at[i].code);
    trouble_look(context, trouble);
}

/* What no repair has mended. */
static bool put_older(struct emergency *emergency, struct trouble *trouble, struct error *err)
{
    AUTO(free) char *id = NULL;
    struct error why = { 0 };

    if (!older_version_put(emergency->context, trouble, &id, &why)) {
        if (why.kind == ERROR_CANCELED) {
            *err = why;
            return false;
        }
        audit_failed(ACT_EMERGENCY, trouble->name, &why, "step", "older-version", NULL);
        note(&emergency->failed, "%s: no older version could be made live: %s", trouble->name, why.why);
    } else if (id != NULL) {
        audit_done(ACT_EMERGENCY, trouble->name, "step", "older-version", "version", id, NULL);
        note(
            &emergency->done, "%s: version %s of its history, which has not expired, is live again", trouble->name, id);
    }
    return true;
}

static bool repair(struct emergency *emergency, struct error *err)
{
    AUTO(range_lock_release) struct range_lock *lock = NULL;
    unsigned kinds = 1U << TROUBLE_BROKEN | 1U << TROUBLE_LOST | 1U << TROUBLE_NO_RENEWAL;
    bool go;

    if (!any(emergency, kinds))
        return true;
    TRY(may(emergency, EMERGENCY_REPAIR,
        "Repair what has exactly one right answer, and make older versions live where those are whole?", &go, err));
    if (!go)
        return true;
    TRY(store_lock_all(emergency->context->store, &lock, err));
    for (size_t i = 0; i < emergency->troubles.len; i++)
        if ((1U << emergency->troubles.at[i].kind & kinds) != 0) {
            repair_one(emergency, &emergency->troubles.at[i]);
            TRY(put_older(emergency, &emergency->troubles.at[i], err));
        }
    return true;
}

static bool put_one(struct emergency *emergency, struct trouble *trouble, struct error *err)
{
    bool renewal = trouble->kind == TROUBLE_NO_RENEWAL, put = false;
    struct error why = { 0 };
    bool ok = renewal ? renewal_file_put(emergency->context, trouble, &put, &why)
                      : stop_gap_put(emergency->context, trouble, &put, &why);

    if (!ok && why.kind == ERROR_CANCELED) {
        *err = why;
        return false;
    }
    if (!ok)
        audit_failed(ACT_EMERGENCY, trouble->name, &why, "step", renewal ? "renewal-file" : "stop-gap", NULL);
    else if (put)
        audit_done(ACT_EMERGENCY, trouble->name, "step", renewal ? "renewal-file" : "stop-gap", NULL);
    if (!ok)
        note(&emergency->failed, "%s: %s%s%s", trouble->name, why.why, why.next[0] == '\0' ? "" : "; ", why.next);
    else if (put && renewal)
        note(&emergency->done, "%s has a new renewal file%s", trouble->name,
            trouble->kind != TROUBLE_GUESSED ? "" : ", in which authenticator or CA are guesses: look at it");
    else if (put)
        note(&emergency->done, "%s has a self-signed stop-gap for 7 days", trouble->name);
    return true;
}

/* What servers include besides (web/managed_file.h), where one is refused and it is missing; write: puts it there.
 * Facts are not asked of a server that may not start: the next installation brings the text up to date. */
static size_t keep_files(struct emergency *emergency, bool write)
{
    static const struct {
        const char *server;
        enum managed_file file;
    } rows[] = {
        { "nginx", MANAGED_OPTIONS_NGINX },
        { "nginx", MANAGED_DHPARAMS },
        { "apache", MANAGED_OPTIONS_APACHE },
    };
    const char *dir = store_config_dir(emergency->context->store);
    size_t missing = 0;

    for (size_t i = 0; i < COUNT(rows) && servers_broken(&emergency->before) > 0; i++) {
        AUTO(free) char *path = managed_file_path(dir, rows[i].file);
        const struct managed_facts facts = { 0 };
        struct error err = { 0 };

        if (file_exists(path) || !uses_have(&emergency->uses, rows[i].server))
            continue;
        missing++;
        if (write && managed_file_keep(dir, rows[i].file, &facts, &err))
            note(&emergency->done, "%s, which %s may include, is there again", path, rows[i].server);
        else if (write)
            note(&emergency->failed, "%s could not be written: %s", path, err.why);
    }
    return missing;
}

static bool is_to_be_put(const struct trouble *trouble)
{
    return trouble->kind == TROUBLE_NO_RENEWAL || trouble_wants_stop_gap(trouble);
}

static bool put(struct emergency *emergency, struct error *err)
{
    bool wanted = keep_files(emergency, false) > 0, go;

    for (size_t i = 0; i < emergency->troubles.len; i++)
        wanted = wanted || is_to_be_put(&emergency->troubles.at[i]);
    if (!wanted)
        return true;
    if (ui_is_interactive(emergency->context->ui) && !emergency->context->settings->json)
        emergency_say_backups(emergency);
    TRY(may(emergency, EMERGENCY_STOP_GAP,
        "Put self-signed stop-gaps in place of lost files, so that servers start, and write files anew that are lost? "
        "Browsers warn of stop-gaps until new certificates are there.",
        &go, err));
    if (go)
        (void)keep_files(emergency, true);
    for (size_t i = 0; go && i < emergency->troubles.len; i++)
        if (is_to_be_put(&emergency->troubles.at[i]))
            TRY(put_one(emergency, &emergency->troubles.at[i], err));
    return true;
}

static bool reissue_one(struct emergency *emergency, struct trouble *trouble, struct error *err)
{
    struct context *context = emergency->context;
    AUTO(renewed_one_clear) struct renewed_one one = { 0 };

    if (!context->settings->json)
        ui_say(context->ui, "Obtaining a new certificate for %s ...", trouble->name);
    TRY(renew_one(context, emergency->renew_verb, trouble->name, false, &one, err));
    if (one.issued)
        note(&emergency->done, "%s was issued anew", trouble->name);
    if (one.why != NULL)
        note(&emergency->failed, "%s%s: %s", trouble->name, one.issued ? "" : " was not issued anew", one.why);
    trouble_look(context, trouble);
    return true;
}

static bool reissue(struct emergency *emergency, struct error *err)
{
    unsigned kinds = 1U << TROUBLE_STOP_GAP | 1U << TROUBLE_EXPIRED;
    bool go;

    if (!any(emergency, kinds))
        return true;
    TRY(may(emergency, EMERGENCY_REISSUE, "Obtain new certificates from the CA now?", &go, err));
    for (size_t i = 0; go && i < emergency->troubles.len; i++)
        if ((1U << emergency->troubles.at[i].kind & kinds) != 0)
            TRY(reissue_one(emergency, &emergency->troubles.at[i], err));
    return true;
}

/* ---- all of it ---- */

size_t emergency_open(const struct emergency *emergency)
{
    size_t open = servers_broken(&emergency->after);

    for (size_t i = 0; i < emergency->troubles.len; i++)
        open += emergency->troubles.at[i].kind != TROUBLE_NONE;
    return open;
}

bool emergency(struct context *context, const struct verb *renew_verb, struct error *err)
{
    AUTO(emergency_clear) struct emergency all = { .context = context, .renew_verb = renew_verb };
    size_t open;

    TRY(choose_steps(&all, err) && look(&all, err));
    TRY(repair(&all, err) && put(&all, err) && reissue(&all, err));
    TRY(servers_test(context, &all.uses, &all.after, err));
    emergency_show(&all);
    open = emergency_open(&all);
    if (open == 0)
        return true;
    (void)error_set(err, ERROR_STORE, "%zu problem(s) remain", open);
    return error_is_answer(err);
}
