#include "base/test.h"

#include "apache/copy.h"
#include "apache/edit.h"

static const struct {
    const char *name, *text;
    size_t ordinal;
    const char *want; /* between <IfModule mod_ssl.c> and </IfModule> */
    struct apache_copied copied;
    int port;
} cases[] = {
    { "as it is, and not what follows it (UTF-8 in it)",
        "<VirtualHost *:80>\n    # h\xc3\xa9\xc3\xa9\xc3\xa9\n    ServerName a.example\n</VirtualHost>\n"
        "<VirtualHost *:80>\n</VirtualHost>\n",
        0, "<VirtualHost *:443>\n    # h\xc3\xa9\xc3\xa9\xc3\xa9\n    ServerName a.example\n</VirtualHost>\n" },
    { "the second one", "<VirtualHost *:80>\nX 1\n</VirtualHost>\n  <virtualHost *>\n  X 2\n  </virtualhost>\n", 1,
        "  <virtualHost *:443>\n  X 2\n  </virtualhost>\n" },
    { "no line end at the end", "<VirtualHost *:80>\n</VirtualHost>", 0, "<VirtualHost *:443>\n</VirtualHost>\n" },
    { "addresses",
        "<VirtualHost *:80 192.0.2.1 192.0.2.1:8080 [2001:db8::1]:80 _default_:80 www.example>\n</VirtualHost>\n", 0,
        "<VirtualHost *:443 192.0.2.1:443 [2001:db8::1]:443 _default_:443 www.example:443>\n</VirtualHost>\n" },
    { "twice the same address", "<VirtualHost *:80 *:8080>\n</VirtualHost>\n", 0,
        "<VirtualHost *:443>\n</VirtualHost>\n" },
    { "another port", "<VirtualHost *:80>\n</VirtualHost>\n", 0, "<VirtualHost *:8443>\n</VirtualHost>\n",
        .port = 8443 },
    { "variable", "<VirtualHost *:${PORT}>\n</VirtualHost>\n", 0, "<VirtualHost *:443>\n</VirtualHost>\n" },
    { "rules that lead to https",
        "<VirtualHost *:80>\n  RewriteEngine on\n  RewriteCond %{HTTPS} off\n  RewriteCond %{X} y \\\n   [NC]\n"
        "  RewriteRule ^ \"https://%{HTTP_HOST}%{REQUEST_URI}\" [R]\n  RewriteCond %{Y} z\n  RewriteRule ^ /i.php [L]\n"
        "  RewriteRule ^/b/(.*) https://backend/$1 [P,L]\n</VirtualHost>\n",
        0,
        "<VirtualHost *:443>\n  RewriteEngine on\n"
        "  # Rules that lead from http to https are comments here: this host speaks TLS,\n"
        "  # and they would lead to where the client is already.\n"
        "  # RewriteCond %{HTTPS} off\n  # RewriteCond %{X} y \\\n   [NC]\n"
        "  # RewriteRule ^ \"https://%{HTTP_HOST}%{REQUEST_URI}\" [R]\n  RewriteCond %{Y} z\n  RewriteRule ^ /i.php "
        "[L]\n"
        "  RewriteRule ^/b/(.*) https://backend/$1 [P,L]\n</VirtualHost>\n",
        { .rewrites = true } },
    { "redirects to itself",
        "<VirtualHost *:80>\nServerName a.example\nRedirect permanent / https://a.example/\n"
        "Redirect / https://www.a.example\nRedirectPermanent / https://A.example:443/\n"
        "RedirectMatch 301 ^/(.*)$ https://a.example/$1\n</VirtualHost>\n",
        0,
        "<VirtualHost *:443>\nServerName a.example\n# Redirect permanent / https://a.example/\n"
        "# Redirect / https://www.a.example\n# RedirectPermanent / https://A.example:443/\n"
        "# RedirectMatch 301 ^/(.*)$ https://a.example/$1\n</VirtualHost>\n",
        { .redirects = true } },
    { "redirects to elsewhere",
        "<VirtualHost *:80>\nRedirect / https://b.example/\nRedirect /old https://a.example/new\n"
        "Redirect / http://a.example/\nRedirect gone /x\n</VirtualHost>\n",
        0,
        "<VirtualHost *:443>\nRedirect / https://b.example/\nRedirect /old https://a.example/new\n"
        "Redirect / http://a.example/\nRedirect gone /x\n</VirtualHost>\n" },
    { "once in a server",
        "<VirtualHost *:80>\n  WSGIDaemonProcess a \\\n    threads=2\n  WSGIProcessGroup a\n</VirtualHost>\n", 0,
        "<VirtualHost *:443>\n  # WSGIDaemonProcess a \\\n    threads=2\n  WSGIProcessGroup a\n</VirtualHost>\n",
        { .once_in_server = true } },
    { "definitions in front",
        "Define ROOT /srv\n<VirtualHost *:80>\n  DocumentRoot ${ROOT}\n</VirtualHost>\nDefine LATER 1\n", 0,
        "Define ROOT /srv\n<VirtualHost *:443>\n  DocumentRoot ${ROOT}\n</VirtualHost>\n" },
    { "conditional definitions",
        "<IfDefine !X>\n  Define X\n  <IfModule a.c>\n    LogLevel warn\n  </IfModule>\n  LogLevel info\n"
        "  <ifmodule b.c>\n    Define Y\n  </ifmodule>\n</IfDefine>\n<If true>\nDefine Z\n</If>\n"
        "<VirtualHost *:80>\n  A\n</VirtualHost>\n",
        0,
        "<IfDefine !X>\n  Define X\n  <ifmodule b.c>\n    Define Y\n  </ifmodule>\n</IfDefine>\n"
        "<VirtualHost *:443>\n  A\n</VirtualHost>\n" },
    { "definitions around", "<IfDefine X>\nDefine Y\n<VirtualHost *:80>\n  A\n</VirtualHost>\nDefine Z\n</IfDefine>\n",
        0, "<IfDefine X>\nDefine Y\n</IfDefine>\n<VirtualHost *:443>\n  A\n</VirtualHost>\n" },
    { "a macro in front", "<Macro M>\nDefine M\n</Macro>\n<VirtualHost *:80>\n  Use M\n</VirtualHost>\n", 0,
        "<VirtualHost *:443>\n  Use M\n</VirtualHost>\n", .copied = { .needs_original = true } },
    { "an include in front", "<IfModule a.c>\ninclude d\n</IfModule>\n<VirtualHost *:80>\n  A\n</VirtualHost>\n", 0,
        "<VirtualHost *:443>\n  A\n</VirtualHost>\n", .copied = { .needs_original = true } },
    { "an include in another host, and behind",
        "<VirtualHost *:80>\n  Include d\n</VirtualHost>\n<VirtualHost *:80>\n  Include e\n</VirtualHost>\nInclude f\n",
        1, "<VirtualHost *:443>\n  Include e\n</VirtualHost>\n" },
    { "patterns that lead elsewhere",
        "<VirtualHost *:80>\n  RedirectMatch ^/old$ https://a.example/new\n  RedirectMatch ^/n https://a.example/new\n"
        "  RedirectMatch ^/\\d https://a.example/new\n  RedirectMatch (?i)^/o https://a.example/new\n"
        "  RedirectMatch ^/b(.*)$ https://a.example/c$1\n</VirtualHost>\n",
        0,
        "<VirtualHost *:443>\n  RedirectMatch ^/old$ https://a.example/new\n  # RedirectMatch ^/n "
        "https://a.example/new\n"
        "  # RedirectMatch ^/\\d https://a.example/new\n  # RedirectMatch (?i)^/o https://a.example/new\n"
        "  # RedirectMatch ^/b(.*)$ https://a.example/c$1\n</VirtualHost>\n",
        .copied = { .redirects = true } },
};

