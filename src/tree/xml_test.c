/* XML as values, both ways: what services send, and what is no XML that we know. */
#include "tree/xml.h"

#include "base/test.h"
#include "base/text.h"

static const struct {
    const char *xml, *json; /* NULL: refused */
    const char *why;
} rows[] = {
    { "<r/>", "\"\"", NULL },
    { "<r></r>", "\"\"", NULL },
    { "<r> text </r>", "\"text\"", NULL },
    { "\xef\xbb\xbf<r>t</r>", "\"t\"", NULL },
    { " \n<?xml version=\"1.0\"?>\n<!-- a > b -->\n<r>t</r>", "\"t\"", NULL },
    { "<!DOCTYPE r><r>t</r>", "\"t\"", NULL },
    { "<!DOCTYPE r SYSTEM \"x\" [<!ENTITY a \"b>\">]><r>t</r>", "\"t\"", NULL },
    { "<r><a>1</a></r>", "{\"a\":\"1\"}", NULL },
    { "<r><a>1</a><b/><a>2</a><a><c>3</c></a></r>", "{\"a\":[\"1\",\"2\",{\"c\":\"3\"}],\"b\":\"\"}", NULL },
    { "<r><a><b>1</b></a><a><b>2</b></a></r>", "{\"a\":[{\"b\":\"1\"},{\"b\":\"2\"}]}", NULL },
    { "<n:r xmlns:n=\"u\" xmlns=\"v\" n:k=\"w\"><n:a/></n:r>", "{\"@k\":\"w\",\"a\":\"\"}", NULL },
    { "<r a=\"1\" b = '2\"' c=\"&lt;&#10;\">t</r>", "{\"@a\":\"1\",\"@b\":\"2\\\"\",\"@c\":\"<\\n\",\"$\":\"t\"}",
        NULL },
    { "<r>a<b>c</b>d</r>", "{\"b\":\"c\",\"$\":\"ad\"}", NULL },
    { "<r>a<!-- <b> -->c<?php x ?>d</r>", "\"acd\"", NULL },
    { "<r><![CDATA[<a>&amp;]]]></r>", "\"<a>&amp;]\"", NULL },
    { "<r>&amp;&lt;&gt;&quot;&apos;</r>", "\"&<>\\\"'\"", NULL },
    { "<r>&#65;&#x42;&#xe9;&#x20AC;&#x1F600;</r>", "\"AB\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"", NULL },
    { "<r>&#xD7FF;&#x10FFFF;</r>", "\"\xed\x9f\xbf\xf4\x8f\xbf\xbf\"", NULL },
    { "<r\n>t</r\n>", "\"t\"", NULL },
    { "<r>t</r> trailing", "\"t\"", NULL },
    { "<a-b.c_d>t</a-b.c_d>", "\"t\"", NULL },

    { "", NULL, "it does not begin with an element" },
    { "text", NULL, "it does not begin with an element" },
    { "<!-- only", NULL, "something in it does not end" },
    { "<!DOCTYPE r [", NULL, "something in it does not end" },
    { "<>t</>", NULL, "a name is missing" },
    { "<n:>t</n:>", NULL, "a name is missing" },
    { "<r a>t</r>", NULL, "an attribute without a value" },
    { "<r a=1>t</r>", NULL, "an attribute without a value" },
    { "<r a=>t</r>", NULL, "an attribute without a value" },
    { "<r a=\"1>t</r>", NULL, "something in it does not end" },
    { "<r a=\"&x;\"/>", NULL, "an entity that is not known" },
    { "<r", NULL, "it ends too early" },
    { "<r a=\"1\"", NULL, "it ends too early" },
    { "<r/", NULL, "an element without an end" },
    { "<r/x>", NULL, "an element without an end" },
    { "<r>t", NULL, "it ends too early" },
    { "<r><a></r>", NULL, "an element ends that has not begun" },
    { "<r>t</r", NULL, "an element ends that has not begun" },
    { "<r>t</ r>", NULL, "a name is missing" },
    { "<r><![CDATA[x</r>", NULL, "something in it does not end" },
    { "<r>&amp</r>", NULL, "an entity that is not known" },
    { "<r>&;</r>", NULL, "an entity that is not known" },
    { "<r>&#;</r>", NULL, "an entity that is not known" },
    { "<r>&#x;</r>", NULL, "an entity that is not known" },
    { "<r>&#0;</r>", NULL, "an entity that is not known" },
    { "<r>&#x0;</r>", NULL, "an entity that is not known" },
    { "<r>&#1114112;</r>", NULL, "an entity that is not known" },
    { "<r>&#xffffffffffffffffff;</r>", NULL, "an entity that is not known" },
    { "<r>&#x4g;</r>", NULL, "an entity that is not known" },
    { "<r>&AMP;</r>", NULL, "an entity that is not known" },
};

TEST(what_services_send)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(value_clear) struct value value = { 0 };
        AUTO(buf_clear) struct buf json = BUF(10000);
        struct error err = { 0 };
        bool ok = xml_read(view_of(rows[i].xml), &value, &err);

        CHECK(ok == (rows[i].json != NULL), "%s: %s", rows[i].xml, err.why);
        value_put_json(&value, &json);
        if (ok)
            CHECK_TEXT(buf_text(&json), rows[i].json, rows[i].xml);
        else
            CHECK(err.kind == ERROR_NETWORK && rows[i].why != NULL && strstr(err.why, rows[i].why) != NULL, "%s: %s",
                rows[i].xml, err.why);
    }
}

