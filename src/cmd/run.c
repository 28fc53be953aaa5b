/* run: obtain a certificate and install it. */
#include "cmd/command.h"
#include "cmd/report.h"
#include "base/mem.h"
#include "lifecycle/deliver.h"
#include "lifecycle/install.h"

static void say_success(struct context *context, const struct obtain_result *result, const struct list *elsewhere)
{
    if (result->what == OBTAINED_RENEWED)
        ui_say(context->ui, "Your existing certificate has been successfully renewed, and the new certificate has been "
                            "installed.");
    else
        report_https(context, &result->names, elsewhere);
}

static bool install(struct context *context, struct installation *installation, const struct obtain_result *result,
    struct list *elsewhere, struct error *err)
{
    const struct lineage *lineage = result->lineage;
    const char *name = installation->plugin->name;
    bool with_name = context->voice->tells_more;
    AUTO(free) char *step = NULL;
    struct pair pair = lineage_pair(lineage);
    struct deployment deployment = {
        .lineage = lineage->name, .names = &result->names, .pairs = &pair, .pair_count = 1, .elsewhere = elsewhere
    };

    if (installation_deploy(context, installation, &deployment, err)) {
        deliver_installed(context, lineage->name);
        return true;
    }
    step =
        xprintf("The certificate was saved, but could not be installed (installer: %s). After fixing the error shown "
                "below, try installing it again by running:\n  %s install --cert-name %s%s%s\n\n",
            name, context->voice->command, lineage->name, with_name ? " -i " : "", with_name ? name : "");
    ui_next_steps(context->ui, &(struct list){ &step, 1 });
    return false;
}

static bool run_run(struct context *context, struct error *err)
{
    AUTO(installation_close) struct installation installation = { 0 };
    AUTO(obtain_result_clear) struct obtain_result result = { 0 };
    AUTO(list_clear) struct list elsewhere = { 0 };
    AUTO(identifiers_clear)
    struct identifiers wanted = identifiers_of(&context->settings->domains, &context->settings->ip_addresses);

    TRY(installation_open(context, &installation, err));
    TRY(installation_check_names(context, &installation, &wanted, err));
    TRY(installation_check_staple(context, &installation, err));
    TRY(installation_check_enhancements(context, &installation, err));
    TRY(obtain(context, &result, err));
    if (result.what != OBTAINED_KEPT) {
        report_saved(context, &result);
        ui_say(context->ui, "%s", "");
    }
    TRY(install(context, &installation, &result, &elsewhere, err));
    say_success(context, &result, &elsewhere);
    if (result.what != OBTAINED_KEPT)
        report_next_steps(context, &result);
    return true;
}

static const enum option_topic topics[] = {
    TOPIC_CERTIFICATE,
    TOPIC_INSTALL,
    TOPIC_STANDALONE,
    TOPIC_WEBROOT,
    TOPIC_MANUAL,
    TOPIC_SECURITY,
    TOPIC_AUTOMATION,
    TOPIC_HIDDEN,
};

const struct command cmd_run = {
    .verb = {
        .name = "run",
        .alias = "everything",
        .summary = "Obtain a certificate and install it (the default)",
        .usage = "[options] [-d DOMAIN] [-d DOMAIN] ...",
        .text = "Obtains a certificate, or reuses the one there is, and makes the web server use it.",
        .topics = topics,
        .traits = VERB_OBTAINS_TOO | VERB_FINDS_ADDRESSES | VERB_INSTALLS | VERB_REDIRECTS,
    },
    .store_needs = STORE_CREATE | STORE_LOCK,
    .run = run_run,
};
