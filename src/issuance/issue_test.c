#include "issuance/issue.h"

#include "fixture.h"

TEST(what_the_ca_makes_of_an_order)
{
    static const struct {
        const char *name;
        struct setup setup;
        enum error_kind want;
        const char *trace;
    } cases[] = {
        { .name = "all at once",
            .trace = "new-account new-order authz authz challenge challenge authz authz finalize cert" },
        { .name = "no more orders today",
            .setup = { .ca.faults = { { CA_NEW_ORDER, .status = 429, .problem = "rateLimited" } } },
            .want = ERROR_ACME,
            .trace = "new-account new-order" },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(fixture_clear) struct fixture fixture;
        AUTO(issue_request_clear) struct issue_request request = { .authenticator = fixture_plugin() };
        AUTO(issued_chain_clear) struct issued_chain chain = { 0 };
        AUTO(list_clear) struct list names = fixture_words("a.test www.a.test");
        AUTO(key_free) struct key *key = NULL;
        AUTO(free) char *trace = NULL;
        struct error err = { 0 };
        bool ok;

        fixture_open(&fixture, &cases[i].setup);
        REQUIRE(key_generate((struct key_params){ .type = KEY_EC, .curve = "secp256r1" }, &key, &err), "%s", err.why);
        request.key = key;
        issue_request_names(&request, &names);
        ok = issue(&fixture.context, &request, &chain, &err);
        CHECK(ok == (cases[i].want == ERROR_NONE) && (ok || err.kind == cases[i].want), "%s: %s: %s", cases[i].name,
            err.what, err.why);
        trace = acme_ca_trace(&fixture.ca);
        CHECK_TEXT(trace, cases[i].trace, cases[i].name);
    }
}

TEST_MAIN()
