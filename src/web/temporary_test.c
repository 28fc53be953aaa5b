/*
 * Challenges: what is in place for a moment, when the server is told of its end, and what a kill leaves of it.
 */
#include "web/test_commit.h"

static const struct web_service *beside = &service;

static bool put_challenge(const char *name, struct error *err)
{
    AUTO(changes_free) struct changes *changes = changes_new();
    struct web_commit commit = { .service = beside, .changes = changes };
    AUTO(free) char *file = xprintf("etc/%s.challenge", name), *text = NULL;
    struct view main_conf;

    if (!changes_read(changes, at("etc/main.conf"), &main_conf, err))
        return false;
    text = xprintf("include %s;\n%.*s", name, (int)main_conf.len, main_conf.at);
    changes_create(changes, at("%s", file), view_of(name), 0644);
    changes_set(changes, at("etc/main.conf"), view_of(text));
    return web_temporary(&commit, err);
}

static bool one_challenge(struct error *err)
{
    return put_challenge("one", err);
}

static bool end_challenges(struct error *err)
{
    return web_temporary_end(&service, err);
}

TEST(challenges)
{
    AUTO(changes_free) struct changes *changes = NULL;
    AUTO(free) char *before = NULL, *text = NULL;
    struct error err = { 0 };

    make_scene();
    before = scene();
    REQUIRE(put_challenge("one", &err), "%s", err.why);
    REQUIRE(put_challenge("two", &err), "%s", err.why);
    text = scene_of("etc/main.conf");
    CHECK_TEXT(text, "include two;\ninclude one;\nmain\n", "both");
    CHECK(web_is_unfinished(&service), "in place");
    changes = all_changes();
    CHECK(!commit(changes, &err) && err.kind == ERROR_PLUGIN, "nothing is installed meanwhile: %s", err.why);
    CHECK(!web_has_to_tell(&service), "the server is to have them");
    CHECK(web_temporary_end(&service, &err), "%s", err.why);
    CHECK_INT(server.reloads, 2, "each once");
    CHECK(web_has_to_tell(&service), "of its end");
    CHECK(web_temporary_end(&service, &err), "%s", err.why);
    CHECK(web_tell(&service, &err), "%s", err.why);
    CHECK_INT(server.reloads, 3, "told");
    check_untouched("challenges", 0, before);
    CHECK(web_temporary_end(&service, &err) && web_tell(&service, &err), "%s", err.why);
    CHECK_INT(server.reloads, 3, "nothing there");
    CHECK(!web_is_unfinished(&service), "nothing in place");
}

TEST(a_server_that_does_not_run_is_not_told)
{
    AUTO(free) char *before = NULL, *pid_file = xstrdup(at("none.pid"));
    const struct web_server stopped_server = { .name = "nginx", .pid_file = pid_file };
    struct web_service stopped = service;
    struct error err = { 0 };

    stopped.server = &stopped_server;
    make_scene();
    before = scene();
    REQUIRE(put_challenge("one", &err), "%s", err.why);
    CHECK(web_recover(&stopped, &err), "%s", err.why);
    check_untouched("stopped", 0, before);
    CHECK_INT(server.reloads, 1, "the one of before");
}

static bool install_all(void)
{
    AUTO(changes_free) struct changes *changes = all_changes();
    struct error err = { 0 };

    return commit(changes, &err);
}

static bool read_renewed(void)
{
    AUTO(changes_free) struct changes *changes = changes_new();
    struct web_commit commit = { .service = &service, .changes = changes, .force_reload = true };
    struct error err = { 0 };

    return web_commit(&commit, &err);
}

static bool recover_and_tell(void)
{
    struct error err = { 0 };

    return web_recover(&service, &err) && server.reloads == 1 && web_tell(&service, &err);
}

static bool put_another(void)
{
    struct error err = { 0 };

    return put_challenge("two", &err);
}

