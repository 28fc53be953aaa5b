#include "lifecycle/names_asked.h"

#include "base/log.h"
#include "base/mem.h"
#include "config/renewal_params.h"
#include "lifecycle/own_address.h"

void names_asked_clear(struct names_asked *asked)
{
    if (asked->settings != NULL)
        ui_free(asked->context.ui);
    settings_free(asked->settings);
    answers_clear(&asked->answers);
    identifiers_clear(&asked->names);
    list_clear(&asked->types);
    *asked = (struct names_asked){ 0 };
}

static bool read_names(struct names_asked *asked, const char *lineage_name, struct error *err)
{
    AUTO(lineage_free) struct lineage *lineage = NULL;
    const struct settings *settings = asked->settings;

    if (lineage_name == NULL) {
        asked->names = identifiers_of(&settings->domains, &settings->ip_addresses);
        if (settings->ip_auto)
            TRY(own_addresses_add(&asked->context, &asked->names, err));
        if (asked->names.len > 0)
            return true;
        (void)error_set(err, ERROR_USAGE, "no name is given");
        return error_next(err, "add -d NAME, or --cert-name NAME");
    }
    TRY(lineage_load(asked->context.store, lineage_name, &lineage, err));
    TRY(renewal_params_restore(lineage->conf, lineage->conf_path, asked->settings, err));
    asked->names = cert_identifiers(lineage->cert);
    return true;
}

static bool read_types(struct names_asked *asked, struct error *err)
{
    const struct settings *settings = asked->settings;
    bool is_named = settings->authenticator != NULL || settings->configurator != NULL || settings->installer != NULL;

    if (is_named) {
        TRY(plugin_choose_authenticator(settings, &asked->answers, asked->context.ui, &asked->plugin, err));
        return plugin_challenge_types(asked->plugin, settings, &asked->types, err);
    }
    list_add_all(&asked->types, &settings->preferred_challenges);
    if (asked->types.len == 0) {
        list_add(&asked->types, "http-01");
        list_add(&asked->types, "dns-01");
    }
    return true;
}

/* What the CA would tell is missed where it does not answer, and is all that is. */
static bool ask_ca(struct names_asked *asked, struct error *err)
{
    struct error unknown = { 0 };
    struct ca *ca = NULL;

    if (!context_session(&asked->context, asked->settings->server, &asked->session, &unknown)) {
        if (unknown.kind == ERROR_CANCELED) {
            *err = unknown;
            return false;
        }
        log_warning(
            "The CA's directory could not be read, so that its names and its clock are not known: %s", unknown.why);
        asked->session = NULL;
        return true;
    }
    if (asked->context.store == NULL)
        return true;
    if (!context_existing_account(&asked->context, &ca, &unknown))
        log_info("which account is used is not known: %s", unknown.why);
    asked->account_url = ca != NULL ? ca->account->url : NULL;
    return true;
}

bool names_asked(struct context *context, const char *lineage, struct names_asked *out, struct error *err)
{
    out->settings = settings_dup(context->settings);
    out->context = *context;
    out->context.settings = out->settings;
    out->context.answers = &out->answers;
    out->context.ui = ui_new(&(struct ui_options){ .voice = context->voice, .quiet = true, .non_interactive = true });
    return read_names(out, lineage, err) && read_types(out, err) && ask_ca(out, err);
}
