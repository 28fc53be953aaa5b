/*
 * A commit ends after each of its steps in turn: by a refusal of the server's, a call that fails, or a kill. What is
 * found then, or after the next run's recovery, is all of it or nothing.
 */
#include "base/test_faults.h"
#include "base/text.h"
#include "web/test_scene.h"

#define STEPS_MAX 400

/* ---- what is right ---- */

static void check_committed(const char *name)
{
    AUTO(free)
    char *a = scene_of("etc/sites/a.conf"), *b = scene_of("etc/sites/b.conf"), *m = scene_of("etc/main.conf");
    AUTO(free) char *hard = scene_of("etc/hard2.conf"), *new = scene_of("etc/new.conf");
    AUTO(free) char *redirect = scene_of("etc/redirect.conf"), *work = names_in(at("work"));
    AUTO(free) char *etc = names_in(at("etc")), *sites = names_in(at("etc/sites"));

    CHECK_TEXT(a, "site a with TLS, redirected\n", name);
    CHECK_TEXT(b, "site b with TLS\n", name);
    CHECK_TEXT(m, "main, include new.conf\n", name);
    CHECK_TEXT(hard, "two names, and TLS\n", name);
    CHECK_TEXT(new, "new, redirected\n", name);
    CHECK_TEXT(redirect, "redirect\n", name);
    CHECK_TEXT(link_text(at("etc/enabled/a")), "../sites/a.conf", name);
    CHECK_TEXT(link_text(at("etc/enabled/b")), "b2", name);
    CHECK_TEXT(link_text(at("etc/enabled/new")), "../new.conf", name);
    CHECK_TEXT(etc, "enabled hard.conf hard2.conf main.conf new.conf redirect.conf sites", name);
    CHECK_TEXT(sites, "a.conf b.conf", name);
    CHECK_TEXT(work, "backups", name);
    CHECK_INT(mode_of(at("etc/main.conf")), 0640, name);
    CHECK_INT(mode_of(at("etc/sites/b.conf")), 0604, name);
    CHECK_INT(mode_of(at("etc/hard.conf")), 0600, name);
    CHECK_INT(mode_of(at("etc/new.conf")), 0640, name);
    CHECK_INT(mode_of(at("etc/redirect.conf")), 0604, name);
}

static void check_untouched(const char *name, int step, const char *before)
{
    AUTO(free) char *now = scene(), *work = names_in(at("work")), *where = xprintf("%s, step %d", name, step);

    CHECK_TEXT(now, before, where);
    CHECK(strcmp(work, "") == 0 || strcmp(work, "backups") == 0, "%s: %s", where, work);
}

static size_t backup_count(void)
{
    AUTO(list_clear) struct list names = { 0 };
    struct error err = { 0 };

    REQUIRE(checkpoint_list(work_dir, &names, &err), "%s", err.why);
    return names.len;
}

static void check_rolls_back(const char *name, const char *before)
{
    AUTO(free) char *now = NULL;
    struct error err = { 0 };

    CHECK(web_rollback(&service, 9, NULL, NULL, &err), "%s: %s", name, err.why);
    now = scene();
    CHECK_TEXT(now, before, name);
    CHECK_INT(backup_count(), 0, name);
}

/* ---- all is well ---- */

TEST(a_commit)
{
    AUTO(free) char *before = NULL, *a = NULL;
    AUTO(changes_free) struct changes *changes = NULL;
    AUTO(list_clear) struct list names = { 0 }, titles = { 0 };
    struct error err = { 0 };

    make_scene();
    before = scene();
    changes = all_changes();
    CHECK(!changes_are_empty(changes), "there are changes");
    REQUIRE(commit(changes, &err), "%s: %s", err.what, err.why);
    check_committed("a commit");
    CHECK_INT(server.tests, 2, "one test before, one after");
    CHECK_INT(server.reloads, 1, "one reload");
    CHECK_INT(server.verifies, 1, "one comparison");
    CHECK_INT(server.watched, 0, "which sees whether the server goes on");
    REQUIRE(checkpoint_list(work_dir, &names, &err) && names.len == 2, "%zu backups", names.len);
    for (size_t i = 0; i < 2; i++) {
        static const char *const begin[] = { "-- Deployed ACME Certificate --\n", "-- Add enhancement redirect --\n" };
        AUTO(free) char *text = read_text(at("work/backups/%s/CHANGES_SINCE", names.at[i]));

        CHECK(strncmp(text, begin[i], strlen(begin[i])) == 0, "%s", text);
    }
    CHECK(web_rollback(&service, 1, NULL, &titles, &err), "%s", err.why);
    CHECK(
        titles.len == 1 && strncmp(titles.at[0], "Add enhancement redirect (of 20", 31) == 0, "%zu titles", titles.len);
    a = scene_of("etc/sites/a.conf");
    CHECK_TEXT(a, "site a with TLS\n", "the redirect alone is taken back");
    CHECK(!file_exists(at("etc/redirect.conf")) && file_exists(at("etc/new.conf")), "its new file, too");
    check_rolls_back("all", before);
}

