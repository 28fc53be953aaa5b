#include "lifecycle/deliver.h"

#include <string.h>

#include "audit/audit.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "config/renewal_params.h"
#include "lifecycle/install.h"
#include "run/hooks.h"
#include "run/reloads.h"
#include "run/turns.h"
#include "store/delivery.h"
#include "store/lineage_lock.h"

/* ---- the record ---- */

static void save(struct context *context, const char *name, const struct delivery *delivery)
{
    struct error err = { 0 };

    if (delivery_save(context->store, name, delivery, &err))
        return;
    log_warning("Could not record what follows the certificate of %s (%s): if this run is interrupted, the next one "
                "does not make up for it",
        name, err.why);
}

/* What follows a certificate is done: hooks have run, its server has it. */
static void tell_delivered(const struct context *context, const char *name)
{
    audit_done(ACT_CERTIFICATE_DELIVERED, name, "server", installer_in_use(context->settings, context->answers), NULL);
}

static void tell_undelivered(const struct context *context, const char *name, const struct error *failure)
{
    audit_failed(ACT_CERTIFICATE_DELIVERED, name, failure, "server",
        installer_in_use(context->settings, context->answers), NULL);
}

static void drop(struct context *context, const char *name)
{
    struct error err = { 0 };

    if (!delivery_drop(context->store, name, &err))
        log_warning("Could not remove the record of a delivery that is done: %s", err.why);
}

/* A record that cannot be read says no more than that something may be left to do: then all of it is. */
static bool load(struct context *context, const struct lineage *lineage, struct delivery *out)
{
    AUTO(buf_clear) struct buf fingerprint = BUF(128);
    struct error err = { 0 };
    bool found;

    if (delivery_load(context->store, lineage->name, out, &found, &err))
        return found;
    log_warning("%s: %s; everything that follows the certificate is done again", err.what, err.why);
    error_clear(&err);
    if (!cert_fingerprint(lineage->cert, &fingerprint, &err))
        return false;
    *out = (struct delivery){ .version = buf_take(&fingerprint) };
    return true;
}

static void note_failure(const struct context *context, struct delivery *delivery, const char *why)
{
    backoff_failed(&delivery->backoff, why, context_now(context), BACKOFF_MAX_S);
}

static bool has_installer(const struct context *context)
{
    return installer_in_use(context->settings, context->answers) != NULL;
}

/* Whether a hook or reload is to follow. Errors of listing the hooks are reported when they are to run. */
static bool is_expected(struct context *context)
{
    AUTO(list_clear) struct list commands = { 0 };
    struct error err = { 0 };

    return has_installer(context) || !hooks_for_deploy(context, &commands, &err) || commands.len > 0;
}

/* *out: the version for which a delivery is still recorded, if it is the live one; NULL when nothing is outstanding.
 * The record may also be that of a version that never went live. */
static void find_owed(struct context *context, const struct lineage *lineage, const char *name, char **out)
{
    AUTO(delivery_clear) struct delivery earlier = { 0 };
    struct error err = { 0 };
    bool found;

    *out = NULL;
    if (lineage != NULL && delivery_any(context->store) &&
        delivery_load(context->store, name, &earlier, &found, &err) && found &&
        delivery_settle(&earlier, lineage->cert))
        *out = TAKE(earlier.version);
}

void deliver_expect(struct context *context, const struct lineage *lineage, const char *name, const struct cert *cert)
{
    AUTO(delivery_clear) struct delivery delivery = { 0 };
    AUTO(buf_clear) struct buf fingerprint = BUF(128);
    AUTO(free) char *owed = NULL;
    struct error err = { 0 };

    if (context->settings->dry_run)
        return;
    find_owed(context, lineage, name, &owed);
    if (!is_expected(context)) {
        if (owed != NULL)
            log_warning(
                "What an earlier run has left to do for %s (deploy hooks, reload) is dropped, as now nothing is "
                "to follow its certificate",
                name);
        drop(context, name);
        return;
    }
    if (!cert_fingerprint(cert, &fingerprint, &err)) {
        log_warning("%s", err.why);
        return;
    }
    delivery.version = buf_take(&fingerprint);
    if (owed != NULL && strcmp(owed, delivery.version) != 0)
        delivery.superseded = TAKE(owed);
    save(context, name, &delivery);
}

/* ---- its parts ---- */

struct progress {
    struct context *context;
    const char *name; /* of the lineage */
    struct delivery *delivery;
    char *failed; /* what went wrong last in this attempt */
};

static bool has_run(void *arg, const char *command)
{
    const struct progress *progress = arg;

    return delivery_has_run(progress->delivery, command);
}

