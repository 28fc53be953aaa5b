#include "lifecycle/renew.h"

#include <string.h>
#include <unistd.h>

#include "audit/audit.h"
#include "base/clock.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/mutex.h"
#include "base/parallel.h"
#include "base/text.h"
#include "config/renewal_params.h"
#include "issuance/traces.h"
#include "lifecycle/deliver.h"
#include "lifecycle/facts.h"
#include "lifecycle/install.h"
#include "lifecycle/next_version.h"
#include "lifecycle/outcome.h"
#include "lifecycle/renewal_check.h"
#include "lifecycle/load_repaired.h"
#include "run/hooks.h"
#include "run/lanes.h"
#include "run/reloads.h"
#include "run/turns.h"
#include "run/workers.h"
#include "store/delivery.h"
#include "store/lineage_conf.h"
#include "store/lineage_delete.h"
#include "store/lineage_lock.h"
#include "store/pending.h"

#define JOBS_PER_CPU 4
#define JOBS_MAX 64
#define RANDOM_SLEEP_MAX_S 480
#define FILES_WORTH_THREADS 64
#define WHY_MAX 240 /* bytes of a cause that is kept, for up to a hundred thousand lineages */

struct queue { /* shared by the workers */
    struct context *context;
    struct renewals *renewals;
    struct lanes *lanes; /* the next lineage to begin */
    struct mutex lock;
    struct ui **uis; /* of each lineage that has begun, until all it has said was passed on */
    bool *done;
    size_t speaking; /* the first that is not done: what it says is passed on at once */
    struct mutex sleep_lock;
    bool slept;      /* the one random sleep of a run was done; who is due meanwhile waits for it */
    bool deliveries; /* earlier runs have left some undone */
    struct turns *turns;
    struct reloads *reloads;
    struct hook_trail *trails; /* of each lineage */
};

void renewals_clear(struct renewals *renewals)
{
    for (size_t i = 0; i < renewals->len; i++) {
        free(renewals->at[i].name);
        free(renewals->at[i].conf_path);
        free(renewals->at[i].fullchain_path);
        free(renewals->at[i].why);
        identifiers_clear(&renewals->at[i].names);
    }
    free(renewals->at);
    *renewals = (struct renewals){ 0 };
}

/* Whether the one random sleep of this run is still to be done, or under way. */
static bool must_sleep(struct queue *queue, const struct context *context)
{
    bool slept;

    if (!context->settings->random_sleep || isatty(STDIN_FILENO))
        return false;
    MUTEX_HOLD(&queue->lock);
    slept = queue->slept;
    return !slept;
}

/* Certbot says it with -v alone. */
static void tell_delay(const struct context *context, uint64_t seconds)
{
    if (context->voice->tells_more)
        ui_say(context->ui,
            "Without a terminal, renew waits at random for up to %d minutes, so that the CA is not asked by everybody "
            "at once: %llu seconds this time. --no-random-sleep-on-renew begins at once.",
            RANDOM_SLEEP_MAX_S / 60, (unsigned long long)seconds);
}

/* A random sleep keeps renewals from meeting others at the CA in the same second every day. No lock is held meanwhile.
 */
static bool random_sleep(struct queue *queue, struct error *err)
{
    uint64_t seconds;
    bool ok = true;
    MUTEX_HOLD(&queue->sleep_lock);

    if (must_sleep(queue, queue->context)) {
        ok = random_below(RANDOM_SLEEP_MAX_S, &seconds, err);
        if (ok) {
            log_info("Non-interactive renewal: random delay of %llu seconds", (unsigned long long)seconds + 1);
            tell_delay(queue->context, seconds + 1);
            ok = context_sleep_ms(queue->context, (int64_t)(seconds + 1) * 1000, err);
        }
        MUTEX_HOLD(&queue->lock);
        queue->slept = true;
    }
    return ok;
}

