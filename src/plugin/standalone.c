#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "net/port_owner.h"
#include "plugin/builtin.h"

#define OTHER_WAIT_S 180 /* for another run that answers on the same port: its challenges take a minute at most */
#define OTHER_POLL_MS 250
#define PLACE_POLL_MS 20 /* between looks whether the responder has become free for another place */

/*
 * Answers the CA from a small web server in the network process.
 *
 * Knows which tokens are wanted by whom; sockets and HTTP are behind net/net.h.
 */
struct standalone { /* one order */
    const struct plugin_context *context;
    struct list tokens; /* presented and not cleaned up yet */
    bool open;
};

/*
 * A CA may hand the same pending authorization to two orders: their token goes when the last of them is done. Held
 * while the responder is told, too, so that a removal cannot overtake an addition.
 */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct list tokens_in_use; /* with repetition */

/* The responder listens in one place at a time. Lineages with another --http-01-address or port take their turn. */
static struct {
    char *address;
    int port;
    size_t orders; /* that listen there now, or are about to */
} place;

/* False while orders of another place are at work. */
static bool try_enter(const char *address, int port)
{
    bool ok;

    (void)pthread_mutex_lock(&lock);
    ok = place.orders == 0 || (place.port == port && text_equal(place.address, address));
    if (ok && place.orders++ == 0) {
        xreplace(&place.address, address);
        place.port = port;
    }
    (void)pthread_mutex_unlock(&lock);
    return ok;
}

static void leave(void)
{
    (void)pthread_mutex_lock(&lock);
    if (--place.orders == 0)
        xreplace(&place.address, NULL);
    (void)pthread_mutex_unlock(&lock);
}

static bool prepare(const struct plugin_context *context, void **self, struct error *err __attribute__((unused)))
{
    struct standalone *standalone = xcalloc(1, sizeof *standalone);

    standalone->context = context;
    *self = standalone;
    return true;
}

static bool wants_retry(struct ui *ui, const struct error *err)
{
    struct question question = { .text = err->why, .has_default = true };
    struct error ignored = { 0 };
    bool retry = false;

    return err->sys == EADDRINUSE && ui_yes_no(ui, &question, "Retry", "Cancel", false, &retry, &ignored) && retry;
}

/* Whether another run of ours has the port, and it was waited for it a little: then it is worth another try. */
static bool wait_for_other(const struct settings *settings, int64_t *end_ms, struct error *err)
{
    AUTO(free) char *owner = NULL;
    bool ours;

    if (err->sys != EADDRINUSE)
        return false;
    owner = port_owner(settings->http_01_address, settings->http_01_port, &ours);
    if (owner == NULL) /* given up at this moment, or of somebody whose processes cannot be seen */
        ours = *end_ms != 0;
    if (!ours)
        return false;
    if (*end_ms == 0) {
        *end_ms = clock_monotonic_ms() + OTHER_WAIT_S * 1000;
        log_warning("Waiting up to %d s for %s, another run that answers on port %d.", OTHER_WAIT_S, owner,
            settings->http_01_port);
    }
    if (clock_monotonic_ms() >= *end_ms)
        return false;
    return clock_sleep_ms(OTHER_POLL_MS) || interrupt_check(err);
}

/* Only once there is something to answer: a CA that still knows the names does not ask, and the port may be in use. */
static bool open_responder(struct standalone *standalone, struct error *err)
{
    const struct settings *settings = standalone->context->settings;
    int64_t end_ms = 0;

    if (standalone->open)
        return true;
    while (!try_enter(settings->http_01_address, settings->http_01_port))
        if (!clock_sleep_ms(PLACE_POLL_MS))
            TRY(interrupt_check(err));
    do
        standalone->open = net_responder_open(
            standalone->context->net, RESPONDER_HTTP, settings->http_01_address, settings->http_01_port, err);
    while (!standalone->open && (wait_for_other(settings, &end_ms, err) || wants_retry(standalone->context->ui, err)));
    if (!standalone->open)
        leave();
    return standalone->open;
}

static bool present(void *self, struct proof *proof, struct error *err)
{
    struct standalone *standalone = self;
    bool ok;

    TRY(proof_check_http(proof, err));
    TRY(open_responder(standalone, err));
    (void)pthread_mutex_lock(&lock);
    list_add(&standalone->tokens, proof->token);
    list_add(&tokens_in_use, proof->token);
    ok = net_responder_add(standalone->context->net, proof->token, view_of(proof->key_authorization), err);
    (void)pthread_mutex_unlock(&lock);
    return ok;
}

static bool forget(struct list *list, const char *token)
{
    for (size_t i = 0; i < list->len; i++) {
        if (strcmp(list->at[i], token) == 0) {
            list_remove(list, i);
            return true;
        }
    }
    return false;
}

static bool cleanup(void *self, struct proof *proof, struct error *err)
{
    struct standalone *standalone = self;
    bool ok = true;

    if (proof->token == NULL || !forget(&standalone->tokens, proof->token))
        return true;
    (void)pthread_mutex_lock(&lock);
    (void)forget(&tokens_in_use, proof->token);
    if (!list_has(&tokens_in_use, proof->token))
        ok = net_responder_remove(standalone->context->net, proof->token, err);
    (void)pthread_mutex_unlock(&lock);
    return ok;
}

static void release(void *self)
{
    struct standalone *standalone = self;

    if (standalone == NULL)
        return;
    while (standalone->tokens.len > 0) { /* for which nobody called cleanup */
        AUTO(free) char *token = xstrdup(standalone->tokens.at[0]);
        struct error ignored = { 0 };

        (void)cleanup(standalone, &(struct proof){ .token = token }, &ignored);
    }
    list_clear(&standalone->tokens);
    if (standalone->open) {
        net_responder_close(standalone->context->net, RESPONDER_HTTP);
        leave();
    }
    free(standalone);
}

static char *hint(void *self, const char *type __attribute__((unused)))
{
    const struct standalone *standalone = self;
    int port = standalone->context->settings->http_01_port;

    if (port == 80)
        return xstrdup("The CA has to reach this machine on port 80, from anywhere in the Internet: check that the "
                       "names lead to its address (IPv6, too) and that no firewall or router keeps port 80 closed.");
    return xprintf("The CA asks on port 80, and this machine answered on port %d: check that what arrives on port 80 "
                   "of the names' addresses is forwarded to port %d here, and that no firewall stands between.",
        port, port);
}

static const struct authenticator authenticator = {
    .types = proof_http_types,
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
};
