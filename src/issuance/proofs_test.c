/* Tests orders of which some proofs fail, before the CA validates them or when it does. */
#include "issuance/proofs.h"

#include "base/mem.h"
#include "fixture.h"
#include "issuance/issue.h"

static const char all_asked[] = "new-account new-order authz authz authz";

static const struct {
    const char *name;
    struct setup setup;
    const char *names; /* ordered ["a.test b.test c.test"] */
    enum error_kind want;
    const char *why, *what; /* of the error */
    const char *said;       /* NULL: nothing of it is looked at */
    const char *left;       /* the names of the certificate */
    const char *trace;      /* the authenticator's calls; NULL: not checked */
    const char *ca;         /* the CA's requests; NULL: not checked */
} cases[] = {
    { .name = "all can be proved",
        .left = "a.test b.test c.test",
        .trace = "prepare, present a.test, present b.test, present c.test, wait, cleanup a.test, cleanup b.test, "
                 "cleanup c.test, release" },
    { .name = "one cannot be presented",
        .setup = { .plugin.present_fails = "b.test" },
        .want = ERROR_PLUGIN,
        .why = "no room for the proof",
        .what = "http-01 challenge for b.test",
        .trace = "prepare, present a.test, present b.test, present c.test, cleanup a.test, cleanup b.test, "
                 "cleanup c.test, release",
        .ca = all_asked },
    { .name = "two cannot be presented: each is told",
        .setup = { .plugin.present_fails = "a.test c.test" },
        .want = ERROR_PLUGIN,
        .why = "no room for the proof",
        .what = "http-01 challenge for a.test (and 1 more name)",
        .said = "\n  Identifier: a.test\n  Reason: no room for the proof\n\n  Identifier: c.test\n  Reason: no room",
        .ca = all_asked },
    { .name = "two do not become visible: each is told",
        .setup = { .plugin.never_ready = "b.test c.test" },
        .want = ERROR_PLUGIN,
        .why = "one name server does not have it",
        .what = "http-01 challenge for b.test (and 1 more name)",
        .said = "\n  Identifier: b.test\n  Reason: one name server does not have it\n\n  Identifier: c.test\n",
        .ca = all_asked },
    { .name = "one that cannot be presented is left out",
        .setup = { .plugin.present_fails = "b.test", .options = "allow-subset-of-names" },
        .said = "Identifier: b.test\n  Reason: no room for the proof",
        .left = "a.test c.test" },
    { .name = "one that does not become visible is left out",
        .setup = { .plugin.never_ready = "b.test", .options = "allow-subset-of-names" },
        .said = "Retrying without: b.test",
        .left = "a.test c.test" },
    { .name = "one of each kind is left out, and one remains",
        .setup = { .plugin.never_ready = "b.test",
            .plugin.present_fails = "a.test",
            .ca.refuses = "d.test",
            .options = "allow-subset-of-names" },
        .names = "a.test b.test c.test d.test",
        .said = "Identifier: d.test",
        .left = "c.test" },
    { .name = "a wildcard is left out, and its domain remains",
        .setup = { .plugin = { .types = "dns-01", .present_fails = "w.test" }, .options = "allow-subset-of-names" },
        .names = "a.test *.w.test",
        .said = "Retrying without: *.w.test",
        .left = "a.test" },
    { .name = "a wildcard is refused, and its domain remains",
        .setup = { .plugin.types = "dns-01", .ca.refuses = "*.w.test", .options = "allow-subset-of-names" },
        .names = "a.test *.w.test",
        .said = "Retrying without: *.w.test",
        .left = "a.test" },
    { .name = "none can be presented",
        .setup = { .plugin.present_fails = "a.test b.test c.test", .options = "allow-subset-of-names" },
        .want = ERROR_PLUGIN,
        .why = "no room for the proof",
        .what = "(and 2 more names)",
        .ca = all_asked },
    { .name = "none but one that is authorized already",
        .setup = { .plugin.present_fails = "b.test c.test", .ca.valid = "a.test", .options = "allow-subset-of-names" },
        .said = "Retrying without: c.test, b.test",
        .left = "a.test" },
    { .name = "waiting as such fails",
        .setup = { .plugin.wait_fails = true, .options = "allow-subset-of-names" },
        .want = ERROR_PLUGIN,
        .why = "it did not spread",
        .what = "http-01 challenge for a.test",
        .trace = "prepare, present a.test, present b.test, present c.test, wait, cleanup a.test, cleanup b.test, "
                 "cleanup c.test, release",
        .ca = all_asked },
    { .name = "cleaning up fails, which costs no certificate",
        .setup = { .plugin.cleanup_fails = true },
        .said = "could not clean up the http-01 challenge for b.test: it is still there",
        .left = "a.test b.test c.test" },
    { .name = "as certbot, one that cannot be presented is not left out",
        .setup = { .plugin.present_fails = "b.test", .options = "allow-subset-of-names", .as_certbot = true },
        .want = ERROR_PLUGIN,
        .why = "no room for the proof",
        .what = "http-01 challenge for b.test",
        .ca = all_asked },
    { .name = "as certbot, one that the CA refuses is left out",
        .setup = { .ca.refuses = "b.test", .options = "allow-subset-of-names", .as_certbot = true },
        .said = "Unable to obtain a certificate with every requested domain. Retrying without: b.test",
        .left = "a.test c.test" },
};

