/*
 * A text that parses stays the same under an empty patch; an edit adds one directive and nothing else; an edit that is
 * undone gives the same bytes, and one that is removed the same directives.
 */
#include <stdlib.h>

#include "webconf/nginx_edit.h"

#define ADDED "added_by_fuzz word;"
#define LIMIT ((size_t)1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* All words and blocks; leaves out what was added, counting it. */
static void dump(const struct nginx_node *node, struct buf *out, size_t *added)
{
    for (; node != NULL; node = node->next) {
        if (nginx_is(node, "added_by_fuzz")) {
            (*added)++;
            continue;
        }
        for (size_t i = 0; i < node->word_count; i++) {
            nginx_put_word(out, node->words[i].text);
            buf_put_char(out, ' ');
        }
        buf_put_char(out, node->block ? '{' : ';');
        dump(node->child, out, added);
        if (node->block)
            buf_put_char(out, '}');
    }
}

/* Nodes lie in their parents and behind each other. */
static void check_places(const struct nginx_node *node, struct view text, size_t from, size_t to)
{
    for (; node != NULL; node = node->next) {
        require(node->start >= from && node->start < node->end && node->end <= to);
        require(node->line == text_line_number(text, node->start));
        from = node->start;
        for (size_t i = 0; i < node->word_count; i++) {
            require(node->words[i].start >= from && node->words[i].end > node->words[i].start);
            from = node->words[i].end;
        }
        require(from <= node->end && text.at[node->end - 1] == (node->block ? '}' : ';'));
        if (node->block) {
            require(node->open >= from && text.at[node->open] == '{' && node->close == node->end - 1);
            check_places(node->child, text, node->open + 1, node->close);
        }
        from = node->end;
    }
}

/* The node number `wanted` in the order of the text, that of the last one if there are not so many. */
static const struct nginx_node *pick(const struct nginx_node *node, size_t *wanted)
{
    const struct nginx_node *found = NULL;

    for (; node != NULL; node = node->next) {
        found = node;
        if (*wanted == 0)
            return found;
        (*wanted)--;
        if (node->child != NULL) {
            found = pick(node->child, wanted);
            if (*wanted == 0)
                return found;
        }
    }
    return found;
}

static const struct nginx_node *find_added(const struct nginx_node *node)
{
    for (; node != NULL; node = node->next) {
        const struct nginx_node *below = find_added(node->child);

        if (nginx_is(node, "added_by_fuzz") || below != NULL)
            return below != NULL ? below : node;
    }
    return NULL;
}

/* What undoes a patch, as a patch of the new text. */
static void invert(const struct patch *patch, struct view text, struct patch *inverse)
{
    size_t shift = 0; /* wraps where more is removed than inserted */

    for (size_t i = 0; i < patch->count; i++) {
        const struct splice *splice = &patch->splices[i];

        patch_replace(
            inverse, splice->at + shift, splice->insert_len, (struct view){ text.at + splice->at, splice->remove });
        shift += splice->insert_len - splice->remove;
    }
}

static void edit(struct patch *patch, struct view text, const struct nginx_node *node, unsigned how)
{
    bool in = node->block && !node->raw;

    if (how % 5 == 0 && in)
        nginx_append(patch, text, node, ADDED);
    else if (how % 5 == 1 && in)
        nginx_prepend(patch, text, node, ADDED);
    else if (how % 5 == 2)
        nginx_insert_before(patch, text, node, ADDED);
    else if (how % 5 == 3)
        nginx_append(patch, text, NULL, ADDED);
    else
        nginx_insert_behind(patch, text, node, ADDED);
}

static void check_edited(struct view text, const char *want, size_t added)
{
    AUTO(arena_clear) struct arena arena = { 0 };
    AUTO(patch_clear) struct patch patch = { 0 };
    AUTO(buf_clear) struct buf out = BUF(LIMIT), got = BUF(LIMIT);
    struct nginx_node *first;
    struct error err = { 0 };
    size_t seen = 0;

    require(nginx_parse(text, "edited", NULL, &arena, &first, &err));
    check_places(first, text, 0, text.len);
    dump(first, &got, &seen);
    require(seen == added && strcmp(buf_text(&got), want) == 0);
    if (seen == 0)
        return;
    nginx_remove(&patch, text, find_added(first), NULL);
    patch_apply(&patch, text, &out);
    check_edited(buf_view(&out), want, added - 1);
}

static void check_edit(struct view text, const struct nginx_node *first, size_t wanted, unsigned how)
{
    AUTO(patch_clear) struct patch patch = { 0 }, inverse = { 0 };
    AUTO(buf_clear) struct buf out = BUF(LIMIT), back = BUF(LIMIT), before = BUF(LIMIT);
    size_t added = 0;
    const struct nginx_node *node = pick(first, &wanted);

    dump(first, &before, &added);
    if (added > 0)
        return;
    edit(&patch, text, node, how);
    patch_apply(&patch, text, &out);
    invert(&patch, text, &inverse);
    patch_apply(&inverse, buf_view(&out), &back);
    require(view_equal(buf_view(&back), text));
    check_edited(buf_view(&out), buf_text(&before), 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_clear) struct arena arena = { 0 };
    AUTO(buf_clear) struct buf out = BUF(LIMIT);
    struct view text = { (const char *)data, size };
    struct patch nothing = { 0 };
    struct nginx_node *first;
    struct error err = { 0 };

    if (size > 4096 || !nginx_parse(text, "fuzz", NULL, &arena, &first, &err))
        return 0;
    check_places(first, text, 0, size);
    patch_apply(&nothing, text, &out);
    require(view_equal(buf_view(&out), text));
    for (unsigned how = 0; first != NULL && how < 5; how++)
        check_edit(text, first, size * 7 % 13, how);
    return 0;
}
