#include "issuance/issue.h"

#include "base/text.h"
#include "crypto/csr.h"
#include "fixture.h"

#define NAMES "a.test www.a.test"
#define RECORD "conf/pending/a.test/order.txt"
#define MINUTE 60
#define HOUR 3600

/* Every step of an order for two names whose control has to be proved. */
#define PROVED "new-account new-order authz authz challenge challenge authz authz "
#define PRESENTED "prepare, present a.test, present www.a.test, wait, "
#define CLEANED "cleanup a.test, cleanup www.a.test, release"

struct row {
    const char *name;
    struct setup setup;
    enum error_kind want; /* ERROR_NONE: it is issued */
    const char *why;      /* stands in what is told of the failure */
    const char *next;     /* stands in the advice */
    const char *trace;    /* of the CA; NULL: whatever it is */
    const char *plugin;   /* trace of the authenticator; NULL: whatever it is */
    const char *said;     /* to the user, or in a warning */
    const char *names;    /* that it is issued for [NAMES] */
    const char *replaces; /* that the order is to replace */
    const char *replaced; /* what the last order has named of that */
    bool forgets_account; /* the CA, once it is made */
    bool recorded;        /* the order is kept for the next run */
    bool not_ordered;     /* the CA has seen no order of this run */
    int64_t slept_s;      /* at least, by the clock of the CA */
};

static struct key *new_key(void)
{
    struct key *key = NULL;
    struct error err = { 0 };

    REQUIRE(key_generate((struct key_params){ .type = KEY_EC, .curve = "secp256r1" }, &key, &err), "%s", err.why);
    return key;
}

static bool has_record(void)
{
    AUTO(free) char *path = test_path(RECORD);

    return file_exists(path);
}

static void check_chain(const struct row *row, const struct issue_request *request, const struct issued_chain *chain)
{
    AUTO(list_clear) struct list names = fixture_words(row->names == NULL ? NAMES : row->names), left = { 0 };
    AUTO(cert_free) struct cert *cert = NULL;
    struct error err = { 0 };

    REQUIRE(cert_from_pem(buf_view(&chain->cert), "the certificate", &cert, &err), "%s: %s", row->name, err.why);
    CHECK(cert_matches_key(cert, request->key), "%s: it has another key", row->name);
    CHECK(list_same_set(&cert->names, &names), "%s: it is for other names", row->name);
    identifiers_names(&request->identifiers, &left);
    CHECK(list_same_set(&left, &names), "%s: the request is for other names", row->name);
    CHECK(text_starts(chain->order_url, CA_URL "/order/"), "%s: %s", row->name, chain->order_url);
}

static void check_failure(const struct row *row, const struct error *err)
{
    CHECK(err->kind == row->want, "%s: %s: %s: %s", row->name, error_kind_name(err->kind), err->what, err->why);
    CHECK(row->why == NULL || strstr(err->what, row->why) != NULL || strstr(err->why, row->why) != NULL, "%s: %s: %s",
        row->name, err->what, err->why);
    CHECK(row->next == NULL || strstr(err->next, row->next) != NULL, "%s: next: %s", row->name, err->next);
}

/* As if it had been registered long ago. */
static void forget_account(struct fixture *fixture)
{
    struct error err = { 0 };
    struct ca *ca;

    REQUIRE(context_account(&fixture->context, &ca, &err), "%s", err.why);
    fixture_next_run(fixture);
    acme_ca_forget_accounts(&fixture->ca);
}

