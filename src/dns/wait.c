#include "dns/wait.h"

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/mem.h"
#include "dns/propagation.h"

static bool pause_ms(const struct asker *asker, int64_t ms, struct error *err)
{
    bool slept = asker != NULL ? asker->sleep_ms(asker->self, ms) : clock_sleep_ms(ms);

    return slept || interrupt_check(err);
}

static bool wait_fixed(const struct plugin_context *context, int seconds, struct error *err)
{
    ui_say(context->ui, "Waiting %d seconds for DNS changes to propagate", seconds);
    return pause_ms(NULL, (int64_t)seconds * 1000, err);
}

static void ready(struct proof *const *proofs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        proofs[i]->state = PROOF_READY;
}

/* ---- by looking ---- */

static const char *place_of(const struct proof *proof)
{
    return proof->place != NULL ? proof->place : proof->record_name;
}

static void tell(void *arg, const char *what)
{
    const struct plugin_context *context = arg;

    ui_say(context->ui, "Still waiting for %s", what);
}

static void fail_behind(
    const struct plugin_context *context, const char *plugin, const struct spread *spread, struct proof *proof)
{
    int limit_s = context->settings->dns_propagation_limit_s;
    struct error why = { 0 };

    (void)error_set(&why, ERROR_PLUGIN, "after %d seconds not every name server has the TXT record %s: %s", limit_s,
        spread->place, spread->why != NULL ? spread->why : "");
    (void)error_next(&why,
        "see why this server is not updated (zone transfers, NOTIFY), or that the zone is the one that --%s changes; "
        "--dns-propagation-limit SECONDS gives more time, --%s-propagation-seconds N waits without looking",
        plugin, plugin);
    proof_fail(proof, &why);
}

/* Where it cannot be seen whether records have spread, what remains of the usual time is waited. */
static bool wait_blindly(const struct plugin_context *context, const struct dns_options *options,
    const struct asker *asker, const struct spread *blind, int64_t elapsed_ms, struct error *err)
{
    int64_t left_ms = (int64_t)options->wait_s * 1000 - elapsed_ms;

    if (blind->verdict == VERDICT_ELSEWHERE)
        log_info(
            "The name servers that this machine is told of are not those that others ask (split horizon): %s. They "
            "are not waited for any longer.",
            blind->why);
    else
        log_info("Whether %s has reached all name servers cannot be seen from here: %s", blind->place,
            blind->why != NULL ? blind->why : "none can be asked");
    if (left_ms <= 0)
        return true;
    ui_say(context->ui, "Waiting %d seconds for DNS changes to propagate", (int)((left_ms + 999) / 1000));
    return pause_ms(asker, left_ms, err);
}

/* A verdict for each proof; *blind: the first that stays unknown, NULL when there is none. */
static void judge(const struct plugin_context *context, const char *plugin, const struct spread *spreads,
    struct proof *const *proofs, size_t count, const struct spread **blind)
{
    *blind = NULL;
    for (size_t i = 0; i < count; i++) {
        if (spreads[i].verdict == VERDICT_BEHIND) {
            fail_behind(context, plugin, &spreads[i], proofs[i]);
            continue;
        }
        proofs[i]->state = PROOF_READY;
        if (spreads[i].verdict != VERDICT_THERE)
            *blind = *blind == NULL ? &spreads[i] : *blind;
        else if (spreads[i].left_out != NULL)
            log_info("%s: left out, as they cannot be asked: %s", spreads[i].place, spreads[i].left_out);
    }
}

static bool look(const struct plugin_context *context, const struct dns_options *options, const struct asker *asker,
    struct spread *spreads, struct proof *const *proofs, size_t count, struct error *err)
{
    struct propagation how = { .limit_s = context->settings->dns_propagation_limit_s,
        .fixed_s = options->wait_s,
        .tell = tell,
        .arg = (void *)context };
    int64_t begun_ms = asker->now_ms(asker->self);
    const struct spread *blind;

    ui_say(context->ui, "Waiting until the name servers have the records");
    TRY(propagation_wait(asker, &how, spreads, count, err));
    judge(context, context->plugin->name, spreads, proofs, count, &blind);
    return blind == NULL || wait_blindly(context, options, asker, blind, asker->now_ms(asker->self) - begun_ms, err);
}

bool dns_wait(const struct plugin_context *context, const struct dns_options *options, const struct asker *asker,
    struct proof *const *proofs, size_t count, struct error *err)
{
    AUTO(free) struct spread *spreads = NULL;
    bool ok;

    if (asker == NULL || options->wait_is_set || !context->settings->voice->looks_for_records) {
        TRY(wait_fixed(context, options->wait_s, err));
        ready(proofs, count);
        return true;
    }
    spreads = xcalloc(count + 1, sizeof *spreads);
    for (size_t i = 0; i < count; i++)
        spreads[i] = (struct spread){ .place = place_of(proofs[i]), .value = proofs[i]->record_value };
    ok = look(context, options, asker, spreads, proofs, count, err);
    for (size_t i = 0; i < count; i++)
        spread_clear(&spreads[i]);
    return ok;
}
