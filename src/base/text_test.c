#include "base/text.h"

#include "base/test.h"

TEST(text_printable)
{
    static const struct {
        const char *name, *from, *to, *lines; /* lines: with keep_lines, NULL when the same */
    } cases[] = {
        { "escape", "\033[31mred", "?[31mred", NULL },
        { "bell, backspace, DEL", "a\a\b\x7f", "a???", NULL },
        { "line feed and tab", "a\n\tb", "a  b", "a\n\tb" },
        { "CR LF", "a\r\nb", "a b", "a\nb" },
        { "CR alone", "a\rb", "a?b", NULL },
        { "C1 control (CSI)",
            "\xc2\x9b"
            "31m",
            "?31m", NULL },
        { "C1 control as one byte",
            "\x9b"
            "31m",
            "?31m", NULL },
        { "overlong slash", "\xc0\xaf", "??", NULL },
        { "overlong of three", "\xe0\x80\xaf", "???", NULL },
        { "overlong of four", "\xf0\x8f\xbf\xbf", "????", NULL },
        { "surrogate", "\xed\xa0\x80", "???", NULL },
        { "above U+10FFFF", "\xf4\x90\x80\x80", "????", NULL },
        { "five bytes", "\xf8\x88\x80\x80\x80", "?????", NULL },
        { "cut short", "a\xe2\x82", "a??", NULL },
        { "cut short, then a letter", "\xe2\x82z", "??z", NULL },
        { "right-to-left override",
            "a\xe2\x80\xae"
            "b",
            "a?b", NULL },
        { "embedding U+202A", "\xe2\x80\xaa", "?", NULL },
        { "isolates U+2066 and U+2069", "\xe2\x81\xa6\xe2\x81\xa9", "??", NULL },
        { "line separator",
            "a\xe2\x80\xa8"
            "b",
            "a?b", NULL },
        { "neighbours of the overrides", "\xe2\x80\xaf\xe2\x81\xa5", "\xe2\x80\xaf\xe2\x81\xa5", NULL },
        { "good UTF-8 of each length", "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x94\x92\xf4\x8f\xbf\xbf",
            "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x94\x92\xf4\x8f\xbf\xbf", NULL },
        { "empty", "", "", NULL },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        char to[64];
        AUTO(free) char *dup = text_printable_dup(view_of(cases[i].from), 1000, true);

        text_printable(to, sizeof to, view_of(cases[i].from), false);
        CHECK_TEXT(to, cases[i].to, cases[i].name);
        CHECK_TEXT(dup, cases[i].lines != NULL ? cases[i].lines : cases[i].to, cases[i].name);
    }
}

TEST(text_printable_cuts_whole_characters)
{
    static const struct {
        const char *name, *from;
        size_t size;
        const char *to;
    } cases[] = {
        { "fits exactly", "abcdef", 7, "abcdef" },
        { "one short", "abcdef", 6, "ab..." },
        { "only dots", "abcdef", 4, "..." },
        { "part of the dots", "abcdef", 3, ".." },
        { "only the NUL", "abcdef", 1, "" },
        { "not inside a character",
            "a\xe2\x82\xac"
            "bcd",
            7, "a..." },
        { "character fits exactly", "a\xe2\x82\xac", 5, "a\xe2\x82\xac" },
        { "dropped CR at the end", "abc\r\n", 5, "abc " },
        { "long and plain", "abcdefghijklmnop", 17, "abcdefghijklmnop" },
        { "long and plain, one short", "abcdefghijklmnop", 16, "abcdefghijkl..." },
        { "cut behind what is not plain", "ab\tcdefgh", 8, "ab c..." },
        { "cut within what is not plain", "abc\xe2\x82\xac\xe2\x82\xac", 9, "abc..." },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        char *to = xcalloc(cases[i].size, 1); /* exact size, so that the sanitizer sees one byte too many */

        text_printable(to, cases[i].size, view_of(cases[i].from), false);
        CHECK_TEXT(to, cases[i].to, cases[i].name);
        free(to);
    }
    text_printable(NULL, 0, view_of("a"), false);
}

TEST(text_printable_shows_nul)
{
    char to[8];

    text_printable(to, sizeof to, (struct view){ "a\0b", 3 }, false);
    CHECK_TEXT(to, "a?b", "NUL inside");
    text_printable(to, sizeof to, (struct view){ NULL, 0 }, false);
    CHECK_TEXT(to, "", "nothing");
}

TEST(names_are_compared)
{
    char mixed[] = "A.Example-\xc3\x84Z";

    CHECK(text_starts("abc", "ab") && !text_starts("a", "ab") && text_starts("a", ""), "starts");
    CHECK(text_ends("abc", "bc") && !text_ends("c", "bc") && text_ends("a", ""), "ends");
    CHECK(!text_is_given(NULL) && !text_is_given("") && text_is_given(" "), "text_is_given");
    CHECK(text_equal(NULL, NULL) && !text_equal(NULL, "") && text_equal("a", "a") && !text_equal("a", "A"), "equal");
    text_lower(mixed);
    CHECK_TEXT(mixed, "a.example-\xc3\x84z", "only ASCII is lowered");
}

