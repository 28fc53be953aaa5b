/* Lists: what the items are in each form of a reply, which fit, and how the next page is found. */
#include "recipe/listing.h"

#include "recipe/played_api.h"

#define TOP                                                                                                            \
    "{\"name\":\"x\",\"title\":\"X\",\"ttl\":60,\"wait\":10,\"base\":\"https://x.test/v1\",\"keys\":{},"               \
    "\"add\":{\"do\":\"PUT /{fqdn}\"},\"del\":{\"do\":\"DELETE /{fqdn}\"},"
#define PAGE(...)                                                                                                      \
    {                                                                                                                  \
        NULL, 200, __VA_ARGS__, NULL, NULL                                                                             \
    }
#define ASKED(url, reply)                                                                                              \
    {                                                                                                                  \
        "GET https://x.test/v1" url, 200, reply, NULL, NULL                                                            \
    }

static bool note_id(void *arg, const struct value *item, const struct vars *vars, bool *stop, struct error *err)
{
    const char *id = value_text(vars_get(vars, view_of("id")));
    struct buf *seen = arg;

    (void)item;
    (void)err;
    buf_putf(seen, "%s%s", seen->len > 0 ? " " : "", id != NULL ? id : "-");
    *stop = id != NULL && strcmp(id, "stop") == 0;
    return true;
}

/* The ids of the items that "find" lists; "absent", or what is wrong. Of the caller's. */
static char *list(const char *find, const struct exchange *exchanges)
{
    AUTO(free) char *text = xprintf("%s\"find\":{%s}}", TOP, find);
    struct service *service = api_open(text, (const char *const[]){ NULL });
    AUTO(buf_clear) struct buf seen = BUF(65536);
    struct error err = { 0 };
    bool absent = false;

    REQUIRE(service != NULL, "%s", find);
    {
        AUTO(work_end) struct work work = work_begin(service);

        vars_set_text(&work.vars, "rel", "www");
        vars_set_text(&work.vars, "value", "Val");
        api_play(exchanges);
        if (!listing_each(&work, value_member(&service->description->top, "find"), note_id, &seen, &absent, &err)) {
            buf_clear(&seen);
            buf_putf(&seen, "failed: %s", err.why);
        } else if (absent) {
            buf_put_text(&seen, "absent");
        }
    }
    api_played(find);
    api_close(service);
    return buf_take(&seen);
}

