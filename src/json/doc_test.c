#include "base/test.h"

#include "json/doc.h"

static const struct {
    const char *name, *text;
    size_t len;      /* 0: strlen */
    const char *why; /* NULL when it is read, else a part of error.why */
} documents[] = {
    { "nothing", "", 0, "not valid JSON" },
    { "cut short", "{\"status\":\"rea", 0, "line 1" },
    { "member twice, cut short", "{\"a\":1,\"a\":2", 0, "not valid JSON" },
    { "a byte order mark behind", "{}\xef\xbb\xbf", 0, "end of file" },
    { "two byte order marks", "\xef\xbb\xbf\xef\xbb\xbf{}", 0, "not valid JSON" },
    { "text behind", "{} x", 0, "end of file" },
    { "NUL behind", "{}\0", 3, "end of file" },
    { "NUL escape in a string", "[\"a\\u0000b\"]", 0, "\\u0000" },
    { "NUL escape in a name", "{\"a\\u0000b\":1}", 0, "NUL byte in object key" },
    { "NUL byte in a string", "[\"a\0b\"]", 7, "not valid JSON" },
    { "line feed in a string", "[\"a\nb\"]", 0, "unexpected newline" },
    { "bad UTF-8", "[\"\xff\"]", 0, "unable to decode byte 0xff" },
    { "surrogate in UTF-8", "[\"\xed\xa0\x80\"]", 0, "unable to decode byte 0xed" },
    { "overlong UTF-8", "[\"\xc0\xaf\"]", 0, "unable to decode byte 0xc0" },
    { "half a surrogate pair", "[\"\\ud800\"]", 0, "Unicode" },
    { "number too big", "[123456789012345678901234567890]", 0, "too big" },
    { "final comma", "[1,]", 0, "not valid JSON" },
    { "single quotes", "{'a':1}", 0, "not valid JSON" },
    { "comment", "{} // x", 0, "end of file" },
    { "33 levels", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]", 0, "deeper than 32" },
    { "32 levels", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]", 0, NULL },
    { "brackets in a string", "[\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[[[[[[[[[\"]", 0, NULL },
    { "bare value", " 7 ", 0, NULL },
    { "object", "{\"a\":[1,2,{\"b\":null}]}", 0, NULL },
    { "member twice", "{\"a\":1,\"a\":2}", 0, NULL },
    { "member twice, deep", "[{\"x\":{\"b\":1,\"b\":1}}]", 0, NULL },
    { "a byte order mark in front", "\xef\xbb\xbf{}", 0, NULL },
};

TEST(doc_read)
{
    for (size_t i = 0; i < COUNT(documents); i++) {
        AUTO(doc_free) struct doc *doc = NULL;
        struct error err = { 0 };
        size_t len = documents[i].len > 0 ? documents[i].len : strlen(documents[i].text);
        bool ok = doc_read((struct view){ documents[i].text, len }, "answer", &doc, &err);

        CHECK(ok == (documents[i].why == NULL), "%s: %s", documents[i].name, err.why);
        CHECK(ok || strstr(err.why, documents[i].why) != NULL, "%s: %s", documents[i].name, err.why);
        CHECK(ok || strncmp(err.why, "answer", 6) == 0, "%s: %s", documents[i].name, err.why);
        CHECK(ok || doc == NULL, "%s: *out was touched", documents[i].name);
        CHECK(ok || err.kind == ERROR_CONFIG, "%s", documents[i].name);
    }
}

TEST(secrets_stay_out_of_messages)
{
    AUTO(doc_free) struct doc *doc = NULL;
    struct error err = { 0 };

    CHECK(!doc_read(view_of("{\"d\": \"SECRET\" \"SECRET\"}"), "private_key.json", &doc, &err), "accepted");
    CHECK(strstr(err.why, "SECRET") == NULL, "%s", err.why);
}

TEST(too_large)
{
    AUTO(doc_free) struct doc *doc = NULL;
    AUTO(free) char *text = xcalloc(1, DOC_MAX + 1);
    struct error err = { 0 };

    memset(text, ' ', DOC_MAX + 1);
    CHECK(!doc_read((struct view){ text, DOC_MAX + 1 }, "answer", &doc, &err), "accepted");
    CHECK(strstr(err.why, "larger") != NULL, "%s", err.why);
}

/* One getter against one document; got is what it gave, as text, for comparing. */
enum getter { TEXT, TEXT_OR_NULL, TEXTS, BOOL, TIME, CHOICE, URL, URL_OR_NULL, URLS };

