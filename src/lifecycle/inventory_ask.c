#include "lifecycle/inventory_ask.h"

#include <string.h>

#include "base/interrupt.h"
#include "base/mem.h"
#include "base/mutex.h"
#include "base/parallel.h"
#include "run/revocation.h"

#define ASKING_THREADS 16 /* each waits for a foreign server; as many connections as one host gets */
#define HOSTS_MAX 256     /* that are looked for ahead */
#define WORTH_THREADS 64

struct asking { /* what the threads share */
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

bool inventory_is_asked_for(const struct settings *settings, const char *name, const struct list *identifiers)
{
    if (settings->cert_name != NULL && strcmp(settings->cert_name, name) != 0)
        return false;
    return list_is_subset(&settings->domains, identifiers) && list_is_subset(&settings->ip_addresses, identifiers);
}

/* The host that is asked first for a certificate. */
static char *host_of(const struct cert *cert)
{
    return revocation_host(cert->ocsp_url != NULL ? cert->ocsp_url : cert->crl_url);
}

size_t inventory_order_by_host(struct inventory_entry **at, size_t count)
{
    AUTO(list_clear) struct list hosts = { 0 };
    size_t front = 0;

    for (size_t i = 0; i < count; i++) {
        struct inventory_entry *entry = at[i];
        AUTO(free) char *host = host_of(entry->lineage->cert);

        if (list_has(&hosts, host))
            continue;
        list_add(&hosts, host);
        at[i] = at[front];
        at[front++] = entry;
    }
    return front;
}

bool inventory_ask(struct context *context, struct inventory_entry *entries, size_t len, int64_t now, struct error *err)
{
    AUTO(free) struct inventory_entry **at = xcalloc(len + 1, sizeof(*at));
    struct asking asking = { context, at };
    size_t count = 0;

    for (size_t i = 0; i < len; i++) {
        struct inventory_entry *entry = &entries[i];

        if (entry->lineage != NULL && revocation_can_be_asked(entry->lineage->cert, now))
            at[count++] = entry;
    }
    (void)inventory_order_by_host(at, count);
    parallel_wait_for(count, ASKING_THREADS, ask_one, &asking);
    return count == 0 || interrupt_check(err);
}

/* ---- looking ahead ---- */

struct looking { /* what the workers share */
    struct context *context;
    char *const *names;
    int64_t now;
    struct mutex lock;
    struct list hosts;
    struct inventory_entry found[HOSTS_MAX]; /* of each host one */
};

/* Keeps one lineage for each host that can be asked about revocation. One that cannot be read is skipped here: its
 * error is reported in its row. */
static void look_at(void *ctx, size_t index)
{
    struct looking *looking = ctx;
    AUTO(lineage_free) struct lineage *lineage = NULL;
    AUTO(free) char *host = NULL;
    struct error err = { 0 };

    if (interrupt_pending() || !lineage_load(looking->context->store, looking->names[index], &lineage, &err) ||
        !inventory_is_asked_for(looking->context->settings, lineage->name, &lineage->cert->names) ||
        !revocation_can_be_asked(lineage->cert, looking->now))
        return;
    host = host_of(lineage->cert);
    MUTEX_HOLD(&looking->lock);
    if (looking->hosts.len == HOSTS_MAX || list_has(&looking->hosts, host))
        return;
    looking->found[looking->hosts.len].lineage = TAKE(lineage);
    list_add(&looking->hosts, host);
}

bool inventory_ask_each_host(struct context *context, char *const *names, size_t count, int64_t now, struct error *err)
{
    struct looking looking = { .context = context, .names = names, .now = now };
    bool ok;

    mutex_init(&looking.lock);
    parallel_for(count, WORTH_THREADS, look_at, &looking);
    ok = interrupt_check(err) && inventory_ask(context, looking.found, looking.hosts.len, now, err);
    for (size_t i = 0; i < looking.hosts.len; i++)
        lineage_free(looking.found[i].lineage);
    list_clear(&looking.hosts);
    mutex_destroy(&looking.lock);
    return ok;
}
