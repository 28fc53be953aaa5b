/* Plans put into effect: one transaction for all of a group, with a server that is played; and the steps of HSTS. */
#include "apache/test_script.h"

#include "apache/commit.h"
#include "apache/grow_hsts.h"
#include "base/clock.h"
#include "web/auto_hsts.h"
#include "web/checkpoint.h"

#define PLANS 2
#define PLAIN(name) "<VirtualHost *:80>\nServerName " name "\n</VirtualHost>\n"
#define TLS(name, more) "<VirtualHost *:443>\nServerName " name "\nSSLEngine on\n" more "</VirtualHost>\n"

/* ---- a server that is played ---- */

static struct {
    int tests, reloads;
    int refuses_test, refuses_reload; /* the call of that number fails, from 1 on; 0: none */
} played;

static bool play_test(const struct web_server *of, struct error *err)
{
    (void)of;
    played.tests++;
    return played.tests != played.refuses_test || error_set(err, ERROR_PLUGIN, "sites/a.conf:1: refused");
}

static bool play_reload(const struct web_server *of, struct web_log *log, struct error *err)
{
    (void)of;
    if (log != NULL)
        web_log_mark(log, NULL);
    played.reloads++;
    return played.reloads != played.refuses_reload || error_set(err, ERROR_PLUGIN, "no such process");
}

static const struct web_calls played_calls = { play_test, play_reload, NULL };

static struct apache_server *begin(void)
{
    struct apache_server *server = open_server(&fine);
    AUTO(free) char *text = NULL;
    struct error err = { 0 };

    memset(&played, 0, sizeof played);
    write_text(at("c/options-ssl-apache.conf"), "SSLEngine on\n");
    REQUIRE(file_remove_tree(at("w"), &err) && file_mkdirs(at("w"), 0755, &err), "%s", err.why);
    REQUIRE(file_mkdirs(at("etc/sites"), 0755, &err), "%s", err.why);
    text = xprintf("Listen 80\nListen 443\nListen 8443\nIncludeOptional %s/*.conf\n", at("etc/sites"));
    write_text(at("etc/apache2.conf"), text);
    write_text(at("etc/sites/a.conf"), PLAIN("a.example") TLS("a.example", ""));
    write_text(at("etc/sites/b.conf"), PLAIN("b.example") TLS("b.example", ""));
    write_text(at("etc/sites/c.conf"),
        "<VirtualHost *:8443>\nServerName c.example\nSSLEngine on\nSSLCertificateFile /l/c.example/"
        "full\nSSLCertificateKeyFile /l/c.example/key\n</VirtualHost>\n");
    server->plugin.service.calls = &played_calls;
    return server;
}

static bool has(const char *site, const char *words)
{
    AUTO(free) char *text = read_text(at("etc/sites/%s.conf", site));

    return text != NULL && strstr(text, words) != NULL;
}

static size_t backup_count(const struct apache_server *server)
{
    AUTO(list_clear) struct list names = { 0 };
    struct error err = { 0 };

    REQUIRE(checkpoint_list(server->settings->work_dir, &names, &err), "%s", err.why);
    return names.len;
}

/* ---- plans ---- */

/* For one name, by which its files are called; the caller's. */
static struct apache_plan *make_plan(const char *name, unsigned enhancements, bool in_use)
{
    struct apache_plan *plan = xcalloc(1, sizeof *plan);
    AUTO(list_clear) struct list list = { 0 }, none = { 0 };
    AUTO(identifiers_clear) struct identifiers identifiers = { 0 };
    AUTO(free) char *fullchain = xprintf("/l/%s/full", name), *key = xprintf("/l/%s/key", name);
    struct pair pair = { .key = key, .fullchain = fullchain };

    list_add(&list, name);
    identifiers = identifiers_of(&list, &none);
    plan->plan.kind = WEB_PLAN_INSTALL;
    plan->deployment = deployment_dup(&(struct deployment){ .lineage = name,
        .names = &identifiers,
        .pairs = &pair,
        .pair_count = 1,
        .enhancements = enhancements,
        .in_use = in_use });
    return plan;
}