TEST(copies)
{
    AUTO(list_clear) struct list names = { 0 };

    list_add(&names, "a.example");
    list_add(&names, "www.a.example");
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(buf_clear) struct buf out = BUF(65536);
        AUTO(free) char *want = xprintf("<IfModule mod_ssl.c>\n%s</IfModule>\n", cases[i].want);
        struct apache_copy copy = { .port = cases[i].port != 0 ? cases[i].port : 443, .names = &names };
        struct apache_copied copied = { 0 };
        struct error err = { 0 };

        CHECK(apache_copy_text(view_of(cases[i].text), "t", cases[i].ordinal, &copy, &copied, &out, &err), "%s: %s",
            cases[i].name, err.why);
        CHECK_TEXT(buf_text(&out), want, cases[i].name);
        CHECK_INT(copied.rewrites, cases[i].copied.rewrites, cases[i].name);
        CHECK_INT(copied.redirects, cases[i].copied.redirects, cases[i].name);
        CHECK_INT(copied.once_in_server, cases[i].copied.once_in_server, cases[i].name);
        CHECK_INT(copied.needs_original, cases[i].copied.needs_original, cases[i].name);
    }
}

TEST(line_ends_of_the_copy)
{
    static const char text[] = "<VirtualHost *:80>\r\n  X 1\r\n</VirtualHost>\r\n<VirtualHost *:80>\r\n"
                               "  X 2\r\n</VirtualHost>\r\n";
    AUTO(buf_clear) struct buf out = BUF(65536);
    struct list names = { 0 };
    struct apache_copy copy = { .port = 443, .names = &names };
    struct apache_copied copied;
    struct error err = { 0 };

    CHECK(apache_copy_text(view_of(text), "t", 1, &copy, &copied, &out, &err), "%s", err.why);
    CHECK_TEXT(buf_text(&out),
        "<IfModule mod_ssl.c>\r\n<VirtualHost *:443>\r\n  X 2\r\n</VirtualHost>\r\n</IfModule>\r\n", "CR LF");
}

