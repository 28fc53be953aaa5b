/* Whole configurations of an Apache, and what installing a certificate makes of them: files, links and modules. */
#include "base/test_files.h"

#include "apache/enhancing.h"
#include "base/clock.h"
#include "config/settings.h"

#define CERT                                                                                                           \
    "Include /c/options-ssl-apache.conf\nSSLCertificateFile /l/fullchain.pem\nSSLCertificateKeyFile /l/privkey.pem\n"
#define TO_HTTPS "RewriteRule ^ https://%{SERVER_NAME}%{REQUEST_URI} [END,NE,R=permanent]\n"
#define PLAIN(lines) "<VirtualHost *:80>\n" lines "</VirtualHost>\n"
#define TLS(lines) "<VirtualHost *:443>\n" lines "</VirtualHost>\n"
#define IF_SSL(lines) "<IfModule mod_ssl.c>\n" lines "</IfModule>\n"
#define BOTH_PORTS "== ports.conf\nListen 80\nListen 443\n"
#define LISTENS_443 "== ports.conf\nListen 80\n" IF_SSL("    Listen 443\n")
#define A "== sites-available/a.conf\n"
#define A_COPY "== sites-available/a-le-ssl.conf\n"

/* A row's texts hold several files, each behind a line "== PATH" below the server's root; those of sites-available are
 * enabled, but where the line ends in " off". want: files that are new or changed, links ("-> NAME"), modules; or
 * the error. */
struct row {
    const char *name, *files, *names;
    unsigned enhancements;
    const char *want;
    int https_port; /* 0: 443 */
    bool no_links;  /* sites are not enabled by links */
    bool no_ssl;    /* mod_ssl is not loaded */
    bool no_mods;   /* and no module can be enabled */
};

#define REDIRECT ENHANCEMENT(ENHANCE_REDIRECT)
#define HSTS ENHANCEMENT(ENHANCE_HSTS)

