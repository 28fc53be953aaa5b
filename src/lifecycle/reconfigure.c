#include "lifecycle/reconfigure.h"

#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "config/renewal_params.h"
#include "lifecycle/obtain.h"
#include "plugin/plugin.h"

static bool choose_name(struct context *context, char **out, struct error *err)
{
    static const struct question question = {
        .text = "Which certificate would you like to reconfigure?", .flag = "--cert-name", .forced = true,
    };
    AUTO(list_clear) struct list names = { 0 };
    size_t chosen;

    if (context->settings->cert_name != NULL) {
        *out = xstrdup(context->settings->cert_name);
        return true;
    }
    TRY(store_lineage_names(context->store, &names, err));
    if (names.len == 0)
        return error_set(err, ERROR_CONFIG, "No existing certificates found.");
    TRY(ui_menu(context->ui, &question, &names, 0, &chosen, err));
    *out = xstrdup(names.at[chosen]);
    return true;
}

static bool load(struct context *context, struct lineage **out, struct error *err)
{
    AUTO(free) char *name = NULL;
    struct settings *settings = context->settings;

    if (settings->domains.len > 0 || settings->ip_addresses.len > 0) {
        (void)error_set(err, ERROR_CONFIG, "You have specified domains, but this function cannot be used to modify the domains "
            "in a certificate.");
        return error_next(err, "use certonly --cert-name NAME -d ... to change them");
    }
    TRY(choose_name(context, &name, err));
    if (store_has_lineage(context->store, name))
        return lineage_load(context->store, name, out, err);
    return error_set(err, ERROR_CONFIG, "An existing certificate with name %s could not be found. Run `%s certificates` to list "
        "available certificates.", name, context->as_certbot ? "certbot" : "evercert");
}

/* An account belongs to its CA, and a certificate to the CA that issued it: changing those is obtaining anew. */
static bool check_unchanged(const struct settings *settings, const struct lineage *lineage, struct error *err)
{
    const char *account = conf_get(lineage->conf, "renewalparams", "account");
    const char *server = lineage_server(lineage);
    bool other_account = settings->account != NULL && account != NULL && strcmp(settings->account, account) != 0;
    bool other_server = SETTING_IS_SET(settings, server) && server != NULL && strcmp(settings->server, server) != 0;

    if (!other_account && !other_server)
        return true;
    (void)error_set(err, ERROR_CONFIG, "Using reconfigure to change the ACME account or server is not supported.");
    return error_next(err, "obtain the certificate again with certonly --cert-name %s and the new account or server",
        lineage->name);
}

static bool ask_deploy_hook(struct context *context, struct error *err)
{
    static const struct question question = {
        .text = "You are attempting to set a --deploy-hook. Would you like Certbot to run deploy hooks when it performs a dry run "
                "with the new settings? This will run all relevant deploy hooks, including directory hooks, unless "
                "--no-directory-hooks is set. This will use the current active certificate, and not the temporary test "
                "certificate acquired during the dry run.",
        .flag = "--run-deploy-hooks", .has_default = true,
    };

    if (context->settings->deploy_hook == NULL || context->settings->run_deploy_hooks)
        return true;
    return ui_yes_no(context->ui, &question, "Run deploy hooks", "Do not run deploy hooks", false,
        &context->settings->run_deploy_hooks, err);
}

/* A complete renewal whose result is thrown away, with settings of its own. */
static bool try_out(struct context *context, const struct settings *wanted, struct lineage *lineage, struct error *err)
{
    AUTO(settings_free) struct settings *settings = settings_dup(wanted);
    AUTO(list_clear) struct list names = list_dup(&lineage->cert->names);
    const struct plugin *authenticator;
    struct context own = *context;

    settings->dry_run = true;
    settings->break_my_certs = true;
    if (strcmp(settings->server, SERVER_PRODUCTION) == 0) {
        xreplace(&settings->server, SERVER_STAGING);
        xreplace(&settings->account, NULL);
        settings->agree_tos = settings->register_without_email = true;
    }
    own.settings = settings;
    TRY(plugin_choose_authenticator(settings, context->ui, &authenticator, err));
    return renew_lineage(&own, lineage, authenticator, &names, err);
}

/* Saves, and says whether the file has become another. */
static bool save(struct lineage *lineage, const struct settings *settings, bool *changed, struct error *err)
{
    AUTO(buf_clear) struct buf before = BUF(CONF_MAX), after = BUF(CONF_MAX);

    TRY(file_read(lineage->conf_path, &before, err));
    TRY(lineage_save_settings(lineage, settings, err));
    TRY(file_read(lineage->conf_path, &after, err));
    *changed = !view_equal(buf_view(&before), buf_view(&after));
    return true;
}

bool reconfigure(struct context *context, bool *changed, struct error *err)
{
    AUTO(lineage_free) struct lineage *lineage = NULL;
    struct settings *settings = context->settings;

    TRY(load(context, &lineage, err));
    TRY(check_unchanged(settings, lineage, err));
    TRY(ask_deploy_hook(context, err));
    TRY(renewal_params_restore(lineage->conf, lineage->conf_path, settings, err));
    TRY(try_out(context, settings, lineage, err));
    return save(lineage, settings, changed, err);
}
