/* What configurations of nginx and Apache tell of certificates that may not be there any more. */
#include "rescue/uses.h"

#include "base/test.h"
#include "base/test_files.h"
#include "base/text.h"
#include "voice/voice.h"

static struct settings *scene(void)
{
    struct settings *settings = settings_new(&voice_own);

    xreplace(&settings->nginx_server_root, at("nginx"));
    xreplace(&settings->apache_server_root, at("apache"));
    REQUIRE(mkdir(at("%s", ""), 0755) == 0 && mkdir(at("nginx"), 0755) == 0 && mkdir(at("apache"), 0755) == 0 &&
            mkdir(at("apache/sites-enabled"), 0755) == 0 && mkdir(at("nginx/sites"), 0755) == 0);
    return settings;
}

static void check_use(const struct uses *uses, const char *name, const char *server, const char *hosts, size_t places)
{
    const struct use *use = uses_of(uses, name);
    AUTO(free) char *got = use == NULL ? NULL : list_join(&use->hosts, " ");

    CHECK_TEXT(got, hosts, name);
    CHECK_TEXT(use == NULL ? NULL : use->server, server, name);
    CHECK_INT(use == NULL ? 0 : use->places.len, places, name);
}

TEST(nginx_and_apache)
{
    AUTO(settings_free) struct settings *settings = scene();
    AUTO(uses_clear) struct uses uses = { 0 };
    AUTO(free) char *live = xstrdup(at("live"));
    AUTO(free)
    char *pair = xprintf("ssl_certificate %s/s/fullchain.pem; ssl_certificate_key %s/s/privkey.pem;\n", live, live);
    AUTO(free)
    char *sites = xprintf(
        "server { server_name A.test www.a.test ~^x _ .b.test www.* 192.0.2.1; ssl_certificate %s/a/fullchain.pem; }\n"
        "server { server_name c.test; include shared.conf; }\n"
        "server { server_name d.test; include shared.conf; }\n"
        "server { server_name other.test; ssl_certificate /etc/ssl/x.pem; }\n"
        "server { server_name v.test; ssl_certificate %s/$ssl_server_name/x.pem; ssl_certificate_key %s/$host/y.pem; "
        "}\n"
        "server { server_name old.test; ssl_certificate %s/../archive/o/cert1.pem; ssl_certificate_key /etc/ssl/o.key; "
        "}\n"
        "server { server_name deep.test; ssl_certificate %s/deep/er/x.pem; }\n",
        live, live, live, live, live);
    AUTO(free)
    char *host = xprintf("<IfModule mod_ssl.c>\n<VirtualHost *:443>\nServerName e.test\nServerAlias f.test *.g.test\n"
                         "SSLCertificateFile \"%s/e/fullchain.pem\"\n</VirtualHost>\n</IfModule>\n",
        live);

    write_text(at("nginx/nginx.conf"), "events {}\nhttp { include sites/*; }\n");
    write_text(at("nginx/shared.conf"), pair);
    write_text(at("nginx/sites/all"), sites);
    write_text(at("apache/sites-enabled/e.conf"), host);
    write_text(at("apache/sites-enabled/off.conf.bak"), host);
    uses_find(settings, live, &uses);
    CHECK_INT(uses.len, 4, "certificates");
    check_use(&uses, "o", "nginx", "old.test", 1);
    CHECK_TEXT(uses_of(&uses, "o")->keys.at[0], "/etc/ssl/o.key", "a key that lies elsewhere");
    CHECK_INT(uses_of(&uses, "s")->certs.len, 1, "a pair that two hosts have");
    CHECK(text_ends(uses_of(&uses, "s")->certs.at[0], "/s/fullchain.pem") &&
          text_ends(uses_of(&uses, "s")->keys.at[0], "/s/privkey.pem"));
    CHECK_TEXT(uses_of(&uses, "a")->keys.at[0], "", "a key that is not told");
    check_use(&uses, "a", "nginx", "a.test www.a.test 192.0.2.1", 1);
    check_use(&uses, "s", "nginx", "c.test d.test", 1);
    check_use(&uses, "e", "apache", "e.test f.test *.g.test", 1);
    CHECK(uses_of(&uses, "x") == NULL);
    test_drop_dir();
}

/* Neither server, or files that nobody can parse: nothing, and no failure. */
TEST(nothing_there)
{
    AUTO(settings_free) struct settings *settings = scene();
    AUTO(uses_clear) struct uses uses = { 0 };

    write_text(at("nginx/nginx.conf"), "http { server { ");
    write_text(at("apache/sites-enabled/e.conf"), "<VirtualHost *:443>\n");
    uses_find(settings, at("live"), &uses);
    CHECK_INT(uses.len, 0, "broken");
    xreplace(&settings->nginx_server_root, at("no"));
    xreplace(&settings->apache_server_root, at("no"));
    uses_find(settings, at("live"), &uses);
    CHECK_INT(uses.len, 0, "none");
    test_drop_dir();
}

TEST_MAIN()
