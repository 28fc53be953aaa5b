/* What the clerk does for a web server: groups of plans of both roles, and what a killed run has left. */
#include "webplugin/test_server.h"

#define PLANS 3

union any_plan { /* each begins with a struct web_plan */
    struct install_plan install;
    struct web_challenge_plan challenge;
};

/* "cert NAME" or "HOST TOKEN", as it will stand in the site. */
static void *make_plan(const char *text, union any_plan *plan, struct web_answer *answer, struct web_spot *spot)
{
    AUTO(free) char *first = xstrndup(text, strcspn(text, " "));
    const char *second = strchr(text, ' ') + 1;

    if (strcmp(first, "cert") == 0) {
        plan->install = (struct install_plan){ .plan = { .kind = WEB_PLAN_INSTALL }, .name = second };
        return &plan->install;
    }
    *answer = (struct web_answer){ xstrdup(first), xstrdup(second), xstrdup("content") };
    plan->challenge = (struct web_challenge_plan){ { .kind = WEB_PLAN_CHALLENGE }, answer, spot, 1 };
    return &plan->challenge;
}

TEST(groups)
{
    static const struct {
        const char *name, *plans[PLANS], *site, *said;
        const char *why[PLANS]; /* of each plan; NULL: in effect */
        const char *whole;      /* why none is; NULL: some are */
    } rows[] = {
        { "installations are one commit", { "cert a", "cert b" }, "cert a\ncert b\n", "install test test reload forget",
            { NULL }, NULL },
        { "challenges are one change", { "a 1", "b 2", "a 3" }, "a 1\nb 2\na 3\n", "answer test test reload", { NULL },
            NULL },
        { "of both kinds: what is to stay comes first", { "a 1", "cert b" }, "cert b\na 1\n",
            "install test test reload forget answer test test reload", { NULL }, NULL },
        { "the installation fails, the challenge is none of that", { "cert bad", "a 1" }, "a 1\n",
            "install forget answer test test reload", { "no place for bad" }, NULL },
        { "the challenge fails, the installation stays", { "cert a", "bad.test 1" }, "cert a\n",
            "install test test reload forget answer forget", { NULL, "no place for bad.test" }, NULL },
        { "one of two challenges is the cause, beside an installation", { "cert a", "bad.test 1", "b 2" }, "cert a\n",
            "install test test reload forget answer forget", { NULL, "no place for bad.test", "no place for bad.test" },
            NULL },
        { "the cause alone is blamed where all are of a kind", { "a 1", "bad.test 1", "b 2" }, "", "answer forget",
            { NULL, "no place for bad.test", NULL }, "no place for bad.test" },
        { "an interrupt ends it", { "cert gone", "a 1" }, "", "install forget", { "interrupted" }, "interrupted" },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct web_plugin *plugin = begin();
        union any_plan plans[PLANS] = { 0 };
        struct web_answer answers[PLANS] = { 0 };
        struct web_spot spots[PLANS] = { 0 };
        struct error *each[PLANS] = { NULL }, err = { 0 };
        void *at[PLANS];
        size_t count = 0;
        bool ok;

        for (; count < PLANS && rows[i].plans[count] != NULL; count++)
            at[count] = make_plan(rows[i].plans[count], &plans[count], &answers[count], &spots[count]);
        ok = web_clerk_work.commit(plugin, at, count, each, &err);
        CHECK(ok == (rows[i].whole == NULL), "%s: %s", rows[i].name, err.why);
        CHECK(ok || strstr(err.why, rows[i].whole) != NULL, "%s: %s", rows[i].name, err.why);
        check_said(rows[i].said, rows[i].name);
        check_site(rows[i].site, rows[i].name);
        for (size_t k = 0; k < count; k++) {
            CHECK((each[k] != NULL) == (rows[i].why[k] != NULL), "%s, %zu: %s", rows[i].name, k,
                each[k] != NULL ? each[k]->why : "none");
            CHECK(each[k] == NULL || rows[i].why[k] == NULL || strstr(each[k]->why, rows[i].why[k]) != NULL,
                "%s, %zu: %s", rows[i].name, k, each[k] != NULL ? each[k]->why : "");
            if (ok && each[k] == NULL && answers[k].host != NULL) {
                CHECK(strcmp(spots[k].address + strlen("at-"), answers[k].host) == 0, "%s: %s", rows[i].name,
                    spots[k].address);
            }
            free(each[k]);
            if (answers[k].host == NULL)
                list_clear(&plans[k].install.plan.said);
            free(answers[k].host);
            free(answers[k].token);
            free(answers[k].content);
        }
        CHECK(web_clerk_work.keeps_lock(plugin) == (plugin->live.count > 0), "%s", rows[i].name);
        end(plugin);
    }
}

