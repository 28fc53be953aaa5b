/* Looking whether names are served with their certificates, and challenges answered: by a server that is played. */
#include <fcntl.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "crypto/fixture.h"
#include "web/looking.h"

#define LONG_MS 60000 /* more than any machine needs */

/* Each name of the server has its answers, the last of them for ever. */
enum answer { OLD, NEW, REFUSED, BROKEN, NOTHING, STOP };

static struct buf old_der, new_der;
static const enum answer *script; /* of all names, ended by STOP */
static atomic_int looks;
static char asked[256]; /* the last question */

static void make_certs(void)
{
    AUTO(buf_clear) struct buf pem = BUF(65536);
    AUTO(free) char *path = test_path("fullchain.pem");
    AUTO(cert_free) struct cert *cert = NULL;
    EVP_PKEY *key = fixture_key("P-256");
    struct fixture from = { .key = key, .subject = "a.example", .san = "DNS:a.example,DNS:b.example", .serial = "0a" };
    struct error err = { 0 };

    old_der = BUF(65536);
    new_der = BUF(65536);
    fixture_der(&from, &old_der);
    from.serial = "0b";
    fixture_pem(&from, &pem);
    REQUIRE(cert_from_pem(buf_view(&pem), "", &cert, &err), "%s", err.why);
    buf_put(&new_der, buf_view(&cert->der));
    REQUIRE(file_replace(path, buf_view(&pem), FILE_PUBLIC, &err), "%s", err.why);
    EVP_PKEY_free(key);
}

static void clear_certs(void)
{
    buf_clear(&old_der);
    buf_clear(&new_der);
}

static enum answer next_answer(void)
{
    int look = atomic_fetch_add(&looks, 1), last = 0;

    while (script[last + 1] != STOP)
        last++;
    return script[look < last ? look : last];
}

static bool probe(struct net *net, const struct probe *question, struct probed *out, struct error *err)
{
    enum answer answer = next_answer();

    CHECK(net == NULL);
    (void)snprintf(asked, sizeof asked, "%s %d %s %d", question->address, question->port,
        question->sni != NULL ? question->sni : "-", question->key);
    if (answer == REFUSED)
        return error_set(err, ERROR_NETWORK, "127.0.0.1 port 443 refused the connection");
    if (answer == NOTHING)
        return true;
    out->count = 1;
    out->chain[0] = BUF(65536);
    buf_put(&out->chain[0], answer == OLD ? buf_view(&old_der) : answer == NEW ? buf_view(&new_der) : view_of("0"));
    return true;
}

TEST(one_name)
{
    static const struct {
        const char *name;
        enum answer script[6];
        const char *why; /* NULL: it is served */
        int looks;       /* 0: some */
    } cases[] = {
        { "at once", { NEW, STOP }, NULL, 1 },
        { "new workers take a while", { OLD, OLD, NEW, STOP }, NULL, 3 },
        { "a restart", { REFUSED, REFUSED, OLD, NEW, STOP }, NULL, 4 },
        { "never", { OLD, STOP }, "but one for a.example, b.example of 2026-11-01 (serial number a)", 0 },
        { "stopped", { REFUSED, STOP }, "127.0.0.1 port 443 refused the connection", 0 },
        { "no certificate", { NOTHING, STOP }, "but none", 0 },
        { "no certificate that we know", { BROKEN, STOP }, "but one that cannot be read", 0 },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(free) struct error *each = NULL;
        AUTO(free) char *path = NULL;
        struct looking looking = { .probe = probe, .limit_ms = cases[i].why != NULL ? 100 : LONG_MS };
        struct expected expected = { .name = "a.example", .address = "127.0.0.1", .port = 443, .key = PROBE_ECDSA };
        struct error err = { 0 };
        bool ok;

        make_certs();
        path = test_path("fullchain.pem");
        expected.fullchain = path;
        script = cases[i].script;
        looks = 0;
        ok = look_at_names(&looking, &expected, 1, &each, &err);
        CHECK(ok == (cases[i].why == NULL), "%s: %s", cases[i].name, err.why);
        CHECK(ok == (each == NULL), "%s", cases[i].name);
        CHECK_TEXT(asked, "127.0.0.1 443 a.example 2", cases[i].name);
        if (cases[i].looks != 0)
            CHECK_INT(looks, cases[i].looks, cases[i].name);
        if (cases[i].why != NULL)
            CHECK(err.kind == ERROR_PLUGIN && strstr(err.why, cases[i].why) != NULL, "%s: %s", cases[i].name, err.why);
        clear_certs();
    }
}