static const struct {
    const char *name, *text;
    enum getter getter;
    const char *got, *why;
} members[] = {
    { "text", "{\"m\":\"x\"}", TEXT, "x", NULL },
    { "text twice: the last one counts", "{\"m\":\"x\",\"m\":\"y\"}", TEXT, "y", NULL },
    { "text twice, once by escape", "{\"m\":\"x\",\"\\u006d\":\"y\"}", TEXT, "y", NULL },
    { "text missing", "{}", TEXT, NULL, "member 'm' is missing" },
    { "text null", "{\"m\":null}", TEXT, NULL, "member 'm' is missing" },
    { "text is a number", "{\"m\":1}", TEXT, NULL, "member 'm' is not a string" },
    { "not an object", "[1]", TEXT, NULL, "the document is not an object" },
    { "optional text missing", "{}", TEXT_OR_NULL, "(none)", NULL },
    { "optional text null", "{\"m\":null}", TEXT_OR_NULL, "(none)", NULL },
    { "optional text is false", "{\"m\":false}", TEXT_OR_NULL, NULL, "is not a string" },
    { "texts", "{\"m\":[\"a\",\"b\"]}", TEXTS, "a|b", NULL },
    { "texts missing", "{}", TEXTS, "", NULL },
    { "texts is a string", "{\"m\":\"a\"}", TEXTS, NULL, "is not an array" },
    { "texts hold a number", "{\"m\":[\"a\",1]}", TEXTS, NULL, "member 'm[1]' is not a string" },
    { "texts hold null", "{\"m\":[null]}", TEXTS, NULL, "member 'm[0]' is not a string" },
    { "true", "{\"m\":true}", BOOL, "true", NULL },
    { "bool missing", "{}", BOOL, "true", NULL },
    { "bool false", "{\"m\":false}", BOOL, "false", NULL },
    { "bool as text", "{\"m\":\"true\"}", BOOL, NULL, "is not true or false" },
    { "time", "{\"m\":\"1970-01-02T00:00:00Z\"}", TIME, "86400", NULL },
    { "time missing", "{}", TIME, "0", NULL },
    { "time of nonsense", "{\"m\":\"tomorrow\"}", TIME, NULL, "RFC 3339" },
    { "time as a number", "{\"m\":5}", TIME, NULL, "is not a string" },
    { "choice", "{\"m\":\"two\"}", CHOICE, "1", NULL },
    { "choice unknown", "{\"m\":\"th\\u001bree\"}", CHOICE, NULL, "member 'm' has an unknown value, 'th?ree'" },
    { "choice missing", "{}", CHOICE, NULL, "is missing" },
    { "url", "{\"m\":\"https://ca.test/a?b=c\"}", URL, "https://ca.test/a?b=c", NULL },
    { "url of a test CA", "{\"m\":\"http://[::1]:80/a\"}", URL, "http://[::1]:80/a", NULL },
    { "url missing", "{}", URL, NULL, "is missing" },
    { "url of a file", "{\"m\":\"file:///etc/passwd\"}", URL, NULL, "not an https URL" },
    { "url relative", "{\"m\":\"/acme\"}", URL, NULL, "not an https URL" },
    { "url with a blank", "{\"m\":\"https://a b/\"}", URL, NULL, "not a valid URL" },
    { "url with a line feed", "{\"m\":\"https://a/\\r\\nX: y\"}", URL, NULL, "not a valid URL" },
    { "url with user", "{\"m\":\"https://good.test@evil.test/\"}", URL, NULL, "plain host" },
    { "url without host", "{\"m\":\"https:///x\"}", URL, NULL, "plain host" },
    { "url with port only", "{\"m\":\"https://:443/x\"}", URL, NULL, "plain host" },
    { "optional url missing", "{}", URL_OR_NULL, "(none)", NULL },
    { "optional url bad", "{\"m\":\"x\"}", URL_OR_NULL, NULL, "not an https URL" },
    { "urls", "{\"m\":[\"https://a/\",\"https://b/\"]}", URLS, "https://a/|https://b/", NULL },
    { "urls empty", "{\"m\":[]}", URLS, "", NULL },
    { "urls missing", "{}", URLS, NULL, "is missing" },
    { "urls, second bad", "{\"m\":[\"https://a/\",\"ftp://b/\"]}", URLS, NULL, "member 'm[1]' is not an https URL" },
};

