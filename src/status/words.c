#include "status/words.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "crypto/stop_gap.h"
#include "lifecycle/upcoming.h"

#define MINUTE_S 60
#define HOUR_S 3600
#define DAY_S 86400
#define YEAR_S (365 * (int64_t)DAY_S)

/* ---- times ---- */

void words_put_span(struct buf *to, int64_t seconds)
{
    static const struct {
        int64_t from, unit; /* from so many seconds on it is counted so */
        const char *name;
    } units[] = {
        { 3 * YEAR_S, YEAR_S, "year" },
        { 2 * DAY_S, DAY_S, "day" },
        { HOUR_S, HOUR_S, "hour" },
        { MINUTE_S, MINUTE_S, "minute" },
    };
    int64_t size = seconds < 0 ? -seconds : seconds;

    for (size_t i = 0; i < COUNT(units); i++)
        if (size >= units[i].from) {
            int64_t count = size / units[i].unit;

            buf_putf(to, "%lld %s%s", (long long)count, units[i].name, count == 1 ? "" : "s");
            return;
        }
    buf_put_text(to, "less than a minute");
}

void words_put_when(struct buf *to, int64_t at, int64_t now)
{
    if (at > now)
        buf_put_text(to, "in ");
    words_put_span(to, at - now);
    if (at <= now)
        buf_put_text(to, " ago");
}

void words_put_time(struct buf *to, int64_t at)
{
    char text[CLOCK_TEXT_SIZE];

    clock_format_rfc3339(at, text);
    buf_putf(to, "%.10s %.5s UTC", text, text + 11);
}

/* ---- one certificate ---- */

void words_put_names(struct buf *to, const struct cert_status *cert, size_t most)
{
    size_t told = cert->names.len < most ? cert->names.len : most;

    for (size_t i = 0; i < told; i++)
        buf_putf(to, "%s%s", i > 0 ? ", " : "", cert->names.at[i]);
    if (told < cert->name_count)
        buf_putf(to, " and %zu more", cert->name_count - told);
}

/* "and its renewal has been due for 8 days" */
static void put_overdue(struct buf *to, const struct cert_status *cert, int64_t now)
{
    if (cert->due == UPCOMING_NEVER) {
        buf_put_text(to, ", and nothing renews it by itself");
    } else if (cert->due <= now) {
        buf_put_text(to, ", and its renewal has been due for ");
        words_put_span(to, now - cert->due);
    }
}

void words_put_state(struct buf *to, const struct cert_status *cert, int64_t now)
{
    switch (cert->state) {
    case CERT_EXPIRED:
        buf_put_text(to, "expired ");
        words_put_when(to, cert->not_after, now);
        return;
    case CERT_REVOKED:
        buf_put_text(to, "was revoked by its CA");
        return;
    case CERT_BROKEN:
        buf_put_text(to, "cannot be used");
        return;
    case CERT_UNREADABLE:
        buf_put_text(to, "cannot be read by this user");
        return;
    case CERT_ENDING:
    case CERT_LATE:
        if (text_equal(cert->issuer, STOP_GAP_ORGANIZATION))
            buf_put_text(to, "a self-signed stop-gap, which ");
        buf_put_text(to, "expires ");
        words_put_when(to, cert->not_after, now);
        put_overdue(to, cert, now);
        return;
    case CERT_SERVED_EXPIRED:
        buf_put_text(to, "a server shows one that has expired");
        return;
    case CERT_FAILING:
        buf_put_text(to, "its renewal fails; ");
        break;
    case CERT_SERVED_WRONG:
        buf_put_text(to, "a server does not show it; ");
        break;
    case CERT_UNDELIVERED:
        buf_put_text(to, "renewed, but not all that follows is done; ");
        break;
    case CERT_DUE:
        buf_put_text(to, "renewal is due; ");
        break;
    case CERT_VALID:
    case CERT_STATE_COUNT:
        break;
    }
    words_put_span(to, cert->not_after - now);
    buf_put_text(to, " left");
}

static void add_failure(const struct cert_status *cert, int64_t now, struct list *to)
{
    AUTO(buf_clear) struct buf text = BUF(WORDS_MAX);

    if (cert->failures == 0)
        return;
    if (cert->failures > 1)
        buf_putf(&text, "%u renewals have failed in a row, the last one ", cert->failures);
    else
        buf_put_text(&text, "The last renewal failed ");
    words_put_when(&text, cert->tried, now);
    if (cert->failure != NULL)
        buf_putf(&text, ": %s", cert->failure);
    list_add(to, buf_text(&text));
    if (cert->retry > now) {
        buf_cut(&text, 0);
        buf_put_text(&text, "No run tries again before ");
        words_put_time(&text, cert->retry);
        list_add(to, buf_text(&text));
    }
}

