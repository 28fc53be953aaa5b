/*
 * The authenticator of all DNS plugins: from proofs to values of TXT records, which a provider puts in place.
 */
#include "base/interrupt.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/mutex.h"
#include "base/text.h"
#include "dns/delegation.h"
#include "dns/options.h"
#include "dns/provider.h"
#include "dns/wait.h"
#include "plugin/builtin.h"

void txt_fail(struct txt *txt, const struct error *why)
{
    free(txt->error);
    txt->error = error_dup(why);
    txt->state = TXT_FAILED;
}

/* ---- the provider, which all orders with the same options share ---- */

#define INTERRUPT_MS 500
#define CHANGES_MAX 8 /* at the same time; each may be a program, and services count requests */

struct opened {
    const struct provider *provider;
    struct mutex lock; /* guards what follows until it is open; then it does not change any more */
    bool is_open;
    void *self;
    struct mutex changing; /* guards what follows */
    struct condition changed;
    unsigned changes; /* that are being made */
};

static const struct dns_plugin *dns_plugin_of(const struct plugin *plugin)
{
    return (const struct dns_plugin *)plugin; /* plugin is its first member */
}

static char *share_key(const struct plugin *plugin, const struct settings *settings)
{
    return dns_options_key(settings, plugin->name);
}

static bool share_make(const struct plugin_context *context, void **shared, struct error *err __attribute__((unused)))
{
    struct opened *opened = xcalloc(1, sizeof *opened);

    opened->provider = dns_plugin_of(context->plugin)->provider;
    mutex_init(&opened->lock);
    mutex_init(&opened->changing);
    condition_init(&opened->changed);
    *shared = opened;
    return true;
}

static void share_end(void *shared)
{
    struct opened *opened = shared;

    if (opened->is_open)
        opened->provider->close(opened->self);
    mutex_destroy(&opened->lock);
    mutex_destroy(&opened->changing);
    condition_destroy(&opened->changed);
    free(opened);
}

const struct plugin_share dns_share = { .key = share_key, .make = share_make, .end = share_end };

/* A failure is not remembered: it costs no network, and the user may be asked again. */
static bool need_open(const struct plugin_context *context, struct error *err)
{
    struct opened *opened = context->shared;

    MUTEX_HOLD(&opened->lock);
    if (!opened->is_open)
        opened->is_open = opened->provider->open(context, opened->provider, &opened->self, err);
    return opened->is_open;
}

void *dns_provider_opened(const struct plugin_context *context)
{
    struct opened *opened = context->shared;

    MUTEX_HOLD(&opened->lock);
    return opened->is_open ? opened->self : NULL;
}

/* ---- changes ---- */

/* Waits for its turn to change something; then leave_change. ERROR_CANCELED. */
static bool enter_change(struct opened *opened, struct error *err)
{
    MUTEX_HOLD(&opened->changing);
    while (opened->changes == CHANGES_MAX) {
        TRY(interrupt_check(err));
        condition_wait_ms(&opened->changed, &opened->changing, INTERRUPT_MS);
    }
    TRY(interrupt_check(err));
    opened->changes++;
    return true;
}

static void leave_change(struct opened *opened)
{
    MUTEX_HOLD(&opened->changing);
    opened->changes--;
    condition_signal(&opened->changed);
}

typedef bool change(void *self, struct txt *const *txts, size_t count, struct error *err);

/* The values of valid proofs, side by side with them. */
struct values {
    struct txt *at, **pointers;
    struct proof **proofs;
    size_t count;
};

static void values_clear_at(struct values *values)
{
    for (size_t i = 0; i < values->count; i++)
        free(values->at[i].error);
    free(values->at);
    free(values->pointers);
    free(values->proofs);
}

/* An invalid proof was never put in place: it fails, unless it is to be removed. */
static struct values take_values(struct proof *const *proofs, size_t count, enum proof_state done)
{
    struct values values = { xcalloc(count + 1, sizeof(struct txt)), xcalloc(count + 1, sizeof(struct txt *)),
        xcalloc(count + 1, sizeof(struct proof *)), 0 };

    for (size_t i = 0; i < count; i++) {
        struct proof *proof = proofs[i];
        struct error failure = { 0 };

        if (proof_check_record(proof, &failure)) {
            values.at[values.count] = (struct txt){ .name = proof->place != NULL ? proof->place : proof->record_name,
                .value = proof->record_value,
                .identifier = proof->identifier,
                .proof = proof };
            values.pointers[values.count] = &values.at[values.count];
            values.proofs[values.count++] = proof;
        } else if (done != PROOF_WANTED) {
            proof_fail(proof, &failure);
        } else {
            proof->state = PROOF_WANTED;
        }
    }
    return values;
}

/* What a provider says of a value becomes the state of its proof; why is about those that it has said nothing of. */
static void judge(const struct values *values, enum proof_state done, const struct error *why)
{
    for (size_t i = 0; i < values->count; i++) {
        const struct txt *txt = &values->at[i];

        if (txt->state != TXT_DONE) {
            proof_fail(values->proofs[i], txt->error != NULL ? txt->error : why);
            continue;
        }
        proof_forget_error(values->proofs[i]);
        values->proofs[i]->state = done;
    }
}

