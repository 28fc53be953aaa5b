/* What names and addresses virtual hosts have, and whether they speak TLS. */
#include "base/test.h"

#include "apache/model.h"
#include "base/text.h"

/* A configuration of one text, with the module of TLS. */
static bool read_text(void *arg, const char *path, struct view *text, struct error *err)
{
    (void)path;
    (void)err;
    *text = view_of(arg);
    return true;
}

static struct apache_conf *load(const char *text, struct apache_facts *facts)
{
    AUTO(free) char *path = test_path("apache2.conf");
    struct apache_source source = { .facts = facts, .reader = { (void *)text, read_text }, .main_file = path };
    struct apache_conf *conf = NULL;
    struct error err = { 0 };

    list_add(&facts->modules, "ssl_module");
    if (!file_exists(path))
        REQUIRE(file_create(path, view_of(""), FILE_PUBLIC, &err), "%s", err.why);
    REQUIRE(apache_conf_load(&source, &conf, &err), "%s: %s", text, err.why);
    return conf;
}

/* "ORDINAL NAME ALIAS... | ADDRESS... | FLAGS" of each host, FLAGS: t TLS, m mixed, M by a macro, - not in effect. */
static void put_vhost(const struct apache_vhost *vhost, struct buf *out)
{
    buf_putf(out, "%zu %s", vhost->ordinal, vhost->name != NULL ? vhost->name : "(none)");
    for (size_t i = 0; i < vhost->aliases.len; i++)
        buf_putf(out, " %s", vhost->aliases.at[i]);
    buf_put_text(out, " |");
    for (size_t i = 0; i < vhost->address_count; i++) {
        buf_put_char(out, ' ');
        apache_address_put(&vhost->addresses[i], vhost->addresses[i].port, out);
    }
    buf_putf(out, " | %s%s%s%s\n", vhost->tls ? "t" : "", vhost->mixed ? "m" : "", vhost->macro ? "M" : "",
        vhost->enabled ? "" : "-");
}

#define HOST(addresses, lines) "<VirtualHost " addresses ">\n" lines "</VirtualHost>\n"

static const struct {
    const char *name, *text, *want;
} hosts[] = {
    { "plain", HOST("*:80", "ServerName A.Example\n"), "0 a.example | *:80 | \n" },
    { "aliases", HOST("*:80", "ServerName a\nServerAlias B *.C\nserveralias d\n"), "0 a b *.c d | *:80 | \n" },
    { "the last name counts", HOST("*:80", "ServerName a\nServerName b\n"), "0 b | *:80 | \n" },
    { "no name", HOST("*:80", ""), "0 (none) | *:80 | \n" },
    { "TLS by its port", HOST("*:443", ""), "0 (none) | *:443 | t\n" },
    { "TLS by the port of the options", HOST("*:8443", ""), "0 (none) | *:8443 | t\n" },
    { "TLS at another port", HOST("*:9443", "SSLEngine on\n"), "0 (none) | *:9443 | t\n" },
    { "optional TLS", HOST("*:80", "SSLEngine optional\n"), "0 (none) | *:80 | t\n" },
    { "none at the port of TLS", HOST("*:443", "SSLEngine Off\n"), "0 (none) | *:443 | \n" },
    { "both, and nothing turns it on", HOST("*:80 *:443", ""), "0 (none) | *:80 *:443 | tm\n" },
    { "both, and it is on", HOST("*:80 *:443", "SSLEngine on\n"), "0 (none) | *:80 *:443 | t\n" },
    { "off after on", HOST("*:443", "SSLEngine on\nSSLEngine off\n"), "0 (none) | *:443 | \n" },
    { "addresses", HOST("192.0.2.1:80 [2001:DB8::0:1]:80 A.Example:81 _default_:*", ""),
        "0 (none) | 192.0.2.1:80 [2001:db8::1]:80 a.example:81 _default_ | \n" },
    { "one that is no address is passed over", HOST("*:x 192.0.2.1", ""), "0 (none) | 192.0.2.1 | \n" },
    { "in a section that does not hold", "<IfModule mod_x.c>\n" HOST("*:80", "") "</IfModule>\n" HOST("*:81", ""),
        "1 (none) | *:81 | \n" },
    { "a name in a section that holds", HOST("*:80", "<IfModule mod_ssl.c>\nServerName a\n</IfModule>\n"),
        "0 a | *:80 | \n" },
    { "a name in a directory is none", HOST("*:80", "<Directory /x>\nServerName a\n</Directory>\n"),
        "0 (none) | *:80 | \n" },
    { "by a macro",
        "<Macro H $n>\n" HOST("*:80", "ServerName $n\n") "</Macro>\nUse H a\n" HOST("*:80", "ServerName b\n"),
        "0 a | *:80 | M\n0 b | *:80 | \n" },
};

TEST(virtual_hosts)
{
    for (size_t i = 0; i < COUNT(hosts); i++) {
        AUTO(apache_facts_clear) struct apache_facts facts = { 0 };
        AUTO(apache_conf_free) struct apache_conf *conf = load(hosts[i].text, &facts);
        AUTO(apache_model_free) struct apache_model *model = apache_model_new(conf, 8443);
        AUTO(buf_clear) struct buf got = BUF(4096);

        for (size_t k = 0; k < model->count; k++) {
            const struct apache_vhost *vhost = &model->vhosts[k];

            put_vhost(vhost, &got);
            CHECK(vhost->macro || apache_model_find(model, vhost->node->file->real, vhost->ordinal) == vhost,
                "%s: found again", hosts[i].name);
        }
        CHECK_TEXT(buf_text(&got), hosts[i].want, hosts[i].name);
    }
}

