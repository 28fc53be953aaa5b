#include "script/secrets.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "json/out.h"

#define HIDDEN "[hidden]"
#define ENCODED_MIN 8 /* bytes: shorter pieces of Base64 may be anything */

/* Longer ones first. */
static void add_form(struct secrets *secrets, struct view form)
{
    AUTO(wipe_free) char *text = view_dup(form);
    size_t at = 0;

    if (list_has(&secrets->forms, text))
        return;
    while (at < secrets->forms.len && strlen(secrets->forms.at[at]) >= form.len)
        at++;
    list_add(&secrets->forms, text);
    for (size_t i = secrets->forms.len - 1; i > at; i--) {
        char *other = secrets->forms.at[i];

        secrets->forms.at[i] = secrets->forms.at[i - 1];
        secrets->forms.at[i - 1] = other;
    }
}

/* RFC 3986 section 2.1, of all but its unreserved characters. */
static void add_percent(struct secrets *secrets, struct view value, bool upper, bool plus)
{
    AUTO(buf_clear) struct buf out = BUF_SECRET(SIZE_MAX);

    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.at[i];
        bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');

        if (letter || strchr("-._~", c) != NULL)
            buf_put_char(&out, (char)c);
        else if (plus && c == ' ')
            buf_put_char(&out, '+');
        else
            buf_putf(&out, upper ? "%%%02X" : "%%%02x", c);
    }
    add_form(secrets, buf_view(&out));
}

/* Without the quotes around. */
static void add_json(struct secrets *secrets, struct view value, bool slashes)
{
    AUTO(buf_clear) struct buf quoted = BUF_SECRET(SIZE_MAX), out = BUF_SECRET(SIZE_MAX);
    struct out json = out_to(&quoted);

    out_view(&json, NULL, value);
    for (size_t i = 1; i + 1 < quoted.len; i++) {
        if (slashes && quoted.at[i] == '/')
            buf_put_char(&out, '\\');
        buf_put_char(&out, quoted.at[i]);
    }
    add_form(secrets, buf_view(&out));
}

static void add_hex(struct secrets *secrets, struct view value, const char *between)
{
    AUTO(buf_clear) struct buf out = BUF_SECRET(SIZE_MAX);

    for (size_t i = 0; i < value.len; i++)
        buf_putf(&out, "%s%02x", i > 0 ? between : "", (unsigned char)value.at[i]);
    add_form(secrets, buf_view(&out));
}

/* The characters that depend on the value alone when `before` bytes more stand before it, and others may follow. */
static void add_base64_piece(struct secrets *secrets, struct view value, size_t before, bool url)
{
    AUTO(buf_clear) struct buf bytes = BUF_SECRET(SIZE_MAX), out = BUF_SECRET(SIZE_MAX);
    size_t start = (before * 8 + 5) / 6, end = (before + value.len) * 8 / 6;

    buf_put(&bytes, (struct view){ "\0\0", before });
    buf_put(&bytes, value);
    if (url)
        buf_put_base64url(&out, buf_view(&bytes));
    else
        buf_put_base64(&out, buf_view(&bytes));
    if (end - start >= ENCODED_MIN)
        add_form(secrets, (struct view){ out.at + start, end - start });
}

static void add_base64(struct secrets *secrets, struct view value)
{
    AUTO(buf_clear) struct buf whole = BUF_SECRET(SIZE_MAX), plain = BUF_SECRET(SIZE_MAX);

    buf_put_base64(&whole, value);
    buf_put_base64url(&plain, value);
    if (whole.len >= ENCODED_MIN) {
        add_form(secrets, buf_view(&whole));
        add_form(secrets, buf_view(&plain));
    }
    for (size_t before = 0; before < 3; before++) {
        add_base64_piece(secrets, value, before, false);
        add_base64_piece(secrets, value, before, true);
    }
}

void secrets_add(struct secrets *secrets, const char *value)
{
    struct view view = view_of(value);

    if (view.len < SECRET_MIN || list_has(&secrets->values, value))
        return;
    list_add(&secrets->values, value);
    add_form(secrets, view);
    for (int i = 0; i < 4; i++)
        add_percent(secrets, view, (i & 1) != 0, (i & 2) != 0);
    add_json(secrets, view, false);
    add_json(secrets, view, true);
    add_hex(secrets, view, "");
    add_hex(secrets, view, " ");
    add_base64(secrets, view);
}

static size_t secret_at(const struct list *forms, struct view rest)
{
    for (size_t i = 0; i < forms->len; i++)
        if (view_starts(rest, forms->at[i]))
            return strlen(forms->at[i]);
    return 0;
}

char *secrets_hide(const struct secrets *secrets, struct view text)
{
    AUTO(buf_clear) struct buf out = BUF_SECRET(SIZE_MAX);
    bool begins[256] = { false };

    for (size_t i = 0; i < secrets->forms.len; i++)
        begins[(unsigned char)secrets->forms.at[i][0]] = true;
    while (text.len > 0) {
        size_t len = begins[(unsigned char)text.at[0]] ? secret_at(&secrets->forms, text) : 0;

        if (len > 0)
            buf_put_text(&out, HIDDEN);
        else
            buf_put_char(&out, text.at[0]);
        len = len > 0 ? len : 1;
        text = (struct view){ text.at + len, text.len - len };
    }
    return buf_take(&out);
}

static void wipe_all(struct list *list)
{
    for (size_t i = 0; i < list->len; i++)
        wipe(list->at[i], strlen(list->at[i]));
    list_clear(list);
}

void secrets_clear(struct secrets *secrets)
{
    wipe_all(&secrets->values);
    wipe_all(&secrets->forms);
}
