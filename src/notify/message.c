#include "notify/message.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"

#define LINE_MAX 512
#define WHY_SHOWN 240
#define HOUR_S 3600
#define DAY_S 86400
#define LEAST_LIMIT 200
#define ROOM_FOR_REST 160 /* for the last lines */

void message_clear(struct message *message)
{
    free(message->title);
    free(message->text);
    vars_clear(&message->vars);
    *message = (struct message){ 0 };
}

/* ---- words ---- */

static bool is_over(const struct item *item)
{
    return item->tidings >= TIDINGS_WELL;
}

/* What stands before the colon. */
static const char *name_of(const struct item *item)
{
    if (item->trouble == TROUBLE_RUN)
        return "all certificates";
    if (item->trouble == TROUBLE_FOREIGN)
        return item->name + 1; /* "/certificate 14000000001" */
    if (item->trouble == TROUBLE_TARGET)
        return item->name + strcspn(item->name + 1, "/") + 2; /* "/target/slack-1a2b3c4d" */
    return item->name;
}

/* "expires in 9 days (2026-12-10)", "expired 3 hours ago (2026-12-01)"; nothing where it is not known. */
static void put_expiry(const struct item *item, int64_t now, struct buf *out)
{
    int64_t end = item->fact == NULL ? 0 : item->fact->not_after, left = end - now, size = left < 0 ? -left : left;
    const char *unit = size >= 2 * DAY_S ? "day" : "hour";
    char date[CLOCK_TEXT_SIZE];

    if (end == 0)
        return;
    size /= size >= 2 * DAY_S ? DAY_S : HOUR_S;
    clock_format_date(end, date);
    buf_putf(out, left < 0 ? "expired %" PRId64 " %s%s ago (%s)" : "expires in %" PRId64 " %s%s (%s)", size, unit,
        size == 1 ? "" : "s", date);
}

static void put_trouble(const struct item *item, struct buf *out)
{
    static const char *const what[TROUBLE_COUNT] = { [TROUBLE_RENEWAL] = "could not be renewed",
        [TROUBLE_DELIVERY] = "is renewed, but not everything that follows was done",
        [TROUBLE_LATE] = "is not renewed",
        [TROUBLE_RUN] = "renew could not do its work",
        [TROUBLE_TARGET] = "takes no alarms",
        [TROUBLE_FOREIGN] = "is in the public logs, and not of this store" };
    char date[CLOCK_TEXT_SIZE];

    clock_format_date(item->since, date);
    buf_put_text(out, what[item->trouble]);
    if (item->runs > 1 && item->trouble != TROUBLE_FOREIGN)
        buf_putf(out, ", %u times since %s", item->runs, date);
}

static void put_over(const struct item *item, struct buf *out)
{
    static const char *const what[TROUBLE_COUNT] = { [TROUBLE_RENEWAL] = "in order again",
        [TROUBLE_DELIVERY] = "everything that follows it is done now",
        [TROUBLE_LATE] = "in order again",
        [TROUBLE_RUN] = "renew works again",
        [TROUBLE_TARGET] = "takes alarms again",
        [TROUBLE_FOREIGN] = "is of this store after all" };
    static const char *const gone[TROUBLE_COUNT] = {
        [TROUBLE_TARGET] = "not a target any more", [TROUBLE_FOREIGN] = "is known now, or has expired"
    };
    const char *text = item->tidings == TIDINGS_WELL ? what[item->trouble] : gone[item->trouble];

    buf_put_text(out, text == NULL ? "not here any more" : text);
}

/* One line, without its end. */
static void put_item(const struct item *item, int64_t now, struct buf *out)
{
    AUTO(free) char *why = NULL;

    buf_putf(out, "- %s: ", name_of(item));
    if (is_over(item)) {
        put_over(item, out);
        return;
    }
    put_expiry(item, now, out);
    if (item->fact->not_after != 0)
        buf_put_text(out, "; ");
    put_trouble(item, out);
    if (!text_is_given(item->fact->why))
        return;
    why = text_printable_dup(view_of(item->fact->why), WHY_SHOWN, false);
    buf_putf(out, ": %s", why);
}

/* ---- how bad it is ---- */

