#include "lifecycle/due.h"

#include <string.h>
#include <strings.h>

#include "base/text.h"

#define DAY_S 86400
#define SHORT_LIVED_S (10 * (int64_t)DAY_S)
#define INTERVAL_MAX_S (10000 * 366 * (int64_t)DAY_S)

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* When two thirds of its life are over, or half when that life is under ten days: time for retries either way. */
static int64_t old_at(const struct due_facts *facts)
{
    int64_t life = facts->not_after - facts->not_before;

    return facts->not_after - (life < SHORT_LIVED_S ? life / 2 : life / 3);
}

/* When it is so near to its end that no window of the CA's delays it further. */
static int64_t late_at(const struct due_facts *facts)
{
    int64_t life = facts->not_after - facts->not_before;

    return facts->not_after - (life <= SHORT_LIVED_S ? life / 4 : life / 6);
}

bool due_renew_before_fits(const struct due_facts *facts)
{
    return facts->renew_before_s < facts->not_after - facts->not_before;
}

int64_t due_floor(const struct due_facts *facts)
{
    int64_t sixth = (facts->not_after - facts->not_before) / 6;
    int64_t floor = facts->not_before + (sixth < DAY_S ? sixth : DAY_S);

    if (facts->predecessor == 0 || facts->not_before - facts->predecessor >= sixth || facts->now >= floor)
        return 0;
    return floor;
}

enum due due_decide(const struct due_facts *facts)
{
    if (facts->force)
        return DUE_FORCED;
    if (facts->dry_run)
        return DUE_DRY_RUN;
    if (!facts->autorenew)
        return DUE_NOT;
    if (facts->waiting)
        return DUE_WAITING;
    if (facts->instant != 0 && facts->instant <= facts->now && due_floor(facts) == 0)
        return DUE_RENEWAL_INFO;
    if (facts->revoked)
        return DUE_REVOKED;
    if (facts->has_renew_before)
        return facts->not_after < facts->now + facts->renew_before_s ? DUE_RENEW_BEFORE : DUE_NOT;
    if (facts->now >= late_at(facts) || (facts->instant == 0 && facts->now >= old_at(facts)))
        return DUE_LIFETIME;
    return DUE_NOT;
}

int64_t due_at(const struct due_facts *facts)
{
    struct due_facts then = *facts;
    int64_t at = INT64_MAX;

    if (!facts->autorenew)
        return INT64_MAX;
    if (facts->waiting || facts->revoked)
        return facts->now;
    if (facts->instant != 0) {
        then.now = facts->instant;
        at = due_floor(&then) > facts->instant ? due_floor(&then) : facts->instant;
    }
    if (facts->has_renew_before)
        return least(at, facts->not_after - facts->renew_before_s + 1);
    return least(at, facts->instant == 0 ? old_at(facts) : late_at(facts));
}

static bool is_word(struct view word, const char *text)
{
    return strlen(text) == word.len && strncasecmp(word.at, text, word.len) == 0;
}

static int64_t unit_seconds(struct view unit)
{
    /* Months and years as Certbot's calendar arithmetic has them on average: good to a day, which is what they mean. */
    static const struct {
        const char *names[5];
        int64_t seconds;
    } units[] = {
        { { "second", "seconds", "sec", "s" }, 1 },
        { { "minute", "minutes", "min", "m" }, 60 },
        { { "hour", "hours", "hr", "h" }, 3600 },
        { { "day", "days", "dy", "d" }, DAY_S },
        { { "week", "weeks", "wk", "w" }, 7 * DAY_S },
        { { "month", "months", "mth", "mo" }, 30 * (int64_t)DAY_S },
        { { "year", "years", "yr", "y" }, 365 * (int64_t)DAY_S },
    };

    for (size_t i = 0; i < COUNT(units); i++)
        for (size_t k = 0; units[i].names[k] != NULL; k++)
            if (is_word(unit, units[i].names[k]))
                return units[i].seconds;
    return 0;
}

static struct view take(struct view *rest, bool digits)
{
    struct view part = { rest->at, 0 };

    while (part.len < rest->len) {
        char c = rest->at[part.len];

        if (digits ? c < '0' || c > '9' : !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')))
            break;
        part.len++;
    }
    rest->at += part.len;
    rest->len -= part.len;
    *rest = view_trim(*rest);
    return part;
}

/* "3 days, 12 hours" and "3 days and 12 hours" are what they seem. */
static void skip_between(struct view *rest)
{
    struct view after = *rest;

    if (rest->len > 0 && rest->at[0] == ',')
        *rest = view_trim((struct view){ rest->at + 1, rest->len - 1 });
    else if (is_word(take(&after, false), "and"))
        *rest = after;
}

bool due_parse_interval(const char *text, int64_t *seconds, struct error *err)
{
    struct view rest = view_trim(view_of(text));
    int64_t total = 0;
    uint64_t count;
    bool more;

    do {
        struct view number = take(&rest, true), unit = take(&rest, false);
        int64_t each = unit.len == 0 && rest.len == 0 ? DAY_S : unit_seconds(unit);

        if (!view_to_number(number, 0, 10000000000, &count) || each == 0)
            return error_set(err, ERROR_CONFIG, "'%s' is not an interval such as \"30 days\" or \"3 weeks\"", text);
        if ((int64_t)count > (INTERVAL_MAX_S - total) / each)
            return error_set(err, ERROR_CONFIG, "the interval '%s' is too long", text);
        total += (int64_t)count * each;
        more = rest.len > 0;
        if (more)
            skip_between(&rest);
    } while (more);
    *seconds = total;
    return true;
}
