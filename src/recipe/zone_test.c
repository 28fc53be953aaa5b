/* The zone of a name: the longest one that the service has, what it gives for it, and how often it is asked. */
#include "recipe/zone.h"

#include "recipe/played_api.h"

#define TOP                                                                                                            \
    "{\"name\":\"x\",\"title\":\"X\",\"ttl\":60,\"wait\":10,\"base\":\"https://x.test\",\"apex\":\"@\","               \
    "\"keys\":{\"domain\":{}},\"add\":{\"do\":\"PUT /{fqdn}\"},\"del\":{\"do\":\"DELETE /{fqdn}\"},"
#define REPLY(text)                                                                                                    \
    {                                                                                                                  \
        NULL, 200, text, NULL, NULL                                                                                    \
    }
#define ASKED(url, text)                                                                                               \
    {                                                                                                                  \
        "GET https://x.test" url, 200, text, NULL, NULL                                                                \
    }
#define NOT_THERE(url)                                                                                                 \
    {                                                                                                                  \
        "GET https://x.test" url, 404, "", NULL, NULL                                                                  \
    }

static struct service *open_zone(const char *zone)
{
    AUTO(free) char *text = xprintf("%s\"zone\":{%s}}", TOP, zone);

    return api_open(text, (const char *const[]){ "domain", "Example.org.", NULL });
}

/* "zone rel id", or what is wrong; of the caller's. */
static char *find(struct service *service, const char *fqdn)
{
    AUTO(work_end) struct work work = work_begin(service);
    struct error err = { 0 };
    const char *id;

    vars_set_text(&work.vars, "fqdn", fqdn);
    if (!work_find_zone(&work, &err)) {
        CHECK(err.kind == ERROR_PLUGIN || err.kind == ERROR_NETWORK, "%s", err.why);
        return xprintf("failed: %s", err.why);
    }
    id = value_text(vars_get(&work.vars, view_of("zid")));
    return xprintf("%s %s %s", value_text(vars_get(&work.vars, view_of("zone"))),
        value_text(vars_get(&work.vars, view_of("rel"))), id != NULL ? id : "-");
}

