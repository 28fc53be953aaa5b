#include "client/proxy.h"

#include <stdlib.h>

#include "base/test.h"

static const struct {
    const char *no_proxy, *host, *port;
    bool exempt;
} exceptions[] = {
    { "", "ca.example", "443", false },
    { "ca.example", "ca.example", "443", true },
    { "CA.example.", "ca.Example", "443", true },
    { "ca.example", "acme.ca.example", "443", true },
    { ".ca.example", "ca.example", "443", true },
    { "ca.example", "myca.example", "443", false },
    { "other.example, ca.example", "ca.example", "443", true },
    { "other.example ca.example", "ca.example", "443", true },
    { ",,ca.example,", "ca.example", "443", true },
    { "other.example", "ca.example", "443", false },
    { "*", "ca.example", "443", true },
    { "ca.example:14000", "ca.example", "14000", true },
    { "ca.example:14000", "ca.example", "443", false },
    { "ca.example:14000,ca.example:443", "ca.example", "443", true },
    { "*:14000", "ca.example", "14000", true },
    { "ca.example:", "ca.example", "14000", true },
    { "127.0.0.1", "127.0.0.1", "80", true },
    { "127.0.0.1:80", "127.0.0.1", "80", true },
    { "127.0.0.1:81", "127.0.0.1", "80", false },
    { "127.0.0.1", "127.0.0.11", "80", false },
    { "0.0.1", "127.0.0.1", "80", false },
    { "10.0.0.0/8", "10.9.8.7", "80", true },
    { "10.0.0.0/8", "11.9.8.7", "80", false },
    { "10.0.0.0/8:80", "10.9.8.7", "81", false },
    { "10.128.0.0/9", "10.127.0.1", "80", false },
    { "10.128.0.0/9", "10.129.0.1", "80", true },
    { "10.0.0.0/33", "10.0.0.0", "80", false },
    { "10.0.0.0/x", "10.0.0.0", "80", false },
    { "::1", "[::1]", "443", true },
    { "[::1]", "[::1]", "443", true },
    { "[::1]:443", "[::1]", "443", true },
    { "[::1]:444", "[::1]", "443", false },
    { "0:0:0:0:0:0:0:1", "[::1]", "443", true },
    { "fd00::/8", "[fd12::1]", "443", true },
    { "fd00::/8", "[fe12::1]", "443", false },
    { "[", "ca.example", "443", false },
    { "[]:", "ca.example", "443", false },
    { ":443", "ca.example", "443", false },
};

TEST(proxy_exceptions)
{
    for (size_t i = 0; i < COUNT(exceptions); i++)
        CHECK(proxy_is_exempt(exceptions[i].no_proxy, exceptions[i].host, exceptions[i].port) == exceptions[i].exempt,
            "no_proxy=%s for %s:%s", exceptions[i].no_proxy, exceptions[i].host, exceptions[i].port);
}

static const struct {
    const char *http, *https, *all, *none, *url, *proxy;
} choices[] = {
    { NULL, NULL, NULL, NULL, "https://ca.example/", NULL },
    { "h:1", NULL, NULL, NULL, "https://ca.example/", NULL },
    { "h:1", "s:1", "a:1", NULL, "https://ca.example/", "s:1" },
    { "h:1", "s:1", "a:1", NULL, "HTTP://ca.example/", "h:1" },
    { NULL, NULL, "a:1", NULL, "http://ca.example/", "a:1" },
    { "", NULL, "a:1", NULL, "http://ca.example/", NULL },
    { NULL, "s:1", NULL, "ca.example:443", "https://ca.example/dir", NULL },
    { NULL, "s:1", NULL, "ca.example:443", "https://ca.example:14000/dir", "s:1" },
    { NULL, "s:1", NULL, "ca.example:14000", "https://user@ca.example:14000/dir", NULL },
    { NULL, "s:1", NULL, NULL, "no URL at all", NULL },
};

static void set(const char *name, const char *value)
{
    if (value == NULL)
        (void)unsetenv(name);
    else
        (void)setenv(name, value, 1);
}

TEST(proxy_of_the_environment)
{
    for (size_t i = 0; i < COUNT(choices); i++) {
        set("http_proxy", choices[i].http);
        set("https_proxy", choices[i].https);
        set("all_proxy", choices[i].all);
        set("no_proxy", choices[i].none);
        CHECK_TEXT(proxy_of(choices[i].url), choices[i].proxy, choices[i].url);
    }
}

TEST_MAIN()
