#include "base/clock.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/interrupt.h"

_Static_assert(sizeof(time_t) >= 8, "dates after 2038 need a time_t of 64 bits: glibc 2.34 or newer, or musl 1.2");

#define YEAR_0000 INT64_C(-62167219200) /* first and last second that four digits of year can write */
#define YEAR_9999 INT64_C(253402300799)

static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov",
    "Dec" };
static const char *const days[] = { "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday" };

struct date {
    int year, month, day, hour, minute, second;
};

int64_t clock_now(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec;
}

int64_t clock_monotonic_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool clock_sleep_ms(int64_t ms)
{
    int64_t now = clock_monotonic_ms();
    int64_t end = ms > INT64_MAX - now ? INT64_MAX : now + ms;

    for (; now < end; now = clock_monotonic_ms()) {
        bool shielded = interrupt_signal() != 0 && !interrupt_pending();
        struct pollfd wake = { .fd = shielded ? -1 : interrupt_fd(), .events = POLLIN };
        int64_t left = end - now;

        if (interrupt_pending())
            return false;
        /* A signal that comes while we are shielded makes the descriptor readable; the next turn leaves it
         * out. */
        (void)poll(&wake, 1, left > INT_MAX ? INT_MAX : (int)left);
    }
    return !interrupt_pending();
}

int64_t clock_from_date(int year, int month, int day, int hour, int minute, int second)
{
    /* Years begin in March here, so that the leap day is the last of its year; eras are of 400 years. */
    int64_t y = (int64_t)year - (month <= 2);
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t of_era = y - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t date = era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;

    return ((date * 24 + hour) * 60 + minute) * 60 + second;
}

static int days_in(int year, int month)
{
    static const int lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return lengths[month - 1] + (month == 2 && leap);
}

/* A leap second is let in, as RFC 3339 and RFC 9110 do: it is the first second of the next minute. */
static bool is_valid(const struct date *date)
{
    return date->month >= 1 && date->month <= 12 && date->day >= 1 && date->day <= days_in(date->year, date->month) &&
           date->hour <= 23 && date->minute <= 59 && date->second <= 60;
}

static int64_t seconds_of(const struct date *date)
{
    return clock_from_date(date->year, date->month, date->day, date->hour, date->minute, date->second);
}

/* The steps of reading: each takes what it knows off the front of *rest, or fails. */

static bool take_text(struct view *rest, const char *text)
{
    size_t len = strlen(text);

    if (!view_starts(*rest, text))
        return false;
    rest->at += len;
    rest->len -= len;
    return true;
}

static bool take_digits(struct view *rest, size_t count, int *out)
{
    uint64_t number = 0;

    if (rest->len < count || !view_to_number((struct view){ rest->at, count }, 0, 9999, &number))
        return false;
    rest->at += count;
    rest->len -= count;
    *out = (int)number;
    return true;
}

static bool take_month(struct view *rest, int *month)
{
    for (size_t i = 0; i < COUNT(months); i++)
        if (take_text(rest, months[i])) {
            *month = (int)i + 1;
            return true;
        }
    return false;
}

static bool take_time(struct view *rest, struct date *date)
{
    return take_digits(rest, 2, &date->hour) && take_text(rest, ":") && take_digits(rest, 2, &date->minute) &&
           take_text(rest, ":") && take_digits(rest, 2, &date->second);
}

/* "2026-11-22T00:29:12" and a fraction, which is dropped. */
static bool take_instant(struct view *rest, struct date *date)
{
    int digit;

    if (!take_digits(rest, 4, &date->year) || !take_text(rest, "-") || !take_digits(rest, 2, &date->month) ||
        !take_text(rest, "-") || !take_digits(rest, 2, &date->day))
        return false;
    if ((!take_text(rest, "T") && !take_text(rest, "t")) || !take_time(rest, date) || !is_valid(date))
        return false;
    if (take_text(rest, ".")) {
        if (!take_digits(rest, 1, &digit))
            return false;
        while (take_digits(rest, 1, &digit))
            ;
    }
    return true;
}

/* "Z" or "+01:00", in seconds east of Greenwich. */
static bool take_offset(struct view *rest, int64_t *out)
{
    int hours = 0, minutes = 0;
    int64_t sign = take_text(rest, "-") ? -1 : take_text(rest, "+") ? 1 : 0;

    if (sign == 0) {
        *out = 0;
        return take_text(rest, "Z") || take_text(rest, "z");
    }
    if (!take_digits(rest, 2, &hours) || !take_text(rest, ":") || !take_digits(rest, 2, &minutes) || hours > 23 ||
        minutes > 59)
        return false;
    *out = sign * (hours * 3600 + minutes * 60);
    return true;
}

bool clock_parse_rfc3339(struct view text, int64_t *out)
{
    struct date date = { 0 };
    int64_t offset = 0;

    if (!take_instant(&text, &date) || !take_offset(&text, &offset) || text.len > 0)
        return false;
    *out = seconds_of(&date) - offset;
    return true;
}

/* The name of the day says nothing that the date does not; it is read but not compared. */
static bool take_day_name(struct view *rest, bool whole)
{
    for (size_t i = 0; i < COUNT(days); i++) {
        char name[16] = "";

        memcpy(name, days[i], whole ? strlen(days[i]) : 3);
        if (take_text(rest, name))
            return true;
    }
    return false;
}