static const struct {
    const char *zone, *fqdn;
    struct exchange exchanges[6];
    const char *found;
} rows[] = {
    /* all zones in a list: the longest one that the name is in */
    { "\"do\":\"GET /z\"", "_acme-challenge.a.example.org",
        { ASKED("/z", "[{\"name\":\"org\"},{\"name\":\"example.org\"},{\"name\":\"a.example.org\"},{\"name\":\"b.a."
                      "example.org\"}]") },
        "a.example.org _acme-challenge -" },
    { "\"do\":\"GET /z\"", "_acme-challenge.example.org",
        { REPLY("[{\"name\":\"xample.org\"},{\"name\":\"le.org\"},{\"name\":\"example.org\"}]") },
        "example.org _acme-challenge -" },
    { "\"do\":\"GET /z\"", "_acme-challenge.example.org", { REPLY("[{\"name\":\"xample.org\"}]") },
        "failed: X knows no zone for _acme-challenge.example.org with these credentials" },
    { "\"do\":\"GET /z\"", "_Acme-Challenge.Example.ORG", { REPLY("[{\"name\":\"EXAMPLE.org.\"}]") },
        "example.org _Acme-Challenge -" },
    { "\"do\":\"GET /z\"", "example.org", { REPLY("[{\"name\":\"example.org\"}]") }, "example.org @ -" },
    { "\"do\":\"GET /z\"", "a.example.org", { REPLY("[{\"name\":\"\"},{\"no\":\"name\"},{\"name\":\".\"}]") },
        "failed: X knows no zone for a.example.org" },
    { "\"do\":\"GET /z\",\"items\":\"l\",\"name\":\"d.n\",\"set\":{\"zid\":\"d.i\"}", "a.example.org",
        { REPLY("{\"l\":[{\"d\":{\"n\":\"example.org\",\"i\":7}}]}") }, "example.org a 7" },
    { "\"do\":\"GET /z\",\"items\":\"l\"", "a.example.org", { REPLY("{\"l\":[\"example.org\",\"org\"]}") },
        "example.org a -" },
    { "\"do\":\"GET /z\",\"set\":{\"zid\":\"i\"}", "a.example.org", { REPLY("[{\"name\":\"example.org\"}]") },
        "failed: the zone example.org has no 'i'" },
    { "\"do\":\"GET /z\",\"set\":{\"zid\":\"i?\"}", "a.example.org", { REPLY("[{\"name\":\"example.org\"}]") },
        "example.org a -" },
    { "\"do\":\"GET /z\"", "a.example.org", { { NULL, 404, "", NULL, NULL } }, "failed: X knows no zone" },
    { "\"do\":\"GET /z\"", "a.example.org", { { NULL, 403, "", NULL, NULL } }, "failed: X answered with status 403" },
    { "\"do\":\"GET /z?p={page}\",\"page\":{\"size\":1}", "a.example.org",
        { ASKED("/z?p=1", "[{\"name\":\"b.org\"}]"), ASKED("/z?p=2", "[{\"name\":\"example.org\"}]"),
            ASKED("/z?p=3", "[]") },
        "example.org a -" },
    { "\"do\":\"GET /z\",\"then\":{\"do\":\"GET /z/{zone}\",\"get\":{\"zid\":\"i\"}}", "a.example.org",
        { REPLY("[{\"name\":\"org\"},{\"name\":\"example.org\"}]"), ASKED("/z/example.org", "{\"i\":9}") },
        "example.org a 9" },
    { "\"do\":\"GET /z\",\"then\":{\"do\":\"GET /z/{zone}\"}", "a.example.org",
        { REPLY("[{\"name\":\"example.org\"}]"), NOT_THERE("/z/example.org") },
        "failed: X has nothing of that name (status 404)" },

    /* by guesses, the longest first, and never a top-level name */
    { "\"ask\":true,\"do\":\"GET /z/{guess}\"", "_acme-challenge.a.example.org",
        { NOT_THERE("/z/_acme-challenge.a.example.org"), NOT_THERE("/z/a.example.org"),
            ASKED("/z/example.org", "{\"name\":\"x\"}") },
        "example.org _acme-challenge.a -" },
    { "\"ask\":true,\"do\":\"GET /z/{guess}\"", "a.example.org",
        { NOT_THERE("/z/a.example.org"), NOT_THERE("/z/example.org") }, "failed: X knows no zone for a.example.org" },
    { "\"ask\":true,\"do\":\"GET /z/{guess}\",\"get\":{\"zid\":\"i\"}", "example.org",
        { ASKED("/z/example.org", "{\"i\":3}") }, "example.org @ 3" },
    { "\"ask\":true,\"do\":\"GET /z?n={guess}\",\"items\":\"l\",\"set\":{\"zid\":\"i\"}", "a.example.org",
        { ASKED("/z?n=a.example.org", "{\"l\":[{\"name\":\"aa.example.org\",\"i\":1}]}"),
            ASKED("/z?n=example.org", "{\"l\":[{\"name\":\"x.org\",\"i\":2},{\"name\":\"Example.org.\",\"i\":3}]}") },
        "example.org a 3" },
    { "\"ask\":true,\"do\":\"GET /z/{guess}\",\"name\":\"n\"", "a.example.org",
        { ASKED("/z/a.example.org", "{\"n\":\"other.org\"}"), ASKED("/z/example.org", "{\"n\":\"example.org\"}") },
        "example.org a -" },
    { "\"ask\":true,\"do\":\"GET /z/{guess}\",\"absent\":{\"path\":\"ok\",\"is\":false}", "a.example.org",
        { REPLY("{\"ok\":false}"), REPLY("{\"ok\":true}") }, "example.org a -" },
    { "\"ask\":true,\"do\":\"GET /z/{guess}\"", "a.example.org", { { NULL, 400, "", NULL, NULL } },
        "failed: X answered with status 400 to GET https://x.test/z/a.example.org" },
    { "\"ask\":true,\"do\":\"GET /z/{guess}\",\"then\":{\"do\":\"GET /i/{zone}\",\"get\":{\"zid\":\"i\"}}",
        "a.example.org", { REPLY("{}"), ASKED("/i/a.example.org", "{\"i\":4}") }, "a.example.org @ 4" },

    /* what the user says */
    { "\"fixed\":\"{domain}\"", "a.b.example.org", { { 0 } }, "example.org a.b -" },
    { "\"fixed\":\"{domain}\"", "example.org", { { 0 } }, "example.org @ -" },
    { "\"fixed\":\"{domain}\"", "a.example.com", { { 0 } },
        "failed: a.example.com is not in the zone example.org that the credentials name" },
    { "\"fixed\":\"{domain}\"", "aexample.org", { { 0 } }, "failed: aexample.org is not in the zone example.org" },
    { "\"fixed\":\"{domain}\",\"then\":{\"do\":\"GET /i/{zone}\",\"get\":{\"zid\":\"i\"}}", "a.example.org",
        { ASKED("/i/example.org", "{\"i\":5}") }, "example.org a 5" },
};

