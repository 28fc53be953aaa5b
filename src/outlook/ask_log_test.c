/* Tests when a service is asked again, and after how long. */
#include "outlook/ask_log.h"

#include "base/test.h"

TEST(heads_of_answers)
{
    static const struct {
        int status;
        const char *type;
        bool ok, again;
        const char *why;
    } rows[] = {
        { 200, "application/json", true, true, "" },
        { 200, "application/json; charset=utf-8", true, true, "" },
        { 200, NULL, true, true, "" },
        { 200, "text/plain", true, true, "" },
        { 200, "text/html", false, true, "a page for people" },
        { 200, "text/html; charset=UTF-8", false, true, "a page for people" },
        { 204, NULL, false, false, "status 204" },
        { 301, "text/html", false, false, "status 301" },
        { 400, "text/html", false, false, "status 400" },
        { 403, "application/json", false, false, "status 403" },
        { 404, "text/html", false, true, "status 404" },
        { 408, NULL, false, true, "status 408" },
        { 429, "text/html", false, true, "asked too often" },
        { 500, NULL, false, true, "status 500" },
        { 502, "text/html", false, true, "status 502" },
        { 503, "text/html", false, true, "status 503" },
        { 504, "text/html", false, true, "status 504" },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct http_response head = { .status = rows[i].status };
        struct error err = { 0 };
        bool again = true, ok;

        if (rows[i].type != NULL) {
            head.headers[0] = (struct http_header){ (char *)"content-type", (char *)rows[i].type };
            head.header_count = 1;
        }
        ok = ask_log_check_head(&head, &again, &err);
        CHECK(ok == rows[i].ok && again == rows[i].again, "%d %s: %d, %d", rows[i].status, rows[i].type, (int)ok,
            (int)again);
        CHECK(strstr(err.why, rows[i].why) != NULL, "%d: %s", rows[i].status, err.why);
        CHECK(ok || err.kind == ERROR_NETWORK, "%d", rows[i].status);
    }
}

TEST(waits)
{
    static const struct {
        int64_t pause_ms;
        int tried;
        int64_t retry_s, want_ms;
    } rows[] = {
        { 10000, 1, 0, 20000 },
        { 10000, 2, 0, 40000 },
        { 10000, 1, -5, 20000 },
        { 10000, 1, 15, 20000 },
        { 10000, 1, 30, 30000 },
        { 10000, 1, 100000, 120000 },
        { 10000, 1, INT64_MAX, 120000 },
        { 600000, 1, 0, 120000 },
        { 0, 1, 0, 0 },
        { 0, 2, 1, 1000 },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(free) char *name = xprintf("%zu", i);

        CHECK_INT(ask_log_wait_ms(rows[i].pause_ms, rows[i].tried, rows[i].retry_s), rows[i].want_ms, name);
    }
}

TEST_MAIN()
