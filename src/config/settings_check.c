/*
 * Settings in combination: derives some from others, and refuses contradictions. No network, no plugins.
 */
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "config/command_line.h"
#include "typed/names.h"
#include "config/option_find.h"
#include "config/plugin_options.h"
#include "config/webroot_map.h"

#define RSA_MIN 2048
#define RSA_MAX 8192

static bool is_given(const struct settings *settings, size_t offset)
{
    enum origin origin = settings_own_origin(settings, offset);

    return origin == ORIGIN_FILE || origin == ORIGIN_COMMAND_LINE;
}
#define GIVEN(settings, member) is_given(settings, offsetof(struct settings, member))

/* ---- what follows ---- */

/* Whether --dry-run only leaves out saving: the server stays the one without it. Not under the name certbot, which
 * refuses other servers. */
static bool is_trial_only(const struct settings *settings, const struct verb *verb)
{
    return settings->dry_run && (verb->traits & VERB_TRIAL) && settings->voice->tries_reconfigure_anywhere;
}

/* --dry-run takes the staging server instead of the default only; --staging takes nothing but it. */
static bool derive_server(struct settings *settings, const struct verb *verb, struct error *err)
{
    bool is_default = strcmp(settings->server, SERVER_PRODUCTION) == 0;

    if (settings->staging && !is_default && strcmp(settings->server, SERVER_STAGING) != 0)
        return error_set(err, ERROR_CONFIG, "--server value conflicts with --staging");
    if (is_trial_only(settings, verb)) {
        SETTING_MARK(settings, dry_run, ORIGIN_DEFAULT); /* says nothing about the server */
        return true;
    }
    if ((settings->staging || settings->dry_run) && is_default) {
        xreplace(&settings->server, SERVER_STAGING);
        xreplace(&settings->account, NULL); /* it was the other CA's */
        SETTING_MARK(settings, account, ORIGIN_DEFAULT);
    }
    if (settings->dry_run)
        settings->staging = settings->break_my_certs = true;
    return true;
}

/* In a dry run an existing account counts as agreement to the terms. */
static void derive_registration(struct settings *settings)
{
    AUTO(free) char *accounts = file_join(settings->config_dir, "accounts");
    AUTO(list_clear) struct list names = { 0 };
    struct error ignored = { 0 };

    if (settings->dry_run && file_list_dir(accounts, &names, &ignored) && names.len > 0)
        settings->agree_tos = settings->register_without_email = true;
}

static void derive_interaction(struct settings *settings, const struct verb *verb)
{
    if (settings->yes)
        settings->agree_tos = true;
    if (!settings->non_interactive && (settings->yes || settings->quiet || (verb->traits & VERB_UNATTENDED))) {
        settings->non_interactive = true;
        SETTING_MARK(settings, non_interactive, ORIGIN_RUNTIME);
    }
}

/* Sets the paths that certonly --csr writes to. As in Certbot, chain and full chain share a default; the later one gets
 * a number. */
static void derive_paths(struct settings *settings, const struct verb *verb)
{
    if (!(verb->traits & VERB_CSR))
        return;
    if (settings->cert_path == NULL)
        settings->cert_path = file_absolute("cert.pem");
    if (settings->chain_path == NULL)
        settings->chain_path = file_absolute("chain.pem");
    if (settings->fullchain_path == NULL)
        settings->fullchain_path = file_absolute("chain.pem");
}

/* Checks that all options naming a plugin for one role agree. */
static bool choose_plugin(char **role, const char *plugin, struct error *err)
{
    if (plugin == NULL || plugin[0] == '\0' || text_equal(*role, plugin))
        return true;
    if (*role != NULL)
        return error_set(err, ERROR_PLUGIN,
            "Too many flags setting configurators/installers/authenticators '%s' -> '%s'", *role, plugin);
    *role = xstrdup(plugin);
    return true;
}

static bool choose_flagged(
    struct settings *settings, const struct option *plugin, char **authenticator, char **installer, struct error *err)
{
    if (!list_has(&settings->plugin_flags, plugin->names[0]))
        return true;
    if (plugin->installs)
        TRY(choose_plugin(installer, plugin->names[0], err));
    return choose_plugin(authenticator, plugin->names[0], err);
}

/* An option whose value chooses its plugin: on the command line as its flag would, in cli.ini where nothing else does.
 */
static bool choose_selected(const struct settings *settings, const struct option *option, char **authenticator,
    enum origin *from, struct error *err)
{
    enum origin own = settings_origin(settings, option->at);

    if (own < ORIGIN_FILE || (own == ORIGIN_FILE && *authenticator != NULL))
        return true;
    if (own > *from)
        *from = own;
    return choose_plugin(authenticator, option->names[0], err);
}

/* Plugins without a row of the table: they only prove. */
static bool choose_others(const struct settings *settings, char **authenticator, struct error *err)
{
    for (size_t i = 0; i < settings->plugin_flags.len; i++)
        if (option_find(settings->plugin_flags.at[i]) == NULL)
            TRY(choose_plugin(authenticator, settings->plugin_flags.at[i], err));
    return true;
}

