#include "outlook/ct.h"

#include <pwd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "notify/notify.h"
#include "outlook/ask_log.h"
#include "store/pending.h"

#define HOUR_S 3600
#define FORGET_S (400 * 86400) /* lookups of names that are no more */
#define RUN_MS (30 * 60000)    /* then no further question is begun */
#define FAILURES_IN_A_ROW 2    /* then the service is left alone */
#define FAILURES_TOLD 5
#define NAMES_SHOWN 5
#define LINE_MAX 4096

void ct_look_clear(struct ct_look *look)
{
    ct_record_clear(&look->record);
    list_clear(&look->failures);
    list_clear(&look->remarks);
    *look = (struct ct_look){ 0 };
}

/* ---- what is ours ---- */

struct under_way { /* an order that may have a certificate that is not in the store yet */
    struct list names;
    int64_t since;
};

struct ours {
    struct stored known;
    struct under_way *under_way;
    size_t under_way_len;
};

static void ours_clear_at(struct ours *ours)
{
    stored_clear(&ours->known);
    for (size_t i = 0; i < ours->under_way_len; i++)
        list_clear(&ours->under_way[i].names);
    free(ours->under_way);
}

static bool add_orders(struct store *store, int64_t now, struct ours *ours, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };

    TRY(pending_names(store, &names, err));
    ours->under_way = xcalloc(names.len + 1, sizeof *ours->under_way);
    for (size_t i = 0; i < names.len; i++) {
        AUTO(pending_clear) struct pending pending = { 0 };
        struct error broken = { 0 };

        if (pending_look(store, names.at[i], &pending, &broken) == PENDING_WHOLE && !pending_is_old(&pending, now))
            ours->under_way[ours->under_way_len++] =
                (struct under_way){ list_dup(&pending.requested), pending.created };
    }
    return true;
}

static bool read_ours(struct context *context, struct ours *out, struct error *err)
{
    const struct list *others = &context->settings->also_stores;

    TRY(stored_add_store(&out->known, context->settings->config_dir, false, err));
    for (size_t i = 0; i < others->len; i++)
        TRY(stored_add_store(&out->known, others->at[i], true, err));
    stored_end(&out->known);
    return add_orders(context->store, context_now(context), out, err);
}

/* Clocks of a CA may be behind ours, and it dates certificates an hour back (Let's Encrypt does). */
static bool is_under_way(const struct ours *ours, const struct list *names, int64_t not_before)
{
    for (size_t i = 0; i < ours->under_way_len; i++)
        if (not_before >= ours->under_way[i].since - 2 * HOUR_S && list_is_subset(names, &ours->under_way[i].names))
            return true;
    return false;
}

static bool collect_names(
    const struct settings *settings, const struct stored *known, struct list *out, struct error *err)
{
    bool chosen = settings->domains.len + settings->ip_addresses.len > 0;

    list_add_all(out, &settings->domains);
    list_add_all(out, &settings->ip_addresses);
    for (size_t i = 0; i < known->len; i++)
        if (settings->cert_names.len > 0 ? list_has(&settings->cert_names, known->at[i].lineage) : !chosen)
            list_add_all(out, &known->at[i].names);
    if (out->len > 0 || settings->cert_names.len == 0)
        return true;
    return error_set(err, ERROR_CONFIG, "no certificate named %s is live here", settings->cert_names.at[0]);
}

/* ---- looking ---- */

struct looking {
    struct context *context;
    struct ct_look *out;
    struct ours ours;
    struct wanted wanted;
    int64_t now;
};

static void looking_clear_at(struct looking *looking)
{
    ours_clear_at(&looking->ours);
    wanted_clear(&looking->wanted);
}

static void take(void *ctx, const struct logged *logged)
{
    struct looking *looking = ctx;

    if (logged->not_after <= looking->now || !wanted_concerns(&looking->wanted, &logged->names))
        return;
    looking->out->certificates++;
    if (stored_find(&looking->ours.known, logged->serial, logged->issuer_cn) != NULL ||
        ct_record_has_own(&looking->out->record, logged->serial, logged->issuer_cn))
        looking->out->own++;
    else
        (void)ct_record_add_found(&looking->out->record, logged, looking->now);
}

static void note_own(struct looking *looking)
{
    struct ct_record *record = &looking->out->record;

    for (size_t i = 0; i < looking->ours.known.len; i++) {
        const struct stored_cert *cert = &looking->ours.known.at[i];

        if (!cert->other && cert->not_after > looking->now)
            ct_record_add_own(record, cert->serial, cert->issuer, cert->not_after);
    }
    ct_record_settle(record);
}