TEST(addresses_that_the_copy_has)
{
    static const struct {
        const char *before, *after;
    } rows[] = {
        { "<VirtualHost *:80 *:443>\n</VirtualHost>\n", "<VirtualHost *:80>\n</VirtualHost>\n" },
        { "<VirtualHost *:443 *:80>\n</VirtualHost>\n", "<VirtualHost *:80>\n</VirtualHost>\n" },
        { "<VirtualHost [::1]:8443  *:80 127.0.0.1:443 >\n</VirtualHost>\n", "<VirtualHost  *:80 >\n</VirtualHost>\n" },
        { "<VirtualHost *:80 *:8080>\n</VirtualHost>\n", "<VirtualHost *:80 *:8080>\n</VirtualHost>\n" },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(apache_edit_close) struct apache_edit edit = { 0 };
        AUTO(buf_clear) struct buf out = BUF(65536);
        struct error err = { 0 };

        REQUIRE(apache_edit_open(view_of(rows[i].before), "t", 0, &edit, &err), "%s", err.why);
        apache_leave_addresses(&edit, 8443, 443);
        apache_edit_put(&edit, &out);
        CHECK_TEXT(buf_text(&out), rows[i].after, rows[i].before);
    }
}

TEST(paths_of_copies)
{
    static const struct {
        const char *real, *dir, *want;
    } paths[] = {
        { "/e/sites-available/a.conf", NULL, "/e/sites-available/a-le-ssl.conf" },
        { "/e/sites-available/default", NULL, "/e/sites-available/default-le-ssl.conf" },
        { "/e/a.conf", "/v", "/v/a-le-ssl.conf" },
    };

    for (size_t i = 0; i < COUNT(paths); i++) {
        AUTO(free) char *path = apache_copy_path(paths[i].real, paths[i].dir, "-le-ssl.conf");

        CHECK_TEXT(path, paths[i].want, paths[i].real);
    }
}

TEST_MAIN()
