#include "ops/cadence.h"

#include "base/mem.h"

#define MINUTE_S 60
#define HOUR_S 3600
#define WEEK_S ((int64_t)7 * CADENCE_DAY_S)
#define DAY_MINUTES 1440
#define SHORT_LIVED_S                                                                                                  \
    ((int64_t)10 * CADENCE_DAY_S) /* those are due when half of their life is over (lifecycle/due.c) */
#define RUNS_BEFORE_THE_END 6

/* What divides a day, so that cron and calendars can say it. */
static const int64_t steps[] = { 12 * HOUR_S, 6 * HOUR_S, 4 * HOUR_S, 3 * HOUR_S, 2 * HOUR_S, HOUR_S, 30 * MINUTE_S,
    15 * MINUTE_S, 5 * MINUTE_S };

int64_t cadence_for(int64_t life_s)
{
    if (life_s <= 0)
        return steps[0];
    for (size_t i = 0; i < COUNT(steps); i++)
        if (steps[i] <= (life_s + 1) / 48) /* the second at which it ends is part of its life (RFC 5280) */
            return steps[i];
    return steps[COUNT(steps) - 1];
}

int64_t cadence_longest(int64_t life_s)
{
    int64_t left = life_s < SHORT_LIVED_S ? life_s / 2 : life_s / 3;

    return life_s <= 0 ? INT64_MAX : left / RUNS_BEFORE_THE_END;
}

/* ---- reading ---- */

struct words {
    const char *word;
    int64_t seconds;
};

static int64_t seconds_of(struct view word, const struct words *words)
{
    for (; words->word != NULL; words++)
        if (view_is(word, words->word))
            return words->seconds;
    return 0;
}

/* The next word, without the blanks around it; empty at the end. */
static struct view next_word(struct view *rest)
{
    struct view word;

    *rest = view_trim(*rest);
    word = (struct view){ rest->at, 0 };
    while (word.len < rest->len && rest->at[word.len] != ' ' && rest->at[word.len] != '\t')
        word.len++;
    *rest = (struct view){ rest->at + word.len, rest->len - word.len };
    return word;
}

/* "5", "1-7", "1..7", "*", each with "/2" behind it; a start with a step alone goes on to the end. */
static bool add_range(struct view item, uint64_t end, bool *set)
{
    uint64_t from = 0, to = end - 1, step = 0;
    struct view range, first;

    if (!view_cut(&item, '/', &range) || (item.at != NULL && !view_to_number(item, 1, end, &step)))
        return false;
    if (!view_is(range, "*")) {
        bool dots = memmem(range.at, range.len, "..", 2) != NULL;

        if (!view_cut(&range, dots ? '.' : '-', &first) || !view_to_number(first, 0, end - 1, &from))
            return false;
        if (range.at == NULL)
            to = step > 0 ? to : from;
        else if (dots)
            range = (struct view){ range.at + 1, range.len - 1 };
        if (range.at != NULL && !view_to_number(range, from, end - 1, &to))
            return false;
    }
    for (uint64_t at = from; at <= to; at += step == 0 ? 1 : step)
        set[at] = true;
    return true;
}

/* set has `end` members. */
static bool read_field(struct view field, uint64_t end, bool *set)
{
    struct view item;

    while (view_cut(&field, ',', &item))
        if (!add_range(item, end, set))
            return false;
    return true;
}

/* The longest time without a run, over the end of the day into the next one. */
static int64_t longest_gap(const bool *hours, const bool *minutes)
{
    int first = -1, last = -1, gap = 0;

    for (int at = 0; at < DAY_MINUTES; at++) {
        if (!hours[at / 60] || !minutes[at % 60])
            continue;
        if (last >= 0 && at - last > gap)
            gap = at - last;
        first = first < 0 ? at : first;
        last = at;
    }
    if (first < 0)
        return 0;
    if (first + DAY_MINUTES - last > gap)
        gap = first + DAY_MINUTES - last;
    return (int64_t)gap * MINUTE_S;
}

