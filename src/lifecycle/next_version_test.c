#include "lifecycle/next_version.h"

#include <sys/stat.h>
#include <unistd.h>

#include "fixture.h"
#include "store/lineage_verify.h"

#define DAY FIXTURE_DAY
#define ISSUED "new-account new-order finalize cert"

static bool is_there(const char *name)
{
    AUTO(free) char *path = test_path(name);

    return file_exists(path);
}

struct row {
    const char *name;
    struct setup setup;
    const char *names; /* that the next version is for [a.test] */
    enum error_kind want;
    const char *why;
    const char *trace, *said;
    bool keeps_key, is_replaced; /* the certificate's key; the order says which certificate it replaces */
    bool failed;                 /* the failure is recorded */
    bool pending;                /* the order is */
};

static void check_version(const struct row *row, const struct lineage *lineage, const char *key_before)
{
    AUTO(list_clear) struct list names = fixture_words(row->names == NULL ? "a.test" : row->names);
    AUTO(buf_clear) struct buf key = BUF_SECRET(65536);
    struct error err = { 0 };

    CHECK(list_same_set(&lineage->cert->names, &names), "%s: its names", row->name);
    REQUIRE(lineage_read_key(lineage, &key, &err), "%s", err.why);
    CHECK((strcmp(buf_text(&key), key_before) == 0) == row->keeps_key, "%s: its key", row->name);
    CHECK(cert_check_key_pem(lineage->cert, buf_view(&key), "key", &err), "%s: %s", row->name, err.why);
}

static void check_row(const struct row *row)
{
    AUTO(fixture_clear) struct fixture fixture;
    AUTO(lineage_free) struct lineage *lineage = NULL;
    AUTO(identifiers_clear)
    struct identifiers names = fixture_identifiers(row->names == NULL ? "a.test" : row->names);
    AUTO(buf_clear) struct buf key = BUF_SECRET(65536);
    AUTO(free) char *before = NULL, *trace = NULL;
    struct error err = { 0 };
    bool ok;

    fixture_open(&fixture, &row->setup);
    fixture.ca.ways.valid = "all";
    lineage = fixture_lineage(&fixture, "a.test", "a.test", 70 * DAY);
    before = xstrdup(lineage->cert->serial);
    REQUIRE(lineage_read_key(lineage, &key, &err), "%s", err.why);
    ok = next_version(&fixture.context, lineage, fixture_plugin(), &names, &err);
    CHECK(ok == (row->want == ERROR_NONE) && err.kind == row->want, "%s: %s: %s: %s", row->name,
        error_kind_name(err.kind), err.what, err.why);
    CHECK(row->why == NULL || strstr(err.why, row->why) != NULL || strstr(err.what, row->why) != NULL, "%s: %s: %s",
        row->name, err.what, err.why);
    CHECK((strcmp(before, lineage->cert->serial) != 0) == (ok && !fixture.settings->dry_run), "%s: what is live",
        row->name);
    if (ok && !fixture.settings->dry_run)
        check_version(row, lineage, buf_text(&key));
    trace = acme_ca_trace(&fixture.ca);
    CHECK(row->trace == NULL || strcmp(trace, row->trace) == 0, "%s: %s", row->name, trace);
    CHECK(row->said == NULL || fixture_has_said(&fixture, row->said), "%s: %s", row->name, buf_text(&fixture.said));
    CHECK_INT(fixture.ca.replaces != NULL, row->is_replaced, row->name);
    CHECK_INT(is_there("conf/failures/a.test.txt"), row->failed, row->name);
    CHECK_INT(is_there("conf/pending/a.test/order.txt"), row->pending, row->name);
}

TEST(a_lineage_gets_its_next_version)
{
    static const struct row rows[] = {
        { .name = "with a new key",
            .trace = ISSUED,
            .said = "Renewing an existing certificate for a.test",
            .is_replaced = true },
        { .name = "with the same key",
            .setup.options = "reuse-key",
            .trace = ISSUED,
            .keeps_key = true,
            .is_replaced = true },
        { .name = "with a new key, to be reused from now on",
            .setup.options = "reuse-key new-key",
            .is_replaced = true },
        { .name = "with more names", .names = "a.test b.test", .is_replaced = true },
        { .name = "with other names: that replaces nothing", .names = "b.test" },
        { .name = "from a CA that does not know what is replaced",
            .setup.ca.faults = { { CA_NEW_ORDER, .times = 1, .status = 409, .problem = "alreadyReplaced" } } },
        { .name = "a dry run",
            .setup.options = "dry-run server=" CA_DIRECTORY,
            .said = "Simulating renewal of an existing certificate for a.test" },
        { .name = "after what the user runs before",
            .setup.options = "pre-hook=true post-hook=true deploy-hook=true",
            .is_replaced = true },
    };

    for (size_t i = 0; i < COUNT(rows); i++)
        check_row(&rows[i]);
}

