#include "base/test.h"

#include "webconf/arena.h"
#include "webconf/patch.h"

struct edit {
    size_t at, remove;
    const char *insert;
};

static const struct {
    const char *name, *text;
    struct edit edits[4]; /* up to the first without insert */
    const char *want;
} edits[] = {
    { "nothing", "abc", { { 0 } }, "abc" },
    { "into nothing", "", { { 0, 0, "x" } }, "x" },
    { "at the edges", "abc", { { 3, 0, "z" }, { 0, 0, "x" } }, "xabcz" },
    { "one place, in the order of the calls", "abc", { { 1, 0, "1" }, { 1, 0, "2" }, { 1, 0, "3" } }, "a123bc" },
    { "removed", "abc", { { 1, 1, "" } }, "ac" },
    { "replaced, and something in front of it", "abc", { { 1, 0, "1" }, { 1, 1, "B" } }, "a1Bc" },
    { "replaced, and something behind it", "abc", { { 1, 1, "B" }, { 2, 0, "2" } }, "aB2c" },
    { "replaced, then something in front of it", "abc", { { 1, 1, "B" }, { 1, 0, "1" } }, "a1Bc" },
    { "neighbours, the last one first", "abc", { { 1, 2, "Y" }, { 0, 1, "X" } }, "XY" },
    { "all of it", "abc", { { 0, 3, "" } }, "" },
};

TEST(patch_apply)
{
    for (size_t i = 0; i < COUNT(edits); i++) {
        AUTO(patch_clear) struct patch patch = { 0 };
        AUTO(buf_clear) struct buf out = BUF(100);

        for (const struct edit *edit = edits[i].edits; edit->insert != NULL; edit++)
            patch_replace(&patch, edit->at, edit->remove, view_of(edit->insert));
        patch_apply(&patch, view_of(edits[i].text), &out);
        CHECK_TEXT(buf_text(&out), edits[i].want, edits[i].name);
    }
}

TEST(patch_last)
{
    AUTO(patch_clear) struct patch patch = { 0 };
    AUTO(buf_clear) struct buf out = BUF(100);

    patch_insert(&patch, 1, view_of("1"));
    CHECK(!patch_has_last(&patch, 1));
    patch_insert_last(&patch, 1, view_of("9"));
    CHECK(patch_has_last(&patch, 1) && !patch_has_last(&patch, 0) && !patch_has_last(&patch, 2));
    patch_replace(&patch, 1, 1, view_of("B"));
    patch_insert(&patch, 1, view_of("2"));
    patch_apply(&patch, view_of("abc"), &out);
    CHECK_TEXT(buf_text(&out), "a129Bc", "the last one behind later ones");
}

TEST(patch_touches)
{
    AUTO(patch_clear) struct patch patch = { 0 };

    CHECK(patch_is_empty(&patch) && !patch_touches(&patch, 0, 100));
    patch_replace(&patch, 10, 5, view_of("x"));
    CHECK(!patch_is_empty(&patch));
    CHECK(patch_touches(&patch, 0, 11) && patch_touches(&patch, 14, 20) && patch_touches(&patch, 11, 12));
    CHECK(!patch_touches(&patch, 0, 10) && !patch_touches(&patch, 16, 20));
}

static const struct {
    const char *name, *text;
    size_t at, start, end, next, number;
    const char *indent, *line_end;
} places[] = {
    { "nothing", "", 0, 0, 0, 0, 1, "", "\n" },
    { "one line", "  ab", 3, 0, 4, 4, 1, "  ", "\n" },
    { "two lines", " a\n\tb\n", 4, 3, 5, 6, 2, "\t", "\n" },
    { "on the line feed", " a\n\tb\n", 2, 0, 2, 3, 1, " ", "\n" },
    { "CR LF", "a\r\n b\r\n", 4, 3, 5, 7, 2, " ", "\r\n" },
    { "last line without end", "a\r\n  b", 5, 3, 6, 6, 2, "  ", "\r\n" },
    { "behind the end", "a\r\n", 3, 3, 3, 3, 2, "", "\r\n" },
    { "mixed: that line counts", "a\r\nb\nc\r\n", 3, 3, 4, 5, 2, "", "\n" },
    { "a CR inside of the line", "a\rb\n", 0, 0, 3, 4, 1, "", "\n" },
    { "blanks alone", "\n  \n", 2, 1, 3, 4, 2, "  ", "\n" },
};

TEST(layout)
{
    for (size_t i = 0; i < COUNT(places); i++) {
        struct view text = view_of(places[i].text);
        size_t at = places[i].at;

        CHECK_INT((int64_t)text_line_start(text, at), (int64_t)places[i].start, places[i].name);
        CHECK_INT((int64_t)text_line_end(text, at), (int64_t)places[i].end, places[i].name);
        CHECK_INT((int64_t)text_next_line(text, at), (int64_t)places[i].next, places[i].name);
        CHECK_INT((int64_t)text_line_number(text, at), (int64_t)places[i].number, places[i].name);
        CHECK(view_is(text_indent(text, at), places[i].indent), "%s", places[i].name);
        CHECK_TEXT(text_line_end_at(text, at), places[i].line_end, places[i].name);
    }
}

TEST(arena)
{
    AUTO(arena_clear) struct arena arena = { 0 };
    char *first = arena_dup(&arena, view_of("first")), *large;

    large = arena_alloc(&arena, 100000, 1);
    memset(large, 'x', 100000);
    for (int i = 0; i < 10000; i++) {
        uint64_t *number = arena_alloc(&arena, 1, sizeof *number);

        CHECK(*number == 0 && (uintptr_t)number % _Alignof(max_align_t) == 0);
        *number = UINT64_MAX;
    }
    CHECK_TEXT(first, "first", "the oldest one");
    CHECK(large[0] == 'x' && large[99999] == 'x');
}

TEST_MAIN()
