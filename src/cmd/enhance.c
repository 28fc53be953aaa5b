/* enhance: add redirection, HSTS and the like to an installed certificate. */
#include "base/mem.h"
#include "cmd/command.h"
#include "cmd/report.h"
#include "lifecycle/install.h"
#include "run/questions.h"

static bool check_requested(const struct context *context, struct error *err)
{
    if (enhancements_requested(context->settings))
        return true;
    return VOICE_ERROR(err, ERROR_CONFIG, context->voice->no_enhancements, NULL);
}

static bool load(struct context *context, struct lineage **out, struct error *err)
{
    AUTO(free) char *name = NULL;

    TRY(question_cert_name(
        context, "Which certificate would you like to use to enhance your configuration?", &name, err));
    if (store_has_lineage(context->store, name))
        return lineage_load(context->store, name, out, err);
    (void)error_set(err, ERROR_CONFIG, "Could not find the list of domains for the given certificate name.");
    return error_next(err, "`certificates` lists the names there are");
}

/* Certbot enhances nothing for addresses; else an installer decides, as for installing. */
static bool check_addresses(const struct context *context, const struct installation *installation,
    const struct identifiers *names, struct error *err)
{
    if (installation_check_names(context, installation, names, err))
        return true;
    return error_set(err, ERROR_CONFIG, "Enhancements not supported for IP address certificates");
}

/* The names of the certificate, without a question where no user can answer. */
static bool choose_names(struct context *context, const struct installation *installation,
    const struct lineage *lineage, struct identifiers *out, struct error *err)
{
    static const struct question question = {
        .text = "Which domain names would you like to enable the selected enhancements for?",
        .flag = "--domains",
        .forced = true,
        .canceled = "User cancelled the domain selection. No domains defined, exiting.",
    };
    AUTO(identifiers_clear) struct identifiers all = cert_identifiers(lineage->cert);
    AUTO(list_clear) struct list texts = { 0 };
    AUTO(free) bool *chosen = xcalloc(all.len + 1, sizeof *chosen);

    TRY(check_addresses(context, installation, &all, err));
    if (!ui_may_ask(context->ui)) {
        identifiers_add_all(out, &all);
        return true;
    }
    identifiers_names(&all, &texts);
    TRY(ui_checklist(context->ui, &question, &texts, chosen, err));
    for (size_t i = 0; i < all.len; i++)
        if (chosen[i])
            identifiers_add(out, all.at[i].type, all.at[i].value);
    return true;
}

static bool enhance_run(struct context *context, struct error *err)
{
    AUTO(installation_close) struct installation installation = { 0 };
    AUTO(lineage_free) struct lineage *lineage = NULL;
    AUTO(identifiers_clear) struct identifiers names = { 0 };
    struct pair pair;
    struct deployment deployment = { .names = &names, .pairs = &pair, .pair_count = 1, .in_use = true };

    TRY(check_requested(context, err));
    TRY(installation_open(context, &installation, err));
    TRY(installation_check_enhancements(context, &installation, err));
    TRY(load(context, &lineage, err));
    TRY(choose_names(context, &installation, lineage, &names, err));
    deployment.lineage = lineage->name;
    pair = lineage_pair(lineage);
    TRY(installation_enhance(context, &installation, &deployment, err));
    if (context->voice->tells_more) {
        AUTO(free) char *urls = report_urls(&names);

        ui_say(context->ui, "What was asked for is in effect on %s", urls);
    }
    return true;
}

static const enum option_topic topics[] = { TOPIC_INSTALL, TOPIC_SECURITY, TOPIC_HIDDEN };

const struct command cmd_enhance = {
    .verb = {
        .name = "enhance",
        .summary = "Add security enhancements to an installed certificate",
        .usage = "--cert-name NAME --redirect | --hsts | --uir | --staple-ocsp | --security-headers | --auto-hsts",
        .text = "Changes how a web server uses a certificate that is installed already.",
        .topics = topics,
        .traits = VERB_INSTALLS,
        .installer_question = "Which installer would you like to use to configure the selected enhancements?",
    },
    .store_needs = STORE_CREATE | STORE_LOCK,
    .run = enhance_run,
};
