/*
 * Tests the records of failed renewals, and the runs that have to wait.
 */
#include "lifecycle/outcome.h"

#include "base/interrupt.h"
#include "lifecycle/stage_certs.h"

#define NAME "a.test"

static const struct error refused = { .kind = ERROR_ACME, .why = "the CA refused it" };
static const struct error offline = { .kind = ERROR_NETWORK, .why = "no network" };
static const struct error canceled = { .kind = ERROR_CANCELED, .why = "Ctrl-C" };

static struct failures load(struct stage *stage, bool *found, const char *name)
{
    struct failures failures = { 0 };
    struct error err = { 0 };

    REQUIRE(failures_load(stage->store, NAME, &failures, found, &err), "%s: %s", name, err.why);
    return failures;
}

/* ---- whom it makes wait ---- */

enum record { NONE, LONG_AGO, SOON, TOO_FAR, UNREADABLE };

static const struct {
    const char *name;
    enum record record;
    bool as_certbot, force, dry_run, interactive, want;
} waits[] = {
    { "nothing has failed", NONE, false, false, false, false, false },
    { "the pause is over", LONG_AGO, false, false, false, false, false },
    { "it is not", SOON, false, false, false, false, true },
    { "a clock that was wrong has written it", TOO_FAR, false, false, false, false, false },
    { "a record that nobody can read", UNREADABLE, false, false, false, false, false },
    { "under the name certbot", SOON, true, false, false, false, false },
    { "--force-renewal", SOON, false, true, false, false, false },
    { "--dry-run", SOON, false, false, true, false, false },
    { "somebody is there", SOON, false, false, false, true, false },
};

static void put_record(struct stage *stage, enum record record)
{
    static const int64_t from_now[] = { [LONG_AGO] = -60, [SOON] = 3600, [TOO_FAR] = 2 * BACKOFF_MAX_S };
    struct failures failures = { .tried = 1, .failures = 3, .backoff = { .failures = 3, .why = (char[]){ "so" } } };
    struct error err = { 0 };

    if (record == NONE)
        return;
    failures.backoff.not_before = record == UNREADABLE ? 1 : clock_now() + from_now[record];
    REQUIRE(failures_save(stage->store, NAME, &failures, &err), "%s", err.why);
    if (record == UNREADABLE)
        write_text(at("failures/%s.txt", NAME), "tried: yesterday\n");
}

TEST(who_waits)
{
    for (size_t i = 0; i < COUNT(waits); i++) {
        AUTO(stage_clear) struct stage stage = stage_new("renew", waits[i].as_certbot);
        AUTO(failures_clear) struct failures failures = { 0 };
        AUTO(ui_free) struct ui *terminal = ui_new(&(struct ui_options){ .force_interactive = true });

        put_record(&stage, waits[i].record);
        stage.settings->force_renewal = waits[i].force;
        stage.settings->dry_run = waits[i].dry_run;
        if (waits[i].interactive)
            stage.context.ui = terminal;
        CHECK(outcome_waits(&stage.context, NAME, &failures) == waits[i].want, "%s", waits[i].name);
        if (waits[i].want)
            CHECK_TEXT(failures.backoff.why, "so", waits[i].name);
    }
}

/* ---- what is written down ---- */

static const struct {
    const char *name;
    bool as_certbot, dry_run;
    /* o: the CA was asked for an order, and it failed; l: it failed before that; c: the user stopped it; s: success; x:
     * the record cannot be read */
    const char *attempts;
    int failures, orders; /* -1: no record */
    const char *why;
} notes[] = {
    { "success writes nothing", false, false, "s", -1, -1, NULL },
    { "a refused order", false, false, "o", 1, 1, "the CA refused it" },
    { "three of them", false, false, "ooo", 3, 3, "the CA refused it" },
    { "what fails here costs the CA nothing", false, false, "ll", 2, 0, "no network" },
    { "both are counted, and the last is told", false, false, "lolo", 4, 2, "the CA refused it" },
    { "the last is told, also when nobody waits for it", false, false, "ool", 3, 2, "no network" },
    { "success is the end of it", false, false, "oos", -1, -1, NULL },
    { "and they are counted anew", false, false, "ooso", 1, 1, "the CA refused it" },
    { "who stops it has not failed", false, false, "c", -1, -1, NULL },
    { "nor does that end a row of failures", false, false, "oc", 1, 1, "the CA refused it" },
    { "a dry run is no renewal", false, true, "ol", -1, -1, NULL },
    { "a record that cannot be read is written anew", false, false, "oxo", 1, 1, "the CA refused it" },
    { "under the name certbot failures leave nothing", true, false, "ol", -1, -1, NULL },
};

