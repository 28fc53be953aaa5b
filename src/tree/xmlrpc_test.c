/* Replies of XML-RPC as values: what methods give, faults, and what is no such reply. */
#include "tree/xmlrpc.h"

#include "base/test.h"

#define REPLY(inner) "<?xml version=\"1.0\"?><methodResponse><params><param>" inner "</param></params></methodResponse>"

TEST(replies)
{
    static const struct {
        const char *text, *json; /* NULL: it is none */
    } rows[] = {
        { REPLY("<value><string>OK</string></value>"), "\"OK\"" },
        { REPLY("<value>OK</value>"), "\"OK\"" },
        { REPLY("<value><int>4</int></value>"), "\"4\"" },
        { REPLY("<value><array><data/></array></value>"), "[]" },
        { REPLY("<value><array><data><value><string>a</string></value></data></array></value>"), "[\"a\"]" },
        { REPLY("<value><array><data><value>a</value><value><int>2</int></value></data></array></value>"),
            "[\"a\",\"2\"]" },
        { REPLY("<value><struct/></value>"), "{}" },
        { REPLY("<value><struct><member><name>b</name><value><struct><member><name>c</name><value/></member></struct>"
                "</value></member><member><name>d</name><value><i4>1</i4></value></member></struct></value>"),
            "{\"b\":{\"c\":\"\"},\"d\":\"1\"}" },
        { "<methodResponse><fault><value><struct><member><name>faultCode</name><value><int>620</int></value></member>"
          "<member><name>faultString</name><value>No</value></member></struct></value></fault></methodResponse>",
            "{\"faultCode\":\"620\",\"faultString\":\"No\"}" },
        { "<methodResponse/>", NULL },
        { REPLY("<value><int>4</int><int>5</int></value>"), NULL },
        { REPLY("<value><int>4</int><string>5</string></value>"), NULL },
        { REPLY("<value><struct><member><name>b</name></member></struct></value>"), NULL },
        { "OK", NULL },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(value_clear) struct value value = { 0 };
        AUTO(buf_clear) struct buf json = BUF(4096);
        struct error err = { 0 };
        bool ok = xmlrpc_read(view_of(rows[i].text), &value, &err);

        CHECK(ok == (rows[i].json != NULL), "row %zu: %s", i, err.why);
        value_put_json(&value, &json);
        if (rows[i].json != NULL)
            CHECK_TEXT(buf_text(&json), rows[i].json, "row");
    }
}

TEST(too_deep)
{
    AUTO(value_clear) struct value value = { 0 };
    AUTO(buf_clear) struct buf text = BUF(65536);
    struct error err = { 0 };

    buf_put_text(&text, "<methodResponse><params><param>");
    for (int i = 0; i < 40; i++)
        buf_put_text(&text, "<value><array><data>");
    for (int i = 0; i < 40; i++)
        buf_put_text(&text, "</data></array></value>");
    buf_put_text(&text, "</param></params></methodResponse>");
    CHECK(!xmlrpc_read(buf_view(&text), &value, &err) && err.kind == ERROR_NETWORK, "%s", err.why);
}

TEST_MAIN()
