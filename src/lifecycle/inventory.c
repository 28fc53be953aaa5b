#include "lifecycle/inventory.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/mem.h"
#include "base/parallel.h"
#include "lifecycle/inventory_ask.h"
#include "run/revocation.h"
#include "store/lineage_conf.h"
#include "store/lineage_verify.h"
#include "store/listed.h"

#define DAY_S 86400
#define HOUR_S 3600
#define WORTH_THREADS 64
#define RECORD_MAX (1024 * 1024)
#define CHECKED_FILE "checked" /* below the work directory */

struct inventory {
    struct context *context;
    struct checked *checked;
    char *checked_path;
    struct listed *listed;
    struct list names; /* of all lineages */
    size_t begun;      /* of them, how many were in windows */
    bool asked_ahead, without_keys, asks_nobody;
    struct inventory_window window;
    struct inventory_entry entries[INVENTORY_WINDOW];
};

static void clear_entry(struct inventory_entry *entry)
{
    free(entry->conf_path);
    summary_free(entry->summary);
    free(entry->why);
    lineage_free(entry->lineage);
    buf_clear(&entry->record);
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
    inventory->listed = listed_open(context->store, clock_now());
    *out = TAKE(inventory);
    return true;
}

void inventory_go_without_keys(struct inventory *inventory)
{
    inventory->without_keys = true;
}

void inventory_ask_nobody(struct inventory *inventory)
{
    inventory->asks_nobody = true;
}

void inventory_end(struct inventory *inventory)
{
    if (inventory == NULL)
        return;
    clear_window(inventory);
    checked_free(inventory->checked);
    listed_close(inventory->listed);
    free(inventory->checked_path);
    list_clear(&inventory->names);
    free(inventory);
}

static bool load_live(struct inventory *inventory, const char *name, struct lineage **out, struct error *err)
{
    AUTO(lineage_free) struct lineage *lineage = NULL;

    TRY(lineage_load(inventory->context->store, name, &lineage, err));
    if (lineage->pending_deployment)
        TRY(lineage_take_live(lineage, err));
    *out = TAKE(lineage);
    return true;
}

static bool is_denied(const struct error *err)
{
    return err->sys == EACCES || err->sys == EPERM;
}

/* Of one that has changed, or is not remembered. */
static bool examine(struct inventory *inventory, struct inventory_entry *entry, struct error *err)
{
    buf_clear(&entry->record);
    TRY(load_live(inventory, entry->name, &entry->lineage, err));
    if (!lineage_verify_once(entry->lineage, inventory->checked, err)) {
        if (!inventory->without_keys || !is_denied(err))
            return false;
        error_clear(err);
        entry->summary = summary_of(entry->lineage);
        return true;
    }
    entry->summary = summary_of(entry->lineage);
    listed_record(inventory->listed, entry->lineage, entry->summary, &entry->record);
    return true;
}

static bool can_be_asked_about(const struct inventory *inventory, const struct summary *summary)
{
    return !inventory->asks_nobody && summary->can_be_asked_about && summary->not_after > inventory->window.now;
}

static bool take(struct inventory *inventory, struct inventory_entry *entry, struct error *err)
{
    bool recalled = listed_recall(inventory->listed, entry->name, buf_view(&entry->record), &entry->summary);

    if (!recalled)
        TRY(examine(inventory, entry, err));
    if (!can_be_asked_about(inventory, entry->summary))
        lineage_free(TAKE(entry->lineage));
    else if (recalled)
        TRY(load_live(inventory, entry->name, &entry->lineage, err));
    return true;
}

static void take_one(void *ctx, size_t index)
{
    struct inventory *inventory = ctx;
    struct inventory_entry *entry = &inventory->entries[index];
    struct error err = { 0 };

    entry->conf_path = store_conf_path(inventory->context->store, entry->name);
    if (!take(inventory, entry, &err)) {
        entry->why = xstrdup(err.why);
        entry->is_denied = is_denied(&err);
        lineage_free(TAKE(entry->lineage));
        summary_free(TAKE(entry->summary));
        buf_clear(&entry->record);
        return;
    }
    entry->is_test = entry->summary->server != NULL && server_is_staging(entry->summary->server);
    entry->is_expired = entry->summary->not_after <= inventory->window.now;
}

/* The next window of lineages, each as far as it is known without looking at it. */
static void begin_window(struct inventory *inventory)
{
    struct inventory_window *window = &inventory->window;
    size_t left = inventory->names.len - inventory->begun;

    window->len = left < INVENTORY_WINDOW ? left : INVENTORY_WINDOW;
    window->is_last = window->len == left;
    for (size_t i = 0; i < window->len; i++) {
        struct inventory_entry *entry = &inventory->entries[i];

        entry->name = inventory->names.at[inventory->begun + i];
        entry->record = BUF(RECORD_MAX);
        buf_put(&entry->record, listed_find(inventory->listed, entry->name));
    }
}

static void end_window(struct inventory *inventory)
{
    for (size_t i = 0; i < inventory->window.len; i++)
        listed_keep(inventory->listed, buf_view(&inventory->entries[i].record));
    inventory->begun += inventory->window.len;
}

static void keep_matching(struct inventory *inventory)
{
    size_t kept = 0;

    for (size_t i = 0; i < inventory->window.len; i++) {
        struct inventory_entry entry = inventory->entries[i];

        if (entry.summary == NULL ||
            inventory_is_asked_for(inventory->context->settings, entry.name, &entry.summary->names))
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
    clear_window(inventory);
    TRY(interrupt_check(err));
    begin_window(inventory);
    parallel_for(inventory->window.len, WORTH_THREADS, take_one, inventory);
    end_window(inventory);
    keep_matching(inventory);
    TRY(ask(inventory, err));
    if (inventory->window.is_last) {
        checked_save(inventory->checked, inventory->checked_path);
        listed_save(inventory->listed);
    }
    *out = &inventory->window;
    return true;
}

char *inventory_status(const struct inventory_entry *entry, int64_t now)
{
    int64_t left = entry->summary->not_after - now;
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
