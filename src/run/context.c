#include "run/context.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/mutex.h"
#include "base/named.h"
#include "base/text.h"
#include "run/register.h"
#include "run/revocation.h"
#include "run/shares.h"

struct server {         /* of a CA, known by the URL of its directory (RFC 8555 section 7.1.1) */
    struct named named; /* its lock is held while the directory is fetched or an account is made */
    struct session *session;
    bool swept;           /* leftovers beside the accounts were removed */
    struct ca **accounts; /* each on its own: who uses one keeps it while others come */
    size_t account_count;
};

struct run {
    struct outside outside; /* transport NULL: the network process */
    struct mutex lock;      /* guards net, and how it is started */
    struct net *net;
    char *user_agent; /* known once somebody may start it without a context */
    bool no_verify;
    struct named_table servers;
    struct revocation_memory *revocation;
    struct shares *shares;
    struct mutex hook_lock;
    struct list pre_hooks_run;
    struct hook_trail trail;
};

static int64_t machine_now(void *self __attribute__((unused)))
{
    return clock_now();
}

static bool machine_sleep_ms(void *self __attribute__((unused)), int64_t ms)
{
    return clock_sleep_ms(ms);
}

struct run *run_new(const struct outside *outside)
{
    static const struct outside machine = { .now = machine_now, .sleep_ms = machine_sleep_ms };
    struct run *run = xcalloc(1, sizeof *run);

    run->outside = outside == NULL ? machine : *outside;
    mutex_init(&run->lock);
    mutex_init(&run->servers.lock);
    mutex_init(&run->hook_lock);
    run->revocation = revocation_memory_new();
    run->shares = shares_new();
    return run;
}

static void ca_free(struct ca *ca)
{
    signer_close(&ca->signer);
    jwk_clear(&ca->jwk);
    stored_account_free(ca->account);
    free(ca->thumbprint);
    free(ca);
}
DEFINE_AUTO(struct ca, ca_free)

static void server_clear(void *item)
{
    struct server *server = item;

    for (size_t i = 0; i < server->account_count; i++)
        ca_free(server->accounts[i]);
    free(server->accounts);
    session_close(server->session);
}

void run_free(struct run *run)
{
    if (run == NULL)
        return;
    named_clear(&run->servers, server_clear);
    mutex_destroy(&run->servers.lock);
    shares_free(run->shares);
    net_stop(run->net);
    free(run->user_agent);
    revocation_memory_free(run->revocation);
    list_clear(&run->pre_hooks_run);
    hook_trail_clear(&run->trail);
    mutex_destroy(&run->lock);
    mutex_destroy(&run->hook_lock);
    free(run);
}

struct revocation_memory *run_revocation(struct run *run)
{
    return run->revocation;
}

struct shares *run_shares(struct run *run)
{
    return run->shares;
}

struct mutex *run_hook_lock(struct run *run)
{
    return &run->hook_lock;
}

struct list *run_pre_hooks_run(struct run *run)
{
    return &run->pre_hooks_run;
}

struct hook_trail *context_trail(struct context *context)
{
    return context->trail != NULL ? context->trail : &context->run->trail;
}

void hook_trail_join(struct run *run, struct hook_trail *trail)
{
    for (size_t i = 0; i < trail->post.len; i++)
        if (!list_has(&run->trail.post, trail->post.at[i]))
            list_add(&run->trail.post, trail->post.at[i]);
    if (trail->renewed_lineage != NULL)
        xreplace(&run->trail.renewed_lineage, trail->renewed_lineage);
    if (trail->env.len > 0) {
        list_clear(&run->trail.env);
        list_add_all(&run->trail.env, &trail->env);
    }
    hook_trail_clear(trail);
}

void hook_trail_clear(struct hook_trail *trail)
{
    list_clear(&trail->post);
    free(trail->renewed_lineage);
    list_clear(&trail->env);
    *trail = (struct hook_trail){ 0 };
}

/* How the network process is to be started, if it was not yet. */
static void know_net(struct context *context)
{
    struct run *run = context->run;
    MUTEX_HOLD(&run->lock);

    if (run->user_agent != NULL)
        return;
    run->user_agent = context_user_agent(context);
    run->no_verify = context->settings->no_verify_ssl;
}

static bool start_net(void *self, struct net **out, struct error *err)
{
    struct run *run = self;
    struct net_options options = { .user_agent = run->user_agent, .no_verify = run->no_verify };
    MUTEX_HOLD(&run->lock);

    *out = NULL;
    if (run->net == NULL && run->outside.transport == NULL)
        TRY(net_start(&options, &run->net, err));
    *out = run->net;
    return true;
}

