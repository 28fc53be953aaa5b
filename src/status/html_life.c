/*
 * Drawings of certificates' lives: along the page goes the time, at the same scale for all of them. Positions are
 * percentages, so that a drawing is as wide as there is room for, and its marks keep their shape.
 */
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "base/text.h"
#include "lifecycle/upcoming.h"
#include "status/html.h"
#include "status/words.h"

#define DAY_S INT64_C(86400)
#define LONGEST_S (400 * DAY_S) /* of a life that is drawn whole */
#define WHOLE 10000             /* hundredths of a percent */
#define TICKS_MAX 16
#define FIRST_MONDAY (4 * DAY_S) /* of 1970 */

/* ---- the axis ---- */

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t most(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* As far as the longest life reaches to either side of now, and no further than there is something to see. */
struct axis axis_of(const struct cert_status *at, size_t count, int64_t now)
{
    struct axis axis = { .from = now, .to = now, .now = now };
    int64_t longest = DAY_S, margin;

    for (size_t i = 0; i < count; i++)
        if (at[i].is_known)
            longest = most(longest, least(at[i].not_after - at[i].not_before, LONGEST_S));
    for (size_t i = 0; i < count; i++)
        if (at[i].is_known) {
            axis.from = least(axis.from, most(at[i].not_before, now - longest));
            axis.to = most(axis.to, least(at[i].not_after, now + longest));
        }
    margin = most((axis.to - axis.from) / 40, DAY_S / 4);
    axis.from -= margin;
    axis.to += margin;
    return axis;
}

static int place_of(const struct axis *axis, int64_t at)
{
    if (at <= axis->from)
        return 0;
    if (at >= axis->to)
        return WHOLE;
    return (int)((at - axis->from) * WHOLE / (axis->to - axis->from));
}

static void put_percent(struct buf *to, const char *attribute, int place)
{
    buf_putf(to, " %s=\"%d.%02d%%\"", attribute, place / 100, place % 100);
}

/* The first of the next month, of the next Monday, or the next midnight: whichever step the axis has. */
static int64_t next_tick(int64_t at, int64_t step)
{
    time_t seconds = (time_t)at;
    struct tm date;

    if (step == 7 * DAY_S)
        return ((at - FIRST_MONDAY) / step + 1) * step + FIRST_MONDAY;
    if (step < 28 * DAY_S || gmtime_r(&seconds, &date) == NULL)
        return (at / step + 1) * step;
    date.tm_mday = 1;
    date.tm_hour = date.tm_min = date.tm_sec = 0;
    date.tm_mon += step / DAY_S >= 365 ? 12 - date.tm_mon : step / DAY_S >= 90 ? 3 - date.tm_mon % 3 : 1;
    return (int64_t)timegm(&date);
}

static int64_t step_of(const struct axis *axis)
{
    static const int64_t steps[] = { 1, 2, 7, 30, 91 };
    int64_t days = (axis->to - axis->from) / DAY_S;

    for (size_t i = 0; i < COUNT(steps); i++)
        if (days / steps[i] < 9)
            return steps[i] * DAY_S;
    return 365 * DAY_S;
}

static size_t ticks_of(const struct axis *axis, int64_t ticks[static TICKS_MAX])
{
    int64_t step = step_of(axis);
    size_t count = 0;

    for (int64_t at = next_tick(axis->from, step); at < axis->to && count < TICKS_MAX; at = next_tick(at, step))
        ticks[count++] = at;
    return count;
}

static void put_grid(struct buf *to, const struct axis *axis)
{
    int64_t ticks[TICKS_MAX];
    size_t count = ticks_of(axis, ticks);

    for (size_t i = 0; i < count; i++) {
        buf_put_text(to, "<line class=\"grid\"");
        put_percent(to, "x1", place_of(axis, ticks[i]));
        put_percent(to, "x2", place_of(axis, ticks[i]));
        buf_put_text(to, " y1=\"0\" y2=\"100%\"/>");
    }
}

/* "1 Dec", and the year where it begins. */
static void put_tick_text(struct buf *to, int64_t at)
{
    static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov",
        "Dec" };
    time_t seconds = (time_t)at;
    struct tm date;

    if (gmtime_r(&seconds, &date) == NULL)
        return;
    if (date.tm_mon == 0 && date.tm_mday == 1)
        buf_putf(to, "%d", date.tm_year + 1900);
    else
        buf_putf(to, "%d %s", date.tm_mday, months[date.tm_mon]);
}