static bool get_as_text(const struct node *root, enum getter getter, char **got, struct error *err)
{
    static const char *const choices[] = { "one", "two", NULL };
    AUTO(list_clear) struct list list = { 0 };
    AUTO(free) char *text = NULL;
    int64_t at = -1;
    int choice = -1;
    bool value = false;

    switch (getter) {
    case TEXT:
        TRY(node_get_text(root, "m", &text, err));
        break;
    case TEXT_OR_NULL:
        TRY(node_get_text_or_null(root, "m", &text, err));
        break;
    case URL:
        TRY(node_get_url(root, "m", &text, err));
        break;
    case URL_OR_NULL:
        TRY(node_get_url_or_null(root, "m", &text, err));
        break;
    case TEXTS:
        TRY(node_get_texts_or_none(root, "m", &list, err));
        break;
    case URLS:
        TRY(node_get_urls(root, "m", &list, err));
        break;
    case BOOL:
        TRY(node_get_bool_or(root, "m", true, &value, err));
        break;
    case TIME:
        TRY(node_get_time_or_zero(root, "m", &at, err));
        break;
    case CHOICE:
        TRY(node_get_choice(root, "m", choices, &choice, err));
        break;
    }
    if (getter == TEXTS || getter == URLS)
        *got = list_join(&list, "|");
    else if (getter == BOOL)
        *got = xstrdup(value ? "true" : "false");
    else if (getter == TIME)
        *got = xprintf("%d", (int)at);
    else if (getter == CHOICE)
        *got = xprintf("%d", choice);
    else
        *got = xstrdup(text == NULL ? "(none)" : text);
    return true;
}

TEST(getters)
{
    for (size_t i = 0; i < COUNT(members); i++) {
        AUTO(doc_free) struct doc *doc = NULL;
        AUTO(free) char *got = NULL;
        struct error err = { 0 };
        bool ok;

        REQUIRE(doc_read(view_of(members[i].text), "answer", &doc, &err), "%s: %s", members[i].name, err.why);
        ok = get_as_text(doc_root(doc), members[i].getter, &got, &err);
        CHECK(ok == (members[i].why == NULL), "%s: %s", members[i].name, err.why);
        CHECK(ok || strstr(err.why, members[i].why) != NULL, "%s: %s", members[i].name, err.why);
        CHECK(ok || strncmp(err.why, "answer: ", 8) == 0, "%s: %s", members[i].name, err.why);
        CHECK_TEXT(got, members[i].got, members[i].name);
    }
}

TEST(url_length)
{
    for (size_t len = 2048; len <= 2049; len++) {
        AUTO(doc_free) struct doc *doc = NULL;
        AUTO(buf_clear) struct buf text = BUF(4096);
        AUTO(free) char *url = NULL;
        struct error err = { 0 };
        bool ok;

        buf_put_text(&text, "{\"m\":\"https://a/");
        for (size_t i = strlen("https://a/"); i < len; i++)
            buf_put_char(&text, 'x');
        buf_put_text(&text, "\"}");
        REQUIRE(doc_read(buf_view(&text), "answer", &doc, &err), "%s", err.why);
        ok = node_get_url(doc_root(doc), "m", &url, &err);
        CHECK(ok == (len == 2048), "%zu bytes", len);
        CHECK(ok || strstr(err.why, "2048") != NULL, "%s", err.why);
    }
}

TEST(looking)
{
    AUTO(doc_free) struct doc *doc = NULL;
    const struct node *value, *deep;
    const char *name;
    struct error err = { 0 };
    AUTO(free) char *text = NULL;
    int64_t number = 5;

    REQUIRE(
        doc_read(view_of("{\"z\":1,\"a\":[true,{\"b\":\"c\"},1.5],\"n\":null}"), "answer", &doc, &err), "%s", err.why);
    CHECK(node_is_object(doc_root(doc)) && !node_is_array(doc_root(doc)), "root");
    CHECK(node_number(node_member(doc_root(doc), "z"), &number) && number == 1, "z");
    CHECK(node_count(node_member(doc_root(doc), "a")) == 3 && node_count(doc_root(doc)) == 0, "count");
    CHECK(node_is_true(node_at(node_member(doc_root(doc), "a"), 0)), "true");
    CHECK(!node_number(node_at(node_member(doc_root(doc), "a"), 2), &number) && number == 1, "1.5 is no integer");
    CHECK(node_at(node_member(doc_root(doc), "a"), 3) == NULL, "behind the end");
    CHECK(node_member(doc_root(doc), "n") == NULL, "null counts as absent");
    CHECK(node_member(node_member(doc_root(doc), "z"), "x") == NULL, "member of a number");
    CHECK(node_member(NULL, "x") == NULL && node_text(NULL) == NULL && !node_is_true(NULL), "NULL is fine");

    REQUIRE(node_each(doc_root(doc), 0, &name, &value), "first");
    CHECK_TEXT(name, "z", "order of the text");
    REQUIRE(node_each(doc_root(doc), 2, &name, &value), "third");
    CHECK_TEXT(name, "n", "order of the text");
    CHECK(!node_each(doc_root(doc), 3, &name, &value) && !node_each(value, 0, &name, &value), "end");

    deep = node_at(node_member(doc_root(doc), "a"), 1);
    CHECK(!node_get_text(deep, "x", &text, &err), "x");
    CHECK_TEXT(err.why, "answer: member 'a[1].x' is missing", "path");
}

TEST_MAIN()
