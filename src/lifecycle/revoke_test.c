/*
 * Tests revocations: by account or key, and the files deleted with them: none of a certificate that was not revoked,
 * none that others use.
 */
#include "lifecycle/revoke.h"

#include "fixture.h"
#include "config/test_verbs.h"
#include "store/fixture.h"
#include "store/lineage_conf.h"
#include "store/lineage_gone.h"

TEST(reasons_have_the_codes_of_rfc_5280)
{
    static const struct {
        const char *word;
        int want;
    } cases[] = {
        { "unspecified", 0 },
        { "keycompromise", 1 },
        { "keyCompromise", 1 },
        { "AFFILIATIONCHANGED", 3 },
        { "superseded", 4 },
        { "cessationOfOperation", 5 },
        { "", -1 },
        { "key", -1 },
        { "cacompromise", -1 },
        { "certificatehold", -1 },
        { "1", -1 },
    };

    for (size_t i = 0; i < COUNT(cases); i++)
        CHECK_INT(revoke_reason_code(cases[i].word), cases[i].want, cases[i].word);
}

/* ---- revoking ---- */

enum store_state { AS_IT_IS, SHARED, HALF_DELETED, HALF_DELETED_REVOKED, REVOKED_BEFORE, NO_ACCOUNT };
enum given { NAME, PATH, COPY, NAME_AND_PATH, NOTHING, OTHER_NAME, NO_CERTIFICATE, GONE_PATH };

static const struct row {
    const char *name;
    enum given given;
    enum store_state state;
    struct setup setup;
    const char *key; /* owner of --key-path: "a.test" or "b.test"; NULL: signed by the account */
    const char *why; /* NULL: it succeeds */
    int revoked;     /* by this command */
    bool deleted;
    const char *said; /* NULL: anything */
} rows[] = {
    { "by name", NAME, AS_IT_IS, { .options = "no-delete-after-revoke" }, NULL, NULL, 1, false, NULL },
    { "by name, and its files go", NAME, AS_IT_IS, { .options = "delete-after-revoke" }, NULL, NULL, 1, true, NULL },
    { "nobody is there: its files go", NAME, AS_IT_IS, { .options = NULL }, NULL, NULL, 1, true, NULL },
    { "asked: yes", NAME, AS_IT_IS, { .answers = "y\n" }, NULL, NULL, 1, true, "Would you like to delete" },
    { "asked: no", NAME, AS_IT_IS, { .answers = "n\n" }, NULL, NULL, 1, false, "Would you like to delete" },
    { "asked: Ctrl-D", NAME, AS_IT_IS, { .answers = "" }, NULL, "", 1, false, NULL },
    { "by its live file", PATH, AS_IT_IS, { .options = "delete-after-revoke" }, NULL, NULL, 1, true, NULL },
    { "by a copy", COPY, AS_IT_IS, { .options = "no-delete-after-revoke" }, NULL, NULL, 1, false, NULL },
    { "by a copy: whose files are to go", COPY, AS_IT_IS, { .options = "delete-after-revoke" }, NULL,
        "No match found for cert-path", 1, false, NULL },

    { "neither name nor file", NOTHING, AS_IT_IS, { .options = NULL }, NULL, "Exactly one of", 0, false, NULL },
    { "both", NAME_AND_PATH, AS_IT_IS, { .options = NULL }, NULL, "Exactly one of", 0, false, NULL },
    { "a name that there is not", OTHER_NAME, AS_IT_IS, { .options = NULL }, NULL, "No certificate found with name c",
        0, false, NULL },
    { "a file that is no certificate", NO_CERTIFICATE, AS_IT_IS, { .options = NULL }, NULL, "", 0, false, NULL },
    { "a file that is not there", GONE_PATH, AS_IT_IS, { .options = NULL }, NULL, "No such file", 0, false, NULL },

    { "by its key", NAME, AS_IT_IS, { .options = NULL }, "a.test", NULL, 1, true, NULL },
    { "by its key, without an account", NAME, NO_ACCOUNT, { .options = NULL }, "a.test", NULL, 1, true, NULL },
    { "by another key", NAME, AS_IT_IS, { .options = NULL }, "b.test", "does not match it", 0, false, NULL },
    { "without an account", NAME, NO_ACCOUNT, { .options = NULL }, NULL, "there is no account for", 0, false, NULL },

    { "the CA says no", NAME, AS_IT_IS,
        { .ca.faults = { { CA_REVOKE_CERT, .status = 403, .problem = "unauthorized" } } }, NULL, "", 0, false, NULL },
    { "the CA does not take the reason", NAME, AS_IT_IS,
        { .ca.faults = { { CA_REVOKE_CERT, .status = 400, .problem = "badRevocationReason" } } }, NULL, "", 0, false,
        NULL },
    { "the connection breaks", NAME, AS_IT_IS, { .ca.faults = { { CA_REVOKE_CERT } } }, NULL, "", 0, false, NULL },

    { "revoked before: that is what was asked for", NAME, REVOKED_BEFORE, { .options = "no-delete-after-revoke" }, NULL,
        NULL, 0, false, "had revoked this certificate already" },
    { "revoked before, and its files go", NAME, REVOKED_BEFORE, { .options = NULL }, NULL, NULL, 0, true,
        "had revoked this certificate already" },
    { "certbot: revoked before is an error", NAME, REVOKED_BEFORE,
        { .as_certbot = true, .options = "no-delete-after-revoke" }, NULL, "revoked before", 0, false, NULL },
    { "certbot: unless files are to go", NAME, REVOKED_BEFORE, { .as_certbot = true, .options = "delete-after-revoke" },
        NULL, NULL, 0, true, NULL },

    { "its archive is another's, too", NAME, SHARED, { .options = "delete-after-revoke" }, NULL, NULL, 1, false,
        "overlapping archive dirs" },
    { "a deletion that was cut short behind the revocation", NAME, HALF_DELETED_REVOKED, { .options = NULL }, NULL,
        NULL, 0, true, NULL },
    { "the same, by its file", GONE_PATH, HALF_DELETED_REVOKED, { .options = NULL }, NULL, NULL, 0, true, NULL },
    { "one that nobody has revoked", NAME, HALF_DELETED, { .options = NULL }, NULL, "was not revoked before", 0, false,
        NULL },
};

