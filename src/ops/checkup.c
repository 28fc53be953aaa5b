#include "ops/checkup.h"

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

/* Tries the server that this lineage is installed in, unless an earlier one has the same. One whose files cannot be
 * read is in other findings. */
static void check_server(struct context *context, const char *name, struct list *servers, struct findings *findings)
{
    AUTO(lineage_free) struct lineage *lineage = NULL;
    AUTO(settings_free) struct settings *settings = settings_dup(context->settings);
    AUTO(free) char *server = NULL;
    struct context own = *context;
    struct error why = { 0 }, unread = { 0 };
    const struct plugin *plugin = NULL;
    struct finding *finding;

    own.settings = settings;
    if (!lineage_load(context->store, name, &lineage, &unread) ||
        !renewal_params_restore(lineage->conf, lineage->conf_path, settings, &unread) || settings->installer == NULL ||
        !plugin_look_up(settings, settings->installer, &plugin, &unread) || plugin == NULL || plugin->installer == NULL)
        return;
    server = plugin_server(settings);
    if (list_has(servers, server))
        return;
    list_add(servers, server);
    if (installer_check(&own, plugin, &why) || why.kind == ERROR_CANCELED)
        return;
    finding = findings_add(findings, "server-unusable", HEALTH_ERROR, NULL,
        "certificates that are renewed are not taken into use", "%s cannot be used: %s", plugin->name, why.why);
    finding_answer(finding, "%s", why.next[0] != '\0' ? why.next : "mend its configuration, and run doctor again");
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

bool checkup(struct context *context, const char *only, bool online, struct findings *findings, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 }, servers = { 0 };

    if (only == NULL)
        check_audit(context, findings);
    if (only != NULL)
        list_add(&names, only);
    else
        TRY(store_lineage_names(context->store, &names, err));
    for (size_t i = 0; i < names.len; i++) {
        check_server(context, names.at[i], &servers, findings);
        if (online && i < CHECKUP_NAMES)
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
