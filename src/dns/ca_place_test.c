/* Where a CA is, by its URL and what resolvers say of its host. */
#include "dns/ca_place.h"

#include "base/url.h"
#include "dns/played_names.h"

static const struct played_line lines[] = { { "-", "public.example", "A", "5.6.7.8", 0 },
    { "-", "public.example", "AAAA", "2a00:1::1", 0 }, { "-", "six.example", "AAAA", "2a00:1::1", 0 },
    { "-", "both.example", "A", "5.6.7.8", 0 }, { "-", "both.example", "AAAA", "fd00::1", 0 },
    { "-", "inside.example", "A", "10.0.0.1", 0 }, { "-", "silent.example", "!", "silent", 0 },
    { NULL, NULL, NULL, NULL, 0 } };

TEST(places)
{
    static const struct {
        const char *url, *host;
        bool is_public, asks;
    } cases[] = {
        { "https://public.example/directory", "public.example", true, true },
        { "https://six.example:14000/dir", "six.example", true, true },
        { "https://both.example", "both.example", false, true },
        { "https://inside.example?x", "inside.example", false, true },
        { "https://silent.example/", "silent.example", false, true },
        { "https://unknown.example/", "unknown.example", false, true },
        { "http://localhost:14000/dir", "localhost", false, false },
        { "https://[2a00:1::1]:14000/dir", "2a00:1::1", true, false },
        { "https://127.0.0.1", "127.0.0.1", false, false },
        { "https://5.6.7.8:443/d", "5.6.7.8", true, false },
        { "https://", NULL, false, false },
        { "https://user@public.example/", NULL, false, false },
        { "https://public.example/a@b", "public.example", true, true },
        { "public.example", NULL, false, false },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct played_names names = { .lines = lines };
        struct asker asker = played_asker(&names);
        AUTO(free) char *host = url_host(cases[i].url);

        CHECK_TEXT(host, cases[i].host, cases[i].url);
        CHECK(ca_is_public(&asker, cases[i].url) == cases[i].is_public, "%s", cases[i].url);
        CHECK((names.asked > 0) == cases[i].asks, "%s", cases[i].url);
    }
}

TEST_MAIN()
