#include "base/test.h"

#include "typed/names.h"

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
        const char *text, *want, *next;
    } cases[] = {
        { "1.2.3", NULL },
        { "", NULL },
        { "1.2.3.256", NULL },
        { "fe80::1%eth0", NULL, "leave out the zone (%eth0)" },
        { "[fe80::1%25eth0]", NULL, "leave out the zone" },
        { "[1.2.3.4]", NULL },
        { "[::1", NULL },
        { "[]", NULL },
        { "1.2.3.4 ", NULL },
        { "1.2.3.4:80", NULL, "leave out the port" },
        { "[::1]:80", NULL, "leave out the port" },
        { "1.2.3.0/24", NULL, "no network" },
        { "https://1.2.3.4", NULL, "no URL" },
        { "01.2.3.4", NULL },
        { "0x7f.0.0.1", NULL },
        { "2130706433", NULL },
        { "1:2:3:4:5:6:7:8:9", NULL },
        { "1::2::3", NULL },
        { "[::1]", "::1" },
        { "[2001:DB8::00ff]", "2001:db8::ff" },
        { "2001:0db8:0000:0000:0001:0000:0000:0001", "2001:db8::1:0:0:1" },
        { "::ffff:1.2.3.4", "::ffff:1.2.3.4" },
        { "::FFFF:102:304", "::ffff:1.2.3.4" },
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
        CHECK(cases[i].next == NULL ? err.next[0] == '\0' : strstr(err.next, cases[i].next) != NULL, "%s: %s",
            cases[i].text, err.next);
    }
}

TEST(ip_addresses_are_meant)
{
    static const char *const meant[] = { "1.2.3.4", "::1", "[::1]", "1.2.3.4,::1", "1.2.3.4, [2001:DB8::1]",
        "1.2.3.400", "fe80::1%eth0", "1.2.3" };
    static const char *const others[] = { "nginx", "apache", "", "certbot-apache:apache", "1.2.3.4,nginx", "dead",
        "127", "1.2.3.4/24", "%eth0" };

    for (size_t i = 0; i < COUNT(meant); i++)
        CHECK(ip_addresses_are_meant(meant[i]), "%s", meant[i]);
    for (size_t i = 0; i < COUNT(others); i++)
        CHECK(!ip_addresses_are_meant(others[i]), "%s", others[i]);
}

TEST(email_check)
{
    static const struct {
        const char *text;
        bool plain, strict;
        const char *why;
    } cases[] = {
        { "a@b.test", true, true },
        { "first.last+tag@sub.example.org", true, true },
        { "x@localhost", true, true },
        { "o'neil@a.test", true, true },
        { "a/b=c_d~e!f$g&h*i-j^k`l{m|n}@a-b.test", true, true },
        { "1@2.3", true, true },
        { "", false, false, "an empty text is not" },
        { "a", false, false },
        { "@b", false, false },
        { "a@", false, false },
        { "a@b@c", false, false },
        { "a b@c", false, false },
        { "a@b\n", false, false },
        { "a@.b", false, false },
        { "a@b.", false, false },
        { "a@b..c", false, false },
        { "<a@b>", false, false },
        { "a@b,c@d", false, false },
        { "mailto:a@b", false, false },
        { "\"a\"@b.test", false, false },
        { "a@[192.0.2.1]", false, false },
        { ".a@b.test", true, false },
        { "a.@b.test", true, false },
        { "a..b@c.test", true, false },
        { "a?subject=x@b.test", true, false }, /* RFC 8555 section 7.3: no header fields */
        { "a%40b@c.test", true, false },
        { "a#b@c.test", true, false },
        { "a@b_c.test", true, false },
        { "m\303\274ller@b.test", true, false, "letters that CAs do not take" },
        { "a@b\303\274cher.test", true, false, "letters that CAs do not take" },
        { "1234567890123456789012345678901234567890123456789012345678901234@b.test", true, true },
        { "12345678901234567890123456789012345678901234567890123456789012345@b.test", true, false, "more than 64" },
        { "a@123456789012345678901234567890123456789012345678901234567890123.test", true, true },
        { "a@1234567890123456789012345678901234567890123456789012345678901234.test", true, false },
    };
    char text[256] = "a@";

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error err = { 0 };

        CHECK(email_check(cases[i].text, false, &err) == cases[i].plain, "%s: %s", cases[i].text, err.why);
        error_clear(&err);
        CHECK(email_check(cases[i].text, true, &err) == cases[i].strict, "%s: %s", cases[i].text, err.why);
        CHECK(cases[i].strict || strstr(err.why, "not a valid e-mail address") != NULL, "%s", err.why);
        CHECK(cases[i].why == NULL || strstr(err.why, cases[i].why) != NULL, "%s: %s", cases[i].text, err.why);
    }
    for (size_t i = 2; i < 255; i++)
        text[i] = i % 32 == 0 ? '.' : 'b';
    for (int strictly = 0; strictly <= 1; strictly++) {
        struct error err = { 0 };

        text[254] = 'b';
        CHECK(!email_check(text, strictly != 0, &err), "255 bytes");
        text[254] = '\0';
        error_clear(&err);
        CHECK(email_check(text, strictly != 0, &err), "254 bytes: %s", err.why);
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
