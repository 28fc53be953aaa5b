/* Tests what is gathered of a store, by a clock that is played. */
#include "fixture.h"
#include "lifecycle/upcoming.h"
#include "status/status.h"
#include "store/delivery.h"
#include "store/failures.h"
#include "store/fixture.h"

static const struct setup reading = { .verb = "certificates" };

static void put(struct fixture *fixture, const char *name, int64_t age_days)
{
    lineage_free(fixture_lineage(fixture, name, name, age_days * FIXTURE_DAY));
}

static struct status gather(struct fixture *fixture)
{
    struct status status = { 0 };
    struct error err = { 0 };

    REQUIRE(status_gather(&fixture->context, &status, &err), "%s", err.why);
    return status;
}

static const struct cert_status *find(const struct status *status, const char *name)
{
    for (size_t i = 0; i < status->certs.len; i++)
        if (strcmp(status->certs.at[i].name, name) == 0)
            return &status->certs.at[i];
    fail_msg("there is no %s", name);
    return NULL;
}

static void fail_renewal(struct fixture *fixture, const char *name, int64_t ago_s, int64_t pause_s)
{
    const struct failures failures = {
        .tried = FIXTURE_NOW - ago_s, .failures = 3, .backoff = { 3, FIXTURE_NOW + pause_s, (char[]){ "no answer" } }
    };
    struct error err = { 0 };

    REQUIRE(failures_save(fixture->store, name, &failures, &err), "%s", err.why);
}

static void owe(struct fixture *fixture, const char *name)
{
    const struct delivery delivery = { .version = (char[]){ "00" }, .backoff = { .why = (char[]){ "a hook" } } };
    struct error err = { 0 };

    REQUIRE(delivery_save(fixture->store, name, &delivery, &err), "%s", err.why);
}

TEST(an_empty_store_is_well)
{
    AUTO(fixture_clear) struct fixture fixture;
    struct status status;

    fixture_open(&fixture, &reading);
    status = gather(&fixture);
    CHECK_INT(status.in_store, 0, "lineages");
    CHECK_INT(status.level, LEVEL_OK, "level");
    CHECK(status.due.name == NULL && status.ends.name == NULL && status.issued.name == NULL, "moments");
    status_clear(&status);
}

TEST(everything_is_counted_once)
{
    AUTO(fixture_clear) struct fixture fixture;
    struct status status;

    fixture_open(&fixture, &reading);
    put(&fixture, "expired.test", 95);
    put(&fixture, "ending.test", 85);
    put(&fixture, "late.test", 70);
    put(&fixture, "due.test", 61);
    put(&fixture, "failing.test", 62);
    put(&fixture, "owing.test", 1);
    put(&fixture, "young.test", 2);
    put(&fixture, "broken.test", 2);
    write_text(at("live/broken.test/cert.pem"), "nothing");
    fail_renewal(&fixture, "failing.test", 60, 600);
    owe(&fixture, "owing.test");
    for (int turn = 0; turn < 2; turn++) { /* what is remembered of the last listing says the same */
        status = gather(&fixture);
        CHECK_INT(status.in_store, 8, "lineages");
        CHECK_INT(status.level, LEVEL_CRITICAL, "level");
        for (enum cert_state state = 0; state < CERT_STATE_COUNT; state++)
            CHECK_INT(status.counts[state],
                state == CERT_EXPIRED || state == CERT_ENDING || state == CERT_LATE || state == CERT_DUE ||
                    state == CERT_FAILING || state == CERT_UNDELIVERED || state == CERT_VALID || state == CERT_BROKEN,
                cert_state_name(state));
        CHECK_TEXT(status.certs.at[0].name, "expired.test", "the worst");
        CHECK_TEXT(status.ends.name, "ending.test", "the next to expire");
        CHECK_TEXT(status.issued.name, "owing.test", "the last that was renewed");
        CHECK_TEXT(status.failed.name, "failing.test", "the last that failed");
        CHECK_INT(find(&status, "failing.test")->retry, FIXTURE_NOW + 600, "when it is tried again");
        CHECK_TEXT(find(&status, "failing.test")->failure, "no answer", "why it failed");
        CHECK_TEXT(find(&status, "owing.test")->delivery_failure, "a hook", "what is outstanding");
        CHECK(find(&status, "broken.test")->why != NULL, "why it is broken");
        CHECK_INT(status.least_left, 5, "percent of a life");
        CHECK_INT(status.left[0] + status.left[2] + status.left[3] + status.left[9], 6, "parts of lives");
        CHECK_INT(status.authority_count, 1, "CAs");
        CHECK_INT(fixture.ca.requests[CA_THE_DIRECTORY], 0, "the CA is not asked");
        status_clear(&status);
    }
}

