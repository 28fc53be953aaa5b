/*
 * A commit ends after each of its steps in turn: by a refusal of the server's, a call that fails, or a kill. What is
 * found then, or after the next run's recovery, is all of it or nothing.
 */
#include "base/text.h"
#include "web/test_commit.h"

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
