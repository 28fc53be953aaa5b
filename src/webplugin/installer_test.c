/* A web server as installer: what the user is told, and taking back. */
#include "webplugin/test_server.h"

static struct buf shown;

static void show(void *ctx, int fd, struct view text)
{
    (void)ctx;
    (void)fd;
    buf_put(&shown, text);
}

static struct ui *listening_ui(void)
{
    shown = BUF(FILE_MAX_TEXT);
    return ui_new(&(struct ui_options){ .non_interactive = true, .put = show });
}

#define PLANS 2

TEST(what_is_in_effect_is_told)
{
    static const struct {
        const char *name, *plans[PLANS];
        bool ok;
        const char *shown, *site;
    } rows[] = {
        { "both", { "a", "b" }, true, "deployed to a\ndeployed to b\n", "cert a\ncert b\n" },
        { "the one that is in effect", { "bad", "b" }, true, "deployed to b\n", "cert b\n" },
        { "none", { "bad", "bad2" }, true, "", "" },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct web_plugin *plugin = begin();
        AUTO(ui_free) struct ui *ui = listening_ui();
        struct plugin_context context = context_of(plugin, ui);
        struct install_plan plans[PLANS];
        void *at[PLANS], *self = NULL;
        struct error *each[PLANS] = { NULL }, err = { 0 };

        for (size_t k = 0; k < PLANS; k++) {
            plans[k] = (struct install_plan){ .plan = { .kind = WEB_PLAN_INSTALL }, .name = rows[i].plans[k] };
            at[k] = &plans[k];
        }
        REQUIRE(web_installer_prepare(&context, &self, &err), "%s", err.why);
        CHECK(web_installer_commit(self, at, PLANS, each, &err) == rows[i].ok, "%s: %s", rows[i].name, err.why);
        CHECK_TEXT(buf_text(&shown), rows[i].shown, rows[i].name);
        check_site(rows[i].site, rows[i].name);
        for (size_t k = 0; k < PLANS; k++) {
            CHECK((each[k] != NULL) == is_bad(rows[i].plans[k]), "%s, %zu", rows[i].name, k);
            free(each[k]);
            list_clear(&plans[k].plan.said);
        }
        buf_clear(&shown);
        end(plugin);
    }
}

static void install(void *self, const char *name)
{
    struct install_plan plan = { .plan = { .kind = WEB_PLAN_INSTALL }, .name = name };
    struct error *each = NULL, err = { 0 };
    void *at = &plan;

    REQUIRE(web_installer_commit(self, &at, 1, &each, &err) && each == NULL, "%s", err.why);
    list_clear(&plan.plan.said);
}

/* What was read of the configuration counts no longer, whether it was taken back or not. */
TEST(taking_back)
{
    struct web_plugin *plugin = begin();
    AUTO(ui_free) struct ui *ui = listening_ui();
    struct plugin_context context = context_of(plugin, ui);
    struct error err = { 0 };
    void *self = NULL;

    REQUIRE(web_installer_prepare_rollback(&context, &self, &err), "%s", err.why);
    check_said("prepare-rollback", "its configuration need not pass a test");
    install(self, "a");
    install(self, "b");
    buf_cut(&shown, 0);
    buf_cut(&played.said, 0);
    played.refuses_reload = true;
    CHECK(!web_installer_rollback(self, 1, &err), "the server is gone");
    check_site("cert a\ncert b\n", "all is as it was");
    CHECK(strstr(buf_text(&played.said), "forget") != NULL, "%s", buf_text(&played.said));
    CHECK_TEXT(buf_text(&shown), "", "nothing was taken back");
    played.refuses_reload = false;
    buf_cut(&played.said, 0);
    CHECK(web_installer_rollback(self, 1, &err), "%s", err.why);
    check_site("cert a\n", "the newest");
    check_said("test test reload forget", "one test before, one after");
    CHECK(strstr(buf_text(&shown), "Deployed ACME Certificate") != NULL, "%s", buf_text(&shown));
    CHECK(web_installer_rollback(self, 5, &err), "%s", err.why);
    check_site("", "all that there is");
    buf_clear(&shown);
    end(plugin);
}

TEST(before_anything_else)
{
    struct web_plugin *plugin = begin();
    struct plugin_context context = context_of(plugin, NULL);
    struct error err = { 0 };
    void *self = NULL;

    leave_challenge();
    CHECK(web_installer_recover(&context, &err), "%s", err.why);
    check_said("locate reload", "what a killed run has left");
    check_site("", "taken back");
    CHECK(web_installer_recover(&context, &err), "%s", err.why);
    check_said("", "there is nothing left");
    played.cannot_prepare = true;
    CHECK(!web_installer_prepare(&context, &self, &err) && self == NULL && strstr(err.why, "too old") != NULL);
    CHECK(web_installer_takes_addresses(self), "they are names like any other");
    end(plugin);
}

TEST_MAIN()