static const char *severity_of(const struct about *about, const struct item *item)
{
    size_t levels = about->at.len;

    if (is_over(item))
        return "info";
    if (item->level > levels || (levels > 0 && item->level == levels) || item->trouble == TROUBLE_RUN)
        return "critical";
    return item->level > 0 || item->trouble == TROUBLE_DELIVERY || item->trouble == TROUBLE_FOREIGN ? "error"
                                                                                                    : "warning";
}

static const char *worst_severity(const struct about *about, const struct news *news)
{
    static const char *const words[] = { "critical", "error", "warning" };

    for (size_t i = 0; i < COUNT(words); i++)
        for (size_t k = 0; k < news->bad; k++)
            if (strcmp(severity_of(about, &news->at[k]), words[i]) == 0)
                return words[i];
    return "info";
}

/* ---- the title ---- */

static size_t count_certificates(const struct news *news)
{
    size_t count = 0;

    for (size_t i = 0; i < news->bad; i++)
        count += news->at[i].trouble != TROUBLE_RUN && news->at[i].trouble != TROUBLE_TARGET;
    return count;
}

static void put_subject(const struct news *news, int64_t now, bool foreign, struct buf *out)
{
    size_t certificates = count_certificates(news), over = news->len - news->bad;

    if (certificates == 1 && news->bad == 1) {
        buf_putf(out, "%s ", name_of(&news->at[0]));
        put_expiry(&news->at[0], now, out);
        buf_put_text(out, news->at[0].fact->not_after != 0 ? ", and " : "");
        put_trouble(&news->at[0], out);
    } else if (certificates > 0 && foreign) {
        buf_putf(out, "%zu certificates are in the public logs, and not of this store", certificates);
    } else if (certificates > 0) {
        buf_putf(out, "%zu certificate%s attention", certificates, certificates == 1 ? " needs" : "s need");
    } else if (news->bad > 0 && news->at[0].trouble == TROUBLE_RUN) {
        buf_put_text(out, "renew could not do its work");
    } else if (news->bad > 0) {
        buf_put_text(out, "a target of alarms takes none");
    } else if (over == 1) {
        buf_putf(out, "%s: ", name_of(&news->at[0]));
        put_over(&news->at[0], out);
    } else {
        buf_putf(out, "all is well again (%zu)", over);
    }
}

static char *make_title(const struct about *about, const struct news *news)
{
    AUTO(buf_clear) struct buf out = BUF(8192);

    buf_putf(&out, "[%s] ", about->host);
    if (news == NULL)
        buf_put_text(&out, "a test: alarms of certificates arrive here");
    else
        put_subject(news, about->now, about->foreign, &out);
    return text_printable_dup(buf_view(&out), MESSAGE_TITLE_MAX, false);
}

/* ---- the text ---- */

struct writing {
    const struct about *about;
    const struct news *news;
    struct buf out;
    size_t limit; /* of the items */
};

/* How many of the items from..to found room; the rest is told by its number. */
static size_t put_items(struct writing *writing, size_t from, size_t to)
{
    size_t i = from;

    for (; i < to && i - from < MESSAGE_ITEMS; i++) {
        AUTO(buf_clear) struct buf line = BUF(8192);

        put_item(&writing->news->at[i], writing->about->now, &line);
        if (line.len > LINE_MAX) {
            AUTO(free) char *cut = text_printable_dup(buf_view(&line), LINE_MAX, false);

            buf_clear(&line);
            buf_put_text(&line, cut);
        }
        if (writing->out.len + line.len + 1 > writing->limit)
            break;
        buf_putf(&writing->out, "%s\n", buf_text(&line));
    }
    if (i < to)
        buf_putf(&writing->out, i == from ? "%zu\n" : "and %zu more\n", to - i);
    return i - from;
}

static void put_text(struct writing *writing, size_t limit)
{
    const struct about *about = writing->about;
    const struct news *news = writing->news;
    size_t over = news->len - news->bad;

    if (news->bad > 0) {
        /* where there is also something that is over, it gets its part */
        writing->limit = over > 0 ? limit - limit / 4 : limit;
        buf_putf(&writing->out, "On %s (%s):\n\n", about->host, about->config_dir);
        (void)put_items(writing, 0, news->bad);
    }
    writing->limit = limit;
    if (over > 0) {
        buf_putf(&writing->out, news->bad > 0 ? "\nOver:\n\n" : "On %s (%s):\n\n", about->host, about->config_dir);
        (void)put_items(writing, news->bad, news->len);
    }
    if (news->bad > 0)
        buf_put_text(&writing->out,
            about->foreign
                ? "\n`evercert ct list` there tells more; `evercert ct acknowledge ID` says that one is known.\n"
                : "\n`evercert renew` there tries again; `evercert doctor` says what is wrong.\n");
}

