/* The clerk beside other runs that have the server, and when the user interrupts. */
#include "plugin/test_desk.h"

/* ---- other processes ---- */

/* In a child: holds the lock of the server, says so, and lets it go when it is told to. */
static pid_t hold_in_a_child(int *tell, const char *file)
{
    int ready[2], go[2];
    char byte;
    pid_t child;

    (void)test_dir(); /* of both */
    REQUIRE(pipe(ready) == 0 && pipe(go) == 0, "pipes");
    child = fork();
    if (child == 0) {
        struct server_id server = { test_dir(), "", "the server of a test" };
        struct server_lock *ours = NULL;
        struct lock *certbots = NULL;
        struct error err = { 0 };
        bool ok = file == NULL ? server_lock_take(&server, 0, &ours, &err)
                               : lock_take(test_dir(), LOCK_EXCLUSIVE, lock_wait_of(0, "wait"), &certbots, &err);

        (void)close(go[1]);
        (void)!write(ready[1], ok ? "y" : "n", 1);
        (void)!read(go[0], &byte, 1);
        server_lock_release(ours);
        lock_release(certbots);
        _exit(0);
    }
    REQUIRE(child > 0 && read(ready[0], &byte, 1) == 1 && byte == 'y', "the child has the lock");
    (void)close(ready[0]);
    (void)close(ready[1]);
    (void)close(go[0]);
    *tell = go[1];
    return child;
}

static void end_child(pid_t child, int tell)
{
    int status;

    (void)close(tell);
    REQUIRE(waitpid(child, &status, 0) == child, "the child");
}

TEST(another_run_has_the_server)
{
    static const struct {
        const char *name, *file; /* NULL: ours, else Certbot's */
        int timeout_s;
        bool ends; /* while we wait */
        const char *why;
    } rows[] = {
        { "ours, in vain", NULL, 0, false, "is busy with the server of a test" },
        { "ours, that ends", NULL, -1, true, NULL },
        { "Certbot is not waited for", "c", -1, false, "Another instance of Certbot is already running" },
        { "unless the user wants it", "c", 60, true, NULL },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[] = "a";
        struct waiter waiter = { .plan = text };
        struct desk desk;
        pid_t child;
        int tell;

        log_terminal_level(LOG_LEVEL_CRITICAL);
        child = hold_in_a_child(&tell, rows[i].file);
        desk_init(&desk);
        waiter.clerk = clerk_at(&desk, rows[i].timeout_s);
        REQUIRE(pthread_create(&waiter.thread, NULL, wait_for_clerk, &waiter) == 0, "thread");
        if (rows[i].ends) {
            while (clerk_waiting(waiter.clerk) == 0)
                (void)clock_sleep_ms(1);
            end_child(child, tell);
        }
        REQUIRE(pthread_join(waiter.thread, NULL) == 0, "thread");
        if (!rows[i].ends)
            end_child(child, tell);
        clerk_free(waiter.clerk);
        CHECK(waiter.ok == (rows[i].why == NULL), "%s: %s", rows[i].name, waiter.err.why);
        CHECK(
            rows[i].why == NULL || strstr(waiter.err.why, rows[i].why) != NULL, "%s: %s", rows[i].name, waiter.err.why);
        CHECK_TEXT(buf_text(&desk.said), rows[i].why == NULL ? "recover\ncommit a\n" : "", rows[i].name);
        desk_clear(&desk);
    }
}

