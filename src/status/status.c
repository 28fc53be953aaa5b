#include "status/status.h"

#include <stdlib.h>
#include <string.h>

#include "backup/shelf.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "lifecycle/facts.h"
#include "lifecycle/inventory.h"
#include "lifecycle/last_run.h"
#include "lifecycle/upcoming.h"
#include "status/online.h"
#include "store/delivery.h"
#include "store/failures.h"

#define REASON_MAX 2000 /* bytes of one that is kept: there are thousands of them */

struct gathering {
    struct context *context;
    struct status *status;
    struct list failures, deliveries; /* names of the lineages that have such records, sorted */
};

static void gathering_clear_at(struct gathering *gathering)
{
    list_clear(&gathering->failures);
    list_clear(&gathering->deliveries);
}

/* ---- one certificate ---- */

/* Takes a reason over, whatever its length. */
static char *reason(char *text)
{
    if (text != NULL && strlen(text) > REASON_MAX)
        text[REASON_MAX] = '\0';
    return text;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(a, *(char *const *)b);
}

static bool is_among(const struct list *sorted, const char *name)
{
    return sorted->len > 0 && bsearch(name, sorted->at, sorted->len, sizeof *sorted->at, compare_names) != NULL;
}

/* When a run renews it, as the renewal file has it; what cannot be read there does not count. */
static int64_t due_of(const struct gathering *gathering, const struct inventory_entry *entry)
{
    const struct summary *summary = entry->summary;
    const struct renewal_memory memory = { .instant = summary->instant, .said_at = summary->said_at };
    struct due_facts facts = {
        .now = gathering->status->now,
        .not_before = summary->not_before,
        .not_after = summary->not_after,
        .autorenew = summary->autorenew,
        .revoked = entry->is_revoked,
    };
    struct error unreadable = { 0 };

    if (!facts_stale(&memory, summary->not_after - summary->not_before, facts.now))
        facts.instant = summary->instant;
    if (summary->renew_before != NULL &&
        !facts_renew_before_is(summary->renew_before, gathering->context->voice, &facts, &unreadable))
        log_debug("%s: %s", entry->conf_path, unreadable.why);
    return due_at(&facts);
}

static void take_summary(
    const struct gathering *gathering, const struct inventory_entry *entry, struct cert_status *cert)
{
    const struct summary *summary = entry->summary;

    cert->is_known = true;
    cert->name_count = summary->names.len;
    for (size_t i = 0; i < summary->names.len && i < CERT_NAMES_SHOWN; i++)
        list_add(&cert->names, summary->names.at[i]);
    cert->server = xstrdup_or_null(summary->server);
    cert->installer = xstrdup_or_null(summary->installer);
    cert->issuer = xstrdup_or_null(summary->issuer);
    cert->not_before = summary->not_before;
    cert->not_after = summary->not_after;
    cert->is_test = entry->is_test;
    cert->is_revoked = entry->is_revoked;
    cert->due = due_of(gathering, entry);
}

static void take_failures(const struct gathering *gathering, struct cert_status *cert)
{
    AUTO(failures_clear) struct failures failures = { 0 };
    struct error err = { 0 };
    bool found = false;

    if (!is_among(&gathering->failures, cert->name))
        return;
    if (!failures_load(gathering->context->store, cert->name, &failures, &found, &err)) {
        log_debug("%s", err.why); /* doctor tells of it */
        return;
    }
    if (!found)
        return;
    cert->failures = failures.failures > 0 ? failures.failures : 1;
    cert->tried = failures.tried;
    cert->retry = backoff_waits(&failures.backoff, gathering->status->now) ? failures.backoff.not_before : 0;
    cert->failure = reason(TAKE(failures.backoff.why));
}

static void take_delivery(const struct gathering *gathering, struct cert_status *cert)
{
    AUTO(delivery_clear) struct delivery delivery = { 0 };
    struct error err = { 0 };
    bool found = false;

    cert->is_undelivered = is_among(&gathering->deliveries, cert->name);
    if (!cert->is_undelivered)
        return;
    if (!delivery_load(gathering->context->store, cert->name, &delivery, &found, &err))
        log_debug("%s", err.why);
    cert->delivery_failure = reason(TAKE(delivery.backoff.why));
}

/* ---- sums ---- */

static void note_moment(struct moment *moment, int64_t at, const char *name, bool latest)
{
    if (moment->name != NULL && (latest ? at <= moment->at : at >= moment->at))
        return;
    moment->at = at;
    xreplace(&moment->name, name);
}