static bool is_known(void *ctx, const struct found *found)
{
    struct looking *looking = ctx;
    AUTO(free) char *issuer = logged_common_name(found->issuer);

    if (stored_find(&looking->ours.known, found->serial, issuer) != NULL ||
        ct_record_has_own(&looking->out->record, found->serial, issuer))
        return true;
    if (!is_under_way(&looking->ours, &found->names, found->not_before))
        return false;
    looking->out->under_way++;
    return true;
}

/* What others' runs have issued meanwhile is ours as well: so the store is read again before anything is said. */
static bool settle(struct looking *looking, struct error *err)
{
    ours_clear_at(&looking->ours);
    looking->ours = (struct ours){ 0 };
    TRY(read_ours(looking->context, &looking->ours, err));
    note_own(looking);
    ct_record_sweep(&looking->out->record, looking->now, FORGET_S, is_known, looking);
    return ct_record_save(looking->context->settings->config_dir, &looking->out->record, err);
}

static void note_answer(struct ct_look *out, const char *name, const struct ask_log_result *result)
{
    if (result->unreadable > 0) {
        AUTO(free)
        char *text =
            xprintf("%s: %zu certificate(s) are told of in a way that cannot be understood", name, result->unreadable);

        list_add(&out->remarks, text);
    }
    if (result->may_be_cut) {
        AUTO(free)
        char *text =
            xprintf("%s: there are so many certificates that the service may have told of a part of them only", name);

        list_add(&out->remarks, text);
    }
}

static void note_failure(struct ct_look *out, const char *name, const struct error *why)
{
    AUTO(free) char *text = xprintf("%s: %s", name, why->why);

    out->failed++;
    if (out->failures.len < FAILURES_TOLD)
        list_add(&out->failures, text);
}

/* Asks one question after the other. What each found is saved before the next. */
static bool ask_all_of(struct looking *looking, const struct lookups *lookups, struct error *err)
{
    const struct settings *settings = looking->context->settings;
    struct ask_log ask = {
        .context = looking->context, .pause_ms = (int64_t)settings->ct_pause_s * 1000, .take = take, .ctx = looking
    };
    int64_t until_ms = clock_monotonic_ms() + RUN_MS;
    size_t most = lookups->len < (size_t)settings->ct_requests ? lookups->len : (size_t)settings->ct_requests;
    unsigned in_a_row = 0;

    if (most > 0)
        TRY(context_net(looking->context, &ask.net, err));
    for (size_t i = 0; i < most && in_a_row < FAILURES_IN_A_ROW && clock_monotonic_ms() < until_ms; i++) {
        struct ask_log_result result = { 0 };
        struct error failure = { 0 };

        if (i > 0)
            TRY(context_sleep_ms(looking->context, ask.pause_ms, err));
        if (ask_log(&ask, &lookups->at[i], &result, &failure)) {
            in_a_row = 0;
            looking->out->asked++;
            ct_record_note_look(&looking->out->record, lookups->at[i].name, context_now(looking->context));
            note_answer(looking->out, lookups->at[i].name, &result);
            continue;
        }
        if (failure.kind == ERROR_CANCELED) {
            *err = failure;
            return false;
        }
        in_a_row++;
        note_failure(looking->out, lookups->at[i].name, &failure);
    }
    return true;
}

bool ct_look(struct context *context, struct ct_look *out, struct error *err)
{
    const struct settings *settings = context->settings;
    AUTO(looking_clear) struct looking looking = { .context = context, .out = out, .now = context_now(context) };
    AUTO(range_lock_release) struct range_lock *lock = NULL;
    AUTO(lookups_clear) struct lookups lookups = { 0 };
    AUTO(list_clear) struct list names = { 0 };
    struct error canceled = { 0 };
    bool whole;

    TRY(ct_record_lock(settings->config_dir, &lock, err));
    TRY(ct_record_load(settings->config_dir, &out->record, err));
    TRY(read_ours(context, &looking.ours, err));
    TRY(collect_names(settings, &looking.ours.known, &names, err));
    wanted_set(&looking.wanted, &names, settings->subdomains);
    lookups_plan(&names, &out->record, looking.now, (int64_t)settings->max_age_h * HOUR_S, &lookups);
    out->all = lookups.all;
    out->due = lookups.len;
    whole = ask_all_of(&looking, &lookups, &canceled);
    TRY(settle(&looking, err)); /* what was found before an interrupt is not lost */
    if (!whole)
        *err = canceled;
    return whole;
}

/* ---- those that were found ---- */