static int64_t gap_of(struct view hours, struct view minutes)
{
    bool hour_set[24] = { 0 }, minute_set[60] = { 0 };

    if (!read_field(hours, 24, hour_set) || !read_field(minutes, 60, minute_set))
        return 0;
    return longest_gap(hour_set, minute_set);
}

int64_t cadence_of_cron(struct view line)
{
    static const struct words named[] = { { "@hourly", HOUR_S }, { "@daily", CADENCE_DAY_S },
        { "@midnight", CADENCE_DAY_S }, { "@weekly", WEEK_S }, { "@monthly", 31 * (int64_t)CADENCE_DAY_S },
        { "@yearly", 366 * (int64_t)CADENCE_DAY_S }, { "@annually", 366 * (int64_t)CADENCE_DAY_S }, { NULL, 0 } };
    struct view minutes = next_word(&line), hours, days;
    int64_t gap;

    if (view_starts(minutes, "@"))
        return seconds_of(minutes, named);
    hours = next_word(&line);
    gap = gap_of(hours, minutes);
    for (int i = 0; i < 3; i++) { /* day of the month, month, day of the week */
        days = next_word(&line);
        if (days.len == 0)
            return 0;
        if (!view_is(days, "*") && !view_is(days, "*/1") && gap != 0)
            gap = WEEK_S;
    }
    return gap;
}

int64_t cadence_of_calendar(struct view value)
{
    static const struct words named[] = { { "minutely", MINUTE_S }, { "hourly", HOUR_S }, { "daily", CADENCE_DAY_S },
        { "weekly", WEEK_S }, { "monthly", 31 * (int64_t)CADENCE_DAY_S }, { "yearly", 366 * (int64_t)CADENCE_DAY_S },
        { NULL, 0 } };
    struct view hours = view_of("0"), minutes = hours, word;
    bool every_day = true;
    int64_t gap;

    value = view_trim(value);
    gap = seconds_of(value, named);
    if (gap != 0 || value.len == 0)
        return gap;
    while ((word = next_word(&value)).len > 0) {
        struct view time = word;

        if (view_has(word, ':')) {
            (void)view_cut(&time, ':', &hours);
            (void)view_cut(&time, ':', &minutes);
        } else if (!view_is(word, "*-*-*") && !view_is(word, "UTC")) {
            every_day = false; /* a date, a day of the week, or a time zone of another name */
        }
    }
    gap = gap_of(hours, minutes);
    return gap == 0 || every_day ? gap : WEEK_S;
}

/* ---- writing ---- */

char *cadence_cron(int64_t interval_s, uint64_t spread)
{
    uint64_t minutes = (uint64_t)interval_s / MINUTE_S, hours = minutes / 60, minute = spread % 60;

    if (minutes < 60)
        return xprintf("%llu-59/%llu * * * *", (unsigned long long)(minute % minutes), (unsigned long long)minutes);
    if (hours == 1)
        return xprintf("%llu * * * *", (unsigned long long)minute);
    return xprintf("%llu %llu-23/%llu * * *", (unsigned long long)minute, (unsigned long long)(spread / 60 % hours),
        (unsigned long long)hours);
}

char *cadence_calendar(int64_t interval_s)
{
    long long minutes = (long long)interval_s / MINUTE_S;

    if (minutes < 60)
        return xprintf("*-*-* *:00/%lld:00", minutes);
    return xprintf("*-*-* 00/%lld:00:00", minutes / 60);
}

char *cadence_words(int64_t interval_s)
{
    long long minutes = (long long)interval_s / MINUTE_S;

    if (interval_s == 12 * (int64_t)HOUR_S)
        return xstrdup("twice a day");
    if (interval_s == HOUR_S)
        return xstrdup("every hour");
    if (interval_s == CADENCE_DAY_S)
        return xstrdup("once a day");
    if (interval_s == WEEK_S)
        return xstrdup("once a week");
    return minutes % 60 == 0 ? xprintf("every %lld hours", minutes / 60) : xprintf("every %lld minutes", minutes);
}
