/*
 * Proving control, as the user hears of it: reports of what failed, pauses before the CA looks.
 */
#include "issuance/solve.h"

#include "base/text.h"
#include "fixture.h"
#include "issuance/issue.h"

struct row {
    const char *name;
    struct setup setup;
    const char *names; /* ["a.test www.a.test"] */
    enum error_kind want;
    const char *why, *next; /* of the error, whole; NULL: whatever they are */
    const char *said[6];    /* each stands in what was said, behind the one before */
    const char *unsaid;     /* does not stand in it */
    const char *plugin;     /* trace of the authenticator */
};

static void check_said(const struct row *row, struct fixture *fixture)
{
    const char *rest = buf_text(&fixture->said);

    for (size_t i = 0; i < COUNT(row->said) && row->said[i] != NULL; i++) {
        const char *at = strstr(rest, row->said[i]);

        CHECK(at != NULL, "%s: \"%s\" was not said:\n%s", row->name, row->said[i], rest);
        rest = at == NULL ? rest : at + strlen(row->said[i]);
    }
    CHECK(
        row->unsaid == NULL || !fixture_has_said(fixture, row->unsaid), "%s:\n%s", row->name, buf_text(&fixture->said));
}

static void check_row(const struct row *row)
{
    AUTO(fixture_clear) struct fixture fixture;
    AUTO(issue_request_clear) struct issue_request request = { .authenticator = fixture_plugin() };
    AUTO(issued_chain_clear) struct issued_chain chain = { 0 };
    AUTO(identifiers_clear)
    struct identifiers names = fixture_identifiers(row->names == NULL ? "a.test www.a.test" : row->names);
    AUTO(key_free) struct key *key = NULL;
    AUTO(free) char *plugin = NULL;
    struct error err = { 0 };

    fixture_open(&fixture, &row->setup);
    REQUIRE(key_generate((struct key_params){ .type = KEY_EC, .curve = "secp256r1" }, &key, &err), "%s", err.why);
    request.key = key;
    issue_request_names(&request, &names);
    CHECK(issue(&fixture.context, &request, &chain, &err) == (row->want == ERROR_NONE) && err.kind == row->want,
        "%s: %s: %s: %s", row->name, error_kind_name(err.kind), err.what, err.why);
    if (row->why != NULL)
        CHECK_TEXT(err.why, row->why, row->name);
    if (row->next != NULL)
        CHECK_TEXT(err.next, row->next, row->name);
    check_said(row, &fixture);
    plugin = fixture_plugin_trace(&fixture);
    CHECK(row->plugin == NULL || strcmp(plugin, row->plugin) == 0, "%s: %s", row->name, plugin);
    CHECK(fixture.presented == NULL, "%s: a proof was left", row->name);
}

#define CHECK_ROWS(rows)                                                                                               \
    for (size_t i = 0; i < COUNT(rows); i++)                                                                           \
    check_row(&rows[i])

TEST(who_failed_is_reported)
{
    static const struct row rows[] = {
        { .name = "one of two",
            .setup.ca.refuses = "a.test",
            .want = ERROR_ACME,
            .said = { "Evercert failed to authenticate some domains (authenticator: test). The Certificate Authority "
                      "reported these problems:\n  Identifier: a.test\n",
                "  Type:   unauthorized\n  Detail: the proof is not there\n", "  Means:  ", "  Try:    " },
            .unsaid = "Identifier: www.a.test" },
        { .name = "both, by name",
            .setup.ca.refuses = "all",
            .names = "www.a.test a.test",
            .want = ERROR_ACME,
            .said = { "Identifier: a.test\n", "\n\n  Identifier: www.a.test\n" } },
        { .name = "both by different causes, by type",
            .setup = { .ca = { .refuses = "a.test", .refusal = "unauthorized" }, .plugin.forgets = "www.a.test" },
            .want = ERROR_ACME,
            .said = { "Identifier: www.a.test\n  Type:   incorrectResponse",
                "Identifier: a.test\n  Type:   unauthorized" } },
        { .name = "a CAA record forbids it, says the CA when it has looked",
            .setup.ca = { .refuses = "a.test", .refusal = "caa" },
            .want = ERROR_ACME,
            .said = { "  Identifier: a.test\n  Type:   caa\n",
                "  Means:  a CAA record of the domain forbids this CA to issue", "  Try:    allow this CA" } },
        { .name = "the plugin has a hint",
            .setup = { .ca.refuses = "a.test", .plugin.hint = "Look at the web server's log." },
            .want = ERROR_ACME,
            .said = { "Detail: the proof is not there", "\n\nHint: Look at the web server's log.\n" } },
        { .name = "as Certbot",
            .setup = { .ca.refuses = "a.test", .as_certbot = true, .plugin.hint = "Look." },
            .want = ERROR_ACME,
            .why = "Some challenges have failed.",
            .next = "",
            .said = { "Certbot failed to authenticate some domains (authenticator: test). ",
                "  Identifier: a.test\n  Type:   unauthorized\n  Detail: the proof is not there\n\nHint: Look.\n" },
            .unsaid = "Means:" },
        { .name = "more of them: the error has the first",
            .setup.ca.refuses = "all",
            .names = "a.test b.test c.test",
            .want = ERROR_ACME,
            .why =
                "Some challenges have failed. a.test (and 2 more): the CA saw no proof of control, or does not permit "
                "this: the proof is not there" },
        { .name = "an address is given up for the others",
            .setup = { .ca.refuses = "192.0.2.1", .options = "allow-subset-of-names" },
            .names = "a.test 192.0.2.1",
            .said = { "Identifier: 192.0.2.1", "Retrying without: 192.0.2.1" } },
    };

    CHECK_ROWS(rows);
}

