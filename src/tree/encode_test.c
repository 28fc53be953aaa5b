/* Encodings, as a table: there, and for forms back again. */
#include "tree/encode.h"

#include "base/test.h"

static const struct {
    const char *text, *url, *form, *xml, *json;
} rows[] = {
    { "", "", "", "", "" },
    { "aZ09-._~", "aZ09-._~", "aZ09-._~", "aZ09-._~", "aZ09-._~" },
    { "a b", "a%20b", "a+b", "a b", "a b" },
    { "a+b", "a%2Bb", "a%2Bb", "a+b", "a+b" },
    { "/?&=%#", "%2F%3F%26%3D%25%23", "%2F%3F%26%3D%25%23", "/?&amp;=%#", "/?&=%#" },
    { "<a \"b'>", "%3Ca%20%22b%27%3E", "%3Ca+%22b%27%3E", "&lt;a &quot;b'&gt;", "<a \\\"b'>" },
    { "\xc3\xa9", "%C3%A9", "%C3%A9", "\xc3\xa9", "\xc3\xa9" },
    { "a\n\t\\", "a%0A%09%5C", "a%0A%09%5C", "a\n\t\\", "a\\n\\t\\\\" },
    { "*()!", "%2A%28%29%21", "%2A%28%29%21", "*()!", "*()!" },
};

TEST(encodings)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(buf_clear)
        struct buf url = BUF(1000), form = BUF(1000), xml = BUF(1000), json = BUF(1000), back = BUF(1000);

        encode_url(view_of(rows[i].text), &url);
        encode_form(view_of(rows[i].text), &form);
        encode_xml(view_of(rows[i].text), &xml);
        encode_json(view_of(rows[i].text), &json);
        decode_form(view_of(rows[i].form), &back);
        CHECK_TEXT(buf_text(&url), rows[i].url, "url");
        CHECK_TEXT(buf_text(&form), rows[i].form, "form");
        CHECK_TEXT(buf_text(&xml), rows[i].xml, "xml");
        CHECK_TEXT(buf_text(&json), rows[i].json, "json");
        CHECK_TEXT(buf_text(&back), rows[i].text, "back");
    }
}

TEST(forms_are_read_tolerantly)
{
    static const struct {
        const char *form, *text;
    } odd[] = {
        { "%", "%" },
        { "a%2", "a%2" },
        { "%zz%41", "%zzA" },
        { "%2f%2F", "//" },
        { "100%+sure", "100% sure" },
    };

    for (size_t i = 0; i < COUNT(odd); i++) {
        AUTO(buf_clear) struct buf text = BUF(1000);

        decode_form(view_of(odd[i].form), &text);
        CHECK_TEXT(buf_text(&text), odd[i].text, odd[i].form);
    }
}

/* What does not fit shows. */
TEST(full_buffers)
{
    AUTO(buf_clear) struct buf url = BUF(5), json = BUF(5), xml = BUF(5);

    encode_url(view_of("ab//"), &url);
    encode_json(view_of("abcdef"), &json);
    encode_xml(view_of("a&b"), &xml);
    CHECK(url.failed && json.failed && xml.failed, "%d %d %d", url.failed, json.failed, xml.failed);
}

TEST_MAIN()
