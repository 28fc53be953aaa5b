/* Replies in their forms, predicates over them, and what they say went wrong. */
#include "tree/reply.h"

#include "base/test.h"
#include "tree/xml.h"

static bool read_as(struct reply *reply, const char *form, const char *body, struct error *err)
{
    reply->body = BUF(1024 * 1024);
    buf_put_text(&reply->body, body);
    return reply_read(reply, form, err);
}

TEST(forms)
{
    static const struct {
        const char *form, *body, *json; /* NULL: cannot be read */
    } rows[] = {
        { "json", "{\"a\":[1,\"b\",null,true]}", "{\"a\":[1,\"b\",null,true]}" },
        { "json", " ", "null" },
        { "json", "{", NULL },
        { "form", "error=0&text=a%20b+c&x=1&x=2&&=3&y",
            "{\"error\":\"0\",\"text\":\"a b c\",\"x\":[\"1\",\"2\"],\"y\":\"\"}" },
        { "lines", "a b\t\"c d\"\r\n\n e\n", "[[\"a\",\"b\",\"\\\"c d\\\"\"],[\"e\"]]" },
        { "text", " OK \n", "\"OK\"" },
        { "xml", "<?xml version='1.0'?><!-- c --><a:r xmlns:a='u'><x>1</x><x>2</x><y k=\"v\">t</y><z/></a:r>",
            "{\"x\":[\"1\",\"2\"],\"y\":{\"@k\":\"v\",\"$\":\"t\"},\"z\":\"\"}" },
        { "xml", "<r>a &amp; b&#x41;&#66;<![CDATA[<c>]]></r>", "\"a & bAB<c>\"" },
        { "xml", "<r><a></r>", NULL },
        { "xml", "<r>&nope;</r>", NULL },
        { "xml", "<r a=1/>", NULL },
        { "xml", "<!DOCTYPE r [<!ENTITY a \"b\">]><r/>", "\"\"" },
        { "xml", "<!DOCTYPE r [<!ENTITY a \"b\">]><r>&a;</r>", NULL },
        { "xml", "<r><a>", NULL },
        { "xml", "no", NULL },
        { "xml", "<", NULL },
        { "xml", "<r/", NULL },
        { "xml", "<r>&#x110000;</r>", NULL },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(reply_clear) struct reply reply = { 0 };
        AUTO(buf_clear) struct buf json = BUF(10000);
        struct error err = { 0 };
        bool ok = read_as(&reply, rows[i].form, rows[i].body, &err);

        CHECK(ok == (rows[i].json != NULL), "%s: %s", rows[i].body, err.why);
        value_put_json(&reply.value, &json);
        if (ok)
            CHECK_TEXT(buf_text(&json), rows[i].json, rows[i].body);
    }
}

TEST(xml_is_written)
{
    static const char json[] =
        "{\"R\":{\"@x\":\"u\\\"\",\"a\":[\"1\",{\"b\":\"<\"}],\"c\":{\"@k\":\"v\",\"$\":\"t\"}}}";
    AUTO(value_clear) struct value value = { 0 };
    AUTO(buf_clear) struct buf out = BUF(1000);
    struct error err = { 0 };

    REQUIRE(value_read_json(view_of(json), "json", &value, &err), "%s", err.why);
    xml_put(&value, &out);
    CHECK_TEXT(buf_text(&out),
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<R x=\"u&quot;\"><a>1</a><a><b>&lt;</b></a><c k=\"v\">t</c></R>",
        "xml");
}

TEST(predicates)
{
    static const char body[] = "{\"code\":1001,\"e\":[{\"message\":\"Already EXISTS\"}],\"ok\":true,\"none\":\"\"}";
    static const struct {
        const char *predicate;
        bool is;
    } rows[] = {
        { "{\"status\":[404,422]}", true },
        { "{\"status\":200}", false },
        { "{\"path\":\"code\",\"is\":\"1001\"}", true },
        { "{\"path\":\"code\",\"is\":[1,1001]}", true },
        { "{\"path\":\"ok\",\"is\":\"true\"}", true },
        { "{\"path\":\"e.0.message\",\"has\":\"already exists\"}", true },
        { "{\"path\":\"e\",\"has\":[\"nothing\",\"already\"]}", true },
        { "{\"path\":\"e.1\",\"has\":\"a\"}", false },
        { "{\"path\":\"none\",\"set\":true}", false },
        { "{\"path\":\"none\",\"set\":false}", true },
        { "{\"text\":\"{\\\"code\"}", true },
        { "{\"not\":{\"status\":[422]}}", false },
        { "{\"status\":[422],\"path\":\"code\",\"is\":2}", false },
        { "[{\"status\":[1]},{\"path\":\"code\",\"is\":1001}]", true },
        { "[]", false },
    };
    AUTO(reply_clear) struct reply reply = { .status = 422 };
    struct error err = { 0 };

    REQUIRE(read_as(&reply, "json", body, &err), "%s", err.why);
    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(value_clear) struct value predicate = { 0 };

        REQUIRE(value_read_json(view_of(rows[i].predicate), "row", &predicate, &err), "%s", err.why);
        CHECK(predicate_is(&predicate, &reply) == rows[i].is, "%s", rows[i].predicate);
    }
    CHECK(!predicate_is(NULL, &reply), "none");
}

TEST(same_texts)
{
    static const struct {
        const char *a, *b;
        bool same;
    } rows[] = {
        { "a", "\"a\"", true },
        { "a.", "a", true },
        { "\"abc\" \"def\"", "abcdef", true },
        { "a b", "ab", false },
        { "\"a\\\"b\"", "\"a\\\"b\"", true },
        { "a", "A", false },
        { "", "\"\"", true },
        { NULL, "", false },
        { "a..", "a", false },
    };

    for (size_t i = 0; i < COUNT(rows); i++)
        CHECK(value_same_text(rows[i].a, rows[i].b) == rows[i].same, "row %zu", i);
}

TEST(what_went_wrong)
{
    AUTO(value_clear) struct value paths = { 0 };
    AUTO(reply_clear) struct reply reply = { 0 }, page = { 0 }, text = { 0 };
    AUTO(free) char *message = NULL, *nothing = NULL, *as_it_is = NULL;
    struct error err = { 0 };

    REQUIRE(value_read_json(view_of("[\"a.0.code\",\"b\",\"c\"]"), "paths", &paths, &err), "%s", err.why);
    REQUIRE(read_as(&reply, "json", "{\"a\":[{\"code\":9}],\"b\":\"x\\u001b[31m\\ny\",\"c\":[]}", &err), "%s", err.why);
    message = reply_message(&reply, &paths);
    CHECK_TEXT(message, "9: x?[31m y", "joined and printable");
    REQUIRE(!read_as(&page, "json", "<html>", &err), "html");
    nothing = reply_message(&page, &paths);
    CHECK_TEXT(nothing, "", "no page");
    REQUIRE(read_as(&text, "text", " KO ", &err), "%s", err.why);
    as_it_is = reply_message(&text, NULL);
    CHECK_TEXT(as_it_is, "KO", "short text");
}

TEST_MAIN()