TEST(an_address_has_no_server_name)
{
    struct looking looking = { .probe = probe, .limit_ms = LONG_MS };
    AUTO(free) char *path = NULL;
    struct expected expected = { .name = "192.0.2.1", .is_ip = true, .address = "::1", .port = 8443 };
    struct error err = { 0 };

    make_certs();
    path = test_path("fullchain.pem");
    expected.fullchain = path;
    script = (const enum answer[]){ NEW, STOP };
    CHECK(look_at_names(&looking, &expected, 1, NULL, &err), "%s", err.why);
    CHECK_TEXT(asked, "::1 8443 - 0", "asked");
    clear_certs();
}

#define MANY 100

/* By name: those with an odd number are never served with the new one. */
static bool probe_many(struct net *net, const struct probe *question, struct probed *out, struct error *err)
{
    (void)net;
    (void)err;
    out->count = 1;
    out->chain[0] = BUF(65536);
    buf_put(&out->chain[0], buf_view((question->sni[1] - '0') % 2 == 1 ? &old_der : &new_der));
    return true;
}

TEST(many_names)
{
    AUTO(free) char *path = NULL;
    struct looking looking = { .probe = probe_many, .limit_ms = 50 };
    struct expected expected[MANY] = { 0 };
    struct error *each[MANY] = { 0 }, err = { 0 };
    char names[MANY][4];

    make_certs();
    path = test_path("fullchain.pem");
    for (size_t i = 0; i < MANY; i++) {
        (void)snprintf(names[i], sizeof names[i], "%02zu", i);
        expected[i] = (struct expected){ .name = names[i], .address = "127.0.0.1", .port = 443, .fullchain = path };
    }
    CHECK(!look_at_names(&looking, expected, MANY, each, &err));
    CHECK(strstr(err.what, "50 of 100 names are not served as they should be") != NULL, "%s", err.what);
    CHECK(strstr(err.why, "for 01, but one for") != NULL, "%s", err.why);
    for (size_t i = 0; i < MANY; i++) {
        CHECK((each[i] != NULL) == (i % 2 == 1), "%zu", i);
        CHECK(each[i] == NULL || strstr(each[i]->why, names[i]) != NULL, "%zu", i);
        free(each[i]);
    }
    CHECK(look_at_names(&looking, expected, 0, each, &err), "none");
    clear_certs();
}

TEST(a_file_that_is_none)
{
    AUTO(free) char *missing = test_path("missing.pem");
    struct looking looking = { .probe = probe, .limit_ms = LONG_MS };
    struct expected expected = { .name = "a", .address = "127.0.0.1", .port = 443, .fullchain = missing };
    struct error err = { 0 };

    looks = 0;
    CHECK(!look_at_names(&looking, &expected, 1, NULL, &err) && err.kind == ERROR_STORE, "%s", err.why);
    CHECK_INT(looks, 0, "nobody was asked");
}

static void append(const char *path, const char *text)
{
    AUTO(close) int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);

    REQUIRE(fd >= 0 && file_write_all(fd, view_of(text)));
}

TEST(a_refusal_in_the_log_ends_it)
{
    AUTO(free) char *path = NULL, *log_path = test_path("error.log");
    AUTO(web_log_clear) struct web_log log = { 0 };
    struct looking looking = { .probe = probe, .limit_ms = LONG_MS, .log = &log };
    struct expected expected = { .name = "a.example", .address = "127.0.0.1", .port = 443 };
    struct error err = { 0 };
    int64_t begun = clock_monotonic_ms();

    make_certs();
    path = test_path("fullchain.pem");
    expected.fullchain = path;
    web_log_mark(&log, log_path);
    append(log_path, "2026/11/30 15:08:07 [emerg] 7#7: still could not bind()\n");
    script = (const enum answer[]){ OLD, STOP };
    CHECK(!look_at_names(&looking, &expected, 1, NULL, &err));
    CHECK(strstr(err.why, "still could not bind()") != NULL, "%s", err.why);
    CHECK(clock_monotonic_ms() - begun < LONG_MS);
    script = (const enum answer[]){ NEW, STOP };
    CHECK(look_at_names(&looking, &expected, 1, NULL, &err), "what is served counts: %s", err.why);
    clear_certs();
}