static const struct row rows[] = {
    { "a plain host: a copy of it", A PLAIN("ServerName a.test\nDocumentRoot /a\n"), "a.test", 0,
        LISTENS_443 A_COPY IF_SSL(TLS("ServerName a.test\nDocumentRoot /a\n" CERT)) "-> a-le-ssl.conf\n" },
    { "the same, and the plain one redirects", A PLAIN("ServerName a.test\nServerAlias www.a.test\n"),
        "a.test www.a.test", REDIRECT,
        LISTENS_443 A PLAIN("ServerName a.test\nServerAlias www.a.test\nRewriteEngine on\nRewriteCond %{SERVER_NAME} "
                            "=a.test [OR]\nRewriteCond %{SERVER_NAME} =www.a.test\n" TO_HTTPS)
            A_COPY IF_SSL(
                TLS("ServerName a.test\nServerAlias www.a.test\n" CERT)) "-> a-le-ssl.conf\nmodule rewrite_module\n" },
    { "without mod_ssl", A PLAIN("ServerName a.test\n"), "a.test", 0,
        LISTENS_443 A_COPY IF_SSL(TLS("ServerName a.test\n" CERT)) "-> a-le-ssl.conf\nmodule ssl_module\n",
        .no_ssl = true },
    { "without mod_ssl, and none to be had", A PLAIN("ServerName a.test\n"), "a.test", 0,
        "Apache lacks the module mod_ssl, and it cannot be enabled from here", .no_ssl = true, .no_mods = true },
    { "with TLS already: in its place",
        BOTH_PORTS A PLAIN("ServerName a.test\n")
            TLS("ServerName a.test\nSSLEngine on\nSSLCertificateFile /o.pem\nSSLCertificateKeyFile /o.key\n"),
        "a.test", REDIRECT,
        A PLAIN("ServerName a.test\nRewriteEngine on\nRewriteCond %{SERVER_NAME} =a.test\n" TO_HTTPS)
            TLS("ServerName a.test\nSSLEngine on\nSSLCertificateFile /l/fullchain.pem\nSSLCertificateKeyFile "
                "/l/privkey.pem\nInclude /c/options-ssl-apache.conf\n") "module rewrite_module\n" },
    { "no plain host: the first one, that has no name, redirects",
        BOTH_PORTS "== sites-available/0.conf\n" PLAIN("DocumentRoot /0\n") A TLS("ServerName a.test\nSSLEngine on\n"),
        "a.test", REDIRECT,
        "== sites-available/0.conf\n" PLAIN(
            "DocumentRoot /0\nRewriteEngine on\nRewriteCond %{SERVER_NAME} =a.test\n" TO_HTTPS)
            A TLS("ServerName a.test\nSSLEngine on\n" CERT) "module rewrite_module\n" },
    { "no plain host, and the first one is of another site",
        BOTH_PORTS "== sites-available/0.conf\n" PLAIN("ServerName b.test\n")
            A TLS("ServerName a.test\nSSLEngine on\n"),
        "a.test", REDIRECT,
        A TLS("ServerName a.test\nSSLEngine on\n" CERT) "== sites-available/le-redirect-a.test.conf\n" PLAIN(
            "    ServerName a.test\n    ServerSignature Off\n\n    RewriteEngine on\n    RewriteCond %{SERVER_NAME} "
            "=a.test\n    " TO_HTTPS
            "\n    ErrorLog /log/redirect.error.log\n    LogLevel warn\n") "-> le-redirect-a.test.conf\nmodule "
                                                                           "rewrite_module\n" },
    { "nothing listens for HTTP", "== ports.conf\nListen 443\n" A TLS("ServerName a.test\nSSLEngine on\n"), "a.test",
        REDIRECT, A TLS("ServerName a.test\nSSLEngine on\n" CERT) },
    { "addresses of both kinds", BOTH_PORTS A "<VirtualHost *:80 *:443>\nServerName a.test\n</VirtualHost>\n", "a.test",
        0, A PLAIN("ServerName a.test\n") A_COPY IF_SSL(TLS("ServerName a.test\n" CERT)) "-> a-le-ssl.conf\n" },
    { "two hosts of one file, in the order of the names", A PLAIN("ServerName a.test\n") PLAIN("ServerName b.test\n"),
        "b.test a.test", 0,
        LISTENS_443 A_COPY IF_SSL(TLS("ServerName b.test\n" CERT))
            IF_SSL(TLS("ServerName a.test\n" CERT)) "-> a-le-ssl.conf\n" },
    { "listens at addresses, and TLS at another port",
        "== ports.conf\nListen 192.0.2.1:80\nListen [2001:db8::1]:80\nListen 192.0.2.1:8080\n" A
        "<VirtualHost 192.0.2.1:80>\nServerName a.test\n</VirtualHost>\n",
        "a.test", 0,
        "== ports.conf\nListen 192.0.2.1:80\nListen [2001:db8::1]:80\nListen 192.0.2.1:8080\n" IF_SSL(
            "    Listen 192.0.2.1:8443 https\n    Listen [2001:db8::1]:8443 https\n")
            A_COPY IF_SSL(
                "<VirtualHost 192.0.2.1:8443>\nServerName a.test\n" CERT "</VirtualHost>\n") "-> a-le-ssl.conf\n",
        .https_port = 8443 },
    { "listens everywhere and at an address; a host of any port",
        "== ports.conf\nListen 192.0.2.1:80\nListen 80\n" A "<VirtualHost *>\nServerName a.test\n</VirtualHost>\n",
        "a.test", 0,
        "== ports.conf\nListen 192.0.2.1:80\nListen 80\n" IF_SSL("    Listen 443\n")
            A_COPY IF_SSL(TLS("ServerName a.test\n" CERT)) "-> a-le-ssl.conf\n" },
    { "sites are not links: included at the end", A PLAIN("ServerName a.test\n"), "a.test", 0,
        "== apache2.conf\nInclude ports.conf\nIncludeOptional sites-enabled/*.conf\nInclude "
        "sites-available/a-le-ssl.conf\n" LISTENS_443 A_COPY IF_SSL(TLS("ServerName a.test\n" CERT)),
        .no_links = true },
    { "the copy of an earlier run, that was disabled",
        A PLAIN("ServerName a.test\n") "== sites-available/a-le-ssl.conf off\n" IF_SSL(
            TLS("ServerName x.test\n") TLS("ServerName a.test\nSSLCertificateFile /o\nSSLCertificateKeyFile /p\n")),
        "a.test", 0,
        LISTENS_443 "-> a-le-ssl.conf\n" A_COPY IF_SSL(TLS("ServerName x.test\n")
                TLS("ServerName a.test\nSSLCertificateFile /l/fullchain.pem\nSSLCertificateKeyFile "
                    "/l/privkey.pem\nInclude /c/options-ssl-apache.conf\n")) },
    { "a file of that name with another host",
        A PLAIN("ServerName a.test\n") "== sites-available/a-le-ssl.conf off\n" TLS("ServerName x.test\n"), "a.test", 0,
        LISTENS_443 "-> a-le-ssl.conf\n" A_COPY TLS("ServerName x.test\n") IF_SSL(TLS("ServerName a.test\n" CERT)) },
    { "a macro of the original: it is to be read before",
        "== sites-available/n.conf\n<Macro M>\nX 1\n</Macro>\n" PLAIN("ServerName a.test\nUse M\n"), "a.test", 0,
        LISTENS_443
        "== sites-available/n-le-ssl.conf\n" IF_SSL(TLS("ServerName a.test\nUse M\n" CERT)) "-> zz-n-le-ssl.conf\n" },
    { "the host that answers for all other names stays the first",
        BOTH_PORTS "== sites-available/b.conf\n" TLS("ServerName b.test\nSSLEngine on\n")
            A PLAIN("ServerName a.test\n"),
        "a.test", 0, A_COPY IF_SSL(TLS("ServerName a.test\n" CERT)) "-> zz-a-le-ssl.conf\n" },
    { "it is in front anyway",
        BOTH_PORTS "== sites-available/0.conf\n" TLS("ServerName b.test\nSSLEngine on\n")
            A PLAIN("ServerName a.test\n"),
        "a.test", 0, A_COPY IF_SSL(TLS("ServerName a.test\n" CERT)) "-> a-le-ssl.conf\n" },
    { "it is at another address",
        BOTH_PORTS
        "== sites-available/b.conf\n<VirtualHost 192.0.2.1:443>\nServerName b.test\nSSLEngine on\n</VirtualHost>\n" A
            PLAIN("ServerName a.test\n"),
        "a.test", 0, A_COPY IF_SSL(TLS("ServerName a.test\n" CERT)) "-> a-le-ssl.conf\n" },
    { "a host without a name gets it", A PLAIN("DocumentRoot /a\n"), "a.test www.a.test", REDIRECT,
        LISTENS_443 A PLAIN("DocumentRoot /a\nRewriteEngine on\nRewriteCond %{SERVER_NAME} =a.test [OR]\nRewriteCond "
                            "%{SERVER_NAME} =www.a.test\n" TO_HTTPS)
            A_COPY IF_SSL(
                TLS("ServerName a.test\nServerAlias www.a.test\nDocumentRoot /a\n" CERT)) "-> a-le-ssl.conf\nmodule "
                                                                                          "rewrite_module\n" },
    { "several could be meant", A PLAIN("ServerName b.test\n") PLAIN("ServerName c.test\n"), "a.test", 0,
        "No virtual host has the name a.test, and several could be meant" },
    { "there is no host", A "ServerAdmin x\n", "a.test", 0, "There is no virtual host that could serve a.test" },
    { "a wildcard: each host with a name that it covers",
        A PLAIN("ServerName x.a.test\n") PLAIN("ServerName b.test\nServerAlias y.a.test\n")
            PLAIN("ServerName a.test\n"),
        "*.a.test", REDIRECT,
        LISTENS_443 A PLAIN(
            "ServerName x.a.test\nRewriteEngine on\nRewriteCond %{SERVER_NAME} ^[^.]+\\.a\\.test$\n" TO_HTTPS)
            PLAIN("ServerName b.test\nServerAlias y.a.test\nRewriteEngine on\nRewriteCond %{SERVER_NAME} "
                  "^[^.]+\\.a\\.test$\n" TO_HTTPS) PLAIN("ServerName a.test\n")
                A_COPY IF_SSL(TLS("ServerName x.a.test\n" CERT)) IF_SSL(TLS(
                    "ServerName b.test\nServerAlias y.a.test\n" CERT)) "-> a-le-ssl.conf\nmodule rewrite_module\n" },
    { "a wildcard, and the host has the pattern",
        BOTH_PORTS A PLAIN("ServerName x.a.test\nServerAlias z.test\n")
            TLS("ServerName x.a.test\nServerAlias z.test *.a.test\nSSLEngine on\n"),
        "*.a.test z.test", REDIRECT,
        A PLAIN("ServerName x.a.test\nServerAlias z.test\nRewriteEngine on\nRewriteCond %{SERVER_NAME} "
                "^[^.]+\\.a\\.test$ [OR]\nRewriteCond %{SERVER_NAME} =z.test\n" TO_HTTPS)
            TLS("ServerName x.a.test\nServerAlias z.test *.a.test\nSSLEngine on\n" CERT) "module rewrite_module\n" },
    { "an IP address", A "<VirtualHost 192.0.2.1:80>\nDocumentRoot /a\n</VirtualHost>\n", "192.0.2.1", REDIRECT,
        LISTENS_443 A "<VirtualHost 192.0.2.1:80>\nDocumentRoot /a\nRewriteEngine on\nRewriteCond %{SERVER_NAME} "
                      "=192.0.2.1\n" TO_HTTPS "</VirtualHost>\n" A_COPY IF_SSL(
                          "<VirtualHost 192.0.2.1:443>\nServerName 192.0.2.1\nDocumentRoot /a\n" CERT
                          "</VirtualHost>\n") "-> a-le-ssl.conf\nmodule rewrite_module\n" },
    { "an IPv6 address, which is no name to httpd",
        A "<VirtualHost [2001:db8::1]:80>\nDocumentRoot /a\n</VirtualHost>\n", "2001:db8::1", 0,
        LISTENS_443 A_COPY IF_SSL(
            "<VirtualHost [2001:db8::1]:443>\nDocumentRoot /a\n" CERT "</VirtualHost>\n") "-> a-le-ssl.conf\n" },
    { "HSTS", A PLAIN("ServerName a.test\n"), "a.test", HSTS,
        LISTENS_443 A_COPY IF_SSL(
            TLS("ServerName a.test\n" CERT
                "Header always set Strict-Transport-Security \"max-age=31536000\"\n")) "-> a-le-ssl.conf\nmodule "
                                                                                       "headers_module\n" },
    { "HSTS that an included file sends",
        "== h.inc\nHeader always set Strict-Transport-Security max-age=1\n== ports.conf\nListen 443\n" A TLS(
            "ServerName a.test\nSSLEngine on\nInclude h.inc\n"),
        "a.test", HSTS, A TLS("ServerName a.test\nSSLEngine on\nInclude h.inc\n" CERT) },
    { "TLS options that an included file has",
        "== t.inc\nSSLProtocol TLSv1.3\n== ports.conf\nListen 443\n" A TLS(
            "ServerName a.test\nSSLEngine on\nInclude t.inc\n"),
        "a.test", 0,
        A TLS("Include /c/options-ssl-apache.conf\nServerName a.test\nSSLEngine on\nInclude t.inc\nSSLCertificateFile "
              "/l/fullchain.pem\nSSLCertificateKeyFile /l/privkey.pem\n") },
    { "--auto-hsts where HSTS is sent already",
        "== ports.conf\nListen 443\n" A TLS(
            "ServerName a.test\nSSLEngine on\nHeader set Strict-Transport-Security max-age=9\n"),
        "a.test", ENHANCEMENT(ENHANCE_AUTO_HSTS), "a.test sends a Strict-Transport-Security header already" },
    { "stapling: one cache for all",
        "== ports.conf\nListen 443\n" A TLS("ServerName a.test\nSSLEngine on\n") TLS("ServerName b.test\n"),
        "a.test b.test", ENHANCEMENT(ENHANCE_STAPLE_OCSP),
        A TLS("ServerName a.test\nSSLEngine on\n" CERT "SSLUseStapling on\n")
            TLS("ServerName b.test\n" CERT "SSLUseStapling on\n")
                IF_SSL("    SSLStaplingCache shmcb:/var/run/apache2/stapling_cache(128000)\n") },
    { "stapling with a cache that is there",
        "== ports.conf\nListen 443\nSSLStaplingCache shmcb:/x\n" A TLS("ServerName a.test\nSSLEngine on\n"), "a.test",
        ENHANCEMENT(ENHANCE_STAPLE_OCSP), A TLS("ServerName a.test\nSSLEngine on\n" CERT "SSLUseStapling on\n") },
    { "TLS by the port that was given",
        "== ports.conf\nListen 8443\n" A "<VirtualHost *:8443>\nServerName a.test\n</VirtualHost>\n", "a.test", 0,
        A "<VirtualHost *:8443>\nServerName a.test\n" CERT "</VirtualHost>\n", .https_port = 8443 },
    { "TLS by port 443, where another was given",
        "== ports.conf\nListen 443\nListen 8443\n" A TLS("ServerName a.test\n"), "a.test", 0,
        A TLS("ServerName a.test\n" CERT), .https_port = 8443 },
    { "a wildcard that a plain host has as its pattern",
        BOTH_PORTS A PLAIN("ServerName p.test\nServerAlias *.a.test\n")
            TLS("ServerName q.test\nServerAlias *.a.test\nSSLEngine on\n"),
        "*.a.test", REDIRECT,
        A PLAIN("ServerName p.test\nServerAlias *.a.test\nRewriteEngine on\nRewriteCond %{SERVER_NAME} "
                "^[^.]+\\.a\\.test$\n" TO_HTTPS)
            TLS("ServerName q.test\nServerAlias *.a.test\nSSLEngine on\n" CERT) "module rewrite_module\n" },
    { "no plain host, and one without a name is not the first",
        BOTH_PORTS "== sites-available/0.conf\n" PLAIN("ServerName b.test\n") PLAIN("DocumentRoot /0\n")
            A TLS("ServerName a.test\nSSLEngine on\n"),
        "a.test", REDIRECT,
        A TLS("ServerName a.test\nSSLEngine on\n" CERT) "== sites-available/le-redirect-a.test.conf\n" PLAIN(
            "    ServerName a.test\n    ServerSignature Off\n\n    RewriteEngine on\n    RewriteCond "
            "%{SERVER_NAME} =a.test\n    " TO_HTTPS "\n    ErrorLog /log/redirect.error.log\n    LogLevel "
            "warn\n") "-> le-redirect-a.test.conf\nmodule rewrite_module\n" },
    { "HSTS beside an included file that sends none",
        "== t.inc\nKeepAlive on\n== ports.conf\nListen 443\n" A TLS("ServerName a.test\nSSLEngine on\nInclude t.inc\n"),
        "a.test", HSTS,
        A TLS("ServerName a.test\nSSLEngine on\nInclude t.inc\n" CERT
              "Header always set Strict-Transport-Security \"max-age=31536000\"\n") "module headers_module\n" },
    { "a host that is not in effect: the only one that is gets the name",
        A "<IfDefine X>\n" PLAIN("ServerName a.test\n") "</IfDefine>\n" PLAIN("ServerName b.test\n"), "a.test", 0,
        LISTENS_443 A_COPY IF_SSL(TLS("ServerName b.test\nServerAlias a.test\n" CERT)) "-> a-le-ssl.conf\n" },
    { "a name in capitals", A PLAIN("ServerName A.Test\n"), "a.test", REDIRECT,
        LISTENS_443 A PLAIN("ServerName A.Test\nRewriteEngine on\nRewriteCond %{SERVER_NAME} =a.test\n" TO_HTTPS)
            A_COPY IF_SSL(TLS("ServerName A.Test\n" CERT)) "-> a-le-ssl.conf\nmodule rewrite_module\n" },
    { "two hosts with the name: the first one is asked",
        A PLAIN("ServerName a.test\n") "== sites-available/b.conf\n" PLAIN("ServerName a.test\n"), "a.test", 0,
        LISTENS_443 A_COPY IF_SSL(TLS("ServerName a.test\n" CERT)) "-> a-le-ssl.conf\n" },
};