static const struct {
    const char *find;
    struct exchange exchanges[6];
    const char *ids;
} rows[] = {
    /* what the items are */
    { "\"do\":\"GET /r\"", { ASKED("/r", "[{\"id\":1},{\"id\":\"b\"},{}]") }, "1 b -" },
    { "\"do\":\"GET /r\",\"items\":\"a.b\"", { PAGE("{\"a\":{\"b\":[{\"id\":1}]}}") }, "1" },
    { "\"do\":\"GET /r\",\"items\":\"a\"", { PAGE("{\"a\":null}") }, "" },
    { "\"do\":\"GET /r\",\"items\":\"a\"", { PAGE("{\"b\":[1]}") }, "" },
    { "\"do\":\"GET /r\",\"items\":\"a\"", { PAGE("{\"a\":[\"one\",2]}") }, "one 2" },
    { "\"do\":\"GET /r\",\"items\":\"a\"", { PAGE("{\"a\":{\"id\":1,\"name\":\"n\"}}") }, "1" },
    { "\"do\":\"GET /r\",\"items\":\"a\"", { PAGE("{\"a\":{\"x\":{\"id\":1},\"y\":{\"id\":2}}}") }, "1 2" },
    { "\"do\":\"GET /r\",\"items\":\"a\"", { PAGE("{\"a\":\"one\"}") }, "one" },
    { "\"do\":\"GET /r\",\"items\":\"a\",\"id\":\"n.m\"", { PAGE("{\"a\":[{\"n\":{\"m\":7},\"id\":1}]}") }, "7" },
    { "\"do\":\"GET /r\",\"items\":\"h\",\"id\":\"@n\",\"reply\":\"xml\"", { PAGE("<r><h n=\"1\"/><h n=\"2\"/></r>") },
        "1 2" },
    { "\"do\":\"GET /r\",\"items\":\"h\",\"reply\":\"xml\"", { PAGE("<r><h><id>1</id><x><y>2</y></x></h></r>") }, "1" },
    { "\"do\":\"GET /r\",\"items\":\"\",\"id\":\"0\",\"reply\":\"lines\"", { PAGE("a 1\nb 2\n") }, "a b" },
    { "\"do\":\"GET /r\"", { PAGE("") }, "" },
    { "\"do\":\"GET /r\"", { { NULL, 404, "gone", NULL, NULL } }, "absent" },
    { "\"do\":\"GET /r\"", { { NULL, 403, "", NULL, NULL } },
        "failed: X answered with status 403 to GET https://x.test/v1/r" },
    { "\"do\":\"GET /r\"", { PAGE("<html>") }, "failed: the reply is not valid JSON" },

    /* which fit */
    { "\"do\":\"GET /r\",\"where\":{\"n\":\"{rel}\",\"v\":\"{value}\"}",
        { PAGE("[{\"id\":1,\"n\":\"WWW\",\"v\":\"Val\"},{\"id\":2,\"n\":\"www\",\"v\":\"val\"},{\"id\":3,\"n\":\"www\"}"
               "]") },
        "1" },
    { "\"do\":\"GET /r\",\"except\":{\"t\":[\"NS\",\"SOA\"]}",
        { PAGE("[{\"id\":1,\"t\":\"NS\"},{\"id\":2,\"t\":\"TXT\"},{\"id\":3,\"t\":\"SOA\"}]") }, "2" },
    { "\"do\":\"GET /r\",\"where\":{\"t\":\"TXT\"},\"except\":{\"id\":\"2\"}",
        { PAGE("[{\"id\":1,\"t\":\"TXT\"},{\"id\":2,\"t\":\"TXT\"},{\"id\":3,\"t\":\"A\"}]") }, "1" },
    { "\"do\":\"GET /r\",\"where\":{\"t\":\"{nonce|unhex|date:%Y}\"}", { PAGE("[{\"id\":1}]") },
        "failed: 'nonce' is not set" },

    /* each item asked for by itself */
    { "\"do\":\"GET /r\",\"detail\":\"GET /r/{id}\",\"where\":{\"v\":\"{value}\"}",
        { PAGE("[5,{\"id\":6},7]"), ASKED("/r/5", "{\"id\":\"x\",\"v\":\"Val\"}"), ASKED("/r/6", "{\"v\":\"other\"}"),
            { "GET https://x.test/v1/r/7", 404, "", NULL, NULL } },
        "5" },
    { "\"do\":\"GET /r\",\"detail\":\"GET /r/{id}\"", { PAGE("[5]"), { NULL, 403, "", NULL, NULL } },
        "failed: X answered with status 403 to GET https://x.test/v1/r/5" },

    /* pages by numbers */
    { "\"do\":\"GET /r?p={page}\",\"items\":\"a\",\"page\":{\"last\":\"l\"}",
        { ASKED("/r?p=1", "{\"a\":[1],\"l\":2}"), ASKED("/r?p=2", "{\"a\":[2],\"l\":2}") }, "1 2" },
    { "\"do\":\"GET /r?p={page}\",\"items\":\"a\",\"page\":{\"last\":\"l\",\"from\":0}",
        { ASKED("/r?p=0", "{\"a\":[1],\"l\":2}"), ASKED("/r?p=1", "{\"a\":[2],\"l\":2}") }, "1 2" },
    { "\"do\":\"GET /r?p={page}\",\"items\":\"a\",\"page\":{\"last\":\"l\"}", { ASKED("/r?p=1", "{\"a\":[],\"l\":9}") },
        "" },
    { "\"do\":\"GET /r?p={page}\",\"items\":\"a\",\"page\":{\"last\":\"l\"}", { ASKED("/r?p=1", "{\"a\":[1]}") }, "1" },
    { "\"do\":\"GET /r?p={page}\",\"items\":\"a\",\"page\":{\"total\":\"t\"}",
        { ASKED("/r?p=1", "{\"a\":[1,2],\"t\":\"3\"}"), ASKED("/r?p=2", "{\"a\":[3],\"t\":\"3\"}") }, "1 2 3" },
    { "\"do\":\"GET /r?o={page}\",\"items\":\"a\",\"page\":{\"total\":\"t\",\"offset\":true}",
        { ASKED("/r?o=0", "{\"a\":[1,2],\"t\":3}"), ASKED("/r?o=2", "{\"a\":[3],\"t\":3}") }, "1 2 3" },
    { "\"do\":\"GET /r?p={page}\",\"page\":{\"size\":2}",
        { ASKED("/r?p=1", "[1,2]"), ASKED("/r?p=2", "[3,4]"), ASKED("/r?p=3", "[5]") }, "1 2 3 4 5" },
    { "\"do\":\"GET /r?p={page}\",\"page\":{\"size\":2}", { ASKED("/r?p=1", "[1,2]"), ASKED("/r?p=2", "[]") }, "1 2" },
    { "\"do\":\"GET /r?p={page}\",\"page\":{\"size\":2},\"where\":{\"v\":\"no\"}",
        { ASKED("/r?p=1", "[1,2]"), ASKED("/r?p=2", "[]") }, "" },
    { "\"do\":\"GET /r\",\"page\":{\"size\":2}", { PAGE("[1,\"stop\"]") }, "1 stop" },
    { "\"do\":\"GET /r?p={page}\",\"page\":{\"size\":1}", { PAGE("[1]"), { NULL, 404, "", NULL, NULL } }, "1" },

    /* by a word */
    { "\"do\":\"GET /r?c={?page}\",\"items\":\"a\",\"page\":{\"cursor\":\"c\"}",
        { ASKED("/r?c=", "{\"a\":[1],\"c\":\"x y\"}"), ASKED("/r?c=x%20y", "{\"a\":[2],\"c\":\"\"}") }, "1 2" },
    { "\"do\":\"GET /r?c={?page}\",\"items\":\"a\",\"page\":{\"cursor\":\"c\"}",
        { ASKED("/r?c=", "{\"a\":[1],\"c\":\"x\"}"), ASKED("/r?c=x", "{\"a\":[2],\"c\":\"x\"}") }, "1 2" },
    { "\"do\":\"GET /r?c={?page}\",\"items\":\"a\",\"page\":{\"cursor\":\"c\"}", { PAGE("{\"a\":[1],\"c\":{}}") },
        "1" },

    /* by an address */
    { "\"do\":\"GET /r\",\"items\":\"a\",\"page\":{\"next\":\"n\"}",
        { PAGE("{\"a\":[1],\"n\":\"https://X.test/v1/r?p=2\"}"),
            { "GET https://X.test/v1/r?p=2", 200, "{\"a\":[2]}", NULL, NULL } },
        "1 2" },
    { "\"do\":\"GET /r\",\"items\":\"a\",\"page\":{\"next\":\"n\"}",
        { PAGE("{\"a\":[1],\"n\":\"/q\"}"), { "GET https://x.test/q", 200, "{\"a\":[2],\"n\":\"/s\"}", NULL, NULL },
            { "GET https://x.test/s", 200, "{\"a\":[3],\"n\":\"\"}", NULL, NULL } },
        "1 2 3" },
    { "\"do\":\"GET /r\",\"items\":\"a\",\"page\":{\"next\":\"n\"}", { PAGE("{\"a\":[1],\"n\":\"//evil.test/q\"}") },
        "failed: an address that does not begin with https://" },
    { "\"do\":\"GET /r\",\"items\":\"a\",\"page\":{\"next\":\"n\"}", { PAGE("{\"a\":[1],\"n\":\"http://x.test/q\"}") },
        "failed: credentials are not sent without encryption" },
    { "\"do\":\"GET /r\",\"items\":\"a\",\"page\":{\"next\":\"n\"}",
        { PAGE("{\"a\":[1],\"n\":\"https://x.test:444/q\"}") },
        "failed: the next page is said to be at another server, which is not asked" },
    { "\"do\":\"GET /r\",\"page\":{\"link\":true}",
        { { NULL, 200, "[1]", "link", "<https://x.test/p>; rel=\"prev\", <https://x.test/n>; rel=\"next\"" },
            { "GET https://x.test/n", 200, "[2]", "link", "<https://x.test/v1/r>; rel=\"first\"" } },
        "1 2" },
    { "\"do\":\"GET /r\",\"page\":{\"link\":true}",
        { { NULL, 200, "[1]", "link", "<https://evil.test/n>; rel=\"next\"" } },
        "failed: the next page is said to be at another server" },
    { "\"do\":\"GET /r\",\"page\":{\"link\":true}", { PAGE("[1]") }, "1" },
};

TEST(lists)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(free) char *ids = list(rows[i].find, rows[i].exchanges);

        if (strncmp(rows[i].ids, "failed", 6) == 0)
            CHECK(strncmp(ids, rows[i].ids, strlen(rows[i].ids)) == 0, "row %zu, %s: %s", i, rows[i].find, ids);
        else
            CHECK_TEXT(ids, rows[i].ids, rows[i].find);
    }
}

/* A service that always has one more page is left after PAGES_MAX. */
TEST(endless_lists)
{
    static struct exchange pages[PAGES_MAX + 1];
    AUTO(free) char *ids = NULL;

    for (size_t i = 0; i < PAGES_MAX; i++)
        pages[i] = (struct exchange)PAGE("[1]");
    ids = list("\"do\":\"GET /r?p={page}\",\"page\":{\"size\":1},\"where\":{\"id\":\"none\"}", pages);
    CHECK_TEXT(ids, "failed: X has more than 1000 pages of a list", "a bound");
}

TEST_MAIN()
