#include "base/test.h"

#include "apache/choice.h"
#include "base/text.h"

static const struct apache_ports ports = { 80, 443 };

/* A configuration of one text. */
struct scene {
    struct apache_facts facts;
    struct apache_conf *conf;
    struct apache_model *model;
    char *path;
    const char *text;
};

static bool read_scene(void *arg, const char *path, struct view *text, struct error *err)
{
    struct scene *scene = arg;

    (void)path;
    (void)err;
    *text = view_of(scene->text);
    return true;
}

static void scene_open(struct scene *scene, const char *text)
{
    struct apache_source source = { .facts = &scene->facts, .reader = { scene, read_scene } };
    struct error err = { 0 };

    scene->text = text;
    scene->path = test_path("apache2.conf");
    list_add(&scene->facts.modules, "ssl_module");
    if (!file_exists(scene->path))
        REQUIRE(file_create(scene->path, view_of(""), FILE_PUBLIC, &err), "%s", err.why);
    source.main_file = scene->path;
    REQUIRE(apache_conf_load(&source, &scene->conf, &err), "%s: %s", text, err.why);
    scene->model = apache_model_new(scene->conf, 443);
}

static void scene_close(struct scene *scene)
{
    apache_model_free(scene->model);
    apache_conf_free(scene->conf);
    apache_facts_clear(&scene->facts);
    free(scene->path);
}

#define PLAIN(name, more) "<VirtualHost *:80>\nServerName " name "\n" more "</VirtualHost>\n"
#define TLS(name, more) "<VirtualHost *:443>\nServerName " name "\nSSLEngine on\n" more "</VirtualHost>\n"

/* want: ordinals of the hosts with blanks between; "?" ambiguous, "-" no host. */
static const struct {
    const char *name, *text, *asked, *want;
} cases[] = {
    { "the only one with the name", PLAIN("a.example", "") PLAIN("b.example", ""), "b.example", "1" },
    { "an alias", PLAIN("a.example", "ServerAlias x.example www.a.example\n") PLAIN("b.example", ""), "www.a.example",
        "0" },
    { "upper case", PLAIN("A.Example", "") PLAIN("b.example", ""), "a.example", "0" },
    { "scheme and port", PLAIN("http://a.example:80", "") PLAIN("b.example", ""), "a.example", "0" },
    { "the last ServerName", PLAIN("x.example", "ServerName a.example\n") PLAIN("x.example", ""), "a.example", "0" },
    { "TLS rather than plain", PLAIN("a.example", "") TLS("a.example", ""), "a.example", "1" },
    { "TLS by its pattern", PLAIN("a.example", "") TLS("x.example", "ServerAlias *.example\n"), "a.example", "1" },
    { "the first that the server asks, not the exact one",
        TLS("x.example", "ServerAlias *.example\n") TLS("a.example", ""), "a.example", "0" },
    { "two addresses, two hosts",
        "<VirtualHost 192.0.2.1:443>\nServerName a.example\n</VirtualHost>\n" TLS("a.example", ""), "a.example",
        "0 1" },
    { "twice the same address", TLS("a.example", "") TLS("a.example", ""), "a.example", "0" },
    { "TLS elsewhere",
        PLAIN("a.example", "") "<VirtualHost *:8443>\nServerName a.example\nSSLEngine on\n"
                               "</VirtualHost>\n",
        "a.example", "1" },
    { "port 80 rather than another",
        "<VirtualHost *:8080>\nServerName a.example\n</VirtualHost>\n" PLAIN("a.example", ""), "a.example", "1" },
    { "another port alone", "<VirtualHost *:8080>\nServerName a.example\n</VirtualHost>\n" PLAIN("b.example", ""),
        "a.example", "0" },
    { "no port", "<VirtualHost *>\nServerName a.example\n</VirtualHost>\n" PLAIN("b.example", ""), "a.example", "0" },
    { "not in effect", "<IfModule mod_x.c>\n" TLS("a.example", "") "</IfModule>\n" PLAIN("a.example", ""), "a.example",
        "1" },
    { "in effect", "<IfModule mod_ssl.c>\n" TLS("a.example", "") "</IfModule>\n" PLAIN("a.example", ""), "a.example",
        "0" },
    { "by its address", "<VirtualHost a.example:80>\n</VirtualHost>\n" PLAIN("b.example", ""), "a.example", "0" },
    { "only one there", "<VirtualHost *:80>\n</VirtualHost>\n", "a.example", "0" },
    { "only one that is no default",
        "<VirtualHost *:80>\n</VirtualHost>\n<VirtualHost _default_:443>\n</VirtualHost>\n", "a.example", "0" },
    { "two that could be meant", PLAIN("b.example", "") PLAIN("c.example", ""), "a.example", "?" },
    { "none at all", "Listen 80\n", "a.example", "-" },
    { "macro",
        "<Macro H $n>\n<VirtualHost *:80>\nServerName $n\n</VirtualHost>\n</Macro>\nUse H a.example\n" PLAIN(
            "b.example", ""),
        "a.example", "0" },
    { "wildcard: names that it covers",
        PLAIN("a.example", "") PLAIN("x.a.example", "") PLAIN("b.example", "ServerAlias y.a.example z.b.example\n"),
        "*.a.example", "1 2" },
    { "wildcard: TLS", PLAIN("x.a.example", "") TLS("x.a.example", ""), "*.a.example", "1" },
    { "wildcard: the same pattern", PLAIN("a.example", "ServerAlias *.a.example\n") PLAIN("b.example", ""),
        "*.a.example", "0" },
    { "wildcard: the same pattern, with TLS",
        PLAIN("x.example", "ServerAlias *.a.example\n") TLS("y.example", "ServerAlias *.a.example\n"), "*.a.example",
        "1" },
    { "wildcard: names before the pattern", PLAIN("y.example", "ServerAlias *.a.example\n") PLAIN("x.a.example", ""),
        "*.a.example", "0" },
    { "wildcard: nothing", PLAIN("a.example", "") PLAIN("b.example", ""), "*.c.example", "?" },
    { "IP address by name", PLAIN("192.0.2.1", "") PLAIN("b.example", ""), "192.0.2.1", "0" },
    { "IP address by address",
        PLAIN("b.example", "") "<VirtualHost 192.0.2.1:80>\nServerName c.example\n</VirtualHost>\n", "192.0.2.1", "1" },
    { "IPv6 address", PLAIN("b.example", "") "<VirtualHost [2001:DB8:0::1]:80>\n</VirtualHost>\n", "2001:db8::1", "1" },
    { "IP address, unnamed first host", "<VirtualHost *:80>\n</VirtualHost>\n" PLAIN("b.example", ""), "192.0.2.1",
        "0" },
    { "IP address, named first host", PLAIN("b.example", "") "<VirtualHost *:80>\n</VirtualHost>\n", "192.0.2.1", "?" },
};

