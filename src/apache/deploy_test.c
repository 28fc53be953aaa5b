#include "base/test.h"

#include "apache/deploy.h"

#define LIVE "/etc/letsencrypt/live/a.example/"
#define RSA "/etc/letsencrypt/live/a.example-rsa/"
#define OPTIONS "/etc/letsencrypt/options-ssl-apache.conf"

static const struct pair one[] = {
    { .cert = LIVE "cert.pem", .key = LIVE "privkey.pem", .chain = LIVE "chain.pem", .fullchain = LIVE "fullchain.pem" }
};
static const struct pair two[] = { { .key = LIVE "privkey.pem", .fullchain = LIVE "fullchain.pem" },
    { .key = RSA "privkey.pem", .fullchain = RSA "fullchain.pem" } };
static const struct pair apart[] = { { .cert = "/c.pem", .key = "/k.pem", .chain = "/i.pem" } };

#define CERT "SSLCertificateFile " LIVE "fullchain.pem\n"
#define KEY "SSLCertificateKeyFile " LIVE "privkey.pem\n"
#define CERT_RSA "SSLCertificateFile " RSA "fullchain.pem\n"
#define KEY_RSA "SSLCertificateKeyFile " RSA "privkey.pem\n"
#define INCLUDE "Include " OPTIONS "\n"

/* stays: a text in the path of certificates that stay; names: added, with blanks between. */
static const struct {
    const char *name, *before, *after;
    const struct pair *pairs;
    size_t pair_count;
    const char *stays, *names;
    bool includes, own;
} cases[] = {
    { "nothing there", "<VirtualHost *:443>\n    ServerName a\n</VirtualHost>\n",
        "<VirtualHost *:443>\n    ServerName a\n    " INCLUDE "    " CERT "    " KEY "</VirtualHost>\n", one, 1 },
    { "empty host", "  <VirtualHost *:443>\n  </VirtualHost>\n",
        "  <VirtualHost *:443>\n      " INCLUDE "      " CERT "      " KEY "  </VirtualHost>\n", one, 1 },
    { "tabs and CR LF", "<VirtualHost *:443>\r\n\tServerName a\r\n</VirtualHost>\r\n",
        "<VirtualHost *:443>\r\n\tServerName a\r\n\tInclude " OPTIONS "\r\n\tSSLCertificateFile " LIVE
        "fullchain.pem\r\n\tSSLCertificateKeyFile " LIVE "privkey.pem\r\n</VirtualHost>\r\n",
        one, 1 },
    { "in the place of another",
        "<VirtualHost *:443>\n  SSLEngine on\n  SSLCertificateFile \"/old.pem\"\n  SSLCertificateKeyFile /old.key\n"
        "  DocumentRoot /x\n</VirtualHost>\n",
        "<VirtualHost *:443>\n  SSLEngine on\n  " CERT "  " KEY "  DocumentRoot /x\n  " INCLUDE "</VirtualHost>\n", one,
        1 },
    { "chain goes",
        "<VirtualHost *:443>\n  SSLCertificateChainFile /chain\n  sslcertificatefile /old\n  SSLCertificateKeyFile /k\n"
        "</VirtualHost>\n",
        "<VirtualHost *:443>\n  sslcertificatefile " LIVE "fullchain.pem\n  " KEY "  " INCLUDE "</VirtualHost>\n", one,
        1 },
    { "twice the same: once",
        "<VirtualHost *:443>\n  SSLCertificateFile /a\n  SSLCertificateFile /b\n  SSLCertificateKeyFile /c\n"
        "  SSLCertificateKeyFile /d\n</VirtualHost>\n",
        "<VirtualHost *:443>\n  " CERT "  " KEY "  " INCLUDE "</VirtualHost>\n", one, 1 },
    { "key in the certificate's file", "<VirtualHost *:443>\n  SSLCertificateFile /a\n  X 1\n</VirtualHost>\n",
        "<VirtualHost *:443>\n  " CERT "  " KEY "  X 1\n  " INCLUDE "</VirtualHost>\n", one, 1 },
    { "in a condition within the host",
        "<VirtualHost *:443>\n<IfModule mod_ssl.c>\n  SSLCertificateFile /a\n  SSLCertificateKeyFile /b\n"
        "</IfModule>\n</VirtualHost>\n",
        "<VirtualHost *:443>\n<IfModule mod_ssl.c>\n  " CERT "  " KEY "</IfModule>\n" INCLUDE "</VirtualHost>\n", one,
        1 },
    { "nothing to do", "<VirtualHost *:443>\n  " INCLUDE "  " KEY "  " CERT "</VirtualHost>\n", NULL, one, 1 },
    { "a second key type", "<VirtualHost *:443>\n  " CERT "  " KEY "  " INCLUDE "</VirtualHost>\n",
        "<VirtualHost *:443>\n  " CERT "  " KEY "  " CERT_RSA "  " KEY_RSA "  " INCLUDE "</VirtualHost>\n", two, 2 },
    { "both there, in the other order", "<VirtualHost *:443>\n" CERT_RSA KEY_RSA CERT KEY INCLUDE "</VirtualHost>\n",
        NULL, two, 2 },
    { "the other type stays", "<VirtualHost *:443>\n" CERT_RSA KEY_RSA INCLUDE "</VirtualHost>\n",
        "<VirtualHost *:443>\n" CERT_RSA KEY_RSA CERT KEY INCLUDE "</VirtualHost>\n", one, 1, "-rsa/" },
    { "the other type stays, the same is replaced",
        "<VirtualHost *:443>\n" CERT_RSA KEY_RSA "SSLCertificateFile /old\nSSLCertificateKeyFile /old.key\n" INCLUDE
        "</VirtualHost>\n",
        "<VirtualHost *:443>\n" CERT_RSA KEY_RSA CERT KEY INCLUDE "</VirtualHost>\n", one, 1, "-rsa/" },
    { "own options win",
        "<VirtualHost *:443>\n  ServerName a\n  SSLProtocol TLSv1.3\n  " CERT "  " KEY "</VirtualHost>\n",
        "<VirtualHost *:443>\n  " INCLUDE "  ServerName a\n  SSLProtocol TLSv1.3\n  " CERT "  " KEY "</VirtualHost>\n",
        one, 1 },
    { "own options of an included file", "<VirtualHost *:443>\n  Include tls.conf\n  " CERT "  " KEY "</VirtualHost>\n",
        "<VirtualHost *:443>\n  " INCLUDE "  Include tls.conf\n  " CERT "  " KEY "</VirtualHost>\n", one, 1,
        .own = true },
    { "options read by another file", "<VirtualHost *:443>\n  Include all.conf\n  " CERT "  " KEY "</VirtualHost>\n",
        NULL, one, 1, .includes = true },
    { "three files", "<VirtualHost *:443>\nX 1\n</VirtualHost>\n",
        "<VirtualHost *:443>\nX 1\n" INCLUDE "SSLCertificateFile /c.pem\nSSLCertificateKeyFile /k.pem\n"
        "SSLCertificateChainFile /i.pem\n</VirtualHost>\n",
        apart, 1 },
    { "three files, replaced",
        "<VirtualHost *:443>\nSSLCertificateFile /o\nSSLCertificateKeyFile /p\nSSLCertificateChainFile /q\n" INCLUDE
        "</VirtualHost>\n",
        "<VirtualHost *:443>\nSSLCertificateFile /c.pem\nSSLCertificateKeyFile /k.pem\nSSLCertificateChainFile "
        "/i.pem\n" INCLUDE "</VirtualHost>\n",
        apart, 1 },
    { "a name for one that has none", "<VirtualHost *:443>\n  X 1\n  " INCLUDE "  " CERT "  " KEY "</VirtualHost>\n",
        "<VirtualHost *:443>\n  ServerName b.example\n  ServerAlias c.example\n  X 1\n  " INCLUDE "  " CERT "  " KEY
        "</VirtualHost>\n",
        one, 1, .names = "b.example c.example" },
    { "a further name",
        "<VirtualHost *:443>\n  ServerName a\n  ServerAlias b\n  X 1\n  " INCLUDE "  " CERT "  " KEY "</VirtualHost>\n",
        "<VirtualHost *:443>\n  ServerName a\n  ServerAlias b\n  ServerAlias c.example\n  X 1\n  " INCLUDE "  " CERT
        "  " KEY "</VirtualHost>\n",
        one, 1, .names = "c.example" },
    { "the second host of a text",
        "<VirtualHost *:80>\n" CERT "</VirtualHost>\n<VirtualHost *:443>\n" INCLUDE CERT KEY "</VirtualHost>\n", NULL,
        one, 1 },
    { "Latin-1", "<VirtualHost *:443>\n# caf\xe9\n" INCLUDE "SSLCertificateFile /caf\xe9\n" KEY "</VirtualHost>\n",
        "<VirtualHost *:443>\n# caf\xe9\n" INCLUDE CERT KEY "</VirtualHost>\n", one, 1 },
};

