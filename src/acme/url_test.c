#include "base/test.h"

#include "acme/session.h"
#include "acme/url.h"
#include "base/clock.h"

#define BASE "https://ca.example/acme/order/1?a=b"
#define CA_A "https://ca.example/a"

static const struct {
    const char *base, *reference, *want; /* want NULL: refused */
} references[] = {
    { BASE, "javascript:alert(1)", NULL },
    { BASE, "file:///etc/shadow", NULL },
    { BASE, "https://", NULL },
    { BASE, "https:///path", NULL },
    { BASE, "https:relative", NULL },
    { BASE, "/a b", NULL },
    { BASE, "/a\r\nHost: evil", NULL },
    { BASE, "/\xc3\xa4", NULL },
    { BASE, "/<x>", NULL },
    { BASE, "https://ca.example@other.example/x", NULL },
    { BASE, "//user:password@ca.example/x", NULL },
    { BASE, "https://:443/x", NULL },
    { BASE, "/x@y", "https://ca.example/x@y" },
    { "ftp://ca.example/", "/x", NULL },
    { "", "/x", NULL },
    { BASE, "https://other.example/x", "https://other.example/x" },
    { BASE, "HTTP://other.example/x", "HTTP://other.example/x" },
    { BASE, "//other.example/x", "https://other.example/x" },
    { BASE, "/acme/order/2", "https://ca.example/acme/order/2" },
    { BASE, "2", "https://ca.example/acme/order/2" },
    { BASE, "./2", "https://ca.example/acme/order/2" },
    { BASE, "../cert/9", "https://ca.example/acme/cert/9" },
    { BASE, "../../../../x", "https://ca.example/x" },
    { BASE, "..", "https://ca.example/acme/" },
    { BASE, ".", "https://ca.example/acme/order/" },
    { BASE, "?cursor=2", "https://ca.example/acme/order/1?cursor=2" },
    { BASE, "2?u=http://x/../y", "https://ca.example/acme/order/2?u=http://x/../y" },
    { BASE, "", BASE },
    { BASE, "#part", BASE },
    { BASE, "2#part", "https://ca.example/acme/order/2" },
    { "http://[::1]:14000", "x", "http://[::1]:14000/x" },
    { "http://[::1]:14000", "?x", "http://[::1]:14000?x" },
    { BASE, "a:b", NULL },
    { BASE, "./a:b", "https://ca.example/acme/order/a:b" },
};

TEST(url_resolve)
{
    for (size_t i = 0; i < COUNT(references); i++) {
        AUTO(free) char *url = url_resolve(references[i].base, references[i].reference);

        CHECK_TEXT(url, references[i].want, references[i].reference);
    }
}

TEST(url_resolve_is_bounded)
{
    AUTO(buf_clear) struct buf longest = BUF(10000);
    AUTO(free) char *url = NULL;

    buf_put_char(&longest, '/');
    for (size_t i = 0; i < 3000; i++)
        buf_put_char(&longest, 'x');
    url = url_resolve(BASE, buf_text(&longest));
    CHECK(url == NULL, "%zu bytes were accepted", longest.len);
}

static const struct {
    const char *directory, *url, *why;
} checks[] = {
    { "https://ca.example/d", "http://ca.example/x", "is not" },
    { "HTTPS://ca.example/d", "http://ca.example/x", "is not" },
    { "https://ca.example/d", "gopher://ca.example/x", "no http(s) URL" },
    { "https://ca.example/d", "", "no http(s) URL" },
    { "https://ca.example/d", NULL, "no http(s) URL" },
    { "https://ca.example/d", "https://ca.example/\x1b[2J", "no http(s) URL" },
    { "https://ca.example/d", "https://other.example/x", NULL },
    { "http://127.0.0.1/d", "http://127.0.0.1/x", NULL },
    { "http://127.0.0.1/d", "https://127.0.0.1/x", NULL },
};

TEST(url_check)
{
    for (size_t i = 0; i < COUNT(checks); i++) {
        struct error err = { 0 };
        bool ok = url_check(checks[i].directory, checks[i].url, &err);

        CHECK(ok == (checks[i].why == NULL), "%s: %s", checks[i].url, err.why);
        CHECK(ok || strstr(err.why, checks[i].why) != NULL, "%s: %s", checks[i].url, err.why);
        CHECK(strchr(err.why, '\x1b') == NULL, "an escape came through");
    }
}