/* The lock is kept while something is in place, given back when nothing is left of it, and in any case at the end. */
TEST(the_lock_is_kept)
{
    static const struct {
        const char *name;
        bool keeps, again;
        const char *said;
    } rows[] = {
        { "kept for what comes later", true, false, "recover\ncommit a\ncommit b\n" },
        { "taken again", false, true, "recover\ncommit a\nrecover\ncommit b\n" },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct server_id server = { test_dir(), "", "the server of a test" };
        AUTO(server_lock_release) struct server_lock *lock = NULL;
        struct error err = { 0 }, *each[1] = { NULL };
        char a[] = "a", b[] = "b";
        void *first = a, *second = b;
        struct desk desk;
        struct clerk *clerk;

        desk_init(&desk);
        desk.keeps_lock = rows[i].keeps;
        clerk = clerk_at(&desk, -1);
        CHECK(clerk_commit(clerk, &first, 1, each, &err), "%s: %s", rows[i].name, err.why);
        if (rows[i].again) { /* once it can be had, the clerk has given it back */
            REQUIRE(server_lock_take(&server, -1, &lock, &err), "%s", err.why);
            server_lock_release(TAKE(lock));
        } else {
            CHECK(!server_lock_take(&server, 0, &lock, &err), "%s", rows[i].name);
        }
        CHECK(clerk_commit(clerk, &second, 1, each, &err), "%s: %s", rows[i].name, err.why);
        clerk_free(clerk);
        CHECK_TEXT(buf_text(&desk.said), rows[i].said, rows[i].name);
        CHECK(server_lock_take(&server, 0, &lock, &err), "%s: %s", rows[i].name, err.why);
        desk_clear(&desk);
    }
}

/* What was left for a commit to come is done in the end; by another run, perhaps, before the lock is to be had. */
TEST(what_is_owed_is_settled_at_the_end)
{
    static const struct {
        const char *name;
        int owes;
        bool cannot, never_began;
        const char *said;
    } rows[] = {
        { "nothing", 0, false, false, "recover\ncommit a\n" },
        { "something", 2, false, false, "recover\ncommit a\nrecover\nsettle\n" },
        { "another run was faster", 1, false, false, "recover\ncommit a\nrecover\n" },
        { "in vain", 2, true, false, "recover\ncommit a\nrecover\nsettle\n" },
        { "of a server that had nothing to do with this run", 2, false, true, "" },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct server_id server = { test_dir(), "", "the server of a test" };
        AUTO(server_lock_release) struct server_lock *lock = NULL;
        struct error err = { 0 }, *each[1] = { NULL };
        char text[] = "a";
        void *plan = text;
        struct clerk *clerk;
        struct desk desk;

        desk_init(&desk);
        desk.owes = rows[i].owes;
        desk.cannot_settle = rows[i].cannot;
        clerk = clerk_at(&desk, -1);
        log_terminal_level(LOG_LEVEL_CRITICAL);
        CHECK(rows[i].never_began || clerk_commit(clerk, &plan, 1, each, &err), "%s: %s", rows[i].name, err.why);
        clerk_free(clerk);
        CHECK_TEXT(buf_text(&desk.said), rows[i].said, rows[i].name);
        CHECK(server_lock_take(&server, 0, &lock, &err), "%s: %s", rows[i].name, err.why);
        desk_clear(&desk);
    }
}

/* ---- interrupts ---- */

/* In a child, since an interrupt stays. Exits with what is wrong. */
static void interrupted_scene(bool shielded, bool begun)
{
    struct error err = { 0 }, *each[1] = { NULL };
    char first[] = "a", second[] = "b";
    void *plan = second;
    struct waiter waiter = { .plan = first };
    struct desk desk;
    bool ok;

    interrupt_init();
    desk_init(&desk);
    waiter.clerk = clerk_at(&desk, -1);
    desk.hold = true;
    (void)pthread_create(&waiter.thread, NULL, wait_for_clerk, &waiter);
    wait_until_at_commit(&desk, 1);
    if (shielded)
        interrupt_shield();
    if (begun) {
        (void)raise(SIGINT);
        let_go(&desk);
        (void)pthread_join(waiter.thread, NULL);
        _exit(waiter.ok && !desk.shielded ? 0 : 1); /* the desk hears of it and decides */
    }
    if (shielded)
        let_go(&desk);
    (void)raise(SIGINT);
    ok = clerk_commit(waiter.clerk, &plan, 1, each, &err);
    let_go(&desk);
    (void)pthread_join(waiter.thread, NULL);
    clerk_free(waiter.clerk);
    if (shielded)
        _exit(ok && desk.shielded ? 0 : 2);
    if (ok || err.kind != ERROR_CANCELED)
        _exit(3);
    _exit(strcmp(buf_text(&desk.said), "recover\ncommit a\n") == 0 ? 0 : 4);
}