TEST(nothing_to_do)
{
    AUTO(changes_free) struct changes *changes = NULL;
    struct web_commit forced = { .service = &service, .force_reload = true };
    struct error err = { 0 };

    make_scene();
    changes = changes_new();
    set(changes, "etc/main.conf", "main\n");
    set(changes, "etc/sites/a.conf", "another\n");
    set(changes, "etc/sites/a.conf", "site a\n");
    CHECK(changes_are_empty(changes), "there and back");
    CHECK(commit(changes, &err), "%s", err.why);
    CHECK_INT(server.tests + server.reloads + server.verifies, 0, "nothing is done");
    forced.changes = changes;
    CHECK(web_commit(&forced, &err), "%s", err.why);
    CHECK_INT(server.tests, 1, "renewed files");
    CHECK_INT(server.reloads, 1, "renewed files");
    CHECK_INT(server.watched, 1, "there is nothing to compare");
    CHECK(!file_exists(at("work/backups")), "no checkpoint");
}

/* ---- refusals ---- */

static const struct {
    const char *name;
    int refuses_test, refuses_reload, refuses_verify;
    int tests, reloads; /* in all */
    const char *what, *next;
} refusals[] = {
    { "before", 1, 0, 0, 1, 0, "before anything was changed", "correct it" },
    { "after", 2, 0, 0, 2, 0, "refused the new configuration", "taken back" },
    { "reload", 0, 1, 0, 2, 2, "", "taken back" },
    { "comparison", 0, 0, 1, 2, 2, "", "taken back" },
};

TEST(the_server_refuses)
{
    for (size_t i = 0; i < COUNT(refusals); i++) {
        AUTO(changes_free) struct changes *changes = NULL;
        AUTO(free) char *before = NULL;
        struct error err = { 0 };

        make_scene();
        before = scene();
        changes = all_changes();
        server.refuses_test = refusals[i].refuses_test;
        server.refuses_reload = refusals[i].refuses_reload;
        server.refuses_verify = refusals[i].refuses_verify;
        CHECK(!commit(changes, &err), "%s", refusals[i].name);
        CHECK_INT(err.kind, ERROR_PLUGIN, refusals[i].name);
        CHECK(strstr(err.what, refusals[i].what) != NULL, "%s: %s", refusals[i].name, err.what);
        CHECK(strstr(err.next, refusals[i].next) != NULL, "%s: %s", refusals[i].name, err.next);
        CHECK_INT(server.tests, refusals[i].tests, refusals[i].name);
        CHECK_INT(server.reloads, refusals[i].reloads, refusals[i].name);
        check_untouched(refusals[i].name, 0, before);
    }
}

TEST(a_server_that_does_not_come_back)
{
    static const struct {
        const char *name, *pid_file; /* NULL: not known */
        int reloads;
        const char *next;
    } cases[] = {
        { "it runs", NULL, 2, "all files are as they were before, but nginx could not be told so: no such process" },
        { "it was stopped before", "/none/pid", 1, "all that this run had changed was taken back" },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(changes_free) struct changes *changes = NULL;
        AUTO(free) char *before = NULL;
        struct web_server stopped = { .name = "nginx", .pid_file = cases[i].pid_file };
        struct web_service other = service;
        struct web_commit wanted = { .service = &other };
        struct error err = { 0 };

        make_scene();
        before = scene();
        changes = all_changes();
        other.server = &stopped;
        wanted.changes = changes;
        server.refuses_reloads = true;
        CHECK(!web_commit(&wanted, &err), "%s", cases[i].name);
        CHECK_TEXT(err.next, cases[i].next, cases[i].name);
        CHECK_INT(server.reloads, cases[i].reloads, cases[i].name);
        check_untouched(cases[i].name, 0, before);
    }
}

/* ---- calls that fail ---- */

static void fail_no_more(void)
{
    faults.first = faults.last = faults.crash = 0;
    faults.dies = false;
}

