#include "lifecycle/due.h"

#include "base/text.h"

#define DAY_S 86400
#define SHORT_LIVED_S (10 * (int64_t)DAY_S)
#define INTERVAL_MAX_S (10000 * 366 * (int64_t)DAY_S)

/* After two thirds of its life, or half of it when that is shorter than ten days: time for retries either way. */
static bool is_old(const struct due_facts *facts)
{
    int64_t life = facts->not_after - facts->not_before;
    int64_t left = life < SHORT_LIVED_S ? life / 2 : life / 3;

    return facts->now >= facts->not_after - left;
}

enum due due_decide(const struct due_facts *facts)
{
    if (facts->force)
        return DUE_FORCED;
    if (facts->dry_run)
        return DUE_DRY_RUN;
    if (!facts->autorenew)
        return DUE_NOT;
    if (facts->instant != 0 && facts->instant <= facts->now)
        return DUE_RENEWAL_INFO;
    if (facts->revoked)
        return DUE_REVOKED;
    if (facts->renew_before_s != 0)
        return facts->not_after < facts->now + facts->renew_before_s ? DUE_RENEW_BEFORE : DUE_NOT;
    if (facts->instant == 0 && is_old(facts))
        return DUE_LIFETIME;
    return DUE_NOT;
}

static int64_t unit_seconds(struct view unit)
{
    /* Months and years as Certbot's calendar arithmetic has them on average: good to a day, which is what they mean. */
    static const struct {
        const char *name, *plural, *letter;
        int64_t seconds;
    } units[] = {
        { "second", "seconds", "s", 1 },        { "minute", "minutes", "m", 60 },
        { "hour", "hours", "h", 3600 },         { "day", "days", "d", DAY_S },
        { "week", "weeks", "w", 7 * DAY_S },    { "month", "months", "mo", 30 * (int64_t)DAY_S },
        { "year", "years", "y", 365 * (int64_t)DAY_S },
    };

    for (size_t i = 0; i < COUNT(units); i++)
        if (view_is(unit, units[i].name) || view_is(unit, units[i].plural) || view_is(unit, units[i].letter))
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

bool due_parse_interval(const char *text, int64_t *seconds, struct error *err)
{
    struct view rest = view_trim(view_of(text));
    int64_t total = 0;
    uint64_t count;

    do {
        struct view number = take(&rest, true), unit = take(&rest, false);
        int64_t each = unit.len == 0 && rest.len == 0 ? DAY_S : unit_seconds(unit);

        if (!view_to_number(number, 0, 10000000000, &count) || each == 0)
            return error_set(err, ERROR_CONFIG, "'%s' is not an interval such as \"30 days\" or \"3 weeks\"", text);
        if ((int64_t)count > (INTERVAL_MAX_S - total) / each)
            return error_set(err, ERROR_CONFIG, "the interval '%s' is too long", text);
        total += (int64_t)count * each;
    } while (rest.len > 0);
    *seconds = total;
    return true;
}
