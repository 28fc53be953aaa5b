/* A kill at each step of a commit: the next run recovers, and finds all of it or nothing. */
#include "web/test_commit.h"

TEST(a_kill_at_each_step)
{
    bool killed = true;
    int step = 1;

    for (; killed && step < STEPS_MAX; step++) {
        AUTO(free) char *before = NULL;

        make_scene();
        before = scene();
        killed = killed_at(step, commit_all);
        check_recovered("a kill", step, before);
    }
    CHECK(!killed && step > 60, "%d steps", step);
}

/* Nothing but a new file, which a later stage changes: as Apache's hosts are. */
static bool commit_new_alone(struct error *err)
{
    AUTO(changes_free) struct changes *changes = changes_new();

    changes_create_like(changes, at("etc/new.conf"), view_of("new\n"), at("etc/sites/a.conf"));
    changes_link(changes, at("etc/enabled/new"), "../new.conf");
    changes_stage(changes, "Add enhancement redirect");
    set(changes, "etc/new.conf", "new, redirected\n");
    return commit(changes, err);
}

TEST(a_kill_while_a_new_file_is_made)
{
    bool killed = true;
    int step = 1;

    for (; killed && step < STEPS_MAX; step++) {
        AUTO(free) char *before = NULL;
        struct error err = { 0 };

        make_scene();
        before = scene();
        killed = killed_at(step, commit_new_alone);
        CHECK(web_recover(&service, &err), "step %d: %s", step, err.why);
        if (backup_count() == 0)
            check_untouched("a new file", step, before);
        check_rolls_back("a new file", before);
    }
    CHECK(!killed && step > 40, "%d steps", step);
}

TEST(a_kill_of_the_recovery)
{
    for (int first = 40; first < 100; first += 5) {
        bool killed = true;

        for (int step = 1; killed && step < STEPS_MAX; step++) {
            AUTO(free) char *before = NULL;

            make_scene();
            before = scene();
            (void)killed_at(first, commit_all);
            killed = killed_at(step, recover);
            check_recovered("a kill of the recovery", first * 1000 + step, before);
        }
    }
}

TEST_MAIN()
