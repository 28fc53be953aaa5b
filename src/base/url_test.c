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

static const struct {
    const char *text, *shown;
} redacted[] = {
    { "", "" },
    { "no URL: a@b.test?", "no URL: a@b.test?" },
    { "https://ca.test/directory", "https://ca.test/directory" },
    { "https://user:s3cret@ca.test/dir?eab=x", "https://...@ca.test/dir?..." },
    { "https://s3cret@ca.test", "https://...@ca.test" },
    { "https://a:s3@cret@[2001:db8::1]:14000/d", "https://...@[2001:db8::1]:14000/d" },
    { "https://ca.test?k=s3cret#x", "https://ca.test?..." },
    { "https://ca.test/a@b", "https://ca.test/a@b" },
    { "GET \"http://u:s3cret@ca.test/?k=s3cret\" said 403, then https://ca.test/y?s3cret=1 <https://s3cret@x> (sic)",
        "GET \"http://...@ca.test/?...\" said 403, then https://ca.test/y?... <https://...@x> (sic)" },
    { "ldap://s3cret@ca.test", "ldap://...@ca.test" },
    { "://@", "://...@" },
    { "://@://@://@", "://...@://@://@" },
    { "://", "://" },
    { "x://?", "x://?..." },
};

TEST(url_redact)
{
    for (size_t i = 0; i < COUNT(redacted); i++) {
        AUTO(free) char *shown = url_redact(redacted[i].text);

        CHECK_TEXT(shown, redacted[i].shown, redacted[i].text);
        CHECK(strstr(shown, "s3") == NULL, "%s", shown);
    }
}

TEST_MAIN()
