/*
 * An old version made live again: what is said against it, who is told of it, and what a run that is killed in between
 * leaves. In both layouts.
 */
#include "lifecycle/versions.h"

#include "lifecycle/stage_certs.h"
#include "store/delivery.h"
#include "store/history.h"
#include "store/lineage_conf.h"
#include "store/lineage_lock.h"

#define NAME "a.test"

struct lineages { /* NAME, with two or three versions */
    struct stage stage;
    struct list ids; /* of its versions, the oldest first */
};

static void clear_at(struct lineages *lineages)
{
    list_clear(&lineages->ids);
    stage_clear_at(&lineages->stage);
}

static struct list ids_of(struct store *store)
{
    AUTO(lineage_free) struct lineage *lineage = NULL;
    AUTO(history_clear) struct history history = { 0 };
    struct list ids = { 0 };
    struct error err = { 0 };

    REQUIRE(lineage_load(store, NAME, &lineage, &err) && lineage_history(lineage, &history, &err), "%s", err.why);
    for (size_t i = 0; i < history.len; i++)
        list_add(&ids, history.at[i].id);
    return ids;
}

static char *live_serial(struct store *store)
{
    AUTO(lineage_free) struct lineage *lineage = NULL;
    struct error err = { 0 };

    REQUIRE(lineage_load(store, NAME, &lineage, &err), "%s", err.why);
    CHECK(!lineage->pending_deployment, "something waits to become live");
    return xstrdup(lineage->cert->serial);
}

/* old_left_s: how long the older version is still valid. */
static struct lineages lineages_of(const char *layout, int64_t old_left_s, bool as_certbot)
{
    struct lineages lineages = { .stage = stage_new("history", as_certbot) };
    struct settings *settings = lineages.stage.settings;
    AUTO(lineage_free) struct lineage *lineage = NULL;

    xreplace(&settings->store_layout, layout);
    SETTING_MARK(settings, store_layout, ORIGIN_COMMAND_LINE);
    settings->history_keep = 3;
    settings->deploy_hook = note("hook $RENEWED_DOMAINS");
    SETTING_MARK(settings, deploy_hook, ORIGIN_COMMAND_LINE);
    add_installer("web", ANSWER_YES);
    add_installer("asleep", ANSWER_NO);
    lineage =
        add_lineage(&lineages.stage, NAME, &(struct made){ .serial = "0a", .age_s = 40 * DAY, .left_s = old_left_s });
    add_version(&lineages.stage, lineage, &(struct made){ .serial = "0b", .san = "DNS:a.test,DNS:new.test" });
    lineages.ids = ids_of(lineages.stage.store);
    return lineages;
}

/* ---- restoring ---- */

static const struct {
    const char *name;
    int64_t left_s;
    const char *id; /* NULL: the older version's */
    const char *installer;
    int hook; /* how the deploy hook ends */
    const char *live, *ran;
    bool recorded;
    const char *why, *said; /* NULL: it succeeds; nothing is said */
} rows[] = {
    { "a good one", 50 * DAY, NULL, NULL, 0, "a", "hook a.test\n", false, NULL, NULL },
    { "its server is told", 50 * DAY, NULL, "web", 0, "a", "hook a.test\nweb reloads\n", false, NULL, NULL },
    { "one that has expired, in a script", -DAY, NULL, NULL, 0, "a", "hook a.test\n", false, NULL,
        "has expired: it was valid until" },
    { "there is none of that name", 50 * DAY, "nonesuch", NULL, 0, "b", "", false, "nonesuch", NULL },
    { "its hook fails: it is live, and owed", 50 * DAY, NULL, NULL, 1, "a", "hook a.test\n", true, NULL,
        "error code 1" },
    { "its server does not reload: it is live, and owed", 50 * DAY, NULL, "asleep", 0, "a",
        "hook a.test\nasleep reloads\n", true, "the server is asleep", NULL },
};