/* ---- the files ---- */

static void put_file(const char *path, const char *text, bool enabled)
{
    AUTO(free) char *full = xstrdup(at("%s", path)), *dir = file_dirname(full);
    struct error err = { 0 };

    REQUIRE(file_mkdirs(dir, 0755, &err), "%s", err.why);
    write_text(full, text);
    if (enabled && strncmp(path, "sites-available/", 16) == 0) {
        AUTO(free) char *target = xprintf("../%s", path);

        REQUIRE(symlink(target, at("sites-enabled/%s", path + 16)) == 0);
    }
}

/* Calls put for each file of a row. */
static void each_file(
    const char *files, void (*put)(const char *path, const char *text, bool enabled, void *arg), void *arg)
{
    struct view rest = view_of(files), line;
    AUTO(buf_clear) struct buf text = BUF(65536);
    AUTO(free) char *path = NULL;
    bool enabled = true;

    while (rest.len > 0 && view_cut(&rest, '\n', &line)) {
        if (!view_starts(line, "== ")) {
            buf_putf(&text, "%.*s\n", (int)line.len, line.at);
            continue;
        }
        if (path != NULL)
            put(path, buf_text(&text), enabled, arg);
        buf_clear(&text);
        text = BUF(65536);
        free(path);
        path = xprintf("%.*s", (int)(line.len - 3), line.at + 3);
        enabled = !text_ends(path, " off");
        if (!enabled)
            path[strlen(path) - 4] = '\0';
    }
    if (path != NULL)
        put(path, buf_text(&text), enabled, arg);
}

