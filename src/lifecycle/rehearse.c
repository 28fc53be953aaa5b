#include "lifecycle/rehearse.h"

#include "base/mem.h"
#include "base/text.h"
#include "config/renewal_params.h"
#include "issuance/solve.h"
#include "lifecycle/due.h"
#include "lifecycle/renewal_key.h"
#include "plugin/plugin.h"
#include "run/hooks.h"
#include "store/lineage_access.h"
#include "store/lineage_conf.h"

/* Reads what decides when the lineage is due. */
static bool read_dates(const struct lineage *lineage, struct error *err)
{
    const char *interval = conf_get(lineage->conf, "", "renew_before_expiry");
    struct renewal_memory memory;
    int64_t seconds;

    TRY(lineage_renewal_info(lineage, &memory, err));
    return !text_is_given(interval) || due_parse_interval(interval, &seconds, err);
}

/* A new one is made when it is needed. */
static bool read_key(
    const struct settings *settings, struct answers *answers, const struct lineage *lineage, struct error *err)
{
    AUTO(key_free) struct key *key = NULL;

    return !renewal_key_is_reused(settings, lineage) || renewal_key(settings, answers, lineage, true, &key, err);
}

/* Checks that the plugin has the challenge types that the lineage asks for. */
static bool read_challenges(const struct settings *settings, const struct plugin *authenticator, struct error *err)
{
    AUTO(list_clear) struct list types = { 0 };

    return plugin_challenge_types(authenticator, settings, &types, err);
}

bool lineage_rehearse(struct context *context, const char *name, struct settings **restored, struct error *err)
{
    AUTO(lineage_free) struct lineage *lineage = NULL;
    AUTO(settings_free) struct settings *settings = settings_dup(context->settings);
    AUTO(answers_clear) struct answers answers = { 0 };
    AUTO(ui_free)
    struct ui *ui = ui_new(&(struct ui_options){ .voice = context->voice, .quiet = true, .non_interactive = true });
    static const struct verb renewal = { .name = "renew", .traits = VERB_TRAITS_RENEW };
    struct context own = *context;
    const struct plugin *authenticator;

    own.settings = settings;
    own.answers = &answers;
    own.ui = ui;
    own.verb = &renewal;
    TRY(lineage_load(context->store, name, &lineage, err));
    TRY(renewal_params_restore(lineage->conf, lineage->conf_path, settings, err));
    if (restored != NULL)
        *restored = settings_dup(settings);
    TRY(read_dates(lineage, err));
    TRY(plugin_choose_authenticator(settings, &answers, ui, &authenticator, err));
    TRY(read_challenges(settings, authenticator, err));
    TRY(solver_check(&own, authenticator, err));
    TRY(store_check_access(settings, err) && hooks_may_run(&own, err));
    return read_key(settings, &answers, lineage, err);
}
