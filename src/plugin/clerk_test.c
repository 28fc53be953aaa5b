/*
 * The clerk: what is submitted meanwhile is one group; a plan that is the cause of a failure fails alone; one lock for
 * all processes.
 */
#include "plugin/test_desk.h"

TEST(groups)
{
    static char a[] = "a", b[] = "b", c[] = "c", bad[] = "bad", bad2[] = "bad2";
    static const struct {
        const char *name;
        char *plans[PLANS];
        bool names_nobody, divides;
        const char *said;
        const char *why[PLANS]; /* error of each plan; NULL: it is in effect */
    } rows[] = {
        { "all that comes meanwhile is one group", { a, b, c, b }, false, false, "recover\ncommit a\ncommit b c b\n",
            { NULL } },
        { "the others are tried without the one that fails", { a, b, bad, c }, false, false,
            "recover\ncommit a\ncommit b bad c\ncommit b c\n", { NULL, NULL, "line 7: bad", NULL } },
        { "two that fail", { a, bad2, bad, c }, false, false, "recover\ncommit a\ncommit bad2 bad c\ncommit c\n",
            { NULL, "line 7: bad2", "line 7: bad", NULL } },
        { "nobody knows which", { a, b, bad, c }, true, false, "recover\ncommit a\ncommit b bad c\n",
            { NULL, "the test of", "the test of", "the test of" } },
        { "it is looked for", { a, b, bad, c }, true, true,
            "recover\ncommit a\ncommit b bad c\ncommit b\ncommit bad c\ncommit bad\ncommit c\n",
            { NULL, NULL, "the test of", NULL } },
        { "what is done alone divides groups", { a, b, NULL, c }, false, false,
            "recover\ncommit a\ncommit b\nalone\ncommit c\n", { NULL } },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct waiter waiters[PLANS];
        struct clerk *clerk;
        struct desk desk;

        desk_init(&desk);
        desk.names_nobody = rows[i].names_nobody;
        desk.divides = rows[i].divides;
        clerk = clerk_at(&desk, -1);
        play(clerk, &desk, rows[i].plans, waiters, PLANS);
        clerk_free(clerk);
        CHECK_TEXT(buf_text(&desk.said), rows[i].said, rows[i].name);
        for (size_t k = 0; k < PLANS; k++) {
            const struct error *told = waiters[k].own != NULL ? waiters[k].own : &waiters[k].err;

            CHECK((rows[i].why[k] == NULL) == (told->kind == ERROR_NONE), "%s, %zu: %s", rows[i].name, k, told->why);
            CHECK(rows[i].why[k] == NULL || strstr(told->why, rows[i].why[k]) != NULL, "%s, %zu: %s", rows[i].name, k,
                told->why);
            CHECK(waiters[k].ok == (waiters[k].err.kind == ERROR_NONE), "%s, %zu", rows[i].name, k);
            free(waiters[k].own);
        }
        desk_clear(&desk);
    }
}

/* ---- waiting for others ---- */

enum end { ENDS_BY_ITSELF, NOBODY_COMES, QUIET };