void html_put_axis(struct buf *to, const struct axis *axis)
{
    int64_t ticks[TICKS_MAX];
    size_t count = ticks_of(axis, ticks), shown = 0;

    buf_put_text(to, "<svg class=\"axis\" aria-hidden=\"true\">");
    for (size_t i = 0; i < count; i++) {
        int place = place_of(axis, ticks[i]);

        if (place < WHOLE / 25 || place > WHOLE - WHOLE / 25)
            continue;
        buf_putf(to, "<text%s text-anchor=\"middle\" y=\"12\"", shown++ % 2 == 1 ? " class=\"odd\"" : "");
        put_percent(to, "x", place);
        buf_put_char(to, '>');
        put_tick_text(to, ticks[i]);
        buf_put_text(to, "</text>");
    }
    buf_put_text(to, "<text class=\"nowtext\" text-anchor=\"middle\" y=\"31\"");
    put_percent(to, "x", place_of(axis, axis->now));
    buf_put_text(to, ">now</text></svg>");
}

/* ---- a life ---- */

static void put_bar(struct buf *to, const char *class, const struct axis *axis, int64_t from, int64_t until)
{
    int begin = place_of(axis, from), end = place_of(axis, until);

    if (end <= begin)
        return;
    buf_putf(to, "<rect %s y=\"16\" height=\"12\" rx=\"2\"", class);
    put_percent(to, "x", begin);
    put_percent(to, "width", end - begin);
    buf_put_text(to, "/>");
}

/* A mark of its own shape at a moment, unless that is not on the axis. */
static void put_mark(struct buf *to, const struct axis *axis, int64_t at, const char *shape)
{
    if (at < axis->from || at > axis->to)
        return;
    buf_put_text(to, "<svg overflow=\"visible\"");
    put_percent(to, "x", place_of(axis, at));
    buf_putf(to, ">%s</svg>", shape);
}

static void put_line(struct buf *to, const char *class, int from, int until, const char *y)
{
    buf_putf(to, "<line class=\"%s\" %s", class, y);
    put_percent(to, "x1", from);
    put_percent(to, "x2", until);
    buf_put_text(to, "/>");
}

#define DUE_SHAPE "<path class=\"due\" d=\"M0 14.5 7 22 0 29.5-7 22z\"/>"
#define END_SHAPE "<path class=\"end\" d=\"M0 13v18\"/>"
#define FAILED_SHAPE                                                                                                   \
    "<path class=\"failed halo\" d=\"M-4 18l8 8m0-8-8 8\"/><path class=\"failed\" d=\"M-4 18l8 8m0-8-8 8\"/>"

/* For who does not see it. */
static void put_description(struct buf *to, const struct cert_status *cert)
{
    AUTO(buf_clear) struct buf text = BUF(WORDS_MAX);

    buf_putf(&text, "Life of %s: issued ", cert->name);
    words_put_time(&text, cert->not_before);
    if (cert->due != UPCOMING_NEVER) {
        buf_put_text(&text, ", renewal due ");
        words_put_time(&text, cert->due);
    }
    buf_put_text(&text, ", expires ");
    words_put_time(&text, cert->not_after);
    if (cert->failures > 0) {
        buf_put_text(&text, ", last failed attempt ");
        words_put_time(&text, cert->tried);
    }
    html_put_text(to, buf_text(&text));
}

void html_put_life(struct buf *to, const struct axis *axis, const struct cert_status *cert)
{
    int now = place_of(axis, axis->now);

    if (!cert->is_known)
        return;
    buf_putf(to, "<svg class=\"lane l%d\" role=\"img\" aria-label=\"", cert_state_level(cert->state));
    put_description(to, cert);
    buf_put_text(to, "\">");
    put_grid(to, axis);
    put_bar(to, "class=\"track\"", axis, cert->not_before, cert->not_after);
    put_bar(to, "class=\"spent\"", axis, cert->not_before, least(axis->now, cert->not_after));
    if (cert->due != UPCOMING_NEVER)
        put_bar(to, "fill=\"url(#hatch)\"", axis, most(most(cert->due, axis->now), cert->not_before), cert->not_after);
    if (cert->not_after < axis->now)
        put_line(to, "gone", place_of(axis, cert->not_after), now, "y1=\"22\" y2=\"22\"");
    put_line(to, "now", now, now, "y1=\"0\" y2=\"100%\"");
    put_mark(to, axis, cert->not_after, END_SHAPE);
    if (cert->due != UPCOMING_NEVER)
        put_mark(to, axis, cert->due, DUE_SHAPE);
    if (cert->failures > 0)
        put_mark(to, axis, cert->tried, FAILED_SHAPE);
    buf_put_text(to, "</svg>");
}

