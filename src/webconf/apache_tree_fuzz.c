/*
 * A text that parses stays the same under an empty patch; nodes lie in their parents and behind each other; an edit
 * adds what it says and nothing else, and taken back it gives the same bytes.
 */
#include <stdlib.h>

#include "webconf/apache_edit.h"

#define ADDED "AddedByFuzz word"
#define LIMIT ((size_t)1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static bool is_added(const struct apache_node *node)
{
    return node->kind == APACHE_DIRECTIVE && apache_node_is(node, "AddedByFuzz");
}

/* All words and sections; leaves out what was added, counting it. */
static void dump(const struct apache_node *node, struct buf *out, size_t *added)
{
    for (; node != NULL; node = node->next) {
        if (is_added(node)) {
            (*added)++;
            continue;
        }
        for (size_t i = 0; i < node->word_count; i++) {
            apache_put_word(out, view_of(node->words[i].text));
            buf_put_char(out, ' ');
        }
        buf_put_char(out, node->kind == APACHE_SECTION ? '{' : ';');
        dump(node->child, out, added);
        if (node->kind == APACHE_SECTION)
            buf_put_char(out, '}');
    }
}

static void check_words(const struct apache_node *node)
{
    size_t from = node->start;

    require(node->word_count > 0);
    for (size_t i = 0; i < node->word_count; i++) {
        require(node->words[i].start >= from && node->words[i].end >= node->words[i].start);
        from = node->words[i].end;
    }
    require(from <= node->head_end);
}

static void check_places(const struct apache_node *node, struct view text, size_t from, size_t to)
{
    for (; node != NULL; node = node->next) {
        require(node->begin >= from && node->start >= node->begin && node->end > node->start);
        require(node->behind >= node->end && node->behind <= to);
        require(node->begin == 0 || text.at[node->begin - 1] == '\n');
        require(node->behind == text.len || text.at[node->behind - 1] == '\n');
        require(node->line == text_line_number(text, node->begin));
        check_words(node);
        if (node->kind == APACHE_SECTION) {
            require(node->open > node->head_end && node->close >= node->open && node->close < node->end);
            check_places(node->child, text, node->open, node->close);
        }
        from = node->behind;
    }
}

static void parse(struct view text, struct apache_tree **tree)
{
    struct error err = { 0 };

    require(apache_parse(text, "edited", tree, &err));
    check_places(apache_tree_first(*tree), text, 0, text.len);
}

static void edit(struct patch *patch, struct view text, const struct apache_node *node, unsigned how)
{
    bool in = node->kind == APACHE_SECTION && !node->raw;

    if (how % 5 == 0)
        apache_append(patch, text, in ? node : NULL, ADDED);
    else if (how % 5 == 1)
        apache_prepend(patch, text, in ? node : NULL, ADDED);
    else if (how % 5 == 2)
        apache_insert_before(patch, text, node, ADDED);
    else if (how % 5 == 3)
        apache_insert_behind(patch, text, node, ADDED);
    else
        apache_insert_before(patch, text, node, ADDED "\n" ADDED);
}

/* What was inserted is taken out: the same bytes. */
static void check_undone(const struct patch *patch, struct view text, struct view edited)
{
    AUTO(patch_clear) struct patch undo = { 0 };
    AUTO(buf_clear) struct buf out = BUF(LIMIT);

    require(patch->count == 1 && patch->splices[0].remove == 0);
    patch_replace(&undo, patch->splices[0].at, patch->splices[0].insert_len, (struct view){ "", 0 });
    patch_apply(&undo, edited, &out);
    require(view_equal(buf_view(&out), text));
}

static void check_removed(const struct apache_tree *tree, const char *before)
{
    AUTO(patch_clear) struct patch patch = { 0 };
    AUTO(buf_clear) struct buf out = BUF(LIMIT), after = BUF(LIMIT);
    AUTO(apache_tree_free) struct apache_tree *again = NULL;
    size_t added = 0;

    for (const struct apache_node *node = apache_tree_first(tree); node != NULL; node = apache_node_after(node))
        if (is_added(node))
            apache_remove(&patch, node);
    patch_apply(&patch, apache_tree_text(tree), &out);
    parse(buf_view(&out), &again);
    dump(apache_tree_first(again), &after, &added);
    require(added == 0 && strcmp(buf_text(&after), before) == 0);
}

static void check_edit(struct view text, const struct apache_tree *tree, const struct apache_node *node, unsigned how)
{
    AUTO(patch_clear) struct patch patch = { 0 };
    AUTO(buf_clear) struct buf out = BUF(LIMIT), before = BUF(LIMIT), after = BUF(LIMIT);
    AUTO(apache_tree_free) struct apache_tree *edited = NULL;
    size_t added = 0;

    dump(apache_tree_first(tree), &before, &added);
    if (added > 0)
        return;
    edit(&patch, text, node, how);
    patch_apply(&patch, text, &out);
    check_undone(&patch, text, buf_view(&out));
    parse(buf_view(&out), &edited);
    dump(apache_tree_first(edited), &after, &added);
    require(added == (how % 5 == 4 ? 2 : 1) && strcmp(buf_text(&after), buf_text(&before)) == 0);
    check_removed(edited, buf_text(&before));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(apache_tree_free) struct apache_tree *tree = NULL;
    AUTO(buf_clear) struct buf out = BUF(LIMIT);
    struct view text = { (const char *)data, size };
    struct patch nothing = { 0 };
    const struct apache_node *node;
    struct error err = { 0 };
    size_t wanted = size * 7 % 13;

    if (size > 4096 || !apache_parse(text, "fuzz", &tree, &err))
        return 0;
    node = apache_tree_first(tree);
    check_places(node, text, 0, size);
    patch_apply(&nothing, text, &out);
    require(view_equal(buf_view(&out), text));
    while (wanted-- > 0 && node != NULL && apache_node_after(node) != NULL)
        node = apache_node_after(node);
    for (unsigned how = 0; node != NULL && how < 5; how++)
        check_edit(text, tree, node, how);
    return 0;
}