bool context_net(struct context *context, struct net **out, struct error *err)
{
    know_net(context);
    return start_net(context->run, out, err);
}

struct plugin_net context_net_when_needed(struct context *context)
{
    know_net(context);
    return (struct plugin_net){ start_net, context->run };
}

bool context_transport(struct context *context, struct transport *out, struct error *err)
{
    const struct outside *outside = &context->run->outside;
    struct net *net;

    if (outside->transport != NULL)
        return outside->transport(outside->self, out, err);
    TRY(context_net(context, &net, err));
    *out = transport_of_net(net);
    return true;
}

int64_t context_now(const struct context *context)
{
    return context->run->outside.now(context->run->outside.self);
}

bool context_sleep_ms(const struct context *context, int64_t ms, struct error *err)
{
    if (context->run->outside.sleep_ms(context->run->outside.self, ms))
        return true;
    return interrupt_check(err) ? error_set(err, ERROR_CANCELED, "interrupted") : false;
}

static struct server *server_get(struct run *run, const char *url)
{
    return named_get(&run->servers, url, sizeof(struct server));
}

static bool open_session(void *server, void *transport, struct error *err)
{
    return session_open(transport, ((struct server *)server)->named.name, &((struct server *)server)->session, err);
}

/* Under the server's lock. */
static bool server_open(struct context *context, struct server *server, struct error *err)
{
    struct transport transport;

    if (!server->named.tried)
        TRY(context_transport(context, &transport, err));
    return named_make(&server->named, open_session, &transport, err);
}

bool context_session(struct context *context, const char *url, struct session **out, struct error *err)
{
    struct server *server = server_get(context->run, url);
    MUTEX_HOLD(&server->named.lock);

    TRY(server_open(context, server, err));
    *out = server->session;
    return true;
}

static bool ca_make(struct server *server, struct stored_account *account, struct ca **out, struct error *err)
{
    AUTO(ca_free) struct ca *ca = xcalloc(1, sizeof *ca);
    AUTO(buf_clear) struct buf thumbprint = BUF(128);

    ca->account = account;
    ca->session = server->session;
    TRY(signer_open(account->key, &ca->signer, err));
    TRY(key_to_jwk(account->key, &ca->jwk, err));
    TRY(jwk_thumbprint(&ca->jwk, &thumbprint, err));
    ca->thumbprint = buf_take(&thumbprint);
    ca->who = (struct identity){ .signer = &ca->signer, .kid = account->url };
    server->accounts = xrealloc(server->accounts, server->account_count + 1, sizeof(*server->accounts));
    server->accounts[server->account_count++] = ca;
    *out = TAKE(ca);
    return true;
}

static struct ca *last_of(struct ca *ca)
{
    while (ca->successor != NULL)
        ca = ca->successor;
    return ca;
}

/* Or what has taken its place. NULL when there is none. */
static struct ca *server_find_account(const struct server *server, const char *id)
{
    for (size_t i = server->account_count; i-- > 0;)
        if (strcmp(server->accounts[i]->account->id, id) == 0)
            return last_of(server->accounts[i]);
    return NULL;
}

static bool server_load_account(
    struct context *context, struct server *server, const char *id, struct ca **out, struct error *err)
{
    struct stored_account *account;

    *out = server_find_account(server, id);
    if (*out != NULL)
        return true;
    TRY(account_store_load(context->store, server->named.name, id, &account, err));
    return ca_make(server, account, out, err);
}

static bool choose_account(
    struct context *context, struct server *server, const struct list *ids, struct ca **out, struct error *err)
{
    struct question question = { .text = "Please choose an account",
        .flag = context->voice->account_flag,
        .forced = true,
        .canceled = "No account has been chosen." };
    AUTO(list_clear) struct list slugs = { 0 };
    size_t chosen = 0;

    for (size_t i = 0; i < ids->len; i++) {
        AUTO(free) char *slug = NULL;
        struct ca *ca;

        TRY(server_load_account(context, server, ids->at[i], &ca, err));
        slug = stored_account_slug(ca->account);
        list_add(&slugs, slug);
    }
    TRY(ui_menu(context->ui, &question, &slugs, 0, &chosen, err));
    return server_load_account(context, server, ids->at[chosen], out, err);
}

/* The account that was named. One of a renewal file that is not here, or has no key any more, gives way to the newest
 * there is; *out is NULL when there is none. */
static bool named_account(
    struct context *context, struct server *server, const char *named, struct ca **out, struct error *err)
{
    AUTO(list_clear) struct list ids = { 0 };
    struct error gone = { 0 };

