/* Record sets and whole zones: which list is changed, what is written, and what is not when the reply is odd. */
#include "recipe/played_api.h"

#define TOP                                                                                                            \
    "{\"name\":\"x\",\"title\":\"X\",\"ttl\":60,\"wait\":10,\"base\":\"https://x.test\",\"apex\":\"@\",\"keys\":{},"   \
    "\"zone\":{\"fixed\":\"example.org\"},\"edit\":{\"read\":{\"do\":\"GET /\"},\"entry\":\"{value}\","                \
    "\"write\":{\"do\":\"PUT /\",\"json\":\"{*list}\"}%s}}"
#define NAME "_acme-challenge.example.org"
#define READ(text)                                                                                                     \
    {                                                                                                                  \
        "GET https://x.test/", 200, text, NULL, NULL                                                                   \
    }
#define WRITTEN(text)                                                                                                  \
    {                                                                                                                  \
        "PUT https://x.test/ " text, 200, "", NULL, NULL                                                               \
    }

static const struct {
    const char *name;
    const char *edit; /* more of its members */
    bool add;
    struct exchange exchanges[10];
    const char *why; /* "": it is done */
} rows[] = {
    /* what the list is */
    { "a list", "", true, { READ("[\"a\"]"), WRITTEN("[\"a\",\"one\"]"), READ("[\"a\",\"one\"]") }, "" },
    { "nothing yet", "", true, { READ("null"), WRITTEN("[\"one\"]"), READ("[\"one\"]") }, "" },
    { "nothing there", "", true, { { NULL, 404, "", NULL, NULL }, WRITTEN("[\"one\"]"), READ("[\"one\"]") }, "" },
    { "one text", "", true, { READ("\"a\""), WRITTEN("[\"a\",\"one\"]"), READ("[\"one\",\"a\"]") }, "" },
    { "an empty object", "", true, { READ("{}"), WRITTEN("[\"one\"]"), READ("[\"one\"]") }, "" },
    { "there already", "", true, { READ("[\"\\\"one\\\"\"]") }, "" },
    { "in another case", "", true, { READ("[\"ONE\"]"), WRITTEN("[\"ONE\",\"one\"]"), READ("[\"ONE\",\"one\"]") }, "" },
    { "somewhere in it", ",\"list\":\"a.b\"", true,
        { READ("{\"a\":{\"b\":[\"x\"]},\"c\":1}"), WRITTEN("[\"x\",\"one\"]"),
            READ("{\"a\":{\"b\":[\"x\",\"one\"]}}") },
        "" },

    /* removing */
    { "one of them", "", false, { READ("[\"a\",\"one\",\"b\"]"), WRITTEN("[\"a\",\"b\"]"), READ("[\"a\",\"b\"]") },
        "" },
    { "each time it stands there", "", false, { READ("[\"one\",\"\\\"one\\\"\"]"), WRITTEN("[]"), READ("[]") }, "" },
    { "not there", "", false, { READ("[\"a\"]") }, "" },
    { "no set", "", false, { { NULL, 404, "", NULL, NULL } }, "" },

    /* which object */
    { "the one that fits", ",\"in\":\"sets\",\"select\":{\"n\":\"{rel}\"},\"list\":\"v\"", true,
        { READ("{\"sets\":[{\"n\":\"b\",\"v\":[\"x\"]},{\"n\":\"_acme-challenge\",\"v\":[\"y\"]}]}"),
            WRITTEN("[\"y\",\"one\"]"), READ("{\"sets\":[{\"n\":\"_acme-challenge\",\"v\":[\"y\",\"one\"]}]}") },
        "" },
    { "none fits", ",\"in\":\"sets\",\"select\":{\"n\":\"{rel}\"},\"list\":\"v\"", true,
        { READ("{\"sets\":[{\"n\":\"b\",\"v\":[\"x\"]}]}"), WRITTEN("[\"one\"]"),
            READ("{\"sets\":{\"n\":\"_acme-challenge\",\"v\":\"one\"}}") },
        "" },
    { "entries that are objects", ",\"match\":{\"v\":\"{value}\",\"n\":\"{rel}\"}", false,
        { READ("[{\"v\":\"one\",\"n\":\"b\"},{\"v\":\"one\",\"n\":\"_acme-challenge\"}]"),
            WRITTEN("[{\"v\":\"one\",\"n\":\"b\"}]"), READ("[{\"v\":\"one\",\"n\":\"b\"}]") },
        "" },

    /* which step writes */
    { "create", ",\"create\":{\"do\":\"POST /\",\"json\":\"{*list}\"}", true,
        { READ("[]"), { "POST https://x.test/ [\"one\"]", 201, "", NULL, NULL }, READ("[\"one\"]") }, "" },
    { "not create", ",\"create\":{\"do\":\"POST /\",\"json\":\"{*list}\"}", true,
        { READ("[\"a\"]"), WRITTEN("[\"a\",\"one\"]"), READ("[\"one\"]") }, "" },
    { "clear", ",\"clear\":{\"do\":\"DELETE /\"}", false,
        { READ("[\"one\"]"), { "DELETE https://x.test/", 204, "", NULL, NULL }, READ("[]") }, "" },
    { "clear what has gone meanwhile", ",\"clear\":{\"do\":\"DELETE /\"}", false,
        { READ("[\"one\"]"), { "DELETE https://x.test/", 404, "", NULL, NULL }, READ("[]") }, "" },
    { "not clear", ",\"clear\":{\"do\":\"DELETE /\"}", false,
        { READ("[\"one\",\"a\"]"), WRITTEN("[\"a\"]"), READ("[\"a\"]") }, "" },
    { "nowhere to write to", "", true, { READ("[]"), { NULL, 404, "", NULL, NULL } },
        "X does not know where to write the records (status 404)" },
    { "not allowed", "", true, { READ("[]"), { NULL, 400, "no", NULL, NULL } },
        "X answered with status 400 to PUT https://x.test/: no" },

    /* looking once more */
    { "somebody else wrote", "", true,
        { READ("[]"), WRITTEN("[\"one\"]"), READ("[\"b\"]"), WRITTEN("[\"b\",\"one\"]"), READ("[\"one\"]") }, "" },
    { "again and again", "", true,
        { READ("[]"), WRITTEN("[\"one\"]"), READ("[\"b\"]"), WRITTEN("[\"b\",\"one\"]"), READ("[\"c\"]"),
            WRITTEN("[\"c\",\"one\"]"), READ("[\"d\"]"), WRITTEN("[\"d\",\"one\"]") },
        "X takes changes but does not keep them: somebody else may be writing" },
    { "shown late", "", true, { READ("[]"), WRITTEN("[\"one\"]"), READ("[]"), READ("[]"), READ("[\"one\"]") }, "" },
    { "without looking", ",\"check\":false", true, { READ("[]"), WRITTEN("[\"one\"]") }, "" },

    /* what might be lost */
    { "more than can be right", ",\"max\":2", true, { READ("[\"a\",\"b\",\"c\"]") },
        "the list has 3 elements, more than are changed safely" },
    { "more than can be with it", ",\"max\":2", true, { READ("[\"a\",\"b\"]") },
        "the list has 3 elements, more than are changed safely" },
    { "as many as can be", ",\"max\":2", true, { READ("[\"a\"]"), WRITTEN("[\"a\",\"one\"]"), READ("[\"a\",\"one\"]") },
        "" },
    { "fewer than before", ",\"max\":2", false, { READ("[\"a\",\"one\"]"), WRITTEN("[\"a\"]"), READ("[\"a\"]") }, "" },
    { "a whole zone that is none", ",\"whole\":true,\"list\":\"z.r\"", true, { READ("{\"error\":1}") },
        "the reply of X does not have the zone's records at 'z.r': nothing is written, as the others might be lost" },
    { "a whole zone without records", ",\"whole\":true,\"list\":\"z.r\"", true,
        { READ("{\"z\":{}}"), WRITTEN("[\"one\"]"), READ("{\"z\":{\"r\":[\"one\"]}}") }, "" },
    { "a whole zone that is not there", ",\"whole\":true,\"list\":\"z.r\"", true, { { NULL, 404, "", NULL, NULL } },
        "the reply of X does not have the zone's records at 'z.r': nothing is written, as the others might be lost" },
    { "nothing to remove of it", ",\"whole\":true,\"list\":\"z.r\"", false, { { NULL, 404, "", NULL, NULL } }, "" },

    { "pages of it", ",\"read\":{\"do\":\"GET /?p={page}\",\"page\":{\"size\":2}}", true,
        { { "GET https://x.test/?p=1", 200, "[\"a\",\"b\"]", NULL, NULL },
            { "GET https://x.test/?p=2", 200, "[\"c\"]", NULL, NULL }, WRITTEN("[\"a\",\"b\",\"c\",\"one\"]"),
            { "GET https://x.test/?p=1", 200, "[\"one\"]", NULL, NULL } },
        "" },
};

