#include "outlook/watch.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/parallel.h"
#include "base/text.h"
#include "preflight/lookup.h"
#include "run/revocation_memory.h"

#define THREADS 100
#define ADDRESSES_MAX 32 /* of one name */
#define TRIED_MAX 4      /* addresses, one after the other, until one answers */
#define LOOKUPS_MS (30 * 60000)
#define CHAIN_MAX (64 * 1024)
#define REVOCATION_DIR "revocation" /* below the work directory */

struct host_look { /* what was seen of one host */
    struct sight *at;
    size_t len;
};

struct watching {
    struct context *context;
    struct net *net;
    const struct hosts *hosts;
    struct resolvers resolvers;
    struct transport transport;
    struct stored stored;
    struct expectation expected;
    struct host_look *looks; /* of each host */
};

static void watching_clear_at(struct watching *watching)
{
    for (size_t i = 0; watching->looks != NULL && i < watching->hosts->len; i++) {
        for (size_t k = 0; k < watching->looks[i].len; k++)
            sight_clear(&watching->looks[i].at[k]);
        free(watching->looks[i].at);
    }
    free(watching->looks);
    stored_clear(&watching->stored);
}

void watch_clear(struct watch *watch)
{
    for (size_t i = 0; i < watch->len; i++)
        sight_clear(&watch->at[i]);
    free(watch->at);
    *watch = (struct watch){ 0 };
}

/* ---- where a host is ---- */

/* why: what the resolvers have said when there is none; static. */
static void add_found(
    struct watching *watching, const char *name, enum dns_type type, struct list *out, const char **why)
{
    static const char *const words[] = {
        [LOOKUP_NOT_ASKED] = "it was not asked for",
        [LOOKUP_SILENT] = "the resolvers of this machine do not answer",
        [LOOKUP_FAILED] = "the resolvers of this machine cannot find out",
        [LOOKUP_NO_NAME] = "there is no such name",
        [LOOKUP_NOTHING] = "the name has no address",
        [LOOKUP_FOUND] = "",
    };
    AUTO(lookup_clear) struct lookup lookup = { .ede = -1 };

    lookup_ask(&watching->resolvers, name, type, &lookup);
    for (size_t i = 0; i < lookup.found.len && out->len < ADDRESSES_MAX; i++)
        list_add(out, lookup.found.at[i]);
    *why = words[lookup.what];
}

static const char *find_addresses(struct watching *watching, const struct host *host, struct list *out)
{
    const struct list *given = &watching->context->settings->addresses;
    const char *why = "", *why_six;

    if (given->len > 0) {
        list_add_all(out, given);
    } else if (host->is_ip) {
        list_add(out, host->name);
    } else if (strcmp(host->name, "localhost") == 0) { /* RFC 6761 section 6.3 */
        list_add(out, "127.0.0.1");
        list_add(out, "::1");
    } else {
        add_found(watching, host->name, DNS_A, out, &why);
        add_found(watching, host->name, DNS_AAAA, out, &why_six);
    }
    return why;
}

/* ---- one server ---- */

/* Whether its CA has revoked it: asked only of certificates that lead to a CA we trust, as it names whom to ask. A CA
 * of inside is asked where the server itself is inside. */
static void ask_revocation(struct watching *watching, struct sight *sight)
{
    AUTO(buf_clear) struct buf chain = BUF(CHAIN_MAX);
    AUTO(free) char *where = host_text(sight->host), *from = xprintf("https://%s/", where);
    struct error err = { 0 };

    if (sight->seen.trust != PROBE_TRUSTED || sight->seen.count < 2 ||
        !revocation_can_be_asked(sight->cert, watching->expected.now))
        return;
    buf_put_text(&chain, "-----BEGIN CERTIFICATE-----\n");
    buf_put_base64(&chain, buf_view(&sight->seen.chain[1]));
    buf_put_text(&chain, "\n-----END CERTIFICATE-----\n");
    if (!revocation_ask(run_revocation(watching->context->run), &watching->transport, where, from, sight->cert,
            buf_view(&chain), &sight->revocation, &err))
        log_debug("%s: %s", where, err.why);
}

/* False: nothing was reached there. */
static bool ask_at(struct watching *watching, const struct host *host, const char *address, struct sight *out)
{
    const struct probe probe = { .address = address,
        .port = host->port,
        .sni = host->is_ip ? NULL : host->name,
        .starttls = host->starttls,
        .timeout_ms = watching->context->settings->watch_timeout_s * 1000,
        .verify = true };
    struct error err = { 0 };

    *out = (struct sight){ .host = host, .address = xstrdup(address) };
    if (!net_probe(watching->net, &probe, &out->seen, &err)) {
        out->failure = xstrdup(err.why);
        return err.sys == 0;
    }
    if (out->seen.count > 0 && cert_from_der(buf_view(&out->seen.chain[0]), host->name, &out->cert, &err))
        ask_revocation(watching, out);
    return true;
}

