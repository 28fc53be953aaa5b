/* Requests that are refused before anybody is asked, and looking up headers. Exchanges: netd/program_test.c. */
#include "base/test.h"
#include "net/net.h"

TEST(http_refuses_what_cannot_be_sent)
{
    AUTO(free) char *longer = xcalloc(1, 10001);
    struct http_request cases[] = {
        { .url = "ftp://example.org/" },
        { .url = "example.org" },
        { .url = longer },
        { .url = "http://x/", .method = HTTP_POST, .follow = true },
        { .url = "http://x/", .named_by = longer },
        { .url = "http://x/", .method = HTTP_POST, .body = { "x", 2 * 1024 * 1024 } },
        { .url = "http://x/", .at = "127.0.0.1:80", .follow = true },
        { .url = "http://x/", .at = "127.0.0.1:80", .named_by = "http://ca/" },
        { .url = "http://x/", .at = longer },
    };
    static const char *const whys[] = { "not a web address", "not a web address", "longer than", "only GET and HEAD",
        "longer than", "more than", "cannot be asked at", "cannot be asked at", "cannot be asked at" };

    memset(longer, 'x', 10000);
    memcpy(longer, "http://", 7);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct http_response response = { 0 };
        struct error err = { 0 };

        CHECK(!net_http(NULL, &cases[i], &response, &err), "%s", whys[i]);
        CHECK(strstr(err.why, whys[i]) != NULL, "%s: %s", whys[i], err.why);
    }
}

TEST(http_header_walks)
{
    struct http_response response = { .header_count = 3,
        .headers = { { (char *)(uintptr_t) "link", (char *)(uintptr_t) "a" },
            { (char *)(uintptr_t) "etag", (char *)(uintptr_t) "b" },
            { (char *)(uintptr_t) "link", (char *)(uintptr_t) "c" } } };
    size_t from = 0;

    CHECK_TEXT(http_header(&response, "none", NULL), NULL, "absent");
    CHECK_TEXT(http_header(&response, "link", &from), "a", "first");
    CHECK_TEXT(http_header(&response, "link", &from), "c", "second");
    CHECK_TEXT(http_header(&response, "link", &from), NULL, "no third");
    CHECK_TEXT(http_header(&response, "link", &from), NULL, "still none");
}

TEST_MAIN()