TEST(restoring)
{
    OVER_LAYOUTS(layout)
    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(clear) struct lineages lineages = lineages_of(*layout, rows[i].left_s, false);
        struct store *store = lineages.stage.store;
        AUTO(free) char *now = NULL, *serial = NULL;
        struct error err = { 0 };
        bool ok;

        if (rows[i].hook != 0) {
            AUTO(free) char *line = note("hook $RENEWED_DOMAINS");
            AUTO(free) char *bad = xprintf("%s; exit %d", line, rows[i].hook);

            xreplace(&lineages.stage.settings->deploy_hook, bad);
        }
        if (rows[i].installer != NULL) {
            lineages.stage.settings->installer = xstrdup(rows[i].installer);
            SETTING_MARK(lineages.stage.settings, installer, ORIGIN_COMMAND_LINE);
        }
        ok = versions_restore(
            &lineages.stage.context, NAME, rows[i].id == NULL ? lineages.ids.at[0] : rows[i].id, &now, &err);
        CHECK(ok == (rows[i].why == NULL), "%s, %s: %s", rows[i].name, *layout, err.why);
        CHECK(ok || strstr(err.why, rows[i].why) != NULL, "%s, %s: %s", rows[i].name, *layout, err.why);
        serial = live_serial(store);
        CHECK_TEXT(serial, rows[i].live, rows[i].name);
        check_ran_since(rows[i].ran, rows[i].name);
        CHECK(delivery_is_recorded(store, NAME) == rows[i].recorded, "%s", rows[i].name);
        CHECK((now != NULL) == (strcmp(rows[i].live, "a") == 0), "%s", rows[i].name);
        check_said(rows[i].said, rows[i].name);
    }
}

/* By its saved settings, as a renewal: the command line of `history` names neither hook nor installer. */
TEST(restoring_by_what_is_saved)
{
    OVER_LAYOUTS(layout)
    {
        AUTO(clear) struct lineages lineages = lineages_of(*layout, 50 * DAY, false);
        AUTO(settings_free) struct settings *fresh = settings_here();
        AUTO(free) char *now = NULL;
        struct error err = { 0 };

        lineages.stage.context.settings = fresh;
        CHECK(versions_restore(&lineages.stage.context, NAME, lineages.ids.at[0], &now, &err), "%s", err.why);
        check_ran_since("hook a.test\n", *layout);
        CHECK(fresh->deploy_hook == NULL, "%s: the command's settings became the lineage's", *layout);
    }
}

TEST(the_live_one_is_not_restored)
{
    OVER_LAYOUTS(layout)
    {
        AUTO(clear) struct lineages lineages = lineages_of(*layout, 50 * DAY, false);
        AUTO(free) char *now = NULL;
        struct error err = { 0 };

        CHECK(!versions_restore(&lineages.stage.context, NAME, lineages.ids.at[1], &now, &err), "%s", *layout);
        CHECK(err.kind == ERROR_CONFIG, "%s: %s", *layout, err.why);
        check_ran_since("", *layout);
        CHECK(!delivery_is_recorded(lineages.stage.store, NAME), "%s", *layout);
    }
}

/* And back again: nothing that was live gets lost. */
TEST(there_and_back)
{
    OVER_LAYOUTS(layout)
    {
        AUTO(clear) struct lineages lineages = lineages_of(*layout, 50 * DAY, false);
        struct context *context = &lineages.stage.context;
        AUTO(free) char *now = NULL, *again = NULL, *serial = NULL;
        struct error err = { 0 };

        REQUIRE(versions_restore(context, NAME, lineages.ids.at[0], &now, &err), "%s: %s", *layout, err.why);
        REQUIRE(versions_restore(context, NAME, lineages.ids.at[1], &again, &err), "%s: %s", *layout, err.why);
        serial = live_serial(lineages.stage.store);
        CHECK_TEXT(serial, "b", *layout);
        check_ran_since("hook a.test\nhook a.test new.test\n", *layout);
    }
}

/* ---- which lineages ---- */

TEST(which_lineages)
{
    AUTO(stage_clear) struct stage stage = stage_new("history", false);
    AUTO(list_clear) struct list all = { 0 }, one = { 0 }, none = { 0 };
    struct error err = { 0 };

    put_lineage(&stage, "b.test", &(struct made){ 0 });
    put_lineage(&stage, "a.test", &(struct made){ 0 });
    CHECK(versions_lineages(&stage.context, NULL, &all, &err), "%s", err.why);
    CHECK(all.len == 2 && strcmp(all.at[0], "a.test") == 0 && strcmp(all.at[1], "b.test") == 0, "all of them");
    CHECK(versions_lineages(&stage.context, "b.test", &one, &err) && one.len == 1, "%s", err.why);
    CHECK(!versions_lineages(&stage.context, "c.test", &none, &err) && none.len == 0, "c.test");
    CHECK(strstr(err.why, "c.test") != NULL, "%s", err.why);
}

/* ---- removing ---- */

static const struct {
    const char *name;
    int saved, given; /* --history-keep when they were made, and now; -1: not given */
    size_t removed;
} prunings[] = {
    { "all are kept", 5, -1, 0 },
    { "as saved", 1, -1, 1 },
    { "what is given now wins", 5, 1, 1 },
    { "also when it is more", 1, 5, 0 },
};