static void add_served(const struct served *served, int64_t now, struct list *to)
{
    AUTO(buf_clear) struct buf text = BUF(WORDS_MAX);

    if (served->how == SERVING_RIGHT)
        return;
    if (served->address == NULL || strcmp(served->address, served->name) == 0)
        buf_putf(&text, "%s, port %d, ", served->name, served->port);
    else
        buf_putf(&text, "%s at %s, port %d, ", served->name, served->address, served->port);
    switch (served->how) {
    case SERVING_NONE:
        buf_put_text(&text, "shows no certificate: ");
        break;
    case SERVING_OLDER:
        buf_put_text(&text, "shows an older certificate: ");
        break;
    case SERVING_EXPIRED:
        buf_put_text(&text, "shows a certificate that expired ");
        words_put_when(&text, served->not_after, now);
        buf_put_text(&text, ": ");
        break;
    case SERVING_FOREIGN:
        buf_put_text(&text, "shows a certificate that is not for this name: ");
        break;
    case SERVING_OTHER:
    case SERVING_RIGHT:
    case SERVING_COUNT:
        buf_put_text(&text, "shows another certificate for this name: ");
        break;
    }
    buf_put_text(&text, served->what == NULL ? "" : served->what);
    list_add(to, buf_text(&text));
}

void words_add_details(const struct cert_status *cert, int64_t now, struct list *to)
{
    if (cert->why != NULL)
        list_add(to, cert->why);
    add_failure(cert, now, to);
    if (cert->is_undelivered) {
        AUTO(free)
        char *text = xprintf("Hooks or a server's reload are outstanding%s%s",
            cert->delivery_failure == NULL ? "" : ": ", cert->delivery_failure == NULL ? "" : cert->delivery_failure);

        list_add(to, text);
    }
    for (size_t i = 0; i < cert->served_len; i++)
        add_served(&cert->served[i], now, to);
}

/* ---- everything ---- */

void words_put_sum(struct buf *to, const struct status *status)
{
    size_t critical = status_at_level(status, LEVEL_CRITICAL), warning = status_at_level(status, LEVEL_WARNING);
    size_t unknown = status_at_level(status, LEVEL_UNKNOWN), all = status_all(status);

    buf_putf(to, "%zu certificate%s", all, all == 1 ? "" : "s");
    if (all == 0)
        return;
    if (critical + warning + unknown == 0) {
        buf_put_text(to, all == 1 ? ", and it is well" : ", and all are well");
        return;
    }
    buf_put_text(to, ":");
    if (critical > 0)
        buf_putf(to, " %zu critical,", critical);
    if (warning > 0)
        buf_putf(to, " %zu warning%s,", warning, warning == 1 ? "" : "s");
    if (unknown > 0)
        buf_putf(to, " %zu not readable by this user,", unknown);
    buf_putf(to, " %zu well", all - critical - warning - unknown);
}

const char *words_row_title(enum words_row row)
{
    static const char *const titles[ROW_COUNT] = { "Runs", "Last renewal", "Next renewal", "Schedule", "Deployments",
        "Permissions", "Backups", "Servers", "Version" };

    return titles[row];
}

static void put_runs(struct buf *to, const struct status *status)
{
    for (size_t i = 0; i < status->runs.len; i++)
        buf_putf(to, "%s%s", i > 0 ? "; " : "", status->runs.at[i].what);
    buf_put_text(to, ". `evercert doctor` tells more");
}

static void put_last(struct buf *to, const struct status *status)
{
    const struct moment *good = &status->issued, *bad = &status->failed;
    bool failed = bad->name != NULL && (good->name == NULL || bad->at > good->at);
    const struct moment *last = failed ? bad : good;

    buf_putf(to, "%s, ", last->name);
    words_put_when(to, last->at, status->now);
    buf_put_text(to, failed ? ": failed" : ": succeeded");
    if (failed && good->name != NULL) {
        buf_putf(to, "; the last that succeeded: %s, ", good->name);
        words_put_when(to, good->at, status->now);
    }
}

static void put_next(struct buf *to, const struct status *status)
{
    if (status->due.name == NULL) {
        buf_put_text(to, "none: no certificate here is renewed by itself");
        return;
    }
    if (status->due.at <= status->now) {
        buf_putf(to, "%s, at the next run", status->due.name);
        return;
    }
    buf_putf(to, "%s, ", status->due.name);
    words_put_when(to, status->due.at, status->now);
    buf_put_text(to, " (");
    words_put_time(to, status->due.at);
    buf_put_char(to, ')');
}

static void put_schedule(struct buf *to, const struct status *status)
{
    if (status->schedules.len == 0)
        buf_put_text(to, "nothing on this machine was found to renew by itself (timer, cron, daemon)");
    for (size_t i = 0; i < status->schedules.len; i++) {
        const struct scheduled_entry *entry = &status->schedules.at[i];

        buf_putf(to, "%s%s runs %s%s", i > 0 ? "; " : "", entry->where,
            entry->who == SCHEDULED_CERTBOT ? "Certbot" : "evercert", entry->is_daemon ? " all the time" : "");
        if (entry->interval_s > 0) {
            buf_put_text(to, ", within ");
            words_put_span(to, entry->interval_s);
        }
    }
}