static void check_row(const struct row *row)
{
    AUTO(fixture_clear) struct fixture fixture;
    AUTO(issue_request_clear) struct issue_request request = { .authenticator = fixture_plugin(), .record = "a.test" };
    AUTO(issued_chain_clear) struct issued_chain chain = { 0 };
    AUTO(identifiers_clear) struct identifiers names = fixture_identifiers(NAMES);
    AUTO(key_free) struct key *key = new_key();
    AUTO(free) char *trace = NULL, *plugin = NULL;
    struct error err = { 0 };

    fixture_open(&fixture, &row->setup);
    request.key = key;
    request.replaces = row->replaces;
    issue_request_names(&request, &names);
    if (fixture.settings->dry_run)
        request.record = NULL;
    if (row->forgets_account)
        forget_account(&fixture);
    if (issue(&fixture.context, &request, &chain, &err)) {
        CHECK(row->want == ERROR_NONE, "%s: it was issued", row->name);
        check_chain(row, &request, &chain);
    } else {
        check_failure(row, &err);
    }
    trace = acme_ca_trace(&fixture.ca);
    plugin = fixture_plugin_trace(&fixture);
    CHECK(row->trace == NULL || strcmp(row->trace, trace) == 0, "%s: %s", row->name, trace);
    CHECK(row->plugin == NULL || strcmp(row->plugin, plugin) == 0, "%s: %s", row->name, plugin);
    CHECK(row->said == NULL || fixture_has_said(&fixture, row->said), "%s: %s", row->name, buf_text(&fixture.said));
    CHECK(has_record() == row->recorded, "%s: its record", row->name);
    CHECK(request.ordered != row->not_ordered, "%s: ordered", row->name);
    CHECK(fixture.ca.slept_ms >= row->slept_s * 1000, "%s: %lld ms", row->name, (long long)fixture.ca.slept_ms);
    CHECK(fixture.presented == NULL, "%s: a proof was left", row->name);
    if (row->replaces != NULL)
        CHECK_TEXT(fixture.ca.replaces, row->replaced, row->name);
}

#define BREAKS(resource) .faults = { { resource } }
#define CHECK_ROWS(rows)                                                                                               \
    for (size_t i = 0; i < COUNT(rows); i++)                                                                           \
    check_row(&rows[i])

TEST(an_order_is_placed)
{
    static const struct row rows[] = {
        { .name = "all at once", .trace = PROVED "finalize cert", .plugin = PRESENTED CLEANED, .recorded = true },
        { .name = "all is proved already",
            .setup.ca.valid = "all",
            .trace = "new-account new-order finalize cert",
            .plugin = "prepare, release",
            .recorded = true },
        { .name = "no more orders today",
            .setup.ca.faults = { { CA_NEW_ORDER, .status = 429, .problem = "rateLimited",
                .headers = "Retry-After: 86400" } },
            .want = ERROR_ACME,
            .why = "limit",
            .trace = "new-account new-order",
            .plugin = "prepare, release" },
        { .name = "busy for a moment",
            .setup.ca.faults = { { CA_NEW_ORDER, .times = 1, .status = 503, .problem = "serverInternal",
                .headers = "Retry-After: 5" } },
            .recorded = true,
            .slept_s = 5 },
        { .name = "a nonce that is refused",
            .setup.ca.faults = { { CA_NEW_ORDER, .times = 2, .status = 400, .problem = "badNonce" } },
            .recorded = true },
        { .name = "all nonces are refused",
            .setup.ca.faults = { { CA_NEW_ORDER, .status = 400, .problem = "badNonce" } },
            .want = ERROR_ACME,
            .why = "refused every anti-replay nonce" },
        { .name = "the connection breaks",
            .setup.ca.faults = { { CA_NEW_ORDER } },
            .want = ERROR_NETWORK,
            .why = "ordering the certificate",
            .trace = "new-account new-order",
            .not_ordered = true },
        { .name = "the CA cannot be reached at all",
            .setup.ca.faults = { { CA_THE_DIRECTORY } },
            .want = ERROR_NETWORK,
            .trace = "",
            .plugin = "",
            .not_ordered = true },
        { .name = "no nonces",
            .setup.ca.faults = { { CA_NEW_NONCE, .honest = true, .without = "replay-nonce" } },
            .want = ERROR_ACME,
            .why = "no Replay-Nonce header",
            .not_ordered = true },
        { .name = "an order without an address",
            .setup.ca.faults = { { CA_NEW_ORDER, .honest = true, .without = "location" } },
            .want = ERROR_ACME,
            .why = "order" },
        { .name = "no JSON",
            .setup.ca.faults = { { CA_NEW_ORDER, .status = 201, .body = "<html>" } },
            .want = ERROR_ACME },
        { .name = "an order that is not one",
            .setup.ca.faults = { { CA_NEW_ORDER, .status = 201, .body = "{}",
                .headers = "Location: " CA_URL "/order/0" } },
            .want = ERROR_ACME,
            .why = "status" },
        { .name = "no account is made",
            .setup.ca.faults = { { CA_NEW_ACCOUNT, .status = 403, .problem = "unauthorized" } },
            .want = ERROR_ACME,
            .plugin = "",
            .not_ordered = true },
        { .name = "a profile that is asked for",
            .setup = { .ca.profiles = "classic short", .options = "required-profile=short" },
            .recorded = true },
        { .name = "a profile that is refused",
            .setup = { .ca = { .profiles = "classic",
                           .faults = { { CA_NEW_ORDER, .status = 400, .problem = "invalidProfile" } } },
                .options = "required-profile=short" },
            .want = ERROR_ACME,
            .next = "choose one of the profiles classic" },
        { .name = "must staple", .setup.options = "must-staple", .recorded = true },
    };

    CHECK_ROWS(rows);
}

