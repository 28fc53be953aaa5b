/*
 * One reload for each server, however many lineages it is owed to.
 */
#include "run/reloads.h"

#include "base/mem.h"
#include "base/test.h"
#include "base/text.h"
#include "config/plugin_options.h"

static struct settings *settings_for(const char *installer, const char *root)
{
    struct settings *settings = settings_new(&voice_own);

    xreplace(&settings->installer, installer);
    if (root != NULL)
        plugin_options_put(&settings->plugin_options, installer, "web_root", root, ORIGIN_RENEWAL);
    plugin_options_put(&settings->plugin_options, "dns", "dns_zone", root == NULL ? "z" : root, ORIGIN_RENEWAL);
    return settings;
}

TEST(lineages_with_the_same_options_share_a_server)
{
    static const struct {
        const char *lineage, *installer, *root;
        size_t server;
    } rows[] = {
        { "a.test", "web", "/etc/web", 0 },
        { "b.test", "web", "/etc/web", 0 },
        { "c.test", "web", "/opt/web", 1 }, /* the same program, another server */
        { "d.test", "other", NULL, 2 },
        { "e.test", "web", NULL, 3 },
        { "f.test", "web", "/opt/web", 1 },
    };
    AUTO(reloads_free) struct reloads *reloads = reloads_new();
    size_t seen[COUNT(rows)] = { 0 };

    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(settings_free) struct settings *settings = settings_for(rows[i].installer, rows[i].root);

        struct identifiers names = { 0 };
        struct deployment deployment = { .lineage = rows[i].lineage, .names = &names };

        reloads_add(reloads, settings, &deployment, i, i == 0 ? NULL : "00ff", i > 1);
    }
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct reload *reload = reloads_at(reloads, rows[i].server);
        const struct owed *owed;

        REQUIRE(reload != NULL, "row %zu", i);
        REQUIRE(seen[rows[i].server] < reload->len, "row %zu", i);
        owed = &reload->to[seen[rows[i].server]++];
        CHECK_TEXT(owed->deployment->lineage, rows[i].lineage, "in the order of coming");
        CHECK(owed->index == i, "row %zu", i);
        CHECK_TEXT(owed->version, i == 0 ? NULL : "00ff", "version");
        CHECK(owed->alone == (i > 1), "row %zu", i);
        CHECK_TEXT(reload->settings->installer, rows[i].installer, "settings of the server");
    }
    CHECK(reloads_at(reloads, 4) == NULL, "four servers");
    for (size_t i = 0; i < 2; i++) {
        AUTO(settings_free)
        struct settings *settings = settings_for(i == 0 ? "web" : "idle", i == 0 ? "/etc/web" : NULL);

        reloads_add_server(reloads, settings);
    }
    REQUIRE(reloads_at(reloads, 4) != NULL && reloads_at(reloads, 5) == NULL, "one more");
    CHECK(reloads_at(reloads, 4)->len == 0 && reloads_at(reloads, 0)->len == 2, "nothing is owed to it");
}

TEST_MAIN()
