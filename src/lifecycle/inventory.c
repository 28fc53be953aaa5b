#include "lifecycle/inventory.h"

#include <string.h>

#include "base/file.h"
#include "base/interrupt.h"
#include "base/mem.h"
#include "base/parallel.h"
#include "lifecycle/inventory_ask.h"
#include "run/revocation.h"
#include "store/lineage_conf.h"
#include "store/lineage_verify.h"

#define DAY_S 86400
#define HOUR_S 3600
#define WORTH_THREADS 64
#define CHECKED_FILE "checked" /* below the work directory */

struct inventory {
    struct context *context;
    struct checked *checked;
    char *checked_path;
    struct list names; /* of all lineages */
    size_t begun;      /* of them, how many were in windows */
    bool asked_ahead;
    struct inventory_window window;
    struct inventory_entry entries[INVENTORY_WINDOW];
};

static void clear_entry(struct inventory_entry *entry)
{
    lineage_free(entry->lineage);
    free(entry->name);
    free(entry->conf_path);
    free(entry->why);
}

static void clear_one(void *ctx, size_t index)
{
    struct inventory *inventory = ctx;

    clear_entry(&inventory->entries[index]);
}

static void clear_window(struct inventory *inventory)
{
    parallel_for(inventory->window.len, WORTH_THREADS, clear_one, inventory);
    memset(inventory->entries, 0, sizeof inventory->entries);
    inventory->window.len = 0;
}

bool inventory_begin(struct context *context, struct inventory **out, struct error *err)
{
    AUTO(inventory_end) struct inventory *inventory = xcalloc(1, sizeof *inventory);

    inventory->context = context;
    inventory->window.at = inventory->entries;
    inventory->window.now = context_now(context);
    TRY(store_lineage_names(context->store, &inventory->names, err));
    inventory->window.in_store = inventory->names.len;
    store_look_once(context->store);
    inventory->checked = checked_new();
    inventory->checked_path = file_join(store_work_dir(context->store), CHECKED_FILE);
    checked_load(inventory->checked, inventory->checked_path);
    *out = TAKE(inventory);
    return true;
}

void inventory_end(struct inventory *inventory)
{
    if (inventory == NULL)
        return;
    clear_window(inventory);
    checked_free(inventory->checked);
    free(inventory->checked_path);
    list_clear(&inventory->names);
    free(inventory);
}

static void take_one(void *ctx, size_t index)
{
    struct inventory *inventory = ctx;
    struct inventory_entry *entry = &inventory->entries[index];
    struct store *store = inventory->context->store;
    struct error err = { 0 };
    const char *server;

    entry->name = xstrdup(inventory->names.at[inventory->begun + index]);
    entry->conf_path = store_conf_path(store, entry->name);
    if (!lineage_load(store, entry->name, &entry->lineage, &err)) {
        entry->why = xstrdup(err.why);
        return;
    }
    if ((entry->lineage->pending_deployment && !lineage_take_live(entry->lineage, &err)) ||
        !lineage_verify_once(entry->lineage, inventory->checked, &err)) {
        entry->why = xstrdup(err.why);
        lineage_free(TAKE(entry->lineage));
        return;
    }
    server = lineage_server(entry->lineage);
    entry->is_test = server != NULL && server_is_staging(server);
    entry->is_expired = entry->lineage->cert->not_after <= inventory->window.now;
}

static void keep_matching(struct inventory *inventory)
{
    size_t kept = 0;

    for (size_t i = 0; i < inventory->window.len; i++) {
        struct inventory_entry entry = inventory->entries[i];

        if (entry.lineage == NULL || inventory_is_asked_for(inventory->context->settings, entry.lineage))
            inventory->entries[kept++] = entry;
        else
            clear_entry(&entry);
    }
    inventory->window.len = kept;
}

/* Asks about revocation. As soon as a host has cost time, all other hosts of later lineages are asked at once: else
 * each silent one would cost a window of its own, until the time allowed for silence is used up. */
static bool ask(struct inventory *inventory, struct error *err)
{
    struct context *context = inventory->context;
    size_t left = inventory->names.len - inventory->begun;

    TRY(inventory_ask(context, inventory->entries, inventory->window.len, inventory->window.now, err));
    if (inventory->asked_ahead || left == 0 || !revocation_has_waited(run_revocation(context->run)))
        return true;
    inventory->asked_ahead = true;
    return inventory_ask_each_host(context, inventory->names.at + inventory->begun, left, inventory->window.now, err);
}

bool inventory_next(struct inventory *inventory, const struct inventory_window **out, struct error *err)
{
    struct inventory_window *window = &inventory->window;
    size_t left = inventory->names.len - inventory->begun;

    clear_window(inventory);
    TRY(interrupt_check(err));
    window->len = left < INVENTORY_WINDOW ? left : INVENTORY_WINDOW;
    window->is_last = window->len == left;
    parallel_for(window->len, WORTH_THREADS, take_one, inventory);
    inventory->begun += window->len;
    keep_matching(inventory);
    TRY(ask(inventory, err));
    if (window->is_last)
        checked_save(inventory->checked, inventory->checked_path);
    *out = window;
    return true;
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
