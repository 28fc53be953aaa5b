#include "issuance/traces.h"

#include <string.h>

#include "base/file.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "config/renewal_params.h"
#include "crypto/key.h"
#include "issuance/request.h"
#include "run/shares.h"
#include "store/lineage_lock.h"
#include "store/trace.h"

#define OUTPUT_MAX 4096 /* bytes of a hook's output that are worth a record */
#define SWEEP_MAX_S 120 /* after so long no further name is begun with: a plugin may be slow or silent for each */

static const char *const kind_names[] = {
    [PROOF_FILE] = "file", [PROOF_RECORD] = "record", [PROOF_ALPN] = "certificate", [PROOF_STANDING] = "standing record"
};

/* ---- writing ---- */

static struct trace_proof describe(const struct proof *proof)
{
    bool keep = proof->output != NULL && strlen(proof->output) <= OUTPUT_MAX;

    return (struct trace_proof){ .type = xstrdup(proof->type),
        .kind = xstrdup(kind_names[proof->kind]),
        .identifier = xstrdup(proof->identifier),
        .is_ip = proof->is_ip,
        .wildcard = proof->wildcard,
        .token = xstrdup_or_null(proof->token),
        .key_authorization = xstrdup_or_null(proof->key_authorization),
        .record_name = xstrdup_or_null(proof->record_name),
        .record_value = xstrdup_or_null(proof->record_value),
        .account_url = xstrdup_or_null(proof->account_url),
        .remaining = (unsigned)proof->remaining,
        .output = keep ? xstrdup(proof->output) : NULL,
        .place = xstrdup_or_null(proof->place) };
}

/* Whether the proof belongs in the trace: not a standing record, which later orders use, and not one that was cleaned
 * up. */
static bool is_traced(const struct tracer *tracer, const struct proof *proof)
{
    return proof->kind != PROOF_STANDING && (!tracer->cleaned || proof->state != PROOF_WANTED);
}

/* *count may be 0: then none is written. */
static bool write_trace(const struct tracer *tracer, size_t *count, struct error *err)
{
    const struct proofs *proofs = tracer->proofs;
    AUTO(trace_clear)
    struct trace trace = { .authenticator = xstrdup(tracer->solver->plugin->name),
        .options = xstrdup(tracer->options),
        .created = context_now(tracer->context),
        .proofs = xcalloc(proofs->count + 1, sizeof(struct trace_proof)) };

    list_add_all(&trace.identifiers, &proofs->identifiers);
    for (size_t i = 0; i < proofs->count; i++)
        if (is_traced(tracer, &proofs->at[i]))
            trace.proofs[trace.count++] = describe(&proofs->at[i]);
    *count = trace.count;
    return trace.count == 0 || trace_save(tracer->context->store, tracer->name, &trace, err);
}

bool tracer_begin(struct tracer *tracer, struct error *err)
{
    AUTO(buf_clear) struct buf options = BUF(FILE_MAX_TEXT);
    size_t count = 0;

    if (tracer->name == NULL || tracer->solver->plugin->authenticator->sweep == NULL)
        return true;
    TRY(request_put_options(tracer->context, &options, err));
    tracer->options = buf_take(&options);
    if (!write_trace(tracer, &count, err)) {
        if (!tracer->context->settings->dry_run)
            return error_in(err, "recording what is about to be put in place");
        log_debug("no trace of proofs: %s", err->why);
        error_clear(err);
        return true;
    }
    tracer->open = count > 0;
    return true;
}

void tracer_note(void *arg)
{
    const struct tracer *tracer = arg;
    struct error err = { 0 };
    size_t count;

    if (tracer->open && !write_trace(tracer, &count, &err))
        log_debug("the trace of proofs lacks what a hook has said: %s", err.why);
}

void tracer_end(struct tracer *tracer)
{
    struct error err = { 0 };
    size_t left = 0;

    tracer->cleaned = true;
    if (tracer->open &&
        (!write_trace(tracer, &left, &err) || (left == 0 && !trace_drop(tracer->context->store, tracer->name, &err))))
        log_warning("The record of what was put in place to prove control is not up to date: %s", err.why);
    tracer->open = false;
    free(tracer->options);
    tracer->options = NULL;
}

/* ---- sweeping ---- */