static const struct {
    const char *name, *field, *want; /* want: joined by blanks */
} links[] = {
    { "nothing", "", "" },
    { "no brackets", "/a; rel=next", "" },
    { "bracket open", "</a; rel=next", "" },
    { "quote open", "</a>; rel=\"next", "" },
    { "quote open in another parameter", "</a>; title=\"x; rel=next", "" },
    { "rel of another kind", "</a>; rel=\"nextish\"", "" },
    { "second rel does not count", "</a>; rel=up; rel=next", "" },
    { "rel inside a title", "</a>; title=\"; rel=next\"; rel=up", "" },
    { "not http", "<mailto:a@example.org>; rel=next", "" },
    { "no rel", "</a>", "" },
    { "garbage between", "</a>; rel=next garbage, </b>; rel=next", CA_A },
    { "plain", "</a>; rel=next", CA_A },
    { "quoted", "</a>;rel=\"next\"", CA_A },
    { "blanks", " \t</a> ; rel = \"next\" ", CA_A },
    { "upper case", "</a>; REL=NEXT", CA_A },
    { "several words", "</a>; rel=\"up next\"", CA_A },
    { "backslash in a quote", "</a>; title=\"a\\\", <\"; rel=next", CA_A },
    { "comma in the target", "</a,b>; rel=next", CA_A ",b" },
    { "several links", "</x>; rel=index, </a>; rel=next;title=t, </b>;rel=\"next\"", CA_A " https://ca.example/b" },
    { "empty elements", ",, </a>; rel=next,,", CA_A },
    { "parameter without a value", "</a>; crossorigin; rel=next", CA_A },
    { "other host", "<https://other.example/a>; rel=next", "https://other.example/a" },
};

TEST(link_parse)
{
    for (size_t i = 0; i < COUNT(links); i++) {
        AUTO(list_clear) struct list urls = { 0 };
        AUTO(free) char *joined = NULL;

        link_parse(view_of(links[i].field), "https://ca.example/o/1", "next", &urls);
        joined = list_join(&urls, " ");
        CHECK_TEXT(joined, links[i].want, links[i].name);
    }
}

TEST(link_parse_is_bounded)
{
    AUTO(buf_clear) struct buf field = BUF(100000);
    AUTO(list_clear) struct list urls = { 0 };

    for (int i = 0; i < 1000; i++)
        buf_putf(&field, "</%d>; rel=alternate,", i);
    link_parse(buf_view(&field), "https://ca.example/", "alternate", &urls);
    CHECK_INT((int64_t)urls.len, LINKS_MAX, "links");
}

#define NOW 1800000000
#define YEAR (366LL * 86400)

static const struct {
    const char *text;
    int64_t want; /* 0: unreadable */
} retries[] = {
    { "", 0 },
    { "-5", 0 },
    { "+5", 0 },
    { "5 s", 0 },
    { "1.5", 0 },
    { "0x10", 0 },
    { "soon", 0 },
    { "Fri, 32 Jan 2027 08:01:00 GMT", 0 },
    { "18446744073709551616", NOW + YEAR },
    { "99999999999999999999999999999999", NOW + YEAR },
    { "9223372036854775807", NOW + YEAR },
    { "31622401", NOW + YEAR },
    { "Fri, 15 Jan 9999 08:01:00 GMT", NOW + YEAR },
    { "Thu, 01 Jan 1970 00:00:00 GMT", NOW },
    { "0", NOW },
    { "3", NOW + 3 },
    { " 120 ", NOW + 120 },
    { "0003", NOW + 3 },
    { "Fri, 15 Jan 2027 08:01:00 GMT", NOW + 60 },
    { "Friday, 15-Jan-27 08:01:00 GMT", NOW + 60 },
    { "Fri Jan 15 08:01:00 2027", NOW + 60 },
};

TEST(retry_after_parse)
{
    for (size_t i = 0; i < COUNT(retries); i++) {
        int64_t at = 0;
        bool ok = retry_after_parse(view_of(retries[i].text), NOW, &at);

        CHECK(ok == (retries[i].want != 0), "'%s'", retries[i].text);
        CHECK_INT(at, retries[i].want, retries[i].text);
    }
}

TEST(url_same_origin)
{
    static const struct {
        const char *a, *b;
        bool same;
    } cases[] = {
        { "https://ca.example/acct/1", "https://ca.example/a?b", true },
        { "https://ca.example", "https://CA.example/", true },
        { "https://ca.example:444/1", "https://ca.example:444/2", true },
        { "https://ca.example:444/1", "https://ca.example/1", false },
        { "http://ca.example/1", "https://ca.example/1", false },
        { "https://ca.example.net/1", "https://ca.example/1", false },
        { "https://ca.example@evil.example/1", "https://ca.example/1", false },
        { "urn:x", "urn:x", false },
    };

    for (size_t i = 0; i < COUNT(cases); i++)
        CHECK(url_same_origin(cases[i].a, cases[i].b) == cases[i].same, "%s, %s", cases[i].a, cases[i].b);
}

TEST_MAIN()
