/*
 * Taking checkpoints back: refused, killed, of files that others have edited, beside another server.
 */
#include "base/text.h"
#include "web/test_commit.h"

static bool roll_back_both(struct error *err)
{
    return web_rollback(&service, 2, NULL, NULL, err);
}

TEST(a_kill_during_a_rollback)
{
    bool killed = true;
    int step = 1;

    for (; killed && step < STEPS_MAX; step++) {
        AUTO(free) char *before = NULL, *after = NULL, *now = NULL;
        struct error err = { 0 };

        make_scene();
        before = scene();
        REQUIRE(commit_all(&err), "%s", err.why);
        after = scene();
        killed = killed_at(step, roll_back_both);
        CHECK(web_recover(&service, &err), "step %d: %s", step, err.why);
        now = scene();
        CHECK(strcmp(now, before) == 0 || strcmp(now, after) == 0, "step %d: %s", step, now);
        check_rolls_back("after a kill", before);
    }
    CHECK(!killed && step > 40, "%d steps", step);
}

TEST(a_rollback_that_is_refused)
{
    AUTO(free) char *after = NULL, *now = NULL, *before = NULL;
    struct error err = { 0 };

    make_scene();
    before = scene();
    REQUIRE(commit_all(&err), "%s", err.why);
    after = scene();
    server.refuses_test = 4;
    CHECK(!web_rollback(&service, 1, NULL, NULL, &err) && err.kind == ERROR_PLUGIN, "refused: %s", err.why);
    now = scene();
    CHECK_TEXT(now, after, "as it was");
    CHECK_INT(backup_count(), 2, "the checkpoints stay");
    CHECK(web_rollback(&service, 1, NULL, NULL, &err), "%s", err.why);
    check_rolls_back("then all", before);
    CHECK(web_rollback(&service, 1, NULL, NULL, &err), "none is fine: %s", err.why);
}

/* a.conf is changed by both stages. */
TEST(a_rollback_of_what_was_edited)
{
    AUTO(free) char *before = NULL, *dir = NULL, *kept = NULL, *text = NULL;
    AUTO(list_clear) struct list names = { 0 }, files = { 0 };
    struct error err = { 0 };

    make_scene();
    before = scene();
    REQUIRE(commit_all(&err), "%s", err.why);
    write_text(at("etc/sites/a.conf"), "site a, edited\n");
    CHECK(web_rollback(&service, 1, NULL, NULL, &err), "%s", err.why);
    REQUIRE(file_list_dir(at("work/rolled-back"), &names, &err) && names.len == 1, "%zu, %s", names.len, err.why);
    dir = file_join(at("work/rolled-back"), names.at[0]);
    REQUIRE(file_list_dir(dir, &files, &err), "%s", err.why);
    for (size_t i = 0; i < files.len && kept == NULL; i++)
        if (text_starts(files.at[i], "a_"))
            kept = file_join(dir, files.at[i]);
    REQUIRE(kept != NULL);
    text = read_text(kept);
    CHECK_TEXT(text, "site a, edited\n", "kept");
    check_rolls_back("the first stage, which nobody has edited", before);
    list_clear(&names);
    CHECK(file_list_dir(at("work/rolled-back"), &names, &err) && names.len == 1, "nothing else is kept");
}

/* What was broken since: taken back without a test before, and kept whatever the server says of the rest. */
TEST(a_rollback_of_what_is_broken)
{
    static const struct {
        const char *name, *file; /* that a user has broken */
        int refuses_reload;
        const char *why, *next; /* NULL: it works */
        int reloads;
    } rows[] = {
        { "by what is taken back", "etc/sites/a.conf", 0, NULL, NULL, 2 },
        { "by something else", "etc/sites/other.conf", 0, "main.conf:7", "stays so. Correct", 1 },
        { "and the reload fails", "etc/sites/a.conf", 2, "no such process", "passes the test", 2 },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(free) char *text = NULL;
        AUTO(list_clear) struct list titles = { 0 };
        struct error err = { 0 };
        bool ok;

        make_scene();
        REQUIRE(commit_all(&err), "%s", err.why);
        server.is_broken_by_content = true;
        server.refuses_reload = rows[i].refuses_reload;
        write_text(at("%s", rows[i].file), "BROKEN\n");
        ok = web_rollback(&service, 2, NULL, &titles, &err);
        CHECK(ok == (rows[i].why == NULL), "%s: %s", rows[i].name, err.why);
        CHECK(ok || (strstr(err.why, rows[i].why) != NULL && strstr(err.next, rows[i].next) != NULL), "%s: %s. %s",
            rows[i].name, err.why, err.next);
        CHECK_INT(titles.len, 2, rows[i].name);
        CHECK_INT(server.reloads, rows[i].reloads, rows[i].name);
        CHECK_INT(backup_count(), 0, rows[i].name);
        CHECK(!file_is_dir(at("work/IN_PROGRESS")), "%s: the journal is gone", rows[i].name);
        text = scene_of("etc/sites/a.conf");
        CHECK_TEXT(text, "site a\n", rows[i].name);
    }
}

/* Each server's are its own; what Certbot has made, without a sign, is whoever's asks. */
TEST(a_rollback_beside_another_server)
{
    static char one[] = "one", two[] = "two", reload[] = "reload";
    char *const argv[][3] = { { one, reload, NULL }, { two, reload, NULL } };
    struct web_server servers[2] = { played_server, played_server };
    struct web_service services[2] = { service, service };
    AUTO(free) char *a = NULL, *b = NULL;
    AUTO(list_clear) struct list titles = { 0 };
    struct error err = { 0 };

    make_scene();
    for (size_t i = 0; i < 2; i++) {
        static const char *const files[] = { "etc/sites/a.conf", "etc/sites/b.conf" };
        AUTO(changes_free) struct changes *changes = changes_new();
        struct web_commit commit = { .service = &services[i], .changes = changes };

        servers[i].reload = argv[i];
        services[i].server = &servers[i];
        set(changes, files[i], "first\n");
        changes_stage(changes, "Add enhancement redirect");
        set(changes, files[i], "second\n");
        REQUIRE(web_commit(&commit, &err), "%s", err.why);
    }
    CHECK(web_rollback(&services[0], 1, NULL, &titles, &err), "%s", err.why);
    a = scene_of("etc/sites/a.conf");
    b = scene_of("etc/sites/b.conf");
    CHECK_TEXT(a, "first\n", "its newest");
    CHECK_TEXT(b, "second\n", "the other's stays");
    CHECK_INT(titles.len, 1, "told");
    CHECK(web_rollback(&services[0], 9, NULL, NULL, &err), "%s", err.why);
    CHECK_INT(backup_count(), 2, "those of the other stay");
    CHECK(web_rollback(&services[1], 9, NULL, NULL, &err), "%s", err.why);
    CHECK_INT(backup_count(), 0, "all");
}

TEST_MAIN()
