/* When a managed TLS file is written, replaced and left alone, and what it says. */
#include "base/log.h"
#include "base/test.h"
#include "base/text.h"
#include "crypto/key.h"
#include "web/managed_file.h"
#include "web/version.h"

#define CERTBOT_NGINX "5e21cc66989f26ec46116d979421e538131cf8ab33ffff3f682fbfe491b0ace8"

static const struct managed_facts new_server = { .tls13 = true, .tickets = true }, old_server = { 0 };

static void put(const char *name, const char *text)
{
    AUTO(free) char *path = test_path(name);
    struct error err = { 0 };

    REQUIRE(file_replace(path, view_of(text), FILE_PUBLIC, &err), "%s", err.why);
}

/* The content, of the caller's; NULL when there is no such file. */
static char *get(const char *name)
{
    AUTO(free) char *path = test_path(name);
    AUTO(buf_clear) struct buf text = BUF(FILE_MAX_TEXT);
    struct error err = { 0 };

    if (!file_exists(path))
        return NULL;
    REQUIRE(file_read(path, &text, &err), "%s", err.why);
    return buf_take(&text);
}

static char *digest(const char *text)
{
    AUTO(buf_clear) struct buf sha = BUF(32), hex = BUF(64);
    struct error err = { 0 };

    REQUIRE(digest_sha256(view_of(text), &sha, &err), "%s", err.why);
    buf_put_hex(&hex, buf_view(&sha));
    return buf_take(&hex);
}

static void count(void *ctx, enum log_level level, const char *message)
{
    (void)message;
    *(int *)ctx += level >= LOG_LEVEL_WARNING;
}

static int keep(enum managed_file file, const struct managed_facts *facts)
{
    struct error err = { 0 };
    int warnings = 0;

    log_thread_sink(count, &warnings);
    CHECK(managed_file_keep(test_dir(), file, facts, &err), "%s", err.why);
    log_thread_sink(NULL, NULL);
    return warnings;
}

TEST(what_becomes_of_a_file)
{
    const char *ours = managed_file_text(MANAGED_OPTIONS_NGINX, &new_server).at,
               *older = managed_file_text(MANAGED_OPTIONS_NGINX, &old_server).at;
    AUTO(free) char *ours_digest = digest(ours);
    const struct {
        const char *name, *text, *digest; /* before; NULL: missing */
        const char *then, *digest_then;
        int warnings;
    } cases[] = {
        { "missing", NULL, NULL, ours, ours_digest, 0 },
        { "missing, told before", NULL, CERTBOT_NGINX, ours, ours_digest, 0 },
        { "present", ours, NULL, ours, NULL, 0 },
        { "an earlier release", older, "of it", ours, ours_digest, 0 },
        { "the user's", "mine\n", NULL, "mine\n", ours_digest, 1 },
        { "the user's, empty", "", NULL, "", ours_digest, 1 },
        { "the user's, an older release known", "mine\n", "of it", "mine\n", ours_digest, 1 },
        { "the user's, told", "mine\n", ours_digest, "mine\n", ours_digest, 0 },
        { "the user's, told by Certbot", "mine\n", CERTBOT_NGINX, "mine\n", CERTBOT_NGINX, 0 },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(free) char *text = NULL, *saved = NULL;

        test_drop_dir();
        if (cases[i].text != NULL)
            put("options-ssl-nginx.conf", cases[i].text);
        if (cases[i].digest != NULL)
            put(".updated-options-ssl-nginx-conf-digest.txt", cases[i].digest);
        CHECK_INT(keep(MANAGED_OPTIONS_NGINX, &new_server), cases[i].warnings, cases[i].name);
        text = get("options-ssl-nginx.conf");
        saved = get(".updated-options-ssl-nginx-conf-digest.txt");
        CHECK_TEXT(text, cases[i].then, cases[i].name);
        CHECK_TEXT(saved, cases[i].digest_then, cases[i].name);
        CHECK_INT(keep(MANAGED_OPTIONS_NGINX, &new_server), 0, cases[i].name);
    }
}