static void count_authority(struct status *status, const struct cert_status *cert)
{
    size_t i = 0;

    if (cert->server == NULL)
        return;
    while (i < status->authority_count && strcmp(status->authorities[i].url, cert->server) != 0)
        i++;
    if (i == STATUS_CAS)
        return;
    if (i == status->authority_count)
        status->authorities[status->authority_count++].url = xstrdup(cert->server);
    status->authorities[i].count++;
}

static void count_life(struct status *status, const struct cert_status *cert)
{
    int64_t life = cert->not_after - cert->not_before, left = cert->not_after - status->now;
    int64_t band = life <= 0 ? 0 : left / (life / STATUS_BANDS + 1);

    if (left <= 0)
        return;
    if (life > 0 && left * 100 / life < status->least_left)
        status->least_left = (int)(left * 100 / life);
    status->left[band < 0 ? 0 : band >= STATUS_BANDS ? STATUS_BANDS - 1 : band]++;
    note_moment(&status->ends, cert->not_after, cert->name, false);
}

static void count_cert(struct status *status, const struct cert_status *cert)
{
    status->counts[cert->state]++;
    status->failing += cert->failures > 0;
    status->undelivered += cert->is_undelivered;
    if (cert->failures > 0)
        note_moment(&status->failed, cert->tried, cert->name, true);
    if (!cert->is_known)
        return;
    status->tests += cert->is_test;
    status->unattended += cert->due == UPCOMING_NEVER;
    if (cert->due != UPCOMING_NEVER)
        note_moment(&status->due, cert->due > cert->retry ? cert->due : cert->retry, cert->name, false);
    note_moment(&status->issued, cert->not_before, cert->name, true);
    count_life(status, cert);
    count_authority(status, cert);
}

static void add_entry(const struct gathering *gathering, const struct inventory_entry *entry)
{
    struct status *status = gathering->status;
    struct cert_status cert = { .name = xstrdup(entry->name), .due = UPCOMING_NEVER };

    if (entry->summary != NULL) {
        take_summary(gathering, entry, &cert);
    } else {
        cert.is_denied = entry->is_denied;
        cert.why = reason(xstrdup(entry->why));
    }
    take_failures(gathering, &cert);
    take_delivery(gathering, &cert);
    cert.state = cert_judge(&cert, &status->thresholds, status->now);
    count_cert(status, &cert);
    worst_add(&status->certs, &cert);
}

/* ---- everything ---- */

/* Records that this user may not read say nothing. */
static void list_records(struct gathering *gathering)
{
    struct store *store = gathering->context->store;
    struct error err = { 0 };

    if (!failures_names(store, &gathering->failures, &err))
        log_debug("%s", err.why);
    if (!delivery_names(store, &gathering->deliveries, &err))
        log_debug("%s", err.why);
}

static bool gather_certificates(struct gathering *gathering, struct error *err)
{
    AUTO(inventory_end) struct inventory *inventory = NULL;
    const struct inventory_window *window;

    TRY(inventory_begin(gathering->context, &inventory, err));
    inventory_go_without_keys(inventory);
    if (!gathering->context->settings->online)
        inventory_ask_nobody(inventory);
    do {
        TRY(inventory_next(inventory, &window, err));
        gathering->status->now = window->now;
        gathering->status->in_store = window->in_store;
        for (size_t i = 0; i < window->len; i++)
            add_entry(gathering, &window->at[i]);
    } while (!window->is_last);
    worst_sort(&gathering->status->certs);
    return true;
}

static void examine_access(struct context *context, struct status *status)
{
    AUTO(list_clear) struct list names = { 0 };

    for (size_t i = 0; i < status->certs.len && i < STATUS_EXAMINED; i++)
        if (status->certs.at[i].state != CERT_UNREADABLE)
            list_add(&names, status->certs.at[i].name);
    health_examine_access(context->store, context->settings, &names, &status->access);
}

/* Nothing would be renewed, whatever is said of single certificates. */
static void examine_runs(struct context *context, struct status *status)
{
    health_tell_lost(context->store, &status->runs);
    last_run_tell(store_work_dir(context->store), status->now, &status->runs);
}

static void find_schedules(const struct context *context, struct status *status)
{
    const struct settings *settings = context->settings;
    AUTO(machine_clear) struct machine machine = { 0 };
    struct error err = { 0 };

    if (machine_open(settings->schedule_root, &machine, &err))
        scheduled_all(&machine, settings->config_dir, scheduled_unnamed(settings), &status->schedules);
    else
        log_debug("who renews is not looked for: %s", err.why);
}