TEST(names_that_a_ca_refuses_are_dropped_if_that_is_allowed)
{
    static const struct row rows[] = {
        { .name = "a name is refused",
            .setup.ca.faults = { { CA_NEW_ORDER, .status = 400, .problem = "rejectedIdentifier", .of = "www.a.test" } },
            .want = ERROR_ACME,
            .trace = "new-account new-order" },
        { .name = "a name is refused, and a subset will do",
            .setup = { .ca.faults = { { CA_NEW_ORDER, .times = 1, .status = 400, .problem = "rejectedIdentifier",
                           .of = "www.a.test" } },
                .options = "allow-subset-of-names" },
            .said = "Retrying without: www.a.test",
            .names = "a.test",
            .recorded = true },
        { .name = "all are refused",
            .setup = { .ca.faults = { { CA_NEW_ORDER, .status = 400, .problem = "rejectedIdentifier", .of = NAMES } },
                .options = "allow-subset-of-names" },
            .want = ERROR_ACME,
            .trace = "new-account new-order" },
        { .name = "one that nobody asked for is refused",
            .setup = { .ca.faults = { { CA_NEW_ORDER, .status = 400, .problem = "rejectedIdentifier",
                           .of = "b.test" } },
                .options = "allow-subset-of-names" },
            .want = ERROR_ACME,
            .trace = "new-account new-order" },
        { .name = "refused when it is finalized",
            .setup = { .ca = { .valid = "all",
                           .faults = { { CA_FINALIZE, .times = 1, .status = 403, .problem = "caa", .of = "a.test" } } },
                .options = "allow-subset-of-names" },
            .trace = "new-account new-order finalize new-order finalize cert",
            .names = "www.a.test",
            .recorded = true },
        { .name = "a proof is refused",
            .setup.ca.refuses = "a.test",
            .want = ERROR_ACME,
            .why = "Some challenges have failed. a.test",
            .trace = "new-account new-order authz authz challenge challenge authz authz",
            .plugin = PRESENTED CLEANED,
            .said = "Identifier: a.test" },
        { .name = "a proof is refused, and a subset will do",
            .setup = { .ca.refuses = "a.test", .options = "allow-subset-of-names" },
            .said = "Retrying without: a.test",
            .names = "www.a.test",
            .recorded = true },
        { .name = "all proofs are refused, and a subset would do",
            .setup = { .ca.refuses = "all", .options = "allow-subset-of-names" },
            .want = ERROR_ACME,
            .why = "All challenges have failed." },
    };

    CHECK_ROWS(rows);
}