TEST(lists)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(free) char *text = xprintf(TOP, rows[i].edit);
        struct service *service = api_open(text, (const char *const[]){ NULL });

        REQUIRE(service != NULL, "%s", rows[i].name);
        CHECK_TEXT(api_change(service, rows[i].exchanges, rows[i].add, NAME, (const char *const[]){ "one", NULL }),
            rows[i].why, rows[i].name);
        api_close(service);
    }
}

/* The object, and the document, that the list was taken from are written with it where a service wants them back. */
TEST(what_is_written_besides)
{
    static const char text[] =
        "{\"name\":\"x\",\"title\":\"X\",\"ttl\":60,\"wait\":10,\"base\":\"https://"
        "x.test\",\"keys\":{},\"zone\":{\"fixed\":\"example.org\"},"
        "\"edit\":{\"read\":{\"do\":\"GET "
        "/\"},\"in\":\"sets\",\"select\":{\"n\":\"{rel}\"},\"list\":\"a.v\",\"entry\":{\"t\":\"{value}\"},"
        "\"match\":{\"t\":\"{value}\"},\"check\":false,\"write\":{\"do\":\"PUT "
        "/\",\"json\":{\"sel\":\"{*sel}\",\"was\":\"{*was}\",\"old\":"
        "\"{*old}\",\"doc\":\"{*doc}\"}},\"create\":{\"do\":\"POST "
        "/\",\"json\":{\"list\":\"{*list}\",\"old\":\"{*old}\"}}}}";
    static const struct exchange change[] = {
        READ("{\"sets\":[{\"n\":\"_acme-challenge\",\"k\":1,\"a\":{\"v\":[{\"t\":\"x\"}]}}],\"serial\":7}"),
        { "PUT https://x.test/ "
          "{\"sel\":{\"n\":\"_acme-challenge\",\"k\":1,\"a\":{\"v\":[{\"t\":\"x\"},{\"t\":\"one\"}]}},"
          "\"was\":{\"n\":\"_acme-challenge\",\"k\":1,\"a\":{\"v\":[{\"t\":\"x\"}]}},\"old\":[{\"t\":\"x\"}],"
          "\"doc\":{\"sets\":[{\"n\":\"_acme-challenge\",\"k\":1,\"a\":{\"v\":[{\"t\":\"x\"},{\"t\":\"one\"}]}}],"
          "\"serial\":7}}",
            200, "", NULL, NULL },
        { 0 }
    };
    static const struct exchange create[] = { READ("{\"sets\":[]}"),
        { "POST https://x.test/ {\"list\":[{\"t\":\"one\"}],\"old\":[]}", 200, "", NULL, NULL }, { 0 } };
    struct service *service = api_open(text, (const char *const[]){ NULL });
    const char *const one[] = { "one", NULL };

    REQUIRE(service != NULL, "open");
    CHECK_TEXT(api_change(service, change, true, NAME, one), "", "changed");
    CHECK_TEXT(api_change(service, create, true, NAME, one), "", "made anew");
    api_close(service);
}

/* Several values of one name are one write; those that are there are left out. */
TEST(several_values)
{
    static const struct exchange add[] = { READ("[\"b\"]"), WRITTEN("[\"b\",\"a\",\"c\"]"), READ("[\"a\",\"b\",\"c\"]"),
        { 0 } };
    static const struct exchange del[] = { READ("[\"c\",\"x\",\"a\"]"), WRITTEN("[\"x\"]"), READ("[\"x\"]"), { 0 } };
    AUTO(free) char *text = xprintf(TOP, "");
    struct service *service = api_open(text, (const char *const[]){ NULL });
    const char *const values[] = { "a", "b", "c", NULL };

    REQUIRE(service != NULL, "open");
    CHECK_TEXT(api_change(service, add, true, NAME, values), "", "added");
    CHECK_TEXT(api_change(service, del, false, NAME, values), "", "removed");
    api_close(service);
}

TEST_MAIN()