static void put_one(const char *path, const char *text, bool enabled, void *arg)
{
    (void)arg;
    put_file(path, text, enabled);
}

static void lay_out(const struct row *row)
{
    static const char *const modules[] = { "ssl", "socache_shmcb", "setenvif", "mime", "rewrite", "headers" };
    AUTO(free) char *root = file_dirname(at("x"));
    struct error err = { 0 };

    REQUIRE(file_remove_tree(root, &err) && file_mkdirs(at("sites-enabled"), 0755, &err), "%s", err.why);
    put_file("apache2.conf", "Include ports.conf\nIncludeOptional sites-enabled/*.conf\n", false);
    if (strstr(row->files, "== ports.conf") == NULL)
        put_file("ports.conf", "Listen 80\n", false);
    for (size_t i = 0; i < COUNT(modules) && !row->no_mods; i++) {
        AUTO(free) char *path = xprintf("mods-available/%s.load", modules[i]);

        put_file(path, "", false);
    }
    each_file(row->files, put_one, NULL);
}

/* ---- the server ---- */

/* Of the caller's. */
static char *root_dir(void)
{
    return file_dirname(at("x"));
}

static void server_init(struct apache_server *server, struct settings *settings, const struct row *row)
{
    static const char *const loaded[] = { "socache_shmcb_module", "setenvif_module", "mime_module", "ssl_module" };

    xreplace(&settings->config_dir, "/c");
    settings->http_01_port = 80;
    settings->https_port = row->https_port != 0 ? row->https_port : 443;
    *server = (struct apache_server){
        .settings = settings,
        .layout = { .root = root_dir(),
            .main_file = xstrdup(at("apache2.conf")),
            .vhost_dir = xstrdup(at("sites-available")),
            .extension = xstrdup("-le-ssl.conf"),
            .log_dir = xstrdup("/log"),
            .enmod = xstrdup("a2enmod"),
            .dismod = xstrdup("a2dismod"),
            .has_links = !row->no_links },
        .asked_at = clock_monotonic_ms(),
        .facts = { .server_root = root_dir() },
    };
    mutex_init(&server->lock);
    for (size_t i = 0; i < COUNT(loaded) - (row->no_ssl ? 1 : 0); i++)
        list_add(&server->facts.modules, loaded[i]);
}

