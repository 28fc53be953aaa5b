/*
 * Tests the data that a CA wants for an account: contacts, agreement to terms, external account binding.
 */
#include "run/register.h"

#include "base/text.h"
#include "fixture.h"

TEST(contacts_come_from_a_comma_list)
{
    static const struct {
        const char *email, *want; /* want: NULL when refused */
    } cases[] = {
        { NULL, "" },
        { "", "" },
        { "a@example.org", "mailto:a@example.org" },
        { "a@example.org, b@example.org", "mailto:a@example.org mailto:b@example.org" },
        { "a@example.org,", NULL },
        { "nobody", NULL },
        { "a b@example.org", NULL },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(list_clear) struct list contacts = { 0 };
        AUTO(free) char *got = NULL;
        struct error err = { 0 };
        bool ok = contacts_of(&voice_own, cases[i].email, &contacts, &err);

        CHECK_INT(ok, cases[i].want != NULL, cases[i].email != NULL ? cases[i].email : "none");
        CHECK(ok || err.kind == ERROR_CONFIG, "%s: kind %d", cases[i].email, err.kind);
        got = list_join(&contacts, " ");
        if (ok)
            CHECK_TEXT(got, cases[i].want, cases[i].want);
    }
}

/* ---- making one ---- */

static const struct row {
    const char *name;
    struct setup setup; /* options beside --agree-tos and --register-unsafely-without-email, which are left out: */
    bool no_terms, no_email;
    const char *want; /* contacts at the CA, with blanks between; NULL: no account */
    const char *why;  /* NULL: it succeeds */
    const char *said; /* NULL: anything */
} rows[] = {
    { "all is said", { .options = "email=me@here.test" }, false, false, "mailto:me@here.test", NULL,
        "Account registered." },
    { "without an address", { .options = NULL }, false, false, "", NULL, "Account registered." },
    { "two addresses", { .options = "email=me@here.test,you@here.test" }, false, false,
        "mailto:me@here.test mailto:you@here.test", NULL, NULL },
    { "what is no address", { .options = "email=me" }, false, false, NULL, "me", NULL },

    { "the terms: yes", { .answers = "y\n" }, true, false, "", NULL, "https://ca.test/terms" },
    { "the terms: no", { .answers = "n\n" }, true, false, NULL, "cannot proceed without accepting", NULL },
    { "the terms, and nobody is there", { .options = NULL }, true, false, NULL, "--agree-tos", NULL },
    { "certbot: the terms: no", { .as_certbot = true, .answers = "n\n" }, true, false, NULL,
        "Unable to register an account with ACME server. Registration cannot proceed", NULL },

    { "an address is typed", { .answers = "me@here.test\n" }, false, true, "mailto:me@here.test", NULL, NULL },
    { "after one that is none", { .answers = "me\nme@here.test\n" }, false, true, "mailto:me@here.test", NULL, NULL },
    { "none is typed", { .answers = "\n" }, false, true, "", NULL, NULL },
    { "nobody types one", { .options = NULL }, false, true, "", NULL, NULL },
    { "a dry run asks nobody", { .options = "dry-run", .answers = "" }, false, true, "", NULL, NULL },
    { "certbot: after one that is none", { .as_certbot = true, .answers = "me\nme@here.test\n" }, false, true,
        "mailto:me@here.test", NULL, "Invalid email address: me." },

    { "the CA does not take the address",
        { .options = "email=me@here.test",
            .ca.faults = { { CA_NEW_ACCOUNT, .status = 400, .problem = "invalidContact" } } },
        false, false, NULL, "", NULL },
    { "and another one is typed",
        { .options = "email=me@here.test",
            .answers = "you@here.test\n",
            .ca.faults = { { CA_NEW_ACCOUNT, .times = 1, .status = 400, .problem = "invalidContact" } } },
        false, false, "mailto:you@here.test", NULL, "The CA does not accept me@here.test" },
    { "certbot: and another one is typed",
        { .as_certbot = true,
            .options = "email=me@here.test",
            .answers = "you@here.test\n",
            .ca.faults = { { CA_NEW_ACCOUNT, .times = 1, .status = 400, .problem = "unsupportedContact" } } },
        false, false, "mailto:you@here.test", NULL, "The server reported a problem with your email address" },
    { "certbot: nobody types another one",
        { .as_certbot = true,
            .options = "email=me@here.test",
            .ca.faults = { { CA_NEW_ACCOUNT, .status = 400, .problem = "invalidContact" } } },
        false, false, NULL, "The ACME server believes me@here.test is an invalid email address", NULL },
    { "certbot: the CA's own words",
        { .as_certbot = true,
            .ca.faults = { { CA_NEW_ACCOUNT, .status = 403, .problem = "unauthorized", .detail = "not today" } } },
        false, false, NULL, "Error returned by the ACME server: not today", NULL },

    { "a CA for customers", { .ca.wants_binding = true }, false, false, NULL,
        "Server requires external account binding", NULL },
    { "before the terms are read", { .ca.wants_binding = true, .answers = "" }, true, false, NULL,
        "Server requires external account binding", NULL },
    { "a customer", { .ca.wants_binding = true, .options = "eab-kid=c1 eab-hmac-key=c2VjcmV0" }, false, false, "", NULL,
        NULL },
    { "half a customer", { .ca.wants_binding = true, .options = "eab-kid=c1" }, false, false, NULL,
        "Server requires external account binding", NULL },
    { "a key in the other alphabet, padded", { .ca.wants_binding = true, .options = "eab-kid=c1 eab-hmac-key=+/8=" },
        false, false, "", NULL, NULL },
    { "a key that is none", { .ca.wants_binding = true, .options = "eab-kid=c1 eab-hmac-key=s%cret" }, false, false,
        NULL, "--eab-hmac-key is not base64url", NULL },
    { "a customer whom the CA does not know",
        { .ca.wants_binding = true,
            .options = "eab-kid=c1 eab-hmac-key=c2VjcmV0",
            .ca.faults = { { CA_NEW_ACCOUNT, .status = 401, .problem = "unauthorized" } } },
        false, false, NULL, "", NULL },
};

