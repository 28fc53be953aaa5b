#include "base/test.h"

#include "apache/enhance.h"

#define HOST(lines) "<VirtualHost *:80>\n" lines "</VirtualHost>\n"
#define RULE "    RewriteRule ^ https://%{SERVER_NAME}%{REQUEST_URI} [END,NE,R=permanent]\n"
#define COND(name) "    RewriteCond %{SERVER_NAME} =" name

static struct list names_of(const char *text)
{
    struct list names = { 0 };
    struct view rest = view_of(text), word;

    while (view_cut(&rest, ' ', &word))
        list_add_view(&names, word);
    return names;
}

static const struct {
    const char *name, *names, *before, *after;
} redirects[] = {
    { "one name", "a.example", HOST("    ServerName a.example\n"),
        HOST("    ServerName a.example\n    RewriteEngine on\n" COND("a.example") "\n" RULE) },
    { "three names", "a b c", HOST("    X 1\n"),
        HOST("    X 1\n    RewriteEngine on\n" COND("a") " [OR]\n" COND("b") " [OR]\n" COND("c") "\n" RULE) },
    { "a wildcard", "*.a.example", HOST("    X 1\n"),
        HOST("    X 1\n    RewriteEngine on\n    RewriteCond %{SERVER_NAME} ^[^.]+\\.a\\.example$\n" RULE) },
    { "an IPv6 address", "::1", HOST("    X 1\n"), HOST("    X 1\n    RewriteEngine on\n" COND("[::1]") "\n" RULE) },
    { "engine on, in front of other rules", "a",
        HOST("    RewriteEngine On\n    RewriteCond %{X} y\n    RewriteRule ^ /i.php [L]\n"),
        HOST("    RewriteEngine On\n" COND("a") "\n" RULE "    RewriteCond %{X} y\n    RewriteRule ^ /i.php [L]\n") },
    { "engine off", "a", HOST("    RewriteEngine off\n    RewriteRule ^ /i.php [L]\n"),
        HOST("    RewriteEngine off\n    RewriteRule ^ /i.php [L]\n    RewriteEngine on\n" COND("a") "\n" RULE) },
    { "there already", "a b", HOST("    RewriteEngine on\n" COND("b") " [OR]\n" COND("a") "\n" RULE), NULL },
    { "one of two is there", "a b", HOST("    RewriteEngine on\n" COND("b") "\n" RULE),
        HOST("    RewriteEngine on\n" COND("a") "\n" RULE COND("b") "\n" RULE) },
    { "older flags", "a",
        HOST("    RewriteEngine on\n" COND(
            "a") "\n"
                 "    RewriteRule ^ https://%{SERVER_NAME}%{REQUEST_URI} [L,QSA,R=permanent]\n"),
        HOST("    RewriteEngine on\n" COND("a") "\n" RULE) },
    { "older rule for all names", "a",
        HOST("    RewriteEngine on\n    RewriteRule ^ https://%{SERVER_NAME}%{REQUEST_URI} [L,NE,R=permanent]\n"),
        HOST("    RewriteEngine on\n" RULE) },
    { "no names", "", HOST("    X 1\n"), NULL },
};

TEST(redirecting)
{
    for (size_t i = 0; i < COUNT(redirects); i++) {
        const char *want = redirects[i].after != NULL ? redirects[i].after : redirects[i].before;
        AUTO(list_clear) struct list names = { 0 };
        AUTO(free) char *text = xstrdup(redirects[i].before);

        if (redirects[i].names[0] != '\0')
            names = names_of(redirects[i].names);
        for (int times = 0; times < 2; times++) { /* the second time changes nothing */
            AUTO(apache_edit_close) struct apache_edit edit = { 0 };
            AUTO(buf_clear) struct buf out = BUF(65536);
            struct error err = { 0 };

            REQUIRE(apache_edit_open(view_of(text), "t", 0, &edit, &err), "%s", err.why);
            apache_redirect(&edit, &names);
            apache_edit_put(&edit, &out);
            CHECK_TEXT(buf_text(&out), want, redirects[i].name);
            xreplace(&text, buf_text(&out));
        }
    }
}