/* Notes a deploy hook that has run. Without redelivery (under the name certbot) a failed one counts as done. */
static void note_run(void *arg, const char *command, int status)
{
    struct progress *progress = arg;

    if (status == 0 || !progress->context->voice->redelivers) {
        delivery_note_run(progress->delivery, command);
        save(progress->context, progress->name, progress->delivery);
        return;
    }
    free(progress->failed);
    progress->failed = xprintf("the deploy hook '%s' ended with status %d", command, status);
}

static bool run_hooks(struct context *context, const struct lineage *lineage, const struct identifiers *names,
    struct delivery *delivery, struct error *err)
{
    struct progress progress = { context, lineage->name, delivery, NULL };
    struct hook_memory memory = { has_run, note_run, &progress };
    AUTO(list_clear) struct list texts = { 0 };
    bool ok;

    identifiers_names(names, &texts);
    ok = hooks_deploy(context, lineage->live_dir, &texts, delivery == NULL ? NULL : &memory, err);
    if (delivery != NULL && (!ok || progress.failed != NULL)) {
        note_failure(context, delivery, ok ? progress.failed : err->why);
        save(context, lineage->name, delivery);
    }
    free(progress.failed);
    return ok;
}

bool deliver_hooks(
    struct context *context, const struct lineage *lineage, const struct identifiers *names, struct error *err)
{
    AUTO(delivery_clear) struct delivery delivery = { 0 };
    bool recorded = !context->settings->dry_run && load(context, lineage, &delivery);

    return run_hooks(context, lineage, names, recorded ? &delivery : NULL, err);
}

/* Whether each of the hooks that there are now has run. */
static bool hooks_are_done(struct context *context, const struct delivery *delivery)
{
    AUTO(list_clear) struct list commands = { 0 };
    struct error err = { 0 };
    bool all = hooks_for_deploy(context, &commands, &err);

    for (size_t i = 0; all && i < commands.len; i++)
        all = delivery_has_run(delivery, commands.at[i]);
    return all;
}

/* At once, or put off: then it is not done yet. */
static bool reload(struct context *context, const struct lineage *lineage, const struct identifiers *names,
    struct delivery *delivery, struct error *err)
{
    struct pair pair = lineage_pair(lineage);
    const struct deployment deployment = { .lineage = lineage->name,
        .names = names,
        .pairs = &pair,
        .pair_count = 1,
        .in_use = true },
                            *deployments = &deployment;
    AUTO(free) struct error *own = NULL;
    bool ok;

    if (delivery->reload_done || !has_installer(context))
        return true;
    if (context->reloads != NULL) {
        reloads_add(context->reloads, context->settings, &deployment, context->turn != NULL ? context->turn->rank : 0,
            delivery->version, hooks_are_done(context, delivery));
        return true;
    }
    ok = installer_renewed(context, &deployments, 1, false, &own, err);
    if (ok && own == NULL) {
        delivery->reload_done = true;
        return true;
    }
    if (own != NULL)
        *err = *own;
    tell_undelivered(context, lineage->name, err);
    note_failure(context, delivery, err->why);
    save(context, lineage->name, delivery);
    return false;
}

static void close_record(struct context *context, const char *name, struct delivery *delivery, bool *delivered)
{
    *delivered = (delivery->reload_done || !has_installer(context)) && hooks_are_done(context, delivery);
    if (*delivered) {
        drop(context, name);
        tell_delivered(context, name);
    } else {
        save(context, name, delivery);
    }
}

bool deliver_reload(
    struct context *context, const struct lineage *lineage, const struct identifiers *names, struct error *err)
{
    AUTO(delivery_clear) struct delivery delivery = { 0 };
    struct error reading = { 0 };
    bool found = false, delivered;

    if (!delivery_load(context->store, lineage->name, &delivery, &found, &reading) || !found)
        return reload(context, lineage, names, &delivery, err);
    TRY(reload(context, lineage, names, &delivery, err));
    close_record(context, lineage->name, &delivery, &delivered);
    return true;
}

/* Notes a reload in the record that was read when it was put off. A record that another process has made since is left
 * alone. */
static void note_reload(
    struct context *context, const struct owed *owed, const struct error *failure, struct error *err)
{
    AUTO(range_lock_release) struct range_lock *lock = NULL;
    AUTO(delivery_clear) struct delivery delivery = { 0 };
    const char *name = owed->deployment->lineage;
    bool found = false;

