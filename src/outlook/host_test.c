/* Tests hosts as users write them. */
#include "outlook/host.h"

#include "base/test.h"

TEST(hosts_as_they_are_written)
{
    static const struct {
        const char *text, *starttls, *want, *begins; /* want NULL: refused, for a reason that has `begins` in it */
    } rows[] = {
        { "a.test", NULL, "a.test:443", NULL },
        { "A.Test.", NULL, "a.test:443", NULL },
        { "a.test:8443", NULL, "a.test:8443", NULL },
        { "a.test:25", NULL, "a.test:25", "smtp" },
        { "a.test:587", NULL, "a.test:587", "smtp" },
        { "a.test:465", NULL, "a.test:465", NULL },
        { "a.test:143", NULL, "a.test:143", "imap" },
        { "a.test:110", NULL, "a.test:110", "pop3" },
        { "a.test:21", NULL, "a.test:21", "ftp" },
        { "a.test:4190", NULL, "a.test:4190", "sieve" },
        { "a.test:5222", NULL, "a.test:5222", "xmpp" },
        { "a.test:5269", NULL, "a.test:5269", "xmpp-server" },
        { "a.test:389", NULL, "a.test:389", "ldap" },
        { "a.test:5432", NULL, "a.test:5432", "postgres" },
        { "a.test:3306", NULL, "a.test:3306", "mysql" },
        { "a.test", "smtp", "a.test:25", "smtp" },
        { "a.test:2525", "smtp", "a.test:2525", "smtp" },
        { "a.test:25", "imap", "a.test:25", "imap" },
        { "smtp://a.test", NULL, "a.test:25", "smtp" },
        { "smtp://a.test:2525", "imap", "a.test:2525", "smtp" },
        { "tls://a.test:25", NULL, "a.test:25", NULL },
        { "https://a.test/path?x#y", NULL, "a.test:443", NULL },
        { "https://a.test:8443/", "smtp", "a.test:8443", NULL },
        { "192.0.2.1", NULL, "192.0.2.1:443", NULL },
        { "192.0.2.1:993", NULL, "192.0.2.1:993", NULL },
        { "2001:DB8::1", NULL, "[2001:db8::1]:443", NULL },
        { "[2001:db8:0:0::1]", NULL, "[2001:db8::1]:443", NULL },
        { "[2001:db8::1]:25", NULL, "[2001:db8::1]:25", "smtp" },
        { "imap://[::1]:14300", NULL, "[::1]:14300", "imap" },
        { "b\xc3\xbc"
          "cher.test:80",
            NULL, "xn--bcher-kva.test:80", NULL },
        { "", NULL, NULL, "no host" },
        { ":443", NULL, NULL, "no host" },
        { "https://", NULL, NULL, "no host" },
        { "[]:443", NULL, NULL, "no host" },
        { "gopher://a.test", NULL, NULL, "a protocol that is not known" },
        { "://a.test", NULL, NULL, "a protocol that is not known" },
        { "a.test:", NULL, NULL, "a port is a number" },
        { "a.test:0", NULL, NULL, "a port is a number" },
        { "a.test:65536", NULL, NULL, "a port is a number" },
        { "a.test:80x", NULL, NULL, "a port is a number" },
        { "[::1]443", NULL, NULL, "behind an address in brackets" },
        { "[::1", NULL, NULL, "" },
        { "a..test", NULL, NULL, "empty label" },
        { "a b", NULL, NULL, "no domain name has" },
        { "*.a.test", NULL, NULL, "wildcard" },
        { "user@", NULL, "user@:443", NULL }, /* no resolver knows it */
        { "1.2.3.4.5:6:7", NULL, NULL, "" },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(hosts_clear) struct hosts hosts = { 0 };
        AUTO(free) char *text = NULL;
        struct error err = { 0 };
        bool ok = hosts_add(&hosts, rows[i].text, rows[i].starttls, &err);

        CHECK(ok == (rows[i].want != NULL), "%s: %s", rows[i].text, err.why);
        if (!ok) {
            CHECK_INT(hosts.len, 0, rows[i].text);
            CHECK(rows[i].want != NULL || strstr(err.why, rows[i].begins) != NULL, "%s: %s", rows[i].text, err.why);
            continue;
        }
        text = host_text(&hosts.at[0]);
        CHECK_TEXT(text, rows[i].want, rows[i].text);
        CHECK_TEXT(hosts.at[0].starttls, rows[i].begins, rows[i].text);
    }
}

TEST(hosts_of_a_file)
{
    AUTO(hosts_clear) struct hosts hosts = { 0 };
    struct error err = { 0 };

    REQUIRE(hosts_add_lines(&hosts, view_of("# ours\n\n a.test \r\nsmtp://b.test\n[::1]:993"), "f", NULL, &err), "%s",
        err.why);
    CHECK_INT(hosts.len, 3, "comments and empty lines do not count");
    CHECK_TEXT(hosts.at[1].starttls, "smtp", "second");
    CHECK(!hosts_add_lines(&hosts, view_of("a.test\nb.test:x\n"), "f", NULL, &err), "a wrong line");
    CHECK_TEXT(err.what, "f, line 2", "which it is");
    CHECK(!hosts_add_lines(&hosts, (struct view){ "a\0b", 3 }, "f", NULL, &err), "no text");
}

TEST(there_is_a_bound)
{
    AUTO(hosts_clear) struct hosts hosts = { 0 };
    struct error err = { 0 };

    for (size_t i = 0; i < HOSTS_MAX; i++)
        REQUIRE(hosts_add(&hosts, "a.test", NULL, &err), "%zu", i);
    CHECK(!hosts_add(&hosts, "a.test", NULL, &err), "one more");
}

TEST_MAIN()