TEST(a_host_that_only_redirects)
{
    AUTO(list_clear) struct list names = names_of("a.example *.a.example"), addresses = names_of("*:80 [::1]:80");
    struct apache_redirect_host host = { .addresses = &addresses, .names = &names, .log_dir = "/var/log/apache2" };
    AUTO(buf_clear) struct buf out = BUF(65536);

    apache_redirect_host_put(&host, &out);
    CHECK_TEXT(buf_text(&out),
        "<VirtualHost *:80 [::1]:80>\n    ServerName a.example\n    ServerAlias *.a.example\n    ServerSignature "
        "Off\n\n"
        "    RewriteEngine on\n    RewriteCond %{SERVER_NAME} =a.example [OR]\n"
        "    RewriteCond %{SERVER_NAME} ^[^.]+\\.a\\.example$\n" RULE
        "\n    ErrorLog /var/log/apache2/redirect.error.log\n    LogLevel warn\n</VirtualHost>\n",
        "host");
}

#define HSTS "    Header always set Strict-Transport-Security \"max-age=31536000\"\n"
#define UIR "    Header always set Content-Security-Policy upgrade-insecure-requests\n"

static const struct {
    const char *name;
    const struct apache_header *header;
    const char *before, *after;
    bool has;
} headers[] = {
    { "HSTS", &apache_header_hsts, HOST("    X 1\n"), HOST("    X 1\n" HSTS) },
    { "HSTS there", &apache_header_hsts, HOST("    header set strict-transport-security max-age=1\n"), NULL },
    { "HSTS in another file", &apache_header_hsts, HOST("    X 1\n"), NULL, true },
    { "UIR", &apache_header_uir, HOST("    X 1\n"), HOST("    X 1\n" UIR) },
    { "UIR there", &apache_header_uir, HOST(UIR), NULL },
    { "UIR within another policy", &apache_header_uir,
        HOST("    Header set Content-Security-Policy \"default-src 'self'; upgrade-insecure-requests\"\n"), NULL },
    { "UIR beside another policy", &apache_header_uir,
        HOST("    Header always set Content-Security-Policy \"default-src 'self'\"\n"),
        HOST("    Header always set Content-Security-Policy \"default-src 'self'\"\n"
             "    Header always add Content-Security-Policy upgrade-insecure-requests\n") },
    { "UIR beside a policy of another file", &apache_header_uir, HOST("    X 1\n"),
        HOST("    X 1\n    Header always add Content-Security-Policy upgrade-insecure-requests\n"), true },
    { "frame options", &apache_security_headers[2], HOST("    X 1\n"),
        HOST("    X 1\n    Header always set X-Frame-Options DENY\n") },
    { "blanks in the value", &apache_security_headers[3], HOST("    X 1\n"),
        HOST("    X 1\n    Header always set X-XSS-Protection \"1; mode=block\"\n") },
    { "own frame options stay", &apache_security_headers[2], HOST("    Header set X-Frame-Options SAMEORIGIN\n"),
        NULL },
};

TEST(adding_headers)
{
    for (size_t i = 0; i < COUNT(headers); i++) {
        const char *want = headers[i].after != NULL ? headers[i].after : headers[i].before;
        AUTO(free) char *text = xstrdup(headers[i].before);

        for (int times = 0; times < 2; times++) {
            AUTO(apache_edit_close) struct apache_edit edit = { 0 };
            AUTO(buf_clear) struct buf out = BUF(65536);
            struct error err = { 0 };

            REQUIRE(apache_edit_open(view_of(text), "t", 0, &edit, &err), "%s", err.why);
            apache_header_put(&edit, headers[i].header, headers[i].has);
            apache_edit_put(&edit, &out);
            CHECK_TEXT(buf_text(&out), want, headers[i].name);
            xreplace(&text, buf_text(&out));
        }
    }
}

