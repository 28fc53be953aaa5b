#include "status/online.h"

#include <errno.h>
#include <string.h>

#include "acme/session.h"
#include "base/clock.h"
#include "base/identifier.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/parallel.h"
#include "net/probe.h"
#include "preflight/lookup.h"
#include "status/serving.h"
#include "store/store.h"

#define CERTS_MAX 500   /* whose servers are asked */
#define NAMES_MAX 3     /* of each */
#define ADDRESSES_MAX 4 /* of each name */
#define THREADS 32
#define PROBE_MS 5000 /* one server */
#define CA_MS 10000   /* one CA */
#define ALL_MS 45000  /* what is not begun by then is left out */

struct target { /* one name of one certificate */
    struct cert_status *cert;
    char *name;
    bool is_ip;
    struct served found[ADDRESSES_MAX];
    size_t count;
    bool is_unasked;
};

struct asking {
    struct net *net;
    struct resolvers resolvers;
    struct status *status;
    int port;
    struct cert **live; /* of each certificate that is asked about; NULL: it cannot be read */
    struct target *targets;
    size_t target_count, cert_count;
    int64_t until_ms; /* of clock_monotonic_ms */
};

static void asking_clear_at(struct asking *asking)
{
    for (size_t i = 0; asking->live != NULL && i < asking->cert_count; i++)
        cert_free(asking->live[i]);
    free(asking->live);
    for (size_t i = 0; i < asking->target_count; i++)
        free(asking->targets[i].name);
    free(asking->targets);
}

/* ---- servers ---- */

static void add_addresses(struct asking *asking, const char *name, enum dns_type type, size_t most, struct list *out)
{
    AUTO(lookup_clear) struct lookup lookup = { .ede = -1 };

    lookup_ask(&asking->resolvers, name, type, &lookup);
    for (size_t i = 0; i < lookup.found.len && out->len < most; i++)
        list_add(out, lookup.found.at[i]);
}

static void find_addresses(struct asking *asking, const struct target *target, struct list *out)
{
    if (target->is_ip) {
        list_add(out, target->name);
        return;
    }
    add_addresses(asking, target->name, DNS_A, ADDRESSES_MAX - 1, out);
    add_addresses(asking, target->name, DNS_AAAA, ADDRESSES_MAX, out);
}

/* False: no way leads there from here, which says nothing of the server. */
static bool ask_server(struct asking *asking, const struct target *target, const char *address, struct served *out)
{
    const struct probe probe = {
        .address = address, .port = asking->port, .sni = target->is_ip ? NULL : target->name, .timeout_ms = PROBE_MS
    };
    const struct cert *live = asking->live[target->cert - asking->status->certs.at];
    AUTO(probed_clear) struct probed probed = { 0 };
    struct error err = { 0 };

    out->name = xstrdup(target->name);
    out->address = xstrdup(address);
    out->port = asking->port;
    out->how = SERVING_NONE;
    if (!net_probe(asking->net, &probe, &probed, &err)) {
        out->what = xstrdup(err.why);
        return err.sys != ENETUNREACH;
    }
    if (probed.count == 0)
        out->what = xstrdup("it shows no certificate");
    else
        serving_judge(buf_view(&probed.chain[0]), live, target->name, asking->status->now, out);
    return true;
}

static void drop_served(struct served *served)
{
    free(served->name);
    free(served->address);
    free(served->what);
    free(served->key);
    *served = (struct served){ 0 };
}

static void ask_target(struct asking *asking, struct target *target)
{
    AUTO(list_clear) struct list addresses = { 0 };

    if (clock_monotonic_ms() >= asking->until_ms || asking->live[target->cert - asking->status->certs.at] == NULL) {
        target->is_unasked = true;
        return;
    }
    find_addresses(asking, target, &addresses);
    for (size_t i = 0; i < addresses.len; i++) {
        struct served *served = &target->found[target->count];

        if (ask_server(asking, target, addresses.at[i], served) || addresses.len == 1)
            target->count++;
        else
            drop_served(served);
    }
    if (target->count == 0)
        target->found[target->count++] = (struct served){ .name = xstrdup(target->name),
            .port = asking->port,
            .how = SERVING_NONE,
            .what = xstrdup(addresses.len == 0 ? "no address is known for it" : "no way leads to its addresses") };
}

/* ---- CAs ---- */

