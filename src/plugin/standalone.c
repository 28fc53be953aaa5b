#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/mutex.h"
#include "base/text.h"
#include "net/port_owner.h"
#include "plugin/builtin.h"

#define OTHER_WAIT_S 180 /* for another run that answers on the same port: its challenges take a minute at most */
#define OTHER_POLL_MS 250
#define TURN_POLL_MS 20 /* between looks whether a responder, or a name, has become free */

/*
 * Answers the CA from a small server in the network process: a web server for http-01, a TLS server for tls-alpn-01.
 *
 * Knows which tokens and names are wanted by whom; sockets, HTTP and TLS are behind net/net.h.
 */
struct standalone { /* one order */
    const struct plugin_context *context;
    struct responders *responders;
    struct list tokens;  /* of http-01: presented and not cleaned up yet */
    struct list names;   /* of tls-alpn-01: the same */
    struct list claimed; /* identifiers that are this order's among the names in use */
    bool entered;        /* counted in orders */
    bool open[RESPONDER_COUNT];
};

struct responders {    /* shared by all orders of a run */
    struct mutex lock; /* guards what follows */

    /* A CA may hand the same pending authorization to two orders: their token goes when the last of them is done. The
     * lock is held while the responder is told, too, so that a removal cannot overtake an addition. */
    struct list tokens_in_use; /* with repetition */

    /* For tls-alpn-01 a name has one certificate, so two orders for one name take turns. An order claims all its names
     * at once: two orders with part of them each would wait for each other for ever. */
    struct list names_in_use;

    /* Each responder listens in one place at a time. Lineages with other addresses or ports take their turn: for both
     * responders at once, lest two orders that need both wait for each other. */
    char *where;
    size_t orders; /* orders that listen there now, or are about to */
};

/* ---- what all orders of a run share ---- */

static char *share_key(const struct plugin *plugin, const struct settings *settings)
{
    (void)plugin;
    (void)settings;
    return xstrdup(""); /* the network process has one set of responders */
}

static bool make(const struct plugin_context *context, void **shared, struct error *err)
{
    struct responders *responders = xcalloc(1, sizeof *responders);

    (void)context;
    (void)err;
    mutex_init(&responders->lock);
    *shared = responders;
    return true;
}

static void end(void *shared)
{
    struct responders *responders = shared;

    list_clear(&responders->tokens_in_use);
    list_clear(&responders->names_in_use);
    free(responders->where);
    mutex_destroy(&responders->lock);
    free(responders);
}

static const struct plugin_share share = { .key = share_key, .make = make, .end = end };

/* ---- turns ---- */

static const char *address_of(const struct settings *settings, enum responder responder)
{
    return responder == RESPONDER_HTTP ? settings->http_01_address : settings->tls_alpn_01_address;
}

static int port_of(const struct settings *settings, enum responder responder)
{
    return responder == RESPONDER_HTTP ? settings->http_01_port : settings->tls_alpn_01_port;
}

/* False while orders of another place are at work. */
static bool try_enter(struct standalone *standalone)
{
    const struct settings *settings = standalone->context->settings;
    struct responders *responders = standalone->responders;
    const char *http = settings->http_01_address, *alpn = settings->tls_alpn_01_address;
    AUTO(free)
    char *where = xprintf("%s %d, %s %d", http != NULL ? http : "", settings->http_01_port, alpn != NULL ? alpn : "",
        settings->tls_alpn_01_port);
    MUTEX_HOLD(&responders->lock);

    standalone->entered = responders->orders == 0 || text_equal(responders->where, where);
    if (standalone->entered && responders->orders++ == 0)
        xreplace(&responders->where, where);
    return standalone->entered;
}

static void leave(struct standalone *standalone)
{
    struct responders *responders = standalone->responders;
    MUTEX_HOLD(&responders->lock);

    if (standalone->entered && --responders->orders == 0)
        xreplace(&responders->where, NULL);
    standalone->entered = false;
}

static bool forget(struct list *list, const char *text)
{
    for (size_t i = 0; i < list->len; i++) {
        if (strcmp(list->at[i], text) == 0) {
            list_remove(list, i);
            return true;
        }
    }
    return false;
}