static void make_account(struct fixture *fixture)
{
    struct error err = { 0 };
    struct ca *ca;

    REQUIRE(context_account(&fixture->context, &ca, &err), "%s", err.why);
}

static void revoke_first(struct fixture *fixture)
{
    AUTO(revoke_result_clear) struct revoke_result result = { 0 };
    enum tristate before = fixture->settings->delete_after_revoke;
    struct error err = { 0 };

    fixture->settings->delete_after_revoke = NO;
    xreplace(&fixture->settings->cert_name, "a.test");
    REQUIRE(revoke_certificate(&fixture->context, &result, &err), "%s", err.why);
    fixture->settings->delete_after_revoke = before;
}

/* As a killed `delete` leaves it. */
static void delete_half(const struct lineage *lineage, struct store *store, bool revoked)
{
    AUTO(free) char *gone = lineage_gone_path(store, lineage->name);
    struct error err = { 0 };

    if (revoked)
        REQUIRE(lineage_mark_revoked(lineage, &err), "%s", err.why);
    REQUIRE(rename(lineage->conf_path, gone) == 0, "%s", gone);
    (void)unlink(lineage->live[KIND_CERT]);
}

/* b.test keeps its versions where a.test does. */
static void share_archive(const struct lineage *b)
{
    AUTO(free) char *text = read_text(b->conf_path);
    AUTO(conf_free) struct conf *conf = NULL;
    AUTO(buf_clear) struct buf out = BUF(CONF_MAX);
    struct error err = { 0 };

    REQUIRE(conf_read(view_of(text), "conf", &conf, &err), "%s", err.why);
    conf_set(conf, "", "archive_dir", at("archive/a.test"));
    conf_write(conf, &out);
    write_text(b->conf_path, buf_text(&out));
}

static void prepare(struct fixture *fixture, enum store_state state)
{
    AUTO(lineage_free) struct lineage *a = fixture_lineage(fixture, "a.test", "a.test", 0);
    AUTO(lineage_free) struct lineage *b = fixture_lineage(fixture, "b.test", "b.test", 0);

    if (state != NO_ACCOUNT)
        make_account(fixture);
    if (state == REVOKED_BEFORE)
        revoke_first(fixture);
    if (state == HALF_DELETED || state == HALF_DELETED_REVOKED)
        delete_half(a, fixture->store, state == HALF_DELETED_REVOKED);
    if (state == SHARED)
        share_archive(b);
}

static void give(struct settings *settings, enum given given)
{
    xreplace(&settings->cert_name, given == NAME || given == NAME_AND_PATH ? "a.test"
                                   : given == OTHER_NAME                   ? "c.test"
                                                                           : NULL);
    xreplace(&settings->cert_path, given == PATH || given == NAME_AND_PATH || given == GONE_PATH
                                       ? at("live/a.test/cert.pem")
                                   : given == COPY           ? at("copy.pem")
                                   : given == NO_CERTIFICATE ? at("renewal/a.test.conf")
                                                             : NULL);
    if (given == COPY) {
        AUTO(free) char *text = read_text(at("live/a.test/cert.pem"));

        write_text(at("copy.pem"), text);
    }
    if (given == GONE_PATH)
        (void)unlink(at("live/a.test/cert.pem"));
}

static void check_revoked(const struct fixture *fixture, const struct row *row, size_t before)
{
    CHECK_INT((int64_t)(fixture->ca.revoked.len - before), row->revoked, row->name);
    if (row->revoked > 0)
        CHECK((strstr(fixture->ca.revoked.at[before], "(key)") != NULL) == (row->key != NULL), "%s: %s", row->name,
            fixture->ca.revoked.at[before]);
}

