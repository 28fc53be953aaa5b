/* Changes by descriptions, against services that are played request by request. */
#include "recipe/played_api.h"
#include "recipe/request.h"

#define HEAD "{\"name\":\"x\",\"title\":\"X\",\"ttl\":60,\"wait\":10,\"base\":\"https://x.test/v1\",\"apex\":\"@\","
#define END                                                                                                            \
    {                                                                                                                  \
        NULL, 0, NULL, NULL, NULL                                                                                      \
    }
#define VALUES(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define NAME "_acme-challenge.a.example.org"

static const char with_ids[] =
    HEAD "\"keys\":{\"token\":{}},\"headers\":{\"Auth\":\"Bearer {token}\"},\"error\":[\"why\"],"
         "\"zone\":{\"do\":\"GET /zones?page={page}\",\"items\":\"zones\",\"name\":\"name\",\"set\":{\"zid\":\"id\"},"
         "\"page\":{\"last\":\"pages\"}},"
         "\"add\":{\"do\":\"POST "
         "/zones/{zid}/records\",\"json\":{\"name\":\"{rel}\",\"v\":\"{value|quote}\",\"ttl\":\"{#ttl}\"}},"
         "\"find\":{\"do\":\"GET "
         "/zones/{zid}/records\",\"items\":\"records\",\"where\":{\"name\":\"{rel}\",\"v\":\"{value}\"}},"
         "\"del\":{\"do\":\"DELETE /zones/{zid}/records/{id}\"}}";
#define PAGE_1 "{\"pages\":2,\"zones\":[{\"id\":1,\"name\":\"example.org\"},{\"id\":2,\"name\":\"ple.org\"}]}"
#define PAGE_2 "{\"pages\":2,\"zones\":[{\"id\":3,\"name\":\"A.Example.org.\"},{\"id\":4,\"name\":\"xa.example.org\"}]}"
#define AUTH " Auth: Bearer s3cret"

TEST(records_with_an_id)
{
    static const struct exchange add[] = { { "GET https://x.test/v1/zones?page=1" AUTH, 200, PAGE_1, NULL, NULL },
        { "GET https://x.test/v1/zones?page=2" AUTH, 200, PAGE_2, NULL, NULL },
        { "POST https://x.test/v1/zones/3/records" AUTH
          " {\"name\":\"_acme-challenge\",\"v\":\"\\\"one\\\"\",\"ttl\":60}",
            201, "{}", NULL, NULL },
        { "POST https://x.test/v1/zones/3/records" AUTH
          " {\"name\":\"_acme-challenge\",\"v\":\"\\\"two\\\"\",\"ttl\":60}",
            201, "", NULL, NULL },
        END };
    static const struct exchange del[] = {
        { "GET https://x.test/v1/zones/3/records" AUTH, 200,
            "{\"records\":[{\"id\":\"r1\",\"name\":\"_Acme-challenge\",\"v\":\"\\\"one\\\"\"},"
            "{\"id\":\"r2\",\"name\":\"_acme-challenge\",\"v\":\"ONE\"},{\"id\":\"r3\",\"name\":\"b\",\"v\":\"one\"}]}",
            NULL, NULL },
        { "DELETE https://x.test/v1/zones/3/records/r1" AUTH, 404, "", NULL, NULL }, END
    };
    static const struct exchange again[] = { { NULL, 422, "{\"why\":\"there already\"}", NULL, NULL },
        { NULL, 200, "{\"records\":[{\"id\":1,\"name\":\"_acme-challenge\",\"v\":\"one\"}]}", NULL, NULL }, END };
    static const struct exchange refused[] = { { NULL, 422, "{\"why\":\"not s3cret\\nat all\"}", NULL, NULL },
        { NULL, 200, "{\"records\":[]}", NULL, NULL }, END };
    static const struct exchange denied[] = { { NULL, 403, "nothing here", NULL, NULL }, END };
    struct service *service = api_open(with_ids, VALUES("token", "s3cret"));

    REQUIRE(service != NULL, "open");
    CHECK_TEXT(api_change(service, add, true, NAME, VALUES("one", "two")), "", "added");
    CHECK_TEXT(api_change(service, del, false, NAME, VALUES("one")), "", "removed");
    CHECK_TEXT(api_change(service, again, true, NAME, VALUES("one")), "", "there already");
    CHECK_TEXT(api_change(service, refused, true, NAME, VALUES("one")),
        "X answered with status 422 to POST https://x.test/v1/zones/3/records: not *** at all", "refused");
    CHECK_TEXT(api_change(service, denied, true, NAME, VALUES("one")),
        "X answered with status 403 to POST https://x.test/v1/zones/3/records: nothing here", "denied");
    CHECK_TEXT(api_change(service, denied + 1, true, "_acme-challenge.b.net", VALUES("one")),
        "X knows no zone for _acme-challenge.b.net with these credentials", "no zone");
    api_close(service);
}

