#include "ui/state.h"

/* Columns that text takes: characters of UTF-8, each taken for one column wide. */
static size_t width_of(struct view text)
{
    size_t width = 0;

    for (size_t i = 0; i < text.len; i++)
        width += ((unsigned char)text.at[i] & 0xc0) != 0x80;
    return width;
}

/* Takes a run of blanks, or of what is none, off the front of *rest. */
static struct view next_run(struct view *rest, bool blanks)
{
    struct view run = { rest->at, 0 };

    while (run.len < rest->len && (run.at[run.len] == ' ') == blanks)
        run.len++;
    rest->at += run.len;
    rest->len -= run.len;
    return run;
}

/* Indentation stays; blanks at which a line is broken go. A word longer than a line (a URL, a path) is never cut: it
 * has to be copied. */
static void wrap_line(struct view line, unsigned columns, struct buf *out)
{
    size_t at = 0;

    while (line.len > 0) {
        struct view blanks = next_run(&line, true), word = next_run(&line, false);
        size_t width = width_of(word);
        bool first = at == 0;

        if (word.len == 0)
            return; /* blanks at the end of a line are nothing to see */
        if (!first && at + blanks.len + width > columns) {
            buf_put_char(out, '\n');
            at = 0;
            blanks.len = 0;
        }
        buf_put(out, blanks);
        buf_put(out, word);
        at += blanks.len + width;
    }
}

void ui_wrap(struct view text, unsigned columns, struct buf *out)
{
    struct view line;
    bool first = true;

    while (view_cut(&text, '\n', &line)) {
        if (!first)
            buf_put_char(out, '\n');
        first = false;
        wrap_line(line, columns, out);
    }
}