static char *make_text(const struct about *about, const struct news *news, size_t limit)
{
    struct writing writing = { .about = about, .news = news, .out = BUF(MESSAGE_TEXT_MAX + 8192) };

    if (news == NULL) {
        buf_putf(&writing.out,
            "On %s (%s):\n\nThis is a test. What goes wrong with the renewal of certificates is told here.\n",
            about->host, about->config_dir);
    } else {
        limit = limit > MESSAGE_TEXT_MAX ? MESSAGE_TEXT_MAX : limit < LEAST_LIMIT ? LEAST_LIMIT : limit;
        put_text(&writing, limit > 2 * ROOM_FOR_REST ? limit - ROOM_FOR_REST : limit / 2);
    }
    return buf_take(&writing.out);
}

/* ---- variables ---- */

static void set_time(struct value *object, const char *key, int64_t at)
{
    char text[CLOCK_TEXT_SIZE];

    if (at == 0)
        return;
    clock_format_rfc3339(at, text);
    value_set_text(value_member_for(object, key), view_of(text));
}

static void set_item(const struct about *about, const struct item *item, struct value *to)
{
    value_set_object(to);
    value_set_text(value_member_for(to, "name"), view_of(name_of(item)));
    value_set_text(value_member_for(to, "trouble"), view_of(trouble_word(item->trouble)));
    set_time(to, "since", item->since);
    if (is_over(item)) {
        value_set_bool(value_member_for(to, "gone"), item->tidings == TIDINGS_GONE);
        return;
    }
    value_set_text(value_member_for(to, "severity"), view_of(severity_of(about, item)));
    value_set_number(value_member_for(to, "times"), item->runs);
    set_time(to, "expires", item->fact->not_after);
    if (text_is_given(item->fact->why)) {
        AUTO(free) char *why = text_printable_dup(view_of(item->fact->why), WHY_SHOWN, false);

        value_set_text(value_member_for(to, "why"), view_of(why));
    }
}

static void set_items(const struct about *about, const struct news *news, bool over, struct vars *vars)
{
    struct value *list = vars_place(vars, over ? "recovered" : "problems");
    size_t from = 0, to = 0, shown;

    if (news != NULL) {
        from = over ? news->bad : 0;
        to = over ? news->len : news->bad;
    }
    shown = to - from > MESSAGE_ITEMS ? MESSAGE_ITEMS : to - from;
    value_set_list(list);
    for (size_t i = 0; i < shown; i++)
        set_item(about, &news->at[from + i], value_add(list));
    vars_set_number(vars, over ? "more_recovered" : "more_problems", (int64_t)(to - from - shown));
}

void message_make(const struct about *about, const struct news *news, size_t limit, struct message *out)
{
    static const char *const events[] = { "problem", "recovered", "test" };
    const char *kind = news == NULL ? " test" : about->foreign ? " transparency" : "";
    AUTO(free) char *alarm = xprintf("evercert %s %s%s", about->host, about->config_dir, kind);
    char time[CLOCK_TEXT_SIZE];

    *out = (struct message){ .event = about->event };
    out->severity = news == NULL ? "info" : worst_severity(about, news);
    out->title = make_title(about, news);
    out->text = make_text(about, news, limit);
    clock_format_rfc3339(about->now, time);
    vars_set_text(&out->vars, "event", events[about->event]);
    vars_set_text(&out->vars, "severity", out->severity);
    vars_set_text(&out->vars, "host", about->host);
    vars_set_text(&out->vars, "alarm", alarm);
    vars_set_text(&out->vars, "time", time);
    vars_set_text(&out->vars, "title", out->title);
    vars_set_text(&out->vars, "message", out->text);
    set_items(about, news, false, &out->vars);
    set_items(about, news, true, &out->vars);
}

char *message_json(const struct message *message)
{
    AUTO(value_clear) struct value object = { 0 };
    AUTO(buf_clear) struct buf out = BUF(1024 * 1024);

    value_set_object(&object);
    for (size_t i = 0; i < message->vars.len; i++)
        value_copy(value_member_for(&object, message->vars.at[i].name), &message->vars.at[i].value);
    value_put_json(&object, &out);
    return buf_take(&out);
}