/* A service with room for one value is not asked to keep two. */
TEST(few_slots)
{
    static const char text[] = HEAD "\"slots\":1,\"keys\":{},\"add\":{\"do\":\"PUT /{fqdn}?v={value}\"},"
                                    "\"del\":{\"do\":\"DELETE /{fqdn}?v={value}\"}}";
    static const struct exchange one[] = { { "PUT https://x.test/v1/" NAME "?v=one", 200, "", NULL, NULL }, END };
    static const struct exchange both[] = { { "DELETE https://x.test/v1/" NAME "?v=one", 200, "", NULL, NULL },
        { "DELETE https://x.test/v1/" NAME "?v=two", 200, "", NULL, NULL }, END };
    struct service *service = api_open(text, VALUES(NULL));

    REQUIRE(service != NULL, "open");
    CHECK_TEXT(api_change(service, one, true, NAME, VALUES("one")), "", "one");
    CHECK_TEXT(api_change(service, one + 1, true, NAME, VALUES("one", "two")),
        "X keeps no more than 1 value at one name, and 2 are needed at " NAME, "two");
    CHECK_TEXT(api_change(service, both, false, NAME, VALUES("one", "two")), "", "both are removed");
    api_close(service);
}

TEST(where_credentials_may_be_sent)
{
    static const struct {
        const char *url;
        bool plain, good;
    } cases[] = { { "https://x.test/v1", false, true }, { "http://x.test/v1", false, false },
        { "http://x.test/v1", true, true }, { "http://127.0.0.1:8080/v1", false, true },
        { "http://127.1.2.3", false, true }, { "http://localhost:1/", false, true },
        { "http://localhost?a", false, true }, { "http://[::1]:80/", false, true },
        { "http://127.example.org/v1", false, false }, { "http://127.0.0.1.example.org/", false, false },
        { "http://localhost.example.org/", false, false }, { "http://[::1]example.org/", false, false },
        { "https://user@x.test/", false, false }, { "https://x.test/#a", false, false } };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error err = { 0 };

        CHECK(request_check_url(cases[i].url, cases[i].plain, &err) == cases[i].good, "%s", cases[i].url);
    }
}

TEST(a_busy_service)
{
    static const struct exchange busy[] = { { NULL, 200, "{\"zones\":[{\"id\":1,\"name\":\"example.org\"}]}", NULL,
                                                NULL },
        { NULL, 429, "", "retry-after", "7" }, { NULL, 503, "", NULL, NULL }, { NULL, 200, "{}", NULL, NULL }, END };
    static const struct exchange always[] = { { NULL, 503, "", "retry-after", "100000" }, { NULL, 503, "", NULL, NULL },
        { NULL, 503, "", NULL, NULL }, { NULL, 503, "", NULL, NULL }, { NULL, 503, "", NULL, NULL },
        { NULL, 503, "", NULL, NULL }, END };
    static const struct exchange down[] = { { NULL, 0, NULL, NULL, NULL }, END };
    struct service *service = api_open(with_ids, VALUES("token", "s3cret"));

    REQUIRE(service != NULL, "open");
    api.slept = 0;
    CHECK_TEXT(api_change(service, busy, true, NAME, VALUES("one")), "", "added");
    CHECK_INT(api.slept, 7000 + 2000, "waited");
    api.slept = 0;
    CHECK_TEXT(api_change(service, always, true, NAME, VALUES("one")),
        "X answered with status 503 to POST https://x.test/v1/zones/1/records", "always busy");
    CHECK_INT(api.slept, 60000 + 2000 + 4000 + 8000 + 8000, "waited");
    (void)down;
    api_close(service);
}