#define REDIRECT ENHANCEMENT(ENHANCE_REDIRECT)
#define HSTS ENHANCEMENT(ENHANCE_HSTS)
#define AUTO_HSTS ENHANCEMENT(ENHANCE_AUTO_HSTS)

TEST(groups)
{
    static const struct {
        const char *name, *plans[PLANS];
        unsigned enhancements;
        bool in_use;
        int refuses_test, refuses_reload;
        bool ok;
        int tests, reloads;
        size_t backups;
        bool a, b;              /* which sites have the certificate then */
        const char *why[PLANS]; /* of each plan; NULL: none */
        const char *whole;      /* of all */
    } rows[] = {
        { "two plans are one commit", { "a.example", "b.example" }, 0, false, 0, 0, true, 1, 1, 1, true, true, { NULL },
            NULL },
        { "each enhancement is a checkpoint of its own", { "a.example" }, REDIRECT | HSTS, false, 0, 0, true, 1, 1, 3,
            true, false, { NULL }, NULL },
        { "a name that no host has fails alone", { "a.example", "x.example" }, 0, false, 0, 0, true, 1, 1, 1, true,
            false, { NULL, "several could be meant" }, NULL },
        { "none that can be installed: the server is left alone", { "x.example" }, 0, false, 0, 0, true, 0, 0, 0, false,
            false, { "several could be meant" }, NULL },
        { "refused by the test", { "a.example", "b.example" }, HSTS, false, 1, 0, false, 1, 0, 0, false, false,
            { NULL }, "refused" },
        { "the reload fails: it has the old ones again", { "a.example" }, 0, false, 0, 1, false, 1, 2, 0, false, false,
            { NULL }, "no such process" },
        { "renewed files are read", { "c.example" }, 0, true, 0, 0, true, 0, 1, 0, false, false, { NULL }, NULL },
        { "an enhancement where no host has the name", { "x.example" }, HSTS, true, 0, 0, true, 0, 0, 0, false, false,
            { "" }, NULL },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(apache_server_free) struct apache_server *server = begin();
        struct apache_plan *plans[PLANS];
        struct error *each[PLANS] = { NULL }, err = { 0 };
        void *at_plans[PLANS];
        size_t count = 0;
        bool ok;

        for (; count < PLANS && rows[i].plans[count] != NULL; count++)
            at_plans[count] = plans[count] = make_plan(rows[i].plans[count], rows[i].enhancements, rows[i].in_use);
        played.refuses_test = rows[i].refuses_test;
        played.refuses_reload = rows[i].refuses_reload;
        ok = apache_commit(server, at_plans, count, each, &err);
        CHECK(ok == rows[i].ok, "%s: %s", rows[i].name, err.why);
        CHECK(ok || strstr(err.why, rows[i].whole) != NULL, "%s: %s", rows[i].name, err.why);
        CHECK_INT(played.tests, rows[i].tests, rows[i].name);
        CHECK_INT(played.reloads, rows[i].reloads, rows[i].name);
        CHECK_INT(backup_count(server), rows[i].backups, rows[i].name);
        CHECK(has("a", "SSLCertificateFile /l/a.example/full") == rows[i].a, "%s", rows[i].name);
        CHECK(has("b", "SSLCertificateFile /l/b.example/full") == rows[i].b, "%s", rows[i].name);
        CHECK(has("a", "Strict-Transport-Security") == (ok && rows[i].a && (rows[i].enhancements & HSTS) != 0), "%s",
            rows[i].name);
        for (size_t k = 0; k < count; k++) {
            const char *why = each[k] != NULL ? each[k]->why : NULL;

            CHECK((why == NULL) == (rows[i].why[k] == NULL), "%s, %zu: %s", rows[i].name, k, why);
            CHECK(why == NULL || rows[i].why[k] == NULL || strstr(why, rows[i].why[k]) != NULL, "%s, %zu: %s",
                rows[i].name, k, why);
            free(each[k]);
            apache_plan_free(plans[k]);
        }
    }
}