static void server_clear(struct apache_server *server)
{
    apache_layout_clear(&server->layout);
    apache_facts_clear(&server->facts);
    mutex_destroy(&server->lock);
}

/* ---- what has become of it ---- */

struct outcome {
    struct apache_work *work;
    struct buf text;
};

/* With the test's directory left out. */
static void put_text(struct outcome *out, const char *path, struct view text)
{
    AUTO(free) char *copy = view_dup(text), *root = xprintf("%s/", at("x"));
    char *found;

    root[strlen(root) - 2] = '\0';
    while ((found = strstr(copy, root)) != NULL)
        memmove(found, found + strlen(root), strlen(found + strlen(root)) + 1);
    buf_putf(&out->text, "== %s\n%s", path, copy);
}

static void put_if_new(struct outcome *out, const char *path)
{
    static const char *const links[] = { "", "zz-" };
    struct error err = { 0 };
    struct view text;

    if (changes_has(out->work->changes, at("%s", path)) && !file_exists(at("%s", path))) {
        REQUIRE(changes_read(out->work->changes, at("%s", path), &text, &err), "%s", err.why);
        put_text(out, path, text);
    }
    for (size_t i = 0; i < COUNT(links); i++) {
        const char *link = at("sites-enabled/%s%s", links[i], file_basename(path));

        if (changes_has(out->work->changes, link) && !file_exists(link))
            buf_putf(&out->text, "-> %s%s\n", links[i], file_basename(path));
    }
}