static struct session *open_session(struct fixture *fixture)
{
    struct session *session = NULL;
    struct error err = { 0 };

    REQUIRE(context_session(&fixture->context, CA_DIRECTORY, &session, &err), "%s", err.why);
    return session;
}

/* Of the account that was made, as the CA has them. */
static char *contacts_at_ca(struct fixture *fixture, const struct stored_account *account)
{
    AUTO(account_info_clear) struct account_info info = { 0 };
    enum account_found found;
    struct signer signer;
    struct error err = { 0 };

    REQUIRE(signer_open(account->key, &signer, &err), "%s", err.why);
    REQUIRE(account_find(open_session(fixture), &signer, &found, &info, &err) && found == ACCOUNT_FOUND, "%s", err.why);
    signer_close(&signer);
    return list_join(&info.contacts, " ");
}

static void check_row(const struct row *row)
{
    AUTO(fixture_clear) struct fixture fixture;
    AUTO(stored_account_free) struct stored_account *account = NULL;
    AUTO(key_free) struct key *kept = NULL;
    AUTO(free) char *contacts = NULL;
    struct error err = { 0 };
    bool ok;

    fixture_open(&fixture, &row->setup);
    fixture.settings->agree_tos = !row->no_terms;
    fixture.settings->register_without_email = !row->no_email;
    ok = register_account(&fixture.context, open_session(&fixture), NULL, &account, &err);
    CHECK(ok == (row->why == NULL), "%s: %s: %s", row->name, err.what, err.why);
    CHECK(ok || row->why == NULL || strstr(err.why, row->why) != NULL, "%s: %s", row->name, err.why);
    CHECK(row->said == NULL || fixture_has_said(&fixture, row->said), "%s: %s", row->name, buf_text(&fixture.said));
    contacts = ok ? contacts_at_ca(&fixture, account) : NULL;
    CHECK_TEXT(contacts, row->want, row->name);
    CHECK(account_store_is_empty(fixture.store) == !ok, "%s", row->name);
    /* a key that the CA has refused is of no use */
    CHECK(
        account_store_kept_key(fixture.store, CA_DIRECTORY, &kept, &err) && kept == NULL, "%s: %s", row->name, err.why);
}