/* An error of the server says nothing about whether a record was added: that is looked at before it is added again. */
TEST(what_is_left_open)
{
#define POST_ONE                                                                                                       \
    "POST https://x.test/v1/zones/1/records" AUTH " {\"name\":\"_acme-challenge.a\",\"v\":\"\\\"one\\\"\",\"ttl\":60}"
#define LOOK "GET https://x.test/v1/zones/1/records" AUTH
#define FOUND "{\"records\":[{\"id\":7,\"name\":\"_acme-challenge.a\",\"v\":\"one\"}]}"
    static const struct exchange done[] = { { NULL, 200, "{\"zones\":[{\"id\":1,\"name\":\"example.org\"}]}", NULL,
                                                NULL },
        { POST_ONE, 502, "", NULL, NULL }, { LOOK, 200, FOUND, NULL, NULL }, END };
    static const struct exchange lost[] = { { POST_ONE, 500, "", NULL, NULL }, { LOOK, 200, "{}", NULL, NULL },
        { POST_ONE, 504, "", "retry-after", "9" }, { LOOK, 200, "{}", NULL, NULL }, { POST_ONE, 200, "", NULL, NULL },
        END };
#define STILL                                                                                                          \
    { POST_ONE, 500, "", NULL, NULL },                                                                                 \
    {                                                                                                                  \
        LOOK, 200, "{}", NULL, NULL                                                                                    \
    }
    static const struct exchange never[] = { STILL, STILL, STILL, STILL, STILL,
        { POST_ONE, 500, "{\"why\":\"no\"}", NULL, NULL }, END };
    struct service *service = api_open(with_ids, VALUES("token", "s3cret"));

    REQUIRE(service != NULL, "open");
    CHECK_TEXT(api_change(service, done, true, NAME, VALUES("one")), "", "it was added");
    api.slept = 0;
    CHECK_TEXT(api_change(service, lost, true, NAME, VALUES("one")), "", "added at last");
    CHECK_INT(api.slept, 1000 + 9000, "waited");
    CHECK_TEXT(api_change(service, never, true, NAME, VALUES("one")),
        "X answered with status 500 to POST https://x.test/v1/zones/1/records: no", "never");
    api_close(service);
}

TEST(logging_in)
{
    static const char text[] =
        HEAD "\"keys\":{\"password\":{}},\"headers\":{\"Auth\":\"{tok}\"},"
             "\"login\":{\"do\":\"POST /login\",\"form\":{\"p\":\"{password}\"},\"get\":{\"tok\":\"t\"}},"
             "\"add\":{\"do\":\"PUT /{fqdn}?v={value}\"},\"del\":{\"do\":\"DELETE /{fqdn}?v={value}\"}}";
    static const struct exchange add[] = { { "POST https://x.test/v1/login p=a+b%26c", 200, "{\"t\":\"T1\"}", NULL,
                                               NULL },
        { "PUT https://x.test/v1/" NAME "?v=o%2Fe Auth: T1", 200, "", NULL, NULL }, END };
    static const struct exchange late[] = { { "PUT https://x.test/v1/" NAME "?v=one Auth: T1", 401, "", NULL, NULL },
        { "POST https://x.test/v1/login p=a+b%26c", 200, "{\"t\":\"T2\"}", NULL, NULL },
        { "PUT https://x.test/v1/" NAME "?v=one Auth: T2", 200, "", NULL, NULL }, END };
    static const struct exchange wrong[] = { { NULL, 401, "", NULL, NULL }, { NULL, 401, "no", NULL, NULL }, END };
    struct service *service = api_open(text, VALUES("password", "a b&c"));

    REQUIRE(service != NULL, "open");
    CHECK_TEXT(api_change(service, add, true, NAME, VALUES("o/e")), "", "added");
    CHECK_TEXT(api_change(service, late, true, NAME, VALUES("one")), "", "logged in once more");
    CHECK_TEXT(api_change(service, wrong, true, NAME, VALUES("one")),
        "X answered with status 401 to POST https://x.test/v1/login: no", "cannot");
    api_close(service);
}

