#include "tree/encode.h"

#include "base/text.h"
#include "json/out.h"

static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_' || c == '~';
}

void encode_url(struct view text, struct buf *to)
{
    for (size_t i = 0; i < text.len; i++) {
        if (is_unreserved(text.at[i]))
            buf_put_char(to, text.at[i]);
        else
            buf_putf(to, "%%%02X", (unsigned char)text.at[i]);
    }
}

void encode_form(struct view text, struct buf *to)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] == ' ')
            buf_put_char(to, '+');
        else
            encode_url((struct view){ text.at + i, 1 }, to);
    }
}

void encode_xml(struct view text, struct buf *to)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];

        if (c == '&')
            buf_put_text(to, "&amp;");
        else if (c == '<')
            buf_put_text(to, "&lt;");
        else if (c == '>')
            buf_put_text(to, "&gt;");
        else if (c == '"')
            buf_put_text(to, "&quot;");
        else
            buf_put_char(to, c);
    }
}

void encode_json(struct view text, struct buf *to)
{
    AUTO(buf_clear) struct buf quoted = BUF_SECRET(to->max);
    struct out out = out_to(&quoted);

    out_view(&out, NULL, text);
    if (quoted.failed || quoted.len < 2)
        to->failed = true;
    else
        buf_put(to, (struct view){ quoted.at + 1, quoted.len - 2 });
}

void decode_form(struct view text, struct buf *to)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] == '%' && i + 2 < text.len && buf_put_unhex(to, (struct view){ text.at + i + 1, 2 }))
            i += 2;
        else
            buf_put_char(to, text.at[i] == '+' ? ' ' : text.at[i]);
    }
}