/* ---- one host ---- */

static struct sight *add_sight(struct host_look *look)
{
    look->at = xrealloc(look->at, look->len + 1, sizeof *look->at);
    look->at[look->len] = (struct sight){ 0 };
    return &look->at[look->len++];
}

/* As a client does it: the first address that takes the connection counts. */
static void ask_first(
    struct watching *watching, const struct host *host, const struct list *addresses, struct host_look *look)
{
    struct sight *sight = add_sight(look);
    size_t most = addresses->len < TRIED_MAX ? addresses->len : TRIED_MAX;

    for (size_t i = 0; i < most; i++) {
        sight_clear(sight);
        if (ask_at(watching, host, addresses->at[i], sight))
            return;
    }
}

static void ask_host(void *ctx, size_t index)
{
    struct watching *watching = ctx;
    const struct settings *settings = watching->context->settings;
    const struct host *host = &watching->hosts->at[index];
    struct host_look *look = &watching->looks[index];
    AUTO(list_clear) struct list addresses = { 0 };
    struct error interrupted = { 0 };
    const char *why;

    if (!interrupt_check(&interrupted))
        return;
    why = find_addresses(watching, host, &addresses);
    if (addresses.len == 0) {
        *add_sight(look) = (struct sight){ .host = host, .failure = xprintf("no address is known: %s", why) };
    } else if (settings->all_addresses || settings->addresses.len > 0) {
        for (size_t i = 0; i < addresses.len; i++)
            (void)ask_at(watching, host, addresses.at[i], add_sight(look));
    } else {
        ask_first(watching, host, &addresses, look);
    }
    for (size_t i = 0; i < look->len; i++)
        sight_judge(&look->at[i], &watching->expected);
    sight_compare(look->at, look->len);
}

/* ---- all of them ---- */

/* What this user may not read of the store is not needed, unless it is to be compared with. */
static bool read_store(struct watching *watching, struct error *err)
{
    const struct settings *settings = watching->context->settings;
    const char *expected = settings->expect_cert_name;
    struct error unreadable = { 0 };

    if (!stored_add_store(&watching->stored, settings->config_dir, false, &unreadable)) {
        log_debug("%s: %s", unreadable.what, unreadable.why);
        if (expected != NULL) {
            *err = unreadable;
            return false;
        }
    }
    stored_end(&watching->stored);
    if (expected == NULL || stored_live(&watching->stored, expected) != NULL)
        return true;
    (void)error_set(err, ERROR_CONFIG, "no certificate named %s is live here", expected);
    return error_next(err, "`evercert certificates` lists those that are");
}

static void collect(struct watching *watching, struct watch *out)
{
    for (size_t i = 0; i < watching->hosts->len; i++) {
        struct host_look *look = &watching->looks[i];

        out->at = xrealloc(out->at, out->len + look->len + 1, sizeof *out->at);
        for (size_t k = 0; k < look->len; k++) {
            out->level = level_worse(out->level, look->at[k].level);
            out->at[out->len++] = look->at[k];
        }
        look->len = 0;
    }
}

bool watch_look(struct context *context, const struct hosts *hosts, struct watch *out, struct error *err)
{
    const struct settings *settings = context->settings;
    AUTO(watching_clear) struct watching watching = { .context = context, .hosts = hosts };
    AUTO(free) char *revocations = file_join(settings->work_dir, REVOCATION_DIR);

    out->now = context_now(context);
    TRY(read_store(&watching, err));
    TRY(context_net(context, &watching.net, err) && context_transport(context, &watching.transport, err));
    watching.resolvers.within =
        (struct ask_within){ watching.net, clock_monotonic_ms() + LOOKUPS_MS, LOOKUP_QUESTION_MS };
    watching.expected = (struct expectation){ .thresholds = { settings->warn_below, settings->critical_below },
        .now = out->now,
        .stored = &watching.stored,
        .lineage = settings->expect_cert_name };
    revocation_memory_use(run_revocation(context->run), revocations, out->now);
    watching.looks = xcalloc(hosts->len + 1, sizeof *watching.looks);
    parallel_wait_for(hosts->len, THREADS, ask_host, &watching);
    TRY(interrupt_check(err));
    collect(&watching, out);
    return true;
}