struct sweeping {
    struct trace trace;
    struct settings *settings; /* of the run that was cut short */
    const struct plugin *plugin;
    struct proof *proofs, **all; /* side by side with trace.proofs, whose texts they borrow */
};

static void sweeping_clear(struct sweeping *sweeping)
{
    for (size_t i = 0; sweeping->proofs != NULL && i < sweeping->trace.count; i++)
        proof_clear(&sweeping->proofs[i]);
    free(sweeping->proofs);
    free(sweeping->all);
    settings_free(sweeping->settings);
    trace_clear(&sweeping->trace);
}

static void sweeping_clear_at(struct sweeping *sweeping)
{
    sweeping_clear(sweeping);
}

static bool find_kind(const char *name, enum proof_kind *out, struct error *err)
{
    for (size_t i = 0; i < COUNT(kind_names); i++)
        if (text_equal(kind_names[i], name)) {
            *out = (enum proof_kind)i;
            return true;
        }
    return error_set(err, ERROR_STORE, "it names a proof of the unknown kind '%s'", name);
}

/* RFC 8737 section 3. */
static bool put_digest(struct proof *proof, struct error *err)
{
    AUTO(buf_clear) struct buf digest = BUF(64);

    if (proof->kind != PROOF_ALPN || proof->key_authorization == NULL)
        return true;
    TRY(digest_sha256(view_of(proof->key_authorization), &digest, err));
    memcpy(proof->digest, digest.at, sizeof proof->digest);
    return true;
}

static bool take_proofs(struct sweeping *sweeping, struct error *err)
{
    const struct trace *trace = &sweeping->trace;

    sweeping->proofs = xcalloc(trace->count + 1, sizeof(struct proof));
    sweeping->all = xcalloc(trace->count + 1, sizeof(struct proof *));
    for (size_t i = 0; i < trace->count; i++) {
        const struct trace_proof *from = &trace->proofs[i];
        struct proof *proof = &sweeping->proofs[i];

        *proof = (struct proof){ .type = from->type,
            .identifier = from->identifier,
            .is_ip = from->is_ip,
            .wildcard = from->wildcard,
            .token = from->token,
            .key_authorization = from->key_authorization,
            .record_name = from->record_name,
            .record_value = from->record_value,
            .account_url = from->account_url,
            .all_identifiers = &trace->identifiers,
            .remaining = from->remaining,
            .state = PROOF_PRESENTED,
            .output = xstrdup_or_null(from->output),
            .place = xstrdup_or_null(from->place) };
        sweeping->all[i] = proof;
        TRY(find_kind(from->kind, &proof->kind, err));
        TRY(put_digest(proof, err));
    }
    return true;
}

/* Where it works and for how long it waits is this run's: what is shared in it may be made for the sweep. */
static void use_own_places(const struct settings *from, struct settings *to)
{
    xreplace(&to->work_dir, from->work_dir);
    SETTING_MARK(to, work_dir, SETTING_ORIGIN(from, work_dir));
    to->lock_timeout_s = from->lock_timeout_s;
    SETTING_MARK(to, lock_timeout_s, SETTING_ORIGIN(from, lock_timeout_s));
}

static bool take_plugin(struct context *context, struct sweeping *sweeping, const char *path, struct error *err)
{
    AUTO(conf_free) struct conf *conf = NULL;

    sweeping->settings = settings_new(context->voice);
    TRY(conf_read(view_of(sweeping->trace.options), path, &conf, err));
    TRY(renewal_params_restore(conf, path, sweeping->settings, err));
    use_own_places(context->settings, sweeping->settings);
    TRY(plugin_look_up(sweeping->settings, sweeping->trace.authenticator, &sweeping->plugin, err));
    if (sweeping->plugin == NULL || sweeping->plugin->authenticator == NULL)
        return error_set(err, ERROR_PLUGIN, "its authenticator %s is not here any more", sweeping->trace.authenticator);
    return true;
}

/* The first of what could not be swept; *left: how many there are. */
static bool look_at_rest(const struct sweeping *sweeping, size_t *left, struct error *err)
{
    *left = 0;
    for (size_t i = 0; i < sweeping->trace.count; i++) {
        const struct proof *proof = &sweeping->proofs[i];

        if (proof->state == PROOF_WANTED)
            continue;
        if ((*left)++ == 0 && proof->error != NULL && err->kind == ERROR_NONE) {
            *err = *proof->error;
            (void)error_in(err, "%s challenge for %s", proof->type, proof->identifier);
        }
    }
    return *left == 0;
}