/* The names of today for those that were in use once. */
static void use_names_of_today(struct settings *settings)
{
    char **const roles[] = { &settings->configurator, &settings->installer, &settings->authenticator };

    for (size_t i = 0; i < COUNT(roles); i++) {
        AUTO(free) char *now = *roles[i] == NULL ? NULL : plugin_name_now(*roles[i]);

        if (now != NULL)
            xreplace(roles[i], now);
    }
}

/* A configurator that installs nothing: certonly needs no installer, and must not save one that there is not. */
static bool is_proof_only(const struct settings *settings)
{
    const struct option *plugin = settings->configurator == NULL ? NULL : option_find(settings->configurator);

    return plugin != NULL ? plugin->type == OPTION_PLUGIN && !plugin->installs
                          : plugin_name_exists(settings, settings->configurator);
}

/* The order of the table, so that conflicts read the same however the flags were typed. */
static bool derive_plugins(struct settings *settings, const struct verb *verb, struct error *err)
{
    AUTO(free) char *authenticator = NULL, *installer = NULL;
    enum origin from = SETTING_ORIGIN(settings, plugin_flags);

    if (SETTING_ORIGIN(settings, configurator) > from)
        from = SETTING_ORIGIN(settings, configurator);
    use_names_of_today(settings);
    TRY(choose_plugin(&installer, settings->configurator, err));
    TRY(choose_plugin(&authenticator, settings->configurator, err));
    TRY(choose_plugin(&installer, settings->installer, err));
    TRY(choose_plugin(&authenticator, settings->authenticator, err));
    for (const struct option *option = options; option->names[0] != NULL; option++) {
        if (option->type == OPTION_PLUGIN)
            TRY(choose_flagged(settings, option, &authenticator, &installer, err));
    }
    TRY(choose_others(settings, &authenticator, err));
    for (const struct option *option = options; option->names[0] != NULL; option++) {
        if (option->selects)
            TRY(choose_selected(settings, option, &authenticator, &from, err));
    }
    if (is_proof_only(settings) && settings->installer == NULL && (verb->traits & VERB_OBTAINS_ONLY)) {
        free(installer);
        installer = NULL;
    }
    if (settings->authenticator == NULL && authenticator != NULL)
        SETTING_MARK(settings, authenticator, from);
    if (settings->installer == NULL && installer != NULL)
        SETTING_MARK(settings, installer, from);
    xreplace(&settings->authenticator, authenticator);
    xreplace(&settings->installer, installer);
    return true;
}

bool settings_derive(struct settings *settings, const struct verb *verb, struct error *err)
{
    TRY(derive_server(settings, verb, err));
    if (text_equal(settings->cert_name, ""))
        xreplace(&settings->cert_name, NULL); /* a variable of a script's that is not set */
    derive_registration(settings);
    derive_interaction(settings, verb);
    derive_paths(settings, verb);
    if (settings->must_staple)
        settings->staple_ocsp = YES;
    return true;
}

/* ---- what cannot be ---- */

static bool check_interaction(const struct settings *settings, const struct verb *verb, struct error *err)
{
    if (settings->force_interactive && (verb->traits & VERB_UNATTENDED))
        return error_set(err, ERROR_CONFIG, "--force-interactive cannot be used with %s", verb->name);
    if (settings->force_interactive && settings->non_interactive && GIVEN(settings, non_interactive))
        return error_set(err, ERROR_CONFIG, "Flag for non-interactive mode and --force-interactive conflict");
    return true;
}

static bool check_dry_run(const struct settings *settings, const struct verb *verb, struct error *err)
{
    if (settings->dry_run && !(verb->traits & VERB_DRY_RUN))
        return error_set(err, ERROR_CONFIG,
            "--dry-run currently only works with the 'certonly' or 'renew' subcommands "
            "('%s')",
            verb->name);
    return true;
}

static bool check_server(const struct settings *settings, struct error *err)
{
    const char *host = strstr(settings->server, "://");

    if ((!text_starts(settings->server, "https://") && !text_starts(settings->server, "http://")) || host[3] == '\0') {
        (void)error_set(err, ERROR_CONFIG, "The server '%s' is not a URL", settings->server);
        return error_next(err, "give the directory URL of the CA, such as %s", SERVER_PRODUCTION);
    }
    return true;
}

static bool check_keys(const struct settings *settings, struct error *err)
{
    if (settings->rsa_key_size < RSA_MIN || settings->rsa_key_size > RSA_MAX) {
        (void)error_set(err, ERROR_CONFIG, "Unsupported RSA key length: %d", settings->rsa_key_size);
        return error_next(err, "choose --rsa-key-size from %d to %d", RSA_MIN, RSA_MAX);
    }
    if (settings->http_01_port == settings->https_port)
        return error_set(
            err, ERROR_CONFIG, "Trying to run http-01 and https-port on the same port (%d)", settings->http_01_port);
    if (settings->http_01_port == settings->tls_alpn_01_port && SETTING_IS_SET(settings, tls_alpn_01_port) &&
        text_equal(settings->http_01_address, settings->tls_alpn_01_address))
        return error_set(
            err, ERROR_CONFIG, "Trying to run http-01 and tls-alpn-01 on the same port (%d)", settings->http_01_port);
    return true;
}