static void put_if_changed(const char *path, const char *before, bool enabled, void *arg)
{
    struct outcome *out = arg;
    AUTO(free) char *copy = xprintf("%.*s-le-ssl.conf", (int)strcspn(path, "."), path);
    struct error err = { 0 };
    struct view text;

    (void)enabled;
    REQUIRE(changes_read(out->work->changes, at("%s", path), &text, &err), "%s", err.why);
    if (!view_equal(text, view_of(before)))
        put_text(out, path, text);
    put_if_new(out, copy);
}

static void put_outcome(const struct row *row, struct outcome *out)
{
    const struct list *modules = &out->work->facts.modules;
    AUTO(free)
    char *redirect = xprintf("sites-available/le-redirect-%.*s.conf", (int)strcspn(row->names, " "), row->names);

    put_if_changed("apache2.conf", "Include ports.conf\nIncludeOptional sites-enabled/*.conf\n", true, out);
    if (strstr(row->files, "== ports.conf") == NULL)
        put_if_changed("ports.conf", "Listen 80\n", true, out);
    each_file(row->files, put_if_changed, out);
    put_if_new(out, redirect);
    for (size_t i = row->no_ssl ? 3 : 4; i < modules->len; i++)
        buf_putf(&out->text, "module %s\n", modules->at[i]);
}