TEST(zero_bytes)
{
    AUTO(value_clear) struct value value = { 0 };
    struct error err = { 0 };

    CHECK(!xml_read((struct view){ "<r>\0</r>", 8 }, &value, &err), "refused");
    CHECK(strstr(err.why, "a zero byte") != NULL, "%s", err.why);
}

static bool read_nested(int depth, struct error *err)
{
    AUTO(value_clear) struct value value = { 0 };
    AUTO(buf_clear) struct buf text = BUF(10000);

    for (int i = 0; i < depth; i++)
        buf_put_text(&text, "<a>");
    for (int i = 0; i < depth; i++)
        buf_put_text(&text, "</a>");
    return xml_read(buf_view(&text), &value, err);
}

static bool read_children(int count, bool attributes, struct error *err)
{
    AUTO(value_clear) struct value value = { 0 };
    AUTO(buf_clear) struct buf text = BUF(100000);

    buf_put_text(&text, "<r");
    for (int i = 0; i < count && attributes; i++)
        buf_putf(&text, " a%d='1'", i);
    buf_put_char(&text, '>');
    for (int i = 0; i < count && !attributes; i++)
        buf_putf(&text, "<a%d/>", i);
    buf_put_text(&text, "</r>");
    return xml_read(buf_view(&text), &value, err);
}

TEST(bounds)
{
    struct error deep = { 0 }, wide = { 0 }, many = { 0 }, none = { 0 };

    CHECK(read_nested(33, &none), "%s", none.why);
    CHECK(!read_nested(34, &deep) && strstr(deep.why, "too deep") != NULL, "%s", deep.why);
    CHECK(read_children(2001, false, &none) && read_children(2001, true, &none), "%s", none.why);
    CHECK(
        !read_children(2003, false, &wide) && strstr(wide.why, "too many different elements") != NULL, "%s", wide.why);
    CHECK(!read_children(2003, true, &many) && strstr(many.why, "too many attributes") != NULL, "%s", many.why);
}

TEST(elements_of_one_name_are_many)
{
    AUTO(value_clear) struct value value = { 0 };
    AUTO(buf_clear) struct buf text = BUF(100000);
    struct error err = { 0 };

    buf_put_text(&text, "<r>");
    for (int i = 0; i < 3000; i++)
        buf_putf(&text, "<a>%d</a>", i);
    buf_put_text(&text, "</r>");
    REQUIRE(xml_read(buf_view(&text), &value, &err), "%s", err.why);
    CHECK_INT((int64_t)value_member(&value, "a")->len, 3000, "all of them");
    CHECK_TEXT(value_text(value_walk(&value, "a.-1")), "2999", "in their order");
}

TEST(what_is_written)
{
    static const struct {
        const char *json, *xml;
    } written[] = {
        { "{\"r\":\"t\"}", "<r>t</r>" },
        { "{\"r\":{}}", "<r></r>" },
        { "{\"r\":{\"a\":[\"1\",\"2\"],\"b\":3}}", "<r><a>1</a><a>2</a><b>3</b></r>" },
        { "{\"r\":{\"@k\":\"a\\\"&\",\"$\":\"<t>\",\"c\":true}}", "<r k=\"a&quot;&amp;\">&lt;t&gt;<c>true</c></r>" },
        { "{\"r\":{\"a\":[]}}", "<r></r>" },
    };

    for (size_t i = 0; i < COUNT(written); i++) {
        AUTO(value_clear) struct value value = { 0 };
        AUTO(buf_clear) struct buf out = BUF(10000);
        AUTO(free) char *want = xprintf("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n%s", written[i].xml);
        struct error err = { 0 };

        REQUIRE(value_read_json(view_of(written[i].json), "json", &value, &err), "%s", err.why);
        xml_put(&value, &out);
        CHECK_TEXT(buf_text(&out), want, written[i].json);
    }
}

TEST_MAIN()
