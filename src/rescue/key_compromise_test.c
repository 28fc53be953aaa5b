/* A key that leaked, with a CA in memory: what is revoked, also when not all of it can be, and which key is replaced
 * when an earlier run is not finished. */
#include "rescue/key_compromise.h"

#include <limits.h>

#include "base/file.h"
#include "fixture.h"
#include "rescue/renew_one.h"
#include "store/compromised.h"

static const struct verb renew_verb = { .name = "renew", .traits = VERB_TRAITS_RENEW };

/* The serial number of what is live, of the caller's. */
static char *live_serial(struct fixture *fixture)
{
    AUTO(lineage_free) struct lineage *lineage = NULL;
    struct error err = { 0 };

    REQUIRE(lineage_load(fixture->store, "a.test", &lineage, &err), "%s", err.why);
    return xstrdup(lineage->cert->serial);
}

/* As an earlier run has written it down, for a key that is not live any more. */
static void note_older(struct fixture *fixture)
{
    AUTO(lineage_free) struct lineage *older = fixture_lineage(fixture, "older.test", "a.test", 20 * FIXTURE_DAY);
    AUTO(buf_clear) struct buf pem = BUF(FILE_MAX_TEXT);
    struct error err = { 0 };

    REQUIRE(file_read(older->live[KIND_CERT], &pem, &err), "%s", err.why);
    REQUIRE(compromised_add(fixture->store, "a.test", older->cert->serial, buf_view(&pem), &err), "%s", err.why);
}

static size_t noted(struct fixture *fixture)
{
    AUTO(compromised_clear) struct compromised compromised = { 0 };
    struct error err = { 0 };

    REQUIRE(compromised_load(fixture->store, "a.test", FIXTURE_NOW, &compromised, &err), "%s", err.why);
    return compromised.serials.len;
}

/* The next run, at a CA that revokes. */
static void next_run(struct fixture *fixture)
{
    fixture_next_run(fixture);
    fixture->ca.ways.faults[0].first = UINT_MAX;
}

static bool run(struct fixture *fixture, struct error *err)
{
    xreplace(&fixture->settings->cert_name, "a.test");
    error_clear(err);
    return key_compromise(&fixture->context, &renew_verb, err);
}

static void open_with_two(struct fixture *fixture, const struct setup *setup)
{
    fixture_open(fixture, setup);
    lineage_free(fixture_lineage(fixture, "a.test", "a.test", 10 * FIXTURE_DAY));
    note_older(fixture);
}

TEST(a_live_key_that_came_later_is_replaced_too)
{
    AUTO(fixture_clear) struct fixture fixture;
    const struct setup setup = { .options = "yes" };
    AUTO(free) char *before = NULL, *after = NULL;
    struct error err = { 0 };

    open_with_two(&fixture, &setup);
    before = live_serial(&fixture);
    REQUIRE(run(&fixture, &err), "%s", err.why);
    after = live_serial(&fixture);
    CHECK(strcmp(before, after) != 0 && fixture.ca.revoked.len == 2 && list_has(&fixture.ca.revoked, before) &&
              !list_has(&fixture.ca.revoked, after),
        "%zu revoked", fixture.ca.revoked.len);
    CHECK(noted(&fixture) == 0 && fixture_has_said(&fixture, "No server was seen with the new certificate"));
}

TEST(one_that_cannot_be_revoked_keeps_no_other_from_it)
{
    AUTO(fixture_clear) struct fixture fixture;
    const struct setup setup = { .options = "yes",
        .ca.faults = { { CA_REVOKE_CERT, .times = 1, .status = 400, .problem = "badRevocationReason" } } };
    AUTO(free) char *made = NULL, *then = NULL;
    struct error err = { 0 };

    open_with_two(&fixture, &setup);
    CHECK(!run(&fixture, &err) && strstr(err.why, "1 of 2 certificates could not be revoked") != NULL, "%s", err.why);
    CHECK(fixture.ca.revoked.len == 1 && noted(&fixture) == 1, "%zu revoked", fixture.ca.revoked.len);
    CHECK(fixture_has_said(&fixture, "NOT revoked: serial number") && fixture_has_said(&fixture, "may have had more"));
    made = live_serial(&fixture);
    next_run(&fixture);
    REQUIRE(run(&fixture, &err), "%s", err.why);
    then = live_serial(&fixture);
    CHECK_TEXT(then, made, "no second new key");
    CHECK(fixture.ca.revoked.len == 2 && noted(&fixture) == 0, "%zu revoked", fixture.ca.revoked.len);
}

TEST(a_renewal_with_a_new_key_in_between)
{
    AUTO(fixture_clear) struct fixture fixture;
    const struct setup setup = { .options = "yes",
        .ca.faults = { { CA_REVOKE_CERT, .times = 2, .status = 400, .problem = "badRevocationReason" } } };
    AUTO(renewed_one_clear) struct renewed_one one = { 0 };
    AUTO(free) char *between = NULL, *then = NULL;
    struct error err = { 0 };

    open_with_two(&fixture, &setup);
    CHECK(!run(&fixture, &err) && noted(&fixture) == 2, "%s", err.why);
    fixture_next_run(&fixture);
    REQUIRE(renew_one(&fixture.context, &renew_verb, "a.test", true, &one, &err) && one.issued, "%s", err.why);
    between = live_serial(&fixture);
    next_run(&fixture);
    REQUIRE(run(&fixture, &err), "%s", err.why);
    then = live_serial(&fixture);
    CHECK(strcmp(between, then) != 0 && list_has(&fixture.ca.revoked, between) && fixture.ca.revoked.len == 3,
        "the key that is known now is replaced and revoked: %zu", fixture.ca.revoked.len);
}

TEST(what_is_revoked_already_is_done)
{
    AUTO(fixture_clear) struct fixture fixture;
    const struct setup setup = { .options = "yes",
        .ca.faults = { { CA_REVOKE_CERT, .times = 2, .status = 400, .problem = "alreadyRevoked" } } };
    struct error err = { 0 };

    open_with_two(&fixture, &setup);
    REQUIRE(run(&fixture, &err), "%s", err.why);
    CHECK(noted(&fixture) == 0);
}

TEST_MAIN()