TEST(control_is_proved)
{
    static const struct row rows[] = {
        { .name = "one of two is proved already",
            .setup.ca.valid = "a.test",
            .plugin = "prepare, present www.a.test, wait, cleanup www.a.test, release",
            .recorded = true },
        { .name = "the CA wants to see another name",
            .setup.ca.asks_for = "evil.test",
            .want = ERROR_ACME,
            .why = "evil.test to be proved, which was not ordered",
            .plugin = "prepare, release" },
        { .name = "no challenge that can be met",
            .setup = { .ca.challenges = "dns-01", .plugin.types = "http-01" },
            .want = ERROR_PLUGIN,
            .why = "does not support any combination",
            .plugin = "prepare, release" },
        { .name = "by DNS", .setup.ca.challenges = "dns-01", .recorded = true },
        { .name = "by TLS", .setup.ca.challenges = "tls-alpn-01", .recorded = true },
        { .name = "the CA takes its time", .setup.ca.authz_looks = 7, .recorded = true, .slept_s = 3 },
        { .name = "the CA says when to look again",
            .setup.ca = { .authz_looks = 5,
                .faults = { { CA_AUTHORIZATION, .honest = true, .headers = "Retry-After: 100" } } },
            .recorded = true,
            .slept_s = 100 },
        { .name = "the CA never decides",
            .setup.ca.authz_looks = 1000000,
            .want = ERROR_NETWORK,
            .why = "has not come to a decision",
            .plugin = PRESENTED CLEANED,
            .slept_s = 29 * MINUTE },
        { .name = "nothing is to be found",
            .setup.plugin = { .forgets = "www.a.test", .hint = "look at the server's log" },
            .want = ERROR_ACME,
            .why = "www.a.test",
            .next = "fetch http://NAME/.well-known",
            .said = "Hint: look at the server's log" },
        { .name = "the plugin cannot work",
            .setup.plugin.prepare_fails = true,
            .want = ERROR_PLUGIN,
            .trace = "new-account",
            .plugin = "prepare",
            .not_ordered = true },
        { .name = "a proof cannot be presented",
            .setup.plugin.present_fails = "www.a.test",
            .want = ERROR_PLUGIN,
            .why = "http-01 challenge for www.a.test",
            .trace = "new-account new-order authz authz",
            .plugin = "prepare, present a.test, present www.a.test, " CLEANED },
        { .name = "a proof cannot be presented, and a subset will do",
            .setup = { .plugin.present_fails = "www.a.test", .options = "allow-subset-of-names" },
            .names = "a.test",
            .recorded = true },
        { .name = "one is never to be seen",
            .setup.plugin.never_ready = "a.test",
            .want = ERROR_PLUGIN,
            .why = "one name server does not have it",
            .trace = "new-account new-order authz authz",
            .plugin = PRESENTED CLEANED },
        { .name = "waiting fails",
            .setup.plugin.wait_fails = true,
            .want = ERROR_PLUGIN,
            .why = "it did not spread",
            .trace = "new-account new-order authz authz",
            .plugin = PRESENTED CLEANED },
        { .name = "what was presented stays",
            .setup.plugin.cleanup_fails = true,
            .plugin = PRESENTED CLEANED,
            .said = "could not clean up the http-01 challenge for a.test",
            .recorded = true },
        { .name = "an authorization cannot be had",
            .setup.ca.faults = { { CA_AUTHORIZATION, .first = 2, .status = 404, .problem = "malformed" } },
            .want = ERROR_ACME,
            .plugin = "prepare, release" },
        { .name = "an answer to a challenge is lost",
            .setup.ca.faults = { { CA_CHALLENGE, .first = 2 } },
            .want = ERROR_NETWORK,
            .plugin = PRESENTED CLEANED },
    };

    CHECK_ROWS(rows);
}