static const struct {
    const char *text;
    bool is_listen;
    const char *want; /* as it is written again; NULL: it is no address */
    int port;
} addresses[] = {
    { "80", true, "*:80", 80 },
    { "80", false, "80", 0 },
    { "*:80", false, "*:80", 80 },
    { "*:*", false, "*", 0 },
    { "*", false, "*", 0 },
    { "[::1]:443", true, "[::1]:443", 443 },
    { "[::1]", false, "[::1]", 0 },
    { "[2001:DB8:0::1]:443", false, "[2001:db8::1]:443", 443 },
    { "_Default_:443", false, "_default_:443", 443 },
    { "WWW.Example:80", false, "www.example:80", 80 },
    { "192.0.2.1:65535", false, "192.0.2.1:65535", 65535 },
    { "192.0.2.1:65536", false, NULL, 0 },
    { "192.0.2.1:http", false, NULL, 0 },
    { ":80", false, NULL, 0 },
    { "", false, NULL, 0 },
};

TEST(addresses_as_they_are_written)
{
    for (size_t i = 0; i < COUNT(addresses); i++) {
        struct apache_address address = { 0 }, again = { 0 };
        AUTO(buf_clear) struct buf text = BUF(256);
        bool ok = apache_address_read(addresses[i].text, addresses[i].is_listen, &address);

        CHECK(ok == (addresses[i].want != NULL), "%s", addresses[i].text);
        if (!ok)
            continue;
        CHECK_INT(address.port, addresses[i].port, addresses[i].text);
        apache_address_put(&address, address.port, &text);
        CHECK_TEXT(buf_text(&text), ok ? addresses[i].want : "", addresses[i].text);
        CHECK(apache_address_read(buf_text(&text), false, &again) && apache_address_equal(&address, &again), "%s",
            addresses[i].text);
        again.port++;
        CHECK(!apache_address_equal(&address, &again), "%s: another port", addresses[i].text);
        free(address.host);
        free(again.host);
    }
}

TEST(names)
{
    static const struct {
        const char *given, *want;
    } rows[] = {
        { "A.Example", "a.example" },
        { "a.example:80", "a.example" },
        { "https://A.example:443", "a.example" },
        { "a.example:", "a.example" },
        { "a.example:x", "a.example:x" },
        { "[2001:db8::1]", "2001:db8::1" },
        { "[2001:db8::1]:443", "2001:db8::1" },
        { "2001:db8::1", "2001:db8::1" },
        { "http://[::1]:80", "::1" },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(free) char *got = apache_name_of(rows[i].given);

        CHECK_TEXT(got, rows[i].want, rows[i].given);
    }
}

TEST(aliases)
{
    static const struct {
        const char *alias, *name;
        bool want;
    } rows[] = {
        { "a.example", "a.example", true },
        { "A.Example", "a.example", true },
        { "*.example", "a.example", true },
        { "*.example", "b.a.example", true },
        { "*.example", "example", false },
        { "*.example", ".example", true },
        { "?.example", "a.example", true },
        { "?.example", "ab.example", false },
        { "*a*.example", "bab.ab.example", true },
        { "w*", "www.a.example", true },
        { "w*", "a.w", false },
        { "*", "a", true },
        { "a.example", "a.example2", false },
        { "a.example2", "a.example", false },
    };

    for (size_t i = 0; i < COUNT(rows); i++)
        CHECK(apache_alias_matches(rows[i].alias, rows[i].name) == rows[i].want, "%s, %s", rows[i].alias, rows[i].name);
}

TEST(hosts_by_name)
{
    AUTO(apache_facts_clear) struct apache_facts facts = { 0 };
    AUTO(apache_conf_free)
    struct apache_conf *conf = load(HOST("*:80", "ServerName a\nServerAlias b c\n")
                                        HOST("*:443", "ServerName b\nServerAlias *.b\n") HOST("*:81", "ServerName c\n"),
        &facts);
    AUTO(apache_model_free) struct apache_model *model = apache_model_new(conf, 443);
    static const struct {
        const char *name;
        size_t named, matching; /* hosts that say the name, and those that answer for it, by patterns, too */
    } rows[] = { { "a", 1, 1 }, { "b", 2, 2 }, { "c", 2, 2 }, { "x.b", 0, 1 }, { "none", 0, 0 } };

    for (size_t i = 0; i < COUNT(rows); i++) {
        size_t place = 0, named = 0, matching = 0;

        while (apache_model_named(model, rows[i].name, &place) != NULL)
            named++;
        for (size_t k = 0; k < model->count; k++)
            matching += apache_vhost_has_name(&model->vhosts[k], rows[i].name);
        CHECK_INT((int64_t)named, (int64_t)rows[i].named, rows[i].name);
        CHECK_INT((int64_t)matching, (int64_t)rows[i].matching, rows[i].name);
    }
}

TEST_MAIN()
