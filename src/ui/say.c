#include <stdarg.h>
#include <stdio.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "ui/state.h"

unsigned ui_text_columns(const struct ui *ui)
{
    unsigned columns = ui_voice(ui)->fits_terminal ? ui_columns(ui) : UI_COLUMNS;

    if (columns > UI_COLUMNS)
        return UI_COLUMNS;
    return columns < UI_LEAST_COLUMNS ? UI_LEAST_COLUMNS : columns;
}

void ui_put_frame(const struct ui *ui, struct buf *to)
{
    static const char line[UI_COLUMNS + 1] =
        "- - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - ";

    buf_put(to, (struct view){ line, ui_text_columns(ui) - 1 });
    buf_put_char(to, '\n');
}

bool ui_hears(const struct ui *ui, const char *text)
{
    if (view_trim(view_of(text)).len > 0)
        log_debug("Notifying user: %s", text); /* Certbot's words, by which people search */
    return !ui->options.quiet;
}

void ui_put_lines(struct ui *ui, struct view text)
{
    AUTO(free) char *shown = text_printable_dup(text, SIZE_MAX - 1, true);

    ui_put(ui, STDOUT_FILENO, view_of(shown));
}

void ui_say(struct ui *ui, const char *format, ...)
{
    AUTO(free) char *text = NULL;
    AUTO(buf_clear) struct buf line = BUF(UI_MAX_TEXT);
    va_list args;
    int len;

    va_start(args, format);
    len = vasprintf(&text, format, args);
    va_end(args);
    if (len < 0) {
        text = NULL;
        return;
    }
    if (!ui_hears(ui, text))
        return;
    buf_put(&line, (struct view){ text, (size_t)len });
    buf_put_char(&line, '\n');
    ui_put_lines(ui, buf_view(&line));
}

void ui_put_paragraph(struct buf *to, unsigned columns, const char *text)
{
    struct view view = view_of(text);

    if (columns > 0)
        ui_wrap(view, columns, to);
    else
        buf_put(to, view);
    if (view.len == 0 || view.at[view.len - 1] != '\n')
        buf_put_char(to, '\n');
}

void ui_explain(struct ui *ui, const char *text)
{
    AUTO(buf_clear) struct buf out = BUF(UI_MAX_TEXT);

    if (!ui_hears(ui, text))
        return;
    ui_put_paragraph(&out, ui_text_columns(ui), text);
    ui_put_lines(ui, buf_view(&out));
}

void ui_frame(struct ui *ui, bool wrap, const char *text)
{
    AUTO(buf_clear) struct buf out = BUF(UI_MAX_TEXT);

    if (!ui_hears(ui, text))
        return;
    buf_put_char(&out, '\n');
    ui_put_frame(ui, &out);
    ui_put_paragraph(&out, wrap ? ui_text_columns(ui) : 0, text);
    ui_put_frame(ui, &out);
    ui_put_lines(ui, buf_view(&out));
}

void ui_frame_line(struct ui *ui)
{
    AUTO(buf_clear) struct buf out = BUF(UI_COLUMNS + 1);

    if (ui->options.quiet)
        return;
    ui_put_frame(ui, &out);
    ui_put(ui, STDOUT_FILENO, buf_view(&out));
}

void ui_frame_begin(struct ui *ui)
{
    if (!ui->options.quiet)
        ui_put(ui, STDOUT_FILENO, view_of("\n"));
    ui_frame_line(ui);
}

void ui_frame_part(struct ui *ui, const char *text)
{
    if (ui_hears(ui, text))
        ui_put_lines(ui, view_of(text));
}

void ui_frame_end(struct ui *ui)
{
    ui_frame_line(ui);
}

/* "NEXT STEPS:" and one paragraph for each. */
static void put_next_steps(struct ui *ui, const struct list *steps, unsigned columns)
{
    AUTO(buf_clear) struct buf out = BUF(UI_MAX_TEXT);
    bool is_bold = log_has_colours(STDOUT_FILENO);

    if (ui_is_terminal(ui)) /* not through ui_put_lines, to which an escape sequence is foreign text */
        ui_put(ui, STDOUT_FILENO, view_of(is_bold ? "\033[1m\n" : "\n"));
    ui_put_lines(ui, view_of("NEXT STEPS:\n"));
    if (is_bold)
        ui_put(ui, STDOUT_FILENO, view_of("\033[0m"));
    for (size_t i = 0; i < steps->len; i++) {
        AUTO(free) char *step = xprintf("- %s", steps->at[i]);

        ui_put_paragraph(&out, columns, step);
    }
    ui_put_lines(ui, buf_view(&out));
}

void ui_next_steps(struct ui *ui, const struct list *steps)
{
    AUTO(free) char *all = list_join(steps, "\n- "), *text = xprintf("NEXT STEPS:\n- %s", all);

    if (steps->len > 0 && ui_hears(ui, text))
        put_next_steps(ui, steps, ui_is_terminal(ui) && ui_voice(ui)->fits_terminal ? ui_text_columns(ui) : 0);
}

void ui_write(struct ui *ui, struct view text)
{
    ui_put(ui, STDOUT_FILENO, text);
}
