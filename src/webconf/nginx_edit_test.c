#include "base/test.h"

#include "webconf/nginx_edit.h"

enum what { APPEND, PREPEND, BEFORE, BEHIND, REMOVE, FILE_END };

/* The edits are done to the node named "it"; lines of REMOVE: the mark. */
static const struct {
    const char *name, *text;
    struct {
        enum what what;
        const char *lines;
    } edits[4];
    const char *want;
} cases[] = {
    { "append", "it {\n    a;\n}\n", { { APPEND, "x;\ny;" } }, "it {\n    a;\n    x;\n    y;\n}\n" },
    { "append twice", "it {\n\ta;\n}\n", { { APPEND, "x;" }, { APPEND, "y;" } }, "it {\n\ta;\n\tx;\n\ty;\n}\n" },
    { "append to an empty one", "it {\n}\n", { { APPEND, "x;" } }, "it {\n    x;\n}\n" },
    { "append to an empty one with tabs", "a {\n\tit {\n\t}\n}\n", { { APPEND, "x;" } },
        "a {\n\tit {\n\t\tx;\n\t}\n}\n" },
    { "append to one of two blanks", "  it {\n    a;\n  }\n", { { APPEND, "x;" } }, "  it {\n    a;\n    x;\n  }\n" },
    { "append to an empty one in steps of two", "a {\n  it {\n  }\n}\n", { { APPEND, "b {\n    x;\n}" } },
        "a {\n  it {\n    b {\n      x;\n    }\n  }\n}\n" },
    { "append to nothing between braces", "it {}\n", { { APPEND, "x;" } }, "it {\n    x;\n}\n" },
    { "append to one line, twice", "  it { a; }\n", { { APPEND, "x;" }, { APPEND, "y; # m" } },
        "  it { a; \n      x;\n      y; # m\n  }\n" },
    { "append, brace behind a directive", "it {\n  a;}\n", { { APPEND, "x;" } }, "it {\n  a;\n  x;\n}\n" },
    { "append with CR LF", "it {\r\n a;\r\n}\r\n", { { APPEND, "x;\ny;" } }, "it {\r\n a;\r\n x;\r\n y;\r\n}\r\n" },
    { "append to one line with CR LF", "b;\r\nit { }", { { APPEND, "x;" } }, "b;\r\nit { \r\n    x;\r\n}" },
    { "append a block", "it {\n\ta;\n}\n", { { APPEND, "if (b) {\n    c;\n} # m" } },
        "it {\n\ta;\n\tif (b) {\n\t\tc;\n\t} # m\n}\n" },
    { "an empty line has no blanks", "it {\n    a;\n}\n", { { APPEND, "\nx;" } }, "it {\n    a;\n\n    x;\n}\n" },

    { "prepend", "it {\n  a;\n}\n", { { PREPEND, "x;" }, { PREPEND, "y;" } }, "it {\n  x;\n  y;\n  a;\n}\n" },
    { "prepend behind a comment", "it { # {\n  a;\n}\n", { { PREPEND, "x;" } }, "it { # {\n  x;\n  a;\n}\n" },
    { "prepend to an empty one", "it {\n}\n", { { PREPEND, "x;" } }, "it {\n    x;\n}\n" },
    { "prepend and append to nothing", "it{}", { { PREPEND, "x;" }, { APPEND, "y;" } }, "it{\n    x;\n    y;\n}" },
    { "prepend to one line", "it { a; b; }\n", { { PREPEND, "x;" } }, "it { \n    x;\n    a; b; }\n" },
    { "prepend and append to one line", "it { a; }\n", { { APPEND, "y;" }, { PREPEND, "x;" } },
        "it { \n    x;\n    a; \n    y;\n}\n" },
    { "prepend, first directive in the brace's line", "it {a;\n\tb;\n}\n", { { PREPEND, "x;" } },
        "it {\n\tx;\n\ta;\n\tb;\n}\n" },
    { "prepend with CR LF", "it {\r\n\ta;\r\n}", { { PREPEND, "x;" } }, "it {\r\n\tx;\r\n\ta;\r\n}" },

    { "before", "a;\n  it;\n", { { BEFORE, "x;" }, { BEFORE, "y;" } }, "a;\n  x;\n  y;\n  it;\n" },
    { "before, in a line", "a; it;\n", { { BEFORE, "x;" } }, "a; \nx;\nit;\n" },
    { "before, at the beginning", "it;", { { BEFORE, "x;" } }, "x;\nit;" },
    { "behind", "  it;\n  b;\n", { { BEHIND, "x;" }, { BEHIND, "y;" } }, "  it;\n  x;\n  y;\n  b;\n" },
    { "behind, with a comment", "it; # c\nb;\n", { { BEHIND, "x;" } }, "it; # c\nx;\nb;\n" },
    { "behind, in a line", "it; b;\n", { { BEHIND, "x;" }, { BEHIND, "y;" } }, "it; \nx;\ny;\nb;\n" },
    { "behind, at the end", "it;", { { BEHIND, "x;" } }, "it;\nx;" },
    { "behind, at the end in a comment", "it {\n} # c", { { BEHIND, "x;" } }, "it {\n} # c\nx;" },
    { "behind with CR LF", "a;\r\nit;", { { BEHIND, "x;" } }, "a;\r\nit;\r\nx;" },

    { "remove", "a;\n  it;\nb;\n", { { REMOVE, NULL } }, "a;\nb;\n" },
    { "remove the last line", "a;\nit;", { { REMOVE, NULL } }, "a;\n" },
    { "remove, over lines", "a;\n  it {\n c;\n }\nb;\n", { { REMOVE, NULL } }, "a;\nb;\n" },
    { "remove with its mark", "  it; # m\nb;\n", { { REMOVE, "# m" } }, "b;\n" },
    { "remove, another comment stays", "  it; # n\nb;\n", { { REMOVE, "# m" } }, "   # n\nb;\n" },
    { "remove, any comment stays", "it; # m\nb;\n", { { REMOVE, NULL } }, " # m\nb;\n" },
    { "remove from a line", "a; it; b;\n", { { REMOVE, "# m" } }, "a; b;\n" },
    { "remove from the end of a line", "a; it; # m\nb;\n", { { REMOVE, "# m" } }, "a;\nb;\n" },
    { "remove with CR LF", "a;\r\n it; # m\r\nb;\r\n", { { REMOVE, "# m" } }, "a;\r\nb;\r\n" },
    { "another one in its place", "a;\n  it; # m\nb;\n", { { REMOVE, "# m" }, { BEFORE, "x;" }, { BEHIND, "y;" } },
        "a;\n  x;\n  y;\nb;\n" },

    { "end of a file", "a;\nit;\n", { { FILE_END, "x {\n    y;\n}" } }, "a;\nit;\nx {\n    y;\n}\n" },
    { "end of a file in a comment", "it; # c", { { FILE_END, "x;" }, { FILE_END, "y;" } }, "it; # c\nx;\ny;" },
};

