#include "webconf/nginx_edit.h"

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

/* Offset of the first byte from `at` on that is no blank, of the same line. */
static size_t skip_blanks(struct view text, size_t at)
{
    while (at < text.len && is_blank(text.at[at]))
        at++;
    return at;
}

static bool is_first_on_line(struct view text, size_t at)
{
    return skip_blanks(text, text_line_start(text, at)) == at;
}

/* Nothing but a comment stands behind it in its line. */
static bool is_last_on_line(struct view text, size_t end)
{
    size_t at = skip_blanks(text, end);

    return at >= text.len || at >= text_line_end(text, end) || text.at[at] == '#';
}

/* How lines are set at a place. */
struct layout {
    const char *line_end;
    struct view indent; /* of the lines */
    struct view more;   /* added to it: nothing or one step */
    struct view step;   /* of a block that the lines open */
};

/* What `inner` has over `outer`, where it goes on from it; else a usual step. */
static struct view step_between(struct view outer, struct view inner)
{
    if (inner.len > outer.len && view_equal((struct view){ inner.at, outer.len }, outer))
        return (struct view){ inner.at + outer.len, inner.len - outer.len };
    return view_of(view_has(inner, '\t') ? "\t" : "    ");
}

/* How much deeper a block lies than the one around it, which is how deep it has things lie in it. */
static struct view step_of(struct view text, const struct nginx_node *node)
{
    struct view indent = text_indent(text, node->start);

    return step_between(node->parent != NULL ? text_indent(text, node->parent->start) : indent, indent);
}

static struct layout layout_of(struct view text, const struct nginx_node *node)
{
    return (struct layout){ text_line_end_at(text, node->start), text_indent(text, node->start), { "", 0 },
        step_of(text, node) };
}

/* As the first directive in it that begins a line, else a step deeper than the block. */
static struct layout layout_in(struct view text, const struct nginx_node *block)
{
    struct view step = step_of(text, block);

    for (const struct nginx_node *child = block->child; child != NULL; child = child->next)
        if (is_first_on_line(text, child->start))
            return layout_of(text, child);
    return (struct layout){ text_line_end_at(text, block->start), text_indent(text, block->start), step, step };
}

static void put_line(struct buf *out, const struct layout *layout, struct view line)
{
    buf_put(out, layout->indent);
    buf_put(out, layout->more);
    while (view_starts(line, "    ")) {
        buf_put(out, layout->step);
        line.at += 4;
        line.len -= 4;
    }
    buf_put(out, line);
}

enum ends { ENDS_BEHIND, ENDS_BEFORE }; /* a line end behind each line, or in front of each */

static void insert(struct patch *patch, size_t at, const struct layout *layout, const char *lines, enum ends ends)
{
    AUTO(buf_clear) struct buf out = BUF(NGINX_TEXT_MAX);
    struct view rest = view_of(lines), line;

    while (view_cut(&rest, '\n', &line)) {
        if (ends == ENDS_BEFORE)
            buf_put_text(&out, layout->line_end);
        if (line.len > 0)
            put_line(&out, layout, line);
        if (ends == ENDS_BEHIND)
            buf_put_text(&out, layout->line_end);
    }
    patch_insert(patch, at, buf_view(&out));
}

/* In the middle of a line: what follows goes on in a line of its own, indented so. */
static void insert_inside(struct patch *patch, size_t at, const struct layout *layout, const char *lines,
    struct view rest_indent, bool deeper)
{
    insert(patch, at, layout, lines, ENDS_BEFORE);
    if (!patch_has_last(patch, at)) {
        AUTO(buf_clear) struct buf out = BUF(NGINX_TEXT_MAX);

        buf_put_text(&out, layout->line_end);
        buf_put(&out, rest_indent);
        if (deeper)
            buf_put(&out, layout->more);
        patch_insert_last(patch, at, buf_view(&out));
    }
}

static void append_to_file(struct patch *patch, struct view text, const char *lines)
{
    struct layout layout = { text_line_end_at(text, text.len), { "", 0 }, { "", 0 }, { "    ", 4 } };
    bool ended = text.len == 0 || text.at[text.len - 1] == '\n';

    insert(patch, text.len, &layout, lines, ended ? ENDS_BEHIND : ENDS_BEFORE);
}

void nginx_append(struct patch *patch, struct view text, const struct nginx_node *block, const char *lines)
{
    struct layout layout;

    if (block == NULL) {
        append_to_file(patch, text, lines);
        return;
    }
    layout = layout_in(text, block);
    if (is_first_on_line(text, block->close))
        insert(patch, text_line_start(text, block->close), &layout, lines, ENDS_BEHIND);
    else
        insert_inside(patch, block->close, &layout, lines, text_indent(text, block->start), false);
}

void nginx_prepend(struct patch *patch, struct view text, const struct nginx_node *block, const char *lines)
{
    struct layout layout = layout_in(text, block);
    size_t at = skip_blanks(text, block->open + 1);

    if (is_last_on_line(text, block->open + 1))
        insert(patch, text_next_line(text, at), &layout, lines, ENDS_BEHIND);
    else if (at == block->close)
        insert_inside(patch, at, &layout, lines, text_indent(text, block->start), false);
    else
        insert_inside(patch, at, &layout, lines, layout.indent, true);
}

void nginx_insert_before(struct patch *patch, struct view text, const struct nginx_node *node, const char *lines)
{
    struct layout layout = layout_of(text, node);

    if (is_first_on_line(text, node->start))
        insert(patch, text_line_start(text, node->start), &layout, lines, ENDS_BEHIND);
    else
        insert_inside(patch, node->start, &layout, lines, layout.indent, false);
}

void nginx_insert_behind(struct patch *patch, struct view text, const struct nginx_node *node, const char *lines)
{
    struct layout layout = layout_of(text, node);
    size_t next = text_next_line(text, node->end);

    if (!is_last_on_line(text, node->end))
        insert_inside(patch, skip_blanks(text, node->end), &layout, lines, layout.indent, false);
    else if (next == text.len && (next == 0 || text.at[next - 1] != '\n'))
        insert(patch, next, &layout, lines, ENDS_BEFORE);
    else
        insert(patch, next, &layout, lines, ENDS_BEHIND);
}

/* Behind the mark, should it follow in the same line and end it; else `end`. */
static size_t behind_comment(struct view text, size_t end, const char *comment)
{
    size_t at = skip_blanks(text, end), line_end = text_line_end(text, end);

    if (comment == NULL || at >= line_end || !view_is(view_trim((struct view){ text.at + at, line_end - at }), comment))
        return end;
    return line_end;
}

void nginx_remove(struct patch *patch, struct view text, const struct nginx_node *node, const char *comment)
{
    size_t start = node->start, end = behind_comment(text, node->end, comment);

    if (is_first_on_line(text, start) && skip_blanks(text, end) >= text_line_end(text, end)) {
        start = text_line_start(text, start);
        end = text_next_line(text, end);
    } else if (!is_first_on_line(text, start)) {
        while (start > 0 && is_blank(text.at[start - 1]))
            start--;
    }
    patch_replace(patch, start, end - start, (struct view){ "", 0 });
}