bool ct_remembered(struct context *context, struct ct_record *out, struct error *err)
{
    return ct_record_load(context->settings->config_dir, out, err);
}

/* Who calls us, as he would say it. */
static char *caller(void)
{
    const char *sudo = getenv("SUDO_USER");
    const struct passwd *user = getpwuid(getuid());

    if (text_is_given(sudo))
        return text_printable_dup(view_of(sudo), 100, false);
    return user == NULL ? xprintf("uid %u", (unsigned)getuid()) : xstrdup(user->pw_name);
}

static void acknowledge(struct found *found, const char *by, const char *note, int64_t now)
{
    xreplace(&found->by, by);
    xreplace(&found->note, note == NULL ? "" : note);
    found->acknowledged = now;
}

static bool find_all(struct ct_record *record, const struct list *ids, struct error *err)
{
    for (size_t i = 0; i < ids->len; i++) {
        uint64_t id;

        if (view_to_number(view_of(ids->at[i]), 1, INT64_MAX, &id) && ct_record_find(record, (int64_t)id) != NULL)
            continue;
        (void)error_set(err, ERROR_CONFIG, "%s is no ID of a certificate that was found", ids->at[i]);
        return error_next(err, "`evercert ct list` shows those that were found, with their IDs");
    }
    return true;
}

bool ct_acknowledge(
    struct context *context, const struct list *ids, bool all, const char *note, size_t *count, struct error *err)
{
    const char *config_dir = context->settings->config_dir;
    AUTO(range_lock_release) struct range_lock *lock = NULL;
    AUTO(ct_record_clear) struct ct_record record = { 0 };
    AUTO(free) char *by = caller();
    int64_t now = context_now(context);

    *count = 0;
    TRY(ct_record_lock(config_dir, &lock, err));
    TRY(ct_record_load(config_dir, &record, err) && find_all(&record, ids, err));
    for (size_t i = 0; i < record.found_len; i++) {
        AUTO(free) char *id = xprintf("%lld", (long long)record.found[i].id);

        if (all ? record.found[i].acknowledged != 0 : !list_has(ids, id))
            continue;
        acknowledge(&record.found[i], by, note, now);
        (*count)++;
    }
    return ct_record_save(config_dir, &record, err);
}

size_t ct_strangers(const struct ct_record *record)
{
    size_t count = 0;

    for (size_t i = 0; i < record->found_len; i++)
        count += record->found[i].acknowledged == 0;
    return count;
}

/* ---- words ---- */

char *ct_url_of(const struct settings *settings, int64_t id)
{
    const char *query = strchr(settings->ct_url, '?');

    return query == NULL ? NULL
                         : xprintf("%.*s?id=%lld", (int)(query - settings->ct_url), settings->ct_url, (long long)id);
}

char *ct_describe(const struct settings *settings, const struct found *found)
{
    AUTO(buf_clear) struct buf text = BUF(LINE_MAX);
    AUTO(free) char *issuer = logged_common_name(found->issuer), *url = ct_url_of(settings, found->id);
    char from[CLOCK_TEXT_SIZE], to[CLOCK_TEXT_SIZE];

    clock_format_date(found->not_before, from);
    clock_format_date(found->not_after, to);
    buf_putf(&text, "by %.200s for ", issuer[0] != '\0' ? issuer : found->issuer);
    for (size_t i = 0; i < found->names.len && i < NAMES_SHOWN; i++)
        buf_putf(&text, "%s%.253s", i > 0 ? ", " : "", found->names.at[i]);
    if (found->names.len > NAMES_SHOWN)
        buf_put_text(&text, " and others");
    buf_putf(&text, ", %s to %s", found->not_before == 0 ? "?" : from, to);
    if (url != NULL)
        buf_putf(&text, ", %s", url);
    return buf_take(&text);
}

void ct_tell(struct context *context, const struct ct_record *record)
{
    AUTO(list_clear) struct list texts = { 0 };
    struct foreign *foreign = xcalloc(record->found_len + 1, sizeof *foreign);
    size_t len = 0;

    for (size_t i = 0; i < record->found_len; i++) {
        AUTO(free) char *id = xprintf("%lld", (long long)record->found[i].id);
        AUTO(free) char *what = ct_describe(context->settings, &record->found[i]);

        if (record->found[i].acknowledged != 0)
            continue;
        list_add(&texts, id);
        list_add(&texts, what);
        len++;
    }
    for (size_t i = 0; i < len; i++)
        foreign[i] = (struct foreign){ texts.at[2 * i], texts.at[2 * i + 1] };
    notify_foreign(context, foreign, len);
    free(foreign);
}