static struct nginx_node *find(struct nginx_node *node)
{
    for (; node != NULL; node = node->next) {
        struct nginx_node *below = node->block ? find(node->child) : NULL;

        if (nginx_is(node, "it"))
            return node;
        if (below != NULL)
            return below;
    }
    return NULL;
}

static void edit(
    struct patch *patch, struct view text, const struct nginx_node *node, enum what what, const char *lines)
{
    switch (what) {
    case APPEND:
        nginx_append(patch, text, node, lines);
        return;
    case PREPEND:
        nginx_prepend(patch, text, node, lines);
        return;
    case BEFORE:
        nginx_insert_before(patch, text, node, lines);
        return;
    case BEHIND:
        nginx_insert_behind(patch, text, node, lines);
        return;
    case REMOVE:
        nginx_remove(patch, text, node, lines);
        return;
    case FILE_END:
        nginx_append(patch, text, NULL, lines);
    }
}

TEST(edits)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(arena_clear) struct arena arena = { 0 };
        AUTO(patch_clear) struct patch patch = { 0 };
        AUTO(buf_clear) struct buf out = BUF(1000);
        struct view text = view_of(cases[i].text);
        struct nginx_node *first;
        struct error err = { 0 };

        REQUIRE(nginx_parse(text, "conf", NULL, &arena, &first, &err), "%s: %s", cases[i].name, err.why);
        for (size_t j = 0; j < COUNT(cases[i].edits); j++)
            if (cases[i].edits[j].lines != NULL || cases[i].edits[j].what == REMOVE)
                edit(&patch, text, find(first), cases[i].edits[j].what, cases[i].edits[j].lines);
        patch_apply(&patch, text, &out);
        CHECK_TEXT(buf_text(&out), cases[i].want, cases[i].name);
        CHECK(nginx_parse(buf_view(&out), "conf", NULL, &arena, &first, &err), "%s: %s", cases[i].name, err.why);
    }
}

TEST_MAIN()
