#include "base/test.h"

#include "webconf/apache_edit.h"

enum how { APPEND, PREPEND, BEFORE, BEHIND, REPLACE, REMOVE };

static const struct {
    const char *name, *text;
    const char *node; /* the first one of that name; NULL: the text as a whole */
    enum how how;
    const char *lines, *want;
} edits[] = {
    { "append", "<S>\n  A\n</S>\n", "S", APPEND, "B", "<S>\n  A\n  B\n</S>\n" },
    { "prepend", "<S>\n  A\n</S>\n", "S", PREPEND, "B", "<S>\n  B\n  A\n</S>\n" },
    { "into an empty section", "  <S>\n  </S>\n", "S", APPEND, "B\nC", "  <S>\n      B\n      C\n  </S>\n" },
    { "tabs", "\t<S>\n\t</S>\n", "S", APPEND, "<B>\n    C\n</B>", "\t<S>\n\t\t<B>\n\t\t\tC\n\t\t</B>\n\t</S>\n" },
    { "CR LF", "<S>\r\n  A\r\n</S>\r\n", "S", APPEND, "B\nC", "<S>\r\n  A\r\n  B\r\n  C\r\n</S>\r\n" },
    { "an empty line stays empty", "<S>\n  A\n</S>\n", "S", APPEND, "\nB", "<S>\n  A\n\n  B\n</S>\n" },
    { "as the first one in it is indented", "<S>\n  A\n      B\n</S>\n", "S", APPEND, "C",
        "<S>\n  A\n      B\n  C\n</S>\n" },
    { "a comment counts, too", "<S>\n\t# x\n</S>\n", "S", APPEND, "C", "<S>\n\t# x\n\tC\n</S>\n" },
    { "before", "A\n  B\n", "B", BEFORE, "C", "A\n  C\n  B\n" },
    { "before what is continued from an empty line", "A\n \\\n  B\n", "B", BEFORE, "C", "A\n  C\n \\\n  B\n" },
    { "behind", "  A \\\n  b\nB\n", "A", BEHIND, "C", "  A \\\n  b\n  C\nB\n" },
    { "behind a section", "<S>\n</S> # x\nB\n", "S", BEHIND, "C", "<S>\n</S> # x\nC\nB\n" },
    { "behind the last line without an end", "A\r\n  B", "B", BEHIND, "C", "A\r\n  B\r\n  C\r\n" },
    { "at the end", "A\n", NULL, APPEND, "B", "A\nB\n" },
    { "at the end without a line end", "A", NULL, APPEND, "B", "A\nB\n" },
    { "at the end of what is continued", "A\\\n", NULL, APPEND, "B", "A\\\n \nB\n" },
    { "at the end behind a backslash", "A\\", NULL, APPEND, "B", "A\\ \nB\n" },
    { "at the beginning", "A\n", NULL, PREPEND, "B", "B\nA\n" },
    { "into nothing", "", NULL, APPEND, "B", "B\n" },
    { "replace", "A\n  B c \\\n d  \r\nE\n", "B", REPLACE, "X y", "A\n  X y  \r\nE\n" },
    { "replace by two", "\tB c\r\n", "B", REPLACE, "X\nY", "\tX\r\n\tY\r\n" },
    { "replace a section", " <S>\n A\n </S>\n", "S", REPLACE, "X", " X\n" },
    { "remove", "A\n  B \\\n c\nD\n", "B", REMOVE, NULL, "A\nD\n" },
    { "remove the last one", "A\nB", "B", REMOVE, NULL, "A\n" },
    { "remove a section", "A\n <S>\n B\n </S> # x\nD\n", "S", REMOVE, NULL, "A\nD\n" },
};

static const struct apache_node *find(const struct apache_tree *tree, const char *name)
{
    const struct apache_node *node = name != NULL ? apache_tree_first(tree) : NULL;

    while (node != NULL && !apache_node_is(node, name))
        node = apache_node_after(node);
    return node;
}

static void make_patch(struct patch *patch, struct view text, const struct apache_node *node, size_t i)
{
    switch (edits[i].how) {
    case APPEND:
        apache_append(patch, text, node, edits[i].lines);
        break;
    case PREPEND:
        apache_prepend(patch, text, node, edits[i].lines);
        break;
    case BEFORE:
        apache_insert_before(patch, text, node, edits[i].lines);
        break;
    case BEHIND:
        apache_insert_behind(patch, text, node, edits[i].lines);
        break;
    case REPLACE:
        apache_replace(patch, text, node, edits[i].lines);
        break;
    default:
        apache_remove(patch, node);
    }
}

TEST(edit)
{
    for (size_t i = 0; i < COUNT(edits); i++) {
        AUTO(apache_tree_free) struct apache_tree *tree = NULL;
        AUTO(patch_clear) struct patch patch = { 0 };
        AUTO(buf_clear) struct buf out = BUF(1000);
        struct view text = view_of(edits[i].text);
        struct error err = { 0 };

        REQUIRE(apache_parse(text, "x", &tree, &err), "%s: %s", edits[i].name, err.why);
        make_patch(&patch, text, find(tree, edits[i].node), i);
        patch_apply(&patch, text, &out);
        CHECK_TEXT(buf_text(&out), edits[i].want, edits[i].name);
    }
}

TEST_MAIN()