TEST(removing)
{
    OVER_LAYOUTS(layout)
    for (size_t i = 0; i < COUNT(prunings); i++) {
        AUTO(stage_clear) struct stage stage = stage_new("history", false);
        AUTO(settings_free) struct settings *now = settings_here();
        AUTO(lineage_free) struct lineage *lineage = NULL;
        AUTO(list_clear) struct list removed = { 0 };
        AUTO(free) char *serial = NULL;
        struct error err = { 0 };

        xreplace(&stage.settings->store_layout, *layout);
        SETTING_MARK(stage.settings, store_layout, ORIGIN_COMMAND_LINE);
        stage.settings->history_keep = 5;
        lineage = add_lineage(&stage, NAME, &(struct made){ .serial = "0a", .age_s = 40 * DAY, .left_s = 50 * DAY });
        add_version(&stage, lineage, &(struct made){ .serial = "0b", .age_s = 39 * DAY, .left_s = 50 * DAY });
        add_version(&stage, lineage, &(struct made){ .serial = "0c" });
        stage.settings->history_keep = prunings[i].saved;
        SETTING_MARK(stage.settings, history_keep, ORIGIN_COMMAND_LINE);
        REQUIRE(lineage_save_settings(lineage, stage.settings, &err), "%s", err.why);
        if (prunings[i].given >= 0) {
            now->history_keep = prunings[i].given;
            SETTING_MARK(now, history_keep, ORIGIN_COMMAND_LINE);
        }
        stage.context.settings = now;
        CHECK(versions_prune(&stage.context, NAME, &removed, &err), "%s: %s", prunings[i].name, err.why);
        CHECK_INT((int64_t)removed.len, (int64_t)prunings[i].removed, prunings[i].name);
        serial = live_serial(stage.store);
        CHECK_TEXT(serial, "c", prunings[i].name);
    }
}

/* ---- changing the layout ---- */

static const struct {
    const char *name, *from, *to;
    bool dry_run;
    const char *then;
} conversions[] = {
    { "to directories", "certbot", "versioned", false, "versioned" },
    { "and to numbers", "versioned", "certbot", false, "certbot" },
    { "nothing to do", "versioned", "versioned", false, "versioned" },
    { "only looked", "certbot", "versioned", true, "certbot" },
};

TEST(converting)
{
    for (size_t i = 0; i < COUNT(conversions); i++) {
        AUTO(clear) struct lineages lineages = lineages_of(conversions[i].from, 50 * DAY, false);
        AUTO(conversion_clear) struct conversion conversion = { 0 };
        AUTO(lineage_free) struct lineage *lineage = NULL;
        AUTO(list_clear) struct list ids = { 0 };
        struct error err = { 0 };

        xreplace(&lineages.stage.settings->store_layout, conversions[i].to);
        lineages.stage.settings->dry_run = conversions[i].dry_run;
        CHECK(
            versions_convert(&lineages.stage.context, NAME, &conversion, &err), "%s: %s", conversions[i].name, err.why);
        REQUIRE(lineage_load(lineages.stage.store, NAME, &lineage, &err), "%s", err.why);
        CHECK_TEXT(lineage_layout(lineage), conversions[i].then, conversions[i].name);
        CHECK_TEXT(lineage->cert->serial, "b", conversions[i].name);
        ids = ids_of(lineages.stage.store);
        CHECK_INT((int64_t)ids.len, 2, conversions[i].name);
        check_ran_since("", conversions[i].name); /* the live files have not changed */
        check_said(NULL, conversions[i].name);
    }
}

TEST(each_gives_its_lock_back)
{
    AUTO(clear) struct lineages lineages = lineages_of("certbot", 50 * DAY, false);
    struct context *context = &lineages.stage.context;
    AUTO(range_lock_release) struct range_lock *lock = NULL;
    AUTO(conversion_clear) struct conversion conversion = { 0 };
    AUTO(list_clear) struct list removed = { 0 };
    AUTO(free) char *now = NULL, *none = NULL;
    struct error err = { 0 };
    bool taken;

    CHECK(versions_prune(context, NAME, &removed, &err), "%s", err.why);
    CHECK(versions_restore(context, NAME, lineages.ids.at[0], &now, &err), "%s", err.why);
    CHECK(versions_convert(context, NAME, &conversion, &err), "%s", err.why);
    CHECK(!versions_restore(context, NAME, "nonesuch", &none, &err), "nonesuch");
    error_clear(&err);
    CHECK(lineage_lock_try(lineages.stage.store, NAME, &lock, &taken, &err) && taken, "%s", err.why);
}

TEST_MAIN()