/* False while another order has one of the names. */
static bool try_claim(struct standalone *standalone, const struct list *names)
{
    struct responders *responders = standalone->responders;
    bool ok = true;
    MUTEX_HOLD(&responders->lock);

    for (size_t i = 0; ok && i < names->len; i++)
        ok = !list_has(&responders->names_in_use, names->at[i]);
    if (ok) {
        list_add_all(&responders->names_in_use, names);
        list_add_all(&standalone->claimed, names);
    }
    return ok;
}

static void give_up_claims(struct standalone *standalone)
{
    MUTEX_HOLD(&standalone->responders->lock);

    for (size_t i = 0; i < standalone->claimed.len; i++)
        (void)forget(&standalone->responders->names_in_use, standalone->claimed.at[i]);
    list_clear(&standalone->claimed);
}

static bool prepare(const struct plugin_context *context, void **self, struct error *err __attribute__((unused)))
{
    struct standalone *standalone = xcalloc(1, sizeof *standalone);

    standalone->context = context;
    standalone->responders = context->shared;
    *self = standalone;
    return true;
}

/* ---- the responders ---- */

static bool wants_retry(struct ui *ui, const struct error *err)
{
    struct question question = { .text = err->why, .has_default = true };
    struct error ignored = { 0 };
    bool retry = false;

    return err->sys == EADDRINUSE && ui_yes_no(ui, &question, "Retry", "Cancel", false, &retry, &ignored) && retry;
}

/* Whether another run of ours has the port, and it was waited for it a little: then it is worth another try. */
static bool wait_for_other(const char *address, int port, int64_t *end_ms, struct error *err)
{
    AUTO(free) char *owner = NULL;
    bool ours;

    if (err->sys != EADDRINUSE)
        return false;
    owner = port_owner(address, port, &ours);
    if (owner == NULL) /* released at this moment, or held by a process that we cannot see */
        ours = *end_ms != 0;
    if (!ours)
        return false;
    if (*end_ms == 0) {
        *end_ms = clock_monotonic_ms() + OTHER_WAIT_S * 1000;
        log_warning("Waiting up to %d s for %s, another run that answers on port %d.", OTHER_WAIT_S, owner, port);
    }
    if (clock_monotonic_ms() >= *end_ms)
        return false;
    return clock_sleep_ms(OTHER_POLL_MS) || interrupt_check(err);
}

/* Opens the responder when the first answer is presented: a CA that still has valid authorizations does not ask, and
 * the port may be in use. */
static bool open_responder(struct standalone *standalone, enum responder responder, struct error *err)
{
    const struct plugin_context *context = standalone->context;
    const char *address = address_of(context->settings, responder);
    int port = port_of(context->settings, responder);
    bool *open = &standalone->open[responder];
    int64_t end_ms = 0;

    while (!standalone->entered && !try_enter(standalone))
        if (!clock_sleep_ms(TURN_POLL_MS))
            TRY(interrupt_check(err));
    while (!*open) {
        *open = net_responder_open(context->net, responder, address, port, err);
        if (!*open && !wait_for_other(address, port, &end_ms, err) && !wants_retry(context->ui, err))
            return false;
    }
    return true;
}

/* ---- http-01 ---- */

static bool present_http(struct standalone *standalone, const struct proof *proof, struct error *err)
{
    bool ok;

    TRY(proof_check_http(proof, err));
    MUTEX_HOLD(&standalone->responders->lock);
    list_add(&standalone->tokens, proof->token);
    list_add(&standalone->responders->tokens_in_use, proof->token);
    ok = net_responder_add(standalone->context->net, proof->token, view_of(proof->key_authorization), err);
    return ok;
}

static bool cleanup_http(struct standalone *standalone, const char *token, struct error *err)
{
    struct responders *responders = standalone->responders;
    bool ok = true;

    if (!forget(&standalone->tokens, token))
        return true;
    MUTEX_HOLD(&responders->lock);
    (void)forget(&responders->tokens_in_use, token);
    if (!list_has(&responders->tokens_in_use, token))
        ok = net_responder_remove(standalone->context->net, token, err);
    return ok;
}

/* ---- tls-alpn-01 ---- */

static bool claim_names(struct standalone *standalone, const struct list *names, struct error *err)
{
    while (standalone->claimed.len == 0 && !try_claim(standalone, names))
        if (!clock_sleep_ms(TURN_POLL_MS))
            TRY(interrupt_check(err));
    return true;
}

