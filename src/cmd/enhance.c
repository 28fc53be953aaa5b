/* enhance: add redirection, HSTS and the like to an installed certificate. */
#include "base/mem.h"
#include "cmd/command.h"
#include "lifecycle/install.h"

static bool choose_name(struct context *context, struct error *err)
{
    static const struct question question = {
        .text = "Which certificate would you like to use to enhance your configuration?", .flag = "--cert-name", .forced = true,
    };
    AUTO(list_clear) struct list names = { 0 };
    size_t chosen;

    if (context->settings->cert_name != NULL)
        return true;
    TRY(store_lineage_names(context->store, &names, err));
    if (names.len == 0)
        return error_set(err, ERROR_CONFIG, "No existing certificates found.");
    TRY(ui_menu(context->ui, &question, &names, 0, &chosen, err));
    context->settings->cert_name = xstrdup(names.at[chosen]);
    return true;
}

static bool enhance_run(struct context *context, struct error *err)
{
    AUTO(installation_close) struct installation installation = { 0 };
    AUTO(lineage_free) struct lineage *lineage = NULL;
    const struct list *names = &context->settings->domains;

    if (!enhancements_requested(context->settings)) {
        (void)error_set(err, ERROR_CONFIG, "Please specify one or more enhancement types to configure. No enhancements requested, "
            "exiting.");
        return error_next(err, "add --redirect, --hsts, --uir or --staple-ocsp");
    }
    TRY(installation_open(context, &installation, err));
    TRY(choose_name(context, err));
    TRY(lineage_load(context->store, context->settings->cert_name, &lineage, err));
    if (names->len == 0)
        names = &lineage->cert->names;
    return installation_enhance(context, &installation, names, err);
}

static const enum option_topic topics[] = { TOPIC_INSTALL, TOPIC_SECURITY, TOPIC_HIDDEN };

const struct command cmd_enhance = {
    .verb = {
        .name = "enhance",
        .summary = "Add security enhancements to an installed certificate",
        .usage = "--cert-name NAME --redirect | --hsts | --uir | --staple-ocsp",
        .text = "Changes how a web server uses a certificate that is installed already.",
        .topics = topics,
    },
    .store_needs = STORE_CREATE | STORE_LOCK,
    .run = enhance_run,
};