static char *chosen_text(const struct scene *scene, const char *asked)
{
    AUTO(apache_chosen_clear) struct apache_chosen chosen = { 0 };
    AUTO(buf_clear) struct buf out = BUF(1024);
    struct list names = { 0 };
    struct identifiers typed;

    list_add(&names, asked);
    typed = identifiers_typed(&names);
    switch (apache_choose(scene->model, &typed.at[0], &ports, &chosen)) {
    case APACHE_AMBIGUOUS:
        buf_put_char(&out, '?');
        break;
    case APACHE_NO_HOST:
        buf_put_char(&out, '-');
        break;
    case APACHE_CHOSEN:
        for (size_t i = 0; i < chosen.count; i++)
            buf_putf(&out, "%s%zu", i > 0 ? " " : "", scene->model->vhosts[chosen.at[i]].ordinal);
        break;
    }
    identifiers_clear(&typed);
    list_clear(&names);
    return buf_take(&out);
}

TEST(choosing)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct scene scene = { 0 };
        AUTO(free) char *got = NULL;

        scene_open(&scene, cases[i].text);
        got = chosen_text(&scene, cases[i].asked);
        CHECK_TEXT(got, cases[i].want, cases[i].name);
        scene_close(&scene);
    }
}

TEST(plain_hosts_of_a_tls_host)
{
    static const struct {
        const char *name, *text, *want; /* the TLS host is the last one */
    } rows[] = {
        { "the same name", PLAIN("a.example", "") PLAIN("b.example", "") TLS("a.example", ""), "0" },
        { "an alias", PLAIN("a.example", "") PLAIN("b.example", "") TLS("x.example", "ServerAlias b.example\n"), "1" },
        { "both", PLAIN("a.example", "") PLAIN("b.example", "") TLS("a.example", "ServerAlias b.example\n"), "0 1" },
        { "pattern", PLAIN("a.example", "ServerAlias *.a.example\n") TLS("x.example", "ServerAlias *.a.example\n"),
            "0" },
        { "none", PLAIN("b.example", "") TLS("a.example", ""), "" },
        { "on another port", "<VirtualHost *:8080>\nServerName a.example\n</VirtualHost>\n" TLS("a.example", ""), "" },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(apache_chosen_clear) struct apache_chosen chosen = { 0 };
        AUTO(buf_clear) struct buf out = BUF(1024);
        struct scene scene = { 0 };

        scene_open(&scene, rows[i].text);
        apache_choose_plain(scene.model, &scene.model->vhosts[scene.model->count - 1], &ports, &chosen);
        for (size_t j = 0; j < chosen.count; j++)
            buf_putf(&out, "%s%zu", j > 0 ? " " : "", chosen.at[j]);
        CHECK_TEXT(buf_text(&out), rows[i].want, rows[i].name);
        scene_close(&scene);
    }
}

