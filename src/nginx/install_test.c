/* Plans of the installer put into effect: one transaction for all of a group, with a server that is played. */
#include "base/test_files.h"

#include "base/log.h"
#include "config/settings.h"
#include "nginx/plan.h"
#include "voice/voice.h"
#include "web/checkpoint.h"

#define PLANS 2

/* ---- a server that is played ---- */

static struct {
    int tests, reloads;
    int refuses_test, refuses_reload; /* the call of that number fails, from 1 on; 0: none */
    const char *refuses_word;         /* its test fails as long as a site has that; NULL: none */
} played;

static char *site(const char *name)
{
    char *text = read_text(at("n/sites/%s", name));

    return text != NULL ? text : xstrdup("(none)");
}

static bool any_has(const char *word)
{
    static const char *const names[] = { "a", "b", "c" };

    for (size_t i = 0; i < COUNT(names); i++) {
        AUTO(free) char *text = site(names[i]);

        if (strstr(text, word) != NULL)
            return true;
    }
    return false;
}

static bool play_test(const struct web_server *of, struct error *err)
{
    (void)of;
    played.tests++;
    return (played.tests != played.refuses_test && (played.refuses_word == NULL || !any_has(played.refuses_word))) ||
           error_set(err, ERROR_PLUGIN, "nginx.conf:1: refused");
}

static bool play_reload(const struct web_server *of, struct web_log *log, struct error *err)
{
    (void)of;
    if (log != NULL)
        web_log_mark(log, NULL);
    played.reloads++;
    return played.reloads != played.refuses_reload || error_set(err, ERROR_PLUGIN, "no such process");
}

static const struct web_calls calls = { play_test, play_reload, NULL };
static const struct web_server web = { .name = "nginx" };
static struct settings settings = { .http_01_port = 80, .https_port = 443 };
static char work_dir[4096], conf_path[4096], config_dir[4096];

#define BLOCK(name) "server {\n    listen 80;\n    server_name " name ";\n}\n"

static struct nginx_server begin(void)
{
    struct error err = { 0 };

    memset(&played, 0, sizeof played);
    REQUIRE(file_remove_tree(at("work"), &err) && file_mkdirs(at("work"), 0755, &err), "%s", err.why);
    REQUIRE(file_mkdirs(at("n/sites"), 0755, &err) && file_mkdirs(at("c"), 0755, &err), "%s", err.why);
    write_text(at("n/nginx.conf"), "events {}\nhttp {\n    include sites/*;\n}\n");
    write_text(at("n/sites/a"), BLOCK("a.example www.a.example"));
    write_text(at("n/sites/b"), BLOCK("b.example"));
    write_text(at("n/sites/c"), "server {\n    listen 80;\n    listen 8443 ssl;\n    server_name c.example;\n}\n");
    write_text(at("c/options-ssl-nginx.conf"), "ssl_protocols TLSv1.2 TLSv1.3;\n");
    (void)snprintf(work_dir, sizeof work_dir, "%s", at("work"));
    (void)snprintf(conf_path, sizeof conf_path, "%s", at("n/nginx.conf"));
    (void)snprintf(config_dir, sizeof config_dir, "%s", at("c"));
    settings.config_dir = config_dir;
    return (struct nginx_server){ .settings = &settings,
        .conf_path = conf_path,
        .facts = { .version = 1022001, .openssl = 3000000 },
        .plugin = { .service = { .server = &web, .voice = &voice_own, .work_dir = work_dir, .calls = &calls } } };
}

/* ---- plans ---- */

/* Of the names of a lineage, "a.example,b.example"; the caller's. */
static struct nginx_install_plan *make_plan(const char *names, unsigned enhancements, bool in_use)
{
    struct nginx_install_plan *plan = xcalloc(1, sizeof *plan);
    AUTO(list_clear) struct list list = { 0 }, none = { 0 };
    AUTO(identifiers_clear) struct identifiers identifiers = { 0 };
    AUTO(free) char *fullchain = xprintf("/l/%s/full", names), *key = xprintf("/l/%s/key", names);
    struct pair pair = { .key = key, .fullchain = fullchain };
    struct view rest = view_of(names), name;