/* The end of a challenge costs no reload where one comes anyway. */
TEST(the_next_reload_tells)
{
    static const struct {
        const char *name;
        bool (*next)(void);
        int refuses; /* that reload */
        int reloads;
        bool ok, told;
    } rows[] = {
        { "renewed files are read", read_renewed, 0, 2, true, true },
        { "a certificate is installed", install_all, 0, 2, true, true },
        { "that is taken back", install_all, 2, 3, false, true },
        { "nothing comes, or that run was killed", recover_and_tell, 0, 2, true, true },
        { "the server cannot be told", read_renewed, 2, 2, false, false },
        { "another challenge comes", put_another, 0, 2, true, true },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct error err = { 0 };

        make_scene();
        REQUIRE(put_challenge("one", &err) && web_temporary_end(&service, &err), "%s", err.why);
        REQUIRE(web_has_to_tell(&service), "%s", rows[i].name);
        server.refuses_reload = rows[i].refuses;
        CHECK(rows[i].next() == rows[i].ok, "%s", rows[i].name);
        CHECK_INT(server.reloads, rows[i].reloads, rows[i].name);
        CHECK(web_has_to_tell(&service) == !rows[i].told, "%s", rows[i].name);
    }
}

static bool put_one(void *arg, struct error *err)
{
    (void)arg;
    return put_challenge("one", err);
}

/* A challenge of another order is answered all the time, and is in no backup. */
TEST(beside_a_challenge)
{
    static const struct {
        const char *name;
        int refuses_test, refuses_reload, refuses_verify;
        bool ok;
        int reloads;
    } rows[] = {
        { "installed", 0, 0, 0, true, 2 },
        { "refused by the test", 4, 0, 0, false, 1 },
        { "the challenge is refused", 5, 0, 0, false, 1 },
        { "the reload fails", 0, 2, 0, false, 3 },
        { "it is not served", 0, 0, 1, false, 3 },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(changes_free) struct changes *changes = NULL;
        AUTO(free) char *before = NULL, *text = NULL;
        struct web_service with = service;
        struct web_commit wanted = { .service = &with, .expected = one_expected, .expected_count = 1 };
        struct error err = { 0 };

        make_scene();
        before = scene();
        REQUIRE(put_challenge("one", &err) && web_temporary_end(&service, &err), "%s", err.why);
        server.refuses_test = rows[i].refuses_test;
        server.refuses_reload = rows[i].refuses_reload;
        server.refuses_verify = rows[i].refuses_verify;
        with.put_beside = put_one;
        beside = &with;
        wanted.changes = changes = all_changes();
        CHECK(web_commit(&wanted, &err) == rows[i].ok, "%s: %s", rows[i].name, err.why);
        beside = &service;
        CHECK_INT(server.reloads, rows[i].reloads, rows[i].name);
        CHECK(web_holds_challenge(&service) == rows[i].ok, "%s", rows[i].name);
        text = scene_of("etc/main.conf");
        CHECK((strstr(text, "include one;") != NULL) == rows[i].ok, "%s: %s", rows[i].name, text);
        CHECK(web_temporary_end(&service, &err) && web_tell(&service, &err), "%s: %s", rows[i].name, err.why);
        if (rows[i].ok)
            check_rolls_back(rows[i].name, before);
        else
            check_untouched(rows[i].name, (int)i, before);
    }
}

TEST(an_edit_between_two_challenges)
{
    AUTO(free) char *text = NULL;
    struct error err = { 0 };

    make_scene();
    REQUIRE(put_challenge("one", &err), "%s", err.why);
    make_file("etc/main.conf", "include one;\nmain\nedited\n", 0640);
    CHECK(!put_challenge("two", &err) && err.kind == ERROR_STORE, "not lost by the next restoring: %s", err.why);
    text = scene_of("etc/main.conf");
    CHECK_TEXT(text, "include one;\nmain\nedited\n", "it stays");
    CHECK(!file_exists(at("etc/one.challenge")) && web_has_to_tell(&service), "the rest is taken back");
    CHECK_INT(server.reloads, 1, "the server goes on answering until it is told");
}

TEST(a_kill_during_a_challenge)
{
    bool killed = true;
    int step = 1;

    for (; killed && step < STEPS_MAX; step++) {
        AUTO(free) char *before = NULL;

        make_scene();
        before = scene();
        killed = killed_at(step, one_challenge);
        check_recovered("a challenge", step, before);
    }
    CHECK(!killed && step > 20, "%d steps", step);
    killed = true;
    for (step = 1; killed && step < STEPS_MAX; step++) {
        AUTO(free) char *before = NULL;
        struct error err = { 0 };

        make_scene();
        before = scene();
        REQUIRE(put_challenge("one", &err), "%s", err.why);
        killed = killed_at(step, end_challenges);
        check_recovered("the end of a challenge", step, before);
    }
}

TEST_MAIN()