void html_put_legend(struct buf *to)
{
    static const struct {
        const char *shape, *text;
    } rows[] = {
        { "<rect class=\"spent\" y=\"2\" width=\"28\" height=\"12\" rx=\"2\"/>", "life so far" },
        { "<rect class=\"track\" y=\"2\" width=\"28\" height=\"12\" rx=\"2\"/>", "left until renewal is due" },
        { "<rect class=\"track\" y=\"2\" width=\"28\" height=\"12\" rx=\"2\"/><rect fill=\"url(#hatch)\" y=\"2\" "
          "width=\"28\" "
          "height=\"12\" rx=\"2\"/>",
            "reserve, should renewals fail" },
        { "<svg x=\"14\" y=\"-14\" overflow=\"visible\">" DUE_SHAPE "</svg>", "renewal due" },
        { "<svg x=\"14\" y=\"-14\" overflow=\"visible\">" END_SHAPE "</svg>", "expiry" },
        { "<svg x=\"14\" y=\"-14\" overflow=\"visible\">" FAILED_SHAPE "</svg>", "last failed attempt" },
    };

    buf_put_text(to, "<ul class=\"legend\" aria-label=\"What the marks mean\">");
    for (size_t i = 0; i < COUNT(rows); i++)
        buf_putf(to, "<li><svg class=\"lane\" aria-hidden=\"true\" viewBox=\"0 0 28 16\">%s</svg>%s</li>",
            rows[i].shape, rows[i].text);
    buf_put_text(to, "</ul>\n");
}

/* ---- all lives ---- */

static enum level band_level(const struct status *status, int band)
{
    int upto = (band + 1) * 100 / STATUS_BANDS;

    return upto <= status->thresholds.critical ? LEVEL_CRITICAL
           : upto <= status->thresholds.warn   ? LEVEL_WARNING
                                               : LEVEL_OK;
}

void html_put_bands(struct buf *to, const struct status *status)
{
    size_t highest = 1;

    for (int i = 0; i < STATUS_BANDS; i++)
        highest = status->left[i] > highest ? status->left[i] : highest;
    buf_put_text(to,
        "<figure class=\"bands card\"><svg role=\"img\" aria-label=\"Certificates by how much of their life is left:");
    for (int i = 0; i < STATUS_BANDS; i++)
        buf_putf(to, " %d to %d percent: %zu%s", i * 10, i * 10 + 10, status->left[i], i < STATUS_BANDS - 1 ? "," : "");
    buf_put_text(to, "\">");
    for (int i = 0; i < STATUS_BANDS; i++) {
        int high = (int)(status->left[i] * 72 / highest);

        if (high == 0 && status->left[i] > 0)
            high = 1;
        buf_putf(to, "<rect class=\"bar l%d\" x=\"%d%%\" width=\"8%%\" y=\"%d%%\" height=\"%d%%\" rx=\"2\"/>",
            band_level(status, i), i * 10 + 1, 86 - high, high);
        buf_putf(to, "<svg x=\"%d%%\" y=\"%d%%\" overflow=\"visible\"><text class=\"value\" y=\"-5\">%zu</text></svg>",
            i * 10 + 5, 86 - high, status->left[i]);
        buf_putf(to, "<text x=\"%d%%\" y=\"97%%\">%d%s</text>", i * 10 + 5, i * 10 + 10,
            i == STATUS_BANDS - 1 ? "\xc2\xa0%" : "");
    }
    buf_put_text(to,
        "<line class=\"base\" x1=\"0\" x2=\"100%\" y1=\"86%\" y2=\"86%\"/></svg><figcaption>Certificates by how "
        "much of their life is left, up to so many percent. One that is renewed in time turns over at a third "
        "or, if it lives for days only, at half.</figcaption></figure>\n");
}
