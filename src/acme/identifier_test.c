#include "base/test.h"

#include "acme/answer.h"

static const struct {
    const char *name, *json, *value, *why; /* why: NULL when it is read */
    enum identifier_type type;
} cases[] = {
    { "no type", "{\"value\":\"a\"}", NULL, "'type' is missing", 0 },
    { "a type of a later RFC", "{\"type\":\"email\",\"value\":\"a@b\"}", NULL, "email", 0 },
    { "no value", "{\"type\":\"dns\"}", NULL, "'value' is missing", 0 },
    { "empty", "{\"type\":\"dns\",\"value\":\"\"}", NULL, "a domain that is none", 0 },
    { "a path", "{\"type\":\"dns\",\"value\":\"../../etc\"}", NULL, "a domain that is none", 0 },
    { "a command", "{\"type\":\"dns\",\"value\":\"$(x)\"}", NULL, "a domain that is none", 0 },
    { "a star inside", "{\"type\":\"dns\",\"value\":\"a.*.org\"}", NULL, "a domain that is none", 0 },
    { "a lone star", "{\"type\":\"dns\",\"value\":\"*.\"}", NULL, "a domain that is none", 0 },
    { "two dots", "{\"type\":\"dns\",\"value\":\"a..org\"}", NULL, "a domain that is none", 0 },
    { "a dot in front", "{\"type\":\"dns\",\"value\":\".org\"}", NULL, "a domain that is none", 0 },
    { "an escape", "{\"type\":\"dns\",\"value\":\"a\\u001b[2J\"}", NULL, "a domain that is none: 'a?[2J'", 0 },
    { "no address", "{\"type\":\"ip\",\"value\":\"300.1.1.1\"}", NULL, "an IP address that is none", 0 },
    { "a name as address", "{\"type\":\"ip\",\"value\":\"example.org\"}", NULL, "an IP address that is none", 0 },
    { "upper case", "{\"type\":\"dns\",\"value\":\"Example.ORG\"}", "example.org", NULL, IDENTIFIER_DNS },
    { "wildcard", "{\"type\":\"dns\",\"value\":\"*.example.org\"}", "*.example.org", NULL, IDENTIFIER_DNS },
    { "underscore", "{\"type\":\"dns\",\"value\":\"_x.example.org\"}", "_x.example.org", NULL, IDENTIFIER_DNS },
    { "IPv4", "{\"type\":\"ip\",\"value\":\"192.0.2.1\"}", "192.0.2.1", NULL, IDENTIFIER_IP },
    { "IPv6 the long way", "{\"type\":\"ip\",\"value\":\"2001:DB8:0:0:0:0:0:1\"}", "2001:db8::1", NULL, IDENTIFIER_IP },
};

TEST(identifier_read)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(doc_free) struct doc *doc = NULL;
        struct identifier identifier = { 0 };
        struct error err = { 0 };
        bool ok;

        REQUIRE(doc_read(view_of(cases[i].json), "test", &doc, &err), "%s", err.why);
        ok = identifier_read(doc_root(doc), &identifier, &err);
        CHECK(ok == (cases[i].why == NULL), "%s: %s", cases[i].name, err.why);
        CHECK(ok || strstr(err.why, cases[i].why) != NULL, "%s: %s", cases[i].name, err.why);
        CHECK_TEXT(identifier.value, cases[i].value, cases[i].name);
        CHECK_INT(identifier.type, cases[i].type, cases[i].name);
        free(identifier.value);
    }
}

TEST_MAIN()