    while (view_cut(&rest, ',', &name))
        list_add_view(&list, name);
    identifiers = identifiers_of(&list, &none);
    plan->plan.kind = WEB_PLAN_INSTALL;
    plan->ports = (struct nginx_ports){ 80, 443 };
    plan->deployment = deployment_dup(&(struct deployment){ .lineage = "l",
        .names = &identifiers,
        .pairs = &pair,
        .pair_count = 1,
        .enhancements = enhancements,
        .in_use = in_use });
    return plan;
}

static size_t backup_count(void)
{
    AUTO(list_clear) struct list names = { 0 };
    struct error err = { 0 };

    REQUIRE(checkpoint_list(work_dir, &names, &err), "%s", err.why);
    return names.len;
}

#define REDIRECT ENHANCEMENT(ENHANCE_REDIRECT)
#define HSTS ENHANCEMENT(ENHANCE_HSTS)

TEST(groups)
{
    static const struct {
        const char *name, *plans[PLANS];
        unsigned enhancements;
        int refuses_test, refuses_reload;
        bool ok;
        int tests, reloads;
        size_t backups;
        const char *sites;      /* that have the certificate then, with blanks between */
        const char *why[PLANS]; /* of each plan; NULL: none */
        const char *whole;      /* of all */
    } rows[] = {
        { "two plans are one commit", { "a.example", "b.example" }, 0, 0, 0, true, 2, 1, 1, "a b", { NULL }, NULL },
        { "each enhancement is a checkpoint of its own", { "a.example" }, REDIRECT | HSTS, 0, 0, true, 2, 1, 3, "a",
            { NULL }, NULL },
        { "a name that no block has fails alone", { "b.example", "x.example" }, 0, 0, 0, true, 2, 1, 1, "b",
            { NULL, "no single default" }, NULL },
        { "also after edits, which are made anew without it", { "x.example,b.example", "b.example" }, 0, 0, 0, true, 2,
            1, 1, "b", { "no single default", NULL }, NULL },
        { "one that the test refuses before", { "a.example" }, 0, 1, 0, false, 1, 0, 0, "", { NULL },
            "before anything was changed" },
        { "refused by the test", { "a.example", "b.example" }, 0, 2, 0, false, 2, 0, 0, "", { NULL }, "refused" },
        { "the reload fails: it has the old ones again", { "a.example" }, REDIRECT, 0, 1, false, 2, 2, 0, "", { NULL },
            "no such process" },
        { "a wildcard of which no block has any name", { "*.x.test", "b.example" }, 0, 0, 0, true, 2, 1, 1, "b",
            { "*.x.test", NULL }, NULL },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct nginx_server server = begin();
        struct nginx_install_plan *plans[PLANS];
        struct error *each[PLANS] = { NULL }, err = { 0 };
        void *at_plans[PLANS];
        size_t count = 0;
        AUTO(free) char *all = NULL;
        AUTO(list_clear) struct list have = { 0 };
        static const char *const names[] = { "a", "b", "c" };
        bool ok;

        for (; count < PLANS && rows[i].plans[count] != NULL; count++)
            at_plans[count] = plans[count] = make_plan(rows[i].plans[count], rows[i].enhancements, false);
        played.refuses_test = rows[i].refuses_test;
        played.refuses_reload = rows[i].refuses_reload;
        ok = nginx_install(&server, at_plans, count, each, &err);
        CHECK(ok == rows[i].ok, "%s: %s", rows[i].name, err.why);
        CHECK(ok || strstr(err.why, rows[i].whole) != NULL || strstr(err.what, rows[i].whole) != NULL, "%s: %s: %s",
            rows[i].name, err.what, err.why);
        CHECK_INT(played.tests, rows[i].tests, rows[i].name);
        CHECK_INT(played.reloads, rows[i].reloads, rows[i].name);
        CHECK_INT(backup_count(), rows[i].backups, rows[i].name);
        for (size_t k = 0; k < COUNT(names); k++) {
            AUTO(free) char *text = site(names[k]);

            if (strstr(text, "ssl_certificate /l/") != NULL)
                list_add(&have, names[k]);
        }
        all = list_join(&have, " ");
        CHECK_TEXT(all, rows[i].sites, rows[i].name);
        for (size_t k = 0; k < count; k++) {
            const char *why = each[k] != NULL ? each[k]->why : NULL;

            CHECK((why == NULL) == (rows[i].why[k] == NULL), "%s, %zu: %s", rows[i].name, k, why);
            CHECK(why == NULL || rows[i].why[k] == NULL || strstr(why, rows[i].why[k]) != NULL, "%s, %zu: %s",
                rows[i].name, k, why);
            free(each[k]);
            nginx_plan_free(plans[k]);
        }
        nginx_reading_clear(&server.kept);
    }
}