TEST(interrupted)
{
    static const struct {
        const char *name;
        bool shielded, begun;
    } rows[] = {
        { "before it has begun it is withdrawn", false, false },
        { "what has begun is not left alone", false, true },
        { "one that is shielded goes on, and so does the clerk", true, false },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        int status = -1;
        pid_t child;

        (void)test_dir(); /* the parent's to remove */
        child = fork();
        if (child == 0)
            interrupted_scene(rows[i].shielded, rows[i].begun);
        REQUIRE(child > 0 && waitpid(child, &status, 0) == child, "%s", rows[i].name);
        CHECK_INT(status, 0, rows[i].name);
    }
}

static void *interrupt_once_it_waits(void *clerk)
{
    while (clerk_waiting(clerk) == 0)
        (void)clock_sleep_ms(1);
    (void)raise(SIGINT);
    return NULL;
}

/* The scene ends its process, with status 0 when it went as it should. */
static void check_in_child(void (*scene)(void), const char *what)
{
    int status = -1;
    pid_t child;

    (void)test_dir(); /* the parent's to remove */
    child = fork();
    if (child == 0)
        scene();
    REQUIRE(child > 0 && waitpid(child, &status, 0) == child, "the scene");
    CHECK_INT(status, 0, what);
}

/* In a child, as above: others are waited for that never come. */
static void gathering_scene(void)
{
    struct crowd crowd = { .lock = MUTEX_INIT, .comes = true };
    struct company company = { is_coming, arrives, &crowd };
    struct error err = { 0 }, *each[1] = { NULL };
    char text[] = "a";
    void *plan = text;
    pthread_t thread;
    struct clerk *clerk;
    struct desk desk;
    bool ok;

    interrupt_init();
    desk_init(&desk);
    clerk = clerk_at(&desk, -1);
    (void)pthread_create(&thread, NULL, interrupt_once_it_waits, clerk);
    ok = clerk_commit_together(clerk, &plan, 1, &company, each, &err);
    (void)pthread_join(thread, NULL);
    clerk_free(clerk);
    _exit(!ok && err.kind == ERROR_CANCELED && strstr(buf_text(&desk.said), "commit") == NULL ? 0 : 1);
}

TEST(an_interrupt_ends_the_wait_for_others)
{
    check_in_child(gathering_scene, "it is withdrawn");
}

/* In a child, as above: another run has the server for longer than anybody wants to wait. */
static void busy_scene(void)
{
    struct error err = { 0 }, *each[1] = { NULL };
    char text[] = "a";
    void *plan = text;
    pthread_t thread;
    struct clerk *clerk;
    struct desk desk;
    int tell;
    pid_t other = hold_in_a_child(&tell, NULL);
    bool ok;

    log_terminal_level(LOG_LEVEL_CRITICAL);
    interrupt_init();
    interrupt_shield();
    desk_init(&desk);
    clerk = clerk_at(&desk, -1);
    (void)pthread_create(&thread, NULL, interrupt_once_it_waits, clerk);
    ok = clerk_commit(clerk, &plan, 1, each, &err);
    (void)pthread_join(thread, NULL);
    clerk_free(clerk);
    end_child(other, tell);
    _exit(!ok && err.kind == ERROR_CANCELED && desk.said.len == 0 ? 0 : 1);
}

TEST(an_interrupt_ends_the_wait_for_another_run)
{
    check_in_child(busy_scene, "a thread that is shielded does not wait either");
}

TEST_MAIN()