static bool present_alpn(struct standalone *standalone, const struct proof *proof, struct error *err)
{
    list_add(&standalone->names, proof->identifier);
    return net_alpn_add(standalone->context->net, proof->identifier, proof->digest, err);
}

static bool cleanup_alpn(struct standalone *standalone, const char *name, struct error *err)
{
    bool ok;

    if (!forget(&standalone->names, name))
        return true;
    ok = net_alpn_remove(standalone->context->net, name, err);
    if (standalone->names.len == 0)
        give_up_claims(standalone);
    return ok;
}

/* ---- as plugin/plugin.h wants it ---- */

static bool present_one(void *self, struct proof *proof, struct error *err)
{
    return proof->kind == PROOF_ALPN ? present_alpn(self, proof, err) : present_http(self, proof, err);
}

static bool clean_up_one(void *self, struct proof *proof, struct error *err)
{
    if (proof->kind == PROOF_ALPN)
        return cleanup_alpn(self, proof->identifier, err);
    return proof->token == NULL || cleanup_http(self, proof->token, err);
}

/* A port that cannot be had fails all proofs, and is asked for once. */
static bool present(void *self, struct proof *const *proofs, size_t count, struct error *err)
{
    for (size_t i = 0; i < count; i++) {
        TRY(open_responder(self, proofs[i]->kind == PROOF_ALPN ? RESPONDER_ALPN : RESPONDER_HTTP, err));
        if (proofs[i]->kind == PROOF_ALPN)
            TRY(claim_names(self, proofs[i]->all_identifiers, err));
    }
    return proof_each(self, proofs, count, PROOF_PRESENTED, present_one, err);
}

static bool cleanup(void *self, struct proof *const *proofs, size_t count, struct error *err)
{
    return proof_each(self, proofs, count, PROOF_WANTED, clean_up_one, err);
}

/* Removes answers that were presented and never cleaned up. */
static void clean_up_rest(struct standalone *standalone)
{
    struct error ignored = { 0 };

    while (standalone->tokens.len > 0) {
        AUTO(free) char *token = xstrdup(standalone->tokens.at[0]);

        (void)!cleanup_http(standalone, token, &ignored);
    }
    while (standalone->names.len > 0) {
        AUTO(free) char *name = xstrdup(standalone->names.at[0]);

        (void)!cleanup_alpn(standalone, name, &ignored);
    }
}

static void release(void *self)
{
    struct standalone *standalone = self;

    if (standalone == NULL)
        return;
    clean_up_rest(standalone);
    list_clear(&standalone->tokens);
    list_clear(&standalone->names);
    give_up_claims(standalone);
    for (size_t i = 0; i < RESPONDER_COUNT; i++)
        if (standalone->open[i])
            net_responder_close(standalone->context->net, (enum responder)i,
                address_of(standalone->context->settings, (enum responder)i),
                port_of(standalone->context->settings, (enum responder)i));
    leave(standalone);
    free(standalone);
}

static char *hint(void *self, const char *type)
{
    const struct standalone *standalone = self;
    enum responder responder = text_equal(type, "tls-alpn-01") ? RESPONDER_ALPN : RESPONDER_HTTP;
    int wanted = responder == RESPONDER_ALPN ? 443 : 80;
    int port = port_of(standalone->context->settings, responder);
    const char *also = responder == RESPONDER_ALPN
                           ? " Nothing in between may end TLS (a proxy, a load balancer, a content "
                             "delivery network): it would not speak acme-tls/1."
                           : "";

    if (port == wanted)
        return xprintf("The CA has to reach this machine on port %d, from anywhere in the Internet: check that the "
                       "names lead to its address (IPv6, too) and that no firewall or router keeps port %d closed.%s",
            wanted, wanted, also);
    return xprintf("The CA asks on port %d, and this machine answered on port %d: check that what arrives on port %d "
                   "of the names' addresses is forwarded to port %d here, and that no firewall stands between.%s",
        wanted, port, wanted, port, also);
}

static const char *const types[] = { "http-01", "tls-alpn-01", NULL };

static const struct authenticator authenticator = {
    .types = types,
    .server = SERVER_OURS,
    .prepare = prepare,
    .present = present,
    .cleanup = cleanup,
    .release = release,
    .hint = hint,
};

const struct plugin plugin_standalone = {
    .name = "standalone",
    .description = "With a small web server of our own, started for the check alone; port 80 must be free",
    .authenticator = &authenticator,
    .share = &share,
};
