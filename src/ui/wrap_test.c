#include "base/test.h"
#include "ui/ui.h"

static const struct {
    const char *name, *text;
    unsigned columns;
    const char *want;
} cases[] = {
    { "empty", "", 20, "" },
    { "only blanks", "     ", 3, "" },
    { "a word longer than the line is not cut", "see https://ca.example/very/long/path now", 10,
        "see\nhttps://ca.example/very/long/path\nnow" },
    { "a long word first", "aaaaaaaaaaaa b", 5, "aaaaaaaaaaaa\nb" },
    { "no columns at all", "a b", 0, "a\nb" },
    { "just fits", "aaaa bbbbb", 10, "aaaa bbbbb" },
    { "one too many", "aaaa bbbbbb", 10, "aaaa\nbbbbbb" },
    { "blanks at the break go", "aaaa      bbbbbb", 10, "aaaa\nbbbbbb" },
    { "blanks within stay", "a  b", 10, "a  b" },
    { "line feeds stay", "a\n\nb c\n", 10, "a\n\nb c\n" },
    { "indentation stays", "  a b\n    cccc dddd", 8, "  a b\n    cccc\ndddd" },
    { "columns are characters", "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4 \xc3\xb6\xc3\xb6", 7,
        "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4 \xc3\xb6\xc3\xb6" },
};

TEST(wrap)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(buf_clear) struct buf out = BUF(4096);

        ui_wrap(view_of(cases[i].text), cases[i].columns, &out);
        CHECK_TEXT(buf_text(&out), cases[i].want, cases[i].name);
    }
}

TEST(wrap_beyond_the_limit)
{
    AUTO(buf_clear) struct buf out = BUF(4);

    ui_wrap(view_of("more than four bytes"), 80, &out);
    CHECK(out.failed, "the buffer must tell");
}

TEST_MAIN()
