/* certonly: obtain or renew a certificate without installing it. */
#include "base/clock.h"
#include "base/mem.h"
#include "cmd/command.h"
#include "cmd/report.h"
#include "lifecycle/deliver.h"
#include "lifecycle/obtain_csr.h"

static void say_csr_saved(struct context *context, const struct csr_result *result)
{
    AUTO(free)
    char *step = xprintf("Certificates created using --csr will not be renewed automatically by %s. You will need to "
                         "renew the certificate before it expires, by running the same %s command again.",
        context->voice->program, context->voice->program);
    struct list steps = { &step, 1 };
    char date[CLOCK_TEXT_SIZE];

    clock_format_date(result->not_after, date);
    ui_say(context->ui,
        "\nSuccessfully received certificate.\nCertificate is saved at:            %s\nIntermediate CA chain is "
        "saved at:  %s\nFull certificate chain is saved at: %s\nThis certificate expires on %s.",
        result->cert_path, result->chain_path, result->fullchain_path, date);
    ui_next_steps(context->ui, &steps);
}

static bool run_csr(struct context *context, struct error *err)
{
    AUTO(csr_result_clear) struct csr_result result = { 0 };

    TRY(obtain_for_csr(context, &result, err));
    if (context->settings->dry_run)
        ui_say(context->ui, "The dry run was successful.");
    else
        say_csr_saved(context, &result);
    return true;
}

static void say_kept(struct context *context, const struct obtain_result *result)
{
    const struct lineage *lineage = result->lineage;
    AUTO(free)
    char *where = xprintf("\nCertificate is saved at: %s\nKey is saved at:         %s", lineage->live[KIND_FULLCHAIN],
        lineage->live[KIND_PRIVKEY]);
    AUTO(free)
    char *text =
        xprintf("Certificate not yet due for renewal; no action taken.%s", context->voice->tells_more ? where : "");

    ui_frame(context->ui, !context->voice->fits_terminal, text);
}

static bool certonly_run(struct context *context, struct error *err)
{
    AUTO(obtain_result_clear) struct obtain_result result = { 0 };

    if (context->settings->csr_path != NULL)
        return run_csr(context, err);
    TRY(obtain(context, &result, err));
    switch (result.what) {
    case OBTAINED_SIMULATED:
        ui_say(context->ui, "The dry run was successful.");
        break;
    case OBTAINED_KEPT:
        say_kept(context, &result);
        break;
    case OBTAINED_NEW:
    case OBTAINED_RENEWED:
        report_saved(context, &result);
        TRY(deliver_reload(context, result.lineage, &result.names, err));
        report_next_steps(context, &result);
        break;
    }
    return true;
}

static const enum option_topic topics[] = {
    TOPIC_CERTIFICATE,
    TOPIC_STANDALONE,
    TOPIC_WEBROOT,
    TOPIC_MANUAL,
    TOPIC_SECURITY,
    TOPIC_AUTOMATION,
    TOPIC_HIDDEN,
};

const struct command cmd_certonly = {
    .verb = {
        .name = "certonly",
        .alias = "auth",
        .summary = "Obtain or renew a certificate, but do not install it",
        .usage = "[options] [-d DOMAIN] [-d DOMAIN] ...",
        .text = "Obtains one certificate for all the names given and saves it; asking again for the same names renews it when it "
                "is due.",
        .topics = topics,
        .traits = VERB_OBTAINS_ONLY | VERB_FINDS_ADDRESSES | VERB_CSR | VERB_DRY_RUN,
    },
    .store_needs = STORE_CREATE | STORE_LOCK,
    .run = certonly_run,
};