static bool put_challenge(struct web_plugin *plugin, const char *text, struct error *err)
{
    union any_plan plan = { 0 };
    struct web_answer answer = { 0 };
    struct web_spot spot = { 0 };
    struct error *each = NULL;
    void *at = make_plan(text, &plan, &answer, &spot);
    bool ok = web_challenges_put(plugin, &at, 1, &each, err);

    CHECK(each == NULL, "of a single one, the whole says it");
    free(answer.host);
    free(answer.token);
    free(answer.content);
    return ok;
}

/* A challenge that is in place while something is installed is in no backup, and is answered with the one reload. */
TEST(an_installation_beside_a_challenge)
{
    static const struct {
        const char *name, *plan, *refuses_word;
        bool refuses_reload, ok;
        const char *site, *said;
    } rows[] = {
        { "installed", "b", NULL, false, true, "cert b\na 1\n",
            "forget install test test forget answer test test reload" },
        { "it has no place", "bad", NULL, false, false, "a 1\n", "forget install forget answer test test reload" },
        { "the server refuses it", "b", "cert b", false, false, "a 1\n",
            "forget install test test forget answer test test reload" },
        { "the server is gone", "b", NULL, true, false, "",
            "forget install test test forget answer test test reload reload forget answer test test reload reload" },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct web_plugin *plugin = begin();
        struct install_plan plan = { .plan = { .kind = WEB_PLAN_INSTALL }, .name = rows[i].plan };
        struct error *each = NULL, err = { 0 };
        void *at = &plan;

        REQUIRE(put_challenge(plugin, "a 1", &err), "%s", err.why);
        buf_cut(&played.said, 0);
        played.refuses_word = rows[i].refuses_word;
        played.refuses_reload = rows[i].refuses_reload;
        CHECK(web_clerk_work.commit(plugin, &at, 1, &each, &err) == rows[i].ok, "%s: %s", rows[i].name, err.why);
        check_said(rows[i].said, rows[i].name);
        check_site(rows[i].site, rows[i].name);
        CHECK(web_clerk_work.keeps_lock(plugin), "%s: the order still waits for it", rows[i].name);
        played.refuses_reload = false;
        free(each);
        list_clear(&plan.plan.said);
        end(plugin);
    }
}

/* What is in place for one order is answered on, whatever becomes of another one. */
TEST(a_challenge_that_comes_later)
{
    static const struct {
        const char *name, *later, *refuses_word;
        const char *site, *said;
    } rows[] = {
        { "in place", "b 2", NULL, "a 1\nb 2\n", "answer test test reload" },
        { "no place for it", "bad 2", NULL, "a 1\n", "answer" },
        { "refused", "b 2", "b 2", "a 1\n", "answer test test forget answer test test reload" },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct web_plugin *plugin = begin();
        struct error err = { 0 };

        REQUIRE(put_challenge(plugin, "a 1", &err), "%s", err.why);
        buf_cut(&played.said, 0);
        played.refuses_word = rows[i].refuses_word;
        CHECK(put_challenge(plugin, rows[i].later, &err) == (i == 0), "%s: %s", rows[i].name, err.why);
        check_site(rows[i].site, rows[i].name);
        check_said(rows[i].said, rows[i].name);
        CHECK_INT(plugin->live.count, i == 0 ? 2 : 1, rows[i].name);
        end(plugin);
    }
}

TEST(what_a_killed_run_left)
{
    struct web_plugin *plugin = begin();
    struct error err = { 0 };

    CHECK(web_clerk_work.recover(plugin, &err), "%s", err.why);
    check_said("", "nothing left: nobody is asked");
    leave_challenge();
    CHECK(web_clerk_work.recover(plugin, &err), "%s", err.why);
    check_said("locate reload", "its process is looked for first");
    check_site("", "taken back");
    CHECK(!web_is_unfinished(&plugin->service) && !web_clerk_work.owes(plugin), "no more to do");
    leave_challenge();
    CHECK(web_plugin_recover(plugin, &err), "%s", err.why);
    check_said("locate reload", "through the clerk");
    CHECK(web_plugin_recover(plugin, &err), "%s", err.why);
    check_said("", "once");
    end(plugin);
}

TEST(what_is_owed)
{
    struct web_plugin *plugin = begin();
    struct error err = { 0 };

    REQUIRE(put_challenge(plugin, "a 1", &err), "%s", err.why);
    CHECK(!web_clerk_work.owes(plugin), "the server is to answer it");
    REQUIRE(web_challenges_suspend(plugin, &err), "%s", err.why);
    CHECK(web_clerk_work.owes(plugin), "it does not know of the end yet");
    buf_cut(&played.said, 0);
    played.refuses_reload = true;
    CHECK(!web_clerk_work.settle(plugin, &err) && web_clerk_work.owes(plugin), "it is not there");
    played.refuses_reload = false;
    CHECK(web_clerk_work.settle(plugin, &err) && !web_clerk_work.owes(plugin), "%s", err.why);
    check_said("reload reload", "told once it is there");
    end(plugin);
}

TEST_MAIN()