TEST(zones)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct service *service = open_zone(rows[i].zone);
        AUTO(free) char *found = NULL;

        REQUIRE(service != NULL, "row %zu", i);
        api_play(rows[i].exchanges);
        found = find(service, rows[i].fqdn);
        if (strncmp(rows[i].found, "failed", 6) == 0)
            CHECK(strncmp(found, rows[i].found, strlen(rows[i].found)) == 0, "row %zu, %s: %s", i, rows[i].zone, found);
        else
            CHECK_TEXT(found, rows[i].found, rows[i].zone);
        api_played(rows[i].zone);
        api_close(service);
    }
}

/* Each guess is asked once in a run, whether it was a zone or none; and the list once. */
TEST(what_was_asked_is_known)
{
    static const struct exchange guesses[] = { NOT_THERE("/z/a.example.org"), ASKED("/z/example.org", "{}"),
        NOT_THERE("/z/b.example.org"), { 0 } };
    static const struct exchange all[] = { REPLY("[{\"name\":\"example.org\"}]"), { 0 } };
    struct service *asked = open_zone("\"ask\":true,\"do\":\"GET /z/{guess}\""),
                   *listed = open_zone("\"do\":\"GET /z\"");
    static const char *const names[] = { "a.example.org", "a.example.org", "b.example.org", "example.org" };

    REQUIRE(asked != NULL && listed != NULL, "open");
    api_play(guesses);
    for (size_t i = 0; i < COUNT(names); i++) {
        AUTO(free) char *found = find(asked, names[i]);

        CHECK(strncmp(found, "example.org ", 12) == 0, "%s: %s", names[i], found);
    }
    api_played("guesses");
    api_play(all);
    for (size_t i = 0; i < COUNT(names); i++) {
        AUTO(free) char *found = find(listed, names[i]);

        CHECK(strncmp(found, "example.org ", 12) == 0, "%s: %s", names[i], found);
    }
    api_played("list");
    api_close(asked);
    api_close(listed);
}

/* Names of one order do not all run into it again. */
TEST(a_failure_is_remembered)
{
    static const struct exchange refused[] = { { NULL, 403, "", NULL, NULL }, { 0 } };
    struct service *service = open_zone("\"do\":\"GET /z\"");
    AUTO(free) char *first = NULL, *second = NULL;

    REQUIRE(service != NULL, "open");
    api_play(refused);
    first = find(service, "a.example.org");
    second = find(service, "a.example.org");
    CHECK_TEXT(second, first, "the same again");
    api_played("once");
    api_close(service);
}

TEST(descriptions_without_zones)
{
    struct service *service = api_open(TOP "\"#\":0}", (const char *const[]){ NULL });
    struct error err = { 0 };

    REQUIRE(service != NULL, "open");
    {
        AUTO(work_end) struct work work = work_begin(service);

        vars_set_text(&work.vars, "fqdn", "a.example.org");
        CHECK(work_find_zone(&work, &err) && !vars_is_set(&work.vars, "zone"), "%s", err.why);
    }
    api_close(service);
}

/* Names have up to 127 labels: the whole of a long one is not worth a question for each. */
TEST(long_names)
{
    static struct exchange exchanges[17];
    struct service *service = open_zone("\"ask\":true,\"do\":\"GET /z/{guess}\"");
    AUTO(buf_clear) struct buf name = BUF(1000);
    AUTO(free) char *found = NULL;

    for (size_t i = 0; i < 15; i++)
        exchanges[i] = (struct exchange){ NULL, 404, "", NULL, NULL };
    for (int i = 0; i < 40; i++)
        buf_putf(&name, "l%d.", i);
    buf_put_text(&name, "example.org");
    REQUIRE(service != NULL, "open");
    api_play(exchanges);
    found = find(service, buf_text(&name));
    CHECK(strncmp(found, "failed: X knows no zone", 23) == 0, "%s", found);
    api_played("fifteen guesses");
    api_close(service);
}

TEST_MAIN()