/* "Sun, 06 Nov 1994 08:49:37 GMT" */
static bool parse_imf(struct view text, struct date *date)
{
    return take_day_name(&text, false) && take_text(&text, ", ") && take_digits(&text, 2, &date->day) &&
           take_text(&text, " ") && take_month(&text, &date->month) && take_text(&text, " ") &&
           take_digits(&text, 4, &date->year) && take_text(&text, " ") && take_time(&text, date) &&
           take_text(&text, " GMT") && text.len == 0;
}

/* "Sunday, 06-Nov-94 08:49:37 GMT"; a year more than 50 years ahead is one of the past (RFC 9110 section
 * 5.6.7). */
static bool parse_rfc850(struct view text, struct date *date)
{
    char now[CLOCK_TEXT_SIZE];
    int this_year = 0;
    struct view today;

    if (!take_day_name(&text, true) || !take_text(&text, ", ") || !take_digits(&text, 2, &date->day) ||
        !take_text(&text, "-") || !take_month(&text, &date->month) || !take_text(&text, "-") ||
        !take_digits(&text, 2, &date->year) || !take_text(&text, " ") || !take_time(&text, date) ||
        !take_text(&text, " GMT") || text.len > 0)
        return false;
    clock_format_date(clock_now(), now);
    today = view_of(now);
    if (!take_digits(&today, 4, &this_year))
        return false;
    date->year += this_year / 100 * 100;
    if (date->year > this_year + 50)
        date->year -= 100;
    else if (date->year <= this_year - 50)
        date->year += 100;
    return true;
}

/* "Sun Nov  6 08:49:37 1994" */
static bool parse_asctime(struct view text, struct date *date)
{
    return take_day_name(&text, false) && take_text(&text, " ") && take_month(&text, &date->month) &&
           take_text(&text, " ") &&
           (take_text(&text, " ") ? take_digits(&text, 1, &date->day) : take_digits(&text, 2, &date->day)) &&
           take_text(&text, " ") && take_time(&text, date) && take_text(&text, " ") &&
           take_digits(&text, 4, &date->year) && text.len == 0;
}

bool clock_parse_http_date(struct view text, int64_t *out)
{
    struct date date = { 0 };

    if (!parse_imf(text, &date) && !parse_rfc850(text, &date) && !parse_asctime(text, &date))
        return false;
    if (!is_valid(&date))
        return false;
    *out = seconds_of(&date);
    return true;
}

/* Instants beyond what four digits of year can write become the last one that they can. */
static struct tm break_down(int64_t at, bool local)
{
    time_t time = at < YEAR_0000 ? YEAR_0000 : at > YEAR_9999 ? YEAR_9999 : at;
    struct tm tm = { 0 };

    if (local)
        (void)localtime_r(&time, &tm);
    else
        (void)gmtime_r(&time, &tm);
    return tm;
}

void clock_format_rfc3339(int64_t at, char out[static CLOCK_TEXT_SIZE])
{
    struct tm tm = break_down(at, false);

    (void)strftime(out, CLOCK_TEXT_SIZE, "%04Y-%m-%dT%H:%M:%SZ", &tm);
}

void clock_format_http_date(int64_t at, char out[static CLOCK_TEXT_SIZE])
{
    struct tm tm = break_down(at, false);

    (void)snprintf(out, CLOCK_TEXT_SIZE, "%.3s, %02d %s %04d %02d:%02d:%02d GMT", days[(tm.tm_wday + 6) % 7],
        tm.tm_mday, months[tm.tm_mon % 12], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

void clock_format_compact(int64_t at, char out[static CLOCK_TEXT_SIZE])
{
    struct tm tm = break_down(at, false);

    (void)strftime(out, CLOCK_TEXT_SIZE, "%04Y%m%dT%H%M%SZ", &tm);
}

void clock_format_date(int64_t at, char out[static CLOCK_TEXT_SIZE])
{
    struct tm tm = break_down(at, false);

    (void)strftime(out, CLOCK_TEXT_SIZE, "%04Y-%m-%d", &tm);
}

void clock_format_local(int64_t at, char out[static CLOCK_TEXT_SIZE])
{
    struct tm tm = break_down(at, true);

    (void)strftime(out, CLOCK_TEXT_SIZE, "%04Y-%m-%dT%H:%M:%S", &tm);
}

bool clock_parse_local(struct view text, int64_t *out)
{
    struct date date = { 0 };
    int64_t offset = 0;
    struct tm tm;
    time_t at;

    if (!take_instant(&text, &date))
        return false;
    if (text.len > 0) {
        if (!take_offset(&text, &offset) || text.len > 0)
            return false;
        *out = seconds_of(&date) - offset;
        return true;
    }
    tm = (struct tm){ .tm_year = date.year - 1900,
        .tm_mon = date.month - 1,
        .tm_mday = date.day,
        .tm_hour = date.hour,
        .tm_min = date.minute,
        .tm_sec = date.second,
        .tm_isdst = -1,
        .tm_wday = -1 };
    at = mktime(&tm);
    if (at == (time_t)-1 && tm.tm_wday == -1) /* -1 alone is a second of 1969 */
        return false;
    *out = at;
    return true;
}