static bool install(struct nginx_server *server, struct nginx_install_plan *plan, struct error *err)
{
    struct error *each = NULL;
    void *at_plan = plan;
    bool ok = nginx_install(server, &at_plan, 1, &each, err);

    CHECK(each == NULL, "%s", each != NULL ? each->why : "");
    free(each);
    return ok;
}

/* Renewed files are read, though nothing changes; what is in place already costs nothing. */
TEST(nothing_to_change)
{
    struct nginx_server server = begin();
    AUTO(nginx_plan_free) struct nginx_install_plan *plan = make_plan("a.example", HSTS, false);
    AUTO(nginx_plan_free) struct nginx_install_plan *renewed = make_plan("a.example", 0, true);
    AUTO(free) char *before = NULL, *after = NULL;
    struct error err = { 0 };

    REQUIRE(install(&server, plan, &err), "%s", err.why);
    before = site("a");
    played.tests = played.reloads = 0;
    CHECK(install(&server, plan, &err), "%s", err.why);
    CHECK_INT(played.tests + played.reloads, 0, "the same again");
    CHECK(install(&server, renewed, &err), "%s", err.why);
    CHECK_INT(played.tests, 1, "renewed files");
    CHECK_INT(played.reloads, 1, "renewed files");
    after = site("a");
    CHECK_TEXT(after, before, "not a byte");
    CHECK(renewed->plan.said.len == 0, "nothing was deployed");
    nginx_reading_clear(&server.kept);
}

/* One commit after the other reads what the one before has written. */
TEST(one_after_the_other)
{
    struct nginx_server server = begin();
    AUTO(nginx_plan_free) struct nginx_install_plan *first = make_plan("a.example", 0, false);
    AUTO(nginx_plan_free) struct nginx_install_plan *second = make_plan("a.example,www.a.example", REDIRECT, false);
    AUTO(free) char *text = NULL;
    struct error err = { 0 };

    REQUIRE(install(&server, first, &err) && install(&server, second, &err), "%s", err.why);
    text = site("a");
    CHECK(strstr(text, "/l/a.example/full") == NULL && strstr(text, "/l/a.example,www.a.example/full") != NULL, "%s",
        text);
    CHECK(strstr(text, "return 301 https://$host$request_uri;") != NULL, "%s", text);
    CHECK_INT(second->plan.said.len, 2, "told of each name");
    CHECK(strstr(second->plan.said.at[1], "for www.a.example to ") != NULL, "%s", second->plan.said.at[1]);
    nginx_reading_clear(&server.kept);
}

TEST(names_beside_the_certificate)
{
    struct nginx_server server = begin();
    AUTO(nginx_plan_free) struct nginx_install_plan *a = make_plan("a.example", 0, false);
    AUTO(nginx_plan_free) struct nginx_install_plan *c = make_plan("c.example", 0, true);
    AUTO(list_clear) struct list elsewhere = { 0 };
    struct error err = { 0 };

    REQUIRE(install(&server, a, &err), "%s", err.why);
    CHECK(a->uncovered.len == 1 && strcmp(a->uncovered.at[0], "www.a.example") == 0, "%zu", a->uncovered.len);
    c->deployment->elsewhere = &elsewhere;
    REQUIRE(install(&server, c, &err), "%s", err.why);
    CHECK(!any_has("/l/c.example"), "a lineage that is in use is not deployed");
    CHECK(elsewhere.len == 1 && strcmp(elsewhere.at[0], "c.example") == 0, "at port 8443 alone");
    nginx_reading_clear(&server.kept);
}

TEST_MAIN()