static bool order(struct fixture *fixture, size_t i, struct issue_request *request, struct error *err)
{
    AUTO(issued_chain_clear) struct issued_chain chain = { 0 };
    AUTO(identifiers_clear)
    struct identifiers names = fixture_identifiers(cases[i].names == NULL ? "a.test b.test c.test" : cases[i].names);
    AUTO(key_free) struct key *key = NULL;
    bool ok;

    REQUIRE(key_generate((struct key_params){ .type = KEY_EC, .curve = "secp256r1" }, &key, err), "%s", err->why);
    request->key = key;
    issue_request_names(request, &names);
    ok = issue(&fixture->context, request, &chain, err);
    request->key = NULL;
    return ok;
}

static void check_error(size_t i, const struct error *err)
{
    CHECK_INT(err->kind, cases[i].want, cases[i].name);
    CHECK(cases[i].why == NULL || strstr(err->why, cases[i].why) != NULL, "%s: %s", cases[i].name, err->why);
    CHECK(cases[i].what == NULL || strstr(err->what, cases[i].what) != NULL, "%s: %s", cases[i].name, err->what);
}

TEST(proofs_that_fail)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(fixture_clear) struct fixture fixture;
        AUTO(issue_request_clear) struct issue_request request = { .authenticator = fixture_plugin() };
        AUTO(list_clear) struct list names = { 0 };
        AUTO(free) char *left = NULL, *trace = NULL, *ca = NULL;
        struct error err = { 0 };
        bool ok;

        fixture_open(&fixture, &cases[i].setup);
        ok = order(&fixture, i, &request, &err);
        CHECK(ok == (cases[i].want == ERROR_NONE), "%s: %s: %s", cases[i].name, err.what, err.why);
        check_error(i, &err);
        identifiers_names(&request.identifiers, &names);
        left = list_join(&names, " ");
        trace = fixture_plugin_trace(&fixture);
        ca = acme_ca_trace(&fixture.ca);
        if (ok)
            CHECK_TEXT(left, cases[i].left, cases[i].name);
        if (cases[i].trace != NULL)
            CHECK_TEXT(trace, cases[i].trace, cases[i].name);
        if (cases[i].ca != NULL)
            CHECK_TEXT(ca, cases[i].ca, cases[i].name);
        CHECK(cases[i].said == NULL || fixture_has_said(&fixture, cases[i].said), "%s: %s", cases[i].name,
            buf_text(&fixture.said));
    }
}

TEST(some_are_left_out)
{
    static const char *const names[] = { "a.test", "b.test", "c.test", "d.test" };
    const bool chosen[] = { true, false, true, false };
    AUTO(proofs_clear)
    struct proofs proofs = {
        .authzs = xcalloc(4, sizeof(struct authz)), .at = xcalloc(4, sizeof(struct proof)), .count = 4
    };

    for (size_t i = 0; i < COUNT(names); i++) {
        proofs.at[i] = (struct proof){ .identifier = xstrdup(names[i]), .remaining = 3 - i };
        proofs.authzs[i].url = xstrdup(names[i]);
        list_add(&proofs.identifiers, names[i]);
    }
    proofs_leave_out(&proofs, chosen);
    REQUIRE(proofs.count == 2 && proofs.identifiers.len == 2, "%zu", proofs.count);
    for (size_t i = 0; i < 2; i++) {
        CHECK_TEXT(proofs.at[i].identifier, names[2 * i + 1], "the others stay");
        CHECK_TEXT(proofs.authzs[i].url, names[2 * i + 1], "each with its authorization");
        CHECK_TEXT(proofs.identifiers.at[i], names[2 * i + 1], "all know of them");
        CHECK_INT((int64_t)proofs.at[i].remaining, (int64_t)(1 - i), "how many follow");
        CHECK(proofs.at[i].all_identifiers == &proofs.identifiers, " ");
    }
}

TEST_MAIN()