static void put_permissions(struct buf *to, const struct status *status)
{
    size_t counted = 0, told = 0;

    for (size_t i = 0; i < status->access.len; i++)
        counted += status_counts(&status->access.at[i]);
    if (counted == 0) {
        buf_putf(to, "nothing is open to others (%zu certificate%s examined)", status->access.examined,
            status->access.examined == 1 ? "" : "s");
        return;
    }
    for (size_t i = 0; i < status->access.len && told < 3; i++)
        if (status_counts(&status->access.at[i]))
            buf_putf(to, "%s%s", told++ > 0 ? "; " : "", status->access.at[i].what);
    if (told < counted)
        buf_putf(to, "; and %zu more", counted - told);
    buf_put_text(to, ". `evercert doctor` tells more, and repairs with --fix");
}

static void put_backups(struct buf *to, const struct status *status)
{
    const struct backups *backups = &status->backups;

    if (!backups->is_known) {
        buf_put_text(to, "this user may not look");
        return;
    }
    if (backups->count == 0) {
        buf_put_text(to, "none: `evercert backup create` makes one");
        return;
    }
    buf_putf(to, "%zu, the newest ", backups->count);
    words_put_when(to, backups->newest, status->now);
    buf_put_text(to, " (");
    words_put_time(to, backups->newest);
    buf_put_char(to, ')');
}

static void put_servers(struct buf *to, const struct status *status)
{
    size_t all = 0, wrong = 0;

    for (enum serving how = 0; how < SERVING_COUNT; how++)
        all += status->served[how];
    wrong = all - status->served[SERVING_RIGHT] - status->served[SERVING_NONE];
    buf_putf(to, "%zu asked: %zu as in the store, %zu otherwise, %zu without an answer", all,
        status->served[SERVING_RIGHT], wrong, status->served[SERVING_NONE]);
    if (status->unasked > 0)
        buf_putf(to, "; those of %zu certificates were not asked", status->unasked);
}

bool words_put_row(struct buf *to, const struct status *status, enum words_row row)
{
    switch (row) {
    case ROW_RUNS:
        if (status->runs.len > 0)
            put_runs(to, status);
        return status->runs.len > 0;
    case ROW_LAST:
        if (status->issued.name == NULL && status->failed.name == NULL)
            return false;
        put_last(to, status);
        return true;
    case ROW_NEXT:
        if (status->issued.name == NULL)
            return false;
        put_next(to, status);
        return true;
    case ROW_SCHEDULE:
        put_schedule(to, status);
        return true;
    case ROW_DELIVERIES:
        if (status->undelivered == 0)
            buf_put_text(to, "none outstanding");
        else
            buf_putf(to, "%zu outstanding: the next run makes up for them", status->undelivered);
        return true;
    case ROW_PERMISSIONS:
        put_permissions(to, status);
        return true;
    case ROW_BACKUPS:
        put_backups(to, status);
        return true;
    case ROW_SERVERS:
        if (status->is_online)
            put_servers(to, status);
        return status->is_online;
    case ROW_VERSION:
        buf_put_text(to, "evercert " EVERCERT_VERSION);
        return true;
    case ROW_COUNT:
        break;
    }
    return false;
}

enum level words_row_level(const struct status *status, enum words_row row)
{
    enum level level = LEVEL_OK;

    if (row == ROW_SCHEDULE && status->schedules.len == 0 && status->due.name != NULL)
        level = LEVEL_WARNING;
    if (row == ROW_DELIVERIES && status->undelivered > 0)
        level = LEVEL_WARNING;
    if (row == ROW_LAST && status->failing > 0)
        level = LEVEL_WARNING;
    for (size_t i = 0; row == ROW_RUNS && i < status->runs.len; i++)
        level = level_worse(level, status_level_of(&status->runs.at[i]));
    for (size_t i = 0; row == ROW_PERMISSIONS && i < status->access.len; i++)
        if (status_counts(&status->access.at[i]))
            level = LEVEL_WARNING;
    for (size_t i = 0; row == ROW_SERVERS && i < SERVING_COUNT; i++)
        if (i != SERVING_RIGHT && i != SERVING_NONE && i != SERVING_OTHER && status->served[i] > 0)
            level = LEVEL_WARNING;
    return level;
}

void words_put_authority(struct buf *to, const struct authority *authority)
{
    buf_putf(to, "%zu certificate%s", authority->count, authority->count == 1 ? "" : "s");
    if (!authority->is_asked)
        return;
    if (!authority->answers) {
        buf_putf(to, "; does not answer: %s", authority->why);
        return;
    }
    buf_put_text(to, "; answers");
    if (!authority->has_clock)
        return;
    if (authority->ahead_s < CLOCK_OFF_S && authority->ahead_s > -CLOCK_OFF_S) {
        buf_put_text(to, ", and its clock agrees with this machine's");
        return;
    }
    buf_put_text(to, ", and its clock is ");
    words_put_span(to, authority->ahead_s);
    buf_putf(to, " %s this machine's", authority->ahead_s > 0 ? "ahead of" : "behind");
}
