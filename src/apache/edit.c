#include "apache/edit.h"

#include "base/mem.h"
#include "webconf/apache_edit.h"

static bool is_vhost(const struct apache_node *node)
{
    return node->kind == APACHE_SECTION && apache_node_is(node, "VirtualHost");
}

const struct apache_node *apache_vhost_in(const struct apache_tree *tree, size_t ordinal)
{
    for (const struct apache_node *node = apache_tree_first(tree); node != NULL; node = apache_node_after(node))
        if (is_vhost(node) && ordinal-- == 0)
            return node;
    return NULL;
}

size_t apache_vhosts_in(const struct apache_tree *tree)
{
    size_t count = 0;

    for (const struct apache_node *node = apache_tree_first(tree); node != NULL; node = apache_node_after(node))
        count += is_vhost(node);
    return count;
}

bool apache_edit_open(struct view text, const char *name, size_t ordinal, struct apache_edit *out, struct error *err)
{
    AUTO(apache_tree_free) struct apache_tree *tree = NULL;
    const struct apache_node *vhost;

    TRY(apache_parse(text, name, &tree, err));
    vhost = apache_vhost_in(tree, ordinal);
    if (vhost == NULL)
        return error_set(err, ERROR_PLUGIN, "A virtual host that was in %s is not there any more", name);
    *out = (struct apache_edit){ .text = text, .vhost = vhost, .tree = TAKE(tree) };
    return true;
}

void apache_edit_close(struct apache_edit *edit)
{
    if (edit->tree != NULL)
        apache_tree_free(edit->tree);
    patch_clear(&edit->patch);
    *edit = (struct apache_edit){ 0 };
}

void apache_edit_put(const struct apache_edit *edit, struct buf *out)
{
    patch_apply(&edit->patch, edit->text, out);
}

/* ---- looking ---- */

const struct apache_node *apache_edit_next(const struct apache_edit *edit, const struct apache_node *after)
{
    const struct apache_node *node = after == NULL ? edit->vhost->child : apache_node_after(after);

    while (node != NULL && node->kind == APACHE_COMMENT)
        node = apache_node_after(node);
    return node != NULL && node->start < edit->vhost->close ? node : NULL;
}

const struct apache_node *apache_edit_find(
    const struct apache_edit *edit, const struct apache_node *after, const char *name)
{
    const struct apache_node *node = after;

    do
        node = apache_edit_next(edit, node);
    while (node != NULL && !apache_node_is(node, name));
    return node;
}

/* ---- lines ---- */

void apache_edit_append(struct apache_edit *edit, const char *line)
{
    apache_append(&edit->patch, edit->text, edit->vhost, line);
}

void apache_edit_prepend(struct apache_edit *edit, const char *line)
{
    apache_prepend(&edit->patch, edit->text, edit->vhost, line);
}

void apache_edit_before(struct apache_edit *edit, const struct apache_node *node, const char *line)
{
    apache_insert_before(&edit->patch, edit->text, node, line);
}

void apache_edit_behind(struct apache_edit *edit, const struct apache_node *node, const char *line)
{
    apache_insert_behind(&edit->patch, edit->text, node, line);
}

void apache_edit_remove(struct apache_edit *edit, const struct apache_node *node)
{
    apache_remove(&edit->patch, node);
}

/* A line that goes on with a backslash goes on as a comment, too. */
void apache_edit_comment_out(struct apache_edit *edit, const struct apache_node *node)
{
    patch_insert(&edit->patch, node->start, view_of("# "));
}

void apache_edit_word(struct apache_edit *edit, const struct apache_node *node, size_t index, const char *text)
{
    const struct apache_word *word = &node->words[index];
    AUTO(buf_clear) struct buf quoted = BUF(APACHE_EDIT_MAX);

    if (strcmp(word->text, text) == 0)
        return;
    apache_put_word(&quoted, view_of(text));
    patch_replace(&edit->patch, word->start, word->end - word->start, buf_view(&quoted));
}

char *apache_line(const char *name, const char *argument)
{
    AUTO(buf_clear) struct buf line = BUF(APACHE_EDIT_MAX);

    buf_put_text(&line, name);
    buf_put_char(&line, ' ');
    apache_put_word(&line, view_of(argument));
    return buf_take(&line);
}