TEST(a_challenge_that_can_be_met_is_chosen)
{
    static const struct row rows[] = {
        { .name = "the plugin's first",
            .setup.plugin.types = "dns-01 http-01",
            .plugin =
                "prepare, present a.test, present www.a.test, wait, cleanup a.test, cleanup www.a.test, release" },
        { .name = "the only one that the CA offers",
            .setup = { .ca.challenges = "dns-01", .plugin.types = "http-01 dns-01" } },
        { .name = "the user's", .setup.options = "preferred-challenges=tls-alpn-01,http-01" },
        { .name = "a user's that the plugin cannot do",
            .setup = { .options = "preferred-challenges=dns-01", .plugin.types = "http-01" },
            .want = ERROR_CONFIG,
            .why = "None of the preferred challenges are supported by the selected plugin" },
        { .name = "a wildcard has but one",
            .setup.ca.challenges = "dns-01",
            .names = "*.a.test a.test",
            .plugin = "prepare, present a.test, present a.test, wait, cleanup a.test, cleanup a.test, release" },
        { .name = "none: only by DNS",
            .setup = { .ca.challenges = "dns-01", .plugin.types = "http-01" },
            .want = ERROR_PLUGIN,
            .why =
                "Client with the currently selected authenticator does not support any combination of challenges that "
                "will satisfy the CA. You may need to use an authenticator plugin that can do challenges over DNS.",
            .next = "this name is proved by a DNS record alone: obtain it with a DNS plugin, or with --manual; the "
                    "installer may be named beside it (-i nginx, -i apache), or `install` puts the certificate into "
                    "the server afterwards",
            .plugin = "prepare, release" },
        { .name = "none: it knows neither",
            .setup = { .ca.challenges = "http-01 tls-alpn-01", .plugin.types = "dns-01", .as_certbot = true },
            .want = ERROR_PLUGIN,
            .why =
                "Client with the currently selected authenticator does not support any combination of challenges that "
                "will satisfy the CA.",
            .said = { "does not support any combination" } },
        { .name = "one of an unknown type", .setup.ca.challenges = "carrier-pigeon-01 http-01" },
        { .name = "no token",
            .setup.ca.faults = { { CA_AUTHORIZATION, .status = 200,
                .body = "{\"status\":\"pending\",\"identifier\":{\"type\":\"dns\",\"value\":\"a.test\"},"
                        "\"challenges\":[{\"type\":\"http-01\",\"url\":\"" CA_URL "/challenge/0/http-01\"}]}" } },
            .want = ERROR_ACME },
        { .name = "a token that is a path",
            .setup.ca.faults = { { CA_AUTHORIZATION, .status = 200,
                .body =
                    "{\"status\":\"pending\",\"identifier\":{\"type\":\"dns\",\"value\":\"a.test\"},\"challenges\":[{"
                    "\"type\":\"http-01\",\"url\":\"" CA_URL "/challenge/0/http-01\",\"token\":\"../../etc/x\"}]}" } },
            .want = ERROR_ACME,
            .plugin = "prepare, release" },
        { .name = "no authorizations",
            .setup.ca.faults = { { CA_NEW_ORDER, .status = 201, .headers = "Location: " CA_URL "/order/0",
                .body = "{\"status\":\"pending\",\"finalize\":\"" CA_URL "/finalize/0\"}" } },
            .want = ERROR_ACME,
            .why = "order: it is pending, but member 'authorizations' is missing, or is not a list of https URLs" },
        { .name = "more authorizations than names",
            .setup.ca.faults = { { CA_NEW_ORDER, .status = 201, .headers = "Location: " CA_URL "/order/0",
                .body = "{\"status\":\"pending\",\"authorizations\":[\"" CA_URL "/authz/0\",\"" CA_URL
                        "/authz/1\",\"" CA_URL "/authz/2\"],\"finalize\":\"" CA_URL "/finalize/0\"}" } },
            .want = ERROR_ACME,
            .why = "the CA wants 3 authorizations, but 2 names were ordered" },
    };

    CHECK_ROWS(rows);
}

