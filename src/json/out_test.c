#include "base/test.h"

#include "json/doc.h"
#include "json/out.h"

static const struct {
    const char *name;
    struct view text;
    const char *want;
} strings[] = {
#define V(text)                                                                                                        \
    {                                                                                                                  \
        text, sizeof(text) - 1                                                                                         \
    }
    { "plain", V("abc"), "\"abc\"" },
    { "nothing", V(""), "\"\"" },
    { "quotes and backslash", V("a\"b\\c"), "\"a\\\"b\\\\c\"" },
    { "control characters", V("\b\t\n\f\r\x01\x1b"), "\"\\b\\t\\n\\f\\r\\u0001\\u001b\"" },
    { "NUL", V("a\0b"), "\"a\\u0000b\"" },
    { "DEL and C1", V("\x7f\xc2\x9b"), "\"\\u007f\\u009b\"" },
    { "UTF-8", V("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"), "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"" },
    { "stray byte",
        V("a\xff"
          "b"),
        "\"a\xef\xbf\xbd"
        "b\"" },
    { "cut character", V("a\xe2\x82"), "\"a\xef\xbf\xbd\xef\xbf\xbd\"" },
    { "surrogate", V("\xed\xa0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
    { "overlong slash", V("\xc0\xaf"), "\"\xef\xbf\xbd\xef\xbf\xbd\"" },
    { "beyond U+10FFFF", V("\xf4\x90\x80\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
#undef V
};

TEST(strings_are_escaped)
{
    for (size_t i = 0; i < COUNT(strings); i++) {
        AUTO(buf_clear) struct buf buf = BUF(1024);
        struct out out = out_to(&buf);

        out_view(&out, NULL, strings[i].text);
        CHECK_TEXT(buf_text(&buf), strings[i].want, strings[i].name);
    }
}

static void write_all(struct out *out)
{
    struct list texts = { (char *[]){ (char *)"a", (char *)"b" }, 2 }, none = { 0 };

    out_object(out, NULL);
    out_text(out, "text", "x");
    out_text(out, "absent", NULL);
    out_array(out, "mixed");
    out_number(out, NULL, -5);
    out_bool(out, NULL, true);
    out_object(out, NULL);
    out_end(out);
    out_object(out, NULL);
    out_null(out, "a\"b");
    out_end(out);
    out_end(out);
    out_base64url(out, "bytes", (struct view){ "\xfb\xff", 2 });
    out_time(out, "at", 86400);
    out_time(out, "never", 0);
    out_texts(out, "texts", &texts);
    out_texts(out, "none", &none);
    out_raw(out, "raw", view_of("[1]"));
    out_end(out);
}

TEST(compact)
{
    AUTO(buf_clear) struct buf buf = BUF(1024);
    struct out out = out_to(&buf);

    write_all(&out);
    CHECK_TEXT(buf_text(&buf),
        "{\"text\":\"x\",\"absent\":null,\"mixed\":[-5,true,{},{\"a\\\"b\":null}],\"bytes\":\"-_8\","
        "\"at\":\"1970-01-02T00:00:00Z\",\"never\":null,\"texts\":[\"a\",\"b\"],\"none\":[],\"raw\":[1]}",
        "compact");
}

TEST(pretty)
{
    AUTO(buf_clear) struct buf buf = BUF(1024);
    AUTO(doc_free) struct doc *doc = NULL;
    struct out out = out_pretty_to(&buf);
    struct error err = { 0 };

    write_all(&out);
    CHECK_TEXT(buf_text(&buf),
        "{\n  \"text\": \"x\",\n  \"absent\": null,\n  \"mixed\": [\n    -5,\n    true,\n    {},\n    {\n"
        "      \"a\\\"b\": null\n    }\n  ],\n  \"bytes\": \"-_8\",\n  \"at\": \"1970-01-02T00:00:00Z\",\n"
        "  \"never\": null,\n  \"texts\": [\n    \"a\",\n    \"b\"\n  ],\n  \"none\": [],\n  \"raw\": [1]\n}",
        "pretty");
    CHECK(doc_read(buf_view(&buf), "own", &doc, &err), "%s", err.why);
}

TEST(extremes)
{
    AUTO(buf_clear) struct buf buf = BUF(1024);
    AUTO(buf_clear) struct buf small = BUF(8);
    struct out out = out_to(&buf), cut = out_to(&small);

    out_array(&out, NULL);
    out_number(&out, NULL, INT64_MIN);
    out_number(&out, NULL, INT64_MAX);
    out_end(&out);
    CHECK_TEXT(buf_text(&buf), "[-9223372036854775808,9223372036854775807]", "numbers");

    out_text(&cut, NULL, "more than eight bytes");
    CHECK(small.failed, "a full buffer must show");
}

TEST_MAIN()
