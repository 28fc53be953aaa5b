#include "lifecycle/upcoming.h"

#include "fixture.h"
#include "store/failures.h"
#include "store/lineage_conf.h"

static struct upcoming look(struct fixture *fixture, const char *name)
{
    struct upcoming upcoming = { 0 };
    struct error err = { 0 };

    CHECK(upcoming_of(fixture->store, fixture->context.voice, name, FIXTURE_NOW, &upcoming, &err), "%s", err.why);
    return upcoming;
}

TEST(the_part_of_its_life)
{
    AUTO(fixture_clear) struct fixture fixture;
    AUTO(lineage_free) struct lineage *lineage = NULL;
    struct upcoming upcoming;

    fixture_open(&fixture, &(struct setup){ 0 });
    lineage = fixture_lineage(&fixture, "a", "a.test", 10 * FIXTURE_DAY);
    upcoming = look(&fixture, "a");
    CHECK_INT(upcoming.due, FIXTURE_NOW + 50 * FIXTURE_DAY, "two thirds of 90 days");
    CHECK_INT(upcoming_at(&upcoming), upcoming.due, "nothing puts it off");
}

/* said_s: when the CA said it, before now. */
static void remember(struct lineage *lineage, int64_t instant, int64_t said_s)
{
    struct renewal_memory memory = { .retry_at = 0, .instant = instant, .said_at = FIXTURE_NOW - said_s };
    struct error err = { 0 };

    REQUIRE(lineage_save_renewal_info(lineage, &memory, &err), "%s", err.why);
}

TEST(what_the_CA_said)
{
    AUTO(fixture_clear) struct fixture fixture;
    AUTO(lineage_free) struct lineage *lineage = NULL;
    int64_t instant = FIXTURE_NOW + 20 * FIXTURE_DAY;

    fixture_open(&fixture, &(struct setup){ 0 });
    lineage = fixture_lineage(&fixture, "a", "a.test", 10 * FIXTURE_DAY);
    remember(lineage, instant, 3600);
    CHECK_INT(look(&fixture, "a").due, instant, "it counts");
    remember(lineage, instant, 8 * FIXTURE_DAY);
    CHECK_INT(look(&fixture, "a").due, FIXTURE_NOW + 50 * FIXTURE_DAY, "nobody has confirmed it for a week");
}

static const struct {
    const char *name;
    int64_t put_off_s, want_s; /* from now */
} put_offs[] = {
    { "it is due, and put off", 3600, 3600 },
    { "the pause is over", -1, -20 * FIXTURE_DAY },
    { "a clock that was wrong", 5 * FIXTURE_DAY, -20 * FIXTURE_DAY },
};

TEST(renewals_that_keep_failing)
{
    for (size_t i = 0; i < COUNT(put_offs); i++) {
        AUTO(fixture_clear) struct fixture fixture;
        AUTO(lineage_free) struct lineage *lineage = NULL;
        struct failures failures = { .tried = FIXTURE_NOW - 60,
            .failures = 3,
            .backoff = { .failures = 3, .not_before = FIXTURE_NOW + put_offs[i].put_off_s } };
        struct upcoming upcoming;
        struct error err = { 0 };

        fixture_open(&fixture, &(struct setup){ 0 });
        lineage = fixture_lineage(&fixture, "a", "a.test", 80 * FIXTURE_DAY);
        REQUIRE(failures_save(fixture.store, "a", &failures, &err), "%s", err.why);
        upcoming = look(&fixture, "a");
        CHECK_INT(upcoming_at(&upcoming) - FIXTURE_NOW, put_offs[i].want_s, put_offs[i].name);
        CHECK_INT(upcoming.failures, 3, put_offs[i].name);
        CHECK_INT(upcoming.tried, FIXTURE_NOW - 60, put_offs[i].name);
    }
}

static void replace_in_file(const char *path, const char *from, const char *to)
{
    AUTO(buf_clear) struct buf text = BUF(FILE_MAX_TEXT), changed = BUF(FILE_MAX_TEXT);
    struct error err = { 0 };
    const char *at;

    REQUIRE(file_read(path, &text, &err), "%s", err.why);
    at = strstr(buf_text(&text), from);
    REQUIRE(at != NULL, "no %s in %s", from, path);
    buf_put(&changed, (struct view){ text.at, (size_t)(at - text.at) });
    buf_put_text(&changed, to);
    buf_put_text(&changed, at + strlen(from));
    REQUIRE(file_replace(path, buf_view(&changed), FILE_PRIVATE, &err), "%s", err.why);
}

TEST(the_whole_store)
{
    AUTO(fixture_clear) struct fixture fixture;
    AUTO(lineage_free) struct lineage *a = NULL, *b = NULL, *c = NULL, *d = NULL;
    AUTO(upcoming_all_clear) struct upcoming_all all = { 0 };
    struct error err = { 0 };

    fixture_open(&fixture, &(struct setup){ 0 });
    REQUIRE(upcoming_of_all(fixture.store, fixture.context.voice, FIXTURE_NOW, 0, &all, &err), "%s", err.why);
    CHECK(all.lineages == 0 && all.next == UPCOMING_NEVER && all.shortest == 0, "an empty store");
    a = fixture_lineage(&fixture, "a", "a.test", 10 * FIXTURE_DAY);
    b = fixture_lineage(&fixture, "b", "b.test", 20 * FIXTURE_DAY);
    c = fixture_lineage(&fixture, "c", "c.test", 70 * FIXTURE_DAY);
    d = fixture_lineage(&fixture, "d", "d.test", 70 * FIXTURE_DAY);
    replace_in_file(c->conf_path, "[renewalparams]", "[renewalparams]\nautorenew = False");
    REQUIRE(truncate(d->current[KIND_CERT], 0) == 0, "no damage");
    REQUIRE(upcoming_of_all(fixture.store, fixture.context.voice, FIXTURE_NOW, 0, &all, &err), "%s", err.why);
    CHECK_INT(all.lineages, 4, "all");
    CHECK_INT(all.unreadable, 1, "d is damaged");
    CHECK_INT(all.next, FIXTURE_NOW + 40 * FIXTURE_DAY, "c is not renewed, b is next");
    CHECK_TEXT(all.next_name, "b", "its name");
    CHECK_INT(all.shortest, 90 * FIXTURE_DAY, "all live as long");
    REQUIRE(
        upcoming_of_all(fixture.store, fixture.context.voice, FIXTURE_NOW, FIXTURE_NOW + 40 * FIXTURE_DAY, &all, &err),
        "%s", err.why);
    CHECK_TEXT(all.next_name, "a", "what a run after b's time may still have to do");
}

TEST_MAIN()
