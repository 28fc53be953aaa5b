/*
 * An old version that has expired, made live again by somebody at a terminal, or by a script.
 */
#include "fixture.h"
#include "lifecycle/renew.h"
#include "lifecycle/versions.h"
#include "store/history.h"

static const struct {
    const char *name;
    int64_t age_days;
    const char *answers;
    bool restored;
    const char *why; /* NULL: it succeeds */
    const char *said, *not_said;
} rows[] = {
    { "valid: nobody is asked", 70, "", true, NULL, "names nobody who could be asked whether it was revoked",
        "(M)ake it live" },
    { "expired, in a script", 100, NULL, true, NULL, "has expired: it was valid until", "Browsers" },
    { "expired, and the user says yes", 100, "m\n", true, NULL, "(M)ake it live/(C)ancel", "It is made live" },
    { "expired, and the user says no", 100, "c\n", false, NULL, "other clients will refuse it", NULL },
    { "expired, and the user is gone", 100, "", false, "ended before", "(M)ake it live/(C)ancel", NULL },
};

static char *oldest(const struct lineage *lineage)
{
    AUTO(history_clear) struct history history = { 0 };
    struct error err = { 0 };

    REQUIRE(lineage_history(lineage, &history, &err) && history.len == 2, "%s", err.why);
    return xstrdup(history.at[0].id);
}

static struct lineage *load(struct fixture *fixture)
{
    struct lineage *lineage = NULL;
    struct error err = { 0 };

    REQUIRE(lineage_load(fixture->store, "a.test", &lineage, &err), "%s", err.why);
    return lineage;
}

static void renew(struct fixture *fixture)
{
    AUTO(renewals_clear) struct renewals renewals = { 0 };
    struct error err = { 0 };

    REQUIRE(renew_all(&fixture->context, &renewals, &err) && renewals.at[0].what == RENEWED_DONE, "%s", err.why);
}

TEST(what_is_asked)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct setup setup = {
            .answers = rows[i].answers, .verb = "renew", .options = "no-random-sleep-on-renew"
        };
        AUTO(fixture_clear) struct fixture fixture;
        AUTO(lineage_free) struct lineage *before = NULL, *after = NULL;
        AUTO(free) char *id = NULL, *now = NULL;
        struct error err = { 0 };
        bool ok;

        fixture_open(&fixture, &setup);
        lineage_free(fixture_lineage(&fixture, "a.test", "a.test", rows[i].age_days * FIXTURE_DAY));
        renew(&fixture);
        fixture_next_run(&fixture);
        before = load(&fixture);
        id = oldest(before);
        ok = versions_restore(&fixture.context, "a.test", id, &now, &err);
        CHECK(ok == (rows[i].why == NULL), "%s: %s", rows[i].name, err.why);
        CHECK(ok || rows[i].why == NULL || strstr(err.why, rows[i].why) != NULL, "%s: %s", rows[i].name, err.why);
        after = load(&fixture);
        CHECK((strcmp(before->cert->serial, after->cert->serial) != 0) == rows[i].restored, "%s", rows[i].name);
        CHECK((now != NULL) == rows[i].restored, "%s: %s", rows[i].name, now);
        CHECK(fixture_has_said(&fixture, rows[i].said), "%s: %s", rows[i].name, buf_text(&fixture.said));
        CHECK(rows[i].not_said == NULL || !fixture_has_said(&fixture, rows[i].not_said), "%s: %s", rows[i].name,
            buf_text(&fixture.said));
    }
}

TEST_MAIN()
