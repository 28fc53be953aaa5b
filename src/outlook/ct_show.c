#include "outlook/ct_show.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "json/out.h"

#define TEXT_MAX 8192

/* ---- for people ---- */

static void put_printable(struct buf *to, const char *text)
{
    AUTO(free) char *shown = text_printable_dup(view_of(text), TEXT_MAX, false);

    buf_put_text(to, shown);
}

static void put_date(struct buf *to, int64_t at)
{
    char text[CLOCK_TEXT_SIZE] = "?";

    if (at != 0)
        clock_format_date(at, text);
    buf_put_text(to, text);
}

static void put_found(const struct settings *settings, const struct found *found, struct buf *to)
{
    AUTO(free) char *names = list_join(&found->names, ", "), *url = ct_url_of(settings, found->id);

    buf_putf(to, "  %lld  from ", (long long)found->id);
    put_date(to, found->not_before);
    buf_put_text(to, " to ");
    put_date(to, found->not_after);
    buf_put_text(to, "\n    names: ");
    put_printable(to, names);
    buf_put_text(to, "\n    issuer: ");
    put_printable(to, found->issuer);
    buf_putf(to, "\n    serial number: %s\n", found->serial);
    if (url != NULL) {
        buf_put_text(to, "    ");
        put_printable(to, url);
        buf_put_char(to, '\n');
    }
    if (found->acknowledged == 0)
        return;
    buf_put_text(to, "    acknowledged ");
    put_date(to, found->acknowledged);
    buf_put_text(to, " by ");
    put_printable(to, found->by);
    buf_put_text(to, text_is_given(found->note) ? ": " : "");
    put_printable(to, text_is_given(found->note) ? found->note : "");
    buf_put_char(to, '\n');
}

size_t ct_show_found(
    const struct settings *settings, const struct ct_record *record, bool only_new, bool known, struct buf *to)
{
    size_t count = 0;

    for (size_t i = 0; i < record->found_len; i++) {
        const struct found *found = &record->found[i];

        if ((only_new && !found->is_new) || (!known && found->acknowledged != 0))
            continue;
        put_found(settings, found, to);
        count++;
    }
    return count;
}

void ct_show_sum(const struct ct_look *look, struct buf *to)
{
    size_t left = look->due - look->asked - look->failed;

    buf_putf(to, "%zu of %zu questions asked", look->asked, look->all);
    if (look->all > look->due)
        buf_putf(to, ", %zu answered not long ago", look->all - look->due);
    if (left > 0)
        buf_putf(to, ", %zu left for later runs", left);
    if (look->failed > 0)
        buf_putf(to, ", %zu without an answer", look->failed);
    buf_putf(to, ".\nThe answers tell of %zu certificates for these names; %zu are of this store.\n",
        look->certificates, look->own);
    if (look->under_way > 0)
        buf_putf(to, "%zu may be of orders that are under way.\n", look->under_way);
    if (look->record.left_out > 0)
        buf_putf(to, "%zu more are not of this store; there is no room to remember them.\n", look->record.left_out);
    for (size_t i = 0; i < look->remarks.len; i++) {
        put_printable(to, look->remarks.at[i]);
        buf_put_char(to, '\n');
    }
}

/* ---- for programs ---- */

static void out_found(struct out *out, const struct settings *settings, const struct found *found)
{
    AUTO(free) char *url = ct_url_of(settings, found->id);

    out_object(out, NULL);
    out_number(out, "id", found->id);
    out_text(out, "url", url);
    out_text(out, "serial_number", found->serial);
    out_text(out, "issuer", found->issuer);
    out_texts(out, "names", &found->names);
    out_time(out, "not_before", found->not_before);
    out_time(out, "not_after", found->not_after);
    out_time(out, "found", found->seen);
    out_bool(out, "new", found->is_new);
    if (found->acknowledged == 0) {
        out_null(out, "acknowledged");
    } else {
        out_object(out, "acknowledged");
        out_time(out, "at", found->acknowledged);
        out_text(out, "by", found->by);
        out_text(out, "note", found->note);
        out_end(out);
    }
    out_end(out);
}

static void out_look(struct out *out, const struct ct_look *look)
{
    if (look == NULL) {
        out_null(out, "look");
        return;
    }
    out_object(out, "look");
    out_number(out, "questions", (int64_t)look->all);
    out_number(out, "due", (int64_t)look->due);
    out_number(out, "asked", (int64_t)look->asked);
    out_number(out, "failed", (int64_t)look->failed);
    out_number(out, "certificates", (int64_t)look->certificates);
    out_number(out, "of_this_store", (int64_t)look->own);
    out_number(out, "orders_under_way", (int64_t)look->under_way);
    out_texts(out, "failures", &look->failures);
    out_texts(out, "remarks", &look->remarks);
    out_end(out);
}

void ct_show_json(const struct settings *settings, const struct ct_record *record, const struct ct_look *look,
    int64_t now, struct buf *to)
{
    struct out out = out_pretty_to(to);

    out_object(&out, NULL);
    out_number(&out, "schema", 1);
    out_text(&out, "version", settings->voice->version);
    out_time(&out, "time", now);
    out_text(&out, "config_dir", settings->config_dir);
    out_number(&out, "unacknowledged", (int64_t)ct_strangers(record));
    out_look(&out, look);
    out_array(&out, "certificates");
    for (size_t i = 0; i < record->found_len; i++)
        out_found(&out, settings, &record->found[i]);
    out_end(&out);
    out_end(&out);
    buf_put_char(to, '\n');
}