TEST(text_distance)
{
    static const struct {
        const char *name, *a, *b;
        size_t distance;
    } cases[] = {
        { "same", "renew", "renew", 0 },
        { "insert", "renw", "renew", 1 },
        { "delete", "reneww", "renew", 1 },
        { "replace", "ranew", "renew", 1 },
        { "swap", "reenw", "renew", 1 },
        { "empty", "", "renew", 5 },
        { "both empty", "", "", 0 },
        { "two", "certnoly", "certonli", 2 },
        { "all different", "abc", "xyz", 3 },
        { "too long", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "a", SIZE_MAX },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        CHECK(text_distance(cases[i].a, cases[i].b) == cases[i].distance, "%s: %zu", cases[i].name,
            text_distance(cases[i].a, cases[i].b));
        CHECK(text_distance(cases[i].b, cases[i].a) == cases[i].distance, "%s, turned round", cases[i].name);
    }
}

TEST(encodings_go_both_ways)
{
    static const struct { /* the vectors of RFC 4648 section 10, and what needs the last two letters */
        const char *plain, *base64, *base64url, *hex;
    } cases[] = {
        { "", "", "", "" },
        { "f", "Zg==", "Zg", "66" },
        { "fo", "Zm8=", "Zm8", "666f" },
        { "foo", "Zm9v", "Zm9v", "666f6f" },
        { "foobar", "Zm9vYmFy", "Zm9vYmFy", "666f6f626172" },
        { "\xfb\xff\xfe", "+//+", "-__-", "fbfffe" },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(buf_clear) struct buf a = BUF(99), b = BUF(99), c = BUF(99), back = BUF(99);

        buf_put_base64(&a, view_of(cases[i].plain));
        buf_put_base64url(&b, view_of(cases[i].plain));
        buf_put_hex(&c, view_of(cases[i].plain));
        CHECK_TEXT(buf_text(&a), cases[i].base64, "base64");
        CHECK_TEXT(buf_text(&b), cases[i].base64url, "base64url");
        CHECK_TEXT(buf_text(&c), cases[i].hex, "hex");
        CHECK(buf_put_unbase64(&back, buf_view(&a)) && view_is(buf_view(&back), cases[i].plain), "%s", a.at);
        buf_clear(&back);
        CHECK(buf_put_unbase64url(&back, buf_view(&b)) && view_is(buf_view(&back), cases[i].plain), "%s", b.at);
        buf_clear(&back);
        CHECK(buf_put_unhex(&back, buf_view(&c)) && view_is(buf_view(&back), cases[i].plain), "%s", c.at);
    }
}

TEST(decoders_refuse)
{
    static const struct {
        const char *name, *text;
        bool (*decode)(struct buf *buf, struct view text);
        const char *out; /* NULL: refused */
    } cases[] = {
        { "url: one digit over", "Zm9vY", buf_put_unbase64url, NULL },
        { "url: padding", "Zg==", buf_put_unbase64url, NULL },
        { "url: bits left over after one byte", "Zh", buf_put_unbase64url, NULL },
        { "url: bits left over after two bytes", "Zm9", buf_put_unbase64url, NULL },
        { "url: digits of plain base64", "+//+", buf_put_unbase64url, NULL },
        { "url: blank", "Zm 9v", buf_put_unbase64url, NULL },
        { "url: line feed at the end", "Zm9v\n", buf_put_unbase64url, NULL },
        { "url: not ASCII", "Zm9\xe9", buf_put_unbase64url, NULL },
        { "digits of base64url", "-__-", buf_put_unbase64, NULL },
        { "one pad too few", "Zg=", buf_put_unbase64, NULL },
        { "one pad too many", "Zm8==", buf_put_unbase64, NULL },
        { "pads alone", "==", buf_put_unbase64, NULL },
        { "four pads", "Zm9v====", buf_put_unbase64, NULL },
        { "digit after the padding", "Zg==Zg==", buf_put_unbase64, NULL },
        { "bits left over", "Zh==", buf_put_unbase64, NULL },
        { "white space and no padding", " Zm\r\n8\t", buf_put_unbase64, "fo" },
        { "groups across lines", "Zm9\nvZm\n9vYmE\n", buf_put_unbase64, "foofooba" },
        { "bits left over behind a whole group", "Zm9vZm\n", buf_put_unbase64, NULL },
        { "a byte that is none within a group",
            "Zm9vZ\xe9"
            "9v",
            buf_put_unbase64, NULL },
        { "padding within a group", "Zg==Zm9v", buf_put_unbase64, NULL },
        { "padding on the next line", "Zg=\n=", buf_put_unbase64, "f" },
        { "hex: odd", "666", buf_put_unhex, NULL },
        { "hex: letter", "6g", buf_put_unhex, NULL },
        { "hex: blank", "66 6f", buf_put_unhex, NULL },
        { "hex: upper case", "6F", buf_put_unhex, "o" },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(buf_clear) struct buf out = BUF(100);
        AUTO(buf_clear) struct buf small = BUF(2);
        bool ok;

        buf_put_text(&out, "<");
        ok = cases[i].decode(&out, view_of(cases[i].text));
        CHECK(ok == (cases[i].out != NULL), "%s: %s", cases[i].name, buf_text(&out));
        CHECK_TEXT(buf_text(&out) + 1, cases[i].out != NULL ? cases[i].out : "", cases[i].name);
        buf_put_text(&small, "ab");
        CHECK(cases[i].out == NULL || (!cases[i].decode(&small, view_of(cases[i].text)) && small.failed),
            "%s: went into a full buffer", cases[i].name);
        CHECK_TEXT(buf_text(&small), "ab", cases[i].name);
    }
}

TEST_MAIN()