static void check_row(const struct row *row)
{
    AUTO(fixture_clear) struct fixture fixture;
    AUTO(revoke_result_clear) struct revoke_result result = { 0 };
    struct error err = { 0 };
    size_t before;
    bool ok;

    fixture_open(&fixture, &row->setup);
    fixture.context.verb = test_verb("revoke");
    prepare(&fixture, row->state);
    give(fixture.settings, row->given);
    if (row->key != NULL)
        fixture.settings->key_path = xstrdup(at("live/%s/privkey.pem", row->key));
    before = fixture.ca.revoked.len;
    ok = revoke_certificate(&fixture.context, &result, &err);
    CHECK(ok == (row->why == NULL), "%s: %s: %s", row->name, err.what, err.why);
    CHECK(ok || strstr(err.why, row->why) != NULL, "%s: %s", row->name, err.why);
    check_revoked(&fixture, row, before);
    CHECK_TEXT(result.deleted_name, row->deleted ? "a.test" : NULL, row->name);
    CHECK(file_exists(at("archive/a.test")) == !row->deleted, "%s: the files", row->name);
    CHECK(store_has_lineage(fixture.store, "b.test"), "%s: another lineage is gone", row->name);
    CHECK(row->said == NULL || fixture_has_said(&fixture, row->said), "%s: %s", row->name, buf_text(&fixture.said));
}

TEST(what_is_revoked_and_deleted)
{
    for (size_t i = 0; i < COUNT(rows); i++)
        check_row(&rows[i]);
}

TEST(a_reason_that_is_none_is_refused_here)
{
    static const struct setup setup = { .verb = "revoke" };
    AUTO(fixture_clear) struct fixture fixture;
    AUTO(revoke_result_clear) struct revoke_result result = { 0 };
    struct error err = { 0 };

    fixture_open(&fixture, &setup);
    prepare(&fixture, AS_IT_IS);
    give(fixture.settings, NAME);
    xreplace(&fixture.settings->reason, "boredom");
    CHECK(!revoke_certificate(&fixture.context, &result, &err) && err.kind == ERROR_USAGE, "%s", err.why);
    CHECK_INT(fixture.ca.requests[CA_REVOKE_CERT], 0, "nothing was asked");
}

/* A revocation goes to the CA that issued the certificate, not to the usual one. */
TEST(the_lineages_own_ca_is_asked)
{
    static const struct setup setup = { .verb = "revoke" };
    AUTO(fixture_clear) struct fixture fixture;
    AUTO(revoke_result_clear) struct revoke_result result = { 0 };
    struct error err = { 0 };

    fixture_open(&fixture, &setup);
    prepare(&fixture, AS_IT_IS);
    give(fixture.settings, NAME);
    xreplace(&fixture.settings->server, SERVER_PRODUCTION);
    SETTING_MARK(fixture.settings, server, ORIGIN_DEFAULT);
    CHECK(revoke_certificate(&fixture.context, &result, &err), "%s", err.why);
    CHECK_INT(fixture.ca.requests[CA_REVOKE_CERT], 1, "asked");
}

/* ---- choosing ---- */

static const struct {
    const char *name;
    struct setup setup;
    enum given given;
    bool asked;
    const char *want; /* with blanks between */
    const char *why;  /* NULL: it succeeds */
} choices[] = {
    { "a name was given", { .answers = "1\ny\n" }, NAME, false, "", NULL },
    { "a file was given", { .answers = "1\ny\n" }, PATH, false, "", NULL },
    { "nobody is there", { .options = NULL }, NOTHING, false, "", NULL },
    { "certbot does not ask", { .as_certbot = true, .answers = "1\ny\n" }, NOTHING, false, "", NULL },
    { "the second", { .answers = "2\ny\n" }, NOTHING, true, "b.test", NULL },
    { "both", { .answers = "1 2\ny\n" }, NOTHING, true, "a.test b.test", NULL },
    { "on second thoughts", { .answers = "1\nn\n" }, NOTHING, true, "", NULL },
    { "Enter does not mean yes: it cannot be undone", { .answers = "1\n\nn\n" }, NOTHING, true, "", NULL },
    { "c cancels", { .answers = "c\n" }, NOTHING, true, "", "not answered" },
};

TEST(choosing)
{
    for (size_t i = 0; i < COUNT(choices); i++) {
        AUTO(fixture_clear) struct fixture fixture;
        AUTO(list_clear) struct list chosen = { 0 };
        AUTO(free) char *got = NULL;
        struct error err = { 0 };
        bool ok, asked;

        fixture_open(&fixture, &choices[i].setup);
        prepare(&fixture, NO_ACCOUNT);
        give(fixture.settings, choices[i].given);
        ok = revoke_choose(&fixture.context, &chosen, &asked, &err);
        CHECK(ok == (choices[i].why == NULL), "%s: %s", choices[i].name, err.why);
        CHECK(ok || choices[i].why == NULL || strstr(err.why, choices[i].why) != NULL, "%s: %s", choices[i].name,
            err.why);
        CHECK(asked == choices[i].asked, "%s", choices[i].name);
        got = list_join(&chosen, " ");
        CHECK_TEXT(got, choices[i].want, choices[i].name);
    }
}

TEST_MAIN()