TEST(what_is_live_stays_when_the_next_version_does_not_come)
{
    static const struct row rows[] = {
        { .name = "the CA refuses",
            .setup.ca.faults = { { CA_NEW_ORDER, .status = 403, .problem = "rejectedIdentifier" } },
            .want = ERROR_ACME,
            .failed = true,
            .is_replaced = false },
        { .name = "the CA refuses other names: that says nothing of a renewal",
            .setup.ca.faults = { { CA_FINALIZE, .status = 403, .problem = "caa" } },
            .names = "b.test",
            .want = ERROR_ACME },
        { .name = "the CA cannot be reached",
            .setup.ca.faults = { { CA_THE_DIRECTORY } },
            .want = ERROR_NETWORK,
            .failed = true },
        { .name = "another certificate comes",
            .setup.ca.certificate.wrong_key = true,
            .want = ERROR_ACME,
            .failed = true,
            .is_replaced = true },
        { .name = "it cannot be fetched now",
            .setup.ca.faults = { { CA_CERTIFICATE } },
            .want = ERROR_NETWORK,
            .failed = true,
            .pending = true,
            .is_replaced = true },
        { .name = "the plugin cannot work",
            .setup.plugin.prepare_fails = true,
            .want = ERROR_PLUGIN,
            .trace = "",
            .failed = true },
        { .name = "a key of another type than is asked for is kept",
            .setup.options = "reuse-key key-type=rsa",
            .want = ERROR_CONFIG,
            .why = "Unable to change the --key-type",
            .failed = true },
    };

    for (size_t i = 0; i < COUNT(rows); i++)
        check_row(&rows[i]);
}

TEST(a_test_certificate_takes_no_others_place)
{
    static const struct {
        const char *name, *options;
        bool ok;
    } cases[] = {
        { "the same CA", NULL, true },
        { "a CA for tests", "server=https://acme-staging-v02.api.letsencrypt.org/directory", false },
        { "the user insists", "server=https://acme-staging-v02.api.letsencrypt.org/directory break-my-certs", true },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        static const struct setup setup = { 0 };
        AUTO(fixture_clear) struct fixture fixture;
        AUTO(lineage_free) struct lineage *lineage = NULL;
        struct error err = { 0 };

        fixture_open(&fixture, &setup);
        lineage = fixture_lineage(&fixture, "a.test", "a.test", 70 * DAY);
        fixture_set(fixture.settings, cases[i].options, ORIGIN_COMMAND_LINE);
        CHECK(check_staging(&fixture.context, lineage, &err) == cases[i].ok, "%s: %s", cases[i].name, err.why);
        CHECK(cases[i].ok || err.kind == ERROR_CONFIG, "%s", cases[i].name);
    }
}

/* ---- first versions whose saving was cut short ---- */

enum interruption { NOTHING_ORDERED, NOT_FETCHED, FORGOTTEN_BY_THE_CA };

TEST(a_first_version_that_was_not_saved_is_taken_up_again)
{
    static const struct {
        const char *name;
        enum interruption interruption;
        bool found;
        const char *trace;
    } cases[] = {
        { "nothing was ordered", NOTHING_ORDERED, false, "" },
        { "it could not be fetched", NOT_FETCHED, true, "order cert" },
        { "the CA has forgotten it", FORGOTTEN_BY_THE_CA, true, "order new-order finalize cert" },
    };
    static const struct setup setup = { .ca.valid = "all" };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(fixture_clear) struct fixture fixture;
        AUTO(lineage_free) struct lineage *lineage = NULL;
        AUTO(identifiers_clear) struct identifiers names = fixture_identifiers("a.test b.test");
        AUTO(free) char *trace = NULL;
        struct error err = { 0 };
        bool found = false;

        fixture_open(&fixture, &setup);
        if (cases[i].interruption != NOTHING_ORDERED) {
            fixture.ca.ways.faults[0] = (struct ca_fault){ CA_CERTIFICATE };
            CHECK(!first_version(&fixture.context, "a.test", fixture_plugin(), &names, &lineage, &err));
            CHECK(is_there("conf/pending/a.test/order.txt"), "%s", cases[i].name);
            fixture.ca.ways.faults[0] = (struct ca_fault){ 0 };
            error_clear(&err);
        }
        if (cases[i].interruption == FORGOTTEN_BY_THE_CA)
            acme_ca_forget_orders(&fixture.ca);
        fixture_next_run(&fixture);
        identifiers_clear(&names);
        REQUIRE(first_version_recorded(&fixture.context, "a.test", &names, &lineage, &found, &err), "%s: %s",
            cases[i].name, err.why);
        CHECK(found == cases[i].found && (lineage != NULL) == found, "%s", cases[i].name);
        CHECK(!found || (names.len == 2 && lineage->cert->names.len == 2), "%s: its names", cases[i].name);
        CHECK(!is_there("conf/pending"), "%s: its record", cases[i].name);
        trace = acme_ca_trace(&fixture.ca);
        CHECK_TEXT(trace, cases[i].trace, cases[i].name);
    }
}

TEST_MAIN()