static bool make_change(const struct plugin_context *context, change *make, struct proof *const *proofs, size_t count,
    enum proof_state done, struct error *err)
{
    struct opened *opened = context->shared;
    struct error why = { 0 };
    bool ok;
    AUTO(values_clear) struct values values = take_values(proofs, count, done);

    if (values.count == 0)
        return true;
    TRY(need_open(context, err));
    TRY(enter_change(opened, err));
    for (size_t i = 0; i < values.count; i++)
        if (values.proofs[i]->state == PROOF_WANTED) /* something of it may be in place from now on */
            values.proofs[i]->state = PROOF_PRESENTED;
    ok = make(opened->self, values.pointers, values.count, &why);
    leave_change(opened);
    if (ok)
        (void)error_set(&why, ERROR_INTERNAL, "%s has neither done nor refused it", opened->provider->name);
    judge(&values, done, &why);
    if (ok || why.kind != ERROR_CANCELED)
        return true;
    *err = why;
    return false;
}

/* ---- as plugin/plugin.h wants it ---- */

static const struct provider *provider_of(const struct plugin_context *context)
{
    return dns_plugin_of(context->plugin)->provider;
}

static bool options_of(const struct plugin_context *context, struct dns_options *out, struct error *err)
{
    const struct provider *provider = provider_of(context);

    return dns_options_get(context->settings, provider->name, provider->wait_s, out, err);
}

struct order {
    const struct plugin_context *context;
    /* Names whose CNAME is a wildcard's, and where their records may be besides the place that was chosen: there, or at
     * the name itself. Side by side. */
    struct list names, others;
};

/* Credentials that may be asked for are asked for when a name is to be proved; all others are read at once, lest the CA
 * is bothered in vain. */
static bool prepare(const struct plugin_context *context, void **self, struct error *err)
{
    struct dns_options options;
    struct order *order;

    TRY(options_of(context, &options, err));
    if (!context->settings->voice->reads_credentials_late && (options.credentials != NULL || !ui_may_ask(context->ui)))
        TRY(need_open(context, err));
    order = xcalloc(1, sizeof *order);
    order->context = context;
    *self = order;
    return true;
}

static void release(void *self)
{
    struct order *order = self;

    list_clear(&order->names);
    list_clear(&order->others);
    free(order);
}

/* ---- where records go ---- */

/* Where no network can be asked, records go to where the CA looks first. */
static bool follow(
    const struct plugin_context *context, struct delegation *delegations, size_t count, struct error *err)
{
    struct asker asker = asker_of_net(context->net);
    AUTO(zones_clear) struct zones zones = { .asker = &asker };
    const struct delegation_way way = { .zones = &zones, .ca_url = context->settings->server };

    if (context->net != NULL)
        return delegations_follow(&way, delegations, count, err);
    for (size_t i = 0; i < count; i++)
        xreplace(&delegations[i].place, delegations[i].name);
    return true;
}

/* Of the two places that a wildcard's CNAME leaves, the zone of its own first where that is another one, since the CA
 * looks there already; in the same zone, the name itself, since the other one has records of others. */
static const char *choose_place(struct order *order, const struct delegation *delegation)
{
    const char *first = delegation->same_zone ? delegation->name : delegation->place;

    if (!delegation->by_wildcard)
        return delegation->place;
    list_add(&order->names, delegation->name);
    list_add(&order->others, delegation->same_zone ? delegation->place : delegation->name);
    return first;
}

static void take_place(struct order *order, const struct delegation *delegation, struct proof *proof)
{
    const char *place;

    if (delegation->error != NULL) {
        proof_fail(proof, delegation->error);
        return;
    }
    if (delegation->unseen != NULL)
        log_info("Whether %s is a CNAME cannot be seen from here: %s", delegation->place, delegation->unseen);
    place = choose_place(order, delegation);
    if (!host_equal(place, proof->record_name))
        log_info("The record for %s is put at %s, where %s leads%s", proof->identifier, place, proof->record_name,
            delegation->by_wildcard ? " by a wildcard" : "");
    xreplace(&proof->place, place);
}

static bool plan(void *self, struct proof *const *proofs, size_t count, struct error *err)
{
    struct order *order = self;
    AUTO(values_clear) struct values values = take_values(proofs, count, PROOF_PRESENTED);
    AUTO(free) struct delegation *delegations = xcalloc(values.count + 1, sizeof *delegations);
    bool ok;

    TRY(need_open(order->context, err));
    for (size_t i = 0; i < values.count; i++)
        delegations[i].name = values.proofs[i]->record_name;
    ok = follow(order->context, delegations, values.count, err);
    for (size_t i = 0; i < values.count; i++) {
        if (ok)
            take_place(order, &delegations[i], values.proofs[i]);
        delegation_clear(&delegations[i]);
    }
    return ok;
}

/* ---- presenting ---- */