#define SET                                                                                                            \
    HEAD "\"keys\":{},\"zone\":{\"ask\":true,\"do\":\"GET /d/{guess}\"},"                                              \
         "\"edit\":{\"read\":{\"do\":\"GET /d/{zone}/{rel}\"},\"list\":\"values\",\"entry\":\"{value|quote}\","        \
         "\"write\":{\"do\":\"PUT /d/{zone}/{rel}\",\"json\":{\"values\":\"{*list}\"}},"                               \
         "\"clear\":{\"do\":\"DELETE /d/{zone}/{rel}\"}}}"

TEST(record_sets)
{
    static const struct exchange add[] = { { "GET https://x.test/v1/d/" NAME, 404, "", NULL, NULL },
        { "GET https://x.test/v1/d/a.example.org", 404, "", NULL, NULL },
        { "GET https://x.test/v1/d/example.org", 200, "{}", NULL, NULL },
        { "GET https://x.test/v1/d/example.org/_acme-challenge.a", 200, "{\"values\":[\"\\\"zero\\\"\"]}", NULL, NULL },
        { "PUT https://x.test/v1/d/example.org/_acme-challenge.a {\"values\":[\"\\\"zero\\\"\",\"\\\"one\\\"\","
          "\"\\\"two\\\"\"]}",
            200, "", NULL, NULL },
        { NULL, 200, "{\"values\":[\"zero\",\"one\",\"two\"]}", NULL, NULL }, END };
    static const struct exchange lost[] = { { NULL, 200, "{\"values\":[\"a\"]}", NULL, NULL },
        { NULL, 200, "", NULL, NULL }, { NULL, 200, "{\"values\":[\"b\"]}", NULL, NULL },
        { "PUT https://x.test/v1/d/example.org/_acme-challenge.a {\"values\":[\"b\",\"\\\"one\\\"\"]}", 200, "", NULL,
            NULL },
        { NULL, 200, "{\"values\":[\"b\",\"one\"]}", NULL, NULL }, END };
    static const struct exchange last[] = { { NULL, 200, "{\"values\":[\"\\\"one\\\"\"]}", NULL, NULL },
        { "DELETE https://x.test/v1/d/example.org/_acme-challenge.a", 204, "", NULL, NULL },
        { NULL, 404, "", NULL, NULL }, END };
    static const struct exchange nothing[] = { { NULL, 404, "", NULL, NULL }, END };
    struct service *service = api_open(SET, VALUES(NULL));

    REQUIRE(service != NULL, "open");
    CHECK_TEXT(api_change(service, add, true, NAME, VALUES("one", "two")), "", "in one write");
    CHECK_TEXT(api_change(service, lost, true, NAME, VALUES("one")), "", "somebody wrote in between");
    CHECK_TEXT(api_change(service, last, false, NAME, VALUES("one")), "", "the last one");
    CHECK_TEXT(api_change(service, nothing, false, NAME, VALUES("one")), "", "not there");
    api_close(service);
}

