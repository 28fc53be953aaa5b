#include "base/url.h"

#include "base/bytes.h"
#include "base/test.h"

static const struct {
    const char *url, *host;
} hosts[] = {
    { "https://ca.example/directory", "ca.example" },
    { "http://localhost:14000/dir", "localhost" },
    { "https://[2001:db8::1]:14000/dir", "2001:db8::1" },
    { "https://127.0.0.1", "127.0.0.1" },
    { "https://", NULL },
    { "https://user@ca.example/", NULL },
    { "ca.example", NULL },
};

TEST(url_host)
{
    for (size_t i = 0; i < COUNT(hosts); i++) {
        AUTO(free) char *host = url_host(hosts[i].url);

        CHECK_TEXT(host, hosts[i].host, hosts[i].url);
    }
}

TEST_MAIN()
