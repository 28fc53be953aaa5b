#include "base/test_files.h"

#include "config/settings.h"
#include "nginx/server.h"
#include "voice/voice.h"
#include "webplugin/authenticator.h"

/* ---- a server that is played ---- */

static struct {
    int tests, reloads; /* calls */
    int refuses_test;   /* the call of that number fails, from 1 on; 0: none */
} played;

static bool play_test(const struct web_server *of, struct error *err)
{
    (void)of;
    played.tests++;
    return played.tests != played.refuses_test || error_set(err, ERROR_PLUGIN, "nginx.conf:1: refused");
}

static bool play_reload(const struct web_server *of, struct web_log *log, struct error *err)
{
    (void)of;
    (void)err;
    if (log != NULL)
        web_log_mark(log, NULL);
    played.reloads++;
    return true;
}

static const struct web_calls calls = { play_test, play_reload, NULL };
static const struct web_kind kind = { .answer = nginx_answer };
static const struct web_server web = { .name = "nginx" };
static struct settings settings = { .http_01_port = 80, .https_port = 443 };
static char work_dir[4096], conf_path[4096];

static const char main_text[] = "http {\n    include sites/*;\n}\n";

static struct nginx_server begin(void)
{
    static const char *const sites[] = { "a", "b", "c" };
    struct error err = { 0 };

    played.tests = played.reloads = played.refuses_test = 0;
    REQUIRE(file_mkdirs(at("work"), 0755, &err) && file_mkdirs(at("sites"), 0755, &err), "%s", err.why);
    write_text(at("nginx.conf"), main_text);
    for (size_t i = 0; i < COUNT(sites); i++) {
        AUTO(free) char *text = xprintf("server {\n    server_name %s.example;\n    deny all;\n}\n", sites[i]);

        write_text(at("sites/%s", sites[i]), text);
    }
    (void)snprintf(work_dir, sizeof work_dir, "%s", at("work"));
    (void)snprintf(conf_path, sizeof conf_path, "%s", at("nginx.conf"));
    return (struct nginx_server){ .settings = &settings,
        .conf_path = conf_path,
        .plugin = { .kind = &kind,
            .service = { .server = &web, .voice = &voice_own, .work_dir = work_dir, .calls = &calls } } };
}

/* ---- orders ---- */

struct order {
    struct web_answer answer;
    struct web_spot spot;
    struct web_challenge_plan plan;
};

static void make_order(struct order *order, const char *host, const char *token)
{
    order->answer = (struct web_answer){ (char *)host, (char *)token, (char *)"content" };
    order->spot = (struct web_spot){ .port = 0 };
    order->plan = (struct web_challenge_plan){ { .kind = WEB_PLAN_CHALLENGE }, &order->answer, &order->spot, 1 };
}

static bool put(struct nginx_server *server, struct order *order, struct error *err)
{
    void *plan = &order->plan;
    struct error *each = NULL;

    return web_challenges_put(&server->plugin, &plan, 1, &each, err);
}

static bool drop(struct nginx_server *server, const struct order *order, struct error *err)
{
    return web_challenges_drop(&server->plugin, &order->answer, 1, err);
}

static bool answers(const char *site, const char *token)
{
    AUTO(free) char *text = read_text(at("sites/%s", site));

    return text != NULL && strstr(text, token) != NULL;
}

static void check_untouched(const char *name)
{
    CHECK(!answers("a", "well-known") && !answers("b", "well-known") && !answers("c", "well-known"), "%s", name);
    CHECK(!file_exists(at("work/temp_checkpoint/FILEPATHS")), "%s", name);
}

TEST(orders_that_overlap)
{
    struct nginx_server server = begin();
    struct order a, b, c;
    struct error err = { 0 };

    make_order(&a, "a.example", "token-a");
    make_order(&b, "b.example", "token-b");
    make_order(&c, "c.example", "token-c");
    CHECK(!web_challenges_are_live(&server.plugin));
    REQUIRE(put(&server, &a, &err), "%s", err.why);
    CHECK(web_challenges_are_live(&server.plugin) && answers("a", "token-a") && !answers("b", "well-known"));
    CHECK_TEXT(a.spot.address, "127.0.0.1", "where to ask");
    CHECK_INT(played.tests, 2, "before and after");
    REQUIRE(put(&server, &b, &err), "%s", err.why);
    CHECK(answers("a", "token-a") && answers("b", "token-b"));
    CHECK_INT(played.tests, 3, "what is there was tested");
    REQUIRE(drop(&server, &a, &err), "%s", err.why);
    CHECK(web_challenges_are_live(&server.plugin) && answers("b", "token-b"), "the other one stays");
    CHECK_INT(played.reloads, 2, "one for each that came");
    REQUIRE(put(&server, &c, &err), "%s", err.why);
    REQUIRE(drop(&server, &c, &err) && drop(&server, &b, &err), "%s", err.why);
    CHECK(!web_challenges_are_live(&server.plugin));
    check_untouched("all dropped");
    CHECK_INT(played.reloads, 3, "none at the end");
    REQUIRE(drop(&server, &b, &err), "%s", err.why);
    CHECK_INT(played.reloads, 3, "nothing to drop");
    CHECK(web_tell(&server.plugin.service, &err) && !file_exists(at("work/temp_checkpoint")), "%s", err.why);
    CHECK_INT(played.reloads, 4, "but where nothing else tells");
    web_live_clear(&server.plugin.live);
}

TEST(one_that_is_refused)
{
    struct nginx_server server = begin();
    struct order a, b;
    struct error err = { 0 };

    make_order(&a, "a.example", "token-a");
    make_order(&b, "b.example", "token-b");
    played.refuses_test = 2;
    CHECK(
        !put(&server, &a, &err) && err.kind == ERROR_PLUGIN && !web_challenges_are_live(&server.plugin), "%s", err.why);
    check_untouched("refused");
    played.refuses_test = 0;
    REQUIRE(put(&server, &a, &err), "%s", err.why);
    played.refuses_test = played.tests + 1;
    CHECK(!put(&server, &b, &err) && err.kind == ERROR_PLUGIN);
    CHECK(web_challenges_are_live(&server.plugin) && answers("a", "token-a") && !answers("b", "well-known"),
        "what was there is there again");
    REQUIRE(drop(&server, &a, &err), "%s", err.why);
    check_untouched("dropped");
    web_live_clear(&server.plugin.live);
}

TEST(around_another_change)
{
    struct nginx_server server = begin();
    struct order a;
    struct error err = { 0 };

    make_order(&a, "a.example", "token-a");
    REQUIRE(web_challenges_suspend(&server.plugin, &err) && web_challenges_resume(&server.plugin, &err));
    CHECK_INT(played.reloads, 0, "nothing is in place");
    REQUIRE(put(&server, &a, &err), "%s", err.why);
    REQUIRE(web_challenges_suspend(&server.plugin, &err), "%s", err.why);
    check_untouched("suspended");
    CHECK(web_challenges_are_live(&server.plugin), "they come back");
    REQUIRE(web_challenges_resume(&server.plugin, &err), "%s", err.why);
    CHECK(answers("a", "token-a"));
    REQUIRE(drop(&server, &a, &err), "%s", err.why);
    check_untouched("dropped");
    web_live_clear(&server.plugin.live);
}

TEST_MAIN()
