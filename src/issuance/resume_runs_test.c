/*
 * Orders of an earlier run, played as two runs: what the first one left, and what the second one makes of it.
 */
#include "base/text.h"
#include "fixture.h"
#include "issuance/issue.h"
#include "issuance/resume.h"

#define NAMES "a.test www.a.test"
#define RECORD "conf/pending/a.test/order.txt"
#define HOUR INT64_C(3600)
#define FOR_EVER 1000000

enum between { /* what happens between the runs */
    NOTHING,
    ORDERS_ARE_DONE,
    ORDERS_ARE_FORGOTTEN,
    ACCOUNTS_ARE_FORGOTTEN,
    ACCOUNT_IS_ANOTHER,
    RECORD_IS_DAMAGED,
};

struct row {
    const char *name;
    struct setup first;
    enum error_kind first_ends; /* ERROR_NONE: it is issued, and the program is killed before it is saved */
    enum between between;
    int64_t later_s;
    struct ca_ways second;
    const char *options, *names; /* of the second run, beside those of the first [NAMES] */
    bool rsa;                    /* the key that the second run makes */
    unsigned interrupt_at;
    enum error_kind want;
    const char *why, *trace, *said;
    bool is_found; /* the certificate is the one that was ordered first */
    bool not_recorded;
};

static struct key *new_key(bool rsa)
{
    struct key *key = NULL;
    struct error err = { 0 };
    struct key_params params = { .type = KEY_EC, .curve = "secp256r1" };

    if (rsa)
        params = (struct key_params){ .type = KEY_RSA, .bits = 2048 };
    REQUIRE(key_generate(params, &key, &err), "%s", err.why);
    return key;
}

static void play_first(const struct row *row, struct fixture *fixture, const struct key *key)
{
    AUTO(issue_request_clear)
    struct issue_request request = { .authenticator = fixture_plugin(), .key = key, .record = "a.test" };
    AUTO(issued_chain_clear) struct issued_chain chain = { 0 };
    AUTO(identifiers_clear) struct identifiers names = fixture_identifiers(NAMES);
    struct error err = { 0 };

    issue_request_names(&request, &names);
    CHECK(issue(&fixture->context, &request, &chain, &err) == (row->first_ends == ERROR_NONE) &&
              err.kind == row->first_ends,
        "%s: the first run: %s: %s", row->name, err.what, err.why);
}

static void damage_record(void)
{
    AUTO(free) char *path = test_path(RECORD);
    struct error err = { 0 };

    REQUIRE(file_replace(path, view_of("url: nowhere\n"), FILE_PRIVATE, &err), "%s", err.why);
}

static void drop_accounts(void)
{
    AUTO(free) char *path = test_path("conf/accounts");
    struct error err = { 0 };

    REQUIRE(file_remove_tree(path, &err), "%s", err.why);
}

static void pass_time(const struct row *row, struct fixture *fixture)
{
    CHECK(acme_ca_sleep_ms(&fixture->ca, row->later_s * 1000), "%s", row->name);
    switch (row->between) {
    case NOTHING:
        break;
    case ORDERS_ARE_DONE:
        acme_ca_finish_orders(&fixture->ca);
        break;
    case ORDERS_ARE_FORGOTTEN:
        acme_ca_forget_orders(&fixture->ca);
        break;
    case ACCOUNTS_ARE_FORGOTTEN:
        acme_ca_forget_accounts(&fixture->ca);
        break;
    case ACCOUNT_IS_ANOTHER:
        drop_accounts();
        break;
    case RECORD_IS_DAMAGED:
        damage_record();
        break;
    }
    fixture->ca.ways = row->second;
    fixture_next_run(fixture);
    fixture_set(fixture->settings, row->options, ORIGIN_COMMAND_LINE);
    fixture->ca.sleeps = 0;
    fixture->ca.interrupt_at = row->interrupt_at;
}

static void check_chain(
    const struct row *row, const struct issue_request *request, const struct issued_chain *chain, const struct key *key)
{
    AUTO(list_clear) struct list names = { 0 };
    AUTO(cert_free) struct cert *cert = NULL;
    struct error err = { 0 };

    REQUIRE(cert_from_pem(buf_view(&chain->cert), "the certificate", &cert, &err), "%s: %s", row->name, err.why);
    CHECK(cert_matches_key(cert, request->key), "%s: the key is another one", row->name);
    CHECK(cert_matches_key(cert, key) == row->is_found, "%s: the key of the first run", row->name);
    identifiers_names(&request->identifiers, &names);
    CHECK(list_same_set(&cert->names, &names), "%s: the names", row->name);
}