TEST(an_order_is_finalized)
{
    static const struct row rows[] = {
        { .name = "not ready at once",
            .setup.ca = { .valid = "all", .ready_looks = 3 },
            .trace = "new-account new-order authz authz finalize order order order finalize cert",
            .recorded = true },
        { .name = "never ready",
            .setup.ca = { .valid = "all", .ready_looks = 1000000 },
            .want = ERROR_NETWORK,
            .slept_s = 85,
            .recorded = true },
        { .name = "it takes a while",
            .setup.ca.processing_looks = 4,
            .trace = PROVED "finalize order order order order cert",
            .recorded = true },
        { .name = "the CA says when to look again",
            .setup.ca = { .processing_looks = 5,
                .faults = { { CA_ORDER, .honest = true, .headers = "Retry-After: 20" } } },
            .recorded = true,
            .slept_s = 20 },
        { .name = "it never ends",
            .setup.ca.processing_looks = 1000000,
            .want = ERROR_NETWORK,
            .why = "(the order is 'processing')",
            .next = "the next run fetches the certificate",
            .recorded = true,
            .slept_s = 85 },
        { .name = "a Retry-After of a day",
            .setup.ca = { .processing_looks = 1000000,
                .faults = { { CA_ORDER, .honest = true, .headers = "Retry-After: 86400" } } },
            .want = ERROR_NETWORK,
            .recorded = true,
            .slept_s = 85 },
        { .name = "the address comes a moment later", .setup.ca.nameless_looks = 2, .recorded = true },
        { .name = "the CA gives it up",
            .setup.ca = { .order_fails = "unauthorized", .processing_looks = 2 },
            .want = ERROR_ACME,
            .why = "it was not to be" },
        { .name = "the request is refused",
            .setup.ca.faults = { { CA_FINALIZE, .status = 400, .problem = "badCSR" } },
            .want = ERROR_ACME,
            .why = "sending the certificate request" },
        { .name = "the answer is lost, and it is issued",
            .setup.ca.faults = { { CA_FINALIZE, .done = true } },
            .trace = PROVED "finalize order cert",
            .recorded = true },
        { .name = "the request is lost",
            .setup.ca.faults = { { CA_FINALIZE, .times = 1 } },
            .trace = PROVED "finalize order finalize cert",
            .recorded = true },
        { .name = "the CA has trouble once",
            .setup.ca.faults = { { CA_FINALIZE, .times = 1, .status = 503, .problem = "serverInternal" } },
            .trace = PROVED "finalize order finalize cert",
            .recorded = true },
        { .name = "the CA has trouble, always",
            .setup.ca.faults = { { CA_FINALIZE, .status = 500, .problem = "serverInternal" } },
            .want = ERROR_ACME,
            .why = "trouble of its own",
            .trace = PROVED "finalize order finalize",
            .recorded = true },
        { .name = "the CA has trouble with everything, and it is issued",
            .setup.ca.faults = { { CA_FINALIZE, .status = 500, .problem = "serverInternal", .done = true },
                { CA_ORDER, .status = 500, .problem = "serverInternal" } },
            .want = ERROR_ACME,
            .recorded = true },
        { .name = "the answer cannot be read, and it is issued",
            .setup.ca.faults = { { CA_FINALIZE, .status = 200, .body = "<html>", .done = true } },
            .trace = PROVED "finalize order cert",
            .recorded = true },
        { .name = "there is no account any more",
            .setup.ca.faults = { { CA_FINALIZE, .status = 401, .problem = "unauthorized" } },
            .want = ERROR_ACME },
        { .name = "too many requests",
            .setup.ca.faults = { { CA_FINALIZE, .status = 429, .problem = "rateLimited",
                .headers = "Retry-After: 3600" } },
            .want = ERROR_ACME },
        { .name = "the CA has trouble, and it is issued",
            .setup.ca.faults = { { CA_FINALIZE, .status = 500, .problem = "serverInternal", .done = true } },
            .recorded = true },
        { .name = "a gateway has trouble, and it is issued",
            .setup.ca.faults = { { CA_FINALIZE, .status = 502, .body = "<html>", .done = true } },
            .recorded = true },
        { .name = "how the order is cannot be asked",
            .setup.ca = { .processing_looks = 3, .faults = { { CA_ORDER } } },
            .want = ERROR_NETWORK,
            .recorded = true },
        { .name = "the CA has trouble while it works on it",
            .setup.ca = { .processing_looks = 3,
                .faults = { { CA_ORDER, .status = 500, .problem = "serverInternal" } } },
            .want = ERROR_ACME,
            .recorded = true },
        { .name = "another client is faster once",
            .setup.ca = { .valid = "all", .anothers = 1 },
            .said = "placing a new one",
            .recorded = true },
        { .name = "another client is always faster",
            .setup.ca = { .valid = "all", .anothers = 9 },
            .want = ERROR_ACME,
            .trace = "new-account new-order finalize order cert new-order finalize order cert new-order finalize order "
                     "cert" },
    };

    CHECK_ROWS(rows);
}

