/* certonly: obtain or renew a certificate without installing it. */
#include <string.h>

#include "base/clock.h"
#include "cmd/command.h"
#include "lifecycle/hooks.h"
#include "lifecycle/obtain.h"

static void say_next_steps(struct context *context, const char *text)
{
    if (context->settings->preconfigured_renewal)
        ui_say(context->ui, "%s has set up a scheduled task to automatically renew this certificate in the background.",
            context->program);
    else
        ui_say(context->ui, "NEXT STEPS:\n- %s", text);
}

static void say_saved(struct context *context, const struct obtain_result *result)
{
    const struct lineage *lineage = result->lineage;
    char date[CLOCK_TEXT_SIZE];

    clock_format_date(lineage->cert->not_after, date);
    ui_say(context->ui, "\nSuccessfully received certificate.\nCertificate is saved at: %s\nKey is saved at:         %s\n"
                        "This certificate expires on %s.\nThese files will be updated when the certificate renews.",
        lineage->live[KIND_FULLCHAIN], lineage->live[KIND_PRIVKEY], date);
    if (strcmp(context->settings->authenticator, "manual") == 0 && context->settings->manual_auth_hook == NULL)
        say_next_steps(context, "This certificate will not be renewed automatically. Autorenewal of --manual certificates "
                                "requires the use of an authentication hook script (--manual-auth-hook) but one was not "
                                "provided. To renew this certificate, repeat this same command before the certificate's "
                                "expiry date.");
    else
        say_next_steps(context, context->as_certbot
                ? "The certificate will need to be renewed before it expires. Certbot can automatically renew the certificate in "
                  "the background, but you may need to take steps to enable that functionality. See "
                  "https://certbot.org/renewal-setup for instructions."
                : "Let `evercert renew` run twice a day, from a systemd timer or from cron: it renews what is due and is silent "
                  "otherwise with -q.");
}

static void say_csr_saved(struct context *context, const struct csr_result *result)
{
    char date[CLOCK_TEXT_SIZE];

    clock_format_date(result->not_after, date);
    ui_say(context->ui, "\nSuccessfully received certificate.\nCertificate is saved at:            %s\nIntermediate CA chain is "
                        "saved at:  %s\nFull certificate chain is saved at: %s\nThis certificate expires on %s.",
        result->cert_path, result->chain_path, result->fullchain_path, date);
    ui_say(context->ui, "NEXT STEPS:\n- Certificates created using --csr will not be renewed automatically by %s. You will need "
                        "to renew the certificate before it expires, by running the same %s command again.",
        context->program, context->program);
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

static bool certonly_run(struct context *context, struct error *err)
{
    AUTO(obtain_result_clear) struct obtain_result result = { 0 };

    TRY(hooks_check(context->settings, err));
    if (context->settings->csr_path != NULL)
        return run_csr(context, err);
    TRY(obtain(context, &result, err));
    switch (result.what) {
    case OBTAINED_SIMULATED:
        ui_say(context->ui, "The dry run was successful.");
        break;
    case OBTAINED_KEPT:
        ui_say(context->ui, "Certificate not yet due for renewal");
        ui_frame(context->ui, true, "Certificate not yet due for renewal; no action taken.");
        break;
    case OBTAINED_NEW:
    case OBTAINED_RENEWED:
        say_saved(context, &result);
        break;
    }
    return true;
}

static const enum option_topic topics[] = {
    TOPIC_CERTIFICATE, TOPIC_STANDALONE, TOPIC_WEBROOT, TOPIC_MANUAL, TOPIC_SECURITY, TOPIC_AUTOMATION, TOPIC_HIDDEN,
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
    },
    .store_needs = STORE_CREATE | STORE_LOCK,
    .run = certonly_run,
};
