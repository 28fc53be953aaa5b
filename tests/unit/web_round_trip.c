/*
 * Reads configuration files as nginx or Apache would, and edits them in memory, for a test over files of others.
 *
 *     web_round_trip nginx|apache < LIST-OF-PATHS
 *
 * For each path one line of output, and a tab before each further field: "accepted"; "refused" and why; "broken" and
 * what is wrong: a text that an empty patch changes, or an edit that changes more than it says, or that cannot be
 * undone.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "webconf/apache_edit.h"
#include "webconf/nginx_edit.h"

#define ADDED "evercert_round_trip word"
#define EDITS 40 /* of one file */

struct tree { /* of one text, in either syntax */
    struct arena arena;
    struct nginx_node *nginx;
    struct apache_tree *apache;
};

static void tree_clear_at(struct tree *tree)
{
    arena_clear(&tree->arena);
    if (tree->apache != NULL)
        apache_tree_free(tree->apache);
}

static bool is_nginx; /* else it is Apache */

static bool parse(struct view text, const char *path, struct tree *out, struct error *err)
{
    return is_nginx ? nginx_parse(text, path, NULL, &out->arena, &out->nginx, err)
                    : apache_parse(text, path, &out->apache, err);
}

/* ---- all nodes, numbered in the order of the text ---- */

static size_t count_nginx(const struct nginx_node *node)
{
    size_t count = 0;

    for (; node != NULL; node = node->next)
        count += 1 + count_nginx(node->child);
    return count;
}

static const struct nginx_node *nth_nginx(const struct nginx_node *node, size_t *n)
{
    for (; node != NULL; node = node->next) {
        const struct nginx_node *found;

        if ((*n)-- == 0)
            return node;
        if ((found = nth_nginx(node->child, n)) != NULL)
            return found;
    }
    return NULL;
}

static const struct apache_node *nth_apache(const struct tree *tree, size_t n)
{
    const struct apache_node *node = apache_tree_first(tree->apache);

    while (node != NULL && n-- > 0)
        node = apache_node_after(node);
    return node;
}

static size_t count_nodes(const struct tree *tree)
{
    size_t count = 0;

    if (is_nginx)
        return count_nginx(tree->nginx);
    for (struct apache_node *node = apache_tree_first(tree->apache); node != NULL; node = apache_node_after(node))
        count++;
    return count;
}

/* ---- one edit ---- */

/* Adds a directive at node n: in it, in front of it or behind it. */
static void add(const struct tree *tree, struct view text, size_t n, int way, struct patch *patch)
{
    if (is_nginx) {
        const struct nginx_node *node = nth_nginx(tree->nginx, &n);
        bool block = node->block && !node->raw;

        if (way == 0 && block)
            nginx_append(patch, text, node, ADDED ";");
        else if (way == 1 && block)
            nginx_prepend(patch, text, node, ADDED ";");
        else if (way == 2)
            nginx_insert_before(patch, text, node, ADDED ";");
        else
            nginx_insert_behind(patch, text, node, ADDED ";");
    } else {
        const struct apache_node *node = nth_apache(tree, n);
        bool section = node->kind == APACHE_SECTION && !node->raw;

        if (way == 0 && section)
            apache_append(patch, text, node, ADDED);
        else if (way == 1 && section)
            apache_prepend(patch, text, node, ADDED);
        else if (way == 2)
            apache_insert_before(patch, text, node, ADDED);
        else
            apache_insert_behind(patch, text, node, ADDED);
    }
}

/* Whether longer is text with something put in at one place. */
static bool has_grown_at_one_place(struct view text, struct view longer)
{
    size_t same = 0, behind = 0;

    while (same < text.len && same < longer.len && text.at[same] == longer.at[same])
        same++;
    while (behind < text.len && behind < longer.len &&
           text.at[text.len - 1 - behind] == longer.at[longer.len - 1 - behind])
        behind++;
    return longer.len > text.len && same + behind >= text.len;
}

