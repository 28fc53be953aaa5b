#include "webconf/apache_edit.h"

#define STEP 4 /* blanks in `lines` for each section */

struct layout { /* how lines are set at a place */
    struct view indent;
    const char *more; /* added to it: "" or one step */
    const char *step; /* in place of four blanks */
    const char *line_end;
};

static const char *step_like(struct view indent)
{
    return view_has(indent, '\t') ? "\t" : "    ";
}

static struct layout layout_of(struct view text, const struct apache_node *node)
{
    struct view indent = text_indent(text, node->start);

    return (struct layout){ indent, "", step_like(indent), text_line_end_at(text, node->start) };
}

/* As the first directive in the section, else a step deeper than the section itself. */
static struct layout layout_in(struct view text, const struct apache_node *section)
{
    struct layout outside = section != NULL
                                ? layout_of(text, section)
                                : (struct layout){ { "", 0 }, "", "    ", text_line_end_at(text, text.len) };

    if (section != NULL && section->child != NULL)
        return layout_of(text, section->child);
    if (section != NULL)
        outside.more = outside.step;
    return outside;
}

static void put_line(struct buf *out, const struct layout *layout, struct view line)
{
    if (line.len == 0)
        return;
    buf_put(out, layout->indent);
    buf_put_text(out, layout->more);
    while (view_starts(line, "    ")) {
        buf_put_text(out, layout->step);
        line.at += STEP;
        line.len -= STEP;
    }
    buf_put(out, line);
}

/* Whether what is put behind the text could become a part of its last line. */
static bool is_open_ended(struct view text)
{
    size_t end = text.len;

    while (end > 0 && (text.at[end - 1] == '\n' || text.at[end - 1] == '\r'))
        end--;
    return end > 0 && text.at[end - 1] == '\\';
}

/* Whole lines at the beginning of a line, or at the end of a text, whose last line may lack its end. */
static void insert(struct patch *patch, struct view text, size_t at, const struct layout *layout, const char *lines)
{
    AUTO(buf_clear) struct buf out = BUF(APACHE_TEXT_MAX);
    struct view rest = view_of(lines), line;
    bool behind = at == text.len && at > 0, open_ended = behind && is_open_ended(text);

    if (open_ended) /* a blank is what its last backslash stands before then */
        buf_put_char(&out, ' ');
    if (open_ended || (behind && text.at[at - 1] != '\n'))
        buf_put_text(&out, layout->line_end);
    while (view_cut(&rest, '\n', &line)) {
        put_line(&out, layout, line);
        buf_put_text(&out, layout->line_end);
    }
    patch_insert(patch, at, buf_view(&out));
}

void apache_append(struct patch *patch, struct view text, const struct apache_node *section, const char *lines)
{
    struct layout layout = layout_in(text, section);

    insert(patch, text, section != NULL ? section->close : text.len, &layout, lines);
}

void apache_prepend(struct patch *patch, struct view text, const struct apache_node *section, const char *lines)
{
    struct layout layout = layout_in(text, section);

    insert(patch, text, section != NULL ? section->open : 0, &layout, lines);
}

void apache_insert_before(struct patch *patch, struct view text, const struct apache_node *node, const char *lines)
{
    struct layout layout = layout_of(text, node);

    insert(patch, text, node->begin, &layout, lines);
}

void apache_insert_behind(struct patch *patch, struct view text, const struct apache_node *node, const char *lines)
{
    struct layout layout = layout_of(text, node);

    insert(patch, text, node->behind, &layout, lines);
}

void apache_replace(struct patch *patch, struct view text, const struct apache_node *node, const char *lines)
{
    AUTO(buf_clear) struct buf out = BUF(APACHE_TEXT_MAX);
    struct layout layout = layout_of(text, node);
    struct view rest = view_of(lines), line, indent = layout.indent;

    for (layout.indent.len = 0; view_cut(&rest, '\n', &line); layout.indent = indent) {
        if (out.len > 0)
            buf_put_text(&out, layout.line_end);
        put_line(&out, &layout, line);
    }
    patch_replace(patch, node->start, node->end - node->start, buf_view(&out));
}

void apache_remove(struct patch *patch, const struct apache_node *node)
{
    patch_replace(patch, node->begin, node->behind - node->begin, (struct view){ "", 0 });
}