static bool reload(struct context *context, const struct lineage *lineage, struct renewal *renewal, struct error *err)
{
    TRY(deliver_reload(context, lineage, &renewal->names, err));
    renewal->undelivered = delivery_is_recorded(context->store, renewal->name);
    return true;
}

static bool renew_due(struct context *context, struct lineage *lineage, struct renewal *renewal, struct error *err)
{
    const struct plugin *authenticator;

    TRY(plugin_choose_authenticator(context->settings, context->answers, context->ui, &authenticator, err));
    TRY(next_version(context, lineage, authenticator, &renewal->names, err));
    return context->settings->dry_run || reload(context, lineage, renewal, err);
}

static void tell_rest(const char *name, const struct error *err)
{
    log_error(
        "Not all that follows the certificate of %s could be done (%s); the next renewal tries again", name, err->why);
}

/* Does what an earlier run has left to do for the live certificate; --force-renewal does not wait for its pause. */
static void deliver_rest(
    const struct queue *queue, struct context *context, const struct lineage *lineage, struct renewal *renewal)
{
    bool delivered = false, backs_off = !context->settings->force_renewal && !ui_is_interactive(context->ui);
    struct error err = { 0 };

    if (!queue->deliveries)
        return;
    if (!deliver_outstanding(context, lineage, backs_off, &delivered, &err))
        tell_rest(renewal->name, &err);
    renewal->undelivered = !delivered;
}

/* A renewal that fails does not keep the certificate there is from those who use it. */
static bool renew_or_deliver(const struct queue *queue, struct context *context, struct lineage *lineage,
    struct renewal *renewal, struct error *err)
{
    if (renew_due(context, lineage, renewal, err))
        return true;
    if (err->kind != ERROR_CANCELED)
        deliver_rest(queue, context, lineage, renewal);
    return false;
}

static void keep_why(struct renewal *renewal, const char *why)
{
    free(renewal->why);
    renewal->why = text_printable_dup(view_of(why), WHY_MAX, false);
}

/* Due, but it has failed so often that this run leaves it out. */
static bool put_off(struct context *context, struct renewal *renewal)
{
    AUTO(failures_clear) struct failures failures = { 0 };
    char when[CLOCK_TEXT_SIZE];

    if (!outcome_waits(context, renewal->name, &failures))
        return false;
    clock_format_rfc3339(failures.backoff.not_before, when);
    log_error("Certificate %s is due for renewal, but is not tried before %s, because %u attempt(s) have failed, last: "
              "%s\n  next: mend the cause; `evercert renew --force-renewal --cert-name %s` tries at once",
        renewal->name, when, failures.failures, failures.backoff.why != NULL ? failures.backoff.why : "unknown",
        renewal->name);
    renewal->what = RENEWED_PUT_OFF;
    keep_why(renewal, failures.backoff.why);
    return true;
}

/* The lineage is loaded and its settings are restored: everything that fails from here on is a failed renewal.
 * RENEWED_LATER when it is due, but not yet. */
static bool renew_loaded(
    struct queue *queue, struct context *context, struct lineage *lineage, struct renewal *renewal, struct error *err)
{
    enum due due;

    if (lineage->pending_deployment && !context->settings->dry_run)
        TRY(finish_deployment(lineage, err));
    TRY(lineage_due(context, lineage, &due, err));
    if (due == DUE_NOT) {
        renewal->by_hand = !facts_autorenew(lineage);
        ui_say(context->ui, "Certificate not yet due for renewal");
        renewal->what = RENEWED_SKIPPED;
        deliver_rest(queue, context, lineage, renewal);
        return true;
    }
    if (due == DUE_FORCED)
        log_debug("Auto-renewal forced with --force-renewal...");
    else
        log_info(due == DUE_DRY_RUN ? "Certificate not due for renewal, but simulating renewal for dry run"
                                    : "Certificate is due for renewal, auto-renewing...");
    if (put_off(context, renewal)) {
        deliver_rest(queue, context, lineage, renewal);
        return true;
    }
    if (must_sleep(queue, context)) {
        renewal->what = RENEWED_LATER;
        return true;
    }
    TRY(renew_or_deliver(queue, context, lineage, renewal, err));
    renewal->what = RENEWED_DONE;
    return true;
}