TEST(what_hosts_are)
{
    static const struct {
        const char *name, *text; /* the last host of the text */
        bool tls, mixed, macro;
        size_t ordinal, hosts;
    } rows[] = {
        { "plain", PLAIN("a", ""), false, false, false, 0, 1 },
        { "by its port", "<VirtualHost *:443>\n</VirtualHost>\n", true, false, false, 0, 1 },
        { "turned off", "<VirtualHost *:443>\nSSLEngine off\n</VirtualHost>\n", false, false, false, 0, 1 },
        { "by SSLEngine", "<VirtualHost *:8443>\nSSLEngine on\n</VirtualHost>\n", true, false, false, 0, 1 },
        { "both kinds of addresses", "<VirtualHost *:80 *:443>\n</VirtualHost>\n", true, true, false, 0, 1 },
        { "both, with TLS", "<VirtualHost *:80 *:443>\nSSLEngine on\n</VirtualHost>\n", true, false, false, 0, 1 },
        { "behind one that is not in effect",
            "<IfDefine X>\n" PLAIN("x", "") "</IfDefine>\n" PLAIN("a", "") PLAIN("b", ""), false, false, false, 2, 2 },
        { "a macro", "<Macro H $n>\n<VirtualHost *:80>\nServerName $n\n</VirtualHost>\n</Macro>\nUse H a\n", false,
            false, true, 0, 1 },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct apache_vhost *vhost;
        struct scene scene = { 0 };

        scene_open(&scene, rows[i].text);
        CHECK_INT(scene.model->count, rows[i].hosts, rows[i].name);
        REQUIRE(scene.model->count > 0, "%s", rows[i].name);
        vhost = &scene.model->vhosts[scene.model->count - 1];
        CHECK_INT(vhost->tls, rows[i].tls, rows[i].name);
        CHECK_INT(vhost->mixed, rows[i].mixed, rows[i].name);
        CHECK_INT(vhost->macro, rows[i].macro, rows[i].name);
        CHECK_INT(vhost->ordinal, rows[i].ordinal, rows[i].name);
        CHECK(apache_model_find(scene.model, scene.path, vhost->ordinal) == (vhost->macro ? NULL : vhost),
            "%s: found again", rows[i].name);
        CHECK(apache_model_find(scene.model, "/another", vhost->ordinal) == NULL, "%s: elsewhere", rows[i].name);
        scene_close(&scene);
    }
}

TEST(names_of_directives)
{
    static const struct {
        const char *text, *want;
    } rows[] = { { "a.example", "a.example" }, { "A.example:80", "a.example" },
        { "https://a.example:8443", "a.example" }, { "[::1]:80", "::1" }, { "[::1]", "::1" }, { "::1", "::1" },
        { "a.example:", "a.example" }, { "", "" } };

    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(free) char *name = apache_name_of(rows[i].text);

        CHECK_TEXT(name, rows[i].want, rows[i].text);
    }
}

TEST(addresses)
{
    static const struct {
        const char *text;
        bool listen;
        const char *want; /* with its own port again; NULL: it is none */
    } rows[] = { { "*:80", false, "*:80" }, { "*", false, "*" }, { "*:*", false, "*" },
        { "_default_:443", false, "_default_:443" }, { "192.0.2.1", false, "192.0.2.1" },
        { "[2001:DB8:0:0::1]:443", false, "[2001:db8::1]:443" }, { "[::]", false, "[::]" },
        { "www.Example:80", false, "www.example:80" }, { "*:${PORT}", false, NULL }, { "*:99999", false, NULL },
        { "443", true, "*:443" }, { "192.0.2.1:443", true, "192.0.2.1:443" }, { "[::]:443", true, "[::]:443" },
        { ":80", false, NULL } };

    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(buf_clear) struct buf out = BUF(1024);
        struct apache_address address = { 0 };

        if (apache_address_read(rows[i].text, rows[i].listen, &address))
            apache_address_put(&address, address.port, &out);
        CHECK_TEXT(address.host != NULL ? buf_text(&out) : NULL, rows[i].want, rows[i].text);
        free(address.host);
    }
}

TEST(patterns)
{
    static const struct {
        const char *alias, *name;
        bool want;
    } rows[] = { { "*.a.example", "x.a.example", true }, { "*.a.example", "x.y.A.example", true },
        { "*.a.example", "a.example", false }, { "a?.example", "ab.example", true },
        { "a?.example", "a.example", false }, { "*", "a", true }, { "a*b*c", "axxbyyc", true },
        { "a*b*c", "axxbyy", false }, { "", "", true }, { "A.example", "a.example", true } };

    for (size_t i = 0; i < COUNT(rows); i++)
        CHECK_INT(apache_alias_matches(rows[i].alias, rows[i].name), rows[i].want, rows[i].alias);
}

TEST_MAIN()
