#include "status/html.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "status/page_css.h"
#include "status/page_svg.h"
#include "status/words.h"

static void put_escaped(struct buf *to, const char *text, const char *behind_dots)
{
    static const struct {
        char byte;
        const char *text;
    } escapes[] = { { '&', "&amp;" }, { '<', "&lt;" }, { '>', "&gt;" }, { '"', "&quot;" }, { '\'', "&#39;" } };
    AUTO(free) char *printable = text_printable_dup(view_of(text), WORDS_MAX, false);

    for (const char *at = printable; *at != '\0'; at++) {
        size_t i = 0;

        while (i < COUNT(escapes) && escapes[i].byte != *at)
            i++;
        if (i < COUNT(escapes))
            buf_put_text(to, escapes[i].text);
        else
            buf_put_char(to, *at);
        if (*at == '.')
            buf_put_text(to, behind_dots);
    }
}

void html_put_text(struct buf *to, const char *text)
{
    put_escaped(to, text, "");
}

void html_put_name(struct buf *to, const char *name)
{
    put_escaped(to, name, "<wbr>");
}

void html_put_time(struct buf *to, int64_t at)
{
    char text[CLOCK_TEXT_SIZE];

    clock_format_rfc3339(at, text);
    buf_putf(to, "<time datetime=\"%s\">", text);
    words_put_time(to, at);
    buf_put_text(to, "</time>");
}

void html_put_sign(struct buf *to, enum level level)
{
    static const char *const words[] = { "well", "warning", "critical", "not readable" };

    buf_putf(to,
        "<svg class=\"sign l%d\" role=\"img\" aria-label=\"%s\" viewBox=\"0 0 20 20\"><use href=\"#sign%d\"/></svg>",
        level, words[level], level);
}

/* ---- what is the same on each page ---- */

void html_put_symbols(struct buf *to)
{
    for (size_t i = 0; i < COUNT(page_svg); i++)
        buf_put_text(to, page_svg[i]);
}

void html_put_style(struct buf *to)
{
    for (size_t i = 0; i < COUNT(page_css); i++)
        buf_put_text(to, page_css[i]);
}
