#include "lifecycle/reconfigure.h"

#include <string.h>

#include "audit/audit.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "config/renewal_params.h"
#include "lifecycle/next_version.h"
#include "plugin/plugin.h"
#include "run/hold.h"
#include "run/questions.h"
#include "store/lineage_access.h"
#include "store/lineage_conf.h"

static bool is_missing(struct context *context, const char *name, struct error *err)
{
    return error_set(err, ERROR_CONFIG,
        "An existing certificate with name %s could not be found. Run `%s certificates` to list "
        "available certificates.",
        name, context->voice->command);
}

static bool load(struct context *context, struct hold *hold, struct error *err)
{
    const struct settings *settings = context->settings;

    if (settings->domains.len > 0 || settings->ip_addresses.len > 0) {
        (void)error_set(err, ERROR_CONFIG,
            "You have specified domains, but this function cannot be used to modify the domains "
            "in a certificate.");
        return error_next(err, "use certonly --cert-name NAME -d ... to change them");
    }
    TRY(question_cert_name(context, "Which certificate would you like to reconfigure?", &hold->name, err));
    TRY(hold_take(context, hold, err));
    if (store_has_lineage(context->store, hold->name))
        return lineage_load(context->store, hold->name, &hold->lineage, err);
    return is_missing(context, hold->name, err);
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
    return VOICE_ERROR(err, ERROR_CONFIG, settings->voice->other_account, lineage->name);
}

static bool ask_deploy_hook(struct context *context, struct settings *settings, struct error *err)
{
    AUTO(free)
    char *text = xprintf("You are attempting to set a --deploy-hook. Would you like %s to run deploy hooks when it "
                         "performs a dry run with the new settings? This will run all relevant deploy hooks, including "
                         "directory hooks, unless "
                         "--no-directory-hooks is set. This will use the current active certificate, and not the "
                         "temporary test certificate "
                         "acquired during the dry run.",
        context->voice->program);
    struct question question = { .text = text, .flag = "--run-deploy-hooks", .has_default = true };

    if (context->settings->deploy_hook == NULL || context->settings->run_deploy_hooks)
        return true;
    return ui_yes_no(
        context->ui, &question, "Run deploy hooks", "Do not run deploy hooks", false, &settings->run_deploy_hooks, err);
}

/* A complete renewal whose result is thrown away, with settings of its own. roots gets where each name is served from:
 * the plugin learns that as it goes, and it is saved. */
static bool try_out(struct context *context, struct lineage *lineage, struct answers *roots, struct error *err)
{
    AUTO(settings_free) struct settings *settings = settings_dup(context->settings);
    AUTO(answers_clear) struct answers answers = { 0 };
    AUTO(identifiers_clear) struct identifiers names = cert_identifiers(lineage->cert);
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
    own.answers = &answers;
    TRY(plugin_choose_authenticator(settings, &answers, context->ui, &authenticator, err));
    TRY(next_version(&own, lineage, authenticator, &names, err));
    *roots = (struct answers){ .roots = answers.roots, .has_roots = answers.has_roots };
    answers.roots = (struct webroot_map){ 0 };
    return true;
}

/* Adds the keys that only one of the files has, or with another value. */
static void differences(const struct conf *a, const struct conf *b, const char *section, struct list *out)
{
    AUTO(list_clear) struct list keys = { 0 }, others = { 0 };

    conf_keys(a, section, &keys);
    conf_keys(b, section, &others);
    for (size_t i = 0; i < keys.len; i++)
        if (!text_equal(conf_get(a, section, keys.at[i]), conf_get(b, section, keys.at[i])))
            list_add(out, keys.at[i]);
    for (size_t i = 0; i < others.len; i++)
        if (conf_get(a, section, others.at[i]) == NULL)
            list_add(out, others.at[i]);
}

/* Saves, and says whether an option has become another: the version that the file names does not count. */
static bool save(struct lineage *lineage, const struct settings *settings, bool *changed, struct error *err)
{
    AUTO(buf_clear) struct buf text = BUF(CONF_MAX);
    AUTO(conf_free) struct conf *before = NULL;
    AUTO(list_clear) struct list keys = { 0 };
    AUTO(free) char *names = NULL;

    TRY(file_read(lineage->conf_path, &text, err));
    TRY(conf_read(buf_view(&text), lineage->conf_path, &before, err));
    TRY(lineage_save_settings(lineage, settings, err));
    differences(before, lineage->conf, "renewalparams", &keys);
    differences(before, lineage->conf, RENEWAL_OURS, &keys);
    differences(before, lineage->conf, "renewalparams/webroot_map", &keys);
    names = list_join(&keys, ",");
    if (keys.len > 0) /* of what they are now, some may be secret */
        audit_done(ACT_RENEWAL_CHANGED, lineage->name, "keys", names, NULL);
    *changed = keys.len > 0;
    return true;
}

/* Keeps the lineage's account: --server, even with the lineage's own server, would otherwise drop it. */
static void keep_account(struct settings *settings, const struct lineage *lineage)
{
    const char *account = conf_get(lineage->conf, "renewalparams", "account");

    if (settings->account != NULL || account == NULL || strcmp(account, "None") == 0)
        return;
    xreplace(&settings->account, account);
    SETTING_MARK(settings, account, ORIGIN_RENEWAL);
}

/* Refuses other servers under the name certbot: there --dry-run counts as --staging by then. */
static bool check_trial_server(const struct settings *settings, struct error *err)
{
    if (settings->voice->tries_reconfigure_anywhere || !settings->dry_run ||
        strcmp(settings->server, SERVER_STAGING) == 0)
        return true;
    return error_set(err, ERROR_CONFIG, "--server value conflicts with --staging");
}

/* Nothing is decided yet by what is saved, but that it may be changed at all. */
static bool ask_unlocked(struct context *context, struct settings *settings, struct hold *hold, struct error *err)
{
    hold_pause(context, hold);
    TRY(ask_deploy_hook(context, settings, err));
    TRY(hold_resume(context, hold, err) != STEP_FAILED);
    if (hold->lineage == NULL)
        return is_missing(context, hold->name, err);
    return check_unchanged(context->settings, hold->lineage, err);
}

bool reconfigure(struct context *given, bool *changed, struct error *err)
{
    AUTO(settings_free) struct settings *settings = settings_dup(given->settings), *saved = NULL;
    AUTO(answers_clear) struct answers roots = { 0 };
    AUTO(hold_clear) struct hold hold = { 0 };
    struct context own = *given, *context = &own;
    bool keep = !settings->dry_run;
    struct lineage *lineage;

    own.settings = settings;
    *changed = false;
    TRY(load(context, &hold, err));
    TRY(check_unchanged(settings, hold.lineage, err));
    TRY(check_trial_server(settings, err));
    TRY(ask_unlocked(context, settings, &hold, err));
    lineage = hold.lineage;
    TRY(renewal_params_restore(lineage->conf, lineage->conf_path, settings, err));
    keep_account(settings, lineage);
    TRY(try_out(context, lineage, &roots, err));
    if (!keep)
        return true;
    saved = settings_with(settings, &roots);
    TRY(save(lineage, saved, changed, err));
    return lineage_apply_access(context->store, lineage, saved, err);
}