/* Those that were made by themselves are of what was about to be changed; what is incomplete is none. */
static void find_backups(const struct context *context, struct status *status)
{
    AUTO(free) char *dir = shelf_dir(context->settings);
    AUTO(shelf_clear) struct shelf shelf = { 0 };
    char store[BACKUP_STORE_LEN + 1];
    struct error err = { 0 };

    status->backups.is_known =
        shelf_read(dir, &shelf, &err) && backup_name_store(context->settings->config_dir, store, &err);
    if (!status->backups.is_known)
        log_debug("%s", err.why);
    for (size_t i = 0; i < shelf.len && status->backups.is_known; i++) {
        if (shelf.at[i].name.reason[0] != '\0' || !shelf_is_of(&shelf.at[i], store))
            continue;
        status->backups.count++;
        status->backups.newest = shelf.at[i].name.made;
    }
}

/* Servers have answered: what is thought of the certificates may have changed. */
static void judge_again(struct status *status)
{
    for (size_t i = 0; i < status->certs.len; i++) {
        struct cert_status *cert = &status->certs.at[i];

        status->counts[cert->state]--;
        cert->state = cert_judge(cert, &status->thresholds, status->now);
        status->counts[cert->state]++;
        for (size_t k = 0; k < cert->served_len; k++)
            status->served[cert->served[k].how]++;
    }
    worst_sort(&status->certs);
}

static enum level judge_all(const struct status *status)
{
    enum level level = LEVEL_OK;

    for (enum cert_state state = 0; state < CERT_STATE_COUNT; state++)
        if (status->counts[state] > 0)
            level = level_worse(level, cert_state_level(state));
    for (size_t i = 0; i < status->runs.len; i++)
        level = level_worse(level, status_level_of(&status->runs.at[i]));
    for (size_t i = 0; i < status->access.len; i++)
        if (status_counts(&status->access.at[i]))
            level = level_worse(level, LEVEL_WARNING);
    for (size_t i = 0; i < status->authority_count; i++)
        if (!authority_is_well(&status->authorities[i]))
            level = level_worse(level, LEVEL_WARNING);
    return level;
}

static bool gather(struct context *context, bool whole, struct status *out, struct error *err)
{
    const struct settings *settings = context->settings;
    AUTO(status_clear)
    struct status status = {
        .now = context_now(context),
        .config_dir = xstrdup(store_config_dir(context->store)),
        .thresholds = { settings->warn_below, settings->critical_below },
        .certs.max = STATUS_KEPT,
        .least_left = 100,
    };
    AUTO(gathering_clear) struct gathering gathering = { .context = context, .status = &status };

    if (whole)
        list_records(&gathering);
    TRY(gather_certificates(&gathering, err));
    if (whole) {
        examine_runs(context, &status);
        examine_access(context, &status);
        find_schedules(context, &status);
        find_backups(context, &status);
    }
    if (settings->online) {
        TRY(online_ask(context, &status, err));
        judge_again(&status);
    }
    status.level = judge_all(&status);
    *out = status;
    status = (struct status){ 0 };
    return true;
}

bool status_gather(struct context *context, struct status *out, struct error *err)
{
    return gather(context, true, out, err);
}

bool status_gather_online(struct context *context, struct status *out, struct error *err)
{
    return gather(context, false, out, err);
}

void status_clear(struct status *status)
{
    free(status->config_dir);
    free(status->ends.name);
    free(status->due.name);
    free(status->issued.name);
    free(status->failed.name);
    worst_clear(&status->certs);
    scheduled_entries_clear(&status->schedules);
    findings_clear(&status->runs);
    findings_clear(&status->access);
    for (size_t i = 0; i < status->authority_count; i++) {
        free(status->authorities[i].url);
        free(status->authorities[i].why);
    }
    *status = (struct status){ 0 };
}

/* ---- what screens say of it ---- */

size_t status_all(const struct status *status)
{
    size_t count = 0;

    for (enum cert_state state = 0; state < CERT_STATE_COUNT; state++)
        count += status->counts[state];
    return count;
}

size_t status_attention(const struct status *status)
{
    return status_all(status) - status_at_level(status, LEVEL_OK);
}

size_t status_at_level(const struct status *status, enum level level)
{
    size_t count = 0;

    for (enum cert_state state = 0; state < CERT_STATE_COUNT; state++)
        if (cert_state_level(state) == level)
            count += status->counts[state];
    return count;
}

enum level status_level_of(const struct finding *finding)
{
    static const enum level levels[] = { LEVEL_OK, LEVEL_WARNING, LEVEL_CRITICAL };

    return levels[finding->severity];
}

bool status_counts(const struct finding *finding)
{
    return finding->severity != HEALTH_NOTE;
}

bool authority_is_well(const struct authority *authority)
{
    if (!authority->is_asked)
        return true;
    return authority->answers &&
           (!authority->has_clock || (authority->ahead_s < CLOCK_WRONG_S && authority->ahead_s > -CLOCK_WRONG_S));
}