static void attempt(struct stage *stage, const struct lineage *lineage, char letter)
{
    if (letter == 'x')
        write_text(at("failures/%s.txt", NAME), "?");
    else
        outcome_note(&stage->context, lineage, letter == 'o',
            letter == 'o'   ? &refused
            : letter == 'l' ? &offline
            : letter == 'c' ? &canceled
                            : NULL);
}

TEST(what_is_written_down)
{
    for (size_t i = 0; i < COUNT(notes); i++) {
        AUTO(stage_clear) struct stage stage = stage_new("renew", notes[i].as_certbot);
        AUTO(lineage_free) struct lineage *lineage = add_lineage(&stage, NAME, &(struct made){ 0 });
        AUTO(failures_clear) struct failures failures = { 0 };
        bool found;

        stage.settings->dry_run = notes[i].dry_run;
        for (const char *letter = notes[i].attempts; *letter != '\0'; letter++)
            attempt(&stage, lineage, *letter);
        failures = load(&stage, &found, notes[i].name);
        CHECK(found == (notes[i].failures >= 0), "%s", notes[i].name);
        CHECK(found || !failures_any(stage.store), "%s: an empty folder is left", notes[i].name);
        CHECK_TEXT(failures.backoff.why, notes[i].why, notes[i].name);
        if (!found)
            continue;
        CHECK_INT(failures.failures, notes[i].failures, notes[i].name);
        CHECK_INT(failures.backoff.failures, notes[i].orders, notes[i].name);
    }
}

/* Certbot's own record has none to take back: but a run under its name renews what one of ours has given up for. */
TEST(success_under_the_name_certbot_ends_what_ours_has_noted)
{
    AUTO(stage_clear) struct stage stage = stage_new("renew", false);
    AUTO(lineage_free) struct lineage *lineage = add_lineage(&stage, NAME, &(struct made){ 0 });

    outcome_note(&stage.context, lineage, true, &refused);
    CHECK(failures_any(stage.store));
    stage.context.voice = &voice_certbot;
    outcome_note(&stage.context, lineage, false, NULL);
    CHECK(!failures_any(stage.store));
}

/* ---- for how long ---- */

/* left_s has seven seconds to spare, for the time that the test itself takes. */
static const struct {
    const char *name;
    int64_t left_s;
    int orders;
    int64_t pause_s;
} pauses[] = {
    { "the first is none", 80 * DAY, 1, 0 },
    { "a minute", 80 * DAY, 2, 60 },
    { "ten", 80 * DAY, 3, 600 },
    { "a hundred", 80 * DAY, 4, 6000 },
    { "a day", 80 * DAY, 5, DAY },
    { "and never longer", 80 * DAY, 9, DAY },
    { "eight days are left: a day", 8 * DAY + 7, 5, DAY },
    { "four days are left: half a day", 4 * DAY + 7, 5, DAY / 2 },
    { "an hour and twenty minutes: ten", 4800 + 7, 4, 600 },
    { "shorter pauses stay as they are", 4800 + 7, 2, 60 },
    { "a minute at least", 80, 9, 60 },
    { "expired: a quarter of a day", -3600, 9, DAY / 4 },
    { "expired: shorter pauses stay as they are", -3600, 4, 6000 },
};

TEST(the_less_is_left_the_shorter_is_the_pause)
{
    for (size_t i = 0; i < COUNT(pauses); i++) {
        AUTO(stage_clear) struct stage stage = stage_new("renew", false);
        AUTO(lineage_free)
        struct lineage *lineage = add_lineage(&stage, NAME, &(struct made){ .left_s = pauses[i].left_s });
        AUTO(failures_clear) struct failures failures = { 0 };
        bool found;

        for (int k = 0; k < pauses[i].orders; k++)
            outcome_note(&stage.context, lineage, true, &refused);
        failures = load(&stage, &found, pauses[i].name);
        CHECK_INT(failures.backoff.not_before - failures.tried, pauses[i].pause_s, pauses[i].name);
    }
}

/* A full disk keeps nobody from going on, but it is told. */
TEST(trouble_with_the_record_is_told)
{
    AUTO(stage_clear) struct stage stage = stage_new("renew", false);
    AUTO(lineage_free) struct lineage *lineage = add_lineage(&stage, NAME, &(struct made){ 0 });

    write_text(at("failures"), "a file where the folder should be");
    outcome_note(&stage.context, lineage, true, &refused);
    check_said("could not be recorded", "no folder");
}

TEST_MAIN()
