#include "nginx/editing.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

void nginx_editing_begin(struct nginx_editing *editing, struct nginx_conf *conf)
{
    *editing = (struct nginx_editing){ .conf = conf, .model = nginx_model_new(conf) };
    editing->patch_count = conf->count;
    editing->patches = xcalloc(conf->count + 1, sizeof *editing->patches);
}

static void drop_patches(struct nginx_editing *editing)
{
    for (size_t i = 0; i < editing->patch_count; i++)
        patch_clear(&editing->patches[i]);
    list_clear(&editing->given_ipv6only);
}

void nginx_editing_clear(struct nginx_editing *editing)
{
    drop_patches(editing);
    free(editing->patches);
    nginx_model_free(editing->model);
    *editing = (struct nginx_editing){ 0 };
}

struct patch *nginx_editing_patch(struct nginx_editing *editing, const struct nginx_node *node)
{
    return &editing->patches[node->file->index];
}

bool nginx_editing_touches(const struct nginx_editing *editing, const struct nginx_node *node)
{
    return patch_touches(&editing->patches[node->file->index], node->start, node->end);
}

static bool apply_one(struct nginx_editing *editing, struct nginx_file *file, struct error *err)
{
    AUTO(buf_clear) struct buf text = BUF(NGINX_TEXT_MAX);

    patch_apply(&editing->patches[file->index], file->text, &text);
    if (text.failed)
        return error_set(err, ERROR_CONFIG, "%s would become too long", file->path);
    if (nginx_conf_replace_text(editing->conf, file, buf_view(&text), err)) {
        if (editing->put != NULL)
            editing->put(editing->put_arg, file->path, buf_view(&text));
        return true;
    }
    (void)error_as(err, ERROR_INTERNAL);
    return error_in(err, "changing %s", file->path);
}

/* Includes may have brought files, and with them indices. */
static void fit_patches(struct nginx_editing *editing)
{
    size_t count = editing->conf->count;

    if (count <= editing->patch_count)
        return;
    editing->patches = xrealloc(editing->patches, count + 1, sizeof *editing->patches);
    memset(editing->patches + editing->patch_count, 0, (count - editing->patch_count) * sizeof *editing->patches);
    editing->patch_count = count;
}

bool nginx_editing_apply(struct nginx_editing *editing, bool *any, struct error *err)
{
    bool ok = true;
    size_t count = editing->patch_count;

    *any = false;
    for (size_t i = 0; i < count && ok; i++) {
        if (patch_is_empty(&editing->patches[i]))
            continue;
        *any = true;
        ok = apply_one(editing, editing->conf->files[i], err);
    }
    drop_patches(editing);
    if (!*any)
        return true;
    fit_patches(editing);
    nginx_model_free(editing->model);
    editing->model = nginx_model_new(editing->conf);
    return ok;
}

/* ---- edits ---- */

struct view nginx_source(const struct nginx_node *node)
{
    return (struct view){ node->file->text.at + node->start, node->end - node->start };
}

/* What follows on the line of a place: nothing or a comment (then *comment is that), or more. */
static bool line_ends_here(struct view text, size_t at, struct view *comment)
{
    size_t end = text_line_end(text, at);
    struct view rest = view_trim((struct view){ text.at + at, end - at });

    *comment = rest;
    return rest.len == 0 || rest.at[0] == '#';
}

/* Behind an inserted comment, the rest of the line has to begin a new one. Blanks in front of the rest stay where they
 * are, as what follows may be edited, too, and count for its indentation. */
static void part_line(struct buf *out, const struct nginx_node *node)
{
    struct view text = node->file->text, rest, indent = text_indent(text, node->start);
    size_t blanks;

    if (line_ends_here(text, node->end, &rest))
        return;
    blanks = (size_t)(rest.at - text.at) - node->end;
    if (!view_has(indent, '\t'))
        indent.len -= blanks < indent.len ? blanks : indent.len;
    buf_put_text(out, text_line_end_at(text, node->end));
    buf_put(out, indent);
}

static bool has_mark(const struct nginx_node *node)
{
    struct view rest;

    return line_ends_here(node->file->text, node->end, &rest) && rest.len > 0 &&
           memmem(rest.at, rest.len, "managed by Certbot", strlen("managed by Certbot")) != NULL;
}

static void replace(struct nginx_editing *editing, const struct nginx_node *node, struct buf *out)
{
    part_line(out, node);
    patch_replace(nginx_editing_patch(editing, node), node->start, node->end - node->start, buf_view(out));
}

void nginx_change(struct nginx_editing *editing, const struct nginx_node *node, const char *directive)
{
    AUTO(buf_clear) struct buf out = BUF(NGINX_TEXT_MAX);

    buf_put_text(&out, directive);
    if (!has_mark(node))
        buf_put_text(&out, " " NGINX_MARK);
    replace(editing, node, &out);
}

