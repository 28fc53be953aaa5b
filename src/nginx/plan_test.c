/* What the clerk looks at for a plan: the certificates that blocks name, and files in the config dir. */
#include "crypto/fixture.h"

#include "base/file.h"
#include "config/settings.h"
#include "nginx/plan.h"

static char *put_cert(const char *kind, const char *san, const char *not_after)
{
    AUTO(buf_clear) struct buf pem = BUF(65536);
    struct fixture from = { .subject = "x", .san = san, .not_after = not_after };
    EVP_PKEY *key = fixture_key(kind);
    char *path = test_path("old.pem");
    struct error err = { 0 };

    from.digest = strcmp(kind, "ED25519") == 0 ? "" : NULL;
    from.key = key;
    fixture_pem(&from, &pem);
    REQUIRE(file_replace(path, buf_view(&pem), FILE_PUBLIC, &err), "%s", err.why);
    EVP_PKEY_free(key);
    return path;
}

static struct nginx_install_plan *plan_for(const char *names)
{
    struct nginx_install_plan *plan = xcalloc(1, sizeof *plan);
    AUTO(list_clear) struct list list = { 0 }, none = { 0 };
    AUTO(identifiers_clear) struct identifiers identifiers = { 0 };
    struct view rest = view_of(names), name;

    while (view_cut(&rest, ' ', &name))
        list_add_view(&list, name);
    identifiers = identifiers_of(&list, &none);
    plan->deployment = deployment_dup(&(struct deployment){ .names = &identifiers });
    return plan;
}

#define LATER "40000101000000Z"

TEST(certificates_of_blocks)
{
    static const struct {
        const char *name, *kind, *san, *not_after, *names;
        bool known, covers;
        enum key_type type;
    } rows[] = {
        { "for the names", "P-256", "DNS:a.test,DNS:b.test", LATER, "a.test b.test", true, true, KEY_EC },
        { "the other type of key", "RSA", "DNS:a.test", LATER, "a.test", true, true, KEY_RSA },
        { "a type that we do not know", "ED25519", "DNS:a.test", LATER, "a.test", false, true, KEY_RSA },
        { "a name less", "P-256", "DNS:a.test", LATER, "a.test b.test", true, false, KEY_EC },
        { "by a wildcard", "P-256", "DNS:*.test", LATER, "a.test b.test", true, true, KEY_EC },
        { "a wildcard of one label", "P-256", "DNS:*.test", LATER, "a.b.test", true, false, KEY_EC },
        { "it has expired", "P-256", "DNS:a.test", "20200101000000Z", "a.test", true, false, KEY_EC },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(nginx_plan_free) struct nginx_install_plan *plan = plan_for(rows[i].names);
        AUTO(free) char *path = put_cert(rows[i].kind, rows[i].san, rows[i].not_after);
        struct nginx_files files = { 0 };
        struct nginx_task task = nginx_plan_task(plan, &files);
        struct nginx_cert cert;

        task.look(task.look_arg, path, &cert);
        CHECK(cert.known == rows[i].known && cert.covers == rows[i].covers, "%s: %d, %d", rows[i].name, cert.known,
            cert.covers);
        CHECK(!cert.known || cert.type == rows[i].type, "%s", rows[i].name);
        REQUIRE(unlink(path) == 0);
        cert = (struct nginx_cert){ 0 };
        task.look(task.look_arg, path, &cert);
        CHECK(cert.covers == rows[i].covers, "%s: each file is read once", rows[i].name);
    }
}

TEST(no_certificate)
{
    AUTO(nginx_plan_free) struct nginx_install_plan *plan = plan_for("a.test");
    AUTO(free) char *path = test_path("text.pem");
    struct nginx_files files = { 0 };
    struct nginx_task task = nginx_plan_task(plan, &files);
    struct nginx_cert cert = { .known = true, .covers = true };
    struct error err = { 0 };

    task.look(task.look_arg, "/nonexistent", &cert);
    CHECK(!cert.known && !cert.covers, "no file");
    cert = (struct nginx_cert){ .known = true, .covers = true };
    REQUIRE(file_replace(path, view_of("no PEM\n"), FILE_PUBLIC, &err), "%s", err.why);
    task.look(task.look_arg, path, &cert);
    CHECK(!cert.known && !cert.covers, "no certificate");
}

/* What the options file says is what a block need not say; where it is not there yet, what it will say. */
TEST(the_options_file)
{
    AUTO(free) char *dir = test_path("c");
    struct settings settings = { .config_dir = dir };
    struct nginx_server server = { .settings = &settings, .facts = { .version = 1022001, .openssl = 3000000 } };
    AUTO(nginx_files_clear) struct nginx_files before = { 0 }, after = { 0 };
    struct error err = { 0 };

    nginx_files_find(&server, &before);
    CHECK(strstr(buf_text(&before.options), "ssl_protocols") != NULL, "%s", buf_text(&before.options));
    CHECK(strcmp(before.live_dir + strlen(dir), "/live/") == 0, "%s", before.live_dir);
    REQUIRE(file_mkdirs(dir, 0755, &err), "%s", err.why);
    REQUIRE(file_replace(before.options_path, view_of("ssl_session_timeout 5m;\n"), FILE_PUBLIC, &err), "%s", err.why);
    nginx_files_find(&server, &after);
    CHECK_TEXT(buf_text(&after.options), "ssl_session_timeout 5m;\n", "as the user has it");
}

TEST_MAIN()
