#include <stdarg.h>
#include <stdio.h>

#include "base/mem.h"
#include "ui/state.h"

const char ui_frame_text[] =
    "- - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - -\n"; /* Certbot's, 79 characters */

void ui_say(struct ui *ui, const char *format, ...)
{
    AUTO(free) char *text = NULL;
    AUTO(buf_clear) struct buf line = BUF(UI_MAX_TEXT);
    va_list args;
    int len;

    if (ui->options.quiet)
        return;
    va_start(args, format);
    len = vasprintf(&text, format, args);
    va_end(args);
    if (len < 0) {
        text = NULL;
        return;
    }
    buf_put(&line, (struct view){ text, (size_t)len });
    buf_put_char(&line, '\n');
    ui_put(ui, STDOUT_FILENO, buf_view(&line));
}

void ui_put_paragraph(struct buf *to, bool wrap, const char *text)
{
    struct view view = view_of(text);

    if (wrap)
        ui_wrap(view, UI_COLUMNS, to);
    else
        buf_put(to, view);
    if (view.len == 0 || view.at[view.len - 1] != '\n')
        buf_put_char(to, '\n');
}

void ui_frame(struct ui *ui, bool wrap, const char *text)
{
    AUTO(buf_clear) struct buf out = BUF(UI_MAX_TEXT);

    if (ui->options.quiet)
        return;
    buf_put_char(&out, '\n');
    buf_put_text(&out, ui_frame_text);
    ui_put_paragraph(&out, wrap, text);
    buf_put_text(&out, ui_frame_text);
    ui_put(ui, STDOUT_FILENO, buf_view(&out));
}

void ui_frame_line(struct ui *ui)
{
    if (!ui->options.quiet)
        ui_put(ui, STDOUT_FILENO, view_of(ui_frame_text));
}

void ui_write(struct ui *ui, struct view text)
{
    ui_put(ui, STDOUT_FILENO, text);
}