void nginx_comment_out(struct nginx_editing *editing, const struct nginx_node *node, const char *note)
{
    AUTO(buf_clear) struct buf out = BUF(NGINX_TEXT_MAX);
    struct view source = nginx_source(node);

    buf_put_text(&out, "# ");
    for (size_t i = 0; i < source.len; i++)
        buf_put_char(&out, source.at[i] == '\n' || source.at[i] == '\r' ? ' ' : source.at[i]);
    buf_put_text(&out, " # ");
    buf_put_text(&out, note);
    replace(editing, node, &out);
}

void nginx_take_out(struct nginx_editing *editing, const struct nginx_node *node)
{
    nginx_remove(nginx_editing_patch(editing, node), node->file->text, node, NGINX_MARK);
}

struct view nginx_source_and_comment(const struct nginx_node *node)
{
    struct view rest, source = nginx_source(node);

    if (line_ends_here(node->file->text, node->end, &rest) && rest.len > 0)
        source.len = (size_t)(rest.at + rest.len - source.at);
    return source;
}

void nginx_move_out(struct nginx_editing *editing, const struct nginx_node *node)
{
    struct view text = node->file->text, source = nginx_source_and_comment(node);
    size_t start = text_line_start(text, node->start);

    if (view_trim((struct view){ text.at + start, node->start - start }).len > 0 ||
        source.len == node->end - node->start)
        nginx_take_out(editing, node);
    else
        patch_replace(
            nginx_editing_patch(editing, node), start, text_next_line(text, node->end) - start, (struct view){ "", 0 });
}

void nginx_inline(struct nginx_editing *editing, const struct nginx_node *include)
{
    AUTO(buf_clear) struct buf out = BUF(NGINX_TEXT_MAX);
    struct view text = include->file->text, source = nginx_source(include);
    const char *eol = text_line_end_at(text, include->start);

    buf_put_text(&out, "# ");
    buf_put(&out, source);
    buf_put_text(&out, " its text, for this block alone: " NGINX_MARK);
    for (size_t i = 0; i < include->included_count; i++) {
        struct view body = include->included[i]->text;

        while (body.len > 0 && (body.at[body.len - 1] == '\n' || body.at[body.len - 1] == '\r'))
            body.len--;
        buf_put_text(&out, eol);
        buf_put(&out, body);
    }
    if (include->included_count > 0) { /* the last line may be a comment, which the rest must not become part of */
        struct view rest;

        if (!line_ends_here(text, include->end, &rest) || rest.len > 0) {
            buf_put_text(&out, eol);
            buf_put(&out, text_indent(text, include->start));
        }
    }
    patch_replace(nginx_editing_patch(editing, include), include->start, source.len, buf_view(&out));
}

void nginx_put_block_behind(struct nginx_editing *editing, const struct nginx_node *node, struct view block)
{
    AUTO(buf_clear) struct buf out = BUF(NGINX_TEXT_MAX);
    struct view text = node->file->text, rest;
    bool own_line = line_ends_here(text, node->end, &rest);
    const char *eol = text_line_end_at(text, node->start);

    buf_put_text(&out, eol);
    buf_put(&out, text_indent(text, node->start));
    buf_put(&out, block);
    if (!own_line) {
        buf_put_text(&out, eol);
        buf_put(&out, text_indent(text, node->start));
    }
    patch_insert(
        nginx_editing_patch(editing, node), own_line ? text_line_end(text, node->end) : node->end, buf_view(&out));
}

void nginx_put_line(struct buf *lines, const char *format, ...)
{
    va_list args;
    char *text = NULL;

    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        abort();
    va_end(args);
    if (lines->len > 0)
        buf_put_char(lines, '\n');
    buf_put_text(lines, text);
    buf_put_text(lines, " " NGINX_MARK);
    free(text);
}

void nginx_put_lines(struct buf *lines, const struct buf *more)
{
    if (lines->len > 0 && more->len > 0)
        buf_put_char(lines, '\n');
    buf_put(lines, buf_view(more));
}

void nginx_add_lines(struct nginx_editing *editing, const struct nginx_block *block, bool apart, struct view lines)
{
    struct view text = block->node->file->text;
    bool has_lines = text_line_start(text, block->node->close) > block->node->start;
    AUTO(buf_clear) struct buf out = BUF(NGINX_TEXT_MAX);

    if (apart && has_lines)
        buf_put_char(&out, '\n');
    buf_put(&out, lines);
    nginx_append(nginx_editing_patch(editing, block->node), text, block->node, buf_text(&out));
}