/* Services that are not of one mind yet show the old list for a while; others' writing is told from that. */
TEST(changes_that_show_late)
{
    static const char text[] =
        HEAD "\"keys\":{},\"edit\":{\"read\":{\"do\":\"GET /d\"},\"list\":\"values\",\"entry\":\"{value}\","
             "\"write\":{\"do\":\"POST /d\",\"json\":{\"values\":\"{*list}\"}}}}";
#define OLD                                                                                                            \
    {                                                                                                                  \
        "GET https://x.test/v1/d", 200, "{\"values\":[\"a\"]}", NULL, NULL                                             \
    }
#define WRITE(status)                                                                                                  \
    {                                                                                                                  \
        "POST https://x.test/v1/d {\"values\":[\"a\",\"one\"]}", status, "", NULL, NULL                                \
    }
#define NEW                                                                                                            \
    {                                                                                                                  \
        "GET https://x.test/v1/d", 200, "{\"values\":[\"a\",\"one\"]}", NULL, NULL                                     \
    }
    static const struct exchange late[] = { OLD, WRITE(200), OLD, OLD, NEW, END };
    static const struct exchange never[] = { OLD, WRITE(200), OLD, OLD, OLD, OLD, OLD, OLD, END };
    static const struct exchange unclear[] = { OLD, WRITE(500), NEW, END };
    static const struct exchange repeated[] = { OLD, WRITE(502), OLD, WRITE(200), OLD, NEW, END };
    static const struct exchange fought_over[] = { OLD, WRITE(200), { NULL, 200, "{\"values\":[\"b\"]}", NULL, NULL },
        { NULL, 200, "", NULL, NULL }, { NULL, 200, "{\"values\":[\"c\"]}", NULL, NULL }, { NULL, 200, "", NULL, NULL },
        { NULL, 200, "{\"values\":[\"d\"]}", NULL, NULL }, { NULL, 200, "", NULL, NULL }, END };
    struct service *service = api_open(text, VALUES(NULL));

    REQUIRE(service != NULL, "open");
    api.slept = 0;
    CHECK_TEXT(api_change(service, late, true, NAME, VALUES("one")), "", "late");
    CHECK_INT(api.slept, 1000 + 2000, "waited");
    api.slept = 0;
    CHECK_TEXT(api_change(service, never, true, NAME, VALUES("one")), "", "it was accepted");
    CHECK_INT(api.slept, 31000, "waited");
    CHECK_TEXT(api_change(service, unclear, true, NAME, VALUES("one")), "", "it was done");
    CHECK_TEXT(api_change(service, repeated, true, NAME, VALUES("one")), "", "it was not done, and then shown late");
    CHECK_TEXT(api_change(service, fought_over, true, NAME, VALUES("one")),
        "X takes changes but does not keep them: somebody else may be writing", "somebody else writes");
    api_close(service);
}

/* A zone as one XML document, written by a form with numbers: other records stay as they are. */
TEST(whole_zones)
{
    static const char text[] = HEAD
        "\"keys\":{},\"reply\":\"xml\",\"ok\":{\"path\":\"@Status\",\"is\":\"OK\"},\"error\":[\"Errors.Error.$\"],"
        "\"zone\":{\"fixed\":\"example.org\"},"
        "\"edit\":{\"whole\":true,\"read\":{\"do\":\"GET /hosts\"},\"list\":\"Hosts.host\","
        "\"entry\":{\"@Name\":\"{rel}\",\"@Type\":\"TXT\",\"@Address\":\"{value}\"},"
        "\"match\":{\"@Name\":\"{rel}\",\"@Type\":\"TXT\",\"@Address\":\"{value}\"},"
        "\"write\":{\"do\":\"POST /set\",\"form\":{\"{*list}\":{\"H{n}\":\"{entry.@Name}\",\"T{n}\":\"{entry.@Type}\","
        "\"A{n}\":\"{entry.@Address}\",\"M{n}\":\"{?entry.@MXPref}\"}}}}}";
    static const struct exchange add[] = {
        { "GET https://x.test/v1/hosts", 200,
            "<?xml version=\"1.0\"?><R xmlns=\"u:x\" Status=\"OK\"><Hosts><host Name=\"@\" Type=\"MX\" "
            "Address=\"m&amp;x\" MXPref=\"10\"/></Hosts></R>",
            NULL, NULL },
        { "POST https://x.test/v1/set "
          "H1=%40&T1=MX&A1=m%26x&M1=10&H2=_acme-challenge.a&T2=TXT&A2=one&H3=_acme-challenge."
          "a&T3=TXT&A3=two",
            200, "<R Status=\"OK\"/>", NULL, NULL },
        { NULL, 200,
            "<R Status=\"OK\"><Hosts><host Name=\"_acme-challenge.a\" Type=\"TXT\" Address=\"one\"/><host "
            "Name=\"_acme-challenge.a\" Type=\"TXT\" Address=\"two\"/></Hosts></R>",
            NULL, NULL },
        END
    };
    static const struct exchange wrong[] = {
        { NULL, 200, "<R Status=\"ERROR\"><Errors><Error N=\"1\">no such key</Error></Errors></R>", NULL, NULL }, END
    };
    static const struct exchange odd[] = { { NULL, 200, "<R Status=\"OK\"><Other/></R>", NULL, NULL }, END };
    struct service *service = api_open(text, VALUES(NULL));

    REQUIRE(service != NULL, "open");
    CHECK_TEXT(api_change(service, add, true, NAME, VALUES("one", "two")), "", "added");
    CHECK_TEXT(api_change(service, wrong, true, NAME, VALUES("one")),
        "X answered with status 200 to GET https://x.test/v1/hosts: no such key", "refused");
    CHECK_TEXT(api_change(service, odd, true, NAME, VALUES("one")),
        "the reply of X does not have the zone's records at 'Hosts.host': nothing is written, as the others might be "
        "lost",
        "a reply of another form");
    CHECK(strstr(api_change(service, odd, false, NAME, VALUES("one")), "nothing is written") != NULL,
        "nor is anything said to be removed");
    api_close(service);
}

