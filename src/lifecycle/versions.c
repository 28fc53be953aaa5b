#include "lifecycle/versions.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "config/renewal_params.h"
#include "lifecycle/deliver.h"
#include "run/hold.h"
#include "run/revocation.h"
#include "store/history.h"
#include "store/lineage_access.h"
#include "store/lineage_conf.h"
#include "store/lineage_lock.h"

bool versions_lineages(struct context *context, const char *only, struct list *names, struct error *err)
{
    if (only == NULL)
        return store_lineage_names(context->store, names, err);
    if (!store_has_lineage(context->store, only))
        return lineage_missing(context->store, only, err);
    list_add(names, only);
    return true;
}

/* The command's settings over those that are saved with the lineage. *out is the caller's. */
static bool own_settings(
    struct context *context, const struct lineage *lineage, struct settings **out, struct error *err)
{
    AUTO(settings_free) struct settings *settings = settings_dup(context->settings);

    TRY(renewal_params_restore(lineage->conf, lineage->conf_path, settings, err));
    *out = TAKE(settings);
    return true;
}

/* ---- what speaks against a version ---- */

static bool find_revoked(struct context *context, const struct lineage *lineage, const struct version *version,
    bool *revoked, struct error *err)
{
    struct lineage old = lineage_at(lineage, version);
    enum revocation found;

    *revoked = false;
    if (!revocation_can_be_asked(version->cert, context_now(context))) {
        ui_say(context->ui, "The certificate names nobody who could be asked whether it was revoked.");
        return true;
    }
    TRY(revocation_check(context, &old, &found, err));
    *revoked = found == REVOCATION_REVOKED;
    if (found == REVOCATION_UNKNOWN)
        log_warning("Whether version %s of %s was revoked could not be found out, as its CA gave no answer to rely on.",
            version->id, lineage->name);
    return true;
}

/* Describes what is wrong with the version, of the caller's; NULL: nothing. */
static bool objection(struct context *context, const struct lineage *lineage, const struct version *version, char **out,
    struct error *err)
{
    char date[CLOCK_TEXT_SIZE];
    bool revoked;

    if (version->cert->not_after <= context_now(context)) {
        clock_format_rfc3339(version->cert->not_after, date);
        *out = xprintf("Version %s of %s has expired: it was valid until %s.", version->id, lineage->name, date);
        return true;
    }
    TRY(find_revoked(context, lineage, version, &revoked, err));
    if (revoked)
        *out = xprintf("Version %s of %s was revoked by its CA.", version->id, lineage->name);
    return true;
}

/* Asks for confirmation at a terminal; without one the command is carried out with a warning. */
static bool confirm(struct context *context, const char *objection_text, bool *go_on, struct error *err)
{
    AUTO(free) char *text = NULL;
    struct question question = { .has_default = true };

    *go_on = true;
    if (!ui_is_interactive(context->ui)) {
        log_warning("%s It is made live all the same.", objection_text);
        return true;
    }
    text = xprintf("%s Browsers and other clients will refuse it. Make it live all the same?", objection_text);
    question.text = text;
    return ui_yes_no(context->ui, &question, "Make it live", "Cancel", false, go_on, err);
}

/* ---- restoring ---- */

static const struct version *find_version(const struct history *history, const char *id)
{
    for (size_t i = 0; i < history->len; i++)
        if (strcmp(history->at[i].id, id) == 0)
            return &history->at[i];
    return NULL;
}

/* Servers must learn of it as they learn of a renewal. */
static bool tell(struct context *context, const struct lineage *lineage, struct settings *settings, struct error *err)
{
    AUTO(identifiers_clear) struct identifiers names = cert_identifiers(lineage->cert);
    struct context own = *context;
    bool ok;

    own.settings = settings;
    ok = deliver_hooks(&own, lineage, &names, err) && deliver_reload(&own, lineage, &names, err);
    return ok || error_in(err, "the version is live, but not everybody could be told");
}