/* Logs a failed renewal. Certbot's line about a CA's refusal has the cause alone, and scripts read it; the failed steps
 * are in the log. */
static void say_failed(const struct context *context, const char *name, const struct error *err)
{
    bool step = !context->voice->explains ? ui_cause_has_step(err) : err->what[0] != '\0';
    bool next = err->next[0] != '\0' && context->voice->explains;

    log_debug("%s: %s: %s", error_kind_name(err->kind), err->what, err->why);
    if (!context->voice->explains && err->problem[0] != '\0' &&
        err->detail > 2) { /* by the type they tell a rate limit */
        log_error("Failed to renew certificate %s with error: urn:ietf:params:acme:error:%s :: %.*s :: %s", name,
            err->problem, (int)err->detail - 2, err->why, err->why + err->detail);
        return;
    }
    log_error("Failed to renew certificate %s with error: %s%s%s%s%s", name, step ? err->what : "", step ? ": " : "",
        err->why, next ? "\n  next: " : "", next ? err->next : "");
}

static void say_broken(const struct context *context, const char *conf_path, const struct error *err)
{
    bool next = err->next[0] != '\0' && context->voice->explains;

    log_error("Renewal configuration file %s is broken.\nThe error was: %s\nSkipping.%s%s", conf_path, err->why,
        next ? "\n  next: " : "", next ? err->next : "");
}

/* Locked before it is loaded: of two runs at once the second sees what the first has made of the lineage. */
static bool lock_one(struct context *context, struct renewal *renewal, struct range_lock **lock, struct error *err)
{
    if (interrupt_check(err) && lineage_lock(context->store, renewal->name, lock, err)) {
        if (store_has_lineage(context->store, renewal->name) || pending_is_first(context->store, renewal->name))
            return true;
        log_warning("The certificate %s was deleted meanwhile.", renewal->name);
        renewal->what = RENEWED_GONE;
        return false;
    }
    renewal->what = RENEWED_FAILED;
    if (err->kind != ERROR_CANCELED)
        say_failed(context, renewal->name, err);
    return false;
}

/* Reads how to renew a first certificate that is not saved yet, from its renewal file if there is one. */
static bool read_params(
    struct context *context, struct settings *settings, const struct renewal *renewal, bool *found, struct error *err)
{
    AUTO(conf_free) struct conf *conf = NULL;
    const char *layout;

    *found = lineage_is_unfinished(context->store, renewal->name);
    if (*found) {
        TRY(lineage_read_conf(context->store, renewal->name, &conf, err));
        layout = conf_get(conf, "", LINEAGE_LAYOUT_KEY) == NULL ? "certbot" : NULL;
    } else {
        *found = pending_is_first(context->store, renewal->name);
        if (!*found)
            return true;
        TRY(pending_read_params(context->store, renewal->name, &conf, err));
        layout = NULL;
    }
    if (layout == NULL)
        layout = conf_get(conf, "", LINEAGE_LAYOUT_KEY);
    if (layout != NULL) {
        xreplace(&settings->store_layout, layout);
        SETTING_MARK(settings, store_layout, ORIGIN_RENEWAL);
    }
    return renewal_params_restore(conf, renewal->conf_path, settings, err);
}

/* A lineage whose first certificate was issued, but not saved. *found false: nothing is known of such an order. */
static bool finish_first(
    struct context *context, struct settings *settings, struct renewal *renewal, bool *found, struct error *err)
{
    AUTO(lineage_free) struct lineage *lineage = NULL;
    AUTO(identifiers_clear) struct identifiers names = { 0 };

