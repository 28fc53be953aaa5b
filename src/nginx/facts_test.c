#include "base/test.h"

#include "nginx/server.h"

static const struct {
    const char *name, *output;
    struct nginx_facts want;
    bool good;
} cases[] = {
    { "Debian",
        "nginx version: nginx/1.22.1\nbuilt with OpenSSL 3.0.22 25 Aug 2026 (running with OpenSSL 3.0.19 27 Jan "
        "2026)\nTLS SNI support enabled\nconfigure arguments: --with-http_ssl_module\n",
        { 1022001, 3000019 * 0 + 3001900, true, true, false }, true },
    { "one OpenSSL",
        "nginx version: nginx/1.14.0 (Ubuntu)\nbuilt with OpenSSL 1.1.1n  15 Mar 2022\nTLS SNI support "
        "enabled\nconfigure arguments: --with-http_ssl_module",
        { 1014000, 1010114, true, true, false }, true },
    { "another product",
        "nginx version: openresty/1.21.4.1\nbuilt with OpenSSL 1.1.1s  1 Nov 2022\nTLS SNI support enabled\nconfigure "
        "arguments: --with-http_ssl_module",
        { 1021004, 1010119, true, true, true }, true },
    { "without TLS", "nginx version: nginx/1.22.1\nconfigure arguments:\n", { 1022001, 0, false, false, false },
        false },
    { "too old", "nginx version: nginx/0.8.47\nTLS SNI support enabled\nconfigure arguments: --with-http_ssl_module",
        { 8047, 0, true, true, false }, false },
    { "nothing", "", { 0 }, false },
};

TEST(version)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct nginx_facts got;
        struct error err = { 0 };

        nginx_facts_read(view_of(cases[i].output), &got);
        CHECK_INT(got.version, cases[i].want.version, cases[i].name);
        CHECK_INT(got.openssl, cases[i].want.openssl, cases[i].name);
        CHECK(got.tls == cases[i].want.tls && got.sni == cases[i].want.sni && got.other == cases[i].want.other, "%s",
            cases[i].name);
        CHECK(nginx_facts_check(&got, &err) == cases[i].good, "%s", cases[i].name);
    }
}

TEST_MAIN()