TEST(what_an_order_is_to_replace_is_worth_a_try)
{
    static const struct row rows[] = {
        { .name = "it is taken", .replaces = "AAAA.BBBB", .replaced = "AAAA.BBBB", .recorded = true },
        { .name = "the CA has no renewal information",
            .setup.ca.no_renewal_info = true,
            .replaces = "AAAA.BBBB",
            .recorded = true },
        { .name = "replaced already",
            .setup.ca.faults = { { CA_NEW_ORDER, .times = 1, .status = 409, .problem = "alreadyReplaced" } },
            .replaces = "AAAA.BBBB",
            .recorded = true },
        { .name = "a CA that knows no such certificate",
            .setup.ca.faults = { { CA_NEW_ORDER, .times = 1, .status = 400, .problem = "malformed",
                .detail = "could not find an order for the given certificate" } },
            .replaces = "AAAA.BBBB",
            .recorded = true },
        { .name = "something else is refused",
            .setup.ca.faults = { { CA_NEW_ORDER, .status = 400, .problem = "rejectedIdentifier" } },
            .want = ERROR_ACME,
            .trace = "new-account new-order",
            .replaces = "AAAA.BBBB" },
        { .name = "without it is refused as well",
            .setup.ca.faults = { { CA_NEW_ORDER, .status = 409, .problem = "alreadyReplaced" } },
            .want = ERROR_ACME,
            .trace = "new-account new-order new-order",
            .replaces = "AAAA.BBBB" },
    };

    CHECK_ROWS(rows);
}

TEST(a_dry_run_proves_control_anew)
{
    static const struct row rows[] = {
        { .name = "nothing is proved yet",
            .setup.options = "dry-run server=" CA_DIRECTORY,
            .plugin = PRESENTED CLEANED },
        { .name = "one is proved already: it is given up, and the order placed again",
            .setup = { .ca.valid = "a.test", .options = "dry-run server=" CA_DIRECTORY },
            .trace = "new-account new-order authz authz authz new-order authz authz challenge authz finalize cert" },
        { .name = "it cannot be given up",
            .setup = { .ca = { .valid = "all",
                           .faults = { { CA_AUTHORIZATION, .first = 2, .times = 1, .status = 500, .body = "" },
                               { CA_AUTHORIZATION, .first = 4, .times = 1, .status = 500, .body = "" } } },
                .options = "dry-run server=" CA_DIRECTORY },
            .said = "the result of this dry run may not be accurate" },
        { .name = "how it stands cannot be asked",
            .setup = { .ca = { .valid = "all", BREAKS(CA_AUTHORIZATION) }, .options = "dry-run server=" CA_DIRECTORY },
            .want = ERROR_NETWORK },
    };

    CHECK_ROWS(rows);
}

TEST(an_account_that_the_ca_has_lost_is_made_anew)
{
    static const struct row rows[] = {
        { .name = "it registers again",
            .forgets_account = true,
            .setup.ca.valid = "all",
            .trace = "new-order new-account new-account new-order finalize cert",
            .recorded = true },
        { .name = "not without leave",
            .setup.options = "dry-run server=" CA_DIRECTORY,
            .forgets_account = true,
            .want = ERROR_ACME,
            .not_ordered = true },
        { .name = "the CA does not register it",
            .forgets_account = true,
            .setup.ca.faults = { { CA_NEW_ACCOUNT, .first = 2, .status = 500, .problem = "serverInternal" } },
            .want = ERROR_ACME,
            .not_ordered = true },
    };

    CHECK_ROWS(rows);
}

TEST(a_request_of_the_users_is_sent_as_it_is)
{
    static const struct setup setup = { .ca.valid = "all" };
    AUTO(fixture_clear) struct fixture fixture;
    AUTO(issue_request_clear) struct issue_request request = { .authenticator = fixture_plugin(), .record = "a.test" };
    AUTO(issued_chain_clear) struct issued_chain chain = { 0 };
    AUTO(list_clear) struct list dns = fixture_words(NAMES);
    AUTO(identifiers_clear) struct identifiers identifiers = identifiers_of(&dns, NULL);
    AUTO(buf_clear) struct buf der = BUF(65536);
    AUTO(key_free) struct key *key = new_key();
    AUTO(free) char *key_path = NULL;
    AUTO(cert_free) struct cert *cert = NULL;
    struct error err = { 0 };

    fixture_open(&fixture, &setup);
    REQUIRE(csr_make(key, &identifiers, true, &der, &err), "%s", err.why);
    request.csr = buf_view(&der);
    issue_request_names(&request, &identifiers);
    REQUIRE(issue(&fixture.context, &request, &chain, &err), "%s: %s", err.what, err.why);
    REQUIRE(cert_from_pem(buf_view(&chain.cert), "the certificate", &cert, &err), "%s", err.why);
    CHECK(cert_matches_key(cert, key) && cert->must_staple);
    key_path = test_path("conf/pending/a.test/privkey.pem");
    CHECK(has_record() && !file_exists(key_path), "a key that is none of ours");
}