    *found = false;
    if (context->settings->dry_run)
        return true;
    TRY(read_params(context, settings, renewal, found, err));
    if (!*found)
        return true;
    TRY(first_version_recorded(context, renewal->name, &names, &lineage, found, err));
    if (!*found)
        return true;
    identifiers_clear(&renewal->names);
    renewal->names = identifiers_dup(&names);
    xreplace(&renewal->fullchain_path, lineage->live[KIND_FULLCHAIN]);
    renewal->not_after = lineage->cert->not_after;
    return reload(context, lineage, renewal, err);
}

/* *err says why the lineage does not load. */
static void renew_broken(struct context *context, struct settings *settings, struct renewal *renewal, struct error *err)
{
    struct error failure = { 0 };
    bool found = false;

    if (err->kind == ERROR_CANCELED)
        return;
    if (!finish_first(context, settings, renewal, &found, &failure)) {
        renewal->what = RENEWED_FAILED;
        *err = failure;
        if (err->kind != ERROR_CANCELED)
            say_failed(context, renewal->name, err);
    } else if (found) {
        renewal->what = RENEWED_DONE;
        error_clear(err);
    } else if (!store_has_lineage(context->store, renewal->name)) { /* a repair has removed it */
        renewal->what = RENEWED_GONE;
    } else {
        say_broken(context, renewal->conf_path, err);
    }
}

/* settings: those of context, into which the lineage's are restored. */
static void renew_one(
    struct queue *queue, struct context *context, struct settings *settings, struct renewal *renewal, struct error *err)
{
    AUTO(range_lock_release) struct range_lock *lock = NULL;
    AUTO(lineage_free) struct lineage *lineage = NULL;

    if (!lock_one(context, renewal, &lock, err))
        return;
    renewal->what = RENEWED_BROKEN;
    if (!lineage_load_repaired(context, renewal->name, &lineage, err)) {
        renew_broken(context, settings, renewal, err);
        return;
    }
    xreplace(&renewal->fullchain_path, lineage->live[KIND_FULLCHAIN]);
    identifiers_clear(&renewal->names);
    renewal->names = cert_identifiers(lineage->cert);
    renewal->not_before = lineage->cert->not_before;
    renewal->not_after = lineage->cert->not_after;
    if (!renewal_params_restore(lineage->conf, renewal->conf_path, settings, err)) {
        log_error("%s%s%s", err->why, err->next[0] != '\0' ? "; " : "", err->next);
        return;
    }
    renewal->what = RENEWED_FAILED;
    if (installer_acts_at_renewals(context->settings->installer))
        reloads_add_server(queue->reloads, context->settings);
    if (lanes_are_several(queue->lanes) && !hooks_are_before(context))
        turn_let_pass(context->turn); /* a CA that is slow from the first word on keeps no other waiting */
    if (renew_loaded(queue, context, lineage, renewal, err) || err->kind == ERROR_CANCELED)
        return;
    say_failed(context, renewal->name, err);
}

/* Output of a lineage appears when all before it have finished theirs. No thread waits for that: the one that finishes
 * the current lineage releases the next. Under the lock. */
static void speak_in_turn(struct queue *queue)
{
    for (; queue->speaking < queue->renewals->len && queue->done[queue->speaking]; queue->speaking++)
        ui_free(queue->uis[queue->speaking]);
    if (queue->speaking == queue->renewals->len || queue->uis[queue->speaking] == NULL)
        return;
    if (!interrupt_pending()) /* after one it may have nothing to say: it has not begun, and will not */
        ui_release(queue->uis[queue->speaking]);
}

static struct ui *begin_to_speak(struct queue *queue, size_t index)
{
    struct ui *ui = ui_collect(queue->context->ui);
    MUTEX_HOLD(&queue->lock);

    queue->uis[index] = ui;
    speak_in_turn(queue);
    return ui;
}