TEST(the_user_may_look_before_the_ca_does)
{
    static const struct row rows[] = {
        { .name = "nobody is there",
            .setup.options = "debug-challenges",
            .said = { "Challenges loaded. Press continue to submit to CA.\nPass \"-v\" for more info about challenges.",
                "There is no terminal, and so nobody is waited for" } },
        { .name = "nobody is there, as Certbot",
            .setup = { .options = "debug-challenges", .as_certbot = true },
            .said = { "Challenges loaded. Press continue to submit to CA." },
            .unsaid = "There is no terminal" },
        { .name = "he presses Enter",
            .setup = { .options = "debug-challenges", .answers = "\n" },
            .said = { "Challenges loaded. Press continue to submit to CA." },
            .unsaid = "There is no terminal" },
        { .name = "he goes away",
            .setup = { .options = "debug-challenges", .answers = "" },
            .want = ERROR_CANCELED,
            .plugin =
                "prepare, present a.test, present www.a.test, wait, cleanup a.test, cleanup www.a.test, release" },
        { .name = "by file",
            .setup.options = "debug-challenges verbose",
            .said = { "The following URLs should be accessible from the internet",
                "URL: http://a.test/.well-known/acme-challenge/token-0", "Expected value: token-0.",
                "URL: http://www.a.test/.well-known/acme-challenge/token-1" },
            .unsaid = "FQDN" },
        { .name = "by DNS",
            .setup = { .options = "debug-challenges verbose", .plugin.types = "dns-01" },
            .said = { "The following FQDNs should return a TXT resource record", "FQDN: _acme-challenge.a.test",
                "Expected value: ", "FQDN: _acme-challenge.www.a.test" },
            .unsaid = "URL:" },
        { .name = "by TLS",
            .setup = { .options = "debug-challenges verbose", .plugin.types = "tls-alpn-01" },
            .said = { "should be answered by TLS on port 443", "Identifier: a.test", "Expected digest: " } },
        { .name = "an address of version 6",
            .setup.options = "debug-challenges verbose",
            .names = "2001:db8::1",
            .said = { "URL: http://[2001:db8::1]/.well-known/acme-challenge/token-0" } },
    };

    CHECK_ROWS(rows);
}

TEST(a_plugin_is_checked_before_anything_is_said)
{
    static const struct {
        const char *name;
        struct setup setup;
        const char *why; /* NULL: it is well */
    } cases[] = {
        { .name = "well" },
        { .name = "it cannot work", .setup.plugin.prepare_fails = true, .why = "the plugin cannot work here" },
        { .name = "as Certbot says it",
            .setup = { .plugin.prepare_fails = true, .as_certbot = true },
            .why = "The test plugin is not working; there may be problems with your existing configuration.\nThe error "
                   "was: "
                   "PluginError('the plugin cannot work here')" },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(fixture_clear) struct fixture fixture;
        AUTO(free) char *plugin = NULL;
        struct error err = { 0 };

        fixture_open(&fixture, &cases[i].setup);
        CHECK(solver_check(&fixture.context, fixture_plugin(), &err) == (cases[i].why == NULL), "%s: %s", cases[i].name,
            err.why);
        CHECK_TEXT(err.kind == ERROR_NONE ? NULL : err.why, cases[i].why, cases[i].name);
        plugin = fixture_plugin_trace(&fixture);
        CHECK_TEXT(plugin, cases[i].why == NULL ? "prepare, release" : "prepare", cases[i].name);
    }
}

static bool die(void *self, struct proof *const *proofs, size_t count, struct error *err)
{
    (void)self;
    (void)proofs;
    (void)count;
    return error_set(err, ERROR_PLUGIN, "the plugin died");
}

/* Also of a name that could not be presented: why not was told before. */
TEST(why_it_could_not_be_cleaned_up_is_told)
{
    static const struct setup setup = { .plugin.present_fails = "a.test" };
    struct authenticator dying = *fixture_plugin()->authenticator;
    struct plugin plugin = { .name = "test", .authenticator = &dying };
    AUTO(fixture_clear) struct fixture fixture;
    AUTO(issue_request_clear) struct issue_request request = { .authenticator = &plugin };
    AUTO(issued_chain_clear) struct issued_chain chain = { 0 };
    AUTO(identifiers_clear) struct identifiers names = fixture_identifiers("a.test b.test");
    AUTO(key_free) struct key *key = NULL;
    struct error err = { 0 };

    dying.cleanup = die;
    fixture_open(&fixture, &setup);
    REQUIRE(key_generate((struct key_params){ .type = KEY_EC, .curve = "secp256r1" }, &key, &err), "%s", err.why);
    request.key = key;
    issue_request_names(&request, &names);
    CHECK(!issue(&fixture.context, &request, &chain, &err), "presenting fails");
    CHECK(fixture_has_said(&fixture, "could not clean up the http-01 challenge for a.test: the plugin died"), "%s",
        buf_text(&fixture.said));
    CHECK(fixture_has_said(&fixture, "could not clean up the http-01 challenge for b.test: the plugin died"), "%s",
        buf_text(&fixture.said));
    request.key = NULL;
}

TEST_MAIN()