static bool check_enhancements(const struct settings *settings, struct error *err)
{
    if (settings->hsts == YES && settings->auto_hsts)
        return error_set(err, ERROR_CONFIG, "Parameters --hsts and --auto-hsts cannot be used simultaneously.");
    return true;
}

static bool check_csr(const struct settings *settings, const struct verb *verb, struct error *err)
{
    if (settings->csr_path == NULL)
        return true;
    if (!(verb->traits & VERB_CSR))
        return error_set(err, ERROR_CONFIG,
            "Currently, a CSR file may only be specified when obtaining a new or "
            "replacement via the certonly command. Please try the certonly command instead.");
    if (settings->allow_subset_of_names)
        return error_set(err, ERROR_CONFIG, "--allow-subset-of-names cannot be used with --csr");
    return true;
}

static bool check_wildcards(const struct settings *settings, struct error *err)
{
    for (size_t i = 0; settings->allow_subset_of_names && i < settings->domains.len; i++) {
        if (is_wildcard(settings->domains.at[i]))
            return error_set(
                err, ERROR_CONFIG, "Using --allow-subset-of-names with a wildcard domain is not supported.");
    }
    return true;
}

static bool check_auto(const struct settings *settings, const struct verb *verb, struct error *err)
{
    if (!settings->ip_auto || ((verb->traits & VERB_FINDS_ADDRESSES) && settings->csr_path == NULL))
        return true;
    (void)error_set(err, ERROR_CONFIG, "--ip-address auto is for names of a new certificate, which %s does not choose",
        settings->csr_path == NULL ? verb->name : "a request of one's own (--csr)");
    return error_next(err, "name the certificate with --cert-name, or its address with --ip-address");
}

/* Names belong to certonly; that those of the webroot map may be told again is Certbot's. */
static bool check_renew(const struct settings *settings, const struct verb *verb, struct error *err)
{
    const struct list *kinds[] = { &settings->domains, &settings->ip_addresses };

    for (size_t k = 0; (verb->traits & VERB_SAVED_NAMES) && k < COUNT(kinds); k++) {
        for (size_t i = 0; i < kinds[k]->len; i++) {
            if (webroot_map_find(&settings->webroot_map, kinds[k]->at[i]) == NULL)
                return error_set(err, ERROR_CONFIG,
                    "Currently, the renew verb is capable of either renewing all installed certificates that are "
                    "due to be renewed or renewing a single certificate specified by its name using the "
                    "--cert-name option (-d, --domain, and --ip-address are not valid options for the renew "
                    "subcommand). If you would like to renew specific certificates by their identifiers, use the "
                    "certonly command instead. The renew verb may provide other options for selecting "
                    "certificates to renew in the future.");
        }
    }
    return true;
}

static bool check_account(const struct settings *settings, struct error *err)
{
    struct view rest = view_of(settings->email), part;

    while (settings->email != NULL && settings->email[0] != '\0' && view_cut(&rest, ',', &part)) {
        AUTO(free) char *address = view_dup(view_trim(part));

        TRY(email_check(address, settings->voice->holds_email_to_rules, err));
    }
    if (settings->eab_hmac_key != NULL && settings->eab_hmac_key_file != NULL)
        return error_set(err, ERROR_CONFIG, "--eab-hmac-key and --eab-hmac-key-file cannot both be given");
    if ((settings->eab_kid == NULL) != (settings->eab_hmac_key == NULL && settings->eab_hmac_key_file == NULL))
        return error_set(err, ERROR_CONFIG, "--eab-kid and --eab-hmac-key belong together: one is missing");
    return true;
}

/* Elsewhere it is what Certbot takes for the beginning of two other options, and nobody is to think that it is one of
 * them. */
static bool check_force(const struct settings *settings, const struct verb *verb, struct error *err)
{
    if (!settings->force || ((verb->traits & VERB_FORCE) && settings->voice->guards_deletion))
        return true;
    return error_set(err, ERROR_USAGE, "ambiguous option: --force could match --force-interactive, --force-renewal");
}

bool settings_check(const struct settings *settings, const struct verb *verb, struct error *err)
{
    TRY(check_force(settings, verb, err));
    TRY(check_interaction(settings, verb, err));
    TRY(check_dry_run(settings, verb, err));
    TRY(check_csr(settings, verb, err));
    TRY(check_wildcards(settings, err));
    TRY(check_auto(settings, verb, err));
    return check_enhancements(settings, err);
}

bool settings_resolve(struct settings *settings, const struct verb *verb, struct error *err)
{
    if (!derive_plugins(settings, verb, err)) {
        if (verb->traits & VERB_INSTALLS)
            return error_is_answer(err);
        return false;
    }
    TRY(check_server(settings, err));
    TRY(check_keys(settings, err));
    if (settings->cert_name != NULL)
        TRY(lineage_name_check(settings->cert_name, err));
    TRY(check_renew(settings, verb, err));
    TRY(check_account(settings, err));
    if (webroot_map_is_of(settings->authenticator))
        webroot_map_complete(settings);
    return true;
}