static void end_speaking(struct queue *queue, size_t index)
{
    ui_done(queue->uis[index]);
    MUTEX_HOLD(&queue->lock);
    queue->done[index] = true;
    speak_in_turn(queue);
}

/* Renews one lineage with settings and answers of its own. */
static void try_one(struct queue *queue, struct context *context, struct renewal *renewal, struct error *err)
{
    AUTO(settings_free) struct settings *settings = settings_dup(queue->context->settings);
    AUTO(answers_clear) struct answers answers = { 0 };

    context->settings = settings;
    context->answers = &answers;
    renew_one(queue, context, settings, renewal, err);
    context->settings = queue->context->settings;
    context->answers = queue->context->answers;
}

static void work_on(void *arg, size_t index, size_t position)
{
    struct queue *queue = arg;
    struct renewal *renewal = &queue->renewals->at[index];
    AUTO(free) char *title = xprintf("Processing %s", renewal->conf_path);
    struct turn turn = { .of = queue->turns, .index = position, .rank = index };
    struct context own = *queue->context;
    struct error err = { 0 }; /* passed on as it comes; not kept for up to a hundred thousand lineages */

    own.ui = begin_to_speak(queue, index);
    own.turn = &turn;
    own.trail = &queue->trails[index];
    own.reloads = queue->reloads;
    ui_frame(own.ui, !own.voice->fits_terminal, title); /* "Processing PATH" on one line, as scripts look for it */
    try_one(queue, &own, renewal, &err);
    if (renewal->what == RENEWED_LATER) {
        renewal->what = RENEWED_FAILED; /* unless it is tried again */
        turn_step_aside(&turn, true);
        if (random_sleep(queue, &err)) {
            turn_step_aside(&turn, false);
            try_one(queue, &own, renewal, &err);
        }
    }
    if (err.kind == ERROR_CANCELED && (renewal->what == RENEWED_FAILED || renewal->what == RENEWED_BROKEN))
        renewal->what = turn_was_called(&turn) ? RENEWED_STOPPED : RENEWED_WAITING;
    if (renewal->what == RENEWED_FAILED || renewal->what == RENEWED_BROKEN) {
        keep_why(renewal, err.why);
        audit_failed(ACT_CERTIFICATE_FAILED, renewal->name, &err, NULL);
    }
    if (renewal->what == RENEWED_WAITING)
        ui_forget(own.ui);
    turn_done(&turn);
    end_speaking(queue, index);
}

static size_t worker_count(const struct settings *settings, size_t lineages)
{
    size_t jobs = settings->jobs > 0 ? (size_t)settings->jobs : parallel_processors() * JOBS_PER_CPU;

    if (jobs > JOBS_MAX)
        jobs = JOBS_MAX;
    return jobs < lineages ? jobs : lineages;
}

/* First certificates that were ordered, and that an interrupted run has not saved. */
static void add_first(struct context *context, struct list *names)
{
    AUTO(list_clear) struct list records = { 0 };
    struct error err = { 0 };

    if (context->settings->dry_run)
        return;
    if (!pending_names(context->store, &records, &err))
        log_debug("%s", err.why);
    for (size_t i = 0; i < records.len; i++)
        if (pending_is_first(context->store, records.at[i]))
            list_add(names, records.at[i]);
}

static bool list_lineages(struct context *context, struct renewals *out, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };
    const char *only = context->settings->cert_name;

    if (only == NULL) {
        TRY(store_lineage_names(context->store, &names, err));
        add_first(context, &names);
    } else {
        list_add(&names, only);
    }
    if (only != NULL && !store_has_lineage(context->store, only) &&
        (context->settings->dry_run || !pending_is_first(context->store, only)))
        return lineage_missing(context->store, only, err);
    out->at = xcalloc(names.len + 1, sizeof *out->at);
    for (; out->len < names.len; out->len++) {
        out->at[out->len].name = xstrdup(names.at[out->len]);
        out->at[out->len].conf_path = store_conf_path(context->store, names.at[out->len]);
        out->at[out->len].fullchain_path =
            xprintf("%s/live/%s/fullchain.pem", store_config_dir(context->store), names.at[out->len]);
    }
    return true;
}