/* What a provider wants to know when it removes the value is to be found after a crash, too. */
static void note_outputs(const struct plugin_context *context, struct proof *const *proofs, size_t count)
{
    bool any = false;

    for (size_t i = 0; i < count; i++)
        any = any || proofs[i]->output != NULL;
    if (any && context->note != NULL)
        context->note(context->note_arg);
}

/* All values of a name have to be at one place, as a record at the name itself hides the other one. */
static bool any_is_there(struct proof *const *proofs, size_t count, const char *record_name)
{
    for (size_t i = 0; i < count; i++)
        if (proofs[i]->state == PROOF_PRESENTED && text_equal(proofs[i]->record_name, record_name))
            return true;
    return false;
}

/* The other place of a proof that was refused at its first one; NULL: there is none. A service that could not be asked
 * may have done it, and would say no more of another name. */
static const char *other_place(
    const struct order *order, struct proof *const *proofs, size_t count, const struct proof *proof)
{
    if (proof->state != PROOF_FAILED || proof->error == NULL || proof->error->kind == ERROR_NETWORK ||
        proof->record_name == NULL || any_is_there(proofs, count, proof->record_name))
        return NULL;
    for (size_t i = 0; i < order->names.len; i++)
        if (host_equal(order->names.at[i], proof->record_name))
            return order->others.at[i];
    return NULL;
}

/* Once more at the other place, which is to be found after a crash before anything is there. */
static bool present_elsewhere(const struct order *order, struct proof *const *proofs, size_t count, struct error *err)
{
    const struct plugin_context *context = order->context;
    AUTO(free) struct proof **moved = xcalloc(count + 1, sizeof(struct proof *));
    AUTO(list_clear) struct list first = { 0 };
    AUTO(free) struct error *whys = xcalloc(count + 1, sizeof *whys);
    size_t len = 0;
    bool ok;

    for (size_t i = 0; i < count; i++) {
        const char *other = other_place(order, proofs, count, proofs[i]);

        if (other == NULL)
            continue;
        log_info("%s: %s. The record is put at %s instead", proofs[i]->place, proofs[i]->error->why, other);
        whys[len] = *proofs[i]->error;
        list_add(&first, proofs[i]->place);
        xreplace(&proofs[i]->place, other);
        proof_forget_error(proofs[i]);
        proofs[i]->state = PROOF_WANTED;
        moved[len++] = proofs[i];
    }
    if (len > 0 && context->note != NULL)
        context->note(context->note_arg);
    ok = make_change(context, provider_of(context)->add, moved, len, PROOF_PRESENTED, err);
    for (size_t i = 0; i < len; i++)
        if (moved[i]->state == PROOF_FAILED && moved[i]->error != NULL)
            (void)error_in(moved[i]->error, "a wildcard's CNAME leaves two places, and %s was refused (%s)",
                first.at[i], whys[i].why);
    return ok;
}

static bool present(void *self, struct proof *const *proofs, size_t count, struct error *err)
{
    const struct order *order = self;
    const struct plugin_context *context = order->context;
    bool ok = make_change(context, provider_of(context)->add, proofs, count, PROOF_PRESENTED, err) &&
              present_elsewhere(order, proofs, count, err);

    note_outputs(context, proofs, count);
    return ok;
}

static bool cleanup(void *self, struct proof *const *proofs, size_t count, struct error *err)
{
    const struct order *order = self;

    return make_change(order->context, provider_of(order->context)->remove, proofs, count, PROOF_WANTED, err);
}

static bool sweep(const struct plugin_context *context, struct proof *const *proofs, size_t count, struct error *err)
{
    return make_change(context, provider_of(context)->remove, proofs, count, PROOF_WANTED, err);
}

static bool wait_for_all(void *self, struct proof *const *proofs, size_t count, struct error *err)
{
    const struct plugin_context *context = ((const struct order *)self)->context;
    struct asker asker = asker_of_net(context->net);
    struct dns_options options;

    TRY(options_of(context, &options, err));
    return dns_wait(context, &options, context->net != NULL ? &asker : NULL, proofs, count, err);
}

static char *hint(void *self, const char *type __attribute__((unused)))
{
    const struct plugin_context *context = ((const struct order *)self)->context;
    struct dns_options options = { 0 };
    struct error ignored = { 0 };
    AUTO(free) char *seconds = NULL;

    if (!options_of(context, &options, &ignored))
        return xstrdup("");
    seconds = xprintf("%d second%s", options.wait_s, options.wait_s == 1 ? "" : "s");
    return VOICE_FILL(context->settings->voice->dns_hint, provider_of(context)->name, seconds);
}

static const char *const types[] = { "dns-01", "dns-account-01", NULL };

const struct authenticator dns_authenticator = {
    .types = types,
    .prepare = prepare,
    .plan = plan,
    .present = present,
    .wait = wait_for_all,
    .waits_long = true,
    .presents_slowly = true,
    .cleanup = cleanup,
    .sweep = sweep,
    .release = release,
    .hint = hint,
};