    if (owed->version == NULL || !lineage_lock(context->store, name, &lock, err) ||
        !delivery_load(context->store, name, &delivery, &found, err) || !found ||
        strcmp(delivery.version, owed->version) != 0)
        return;
    delivery.reload_done = failure == NULL;
    if (delivery.reload_done && owed->alone) {
        drop(context, name);
        tell_delivered(context, name);
        return;
    }
    if (failure != NULL) {
        tell_undelivered(context, name, failure);
        note_failure(context, &delivery, failure->why);
    }
    save(context, name, &delivery);
}

static void reload_once(struct context *context, const struct reload *reload, reload_told *told, void *arg)
{
    AUTO(free) const struct deployment **deployments = xcalloc(reload->len + 1, sizeof *deployments);
    AUTO(free) struct error **each = xcalloc(reload->len + 1, sizeof *each);
    struct error failure = { 0 }, noting = { 0 };
    struct context own = *context;
    bool ok;

    own.settings = reload->settings;
    own.reloads = NULL;
    for (size_t i = 0; i < reload->len; i++)
        deployments[i] = reload->to[i].deployment;
    ok = installer_renewed(&own, deployments, reload->len, true, each, &failure);
    for (size_t i = 0; i < reload->len; i++) {
        const struct error *why = each[i] != NULL ? each[i] : ok ? NULL : &failure;

        note_reload(&own, &reload->to[i], why, &noting);
        told(arg, reload->to[i].index, why);
        free(each[i]);
    }
    if (!ok && reload->len == 0)
        log_error("%s%s%s", failure.what, failure.what[0] != '\0' ? ": " : "", failure.why);
    if (noting.kind != ERROR_NONE)
        log_warning("What was reloaded could not be noted (%s): the next renewal reloads again", noting.why);
}

void deliver_reloads(struct context *context, const struct reloads *reloads, reload_told *told, void *arg)
{
    const struct reload *reload;

    interrupt_shield(); /* the certificates are live; a plugin has a limit of its own */
    for (size_t i = 0; (reload = reloads_at(reloads, i)) != NULL; i++)
        reload_once(context, reload, told, arg);
    interrupt_unshield();
}

void deliver_installed(struct context *context, const char *name)
{
    AUTO(delivery_clear) struct delivery delivery = { 0 };
    struct error err = { 0 };
    bool found = false, delivered;

    if (!delivery_load(context->store, name, &delivery, &found, &err) || !found)
        return;
    delivery.reload_done = true;
    close_record(context, name, &delivery, &delivered);
}

/* ---- what earlier runs have left ---- */

/* Does the rest with the settings saved for the lineage: its hooks, its installer. */
static bool do_rest(struct context *context, const struct lineage *lineage, struct delivery *delivery, bool *delivered,
    struct error *err)
{
    AUTO(settings_free) struct settings *settings = settings_dup(context->settings);
    AUTO(identifiers_clear) struct identifiers names = cert_identifiers(lineage->cert);
    struct context own = *context;

    own.settings = settings;
    TRY(renewal_params_restore(lineage->conf, lineage->conf_path, settings, err));
    ui_say(context->ui, "The certificate is live, but not everything that follows it was done; doing the rest");
    TRY(run_hooks(&own, lineage, &names, delivery, err));
    TRY(reload(&own, lineage, &names, delivery, err));
    close_record(&own, lineage->name, delivery, delivered);
    return true;
}

bool deliver_outstanding(
    struct context *context, const struct lineage *lineage, bool backs_off, bool *delivered, struct error *err)
{
    AUTO(delivery_clear) struct delivery delivery = { 0 };

    *delivered = true;
    if (!delivery_any(context->store))
        return true;
    if (!load(context, lineage, &delivery) ||
        !delivery_settle(&delivery, lineage->cert)) { /* that version never went live */
        drop(context, lineage->name);                 /* also what a crash left of a record */
        return true;
    }
    *delivered = false;
    return (backs_off && backoff_waits(&delivery.backoff, context_now(context))) ||
           do_rest(context, lineage, &delivery, delivered, err);
}

bool deliver_sweep(struct context *context)
{
    AUTO(list_clear) struct list names = { 0 };
    struct error err = { 0 };

    if (!delivery_any(context->store))
        return false;
    if (!delivery_names(context->store, &names, &err)) {
        log_warning("%s", err.why);
        return true;
    }
    for (size_t i = 0; i < names.len; i++) {
        AUTO(range_lock_release) struct range_lock *lock = NULL;
        bool taken;

        if (store_has_lineage(context->store, names.at[i]))
            continue;
        if (lineage_lock_try(context->store, names.at[i], &lock, &taken, &err) && taken &&
            !store_has_lineage(context->store, names.at[i]))
            drop(context, names.at[i]);
    }
    return delivery_any(context->store);
}