static bool install(struct apache_server *server, struct apache_plan *plan, struct error *err)
{
    struct error *each = NULL;
    void *at_plan = plan;
    bool ok = apache_commit(server, &at_plan, 1, &each, err);

    CHECK(each == NULL, "%s", each != NULL ? each->why : "");
    free(each);
    return ok;
}

TEST(again_and_elsewhere)
{
    AUTO(apache_server_free) struct apache_server *server = begin();
    AUTO(apache_plan_free) struct apache_plan *a = make_plan("a.example", HSTS | REDIRECT, false);
    AUTO(apache_plan_free) struct apache_plan *c = make_plan("c.example", 0, false);
    AUTO(list_clear) struct list elsewhere = { 0 };
    struct error err = { 0 };

    REQUIRE(install(server, a, &err), "%s", err.why);
    played.tests = played.reloads = 0;
    CHECK(install(server, a, &err), "%s", err.why);
    CHECK_INT(played.tests + played.reloads, 0, "the same again");
    c->deployment->elsewhere = &elsewhere;
    CHECK(install(server, c, &err), "%s", err.why);
    CHECK(elsewhere.len == 1 && strcmp(elsewhere.at[0], "c.example") == 0, "at port 8443 alone");
}

/* ---- HSTS that grows ---- */

static void set_state(struct apache_server *server, int64_t ago_s)
{
    AUTO(auto_hsts_clear) struct auto_hsts_state state = { 0 };
    struct error err = { 0 };

    REQUIRE(auto_hsts_read(server->settings->config_dir, &state, &err) && state.count == 1, "%zu", state.count);
    state.at[0].at = clock_now() - ago_s;
    REQUIRE(auto_hsts_write(server->settings->config_dir, &state, &err), "%s", err.why);
}

TEST(growing)
{
    static const struct {
        const char *name;
        int64_t ago_s;
        bool forgotten; /* the user has taken the mark away */
        int refuses_test;
        bool ok;
        int reloads;
        const char *header;
    } rows[] = {
        { "it is too early", 60, false, 0, true, 0, "max-age=60\"" },
        { "the first step", (int64_t)10 * 24 * 3600, false, 0, true, 1, "max-age=300\"" },
        { "the test refuses it", (int64_t)10 * 24 * 3600, false, 1, false, 0, "max-age=60\"" },
        { "the host is not there any more", (int64_t)10 * 24 * 3600, true, 0, true, 0, NULL },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(apache_server_free) struct apache_server *server = begin();
        AUTO(apache_plan_free) struct apache_plan *plan = make_plan("a.example", AUTO_HSTS, false);
        AUTO(auto_hsts_clear) struct auto_hsts_state state = { 0 };
        struct error err = { 0 };

        REQUIRE(install(server, plan, &err), "%s", err.why);
        CHECK_INT(plan->auto_hsts.len, 1, "its id");
        REQUIRE(has("a", "max-age=60\""), "a minute at first");
        set_state(server, rows[i].ago_s);
        if (rows[i].forgotten) {
            write_text(at("etc/sites/a.conf"), PLAIN("a.example"));
            apache_server_forget(server);
        }
        played.tests = played.reloads = 0;
        played.refuses_test = rows[i].refuses_test;
        CHECK(apache_grow_hsts(server, NULL, 0, &err) == rows[i].ok, "%s: %s", rows[i].name, err.why);
        CHECK_INT(played.reloads, rows[i].reloads, rows[i].name);
        CHECK(rows[i].header == NULL || has("a", rows[i].header), "%s", rows[i].name);
        REQUIRE(auto_hsts_read(server->settings->config_dir, &state, &err), "%s", err.why);
        CHECK_INT(state.count, rows[i].forgotten ? 0 : 1, rows[i].name);
        if (state.count > 0)
            CHECK_INT(state.at[0].step, rows[i].reloads, rows[i].name);
        REQUIRE(file_remove_tree(at("c"), &err), "%s", err.why);
    }
}

TEST_MAIN()