TEST(dh_parameters_are_those_of_rfc_7919)
{
    AUTO(free) char *text = NULL, *of_it = NULL;

    CHECK_INT(keep(MANAGED_DHPARAMS, NULL), 0, "missing");
    text = get("ssl-dhparams.pem");
    REQUIRE(text != NULL);
    of_it = digest(text);
    CHECK_TEXT(of_it, "9ba6429597aeed2d8617a7705b56e96d044f64b07971659382e426675105654b", "as Certbot's");
}

TEST(a_link_stays_one_and_its_target_keeps_its_mode)
{
    AUTO(free) char *link = test_path("options-ssl-apache.conf"), *target = test_path("elsewhere"), *text = NULL;
    struct stat st;

    put("elsewhere", managed_file_text(MANAGED_OPTIONS_APACHE, &old_server).at);
    REQUIRE(chmod(target, 0640) == 0 && symlink("elsewhere", link) == 0);
    CHECK_INT(keep(MANAGED_OPTIONS_APACHE, &new_server), 0, "an earlier release behind a link");
    text = get("elsewhere");
    CHECK_TEXT(text, managed_file_text(MANAGED_OPTIONS_APACHE, &new_server).at, "the target");
    CHECK(file_is_link(link));
    CHECK(stat(target, &st) == 0 && (st.st_mode & 07777) == 0640);
}

TEST(what_a_server_understands)
{
    static const struct {
        const char *server, *openssl;
        bool tls13, tickets, apache_tickets;
    } cases[] = {
        { "1.22.1", "3.0.19", true, true, false },
        { "1.12.2", "1.0.2k", false, false, false },
        { "1.12.2", "1.0.2l", false, true, false },
        { "1.13.0", "1.0.2k", true, false, false },
        { "1.5.8", "1.1.1", false, false, false },
        { "2.4.11", "1.0.2l", true, true, true },
        { "2.4.10", "1.0.2l", true, true, false },
        { "2.4.62", "1.0.1t", true, false, false },
        { "2.4.62", "", true, false, true },
        { "2.4.10", "", true, false, false },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        unsigned server = web_version(view_of(cases[i].server)),
                 openssl = web_openssl_version(view_of(cases[i].openssl));
        struct managed_facts nginx = managed_facts_nginx(server, openssl),
                             apache = managed_facts_apache(server, openssl);

        CHECK(nginx.tls13 == cases[i].tls13 && nginx.tickets == cases[i].tickets, "%s %s", cases[i].server,
            cases[i].openssl);
        CHECK(apache.tickets == cases[i].apache_tickets, "%s %s", cases[i].server, cases[i].openssl);
    }
}

TEST(versions)
{
    static const struct {
        const char *text;
        unsigned server, openssl;
    } cases[] = {
        { "1.22.1", 1022001, 1220100 },
        { "1.25", 1025000, 1250000 },
        { "2.4.62 (Debian)", 2004062, 2046200 },
        { "1.0.2l", 1000002, 1000212 },
        { "1.1.1n  15 Mar 2022", 1001001, 1010114 },
        { "3.5.1-dev", 3005001, 3050100 },
        { "1.2.3.4", 1002003, 1020300 },
        { "1.2.", 1002000, 1020000 },
        { "1", 0, 0 },
        { "1.x", 0, 0 },
        { ".1", 0, 0 },
        { "", 0, 0 },
        { "v1.2", 0, 0 },
        { "1.1000", 0, 0 },
        { "99999999999999999999.1", 0, 0 },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        CHECK_INT(web_version(view_of(cases[i].text)), cases[i].server, cases[i].text);
        CHECK_INT(web_openssl_version(view_of(cases[i].text)), cases[i].openssl, cases[i].text);
    }
}

TEST_MAIN()
