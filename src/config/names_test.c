#include "base/test.h"

#include "config/names.h"

#define LABEL_63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
    const char *name, *text, *want, *why;
} domains[] = {
    { "empty", "", NULL, "empty label" },
    { "only a dot", ".", NULL, "empty label" },
    { "dot in front", ".a.test", NULL, "Requested domain .a.test is not a FQDN because it contains an empty label." },
    { "two dots", "a..test", NULL, "empty label" },
    { "two dots at the end", "a.test..", NULL, "empty label" },
    { "not ASCII",
        "b\xc3\xbc"
        "cher.test",
        NULL,
        "Non-ASCII domain names not supported. To issue for an Internationalized "
        "Domain Name, use Punycode." },
    { "URL", "http://a.test", NULL,
        "Requested name http://a.test appears to be a URL, not a FQDN. Try again without the "
        "leading \"http://\"." },
    { "secure URL", "HTTPS://a.test", NULL, "without the leading \"https://\"." },
    { "IPv4", "1.2.3.4", NULL,
        "Requested name 1.2.3.4 is an IP address. The Let's Encrypt certificate authority will not "
        "issue certificates for a bare IP address." },
    { "IPv6", "::1", NULL, "is an IP address" },
    { "label of 64", "x." LABEL_63 "b.test", NULL, "because label " LABEL_63 "b is too long." },
    { "256 bytes", LABEL_63 "." LABEL_63 "." LABEL_63 "." LABEL_63 ".", LABEL_63 "." LABEL_63 "." LABEL_63 "." LABEL_63,
        NULL },
    { "too long", LABEL_63 "." LABEL_63 "." LABEL_63 "." LABEL_63 ".x", NULL, "not a FQDN because it is too long." },
    { "slash", "../../etc", NULL, "empty label" },
    { "slash inside", "a/b.test", NULL, "character that no domain name has" },
    { "blank", "a b.test", NULL, "character that no domain name has" },
    { "line feed", "a\n.test", NULL, "character that no domain name has" },
    { "escape", "a\x1b[2J.test", NULL, "character that no domain name has" },
    { "capitals and a final dot", "WWW.Example.COM.", "www.example.com", NULL },
    { "single label", "localhost", "localhost", NULL },
    { "wildcard", "*.a.test", "*.a.test", NULL },
    { "odd wildcard is the CA's business", "*x.a.test", "*x.a.test", NULL },
    { "underscore", "_x.a.test", "_x.a.test", NULL },
    { "label of 63", LABEL_63 ".test", LABEL_63 ".test", NULL },
    { "punycode", "xn--bcher-kva.test", "xn--bcher-kva.test", NULL },
};

TEST(domain_normalize)
{
    for (size_t i = 0; i < COUNT(domains); i++) {
        AUTO(free) char *out = NULL;
        struct error err = { 0 };
        bool ok = domain_normalize(domains[i].text, &out, &err);

        CHECK(ok == (domains[i].why == NULL), "%s: %s", domains[i].name, err.why);
        CHECK(ok || strstr(err.why, domains[i].why) != NULL, "%s: %s", domains[i].name, err.why);
        CHECK(ok || err.kind == ERROR_CONFIG, "%s", domains[i].name);
        CHECK_TEXT(out, domains[i].want, domains[i].name);
    }
}

TEST(ip_address_normalize)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        { "1.2.3", NULL },
        { "", NULL },
        { "1.2.3.256", NULL },
        { "fe80::1%eth0", NULL },
        { "[::1]", NULL },
        { "1.2.3.4 ", NULL },
        { "1.2.3.4", "1.2.3.4" },
        { "0:0:0:0:0:0:0:1", "::1" },
        { "2001:DB8::00ff", "2001:db8::ff" },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(free) char *out = NULL;
        struct error err = { 0 };

        CHECK(ip_address_normalize(cases[i].text, &out, &err) == (cases[i].want != NULL), "%s", cases[i].text);
        CHECK_TEXT(out, cases[i].want, cases[i].text);
        CHECK(out != NULL || strstr(err.why, "does not appear to be an IPv4 or IPv6 address") != NULL, "%s", err.why);
    }
}

TEST(email_check)
{
    static const char *const good[] = { "a@b.test", "first.last+tag@sub.example.org", "x@localhost", "o'neil@a.test" };
    static const char *const bad[] = { "", "a", "@b", "a@", "a@b@c", "a b@c", "a@b\n", "a@.b", "a@b.", "a@b..c",
        "<a@b>", "a@b,c@d", "mailto:a@b" };
    struct error err = { 0 };

    for (size_t i = 0; i < COUNT(good); i++)
        CHECK(email_check(good[i], &err), "%s: %s", good[i], err.why);
    for (size_t i = 0; i < COUNT(bad); i++) {
        error_clear(&err);
        CHECK(!email_check(bad[i], &err) && strstr(err.why, "not a valid e-mail address") != NULL, "%s", bad[i]);
    }
}

TEST(lineage_names)
{
    static const char *const bad[] = { "", ".", "..", "a/b", "/", "...", "a\nb", "a\x7f" };
    AUTO(free) char *plain = lineage_name_of("a.test");
    AUTO(free) char *wildcard = lineage_name_of("*.a.test");
    char name[252] = { 0 };
    struct error err = { 0 };

    CHECK_TEXT(plain, "a.test", "plain");
    CHECK_TEXT(wildcard, "a.test", "wildcard");
    CHECK(is_wildcard("*.a") && !is_wildcard("*a") && !is_wildcard(""), "wildcards");
    for (size_t i = 0; i < COUNT(bad); i++)
        CHECK(!lineage_name_check(bad[i], &err) &&
                  (strstr(err.why, "certificate name") != NULL || strstr(err.why, "filepath separator") != NULL),
            "%s", bad[i]);
    CHECK(lineage_name_check("a.test-0001", &err), "%s", err.why);
    memset(name, 'a', 251);
    CHECK(!lineage_name_check(name, &err) && strstr(err.why, "250") != NULL, "%s", err.why);
    name[250] = '\0';
    CHECK(lineage_name_check(name, &err), "250 bytes");
}

TEST_MAIN()
