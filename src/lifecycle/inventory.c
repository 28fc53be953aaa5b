#include "lifecycle/inventory.h"

#include <string.h>

#include "base/interrupt.h"
#include "base/mem.h"
#include "base/parallel.h"
#include "run/revocation.h"
#include "store/lineage_conf.h"
#include "store/lineage_verify.h"

#define DAY_S 86400
#define HOUR_S 3600
#define ASKING_THREADS 16 /* each waits for somebody else's server; as many connections as one host gets */

void inventory_clear(struct inventory *inventory)
{
    for (size_t i = 0; i < inventory->len; i++) {
        lineage_free(inventory->at[i].lineage);
        free(inventory->at[i].name);
        free(inventory->at[i].conf_path);
        free(inventory->at[i].why);
    }
    free(inventory->at);
    *inventory = (struct inventory){ 0 };
}

struct taking { /* what the workers share */
    struct context *context;
    struct inventory *inventory;
};

static void take_one(void *ctx, size_t index)
{
    struct taking *taking = ctx;
    struct inventory_entry *entry = &taking->inventory->at[index];
    struct error err = { 0 };
    const char *server;

    if (!lineage_load(taking->context->store, entry->name, &entry->lineage, &err)) {
        entry->why = xstrdup(err.why);
        return;
    }
    if ((entry->lineage->pending_deployment && !lineage_take_live(entry->lineage, &err)) ||
        !lineage_verify(entry->lineage, &err)) {
        entry->why = xstrdup(err.why);
        lineage_free(TAKE(entry->lineage));
        return;
    }
    server = lineage_server(entry->lineage);
    entry->is_test = server != NULL && server_is_staging(server);
    entry->is_expired = entry->lineage->cert->not_after <= taking->inventory->now;
}

static bool is_asked_for(const struct settings *settings, const struct inventory_entry *entry)
{
    if (entry->lineage == NULL)
        return true;
    if (settings->cert_name != NULL && strcmp(settings->cert_name, entry->name) != 0)
        return false;
    return list_is_subset(&settings->domains, &entry->lineage->cert->names) &&
           list_is_subset(&settings->ip_addresses, &entry->lineage->cert->names);
}

static void keep_matching(const struct settings *settings, struct inventory *inventory)
{
    size_t kept = 0;

    for (size_t i = 0; i < inventory->len; i++) {
        struct inventory_entry entry = inventory->at[i];

        if (is_asked_for(settings, &entry)) {
            inventory->at[kept++] = entry;
            continue;
        }
        lineage_free(entry.lineage);
        free(entry.name);
        free(entry.conf_path);
    }
    inventory->len = kept;
}

struct asking { /* what the threads that ask for revocation share */
    struct context *context;
    struct inventory_entry **at;
};

static void ask_one(void *ctx, size_t index)
{
    struct asking *asking = ctx;
    struct inventory_entry *entry = asking->at[index];
    enum revocation revocation = REVOCATION_UNKNOWN;
    struct error canceled = { 0 };

    if (interrupt_check(&canceled) && revocation_check(asking->context, entry->lineage, &revocation, &canceled))
        entry->is_revoked = revocation == REVOCATION_REVOKED;
}

void inventory_order_by_host(struct inventory_entry **at, size_t count)
{
    AUTO(list_clear) struct list hosts = { 0 };
    size_t front = 0;

    for (size_t i = 0; i < count; i++) {
        struct inventory_entry *entry = at[i];
        const struct cert *cert = entry->lineage->cert;
        AUTO(free) char *host = revocation_host(cert->ocsp_url != NULL ? cert->ocsp_url : cert->crl_url);

        if (list_has(&hosts, host))
            continue;
        list_add(&hosts, host);
        at[i] = at[front];
        at[front++] = entry;
    }
}

static bool ask_for_revocation(struct context *context, struct inventory *inventory, struct error *err)
{
    AUTO(free) struct inventory_entry **at = xcalloc(inventory->len + 1, sizeof(*at));
    struct asking asking = { context, at };
    size_t count = 0;

    for (size_t i = 0; i < inventory->len; i++) {
        struct inventory_entry *entry = &inventory->at[i];

        if (entry->lineage != NULL && revocation_can_be_asked(entry->lineage->cert, inventory->now))
            at[count++] = entry;
    }
    inventory_order_by_host(at, count);
    parallel_wait_for(count, ASKING_THREADS, ask_one, &asking);
    return count == 0 || interrupt_check(err);
}

bool inventory_take(struct context *context, struct inventory *out, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };
    struct taking taking = { context, out };

    TRY(store_lineage_names(context->store, &names, err));
    out->now = context_now(context);
    out->at = xcalloc(names.len + 1, sizeof *out->at);
    for (; out->len < names.len; out->len++) {
        out->at[out->len].name = xstrdup(names.at[out->len]);
        out->at[out->len].conf_path = store_conf_path(context->store, names.at[out->len]);
    }
    parallel_for(out->len, 64, take_one, &taking);
    keep_matching(context->settings, out);
    return ask_for_revocation(context, out, err);
}

char *inventory_status(const struct inventory_entry *entry, int64_t now)
{
    int64_t left = entry->lineage->cert->not_after - now;
    const char *end = entry->is_expired ? "EXPIRED" : entry->is_revoked ? "REVOKED" : NULL;

    if (entry->is_test || end != NULL)
        return xprintf("INVALID: %s%s%s", entry->is_test ? "TEST_CERT" : "", entry->is_test && end != NULL ? ", " : "",
            end != NULL ? end : "");
    if (left < DAY_S)
        return xprintf("VALID: %lld hour(s)", (long long)(left / HOUR_S));
    if (left < 2 * DAY_S)
        return xstrdup("VALID: 1 day");
    return xprintf("VALID: %lld days", (long long)(left / DAY_S));
}
