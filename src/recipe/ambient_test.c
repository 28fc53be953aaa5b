/* Where metadata servers are asked. */
#include "recipe/ambient.h"

#include "base/test.h"

TEST(places)
{
    static const struct {
        const char *url, *place;
    } rows[] = {
        { "http://169.254.169.254/latest/api/token", "169.254.169.254:80" },
        { "http://169.254.170.2?x", "169.254.170.2:80" },
        { "http://127.0.0.1:8080", "127.0.0.1:8080" },
        { "http://localhost/", "127.0.0.1:80" },
        { "http://localhost:51678/v2", "127.0.0.1:51678" },
        { "http://localhost.example/", "localhost.example:80" },
        { "http://[fd00:ec2::254]/x", "[fd00:ec2::254]:80" },
        { "http://[fd00:ec2::23]:81", "[fd00:ec2::23]:81" },
        { "https://169.254.169.254/", NULL },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(free) char *place = ambient_place(rows[i].url);

        CHECK_TEXT(place, rows[i].place, rows[i].url);
    }
}

TEST(nobody)
{
    struct error err = { 0 };

    (void)error_set(&err, ERROR_NETWORK, "no answer");
    CHECK(!ambient_fail("http://169.254.169.254/latest", &err), "fails");
    CHECK_INT(err.kind, ERROR_PLUGIN, "kind");
    CHECK_TEXT(err.why,
        "Unable to locate credentials: none are given, and nobody at 169.254.169.254 has any (no answer)", "why");
    (void)error_set(&err, ERROR_CANCELED, "interrupted");
    CHECK(!ambient_fail("http://169.254.169.254/latest", &err), "fails");
    CHECK_TEXT(err.why, "interrupted", "an interrupt stays one");
}

TEST_MAIN()