TEST(pages_and_places)
{
    static const char text[] =
        HEAD "\"keys\":{},\"zone\":{\"do\":\"GET /z\",\"page\":{\"next\":\"next\"},\"items\":\"z\"},"
             "\"add\":{\"do\":\"POST /{zone}\",\"get\":{\"job\":\"job\"},\"poll\":{\"do\":\"GET "
             "/job/{job}\",\"until\":{\"path\":"
             "\"s\",\"is\":\"done\"},\"fail\":{\"path\":\"s\",\"is\":\"failed\"}}},"
             "\"del\":{\"do\":\"DELETE /{zone}\"},\"finish\":{\"do\":\"POST /commit\"}}";
    static const struct exchange elsewhere[] = {
        { NULL, 200, "{\"z\":[{\"name\":\"b.org\"}],\"next\":\"https://evil.test/z\"}", NULL, NULL }, END
    };
    static const struct exchange next[] = { { "GET https://x.test/v1/z", 200,
                                                "{\"z\":[{\"name\":\"b.org\"}],\"next\":\"/v1/z?p=2\"}", NULL, NULL },
        { "GET https://x.test/v1/z?p=2", 200, "{\"z\":[{\"name\":\"example.org\"}],\"next\":null}", NULL, NULL },
        { "POST https://x.test/v1/example.org", 202, "{\"job\":\"j1\"}", NULL, NULL },
        { "GET https://x.test/v1/job/j1", 200, "{\"s\":\"busy\"}", NULL, NULL },
        { "GET https://x.test/v1/job/j1", 200, "{\"s\":\"done\"}", NULL, NULL },
        { "POST https://x.test/v1/commit", 200, "", NULL, NULL }, END };
    static const struct exchange failed[] = { { NULL, 202, "{\"job\":\"j2\"}", NULL, NULL },
        { NULL, 200, "{\"s\":\"failed\"}", NULL, NULL }, END };
    struct service *service = api_open(text, VALUES(NULL)), *other = api_open(text, VALUES(NULL));

    REQUIRE(service != NULL && other != NULL, "open");
    CHECK_TEXT(api_change(other, elsewhere, true, NAME, VALUES("one")),
        "the next page is said to be at another server, which is not asked", "elsewhere");
    CHECK_TEXT(api_change(service, next, true, NAME, VALUES("one")), "", "added");
    CHECK(strstr(api_change(service, failed, true, NAME, VALUES("one")), "X has not carried out the change") != NULL,
        "failed");
    api_close(service);
    api_close(other);
}

/* What goes by while others are waited for is not the service's time. */
TEST(the_time_of_an_operation)
{
    struct service *service = api_open(with_ids, VALUES("token", "s3cret"));
    struct error err = { 0 };

    REQUIRE(service != NULL, "open");
    {
        AUTO(work_end) struct work work = work_begin(service);

        api.ms += OPERATION_MS - 1;
        CHECK(work_check(&work, &err), "%s", err.why);
        api.ms += 1;
        CHECK(!work_check(&work, &err) && err.kind == ERROR_NETWORK, "it is over");
        CHECK_TEXT(err.why, "X took more than 5 minutes for one change", "why");
        work_restart(&work);
        api.ms += OPERATION_MS - 1;
        CHECK(work_check(&work, &err), "%s", err.why);
        CHECK(!work_sleep(&work, 2, &err), "a sleep that would go beyond it");
    }
    api_close(service);
}

TEST_MAIN()