static bool install(struct apache_work *work, const struct row *row, struct error *err)
{
    static const struct pair pair = { .key = "/l/privkey.pem", .fullchain = "/l/fullchain.pem" };
    AUTO(list_clear) struct list names = { 0 };
    struct apache_sites sites = { 0 };
    struct view rest = view_of(row->names), name;
    struct identifiers typed;
    struct deployment deployment = { .pairs = &pair, .pair_count = 1, .enhancements = row->enhancements };
    struct apache_plan plan = { .deployment = &deployment };
    bool ok;

    while (view_cut(&rest, ' ', &name))
        list_add_view(&names, name);
    typed = identifiers_typed(&names);
    deployment.names = &typed;
    ok = apache_sites_find(work, &plan, &sites, err) && apache_sites_deploy(work, &plan, &sites, err);
    for (int i = 0; i < ENHANCE_COUNT && ok; i++)
        if (row->enhancements & ENHANCEMENT(i))
            ok = apache_enhance(work, &plan, &sites, (enum enhancement)i, err);
    apache_sites_clear(&sites);
    list_clear(&plan.plan.said);
    list_clear(&plan.auto_hsts);
    identifiers_clear(&typed);
    return ok;
}

static void check_row(const struct row *row)
{
    AUTO(settings_free) struct settings *settings = settings_new(NULL);
    AUTO(apache_work_close) struct apache_work work = { 0 };
    struct outcome out = { &work, BUF(65536) };
    struct apache_server server;
    struct error err = { 0 };

    lay_out(row);
    server_init(&server, settings, row);
    if (apache_work_open(&server, true, &work, &err) && install(&work, row, &err))
        put_outcome(row, &out);
    else
        buf_put_text(&out.text, err.why);
    CHECK_TEXT(buf_text(&out.text), row->want, row->name);
    buf_clear(&out.text);
    apache_work_close(&work);
    server_clear(&server);
}

TEST(installations)
{
    for (size_t i = 0; i < COUNT(rows); i++)
        check_row(&rows[i]);
}

TEST(enhancements)
{
    for (int i = 0; i < ENHANCE_COUNT; i++) {
        CHECK(apache_enhances((enum enhancement)i), "%d", i);
        CHECK(apache_enhancement_title((enum enhancement)i) != NULL, "%d", i);
    }
}

TEST_MAIN()
