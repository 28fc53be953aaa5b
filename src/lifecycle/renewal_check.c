#include "lifecycle/renewal_check.h"

#include <strings.h>

#include "acme/renewal_info.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "lifecycle/resume.h"
#include "lifecycle/revocation.h"

const char *due_reason(enum due due)
{
    switch (due) {
    case DUE_NOT:
        return "not due";
    case DUE_FORCED:
        return "renewal was asked for";
    case DUE_DRY_RUN:
        return "renewal is simulated";
    case DUE_WAITING:
        return "its successor was ordered by an earlier run, which could not save it";
    case DUE_RENEWAL_INFO:
        return "the CA suggests to renew now";
    case DUE_REVOKED:
        return "it has been revoked";
    case DUE_RENEW_BEFORE:
        return "renew_before_expiry of its renewal file says so";
    case DUE_LIFETIME:
        return "most of its lifetime has passed";
    }
    return "";
}

static bool ask_ca(
    struct context *context, struct lineage *lineage, int64_t *retry_at, int64_t *instant, struct error *err)
{
    AUTO(renewal_info_clear) struct renewal_info info = { 0 };
    struct session *session;
    uint64_t random;
    bool ok;

    TRY(context_session(context, lineage_server(lineage), &session, err));
    if (session_directory(session)->renewal_info == NULL) {
        *instant = 0;
        return true;
    }
    ok = renewal_info_fetch(session, lineage->cert, &info, err);
    *retry_at = info.retry_at;
    if (!ok)
        return false;
    TRY(random_bytes(&random, sizeof random, err));
    *instant = renewal_info_instant(&info, *instant, random);
    if (info.explanation_url != NULL)
        log_info("the CA explains its renewal window for %s at %s", lineage->name, info.explanation_url);
    return true;
}

/* The instant to renew at, 0 when the CA has no say. */
static bool renewal_instant(
    struct context *context, struct lineage *lineage, int64_t now, int64_t *instant, struct error *err)
{
    int64_t retry_at, kept;
    struct error failure = { 0 };

    *instant = 0;
    TRY(lineage_renewal_info(lineage, &retry_at, &kept, err));
    if (lineage_server(lineage) == NULL) {
        log_warning(
            "Skipping ARI check because %s has no 'server' field. This issue will not prevent certificate renewal",
            lineage->conf_path);
        return true;
    }
    if (lineage->cert->not_after <= now) {
        *instant = lineage->cert->not_after;
        return true;
    }
    *instant = kept;
    if (retry_at > now) {
        log_debug("Skipped ACME Renewal Info check because ari_retry_after of %s is in the future", lineage->name);
        return true;
    }
    retry_at = 0;
    if (!ask_ca(context, lineage, &retry_at, instant, &failure)) {
        if (failure.kind == ERROR_CANCELED) {
            *err = failure;
            return false;
        }
        log_warning("An error occurred requesting ACME Renewal Information (ARI). %s", failure.why);
    }
    if (retry_at == 0) /* the CA does not offer it, or could not be reached */
        retry_at = now + RENEWAL_INFO_PAUSE_S;
    return lineage_save_renewal_info(lineage, retry_at, *instant, err);
}

bool lineage_due(struct context *context, struct lineage *lineage, enum due *out, struct error *err)
{
    const struct settings *settings = context->settings;
    const char *autorenew = conf_get(lineage->conf, "renewalparams", "autorenew");
    const char *interval = conf_get(lineage->conf, "", "renew_before_expiry");
    struct due_facts facts = {
        .now = clock_now(),
        .not_before = lineage->cert->not_before,
        .not_after = lineage->cert->not_after,
        .force = settings->force_renewal,
        .dry_run = settings->dry_run,
        .autorenew =
            autorenew == NULL || strcasecmp(autorenew, "false") != 0, /* any case, as renewal_params reads it */
    };

    *out = due_decide(&facts);
    if (*out != DUE_NOT && *out != DUE_LIFETIME)
        return true; /* forced: nobody needs to be asked */
    facts.has_renew_before = interval != NULL && *interval != '\0';
    if (facts.has_renew_before)
        TRY(due_parse_interval(interval, &facts.renew_before_s, err));
    if (facts.autorenew) /* may rewrite the renewal file, and with it interval and autorenew */
        TRY(renewal_instant(context, lineage, facts.now, &facts.instant, err));
    *out = due_decide(&facts);
    if (*out == DUE_NOT && facts.autorenew) { /* only then does the answer matter */
        facts.waiting = resume_is_waiting(context, lineage);
        *out = due_decide(&facts);
    }
    if (*out == DUE_NOT && facts.autorenew) {
        enum revocation revocation;

        TRY(revocation_check(context, lineage, &revocation, err));
        facts.revoked = revocation == REVOCATION_REVOKED;
        *out = due_decide(&facts);
    }
    if (*out != DUE_NOT)
        log_info("%s: %s", lineage->name, due_reason(*out));
    return true;
}