TEST(what_is_said_before_an_account_is_made)
{
    for (size_t i = 0; i < COUNT(rows); i++)
        check_row(&rows[i]);
}

/* The CA has made it, and its answer is lost, or the program is killed: no second account is made of it. */
TEST(an_answer_that_is_lost)
{
    static const struct setup setup = { .ca.faults = { { CA_NEW_ACCOUNT, .done = true } } };
    AUTO(fixture_clear) struct fixture fixture;
    AUTO(stored_account_free) struct stored_account *account = NULL;
    AUTO(key_free) struct key *kept = NULL;
    struct error err = { 0 };

    fixture_open(&fixture, &setup);
    CHECK(!register_account(&fixture.context, open_session(&fixture), NULL, &account, &err), "the answer is lost");
    CHECK_INT((int64_t)fixture.ca.account_count, 1, "the CA has made it");
    error_clear(&err);
    REQUIRE(account_store_kept_key(fixture.store, CA_DIRECTORY, &kept, &err) && kept != NULL, "%s", err.why);
    fixture.ca.ways = (struct ca_ways){ .profiles = NULL };
    fixture_next_run(&fixture);
    CHECK(register_account(&fixture.context, open_session(&fixture), NULL, &account, &err), "%s", err.why);
    CHECK_INT((int64_t)fixture.ca.account_count, 1, "the same one");
    CHECK(key_equal(account->key, kept), "by the same key");
}

/* ---- its key ---- */

TEST(the_kind_of_key)
{
    static const struct {
        bool as_certbot;
        enum key_type want;
        unsigned bits;
    } kinds[] = { { false, KEY_EC, 256 }, { true, KEY_RSA, 2048 } };

    for (size_t i = 0; i < COUNT(kinds); i++) {
        const struct setup setup = { .as_certbot = kinds[i].as_certbot };
        AUTO(fixture_clear) struct fixture fixture;
        AUTO(key_free) struct key *key = NULL;
        struct error err = { 0 };

        fixture_open(&fixture, &setup);
        REQUIRE(account_key_make(&fixture.context, &key, &err), "%s", err.why);
        CHECK_INT(key_get_type(key), kinds[i].want, "type");
        CHECK_INT(key_bits(key), kinds[i].bits, "bits");
    }
}

/* ---- who we say we are ---- */

TEST(the_user_agent)
{
    static const struct {
        const char *options, *want; /* between the system's name and the end */
    } agents[] = {
        { "", ") Authenticator/test Installer/None (certonly)" },
        { "user-agent-comment=mine", "; mine) Authenticator/test Installer/None (certonly)" },
        { "installer=web", ") Authenticator/test Installer/web (certonly)" },
    };

    for (size_t i = 0; i < COUNT(agents); i++) {
        const struct setup setup = { .options = agents[i].options };
        AUTO(fixture_clear) struct fixture fixture;
        AUTO(free) char *agent = NULL;

        fixture_open(&fixture, &setup);
        agent = context_user_agent(&fixture.context);
        CHECK(text_starts(agent, "Evercert/") && text_ends(agent, agents[i].want), "%s", agent);
        free(agent);
        fixture_set(fixture.settings, "user-agent=other", ORIGIN_COMMAND_LINE);
        agent = context_user_agent(&fixture.context);
        CHECK_TEXT(agent, "other", "the user's own");
    }
}

TEST_MAIN()