static void check_second(const struct row *row, struct fixture *fixture, const struct key *first)
{
    AUTO(issue_request_clear) struct issue_request request = { .authenticator = fixture_plugin(), .record = "a.test" };
    AUTO(issued_chain_clear) struct issued_chain chain = { 0 };
    AUTO(identifiers_clear) struct identifiers names = fixture_identifiers(row->names == NULL ? NAMES : row->names);
    AUTO(key_free) struct key *key = new_key(row->rsa);
    AUTO(free) char *trace = NULL, *path = test_path(RECORD);
    struct error err = { 0 };

    request.key = key;
    issue_request_names(&request, &names);
    if (issue(&fixture->context, &request, &chain, &err)) {
        CHECK(row->want == ERROR_NONE, "%s: it was issued", row->name);
        check_chain(row, &request, &chain, first);
    } else {
        CHECK(err.kind == row->want, "%s: %s: %s: %s", row->name, error_kind_name(err.kind), err.what, err.why);
        CHECK(row->why == NULL || strstr(err.why, row->why) != NULL, "%s: %s", row->name, err.why);
    }
    trace = acme_ca_trace(&fixture->ca);
    CHECK(row->trace == NULL || strcmp(row->trace, trace) == 0, "%s: %s", row->name, trace);
    CHECK(request.ordered == (strstr(trace, "new-order") != NULL), "%s: ordered", row->name);
    CHECK(row->said == NULL || fixture_has_said(fixture, row->said), "%s: %s", row->name, buf_text(&fixture->said));
    CHECK(file_exists(path) != row->not_recorded, "%s: its record", row->name);
}

static void check_row(const struct row *row)
{
    AUTO(fixture_clear) struct fixture fixture;
    AUTO(key_free) struct key *key = new_key(false);

    fixture_open(&fixture, &row->first);
    play_first(row, &fixture, key);
    pass_time(row, &fixture);
    check_second(row, &fixture, key);
}

#define CHECK_ROWS(rows)                                                                                               \
    for (size_t i = 0; i < COUNT(rows); i++)                                                                           \
    check_row(&rows[i])

#define NEW_ORDER "new-order finalize cert"
#define BREAKS(resource) .faults = { { resource } }

TEST(what_was_issued_is_fetched)
{
    static const struct row rows[] = {
        { .name = "killed before it was saved",
            .trace = "order cert",
            .said = "Found a certificate that was issued on 2027-01-15 but could not be saved; fetching it.",
            .is_found = true },
        { .name = "it could not be downloaded",
            .first.ca = { BREAKS(CA_CERTIFICATE) },
            .first_ends = ERROR_NETWORK,
            .trace = "order cert",
            .is_found = true },
        { .name = "the CA took its time",
            .first.ca.processing_looks = FOR_EVER,
            .first_ends = ERROR_NETWORK,
            .between = ORDERS_ARE_DONE,
            .trace = "order cert",
            .is_found = true },
        { .name = "the request was taken, and the answer lost with all that followed",
            .first.ca.faults = { { CA_FINALIZE, .done = true }, { CA_ORDER } },
            .first_ends = ERROR_NETWORK,
            .trace = "order cert",
            .is_found = true },
        { .name = "the CA had trouble, and issued all the same",
            .first.ca.faults = { { CA_FINALIZE, .status = 500, .problem = "serverInternal", .done = true },
                { CA_ORDER, .status = 502, .body = "<html>" } },
            .first_ends = ERROR_ACME,
            .trace = "order cert",
            .is_found = true },
        { .name = "the request never arrived",
            .first.ca = { BREAKS(CA_FINALIZE) },
            .first_ends = ERROR_NETWORK,
            .trace = "order finalize cert",
            .said = "Found an order of 2027-01-15 that was not finished; finishing it.",
            .is_found = true },
        { .name = "names were dropped",
            .first = { .ca = { .refuses = "www.a.test" }, .options = "allow-subset-of-names" },
            .trace = "order cert",
            .is_found = true },
        { .name = "the address of the certificate comes later",
            .second.nameless_looks = 1,
            .later_s = 6 * 24 * HOUR,
            .trace = "order cert",
            .is_found = true },
    };

    CHECK_ROWS(rows);
}