/* ---- challenges ---- */

static const struct page {
    int status;
    const char *body, *location;
} * pages; /* ended by status -1; status 0: no answer */

static bool http(struct net *net, const struct http_request *request, struct http_response *out, struct error *err)
{
    const struct page *page = pages;

    CHECK(net == NULL && !request->follow);
    (void)snprintf(asked, sizeof asked, "%s %s", request->at, request->url);
    if (page[1].status >= 0)
        pages++;
    if (page->status == 0)
        return error_set(err, ERROR_NETWORK, "no connection");
    out->status = page->status;
    out->body = BUF(65536);
    buf_put_text(&out->body, page->body);
    if (page->location != NULL) {
        out->headers[0].name = xstrdup("location");
        out->headers[0].value = xstrdup(page->location);
        out->header_count = 1;
    }
    return true;
}

TEST(challenges)
{
    static const struct {
        const char *name, *address, *host;
        struct page pages[5];
        const char *why; /* NULL: it is answered */
        const char *asked;
    } cases[] = {
        { "at once", "127.0.0.1", "a.example", { { 200, "token.key", NULL }, { -1, NULL, NULL } }, NULL,
            "127.0.0.1:8080 http://a.example/.well-known/acme-challenge/token" },
        { "with a line end", "::1", "2001:db8::1", { { 200, "token.key\n", NULL }, { -1, NULL, NULL } }, NULL,
            "[::1]:8080 http://[2001:db8::1]/.well-known/acme-challenge/token" },
        { "after a while", "127.0.0.1", "a.example",
            { { 0, NULL, NULL }, { 404, "no", NULL }, { 200, "else", NULL }, { 200, "token.key", NULL },
                { -1, NULL, NULL } },
            NULL, "127.0.0.1:8080 http://a.example/.well-known/acme-challenge/token" },
        { "never", "127.0.0.1", "a.example", { { 404, "no", NULL }, { -1, NULL, NULL } },
            "http://a.example/.well-known/acme-challenge/token is answered with status 404 at 127.0.0.1:8080",
            "127.0.0.1:8080 http://a.example/.well-known/acme-challenge/token" },
        { "somewhere else", "127.0.0.1", "a.example", { { 301, "", "https://a.example/" }, { -1, NULL, NULL } },
            "is redirected to https://a.example/ at 127.0.0.1:8080 (status 301)",
            "127.0.0.1:8080 http://a.example/.well-known/acme-challenge/token" },
        { "something else", "127.0.0.1", "a.example", { { 200, "welcome", NULL }, { -1, NULL, NULL } },
            "is answered with something else", "127.0.0.1:8080 http://a.example/.well-known/acme-challenge/token" },
        { "no server", "127.0.0.1", "a.example", { { 0, NULL, NULL }, { -1, NULL, NULL } }, "no connection",
            "127.0.0.1:8080 http://a.example/.well-known/acme-challenge/token" },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct looking looking = { .http = http, .limit_ms = cases[i].why != NULL ? 50 : LONG_MS };
        struct error err = { 0 };

        pages = cases[i].pages;
        CHECK(look_at_challenge(&looking, cases[i].address, 8080, cases[i].host, "/.well-known/acme-challenge/token",
                  "token.key", &err) == (cases[i].why == NULL),
            "%s: %s", cases[i].name, err.why);
        CHECK_TEXT(asked, cases[i].asked, cases[i].name);
        if (cases[i].why != NULL)
            CHECK(err.kind == ERROR_PLUGIN && strstr(err.why, cases[i].why) != NULL, "%s: %s", cases[i].name, err.why);
    }
}

TEST_MAIN()