TEST(what_the_ca_sends_passes_the_gate)
{
    static const struct row rows[] = {
        { .name = "another key", .setup.ca.certificate.wrong_key = true, .want = ERROR_ACME, .why = "key" },
        { .name = "other names", .setup.ca.certificate.names = "DNS:b.test", .want = ERROR_ACME, .why = "b.test" },
        { .name = "a name is missing",
            .setup.ca.certificate.names = "DNS:a.test",
            .want = ERROR_ACME,
            .why = "www.a.test" },
        { .name = "a CA's", .setup.ca.certificate.is_ca = true, .want = ERROR_ACME },
        { .name = "expired", .setup.ca.certificate = { .from_s = -9 * 86400, .to_s = -86400 }, .want = ERROR_ACME },
        { .name = "of the future",
            .setup.ca.certificate = { .from_s = 86400 * 9, .to_s = 86400 * 99 },
            .want = ERROR_ACME },
        { .name = "the clock here is wrong",
            .setup.ca.certificate = { .from_s = 86400 * 9, .to_s = 86400 * 99, .date_s = 86400 * 10 },
            .want = ERROR_CONFIG,
            .next = "clock",
            .recorded = true },
        { .name = "an issuer that has not signed it", .setup.ca.certificate.other_issuer = true, .want = ERROR_ACME },
        { .name = "no certificate", .setup.ca.certificate.text = "<html>", .want = ERROR_ACME },
        { .name = "nothing", .setup.ca.certificate.text = "", .want = ERROR_ACME },
        { .name = "half of one",
            .setup.ca.certificate.text = "-----BEGIN CERTIFICATE-----\nMIIB\n",
            .want = ERROR_ACME },
        { .name = "it cannot be fetched now",
            .setup.ca.faults = { { CA_CERTIFICATE } },
            .want = ERROR_NETWORK,
            .why = "downloading the certificate",
            .recorded = true },
        { .name = "the CA has trouble with it",
            .setup.ca.faults = { { CA_CERTIFICATE, .status = 500, .problem = "serverInternal" } },
            .want = ERROR_ACME,
            .recorded = true },
        { .name = "the issuer is fetched",
            .setup.ca.certificate = { .alone = true, .names_issuer = true },
            .trace = PROVED "finalize cert issuer",
            .said = "it was fetched from " CA_URL "/issuer",
            .recorded = true },
        { .name = "the issuer cannot be fetched",
            .setup.ca = { .certificate = { .alone = true, .names_issuer = true }, .faults = { { CA_ISSUER } } },
            .want = ERROR_NETWORK,
            .why = "without its issuer's",
            .recorded = true },
        { .name = "another one's certificate is there for the issuer's",
            .setup.ca = { .certificate = { .alone = true, .names_issuer = true },
                .faults = { { CA_ISSUER, .status = 200, .body = "-----BEGIN CERTIFICATE-----" } } },
            .want = ERROR_NETWORK,
            .recorded = true },
        { .name = "nothing says where the issuer is",
            .setup.ca.certificate.alone = true,
            .said = "so the chain is empty",
            .recorded = true },
        { .name = "the chain that is preferred",
            .setup = { .ca.certificate.alternate = true, .options = "preferred-chain=Old" },
            .said = "Using the default certificate chain instead",
            .recorded = true },
        { .name = "an alternate chain cannot be had",
            .setup = { .ca = { .certificate.alternate = true,
                           .faults = { { CA_ALTERNATE, .status = 500, .problem = "serverInternal" } } },
                .options = "preferred-chain=Old" },
            .said = "an alternate chain cannot be had",
            .recorded = true },
    };

    CHECK_ROWS(rows);
}

TEST_MAIN()
