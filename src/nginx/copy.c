#include "nginx/copy.h"

#include <string.h>

#include "base/mem.h"
#include "nginx/editing.h"

struct nginx_copy_edit {
    const struct nginx_node *node, *include;
    char *directive; /* NULL: it is left out */
};

void nginx_copy_begin(struct nginx_copy *copy, const struct nginx_block *block)
{
    *copy = (struct nginx_copy){ .block = block, .lines = BUF(NGINX_TEXT_MAX), .first = BUF(NGINX_TEXT_MAX) };
}

void nginx_copy_clear(struct nginx_copy *copy)
{
    for (size_t i = 0; i < copy->edit_count; i++)
        free(copy->edits[i].directive);
    free(copy->edits);
    buf_clear(&copy->lines);
    buf_clear(&copy->first);
    *copy = (struct nginx_copy){ 0 };
}

static const struct nginx_copy_edit *edit_of(const struct nginx_copy *copy, const struct nginx_node *node)
{
    for (size_t i = 0; i < copy->edit_count; i++)
        if (copy->edits[i].node == node)
            return &copy->edits[i];
    return NULL;
}

void nginx_copy_change(
    struct nginx_copy *copy, const struct nginx_node *node, const struct nginx_node *include, const char *directive)
{
    if (edit_of(copy, node) != NULL)
        return;
    copy->edits = xrealloc(copy->edits, copy->edit_count + 1, sizeof *copy->edits);
    copy->edits[copy->edit_count++] = (struct nginx_copy_edit){ node, include, xstrdup_or_null(directive) };
}

void nginx_copy_names(struct nginx_copy *copy, const struct list *names)
{
    AUTO(free) char *joined = list_join(names, " ");
    AUTO(free) char *directive = xprintf("server_name %s;", joined);
    const struct nginx_item *item;
    bool done = false;

    for (size_t from = 0; (item = nginx_block_find(copy->block, "server_name", &from)) != NULL; done = true)
        nginx_copy_change(copy, item->node, item->include, done ? NULL : directive);
    if (!done)
        nginx_put_line(&copy->first, "%s", directive);
}

/* The directive without what one block alone may say; what it says else stays as it is written. */
static char *without_single(const struct nginx_node *listen)
{
    struct buf out = BUF(NGINX_TEXT_MAX);

    buf_put_text(&out, "listen");
    for (size_t i = 1; i < listen->word_count; i++) {
        const struct nginx_word *word = &listen->words[i];

        if (i > 1 && nginx_listen_word_is_single(word->text))
            continue;
        buf_put_char(&out, ' ');
        buf_put(&out, (struct view){ listen->file->text.at + word->start, word->end - word->start });
    }
    buf_put_char(&out, ';');
    return buf_take(&out);
}

static bool has_single(const struct nginx_node *listen)
{
    for (size_t i = 2; i < listen->word_count; i++)
        if (nginx_listen_word_is_single(listen->words[i].text))
            return true;
    return false;
}

void nginx_copy_listens(struct nginx_copy *copy, const struct nginx_model *model,
    bool (*keeps)(const struct nginx_model *model, const struct nginx_listen *listen), bool single)
{
    for (size_t i = 0; i < copy->block->listen_count; i++) {
        const struct nginx_listen *listen = &copy->block->listens[i];
        AUTO(free) char *directive = NULL;

        if (listen->node == NULL)
            continue;
        if (keeps != NULL && !keeps(model, listen)) {
            nginx_copy_change(copy, listen->node, listen->include, NULL);
        } else if (!single && has_single(listen->node)) {
            directive = without_single(listen->node);
            nginx_copy_change(copy, listen->node, listen->include, directive);
        }
    }
}

/* ---- the text ---- */

static bool is_marked(const char *directive)
{
    return strstr(directive, NGINX_MARK) != NULL;
}

static void change(struct patch *patch, const struct nginx_copy_edit *edit)
{
    struct view text = edit->node->file->text;
    AUTO(buf_clear) struct buf out = BUF(NGINX_TEXT_MAX);
    size_t end = edit->node->end, line_end = text_line_end(text, end);
    struct view rest = view_trim((struct view){ text.at + end, line_end - end });

    if (edit->directive == NULL) {
        nginx_remove(patch, text, edit->node, NGINX_MARK);
        return;
    }
    buf_put_text(&out, edit->directive);
    if (!is_marked(edit->directive) && !view_starts(rest, NGINX_MARK))
        buf_put_text(&out, " " NGINX_MARK);
    if (rest.len > 0 && rest.at[0] != '#') {
        buf_put_text(&out, text_line_end_at(text, end));
        buf_put(&out, text_indent(text, edit->node->start));
    }
    patch_replace(patch, edit->node->start, end - edit->node->start, buf_view(&out));
}

/* What an include brings, less what is left out. */
static void change_include(struct patch *patch, const struct nginx_copy *copy, const struct nginx_node *include)
{
    AUTO(buf_clear) struct buf out = BUF(NGINX_TEXT_MAX);
    struct view text = include->file->text;
    bool any = false;

    for (size_t i = 0; i < copy->block->item_count; i++) {
        const struct nginx_item *item = &copy->block->items[i];
        const struct nginx_copy_edit *edit = edit_of(copy, item->node);

        if (item->include != include || (edit != NULL && edit->directive == NULL))
            continue;
        if (any) {
            buf_put_text(&out, text_line_end_at(text, include->start));
            buf_put(&out, text_indent(text, include->start));
        }
        if (edit != NULL)
            buf_put_text(&out, edit->directive);
        else
            buf_put(&out, nginx_source(item->node));
        buf_put_text(&out, " " NGINX_MARK);
        any = true;
    }
    if (!any) {
        nginx_remove(patch, text, include, NGINX_MARK);
        return;
    }
    if (view_trim((struct view){ text.at + include->end, text_line_end(text, include->end) - include->end }).len > 0) {
        buf_put_text(&out, text_line_end_at(text, include->start));
        buf_put(&out, text_indent(text, include->start));
    }
    patch_replace(patch, include->start, include->end - include->start, buf_view(&out));
}

static void put_edits(struct patch *patch, const struct nginx_copy *copy)
{
    const struct nginx_node *done = NULL;

    for (size_t i = 0; i < copy->edit_count; i++)
        if (copy->edits[i].include == NULL)
            change(patch, &copy->edits[i]);
    for (size_t i = 0; i < copy->block->item_count; i++) {
        const struct nginx_item *item = &copy->block->items[i];

        if (item->include != NULL && item->include != done && edit_of(copy, item->node) != NULL) {
            done = item->include;
            change_include(patch, copy, done);
        }
    }
}

void nginx_copy_text(struct nginx_copy *copy, struct buf *out)
{
    const struct nginx_node *node = copy->block->node;
    struct view text = node->file->text;
    AUTO(patch_clear) struct patch patch = { 0 };
    AUTO(buf_clear) struct buf whole = BUF(NGINX_TEXT_MAX);

    if (copy->first.len > 0)
        nginx_prepend(&patch, text, node, buf_text(&copy->first));
    put_edits(&patch, copy);
    if (copy->lines.len > 0) {
        AUTO(free) char *lines = xprintf("%s%s", copy->apart ? "\n" : "", buf_text(&copy->lines));

        nginx_append(&patch, text, node, lines);
    }
    patch_apply(&patch, text, &whole);
    if (whole.failed || whole.len < text.len - node->end) {
        out->failed = true;
        return;
    }
    buf_put(out, (struct view){ whole.at + node->start, whole.len - (text.len - node->end) - node->start });
}