    if (server_load_account(context, server, named, out, &gone))
        return true;
    if (context->answers->account != NULL || SETTING_ORIGIN(context->settings, account) != ORIGIN_RENEWAL ||
        (gone.sys != 0 && gone.sys != ENOENT)) {
        *err = gone;
        return false;
    }
    TRY(account_store_ids(context->store, server->named.name, &ids, err));
    log_warning("The account %s that this certificate was got with is not here (%s).%s%s%s", named, gone.why,
        ids.len > 0 ? " The account " : "", ids.len > 0 ? ids.at[ids.len - 1] : "",
        ids.len > 0 ? " takes its place." : "");
    return ids.len == 0 || server_load_account(context, server, ids.at[ids.len - 1], out, err);
}

static bool is_same_account(const struct ca *a, const struct ca *b)
{
    return a->account->url != NULL && text_equal(a->account->url, b->account->url);
}

/* Under the server's lock, once its session is open. *ca stays when it is well. Who comes second under the lock of the
 * accounts finds what was done. */
static bool recover(struct context *context, struct server *server, bool anew, struct ca **ca, struct error *err)
{
    AUTO(range_lock_release) struct range_lock *lock = NULL;
    struct stored_account *account;
    struct ca *lost = *ca;

    if (!context->settings->dry_run)
        TRY(account_store_lock(context->store, server->named.name, &lock, err));
    TRY(recover_account(context, server->session, lost->account, anew, &account, err));
    if (account == NULL)
        return true;
    TRY(ca_make(server, account, ca, err));
    lost->successor = *ca;
    return true;
}

/* The CA knows only one of the keys; as long as it cannot be asked, either may be that one. */
static void settle(struct context *context, struct server *server, struct ca **ca)
{
    struct error unknown = { 0 };

    if (!server_open(context, server, &unknown) || !recover(context, server, false, ca, &unknown))
        log_info("the account %s: %s", (*ca)->account->id, unknown.why);
}

/* The only other one with the same address at the CA; count when there is none. */
static size_t twin_of(struct ca *const *all, size_t count, size_t of)
{
    size_t twin = count, others = 0;

    for (size_t i = 0; i < count; i++) {
        if (i == of || !is_same_account(all[i], all[of]))
            continue;
        twin = i;
        others++;
    }
    return others == 1 ? twin : count;
}

/* Two accounts with one URL at the CA are one account whose change of key was cut short: the user is not asked which.
 * Changes leave no more than two. */
static bool join_twins(struct context *context, struct server *server, struct list *ids, struct error *err)
{
    AUTO(free) struct ca **all = xcalloc(ids->len, sizeof *all);
    AUTO(list_clear) struct list joined = { 0 };

    for (size_t i = 0; i < ids->len; i++)
        TRY(server_load_account(context, server, ids->at[i], &all[i], err));
    for (size_t i = 0; i < ids->len; i++) {
        size_t twin = twin_of(all, ids->len, i);

        if (twin > i && twin < ids->len) { /* the newer one stays */
            settle(context, server, &all[i]);
            settle(context, server, &all[twin]);
        } else {
            list_add(&joined, all[i]->account->id);
        }
    }
    list_clear(ids);
    *ids = joined;
    joined = (struct list){ 0 };
    return true;
}

/* Under the server's lock. *out is NULL when there is no account. Where none is made, that is said even if one that is
 * not there was named, as with Certbot. */
static bool find_account(struct context *context, bool make, struct server *server, struct ca **out, struct error *err)
{
    const char *named = context->answers->account != NULL ? context->answers->account : context->settings->account;
    AUTO(list_clear) struct list ids = { 0 };

    *out = NULL;
    if (named == NULL || !make)
        TRY(account_store_ids(context->store, server->named.name, &ids, err));
    if (named != NULL)
        return (!make && ids.len == 0) || named_account(context, server, named, out, err);
    if (ids.len > 1)
        TRY(join_twins(context, server, &ids, err));
    if (ids.len == 1)
        return server_load_account(context, server, ids.at[0], out, err);
    if (ids.len > 1)
        return choose_account(context, server, &ids, out, err);
    return true;
}

/* Under the server's lock. Another process may be making one for the same CA: then that one is ours, too. */
static bool make_account(struct context *context, struct server *server, struct ca **out, struct error *err)
{
    AUTO(range_lock_release) struct range_lock *lock = NULL;
    struct stored_account *account;

    TRY(account_store_lock(context->store, server->named.name, &lock, err));
    TRY(find_account(context, true, server, out, err));
    if (*out != NULL)
        return true;
    if (!register_account(context, server->session, NULL, &account, err)) {
        if (SETTING_ORIGIN(context->settings, account) == ORIGIN_RENEWAL && err->kind != ERROR_CANCELED)
            (void)error_next(err,
                "run the register command with --server %s: certificates whose account is gone go on with that one",
                server->named.name);
        return false;
    }
    return ca_make(server, account, out, err);
}

