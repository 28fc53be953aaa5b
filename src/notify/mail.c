#include "notify/mail.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"

#define WORD_BEGIN "=?UTF-8?B?"
#define WORD_END "?="
#define WORD_BYTES                                                                                                     \
    39 /* of text in one: 52 of Base64 and what stands around them, so that it fits behind "Subject: "                 \
        */
#define PLAIN_LINE_MAX 900 /* RFC 5322 section 2.1.1 has 998 */
#define BASE64_LINE 76
#define TEXT_SHOWN 512 /* of a field */

static bool is_plain(const char *text)
{
    for (const char *c = text; *c != '\0'; c++)
        if ((unsigned char)*c >= 0x7f)
            return false;
    return strstr(text, "=?") == NULL; /* which would be read as an encoded word */
}

/* So many bytes, less where that would cut a letter in two (RFC 2047 section 5). */
static size_t whole_letters(const char *text, size_t len)
{
    size_t most = strlen(text);

    if (len >= most)
        return most;
    while (len > 1 && ((unsigned char)text[len] & 0xc0) == 0x80)
        len--;
    return len;
}

static void put_encoded(const char *text, struct buf *out)
{
    for (size_t len; *text != '\0'; text += len) {
        len = whole_letters(text, WORD_BYTES);
        buf_put_text(out, WORD_BEGIN);
        buf_put_base64(out, (struct view){ text, len });
        buf_put_text(out, text[len] != '\0' ? WORD_END "\n " : WORD_END);
    }
}

/* Folded at blanks (RFC 5322 section 2.2.3); used: columns of the field's name. A word that is too long stays whole. */
static void put_folded(const char *text, size_t used, struct buf *out)
{
    struct view rest = view_of(text), word = { 0 };
    bool first = true;

    while (view_cut(&rest, ' ', &word)) {
        if (word.len == 0)
            continue;
        if (!first && used + 1 + word.len > MAIL_LINE_MAX) {
            buf_put_text(out, "\n ");
            used = 1;
        } else if (!first) {
            buf_put_char(out, ' ');
            used++;
        }
        buf_put(out, word);
        used += word.len;
        first = false;
    }
}

/* "Name: text", whatever the text has in it. */
static void put_text_field(const char *name, const char *text, struct buf *out)
{
    AUTO(free) char *line = text_printable_dup(view_of(text), TEXT_SHOWN, false);

    buf_putf(out, "%s: ", name);
    if (is_plain(line)) {
        put_folded(line, strlen(name) + 2, out);
    } else {
        put_encoded(line, out);
    }
    buf_put_char(out, '\n');
}

static void put_from(const struct mail *mail, struct buf *out)
{
    AUTO(free) char *name = text_printable_dup(view_of(mail->from_name), TEXT_SHOWN, false);

    buf_put_text(out, "From: ");
    if (is_plain(name)) {
        buf_put_char(out, '"');
        for (const char *c = name; *c != '\0'; c++)
            if (*c != '"' && *c != '\\')
                buf_put_char(out, *c);
        buf_put_text(out, "\"\n ");
    } else {
        put_encoded(name, out);
        buf_put_text(out, "\n ");
    }
    buf_putf(out, "<%s>\n", mail->from);
}

static void put_to(const struct list *to, struct buf *out)
{
    buf_put_text(out, "To: ");
    for (size_t i = 0; i < to->len; i++)
        buf_putf(out, "%s%s", i == 0 ? "" : ",\n ", to->at[i]);
    buf_put_char(out, '\n');
}

/* As in IMF-fixdate, which is of the same RFC, but for the zone (section 3.3). */
static void put_date(int64_t now, struct buf *out)
{
    char text[CLOCK_TEXT_SIZE];

    clock_format_http_date(now, text);
    buf_putf(out, "Date: %.*s+0000\n", (int)(strlen(text) - strlen("GMT")), text);
}

static bool has_long_lines(const char *text)
{
    struct view rest = view_of(text), line = { 0 };

    while (view_cut(&rest, '\n', &line))
        if (line.len > PLAIN_LINE_MAX)
            return true;
    return false;
}

static void put_body(const char *text, struct buf *out)
{
    AUTO(free) char *clean = text_printable_dup(view_of(text), MAIL_MAX / 2, true);
    AUTO(buf_clear) struct buf encoded = BUF(MAIL_MAX);

    buf_put_text(out, "Content-Type: text/plain; charset=UTF-8\n");
    if (is_plain(clean) && !has_long_lines(clean)) {
        buf_putf(out, "Content-Transfer-Encoding: 7bit\n\n%s", clean);
        return;
    }
    buf_put_text(out, "Content-Transfer-Encoding: base64\n\n");
    buf_put_base64(&encoded, view_of(clean));
    for (size_t at = 0; at < encoded.len; at += BASE64_LINE)
        buf_putf(
            out, "%.*s\n", (int)(encoded.len - at < BASE64_LINE ? encoded.len - at : BASE64_LINE), encoded.at + at);
}

void mail_put(const struct mail *mail, struct buf *out)
{
    put_date(mail->now, out);
    put_from(mail, out);
    put_to(mail->to, out);
    put_text_field("Subject", mail->subject, out);
    buf_putf(out, "Message-ID: <%s>\n", mail->id);
    buf_put_text(out, "Auto-Submitted: auto-generated\n"); /* RFC 3834 section 5: nobody is to answer by machine */
    if (strcmp(mail->severity, "critical") == 0)
        buf_put_text(out, "Importance: high\n");
    buf_put_text(out, "MIME-Version: 1.0\n");
    put_body(mail->text, out);
}