TEST(stapling)
{
    static const struct {
        const char *before, *after;
    } cases[] = {
        { HOST("    X 1\n"), HOST("    X 1\n    SSLUseStapling on\n") },
        { HOST("    SSLUseStapling On\n"), NULL },
        { HOST("    SSLUseStapling off\n"), HOST("    SSLUseStapling on\n") },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(apache_edit_close) struct apache_edit edit = { 0 };
        AUTO(buf_clear) struct buf out = BUF(65536);
        struct error err = { 0 };

        REQUIRE(apache_edit_open(view_of(cases[i].before), "t", 0, &edit, &err), "%s", err.why);
        apache_staple(&edit);
        apache_edit_put(&edit, &out);
        CHECK_TEXT(buf_text(&out), cases[i].after != NULL ? cases[i].after : cases[i].before, cases[i].before);
    }
}

TEST(a_block_at_the_end)
{
    static const struct {
        const char *before, *after;
    } cases[] = {
        { "A 1\n", "A 1\n<IfModule mod_ssl.c>\n    Listen 443\n</IfModule>\n" },
        { "A 1\n# no line end", "A 1\n# no line end\n<IfModule mod_ssl.c>\n    Listen 443\n</IfModule>\n" },
        { "A 1\r\n", "A 1\r\n<IfModule mod_ssl.c>\r\n    Listen 443\r\n</IfModule>\r\n" },
        { "", "<IfModule mod_ssl.c>\n    Listen 443\n</IfModule>\n" },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(buf_clear) struct buf out = BUF(65536);
        AUTO(list_clear) struct list lines = { 0 };

        list_add(&lines, "Listen 443");
        apache_put_for_ssl(view_of(cases[i].before), &lines, &out);
        CHECK_TEXT(buf_text(&out), cases[i].after, cases[i].before);
    }
}

#define ID "0123456789abcdef0123456789abcdef"

TEST(auto_hsts)
{
    static const char first[] = HOST("    X 1\n    # DO NOT REMOVE - Managed by Certbot, VirtualHost id: " ID "\n"
                                     "    Header always set Strict-Transport-Security \"max-age=60\"\n");
    static const char second[] = HOST("    X 1\n    # DO NOT REMOVE - Managed by Certbot, VirtualHost id: " ID "\n"
                                      "    Header always set Strict-Transport-Security \"max-age=300\"\n");
    AUTO(apache_edit_close) struct apache_edit edit = { 0 }, next = { 0 }, last = { 0 };
    AUTO(buf_clear) struct buf out = BUF(65536), stepped = BUF(65536), ended = BUF(65536);
    AUTO(free) char *id = NULL;
    struct error err = { 0 };

    REQUIRE(apache_edit_open(view_of(HOST("    X 1\n")), "t", 0, &edit, &err), "%s", err.why);
    auto_hsts_begin(&edit, ID, 60);
    apache_edit_put(&edit, &out);
    CHECK_TEXT(buf_text(&out), first, "begun");
    REQUIRE(apache_edit_open(buf_view(&out), "t", 0, &next, &err), "%s", err.why);
    id = auto_hsts_id(next.vhost);
    CHECK_TEXT(id, ID, "mark");
    CHECK(auto_hsts_set(&next, 300), "the header is there");
    apache_edit_put(&next, &stepped);
    CHECK_TEXT(buf_text(&stepped), second, "second step");
    REQUIRE(apache_edit_open(buf_view(&stepped), "t", 0, &last, &err), "%s", err.why);
    CHECK(auto_hsts_set(&last, 31536000), "the header is there");
    auto_hsts_end(&last);
    apache_edit_put(&last, &ended);
    CHECK_TEXT(buf_text(&ended), HOST("    X 1\n" HSTS), "ended");
}

TEST_MAIN()
