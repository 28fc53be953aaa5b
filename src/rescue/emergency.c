#include "rescue/emergency.h"

#include <stdarg.h>
#include <string.h>

#include "audit/audit.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "health/health.h"
#include "rescue/renew_one.h"
#include "rescue/stand_in.h"
#include "store/lineage_lock.h"
#include "web/managed_file.h"

#define ALL_STEPS (EMERGENCY_BACKUP | EMERGENCY_REPAIR | EMERGENCY_STOP_GAP | EMERGENCY_REISSUE)
#define SAFE_STEPS (EMERGENCY_BACKUP | EMERGENCY_REPAIR)

static void emergency_clear_at(struct emergency *emergency)
{
    uses_clear(&emergency->uses);
    troubles_clear(&emergency->troubles);
    servers_clear(&emergency->before);
    servers_clear(&emergency->after);
    list_clear(&emergency->done);
    list_clear(&emergency->failed);
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
        { "stop-gap", EMERGENCY_BACKUP | EMERGENCY_STOP_GAP },
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

/* Whether a step is to be done: asked at a terminal, unless it was named or --yes was said. */
static bool may(struct emergency *emergency, unsigned step, const char *question, bool *out, struct error *err)
{
    const struct settings *settings = emergency->context->settings;
    const struct question asked = { .text = question, .has_default = true, .flag = "--yes" };

    *out = (emergency->steps & step) != 0;
    if (!*out || settings->yes || settings->operands.len > 0 || !ui_is_interactive(emergency->context->ui))
        return true;
    return ui_yes_no(emergency->context->ui, &asked, "Yes", "No", true, out, err);
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

/* ---- the steps ---- */

static bool look(struct emergency *emergency, struct error *err)
{
    struct context *context = emergency->context;
    AUTO(free) char *live = xprintf("%s/live", store_config_dir(context->store));

    uses_find(context->settings, live, &emergency->uses);
    TRY(troubles_find(context, &emergency->uses, context->settings->cert_name, &emergency->troubles, err));
    return servers_test(context, &emergency->uses, &emergency->before, err);
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

static bool repair(struct emergency *emergency, struct error *err)
{
    AUTO(range_lock_release) struct range_lock *lock = NULL;
    unsigned kinds = 1U << TROUBLE_BROKEN | 1U << TROUBLE_LOST | 1U << TROUBLE_NO_RENEWAL;
    bool go;

    if (!any(emergency, kinds))
        return true;
    TRY(may(emergency, EMERGENCY_REPAIR, "Repair what has exactly one right answer?", &go, err));
    if (!go)
        return true;
    TRY(store_lock_all(emergency->context->store, &lock, err));
    for (size_t i = 0; i < emergency->troubles.len; i++)
        if ((1U << emergency->troubles.at[i].kind & kinds) != 0)
            repair_one(emergency, &emergency->troubles.at[i]);
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
        note(&emergency->done, "%s has a new renewal file", trouble->name);
    else if (put)
        note(&emergency->done, "%s has a self-signed stop-gap for 7 days", trouble->name);
    return true;
}

/* What servers include besides (web/managed_file.h). Facts are not asked of a server that may not start: the next
 * installation brings the text up to date. */
static void keep_files(struct emergency *emergency)
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

    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(free) char *path = managed_file_path(dir, rows[i].file);
        const struct managed_facts facts = { 0 };
        struct error err = { 0 };

        if (file_exists(path) || !uses_have(&emergency->uses, rows[i].server))
            continue;
        if (managed_file_keep(dir, rows[i].file, &facts, &err))
            note(&emergency->done, "%s, which %s may include, is there again", path, rows[i].server);
        else
            note(&emergency->failed, "%s could not be written: %s", path, err.why);
    }
}

static bool put(struct emergency *emergency, struct error *err)
{
    unsigned kinds = 1U << TROUBLE_BROKEN | 1U << TROUBLE_LOST | 1U << TROUBLE_NO_RENEWAL;
    bool go;

    if (emergency->steps != 0 && servers_broken(&emergency->before) > 0)
        keep_files(emergency);
    if (!any(emergency, kinds))
        return true;
    TRY(may(emergency, EMERGENCY_STOP_GAP,
        "Put self-signed stop-gaps in place of lost files, so that servers start? Browsers warn of them until new "
        "certificates are there.",
        &go, err));
    for (size_t i = 0; go && i < emergency->troubles.len; i++)
        if ((1U << emergency->troubles.at[i].kind & kinds) != 0)
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