TEST(a_failure_is_put_off_and_what_is_due_is_next)
{
    AUTO(fixture_clear) struct fixture fixture;
    struct status status;

    fixture_open(&fixture, &reading);
    put(&fixture, "a.test", 61);
    put(&fixture, "b.test", 59);
    fail_renewal(&fixture, "a.test", 60, 3 * FIXTURE_DAY / 4);
    status = gather(&fixture);
    CHECK_TEXT(status.due.name, "a.test", "a pause of eighteen hours is over first");
    CHECK_INT(status.due.at, FIXTURE_NOW + 3 * FIXTURE_DAY / 4, "its end");
    status_clear(&status);
}

/* Lines that are added to the renewal file of a certificate that is ten days old. */
TEST(the_renewal_file_says_when_it_is_due)
{
    static const struct {
        const char *name, *before, *find;
        int64_t want_days; /* from its birth; 0: never */
    } rows[] = {
        { "as usual", "", "", 60 },
        { "renew_before_expiry", "renew_before_expiry = 10 days\n", "", 80 },
        { "one that cannot be read", "renew_before_expiry = soon\n", "", 60 },
        { "one that is longer than its life", "renew_before_expiry = 100 days\n", "", 60 },
        { "autorenew", "", "autorenew = False\n", 0 },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(fixture_clear) struct fixture fixture;
        AUTO(free) char *conf = NULL, *changed = NULL;
        const char *params;
        struct status status;
        int64_t want;

        fixture_open(&fixture, &reading);
        put(&fixture, "a.test", 10);
        conf = read_text(at("renewal/a.test.conf"));
        params = strstr(conf, "[renewalparams]\n");
        REQUIRE(params != NULL, "%s", conf);
        params += strlen("[renewalparams]\n");
        changed = xprintf("%s%.*s%s%s", rows[i].before, (int)(params - conf), conf, rows[i].find, params);
        write_text(at("renewal/a.test.conf"), changed);
        status = gather(&fixture);
        want = rows[i].want_days == 0 ? UPCOMING_NEVER : FIXTURE_NOW + (rows[i].want_days - 10) * FIXTURE_DAY;
        want += rows[i].want_days == 80; /* the second behind it */
        CHECK_INT(find(&status, "a.test")->due, want, rows[i].name);
        CHECK_INT(status.unattended, rows[i].want_days == 0, rows[i].name);
        status_clear(&status);
    }
}

TEST(what_others_may_read_is_a_warning)
{
    AUTO(fixture_clear) struct fixture fixture;
    struct status status;

    fixture_open(&fixture, &reading);
    put(&fixture, "a.test", 1);
    REQUIRE(chmod(at("live/a.test/privkey.pem"), 0644) == 0, "chmod");
    status = gather(&fixture);
    CHECK_INT(status.level, LEVEL_WARNING, "level");
    CHECK_INT(status.access.len, 1, "findings");
    CHECK_INT(status.access.examined, 1, "examined");
    CHECK_INT(status.counts[CERT_VALID], 1, "the certificate itself is well");
    status_clear(&status);
}

TEST_MAIN()