static void ask_authority(struct asking *asking, struct authority *authority)
{
    const struct http_request request = { .method = HTTP_GET, .url = authority->url, .timeout_ms = CA_MS };
    AUTO(http_response_clear) struct http_response response = { 0 };
    AUTO(directory_clear) struct directory directory = { 0 };
    const char *date;
    struct error err = { 0 };
    int64_t said;

    authority->is_asked = true;
    if (net_http(asking->net, &request, &response, &err)) {
        if (response.status != 200)
            (void)error_set(&err, ERROR_NETWORK, "it answers with status %d", response.status);
        else
            authority->answers = directory_parse(buf_view(&response.body), &directory, &err);
    }
    if (!authority->answers)
        authority->why = xstrdup(err.why);
    date = http_header(&response, "date", NULL);
    authority->has_clock = date != NULL && clock_parse_http_date(view_of(date), &said);
    if (authority->has_clock)
        authority->ahead_s = said - clock_now();
}

/* ---- all of them ---- */

static void ask_any(void *ctx, size_t index)
{
    struct asking *asking = ctx;
    struct error interrupted = { 0 };

    if (!interrupt_check(&interrupted))
        return;
    if (index < asking->status->authority_count)
        ask_authority(asking, &asking->status->authorities[index]);
    else
        ask_target(asking, &asking->targets[index - asking->status->authority_count]);
}

static struct cert *read_live(struct store *store, const char *name)
{
    AUTO(lineage_free) struct lineage *lineage = NULL;
    struct error err = { 0 };

    if (lineage_load(store, name, &lineage, &err) && (!lineage->pending_deployment || lineage_take_live(lineage, &err)))
        return TAKE(lineage->cert);
    log_debug("%s: %s", name, err.why);
    return NULL;
}

/* A wildcard is no name that a server could be asked for. */
static void add_targets(struct asking *asking, struct cert_status *cert)
{
    AUTO(identifiers_clear) struct identifiers typed = identifiers_typed(&cert->names);
    size_t count = 0;

    for (size_t i = 0; i < typed.len && count < NAMES_MAX; i++) {
        struct target *target = &asking->targets[asking->target_count];

        if (identifier_is_wildcard(&typed.at[i]))
            continue;
        target->cert = cert;
        target->name = xstrdup(typed.at[i].value);
        target->is_ip = typed.at[i].type == IDENTIFIER_IP;
        asking->target_count++;
        count++;
    }
}

static void list_targets(struct asking *asking, struct store *store)
{
    struct worst *certs = &asking->status->certs;

    asking->cert_count = certs->len < CERTS_MAX ? certs->len : CERTS_MAX;
    asking->live = xcalloc(asking->cert_count + 1, sizeof *asking->live);
    asking->targets = xcalloc(asking->cert_count * NAMES_MAX + 1, sizeof *asking->targets);
    for (size_t i = 0; i < asking->cert_count; i++)
        if (certs->at[i].is_known) {
            asking->live[i] = read_live(store, certs->at[i].name);
            add_targets(asking, &certs->at[i]);
        }
    asking->status->unasked = status_all(asking->status) - asking->cert_count;
}

static void keep_served(struct cert_status *cert, struct served *served)
{
    if (cert->served_len == CERT_SERVED_MAX) {
        drop_served(served);
        return;
    }
    cert->served = xrealloc(cert->served, cert->served_len + 1, sizeof *cert->served);
    cert->served[cert->served_len++] = *served;
}

/* Hands what was found to the certificates. Targets of one certificate stand together. */
static void keep_found(struct asking *asking)
{
    for (size_t i = 0; i < asking->target_count; i++) {
        struct target *target = &asking->targets[i];
        bool is_next = i > 0 && target[-1].cert == target->cert && target[-1].is_unasked;

        if (target->is_unasked && !is_next)
            asking->status->unasked++;
        for (size_t k = 0; k < target->count; k++)
            keep_served(target->cert, &target->found[k]);
    }
}

bool online_ask(struct context *context, struct status *status, struct error *err)
{
    AUTO(asking_clear)
    struct asking asking = {
        .status = status, .port = context->settings->https_port, .until_ms = clock_monotonic_ms() + ALL_MS
    };

    TRY(context_net(context, &asking.net, err));
    if (asking.net == NULL) /* a test plays what is outside */
        return true;
    asking.resolvers.within = (struct ask_within){ asking.net, asking.until_ms, LOOKUP_QUESTION_MS };
    status->is_online = true;
    list_targets(&asking, context->store);
    parallel_wait_for(status->authority_count + asking.target_count, THREADS, ask_any, &asking);
    keep_found(&asking);
    return interrupt_check(err);
}