struct servers { /* of the lineages, side by side */
    struct context *context;
    const struct renewals *renewals;
    char **at;
};

/* The CA of a lineage; NULL, which counts as a CA of its own, when its renewal file cannot be read. */
static void find_server(void *ctx, size_t index)
{
    struct servers *servers = ctx;

    servers->at[index] = store_server_of(servers->context->store, servers->renewals->at[index].name);
}

/* Reads the CA of each lineage where several workers share them, unless --server gives one CA for all. */
static struct lanes *make_lanes(struct context *context, const struct renewals *renewals, size_t workers)
{
    struct servers servers = { context, renewals, xcalloc(renewals->len + 1, sizeof(*servers.at)) };
    AUTO(list_clear) struct list list = { 0 };

    if (workers > 1 && !SETTING_IS_SET(context->settings, server))
        parallel_for(renewals->len, FILES_WORTH_THREADS, find_server, &servers);
    for (size_t i = 0; i < renewals->len; i++) {
        list_add(&list, servers.at[i] == NULL ? "" : servers.at[i]);
        free(servers.at[i]);
    }
    free(servers.at);
    return lanes_new(&list, workers);
}

/* Notes the result of a lineage's reload, at the end of the run. */
static void end_reload(void *arg, size_t index, const struct error *failure)
{
    struct queue *queue = arg;
    struct renewal *renewal = &queue->renewals->at[index];
    const char *name = renewal->name;

    renewal->undelivered = delivery_is_recorded(queue->context->store, name);
    if (failure == NULL)
        return;
    renewal->undelivered = queue->context->voice->redelivers;
    if (!queue->context->voice->redelivers &&
        renewal->what == RENEWED_DONE) { /* there the reload is part of the renewal */
        renewal->what = RENEWED_FAILED;
        keep_why(renewal, failure->why);
        say_failed(queue->context, name, failure);
    } else {
        tell_rest(name, failure);
    }
}

bool renew_all(struct context *context, struct renewals *out, struct error *err)
{
    struct queue queue = { .context = context, .renewals = out };
    size_t workers;
    bool ok;

    if (!context->settings->dry_run) {
        store_finish_deletions(context->store);
        pending_sweep(context->store, context_now(context));
        traces_sweep(context);
        queue.deliveries = deliver_sweep(context);
    }
    TRY(list_lineages(context, out, err));
    mutex_init(&queue.lock);
    mutex_init(&queue.sleep_lock);
    queue.uis = xcalloc(out->len + 1, sizeof(struct ui *));
    queue.done = xcalloc(out->len + 1, sizeof *queue.done);
    queue.reloads = reloads_new();
    queue.trails = xcalloc(out->len + 1, sizeof *queue.trails);
    workers = worker_count(context->settings, out->len);
    queue.lanes = make_lanes(context, out, workers);
    queue.turns = turns_new(out->len, TURNS_PATIENCE_MS, lanes_numbers(queue.lanes), queue.lanes);
    workers_run(queue.lanes, workers, work_on, &queue);
    ok = interrupt_check(err);
    deliver_reloads(context, queue.reloads, end_reload, &queue);
    ok = ok && interrupt_check(err);
    reloads_free(queue.reloads);
    for (size_t i = 0; i < out->len; i++)
        hook_trail_join(context->run, &queue.trails[i]);
    free(queue.trails);
    turns_free(queue.turns);
    free(queue.uis);
    lanes_free(queue.lanes);
    free(queue.done);
    mutex_destroy(&queue.sleep_lock);
    mutex_destroy(&queue.lock);
    return ok;
}