/* Records the delivery before the switch, so that the next run finishes it if this one is killed. */
static void expect(struct context *context, const struct lineage *lineage, const char *id, struct settings *settings)
{
    AUTO(history_clear) struct history history = { 0 };
    struct context own = *context;
    const struct version *version;
    struct error err = { 0 };

    own.settings = settings;
    version = lineage_history(lineage, &history, &err) ? find_version(&history, id) : NULL;
    if (version != NULL && version->cert != NULL && !version->live) /* the live version is refused */
        deliver_expect(&own, lineage, lineage->name, version->cert);
}

/* STEP_AGAIN: the lineage has changed while the user was asked. */
static enum step may_restore(struct context *context, struct hold *hold, const char *id, bool *go_on, struct error *err)
{
    AUTO(history_clear) struct history history = { 0 };
    AUTO(free) char *against = NULL;
    const struct version *version;
    enum step step;

    *go_on = true;
    TRY(lineage_history(hold->lineage, &history, err));
    version = find_version(&history, id);
    if (version == NULL || version->live || version->cert == NULL) /* lineage_restore says what is wrong */
        return STEP_DONE;
    TRY(objection(context, hold->lineage, version, &against, err));
    if (against == NULL)
        return STEP_DONE;
    hold_pause(context, hold);
    TRY(confirm(context, against, go_on, err));
    step = hold_resume(context, hold, err);
    if (step == STEP_AGAIN && hold->lineage == NULL)
        TRY(error_set(err, ERROR_STORE, "%s was deleted meanwhile", hold->name));
    return step;
}

bool versions_restore(struct context *context, const char *name, const char *id, char **now, struct error *err)
{
    AUTO(hold_clear) struct hold hold = { .name = xstrdup(name) };
    AUTO(settings_free) struct settings *settings = NULL;
    struct error unset = { 0 };
    enum step step;
    bool go_on;

    TRY(hold_take(context, &hold, err));
    TRY(lineage_load(context->store, name, &hold.lineage, err));
    while ((step = may_restore(context, &hold, id, &go_on, err)) == STEP_AGAIN)
        ;
    TRY(step == STEP_DONE);
    *now = NULL;
    if (!go_on)
        return true;
    TRY(own_settings(context, hold.lineage, &settings, err));
    expect(context, hold.lineage, id, settings);
    TRY(lineage_restore(context->store, hold.lineage, id, now, err));
    if (!lineage_apply_access(context->store, hold.lineage, settings, &unset))
        log_warning("Could not set who may read %s: %s", name, unset.why);
    return tell(context, hold.lineage, settings, err);
}

/* ---- removing ---- */

bool versions_prune(struct context *context, const char *name, struct list *removed, struct error *err)
{
    AUTO(range_lock_release) struct range_lock *lock = NULL;
    AUTO(lineage_free) struct lineage *lineage = NULL;
    AUTO(settings_free) struct settings *settings = NULL;

    TRY(lineage_lock(context->store, name, &lock, err));
    TRY(lineage_load(context->store, name, &lineage, err));
    TRY(own_settings(context, lineage, &settings, err));
    return lineage_prune(context->store, lineage, settings->history_keep, removed, err);
}

/* ---- changing the layout ---- */

static bool open_ways(struct context *context, const char *name, struct error *err)
{
    AUTO(lineage_free) struct lineage *lineage = NULL;
    AUTO(settings_free) struct settings *settings = NULL;

    TRY(lineage_load(context->store, name, &lineage, err));
    TRY(own_settings(context, lineage, &settings, err));
    return lineage_apply_access(context->store, lineage, settings, err);
}

bool versions_convert(struct context *context, const char *name, struct conversion *out, struct error *err)
{
    AUTO(range_lock_release) struct range_lock *lock = NULL;
    const struct settings *settings = context->settings;
    struct error late = { 0 };

    TRY(lineage_lock(context->store, name, &lock, err));
    TRY(lineage_convert(context->store, name, settings->store_layout, settings->dry_run, out, err));
    if (!settings->dry_run && strcmp(out->from, out->to) != 0 && !open_ways(context, name, &late))
        log_warning("Who may read the files of %s could not be looked after: %s", name, late.why);
    return true;
}
