#include "ops/unit_text.h"

#include "base/test.h"

static struct list words_of(const char *const *words)
{
    struct list list = { 0 };

    for (; *words != NULL; words++)
        list_add(&list, *words);
    return list;
}

TEST(words_of_a_command)
{
    static const struct {
        const char *words[4];
        enum quoting quoting;
        const char *want;
    } cases[] = {
        { { "/usr/bin/evercert", "-q", "renew" }, QUOTING_SYSTEMD, "/usr/bin/evercert -q renew" },
        { { "/a b/c", "x%y$z", "\"\\" }, QUOTING_SYSTEMD, "\"/a b/c\" \"x%%y$$z\" \"\\\"\\\\\"" },
        { { "/a b", "it's" }, QUOTING_SHELL, "'/a b' 'it'\\''s'" },
        { { "100%", "a'%" }, QUOTING_SHELL, "'100%' 'a'\\''%'" },
        { { "100%" }, QUOTING_CRON, "'100'\\%''" },
        { { "", "$(x)" }, QUOTING_CRON, "'' '$(x)'" },
        { { "a", "<&>" }, QUOTING_PLIST, "\t\t<string>a</string>\n\t\t<string>&lt;&amp;&gt;</string>" },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(list_clear) struct list words = words_of(cases[i].words);
        AUTO(free) char *got = unit_command(&words, cases[i].quoting);

        CHECK_TEXT(got, cases[i].want, cases[i].want);
    }
}

TEST(paths_and_plain_text)
{
    static const char *const some[] = { "/etc", "/srv/a b", "/x$y%", NULL };
    AUTO(list_clear) struct list paths = words_of(some);
    AUTO(free)
    char *got = unit_paths(&paths), *plain = unit_plain("/a%b", QUOTING_SYSTEMD),
         *cron = unit_plain("/a%b", QUOTING_CRON);

    CHECK_TEXT(got, "-/etc \"-/srv/a b\" \"-/x$y%%\"", "paths know no variables");
    CHECK_TEXT(plain, "/a%%b", "a description");
    CHECK_TEXT(cron, "/a%b", "a comment");
}

static void fill(const char *template, const struct unit_value *values, struct buf *out)
{
    AUTO(free) char *path = test_path("t.in");
    struct error err = { 0 };

    REQUIRE(file_replace(path, view_of(template), FILE_PUBLIC, &err), "%s", err.why);
    REQUIRE(unit_text_fill(test_dir(), "t.in", values, out, &err), "%s %s", err.what, err.why);
}

TEST(values_and_the_mark)
{
    static const struct unit_value values[] = { { "A", "one" }, { "BB", "@A@" }, { NULL, NULL } };
    AUTO(buf_clear) struct buf plain = BUF(1000), marked = BUF(1000), edited = BUF(1000);

    fill("a@b.c @A@ @BB@ @a@ @ @", values, &plain);
    CHECK_TEXT(buf_text(&plain), "a@b.c one @A@ @a@ @ @", "a value is not looked at again");
    CHECK_INT(unit_text_mark(buf_view(&plain)), UNIT_FOREIGN, "no mark");
    fill("# @MARK@\nx=@A@\n", values, &marked);
    CHECK_INT(unit_text_mark(buf_view(&marked)), UNIT_OURS, buf_text(&marked));
    buf_put(&edited, buf_view(&marked));
    buf_put_text(&edited, "y=2\n");
    CHECK_INT(unit_text_mark(buf_view(&edited)), UNIT_EDITED, "a line more");
    marked.at[marked.len - 2] = 'X';
    CHECK_INT(unit_text_mark(buf_view(&marked)), UNIT_EDITED, "a letter");
    buf_cut(&marked, marked.len - 10);
    CHECK_INT(unit_text_mark(buf_view(&marked)), UNIT_EDITED, "cut within the mark");
    CHECK_INT(unit_text_mark((struct view){ NULL, 0 }), UNIT_FOREIGN, "an empty file");
}

TEST(what_there_is_none_of)
{
    static const struct unit_value none[] = { { NULL, NULL } };
    AUTO(free) char *path = test_path("t.in");
    AUTO(buf_clear) struct buf out = BUF(1000);
    struct error err = { 0 };

    CHECK(!unit_text_fill(test_dir(), "gone.in", none, &out, &err) && err.kind == ERROR_STORE, "no template");
    REQUIRE(file_replace(path, view_of("@NAME@"), FILE_PUBLIC, &err), "%s", err.why);
    CHECK(!unit_text_fill(test_dir(), "t.in", none, &out, &err) && err.kind == ERROR_INTERNAL, "no value");
}

TEST_MAIN()