/* Whether an account may be registered without a question: the terms are agreed to, and changes are permitted. */
static bool may_register(const struct context *context)
{
    return context->settings->agree_tos && !context->settings->dry_run;
}

/* Under the server's lock. */
static void sweep(struct context *context, struct server *server)
{
    struct error left = { 0 };

    if (!server->swept && !context->settings->dry_run &&
        !account_store_sweep(context->store, server->named.name, &left))
        log_info("what was left beside the accounts stays for now: %s", left.why);
    server->swept = true;
}

static void use_account(struct context *context, const struct ca *ca)
{
    xreplace(&context->answers->account, ca->account->id);
}

static bool get_account(struct context *context, bool make, struct ca **out, struct error *err)
{
    struct server *server = server_get(context->run, context->settings->server);
    struct ca *ca = NULL;
    MUTEX_HOLD(&server->named.lock);

    sweep(context, server);
    TRY(find_account(context, make, server, &ca, err));
    if (ca != NULL || make)
        TRY(server_open(context, server, err));
    if (ca == NULL && make)
        TRY(make_account(context, server, &ca, err));
    if (ca != NULL && ca->session == NULL)
        ca->session = server->session; /* loaded before it was open; later, other workers read it without the lock */
    if (ca != NULL && ca->account->url == NULL)
        TRY(recover(context, server, make && may_register(context), &ca, err));
    if (ca != NULL)
        use_account(context, ca);
    *out = ca;
    return true;
}

static bool choose_existing(struct context *context, struct ca **out, struct error *err)
{
    struct server *server = server_get(context->run, context->settings->server);
    MUTEX_HOLD(&server->named.lock);

    return find_account(context, true, server, out, err);
}

bool context_choose_account(struct context *context, struct error *err)
{
    struct ca *ca = NULL;

    TRY(choose_existing(context, &ca, err));
    if (ca == NULL)
        return context_account(context, &ca, err);
    use_account(context, ca);
    return true;
}

/* A signature with a key that the account has no longer is told as "malformed" by some (RFC 8555 section 6.2). */
static bool is_of_account(const struct error *err)
{
    return err->kind == ERROR_ACME &&
           (strcmp(err->problem, "accountDoesNotExist") == 0 || strcmp(err->problem, "unauthorized") == 0 ||
               strcmp(err->problem, "malformed") == 0);
}

/* Under the server's lock. False with the reason in *reason, or with the refusal when the account is well. */
static bool replace_account(struct context *context, struct server *server, bool anew, struct ca **ca,
    const struct error *refusal, struct error *reason)
{
    const struct ca *before = *ca;

    *ca = last_of(*ca);
    if (*ca != before) /* another worker has come here first */
        return true;
    TRY(recover(context, server, anew, ca, reason));
    if (*ca != before)
        return true;
    *reason = *refusal; /* the CA knows the account, and refused for another reason */
    return false;
}

static bool recover_refused(struct context *context, bool anew, struct ca **ca, struct error *err)
{
    struct server *server = server_get(context->run, context->settings->server);
    struct error reason = { 0 };
    struct ca *other = *ca;
    MUTEX_HOLD(&server->named.lock);

    if (!is_of_account(err))
        return false;
    if (!replace_account(context, server, anew, &other, err, &reason)) {
        if (reason.kind != ERROR_NONE)
            *err = reason;
        return false;
    }
    *ca = other;
    use_account(context, other);
    error_clear(err);
    return true;
}

bool context_recover_account(struct context *context, struct ca **ca, struct error *err)
{
    return recover_refused(context, may_register(context), ca, err);
}

bool context_find_account_again(struct context *context, struct ca **ca, struct error *err)
{
    return recover_refused(context, false, ca, err);
}

bool context_replace_account(struct context *context, struct ca **ca, struct stored_account *account, struct error *err)
{
    struct server *server = server_get(context->run, context->settings->server);
    struct ca *before = *ca;
    MUTEX_HOLD(&server->named.lock);

    TRY(ca_make(server, account, ca, err));
    before->successor = *ca;
    use_account(context, *ca);
    return true;
}

bool context_account(struct context *context, struct ca **out, struct error *err)
{
    return get_account(context, true, out, err);
}

bool context_existing_account(struct context *context, struct ca **out, struct error *err)
{
    return get_account(context, false, out, err);
}