TEST(a_call_fails)
{
    static const int reasons[] = { ENOSPC, EROFS, EACCES, EIO };

    for (size_t i = 0; i < COUNT(reasons); i++) {
        bool done = false;
        int step = 1;

        for (; !done && step < STEPS_MAX; step++) {
            AUTO(changes_free) struct changes *changes = NULL;
            AUTO(free) char *before = NULL, *name = xprintf("%s, step %d", strerror(reasons[i]), step);
            struct error err = { 0 };
            bool ok;

            make_scene();
            before = scene();
            changes = all_changes();
            faults.calls = 0;
            faults.first = faults.last = step;
            faults.sys = reasons[i];
            ok = commit(changes, &err);
            done = faults.calls < step;
            fail_no_more();
            CHECK(ok || err.why[0] != '\0', "%s: no reason", name);
            if (!ok)
                check_untouched(name, step, before);
            else if (backup_count() > 0)
                check_rolls_back(name, before);
        }
        CHECK(done && step > 60, "%d steps", step);
    }
}

/* ---- kills ---- */

/* Runs it in a process that is killed at that step; true when it was, false when it had ended before. */
static bool killed_at(int step, bool (*work)(struct error *err))
{
    pid_t pid = fork();
    int status = 0;

    if (pid == 0) {
        struct error err = { 0 };

        faults.calls = 0;
        faults.crash = step;
        faults.dies = true;
        _exit(work(&err) ? 0 : 1);
    }
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
        fail_msg("step %d: it failed, and was not killed", step);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

static bool commit_all(struct error *err)
{
    AUTO(changes_free) struct changes *changes = all_changes();

    return commit(changes, err);
}

static bool recover(struct error *err)
{
    return web_recover(&service, err);
}

/* After a kill: the next run recovers; then all is as before, or done. */
static void check_recovered(const char *name, int step, const char *before)
{
    AUTO(free) char *a = NULL;
    struct error err = { 0 };

    CHECK(web_recover(&service, &err) && web_tell(&service, &err), "%s, step %d: %s", name, step, err.why);
    a = scene_of("etc/sites/a.conf");
    if (strcmp(a, "site a with TLS, redirected\n") == 0)
        check_rolls_back(name, before);
    else
        check_untouched(name, step, before);
}

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

/* ---- challenges ---- */

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
    CHECK(!file_exists(at("etc/one.challenge")) && !web_is_unfinished(&service), "the rest is taken back");
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

/* ---- rollback ---- */

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

/* ---- somebody else ---- */

static void edit_at_second_test(int number)
{
    if (number == 2) {
        write_text(at("etc/sites/b.conf"), "edited meanwhile\n");
        write_text(at("etc/new.conf"), "mine now\n");
    }
}

static void edit_at_first_test(int number)
{
    if (number == 1)
        write_text(at("etc/main.conf"), "edited meanwhile\n");
}

static void create_at_first_test(int number)
{
    if (number == 1)
        write_text(at("etc/new.conf"), "mine\n");
}

TEST(somebody_else)
{
    static const struct {
        const char *name;
        void (*edit)(int number);
        int refuses_test;
        const char *path, *text;
        enum error_kind kind;
    } cases[] = {
        { "edits before it is written", edit_at_first_test, 0, "etc/main.conf", "edited meanwhile\n", ERROR_STORE },
        { "creates the same file", create_at_first_test, 0, "etc/new.conf", "mine\n", ERROR_STORE },
        { "edits what was written", edit_at_second_test, 2, "etc/sites/b.conf", "edited meanwhile\n", ERROR_PLUGIN },
        { "edits what was created", edit_at_second_test, 2, "etc/new.conf", "mine now\n", ERROR_PLUGIN },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(changes_free) struct changes *changes = NULL;
        AUTO(free) char *theirs = NULL, *a = NULL;
        struct error err = { 0 };

        make_scene();
        changes = all_changes();
        server.at_test = cases[i].edit;
        server.refuses_test = cases[i].refuses_test;
        CHECK(!commit(changes, &err), "%s", cases[i].name);
        CHECK_INT(err.kind, cases[i].kind, cases[i].name);
        theirs = scene_of(cases[i].path);
        CHECK_TEXT(theirs, cases[i].text, cases[i].name);
        a = scene_of("etc/sites/a.conf");
        CHECK_TEXT(a, "site a\n", cases[i].name);
    }
}

/* ---- interrupts ---- */

static void interrupt_at_test(int number)
{
    if (number == 2)
        (void)raise(SIGTERM);
}

TEST(an_interrupt)
{
    AUTO(free) char *before = NULL;
    pid_t pid;
    int status = 0;

    make_scene();
    before = scene();
    pid = fork();
    if (pid == 0) {
        struct error err = { 0 };

        interrupt_init();
        server.at_test = interrupt_at_test;
        _exit(!commit_all(&err) && err.kind == ERROR_CANCELED ? 0 : 1);
    }
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x", (unsigned)status);
    check_untouched("an interrupt", 0, before);
}

TEST_MAIN()
