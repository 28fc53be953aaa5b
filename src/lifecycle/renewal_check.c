#include "lifecycle/renewal_check.h"

#include <string.h>

#include "acme/renewal_info.h"
#include "base/clock.h"
#include "base/log.h"
#include "issuance/resume.h"
#include "lifecycle/facts.h"
#include "run/revocation.h"
#include "store/lineage_conf.h"

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

/* ---- renewal information ---- */

/* Asks the CA; changes memory only when it answered, even if it has no renewal information. */
static bool ask_ca(struct context *context, const struct lineage *lineage, struct renewal_memory *memory, int64_t now,
    struct error *err)
{
    AUTO(renewal_info_clear) struct renewal_info info = { 0 };
    struct session *session;
    uint64_t random;
    bool ok;

    TRY(context_session(context, lineage_server(lineage), &session, err));
    if (session_directory(session)->renewal_info == NULL) {
        memory->instant = 0;
        return true;
    }
    ok = renewal_info_fetch(session, lineage->cert, context->voice->takes_instant_windows, &info, err);
    memory->retry_at = info.retry_at;
    if (!ok && err->kind == ERROR_CONFIG) /* it knows nothing of this certificate, or cannot be asked about it */
        memory->instant = 0;
    if (!ok)
        return false;
    TRY(random_bytes(&random, sizeof random, err));
    memory->instant = renewal_info_instant(&info, lineage->cert->not_after, memory->instant, random);
    memory->said_at = now;
    if (memory->instant == 0)
        log_warning(
            "The CA's renewal window for %s begins when the certificate has ended. It is ignored.", lineage->name);
    if (info.explanation_url != NULL)
        log_info("the CA explains its renewal window for %s at %s", lineage->name, info.explanation_url);
    return true;
}

/* The same, but a CA that cannot be asked is no failure: ERROR_CANCELED is the only one. */
static bool ask_ca_or_go_on(struct context *context, const struct lineage *lineage, struct renewal_memory *memory,
    int64_t now, struct error *err)
{
    struct error failure = { 0 };

    memory->retry_at = 0;
    if (!ask_ca(context, lineage, memory, now, &failure)) {
        if (failure.kind == ERROR_CANCELED) {
            *err = failure;
            return false;
        }
        log_warning("An error occurred requesting ACME Renewal Information (ARI). %s", failure.why);
        if (memory->instant != 0 && facts_stale(memory, lineage->cert->not_after - lineage->cert->not_before, now)) {
            log_info("%s: what the CA said of its renewal before counts no longer", lineage->name);
            memory->instant = 0;
        }
    }
    if (memory->instant == 0)
        memory->said_at = 0;
    if (memory->retry_at == 0) /* the CA does not offer it, or could not be reached */
        memory->retry_at = now + RENEWAL_INFO_PAUSE_S;
    return true;
}

/* The instant to renew at, 0 when the CA has no say. */
static bool renewal_instant(
    struct context *context, struct lineage *lineage, int64_t now, int64_t *instant, struct error *err)
{
    struct renewal_memory memory;

    *instant = 0;
    TRY(lineage_renewal_info(lineage, &memory, err));
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
    if (memory.said_at > now)
        memory = (struct renewal_memory){ 0 };
    if (renewal_info_may_wait(memory.retry_at, now)) {
        log_debug("Skipped ACME Renewal Info check because ari_retry_after of %s is in the future", lineage->name);
        *instant = memory.instant;
        return true;
    }
    TRY(ask_ca_or_go_on(context, lineage, &memory, now, err));
    *instant = memory.instant;
    return lineage_save_renewal_info(lineage, &memory, err);
}

/* ---- the facts ---- */

/* Reads the CA's suggested renewal time (RFC 9773) and decides whether it is followed. May rewrite the renewal file. */
static bool gather_renewal_info(
    struct context *context, struct lineage *lineage, struct due_facts *facts, struct error *err)
{
    char until[CLOCK_TEXT_SIZE];

    TRY(renewal_instant(context, lineage, facts->now, &facts->instant, err));
    if (facts->instant == 0 || facts->instant > facts->now)
        return true;
    facts->predecessor = facts_predecessor(lineage);
    if (due_floor(facts) != 0) {
        clock_format_rfc3339(due_floor(facts), until);
        log_warning("The CA suggests to renew %s at once, as it did for the one before, which was hardly older. "
                    "It is not renewed for that before %s.",
            lineage->name, until);
    }
    return true;
}

/* Reports that renew_before_expiry does not fit the certificate; under the name certbot in the log alone. */
static void tell_unfit(const struct context *context, const struct lineage *lineage)
{
    const char *interval = conf_get(lineage->conf, "", "renew_before_expiry");
    long long hours = (long long)((lineage->cert->not_after - lineage->cert->not_before) / 3600);

    if (context->voice->obeys_endless_renewal)
        log_info(
            "renew_before_expiry of %s is %s, but its certificate lives for %lld hours only: it is renewed at each "
            "run.",
            lineage->name, interval, hours);
    else
        log_warning(
            "renew_before_expiry of %s is %s, but its certificate lives for %lld hours only: it is renewed as if "
            "that line were not there, after a part of its life.",
            lineage->name, interval, hours);
}

bool lineage_due(struct context *context, struct lineage *lineage, enum due *out, struct error *err)
{
    const struct settings *settings = context->settings;
    struct due_facts facts = {
        .now = context_now(context),
        .not_before = lineage->cert->not_before,
        .not_after = lineage->cert->not_after,
        .force = settings->force_renewal,
        .dry_run = settings->dry_run,
        .autorenew = facts_autorenew(lineage),
    };

    *out = due_decide(&facts);
    if (*out != DUE_NOT && *out != DUE_LIFETIME)
        return true;                                               /* forced: no CA is asked */
    TRY(facts_renew_before(lineage, context->voice, &facts, err)); /* before the renewal file is rewritten */
    if (facts.renew_before_s > 0 && !due_renew_before_fits(&facts))
        tell_unfit(context, lineage);
    if (facts.autorenew)
        TRY(gather_renewal_info(context, lineage, &facts, err));
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