/* Rewrites the trace without the proofs that were swept; the time of the first record is kept. */
static bool keep_rest(struct context *context, struct sweeping *sweeping, const char *name, struct error *err)
{
    AUTO(free) struct trace_proof *rest = xcalloc(sweeping->trace.count + 1, sizeof(struct trace_proof));
    struct trace trace = sweeping->trace;

    trace.proofs = rest;
    trace.count = 0;
    for (size_t i = 0; i < sweeping->trace.count; i++)
        if (sweeping->proofs[i].state != PROOF_WANTED)
            rest[trace.count++] = sweeping->trace.proofs[i]; /* borrowed */
    return trace_save(context->store, name, &trace, err);
}

static bool run_sweep(struct context *context, struct sweeping *sweeping, struct error *err)
{
    struct plugin_context plugin_context = {
        .plugin = sweeping->plugin,
        .settings = sweeping->settings,
        .when_needed = context_net_when_needed(context),
        .ui = context->ui,
    };
    const struct authenticator *authenticator = sweeping->plugin->authenticator;

    if (authenticator->sweep != NULL)
        return shares_get(run_shares(context->run), &plugin_context, err) &&
               authenticator->sweep(&plugin_context, sweeping->all, sweeping->trace.count, err);
    for (size_t i = 0; i < sweeping->trace.count; i++) /* it was another one's trace: an older version of ours, say */
        sweeping->proofs[i].state = PROOF_WANTED;
    return true;
}

static bool sweep_trace(
    struct context *context, const char *name, const char *path, struct sweeping *sweeping, struct error *err)
{
    struct error saving = { 0 };
    size_t left;

    TRY(take_proofs(sweeping, err));
    TRY(take_plugin(context, sweeping, path, err));
    log_info("Cleaning up challenges that an interrupted run has left for %s", name);
    if (run_sweep(context, sweeping, err) && look_at_rest(sweeping, &left, err))
        return trace_drop(context->store, name, err);
    if (!keep_rest(context, sweeping, name, &saving))
        log_debug("%s", saving.why);
    return false;
}

/* Removes the trace when it is a week old, so that sweeping does not go on for ever. */
static void give_up_if_old(struct context *context, const char *name, const char *path, const struct trace *trace)
{
    struct error err = { 0 };

    if (!trace_is_old(trace, context_now(context)))
        return;
    log_warning("Giving up: %s is removed", path);
    if (!trace_drop(context->store, name, &err))
        log_warning("%s", err.why);
}

bool traces_sweep_one(struct context *context, const char *name, struct error *err)
{
    AUTO(sweeping_clear) struct sweeping sweeping = { 0 };
    AUTO(free) char *path = trace_path(context->store, name);
    bool found = false;

    TRY(trace_load(context->store, name, &sweeping.trace, &found, err));
    if (!found || sweep_trace(context, name, path, &sweeping, err))
        return true;
    if (err->kind != ERROR_CANCELED)
        give_up_if_old(context, name, path, &sweeping.trace);
    return error_in(err, "cleaning up what an interrupted run has left, as %s tells", path);
}

static void try_one(struct context *context, const char *name)
{
    AUTO(range_lock_release) struct range_lock *lock = NULL;
    struct error err = { 0 };
    bool taken;

    if (!lineage_lock_try(context->store, name, &lock, &taken, &err))
        log_debug("%s: %s", name, err.why);
    else if (taken && !traces_sweep_one(context, name, &err) && err.kind != ERROR_CANCELED)
        log_warning("%s: %s", err.what, err.why);
}

void traces_sweep(struct context *context)
{
    AUTO(list_clear) struct list names = { 0 };
    struct error err = { 0 };
    int64_t until = context_now(context) + SWEEP_MAX_S;

    if (!trace_names(context->store, &names, &err))
        log_debug("%s", err.why);
    for (size_t i = 0; i < names.len && !interrupt_pending(); i++) {
        if (context_now(context) >= until) {
            log_info("What interrupted runs have left for %zu more names is for later runs to clean up", names.len - i);
            return;
        }
        try_one(context, names.at[i]);
    }
}