TEST(others_are_waited_for)
{
    static char a[] = "a", b[] = "b", c[] = "c", now[] = "now";
    static const struct {
        const char *name;
        char *plans[PLANS]; /* in the order in which they come; NULL: what is done alone, behind all */
        enum end end;
        const char *said;
    } rows[] = {
        { "until nobody comes any more", { a, b, c, a }, NOBODY_COMES, "recover\ncommit a b c a\n" },
        { "until it is quiet", { a, b, c, a }, QUIET, "recover\ncommit a b c a\n" },
        { "what is to be last comes behind them", { a, NULL, b, c }, NOBODY_COMES, "recover\ncommit a b c\nalone\n" },
        { "not by one that waits for nobody", { a, b, c, now }, ENDS_BY_ITSELF, "recover\ncommit a b c now\n" },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct crowd crowd = { .lock = MUTEX_INIT, .comes = true };
        struct company company = { is_coming, arrives, &crowd };
        struct waiter waiters[PLANS];
        int64_t begun = clock_monotonic_ms();
        struct clerk *clerk;
        struct desk desk;

        desk_init(&desk);
        clerk = clerk_at(&desk, -1);
        for (size_t k = 0; k < PLANS; k++) {
            waiters[k] = (struct waiter){ .clerk = clerk, .plan = rows[i].plans[k], .desk = &desk, .last = true };
            waiters[k].company = waiters[k].plan == now ? NULL : &company;
            REQUIRE(pthread_create(&waiters[k].thread, NULL, wait_for_clerk, &waiters[k]) == 0, "thread %zu", k);
            if (k + 1 < PLANS || rows[i].end == NOBODY_COMES)
                wait_until_waiting(clerk, k + 1);
        }
        if (rows[i].end == NOBODY_COMES)
            nobody_comes(&crowd);
        for (size_t k = 0; k < PLANS; k++)
            REQUIRE(pthread_join(waiters[k].thread, NULL) == 0, "thread %zu", k);
        clerk_free(clerk);
        CHECK_TEXT(buf_text(&desk.said), rows[i].said, rows[i].name);
        CHECK(rows[i].end != QUIET || clock_monotonic_ms() - begun >= CLERK_QUIET_MS, "%s", rows[i].name);
        desk_clear(&desk);
    }
}

/* One whose run has no other is not kept waiting, nor one that nobody else comes with. */
TEST(nobody_else_is_waited_for)
{
    struct crowd crowd = { .lock = MUTEX_INIT };
    const struct company companies[] = { { NULL, NULL, NULL }, { is_coming, arrives, &crowd } };

    for (size_t i = 0; i < COUNT(companies); i++) {
        struct error err = { 0 }, *each[1] = { NULL };
        int64_t begun = clock_monotonic_ms();
        char text[] = "a";
        void *plan = text;
        struct clerk *clerk;
        struct desk desk;

        desk_init(&desk);
        clerk = clerk_at(&desk, -1);
        CHECK(clerk_commit_together(clerk, &plan, 1, &companies[i], each, &err), "%s", err.why);
        CHECK(clock_monotonic_ms() - begun < CLERK_QUIET_MS, "company %zu", i);
        CHECK_INT(crowd.arrived, i, "those that wait know of it");
        clerk_free(clerk);
        desk_clear(&desk);
    }
}

TEST(what_was_left_is_undone_first)
{
    static const struct {
        const char *name;
        size_t plans; /* 0: what is done alone */
        bool nothing, no_recovery, ok;
        const char *said;
    } rows[] = {
        { "nothing to do", 0, true, false, true, "" },
        { "no more than that", 0, false, false, true, "recover\n" },
        { "before plans", 1, false, false, true, "recover\ncommit a\n" },
        { "it cannot be undone", 1, false, true, false, "recover\n" },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct error err = { 0 }, *each[1] = { NULL };
        char text[] = "a";
        void *plan = text;
        struct desk desk;
        struct clerk *clerk;
        bool ok;

        desk_init(&desk);
        desk.no_recovery = rows[i].no_recovery;
        clerk = clerk_at(&desk, -1);
        ok = rows[i].nothing || rows[i].plans > 0 ? clerk_commit(clerk, &plan, rows[i].plans, each, &err)
                                                  : clerk_call(clerk, NULL, NULL, &err);
        CHECK(ok == rows[i].ok, "%s: %s", rows[i].name, err.why);
        CHECK(ok || strstr(err.why, "somebody else") != NULL, "%s: %s", rows[i].name, err.why);
        clerk_free(clerk);
        CHECK_TEXT(buf_text(&desk.said), rows[i].said, rows[i].name);
        desk_clear(&desk);
    }
}

TEST_MAIN()