/* Takes out what was added; false when it is not there just once. */
static bool take_out(const struct tree *tree, struct view text, struct patch *patch)
{
    size_t found = 0, nodes = count_nodes(tree);

    for (size_t i = 0; i < nodes; i++) {
        size_t n = i;

        if (is_nginx) {
            const struct nginx_node *node = nth_nginx(tree->nginx, &n);

            if (!nginx_is(node, "evercert_round_trip"))
                continue;
            nginx_remove(patch, text, node, NULL);
        } else {
            const struct apache_node *node = nth_apache(tree, n);

            if (!apache_node_is(node, "evercert_round_trip"))
                continue;
            apache_remove(patch, node);
        }
        found++;
    }
    return found == 1;
}

/* A last line that had no end has one behind an edit. */
static bool is_same(struct view text, struct view undone)
{
    const char *end = text_line_end_at(text, text.len);

    if (text.len > 0 && text.at[text.len - 1] != '\n' && undone.len == text.len + strlen(end) &&
        memcmp(undone.at + text.len, end, strlen(end)) == 0)
        undone.len = text.len;
    return view_equal(undone, text);
}

static const char *edit(const struct tree *tree, struct view text, size_t n, int way)
{
    AUTO(patch_clear) struct patch there = { 0 }, back = { 0 };
    AUTO(buf_clear) struct buf edited = BUF(NGINX_TEXT_MAX), undone = BUF(NGINX_TEXT_MAX);
    AUTO(tree_clear) struct tree after = { 0 };
    struct error err = { 0 };

    add(tree, text, n, way, &there);
    patch_apply(&there, text, &edited);
    if (!has_grown_at_one_place(text, buf_view(&edited)))
        return "an edit changes what it should not";
    if (!parse(buf_view(&edited), "edited", &after, &err))
        return "an edited text is refused";
    if (count_nodes(&after) != count_nodes(tree) + 1)
        return "an edit adds more or less than it should";
    if (!take_out(&after, buf_view(&edited), &back))
        return "what was added is not found";
    patch_apply(&back, buf_view(&edited), &undone);
    return is_same(text, buf_view(&undone)) ? NULL : "an edit that is undone leaves something";
}

/* ---- one file ---- */

static const char *check(const struct tree *tree, struct view text)
{
    AUTO(buf_clear) struct buf same = BUF(NGINX_TEXT_MAX);
    struct patch none = { 0 };
    size_t nodes = count_nodes(tree), step = nodes / EDITS + 1;
    const char *wrong = NULL;

    patch_apply(&none, text, &same);
    if (!view_equal(buf_view(&same), text))
        return "an empty patch changes it";
    for (size_t n = 0; wrong == NULL && n < nodes; n += step)
        for (int way = 0; wrong == NULL && way < 4; way++)
            wrong = edit(tree, text, n, way);
    return wrong;
}

static void look_at(const char *path)
{
    AUTO(buf_clear) struct buf text = BUF(NGINX_TEXT_MAX);
    AUTO(tree_clear) struct tree tree = { 0 };
    struct error err = { 0 };
    const char *wrong;

    if (!file_read(path, &text, &err)) {
        (void)fprintf(stderr, "%s\n", err.why);
        exit(1);
    }
    if (!parse(buf_view(&text), path, &tree, &err)) {
        (void)printf("refused\t%s\n", err.why);
        return;
    }
    wrong = check(&tree, buf_view(&text));
    if (wrong == NULL)
        (void)printf("accepted\n");
    else
        (void)printf("broken\t%s\n", wrong);
}

int main(int argc, char **argv)
{
    char path[4096];

    if (argc != 2 || (strcmp(argv[1], "nginx") != 0 && strcmp(argv[1], "apache") != 0))
        return 2;
    is_nginx = strcmp(argv[1], "nginx") == 0;
    while (fgets(path, sizeof path, stdin) != NULL) {
        path[strcspn(path, "\n")] = '\0';
        look_at(path);
    }
    return 0;
}