TEST(what_cannot_be_had_now_waits)
{
    static const struct row rows[] = {
        { .name = "the CA is still at it",
            .first.ca.processing_looks = FOR_EVER,
            .first_ends = ERROR_NETWORK,
            .want = ERROR_NETWORK,
            .why = "has not come to a decision",
            .said = "Found an order of 2027-01-15 that the CA is working on; waiting for the certificate." },
        { .name = "nobody answers", .second = { BREAKS(CA_ORDER) }, .want = ERROR_NETWORK, .trace = "order order" },
        { .name = "the CA has trouble",
            .second.faults = { { CA_ORDER, .status = 500, .problem = "serverInternal" } },
            .want = ERROR_NETWORK,
            .trace = "order" },
        { .name = "the certificate cannot be fetched", .second = { BREAKS(CA_CERTIFICATE) }, .want = ERROR_NETWORK },
        { .name = "the user has had enough",
            .first.ca.processing_looks = FOR_EVER,
            .first_ends = ERROR_NETWORK,
            .interrupt_at = 2,
            .want = ERROR_CANCELED },
    };

    CHECK_ROWS(rows);
}

TEST(what_will_not_come_is_ordered_anew)
{
    static const struct row rows[] = {
        { .name = "the CA does not know it",
            .between = ORDERS_ARE_FORGOTTEN,
            .second.valid = "all",
            .trace = "order " NEW_ORDER },
        { .name = "the CA is at it for more than a day",
            .first.ca.processing_looks = FOR_EVER,
            .first_ends = ERROR_NETWORK,
            .later_s = 25 * HOUR,
            .said = "The order of an earlier run is given up" },
        { .name = "the CA has had trouble with it for more than a day",
            .later_s = 25 * HOUR,
            .second = { .valid = "all", .faults = { { CA_ORDER, .status = 500, .problem = "serverInternal" } } },
            .trace = "order " NEW_ORDER,
            .said = "The order of an earlier run is given up" },
        { .name = "a week has gone by", .later_s = 8 * 24 * HOUR, .second.valid = "all", .trace = NEW_ORDER },
        { .name = "the CA has given it up",
            .first.ca = { .processing_looks = FOR_EVER, .order_fails = "unauthorized" },
            .first_ends = ERROR_NETWORK,
            .between = ORDERS_ARE_DONE,
            .second = { .valid = "all", .order_fails = NULL },
            .trace = "order " NEW_ORDER },
        { .name = "what the CA sends is not what was ordered",
            .second = { .valid = "all", .faults = { { CA_CERTIFICATE, .times = 1, .status = 200, .body = "<html>" } } },
            .trace = "order cert " NEW_ORDER,
            .said = "The order of an earlier run is given up" },
        { .name = "what the CA sends is not what was ordered, and it takes no new order",
            .second.faults = { { CA_CERTIFICATE, .status = 200, .body = "<html>" },
                { CA_NEW_ORDER, .status = 429, .problem = "rateLimited" } },
            .want = ERROR_ACME,
            .trace = "order cert new-order",
            .not_recorded = true },
        { .name = "its certificate is gone",
            .second = { .valid = "all",
                .faults = { { CA_CERTIFICATE, .times = 1, .status = 404, .problem = "malformed" } } },
            .trace = "order cert " NEW_ORDER },
    };

    CHECK_ROWS(rows);
}

TEST(an_order_for_something_else_is_left_alone)
{
    static const struct row rows[] = {
        { .name = "other names", .names = "b.test", .second.valid = "all", .trace = NEW_ORDER },
        { .name = "fewer names", .names = "a.test", .second.valid = "all", .trace = NEW_ORDER },
        { .name = "another kind of key", .rsa = true, .second.valid = "all", .trace = NEW_ORDER },
        { .name = "must staple", .options = "must-staple", .second.valid = "all", .trace = NEW_ORDER },
        { .name = "a profile",
            .options = "required-profile=short",
            .second = { .profiles = "short", .valid = "all" },
            .trace = NEW_ORDER },
        { .name = "another account",
            .between = ACCOUNT_IS_ANOTHER,
            .second.valid = "all",
            .trace = "new-account " NEW_ORDER },
        { .name = "an account that the CA knows no longer", .between = ACCOUNTS_ARE_FORGOTTEN, .second.valid = "all" },
        { .name = "a record that cannot be read",
            .between = RECORD_IS_DAMAGED,
            .second.valid = "all",
            .trace = NEW_ORDER },
    };

    CHECK_ROWS(rows);
}

TEST_MAIN()