static bool stays(void *arg, const char *cert_path)
{
    return strstr(cert_path, arg) != NULL;
}

static struct list names_of(const char *text)
{
    struct list names = { 0 };
    struct view rest = view_of(text), word;

    while (text != NULL && view_cut(&rest, ' ', &word))
        list_add_view(&names, word);
    return names;
}

/* The last host of the text with the certificate of the row. */
static void deploy_row(size_t i, const char *before, struct buf *after)
{
    AUTO(apache_edit_close) struct apache_edit edit = { 0 };
    AUTO(apache_tree_free) struct apache_tree *tree = NULL;
    AUTO(list_clear) struct list names = names_of(cases[i].names);
    struct apache_certificate certificate = {
        .pairs = cases[i].pairs,
        .pair_count = cases[i].pair_count,
        .options_file = OPTIONS,
        .includes_options = cases[i].includes,
        .has_own_options = cases[i].own,
        .names = &names,
        .stays = cases[i].stays != NULL ? stays : NULL,
        .arg = (void *)cases[i].stays,
    };
    struct error err = { 0 };

    REQUIRE(apache_parse(view_of(before), "t", &tree, &err), "%s: %s", cases[i].name, err.why);
    REQUIRE(apache_edit_open(view_of(before), "t", apache_vhosts_in(tree) - 1, &edit, &err), "%s: %s", cases[i].name,
        err.why);
    apache_deploy(&edit, &certificate);
    apache_edit_put(&edit, after);
}

TEST(deploying)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(buf_clear) struct buf after = BUF(65536), again = BUF(65536);
        const char *want = cases[i].after != NULL ? cases[i].after : cases[i].before;

        deploy_row(i, cases[i].before, &after);
        CHECK_TEXT(buf_text(&after), want, cases[i].name);
        if (cases[i].names != NULL) /* who deploys knows by then that the host has them */
            continue;
        deploy_row(i, buf_text(&after), &again);
        CHECK_TEXT(buf_text(&again), want, cases[i].name);
    }
}

TEST(host_that_is_gone)
{
    AUTO(apache_edit_close) struct apache_edit edit = { 0 };
    struct error err = { 0 };

    CHECK(!apache_edit_open(view_of("<VirtualHost *:80>\n</VirtualHost>\n"), "/x.conf", 1, &edit, &err));
    CHECK(err.kind == ERROR_PLUGIN && strstr(err.why, "/x.conf") != NULL, "%s", err.why);
}

TEST_MAIN()
