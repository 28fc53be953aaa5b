#include "ops/checkup.h"

#include <string.h>
#include <sys/stat.h>

#include "audit/trail.h"
#include "audit/verify.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/mem.h"
#include "base/text.h"
#include "config/renewal_params.h"
#include "issuance/first_look.h"
#include "lifecycle/install.h"
#include "lifecycle/names_asked.h"

/* ---- web servers ---- */

void checkup_clear(struct checkup *checkup)
{
    list_clear(&checkup->seen);
    list_clear(&checkup->servers);
    for (size_t i = 0; i < checkup->count; i++)
        settings_free(checkup->of[i]);
    *checkup = (struct checkup){ 0 };
}

void checkup_note(struct checkup *checkup, const char *name, struct settings *restored)
{
    AUTO(settings_free) struct settings *settings = restored;
    const struct plugin *plugin = NULL;
    struct error unread = { 0 };
    AUTO(free) char *server = NULL;
    size_t seen = checkup->seen.len;

    if (seen == 0 || strcmp(checkup->seen.at[seen - 1], name) != 0) /* a repair examines a lineage again */
        list_add(&checkup->seen, name);
    if (settings->installer == NULL || checkup->count == CHECKUP_SERVERS ||
        !plugin_look_up(settings, settings->installer, &plugin, &unread) || plugin == NULL || plugin->installer == NULL)
        return;
    server = plugin_server(settings);
    if (list_has(&checkup->servers, server))
        return;
    list_add(&checkup->servers, server);
    checkup->of[checkup->count++] = TAKE(settings);
}

/* Of a lineage that could not be rehearsed. One whose files cannot be read is in other findings. */
static void note_unseen(struct context *context, const char *name, struct checkup *checkup)
{
    AUTO(lineage_free) struct lineage *lineage = NULL;
    AUTO(settings_free) struct settings *settings = settings_dup(context->settings);
    struct error unread = { 0 };

    if (lineage_load(context->store, name, &lineage, &unread) &&
        renewal_params_restore(lineage->conf, lineage->conf_path, settings, &unread))
        checkup_note(checkup, name, TAKE(settings));
}

static void check_server(struct context *context, struct settings *settings, struct findings *findings)
{
    struct context own = *context;
    struct error why = { 0 };
    const struct plugin *plugin = NULL;
    struct finding *finding;

    own.settings = settings;
    if (!plugin_look_up(settings, settings->installer, &plugin, &why) || plugin == NULL ||
        installer_check(&own, plugin, NULL, &why) || why.kind == ERROR_CANCELED)
        return;
    finding = findings_add(findings, "server-unusable", HEALTH_ERROR, NULL,
        "certificates that are renewed are not taken into use", "%s cannot be used: %s", plugin->name, why.why);
    finding_answer(finding, "%s", why.next[0] != '\0' ? why.next : "mend its configuration, and run doctor again");
}

static bool check_servers(struct context *context, const struct list *names, struct checkup *checkup,
    struct findings *findings, struct error *err)
{
    size_t seen = checkup->seen.len, at = 0; /* in the order of the names, as far as they were seen */

    for (size_t i = 0; i < names->len; i++) {
        if (at < seen && strcmp(checkup->seen.at[at], names->at[i]) == 0)
            at++;
        else
            note_unseen(context, names->at[i], checkup);
        TRY(interrupt_check(err));
    }
    for (size_t i = 0; i < checkup->count; i++) {
        check_server(context, checkup->of[i], findings);
        TRY(interrupt_check(err));
    }
    return true;
}

/* ---- the way of the CA ---- */

static void tell(const char *lineage, const struct preflight_finding *found, struct findings *findings)
{
    struct finding *finding = findings_add(findings, found->code,
        found->severity == PREFLIGHT_FAILURE   ? HEALTH_ERROR
        : found->severity == PREFLIGHT_WARNING ? HEALTH_WARNING
                                               : HEALTH_NOTE,
        lineage, "the CA may refuse the next renewal", "%s%s%s%s", found->what, text_is_given(found->why) ? " (" : "",
        text_is_given(found->why) ? found->why : "", text_is_given(found->why) ? ")" : "");

    if (text_is_given(found->remedy))
        finding_answer(finding, "%s", found->remedy);
}

/* What is of no single name would be told of each lineage. */
static bool is_told(const struct findings *findings, const char *code)
{
    for (size_t i = 0; i < findings->len; i++)
        if (text_equal(findings->at[i].code, code))
            return true;
    return false;
}

static bool check_way(struct context *context, const char *name, struct findings *findings, struct error *err)
{
    AUTO(names_asked_clear) struct names_asked asked = { 0 };
    AUTO(preflight_clear) struct preflight found = { 0 };
    struct first_look look = { .asked = true };
    struct error unread = { 0 };

    if (!names_asked(context, name, &asked, &unread))
        return unread.kind != ERROR_CANCELED || interrupt_check(err); /* other findings tell of files */
    look.names = &asked.names;
    look.types = &asked.types;
    look.plugin = asked.plugin;
    look.session = asked.session;
    look.account_url = asked.account_url;
    TRY(first_look(&asked.context, &look, &found, err));
    for (size_t i = 0; i < found.len; i++)
        if (found.at[i].name != NULL || !is_told(findings, found.at[i].code))
            tell(found.at[i].name != NULL ? name : NULL, &found.at[i], findings);
    return true;
}

/* ---- the audit trail ---- */

/* Of its newest file alone: that is quick. A user who may not read it is told of closed paths elsewhere. */
static void check_audit(struct context *context, struct findings *findings)
{
    AUTO(audit_verdict_clear) struct audit_verdict verdict = { 0 };
    AUTO(free) char *path = file_join(context->settings->logs_dir, AUDIT_NAME);
    struct finding *finding;
    struct error unread = { 0 };
    struct stat st;

    if (lstat(path, &st) != 0 || !audit_verify_end(context->settings->logs_dir, AUDIT_FILE_MAX, &verdict, &unread))
        return;
    if (verdict.problem_count > 0) {
        finding = findings_add(findings, "audit-broken", HEALTH_WARNING, NULL,
            "the record of what was done here was changed, or damaged", "%s is not whole: %s", path,
            verdict.problems[0].what);
        finding_answer(finding, "`audit verify` says where, and docs/audit.md what that can mean");
    }
    if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        finding = findings_add(findings, "audit-open", HEALTH_WARNING, NULL,
            "they can change the record of what was done here", "others may write to %s", path);
        finding_answer(finding, "chmod go-w %s", path);
    }
}

bool checkup(struct context *context, const char *only, bool online, struct checkup *checkup, struct findings *findings,
    struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };

    if (only == NULL)
        check_audit(context, findings);
    if (only != NULL)
        list_add(&names, only);
    else
        TRY(store_lineage_names(context->store, &names, err));
    TRY(check_servers(context, &names, checkup, findings, err));
    for (size_t i = 0; online && i < names.len && i < CHECKUP_NAMES; i++) {
        TRY(check_way(context, names.at[i], findings, err));
        TRY(interrupt_check(err));
    }
    if (online && names.len > CHECKUP_NAMES)
        (void)findings_add(findings, "not-looked-up", HEALTH_NOTE, NULL,
            "what would keep the CA from issuing is not known",
            "the names of %zu certificates were not looked up; `doctor --online --cert-name NAME` does so for one",
            names.len - CHECKUP_NAMES);
    return true;
}
